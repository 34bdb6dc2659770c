"""The words of the house: frozen data that passes between rooms.

Nothing here reads a clock, a file, a network or a database, and nothing here decides. Every time is an aware
``datetime`` in UTC; every duration a ``timedelta``; every similarity a float from 0 to 1.
The glossary is ``docs/glossary.md``.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NewType

FeedId = NewType("FeedId", str)
"""Slug of a feed, as in ``config/feeds.toml``."""
NameId = NewType("NameId", str)
"""Slug of a person, place, body, treaty …, as in ``config/names/``."""
TopicId = NewType("TopicId", str)
"""Slug of a topic, as in ``config/topics/``."""
RecordId = NewType("RecordId", str)
"""Slug of a corpus record, as in ``config/corpus/``."""
EntryId = NewType("EntryId", int)
ArticleId = NewType("ArticleId", int)
StoryId = NewType("StoryId", int)
DevelopmentId = NewType("DevelopmentId", int)
OutboxId = NewType("OutboxId", int)
Destination = NewType("Destination", str)
"""Where an alert goes: ``console`` or ``slack:CHANNEL``; the part before the colon names the sink."""

LANGS = ("en", "ja", "ru")
"""The languages the house reads; anything else is carried as it is and read as far as names allow."""


# --------------------------------------------------------------------------------------------- acquisition


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """A place we poll, as configured. It never changes while the daemon runs; ``FeedState`` does."""

    id: FeedId
    url: str
    publisher: str
    family: str
    lang: str = ""
    kind: str = "rss"
    zone: str = "UTC"
    grade: str = "C"
    enabled: bool = True
    reason: str = ""
    note: str = ""
    every: dt.timedelta | None = None
    min_every: dt.timedelta | None = None
    max_every: dt.timedelta | None = None
    query: bool = False
    insecure: bool = False
    official: bool = False
    tls_verify: bool = True
    user_agent: str = ""
    seed: tuple[str, ...] = ()


class Problem(StrEnum):
    """Why a poll brought nothing. Each member has a sentence for operators in ``docs/operations.md``."""

    DNS = "dns"
    CONNECT = "connect"
    TIMEOUT = "timeout"
    TLS = "tls"
    STATUS = "status"
    RATE_LIMITED = "rate-limited"
    BLOCKED = "blocked"
    GONE = "gone"
    EMPTY = "empty"
    NOT_A_FEED = "not-a-feed"
    MALFORMED = "malformed"
    CUT_SHORT = "cut-short"
    TOO_LARGE = "too-large"
    FORBIDDEN_ADDRESS = "forbidden-address"
    REDIRECT = "redirect"
    INTERNAL = "internal"


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedState:
    """What we remember of a feed between polls. Validators in it move last: with, never before, the entries."""

    feed_id: FeedId
    etag: str | None = None
    last_modified: str | None = None
    validators_url: str | None = None
    body_hash: str | None = None
    unconditional_at: dt.datetime | None = None
    interval: dt.timedelta | None = None
    next_poll_at: dt.datetime | None = None
    last_attempt_at: dt.datetime | None = None
    last_success_at: dt.datetime | None = None
    last_new_at: dt.datetime | None = None
    baseline_at: dt.datetime | None = None
    newest_published_at: dt.datetime | None = None
    problem: Problem | None = None
    problem_message: str = ""
    problem_since: dt.datetime | None = None
    failures: int = 0
    empties: int = 0
    polls: int = 0
    entries_last: int = 0
    flagged: str = ""
    moved_to: str | None = None
    moved_since: dt.datetime | None = None
    paused: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """What the wire gave for one poll: a document, a 304, or a problem. Never an exception.

    ``body`` is decoded (content codings undone) and at most the configured cap long. ``not_modified`` is a 304;
    ``problem`` set means nothing usable came, except ``CUT_SHORT``, where ``body`` holds what did come.
    """

    feed_id: FeedId
    url: str
    at: dt.datetime
    final_url: str = ""
    status: int | None = None
    not_modified: bool = False
    body: bytes = b""
    body_hash: str | None = None
    content_type: str = ""
    charset: str | None = None
    etag: str | None = None
    last_modified: str | None = None
    server_date: dt.datetime | None = None
    retry_after: dt.timedelta | None = None
    max_age: dt.timedelta | None = None
    conditional: bool = False
    moved_to: str | None = None
    problem: Problem | None = None
    message: str = ""
    elapsed: dt.timedelta = dt.timedelta(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One item as published. Its markup is untouched; ``clean`` makes an ``Article`` of it."""

    feed_id: FeedId
    guid: str = ""
    guid_shared: bool = False
    link: str = ""
    title: str = ""
    summary: str = ""
    content: str = ""
    author: str = ""
    publisher: str = ""
    lang: str = ""
    published: dt.datetime | None = None
    published_raw: str = ""
    updated: dt.datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One parsed feed document. ``flagged`` says what was wrong with it; its whole entries are kept all the same."""

    entries: tuple[Entry, ...]
    title: str = ""
    lang: str = ""
    ttl: dt.timedelta | None = None
    flagged: str = ""
    problem: Problem | None = None
    skipped: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """An entry made clean: canonical URL, plain text, language, clocks.

    ``keys`` are what it is known by (guid and canonical-URL keys, most specific first); ``published_at`` is clamped
    to the first sight where the feed said nothing or named the future. ``text`` holds paragraphs parted by newlines.
    """

    feed_id: FeedId
    keys: tuple[str, ...]
    url: str
    publisher: str
    family: str
    lang: str
    title: str
    text: str
    published_at: dt.datetime
    first_seen_at: dt.datetime
    dated: bool = True
    credits: tuple[str, ...] = ()
    content_hash: str = ""
    insecure: bool = False


# ------------------------------------------------------------------------------------------------ verdicts


class Verdict(StrEnum):
    """How an entry ended. Every entry ends with exactly one."""

    OFF_BEAT = "off-beat"
    REVISION = "revision"
    COPY = "copy"
    REPEAT = "repeat"
    BACKGROUND = "background"
    DEVELOPMENT = "development"
    REJECTED = "rejected"


class Reason(StrEnum):
    """Why a verdict fell. Each member has its sentence in ``docs/glossary.md``."""

    NO_SIDE = "no-side"
    ONE_SIDE = "one-side"
    NO_RELATION = "no-relation"
    AGAINST = "against"
    UNREADABLE = "unreadable"
    SAME_TEXT = "same-text"
    NEAR_COPY = "near-copy"
    EDITED = "edited"
    NO_NEW_FACT = "no-new-fact"
    OLD_FACTS = "old-facts"
    OPINION = "opinion"
    PREVIEW = "preview"
    NEW_STORY = "new-story"
    NEW_FACT = "new-fact"
    CHANGED_NUMBER = "changed-number"
    REVERSAL = "reversal"
    STAGE_REACHED = "stage-reached"
    FIRST_WORD = "first-word"
    FIRST_DENIAL = "first-denial"
    CONFIRMATION = "confirmation"
    RESUMED = "resumed"


class AlertReason(StrEnum):
    """Why a development was told, or was not. Each member has its sentence in ``docs/glossary.md``."""

    QUEUED = "queued"
    BASELINE = "baseline"
    BACKFILL = "backfill"
    TOO_OLD = "too-old"
    MUTED = "muted"
    BELOW_SEVERITY = "below-severity"
    NO_DESTINATION = "no-destination"


class Weight(StrEnum):
    """How much a development weighs: a major one may interrupt."""

    MINOR = "minor"
    MAJOR = "major"


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What one weigher said, in words a reader can check. ``weight`` is signed: below zero it spoke against."""

    signal: str
    said: str
    weight: float = 0.0
    words: tuple[str, ...] = ()
    record: RecordId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """What the gate said of one article, and why."""

    relevant: bool
    reason: Reason | None
    score: float
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicMatch:
    """A topic the article reports on (or, with ``background``, merely mentions), with score and evidence."""

    topic: TopicId
    score: float
    background: bool = False
    evidence: tuple[Evidence, ...] = ()


# ------------------------------------------------------------------------------------------------- reading


@dataclass(frozen=True, slots=True, kw_only=True)
class Name:
    """A person, place, body, treaty … and how three scripts write it."""

    id: NameId
    kind: str
    side: str = ""
    sides: tuple[str, ...] = ()
    label: Mapping[str, str] = field(default_factory=dict)
    forms: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    weak: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    offices: tuple[Office, ...] = ()
    office: str = ""
    part_of: NameId | None = None
    wire: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """An office held from one day to another (``until`` None: still held)."""

    office: str
    since: dt.date | None = None
    until: dt.date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """One place where a text names somebody: offsets into its sentence, in characters."""

    name: NameId
    sentence: int
    start: int
    end: int
    surface: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """One sentence with its place in the article; index 0 is the title. ``terms`` are its content words, folded."""

    index: int
    text: str
    terms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """An article as the rooms read it, made once: sentences, names found, content words, meaning.

    ``vector`` is the meaning of title and lead (unit length, its language's mean taken off) or empty where no
    embedder runs.
    """

    lang: str
    sentences: tuple[Sentence, ...]
    mentions: tuple[Mention, ...] = ()
    vector: tuple[float, ...] = ()


# --------------------------------------------------------------------------------------------------- facts


class Stage(StrEnum):
    """How far an act has come."""

    PROPOSED = "proposed"
    ANNOUNCED = "announced"
    HELD = "held"
    AGREED = "agreed"
    SIGNED = "signed"
    IN_FORCE = "in-force"
    SUSPENDED = "suspended"
    CANCELLED = "cancelled"
    REFUSED = "refused"
    DENIED = "denied"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """Who did what, at which stage, with which number, date or quote; language-neutral, with the words it came from.

    ``number`` counts ``unit`` (a slug such as ``missile``, ``person``, ``percent``, ``usd``; empty: bare).
    """

    actors: tuple[NameId, ...] = ()
    action: str = ""
    stage: Stage | None = None
    polarity: str = "+"
    objects: tuple[str, ...] = ()
    number: float | None = None
    unit: str = ""
    date: dt.date | None = None
    place: NameId | None = None
    quote: str = ""
    speaker: NameId | None = None
    words: str = ""
    sentence: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CorpusRecord:
    """What is already known: one earlier event with its date, topics and facts, in our own words."""

    id: RecordId
    date: dt.date
    title: Mapping[str, str]
    summary: Mapping[str, str]
    topics: tuple[TopicId, ...]
    facts: tuple[Fact, ...] = ()
    publisher: str = ""
    source: str = ""
    reference: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrase:
    """Words that speak for a topic, with their weight."""

    text: str
    weight: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """A subject of the corpus, as one file of ``config/topics/`` tells it."""

    id: TopicId
    name: Mapping[str, str]
    description: Mapping[str, str]
    severity: Weight = Weight.MINOR
    channel: str = ""
    phrases: Mapping[str, tuple[Phrase, ...]] = field(default_factory=dict)
    names: Mapping[NameId, float] = field(default_factory=dict)
    background: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Against:
    """A neighbouring matter that is not ours, and the words that give it away."""

    id: str
    words: Mapping[str, tuple[str, ...]]
    weight: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Beat:
    """What we watch: the two sides, the dispute between them, and what stands between states."""

    id: str
    name: Mapping[str, str]
    sides: Mapping[str, tuple[NameId, ...]]
    dispute: tuple[NameId, ...] = ()
    relation: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    against: tuple[Against, ...] = ()
    weights: Mapping[str, float] = field(default_factory=dict)


# ------------------------------------------------------------------------------------------------- stories


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What a story is recognised by: sums over its articles. Only ``stories`` reads meaning into the numbers."""

    terms: Mapping[str, float] = field(default_factory=dict)
    names: Mapping[NameId, float] = field(default_factory=dict)
    acts: Mapping[str, float] = field(default_factory=dict)
    vector: tuple[float, ...] = ()
    facts: tuple[Fact, ...] = ()
    sides: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """Articles that tell of the same event as it moves on."""

    id: StoryId
    title: str
    lang: str
    opened_at: dt.datetime
    last_at: dt.datetime
    articles: int = 0
    publishers: tuple[str, ...] = ()
    families: tuple[str, ...] = ()
    topics: tuple[TopicId, ...] = ()
    linked_to: StoryId | None = None
    muted_until: dt.datetime | None = None
    followed: bool = False
    profile: Profile = Profile()


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """An article with all that was read out of it: what the story rooms work on."""

    article: Article
    reading: Reading
    matches: tuple[TopicMatch, ...] = ()
    facts: tuple[Fact, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """Which story an article belongs to (None: a new one), why, and which came second."""

    story: StoryId | None
    score: float = 0.0
    evidence: tuple[Evidence, ...] = ()
    runner_up: StoryId | None = None
    runner_up_score: float = 0.0
    linked_to: StoryId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewFact:
    """A fact nobody told before, beside what was known of the same matter (None: nothing)."""

    fact: Fact
    said: str
    earlier: Fact | None = None
    record: RecordId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Detection:
    """What an article changed in its story: a verdict with its reason, and the new facts if there are any."""

    verdict: Verdict
    reason: Reason
    weight: Weight = Weight.MINOR
    news: tuple[NewFact, ...] = ()
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Development:
    """A story moved: which article, which new facts, which kind, and whether it was told."""

    id: DevelopmentId
    story: StoryId
    article: ArticleId
    kind: Reason
    weight: Weight
    news: tuple[NewFact, ...]
    at: dt.datetime
    alert: AlertReason


# ------------------------------------------------------------------------------------------------ delivery


class AlertKind(StrEnum):
    """What a message is: the story's root, a reply in its thread, or a notice of our own."""

    STORY = "story"
    DEVELOPMENT = "development"
    START = "start"
    NOTICE = "notice"


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertTopic:
    """A topic as an alert shows it."""

    name: str
    score: float
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """A development told to one destination: all that a message needs, in plain words, without markup."""

    destination: Destination
    kind: AlertKind
    ref: str
    headline: str
    at: dt.datetime
    story: StoryId | None = None
    developments: tuple[DevelopmentId, ...] = ()
    weight: Weight = Weight.MINOR
    lang: str = ""
    news: tuple[str, ...] = ()
    publishers: tuple[str, ...] = ()
    independent: int = 0
    credits: tuple[str, ...] = ()
    topics: tuple[AlertTopic, ...] = ()
    nearest: str = ""
    url: str = ""
    published_at: dt.datetime | None = None
    text: str = ""


class OutboxState(StrEnum):
    """Where an outbox row stands; the graph is in ``docs/delivery.md``."""

    HELD = "held"
    MERGED = "merged"
    PENDING = "pending"
    SENDING = "sending"
    UNKNOWN = "unknown"
    SENT = "sent"
    DEAD = "dead"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxRow:
    """One alert on its way. ``payload`` is frozen once the row is pending; a later template does not change it."""

    id: OutboxId
    alert: Alert
    dedup_key: str
    state: OutboxState
    created_at: dt.datetime
    due_at: dt.datetime
    payload: str = ""
    plain: bool = False
    attempts: int = 0
    looks: int = 0
    claimed_at: dt.datetime | None = None
    sent_at: dt.datetime | None = None
    expires_at: dt.datetime | None = None
    remote_id: str = ""
    error: str = ""
    merged_into: OutboxId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Thread:
    """The living thread of one story at one destination: the root's id there."""

    destination: Destination
    story: StoryId
    root: str
    root_outbox: OutboxId


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """What we remember of a destination: whether it works, since when not, and when it may be used again."""

    destination: Destination
    broken: str = ""
    broken_since: dt.datetime | None = None
    not_before: dt.datetime | None = None
    last_remote_id: str = ""
    failures: int = 0


class SendStatus(StrEnum):
    """What became of one attempt to send."""

    SENT = "sent"
    NOT_SENT = "not-sent"
    MESSAGE_FAULT = "message-fault"
    CHANNEL_FAULT = "channel-fault"
    TOKEN_FAULT = "token-fault"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a sink says after one attempt. ``UNKNOWN`` means it may have been sent: look before sending again."""

    status: SendStatus
    remote_id: str = ""
    root: str = ""
    retry_after: dt.timedelta | None = None
    attempted: bool = True
    message: str = ""


class LookStatus(StrEnum):
    """What a look-up for an earlier send found."""

    FOUND = "found"
    NOT_FOUND = "not-found"
    CANNOT_LOOK = "cannot-look"


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """The answer of a sink that was asked whether it holds a row already; ``root`` is the thread it was found in."""

    status: LookStatus
    remote_id: str = ""
    root: str = ""
    retry_after: dt.timedelta | None = None
    message: str = ""


# ------------------------------------------------------------------------------------------------- records


class Standing(StrEnum):
    """How an article stands to what we already hold."""

    NEW = "new"
    KNOWN = "known"
    EDITED = "edited"


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """An entry we hold: what is needed to tell a repeat sight from an edit.

    ``article`` is None for off-beat entries, which keep no text.
    """

    entry: EntryId
    content_hash: str
    verdict: Verdict
    article: ArticleId | None = None
    story: StoryId | None = None
    revisions: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Fingerprint:
    """What near copies share: MinHash bands for the look-up, the signature for the check. Empty for short texts."""

    bands: tuple[int, ...] = ()
    signature: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbour:
    """A stored article that shares a band with a new one."""

    article: ArticleId
    entry: EntryId
    story: StoryId | None
    title: str
    text: str
    signature: bytes
    published_at: dt.datetime
    credits: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """The verdict of ``dedupe`` that an article carries another one's text."""

    of: Neighbour
    reason: Reason
    similarity: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Everything that was decided about one entry, in the order it was decided. ``monitor explain`` reads it back."""

    title: str
    url: str
    verdict: Verdict
    reason: Reason
    standing: Standing = Standing.NEW
    ruling: Ruling | None = None
    matches: tuple[TopicMatch, ...] = ()
    facts: tuple[Fact, ...] = ()
    copy_of: EntryId | None = None
    similarity: float = 0.0
    assignment: Assignment | None = None
    detection: Detection | None = None
    story: StoryId | None = None
    development: DevelopmentId | None = None
    alert: AlertReason | None = None
    entry: EntryId | None = None


class Mode(StrEnum):
    """Under which rule a document comes in: only ``LIVE`` may alert."""

    LIVE = "live"
    BASELINE = "baseline"
    BACKFILL = "backfill"
