"""What is read off a process: processor time, peak memory; and a measurement run in a process of its own."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MIB = 1024 * 1024


@dataclass(slots=True)
class Spent:
    """Wall seconds and processor seconds (all threads) of a block."""

    wall: float = 0.0
    cpu: float = 0.0


@contextmanager
def spent() -> Iterator[Spent]:
    """Counts while its block runs."""
    found = Spent()
    wall, cpu = time.perf_counter(), time.process_time()
    yield found
    found.wall, found.cpu = time.perf_counter() - wall, time.process_time() - cpu


def speed_ms() -> float:
    """Milliseconds of processor time for one fixed piece of work in plain Python, the median of several.

    Runs are only comparable where this figure is: a busy or throttled machine doubles it.
    """
    taken = []
    for _ in range(9):
        begun = time.process_time()
        counts: dict[str, int] = {}
        for number in range(60_000):
            key = f"{number % 997}"
            counts[key] = counts.get(key, 0) + number
        taken.append(1000 * (time.process_time() - begun))
    return sorted(taken)[len(taken) // 2]


def peak_mib() -> float:
    """Most memory this process ever held, MiB.

    From /proc where there is one: ``ru_maxrss`` of a new process starts at what its parent held.
    """
    status = Path("/proc/self/status")
    if status.exists():
        for row in status.read_text(encoding="utf-8").splitlines():
            if row.startswith("VmHWM:"):
                return int(row.split()[1]) * 1024 / MIB
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / MIB if sys.platform == "darwin" else most * 1024 / MIB


def alone(case: str, **arguments: Any) -> dict[str, Any]:
    """The figures of one case, measured in a fresh process; its log is shown where it fails."""
    with tempfile.TemporaryFile("w+", encoding="utf-8") as log:
        done = subprocess.run(
            [sys.executable, "-m", "bench", "--case", case, json.dumps(arguments)],
            stdout=subprocess.PIPE,
            stderr=log,
            check=False,
            text=True,
        )
        if done.returncode:
            log.seek(0)
            raise RuntimeError(f"{case} failed with {done.returncode}:\n{log.read()[-4000:]}")
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return figures


def rounded(value: Any, places: int = 3) -> Any:
    """Figures without digits that mean nothing."""
    if isinstance(value, float):
        return round(value, places)
    if isinstance(value, dict):
        return {key: rounded(inner, places) for key, inner in value.items()}
    return value
