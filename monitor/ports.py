"""What the corridor and the faces ask of the doors: Protocols, no code.

They live on the lowest floor, so that ``alerts`` can deliver from a store that it does not know.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from monitor.entities import (
    Account,
    Alert,
    AlertReason,
    Article,
    ArticleId,
    Assignment,
    Channel,
    Complaint,
    Destination,
    Detection,
    Development,
    DevelopmentId,
    EntryId,
    Fact,
    Feed,
    FeedId,
    FeedState,
    Fetched,
    Fingerprint,
    Hold,
    Incident,
    IncidentId,
    Known,
    LabelKind,
    LabelView,
    Neighbour,
    OutboxId,
    OutboxRow,
    OutboxState,
    Profile,
    Stirred,
    Story,
    StoryId,
    Thread,
    TopicMatch,
)


class Embedder(Protocol):
    """Turns text into meaning. Never decides relevance: two beats sit too close in its space (AUC .32, measured)."""

    def embed(self, texts: Sequence[str], lang: str) -> Sequence[tuple[float, ...]]:
        """Unit vectors of ``texts``, the mean vector of ``lang`` taken off, one a text."""
        ...


class OutboxTx(Protocol):
    """The outbox side of a transaction: what delivery needs and nothing more. Times in UTC."""

    def enqueue(
        self,
        alert: Alert,
        *,
        dedup_key: str,
        state: OutboxState,
        due_at: dt.datetime,
        now: dt.datetime,
        expires_at: dt.datetime | None = None,
        payload: str = "",
        digest: bool = False,
    ) -> OutboxId | None:
        """A new row, or None where a row of this key stands already (it is never sent twice)."""
        ...

    def outbox(
        self, *, states: Sequence[OutboxState], destination: Destination | None = None, limit: int = 1000
    ) -> Sequence[OutboxRow]:
        """Rows in these states, oldest first."""
        ...

    def outbox_row(self, row: OutboxId, *, lock: bool = False) -> OutboxRow | None:
        """One row by id. ``lock``: nobody else changes it until this transaction ends."""
        ...

    def roots(self, story: StoryId) -> Sequence[OutboxRow]:
        """The message of this story at each destination: the root that stands there, or the one that waits to."""
        ...

    def rewrite(self, row: OutboxId, alert: Alert, *, edit_due_at: dt.datetime | None = None) -> None:
        """Another text for a row. Where its message stands already, it is edited at ``edit_due_at`` (or sooner)."""
        ...

    def edits_due(self) -> Sequence[OutboxRow]:
        """Of each destination the sent row whose message is to be edited first, whenever that is."""
        ...

    def edited(self, row: OutboxRow, *, again_at: dt.datetime | None = None) -> None:
        """An edit ended: its payload is kept; unless the row moved on meanwhile, it is due no more (or again then)."""
        ...

    def unlisted(self, since: dt.datetime) -> Sequence[OutboxRow]:
        """Rows created since then that expired unsent and stand in no digest yet, oldest first."""
        ...

    def doubt(self, now: dt.datetime) -> int:
        """Let every open row be looked up before it is sent: another copy of this database may have told it."""
        ...

    def sent_since(self, destination: Destination, since: dt.datetime) -> Sequence[OutboxRow]:
        """Rows that went out here from then on (or are on their way), oldest first: what a breaker counts."""
        ...

    def outbox_of(self, dedup_key: str) -> OutboxRow | None:
        """The row of this key, whatever became of it."""
        ...

    def update_outbox(self, row: OutboxRow) -> None:
        """Write back all that may change: state, payload, counters, times, remote id, error, merger."""
        ...

    def thread(self, destination: Destination, story: StoryId) -> Thread | None:
        """The living thread of a story, if its root was posted."""
        ...

    def save_thread(self, thread: Thread) -> None:
        """Remember (or re-root) a thread."""
        ...

    def channel(self, destination: Destination) -> Channel:
        """What we remember of a destination (a fresh one if nothing)."""
        ...

    def save_channel(self, channel: Channel) -> None:
        """Write a destination's state."""
        ...

    def meta(self, key: str) -> str | None:
        """A remark about the database as a whole."""
        ...

    def set_meta(self, key: str, value: str) -> None:
        """Write such a remark."""
        ...

    def link(self, url: str) -> str:
        """Where an aggregator's link leads; empty where that was not found out."""
        ...

    def last_alert_at(self, destination: Destination, story: StoryId) -> dt.datetime | None:
        """When a row of this story was last sent or queued to send there (pending, sending, unknown, sent)."""
        ...


class Tx(OutboxTx, Protocol):
    """One transaction over everything. What must agree is written in one of these; it commits or never was."""

    def savepoint(self) -> AbstractContextManager[None]:
        """A part that may fail alone: its writes are undone when its block raises; the error goes on."""
        ...

    def beat(self, name: str, now: dt.datetime, note: str = "") -> None:
        """Say that a part of the daemon is alive."""
        ...

    # feeds
    def sync_feeds(self, feeds: Sequence[Feed], now: dt.datetime) -> Sequence[FeedId]:
        """Make the feed table follow the configuration; feeds gone from it keep their rows, disabled.

        Answers which feeds have another address than before.
        """
        ...

    def feed_state(self, feed: FeedId) -> FeedState:
        """What is remembered of a feed (a fresh state if nothing)."""
        ...

    def feed_states(self) -> Mapping[FeedId, FeedState]:
        """All of them."""
        ...

    def save_feed_state(self, state: FeedState) -> None:
        """Write a feed's memory, ``paused`` included: what commands and the start do. A poll uses ``save_polled``."""
        ...

    def save_polled(
        self, states: Sequence[FeedState], *, owner: str, items: Mapping[FeedId, Mapping[bytes, bytes]] | None = None
    ) -> None:
        """Write what polls left behind, and give ``owner``'s leases of these feeds back, in one statement.

        Validators move with the entries they belong to, in this transaction. ``paused`` stays as the operator left
        it; ``items`` replaces those of the feeds it names.
        """
        ...

    def items(self, feed: FeedId) -> Mapping[bytes, bytes]:
        """The items of the document taken in last: the digest of each, and its article's identity, 8 bytes each."""
        ...

    def lease_due(
        self, now: dt.datetime, *, feeds: Sequence[FeedId], owner: str, until: dt.datetime, limit: int
    ) -> Sequence[FeedState]:
        """Claim those of ``feeds`` that are due and that nobody holds, most overdue first; their states."""
        ...

    def release(self, feed: FeedId, owner: str) -> None:
        """Give a lease back."""
        ...

    def holds(self, now: dt.datetime) -> Sequence[Hold]:
        """Hosts that asked for patience beyond ``now``."""
        ...

    def save_hold(self, hold: Hold) -> None:
        """Remember that a host asked for patience; the later of two ends stays."""
        ...

    # incidents
    def incidents(
        self, *, open_only: bool = True, feed: FeedId | None = None, limit: int | None = None
    ) -> Sequence[Incident]:
        """Incidents, the latest opened first; all of them without a limit, as a review needs the open ones."""
        ...

    def open_incident(self, feed: FeedId | None, complaint: Complaint, now: dt.datetime) -> IncidentId:
        """A new incident."""
        ...

    def save_incident(self, incident: Incident) -> None:
        """Write an incident that moved or closed."""
        ...

    def free_leases(self) -> int:
        """Take back every lease: for a daemon that starts and knows it is alone. Says how many there were."""
        ...

    def keep_raw(self, fetched: Fetched) -> None:
        """Keep a raw body (compressed) so that a parser fix can be replayed."""
        ...

    def raw(self, feed: FeedId, *, limit: int = 100) -> Sequence[Fetched]:
        """The raw bodies kept of a feed, latest first."""
        ...

    # entries and articles
    def known(self, keys: Sequence[str]) -> Mapping[str, Known]:
        """Which of these identity keys we hold, and as what."""
        ...

    def add(self, article: Article) -> EntryId | None:
        """Insert an entry under all its keys, or refuse with None where another transaction was first."""
        ...

    def add_settled(self, settled: Sequence[tuple[Article, Account]]) -> Sequence[EntryId]:
        """Insert entries with verdicts in one go. It raises where a key is held or given twice: use a savepoint."""
        ...

    def alias(self, entry: EntryId, keys: Sequence[str]) -> None:
        """Further keys for an entry we hold (its guid changed, or its URL)."""
        ...

    def record(self, entry: EntryId, account: Account, *, content_hash: str) -> None:
        """The entry's verdict with the whole account of it."""
        ...

    def add_article(self, entry: EntryId, article: Article, fingerprint: Fingerprint) -> ArticleId:
        """Keep an on-beat article's text and what its copies will be found by."""
        ...

    def add_revision(self, entry: EntryId, article: Article, account: Account, now: dt.datetime) -> None:
        """Keep an edit beside the first text, with its own account; the article then holds the newest text."""
        ...

    def neighbours(self, fingerprint: Fingerprint, *, limit: int = 20) -> Sequence[Neighbour]:
        """Stored articles that share at least one band."""
        ...

    def place(
        self, article: ArticleId, *, story: StoryId, matches: Sequence[TopicMatch], facts: Sequence[Fact]
    ) -> None:
        """Put an article into a story, with its topic matches and facts as rows of their own."""
        ...

    # stories
    def candidates(
        self, keys: Sequence[str], vector: Sequence[float], now: dt.datetime, *, horizon: dt.timedelta
    ) -> Sequence[Story]:
        """Stories an article of this moment may belong to, those that moved last first.

        They share the rarest of its keys, however long they have rested; or moved within the horizon around ``now``
        and mean most nearly the same, or moved next to it.
        """
        ...

    def index_story(self, story: Story, keys: Sequence[str]) -> None:
        """Let a story be found by the keys of an article that was placed in it."""
        ...

    def stirred(
        self, keys: Sequence[str], at: dt.datetime, *, opened: dt.timedelta, moved: dt.timedelta
    ) -> Sequence[Stirred]:
        """Which affairs were told of before ``at``, in stories no older than ``opened`` that moved within ``moved``."""
        ...

    def busy(self, at: dt.datetime, *, within: dt.timedelta) -> int:
        """How many articles were published within so long before or after ``at``."""
        ...

    def story(self, story: StoryId) -> Story | None:
        """One story by id."""
        ...

    def open_story(
        self, article: Article, assignment: Assignment, profile: Profile, *, events: StoryId | None = None
    ) -> StoryId:
        """A new story, titled as its first article, in a thread of events if it goes on with one."""
        ...

    def save_story(self, story: Story) -> None:
        """Write a story that moved."""
        ...

    def learn_terms(self, lang: str, terms: Sequence[str]) -> tuple[int, Mapping[str, int]]:
        """Count one article's distinct terms; answers what was learnt before it, articles in all and of each term."""
        ...

    def add_development(
        self, story: StoryId, article: ArticleId, detection: Detection, alert: AlertReason, now: dt.datetime
    ) -> DevelopmentId:
        """A development, told or not."""
        ...

    def developments(self, story: StoryId) -> Sequence[Development]:
        """A story's developments, oldest first."""
        ...

    # readers
    def label(self, ref: str, label: LabelKind, *, by: str, now: dt.datetime, note: str = "") -> LabelView | None:
        """Keep what a reader said of an id, or None where that names nothing. Said again, it stands as said last."""
        ...

    def labels_of(self, refs: Sequence[str]) -> Sequence[LabelView]:
        """What readers said of these ids, in the order they said it."""
        ...

    def telling(self, ref: str) -> Sequence[OutboxRow]:
        """Rows that told (or are to tell) a story, s12, or a development, d5, or are one, o7; oldest first."""
        ...


class Store(Protocol):
    """The cellar. A transaction commits when its block ends and leaves nothing behind when it raises."""

    def begin(self, *, exclusive: bool = True) -> AbstractContextManager[Tx]:
        """A write transaction. SQLite takes the write lock at once; PostgreSQL serialises the exclusive ones (ingest).

        ``exclusive=False`` is for delivery, which must not wait for a long ingest. Not to be nested: see ``savepoint``.
        """
        ...

    def read(self) -> AbstractContextManager[Tx]:
        """A snapshot to read from; writing in it is an error."""
        ...

    def home(self) -> str:
        """Where the database lies, as a short name; a copy put elsewhere has another."""
        ...

    def instance_lock(self, name: str = "daemon") -> AbstractContextManager[Callable[[], None]]:
        """Held while the block runs, freed by any death of the process; ``AnotherInstanceError`` where it is taken.

        What it yields says whether it is still held: it raises the same where the lock was lost to somebody else.
        """
        ...

    def close(self) -> None:
        """Give all connections back."""
        ...
