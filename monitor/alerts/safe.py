"""Text from outside made safe to show: no control characters, no direction tricks, no half characters.

Nothing here knows a sink's markup; escaping it is the sink's own work.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Iterable
from urllib.parse import quote, urlsplit
from zoneinfo import ZoneInfo

ELLIPSIS = "…"
URL_LIMIT = 2000
"""Characters of a link (Slack takes 3,000 in a button, browsers about 2,000 everywhere)."""
_READ = 10
"""Characters read for each that may be shown: more than that of invisible ones is an attack, not a text."""
_PILED = 4
"""Marks that may stand on one letter: Vietnamese and pointed Hebrew need two or three."""
_UNUSUAL = re.compile(r"[^\w !-~\u3001-\u3011]")
"""What no usual headline holds: without it there is nothing to take out, and no need to look at each character."""
ZWJ = "\u200d"
_ALLOWED_FORMAT = frozenset((ZWJ, "\u200c"))
"""Invisible characters that mean something inside a word or an emoji; every other one of category Cf is dropped."""
_MOSCOW = ZoneInfo("Europe/Moscow")
_TOKYO = ZoneInfo("Asia/Tokyo")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def line(text: str, limit: int) -> str:
    """``text`` on one line, at most ``limit`` UTF-16 units long, visible characters only."""
    kept = text.strip()[: limit * _READ]
    if _UNUSUAL.search(kept):
        kept = _unpiled("".join(_shown(char) for char in kept))
    return cut(re.sub(r"\s+", " ", kept).strip(), limit)


def _unpiled(text: str) -> str:
    """No pile of marks on one letter, that would cover the lines above it."""
    kept, piled = [], 0
    for char in text:
        piled = piled + 1 if char > "\u02ff" and unicodedata.category(char) in {"Mn", "Me"} else 0
        if piled <= _PILED:
            kept.append(char)
    return "".join(kept)


def _shown(char: str) -> str:
    category = unicodedata.category(char)
    if category in {"Cc", "Zl", "Zp"}:
        return " "
    if category in {"Cs", "Co", "Cn"}:
        return ""
    if category == "Cf" and char not in _ALLOWED_FORMAT and not "\U000e0020" <= char <= "\U000e007f":
        return ""
    return char


def size(text: str) -> int:
    """Length in UTF-16 units, the longest way any sink counts."""
    return len(text) + sum(char > "\uffff" for char in text)


def cut(text: str, limit: int) -> str:
    """``text`` within ``limit`` UTF-16 units; what is cut ends in "…" and never inside a composed character."""
    if size(text) <= limit:
        return text
    budget = limit - size(ELLIPSIS)
    if budget < 0:
        return ""
    end = used = 0
    for end, char in enumerate(text):  # noqa: B007  the index is where the loop stopped
        used += size(char)
        if used > budget:
            break
    while end > 0 and _joined(text, end):
        end -= 1
    return text[:end].rstrip() + ELLIPSIS


def _joined(text: str, at: int) -> bool:
    """Whether a cut before ``text[at]`` would part one visible character."""
    char, before = text[at], text[at - 1]
    if unicodedata.category(char) in {"Mn", "Me", "Mc"} or char == ZWJ or before == ZWJ:
        return True
    if "\U0001f3fb" <= char <= "\U0001f3ff" or "\U000e0020" <= char <= "\U000e007f":
        return True
    if not _regional(char):
        return False
    run = at
    while run > 0 and _regional(text[run - 1]):
        run -= 1
    return (at - run) % 2 == 1


def _regional(char: str) -> bool:
    return "\U0001f1e6" <= char <= "\U0001f1ff"


def url(address: str) -> str:
    """``address`` if it is an http(s) link that cannot break out of any markup; else nothing."""
    if not address or any(char.isspace() or unicodedata.category(char) in {"Cc", "Cf", "Cs"} for char in address):
        return ""
    try:
        parts = urlsplit(address)
        host = parts.hostname
    except ValueError:
        return ""
    if parts.scheme.lower() not in {"http", "https"} or not host or parts.username is not None:
        return ""
    escaped = quote(address, safe="/:?#[]@!$&'()*+,;=-._~%") if re.search(r'[<>|"\\^`{}]', address) else address
    return escaped if size(escaped) <= URL_LIMIT else ""


def unique(words: Iterable[str]) -> tuple[str, ...]:
    """The words in their order, each once, empty ones left out."""
    return tuple(dict.fromkeys(word for word in words if word))


def day(date: dt.date) -> str:
    """A date without doubt about day and month: 22 Jan 2019. Never in the locale of the machine."""
    return f"{date.day} {_MONTHS[date.month - 1]} {date.year}"


def clock(at: dt.datetime, tz: dt.tzinfo) -> str:
    """A moment as Tokyo, Moscow and the reader see it; the reader's zone comes first where it is a third one."""
    tokyo, moscow, own = at.astimezone(_TOKYO), at.astimezone(_MOSCOW), at.astimezone(tz)
    shown = f"{day(tokyo)} {tokyo:%H:%M} JST · {_beside(moscow, tokyo)} MSK"
    if own.utcoffset() in {tokyo.utcoffset(), moscow.utcoffset()}:
        return shown
    return f"{day(own)} {own:%H:%M} {own.tzname()} · {_beside(tokyo, own)} JST · {_beside(moscow, own)} MSK"


def _beside(at: dt.datetime, first: dt.datetime) -> str:
    """The time of day, with its date where that is another one."""
    return f"{at:%H:%M}" if at.date() == first.date() else f"{at.day} {_MONTHS[at.month - 1]} {at:%H:%M}"
