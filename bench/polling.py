"""Polling: many feeds once, through the daemon's own poll, beside the least any poller could do.

The cases run one after another on one database, each in a fresh process, all against one feed server.
"""

from __future__ import annotations

import asyncio
import gc
import random
import tempfile
import time
from collections import Counter
from typing import Any

import aiohttp
import feedparser

from bench.feeds import NOW, document, feed_of
from bench.house import CONNECTIONS, opened, sqlite_url
from bench.measure import alone, peak_mib, spent
from bench.server import running
from monitor.daemon import Daemon
from monitor.pipeline import Polled

CASES = (
    ("cold", "plain", "first poll of every feed"),
    ("304", "plain", "nothing new: the server answers 304"),
    ("5 % changed", "changed", "one feed in twenty shows a new item, the others answer 304"),
    ("same body", "bare", "nothing new: the same body again, no validators"),  # last: it makes the monitor forget them
)
TICK = 0.005  # seconds a task sleeps between two looks at the event loop
LONGEST_ORDINARY = 0.05  # seconds of lag that nobody notices; longer ones are counted


def run(*, feeds: int, count: int, seed: int) -> dict[str, Any]:
    """Every case, and the floors beside it."""
    given = {"feeds": feeds, "count": count, "seed": seed}
    cases: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="monitor-bench-") as folder, running(feeds, count, seed) as base:
        for name, mode, _ in CASES:
            _set_mode(base, mode)
            cases[name] = alone("poll", **given, base=base, url=sqlite_url(folder, "bench.db"))
        _set_mode(base, "plain")
        floors = {
            "GET": alone("get", feeds=feeds, base=base, conditional=False),
            "GET, 304": alone("get", feeds=feeds, base=base, conditional=True),
            "feedparser": alone("feedparser", **given),
        }
    least = {
        "cold": floors["GET"]["cpu_ms_a_feed"] + floors["feedparser"]["cpu_ms_a_feed"],
        "304": floors["GET, 304"]["cpu_ms_a_feed"],
        "same body": floors["GET"]["cpu_ms_a_feed"],
        "5 % changed": floors["GET, 304"]["cpu_ms_a_feed"] + floors["feedparser"]["cpu_ms_a_feed"] / 20,
    }
    for name, floor in least.items():
        cases[name]["times_the_floor"] = cases[name]["cpu_ms_a_feed"] / floor
    return {"feeds": feeds, "items_a_feed": count, "cases": cases, "floors": floors}


def poll(*, feeds: int, count: int, seed: int, base: str, url: str) -> dict[str, Any]:
    """One poll of every feed by the real daemon; what it cost this process."""
    app, start = opened(url, tuple(feed_of(number, base) for number in range(feeds)))
    daemon = Daemon(app, clock=lambda: NOW, rng=random.Random(seed))
    with app.store.read() as tx:
        before = _entries(tx)
    gc.collect()
    with spent() as cost:
        polled, lags = asyncio.run(_watched(daemon))
    with app.store.read() as tx:
        after = _entries(tx)
    failed = [p.fetched.message for p in polled if p.fetched.problem is not None]
    if failed or len(polled) != feeds:
        raise RuntimeError(f"{len(failed)} of {len(polled)} polls failed: {failed[:3]}")
    verdicts = Counter(str(account.verdict) for p in polled for account in p.accounts)
    stored = after - before
    return {
        "wall_s": cost.wall,
        "cpu_s": cost.cpu,
        "cpu_ms_a_feed": 1000 * cost.cpu / feeds,
        "peak_mib": peak_mib(),
        "cpu_ms_an_entry": 1000 * cost.cpu / stored if stored else None,
        "entries_stored": stored,
        "not_modified": sum(p.fetched.not_modified for p in polled),
        "verdicts": dict(verdicts.most_common()),
        "longest_stall_ms": 1000 * max(lags, default=0.0),
        "stalls": sum(lag > LONGEST_ORDINARY for lag in lags),
        "start_cpu_s": start.cpu,
    }


async def _watched(daemon: Daemon) -> tuple[tuple[Polled, ...], list[float]]:
    """The poll, with a task beside it that sees how late the event loop wakes it."""
    lags: list[float] = []

    async def watch() -> None:
        while True:
            due = time.perf_counter() + TICK
            await asyncio.sleep(TICK)
            lags.append(time.perf_counter() - due)

    watching = asyncio.create_task(watch())
    try:
        return await daemon.poll_by_hand([], due=False, deliver=False), lags
    finally:
        watching.cancel()


def get(*, feeds: int, base: str, conditional: bool) -> dict[str, Any]:
    """The same documents fetched by bare aiohttp and thrown away: what any poller pays for the wire."""

    async def fetch_all(tags: dict[int, str], statuses: Counter[int]) -> None:
        connector = aiohttp.TCPConnector(limit=CONNECTIONS)
        async with aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar()) as session:

            async def one(number: int) -> None:
                headers = {"If-None-Match": tags[number]} if number in tags else {}
                async with session.get(f"{base}/feeds/{number}.xml", headers=headers, allow_redirects=False) as answer:
                    await answer.read()
                    statuses[answer.status] += 1
                    tags[number] = answer.headers["ETag"]

            await asyncio.gather(*(one(number) for number in range(feeds)))

    tags: dict[int, str] = {}
    if conditional:
        asyncio.run(fetch_all(tags, Counter()))
    statuses: Counter[int] = Counter()
    gc.collect()
    with spent() as cost:
        asyncio.run(fetch_all(tags, statuses))
    return {
        "wall_s": cost.wall,
        "cpu_ms_a_feed": 1000 * cost.cpu / feeds,
        "peak_mib": peak_mib(),
        "statuses": dict(statuses),
    }


def parse(*, feeds: int, count: int, seed: int) -> dict[str, Any]:
    """The same documents parsed by feedparser alone: what a poller pays that hands it every document whole."""
    documents = [document(number, count, seed=seed, changed=False) for number in range(feeds)]
    gc.collect()
    with spent() as cost:
        entries = sum(len(feedparser.parse(body).entries) for body in documents)
    return {"wall_s": cost.wall, "cpu_ms_a_feed": 1000 * cost.cpu / feeds, "peak_mib": peak_mib(), "entries": entries}


def _set_mode(base: str, mode: str) -> None:
    async def ask() -> None:
        async with aiohttp.ClientSession() as session, session.get(f"{base}/mode/{mode}") as answer:
            answer.raise_for_status()

    asyncio.run(ask())


def _entries(tx: Any) -> int:
    from sqlalchemy import func, select

    from monitor.store import tables

    return int(tx.connection.scalar(select(func.count()).select_from(tables.entry)))
