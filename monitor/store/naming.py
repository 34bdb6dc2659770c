"""What an id, a key or a URL names.

It never writes and never decides.
"""

from __future__ import annotations

import re

from sqlalchemy import Connection, select

from monitor.entities import EntryId
from monitor.store import tables as t
from monitor.store.outbox import outbox_row_of

REF = re.compile(r"(?P<kind>[easdo])(?P<id>[0-9]{1,18})")
"""A short id as alerts show it: entry, article, story, development, outbox row."""


def short(ref: str) -> tuple[str, int] | None:
    """The kind and number of a short id; None: it is none."""
    found = REF.fullmatch(ref)
    return None if found is None else (found["kind"], int(found["id"]))


def entries_named(db: Connection, ref: str) -> list[EntryId]:
    """The entries that an id, a key or a URL names."""
    named = short(ref)
    if named is not None:
        return _entries_of(db, *named)
    from monitor.clean.urls import identity  # here: the status needs none of the cleaner

    keys = select(t.entry_key.c.entry_id).where(t.entry_key.c.key.in_([ref, f"url:{ref}", f"url:{identity(ref)}"]))
    urls = select(t.entry.c.id).where(t.entry.c.url == ref)
    return [EntryId(entry) for entry in sorted(set(db.scalars(keys)) | set(db.scalars(urls)))]


def _entries_of(db: Connection, kind: str, number: int) -> list[EntryId]:
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
            found = db.execute(select(t.outbox).where(t.outbox.c.id == number)).one_or_none()
            row = None if found is None else outbox_row_of(found)
            told = row.alert.developments if row else ()
            query = articles.where(
                t.article.c.id.in_(select(t.development.c.article_id).where(t.development.c.id.in_(told)))
            )
            if row is not None and not told and row.alert.story is not None:
                query = articles.where(t.article.c.story_id == row.alert.story)
    return [EntryId(entry) for entry in db.scalars(query)]
