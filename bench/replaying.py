"""Replay: a mixed stream of articles through the pipeline as ``monitor replay`` runs it, and one by one beside many."""

from __future__ import annotations

import dataclasses
import datetime as dt
import gc
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any
from xml.sax.saxutils import escape

from sqlalchemy import func, select

from bench.filling import ARTICLES, fill
from bench.house import opened, sqlite_url
from bench.measure import alone, peak_mib, spent
from bench.news import START, Item, items
from monitor.app import App
from monitor.cli.replay import TOGETHER
from monitor.entities import Entry, Feed, FeedId, Mode, Story, StoryId, Verdict
from monitor.intake import Dated
from monitor.store import tables

HEADLINES = 10_000
"""Articles of the throughput case."""
PACE = dt.timedelta(seconds=45)
"""Between two articles: 1,920 a day, of which about a hundred are ours, a busy day of the real beat."""
PUBLISHERS = 60
"""Publishers in the stream."""
MEASURED = 400
"""Articles that a line of the growth case is measured on, one after another …"""
OURS = 0.75
"""… and the share of other matters among them: enough of ours for a mean."""
PATTERNS = 60
"""Articles of the beat that the stories of a full database are made from."""


def run(*, count: int, grown: Sequence[int], seed: int) -> dict[str, Any]:
    """Throughput, and what an article costs as the database grows."""
    return {
        "throughput": alone("replay", count=count, seed=seed),
        "growth": alone("growth", sizes=list(grown), seed=seed + 1),
    }


def replay(*, count: int, seed: int) -> dict[str, Any]:
    """One stream as ``monitor replay`` takes it: many articles in one transaction."""
    news = list(items(count, seed=seed, every=PACE))
    verdicts: Counter[str] = Counter()
    with tempfile.TemporaryDirectory(prefix="monitor-bench-") as folder:
        app, start = opened(sqlite_url(folder, "replay.db"), throwaway=True)
        gc.collect()
        with spent() as taken:
            for first in range(0, count, TOGETHER):
                dated = [_dated(item) for item in news[first : first + TOGETHER]]
                accounts = app.pipeline.ingest_each(dated, mode=Mode.LIVE)
                verdicts.update("known" if account is None else str(account.verdict) for account in accounts)
        sound(verdicts)
        return {
            "articles": count,
            "wall_s": taken.wall,
            "cpu_s": taken.cpu,
            "articles_a_second": count / taken.wall,
            "articles_a_cpu_second": count / taken.cpu,
            "verdicts": dict(verdicts.most_common()),
            "start_cpu_s": start.cpu,
            "peak_mib": peak_mib(),
        }


def growth(*, sizes: list[int], seed: int) -> dict[str, Any]:
    """What an article costs, one after another and each in its own transaction, in a database that holds so many."""
    at: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="monitor-bench-") as folder:
        app, _ = opened(sqlite_url(folder, "growth.db"), throwaway=True)
        patterns = _patterns(app, seed)
        before, rounds = _stories(app), len(sizes)
        stream = list(items(MEASURED * rounds, seed=seed, every=PACE, off_beat=OURS))
        held = 0
        for number, size in enumerate(sizes):
            stories = size // ARTICLES
            fill(app.store, patterns, held=held, stories=stories, until=START, seed=seed)
            held = stories
            found = _measured(app, stream[number * MEASURED : (number + 1) * MEASURED])
            at[str(size)] = {"stories": _stories(app) - before, "peak_mib": peak_mib()} | found
    return {"articles": MEASURED, "at": at}


def _stories(app: App) -> int:
    """How many stories the database holds."""
    with app.store.read() as tx:
        return tx.connection.scalar(select(func.count()).select_from(tables.story)) or 0


def _patterns(app: App, seed: int) -> list[Story]:
    """Stories that the rooms made of invented articles of the beat."""
    for item in items(PATTERNS, seed=seed + 1, every=PACE, off_beat=0.0, start=START - dt.timedelta(days=9)):
        # Numbered apart from the stream, whose items would else be edits of these.
        app.pipeline.ingest_each([_dated(dataclasses.replace(item, number=-1 - item.number))], mode=Mode.LIVE)
    with app.store.read() as tx:
        ids = tx.connection.scalars(select(tables.story.c.id).order_by(tables.story.c.id)).all()
        stories = [tx.story(StoryId(story)) for story in ids]
    return [story for story in stories if story is not None]


def _measured(app: App, news: Sequence[Item]) -> dict[str, Any]:
    ours: list[float] = []
    others: list[float] = []
    verdicts: Counter[str] = Counter()
    gc.collect()
    for item in news:
        before = time.process_time()
        account = app.pipeline.ingest_each([_dated(item)], mode=Mode.LIVE)[0]
        taken = 1000 * (time.process_time() - before)
        off = account is None or account.verdict is Verdict.OFF_BEAT
        (others if off else ours).append(taken)
        verdicts["known" if account is None else str(account.verdict)] += 1
    sound(verdicts)
    return {
        "on_beat": len(ours),
        "on_beat_cpu_ms": _mean(ours),
        "on_beat_cpu_ms_median": _median(ours),
        "on_beat_cpu_ms_p95": _p95(ours),
        "off_beat_cpu_ms": _mean(others),
        "off_beat_cpu_ms_median": _median(others),
    }


def sound(verdicts: Mapping[str, int]) -> None:
    """Refuse figures that measure nothing: an entry that a room cannot bear costs less than one that is read."""
    wrong = {verdict: verdicts[verdict] for verdict in (Verdict.REJECTED, "known") if verdicts.get(verdict)}
    ours = sum(count for verdict, count in verdicts.items() if verdict not in {*wrong, Verdict.OFF_BEAT})
    if wrong or not ours:
        raise RuntimeError(
            f"no figures: {wrong or 'no article'} where all should be read and some be ours ({verdicts})"
        )


def _dated(item: Item) -> Dated:
    feed, entry = given(item)
    return Dated(feed=feed, entry=entry, now=item.published)


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


def _mean(found: Sequence[float]) -> float:
    return statistics.fmean(found) if found else 0.0


def _median(found: Sequence[float]) -> float:
    return statistics.median(found) if found else 0.0


def _p95(found: Sequence[float]) -> float:
    values = sorted(found)
    return values[int(0.95 * (len(values) - 1))] if values else 0.0
