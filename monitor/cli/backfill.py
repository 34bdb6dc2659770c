"""``monitor backfill``: history without alerts. The same corridor as a poll, at the time of each article.

It never alerts (asked with ``--alert`` it makes one digest) and never moves a feed's memory. What is in already stays
as it is, so a source can be taken in again; a checkpoint a file (in the database's ``meta``) only spares the time.
"""

from __future__ import annotations

import collections
import contextlib
import dataclasses
import datetime as dt
import hashlib
import json
import signal
import sys
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from monitor.app import App
from monitor.cli.common import AsJson, ConfigDir, err, note, open_app, parse_time, print_json, say, table, utc_now
from monitor.cli.lines import Reader, markup
from monitor.entities import AlertReason, Destination, DigestItem, Entry, Feed, FeedId, Fetched, Mode, Verdict
from monitor.errors import UsageError

if TYPE_CHECKING:
    from monitor.clean import Page

LINES = frozenset({".jsonl", ".ndjson"})
FEEDS = frozenset({".xml", ".rdf", ".rss", ".atom", ".json"})
TEXTS = frozenset({".txt", ".text", ".md"})
Found = dict[Destination, list[DigestItem]]
"""What a backfill is asked to tell, by destination; a kill forgets it, and the articles stay."""
STEP = 200
"""Articles between two checkpoints: what is taken in again after a kill, a second or two of work."""
BLOCK = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One article of a source, with the feed it stands for, its time, and where the source stands after it."""

    feed: Feed
    entry: Entry
    at: dt.datetime
    offset: int


@dataclass(slots=True, kw_only=True)
class Tally:
    """What became of one source."""

    source: str
    read: int = 0
    new: int = 0
    known: int = 0
    on_beat: int = 0
    developments: int = 0
    outside: int = 0
    unreadable: int = 0
    skipped: bool = False
    verdicts: Counter[str] = field(default_factory=Counter)

    @property
    def rejected(self) -> int:
        """What could not be read, and what was read and could not be taken in."""
        return self.unreadable + self.verdicts[Verdict.REJECTED]


def backfill(
    sources: Annotated[
        list[Path],
        typer.Argument(metavar="SOURCE", help="JSON lines, saved feed documents, text files, folders of them."),
    ],
    config: ConfigDir = None,
    since: Annotated[str | None, typer.Option("--since", metavar="TIME", help="Nothing published before.")] = None,
    until: Annotated[str | None, typer.Option("--until", metavar="TIME", help="Nothing published after.")] = None,
    feed: Annotated[
        str | None, typer.Option("--feed", metavar="FEED", help="The configured feed that saved documents are of.")
    ] = None,
    alert: Annotated[
        bool, typer.Option("--alert", help="Tell what is found in one digest at the end; without it nothing is told.")
    ] = False,
    resume: Annotated[
        bool, typer.Option("--resume/--no-resume", help="Go on where an earlier run of the same file stopped.")
    ] = True,
    as_json: AsJson = False,
) -> None:
    """Take in history without alerts: JSON lines (as for replay), saved feed documents, folders of text files.

    With --alert the developments that it holds are told in one digest at its end, in as many messages as that takes.

    Stories, facts and copies are found as if the articles had come in at their time. A running daemon is no obstacle;
    an interrupted run goes on where it stopped. A saved document that is named like a feed (nhk-international.xml) is
    taken as that feed's.

    Examples:
      monitor backfill archive.jsonl
      monitor backfill saved-feeds/ --since 2025-01-01 --until 2025-12-31
      monitor backfill nhk.xml --feed nhk-international --json
      monitor backfill last-week/ --alert
    """
    window = (parse_time(since, "--since") if since else None, parse_time(until, "--until") if until else None)
    files = [file for source in sources for file in _files(source)]
    app = open_app(config)
    known = {one.id: one for one in app.feeds}
    if feed is not None and feed not in known:
        raise UsageError(f"no feed has the id {feed!r}; `monitor feeds list --all` shows them")
    stop = threading.Event()
    found: Found | None = collections.defaultdict(list) if alert else None
    with _interrupts(stop):
        of = known.get(FeedId(feed)) if feed else None
        tallies = _all(app, files, window, feed=of, resume=resume, stop=stop, found=found)
    messages = app.tell_history(found, utc_now()) if found else 0
    if as_json:
        print_json({"complete": not stop.is_set(), "sources": tallies, "digests": messages})
    else:
        _show(tallies, messages)
    if stop.is_set():
        note("interrupted; run the same command again to go on")
        raise typer.Exit(1)


def _files(source: Path) -> list[Path]:
    """The files of a source, in the order of their names."""
    if source.is_dir():
        files = sorted(
            path for path in source.rglob("*") if path.suffix.lower() in LINES | FEEDS | TEXTS and path.is_file()
        )
        if not files:
            raise UsageError(f"{source}: holds no {', '.join(sorted(LINES | FEEDS | TEXTS))} file")
        return files
    if not source.is_file():
        raise UsageError(f"{source}: there is no such file or folder")
    if source.suffix.lower() not in LINES | FEEDS | TEXTS:
        raise UsageError(f"{source}: its kind is not known; name it {', '.join(sorted(LINES | FEEDS | TEXTS))}")
    return [source]


@contextlib.contextmanager
def _interrupts(stop: threading.Event) -> Iterator[None]:
    """Ctrl-C and SIGTERM end the run after the article at hand; its checkpoint is written."""
    before = {number: signal.signal(number, lambda *_: stop.set()) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _all(
    app: App,
    files: Sequence[Path],
    window: tuple[dt.datetime | None, dt.datetime | None],
    *,
    feed: Feed | None,
    resume: bool,
    stop: threading.Event,
    found: Found | None,
) -> list[Tally]:
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    tallies = []
    columns = TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn()
    with Progress(*columns, console=err, transient=True, disable=not sys.stderr.isatty()) as progress:
        for path in _by_date(files):
            if stop.is_set():
                break
            total = path.stat().st_size
            task = progress.add_task(path.name[:40], total=total)
            tally = Tally(source=str(path))
            tallies.append(tally)
            for offset in _one(app, path, tally, window, feed=feed, resume=resume, stop=stop, found=found):
                progress.update(task, completed=offset)
            progress.update(task, completed=total)
    return tallies


def _by_date(files: Sequence[Path]) -> list[Path]:
    """Text files are one article each: in the order of their dates. All others keep their place."""
    texts = [path for path in files if path.suffix.lower() in TEXTS]
    others = [path for path in files if path.suffix.lower() not in TEXTS]
    pages = {path: _page(path) for path in texts}
    return others + sorted(texts, key=lambda path: (pages[path][1], path))


# ------------------------------------------------------------------------------------------------- one source


def _one(
    app: App,
    path: Path,
    tally: Tally,
    window: tuple[dt.datetime | None, dt.datetime | None],
    *,
    feed: Feed | None,
    resume: bool,
    stop: threading.Event,
    found: Found | None,
) -> Iterator[int]:
    """Take one file in, article by article; yields how far it has come."""
    mark = Checkpoint(app, path, feed, window)
    start = mark.offset() if resume else 0
    if start >= path.stat().st_size and start:
        tally.skipped = True
        return
    since, until = window
    done = start
    for item in _items(app, path, tally, feed, start):
        if stop.is_set():
            mark.keep(done)
            return
        tally.read += 1
        if (since is not None and item.at < since) or (until is not None and item.at > until):
            tally.outside += 1
        else:
            _take(app, item, tally, found)
        done = max(done, item.offset)
        if tally.read % STEP == 0:
            mark.keep(done)
        yield done
    mark.keep(path.stat().st_size)


def _take(app: App, item: Item, tally: Tally, found: Found | None) -> None:
    mode = Mode.BACKFILL if found is None else Mode.RETOLD
    accounts = app.pipeline.ingest(item.feed, (item.entry,), now=item.at, mode=mode)
    if not accounts:
        tally.known += 1
    for account in accounts:
        tally.new += 1
        tally.verdicts[account.verdict] += 1
        tally.on_beat += account.verdict not in {Verdict.OFF_BEAT, Verdict.REJECTED}
        tally.developments += account.verdict is Verdict.DEVELOPMENT
        if found is not None and account.alert is AlertReason.DIGEST:
            told, places = app.retold(account, publisher=item.feed.publisher, at=item.at)
            for place in places:
                found[place].append(told)


def _items(app: App, path: Path, tally: Tally, feed: Feed | None, start: int) -> Iterator[Item]:
    kind = path.suffix.lower()
    if kind in LINES:
        yield from _lines(app, path, tally, feed, start)
    elif kind in FEEDS:
        yield from _document(app, path, tally, feed)
    else:
        yield from _text_file(app, path, tally, feed)


def _lines(app: App, path: Path, tally: Tally, feed: Feed | None, start: int) -> Iterator[Item]:
    bad: list[str] = []
    reader = Reader(path=path, feed=feed.id if feed else FeedId("backfill"), feeds=app.feeds, bad=bad)
    for line in reader.lines(skip=start):
        yield Item(feed=line.feed, entry=line.entry, at=line.at, offset=line.end)
    tally.unreadable += len(bad)
    for said in bad[:3]:
        note(said)


def _document(app: App, path: Path, tally: Tally, feed: Feed | None) -> Iterator[Item]:
    """A saved feed document, oldest entry first; an entry without a date has the file's."""
    from monitor.sources import SOURCES

    saved = dt.datetime.fromtimestamp(path.stat().st_mtime, dt.UTC)
    named = feed or next((one for one in app.feeds if one.id == path.stem), None)
    kind = "jsonfeed" if path.suffix.lower() == ".json" else "rss"
    known = named or Feed(id=FeedId("backfill"), url="", publisher="", family="unknown")
    fetched = Fetched(feed_id=known.id, url=known.url, at=saved, status=200, body=_bytes(path))
    document = SOURCES[kind].parse(dataclasses.replace(known, kind=kind), fetched)
    if document.problem is not None:
        note(f"{path}: {document.problem}: {document.flagged}")
        tally.unreadable += 1
    tally.unreadable += document.skipped
    if named is None:
        known = dataclasses.replace(known, publisher=document.title or path.stem)
        known = dataclasses.replace(known, family=_family(app, known.publisher))
    dated = [(entry.published or entry.updated or saved, entry) for entry in document.entries]
    for at, entry in sorted(dated, key=lambda pair: pair[0]):
        yield Item(feed=known, entry=entry, at=at, offset=0)


def _text_file(app: App, path: Path, tally: Tally, feed: Feed | None) -> Iterator[Item]:
    page, at = _page(path)
    if page is None:
        note(f"{path}: is no UTF-8 text")
        tally.unreadable += 1
        return
    if page.published_at is None:
        note(f"{path}: shows no date; taken as of the file's own, {at:%Y-%m-%d}")
    publisher = page.publisher or (feed.publisher if feed else "unknown")
    known = Feed(
        id=feed.id if feed else FeedId("backfill"), url="", publisher=publisher, family=_family(app, publisher)
    )
    digest = hashlib.blake2b(page.text.encode("utf-8", "replace"), digest_size=12).hexdigest()
    entry = Entry(
        feed_id=known.id, guid=f"text:{digest}", title=page.title, content=markup(page.text), publisher=publisher,
        lang=page.lang, published=at,
    )  # fmt: skip
    yield Item(feed=known, entry=entry, at=at, offset=path.stat().st_size)


def _page(path: Path) -> tuple[Page | None, dt.datetime]:
    """A text file as a page, and its time: what it shows, else the file's."""
    from monitor import clean

    saved = dt.datetime.fromtimestamp(path.stat().st_mtime, dt.UTC)
    try:
        page = clean.clean_page(_bytes(path).decode("utf-8-sig"), name=path.name, now=utc_now())
    except UnicodeDecodeError:
        return None, saved
    return page, page.published_at or saved


def _family(app: App, publisher: str) -> str:
    held = next((one.family for one in app.feeds if one.publisher.casefold() == publisher.casefold()), "")
    return held or "-".join(publisher.casefold().split()) or "unknown"


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror})") from None


class Checkpoint:
    """How far a file was taken in: its length then, the hash of that much of it, and the offset reached.

    A file that grew at its end goes on behind what was taken in; a file that changed starts again.
    """

    def __init__(
        self, app: App, path: Path, feed: Feed | None, window: tuple[dt.datetime | None, dt.datetime | None]
    ) -> None:
        self.app = app
        self.path = path
        asked = [feed.id if feed else None, *(str(time) if time else None for time in window)]
        name = json.dumps([str(path.resolve()), *asked])
        self.key = f"backfill:{hashlib.blake2b(name.encode(), digest_size=12).hexdigest()}"

    def offset(self) -> int:
        """Bytes that need not be read again."""
        with self.app.store.read() as tx:
            raw = tx.meta(self.key)
        if raw is None:
            return 0
        held: dict[str, Any] = json.loads(raw)
        if held["size"] > self.path.stat().st_size or held["hash"] != self._hash(held["size"]):
            return 0
        if held["offset"] >= held["size"] and self.path.suffix.lower() not in LINES:
            return held["offset"] if held["size"] == self.path.stat().st_size else 0
        return int(held["offset"])

    def keep(self, offset: int) -> None:
        """Write how far it has come."""
        size = self.path.stat().st_size
        value = json.dumps({"file": str(self.path), "size": size, "hash": self._hash(size), "offset": offset})
        with self.app.store.begin(exclusive=False) as tx:
            tx.set_meta(self.key, value)

    def _hash(self, size: int) -> str:
        digest = hashlib.blake2b(digest_size=16)
        with self.path.open("rb") as file:
            while size > 0 and (block := file.read(min(size, BLOCK))):
                digest.update(block)
                size -= len(block)
        return digest.hexdigest()


def _show(tallies: Sequence[Tally], messages: int) -> None:
    told = f"told in {messages} digest message{'' if messages == 1 else 's'}" if messages else "nothing was alerted"
    table(
        f"Backfill ({told})",
        ("source", "read", "new", "held", "ours", "developments", "outside", "rejected"),
        (
            (
                Path(t.source).name + ("  (taken in before)" if t.skipped else ""),
                t.read,
                t.new,
                t.known,
                t.on_beat,
                t.developments,
                t.outside,
                t.rejected,
            )
            for t in tallies
        ),
        empty="Nothing to take in.",
    )
    if len(tallies) > 1:
        say(
            f"{len(tallies)} sources, {sum(t.read for t in tallies)} read, {sum(t.new for t in tallies)} new, "
            f"{sum(t.on_beat for t in tallies)} ours, {sum(t.developments for t in tallies)} developments"
        )
