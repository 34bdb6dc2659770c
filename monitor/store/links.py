"""Aggregators' links and where they lead: what is still to be found out, and what was.

It never follows a link: ``sources.http`` does, and what it found is written down here.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import and_, bindparam, false, func, or_, select

from monitor.store import tables as t
from monitor.store.session import Part, inserting, on_both
from monitor.store.types import Words

ATTEMPTS = 5
"""Failures after which a link stays as it is: the aggregator's own page is then all there is."""
PAUSES = tuple(dt.timedelta(minutes=10) * 4**number for number in range(ATTEMPTS - 1))
"""Before each further try: 10 minutes, 40, and so on to 11 hours, so that a day's outage of Google is outlived."""
LOOKS_BACK = dt.timedelta(days=14)
"""How old an article may be: nobody is told of an older one."""

LINK = select(t.link.c.target).where(t.link.c.url == bindparam("link"))
ALIAS = on_both(
    lambda dialect: (
        inserting(t.entry_key, dialect)
        .from_select(
            ["key", "entry_id"],
            select(bindparam("key", type_=Words), t.entry.c.id)
            .where(t.entry.c.url == bindparam("link"))
            .order_by(t.entry.c.id)
            .limit(1),
        )
        .on_conflict_do_nothing()
    )
)


class LinkQueries(Part):
    """The side of a transaction that knows where links lead."""

    def links_wanted(self, now: dt.datetime, *, stubs: Sequence[str], limit: int = 20) -> Sequence[str]:
        """Links of on-beat articles that begin like one of ``stubs`` and lead nobody knows where, the latest first.

        One that failed is asked again after a pause that grows, and after so many failures no more.
        """
        due = [
            and_(t.link.c.attempts == number, t.link.c.asked_at <= now - pause)
            for number, pause in enumerate(PAUSES, start=1)
        ]
        query = (
            select(t.entry.c.url)
            .join_from(t.article, t.entry)
            .outerjoin(t.link, t.link.c.url == t.entry.c.url)
            .where(t.article.c.published_at > now - LOOKS_BACK)
            .where(or_(false(), *(t.entry.c.url.startswith(stub, autoescape=True) for stub in stubs)))
            .where(or_(t.link.c.url.is_(None), and_(t.link.c.target == "", or_(*due))))
            .group_by(t.entry.c.url)
            .order_by(func.max(t.entry.c.first_seen_at).desc(), t.entry.c.url)
            .limit(limit)
        )
        return list(self._db.scalars(query))

    def save_link(self, url: str, *, target: str, error: str, now: dt.datetime) -> None:
        """Write down where a link leads, or why that is not known. A target once known is not forgotten.

        The entry is then known by its target's key too, so that the publisher's own feed brings it no second time; a
        key that another entry holds stays there.
        """
        row = {"url": url, "target": target, "asked_at": now, "attempts": 1, "error": error}
        fresh = inserting(t.link, self._session.dialect).values(row)
        changed = {
            "target": func.coalesce(func.nullif(fresh.excluded.target, ""), t.link.c.target),
            "asked_at": fresh.excluded.asked_at,
            "attempts": t.link.c.attempts + 1,
            "error": fresh.excluded.error,
        }
        self._db.execute(fresh.on_conflict_do_update(index_elements=["url"], set_=changed))
        from monitor.clean import url_key  # here: commands that follow no link need not load it

        if target and (key := url_key(target)):
            self._db.execute(ALIAS[self._session.dialect], {"key": key, "link": url})

    def link(self, url: str) -> str:
        """Where a link leads; empty where that is not known."""
        return self._db.scalar(LINK, {"link": url}) or ""
