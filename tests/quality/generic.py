"""The board's parts on public data of other kinds: the same rooms with ``gate.enabled = false``. They belong to others.

Nothing of ours is tuned for them alone; they say what the rooms can do away from the beat.
"""

from __future__ import annotations

import datetime as dt
import math
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import astuple, dataclass, field
from functools import partial

from monitor.entities import Story, Surroundings
from monitor.stories.changes import changes
from monitor.stories.news import traits_of
from tests import make
from tests.quality import scores
from tests.quality.board import Figure, figures
from tests.quality.parts import Measured
from tests.quality.stream import join, line, read, ungated, walk
from tests.quality.telling import Teller, likely, logistic
from tests.shared import SHARED

EVAL = SHARED / "eval"
PRIOR = 12.0  # sentences a term is taken to have been missing from before the first, as in the plan's measurements


def grouping(name: str) -> Measured:
    """One stream of articles on everything, cut into stories."""
    rows = read(EVAL / name / "dev.jsonl")
    items = join(rows, walk([line(row) for row in rows], ungated()))
    about = f"{len(items):,} articles, the gate off"
    return Measured(about=about, figures=tuple(figures(name, "all", scores.stories(items))))


GROUPINGS: dict[str, Callable[[], Measured]] = {name: partial(grouping, name) for name in ("ecbplus", "ntrex", "tg-ru")}


def trects() -> Measured:
    """Sentences of an event in order of time: does one bring a fact nobody told before? Learnt on 2013, asked of 2014.

    Relevance is not asked: repeats and new facts alone. The lexical baseline is the one of the plan, learnt likewise.
    """
    years = {}
    for year in ("2013", "2014"):
        with Teller(f"trects{year}", "en") as teller:
            years[year] = _heard(teller, year)
    train, test = years["2013"], years["2014"]
    found = {"as shipped": scores.auc([(row.shipped, row.new) for row in test])}
    for name, of in (("lexical", lambda row: row.lexical), ("traits learnt on 2013", lambda row: row.traits)):
        model = logistic([of(row) for row in train], [row.new for row in train])
        found[name] = scores.auc([(likely(model, of(row)), row.new) for row in test])
    lexical = found.pop("lexical")
    rows = [
        Figure(part="trects", row="lexical baseline", name="AUC of a new fact", value=lexical),
        *(Figure(part="trects", row=name, name="AUC of a new fact", value=value) for name, value in found.items()),
    ]
    return Measured(about=f"{len(test):,} sentences that repeat or bring a new fact", figures=tuple(rows))


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """A sentence beside its event so far: the product's traits and its chance, and what the lexical baseline sees."""

    traits: tuple[float, ...]
    shipped: float
    lexical: tuple[float, ...]
    new: bool


def _heard(teller: Teller, year: str) -> list[Heard]:
    """A year's sentences, each beside what was told of its event before."""
    rows = [row for row in read(EVAL / "trects" / f"{year}.jsonl") if row["label"] in {"new", "repeat"}]
    events: dict[str, Story] = {}
    words: dict[str, Words] = {}
    frequency: Counter[str] = Counter()
    found = []
    for number, row in enumerate(sorted(rows, key=lambda row: str(row["date"]))):
        told = teller.tell(row["text"], dt.datetime.fromisoformat(row["date"]))
        terms = Counter(term for sentence in told.reading.sentences for term in sentence.terms)
        rare = {term: math.log((number + PRIOR) / (frequency[term] + 1.0)) for term in terms}
        before = words.setdefault(row["topic"], Words())
        story = events.get(row["topic"])
        if story is None:
            events[row["topic"]] = teller.opened(told)
        else:
            ground = teller.stories.ground
            seen = traits_of(told, story, ground, changes(told, story, ground))
            lexical = (*before.weigh(terms, rare), math.log1p(len(row["text"].split())))
            shipped = teller.stories.novelty(told, story)
            found.append(Heard(traits=astuple(seen), shipped=shipped, lexical=lexical, new=row["label"] == "new"))
            events[row["topic"]] = teller.stories.absorb(story, told)
        before.hear(terms, rare)
        frequency.update(terms.keys())
    return found


@dataclass(slots=True, kw_only=True)
class Words:
    """The words of an event so far: what the lexical baseline remembers, whole."""

    known: set[str] = field(default_factory=set)
    told: list[dict[str, float]] = field(default_factory=list)

    def weigh(self, terms: Mapping[str, int], rare: Mapping[str, float]) -> tuple[float, float, float]:
        """Share of unseen term mass, 1 − likeness to the likest sentence, and how many were told."""
        mass = math.fsum(rare.values())
        unseen = math.fsum(weight for term, weight in rare.items() if term not in self.known)
        one = _unit(terms, rare)
        likest = max((math.fsum(w * other.get(t, 0.0) for t, w in one.items()) for other in self.told), default=0.0)
        return (unseen / mass if mass else 0.0), 1.0 - likest, math.log1p(len(self.told))

    def hear(self, terms: Mapping[str, int], rare: Mapping[str, float]) -> None:
        """Remember a sentence."""
        self.known.update(terms)
        self.told.append(_unit(terms, rare))


def _unit(terms: Mapping[str, int], rare: Mapping[str, float]) -> dict[str, float]:
    weights = {term: (1.0 + math.log(count)) * max(rare[term], 0.05) for term, count in terms.items()}
    norm = math.sqrt(math.fsum(weight * weight for weight in weights.values()))
    return {term: weight / norm for term, weight in weights.items()} if norm else {}


def paraphraser() -> Measured:
    """Pairs of Russian headlines: the same matter or another, and within one whether the second only repeats."""
    rows = read(EVAL / "paraphraser-ru" / "dev.jsonl")
    matter, repeat = [], []
    with Teller("paraphraser", "ru") as teller:
        for row in rows:
            story = teller.opened(teller.tell(row["title_a"], make.NOW, publisher="a"))
            then = teller.tell(row["title_b"], make.at(hours=1), publisher="b")
            score = teller.stories.score(then, story, Surroundings(), make.at(hours=1))
            matter.append((score, row["label"] >= 0))
            repeat.append((teller.stories.repeats(then, story), row["label"] == 1))
    found = {"AUC same matter": scores.auc(matter), "AUC strict repeat": scores.auc(repeat)}
    return Measured(about=f"{len(rows):,} pairs of headlines", figures=tuple(figures("paraphraser", "all", found)))
