"""``python -m tests.fuzz MINUTES``: the fuzz tests again and again, each round with other documents, until time is up.

It stops at the first round that fails; what failed is kept in ``.hypothesis`` and is tried first the next time.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path


def main() -> int:
    """Rounds of a thousand documents a test."""
    minutes = float(sys.argv[1]) if len(sys.argv) > 1 else 5.0
    end, rounds = time.monotonic() + 60 * minutes, 0
    environment = os.environ | {"MONITOR_FUZZ": "long"}
    while time.monotonic() < end:
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "--durations=0",
            "--durations-min=60",
            "tests/fuzz/test_fuzz.py",
        ]
        done = subprocess.run(
            [*command, f"--hypothesis-seed={time.time_ns()}"],
            cwd=Path(__file__).parents[2], env=environment, check=False,
        )  # fmt: skip
        if done.returncode:
            return done.returncode
        rounds += 1
        print(f"round {rounds}: nothing found; {max(0.0, end - time.monotonic()) / 60:.1f} minutes left", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
