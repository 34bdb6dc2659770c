"""New ground: articles of the beat that fit no topic, gathered by what they share, each group a topic to be.

Never adds a topic: a proposal is a draft for whoever keeps ``config/topics/``. The same articles always give the same
proposals, whatever order they come in.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from monitor.entities import LANGS, ArticleId, NameId, Phrase, Reading
from monitor.lexicon import fold, terms, words

READ = 3  # sentences after the title that tell what an article is about
ALIKE = 0.25  # mean likeness of two groups from which they are one; lines of ours on one matter lie at 0.3 to 0.6
ALIKE_IN_WORDS = 0.15  # the same where no encoder runs: words alone lie lower, at 0.15 to 0.5
MEANT = 0.5  # part of a likeness within a language that is meaning, where there is an encoder
MANY = 50  # articles added to those there are: of ten articles, a word that half of them say is still no common one
ACROSS = 0.8  # what meaning counts between two languages, where words are never shared and names alone are
SHARED = 0.34  # part of a group's articles that say a word before it stands for the group
SHOWN = 12  # phrases of a proposal in each language
NAMED = 3  # of them in its name
WEIGHT_OF_TWO = 0.8  # of a phrase of two words, or of two signs at least in Japanese; one word alone needs company
WEIGHT_OF_ONE = 0.5
MOST = 0.5  # part of a group that must say a phrase for it to be enough by itself
WEIGHT_OF_NAME = 0.4

_JAPANESE = re.compile(r"[ァ-ヺー]{2,}|[々〆\u3400-\u9fff]{2,}")
_Matrix = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """An article of the beat as it was read. ``sorted``: a topic was found for it, so it only says what is usual."""

    article: ArticleId
    reading: Reading
    sorted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A topic to be: what to call it, which articles it would hold, and what they share."""

    id: str
    name: Mapping[str, str]
    articles: tuple[ArticleId, ...]
    phrases: Mapping[str, tuple[Phrase, ...]] = field(default_factory=dict)
    names: Mapping[NameId, float] = field(default_factory=dict)


def propose(pieces: Iterable[Piece], *, usual: Collection[NameId], least: int) -> tuple[Proposal, ...]:
    """Groups of at least ``least`` articles without a topic, the largest first; ``usual`` names speak for nothing."""
    every = sorted(pieces, key=lambda piece: piece.article)
    keys = [_keys(piece.reading, usual) for piece in every]
    among = Counter(key for found in keys for key in found)
    ground = [number for number, piece in enumerate(every) if not piece.sorted]
    if len(ground) < least:
        return ()
    rare = {key: math.log((len(every) + MANY) / (count + 0.5)) for key, count in among.items()}
    readings = [every[n].reading for n in ground]
    meant = all(reading.vector for reading in readings)
    alike = _alike(readings, [keys[n] for n in ground], rare, meant=meant)
    gathered = _gather(alike, ALIKE if meant else ALIKE_IN_WORDS)
    groups = [[ground[n] for n in group] for group in gathered if len(group) >= least]
    groups.sort(key=lambda group: (-len(group), every[group[0]].article))
    proposals: list[Proposal] = []
    for group in groups:
        found = _proposal([every[n] for n in group], rare, usual)
        taken = {proposal.id for proposal in proposals}
        proposals.append(found if found.id not in taken else _numbered(found, taken))
    return tuple(proposals)


def _head(reading: Reading, usual: Collection[NameId]) -> Sequence[str]:
    """Title and lead, with blanks for the names that every article of the beat holds."""
    lines = []
    for sentence in reading.sentences[: READ + 1]:
        text = sentence.text
        for mention in reading.mentions:
            if mention.sentence == sentence.index and mention.name in usual:
                text = text[: mention.start] + " " * (mention.end - mention.start) + text[mention.end :]
        lines.append(text)
    return lines


def _keys(reading: Reading, usual: Collection[NameId]) -> frozenset[str]:
    """What an article can be likened by: the words of its language and the names of all."""
    named = {f"name:{m.name}" for m in reading.mentions if m.sentence <= READ and m.name not in usual}
    said = {f"{reading.lang}:{term}" for text in _head(reading, usual) for term in terms(text, reading.lang)}
    return frozenset(named | said)


def _alike(
    readings: Sequence[Reading], keys: Sequence[frozenset[str]], rare: Mapping[str, float], *, meant: bool
) -> _Matrix:
    """How alike each two are, from 0 to 1."""
    columns = {key: n for n, key in enumerate(sorted({key for found in keys for key in found}))}
    said = np.zeros((len(keys), len(columns)))
    for row, found in enumerate(keys):
        for key in found:
            said[row, columns[key]] = rare[key]
    said /= np.maximum(np.linalg.norm(said, axis=1, keepdims=True), 1e-9)
    alike: _Matrix = said @ said.T
    if meant:
        vectors = np.array([reading.vector for reading in readings])
        near = np.clip(vectors @ vectors.T, 0.0, 1.0)
        lang = np.array([reading.lang for reading in readings])
        same = lang[:, None] == lang[None, :]
        alike = np.where(same, (1 - MEANT) * alike + MEANT * near, np.minimum(alike + ACROSS * near, 1.0))
    return alike


def _gather(alike: _Matrix, enough: float) -> list[list[int]]:
    """Groups by average linkage: the two nearest join as long as they are alike; of two ties the earlier one."""
    groups = [[n] for n in range(len(alike))]
    between = alike.copy()
    np.fill_diagonal(between, -1.0)
    while len(groups) > 1:
        first, second = sorted(map(int, np.unravel_index(int(np.argmax(between.round(9))), between.shape)))
        if between[first, second] < enough:
            break
        sizes = len(groups[first]), len(groups[second])
        joined = (between[first] * sizes[0] + between[second] * sizes[1]) / sum(sizes)
        between[first], between[:, first] = joined, joined
        between[first, first] = -1.0
        between = np.delete(np.delete(between, second, axis=0), second, axis=1)
        groups[first] = sorted(groups[first] + groups.pop(second))
    return groups


def _proposal(group: Sequence[Piece], rare: Mapping[str, float], usual: Collection[NameId]) -> Proposal:
    phrases = {
        lang: found
        for lang in LANGS
        if (found := _phrases([piece.reading for piece in group if piece.reading.lang == lang], rare, usual))
    }
    names = Counter(
        name for piece in group for name in {m.name for m in piece.reading.mentions if m.sentence <= READ} - set(usual)
    )
    shared = sorted(name for name, count in names.items() if count >= max(2, SHARED * len(group)))
    called = {lang: " · ".join(phrase.text for phrase in found[:NAMED]) for lang, found in phrases.items()}
    spelt = " ".join(phrase.text for phrase in phrases.get("en", ())[:NAMED]) or " ".join(shared[:NAMED])
    return Proposal(
        id="-".join(re.findall(r"[a-z0-9]+", fold(spelt)))[:40].strip("-") or "new-ground",
        name=called,
        articles=tuple(piece.article for piece in group),
        phrases=phrases,
        names=dict.fromkeys(shared, WEIGHT_OF_NAME),
    )


def _numbered(proposal: Proposal, taken: Collection[str]) -> Proposal:
    number = next(n for n in range(2, len(taken) + 3) if f"{proposal.id}-{n}" not in taken)
    return Proposal(
        id=f"{proposal.id}-{number}",
        name=proposal.name,
        articles=proposal.articles,
        phrases=proposal.phrases,
        names=proposal.names,
    )


def _phrases(readings: Sequence[Reading], rare: Mapping[str, float], usual: Collection[NameId]) -> tuple[Phrase, ...]:
    """The words that many of a group say and few of the others, most telling first."""
    said: Counter[str] = Counter()
    written: dict[str, Counter[str]] = {}
    worth: dict[str, float] = {}
    for reading in readings:
        lines = _head(reading, usual)
        here = {key: (text, weight) for line in lines for key, text, weight in _spoken(line, reading.lang, rare)}
        for key, (text, weight) in here.items():
            said[key] += 1
            written.setdefault(key, Counter())[text] += 1
            worth[key] = weight
    enough = SHARED * len(readings)
    ranked = sorted(
        (key for key, count in said.items() if count >= enough), key=lambda key: (-said[key] * worth[key], key)
    )
    kept: list[str] = []
    for key in ranked:
        if not any(f" {key} " in f" {other} " for other in kept):
            kept.append(key)
    return tuple(
        Phrase(
            text=min(written[key], key=lambda text: (-written[key][text], text)),
            weight=_weight(key, said[key] / len(readings), readings[0].lang),
        )
        for key in kept[:SHOWN]
    )


def _weight(key: str, share: float, lang: str) -> float:
    """What a phrase says of the group: more than one word that most of it says is enough by itself."""
    if " " not in key and lang != "ja":
        return WEIGHT_OF_ONE
    return 1.0 if share > MOST else WEIGHT_OF_TWO


def _spoken(text: str, lang: str, rare: Mapping[str, float]) -> Iterable[tuple[str, str, float]]:
    """The words and pairs of words of a sentence: what they are counted under, as they are written, their rarity."""
    if lang == "ja":
        for match in _JAPANESE.finditer(text):
            inner = terms(match.group(), lang)
            yield match.group(), match.group(), max((rare.get(f"{lang}:{term}", 0.0) for term in inner), default=0.0)
        return
    row, content = words(text, lang), set(terms(text, lang))
    before: tuple[str, int, int] | None = None
    for stem, (_, start, end) in zip(row.key.split(), row.spans, strict=True):
        if stem not in content or stem.isdigit():
            before = None
            continue
        alone = rare.get(f"{lang}:{stem}", 0.0)
        yield stem, text[start:end].lower(), alone
        if before is not None and start - before[2] == 1:
            pair = alone + rare.get(f"{lang}:{before[0]}", 0.0)
            yield f"{before[0]} {stem}", text[before[1] : end].lower(), pair
        before = (stem, start, end)
