"""The front door: how each kind of feed is parsed, and the one way out to the network (``http``).

A source never fetches: it gets bytes and gives entries, so that an empty answer and a refusal cannot look alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from monitor.entities import Document, Feed, Fetched
from monitor.sources.jsonfeed import JsonFeed
from monitor.sources.rss import Rss
from monitor.sources.sitemap import Sitemap


class Source(Protocol):
    """A kind of feed. Never raises for what a publisher sent: a bad document is a ``Document`` with a problem."""

    def parse(self, feed: Feed, fetched: Fetched) -> Document:
        """The entries of one fetched document, as published."""
        ...


SOURCES: Mapping[str, Source] = {
    "rss": Rss(),
    "sitemap": Sitemap(),
    "jsonfeed": JsonFeed(),
}
