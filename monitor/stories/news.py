"""What an article changed in its story: its facts against all that the story and the corpus know.

Never decides whether a development is told to anybody.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from monitor.entities import (
    Copy,
    CorpusRecord,
    Detection,
    Evidence,
    Fact,
    NameId,
    NewFact,
    Profile,
    Reason,
    Stage,
    Story,
    Told,
    Verdict,
    Weight,
)
from monitor.facts import Extractor, actors_of, changed_number, reversed_act, same_matter, stage_reached
from monitor.facts.compare import ENDED, elsewhere, particular, retold, same_count
from monitor.stories.likeness import heads
from monitor.stories.policy import Policy
from monitor.stories.said import Voice

RANKED = (
    Reason.FIRST_DENIAL,
    Reason.REVERSAL,
    Reason.STAGE_REACHED,
    Reason.CHANGED_NUMBER,
    Reason.FIRST_WORD,
    Reason.NEW_FACT,
    Reason.RESUMED,
    Reason.CONFIRMATION,
)
"""Which reason names a development that has several: the one that changes most for the reader."""

MAJOR = frozenset((Reason.FIRST_DENIAL, Reason.REVERSAL, Reason.STAGE_REACHED))
"""Reasons that may interrupt; so does a changed number that at least doubles or halves, and a new story."""

WORDS = frozenset(("say", "reply"))
"""Acts that are words alone: what was said may be new though somebody spoke before."""
AT_LEAST = 2.0  # times: from here on a changed number is major


@dataclass(frozen=True, slots=True)
class _Found:
    reason: Reason
    news: NewFact


def detect(
    told: Told,
    story: Story | None,
    *,
    copy: Copy | None,
    edited: bool,
    doubtful: bool = False,
    extractor: Extractor,
    corpus: Sequence[CorpusRecord],
    policy: Policy,
) -> Detection:
    """The verdict on an article, given the story it joins (None: it opens one)."""
    voice = Voice(extractor)
    if copy is not None:
        return Detection(
            verdict=Verdict.COPY,
            reason=copy.reason,
            evidence=(_line("copy", f"{copy.similarity:.2f} of its text is that of “{copy.of.title}”"),),
        )
    if story is None:
        return _opening(told, voice)
    tone = _tone(told, extractor)
    found = _news(told, story.profile, extractor, corpus, voice, policy, strict=edited)
    if edited:
        return _edit(found)
    official = any(item.reason in {Reason.FIRST_WORD, Reason.FIRST_DENIAL} for item in found)
    if tone is not None and not official:
        return Detection(
            verdict=Verdict.BACKGROUND if tone is Reason.OLD_FACTS else Verdict.REPEAT,
            reason=tone,
            evidence=(_line("tone", TONES[tone]),),
        )
    quiet = told.article.published_at - story.last_at
    if quiet >= policy.quiet and any(fact.action for fact in heads(told.facts)):
        found = (
            *found,
            _Found(
                Reason.RESUMED, NewFact(fact=heads(told.facts)[0], said=f"moves again after {quiet.days} quiet days")
            ),
        )
    if not found and doubtful:
        found = _doubted(told, story.profile, extractor, voice, policy)
    found = (*found, *_confirmed(told, story, extractor, voice))
    if not found:
        return Detection(verdict=Verdict.REPEAT, reason=Reason.NO_NEW_FACT, evidence=_repeat(told, story))
    return _development(found)


TONES: Mapping[Reason, str] = {
    Reason.OPINION: "an opinion or analysis without a new word of an official",
    Reason.PREVIEW: "a preview of what is known to come",
    Reason.OLD_FACTS: "an anniversary: old facts told again",
}


def _opening(told: Told, voice: Voice) -> Detection:
    """A story's first article: everything in its title is news."""
    news = tuple(NewFact(fact=fact, said=voice.fact(fact)) for fact in _telling(heads(told.facts))[:3])
    return Detection(verdict=Verdict.DEVELOPMENT, reason=Reason.NEW_STORY, weight=Weight.MAJOR, news=news)


def _telling(facts: Sequence[Fact]) -> Sequence[Fact]:
    """The facts worth a line: that somebody said so is none where the same sentence tells what."""
    acted = {fact.sentence for fact in facts if fact.action != "say"}
    return [fact for fact in facts if fact.action != "say" or fact.sentence not in acted]


def _edit(found: Sequence[_Found]) -> Detection:
    """An edit is a development only by what its facts changed."""
    strong = [item for item in found if item.reason in {*MAJOR, Reason.CHANGED_NUMBER}]
    return _development(strong) if strong else Detection(verdict=Verdict.REVISION, reason=Reason.EDITED)


def _development(found: Iterable[_Found]) -> Detection:
    rows = sorted(found, key=lambda item: RANKED.index(item.reason))
    major = any(item.reason in MAJOR or (item.reason is Reason.CHANGED_NUMBER and _doubled(item.news)) for item in rows)
    news: dict[str, NewFact] = {}
    telling = _telling([item.news.fact for item in rows])
    for item in rows:
        if item.news.fact in telling:
            news.setdefault(item.news.said, item.news)
    evidence = tuple(_line(str(item.reason), item.news.said, item.news.fact.words) for item in rows[:5])
    return Detection(
        verdict=Verdict.DEVELOPMENT,
        reason=rows[0].reason,
        weight=Weight.MAJOR if major else Weight.MINOR,
        news=tuple(news.values())[:5],
        evidence=evidence,
    )


def _doubled(news: NewFact) -> bool:
    if news.earlier is None or not news.earlier.number or not news.fact.number:
        return False
    times = news.fact.number / news.earlier.number
    return times >= AT_LEAST or times <= 1 / AT_LEAST


def _news(
    told: Told,
    profile: Profile,
    extractor: Extractor,
    corpus: Sequence[CorpusRecord],
    voice: Voice,
    policy: Policy,
    *,
    strict: bool,
) -> tuple[_Found, ...]:
    """All that is new in an article's facts, strongest reason per fact."""
    main = set(heads(told.facts))
    unseen = _unseen(told, profile)
    found = []
    for fact in told.facts:
        if not fact.action:
            continue
        reason, earlier = _against(fact, profile, extractor, head=fact in main)
        least = policy.unseen_said if fact.action in WORDS else policy.unseen
        reworded = unseen < least and not any(_moved(fact, old, extractor) for old in profile.facts)
        if reason is Reason.NEW_FACT and (strict or fact not in main or reworded):
            continue
        if reason is not None:
            record = next(
                (
                    r.id
                    for r in corpus
                    if any(same_matter(fact, old, extractor.sides) and old.number == fact.number for old in r.facts)
                ),
                None,
            )
            said = voice.change(reason, fact, earlier)
            found.append(_Found(reason, NewFact(fact=fact, said=said, earlier=earlier, record=record)))
    return tuple(found)


def _moved(fact: Fact, old: Fact, extractor: Extractor) -> bool:
    """Whether a known act of known actors is now told of another country or place: one word, and all the news."""
    if fact.action != old.action or fact.action == "say" or not set(fact.actors) & set(old.actors):
        return False
    sides = extractor.sides
    mine, theirs = ({sides.get(NameId(o), "") for o in each.objects} - {""} for each in (fact, old))
    return elsewhere(fact, old, extractor.sides) or (bool(mine) and bool(theirs) and not mine & theirs)


def _unseen(told: Told, profile: Profile) -> float:
    """Share of the title's words that the story never used in this language; all of them where it never spoke it."""
    mine = {term for sentence in told.reading.sentences[:1] for term in sentence.terms}
    known = {term.partition(":")[2] for term in profile.terms if term.startswith(told.reading.lang + ":")}
    return len(mine - known) / len(mine) if known and mine else 1.0


def _doubted(told: Told, profile: Profile, extractor: Extractor, voice: Voice, policy: Policy) -> tuple[_Found, ...]:
    """The title's first fact, where an article that joined in doubt speaks mostly in new words of no known matter."""
    sides = extractor.sides
    spoken = any(term.startswith(told.reading.lang + ":") for term in profile.terms)
    if not spoken or _unseen(told, profile) < policy.unseen_doubtful:
        return ()
    main = heads(told.facts)
    if main and all(
        any(same_matter(fact, old, sides) and particular(fact, sides) & particular(old, sides) for old in profile.facts)
        for fact in main
    ):
        return ()
    return tuple(_Found(Reason.NEW_FACT, NewFact(fact=fact, said=voice.fact(fact))) for fact in main[:1])


def _against(fact: Fact, profile: Profile, extractor: Extractor, *, head: bool) -> tuple[Reason | None, Fact | None]:
    """Why a fact is new to a story, and what was known of its matter."""
    sides = extractor.sides
    matter = [
        old for old in profile.facts if same_matter(fact, old, sides) and fact.action not in WORDS
    ]  # words are no deeds
    if fact.number is not None and fact.unit and not any(same_count(fact, old) for old in profile.facts):
        earlier = next((old for old in reversed(matter) if changed_number(fact, old)), None)
        if earlier is not None:
            return Reason.CHANGED_NUMBER, earlier
        if head:
            return Reason.NEW_FACT, None
    if not head:
        return None, None
    if matter:
        last = matter[-1]
        if reversed_act(fact, last) and not any(
            old.polarity == fact.polarity and (old.stage in ENDED) == (fact.stage in ENDED) for old in matter
        ):
            return Reason.FIRST_DENIAL if fact.stage is Stage.DENIED else Reason.REVERSAL, last
        if all(stage_reached(fact, old) for old in matter):
            return Reason.STAGE_REACHED, last
        again = fact.stage is Stage.ANNOUNCED and all(stage_reached(old, fact) for old in matter)
        told_of = {thing for old in profile.facts for thing in (*old.objects, old.action)}
        if again and (set(fact.objects) - told_of or any(old.actors and old.objects for old in matter)):
            return Reason.NEW_FACT, last  # announced after it was done: another one
        return None, last
    if _denies(fact) and not any(_denies(old) for old in profile.facts):
        return Reason.FIRST_DENIAL, None
    voices = set(actors_of(fact, sides)) | ({sides.get(fact.speaker, "")} if fact.speaker else set())
    heard = {
        side
        for old in profile.facts
        for side in (*actors_of(old, sides), sides.get(old.speaker, "") if old.speaker else "")
    }
    acted = {(side, old.action) for old in profile.facts for side in actors_of(old, sides)}
    answered = bool(heard - voices - {""}) and not any((side, fact.action) in acted for side in voices)
    if voices and (not voices & heard or (fact.action in extractor.answers and answered)):
        return Reason.FIRST_WORD, None
    if fact.action not in extractor.answers and any(retold(fact, old, sides) for old in profile.facts):
        return None, None
    return Reason.NEW_FACT, None


def _denies(fact: Fact) -> bool:
    return fact.action == "deny" or fact.stage is Stage.DENIED


def _confirmed(told: Told, story: Story, extractor: Extractor, voice: Voice) -> tuple[_Found, ...]:
    """A second newsroom that says plainly what the first had from hearsay; on a plain report it is a repeat."""
    if story.articles != 1 or told.article.family in story.families:
        return ()
    if not extractor.tone(story.title, story.lang, "hearsay") or extractor.tone(
        told.article.title, told.reading.lang, "hearsay"
    ):
        return ()
    return tuple(
        _Found(Reason.CONFIRMATION, NewFact(fact=fact, said=f"a second newsroom says so: {voice.fact(fact)}"))
        for fact in heads(told.facts)[:1]
    )


def _repeat(told: Told, story: Story) -> tuple[Evidence, ...]:
    if told.article.family not in story.families:
        return (_line("confirmation", f"newsroom number {len(story.families) + 1} on it, no new fact"),)
    return (_line("no-new-fact", "every fact of its title is known to the story"),)


def _tone(told: Told, extractor: Extractor) -> Reason | None:
    """Opinion, preview or anniversary, by the words of the title."""
    title = told.reading.sentences[0].text
    return next((reason for kind, reason in _KINDS.items() if extractor.tone(title, told.reading.lang, kind)), None)


_KINDS = {"opinion": Reason.OPINION, "preview": Reason.PREVIEW, "anniversary": Reason.OLD_FACTS}


def _line(signal: str, said: str, *words: str) -> Evidence:
    return Evidence(signal=signal, said=said, words=words)
