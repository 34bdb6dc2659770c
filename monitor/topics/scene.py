"""What every signal is given: the materials it is built from once, and the article it weighs.

Never weighs anything itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from monitor.entities import Article, CorpusRecord, Evidence, Reading, Topic, TopicId
from monitor.lexicon import Lexicon
from monitor.ports import Embedder

LEAD = 3  # sentences after the title that tell what an article is about
HEADLINE = 160  # characters: a longer title is a first sentence that stands in for one, and speaks as part of the lead


@dataclass(frozen=True, slots=True, kw_only=True)
class Materials:
    """What signals are built from."""

    topics: Sequence[Topic]
    corpus: Sequence[CorpusRecord]
    lexicon: Lexicon
    embedder: Embedder


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One article as signals see it. ``stock`` holds, per topic, the sentences that are mere background to it."""

    article: Article
    reading: Reading
    vector: tuple[float, ...] = ()
    stock: Mapping[TopicId, frozenset[int]]

    def place(self, sentence: int) -> int:
        """How far a sentence stands behind the headline, which stands at 0; without a headline nothing does."""
        first = next((s for s in self.reading.sentences if s.text), None)
        if first is None:
            return sentence
        return sentence - first.index + (len(first.text) > HEADLINE)


class Signal(Protocol):
    """One way of weighing topics.

    ``keys`` are the names under which its strengths are weighted (``weights.py``); every strength lies from 0 to 1.
    """

    @property
    def keys(self) -> tuple[str, ...]:
        """The names its evidence stands under."""
        ...

    def weigh(self, scene: Scene) -> Mapping[TopicId, tuple[Evidence, ...]]:
        """What it has to say, topic by topic: each piece of evidence under one of ``keys``, its strength as weight."""
        ...


def any_of(weights: Iterable[float]) -> float:
    """How strongly several hints speak together: none alone is certain, each adds to the rest (noisy or)."""
    rest = 1.0
    for weight in weights:
        rest *= 1.0 - min(max(weight, 0.0), 1.0) * CERTAINTY
    return 1.0 - rest


CERTAINTY = 0.9  # what a hint of full weight is worth alone, so that a second one still counts
