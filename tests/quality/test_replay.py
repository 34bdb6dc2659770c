"""`monitor replay` over the shared development half, scored by its own scorer: floors of the walk as a whole."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import pytest

from monitor.cli import replay
from monitor.settings import load
from tests.shared import SHARED, needs_shared

ROOT = Path(__file__).parents[2]
FLOORS = json.loads((Path(__file__).parent / "replay.json").read_text(encoding="utf-8"))
DEV = SHARED / "eval" / "japan-russia"

pytestmark = [pytest.mark.shared, needs_shared]


@pytest.fixture(scope="module")
def scored() -> dict[str, Any]:
    """The scorer's row over all items."""
    spec = importlib.util.spec_from_file_location("score", SHARED / "eval" / "score.py")
    assert spec is not None
    assert spec.loader is not None
    score = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(score)
    told = [
        {
            "id": one.id,
            "relevant": one.relevant,
            "topics": [topic["topic"] for topic in one.topics],
            "story": one.story,
            "alert": one.alert,
        }
        for _, one in replay.run(DEV / "dev.input.jsonl", load(ROOT / "config"))
    ]
    row: dict[str, Any] = score.evaluate(score.read(DEV / "dev.jsonl"), told)["rows"]["all"]
    return row


@pytest.mark.parametrize(("part", "figure"), [(part, figure) for part, figures in FLOORS.items() for figure in figures])
def test_the_whole_walk_holds_its_floor(scored: dict[str, Any], part: str, figure: str) -> None:
    assert scored[part][figure] >= FLOORS[part][figure]
