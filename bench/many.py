"""Many: one process with thousands of feeds for some minutes of an ordinary day: how much of the machine it takes.

The real daemon on the real clock, each feed due once in five minutes, a fiftieth of them with a new item and all others
answering 304. The feeds stand at hundreds of addresses of the loopback, so that the manners toward one host are kept.
The first polls, which store every document, are made before and not counted.
"""

from __future__ import annotations

import asyncio
import dataclasses
import datetime as dt
import gc
import random
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from typing import Any

from bench.feeds import GENERAL, feed_of
from bench.house import opened, sqlite_url
from bench.measure import alone, peak_mib, spent
from bench.polling import ask, set_mode
from bench.server import Offer, address, running
from monitor import schedule
from monitor.app import App
from monitor.daemon import Daemon, utc_now
from monitor.entities import Feed

EVERY = dt.timedelta(minutes=5)
"""How often each feed is polled."""
CHANGED_EVERY = 50
"""One feed in so many shows a new item: two in a hundred."""
FEEDS_A_HOST = 20
"""More than publishers have at one address, so that the pause between two requests to one host is felt."""
TICK = 0.02  # seconds a task sleeps between two looks at the event loop; the looking itself costs half a per cent
STALL = 0.1
"""Seconds of a stalled loop that are counted as one."""


def run(*, feeds: int, count: int, minutes: float, seed: int) -> dict[str, Any]:
    """The daemon in a process of its own, and the server in another."""
    hosts = -(-feeds // FEEDS_A_HOST)
    offer = Offer(feeds=feeds, count=count, seed=seed, off_beat=GENERAL, changed_every=CHANGED_EVERY, hosts=hosts)
    with tempfile.TemporaryDirectory(prefix="monitor-bench-") as folder, running(offer) as base:
        given = {"feeds": feeds, "base": base, "url": sqlite_url(folder, "many.db"), "seed": seed}
        first = alone("many-first", **given)
        set_mode(base, "changed")
        return (
            {"feeds": feeds, "items_a_feed": count, "minutes": minutes}
            | alone("many", **given, minutes=minutes)
            | {"first_polls": first}
        )


def first(*, feeds: int, base: str, url: str, seed: int) -> dict[str, Any]:
    """Every feed polled once by hand, so that nothing but the ordinary day is left."""
    app, _ = opened(url, _feeds(feeds, base))
    daemon = Daemon(app, rng=random.Random(seed))
    with spent() as cost:
        polled = asyncio.run(daemon.poll_by_hand([], due=False, deliver=False))
    stored = sum(len(p.accounts) for p in polled)
    return {"wall_s": cost.wall, "cpu_s": cost.cpu, "entries_stored": stored, "polls": len(polled)}


def many(*, feeds: int, base: str, url: str, seed: int, minutes: float) -> dict[str, Any]:
    """The daemon for so many minutes, feeds laid evenly over five of them; what it took, and what it did in time."""
    app, start = opened(url, _feeds(feeds, base), polite=True)
    begin = utc_now() + dt.timedelta(seconds=3)
    planned = _planned(app, begin, seed)
    daemon = Daemon(app, rng=random.Random(seed))
    asked = _asked(base)
    gc.collect()
    with spent() as cost:
        lags = asyncio.run(_for(daemon, dt.timedelta(minutes=minutes) + (begin - utc_now())))
    end = utc_now()
    with app.store.read() as tx:
        states = tx.feed_states()
    due = {feed: at for feed, at in planned.items() if at < end - dt.timedelta(seconds=10)}
    late = [
        (state.last_attempt_at - at).total_seconds()
        for feed, at in due.items()
        if (state := states[feed]).last_attempt_at is not None and state.last_attempt_at >= begin
        and state.last_attempt_at - at < EVERY / 2
    ]  # fmt: skip
    problems = Counter(str(state.problem) for state in states.values() if state.problem)
    return {
        "wall_s": cost.wall,
        "cpu_percent": 100 * cost.cpu / cost.wall,
        "cpu_ms_a_poll": 1000 * cost.cpu / max(1, _asked(base) - asked),
        "peak_mib": peak_mib(),
        "polls": _asked(base) - asked,
        "polls_a_second": (_asked(base) - asked) / cost.wall,
        "due": len(due),
        "missed": sum(states[feed].last_attempt_at is None or states[feed].last_attempt_at < begin for feed in due),
        "failed": dict(problems),
        "late_s_median": statistics.median(late) if late else None,
        "late_s_p95": _share(late, 0.95),
        "late_s_most": max(late, default=None),
        "longest_stall_ms": 1000 * max(lags, default=0.0),
        "stall_ms_p99": 1000 * (_share(lags, 0.99) or 0.0),
        "stalls": sum(lag > STALL for lag in lags),
        "start_cpu_s": start.cpu,
    }


def _feeds(feeds: int, base: str) -> tuple[Feed, ...]:
    port = base.rpartition(":")[2]
    return tuple(
        dataclasses.replace(
            feed_of(number, f"http://{address(number // FEEDS_A_HOST)}:{port}"),
            every=EVERY, min_every=EVERY, max_every=EVERY,
        )
        for number in range(feeds)
    )  # fmt: skip


def _planned(app: App, begin: dt.datetime, seed: int) -> dict[str, dt.datetime]:
    """Every feed due at its own moment of the five minutes to come, in no order."""
    rng = random.Random(seed)
    with app.store.begin() as tx:
        states = list(tx.feed_states().values())
        rng.shuffle(states)
        planned = {state.feed_id: begin + EVERY * (place / len(states)) for place, state in enumerate(states)}
        for state in states:
            tx.save_feed_state(schedule.planned(state, planned[state.feed_id]))
    return dict(planned)


async def _for(daemon: Daemon, time_given: dt.timedelta) -> list[float]:
    """The daemon until its time is up, with a task beside it that sees how late the event loop wakes it."""
    lags: list[float] = []

    async def watch() -> None:
        while True:
            due = time.perf_counter() + TICK
            await asyncio.sleep(TICK)
            lags.append(time.perf_counter() - due)

    asyncio.get_running_loop().call_later(time_given.total_seconds(), daemon.stop)
    watching = asyncio.create_task(watch())
    try:
        await daemon.run()
    finally:
        watching.cancel()
    return lags


def _asked(base: str) -> int:
    return int(ask(f"{base}/asked"))


def _share(values: Sequence[float], share: float) -> float | None:
    return sorted(values)[int(share * (len(values) - 1))] if values else None
