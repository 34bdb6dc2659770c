"""Locks that say who may work on a database: held by a living process, free the moment it dies.

They never guard rows (transactions do) and never wait: whoever comes second is told so.
"""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from sqlalchemy import Connection, Engine, func, select
from sqlalchemy.exc import DBAPIError

from monitor.errors import AnotherInstanceError, StoreError
from monitor.store.engine import each_alone, open_engine, said, sqlite_file

SPACE = 0x6D6F6E69
"""The first half of our PostgreSQL advisory keys ("moni"), so that no other program's locks are met."""

UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")

Still = Callable[[], None]
"""Asked whether the lock is still ours: ``AnotherInstanceError`` where somebody else has it by now."""


@contextmanager
def instance_lock(engine: Engine, name: str) -> Iterator[Still]:
    """Hold the lock ``name`` of this database while the block runs, or raise ``AnotherInstanceError`` at once.

    PostgreSQL: a session's advisory lock on a connection of its own; it goes with the connection, and the block is told
    so when it asks. SQLite: an exclusive ``flock`` on a file beside the database; the kernel frees it at any death of
    the process, and the file itself stays. A database in memory belongs to one process anyway.
    """
    if engine.dialect.name == "postgresql":
        lock = _Advisory(engine, name)
        lock.take()
        try:
            yield lock.still
        finally:
            lock.give_up()
        return
    file = sqlite_file(engine.url)
    if file is None:
        yield _ours
        return
    with _locked_file(lock_file(file, name), name):
        yield _ours


def lock_file(database: Path, name: str) -> Path:
    """Where the lock of an SQLite database lies."""
    return database.with_name(f"{database.name}.{UNSAFE.sub('_', name)}.lock")


@contextmanager
def _locked_file(path: Path, name: str) -> Iterator[None]:
    """An exclusive lock on a file. The file descriptor is not inherited by programs started from here."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(handle, 64).decode(errors="replace").strip() or "unknown"
            raise AnotherInstanceError(
                f"another process (pid {holder}) holds the lock {name!r} of {path.name.split('.')[0]}: {path}"
            ) from None
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(handle)


def _ours() -> None:
    """The kernel's lock is ours for as long as we live."""


class _Advisory:
    """A session's advisory lock. Its connection is used for nothing else and never goes back to a pool."""

    def __init__(self, engine: Engine, name: str) -> None:
        self._engine = open_engine(engine.url, pooled=False)
        self._name = name
        self._held: tuple[ExitStack, Connection] | None = None

    def take(self) -> None:
        """The lock, or at once why not."""
        with ExitStack() as opened:
            try:
                connection = opened.enter_context(each_alone(self._engine))
                got = connection.scalar(select(func.pg_try_advisory_lock(SPACE, func.hashtext(self._name))))
            except DBAPIError as error:
                raise StoreError(f"the database cannot be reached: {said(error)}") from error
            if not got:
                raise AnotherInstanceError(f"another process holds the lock {self._name!r} of this database")
            self._held = opened.pop_all(), connection

    def still(self) -> None:
        """A question also keeps the connection alive. One that broke (the server started anew, a firewall forgot it)
        gave the lock up: it is taken again on another, unless somebody else was faster."""
        try:
            if self._held is not None:
                self._held[1].scalar(select(1))
                return
        except DBAPIError:
            self.give_up()
        self.take()

    def give_up(self) -> None:
        """Free it, if it is held."""
        held, self._held = self._held, None
        if held is not None:
            with suppress(DBAPIError):
                held[0].close()
