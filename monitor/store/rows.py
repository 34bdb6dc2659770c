"""Database rows as the faces are shown them: one function a kind of row, and the two queries they all start from.

It never writes and never decides.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select

from monitor.entities import (
    ArticleId,
    Channel,
    Destination,
    EntryId,
    Fact,
    FeedId,
    OutboxRow,
    OutboxState,
    Reason,
    Story,
    StoryId,
    TopicMatch,
    Verdict,
)
from monitor.store import tables as t
from monitor.store.entries import ARTICLE, FACT, MATCH
from monitor.store.outbox import outbox_row_of
from monitor.store.shown import ArticleView, DevelopmentView, EntryView, QueueView, StoryView
from monitor.store.sql import SqlTx
from monitor.store.stories import DETECTION, development_of, story_of

WAITING = (OutboxState.HELD, OutboxState.PENDING, OutboxState.SENDING, OutboxState.UNKNOWN)

ENTRIES = (
    select(t.entry, t.article.c.id.label("article_id"), t.article.c.story_id)
    .outerjoin(t.article, t.article.c.entry_id == t.entry.c.id)
    .where(t.entry.c.verdict.is_not(None))
)
STORIES = select(
    t.story.c.id,
    t.story.c.story,
    t.story.c.vector,
    t.story.c.events,
    select(func.count())
    .where(t.development.c.story_id == t.story.c.id)
    .correlate(t.story)
    .scalar_subquery()
    .label("developments"),
)


def queue_view(destination: Destination, rows: Sequence[Any], channel: Channel | None) -> QueueView:
    """The numbers of one destination."""
    waiting = [row for row in rows if row.state in WAITING]
    return QueueView(
        destination=destination,
        states={OutboxState(row.state): row.rows for row in sorted(rows, key=lambda row: str(row.state))},
        oldest_waiting_at=min((row.oldest for row in waiting), default=None),
        next_due_at=min((row.due for row in waiting), default=None),
        last_sent_at=max((row.sent for row in rows if row.sent is not None), default=None),
        channel=channel or Channel(destination=destination),
    )


def entry_view(row: Any) -> EntryView:
    """An entry row in one line."""
    return EntryView(
        id=EntryId(row.id),
        feed=FeedId(row.feed_id),
        title=row.title,
        url=row.url,
        verdict=Verdict(row.verdict),
        reason=Reason(row.reason),
        published_at=row.published_at,
        first_seen_at=row.first_seen_at,
        revisions=row.revisions,
        article=None if row.article_id is None else ArticleId(row.article_id),
        story=None if row.story_id is None else StoryId(row.story_id),
    )


def story_view(row: Any) -> StoryView:
    """A story row in one line."""
    story: Story = story_of(row)
    return StoryView(
        id=story.id,
        title=story.title,
        lang=story.lang,
        opened_at=story.opened_at,
        last_at=story.last_at,
        articles=story.articles,
        publishers=story.publishers,
        families=story.families,
        topics=story.topics,
        linked_to=story.linked_to,
        muted_until=story.muted_until,
        followed=story.followed,
        developments=row.developments,
    )


def one_story(tx: SqlTx, story: StoryId) -> StoryView | None:
    row = tx.connection.execute(STORIES.where(t.story.c.id == story)).one_or_none()
    return None if row is None else story_view(row)


def thread_of_events(tx: SqlTx, story: StoryId) -> tuple[StoryView, ...]:
    """The stories of the thread of events that a story stands in, oldest first; none where it stands alone."""
    first = func.coalesce(t.story.c.events, t.story.c.id)
    named = select(first).where(t.story.c.id == story).scalar_subquery()
    query = (
        STORIES.where(or_(t.story.c.id == named, t.story.c.events == named))
        .order_by(t.story.c.opened_at, t.story.c.id)
    )  # fmt: skip
    found = tuple(map(story_view, tx.connection.execute(query)))
    return found if len(found) > 1 else ()


def articles(tx: SqlTx, which: ColumnElement[bool]) -> tuple[ArticleView, ...]:
    """Articles with verdict, topic matches and facts, oldest first."""
    query = (
        select(t.article, t.entry.c.verdict, t.entry.c.reason)
        .join(t.entry)
        .where(which)
        .order_by(t.article.c.published_at, t.article.c.id)
    )
    rows = tx.connection.execute(query).all()
    ids = [row.id for row in rows]
    matches: dict[int, list[TopicMatch]] = {}
    by_score = (
        select(t.topic_match)
        .where(t.topic_match.c.article_id.in_(ids))
        .order_by(t.topic_match.c.score.desc(), t.topic_match.c.topic)
    )
    for row in tx.connection.execute(by_score):
        matches.setdefault(row.article_id, []).append(MATCH.load(row.match))
    facts: dict[int, list[Fact]] = {}
    for row in tx.connection.execute(select(t.fact).where(t.fact.c.article_id.in_(ids)).order_by(t.fact.c.position)):
        facts.setdefault(row.article_id, []).append(FACT.load(row.fact))
    return tuple(
        ArticleView(
            id=ArticleId(row.id),
            entry=EntryId(row.entry_id),
            story=None if row.story_id is None else StoryId(row.story_id),
            verdict=Verdict(row.verdict),
            reason=Reason(row.reason),
            article=ARTICLE.load(row.article, title=row.title, text=row.text),
            matches=tuple(matches.get(row.id, ())),
            facts=tuple(facts.get(row.id, ())),
        )
        for row in rows
    )


def developments(tx: SqlTx, which: ColumnElement[bool]) -> tuple[DevelopmentView, ...]:
    query = select(t.development).where(which).order_by(t.development.c.id)
    return tuple(
        DevelopmentView(development=development_of(row), detection=DETECTION.load(row.detection))
        for row in tx.connection.execute(query)
    )


def alerts(tx: SqlTx, which: ColumnElement[bool]) -> tuple[OutboxRow, ...]:
    return tuple(map(outbox_row_of, tx.connection.execute(select(t.outbox).where(which).order_by(t.outbox.c.id))))
