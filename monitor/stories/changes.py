"""What an article's facts change in what its story knows, fact by fact: numbers, stages, reversals, first words.

Never weighs words or meaning, and never decides a verdict.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from monitor.entities import CorpusRecord, Fact, NameId, NewFact, Profile, Reason, Stage, Story, Told
from monitor.facts import Extractor, actors_of, changed_number, reversed_act, same_matter, stage_reached
from monitor.facts.compare import overlap, particular, retold, same_count, undone
from monitor.stories.likeness import heads
from monitor.stories.policy import Policy
from monitor.stories.said import Voice

AHEAD = frozenset((Stage.PROPOSED, Stage.ANNOUNCED, Stage.AGREED))
"""Stages of what is still to come."""
STANDS = frozenset((Stage.AGREED, Stage.SIGNED, Stage.IN_FORCE))
"""Stages of what stands until somebody takes it back."""
ENDING = frozenset(("suspend", "terminate"))
"""Acts that take back what another act brought about."""
WORDS = frozenset(("say", "reply"))
"""Acts that are words alone: what was said may be new though somebody spoke before."""
LEAD = 3  # sentences behind the title whose facts are the report's own; later ones retell
MEASURES = (
    frozenset(("minute", "hour", "day", "week", "month", "year")),
    frozenset(("usd", "jpy", "rub", "eur", "cny")),
    frozenset(("km", "meter", "nautical-mile")),
)
"""Units that measure one thing: where one stands for another, the figure has changed though its number has not."""
MUTUAL = frozenset(("expel", "ban-entry", "ban", "sanction", "warn", "support"))
"""Acts that one side does to the other and the other does back, beside the answers of the lexicon."""
IMPLIED: Mapping[str, tuple[str, ...]] = {"protest": ("criticize",), "summon": ("protest", "criticize")}
"""Answers that lie in another one: a protest condemns, a summons protests. The other way round it is a further step."""
PLACES = frozenset(("island", "place"))
"""Kinds of names at which an act is another one."""
WHOLE = frozenset(("northern-territories", "disputed-islands", "kuril-islands"))
"""Names of all islands in dispute, whichever of them is meant."""
MOVED = dt.timedelta(days=2)  # two days that are further apart are two dates, whatever zone they were read in
TOLD_IN_LEAD = frozenset((Reason.CHANGED_NUMBER, Reason.FIRST_DENIAL, Reason.FIRST_WORD, Reason.STAGE_REACHED))
"""Reasons for which a sentence of the lead is heard beside its title; any other new fact there is detail."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What news is judged on: how facts are read and compared, what is known from before, and by which numbers.

    ``corpus`` holds the records' facts by their action; ``sides`` are the parties whose first word counts, as the beat
    names them.
    """

    extractor: Extractor
    corpus: Mapping[str, Sequence[tuple[CorpusRecord, Fact]]]
    sides: tuple[str, ...]
    policy: Policy

    @property
    def voice(self) -> Voice:
        """How facts are said in English."""
        return Voice(self.extractor)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One fact that is new to a story, why, and whether the article is about it (or tells it in its lead).

    ``another``: the story tells of the same act, by the other side or at another place; or two agreed on what it does
    not know to be agreed.
    """

    reason: Reason
    news: NewFact
    head: bool = True
    another: bool = False


def changes(told: Told, story: Story, ground: Ground) -> tuple[Found, ...]:
    """All that is new in the facts of title and lead, in reading order, the strongest reason of each fact."""
    main = frozenset(heads(told.facts))
    found = []
    for fact in told.facts:
        if not fact.action or fact.sentence > LEAD or is_old(fact, told, ground):
            continue
        head = fact in main
        reason, earlier = _against(fact, told, story.profile, ground.extractor)
        if reason is None or (not head and (reason not in TOLD_IN_LEAD or _aside(fact, story, ground))):
            continue
        said = ground.voice.change(reason, fact, earlier)
        record = next((record.id for record in _records(fact, ground)), None)
        found.append(
            Found(
                reason=reason,
                news=NewFact(fact=fact, said=said, earlier=earlier, record=record),
                head=head,
                another=_another(fact, story.profile, ground.extractor),
            )
        )
    return tuple(found)


def is_old(fact: Fact, told: Told, ground: Ground) -> bool:
    """Whether a fact is of another time than its report: by the day it names, or held with its number by the corpus.

    Something announced for a later day is never old, whatever happened before.
    """
    published = told.article.published_at.date()
    if fact.date is not None:
        return fact.date < published - ground.policy.old
    if fact.number is None or not fact.unit or fact.stage in AHEAD:
        return False
    return any(record.date < published - ground.policy.old for record in _records(fact, ground))


def known(fact: Fact, profile: Profile, extractor: Extractor) -> Fact | None:
    """The fact of the story that this one tells again: of the same matter, else the same under another act."""
    sides = extractor.sides
    alike = [old for old in profile.facts if old.action == fact.action and same_matter(fact, old, sides)]
    equal = [old for old in alike if old.number == fact.number and old.stage == fact.stage]
    again = equal or alike or [old for old in profile.facts if retold(fact, old, sides)]
    return again[0] if again else None


def told_again(told: Told, profile: Profile, extractor: Extractor) -> float:
    """Share of the title's facts, 0 to 1, that a story holds as they are: act, stage, polarity, number and things.

    A fact of words alone never is: what was said is not in it. Without a fact the share is 0.
    """
    title = [fact for fact in told.facts if not fact.sentence and fact.action]
    return sum(_held(fact, profile, extractor) for fact in title) / len(title) if title else 0.0


def _held(fact: Fact, profile: Profile, extractor: Extractor) -> bool:
    sides = extractor.sides
    alike = [
        old
        for old in profile.facts
        if old.action == fact.action  # asked first: of most pairs it settles the rest
        and fact.action not in WORDS
        and same_matter(fact, old, sides)
        and (old.stage, old.polarity) == (fact.stage, fact.polarity)
        and (fact.number is None or same_count(fact, old))
        and (fact.date is None or old.date is None or abs(fact.date - old.date) < MOVED)
    ]
    things = {thing for old in alike for thing in (*old.objects, old.action)}
    return bool(alike) and all(
        thing in things or thing in WHOLE or sides.get(NameId(thing)) == thing for thing in fact.objects
    )


def by_action(corpus: Iterable[CorpusRecord]) -> Mapping[str, Sequence[tuple[CorpusRecord, Fact]]]:
    """The corpus's facts by what was done, in the order of the records: only equal acts are ever compared."""
    held: dict[str, list[tuple[CorpusRecord, Fact]]] = {}
    for record in corpus:
        for fact in record.facts:
            held.setdefault(fact.action, []).append((record, fact))
    return held


def _records(fact: Fact, ground: Ground) -> Iterator[CorpusRecord]:
    """The records that hold a fact with its number."""
    sides = ground.extractor.sides
    for record, old in ground.corpus.get(fact.action, ()):
        if old.number == fact.number and same_matter(fact, old, sides):
            yield record


def _aside(fact: Fact, story: Story, ground: Ground) -> bool:
    """Whether a fact of the lead is of another matter than the story: it shares no act, thing or place with it."""
    told_of = {thing for old in story.profile.facts for thing in (*old.objects, old.action)}
    things = {thing for thing in (*fact.objects, fact.action) if thing not in ground.sides}
    return not things & told_of


def _against(fact: Fact, told: Told, profile: Profile, extractor: Extractor) -> tuple[Reason | None, Fact | None]:
    """Why a fact is new to a story, and what was known of its matter."""
    sides = extractor.sides
    matter = [
        old
        for old in profile.facts
        if old.action == fact.action and fact.action not in WORDS and same_matter(fact, old, sides)
    ]
    if fact.number is not None and fact.unit and not any(same_count(fact, old) for old in profile.facts):
        earlier = next((old for old in reversed(matter) if changed_number(fact, old)), None)
        earlier = earlier or next((old for old in reversed(matter) if _other_unit(fact, old)), None)
        return (Reason.CHANGED_NUMBER, earlier) if earlier is not None else (Reason.NEW_FACT, None)
    if matter:
        return _moved_on(fact, told, matter, profile)
    ended = _ended(fact, profile, extractor)
    if ended is not None:
        return Reason.REVERSAL, ended
    if _denies(fact) and not any(_denies(old) for old in profile.facts):
        return Reason.FIRST_DENIAL, None
    if _first_word(fact, profile, extractor):
        return Reason.FIRST_WORD, None
    if fact.action not in extractor.answers and any(retold(fact, old, sides) for old in profile.facts):
        return None, None
    return Reason.NEW_FACT, None


def _ended(fact: Fact, profile: Profile, extractor: Extractor) -> Fact | None:
    """What the story knows to be agreed or done and this fact takes back; None where nothing is, or it was before."""
    things = particular(fact, extractor.sides)
    if fact.action not in ENDING or not undone(fact) or not things:
        return None
    alike = [old for old in profile.facts if overlap(things, held := particular(old, extractor.sides)) == 1 and held]
    if any(undone(old) for old in alike):
        return None
    return next((old for old in reversed(alike) if old.stage in STANDS), None)


def _other_unit(fact: Fact, old: Fact) -> bool:
    """Whether the same figure now counts something else: three days, not three hours."""
    return fact.number == old.number and any(
        fact.unit != old.unit and {fact.unit, old.unit} <= measure for measure in MEASURES
    )


def _another(fact: Fact, profile: Profile, extractor: Extractor) -> bool:
    """Whether a story knows an act only by the other side, done to this one, or only at other places than this one.

    What two sides agree on is never what one of them asked for.
    """
    if fact.stage is Stage.AGREED and len(actors_of(fact, extractor.sides)) > 1:
        return True
    alike = [old for old in profile.facts if old.action == fact.action and old.action not in WORDS]
    mine, target = _parties(fact, extractor)
    theirs = [_parties(old, extractor) for old in alike]
    mutual = fact.action in extractor.answers or fact.action in MUTUAL
    if mutual and alike and target and not undone(fact) and fact.stage is not Stage.PROPOSED:
        return bool(mine) and all(actors and not mine & actors and objects - target for actors, objects in theirs)
    at = _places(fact, extractor)
    by_mine = (old for old, (actors, _) in zip(alike, theirs, strict=True) if not mine or not actors or mine & actors)
    held = [_places(old, extractor) for old in by_mine]
    return bool(at and held) and all(places and not at & places for places in held)


def _parties(fact: Fact, extractor: Extractor) -> tuple[frozenset[str], frozenset[str]]:
    """The sides that act in a fact, and those it is done to."""
    sides = extractor.sides
    actors = frozenset(actors_of(fact, sides))
    named = {sides.get(NameId(slug), "") for slug in fact.objects} - {"", "dispute"}
    return actors, frozenset(named) - actors


def _places(fact: Fact, extractor: Extractor) -> frozenset[str]:
    """The islands, towns and waters a fact names; what stands for all islands in dispute, or for a state, is none."""
    named = (*fact.objects, *((str(fact.place),) if fact.place else ()))
    known = {slug: extractor.names.get(NameId(slug)) for slug in named}
    return frozenset(
        slug for slug, name in known.items() if name is not None and name.kind in PLACES and slug not in WHOLE
    )


def _redated(fact: Fact, told: Told, matter: Sequence[Fact]) -> Fact | None:
    """The known fact that named another day for what is still to come; None where none did, or one named this day."""
    today, day = told.article.published_at.date(), fact.date
    if day is None or day < today or not _ahead(fact, today):
        return None
    dated = [old for old in matter if old.date is not None and _ahead(old, today)]
    if any(old.date is not None and (abs(day - old.date) < MOVED or _whole_month(day, old.date)) for old in dated):
        return None
    return dated[-1] if dated else None


def _whole_month(one: dt.date, other: dt.date) -> bool:
    """Whether one of two days may stand for a month or a season that was told without a day: its first."""
    return (one.day == 1) != (other.day == 1)


def _ahead(fact: Fact, today: dt.date) -> bool:
    """Whether an act is still to come: by its stage, or by the day it is told for."""
    return fact.stage in AHEAD or (fact.date is not None and fact.date > today and fact.stage is Stage.HELD)


def _moved_on(fact: Fact, told: Told, matter: Sequence[Fact], profile: Profile) -> tuple[Reason | None, Fact | None]:
    """What changed in a matter the story tells of already: undone, further on, or announced another time."""
    last = matter[-1]
    if fact.stage is Stage.DENIED and any(old.stage is Stage.DENIED for old in matter):
        return None, last
    if reversed_act(fact, last) and not any(undone(old) == undone(fact) for old in matter):
        return Reason.FIRST_DENIAL if fact.stage is Stage.DENIED else Reason.REVERSAL, last
    redated = _redated(fact, told, matter)
    if redated is not None:
        return Reason.CHANGED_DATE, redated
    if all(stage_reached(fact, old) for old in matter):
        return Reason.STAGE_REACHED, last
    again = fact.stage is Stage.ANNOUNCED and all(stage_reached(old, fact) for old in matter)
    told_of = {thing for old in profile.facts for thing in (*old.objects, old.action)}
    if again and (set(fact.objects) - told_of or any(old.actors and old.objects for old in matter)):
        return Reason.NEW_FACT, last  # announced after it was done: another one
    return None, last


def _first_word(fact: Fact, profile: Profile, extractor: Extractor) -> bool:
    """Whether a side acts or speaks that was not heard before, or answers for the first time."""
    sides = extractor.sides
    voices = set(actors_of(fact, sides)) | ({sides.get(fact.speaker, "")} if fact.speaker else set())
    heard = {
        side
        for old in profile.facts
        for side in (*actors_of(old, sides), sides.get(old.speaker, "") if old.speaker else "")
    }
    acted = {(side, act) for old in profile.facts for side in actors_of(old, sides) for act in _objecting(old.action)}
    answered = bool(heard - voices - {""}) and not any((side, fact.action) in acted for side in voices)
    return bool(voices) and (not voices & heard or (fact.action in extractor.answers and answered))


def _objecting(action: str) -> frozenset[str]:
    """The acts that one answer stands for: who has protested tells nothing new by being told to condemn."""
    return frozenset((action, *IMPLIED.get(action, ())))


def from_plan(item: Found) -> bool:
    """Whether a stage was reached from a mere possibility: "may expel" has become "expels"."""
    earlier = item.news.earlier
    return item.reason is Reason.STAGE_REACHED and earlier is not None and earlier.stage is Stage.PROPOSED


def _denies(fact: Fact) -> bool:
    return fact.action == "deny" or fact.stage is Stage.DENIED
