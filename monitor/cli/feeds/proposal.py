"""The row that is proposed for a feed: what the operator said, what the house knows of the site, what was found.

Never writes it: ``monitor feeds add`` and ``import`` do.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from monitor.entities import LANGS, Feed, FeedId, Selectors

PACES = tuple(dt.timedelta(minutes=minutes) for minutes in (10, 15, 20, 30, 60, 120, 180, 360))
"""The paces that are proposed, in the steps of ``config/feeds.toml``."""
ORDINARY = dt.timedelta(hours=1)
"""The pace where a document shows no rhythm: what most sites ask for."""
WINDOW = 4
"""Polls within the time that a document spans: three in a row may fail, and nothing is lost."""
MOST_OF = 0.8
"""Share of the entries that makes a language the feed's."""
OFFICIAL = dt.timedelta(minutes=30)
"""The fastest pace that is proposed for an authority."""
NAME_LONGEST = 60
"""Characters of a document's title that make a publisher's name."""
SLUG_LONGEST = 40
"""Letters of an id: it is typed."""
SLUG_SHORTEST = 3
"""Letters: what a title in another script leaves is no name."""
_ZONES = (("ja", ".jp", "Asia/Tokyo"), ("ru", ".ru", "Europe/Moscow"))
_AUTHORITY = re.compile(
    r"\.(?:go\.jp|gov(?:\.\w+)?|lg\.jp|mil|gouv\.\w+|gov\.ru)$|(?:^|\.)(?:kremlin|government|mid)\.ru$"
)
_SECOND = frozenset({"co", "com", "or", "org", "ne", "net", "go", "gov", "ac", "ed", "lg", "gr", "ad"})
_PREFIX = frozenset({"www", "www3", "rss", "rssexport", "feeds", "feed", "news", "m", "en", "ja", "ru", "english"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What the operator said of a feed; the rest is found out."""

    source: str
    kind: str = ""
    lang: str = ""
    zone: str = ""
    id: str = ""
    publisher: str = ""
    family: str = ""
    every: dt.timedelta | None = None
    select: Selectors | None = None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rhythm:
    """How fast news comes: the usual gap between two entries, entries a day, and the time a document spans."""

    usual_gap: dt.timedelta | None = None
    a_day: float | None = None
    spans: dt.timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a look at the feed brought that goes into its row. ``fetched``: it answered, and is no saved document."""

    url: str
    title: str
    kind: str
    entries: int
    languages: Mapping[str, int]
    rhythm: Rhythm
    at: dt.datetime
    fetched: bool


def proposed(wish: Wish, seen: Seen, taken: Sequence[Feed]) -> Feed:
    """The row of a feed that was looked at."""
    most = max(seen.languages.items(), key=lambda one: one[1], default=("", 0))
    sure = most[0] in LANGS and most[1] >= MOST_OF * sum(seen.languages.values())
    guessed = subscribed(
        replace(wish, lang=wish.lang or (most[0] if sure else "")), seen.url, seen.title, taken, kind=seen.kind
    )
    every = pace(seen.rhythm)
    return replace(
        guessed, grade="A" if seen.fetched else "C", enabled=True,
        note=wish.note or f"{seen.entries} entries on {seen.at:%Y-%m-%d}",
        every=wish.every or (max(every, OFFICIAL) if guessed.official else every),
    )  # fmt: skip


def subscribed(wish: Wish, url: str, title: str, taken: Sequence[Feed], *, kind: str = "rss") -> Feed:
    """The row of a feed that is known by its address and title alone."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    kin = next((one for one in taken if host and urlsplit(one.url).hostname == host and not one.query), None)
    said = "" if "." in title and " " not in title else title[:NAME_LONGEST].strip()  # some give the host as a title
    publisher = wish.publisher or (kin.publisher if kin else said) or site(url)
    named = slug(said) if len(slug(said)) > SLUG_SHORTEST else site(url)
    zone = kin.zone if kin and kin.lang == wish.lang else zone_guess(url, wish.lang)
    return Feed(
        id=FeedId(wish.id or free(named or "feed", {one.id for one in taken})),
        url=url, publisher=publisher,
        family=wish.family or (kin.family if kin else slug(publisher) or site(url) or "feed"), lang=wish.lang,
        kind=kind, zone=wish.zone or zone, note=wish.note,
        every=wish.every, insecure=parts.scheme == "http", official=bool(_AUTHORITY.search(host)),
        query=host == "news.google.com", select=wish.select,
    )  # fmt: skip


def free(base: str, ids: Collection[str]) -> str:
    """``base``, or the first of ``base-2``, ``base-3`` … that nobody has."""
    if base not in ids:
        return base
    return next(name for number in range(2, len(ids) + 3) if (name := f"{base}-{number}") not in ids)


def pace(rhythm: Rhythm) -> dt.timedelta:
    """How often to ask: as often as something new is usual, and so often that nothing leaves the document unseen."""
    if rhythm.usual_gap is None or rhythm.spans is None:
        return ORDINARY
    wanted = min(max(rhythm.usual_gap, PACES[0]), rhythm.spans / WINDOW)
    return max((step for step in PACES if step <= wanted), default=PACES[0])


def slug(words: str) -> str:
    """Small letters, digits and hyphens out of any words, cut between two of them; empty where there are none."""
    whole = "-".join(re.findall(r"[a-z0-9]+", words.casefold().replace("'", "").replace("’", "")))
    return whole if len(whole) <= SLUG_LONGEST else whole[: SLUG_LONGEST + 1].rpartition("-")[0] or whole[:SLUG_LONGEST]


def site(url: str) -> str:
    """The word of a host that names its owner: ``asahi`` of ``www.asahi.com``."""
    labels = (urlsplit(url).hostname or "").split(".")
    if all(label.isdigit() for label in labels):
        return slug("-".join(labels))
    labels = labels[:-1] or labels  # the country or kind of the name
    while len(labels) > 1 and labels[-1] in _SECOND:
        labels.pop()
    named = [label for label in labels if label not in _PREFIX] or labels
    return slug(named[-1])


def is_address(url: str) -> bool:
    """Whether it can be taken apart at all: brackets in it may hold nothing but an IPv6 address."""
    try:
        urlsplit(url)
    except ValueError:
        return False
    return True


def zone_guess(url: str, lang: str) -> str:
    """The zone of dates that carry none, by language and country."""
    host = urlsplit(url).hostname or ""
    return next((zone for code, end, zone in _ZONES if lang == code or host.endswith(end)), "UTC")
