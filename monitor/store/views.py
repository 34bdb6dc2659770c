"""What the faces ask, answered in the frozen rows of ``shown``.

It never writes and never decides: it lays out what was stored.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from sqlalchemy import case, func, select

from monitor.entities import (
    Destination,
    FeedId,
    FeedState,
    LabelView,
    OutboxId,
    OutboxRow,
    OutboxState,
    Reason,
    StoryId,
    TopicId,
    Verdict,
)
from monitor.errors import UsageError
from monitor.evaluation import Labelled
from monitor.store import labels as labelling
from monitor.store import rows
from monitor.store import tables as t
from monitor.store.entries import COMPACT
from monitor.store.explaining import explanation
from monitor.store.feeds import FEED, STATE
from monitor.store.naming import entries_named
from monitor.store.outbox import CHANNEL, THREAD, outbox_row_of
from monitor.store.shown import AlertShow, EntryView, Explanation, FeedView, QueueView, StoryShow, StoryView
from monitor.store.sql import SqlStore


class Views:
    """Questions to one store; each is answered from one snapshot."""

    def __init__(self, store: SqlStore) -> None:
        self.store = store

    # ------------------------------------------------------------------------------------------------ status

    def feeds(self) -> tuple[FeedView, ...]:
        """All feeds with their memory and counters, by id."""
        entry, on_beat = t.entry.c, case((t.entry.c.verdict.not_in(sorted(COMPACT)), 1), else_=0)
        counts = (
            select(
                entry.feed_id,
                func.count().label("entries"),
                func.sum(on_beat).label("on_beat"),
                func.max(entry.first_seen_at, type_=entry.first_seen_at.type).label("last_entry_at"),
            )
            .group_by(entry.feed_id)
            .subquery()
        )
        query = (
            select(t.feed, t.feed_state.c.state, t.feed_state.c.paused, t.feed_state.c.leased_until, counts)
            .outerjoin(t.feed_state, t.feed_state.c.feed_id == t.feed.c.id)
            .outerjoin(counts, counts.c.feed_id == t.feed.c.id)
            .order_by(t.feed.c.id)
        )
        with self.store.read() as tx:
            return tuple(
                FeedView(
                    feed=FEED.load(row.config),
                    state=STATE.load(row.state, paused=row.paused) if row.state else FeedState(feed_id=FeedId(row.id)),
                    configured=row.configured,
                    entries=row.entries or 0,
                    on_beat=row.on_beat or 0,
                    last_entry_at=row.last_entry_at,
                    leased_until=row.leased_until,
                )
                for row in tx.connection.execute(query)
            )

    def queue(self) -> tuple[QueueView, ...]:
        """The outbox in numbers, by destination; a destination that has only a memory is there too."""
        box = t.outbox.c
        counts = select(
            box.destination,
            box.state,
            func.count().label("rows"),
            func.min(box.created_at, type_=box.created_at.type).label("oldest"),
            func.min(box.due_at, type_=box.due_at.type).label("due"),
            func.max(box.sent_at, type_=box.created_at.type).label("sent"),
        ).group_by(box.destination, box.state)
        with self.store.read() as tx:
            found = tx.connection.execute(counts).all()
            channels = {
                Destination(row.destination): CHANNEL.load(row.channel)
                for row in tx.connection.execute(select(t.channel))
            }
        names = sorted({Destination(row.destination) for row in found} | set(channels))
        return tuple(
            rows.queue_view(name, [row for row in found if row.destination == name], channels.get(name))
            for name in names
        )

    def beats(self) -> Mapping[str, dt.datetime]:
        """When each part of the daemon last said that it is alive."""
        with self.store.read() as tx:
            return tx.beats()

    def buttons(self) -> tuple[str, dt.datetime] | None:
        """What is wrong with the connection to Slack's buttons (nothing: it is well), and since when; None: unused."""
        with self.store.read() as tx:
            return tx.buttons()

    def verdicts(self, *, since: dt.datetime | None = None) -> Mapping[Verdict, Mapping[Reason, int]]:
        """How many entries ended how, and why."""
        entry = t.entry.c
        query = select(entry.verdict, entry.reason, func.count()).group_by(entry.verdict, entry.reason)
        if since is not None:
            query = query.where(entry.first_seen_at >= since)
        found: dict[Verdict, dict[Reason, int]] = {}
        with self.store.read() as tx:
            for verdict, reason, count in tx.connection.execute(query.order_by(entry.verdict, entry.reason)):
                found.setdefault(Verdict(verdict), {})[Reason(reason)] = count
        return found

    def entries(
        self,
        *,
        verdict: Verdict | None = None,
        feed: FeedId | None = None,
        since: dt.datetime | None = None,
        limit: int = 50,
    ) -> tuple[EntryView, ...]:
        """Entries, the last seen first."""
        query = rows.ENTRIES.order_by(t.entry.c.first_seen_at.desc(), t.entry.c.id.desc()).limit(limit)
        if verdict is not None:
            query = query.where(t.entry.c.verdict == verdict)
        if feed is not None:
            query = query.where(t.entry.c.feed_id == feed)
        if since is not None:
            query = query.where(t.entry.c.first_seen_at >= since)
        with self.store.read() as tx:
            return tuple(map(rows.entry_view, tx.connection.execute(query)))

    # ----------------------------------------------------------------------------------------------- stories

    def stories(
        self,
        *,
        topic: TopicId | None = None,
        since: dt.datetime | None = None,
        muted_at: dt.datetime | None = None,
        limit: int = 50,
    ) -> tuple[StoryView, ...]:
        """Stories, the last moved first; of a topic (an article reports on it), of a time, or muted at a moment."""
        story = t.story.c
        query = rows.STORIES.order_by(story.last_at.desc(), story.id.desc()).limit(limit)
        if topic is not None:
            on_topic = (
                select(t.article.c.story_id)
                .join(t.topic_match)
                .where(t.topic_match.c.topic == topic, t.topic_match.c.background.is_(False))
                .where(t.article.c.story_id.is_not(None))
            )
            query = query.where(story.id.in_(on_topic))
        if since is not None:
            query = query.where(story.last_at >= since)
        if muted_at is not None:
            query = query.where(story.muted_until > muted_at)
        with self.store.read() as tx:
            return tuple(map(rows.story_view, tx.connection.execute(query)))

    def story(self, story: StoryId) -> StoryShow:
        """A story with its thread of events and its articles (oldest first), developments, threads and alerts."""
        with self.store.read() as tx:
            view = rows.one_story(tx, story)
            if view is None:
                raise UsageError(f"there is no story s{story}")
            db = tx.connection
            threads = select(t.thread.c.thread).where(t.thread.c.story_id == story).order_by(t.thread.c.destination)
            return StoryShow(
                story=view,
                events=rows.thread_of_events(tx, story),
                articles=rows.articles(tx, t.article.c.story_id == story),
                developments=rows.developments(tx, t.development.c.story_id == story),
                threads=tuple(map(THREAD.load, db.scalars(threads))),
                alerts=rows.alerts(tx, t.outbox.c.story_id == story),
            )

    # ------------------------------------------------------------------------------------------------ alerts

    def alerts(
        self,
        *,
        states: Sequence[OutboxState] = (),
        destination: Destination | None = None,
        story: StoryId | None = None,
        since: dt.datetime | None = None,
        limit: int = 50,
    ) -> tuple[OutboxRow, ...]:
        """Outbox rows, newest first; all states unless some are named."""
        query = select(t.outbox).order_by(t.outbox.c.id.desc()).limit(limit)
        if states:
            query = query.where(t.outbox.c.state.in_(states))
        if destination is not None:
            query = query.where(t.outbox.c.destination == destination)
        if story is not None:
            query = query.where(t.outbox.c.story_id == story)
        if since is not None:
            query = query.where(t.outbox.c.created_at >= since)
        with self.store.read() as tx:
            return tuple(map(outbox_row_of, tx.connection.execute(query)))

    def alert(self, row: OutboxId) -> AlertShow:
        """An outbox row with the developments it told, its thread, and the rows merged into it."""
        with self.store.read() as tx:
            found = tx.outbox_row(row)
            if found is None:
                raise UsageError(f"there is no alert o{row}")
            alert = found.alert
            merged = select(t.outbox.c.id).where(t.outbox.c.merged_into == row).order_by(t.outbox.c.id)
            return AlertShow(
                row=found,
                developments=rows.developments(tx, t.development.c.id.in_(alert.developments)),
                thread=None if alert.story is None else tx.thread(alert.destination, alert.story),
                merged=tuple(OutboxId(other) for other in tx.connection.scalars(merged)),
                labels=labelling.labels(tx, t.label.c.ref == f"o{row}"),
            )

    # ----------------------------------------------------------------------------------------------- explain

    def explain(self, ref: str) -> tuple[Explanation, ...]:
        """Everything stored about what ``ref`` names: e12, a12, s12, d5, o7, an identity key or a URL.

        A story, a development or an alert is explained by its entries, oldest first. Nothing found is a
        ``UsageError`` that says what may be asked.
        """
        with self.store.read() as tx:
            entries = entries_named(tx.connection, ref.strip())
            if not entries:
                raise UsageError(
                    f"nothing is stored under {ref.strip()!r}; name an entry (e12), article (a12), story (s12), "
                    "development (d5), alert (o7) or a URL. What would become of a text that is not stored: "
                    "monitor topics test - < article.txt"
                )
            return tuple(explanation(tx, entry) for entry in entries)

    # ------------------------------------------------------------------------------------------------ labels

    def labels(self, *, since: dt.datetime | None = None, limit: int = 1000) -> tuple[LabelView, ...]:
        """What readers said, latest first."""
        with self.store.read() as tx:
            return labelling.labels(tx, t.label.c.at >= since if since is not None else None, limit=limit)

    def labelled(self, *, since: dt.datetime | None = None, until: dt.datetime | None = None) -> tuple[Labelled, ...]:
        """Entries first seen in a period that somebody labelled, oldest first."""
        with self.store.read() as tx:
            return labelling.labelled(tx, since, until)

    def told_at(self, *, since: dt.datetime | None = None, until: dt.datetime | None = None) -> tuple[dt.datetime, ...]:
        """When each alert of a period was decided on, oldest first."""
        with self.store.read() as tx:
            return labelling.told_at(tx, since, until)
