"""The board: what is under a floor, what is pinned, and that it reads at 100 columns."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from rich.cells import cell_len
from rich.console import Console

from tests.quality import board
from tests.quality.board import Bound, Figure, Held


def figure(name: str = "F1", value: float = 0.9, row: str = "all") -> Figure:
    return Figure(part="harbour", row=row, name=name, value=value)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(board, "HERE", tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("name", "value", "least", "under"),
    [
        ("F1", 0.9, 0.9, False),
        ("F1", 0.89999, 0.9, True),
        ("F1", 0.9004, 0.9, False),
        ("F1", 0.9, None, False),
        ("irrelevant kept", 6, 6, False),
        ("gate irrelevant kept", 7, 6, True),
    ],
)
def test_a_share_has_a_floor_and_a_count_of_mistakes_a_ceiling(
    name: str, value: float, least: float | None, under: bool
) -> None:
    assert Held(figure=figure(name, value), bound=Bound(least=least)).under is under


def test_what_is_pinned_holds_the_next_time_and_keeps_baseline_and_goal(place: Path) -> None:
    (place / "harbour.json").write_text(
        '{"all: F1": {"floor": 0.5, "baseline": 0.4, "goal": 0.95}, "all: gone": {"floor": 1}}', encoding="utf-8"
    )
    found = [figure(value=2 / 3), figure("irrelevant kept", 4.0)]

    board.pin(found)

    assert json.loads((place / "harbour.json").read_text(encoding="utf-8")) == {
        "all: F1": {"floor": 0.666, "baseline": 0.4, "goal": 0.95},
        "all: irrelevant kept": {"ceiling": 4.0},
    }
    assert [one.under for one in board.held(found)] == [False, False]
    assert [one.under for one in board.held([figure(value=0.66), figure("irrelevant kept", 5)])] == [True, True]


def test_a_goal_is_met_from_its_own_side() -> None:
    goals = [
        Held(figure=figure(value=0.96), bound=Bound(goal=0.95)),
        Held(figure=figure("irrelevant kept", 7), bound=Bound(goal=6)),
        Held(figure=figure(), bound=Bound()),
    ]
    assert [one.reached for one in goals] == [True, False, False]


def test_the_board_reads_at_100_columns() -> None:
    said = io.StringIO()
    console = Console(file=said, width=board.WIDTH, highlight=False)
    rows = [
        Held(
            figure=figure(value=0.8, row="a row with a long name, in 日本語 too"),
            bound=Bound(least=0.9, baseline=0.5, goal=1),
        ),
        Held(figure=figure("irrelevant kept", 1234.0), bound=Bound(least=2000, baseline=5000, goal=6)),
    ]

    board.show(console, "harbour", rows, seconds=1.25, about="12 lines of our own")

    shown = said.getvalue()
    assert max(cell_len(line) for line in shown.splitlines()) <= board.WIDTH
    assert [word in shown for word in (".800", "≥ .900", "UNDER", "1,234", "≤ 2,000", "≥ 1.000", "12 lines")] == [
        True
    ] * 7
