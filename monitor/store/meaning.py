"""Vectors of stories that moved of late, kept as numbers a processor multiplies at once.

It never decides what means the same: it hands out those nearest, and holds no more of them than a few megabytes.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from monitor.entities import StoryId

VECTORS_KEPT = 4000
"""Vectors kept between transactions, 2 KB each: ten times what is compared at once."""

Vector = npt.NDArray[np.float32]
Versioned = tuple[StoryId, int]


class VectorCache:
    """Vectors made once a version of their story, for all threads. It never answers with one of another version."""

    def __init__(self) -> None:
        self._vectors: OrderedDict[StoryId, tuple[int, Vector]] = OrderedDict()
        self._lock = threading.Lock()

    def missing(self, stories: Sequence[Versioned]) -> list[Versioned]:
        """Those whose vectors have to be read."""
        with self._lock:
            return [(story, version) for story, version in stories if self._held(story, version) is None]

    def put(self, story: StoryId, version: int, vector: Sequence[float]) -> None:
        """Keep a story's vector, made as long as one; the one that was kept longest ago goes."""
        made = np.asarray(vector, dtype=np.float32)
        made /= max(float(np.linalg.norm(made)), 1e-9)
        with self._lock:
            self._vectors[story] = (version, made)
            self._vectors.move_to_end(story)
            if len(self._vectors) > VECTORS_KEPT:
                self._vectors.popitem(last=False)

    def nearest(self, vector: Sequence[float], stories: Sequence[Versioned], most: int) -> list[Versioned]:
        """Of these stories, those that mean most nearly the same; one whose vector is not here means nothing."""
        wanted = np.asarray(vector, dtype=np.float32)
        nothing = np.zeros_like(wanted)
        with self._lock:
            held = [self._held(story, version) for story, version in stories]
        rows = np.stack([nothing if each is None or each.shape != wanted.shape else each for each in held])
        order = np.argsort(-(rows @ wanted), kind="stable")
        return [stories[place] for place in order[:most].tolist()]

    def clear(self) -> None:
        """Forget all."""
        with self._lock:
            self._vectors.clear()

    def _held(self, story: StoryId, version: int) -> Vector | None:
        held = self._vectors.get(story)
        return held[1] if held is not None and held[0] == version else None
