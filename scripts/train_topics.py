"""Learns how much each signal's evidence weighs for a topic and prints it beside what monitor/topics/weights.py holds.

    python scripts/train_topics.py [LABELS.jsonl …] [--corpus 0.1] [--ridge 8] [--folds 6]

A line is {lang, title, text, date, topics: [slug, …]}; without a file, scripts/topics-labels.jsonl. The corpus's own
records count too, in all three languages, each with `--corpus` of a line's weight; no record is its own neighbour.
One weight a kind of evidence, for all topics, drawn towards what is held: few labels move few weights. Below them stand
micro F1, precision and recall by threshold, each line judged by weights that were learnt without its fold.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from monitor.embed import UseEmbedder
from monitor.entities import LANGS, Article, CorpusRecord, Evidence, FeedId, Topic, TopicId
from monitor.lexicon import Lexicon
from monitor.settings import load_corpus, load_names, load_topics
from monitor.topics import Classifier, samples
from monitor.topics.weights import BIAS, THRESHOLD, WEIGHTS, YIELDING

ROOT = Path(__file__).resolve().parent.parent
CONFIG = ROOT / "config"
KEYS = tuple(key for key in WEIGHTS if key != YIELDING)
HELD = np.array([BIAS, *(WEIGHTS[key] for key in KEYS), WEIGHTS[YIELDING]])
THRESHOLDS = (0.3, 0.35, 0.4, 0.45, 0.5)

Lines = list[tuple[np.ndarray, np.ndarray, float]]  # evidence and labels topic by topic, and what the line is worth


def article(item: dict) -> Article:
    """A labelled line as an article."""
    at = dt.datetime.fromisoformat((item.get("date") or "2022-06-15")[:10]).replace(tzinfo=dt.UTC)
    return Article(
        feed_id=FeedId("labels"),
        keys=("label",),
        url="https://labels.example/1",
        publisher="",
        family="",
        lang=item["lang"],
        title=item["title"] or "",
        text=item.get("text") or "",
        published_at=at,
        first_seen_at=at,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("labels", nargs="*", type=Path, default=[ROOT / "scripts" / "topics-labels.jsonl"])
    parser.add_argument("--corpus", type=float, default=0.1)
    parser.add_argument("--ridge", type=float, default=8.0)
    parser.add_argument("--folds", type=int, default=6)
    args = parser.parse_args()
    names = load_names(CONFIG)
    topics = load_topics(CONFIG, names)
    corpus = load_corpus(CONFIG, topics, names)
    reader = Reader(topics, corpus, Lexicon(names), Remembered(UseEmbedder(samples(topics, corpus))))
    labelled = [
        reader.read(json.loads(line), 1.0)
        for path in args.labels
        for line in path.read_text(encoding="utf-8").splitlines()
    ]
    known = [
        reader.read({**said, "lang": lang, "title": record.title[lang], "text": text}, args.corpus, without=record)
        for record in corpus
        for said in [{"date": record.date.isoformat(), "topics": record.topics}]
        for lang in LANGS
        for text in (record.summary[lang], "")
    ]
    rivals = reader.rivals
    fitted = learn(labelled + known, rivals, args.ridge)
    for key, value, held in zip(("bias", *KEYS, YIELDING), fitted, HELD, strict=True):
        print(f"{key:18} {value:6.2f}   (held: {held:g})")
    folds = [labelled[n :: args.folds] for n in range(args.folds)]
    judged = []
    for n, fold in enumerate(folds):
        others = [line for m, other in enumerate(folds) if m != n for line in other]
        weights = learn(others + known, rivals, args.ridge)
        judged += [(chances(evidence, weights, rivals), labels) for evidence, labels, _ in fold]
    for threshold in THRESHOLDS:
        print(f"{threshold:.2f}  " + "  ".join(f"{part} {value:.3f}" for part, value in scores(judged, threshold)))


class Reader:
    """Turns labelled lines into rows of numbers: for each topic the strength of each kind of evidence."""

    def __init__(
        self, topics: Sequence[Topic], corpus: Sequence[CorpusRecord], lexicon: Lexicon, embedder: Remembered
    ) -> None:
        self._topics, self._corpus, self._lexicon, self._embedder = topics, corpus, lexicon, embedder
        self._places: Mapping[TopicId, int] = {topic.id: n for n, topic in enumerate(topics)}
        self._whole = Classifier(topics, corpus, lexicon, embedder)
        self.rivals = [[self._places[rival] for rival in topic.yields_to] for topic in topics]

    def read(self, item: dict, worth: float, *, without: CorpusRecord | None = None) -> tuple:
        """Evidence and labels of a line; `without` is the record it was made of."""
        one = article(item)
        classifier = self._whole
        if without is not None:
            rest = [record for record in self._corpus if record.id != without.id]
            classifier = Classifier(self._topics, rest, self._lexicon, self._embedder)
        said = classifier.weigh(one, self._lexicon.read(one.title, one.text, one.lang, on=one.published_at.date()))
        rows = np.array([row(said.get(topic.id, ())) for topic in self._topics])
        return rows, np.array([float(topic.id in item["topics"]) for topic in self._topics]), worth


def row(said: Sequence[Evidence]) -> list[float]:
    """The strengths of all kinds of evidence, the bias first."""
    strength = {piece.signal: piece.weight for piece in said}
    return [1.0, *(strength.get(key, 0.0) for key in KEYS)]


class Remembered:
    """An embedder that makes each text's vector once."""

    def __init__(self, embedder: UseEmbedder) -> None:
        self._embedder = embedder
        self._seen: dict[tuple[str, str], tuple[float, ...]] = {}

    def embed(self, texts: Sequence[str], lang: str) -> list[tuple[float, ...]]:
        """As the embedder behind it."""
        missing = [text for text in texts if (lang, text) not in self._seen]
        made = zip(missing, self._embedder.embed(missing, lang), strict=True)
        self._seen.update({(lang, text): vector for text, vector in made})
        return [self._seen[lang, text] for text in texts]


def learn(lines: Lines, rivals: Sequence[Sequence[int]], ridge: float) -> np.ndarray:
    """The weights of all evidence: first without yielding, which goes by the chances that gives, then with it."""
    labels = np.concatenate([each for _, each, _ in lines])
    worth = np.concatenate([np.full(len(each), weight) for _, each, weight in lines])
    evidence = np.concatenate([each for each, _, _ in lines])
    first = fit(evidence, labels, worth, ridge, HELD[:-1])
    given_way = np.concatenate([yielding(each, first, rivals) for each, _, _ in lines])
    return fit(np.column_stack([evidence, given_way]), labels, worth, ridge, HELD)


def yielding(evidence: np.ndarray, weights: np.ndarray, rivals: Sequence[Sequence[int]]) -> np.ndarray:
    """Of each topic, the chance of the surest one it yields to, where that one is reported on."""
    alone = 1 / (1 + np.exp(-evidence @ weights))
    most = np.array([max((alone[n] for n in found), default=0.0) for found in rivals])
    return np.where(most >= THRESHOLD, most, 0.0)


def chances(evidence: np.ndarray, weights: np.ndarray, rivals: Sequence[Sequence[int]]) -> np.ndarray:
    """The chance of each topic."""
    given_way = yielding(evidence, weights[:-1], rivals)
    return 1 / (1 + np.exp(-(evidence @ weights[:-1] + weights[-1] * given_way)))


def scores(judged: Sequence[tuple[np.ndarray, np.ndarray]], threshold: float) -> list[tuple[str, float]]:
    """Micro F1, precision and recall."""
    said = np.concatenate([chance >= threshold for chance, _ in judged])
    true = np.concatenate([labels > 0 for _, labels in judged])
    hits = float((said & true).sum())
    return [
        ("micro F1", 2 * hits / (said.sum() + true.sum())),
        ("precision", hits / max(said.sum(), 1)),
        ("recall", hits / max(true.sum(), 1)),
    ]


def fit(matrix: np.ndarray, labels: np.ndarray, worth: np.ndarray, ridge: float, held: np.ndarray) -> np.ndarray:
    """Logistic regression by Newton's method, drawn towards the weights that are held, the bias left free."""
    weights = held.copy()
    penalty = np.diag([1e-6] + [ridge] * (matrix.shape[1] - 1))
    for _ in range(50):
        chance = 1 / (1 + np.exp(-matrix @ weights))
        slope = matrix.T @ (worth * (labels - chance)) - penalty @ (weights - held)
        step = np.linalg.solve((matrix * (worth * chance * (1 - chance))[:, None]).T @ matrix + penalty, slope)
        weights = weights + step
        if np.abs(step).max() < 1e-9:
            break
    return weights


if __name__ == "__main__":
    main()
