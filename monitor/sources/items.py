"""One item of a feed's tree as an ``Entry``: its own title, link, guid, dates and texts.

Never takes a part of another article's (an extension's ``<link>``) for the item's own, and never resolves a link twice.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from functools import lru_cache
from typing import Any
from urllib.parse import urljoin, urlsplit

import feedparser.mixin
from lxml import etree

from monitor.clean.dates import moment
from monitor.clean.text import encoded_once, one_line, plain_title
from monitor.clean.urls import is_url
from monitor.entities import Entry, Feed
from monitor.sources.documents import Shared, Sign, local, names, space, text_of

ATOM = "http://www.w3.org/2005/Atom"
_ATOM_03 = "http://purl.org/atom/ns#"
RSS_SPACES = frozenset(
    {
        "",
        "http://purl.org/rss/1.0/",
        "http://purl.org/net/rss1.1#",
        "http://my.netscape.com/rdf/simple/0.9/",
        "http://channel.netscape.com/rdf/simple/0.9/",
        "http://backend.userland.com/rss2",
        "http://blogs.law.harvard.edu/tech/rss",
    }
)
OWN = RSS_SPACES | {ATOM, _ATOM_03}
_MEDIA = "http://search.yahoo.com/mrss/"
ABOUT = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}about"
_PUBLISHED = ("pubdate", "published", "date", "issued", "created")
_UPDATED = ("updated", "modified", "lastmod")
_ABSOLUTE = re.compile(r"https?://[^\s?#/;]+(?:/[^\s?#;]*)?(?:\?[^\s#]+)?(?:#\S+)?")

# What feedparser calls each namespace, and the elements that it makes something of; all others it keeps aside.
_PREFIXES: Mapping[str, str] = {
    uri.casefold(): prefix for uri, prefix in feedparser.mixin._FeedParserMixin.namespaces.items()
}
_HANDLED = frozenset(
    name.removeprefix("_start_") for name in dir(feedparser.mixin._FeedParserMixin) if name.startswith("_start_")
)
ITEMS = ("{*}item", "{*}entry")


class _Kind(Enum):
    """What feedparser makes of an element; ``HARD``: more than can be said here."""

    SUMMARY = auto()
    CONTENT = auto()
    AUTHOR = auto()
    LANGUAGE = auto()
    OTHER = auto()
    HARD = auto()


_KINDS: Mapping[str, _Kind] = {
    "description": _Kind.SUMMARY, "summary": _Kind.SUMMARY, "content": _Kind.CONTENT, "content_encoded": _Kind.CONTENT,
    "author": _Kind.AUTHOR, "dc_creator": _Kind.AUTHOR, "dc_language": _Kind.LANGUAGE,
    **dict.fromkeys((
        "title", "link", "guid", "id", "pubdate", "published", "updated", "issued", "modified", "created", "category",
        "enclosure", "source", "rights", "dc_date", "dc_subject", "dc_title", "dc_rights", "dcterms_created",
        "dcterms_issued", "dcterms_modified", "media_content", "media_thumbnail", "media_title", "media_credit",
        "media_category",
    ), _Kind.OTHER),
}  # fmt: skip
_TEXT_TYPES = frozenset({"text", "html", "text/plain", "text/html"})
_WINDOWS = {
    code: bytes([code]).decode("cp1252") for code in range(0x80, 0xA0) if bytes([code]).decode("cp1252", "ignore")
}
_WINDOWS_CHARACTER = re.compile("[\x80-\x9f]")


def is_item(element: etree._Element) -> bool:
    """Whether an element is called as items are, in whatever namespace."""
    return local(element) in {"item", "entry"}


def items_of(root: etree._Element) -> list[etree._Element]:
    """Items and entries that hold something and do not stand inside another one."""
    found = [element for element in root.iter("{*}item", "{*}entry") if space(element) in OWN and len(element)]
    around = [parent for parent in {element.getparent() for element in found} if parent is not None]
    if not any(_within_item(parent) for parent in around):  # nearly always, and all have one parent
        return found
    return [item for item in found if next(item.iterancestors(*ITEMS), None) is None]


def _within_item(element: etree._Element) -> bool:
    return is_item(element) or next(element.iterancestors(*ITEMS), None) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """An item of the tree, its elements by name, and what it names itself by."""

    element: etree._Element
    parts: Mapping[str, Sequence[etree._Element]]
    guid: str
    link: str

    @property
    def sign(self) -> Sign:
        """What tells it from others."""
        return Sign(guid=self.guid, link=self.link, title=text_of(_own(self.parts, "title")))


def item_of(element: etree._Element) -> Item:
    """The item that stands in an element."""
    parts: dict[str, list[etree._Element]] = {}
    for child in element:
        tag = child.tag
        name = _folded(tag) if isinstance(tag, str) else ""
        if name in parts:
            parts[name].append(child)
        else:
            parts[name] = [child]
    guid = text_of(_own(parts, "guid")) or text_of(_own(parts, "id")) or element.get(ABOUT, "")
    return Item(element=element, parts=parts, guid=guid, link=_link(parts, guid))


def prune(element: etree._Element) -> None:
    """Take out extensions that hold elements of their own: their links are other articles' (RBC, 28 of 30)."""
    for child in [child for child in element if len(child) or is_item(child)]:
        foreign = space(child) not in OWN and local(child) not in {"author", "creator", "encoded", "full-text"}
        if foreign or is_item(child):
            tail = child.tail
            element.remove(child)
            if tail and tail.strip() and len(element):
                element[-1].tail = (element[-1].tail or "") + tail


def plain(item: Item) -> Mapping[str, Any] | None:
    """What feedparser would say of an item, of the four keys that ``entry`` asks for; None where only it can tell.

    Nine in ten items hold one text each in elements without children, of which feedparser takes the characters, in
    twenty times the time. That both say the same is a property test.
    """
    said: dict[str, Any] = {}
    texts: list[_Kind] = []
    for child in item.element:
        tag = child.tag
        kind = _kind(tag, child.prefix) if isinstance(tag, str) else _Kind.HARD
        if kind is _Kind.AUTHOR:
            author = _author(child)
            if author is None or (len(child) and "author" in said):
                return None
            said["author"] = author
        elif kind is _Kind.HARD or len(child):
            return None
        elif kind is _Kind.LANGUAGE:
            said["language"] = _characters(child)
        elif kind is not _Kind.OTHER:
            if kind in texts or not _is_text(child):
                return None
            texts.append(kind)
            text = _characters(child)
            if kind is _Kind.SUMMARY:
                said["summary"] = text
            else:
                said["content"] = [{"value": text}]
                said.setdefault("summary", text)
    # Without a link of its own, the item may hold one that feedparser finds.
    return said if item.link else None


def entry(
    feed: Feed, item: Item, other: Mapping[str, Any], *, base: str, around: str, digest: bytes, shared: Shared
) -> Entry | None:
    """The entry of an item; ``other`` is feedparser's word on it, ``around`` the ``xml:base`` it stands in."""
    parts = item.parts
    link = item.link or str(other.get("link") or "")
    published, raw = _date(parts, _PUBLISHED, feed.zone)
    updated, _ = _date(parts, _UPDATED, feed.zone)
    full = next((text_of(child) for child in parts.get("full-text", ())), "")
    resolved = _resolved(link, around, base)
    made = Entry(
        # Where a page is shared and no guid is given, the fragment of the link is the only name the item has.
        feed_id=feed.id, guid=item.guid or (resolved if shared.link else ""), guid_shared=shared.guid,
        link_shared=shared.link, digest=digest, link=resolved, title=_title(_own(parts, "title")),
        summary=str(other.get("summary") or text_of(_own(parts, "description")) or text_of(_own(parts, "summary"))),
        content=max((full, _content(parts, other)), key=len), author=one_line(str(other.get("author") or "")),
        publisher=_origin(feed, parts, base, link), lang=str(other.get("language") or ""),
        published=published, published_raw=raw, updated=updated,
    )  # fmt: skip
    return made if made.title or made.summary or made.content else None


@lru_cache(maxsize=4096)
def _folded(tag: str) -> str:
    return names(tag)[1].casefold()  # some write ``pubdate``


@lru_cache(maxsize=4096)
def _kind(tag: str, prefix: str | None) -> _Kind:
    """What a leaf means to feedparser."""
    uri, name = names(tag)
    known = _PREFIXES.get(uri.casefold(), prefix)
    if known is None:  # a namespace that feedparser does not know, and takes for the feed's own
        return _Kind.HARD
    said = (f"{known}_{name}" if known else name).casefold()
    return _KINDS.get(said, _Kind.HARD if said in _HANDLED else _Kind.OTHER)


def _is_text(element: etree._Element) -> bool:
    """Whether an element's content is characters, by its attributes (an Atom ``type``, or a language)."""
    return all(
        name == "{http://www.w3.org/XML/1998/namespace}lang" or (name == "type" and value.casefold() in _TEXT_TYPES)
        for name, value in element.items()
    )


def _characters(element: etree._Element) -> str:
    """An element's text as feedparser hands it on."""
    text = encoded_once((element.text or "").strip())
    return text.translate(_WINDOWS) if _WINDOWS_CHARACTER.search(text) else text


def _author(element: etree._Element) -> str | None:
    """An author: plain words, or Atom's name and e-mail; None where it is neither."""
    if not len(element):
        return _characters(element)
    said = {"name": "", "email": ""}
    pieces = [element.text]
    for child in element:
        name = local(child)
        if name not in {"name", "email", "uri"} or space(child) not in {ATOM, _ATOM_03} or len(child):
            return None
        if said.get(name):
            return None
        said[name] = (child.text or "").strip()
        pieces.append(child.tail)
    if any(piece and piece.strip() for piece in pieces):
        return None
    return f"{said['name']} ({said['email']})" if said["name"] and said["email"] else said["name"] or said["email"]


def _own(parts: Mapping[str, Sequence[etree._Element]], name: str) -> etree._Element | None:
    """The first element of this name that is no extension's."""
    for element in parts.get(name, ()):
        if space(element) in OWN:
            return element
    return None


def _link(parts: Mapping[str, Sequence[etree._Element]], guid: str) -> str:
    original = next((text_of(child) for child in parts.get("origlink", ())), "")
    if original:
        return original
    plain, alternate = "", ""
    for child in parts.get("link", ()):
        if child.get("href"):
            if child.get("rel", "alternate") == "alternate" and space(child) in OWN and not alternate:
                alternate = child.get("href", "")
        elif space(child) in RSS_SPACES and not plain:
            plain = text_of(child)
    if plain or alternate:
        return plain or alternate
    if is_url(guid):
        named = _own(parts, "guid")
        if named is None or named.get("isPermaLink", "true").casefold() != "false":
            return guid
    return ""


def _resolved(link: str, around: str, base: str) -> str:
    link = link.replace("\n", "").strip().replace("&amp;", "&")  # escaped twice by some (NZ Herald)
    if not link or _ABSOLUTE.fullmatch(link):
        return link
    for start in (around, ""):  # a base that is no address counts as none
        try:
            return urljoin(urljoin(base, start), link)
        except ValueError:
            continue
    return link


def _origin(feed: Feed, parts: Mapping[str, Sequence[etree._Element]], base: str, link: str) -> str:
    """Who wrote it, where the feed gathers others' items (``<source url=…>`` of another house)."""
    source = _own(parts, "source")
    if source is None or len(source):
        return ""
    house, own = _house(source.get("url", "")), _house(base)
    if feed.query or "news.google." in link or (house and not own.endswith(house) and not house.endswith(own)):
        return one_line(text_of(source))
    return ""


def _house(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").removeprefix("www.")
    except ValueError:
        return ""


def _content(parts: Mapping[str, Sequence[etree._Element]], other: Mapping[str, Any]) -> str:
    values = [str(part.get("value") or "") for part in other.get("content") or [] if isinstance(part, Mapping)]
    if not values:
        named = [*parts.get("encoded", ()), *parts.get("content", ())]
        values = [text_of(child) for child in named if space(child) not in {"", _MEDIA}]
    return max(values, key=len, default="")


def _date(
    parts: Mapping[str, Sequence[etree._Element]], wanted: Sequence[str], zone: str
) -> tuple[dt.datetime | None, str]:
    first = ""
    for name in wanted:
        for child in parts.get(name, ()):
            raw = text_of(child)
            found = moment(raw, zone)
            if found is not None:
                return found, raw
            first = first or raw
    return None, first


def _title(title: etree._Element | None) -> str:
    if title is None:
        return ""
    kind = title.get("type", "text" if space(title) in {ATOM, _ATOM_03} else "html")
    if kind in {"text", "xhtml", "text/plain"}:
        return one_line(text_of(title))
    return plain_title(encoded_once(text_of(title)))
