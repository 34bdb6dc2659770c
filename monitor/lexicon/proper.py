"""Proper names nobody listed: capitalised words and katakana, brought to one skeleton of consonants in all scripts.

Never says who is meant: a name spelled in three scripts agrees with itself, and so may two strangers of one sound.
Names of our own lists are left out, for they have ids.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence

from monitor.lexicon.fold import fold, squeeze
from monitor.lexicon.russian import lemma

SENTENCES = 10  # title and lead, which tell what a report is about
LEAST = 3  # consonants: a shorter skeleton is the sound of too many words

_WORD = re.compile(r"[A-Za-z\u00c0-\u024f][A-Za-z\u00c0-\u024f'’]*|[\u0400-\u04ff]+")
_KATAKANA = re.compile(r"[ァ-ヺー]{3,}")
_INNER = re.compile(r"['’](?:s|S)$")
_CYRILLIC: Mapping[str, str] = dict(
    zip(
        "абвгдежзийклмнопрстуфхцчшщыэюя",
        "a b v g d e zh z i i k l m n o p r s t u f kh ts ch sh sh y e yu ya".split(),
        strict=True,
    )
)
_KANA: Mapping[str, str] = {
    **dict(zip("アイウエオ", "aiueo", strict=True)),
    **{
        kana: consonant + vowel
        for row, consonant in (
            ("カキクケコ", "k"), ("ガギグゲゴ", "g"), ("サ.スセソ", "s"), ("ザ.ズゼゾ", "z"), ("タ..テト", "t"),
            ("ダ..デド", "d"), ("ナニヌネノ", "n"), ("ハヒ.ヘホ", "h"), ("バビブベボ", "b"), ("パピプペポ", "p"),
            ("マミムメモ", "m"), ("ラリルレロ", "r"), ("ワ....", "w"),
        )
        for kana, vowel in zip(row, "aiueo", strict=True)
        if kana != "."
    },
    "フ": "fu", "シ": "shi", "ジ": "ji", "チ": "chi", "ツ": "tsu", "ヂ": "ji", "ヅ": "zu", "ヴ": "vu",
    "ン": "n", "ヲ": "o",    "ヤ": "ya", "ユ": "yu", "ヨ": "yo", "ァ": "a", "ィ": "i", "ゥ": "u", "ェ": "e", "ォ": "o",
    "ャ": "a", "ュ": "u", "ョ": "o", "ッ": "", "ー": "",
}  # fmt: skip
_SOUNDS: Sequence[tuple[re.Pattern[str], str]] = tuple(
    (re.compile(pattern), sound)
    for pattern, sound in (
        (r"ph|f", "b"),
        (r"kh", "h"),
        (r"ng(?![aeiouy])", "n"),
        (r"dzh|dj|zh|j|g(?=[iey])|tch|ch|ts|tz|cz|sch|sh|th|c(?=[eiy])|z", "s"),
        (r"ck|c|q", "k"),
        (r"x", "ks"),
        (r"(?<!^)h", ""),
        (r"m", "n"),
        (r"[vw]", "b"),
        (r"l", "r"),
    )
)
"""Sounds that one of the three scripts cannot tell apart are one; the order matters."""
_SURNAME = re.compile(r"(?P<stem>..(?:[оеё]в|[иы]н|ск))(?:а|у|ы|ым|ых|ой|е|ий|ого|ому|им|ом|ая|ую)?$")
_VOWELS = re.compile(r"[aeiouy']+")
_TWICE = re.compile(r"(.)\1+")


Span = tuple[int, int, int]
"""A sentence's index, and where a name starts and ends in it."""


def proper(sentences: Sequence[str], lang: str, taken: Collection[Span] = ()) -> tuple[tuple[str, ...], ...]:
    """The skeletons of each sentence's proper names, each once a sentence; the first sentence is the title.

    ``taken`` says where names of ours stand. A word that also stands there with a small letter is no name; nor is one
    that only begins sentences of the text, where a capital says nothing.
    """
    held = [[(start, end) for which, start, end in taken if which == at] for at in range(len(sentences))]
    if lang == "ja":
        return tuple(_katakana(text, spans) for text, spans in zip(sentences, held, strict=True))
    found = [list(_WORD.finditer(text)) for text in sentences]
    small = {match.group().lower() for row in found for match in row if match.group()[0].islower()}
    inside = {match.group() for row in found for match in row[1:] if match.group()[0].isupper()}
    names = []
    for at, (row, spans) in enumerate(zip(found, held, strict=True)):
        kept = [
            match
            for place, match in enumerate(row)
            if match.group()[0].isupper()
            and (at == 0 or place > 0 or match.group() in inside)
            and match.group().lower() not in small
            and not _overlaps(match, spans)
        ]
        names.append(_distinct(skeleton(_INNER.sub("", match.group()), lang) for match in kept))
    return tuple(names)


def skeleton(word: str, lang: str) -> str:
    """The consonants of a name as Japanese hears them: l is r, v is b, a final m is n; empty where too few are left."""
    low = fold(word)
    if "\u0400" <= low[0] <= "\u04ff":
        surname = _SURNAME.search(low)  # Песков and Песковым; the dictionary takes the one for sands
        low = low[: surname.end("stem")] if surname else lemma(low) if lang == "ru" else low
        low = "".join(_CYRILLIC.get(char, "") for char in low)
    elif low[0] >= "\u3005":
        low = "".join(_KANA.get(char, "") for char in low)
    for pattern, sound in _SOUNDS:
        low = pattern.sub(sound, low)
    bare = _TWICE.sub(r"\1", _VOWELS.sub("", _TWICE.sub(r"\1", low)))
    return bare if len(bare) >= LEAST else ""


def _katakana(text: str, held: Sequence[tuple[int, int]]) -> tuple[str, ...]:
    """Katakana words outside ``held``; a text cut into words is put together first, and then nothing is held."""
    whole, moved = squeeze(text)
    spans = held if moved is None else ()
    return _distinct(
        skeleton(match.group(), "ja") for match in _KATAKANA.finditer(whole) if not _overlaps(match, spans)
    )


def _overlaps(match: re.Match[str], spans: Sequence[tuple[int, int]]) -> bool:
    return any(start < match.end() and match.start() < end for start, end in spans)


def _distinct(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for name in names if name))
