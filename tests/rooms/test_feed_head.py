"""What a feed document says beside its items: pace, older pages, hubs, an end that never comes, identities shared."""

from __future__ import annotations

import datetime as dt
import json

import pytest

from monitor.entities import Document, Problem
from monitor.sources import SOURCES
from tests import make
from tests.doors.feed_server import item, rss

ATOM = 'xmlns="http://www.w3.org/2005/Atom"'
HISTORY = 'xmlns:fh="http://purl.org/syndication/history/1.0"'
SY = 'xmlns:sy="http://purl.org/rss/1.0/modules/syndication/"'


def parse(body: bytes | str, **fields: object) -> Document:
    raw = body.encode() if isinstance(body, str) else body
    return SOURCES["rss"].parse(make.feed(), make.fetched(body=raw, **fields))


def channel(inner: str) -> Document:
    return parse(
        f'<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom" {HISTORY} {SY}><channel><title>t</title>'
        f"<link>https://harbour-daily.example/</link>{inner}{item(1)}</channel></rss>"
    )


# ----------------------------------------------------------------------------------------------------- its pace


@pytest.mark.parametrize(
    ("inner", "minutes"),
    [
        ("<ttl>600</ttl>", 600),
        ("<ttl> 2 </ttl>", 2),
        ("<ttl>999999999999</ttl>", 100_000),
        ("<ttl>nan</ttl>", None),
        ("<ttl>-5</ttl>", None),
        ("<ttl>soon</ttl>", None),
        ("<ttl/>", None),
        ("<sy:updatePeriod>hourly</sy:updatePeriod><sy:updateFrequency>1</sy:updateFrequency>", 60),
        ("<sy:updatePeriod>hourly</sy:updatePeriod><sy:updateFrequency>4</sy:updateFrequency>", 15),
        ("<sy:updatePeriod>hourly</sy:updatePeriod><sy:updateFrequency>0.1</sy:updateFrequency>", 600),
        ("<sy:updatePeriod>\n Hourly\n</sy:updatePeriod><sy:updateFrequency>0</sy:updateFrequency>", 60),
        ("<sy:updatePeriod>daily</sy:updatePeriod><sy:updateFrequency></sy:updateFrequency>", 1440),
        ("<sy:updatePeriod>dayly</sy:updatePeriod>", 1440),
        ("<sy:updatePeriod>always</sy:updatePeriod>", 0),
        ("<sy:updatePeriod>yearly</sy:updatePeriod><sy:updateFrequency>1e-300</sy:updateFrequency>", 100_000),
        ("<sy:updatePeriod>fortnightly</sy:updatePeriod>", None),
        ("<sy:updatePeriod></sy:updatePeriod>", None),
        ("<ttl>30</ttl><sy:updatePeriod>daily</sy:updatePeriod>", 30),
        ("", None),
    ],
)
def test_how_long_a_copy_stays_fresh(inner: str, minutes: int | None) -> None:
    assert channel(inner).ttl == (None if minutes is None else dt.timedelta(minutes=minutes))


def test_the_hours_and_days_without_polls_are_told_in_words() -> None:
    hours = "<skipHours><hour>0</hour><hour>1</hour><hour>2</hour></skipHours>"
    days = "<skipDays><day>Saturday</day><day>Sunday</day></skipDays>"
    assert channel(hours + days).rests == "skipHours 0,1,2 GMT; skipDays Saturday,Sunday GMT"
    assert (channel("<skipHours/>").rests, channel("").rests) == ("", "")


# ------------------------------------------------------------------------------------------- older pages and hubs


@pytest.mark.parametrize(
    ("inner", "older"),
    [
        ('<atom:link rel="next" href="?page=2"/>', "https://harbour-daily.example/rss?page=2"),
        (
            '<atom:link rel="next" href="/2"/><atom:link rel="prev-archive" href="/old/7.xml"/>',
            "https://harbour-daily.example/old/7.xml",
        ),
        ('<atom:link rel="previous" href="/newer"/><atom:link rel="next-archive" href="/newer"/>', ""),
        ('<fh:complete/><atom:link rel="next" href="/2"/>', ""),
        ('<fh:archive/><atom:link rel="prev-archive" href="/6.xml"/>', "https://harbour-daily.example/6.xml"),
        ('<atom:link rel="next" href="file:///etc/passwd"/>', ""),
        ('<atom:link rel="next" href="http://[broken"/>', ""),
        ('<atom:link rel="next" href=""/>', ""),
        ('<link rel="next" href="/not-atoms"/>', ""),
        ("", ""),
    ],
)
def test_the_page_before_a_document(inner: str, older: str) -> None:
    assert channel(inner).older == older


def test_an_atom_document_names_its_older_page_its_hub_and_itself() -> None:
    document = parse(
        f'<feed {ATOM} xml:base="https://coast.example/news/"><title>t</title><link rel="HUB" href="https://hub.example/"/>'
        '<link rel="self" href="all.atom"/><link rel="next" href="all.atom?p=2"/><entry><title>a</title><id>1</id>'
        '<link rel="next" href="https://no.example/"/></entry></feed>'
    )
    assert (document.older, document.hub, document.topic) == (
        "https://coast.example/news/all.atom?p=2",
        "https://hub.example/",
        "https://coast.example/news/all.atom",
    )


def test_a_json_feed_names_its_older_page_its_hub_and_itself() -> None:
    top = {
        "version": "https://jsonfeed.org/version/1.1", "items": [{"id": "1", "title": "a"}],
        "next_url": "?page=2", "feed_url": "https://harbour-daily.example/feed.json",
        "hubs": ["odd", {"type": "rssCloud", "url": "https://cloud.example/"}, {"type": "WebSub", "url": "https://hub.example/"}],
    }  # fmt: skip
    document = parse(json.dumps(top), final_url="https://harbour-daily.example/feed.json")
    assert (document.older, document.hub, document.topic) == (
        "https://harbour-daily.example/feed.json?page=2",
        "https://hub.example/",
        "https://harbour-daily.example/feed.json",
    )


@pytest.mark.parametrize(
    "odd", [{"next_url": 7}, {"next_url": "javascript:x"}, {"hubs": {}}, {"hubs": [{"type": "WebSub"}]}]
)
def test_odd_fields_of_a_json_feed_name_nothing(odd: dict[str, object]) -> None:
    document = parse(json.dumps({"items": [{"id": "1", "title": "a"}], **odd}))
    assert (document.older, document.hub, len(document.entries)) == ("", "", 1)


# ------------------------------------------------------------------------------------------------------- its end

WHOLE = rss(item(1), item(2))
TAIL = WHOLE[WHOLE.rindex(b"</item>") + len(b"</item>") :]


@pytest.mark.parametrize("lost", [b"</rss>", b"</channel></rss>"])
def test_a_document_that_its_publisher_never_closes_is_whole(lost: bytes) -> None:
    document = parse(WHOLE.replace(TAIL, TAIL.replace(lost, b"")))
    assert (len(document.entries), document.problem, document.flagged) == (2, None, "never closed")
    assert document.digests == parse(WHOLE).digests


def test_a_document_that_ends_within_an_item_or_a_tag_was_cut() -> None:
    for end in (len(WHOLE) - len(TAIL) - 3, len(WHOLE) - len(TAIL) - 40, len(WHOLE) - 3):
        document = parse(WHOLE[:end])
        assert (document.problem, document.flagged) == (Problem.CUT_SHORT, "cut short"), WHOLE[:end][-20:]


def test_a_missing_end_is_a_cut_where_the_transport_says_so_or_a_buffer_was_just_full() -> None:
    unclosed = WHOLE.replace(TAIL, b"")
    assert parse(unclosed, problem=Problem.CUT_SHORT).problem is Problem.CUT_SHORT
    assert parse(unclosed + b" " * (-len(unclosed) % 4096)).problem is Problem.CUT_SHORT


def test_careless_markup_in_texts_is_no_bomb() -> None:
    breaks = "<![CDATA[" + "line<br>" * 3_000 + "]]>"
    document = parse(
        rss(item(1, title="Food & drink"), f"<item><title>b</title><description>{breaks}</description></item>")
    )
    assert (len(document.entries), document.problem) == (2, None)


# -------------------------------------------------------------------------------------------- identities shared


def one(title: str, link: str, guid: str = "") -> str:
    said = f'<guid isPermaLink="false">{guid}</guid>' if guid else ""
    return f"<item><title>{title}</title><link>{link}</link>{said}</item>"


PAGE = "https://harbour-daily.example/2026-03-04"


@pytest.mark.parametrize(
    ("items", "shared"),
    [
        # A diary with several reports on one page, each with a fragment of its own (Hatena).
        ((one("The day", PAGE), one("The boats", f"{PAGE}#p1"), one("The talks", f"{PAGE}#p2")), [True, True, True]),
        # All items lead to one page, and only opaque ids tell them apart.
        ((one("The boats", PAGE, "a-1"), one("The talks", PAGE, "a-2")), [True, True]),
        ((one("The boats", PAGE, "https://harbour-daily.example/?p=1"), one("The talks", PAGE, "https://harbour-daily.example/?p=2")), [True, True]),
        # One article listed twice under two headlines, its guid numbered (BBC, April 2026).
        ((one("Boats: they return", PAGE, f"{PAGE}#1"), one("They return", PAGE, f"{PAGE}#8")), [False, False]),
        # One article listed twice (Lenta), or twice with other ids.
        ((one("The boats", PAGE, PAGE), one("The boats", PAGE, PAGE)), [False, False]),
        ((one("The boats", PAGE, "a-1"), one("The boats", PAGE, "a-2")), [False, False]),
        # Nothing tells them apart but the headline: an edit, as far as anybody can know.
        ((one("The boats", PAGE), one("The boats return", PAGE)), [False, False]),
        ((one("The boats", PAGE), one("The talks", f"{PAGE}b")), [False, False]),
        ((one("The boats", "", "a-1"), one("The talks", "", "a-2")), [False, False]),
    ],
)  # fmt: skip
def test_when_a_page_is_shared(items: tuple[str, ...], shared: list[bool]) -> None:
    assert [entry.link_shared for entry in parse(rss(*items)).entries] == shared


def test_an_item_known_only_by_its_fragment_keeps_it_as_its_id() -> None:
    entries = parse(
        rss(one("The boats", f"{PAGE}#p1"), one("The talks", f"{PAGE}#p2"), one("Else", f"{PAGE}-else#p3"))
    ).entries
    assert [entry.guid for entry in entries] == [f"{PAGE}#p1", f"{PAGE}#p2", ""]


def test_an_item_is_looked_at_again_when_another_comes_to_share_its_page() -> None:
    alone = parse(rss(one("The boats", PAGE, "a-1")))
    body = rss(one("The talks", PAGE, "a-2"), one("The boats", PAGE, "a-1"))
    document = SOURCES["rss"].parse(make.feed(), make.fetched(body=body), frozenset(alone.digests))
    assert [(entry.title, entry.link_shared) for entry in document.entries] == [
        ("The talks", True),
        ("The boats", True),
    ]


@pytest.mark.parametrize("change", [{"zone": "Asia/Tokyo"}, {"query": True}])
def test_an_item_is_looked_at_again_when_the_feed_is_configured_otherwise(change: dict[str, object]) -> None:
    seen = frozenset(parse(WHOLE).digests)
    document = SOURCES["rss"].parse(make.feed(**change), make.fetched(body=WHOLE), seen)
    assert (len(document.entries), document.unchanged) == (2, 0)


def test_a_document_read_with_doubt_is_read_in_full_every_time() -> None:
    broken = rss(item(1), item(2, more="</height>"), item(3))
    first = parse(broken)
    again = SOURCES["rss"].parse(
        make.feed(), make.fetched(body=broken), frozenset(entry.digest for entry in first.entries)
    )
    assert (len(first.entries), first.digests) == (3, ())
    assert again == first
