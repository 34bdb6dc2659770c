"""How like an article is to a story: facts and names, words, meaning, and time last.

Never chooses between stories.
"""

from __future__ import annotations

import datetime as dt
import heapq
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from monitor.entities import Fact, NameId, Story
from monitor.facts import actors_of
from monitor.facts.compare import PERSONAL, Sides, strangers
from monitor.stories.policy import Policy
from monitor.stories.profile import Sketch


@dataclass(frozen=True, slots=True, kw_only=True)
class Rarity:
    """How telling words and concepts are: rare ones weigh more. Built for one article and the stories beside it.

    What stands in many of the stories at hand tells little, so a busy week is cut finer than a quiet one.
    """

    words: Mapping[str, float]
    concepts: Mapping[str, float]
    usual_word: float
    usual_concept: float

    def word(self, term: str) -> float:
        """The weight of a word; one the article does not hold weighs as its words do on average."""
        return self.words.get(term, self.usual_word)


@dataclass(frozen=True, slots=True, kw_only=True)
class Roles:
    """What names and acts are to one another: the side of a name, who is a person, which acts answer others."""

    sides: Sides
    people: frozenset[str]
    answers: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeness:
    """What an article shares with a story, weigher by weigher, each 0 to 1; None: the weigher had nothing to weigh.

    ``people``: share of the article's people that the story names too. ``acts``: share of the title's acts,
    each with its actor, that the story tells. ``crowd``: how many articles told of anything in the same
    days; where many did, standing in the same days says little, and an act by itself is a story.
    """

    words: float | None = None
    heard: int = 0
    concepts: float = 0.0
    fact: float = 0.0
    meaning: float | None = None
    people: float | None = None
    acts: float | None = None
    answers: bool = False
    days: float = 0.0
    crowd: int = 0
    shared: tuple[str, ...] = ()
    agreed: Fact | None = None


def pool(one: Sketch, stories: Sequence[Story], policy: Policy) -> list[Story]:
    """The stories worth a closer look: those that share most with the article, at most ``policy.pool``."""
    if len(stories) <= policy.pool:
        return list(stories)
    seen: dict[str, int] = {}
    held: list[list[str]] = []
    for story in stories:
        bag = story.profile
        found: list[str] = [*(one.names.keys() & bag.names.keys()), *(one.acts.keys() & bag.acts.keys())]
        found.extend(one.terms.keys() & bag.terms.keys())
        held.append(found)
        for name in found:
            seen[name] = seen.get(name, 0) + 1
    scores = [math.fsum(1.0 / seen[name] for name in found) for found in held]
    best = heapq.nlargest(policy.pool, range(len(stories)), key=lambda i: (scores[i], -i))
    return [stories[i] for i in best]


def rarity(
    one: Sketch,
    frequencies: tuple[int, Mapping[str, int]],
    stories: Sequence[Story],
    common: frozenset[str],
    policy: Policy,
) -> Rarity:
    """Rarity from what was learnt of the language and from the stories the article stands beside."""
    learnt, known = frequencies
    counts: dict[str, float] = {}
    articles = 0.0
    for story in stories:
        profile, size = story.profile, float(max(1, story.articles))
        articles += size
        for name, weight in (*profile.names.items(), *profile.acts.items()):
            counts[name] = counts.get(name, 0.0) + min(size, weight)
        for term in one.terms.keys() & profile.terms.keys():
            counts[term] = counts.get(term, 0.0) + min(size, profile.terms[term])
    total = learnt + articles + policy.prior
    words = {t: math.log(total / (known.get(t.partition(":")[2], 0) + counts.get(t, 0.0) + 1.0)) for t in one.terms}
    concepts = {
        name: 0.0 if name in common else math.log((articles + policy.prior) / (count + 1.0))
        for name, count in counts.items()
    }
    fresh = math.log(articles + policy.prior)
    for name in (*one.names, *one.acts):
        concepts.setdefault(name, 0.0 if name in common else fresh)
    usual = sum(words.values()) / len(words) if words else 1.0
    return Rarity(words=words, concepts=concepts, usual_word=usual, usual_concept=fresh)


def crowd(stories: Sequence[Story], now: dt.datetime, policy: Policy) -> int:
    """How many articles stand in the stories that moved in the days around ``now``."""
    return sum(story.articles for story in stories if moving(story, now, policy))


def moving(story: Story, now: dt.datetime, policy: Policy) -> bool:
    """Whether a story moved in the days around ``now``."""
    return abs(now - story.last_at) <= policy.crowded


def likeness(one: Sketch, story: Story, rare: Rarity, roles: Roles, now: dt.datetime, crowded: int) -> Likeness:
    """An article beside a story."""
    sides, people, answers = roles.sides, roles.people, roles.answers
    profile = story.profile
    mark = one.lang + ":"
    theirs = {term: weight for term, weight in profile.terms.items() if term.startswith(mark)}
    words, shared_words = _cosine(one.terms, theirs, rare.words, rare.usual_word)
    concepts, shared = _cosine(
        _both(one.names, one.acts), _both(profile.names, profile.acts), rare.concepts, rare.usual_concept
    )
    mine_people = {name: weight for name, weight in one.names.items() if name in people}
    known_people = sum(weight for name, weight in mine_people.items() if name in profile.names)
    both = bool(mine_people) and any(name in people for name in profile.names)
    best, agreed = 0.0, None
    for mine in heads(one.facts):
        for other in profile.facts:
            if other.action == mine.action and (match := fact_match(mine, other, sides, rare)) > best:
                best, agreed = match, other
    return Likeness(
        words=words if theirs else None,
        heard=len(theirs),
        concepts=concepts,
        fact=best,
        agreed=agreed,
        meaning=_dot(one.vector, profile.vector) if one.vector and profile.vector else None,
        people=known_people / sum(mine_people.values()) if both else None,
        crowd=crowded,
        acts=_acted(one, story, sides),
        answers=any(fact.action in answers and not _done(fact, story, sides) for fact in heads(one.facts)),
        days=abs((now - story.last_at).total_seconds()) / 86_400,
        shared=(*shared, *shared_words),
    )


def heads(facts: Iterable[Fact]) -> tuple[Fact, ...]:
    """The facts an article is about: those of its title, or of its first sentence where the title tells none."""
    told = [fact for fact in facts if fact.action]
    first = min((fact.sentence for fact in told), default=0)
    return tuple(fact for fact in told if fact.sentence == first)


def _acted(one: Sketch, story: Story, sides: Sides) -> float | None:
    """Share of the title's acts, each with who did it, that the story tells; None where either tells none."""
    mine = {(fact.action, actors_of(fact, sides)) for fact in heads(one.facts) if fact.action != "say"}
    theirs: dict[str, set[str]] = {}
    for fact in story.profile.facts:
        if fact.action:
            theirs.setdefault(fact.action, set()).update(actors_of(fact, sides) or ("",))
    if not mine or not theirs:
        return None
    return sum(
        action in theirs and (not who or "" in theirs[action] or bool(theirs[action] & set(who)))
        for action, who in mine
    ) / len(mine)


def _done(fact: Fact, story: Story, sides: Sides) -> bool:
    """Whether the story tells this act of these actors already."""
    who = set(actors_of(fact, sides))
    return any(
        old.action == fact.action and (not who or not old.actors or who & set(actors_of(old, sides)))
        for old in story.profile.facts
    )


def fact_match(one: Fact, other: Fact, sides: Sides, rare: Rarity) -> float:
    """How far two facts of one action agree in who and in what, 0 to 1."""
    if one.action in PERSONAL and strangers(one, other, sides):
        return 0.0
    mine, theirs = set(actors_of(one, sides)), set(actors_of(other, sides))
    who = 0.6 if not mine or not theirs else len(mine & theirs) / len(mine | theirs)
    return who * _what(one, other, rare)


def _what(one: Fact, other: Fact, rare: Rarity) -> float:
    weights = {
        o: max(rare.concepts.get(f"thing:{o}", 0.0), rare.concepts.get(o, 0.0)) for o in (*one.objects, *other.objects)
    }
    a, b = ({o for o in objects if weights[o] > 0} for objects in (one.objects, other.objects))
    if not a or not b:
        return 0.4
    # Sets have no order, so their sums must not depend on one: ``fsum`` rounds once, at the end.
    return math.fsum(weights[o] for o in a & b) / min(math.fsum(weights[o] for o in side) for side in (a, b))


def _cosine(
    one: Mapping[str, float], other: Mapping[str, float], weights: Mapping[str, float], usual: float
) -> tuple[float, tuple[str, ...]]:
    mine = {name: value * weights.get(name, usual) for name, value in one.items()}
    products = {name: value * other[name] * weights.get(name, usual) for name, value in mine.items() if name in other}
    if not products:
        return 0.0, ()
    length = math.sqrt(sum(value * value for value in mine.values()))
    theirs = math.sqrt(sum((value * weights.get(name, usual)) ** 2 for name, value in other.items()))
    top = heapq.nlargest(4, products, key=lambda name: products[name])
    return sum(products.values()) / max(1e-9, length * theirs), tuple(name for name in top if products[name] > 0)


def _both(names: Mapping[NameId, float], acts: Mapping[str, float]) -> dict[str, float]:
    both: dict[str, float] = dict(acts)
    both.update({str(name): weight for name, weight in names.items()})
    return both


def _dot(one: Sequence[float], other: Sequence[float]) -> float:
    mine, theirs = np.array(one), np.array(other)
    length = math.sqrt(float(mine @ mine) * float(theirs @ theirs))
    return float(mine @ theirs) / length if length else 0.0
