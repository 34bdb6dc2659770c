"""``python -m tests.quality``: measures what the product understands and prints each figure beside its floor.

    python -m tests.quality [PART …] [--list] [--json] [--pin]

Exit code 1 where a figure is under its floor. ``--pin`` writes the figures reached as the new floors: by hand only.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
import time

from rich.console import Console

from tests.quality import board
from tests.quality.registry import OWN, PARTS, SHARED_PARTS
from tests.shared import SHARED


def main() -> int:
    """Measure the parts asked for, print them, and say whether all floors hold."""
    given = _arguments()
    console = Console(highlight=False, width=board.WIDTH, stderr=given.json)
    chosen = given.parts or list(PARTS)
    if not SHARED.is_dir():
        left = [part for part in chosen if part in SHARED_PARTS]
        chosen = [part for part in chosen if part not in SHARED_PARTS]
        console.print(f"Without the folder `shared` beside the project, not measured: {', '.join(left)}.\n")
    found: list[board.Held] = []
    for part in chosen:
        began = time.process_time()
        measured = PARTS[part]()
        rows = board.held(measured.figures)
        board.show(console, part, rows, seconds=time.process_time() - began, about=measured.about)
        if given.list:
            for said in measured.listed:
                console.print(f"  {said}", markup=False)
        console.print()
        found += rows
    if given.json:
        print(json.dumps([_row(one) for one in found], ensure_ascii=False, indent=1))
    if given.pin:
        board.pin([one.figure for one in found])
        console.print(f"pinned: {', '.join(chosen)}")
        return 0
    under = [one for one in found if one.under]
    goals = [one for one in found if one.bound.goal is not None]
    console.print(
        f"{len(found)} figures, {len(under)} under their floor; "
        f"{sum(one.reached for one in goals)} of {len(goals)} goals reached."
    )
    for one in under:
        figure, least = one.figure, one.bound.least
        console.print(
            f"UNDER {figure.part}, {figure.key}: {board.number(figure, figure.value)}, held by {least}", style="red"
        )
    return 1 if under else 0


def _row(one: board.Held) -> dict[str, object]:
    return {**dataclasses.asdict(one.figure), **dataclasses.asdict(one.bound), "under": one.under}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="make quality", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "parts", nargs="*", metavar="PART", help=f"of ours: {', '.join(OWN)}; of others: {', '.join(SHARED_PARTS)}"
    )
    parser.add_argument("--list", action="store_true", help="the items behind a figure that went wrong")
    parser.add_argument("--json", action="store_true", help="the figures as JSON on standard output")
    parser.add_argument("--pin", action="store_true", help="write the figures reached as the floors")
    given = parser.parse_args()
    for part in given.parts:
        if part not in PARTS:
            parser.error(f"there is no part {part!r}; there are {', '.join(PARTS)}")
    return given


sys.exit(main())
