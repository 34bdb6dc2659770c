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
IncidentId = NewType("IncidentId", int)
Destination = NewType("Destination", str)
"""Where an alert goes: ``console`` or ``slack:CHANNEL``; the part before the colon names the sink."""

LANGS = ("en", "ja", "ru")
"""The languages the house reads; anything else is carried as it is and read as far as names allow."""


# --------------------------------------------------------------------------------------------- acquisition


@dataclass(frozen=True, slots=True, kw_only=True)
class Selectors:
    """Where a watched page shows its items: CSS selectors, each but ``item`` looked for inside an item.

    An empty ``title`` or ``link`` means the item's first link and its words; an empty ``date`` or ``text``, none.
    """

    item: str
    title: str = ""
    link: str = ""
    date: str = ""
    text: str = ""


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
    sitemap: str = ""
    select: Selectors | None = None
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
class Gap:
    """Entries that may have been missed: nothing of the document before was left in the next one.

    It stands until older pages join what was held, or for a week: ``next_url`` is the page to look into next (RFC 5005,
    or a sitemap, of kind ``next_kind``), empty where the publisher shows no further. ``since`` is the newest entry held
    before.
    """

    at: dt.datetime
    since: dt.datetime | None = None
    next_url: str = ""
    next_kind: str = ""
    pages: int = 0
    found: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Push:
    """A WebSub subscription (W3C WebSub): what was asked of which hub, and how far it can be relied on.

    ``secret`` signs what the hub sends; ``token`` is the last part of the callback's URL. ``missed`` counts polls
    that found what no push had brought, ``asks`` the requests since the hub last verified one. ``left_hub`` and
    ``left_topic`` are what the feed was subscribed to before it named another hub, until that one lets go. ``unseen``
    counts whole documents in a row that named no hub.
    """

    hub: str
    topic: str
    token: str = ""
    secret: str = ""
    asked_at: dt.datetime | None = None
    verified_at: dt.datetime | None = None
    lease_until: dt.datetime | None = None
    last_push_at: dt.datetime | None = None
    missed: int = 0
    refused: str = ""
    asks: int = 0
    left_hub: str = ""
    left_topic: str = ""
    unseen: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedState:
    """What we remember of a feed between polls. Validators in it move last: with, never before, the entries.

    ``url`` is the address a feed has moved to for good (empty: the configured one, ``url_of`` when it was adopted).
    ``renamed``, ``undated`` and ``foreign`` count documents in a row with that trait; ``private`` says whether the
    server stands at an address that is not public. ``fresh_for`` is
    how long its last whole document stays fresh; ``rhythm`` its usual pause between two times that bring something new,
    ``long_pause`` the one that nineteen of twenty stay below.
    ``unconditional_at`` is when a whole document came last, whether or not the question set a condition.
    """

    feed_id: FeedId
    url: str = ""
    url_of: str = ""
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
    fresh_for: dt.timedelta | None = None
    private: bool = False
    gap: Gap | None = None
    push: Push | None = None
    renamed: int = 0
    undated: int = 0
    foreign: int = 0
    rhythm: dt.timedelta | None = None
    long_pause: dt.timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """What the wire gave for one poll: a document, a 304, or a problem. Never an exception.

    ``body`` is decoded (content codings undone) and at most the configured cap long. ``not_modified`` is a 304;
    ``problem`` set means nothing usable came, except ``CUT_SHORT``, where ``body`` holds what did come.
    ``partial`` is a 226 (RFC 3229, ``A-IM: feed``): new entries alone; ``pushed`` came from a hub, and nobody polled.
    ``hub`` and ``topic`` are a Link header's (WebSub). ``private``: the server's address is not public.
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
    hub: str = ""
    topic: str = ""
    private: bool = False
    partial: bool = False
    pushed: bool = False
    problem: Problem | None = None
    message: str = ""
    elapsed: dt.timedelta = dt.timedelta(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One item as published. Its markup is untouched; ``clean`` makes an ``Article`` of it.

    ``guid_shared`` and ``link_shared``: another item of the document with another link (another guid) has the same,
    so that it identifies nothing. ``digest`` is of the item word for word (see ``Document.digests``).
    """

    feed_id: FeedId
    guid: str = ""
    guid_shared: bool = False
    link_shared: bool = False
    digest: bytes = b""
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
    """One parsed feed document. ``flagged`` says what was wrong with it; its whole entries are kept all the same.

    ``entries`` leaves out the ``unchanged`` ones, that stood word for word in the document before; ``digests`` are of
    all (8 bytes each; none where the kind of source keeps none). ``older`` is the page before this one (RFC 5005
    ``prev-archive`` or ``next``); ``parts`` the documents this one is but an index of; ``hub`` and ``topic`` WebSub's;
    ``rests`` the hours (GMT) in which the publisher wants no poll (skipHours, skipDays), in words.
    """

    entries: tuple[Entry, ...]
    unchanged: int = 0
    digests: tuple[bytes, ...] = ()
    older: str = ""
    parts: tuple[str, ...] = ()
    hub: str = ""
    topic: str = ""
    rests: str = ""
    title: str = ""
    lang: str = ""
    ttl: dt.timedelta | None = None
    flagged: str = ""
    problem: Problem | None = None
    skipped: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """What taking in one document came to, in counts: what the schedule goes by.

    ``entries`` stood in the document, of which ``new`` were not held before, and ``read`` (new or changed) were looked
    at. Of those read, ``renamed`` were held under another guid, ``undated`` name no date or all the same one, and
    ``foreign`` are in another language than the feed's. ``newest`` is the latest date among those read, ``oldest_new``
    the earliest of the new ones, ``pause`` the usual (median) time between two of those.
    """

    entries: int = 0
    new: int = 0
    read: int = 0
    renamed: int = 0
    undated: int = 0
    foreign: int = 0
    newest: dt.datetime | None = None
    oldest_new: dt.datetime | None = None
    pause: dt.timedelta | None = None


class IncidentKind(StrEnum):
    """What can be wrong with a feed for longer than one poll; a sentence for each stands in ``docs/operations.md``."""

    UNREACHABLE = "unreachable"
    CERTIFICATE = "certificate"
    BLOCKED = "blocked"
    RATE_LIMITED = "rate-limited"
    GONE = "gone"
    NOT_A_FEED = "not-a-feed"
    BROKEN = "broken"
    EMPTY = "empty"
    SILENT_ZERO = "silent-zero"
    FROZEN = "frozen"
    SILENT = "silent"
    NOT_POLLED = "not-polled"
    POSSIBLE_LOSS = "possible-loss"
    RENAMED_IDS = "renamed-ids"
    UNDATED = "undated"
    OTHER_LANGUAGE = "other-language"
    MOVED = "moved"
    PUSH_UNRELIABLE = "push-unreliable"
    OWN_NETWORK = "own-network"


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaint:
    """What is wrong with a feed now, in a sentence an operator can act on. ``told``: it is worth a message."""

    kind: IncidentKind
    sentence: str
    told: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """A complaint from its first to its last day: opened once, updated while it lasts, closed by itself.

    ``feed_id`` None: it concerns the whole house (its own network). ``seen`` counts the reviews that found it;
    ``told`` says whether operators heard of its opening; ``ending`` how it closed.
    """

    id: IncidentId
    feed_id: FeedId | None
    kind: IncidentKind
    sentence: str
    opened_at: dt.datetime
    updated_at: dt.datetime
    closed_at: dt.datetime | None = None
    seen: int = 1
    told: bool = False
    ending: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """A public host that asked for patience (Retry-After): none of its feeds is polled before ``until``."""

    host: str
    until: dt.datetime
    why: str = ""


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
    CHANGED_DATE = "changed-date"
    REVERSAL = "reversal"
    STAGE_REACHED = "stage-reached"
    FIRST_WORD = "first-word"
    FIRST_DENIAL = "first-denial"
    CONFIRMATION = "confirmation"
    RESUMED = "resumed"


class AlertReason(StrEnum):
    """Why a development was told, or was not. Each member has its sentence in ``docs/glossary.md``."""

    QUEUED = "queued"
    DIGEST = "digest"
    BASELINE = "baseline"
    BACKFILL = "backfill"
    TOO_OLD = "too-old"
    MUTED = "muted"
    BELOW_SEVERITY = "below-severity"
    NO_DESTINATION = "no-destination"


class Weight(StrEnum):
    """How much a development weighs: a major one may interrupt, an urgent one also at night.

    No development is urgent by itself: a major one of a topic whose severity is urgent becomes so.
    """

    MINOR = "minor"
    MAJOR = "major"
    URGENT = "urgent"


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
class Affair:
    """What a title may be about without naming a side: an affair of the beat by its words, or a ship by its name.

    ``told`` articles of the beat must have spoken of it in the days before.
    """

    key: str
    words: tuple[str, ...]
    told: int


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
    """One sentence with its place in the article; index 0 is the title. ``terms`` are its content words, folded.

    ``proper`` are its names that stand in no list, as skeletons that are one in all three scripts; of the first
    sentences alone.
    """

    index: int
    text: str
    terms: tuple[str, ...] = ()
    proper: tuple[str, ...] = ()


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
class AnyOf:
    """Names and words, by language, any of which will do."""

    names: tuple[NameId, ...] = ()
    words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Together:
    """Things that speak for a topic when one sentence holds one of each, and nothing of ``unless``."""

    of: tuple[AnyOf, ...]
    unless: AnyOf = AnyOf()
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
    together: tuple[Together, ...] = ()
    background: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    yields_to: tuple[TopicId, ...] = ()
    """Topics that take its place where they are reported on: of drills on an island, the island is only the place."""


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
    vague: tuple[NameId, ...] = ()
    """Names of the dispute that other disputes bear too ("disputed islands"): alone they say nothing."""
    relation: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    matter: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """What only the two sides have between them: beside one of them it goes without saying who the other is."""
    affairs: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    """By name, the words of matters that lie open between the two: once told, they go without either side."""
    voice: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """What those who speak for a state are reported to do: say, warn, protest."""
    against: tuple[Against, ...] = ()
    weights: Mapping[str, float] = field(default_factory=dict)


# ------------------------------------------------------------------------------------------------- stories


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """How one article of a story told it, in short: the next one is held against it to hear whether it says more.

    ``terms`` are its title's content words, ``numbers`` those of title and lead; ``meaning`` holds the signs of its
    vector's coordinates, a bit each, in base64 (a vector would be thirty times as long).
    """

    lang: str
    terms: tuple[str, ...] = ()
    numbers: tuple[float, ...] = ()
    meaning: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What a story is recognised by: sums over its articles. Only ``stories`` reads meaning into the numbers.

    ``titles`` are the words, names and acts of single titles; ``spoken`` says of a language how many terms the story
    has used in it, and the sum of their squares.
    """

    terms: Mapping[str, float] = field(default_factory=dict)
    names: Mapping[NameId, float] = field(default_factory=dict)
    acts: Mapping[str, float] = field(default_factory=dict)
    vector: tuple[float, ...] = ()
    facts: tuple[Fact, ...] = ()
    sides: tuple[str, ...] = ()
    tellings: tuple[Telling, ...] = ()
    proper: Mapping[str, float] = field(default_factory=dict)
    titles: tuple[tuple[str, ...], ...] = ()
    spoken: Mapping[str, tuple[int, float]] = field(default_factory=dict)


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
    events: StoryId | None = None
    """The thread of events it belongs to, named by its first story; None where it stands alone or is that first one."""
    muted_until: dt.datetime | None = None
    followed: bool = False
    profile: Profile = Profile()


@dataclass(frozen=True, slots=True, kw_only=True)
class Stirred:
    """An affair that was told of lately: in how many articles, and the story that moved last with it."""

    key: str
    story: StoryId
    articles: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """An article with all that was read out of it: what the story rooms work on."""

    article: Article
    reading: Reading
    matches: tuple[TopicMatch, ...] = ()
    facts: tuple[Fact, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What an article comes into: what was learnt of its language before it, and how much is going on.

    ``articles`` of its language were learnt, ``terms`` says in how many of them each of its terms stood; ``busy``
    articles were published in the days around it.
    """

    articles: int = 0
    terms: Mapping[str, int] = field(default_factory=dict)
    busy: int = 0


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
    """What a message is: the story's root, a reply in its thread, many developments in one, or word of our own.

    ``INCIDENT`` is one condition of the feeds, edited until it clears; ``QUIET`` says once a day that nothing happened.
    """

    STORY = "story"
    DEVELOPMENT = "development"
    DIGEST = "digest"
    START = "start"
    NOTICE = "notice"
    INCIDENT = "incident"
    QUIET = "quiet"


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertTopic:
    """A topic as an alert shows it."""

    name: str
    score: float
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestItem:
    """One development as a digest lists it. ``why`` says why it came this way and not by itself."""

    ref: str
    headline: str
    lang: str = ""
    weight: Weight = Weight.MINOR
    news: tuple[str, ...] = ()
    publishers: tuple[str, ...] = ()
    url: str = ""
    at: dt.datetime | None = None
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """A development told to one destination: all that a message needs, in plain words, without markup.

    ``articles`` have told the story so far, ``changed_at`` is when it last moved: these, the publishers, independent
    voices and topics of a root that was posted are kept up to date by edits. ``said`` is what readers did with it
    ("muted until 29 Nov by …"). ``over``: the condition of an incident has cleared. ``followed``: somebody follows the
    story, and wants to see all of it.
    """

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
    articles: int = 1
    changed_at: dt.datetime | None = None
    items: tuple[DigestItem, ...] = ()
    said: tuple[str, ...] = ()
    over: bool = False
    followed: bool = False


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
    """One alert on its way. ``payload`` is frozen once the row is pending; a later template does not change it.

    ``digest``: it goes out in a digest only, at ``due_at``. ``broadcast``: a reply that was also shown in the channel.
    ``edit_due_at``: what the message says has moved on, and it is to be edited then (if the sink can).
    """

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
    digest: bool = False
    broadcast: bool = False
    edit_due_at: dt.datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Thread:
    """The living thread of one story at one destination: the root's id there."""

    destination: Destination
    story: StoryId
    root: str
    root_outbox: OutboxId


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """What we remember of a destination: whether it works, since when not, and when it may be used again.

    ``digest_until``: the circuit breaker fell, and until then everything but the urgent goes into one digest.
    """

    destination: Destination
    broken: str = ""
    broken_since: dt.datetime | None = None
    not_before: dt.datetime | None = None
    last_remote_id: str = ""
    failures: int = 0
    digest_until: dt.datetime | None = None


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

    ``article`` is None for off-beat entries, which keep no text. ``feed_id`` is the feed that brought it first, and
    ``earlier`` holds the hashes of the texts it had before the one it has.
    """

    entry: EntryId
    content_hash: str
    verdict: Verdict
    feed_id: FeedId | None = None
    article: ArticleId | None = None
    story: StoryId | None = None
    revisions: int = 0
    earlier: frozenset[str] = frozenset()


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


class LabelKind(StrEnum):
    """What a reader said of an alert or an entry, or did with a story; a row for each is in ``docs/quality.md``."""

    RELEVANT = "relevant"
    NEW = "new"
    NOT_NEW = "not-new"
    WRONG_TOPIC = "wrong-topic"
    OFF_BEAT = "off-beat"
    SPLIT = "split"
    MERGE = "merge"
    MUTE = "mute"
    FOLLOW = "follow"


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelView:
    """What a reader said: ``ref`` is the id it was said of, ``entry`` the first entry behind it."""

    ref: str
    entry: EntryId | None
    label: LabelKind
    by: str
    at: dt.datetime
    note: str


class Mode(StrEnum):
    """Under which rule a document comes in: only ``LIVE`` may alert, and ``RETOLD`` history goes into one digest."""

    LIVE = "live"
    BASELINE = "baseline"
    BACKFILL = "backfill"
    RETOLD = "retold"
