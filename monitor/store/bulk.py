"""Many rows of a table in one call of SQLite's driver, past the work that SQLAlchemy does for each of them.

It never skips what a column's type does to a value, and PostgreSQL has its own way: rows and ids in one statement.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Dialect, Table

from monitor.store import direct


def add_rows(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows that all name the same columns, at least one of them."""
    names, dialect = tuple(rows[0]), connection.dialect
    columns: list[Iterable[Any]] = []
    for name, ready in zip(names, _ready(table, names, dialect), strict=True):
        values = [row[name] for row in rows]
        columns.append(values if ready is None else map(ready, values))
    direct.do_each(connection, _insert(table.name, names), list(zip(*columns, strict=True)))


def next_id(connection: Connection, table: Table) -> int:
    """The id that SQLite would give the next row; nobody else adds one before this transaction ends."""
    last = connection.exec_driver_sql(f"SELECT max(id) FROM {table.name}").scalar()
    return 1 if last is None else int(last) + 1


@lru_cache(maxsize=16)
def _ready(table: Table, names: tuple[str, ...], dialect: Dialect) -> tuple[direct.Ready, ...]:
    """What each column's type does to a value on its way in."""
    return tuple(table.c[name].type.dialect_impl(dialect).bind_processor(dialect) for name in names)


@lru_cache(maxsize=16)
def _insert(table: str, names: tuple[str, ...]) -> str:
    return f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"
