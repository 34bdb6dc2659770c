"""Why an article was not told, and what it would have taken: the evidence of every silence.

Never decides: it says what was decided.
"""

from __future__ import annotations

from collections.abc import Sequence

from monitor.entities import Copy, Evidence, Fact, NameId, Reason, Stage, Story, Told
from monitor.facts import same_matter
from monitor.facts.compare import RANK
from monitor.stories.changes import Ground, is_old, known
from monitor.stories.likeness import heads

_SHOWN = 3  # facts of a title that are said: more make a list, not a reason


def copied(copy: Copy) -> tuple[Evidence, ...]:
    """The evidence of a copy."""
    said = f"{copy.similarity:.2f} of its text is that of “{copy.of.title}”"
    takes = "a number, a stage or a word of another side that its original does not have"
    return Evidence(signal="copy", said=said), Evidence(signal="to-alert", said=takes)


def silent(told: Told, story: Story, ground: Ground, novel: float) -> tuple[Evidence, ...]:
    """The evidence of a repeat: which known fact each fact of the title tells again, and what was missing."""
    lines = [_told_again(fact, told, story, ground) for fact in heads(told.facts)[:_SHOWN]]
    if told.article.family not in story.families:
        lines.append(_line("confirmation", f"newsroom number {len(story.families) + 1} on it, no new fact"))
    elif not lines:
        lines.append(_line("no-new-fact", "no act was read in it, and its words are those of the story"))
    novelty = Evidence(
        signal="novelty", said=f"chance {novel:.2f} that it says something new", weight=round(novel - 1.0, 3)
    )
    return (*dict.fromkeys(lines), novelty, to_alert(told, story, ground))


def tone_to_alert(tone: Reason) -> Evidence:
    """What would have been told in place of an opinion, a preview or an anniversary."""
    return _line("to-alert", f"{_TAKES[tone]}, or {_REVERSED}")


def to_alert(told: Told, story: Story, ground: Ground) -> Evidence:
    """What would have been told, beside what is known: one line."""
    voice, sides = ground.voice, ground.extractor.sides
    matter = _matter(told, story, ground)
    takes = []
    counted = next((fact for fact in reversed(matter) if fact.number is not None and fact.unit), None)
    if counted is not None:
        takes.append(f"a number other than {voice.count(counted)}")
    staged = [fact.stage for fact in matter if fact.stage in RANK]
    furthest = max(staged, key=lambda stage: RANK[stage], default=None)
    if furthest is not None and furthest is not Stage.IN_FORCE:
        takes.append(f"a stage beyond {furthest.value}")
    heard = {sides.get(NameId(who), "") or who for fact in story.profile.facts for who in _who(fact)}
    silent_sides = [side for side in ground.sides if side not in heard]
    takes.extend(f"a first word from {voice.label(side)}" for side in silent_sides[:1])
    if not silent_sides:
        takes.append("a new act or word of either side")
    return _line("to-alert", f"{', '.join(takes)}, or {_REVERSED}")


_REVERSED = "a denial or a reversal"
_TAKES = {
    Reason.OPINION: "a named official's first word on it, or the act itself reported",
    Reason.PREVIEW: "the event itself, or a change of its date, place or people",
    Reason.OLD_FACTS: "something done or said now, with a date of its own",
}


def _told_again(fact: Fact, told: Told, story: Story, ground: Ground) -> Evidence:
    said = ground.voice.fact(fact)
    if is_old(fact, told, ground):
        return _line("background", f"of another time: {said}", fact.words)
    old = known(fact, story.profile, ground.extractor)
    if old is None:
        return _line("in-doubt", f"read as new, but its words are those of the story: {said}", fact.words)
    return _line("known", f"known: {ground.voice.fact(old)}", old.words)


def _matter(told: Told, story: Story, ground: Ground) -> Sequence[Fact]:
    """The story's facts on the matter of the article's title; all of them where it tells of none."""
    mine = heads(told.facts)
    sides = ground.extractor.sides
    alike = [old for old in story.profile.facts if any(same_matter(fact, old, sides) for fact in mine)]
    return alike or story.profile.facts


def _who(fact: Fact) -> tuple[str, ...]:
    return (*map(str, fact.actors), *((str(fact.speaker),) if fact.speaker else ()))


def _line(signal: str, said: str, *words: str) -> Evidence:
    return Evidence(signal=signal, said=said, words=words)
