"""Learns what each trait of novelty weighs and writes ``monitor/stories/novelty_weights.py``.

    python scripts/train_novelty.py [STREAM.jsonl …] [--aside STREAM] [--pairs 0.6] [--ridge 5] [--write]

A stream's line is {id, at, lang, publisher, title, text, story, new} in order of time: ``new`` says whether an article
brings a fact its story lacks. Each story is walked with its true articles, so that nothing hangs on which story was
chosen. ``scripts/novelty-lines.jsonl``, ``tests/quality/bursts`` and ``tests/quality/pairs`` hold lines of our own and
are always learnt from; further streams may be named beside them. A pair is a story of two articles and counts for
``--pairs`` of a line, since pairs are made to differ in one word. Plain logistic regression by Newton's method with a
ridge: the same lines always give the same weights. Figures are of lines that were not learnt from: the streams cut in
eight by story, and each stream learnt from the others.
"""

from __future__ import annotations

import argparse
import datetime as dt
import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass, replace
from pathlib import Path

import numpy as np

from monitor.embed import UseEmbedder, lead
from monitor.entities import Article, FeedId, Story, StoryId, Told
from monitor.facts import Extractor, Vocabulary
from monitor.lexicon import Lexicon
from monitor.settings import load_beat, load_corpus, load_names, load_topics
from monitor.settings.files import load_lexicon
from monitor.stories import Policy, Stories
from monitor.stories.changes import changes
from monitor.stories.news import PLAIN, traits_of
from monitor.stories.novelty import NAMES
from monitor.topics import samples

ROOT = Path(__file__).resolve().parent.parent
CONFIG, QUALITY = ROOT / "config", ROOT / "tests" / "quality"
TABLE = ROOT / "monitor" / "stories" / "novelty_weights.py"
FOLDS = 8
PAIRS = "pairs"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One article that came to a story, with its traits and whether it deserved to be told."""

    stream: str
    story: str
    traits: tuple[float, ...]
    sure: bool
    new: bool


class Reader:
    """Reads lines as the product reads articles, and walks their stories. It remembers nothing between streams."""

    def __init__(self) -> None:
        names = load_names(CONFIG)
        topics = load_topics(CONFIG, names)
        corpus = load_corpus(CONFIG, topics, names)
        self.lexicon = Lexicon(names)
        self.extractor = Extractor(self.lexicon, Vocabulary.from_tables(load_lexicon(CONFIG)))
        self.embedder = UseEmbedder(samples(topics, corpus))
        beat = load_beat(CONFIG, names)
        self.stories = Stories(self.extractor, corpus=corpus, common=frozenset(beat.sides))

    def tell(self, line: dict) -> Told:
        """A line with all that is read out of it."""
        at = dt.datetime.fromisoformat(line["at"])
        article = Article(
            feed_id=FeedId("lines"), keys=("line",), url="https://lines.example/1",
            publisher=line["publisher"], family=line["publisher"], lang=line["lang"],
            title=line["title"], text=line.get("text") or "", published_at=at, first_seen_at=at,
        )  # fmt: skip
        reading = self.lexicon.read(article.title, article.text, article.lang, on=at.date())
        reading = replace(reading, vector=self.embedder.embed([lead(article)], article.lang)[0])
        return Told(article=article, reading=reading, facts=self.extractor.extract(article, reading))

    def walk(self, stream: str, lines: Iterable[dict]) -> list[Row]:
        """Every line that comes to a story which stands already."""
        held: dict[str, Story] = {}
        rows = []
        for line in lines:
            told, story = self.tell(line), held.get(line["story"])
            at = told.article.published_at
            if story is None:
                number, title, lang = StoryId(len(held) + 1), told.article.title, told.article.lang
                story = Story(id=number, title=title, lang=lang, opened_at=at, last_at=at)
            else:
                found = changes(told, story, self.stories.ground)
                seen = astuple(traits_of(told, story, self.stories.ground, found))
                sure = any(item.head and item.reason in PLAIN for item in found)
                rows.append(Row(stream=stream, story=line["story"], traits=seen, sure=sure, new=line["new"]))
            held[line["story"]] = self.stories.absorb(story, told)
        return rows


def read(path: Path) -> list[dict]:
    """The lines of a file."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def paired(pairs: Iterable[dict]) -> list[dict]:
    """Pairs of one story as stories of two articles, three hours apart."""
    lines = []
    for pair in pairs:
        if pair["expect"] == "other":
            continue
        for hour, side in (("06", "first"), ("09", "then")):
            new = side == "first" or pair["expect"] != "repeat"
            made = {"at": f"2026-01-05T{hour}:00:00+00:00", "publisher": side, "story": pair["id"], "new": new}
            lines.append({**pair[side], **made})
    return lines


def fit(matrix: np.ndarray, labels: np.ndarray, worth: np.ndarray, ridge: float) -> np.ndarray:
    """Ridge logistic regression over standardised traits, given back in their own measure; the bias comes last."""
    mean, spread = matrix.mean(axis=0), matrix.std(axis=0)
    spread[spread == 0] = 1.0
    table = np.column_stack([(matrix - mean) / spread, np.ones(len(matrix))])
    weights = np.zeros(table.shape[1])
    penalty = np.diag([ridge] * matrix.shape[1] + [1e-6])
    for _ in range(50):
        chance = 1 / (1 + np.exp(-table @ weights))
        slope = table.T @ (worth * (labels - chance)) - penalty @ weights
        curve = (table * (worth * chance * (1 - chance))[:, None]).T @ table + penalty
        step = np.linalg.solve(curve, slope)
        weights = weights + step
        if np.abs(step).max() < 1e-9:
            break
    own = weights[:-1] / spread
    return np.append(own, weights[-1] - own @ mean)


def auc(labels: np.ndarray, scores: np.ndarray) -> float:
    """The chance that a new one scores above a repeat; ties count half."""
    new, old = scores[labels > 0], scores[labels == 0]
    above = np.searchsorted(np.sort(old), new, side="left") + np.searchsorted(np.sort(old), new, side="right")
    return float(above.mean() / 2 / len(old)) if len(new) and len(old) else float("nan")


def unseen(rows: Sequence[Row], parts: Sequence[str], worth: np.ndarray, ridge: float) -> np.ndarray:
    """The chance of each row by weights learnt from the other parts."""
    matrix, labels = table_of(rows)
    part = np.array(parts)
    chances = np.zeros(len(rows))
    for name in sorted(set(parts)):
        rest = part != name
        weights = fit(matrix[rest], labels[rest], worth[rest], ridge)
        chances[~rest] = 1 / (1 + np.exp(-(matrix[~rest] @ weights[:-1] + weights[-1])))
    return chances


def table_of(rows: Sequence[Row]) -> tuple[np.ndarray, np.ndarray]:
    """Traits and labels."""
    return np.array([row.traits for row in rows]), np.array([float(row.new) for row in rows])


def report(rows: Sequence[Row], chances: np.ndarray, line: float) -> list[str]:
    """For each stream: AUC, and what the line ``policy.novel`` catches and keeps quiet."""
    said = []
    for stream in sorted({row.stream for row in rows}):
        mine = [i for i, row in enumerate(rows) if row.stream == stream]
        labels = np.array([rows[i].new for i in mine])
        told = np.array([rows[i].sure or chances[i] >= line for i in mine])
        said.append(
            f"{stream}: {len(mine)} articles, {int(labels.sum())} new: AUC {auc(labels * 1.0, chances[mine]):.3f}, "
            f"caught {told[labels].mean():.2f}, quiet {(~told[~labels]).mean():.2f}"
        )
    return said


def folds(rows: Sequence[Row]) -> list[str]:
    """Which eighth each row belongs to, by its story."""
    return [str(hashlib.md5(f"{r.stream}{r.story}".encode()).digest()[0] % FOLDS) for r in rows]  # noqa: S324 -- no secret


def written(weights: np.ndarray, figures: Sequence[str]) -> str:
    """The file of the weights."""
    lines = "\n".join(figures)
    table = "\n".join(f'    "{name}": {value:.2f},' for name, value in zip(NAMES, weights, strict=False))
    return f'''"""What each trait of ``novelty`` weighs. Written by ``scripts/train_novelty.py``, never by hand.

{lines}
"""

from __future__ import annotations

from collections.abc import Mapping

BIAS = {weights[-1]:.2f}
WEIGHTS: Mapping[str, float] = {{
{table}
}}
'''


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("streams", nargs="*", type=Path)
    parser.add_argument("--aside", default="air-and-sea", help="a burst that is only judged, never learnt from")
    parser.add_argument("--pairs", type=float, default=0.6)
    parser.add_argument("--ridge", type=float, default=5.0)
    parser.add_argument("--write", action="store_true")
    args = parser.parse_args()
    reader, line = Reader(), Policy().novel
    own = [ROOT / "scripts" / "novelty-lines.jsonl", *sorted((QUALITY / "bursts").glob("*.jsonl")), *args.streams]
    rows = [row for path in own for row in reader.walk(path.stem, read(path))]
    pairs = [pair for path in sorted((QUALITY / "pairs").glob("*.jsonl")) for pair in read(path)]
    rows += reader.walk(PAIRS, paired(pairs))
    judged = [row for row in rows if row.stream == args.aside]
    rows = [row for row in rows if row.stream != args.aside]
    worth = np.array([args.pairs if row.stream == PAIRS else 1.0 for row in rows])
    matrix, labels = table_of(rows)
    weights = fit(matrix, labels, worth, args.ridge)
    figures = [
        f"Told from a chance of {line} on, or by a sure fact. Learnt from the other seven eighths of all streams:"
    ]
    figures += report(rows, unseen(rows, folds(rows), worth, args.ridge), line)
    figures += ["Learnt from the other streams alone:"]
    figures += report(rows, unseen(rows, [row.stream for row in rows], worth, args.ridge), line)
    if judged:
        seen, _ = table_of(judged)
        figures += ["Never learnt from:", *report(judged, 1 / (1 + np.exp(-(seen @ weights[:-1] + weights[-1]))), line)]
    text = written(weights, figures)
    print(text)
    if args.write:
        TABLE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
