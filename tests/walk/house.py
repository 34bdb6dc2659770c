"""A whole house for tests of the walk: the shipped configuration on a database and a loopback server of ours.

The rooms are built once a session (a second of work) and shared: they hold no state. Meaning is off, since its model
takes seconds to load and nothing here depends on it.
"""

from __future__ import annotations

import asyncio
import dataclasses
import datetime as dt
import random
from pathlib import Path

from monitor.app import App
from monitor.daemon import Daemon
from monitor.entities import Feed, FeedId
from monitor.intake import Polled
from monitor.pipeline import Rooms
from monitor.settings import Config, load

CONFIG = Path(__file__).parent.parent.parent / "config"
START = dt.datetime(2026, 3, 2, 0, 0, tzinfo=dt.UTC)
LATER = START + dt.timedelta(hours=1)


def shipped() -> Config:
    """The shipped configuration without meaning, ready for a loopback server."""
    config = load(CONFIG)
    settings = config.settings.model_copy(
        update={
            "meaning": config.settings.meaning.model_copy(update={"embedder": "none"}),
            "http": config.settings.http.model_copy(
                update={"allow_addresses": ("127.0.0.0/8",), "host_gap": dt.timedelta(0)}
            ),
            "alerts": config.settings.alerts.model_copy(update={"destination": "console"}),
        }
    )
    return dataclasses.replace(config, settings=settings, feeds=())


def feed(base: str, name: str, **changes: object) -> Feed:
    """A feed of the loopback server."""
    plain = Feed(
        id=FeedId(name), url=f"{base}/{name}.xml", publisher=name.title(), family=name, lang="en", insecure=True
    )
    return dataclasses.replace(plain, **changes)  # type: ignore[arg-type]


def house(config: Config, rooms: Rooms | None, url: str, *feeds: Feed) -> App:
    """An app on this database and these feeds."""
    app = App(dataclasses.replace(config, feeds=feeds), url=url)
    if rooms is not None:
        app.__dict__["rooms"] = rooms
    return app


def poll(app: App, now: dt.datetime) -> tuple[Polled, ...]:
    """Poll every feed at a time and deliver what is due, as ``monitor poll --at`` does."""
    daemon = Daemon(app, clock=lambda: now, rng=random.Random(0))
    return asyncio.run(daemon.poll_by_hand([], due=False, deliver=True))


def rss(*items: tuple[str, str, str], at: dt.datetime = START) -> bytes:
    """A feed document of (guid, title, text) items."""
    body = "".join(
        f'<item><guid isPermaLink="false">{guid}</guid><link>https://paper.example/{guid}</link><title>{title}</title>'
        f"<description>{text}</description><pubDate>{at:%a, %d %b %Y %H:%M:%S} GMT</pubDate></item>"
        for guid, title, text in items
    )
    return f'<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"><channel><title>t</title>{body}</channel></rss>'.encode()
