"""RSS 0.9 to 2.0, RDF and Atom: a tree first, feedparser for the breadth of formats where the tree does not say it all.

Never hands feedparser an address, a document it would have to decode, an item with links of other articles inside, or
an item that stood in the document before.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

import feedparser
from lxml import etree

from monitor.entities import Document, Entry, Feed, Fetched, Problem
from monitor.sources import channel as head
from monitor.sources.decode import decode
from monitor.sources.documents import BASE_LONGEST, Digester, Shared, local, refused, shared
from monitor.sources.items import ABOUT, ITEMS, Item, entry, item_of, plain, prune
from monitor.sources.jsonfeed import JsonFeed
from monitor.sources.mending import Reading, read


class Rss:
    """The source of kind ``rss``."""

    def parse(self, feed: Feed, fetched: Fetched, seen: frozenset[bytes] = frozenset()) -> Document:
        """The whole items of one document; what was wrong with it stands in ``flagged``."""
        decoded = decode(fetched.body, fetched.charset)
        if decoded.text.lstrip()[:1] == "{":
            return JsonFeed().parse(feed, fetched, seen)
        cut = fetched.problem is Problem.CUT_SHORT
        reading = read(decoded.text, size=len(fetched.body), flagged=decoded.flagged, cut=cut)
        if reading.root is None:
            return refused(reading.problem or Problem.MALFORMED, "; ".join(reading.flags))
        return _document(feed, fetched, reading, reading.root, seen)


def _document(
    feed: Feed, fetched: Fetched, reading: Reading, root: etree._Element, seen: AbstractSet[bytes]
) -> Document:
    channel = head.channel_of(root)
    base = head.base_of(channel, fetched)
    items = reading.items
    found = _Items(feed, root, reading, base)
    fresh = [place for place in range(len(items)) if not reading.sound or found.digests[place] not in seen]
    entries, unread, sound = found.entries(fresh, reading)
    title = head.title(channel)
    problem = Problem.CUT_SHORT if reading.cut else None
    if not entries and len(fresh) == len(items) and not problem:
        broken = unread or (reading.flags and not title)
        problem = Problem.MALFORMED if broken else (None if title else Problem.EMPTY)
    own = fetched.final_url or fetched.url  # pages and hubs are the document's; only items' links may start elsewhere
    hub, topic = head.hub(channel, own)
    return Document(
        entries=tuple(entries), unchanged=len(items) - len(fresh), skipped=len(unread),
        digests=tuple(digest for place, digest in enumerate(found.digests) if place not in unread) if sound else (),
        title=title, lang=head.language(root, channel), ttl=head.ttl(channel), rests=head.rests(channel),
        older=head.older(root, channel, own), hub=hub, topic=topic, problem=problem,
        flagged="; ".join(reading.flags) or ("the document holds no entry" if problem is Problem.EMPTY else ""),
    )  # fmt: skip


class _Items:
    """The items of one document, with what each is known by; taken before any of them is taken out of the tree."""

    def __init__(self, feed: Feed, root: etree._Element, reading: Reading, base: str) -> None:
        self.feed, self.root, self.elements, self.base = feed, root, reading.items, base
        self.around = [_around(element) for element in self.elements]
        self.shared = (
            shared([item_of(element).sign for element in self.elements])
            if reading.apart
            else _shared(root, self.elements)
        )
        digest = Digester(feed, feedparser.__version__, str(root.tag), base)
        # Where all is ASCII both give the same bytes, this one in half the time; elsewhere it takes five times as long.
        encoding = "us-ascii" if reading.ascii else "utf-8"
        self.digests = [
            digest(etree.tostring(element, encoding=encoding, with_tail=False), around, shared)
            for element, around, shared in zip(self.elements, self.around, self.shared, strict=True)
        ]

    def entries(self, places: Sequence[int], reading: Reading) -> tuple[list[Entry], set[int], bool]:
        """The entries at these places, the places that gave none, and whether all of it was read without a doubt.

        What was read with doubt is read in full every time: its items are known by nothing.
        """
        for place in places:
            prune(self.elements[place])
        items = {place: item_of(self.elements[place]) for place in places}
        easy = reading.sound or reading.apart
        said = {place: plain(item) if easy else None for place, item in items.items()}
        hard = [place for place in places if said[place] is None]
        theirs = self._feedparsed(hard) if hard and not reading.apart else ()
        # Else feedparser raised, or counted otherwise: the tree has the items, if not their texts as it takes them.
        agreed = len(theirs) == len(hard)
        if agreed:
            said.update(zip(hard, theirs, strict=True))
        sound = agreed and reading.sound
        made: list[Entry] = []
        unread: set[int] = set()
        for place in places:
            one = self._entry(place, items[place], said[place] or {}, self.digests[place] if sound else b"")
            if one is None:
                unread.add(place)
            else:
                made.append(one)
        return made, unread, sound

    def _entry(self, place: int, item: Item, other: Mapping[str, Any], digest: bytes) -> Entry | None:
        try:
            return entry(
                self.feed, item, other, base=self.base, around=self.around[place],
                digest=digest, shared=self.shared[place],
            )  # fmt: skip
        except Exception:  # noqa: BLE001 -- one bad item must not take the others with it (behaviours 46, 47)
            return None

    def _feedparsed(self, places: Sequence[int]) -> Sequence[Mapping[str, Any]]:
        """feedparser's entries for the document without all other items."""
        wanted = {self.elements[place] for place in places}
        for element in list(self.root.iter(*ITEMS)):
            parent = element.getparent()
            if parent is not None and element not in wanted and next(element.iterancestors(*ITEMS), None) is None:
                parent.remove(element)
        headers = {"content-type": "application/xml; charset=utf-8", "content-location": self.base}
        try:
            # Nobody shows this markup: ``clean`` takes the words out of it. With or without sanitising these words
            # were the same for all 16,693 items of the recorded documents; it and links are a quarter of its time.
            parsed = feedparser.parse(
                io.BytesIO(etree.tostring(self.root, encoding="utf-8")), response_headers=headers,
                resolve_relative_uris=False, sanitize_html=False,
            )  # fmt: skip
        except Exception:  # noqa: BLE001 -- feedparser raises what its parsers raise; the tree still has the items
            return ()
        found: Sequence[Mapping[str, Any]] = parsed.get("entries", ())
        return found


def _around(element: etree._Element) -> str:
    around = element.base or ""
    return around if len(around) <= BASE_LONGEST else ""


_NAMES = ("{*}guid", "{*}id", "{*}link")


def _shared(root: etree._Element, elements: Sequence[etree._Element]) -> list[Shared]:
    """Which items share a guid or a page; only those are looked at closely whose guid or link stands there twice."""
    places = {element: place for place, element in enumerate(elements)}
    holders: dict[str, set[int]] = {}
    for child in root.iter(*_NAMES):
        parent = child.getparent()
        place = places.get(parent) if parent is not None else None
        if place is not None and child.get("rel", "alternate") == "alternate":
            name = (child.text or child.get("href") or "").strip().partition("#")[0]
            holders.setdefault(name, set()).add(place)
    for element, place in places.items() if local(root) == "RDF" else ():
        holders.setdefault(element.get(ABOUT, "").partition("#")[0], set()).add(place)
    holders.pop("", None)
    twice = sorted({place for among in holders.values() if len(among) > 1 for place in among})
    found = [Shared()] * len(elements)
    for place, share in zip(twice, shared([item_of(elements[place]).sign for place in twice]), strict=True):
        found[place] = share
    return found
