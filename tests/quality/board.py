"""The board of figures: what was measured beside its floor, its baseline and its goal, and the floors' own files.

Nothing here measures. A part's floors stand in ``tests/quality/<part>.json``, one line a figure:
``{"floor": .95}``, or ``{"ceiling": 6}`` where fewer is better, with ``baseline`` (what a plain method gives) and
``goal`` (what was asked for) beside it where they are known.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

HERE = Path(__file__).parent
WIDTH = 100
"""Columns of the board at most."""
PLACES = 3
"""Decimals of a share."""
FEWER = ("irrelevant kept", "entries kept")
"""Figures that are counts of mistakes: a ceiling holds them, not a floor."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One number: of which part of the board, of which rows of the data, and what it counts."""

    part: str
    row: str
    name: str
    value: float

    @property
    def key(self) -> str:
        """Under what its floor stands."""
        return f"{self.row}: {self.name}"

    @property
    def fewer(self) -> bool:
        """Whether fewer is better."""
        return self.name.endswith(FEWER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """What a figure is held against; None where nothing is known. ``least`` is a ceiling where fewer is better."""

    least: float | None = None
    baseline: float | None = None
    goal: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A figure beside what it is held against."""

    figure: Figure
    bound: Bound

    @property
    def under(self) -> bool:
        """Whether the floor gave way; a figure is compared as it is printed and pinned."""
        least, value = self.bound.least, printed(self.figure.value)
        return least is not None and (value > least if self.figure.fewer else value < least)

    @property
    def reached(self) -> bool:
        """Whether the goal is met."""
        goal, value = self.bound.goal, printed(self.figure.value)
        return goal is not None and (value <= goal if self.figure.fewer else value >= goal)


def figures(part: str, row: str, values: Mapping[str, float]) -> list[Figure]:
    """A scorer's answer as figures of a row."""
    return [Figure(part=part, row=row, name=name, value=value) for name, value in values.items()]


def printed(value: float) -> float:
    """A value cut to the decimals shown: what is pinned must hold the next time."""
    return math.floor(value * 10**PLACES + 1e-9) / 10**PLACES


def bounds(part: str) -> dict[str, Bound]:
    """The bounds of a part, by the figure's key."""
    path = HERE / f"{part}.json"
    if not path.exists():
        return {}
    rows = json.loads(path.read_text(encoding="utf-8"))
    return {
        key: Bound(least=row.get("floor", row.get("ceiling")), baseline=row.get("baseline"), goal=row.get("goal"))
        for key, row in rows.items()
    }


def held(found: Iterable[Figure]) -> list[Held]:
    """Figures beside their bounds."""
    known: dict[str, dict[str, Bound]] = {}
    return [
        Held(figure=figure, bound=known.setdefault(figure.part, bounds(figure.part)).get(figure.key, Bound()))
        for figure in found
    ]


def pin(found: Sequence[Figure]) -> None:
    """Write the figures reached as the floors of their parts. Baselines and goals stay; a figure that is gone goes."""
    for part in dict.fromkeys(figure.part for figure in found):
        known, rows = bounds(part), {}
        for figure in (one for one in found if one.part == part):
            bound = known.get(figure.key, Bound())
            row = {"ceiling" if figure.fewer else "floor": printed(figure.value)}
            row |= {} if bound.baseline is None else {"baseline": bound.baseline}
            row |= {} if bound.goal is None else {"goal": bound.goal}
            rows[figure.key] = row
        lines = ",\n".join(f"  {json.dumps(key, ensure_ascii=False)}: {json.dumps(row)}" for key, row in rows.items())
        (HERE / f"{part}.json").write_text(f"{{\n{lines}\n}}\n", encoding="utf-8")


def show(console: Console, part: str, rows: Sequence[Held], *, seconds: float, about: str) -> None:
    """One part of the board, what it is measured on and the CPU time it took."""
    grid = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim", width=WIDTH)
    grid.add_column(Text(f"{part} · {seconds:.1f} s", style="bold"), width=26, overflow="fold")
    grid.add_column("", width=22, overflow="fold")
    for name in ("now", "floor", "baseline", "goal"):
        grid.add_column(name, justify="right", width=8)
    grid.add_column("", width=8)
    before = ""
    for one in rows:
        figure, bound = one.figure, one.bound
        sign = "≤ " if figure.fewer else "≥ "
        grid.add_row(
            Text(figure.row if figure.row != before else ""),
            Text(figure.name),
            Text(number(figure, figure.value), style="bold"),
            Text("" if bound.least is None else sign + number(figure, bound.least), style="red" if one.under else ""),
            Text("" if bound.baseline is None else number(figure, bound.baseline), style="dim"),
            Text("" if bound.goal is None else sign + number(figure, bound.goal), style="dim"),
            Text("UNDER" if one.under else "", style="red") if one.under else Text("goal" if one.reached else ""),
        )
        before = figure.row
    console.print(grid)
    console.print(Text(about, style="dim"))


def number(figure: Figure, value: float) -> str:
    """A count of mistakes whole, a share to three decimals without its zero."""
    if figure.fewer:
        return f"{round(value):,}"
    return f"{printed(value):.{PLACES}f}".removeprefix("0")
