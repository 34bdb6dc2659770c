"""What every part of a transaction stands on: the connection and the few statements that differ between databases.

It decides nothing and holds nothing beyond its transaction, except decoded stories, which are dropped at a rollback.
"""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Connection,
    CursorResult,
    Integer,
    Select,
    Table,
    Text,
    any_,
    bindparam,
    func,
    literal_column,
    select,
    type_coerce,
)
from sqlalchemy.sql import ClauseElement

from monitor.entities import ArticleId, EntryId, FeedId, Story, StoryId
from monitor.store import direct
from monitor.store.types import storable

if TYPE_CHECKING:
    from monitor.store.meaning import VectorCache

S = TypeVar("S")

STORIES_KEPT = 2000
"""Decoded stories kept between transactions: more than `candidates` asks for at once, a few KB each."""


class StoryCache:
    """Stories decoded once a version, for all threads. It never answers with what was not read or written."""

    def __init__(self) -> None:
        self._stories: OrderedDict[StoryId, tuple[int, Story]] = OrderedDict()
        self._lock = threading.Lock()

    @cached_property
    def vectors(self) -> VectorCache:
        """The vectors of stories; made when first asked for, as a look at the status needs no numpy."""
        from monitor.store.meaning import VectorCache

        return VectorCache()

    def get(self, story: StoryId, version: int) -> Story | None:
        """The story as of that version."""
        with self._lock:
            held = self._stories.get(story)
        return held[1] if held is not None and held[0] == version else None

    def put(self, story: Story, version: int) -> None:
        """Keep a story as it was read or written; the one that was so longest ago goes."""
        with self._lock:
            self._stories[story.id] = (version, story)
            self._stories.move_to_end(story.id)
            if len(self._stories) > STORIES_KEPT:
                self._stories.popitem(last=False)

    def clear(self) -> None:
        """Forget all: a version that was rolled back may come again with another story in it."""
        with self._lock:
            self._stories.clear()
        if "vectors" in self.__dict__:
            self.vectors.clear()


@dataclass(slots=True)
class Session:
    """One open transaction; the parts of ``SqlTx`` share it.

    ``held_feeds`` have a row since an earlier transaction, ``feeds`` since this one; ``unplaced`` are articles that
    this transaction added and that hang on nothing yet.
    """

    connection: Connection
    stories: StoryCache
    unrecorded: set[EntryId] = field(default_factory=set)
    held_feeds: AbstractSet[FeedId] = frozenset()
    feeds: set[FeedId] = field(default_factory=set)
    unplaced: set[ArticleId] = field(default_factory=set)

    def insert(self, table: Table) -> Any:
        """INSERT that can say ON CONFLICT, on either database."""
        return inserting(table, self.dialect)

    def values(self, values: Iterable[str] | Iterable[int]) -> Any:
        """The distinct values as the parameter that ``among`` asks for."""
        distinct = list(dict.fromkeys(storable(value) if isinstance(value, str) else value for value in values))
        return json.dumps(distinct, ensure_ascii=False) if self.dialect == "sqlite" else distinct

    @property
    def dialect(self) -> str:
        """Which of the two databases it is."""
        return self.connection.dialect.name

    def upsert(self, table: Table, values: Mapping[str, Any], *, key: Sequence[str]) -> None:
        """Write one row whole, whether it stood or not."""
        self.connection.execute(_upserting(table, self.dialect, tuple(values), tuple(key)), values)


@lru_cache(maxsize=64)
def _upserting(table: Table, dialect: str, names: tuple[str, ...], key: tuple[str, ...]) -> Any:
    """The statement, made once: making it costs more than running it, and a poll runs it at every 304."""
    statement = inserting(table, dialect)
    changed = {name: statement.excluded[name] for name in names if name not in key}
    return statement.on_conflict_do_update(index_elements=list(key), set_=changed)


class Part:
    """The part of a transaction that one room file holds; ``SqlTx`` is made of these."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._db = session.connection

    def _ask(self, statement: ClauseElement, values: Mapping[str, Any]) -> Sequence[Any]:
        """The rows of one of the walk's statements, without times in them."""
        return direct.ask(self._db, statement, values)

    def _rows(self, statement: ClauseElement, values: Mapping[str, Any]) -> Sequence[Any]:
        """The rows of one of the walk's statements by the names of their columns, times and all."""
        return direct.rows(self._db, statement, values)

    def _do(self, statement: ClauseElement, values: Mapping[str, Any]) -> direct.Done:
        """Run one of the walk's statements that answers with nothing."""
        return direct.do(self._db, statement, values)


def among(column: ColumnElement[Any], dialect: str) -> ColumnElement[bool]:
    """Whether a column holds one of ``:values``, which is one parameter however many they are (``Session.values``).

    A list of thousands costs one value to send and no statement is compiled anew for its length.
    """
    kind = BigInteger() if isinstance(column.type, Integer | BigInteger) else Text()
    if dialect == "sqlite":
        each = func.json_each(bindparam("values", type_=Text())).table_valued("value")
        return column.in_(select(type_coerce(each.c.value, kind)))
    return column == any_(bindparam("values", type_=ARRAY(kind)))


def row_each(dialect: str, *before: ColumnElement[Any], after: Sequence[ColumnElement[Any]] = ()) -> Select[Any]:
    """A row for each text of ``:values``, between the same columns in each: what an INSERT of many is made from."""
    if dialect == "sqlite":
        each = func.json_each(bindparam("values", type_=Text())).table_valued("value")
        # Without a WHERE, SQLite takes the ON of an ON CONFLICT behind it for a join's.
        return select(*before, each.c.value, *after).where(literal_column("true"))
    return select(*before, func.unnest(bindparam("values", type_=ARRAY(Text()))).column_valued("each"), *after)


def inserting(table: Table, dialect: str) -> Any:
    """INSERT that can say ON CONFLICT, on either database."""
    if dialect == "sqlite":
        from sqlalchemy.dialects import sqlite

        return sqlite.insert(table)
    from sqlalchemy.dialects import postgresql  # four drivers' worth of code, which a house on SQLite never needs

    return postgresql.insert(table)


class OnBoth(Generic[S]):
    """A statement that differs between the databases, built once for the one in use."""

    def __init__(self, build: Callable[[str], S]) -> None:
        self._build = build
        self._built: dict[str, S] = {}

    def __getitem__(self, dialect: str) -> S:
        if dialect not in self._built:
            self._built[dialect] = self._build(dialect)
        return self._built[dialect]


def on_both(build: Callable[[str], S]) -> OnBoth[S]:
    """The statement that ``build`` makes for a database by its name."""
    return OnBoth(build)


def new_id(result: CursorResult[Any]) -> int:
    """The id that an INSERT of one row was given."""
    key = result.inserted_primary_key
    assert key is not None, "one row went in"
    return int(key[0])
