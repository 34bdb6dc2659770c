"""A5, deltas, history, push and other formats: what more a publisher offers than one document."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json

import pytest

from monitor.entities import Feed, Fetched, IncidentKind, Problem, Push
from monitor.sources.http import Http
from tests.acquisition.driver import DAY, EVERY, HOUR, MINUTE, START, House, ProcessHouse, numbered
from tests.doors.feed_server import Answer

ATOM = 'xmlns:atom="http://www.w3.org/2005/Atom" xmlns:fh="http://purl.org/syndication/history/1.0"'


def paged(*numbers: int, older: str = "", rel: str = "prev-archive", more: str = "") -> bytes:
    """A document of numbered items that names the page before it (RFC 5005)."""
    link = f'<atom:link rel="{rel}" href="{older}"/>' if older else ""
    body = numbered(*numbers, head=link + more, at=START + (max(numbers) - 3) * HOUR)
    return body.replace(b'<rss version="2.0">', f'<rss version="2.0" {ATOM}>'.encode())


def found(house: House) -> list[int]:
    """The numbers of the reports held."""
    return sorted(int(title.split()[2]) for title in house.titles())


def test_a5_57_after_zero_overlap_older_pages_are_read_until_one_overlaps(processes: ProcessHouse) -> None:
    """Given zero overlap and ``prev-archive`` → pages are walked back until one overlaps, and the loss is healed."""
    page = processes.server.url
    processes.feed("paper", Answer(body=paged(3, 2, 1, older=page("/page-0"))))
    processes.poll()
    processes.serve("paper", Answer(body=paged(12, 11, 10, older=page("/page-2"))))
    processes.serve("page-2", Answer(body=paged(9, 8, 7, older=page("/page-1"))))
    processes.serve("page-1", Answer(body=paged(6, 5, 4, 3, 2, older=page("/page-0"))))
    processes.poll(HOUR)
    assert [asked.request.path for asked in processes.log] == ["/paper", "/paper", "/page-2", "/page-1"]
    assert found(processes) == list(range(1, 13))
    assert processes.state().gap is None
    assert not any(asked.conditional for asked in processes.log if asked.request.path.startswith("/page"))


def test_a5_57_the_next_page_of_a_paged_feed_is_older_too(house: House) -> None:
    """Given zero overlap and ``next`` → the same; a page that is never reached again leaves the loss on record."""
    house.feed("paper", Answer(body=paged(2, 1)))
    house.poll()
    house.serve("paper", Answer(body=paged(9, 8, older=house.server.url("/paper-2"), rel="next")))
    house.serve("paper-2", Answer(body=paged(7, 6)))
    house.poll(HOUR)
    assert found(house) == [1, 2, 6, 7, 8, 9]
    assert house.state().gap is not None
    assert IncidentKind.POSSIBLE_LOSS in house.kinds()


def test_a5_57_the_address_of_a_page_may_be_relative_to_the_document(house: House) -> None:
    """Given ``prev-archive`` without a host, in a feed whose channel links to another one → read where the feed stands."""
    house.feed("paper", Answer(body=paged(2, 1)))
    house.poll()
    house.serve("paper", Answer(body=paged(9, 8, older="page-1")))
    house.serve("page-1", Answer(body=paged(7, 6, 5, 4, 3, 2)))
    house.poll(HOUR)
    assert found(house) == list(range(1, 10))
    assert house.state().gap is None


def test_a5_57_the_walk_back_is_bounded(house: House) -> None:
    """Given an archive without end → a cap on pages, over some polls."""
    house.feed("paper", Answer(body=paged(2, 1)))
    house.poll()
    house.serve("paper", Answer(body=paged(9999, 9998, older=house.server.url("/page-1"))))
    for page in range(1, 40):
        older = house.server.url(f"/page-{page + 1}")
        house.serve(f"page-{page}", Answer(body=paged(9999 - 2 * page, 9998 - 2 * page, older=older)))
    house.poll(HOUR)
    house.polls(2 * DAY, step=HOUR, after=HOUR)
    assert 2 <= sum(asked.request.path.startswith("/page-") for asked in house.log) <= 25


def test_a5_57_what_moves_while_older_pages_are_read_stays(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Given a subscription that is written down while a page is fetched → reading the page does not undo it."""
    house.feed("paper", Answer(body=paged(3, 2, 1)))
    house.poll()
    house.serve("paper", Answer(body=paged(9, 8, 7, older=house.server.url("/page"))))
    house.serve("page", Answer(body=paged(6, 5, 4, 3)))
    subscribed = Push(hub="https://hub.example/", topic="https://paper.example/rss", secret="s")
    fetch = Http.fetch_page

    async def meanwhile(http: Http, feed: Feed, url: str, now: dt.datetime) -> Fetched:
        page = await fetch(http, feed, url, now)
        with house.app() as app, app.store.begin() as tx:
            tx.save_feed_state(dataclasses.replace(tx.feed_state(feed.id), push=subscribed))
        return page

    monkeypatch.setattr(Http, "fetch_page", meanwhile)
    house.poll(HOUR)
    assert (found(house), house.state().gap, house.state().push) == ([1, 2, *range(3, 10)], None, subscribed)


def test_a5_57_without_zero_overlap_no_page_is_read(house: House) -> None:
    """Given overlap, and pages → they are left alone."""
    house.feed(
        "paper",
        Answer(body=paged(3, 2, older=house.server.url("/page"))),
        Answer(body=paged(4, 3, older=house.server.url("/page"))),
    )
    house.poll()
    house.poll(HOUR)
    assert {asked.request.path for asked in house.log} == {"/paper"}


def test_a5_57_a_complete_feed_that_no_longer_lists_an_entry_deletes_nothing(house: House) -> None:
    """Given ``fh:complete`` and an entry that left the document → the entry stays."""
    complete = "<fh:complete/>"
    house.feed("paper", Answer(body=paged(3, 2, 1, more=complete)), Answer(body=paged(3, more=complete)))
    house.poll()
    house.poll(HOUR)
    assert found(house) == [1, 2, 3]


def test_a5_58_a_delta_is_asked_for_and_what_it_leaves_out_is_not_gone(house: House) -> None:
    """Given 226 IM Used → its entries are added, nothing is deleted or called a loss, and its ``ETag`` goes back."""
    delta = Answer(status=226, body=numbered(9, 8), etag='"b"', headers={"IM": "feed"})
    house.feed("paper", Answer(body=numbered(3, 2, 1), etag='"a"'), delta, Answer(status=304))
    for hours in (0, 1, 2):
        house.poll(hours * HOUR)
    _, second, third = house.asked()
    assert (second.header("A-IM"), second.header("If-None-Match"), third.header("If-None-Match")) == (
        "feed",
        '"a"',
        '"b"',
    )
    assert found(house) == [1, 2, 3, 8, 9]
    assert (house.state().gap, house.kinds()) == (None, set())


def test_a5_59_the_hub_is_found_and_the_slow_poll_stays(house: House) -> None:
    """Given a hub and a topic in the feed or in a ``Link`` header → both are remembered, and polls go on."""
    head = '<atom:link rel="hub" href="https://hub.example/"/><atom:link rel="self" href="https://paper.example/rss"/>'
    link = '<https://hub.example/two>; rel="hub", <https://other.example/rss>; rel="self"'
    house.feed("paper", Answer(body=paged(2, 1, more=head)))
    house.feed("other", Answer(body=numbered(4, 3), headers={"Link": link}))
    house.poll()
    pushes = [house.state(name).push for name in ("paper", "other")]
    assert [(push.hub, push.topic) for push in pushes if push is not None] == [
        ("https://hub.example/", "https://paper.example/rss"),
        ("https://hub.example/two", "https://other.example/rss"),
    ]
    house.polls(DAY, step=HOUR)
    assert len(house.asked("paper")) >= 4


def subscribed(house: House, name: str = "paper") -> Push:
    """Say that a hub has agreed to push this feed's entries."""
    state = house.state(name)
    assert state.push is not None
    push = dataclasses.replace(
        state.push,
        token="t",
        secret="s" * 40,
        asked_at=START,
        verified_at=START,
        last_push_at=START,
        lease_until=START + 9 * DAY,
    )
    with house.app() as app, app.store.begin() as tx:
        tx.save_feed_state(dataclasses.replace(state, push=push))
    return push


def test_a5_59_polls_that_find_what_no_push_brought_mark_push_unreliable(house: House) -> None:
    """Given a verified subscription that brings nothing, and polls that do → push no longer counts; an incident says so."""
    head = '<atom:link rel="hub" href="https://hub.example/"/><atom:link rel="self" href="https://paper.example/rss"/>'
    house.feed("paper", Answer(body=paged(2, 1, more=head)), max_every=2 * HOUR)
    house.poll()
    subscribed(house)
    for turn in range(1, 7):
        body = numbered(2 * turn + 2, 2 * turn + 1, 2 * turn, head=head, at=START + turn * 3 * HOUR - 40 * MINUTE)
        house.serve("paper", Answer(body=body.replace(b'<rss version="2.0">', f'<rss version="2.0" {ATOM}>'.encode())))
        house.poll(turn * 3 * HOUR)
    push = house.state().push
    assert push is not None
    assert push.missed >= 3
    assert house.wait() <= 2 * EVERY
    assert IncidentKind.PUSH_UNRELIABLE in house.kinds()


def test_a5_59_while_push_can_be_relied_on_the_poll_is_slow_and_stays(house: House) -> None:
    """Given a verified subscription that misses nothing → the poll goes on, at the feed's slowest pace."""
    head = '<atom:link rel="hub" href="https://hub.example/"/><atom:link rel="self" href="https://paper.example/rss"/>'
    house.feed("paper", Answer(body=paged(2, 1, more=head), etag='"a"'), max_every=2 * HOUR)
    house.poll()
    subscribed(house)
    house.poll(HOUR)
    assert 2 * HOUR <= house.wait() <= 2.3 * HOUR


JSON_FEED = {
    "version": "https://jsonfeed.org/version/1.1", "title": "Paper", "home_page_url": "https://paper.example/",
    "items": [
        {"id": "j-1", "url": "https://paper.example/j/1", "title": "Report number 1 from Nemuro", "content_text": "Boats."},
        {"id": 2, "url": "https://paper.example/j/2", "content_html": "<p>Report number 2 from Nemuro.</p>",
         "date_published": "2026-03-04T08:00:00+09:00"},
    ],
}  # fmt: skip


def test_a5_60_a_json_feed_is_known_by_its_type_or_its_first_brace(house: House) -> None:
    """Given a JSON Feed under its own type, or under RSS's → both are read."""
    body = json.dumps(JSON_FEED).encode()
    house.feed("typed", Answer(body=body, headers={"Content-Type": "application/feed+json"}), kind="jsonfeed")
    house.feed("braced", Answer(body=b"\xef\xbb\xbf \n" + body.replace(b"/j/", b"/k/").replace(b'"j-1"', b'"k-1"')))
    house.poll()
    assert {state.problem for state in (house.state("typed"), house.state("braced"))} == {None}
    assert [len(house.titles(name)) for name in ("typed", "braced")] == [2, 2]


def sitemap(*numbers: int) -> bytes:
    """A news sitemap."""
    pages = "".join(
        f"<url><loc>https://paper.example/s/{number}</loc><news:news><news:publication><news:name>Paper</news:name>"
        f"<news:language>en</news:language></news:publication><news:publication_date>2026-03-04T08:{number:02}:00+09:00"
        f"</news:publication_date><news:title>Report number {number} from Nemuro</news:title></news:news></url>"
        for number in numbers
    )
    spaces = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"'
    return f'<?xml version="1.0" encoding="UTF-8"?><urlset {spaces}>{pages}</urlset>'.encode()


def test_a5_61_a_news_sitemap_is_a_source(house: House) -> None:
    """Given a publisher with a news sitemap and no RSS → its articles come in like any feed's."""
    house.feed("paper", Answer(body=sitemap(1, 2)), Answer(body=sitemap(1, 2, 3)), kind="sitemap")
    house.poll()
    house.poll(HOUR)
    assert found(house) == [1, 2, 3]
    assert house.entries()[0].url.startswith("https://paper.example/s/")


def indexed(house: House, *parts: str) -> bytes:
    """An index of these sitemaps."""
    rows = "".join(f"<sitemap><loc>{house.server.url(f'/{part}')}</loc></sitemap>" for part in parts)
    return f'<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{rows}</sitemapindex>'.encode()


def test_a5_61_an_index_one_of_whose_parts_fails_is_no_baseline_and_is_told_when_it_goes_on(house: House) -> None:
    """Given an index with a part that cannot be read → the others are kept, asked for again soon; in the end it is told."""
    house.feed("paper", Answer(body=indexed(house, "one", "two", "none")), kind="sitemap")
    house.serve("one", Answer(body=sitemap(1)))
    house.serve("two", Answer(status=500))
    house.serve("none", Answer(body=sitemap()))
    house.poll()
    state = house.state()
    assert (found(house), state.problem, state.baseline_at) == ([1], Problem.CUT_SHORT, None)
    assert house.wait() < EVERY
    for _ in range(3):
        house.due_poll()
    (incident,) = house.incidents()
    assert incident.kind is IncidentKind.BROKEN
    assert "/two cannot be read whole: answered 500" in incident.sentence
    house.serve("two", Answer(body=sitemap(2)))
    house.due_poll()
    assert (found(house), house.state().problem) == ([1, 2], None)


def test_a5_61_an_index_of_sitemaps_leads_to_the_newest_of_them(house: House) -> None:
    """Given an index of sitemaps → its newest parts are read."""
    entry = "<sitemap><loc>{url}</loc><lastmod>{day}</lastmod></sitemap>"
    parts = "".join(
        entry.format(url=house.server.url(f"/part-{number}.xml"), day=f"2026-03-{number:02}") for number in range(1, 4)
    )
    index = f'<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{parts}</sitemapindex>'
    for number in range(1, 4):
        house.serve(f"part-{number}.xml", Answer(body=sitemap(10 * number)))
    house.feed("paper", Answer(body=index.encode()), kind="sitemap")
    house.poll()
    assert house.state().problem is None
    assert 30 in found(house)
