"""The floors hold: each part of the board is measured by the real pipeline, and no figure is under what it once reached.

Parts on data of others are skipped where the folder ``shared`` is not beside the project; the long ones are ``slow``.
"""

from __future__ import annotations

import pytest

from tests.quality import board
from tests.quality.registry import OWN, PARTS, SHARED_PARTS
from tests.shared import needs_shared

QUICK = ("japan-russia", "feeds")
"""Parts on data of others that take seconds, so that every run of the tests holds them."""


@pytest.mark.parametrize(
    "part",
    [
        *OWN,
        *(
            pytest.param(part, marks=[pytest.mark.shared, needs_shared, *([] if part in QUICK else [pytest.mark.slow])])
            for part in SHARED_PARTS
        ),
    ],
)
def test_no_figure_is_under_its_floor(part: str) -> None:
    rows = board.held(PARTS[part]().figures)
    assert [(one.figure.key, board.printed(one.figure.value), one.bound.least) for one in rows if one.under] == []
    assert set(board.bounds(part)) - {one.figure.key for one in rows} == set(), "a floor that nothing is held against"
