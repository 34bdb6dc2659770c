"""Learns the gate's weights from labelled lines and prints them as the `[weights]` table of config/beat.toml.

    python scripts/train_gate.py LABELS.jsonl [LABELS.jsonl …] [--ridge 1.0] [--threshold T] [--write]

A line is {lang, relevant, title, text, date (optional)}. Plain logistic regression by Newton's method with a ridge: the
same lines always give the same weights. `scripts/gate-labels.jsonl` holds lines of our own and is what the committed
weights come from; further files may be named beside it to compare. Every ridge is cross-validated, five folds by story
(or title), and the figures stand in the head of the table. Lines that the gate turns away unweighed teach nothing, but
they count in every figure. Where no threshold is given, the one of config/beat.toml stays.
"""

from __future__ import annotations

import argparse
import dataclasses
import datetime as dt
import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from monitor.gate import BIAS, SAID, THRESHOLD, Gate
from monitor.lexicon import Lexicon
from monitor.settings import load_beat, load_names

ROOT = Path(__file__).resolve().parent.parent
CONFIG = ROOT / "config"
JUDGE = ROOT / "tests" / "quality" / "gate.jsonl"
KEYS = (BIAS, *SAID)
FOLDS = 5
RIDGES = (0.5, 1.0, 2.0, 4.0)
NO_DATE = dt.date(2022, 6, 15)  # the day of a line that names none: offices are read from it


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """Labelled lines as the gate sees them: features, labels, language, fold, and which of them are weighed at all."""

    matrix: np.ndarray
    ours: np.ndarray
    langs: np.ndarray
    folds: np.ndarray
    weighed: np.ndarray

    @classmethod
    def read(cls, gate: Gate, lexicon: Lexicon, paths: Iterable[Path]) -> Lines:
        """All lines of some files."""
        items = [json.loads(line) for path in paths for line in path.read_text(encoding="utf-8").splitlines() if line]
        readings = [
            lexicon.scan(item["title"] or "", item.get("text") or "", item["lang"], on=_day(item)) for item in items
        ]
        found = [gate.features(reading) for reading in readings]
        return cls(
            matrix=np.array([[1.0, *(row[key].value if key in row else 0.0 for key in SAID)] for row in found]),
            ours=np.array([bool(item["relevant"]) for item in items]),
            langs=np.array([item["lang"] for item in items]),
            folds=np.array([_fold(str(item.get("story") or item["title"] or item["text"])) for item in items]),
            weighed=np.array([gate.stranger(reading) is None for reading in readings]),
        )


def _day(item: dict[str, str]) -> dt.date:
    parts = [int(part) for part in (item.get("date") or "").split("-") if part]
    return dt.date(*[*parts, 1, 1][:3]) if parts else NO_DATE


def _fold(story: str) -> int:
    return int(hashlib.sha256(story.encode()).hexdigest(), 16) % FOLDS


def fit(matrix: np.ndarray, labels: np.ndarray, ridge: float) -> np.ndarray:
    """Ridge logistic regression, the bias left free."""
    weights = np.zeros(matrix.shape[1])
    penalty = np.diag([1e-6] + [ridge] * (matrix.shape[1] - 1))
    for _ in range(50):
        chance = 1 / (1 + np.exp(-matrix @ weights))
        slope = matrix.T @ (labels - chance) - penalty @ weights
        curve = (matrix * (chance * (1 - chance))[:, None]).T @ matrix + penalty
        step = np.linalg.solve(curve, slope)
        weights = weights + step
        if np.abs(step).max() < 1e-9:
            break
    return weights


def learn(lines: Lines, ridge: float, without: int | None = None) -> np.ndarray:
    """The weights of all weighed lines, or of those outside one fold."""
    kept = lines.weighed if without is None else lines.weighed & (lines.folds != without)
    return fit(lines.matrix[kept], lines.ours[kept].astype(float), ridge)


def chances(lines: Lines, weights: np.ndarray) -> np.ndarray:
    """The score of every line; nought where the gate does not weigh."""
    return np.where(lines.weighed, 1 / (1 + np.exp(-lines.matrix @ weights)), 0.0)


def crossed(lines: Lines, ridge: float) -> np.ndarray:
    """The score of every line under weights that never saw its fold."""
    told = np.zeros(len(lines.ours))
    for fold in range(FOLDS):
        inside = lines.folds == fold
        told[inside] = chances(lines, learn(lines, ridge, without=fold))[inside]
    return told


def figure(ours: np.ndarray, kept: np.ndarray) -> str:
    """F1, recall, and how many of the others were kept."""
    hits, extra, missed = int((ours & kept).sum()), int((~ours & kept).sum()), int((ours & ~kept).sum())
    f1, recall = 2 * hits / max(1, 2 * hits + extra + missed), hits / max(1, hits + missed)
    return f"F1 {f1:.3f}, recall {recall:.3f}, kept {extra} of {int((~ours).sum())} others"


def table(weights: np.ndarray, threshold: float, about: Iterable[str]) -> str:
    """The weights as TOML, two decimals, under the figures they gave."""
    head = (
        "# What the gate's features weigh; positive speaks for us. What each one means: SAID in monitor/gate/said.py.",
        "# Learnt by scripts/train_gate.py; floors in tests/quality/gate.json.",
        *(f"# {line}" for line in about),
    )
    lines = [f"{key} = {value:.2f}" for key, value in zip(KEYS, weights, strict=True)]
    return "\n".join(["[weights]", *head, f"{THRESHOLD} = {threshold:.2f}", *lines]) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("labels", nargs="+", type=Path)
    parser.add_argument("--judge", type=Path, default=JUDGE, help="lines that no weight has seen")
    parser.add_argument("--ridge", type=float, default=1.0)
    parser.add_argument("--threshold", type=float, help="the score that is ours; else the one of config/beat.toml")
    parser.add_argument("--write", action="store_true", help="put the table into config/beat.toml")
    args = parser.parse_args()
    names = load_names(CONFIG)
    lexicon = Lexicon(names)
    beat = load_beat(CONFIG, names)
    threshold = beat.weights.get(THRESHOLD, 0.5) if args.threshold is None else args.threshold
    gate = Gate(dataclasses.replace(beat, weights={}), lexicon)
    lines, judge = Lines.read(gate, lexicon, args.labels), Lines.read(gate, lexicon, [args.judge])
    for ridge in RIDGES:
        print(f"# ridge {ridge}: {FOLDS} folds {figure(lines.ours, crossed(lines, ridge) >= threshold)}")
    weights = learn(lines, args.ridge)
    told = chances(judge, weights) >= threshold
    files = ", ".join(path.name for path in args.labels)
    each = (
        f"{lang}: {figure(judge.ours[judge.langs == lang], told[judge.langs == lang])}."
        for lang in sorted({*judge.langs})
    )
    about = (
        f"From {len(lines.ours)} lines of {files}, {int(lines.ours.sum())} ours; ridge {args.ridge}.",
        f"{FOLDS} folds: {figure(lines.ours, crossed(lines, args.ridge) >= threshold)}.",
        f"{args.judge.name}, {len(judge.ours)} lines not trained on: {figure(judge.ours, told)}.",
        *each,
    )
    text = table(weights, threshold, about)
    print(text)
    if args.write:
        path = CONFIG / "beat.toml"
        kept = re.sub(r"(?ms)^\[weights\]\n.*?(?=^\[|\Z)", "", path.read_text(encoding="utf-8")).rstrip("\n")
        path.write_text(f"{kept}\n\n{text}", encoding="utf-8")


if __name__ == "__main__":
    main()
