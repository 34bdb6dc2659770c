"""Telling: from an article's first sight to its message in Slack, and what the daemon costs while nothing happens.

The real daemon on the real clock polls a feed that grows, and posts to the tests' own Slack, which takes one message a
second and channel. No group wait and no least gap, so that what is measured is the house and not its patience; the
alerts go to several channels, since one takes sixty messages a minute at most.
"""

from __future__ import annotations

import asyncio
import dataclasses
import datetime as dt
import random
import statistics
import tempfile
import urllib.request
from typing import Any

from pydantic import SecretStr
from sqlalchemy import select

from bench.house import opened, sqlite_url
from bench.measure import alone, peak_mib, spent
from bench.wire import growing
from monitor.app import App
from monitor.daemon import Daemon
from monitor.entities import Feed, FeedId
from monitor.store import tables as t
from monitor.store.outbox import ALERT
from tests.doors.fake_slack import TOKEN, FakeSlack

RATES = (1, 10, 100)
"""Reports of the beat a minute."""
CHANNELS = ("C1", "C2")
FEED_EVERY = dt.timedelta(seconds=5)
SETTLED = dt.timedelta(seconds=20)
"""Time after the last report, for what still waits."""


def run(*, minutes: float, seed: int) -> dict[str, Any]:
    """Each rate in a daemon of its own, then a daemon with nothing to do."""
    found: dict[str, Any] = {"minutes": minutes, "channels": len(CHANNELS), "at": {}}
    for rate in RATES:
        lasting = max(minutes, 6 / rate)
        count = max(3, round(rate * lasting))
        with (
            tempfile.TemporaryDirectory(prefix="monitor-bench-") as folder,
            growing(count=count, a_minute=rate, seed=seed + rate) as wire,
            FakeSlack() as slack,
        ):
            found["at"][str(rate)] = alone(
                "telling", wire=wire, slack=slack.base_url, url=sqlite_url(folder, "tell.db"), seed=seed,
                seconds=60 * count / rate + SETTLED.total_seconds(),
            ) | {"articles": count, "posts": len(slack.messages())}  # fmt: skip
    with (
        tempfile.TemporaryDirectory(prefix="monitor-bench-") as folder,
        growing(count=3, a_minute=1, seed=seed) as wire,
        FakeSlack() as slack,
    ):
        found["idle"] = alone(
            "telling", wire=wire, slack=slack.base_url, url=sqlite_url(folder, "idle.db"), seed=seed,
            seconds=60 * minutes, begin=False,
        )  # fmt: skip
    return found


def telling(*, wire: str, slack: str, url: str, seed: int, seconds: float, begin: bool = True) -> dict[str, Any]:
    """The daemon for so many seconds; how long each report took from its first sight to Slack's word that it stands."""
    feed = Feed(
        id=FeedId("wire"), url=f"{wire}/wire.xml", publisher="Wire", family="wire", insecure=True, every=FEED_EVERY,
        min_every=FEED_EVERY, max_every=FEED_EVERY,
    )  # fmt: skip
    app, _ = opened(url, (feed,))
    _to_slack(app, slack)
    asyncio.run(Daemon(app, rng=random.Random(seed)).poll_by_hand([], due=False, deliver=False))  # the baseline
    app.stopping.clear()
    daemon = Daemon(app, rng=random.Random(seed))
    if begin:
        urllib.request.build_opener(urllib.request.ProxyHandler({})).open(f"{wire}/begin", timeout=10).close()

    async def for_a_while() -> None:
        asyncio.get_running_loop().call_later(seconds, daemon.stop)
        await daemon.run()

    with spent() as cost:
        asyncio.run(for_a_while())
    waits = _waits(app)
    return {
        "alerts": len(waits),
        "alerts_a_minute": 60 * len(waits) / seconds,
        "p50_s": statistics.median(waits) if waits else None,
        "p95_s": sorted(waits)[min(len(waits) - 1, round(0.95 * len(waits)))] if waits else None,
        "most_s": max(waits, default=None),
        "cpu_percent": 100 * cost.cpu / cost.wall,
        "peak_mib": peak_mib(),
    }


def _to_slack(app: App, slack: str) -> None:
    """The app as it stands, but for where it tells: no patience, no breaker, topics spread over the channels."""
    none = dt.timedelta(0)
    settings = app.config.settings
    table = settings.slack.model_copy(update={"token": SecretStr(TOKEN), "channel": CHANNELS[0], "base_url": slack})
    alerts = settings.alerts.model_copy(
        update={"destination": "", "group_wait": none, "minor_gap": none, "breaker_alerts": 0}
    )
    changed = settings.model_copy(update={"slack": table, "alerts": alerts})
    topics = tuple(
        dataclasses.replace(topic, channel=CHANNELS[n % len(CHANNELS)]) for n, topic in enumerate(app.config.topics)
    )
    app.config = dataclasses.replace(app.config, settings=changed, topics=topics)
    for made in ("sinks", "alert_policy", "composer", "delivery", "rooms", "pipeline"):
        app.__dict__.pop(made, None)


def _waits(app: App) -> list[float]:
    """Seconds from each told article's first sight to the confirmed message."""
    query = (
        select(t.entry.c.first_seen_at, t.outbox.c.sent_at, t.outbox.c.alert)
        .join(t.story, t.story.c.id == t.outbox.c.story_id)
        .join(t.article, t.article.c.story_id == t.story.c.id)
        .join(t.entry, t.entry.c.id == t.article.c.entry_id)
        .join(t.development, t.development.c.article_id == t.article.c.id)
        .where(t.outbox.c.sent_at.is_not(None))
        .add_columns(t.development.c.id)
    )
    with app.store.read() as tx:
        rows = tx.connection.execute(query).all()
    told = [row for row in rows if row.id in ALERT.load(row.alert).developments]
    return [(row.sent_at - row.first_seen_at).total_seconds() for row in told]
