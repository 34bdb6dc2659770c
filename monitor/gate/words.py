"""The word lists of a beat made ready for a search: what stands between states, what speaks against, who speaks.

Never weighs what it finds; it is built once, with the gate.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

from monitor.entities import Beat, Sentence
from monitor.lexicon import Hit, PhraseMatcher, longest

V = TypeVar("V")


class Words:
    """The matchers of a beat's lists."""

    def __init__(self, beat: Beat) -> None:
        self.relation = _plain(beat.relation)
        self.matter = _plain(beat.matter)
        self.voice = _plain(beat.voice)
        against: dict[str, list[tuple[str, float]]] = {}
        for family in beat.against:
            for lang, found in family.words.items():
                against.setdefault(lang, []).extend((word, family.weight) for word in found)
        self.against = PhraseMatcher(against)


def hits(matcher: PhraseMatcher[V], sentences: Sequence[Sentence], lang: str) -> list[Hit[V]]:
    """The widest hits of some sentences, in reading order."""
    return [hit for sentence in sentences for hit in longest(matcher.find(sentence.text, lang))]


def surfaces(found: Sequence[Hit[V]]) -> tuple[str, ...]:
    """The words found, as written, each once: what a reader is shown."""
    return tuple(dict.fromkeys(hit.surface for hit in found))[:4]


def _plain(lists: Mapping[str, tuple[str, ...]]) -> PhraseMatcher[None]:
    return PhraseMatcher({lang: [(word, None) for word in found] for lang, found in lists.items()})
