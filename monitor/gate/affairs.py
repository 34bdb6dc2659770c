"""Affairs: matters that lie open between the sides, and make plain what a headline that names no side is about.

Never reads the world and never judges alone: which affairs were told of in the days before comes in as a value.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from monitor.entities import Affair, Evidence, Ruling, Stirred
from monitor.gate.words import EITHER, TOGETHER, Ties
from monitor.lexicon.fold import CJK_FLOOR, fold, squeeze

TOLD = 2
"""Articles of the beat that must have told of an affair before a headline without a side is taken for it: one may be
a slip of the gate, and what matters is soon told twice."""
OPENED = dt.timedelta(days=30)
"""Age of a story after which it makes nothing plain any more, however often it still moves: an affair that feeds on
what it drew in would never end."""
MOVED = dt.timedelta(days=10)
"""Rest after which it makes nothing plain: by then a report names who is meant."""

BEGINNING = 4
"""Letters of a word that no ending changes; a shorter word stands as it is."""
_RUN = re.compile(r"[a-z0-9а-яґєіїў]+")
_SHIPS = frozenset(("maru", "мару"))

_SHIP = {
    "en": re.compile(r"\b([A-Z][a-z]+)[ -][Mm]aru\b"),
    "ja": re.compile(r"([一-龯ぁ-んァ-ヶ]{2})丸"),
    "ru": re.compile(r"\b([А-ЯЁ][а-яё]+)-[Мм]ару\b"),
}
"""A Japanese ship by its name, which needs no list: of a Japanese one the two characters before its ending."""
_NO_SHIP = frozenset(("日の",))  # 日の丸, the flag


class Affairs:
    """Finds in a title what it may be about without saying so. Built once, with the gate."""

    def __init__(self, lists: Mapping[str, Mapping[str, tuple[str, ...]]]) -> None:
        self._ties = tuple((name, Ties(found)) for name, found in sorted(lists.items()))
        self._beginnings = _Beginnings(line for found in lists.values() for lines in found.values() for line in lines)

    def of(self, title: str, lang: str) -> tuple[Affair, ...]:
        """The affairs whose words stand in a title, and the ships it names."""
        if not self._ties or not self._beginnings.stand_in(title):
            return ()
        found = []
        for name, ties in self._ties:
            if hits := ties.find(title, lang):
                words = dict.fromkeys(hit.surface for hit in hits)
                found.append(Affair(key=f"affair:{name}", words=tuple(words), told=TOLD))
        if lang in _SHIP:
            ships = {one[1]: one[0] for one in _SHIP[lang].finditer(title) if one[1] not in _NO_SHIP}
            found += [Affair(key=f"ship:{lang}:{name.lower()}", words=(said,), told=1) for name, said in ships.items()]
        return tuple(found)


class _Beginnings:
    """How a word of each line's first group begins: a title that holds none of them is not looked into.

    Never misses a word in another ending. It costs a fifth of the look, and nearly all general news ends here.
    """

    def __init__(self, lines: Iterable[str]) -> None:
        first = {fold(word) for line in lines for word in line.split(TOGETHER)[0].split(EITHER)}
        wide = {word for word in first if ord(word[0]) >= CJK_FLOOR}
        self._words = frozenset(_RUN.findall(word)[0][:BEGINNING] for word in first - wide) | _SHIPS
        self._pairs = frozenset(word[:2] for word in wide)
        self._signs = frozenset(pair for pair in self._pairs if len(pair) == 1) | {"丸"}

    def stand_in(self, title: str) -> bool:
        """Whether one of them may stand in a title."""
        folded = fold(title)
        if any(run[:BEGINNING] in self._words for run in _RUN.findall(folded)):
            return True
        if folded.isascii():
            return False
        closed = squeeze(folded)[0]
        if not self._signs.isdisjoint(closed):
            return True
        return any(closed[at : at + 2] in self._pairs for at in range(len(closed) - 1))


def recalled(ruling: Ruling, affairs: Sequence[Affair], stirred: Iterable[Stirred], score: float) -> Ruling | None:
    """A refusal taken back, with the story that makes plain what the article is about; None: nothing does."""
    stories = {one.key: one for one in stirred}
    for affair in affairs:
        found = stories.get(affair.key)
        if found is not None and found.articles >= affair.told:
            said = f"as in story s{found.story}; articles of these days that told of it: {found.articles}"
            evidence = Evidence(signal="gate:affair", said=said, words=affair.words)
            return replace(ruling, relevant=True, reason=None, score=score, evidence=(*ruling.evidence, evidence))
    return None
