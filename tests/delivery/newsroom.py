"""A whole monitor under a clock that is set: documents go in, alerts come out, and nobody polls or waits.

The rooms, the pipeline, the store, delivery and the console are the real ones; only the network is left out, since a
document is handed to the pipeline as a poll would.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import io
import random
from collections.abc import Sequence
from html import escape

from monitor.app import App
from monitor.entities import (
    Account,
    Alert,
    AlertKind,
    AlertReason,
    Development,
    Feed,
    FeedId,
    Fetched,
    Incident,
    OutboxRow,
    OutboxState,
    StoryId,
)
from monitor.intake import Poll, Polled
from monitor.pipeline import Rooms
from monitor.settings import Config

START = dt.datetime(2026, 3, 2, 0, 0, tzinfo=dt.UTC)
"""A Monday, 09:00 in Tokyo."""
NEWS = frozenset({AlertKind.STORY, AlertKind.DEVELOPMENT, AlertKind.DIGEST})
STATES = tuple(OutboxState)


def after(hours: float = 0, minutes: float = 0, days: float = 0) -> dt.datetime:
    """A moment counted from ``START``."""
    return START + dt.timedelta(days=days, hours=hours, minutes=minutes)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Item:
    """One item of a document."""

    guid: str
    title: str
    text: str
    at: dt.datetime | None = None
    link: str = ""


class Newsroom:
    """One ``App`` on a database, and the moment it lives in."""

    def __init__(
        self, config: Config, rooms: Rooms, url: str, *feeds: Feed, now: dt.datetime = START, **alerts: object
    ):
        table = config.settings.alerts.model_copy(update=alerts)
        settings = config.settings.model_copy(update={"alerts": table})
        self.now = now
        self.app = App(dataclasses.replace(config, settings=settings, feeds=feeds), url=url, clock=lambda: self.now)
        self.app.__dict__["rooms"] = dataclasses.replace(rooms, composer=self.app.composer)
        self.screen = io.StringIO()
        self.app.alerts_to(self.screen)

    def start(self, at: dt.datetime) -> None:
        """As the daemon starts, with every feed's baseline of nothing taken."""
        self.now = at
        self.app.start(at, alone=True, spread=random.Random(1))

    def baseline(self, at: dt.datetime) -> None:
        """Start, and let every feed show one document of no interest."""
        self.start(at)
        for feed in self.app.feeds:
            self.take(feed.id, Item(guid=f"{feed.id}-0", title="Orchestra cancels tour", text="It rains."), at=at)
        self.until(at)

    def take(self, feed: str, *items: Item, at: dt.datetime) -> tuple[Account, ...]:
        """What a poll at this time brings: a document of these items."""
        self.now = at
        polled = self.poll(feed, rss(items, at), at=at)
        return polled.accounts

    def poll(self, feed: str, body: bytes, *, at: dt.datetime) -> Polled:
        """A poll that brought this body."""
        known = next(one for one in self.app.feeds if one.id == feed)
        (state,) = self.app.feed_states([known.id])
        digest = f"{hash(body)}".encode()
        fetched = Fetched(
            feed_id=known.id, url=known.url, final_url=known.url, at=at, status=200, body=body, body_hash=digest.hex(),
            content_type="application/rss+xml",
        )  # fmt: skip
        return self.app.pipeline.take_in(Poll(feed=known, state=state, fetched=fetched), now=at)

    def until(self, at: dt.datetime) -> None:
        """Let delivery do what becomes due up to this moment, each thing in its time."""
        while True:
            due = self.app.delivery.wake_at(self.now)
            if due is None or due > at:
                break
            self.now = max(due, self.now)
            self.app.delivery.deliver(self.now)
        self.now = at
        self.app.delivery.deliver(at)

    def review(self, at: dt.datetime, *, network: bool = True) -> None:
        """The look at all feeds together, and at the day."""
        self.now = at
        self.app.review(at, network=network, spread=random.Random(1))
        self.app.daily(at)

    # -------------------------------------------------------------------------------------------- what came of it

    def rows(self, *states: OutboxState) -> list[OutboxRow]:
        """Every row of the outbox, or those in these states."""
        with self.app.store.read() as tx:
            return list(tx.outbox(states=states or STATES, limit=100_000))

    def told(self) -> list[Alert]:
        """The messages of news that went out, in their order."""
        sent = [row for row in self.rows(OutboxState.SENT) if row.alert.kind in NEWS]
        return [row.alert for row in sorted(sent, key=lambda row: (row.sent_at or START, row.id))]

    def kinds(self) -> list[str]:
        """What kind they were of."""
        return [alert.kind.value for alert in self.told()]

    def own_words(self) -> list[str]:
        """The headlines of what was told of ourselves."""
        return [row.alert.headline for row in self.rows(OutboxState.SENT) if row.alert.kind not in NEWS]

    def developments(self) -> list[Development]:
        """Everything that developed, told or not."""
        found: list[Development] = []
        with self.app.store.read() as tx:
            number = 1
            while (story := tx.story(StoryId(number))) is not None:
                found += tx.developments(story.id)
                number += 1
        return sorted(found, key=lambda one: one.id)

    def reasons(self) -> list[AlertReason]:
        """Why each development was told or not."""
        return [one.alert for one in self.developments()]

    def incidents(self) -> list[Incident]:
        """All that was ever wrong, the first first."""
        with self.app.store.read() as tx:
            return sorted(tx.incidents(open_only=False), key=lambda one: one.id)


def paper(name: str, **changes: object) -> Feed:
    """A feed of an invented paper."""
    plain = Feed(id=FeedId(name), url=f"https://{name}.example/rss", publisher=name.title(), family=name, lang="en")
    return dataclasses.replace(plain, **changes)  # type: ignore[arg-type]


def rss(items: Sequence[Item], at: dt.datetime) -> bytes:
    """A document of these items; one without a time is as old as the document."""
    body = "".join(
        f'<item><guid isPermaLink="false">{escape(item.guid)}</guid>'
        f"<link>{escape(item.link or f'https://paper.example/{item.guid}')}</link>"
        f"<title>{escape(item.title)}</title><description>{escape(item.text)}</description>"
        f"<pubDate>{item.at or at:%a, %d %b %Y %H:%M:%S} GMT</pubDate></item>"
        for item in items
    )
    return f'<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"><channel><title>t</title>{body}</channel></rss>'.encode()
