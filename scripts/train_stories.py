"""Learns what the traits of likeness weigh, from streams whose stories are known; writes monitor/stories/weights.py.

    python scripts/train_stories.py [--set NAME=FILE[:WEIGHT[:moved]] …] [--folds 4] [--ridge 0.6] [--write]

A line is {id, lang, title, text, published (or date, or at), story}; without a story it is one of its own. The bursts
of tests/quality/bursts are always told, but those that --apart keeps for judging; lines that are not ours are left out.
``moved``: the set is told three ways, with its own dates, with each moved by up to 15 days, and with all of them in one
month, so that no date decides.

Of the stories beside an article one is its own, or none is: a conditional logit with a ridge over that choice, by
Newton's method. It learns from true stories and, in a second round, from those its own first weights make. The weights
of time are given, not learnt: dates group a quiet beat so well that the rest would be unlearnt. So is the one of an
answer in busy days, which labels of quiet days file under the act it answers. At last the bias and
the weight of names of ours are set where the stories (B-cubed) come out best. The same lines give the same weights.
"""

from __future__ import annotations

import argparse
import bisect
import dataclasses
import datetime as dt
import hashlib
import json
import operator
import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from monitor.app import App
from monitor.clean import clean
from monitor.cli.lines import markup
from monitor.embed import lead
from monitor.entities import LANGS, Entry, Feed, FeedId, Story, StoryId, Surroundings, Told
from monitor.pipeline import Rooms
from monitor.settings import load
from monitor.stories import Stories
from monitor.stories.likeness import TRAITS

HERE = Path(__file__).resolve().parent
BURSTS = HERE.parent / "tests" / "quality" / "bursts"
CONFIG = HERE.parent / "config"
TARGET = HERE.parent / "monitor" / "stories" / "weights.py"
LEVELS = (-0.3, 0.0, 0.4, 0.8)  # what is tried on top of the learnt bias and of the learnt weight of our names
GIVEN = {"days": -0.7, "lone": 1.2, "answer_crowd": -0.7}  # weights that are not learnt, see above
APART = ("talks-break-down", "missiles-on-matua")  # bursts that are kept for judging
BEFORE = 30  # stories that moved last and stand beside an article whatever it says, as in the store
ROW = operator.attrgetter(*TRAITS)
NEAR = 60  # stories that share most with it


@dataclass(frozen=True)
class Item:
    """An article with the story it is of."""

    told: Told
    story: str


@dataclass(frozen=True)
class Set:
    """Articles of one kind, told in one or more ways, and how much all of them count together."""

    name: str
    share: float
    streams: tuple[list[Item], ...]


Score = tuple[float, ...]
"""B-cubed precision, recall and F1."""


@dataclass
class Example:
    """A choice: the traits of each story beside an article (rows), and which of them is its own (-1: none)."""

    traits: np.ndarray
    right: int
    story: str


@dataclass
class World:
    """A stream told in memory: its stories, an index of their keys, and what was learnt of the languages."""

    room: Stories
    stories: dict[str, Story] = field(default_factory=dict)
    index: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    learnt: Counter[str] = field(default_factory=Counter)
    terms: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    names: dict[StoryId, str] = field(default_factory=dict)
    dates: list[dt.datetime] = field(default_factory=list)

    def beside(self, told: Told, keys: Sequence[str]) -> list[Story]:
        """The stories that share the article's rarest keys, and those that moved last."""
        found: dict[str, float] = defaultdict(float)
        for key in keys:
            for name in sorted(self.index.get(key, ())):
                found[name] += 1.0 / len(self.index[key])
        best = sorted(found, key=lambda name: (-found[name], name))[:NEAR]
        last = sorted(self.stories, key=lambda name: (self.stories[name].last_at, name), reverse=True)[:BEFORE]
        return [self.stories[name] for name in dict.fromkeys((*best, *last))]

    def around(self, told: Told) -> Surroundings:
        """What the language has told so far."""
        lang = told.article.lang
        mine = {term for sentence in told.reading.sentences for term in sentence.terms}
        known = {term: self.terms[lang][term] for term in mine if term in self.terms[lang]}
        at, days = told.article.published_at, self.room.policy.crowded
        busy = bisect.bisect_right(self.dates, at + days) - bisect.bisect_left(self.dates, at - days)
        return Surroundings(articles=self.learnt[lang], terms=known, busy=busy)

    def place(self, told: Told, name: str, keys: Sequence[str]) -> None:
        """Put an article into a story, which opens with it if it is not there yet."""
        article, lang = told.article, told.article.lang
        self.terms[lang].update({term for sentence in told.reading.sentences for term in sentence.terms})
        self.learnt[lang] += 1
        bisect.insort(self.dates, article.published_at)
        story = self.stories.get(name)
        if story is None:
            at = article.published_at
            number = StoryId(len(self.stories) + 1)
            self.names[number] = name
            story = Story(id=number, title=article.title, lang=lang, opened_at=at, last_at=at)
        self.stories[name] = self.room.absorb(story, told)
        for key in keys:
            self.index[key].add(name)


def walk(room: Stories, items: Sequence[Item], learnt: np.ndarray | None) -> tuple[list[Example], list[str]]:
    """A stream told once: its choices, and the story each article went to: the true one, or by ``learnt`` weights."""
    world, examples, labels = World(room), [], []
    holders: dict[str, Counter[str]] = defaultdict(Counter)
    for number, item in enumerate(items):
        keys = room.keys(item.told)
        at = item.told.article.published_at
        ranked = room.ranked(item.told, world.beside(item.told, keys), world.around(item.told), at)
        name = item.story if learnt is None else f"own:{number}"
        if ranked:
            traits = np.array([ROW(seen.traits) for _, _, seen in ranked])
            held = [world.names[story.id] for _, story, _ in ranked]
            true = [holders[each].most_common(1)[0][0] for each in held]
            own = [place for place, each in enumerate(true) if each == item.story]
            biggest = max(own, key=lambda place: (holders[held[place]][item.story], -place), default=-1)
            examples.append(Example(traits, biggest, item.story))
            if learnt is not None:
                scores = traits @ learnt[1:] + learnt[0]
                best = int(np.argmax(scores))
                if scores[best] >= 0:
                    name = held[best]
        world.place(item.told, name, keys)
        holders[name][item.story] += 1
        labels.append(name)
    return examples, labels


def fit(examples: Sequence[tuple[Example, float]], ridge: float) -> np.ndarray:
    """Weights, the bias first, of the choice between the stories at hand and a new one."""
    free = [place for place, name in enumerate(TRAITS) if name not in GIVEN]
    fixed = np.array([GIVEN.get(name, 0.0) for name in TRAITS])
    most = max(len(example.traits) for example, _ in examples)
    matrix = np.zeros((len(examples), most, len(free) + 1))
    given = np.full((len(examples), most), -1e9)
    right = np.zeros((len(examples), most))
    share = np.array([weight for _, weight in examples])
    for row, (example, _) in enumerate(examples):
        size = len(example.traits)
        matrix[row, :size, 0] = 1.0
        matrix[row, :size, 1:] = example.traits[:, free]
        given[row, :size] = example.traits @ fixed
        if example.right >= 0:
            right[row, example.right] = 1.0
    penalty = np.array([1e-6] + [ridge] * len(free))
    found = np.zeros(len(free) + 1)

    def chances(theta: np.ndarray) -> tuple[np.ndarray, float]:
        scores = matrix @ theta + given
        top = np.maximum(0.0, scores.max(axis=1))
        raised = np.exp(scores - top[:, None])
        whole = raised.sum(axis=1) + np.exp(-top)
        told = (right * np.where(scores < -1e8, 0.0, scores)).sum(axis=1)
        loss = float((share * (top + np.log(whole) - told)).sum() + 0.5 * (penalty * theta * theta).sum())
        return raised / whole[:, None], loss

    chance, loss = chances(found)
    for _ in range(60):
        slope = np.einsum("n,nl,nld->d", share, right - chance, matrix) - penalty * found
        mean = np.einsum("nl,nld->nd", chance, matrix)
        curve = np.einsum("nld,nle->de", matrix * (share[:, None] * chance)[:, :, None], matrix, optimize=True)
        curve += np.diag(penalty) - np.einsum("n,nd,ne->de", share, mean, mean)
        step, size = np.linalg.solve(curve, slope), 1.0
        while chances(found + size * step)[1] > loss + 1e-9 and size > 1e-4:
            size /= 2
        found = found + size * step
        chance, after = chances(found)
        if abs(loss - after) < 1e-7:
            break
        loss = after
    whole = np.concatenate(([0.0], fixed))
    whole[[0, *(place + 1 for place in free)]] = found
    return whole


def b_cubed(true: Sequence[str], found: Sequence[str]) -> tuple[float, float, float]:
    """B-cubed precision, recall and F1."""
    cells, gold, made = Counter(zip(true, found, strict=True)), Counter(true), Counter(found)
    precision = sum(n * n / made[f] for (_, f), n in cells.items()) / len(true)
    recall = sum(n * n / gold[t] for (t, _), n in cells.items()) / len(true)
    return precision, recall, 2 * precision * recall / (precision + recall)


def moved(items: Sequence[Item], seed: int, days: float) -> list[Item]:
    """The stream with each date moved by up to so many days, in the order of the new dates."""
    dice = random.Random(seed)
    return _dated(
        (item, item.told.article.published_at + dt.timedelta(days=dice.uniform(-days, days))) for item in items
    )


def in_one_month(items: Sequence[Item], seed: int) -> list[Item]:
    """The stream with all dates somewhere inside one month."""
    dice, start = random.Random(seed), dt.datetime(2022, 6, 1, tzinfo=dt.UTC)
    return _dated((item, start + dt.timedelta(days=dice.uniform(0, 30))) for item in items)


def _dated(pairs: Iterable[tuple[Item, dt.datetime]]) -> list[Item]:
    items = [
        Item(
            dataclasses.replace(item.told, article=dataclasses.replace(item.told.article, published_at=at)), item.story
        )
        for item, at in pairs
    ]
    return sorted(items, key=lambda item: item.told.article.published_at)


def fold(story: str, folds: int) -> int:
    """The part a story falls into: all its articles together."""
    return hashlib.md5(story.encode(), usedforsecurity=False).digest()[1] % folds


def learn(
    rounds: Sequence[Mapping[str, Sequence[Example]]],
    shares: Mapping[str, float],
    ridge: float,
    without: tuple[int, int] | None = None,
) -> np.ndarray:
    """Weights from all sets, each with its share whatever its size; ``without`` leaves out a fold of so many."""
    examples = []
    for told in rounds:
        for name, each in sorted(told.items()):
            share = shares[name] / len(rounds) / max(1, len(each))
            examples += [(x, share) for x in each if without is None or fold(x.story, without[1]) != without[0]]
    return fit(examples, ridge)


def choices(room: Stories, sets: Sequence[Set], learnt: np.ndarray | None) -> dict[str, list[Example]]:
    """The choices of every set, all its ways of being told together."""
    return {each.name: [x for items in each.streams for x in walk(room, items, learnt)[0]] for each in sets}


def placed(
    room: Stories, sets: Sequence[Set], learnt: np.ndarray, part: tuple[int, int] | None = None
) -> dict[str, Score]:
    """How well weights put each set into stories; of ``part`` alone, a fold of so many, where one is named."""
    found = {}
    for each in sets:
        rows = []
        for items in each.streams:
            _, labels = walk(room, items, learnt)
            pairs = [(i.story, to) for i, to in zip(items, labels, strict=True)]
            pairs = [pair for pair in pairs if part is None or fold(pair[0], part[1]) == part[0]]
            rows.append(b_cubed([true for true, _ in pairs], [to for _, to in pairs]))
        found[each.name] = tuple(np.mean(rows, axis=0).tolist())
    return found


def leveled(room: Stories, sets: Sequence[Set], learnt: np.ndarray) -> np.ndarray:
    """The weights with the bias, and that of names of ours, where the stories come out best over all sets."""
    for place in (0, TRAITS.index("ours") + 1):
        tried = []
        for more in LEVELS:
            weights = learnt.copy()
            weights[place] += more
            tried.append(
                (float(np.mean([f1 for _, _, f1 in placed(room, sets, weights).values()])), -abs(more), weights)
            )
        learnt = max(tried, key=operator.itemgetter(0, 1))[2]
    return learnt


def read(path: Path, rooms: Rooms) -> list[Item]:
    """The articles of a file, read by the rooms as the pipeline reads them."""
    items, clock = [], dt.datetime(2000, 1, 1, tzinfo=dt.UTC)
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        if not row.get("relevant", True):
            continue
        clock = _time(row.get("published") or row.get("date") or row.get("at"), clock)
        feed = Feed(id=FeedId("training"), url="", publisher=row.get("publisher") or "unknown", family="unknown")
        entry = Entry(
            feed_id=feed.id, guid=str(row["id"]), title=row.get("title") or "", content=markup(row.get("text") or ""),
            lang=row["lang"] if row["lang"] in LANGS else "", published=clock,
        )  # fmt: skip
        article = clean(entry, feed, clock)
        if article is None:
            continue
        reading = rooms.lexicon.read(article.title, article.text, article.lang, on=clock.date())
        reading = dataclasses.replace(reading, vector=rooms.embedder.embed([lead(article)], reading.lang)[0])
        facts = rooms.extractor.extract(article, reading)
        items.append(Item(Told(article=article, reading=reading, facts=facts), row.get("story") or f"own:{row['id']}"))
    return sorted(items, key=lambda item: item.told.article.published_at)


def _time(text: str | None, clock: dt.datetime) -> dt.datetime:
    """A line's time; one without a day follows the line before it."""
    try:
        at = dt.datetime.fromisoformat(text or "")
    except ValueError:
        return clock + dt.timedelta(seconds=1)
    return at.replace(tzinfo=dt.UTC) if at.tzinfo is None else at.astimezone(dt.UTC)


def sets_of(named: Sequence[str], apart: Sequence[str], rooms: Rooms) -> tuple[list[Set], list[Set]]:
    """The sets to learn from, and those kept apart: our own bursts, and what the command names."""
    bursts = [Set(path.stem, 50.0, (read(path, rooms),)) for path in sorted(BURSTS.glob("*.jsonl"))]
    others = []
    for each in named:
        name, _, rest = each.partition("=")
        file, weight, way = (*rest.split(":"), "", "")[:3]
        items = read(Path(file), rooms)
        share = float(weight or 100.0)
        if way != "moved":
            others.append(Set(name, share, (items,)))
            continue
        others += [
            Set(name, share, (items,)),
            Set(f"{name}, dates moved", share * 0.7, tuple(moved(items, seed, 15.0) for seed in (0, 1))),
            Set(f"{name}, in one month", share * 0.7, tuple(in_one_month(items, seed) for seed in (0, 1))),
        ]
    told = [each for each in (*bursts, *others) if each.name not in apart]
    return told, [each for each in bursts if each.name in apart]


def written(learnt: np.ndarray, figures: Sequence[str]) -> str:
    """The file of weights, with the figures they gave."""
    head = TARGET.read_text(encoding="utf-8").partition("\n# Learnt")[0].partition("\nBIAS")[0].rstrip()
    lines = [f'    "{name}": {weight:.2f},' for name, weight in zip(TRAITS, learnt[1:], strict=True)]
    said = "\n".join(f"# {line}" for line in figures)
    table = "\n".join(lines)
    return f"{head}\n\n{said}\nBIAS = {learnt[0]:.2f}\nWEIGHTS: Mapping[str, float] = {{\n{table}\n}}\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--set", action="append", default=[], metavar="NAME=FILE[:WEIGHT[:moved]]")
    parser.add_argument("--apart", action="append", metavar="BURST", help="a burst that is not learnt from")
    parser.add_argument("--ridge", type=float, default=0.6)
    parser.add_argument(
        "--folds", type=int, default=0, help="also judge by so many parts of stories that were not learnt from"
    )
    parser.add_argument("--write", action="store_true", help="put the weights into monitor/stories/weights.py")
    args = parser.parse_args()
    rooms = App(load(CONFIG)).rooms
    room = rooms.stories
    kept = args.apart or APART
    sets, apart = sets_of(args.set, kept, rooms)
    shares = {each.name: each.share for each in sets}

    first = choices(room, sets, None)
    second = choices(room, sets, learn([first], shares, args.ridge))
    learnt = leveled(room, sets, learn([first, second], shares, args.ridge)).round(2)
    timeless = learnt.copy()
    timeless[[TRAITS.index(name) + 1 for name in ("days", "lone", "crowd", "answer_crowd")]] = 0.0

    figures = ["Learnt by scripts/train_stories.py. B-cubed F1 of the stories, and the same without any trait of time:"]
    blind = placed(room, (*sets, *apart), timeless)
    for name, score in placed(room, (*sets, *apart), learnt).items():
        note = " (not learnt from)" if name in kept else ""
        figures.append(f"{name}{note}: {score[2]:.3f} (P {score[0]:.2f}, R {score[1]:.2f}), {blind[name][2]:.3f}")
    for part in range(args.folds):
        weights = learn([first, second], shares, args.ridge, without=(part, args.folds))
        weights[[0, TRAITS.index("ours") + 1]] = learnt[[0, TRAITS.index("ours") + 1]]
        row = placed(room, sets, weights, part=(part, args.folds))
        figures.append(f"stories of part {part + 1} of {args.folds} alone, learnt from the others: " + ", ".join(
            f"{name} {score[2]:.3f}" for name, score in row.items()
        ))  # fmt: skip
    print("\n".join(figures))
    if args.write:
        TARGET.write_text(
            written(learnt, [line for line in figures if not line.startswith("stories of part")]), encoding="utf-8"
        )


if __name__ == "__main__":
    main()
