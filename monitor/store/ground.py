"""New ground in the database: articles of the beat for which no topic was found.

It never says what they have in common: ``monitor.topics.ground`` does.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import exists, func, select

from monitor.entities import Article, ArticleId, Verdict
from monitor.store import tables as t
from monitor.store.entries import ARTICLE
from monitor.store.sql import SqlStore

_SORTED = exists().where(t.topic_match.c.article_id == t.article.c.id, t.topic_match.c.background.is_(False))
_OWN_WORDS = t.entry.c.verdict != Verdict.COPY.value  # a copy would make one text look like a matter of many


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """An article of the beat, and whether it reports on a topic."""

    id: ArticleId
    article: Article
    sorted: bool


def kept(store: SqlStore, *, since: dt.datetime, limit: int) -> tuple[Kept, ...]:
    """The latest articles of the beat in words of their own, newest first."""
    query = (
        select(t.article.c.id, t.article.c.title, t.article.c.text, t.article.c.article, _SORTED.label("sorted"))
        .join(t.entry)
        .where(t.article.c.published_at >= since, _OWN_WORDS)
        .order_by(t.article.c.published_at.desc(), t.article.c.id.desc())
        .limit(limit)
    )
    with store.read() as tx:
        return tuple(
            Kept(
                id=ArticleId(row.id),
                article=ARTICLE.load(row.article, title=row.title, text=row.text),
                sorted=bool(row.sorted),
            )
            for row in tx.connection.execute(query)
        )


def unsorted(store: SqlStore, *, since: dt.datetime) -> int:
    """How many articles of the beat since then report on no topic."""
    query = select(func.count()).select_from(t.article).join(t.entry)
    with store.read() as tx:
        found = tx.connection.execute(query.where(t.article.c.published_at >= since, _OWN_WORDS, ~_SORTED))
        return int(found.scalar_one())
