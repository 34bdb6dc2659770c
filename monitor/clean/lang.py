"""Which language a text is in: its script and letters first, then what the feed declares.

Never guesses between languages of one script without a sign of it: there the feed's own word counts.
"""

from __future__ import annotations

import re

_CODE = re.compile(r"[a-z]{2,3}")  # ISO 639; what else stands in its place in a feed ("English", markup) says nothing
# Runs, not letters: a text has fewer of them to be counted.
_KANA = re.compile(r"[\u3041-\u3096\u30a1-\u30fa\uff66-\uff9d]+")
_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]+")
_CYRILLIC = re.compile(r"[\u0400-\u04ff]+")
_LATIN = re.compile(r"[A-Za-z\u00c0-\u024f]+")
_HANGUL = re.compile(r"[\uac00-\ud7a3]+")
_UKRAINIAN = re.compile(r"[іїєґІЇЄҐ]")
_BELARUSIAN = re.compile(r"[ўЎ]")
_RUSSIAN_ONLY = re.compile(r"[ыэъёЫЭЪЁ]")
_CYRILLIC_LANGS = frozenset({"ru", "uk", "be", "bg", "sr", "mk", "kk", "ky", "mn", "tg"})
_OTHER_SCRIPTS = frozenset({"ru", "uk", "be", "bg", "ja", "zh", "ko", "ar", "fa", "he", "el", "hi", "th"})
_MARKS = (
    ("de", re.compile(r"[äöüßÄÖÜ]|\b(?:und|der|die|das|nicht|mit|für|ist)\b")),
    ("fr", re.compile(r"[àâçèêëîïôùûœ]|\b(?:les|des|est|dans|une|pour|avec)\b")),
    ("es", re.compile(r"[ñ¿¡áíóú]|\b(?:los|las|una|para|con|del)\b")),
    ("pt", re.compile(r"[ãõ]|\b(?:não|uma|para|com|dos)\b")),
)
_ENGLISH = re.compile(r"\b(?:the|of|to|and|in|on|for|with|after|over|from|says?|by|at|is|as|a|an)\b", re.IGNORECASE)
_ENOUGH = 0.2  # of the letters: a headline in Japanese may hold Latin names for most of its length


def language(title: str, text: str, declared: str = "") -> str:
    """Two-letter code of the language; ``declared`` settles what the script leaves open. Empty where neither tells."""
    said = declared.strip().casefold().replace("_", "-").split("-")[0]
    said = said if _CODE.fullmatch(said) else ""
    for sample in (title, f"{title}\n{text[:600]}"):
        found = _by_script(sample, said)
        if found:
            return found
    return said


def _by_script(sample: str, said: str) -> str:
    if sample.isascii():
        return _latin(sample, said) if _LATIN.search(sample) else ""
    kana, han, cyrillic, latin, hangul = (
        sum(map(len, script.findall(sample))) for script in (_KANA, _HAN, _CYRILLIC, _LATIN, _HANGUL)
    )
    letters = kana + han + cyrillic + latin + hangul
    if letters == 0:
        return ""
    if hangul / letters >= _ENOUGH:
        return "ko"
    if (kana + han) / letters >= _ENOUGH:
        if kana >= 2 or (kana and said == "ja"):
            return "ja"
        return said if said in {"ja", "zh"} else ("ja" if kana else "zh")
    if cyrillic >= latin:
        return _cyrillic(sample, said)
    return _latin(sample, said)


def _cyrillic(sample: str, said: str) -> str:
    if _BELARUSIAN.search(sample):
        return "be"
    if _UKRAINIAN.search(sample) and not _RUSSIAN_ONLY.search(sample):
        return "uk"
    return said if said in _CYRILLIC_LANGS and not _RUSSIAN_ONLY.search(sample) else "ru"


def _latin(sample: str, said: str) -> str:
    if said and said not in _OTHER_SCRIPTS:
        return said
    english = len(_ENGLISH.findall(sample))
    for code, marks in _MARKS:
        if len(marks.findall(sample)) > max(1, english):
            return code
    return "en"
