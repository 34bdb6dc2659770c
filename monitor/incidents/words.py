"""Moments and lengths of time as sentences about feeds say them. Nothing is decided here."""

from __future__ import annotations

import datetime as dt

from monitor.entities import FeedState


def asked_again(state: FeedState) -> str:
    """What we do about it."""
    if state.next_poll_at is None:
        return "It is asked again"
    return f"It is asked again {moment(state.next_poll_at)}, and never given up"


def moment(at: dt.datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"


def span(length: dt.timedelta) -> str:
    """A length of time as people say it."""
    minutes = max(length.total_seconds(), 0.0) / 60
    for limit, size, name in ((100, 1, "minute"), (48 * 60, 60, "hour"), (float("inf"), 1440, "day")):
        if minutes < limit:
            count = round(minutes / size)
            return f"{count} {name}{'' if count == 1 else 's'}"
    raise AssertionError("the last limit is infinite")


def ago(length: dt.timedelta) -> str:
    """A distance in time from now back."""
    return "just now" if length < dt.timedelta(minutes=1) else f"{span(length)} ago"
