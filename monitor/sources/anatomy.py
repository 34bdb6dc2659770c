"""What a document shows of its own make: its format and version, and the feeds that a web page names.

Never reads entries, and never decides: it is for people who look a feed over before they take it.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from lxml import etree
from selectolax.lexbor import LexborHTMLParser

from monitor.clean.depth import too_deep
from monitor.clean.text import one_line
from monitor.entities import Fetched
from monitor.sources.decode import decode, undeclared
from monitor.sources.documents import address, local, space, tree_of

_FEED = re.compile(r"^(?:application|text)/(?:rss|atom|rdf|feed)\+(?:xml|json)\b", re.IGNORECASE)
_ATOMS = {"http://www.w3.org/2005/Atom": "Atom 1.0", "http://purl.org/atom/ns#": "Atom 0.3"}
_RDFS = {"http://my.netscape.com/rdf/simple/0.9/": "RSS 0.90 (RDF)", "http://purl.org/net/rss1.1#": "RSS 1.1 (RDF)"}
_NEWS = "schemas/sitemap-news"
_OWN = ("", "http://purl.org/rss/1.0/", *_ATOMS, *_RDFS)
_HEAD = 200_000  # characters in which a page names its feeds


@dataclass(frozen=True, slots=True, kw_only=True)
class Alternate:
    """A feed that a web page names as its own."""

    url: str
    title: str = ""
    type: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Anatomy:
    """The make of a document. ``kind`` is the kind of source that reads it; empty for a web page and for what is none.

    ``nested`` counts items that hold links of other articles inside an extension.
    """

    kind: str = ""
    format: str = ""
    nested: int = 0
    alternates: tuple[Alternate, ...] = ()


def anatomy(fetched: Fetched) -> Anatomy:
    """The make of what was fetched."""
    text = decode(fetched.body, fetched.charset).text.lstrip("\ufeff \t\r\n")
    if text.startswith("{"):
        return _json(text)
    root = tree_of(undeclared(text), recover=True)
    name = local(root).casefold() if root is not None else ""
    if root is not None and name in {"rss", "rdf", "feed", "channel"}:
        return Anatomy(kind="rss", format=_feed(root, name), nested=_nested(root))
    if name == "sitemapindex":
        return Anatomy(kind="sitemap", format="index of sitemaps")
    if name == "urlset":
        news = any(_NEWS in str(element.tag) for element in root.iter()) if root is not None else False
        return Anatomy(kind="sitemap", format="news sitemap" if news else "sitemap without news")
    if name or "<" in text[:_HEAD]:
        return Anatomy(format="web page", alternates=_alternates(text, fetched.final_url or fetched.url))
    return Anatomy(format="neither XML nor JSON" if text else "nothing")


def _json(text: str) -> Anatomy:
    try:
        top = json.loads(text)
    except (ValueError, RecursionError):
        return Anatomy(format="JSON that cannot be read")
    version = str(top.get("version", "")) if isinstance(top, dict) else ""
    if "jsonfeed.org/version/" in version:
        return Anatomy(kind="jsonfeed", format=f"JSON Feed {version.rpartition('/')[2]}")
    items = isinstance(top, dict) and isinstance(top.get("items"), list)
    return Anatomy(kind="jsonfeed" if items else "", format="JSON" if not items else "JSON Feed without its version")


def _feed(root: etree._Element, name: str) -> str:
    if name == "feed":
        return _ATOMS.get(space(root), "Atom of no known namespace")
    if name == "rdf":
        spaces = {space(element) for element in root.iter()}
        return next((said for where, said in _RDFS.items() if where in spaces), "RSS 1.0 (RDF)")
    return f"RSS {root.get('version', '').strip() or 'without its version'}"


def _nested(root: etree._Element) -> int:
    """Items with an extension that holds links: a reader that is not careful takes one of them for the item's own."""
    items = [element for element in root.iter() if local(element) in {"item", "entry"}]
    return sum(
        any(
            space(child) not in _OWN and any(local(inner) == "link" for inner in child.iterdescendants())
            for child in item
        )
        for item in items
    )


def _alternates(text: str, base: str) -> tuple[Alternate, ...]:
    if too_deep(text[:_HEAD]):
        return ()
    found: dict[str, Alternate] = {}
    for node in LexborHTMLParser(text[:_HEAD]).css("link[rel][href][type]"):
        said = {key: (value or "").strip() for key, value in node.attributes.items()}
        url = address(base, said["href"])
        if url and "alternate" in said["rel"].casefold().split() and _FEED.match(said["type"]):
            found.setdefault(url, Alternate(url=url, title=one_line(said.get("title", "")), type=said["type"]))
    return tuple(found.values())
