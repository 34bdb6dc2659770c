"""What each trait of ``novelty`` weighs. Written by ``scripts/train_novelty.py``, never by hand.

Told from a chance of 0.3 on, or by a sure fact. Learnt from the other seven eighths of all streams:
island-visit: 86 articles, 12 new: AUC 0.944, caught 0.92, quiet 0.92
mishustin-week: 31 articles, 4 new: AUC 0.963, caught 0.75, quiet 0.93
novelty-lines: 239 articles, 90 new: AUC 0.908, caught 0.86, quiet 0.80
pairs: 458 articles, 210 new: AUC 0.915, caught 0.85, quiet 0.85
talks-break-down: 77 articles, 14 new: AUC 0.895, caught 0.71, quiet 0.87
Learnt from the other streams alone:
island-visit: 86 articles, 12 new: AUC 0.944, caught 0.92, quiet 0.93
mishustin-week: 31 articles, 4 new: AUC 0.972, caught 0.75, quiet 0.93
novelty-lines: 239 articles, 90 new: AUC 0.874, caught 0.83, quiet 0.79
pairs: 458 articles, 210 new: AUC 0.798, caught 0.66, quiet 0.90
talks-break-down: 77 articles, 14 new: AUC 0.888, caught 0.71, quiet 0.87
Never learnt from:
air-and-sea: 79 articles, 13 new: AUC 0.899, caught 0.85, quiet 0.88
"""

from __future__ import annotations

from collections.abc import Mapping

BIAS = -0.69
WEIGHTS: Mapping[str, float] = {
    "words": 0.95,
    "unlike": -1.42,
    "meaning": 0.90,
    "foreign": -1.72,
    "acts": 1.11,
    "names": 0.48,
    "number": 1.68,
    "close_acts": 5.21,
    "close_names": 8.33,
    "close_number": 2.23,
    "close_proper": -0.98,
    "lead_number": 0.96,
    "lead_acts": 0.92,
    "plain": 3.53,
    "reversal": 2.90,
    "close_reversal": 1.22,
    "stage": 1.18,
    "close_stage": 1.75,
    "from_plan": 2.80,
    "first_word": 1.25,
    "new_fact": 0.08,
    "lead_news": 4.25,
    "no_fact": 0.29,
    "tone": -3.35,
    "length": -0.65,
}
