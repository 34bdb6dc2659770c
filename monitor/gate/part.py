"""What a name is to the beat: a side, another state, the dispute, a place under dispute.

Never looks at a text: it is told once for every name, when the gate is built.
"""

from __future__ import annotations

from dataclasses import dataclass

from monitor.entities import Beat, Name

PEOPLE = frozenset(("person", "role"))
STATES = frozenset(("country", "capital", "demonym", "person", "role", "body"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What a name is to the beat. Says nothing of what it is in a text."""

    kind: str = ""
    sides: tuple[str, ...] = ()
    third: tuple[str, ...] = ()
    """Other states, and the clubs of states (G7) that act for many."""
    dispute: bool = False
    place: bool = False
    person: bool = False
    state: bool = False
    club: bool = False

    @property
    def tells(self) -> bool:
        """Whether it says anything of the beat at all."""
        return bool(self.sides) or self.dispute or self.place

    @classmethod
    def of(cls, name: Name, beat: Beat) -> Part:
        """What a name is. A wire is nothing: a credit says who wrote, not who acted."""
        if name.wire:
            return cls()
        told = name.sides or ((name.side,) if name.side else ())
        by_list = tuple(side for side, ids in beat.sides.items() if name.id in ids)
        ours = tuple(side for side in beat.sides if side in told or side in by_list)
        listed = name.id in beat.dispute
        club = name.kind == "body" and not ours
        return cls(
            kind=name.kind,
            sides=ours,
            third=tuple(side for side in told if side not in beat.sides and side != "dispute")
            or ((str(name.id),) if club else ()),
            dispute=listed,
            place=name.side == "dispute" and not listed and name.id not in beat.vague,
            person=name.kind in PEOPLE,
            club=club,
            state=bool(by_list) or (bool(ours) and name.kind in STATES),
        )
