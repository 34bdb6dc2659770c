"""One reading as the gate sees it: who stands where, which words lie between, and what all of it amounts to.

Never weighs: it says which features are there and by which words.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import TypeVar

from monitor.entities import Mention, NameId, Reading, Sentence
from monitor.gate.part import Part
from monitor.gate.said import Feature
from monitor.gate.stance import located, speakers, states
from monitor.gate.words import Finder, Words, hits, surfaces
from monitor.lexicon import Hit

V = TypeVar("V")

LEAD = 3  # sentences after the title that tell what an article is about
DEPTH = 12  # sentences: what comes later is background
NEAR = 16  # characters between two names that stand side by side
FULL_AGAINST = 2.0  # weight of words against from which on more of them say nothing new
FULL_THIRD = 3.0  # third states in a title from which on it is a list
MANY_STATES = 4  # states in title and lead: a joint act of many, not one between two
PALE = 0.5  # what a relation is worth between a state and a mere place or company
_BESIDE = re.compile(r"\s*(?:-|–|—|/|,|、|・|と|,? and|и|,? with|со?|&|vs\.?|対|'s|’s)\s*", re.IGNORECASE)
_TOWARDS = {
    "en": re.compile(
        r"(?:\b(?:to|on|against|with|from|over|for|at|warns?|tells?|urges?|accuses?|slams?)\s+(?:the\s+)?)$",
        re.IGNORECASE,
    ),
    "ru": re.compile(r"(?:\b(?:с|со|от|против|для|к|ко|на|между|по|перед)\s+)$", re.IGNORECASE),
    "ja": re.compile(r"(?:対|駐|訪)$"),
}
_TOWARDS_AFTER = re.compile(r"\s*(?:に|へ|と|から|を|側に|政府に)")
_DATELINE = re.compile(
    r"\s*[【［\[(（][^】］\])）]{0,20}[】］\])）]|[A-ZА-ЯЁ][A-ZА-ЯЁ .,-]{2,40}(?:[A-Z][a-z]{2,8}\.? \d|\d|\(|—|–|-|/|:)"
)


class Scene:
    """One reading as the gate sees it: who stands where, and which words lie between. Lives for one judgement."""

    def __init__(
        self,
        reading: Reading,
        roles: Mapping[NameId, Part],
        words: Words,
        sides: tuple[str, ...],
    ) -> None:
        self._lang = reading.lang
        self._all = sides
        self._lists = words
        first = next((s.index for s in reading.sentences if s.text), 0)
        self._sentences = [s for s in reading.sentences if first <= s.index <= first + DEPTH]
        self._at: dict[int, list[tuple[Mention, Part]]] = {s.index: [] for s in self._sentences}
        lead_at = reading.sentences[0].index + 1
        for mention in reading.mentions:
            if mention.sentence in self._at and not (
                mention.sentence == lead_at and _dateline(mention, reading.sentences[lead_at])
            ):
                self._at[mention.sentence].append((mention, roles[mention.name]))
        self._title = self._sentences[:1]
        self._lead = self._sentences[1 : LEAD + 1]
        self._near = self._title + self._lead

    def features(self) -> dict[str, Feature]:
        """All features, those that are nought too."""
        return {**self._naming(), **self._standing(), **self._dispute(), **self._others()}

    # ------------------------------------------------------------------------------------- who is named

    def _naming(self) -> dict[str, Feature]:
        """Where the two sides are named, and how they stand in the title."""
        several = len(self._sentences) > 2
        in_title, in_lead = self._titled, not self._titled and self._sides_in(self._near) == self._both
        late = not in_title and not in_lead and self._sides_in(self._sentences) == self._both
        same = [s for s in self._lead if self._sides_in([s]) == self._both]
        dense = [s for s in self._sentences[1:9] if self._sides_in([s]) == self._both]
        return {
            "both-lead": Feature(float(in_lead), self._words(self._near) if in_lead else ()),
            "both-late": Feature(float(late)),
            "both-sentence": Feature(float(not in_title and bool(same)), self._words(same[:1])),
            "dense": Feature(len(dense) / len(self._sentences[1:9]) if several else 0.0),
            "stateless": Feature(float(in_title and not self._states), self._words(self._title)),
        }

    @cached_property
    def _both(self) -> frozenset[str]:
        return frozenset(self._all)

    @cached_property
    def _titled(self) -> bool:
        """Whether the title names both sides."""
        return self._sides_in(self._title) == self._both

    @cached_property
    def _states(self) -> frozenset[str]:
        """The sides that stand in the title as states."""
        found: set[str] = set()
        for s in self._title:
            found |= states(self._at[s.index], s, self._lang, self._hits(self._lists.relation, [s]))
        return frozenset(found)

    def _sides_in(self, sentences: Sequence[Sentence]) -> frozenset[str]:
        return frozenset(side for s in sentences for _, part in self._at[s.index] for side in part.sides)

    def _pale(self) -> bool:
        """Whether the title names a side only by a place or a company."""
        strong = {side for s in self._title for _, part in self._at[s.index] if part.state for side in part.sides}
        return bool(self._sides_in(self._title) - strong)

    def _words(self, sentences: Sequence[Sentence]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(m.surface for s in sentences for m, part in self._at[s.index] if part.sides))[:6]

    # ------------------------------------------------------------------------------- what stands between

    def _standing(self) -> dict[str, Feature]:
        """How the two sides stand to one another."""
        told = [s for s in self._lead if self._sides_in([s]) == self._both]
        towards = [m.surface for s in self._near for m in self._towards_in(s)]
        people = [s for s in self._near if self._people(s) == self._both]
        title, lead = self._hits(self._lists.relation, self._title), self._hits(self._lists.relation, told)
        matter = surfaces(self._hits(self._lists.matter, self._title))
        disputed = self._disputed(self._title)
        ours, pale = self._titled or bool(disputed), self._pale() and not disputed
        voices = [m.surface for s in self._title if ours for m in self._speakers(s)]
        lead_voices = [m.surface for s in told for m in self._speakers(s)]
        unsaid = bool(matter) and not ours and not self._thirds(self._title)
        return {
            "towards": Feature(float(bool(towards)), tuple(towards[:2])),
            "leaders": Feature(float(bool(people)), self._words(people[:1])),
            "voice": Feature(float(bool(voices)), tuple(voices[:2])),
            "voice-lead": Feature(float(bool(lead_voices)), tuple(lead_voices[:2])),
            "matter-title": Feature(float(bool(matter) and ours), matter),
            "matter-alone": Feature(float(unsaid), matter),
            "relation-title": Feature(float(bool(title) and ours) * (PALE if pale else 1.0), surfaces(title)),
            "relation-lead": Feature(float(bool(lead)), surfaces(lead)),
            "no-relation": Feature(float(not title and not lead)),
        }

    def _hits(self, matcher: Finder[V], sentences: Sequence[Sentence]) -> list[Hit[V]]:
        return hits(matcher, sentences, self._lang)

    def _speakers(self, sentence: Sentence) -> Iterable[Mention]:
        relation, verbs = self._hits(self._lists.relation, [sentence]), self._hits(self._lists.voice, [sentence])
        return speakers(self._at[sentence.index], sentence, self._lang, relation, verbs)

    def _towards_in(self, sentence: Sentence) -> Iterable[Mention]:
        before: set[str] = set()
        for mention, part in self._at[sentence.index]:
            if part.sides and before - set(part.sides) and self._aimed_at(mention, sentence):
                yield mention
            before |= set(part.sides)

    def _aimed_at(self, mention: Mention, sentence: Sentence) -> bool:
        """Whether a preposition before a name, or a particle after it, makes it the one acted upon."""
        ahead = sentence.text[max(0, mention.start - NEAR) : mention.start]
        if _TOWARDS[self._lang].search(ahead):
            return True
        return self._lang == "ja" and _TOWARDS_AFTER.match(sentence.text, mention.end) is not None

    def _people(self, sentence: Sentence) -> frozenset[str]:
        return frozenset(side for _, part in self._at[sentence.index] if part.person for side in part.sides)

    # ------------------------------------------------------------------------------------- the dispute

    def _dispute(self) -> dict[str, Feature]:
        """Where the dispute, or a place under dispute, is named."""
        title, lead = self._disputed(self._title), self._disputed(self._lead)
        places = self._places(self._near)
        both = self._sides_in(self._near) == self._both
        spots = title or self._places(self._title)
        acted = self._hits(self._lists.relation, self._title) or self._hits(self._lists.matter, self._title)
        ally = bool(spots) and bool(self._thirds(self._title)) and bool(self._sides_in(self._title))
        return {
            "dispute-title": Feature(float(bool(title)), title),
            "dispute-claimed": Feature(float(bool(title or lead or places) and both), title or lead or places),
            "third-dispute": Feature(float(ally), spots),
            "spot-bare": Feature(float(bool(spots) and not both and not acted), spots),
            "place-bare": Feature(float(bool(places) and not both), places),
        }

    def _disputed(self, sentences: Sequence[Sentence]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(m.surface for s in sentences for m, part in self._at[s.index] if part.dispute))

    def _places(self, sentences: Sequence[Sentence]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(m.surface for s in sentences for m, part in self._at[s.index] if part.place))

    # -------------------------------------------------------------------------------- what speaks against

    def _others(self) -> dict[str, Feature]:
        """Other states, and words of other matters."""
        thirds = self._thirds(self._title)
        named = {*self._acting_thirds(), *self._sides_in(self._near)}
        beside = tuple(dict.fromkeys(self._beside()))
        row = [part for s in self._title for _, part in self._at[s.index] if part.sides or part.third]
        first = bool(row) and bool(row[0].third) and not row[0].sides
        title, lead = self._hits(self._lists.against, self._title), self._hits(self._lists.against, self._lead)
        clubs = tuple(dict.fromkeys(m.surface for s in self._title for m, part in self._at[s.index] if part.club))
        alone = self._states == self._both and not thirds and not title
        return {
            "alone": Feature(float(alone), self._words(self._title) if alone else ()),
            "club-title": Feature(float(bool(clubs)), clubs),
            "third-title": Feature(min(len(thirds), FULL_THIRD) / FULL_THIRD, thirds),
            "third-first": Feature(float(first), thirds[:1]),
            "third-pair": Feature(float(bool(beside)), beside[:2]),
            "many-states": Feature(float(len(named) >= MANY_STATES)),
            "against-title": Feature(_weight(title), surfaces(title)),
            "against-lead": Feature(_weight(lead), surfaces(lead)),
        }

    def _beside(self) -> Iterable[str]:
        """Names of the title that put one side beside another state, or are both at once."""
        for s in self._title:
            row = [pair for pair in self._at[s.index] if pair[1].sides or pair[1].third]
            for (one, first), (two, second) in itertools.pairwise(row):
                close = 0 <= two.start - one.end <= NEAR and _BESIDE.fullmatch(s.text[one.end : two.start])
                if close and bool(first.third) != bool(second.third):
                    yield f"{one.surface} {two.surface}"
            yield from (mention.surface for mention, part in row if part.third and part.sides)

    def _acting_thirds(self) -> Iterable[str]:
        """Other states in title and lead that are more than the place of something."""
        for s in self._near:
            for mention, part in self._at[s.index]:
                if part.third and not (part.kind == "place" or located(mention, part, s.text, self._lang)):
                    yield from part.third

    def _thirds(self, sentences: Sequence[Sentence]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(state for s in sentences for _, part in self._at[s.index] for state in part.third))


def _weight(found: Iterable[Hit[float]]) -> float:
    """The weight of words against, each counted once, from 0 to 1."""
    words = {hit.phrase: hit.value for hit in found}
    return min(sum(words.values()), FULL_AGAINST) / FULL_AGAINST


def _dateline(mention: Mention, sentence: Sentence) -> bool:
    """Whether a mention only says where a report was filed: "MOSCOW (AP) —", "【モスクワ=共同】"."""
    head = _DATELINE.match(sentence.text)
    return head is not None and mention.end <= head.end()
