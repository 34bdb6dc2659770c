"""How feeds come and go: ``monitor feeds test``, ``add``, ``remove``, ``import``, ``export``; and ``monitor incidents``."""

from __future__ import annotations

import datetime as dt
import email.utils
import json
import shutil
import time
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from monitor.app import App
from monitor.cli.feeds.portrait import rhythm_of
from monitor.cli.feeds.proposal import ORDINARY, Rhythm, pace, site, slug
from monitor.entities import Complaint, FeedId, IncidentKind
from monitor.settings import load_brief, load_feeds
from tests import make
from tests.doors.cli import MONITOR_TOML, ROOT, Cli
from tests.doors.feed_server import Answer, FeedServer, item, rss

BEAT = ROOT / "tests" / "beats" / "japan-korea"
"""Small enough to be read in no time; a feed's make has nothing to do with the beat."""
OURS = "South Korea holds drill near Takeshima, Japan protests"
HTML = {"Content-Type": "text/html; charset=utf-8"}
PAGE = """<!doctype html><html lang="ja"><head><title>島の役所</title></head><body><ul class="news">
<li><time datetime="2026-03-04T10:00+09:00">3月4日</time> <a href="/r8/visit.html">大臣が根室を訪問</a></li>
<li><time datetime="2026-03-02">3月2日</time> <a href="/pdf/report.pdf">北方領土に関する報告書をまとめました</a></li>
</ul></body></html>"""
SITEMAP = """<?xml version="1.0" encoding="UTF-8"?>
<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:news="http://www.google.com/schemas/sitemap-news/0.9">
<url><loc>https://harbour-daily.example/a</loc><news:news><news:publication><news:name>Harbour Daily</news:name>
<news:language>en</news:language></news:publication><news:publication_date>2026-03-04T08:00:00+09:00</news:publication_date>
<news:title>Boats return to the harbour</news:title></news:news></url></urlset>"""
OPML = """<?xml version="1.0"?><opml version="1.1"><body>
<outline text="Papers"><outline text="Coast Times" type="rss" xmlUrl="https://coast.example/rss?a=1&b=2" language="ru"/>
<outline title="Coast again" xmlurl="http://www.coast.example/rss?a=1&amp;b=2"/>
<outline text="The harbour" xmlUrl="{harbour}"/><outline text="Old paper" xmlUrl="https://old.example/rss"/></outline>
<outline text="Files" xmlUrl="file:///etc/passwd"/>
<outline text="Brackets" xmlUrl="https://[coast.example/rss"/></body></opml>"""
DEAD = """
[[feed]]
id = "old-paper"
url = "https://old.example/rss"
publisher = "Old Paper"
family = "old-paper"
grade = "D"
enabled = false
reason = "404 since 2026-05"
"""


def hours_ago(hours: float) -> str:
    return email.utils.formatdate(time.time() - hours * 3600, usegmt=True)


@pytest.fixture(scope="module")
def server() -> Iterator[FeedServer]:
    with FeedServer() as made:
        yield made


@pytest.fixture
def cli(tmp_path: Path, server: FeedServer) -> Cli:
    folder = tmp_path / "config"
    shutil.copytree(BEAT, folder)
    shutil.copytree(ROOT / "config" / "lexicon", folder / "lexicon")
    (folder / "monitor.toml").write_text(MONITOR_TOML.format(folder=tmp_path), encoding="utf-8")
    made = Cli(folder=tmp_path)
    made.set_feeds({"harbour": server.url("/harbour.xml")})
    (folder / "feeds.toml").write_text(f"# what we poll\n{text_of(made)}{DEAD}", encoding="utf-8")
    return made


def text_of(cli: Cli) -> str:
    return (cli.folder / "config" / "feeds.toml").read_text(encoding="utf-8")


def row_of(cli: Cli, feed: str) -> dict[str, Any]:
    return next(row for row in tomllib.loads(text_of(cli))["feed"] if row["id"] == feed)


def looked_at(cli: Cli, *arguments: str, code: int = 0) -> Any:
    answer = cli.here("feeds", "test", *arguments, "--json")
    assert answer.code == code, answer
    return json.loads(answer.out)


# ------------------------------------------------------------------------------------------------ test


def test_a_good_feed_is_shown_with_the_row_to_take(cli: Cli, server: FeedServer) -> None:
    items = [item(number, OURS if number == 1 else "", date=hours_ago(number)) for number in range(1, 8)]
    head = "<ttl>30</ttl><language>en</language>"
    url = server.serve(
        "/good.xml", Answer(body=rss(*items, head=head), etag='"v1"', headers={"Cache-Control": "max-age=600"})
    )
    found = looked_at(cli, url)
    picked = (
        "usable",
        "kind",
        "format",
        "problem",
        "status",
        "etag",
        "ttl",
        "max_age",
        "title",
        "lang",
        "entries",
        "languages",
        "ours",
    )
    assert {key: found[key] for key in picked} == {
        "usable": True, "kind": "rss", "format": "RSS 2.0", "problem": None, "status": 200, "etag": '"v1"', "ttl": 1800.0,
        "max_age": 600.0, "title": "Harbour Daily", "lang": "en", "entries": 7, "languages": {"en": 7}, "ours": 1,
    }  # fmt: skip
    assert [one["guid"] for one in found["first"]] == [f"item-{number}" for number in range(1, 6)]
    assert found["first"][0]["title"] == OURS
    assert found["ids"] | {"opaque": 0} == dict.fromkeys(found["ids"], 0)
    assert found["ids"]["opaque"] == 7
    assert found["rhythm"] == {"usual_gap": 3600.0, "a_day": 24.0, "spans": 21600.0}
    assert found["traps"] == [
        "the server stands at an address that is not public",
        "plain http: nothing protects its entries on their way",
    ]
    assert found["row"] == {
        "id": "harbour-daily", "url": url, "publisher": "Harbour", "family": "harbour", "lang": "en", "kind": "rss",
        "zone": "UTC", "grade": "A", "enabled": True, "note": f"7 entries on {dt.datetime.now(dt.UTC):%Y-%m-%d}",
        "every": "1h", "insecure": True,
    }  # fmt: skip


def test_what_is_shown_to_people_names_everything_and_is_a_row_of_toml(cli: Cli, server: FeedServer) -> None:
    url = server.serve(
        "/good.xml", Answer(body=rss(*(item(n, date=hours_ago(n)) for n in range(1, 8))), modified=hours_ago(1))
    )
    out = cli.ok("feeds", "test", url)  # a process of its own, as people type it
    for word in (
        "Harbour Daily",
        "RSS 2.0, read as rss",
        "7, the first 5 below",
        "7 opaque",
        "usually 1 h",
        "Report number 1",
    ):
        assert word in out.replace("60 min", "1 h"), word
    assert tomllib.loads(out[out.index("[[feed]]") :])["feed"][0]["url"] == url


def test_traps_are_found(cli: Cli, server: FeedServer) -> None:
    def one(number: int, date: str, more: str = "") -> str:
        link = f"<link>https://harbour-daily.example/{number}</link><guid>https://harbour-daily.example/{number}#{number}</guid>"
        return f"<item><title>Report number {number} from the port</title>{link}<pubDate>{date}</pubDate>{more}</item>"

    related = "<x:related xmlns:x='https://x.example'><x:item><link>https://other.example</link></x:item></x:related>"
    body = rss(
        one(1, "2026-03-04 10:00:00", related),
        one(2, "yesterday"),
        one(3, hours_ago(-48)),
        one(4, ""),
        "<item><x/></item>",
    )
    found = looked_at(
        cli, server.serve("/traps.xml", Answer(body=body.replace(b"from", b"Port\xff from", 1))), "--zone", "Asia/Tokyo"
    )
    said = " | ".join(found["traps"])
    for trap in (
        "1 items hold links of other articles", "1 items say nothing", "4 ids end in a number of the revision",
        "1 of 4 items have no date", "1 dates cannot be read", "1 dates name no zone: they are read in Asia/Tokyo",
        "1 dates lie ahead", "no validators",
    ):  # fmt: skip
        assert trap in said, (trap, said)
    assert found["usable"]


def test_dates_without_a_zone_are_read_in_that_of_the_language_found(cli: Cli, server: FeedServer) -> None:
    titles = ("Рыбаки вернулись в порт", "Депутаты обсудили закон", "Паром вышел в море")
    items = [item(number, title, date=f"2026-03-04 1{number}:00:00") for number, title in enumerate(titles)]
    found = looked_at(cli, server.serve("/zoneless.xml", Answer(body=rss(*items))))
    assert (found["languages"], found["row"]["lang"], found["row"]["zone"]) == ({"ru": 3}, "ru", "Europe/Moscow")
    assert found["first"][0]["published_at"] == "2026-03-04T07:00:00+00:00"
    assert "3 dates name no zone: they are read in Europe/Moscow" in found["traps"]


def test_the_language_that_is_said_tells_the_zone_of_dates_as_it_does_in_the_row(cli: Cli, server: FeedServer) -> None:
    items = [item(number, "Port calls of the week", date="2026-03-04 10:00:00") for number in range(3)]
    found = looked_at(cli, server.serve("/said.xml", Answer(body=rss(*items))), "--lang", "ja")
    assert (found["row"]["lang"], found["row"]["zone"]) == ("ja", "Asia/Tokyo")
    assert found["first"][0]["published_at"] == "2026-03-04T01:00:00+00:00"


def test_a_feed_that_has_been_frozen_for_long_is_told_before_it_is_taken(cli: Cli, server: FeedServer) -> None:
    frozen = looked_at(cli, server.serve("/frozen.xml", Answer(body=rss(item(1, date=hours_ago(700 * 24))))))
    assert "its newest entry is 700 days old: old addresses answer for years" in frozen["traps"]
    fresh = looked_at(cli, server.serve("/fresh.xml", Answer(body=rss(item(1, date=hours_ago(30))))))
    assert not [trap for trap in fresh["traps"] if "days old" in trap]


def test_a_web_page_is_no_feed_and_the_feeds_it_names_are_listed(cli: Cli, server: FeedServer) -> None:
    links = (
        '<link rel="alternate" type="application/rss+xml" title="News" href="/rss.xml"><link rel="stylesheet" href="/a.css">'
        '<LINK REL="Alternate home" TYPE="application/atom+xml" HREF="https://other.example/atom">'
        '<link rel="alternate" type="application/json+oembed" href="/oembed"><link rel="alternate" hreflang="en" href="/en">'
    )
    url = server.serve(
        "/home", Answer(body=f"<!doctype html><html><head>{links}</head><body>x</body></html>".encode(), headers=HTML)
    )
    found = looked_at(cli, url, code=1)
    assert (found["usable"], found["problem"], found["format"], found["row"]) == (False, "not-a-feed", "web page", None)
    assert found["alternates"] == [
        {"url": server.url("/rss.xml"), "title": "News", "type": "application/rss+xml"},
        {"url": "https://other.example/atom", "title": "", "type": "application/atom+xml"},
    ]
    answer = cli.here("feeds", "test", url)
    assert answer.code == 1
    assert f"Try: monitor feeds test {server.url('/rss.xml')}" in answer.out


@pytest.mark.parametrize(
    "selects", [["ul.news li", "date=time"], ["item=ul.news li", "title=a", "link=a", "date=time", "text=a"]]
)
def test_a_page_without_a_feed_is_read_by_its_selectors(cli: Cli, server: FeedServer, selects: list[str]) -> None:
    url = server.serve("/news/", Answer(body=PAGE.encode(), headers=HTML))
    found = looked_at(cli, url, *(part for select in selects for part in ("--select", select)))
    assert [(one["title"], one["link"], one["lang"]) for one in found["first"]] == [
        ("大臣が根室を訪問", server.url("/r8/visit.html"), "ja"),
        ("北方領土に関する報告書をまとめました", server.url("/pdf/report.pdf"), "ja"),
    ]
    assert (found["kind"], found["row"]["kind"], found["row"]["lang"], found["row"]["zone"]) == (
        "page",
        "page",
        "ja",
        "Asia/Tokyo",
    )
    assert found["row"]["select"]["item"] == "ul.news li"


def test_a_watched_page_that_has_a_feed_after_all_is_told(cli: Cli, server: FeedServer) -> None:
    head = '<head><link rel="alternate" type="application/rss+xml" href="/rss.xml">'
    url = server.serve("/news/", Answer(body=PAGE.replace("<head>", head).encode(), headers=HTML))
    assert "the page names a feed of its own: take that one" in looked_at(cli, url, "--select", "ul.news li")["traps"]


def test_selectors_that_find_nothing_are_named(cli: Cli, server: FeedServer) -> None:
    url = server.serve("/news/", Answer(body=PAGE.encode(), headers=HTML))
    found = looked_at(cli, url, "--select", "dl.topics dt", code=1)
    assert (found["problem"], "select.item = 'dl.topics dt'" in found["message"]) == ("not-a-feed", True)


def test_other_kinds_are_told_by_their_looks(cli: Cli, server: FeedServer) -> None:
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "Coast",
        "items": [{"id": 1, "url": "/a", "content_text": "Boats return to the coast."}],
    }
    found = looked_at(cli, server.serve("/feed.json", Answer(body=json.dumps(feed).encode())))
    assert (found["kind"], found["format"], found["entries"], found["row"]["kind"]) == (
        "jsonfeed",
        "JSON Feed 1.1",
        1,
        "jsonfeed",
    )
    news = looked_at(cli, server.serve("/news.xml", Answer(body=SITEMAP.encode())))
    assert (news["kind"], news["format"], news["entries"]) == ("sitemap", "news sitemap", 1)
    atom = '<feed xmlns="http://www.w3.org/2005/Atom"><title>t</title><entry><id>a</id><title>Boats return</title><link href="/a"/></entry></feed>'
    assert looked_at(cli, server.serve("/atom", Answer(body=atom.encode())))["format"] == "Atom 1.0"


def test_an_index_of_sitemaps_is_shown_by_its_first_part(cli: Cli, server: FeedServer) -> None:
    part = server.serve("/part.xml", Answer(body=SITEMAP.encode()))
    index = f'<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"><sitemap><loc>{part}</loc></sitemap></sitemapindex>'
    found = looked_at(cli, server.serve("/index.xml", Answer(body=index.encode())))
    assert (found["format"], found["parts"], found["entries"]) == ("index of sitemaps", [part], 1)


def test_a_feed_that_moved_for_good_is_proposed_at_its_new_address(cli: Cli, server: FeedServer) -> None:
    new = server.serve("/new.xml", Answer(body=rss(item(1))))
    old = server.serve("/old.xml", Answer(status=301, headers={"Location": new}))
    found = looked_at(cli, old)
    assert (found["moved_to"], found["redirected"], found["row"]["url"]) == (new, False, new)
    passing = server.serve("/passing.xml", Answer(status=302, headers={"Location": new}))
    found = looked_at(cli, passing)
    assert (found["moved_to"], found["redirected"], found["row"]["url"]) == ("", True, passing)


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (Answer(status=404), "status"),
        (Answer(body=b""), "empty"),
        (Answer(status=410), "gone"),
        (Answer(silent=True), "connect"),
    ],
)
def test_what_does_not_answer_as_a_feed_exits_with_1(
    cli: Cli, server: FeedServer, answer: Answer, problem: str
) -> None:
    assert looked_at(cli, server.serve("/bad.xml", answer), code=1)["problem"] == problem


def test_a_saved_document_is_read_like_a_fetched_one(cli: Cli) -> None:
    (cli.folder / "saved.xml").write_bytes(rss(item(1)))
    found = looked_at(cli, "saved.xml", "--url", "https://www.harbour-daily.example/rss.xml")
    assert (found["status"], found["entries"], found["row"]["url"]) == (
        None,
        1,
        "https://www.harbour-daily.example/rss.xml",
    )
    assert found["row"]["grade"] == "C"
    assert looked_at(cli, "saved.xml")["row"] is None


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere.xml"], "nowhere.xml cannot be read: No such file or directory; write https:// before an address"),
        (
            ["https://a.example", "--kind", "html"],
            "--kind 'html' is no kind of source; write one of rss, sitemap, jsonfeed, page",
        ),
        (["https://a.example", "--kind", "page"], "--kind page and --select go together"),
        (["https://a.example", "--kind", "rss", "--select", "li"], "--kind page and --select go together"),
        (["https://a.example", "--select", "date=time"], "not where the items stand"),
        (["https://a.example", "--select", "li", "--select", "item=p"], "says item twice"),
        (["https://a.example", "--lang", "de"], "--lang 'de' is not read here; write one of en, ja, ru"),
        (["https://[a.example/rss"], "'https://[a.example/rss' is no address; write it whole, with https://"),
        (["https://a.example", "--zone", "Tokyo"], "--zone 'Tokyo' is no IANA zone; write e.g. Asia/Tokyo"),
    ],
)
def test_wrong_usage_of_test_is_told(cli: Cli, arguments: list[str], said: str) -> None:
    answer = cli.here("feeds", "test", *arguments)
    assert (answer.code, said in answer.err) == (2, True), answer


# ------------------------------------------------------------------------------------------------ add


def test_a_feed_is_added_and_polled(cli: Cli, server: FeedServer) -> None:
    before = text_of(cli)
    url = server.serve("/coast.xml", Answer(body=rss(item(1), item(2), title="Coast Times")))
    added = cli.json(
        "feeds", "add", url, "--publisher", "Coast Times", "--family", "coast", "--every", "20m", "--note", "by hand"
    )
    assert added["added"] == "coast-times"
    assert text_of(cli).startswith(before)
    assert row_of(cli, "coast-times") == {
        "id": "coast-times", "url": url, "publisher": "Coast Times", "family": "coast", "lang": "en", "kind": "rss", "zone": "UTC",
        "grade": "A", "enabled": True, "note": "by hand", "every": "20m", "insecure": True,
    }  # fmt: skip
    assert [(row["feed"], row["new"]) for row in cli.json("poll", "coast-times")] == [("coast-times", 2)]


def test_a_feed_that_brings_what_another_brings_is_told(cli: Cli, server: FeedServer) -> None:
    url = server.serve("/same.xml", Answer(body=rss(item(1), item(2), item(3))))
    assert looked_at(cli, url)["held"] == 0
    assert not (cli.folder / "monitor.db").exists()
    server.serve("/harbour.xml", Answer(body=rss(item(1), item(2))))
    cli.said("poll", "harbour")
    found = looked_at(cli, url)
    assert found["held"] == 2
    assert "2 of 3 entries are held already: it is polled, or another feed brings the same" in found["traps"]


def test_a_watched_page_is_added_and_polled(cli: Cli, server: FeedServer) -> None:
    url = server.serve("/office/", Answer(body=PAGE.encode(), headers=HTML))
    said = cli.said("feeds", "add", url, "--id", "office", "--select", "ul.news li", "--select", "date=time")
    assert "office is added to feeds.toml" in said
    assert row_of(cli, "office")["select"] == {"item": "ul.news li", "date": "time"}
    assert [(row["new"], row["problem"]) for row in cli.json("poll", "office")] == [(2, None)]
    more = PAGE.replace("</ul>", "<li><a href='/r8/new.html'>新しいお知らせを掲載しました</a></li></ul>")
    server.serve("/office/", Answer(body=more.encode(), headers=HTML))
    assert [(row["new"], row["revisions"], row["problem"]) for row in cli.json("poll", "office")] == [(1, 0, None)]
    server.serve(
        "/office/", Answer(body=PAGE.replace("ul class", "ol class").replace("/ul", "/ol").encode(), headers=HTML)
    )
    (polled,) = cli.json("poll", "office")
    assert (polled["problem"], "select.item = 'ul.news li'" in polled["message"]) == ("not-a-feed", True)


def test_an_address_we_have_is_refused_however_it_is_written(cli: Cli, server: FeedServer) -> None:
    before = text_of(cli)
    asked = len(server.requests)
    for url in (
        server.url("/harbour.xml"),
        server.url("/harbour.xml/"),
        server.url("/harbour.xml").replace("http:", "https:"),
    ):
        answer = cli.here("feeds", "add", url)
        assert (answer.code, "stands in feeds.toml as harbour" in answer.err) == (2, True), answer
    answer = cli.here("feeds", "add", "http://www.old.example/rss/")
    assert (answer.code, "as old-paper, and is known to be dead: 404 since 2026-05" in answer.err) == (2, True), answer
    assert (text_of(cli), len(server.requests)) == (before, asked)


def test_an_address_that_moved_to_one_we_have_is_refused(cli: Cli, server: FeedServer) -> None:
    server.serve("/harbour.xml", Answer(body=rss(item(1))))
    old = server.serve("/moved.xml", Answer(status=308, headers={"Location": server.url("/harbour.xml")}))
    answer = cli.here("feeds", "add", old)
    assert (answer.code, "stands in feeds.toml as harbour" in answer.err) == (2, True), answer


def test_what_is_no_feed_is_not_added(cli: Cli, server: FeedServer) -> None:
    before = text_of(cli)
    answer = cli.here("feeds", "add", server.serve("/page", Answer(body=PAGE.encode(), headers=HTML)))
    assert (answer.code, "not added: not-a-feed" in answer.err, text_of(cli)) == (1, True, before)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["coast.example/rss"], "is no address; write it whole, with https://"),
        (["https://[coast.example/rss"], "is no address; write it whole, with https://"),
        (["{url}", "--id", "harbour"], "--id 'harbour' is taken"),
        (["{url}", "--id", "Not A Slug"], "write a slug"),
        (["{url}", "--every", "soon"], "--every 'soon' is no length of time; write e.g. 20m or 1h"),
    ],
)
def test_wrong_usage_of_add_is_told_and_changes_nothing(
    cli: Cli, server: FeedServer, arguments: list[str], said: str
) -> None:
    before = text_of(cli)
    url = server.serve("/fresh.xml", Answer(body=rss(item(1))))
    answer = cli.here("feeds", "add", *(one.format(url=url) for one in arguments))
    assert (answer.code, said in answer.err, text_of(cli)) == (2, True, before), answer


# ------------------------------------------------------------------------------------------------ remove


def test_a_feed_is_removed_with_its_reason_and_stays_known(cli: Cli) -> None:
    today = f"{dt.datetime.now(dt.UTC):%Y-%m-%d}"
    removed = cli.json("feeds", "remove", "harbour", "--reason", "retired by the publisher")
    assert removed == {"feed": "harbour", "deleted": False, "reason": f"retired by the publisher ({today})"}
    row = row_of(cli, "harbour")
    assert (row["enabled"], row["reason"]) == (False, f"retired by the publisher ({today})")
    assert text_of(cli).startswith("# what we poll\n")
    answer = cli.here("feeds", "remove", "harbour", "--reason", "again")
    assert (answer.code, "harbour is off already: retired by the publisher" in answer.err) == (2, True)


def test_a_reason_with_a_date_gets_no_other(cli: Cli) -> None:
    assert cli.json("feeds", "remove", "harbour", "--reason", "404 since May 2026")["reason"] == "404 since May 2026"


def test_a_row_that_was_never_right_is_forgotten(cli: Cli) -> None:
    assert cli.json("feeds", "remove", "old-paper", "--forget")["deleted"]
    assert [row["id"] for row in tomllib.loads(text_of(cli))["feed"]] == ["harbour"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["harbour"], "say why harbour is switched off"),
        (["nobody", "--reason", "x"], "no feed has the id 'nobody'"),
    ],
)
def test_wrong_usage_of_remove_is_told(cli: Cli, arguments: list[str], said: str) -> None:
    before = text_of(cli)
    answer = cli.here("feeds", "remove", *arguments)
    assert (answer.code, said in answer.err, text_of(cli)) == (2, True, before), answer


def test_the_last_feed_cannot_be_forgotten(cli: Cli) -> None:
    cli.said("feeds", "remove", "old-paper", "--forget")
    answer = cli.here("feeds", "remove", "harbour", "--forget")
    assert (answer.code, "there is no [[feed]] in it" in answer.err) == (2, True), answer


# ------------------------------------------------------------------------------------------------ import, export


def test_an_import_takes_what_is_new_switched_off_and_says_what_it_left_out(cli: Cli, server: FeedServer) -> None:
    (cli.folder / "reader.opml").write_text(OPML.format(harbour=server.url("/harbour.xml")), encoding="utf-8")
    before = text_of(cli)
    tried = cli.json("feeds", "import", "reader.opml", "--dry-run")
    assert text_of(cli) == before
    done = cli.json("feeds", "import", "reader.opml")
    assert done == tried
    assert [(one["title"], one["refused"]) for one in done] == [
        ("Coast Times", ""),
        (
            "Coast again",
            "stands in feeds.toml as coast-times, and is switched off: " + row_of(cli, "coast-times")["reason"],
        ),
        ("The harbour", "stands in feeds.toml as harbour"),
        ("Old paper", "stands in feeds.toml as old-paper, and is known to be dead: 404 since 2026-05"),
        ("Files", "url must be a whole http:// or https:// address"),
        ("Brackets", "is no address"),
    ]
    assert row_of(cli, "coast-times") == {
        "id": "coast-times", "url": "https://coast.example/rss?a=1&b=2", "publisher": "Coast Times", "family": "coast-times",
        "lang": "ru", "kind": "rss", "zone": "Europe/Moscow", "grade": "C", "enabled": False, "note": "Papers",
        "reason": f"imported from reader.opml, not tested yet ({dt.datetime.now(dt.UTC):%Y-%m-%d})",
    }  # fmt: skip
    assert all(one["refused"] for one in cli.json("feeds", "import", "reader.opml"))


def test_an_import_can_be_polled_at_once(cli: Cli, server: FeedServer) -> None:
    (cli.folder / "reader.opml").write_text(OPML.format(harbour=server.url("/harbour.xml")), encoding="utf-8")
    said = cli.said("feeds", "import", "reader.opml", "--enable")
    assert "1 feed added to feeds.toml, 5 left out." in said
    assert row_of(cli, "coast-times")["enabled"]


def test_what_is_exported_is_imported_as_the_same_feeds(cli: Cli) -> None:
    here = str(ROOT / "config")
    cli.said("feeds", "export", "--all", "--opml", "all.opml", "--config", here)
    (cli.folder / "config" / "feeds.toml").write_text(
        '[[feed]]\nid = "first"\nurl = "https://first.example/"\npublisher = "F"\nfamily = "f"\n', encoding="utf-8"
    )
    done = cli.json("feeds", "import", "all.opml", "--enable")
    kept = {one.id: one for one in load_feeds(ROOT / "config") if one.url}
    assert [one["title"] for one in done if one["refused"]] == []
    found = {one.id: one for one in load_feeds(cli.folder / "config") if one.id != "first"}
    assert list(found) == list(kept)

    def told(feed: Any) -> tuple[Any, ...]:
        names = "url publisher family lang kind zone grade enabled reason note every min_every max_every query official sitemap select"
        return tuple(getattr(feed, name) for name in names.split())

    assert {name: told(one) for name, one in found.items()} == {name: told(one) for name, one in kept.items()}
    assert [
        name for name, one in found.items() if one.enabled and one != kept[name] and one.seed == kept[name].seed
    ] == []


def test_an_export_is_opml_that_other_readers_know(cli: Cli, server: FeedServer) -> None:
    out = cli.said("feeds", "export")
    assert out.startswith(
        "<?xml version='1.0' encoding='utf-8'?>\n<opml xmlns:monitor=\"urn:monitor:feeds\" version=\"2.0\">"
    )
    assert (
        f'<outline type="rss" text="Harbour" title="Harbour" xmlUrl="{server.url("/harbour.xml")}" language="en" category="/harbour,/rss"'
        in out
    )
    assert "old.example" not in out
    assert [row["id"] for row in cli.json("feeds", "export", "--all")] == ["harbour", "old-paper"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["import", "nowhere.opml"], "nowhere.opml cannot be read: No such file"),
        (["import", "config/feeds.toml"], "config/feeds.toml is no OPML"),
        (["export", "--opml", "no/such/folder.opml"], "--opml no/such/folder.opml cannot be written"),
    ],
)
def test_wrong_usage_of_import_and_export_is_told(cli: Cli, arguments: list[str], said: str) -> None:
    answer = cli.here("feeds", *arguments)
    assert (answer.code, said in answer.err) == (2, True), answer


# ------------------------------------------------------------------------------------------------ incidents


def test_incidents_are_listed_open_ones_first_and_ended_ones_on_request(cli: Cli) -> None:
    assert cli.said("incidents") == "No incident is open.\n"
    app = App(load_brief(cli.folder / "config"))
    with app.store.begin() as tx:
        tx.sync_feeds(app.feeds, make.NOW)
        tx.open_incident(
            FeedId("harbour"), Complaint(kind=IncidentKind.FROZEN, sentence="its newest entry is 9 days old."), make.NOW
        )
        tx.open_incident(
            None, Complaint(kind=IncidentKind.OWN_NETWORK, sentence="our own network is down."), make.at(hours=1)
        )
        house = tx.incidents()[0]
        tx.save_incident(replace(house, closed_at=make.at(hours=2), ending="It is back."))
    app.close()
    assert [(one["feed_id"], one["kind"], one["closed_at"]) for one in cli.json("incidents")] == [
        ("harbour", "frozen", None)
    ]
    assert [one["kind"] for one in cli.json("incidents", "--all")] == ["own-network", "frozen"]
    assert [one["kind"] for one in cli.json("incidents", "--all", "--feed", "harbour")] == ["frozen"]
    said = cli.said("incidents", "--all")
    assert "its newest entry is 9 days old." in said
    assert "our own network is down. It is back." in said
    assert [(row["feed"], row["incidents"]) for row in cli.json("feeds", "list")] == [("harbour", 1)]
    answer = cli.here("incidents", "--feed", "nobody")
    assert (answer.code, "no feed has the id 'nobody'" in answer.err) == (2, True)


# ------------------------------------------------------------------------------------------------ the row that is proposed


def minutes(number: float) -> dt.timedelta:
    return dt.timedelta(minutes=number)


@pytest.mark.parametrize(
    ("gap", "spans", "every"),
    [
        (None, None, ORDINARY),
        (minutes(1), minutes(600), minutes(10)),
        (minutes(6), minutes(210), minutes(10)),
        (minutes(25), minutes(6000), minutes(20)),
        (minutes(60), minutes(120), minutes(30)),
        (minutes(5000), minutes(90_000), minutes(360)),
        (minutes(1), minutes(20), minutes(10)),
    ],
)
def test_a_pace_follows_the_rhythm_and_the_time_a_document_spans(
    gap: dt.timedelta | None, spans: dt.timedelta | None, every: dt.timedelta
) -> None:
    assert pace(Rhythm(usual_gap=gap, spans=spans)) == every


def test_old_pieces_put_on_top_make_no_rhythm() -> None:
    fresh = [make.entry(published=make.at(hours=-number)) for number in range(20)]
    old = [make.entry(published=make.at(days=-300)), make.entry(published=make.at(days=-200))]
    assert rhythm_of([*old, *fresh], make.NOW) == Rhythm(
        usual_gap=minutes(60), a_day=24.0, spans=dt.timedelta(hours=19)
    )


def test_an_id_is_cut_between_words() -> None:
    assert slug("The Moscow Times: News, Business, Culture & More") == "the-moscow-times-news-business-culture"
    assert slug("北方領土") == ""


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://www.asahi.com/rss", "asahi"),
        ("https://rssexport.rbc.ru/x", "rbc"),
        ("https://feeds.bbci.co.uk/news", "bbci"),
        ("https://www.kantei.go.jp/index.rdf", "kantei"),
        ("https://lenta.ru/rss", "lenta"),
        ("http://127.0.0.1:80/", "127-0-0-1"),
        ("http://localhost/", "localhost"),
    ],
)
def test_a_site_is_named_by_its_owners_word(url: str, name: str) -> None:
    assert site(url) == name
