"""Replay: a mixed stream of articles through the pipeline, one after another, as ``monitor replay`` runs it."""

from __future__ import annotations

import datetime as dt
import gc
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from typing import Any
from xml.sax.saxutils import escape

from bench.house import opened, sqlite_url
from bench.measure import alone, peak_mib
from bench.news import Item, items
from monitor.app import App
from monitor.entities import Entry, Feed, FeedId, Mode, Verdict

HEADLINES = 5_000
"""Articles of the throughput case."""
PACE = dt.timedelta(seconds=45)
"""Between two articles: 1,920 a day, of which about a hundred are ours, a busy day of the real beat."""
PUBLISHERS = 60
"""Publishers in the stream."""
WINDOW = 1_000
"""Articles a figure of the growth case is taken over: the last ones before that many stand in the database."""


def run(*, count: int, grown: Sequence[int], seed: int) -> dict[str, Any]:
    """Throughput, and what an article costs as the database grows."""
    return {
        "throughput": alone("replay", count=count, marks=[], seed=seed),
        "growth": alone("replay", count=max(grown), marks=list(grown), seed=seed + 1),
    }


def replay(*, count: int, marks: list[int], seed: int) -> dict[str, Any]:
    """One stream; each article's processor time, told apart by where its verdict fell."""
    news = list(items(count, seed=seed, every=PACE))
    with tempfile.TemporaryDirectory(prefix="monitor-bench-") as folder:
        app, start = opened(sqlite_url(folder, "replay.db"), throwaway=True)
        return _replay(app, news, marks) | {"start_cpu_s": start.cpu, "peak_mib": peak_mib()}


def _replay(app: App, news: Sequence[Item], marks: list[int]) -> dict[str, Any]:
    ours: list[tuple[int, float]] = []
    others: list[tuple[int, float]] = []
    verdicts: Counter[str] = Counter()
    gc.collect()
    wall, cpu = time.perf_counter(), time.process_time()
    number, before = 0, cpu
    for number, item in enumerate(news, 1):
        feed, entry = given(item)
        accounts = app.pipeline.ingest(feed, (entry,), now=item.published, mode=Mode.LIVE)
        after = time.process_time()
        verdict = str(accounts[0].verdict) if accounts else "known"
        verdicts[verdict] += 1
        (others if verdict in {Verdict.OFF_BEAT, "known"} else ours).append((number, 1000 * (after - before)))
        before = after
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    figures = {
        "articles": number,
        "wall_s": wall,
        "cpu_s": cpu,
        "articles_a_second": number / wall,
        "verdicts": dict(verdicts.most_common()),
        "on_beat_cpu_ms": _mean(ours),
        "on_beat_cpu_ms_median": _median(ours),
        "on_beat_cpu_ms_p95": _p95(ours),
        "off_beat_cpu_ms": _mean(others),
        "off_beat_a_cpu_second": 1000 / _mean(others) if others else None,
    }
    if not marks:
        return figures
    at = {}
    for mark in marks:
        near = [[pair for pair in found if mark - WINDOW < pair[0] <= mark] for found in (ours, others)]
        at[str(mark)] = {
            "on_beat": len(near[0]),
            "on_beat_cpu_ms": _mean(near[0]),
            "on_beat_cpu_ms_median": _median(near[0]),
            "off_beat_cpu_ms": _mean(near[1]),
            "off_beat_cpu_ms_median": _median(near[1]),
        }
    return figures | {"window": WINDOW, "at": at}


def given(item: Item) -> tuple[Feed, Entry]:
    """An item as ``monitor replay`` hands it to the pipeline: text as paragraphs, a link, a publisher of many."""
    publisher = f"Bench {item.number % PUBLISHERS}"
    feed = Feed(id=FeedId("replay"), url="", publisher=publisher, family=publisher.replace(" ", "-").lower())
    entry = Entry(
        feed_id=feed.id,
        guid=f"line:{item.number}",
        link=f"https://bench.example/{item.number}",
        title=item.title,
        content=f"<p>{escape(item.text)}</p>",
        lang=item.lang,
        published=item.published,
    )
    return feed, entry


def _mean(found: Sequence[tuple[int, float]]) -> float:
    return statistics.fmean(value for _, value in found) if found else 0.0


def _median(found: Sequence[tuple[int, float]]) -> float:
    return statistics.median(value for _, value in found) if found else 0.0


def _p95(found: Sequence[tuple[int, float]]) -> float:
    values = sorted(value for _, value in found)
    return values[int(0.95 * (len(values) - 1))] if values else 0.0
