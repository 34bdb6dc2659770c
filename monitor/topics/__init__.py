"""Which topics an article reports on, with evidence: signals weigh, the classifier adds up.

Never decides relevance and never invents a topic: an article that fits none gets none.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping, Sequence

from monitor.embed import lead
from monitor.entities import LANGS, Article, CorpusRecord, Evidence, Reading, Topic, TopicId, TopicMatch
from monitor.lexicon import Lexicon
from monitor.ports import Embedder
from monitor.topics.meaning import Meaning, Neighbours, Records, described, recorded
from monitor.topics.names import Names
from monitor.topics.scene import Materials, Scene, Signal
from monitor.topics.together import Pairs
from monitor.topics.weights import BIAS, MENTIONED, THRESHOLD, WEIGHTS, YIELDING
from monitor.topics.words import BACKGROUND, Stock, Words

__all__ = ["SIGNALS", "Classifier", "Materials", "Scene", "Signal", "samples"]

SIGNALS: Mapping[str, Callable[[Materials], Signal]] = {
    "words": Words,
    "together": Pairs,
    "names": Names,
    "meaning": Meaning,
    "corpus": Neighbours,
}
"""Every signal by its name. A new one is one file and one line here; its weight is data (``weights.py``)."""


class Classifier:
    """Adds up what the signals say of each topic. Built once; remembers nothing between two articles."""

    def __init__(
        self, topics: Sequence[Topic], corpus: Sequence[CorpusRecord], lexicon: Lexicon, embedder: Embedder
    ) -> None:
        materials = Materials(topics=topics, corpus=corpus, lexicon=lexicon, embedder=embedder)
        self._topics = tuple(topics)
        self._embedder = embedder
        self._signals = tuple(build(materials) for build in SIGNALS.values())
        self._stock = Stock(topics)
        self._records = Records(materials)

    def classify(self, article: Article, reading: Reading) -> tuple[TopicMatch, ...]:
        """The topics reported on, surest first, then those merely mentioned as background."""
        said = self.weigh(article, reading)
        chances = {topic: chance(evidence) for topic, evidence in said.items()}
        matches = []
        for topic in self._topics:
            evidence = (*said.get(topic.id, ()), *yielding(topic, chances))
            if (match := _match(topic.id, evidence)) is not None:
                matches.append(match)
        return tuple(sorted(matches, key=lambda match: (match.background, -match.score, match.topic)))

    def weigh(self, article: Article, reading: Reading) -> Mapping[TopicId, tuple[Evidence, ...]]:
        """Everything the signals say, topic by topic, unweighted: each strength from 0 to 1."""
        scene = Scene(
            article=article,
            reading=reading,
            vector=self._vector(article, reading),
            stock=self._stock.of(reading, article.published_at.date()),
        )
        found: dict[TopicId, tuple[Evidence, ...]] = {}
        for signal in self._signals:
            for topic, evidence in signal.weigh(scene).items():
                found[topic] = (*found.get(topic, ()), *evidence)
        return found

    def nearest(self, article: Article, reading: Reading, limit: int = 3) -> tuple[tuple[CorpusRecord, float], ...]:
        """The corpus records nearest in meaning, with their similarity."""
        return self._records.nearest(self._vector(article, reading), reading.lang, limit)

    def _vector(self, article: Article, reading: Reading) -> tuple[float, ...]:
        """The meaning that came with the reading, or one made here for a reading that brought none."""
        return reading.vector or self._embedder.embed([lead(article)], reading.lang)[0]


def samples(topics: Sequence[Topic], corpus: Sequence[CorpusRecord]) -> Mapping[str, tuple[str, ...]]:
    """Texts of ours in each language, from which an embedder learns what every text of a language shares."""
    return {
        lang: (*(described(topic, lang) for topic in topics), *(recorded(record, lang) for record in corpus))
        for lang in LANGS
    }


def chance(evidence: Sequence[Evidence]) -> float:
    """How likely an article reports on a topic, given what the signals say of it."""
    logit = BIAS + sum(WEIGHTS[piece.signal] * piece.weight for piece in evidence)
    return 1.0 / (1.0 + math.exp(-logit))


def yielding(topic: Topic, chances: Mapping[TopicId, float]) -> tuple[Evidence, ...]:
    """What speaks against a topic because another one takes its place, by the chance of that other one alone."""
    rivals = [(chances.get(rival, 0.0), rival) for rival in topic.yields_to]
    most, rival = max(rivals, default=(0.0, topic.id))
    return (Evidence(signal=YIELDING, said=f"{rival} takes its place", weight=most),) if most >= THRESHOLD else ()


def _match(topic: TopicId, said: Sequence[Evidence]) -> TopicMatch | None:
    score = chance(said)
    weighted = sorted(
        (dataclasses.replace(piece, weight=round(WEIGHTS[piece.signal] * piece.weight, 3)) for piece in said),
        key=lambda piece: -abs(piece.weight),
    )
    if score >= THRESHOLD:
        return TopicMatch(topic=topic, score=round(score, 4), evidence=tuple(weighted))
    mentioned = max((piece.weight for piece in said if piece.signal == BACKGROUND), default=0.0)
    if mentioned >= MENTIONED:
        return TopicMatch(topic=topic, score=round(score, 4), background=True, evidence=tuple(weighted))
    return None
