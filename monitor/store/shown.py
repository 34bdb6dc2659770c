"""What the faces are answered with: frozen rows that ``codec.jsonable`` turns into JSON.

Nothing here reads the database: ``views`` does.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from monitor.entities import (
    Account,
    Article,
    ArticleId,
    Channel,
    Destination,
    Detection,
    Development,
    EntryId,
    Fact,
    Feed,
    FeedId,
    FeedState,
    LabelView,
    OutboxId,
    OutboxRow,
    OutboxState,
    Reason,
    StoryId,
    Thread,
    TopicId,
    TopicMatch,
    Verdict,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedView:
    """A feed with its memory and its counters."""

    feed: Feed
    state: FeedState
    configured: bool
    entries: int
    on_beat: int
    last_entry_at: dt.datetime | None
    leased_until: dt.datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueView:
    """The outbox in numbers, one destination."""

    destination: Destination
    states: Mapping[OutboxState, int]
    oldest_waiting_at: dt.datetime | None
    next_due_at: dt.datetime | None
    last_sent_at: dt.datetime | None
    channel: Channel


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryView:
    """An entry in one line."""

    id: EntryId
    feed: FeedId
    title: str
    url: str
    verdict: Verdict
    reason: Reason
    published_at: dt.datetime
    first_seen_at: dt.datetime
    revisions: int
    article: ArticleId | None
    story: StoryId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryView:
    """A story in one line; its profile is left out."""

    id: StoryId
    title: str
    lang: str
    opened_at: dt.datetime
    last_at: dt.datetime
    articles: int
    publishers: tuple[str, ...]
    families: tuple[str, ...]
    topics: tuple[TopicId, ...]
    linked_to: StoryId | None
    muted_until: dt.datetime | None
    followed: bool
    developments: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleView:
    """An article of a story, with what was read out of it."""

    id: ArticleId
    entry: EntryId
    story: StoryId | None
    verdict: Verdict
    reason: Reason
    article: Article
    matches: tuple[TopicMatch, ...]
    facts: tuple[Fact, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DevelopmentView:
    """A development with the evidence it rests on."""

    development: Development
    detection: Detection


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryShow:
    """A story with everything in it; ``events`` are the stories of its thread of events, itself among them."""

    story: StoryView
    events: tuple[StoryView, ...]
    articles: tuple[ArticleView, ...]
    developments: tuple[DevelopmentView, ...]
    threads: tuple[Thread, ...]
    alerts: tuple[OutboxRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertShow:
    """An alert with what it told."""

    row: OutboxRow
    developments: tuple[DevelopmentView, ...]
    thread: Thread | None
    merged: tuple[OutboxId, ...]
    labels: tuple[LabelView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RevisionView:
    """One state of an entry's text; number 0 is the first."""

    number: int
    at: dt.datetime
    title: str
    text: str
    content_hash: str
    account: Account | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Everything that is stored about one entry: what was decided, on which evidence, and what came of it.

    ``thinned`` says that retention took the account's details.
    """

    entry: EntryView
    keys: tuple[str, ...]
    account: Account
    thinned: bool
    article: ArticleView | None
    revisions: tuple[RevisionView, ...]
    story: StoryView | None
    developments: tuple[DevelopmentView, ...]
    alerts: tuple[OutboxRow, ...]
    labels: tuple[LabelView, ...]
