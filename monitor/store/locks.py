"""Locks that say who may work on a database: held by a living process, free the moment it dies.

They never guard rows (transactions do) and never wait: whoever comes second is told so.
"""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from sqlalchemy import Engine, func, select
from sqlalchemy.exc import DBAPIError

from monitor.errors import AnotherInstanceError, StoreError
from monitor.store.engine import each_alone, open_engine, said, sqlite_file

SPACE = 0x6D6F6E69
"""The first half of our PostgreSQL advisory keys ("moni"), so that no other program's locks are met."""

UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


@contextmanager
def instance_lock(engine: Engine, name: str) -> Iterator[None]:
    """Hold the lock ``name`` of this database while the block runs, or raise ``AnotherInstanceError`` at once.

    PostgreSQL: a session's advisory lock on a connection of its own. SQLite: an exclusive ``flock`` on a file beside
    the database; the kernel frees it at any death of the process, and the file itself stays. A database in memory
    belongs to one process anyway.
    """
    if engine.dialect.name == "postgresql":
        with _advisory(engine, name):
            yield
        return
    file = sqlite_file(engine.url)
    if file is None:
        yield
        return
    with _locked_file(lock_file(file, name), name):
        yield


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


@contextmanager
def _advisory(engine: Engine, name: str) -> Iterator[None]:
    """A session's advisory lock. Its connection is used for nothing else and never goes back to a pool."""
    alone = open_engine(engine.url, pooled=False)
    with ExitStack() as stack:
        try:
            connection = stack.enter_context(each_alone(alone))
            got = connection.scalar(select(func.pg_try_advisory_lock(SPACE, func.hashtext(name))))
        except DBAPIError as error:
            raise StoreError(f"the database cannot be reached: {said(error)}") from error
        if not got:
            raise AnotherInstanceError(f"another process holds the lock {name!r} of this database")
        yield
