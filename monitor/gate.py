"""Whether an article is about our beat: the two sides, and what stands between them.

Reads names, roles, positions and the words between; never meaning, and never more than title and first sentences.
The weights are data (``[weights]`` of ``config/beat.toml``), learnt by ``scripts/train_gate.py``.
"""

from __future__ import annotations

import difflib
import itertools
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

from monitor.entities import Article, Beat, Evidence, Mention, Name, NameId, Reading, Reason, Ruling, Sentence
from monitor.errors import ConfigError
from monitor.lexicon import Hit, Lexicon, PhraseMatcher, longest

V = TypeVar("V")

LEAD = 3  # sentences after the title that tell what an article is about
DEPTH = 12  # sentences: what comes later is background
NEAR = 16  # characters between two names that stand side by side
FULL_AGAINST = 2.0  # weight of words against from which on more of them say nothing new
FULL_THIRD = 3.0  # third states in a title from which on it is a list
MANY_STATES = 4  # states in title and lead: a joint act of many, not one between two
PALE = 0.5  # what a relation is worth between a state and a mere place or company
THRESHOLD = "threshold"
BIAS = "bias"
PEOPLE = frozenset(("person", "role"))
STATES = frozenset(("country", "capital", "demonym", "person", "role", "body"))

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
_DATELINE = re.compile(r"\s*[【［\[(（][^】］\])）]{0,20}[】］\])）]|[A-ZА-ЯЁ][A-ZА-ЯЁ .,-]{2,40}(?:\d|\(|—|–|-|/|:)")

SAID: Mapping[str, str] = {
    "both-title": "both sides named in the title",
    "both-lead": "both sides named in title and lead together",
    "both-sentence": "both sides named in one sentence of the lead",
    "both-late": "both sides named only further down",
    "dense": "sentence after sentence names both sides",
    "pair": "the two sides stand side by side",
    "alone": "the title names both sides, no other state and no other matter",
    "between": "what stands between states, right between the two sides",
    "towards": "one side is spoken of towards the other",
    "leaders": "people of both sides in one sentence",
    "relation-title": "what stands between states, in the title",
    "relation-lead": "what stands between states, in the lead with both sides",
    "dispute-title": "the dispute named in the title",
    "dispute-lead": "the dispute named in the lead",
    "dispute-claimed": "the dispute named, and both sides",
    "place-title": "a place under dispute in the title",
    "place-bare": "a place under dispute without the other side",
    "third-title": "other states in the title",
    "club-title": "a club of states in the title",
    "third-pair": "one side stands beside another state",
    "many-states": "an act of many states",
    "pale-side": "a side named only by a place or a company",
    "against-title": "words of another matter in the title",
    "against-lead": "words of another matter in the lead",
    "one-title": "the title names one side only",
    "no-relation": "nothing between states is spoken of",
}
"""What each feature says, in words for a reader; its keys are the keys of ``[weights]``."""


@dataclass(frozen=True, slots=True)
class Feature:
    """What was found of one kind, from 0 to 1, and the words it was found by."""

    value: float
    words: tuple[str, ...] = ()


NO_SIDE = Ruling(relevant=False, reason=Reason.NO_SIDE, score=0.0)


class OpenGate:
    """A gate that lets everything through: any news stream is grouped, none is refused."""

    def glance(self, article: Article) -> Ruling | None:
        """Nothing is refused unread."""

    def judge(self, article: Article, reading: Reading) -> Ruling:
        """Ours, whatever it is."""
        return Ruling(
            relevant=True, reason=None, score=1.0, evidence=(Evidence(signal="gate", said="the gate is off"),)
        )


class Gate:
    """Judges articles by names and words. Built once; remembers nothing between two articles."""

    def __init__(self, beat: Beat, lexicon: Lexicon) -> None:
        for key in sorted(beat.weights.keys() - SAID.keys() - {BIAS, THRESHOLD}):
            close = difflib.get_close_matches(key, SAID, n=1)
            fix = f"the gate weighs no such feature{f'; did you mean {close[0]}?' if close else ''}"
            raise ConfigError("config/beat.toml", f"weights.{key}", beat.weights[key], fix)
        self._beat = beat
        self._names = lexicon.names
        self._sides = tuple(beat.sides)
        self._roles = {name.id: _Part.of(name, beat) for name in lexicon.names.values()}
        self._sieve = lexicon.sieve({name for name, part in self._roles.items() if part.tells})
        self._relation = PhraseMatcher(
            {lang: [(word, "relation") for word in found] for lang, found in beat.relation.items()}
        )
        against: dict[str, list[tuple[str, float]]] = {}
        for matter in beat.against:
            for lang, found in matter.words.items():
                against.setdefault(lang, []).extend((word, matter.weight) for word in found)
        self._against = PhraseMatcher(against)

    def glance(self, article: Article) -> Ruling | None:
        """What ``judge`` would say of an article in which neither side can stand; None: it has to be read."""
        return None if self._sieve.holds_back(article.title, article.text) else NO_SIDE

    def judge(self, article: Article, reading: Reading) -> Ruling:
        """Ours or not, with everything that spoke for and against. Stops early where no second side is named."""
        parts = self._parts(reading)
        stranger = self._stranger(parts)
        if stranger is Reason.NO_SIDE:
            return NO_SIDE
        named = _named(parts)
        if stranger is not None:
            return Ruling(relevant=False, reason=stranger, score=0.0, evidence=(named,))
        return self._weigh(self.features(reading), named)

    def stranger(self, reading: Reading) -> Reason | None:
        """Why a reading needs no weighing: no side named, or one side alone. None: it has to be weighed."""
        return self._stranger(self._parts(reading))

    def _stranger(self, parts: Sequence[tuple[Mention, _Part]]) -> Reason | None:
        if any(part.dispute or part.place for _, part in parts):
            return None
        sides = {side for _, part in parts for side in part.sides}
        if not sides:
            return Reason.NO_SIDE
        return Reason.ONE_SIDE if len(sides) < len(self._sides) else None

    def _parts(self, reading: Reading) -> list[tuple[Mention, _Part]]:
        return [(mention, self._roles[mention.name]) for mention in reading.mentions if mention.sentence <= DEPTH]

    def features(self, reading: Reading) -> Mapping[str, Feature]:
        """The features of a reading that are not nought, by the names of ``SAID``."""
        scene = _Scene(reading, self._roles, self._relation, self._against, self._sides)
        found = {**scene.naming(), **scene.standing(), **scene.dispute(), **scene.others()}
        return {key: feature for key, feature in found.items() if feature.value}

    def _weigh(self, found: Mapping[str, Feature], named: Evidence) -> Ruling:
        weights = self._beat.weights
        logit = weights.get(BIAS, 0.0) + sum(weights.get(key, 0.0) * feature.value for key, feature in found.items())
        score = 1.0 / (1.0 + math.exp(-logit))
        said = sorted(
            (
                Evidence(
                    signal=f"gate:{key}",
                    said=SAID[key],
                    weight=round(weights.get(key, 0.0) * f.value, 3),
                    words=f.words,
                )
                for key, f in found.items()
            ),
            key=lambda evidence: -abs(evidence.weight),
        )
        evidence = (named, *said)
        if score >= weights.get(THRESHOLD, 0.5):
            return Ruling(relevant=True, reason=None, score=score, evidence=evidence)
        return Ruling(relevant=False, reason=_why_not(found), score=score, evidence=evidence)


def _why_not(found: Mapping[str, Feature]) -> Reason:
    spoke_against = {"third-title", "third-pair", "many-states", "against-title", "against-lead"}
    if spoke_against & found.keys():
        return Reason.AGAINST
    both = {"both-title", "both-lead", "both-late"}
    return Reason.NO_RELATION if both & found.keys() else Reason.ONE_SIDE


def _named(parts: Iterable[tuple[Mention, _Part]]) -> Evidence:
    shown = dict.fromkeys(mention.surface for mention, part in parts if part.tells)
    return Evidence(signal="gate:names", said="names found", words=tuple(shown)[:8])


@dataclass(frozen=True, slots=True)
class _Part:
    """What a name is to the beat."""

    sides: tuple[str, ...] = ()
    third: tuple[str, ...] = ()
    """Other states, and the clubs of states (G7) that act for many."""
    dispute: bool = False
    place: bool = False
    person: bool = False
    state: bool = False
    club: bool = False

    @property
    def tells(self) -> bool:
        """Whether it says anything of the beat at all."""
        return bool(self.sides) or self.dispute or self.place

    @classmethod
    def of(cls, name: Name, beat: Beat) -> _Part:
        if name.wire:
            return cls()
        told = name.sides or ((name.side,) if name.side else ())
        by_list = tuple(side for side, ids in beat.sides.items() if name.id in ids)
        ours = tuple(side for side in beat.sides if side in told or side in by_list)
        listed = name.id in beat.dispute
        club = name.kind == "body" and not ours
        return cls(
            sides=ours,
            third=tuple(side for side in told if side not in beat.sides and side != "dispute")
            or ((str(name.id),) if club else ()),
            dispute=listed,
            place=name.side == "dispute" and not listed,
            person=name.kind in PEOPLE,
            club=club,
            state=bool(by_list) or (bool(ours) and name.kind in STATES),
        )


class _Scene:
    """One reading as the gate sees it: who stands where, and which words lie between. Lives for one judgement."""

    def __init__(
        self,
        reading: Reading,
        roles: Mapping[NameId, _Part],
        relation: PhraseMatcher[str],
        against: PhraseMatcher[float],
        sides: tuple[str, ...],
    ) -> None:
        self._lang = reading.lang
        self._all = sides
        self._relation, self._against = relation, against
        first = next((s.index for s in reading.sentences if s.text), 0)
        self._sentences = [s for s in reading.sentences if first <= s.index <= first + DEPTH]
        self._at: dict[int, list[tuple[Mention, _Part]]] = {s.index: [] for s in self._sentences}
        lead_at = reading.sentences[0].index + 1
        for mention in reading.mentions:
            if mention.sentence in self._at and not (
                mention.sentence == lead_at and _dateline(mention, reading.sentences[lead_at])
            ):
                self._at[mention.sentence].append((mention, roles[mention.name]))
        self._title = self._sentences[:1]
        self._lead = self._sentences[1 : LEAD + 1]

    # ------------------------------------------------------------------------------------- who is named

    def naming(self) -> dict[str, Feature]:
        """Where the two sides are named."""
        title, lead = self._sides_in(self._title), self._sides_in(self._title + self._lead)
        both, several = self._both, len(self._sentences) > 2
        in_title = title == both
        in_lead = not in_title and lead == both
        late = not in_title and not in_lead and self._sides_in(self._sentences) == both
        same = [s for s in self._lead if self._sides_in([s]) == both]
        dense = [s for s in self._sentences[1:9] if self._sides_in([s]) == both]
        return {
            "both-title": Feature(float(in_title), self._words(self._title)),
            "both-lead": Feature(float(in_lead)),
            "both-late": Feature(float(late)),
            "both-sentence": Feature(float(not in_title and bool(same)), self._words(same[:1])),
            "dense": Feature(len(dense) / len(self._sentences[1:9]) if several else 0.0),
            "one-title": Feature(float(len(title) == 1)),
            "pale-side": Feature(float(lead == both and self._pale(self._title + self._lead))),
        }

    @cached_property
    def _both(self) -> frozenset[str]:
        return frozenset(self._all)

    def _sides_in(self, sentences: Sequence[Sentence]) -> frozenset[str]:
        return frozenset(side for s in sentences for _, part in self._at[s.index] for side in part.sides)

    def _pale(self, sentences: Sequence[Sentence]) -> bool:
        """Whether a side is named there only by a place or a company."""
        strong = {side for s in sentences for _, part in self._at[s.index] if part.state for side in part.sides}
        return bool(self._sides_in(sentences) - strong)

    def _words(self, sentences: Sequence[Sentence]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(m.surface for s in sentences for m, part in self._at[s.index] if part.sides))[:6]

    # ------------------------------------------------------------------------------- what stands between

    def standing(self) -> dict[str, Feature]:
        """How the two sides stand to one another."""
        near = self._title + self._lead
        pairs = [m.surface for s in near for m in self._pairs(s)]
        towards = [m.surface for s in near for m in self._towards_in(s)]
        people = [s for s in near if self._people(s) == self._both]
        title = self._hits(self._relation, self._title)
        lead = [hit for s in self._lead if self._sides_in([s]) == self._both for hit in self._hits(self._relation, [s])]
        between = [hit for s in near for hit in self._between(s)]
        ours = self._sides_in(self._title) == self._both or bool(self._disputed(self._title))
        pale = self._pale(self._title) and not self._disputed(self._title)
        return {
            "pair": Feature(float(bool(pairs)), tuple(pairs[:2])),
            "towards": Feature(float(bool(towards)), tuple(towards[:2])),
            "leaders": Feature(float(bool(people)), self._words(people[:1])),
            "relation-title": Feature(float(bool(title) and ours) * (PALE if pale else 1.0), _surfaces(title)),
            "relation-lead": Feature(float(bool(lead)), _surfaces(lead)),
            "between": Feature(float(bool(between)), _surfaces(between)),
            "no-relation": Feature(float(not title and not lead)),
        }

    def _pairs(self, sentence: Sentence) -> Iterable[Mention]:
        """Mentions that name both sides at once, or stand right beside a mention of the other side."""
        row = self._at[sentence.index]
        for mention, part in row:
            if len(part.sides) == len(self._all):
                yield mention
        for _, other, first, second in self._neighbours(sentence):
            if first.sides and second.sides and {*first.sides, *second.sides} == self._both:
                yield other

    def _neighbours(self, sentence: Sentence) -> Iterable[tuple[Mention, Mention, _Part, _Part]]:
        row = [pair for pair in self._at[sentence.index] if pair[1].sides or pair[1].third]
        for (one, first), (two, second) in itertools.pairwise(row):
            if 0 <= two.start - one.end <= NEAR and _BESIDE.fullmatch(sentence.text[one.end : two.start]):
                yield one, two, first, second

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

    def _between(self, sentence: Sentence) -> list[Hit[str]]:
        """Relation words after the first side named in a sentence and before the last mention of the other."""
        row = [(mention, part) for mention, part in self._at[sentence.index] if part.sides]
        if self._sides_in([sentence]) != self._both:
            return []
        start, end = row[0][0].end, row[-1][0].start
        return [
            hit
            for hit in longest(self._relation.find(sentence.text, self._lang))
            if start <= hit.start and hit.end <= end
        ]

    def _people(self, sentence: Sentence) -> frozenset[str]:
        return frozenset(side for _, part in self._at[sentence.index] if part.person for side in part.sides)

    def _hits(self, matcher: PhraseMatcher[V], sentences: Sequence[Sentence]) -> list[Hit[V]]:
        return [hit for s in sentences for hit in longest(matcher.find(s.text, self._lang))]

    # ------------------------------------------------------------------------------------- the dispute

    def dispute(self) -> dict[str, Feature]:
        """Where the dispute, or a place under dispute, is named."""
        title, lead = self._disputed(self._title), self._disputed(self._lead)
        places = self._places(self._title + self._lead)
        named = self._sides_in(self._title + self._lead)
        return {
            "dispute-title": Feature(float(bool(title)), title),
            "dispute-lead": Feature(float(bool(lead) and not title), lead),
            "dispute-claimed": Feature(
                float(bool(title or lead or places) and named == self._both), title or lead or places
            ),
            "place-title": Feature(float(bool(self._places(self._title))), self._places(self._title)),
            "place-bare": Feature(float(bool(places) and named != self._both), places),
        }

    def _disputed(self, sentences: Sequence[Sentence]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(m.surface for s in sentences for m, part in self._at[s.index] if part.dispute))

    def _places(self, sentences: Sequence[Sentence]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(m.surface for s in sentences for m, part in self._at[s.index] if part.place))

    # -------------------------------------------------------------------------------- what speaks against

    def others(self) -> dict[str, Feature]:
        """Other states, and words of other matters."""
        near = self._title + self._lead
        thirds = self._thirds(self._title)
        states = {*self._thirds(near), *self._sides_in(near)}
        beside = [
            f"{one.surface} {two.surface}"
            for s in self._title
            for one, two, first, second in self._neighbours(s)
            if bool(first.third) != bool(second.third)
        ] + [m.surface for s in self._title for m, part in self._at[s.index] if part.third and part.sides]
        title, lead = self._hits(self._against, self._title), self._hits(self._against, self._lead)
        clubs = tuple(dict.fromkeys(m.surface for s in self._title for m, part in self._at[s.index] if part.club))
        alone = self._sides_in(self._title) == self._both and not self._pale(self._title) and not thirds and not title
        return {
            "alone": Feature(float(alone), self._words(self._title) if alone else ()),
            "club-title": Feature(float(bool(clubs)), clubs),
            "third-title": Feature(min(len(thirds), FULL_THIRD) / FULL_THIRD, thirds),
            "third-pair": Feature(float(bool(beside)), tuple(beside[:2])),
            "many-states": Feature(float(len(states) >= MANY_STATES)),
            "against-title": Feature(_weight(title), _surfaces(title)),
            "against-lead": Feature(_weight(lead), _surfaces(lead)),
        }

    def _thirds(self, sentences: Sequence[Sentence]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(state for s in sentences for _, part in self._at[s.index] for state in part.third))


def _weight(hits: Iterable[Hit[float]]) -> float:
    """The weight of words against, each counted once, from 0 to 1."""
    words = {hit.phrase: hit.value for hit in hits}
    return min(sum(words.values()), FULL_AGAINST) / FULL_AGAINST


def _surfaces(hits: Iterable[Hit[V]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(hit.surface for hit in hits))[:4]


def _dateline(mention: Mention, sentence: Sentence) -> bool:
    """Whether a mention only says where a report was filed: "MOSCOW (AP) —", "【モスクワ=共同】"."""
    head = _DATELINE.match(sentence.text)
    return head is not None and mention.end <= head.end()
