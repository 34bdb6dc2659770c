"""JSON Feed, versions 1 and 1.1.

Never trusts a field's type: an item that is not an object, or says nothing, is skipped and counted.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urljoin

from monitor.clean.dates import moment
from monitor.clean.text import one_line
from monitor.entities import Document, Entry, Feed, Fetched, Problem
from monitor.sources.decode import decode
from monitor.sources.documents import problem_of, refused, with_shared_guids


class JsonFeed:
    """The source of kind ``jsonfeed``."""

    def parse(self, feed: Feed, fetched: Fetched) -> Document:
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
        entries, skipped = [], 0
        for item in items:
            entry = _entry(feed, item, base)
            if entry is None:
                skipped += 1
            else:
                entries.append(entry)
        return Document(
            entries=with_shared_guids(entries), title=one_line(_text(top, "title")), lang=_text(top, "language"),
            flagged=decoded.flagged, problem=None if entries or not items else Problem.MALFORMED, skipped=skipped,
        )  # fmt: skip


def _entry(feed: Feed, item: Any, base: str) -> Entry | None:
    if not isinstance(item, dict):
        return None
    link = _text(item, "url") or _text(item, "external_url")
    raw = _text(item, "date_published")
    guid = item.get("id")
    entry = Entry(
        feed_id=feed.id, guid=str(guid).strip() if isinstance(guid, (str, int, float)) else "",
        link=urljoin(base, link) if link else "", title=one_line(_text(item, "title")),
        summary=_text(item, "summary"), content=_text(item, "content_html") or _text(item, "content_text"),
        author=_author(item), lang=_text(item, "language"),
        published=moment(raw, feed.zone), published_raw=raw, updated=moment(_text(item, "date_modified"), feed.zone),
    )  # fmt: skip
    return entry if entry.title or entry.summary or entry.content else None


def _author(item: dict[str, Any]) -> str:
    authors = item.get("authors")
    first = authors[0] if isinstance(authors, list) and authors else item.get("author")
    return one_line(_text(first, "name")) if isinstance(first, dict) else ""


def _text(holder: dict[str, Any], key: str) -> str:
    value = holder.get(key)
    return value.strip() if isinstance(value, str) else ""
