"""What names and acts are to one another, and how far two acts are one: who does what to whom, and where.

Never looks at words or at meaning.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from monitor.entities import Fact, NameId
from monitor.facts import Extractor, actors_of
from monitor.facts.compare import GENERIC, Sides, strangers
from monitor.stories.profile import DISPUTE

M = TypeVar("M")

FACTS_KEPT = 8_192
"""Facts taken apart that are kept between articles, 1 KB each: those of the stories of some weeks."""
_PLACES = frozenset(("place", "island", "city", "area", "region", "sea"))


class OfFacts(Generic[M]):
    """What is made of a fact, made once for as long as the same fact comes again: a story's are compared for weeks.

    Each is held beside its fact, so that the fact's address stays its own. Safe to share.
    """

    def __init__(self, make: Callable[[Fact], M]) -> None:
        self._make = make
        self._kept: dict[int, tuple[Fact, M]] = {}

    def of(self, fact: Fact) -> M:
        """What is made of this fact."""
        kept = self._kept.get(id(fact))
        if kept is not None:
            return kept[1]
        if len(self._kept) >= FACTS_KEPT:
            self._kept.clear()
        made = self._make(fact)
        self._kept[id(fact)] = (fact, made)
        return made


@dataclass(frozen=True, slots=True)
class Deed:
    """One act as it is held against another: who does it, to which people, land and things, and to which sides."""

    actors: frozenset[str]
    people: frozenset[str]
    land: frozenset[str]
    things: frozenset[str]
    parties: frozenset[str]
    broad: bool
    """It names no land but the islands as a whole."""


class Roles:
    """What names and acts are to one another: the side of a name, who is a person, what is a place, what answers."""

    def __init__(self, extractor: Extractor, common: frozenset[str]) -> None:
        kinds = {str(name): known.kind for name, known in extractor.names.items()}
        self.sides: Sides = extractor.sides
        self.answers: frozenset[str] = extractor.answers
        self.common = common
        self.names = frozenset(kinds)
        self.people = frozenset(name for name, kind in kinds.items() if kind == "person")
        self.places = frozenset(name for name, kind in kinds.items() if kind in _PLACES)
        disputed = {str(name) for name, side in extractor.sides.items() if side == DISPUTE}
        self.land = frozenset(name for name in disputed | self.places if name not in common)
        self.whole = frozenset(name for name in disputed if kinds.get(name) != "island")
        self.deeds = OfFacts(self._deed)

    def _deed(self, fact: Fact) -> Deed:
        land = frozenset(str(place) for place in (*fact.objects, fact.place) if place in self.land)
        return Deed(
            actors=frozenset(actors_of(fact, self.sides)),
            people=frozenset(str(who) for who in (*fact.actors, *fact.objects) if who in self.people),
            land=land,
            things=frozenset(thing for thing in fact.objects if thing not in self.names and thing not in GENERIC),
            parties=frozenset(self.sides.get(NameId(name), "") for name in fact.objects) - {"", DISPUTE},
            broad=bool(land) and land <= self.whole,
        )


def signature(one: Fact, other: Fact, roles: Roles) -> float:
    """How far two facts of one act agree in people, land, things and sides; 0 where other sides or people do it."""
    mine, theirs = roles.deeds.of(one), roles.deeds.of(other)
    who = _agree(mine.actors, theirs.actors)
    if who == 0.0 or strangers(one, other, roles.sides):
        return 0.0
    people, things = _agree(mine.people, theirs.people), _agree(mine.things, theirs.things)
    parties = _agree(mine.parties, theirs.parties)
    land = UNSAID if mine.broad or theirs.broad else _agree(mine.land, theirs.land)
    return who * (people + land + things + parties) / 4.0


UNSAID = 0.5  # agreement where one of two facts is silent, or names the islands as a whole: it contradicts nothing


def _agree(one: frozenset[str], other: frozenset[str]) -> float:
    if not one or not other:
        return UNSAID
    return 0.0 if one.isdisjoint(other) else 1.0
