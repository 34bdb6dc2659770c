"""Phrases found in a sentence in any of their endings: what gate, topics and facts look words up with.

Never decides what a phrase means: it hands back the value that came with it.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Generic, NamedTuple, TypeVar

import ahocorasick

from monitor.lexicon.fold import fold, is_word, squeeze
from monitor.lexicon.words import words

V = TypeVar("V")


class Hit(NamedTuple, Generic[V]):
    """One place where a phrase stands: offsets into the text, the words as written, and what came with the phrase.

    A tuple and no dataclass: of an article a few hundred are made, and a tuple is made in a quarter of the time.
    """

    phrase: str
    value: V
    start: int
    end: int
    surface: str


class PhraseMatcher(Generic[V]):
    """Finds phrases of three languages with their endings.

    English words meet in their stem (articles are passed over), Russian words in their dictionary form, Japanese
    phrases as substrings. Hits may overlap; ``longest`` keeps the widest ones. Never matches across sentences.
    """

    def __init__(self, phrases: Mapping[str, Iterable[tuple[str, V]]]) -> None:
        self._tables: dict[str, dict[str, list[tuple[str, V]]]] = {}
        self._automata: dict[str, ahocorasick.Automaton] = {}
        for lang, pairs in phrases.items():
            table: dict[str, list[tuple[str, V]]] = {}
            for phrase, value in pairs:
                key = fold(phrase.strip()) if lang == "ja" else words(phrase, lang).key
                if key.strip():
                    table.setdefault(key, []).append((phrase, value))
            if table:
                automaton = ahocorasick.Automaton()
                for key in table:
                    automaton.add_word(key, key)
                automaton.make_automaton()
                self._tables[lang], self._automata[lang] = table, automaton

    def find(self, text: str, lang: str) -> tuple[Hit[V], ...]:
        """Every place of every phrase of ``lang`` in one sentence, in order of their ends."""
        if lang not in self._automata or not text:
            return ()
        return tuple(self._find_ja(text) if lang == "ja" else self._find(text, lang))

    def _find(self, text: str, lang: str) -> Iterable[Hit[V]]:
        row = words(text, lang)
        for end, key in self._automata[lang].iter(row.key):
            first = bisect.bisect_left(row.spans, (end - len(key) + 2,))
            start, stop = row.spans[first][1], row.spans[first + key.count(" ") - 2][2]
            for phrase, value in self._tables[lang][key]:
                yield Hit(phrase, value, start, stop, text[start:stop])

    def _find_ja(self, text: str) -> Iterable[Hit[V]]:
        folded, places = _squeezed(text)
        for last, key in self._automata["ja"].iter(folded):
            first = last - len(key) + 1
            if is_word(key[0]) and first and is_word(folded[first - 1]):
                continue
            if is_word(key[-1]) and is_word(folded[last + 1 : last + 2] or " "):
                continue
            start, stop = (places[first], places[last] + 1) if places else (first, last + 1)
            for phrase, value in self._tables["ja"][key]:
                yield Hit(phrase, value, start, stop, text[start:stop])


@lru_cache(maxsize=256)  # the sentences that are being read: every room asks for them
def _squeezed(text: str) -> tuple[str, tuple[int, ...] | None]:
    """A Japanese sentence as its phrases are looked up, and where each character of it stood."""
    plain, places = squeeze(text)
    return fold(plain), places


def longest(hits: Iterable[Hit[V]]) -> tuple[Hit[V], ...]:
    """The hits that no longer hit covers, in reading order; hits of one span all stay."""
    kept: list[Hit[V]] = []
    spans: list[tuple[int, int]] = []  # of ``kept``, in reading order; none touches another
    for hit in sorted(hits, key=lambda h: (h.start - h.end, h.start)):
        span = (hit.start, hit.end)
        at = bisect.bisect_left(spans, span)
        if spans[at : at + 1] != [span]:
            if any(hit.start < end and start < hit.end for start, end in spans[max(0, at - 1) : at + 1]):
                continue
            spans.insert(at, span)
        kept.append(hit)
    return tuple(sorted(kept, key=lambda h: (h.start, h.end)))
