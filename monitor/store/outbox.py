"""The outbox, threads and channels: alerts on their way.

It never sends and never decides a state: it keeps each row until the end of time, so that nothing is told twice.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select, update

from monitor.entities import (
    Alert,
    Channel,
    Destination,
    OutboxId,
    OutboxRow,
    OutboxState,
    StoryId,
    Thread,
)
from monitor.errors import StoreError
from monitor.store import tables as t
from monitor.store.codec import Codec
from monitor.store.session import Part

ALERT = Codec(Alert)
THREAD = Codec(Thread)
CHANNEL = Codec(Channel)

OPEN_OR_SENT = (OutboxState.PENDING, OutboxState.SENDING, OutboxState.UNKNOWN, OutboxState.SENT)


class OutboxQueries(Part):
    """The delivery side of a transaction."""

    def enqueue(
        self,
        alert: Alert,
        *,
        dedup_key: str,
        state: OutboxState,
        due_at: dt.datetime,
        now: dt.datetime,
        expires_at: dt.datetime | None = None,
        payload: str = "",
    ) -> OutboxId | None:
        """A new row, or None where a row of this key stands already (it is never sent twice)."""
        row = {
            "destination": alert.destination,
            "story_id": alert.story,
            "dedup_key": dedup_key,
            "state": state,
            "created_at": now,
            "due_at": due_at,
            "expires_at": expires_at,
            "payload": payload,
            "remote_id": "",
            "error": "",
            "alert": ALERT.dump(alert),
        }
        queued = (
            self._session.insert(t.outbox).on_conflict_do_nothing(index_elements=["dedup_key"]).returning(t.outbox.c.id)
        )
        row_id = self._db.execute(queued, row).scalar_one_or_none()
        return None if row_id is None else OutboxId(row_id)

    def outbox(
        self, *, states: Sequence[OutboxState], destination: Destination | None = None, limit: int = 1000
    ) -> Sequence[OutboxRow]:
        """Rows in these states, oldest first."""
        query = select(t.outbox).where(t.outbox.c.state.in_(states)).order_by(t.outbox.c.id).limit(limit)
        if destination is not None:
            query = query.where(t.outbox.c.destination == destination)
        return [outbox_row_of(row) for row in self._db.execute(query)]

    def outbox_row(self, row: OutboxId) -> OutboxRow | None:
        """One row by id."""
        found = self._db.execute(select(t.outbox).where(t.outbox.c.id == row)).one_or_none()
        return None if found is None else outbox_row_of(found)

    def update_outbox(self, row: OutboxRow) -> None:
        """Write back a row's state and all that goes with it.

        The alert itself, its key and its times of creation and expiry never change.
        """
        changed = (
            update(t.outbox)
            .where(t.outbox.c.id == row.id)
            .values(
                state=row.state,
                payload=row.payload,
                plain=row.plain,
                attempts=row.attempts,
                looks=row.looks,
                due_at=row.due_at,
                claimed_at=row.claimed_at,
                sent_at=row.sent_at,
                remote_id=row.remote_id,
                error=row.error,
                merged_into=row.merged_into,
            )
        )
        if self._db.execute(changed).rowcount == 0:
            raise StoreError(f"outbox row o{row.id} is not there to be written back")

    def thread(self, destination: Destination, story: StoryId) -> Thread | None:
        """The living thread of a story, if its root was posted."""
        thread = t.thread.c
        raw = self._db.scalar(select(thread.thread).where(thread.destination == destination, thread.story_id == story))
        return None if raw is None else THREAD.load(raw)

    def save_thread(self, thread: Thread) -> None:
        """Remember (or re-root) a thread."""
        row = {
            "destination": thread.destination,
            "story_id": thread.story,
            "root_outbox": thread.root_outbox,
            "thread": THREAD.dump(thread),
        }
        self._session.upsert(t.thread, row, key=["destination", "story_id"])

    def channel(self, destination: Destination) -> Channel:
        """What we remember of a destination (a fresh one if nothing)."""
        raw = self._db.scalar(select(t.channel.c.channel).where(t.channel.c.destination == destination))
        return Channel(destination=destination) if raw is None else CHANNEL.load(raw)

    def save_channel(self, channel: Channel) -> None:
        """Write a destination's state."""
        row = {"destination": channel.destination, "channel": CHANNEL.dump(channel)}
        self._session.upsert(t.channel, row, key=["destination"])

    def last_alert_at(self, destination: Destination, story: StoryId) -> dt.datetime | None:
        """When a row of this story was last sent or queued to send there (pending, sending, unknown, sent).

        A row that is not sent yet counts at the moment it is due.
        """
        box = t.outbox.c
        moment = func.max(func.coalesce(box.sent_at, box.due_at), type_=box.due_at.type)
        query = select(moment).where(box.story_id == story, box.destination == destination, box.state.in_(OPEN_OR_SENT))
        found: dt.datetime | None = self._db.scalar(query)
        return found


def outbox_row_of(row: Any) -> OutboxRow:
    """An outbox row as an entity."""
    return OutboxRow(
        id=OutboxId(row.id),
        alert=ALERT.load(row.alert),
        dedup_key=row.dedup_key,
        state=OutboxState(row.state),
        created_at=row.created_at,
        due_at=row.due_at,
        payload=row.payload,
        plain=row.plain,
        attempts=row.attempts,
        looks=row.looks,
        claimed_at=row.claimed_at,
        sent_at=row.sent_at,
        expires_at=row.expires_at,
        remote_id=row.remote_id,
        error=row.error,
        merged_into=None if row.merged_into is None else OutboxId(row.merged_into),
    )
