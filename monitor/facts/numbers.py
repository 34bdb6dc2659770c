"""Numbers with what they count, and days, as three languages write them.

Never guesses a number's meaning: a bare number that counts nothing we know stays bare, a year is no number.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from zoneinfo import ZoneInfo

from monitor.facts.vocabulary import Tongue, Unit
from monitor.lexicon import fold, words

LONGEST = 3  # words in a unit ("individuals and entities")
LONGEST_JA = 6  # characters in a unit
LARGEST = 1e18  # beyond all sums of money there are: a longer row of digits or scales counts nothing
REACH = 3  # words between a number and what it counts ("12 nuclear-capable cruise missiles")
_MONEY = "$€¥₽£"
_STOPS = re.compile(r"[,;:—–()«»\"]|\.\s")
_YEARS = range(1800, 2101)  # a bare number in here is a year
_KANJI = re.compile(r"(\d[\d,]*(?:\.\d+)?|[〇一二三四五六七八九十百千]+)([万億兆]?)")
_EN_MONTH = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"
_EN_DAY = re.compile(
    rf"\b(?P<m>{_EN_MONTH})[a-z]*\.?\s+(?P<d>\d{{1,2}})(?:st|nd|rd|th)?(?!\d|[.,]\d{{3}}\b)(?:,?\s+(?P<y>(?:18|19|20)\d\d))?\b"
    rf"|\b(?P<d2>\d{{1,2}})(?:st|nd|rd|th)?\s+(?P<m2>{_EN_MONTH})[a-z]*\.?(?:,?\s+(?P<y2>(?:18|19|20)\d\d))?\b"
)
_ISO = re.compile(
    r"\b(?P<y>(?:18|19|20)\d\d)-(?P<m>\d\d)-(?P<d>\d\d)\b|\b(?P<d2>\d{1,2})\.(?P<m2>\d{2})\.(?P<y2>(?:18|19|20)\d\d)\b"
)
_JA_DAY = re.compile(
    r"(?:(?:(?P<era>令和|平成|昭和)(?P<ey>\d+|元)|(?P<y>(?:18|19|20)\d\d))年)?(?:(?P<m>\d{1,2})月)?(?P<d>\d{1,2})日(?!間|連続|目)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """A number in a sentence: its value, what it counts, and where it stands with its unit."""

    value: float
    unit: str
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """A day named in a sentence, resolved against publication."""

    date: dt.date
    start: int
    end: int


class Figures:
    """Finds numbers and days in the sentences of one language. Built once; it remembers nothing."""

    def __init__(self, lang: str, tongue: Tongue) -> None:
        self.lang = lang
        self.tongue = tongue
        self._units: Mapping[str, Unit] = {
            (fold(form) if lang == "ja" else words(form, lang).key.strip() or form): unit for form, unit in tongue.units
        }

    @cached_property
    def _numerals(self) -> Mapping[str, float]:
        return self._stemmed(self.tongue.values("numerals"))

    @cached_property
    def _scales(self) -> Mapping[str, float]:
        return self._stemmed(self.tongue.values("scales"))

    def _stemmed(self, values: Mapping[str, float]) -> Mapping[str, float]:
        return (
            values
            if self.lang == "ja"
            else {words(word, self.lang).key.strip(): value for word, value in values.items()}
        )

    # ------------------------------------------------------------------------------------------ numbers

    def numbers(self, text: str, taken: Iterable[tuple[int, int]] = ()) -> tuple[Number, ...]:
        """The numbers of a sentence outside the spans already ``taken`` (names, days)."""
        spans = tuple(taken)
        found = self._numbers_ja(text) if self.lang == "ja" else self._numbers(text)
        return tuple(n for n in found if n.value <= LARGEST and not any(start <= n.start < end for start, end in spans))

    def _numbers(self, text: str) -> Iterator[Number]:
        row = words(text, self.lang)
        tokens = [(stem, start, end) for stem, (_, start, end) in zip(row.key.split(), row.spans, strict=True)]
        at = 0
        while at < len(tokens):
            value, after = self._value(tokens, at, text)
            if value is None:
                at += 1
                continue
            start, end = tokens[at][1], tokens[after - 1][2]
            unit, stop = self._unit(text, tokens, after, start, end)
            digits = tokens[at][0][:1].isdigit()
            if unit or (digits and not (value in _YEARS and after == at + 1) and not _glued(text, start, end)):
                yield Number(value=value, unit=unit, start=start, end=max(end, stop))
            at = after

    def _value(self, tokens: list[tuple[str, int, int]], at: int, text: str) -> tuple[float | None, int]:
        """The number that starts at a token, and the token behind it."""
        stem, start, end = tokens[at]
        after = at + 1
        if stem[0].isdigit():
            digits = stem
            while (
                after < len(tokens)
                and _thousands(digits, tokens[after][0])
                and text[tokens[after - 1][2] : tokens[after][1]] in {" ", "\u00a0"}
            ):
                digits += tokens[after][0]
                after += 1
            value = _number(digits, self.lang)
        elif stem in self._numerals and not (self.lang == "en" and fold(text[start:end]) == "dozens"):
            value = self._numerals[stem]
            if after < len(tokens) and 20 <= value < 100 and 0 < self._numerals.get(tokens[after][0], 0) < 10:
                value, after = value + self._numerals[tokens[after][0]], after + 1
        else:
            return None, after
        while (
            after < len(tokens)
            and tokens[after][0] in self._scales
            and not _STOPS.search(text[tokens[after - 1][2] : tokens[after][1]])
        ):
            value, after = value * self._scales[tokens[after][0]], after + 1
        return value, after

    def _unit(self, text: str, tokens: list[tuple[str, int, int]], after: int, start: int, end: int) -> tuple[str, int]:
        """What the number counts, and where that word ends."""
        before, behind = text[max(0, start - 1) : start], text[end : end + 2].lstrip()
        if behind[:1] in {"%", "％"}:
            return self._units["%"].id if "%" in self._units else "percent", end + 1
        if before and before in _MONEY and before in self._units:
            return self._units[before].id, end
        if behind[:1] and behind[:1] in _MONEY and behind[:1] in self._units:
            return self._units[behind[:1]].id, end + 1
        previous = end
        for index in range(after, min(after + REACH + 1, len(tokens))):
            stem, first, last = tokens[index]
            gap = text[previous:first] if index > after else text[previous:first].replace(".", " ")  # "15 тыс. тонн"
            if _STOPS.search(gap) or stem[0].isdigit():
                break
            row = [token[0] for token in tokens[index : index + LONGEST]]
            size = next((n for n in range(len(row), 0, -1) if " ".join(row[:n]) in self._units), 0)
            unit = self._units[" ".join(row[:size])] if size else None
            if unit and not (index > after and text[first - 1 : first] == "-") and text[last : last + 1] != "-":
                after_it = self._units.get(tokens[index + 1][0]) if size == 1 and index + 1 < len(tokens) else None
                if after_it and text[last : tokens[index + 1][1]] == " ":  # "63 Japanese officials" counts officials
                    return after_it.id, tokens[index + 1][2]
                return unit.id, tokens[index + size - 1][2]
            previous = last
        return "", end

    def _numbers_ja(self, text: str) -> Iterator[Number]:
        folded = fold(text)
        at = 0
        while match := _KANJI.search(folded, at):
            value, end = _kanji(match.group(1)) * self._scales.get(match.group(2) or "", 1.0), match.end()
            while match.group(2) and (more := _KANJI.match(folded, end)):
                value, end = value + _kanji(more.group(1)) * self._scales.get(more.group(2) or "", 1.0), more.end()
            at = end
            unit, stop = self._unit_ja(folded, end)
            digits = folded[match.start()].isdigit()
            if unit or (digits and value not in _YEARS and folded[end : end + 1] not in set("年月日時分")):
                yield Number(value=value, unit=unit, start=match.start(), end=max(stop, end))

    def _unit_ja(self, folded: str, end: int) -> tuple[str, int]:
        end += folded[end : end + 1] == "の"  # 40の団体
        for length in range(LONGEST_JA, 0, -1):
            form = folded[end : end + length]
            if len(form) == length and form in self._units:
                return self._units[form].id, end + length
        return "", end

    # --------------------------------------------------------------------------------------------- days

    def days(self, text: str, published: dt.datetime) -> tuple[Day, ...]:
        """The days a sentence names, resolved in the zone its marks or its language tell."""
        folded = fold(text)
        today = published.astimezone(ZoneInfo(self._zone(folded))).date()
        found = [
            *_written(folded, self.lang, today, self.tongue.values("eras")),
            *self._russian_days(text, today),
            *self._named(text, folded, today),
        ]
        return tuple(sorted(found, key=lambda day: day.start))

    def _zone(self, folded: str) -> str:
        for entry in self.tongue.list("zones"):
            mark, _, zone = entry.partition("=")
            if re.search(
                rf"(?<!\w){re.escape(fold(mark))}(?!\w)" if self.lang != "ja" else re.escape(fold(mark)), folded
            ):
                return zone
        return next(iter(self.tongue.list("zone")), "UTC")

    def _russian_days(self, text: str, today: dt.date) -> Iterator[Day]:
        if self.lang != "ru":
            return
        months = {words(month, "ru").key.strip(): i for i, month in enumerate(self.tongue.list("months"), start=1)}
        row = words(text, "ru")
        tokens = [(stem, start, end) for stem, (_, start, end) in zip(row.key.split(), row.spans, strict=True)]
        for i, (stem, _, end) in enumerate(tokens[1:], start=1):
            number = tokens[i - 1][0]
            if stem in months and number.isdigit() and 1 <= int(number) <= 31:
                year = tokens[i + 1][0] if i + 1 < len(tokens) else ""
                written = int(year) if year.isdigit() and int(year) in _YEARS else None
                if date := _date(written, months[stem], int(number), today):
                    yield Day(date=date, start=tokens[i - 1][1], end=tokens[i + 1][2] if written else end)

    def _named(self, text: str, folded: str, today: dt.date) -> Iterator[Day]:
        """Yesterday, today, tomorrow and weekdays."""
        relative = [(name, 0) for name in self.tongue.list("today")]
        relative += [(name, -1) for name in self.tongue.list("yesterday")] + [
            (name, 1) for name in self.tongue.list("tomorrow")
        ]
        for word, shift in relative:
            for match in re.finditer(re.escape(word) if self.lang == "ja" else rf"\b{re.escape(word)}\b", folded):
                yield Day(date=today + dt.timedelta(days=shift), start=match.start(), end=match.end())
        ahead = any(word in folded for word in self.tongue.list("next"))
        for start, end, weekday in self._weekdays(text, folded):
            back = (today.weekday() - weekday) % 7
            days = (7 - back) if ahead else -back
            yield Day(date=today + dt.timedelta(days=days), start=start, end=end)

    def _weekdays(self, text: str, folded: str) -> Iterator[tuple[int, int, int]]:
        names = self.tongue.list("weekdays")
        if self.lang == "ja":
            for i, name in enumerate(names):
                yield from ((m.start(), m.end(), i) for m in re.finditer(re.escape(name), folded))
            return
        keys = {words(name, self.lang).key.strip(): i for i, name in enumerate(names)}
        row = words(text, self.lang)
        for stem, (_, start, end) in zip(row.key.split(), row.spans, strict=True):
            if stem in keys:
                yield start, end, keys[stem]


def _written(folded: str, lang: str, today: dt.date, eras: Mapping[str, float]) -> Iterator[Day]:
    """Days written out with their month (or, in Japanese, the bare day of the month)."""
    patterns = {"en": (_EN_DAY, _ISO), "ja": (_JA_DAY, _ISO), "ru": (_ISO,)}.get(lang, (_ISO,))
    for pattern in patterns:
        for match in pattern.finditer(folded):
            parts = match.groupdict()
            day, month, year = (parts.get(k) or parts.get(k + "2") for k in ("d", "m", "y"))
            written = _era(parts, eras) or (int(year) if year else None)
            number = (
                _EN_MONTH.split("|").index(month) + 1
                if month and not month.isdigit()
                else int(month)
                if month
                else None
            )
            if day and (date := _date(written, number, int(day), today)):
                yield Day(date=date, start=match.start(), end=match.end())


def _era(parts: Mapping[str, str | None], eras: Mapping[str, float]) -> int | None:
    """The year of an era; the list holds the year before each era's first."""
    era, year = parts.get("era"), parts.get("ey")
    return int(eras[era]) + (1 if year == "元" else int(year)) if era and year and era in eras else None


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


def _number(digits: str, lang: str) -> float:
    """The value of written digits: a comma parts thousands in English and decimals in Russian."""
    if lang == "ru" and re.fullmatch(r"\d+,\d{1,2}", digits):
        return float(digits.replace(",", "."))
    plain = digits.replace(",", "")
    return float(plain) if plain.count(".") <= 1 else float(plain.replace(".", ""))


def _thousands(digits: str, more: str) -> bool:
    return digits.isdigit() and len(digits) <= 3 and len(more) == 3 and more.isdigit()


def _glued(text: str, start: int, end: int) -> bool:
    """Whether digits are part of a designation such as Su-27 or 2+2."""
    before, after = text[max(0, start - 1) : start], text[end : end + 1]
    return (
        (before in {"-", "+", "/"} and start > 0)
        or (before.isalpha())
        or (after in {"+", "/"})
        or (after.isalpha() and not after.isdigit())
    )


_KANJI_DIGIT = {char: i for i, char in enumerate("〇一二三四五六七八九")}
_KANJI_SCALE = {"十": 10, "百": 100, "千": 1000}


def _kanji(digits: str) -> float:
    """The value of digits or of kanji numerals below ten thousand."""
    if digits[0].isdigit():
        return float(digits.replace(",", ""))
    if not any(char in _KANJI_SCALE for char in digits):
        return float("".join(str(_KANJI_DIGIT[char]) for char in digits))
    total, current = 0, 0
    for char in digits:
        if char in _KANJI_DIGIT:
            current = _KANJI_DIGIT[char]
        else:
            total, current = total + (current or 1) * _KANJI_SCALE[char], 0
    return float(total + current)
