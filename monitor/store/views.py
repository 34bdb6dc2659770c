"""What the faces ask: frozen answers that ``codec.jsonable`` turns into JSON.

It never writes, except labels, and never decides: it lays out what was stored.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, case, func, or_, select

from monitor.entities import (
    Account,
    Article,
    ArticleId,
    Channel,
    Destination,
    Detection,
    Development,
    DevelopmentId,
    EntryId,
    Fact,
    Feed,
    FeedId,
    FeedState,
    OutboxId,
    OutboxRow,
    OutboxState,
    Reason,
    Story,
    StoryId,
    Thread,
    TopicId,
    TopicMatch,
    Verdict,
)
from monitor.errors import UsageError
from monitor.store import tables as t
from monitor.store.entries import ACCOUNT_WHOLE, ARTICLE, COMPACT, FACT, MATCH, account_of
from monitor.store.feeds import FEED, STATE
from monitor.store.outbox import CHANNEL, THREAD, outbox_row_of
from monitor.store.sql import SqlStore, SqlTx
from monitor.store.stories import DETECTION, development_of, story_of

REF = re.compile(r"(?P<kind>[easdo])(?P<id>[0-9]{1,18})")
"""A short id as alerts show it: entry, article, story, development, outbox row."""

WAITING = (OutboxState.HELD, OutboxState.PENDING, OutboxState.SENDING, OutboxState.UNKNOWN)


class LabelKind(StrEnum):
    """What a reader said of an alert or an entry."""

    RELEVANT = "relevant"
    NOT_NEW = "not-new"
    WRONG_TOPIC = "wrong-topic"
    OFF_BEAT = "off-beat"


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
    """A story with everything in it."""

    story: StoryView
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
class LabelView:
    """What a reader said."""

    ref: str
    entry: EntryId | None
    label: LabelKind
    by: str
    at: dt.datetime
    note: str


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
            rows = tx.connection.execute(counts).all()
            channels = {
                Destination(row.destination): CHANNEL.load(row.channel)
                for row in tx.connection.execute(select(t.channel))
            }
        names = sorted({Destination(row.destination) for row in rows} | set(channels))
        return tuple(
            _queue(name, [row for row in rows if row.destination == name], channels.get(name)) for name in names
        )

    def beats(self) -> Mapping[str, dt.datetime]:
        """When each part of the daemon last said that it is alive."""
        with self.store.read() as tx:
            return tx.beats()

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
        query = _ENTRIES.order_by(t.entry.c.first_seen_at.desc(), t.entry.c.id.desc()).limit(limit)
        if verdict is not None:
            query = query.where(t.entry.c.verdict == verdict)
        if feed is not None:
            query = query.where(t.entry.c.feed_id == feed)
        if since is not None:
            query = query.where(t.entry.c.first_seen_at >= since)
        with self.store.read() as tx:
            return tuple(map(_entry, tx.connection.execute(query)))

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
        query = _STORIES.order_by(story.last_at.desc(), story.id.desc()).limit(limit)
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
            return tuple(map(_story, tx.connection.execute(query)))

    def story(self, story: StoryId) -> StoryShow:
        """A story with its articles (oldest first), developments, threads and alerts."""
        with self.store.read() as tx:
            view = _one_story(tx, story)
            if view is None:
                raise UsageError(f"there is no story s{story}")
            db = tx.connection
            threads = select(t.thread.c.thread).where(t.thread.c.story_id == story).order_by(t.thread.c.destination)
            return StoryShow(
                story=view,
                articles=_articles(tx, t.article.c.story_id == story),
                developments=_developments(tx, t.development.c.story_id == story),
                threads=tuple(map(THREAD.load, db.scalars(threads))),
                alerts=_alerts(tx, t.outbox.c.story_id == story),
            )

    # ------------------------------------------------------------------------------------------------ alerts

    def alerts(
        self,
        *,
        states: Sequence[OutboxState] = (),
        destination: Destination | None = None,
        since: dt.datetime | None = None,
        limit: int = 50,
    ) -> tuple[OutboxRow, ...]:
        """Outbox rows, newest first; all states unless some are named."""
        query = select(t.outbox).order_by(t.outbox.c.id.desc()).limit(limit)
        if states:
            query = query.where(t.outbox.c.state.in_(states))
        if destination is not None:
            query = query.where(t.outbox.c.destination == destination)
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
                developments=_developments(tx, t.development.c.id.in_(alert.developments)),
                thread=None if alert.story is None else tx.thread(alert.destination, alert.story),
                merged=tuple(OutboxId(other) for other in tx.connection.scalars(merged)),
                labels=_labels(tx, t.label.c.ref == f"o{row}"),
            )

    # ----------------------------------------------------------------------------------------------- explain

    def explain(self, ref: str) -> tuple[Explanation, ...]:
        """Everything stored about what ``ref`` names: e12, a12, s12, d5, o7, an identity key or a URL.

        A story, a development or an alert is explained by its entries, oldest first. Nothing found is a
        ``UsageError`` that says what may be asked.
        """
        with self.store.read() as tx:
            entries = _entries_named(tx, ref.strip())
            if not entries:
                raise UsageError(
                    f"nothing is stored under {ref.strip()!r}; name an entry (e12), article (a12), story (s12), "
                    "development (d5), alert (o7) or a URL"
                )
            return tuple(_explanation(tx, entry) for entry in entries)

    # ------------------------------------------------------------------------------------------------ labels

    def add_label(self, ref: str, label: LabelKind, *, by: str, now: dt.datetime, note: str = "") -> LabelView:
        """Keep what a reader said of an id. Said twice by the same reader, it stands once."""
        with self.store.begin(exclusive=False) as tx:
            entries = _entries_named(tx, ref.strip())
            if not entries:
                raise UsageError(f"nothing is stored under {ref.strip()!r} that could be labelled")
            view = LabelView(ref=ref.strip(), entry=entries[0], label=label, by=by, at=now, note=note)
            row = {"ref": view.ref, "entry_id": view.entry, "label": label, "by": by, "at": now, "note": note}
            tx.insert_label(row)
        return view

    def labels(self, *, since: dt.datetime | None = None, limit: int = 1000) -> tuple[LabelView, ...]:
        """What readers said, latest first."""
        with self.store.read() as tx:
            return _labels(tx, t.label.c.at >= since if since is not None else None, limit=limit)


_ENTRIES = (
    select(t.entry, t.article.c.id.label("article_id"), t.article.c.story_id)
    .outerjoin(t.article, t.article.c.entry_id == t.entry.c.id)
    .where(t.entry.c.verdict.is_not(None))
)
_STORIES = select(
    t.story.c.id,
    t.story.c.story,
    t.story.c.vector,
    select(func.count())
    .where(t.development.c.story_id == t.story.c.id)
    .correlate(t.story)
    .scalar_subquery()
    .label("developments"),
)


def _queue(destination: Destination, rows: Sequence[Any], channel: Channel | None) -> QueueView:
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


def _entry(row: Any) -> EntryView:
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


def _story(row: Any) -> StoryView:
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


def _one_story(tx: SqlTx, story: StoryId) -> StoryView | None:
    row = tx.connection.execute(_STORIES.where(t.story.c.id == story)).one_or_none()
    return None if row is None else _story(row)


def _articles(tx: SqlTx, which: ColumnElement[bool]) -> tuple[ArticleView, ...]:
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


def _developments(tx: SqlTx, which: ColumnElement[bool]) -> tuple[DevelopmentView, ...]:
    query = select(t.development).where(which).order_by(t.development.c.id)
    return tuple(
        DevelopmentView(development=development_of(row), detection=DETECTION.load(row.detection))
        for row in tx.connection.execute(query)
    )


def _alerts(tx: SqlTx, which: ColumnElement[bool]) -> tuple[OutboxRow, ...]:
    return tuple(map(outbox_row_of, tx.connection.execute(select(t.outbox).where(which).order_by(t.outbox.c.id))))


def _labels(tx: SqlTx, which: ColumnElement[bool] | None, *, limit: int = 1000) -> tuple[LabelView, ...]:
    query = select(t.label).order_by(t.label.c.at.desc(), t.label.c.id.desc()).limit(limit)
    if which is not None:
        query = query.where(which)
    return tuple(
        LabelView(
            ref=row.ref,
            entry=None if row.entry_id is None else EntryId(row.entry_id),
            label=LabelKind(row.label),
            by=row.by,
            at=row.at,
            note=row.note,
        )
        for row in tx.connection.execute(query)
    )


def _entries_named(tx: SqlTx, ref: str) -> list[EntryId]:
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


def _explanation(tx: SqlTx, entry: EntryId) -> Explanation:
    """All rows that hang on an entry."""
    db = tx.connection
    row = db.execute(_ENTRIES.where(t.entry.c.id == entry)).one()
    view = _entry(row)
    keys = db.scalars(select(t.entry_key.c.key).where(t.entry_key.c.entry_id == entry).order_by(t.entry_key.c.key))
    revisions = db.execute(select(t.revision).where(t.revision.c.entry_id == entry).order_by(t.revision.c.number))
    developments = () if view.article is None else _developments(tx, t.development.c.article_id == view.article)
    told: set[DevelopmentId] = {shown.development.id for shown in developments}
    about_story = () if view.story is None else _alerts(tx, t.outbox.c.story_id == view.story)
    alerts = tuple(row for row in about_story if told.intersection(row.alert.developments))
    refs = [f"e{entry}", *(f"d{number}" for number in told), *(f"o{row.id}" for row in alerts)]
    return Explanation(
        entry=view,
        keys=tuple(keys),
        account=account_of(row),
        thinned=row.account is None,
        article=None if view.article is None else _articles(tx, t.article.c.id == view.article)[0],
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
        story=None if view.story is None else _one_story(tx, view.story),
        developments=developments,
        alerts=alerts,
        labels=_labels(tx, or_(t.label.c.entry_id == entry, t.label.c.ref.in_(refs))),
    )
