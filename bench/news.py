"""Invented news in three languages: nineteen in twenty of it another matter, the rest of the beat.

The same seed always gives the same news. Names of people, towns and firms are made of syllables, so that caches meet
words they never saw, as they do in real feeds; nothing here was ever published.
"""

from __future__ import annotations

import datetime as dt
import random
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

START = dt.datetime(2026, 3, 2, 6, 0, tzinfo=dt.UTC)
"""When the first invented item is published: a Monday."""
OFF_BEAT = 0.95
"""Share of items of another matter; feeds of general news hold more still."""
NEAR = (70.0, 26.0, 4.0)
"""Of a hundred items of another matter: those that name no side, one side, and both in a matter of their own."""
LANGS = ("en", "ja", "ru")


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One invented item. ``ours`` is what its template was written as, not what the gate says of it."""

    number: int
    lang: str
    published: dt.datetime
    title: str
    text: str
    ours: bool


def items(
    count: int,
    *,
    seed: int,
    every: dt.timedelta,
    off_beat: float = OFF_BEAT,
    start: dt.datetime = START,
    lang: str | None = None,
    near: Sequence[float] = NEAR,
) -> Iterator[Item]:
    """``count`` items in time order, one each ``every``; all in ``lang`` where it is given."""
    rng = random.Random(f"news {seed}")
    for number in range(count):
        said = lang or rng.choice(LANGS)
        ours = rng.random() >= off_beat
        title, text = _ours(rng, said) if ours else _other(rng, said, near)
        yield Item(number=number, lang=said, published=start + every * number, title=title, text=text, ours=ours)


def _other(rng: random.Random, lang: str, near: Sequence[float]) -> tuple[str, str]:
    other = TEMPLATES[lang]["other"]
    words = _words(rng, lang)
    title = rng.choice(other[rng.choices(("plain", "one-side", "both"), weights=near)[0]]).format_map(words)
    return title, _joined(lang, (text.format_map(words) for text in rng.sample(other["body"], k=rng.randint(2, 4))))


def _ours(rng: random.Random, lang: str) -> tuple[str, str]:
    ours = TEMPLATES[lang]["ours"]
    words = _words(rng, lang)
    report = rng.choice(ours["report"])
    more = rng.sample(ours["body"], k=rng.randint(1, 3))
    text = _joined(lang, (text.format_map(words) for text in (report["lead"], *more)))
    return report["title"].format_map(words), text


def _joined(lang: str, sentences: Iterable[str]) -> str:
    return ("" if lang == "ja" else " ").join(sentences)


def _words(rng: random.Random, lang: str) -> Mapping[str, object]:
    lists = TEMPLATES[lang]["words"]
    return {
        **{name: _name(rng, lang) for name in ("town", "other", "person", "firm")},
        "n": rng.randint(2, 98),
        "m": rng.randint(101, 9_999),
        "day": rng.randint(1, 28),
        "share": f"{rng.uniform(0.2, 38):.1f}",
        "thing": rng.choice(lists["thing"]),
        "place": rng.choice(lists["place"]),
    }


def _name(rng: random.Random, lang: str) -> str:
    parts = TEMPLATES[lang]["names"]
    return "".join(rng.choice(parts[part].split()).strip("-") for part in ("first", "middle", "last"))


TEMPLATES: Mapping[str, Mapping[str, Any]] = tomllib.loads(
    Path(__file__).with_suffix(".toml").read_text(encoding="utf-8")
)
"""Sentences with gaps in them, by language."""
