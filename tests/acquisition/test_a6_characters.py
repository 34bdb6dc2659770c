"""A6, parsing and characters: what a publisher's document says, whatever state it is in."""

from __future__ import annotations

import pytest

from monitor.entities import Feed, FeedId
from monitor.sources import SOURCES
from tests import make
from tests.acquisition.driver import HOUR, House
from tests.doors.feed_server import Answer, item, rss

PLAIN = "text/xml"
JAPANESE, RUSSIAN, CHINESE = (
    "日本とロシアの外相が東京で会談",
    "Главы МИД Японии и России встретились",
    "日本外务大臣访问莫斯科",
)


def one(title: str, encoding: str = "UTF-8", declared: str = "") -> bytes:
    """A document of one item under this title in an encoding."""
    text = rss(item(1, title=title)).decode().replace('encoding="UTF-8"', f'encoding="{declared or encoding}"')
    return text.encode(encoding)


def links(body: bytes, url: str = "https://paper.example/feeds/rss.xml") -> list[str]:
    """The links that the source reads out of a document fetched from an address."""
    feed = Feed(id=FeedId("paper"), url=url, publisher="Paper", family="paper")
    document = SOURCES["rss"].parse(feed, make.fetched("paper", url=url, final_url=url, body=body))
    return [entry.link for entry in document.entries]


def test_a6_62_malformed_xml_costs_no_entry_and_flags_the_feed(house: House) -> None:
    """Given a raw ``&`` in a headline → all entries are kept, and the feed is flagged."""
    house.feed("paper", Answer(body=rss(item(1), item(2, title="Talks of G&D and R&D in Tokyo"), item(3))))
    house.poll()
    assert sorted(house.titles()) == [
        "Report number 1 from Nemuro", "Report number 3 from Nemuro", "Talks of G&D and R&D in Tokyo",
    ]  # fmt: skip
    assert house.state().problem is None
    assert house.state().flagged


@pytest.mark.parametrize("fault", ["<b>unclosed", "</wrong>", "&nbsp;&mdash;&undefined;", "<1>", "a < b"])
def test_a6_62_other_faults_cost_no_other_entry(house: House, fault: str) -> None:
    """Given unclosed or wrong tags and unknown entities in one item → the other items stand."""
    house.feed("paper", Answer(body=rss(item(1), item(2, more=f"<extra>{fault}</extra>"), item(3))))
    house.poll()
    assert {"Report number 1 from Nemuro", "Report number 3 from Nemuro"} <= set(house.titles())


@pytest.mark.parametrize(
    "body",
    [
        b"\n\n  " + rss(item(1)), b"\xef\xbb\xbf" + rss(item(1)), b"\xef\xbb\xbf\r\n" + rss(item(1)),
        rss(item(1)).replace(b"Report", b"Re\x0bport\x00\x1f"), rss(item(1)).decode().encode("utf-16"),
        b"<!-- generated -->\n" + rss(item(1)),
    ],
    ids=["blanks", "mark", "mark and blanks", "control characters", "utf-16", "comment"],
)  # fmt: skip
def test_a6_63_what_stands_before_the_declaration_and_control_characters_do_no_harm(house: House, body: bytes) -> None:
    """Given blanks or a mark before the XML declaration, or control characters → the entry is read, clean."""
    house.feed("paper", Answer(body=body, headers={"Content-Type": PLAIN}))
    house.poll()
    assert house.titles() == ["Report number 1 from Nemuro"]


@pytest.mark.parametrize("charset", ["koi8-r", "iso-8859-1", "windows-1251", "shift_jis", "us-ascii", "nonsense-7"])
def test_a6_64_valid_utf8_wins_over_a_charset_that_lies(house: House, charset: str) -> None:
    """Given a wrong charset in ``Content-Type`` and a body that is valid UTF-8 → UTF-8 wins."""
    house.feed("paper", Answer(body=one(RUSSIAN), headers={"Content-Type": f"text/xml; charset={charset}"}))
    house.poll()
    assert house.titles() == [RUSSIAN]


def test_a6_65_a_few_invalid_bytes_are_replaced_alone(house: House) -> None:
    """Given two stray bytes in a long UTF-8 document → they alone are replaced, and every other title stands."""
    titles = [f"{RUSSIAN} {number}" for number in range(40)]
    body = rss(*(item(number, title=title) for number, title in enumerate(titles)))
    stray = body.replace(f"{RUSSIAN} 7<".encode(), f"{RUSSIAN} ".encode() + b"\xff7\xfe<", 1)
    house.feed("paper", Answer(body=stray))
    house.poll()
    held = set(house.titles())
    assert len(held) == 40
    assert len(held & set(titles)) == 39
    assert house.state().flagged


ENCODINGS = {
    "EUC-JP": JAPANESE, "Shift_JIS": JAPANESE, "ISO-2022-JP": JAPANESE, "GBK": CHINESE, "GB2312": CHINESE,
    "windows-1251": RUSSIAN, "KOI8-R": RUSSIAN, "ISO-8859-5": RUSSIAN, "UTF-16": RUSSIAN,
}  # fmt: skip


@pytest.mark.parametrize(("encoding", "title"), ENCODINGS.items(), ids=ENCODINGS)
def test_a6_66_the_encodings_of_three_countries_are_read(house: House, encoding: str, title: str) -> None:
    """Given EUC-JP, Shift_JIS, GBK, windows-1251, KOI8-R … declared in the document → decoded."""
    house.feed("declared", Answer(body=one(title, encoding), headers={"Content-Type": PLAIN}))
    house.poll()
    assert house.titles() == [title]


@pytest.mark.parametrize("encoding", ["windows-1251", "KOI8-R", "EUC-JP", "Shift_JIS"])
def test_a6_66_an_encoding_that_the_header_alone_names_is_read(house: House, encoding: str) -> None:
    """Given the encoding in ``Content-Type`` alone → decoded."""
    title = RUSSIAN if encoding in {"windows-1251", "KOI8-R"} else JAPANESE
    body = rss(item(1, title=title)).decode().replace(' encoding="UTF-8"', "").encode(encoding)
    house.feed("paper", Answer(body=body, headers={"Content-Type": f"text/xml; charset={encoding}"}))
    house.poll()
    assert house.titles() == [title]


def test_a6_67_a_nested_link_of_another_article_never_replaces_the_items_own(house: House) -> None:
    """Given ``<x:related_links><link>`` inside an item, before and after its own → the item keeps its own link."""
    related = "<x:related_links><link>https://other.example/else</link><title>Else</title></x:related_links>"
    body = rss(
        item(1, more=related),
        item(2).replace("<item>", f"<item>{related}"),
        item(3, more="<media:content xmlns:media='http://search.yahoo.com/mrss/' url='https://other.example/a.jpg'/>"),
        item(
            4, more="<atom:link xmlns:atom='http://www.w3.org/2005/Atom' rel='related' href='https://other.example/b'/>"
        ),
    ).replace(b'<rss version="2.0">', b'<rss version="2.0" xmlns:x="https://x.example/ns">')
    house.feed("paper", Answer(body=body))
    house.poll()
    assert [entry.url for entry in sorted(house.entries(), key=lambda entry: entry.title)] == [
        f"https://harbour-daily.example/news/{number}" for number in (1, 2, 3, 4)
    ]
    assert house.titles() == [f"Report number {number} from Nemuro" for number in (4, 3, 2, 1)]


RELATIVE = {
    "against the channel's link": ("https://paper.example/", "", "/news/1", "https://paper.example/news/1"),
    "against the address of the feed": ("", "", "../news/1", "https://feeds.example/news/1"),
    "against xml:base, before the others": (
        "https://paper.example/", ' xml:base="https://base.example/en/"', "news/1", "https://base.example/en/news/1",
    ),
    "without a scheme": ("https://paper.example/", "", "//cdn.example/news/1", "https://cdn.example/news/1"),
    "absolute": ("https://paper.example/", ' xml:base="https://base.example/"', "http://a.example/1", "http://a.example/1"),
}  # fmt: skip


@pytest.mark.parametrize(("channel", "base", "link", "whole"), RELATIVE.values(), ids=RELATIVE)
def test_a6_68_relative_links_are_resolved_in_order(channel: str, base: str, link: str, whole: str) -> None:
    """Given a relative link → resolved against ``xml:base``, else the channel's link, else the feed's address."""
    body = (
        rss(item(1)).decode().replace("https://harbour-daily.example/news/1", link).replace("<item>", f"<item{base}>")
    )
    head = f"<link>{channel}</link>" if channel else ""
    body = body.replace("<link>https://harbour-daily.example/</link>", head)
    assert links(body.encode(), "https://feeds.example/rss/all.xml") == [whole]


TITLES = {
    "CDATA": ("<![CDATA[Talks & <b>tea</b> in Tokyo]]>", "Talks & tea in Tokyo"),
    "escaped tags": ("Talks &lt;i&gt;resume&lt;/i&gt; in Tokyo", "Talks resume in Tokyo"),
    "escaped twice": ("Talks &amp;amp; tea in Tokyo", "Talks & tea in Tokyo"),
    "named entities": ("Talks &amp;laquo;resume&amp;raquo; in Tokyo", "Talks «resume» in Tokyo"),
    "numbered entities": ("Talks &#171;resume&#187; in Tokyo", "Talks «resume» in Tokyo"),
    "line ends": ("Talks\n   resume\tin Tokyo", "Talks resume in Tokyo"),
    "signs": ("Talks: 5 &lt; 7 in Tokyo", "Talks: 5 < 7 in Tokyo"),
}


@pytest.mark.parametrize(("raw", "plain"), TITLES.values(), ids=TITLES)
def test_a6_69_a_title_is_plain_text_once(house: House, raw: str, plain: str) -> None:
    """Given CDATA, entities (escaped twice too) and tags in a title → plain text, unescaped once."""
    house.feed("paper", Answer(body=rss(item(1, title=raw))))
    house.poll()
    house.poll(HOUR)
    assert house.titles() == [plain]
