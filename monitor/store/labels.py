"""What readers said, and the entries they said it of.

It never writes and never judges a label: ``evaluation`` does.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, select

from monitor.entities import AlertReason, EntryId, FeedId, Reason, TopicId, Verdict
from monitor.evaluation import LabelKind, Labelled, LabelView
from monitor.store import tables as t
from monitor.store.entries import ARTICLE
from monitor.store.feeds import FEED
from monitor.store.sql import SqlTx


def labels(tx: SqlTx, which: ColumnElement[bool] | None, *, limit: int = 1000) -> tuple[LabelView, ...]:
    query = select(t.label).order_by(t.label.c.at.desc(), t.label.c.id.desc()).limit(limit)
    if which is not None:
        query = query.where(which)
    return tuple(map(_label, tx.connection.execute(query)))


def labelled(tx: SqlTx, since: dt.datetime | None, until: dt.datetime | None) -> tuple[Labelled, ...]:
    """Entries first seen in a period that somebody labelled, oldest first, each with all that was said of it."""
    seen, entry, article = t.entry.c.first_seen_at, t.entry.c, t.article.c
    query = (
        select(
            entry.id,
            entry.title,
            entry.feed_id,
            entry.published_at,
            entry.verdict,
            entry.reason,
            article.id.label("article_id"),
            article.text,
            article.article,
            t.feed.c.config,
        )
        .join(t.feed, t.feed.c.id == entry.feed_id)
        .outerjoin(t.article, article.entry_id == entry.id)
        .where(entry.id.in_(select(t.label.c.entry_id)), entry.verdict.is_not(None), *_within(seen, since, until))
        .order_by(seen, entry.id)
    )
    rows = tx.connection.execute(query).all()
    said: dict[int, list[LabelView]] = defaultdict(list)
    in_order = select(t.label).where(t.label.c.entry_id.is_not(None)).order_by(t.label.c.at, t.label.c.id)
    for row in tx.connection.execute(in_order):
        said[row.entry_id].append(_label(row))
    topics: dict[int, list[TopicId]] = defaultdict(list)
    match = t.topic_match.c
    reported = (
        select(match.article_id, match.topic)
        .join(t.article, article.id == match.article_id)
        .where(match.background.is_(False), article.entry_id.in_(select(t.label.c.entry_id)))
        .order_by(match.article_id, match.topic)
    )
    for row in tx.connection.execute(reported):
        topics[row.article_id].append(TopicId(row.topic))
    queued = select(t.development.c.article_id).where(t.development.c.alert == AlertReason.QUEUED)
    told = set(tx.connection.scalars(queued))
    return tuple(_labelled(row, topics[row.article_id], said[row.id], told=row.article_id in told) for row in rows)


def told_at(tx: SqlTx, since: dt.datetime | None, until: dt.datetime | None) -> tuple[dt.datetime, ...]:
    """When each alert of a period was decided on, oldest first."""
    at = t.development.c.at
    query = select(at).where(and_(t.development.c.alert == AlertReason.QUEUED, *_within(at, since, until))).order_by(at)
    return tuple(tx.connection.scalars(query))


def _within(
    column: ColumnElement[dt.datetime], since: dt.datetime | None, until: dt.datetime | None
) -> list[ColumnElement[bool]]:
    """From ``since`` on, and before ``until``."""
    return [*([column >= since] if since is not None else []), *([column < until] if until is not None else [])]


def _labelled(row: Any, topics: Sequence[TopicId], said: Sequence[LabelView], *, told: bool) -> Labelled:
    """An entry with its labels; what an off-beat one kept no article of is taken from its feed."""
    kept = None if row.article is None else ARTICLE.load(row.article, title=row.title, text=row.text)
    feed = FEED.load(row.config)
    return Labelled(
        entry=EntryId(row.id),
        title=row.title,
        text=kept.text if kept else "",
        feed=FeedId(row.feed_id),
        publisher=kept.publisher if kept else feed.publisher,
        lang=kept.lang if kept else feed.lang,
        published_at=row.published_at,
        topics=tuple(topics),
        verdict=Verdict(row.verdict),
        reason=Reason(row.reason),
        told=told,
        labels=tuple(said),
    )


def _label(row: Any) -> LabelView:
    return LabelView(
        ref=row.ref,
        entry=None if row.entry_id is None else EntryId(row.entry_id),
        label=LabelKind(row.label),
        by=row.by,
        at=row.at,
        note=row.note,
    )
