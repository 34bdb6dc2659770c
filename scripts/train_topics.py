"""Learns how much each signal's evidence weighs for a topic and prints it beside what monitor/topics/weights.py holds.

    python scripts/train_topics.py [LABELS.jsonl …] [--corpus 0.1] [--ridge 1.0]

A line is {lang, title, text, date, topics: [slug, …]}. The corpus's own records count too, in all three languages,
each with `--corpus` of a line's weight; no record is its own neighbour. One weight a kind of evidence, for all topics.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
from pathlib import Path

import numpy as np

from monitor.embed import UseEmbedder
from monitor.entities import LANGS, Article, FeedId
from monitor.lexicon import Lexicon
from monitor.settings import load_corpus, load_names, load_topics
from monitor.topics import Classifier, samples
from monitor.topics.weights import BIAS, WEIGHTS

CONFIG = Path(__file__).resolve().parent.parent / "config"


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
    parser.add_argument("labels", nargs="*", type=Path)
    parser.add_argument("--corpus", type=float, default=0.1)
    parser.add_argument("--ridge", type=float, default=1.0)
    args = parser.parse_args()
    names = load_names(CONFIG)
    topics = load_topics(CONFIG, names)
    corpus = load_corpus(CONFIG, topics, names)
    lexicon = Lexicon(names)
    embedder = UseEmbedder(samples(topics, corpus))
    keys = tuple(WEIGHTS)

    rows: list[list[float]] = []
    labels: list[float] = []
    worth: list[float] = []

    def learn(classifier: Classifier, item: dict, weight: float) -> None:
        one = article(item)
        said = classifier.weigh(one, lexicon.read(one.title, one.text, one.lang, on=one.published_at.date()))
        for topic in topics:
            strength = {piece.signal: piece.weight for piece in said.get(topic.id, ())}
            rows.append([1.0, *(strength.get(key, 0.0) for key in keys)])
            labels.append(float(topic.id in item["topics"]))
            worth.append(weight)

    whole = Classifier(topics, corpus, lexicon, embedder)
    for path in args.labels:
        for line in path.read_text(encoding="utf-8").splitlines():
            learn(whole, json.loads(line), 1.0)
    for record in corpus:
        others = Classifier(topics, [other for other in corpus if other.id != record.id], lexicon, Remembered(embedder))
        for lang in LANGS:
            item = {"lang": lang, "title": record.title[lang], "date": record.date.isoformat(), "topics": record.topics}
            learn(others, {**item, "text": record.summary[lang]}, args.corpus)
            learn(others, {**item, "text": ""}, args.corpus)
    fitted = fit(np.array(rows), np.array(labels), np.array(worth), args.ridge)
    for key, value, held in zip(("bias", *keys), fitted, (BIAS, *WEIGHTS.values()), strict=True):
        print(f"{key:18} {value:6.2f}   (held: {held})")


class Remembered:
    """An embedder that makes each text's vector once."""

    seen: dict[tuple[str, str], tuple[float, ...]] = {}  # noqa: RUF012 -- shared on purpose, for one run

    def __init__(self, embedder: UseEmbedder) -> None:
        self._embedder = embedder

    def embed(self, texts: list[str], lang: str) -> list[tuple[float, ...]]:
        """As the embedder behind it."""
        missing = [text for text in texts if (lang, text) not in self.seen]
        self.seen.update(
            {(lang, text): vector for text, vector in zip(missing, self._embedder.embed(missing, lang), strict=True)}
        )
        return [self.seen[lang, text] for text in texts]


def fit(matrix: np.ndarray, labels: np.ndarray, worth: np.ndarray, ridge: float) -> np.ndarray:
    """Ridge logistic regression by Newton's method, the bias left free."""
    weights = np.zeros(matrix.shape[1])
    penalty = np.diag([1e-6] + [ridge] * (matrix.shape[1] - 1))
    for _ in range(50):
        chance = 1 / (1 + np.exp(-matrix @ weights))
        slope = matrix.T @ (worth * (labels - chance)) - penalty @ weights
        step = np.linalg.solve((matrix * (worth * chance * (1 - chance))[:, None]).T @ matrix + penalty, slope)
        weights = weights + step
        if np.abs(step).max() < 1e-9:
            break
    return weights


if __name__ == "__main__":
    main()
