"""OPML 2.0, in which feed readers hand their subscriptions on: read whatever wrote it, written for all of them.

Never fetches what it names, and never trusts it: an outline is words until somebody makes a row of it.
"""

from __future__ import annotations

import datetime as dt
import email.utils
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from lxml import etree

from monitor.clean.text import one_line
from monitor.sources.decode import decode, undeclared
from monitor.sources.documents import local, tree_of

SPACE = "urn:monitor:feeds"
"""The namespace of the keys that OPML has no word for; other readers pass over them."""
MOST = 10_000
"""Outlines read from one file: the largest public collections hold some thousand."""
_AMPERSAND = re.compile(r"&(?!(?:amp|lt|gt|quot|apos|#\d{1,7}|#x[0-9a-fA-F]{1,6});)")
_DEEPEST = 100  # folders within folders


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """One subscription. ``categories`` are the folders it stands in and those it names; ``more`` our own keys."""

    url: str
    title: str = ""
    site: str = ""
    lang: str = ""
    categories: tuple[str, ...] = ()
    more: Mapping[str, str] = field(default_factory=dict)


def outlines(body: bytes) -> tuple[Outline, ...] | None:
    """The subscriptions in the order of the file, each address once; None where the file is no OPML."""
    text = undeclared(decode(body, None).text)
    root = tree_of(text, recover=False)
    if root is None:  # a bare ampersand in an address must not cost what follows it
        root = tree_of(_AMPERSAND.sub("&amp;", text), recover=True)
    if root is None or local(root).casefold() != "opml":
        return None
    found: dict[str, Outline] = {}
    for outline in _walk(root):
        found.setdefault(outline.url, outline)
    return tuple(found.values())[:MOST]


def opml(subscriptions: Sequence[Outline], *, title: str, now: dt.datetime) -> bytes:
    """An OPML 2.0 document."""
    root = etree.Element("opml", {"version": "2.0"}, nsmap={"monitor": SPACE})
    head, body = etree.SubElement(root, "head"), etree.SubElement(root, "body")
    etree.SubElement(head, "title").text = title
    etree.SubElement(head, "dateCreated").text = email.utils.format_datetime(now, usegmt=True)
    for one in subscriptions:
        said = {
            "type": "rss",
            "text": one.title,
            "title": one.title,
            "xmlUrl": one.url,
            "htmlUrl": one.site,
            "language": one.lang,
            "category": ",".join(f"/{name}" for name in one.categories),
        }
        said |= {f"{{{SPACE}}}{key}": value for key, value in one.more.items()}
        etree.SubElement(body, "outline", {key: value for key, value in said.items() if value})
    return etree.tostring(root, encoding="utf-8", xml_declaration=True, pretty_print=True)


def _walk(root: etree._Element) -> Iterator[Outline]:
    """Every outline with an address; those without are folders."""
    for element in root.iter():
        if local(element).casefold() != "outline":
            continue
        # Readers write xmlUrl, xmlurl and xmlURL; what is in our namespace keeps its case.
        said = {str(key).casefold(): str(value).strip() for key, value in element.attrib.items() if not _ours(key)}
        if not said.get("xmlurl"):
            continue
        folders = [
            one_line(str(around.get("text") or around.get("title") or ""))
            for _, around in zip(range(_DEEPEST), element.iterancestors(), strict=False)
            if local(around).casefold() == "outline"
        ]
        named = [part.strip().strip("/") for part in said.get("category", "").split(",")]
        yield Outline(
            url=said["xmlurl"], title=one_line(said.get("text") or said.get("title", "")), site=said.get("htmlurl", ""),
            lang=said.get("language", ""),
            categories=tuple(dict.fromkeys(filter(None, [*reversed(folders), *named]))),
            more={str(key).rpartition("}")[2]: str(value) for key, value in element.attrib.items() if _ours(key)},
        )  # fmt: skip


def _ours(key: str | bytes) -> bool:
    return str(key).startswith(f"{{{SPACE}}}")
