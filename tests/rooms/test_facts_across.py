"""One sentence in three languages is one fact: our own triples, and how often all that is read of them agrees.

``tests/quality/facts.jsonl`` holds a line a triple; ``want`` is the key a reader would write, ``*`` where any will do.
"""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path

import pytest

from monitor.facts import key
from tests import make
from tests.quality.room import extractor, lexicon

TRIPLES = Path(__file__).parents[1] / "quality" / "facts.jsonl"
LANGS = ("en", "ja", "ru")
PARTS = ("actors", "action", "stage", "polarity", "objects", "number")
ALIKE = {"actors": 0.94, "action": 0.93, "stage": 0.92, "polarity": 0.99, "objects": 0.82, "number": 0.97}
"""Share of the triples whose three keys have this part in common; the figures reached, rounded down."""
RIGHT = {"en": 0.97, "ja": 0.99, "ru": 0.96}
"""Share of the triples whose key is the one wanted; the figures reached, rounded down."""


def parts(title: str, lang: str) -> tuple[str, ...]:
    """The parts of the key of a title's first act; words are no act where there is another."""
    reading = lexicon().read(title, "", lang, on=make.NOW.date())
    found = [fact for fact in extractor().extract(make.article(title, lang=lang, text=""), reading) if fact.action]
    acts = [fact for fact in found if fact.action != "say"] or found
    return tuple(key(acts[0], extractor().sides).split("|")) if acts else ("",) * len(PARTS)


@lru_cache(maxsize=1)
def triples() -> tuple[tuple[dict[str, str], dict[str, tuple[str, ...]]], ...]:
    """Every triple with the parts read of it in each language."""
    rows = [json.loads(line) for line in TRIPLES.read_text(encoding="utf-8").splitlines()]
    return tuple((row, {lang: parts(row[lang], lang) for lang in LANGS}) for row in rows)


@pytest.mark.parametrize("part", PARTS)
def test_three_languages_agree_on_what_was_done(part: str) -> None:
    at = PARTS.index(part)
    apart = [row["id"] for row, read in triples() if len({read[lang][at] for lang in LANGS}) > 1]
    share = 1 - len(apart) / len(triples())
    print(f"{part}: {share:.3f} of {len(triples())} triples agree")

    assert share >= ALIKE[part], f"{part}: {share:.3f} agree; apart: {' '.join(apart)}"


@pytest.mark.parametrize("lang", LANGS)
def test_a_language_is_read_as_its_reader_would(lang: str) -> None:
    wrong = [
        f"{row['id']}: {'|'.join(read[lang])} instead of {row['want']}"
        for row, read in triples()
        if any("*" not in want and want != got for want, got in zip(row["want"].split("|"), read[lang], strict=True))
    ]
    share = 1 - len(wrong) / len(triples())
    print(f"{lang}: {share:.3f} of {len(triples())} keys are as wanted")

    assert share >= RIGHT[lang], "\n".join(wrong)
