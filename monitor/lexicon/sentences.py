"""Sentences of a text in English, Japanese and Russian.

Never joins paragraphs: a line end always ends a sentence.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

WORD = 24  # characters looked back for the word before a stop: longer ones are no abbreviation

_STOPS = re.compile(r"[.!?…](?<![.!?…]{2})[.!?…]*+[\"'”’»)\]]*+(?=\s)")
_OPEN, _CLOSE = "「『（(“", "」』）)”"
_JA_SIGNS = re.compile(f"[。！？!?．{_OPEN}{_CLOSE}]")
_ABBREVIATED = {
    "en": frozenset(
        "mr mrs ms dr prof gen lt col sgt capt maj adm sen rep gov pres sec hon st no vs inc ltd co corp "
        "jan feb mar apr jun jul aug sep sept oct nov dec mon tue tues wed thu thurs fri sat sun approx "
        "est etc cf e.g i.e a.m p.m u.s u.n u.k d.c".split()
    ),
    "ru": frozenset(
        "г гг им т тт д п пп тыс млн млрд трлн руб долл ул см напр стр проф акад ген св о р др пр обл р-н "
        "т.е т.д т.п т.к н.э в вв чел янв февр апр авг сент окт нояб дек кв км м ред рис".split()
    ),
}
_NEXT = re.compile(r"\s*(\S)")
_LAST_WORD = re.compile(r"[^\s(\"'«“„]+$")


def split(text: str, lang: str) -> tuple[str, ...]:
    """The sentences of a text in order, trimmed, none of them empty."""
    cut = _split_ja if lang == "ja" else _split_blank
    return tuple(s for line in text.splitlines() for s in (part.strip() for part in cut(line, lang)) if s)


def _split_blank(line: str, lang: str) -> Iterator[str]:
    at = 0
    for match in _STOPS.finditer(line):
        if _ends(line, match, lang):
            yield line[at : match.end()]
            at = match.end()
    yield line[at:]


def _ends(line: str, match: re.Match[str], lang: str) -> bool:
    after = _NEXT.match(line, match.end())
    if after is None or after[1].islower():
        return False
    if match.group()[0] != "." or match.group().startswith(".."):
        return True
    word = _LAST_WORD.search(line[max(0, match.start() - WORD) : match.start()])
    if word is None:
        return True
    last = word.group()
    if last.lower() in _ABBREVIATED.get(lang, frozenset()):
        return False
    return not (len(last) == 1 and last.isalpha() and last.isupper())  # an initial


def _split_ja(line: str, lang: str) -> Iterator[str]:
    """A stop inside quotes or brackets ends nothing, unless the bracket is never closed."""
    at = depth = 0
    last = max(line.rfind(close) for close in _CLOSE)
    for sign in _JA_SIGNS.finditer(line):
        char, index = sign.group(), sign.start()
        if char in _OPEN:
            depth += index < last
        elif char in _CLOSE:
            depth = max(0, depth - 1)
        elif not depth and not _inside_latin(line, index):
            yield line[at : index + 1]
            at = index + 1
    yield line[at:]


def _inside_latin(line: str, index: int) -> bool:
    """Whether a half-width stop stands inside a latin word or number."""
    following = line[index + 1 : index + 2]
    return line[index] in "!?" and following.isascii() and following.isalnum()
