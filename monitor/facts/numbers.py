"""Numbers with what they count, as three languages write them: digits, words, kanji, scales, shares and ordinals.

Never guesses a number's meaning: one that counts nothing we know stays bare; a year or a designation is no number.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from monitor.facts.vocabulary import Tongue, Unit
from monitor.lexicon import fold, words

LONGEST = 3  # words in a unit ("individuals and entities")
LONGEST_JA = 6  # characters in a unit
SENTENCES_KEPT = 256  # sentences whose numbers (and days) are kept: facts and counts are read from one in a row
LARGEST = 1e18  # beyond all sums of money there are: a longer row of digits or scales counts nothing
REACH = 3  # words between a number and what it counts ("12 nuclear-capable cruise missiles")
YEARS = range(1800, 2101)  # a bare number in here is a year
ORDINAL_UNITS = frozenset(("package", "round", "meeting"))
"""What is numbered in a row: the thirteenth package is another one than the twelfth, the second ship only a ship."""
SPANS = frozenset(("day", "week", "month", "year", "hour", "minute"))
"""Units of time: "three days ago" says when, it counts nothing."""
_MONEY = "$€¥₽£"
_STOPS = re.compile(r"[,;:—–()«»\"]|\.\s")
_RANGE = re.compile(r"\s?(?:-|–|to|до)\s?")
_SUFFIX = {
    "en": frozenset(("st", "nd", "rd", "th")),
    "ru": frozenset(("й", "го", "му", "м", "ый", "ая", "ой", "я", "ю", "е", "ом", "ого")),
}
_KANJI = re.compile(r"(\d[\d,]*(?:\.\d+)?|[〇一二三四五六七八九十百千]+)([百千]?)([万億兆]?)")
_PEOPLE = frozenset(("russian",))
"""Adjectives with the stem of a people: "two Russian Tu-95 bombers" are no two Russians."""
_CLOCK = re.compile(r".{0,3}?\b\d{1,2}:\d\d\b")
"""A time of day, looked for from just before a number."""
_NUMBERED = re.compile(r"の?(?:対[ロ露日]|追加|制裁|パッケージ)")
"""Japanese, behind 第13次: it is sanctions that are numbered, no war and no cabinet."""
_SHARE_JA = re.compile(r"([\d一二三四五六七八九十]+)分の([\d一二三四五六七八九十]+)")
_TERM = re.compile(r"(?:懲役|禁錮|禁固)\d+年|年(?:以上|以下|未満|近く|超|の刑|の実刑)")
"""Where 年 counts years; elsewhere it dates (令和3年, 24年に)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """A number in a sentence: its value, what it counts, and where it stands with its unit."""

    value: float
    unit: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Value:
    """A number as it is being read; ``ordinal``: a place in a row. ``share``: a part of a whole, in percent."""

    value: float
    after: int
    ordinal: bool = False
    share: bool = False


Token = tuple[str, int, int]
"""A stem and where it stands."""


class Figures:
    """Finds the numbers in sentences of one language. Built once; it keeps those of the sentences it read last."""

    def __init__(self, lang: str, tongue: Tongue) -> None:
        self.lang = lang
        self._units: Mapping[str, Unit] = {
            (fold(form) if lang == "ja" else words(form, lang).key.strip() or form): unit for form, unit in tongue.units
        }
        self._numerals, self._scales, self._ordinals, self._shares = (
            self._stemmed(tongue.values(name)) for name in ("numerals", "scales", "ordinals", "shares")
        )
        self._alone = frozenset(map(fold, tongue.list("alone")))
        self._ago = frozenset(map(fold, tongue.list("ago")))
        self._fixed = re.compile("|".join(map(re.escape, tongue.list("fixed"))) or r"(?!)")
        self._joints = frozenset(tongue.list("other")) - {"of"}
        self._all = lru_cache(maxsize=SENTENCES_KEPT)(self._read)

    def _stemmed(self, values: Mapping[str, float]) -> Mapping[str, float]:
        if self.lang == "ja":
            return values
        return {words(word, self.lang).key.strip(): value for word, value in values.items()}

    def numbers(self, text: str, taken: Iterable[tuple[int, int]] = ()) -> tuple[Number, ...]:
        """The numbers of a sentence outside the spans already ``taken`` (names, days)."""
        spans = tuple(taken)
        return tuple(n for n in self._all(text) if not any(start <= n.start < end for start, end in spans))

    def _read(self, text: str) -> tuple[Number, ...]:
        found = self._numbers_ja(text) if self.lang == "ja" else self._numbers(text)
        return tuple(number for number in found if number.value <= LARGEST)

    # ---------------------------------------------------------------- languages written with blanks

    def _numbers(self, text: str) -> Iterator[Number]:
        row = words(text, self.lang)
        tokens = [(stem, start, end) for stem, (_, start, end) in zip(row.key.split(), row.spans, strict=True)]
        folded = fold(text)
        at = 0
        while at < len(tokens):
            read = self._share(tokens, at, folded) or self._value(tokens, at, folded)
            if read is None:
                at += 1
                continue
            start, end = tokens[at][1], tokens[read.after - 1][2]
            first, at = at, read.after
            if _designation(folded, start) or _CLOCK.match(folded, max(0, start - 3)):
                continue
            unit, stop = ("percent", end) if read.share else self._unit(folded, tokens, read.after, start, end)
            if self._no_count(read, unit, tokens, stop):
                continue
            digits = tokens[first][0][:1].isdigit()
            year = read.value in YEARS and read.after == first + 1 and unit in {"", "year"}
            if not year and (unit or (digits and not _glued(text, start, end))):
                yield Number(value=read.value, unit=unit, start=start, end=max(end, stop))

    def _no_count(self, read: _Value, unit: str, tokens: list[Token], stop: int) -> bool:
        """Whether a number says which one or when, not how many."""
        if read.ordinal:
            return unit not in ORDINAL_UNITS
        behind = next((stem for stem, start, _ in tokens if start >= stop), "")
        return unit in SPANS and behind in self._ago

    def _value(self, tokens: list[Token], at: int, folded: str) -> _Value | None:
        """The number that starts at a token; None where none does."""
        stem, start, end = tokens[at]
        if stem[0].isdigit():
            return self._digits(tokens, at, folded)
        surface = folded[start:end]
        if stem in self._ordinals:
            return _Value(self._ordinals[stem], at + 1, ordinal=True)
        if stem in self._scales and surface not in self._alone:
            return None  # "dozens", "thousands": nobody has counted
        if stem not in self._numerals and stem not in self._scales:
            return None
        return self._spelled(tokens, at, folded)

    def _digits(self, tokens: list[Token], at: int, folded: str) -> _Value:
        digits, after = tokens[at][0], at + 1
        while (
            after < len(tokens)
            and _thousands(digits, tokens[after][0])
            and folded[tokens[after - 1][2] : tokens[after][1]] in {" ", "\u00a0"}
        ):
            digits += tokens[after][0]
            after += 1
        value = _number(digits, self.lang)
        if after < len(tokens) and folded[tokens[after][1] : tokens[after][2]] in _SUFFIX[self.lang]:
            gap = folded[tokens[after - 1][2] : tokens[after][1]]
            if gap in {"", "-"}:
                return _Value(value, after + 1, ordinal=True)
        while after < len(tokens) and tokens[after][0] in self._scales and not self._stopped(tokens, after, folded):
            value, after = value * self._scales[tokens[after][0]], after + 1
            if after + 1 < len(tokens) and tokens[after][0].isdigit() and tokens[after + 1][0] in self._scales:
                value, after = value + float(tokens[after][0]) * self._scales[tokens[after + 1][0]], after + 2
        if value < 1 and digits == "0":
            return _Value(0.0, after)
        return _Value(value, after)

    def _spelled(self, tokens: list[Token], at: int, folded: str) -> _Value:
        """Words of number added and multiplied as they are spoken: "one hundred and twenty-five thousand"."""
        total, current, low, after = 0.0, 0.0, 1e9, at
        ordinal = False
        while after < len(tokens) and (after == at or not self._stopped(tokens, after, folded)):
            stem = tokens[after][0]
            if stem in self._scales:
                scale = self._scales[stem]
                current = (current or 1.0) * scale
                low = scale
                if scale >= 1_000:
                    total, current, low = total + current, 0.0, 1e9
            elif stem in self._numerals and (not current or self._numerals[stem] < min(low, 10 if low < 100 else 100)):
                current, low = current + self._numerals[stem], self._numerals[stem]
            elif stem in self._ordinals and current >= 20 and self._ordinals[stem] < low:
                current, ordinal = current + self._ordinals[stem], True
            elif not (
                stem == "and" and low == 100 and after + 1 < len(tokens) and tokens[after + 1][0] in self._numerals
            ):
                break
            after += 1
            if ordinal:
                break
        return _Value(total + current, after, ordinal=ordinal)

    def _share(self, tokens: list[Token], at: int, folded: str) -> _Value | None:
        """A part of a whole in words: "two-thirds", "a quarter of", "половина"."""
        stem, _start, end = tokens[at]
        if stem in self._shares and (self.lang == "ru" or self._parted(tokens, at, folded)):
            return _Value(round(100 * self._shares[stem], 2), at + 1, share=True)
        if at + 1 == len(tokens) or stem not in self._numerals or tokens[at + 1][0] not in self._shares:
            return None
        if folded[end : tokens[at + 1][1]] not in {" ", "-"}:
            return None
        many = self._numerals[stem]
        if self.lang == "en" and many == 1 and not self._parted(tokens, at + 1, folded):
            return None
        return _Value(round(100 * many * self._shares[tokens[at + 1][0]], 2), at + 2, share=True)

    def _parted(self, tokens: list[Token], at: int, folded: str) -> bool:
        """Whether "third" is a part here and no place in a row: "a third of", "half of"."""
        stem, start, end = tokens[at]
        if not folded[end:].startswith(" of "):
            return False
        return stem == "half" or folded[:start].rstrip(" -").endswith((" a", " one")) or start <= 2

    def _stopped(self, tokens: list[Token], at: int, folded: str) -> bool:
        return bool(_STOPS.search(folded[tokens[at - 1][2] : tokens[at][1]]))

    def _unit(self, folded: str, tokens: list[Token], after: int, start: int, end: int) -> tuple[str, int]:
        """What the number counts, and where that word ends."""
        before, behind = folded[max(0, start - 1) : start], folded[end : end + 2].lstrip()
        if behind[:1] == "%":
            return "percent", end + 1
        if before and before in _MONEY and before in self._units:
            return self._units[before].id, end
        if behind[:1] and behind[:1] in _MONEY and behind[:1] in self._units:
            return self._units[behind[:1]].id, end + 1
        if other := self._ranged(folded, tokens, after, end):
            return other  # "10 to 15 people" counts people twice
        previous = end
        for index in range(after, min(after + REACH + 1, len(tokens))):
            stem, first, last = tokens[index]
            gap = (
                folded[previous:first] if index > after else folded[previous:first].replace(".", " ")
            )  # "15 тыс. тонн"
            if _STOPS.search(gap) or (stem[0].isdigit() and not _designation(folded, first)) or stem in self._joints:
                break
            row = [token[0] for token in tokens[index : index + LONGEST]]
            size = next((n for n in range(len(row), 0, -1) if " ".join(row[:n]) in self._units), 0)
            unit = self._units[" ".join(row[:size])] if size else None
            compound = folded[last : last + 1] == "-" or (index > after and folded[first - 1 : first] == "-")
            if unit and not compound and folded[first:last] not in _PEOPLE:
                return self._last(folded, tokens, index, size, unit)
            previous = last
        return "", end

    def _last(self, folded: str, tokens: list[Token], index: int, size: int, unit: Unit) -> tuple[str, int]:
        """The unit at the end of a row of nouns: "63 Japanese officials" counts officials, "5 crew members" members."""
        last = tokens[index + size - 1][2]
        after_it = self._units.get(tokens[index + 1][0]) if size == 1 and index + 1 < len(tokens) else None
        if after_it and folded[last : tokens[index + 1][1]] == " ":
            return after_it.id, tokens[index + 1][2]
        return unit.id, last

    def _ranged(self, folded: str, tokens: list[Token], after: int, end: int) -> tuple[str, int] | None:
        """The unit of a range's far end, for its near one."""
        behind = after + 1 if after < len(tokens) and tokens[after][0] in {"to", "до"} else after
        if behind >= len(tokens) or not tokens[behind][0][0].isdigit():
            return None
        if not _RANGE.fullmatch(folded[end : tokens[behind][1]]):
            return None
        far = self._digits(tokens, behind, folded)
        if far.ordinal:
            return None
        unit, _ = self._unit(folded, tokens, far.after, tokens[behind][1], tokens[far.after - 1][2])
        return (unit, end) if unit else None

    # ------------------------------------------------------------------------------------ Japanese

    def _numbers_ja(self, text: str) -> Iterator[Number]:
        folded = fold(text)
        fixed = [match.span() for match in self._fixed.finditer(folded)]
        at = 0
        while match := _KANJI.search(folded, at):
            start = match.start()
            if share := _SHARE_JA.match(folded, start):
                at, whole = share.end(), _kanji(share.group(1))
                if whole:
                    value = round(100 * _kanji(share.group(2)) / whole, 2)
                    yield Number(value=value, unit="percent", start=start, end=at)
                continue
            value, end = self._value_ja(folded, match)
            at = end
            if _no_number_ja(folded, start, end) or any(first <= start < last for first, last in fixed):
                continue
            unit, stop = self._unit_ja(folded, start, end)
            if unit and (folded[start - 1 : start] == "第") and unit.id not in ORDINAL_UNITS:
                continue
            if unit and unit.id in SPANS and folded[stop : stop + 1] == "前":
                continue
            digits = folded[start].isdigit()
            if unit:
                yield Number(value=value * unit.factor, unit=unit.id, start=start, end=max(stop, end))
            elif digits and value not in YEARS and folded[end : end + 1] not in set("年月日時分"):
                yield Number(value=value, unit="", start=start, end=max(stop, end))

    def _value_ja(self, folded: str, match: re.Match[str]) -> tuple[float, int]:
        """The value of a row of digits and scales: 3万5千, 1億5000万, 二十五."""
        total = 0.0
        while True:
            part = _kanji(match.group(1)) * {"百": 100.0, "千": 1_000.0}.get(match.group(2), 1.0)
            total += part * self._scales.get(match.group(3), 1.0)
            more = _KANJI.match(folded, match.end()) if match.group(3) else None
            if more is None:
                return total, match.end()
            match = more

    def _unit_ja(self, folded: str, start: int, end: int) -> tuple[Unit | None, int]:
        end += folded[end : end + 1] in {"の", "余"}  # 40の団体
        far = re.match(r"[~〜～-]\d+", folded[end:])
        if far:  # 10〜15人
            return self._unit_ja(folded, start, end + far.end())
        for length in range(LONGEST_JA, 0, -1):
            form = folded[end : end + length]
            if len(form) == length and form in self._units:
                unit = self._units[form]
                if form == "年" and not (_TERM.match(folded, max(0, start - 2)) or _TERM.match(folded, end)):
                    return None, end
                if form in {"次", "弾"} and folded[start - 1 : start] != "第":
                    continue
                if form == "次" and not _NUMBERED.match(folded, end + length):
                    continue
                return unit, end + length
        return None, end


def _no_number_ja(folded: str, start: int, end: int) -> bool:
    """Whether the signs belong to a designation (Su27) or to a guess (数十人, 十数人)."""
    before = folded[max(0, start - 1) : start]
    typed = (before.isascii() and before.isalpha()) or (before == "-" and folded[start - 2 : start - 1].isalpha())
    return typed or before == "数" or folded[end : end + 1] == "数"


def _designation(folded: str, start: int) -> bool:
    """Whether digits name a type: Su-27, G7, Ту-95."""
    before, first = folded[max(0, start - 1) : start], folded[max(0, start - 2) : start - 1]
    if not folded[start].isdigit():
        return False
    return before.isalpha() or (before in {"-", "/"} and first.isalpha())


def _number(digits: str, lang: str) -> float:
    """The value of written digits: a comma parts thousands in English and decimals in Russian."""
    if lang == "ru" and re.fullmatch(r"\d+,\d{1,2}", digits):
        return float(digits.replace(",", "."))
    plain = digits.replace(",", "")
    return float(plain) if plain.count(".") <= 1 else float(plain.replace(".", ""))


def _thousands(digits: str, more: str) -> bool:
    return digits.isdigit() and len(digits) <= 3 and len(more) == 3 and more.isdigit()


def _glued(text: str, start: int, end: int) -> bool:
    """Whether digits that count nothing are part of a designation such as 2+2."""
    before, after = text[max(0, start - 1) : start], text[end : end + 1]
    return (before in {"-", "+", "/"} and start > 0) or before.isalpha() or after in {"+", "/"} or after.isalpha()


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
