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

from monitor.alerts import lines
from monitor.alerts.journal import Journal, ended, looked_up, told
from monitor.entities import (
    Alert,
    AlertKind,
    Channel,
    Destination,
    Look,
    OutboxRow,
    Outcome,
    SendStatus,
    Thread,
    Weight,
)
from monitor.settings import Settings

_WIDEST = 110
"""Columns of a panel at most: longer lines are hard to read."""


class ConsoleSink:
    """Prints alerts. Exactly once over a kill, but for the moment between two neighbouring system calls.

    Print and note follow each other as ``write(stdout)`` and ``write(journal)``, both prepared before. A kill between
    the two prints the alert a second time; nothing can lose one.
    """

    def __init__(self, *, journal: Path, stream: TextIO | None = None) -> None:
        self._journal = Journal(journal)
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
                "title": lines.title(alert),
                "headline": lines.headline(alert),
                "rows": [[line.label, line.text] for line in lines.rows(alert, tz)],
                "foot": lines.foot(alert),
                "style": _style(alert),
            },
            ensure_ascii=False,
        )

    def send(self, row: OutboxRow, thread: Thread | None) -> Outcome:
        """Print, then note. A closed or full standard output is the channel's fault; nothing was noted then."""
        return told(self._journal, row, thread, lambda: self._printed(row))

    def edit(self, row: OutboxRow) -> Outcome:
        """What was printed stays as it is; the end of an incident is printed."""
        return ended(self._journal, row, lambda: self._printed(row))

    def _printed(self, row: OutboxRow) -> Outcome:
        stream = self._stream or sys.stdout
        try:
            _print(stream, _drawn(row.payload, stream))
        except (OSError, ValueError) as error:  # ValueError: the stream was closed
            return Outcome(status=SendStatus.CHANNEL_FAULT, message=f"standard output: {error}")
        return Outcome(status=SendStatus.SENT)

    def look(self, row: OutboxRow, thread: Thread | None, channel: Channel) -> Look:
        """Found if the journal has the row."""
        del channel
        return looked_up(self._journal, row, thread)

    def check(self, destinations: Sequence[Destination]) -> tuple[str, ...]:
        """Whether the journal can be written."""
        del destinations
        return self._journal.check()


def _style(alert: Alert) -> str:
    """The colour of a panel's frame: red for what may interrupt, green for what is over, yellow for our own trouble."""
    if alert.kind is AlertKind.INCIDENT:
        return "green" if alert.over else "yellow"
    return "red" if alert.weight is not Weight.MINOR else "cyan"


def _drawn(payload: str, stream: TextIO) -> bytes:
    """The frozen lines as bytes for this stream: a panel where it is a terminal."""
    parts = json.loads(payload)
    encoding = getattr(stream, "encoding", None) or "utf-8"
    text = _panel(parts, encoding) if not stream.closed and stream.isatty() else _plain(parts)
    return text.encode(encoding, errors="replace")


def _plain(parts: dict[str, object]) -> str:
    rows: list[list[str]] = parts["rows"]  # type: ignore[assignment]
    shown = [f"[{parts['title']}] {parts['headline']}", *(f"  {label:<11}{said}" for label, said in rows)]
    if parts["foot"]:
        shown.append(f"  {'why':<11}{parts['foot']}")
    return "\n".join(shown) + "\n\n"


def _panel(parts: dict[str, object], encoding: str) -> str:
    rows: list[list[str]] = parts["rows"]  # type: ignore[assignment]
    style = str(parts.get("style", "cyan"))  # an older version froze rows without one
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
