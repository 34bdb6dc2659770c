"""The chance that an article says what its story has not told yet: words, meaning, names, acts and numbers weighed.

Never reads what a fact means: that is ``news``. Facts decide where they speak plainly; this decides where they are
silent or in doubt.
"""

from __future__ import annotations

import base64
import math
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import astuple, dataclass, fields, replace

import numpy as np
import numpy.typing as npt

from monitor.entities import Profile, Reason, Story, Telling, Told
from monitor.facts import Extractor
from monitor.stories.changes import WHOLE, Found, from_plan, told_again
from monitor.stories.novelty_weights import BIAS, WEIGHTS
from monitor.stories.profile import DISPUTE, PROPER
from monitor.stories.usual import usual

REORDERED = 0.1  # how far a title may be from an older one and still be the same words
KEPT = 24  # tellings a story remembers: a line or two of JSON each; on TREC-TS 60 gave the same figures
FIRST = 8  # of those, the first ones that stay: what opened the story is retold longest
FOREIGN_APART = 0.45  # how far a translation is from its original by this encoder, in the middle (our own bursts)
LEAD = 3  # sentences behind the title that belong to the lead
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
_HALF_NORMAL = math.sqrt(2.0 / math.pi)  # mean of |x| of a normal x: brings a product with signs back to a cosine

FRAMES = frozenset(("act:announce", "act:decide"))
"""Acts that only frame another one: a headline with "announces" says no more than one without."""

PLAIN = frozenset((Reason.CHANGED_NUMBER, Reason.CHANGED_DATE, Reason.FIRST_DENIAL))
"""Reasons that hold in any words. A reversal or a stage is surer the more the words are those of the story."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Traits:
    """What an article has that its story has not, each 0 to 1 (but ``length``, which is a logarithm).

    ``words``: share of the title's words never used; ``unlike``: 1 − likeness to the likest title; ``meaning``: the
    same over vectors, across languages; ``foreign``: the story has not spoken this language, so words say nothing (0).
    ``acts``, ``names``, ``proper``, ``number``: share of the title's acts and things, of its names (in our lists or in
    none), and whether it counts anew; with ``close_`` times the likeness, since one new word in an old headline is all
    the news. ``spoken``: how far somebody's word is from all that was told; ``same_lead``: share of new acts and things
    behind a title of old words; ``known``: share of the title's facts the story holds as they are. The rest is what
    ``changes`` found in title and lead.

    Acts that other leads name for the first time, whether a fact was read and the size of the story were tried and left
    out: on streams they were not learnt from they made it worse.
    """

    words: float = 0.0
    unlike: float = 0.0
    meaning: float = 0.0
    foreign: float = 0.0
    acts: float = 0.0
    names: float = 0.0
    number: float = 0.0
    close_acts: float = 0.0
    close_names: float = 0.0
    close_number: float = 0.0
    close_proper: float = 0.0
    lead_number: float = 0.0
    same_lead: float = 0.0
    plain: float = 0.0
    reversal: float = 0.0
    close_reversal: float = 0.0
    stage: float = 0.0
    close_stage: float = 0.0
    from_plan: float = 0.0
    first_word: float = 0.0
    new_fact: float = 0.0
    lead_news: float = 0.0
    known: float = 0.0
    spoken: float = 0.0
    tone: float = 0.0
    length: float = 0.0

    @property
    def same(self) -> bool:
        """Whether nothing at all is new: a title in the story's words, without a fact, name or number of its own."""
        added = (self.words, self.acts, self.names, self.number, self.lead_number, self.same_lead, self.lead_news)
        found = (self.plain, self.reversal, self.stage, self.first_word, self.new_fact)
        return not self.foreign and self.unlike <= REORDERED and not any((*added, *found))


NAMES = tuple(field.name for field in fields(Traits))


def chance(traits: Traits, weights: Mapping[str, float] = WEIGHTS, bias: float = BIAS) -> float:
    """The chance, 0 to 1, that an article with these traits brings a fact its story lacks."""
    if traits.same:
        return 0.0
    total = bias + math.fsum(weights.get(name, 0.0) * value for name, value in zip(NAMES, astuple(traits), strict=True))
    return 1.0 / (1.0 + math.exp(-total))


def repeated(traits: Traits) -> float:
    """How far, 0 to 1, an article says the same as the telling next to it, by words and meaning.

    Unlike ``chance`` it asks for no fact, so that it ranks headlines of any matter; a plain change halves it.
    """
    apart = traits.meaning if traits.foreign else (traits.unlike + traits.meaning) / 2
    return (1.0 - apart) / (2.0 if traits.plain else 1.0)


def traits(
    told: Told,
    story: Story,
    extractor: Extractor,
    *,
    found: Sequence[Found],
    tone: bool,
) -> Traits:
    """The traits of an article beside its story; ``found``: what is new in its facts."""
    profile, lang = story.profile, told.reading.lang
    mine = frozenset(_title_terms(told))
    telling = mine - usual(lang) or mine
    known = {term.partition(":")[2] for term in profile.terms if term.startswith(lang + ":")}
    foreign = not known
    like = 0.0 if foreign else _likest(mine, profile, lang)
    acts = _share(_concepts(told, extractor, 0, 1) - profile.acts.keys(), _concepts(told, extractor, 0, 1))
    names = _names(told, extractor)
    unnamed = _share(names - profile.names.keys(), names)
    counted = {number for telling in profile.tellings for number in telling.numbers}
    proper = frozenset(PROPER + name for name in told.reading.sentences[0].proper)
    strange = _share(proper - profile.proper.keys(), proper)
    number = float(bool(set(_numbers(told, extractor, 0, 1)) - counted))
    why = frozenset(item.reason for item in found if item.head)
    reversal, stage = float(Reason.REVERSAL in why), float(Reason.STAGE_REACHED in why)
    apart = _apart(told.reading.vector, profile, FOREIGN_APART if foreign else 1.0 - like)
    behind = told.reading.sentences[1 : 1 + LEAD]
    recalled = {sentence.index for sentence in behind if _recalls(sentence.text, told.article.published_at.year)}
    lead = _concepts(told, extractor, 1, 1 + LEAD, without=recalled)
    spoken = float(any(fact.speaker is not None and not fact.sentence for fact in told.facts))
    return Traits(
        words=0.0 if foreign else _share(telling - known, telling),
        unlike=0.0 if foreign else 1.0 - like,
        meaning=apart,
        foreign=float(foreign),
        acts=acts,
        names=unnamed,
        number=number,
        close_acts=acts * like,
        close_names=unnamed * like,
        close_number=number * like,
        close_proper=strange * like,
        lead_number=float(bool(set(_numbers(told, extractor, 1, 1 + LEAD)) - counted)),
        plain=float(bool(why & PLAIN)),
        reversal=reversal,
        close_reversal=reversal * like,
        stage=stage,
        close_stage=stage * like,
        from_plan=float(any(item.head and from_plan(item) for item in found)),
        first_word=float(Reason.FIRST_WORD in why),
        new_fact=float(Reason.NEW_FACT in why),
        lead_news=float(any(not item.head for item in found)),
        known=told_again(told, profile, extractor),
        spoken=spoken * apart,
        same_lead=_share(lead - profile.acts.keys(), lead) if 1.0 - like <= REORDERED else 0.0,
        tone=float(tone),
        length=math.log1p(len(mine)),
    )


def remembered(profile: Profile, told: Told, extractor: Extractor) -> Profile:
    """The profile with how this article told the story; the first tellings stay, of the others the latest."""
    telling = Telling(
        lang=told.reading.lang,
        terms=tuple(dict.fromkeys(_title_terms(told))),
        numbers=_numbers(told, extractor, 0, 1 + LEAD),
        meaning=signs(told.reading.vector),
    )
    if telling in profile.tellings:
        return profile
    row = (*profile.tellings, telling)
    return replace(profile, tellings=row if len(row) <= KEPT else (*row[:FIRST], *row[FIRST + 1 :]))


def signs(vector: tuple[float, ...]) -> str:
    """The signs of a vector's coordinates, a bit each, in base64."""
    return base64.b64encode(np.packbits(np.array(vector) > 0).tobytes()).decode() if vector else ""


def likeness_to(vector: tuple[float, ...], meanings: Sequence[bytes]) -> list[float]:
    """The cosines of a vector with ones of which only the signs are kept, each within about .04 of the true one.

    Each is summed by itself, so that it does not depend on how many there are.
    """
    mine: npt.NDArray[np.float64] = np.array(vector)
    length = math.sqrt(float((mine * mine).sum()) * len(vector)) * _HALF_NORMAL
    bytes_ = np.frombuffer(b"".join(meanings), dtype=np.uint8).reshape(len(meanings), -1)
    products = ((np.unpackbits(bytes_, axis=1, count=len(vector)) * 2.0 - 1.0) * mine).sum(axis=1)
    return [max(-1.0, min(1.0, float(product) / length)) if length else 0.0 for product in products]


def _apart(vector: tuple[float, ...], profile: Profile, unheard: float) -> float:
    """1 − likeness of meaning to the telling that comes nearest; ``unheard`` where article or story has no vector."""
    held = [base64.b64decode(each.meaning) for each in profile.tellings if vector and each.meaning]
    size = (len(vector) + 7) // 8  # bytes; another encoder's vectors are left out
    near = [each for each in held if len(each) == size]
    return 1.0 - max(0.0, *likeness_to(vector, near)) if near else unheard


def _likest(mine: frozenset[str], profile: Profile, lang: str) -> float:
    """Cosine of two titles' sets of words, to the title that comes nearest in this language."""
    return max(
        (
            len(mine.intersection(each.terms)) / math.sqrt(len(mine) * len(each.terms))
            for each in profile.tellings
            if each.lang == lang and each.terms and mine
        ),
        default=0.0,
    )


def _share(part: set[str] | frozenset[str], whole: set[str] | frozenset[str]) -> float:
    return len(part) / len(whole) if whole else 0.0


def _title_terms(told: Told) -> tuple[str, ...]:
    return told.reading.sentences[0].terms if told.reading.sentences else ()


def _recalls(text: str, year: int) -> bool:
    """Whether a sentence names years and all of them are gone by: it tells what was, not what is new."""
    years = [int(found) for found in _YEAR.findall(text)]
    return bool(years) and all(found < year for found in years)


def _concepts(told: Told, extractor: Extractor, first: int, last: int, without: Collection[int] = ()) -> frozenset[str]:
    lang = told.reading.lang
    return frozenset(
        concept
        for sentence in told.reading.sentences[first:last]
        for concept in extractor.concepts(sentence.text, lang)
        if concept not in FRAMES and sentence.index not in without
    )


def _names(told: Told, extractor: Extractor) -> frozenset[str]:
    """The names of the title but those of the dispute as a whole, of which one stands for another, and of the two
    states, whom every story is about whether its titles say so or not: their words and acts are facts."""
    return frozenset(
        str(name)
        for mention in told.reading.mentions
        if mention.sentence == 0
        for name in extractor.canonical(mention.name)
        if extractor.sides.get(name) != name and name not in WHOLE
        if extractor.sides.get(name) != DISPUTE or extractor.names[name].kind == "island"
    )


def _numbers(told: Told, extractor: Extractor, first: int, last: int) -> tuple[float, ...]:
    lang, at = told.reading.lang, told.article.published_at
    found = {
        number
        for sentence in told.reading.sentences[first:last]
        for number in extractor.counts(sentence.text, lang, at)
    }
    return tuple(sorted(found))
