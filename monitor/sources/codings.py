"""Content codings undone, within a bound: gzip, deflate, br, zstd, stacked, undeclared or falsely declared.

Never makes more bytes than it was allowed, whatever a document of a few kilobytes claims to unfold to.
"""

from __future__ import annotations

import sys
import zlib
from collections.abc import Callable, Mapping
from typing import Protocol

import brotli  # type: ignore[import-untyped]

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

_GZIP, _ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
_STACKED_MOST = 4  # codings within codings; honest servers use one
_CHUNK = 1 << 16  # bytes a step
_GZIP_BITS = 31  # zlib's number for "with gzip's header", and the largest window
_MEMBERS_MOST = 1000  # gzip members strung together; honest servers send one, some a first empty one


class TooLarge(Exception):
    """The document unfolds to more than it may. Raised and caught within the front door."""


class Broken(Exception):
    """The bytes are not of the coding they claim. Raised and caught within the front door."""


class _Decoder(Protocol):
    """One coding undone step by step: feed bytes, take at most so many."""

    done: bool
    more: bool  # whether something of the document may follow all the same

    def step(self, data: bytes, most: int) -> bytes:
        """Up to ``most`` bytes; call again with ``b""`` for the rest."""
        ...


class _Zlib:
    def __init__(self, bits: int) -> None:
        self._inner, self._bits, self._pending, self._members = zlib.decompressobj(bits), bits, b"", 1
        self.done, self.more = False, bits == _GZIP_BITS

    def step(self, data: bytes, most: int) -> bytes:
        source, self._pending = self._pending + data, b""
        while True:
            if self.done and not self._next(source):
                return b""
            try:
                out = self._inner.decompress(source, most)
            except zlib.error as error:
                raise Broken(str(error)) from error
            self._pending = source = self._inner.unconsumed_tail
            if self._inner.eof:
                self._pending = source = self._inner.unused_data
                self.done = not self._next(source)
            if out or not source:  # a member may be empty, and the document stands in the next
                return out

    def _next(self, source: bytes) -> bool:
        """Whether another member begins (gzip files may be strung together); what else follows the end is no part."""
        if self.more and len(source) < len(_GZIP) and _GZIP.startswith(source):
            self._pending = source  # nothing yet, or half of a mark at the end of what has come
            return False
        self.more = self.more and source.startswith(_GZIP) and self._members < _MEMBERS_MOST
        if self.more:
            self._inner, self._members, self.done = zlib.decompressobj(self._bits), self._members + 1, False
        return self.more


class _Brotli:
    def __init__(self) -> None:
        self._inner, self.done, self.more = brotli.Decompressor(), False, False

    def step(self, data: bytes, most: int) -> bytes:
        try:
            out: bytes = self._inner.process(data, output_buffer_limit=most)
        except brotli.error as error:
            raise Broken(str(error)) from error
        self.done = self._inner.is_finished()
        return out


class _Zstd:
    def __init__(self) -> None:
        self._inner, self.done, self.more = zstd.ZstdDecompressor(), False, False

    def step(self, data: bytes, most: int) -> bytes:
        try:
            out = self._inner.decompress(data, most)
        except (zstd.ZstdError, EOFError) as error:
            raise Broken(str(error)) from error
        if self._inner.eof:
            self.done = True
        return out


_DECODERS: Mapping[str, tuple[Callable[[], _Decoder], ...]] = {
    "gzip": (lambda: _Zlib(_GZIP_BITS),),
    "zstd": (_Zstd,),
    "br": (_Brotli,),
    # By the standard deflate has zlib's header; half the world sends it bare.
    "deflate": (lambda: _Zlib(15), lambda: _Zlib(-15)),
}


def undone(body: bytes, declared: str, *, most: int, ratio: int) -> tuple[bytes, bool]:
    """The document without its codings, and whether it is whole. Magic bytes win over the header."""
    names = [name.strip().casefold().removeprefix("x-") for name in declared.split(",") if name.strip()]
    whole = True
    for name in reversed(names[:_STACKED_MOST]):
        body, complete = _one(body, name, most, ratio)
        whole = whole and complete
    for _ in range(2):
        name = _by_magic(body)
        if not name:
            break
        body, complete = _one(body, name, most, ratio)
        whole = whole and complete
    if len(body) > most:
        raise TooLarge(f"more than {most:,} bytes")
    return body, whole


def _by_magic(body: bytes) -> str:
    return "gzip" if body.startswith(_GZIP) else ("zstd" if body.startswith(_ZSTD) else "")


def _one(body: bytes, name: str, most: int, ratio: int) -> tuple[bytes, bool]:
    if name in {"identity", "none", "utf-8", ""} or not body:
        return body, True
    actual = _by_magic(body) or name
    if actual in {"gzip", "zstd"} and not _by_magic(body):
        return body, True  # declared, but the bytes are not: servers that unpacked it on the way
    # Both, since a brotli stream has no mark of its own and may begin with the bytes of another's.
    for make in (*_DECODERS.get(actual, ()), *(_DECODERS.get(name, ()) if name != actual else ())):
        try:
            return _unfold(make(), body, most, ratio)
        except Broken:
            continue
    if body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in {b"<", b"{"}:
        return body, True
    raise Broken(f"not {name}, as it claims")


def _unfold(decoder: _Decoder, body: bytes, most: int, ratio: int) -> tuple[bytes, bool]:
    limit = min(most, max(len(body) * ratio, 1 << 20))
    out: list[bytes] = []
    size = 0
    try:
        for start in range(0, len(body), _CHUNK):
            piece = decoder.step(body[start : start + _CHUNK], _CHUNK)
            while True:
                size += len(piece)
                if size > limit:
                    raise TooLarge(f"unfolds to more than {limit:,} bytes")
                out.append(piece)
                if decoder.done or not piece:
                    break
                piece = decoder.step(b"", _CHUNK)
            if decoder.done and not decoder.more:
                break
    except Broken:
        if size == 0:
            raise
        return b"".join(out), False
    return b"".join(out), decoder.done
