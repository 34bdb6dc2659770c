"""What every kind of document shares: is it a feed at all, which items share an identity, what an item is known by.

Never decides what to do about it: the answers are values of ``Problem`` and words for the operator.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from urllib.parse import urljoin

from lxml import etree

from monitor.clean.urls import is_url
from monitor.entities import Document, Feed, Problem

VERSION = "feed 1"
"""Part of every digest: a parser that makes other entries of the same items looks at each of them anew."""

_HTML = re.compile(r"<(?:!doctype\s+html|html|head|body|meta|script)\b", re.IGNORECASE)
_FEED_ROOT = re.compile(r"<(?:[\w\-]+:)?(?:rss|feed|rdf|channel|urlset|sitemapindex)\b", re.IGNORECASE)
_CHALLENGE = re.compile(
    r"just a moment|cf-chl|challenge-platform|cf-browser-verification|attention required|enable javascript and cookies|"
    r"ddos-guard|checking your browser|are you (?:a )?(?:human|robot)|captcha|access denied|request blocked|"
    r"incapsula|perimeterx|datadome|доступ (?:ограничен|запрещ[её]н)|проверка браузера|アクセスが(?:拒否|制限)",
    re.IGNORECASE,
)
BASE_LONGEST = 2000  # characters; a longer one is no server's, and every short link of the document would repeat it
_REFERENCE = re.compile(r"&#([xX][0-9a-fA-F]{1,8}|[0-9]{1,10});")
_DIGEST = 8  # bytes; among the few hundred items of a feed a chance meeting is one in 10**14
_HEAD = 4096  # characters in which a document shows what it is


def problem_of(text: str) -> tuple[Problem | None, str]:
    """Why ``text`` is no feed document at all: empty, a web page, a wall against robots; None where it may be one."""
    head = text[:_HEAD].lstrip("\ufeff \t\r\n")
    if not head:
        return Problem.EMPTY, "the document is empty"
    feed, page = _FEED_ROOT.search(head), _HTML.search(head)
    if feed is not None and (page is None or feed.start() < page.start()):
        return None, ""
    if page is not None or not head.startswith("<"):
        if _CHALLENGE.search(text[: 4 * _HEAD]):
            return Problem.BLOCKED, "the answer is a wall against robots, not a feed"
        return (
            Problem.NOT_A_FEED,
            "the answer is a web page, not a feed" if page is not None else "the answer is neither XML nor JSON",
        )
    return None, ""


def tree_of(text: str, *, recover: bool) -> etree._Element | None:
    """The document as a tree, nothing fetched and no entity expanded; None where there is none."""
    parser = etree.XMLParser(
        recover=recover, resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False, huge_tree=False,
        remove_comments=True, remove_pis=True, encoding="utf-8",
    )  # fmt: skip
    if recover and "&#" in text:
        text = without_forbidden(text)  # the parser would keep half a character, which raises when it is read
    try:
        return etree.fromstring(text.encode("utf-8", errors="replace"), parser)
    except (etree.XMLSyntaxError, ValueError):
        return None


def without_forbidden(text: str) -> str:
    """A document without references to what is no character of XML: controls, halves of a pair, beyond Unicode."""
    return _REFERENCE.sub(lambda found: found[0] if _is_character(found[1]) else "", text)


def _is_character(number: str) -> bool:
    code = int(number[1:], 16) if number[0] in "xX" else int(number)
    return code in {0x9, 0xA, 0xD} or 0x20 <= code <= 0xD7FF or 0xE000 <= code <= 0xFFFD or 0x10000 <= code <= 0x10FFFF


@lru_cache(maxsize=4096)  # publishers use some dozens of names; more are somebody's experiment
def names(tag: str) -> tuple[str, str]:
    """The namespace and the name within it of an element's tag."""
    space, _, name = tag.rpartition("}")
    return space[1:], name


def local(element: etree._Element) -> str:
    """An element's name without its namespace."""
    tag = element.tag
    return names(tag)[1] if isinstance(tag, str) else ""


def space(element: etree._Element) -> str:
    """An element's namespace (empty: none)."""
    tag = element.tag
    return names(tag)[0] if isinstance(tag, str) else ""


def text_of(element: etree._Element | None) -> str:
    """All characters in an element."""
    if element is None:
        return ""
    return ("".join(element.itertext()) if len(element) else element.text or "").strip()


def address(base: str, link: str) -> str:
    """A link of a document's head as an address that may be asked; empty where it is none."""
    try:
        whole = urljoin(base, link.strip()) if link.strip() else ""
    except ValueError:
        return ""
    return whole if is_url(whole) else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sign:
    """What an item names itself by, as it stands in the document."""

    guid: str = ""
    link: str = ""
    title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """Whether an item's guid, and the page it links to, is another item's as well (see ``Entry``)."""

    guid: bool = False
    link: bool = False


def shared(signs: Sequence[Sign]) -> list[Shared]:
    """Which items of one document share what should identify them.

    A guid is shared where items with other links have it too. A page is shared where an item with another title links
    to it and the publisher tells the two apart: by the link's ``#fragment`` (Hatena diaries) or by the guid. It is not
    where the guids are one address but for the fragment: the BBC lists an article twice, retitled, as ``#1``, ``#8``.
    """
    guids: dict[str, set[str]] = {}
    pages: dict[str, list[Sign]] = {}
    for sign in signs:
        guids.setdefault(sign.guid, set()).add(sign.link)
        pages.setdefault(_page(sign.link), []).append(sign)
    return [
        Shared(
            guid=bool(sign.guid) and len(guids[sign.guid]) > 1,
            link=bool(sign.link) and any(_apart(sign, other) for other in pages[_page(sign.link)][:_COMPARED_MOST]),
        )
        for sign in signs
    ]


_COMPARED_MOST = 50  # items of one page; a document of 10,000 items with one link must not cost their square


def _apart(one: Sign, other: Sign) -> bool:
    if one.title == other.title:
        return False
    if one.link.partition("#")[2] != other.link.partition("#")[2]:
        return True
    return bool(one.guid and other.guid) and _named(one.guid) != _named(other.guid)


def _page(link: str) -> str:
    return link.partition("#")[0]


def _named(guid: str) -> str:
    return _page(guid) if is_url(guid) else guid


class Digester:
    """Digests of one document's items: over each item word for word, and all around it that goes into its entry."""

    def __init__(self, feed: Feed, *around: str) -> None:
        parts = (VERSION, feed.zone, str(feed.query), *around)
        self._start = blake2b("\0".join(parts).encode("utf-8", "replace"), digest_size=_DIGEST)

    def __call__(self, item: bytes, base: str = "", shared: Shared | None = None) -> bytes:
        """The digest of one item."""
        found = self._start.copy()
        found.update(item)
        if base or (shared is not None and (shared.guid or shared.link)):
            found.update(f"\0{base}\0{shared}".encode("utf-8", "replace"))
        return found.digest()


def refused(problem: Problem, flagged: str) -> Document:
    """A document that brought nothing."""
    return Document(entries=(), problem=problem, flagged=flagged)
