"""Text made comparable without moving a character: offsets into the fold are offsets into the text.

Never drops or adds a character, except ``squeeze``, which says where each one came from.
"""

from __future__ import annotations

import re
import unicodedata

from monitor.entities import LANGS

CJK_FLOOR = 0x2E80  # code point: from here on scripts are written without blanks (radicals, kana, kanji, full width)
SEGMENTED_SHARE = 0.12  # blanks between Japanese characters, of all characters: above it the text was cut into words

# Runs, not letters: a text has fewer of them to be counted.
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]+")
_CYRILLIC = re.compile(r"[\u0400-\u04ff]+")
_LATIN = re.compile(r"[A-Za-z\u00c0-\u024f]+")
_OWN = {"ja": _CJK, "ru": _CYRILLIC, "en": _LATIN}
_WIDE = re.compile(r"[\u3000-\u30ff\u3400-\u9fff\uff00-\uffef]")
CJK_BLANK = re.compile(
    r"(?<=[\u3000-\u30ff\u3400-\u9fff\uff00-\uffef])[ \u3000]+(?=[\u3000-\u30ff\u3400-\u9fff\uff00-\uffef])"
)


def _table() -> dict[str, str]:
    """One character for one: full width to half, accents off latin letters, one hyphen, one apostrophe, ё as е."""
    table = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
    for code in range(0x00C0, 0x0250):
        base = unicodedata.normalize("NFD", chr(code))[0]
        if base.isascii() and base.isalpha():
            table[code] = ord(base)
    for chars, plain in (
        ("‐‑‒–—―−", "-"),
        ("’‘ʼ`´", "'"),
        ("“”„«»", '"'),
        ("\u00a0\u2009\u202f\u3000", " "),
        ("ё", "е"),
        ("Ё", "Е"),
        ("･", "・"),
    ):
        table.update({ord(char): ord(plain) for char in chars})
    return {chr(code): chr(plain) for code, plain in table.items()}


_PLAIN = _table()
_FOLDED = re.compile(f"[{re.escape(''.join(_PLAIN))}]")


def fold(text: str) -> str:
    """Lower case, one width, no accents; as long as ``text``, character by character."""
    plain = _FOLDED.sub(lambda sign: _PLAIN[sign[0]], text)  # ten times as fast as translate, which asks of each one
    low = plain.lower()
    if len(low) == len(plain):
        return low
    return "".join(char.lower() if len(char.lower()) == 1 else char for char in plain)


def is_word(char: str) -> bool:
    """Whether a character belongs to a word of a script that is written with blanks."""
    return char.isalnum() and ord(char) < CJK_FLOOR


def squeeze(text: str) -> tuple[str, tuple[int, ...] | None]:
    """Text without the blanks that cut Japanese into words, and where each character stood; None: nothing moved."""
    if text.isascii() or _WIDE.search(text) is None:
        return text, None
    blanks = sum(match.end() - match.start() for match in CJK_BLANK.finditer(text))
    if blanks <= SEGMENTED_SHARE * len(text):
        return text, None
    kept: list[int] = []
    at = 0
    for match in CJK_BLANK.finditer(text):
        kept.extend(range(at, match.start()))
        at = match.end()
    kept.extend(range(at, len(text)))
    return "".join(text[index] for index in kept), tuple(kept)


def script_lang(lang: str, text: str) -> str:
    """The language whose rules ``text`` is read by: its own if we know it, else the one that shares its script."""
    if lang in LANGS and _OWN[lang].search(text):
        return lang
    cjk, cyrillic, latin = (sum(map(len, script.findall(text))) for script in (_CJK, _CYRILLIC, _LATIN))
    if cjk and cjk * 2 >= max(cyrillic, latin):
        return "ja"
    if cyrillic and cyrillic >= latin:
        return "ru"
    return "en"
