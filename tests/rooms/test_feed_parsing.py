"""The parser against feedparser: the same entries from generated and recorded feeds, whatever was seen before."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import feedparser
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.clean import clean
from monitor.clean.text import one_line
from monitor.entities import Document, Entry
from monitor.sources import SOURCES
from tests import make
from tests.doors.feed_server import item, rss
from tests.shared import SHARED, needs_shared

RSS = SOURCES["rss"]
SPACES = (
    'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:content="http://purl.org/rss/1.0/modules/content/" '
    'xmlns:media="http://search.yahoo.com/mrss/" xmlns:x="https://x.example/ns" xmlns:atom="http://www.w3.org/2005/Atom" '
    'xmlns:slash="http://purl.org/rss/1.0/modules/slash/"'
)
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"


def parse(body: bytes, seen: frozenset[bytes] = frozenset()) -> Document:
    return RSS.parse(make.feed(), make.fetched(body=body), seen)


def theirs(body: bytes) -> list[Mapping[str, Any]]:
    """What feedparser says of the whole document."""
    found = feedparser.parse(io.BytesIO(body), resolve_relative_uris=False, sanitize_html=False)
    return list(found.entries)


def differences(entries: tuple[Entry, ...], others: list[Mapping[str, Any]]) -> list[tuple[str, object, object]]:
    """Where an entry says something else than feedparser of the same item."""
    found: list[tuple[str, object, object]] = []
    for ours, other in zip(entries, others, strict=True):
        contents = [part["value"] for part in other.get("content", [])]
        pairs = [
            ("author", ours.author, one_line(other.get("author", ""))),
            ("lang", ours.lang, other.get("language", "")),
            *([("summary", ours.summary, other["summary"])] if other.get("summary") else []),
            *([("content", ours.content, max(contents, key=len))] if any(contents) else []),
        ]
        found.extend((f"{ours.guid or ours.link} {name}", a, b) for name, a, b in pairs if a != b)
    return found


# ----------------------------------------------------------------------------------------------- generated feeds

PIECES = [*"abc XYZ 09.,-&<>'\"\n\t", *"жшЯ根室é\u0093\u00a0\u200b\u3000€𠮷", "Ã©", "&amp;"]
WORDS = st.lists(st.sampled_from(PIECES), max_size=30).map("".join)
MARKUP = st.sampled_from(
    [
        "<p>One &amp; two</p><p>three<br>four</p>",
        "<div xml:lang='ja'>根室</div>",
        "<script>bad()</script><b>kept</b>",
        "<!-- note -->after",
        "<img src='/a.png'/>text &nbsp; &#8211; end",
        "<svg><title>t</title></svg> x",
        "5 < 6 & 7 > 2",
    ]
)
TEXT = st.one_of(WORDS, MARKUP)
# What may stand between the tags of an element that holds characters: escaped, as CDATA, both, with a comment inside.
INNER = st.one_of(
    TEXT.map(escape),
    TEXT.filter(lambda text: "]]>" not in text).map(lambda text: f"<![CDATA[{text}]]>"),
    st.tuples(WORDS, WORDS).map(lambda two: f"{escape(two[0])}<!-- c --><![CDATA[{two[1]}]]>"),
    WORDS.map(lambda text: f"\n  {escape(text)}\n  "),
)
ATTRIBUTES = st.sampled_from(["", "", "", ' xml:lang="ru"', ' xml:base="https://b.example/x/"', ' a="1"'])
TYPES = st.sampled_from(
    ["", ' type="text"', ' type="html"', ' type="text/html"', ' type="TEXT/plain"', ' type="xhtml"', ' type=""']
)
DATES = st.sampled_from(["Wed, 04 Mar 2026 08:00:00 GMT", "2026-03-04T08:00:00Z", "2020/1/10", "soon", ""])


def element(
    name: str, inner: st.SearchStrategy[str] = INNER, attributes: st.SearchStrategy[str] = ATTRIBUTES
) -> st.SearchStrategy[str]:
    return st.tuples(attributes, inner).map(lambda two: f"<{name}{two[0]}>{two[1]}</{name}>")


EXTENSIONS = [
    element("dc:creator"), element("dc:language", st.sampled_from(["en", "ja"])), element("dc:date", DATES), element("dc:subject"),
    element("dc:description"), element("dc:title"), element("content:encoded"), element("slash:comments", st.just("3")),
    st.just('<media:thumbnail url="https://b.example/t.jpg"/>'), st.just('<media:content url="https://b.example/t.jpg" medium="image"/>'),
    st.just('<media:group><media:content url="u"/></media:group>'),
    element("media:description"), element("media:credit"), element("x:note"), element("x:deep", st.just("<x:a>1</x:a><x:b>2</x:b>")),
    element("x:summary"),
    element("nid"),
    element("span"),
    element("media:text"),
    st.just("<image><title>of the image</title><url>https://b.example/i.png</url></image>"), st.just('<y:z xmlns:y="urn:y">own prefix</y:z>'), st.just('<z xmlns="urn:z">no prefix</z>'),
    st.just("<!-- between --><?pi?>"), st.just("stray words"),
]  # fmt: skip
RSS_PARTS = st.one_of(
    element("description"), element("pubDate", DATES), element("category"), element("author"), element("comments"),
    st.just('<enclosure url="https://b.example/s.mp3" length="1" type="audio/mpeg"/>'),
    st.just('<source url="https://other.example/">Other</source>'), st.just("<description><b>not escaped</b> text</description>"),
    element("summary"), *EXTENSIONS,
)  # fmt: skip
PERSON = st.sampled_from(
    [
        "<author><name>K. Sato</name></author>",
        "<author><name> K. Sato </name><email>k@b.example</email><uri>https://b.example/k</uri></author>",
        "<author><email>k@b.example</email></author>",
        "<author> </author>",
        "<author>just words</author>",
        "<contributor><name>Somebody</name></contributor>",
    ]
)
ATOM_PARTS = st.one_of(
    element("summary", INNER, TYPES), element("content", INNER, TYPES), element("updated", DATES), element("published", DATES), PERSON,
    st.just('<category term="t"/>'), st.just('<link rel="enclosure" href="/s.mp3"/>'), element("rights"),
    st.just('<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>A &amp; <b>B</b></p></div></content>'),
    st.just('<content src="https://b.example/full"/>'),
    st.just('<source><title>Elsewhere</title><id>urn:e</id></source>'), *EXTENSIONS,
)  # fmt: skip


@st.composite
def feeds(draw: st.DrawFn) -> bytes:
    kind = draw(st.sampled_from(["rss", "rdf", "atom"]))
    parts = ATOM_PARTS if kind == "atom" else RSS_PARTS
    items = []
    for number in range(draw(st.integers(1, 5))):
        link = f"https://b.example/{draw(st.sampled_from([number, number, 0]))}"
        guid = draw(st.sampled_from([f"g-{number}", f"g-{number}", "same"]))
        inner = [f"<title>{draw(INNER)} {number}</title>", *draw(st.lists(parts, max_size=6))]
        if kind == "atom":
            inner += [
                f"<id>{guid}</id>",
                draw(st.sampled_from(["", f'<link href="{link}"/>', f'<link rel="alternate" href="/{number}"/>'])),
            ]
        elif kind == "rss":
            inner += [f'<guid isPermaLink="false">{guid}</guid>', draw(st.sampled_from(["", f"<link>{link}</link>"]))]
        else:
            inner.append(f"<link>{link}</link>")
        body = "".join(draw(st.permutations(inner)))
        around = draw(ATTRIBUTES)
        about = f" rdf:about={quoteattr(link)}" if kind == "rdf" else ""
        items.append(
            f"<{'entry' if kind == 'atom' else 'item'}{about}{around}>{body}</{'entry' if kind == 'atom' else 'item'}>"
        )
    head = f"<title>Bay</title><link>https://b.example/</link><description>{draw(INNER)}</description><language>ja</language>"
    if kind == "atom":
        text = f'<feed xmlns="http://www.w3.org/2005/Atom" {SPACES}{draw(ATTRIBUTES)}><title>Bay</title><id>urn:b</id>{"".join(items)}</feed>'
    elif kind == "rss":
        text = f'<rss version="2.0" {SPACES}><channel{draw(ATTRIBUTES)}>{head}{"".join(items)}</channel></rss>'
    else:
        text = f'<rdf:RDF xmlns:rdf="{RDF}" xmlns="http://purl.org/rss/1.0/" {SPACES}><channel>{head}</channel>{"".join(items)}</rdf:RDF>'
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}'.encode()


FEW = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


@FEW
@given(feeds())
def test_every_entry_says_what_feedparser_says_of_its_item(body: bytes) -> None:
    document = parse(body)
    assert document.flagged == ""
    assert differences(document.entries, theirs(body)) == []


@FEW
@given(feeds(), st.data())
def test_a_parse_without_the_items_seen_gives_the_others_as_the_full_one_does(body: bytes, data: st.DataObject) -> None:
    full = parse(body)
    seen = frozenset(data.draw(st.lists(st.sampled_from(full.digests)))) if full.digests else frozenset()
    part = parse(body, seen)
    assert part.entries == tuple(entry for entry in full.entries if entry.digest not in seen)
    assert part.unchanged == sum(digest in seen for digest in full.digests)
    assert part.digests == full.digests


def test_an_ordinary_document_never_reaches_feedparser(monkeypatch: pytest.MonkeyPatch) -> None:
    body = rss(
        item(1, more="<dc:creator>K. Sato</dc:creator><category>Sea</category><x:id>1</x:id>"),
        item(2, more="<content:encoded><![CDATA[<p>The long text.</p>]]></content:encoded><media:content url='u'/>"),
    ).replace(b"<rss ", f"<rss {SPACES} ".encode())
    expected = parse(body)

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a document that the tree says all of")

    monkeypatch.setattr(feedparser, "parse", refuse)
    assert parse(body) == expected
    assert [entry.author for entry in expected.entries] == ["K. Sato", ""]
    assert expected.entries[1].content == "<p>The long text.</p>"


def test_only_items_that_need_it_and_are_new_reach_feedparser(monkeypatch: pytest.MonkeyPatch) -> None:
    hard = "<image><title>i</title></image><description>A &lt;b&gt;text&lt;/b&gt;</description>"
    body = rss(item(1), item(2, more=hard), item(3, more=hard), item(4))
    full = parse(body)
    given: list[bytes] = []
    real = feedparser.parse

    def listen(document: io.BytesIO, **options: object) -> object:
        given.append(document.getvalue())
        return real(document, **options)

    monkeypatch.setattr(feedparser, "parse", listen)
    assert parse(body, frozenset(full.digests[1:2])).entries == (*full.entries[:1], *full.entries[2:])
    assert [document.count(b"<item>") for document in given] == [1]


# ------------------------------------------------------------------------------------------------ recorded feeds


def recorded() -> Iterator[tuple[str, bytes]]:
    for path in sorted((SHARED / "feeds").glob("*.xml")):
        yield path.name, path.read_bytes()


def snapshots(name: str, *, every: int) -> Iterator[bytes]:
    with tarfile.open(SHARED / "feeds" / "sequences" / f"{name}.tar.xz") as archive:
        for number, member in enumerate(archive):
            file = archive.extractfile(member)
            if file is not None and number % every == 0:
                yield file.read()


# Items within items, a text within an extension, or the whole report in an extension of the publisher's own.
OTHERWISE = {"pcmag_nested_2018.xml", "rutube_mrss.xml", "rbc_full_20240609.xml", "suspilne_20231222.xml"}


@needs_shared
@pytest.mark.shared
def test_recorded_entries_say_what_feedparser_says() -> None:
    found = {}
    for name, body in recorded():
        document = parse(body)
        if document.flagged or name in OTHERWISE:
            continue
        found[name] = differences(document.entries, theirs(body))
    assert {name: differing for name, differing in found.items() if differing} == {}
    assert len(found) > 50


@needs_shared
@pytest.mark.shared
def test_recorded_articles_are_the_same_as_with_feedparsers_sanitising() -> None:
    feed, compared = make.feed(), 0
    for name, body in recorded():
        document = parse(body)
        if document.flagged or name in OTHERWISE:
            continue
        sanitised = feedparser.parse(io.BytesIO(body), resolve_relative_uris=False).entries
        for ours, other in zip(document.entries, sanitised, strict=True):
            contents = [part["value"] for part in other.get("content", [])]
            theirs = replace(ours, summary=other.get("summary", ""), content=max(contents, key=len, default=""))
            assert clean(ours, feed, make.NOW) == clean(theirs, feed, make.NOW), (name, ours.title)
            compared += 1
    assert compared > 1500


@needs_shared
@pytest.mark.shared
@pytest.mark.parametrize("name", ["bbc", "fox", "nzherald", "rnz", "wsj"])
def test_a_recorded_sequence_gives_each_item_once_as_the_full_parse_does(name: str) -> None:
    seen: frozenset[bytes] = frozenset()
    for body in snapshots(name, every=10):
        full, part = parse(body), parse(body, seen)
        assert part.entries == tuple(entry for entry in full.entries if entry.digest not in seen)
        seen |= frozenset(full.digests)
