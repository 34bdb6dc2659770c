"""Text in columns of a terminal, where a full-width sign takes two: lines broken where each script may be broken.

Nothing here knows what the text says.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence

from rich.cells import cell_len, chop_cells

CLOSING = frozenset("、。，．・：；？！」』）］｝〕〉》】’”ーぁぃぅぇぉっゃゅょァィゥェォッャュョ…‥々%％")
"""Signs that never begin a line of Japanese (JIS X 4051)."""
OPENING = frozenset("「『（［｛〔〈《【‘“")
"""Signs that never end one."""
_WIDE = re.compile("[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef\u3000-\u30ff]")


def wrapped(text: str, width: int) -> list[str]:
    """A text in lines of at most ``width`` columns: at spaces, and between any two full-width signs that may part."""
    lines, line = [], ""
    for piece in itertools.chain.from_iterable(_fitting(unit, width) for unit in _units(text)):
        if line and cell_len(line) + cell_len(piece.rstrip()) > width:
            lines.append(line.rstrip())
            line = ""
        line += piece if line else piece.lstrip()
    return [*lines, line.rstrip()] if line.strip() or not lines else lines


def beside(columns: Sequence[tuple[str, int]], gap: int = 2) -> list[str]:
    """Texts side by side, each wrapped into its own width, as whole lines."""
    cells = [wrapped(text, width) for text, width in columns]
    rows = itertools.zip_longest(*cells, fillvalue="")
    return [
        (" " * gap).join(padded(cell, width) for cell, (_, width) in zip(row, columns, strict=True)).rstrip()
        for row in rows
    ]


def padded(text: str, width: int) -> str:
    """A text filled up to a width."""
    return text + " " * max(0, width - cell_len(text))


def _units(text: str) -> Iterator[str]:
    """What must stay on one line: a word with the space after it, a full-width sign with the signs that cling to it."""
    unit = ""
    for sign in text:
        if unit and _parts(unit[-1], sign):
            yield unit
            unit = ""
        unit += sign
    if unit:
        yield unit


def _parts(before: str, sign: str) -> bool:
    """Whether a line may be broken between two signs."""
    if sign == " " or before in OPENING or sign in CLOSING:
        return False
    return before == " " or bool(_WIDE.match(before) or _WIDE.match(sign))


def _fitting(unit: str, width: int) -> list[str]:
    """A unit, or its pieces where it is wider than a line (a long URL)."""
    return [unit] if cell_len(unit.rstrip()) <= width else chop_cells(unit, width)
