"""Incidents: what was wrong with a feed, from its first to its last day.

It never decides what is wrong: it keeps what ``incidents`` said.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import insert, select, update

from monitor.entities import Complaint, FeedId, Incident, IncidentId
from monitor.store import tables as t
from monitor.store.codec import Codec
from monitor.store.session import Part, new_id

COLUMNS = ("id", "feed_id", "kind", "opened_at", "updated_at", "closed_at")
INCIDENT = Codec(Incident, columns=COLUMNS)


class IncidentQueries(Part):
    """The incident side of a transaction."""

    def incidents(
        self, *, open_only: bool = True, feed: FeedId | None = None, limit: int | None = None
    ) -> Sequence[Incident]:
        """Incidents, the latest opened first; all of them without a limit, as a review needs the open ones."""
        query = select(t.incident).order_by(t.incident.c.opened_at.desc(), t.incident.c.id.desc()).limit(limit)
        if open_only:
            query = query.where(t.incident.c.closed_at.is_(None))
        if feed is not None:
            query = query.where(t.incident.c.feed_id == feed)
        return [
            INCIDENT.load(row.incident, **{name: getattr(row, name) for name in COLUMNS})
            for row in self._db.execute(query)
        ]

    def open_incident(self, feed: FeedId | None, complaint: Complaint, now: dt.datetime) -> IncidentId:
        """A new incident."""
        fresh = Incident(
            id=IncidentId(0), feed_id=feed, kind=complaint.kind, sentence=complaint.sentence, opened_at=now,
            updated_at=now, told=complaint.told,
        )  # fmt: skip
        return IncidentId(new_id(self._db.execute(insert(t.incident), _row(fresh))))

    def save_incident(self, incident: Incident) -> None:
        """Write an incident that moved or closed."""
        self._db.execute(update(t.incident).where(t.incident.c.id == incident.id).values(**_row(incident)))


def _row(incident: Incident) -> dict[str, object]:
    row: dict[str, object] = {name: getattr(incident, name) for name in COLUMNS if name != "id"}
    return {**row, "kind": incident.kind.value, "incident": INCIDENT.dump(incident)}
