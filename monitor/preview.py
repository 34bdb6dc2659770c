"""What a configuration would have told: the documents of the last days through the real rooms, and nobody hears of it.

It never touches the database that it reads, and never sends: its own is thrown away, and its sinks say nothing.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import heapq
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from monitor.alerts.deliver import Delivery
from monitor.app import App
from monitor.entities import (
    Alert,
    AlertKind,
    Channel,
    Destination,
    FeedState,
    Fetched,
    Look,
    LookStatus,
    OutboxRow,
    OutboxState,
    Outcome,
    SendStatus,
    Thread,
)
from monitor.intake import Poll

DOCUMENTS = 20_000
"""Documents read of one feed at most; two weeks of one that changes every minute."""
_NEWS = {
    AlertKind.STORY: ("new story", "new stories"),
    AlertKind.DEVELOPMENT: ("update", "updates"),
    AlertKind.DIGEST: ("digest", "digests"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What would have been posted, by kind and destination, in the order of time; ``sent`` is what was posted."""

    since: dt.datetime
    until: dt.datetime
    documents: int
    alerts: tuple[Alert, ...]
    sent: Mapping[AlertKind, int]
    breaker: int = 0

    @property
    def kinds(self) -> Mapping[AlertKind, int]:
        """How many messages of each kind there would have been."""
        return Counter(alert.kind for alert in self.alerts)

    @property
    def places(self) -> Mapping[Destination, int]:
        """How many at each destination."""
        return Counter(alert.destination for alert in self.alerts)

    @property
    def sentence(self) -> str:
        """All of it in a line or two, for people."""
        days = max(1, round((self.until - self.since) / dt.timedelta(days=1)))
        fell = f"; the breaker would have fallen {self.breaker} times" if self.breaker else ""
        return (
            f"This would have posted {_counted(self.kinds)} in {days} day{'' if days == 1 else 's'}{fell}. "
            f"What was posted in that time: {_counted(self.sent)}."
        )


def preview(app: App, *, since: dt.datetime, now: dt.datetime) -> Preview:
    """What the configuration of ``app`` would have told since then, from the documents that its database keeps.

    The first document of each feed in that time is its baseline. Documents are kept for ``retention.raw``; of a feed
    that was added since there is none.
    """
    time = _Time(since)
    with app.store.read() as tx:
        kept = {feed.id: tx.raw(feed.id, limit=DOCUMENTS) for feed in app.feeds if feed.enabled}
        sent = [row for place in app.alert_policy.destinations() for row in tx.sent_since(place, since)]
    with tempfile.TemporaryDirectory(prefix="monitor-preview-") as place:
        trial = App(app.config, url=f"sqlite:///{place}/preview.db", throwaway=True, clock=lambda: time.now)
        try:
            policy = dataclasses.replace(trial.alert_policy, pace={})
            sinks = dict.fromkeys({place.partition(":")[0] for place in policy.destinations()}, _Silent())
            delivery = Delivery(trial.store, sinks, policy, sleep=time.sleep, monotonic=time.monotonic)
            documents = _walk(trial, delivery, time, _in_order(list(kept.values()), since, now), now)
            with trial.store.read() as tx:
                rows = tx.outbox(states=(OutboxState.SENT,), limit=1_000_000)
        finally:
            trial.close()
    told = sorted((row for row in rows if row.alert.kind in _NEWS), key=lambda row: (row.sent_at or now, row.id))
    return Preview(
        since=since,
        until=now,
        documents=documents,
        alerts=tuple(row.alert for row in told),
        sent=Counter(row.alert.kind for row in sent if row.alert.kind in _NEWS),
        breaker=sum(row.dedup_key.startswith("breaker:") for row in rows),
    )


class _Time:
    """The moment a preview has come to; it passes where somebody sleeps, at once."""

    def __init__(self, now: dt.datetime) -> None:
        self.now = now

    def sleep(self, seconds: float) -> bool:
        self.now += dt.timedelta(seconds=seconds)
        return False

    def monotonic(self) -> float:
        return self.now.timestamp()


class _Silent:
    """A sink that takes everything and says nothing."""

    def render(self, alert: Alert, tz: dt.tzinfo) -> str:
        del alert, tz
        return ""

    def send(self, row: OutboxRow, thread: Thread | None) -> Outcome:
        return Outcome(status=SendStatus.SENT, remote_id=str(row.id), root=thread.root if thread else str(row.id))

    def edit(self, row: OutboxRow) -> Outcome:
        return Outcome(status=SendStatus.SENT, remote_id=row.remote_id)

    def look(self, row: OutboxRow, thread: Thread | None, channel: Channel) -> Look:
        del row, thread, channel
        return Look(status=LookStatus.NOT_FOUND)

    def check(self, destinations: Sequence[Destination]) -> tuple[str, ...]:
        del destinations
        return ()


def _walk(trial: App, delivery: Delivery, time: _Time, documents: Iterator[Fetched], now: dt.datetime) -> int:
    """Each document at its time, and what becomes due between two; how many there were."""
    feeds, states, count = {feed.id: feed for feed in trial.feeds}, dict[str, FeedState](), 0
    for fetched in documents:
        _let_pass(delivery, time, fetched.at)
        feed = feeds[fetched.feed_id]
        held = states.get(feed.id) or FeedState(feed_id=feed.id)
        states[feed.id] = trial.pipeline.take_in(Poll(feed=feed, state=held, fetched=fetched), now=time.now).state
        count += 1
    _let_pass(delivery, time, now)
    return count


def _let_pass(delivery: Delivery, time: _Time, until: dt.datetime) -> None:
    while (due := delivery.wake_at(time.now)) is not None and due <= until:
        time.now = max(time.now, due)
        delivery.deliver(time.now)
    time.now = max(time.now, until)


def _in_order(kept: Sequence[Sequence[Fetched]], since: dt.datetime, now: dt.datetime) -> Iterator[Fetched]:
    """The documents of all feeds in the order they came in; each feed's come latest first."""
    wanted = ([one for one in reversed(documents) if since <= one.at <= now] for documents in kept)
    return iter(heapq.merge(*wanted, key=lambda one: one.at))


def _counted(kinds: Mapping[AlertKind, int]) -> str:
    total = sum(kinds.values())
    parts = [f"{kinds[kind]} {words[kinds[kind] != 1]}" for kind, words in _NEWS.items() if kinds.get(kind)]
    alerts = f"{total} alert{'' if total == 1 else 's'}"
    return f"{alerts} ({', '.join(parts)})" if parts else alerts
