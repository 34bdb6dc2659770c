"""What a part of the board is, and what measuring it gives."""

from __future__ import annotations

from dataclasses import dataclass

from tests.quality.board import Figure


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A part's figures, what they were measured on, and the items that went wrong, in words (``--list``)."""

    about: str
    figures: tuple[Figure, ...]
    listed: tuple[str, ...] = ()
