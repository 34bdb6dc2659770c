"""Russian words: their dictionary form, and the case forms a name takes in a sentence.

Never guesses from context: a name's forms are generated once, at start, and looked up afterwards.
"""

from __future__ import annotations

import itertools
from functools import lru_cache
from typing import Any

import pymorphy3

CASES = ("nomn", "gent", "datv", "accs", "ablt", "loct")
_SECOND = {"gen2": "gent", "loc2": "loct", "acc2": "accs", "gen1": "gent", "loc1": "loct"}
_INDECLINABLE = tuple("оуюиеэы")
_JOINTS = frozenset(("и", "-"))
_HUSHED = frozenset("гкхжшщч")
_HUSHED_O = frozenset("жшщчц")

Paradigm = dict[str, frozenset[str]]
"""Case to the forms a word takes in it."""


@lru_cache(maxsize=1)
def _analyzer() -> Any:
    return pymorphy3.MorphAnalyzer()


@lru_cache(maxsize=1_024)
def _parses(word: str) -> Any:
    """All readings of a word. Names share their words (министр, иностранных), and each is asked for in several ways."""
    return _analyzer().parse(word)


@lru_cache(maxsize=32_768)  # words: 9 MB when full
def lemma(word: str) -> str:
    """The dictionary form of a lower-case word, ё written as е; the likeliest one where several fit."""
    if not word.isalpha() or len(word) < 3 or word.isascii():
        return word
    return str(_analyzer().parse(word)[0].normal_form).replace("ё", "е")


def forget() -> None:
    """Give back what was kept while names were inflected: nobody inflects after the start."""
    for kept in (_parses, _declined, _person):
        kept.cache_clear()


def inflect(form: str, *, person: bool = False, every_number: bool = False) -> frozenset[str]:
    """All case forms of a name given in the nominative, lower case, ё as е.

    ``person``: every word is declined. ``every_number``: singular, plural and all genders (adjectives, peoples).
    """
    words = form.lower().replace("ё", "е").split()
    if not words or not any("а" <= char <= "я" for char in form.lower()):
        return frozenset((form.lower(),))
    if every_number and len(words) == 1:
        return frozenset(_lexeme(words[0]))
    paradigms = [_person(word) for word in words] if person else _joined(words)
    found = {" ".join(choice) for case in CASES for choice in itertools.product(*(p[case] for p in paradigms))}
    if every_number and len(words) > 1:
        found |= {" ".join((*choice, *words[1:])) for choice in itertools.product(_lexeme(words[0]))}
    return frozenset(found)


def _lexeme(word: str) -> set[str]:
    parses = _parses(word)
    best = next((p for p in parses if "nomn" in p.tag), parses[0])
    return {form.word.replace("ё", "е") for form in best.lexeme} | {word}


def _joined(words: list[str]) -> list[Paradigm]:
    """Names joined by "и" or a dash are declined side by side; each of them is a phrase of its own."""
    at = next((i for i, word in enumerate(words) if word in _JOINTS and 0 < i < len(words) - 1), None)
    if at is None:
        return _phrase(words)
    return [*_phrase(words[:at]), _fixed(words[at]), *_joined(words[at + 1 :])]


def _phrase(words: list[str]) -> list[Paradigm]:
    """Adjectives agree with the first noun; what follows it stays, unless it is a lone name in apposition."""
    head = next((i for i, word in enumerate(words) if _parse(word, "NOUN") is not None), 0)
    paradigms = [_declined(word, "ADJF") for word in words[:head]]
    paradigms.append(_declined(words[head], "NOUN"))
    rest = words[head + 1 :]
    paradigms.extend(_fixed(word) for word in rest)
    return paradigms


def _fixed(word: str) -> Paradigm:
    return dict.fromkeys(CASES, frozenset((word,)))


def _parse(word: str, pos: str) -> Any | None:
    """The nominative reading of ``word`` as this part of speech, places before other nouns."""
    fitting = [p for p in _parses(word) if pos == p.tag.POS and p.tag.case == "nomn"]
    if not fitting and pos == "ADJF":
        fitting = [p for p in _parses(word) if p.tag.POS == "PRTF" and p.tag.case == "nomn"]
    return next((p for p in fitting if "Geox" in p.tag), fitting[0] if fitting else None)


@lru_cache(maxsize=1_024)
def _declined(word: str, pos: str) -> Paradigm:
    parse = _parse(word, pos)
    if parse is None:
        return _person(word) if pos == "NOUN" else _fixed(word)
    forms: dict[str, set[str]] = {case: set() for case in CASES}
    for form in parse.lexeme:
        tag = form.tag
        case = _SECOND.get(tag.case, tag.case)
        same = tag.number == parse.tag.number and (pos == "NOUN" or tag.gender == parse.tag.gender)
        if case in forms and same and tag.POS == parse.tag.POS:
            forms[case].add(form.word.replace("ё", "е"))
    forms["nomn"].add(word)
    guessed = _person(word) if pos == "NOUN" and not parse.is_known else {}
    return {case: frozenset(forms[case] | guessed.get(case, frozenset()) or {word}) for case in CASES}


@lru_cache(maxsize=1_024)
def _person(word: str) -> Paradigm:
    """Declension by ending, as names from abroad are declined; names of the dictionary get its forms as well."""
    if "-" in word:
        first, _, last = word.rpartition("-")
        if last.isdigit():  # "на Сахалине-2"
            heads = _declined(first, "NOUN") if _parse(first, "NOUN") else _person(first)
            return {case: frozenset(f"{head}-{last}" for head in heads[case]) for case in CASES}
        ends = _person(last)
        return {case: frozenset(f"{first}-{end}" for end in ends[case]) for case in CASES}
    forms = {case: {form} for case, form in zip(CASES, _endings(word), strict=True)}
    for parse in _parses(word):
        if (
            parse.tag.case == "nomn"
            and parse.tag.number == "sing"
            and ("Name" in parse.tag or "Surn" in parse.tag)
            and parse.is_known
        ):
            for form in parse.lexeme:
                if form.tag.number == "sing" and form.tag.gender == parse.tag.gender and form.tag.case in forms:
                    forms[form.tag.case].add(form.word.replace("ё", "е"))
    return {case: frozenset(found) for case, found in forms.items()}


def _endings(word: str) -> tuple[str, ...]:
    """The six cases of a name by its ending."""
    root, last = word[:-1], word[-1:]
    if len(word) < 3 or word.endswith(_INDECLINABLE):
        return (word,) * 6
    if word.endswith(("ова", "ева")):
        return (word, root + "ой", root + "ой", root + "у", root + "ой", root + "ой")
    if word.endswith(("ов", "ев", "ин", "ын")):
        return (word, word + "а", word + "у", word + "а", word + "ым", word + "е")
    if word.endswith(("кий", "кой", "ный", "ный")):
        base = word[:-2]
        end = "им" if word.endswith("кий") else "ым"
        return (word, base + "ого", base + "ому", base + "ого", base + end, base + "ом")
    if word.endswith("ая"):
        base = word[:-2]
        return (word, base + "ой", base + "ой", base + "ую", base + "ой", base + "ой")
    if last == "а":
        hushed = root[-1:] in _HUSHED
        return (
            word,
            root + ("и" if hushed else "ы"),
            root + "е",
            root + "у",
            root + ("ей" if root[-1:] in _HUSHED_O else "ой"),
            root + "е",
        )
    if last == "я":
        return (
            word,
            root + "и",
            root + ("и" if root.endswith("и") else "е"),
            root + "ю",
            root + "ей",
            root + ("и" if root.endswith("и") else "е"),
        )
    if last in ("й", "ь"):
        return (word, root + "я", root + "ю", root + "я", root + "ем", root + "е")
    return (word, word + "а", word + "у", word + "а", word + ("ем" if last in _HUSHED_O else "ом"), word + "е")
