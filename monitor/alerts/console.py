"""The console as a sink: a panel on a terminal, plain lines anywhere else.

It never prints a control character or markup that came from outside. What was printed is noted in a journal file beside
the database, so that a killed process does not print it again.
"""

from __future__ import annotations

import datetime as dt
import io
import json
import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

from rich import box
from rich.cells import cell_len
from rich.console import Console, Group
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from monitor.alerts import safe
from monitor.alerts.marks import mark
from monitor.entities import (
    Alert,
    AlertKind,
    Channel,
    Destination,
    Look,
    LookStatus,
    OutboxRow,
    Outcome,
    SendStatus,
    Thread,
    Weight,
)
from monitor.settings import Settings

_WIDEST = 110
"""Columns of a panel at most: longer lines are hard to read."""
_JOURNAL_LIMIT = 1_000_000
"""Bytes of the journal before its older half is dropped: some 20,000 alerts."""
_HEADLINE, _LINE, _NEWS = 400, 600, 40

_TITLES = {
    AlertKind.STORY: "NEW STORY",
    AlertKind.DEVELOPMENT: "DEVELOPMENT",
    AlertKind.START: "START",
    AlertKind.NOTICE: "NOTICE",
}


class ConsoleSink:
    """Prints alerts. Exactly once over a kill, but for the moment between two neighbouring system calls.

    Print and note follow each other as ``write(stdout)`` and ``write(journal)``, both prepared before. A kill between
    the two prints the alert a second time; nothing can lose one.
    """

    def __init__(self, *, journal: Path, stream: TextIO | None = None) -> None:
        self._journal = journal
        self._stream = stream

    @classmethod
    def of(cls, settings: Settings, folder: Path) -> ConsoleSink:
        """The console of this process, with its journal in ``folder``."""
        del settings  # the console has no table of its own
        return cls(journal=folder / "console.journal")

    def render(self, alert: Alert, tz: dt.tzinfo) -> str:
        """The alert's lines as JSON: what is said is frozen, how wide it is drawn is not."""
        return json.dumps(
            {
                "title": _TITLES[alert.kind] + (" · MAJOR" if alert.weight is Weight.MAJOR else ""),
                "headline": safe.line(alert.headline, _HEADLINE) or "(no headline)",
                "rows": [[label, safe.line(said, _LINE)] for label, said in _rows(alert, tz) if said],
                "foot": f"monitor explain {safe.line(alert.ref, 40)}" if alert.ref else "",
                "major": alert.weight is Weight.MAJOR,
            },
            ensure_ascii=False,
        )

    def send(self, row: OutboxRow, thread: Thread | None) -> Outcome:
        """Print, then note. A closed or full standard output is the channel's fault; nothing was noted then."""
        stream = self._stream or sys.stdout
        name = mark(row)
        shown = _drawn(row.payload, stream)
        try:
            noted = self._open_journal()
        except OSError as error:
            return Outcome(status=SendStatus.CHANNEL_FAULT, message=f"journal {self._journal.name}: {error.strerror}")
        try:
            _print(stream, shown)
            os.write(noted, f"{name}\n".encode())
        except (OSError, ValueError) as error:  # ValueError: the stream was closed
            return Outcome(status=SendStatus.CHANNEL_FAULT, message=f"standard output: {error}")
        finally:
            os.close(noted)
        return Outcome(status=SendStatus.SENT, remote_id=name, root=thread.root if thread else name)

    def look(self, row: OutboxRow, thread: Thread | None, channel: Channel) -> Look:
        """Found if the journal has the row."""
        del channel
        try:
            noted = self._journal.read_text(encoding="ascii", errors="replace").splitlines()
        except FileNotFoundError:
            return Look(status=LookStatus.NOT_FOUND)
        except OSError as error:
            return Look(status=LookStatus.CANNOT_LOOK, message=f"journal {self._journal.name}: {error.strerror}")
        name = mark(row)
        if name in noted:
            return Look(status=LookStatus.FOUND, remote_id=name, root=thread.root if thread else name)
        return Look(status=LookStatus.NOT_FOUND)

    def check(self, destinations: Sequence[Destination]) -> tuple[str, ...]:
        """Whether the journal can be written."""
        del destinations
        try:
            os.close(self._open_journal())
        except OSError as error:
            return (f"{self._journal}: {error.strerror}; make the folder writable for the monitor",)
        return ()

    def _open_journal(self) -> int:
        self._journal.parent.mkdir(parents=True, exist_ok=True)
        if self._journal.exists() and self._journal.stat().st_size > _JOURNAL_LIMIT:
            lines = self._journal.read_bytes().splitlines(keepends=True)
            fresh = self._journal.with_suffix(".new")
            fresh.write_bytes(b"".join(lines[len(lines) // 2 :]))
            fresh.replace(self._journal)
        return os.open(self._journal, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)


def _rows(alert: Alert, tz: dt.tzinfo) -> list[tuple[str, str]]:
    """Label and text of every line under the headline."""
    first = "" if alert.kind is AlertKind.NOTICE else "new"
    news = [(first if number == 0 else "", said) for number, said in enumerate(alert.news[:_NEWS])]
    if len(alert.news) > _NEWS:
        news.append(("", f"and {len(alert.news) - _NEWS} more"))
    topics = [
        ("topic" if number == 0 else "", f"{topic.name} {topic.score:.2f}{_because(topic.words)}")
        for number, topic in enumerate(alert.topics)
    ]
    return [
        *(("", said) for said in alert.text.splitlines()),
        *news,
        ("told by", _told_by(alert)),
        *topics,
        ("last known", alert.nearest),
        ("published", safe.clock(alert.published_at, tz) if alert.published_at else ""),
        ("link", safe.url(alert.url)),
    ]


def _because(words: Sequence[str]) -> str:
    return f" ({', '.join(words)})" if words else ""


def _told_by(alert: Alert) -> str:
    if not alert.publishers:
        return ""
    credits_ = f", crediting {', '.join(alert.credits)}" if alert.credits else ""
    count = f" · {alert.independent} independent newsroom{'s' if alert.independent != 1 else ''}"
    return ", ".join(alert.publishers) + credits_ + (count if alert.independent else "")


def _drawn(payload: str, stream: TextIO) -> bytes:
    """The frozen lines as bytes for this stream: a panel where it is a terminal."""
    parts = json.loads(payload)
    encoding = getattr(stream, "encoding", None) or "utf-8"
    text = _panel(parts, encoding) if not stream.closed and stream.isatty() else _plain(parts)
    return text.encode(encoding, errors="replace")


def _plain(parts: dict[str, object]) -> str:
    rows: list[list[str]] = parts["rows"]  # type: ignore[assignment]
    lines = [f"[{parts['title']}] {parts['headline']}", *(f"  {label:<11}{said}" for label, said in rows)]
    if parts["foot"]:
        lines.append(f"  {'why':<11}{parts['foot']}")
    return "\n".join(lines) + "\n\n"


def _panel(parts: dict[str, object], encoding: str) -> str:
    rows: list[list[str]] = parts["rows"]  # type: ignore[assignment]
    style = "red" if parts["major"] else "cyan"
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True, min_width=max((cell_len(label) for label, _ in rows), default=0))
    grid.add_column(ratio=1, overflow="fold")
    for label, said in rows:
        grid.add_row(Text(label), Text(said))
    out = io.StringIO()
    width = max(30, min(_WIDEST, shutil.get_terminal_size().columns))
    console = Console(file=out, force_terminal=True, width=width, markup=False, highlight=False, emoji=False)
    console.print(
        Panel(
            Group(Text(str(parts["headline"]), style="bold"), Text(""), grid),
            title=Text(str(parts["title"]), style=f"bold {style}"),
            title_align="left",
            subtitle=Text(str(parts["foot"]), style="dim"),
            subtitle_align="right",
            border_style=style,
            box=box.ROUNDED if encoding.lower().replace("-", "") == "utf8" else box.ASCII,
            padding=(0, 1),
        )
    )
    return out.getvalue()


def _print(stream: TextIO, shown: bytes) -> None:
    """All bytes out of this process, past every buffer."""
    stream.flush()
    try:
        out = stream.fileno()
    except (OSError, AttributeError):  # a stream in memory
        stream.write(shown.decode(getattr(stream, "encoding", None) or "utf-8"))
        stream.flush()
        return
    while shown:
        shown = shown[os.write(out, shown) :]
