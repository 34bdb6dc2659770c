"""Meaning of a text as a vector, in one space for three languages, each language's own mean taken off.

Never decides relevance: two beats sit too close in its space. Nothing is loaded before the first text comes.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from monitor.entities import Article

if TYPE_CHECKING:
    from monitor.embed.encoder import Encoder

LEAD = 600  # characters of text that, with the title, stand for a meaning (measured: longer leads blur groups)
LEAD_JAPANESE = 300  # the same of a text that says as much in half as many (measured: groups no worse, half the cost)
DIMENSIONS = 512  # of a vector of this encoder

Matrix = npt.NDArray[np.float32]


def lead(article: Article) -> str:
    """The text that stands for an article's meaning: its title and the beginning of its text."""
    return f"{article.title}\n{article.text[: LEAD_JAPANESE if article.lang == 'ja' else LEAD]}"


class UseEmbedder:
    """The multilingual Universal Sentence Encoder in numpy. The same text always gives the same vector.

    ``samples`` are texts of ours per language (descriptions of topics, records of the corpus); the mean of their
    vectors is what every text of that language shares, and is taken off. Nothing is loaded or encoded before the first
    text of a language asks for it; a sample is encoded once, whoever asks for it again.
    """

    def __init__(self, samples: Mapping[str, Sequence[str]]) -> None:
        self._samples = {lang: tuple(texts) for lang, texts in samples.items() if texts}
        self._encoder: Encoder | None = None
        self._means: dict[str, Matrix] = {}
        self._held: dict[str, Matrix] = {}
        self._lock = threading.Lock()

    def embed(self, texts: Sequence[str], lang: str) -> Sequence[tuple[float, ...]]:
        """Unit vectors of ``texts``, the mean vector of ``lang`` taken off, one a text."""
        if not texts:
            return ()
        with self._lock:
            vectors = np.stack(self._encode_each(texts)) - self._mean(lang)
        norms = np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
        return tuple(tuple(row) for row in (vectors / norms).astype(float).tolist())

    def _encode_each(self, texts: Sequence[str]) -> list[Matrix]:
        """The vectors of texts; those of samples are held."""
        asked = [text for text in dict.fromkeys(texts) if text not in self._held]
        if asked and self._encoder is None:
            from monitor.embed.encoder import Encoder

            self._encoder = Encoder()
        found = dict(zip(asked, self._encoder.encode(asked), strict=True)) if self._encoder is not None else {}
        return [self._held[text] if text in self._held else found[text] for text in texts]

    def _mean(self, lang: str) -> Matrix:
        """The mean of a language's samples; over all languages for one we have no samples of."""
        if lang in self._means:
            return self._means[lang]
        if lang in self._samples:
            self._held |= zip(self._samples[lang], self._encode_each(self._samples[lang]), strict=True)
            self._means[lang] = np.stack([self._held[text] for text in self._samples[lang]]).mean(axis=0)
        else:
            every = [self._mean(each) for each in self._samples]
            self._means[lang] = np.mean(every, axis=0) if every else np.zeros(DIMENSIONS, dtype=np.float32)
        return self._means[lang]


class NoEmbedder:
    """The embedder of a house that runs without one: every vector is empty, and the rooms do without meaning."""

    def embed(self, texts: Sequence[str], lang: str) -> Sequence[tuple[float, ...]]:
        """One empty vector a text."""
        return ((),) * len(texts)
