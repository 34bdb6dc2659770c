"""Entities to JSON and back, for every entity in the same way: a new field needs no change here.

Reading is tolerant (an unknown key is dropped, a missing one takes its default), so older rows stay readable; it never
fills in a value that an entity requires.
"""

from __future__ import annotations

import json
from array import array
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, Generic, TypeVar

from pydantic import TypeAdapter
from pydantic_core import PydanticSerializationError, from_json

from monitor.store.types import storable

T = TypeVar("T")


class Codec(Generic[T]):
    """Writes and reads one type of entity. ``columns`` are fields with columns of their own."""

    def __init__(
        self, kind: type[T], *, columns: Sequence[str] = (), nested: Mapping[str, set[str]] | None = None
    ) -> None:
        self.kind = kind
        self._without: dict[str, Any] = {**dict.fromkeys(columns, True), **(nested or {})}

    @cached_property
    def _adapter(self) -> TypeAdapter[T]:
        """Made when first used: a look at the status uses two of a dozen, and each takes milliseconds and memory."""
        return TypeAdapter(self.kind)

    def dump(self, value: T, *, compact: bool = False) -> bytes:
        """JSON that both databases take; ``compact`` leaves out what stands at its default."""
        return self.written(value, compact=compact)[0]

    def written(self, value: T, *, compact: bool = False) -> tuple[bytes, bool]:
        """The same, and whether it says all of the value: else something in it was made storable."""
        try:
            raw = self._adapter.dump_json(value, exclude=self._without, exclude_defaults=compact)
        except PydanticSerializationError:  # half a character somewhere in it
            raw = b"\\u0000"
        if b"\\u0000" not in raw:
            return raw, True
        loose = self._adapter.dump_python(value, mode="json", exclude=self._without, exclude_defaults=compact)
        return json.dumps(_scrubbed(loose), ensure_ascii=False, separators=(",", ":")).encode(), False

    def load(self, raw: bytes | str, **columns: Any) -> T:
        """The entity again; ``columns`` fill in what was kept apart."""
        if not columns:
            return self._adapter.validate_json(raw)
        return self._adapter.validate_python({**from_json(raw), **columns})

    def plain(self, value: T) -> Any:
        """The value as dicts, lists and scalars, for ``--json``."""
        return self._adapter.dump_python(value, mode="json")


def codec(kind: type[T]) -> Codec[T]:
    """The codec of a whole entity or view, made once a type."""
    if kind not in _CODECS:
        _CODECS[kind] = Codec(kind)
    return _CODECS[kind]


_CODECS: dict[type[Any], Codec[Any]] = {}


def jsonable(value: Any) -> Any:
    """Any entity, view or sequence of them as dicts, lists and scalars; bytes never occur in a view."""
    if isinstance(value, list | tuple):
        return [jsonable(item) for item in value]
    if isinstance(value, Mapping):
        return {str(key): jsonable(item) for key, item in value.items()}
    return codec(type(value)).plain(value)


def pack(vector: Sequence[float]) -> bytes:
    """A vector as little-endian doubles: what is read is bit for bit what was written."""
    return _little(array("d", vector)).tobytes()


def unpack(raw: bytes | None) -> tuple[float, ...]:
    """A vector again."""
    return tuple(_little(array("d", raw or b"")))


def _little(numbers: array[float]) -> array[float]:
    """The same bytes on every machine."""
    import sys

    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers


def _scrubbed(value: Any) -> Any:
    """A JSON value with every text made storable."""
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, list):
        return [_scrubbed(item) for item in value]
    if isinstance(value, dict):
        return {storable(key): _scrubbed(item) for key, item in value.items()}
    return value
