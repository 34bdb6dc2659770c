"""Entries made clean: identity, text without furniture, language, clocks, credits; and whole pages of text."""

from __future__ import annotations

import datetime as dt
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.clean import Page, clean, clean_page, content_hash
from monitor.clean import credits as wires
from monitor.clean.dates import moment
from monitor.clean.furniture import is_furniture, without_tail
from monitor.clean.lang import language
from monitor.clean.text import joined, paragraphs
from monitor.clean.urls import identity
from monitor.entities import Article
from tests import make

SEEDS = Path(__file__).resolve().parents[2].parent / "shared" / "seeds"


def cleaned(feed: dict[str, Any] | None = None, **fields: Any) -> Article:
    found = clean(make.entry(**fields), make.feed(**(feed or {})), make.NOW)
    assert found is not None
    return found


def text(summary: str, **fields: Any) -> str:
    return cleaned(summary=summary, **fields).text


# ------------------------------------------------------------------------------------------------- identity


def test_an_entry_becomes_an_article() -> None:
    assert cleaned(summary="<p>They spoke for an hour.</p><p>Both smiled.</p>", published=make.at(hours=-2)) == make.article(
        keys=("guid:harbour:item-1", "url:harbour-daily.example/news/1"), text="They spoke for an hour.\nBoth smiled.",
        published_at=make.at(hours=-2), content_hash=content_hash("Ministers of Japan and Russia meet in Vienna", "They spoke for an hour. Both smiled."),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("http://www.coast.example/a/", "https://coast.example/a"),
        ("https://coast.example/a?utm_source=rss&utm_medium=feed&id=3", "https://coast.example/a?id=3&fbclid=zz"),
        ("https://coast.example/a?b=2&a=1", "https://coast.example/a?a=1&b=2"),
        ("https://coast.example/a#top", "https://coast.example/a"),
        ("https://coast.example:443/a", "http://coast.example:80/a"),
        ("https://COAST.example/a//b", "https://coast.example/a/b"),
        ("https://coast.example/%D0%B0", "https://coast.example/а"),
        ("https://www.bbc.co.uk/news/articles/c1#0", "https://www.bbc.com/news/articles/c1?at_medium=RSS"),
        ("https://www3.nhk.or.jp/news/html/20260304/k10010000001000.html", "https://news.web.nhk/newsweb/na/na-k10010000001000"),
        ("https://coast.example/a?from=rss", "https://coast.example/a"),
    ],
)  # fmt: skip
def test_two_addresses_of_one_article(first: str, second: str) -> None:
    assert identity(first) == identity(second) != ""


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("https://coast.example/a?id=1", "https://coast.example/a?id=2"),
        ("https://coast.example/A", "https://coast.example/a"),
        ("https://coast.example/a", "https://bay.example/a"),
        ("https://coast.example:8080/a", "https://coast.example/a"),
        ("https://coast.example/a?from=moscow", "https://coast.example/a?from=tokyo"),
        ("https://coast.example/#!/a", "https://coast.example/#!/b"),
    ],
)
def test_addresses_of_two_articles(first: str, second: str) -> None:
    assert identity(first) != identity(second)


@pytest.mark.parametrize(
    "url", ["", "https://coast.example/", "https://coast.example", "mailto:a@coast.example", "news", "http://[x"]
)
def test_what_is_no_address_of_an_article(url: str) -> None:
    assert identity(url) == ""


@pytest.mark.parametrize(
    ("fields", "keys"),
    [
        ({}, ("guid:harbour:item-1", "url:harbour-daily.example/news/1")),
        ({"guid_shared": True}, ("url:harbour-daily.example/news/1",)),
        ({"guid": "http://www.harbour-daily.example/news/1#3"}, ("url:harbour-daily.example/news/1",)),
        (
            {"guid": "https://harbour-daily.example/?p=7"},
            ("url:harbour-daily.example?p=7", "url:harbour-daily.example/news/1"),
        ),
        ({"guid": "https://harbour-daily.example/"}, ("url:harbour-daily.example/news/1",)),
        (
            {"guid": "", "link": "https://harbour-daily.example/"},
            (f"hash:harbour:{content_hash(make.entry().title, make.entry().summary)}",),
        ),
    ],
)
def test_the_keys_of_an_article(fields: dict[str, Any], keys: tuple[str, ...]) -> None:
    assert cleaned(**fields).keys == keys


def test_a_key_has_a_bounded_length() -> None:
    assert max(map(len, cleaned(guid="g" * 5000, link=f"https://coast.example/{'x' * 5000}").keys)) < 100


@pytest.mark.parametrize("fields", [{"title": "", "summary": ""}, {"title": " \u200b ", "summary": "<img src='x'>"}])
def test_nothing_to_read_is_no_article(fields: dict[str, Any]) -> None:
    assert clean(make.entry(**fields), make.feed(), make.NOW) is None


@pytest.mark.parametrize(
    "title", ["Video: ministers meet in Vienna", "Видео: министры в Вене", "写真：ウィーンの外相会談"]
)
def test_a_headline_that_looks_like_a_caption_stands_where_nothing_else_does(title: str) -> None:
    assert cleaned(title=title, summary="").title == title


def test_an_entry_without_a_title_is_titled_by_its_first_sentence() -> None:
    found = cleaned(title="", summary="Two ships met off Nemuro. Nobody was hurt. Both went home.")
    assert (found.title, found.text) == ("Two ships met off Nemuro.", "Nobody was hurt. Both went home.")


def test_the_address_a_reader_clicks_keeps_its_parameters() -> None:
    assert cleaned(link="https://coast.example/a?utm_source=rss").url == "https://coast.example/a?utm_source=rss"


# ------------------------------------------------------------------------------------------------------ clocks


@pytest.mark.parametrize(
    ("published", "updated", "at", "dated"),
    [
        (make.at(hours=-2), None, make.at(hours=-2), True),
        (make.at(minutes=30), None, make.NOW, True),
        (make.at(hours=2), None, make.NOW, False),
        (None, make.at(hours=-3), make.at(hours=-3), True),
        (None, None, make.NOW, False),
    ],
)
def test_the_date_of_an_article(
    published: dt.datetime | None, updated: dt.datetime | None, at: dt.datetime, dated: bool
) -> None:
    found = cleaned(published=published, updated=updated)
    assert (found.published_at, found.dated, found.first_seen_at) == (at, dated, make.NOW)


# -------------------------------------------------------------------------------------------------------- text


@pytest.mark.parametrize(
    ("markup", "plain"),
    [
        ("<p>One.</p><p>Two.</p>", "One.\nTwo."),
        ("One.<br>Two.<br/><br/>Three.", "One.\nTwo.\nThree."),
        ("<ul><li>a</li><li>b</li></ul>", "a\nb"),
        ("A &amp; B", "A & B"),
        ("<p>A &amp;amp; B</p>", "A &amp; B"),
        ("a <b>b</b>, c<i>d</i>", "a b, cd"),
        ("<p>x</p><script>alert(1)</script><style>p{}</style><figure><figcaption>A boat</figcaption></figure>", "x"),
        ("no\u00a0break \u202bbidi\u202c soft\u00adhyphen zero\u200bwidth", "no break bidi softhyphen zerowidth"),
        ("e\u0301", "é"),
        ("3 < 5 and 7 > 2", "3 < 5 and 7 > 2"),
        ("<div>" * 5000 + "deep" + "</div>" * 5000, "deep"),
        ("line one\n   line two", "line one\nline two"),
        ("<p>one\nparagraph</p>", "one paragraph"),
    ],
)
def test_markup_becomes_paragraphs(markup: str, plain: str) -> None:
    assert paragraphs(markup) == plain


def test_word_segmented_japanese_is_joined_and_other_spacing_stays() -> None:
    assert joined("漁船 が 根室 の 港 に 戻り まし た") == "漁船が根室の港に戻りました"
    assert joined("根室の漁港で船が帰港 乗組員は全員無事") == "根室の漁港で船が帰港 乗組員は全員無事"
    assert joined("Boats came back to the port") == "Boats came back to the port"


def test_figures_side_by_side_are_no_japanese_and_stay_apart() -> None:
    assert joined("Feb 22 2012 08 07, 3 4 5") == "Feb 22 2012 08 07, 3 4 5"
    assert joined("за 4 500 или 10 000, 12 000, 15 000 рублей") == "за 4 500 или 10 000, 12 000, 15 000 рублей"


PLAIN_MARKUP = st.lists(
    st.sampled_from(
        (
            "<p>", "</p>", "<P class='a'>", "<br>", "<br/>", "<br />", "</br>", "<a href=\"https://x.example/?a=1&b=2\">", "</a>",
            "<b>", "</b>", "<i>", "</i>", "<em>", "<strong>", "</strong>", "<span style='x'>", "</span>", "<sup>", "</sup>",
            "<img src=x alt='a picture'>", "<img alt='a > b'>", "<font color=red>", "</font>", "<p", "<", ">", "<!-- x -->",
            "boats", " came ", "\n", "\t", "  ", "港", "に", "戻った", "гавань", "&amp;", "&lt;", "&gt;", "&nbsp;", "&#8217;", "&#150;",
            "&#10;", "&hellip;", "& ", "&", "&copy", "AT&T", "…", "\r\n", "\u200b", "<div>", "</div>", "<script>x</script>", "</h1>",
        )
    ),
    max_size=14,
).map("".join)  # fmt: skip


@settings(max_examples=500, deadline=None)
@given(PLAIN_MARKUP)
def test_plain_markup_reads_as_the_parser_reads_it(markup: str) -> None:
    parsed = paragraphs(f"<div></div><i></i>{markup}")  # the parser's: a division is beyond what is read without it
    assert paragraphs(f"<i></i>{markup}") == parsed


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        ("Boats came back. Read more…", "Boats came back."),
        ("Boats came back. (END)", "Boats came back."),
        ("Boats came back enditem.", "Boats came back"),
        ("Boats came back [...]", "Boats came back"),
        ("船が戻った。続きを読む", "船が戻った。"),
        ("Суда вернулись. Читать далее →", "Суда вернулись."),
        ("There is more", "There is more"),
        ("Boats came back...", "Boats came back..."),
    ],
)
def test_what_hangs_on_to_a_lines_end_goes(line: str, kept: str) -> None:
    assert without_tail(line) == kept


def test_a_title_repeated_as_the_first_line_is_dropped_from_the_text() -> None:
    assert text("<h1>MINISTERS of Japan and Russia meet in Vienna</h1><p>They spoke.</p>") == "They spoke."


def test_a_list_of_links_of_an_aggregator_is_no_text() -> None:
    assert (
        text('<ol><li><a href="https://news.google.com/rss/articles/x">Other story</a> <font>Coast</font></li></ol>')
        == ""
    )


@pytest.mark.parametrize(
    ("raw", "title"),
    [
        ("Boats return to the port - Harbour Daily", "Boats return to the port"),
        ("Boats return to the port | Harbour Daily", "Boats return to the port"),
        ("Boats return to the port - the harbour", "Boats return to the port - the harbour"),
        ("根室の漁港で船が帰港（北浜新聞） - Yahoo!ニュース", "根室の漁港で船が帰港"),
        ("Japan-Russia ferry - a short history", "Japan-Russia ferry - a short history"),
    ],
)
def test_the_publishers_name_is_no_part_of_a_title(raw: str, title: str) -> None:
    assert cleaned(title=raw).title == title


def test_a_gathered_entry_belongs_to_who_wrote_it() -> None:
    found = cleaned(publisher="Coast Times", title="Boats return to the port - Coast Times")
    assert (found.publisher, found.family, found.title) == ("Coast Times", "coast-times", "Boats return to the port")


def test_a_sitemap_that_names_its_own_house_is_no_gathering() -> None:
    found = cleaned({"kind": "sitemap"}, publisher="港日報オンライン")
    assert (found.publisher, found.family) == ("Harbour Daily", "harbour")


@pytest.mark.parametrize(
    "line",
    [
        "Subscribe", "Adjust font size:", "Print", "Share on X", "loader", "Newsfeed", "Chats", "0", "Advertisement",
        "READ MORE: Boats return to the port", "Read also: Boats return", "Related: boats", "© Coast / A. Sato", "Photo: A. Sato / Coast",
        "Join the Coast Times mailing list", "Sign up for our newsletters", "Get the latest news, features and analysis.",
        "Please make a donation to keep us going!", "Follow us on Telegram", "All rights reserved.", "Copyright 2026 Coast Times",
        "Updated: March 4, 2026 10:00", "This article was originally published by Coast Times",
        "Читайте также: Рыбаки вернулись", "Подписывайтесь на наш канал в Telegram", "Фото: А. Сато", "Подробнее…",
        "続きを読む", "関連記事", "この記事は有料記事です。残り400文字", "写真：北浜新聞", "更新：2026年3月4日 10時00分",
    ],
)  # fmt: skip
def test_furniture_is_dropped(line: str) -> None:
    assert is_furniture(line)
    assert (
        text(f"<p>The boats came back.</p><p>{line}</p><p>Nobody was hurt.</p>")
        == "The boats came back.\nNobody was hurt."
    )


@pytest.mark.parametrize(
    "line",
    [
        "Copyright law was changed on Tuesday.", "Japan will make a donation of 3 million dollars to the fund.", "Follow US policy, the minister said.",
        "The report was published on Monday by the ministry.", "Support USA teams, he wrote.", "Photos of the ships were shown to reporters.",
        "Print media in both countries carried the news.", "More than 20 boats came back.", "Search teams looked for two sailors.",
        "公開された映像には3人が写っていた。", "写真を撮影した男性は驚いたと話した。", "関連する法律は来月施行される。",
        "Подписание договора перенесено на май.", "Фотографии показали журналистам.", "Related talks will go on in May.",
    ],
)  # fmt: skip
def test_a_sentence_of_the_report_is_never_furniture(line: str) -> None:
    assert not is_furniture(line)
    assert text(f"<p>The boats came back.</p><p>{line}</p>") == f"The boats came back.\n{line}"


# ----------------------------------------------------------------------------------------------------- credits


@pytest.mark.parametrize(
    ("line", "rest", "wire"),
    [
        ("TOKYO, Jan. 5 (Jiji Press) - Boats returned.", "Boats returned.", "jiji"),
        ("TOKYO (Kyodo) -- Boats returned.", "Boats returned.", "kyodo"),
        ("MOSCOW, March 4. /TASS/. Boats returned.", "Boats returned.", "tass"),
        ("МОСКВА, 4 марта. /ТАСС/. Суда вернулись.", "Суда вернулись.", "tass"),
        ("ЮЖНО-САХАЛИНСК, 4 мар — РИА Новости. Суда вернулись.", "Суда вернулись.", "rossiya-segodnya"),
        ("【モスクワ共同】漁船が戻った。", "漁船が戻った。", "kyodo"),
        ("【モスクワ＝時事】漁船が戻った。", "漁船が戻った。", "jiji"),
        ("Москва. 4 марта. ИНТЕРФАКС - Суда вернулись.", "Суда вернулись.", "interfax"),
        ("NEMURO — Boats returned.", "Boats returned.", ""),
        ("Boats returned - and left again.", "Boats returned - and left again.", ""),
        ("The agency (Kyodo) reported it.", "The agency (Kyodo) reported it.", ""),
    ],
)
def test_a_dateline_names_its_wire_and_is_no_part_of_the_report(line: str, rest: str, wire: str) -> None:
    assert wires.opened(line) == (rest, wire)


@pytest.mark.parametrize(
    ("line", "wire"),
    [("Boats returned. (Reuters)", "reuters"), ("漁船が戻った。（共同）", "kyodo"), ("Boats returned. — AFP", "afp"), ("Boats returned, TASS reported.", ""), ("Суда вернулись, сообщает ТАСС.", "")],
)  # fmt: skip
def test_a_credit_at_the_end_and_a_mention_are_told_apart(line: str, wire: str) -> None:
    assert wires.closed(line)[1] == wire


def test_credits_are_collected_once_each() -> None:
    found = cleaned(summary="<p>Kyodo</p><p>TOKYO (Kyodo) - Boats returned.</p><p>Nobody was hurt. (AP)</p>")
    assert (found.credits, found.text) == (("kyodo", "ap"), "Boats returned.\nNobody was hurt.")


# ---------------------------------------------------------------------------------------------------- language


@pytest.mark.parametrize(
    ("title", "declared", "lang"),
    [
        ("Boats return to the port", "", "en"),
        ("Boats return to the port", "ja", "en"),
        ("根室の漁港で船が帰港", "", "ja"),
        ("NHK WORLD 根室の港", "en", "ja"),
        ("日露首脳会談", "ja", "ja"),
        ("日露首脳会談", "", "zh"),
        ("中俄会谈", "zh-cn", "zh"),
        ("Рыбаки вернулись в порт", "", "ru"),
        ("Рыбаки вернулись в порт", "en", "ru"),
        ("Рибалки повернулися в Київ", "uk", "uk"),
        ("Рибалки повернулися в Київ", "", "uk"),
        ("Fischer kehren zurück und ruhen", "", "de"),
        ("Fischer im Hafen", "de", "de"),
        ("12345", "ru", "ru"),
    ],
)
def test_the_language_of_a_headline(title: str, declared: str, lang: str) -> None:
    assert language(title, "", declared) == lang


# ------------------------------------------------------------------------------------------------ content hash


@pytest.mark.parametrize("other", ["Boats “return”", "BOATS return.", "Boats\u00a0return", "Boats  return!"])
def test_a_title_written_otherwise_has_the_same_content(other: str) -> None:
    assert content_hash(other, "x") == content_hash("Boats return", "x")


@pytest.mark.parametrize("other", ["2 boats return", "Boats not return", "Boats returned"])
def test_a_title_that_says_otherwise_has_another_content(other: str) -> None:
    assert content_hash(other, "x") != content_hash("Boats return", "x")
    assert content_hash("12 boats, 1.5 tons", "") != content_hash("12 boats, 15 tons", "")


# ------------------------------------------------------------------------------------------------- whole pages


def test_a_page_of_text_is_taken_apart() -> None:
    page = """Coast Times

Boats Return To The Port

Coast Times

Wed Mar 4, 2026 7:56AM

The boats came back at dawn on Wednesday.

A boat in the harbour of Nemuro - Coast Times
World
Storm Keeps Boats in Port

Nobody was hurt, the coast guard said.

Join the Coast Times mailing list"""
    assert clean_page(page, name="a", now=make.NOW) == Page(
        name="a", title="Boats Return To The Port", text="The boats came back at dawn on Wednesday.\nNobody was hurt, the coast guard said.",
        lang="en", publisher="Coast Times", published_at=dt.datetime(2026, 3, 4, 7, 56, tzinfo=dt.UTC),
    )  # fmt: skip


def test_a_page_that_shows_nothing_but_its_report_stays_so() -> None:
    page = clean_page("The boats came back at dawn.\n\nNobody was hurt.", name="a", now=make.NOW)
    assert page == Page(name="a", title="", text="The boats came back at dawn.\nNobody was hurt.", lang="en")


@pytest.mark.shared
def test_recorded_pages_keep_every_sentence_and_no_furniture() -> None:
    files = sorted(SEEDS.glob("*.txt"))
    if not files:
        pytest.skip("no folder `shared` beside the project")
    furniture = (
        "Adjust font", "UNITED24", "By subscribing", "mailing list", "Subscribe", "Newsfeed", "loader", "Chats", "Заголовок", "©", "READ MORE",
        "misinformation", "Endi", "Get the latest", "Sputnik International", "log in", "lighthouse", "charitable", "Press TV",
    )  # fmt: skip
    for path in files:
        raw = path.read_text(encoding="utf-8")
        page = clean_page(raw, name=path.stem[:3], now=make.NOW)
        assert not [word for word in furniture if word in page.text], path.name
        # A sentence of the report is a line of some length that ends as sentences do, and is no appeal.
        lines = [" ".join(line.split()) for line in raw.splitlines()]
        reported = [line for line in lines if len(line) > 60 and line[-1] in '.”"']
        appeals = ("In a time of both", "By subscribing", "Get the latest", "TOKYO (Sputnik) - ")
        lost = [line for line in reported if line not in page.text and not line.startswith(appeals)]
        assert lost == [], path.name


# ------------------------------------------------------------------------------------------------- hostile input


@pytest.mark.parametrize("markup", ["<a " * 300_000, "<!--" * 250_000, "<a href=" * 100_000, "<" * 1_000_000])
def test_markup_that_never_closes_costs_no_square_of_its_length(markup: str) -> None:
    begun = time.process_time()
    clean(make.entry(summary=f"<p>They spoke.</p>{markup}"), make.feed(), make.NOW)
    clean(make.entry(summary=markup), make.feed(), make.NOW)
    assert time.process_time() - begun < 8  # seconds; its square took minutes


def test_halves_of_characters_are_dropped_from_what_is_read() -> None:
    half = "\ud83d"
    found = cleaned(title=f"Ministers {half}meet in Vienna", summary=f"They {half}spoke.", link=f"https://harbour.example/{half}?q={half}", guid=half * 500)  # fmt: skip
    assert (found.title, found.text) == ("Ministers meet in Vienna", "They spoke.")


def test_midnight_after_the_last_day_there_is_is_no_moment() -> None:
    assert moment("9999-12-31T24:00:00Z") is None
