"""Reading: an article as sentences, names and content words, made once for all rooms.

Never decides relevance, topic or story. Everything is built in memory at start from ``config/names``.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from monitor.entities import Name, NameId, Reading, Sentence
from monitor.lexicon.fold import fold, script_lang, squeeze
from monitor.lexicon.names import NameFinder
from monitor.lexicon.phrases import Hit, PhraseMatcher, longest
from monitor.lexicon.proper import SENTENCES, proper
from monitor.lexicon.sentences import split
from monitor.lexicon.sieve import Sieve
from monitor.lexicon.words import terms, words

__all__ = [
    "Hit",
    "Lexicon",
    "PhraseMatcher",
    "Sieve",
    "fold",
    "longest",
    "script_lang",
    "split",
    "squeeze",
    "terms",
    "words",
]


class Lexicon:
    """The names we know, and how a text is read with them."""

    def __init__(self, names: Sequence[Name]) -> None:
        self._finder = NameFinder(names)

    @property
    def names(self) -> Mapping[NameId, Name]:
        """Every name by its id."""
        return self._finder.names

    def holder(self, side: str, office: str, on: dt.date) -> NameId | None:
        """Who held an office of a side on a day; None where the lists do not know."""
        return self._finder.holder(side, office, on)

    def sieve(self, ids: Collection[NameId]) -> Sieve:
        """What tells texts apart in which none of these names stands, before they are read."""
        return self._finder.sieve(ids)

    def read(self, title: str, text: str, lang: str, *, on: dt.date) -> Reading:
        """Title and text read: ``lang`` comes out as the one whose rules were used, ``on`` says who was in office."""
        return self.with_terms(self.scan(title, text, lang, on=on))

    def scan(self, title: str, text: str, lang: str, *, on: dt.date) -> Reading:
        """Sentences and names alone, which is all the gate asks for: stems and lemmas are half of a reading's cost."""
        language = script_lang(lang, f"{title}\n{text[:2000]}")
        headline = " ".join(title.split())
        parts = (headline, *split(text, language))
        sentences = tuple(Sentence(index=i, text=part) for i, part in enumerate(parts))
        return Reading(lang=language, sentences=sentences, mentions=self._finder.find(sentences, on))

    def with_terms(self, reading: Reading) -> Reading:
        """A scanned reading with the content words of its sentences, and the names in them that stand in no list."""
        lang = reading.lang
        names = proper(
            [each.text for each in reading.sentences[:SENTENCES]],
            lang,
            [(each.sentence, each.start, each.end) for each in reading.mentions],
        )
        sentences = tuple(
            replace(each, terms=terms(each.text, lang), proper=found)
            for each, found in zip(reading.sentences, itertools.chain(names, itertools.repeat(())), strict=False)
        )
        return replace(reading, sentences=sentences)
