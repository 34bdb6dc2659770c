"""The front door: how each kind of feed is parsed, and the one way out to the network (``http``).

A source never fetches: it gets bytes and gives entries, so that an empty answer and a refusal cannot look alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from monitor.entities import Document, Feed, Fetched
from monitor.sources.jsonfeed import JsonFeed
from monitor.sources.page import Page
from monitor.sources.rss import Rss
from monitor.sources.sitemap import Sitemap

_HEAD = 2000  # bytes in which a document names its root


class Source(Protocol):
    """A kind of feed. Never raises for what a publisher sent: a bad document is a ``Document`` with a problem."""

    def parse(self, feed: Feed, fetched: Fetched, seen: frozenset[bytes] = frozenset()) -> Document:
        """The entries of one fetched document, as published, without the items whose digest is in ``seen``."""
        ...


SOURCES: Mapping[str, Source] = {
    "rss": Rss(),
    "sitemap": Sitemap(),
    "jsonfeed": JsonFeed(),
    "page": Page(),
}


def parts_of(feed: Feed, fetched: Fetched) -> tuple[str, ...]:
    """The documents that a fetched sitemap index stands for; every other document stands for itself."""
    if feed.kind != "sitemap" or b"sitemapindex" not in fetched.body[:_HEAD]:
        return ()
    return SOURCES["sitemap"].parse(feed, fetched).parts
