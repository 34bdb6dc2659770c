"""Days as three languages write them: dates, eras, weekdays, yesterday, next month, this autumn.

Never looks at a clock: what is relative is resolved against publication, in the zone that the sentence or its language
tells. A month or a season stands as its first day.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from zoneinfo import ZoneInfo

from monitor.facts.numbers import SENTENCES_KEPT, YEARS
from monitor.facts.vocabulary import Tongue
from monitor.lexicon import fold, words

MONTH_DAYS = 31
_EN_MONTH = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"
_EN_MONTHS = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    r"|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\b"
)
_EN_DAY = re.compile(
    rf"\b(?P<m>{_EN_MONTH})[a-z]*\.?\s+(?P<d>\d{{1,2}})(?:st|nd|rd|th)?(?!\d|[.,]\d{{3}}\b)(?:,?\s+(?P<y>(?:18|19|20)\d\d))?\b"
    rf"|\b(?P<d2>\d{{1,2}})(?:st|nd|rd|th)?\s+(?P<m2>{_EN_MONTH})[a-z]*\.?(?:,?\s+(?P<y2>(?:18|19|20)\d\d))?\b"
)
_EN_IN_MONTH = re.compile(
    rf"\b(?:in|since|by|until|till|from|early|late|mid|this|next|last|for)[\s-]+(?P<m>{_EN_MONTHS})\.?(?:,?\s+(?P<y>(?:18|19|20)\d\d)\b)?(?!\.?\s*\d)"
)
_ISO = re.compile(
    r"\b(?P<y>(?:18|19|20)\d\d)-(?P<m>\d\d)-(?P<d>\d\d)\b|\b(?P<d2>\d{1,2})\.(?P<m2>\d{2})\.(?P<y2>(?:18|19|20)\d\d)\b"
)
_JA_YEAR = (
    r"(?:(?P<era>令和|平成|昭和)(?P<ey>\d+|元)年|(?P<y>(?:18|19|20)\d\d)年|(?P<near>一昨年|昨年|去年|今年|来年)の?)"
)
_JA_DAY = re.compile(
    rf"{_JA_YEAR}?(?:(?P<m>\d{{1,2}}|十[一二]?|[一二三四五六七八九])月|(?P<moon>今月|来月|先月))?"
    r"(?P<d>\d{1,2}|(?<=月)(?:[一二三]?十[一二三四五六七八九]?|[一二三四五六七八九]))日(?!間|連続|目|前)"
)
_JA_IN_MONTH = re.compile(rf"{_JA_YEAR}?(?P<m>\d{{1,2}})月(?!\d|[一二三四五六七八九十])")
_OF_YEAR = re.compile(r"\s*(?:of\s|года?\s)?((?:18|19|20)\d\d)\b")
_NEAR = {"一昨年": -2, "昨年": -1, "去年": -1, "今年": 0, "来年": 1}
_MOON = {"先月": -1, "今月": 0, "来月": 1}
_KANJI_DAY = {char: i for i, char in enumerate("〇一二三四五六七八九")}
_AHEAD_EN = re.compile(r"\b(?:will|plans?|planned|set|due|expected|scheduled|upcoming|slated)\b|^[^,:]{0,60}\bto\b")
_AHEAD_RU = re.compile(r"\b(?:будет|будут|планируе\w+|предстои\w+|намере\w+|собирае\w+|состоится|пройд[её]т)\b")
_AHEAD_JA = re.compile(r"来週|予定|方針|見通し|へ$|へ[、 ]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """A day named in a sentence, resolved against publication."""

    date: dt.date
    start: int
    end: int


class Calendar:
    """Finds the days in sentences of one language. Built once; it keeps those of the sentences it read last."""

    def __init__(self, lang: str, tongue: Tongue) -> None:
        self.lang = lang
        self.tongue = tongue
        self._zones = tuple(
            (re.compile(re.escape(mark) if lang == "ja" else rf"(?<!\w){re.escape(mark)}(?!\w)"), ZoneInfo(zone))
            for mark, _, zone in (fold_mark(entry) for entry in tongue.list("zones"))
        )
        self._home = ZoneInfo(next(iter(tongue.list("zone")), "UTC"))
        self._eras = tongue.values("eras")
        self._relative = {fold(word): int(shift) for word, shift in tongue.values("days").items()}
        self._periods = {fold(word.replace("_", " ")): int(shift) for word, shift in tongue.values("periods").items()}
        self._words = _either((*self._relative, *self._periods), lang)
        self._seasons = {fold(word): int(month) for word, month in tongue.values("seasons").items()}
        self._season = _either(tuple(self._seasons), lang)
        self._all = lru_cache(maxsize=SENTENCES_KEPT)(self._read)

    @cached_property
    def _weekday(self) -> Mapping[str, int]:
        names = self.tongue.list("weekdays")
        return {name if self.lang == "ja" else words(name, self.lang).key.strip(): i for i, name in enumerate(names)}

    @cached_property
    def _months(self) -> Mapping[str, int]:
        return {words(month, "ru").key.strip(): i for i, month in enumerate(self.tongue.list("months"), start=1)}

    def days(self, text: str, published: dt.datetime) -> tuple[Day, ...]:
        """The days a sentence names, resolved in the zone its marks or its language tell."""
        return self._all(text, published)

    def _read(self, text: str, published: dt.datetime) -> tuple[Day, ...]:
        folded = fold(text)
        today = published.astimezone(self._zone(folded)).date()
        found = [*self._written(text, folded, today), *self._named(text, folded, today)]
        found.sort(key=lambda day: (day.start, -day.end))
        kept: list[Day] = []
        for day in found:
            if not kept or day.start >= kept[-1].end:
                kept.append(day)
        return tuple(kept)

    def _zone(self, folded: str) -> ZoneInfo:
        return next((zone for mark, zone in self._zones if mark.search(folded)), self._home)

    # ------------------------------------------------------------------------------------ written out

    def _written(self, text: str, folded: str, today: dt.date) -> Iterator[Day]:
        """Days and months written with their names or numbers."""
        yield from self._matched(_ISO, folded, today)
        if self.lang == "en":
            for pattern in (_EN_DAY, _EN_IN_MONTH):
                for day in self._matched(pattern, folded, today):
                    if text[day.start].isupper() or text[day.start].isdigit() or pattern is _EN_IN_MONTH:
                        yield day
        elif self.lang == "ja":
            yield from self._matched(_JA_DAY, folded, today)
            yield from self._matched(_JA_IN_MONTH, folded, today)
        elif self.lang == "ru":
            yield from self._russian(text, today)

    def _matched(self, pattern: re.Pattern[str], folded: str, today: dt.date) -> Iterator[Day]:
        for match in pattern.finditer(folded):
            parts = match.groupdict()
            day, month, year = (parts.get(k) or parts.get(k + "2") for k in ("d", "m", "y"))
            written = int(year) if year else _era(parts, self._eras)
            if parts.get("near"):
                written = today.year + _NEAR[parts["near"] or ""]
            number = _month(month)
            if parts.get("moon"):
                first = _shifted(today, _MOON[parts["moon"] or ""])
                written, number = first.year, first.month
            if date := _date(written, number, _day(day) if day else 1, today):
                yield Day(date=date, start=match.start(), end=match.end())

    def _russian(self, text: str, today: dt.date) -> Iterator[Day]:
        row = words(text, "ru")
        tokens = [(stem, start, end) for stem, (_, start, end) in zip(row.key.split(), row.spans, strict=True)]
        for i, (stem, first, end) in enumerate(tokens):
            if i == 0 or stem not in self._months:
                continue
            number = tokens[i - 1][0]
            year = tokens[i + 1][0] if i + 1 < len(tokens) else ""
            written = int(year) if year.isdigit() and int(year) in YEARS else None
            stop = tokens[i + 1][2] if written else end
            if number.isdigit() and 1 <= int(number) <= MONTH_DAYS:
                if date := _date(written, self._months[stem], int(number), today):
                    yield Day(date=date, start=tokens[i - 1][1], end=stop)
            elif (date := _date(written, self._months[stem], 1, today)) and not number.isdigit():
                yield Day(date=date, start=first, end=stop)

    # ------------------------------------------------------------------------------------ told by name

    def _named(self, text: str, folded: str, today: dt.date) -> Iterator[Day]:
        """Yesterday, tomorrow, next month, weekdays and seasons."""
        for match in self._words.finditer(folded):
            word = match.group()
            date = (
                today + dt.timedelta(days=self._relative[word])
                if word in self._relative
                else self._period(self._periods[word], today)
            )
            yield Day(date=date, start=match.start(), end=match.end())
        for start, end, weekday in self._weekdays(text, folded):
            yield Day(date=self._on(weekday, folded, start, today), start=start, end=end)
        for match in self._season.finditer(folded):
            month = self._seasons[match.group()]
            year = _OF_YEAR.match(folded, match.end())
            first = _date(int(year.group(1)) if year else None, month, 1, today)
            if first is not None:
                yield Day(date=first, start=match.start(), end=year.end() if year else match.end())

    def _period(self, shift: int, today: dt.date) -> dt.date:
        """The first day of a week (below 10), a month (10 on) or a year (100 on) from now."""
        if shift >= 100:
            return dt.date(today.year + shift - 100, 1, 1)
        if shift >= 10:
            return _shifted(today, shift - 10).replace(day=1)
        return today - dt.timedelta(days=today.weekday()) + dt.timedelta(weeks=shift)

    def _on(self, weekday: int, folded: str, start: int, today: dt.date) -> dt.date:
        """The weekday meant: the one to come where the sentence looks ahead, else the last one."""
        back = (today.weekday() - weekday) % 7
        before = folded[max(0, start - 14) : start]
        if any(word in before for word in self.tongue.list("past")):
            return today - dt.timedelta(days=back or 7)
        ahead = {"en": _AHEAD_EN, "ru": _AHEAD_RU, "ja": _AHEAD_JA}[self.lang]
        if any(word in before for word in self.tongue.list("next")) or ahead.search(folded):
            return today + dt.timedelta(days=(7 - back) if back else 0)
        return today - dt.timedelta(days=back)

    def _weekdays(self, text: str, folded: str) -> Iterator[tuple[int, int, int]]:
        if self.lang == "ja":
            for name, i in self._weekday.items():
                yield from ((m.start(), m.end(), i) for m in re.finditer(name, folded))
            return
        row = words(text, self.lang)
        for stem, (_, start, end) in zip(row.key.split(), row.spans, strict=True):
            if stem in self._weekday:
                yield start, end, self._weekday[stem]


def fold_mark(entry: str) -> tuple[str, str, str]:
    """A zone's mark, made comparable, and its zone."""
    mark, sign, zone = entry.partition("=")
    return fold(mark), sign, zone


def _either(forms: tuple[str, ...], lang: str) -> re.Pattern[str]:
    """One pattern for all these words, the longest first; it never matches where there are none."""
    found = "|".join(re.escape(form) for form in sorted(forms, key=lambda form: (-len(form), form)))
    if not found:
        return re.compile(r"(?!)")
    return re.compile(found if lang == "ja" else rf"\b(?:{found})\b")


def _month(month: str | None) -> int | None:
    if not month:
        return None
    if month.isdigit():
        return int(month)
    if month[0] in "十一二三四五六七八九":
        return _day(month)
    return _EN_MONTH.split("|").index(month[:3]) + 1


def _day(digits: str) -> int:
    """A day or month in digits or kanji."""
    if digits.isdigit():
        return int(digits)
    tens, ten, ones = digits.rpartition("十")
    return (_KANJI_DAY.get(tens, 1) * 10 if ten else 0) + (_KANJI_DAY[ones] if ones else 0)


def _era(parts: Mapping[str, str | None], eras: Mapping[str, float]) -> int | None:
    """The year of an era; the list holds the year before each era's first."""
    era, year = parts.get("era"), parts.get("ey")
    return int(eras[era]) + (1 if year == "元" else int(year)) if era and year and era in eras else None


def _shifted(today: dt.date, months: int) -> dt.date:
    """The first day of the month so many months from now."""
    count = today.year * 12 + today.month - 1 + months
    return dt.date(count // 12, count % 12 + 1, 1)


def _date(year: int | None, month: int | None, day: int, today: dt.date) -> dt.date | None:
    """The day meant: as written, else the nearest one to ``today``."""
    if year is not None and month is not None:
        return _safe(year, month, day)
    if month is not None:
        tries = [_safe(today.year + shift, month, day) for shift in (-1, 0, 1)]
    else:
        around = [(today.replace(day=15) + dt.timedelta(days=30 * shift)) for shift in (-1, 0, 1)]
        tries = [_safe(at.year, at.month, day) for at in around]
    found = [date for date in tries if date]
    return min(found, key=lambda date: abs((date - today).days)) if found else None


def _safe(year: int, month: int, day: int) -> dt.date | None:
    try:
        return dt.date(year, month, day)
    except (ValueError, OverflowError):  # no such day, or a year beyond any calendar
        return None
