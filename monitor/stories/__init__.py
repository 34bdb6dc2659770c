"""Stories: which one an article belongs to, what a story remembers, and what an article changed in it.

Never reads the world: what is known comes in as values, what was decided goes out as values.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace

from monitor.entities import (
    Assignment,
    Copy,
    CorpusRecord,
    Detection,
    Evidence,
    Profile,
    Story,
    StoryId,
    Surroundings,
    Told,
)
from monitor.facts import Extractor
from monitor.stories import reasons
from monitor.stories.changes import Ground, by_action, changes
from monitor.stories.contradiction import Contradictions, lowered
from monitor.stories.likeness import Likeness, alike, heads, likelihood, pool
from monitor.stories.news import detect, traits_of
from monitor.stories.novelty import Traits, chance, remembered, repeated
from monitor.stories.outline import Outlines
from monitor.stories.policy import Policy
from monitor.stories.profile import Sketch, absorbed, sketch
from monitor.stories.rarity import rarity
from monitor.stories.roles import Roles

__all__ = ["Policy", "Stories"]


class Stories:
    """The decider of stories and developments. Built once; between two calls it keeps only what can be had again.

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
        roles = Roles(extractor, common)
        self._outlines = Outlines(roles)
        self._contradictions = Contradictions(extractor, roles)
        self.policy = policy or Policy()
        self._last: tuple[Told, Sketch] | None = None
        self.ground = Ground(
            extractor=extractor,
            corpus=by_action(self.corpus),
            sides=tuple(sorted(common & set(extractor.sides.values()))),
            policy=self.policy,
        )

    def assign(self, told: Told, candidates: Sequence[Story], around: Surroundings, now: dt.datetime) -> Assignment:
        """The likeliest story of an article, or None for a new one, with what was shared and which came second."""
        ranked = self.ranked(told, candidates, around, now)
        alive = [row for row in ranked if now - row[1].last_at <= self.policy.closed]
        if not alive:
            return Assignment(story=None, evidence=reasons.alone(), linked_to=self._follows(ranked, now))
        (score, story, seen), others = alive[0], alive[1:]
        joins = score >= self.policy.same
        evidence = (reasons.joined if joins else reasons.apart)(score, seen, story)
        if others:
            near, runner_up, had = others[0]
            evidence = (*evidence, reasons.second(near, had, runner_up, best=seen))
        return Assignment(
            story=story.id if joins else None,
            score=round(score, 4),
            evidence=evidence,
            runner_up=others[0][1].id if others else None,
            runner_up_score=round(others[0][0], 4) if others else 0.0,
            linked_to=None if joins else self._follows(ranked, now),
        )

    def ranked(
        self, told: Told, candidates: Sequence[Story], around: Surroundings, now: dt.datetime
    ) -> list[tuple[float, Story, Likeness]]:
        """Candidates by likelihood, likeliest first, each with what it shares; ties go to the story that moved last.

        Of many candidates only those that share most with the article get this closer look.
        """
        one = self._sketch(told)
        near = pool(one, candidates, self.policy)
        rare = rarity(one, around, near, self.common, self.policy)
        seen = alike(one, near, rare, self._outlines, around.busy, now, self.policy)
        scored = [self._weighed(one, story, each, now) for story, each in zip(near, seen, strict=True)]
        scored.sort(key=lambda row: (-row[0], -row[1].last_at.timestamp(), -row[1].id))
        return scored

    def _weighed(self, one: Sketch, story: Story, seen: Likeness, now: dt.datetime) -> tuple[float, Story, Likeness]:
        """A story with its likelihood, less what the acts of the two contradict; hopeless ones are not looked into."""
        score = likelihood(seen.traits)
        against = None
        if score >= self.policy.linked:
            against = self._contradictions.find(heads(one.facts), story.profile.facts, now.date())
        if against is None:
            return score, story, seen
        told = Evidence(signal="against", said=against.said, weight=-self.policy.contradicted)
        return lowered(score, self.policy.contradicted), story, replace(seen, against=told)

    def _sketch(self, told: Told) -> Sketch:
        """The sketch of an article: found, compared and absorbed, it is asked for three times in a row."""
        last = self._last
        if last is None or last[0] is not told:
            last = self._last = (told, sketch(told, self.extractor, self.policy))
        return last[1]

    def score(self, told: Told, story: Story, around: Surroundings, now: dt.datetime) -> float:
        """The likelihood, 0 to 1, that article and story tell one event, with no other story beside them."""
        return self.ranked(told, (story,), around, now)[0][0]

    def keys(self, told: Told) -> tuple[str, ...]:
        """What an article's story can be found by: names, proper names of no list, acts, things and words."""
        one = self._sketch(told)
        return tuple(dict.fromkeys((*map(str, one.names), *one.proper, *one.acts, *one.terms)))

    def _follows(self, ranked: Sequence[tuple[float, Story, Likeness]], now: dt.datetime) -> StoryId | None:
        """The story that an article which opens its own one goes on from: a near one, or one it would have joined.

        They must share a name, an act or a thing. One that has long rested is gone on from only where nothing but its
        rest keeps the article out: two visits years apart are no thread of events. What contradicts it may well be what
        it goes on from: the 12th package, the protest that this one answers.
        """
        free = [
            (score if each.against is None else likelihood(each.traits), story, each) for score, story, each in ranked
        ]
        for score, story, seen in sorted(free, key=lambda row: -row[0]):
            rested = now - story.last_at > self.policy.follows
            if seen.names and score >= (self.policy.same if rested else self.policy.linked):
                return story.id
        return None

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
        one = self._sketch(told)
        if edited:
            one = replace(one, terms={}, names={}, acts={}, proper={}, title=(), vector=())
        return replace(
            story,
            last_at=max(story.last_at, article.published_at),
            articles=story.articles + (0 if edited else 1),
            publishers=tuple(dict.fromkeys((*story.publishers, article.publisher))),
            families=tuple(dict.fromkeys((*story.families, *newsrooms))),
            topics=tuple(dict.fromkeys((*story.topics, *(m.topic for m in told.matches if not m.background)))),
            profile=remembered(absorbed(story.profile, one, self.extractor, self.policy), told, self.extractor),
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
        return detect(told, story, self.ground, copy=copy, edited=edited, assignment=assignment)

    def novelty(self, told: Told, story: Story) -> float:
        """The chance, 0 to 1, that an article brings a fact its story lacks."""
        return chance(self._traits(told, story))

    def repeats(self, told: Told, story: Story) -> float:
        """How far, 0 to 1, an article only says again what its story has told: for ranking, never for a verdict."""
        return repeated(self._traits(told, story))

    def _traits(self, told: Told, story: Story) -> Traits:
        return traits_of(told, story, self.ground, changes(told, story, self.ground))
