"""A whole page as text, taken apart: title, date, publisher and the report itself.

Never invents: what the page does not show stays empty.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from monitor.clean import credits as wires
from monitor.clean import furniture
from monitor.clean.dates import moment
from monitor.clean.lang import language
from monitor.clean.text import characters, folded, joined

_DATE_WORDS = re.compile(r"\d{4}")
_DATELINE_LONGEST = 90  # characters: publisher, date and a button or two
_TITLE_LONGEST = 220
_HEAD_LINES = 14  # lines within which a page shows title, date and publisher
_SIGNED = re.compile(r"^(?:.*\s)?[-–—|]\s+(?P<name>[^-–—|.!?]{2,40})$")
_BYLINE = re.compile(r"^(?:by|автор[:ы]?|текст[:]?|文[=＝:：])\s+[^.!?。]{2,80}$", re.IGNORECASE)
_SENTENCE_END = re.compile(r"[.!?。！？][\"'”’»」』)]*$")
_EDGES = " •·|,-–—:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A report found in a page of text: what the page shows of it, and the report without the page's furniture."""

    name: str
    title: str
    text: str
    lang: str
    publisher: str = ""
    published_at: dt.datetime | None = None
    credits: tuple[str, ...] = ()


def clean_page(text: str, *, name: str, now: dt.datetime, zone: str = "UTC") -> Page:
    """The report in ``text``, the whole text of a page or a saved file. ``name`` is carried along."""
    lines = [joined(line) for line in characters(text).split("\n")]
    publisher = _publisher(lines)
    lines = [line for line in furniture.without_teasers(lines, publisher) if not furniture.is_furniture(line)]
    lines = [furniture.without_tail(line) for line in lines]
    found: list[str] = []
    published_at: dt.datetime | None = None
    body: list[str] = []
    title = ""
    for number, line in enumerate(lines):
        wire = wires.byline(line)
        if wire:
            found.append(wire)
            publisher = publisher or line.strip(_EDGES)
            continue
        if number < _HEAD_LINES and not (body and len(body) > 2):
            dated, who = _dateline(line, zone, now)
            if dated is not None:
                published_at = published_at or dated
                publisher = publisher or who
                found.extend(filter(None, [wires.slug(who)]))
                continue
            if _is_label(line, publisher):
                continue
            if not title and not body and _looks_like_title(line, lines[number + 1 :]):
                title = line
                continue
        if title and folded(line) == folded(title):
            continue
        body.append(line)
    if body:
        body[0], opener = wires.opened(body[0])
        body[-1], closer = wires.closed(body[-1])
        found.extend(filter(None, (opener, closer)))
    report = "\n".join(line for line in body if line)
    return Page(
        name=name, title=title, text=report, lang=language(title, report), publisher=publisher,
        published_at=published_at, credits=tuple(dict.fromkeys(found)),
    )  # fmt: skip


def _publisher(lines: Sequence[str]) -> str:
    """Who signs the page: a name that stands alone more than once, or that captions are signed with."""
    signed = [
        match["name"].strip() for line in lines if (match := _SIGNED.match(line)) and not _SENTENCE_END.search(line)
    ]
    for name, count in Counter(signed).items():  # in the order of the lines
        if count > 1:
            return name
    head = [line for line in lines[:_HEAD_LINES] if len(line) <= 40]
    for line in head:
        # A name said twice is the page's publisher; a title said twice is longer than a name.
        if head.count(line) > 1 and len(line.split()) <= 4:
            return line
    return ""


def _dateline(line: str, zone: str, now: dt.datetime) -> tuple[dt.datetime | None, str]:
    if (
        len(line) > _DATELINE_LONGEST
        or not _DATE_WORDS.search(line)
        or _SENTENCE_END.search(line.removesuffix("a.m.").removesuffix("p.m."))
    ):
        return None, ""
    at = moment(line, zone)
    if at is None or at > now + dt.timedelta(days=1):
        return None, ""
    words = re.split(r"\d|,|\b(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*\b", line, maxsplit=1, flags=re.IGNORECASE)[0].strip(
        _EDGES
    )
    longer = sum(len(word) > 2 for word in words.split())
    if longer > 4:  # a headline that holds a date, not a dateline
        return None, ""
    return at, words if words and moment(f"{words} 1, 2001") is None else ""


def _is_label(line: str, publisher: str) -> bool:
    bare = line.strip(_EDGES)
    return bare.casefold() == publisher.casefold() or furniture.is_section(line) or bool(_BYLINE.match(line))


def _looks_like_title(line: str, following: Sequence[str]) -> bool:
    return bool(following) and len(line) <= _TITLE_LONGEST and not re.search(r"[.。]$", line)
