"""Dates as feeds and pages print them, read into UTC.

Never guesses: a string that names no full date gives None, and no part is filled in from the current day.
"""

from __future__ import annotations

import datetime as dt
import re
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "jan january janv januar янв января",
            "feb february févr februar фев февраля",
            "mar march mars märz mrz мар марта",
            "apr april avr апр апреля",
            "may mai мая май",
            "jun june juin juni июн июня",
            "jul july juil juli июл июля",
            "aug august août авг августа",
            "sep sept september сен сент сентября",
            "oct october okt oktober окт октября",
            "nov november ноя нояб ноября",
            "dec december déc dez dezember дек декабря",
        ),
        start=1,
    )
    for name in names.split()
}
# Hours from UTC. feedparser reads JST and MSK as UTC (measured); CST and IST are left to RFC 822 and India.
_ZONES = {
    "ut": 0, "utc": 0, "gmt": 0, "z": 0, "wet": 0, "bst": 1, "cet": 1, "west": 1, "cest": 2, "eet": 2, "eest": 3,
    "msk": 3, "мск": 3, "msd": 4, "samt": 4, "yekt": 5, "ist": 5.5, "omst": 6, "krat": 7, "irkt": 8, "yakt": 9,
    "vlat": 10, "sakt": 11, "magt": 11, "pett": 12, "jst": 9, "kst": 9, "hkt": 8, "sgt": 8, "aest": 10, "aedt": 11,
    "est": -5, "edt": -4, "cst": -6, "cdt": -5, "mst": -7, "mdt": -6, "pst": -8, "pdt": -7,
}  # fmt: skip
_MONTH = r"(?P<month>[^\W\d_]{3,9})\.?"
_DATES = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"(?<!\d)(?P<year>\d{4})\s*[-/.年]\s*(?P<m>\d{1,2})\s*[-/.月]\s*(?P<day>\d{1,2})日?",
        r"(?<!\d)(?P<year>\d{4})(?P<m>\d{2})(?P<day>\d{2})(?!\d)",
        rf"(?<!\d)(?P<day>\d{{1,2}})(?:st|nd|rd|th)?[\s\-,.]*{_MONTH}[\s\-,]*(?P<year>\d{{4}}|\d{{2}})(?!\d|:)",
        rf"{_MONTH}\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?,?\s+(?P<year>\d{{4}})(?!\d)",
        rf"{_MONTH}\s+(?P<day>\d{{1,2}})\s+\d{{1,2}}:\d{{2}}(?::\d{{2}})?\s+(?:[A-Z]{{2,5}}\s+)?(?P<year>\d{{4}})(?!\d)",
        r"(?<!\d)(?P<day>\d{1,2})\.(?P<m>\d{1,2})\.(?P<year>\d{4})(?!\d)",
    )
)
_TIME = re.compile(
    r"(?<![\d.])(?P<hour>\d{1,2})(?::(?P<minute>\d{2})|時(?P<minute_ja>\d{1,2})分)(?::(?P<second>\d{2}))?(?:[.,]\d+)?"
    r"\s*(?P<half>[ap]\.?m\b\.?)?\s*(?P<rest>.{0,12})",
    re.IGNORECASE,
)
_COMPACT_TIME = re.compile(r"^T(?P<hour>\d{2})(?P<minute>\d{2})(?P<second>\d{2})?(?P<rest>.{0,12})")
_OFFSET = re.compile(
    r"^\(?(?:(?:GMT|UTC|МСК)\s*)?(?P<sign>[+\-−])(?P<hours>\d{1,2})(?::?(?P<minutes>\d{2}))?", re.IGNORECASE
)
_NAMED = re.compile(r"^\(?(?P<name>[^\W\d_]{1,5})\b")
_OLDEST = dt.datetime(1980, 1, 1, tzinfo=dt.UTC)  # nothing a news feed carries is older; 1970 is a publisher's zero


def moment(raw: str, zone: str = "UTC") -> dt.datetime | None:
    """The moment ``raw`` names, in UTC. ``zone`` (IANA) counts only where ``raw`` names no zone of its own."""
    text = " ".join(raw.split())[:120]
    for pattern in _DATES:
        for found in pattern.finditer(text):
            day = _day(found)
            if day is not None:
                return _at(day, text[found.end() :], text, zone)
    return None


def _day(found: re.Match[str]) -> dt.date | None:
    parts = found.groupdict()
    month = int(parts["m"]) if parts.get("m") else _MONTHS.get((parts.get("month") or "").casefold(), 0)
    year = int(parts["year"])
    if year < 100:
        year += 2000 if year < 70 else 1900
    try:
        return dt.date(year, month, int(parts["day"]))
    except ValueError:
        return None


def _at(day: dt.date, after: str, whole: str, zone: str) -> dt.datetime | None:
    compact = _COMPACT_TIME.match(after)
    time = compact or _TIME.search(after) or _TIME.search(whole)
    clock, offset = dt.time(), None
    if time is not None:
        parts = time.groupdict()
        hour = int(parts["hour"])
        half = (parts.get("half") or "").casefold()
        if half:
            hour = hour % 12 + (12 if half.startswith("p") else 0)
        minute, second = int(parts["minute"] or parts.get("minute_ja") or 0), int(parts["second"] or 0)
        if hour == 24 and minute == 0:  # midnight at the end of the day
            if day == dt.date.max:
                return None
            hour, day = 0, day + dt.timedelta(days=1)
        try:
            clock = dt.time(hour, minute, min(second, 59))
        except ValueError:
            return None
        offset = _offset(parts["rest"])
    local = dt.datetime.combine(day, clock)
    aware = local.replace(tzinfo=dt.timezone(offset)) if offset is not None else local.replace(tzinfo=_zone(zone))
    try:
        found = aware.astimezone(dt.UTC)
    except OverflowError:
        return None
    return found if found >= _OLDEST else None


def _offset(rest: str) -> dt.timedelta | None:
    found = _OFFSET.match(rest)
    if found is not None:
        size = dt.timedelta(hours=int(found["hours"]), minutes=int(found["minutes"] or 0))
        if size > dt.timedelta(hours=14):
            return None
        return size if found["sign"] == "+" else -size
    named = _NAMED.match(rest)
    hours = _ZONES.get(named["name"].casefold()) if named is not None else None
    return None if hours is None else dt.timedelta(hours=hours)


def _zone(name: str) -> dt.tzinfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return dt.UTC
