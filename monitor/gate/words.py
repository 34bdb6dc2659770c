"""The word lists of a beat made ready for a search: what stands between states, what speaks against, who speaks.

Never weighs what it finds; it is built once, with the gate.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Protocol, TypeVar

from monitor.entities import Beat, Sentence
from monitor.lexicon import Hit, PhraseMatcher, longest

V = TypeVar("V")

TOGETHER = " + "
EITHER = " | "


class Finder(Protocol[V]):
    """Finds words of one list in a sentence."""

    def find(self, text: str, lang: str) -> tuple[Hit[V], ...]:
        """Every place of every word of ``lang``."""


class Ties:
    """Phrases that tell a matter by themselves, and groups of phrases that tell it together.

    ``"skipper | crew + seized | freed"`` is found where one of the first group and one of the second stand in a
    sentence, in any order. Never finds a group that is not whole.
    """

    def __init__(self, lists: Mapping[str, tuple[str, ...]]) -> None:
        self._plain = _plain({lang: tuple(x for x in found if TOGETHER not in x) for lang, found in lists.items()})
        self._groups: dict[str, dict[int, int]] = {}
        parts: dict[str, list[tuple[str, tuple[int, int]]]] = {}
        for lang, found in lists.items():
            for tie, line in enumerate(line for line in found if TOGETHER in line):
                groups = line.split(TOGETHER)
                self._groups.setdefault(lang, {})[tie] = len(groups)
                for group, words in enumerate(groups):
                    parts.setdefault(lang, []).extend((word, (tie, group)) for word in words.split(EITHER))
        self._parts = PhraseMatcher(parts)

    def find(self, text: str, lang: str) -> tuple[Hit[None], ...]:
        """The phrases found, and one of each group of what is told together."""
        met: dict[int, dict[int, Hit[tuple[int, int]]]] = defaultdict(dict)
        for hit in self._parts.find(text, lang):
            tie, group = hit.value
            met[tie].setdefault(group, hit)
        whole = [met[tie] for tie in sorted(met) if len(met[tie]) == self._groups[lang][tie]]
        together = [Hit(hit.phrase, None, hit.start, hit.end, hit.surface) for found in whole for hit in found.values()]
        return (*self._plain.find(text, lang), *together)


class Words:
    """The matchers of a beat's lists."""

    def __init__(self, beat: Beat) -> None:
        self.relation = _plain(beat.relation)
        self.matter = Ties(beat.matter)
        self.voice = _plain(beat.voice)
        against: dict[str, list[tuple[str, float]]] = {}
        for family in beat.against:
            for lang, found in family.words.items():
                against.setdefault(lang, []).extend((word, family.weight) for word in found)
        self.against = PhraseMatcher(against)


def hits(matcher: Finder[V], sentences: Sequence[Sentence], lang: str) -> list[Hit[V]]:
    """The widest hits of some sentences, in reading order."""
    return [hit for sentence in sentences for hit in longest(matcher.find(sentence.text, lang))]


def surfaces(found: Sequence[Hit[V]]) -> tuple[str, ...]:
    """The words found, as written, each once: what a reader is shown."""
    return tuple(dict.fromkeys(hit.surface for hit in found))[:4]


def _plain(lists: Mapping[str, tuple[str, ...]]) -> PhraseMatcher[None]:
    return PhraseMatcher({lang: [(word, None) for word in found] for lang, found in lists.items()})
