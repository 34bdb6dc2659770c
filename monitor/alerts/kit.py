"""Slack's blocks, made of slack-sdk's models, and every limit of theirs. It never speaks to Slack.

Text from outside may stand only in what is built here: Slack parses none of these elements.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from slack_sdk.models.blocks import (
    ContextBlock,
    HeaderBlock,
    PlainTextObject,
    RichTextBlock,
    RichTextElement,
    RichTextElementParts,
    RichTextListElement,
    RichTextSectionElement,
)

from monitor.alerts import safe

# Slack's limits (docs.slack.dev), each with room to spare. The SDK checks only that of the header.
TEXT = 3_000  # UTF-16 units of a message's text, of 4,000: beyond those Slack parts it into several messages
ELEMENT = 2_800  # ... of one text element, of 3,000
HEADER = 150  # ... of a header, all of them
BLOCKS = 50  # blocks of a message, all of them
SIZE = 12_000  # of 13,171: the most that was taken of all blocks, counted as JSON (slackapi/bolt-js#2509)

Block = dict[str, Any]
Piece = RichTextElement


def text(said: str, *, bold: bool = False, italic: bool = False) -> Piece:
    """Words that Slack shows literally."""
    style = RichTextElementParts.TextStyle(bold=bold or None, italic=italic or None) if bold or italic else None
    return RichTextElementParts.Text(text=safe.cut(said, ELEMENT), style=style)


def link(said: str, url: str, *, bold: bool = False) -> Piece:
    """A link under words of our choice, or the words alone where there is none."""
    if not url:
        return text(said, bold=bold)
    style = RichTextElementParts.TextStyle(bold=True) if bold else None
    return RichTextElementParts.Link(url=url, text=safe.cut(said, ELEMENT), style=style)


def lines(*rows: Sequence[Piece]) -> RichTextElement:
    """One section with its line breaks in it: whether two sections stand under each other is the client's choice."""
    pieces: list[Piece] = []
    for row in rows:
        pieces += [*([text("\n")] if pieces else []), *row]
    return RichTextSectionElement(elements=pieces)


def bullets(rows: Iterable[Sequence[Piece]]) -> RichTextElement:
    """A list."""
    return RichTextListElement(style="bullet", elements=[RichTextSectionElement(elements=list(row)) for row in rows])


def rich(*parts: RichTextElement) -> Block:
    """A block of sections and lists."""
    return RichTextBlock(elements=list(parts)).to_dict()


def small(said: str) -> Block:
    """One line of small print."""
    return ContextBlock(elements=[PlainTextObject(text=safe.cut(said, ELEMENT), emoji=False)]).to_dict()


def header(said: str) -> Block:
    """A large line of our own words."""
    return HeaderBlock(text=PlainTextObject(text=safe.cut(said, HEADER), emoji=False)).to_dict()


def size(blocks: Sequence[Mapping[str, Any]]) -> int:
    """How much of ``SIZE`` these blocks take."""
    return safe.size(json.dumps(blocks, ensure_ascii=False))


def fits(blocks: Sequence[Mapping[str, Any]]) -> bool:
    """Whether Slack takes these blocks as one message."""
    return len(blocks) <= BLOCKS and size(blocks) <= SIZE
