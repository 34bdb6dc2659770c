"""Whom a name stands for on a day: itself, and the roles of the offices it holds then.

So the next holder of an office needs no new line in a topic's file. Never guesses an office nobody listed.
"""

from __future__ import annotations

import datetime as dt
from functools import lru_cache

from monitor.entities import NameId
from monitor.lexicon import Lexicon


class Offices:
    """The roles of the lexicon, by side and office."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._names = lexicon.names
        self._roles = {
            (name.side, name.office): name.id
            for name in lexicon.names.values()
            if name.kind == "role" and name.office and not name.sides  # "the leaders of both" is nobody's office
        }
        self.stands_for = lru_cache(maxsize=4_096)(self._stands_for)

    def _stands_for(self, name: NameId, on: dt.date) -> frozenset[NameId]:
        """A name, and the roles of the offices it holds on that day."""
        entry = self._names[name]
        held = {
            self._roles[side, office.office]
            for office in entry.offices
            for side in (entry.sides or (entry.side,))
            if (side, office.office) in self._roles
            and (office.since is None or office.since <= on)
            and (office.until is None or on < office.until)
        }
        return frozenset((name, *held))
