"""Single sentences as the rooms read them, and their vectors kept between runs: encoding is most of the work.

Nothing here scores. What is kept lies in ``.cache``, under the text's hash and what the encoder makes of a probe, so that
another encoder, or other samples to centre it, finds nothing.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import numpy.typing as npt

from monitor.app import App
from monitor.embed import lead
from monitor.entities import Article, Story, StoryId, Told
from monitor.stories import Stories
from tests import make
from tests.quality.stream import ROOT, ungated

CACHE = ROOT / ".cache" / "quality"
PROBE = "Ministers meet in the harbour"


class Teller:
    """The rooms that read, with the gate off. Used as a context: what was encoded is kept at its end."""

    def __init__(self, name: str, lang: str) -> None:
        rooms = App(ungated(), url="sqlite://", throwaway=True).rooms
        self.stories: Stories = rooms.stories
        self._rooms, self._lang = rooms, lang
        probe = np.asarray(rooms.embedder.embed([PROBE], lang)[0], dtype=np.float32)
        self._path: Path = CACHE / f"{name}-{hashlib.sha256(probe.tobytes()).hexdigest()[:12]}.npz"
        self._vectors: dict[str, npt.NDArray[np.float32]] = {}
        self._fresh = False

    def __enter__(self) -> Self:
        if self._path.exists():
            with np.load(self._path, allow_pickle=False) as held:
                self._vectors = dict(zip(held["keys"].tolist(), held["vectors"], strict=True))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._fresh and error is None:
            CACHE.mkdir(parents=True, exist_ok=True)
            for old in CACHE.glob(f"{self._path.name.partition('-')[0]}-*.npz"):
                old.unlink()
            np.savez(self._path, keys=np.array([*self._vectors]), vectors=np.stack([*self._vectors.values()]))

    def tell(self, title: str, at: dt.datetime, publisher: str = "harbour") -> Told:
        """A sentence as an article that is a headline alone."""
        article = make.article(
            title, lang=self._lang, text="", published_at=at, first_seen_at=at, publisher=publisher, family=publisher
        )
        reading = self._rooms.lexicon.read(title, "", self._lang, on=at.date())
        reading = dataclasses.replace(reading, vector=self._vector(article))
        return Told(article=article, reading=reading, facts=self._rooms.extractor.extract(article, reading))

    def opened(self, told: Told) -> Story:
        """A story that an article opens, with it in it."""
        article = told.article
        story = Story(
            id=StoryId(1), title=article.title, lang=article.lang, opened_at=article.published_at,
            last_at=article.published_at, profile=self.stories.profile(told),
        )  # fmt: skip
        return self.stories.absorb(story, told)

    def _vector(self, article: Article) -> tuple[float, ...]:
        key = hashlib.sha256(lead(article).encode()).hexdigest()
        if key not in self._vectors:
            vector = self._rooms.embedder.embed([lead(article)], self._lang)[0]
            self._vectors[key] = np.asarray(vector, dtype=np.float32)
            self._fresh = True
        return tuple(self._vectors[key].tolist())


def logistic(
    matrix: Sequence[Sequence[float]], labels: Sequence[bool], ridge: float = 1.0
) -> Mapping[str, list[float]]:
    """Ridge logistic regression over standardised columns, by Newton's method: the same rows give the same weights."""
    table, wanted = np.asarray(matrix, dtype=float), np.asarray(labels, dtype=float)
    mean, spread = table.mean(axis=0), table.std(axis=0) + 1e-9
    scaled = np.column_stack([(table - mean) / spread, np.ones(len(table))])
    weights, penalty = np.zeros(scaled.shape[1]), np.diag([ridge] * table.shape[1] + [1e-6])
    for _ in range(50):
        chance = 1 / (1 + np.exp(-scaled @ weights))
        slope = scaled.T @ (wanted - chance) - penalty @ weights
        step = np.linalg.solve((scaled * (chance * (1 - chance))[:, None]).T @ scaled + penalty, slope)
        weights = weights + step
        if np.abs(step).max() < 1e-9:
            break
    return {"mean": mean.tolist(), "spread": spread.tolist(), "weights": weights.tolist()}


def likely(model: Mapping[str, list[float]], row: Sequence[float]) -> float:
    """The logarithm of the odds that ``logistic`` gives a row."""
    scaled = (np.asarray(row) - model["mean"]) / model["spread"]
    return float(np.append(scaled, 1.0) @ np.asarray(model["weights"]))
