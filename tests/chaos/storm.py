"""One storm: alerts of many threads, a Slack that fails a quarter of all calls, and a sender killed again and again.

It judges by what stands in Slack at the end, and asks the sender nothing.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import os
import random
import signal
import sqlite3
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from monitor.alerts.policy import Policy
from monitor.entities import Destination, OutboxRow, OutboxState
from monitor.store import SqlStore
from tests.chaos.slacks import Slack
from tests.delivery.killed import news_of
from tests.delivery.world import World
from tests.doors.deliver_child import Nursery

LIFE = (0.05, 0.9)
"""A sender lives so many seconds before it is killed, at least and at most."""
EDIT_WAIT = dt.timedelta(seconds=1)
"""From a rewrite to its edit: longer than a late message is late, so that no late edit comes after a newer one."""
PATIENCE = 300.0  # seconds after which what is not told counts as lost
OPEN = (OutboxState.HELD, OutboxState.PENDING, OutboxState.SENDING, OutboxState.UNKNOWN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Storm:
    """How big it is. ``pace``: seconds between two posts of a channel."""

    seed: int
    rows: int = 500
    threads: int = 100
    kills: int = 40
    pace: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What stood in Slack at the end, against what was to be told. ``stale``: roots that do not say what was written last."""

    sender: str
    missing: int
    duplicate: int
    disorder: int
    astray: int
    stale: int
    posts: int
    edits: int
    kills: int
    seconds: float

    @property
    def clean(self) -> bool:
        """Whether nothing was lost, doubled, out of order, outside its thread or out of date."""
        return not (self.missing or self.duplicate or self.disorder or self.astray or self.stale)


class Ours:
    """The product's sender over a real database, with roots that are rewritten meanwhile."""

    name = "ours"

    def __init__(self, url: str, storm: Storm, channels: Sequence[str]) -> None:
        self.database = url
        self._store = SqlStore(url, durable=False)
        self._written: dict[int, tuple[str, str]] = {}
        self.edits = 0
        self.told: list[str] = []
        world = World(self._store, Policy())
        for number in range(storm.rows):
            story, place = (
                number % storm.threads,
                Destination(f"slack:{channels[number % storm.threads % len(channels)]}"),
            )
            news = f"s{story} n{number // storm.threads}"
            world.queue(news, story=story, place=place)
            self.told.append(news)

    def meddle(self, rng: random.Random) -> None:
        """Let the root of a story say something else, as every further report of it does."""
        with self._store.begin(exclusive=False) as tx:
            roots = [row for row in tx.outbox(states=(OutboxState.SENT,), limit=10_000) if _is_root(tx, row)]
            if roots:
                self._rewrite(tx, rng.choice(roots))

    def _rewrite(self, tx: Any, row: OutboxRow) -> None:
        self.edits += 1
        said = f"Reported {self.edits} times by now"
        tx.rewrite(row.id, replace(row.alert, headline=said), edit_due_at=dt.datetime.now(dt.UTC) + EDIT_WAIT)
        self._written[row.id] = (row.alert.news[0], said)

    def done(self) -> bool:
        with self._store.read() as tx:
            return not tx.outbox(states=OPEN, limit=1) and not tx.edits_due()

    def stale(self, messages: Sequence[dict[str, Any]]) -> int:
        """Roots in Slack that do not say what was written last."""
        shown = {news_of(message): json.dumps(message) for message in messages}
        return sum(said not in shown.get(news, "") for news, said in self._written.values())

    def close(self) -> None:
        self._store.close()


def _is_root(tx: Any, row: OutboxRow) -> bool:
    thread = tx.thread(row.alert.destination, row.alert.story)
    return thread is not None and thread.root_outbox == row.id


class Plain:
    """The sender everybody writes: a table, a loop, and the SDK's client as it comes."""

    name = "plain"
    edits = 0

    def __init__(self, folder: Path, storm: Storm, channels: Sequence[str]) -> None:
        self.database = str(folder / f"plain-{storm.seed}.db")
        self._queue = sqlite3.connect(self.database, isolation_level=None)
        self._queue.execute("PRAGMA journal_mode=WAL")
        self._queue.execute("CREATE TABLE alert (id INTEGER PRIMARY KEY, channel TEXT, story INT, said TEXT, ts TEXT)")
        self.told: list[str] = []
        for number in range(storm.rows):
            story = number % storm.threads
            self.told.append(f"s{story} n{number // storm.threads}")
            row = (channels[story % len(channels)], story, self.told[-1])
            self._queue.execute("INSERT INTO alert (channel, story, said) VALUES (?, ?, ?)", row)

    def meddle(self, rng: random.Random) -> None:
        """It edits nothing."""

    def done(self) -> bool:
        return not self._queue.execute("SELECT 1 FROM alert WHERE ts IS NULL LIMIT 1").fetchone()

    def stale(self, messages: Sequence[dict[str, Any]]) -> int:
        return 0

    def close(self) -> None:
        self._queue.close()


def rage(sender: Ours | Plain, slack: Slack, storm: Storm, nursery: Nursery) -> Outcome:
    """Run a sender through the storm: kills first, then until all is told."""
    rng, begun, kills = random.Random(storm.seed), time.monotonic(), 0
    slack.throw(storm.seed)
    while kills < storm.kills:
        with child(sender, slack, storm, nursery):
            for _ in range(3):
                time.sleep(rng.uniform(*LIFE) / 3)
                sender.meddle(rng)
        kills += 1
    with child(sender, slack, storm, nursery):
        while not sender.done() and time.monotonic() - begun < PATIENCE:
            time.sleep(0.1)
    slack.calm()
    time.sleep(0.5)  # what comes late has come
    messages = slack.messages()
    missing, duplicate, disorder, astray = judge(sender.told, messages)
    return Outcome(
        sender=sender.name, missing=missing, duplicate=duplicate, disorder=disorder, astray=astray,
        stale=sender.stale(messages), posts=slack.posts(), edits=sender.edits, kills=kills,
        seconds=round(time.monotonic() - begun, 1),
    )  # fmt: skip


@contextlib.contextmanager
def child(sender: Ours | Plain, slack: Slack, storm: Storm, nursery: Nursery) -> Iterator[None]:
    """A sender of its own process while the block runs; then it is killed."""
    pid = nursery.start(sender.name, sender.database, slack.base_url, slack.token, storm.pace)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGKILL)
        assert nursery.wait() == -signal.SIGKILL, "it ended by itself"


def judge(told: Sequence[str], messages: Sequence[dict[str, Any]]) -> tuple[int, int, int, int]:
    """Missing, duplicate, out of order within a thread, outside the thread of their story."""
    seen = Counter(news_of(message) for message in messages)
    first: dict[str, dict[str, Any]] = {}
    for message in messages:
        first.setdefault(news_of(message), message)
    disorder = astray = 0
    last: dict[str, int] = {}
    roots: dict[str, str] = {}
    for news, message in first.items():
        story, number = news.split()
        disorder += int(number[1:]) < last.get(story, -1)
        last[story] = max(int(number[1:]), last.get(story, -1))
        root = roots.setdefault(story, message["ts"])
        astray += root not in (message["ts"], message.get("thread_ts"))
    return (
        sum(not seen[news] for news in told), sum(seen[news] - 1 for news in told if seen[news]), disorder, astray,
    )  # fmt: skip
