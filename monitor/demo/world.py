"""The scripted week as feed documents: what each feed shows at a given time. It never looks at a clock."""

from __future__ import annotations

import datetime as dt
import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from email.utils import format_datetime
from functools import cached_property
from importlib.resources import files
from typing import Any
from xml.sax.saxutils import escape

SITE = "https://{feed}.example/"
"""Where the invented articles stand; ``.example`` leads nowhere (RFC 2606)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One item as a feed shows it from ``at`` on."""

    feed: str
    guid: str
    at: dt.datetime
    published: dt.datetime
    title: str
    text: str
    link: str
    story: str = ""
    expect: str = "off-beat"


class World:
    """The week: which items stand in which feed at which time."""

    def __init__(self, week: Mapping[str, Any]) -> None:
        self.week = week
        self.start: dt.datetime = week["start"]
        self.end: dt.datetime = week["end"]

    @classmethod
    def shipped(cls) -> World:
        """The week that comes with the package."""
        return cls(tomllib.loads(files("monitor.demo").joinpath("week.toml").read_text(encoding="utf-8")))

    @cached_property
    def changes(self) -> tuple[Item | tuple[str, dt.datetime], ...]:
        """Everything that happens, in order: an item (new or edited), or a feed that re-issues all its items."""
        first = {row["guid"]: row for row in self.week["item"]}
        made: list[Item | tuple[str, dt.datetime]] = [self._item(row, row["at"]) for row in self.week["item"]]
        made += [self._item({**first[row["guid"]], **row}, first[row["guid"]]["at"]) for row in self.week["edit"]]
        made += [(row["feed"], row["at"]) for row in self.week["reissue"]]
        made += self._general()
        return tuple(sorted(made, key=lambda change: change.at if isinstance(change, Item) else change[1]))

    @cached_property
    def items(self) -> tuple[Item, ...]:
        """Every item and every edit of one, in order of appearance."""
        return tuple(change for change in self.changes if isinstance(change, Item))

    @cached_property
    def times(self) -> tuple[dt.datetime, ...]:
        """When something changes after the start, in order."""
        moments = {change.at if isinstance(change, Item) else change[1] for change in self.changes}
        return tuple(sorted(moment for moment in moments if moment > self.start))

    def shown(self, feed: str, now: dt.datetime) -> tuple[Item, ...]:
        """The items of a feed at a time, newest first; an edited one stands where it stood."""
        items: dict[str, Item] = {}
        for change in self.changes:
            if isinstance(change, Item):
                if change.feed == feed and change.at <= now:
                    items[change.guid] = change
            elif change[0] == feed and change[1] <= now:
                items = {item.guid: _reissued(item) for item in items.values()}
        return tuple(sorted(items.values(), key=lambda item: (item.published, item.guid), reverse=True))

    def document(self, feed: str, now: dt.datetime) -> bytes:
        """The feed as RSS 2.0."""
        row = next(row for row in self.week["feed"] if row["id"] == feed)
        items = "".join(_xml(item) for item in self.shown(feed, now))
        lang = f"<language>{row['lang']}</language>" if row["lang"] else ""
        return (
            f'<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0"><channel><title>{escape(row["title"])}</title>'
            f"<link>{SITE.format(feed=feed)}</link><description>Invented for a demonstration</description>{lang}{items}"
            "</channel></rss>\n"
        ).encode()

    def _item(self, row: Mapping[str, Any], published: dt.datetime) -> Item:
        return Item(
            feed=row["feed"],
            guid=row["guid"],
            at=row["at"],
            published=published,
            title=row["title"],
            text=row["text"].strip(),
            link=f"{SITE.format(feed=row['feed'])}{row['guid']}",
            story=row.get("story", ""),
            expect=row["expect"],
        )

    def _general(self) -> list[Item | tuple[str, dt.datetime]]:
        general = self.week["general"]
        step = (self.end - self.start) / (len(general["titles"]) + 1)
        made: list[Item | tuple[str, dt.datetime]] = []
        for number, title in enumerate(general["titles"]):
            at = (self.start + step * number).replace(minute=30, second=0, microsecond=0)
            guid = f"gm-{number:03d}"
            link = f"{SITE.format(feed=general['feed'])}{guid}"
            made.append(Item(feed=general["feed"], guid=guid, at=at, published=at, title=title, text="", link=link))
        return made


def _reissued(item: Item) -> Item:
    """The same item under a new guid and another address of the same page, as a redesign leaves it."""
    return replace(item, guid=f"urn:{item.guid}", link=item.link.replace("https://", "http://www.") + "?utm_source=rss")


def _xml(item: Item) -> str:
    body = "".join(f"<p>{escape(line)}</p>" for line in item.text.splitlines())
    return (
        f"<item><title>{escape(item.title)}</title><link>{escape(item.link)}</link>"
        f'<guid isPermaLink="false">{item.guid}</guid>'
        f"<pubDate>{format_datetime(item.published)}</pubDate><description>{escape(body)}</description></item>"
    )


def etag(body: bytes) -> str:
    """A strong validator of a document (RFC 9110, 8.8.3)."""
    return f'"{hashlib.sha256(body).hexdigest()[:16]}"'
