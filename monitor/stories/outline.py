"""A story's profile taken apart once, in the shapes an article is held against; and the outlines kept for the next one.

Never weighs: nothing in it depends on the article or on how rare anything is.
"""

from __future__ import annotations

import threading
from array import array
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from monitor.entities import Fact, NameId, Profile
from monitor.facts import actors_of
from monitor.facts.compare import Sides
from monitor.stories.profile import PROPER
from monitor.stories.roles import Roles

OUTLINES_KEPT = 1000
"""Outlines kept between articles, about 8 KB each: a dozen times what one article is held against."""

Vector = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """One title of a story: the language and the set of its words, and the set of its names, acts and things."""

    lang: str
    words: frozenset[str]
    concepts: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """A profile taken apart.

    ``concepts`` are its names and acts, ``weights`` what each weighs squared. ``people``: it names some; ``headed``:
    titles name some; ``places``: those that tell stories apart. ``told``: who did each act, ``""`` where nobody is said
    to; ``titled``: the same for the acts of titles (of all facts where no title tells one), whose facts are ``heads``
    by act, and their actors and speakers ``voices``.
    """

    concepts: tuple[str, ...]
    weights: tuple[float, ...]
    headings: tuple[Heading, ...]
    vector: Vector
    people: bool
    headed: bool
    places: frozenset[str]
    facts: bool
    told: Mapping[str, set[str]]
    titled: Mapping[str, set[str]]
    heads: Mapping[str, tuple[Fact, ...]]
    voices: frozenset[str]
    parties: frozenset[str]
    numbers: frozenset[tuple[float, str]]


def outline(profile: Profile, roles: Roles) -> Outline:
    """The outline of a profile."""
    sides = roles.sides
    facts = [fact for fact in profile.facts if fact.action]
    titles = [fact for fact in facts if fact.sentence == 0] or facts
    heads: dict[str, list[Fact]] = {}
    for fact in titles:
        heads.setdefault(fact.action, []).append(fact)
    said = frozenset(voices(titles))
    names = frozenset(map(str, profile.names))
    bags = (profile.names, profile.acts)
    return Outline(
        concepts=tuple(str(name) for bag in bags for name in bag),
        weights=tuple(weight * weight for bag in bags for weight in bag.values()),
        headings=tuple(map(_heading, profile.titles)),
        vector=numbers_of(profile.vector),
        people=not names.isdisjoint(roles.people),
        headed=any(name in roles.people for title in profile.titles for name in title),
        places=(names & roles.places) - roles.common,
        facts=bool(facts),
        told=_who(facts, sides),
        titled=_who(titles, sides),
        heads={action: tuple(some) for action, some in heads.items()},
        voices=said,
        parties=parties(said, sides),
        numbers=counted(facts),
    )


def _heading(title: Sequence[str]) -> Heading:
    lang = title[0].partition(":")[0]
    return Heading(
        lang=lang,
        words=frozenset(name for name in title if name.startswith(lang + ":")),
        concepts=frozenset(name for name in title if name[2:3] != ":" and not name.startswith(PROPER)),
    )


def _who(facts: Iterable[Fact], sides: Sides) -> Mapping[str, set[str]]:
    told: dict[str, set[str]] = {}
    for fact in facts:
        told.setdefault(fact.action, set()).update(actors_of(fact, sides) or ("",))
    return told


def voices(facts: Iterable[Fact]) -> Iterator[str]:
    """Who acts or speaks in these facts."""
    for fact in facts:
        yield from (str(who) for who in fact.actors)
        if fact.speaker:
            yield str(fact.speaker)


def parties(names: Iterable[str], sides: Sides) -> frozenset[str]:
    """For whom these act: their sides, and those without one for themselves."""
    return frozenset(sides.get(NameId(name), "") or name for name in names)


def counted(facts: Iterable[Fact]) -> frozenset[tuple[float, str]]:
    """What the facts count, with its unit."""
    return frozenset((fact.number, fact.unit) for fact in facts if fact.number is not None and fact.unit)


def numbers_of(numbers: Sequence[float]) -> Vector:
    """Numbers as numpy has them; by way of an array, which is ten times as fast as from a tuple."""
    return np.frombuffer(array("d", numbers), dtype=np.float64)


class Outlines:
    """Outlines made once a profile, for all threads. A profile never changes, so neither does what it answers."""

    def __init__(self, roles: Roles) -> None:
        self.roles = roles
        self._kept: OrderedDict[int, tuple[Profile, Outline]] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, profile: Profile) -> Outline:
        """The outline of this profile: held beside it, so that its address stays its own."""
        with self._lock:
            kept = self._kept.get(id(profile))
            if kept is not None:
                self._kept.move_to_end(id(profile))
                return kept[1]
        made = outline(profile, self.roles)
        with self._lock:
            self._kept[id(profile)] = (profile, made)
            if len(self._kept) > OUTLINES_KEPT:
                self._kept.popitem(last=False)
        return made
