"""Whether an article is about our beat: the two sides, and what stands between them.

Reads names, roles, positions and the words between; never meaning, and never more than title and first sentences.
The weights are data (``[weights]`` of ``config/beat.toml``), learnt by ``scripts/train_gate.py``.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable, Mapping, Sequence

from monitor.entities import Affair, Article, Beat, Evidence, Mention, NameId, Reading, Reason, Ruling, Stirred
from monitor.errors import ConfigError
from monitor.gate.affairs import MOVED, OPENED, Affairs, recalled
from monitor.gate.part import Part
from monitor.gate.said import BIAS, SAID, THRESHOLD, Feature
from monitor.gate.scene import DEPTH, LEAD, Scene
from monitor.gate.words import Words, hits
from monitor.lexicon import Lexicon, script_lang

__all__ = ["BIAS", "MOVED", "OPENED", "SAID", "THRESHOLD", "Gate", "OpenGate"]

NAMED = 6  # words shown for each side: enough to see by what it was recognised

PLAINLY = 1.0  # weight of a word against that needs no second one beside it

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

    def affairs(self, article: Article) -> tuple[Affair, ...]:
        """None: nothing is refused, so nothing has to be made plain."""
        return ()

    def recall(self, ruling: Ruling, affairs: Sequence[Affair], stirred: Iterable[Stirred]) -> Ruling | None:
        """Nothing was refused."""

    def opposed(self, reading: Reading) -> bool:
        """Nothing speaks against anything."""
        return False


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
        self._roles = {name.id: Part.of(name, beat) for name in lexicon.names.values()}
        self._sieve = lexicon.sieve({name for name, part in self._roles.items() if part.tells})
        self._words = Words(beat)
        self._affairs = Affairs(beat.affairs)

    def glance(self, article: Article) -> Ruling | None:
        """What ``judge`` would say of an article in which neither side can stand; None: it has to be read."""
        return None if self._sieve.holds_back(article.title, article.text) else NO_SIDE

    def judge(self, article: Article, reading: Reading) -> Ruling:
        """Ours or not, with everything that spoke for and against. Stops early where no second side is named."""
        parts = self._parts(reading)
        stranger = self._stranger(parts, reading)
        if stranger is Reason.NO_SIDE:
            return NO_SIDE
        named = self._named(parts)
        if stranger is not None:
            return Ruling(relevant=False, reason=stranger, score=0.0, evidence=(named,))
        both = {side for _, part in parts for side in part.sides} >= set(self._sides)
        return self._weigh(self.features(reading), named, both=both)

    def stranger(self, reading: Reading) -> Reason | None:
        """Why a reading needs no weighing: no side named, or one side alone. None: it has to be weighed."""
        return self._stranger(self._parts(reading), reading)

    def _stranger(self, parts: Sequence[tuple[Mention, Part]], reading: Reading) -> Reason | None:
        if any(part.dispute or part.place for _, part in parts):
            return None
        sides = {side for _, part in parts for side in part.sides}
        if not sides:
            return Reason.NO_SIDE
        if len(sides) == len(self._sides) or self._unsaid(parts, reading):
            return None
        return Reason.ONE_SIDE

    def _unsaid(self, parts: Sequence[tuple[Mention, Part]], reading: Reading) -> bool:
        """Whether the other side goes without saying: the title speaks of what only these two have, and of no third."""
        title = next((sentence for sentence in reading.sentences if sentence.text), None)
        if title is None or not self._words.matter.find(title.text, reading.lang):
            return False
        return not any(part.third for mention, part in parts if mention.sentence == title.index)

    def _parts(self, reading: Reading) -> list[tuple[Mention, Part]]:
        return [(mention, self._roles[mention.name]) for mention in reading.mentions if mention.sentence <= DEPTH]

    def _named(self, parts: Iterable[tuple[Mention, Part]]) -> Evidence:
        """Which side is named by which words, the dispute among them, and which is not."""
        found: dict[str, dict[str, None]] = {side: {} for side in self._sides}
        for mention, part in parts:
            for side in ("the dispute",) if part.dispute or part.place else part.sides:
                found.setdefault(side, {})[mention.surface] = None
        shown = {side: tuple(words)[:NAMED] for side, words in found.items()}
        said = [
            f"{self._label(side)} by {', '.join(words)}" if words else f"{self._label(side)} is not named"
            for side, words in shown.items()
        ]
        together = dict.fromkeys(word for words in shown.values() for word in words)
        return Evidence(signal="gate:names", said="; ".join(said), words=tuple(together))

    def _label(self, side: str) -> str:
        name = self._names.get(NameId(side))
        return name.label.get("en", side) if name else side

    def affairs(self, article: Article) -> tuple[Affair, ...]:
        """What the title may be about without naming a side, as far as words tell."""
        return self._affairs.of(" ".join(article.title.split()), script_lang(article.lang, article.title))

    def opposed(self, reading: Reading) -> bool:
        """Whether title or lead name another state, or the title speaks plainly of another matter: then no affair of
        ours makes it plain."""
        if any(self._roles[mention.name].third for mention in reading.mentions if mention.sentence <= LEAD):
            return True
        return any(hit.value >= PLAINLY for hit in hits(self._words.against, reading.sentences[:1], reading.lang))

    def recall(self, ruling: Ruling, affairs: Sequence[Affair], stirred: Iterable[Stirred]) -> Ruling | None:
        """A refusal for want of a side or a relation taken back, where one of its affairs was told of lately."""
        return recalled(ruling, affairs, stirred, self._beat.weights.get(THRESHOLD, 0.5))

    def features(self, reading: Reading) -> Mapping[str, Feature]:
        """The features of a reading that are not nought, by the names of ``SAID``."""
        found = Scene(reading, self._roles, self._words, self._sides).features()
        return {key: feature for key, feature in found.items() if feature.value}

    def _weigh(self, found: Mapping[str, Feature], named: Evidence, *, both: bool) -> Ruling:
        weights = self._beat.weights
        logit = weights.get(BIAS, 0.0) + math.fsum(
            weights.get(key, 0.0) * feature.value for key, feature in found.items()
        )
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
        return Ruling(relevant=False, reason=_why_not(found, both=both), score=score, evidence=evidence)


def _why_not(found: Mapping[str, Feature], *, both: bool) -> Reason:
    spoke_against = {"third-title", "third-pair", "many-states", "against-title", "against-lead"}
    if spoke_against & found.keys():
        return Reason.AGAINST
    return Reason.NO_RELATION if both else Reason.ONE_SIDE
