"""Documents made to cost stay cheap: bounded memory, bounded text, an end in seconds, and no file of this machine in it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from monitor.sources import SOURCES
from tests.fuzz.bombs import BOMBS

SIZE = 150_000  # bytes of each bomb, about
MEMORY = (
    100  # bytes of memory for each byte that came in; measured: 75 at most (very many attributes, very small items)
)
MEMORY_SLACK = 30  # MiB on top: what a parser's first use loads
GROWTH = 4  # characters out for each byte in; measured: 1 at most
NAMES = [name for name, (kind, _) in BOMBS.items() if kind in SOURCES]


@pytest.fixture(scope="module")
def taken() -> dict[str, dict[str, Any]]:
    """What each bomb took. The child ends itself at one that takes more than its time, and the rest is missing."""
    if not Path("/proc/self/clear_refs").exists():
        pytest.skip("what a process holds at most is read from Linux's /proc")
    command = [sys.executable, "-m", "tests.fuzz.bombs", str(SIZE)]
    root = Path(__file__).parents[2]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    found = [json.loads(line) for line in done.stdout.splitlines()]
    if done.returncode:
        missing = next((name for name in NAMES if name not in {one["name"] for one in found}), "?")
        pytest.fail(f"{missing}: ended with {done.returncode}\n{done.stderr[-2000:]}", pytrace=False)
    return {one.pop("name"): one for one in found}


@pytest.mark.parametrize("name", NAMES)
def test_a_document_made_to_cost_is_bounded(name: str, taken: dict[str, dict[str, Any]]) -> None:
    took = taken[name]
    assert took["grown_mib"] <= MEMORY * took["bytes"] / 2**20 + MEMORY_SLACK
    assert took["characters"] <= GROWTH * took["bytes"]
    assert took["entries"] <= took["bytes"] / 10
    assert "root:" not in took["words"]


def test_an_honest_item_beside_the_bomb_is_still_read(taken: dict[str, dict[str, Any]]) -> None:
    assert {
        name: taken[name]["articles"]
        for name in ("entities within entities", "an entity that is a file", "declarations")
    } == {
        "entities within entities": 1,
        "an entity that is a file": 1,
        "declarations": 1,
    }
