"""All parts of the board by name: to add one, a function that measures and a line here."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tests.quality import beat, generic, own
from tests.quality.parts import Measured

OWN: Mapping[str, Callable[[], Measured]] = {
    "gate": own.gate,
    "topics": own.topics,
    "pairs": own.pairs,
    "bursts": own.bursts,
    "copies": own.copies,
}
"""On lines of our own: always there."""
SHARED_PARTS: Mapping[str, Callable[[], Measured]] = {
    "japan-russia": beat.japan_russia,
    "dates": beat.dates,
    "feeds": beat.feeds,
    **generic.GROUPINGS,
    "trects": generic.trects,
    "paraphraser": generic.paraphraser,
}
"""On data that belongs to others, beside the project."""
PARTS: Mapping[str, Callable[[], Measured]] = {**OWN, **SHARED_PARTS}
