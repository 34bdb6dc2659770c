"""Stories: which one an article belongs to, what a story remembers, and what an article changed in it.

Never reads the world: what is known comes in as values, what was decided goes out as values.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

from monitor.entities import Assignment, Copy, CorpusRecord, Detection, Evidence, Profile, Story, Told
from monitor.facts import Extractor
from monitor.stories.likeness import Likeness, Roles, crowd, likeness, moving, pool, rarity
from monitor.stories.news import detect
from monitor.stories.policy import Policy
from monitor.stories.profile import Sketch, absorbed, sketch

__all__ = ["Policy", "Stories"]


class Stories:
    """The decider of stories and developments. Built once; it remembers nothing between two calls.

    ``common`` are the names every article of the beat carries (its two sides): they tell no story from another.
    """

    def __init__(
        self,
        extractor: Extractor,
        *,
        corpus: Sequence[CorpusRecord] = (),
        common: frozenset[str] = frozenset(),
        policy: Policy | None = None,
    ) -> None:
        self.extractor = extractor
        self.corpus = tuple(corpus)
        self.common = common
        people = frozenset(str(name) for name, known in extractor.names.items() if known.kind == "person")
        self._roles = Roles(sides=extractor.sides, people=people, answers=extractor.answers)
        self.policy = policy or Policy()

    def assign(
        self, told: Told, candidates: Sequence[Story], frequencies: tuple[int, Mapping[str, int]], now: dt.datetime
    ) -> Assignment:
        """The likeliest story of an article, or None for a new one, with what was shared and which came second."""
        one = sketch(told, self.extractor, self.policy)
        ranked = self.ranked(one, candidates, frequencies, now)
        if not ranked:
            return Assignment(
                story=None, evidence=(Evidence(signal="alone", said="no story stands within the time looked at"),)
            )
        (score, story, seen), second = ranked[0], ranked[1] if len(ranked) > 1 else None
        joined = score >= self.policy.same
        return Assignment(
            story=story.id if joined else None,
            score=round(score, 4),
            evidence=_evidence(seen, story, joined=joined),
            runner_up=second[1].id if second else None,
            runner_up_score=round(second[0], 4) if second else 0.0,
            linked_to=story.id if not joined and seen.shared and score >= self.policy.linked else None,
        )

    def ranked(
        self, one: Sketch, candidates: Sequence[Story], frequencies: tuple[int, Mapping[str, int]], now: dt.datetime
    ) -> list[tuple[float, Story, Likeness]]:
        """Candidates by likelihood, likeliest first; ties go to the story that moved last."""
        alive = [story for story in candidates if now - story.last_at <= self.policy.closed]
        near = pool(one, alive, self.policy)
        rare = rarity(one, frequencies, near, self.common, self.policy)
        crowded = crowd(alive, now, self.policy)
        scored = []
        for story in near:
            own = story.articles if moving(story, now, self.policy) else 0
            seen = likeness(one, story, rare, self._roles, now, crowded - round(self.policy.own * own))
            scored.append((self.likelihood(seen), story, seen))
        scored.sort(key=lambda row: (-row[0], -row[1].last_at.timestamp(), -row[1].id))
        return scored

    def likelihood(self, seen: Likeness) -> float:
        """The likelihood, 0 to 1, that article and story tell one event."""
        policy = self.policy
        total = policy.bias + policy.concepts * seen.concepts + policy.fact * seen.fact
        trust = seen.heard / (seen.heard + policy.few_words)
        total += trust * policy.words * (seen.words or 0.0) + (1.0 - trust) * policy.no_words
        total += policy.meaning * seen.meaning if seen.meaning is not None else 0.0
        total += policy.people * seen.people + policy.strangers if seen.people is not None else 0.0
        total += policy.days * math.log1p(seen.days) + policy.crowd * math.log1p(seen.crowd)
        if seen.acts is not None:
            total += (1.0 - seen.acts) * (policy.other_act + policy.other_act_crowd * math.log1p(seen.crowd))
        if seen.answers:
            total += policy.answer_crowd * math.log1p(seen.crowd)
        return 1.0 / (1.0 + math.exp(-total))

    def profile(self, told: Told) -> Profile:
        """The profile of a story that opens with this article: empty sums, filled by ``absorb``."""
        return Profile()

    def absorb(self, story: Story, told: Told, *, edited: bool = False, copied: bool = False) -> Story:
        """The story with an article in it. An edit adds its facts but is not counted twice.

        ``families`` are newsrooms: the wire a report credits, else its own. A copy is a publisher more,
        and no newsroom.
        """
        article = told.article
        newsrooms = () if copied else article.credits or (article.family,)
        one = sketch(told, self.extractor, self.policy)
        if edited:
            one = replace(one, terms={}, names={}, acts={}, vector=())
        return replace(
            story,
            last_at=max(story.last_at, article.published_at),
            articles=story.articles + (0 if edited else 1),
            publishers=tuple(dict.fromkeys((*story.publishers, article.publisher))),
            families=tuple(dict.fromkeys((*story.families, *newsrooms))),
            topics=tuple(dict.fromkeys((*story.topics, *(m.topic for m in told.matches if not m.background)))),
            profile=absorbed(story.profile, one, self.extractor, self.policy),
        )

    def detect(
        self,
        told: Told,
        story: Story | None,
        *,
        copy: Copy | None,
        edited: bool,
        now: dt.datetime,
        assignment: Assignment | None = None,
    ) -> Detection:
        """What an article changed in its story; given its assignment, a doubtful joining is told, not swallowed."""
        doubtful = assignment is not None and assignment.score < self.policy.sure
        return detect(
            told,
            story,
            copy=copy,
            edited=edited,
            doubtful=doubtful,
            extractor=self.extractor,
            corpus=self.corpus,
            policy=self.policy,
        )


def _evidence(seen: Likeness, story: Story, *, joined: bool) -> tuple[Evidence, ...]:
    """The weighers' words, facts and names first."""
    sign = 1.0 if joined else -1.0
    found = []
    if seen.agreed is not None and seen.fact > 0:
        found.append(
            Evidence(
                signal="fact",
                said=f"tells of the same act: {seen.agreed.action}",
                weight=seen.fact,
                words=(seen.agreed.words,),
            )
        )
    names = tuple(name for name in seen.shared if ":" not in name or name.startswith(("act:", "thing:")))
    words = tuple(name.partition(":")[2] for name in seen.shared if name not in names)
    if names:
        found.append(
            Evidence(signal="names", said="shares names, acts and things", weight=round(seen.concepts, 3), words=names)
        )
    if words and seen.words is not None:
        found.append(Evidence(signal="words", said="shares rare words", weight=round(seen.words, 3), words=words))
    if seen.meaning is not None:
        found.append(Evidence(signal="meaning", said=f"meaning {seen.meaning:.2f}", weight=round(seen.meaning, 3)))
    found.append(
        Evidence(signal="time", said=f"{seen.days:.1f} days after it last moved", weight=round(-seen.days / 30, 3))
    )
    said = f"{'joins' if joined else 'is nearest to, but not of,'} story {story.id}: {story.title}"
    return (Evidence(signal="story", said=said, weight=sign), *found)
