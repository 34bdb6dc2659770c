"""Statements of the walk said to SQLite's driver itself: SQLAlchemy's way to run one costs ten times as much.

It never skips what a type does to a value on its way in. What comes out of ``ask`` is as the driver gives it: numbers,
text and bytes, but no time; ``rows`` makes of it what the columns say. PostgreSQL is asked by SQLAlchemy.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Dialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql import ClauseElement

Ready = Callable[[Any], Any] | None


@dataclass(frozen=True, slots=True)
class Done:
    """What a statement that writes came to: the rows it met, and the id of the one row it added."""

    rows: int
    id: int


@dataclass(frozen=True, slots=True)
class Prepared:
    """A statement as the driver takes it: its text, and where each value comes from."""

    sql: str
    values: tuple[tuple[str, Any, Ready], ...]

    def given(self, values: Mapping[str, Any]) -> list[Any]:
        """The values in their places; those that the statement itself holds stay."""
        return [
            held if name not in values else values[name] if ready is None else ready(values[name])
            for name, held, ready in self.values
        ]


@dataclass(frozen=True, slots=True)
class Shape:
    """What the rows of a statement look like, and what makes each value of them what its column says."""

    row: Any
    ready: tuple[Ready, ...]


def ask(connection: Connection, statement: ClauseElement, values: Mapping[str, Any]) -> Sequence[Any]:
    """The rows of a statement."""
    if connection.dialect.name != "sqlite":
        return connection.execute(statement, values).all()  # type: ignore[call-overload,no-any-return]
    rows: list[Any] = _run(connection, statement, values).fetchall()
    return rows


def rows(connection: Connection, statement: ClauseElement, values: Mapping[str, Any]) -> Sequence[Any]:
    """The rows of a statement by the names of their columns, each value as its column's type says."""
    if connection.dialect.name != "sqlite":
        return connection.execute(statement, values).all()  # type: ignore[call-overload,no-any-return]
    found: list[Any] = _run(connection, statement, values).fetchall()
    if not found:
        return found
    shape = _shape(statement, connection.dialect)
    return [
        shape.row._make(
            [value if ready is None else ready(value) for value, ready in zip(each, shape.ready, strict=True)]
        )
        for each in found
    ]


def do_each(connection: Connection, sql: str, rows: Sequence[Sequence[Any]]) -> None:
    """Run one statement of SQLite for each of many rows, whose values are ready for it."""
    driver: Any = connection.connection.driver_connection
    dialect: Any = connection.dialect
    try:
        driver.executemany(sql, rows)
    except dialect.dbapi.Error as error:
        raise DBAPIError.instance(sql, None, error, dialect.dbapi.Error, dialect=dialect) from error


def do(connection: Connection, statement: ClauseElement, values: Mapping[str, Any]) -> Done:
    """Run a statement that answers with nothing."""
    if connection.dialect.name != "sqlite":
        result = connection.execute(statement, values)  # type: ignore[call-overload]
        key = result.inserted_primary_key if result.is_insert else None
        return Done(rows=result.rowcount, id=int(key[0]) if key is not None and isinstance(key[0], int) else 0)
    cursor = _run(connection, statement, values)
    return Done(rows=cursor.rowcount, id=cursor.lastrowid or 0)


def _run(connection: Connection, statement: ClauseElement, values: Mapping[str, Any]) -> Any:
    prepared = _prepared(statement, tuple(values), connection.dialect)
    driver: Any = connection.connection.driver_connection
    dialect: Any = connection.dialect
    try:
        return driver.execute(prepared.sql, prepared.given(values))
    except dialect.dbapi.Error as error:
        raise DBAPIError.instance(prepared.sql, None, error, dialect.dbapi.Error, dialect=dialect) from error


@lru_cache(maxsize=128)
def _prepared(statement: ClauseElement, names: tuple[str, ...], dialect: Dialect) -> Prepared:
    """The statement made ready once; a statement of the walk is a constant, and so are the names of its values."""
    compiled: Any = statement.compile(dialect=dialect, column_keys=list(names))
    held = compiled.params
    return Prepared(
        sql=compiled.string,
        values=tuple(
            (name, held.get(name), compiled.binds[name].type.dialect_impl(dialect).bind_processor(dialect))
            for name in compiled.positiontup or ()
        ),
    )


@lru_cache(maxsize=128)
def _shape(statement: Any, dialect: Dialect) -> Shape:
    """The shape of a statement's rows, looked at once."""
    columns = statement.selected_columns
    return Shape(
        row=namedtuple("Row", list(columns.keys())),  # noqa: PYI024 - its fields are the statement's
        ready=tuple(column.type.dialect_impl(dialect).result_processor(dialect, None) for column in columns),
    )
