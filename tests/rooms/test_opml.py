"""OPML as other readers write it, and as we do."""

from __future__ import annotations

import pytest

from monitor.sources.opml import Outline, opml, outlines
from tests import make


def read(*lines: str) -> list[Outline] | None:
    found = outlines(f"<opml version='1.0'><head><title>t</title></head><body>{''.join(lines)}</body></opml>".encode())
    return None if found is None else list(found)


def test_what_is_written_is_read_back() -> None:
    given = (
        Outline(url="https://a.example/?a=1&b=2", title='A "quoted" <one> & 日本', site="https://a.example/", lang="ja", categories=("x", "y z"), more={"id": "a", "select.item": "ul > li"}),
        Outline(url="https://b.example/"),
    )  # fmt: skip
    assert outlines(opml(given, title="t", now=make.NOW)) == given


def test_the_head_says_what_it_is_and_when_it_was_made() -> None:
    head = opml((), title="our feeds", now=make.NOW).decode()
    assert "<title>our feeds</title>" in head
    assert "<dateCreated>Wed, 04 Mar 2026 09:30:00 GMT</dateCreated>" in head


def test_folders_are_categories_from_the_outside_in() -> None:
    inner = '<outline text="Inner"><outline text="A" xmlUrl="https://a.example/" category="/x/y, z"/></outline>'
    assert read(f'<outline text="Outer">{inner}</outline>') == [
        Outline(url="https://a.example/", title="A", categories=("Outer", "Inner", "x/y", "z"))
    ]


@pytest.mark.parametrize("key", ["xmlUrl", "xmlurl", "xmlURL", "XMLURL"])
def test_the_address_is_found_however_its_key_is_written(key: str) -> None:
    assert read(f'<outline title="A" {key}=" https://a.example/ "/>') == [Outline(url="https://a.example/", title="A")]


def test_an_address_stands_once_and_outlines_without_one_are_folders() -> None:
    one = '<outline text="A" xmlUrl="https://a.example/"/>'
    assert read(one, '<outline text="no address"/>', one.replace("A", "again")) == [
        Outline(url="https://a.example/", title="A")
    ]


def test_a_bare_ampersand_costs_nothing() -> None:
    assert read('<outline text="B & B" xmlUrl="https://a.example/?a=1&b=2&amp;c=3"/>') == [
        Outline(url="https://a.example/?a=1&b=2&c=3", title="B & B")
    ]


@pytest.mark.parametrize("body", [b"", b"<html></html>", b"{}", b"not xml", b"<rss/>", b"\xff\xfe"])
def test_what_is_no_opml_is_none(body: bytes) -> None:
    assert outlines(body) is None


def test_entities_are_not_expanded_and_nothing_is_fetched() -> None:
    body = '<!DOCTYPE opml [<!ENTITY x SYSTEM "file:///etc/hostname">]><opml><body><outline text="&x;" xmlUrl="https://a.example/"/></body></opml>'
    found = outlines(body.encode())
    assert found is not None
    assert [(one.url, one.title) for one in found] in (
        [("https://a.example/", "")],
        [("https://a.example/", "&x;")],
        [],
    )


def test_other_encodings_are_read() -> None:
    text = '<?xml version="1.0" encoding="windows-1251"?><opml><body><outline text="Известия" xmlUrl="https://a.example/"/></body></opml>'
    found = outlines(text.encode("cp1251"))
    assert found is not None
    assert found[0].title == "Известия"
