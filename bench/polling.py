"""Polling: many feeds once, through the daemon's own poll, beside two peers and the least any poller could do.

The cases run one after another on one database each, in fresh processes, all against one feed server. In each case the
monitor, ``reader`` and a plain script take their turns, so that a slow minute of the machine is slow for all three.
"""

from __future__ import annotations

import asyncio
import dataclasses
import gc
import random
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import aiohttp
import feedparser
from lxml import etree

from bench import peers
from bench.feeds import GENERAL, NOW, document, feed_of
from bench.house import CONNECTIONS, opened, sqlite_url
from bench.measure import alone, peak_mib, spent
from bench.server import Offer, running
from monitor.app import App
from monitor.daemon import Daemon
from monitor.entities import Verdict
from monitor.intake import Polled

CASES = (
    ("cold", "plain", "first poll of every feed"),
    ("304", "plain", "nothing new: the server answers 304"),
    ("5 % changed", "changed", "one feed in twenty shows a new item, the others answer 304"),
    ("same body", "bare", "nothing new: the same body again, no validators"),  # last: it makes all forget them
)
GOALS = {"cold": 1 / 1.5, "304": 1 / 5, "5 % changed": 1 / 3, "same body": 1 / 30, "memory": 1.5}
"""What we may take of what ``reader`` takes, CPU a feed; of memory, the most held in the cold case."""
REPEATED = {"304": 5}
"""How often a case is run, the median counting: a fifth of a second is soon doubled by whatever else runs."""
BEAT_FEEDS = 40
"""Feeds by which the cost of articles of the beat is measured apart."""
TICK = 0.005  # seconds a task sleeps between two looks at the event loop
LONGEST_ORDINARY = 0.05  # seconds of lag that nobody notices; longer ones are counted


def run(*, feeds: int, count: int, seed: int) -> dict[str, Any]:
    """Every case for us and for the peers, and the floors beside them."""
    found: dict[str, Any] = {"feeds": feeds, "items_a_feed": count}
    took: dict[str, dict[str, list[dict[str, Any]]]] = {}
    names = ("reader", "plain") if peers.available() else ("plain",)
    offer = Offer(feeds=feeds, count=count, seed=seed, off_beat=GENERAL)
    with tempfile.TemporaryDirectory(prefix="monitor-bench-") as folder, running(offer) as base:
        for case, mode, _ in CASES:
            set_mode(base, mode)
            for _ in range(REPEATED.get(case, 1)):
                ours = alone("poll", feeds=feeds, seed=seed, base=base, url=sqlite_url(folder, "bench.db"))
                took.setdefault("monitor", {}).setdefault(case, []).append(ours)
                for name in names:
                    path = str(Path(folder) / f"{name}.db")
                    theirs = peers.peer(name, feeds=feeds, base=base, path=path)
                    took.setdefault(name, {}).setdefault(case, []).append(theirs)
        set_mode(base, "plain")
        middle = {who: {case: _middle(runs) for case, runs in cases.items()} for who, cases in took.items()}
        found["cases"], found["peers"] = middle.pop("monitor"), middle
        found["floors"] = {
            "GET": alone("get", feeds=feeds, base=base, conditional=False),
            "GET, 304": alone("get", feeds=feeds, base=base, conditional=True),
            "feedparser": alone("feedparser", feeds=feeds, count=count, seed=seed),
            "lxml": alone("lxml", feeds=feeds, count=count, seed=seed),
        }
    if "reader" in names:
        found["beside_reader"] = _beside(found["cases"], found["peers"]["reader"])
    found["of_the_beat"] = _of_the_beat(min(feeds, BEAT_FEEDS), count, seed)
    return found


def _middle(runs: list[dict[str, Any]]) -> dict[str, Any]:
    """The run of several whose processor time is the median."""
    return sorted(runs, key=lambda run: run["cpu_ms_a_feed"])[len(runs) // 2]


def _beside(ours: dict[str, Any], theirs: dict[str, Any]) -> dict[str, Any]:
    """What we took of what ``reader`` took, and what we may."""
    taken = {case: ours[case]["cpu_ms_a_feed"] / theirs[case]["cpu_ms_a_feed"] for case, *_ in CASES}
    taken["memory"] = ours["cold"]["peak_mib"] / theirs["cold"]["peak_mib"]
    return {
        what: {"ratio": ratio, "goal": GOALS[what], "reached": ratio <= GOALS[what]} for what, ratio in taken.items()
    }


def _of_the_beat(feeds: int, count: int, seed: int) -> dict[str, Any]:
    """What an article of the beat costs: the same feeds cold, once without any and once with one item in ten of it."""
    taken = []
    for off_beat in (1.0, 0.9):
        offer = Offer(feeds=feeds, count=count, seed=seed, off_beat=off_beat)
        with tempfile.TemporaryDirectory(prefix="monitor-bench-") as folder, running(offer) as base:
            taken.append(alone("poll", feeds=feeds, seed=seed, base=base, url=sqlite_url(folder, "beat.db")))
    without, with_some = taken
    articles = sum(count for verdict, count in with_some["verdicts"].items() if verdict != Verdict.OFF_BEAT)
    before = sum(count for verdict, count in without["verdicts"].items() if verdict != Verdict.OFF_BEAT)
    more = with_some["cpu_s"] - without["cpu_s"]
    return {
        "articles": articles,
        "cpu_ms_an_article": 1000 * more / max(1, articles - before),
        "cpu_ms_an_entry_off_beat": 1000 * without["cpu_s"] / without["entries_stored"],
    }


def poll(*, feeds: int, seed: int, base: str, url: str) -> dict[str, Any]:
    """One poll of every feed by the real daemon; what it cost this process."""
    app, start = opened(url, tuple(feed_of(number, base) for number in range(feeds)))
    _warm_up(app, base)
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


def _warm_up(app: App, base: str) -> None:
    """One feed polled twice into a database that is thrown away: what is imported and compiled late is by now."""
    with tempfile.TemporaryDirectory(prefix="monitor-bench-") as folder:
        url = sqlite_url(folder, "warm.db")
        scratch = App(dataclasses.replace(app.config, feeds=(feed_of(0, base),)), url=url)
        scratch.__dict__["rooms"] = app.rooms
        for _ in range(2):
            asyncio.run(Daemon(scratch, clock=lambda: NOW).poll_by_hand([], due=False, deliver=False))
        scratch.close()


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


def tree(*, feeds: int, count: int, seed: int) -> dict[str, Any]:
    """The same documents made trees of by lxml alone: the least that anybody pays who looks into a document."""
    documents = [document(number, count, seed=seed, changed=False) for number in range(feeds)]
    gc.collect()
    with spent() as cost:
        entries = sum(len(etree.fromstring(body).findall(".//item")) for body in documents)
    return {"wall_s": cost.wall, "cpu_ms_a_feed": 1000 * cost.cpu / feeds, "peak_mib": peak_mib(), "entries": entries}


def set_mode(base: str, mode: str) -> None:
    """Let the server behave otherwise from now on."""
    ask(f"{base}/mode/{mode}")


def ask(url: str) -> str:
    """What the server says at an address of its own."""

    async def text() -> str:
        async with aiohttp.ClientSession() as session, session.get(url) as answer:
            answer.raise_for_status()
            return await answer.text()

    return asyncio.run(text())


def _entries(tx: Any) -> int:
    from sqlalchemy import func, select

    from monitor.store import tables

    return int(tx.connection.scalar(select(func.count()).select_from(tables.entry)))
