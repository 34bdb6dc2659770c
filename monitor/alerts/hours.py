"""Times of day in the readers' zone as moments: when a digest is due, and where quiet hours end. Pure.

A moment is never worked out twice for one local day: a day that a change of the clocks makes longer or shorter has each
time of day once. One that is skipped counts as so long after the change, one that comes twice as the first.
"""

from __future__ import annotations

import datetime as dt

Quiet = tuple[dt.time, dt.time]
_DAY = dt.timedelta(days=1)


def moment(day: dt.date, time: dt.time, tz: dt.tzinfo) -> dt.datetime:
    """A local time of a local day, in UTC."""
    return dt.datetime.combine(day, time, tz).astimezone(dt.UTC)


def following(time: dt.time, tz: dt.tzinfo, now: dt.datetime) -> dt.datetime:
    """The next moment after ``now`` at which it is this time of day."""
    today = now.astimezone(tz).date()
    return min(at for days in (-1, 0, 1, 2) if (at := moment(today + days * _DAY, time, tz)) > now)


def latest(time: dt.time, tz: dt.tzinfo, now: dt.datetime) -> dt.datetime:
    """The last moment up to ``now`` at which it was this time of day."""
    today = now.astimezone(tz).date()
    return max(at for days in (-2, -1, 0, 1) if (at := moment(today + days * _DAY, time, tz)) <= now)


def midnight(tz: dt.tzinfo, now: dt.datetime) -> dt.datetime:
    """When the local day of ``now`` began."""
    return latest(dt.time(), tz, now)


def after_quiet(quiet: Quiet | None, tz: dt.tzinfo, at: dt.datetime) -> dt.datetime:
    """``at``, or the end of the quiet hours that it lies in."""
    if quiet is None:
        return at
    begins, ends = quiet
    today, over_night = at.astimezone(tz).date(), (ends < begins) * _DAY
    for day in (today - _DAY, today, today + _DAY):
        if moment(day, begins, tz) <= at < (end := moment(day + over_night, ends, tz)):
            return end
    return at


def quiet_ended(quiet: Quiet | None, tz: dt.tzinfo, now: dt.datetime) -> dt.datetime | None:
    """When the last quiet hours up to ``now`` ended; None where there are none."""
    return None if quiet is None else latest(quiet[1], tz, now)
