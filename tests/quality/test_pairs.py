"""Minimal pairs: a headline, another one some hours later, and what the second must come to, each in its own world.

``repeat``: silent. ``development``: told, in the first one's story. ``other``: told, in a story of its own.
"""

from __future__ import annotations

from collections import Counter

from tests.quality import gaps
from tests.quality.stream import own

EXPECTED = {"repeat", "development", "other"}


def test_every_pair_comes_to_what_it_should_or_is_a_known_gap_and_no_gap_is_listed_that_passes() -> None:
    found, known = set(gaps.found()), set(gaps.known())

    assert (sorted(found - known), sorted(known - found)) == ([], [])


def test_pairs_cover_every_language_and_direction_and_each_trap_has_its_quiet_twin() -> None:
    rows = own("pairs")
    spoken = Counter((row["first"]["lang"], row["then"]["lang"]) for row in rows)
    quiet, told = ({row["kind"] for row in rows if (row["expect"] == "repeat") is silent} for silent in (True, False))

    assert len({row["id"] for row in rows}) == len(rows)
    assert {row["expect"] for row in rows} == EXPECTED
    assert all(spoken[lang, lang] >= 100 for lang in ("en", "ja", "ru"))
    assert {pair for pair in spoken if pair[0] != pair[1] and spoken[pair] >= 8} == {
        (one, other) for one in ("en", "ja", "ru") for other in ("en", "ja", "ru") if one != other
    }
    assert {"number", "ordinal", "unit", "negation", "modality", "stage", "actor", "place", "date", "paraphrase",
            "voice", "quote", "headline", "denial", "reversal", "opinion", "preview"} <= quiet & told  # fmt: skip
