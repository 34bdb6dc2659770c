"""News sitemaps: the publishers that have no RSS but tell search engines.

Never follows a sitemap index: the sitemaps it names are feeds of their own in the configuration.
"""

from __future__ import annotations

import re
from urllib.parse import urljoin

from lxml import etree

from monitor.clean.dates import moment
from monitor.clean.text import plain_title
from monitor.entities import Document, Entry, Feed, Fetched, Problem
from monitor.sources.decode import decode, undeclared
from monitor.sources.documents import local, problem_of, refused, text_of, tree_of, with_shared_guids

_NEWS = ("title", "publication_date", "language", "name")
_END = re.compile(r"</(?:[\w\-]+:)?urlset\s*>", re.IGNORECASE)


class Sitemap:
    """The source of kind ``sitemap``."""

    def parse(self, feed: Feed, fetched: Fetched) -> Document:
        """The pages of one sitemap that carry a news title."""
        decoded = decode(fetched.body, fetched.charset)
        problem, said = problem_of(decoded.text)
        if problem is not None:
            return refused(problem, said)
        text = undeclared(decoded.text)
        root, flagged = tree_of(text, recover=False), decoded.flagged
        # What is well-formed is whole; comments of the software that made it may follow the end.
        whole = root is not None or _END.search(text) is not None
        if root is None:
            root, flagged = tree_of(text, recover=True), flagged or "not well-formed"
        if root is None:
            return refused(Problem.MALFORMED, "the XML cannot be read")
        name = local(root).casefold()
        if name == "sitemapindex":
            flagged = f"an index of {len(root)} sitemaps, which is not followed: configure one of them"
            return Document(entries=(), flagged=flagged)
        if name != "urlset":
            return refused(Problem.NOT_A_FEED, f"<{name}> is no sitemap")
        cut = fetched.problem is Problem.CUT_SHORT or not whole
        pages = [child for child in root if local(child) == "url"]
        if cut:
            pages = pages[:-1]
        base = fetched.final_url or fetched.url
        found = [_entry(feed, page, base) for page in pages]
        entries = [entry for entry in found if entry is not None]
        ending = Problem.CUT_SHORT if cut else (None if entries else Problem.EMPTY)
        return Document(
            entries=with_shared_guids(entries), flagged=flagged, problem=ending, skipped=len(found) - len(entries),
        )  # fmt: skip


def _entry(feed: Feed, page: etree._Element, base: str) -> Entry | None:
    link = next((text_of(child) for child in page if local(child) == "loc"), "")
    news = {local(part): text_of(part) for part in page.iter() if local(part) in _NEWS and "news" in str(part.tag)}
    if not link or not news.get("title"):
        return None
    raw = news.get("publication_date", "")
    changed = next((text_of(child) for child in page if local(child) == "lastmod"), "")
    return Entry(
        feed_id=feed.id, link=urljoin(base, link), title=plain_title(news["title"]), lang=news.get("language", ""),
        publisher=plain_title(news.get("name", "")), published=moment(raw, feed.zone), published_raw=raw,
        updated=moment(changed, feed.zone),
    )  # fmt: skip
