"""Brings a database to the schema this program knows, and says where one stands.

It never migrates unasked: a store refuses a database of another schema, and ``monitor db upgrade`` is a command.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, column, func, select, table
from sqlalchemy.exc import DBAPIError

import monitor
from monitor.errors import SchemaError, StoreError
from monitor.store.engine import open_engine, said
from monitor.store.tables import metadata

if TYPE_CHECKING:  # where nothing is migrated, which is nearly always, alembic is not loaded: a fifth of a start
    from alembic.config import Config

STAMP = table("alembic_version", column("version_num"))
"""Where alembic keeps the revision a database is at."""
MIGRATION_LOCK = 0x6D6F6E69_00000001
"""PostgreSQL advisory key of a running migration: two containers that start together migrate once."""


def script_location() -> Path:
    """The folder of migrations: ``monitor/_alembic`` in a wheel, ``alembic/`` beside the package in a checkout."""
    package = Path(monitor.__file__).resolve().parent
    for folder in (package / "_alembic", package.parent / "alembic"):
        if (folder / "env.py").is_file():
            return folder
    raise SchemaError(
        f"the migrations are missing: neither {package / '_alembic'} nor {package.parent / 'alembic'} holds env.py"
    )


@cache
def revisions() -> tuple[str, ...]:
    """Every revision this program knows, oldest first: a migration's file is called by its own, ``0002_name.py``."""
    found = sorted(path.name.partition("_")[0] for path in (script_location() / "versions").glob("[0-9]*_*.py"))
    if not found:
        raise SchemaError("there is no migration to work with")
    return tuple(found)


def head() -> str:
    """The revision this program works with."""
    return revisions()[-1]


def current(url: str) -> str | None:
    """The revision a database is at; None where it holds nothing of ours."""
    with _connected(url) as connection:
        return revision_of(connection)


def upgrade(url: str, revision: str = "head") -> str:
    """Bring a database up to ``revision`` and return what it is at now. Data stays; a newer database is refused."""
    from alembic import command

    with _connected(url) as connection:
        _refuse_newer(revision_of(connection))
        command.upgrade(_config(connection), revision)
        if connection.dialect.name == "sqlite" and connection.exec_driver_sql("PRAGMA foreign_key_check").first():
            raise SchemaError("the migration would leave rows that refer to nothing; the database stays as it was")
        return revision_of(connection) or ""


def downgrade(url: str, revision: str) -> str | None:
    """Bring a database down to ``revision`` (``base``: nothing of ours is left, data neither)."""
    from alembic import command

    with _connected(url) as connection:
        command.downgrade(_config(connection), revision)
        return revision_of(connection)


def create(engine: Engine) -> None:
    """All tables at once, stamped as head: for throwaway databases, which have nothing to migrate."""
    from alembic.runtime.migration import MigrationContext
    from alembic.script import ScriptDirectory

    with engine.begin() as connection:
        metadata.create_all(connection)
        MigrationContext.configure(connection).stamp(ScriptDirectory(str(script_location())), "head")


def verify(connection: Connection) -> None:
    """Raise ``SchemaError`` unless the database is at head."""
    found = revision_of(connection)
    if found is None:
        raise SchemaError("the database is empty: run `monitor db upgrade`")
    _refuse_newer(found)
    if found != head():
        raise SchemaError(f"the database is at schema {found}, this program needs {head()}: run `monitor db upgrade`")


def revision_of(connection: Connection) -> str | None:
    """The revision a connected database is at."""
    if not connection.dialect.has_table(connection, STAMP.name):
        return None
    found: str | None = connection.scalar(select(STAMP.c.version_num))
    return found


def _refuse_newer(found: str | None) -> None:
    """A revision this program has never heard of was made by a later one."""
    if found is not None and found not in revisions():
        raise SchemaError(
            f"the database is at schema {found}, which this program does not know: it is of a later version; "
            f"run that version, or restore a backup (this program knows up to {head()})"
        )


def _config(connection: Connection) -> Config:
    """Alembic's settings, without a file: the connection is handed over open."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(script_location()).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


@contextmanager
def _connected(url: str) -> Iterator[Connection]:
    """A connection of its own in one transaction, the only migrating one; errors are ours."""
    engine = open_engine(url, pooled=False, migrating=True)
    try:
        with engine.begin() as connection:
            if engine.dialect.name == "postgresql":
                connection.execute(select(func.pg_advisory_xact_lock(MIGRATION_LOCK)))
            yield connection
    except DBAPIError as error:
        raise StoreError(f"the database said no: {said(error)}") from error
    finally:
        engine.dispose()
