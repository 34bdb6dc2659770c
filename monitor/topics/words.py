"""The signal of phrases: what an article says in so many words, in its title, its lead and further down.

Sentences that are stock background to a topic do not count for it; they are reported apart.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence

from monitor.entities import Evidence, Reading, Sentence, Topic, TopicId
from monitor.lexicon import Hit, PhraseMatcher, longest
from monitor.topics.scene import LEAD, Materials, Scene, any_of

BACKGROUND = "words-background"
SHOWN = 6  # words shown as evidence
BODY = 0.5  # what one sentence further down is worth: two of them make a matter, one a mention
REPORT = 16  # sentences of a plain report; in a longer text a sentence says less about the whole
WHERE = {
    "words-title": "in the title",
    "words-lead": "in the lead",
    "words-body": "further down",
    BACKGROUND: "as background",
}

LATELY = 10  # years back that a report recalls; an older year is part of a matter, as 1956 and 2010 of their talks
_YEAR = re.compile(r"(?<!\d)(20\d\d)(?=年|\b)(?!年度)")

_Said = tuple[Hit[tuple[TopicId, float]], ...]  # what one sentence says of one topic


class Words:
    """Weighs topics by their phrases."""

    keys = ("words-title", "words-lead", "words-body", BACKGROUND)

    def __init__(self, materials: Materials) -> None:
        phrases: dict[str, list[tuple[str, tuple[TopicId, float]]]] = {}
        for topic in materials.topics:
            for lang, found in topic.phrases.items():
                phrases.setdefault(lang, []).extend((phrase.text, (topic.id, phrase.weight)) for phrase in found)
        self._matcher = PhraseMatcher(phrases)

    def weigh(self, scene: Scene) -> Mapping[TopicId, tuple[Evidence, ...]]:
        """Evidence from title, lead, body and stock sentences."""
        zones: dict[TopicId, dict[str, list[_Said]]] = {}
        for sentence in scene.reading.sentences:
            for topic, hits in self._in(sentence, scene.reading).items():
                stock = sentence.index in scene.stock.get(topic, frozenset())
                key = BACKGROUND if stock else self._zone(scene.place(sentence.index))
                zones.setdefault(topic, {}).setdefault(key, []).append(tuple(hits))
        length = scene.place(len(scene.reading.sentences))
        return {
            topic: tuple(_evidence(key, hits, length) for key, hits in found.items()) for topic, found in zones.items()
        }

    def _in(self, sentence: Sentence, reading: Reading) -> Mapping[TopicId, Sequence[Hit[tuple[TopicId, float]]]]:
        """The widest hits of each topic: a short phrase inside a longer one of the same topic says nothing more."""
        by_topic: dict[TopicId, list[Hit[tuple[TopicId, float]]]] = {}
        for hit in self._matcher.find(sentence.text, reading.lang):
            by_topic.setdefault(hit.value[0], []).append(hit)
        return {topic: longest(hits) for topic, hits in by_topic.items()}

    @staticmethod
    def _zone(place: int) -> str:
        if place == 0:
            return "words-title"
        return "words-lead" if place <= LEAD else "words-body"


def _evidence(key: str, said: Sequence[_Said], length: int) -> Evidence:
    words = tuple(
        dict.fromkeys(hit.surface for hit in sorted((h for hits in said for h in hits), key=lambda h: -h.value[1]))
    )[:SHOWN]
    if key == "words-body":
        strength = any_of(max(hit.value[1] for hit in hits) * BODY for hits in said) * min(1.0, REPORT / length)
    else:
        best: dict[str, float] = {}
        for hit in (h for hits in said for h in hits):
            best[hit.phrase] = max(best.get(hit.phrase, 0.0), hit.value[1])
        strength = any_of(best.values())
    return Evidence(signal=key, said=f"says so {WHERE[key]}", weight=strength, words=words)


class Stock:
    """Finds the sentences that are stock background to a topic."""

    def __init__(self, topics: Sequence[Topic]) -> None:
        self._topics = tuple(topic.id for topic in topics)
        phrases: dict[str, list[tuple[str, TopicId]]] = {}
        for topic in topics:
            for lang, found in topic.background.items():
                phrases.setdefault(lang, []).extend((phrase, topic.id) for phrase in found)
        self._matcher = PhraseMatcher(phrases)

    def of(self, reading: Reading, on: dt.date) -> Mapping[TopicId, frozenset[int]]:
        """Per topic, the sentences that hold one of its stock phrases, or tell of a year gone by.

        A title is never background.
        """
        gone = {s.index for s in reading.sentences[1:] if _gone_by(s.text, on)}
        found: dict[TopicId, set[int]] = {topic: set(gone) for topic in self._topics} if gone else {}
        for sentence in reading.sentences[1:]:
            for hit in self._matcher.find(sentence.text, reading.lang):
                found.setdefault(hit.value, set()).add(sentence.index)
        return {topic: frozenset(indices) for topic, indices in found.items()}


def _gone_by(text: str, on: dt.date) -> bool:
    """Whether a sentence names a year of late and no other: it recalls, it does not report."""
    years = [int(year) for year in _YEAR.findall(text)]
    return bool(years) and all(on.year - LATELY <= year < on.year for year in years)
