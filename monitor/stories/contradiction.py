"""What in an article's acts cannot be true of a story's: the same act by others, elsewhere, of another count or day.

Never decides: a contradiction is one voice against a joining, told in words and weighed by the policy.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from monitor.entities import Fact, NameId, Stage
from monitor.facts import Extractor, actors_of
from monitor.facts.compare import PERSONAL, strangers
from monitor.stories.profile import DISPUTE
from monitor.stories.roles import OfFacts, Roles

SERIES = frozenset(("package", "round"))
"""Units that number a series: the 13th package is not the 12th one corrected. Meetings of talks are one, too."""
SPOKEN = frozenset(
    ("say", "reply", "criticize", "condemn", "reject", "deny", "demand", "warn", "support", "consider", "propose")
)
"""Acts that are words: where another one speaks it is another act, however alike the words are."""
APART = dt.timedelta(days=3)  # days of one act that are further apart are two: zones and "by Monday" blur nearer ones


class Kind(StrEnum):
    """In what two tellings of an act contradict each other, the surest first."""

    COUNT = "count"
    PEOPLE = "people"
    SPEAKER = "speaker"
    PLACE = "place"
    DAY = "day"
    SIDE = "side"


SAID: Mapping[Kind, str] = {
    Kind.COUNT: "another one of a series",
    Kind.PEOPLE: "other people do it",
    Kind.SPEAKER: "somebody else says it",
    Kind.PLACE: "the same act in another place",
    Kind.DAY: "the same act on another day",
    Kind.SIDE: "the sides have changed places",
}
"""A contradiction in words, before both sides of it are named."""


KINDS = tuple(Kind)
"""The kinds in the order in which they are asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contradiction:
    """What an article says of an act, and what the story says of it instead."""

    kind: Kind
    action: str
    here: tuple[str, ...]
    there: tuple[str, ...]

    @property
    def said(self) -> str:
        """The contradiction as a reader is told it."""
        return f"{SAID[self.kind]} ({self.action}): {', '.join(self.here)}, there {', '.join(self.there)}"


def lowered(likelihood: float, weight: float) -> float:
    """A likelihood with a weight taken from the logarithm of its odds."""
    odds = likelihood / max(1e-12, 1.0 - likelihood) * math.exp(-weight)
    return odds / (1.0 + odds)


class Contradictions:
    """Finds what speaks against one act. Built once, from what names are and which place lies in which."""

    def __init__(self, extractor: Extractor, roles: Roles) -> None:
        self._roles = roles
        self._held = OfFacts(self._seen)
        names = extractor.names
        self._within = {str(name): str(known.part_of) for name, known in names.items() if known.part_of}
        self._capitals = frozenset(str(name) for name, known in names.items() if known.kind == "capital")
        islands = {str(name) for name, known in names.items() if known.kind == "island"}
        holding = {self._within[name] for name in islands if name in self._within}
        disputed = {str(name) for name, side in extractor.sides.items() if side == DISPUTE}
        alone = {name for name in islands if name not in self._within}
        self._broad = (disputed - islands) - self._within.keys() | (disputed & (holding | alone))

    def find(self, heads: Sequence[Fact], held: Iterable[Fact], today: dt.date) -> Contradiction | None:
        """What the acts an article is about contradict in a story; None where one of them may be the same act.

        ``heads`` are the acts the article is about. Of the story only what its titles tell is compared, and all of
        that: a story that tells an act twice over, here and there, contradicts neither.
        """
        told = [fact for fact in held if fact.action]
        told = [fact for fact in told if fact.sentence == 0] or told
        found: list[Contradiction] = []
        for mine in _in_both(heads, told):
            against = [self.apart(mine, other, today) for other in told if other.action == mine.action]
            if None in against:
                return None
            found.extend(each for each in against if each is not None)
        return min(found, key=lambda each: KINDS.index(each.kind), default=None)

    def apart(self, one: Fact, other: Fact, today: dt.date) -> Contradiction | None:
        """In what two facts of one action cannot be one act; None where they may be: silence contradicts nothing."""
        mine, theirs = self._held.of(one), self._held.of(other)
        for kind in KINDS:
            if kind is Kind.DAY:
                here, there = _day(one, today), _day(other, today)
            else:
                here, there = mine[kind], theirs[kind]
            if here and there and self._other(kind, here, there) and self._meant(kind, one, other):
                return Contradiction(kind=kind, action=one.action, here=tuple(sorted(here)), there=tuple(sorted(there)))
        return None

    def _seen(self, fact: Fact) -> Mapping[Kind, frozenset[str]]:
        """What of a fact is held against another, but for its day, which counts once it has come."""
        people = self._roles.people
        numbered = fact.unit in SERIES or (fact.unit == "meeting" and fact.action in PERSONAL)
        speakers = ([fact.speaker] if fact.speaker else []) + ([*fact.actors] if fact.action in SPOKEN else [])
        return {
            Kind.COUNT: frozenset((f"{fact.unit} {fact.number:g}",) if numbered and fact.number is not None else ()),
            Kind.PEOPLE: frozenset(str(who) for who in (*fact.actors, *fact.objects) if who in people)
            if fact.action in PERSONAL
            else frozenset(),
            Kind.SPEAKER: frozenset(str(who) for who in speakers if who in people),
            Kind.PLACE: self._places(fact),
            Kind.SIDE: frozenset(() if fact.action in SPOKEN else actors_of(fact, self._roles.sides)),
        }

    def _other(self, kind: Kind, here: frozenset[str], there: frozenset[str]) -> bool:
        """Whether two tellings have nothing in common that could make them one."""
        if kind is Kind.PLACE:
            return not here & self._around(there) and not there & self._around(here)
        if kind is Kind.DAY:
            first, second = (dt.date.fromisoformat(min(days)) for days in (here, there))
            return abs(first - second) >= APART
        return not here & there

    def _meant(self, kind: Kind, one: Fact, other: Fact) -> bool:
        """Whether people are strangers to one another, and sides have changed places: who acts was acted upon."""
        if kind is Kind.SIDE:
            return self._suffers(one, other) and self._suffers(other, one)
        return kind is not Kind.PEOPLE or strangers(one, other, self._roles.sides)

    def _suffers(self, one: Fact, other: Fact) -> bool:
        """Whether the one act is done to a side that does the other."""
        sides = self._roles.sides
        return bool({sides.get(NameId(name), "") for name in one.objects} & set(actors_of(other, sides)))

    def _places(self, fact: Fact) -> frozenset[str]:
        """The land of an act, each place without those it lies in; nothing where it is the islands as a whole."""
        named = {str(place) for place in (*fact.objects, fact.place) if place in self._roles.land}
        if fact.action in PERSONAL and fact.place in self._capitals:
            named.add(str(fact.place))
        named -= {place for each in named for place in self._around(frozenset((each,))) - {each}}
        return frozenset() if named & self._broad else frozenset(named)

    def _around(self, places: frozenset[str]) -> frozenset[str]:
        """Places and all they lie in."""
        found = set(places)
        for place in sorted(places):
            outer = self._within.get(place)
            while outer is not None and outer not in found:
                found.add(outer)
                outer = self._within.get(outer)
        return frozenset(found)


def _day(fact: Fact, today: dt.date) -> frozenset[str]:
    """The day of an act that was held by now."""
    done = fact.date is not None and fact.stage is Stage.HELD and fact.date <= today
    return frozenset((str(fact.date),) if done else ())


def _in_both(heads: Sequence[Fact], told: Sequence[Fact]) -> list[Fact]:
    """The acts that both tell; "says" only where it is all they have in common."""
    actions = {fact.action for fact in told}
    shared = [fact for fact in heads if fact.action in actions]
    return [fact for fact in shared if fact.action != "say"] or shared
