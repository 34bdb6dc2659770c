"""What a metrics page counts, each by an index: it is asked every few seconds, of tables that only grow.

It never writes and never decides, and it names no entry: figures alone.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import func, select

from monitor.entities import FeedId, FeedState, IncidentKind, Verdict
from monitor.store import tables as t
from monitor.store.sql import SqlStore

# The verdicts are named, so that each is a range of the index on verdict and first sight, and not the whole table.
_VERDICTS = (
    select(t.entry.c.verdict, func.count().label("entries"))
    .where(t.entry.c.verdict.in_([verdict.value for verdict in Verdict]))
    .group_by(t.entry.c.verdict)
)
_INCIDENTS = (
    select(t.incident.c.kind, func.count().label("incidents"))
    .where(t.incident.c.closed_at.is_(None))
    .group_by(t.incident.c.kind)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Counts of one moment. What was never seen counts 0."""

    beats: Mapping[str, dt.datetime]
    states: Mapping[FeedId, FeedState]
    incidents: Mapping[IncidentKind, int]
    verdicts: Mapping[Verdict, int]


def count(store: SqlStore, *, since: dt.datetime) -> Figures:
    """The figures of now; verdicts are of the entries first seen since then."""
    with store.read() as tx:
        db = tx.connection
        verdicts = {row.verdict: row.entries for row in db.execute(_VERDICTS.where(t.entry.c.first_seen_at >= since))}
        incidents = {row.kind: row.incidents for row in db.execute(_INCIDENTS)}
        return Figures(
            beats=tx.beats(),
            states=tx.feed_states(),
            incidents={kind: incidents.get(kind.value, 0) for kind in IncidentKind},
            verdicts={verdict: verdicts.get(verdict.value, 0) for verdict in Verdict},
        )
