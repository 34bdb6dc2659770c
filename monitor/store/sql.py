"""The cellar itself: transactions over SQLite and PostgreSQL, and the locks beside them.

It never retries: an error leaves nothing behind and says whether trying again can help.
"""

from __future__ import annotations

import datetime as dt
import json
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, Self

from sqlalchemy import Connection, func, select, text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from monitor.entities import FeedId
from monitor.errors import StoreError
from monitor.store import home, locks, migrate
from monitor.store import tables as t
from monitor.store.engine import MODE, each_alone, open_engine, said, say, sqlite_file
from monitor.store.entries import EntryQueries
from monitor.store.feeds import FeedQueries
from monitor.store.incidents import IncidentQueries
from monitor.store.labels import LabelQueries
from monitor.store.links import LinkQueries
from monitor.store.outbox import OutboxQueries
from monitor.store.session import Session, StoryCache
from monitor.store.stories import StoryQueries

LITE_VACUUM = ("VACUUM", "PRAGMA optimize", "PRAGMA wal_checkpoint(TRUNCATE)")
BUTTONS = "slack.buttons"
"""The remark on how the connection is that presses of buttons come over."""
INGEST = 1
"""Second half of the PostgreSQL advisory key that ingest transactions wait for."""


class SqlTx(FeedQueries, IncidentQueries, EntryQueries, LinkQueries, StoryQueries, OutboxQueries, LabelQueries):
    """One transaction over everything. It commits as a whole or never was."""

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """A part of the transaction that may fail alone: what its block wrote is undone if it raises, the rest stands.

        The error goes on to the caller, who may swallow it and continue with the next entry; one that is the database's
        own (a full disk, a deadlock) goes on as a ``StoreError``, since it says nothing of the entry.
        """
        session = self._session
        unrecorded, feeds, unplaced = set(session.unrecorded), set(session.feeds), set(session.unplaced)
        say(self._db, "SAVEPOINT part")
        try:
            yield
        except BaseException as error:
            say(self._db, "ROLLBACK TO SAVEPOINT part")
            say(self._db, "RELEASE SAVEPOINT part")
            session.unrecorded, session.feeds, session.unplaced = unrecorded, feeds, unplaced
            session.stories.clear()
            if isinstance(error, OperationalError) and not _is_too_much(error):
                raise StoreError(f"the database said no: {said(error)}") from error
            raise
        say(self._db, "RELEASE SAVEPOINT part")

    def beat(self, name: str, now: dt.datetime, note: str = "") -> None:
        """Say that a part of the daemon is alive."""
        self._session.upsert(t.heartbeat, {"name": name, "at": now, "note": note}, key=["name"])

    def beats(self) -> dict[str, dt.datetime]:
        """When each part of the daemon last said so."""
        return {row.name: row.at for row in self._db.execute(select(t.heartbeat).order_by(t.heartbeat.c.name))}

    def meta(self, key: str) -> str | None:
        """A remark about the database as a whole."""
        found: str | None = self._db.scalar(select(t.meta.c.value).where(t.meta.c.key == key))
        return found

    def set_meta(self, key: str, value: str) -> None:
        """Write such a remark."""
        self._session.upsert(t.meta, {"key": key, "value": value}, key=["key"])

    def note_buttons(self, trouble: str, now: dt.datetime) -> None:
        """How the connection to Slack's buttons is, and since when; no trouble: it is well."""
        self.set_meta(BUTTONS, json.dumps({"trouble": trouble, "since": now.isoformat()}))

    def buttons(self) -> tuple[str, dt.datetime] | None:
        """What was noted last: the trouble, and since when. None: nobody ever listened."""
        raw = self.meta(BUTTONS)
        if raw is None:
            return None
        noted = json.loads(raw)
        return noted["trouble"], dt.datetime.fromisoformat(noted["since"])

    @property
    def connection(self) -> Connection:
        """The connection below, for the other files of the store; nobody above asks for it."""
        return self._db


def _is_too_much(error: OperationalError) -> bool:
    """Whether one value is beyond PostgreSQL's limits (class 54, a key too long for an index): the entry's fault."""
    return str(getattr(error.orig, "sqlstate", None) or "").startswith("54")


class SqlStore:
    """A store in an SQL database. It refuses a database of another schema when it is made; it never migrates one."""

    _held_feeds: frozenset[FeedId]

    def __init__(self, url: str, *, echo: bool = False, durable: bool = True) -> None:
        self.url = url
        self._open(url, echo=echo, durable=durable)
        try:
            with self._transaction("read") as connection:
                migrate.verify(connection)
        except BaseException:
            self.close()
            raise

    @classmethod
    def throwaway(cls, url: str = "sqlite://", *, echo: bool = False) -> Self:
        """A store in a new database whose loss is no loss (replay, tests): no commit waits for the disk."""
        store = cls.__new__(cls)
        store.url = url
        store._open(url, echo=echo, durable=False)
        migrate.create(store.engine)
        return store

    def start_over(self) -> None:
        """Empty all tables: a throwaway store is as new again, and keeps the statements that it has prepared."""
        with self._transaction("write") as connection:
            if connection.dialect.name == "sqlite":
                say(connection, "PRAGMA defer_foreign_keys=ON")
            for table in reversed(t.metadata.sorted_tables):
                connection.execute(table.delete())
        self._stories.clear()
        self._held_feeds = frozenset()

    def _open(self, url: str, *, echo: bool, durable: bool) -> None:
        self.engine = open_engine(url, echo=echo, durable=durable)
        self._stories = StoryCache()
        self._held_feeds = frozenset()
        in_memory = self.engine.dialect.name == "sqlite" and sqlite_file(self.engine.url) is None
        # One connection holds a database in memory: its transactions take turns.
        self._turn: AbstractContextManager[object] = threading.Lock() if in_memory else nullcontext()
        # A file is read by connections that do nothing else: telling one to refuse writes, and then not to, makes
        # SQLite prepare all its statements anew.
        lite = self.engine.dialect.name == "sqlite"
        self._reader = open_engine(url, echo=echo, durable=durable) if lite and not in_memory else self.engine
        reading: dict[str, Any] = {MODE: "read"}
        if not lite:
            reading |= {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        self._modes = {
            "read": self._reader.execution_options(**reading),
            "write": self.engine.execution_options(**{MODE: "write"}),
        }
        self._in_memory = in_memory
        self._open_here = threading.local()

    @contextmanager
    def begin(self, *, exclusive: bool = True) -> Iterator[SqlTx]:
        """A write transaction: commits when its block ends, leaves nothing behind when it raises.

        SQLite takes the write lock at once, so what is read stays true until the commit. PostgreSQL serialises the
        exclusive ones (ingest) by advisory lock, at READ COMMITTED: each statement after the wait sees what the one
        before committed. ``exclusive=False`` is for the outbox, which must not wait for a long ingest.
        """
        if "write" in self._open_modes():
            raise StoreError("begin() inside begin() in one thread would wait for itself; use savepoint()")
        try:
            with self._transaction("write") as connection:
                if exclusive and self.engine.dialect.name == "postgresql":
                    connection.execute(select(func.pg_advisory_xact_lock(locks.SPACE, INGEST)))
                session = Session(connection=connection, stories=self._stories, held_feeds=self._held_feeds)
                yield SqlTx(session)
                if session.unrecorded:
                    names = ", ".join(f"e{entry}" for entry in sorted(session.unrecorded))
                    raise StoreError(f"entries without a verdict cannot be committed: {names}")
        except BaseException:
            self._stories.clear()
            raise
        if session.feeds:
            self._held_feeds |= session.feeds  # committed; a feed's row is never deleted

    @contextmanager
    def read(self) -> Iterator[SqlTx]:
        """A snapshot to read from; writing in it is an error."""
        with self._transaction("read") as connection:
            yield SqlTx(Session(connection=connection, stories=self._stories))

    def instance_lock(self, name: str = "daemon") -> AbstractContextManager[locks.Still]:
        """One holder a database: raises ``AnotherInstanceError`` at once where another process holds it."""
        return locks.instance_lock(self.engine, name)

    def home(self) -> str:
        """Where the database lies, as a short name; a copy put elsewhere has another."""
        with self._transaction("read") as connection:
            return home.home(connection)

    def check(self) -> tuple[str, ...]:
        """What is wrong with the database: its schema, and on SQLite its pages and references. Empty: nothing."""
        with self._transaction("read") as connection:
            migrate.verify(connection)
            if self.engine.dialect.name != "sqlite":
                return ()
            pages = [row[0] for row in connection.execute(text("PRAGMA integrity_check")) if row[0] != "ok"]
            lost = [
                f"{row[0]} row {row[1]} refers to a missing {row[2]}"
                for row in connection.execute(text("PRAGMA foreign_key_check"))
            ]
            return tuple(pages + lost)

    def vacuum(self) -> None:
        """Give space back and refresh the planner's figures. On SQLite writers wait meanwhile."""
        lite = self.engine.dialect.name == "sqlite"
        with self._errors(), self._turn, each_alone(self.engine) as connection:
            for statement in LITE_VACUUM if lite else ("VACUUM (ANALYZE)",):
                connection.exec_driver_sql(statement)

    def close(self) -> None:
        """Give all connections back."""
        self._reader.dispose()
        self.engine.dispose()

    @contextmanager
    def _transaction(self, mode: str) -> Iterator[Connection]:
        """One transaction on a connection of the pool."""
        if self._in_memory and self._open_modes():
            raise StoreError("a database in memory holds one transaction at a time; read inside the open one")
        self._open_modes().append(mode)
        try:
            with (
                self._errors(),
                self._turn,
                self._modes[mode].connect() as connection,
                connection.begin(),
            ):
                yield connection
        finally:
            self._open_modes().pop()

    def _open_modes(self) -> list[str]:
        """The modes of the transactions that this thread holds open."""
        here = self._open_here
        if not hasattr(here, "modes"):
            here.modes = []
        modes: list[str] = here.modes
        return modes

    @contextmanager
    def _errors(self) -> Iterator[None]:
        """The driver's errors as ours, without statement and values."""
        try:
            yield
        except DBAPIError as error:
            raise StoreError(f"the database said no: {said(error)}") from error
        except PoolTimeout as error:
            raise StoreError("every connection to the database is busy") from error
