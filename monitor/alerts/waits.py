"""How long a server asks us to wait, whatever it writes into its headers. Never for ever, and never no time at all."""

from __future__ import annotations

import datetime as dt
import email.utils
from collections.abc import Mapping
from typing import Any

_LONGEST = dt.timedelta(minutes=15)
_SHORTEST = dt.timedelta(seconds=1)
_USUAL = dt.timedelta(seconds=30)  # where a server says "too fast" without a time we can read


def asked(headers: Mapping[str, Any]) -> dt.timedelta:
    """``Retry-After`` in seconds, as a date or as nonsense: always between 1 s and 15 min."""
    said = header(headers, "retry-after")
    try:
        seconds = float(said)
    except ValueError:
        seconds = _until(said, header(headers, "date"))
    if not 0 <= seconds < float("inf"):
        return _LONGEST if seconds == float("inf") else _USUAL
    return dt.timedelta(seconds=min(max(seconds, _SHORTEST.total_seconds()), _LONGEST.total_seconds()))


def header(headers: Mapping[str, Any], name: str) -> str:
    """A header by its name in small letters, the first of several; nothing where there is none."""
    value = next((value for key, value in headers.items() if key.lower() == name), "")
    return str(value[0] if isinstance(value, list) and value else value or "")


def _until(said: str, date: str) -> float:
    """Seconds from the server's own date to the one it named; our clock has no say in it."""
    try:
        then, now = email.utils.parsedate_to_datetime(said), email.utils.parsedate_to_datetime(date)
        return max(0.0, (then - now).total_seconds())
    except (TypeError, ValueError):
        return _USUAL.total_seconds()
