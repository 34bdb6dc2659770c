"""A store, a scripted sink and a clock: the world that delivery is tested in. Time passes only where somebody sleeps."""

from __future__ import annotations

import datetime as dt
import itertools
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from monitor.alerts.deliver import Delivery, Report
from monitor.alerts.policy import Policy
from monitor.alerts.sinks import Sink
from monitor.entities import (
    Alert,
    Channel,
    Destination,
    DevelopmentId,
    Look,
    LookStatus,
    OutboxId,
    OutboxRow,
    OutboxState,
    Outcome,
    SendStatus,
    StoryId,
    Thread,
)
from monitor.store import SqlStore
from tests import make
from tests.make import NOW

HERE, THERE, CONSOLE = Destination("slack:C1"), Destination("slack:C2"), Destination("console")
NOT_SENT = Outcome(status=SendStatus.NOT_SENT, message="refused")
LOST = Outcome(status=SendStatus.UNKNOWN, message="no answer")
FOUND, NOTHING = Look(status=LookStatus.FOUND, remote_id="77.1", root="77.1"), Look(status=LookStatus.NOT_FOUND)
BLIND = Look(status=LookStatus.CANNOT_LOOK, message="no scope")
STATES = tuple(OutboxState)


def fault(status: SendStatus, said: str = "said") -> Outcome:
    return Outcome(status=status, message=said)


def too_fast(seconds: float) -> Outcome:
    return Outcome(
        status=SendStatus.NOT_SENT, attempted=False, retry_after=dt.timedelta(seconds=seconds), message="too fast"
    )


@dataclass
class Script:
    """A sink that answers as it is told, and well when nothing is told. Keeps what it was given, with the time."""

    clock: Clock
    answers: list[Outcome] = field(default_factory=list)
    looks: list[Look] = field(default_factory=list)
    broken: dict[str, Outcome] = field(default_factory=dict)
    calls: list[tuple[str, str, OutboxId]] = field(default_factory=list)
    sent: list[tuple[float, str, str]] = field(default_factory=list)
    edits: list[Outcome] = field(default_factory=list)
    edited: list[tuple[float, str, str]] = field(default_factory=list)
    number: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def render(self, alert: Alert, tz: dt.tzinfo) -> str:
        return f"{alert.kind.value}: {'; '.join(alert.news)}"

    def send(self, row: OutboxRow, thread: Thread | None) -> Outcome:
        self.calls.append(("send", row.alert.destination, row.id))
        told = self.broken.get(row.alert.destination) or (self.answers.pop(0) if self.answers else None)
        if told is not None:
            return told
        name = f"{next(self.number):06d}.0"
        self.sent.append((self.clock.passed, row.alert.destination, row.payload))
        return Outcome(status=SendStatus.SENT, remote_id=name, root=thread.root if thread else name)

    def look(self, row: OutboxRow, thread: Thread | None, channel: Channel) -> Look:
        self.calls.append(("look", row.alert.destination, row.id))
        return self.looks.pop(0) if self.looks else NOTHING

    def edit(self, row: OutboxRow) -> Outcome:
        self.calls.append(("edit", row.alert.destination, row.id))
        told = self.edits.pop(0) if self.edits else None
        if told is None:
            self.edited.append((self.clock.passed, row.remote_id, row.payload))
        return told or Outcome(status=SendStatus.SENT, remote_id=row.remote_id)

    def check(self, destinations: object) -> tuple[str, ...]:
        return ()


@dataclass
class Clock:
    """Time that passes only where somebody sleeps."""

    passed: float = 0.0

    def sleep(self, seconds: float) -> bool:
        self.passed += seconds
        return False

    def monotonic(self) -> float:
        return self.passed


@dataclass
class World:
    """A store, a scripted sink and a clock, with a delivery over them."""

    store: SqlStore
    policy: Policy
    clock: Clock = field(default_factory=Clock)
    stories: dict[int, StoryId] = field(default_factory=dict)
    rng: random.Random = field(default_factory=lambda: random.Random(1))

    def __post_init__(self) -> None:
        self.sink = Script(self.clock)
        self.sinks: dict[str, Sink] = {"slack": self.sink, "console": self.sink}

    def deliver(self, minutes: float = 0, seconds: float = 0, **options: Any) -> Report:
        """One call at so long after ``NOW``, by a delivery that remembers nothing but the store."""
        self.clock.passed = start = minutes * 60 + seconds
        return self.delivery().deliver(NOW + dt.timedelta(seconds=start), **options)

    def delivery(self) -> Delivery:
        """A delivery as a start makes it."""
        return Delivery(
            self.store,
            self.sinks,
            self.policy,
            sleep=self.clock.sleep,
            monotonic=self.clock.monotonic,
            rng=self.rng,
        )

    def wake_at(self, seconds: float = 0) -> dt.datetime | None:
        return Delivery(self.store, self.sinks, self.policy).wake_at(NOW + dt.timedelta(seconds=seconds))

    def queue(
        self, *news: str, story: int | None = 1, place: Destination = HERE, state: OutboxState = OutboxState.PENDING,
        due: float = 0, expires: float | None = None, digest: bool = False, **fields: Any,
    ) -> OutboxId:  # fmt: skip
        """A row that is due so many seconds after ``NOW``."""
        with self.store.begin() as tx:
            if story is not None and story not in self.stories:
                self.stories[story] = tx.open_story(make.numbered(story), make.assignment(), make.profile())
            number = len(tx.outbox(states=STATES)) + 1
            alert = make.alert(
                place,
                story=None if story is None else self.stories[story],
                developments=(DevelopmentId(number),),
                news=news or (f"news {number}",),
                **fields,
            )
            row = tx.enqueue(
                alert,
                dedup_key=f"key-{number}",
                state=state,
                due_at=NOW + dt.timedelta(seconds=due),
                now=NOW,
                expires_at=None if expires is None else NOW + dt.timedelta(seconds=expires),
                digest=digest,
            )
        assert row is not None
        return row

    def rows(self) -> list[OutboxRow]:
        with self.store.read() as tx:
            return list(tx.outbox(states=STATES))

    def states(self) -> list[str]:
        return [row.state.value for row in self.rows()]

    def channel(self, place: Destination = HERE) -> Channel:
        with self.store.read() as tx:
            return tx.channel(place)

    def thread(self, story: int = 1, place: Destination = HERE) -> Thread | None:
        with self.store.read() as tx:
            return tx.thread(place, self.stories[story])

    def said(self) -> list[str]:
        return [payload for _, _, payload in self.sink.sent]
