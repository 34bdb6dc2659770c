"""The outbox, threads and channels: alerts on their way.

It never sends and never decides a state: it keeps each row until the end of time, so that nothing is told twice.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from sqlalchemy import bindparam, case, func, or_, select, update

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
from monitor.store.session import Part, among, inserting, on_both
from monitor.store.types import EPOCH

ALERT = Codec(Alert)
THREAD = Codec(Thread)
CHANNEL = Codec(Channel)

OPEN = (OutboxState.HELD, OutboxState.PENDING, OutboxState.SENDING, OutboxState.UNKNOWN)
OPEN_OR_SENT = (OutboxState.PENDING, OutboxState.SENDING, OutboxState.UNKNOWN, OutboxState.SENT)

BOX = t.outbox.c
ROOTS = select(t.thread.c.root_outbox).where(t.thread.c.story_id == bindparam("story"))
_FIRST = (  # one a destination: a story that moves all day has dozens that wait, and each is a whole alert to read
    select(func.min(BOX.id))
    .where(BOX.story_id == bindparam("story"), or_(*(BOX.state == state for state in OPEN)), BOX.digest.is_(False))
    .group_by(BOX.destination)
)
WAITING = select(t.outbox).where(BOX.id.in_(_FIRST))
STANDING = on_both(lambda dialect: select(t.outbox).where(among(BOX.id, dialect)))
LAST_ALERT = select(func.max(func.coalesce(BOX.sent_at, BOX.due_at), type_=BOX.due_at.type).label("moment")).where(
    BOX.story_id == bindparam("story"),
    BOX.destination == bindparam("to"),
    or_(*(BOX.state == state for state in OPEN_OR_SENT)),
)
QUEUED = on_both(
    lambda dialect: (
        inserting(t.outbox, dialect).on_conflict_do_nothing(index_elements=["dedup_key"]).returning(t.outbox.c.id)
    )
)
REWRITE = update(t.outbox).where(BOX.id == bindparam("at_id")).values(alert=bindparam("alert"))
_DUE = bindparam("due", type_=BOX.edit_due_at.type)
REWRITE_DUE = REWRITE.values(edit_due_at=case((BOX.edit_due_at < _DUE, BOX.edit_due_at), else_=_DUE))

LONGEST_LIFE = dt.timedelta(days=30)
"""No row waits longer than this before it is sent (``alerts.expires`` is days): it bounds a search by an index."""


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
        digest: bool = False,
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
            "digest": digest,
            "remote_id": "",
            "error": "",
            "alert": ALERT.dump(alert),
        }
        queued = self._ask(QUEUED[self._session.dialect], row)
        return OutboxId(queued[0][0]) if queued else None

    def outbox(
        self, *, states: Sequence[OutboxState], destination: Destination | None = None, limit: int = 1000
    ) -> Sequence[OutboxRow]:
        """Rows in these states, oldest first.

        Their ids come first, from the index alone: SQLite, which knows that most rows are in one state and not in
        which, would else read every row that was ever sent, each second.
        """
        there = t.outbox.alias()
        ids = select(there.c.id).where(there.c.state.in_(states))
        query = select(t.outbox).where(t.outbox.c.id.in_(ids)).order_by(t.outbox.c.id).limit(limit)
        if destination is not None:
            query = query.where(t.outbox.c.destination == destination)
        return [outbox_row_of(row) for row in self._db.execute(query)]

    def outbox_row(self, row: OutboxId, *, lock: bool = False) -> OutboxRow | None:
        """One row by id. ``lock``: nobody else changes it until this transaction ends."""
        query = select(t.outbox).where(t.outbox.c.id == row)
        found = self._db.execute(query.with_for_update() if lock else query).one_or_none()
        return None if found is None else outbox_row_of(found)

    def roots(self, story: StoryId) -> Sequence[OutboxRow]:
        """The message of this story at each destination: the root that stands there, or the one that waits to."""
        asked = {"story": story}
        standing = {root for (root,) in self._ask(ROOTS, asked)}
        rows = list(self._rows(WAITING, asked))
        if standing:
            rows += self._rows(STANDING[self._session.dialect], {"values": self._session.values(standing)})
        found: dict[str, Any] = {}
        for row in sorted(rows, key=lambda each: each.id):
            held = found.get(row.destination)
            if held is None or (row.id in standing and held.id not in standing):
                found[row.destination] = row
        return [outbox_row_of(row) for row in found.values()]

    def rewrite(self, row: OutboxId, alert: Alert, *, edit_due_at: dt.datetime | None = None) -> None:
        """Another text for a row. Where its message stands already, it is edited at ``edit_due_at`` (or sooner)."""
        asked = {"at_id": row, "alert": ALERT.dump(alert)}
        if edit_due_at is None:
            self._do(REWRITE, asked)
        else:
            self._do(REWRITE_DUE, {**asked, "due": edit_due_at})

    def edits_due(self) -> Sequence[OutboxRow]:
        """Of each destination the sent row whose message is to be edited first, whenever that is."""
        box = t.outbox.c
        turn = func.row_number().over(partition_by=box.destination, order_by=(box.edit_due_at, box.id))
        waits = (
            select(box.id, turn.label("turn"))
            # Said so that both databases go by the few rows with a time, and not by the state that most rows have.
            .where(box.edit_due_at >= EPOCH, box.state.concat("") == OutboxState.SENT, box.remote_id != "")
            .subquery()
        )
        firsts = select(waits.c.id).where(waits.c.turn == 1)
        return [outbox_row_of(row) for row in self._db.execute(select(t.outbox).where(box.id.in_(firsts)))]

    def edited(self, row: OutboxRow, *, again_at: dt.datetime | None = None) -> None:
        """An edit ended: the row keeps its payload and is due no more, or again then.

        Where the alert was rewritten while the edit was on its way, the row stays due: what was said is old already.
        """
        box = t.outbox.c
        held = self._db.execute(select(t.outbox).where(box.id == row.id).with_for_update()).one_or_none()
        if held is None:
            return
        due = again_at if ALERT.load(held.alert) == row.alert else held.edit_due_at
        ended = update(t.outbox).where(box.id == row.id)
        self._db.execute(ended.values(edit_due_at=due, payload=row.payload, plain=row.plain, error=row.error))

    def sent_since(self, destination: Destination, since: dt.datetime) -> Sequence[OutboxRow]:
        """Rows that went out here from then on (or are on their way), oldest first: what a breaker counts."""
        box = t.outbox.c
        moment = func.coalesce(box.sent_at, box.due_at)
        query = (
            select(t.outbox)
            .where(box.destination == destination, box.state.in_(OPEN_OR_SENT), box.created_at >= since - LONGEST_LIFE)
            .where(moment >= since)
            .order_by(box.id)
        )
        return [outbox_row_of(row) for row in self._db.execute(query)]

    def unlisted(self, since: dt.datetime) -> Sequence[OutboxRow]:
        """Rows created since then that expired unsent and stand in no digest yet, oldest first."""
        box = t.outbox.c
        query = (
            select(t.outbox)
            .where(box.state == OutboxState.EXPIRED, box.merged_into.is_(None), box.created_at >= since)
            .order_by(box.id)
        )
        return [outbox_row_of(row) for row in self._db.execute(query)]

    def doubt(self, now: dt.datetime) -> int:
        """Let every open row be looked up before it is sent: another copy of this database may have told it."""
        open_rows = update(t.outbox).where(t.outbox.c.state.in_(OPEN))
        return self._db.execute(open_rows.values(state=OutboxState.UNKNOWN, looks=0, due_at=now)).rowcount

    def outbox_of(self, dedup_key: str) -> OutboxRow | None:
        """The row of this key, whatever became of it."""
        found = self._db.execute(select(t.outbox).where(t.outbox.c.dedup_key == dedup_key)).one_or_none()
        return None if found is None else outbox_row_of(found)

    def update_outbox(self, row: OutboxRow) -> None:
        """Write back a row's state and all that goes with it.

        Its key and its times of creation and expiry never change; the alert itself does by ``rewrite`` alone, and the
        time of its edit by ``rewrite`` and ``edited``.
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
                digest=row.digest,
                broadcast=row.broadcast,
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
        found: dt.datetime | None = self._rows(LAST_ALERT, {"story": story, "to": destination})[0].moment
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
        digest=row.digest,
        broadcast=row.broadcast,
        edit_due_at=row.edit_due_at,
    )
