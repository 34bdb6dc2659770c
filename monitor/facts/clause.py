"""A clause: which names, things, numbers and days of a sentence belong to one act, and in which role.

Never finds any of them: it only says whose they are.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass

from monitor.entities import NameId, Stage
from monitor.facts.acts import ACTOR_KINDS, BREAK, Act
from monitor.facts.days import Day
from monitor.facts.grammar import Grammar, Named
from monitor.facts.numbers import Number

PLACE_KINDS = frozenset(("place", "island", "capital", "country"))
TOGETHER = frozenset(("meet", "phone", "sign", "agree", "cooperate", "drill", "take-effect"))
"""Acts that two do together: "X meets Y" and "Y meets X" are one act of both."""
MUTUAL = frozenset((Stage.HELD, Stage.ANNOUNCED, Stage.AGREED, Stage.SIGNED, Stage.IN_FORCE))
"""Stages both have come to; who proposes, suspends or refuses does so alone."""
COUNTED = 3  # numbers of a clause that make a fact each, so that a table is no flood
BEHIND_JA = 12  # characters behind a Japanese verb that belong to its clause


_APART_JA = re.compile(r"[\s。」]")


@dataclass(frozen=True, slots=True)
class Clause:
    """A sentence with all that was found in it; says which of it belongs to an act."""

    text: str
    lang: str
    names: tuple[Named, ...]
    numbers: tuple[Number, ...]
    dated: tuple[Day, ...]
    objects: tuple[tuple[str, int, int], ...]
    small: Grammar

    def reach(self, act: Act, start: int, end: int) -> tuple[int, int]:
        """From where to where words belong to an act: its clause."""
        left = max((m.end() for m in BREAK.finditer(self.text, start, act.first)), default=start)
        right = next((m.start() for m in BREAK.finditer(self.text, act.last, end)), end)
        if self.lang == "ja":
            stop = re.search(r"[。」]", self.text[act.last : right])
            right = act.last + stop.start() if stop else min(right, act.last + BEHIND_JA)
        return left, right

    def able(self, left: int, right: int) -> bool:
        """Whether anybody who can act is named between."""
        return any(left <= n.start and n.end <= right and n.kind in ACTOR_KINDS for n in self.names)

    def roles(self, act: Act, left: int, right: int) -> tuple[list[Named], list[Named]]:
        """Who acts and who or what is acted on, among the names of the clause."""
        inside = [n for n in self.names if left <= n.start and n.end <= right]
        able = [n for n in inside if n.kind in ACTOR_KINDS]
        first, last, verb = act.told or (act.start, act.end, act.verb)
        if self.small.passive(self.text, first, last, verb):
            actors = [n for n in able if self.small.agent(self.text, n, last, verb)]
        else:
            actors = [n for n in able if self.small.acts(self.text, n, act.first, act.last, inside)]
            if act.action in TOGETHER and act.stage in MUTUAL and act.polarity == "+" and len(able) > len(actors):
                actors += [n for n in self._parties(able, act) if n not in actors]
            if not actors:
                actors = self._pair(able)
        inner = [n for n in actors if self.small.inner(self.text, n, act.end)]
        if inner and len(inner) < len(actors):  # "政府、ロシア艦が侵入と発表": who announces does not intrude
            inside = [n for n in inside if n in inner or n not in actors]
            actors = inner
        return actors, [n for n in inside if n not in actors]

    def _parties(self, able: list[Named], act: Act) -> list[Named]:
        """The other side of an act done together, one name or several of them joined."""
        found: list[Named] = []
        for name in able:
            near = self.text[name.end : act.first] or self.text[act.last : name.start]
            if self.lang == "ja" and _APART_JA.search(near):
                continue
            chained = bool(found) and self.small.joined(self.text[found[-1].end : name.start])
            if (chained or self.small.party(self.text, name, act.last)) and not self.small.at(self.text, name):
                found.append(name)
        return found

    def _pair(self, able: list[Named]) -> list[Named]:
        """Two between whom something is, where nobody else acts."""
        for i, name in enumerate(able):
            if len(name.canon) > 1:
                return [name]
            if self.small.between(self.text, name):
                return able[i : i + 2]
        return []

    def title(self, first: int, last: int, actors: Sequence[Named]) -> bool:
        """Whether words are the title of one who acts: inside his name, or (in Japanese) right behind his state's."""
        return any(n.start <= first and (last <= n.end or (self.lang == "ja" and first <= n.end + 1)) for n in actors)

    def things(self, left: int, right: int) -> bool:
        """Whether the clause names a thing."""
        return any(left <= first and last <= right for _, first, last in self.objects)

    def counted(self, left: int, right: int) -> tuple[Number, ...]:
        """The numbers of the clause that count something."""
        return tuple(n for n in self.numbers if n.unit and left <= n.start and n.end <= right)[:COUNTED]

    def day(self, left: int, right: int) -> dt.date | None:
        """The first day the clause names."""
        return next((d.date for d in self.dated if left <= d.start and d.end <= right), None)

    def place(self, left: int, right: int) -> NameId | None:
        """The first place the clause says the act was at."""
        return next(
            (
                n.id
                for n in self.names
                if left <= n.start and n.end <= right and n.kind in PLACE_KINDS and self.small.at(self.text, n)
            ),
            None,
        )
