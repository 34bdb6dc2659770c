"""Aggregators' links: read from the link itself, followed against real servers, and written down in both databases."""

from __future__ import annotations

import asyncio
import base64
import datetime as dt
import gzip
import html
import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.clean import clean
from monitor.entities import ArticleId, EntryId
from monitor.sources import links
from monitor.sources.http import Http, HttpPolicy
from monitor.sources.links import Followed, Hints, Signed
from monitor.store import SqlStore, SqlTx
from monitor.store.links import ATTEMPTS, PAUSES
from tests import make
from tests.doors.feed_server import Answer, FeedServer

TARGET = "https://harbour-daily.example/news/islands-talks?id=7"
QUICK = HttpPolicy(
    user_agent="monitor/1", spacing=dt.timedelta(0), allow_addresses=("127.0.0.0/8",),
    connect_timeout=dt.timedelta(seconds=2), read_timeout=dt.timedelta(seconds=2), deadline=dt.timedelta(seconds=3),
)  # fmt: skip
SIGNED = (
    '<c-wiz><div jscontroller="x" data-n-a-id="CBMiNew" data-n-a-ts="1772607600" data-n-a-sg="AZ_sign-1"></div></c-wiz>'
)


def packed(*texts: str) -> str:
    """An id as Google made them: a protocol buffer with a number and some texts, in base64 without its padding."""
    buffer = b"\x08\x13"
    for text in texts:
        size, length = len(text.encode()), b""
        while size > 0x7F:
            length += bytes([size & 0x7F | 0x80])
            size >>= 7
        buffer += b"\x22" + length + bytes([size]) + text.encode()
    return base64.urlsafe_b64encode(buffer + b"\xd2\x01\x00").decode().rstrip("=")


def said(url: str | None, name: str = "garturlres") -> bytes:
    """Google's answer to a question for an address."""
    inner = json.dumps([name, url, 1])
    return f')]}}\'\n\n[["wrb.fr","Fbv4je",{json.dumps(inner)},null,null,null,"generic"],["di",9]]\n'.encode()


# ------------------------------------------------------------------------------------------------ the link alone


@pytest.mark.parametrize(
    ("link", "target"),
    [
        (f"https://news.google.com/rss/articles/{packed(TARGET)}?oc=5&hl=ja", TARGET),
        (f"https://news.google.com/articles/{packed(TARGET)}", TARGET),
        (f"https://news.google.com/read/{packed(TARGET, 'https://amp.harbour-daily.example/7')}?hl=en-US", TARGET),
        (f"https://news.google.com/rss/articles/{packed('https://a.example/' + 'x' * 300)}", "https://a.example/" + "x" * 300),
        (f"https://news.google.com/rss/articles/{packed('AU_yqLNx8')}", ""),
        ("https://news.google.com/rss/articles/CBMi", ""),
        ("https://news.google.com/rss/articles/%%%", ""),
        ("https://news.google.com/rss/articles/" + "A" * 9000, ""),
        (f"https://news.google.com/rss/articles/{packed('javascript:alert(1)')}", ""),
        (f"https://news.google.com/rss/articles/{packed('https://a.example/ b')}", ""),
        (f"https://other.example/rss/articles/{packed(TARGET)}", ""),
        ("https://www.google.com/url?rct=j&sa=t&url=https://a.example/7%3Fb%3D1&ct=ga&usg=AOv", "https://a.example/7?b=1"),
        ("https://www.google.com/url?q=https://a.example/7", "https://a.example/7"),
        ("https://www.bing.com/news/apiclick.aspx?ref=FexRss&url=https%3a%2f%2fa.example%2f7&c=1", "https://a.example/7"),
        ("https://www.google.com/search?q=https://a.example/7", ""),
        ("http://[::1", ""),
        ("", ""),
    ],
)  # fmt: skip
def test_an_address_that_stands_in_the_link_is_read_from_it(link: str, target: str) -> None:
    assert links.decoded(link) == target


@given(st.binary(max_size=200))
def test_no_id_breaks_the_reading_of_it(noise: bytes) -> None:
    found = links.decoded(f"https://news.google.com/rss/articles/{base64.urlsafe_b64encode(noise).decode()}")
    assert found == "" or found.casefold().startswith(("http://", "https://"))


@given(st.binary(max_size=400))
def test_no_page_and_no_answer_breaks_the_reading_of_it(noise: bytes) -> None:
    links.hints(b"<meta http-equiv=refresh content=" + noise + b"><div data-n-a-sg='" + noise, "https://a.example/1")
    assert links.answer(b"[" + noise) == ""


# ------------------------------------------------------------------------------------------------ the page behind it


@pytest.mark.parametrize(
    ("page", "hints"),
    [
        ("<p>Nothing.</p>", Hints()),
        (f'<c-wiz><a data-n-au="{html.escape(TARGET + "&b=1")}">x</a></c-wiz>', Hints(target=f"{TARGET}&b=1")),
        (f"<META HTTP-EQUIV='Refresh' content='0; URL=\"{TARGET}\"'>", Hints(onward=TARGET)),
        ("<meta content=3;url=/next http-equiv=refresh>", Hints(onward="https://stub.example/next")),
        ('<meta http-equiv="refresh" content="300"><meta http-equiv="refresh" content="60;url=/again">', Hints()),
        (f'<link rel="canonical" href="{TARGET}"/><link rel=canonical href=/2>', Hints(canonical=TARGET)),
        ('<link rel="canonical" href="javascript:x">', Hints()),
        (SIGNED, Hints(signed=Signed(article="CBMiNew", time=1772607600, signature="AZ_sign-1"))),
        (
            "<c-wiz data-n-a-sg='s' data-n-a-ts='12'>",
            Hints(signed=Signed(article="CBMiOwn", time=12, signature="s")),
        ),
        ("<c-wiz data-n-a-sg='s' data-n-a-ts='soon'>", Hints()),
    ],
)
def test_a_page_says_where_it_leads(page: str, hints: Hints) -> None:
    assert links.hints(page.encode(), "https://stub.example/read/CBMiOwn?hl=ja") == hints


@pytest.mark.parametrize(
    ("body", "target"),
    [
        (said(TARGET), TARGET),
        (b"123\n" + said(TARGET), TARGET),
        (said(None), ""),
        (said(TARGET, "other"), ""),
        (said("/relative"), ""),
        (b')]}\'\n\n[["er",null,null,null,null,400]]', ""),
        (b'[["wrb.fr","Fbv4je",null]]', ""),
        (b"<html>sorry</html>", ""),
        (b"[" * 100_000, ""),
    ],
)
def test_googles_answer_is_read_and_a_refusal_is_none(body: bytes, target: str) -> None:
    assert links.answer(body) == target


# ------------------------------------------------------------------------------------------------ followed


@pytest.fixture
def google() -> Iterator[FeedServer]:
    with FeedServer() as running:
        yield running


@pytest.fixture
def paper() -> Iterator[FeedServer]:
    with FeedServer() as running:
        yield running


@pytest.fixture
async def http() -> AsyncIterator[Http]:
    async with Http(QUICK) as running:
        yield running


def page(text: str, **fields: object) -> Answer:
    return Answer(body=text.encode(), headers={"Content-Type": "text/html"}, **fields)  # type: ignore[arg-type]


async def test_what_stands_in_the_link_is_not_asked_for(http: Http) -> None:
    assert await http.follow(f"https://news.google.com/rss/articles/{packed(TARGET)}") == Followed(target=TARGET)


async def test_googles_page_is_asked_with_its_signature_and_answers_with_the_address(
    google: FeedServer, http: Http
) -> None:
    link = google.serve("/rss/articles/CBMiNew?oc=5", page(SIGNED))
    google.serve(links.ASKED_AT, Answer(body=said(TARGET)))
    assert await http.follow(link) == Followed(target=TARGET)
    asked = google.requests[1]
    outer = json.loads(asked.form["f.req"])
    inner = json.loads(outer[0][0][1])
    assert (asked.method, outer[0][0][0], inner[0], inner[2:]) == (
        "POST", "Fbv4je", "garturlreq", ["CBMiNew", 1772607600, "AZ_sign-1"],
    )  # fmt: skip
    assert [request.header("Cookie") or request.header("Referer") for request in google.requests] == [None, None]


@pytest.mark.parametrize(
    ("answer", "error", "busy"),
    [
        (Answer(status=429), "http://127.0.0.1:{port}" + links.ASKED_AT + " gave none (answered 429)", True),
        (Answer(body=said(None)), "http://127.0.0.1:{port}" + links.ASKED_AT + " gave none (answered 200)", False),
        (Answer(silent=True), "127.0.0.1 closed the connection without an answer", False),
    ],
)
async def test_a_question_google_does_not_answer_is_an_error(
    google: FeedServer, http: Http, answer: Answer, error: str, busy: bool
) -> None:
    link = google.serve("/read/CBMiNew", page(SIGNED))
    google.serve(links.ASKED_AT, answer)
    assert await http.follow(link) == Followed(error=error.format(port=google.port), busy=busy)


@pytest.mark.parametrize("wait", ["60", ""])
async def test_an_aggregator_that_asks_for_patience_is_asked_for_no_other_link(
    google: FeedServer, http: Http, wait: str
) -> None:
    link = google.serve("/1", Answer(status=429, headers={"Retry-After": wait} if wait else {}))
    other = google.serve("/2", page(f"<a data-n-au='{TARGET}'>"))
    first, second = await http.follow(link), await http.follow(other)
    assert (first.error, first.busy) == (f"{link} asked for patience (answered 429)", True)
    assert (second.error, second.busy) == (f"0.1:{google.port} asked for patience", True)
    assert google.paths() == ["/1"]
    assert (await http.follow(f"https://news.google.com/rss/articles/{packed(TARGET)}")).target == TARGET


async def test_patience_ends(google: FeedServer, http: Http) -> None:
    link = google.serve("/1", Answer(status=503, headers={"Retry-After": "0.2"}), page(f"<a data-n-au='{TARGET}'>"))
    assert (await http.follow(link)).busy
    await asyncio.sleep(0.3)
    assert await http.follow(link) == Followed(target=TARGET)


async def test_redirects_are_followed_to_the_publisher_whatever_it_answers(
    google: FeedServer, paper: FeedServer, http: Http
) -> None:
    google.serve("/2", page(f"<meta http-equiv=refresh content='0;url={paper.url('/start')}'>"))
    link = google.serve("/1", Answer(status=302, headers={"Location": "/2"}))
    paper.serve("/start", Answer(status=301, headers={"Location": "/news/7"}))
    paper.serve("/news/7", page("<meta http-equiv=refresh content='0;url=/no-script'>", status=403))
    assert await http.follow(link) == Followed(target=paper.url("/news/7"))
    assert paper.paths() == ["/start", "/news/7"]


@pytest.mark.parametrize("mark", ["<a data-n-au='{}'>", "<link rel=canonical href='{}'>"])
async def test_an_address_the_stub_names_is_taken_without_asking_there(
    google: FeedServer, http: Http, mark: str
) -> None:
    assert await http.follow(google.serve("/1", page(mark.format(TARGET)))) == Followed(target=TARGET)
    assert google.paths() == ["/1"]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("https://news.google.com/read/1", "https://www.google.com/sorry/index?continue=x", True),
        ("https://t.co/1", "https://www.t.co/2", True),
        ("https://news.yahoo.co.jp/1", "https://harbour-daily.co.jp/1", False),
        ("https://a.example.co.jp/1", "https://user@www.example.co.jp/1", True),
        ("https://bit.ly/1", "https://dlvr.it/1", False),
        ("http://127.0.0.1:80/", "http://127.0.0.1:81/", False),
    ],
)
def test_a_link_has_left_the_aggregator_when_it_has_left_its_site(one: str, other: str, same: bool) -> None:
    assert (links.site(one) == links.site(other)) is same


async def test_a_packed_page_is_read(google: FeedServer, http: Http) -> None:
    body = gzip.compress(b"<p>" * 50_000 + f"<a data-n-au='{TARGET}'>".encode())
    link = google.serve("/1", Answer(body=body, headers={"Content-Encoding": "gzip"}))
    assert await http.follow(link) == Followed(target=TARGET)


async def test_a_link_that_leads_nowhere_is_an_error_that_says_why(google: FeedServer, http: Http) -> None:
    here = f"http://127.0.0.1:{google.port}"
    google.serve("/a", Answer(status=302, headers={"Location": "/b"}))
    google.serve("/b", page("<meta http-equiv=refresh content='0;url=/a'>"))
    google.serve("/plain", page("<link rel=canonical href=/plain><p>hello</p>"))
    google.serve("/inside", Answer(status=302, headers={"Location": "http://10.0.0.1/x"}))
    google.serve("/file", page("<meta http-equiv=refresh content='0;url=file:///etc/hostname'>"))
    google.serve("/slow", page("x" * 3000, drip=0.01))
    got = [
        (await http.follow(google.url(path))).error
        for path in ("/a", "/plain", "/missing", "/inside", "/file", "/slow")
    ]
    assert got == [
        f"its redirects go in a circle: {here}/a > {here}/b > {here}/a",
        f"no address behind {here}/plain: its page names no other",
        f"no address behind {here}/missing: answered 404",
        "10.0.0.1 stands at 10.0.0.1, which is not a public address; [http] allow_addresses can allow it",
        f"no address behind {here}/file: its page names no other",
        "127.0.0.1 was not done in time ([http] deadline)",
    ]
    assert (await http.follow("not a url")).error
    assert (await http.follow("http://127.0.0.1:9/x")).error == "no connection to 127.0.0.1:9: Connection refused"


async def test_a_page_without_end_is_read_so_far_and_no_further(google: FeedServer, http: Http) -> None:
    body = b" " * 1_000_000 + f"<a data-n-au='{TARGET}'>".encode()
    got = await http.follow(google.serve("/1", Answer(body=body)))
    assert got.error.endswith("its page names no other")


# ------------------------------------------------------------------------------------------------ written down

STUB = "https://news.google.com/rss/articles/CBMiNew"


def keep(tx: SqlTx, url: str = STUB, **fields: object) -> tuple[EntryId, ArticleId]:
    """An on-beat entry that stands under an aggregator's link."""
    article = make.article(**{"url": url, "keys": (f"url:{url}",), **fields})
    entry = tx.add(article)
    assert entry is not None
    tx.record(entry, make.account(title=article.title, url=article.url), content_hash=article.content_hash)
    return entry, tx.add_article(entry, article, make.fingerprint(1, 2))


def off_beat(tx: SqlTx, url: str) -> None:
    entry = tx.add(make.article(url=url, keys=(f"url:{url}",)))
    assert entry is not None
    tx.record(entry, make.off_beat(), content_hash="h")


def wanted(store: SqlStore, now: dt.datetime = make.NOW, limit: int = 20) -> list[str]:
    with store.read() as tx:
        return list(tx.links_wanted(now, stubs=links.STUBS, limit=limit))


def test_the_links_of_on_beat_articles_are_wanted_the_latest_first(store: SqlStore) -> None:
    old = make.at(days=-15)
    with store.begin() as tx:
        keep(tx, f"{STUB}1", first_seen_at=make.at(hours=-2))
        keep(tx, f"{STUB}2", first_seen_at=make.at(hours=-1))
        keep(tx, f"{STUB}3", first_seen_at=old, published_at=old)
        keep(tx, "https://harbour-daily.example/news/9")
        keep(tx, "https://newsXgoogle.com/rss/articles/CBMi")
        off_beat(tx, f"{STUB}4")
        tx.save_link("https://elsewhere.example/", target="", error="no", now=make.NOW)
    assert wanted(store) == [f"{STUB}2", f"{STUB}1"]
    assert wanted(store, limit=1) == [f"{STUB}2"]
    with store.read() as tx:
        assert tx.links_wanted(make.NOW, stubs=()) == []


def test_a_link_that_failed_is_asked_again_after_growing_pauses_and_then_no_more(store: SqlStore) -> None:
    with store.begin() as tx:
        keep(tx)
    now = make.NOW
    for pause in PAUSES:
        with store.begin() as tx:
            tx.save_link(STUB, target="", error="answered 429", now=now)
        assert wanted(store, now + pause - dt.timedelta(seconds=1)) == []
        now += pause
        assert wanted(store, now) == [STUB]
    with store.begin() as tx:
        tx.save_link(STUB, target="", error="answered 429", now=now)
        assert tx.link(STUB) == ""
    assert wanted(store, now + dt.timedelta(days=9)) == []
    assert len(PAUSES) == ATTEMPTS - 1


def test_a_target_once_known_stays_and_is_not_asked_for_again(store: SqlStore) -> None:
    with store.begin() as tx:
        keep(tx)
        tx.save_link(STUB, target="", error="answered 429", now=make.NOW)
        tx.save_link(STUB, target=TARGET, error="", now=make.at(hours=1))
        tx.save_link(STUB, target="", error="answered 500", now=make.at(hours=2))
    assert wanted(store, make.at(days=2)) == []
    with store.read() as tx:
        assert (tx.link(STUB), tx.link("https://news.google.com/other")) == (TARGET, "")


@pytest.mark.parametrize(
    "target", [TARGET, "https://harbour-daily.example/" + "x" * 900, "https://例え.example/記事/7?utm_source=rss"]
)
def test_the_publishers_own_entry_is_then_known_as_the_aggregators(store: SqlStore, target: str) -> None:
    """The key is the one that ``clean`` makes of the publisher's own item."""
    own = clean(make.entry(link=target, guid=""), make.feed(), make.NOW)
    assert own is not None
    with store.begin() as tx:
        entry, _ = keep(tx)
        tx.save_link(STUB, target=target, error="", now=make.NOW)
    with store.read() as tx:
        assert {known.entry for known in tx.known(own.keys).values()} == {entry}


def test_a_key_that_another_entry_holds_stays_there(store: SqlStore) -> None:
    own = clean(make.entry(link=TARGET, guid=""), make.feed(), make.NOW)
    assert own is not None
    with store.begin() as tx:
        holder = tx.add(replace(own, title="The publisher's own"))
        assert holder is not None
        tx.record(holder, make.off_beat(), content_hash="h")
        keep(tx)
        tx.save_link(STUB, target=TARGET, error="", now=make.NOW)
        tx.save_link(f"{STUB}-of-no-entry", target=f"{TARGET}&b", error="", now=make.NOW)
        assert {known.entry for known in tx.known(own.keys).values()} == {holder}
        assert tx.link(f"{STUB}-of-no-entry") == f"{TARGET}&b"


def test_a_target_that_is_no_page_of_its_own_is_no_key(store: SqlStore) -> None:
    with store.begin() as tx:
        keep(tx)
        tx.save_link(STUB, target="https://harbour-daily.example/", error="", now=make.NOW)
        assert tx.known(["url:", "url:harbour-daily.example"]) == {}
        assert tx.link(STUB) == "https://harbour-daily.example/"
