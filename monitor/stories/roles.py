"""What names and acts are to one another, and how far two acts are one: who does what to whom, and where.

Never looks at words or at meaning.
"""

from __future__ import annotations

from monitor.entities import Fact, NameId
from monitor.facts import Extractor, actors_of
from monitor.facts.compare import GENERIC, Sides, strangers
from monitor.stories.profile import DISPUTE

_PLACES = frozenset(("place", "island", "city", "area", "region", "sea"))


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


def signature(one: Fact, other: Fact, roles: Roles) -> float:
    """How far two facts of one act agree in people, land, things and sides; 0 where other sides or people do it."""
    sides = roles.sides
    who = _agree(set(actors_of(one, sides)), set(actors_of(other, sides)))
    if who == 0.0 or strangers(one, other, sides):
        return 0.0
    people, things, parties = (_agree(kept(one, roles), kept(other, roles)) for kept in (_people, _things, _parties))
    mine, theirs = _land(one, roles), _land(other, roles)
    broad = (mine and not mine - roles.whole) or (theirs and not theirs - roles.whole)
    land = UNSAID if broad else _agree(mine, theirs)
    return who * (people + land + things + parties) / 4.0


UNSAID = 0.5  # agreement where one of two facts is silent, or names the islands as a whole: it contradicts nothing


def _agree(one: set[str], other: set[str]) -> float:
    if not one or not other:
        return UNSAID
    return 1.0 if one & other else 0.0


def _people(fact: Fact, roles: Roles) -> set[str]:
    return {str(who) for who in (*fact.actors, *fact.objects) if who in roles.people}


def _land(fact: Fact, roles: Roles) -> set[str]:
    return {str(place) for place in (*fact.objects, fact.place) if place in roles.land}


def _things(fact: Fact, roles: Roles) -> set[str]:
    return {thing for thing in fact.objects if thing not in roles.names and thing not in GENERIC}


def _parties(fact: Fact, roles: Roles) -> set[str]:
    return {roles.sides.get(NameId(name), "") for name in fact.objects} - {"", DISPUTE}
