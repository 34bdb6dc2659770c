"""A house whose every poll is a process of its own in all but name: it knows nothing but what was stored.

``poll(at)`` is ``monitor poll --due --at AT``: the clock is set, the feeds that are due are asked, and everything that
was built for it is thrown away. What came of it is seen in the server's log and in the database, and nowhere else.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import datetime as dt
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from monitor.app import App
from monitor.daemon import Daemon
from monitor.entities import Feed, FeedId, FeedState, Incident, IncidentKind
from monitor.pipeline import Rooms
from monitor.settings import Config
from monitor.store import SqlStore
from monitor.store.shown import EntryView, Explanation
from tests.doors.cli import Cli
from tests.doors.feed_server import Answer, FeedServer, Request, rss
from tests.doors.feed_server import item as report

START = dt.datetime(2026, 3, 4, 9, 0, tzinfo=dt.UTC)
"""The moment of the first poll: a Wednesday."""
SECOND, MINUTE, HOUR, DAY = (
    dt.timedelta(seconds=1),
    dt.timedelta(minutes=1),
    dt.timedelta(hours=1),
    dt.timedelta(days=1),
)
EVERY = 10 * MINUTE
"""The pace of a feed whose row does not say otherwise here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request with the time the clock was set to."""

    at: dt.datetime
    request: Request

    @property
    def since(self) -> dt.timedelta:
        """How long after the first poll it came."""
        return self.at - START

    def header(self, name: str) -> str | None:
        """The value of a header, byte for byte."""
        return self.request.header(name)

    @property
    def conditional(self) -> bool:
        """Whether it set a condition."""
        return bool(self.header("If-None-Match") or self.header("If-Modified-Since"))


@dataclass(kw_only=True)
class House:
    """A configuration, a database and a server; ``log`` is every request with the time it was made at."""

    config: Config
    rooms: Rooms
    url: str
    server: FeedServer
    feeds: list[Feed] = field(default_factory=list)
    log: list[Asked] = field(default_factory=list)
    doubted: bool = False  # whether the test issues validators that must not be taken

    def __post_init__(self) -> None:
        """Our own network is well while the server can be reached."""
        self.set("http", anchors=(f"127.0.0.1:{self.server.port}",))

    # ------------------------------------------------------------------------------------------- before

    def set(self, table: str, **values: Any) -> None:
        """Change settings of a table of ``monitor.toml``."""
        settings = self.config.settings
        changed = getattr(settings, table).model_copy(update=values)
        self.config = dataclasses.replace(self.config, settings=settings.model_copy(update={table: changed}))

    def feed(self, name: str = "paper", *answers: Answer, **row: Any) -> Feed:
        """Configure a feed at ``/NAME`` and script what the server answers there."""
        self.serve(name, *answers)
        given = {"url": self.server.url(f"/{name}"), "every": EVERY, "lang": "en", "insecure": True, **row}
        made = Feed(id=FeedId(name), publisher=name.title(), family=name, **given)
        self.feeds.append(made)
        return made

    def serve(self, name: str, *answers: Answer) -> None:
        """What the server answers at ``/NAME`` from now on."""
        if answers:
            self.server.serve(f"/{name}", *answers)

    # ------------------------------------------------------------------------------------------- a poll

    def poll(self, at: dt.datetime | dt.timedelta = START) -> list[Asked]:
        """Ask every feed that is due at a time (or so long after the first poll); the requests that were made."""
        now = START + at if isinstance(at, dt.timedelta) else at
        self.server.date = f"{now:%a, %d %b %Y %H:%M:%S} GMT"
        before = len(self.server.requests)
        self._run(now)
        made = [Asked(at=now, request=request) for request in self.server.requests[before:]]
        self.log += made
        return made

    def polls(self, until: dt.timedelta, *, step: dt.timedelta, after: dt.timedelta = dt.timedelta(0)) -> list[Asked]:
        """A poll at each step of time after ``after``, to ``until`` and with it; the requests that were made."""
        made: list[Asked] = []
        for number in range(1, int((until - after) / step) + 1):
            made += self.poll(after + number * step)
        return made

    def due_poll(self, name: str = "paper") -> list[Asked]:
        """A poll at the very time the feed is due next."""
        at = self.state(name).next_poll_at
        assert at is not None
        return self.poll(at)

    def _run(self, now: dt.datetime) -> None:
        """One round, as ``monitor poll --due --at`` makes it."""
        with self.app(clock=now) as app:
            daemon = Daemon(app, clock=lambda: now, rng=random.Random(now.isoformat()))
            asyncio.run(daemon.poll_by_hand([], due=True, deliver=True))

    # -------------------------------------------------------------------------------------------- after

    @contextlib.contextmanager
    def app(self, clock: dt.datetime | None = None) -> Iterator[App]:
        """A new app on the database; the rooms alone are shared, and they hold no state."""
        made = App(
            dataclasses.replace(self.config, feeds=tuple(self.feeds)),
            url=self.url,
            clock=None if clock is None else lambda: clock,
        )
        made.__dict__["rooms"] = self.rooms
        made.__dict__["store"] = SqlStore(self.url, durable=False)  # migrated already, and no disk need be waited for
        try:
            yield made
        finally:
            made.close()

    def state(self, name: str = "paper") -> FeedState:
        """What is remembered of a feed."""
        with self.app() as app, app.store.read() as tx:
            return tx.feed_state(FeedId(name))

    def wait(self, name: str = "paper") -> dt.timedelta:
        """How long after its last attempt a feed is due."""
        state = self.state(name)
        assert state.next_poll_at is not None
        assert state.last_attempt_at is not None
        return state.next_poll_at - state.last_attempt_at

    def entries(self, name: str = "") -> list[EntryView]:
        """The entries held, in the order they came."""
        with self.app() as app:
            held = app.views.entries(limit=1000)
        return sorted((entry for entry in held if name in {"", entry.feed}), key=lambda entry: entry.id)

    def titles(self, name: str = "") -> list[str]:
        """Their titles."""
        return [entry.title for entry in self.entries(name)]

    def explain(self, ref: str) -> Explanation:
        """All that is known of one entry."""
        with self.app() as app:
            (found,) = app.views.explain(ref)
        return found

    def incidents(self, name: str = "paper", *, open_only: bool = True) -> list[Incident]:
        """The incidents of a feed, the latest first."""
        with self.app() as app, app.store.read() as tx:
            return list(tx.incidents(open_only=open_only, feed=FeedId(name)))

    def kinds(self, name: str = "paper") -> set[IncidentKind]:
        """Which kinds of incident are open."""
        return {incident.kind for incident in self.incidents(name)}

    def asked(self, name: str = "paper") -> list[Asked]:
        """The requests for a feed's own address."""
        return [asked for asked in self.log if asked.request.path == f"/{name}"]

    def times(self, name: str = "paper") -> list[dt.timedelta]:
        """When they came, counted from the first poll."""
        return [asked.since for asked in self.asked(name)]


@dataclass(kw_only=True)
class ProcessHouse(House):
    """The same house, where each poll really is a process: the command line, the files, the SQLite file."""

    folder: Path
    cli: Cli = field(init=False)

    def __post_init__(self) -> None:
        """The configuration folder, made once."""
        self.cli = Cli.on(self.folder, {"none": self.server.url("/none")})

    def _run(self, now: dt.datetime) -> None:
        (self.folder / "config" / "feeds.toml").write_text(feeds_toml(self.feeds), encoding="utf-8")
        self.cli.ok("poll", "--due", "--at", now.isoformat(), "--json")


def numbered(*numbers: int, head: str = "", at: dt.datetime = START) -> bytes:
    """A document of numbered items, the newest first as publishers list them, an hour between each two."""
    top = max(numbers, default=0)
    return rss(
        *(report(number, date=f"{at - (top - number) * HOUR:%a, %d %b %Y %H:%M:%S} GMT") for number in numbers),
        head=head,
    )


def feeds_toml(feeds: Sequence[Feed]) -> str:
    """The rows of ``feeds.toml`` for these feeds: what differs from a plain feed."""
    plain = Feed(id=FeedId(""), url="", publisher="", family="")
    rows = []
    for feed in feeds:
        lines = ["[[feed]]"]
        for key in (item.name for item in dataclasses.fields(Feed)):
            value = getattr(feed, key)
            if value != getattr(plain, key):
                lines.append(f"{key} = {_toml(value)}")
        rows.append("\n".join(lines))
    return "\n\n".join(rows) + "\n"


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dt.timedelta):
        return f'"{value.total_seconds():.0f}s"'
    return f'"{value}"'
