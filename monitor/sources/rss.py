"""RSS 0.9 to 2.0, RDF and Atom: feedparser for the breadth of formats, a look at the tree where it is measured to err.

Never hands feedparser an address, a document it would have to decode, or an item with links of other articles inside.
"""

from __future__ import annotations

import datetime as dt
import io
import re
from collections.abc import Mapping, Sequence
from html.entities import html5
from typing import Any
from urllib.parse import urljoin, urlsplit

import feedparser
from lxml import etree

from monitor.clean.dates import moment
from monitor.clean.text import encoded_once, one_line, plain_title
from monitor.clean.urls import is_url
from monitor.entities import Document, Entry, Feed, Fetched, Problem
from monitor.sources.decode import decode, undeclared
from monitor.sources.documents import is_bomb, local, problem_of, refused, text_of, tree_of, with_shared_guids
from monitor.sources.jsonfeed import JsonFeed

_ATOM = "http://www.w3.org/2005/Atom"
_ATOM_03 = "http://purl.org/atom/ns#"
_RSS_SPACES = frozenset(
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
_MEDIA = "http://search.yahoo.com/mrss/"
_ABOUT = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}about"
_OWN = _RSS_SPACES | {_ATOM, _ATOM_03}
_ROOT_END = re.compile(r"</(?:[\w\-]+:)?(?:rss|rdf|feed)\s*>", re.IGNORECASE)
_ITEM_END = re.compile(r"</(?:[\w\-]+:)?(item|entry)\s*>", re.IGNORECASE)
_ITEM_START = re.compile(r"<(?:[\w\-]+:)?(?:item|entry)(?:\s[^<>]*[^/<>])?>", re.IGNORECASE)
_OPAQUE = re.compile(r"(<!\[CDATA\[.*?\]\]>|<!--.*?-->)", re.DOTALL)
_BOUNDARY = re.compile(
    r"<!\[CDATA\[.*?\]\]>|<(?P<start>(?:[\w\-]+:)?(?:item|entry))(?:\s[^<>]*[^/<>])?>|</(?P<end>(?:[\w\-]+:)?(?:item|entry))\s*>",
    re.DOTALL,
)
_XMLNS = re.compile(r"\bxmlns(:[\w\-]+)?\s*=\s*(?:\"[^\"<]*\"|'[^'<]*')")
_HEAD = 8000  # characters in which a document names its namespaces
_DOCTYPE = re.compile(r"<!DOCTYPE\s[^\[>]{0,500}(?:\[.*?\]\s*)?>", re.DOTALL | re.IGNORECASE)
_AMPERSAND = re.compile(r"&(?!(?:amp|lt|gt|quot|apos|#\d{1,7}|#x[0-9a-fA-F]{1,6});)")
_NAMED = re.compile(r"&([A-Za-z][A-Za-z0-9]{1,30});")
_FORBIDDEN = re.compile(
    r"&#(?:x0*(?:[0-8bcBCeEfF]|1[0-9a-fA-F]|d[89a-fA-F][0-9a-fA-F]{2}|fff[efEF])|0*(?:[0-8]|1[124-9]|2\d|3[01]));",
    re.IGNORECASE,
)
_PUBLISHED = ("pubdate", "published", "date", "issued", "created")
_UPDATED = ("updated", "modified", "lastmod")
_HOURS = {"hourly": 1, "daily": 24, "dayly": 24, "weekly": 168, "monthly": 720, "yearly": 8760}


class Rss:
    """The source of kind ``rss``."""

    def parse(self, feed: Feed, fetched: Fetched) -> Document:
        """The whole items of one document; what was wrong with it stands in ``flagged``."""
        decoded = decode(fetched.body, fetched.charset)
        if decoded.text.lstrip()[:1] == "{":
            return JsonFeed().parse(feed, fetched)
        problem, said = problem_of(decoded.text)
        if problem is not None:
            return refused(problem, said)
        text = _DOCTYPE.sub("", undeclared(decoded.text), count=1)
        if is_bomb(text):
            return refused(Problem.MALFORMED, "nested or opened beyond reason")
        flags = [decoded.flagged] if decoded.flagged else []
        text, cut = _whole(text)
        cut = cut or fetched.problem is Problem.CUT_SHORT
        if cut:
            flags.append("cut short")
        root, text, mended = _tree(text)
        if mended:
            flags.append(mended)
        if root is None:
            return refused(
                Problem.CUT_SHORT if cut else Problem.MALFORMED, "; ".join([*flags, "the XML cannot be read"])
            )
        return _document(feed, fetched, root, text, flags, cut=cut)


def _document(
    feed: Feed, fetched: Fetched, root: etree._Element, text: str, flags: list[str], *, cut: bool
) -> Document:
    if local(root) == "rss" and _space(root) not in _OWN:
        _without_space(root, _space(root))
    items, damaged = _items(root), False
    if len(items) < len(_ITEM_START.findall(_OPAQUE.sub("", text))):
        # The parser stopped at a fault, or took an item for a part of another: each item on its own says more.
        pieces = _pieces(text)
        if len(pieces) > len(items):
            items, damaged = pieces, True
            flags.append("damaged markup")
    for item in items:
        _prune(item)
    channel = _channel(root)
    base = _base(channel, fetched)
    parsed = {} if damaged else _feedparsed(etree.tostring(root, encoding="utf-8"), base)
    theirs: Sequence[Mapping[str, Any]] = parsed.get("entries", [])
    if len(theirs) != len(items):
        # feedparser raised, or counted otherwise: the tree has the items, if not their sanitised texts.
        theirs = [{}] * len(items)
    entries: list[Entry] = []
    skipped = 0
    for item, other in zip(items, theirs, strict=True):
        try:
            made = _entry(feed, item, other, base)
        except Exception:  # noqa: BLE001 -- one bad item must not take the others with it (behaviours 46, 47)
            made = None
        if made is None:
            skipped += 1
        else:
            entries.append(made)
    title = plain_title(text_of(_child(channel, "title")))
    problem = Problem.CUT_SHORT if cut else None
    if not entries and not problem:
        broken = skipped or (flags and not title)
        problem = Problem.MALFORMED if broken else (None if title else Problem.EMPTY)
    return Document(
        entries=with_shared_guids(entries), title=title, lang=_language(root, channel), ttl=_ttl(channel),
        flagged="; ".join(flags), problem=problem, skipped=skipped,
    )  # fmt: skip


def _whole(text: str) -> tuple[str, bool]:
    """The document up to its last whole item, closed again, where its own end never came."""
    ends = list(_ROOT_END.finditer(text))
    items = list(_ITEM_END.finditer(text))
    if ends and (not items or ends[-1].start() > items[-1].start()):
        return text, False
    if not items:
        whole = re.search(r"<(?:rss|feed|channel|rdf:RDF)\b[^<>]*/>\s*$", text, re.IGNORECASE) is not None
        return (text, False) if whole else ("", True)
    kept = text[: items[-1].end()]
    opened: list[str] = []
    for tag in re.finditer(r"<(/?)([A-Za-z_][\w.:\-]*)(?:\s[^<>]*?)?(/?)>", _OPAQUE.sub("", kept)):
        if tag[1]:
            while opened and opened.pop() != tag[2]:
                pass
        elif not tag[3]:
            opened.append(tag[2])
    return kept + "".join(f"</{name}>" for name in reversed(opened)), True


def _tree(text: str) -> tuple[etree._Element | None, str, str]:
    """The tree, the text it was made of, and how that had to be mended (empty: not at all)."""
    root = tree_of(text, recover=False)
    if root is not None:
        return root, text, ""
    mended = _mended(text)
    root = tree_of(mended, recover=False)
    if root is not None:
        return root, mended, "raw ampersands or unknown entities" if mended != text else ""
    return tree_of(mended, recover=True), mended, "not well-formed"


def _mended(text: str) -> str:
    parts = _OPAQUE.split(text)
    for number in range(0, len(parts), 2):  # the odd ones are CDATA and comments
        part = _NAMED.sub(_character, _FORBIDDEN.sub("", parts[number]))
        parts[number] = _AMPERSAND.sub("&amp;", part)
    return "".join(parts)


def _character(found: re.Match[str]) -> str:
    if found[1] in {"amp", "lt", "gt", "quot", "apos"}:
        return found[0]
    return html5.get(f"{found[1]};", found[0])


def _feedparsed(document: bytes, base: str) -> Mapping[str, Any]:
    headers = {"content-type": "application/xml; charset=utf-8", "content-location": base}
    try:
        # Links inside an item's text go with its markup, so resolving them (a seventh of feedparser's time) is waste.
        parsed: Mapping[str, Any] = feedparser.parse(
            io.BytesIO(document), response_headers=headers, resolve_relative_uris=False
        )
    except Exception:  # noqa: BLE001 -- feedparser raises what its parsers raise; the tree still has the items
        return {}
    return parsed


def _items(root: etree._Element) -> list[etree._Element]:
    """Items and entries that do not stand inside another one."""
    found = [element for element in root.iter() if _is_item(element) and _space(element) in _OWN and len(element)]
    return [item for item in found if not any(_is_item(around) for around in item.iterancestors())]


def _pieces(text: str) -> list[etree._Element]:
    """The items of a document that is damaged, each parsed on its own."""
    spaces = {found[1]: found[0] for found in _XMLNS.finditer(text[:_HEAD])}
    found: list[etree._Element] = []
    opened: re.Match[str] | None = None
    for boundary in _BOUNDARY.finditer(text):
        if boundary["start"] is None and boundary["end"] is None:
            continue
        if opened is not None:
            piece = f"{text[opened.start() : boundary.start()]}</{opened['start']}>"
            root = tree_of(f"<x {' '.join(spaces.values())}>{piece}</x>", recover=True)
            found.extend(_items(root)[:1] if root is not None else [])
        opened = boundary if boundary["start"] else None
    return found


def _is_item(element: etree._Element) -> bool:
    return local(element) in {"item", "entry"}


def _without_space(root: etree._Element, space: str) -> None:
    """Take an invented namespace off the elements of RSS, which has none (Suspilne names the specification's page)."""
    for element in root.iter(f"{{{space}}}*"):
        element.tag = local(element)


def _prune(item: etree._Element) -> None:
    """Take out extensions that hold elements of their own: their links are other articles' (RBC, 28 of 30)."""
    for child in list(item):
        foreign = _space(child) not in _OWN and local(child) not in {"author", "creator", "encoded", "full-text"}
        if (foreign and len(child)) or local(child) in {"item", "entry"}:
            tail = child.tail
            item.remove(child)
            if tail and tail.strip() and len(item):
                item[-1].tail = (item[-1].tail or "") + tail


def _entry(feed: Feed, item: etree._Element, other: Mapping[str, Any], base: str) -> Entry | None:
    title_element = _child(item, "title")
    guid_element = _child(item, "guid")
    guid = text_of(guid_element) or text_of(_child(item, "id")) or item.get(_ABOUT, "")
    link = _link(item, guid, guid_element, other)
    published, raw = _date(item, _PUBLISHED, feed.zone)
    updated, _ = _date(item, _UPDATED, feed.zone)
    full = next((text_of(child) for child in item if local(child) == "full-text"), "")
    entry = Entry(
        feed_id=feed.id, guid=guid, link=_resolved(link, item, base), title=_plain(title_element),
        summary=str(other.get("summary") or text_of(_child(item, "description")) or text_of(_child(item, "summary"))),
        content=max((full, _content(item, other)), key=len), author=one_line(str(other.get("author") or "")),
        publisher=_origin(feed, item, base, link), lang=str(other.get("language") or ""),
        published=published, published_raw=raw, updated=updated,
    )  # fmt: skip
    return entry if entry.title or entry.summary or entry.content else None


def _link(item: etree._Element, guid: str, guid_element: etree._Element | None, other: Mapping[str, Any]) -> str:
    original = next((text_of(child) for child in item if local(child) == "origLink"), "")
    if original:
        return original
    plain, alternate = "", ""
    for child in item:
        if local(child) != "link":
            continue
        if child.get("href"):
            if child.get("rel", "alternate") == "alternate" and _space(child) in _OWN and not alternate:
                alternate = child.get("href", "")
        elif _space(child) in _RSS_SPACES and not plain:
            plain = text_of(child)
    if plain or alternate:
        return plain or alternate
    if is_url(guid) and (guid_element is None or guid_element.get("isPermaLink", "true").casefold() != "false"):
        return guid
    return str(other.get("link") or "")


def _resolved(link: str, item: etree._Element, base: str) -> str:
    link = "".join(link.split("\n")).strip().replace("&amp;", "&")  # escaped twice by some (NZ Herald)
    if not link:
        return ""
    try:
        return urljoin(urljoin(base, item.base or ""), link)
    except ValueError:
        return link


def _origin(feed: Feed, item: etree._Element, base: str, link: str) -> str:
    """Who wrote it, where the feed gathers others' items (``<source url=…>`` of another house)."""
    source = _child(item, "source")
    if source is None or len(source):
        return ""
    house = (urlsplit(source.get("url", "")).hostname or "").removeprefix("www.")
    own = (urlsplit(base).hostname or "").removeprefix("www.")
    if feed.query or "news.google." in link or (house and not own.endswith(house) and not house.endswith(own)):
        return one_line(text_of(source))
    return ""


def _content(item: etree._Element, other: Mapping[str, Any]) -> str:
    values = [str(part.get("value") or "") for part in other.get("content") or [] if isinstance(part, Mapping)]
    if not values:
        named = [child for child in item if local(child) in {"encoded", "content"}]
        values = [text_of(child) for child in named if _space(child) not in {"", _MEDIA}]
    return max(values, key=len, default="")


def _date(item: etree._Element, names: Sequence[str], zone: str) -> tuple[dt.datetime | None, str]:
    first = ""
    for name in names:
        for child in item:
            if local(child).casefold() == name:
                raw = text_of(child)
                found = moment(raw, zone)
                if found is not None:
                    return found, raw
                first = first or raw
    return None, first


def _plain(title: etree._Element | None) -> str:
    if title is None:
        return ""
    kind = title.get("type", "text" if _space(title) in {_ATOM, _ATOM_03} else "html")
    if kind in {"text", "xhtml", "text/plain"}:
        return one_line(text_of(title))
    return plain_title(encoded_once(text_of(title)))


def _channel(root: etree._Element) -> etree._Element:
    return next((child for child in root.iter() if local(child) == "channel"), root)


def _base(channel: etree._Element, fetched: Fetched) -> str:
    own = fetched.final_url or fetched.url
    for child in channel:
        if local(child) == "link" and _space(child) in _RSS_SPACES and is_url(text_of(child)):
            return text_of(child)
    return urljoin(own, channel.base or "")


def _language(root: etree._Element, channel: etree._Element) -> str:
    named = next((text_of(child) for child in channel if local(child) == "language"), "")
    return (named or root.get("{http://www.w3.org/XML/1998/namespace}lang", "")).casefold()


def _ttl(channel: etree._Element) -> dt.timedelta | None:
    """How long the publisher says a copy stays fresh; a hint that ``schedule`` clamps."""
    names = {"ttl", "updateperiod", "updatefrequency"}
    found = {local(child).casefold(): text_of(child).casefold() for child in channel}
    said = {name: value for name, value in found.items() if name in names}
    try:
        if "ttl" in said:
            return dt.timedelta(minutes=min(max(float(said["ttl"]), 0), 100_000))
        hours = _HOURS.get(said.get("updateperiod", ""))
        times = float(said.get("updatefrequency") or 1)
    except ValueError:
        return None
    return dt.timedelta(hours=hours / times) if hours and times > 0 else None


def _child(parent: etree._Element, name: str) -> etree._Element | None:
    return next((child for child in parent if local(child) == name and _space(child) in _OWN), None)


def _space(element: etree._Element) -> str:
    tag = element.tag
    return tag[1:].partition("}")[0] if isinstance(tag, str) and tag.startswith("{") else ""
