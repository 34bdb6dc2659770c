"""Column types that mean the same on SQLite and PostgreSQL.

They never guess: a time without a zone is refused, and text is rid of the two things PostgreSQL cannot hold.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

from sqlalchemy import BigInteger, Dialect, Integer, Text, types

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
MICROSECOND = dt.timedelta(microseconds=1)

UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
"""NUL and lone halves of a surrogate pair: PostgreSQL refuses both, SQLite the second."""

Id = BigInteger().with_variant(Integer(), "sqlite")
"""A row id: 64 bits on both (SQLite counts up by itself only in a column called INTEGER)."""


def storable(text: str) -> str:
    """``text`` without NUL and lone surrogates; a plain ``str``, whatever enum it came as."""
    text = str(text)
    return UNSTORABLE.sub("", text) if UNSTORABLE.search(text) else text


class Words(types.TypeDecorator[str]):
    """Text that a feed may have written. It never carries NUL or half a character to the database."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """To the database."""
        return None if value is None else storable(value)


class UtcTime(types.TypeDecorator[dt.datetime]):
    """A moment: ``timestamptz`` on PostgreSQL, microseconds since 1970 on SQLite. It never takes a naive time."""

    impl = types.TIMESTAMP
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> types.TypeEngine[Any]:
        """The column as this database knows it."""
        if dialect.name == "sqlite":
            return dialect.type_descriptor(BigInteger())
        return dialect.type_descriptor(types.TIMESTAMP(timezone=True))

    def process_bind_param(self, value: dt.datetime | None, dialect: Dialect) -> Any:
        """To the database."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a time without a zone cannot be stored: {value.isoformat()}")
        return (value - EPOCH) // MICROSECOND if dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> dt.datetime | None:
        """From the database, in UTC."""
        if value is None:
            return None
        if dialect.name == "sqlite":
            return EPOCH + dt.timedelta(microseconds=value)
        moment: dt.datetime = value
        return moment.astimezone(dt.UTC)


class Json(types.TypeDecorator[bytes]):
    """A JSON document as bytes, written and read by ``codec``: JSONB on PostgreSQL, text on SQLite. Never parsed here.

    The engine's JSON (de)serialiser is the identity (``engine.py``), so a document is encoded once and decoded once.
    """

    impl = types.JSON(none_as_null=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> types.TypeEngine[Any]:
        """The column as this database knows it."""
        if dialect.name == "sqlite":
            return dialect.type_descriptor(types.JSON(none_as_null=True))
        from sqlalchemy.dialects.postgresql import JSONB

        return dialect.type_descriptor(JSONB(none_as_null=True))
