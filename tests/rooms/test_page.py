"""A watched page: its items by CSS selectors, what they are known by, and what is said when the page is made anew."""

from __future__ import annotations

import time

import pytest

from monitor.clean import clean
from monitor.entities import Document, Entry, FeedId, Problem, Selectors
from monitor.sources import SOURCES
from tests import make

PAGE = "https://islands-office.example/news/index.html"
SELECT = Selectors(item="ul.news li", date="time, .date")
BODY = """<!DOCTYPE html>
<html lang="JA"><head><meta charset="utf-8"><title> お知らせ | 島の役所 </title></head><body>
<nav><ul><li><a href="/">ホーム</a></li></ul></nav>
<ul class="news">
<li><time datetime="2026-03-04T10:00+09:00">3月4日</time> <a href="r8/visit.html">大臣が<b>根室</b>を訪問</a></li>
<li><span class="date">令和8年3月2日</span> <a href="/pdf/report.pdf">報告書（PDF）</a></li>
<li><span class="date">2026年2月28日</span> <a href="//other.example/x">共同発表</a> <p>本文です。</p></li>
</ul></body></html>"""


def parse(body: str | bytes, select: Selectors | None = SELECT, **fields: object) -> Document:
    raw = body.encode() if isinstance(body, str) else body
    seen = fields.pop("seen", frozenset())
    feed = make.feed(id="islands-office", kind="page", lang="ja", zone="Asia/Tokyo", select=select)
    given = {"url": PAGE, "final_url": PAGE, "content_type": "text/html", **fields}
    return SOURCES["page"].parse(feed, make.fetched(body=raw, **given), seen)  # type: ignore[arg-type]


def page(*items: str, head: str = "") -> str:
    return f"<html><head>{head}</head><body><ul class='news'>{''.join(f'<li>{one}</li>' for one in items)}</ul></body></html>"


def links(body: str) -> list[str]:
    return [entry.link for entry in parse(body).entries]


def test_a_page_gives_one_entry_an_item() -> None:
    document = parse(BODY)
    first = document.entries[0]
    assert first == Entry(
        feed_id=FeedId("islands-office"), guid=first.guid, digest=first.digest,
        link="https://islands-office.example/news/r8/visit.html", title="大臣が根室を訪問",
        published=make.NOW.replace(hour=1, minute=0), published_raw="2026-03-04T10:00+09:00",
    )  # fmt: skip
    assert [(entry.title, entry.link, entry.published_raw) for entry in document.entries[1:]] == [
        ("報告書（PDF）", "https://islands-office.example/pdf/report.pdf", "令和8年3月2日"),
        ("共同発表", "https://other.example/x", "2026年2月28日"),
    ]  # fmt: skip
    assert (document.title, document.lang, document.problem, document.flagged) == (
        "お知らせ | 島の役所",
        "ja",
        None,
        "",
    )


def test_years_of_a_japanese_era_are_read() -> None:
    said = ["令和8年3月2日", "令和元年5月1日", "平成30年12月31日", "令和８年３月２日"]
    entries = parse(
        page(*(f"<span class='date'>{one}</span><a href='/{n}'>x{n}</a>" for n, one in enumerate(said)))
    ).entries
    days = [
        entry.published and entry.published.astimezone(make.dt.timezone(make.dt.timedelta(hours=9))).date()
        for entry in entries
    ]
    assert [day and day.isoformat() for day in days] == ["2026-03-02", "2019-05-01", "2018-12-31", "2026-03-02"]


def test_a_date_without_a_year_is_no_date() -> None:
    entry = parse(page("<span class='date'>3月4日</span><a href='/a'>x</a>")).entries[0]
    assert (entry.published, entry.published_raw) == (None, "3月4日")


def test_all_selectors_are_heeded() -> None:
    select = Selectors(item="article", title="h2", link="a.more", date=".when", text=".lead")
    body = (
        "<html><body><article><a href='/tag'>Tag</a><h2>Patrol boat returns</h2><p class='when'>4 March 2026</p>"
        "<p class='lead'>It <i>came</i> back.</p><a class='more' href='/a'>More</a></article></body></html>"
    )
    entry = parse(body, select).entries[0]
    assert (entry.title, entry.link, entry.published_raw) == (
        "Patrol boat returns",
        "https://islands-office.example/a",
        "4 March 2026",
    )
    assert entry.summary == '<p class="lead">It <i>came</i> back.</p>'


@pytest.mark.parametrize(
    ("href", "link"),
    [
        ("a.html", "https://islands-office.example/news/a.html"),
        ("../a.pdf", "https://islands-office.example/a.pdf"),
        ("//other.example/a", "https://other.example/a"),
        (" /a\n ", "https://islands-office.example/a"),
        ("http://plain.example/a", "http://plain.example/a"),
        ("#r8", f"{PAGE}#r8"),
        ("javascript:open()", PAGE),
        ("mailto:office@example.org", PAGE),
        ("https://[broken", PAGE),
    ],
)
def test_links_are_resolved_and_those_that_lead_nowhere_lead_to_the_page(href: str, link: str) -> None:
    assert links(page(f"<a href='{href}'>x</a>")) == [link]


def test_the_base_of_a_page_is_heeded() -> None:
    assert links(page("<a href='a'>x</a>", head="<base href='/archive/'>")) == [
        "https://islands-office.example/archive/a"
    ]


def test_an_item_may_be_the_link_itself_and_a_picture_may_be_its_words() -> None:
    select = Selectors(item="a.card")
    body = "<html><body><a class='card' href='/a'><img src='x' alt='Chart of catches'></a><a class='card' href='/b'></a></body></html>"
    assert [(entry.title, entry.link) for entry in parse(body, select).entries] == [
        ("Chart of catches", "https://islands-office.example/a")
    ]


# ------------------------------------------------------------------------------------------------ identity


def test_items_are_known_by_link_and_title_and_the_same_one_twice_is_one() -> None:
    one, two = "<a href='/a'>Same words</a>", "<a href='/b'>Same words</a>"
    entries = parse(page(one, two, one)).entries
    assert [entry.link for entry in entries] == ["https://islands-office.example/a", "https://islands-office.example/b"]
    assert len({entry.guid for entry in entries}) == 2
    assert not any(entry.link_shared for entry in entries)


def test_a_link_that_several_titles_share_is_marked() -> None:
    entries = parse(
        page("<a href='/a#1'>First report</a>", "<a href='/a#2'>Second report</a>", "<a href='/b'>Third</a>")
    ).entries
    assert [entry.link_shared for entry in entries] == [True, True, False]
    assert len({entry.guid for entry in entries}) == 3


def test_items_without_a_link_of_their_own_stay_apart() -> None:
    entries = parse(page("Office closed on Monday", "Office open on Tuesday", "<a href='#top'>Up</a>")).entries
    assert [entry.link_shared for entry in entries] == [True, True, True]
    assert len({entry.guid for entry in entries}) == 3


def test_an_item_keeps_its_id_wherever_it_stands_and_whenever_it_is_read() -> None:
    before = parse(page("<a href='/a'>A</a>", "<a href='/b'>B</a>")).entries
    after = parse(page("<a href='/c'>C</a>", "<a href='/b'>B</a>", "<a href='/a'>A</a>")).entries
    assert {entry.guid for entry in before} < {entry.guid for entry in after}


def test_every_item_of_a_page_becomes_an_article() -> None:
    feed = make.feed(id="islands-office", kind="page", lang="ja", zone="Asia/Tokyo", select=SELECT)
    articles = [clean(entry, feed, make.NOW) for entry in parse(BODY).entries]
    assert [article is not None and bool(article.keys) for article in articles] == [True, True, True]


# ------------------------------------------------------------------------------------------------ digests


def test_items_that_were_seen_word_for_word_are_counted_and_left_out() -> None:
    whole = parse(BODY)
    again = parse(BODY, seen=frozenset(whole.digests))
    one_new = parse(BODY.replace("共同発表", "共同声明"), seen=frozenset(whole.digests))
    assert (again.entries, again.unchanged, again.digests, again.problem) == ((), 3, whole.digests, None)
    assert ([entry.title for entry in one_new.entries], one_new.unchanged) == (["共同声明"], 2)
    assert all(len(digest) == 8 for digest in whole.digests)


@pytest.mark.parametrize(
    "other",
    [
        "<span class='date'>2026-03-05</span><a href='/a'>A</a>",
        "<span class='date'>2026-03-04</span><a href='/b'>A</a>",
        "<span class='date'>2026-03-04</span><a href='/a'>B</a>",
    ],
)
def test_a_digest_follows_all_that_an_entry_says(other: str) -> None:
    one = parse(page("<span class='date'>2026-03-04</span><a href='/a'>A</a>"))
    assert parse(page(other)).digests != one.digests


# ------------------------------------------------------------------------------------------------ when it is made anew


def test_an_item_selector_that_finds_nothing_is_a_problem_that_names_it() -> None:
    document = parse(BODY, Selectors(item="div.topics dl"))
    assert (document.entries, document.problem) == ((), Problem.NOT_A_FEED)
    assert "select.item = 'div.topics dl'" in document.flagged
    assert "its make has changed" in document.flagged


@pytest.mark.parametrize("key", ["title", "link"])
def test_a_title_or_link_that_no_item_has_is_a_problem_too(key: str) -> None:
    document = parse(BODY, Selectors(**{"item": "ul.news li", key: ".gone"}))
    assert (document.entries, document.problem) == ((), Problem.NOT_A_FEED)
    assert f"select.{key} = '.gone'" in document.flagged


@pytest.mark.parametrize("key", ["date", "text"])
def test_a_date_or_text_that_no_item_has_is_told_and_costs_no_entry(key: str) -> None:
    document = parse(BODY, Selectors(**{"item": "ul.news li", key: ".gone"}))
    assert (len(document.entries), document.problem) == (3, None)
    assert f"select.{key} = '.gone'" in document.flagged


@pytest.mark.parametrize("key", ["item", "title", "link", "date", "text"])
def test_a_selector_that_is_none_is_named(key: str) -> None:
    document = parse(BODY, Selectors(**{"item": "ul.news li", key: "li[["}))
    assert (document.entries, document.problem) == ((), Problem.NOT_A_FEED)
    assert f"select.{key} = 'li[[' is no CSS selector" in document.flagged


def test_items_without_words_are_a_problem() -> None:
    assert parse(page("<a href='/a'></a>", "<br>")).problem is Problem.NOT_A_FEED


def test_a_wall_is_told_from_a_page_that_changed_and_a_page_with_a_robot_check_in_it_is_read() -> None:
    assert parse("<html><title>Just a moment...</title></html>").problem is Problem.BLOCKED
    assert parse(page("<a href='/a'>A</a>", head="<script src='captcha.js'></script>")).problem is None


def test_a_row_without_selectors_is_told_so() -> None:
    document = parse(BODY, None)
    assert (document.problem, "[feed.select]" in document.flagged) == (Problem.NOT_A_FEED, True)


def test_too_many_items_are_bounded_and_told() -> None:
    document = parse(page(*(f"<a href='/{number}'>Report {number}</a>" for number in range(700))), Selectors(item="li"))
    assert (len(document.entries), document.flagged) == (500, "700 items, the first 500 are taken")


# ------------------------------------------------------------------------------------------------ characters and damage


@pytest.mark.parametrize("name", ["Shift_JIS", "EUC-JP", "iso-2022-jp", "utf-8"])
@pytest.mark.parametrize("where", ["meta", "equiv", "header"])
def test_the_encoding_of_a_page_is_found_where_it_is_named(name: str, where: str) -> None:
    head = {
        "meta": f"<meta charset='{name}'>",
        "equiv": f'<meta http-equiv="Content-Type" content="text/html; charset={name}">',
        "header": "",
    }[where]
    codec = {"shift_jis": "cp932"}.get(name.lower(), name)
    body = page("<a href='/a'>根室の漁港で船が帰港</a>", head=head).encode(codec)
    document = parse(body, charset=name if where == "header" else None)
    assert [entry.title for entry in document.entries] == ["根室の漁港で船が帰港"]


def test_a_servers_usual_encoding_does_not_win_over_what_the_page_says() -> None:
    body = page("<a href='/a'>根室の漁港で船が帰港</a>", head="<meta charset='Shift_JIS'>").encode("cp932")
    assert [entry.title for entry in parse(body, charset="ISO-8859-1").entries] == ["根室の漁港で船が帰港"]


def test_a_page_that_is_cut_before_its_items_is_not_taken_for_one_made_anew() -> None:
    assert parse(BODY[: BODY.index("<ul class")]).problem is Problem.CUT_SHORT


def test_a_page_that_is_cut_keeps_the_items_before_its_last_and_says_so() -> None:
    whole = page(*(f"<a href='/{number}'>Report {number}</a>" for number in range(4)))
    cut = parse(whole[: whole.index("Report 3") + 4])
    assert ([entry.title for entry in cut.entries], cut.problem) == (
        ["Report 0", "Report 1", "Report 2"],
        Problem.CUT_SHORT,
    )
    assert parse(whole, problem=Problem.CUT_SHORT).problem is Problem.CUT_SHORT


def test_a_page_may_leave_out_the_end_of_its_root() -> None:
    assert parse(BODY.removesuffix("</html>")).problem is None


def test_a_page_nested_beyond_reason_is_refused_before_it_costs() -> None:
    started = time.process_time()
    assert parse("<html>" + "<div>" * 200_000).problem is Problem.MALFORMED
    assert parse("<html>" + "<b><i>" * 100_000 + "</html>").problem is Problem.MALFORMED
    assert time.process_time() - started < 10


def test_a_careless_page_with_many_unclosed_elements_is_read() -> None:
    body = page("<a href='/a'>A</a>").replace("</body>", "<p>x<br><img src=y><a name=z>" * 3000 + "</body>")
    assert links(body) == ["https://islands-office.example/a"]
