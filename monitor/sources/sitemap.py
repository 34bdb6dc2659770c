"""News sitemaps: the publishers that have no RSS but tell search engines.

Never follows a sitemap index itself: it names the newest of its parts, and whoever fetches does.
"""

from __future__ import annotations

import datetime as dt
import re
from urllib.parse import urljoin

from lxml import etree

from monitor.clean.dates import moment
from monitor.clean.text import plain_title
from monitor.entities import Document, Entry, Feed, Fetched, Problem
from monitor.sources.decode import decode, undeclared
from monitor.sources.documents import (
    Digester,
    Shared,
    Sign,
    address,
    local,
    names,
    problem_of,
    refused,
    shared,
    text_of,
    tree_of,
)

_NEWS = ("title", "publication_date", "language", "name")
_END = re.compile(r"</(?:[\w\-]+:)?urlset\s*>", re.IGNORECASE)
_UNDATED = dt.datetime.min.replace(tzinfo=dt.UTC)

PARTS_MOST = 5
"""Sitemaps of one index that are asked for: publishers' newest hold two days; the rest is their archive."""


class Sitemap:
    """The source of kind ``sitemap``."""

    def parse(self, feed: Feed, fetched: Fetched, seen: frozenset[bytes] = frozenset()) -> Document:
        """The pages of one sitemap that carry a news title, or the newest parts of an index."""
        decoded = decode(fetched.body, fetched.charset)
        problem, said = problem_of(decoded.text)
        if problem is not None:
            return refused(problem, said)
        text = undeclared(decoded.text)
        root, flagged = tree_of(text, recover=False), decoded.flagged
        # What is well-formed is whole; comments of the software that made it may follow the end.
        sound = root is not None
        whole = sound or _END.search(text) is not None
        if root is None:
            root, flagged = tree_of(text, recover=True), flagged or "not well-formed"
        if root is None:
            return refused(Problem.MALFORMED, "the XML cannot be read")
        name = local(root).casefold()
        base = fetched.final_url or fetched.url
        if name == "sitemapindex":
            return _index(feed, root, base, flagged)
        if name != "urlset":
            return refused(Problem.NOT_A_FEED, f"<{name}> is no sitemap")
        cut = fetched.problem is Problem.CUT_SHORT or not whole
        pages = [child for child in root if local(child) == "url"]
        if cut:
            pages = pages[:-1]
        return _document(feed, pages, base, seen, flagged=flagged, cut=cut, sound=sound)


def _document(
    feed: Feed, pages: list[etree._Element], base: str, seen: frozenset[bytes], *, flagged: str, cut: bool, sound: bool
) -> Document:
    """The news among the pages; what a parser had to recover (not ``sound``) is read in full every time."""
    digest = Digester(feed, base)
    found = [(page, _news(page)) for page in pages]
    sharing = shared([Sign(link=news.get("loc", ""), title=news.get("title", "")) for _, news in found])
    entries, digests, unchanged = [], [], 0
    for (page, news), share in zip(found, sharing, strict=True):
        if not news.get("loc") or not news.get("title"):
            continue
        digests.append(digest(etree.tostring(page, with_tail=False), shared=share))
        if sound and digests[-1] in seen:
            unchanged += 1
        else:
            entries.append(_entry(feed, news, base, digests[-1] if sound else b"", share))
    return Document(
        entries=tuple(entries), unchanged=unchanged, digests=tuple(digests) if sound else (), flagged=flagged,
        problem=Problem.CUT_SHORT if cut else (None if digests else Problem.EMPTY), skipped=len(pages) - len(digests),
    )  # fmt: skip


def _index(feed: Feed, root: etree._Element, base: str, flagged: str) -> Document:
    """The newest parts of an index, newest first; undated ones last, in their order."""
    found = []
    for part in root:
        said = {local(child): text_of(child) for child in part}
        url = address(base, said.get("loc", ""))
        if url:
            found.append((moment(said.get("lastmod", ""), feed.zone) or _UNDATED, url))
    found.sort(key=lambda part: part[0], reverse=True)
    parts = tuple(url for _, url in found[:PARTS_MOST])
    return Document(entries=(), parts=parts, flagged=flagged, problem=None if parts else Problem.EMPTY)


def _news(page: etree._Element) -> dict[str, str]:
    said = {local(child): text_of(child) for child in page if local(child) in {"loc", "lastmod"}}
    for part in page.iter():
        if local(part) in _NEWS and "news" in names(str(part.tag))[0]:
            said[local(part)] = text_of(part)
    return said


def _entry(feed: Feed, news: dict[str, str], base: str, digest: bytes, share: Shared) -> Entry:
    raw = news.get("publication_date", "")
    return Entry(
        feed_id=feed.id, guid=news["loc"] if share.link else "", link=_resolved(base, news["loc"]),
        link_shared=share.link, digest=digest,
        title=plain_title(news["title"]), lang=news.get("language", ""), publisher=plain_title(news.get("name", "")),
        published=moment(raw, feed.zone), published_raw=raw, updated=moment(news.get("lastmod", ""), feed.zone),
    )  # fmt: skip


def _resolved(base: str, link: str) -> str:
    try:
        return urljoin(base, link)
    except ValueError:
        return link
