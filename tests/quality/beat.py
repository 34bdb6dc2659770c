"""The board's parts on labelled articles of our beat and on recorded general feeds, where the folder ``shared`` stands.

They belong to others: figures are printed, items are not (but the titles of feed entries let through, under ``--list``).
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import statistics
from collections.abc import Callable, Mapping
from typing import Any

from monitor.app import App
from monitor.entities import LANGS, Feed, FeedId, Fetched, Mode, Verdict
from monitor.sources import SOURCES
from tests.quality import scores
from tests.quality.board import Figure, figures
from tests.quality.parts import Measured
from tests.quality.scores import Judged
from tests.quality.stream import config, crowded, join, line, moved, read, walk, walk_worlds
from tests.shared import SHARED

DEV = SHARED / "eval" / "japan-russia" / "dev.jsonl"
FEEDS = SHARED / "feeds"
SEEDS = (1, 2, 3)
POLLED = dt.datetime(2026, 9, 1, tzinfo=dt.UTC)
"""When the recorded documents are taken in: after the last of them was recorded."""


def aside(row: Mapping[str, Any]) -> bool:
    """Whether a line is of the third that nothing was tuned on: whole stories, by their name's hash."""
    name = row["story"] or row["id"]
    return hashlib.md5(name.encode(), usedforsecurity=False).digest()[0] % 3 == 0


def japan_russia() -> Measured:
    """The whole walk over the labelled stream: gate, topics, stories and alerts, by language and by third."""
    rows = read(DEV)
    items = join(rows, walk([line(row) for row in rows], config()))
    first = scores.firsts(items)
    apart = {row["id"] for row in rows if aside(row)}
    parts: list[tuple[str, Callable[[Judged], bool]]] = [
        ("all", lambda _: True),
        *((lang, lambda item, lang=lang: item.lang == lang) for lang in LANGS),  # type: ignore[misc]
        ("two thirds", lambda item: item.id not in apart),
        ("third set aside", lambda item: item.id in apart),
    ]
    found: list[Figure] = []
    for row, belongs in parts:
        part = [item for item in items if belongs(item)]
        each = {
            "gate": scores.gate(part),
            "topics": scores.topics(part),
            "stories": scores.stories(part),
            "alerts": scores.alerts(part, first),
        }
        for what, values in each.items():
            found += figures("japan-russia", row, {f"{what} {name}": value for name, value in values.items()})
    about = f"{len(items)} labelled articles, {sum(not item.relevant for item in items)} of them not ours"
    return Measured(about=about, figures=tuple(found))


def dates() -> Measured:
    """Stories when time tells nothing: dates moved by up to half a month, and all of them inside one month."""
    rows = read(DEV)
    shuffles = {"moved ±15 days": moved, "in one month": crowded}
    told = walk_worlds(
        {f"{row} {seed}": shuffle(rows, seed) for row, shuffle in shuffles.items() for seed in SEEDS}, config()
    )
    found = []
    for row in shuffles:
        each = [scores.stories(join(rows, told[f"{row} {seed}"]))["B³ F1"] for seed in SEEDS]
        found.append(Figure(part="dates", row=row, name="stories B³ F1", value=statistics.fmean(each)))
    return Measured(about=f"the mean of {len(SEEDS)} seeds; of japan-russia", figures=tuple(found))


def feeds() -> Measured:
    """Recorded documents of publishers on everything: what the gate let through of thousands of entries."""
    app = App(dataclasses.replace(config(), feeds=()), url="sqlite://", throwaway=True)
    entries, kept = 0, []
    try:
        for path in sorted(FEEDS.glob("*.xml")):
            feed = Feed(
                id=FeedId(path.stem), url=f"https://{path.stem}.example/", publisher=path.stem, family=path.stem
            )
            document = SOURCES["rss"].parse(
                feed, Fetched(feed_id=feed.id, url=feed.url, at=POLLED, status=200, body=path.read_bytes())
            )
            entries += len(document.entries)
            accounts = app.pipeline.ingest(feed, document.entries, now=POLLED, mode=Mode.BASELINE)
            kept += [
                f"{feed.id}: {one.title}" for one in accounts if one.verdict not in {Verdict.OFF_BEAT, Verdict.REJECTED}
            ]
    finally:
        app.close()
    found = figures("feeds", "general", {"entries kept": float(len(kept))})
    about = f"{entries:,} entries of recorded feeds on everything"
    return Measured(about=about, figures=tuple(found), listed=tuple(kept))
