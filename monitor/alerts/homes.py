"""Whether a database is still the one that sent our alerts last: not moved, not a copy, not an older backup.

It never sends and never decides what follows: it lets open rows be looked up before they are sent, and says what it
found. What two daemons on a database and on its copy do: ``docs/delivery.md``.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from monitor.alerts.marks import mark
from monitor.entities import Channel, Destination, OutboxId
from monitor.ports import OutboxTx, Store

INSTANCE, HOME, DOUBTED = "instance", "home", "doubted"
"""Remarks about a database: its name in every message's metadata, where it lay when it last started, and that it moved
or fell behind, until whoever started it has written down what follows from that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A message that a database of this name once posted: the row it was, and the row's mark."""

    row: OutboxId
    mark: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Recalled:
    """What a sink holds of ours since the last message it confirmed; ``trouble`` says why it could not be asked.

    ``silent``: it answers nobody now, so that to ask for another destination would be one more wait for nothing.
    """

    told: tuple[Told, ...] = ()
    trouble: str = ""
    silent: bool = False


@runtime_checkable
class Recalling(Protocol):
    """A sink whose messages name the database that sent them, and that can be asked for them."""

    instance: str

    def recall(self, channel: Channel, instance: str, now: dt.datetime) -> Recalled:
        """Our messages there since the last one that was confirmed to us."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """What a start found out. ``moved``: the database lies elsewhere than when it last started.

    ``behind`` are the destinations that hold messages of this database of which it knows nothing: it is an older copy
    of itself. In both cases ``doubted`` open rows are looked up before they are sent. ``unsure`` could not be asked.
    """

    moved: bool = False
    behind: tuple[Destination, ...] = ()
    doubted: int = 0
    unsure: Mapping[Destination, str] = field(default_factory=dict)


def arrive(
    store: Store,
    recalling: Mapping[str, Recalling],
    places: Sequence[Destination],
    now: dt.datetime,
    *,
    rng: random.Random,
) -> Arrival:
    """Look round at a start, before anything is sent, and let the sinks know the database's name.

    A database that moved or fell behind gets a new name: what the other copy sends from now on is not ours. A start
    that was killed before it drew its conclusions finds out the same again.
    """
    home = store.home()
    with store.read() as tx:
        instance, before, doubted_before = tx.meta(INSTANCE), tx.meta(HOME), bool(tx.meta(DOUBTED))
        channels = [tx.channel(place) for place in places]
    moved = doubted_before or (before is not None and before != home)
    behind, unsure = _look_round(store, recalling, channels if instance else (), instance or "", now)
    if instance is None or moved or behind:
        instance = f"{rng.getrandbits(64):016x}"
    with store.begin(exclusive=False) as tx:
        tx.set_meta(INSTANCE, instance)
        tx.set_meta(HOME, home)
        if moved or behind:
            tx.set_meta(DOUBTED, "yes")
        doubted = tx.doubt(now) if moved or behind else 0
    for sink in recalling.values():
        sink.instance = instance
    return Arrival(moved=moved, behind=behind, doubted=doubted, unsure=unsure)


def settle(tx: OutboxTx) -> None:
    """In the transaction that draws the conclusions: the next start is an ordinary one."""
    if tx.meta(DOUBTED):
        tx.set_meta(DOUBTED, "")


def _look_round(
    store: Store, recalling: Mapping[str, Recalling], channels: Iterable[Channel], instance: str, now: dt.datetime
) -> tuple[tuple[Destination, ...], dict[Destination, str]]:
    """The destinations that know more than we do, and those that could not be asked."""
    behind: list[Destination] = []
    unsure: dict[Destination, str] = {}
    silent: dict[str, Recalled] = {}
    for channel in channels:
        place, name = channel.destination, channel.destination.partition(":")[0]
        if name not in recalling:
            continue
        recalled = silent.get(name) or recalling[name].recall(channel, instance, now)
        if recalled.silent:
            silent[name] = recalled
        if recalled.trouble:
            unsure[place] = recalled.trouble
        elif _strange(store, recalled.told):
            behind.append(place)
    return tuple(behind), unsure


def _strange(store: Store, told: Iterable[Told]) -> bool:
    """Whether one of these messages is of a row that is not here."""
    with store.read() as tx:
        rows = [(one, tx.outbox_row(one.row)) for one in told]
    return any(row is None or mark(row) != one.mark for one, row in rows)
