"""Everything that hangs on one entry.

It never writes and never decides.
"""

from __future__ import annotations

from sqlalchemy import or_, select

from monitor.entities import DevelopmentId, EntryId
from monitor.store import rows
from monitor.store import tables as t
from monitor.store.entries import ACCOUNT_WHOLE, account_of
from monitor.store.labels import labels
from monitor.store.shown import Explanation, RevisionView
from monitor.store.sql import SqlTx


def explanation(tx: SqlTx, entry: EntryId) -> Explanation:
    """All rows that hang on an entry."""
    db = tx.connection
    row = db.execute(rows.ENTRIES.where(t.entry.c.id == entry)).one()
    view = rows.entry_view(row)
    keys = db.scalars(select(t.entry_key.c.key).where(t.entry_key.c.entry_id == entry).order_by(t.entry_key.c.key))
    revisions = db.execute(select(t.revision).where(t.revision.c.entry_id == entry).order_by(t.revision.c.number))
    developments = () if view.article is None else rows.developments(tx, t.development.c.article_id == view.article)
    told: set[DevelopmentId] = {shown.development.id for shown in developments}
    about_story = () if view.story is None else rows.alerts(tx, t.outbox.c.story_id == view.story)
    alerts = tuple(row for row in about_story if told.intersection(row.alert.developments))
    refs = [f"e{entry}", *(f"d{number}" for number in told), *(f"o{row.id}" for row in alerts)]
    return Explanation(
        entry=view,
        keys=tuple(keys),
        account=account_of(row),
        thinned=row.account is None,
        article=None if view.article is None else rows.articles(tx, t.article.c.id == view.article)[0],
        revisions=tuple(
            RevisionView(
                number=edit.number,
                at=edit.at,
                title=edit.title,
                text=edit.text,
                content_hash=edit.content_hash,
                account=None if edit.account is None else ACCOUNT_WHOLE.load(edit.account, entry=entry),
            )
            for edit in revisions
        ),
        story=None if view.story is None else rows.one_story(tx, view.story),
        developments=developments,
        alerts=alerts,
        labels=labels(tx, or_(t.label.c.entry_id == entry, t.label.c.ref.in_(refs))),
    )
