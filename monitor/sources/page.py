"""A watched page: the news of a body that has no feed, found by the CSS selectors of its row.

Never takes a page whose make has changed for one without news: selectors that find nothing are a problem by name.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from hashlib import blake2b

from selectolax.lexbor import LexborHTMLParser, LexborNode, SelectolaxError

from monitor.clean.dates import moment
from monitor.clean.depth import too_deep
from monitor.clean.text import folded, one_line, paragraphs, plain_title
from monitor.clean.urls import identity
from monitor.entities import Document, Entry, Feed, Fetched, Problem, Selectors
from monitor.sources.decode import decode
from monitor.sources.documents import address, problem_of, refused

VERSION = "page 1"
"""Part of every digest: a parser that reads a page otherwise looks at each item anew."""
ITEMS_MOST = 500
"""Items of one page: lists of news show some fifty; a selector that finds more means something else."""
TITLE_LONGEST = 300
"""Characters of an item that stand for its title where no link has words."""
_DIGEST = 8  # bytes
_CHARSET = re.compile(rb"<meta\s[^>]{0,300}?charset\s*=\s*[\"']?\s*([A-Za-z0-9._:\-]{1,40})", re.IGNORECASE)
_USUAL = frozenset({"", "iso-8859-1", "latin1", "us-ascii", "windows-1252"})
_HEAD = 4096  # bytes in which a page names its encoding
_OPENED = re.compile(r"<html[\s>]", re.IGNORECASE)
_CLOSED = re.compile(r"</html\s*>|</body\s*>\s*$", re.IGNORECASE)
# Japanese authorities count years by era; a feed's date never does.
_ERA = re.compile(r"(令和|平成)\s*(\d{1,2}|元)(?=\s*年)")
_ERAS = {"令和": 2018, "平成": 1988}


class Page:
    """The source of kind ``page``."""

    def parse(self, feed: Feed, fetched: Fetched, seen: frozenset[bytes] = frozenset()) -> Document:
        """The items of one page; those whose digest is in ``seen`` are counted and left out."""
        decoded = decode(fetched.body, _charset(fetched))
        text = decoded.text
        if not text.strip("\ufeff \t\r\n"):
            return refused(Problem.EMPTY, "the document is empty")
        if feed.select is None:
            return refused(Problem.NOT_A_FEED, "the row of this page has no [feed.select]: say where its items stand")
        if too_deep(text):
            return refused(Problem.MALFORMED, "nested beyond reason")
        cut = fetched.problem is Problem.CUT_SHORT or (_OPENED.search(text) and not _CLOSED.search(text))
        tree = LexborHTMLParser(text)
        try:
            entries, flags = _entries(feed, feed.select, tree, fetched)
        except _Nothing as nothing:
            return refused(Problem.CUT_SHORT, "cut short") if cut else _without_items(text, str(nothing))
        if decoded.flagged:
            flags.insert(0, decoded.flagged)
        if cut:
            # What stands last may be half of an item, or the whole one and nobody can tell.
            entries = entries[:-1]
            flags.append("cut short")
        fresh = tuple(entry for entry in entries if entry.digest not in seen)
        title = tree.css_first("title")
        return Document(
            entries=fresh, unchanged=len(entries) - len(fresh), digests=tuple(entry.digest for entry in entries),
            title=one_line(title.text()) if title is not None else "",
            lang=_attribute(tree.css_first("html"), "lang").casefold(),
            flagged="; ".join(flags), problem=Problem.CUT_SHORT if cut else None,
        )  # fmt: skip


class _Nothing(Exception):
    """A selector that finds nothing, or cannot be read. Raised and caught within this file."""


def _charset(fetched: Fetched) -> str | None:
    """The encoding that is claimed: the header's, unless that is a server's usual one and the page names another."""
    found = _CHARSET.search(fetched.body[:_HEAD])
    named = found[1].decode("ascii") if found is not None else None
    usual = fetched.charset is None or fetched.charset.strip("\"' ").casefold() in _USUAL
    return named if named is not None and usual else fetched.charset


def _without_items(text: str, said: str) -> Document:
    """Why a page has no items: a wall against robots, or a page that is no longer made as it was."""
    problem, wall = problem_of(text)
    if problem is Problem.BLOCKED:
        return refused(problem, wall)
    return refused(Problem.NOT_A_FEED, said)


def _entries(feed: Feed, select: Selectors, tree: LexborHTMLParser, fetched: Fetched) -> tuple[list[Entry], list[str]]:
    """The entries, in the page's order, with remarks for the operator."""
    nodes = _asked("item", select.item, tree.css)
    if not nodes:
        raise _Nothing(
            f"the page answers, but nothing in it matches select.item = {select.item!r}: its make has changed; look at "
            "the page and mend the selector"
        )
    flags = [f"{len(nodes)} items, the first {ITEMS_MOST} are taken"] if len(nodes) > ITEMS_MOST else []
    nodes = nodes[:ITEMS_MOST]
    inner = {"title": select.title, "link": select.link, "date": select.date, "text": select.text}
    parts = {key: [_asked(key, selector, node.css) for node in nodes] for key, selector in inner.items() if selector}
    for key, matches in parts.items():
        if not any(matches):
            said = f"no item has anything that matches select.{key} = {inner[key]!r}"
            if key in {"title", "link"}:
                raise _Nothing(f"{said}: the page's make has changed; look at the page and mend the selector")
            flags.append(said)
    base = _base(tree, fetched)
    found = [
        _entry(feed, node, base, {key: matches[number][0] for key, matches in parts.items() if matches[number]})
        for number, node in enumerate(nodes)
    ]
    entries = [entry for entry in found if entry is not None]
    if not entries:
        raise _Nothing(
            f"what matches select.item = {select.item!r} holds no words: look at the page, mend the selector"
        )
    return _told_apart(feed, entries, fetched.final_url or fetched.url), flags


def _asked(key: str, selector: str, css: Callable[[str], Sequence[LexborNode]]) -> list[LexborNode]:
    try:
        return list(css(selector))
    except SelectolaxError:
        raise _Nothing(f"select.{key} = {selector!r} is no CSS selector: mend it in feeds.toml") from None


def _base(tree: LexborHTMLParser, fetched: Fetched) -> str:
    """What relative links start from: the page, or what its ``<base>`` says."""
    own = fetched.final_url or fetched.url
    return address(own, _attribute(tree.css_first("base[href]"), "href")) or own


def _entry(feed: Feed, node: LexborNode, base: str, parts: Mapping[str, LexborNode]) -> Entry | None:
    anchor = _anchor(parts.get("link", node))
    title = _words(parts.get("title", anchor)) or _words(node)[:TITLE_LONGEST]
    raw, text = _date(parts.get("date")), parts.get("text")
    entry = Entry(
        feed_id=feed.id, link=address(base, _attribute(anchor, "href")), title=title,
        published=moment(_western(raw), feed.zone), published_raw=raw,
        summary=(text.html or "") if text is not None else "",
    )  # fmt: skip
    return entry if title else None


def _anchor(node: LexborNode) -> LexborNode | None:
    """The link itself, or the first one in it."""
    return node if node.tag == "a" and _attribute(node, "href") else node.css_first("a[href]")


def _words(node: LexborNode | None) -> str:
    """What a reader sees of a node; of a picture, what it says in words."""
    if node is None:
        return ""
    return _text(node) or plain_title(_attribute(node.css_first("img[alt]"), "alt"))


def _date(node: LexborNode | None) -> str:
    if node is None:
        return ""
    exact = _attribute(node, "datetime") or _attribute(node.css_first("[datetime]"), "datetime")
    return exact or _text(node)


def _text(node: LexborNode) -> str:
    return one_line(paragraphs(node.html or ""))


def _attribute(node: LexborNode | None, name: str) -> str:
    """An attribute's value; empty where there is no such node or no such attribute."""
    return ((node.attributes.get(name) if node is not None else "") or "").strip()


def _western(raw: str) -> str:
    """A date whose year is counted by a Japanese era, with the common year."""
    text = unicodedata.normalize("NFKC", raw)
    return _ERA.sub(lambda found: str(_ERAS[found[1]] + (1 if found[2] == "元" else int(found[2]))), text)


def _told_apart(feed: Feed, entries: Sequence[Entry], page: str) -> list[Entry]:
    """The entries with what they are known by: link and title, since a page gives no ids; the same one twice is one.

    An item that leads nowhere, or to a place on this very page, has a link that says nothing about which item it is.
    """
    titles: defaultdict[str, set[str]] = defaultdict(set)
    for entry in entries:
        titles[identity(entry.link)].add(folded(entry.title))
    found: dict[str, Entry] = {}
    for entry in entries:
        where, words = identity(entry.link), folded(entry.title)
        guid = _hash(entry.link, words, entry.published_raw if where in {"", identity(page)} else "").hex()
        shared = where in {"", identity(page)} or len(titles[where]) > 1
        made = replace(entry, guid=guid, link=entry.link or page, link_shared=shared)
        said = (VERSION, feed.zone, made.link, str(shared), made.title, made.published_raw, made.summary)
        found.setdefault(guid, replace(made, digest=_hash(*said)))
    return list(found.values())


def _hash(*parts: str) -> bytes:
    return blake2b("\x00".join(parts).encode("utf-8", "surrogatepass"), digest_size=_DIGEST).digest()
