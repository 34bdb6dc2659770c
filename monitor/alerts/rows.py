"""The outbox as delivery reads it: queues, rows as they stand now, threads, and the token that channels share.

It never sends and never changes a row; what it writes is where a story's replies go, and how channels are.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from monitor.alerts import outcomes
from monitor.alerts.steps import OPEN
from monitor.entities import Alert, AlertKind, Channel, Destination, OutboxRow, Thread
from monitor.ports import OutboxTx

ROWS = 1000  # read at once; a longer queue is read destination by destination


def open_rows(tx: OutboxTx, places: Iterable[Destination]) -> dict[Destination, list[OutboxRow]]:
    """Open rows by destination, oldest first. One destination's long queue hides no other's."""
    rows = tx.outbox(states=OPEN, limit=ROWS)
    queues: dict[Destination, list[OutboxRow]] = {place: [] for place in places}
    for row in rows:
        queues.setdefault(row.alert.destination, []).append(row)
    if len(rows) < ROWS:
        return queues
    return {
        place: [row for state in OPEN for row in tx.outbox(states=(state,), destination=place, limit=ROWS)]
        for place in queues
    }


def still(tx: OutboxTx, rows: Iterable[OutboxRow]) -> list[OutboxRow]:
    """Those rows that still stand where they stood when they were read, ours now: an operator may drop one."""
    now = [(row, tx.outbox_row(row.id, lock=True)) for row in rows]
    return [held for row, held in now if held is not None and held.state is row.state]


def placed(tx: OutboxTx, alert: Alert, *, told: bool) -> Alert:
    """An alert of a story as what it is at its destination: the first message there, or a reply."""
    if alert.story is None or alert.kind not in {AlertKind.STORY, AlertKind.DEVELOPMENT}:
        return alert
    told = told or tx.thread(alert.destination, alert.story) is not None
    return replace(alert, kind=AlertKind.DEVELOPMENT if told else AlertKind.STORY)


def thread_of(tx: OutboxTx, row: OutboxRow) -> Thread | None:
    return tx.thread(row.alert.destination, row.alert.story) if row.alert.story is not None else None


def save_thread(tx: OutboxTx, row: OutboxRow, thread: Thread | None, root: str) -> None:
    """Remember where a story's replies go: its first message, or the reply that found its root deleted."""
    story = row.alert.story
    if story is None or not root or (thread is not None and thread.root == root):
        return
    tx.save_thread(Thread(destination=row.alert.destination, story=story, root=root, root_outbox=row.id))


def share_token(tx: OutboxTx, state: Channel, places: Iterable[Destination]) -> None:
    """One token serves all destinations of a sink: what one learns of it holds for the others."""
    name = sink_name(state.destination)
    for place in open_rows(tx, places):
        channel = tx.channel(place)
        if place == state.destination or sink_name(place) != name:
            continue
        if state.broken:
            since = channel.broken_since if channel.broken else state.broken_since
            tx.save_channel(replace(channel, broken=state.broken, broken_since=since, not_before=state.not_before))
        elif channel.broken.startswith(outcomes.TOKEN):
            tx.save_channel(replace(channel, broken="", broken_since=None, not_before=None, failures=0))


def sink_name(destination: Destination) -> str:
    return destination.partition(":")[0]
