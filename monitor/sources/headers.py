"""What an answer's header fields say: dates, patience asked for, freshness, validators, links.

Never raises and never believes a number without a bound: what cannot be read says nothing.
"""

from __future__ import annotations

import datetime as dt
import email.utils
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Self
from urllib.parse import urljoin

LONGEST = 8_000  # characters of a list read for its parts; honest ones have some hundred
VALIDATOR_LONGEST = 2_000  # characters; one longer is refused by many a server when it is sent back
_DATE_LONGEST = 100  # characters; an honest one has 29
_AGE_MOST = 10_000_000  # seconds, some four months: the schedule clamps far below
_EPOCH, _EPOCH_MS = 1_000_000_000, 1_000_000_000_000  # numbers from here on count from 1970: seconds, milliseconds
_ZERO = dt.timedelta(0)
_NUMBER = re.compile(r"[+-]?\d{1,18}(?:\.\d{1,9})?")
_PAIR = re.compile(r"\b([a-z]+)\s*=\s*\"?(\d{1,18}(?:\.\d{1,9})?)")
_COUNTERS = ("x-ratelimit", "ratelimit", "x-rate-limit")


@dataclass(frozen=True, slots=True)
class Headers:
    """The header fields of one answer, names in lower case. Never empty in a way that has to be asked for."""

    fields: Mapping[str, tuple[str, ...]]

    @classmethod
    def of(cls, pairs: Iterable[tuple[str, str]]) -> Self:
        """From the fields as they came."""
        fields: dict[str, tuple[str, ...]] = {}
        for name, value in pairs:
            name = name.casefold()
            fields[name] = (*fields.get(name, ()), value.strip())
        return cls(fields)

    def __contains__(self, name: str) -> bool:
        return name in self.fields

    def first(self, name: str) -> str:
        """The field, of which there should be one."""
        return self.fields.get(name, ("",))[0]

    def whole(self, name: str) -> str:
        """The field that is a list, in however many lines it came."""
        return ", ".join(self.fields.get(name, ()))


def validator(value: str) -> str | None:
    """An ETag or Last-Modified as it came, or None where it could not be sent back byte for byte."""
    if not value or len(value) > VALIDATOR_LONGEST or not value.isprintable():
        return None
    try:
        value.encode()
    except UnicodeEncodeError:
        return None
    return value


@lru_cache(maxsize=256)  # a few hundred feeds say the same few things, a thousand times a day
def charset(content_type: str) -> str | None:
    """The charset parameter of a Content-Type."""
    found = re.search(r"charset\s*=\s*[\"']?([A-Za-z0-9._:\-]{1,40})", content_type, re.IGNORECASE)
    return found[1] if found else None


@lru_cache(maxsize=256)
def date(text: str) -> dt.datetime | None:
    """A date as HTTP writes it, and as servers do."""
    if len(text) > _DATE_LONGEST:
        return None
    try:
        found = email.utils.parsedate_to_datetime(text)
        return found.astimezone(dt.UTC) if found.tzinfo is not None else found.replace(tzinfo=dt.UTC)
    except (TypeError, ValueError, IndexError, OverflowError):
        return None


def retry_after(headers: Headers, sent: dt.datetime, longest: dt.timedelta) -> dt.timedelta | None:
    """How long the server asks to be left alone, by its own clock (``sent``) and within ``longest``.

    Retry-After says so; without it, a limit that is spent: RateLimit in both its drafts' forms, or the counters before
    it. RateLimit-Policy alone says how much is allowed, and asks for nothing.
    """
    said = [headers.first("retry-after")]
    if not said[0]:
        if not any("limit" in name for name in headers.fields):
            return None
        said = [
            headers.first(f"{name}-reset")
            for name in _COUNTERS
            if _NUMBER.fullmatch(left := headers.first(f"{name}-remaining")) and float(left) <= 0
        ] or _spent(headers.whole("ratelimit"))
    waits = [wait for text in said if (wait := _wait(text, sent)) is not None]
    return min(max(*waits, _ZERO), longest) if waits else None


def max_age(headers: Headers, sent: dt.datetime) -> dt.timedelta | None:
    """How long the answer stays fresh from now on; zero where it is stale at once, None where nothing is said."""
    said = _directives(headers.whole("cache-control"))
    # no-cache="Set-Cookie" is about that field alone.
    if "no-store" in said or said.get("no-cache") == "":
        return _ZERO
    if "max-age" in said:
        fresh = dt.timedelta(seconds=_seconds(said["max-age"]))
    elif "expires" in headers:
        # By the standard, a date that is none (most write 0) lies in the past.
        until = date(headers.first("expires"))
        fresh = until - sent if until is not None else _ZERO
    else:
        return None
    return max(fresh - dt.timedelta(seconds=_seconds(headers.first("age"))), _ZERO)


def links(headers: Headers, base: str) -> Mapping[str, str]:
    """The first target of each relation (RFC 8288), in full. A link from another document (``anchor``) says nothing."""
    found: dict[str, str] = {}
    if "link" not in headers:
        return found
    for part in _parts(headers.whole("link")[:LONGEST], ","):
        target, closed, rest = part.strip().removeprefix("<").partition(">")
        said = _directives(rest, ";")
        if not closed or "anchor" in said:
            continue
        try:
            address = urljoin(base, target.strip())
        except ValueError:
            continue
        if address.startswith(("http://", "https://")):
            for relation in said.get("rel", "").casefold().split():
                found.setdefault(relation, address)
    return found


def _spent(said: str) -> list[str]:
    """When each limit that is spent is renewed: ``"default";r=0;t=30``, in older drafts ``remaining=0, reset=30``."""
    said = said[:LONGEST].casefold()
    parts = [said] if "remaining" in said else _parts(said, ",")
    members: list[dict[str, str]] = [dict(_PAIR.findall(part)) for part in parts]
    return [
        member.get("t", member.get("reset", ""))
        for member in members
        if float(member.get("r", member.get("remaining", "1"))) <= 0
    ]


def _wait(text: str, sent: dt.datetime) -> dt.timedelta | None:
    if _NUMBER.fullmatch(text):
        number = float(text)
        if number >= _EPOCH:
            number = number / (1000 if number >= _EPOCH_MS else 1) - sent.timestamp()
        return dt.timedelta(seconds=min(max(number, 0.0), _AGE_MOST))
    until = date(text)
    return until - sent if until is not None else None


def _seconds(text: str) -> int:
    return min(int(text), _AGE_MOST) if re.fullmatch(r"[0-9]{1,18}", text) else 0


@lru_cache(maxsize=256)
def _directives(said: str, mark: str = ",") -> Mapping[str, str]:
    """Names with their values, unquoted; the first of a name counts, and a name alone has the value ""."""
    found: dict[str, str] = {}
    for part in _parts(said[:LONGEST], mark):
        name, _, value = part.partition("=")
        found.setdefault(name.strip().casefold(), value.strip().strip('"'))
    return found


def _parts(text: str, mark: str) -> Iterator[str]:
    """The pieces between ``mark``s that stand neither in quotes nor in an address's brackets."""
    start, quoted, bracketed, escaped = 0, False, False, False
    for at, sign in enumerate(text):
        if escaped:
            escaped = False
        elif quoted:
            escaped, quoted = sign == "\\", sign != '"'
        elif sign == '"':
            quoted = not bracketed
        elif sign in "<>":
            bracketed = sign == "<"
        elif sign == mark and not bracketed:
            yield text[start:at]
            start = at + 1
    yield text[start:]
