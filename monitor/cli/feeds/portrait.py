"""What we would make of a feed: its document looked over before it is taken. It fetches nothing and stores nothing.

Never decides whether a feed is worth having: it says what it found, and writes the row that an operator may take.
"""

from __future__ import annotations

import datetime as dt
import re
import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from urllib.parse import urlsplit

from monitor.clean import clean
from monitor.clean.dates import moment
from monitor.clean.text import encoded_once
from monitor.clean.urls import is_url
from monitor.cli.feeds.proposal import Rhythm, Seen, Wish, proposed
from monitor.entities import Article, Document, Entry, Feed, FeedState, Fetched, IncidentKind, Problem
from monitor.incidents import complaints
from monitor.schedule import Policy
from monitor.sources.anatomy import Alternate, Anatomy

SHOWN = 5
"""Entries that stand for all."""
AHEAD = dt.timedelta(hours=1)
"""A date so far ahead is none (``clean.FUTURE``)."""
OLD = 10
"""One entry in so many is left out of the rhythm, the oldest first."""
DAY = dt.timedelta(days=1)
_CHURN = re.compile(r"#\d+$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One entry as it would be stored."""

    title: str
    link: str
    published_at: dt.datetime | None
    lang: str
    guid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ids:
    """What the entries name themselves by. ``churning`` guids end in a number of the revision."""

    addresses: int = 0
    opaque: int = 0
    missing: int = 0
    shared: int = 0
    churning: int = 0
    links_shared: int = 0
    links_missing: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Dates:
    """What the entries say of their time. ``zoneless`` ones are read in the feed's zone; ``equal``: all are one."""

    missing: int = 0
    unreadable: int = 0
    zoneless: int = 0
    future: int = 0
    equal: bool = False
    oldest: dt.datetime | None = None
    newest: dt.datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Portrait:
    """Everything ``monitor feeds test`` says of a feed. ``usable``: it can be read as it is."""

    source: str
    usable: bool
    kind: str
    format: str
    problem: Problem | None
    message: str
    status: int | None
    final_url: str
    moved_to: str
    redirected: bool
    content_type: str
    charset: str
    bytes: int
    seconds: float
    etag: str
    last_modified: str
    max_age: dt.timedelta | None
    ttl: dt.timedelta | None
    rests: str
    hub: str
    topic: str
    older: str
    parts: tuple[str, ...]
    title: str
    lang: str
    entries: int
    skipped: int
    first: tuple[Shown, ...]
    ids: Ids
    dates: Dates
    rhythm: Rhythm
    languages: Mapping[str, int]
    ours: int
    held: int
    traps: tuple[str, ...]
    alternates: tuple[Alternate, ...]
    row: Feed | None = None


def portrait(
    wish: Wish, feed: Feed, fetched: Fetched, made: Anatomy, document: Document, *,
    articles: Sequence[Article | None], ours: int, held: int, taken: Sequence[Feed],
) -> Portrait:  # fmt: skip
    """What was found, in one value. Of ``articles``, the entries made clean, ``ours`` pass the gate."""
    entries = document.entries
    ids, dates = ids_of(entries), dates_of(entries, fetched.at)
    languages = Counter(article.lang for article in articles if article is not None)
    problem = fetched.problem or document.problem
    usable = problem is None or (problem is Problem.CUT_SHORT and bool(entries))
    rhythm = rhythm_of(entries, fetched.at)
    seen = Seen(
        url=fetched.moved_to or fetched.url, title=document.title, kind=feed.kind, entries=len(entries),
        languages=languages, rhythm=rhythm, at=fetched.at, fetched=fetched.status is not None,
    )  # fmt: skip
    return Portrait(
        source=wish.source, usable=usable, kind=feed.kind, format=made.format, problem=problem,
        message=fetched.message or (document.flagged if document.problem is not None else ""),
        status=fetched.status, final_url=fetched.final_url, moved_to=fetched.moved_to or "",
        redirected=bool(fetched.final_url) and fetched.final_url not in {fetched.url, fetched.moved_to or fetched.url},
        content_type=fetched.content_type, charset=fetched.charset or "", bytes=len(fetched.body),
        seconds=round(fetched.elapsed.total_seconds(), 3), etag=fetched.etag or "",
        last_modified=fetched.last_modified or "", max_age=fetched.max_age, ttl=document.ttl, rests=document.rests,
        hub=document.hub or fetched.hub, topic=document.topic or fetched.topic, older=document.older,
        parts=document.parts, title=document.title, lang=document.lang, entries=len(entries), skipped=document.skipped,
        first=tuple(_shown(one, article) for one, article in zip(entries[:SHOWN], articles, strict=False)),
        ids=ids, dates=dates, rhythm=rhythm, languages=dict(languages.most_common()), ours=ours,
        held=held, traps=(
            *_traps(feed, fetched, made, document, ids, dates), *_frozen(feed, fetched, dates, rhythm),
            *_twice(held, len(entries)),
        ),
        alternates=made.alternates,
        row=proposed(wish, seen, taken) if usable and seen.url else None,
    )  # fmt: skip


def cleaned(feed: Feed, document: Document, now: dt.datetime) -> list[Article | None]:
    """The document's entries made clean; None for one that says nothing."""
    return [clean(entry, feed, now) for entry in document.entries]


def usual_language(articles: Sequence[Article | None]) -> str:
    """The language of most articles; empty where there are none."""
    return next(iter(Counter(one.lang for one in articles if one is not None).most_common(1)), ("", 0))[0]


def ids_of(entries: Sequence[Entry]) -> Ids:
    """How the entries name themselves."""
    guids = [entry.guid.strip() for entry in entries]
    return Ids(
        addresses=sum(is_url(guid) for guid in guids), opaque=sum(bool(guid) and not is_url(guid) for guid in guids),
        missing=sum(not guid for guid in guids), shared=sum(entry.guid_shared for entry in entries),
        churning=sum(bool(_CHURN.search(guid)) for guid in guids),
        links_shared=sum(entry.link_shared for entry in entries),
        links_missing=sum(not entry.link for entry in entries),
    )  # fmt: skip


def dates_of(entries: Sequence[Entry], now: dt.datetime) -> Dates:
    """What the entries say of their time."""
    times = [time for entry in entries if (time := entry.published or entry.updated) is not None]
    bare = [entry for entry in entries if entry.published is None and entry.updated is None]
    past = [time for time in times if time <= now + AHEAD]
    return Dates(
        missing=sum(not entry.published_raw for entry in bare),
        unreadable=sum(bool(entry.published_raw) for entry in bare),
        zoneless=sum(_zoneless(entry.published_raw) for entry in entries), future=len(times) - len(past),
        equal=len(times) > 2 and len(set(times)) == 1, oldest=min(past, default=None), newest=max(past, default=None),
    )  # fmt: skip


def rhythm_of(entries: Sequence[Entry], now: dt.datetime) -> Rhythm:
    """How fast news comes, by the dates of one document; a tenth of them may be old pieces that were put on top."""
    dated = sorted(time for entry in entries if (time := entry.published or entry.updated) and time <= now + AHEAD)
    times = dated[len(dated) // OLD :]
    if len(set(times)) < 3:  # two dates are one gap, and one gap is no rhythm
        return Rhythm()
    gaps = [(after - before).total_seconds() for before, after in pairwise(times)]
    spans = times[-1] - times[0]
    return Rhythm(
        usual_gap=dt.timedelta(seconds=statistics.median(gaps)), a_day=round(len(gaps) / (spans / DAY), 1), spans=spans
    )


def _shown(entry: Entry, article: Article | None) -> Shown:
    return Shown(
        title=article.title if article is not None else entry.title, link=entry.link,
        published_at=entry.published or entry.updated, lang=article.lang if article is not None else "",
        guid=entry.guid,
    )  # fmt: skip


def _zoneless(raw: str) -> bool:
    """Whether a date depends on the zone that is assumed for it."""
    return bool(raw) and moment(raw, "Etc/GMT+12") != moment(raw, "Etc/GMT-12")


def _traps(
    feed: Feed, fetched: Fetched, made: Anatomy, document: Document, ids: Ids, dates: Dates
) -> list[str]:  # fmt: skip
    """Everything that may go wrong with this feed, in sentences."""
    count = len(document.entries)
    found = [
        (made.format == "web page" and feed.kind != "page", "the answer is a web page, not a feed"),
        (feed.kind == "page" and bool(made.alternates), "the page names a feed of its own: take that one"),
        (bool(document.flagged) and document.problem is None, f"the document is flawed: {document.flagged}"),
        (
            document.problem is Problem.CUT_SHORT or fetched.problem is Problem.CUT_SHORT,
            "the document came cut short: what is whole is kept, and it is asked for again soon",
        ),
        (bool(made.nested), f"{made.nested} items hold links of other articles; the items' own are taken"),
        (_garbled(document.entries), "the publisher's letters are damaged: titles hold replacement signs or mojibake"),
        (document.skipped > 0, f"{document.skipped} items say nothing and are passed over"),
        (count == 0 and fetched.problem is None and document.problem is None, "it holds no entry now"),
        (ids.missing == count > 0, "no item has an id: entries are known by their links"),
        (ids.shared > 0, f"{ids.shared} items share an id with another one: those ids are not relied on"),
        (ids.churning > 0, f"{ids.churning} ids end in a number of the revision: entries are known by their links too"),
        (ids.links_missing > 0, f"{ids.links_missing} items have no link"),
        (ids.links_shared > 0, f"{ids.links_shared} items share their link with another one"),
        (dates.missing == count > 0, "no item has a date: the first sight counts"),
        (0 < dates.missing < count, f"{dates.missing} of {count} items have no date"),
        (dates.unreadable > 0, f"{dates.unreadable} dates cannot be read"),
        (dates.zoneless > 0, f"{dates.zoneless} dates name no zone: they are read in {feed.zone}"),
        (dates.future > 0, f"{dates.future} dates lie ahead: the first sight counts"),
        (dates.equal, "all items have the same date, which says nothing"),
        (fetched.private, "the server stands at an address that is not public"),
        (urlsplit(fetched.final_url).scheme == "http", "plain http: nothing protects its entries on their way"),
        (fetched.status is not None and not fetched.etag and not fetched.last_modified and fetched.problem is None,
         "the server gives no validators: every poll brings the whole document"),
    ]  # fmt: skip
    return [said for holds, said in found if holds]


def _frozen(feed: Feed, fetched: Fetched, dates: Dates, rhythm: Rhythm) -> list[str]:
    """Whether its incident would open with the first poll; what was saved to a file is as old as it is."""
    state = FeedState(feed_id=feed.id, newest_published_at=dates.newest, rhythm=rhythm.usual_gap)
    said = complaints(feed, state, fetched.at, Policy())
    if fetched.status is None or dates.newest is None or all(one.kind is not IncidentKind.FROZEN for one in said):
        return []
    return [f"its newest entry is {(fetched.at - dates.newest).days} days old: old addresses answer for years"]


def _twice(held: int, entries: int) -> list[str]:
    """Whether another feed brings most of this one: then it is asked for nothing."""
    if 2 * held <= entries:
        return []
    return [f"{held} of {entries} entries are held already: it is polled, or another feed brings the same"]


def _garbled(entries: Sequence[Entry]) -> bool:
    return any("\ufffd" in entry.title or encoded_once(entry.title) != entry.title for entry in entries)
