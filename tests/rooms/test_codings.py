"""Content codings undone: members strung together, ends that are missing, what follows an end."""

from __future__ import annotations

import gzip
import random

import pytest

from monitor.sources.codings import undone


def member(text: bytes, level: int = 9) -> bytes:
    return gzip.compress(text, compresslevel=level, mtime=0)


EMPTY = member(b"")
# Does not shrink, so that the compressed document is longer than one step of the decoder.
LONG = random.Random(1).randbytes(200_000)


def gunzip(body: bytes) -> tuple[bytes, bool]:
    return undone(body, "gzip", most=1_000_000, ratio=100)


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (member(b"<rss/>"), b"<rss/>"),
        (EMPTY + member(b"<rss/>"), b"<rss/>"),
        (EMPTY * 3 + member(b"<rss/>") + EMPTY, b"<rss/>"),
        (member(b"<rss>") + member(b"</rss>"), b"<rss></rss>"),
        (member(b"<rss/>") + b"\0\0 padding", b"<rss/>"),
        (EMPTY, b""),
    ],
    ids=["one", "first-empty", "many-empty", "two", "padded", "nothing"],
)
def test_gzip_members_make_one_document(body: bytes, text: bytes) -> None:
    assert gunzip(body) == (text, True)


def test_a_member_may_begin_anywhere_even_between_two_steps() -> None:
    first = member(LONG)
    for short in range(4):
        # The second member's mark lies before, across and after the boundary of 65,536 bytes.
        head = member(LONG[: 65_536 - short], 0)
        pad = 65_536 - short - len(member(LONG[:65_000], 0))
        body = member(LONG[: 65_000 + pad], 0) + first
        assert gunzip(body) == (LONG[: 65_000 + pad] + LONG, True), short
        assert gunzip(head + first) == (LONG[: 65_536 - short] + LONG, True), short


@pytest.mark.parametrize("lost", [1, 8, 20, 1000])
def test_a_member_cut_short_is_not_whole(lost: int) -> None:
    text, whole = gunzip(EMPTY + member(LONG)[:-lost])
    assert not whole
    assert LONG.startswith(text)


def test_ever_more_empty_members_are_not_followed_for_ever() -> None:
    text, _ = gunzip(EMPTY * 50_000)
    assert text == b""
