"""Months of one feed, document by document: what was ever in it, counted without our parser, and what we hold of it.

The counting knows nothing of ``monitor.sources`` and ``monitor.clean``. An item is what stands between ``<item>`` and
``</item>`` in a document read as UTF-8; a document that was cut loses the item it was cut in. Two sightings are one
item where their guids are the same, or where their links are once scheme, ``www.``, the part after ``#`` and the
parameters that only say where a reader came from are off. A title was edited where its letters and digits changed
between one document and the next that shows the item; of two versions in one document the upper one counts. What an item's titles were beyond
the number of edits that are kept of one article is counted apart.
"""

from __future__ import annotations

import datetime as dt
import html
import re
import tarfile
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit

from sqlalchemy import select

from monitor.app import App
from monitor.dedupe import REVISIONS_MOST
from monitor.entities import FeedId
from monitor.intake import Polled
from monitor.store import tables as t

_ITEM = re.compile(r"<item\b.*?</item>", re.DOTALL)
_CDATA = re.compile(r"<!\[CDATA\[(.*?)\]\]>", re.DOTALL)
_CAME_FROM = {"ref", "at_medium", "at_campaign", "at_custom1", "at_custom2", "at_custom3", "at_custom4"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """One item in one document, as the counting reads it."""

    guid: str
    link: str
    title: str

    @property
    def marks(self) -> tuple[str, ...]:
        """What it is known by, most specific first."""
        guid = page(self.guid) if self.guid.startswith("http") else self.guid
        return tuple(mark for mark in (guid and f"guid {guid}", self.link and f"link {page(self.link)}") if mark)


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """One document of the sequence."""

    feed: str
    at: dt.datetime
    body: bytes

    @property
    def sights(self) -> list[Sight]:
        """Its whole items, from the top."""
        text = self.body.decode("utf-8", "replace")
        found = [(_part(item, "guid"), _part(item, "link"), _part(item, "title")) for item in _ITEM.findall(text)]
        return [Sight(guid=guid, link=link, title=title) for guid, link, title in found]


@dataclass(slots=True)
class Counted:
    """Items ever present in a sequence. ``of`` gives an item's number by any of its marks."""

    of: dict[str, int] = field(default_factory=dict)
    titles: dict[int, list[str]] = field(default_factory=lambda: defaultdict(list))
    snapshots: int = 0
    disjoint: int = 0
    returned: int = 0

    @property
    def items(self) -> set[int]:
        """All of them."""
        return set(self.of.values())

    @property
    def edits(self) -> int:
        """Titles that changed."""
        return sum(len(titles) - 1 for titles in self.titles.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What was ever there beside what we hold. Its words are for people; the test compares the fields."""

    feed: str
    snapshots: int
    items: int
    stored: int
    missed: int
    doubled: int
    foreign: int
    returned: int
    edits: int
    revisions: int
    titles_lost: int
    beyond: int
    disjoint: int
    losses: int

    def __str__(self) -> str:
        return (
            f"{self.feed:10} {self.snapshots:5} snapshots  {self.items:5} distinct items  {self.stored:5} stored  "
            f"{self.missed} missed  {self.doubled} doubled  {self.foreign} of no item  {self.returned:4} came back  "
            f"{self.edits:4} title edits  {self.revisions:5} revisions  {self.titles_lost} titles lost  {self.beyond} beyond the cap  "
            f"{self.disjoint:4} documents all new  {self.losses:4} possible losses recorded"
        )


def snapshots(archive: Path, *, every: int = 1) -> Iterator[Snapshot]:
    """The documents of one feed in their order, each ``every``-th of them."""
    with tarfile.open(archive) as tar:
        members = sorted((member for member in tar if member.isfile()), key=lambda member: member.name)
        for member in members[::every]:
            stamp = Path(member.name).name.partition("_")[0]
            at = dt.datetime.strptime(stamp, "%Y%m%dT%H%M%S").replace(tzinfo=dt.UTC)
            opened = tar.extractfile(member)
            assert opened is not None
            yield Snapshot(feed=archive.name.partition(".")[0], at=at, body=opened.read())


def counted(given: Sequence[Snapshot]) -> Counted:
    """The items ever present in these documents."""
    found = Counted()
    parents: list[int] = []

    def root(number: int) -> int:
        while parents[number] != number:
            number = parents[number]
        return number

    for snapshot in given:
        for sight in snapshot.sights:
            known = [root(found.of[mark]) for mark in sight.marks if mark in found.of]
            if not known:
                parents.append(len(parents))
                known = [parents[-1]]
            for other in known[1:]:
                parents[other] = known[0]
            found.of |= dict.fromkeys(sight.marks, known[0])
    found.of = {mark: root(number) for mark, number in found.of.items()}
    _walk(found, given)
    return found


def _walk(found: Counted, given: Sequence[Snapshot]) -> None:
    """Titles as they changed, items that went and came back, and documents of which nothing had been seen before."""
    before: set[int] = set()
    ever: set[int] = set()
    for snapshot in given:
        now: dict[int, str] = {}
        for sight in snapshot.sights:
            if sight.marks:
                now.setdefault(found.of[sight.marks[0]], letters(sight.title))
        for item, title in now.items():
            if not found.titles[item] or found.titles[item][-1] != title:
                found.titles[item].append(title)
        found.snapshots += 1
        found.disjoint += bool(len(now) > 1 and ever and ever.isdisjoint(now))
        found.returned += len((ever & set(now)) - before) if before else 0
        before, ever = set(now) or before, ever | set(now)


def report(feed: str, count: Counted, app: App, losses: int) -> Report:
    """What the database holds of these items."""
    entries, revised, titles = _held(app, FeedId(feed))
    holders: Counter[int] = Counter()
    shown: dict[int, set[str]] = defaultdict(set)
    full: set[int] = set()
    foreign = 0
    for entry, (url, title, edits) in entries.items():
        item = count.of.get(f"link {page(url)}")
        if item is None:
            foreign += 1
            continue
        holders[item] += 1
        full |= {item} if edits >= REVISIONS_MOST else set()
        shown[item] |= {letters(title), *titles[entry]}
    lost = {item: len(set(said) - shown[item]) for item, said in count.titles.items()}
    return Report(
        feed=feed, snapshots=count.snapshots, items=len(count.items), stored=len(entries),
        missed=len(count.items - set(holders)), doubled=sum(number - 1 for number in holders.values()), foreign=foreign,
        returned=count.returned, edits=count.edits, revisions=revised, titles_lost=sum(number for item, number in lost.items() if item not in full),
        beyond=sum(number for item, number in lost.items() if item in full), disjoint=count.disjoint,
        losses=losses,
    )  # fmt: skip


def _held(app: App, feed: FeedId) -> tuple[dict[int, tuple[str, str, int]], int, dict[int, set[str]]]:
    """Entries of a feed with address, title and number of edits, how many edits in all, and the titles they ever had."""
    with app.store.read() as tx:
        rows = tx.connection.execute(
            select(t.entry.c.id, t.entry.c.url, t.entry.c.title, t.entry.c.revisions).where(t.entry.c.feed_id == feed)
        )
        entries = {row.id: (row.url, row.title, row.revisions) for row in rows}
        of_feed = (
            select(t.revision).join(t.entry, t.entry.c.id == t.revision.c.entry_id).where(t.entry.c.feed_id == feed)
        )
        kept = tx.connection.execute(of_feed).all()
    titles: dict[int, set[str]] = defaultdict(set)
    for row in kept:
        titles[row.entry_id].add(letters(row.title))
    return entries, sum(row.number > 0 for row in kept), titles


def losses(polls: Sequence[Polled]) -> int:
    """How many times a poll said that entries may have been missed."""
    return len({polled.state.gap.at for polled in polls if polled.state.gap is not None})


def page(url: str) -> str:
    """A link without what does not tell pages apart."""
    parts = urlsplit(url.strip().replace("&amp;", "&"))
    host = (parts.hostname or "").removeprefix("www.")
    query = urlencode(sorted(pair for pair in parse_qsl(parts.query) if pair[0] not in _CAME_FROM))
    return f"{host}{parts.path.rstrip('/')}?{query}"


def letters(title: str) -> str:
    """The letters and digits of a title, in small ones; some publishers escape theirs twice."""
    plain = re.sub(r"<[^<>]*>", "", html.unescape(title))
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKC", plain).casefold()))


def _part(item: str, name: str) -> str:
    found = re.search(rf"<{name}\b[^>]*>(.*?)</{name}>", item, re.DOTALL)
    if found is None:
        return ""
    text = found[1].strip()
    bare = _CDATA.sub(lambda inner: inner[1], text)
    return (bare if bare != text else html.unescape(text)).strip()
