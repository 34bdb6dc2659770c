"""What readers said, and the entries they said it of.

It never judges a label: ``evaluation`` does.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, and_, select

from monitor.entities import (
    AlertReason,
    DevelopmentId,
    EntryId,
    FeedId,
    LabelKind,
    LabelView,
    OutboxRow,
    OutboxState,
    Reason,
    TopicId,
    Verdict,
)
from monitor.evaluation import Labelled
from monitor.store import tables as t
from monitor.store.entries import ARTICLE
from monitor.store.feeds import FEED
from monitor.store.naming import entries_named, short
from monitor.store.outbox import OPEN_OR_SENT, outbox_row_of
from monitor.store.session import Part

if TYPE_CHECKING:
    from monitor.store.sql import SqlTx

TOLD = (OutboxState.HELD, *OPEN_OR_SENT)


class LabelQueries(Part):
    """The readers' side of a transaction."""

    def label(self, ref: str, label: LabelKind, *, by: str, now: dt.datetime, note: str = "") -> LabelView | None:
        """Keep what a reader said of an id, or None where that names nothing. Said again, it stands as said last."""
        entries = entries_named(self._db, ref)
        if not entries:
            return None
        view = LabelView(ref=ref, entry=entries[0], label=label, by=by, at=now, note=note)
        row = {"ref": ref, "entry_id": view.entry, "label": label, "by": view.by, "at": now, "note": view.note}
        self._session.upsert(t.label, row, key=["ref", "label", "by"])
        return view

    def labels_of(self, refs: Sequence[str]) -> Sequence[LabelView]:
        """What readers said of these ids, in the order they said it."""
        query = select(t.label).where(t.label.c.ref.in_(refs)).order_by(t.label.c.at, t.label.c.id)
        return [_label(row) for row in self._db.execute(query)]

    def telling(self, ref: str) -> Sequence[OutboxRow]:
        """Rows that told (or are to tell) a story, s12, or a development, d5, or are one, o7; oldest first."""
        named, box = short(ref), t.outbox.c
        if named is None or named[0] not in {"s", "d", "o"}:
            return []
        kind, number = named
        query = select(t.outbox).where(box.state.in_(TOLD)).order_by(box.id)
        if kind == "o":
            query = query.where(box.id == number)
        elif kind == "s":
            query = query.where(box.story_id == number)
        else:
            story = select(t.development.c.story_id).where(t.development.c.id == number)
            query = query.where(box.story_id == story.scalar_subquery())
        rows = [outbox_row_of(row) for row in self._db.execute(query)]
        return [row for row in rows if kind != "d" or DevelopmentId(number) in row.alert.developments]


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
