"""A file of JSON lines as a sink, for programs to read: an object for each alert, appended and synced to the disk.

A line is never changed, and each alert has exactly one: its mark is looked for in the file itself, and in what the file
was renamed to when it was rotated. A file that was emptied or taken away meanwhile can hold an alert a second time.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import fcntl
import glob
import io
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from monitor.alerts import safe
from monitor.alerts.addresses import name_of, unnamed
from monitor.alerts.marks import mark
from monitor.entities import (
    Alert,
    Channel,
    Destination,
    DigestItem,
    Look,
    LookStatus,
    OutboxRow,
    Outcome,
    SendStatus,
    Thread,
)
from monitor.settings import Settings

_TEXT = 600
"""UTF-16 units of one text: more than any headline needs, as on the console."""
_TAIL = 4_000_000
"""Bytes of a file's end that are searched: some thousand alerts; the one looked for is among the last."""
_ROTATED = 3
"""Files searched beside it, the youngest first: a row is looked up within minutes, and rotations lie hours apart."""


class JsonlSink:
    """Appends alerts to files. Exactly once: written and found by the same mark."""

    def __init__(self, *, paths: Mapping[str, Path]) -> None:
        self._paths = paths

    @classmethod
    def of(cls, settings: Settings, folder: Path) -> JsonlSink:
        """The files of ``[jsonl.NAME]``."""
        del folder  # each file says itself what is in it
        return cls(paths={name: table.path for name, table in settings.jsonl.items()})

    def render(self, alert: Alert, tz: dt.tzinfo) -> str:
        """The alert as a JSON object; its times are in UTC, whatever zone the readers have."""
        del tz
        return json.dumps(_object(alert), ensure_ascii=False)

    def send(self, row: OutboxRow, thread: Thread | None) -> Outcome:
        """Append one line and wait until the disk has it. What was half written (a full disk) is taken back."""
        name = mark(row)
        return self._append(row, name, thread.root if thread else name)

    def edit(self, row: OutboxRow) -> Outcome:
        """A line that was written stays as it is; the end of an incident is a line of its own, once."""
        name = f"{mark(row)}-over"
        if not row.alert.over or self._look(row, name).status is LookStatus.FOUND:
            return Outcome(status=SendStatus.SENT, remote_id=row.remote_id)
        return replace(self._append(row, name, row.remote_id), remote_id=row.remote_id)

    def _append(self, row: OutboxRow, name: str, root: str) -> Outcome:
        called = name_of(row.alert.destination)
        path = self._paths.get(called)
        if path is None:
            return Outcome(status=SendStatus.CHANNEL_FAULT, message=unnamed("jsonl", called, self._paths))
        line = {"id": f"o{row.id}", "mark": name, "thread": root, **json.loads(row.payload)}
        try:
            _append(path, json.dumps(line, ensure_ascii=False).encode())
        except OSError as error:
            return Outcome(status=SendStatus.CHANNEL_FAULT, message=f"{path.name}: {error.strerror}")
        return Outcome(status=SendStatus.SENT, remote_id=name, root=root)

    def look(self, row: OutboxRow, thread: Thread | None, channel: Channel) -> Look:
        """Whether the file, or what it was rotated to, has a line with the row's mark."""
        del channel, thread  # the line itself says under which root it stands
        return self._look(row, mark(row))

    def _look(self, row: OutboxRow, name: str) -> Look:
        path = self._paths.get(name_of(row.alert.destination))
        if path is None:
            return Look(status=LookStatus.CANNOT_LOOK, message="no file of this name is configured")
        try:
            found = next((line for line in _lines(path) if line.get("mark") == name), None)
        except OSError as error:
            return Look(status=LookStatus.CANNOT_LOOK, message=f"{path.name}: {error.strerror}")
        if found is None:
            return Look(status=LookStatus.NOT_FOUND)
        return Look(status=LookStatus.FOUND, remote_id=name, root=str(found.get("thread") or name))

    def check(self, destinations: Sequence[Destination]) -> tuple[str, ...]:
        """Whether each file can be written. Writes nothing; makes the file's folder."""
        names = safe.unique(name_of(place) for place in destinations if place.startswith("jsonl:"))
        problems = []
        for name in names:
            path = self._paths.get(name)
            if path is None:
                problems.append(unnamed("jsonl", name, self._paths))
                continue
            try:
                os.close(_open(path))
            except OSError as error:
                problems.append(f"{path}: {error.strerror}; make it writable for the monitor, or name another path")
        return tuple(problems)


def _open(path: Path) -> int:
    path.parent.mkdir(parents=True, exist_ok=True)
    return os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o640)


def _append(path: Path, line: bytes) -> None:
    """Opened by its name for every line, so that a file that was rotated away is not written to any more."""
    opened = _open(path)
    try:
        fcntl.flock(opened, fcntl.LOCK_EX)
        before = os.fstat(opened).st_size
        torn = before > 0 and os.pread(opened, 1, before - 1) != b"\n"  # a power cut within a line
        try:
            rest = (b"\n" if torn else b"") + line + b"\n"
            while rest:
                rest = rest[os.write(opened, rest) :]
            os.fsync(opened)
        except OSError:
            with contextlib.suppress(OSError):
                os.ftruncate(opened, before)
            raise
    finally:
        os.close(opened)


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    """The objects of the file's end, then of its rotated forms (``alerts.jsonl.1``, ``alerts-20260304.jsonl``)."""
    for file in (path, *_rotated(path)):
        with contextlib.suppress(FileNotFoundError), file.open("rb") as opened:
            opened.seek(max(0, opened.seek(0, io.SEEK_END) - _TAIL))
            for line in opened:
                with contextlib.suppress(ValueError):  # torn, or where the tail begins
                    said = json.loads(line)
                    if isinstance(said, dict):
                        yield said


def _rotated(path: Path) -> list[Path]:
    """What lies beside the file under a longer form of its name, the youngest first; not what was compressed."""
    beside = [
        file
        for file in path.parent.glob(f"{glob.escape(path.stem)}*")
        if file != path and file.is_file() and file.suffix not in {".gz", ".xz", ".zst", ".bz2"}
    ]
    return sorted(beside, key=lambda file: file.stat().st_mtime, reverse=True)[:_ROTATED]


def _object(alert: Alert) -> dict[str, object]:
    """The alert in plain data; ids as ``monitor explain`` takes them."""
    return {
        "kind": alert.kind.value,
        "weight": alert.weight.value,
        "ref": _line(alert.ref),
        "headline": _line(alert.headline),
        "lang": _line(alert.lang),
        "at": _time(alert.at),
        "story": f"s{alert.story}" if alert.story is not None else None,
        "developments": [f"d{development}" for development in alert.developments],
        "news": _list(alert.news),
        "publishers": _list(alert.publishers),
        "independent": alert.independent,
        "credits": _list(alert.credits),
        "articles": alert.articles,
        "topics": [
            {"name": _line(topic.name), "score": topic.score, "words": _list(topic.words)} for topic in alert.topics
        ],
        "nearest": _line(alert.nearest),
        "url": safe.url(alert.url),
        "published_at": _time(alert.published_at),
        "text": "\n".join(_list(alert.text.splitlines())),
        "items": [_item(item) for item in alert.items],
        "over": alert.over,
    }


def _item(item: DigestItem) -> dict[str, object]:
    return {
        "ref": _line(item.ref),
        "weight": item.weight.value,
        "headline": _line(item.headline),
        "lang": _line(item.lang),
        "news": _list(item.news),
        "publishers": _list(item.publishers),
        "url": safe.url(item.url),
        "at": _time(item.at),
        "why": _line(item.why),
    }


def _line(text: str) -> str:
    return safe.line(text, _TEXT)


def _list(texts: Sequence[str]) -> list[str]:
    return [_line(text) for text in texts]


def _time(at: dt.datetime | None) -> str | None:
    return at.astimezone(dt.UTC).isoformat() if at is not None else None
