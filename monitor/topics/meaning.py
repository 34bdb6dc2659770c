"""The signals of meaning: how near an article lies to a topic's description, and to the records of the corpus.

Says nothing where no embedder runs. Vectors of ours are made at the first article of a language, not at start.
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from monitor.entities import CorpusRecord, Evidence, Topic, TopicId
from monitor.topics.scene import Materials, Scene

NEIGHBOURS = 6  # records asked for their topics
FALLBACK = "en"  # the language of ours a text of another one is compared in
SPREAD = 0.25  # similarity above the mean of all topics that counts as full strength
COMPANY = 1.5  # summed similarity from which neighbours speak with full voice; one alone is no company
NEAR = 0.25  # similarity to a record below which it is no neighbour

Vectors = npt.NDArray[np.float64]


def described(topic: Topic, lang: str) -> str:
    """The text that stands for a topic's meaning."""
    return (
        f"{topic.name.get(lang) or topic.name[FALLBACK]}\n{topic.description.get(lang) or topic.description[FALLBACK]}"
    )


def recorded(record: CorpusRecord, lang: str) -> str:
    """The text that stands for a record's meaning."""
    return f"{record.title.get(lang) or record.title[FALLBACK]}\n{record.summary.get(lang) or record.summary[FALLBACK]}"


class Meaning:
    """Weighs topics by their descriptions: how much nearer than the others, for in one beat all lie near."""

    keys = ("meaning",)

    def __init__(self, materials: Materials) -> None:
        self._topics = materials.topics
        self._embedder = materials.embedder
        self._rows: dict[str, Vectors] = {}

    def weigh(self, scene: Scene) -> Mapping[TopicId, tuple[Evidence, ...]]:
        """Evidence for the topics whose description lies nearer than the mean."""
        if not scene.vector:
            return {}
        near = self._of(scene.reading.lang) @ np.asarray(scene.vector)
        ahead = near - near.mean()
        return {
            topic.id: (
                Evidence(
                    signal="meaning",
                    said=f"reads like its description ({value:.2f})",
                    weight=float(min(lead / SPREAD, 1.0)),
                ),
            )
            for topic, value, lead in zip(self._topics, near, ahead, strict=True)
            if lead > 0
        }

    def _of(self, lang: str) -> Vectors:
        if lang not in self._rows:
            texts = [described(topic, lang) for topic in self._topics]
            self._rows[lang] = np.asarray(self._embedder.embed(texts, lang))
        return self._rows[lang]


class Records:
    """The corpus in vectors. Finds the records nearest to an article."""

    def __init__(self, materials: Materials) -> None:
        self._corpus = materials.corpus
        self._embedder = materials.embedder
        self._rows: dict[str, Vectors] = {}

    def nearest(self, vector: Sequence[float], lang: str, limit: int) -> tuple[tuple[CorpusRecord, float], ...]:
        """The nearest records with their similarity, nearest first; empty without an embedder or a corpus."""
        if not vector or not self._corpus:
            return ()
        near = (self._of(lang) @ np.asarray(vector)).tolist()
        order = heapq.nsmallest(limit, range(len(near)), key=lambda i: (-near[i], self._corpus[i].id))
        return tuple((self._corpus[i], min(max(near[i], 0.0), 1.0)) for i in order)

    def _of(self, lang: str) -> Vectors:
        if lang not in self._rows:
            texts = [recorded(record, lang) for record in self._corpus]
            self._rows[lang] = np.asarray(self._embedder.embed(texts, lang))
        return self._rows[lang]


class Neighbours:
    """Weighs topics by the corpus: what the records nearest to an article were about."""

    keys = ("corpus",)

    def __init__(self, materials: Materials) -> None:
        self._records = Records(materials)

    def weigh(self, scene: Scene) -> Mapping[TopicId, tuple[Evidence, ...]]:
        """Evidence for the topics of the nearest records, by their share of all nearness there is or should be."""
        near = [(r, s) for r, s in self._records.nearest(scene.vector, scene.reading.lang, NEIGHBOURS) if s >= NEAR]
        whole = max(sum(similarity for _, similarity in near), COMPANY)
        found: dict[TopicId, tuple[Evidence, ...]] = {}
        for topic in dict.fromkeys(t for record, _ in near for t in record.topics):
            share = sum(s for r, s in near if topic in r.topics) / whole
            record, similarity = next((r, s) for r, s in near if topic in r.topics)
            found[topic] = (
                Evidence(signal="corpus", said=f"near {record.id} ({similarity:.2f})", weight=share, record=record.id),
            )
        return found
