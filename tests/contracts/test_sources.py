"""What every source promises, and what each kind does with the documents publishers really send."""

from __future__ import annotations

import csv
import datetime as dt
import json
import time
from pathlib import Path

import pytest

from monitor.clean import clean
from monitor.entities import Document, Entry, FeedId, Problem, Selectors
from monitor.sources import SOURCES
from tests import make
from tests.doors.feed_server import item, rss

SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "feeds"
JAPANESE = "根室の漁港で 船が帰港"
RUSSIAN = "Рыбаки вернулись в порт Корсаков"
SITEMAP = """<?xml version="1.0" encoding="UTF-8"?>
<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:news="http://www.google.com/schemas/sitemap-news/0.9">
<url><loc>https://harbour-daily.example/a</loc><news:news><news:publication><news:name>Harbour Daily</news:name>
<news:language>ja</news:language></news:publication><news:publication_date>2026-03-04T08:00:00+09:00</news:publication_date>
<news:title>港の朝 &amp; 夜</news:title></news:news></url>
<url><loc>https://harbour-daily.example/about</loc></url></urlset>"""
JSONFEED = {
    "version": "https://jsonfeed.org/version/1.1", "title": "Harbour Daily", "language": "en",
    "items": [
        {"id": 7, "url": "/a", "title": "Boats return", "content_html": "<p>All of them.</p>", "date_published": "2026-03-04T08:00:00Z", "authors": [{"name": "K. Sato"}]},
        "nonsense",
        {"id": "empty"},
    ],
}  # fmt: skip
PAGE = """<!doctype html><html><head><title>Harbour Daily</title></head><body><ul>
<li><time datetime="2026-03-04T08:00:00Z">4 March</time> <a href="/a">Boats return</a></li>
<li><time datetime="2026-03-04T09:00:00Z">4 March</time> <a href="/b">Boats leave</a></li></ul></body></html>"""
GOOD = {
    "rss": rss(item(1), item(2)), "sitemap": SITEMAP.encode(), "jsonfeed": json.dumps(JSONFEED).encode(), "page": PAGE.encode(),
}  # fmt: skip


def parse(
    body: bytes | str,
    kind: str = "rss",
    zone: str = "UTC",
    query: bool = False,
    seen: frozenset[bytes] = frozenset(),
    **fields: object,
) -> Document:
    raw = body.encode() if isinstance(body, str) else body
    select = Selectors(item="li", date="time") if kind == "page" else None
    return SOURCES[kind].parse(
        make.feed(kind=kind, zone=zone, query=query, select=select), make.fetched(body=raw, **fields), seen
    )


def only(document: Document) -> Entry:
    assert len(document.entries) == 1
    return document.entries[0]


def one(*inner: str, kind: str = "") -> Entry:
    head = '<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:x="https://x.example/ns" xmlns:feedburner="http://rssnamespace.org/feedburner/ext/1.0" xmlns:yandex="http://news.yandex.ru">'
    return only(
        parse(
            f"{head}<channel><title>t</title><link>https://harbour-daily.example/</link><item>{''.join(inner)}</item></channel></rss>"
        )
    )


# ------------------------------------------------------------------------------------------------ every source


@pytest.mark.parametrize("kind", SOURCES)
def test_every_source_reads_a_good_document(kind: str) -> None:
    document = parse(GOOD[kind], kind)
    assert document.problem is None
    assert document.entries
    assert all(entry.title and entry.link.startswith("https://") and entry.published for entry in document.entries)


@pytest.mark.parametrize("kind", SOURCES)
@pytest.mark.parametrize("body", [b"", b" \r\n\t ", b"\xef\xbb\xbf", b"\x00\x00"])
def test_nothing_is_empty_for_every_source(kind: str, body: bytes) -> None:
    assert parse(body, kind).problem is Problem.EMPTY


@pytest.mark.parametrize("kind", SOURCES)
def test_a_web_page_is_no_feed_and_a_wall_is_told_apart(kind: str) -> None:
    page = parse("<!doctype html><html><body><h1>Welcome</h1></body></html>", kind)
    wall = parse("<html><head><title>Just a moment...</title></head><body>x</body></html>", kind)
    assert (page.problem, wall.problem) == (Problem.NOT_A_FEED, Problem.BLOCKED)
    assert page.flagged


@pytest.mark.parametrize("kind", SOURCES)
@pytest.mark.parametrize(
    "body",
    [
        b"<",
        b"{",
        b"[]",
        b"null",
        b"<a/>",
        b"<rss",
        b"plain words",
        b"\xff\xfe\xfd",
        b"<?xml?>",
        b"<rss></rss>",
        b'{"items": {}}',
        b"<urlset/>",
        b"&&&&",
    ],
)
def test_no_source_raises_whatever_it_gets(kind: str, body: bytes) -> None:
    document = parse(body, kind)
    assert document.entries == ()
    assert document.problem is not None


@pytest.mark.parametrize("kind", SOURCES)
def test_every_source_survives_every_cut_of_its_document(kind: str) -> None:
    body = GOOD[kind]
    whole = {entry.title for entry in parse(body, kind).entries}
    for end in range(0, len(body), 7):
        document = parse(body[:end], kind)
        assert {entry.title for entry in document.entries} <= whole, end
        closed = document.flagged == "never closed" and body[:end].rstrip().endswith((b"</item>", b"</channel>"))
        assert document.problem is not None or closed, end


# ------------------------------------------------------------------------------------------------ rss: content


def test_a_nested_link_of_another_article_never_replaces_the_items_own() -> None:
    entry = one(
        "<title>a</title><link>https://harbour-daily.example/own</link>",
        "<x:related><link>https://harbour-daily.example/other</link><title>other</title></x:related>",
    )
    assert (entry.link, entry.title) == ("https://harbour-daily.example/own", "a")


@pytest.mark.parametrize(
    ("inner", "link"),
    [
        ("<link>/a</link>", "https://harbour-daily.example/a"),
        ("<link>//other.example/a</link>", "https://other.example/a"),
        ("<link>\n  https://harbour-daily.example/a\n</link>", "https://harbour-daily.example/a"),
        ("<guid>https://harbour-daily.example/g</guid>", "https://harbour-daily.example/g"),
        ("<guid isPermaLink='false'>https://harbour-daily.example/g</guid>", ""),
        (
            "<link>https://feedproxy.example/1</link><feedburner:origLink>https://harbour-daily.example/o</feedburner:origLink>",
            "https://harbour-daily.example/o",
        ),
        ("<link xml:base='https://base.example/x/'>a</link>", "https://harbour-daily.example/a"),
    ],
)
def test_the_link_of_an_item(inner: str, link: str) -> None:
    assert one("<title>a</title>", inner).link == link


@pytest.mark.parametrize(
    ("raw", "plain"),
    [
        ("A &amp; B", "A & B"),
        ("A &amp;amp; B", "A & B"),
        ("<![CDATA[A & B]]>", "A & B"),
        ("<![CDATA[A &amp; <b>B</b>]]>", "A & B"),
        ("&lt;b&gt;A&lt;/b&gt; B", "A B"),
        ("3 &lt; 5 boats", "3 < 5 boats"),
        ("  A\n  B  ", "A B"),
        ("A\u200b\u202eB", "AB"),
        ("5 &#8364;", "5 €"),
        ("5 &amp;#8364;", "5 €"),
        ("Abe&#150;Putin", "Abe–Putin"),
    ],
)
def test_a_title_is_plain_text_once(raw: str, plain: str) -> None:
    assert one(f"<title>{raw}</title>").title == plain


def test_the_full_text_of_an_item_is_its_content() -> None:
    assert (
        one(
            "<title>a</title><description>short</description><yandex:full-text>The long text of it.</yandex:full-text>"
        ).content
        == "The long text of it."
    )
    assert (
        one("<title>a</title><content:encoded><![CDATA[<p>The long text.</p>]]></content:encoded>").content
        == "<p>The long text.</p>"
    )


def test_who_wrote_a_gathered_item_stands_in_its_source() -> None:
    source = "<source url='https://coast.example'>Coast Times</source>"
    assert one("<title>a</title>", source).publisher == "Coast Times"
    assert one("<title>a</title>", "<source url='https://harbour-daily.example/x'>Front page</source>").publisher == ""


@pytest.mark.parametrize(
    ("raw", "utc"),
    [
        ("Fri, 10 Feb 2023 10:49:21 JST", (2023, 2, 10, 1, 49, 21)),
        ("Sat, 03 Dec 2022 19:43:00 MSK", (2022, 12, 3, 16, 43, 0)),
        ("Tue, 21 Apr 2020 10:00:00 GMT+9", (2020, 4, 21, 1, 0, 0)),
        ("2020/1/10", (2020, 1, 9, 15, 0, 0)),
        ("2022-12-30 16:22:13", (2022, 12, 30, 7, 22, 13)),
        ("Wed, 04 Mar 2026 08:00:00 +0300", (2026, 3, 4, 5, 0, 0)),
        ("2026年3月4日 17時05分", (2026, 3, 4, 8, 5, 0)),
        ("4 марта 2026, 12:00 МСК", (2026, 3, 4, 9, 0, 0)),
        ("yesterday", None),
        ("2020/13/45", None),
        ("Thu, 01 Jan 1970 00:00:00 GMT", None),
    ],
)
def test_dates_with_and_without_a_zone(raw: str, utc: tuple[int, ...] | None) -> None:
    entry = only(parse(rss(item(date=raw)), zone="Asia/Tokyo"))
    assert entry.published == (dt.datetime(*utc, tzinfo=dt.UTC) if utc else None)  # type: ignore[arg-type, misc]
    assert entry.published_raw == raw


def test_a_guid_that_several_items_share_identifies_none_of_them() -> None:
    shared = "<item><title>{0}</title><link>https://harbour-daily.example/{0}</link><guid isPermaLink='false'>same</guid></item>"
    document = parse(rss(shared.format("a"), shared.format("b"), item(3)))
    assert [entry.guid_shared for entry in document.entries] == [True, True, False]


def test_atom_with_relative_links_and_markup_in_titles() -> None:
    entry = only(
        parse(
            '<feed xmlns="http://www.w3.org/2005/Atom" xml:base="https://coast.example/news/" xml:lang="ru"><title>t</title><entry><id>tag:coast,1</id>'
            '<title type="html">A &amp;amp; &lt;i&gt;B&lt;/i&gt;</title><link rel="edit" href="no"/><link href="1.html"/>'
            "<published>2026-03-04T08:00:00Z</published><updated>2026-03-04T09:00:00Z</updated><summary>s</summary></entry></feed>"
        )
    )
    assert (entry.guid, entry.title, entry.link) == ("tag:coast,1", "A & B", "https://coast.example/news/1.html")
    assert (entry.published, entry.updated) == (make.at(hours=-1.5), make.at(hours=-0.5))


# ---------------------------------------------------------------------------------------------- rss: characters


def in_encoding(name: str, title: str) -> bytes:
    text = rss(item(title=title)).decode().replace("UTF-8", name)
    return text.encode({"shift_jis": "cp932"}.get(name.lower(), name), errors="replace")


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("EUC-JP", JAPANESE),
        ("Shift_JIS", JAPANESE),
        ("iso-2022-jp", JAPANESE),
        ("windows-1251", RUSSIAN),
        ("koi8-r", RUSSIAN),
        ("gb2312", "港口的早晨"),
        ("utf-16", RUSSIAN),
    ],
)
def test_declared_encodings_are_read(name: str, title: str) -> None:
    assert only(parse(in_encoding(name, title))).title == title


def test_an_encoding_only_the_header_names_is_read() -> None:
    body = rss(item(title=RUSSIAN)).decode().replace(' encoding="UTF-8"', "").encode("windows-1251")
    assert only(parse(body, charset="windows-1251")).title == RUSSIAN


@pytest.mark.parametrize("name", ["windows-1251", "koi8-r", "euc-jp", "shift_jis"])
def test_an_encoding_nobody_names_is_guessed_from_its_letters(name: str) -> None:
    title = RUSSIAN if name in {"windows-1251", "koi8-r"} else "きのう漁港ではたくさんの船がもどりました"
    body = rss(item(title=title)).decode().replace(' encoding="UTF-8"', "").encode(name)
    assert only(parse(body)).title == title


def test_valid_utf8_wins_over_a_charset_that_lies() -> None:
    document = parse(rss(item(title=RUSSIAN)), charset="koi8-r")
    assert only(document).title == RUSSIAN
    assert "koi8" in document.flagged


def test_stray_bytes_are_replaced_alone() -> None:
    body = rss(item(1, title=RUSSIAN), *(item(number, title=RUSSIAN) for number in range(2, 30))).replace(
        "Корсаков".encode(), b"\xff\xfe" + "Корсаков".encode(), 1
    )
    document = parse(body)
    assert document.entries[0].title == RUSSIAN.replace("Корсаков", "\ufffd\ufffdКорсаков")
    assert {entry.title for entry in document.entries[1:]} == {RUSSIAN}
    assert "stray" in document.flagged


@pytest.mark.parametrize("head", [b"\n\n  ", b"\xef\xbb\xbf", b"\xef\xbb\xbf\r\n"])
def test_blanks_and_marks_before_the_declaration_do_no_harm(head: bytes) -> None:
    document = parse(head + rss(item(title=RUSSIAN)))
    assert (only(document).title, document.problem) == (RUSSIAN, None)


def test_utf8_that_was_encoded_twice_is_read_as_it_was_meant() -> None:
    assert only(parse(rss(item(title="Köln".encode().decode("latin-1"))))).title == "Köln"


# -------------------------------------------------------------------------------------------------- rss: damage


def test_a_raw_ampersand_costs_no_entry_and_flags_the_feed() -> None:
    document = parse(rss(item(1, title="Food & drink"), item(2, title="AT&T &nbsp;&copy; x"), item(3)))
    assert [entry.title for entry in document.entries] == ["Food & drink", "AT&T © x", "Report number 3 from Nemuro"]
    assert "ampersand" in document.flagged
    assert document.problem is None


def test_a_raw_ampersand_in_rdf_costs_no_entry_and_no_digest() -> None:
    body = (
        '<?xml version="1.0" encoding="UTF-8"?><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/">'
        '<channel rdf:about="https://bay.example/"><title>湾</title><link>https://bay.example/</link></channel>'
        '<item rdf:about="https://bay.example/1"><title>外相 Q&A 会見</title><link>https://bay.example/1?a=1&b=2</link></item>'
        '<item rdf:about="https://bay.example/2"><title>漁船 帰港</title><link>https://bay.example/2</link></item></rdf:RDF>'
    )
    document = parse(body)
    assert [(entry.title, entry.link, entry.guid) for entry in document.entries] == [
        ("外相 Q&A 会見", "https://bay.example/1?a=1&b=2", "https://bay.example/1"),
        ("漁船 帰港", "https://bay.example/2", "https://bay.example/2"),
    ]
    assert (document.flagged, document.problem) == ("raw ampersands or unknown entities", None)
    assert parse(body, seen=frozenset(document.digests)).unchanged == 2


def test_control_characters_cost_no_entry() -> None:
    document = parse(rss(item(1, title="a\x00\x0bb"), item(2, title="c&#0;&#x1f;d")))
    assert [entry.title for entry in document.entries] == ["ab", "cd"]


def test_a_document_cut_in_an_item_keeps_the_whole_ones_and_says_so() -> None:
    body = rss(*(item(number) for number in range(1, 11)))
    document = parse(body[: int(len(body) * 0.6)])
    assert [entry.guid for entry in document.entries] == [f"item-{number}" for number in range(1, 6)]
    assert document.problem is Problem.CUT_SHORT


def test_mismatched_tags_keep_what_can_be_kept() -> None:
    document = parse(rss(item(1), item(2).replace("</title>", "</titel>"), item(3)))
    assert {"item-1"} <= {entry.guid for entry in document.entries}
    assert document.flagged


def test_an_item_without_anything_is_skipped_and_counted() -> None:
    document = parse(rss(item(1), "<item><link>https://harbour-daily.example/x</link></item>", item(2)))
    assert (len(document.entries), document.skipped) == (2, 1)


def test_a_channel_without_items_is_quiet_and_not_empty() -> None:
    assert parse(rss()).problem is None
    assert parse("<rss></rss>").problem is Problem.EMPTY


@pytest.mark.parametrize(
    "body",
    [
        "<rss></rss>",
        "<rss/>",
        "<rss version='2.0'><channel></channel></rss>",
        "<feed xmlns='http://www.w3.org/2005/Atom'/>",
        "x" * 11,
    ],
)
def test_an_empty_shell_is_no_quiet_day(body: str) -> None:
    assert parse(body).problem in {Problem.EMPTY, Problem.NOT_A_FEED}


def test_bombs_are_bounded() -> None:
    laughs = "".join(
        f'<!ENTITY l{number} "{"&l" + str(number - 1) + ";" if number else "lol"}{"&l" + str(number - 1) + ";" if number else ""}">'
        for number in range(30)
    )
    started = time.process_time()
    laughing = parse(
        f'<?xml version="1.0"?><!DOCTYPE rss [{laughs}]><rss version="2.0"><channel><title>t</title><item><title>&l29;</title></item></channel></rss>'
    )
    external = parse(
        '<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY x SYSTEM "file:///etc/hostname">]><rss version="2.0"><channel><title>t</title><item><title>a&x;b</title></item></channel></rss>'
    )
    deep = parse(f"<rss><channel>{'<a>' * 50_000}{'</a>' * 50_000}</channel></rss>")
    opened = parse(b"<rss><channel><title>t</title>" + b"<![CDATA[" * 300_000)
    comments = parse(rss(item(1)) + b"<!--" * 300_000)
    unended = parse(b"<rss x=1><channel><title>t</title>" + b"<item><title>a</title>" * 20_000 + b"</channel></rss>")
    assert time.process_time() - started < 10
    assert (opened.problem, comments.problem) == (Problem.MALFORMED, Problem.MALFORMED)
    assert unended.problem is Problem.MALFORMED
    assert (only(laughing).title, only(external).title) == ("&l29;", "a&x;b")
    assert deep.problem is Problem.MALFORMED


def test_json_under_the_name_of_rss_is_read_all_the_same() -> None:
    assert parse(GOOD["jsonfeed"], "rss").entries == parse(GOOD["jsonfeed"], "jsonfeed").entries


# ------------------------------------------------------------------------------------------------ other kinds


def test_a_json_feed_item() -> None:
    document = parse(GOOD["jsonfeed"], "jsonfeed")
    assert only(document) == Entry(
        feed_id=FeedId("harbour-daily"), guid="7", link="https://harbour-daily.example/a", title="Boats return", content="<p>All of them.</p>",
        author="K. Sato", digest=only(document).digest, published=make.at(hours=-1.5), published_raw="2026-03-04T08:00:00Z",
    )  # fmt: skip
    assert document.skipped == 2


def test_a_page_of_a_news_sitemap() -> None:
    document = parse(SITEMAP, "sitemap")
    assert only(document) == Entry(
        feed_id=FeedId("harbour-daily"), link="https://harbour-daily.example/a", title="港の朝 & 夜", lang="ja", publisher="Harbour Daily",
        published=make.at(hours=-10.5), published_raw="2026-03-04T08:00:00+09:00", digest=only(document).digest,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("tail", "problem"),
    [("", None), ("\n<!-- made by the press in 0.2 s -->\n", None), ("<broken", None), (None, Problem.CUT_SHORT)],
)
def test_a_sitemap_is_cut_short_where_its_end_is_missing_and_nowhere_else(
    tail: str | None, problem: Problem | None
) -> None:
    whole = SITEMAP.strip()
    document = parse(whole.removesuffix("</urlset>") if tail is None else whole + tail, "sitemap")
    assert (len(document.entries), document.problem) == (1, problem)


def index(*parts: tuple[str, str]) -> str:
    rows = "".join(
        f"<sitemap><loc>{loc}</loc>{f'<lastmod>{at}</lastmod>' if at else ''}</sitemap>" for loc, at in parts
    )
    return f'<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{rows}</sitemapindex>'


def test_a_sitemap_index_names_its_newest_parts_and_has_no_entries() -> None:
    days = [f"2026-03-0{day}" for day in (1, 4, 2, 6, 3, 5)]
    document = parse(index(("/archive.xml", ""), *((f"/{day}.xml", day) for day in days)), "sitemap")
    assert document.parts == tuple(f"https://harbour-daily.example/2026-03-0{day}.xml" for day in (6, 5, 4, 3, 2))
    assert (document.entries, document.problem) == ((), None)


def test_a_sitemap_index_names_only_what_may_be_asked_for() -> None:
    document = parse(
        index(("file:///etc/passwd", ""), ("", ""), ("http://[", ""), ("//other.example/1.xml", "")), "sitemap"
    )
    assert document.parts == ("https://other.example/1.xml",)
    assert parse(index(), "sitemap").problem is Problem.EMPTY


# ------------------------------------------------------------------------------------------- recorded documents


def recorded() -> list[dict[str, str]]:
    if not (SHARED / "index.tsv").is_file():
        return []
    with (SHARED / "index.tsv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


@pytest.mark.shared
def test_recorded_documents_give_every_entry_and_each_becomes_an_article() -> None:
    rows = recorded()
    if not rows:
        pytest.skip("no folder `shared` beside the project")
    # Half of this one's items are empty elements inside the others.
    expected = {row["file"]: 10 if row["file"].startswith("pcmag_nested") else int(row["entries"]) for row in rows}
    found, articles = {}, 0
    for row in rows:
        feed = make.feed(id=row["file"], lang=row["lang"][:2], publisher=row["outlet"])
        document = SOURCES["rss"].parse(feed, make.fetched(body=(SHARED / row["file"]).read_bytes()))
        found[row["file"]] = len(document.entries)
        assert document.problem is None, row["file"]
        assert all(entry.link for entry in document.entries), row["file"]
        articles += sum(clean(entry, feed, make.NOW) is not None for entry in document.entries)
    assert found == expected
    assert articles == sum(expected.values())


@pytest.mark.shared
def test_a_recorded_document_with_related_links_keeps_its_own() -> None:
    path = SHARED / "rbc_full_20240609.xml"
    if not path.is_file():
        pytest.skip("no folder `shared` beside the project")
    document = SOURCES["rss"].parse(make.feed(), make.fetched(body=path.read_bytes()))
    own = [entry.link.rsplit("/", 1)[-1] for entry in document.entries]
    assert len(own) == len(set(own)) == 30
    assert all(
        tail in entry.guid or entry.guid in entry.link for tail, entry in zip(own, document.entries, strict=True)
    )


def test_a_fault_at_which_the_parser_stops_costs_no_other_item() -> None:
    document = parse(rss(item(1), item(2, more="</height>"), item(3)).replace(b"<rss ", b"<rss x=1 "))
    assert [entry.guid for entry in document.entries] == ["item-1", "item-2", "item-3"]
    assert (document.problem, document.flagged) == (None, "not well-formed; damaged markup")


def test_an_item_that_never_ends_does_not_swallow_the_next() -> None:
    document = parse(rss(item(1).removesuffix("</item>"), item(2), item(3)))
    assert [entry.guid for entry in document.entries] == ["item-1", "item-2", "item-3"]


@pytest.mark.parametrize("kind", SOURCES)
@pytest.mark.parametrize("reference", ["&#55357;&#56832;", "&#xD83D;&#xDE00;", "&#65535;", "&#1;", "&#x110000;"])
def test_a_reference_to_no_character_costs_no_item(kind: str, reference: str) -> None:
    whole = parse(GOOD[kind], kind)
    marked = parse(
        GOOD[kind].decode().replace("</", f"{reference}</", 12).replace('"title": "', f'"title": "{reference}'), kind
    )
    assert len(marked.entries) == len(whole.entries)
    assert all("\ud83d" not in entry.title for entry in marked.entries)


def test_a_base_that_is_no_address_costs_no_item() -> None:
    entry = '<entry><title>Boats return</title><id>urn:1</id><link href="/1"/></entry>'
    head = '<title>t</title><link rel="next" xml:base="http://[::1" href="x"/>'
    document = parse(f'<feed xmlns="http://www.w3.org/2005/Atom" xml:base="https://[">{head}{entry}</feed>')
    assert [(entry.title, entry.link) for entry in document.entries] == [
        ("Boats return", "https://harbour-daily.example/1")
    ]
