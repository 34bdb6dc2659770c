"""Learns the gate's weights from labelled lines and prints them as the `[weights]` table of config/beat.toml.

    python scripts/train_gate.py LABELS.jsonl [LABELS.jsonl …] [--ridge 1.0] [--write]

A line is {lang, title, text, date, relevant}. Plain logistic regression by Newton's method with a ridge: the same lines
always give the same weights. `scripts/gate-labels.jsonl` holds lines of our own; further files may be named beside it.
Articles that the gate turns away for want of a second side teach nothing and are left out.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import re
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from monitor.gate import BIAS, SAID, THRESHOLD, Gate
from monitor.lexicon import Lexicon
from monitor.settings import load_beat, load_names

CONFIG = Path(__file__).resolve().parent.parent / "config"
KEYS = (BIAS, *SAID)


def rows(gate: Gate, lexicon: Lexicon, paths: Iterable[Path]) -> tuple[np.ndarray, np.ndarray]:
    """The feature matrix and the labels of all lines that name both sides or the dispute."""
    matrix, labels = [], []
    for path in paths:
        for line in path.read_text(encoding="utf-8").splitlines():
            item = json.loads(line)
            on = dt.date.fromisoformat((item.get("date") or "2022-06-15")[:10])
            reading = lexicon.read(item["title"] or "", item.get("text") or "", item["lang"], on=on)
            if gate.stranger(reading) is not None:
                continue
            found = gate.features(reading)
            matrix.append([1.0, *(found[key].value if key in found else 0.0 for key in SAID)])
            labels.append(float(item["relevant"]))
    return np.array(matrix), np.array(labels)


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


def table(weights: np.ndarray, threshold: float) -> str:
    """The weights as TOML, two decimals."""
    lines = [f"{key} = {value:.2f}" for key, value in zip(KEYS, weights, strict=True)]
    head = (
        "# What the gate's features weigh; positive speaks for us. What each one means: SAID in monitor/gate.py.",
        "# Learnt by scripts/train_gate.py; floors in tests/quality/gate.json.",
    )
    return "\n".join(["[weights]", *head, f"{THRESHOLD} = {threshold:.2f}", *lines]) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("labels", nargs="+", type=Path)
    parser.add_argument("--ridge", type=float, default=1.0)
    parser.add_argument("--threshold", type=float, default=0.5)
    parser.add_argument("--write", action="store_true", help="put the table into config/beat.toml")
    args = parser.parse_args()
    names = load_names(CONFIG)
    lexicon = Lexicon(names)
    gate = Gate(load_beat(CONFIG, names), lexicon)
    matrix, labels = rows(gate, lexicon, args.labels)
    weights = fit(matrix, labels, args.ridge)
    text = table(weights, args.threshold)
    print(
        f"# {len(labels)} lines, {int(labels.sum())} ours; told right: {np.mean((matrix @ weights > 0) == labels):.3f}"
    )
    print(text)
    if args.write:
        path = CONFIG / "beat.toml"
        kept = re.sub(r"(?ms)^\[weights\]\n.*?(?=^\[|\Z)", "", path.read_text(encoding="utf-8")).rstrip("\n")
        path.write_text(f"{kept}\n\n{text}", encoding="utf-8")


if __name__ == "__main__":
    main()
