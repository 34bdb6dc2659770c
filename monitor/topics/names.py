"""The signal of names: who and what is named speaks for topics, and offices meeting speak louder.

A person in office counts as the office too, so that the next holder needs no new line in a topic's file.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from monitor.entities import Evidence, Mention, NameId, Sentence, Topic, TopicId
from monitor.topics.offices import Offices
from monitor.topics.scene import LEAD, Materials, Scene, any_of

PEOPLE = frozenset(("person", "role"))


class Names:
    """Weighs topics by the names in their files."""

    keys = ("names-title", "names-lead", "names-body", "names-meet")

    def __init__(self, materials: Materials) -> None:
        self._topics: Sequence[Topic] = [topic for topic in materials.topics if topic.names]
        self._names = materials.lexicon.names
        self._offices = Offices(materials.lexicon)

    def weigh(self, scene: Scene) -> Mapping[TopicId, tuple[Evidence, ...]]:
        """Evidence from the names of title, lead and body, and from office holders of both sides in one sentence."""
        first = next((s.index for s in scene.reading.sentences if s.text), 0)
        on = scene.article.published_at.date()
        zones: dict[str, list[tuple[Mention, frozenset[NameId]]]] = {}
        for mention in scene.reading.mentions:
            place = scene.place(mention.sentence)
            key = "names-title" if place <= 0 else "names-lead" if place <= LEAD else "names-body"
            zones.setdefault(key, []).append((mention, self._offices.stands_for(mention.name, on)))
        near = scene.reading.sentences[: first + LEAD + 1]
        people = [
            pair
            for key in ("names-title", "names-lead")
            for pair in zones.get(key, ())
            if self._names[pair[0].name].kind in PEOPLE
        ]
        found: dict[TopicId, tuple[Evidence, ...]] = {}
        for topic in self._topics:
            said = [
                *self._by_zone(topic, scene, zones),
                *self._meeting(topic, near, people),
            ]
            if said:
                found[topic.id] = tuple(said)
        return found

    def _by_zone(
        self, topic: Topic, scene: Scene, zones: Mapping[str, Sequence[tuple[Mention, frozenset[NameId]]]]
    ) -> Iterable[Evidence]:
        stock = scene.stock.get(topic.id, frozenset())
        for key, mentions in zones.items():
            weights: dict[NameId, float] = {}
            words: dict[str, None] = {}
            for mention, ids in mentions:
                if topic.names.keys().isdisjoint(ids):
                    continue
                best = max(topic.names[i] for i in ids if i in topic.names)
                if best and mention.sentence not in stock:
                    weights[mention.name] = max(weights.get(mention.name, 0.0), best)
                    words.setdefault(mention.surface)
            if weights:
                yield Evidence(signal=key, said="named", weight=any_of(weights.values()), words=tuple(words)[:6])

    def _meeting(
        self, topic: Topic, near: Sequence[Sentence], people: Sequence[tuple[Mention, frozenset[NameId]]]
    ) -> Iterable[Evidence]:
        """``people`` of two sides, both of whom speak for the topic, in one sentence of title or lead."""
        ours = [(mention, ids) for mention, ids in people if not topic.names.keys().isdisjoint(ids)]
        for sentence in near if ours else ():
            here = [(m, ids) for m, ids in ours if m.sentence == sentence.index]
            sides = {
                side for m, _ in here for side in (self._names[m.name].sides or (self._names[m.name].side,)) if side
            }
            if len(sides) > 1:
                words = tuple(dict.fromkeys(m.surface for m, _ in here))[:6]
                yield Evidence(signal="names-meet", said="both sides' people in one sentence", weight=1.0, words=words)
                return
