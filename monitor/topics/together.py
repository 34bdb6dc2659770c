"""The signal of things said in one sentence: an island and a claim, a minister, a capital and a visit.

None of them speaks for a topic alone, so a few rows of a topic's file stand for hundreds of wordings. Never looks
further down than the lead, where a sentence says little about the whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from monitor.entities import Evidence, NameId, Together, TopicId
from monitor.lexicon import PhraseMatcher
from monitor.topics.offices import Offices
from monitor.topics.scene import LEAD, Materials, Scene

SHOWN = 6  # words shown as evidence

_Place = tuple[int, int]  # where a word starts and ends in its sentence


@dataclass(frozen=True, slots=True)
class _Row:
    """One row of a topic, by its place in the list of all."""

    topic: TopicId
    said: Together


class Pairs:
    """Weighs topics by the rows of ``[[together]]`` in their files."""

    keys = ("together-title", "together-lead")

    def __init__(self, materials: Materials) -> None:
        self._offices = Offices(materials.lexicon)
        self._rows = tuple(_Row(topic.id, row) for topic in materials.topics for row in topic.together)
        self._whole = tuple(frozenset(range(len(row.said.of))) for row in self._rows)
        self._named: dict[NameId, list[tuple[int, int]]] = {}
        phrases: dict[str, dict[str, list[tuple[int, int]]]] = {}
        for number, row in enumerate(self._rows):
            for part, any_of in enumerate((*row.said.of, row.said.unless)):
                for name in any_of.names:
                    self._named.setdefault(name, []).append((number, part))
                for lang, texts in any_of.words.items():
                    for text in texts:
                        phrases.setdefault(lang, {}).setdefault(text, []).append((number, part))
        self._matcher = PhraseMatcher({lang: tuple(found.items()) for lang, found in phrases.items()})

    def weigh(self, scene: Scene) -> Mapping[TopicId, tuple[Evidence, ...]]:
        """Evidence from the title and the sentences after it: the strongest row of each."""
        best: dict[tuple[TopicId, str], tuple[float, str]] = {}
        for sentence in scene.reading.sentences if self._rows else ():
            place = scene.place(sentence.index)
            if place > LEAD:
                break
            key = "together-title" if place <= 0 else "together-lead"
            for row, words in self._in(scene, sentence.index, sentence.text):
                if sentence.index not in scene.stock.get(row.topic, frozenset()):
                    said = (row.said.weight, words)
                    best[row.topic, key] = max(best.get((row.topic, key), said), said)
        found: dict[TopicId, tuple[Evidence, ...]] = {}
        for (topic, key), (weight, words) in best.items():
            piece = Evidence(signal=key, said="said together", weight=weight, words=(words,))
            found[topic] = (*found.get(topic, ()), piece)
        return found

    def _in(self, scene: Scene, index: int, text: str) -> Iterable[tuple[_Row, str]]:
        """The rows of which every part but ``unless`` stands in one sentence, each in a place of its own."""
        places: dict[int, dict[int, list[_Place]]] = {}
        for hit in self._matcher.find(text, scene.reading.lang):
            for number, part in hit.value:
                places.setdefault(number, {}).setdefault(part, []).append((hit.start, hit.end))
        on = scene.article.published_at.date()
        for mention in scene.reading.mentions:
            if mention.sentence == index:
                for name in sorted(self._offices.stands_for(mention.name, on)):
                    for number, part in self._named.get(name, ()):
                        places.setdefault(number, {}).setdefault(part, []).append((mention.start, mention.end))
        for number, parts in sorted(places.items()):
            if parts.keys() == self._whole[number] and (apart := _apart([parts[part] for part in sorted(parts)])):
                yield self._rows[number], " … ".join(text[start:end] for start, end in sorted(apart))


def _apart(parts: Sequence[Sequence[_Place]]) -> tuple[_Place, ...]:
    """One place of each part, none touching another; empty where there is no such choice."""
    if not parts:
        return ()
    for start, end in parts[0]:
        rest = [[place for place in part if place[1] <= start or end <= place[0]] for part in parts[1:]]
        if all(rest) and (len(rest) == 0 or (chosen := _apart(rest))):
            return ((start, end), *(chosen if rest else ()))
    return ()
