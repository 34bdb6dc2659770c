"""What was told of late and how well: the figures of delivery and of the alerts' quality, counted from what is stored.

It never writes and never judges: labels are judged by ``evaluation``. Each question goes by an index.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select

from monitor.entities import AlertKind, AlertReason, Destination, LabelKind, OutboxRow, OutboxState
from monitor.evaluation import Score, score
from monitor.store import labels as labelling
from monitor.store import tables as t
from monitor.store.outbox import LONGEST_LIFE, outbox_row_of
from monitor.store.sql import SqlStore

NEWS = frozenset({AlertKind.STORY, AlertKind.DEVELOPMENT})
"""Kinds that tell a development as soon as it may be told; a digest waits for its hour on purpose."""
BUTTON, COMMAND = "button", "command"
_PRESSED = re.compile(r"(?:^|\()[UW][A-Z0-9]+\)?$")
"""Whoever pressed a button is named by a Slack id, alone or after a name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """The alerts of one period. ``latency`` is from a development's first sight to its message, in order.

    ``tellings`` of developments and how many ``distinct`` ones they were: each should be told once to a destination.
    """

    sent: Mapping[tuple[Destination, AlertKind], int]
    broadcasts: Mapping[Destination, int]
    digest_items: Mapping[Destination, int]
    tellings: Mapping[Destination, int]
    distinct: Mapping[Destination, int]
    latency: tuple[dt.timedelta, ...]
    edits_due: Mapping[Destination, int]
    developments: Mapping[AlertReason, int]
    muted: int
    buttons: tuple[str, dt.datetime] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What readers said in one period: labels by kind and by the way they came, and what they come to."""

    labels: Mapping[tuple[LabelKind, str], int]
    score: Score


def telling(store: SqlStore, *, now: dt.datetime, since: dt.datetime) -> Telling:
    """What went out since then, and what waits to be edited now."""
    box, development = t.outbox.c, t.development.c
    # What was sent was made not long before: the index on ``created_at`` leads to it.
    sent_query = select(t.outbox).where(
        box.created_at >= since - LONGEST_LIFE, box.state == OutboxState.SENT, box.sent_at >= since
    )
    edits_query = (
        select(box.destination, func.count().label("edits"))
        .where(box.edit_due_at.is_not(None), box.state == OutboxState.SENT)
        .group_by(box.destination)
    )
    reasons_query = (
        select(development.alert, func.count().label("developments"))
        .where(development.at >= since)
        .group_by(development.alert)
    )
    muted_query = select(func.count()).where(t.story.c.muted_until > now)
    with store.read() as tx:
        db = tx.connection
        rows = [outbox_row_of(row) for row in db.execute(sent_query)]
        edits = {Destination(row.destination): row.edits for row in db.execute(edits_query)}
        reasons = {row.alert: row.developments for row in db.execute(reasons_query)}
        muted, buttons = db.scalar(muted_query) or 0, tx.buttons()
    told = _told(rows)
    return Telling(
        sent=Counter((row.alert.destination, row.alert.kind) for row in rows),
        broadcasts=Counter(row.alert.destination for row in rows if row.broadcast),
        digest_items=Counter(row.alert.destination for row in rows for _ in row.alert.items),
        tellings={place: len(each) for place, each in told.items()},
        distinct={place: len(set(each)) for place, each in told.items()},
        latency=tuple(
            sorted(row.sent_at - row.created_at for row in rows if row.alert.kind in NEWS and row.sent_at is not None)
        ),
        edits_due=edits,
        developments={reason: reasons.get(reason.value, 0) for reason in AlertReason},
        muted=muted,
        buttons=buttons,
    )


def judged(store: SqlStore, *, since: dt.datetime) -> Judged:
    """What readers said since then, and what it comes to for the entries first seen since then."""
    query = (
        select(t.label.c.label, t.label.c.by, func.count().label("labels"))
        .where(t.label.c.at >= since)
        .group_by(t.label.c.label, t.label.c.by)
    )
    counts: Counter[tuple[LabelKind, str]] = Counter()
    with store.read() as tx:
        for row in tx.connection.execute(query):
            counts[LabelKind(row.label), BUTTON if _PRESSED.search(row.by) else COMMAND] += row.labels
        entries = labelling.labelled(tx, since, None)
    return Judged(
        labels={(kind, way): counts[kind, way] for kind in LabelKind for way in (BUTTON, COMMAND)},
        score=score("all", entries),
    )


def quantile(found: Sequence[dt.timedelta], share: float) -> dt.timedelta:
    """The smallest of these (in order) that so large a share of them do not exceed."""
    return found[max(0, math.ceil(share * len(found)) - 1)]


def _told(rows: Sequence[OutboxRow]) -> dict[Destination, list[int]]:
    told: dict[Destination, list[int]] = {}
    for row in rows:
        if row.alert.developments:
            told.setdefault(row.alert.destination, []).extend(row.alert.developments)
    return told
