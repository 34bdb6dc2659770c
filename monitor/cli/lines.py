"""Dated articles as JSON lines: what ``replay`` and ``backfill`` read. It checks each line and never guesses a field.

A line is ``{"id", "url", "publisher", "lang"?, "published", "title", "text"}``; everything but ``id`` may be null or
missing, and other fields may stand beside these. ``published`` is ISO 8601 (to the second, the day, the month or the
year) or as mail writes dates; where it is null, coarse or no date at all, the file's order decides.
"""

from __future__ import annotations

import calendar
import datetime as dt
import email.utils
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from monitor.clean import credits as wires
from monitor.entities import LANGS, Entry, Feed, FeedId
from monitor.errors import UsageError

STEP = dt.timedelta(seconds=1)
"""Time between two lines that carry no date."""
EPOCH = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)
"""Where the clock starts for a file whose first line carries no date."""
YEARS = range(1900, 2200)
"""Years that a report can be of; a date outside is a mistake, and counts as none (nor can one reckon at the edges)."""
NOON = dt.timedelta(hours=12)
"""A line dated to the day stands for its middle."""
_HALVES = re.compile("[\ud800-\udfff]")
"""Halves of characters, which JSON can escape alone ("\\ud83d") and no output can carry."""
KEYS = ("id", "url", "publisher", "lang", "published", "title", "text")


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line: the article as an entry, the feed it stands for, and its time. ``end``: bytes up to its end.

    ``world`` is what the field that parts the lines holds here; empty where none does.
    """

    id: str | int
    number: int
    end: int
    feed: Feed
    entry: Entry
    at: dt.datetime
    title: str
    world: str | int = ""


@dataclass(slots=True, kw_only=True)
class Reader:
    """Reads one file. ``feeds`` tell which publishers belong to one family; ``feed`` names what the lines stand for.

    ``bad`` collects the lines that cannot be read; without it the first of them ends the reading. ``by`` is a field
    whose values are worlds of their own: each line must name its world, and each world has a clock of its own.
    """

    path: Path
    feed: FeedId
    feeds: Sequence[Feed] = ()
    bad: list[str] | None = None
    by: str = ""
    families: Mapping[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self.families = {feed.publisher.casefold(): feed.family for feed in self.feeds}

    def lines(self, *, skip: int = 0) -> Iterator[Line]:
        """The lines in the file's order, each with a time, from byte ``skip`` on."""
        clocks: dict[str | int, dt.datetime] = {}
        try:
            file = self.path.open("rb")
        except OSError as error:
            raise UsageError(f"{self.path}: cannot be read ({error.strerror})") from None
        with file:
            end = 0
            for number, raw in enumerate(file, 1):
                end += len(raw)
                try:
                    row = self._row(number, raw)
                except UsageError as error:
                    if self.bad is None:
                        raise
                    if end > skip:
                        self.bad.append(str(error))
                    continue
                if row is None:
                    continue
                world = row[self.by] if self.by else ""
                clocks[world] = _time(row.get("published"), clocks.get(world, EPOCH))
                if end > skip:
                    yield self._line(row, number, end, clocks[world])

    def _row(self, number: int, raw: bytes) -> dict[str, Any] | None:
        where = f"{self.path}:{number}"
        try:
            text = raw.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise UsageError(f"{where}: is no UTF-8 (byte {error.start + 1})") from None
        if not text.strip():
            return None
        try:
            row = json.loads(text)
        except (ValueError, RecursionError) as error:
            if isinstance(error, json.JSONDecodeError):
                said = f"{error.msg} at column {error.colno}"
            else:
                said = "too deep" if isinstance(error, RecursionError) else "a number too long to be read"
            raise UsageError(f"{where}: is no JSON ({said})") from None
        if not isinstance(row, dict):
            raise UsageError(f'{where}: is no JSON object; write {{"id": …, "title": …, "text": …}}')
        row = {key: _HALVES.sub("\ufffd", value) if isinstance(value, str) else value for key, value in row.items()}
        for key in KEYS:
            if row.get(key) is not None and (not isinstance(row[key], str | int) or isinstance(row[key], bool)):
                raise UsageError(f"{where}: {key} = {row[key]!r} is no text; write a string or null")
        if row.get("id") in (None, ""):
            raise UsageError(f"{where}: id is missing; give every line one, so that its verdict can be found")
        if self.by:
            self._world(row, where)
        return row

    def _world(self, row: Mapping[str, Any], where: str) -> None:
        """Raise ``UsageError`` unless the line names its world."""
        if row.get(self.by) in (None, ""):
            raise UsageError(f"{where}: {self.by} is missing; give every line one: each value is a world of its own")
        if not isinstance(row[self.by], str | int) or isinstance(row[self.by], bool):
            raise UsageError(f"{where}: {self.by} = {row[self.by]!r} names no world; write a string or a whole number")

    def _line(self, row: dict[str, Any], number: int, end: int, at: dt.datetime) -> Line:
        publisher = _text(row, "publisher") or "unknown"
        family = self.families.get(publisher.casefold()) or wires.slug(publisher) or _slug(publisher)
        lang = _text(row, "lang").casefold().partition("-")[0]
        feed = Feed(
            id=self.feed, url="", publisher=publisher, family=family or "unknown", lang=lang if lang in LANGS else ""
        )
        title, text = _text(row, "title"), _text(row, "text")
        entry = Entry(
            feed_id=feed.id, guid=f"line:{row['id']}", link=_text(row, "url"), title=title, content=markup(text),
            lang=feed.lang, published=at, published_raw=_text(row, "published"),
        )  # fmt: skip
        return Line(
            id=row["id"],
            number=number,
            end=end,
            feed=feed,
            entry=entry,
            at=at,
            title=title,
            world=row[self.by] if self.by else "",
        )


def markup(text: str) -> str:
    """Plain text as the markup an entry carries: a line of text is text, whatever signs stand in it."""
    return "".join(f"<p>{escaped(line)}</p>" for line in text.split("\n") if line.strip())


def escaped(text: str) -> str:
    """Plain text as markup: a sign is a sign."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _slug(name: str) -> str:
    return "-".join(re.findall(r"\w+", name.casefold()))


def _text(row: dict[str, Any], key: str) -> str:
    value = row.get(key)
    return "" if value is None else str(value)


def _time(published: Any, clock: dt.datetime) -> dt.datetime:
    """A line's time. A coarse one (month, year) means any time in its span: file order picks it."""
    text = "" if published is None else str(published).strip()
    if match := re.fullmatch(r"(\d{4})(?:-(\d{2}))?", text):
        span = _span(int(match[1]), int(match[2] or 0))
        return clock + STEP if span is None else min(max(span[0], clock + STEP), span[1])
    moment = _moment(text)
    return clock + STEP if moment is None else moment


def _span(year: int, month: int) -> tuple[dt.datetime, dt.datetime] | None:
    if year not in YEARS or month > 12:
        return None
    last_day = calendar.monthrange(year, month or 12)[1]
    first = dt.datetime(year, month or 1, 1, tzinfo=dt.UTC)
    return first, dt.datetime(year, month or 12, last_day, 23, 59, 59, tzinfo=dt.UTC)


def _moment(text: str) -> dt.datetime | None:
    try:
        moment = dt.datetime.fromisoformat(text)
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}|\d{8}", text):
            moment += NOON
    except ValueError:
        try:
            moment = email.utils.parsedate_to_datetime(text)
        except (ValueError, TypeError, IndexError, OverflowError):
            return None
    if moment.year not in YEARS:
        return None
    return moment.replace(tzinfo=dt.UTC) if moment.tzinfo is None else moment.astimezone(dt.UTC)
