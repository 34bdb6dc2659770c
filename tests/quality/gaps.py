"""Minimal pairs that fail today, by name: ``pairs/known-gaps.txt`` holds them, and a gap that passes must be taken off.

Never pins by itself: ``python -m tests.quality.gaps --pin`` writes the list, by hand only, after reading what it prints.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from tests.quality.own import pairs_run
from tests.quality.stream import HERE, Row

LIST = HERE / "pairs" / "known-gaps.txt"
HEAD = (
    "# Pairs of tests/quality/pairs/*.jsonl that do not come to what they should: id, expected, what they come to.\n"
    "# A gap that passes is taken off, a new one is mended: python -m tests.quality.gaps shows both.\n"
)


def known() -> list[str]:
    """The gaps as they are listed."""
    return [line for line in LIST.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]


def found() -> list[str]:
    """The gaps as they are."""
    return sorted(
        f"{row['id']} {row['expect']} {came}"
        + (f" {then.reason} for {row['reason']}" if came == row["expect"] and _misnamed(row, then.reason) else "")
        for row, came, then in pairs_run()
        if came != row["expect"] or _misnamed(row, then.reason)
    )


def _misnamed(row: Row, reason: str) -> bool:
    """Whether the pair names a reason to be told for, and it was told for another."""
    return bool(row.get("reason", reason) != reason)


def main(arguments: Sequence[str]) -> None:
    """Print what changed against the list, or write it anew."""
    now, before = found(), known() if LIST.exists() else []
    for line in sorted(set(now) ^ set(before)):
        sys.stdout.write(f"{'new gap' if line in now else 'gone'}  {line}\n")
    if "--pin" in arguments:
        LIST.write_text(HEAD + "".join(f"{line}\n" for line in now), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
