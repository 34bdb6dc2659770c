"""What an id, a key or a URL names, and everything that hangs on one entry.

It never writes and never decides.
"""

from __future__ import annotations

import re

from sqlalchemy import or_, select

from monitor.entities import DevelopmentId, EntryId, OutboxId
from monitor.store import rows
from monitor.store import tables as t
from monitor.store.entries import ACCOUNT_WHOLE, account_of
from monitor.store.labels import labels
from monitor.store.shown import Explanation, RevisionView
from monitor.store.sql import SqlTx

REF = re.compile(r"(?P<kind>[easdo])(?P<id>[0-9]{1,18})")
"""A short id as alerts show it: entry, article, story, development, outbox row."""


def entries_named(tx: SqlTx, ref: str) -> list[EntryId]:
    """The entries that an id, a key or a URL names."""
    short = REF.fullmatch(ref)
    if short is not None:
        return _entries_of(tx, short["kind"], int(short["id"]))
    from monitor.clean.urls import identity  # here: the status needs none of the cleaner

    keys = select(t.entry_key.c.entry_id).where(t.entry_key.c.key.in_([ref, f"url:{ref}", f"url:{identity(ref)}"]))
    urls = select(t.entry.c.id).where(t.entry.c.url == ref)
    return [EntryId(entry) for entry in sorted(set(tx.connection.scalars(keys)) | set(tx.connection.scalars(urls)))]


def _entries_of(tx: SqlTx, kind: str, number: int) -> list[EntryId]:
    """The entries behind a short id, oldest first."""
    articles = select(t.article.c.entry_id).order_by(t.article.c.published_at, t.article.c.id)
    match kind:
        case "e":
            query = select(t.entry.c.id).where(t.entry.c.id == number)
        case "a":
            query = articles.where(t.article.c.id == number)
        case "s":
            query = articles.where(t.article.c.story_id == number)
        case "d":
            query = articles.join(t.development).where(t.development.c.id == number)
        case _:
            row = tx.outbox_row(OutboxId(number))
            told = row.alert.developments if row else ()
            query = articles.where(
                t.article.c.id.in_(select(t.development.c.article_id).where(t.development.c.id.in_(told)))
            )
            if row is not None and not told and row.alert.story is not None:
                query = articles.where(t.article.c.story_id == row.alert.story)
    return [EntryId(entry) for entry in tx.connection.scalars(query)]


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
