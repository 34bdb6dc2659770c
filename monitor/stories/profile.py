"""What a story is recognised by, as sums over its articles, so that one article is added without reading the others.

Never decides whether an article belongs.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from monitor.entities import Fact, NameId, Profile, Told
from monitor.facts import Extractor, key
from monitor.stories.policy import Policy

Bag = Mapping[str, float]
K = TypeVar("K", bound=str)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sketch:
    """One article as it is compared with stories: words of its language, names, acts and things, meaning, facts."""

    lang: str
    terms: Bag
    names: Mapping[NameId, float]
    acts: Bag
    vector: tuple[float, ...]
    facts: tuple[Fact, ...]
    sides: tuple[str, ...]


def sketch(told: Told, extractor: Extractor, policy: Policy) -> Sketch:
    """The sketch of an article: its title ``policy.title`` times, its text up to ``policy.lead`` characters once."""
    reading = told.reading
    terms: dict[str, float] = {}
    acts: dict[str, float] = {}
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
    names: dict[NameId, float] = {}
    for mention in reading.mentions:
        if mention.sentence <= last:
            for name in extractor.canonical(mention.name):
                names[name] = max(names.get(name, 0.0), policy.title if mention.sentence == 0 else 1.0)
    return Sketch(
        lang=reading.lang,
        terms={term: 1.0 + math.log(count) for term, count in terms.items()},
        names=names,
        acts=acts,
        vector=reading.vector,
        facts=told.facts,
        sides=voices(told.facts, extractor),
    )


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
    return replace(
        profile,
        terms=_sum(profile.terms, one.terms),
        names=_sum(profile.names, one.names),
        acts=_sum(profile.acts, one.acts),
        vector=vector,
        facts=facts[: policy.kept_facts],
        sides=tuple(sorted({*profile.sides, *one.sides})),
    )


def _sum(one: Mapping[K, float], other: Mapping[K, float]) -> Mapping[K, float]:
    total = dict(one)
    for name, value in other.items():
        total[name] = round(total.get(name, 0.0) + value, 4)
    return total
