"""What every kind of document shares: is it a feed at all, is it whole, which guids are shared.

Never decides what to do about it: the answers are values of ``Problem`` and words for the operator.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from lxml import etree

from monitor.entities import Document, Entry, Problem

_HTML = re.compile(r"<(?:!doctype\s+html|html|head|body|meta|script)\b", re.IGNORECASE)
_FEED_ROOT = re.compile(r"<(?:[\w\-]+:)?(?:rss|feed|rdf|channel|urlset|sitemapindex)\b", re.IGNORECASE)
_CHALLENGE = re.compile(
    r"just a moment|cf-chl|challenge-platform|cf-browser-verification|attention required|enable javascript and cookies|"
    r"ddos-guard|checking your browser|are you (?:a )?(?:human|robot)|captcha|access denied|request blocked|"
    r"incapsula|perimeterx|datadome|доступ (?:ограничен|запрещ[её]н)|проверка браузера|アクセスが(?:拒否|制限)",
    re.IGNORECASE,
)
_TAG = re.compile(r"<(/?)[A-Za-z_][^<>]{0,5000}?(/?)>")
_DEEPEST = 1000  # elements within elements, unclosed <br> of careless markup counted; real feeds stay below 12
_UNCLOSED_MOST = 20  # sections opened after the last end of one: each of them costs a look through the whole rest
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


def is_bomb(text: str) -> bool:
    """Whether a document is made to cost: nested or opened beyond reason. Looks at the tags only, in one pass."""
    for opener, closer in (("<![CDATA[", "]]>"), ("<!--", "-->"), ("<!DOCTYPE", ">")):
        if text.count(opener, text.rfind(closer) + 1) > _UNCLOSED_MOST:
            return True
    depth = 0
    for tag in _TAG.finditer(text):
        depth += -1 if tag[1] else (0 if tag[2] else 1)
        if depth > _DEEPEST:
            return True
    return False


def tree_of(text: str, *, recover: bool) -> etree._Element | None:
    """The document as a tree, nothing fetched and no entity expanded; None where there is none."""
    parser = etree.XMLParser(
        recover=recover, resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False, huge_tree=False,
        remove_comments=True, remove_pis=True, encoding="utf-8",
    )  # fmt: skip
    try:
        return etree.fromstring(text.encode("utf-8", errors="replace"), parser)
    except (etree.XMLSyntaxError, ValueError):
        return None


def local(element: etree._Element) -> str:
    """An element's name without its namespace."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def text_of(element: etree._Element | None) -> str:
    """All characters in an element."""
    return "".join(element.itertext()).strip() if element is not None else ""


def with_shared_guids(entries: Sequence[Entry]) -> tuple[Entry, ...]:
    """The entries, those marked whose guid more than one of them carries (with another link): it identifies nothing."""
    links: dict[str, set[str]] = {}
    for entry in entries:
        links.setdefault(entry.guid, set()).add(entry.link)
    counts = Counter(entry.guid for entry in entries if entry.guid)
    return tuple(
        replace(entry, guid_shared=True) if counts[entry.guid] > 1 and len(links[entry.guid]) > 1 else entry
        for entry in entries
    )


def refused(problem: Problem, flagged: str) -> Document:
    """A document that brought nothing."""
    return Document(entries=(), problem=problem, flagged=flagged)
