"""What every command shares: the options, the app behind them, and how answers are printed.

Answers go to standard output, as a table for people or as JSON with ``--json``; everything else to standard error.
Exit codes: 0 ok, 1 failed, 2 usage or configuration, 3 another instance runs.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
import getpass
import json
import logging
import os
import sys
import unicodedata
from collections.abc import Iterable, Sequence
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, TextIO, cast

import structlog
import typer
from pydantic import SecretStr
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from monitor import settings as configuration
from monitor.app import App, Clock
from monitor.errors import UsageError

ConfigDir = Annotated[
    Path | None,
    typer.Option(
        "--config", metavar="DIR", envvar="MONITOR_CONFIG", help="Configuration folder.", show_default="config/"
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
At = Annotated[
    str | None,
    typer.Option(
        "--at",
        metavar="TIME",
        help="Set this run's clock (ISO 8601 with a zone), for tests; it sends for real.",
    ),
]
Limit = Annotated[int, typer.Option("--limit", min=1, max=100_000, help="At most so many, the latest first.")]

PIPE_WIDTH = 160
"""Columns of a table that goes into a file or a pipe, where there is no terminal to ask."""
WHOLE = 40
"""Letters of an id that a table never breaks: it is there to be copied."""


class Answer(Console):
    """A console that says so when its reader has left, and leaves the exit code to ``main``."""

    def on_broken_pipe(self) -> None:
        """The reader has had enough."""
        raise BrokenPipeError


def _console(*, stderr: bool) -> Console:
    stream = sys.stderr if stderr else sys.stdout
    known = stream.isatty() or "COLUMNS" in os.environ
    return Answer(stderr=stderr, highlight=False, width=None if known else PIPE_WIDTH)


out = _console(stderr=False)
err = _console(stderr=True)


def utc_now() -> dt.datetime:
    """The wall clock, in UTC."""
    return dt.datetime.now(dt.UTC)


def login() -> str:
    """Who gives the command."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container's user without a name
        return "unknown"


def parse_time(text: str, option: str, *, or_else: str = "") -> dt.datetime:
    """An ISO 8601 time with its zone; a bare date is its midnight in UTC. ``or_else``: what else could be written."""
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{option} {text!r} is no time; write e.g. 2026-03-01T09:00:00+09:00{or_else}") from None
    if moment.tzinfo is None:
        if len(text) > len("2026-03-01"):
            raise UsageError(f"{option} {text!r} has no zone; add Z or an offset such as +09:00")
        moment = moment.replace(tzinfo=dt.UTC)
    return moment.astimezone(dt.UTC)


def parse_since(text: str, option: str, now: dt.datetime) -> dt.datetime:
    """A time as ``parse_time`` takes it, or how long ago it was: ``90s``, ``6h``, ``7d``."""
    try:
        back: dt.timedelta = configuration.parse_span(text)
    except ValueError:
        return parse_time(text, option, or_else=" or how long ago it was: 6h, 7d")
    return now - back


def config_folder(given: Path | None) -> Path:
    """``--config``, else ``./config``, else the one the package brought along."""
    if given is not None:
        return given
    here = Path("config")
    if here.is_dir():
        return here
    packed = Path(__file__).parent.parent / "_config"
    return packed if packed.is_dir() else here


def open_app(config: Path | None, *, clock: Clock | None = None, least: str = "warning", brief: bool = False) -> App:
    """The app on this configuration.

    ``least``: a command that answers and goes logs no more than what its answer does not say, unless ``log.level`` asks
    for more than usual. ``brief``: it looks at the database alone, and reads settings and feeds but no topics, names
    and records.
    """
    load = configuration.load_brief if brief else configuration.load
    app = App(load(config_folder(config)), clock=clock)
    log = app.config.settings.log
    set_up_logging(least if log.level == "info" else log.level, log.format)
    return app


class Unheeded:
    """Standard error as a log may use it: where nobody reads it any more (``2>&1 | head``), the lines are dropped.

    It never raises for that: a daemon goes on without its log, and above all still heeds the signal that ends it.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write, if anybody reads."""
        with contextlib.suppress(OSError, ValueError):  # ValueError: the stream was closed
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        """Flush, if anybody reads."""
        with contextlib.suppress(OSError, ValueError):
            self._stream.flush()


def set_up_logging(level: str, form: str) -> None:
    """structlog on standard error: text on a terminal, JSON lines elsewhere. Libraries' logs join it at WARNING."""
    as_text = form == "text" or (form == "auto" and sys.stderr.isatty())
    renderer: Any = (
        structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
        if as_text
        else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    shared: list[Any] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    structlog.configure(
        processors=[
            *shared,
            renderer if as_text else structlog.processors.format_exc_info,
            *([] if as_text else [renderer]),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=structlog.PrintLoggerFactory(cast("TextIO", Unheeded(sys.stderr))),
        cache_logger_on_first_use=False,
    )
    logging.getLogger("apscheduler").setLevel(logging.ERROR)  # a job that is skipped while it runs is no trouble
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(levelname)s %(name)s %(message)s")


def plain(value: Any) -> Any:
    """A value as JSON can say it: dataclasses by field, times in ISO 8601, enums by value, secrets not at all."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, dict):
        return {str(plain(key)): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(item) for item in value]
    if isinstance(value, (dt.datetime, dt.date)):
        return value.isoformat()
    if isinstance(value, dt.timedelta):
        return value.total_seconds()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, SecretStr):
        return "**********"
    if isinstance(value, os.PathLike):
        return str(value)
    return value.hex() if isinstance(value, bytes) else value


def print_json(value: Any) -> None:
    """One JSON document on standard output."""
    sys.stdout.write(json.dumps(plain(value), ensure_ascii=False, indent=1) + "\n")


def print_json_line(value: Any) -> None:
    """One JSON line on standard output, flushed, so that a pipe sees it at once."""
    sys.stdout.write(json.dumps(plain(value), ensure_ascii=False) + "\n")
    sys.stdout.flush()


def say(text: str = "", style: str = "") -> None:
    """A line for people on standard output; text, never markup."""
    out.print(Text(printable(text), style=style))


def note(text: str) -> None:
    """A remark beside the answer, on standard error."""
    err.print(Text(printable(text)))


def printable(text: str) -> str:
    """Text from outside without what moves a cursor or turns a line round."""
    return "".join(
        sign if sign == "\n" or unicodedata.category(sign) not in {"Cc", "Cf", "Cs"} else " " for sign in text
    )


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]], *, empty: str) -> None:
    """A table for people; one sentence where there is nothing to show. Cells are text, never markup."""
    rows = list(rows)
    if not rows:
        say(empty)
        return
    if title:
        say(title, "bold")
    texts = [["" if cell is None else printable(str(cell)) for cell in row] for row in rows]
    grid = Table(header_style="dim", box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for column, cells in zip(columns, zip(*texts, strict=True), strict=True):
        whole = all(cell.isascii() and " " not in cell and len(cell) <= WHOLE for cell in cells)
        grid.add_column(Text(column), overflow="fold", no_wrap=whole)
    for line in texts:
        grid.add_row(*map(Text, line))
    out.print(grid)


def fields(rows: Iterable[tuple[str, str]]) -> None:
    """Labels with their texts, which wrap beside the label; a row without text is left out."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    for label, text in rows:
        if text:
            inner = len(text) - len(text.lstrip(" "))
            grid.add_row(Text(label), Padding(Text(printable(text.strip())), (0, 0, 0, inner)))
    out.print(grid)


def counted(number: int, one: str, many: str = "") -> str:
    """``1 article``, ``2 articles``."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def clock(moment: dt.datetime | None, zone: dt.tzinfo) -> str:
    """A moment on the readers' clock, to the minute; a dash for never."""
    return "–" if moment is None else f"{moment.astimezone(zone):%Y-%m-%d %H:%M}"


def short_id(text: str, kind: str) -> int:
    """The number of an id as alerts show it: ``s12``, or a bare ``12`` where only one kind is meant."""
    digits = text.removeprefix(kind)
    if not digits.isascii() or not digits.isdigit() or len(digits) > 18:
        raise UsageError(f"{text!r} is no id; write {kind} and a number, e.g. {kind}12")
    return int(digits)


def length(seconds: float) -> str:
    """A length of time as people say it: ``95 s``, ``12 min``, ``3 h``."""
    for limit, unit, name in ((120, 1, "s"), (7200, 60, "min"), (172800, 3600, "h")):
        if seconds < limit:
            return f"{round(seconds / unit)} {name}"
    return f"{round(seconds / 86400)} d"


def ago(moment: dt.datetime | None, now: dt.datetime) -> str:
    """A distance in time as people say it: ``3 min ago``, ``in 2 h``; a dash for never."""
    if moment is None:
        return "–"
    seconds = (now - moment).total_seconds()
    size = abs(seconds)
    for limit, unit, name in ((90, 1, "s"), (5400, 60, "min"), (172800, 3600, "h"), (float("inf"), 86400, "d")):
        if size < limit:
            count = f"{round(size / unit)} {name}"
            return f"{count} ago" if seconds >= 0 else f"in {count}"
    raise AssertionError("the last limit is infinite")
