"""The marks of what a sink has told, in a file beside the database: for sinks that cannot be asked what arrived there.

What was confirmed is repeated by no kill. What a lost answer leaves open no journal can tell: such an alert is sent
again, and may repeat. The file never holds what an alert said. Its older half is dropped when it has grown too long.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from monitor.alerts.marks import mark
from monitor.entities import Look, LookStatus, OutboxRow, Outcome, SendStatus, Thread

_LIMIT = 1_000_000
"""Bytes before the older half is dropped: some 20,000 alerts."""


LOST = 5
"""Attempts of one alert before a lost answer makes it ``dead``: a receiver that takes alerts and never answers would
get the same one again every few minutes for days. An operator can retry it."""


class Journal:
    """A mark a line. Who tells opens it before and notes after, so that no step that fails stands between the two."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def name(self) -> str:
        """The file's name, for messages."""
        return self._path.name

    def open(self) -> int:
        """A descriptor for ``note``, the caller's to close; ``OSError`` where nothing could be noted."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        if self._path.exists() and self._path.stat().st_size > _LIMIT:
            lines = self._path.read_bytes().splitlines(keepends=True)
            fresh = self._path.with_suffix(".new")
            fresh.write_bytes(b"".join(lines[len(lines) // 2 :]))
            fresh.replace(self._path)
        return os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    @staticmethod
    def note(opened: int, name: str) -> None:
        """Write that the alert of this mark was told."""
        os.write(opened, f"{name}\n".encode())

    def knows(self, name: str) -> bool:
        """Whether the alert of this mark was told; ``OSError`` where that cannot be read."""
        try:
            return name in self._path.read_text(encoding="ascii", errors="replace").splitlines()
        except FileNotFoundError:
            return False

    def check(self) -> tuple[str, ...]:
        """What is wrong with the file, with the fix; nothing where it can be written."""
        try:
            os.close(self.open())
        except OSError as error:
            return (f"{self._path}: {error.strerror}; make the folder writable for the monitor",)
        return ()


def told(
    journal: Journal, row: OutboxRow, thread: Thread | None, attempt: Callable[[], Outcome], *, name: str = ""
) -> Outcome:
    """One attempt, noted if it was confirmed; none where nothing could be noted. The mark stands for the message."""
    name = name or mark(row)
    try:
        opened = journal.open()
    except OSError as error:
        return Outcome(status=SendStatus.CHANNEL_FAULT, message=f"journal {journal.name}: {error.strerror}")
    try:
        outcome = attempt()
        if outcome.status is not SendStatus.SENT:
            return outcome
        with contextlib.suppress(OSError):  # a full disk: the row itself says what was sent, unless we are killed now
            Journal.note(opened, name)
        return replace(outcome, remote_id=name, root=thread.root if thread else name)
    finally:
        os.close(opened)


def ended(journal: Journal, row: OutboxRow, attempt: Callable[[], Outcome]) -> Outcome:
    """An edit where nothing can be edited: what was told stays, but the end of an incident is told, once, by itself."""
    name = f"{mark(row)}-over"
    if not row.alert.over or looked_up(journal, row, None, name=name).status is LookStatus.FOUND:
        return Outcome(status=SendStatus.SENT, remote_id=row.remote_id)
    return replace(told(journal, row, None, attempt, name=name), remote_id=row.remote_id)


def looked_up(journal: Journal, row: OutboxRow, thread: Thread | None, *, name: str = "") -> Look:
    """Whether the journal has this row."""
    name = name or mark(row)
    try:
        known = journal.knows(name)
    except OSError as error:
        return Look(status=LookStatus.CANNOT_LOOK, message=f"journal {journal.name}: {error.strerror}")
    if not known:
        return Look(status=LookStatus.NOT_FOUND)
    return Look(status=LookStatus.FOUND, remote_id=name, root=thread.root if thread else name)


def lost(row: OutboxRow, said: str) -> Outcome:
    """An answer that did not come: to be sent again, a few times; then an operator decides."""
    if row.attempts < LOST:
        return Outcome(status=SendStatus.UNKNOWN, message=said)
    return Outcome(status=SendStatus.MESSAGE_FAULT, message=f"{said}, in {row.attempts} attempts: it may have arrived")
