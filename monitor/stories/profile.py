"""What a story is recognised by, as sums over its articles, so that one article is added without reading the others.

Never decides whether an article belongs.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from monitor.entities import Fact, NameId, Profile, Reading, Told
from monitor.facts import Extractor, key
from monitor.stories.policy import Policy

Bag = Mapping[str, float]
PROPER = "name:"  # stands before a proper name of no list, where concepts are mixed
DISPUTE = "dispute"  # the side of what is disputed: its parts are one concept too, beside each by itself
ISLANDS = "side:dispute"
K = TypeVar("K", bound=str)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sketch:
    """One article as it is compared with stories: words of its language, names, acts and things, meaning, facts.

    ``proper`` are names of no list; ``title`` is all of that for the title alone.
    """

    lang: str
    terms: Bag
    names: Mapping[NameId, float]
    acts: Bag
    proper: Bag
    title: tuple[str, ...]
    vector: tuple[float, ...]
    facts: tuple[Fact, ...]
    sides: tuple[str, ...]


def sketch(told: Told, extractor: Extractor, policy: Policy) -> Sketch:
    """The sketch of an article: its title ``policy.title`` times, its text up to ``policy.lead`` characters once."""
    reading = told.reading
    terms: dict[str, float] = {}
    acts: dict[str, float] = {}
    proper: dict[str, float] = {}
    last = 0
    length = 0
    for sentence in reading.sentences:
        if sentence.index and length >= policy.lead:
            break
        weight = policy.title if sentence.index == 0 else 1.0
        length += len(sentence.text) if sentence.index else 0
        last = sentence.index
        for term in sentence.terms:
            name = f"{reading.lang}:{term}"
            terms[name] = terms.get(name, 0.0) + weight
        for concept in extractor.concepts(sentence.text, reading.lang):
            acts[concept] = max(acts.get(concept, 0.0), weight)
        for name in sentence.proper:
            proper[PROPER + name] = max(proper.get(PROPER + name, 0.0), weight)
    names: dict[NameId, float] = {}
    for mention in reading.mentions:
        if mention.sentence <= last:
            for name in extractor.canonical(mention.name):
                names[name] = max(names.get(name, 0.0), policy.title if mention.sentence == 0 else 1.0)
    disputed = [weight for name, weight in names.items() if extractor.sides.get(name) == DISPUTE]
    if disputed:
        acts[ISLANDS] = max(disputed)
    return Sketch(
        lang=reading.lang,
        terms={term: 1.0 + math.log(count) for term, count in terms.items()},
        names=names,
        acts=acts,
        proper=proper,
        title=_title(reading, {str(name): weight for name, weight in names.items()}, {**acts, **proper}, policy),
        vector=reading.vector,
        facts=told.facts,
        sides=voices(told.facts, extractor),
    )


def _title(reading: Reading, names: Bag, concepts: Bag, policy: Policy) -> tuple[str, ...]:
    """The title's words, and of the names and concepts those that stand in it, which weigh as a title does."""
    words = (f"{reading.lang}:{term}" for term in reading.sentences[0].terms)
    told = (str(name) for bag in (names, concepts) for name, weight in bag.items() if weight == policy.title)
    return tuple(dict.fromkeys((*words, *told)))


def voices(facts: Iterable[Fact], extractor: Extractor) -> tuple[str, ...]:
    """The sides that act or speak in these facts."""
    heard = {
        extractor.sides.get(who, "")
        for fact in facts
        for who in (*fact.actors, *([fact.speaker] if fact.speaker else []))
    }
    return tuple(sorted(side for side in heard if side))


def absorbed(profile: Profile, one: Sketch, extractor: Extractor, policy: Policy) -> Profile:
    """A profile with one more article in it."""
    known = {key(fact, extractor.sides) for fact in profile.facts}
    fresh: dict[str, Fact] = {}
    for fact in one.facts:
        fresh.setdefault(key(fact, extractor.sides), fact)
    facts = profile.facts + tuple(fact for line, fact in fresh.items() if line not in known)
    vector = (
        tuple(a + b for a, b in zip(profile.vector, one.vector, strict=True))
        if profile.vector and one.vector
        else profile.vector or one.vector
    )
    terms = _weightiest(_sum(profile.terms, one.terms), policy.kept_terms)
    titles = profile.titles
    if one.title and len(titles) < policy.kept_titles:
        titles = tuple(dict.fromkeys((*titles, one.title)))
    return replace(
        profile,
        terms=terms,
        names=_sum(profile.names, one.names),
        acts=_sum(profile.acts, one.acts),
        proper=_weightiest(_sum(profile.proper, one.proper), policy.kept_terms),
        titles=titles,
        spoken=_spoken(terms),
        vector=vector,
        facts=facts[: policy.kept_facts],
        sides=tuple(sorted({*profile.sides, *one.sides})),
    )


def _spoken(terms: Bag) -> Mapping[str, tuple[int, float]]:
    """Of each language how many terms, and the sum of their squares."""
    spoken: dict[str, tuple[int, float]] = {}
    for term, weight in terms.items():
        lang = term.partition(":")[0]
        count, squares = spoken.get(lang, (0, 0.0))
        spoken[lang] = (count + 1, squares + weight * weight)
    return {lang: (count, round(squares, 4)) for lang, (count, squares) in spoken.items()}


def _weightiest(bag: Mapping[K, float], most: int) -> Mapping[K, float]:
    """A bag cut to what was told oftenest, so that a story of a thousand articles is not a dictionary; order stays."""
    if len(bag) <= most:
        return bag
    kept = set(heapq.nsmallest(most, bag, key=lambda name: (-bag[name], name)))
    return {name: weight for name, weight in bag.items() if name in kept}


def _sum(one: Mapping[K, float], other: Mapping[K, float]) -> Mapping[K, float]:
    total = dict(one)
    for name, value in other.items():
        total[name] = round(total.get(name, 0.0) + value, 4)
    return total
