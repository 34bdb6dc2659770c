"""What an article changed in its story: its facts against all that the story and the corpus know.

Never decides whether a development is told to anybody.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from monitor.entities import (
    Assignment,
    Copy,
    Detection,
    Evidence,
    Fact,
    NameId,
    NewFact,
    Reason,
    Stage,
    Story,
    Told,
    Verdict,
    Weight,
)
from monitor.stories.changes import Found, Ground, changes, is_old
from monitor.stories.likeness import heads
from monitor.stories.novelty import Traits, chance, traits
from monitor.stories.said import Voice
from monitor.stories.silence import copied, silent, tone_to_alert

RANKED = (
    Reason.FIRST_DENIAL,
    Reason.REVERSAL,
    Reason.STAGE_REACHED,
    Reason.CHANGED_NUMBER,
    Reason.CHANGED_DATE,
    Reason.FIRST_WORD,
    Reason.RESUMED,
    Reason.NEW_FACT,
    Reason.CONFIRMATION,
)
"""Which reason names a development that has several: the one that changes most for the reader."""

MAJOR = frozenset((Reason.FIRST_DENIAL, Reason.REVERSAL, Reason.STAGE_REACHED))
"""Reasons that may interrupt; so does a changed number that at least doubles or halves, and a new story."""

PLAIN = frozenset((Reason.FIRST_DENIAL, Reason.REVERSAL, Reason.CHANGED_NUMBER, Reason.CHANGED_DATE))
"""Reasons that a title is told for however much its words are those of the story."""
OFFICIAL = frozenset((Reason.FIRST_WORD, Reason.FIRST_DENIAL))
"""What makes news even of an opinion or a preview: somebody in office says something for the first time."""

TO_COME = frozenset((Stage.PROPOSED, Stage.ANNOUNCED))
"""Stages of what has not happened and is not settled."""

AT_LEAST = 2.0  # times: from here on a changed number is major


def detect(
    told: Told,
    story: Story | None,
    ground: Ground,
    *,
    copy: Copy | None,
    edited: bool,
    assignment: Assignment | None = None,
) -> Detection:
    """The verdict on an article, given the story it joins (None: it opens one)."""
    voice = ground.voice
    if copy is not None:
        return Detection(verdict=Verdict.COPY, reason=copy.reason, evidence=copied(copy))
    tone = _tone(told, ground)
    if story is None:
        follows = assignment is not None and assignment.linked_to is not None
        return _toned(tone) if tone is not None and follows else _opening(told, voice)
    found = changes(told, story, ground)
    if edited:
        return _edit(found)
    if tone is not None and not any(item.head and item.reason in OFFICIAL for item in found):
        return _toned(tone)
    novel = chance(traits_of(told, story, ground, found))
    found = (*found, *_resumed(told, story, ground, novel, found))
    sure = any(item.head and (item.another or item.reason in {*PLAIN, Reason.RESUMED}) for item in found)
    doubtful = assignment is not None and assignment.score < ground.policy.sure
    line = ground.policy.novel_doubtful if doubtful else ground.policy.novel
    confirmed = _confirmed(told, story, ground)
    if not sure and novel < line and not confirmed:
        main = heads(told.facts)
        old = bool(main) and all(is_old(fact, told, ground) for fact in main)
        return Detection(
            verdict=Verdict.BACKGROUND if old else Verdict.REPEAT,
            reason=Reason.OLD_FACTS if old else Reason.NO_NEW_FACT,
            evidence=silent(told, story, ground, novel),
        )
    if not found and not confirmed:
        found = (Found(reason=Reason.NEW_FACT, news=_unread(told, story, ground)),)
    return _development((*found, *confirmed), _line("novelty", f"chance {novel:.2f} that it says something new"))


TONES: Mapping[Reason, str] = {
    Reason.OPINION: "an opinion or analysis without a new word of an official",
    Reason.PREVIEW: "a preview of what is known to come",
    Reason.OLD_FACTS: "an anniversary: old facts told again",
}


def traits_of(told: Told, story: Story, ground: Ground, found: Sequence[Found]) -> Traits:
    """What the article has that its story has not: the input of ``novelty``."""
    return traits(
        told,
        story,
        ground.extractor,
        found=found,
        tone=_tone(told, ground) is not None,
    )


def _toned(tone: Reason) -> Detection:
    """The verdict on what only talks about news: of a story, or of one it was not counted to but follows."""
    return Detection(
        verdict=Verdict.BACKGROUND if tone is Reason.OLD_FACTS else Verdict.REPEAT,
        reason=tone,
        evidence=(_line("tone", TONES[tone]), tone_to_alert(tone)),
    )


def _opening(told: Told, voice: Voice) -> Detection:
    """A story's first article: everything in its title is news."""
    news = tuple(NewFact(fact=fact, said=voice.fact(fact)) for fact in _telling(heads(told.facts))[:3])
    return Detection(verdict=Verdict.DEVELOPMENT, reason=Reason.NEW_STORY, weight=Weight.MAJOR, news=news)


def _telling(facts: Sequence[Fact]) -> Sequence[Fact]:
    """The facts worth a line: that somebody said so is none where the same sentence tells what."""
    acted = {fact.sentence for fact in facts if fact.action != "say"}
    return [fact for fact in facts if fact.action != "say" or fact.sentence not in acted]


def _edit(found: Sequence[Found]) -> Detection:
    """An edit is a development only by what its facts changed."""
    strong = [item for item in found if item.reason in {*MAJOR, Reason.CHANGED_NUMBER}]
    return _development(strong) if strong else Detection(verdict=Verdict.REVISION, reason=Reason.EDITED)


def _development(found: Iterable[Found], *beside: Evidence) -> Detection:
    rows = sorted(found, key=lambda item: (RANKED.index(item.reason), not item.head))
    major = any(item.reason in MAJOR or (item.reason is Reason.CHANGED_NUMBER and _doubled(item.news)) for item in rows)
    news: dict[str, NewFact] = {}
    telling = _telling([item.news.fact for item in rows])
    spoken: set[tuple[Reason, tuple[NameId, ...]]] = set()
    for item in rows:
        first = (item.reason, item.news.fact.actors)
        if item.news.fact in telling and first not in spoken:
            news.setdefault(item.news.said, item.news)
            spoken |= {first} if item.reason in OFFICIAL else set()  # the lead says once more who spoke first
    evidence = tuple(_line(str(item.reason), item.news.said, item.news.fact.words) for item in rows[:5])
    return Detection(
        verdict=Verdict.DEVELOPMENT,
        reason=rows[0].reason,
        weight=Weight.MAJOR if major else Weight.MINOR,
        news=tuple(news.values())[:5],
        evidence=(*evidence, *beside),
    )


def _doubled(news: NewFact) -> bool:
    if news.earlier is None or not news.earlier.number or not news.fact.number:
        return False
    times = news.fact.number / news.earlier.number
    return times >= AT_LEAST or times <= 1 / AT_LEAST


def _unread(told: Told, story: Story, ground: Ground) -> NewFact:
    """What a new title says where no rule saw a change: its first act, else what it names for the first time."""
    main = heads(told.facts)
    voice = ground.voice
    if main and main[0].sentence == 0:
        return NewFact(fact=main[0], said=voice.fact(main[0]))
    title = told.reading.sentences[0]
    lang = told.reading.lang
    named = [
        name
        for mention in told.reading.mentions
        if mention.sentence == 0
        for name in ground.extractor.canonical(mention.name)
        if name not in story.profile.names
    ]
    things = [
        concept.partition(":")[2]
        for concept in ground.extractor.concepts(title.text, lang)
        if concept not in story.profile.acts
    ]
    labels = [voice.label(slug) for slug in dict.fromkeys((*map(str, named), *things))][:3]
    said = f"first mention of {', '.join(labels)}" if labels else "new words on the same matter"
    return NewFact(fact=Fact(words=title.text), said=said)


def _resumed(told: Told, story: Story, ground: Ground, novel: float, found: Sequence[Found]) -> tuple[Found, ...]:
    """A story that moves again after a quiet time: by a fact it did not hold, or by what is still to come.

    What was announced so long ago and is announced now is another one; what was agreed then and is told now is not.
    """
    quiet = told.article.published_at - story.last_at
    main = [fact for fact in heads(told.facts) if fact.action]
    if quiet < ground.policy.quiet or not main:
        return ()
    coming = any(fact.stage in TO_COME for fact in main)
    if not coming and not any(item.head for item in found) and novel < ground.policy.novel:
        return ()
    said = f"moves again after {quiet.days} quiet days"
    return (Found(reason=Reason.RESUMED, news=NewFact(fact=main[0], said=said)),)


def _confirmed(told: Told, story: Story, ground: Ground) -> tuple[Found, ...]:
    """A second newsroom that says plainly what the first had from hearsay; on a plain report it is a repeat."""
    extractor = ground.extractor
    if story.articles != 1 or told.article.family in story.families:
        return ()
    if not extractor.tone(story.title, story.lang, "hearsay") or extractor.tone(
        told.article.title, told.reading.lang, "hearsay"
    ):
        return ()
    return tuple(
        Found(
            reason=Reason.CONFIRMATION,
            news=NewFact(fact=fact, said=f"a second newsroom says so: {ground.voice.fact(fact)}"),
        )
        for fact in heads(told.facts)[:1]
    )


def _tone(told: Told, ground: Ground) -> Reason | None:
    """Opinion, preview or anniversary, by the words of the title."""
    title = told.reading.sentences[0].text
    return next(
        (reason for kind, reason in _KINDS.items() if ground.extractor.tone(title, told.reading.lang, kind)), None
    )


_KINDS = {"opinion": Reason.OPINION, "preview": Reason.PREVIEW, "anniversary": Reason.OLD_FACTS}


def _line(signal: str, said: str, *words: str) -> Evidence:
    return Evidence(signal=signal, said=said, words=words)
