"""JSON Feed, versions 1 and 1.1.

Never trusts a field's type: an item that is not an object, or says nothing, is skipped and counted.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urljoin

from monitor.clean.dates import moment
from monitor.clean.text import one_line
from monitor.entities import Document, Entry, Feed, Fetched, Problem
from monitor.sources.decode import decode
from monitor.sources.documents import Digester, Shared, Sign, address, problem_of, refused, shared


class JsonFeed:
    """The source of kind ``jsonfeed``."""

    def parse(self, feed: Feed, fetched: Fetched, seen: frozenset[bytes] = frozenset()) -> Document:
        """The items of one JSON Feed document."""
        decoded = decode(fetched.body, fetched.charset)
        text = decoded.text.strip()
        if not text:
            return refused(Problem.EMPTY, "the document is empty")
        if not text.startswith("{"):
            problem, said = problem_of(text)
            return refused(problem or Problem.NOT_A_FEED, said or "the answer is no JSON Feed")
        try:
            top = json.loads(text)
        except (ValueError, RecursionError):
            cut = fetched.problem is Problem.CUT_SHORT or not text.endswith("}")
            return refused(Problem.CUT_SHORT if cut else Problem.MALFORMED, "the JSON cannot be read")
        items = top.get("items")
        if not isinstance(items, list):
            return refused(Problem.NOT_A_FEED, "JSON without items is no JSON Feed")
        base = fetched.final_url or fetched.url
        sharing = shared([_sign(item) if isinstance(item, dict) else Sign() for item in items])
        digest = Digester(feed, base)
        entries, digests, unchanged = [], [], 0
        for item, share in zip(items, sharing, strict=True):
            known = digest(_words(item), shared=share)
            if known in seen:
                digests.append(known)
                unchanged += 1
                continue
            entry = _entry(feed, item, base, known, share)
            if entry is not None:
                digests.append(known)
                entries.append(entry)
        return Document(
            entries=tuple(entries), unchanged=unchanged, digests=tuple(digests),
            title=one_line(_text(top, "title")), lang=_text(top, "language"),
            older=address(base, _text(top, "next_url")), hub=_hub(top, base),
            topic=address(base, _text(top, "feed_url")), flagged=decoded.flagged,
            problem=None if digests or not items else Problem.MALFORMED, skipped=len(items) - len(digests),
        )  # fmt: skip


def _sign(item: Mapping[str, Any]) -> Sign:
    return Sign(guid=_guid(item), link=_link(item), title=_text(item, "title"))


def _words(item: Any) -> bytes:
    return json.dumps(item, sort_keys=True).encode()


def _entry(feed: Feed, item: Any, base: str, digest: bytes, share: Shared) -> Entry | None:
    if not isinstance(item, dict):
        return None
    raw = _text(item, "date_published")
    entry = Entry(
        feed_id=feed.id, guid=_guid(item), guid_shared=share.guid, link_shared=share.link, digest=digest,
        link=_resolved(base, _link(item)), title=one_line(_text(item, "title")),
        summary=_text(item, "summary"), content=_text(item, "content_html") or _text(item, "content_text"),
        author=_author(item), lang=_text(item, "language"),
        published=moment(raw, feed.zone), published_raw=raw, updated=moment(_text(item, "date_modified"), feed.zone),
    )  # fmt: skip
    return entry if entry.title or entry.summary or entry.content else None


def _guid(item: Mapping[str, Any]) -> str:
    guid = item.get("id")
    return str(guid).strip() if isinstance(guid, (str, int, float)) else ""


def _link(item: Mapping[str, Any]) -> str:
    return _text(item, "url") or _text(item, "external_url")


def _resolved(base: str, link: str) -> str:
    try:
        return urljoin(base, link) if link else ""
    except ValueError:
        return link


def _author(item: Mapping[str, Any]) -> str:
    authors = item.get("authors")
    first = authors[0] if isinstance(authors, list) and authors else item.get("author")
    return one_line(_text(first, "name")) if isinstance(first, dict) else ""


def _hub(top: Mapping[str, Any], base: str) -> str:
    hubs = top.get("hubs")
    named = [hub for hub in hubs if isinstance(hub, dict)] if isinstance(hubs, list) else []
    return next((address(base, _text(hub, "url")) for hub in named if _text(hub, "type").casefold() == "websub"), "")


def _text(holder: Mapping[str, Any], key: str) -> str:
    value = holder.get(key)
    return value.strip() if isinstance(value, str) else ""
