"""Plays the scripted week: the real daemon on the loopback server, the clock set forward from change to change.

The clock stands still while the daemon works, so that the same week always comes to the same verdicts, however slow
the machine: it moves on when every feed has been polled at the new time and the outbox is at rest.
"""

from __future__ import annotations

import asyncio
import dataclasses
import datetime as dt
import random
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from monitor.app import App
from monitor.daemon import Daemon
from monitor.demo.server import Server
from monitor.demo.world import World
from monitor.entities import AlertReason, EntryId, Feed, FeedId, OutboxState, Reason, StoryId, Verdict
from monitor.settings import Config, Settings
from monitor.store.shown import Explanation
from monitor.store.views import Views

TICK = dt.timedelta(milliseconds=50)
"""How often the daemon looks for due feeds and open outbox rows, in real time."""
PATIENCE = dt.timedelta(seconds=60)
"""Longest real time one change may take before the demonstration gives up and says so."""
QUIET = dt.timedelta(minutes=2)
"""What the clock moves on after each change: longer than the group wait, so that held alerts open."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One scripted item (or one edit of it) beside what the monitor made of it."""

    feed: str
    guid: str
    title: str
    edit: int
    scripted_story: str
    scripted: str
    verdict: Verdict
    reason: Reason
    story: StoryId | None
    alert: AlertReason | None
    entry: EntryId

    @property
    def as_scripted(self) -> bool:
        """Whether a development was told where the script has one, and nothing was told where it has none."""
        told = self.alert is AlertReason.QUEUED
        return told == (self.scripted == "development") and (self.scripted == "off-beat") == (
            self.verdict is Verdict.OFF_BEAT
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """What the week came to. ``explained`` holds one entry of each verdict that occurred."""

    entries: int
    verdicts: Mapping[str, int]
    alerts: int
    messages: int
    outcomes: tuple[Outcome, ...]
    explained: tuple[Explanation, ...]
    seconds: float


class SetClock:
    """A clock that is set, not read."""

    def __init__(self, now: dt.datetime) -> None:
        self.now = now

    def __call__(self) -> dt.datetime:
        return self.now


@contextmanager
def demo_app(config: Config) -> Iterator[tuple[App, World, SetClock, Callable[[str], None]]]:
    """An app on a database that is thrown away; its feeds are set when the server's address is known."""
    world = World.shipped()
    clock = SetClock(world.start)
    with tempfile.TemporaryDirectory(prefix="monitor-demo-") as place:
        settings = _settings(config, Path(place))
        app = App(dataclasses.replace(config, settings=settings, feeds=()))

        def serve_from(base: str) -> None:
            app.config = dataclasses.replace(app.config, feeds=tuple(_feed(row, base) for row in world.week["feed"]))

        yield app, world, clock, serve_from


def _settings(config: Config, place: Path) -> Settings:
    """The real settings, but for what belongs to the machine: database, tick, loopback addresses, no Slack."""
    settings = config.settings
    return settings.model_copy(
        update={
            "database": settings.database.model_copy(update={"url": f"sqlite:///{place}/demo.db", "password": None}),
            "http": settings.http.model_copy(
                update={"allow_addresses": ("127.0.0.0/8",), "host_gap": dt.timedelta(0), "per_host": 8}
            ),
            "schedule": settings.schedule.model_copy(
                update={
                    "every": dt.timedelta(minutes=1),
                    "min_every": dt.timedelta(minutes=1),
                    "max_every": dt.timedelta(minutes=1),
                    "spread": dt.timedelta(0),
                    "tick": TICK,
                }
            ),
            "slack": settings.slack.model_copy(update={"token": None, "channel": ""}),
            "alerts": settings.alerts.model_copy(update={"destination": "console"}),
        }
    )


def _feed(row: dict[str, str], base: str) -> Feed:
    return Feed(
        id=FeedId(row["id"]),
        url=f"{base}/feeds/{row['id']}.xml",
        publisher=row["publisher"],
        family=row["id"],
        lang=row["lang"],
        insecure=True,
        grade="A",
    )


async def play(config: Config, *, said: Callable[[dt.datetime], None] = lambda _: None) -> Played:
    """The whole week; ``said`` is told each time before its change happens."""
    loop = asyncio.get_running_loop()
    begun = loop.time()
    with demo_app(config) as (app, world, clock, serve_from):
        async with Server(world, clock) as server:
            serve_from(server.base)
            daemon = Daemon(app, clock=clock, rng=random.Random(0))
            running = asyncio.create_task(daemon.run())
            try:
                await _settled(app, clock, running)
                for moment in (*world.times, world.end):
                    said(moment)
                    clock.now = max(moment, clock.now)
                    await _settled(app, clock, running)
                    clock.now = moment + QUIET
                    await _settled(app, clock, running)
            finally:
                daemon.stop()
                await running
        return _played(app, world, loop.time() - begun)


async def _settled(app: App, clock: SetClock, running: asyncio.Task[None]) -> None:
    """Wait until no feed and nothing in the outbox is due at the clock's time."""
    deadline = asyncio.get_running_loop().time() + PATIENCE.total_seconds()
    while not await asyncio.to_thread(app.settled, clock.now):
        if running.done():
            running.result()
            raise RuntimeError("stopped before the week was over")
        if asyncio.get_running_loop().time() > deadline:
            raise TimeoutError(
                f"the daemon did not come to rest at {clock.now:%a %H:%M} within {PATIENCE.total_seconds():.0f} s"
            )
        await asyncio.sleep(TICK.total_seconds() / 2)


def _played(app: App, world: World, seconds: float) -> Played:
    views = Views(app.store)
    outcomes = tuple(_outcomes(views, world))
    verdicts = Counter(outcome.verdict.value for outcome in outcomes)
    samples = {outcome.verdict: outcome.entry for outcome in reversed(outcomes)}
    sent = sum(queue.states.get(OutboxState.SENT, 0) for queue in views.queue())
    return Played(
        entries=len({outcome.entry for outcome in outcomes}),
        verdicts=verdicts,
        alerts=sum(outcome.alert is AlertReason.QUEUED for outcome in outcomes),
        messages=sent,
        outcomes=outcomes,
        explained=tuple(views.explain(f"e{samples[verdict]}")[0] for verdict in Verdict if verdict in samples),
        seconds=seconds,
    )


def _outcomes(views: Views, world: World) -> Iterator[Outcome]:
    """The script's items in order of appearance, each with the account that was kept of it."""
    edits: Counter[str] = Counter()
    for item in world.items:
        (kept,) = views.explain(item.link)
        number = edits[item.guid]
        edits[item.guid] += 1
        account = kept.account if number == 0 else kept.revisions[number].account
        assert account is not None
        yield Outcome(
            feed=item.feed,
            guid=item.guid,
            title=item.title,
            edit=number,
            scripted_story=item.story,
            scripted=item.expect,
            verdict=account.verdict,
            reason=account.reason,
            story=account.story,
            alert=account.alert,
            entry=kept.entry.id,
        )
