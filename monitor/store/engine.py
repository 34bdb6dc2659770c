"""Opens a database: URL in, SQLAlchemy engine out, both databases made to behave alike.

It never creates a table and never reads one; ``migrate`` does the first, the transactions the second.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.pool import NullPool, QueuePool, StaticPool

from monitor.errors import StoreError

BUSY_TIMEOUT_MS = 30_000
"""How long SQLite waits for another writer: an ingest transaction takes milliseconds, a vacuum may take seconds."""
CONNECT_TIMEOUT_S = 10
"""How long to wait for PostgreSQL at start; the daemon tries again by itself."""

READING = "monitor_reading"
"""Where a pooled connection's record says whether it was last told to refuse writes."""
MODE = "monitor_mode"
"""The execution option for how a transaction begins: ``write``, ``read``, or ``alone`` (each statement its own)."""


def database_url(url: str | URL) -> URL:
    """The URL with the driver we ship; ``sqlite:///file`` and ``postgresql://…`` are what people write."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise StoreError(
            "the database URL cannot be read; write sqlite:///var/monitor.db or postgresql://user@host/name"
        ) from None
    name = parsed.get_backend_name()
    if name == "sqlite":
        return parsed.set(drivername="sqlite+pysqlite")
    if name in {"postgresql", "postgres"}:
        return parsed.set(drivername="postgresql+psycopg")
    raise StoreError(
        f"no database called {name!r} is supported; write sqlite:///var/monitor.db or postgresql://user@host/name"
    )


def sqlite_file(url: URL) -> Path | None:
    """The file of an SQLite database, or None where there is none (in memory, PostgreSQL)."""
    if url.get_backend_name() != "sqlite" or not url.database or url.database == ":memory:":
        return None
    return Path(url.database)


def open_engine(
    url: str | URL, *, echo: bool = False, durable: bool = True, pooled: bool = True, migrating: bool = False
) -> Engine:
    """An engine. ``durable=False`` is for throwaway databases: no commit waits for the disk.

    ``pooled=False`` ends each connection when it is closed. ``migrating`` leaves SQLite's foreign keys unenforced: it
    changes a table by copying and dropping it, and a drop would take every referring row along.
    """
    parsed = database_url(url)
    shared: dict[str, Any] = {
        "echo": echo,
        "hide_parameters": not echo,  # an error message shows no article and no secret
        "json_serializer": _as_it_is,
        "json_deserializer": _as_it_is,
    }
    if parsed.get_backend_name() == "sqlite":
        return _open_sqlite(parsed, shared, durable=durable, migrating=migrating)
    options = f"-c timezone=UTC -c synchronous_commit={'on' if durable else 'off'}"
    return create_engine(
        parsed,
        pool_pre_ping=True,
        poolclass=QueuePool if pooled else NullPool,
        connect_args={"connect_timeout": CONNECT_TIMEOUT_S, "options": options, "application_name": "monitor"},
        **shared,
    )


def _open_sqlite(url: URL, shared: dict[str, Any], *, durable: bool, migrating: bool) -> Engine:
    """SQLite without the driver's implicit transactions: every BEGIN is ours, so every transaction is the one meant.

    ``synchronous=FULL``: under WAL already NORMAL survives kill -9, since the kernel holds what was committed; FULL
    survives the power plug too. An alert marked as sent must stay marked, or it is sent again, and one fsync a document
    is cheap.
    """
    file = sqlite_file(url)
    if file is not None:
        file.parent.mkdir(parents=True, exist_ok=True)
    memory: dict[str, Any] = {"poolclass": StaticPool} if file is None else {}
    engine = create_engine(url, connect_args={"check_same_thread": False}, **memory, **shared)

    @event.listens_for(engine, "connect")
    def _connect(connection: Any, _record: object) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute(f"PRAGMA synchronous={'FULL' if durable else 'OFF'}")
        cursor.execute(f"PRAGMA foreign_keys={'OFF' if migrating else 'ON'}")
        cursor.execute("PRAGMA temp_store=MEMORY")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        mode = connection.get_execution_options().get(MODE, "write")
        reading = mode == "read"
        if connection.info.get(READING) is not reading:  # said once, not at each of a connection's transactions
            say(connection, f"PRAGMA query_only={'ON' if reading else 'OFF'}")
            connection.info[READING] = reading
        if mode != "alone":
            say(connection, "BEGIN" if reading else "BEGIN IMMEDIATE")

    return engine


def say(connection: Connection, statement: str) -> None:
    """A statement without values and answer, said to the driver itself: SQLAlchemy's way costs twenty times as much."""
    driver: Any = connection.connection.driver_connection
    dialect: Any = connection.dialect
    try:
        driver.execute(statement)
    except dialect.dbapi.Error as error:
        raise DBAPIError(statement, None, error) from error


@contextmanager
def each_alone(engine: Engine) -> Iterator[Connection]:
    """A connection whose statements commit one by one: what a vacuum and a session's lock need."""
    options: dict[str, Any] = {MODE: "alone"}
    if engine.dialect.name == "postgresql":
        options["isolation_level"] = "AUTOCOMMIT"
    with engine.connect().execution_options(**options) as connection:
        yield connection


def said(error: DBAPIError) -> str:
    """What the database said, in its first line: the details below it would show the rows' contents."""
    return str(error.orig).partition("\n")[0]


def _as_it_is(document: Any) -> Any:
    """JSON passes through untouched: ``codec`` writes and reads it."""
    return document.decode() if isinstance(document, bytes) else document
