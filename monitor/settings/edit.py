"""Writing ``feeds.toml``: a row added, switched off or taken out, and every other byte of the file left as it was.

Never writes a file that could not be read back: the changed text is loaded like any configuration before it replaces
the old one.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import re
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import tomlkit
from pydantic import ValidationError
from tomlkit.exceptions import TOMLKitError

from monitor import entities as e
from monitor.errors import ConfigError, ConfigErrors, UsageError
from monitor.settings.files import FeedRow, explain, feed_of, load_feeds

FILE = "feeds.toml"
KEYS = (
    "id", "url", "publisher", "family", "lang", "kind", "zone", "grade", "enabled", "reason", "note", "every",
    "min_every", "max_every", "query", "insecure", "official", "tls_verify", "user_agent", "sitemap", "seed", "select",
)  # fmt: skip
"""The keys of a row, in the order in which rows are written."""
ALWAYS = frozenset({"id", "url", "publisher", "family", "lang", "kind", "zone", "grade", "enabled"})
"""Keys that a written row names even where they are as they would be anyway."""
_ROW = re.compile(r"^[ \t]*\[\[[ \t]*feed[ \t]*\]\]", re.MULTILINE)
_ENABLED = re.compile(r"^[ \t]*enabled[ \t]*=.*$", re.MULTILINE)
_UNITS = ((86400, "d"), (3600, "h"), (60, "m"), (1, "s"))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """One row as it stands in the file: its own lines, and the blank lines and comments that follow them."""

    own: str
    tail: str
    id: str


def row_of(feed: e.Feed) -> dict[str, Any]:
    """A feed as the keys of its row; what is as it would be anyway is left out."""
    usual = {field.name: field.default for field in fields(e.Feed)}
    found: dict[str, Any] = {}
    for key in KEYS:
        value = getattr(feed, key)
        if key in ALWAYS or value != usual[key]:
            found[key] = _written(value)
    return found


def feed_from(row: Mapping[str, Any], shown: str) -> e.Feed:
    """The feed that a row makes; ``ConfigErrors`` where it makes none. ``shown`` is the file that messages name."""
    try:
        return feed_of(FeedRow.model_validate(row))
    except ValidationError as error:
        raise ConfigErrors(explain(shown, error, FeedRow, row)) from None


def row_text(row: Mapping[str, Any]) -> str:
    """A row as TOML: ``[[feed]]`` and its keys, in the usual order."""
    table = tomlkit.table()
    for key in sorted(row, key=KEYS.index):
        table.add(key, _written(row[key]))
    rows = tomlkit.aot()
    rows.append(table)
    document = tomlkit.document()
    document.add("feed", rows)
    return tomlkit.dumps(document).strip() + "\n"


def with_row(text: str, row: Mapping[str, Any]) -> str:
    """The file with a row at its end."""
    return f"{text.rstrip()}\n\n{row_text(row)}".lstrip("\n")


def without_row(text: str, feed: str) -> str:
    """The file without a feed's row; the comments that follow it belong to the rows after it, and stay."""
    head, rows = _rows(text)
    kept = "".join(row.tail.lstrip("\n") if row.id == feed else row.own + row.tail for row in _known(rows, feed))
    return head + kept


def switched_off(text: str, feed: str, reason: str) -> str:
    """The file with a feed's row switched off, and why."""
    head, rows = _rows(text)
    return head + "".join(
        (_off(row.own, reason) if row.id == feed else row.own) + row.tail for row in _known(rows, feed)
    )


def rewrite(folder: Path, change: Callable[[str], str]) -> tuple[e.Feed, ...]:
    """Change ``feeds.toml`` of ``folder`` in one step, or not at all; the feeds as they stand in it then."""
    path, shown = (folder / FILE).resolve(), f"{folder.name}/{FILE}"
    try:
        text = path.read_text(encoding="utf-8-sig")
        changed = change(text)
        feeds = _checked(folder.name, changed)
        if path.read_text(encoding="utf-8-sig") != text:
            raise ConfigError(
                shown, "", None, "was changed by somebody else in this very moment; run the command again"
            )
        _replace(path, changed)
    except OSError as error:
        fix = f"cannot be written ({error.strerror}); make file and folder writable for this user, or edit it by hand"
        raise ConfigError(shown, "", None, fix) from None
    except TOMLKitError as error:
        raise ConfigError(shown, "", None, f"is not valid TOML: {error}") from None
    return feeds


def span_text(span: dt.timedelta) -> str:
    """A length of time as configuration files write it: ``90s``, ``10m``, ``2h``."""
    seconds = round(span.total_seconds())
    size, unit = next((size, unit) for size, unit in _UNITS if seconds % size == 0)
    return f"{seconds // size}{unit}"


def _checked(name: str, text: str) -> tuple[e.Feed, ...]:
    """What the changed file would be read as; its mistakes are named as those of the real one."""
    with tempfile.TemporaryDirectory(prefix="monitor-") as folder:
        copy = Path(folder) / (name or "config")
        copy.mkdir()
        (copy / FILE).write_text(text, encoding="utf-8")
        return load_feeds(copy)


def _replace(path: Path, text: str) -> None:
    """The new file in the place of the old one, with its mode; a power cut leaves the one or the other."""
    handle, name = tempfile.mkstemp(prefix=".feeds-", suffix=".toml", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(path.stat().st_mode & 0o777)
        Path(name).replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise


def _rows(text: str) -> tuple[str, list[_Row]]:
    """What stands before the first row, and the rows."""
    starts = [found.start() for found in _ROW.finditer(text)]
    pieces = [text[start:end] for start, end in zip(starts, [*starts[1:], len(text)], strict=True)]
    rows = []
    for piece in pieces:
        lines = piece.splitlines(keepends=True)
        last = max(number for number, line in enumerate(lines) if line.strip() and not line.lstrip().startswith("#"))
        held = tomlkit.parse(piece).unwrap()["feed"][0]
        rows.append(_Row(own="".join(lines[: last + 1]), tail="".join(lines[last + 1 :]), id=str(held.get("id", ""))))
    return text[: starts[0]] if starts else text, rows


def _known(rows: list[_Row], feed: str) -> list[_Row]:
    if not any(row.id == feed for row in rows):
        raise UsageError(f"no feed has the id {feed!r}; `monitor feeds list --all` shows them")
    return rows


def _off(own: str, reason: str) -> str:
    """A row's lines with ``enabled = false``, and the reason right under it."""
    held = tomlkit.parse(own).unwrap()["feed"][0]
    if "enabled" not in held:
        own = _before_parts(own, "enabled = true\n")
    if "reason" not in held:
        own = _ENABLED.sub(r'\g<0>\nreason = ""', own, count=1)
    document: Any = tomlkit.parse(own)
    row = document["feed"][0]
    row["enabled"], row["reason"] = False, reason
    return tomlkit.dumps(document)


def _before_parts(own: str, line: str) -> str:
    """A row's lines with one more at the end of its own keys, before its ``[feed.select]``."""
    lines = own.splitlines(keepends=True)
    at = next((number for number, held in enumerate(lines) if held.lstrip().startswith("[feed.")), len(lines))
    head = "".join(lines[:at])
    return head + ("" if head.endswith("\n") else "\n") + line + "".join(lines[at:])


def _written(value: Any) -> Any:
    """A value of a feed as TOML can say it."""
    if isinstance(value, dt.timedelta):
        return span_text(value)
    if isinstance(value, e.Selectors):
        return {field.name: said for field in fields(e.Selectors) if (said := getattr(value, field.name))}
    return list(value) if isinstance(value, tuple) else value
