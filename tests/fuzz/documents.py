"""Documents nobody should have to read: whole ones of every kind, damaged in every way that was ever seen, and noise.

Nothing here is recorded: the whole documents are our own, and hypothesis damages them.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

from hypothesis import strategies as st

HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
RSS = (
    HEAD + '<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" '
    'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:media="http://search.yahoo.com/mrss/" '
    'xmlns:atom="http://www.w3.org/2005/Atom" xmlns:sy="http://purl.org/rss/1.0/modules/syndication/">'
    "<channel><title>Harbour Daily</title><link>https://harbour-daily.example/</link><language>en</language>"
    '<ttl>60</ttl><sy:updatePeriod>hourly</sy:updatePeriod><skipHours><hour>3</hour></skipHours>'
    '<atom:link rel="self" href="https://harbour-daily.example/rss"/>'
    '<atom:link rel="hub" href="https://hub.example/"/><atom:link rel="prev-archive" href="/rss?page=2"/>'
    "<item><title>Boats &amp; ports: the first</title><link>https://harbour-daily.example/1?utm_source=rss</link>"
    '<guid isPermaLink="false">one</guid><pubDate>Wed, 04 Mar 2026 08:00:00 GMT</pubDate>'
    "<description><![CDATA[<p>All <b>boats</b> left &nbsp; the port.</p>]]></description></item>"
    "<item><title><![CDATA[Second <i>report</i>]]></title><link>/2</link><guid>https://harbour-daily.example/2</guid>"
    "<dc:date>2026-03-04T17:00:00+09:00</dc:date><dc:creator>K. Sato</dc:creator>"
    "<content:encoded>&lt;p&gt;Japan and Russia talked.&lt;/p&gt;</content:encoded>"
    '<media:group><media:title>photo</media:title><link>https://elsewhere.example/</link></media:group></item>'
    "<item><title>根室の漁港で 船が帰港</title><link>//harbour-daily.example/3#part</link><pubDate>4 марта 2026</pubDate>"
    "<description>Рыбаки вернулись в порт Корсаков</description></item></channel></rss>\n"
)  # fmt: skip
ATOM = (
    HEAD + '<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="ru" xml:base="https://harbour-daily.example/a/">'
    '<title type="html">Harbour &lt;b&gt;Daily&lt;/b&gt;</title><id>urn:feed</id><updated>2026-03-04T08:00:00Z</updated>'
    '<link rel="next" href="?page=2"/><entry><title>Первая</title><id>urn:1</id>'
    '<link rel="alternate" href="1.html"/><link rel="enclosure" href="1.mp3"/><published>2026-03-04T08:00:00Z</published>'
    '<summary type="html">&lt;p&gt;Текст&lt;/p&gt;</summary></entry><entry><title type="xhtml">'
    '<div xmlns="http://www.w3.org/1999/xhtml">Second <b>one</b></div></title><id>urn:2</id><link href="2.html"/>'
    '<updated>2026-03-04T09:00:00+09:00</updated><content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">'
    "<p>Text of it</p></div></content></entry></feed>"
)
RDF = (
    HEAD + '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/" '
    'xmlns:dc="http://purl.org/dc/elements/1.1/"><channel rdf:about="https://harbour-daily.example/"><title>港</title>'
    "<link>https://harbour-daily.example/</link></channel>"
    '<item rdf:about="https://harbour-daily.example/1"><title>日ロ外相が会談</title><link>https://harbour-daily.example/1'
    "</link><dc:date>2026-03-04T17:00:00+09:00</dc:date><description>両外相が会談した。</description></item></rdf:RDF>"
)
SITEMAP = (
    HEAD + '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" '
    'xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"><url><loc>https://harbour-daily.example/a</loc>'
    "<news:news><news:publication><news:name>Harbour Daily</news:name><news:language>ja</news:language>"
    "</news:publication><news:publication_date>2026-03-04T08:00:00+09:00</news:publication_date>"
    "<news:title>港の朝 &amp; 夜</news:title></news:news></url><url><loc>/b</loc><lastmod>2026-03-04</lastmod></url></urlset>"
)
INDEX = (
    HEAD + '<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"><sitemap>'
    "<loc>https://harbour-daily.example/s1.xml</loc><lastmod>2026-03-04</lastmod></sitemap></sitemapindex>"
)
JSONFEED = json.dumps(
    {
        "version": "https://jsonfeed.org/version/1.1", "title": "Harbour Daily", "language": "en",
        "next_url": "https://harbour-daily.example/feed.json?page=2",
        "hubs": [{"type": "WebSub", "url": "https://hub.example/"}],
        "items": [
            {"id": 7, "url": "/a", "title": "Boats return", "content_html": "<p>All of them.</p>",
             "date_published": "2026-03-04T08:00:00Z", "authors": [{"name": "K. Sato"}], "tags": ["a", 1]},
            {"id": "x", "external_url": "https://elsewhere.example/", "content_text": "根室", "date_modified": "soon"},
        ],
    },
    ensure_ascii=False,
)  # fmt: skip
PAGE = (
    '<!doctype html><html lang="ja"><head><meta charset="utf-8"><title>更新</title></head><body><ul>'
    '<li class="news"><time datetime="2026-03-04">4日</time> <a href="/a.pdf">資料を公表</a> 本文</li>'
    '<li class="news"><a href="b.html">会議の概要</a><p>概要</p></li></ul></body></html>'
)
WHOLE = (RSS, ATOM, RDF, SITEMAP, INDEX, JSONFEED, PAGE)

CODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32", "euc_jp", "shift_jis", "iso2022_jp", "cp1251", "koi8_r",
           "gb18030", "latin-1")  # fmt: skip
CLAIMS = (None, "", "utf-8", "koi8-r", "shift_jis", "euc-jp", "iso-2022-jp", "utf-16", "utf-7", "idna", "punycode", "rot13",
          "base64", "zip", "unicode_escape", "no-such-charset", "utf-8; utf-16", "'utf-8", "x" * 300)  # fmt: skip
"""What a header calls the document; some of these are codecs of Python that are no character sets at all."""
DATES = ("now", "", "0000-00-00", "2026-13-45T99:99:99Z", "Wed, 04 Mar 99999 08:00:00 GMT", "-1", "1e400", "9" * 400,
         "10:49:21 JST", "2020/1/10", "GMT+9", "4 Mar 2026 08:00:00 +9999", "2026-03-04T08:00:00+24:00", "0001-01-01T00:00:00+14:00",
         "9999-12-31T23:59:59-12:00", "令和8年3月4日", "٤ مارس ٢٠٢٦", "４日", "Thu, 01 Jan 1970 00:00:00 GMT", "31 Feb 2026",
         "2026-W10-3", "20260304T080000", "Mon Tue Wed Thu", ":::::", "1:2:3:4:5", "2026-03-04 24:00:00", "²⁰²⁶-⁰³-⁰⁴")  # fmt: skip
URLS = ("javascript:alert(1)", "http://[::1", "http://[fe80::1%25eth0]/", "https://\x00.example/", "///", "http://", "?", "#",
        "http://x:99999999/", "https://例え.テスト/道", "https://a.example/%ff%fe", "https://user:pw@h.example/", "http:/\\/a",
        "data:text/plain,x", "https://a.example/" + "x" * 9000, "../" * 500, "http://[v1.a]/", "https://a.example/\ud83d",
        "https://a.example/?" + "a=1&" * 400, "news:x", "//[", "https://xn--a.example/", "http://１２７.0.0.1/", "\u202ehttps://b")  # fmt: skip
TOKENS = (
    "<![CDATA[", "]]>", "]]]]><![CDATA[>", "<!--", "-->", "<?xml", "?>", "<!DOCTYPE x [", "]>", '<!ENTITY a "b">', "&a;", "&",
    "&amp;", "&amp;amp;amp;lt;", "&#0;", "&#x0;", "&#xD800;", "&#55357;&#56832;", "&#65535;", "&#x110000;", "&#99999999999;", "&nbsp;", "&hellip", "<", ">", "</",
    "/>", "<>", "</>", "<item>", "</item>", "<item/>", "<entry>", "</entry>", "<channel>", "</channel>", "</rss>", "<rss>",
    "<title>", "</title>", "<link/>", "<link href='", "<guid>", "<x:item xmlns:x='u'>", "<rdf:li/>", "<url>", "<loc>", "{", "}",
    '"items":', "[", "null", "\\ud800", "1e999", "\x00", "\x0b", "\x1b$B", "\x1b(B", "\x7f", "\x85", "\ufeff", "\ufffe", "\uffff",
    "\u2028", "\u202e", "\u0301" * 50, "👩‍👩‍👧", "<br>", "<script>x</script>", "<style>", "<svg onload=x>", "<table><tr><td>",
    "<a href=https://news.google.com/>", "<p" * 40, " " * 3000, "\n" * 3000, "－|－", "（共同）", "(Reuters) - ", "=", "'", '"',
    'xml:base="http://["', 'xmlns=""', 'xmlns:media="http://www.w3.org/2005/Atom"', "xml:lang='x'", 'type="application/octet-stream"',
    'type="base64"', 'isPermaLink="true"', "<feedburner:origLink>", "<source url='http://['>", "<media:group><item>", "<content>",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """A document as a server might send it: the bytes, and what the header calls them."""

    body: bytes
    charset: str | None


def _places(size: int) -> st.SearchStrategy[tuple[int, int]]:
    return st.tuples(st.integers(0, size), st.integers(0, size)).map(lambda two: (min(two), max(two)))


@st.composite
def _harmed(draw: st.DrawFn, text: str) -> str:
    """A text after one change in its characters."""
    start, end = draw(_places(len(text)))
    change: Callable[[], str] = draw(
        st.sampled_from(
            [
                lambda: text[:start] + text[end:],
                lambda: text[:start] + text[start:end] * draw(st.integers(2, 6)) + text[end:],
                lambda: text[:start] + draw(st.sampled_from(TOKENS)) + text[start:],
                lambda: text[:start] + draw(st.sampled_from(TOKENS)) + text[end:],
                lambda: text[:start] + draw(st.sampled_from(TOKENS)) * draw(st.integers(2, 800)) + text[start:],
                lambda: text[:start],
                lambda: text.replace("2026-03-04T17:00:00+09:00", draw(st.sampled_from(DATES))),
                lambda: text.replace("Wed, 04 Mar 2026 08:00:00 GMT", draw(st.sampled_from(DATES))),
                lambda: text.replace("2026-03-04T08:00:00Z", draw(st.sampled_from(DATES))),
                lambda: text.replace("https://harbour-daily.example/", draw(st.sampled_from(URLS))),
                lambda: text.replace("https://harbour-daily.example/1", draw(st.sampled_from(URLS))),
                lambda: text.replace("<title", f"<title {draw(st.sampled_from(TOKENS))}"),
                lambda: text.replace(
                    "title>", f"{draw(st.sampled_from(('id', 'link', 'x:y', 'div', 'source', 'a')))}>"
                ),
                lambda: _nested(
                    text, draw(st.sampled_from(("item", "entry", "p", "x:y", "url"))), draw(st.integers(2, 3000))
                ),
                lambda: _spaced(text, draw(st.integers(1, 2000))),
                lambda: text.replace("<item>", f"<item a='{'y' * draw(st.integers(1, 40_000))}'>"),
                lambda: text.replace("boats", draw(st.text(max_size=40)) * draw(st.integers(1, 3000))),
                lambda: text.replace("Boats", draw(st.text(alphabet=st.characters(), max_size=60)) * 30),
            ]
        )
    )
    return change()


def _nested(text: str, name: str, depth: int) -> str:
    return text.replace("<title", f"{f'<{name}>' * depth}<title", 1)


def _spaced(text: str, count: int) -> str:
    spaces = " ".join(f'xmlns:n{number}="u{number}"' for number in range(count))
    return text.replace("<rss ", f"<rss {spaces} ", 1)


@st.composite
def damaged(draw: st.DrawFn) -> Given:
    """A whole document, harmed up to six times in its characters, written in some encoding, harmed in its bytes."""
    text = draw(st.sampled_from(WHOLE))
    for _ in range(draw(st.integers(0, 6))):
        text = draw(_harmed(text))[:400_000]
    coding = draw(st.sampled_from(CODINGS))
    if draw(st.booleans()):
        text = text.replace("UTF-8", draw(st.sampled_from(CODINGS)), 1)
    body = bytearray(text.encode(coding, errors=draw(st.sampled_from(("replace", "ignore", "xmlcharrefreplace")))))
    for _ in range(draw(st.integers(0, 5))):
        if body:
            body[draw(st.integers(0, len(body) - 1))] = draw(st.integers(0, 255))
    return Given(body=bytes(body), charset=draw(st.sampled_from(CLAIMS)))


noise = st.builds(
    Given,
    body=st.one_of(
        st.binary(max_size=2000),
        st.lists(st.sampled_from(TOKENS + URLS + DATES), max_size=120).map(lambda parts: "".join(parts).encode("utf-8", "ignore")),
        st.lists(st.sampled_from(TOKENS), max_size=80).map(lambda parts: ("<rss><channel>" + "".join(parts)).encode()),
        st.recursive(
            st.none() | st.booleans() | st.floats() | st.text(max_size=20) | st.integers(),
            lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(
                ("items", "id", "url", "title", "authors", "name", "date_published", "content_html", "hubs", "next_url")), inner, max_size=6),
            max_leaves=30,
        ).map(lambda value: json.dumps({"version": "https://jsonfeed.org/version/1.1", "items": value}).encode()),
    ),
    charset=st.sampled_from(CLAIMS),
)  # fmt: skip
"""What was never a feed: bytes, pieces of markup in any order, JSON of the wrong shape."""
