"""What each trait of ``novelty`` weighs. Written by ``scripts/train_novelty.py``, never by hand.

Told from a chance of 0.35 on, or by a sure fact. Learnt from the other seven eighths of all streams:
island-visit: 86 articles, 12 new: AUC 0.949, caught 0.92, quiet 0.92
mishustin-week: 31 articles, 4 new: AUC 0.954, caught 0.75, quiet 0.96
novelty-lines: 239 articles, 90 new: AUC 0.931, caught 0.87, quiet 0.86
pairs: 458 articles, 210 new: AUC 0.931, caught 0.86, quiet 0.88
talks-break-down: 77 articles, 14 new: AUC 0.897, caught 0.79, quiet 0.86
Learnt from the other streams alone:
island-visit: 86 articles, 12 new: AUC 0.944, caught 0.83, quiet 0.93
mishustin-week: 31 articles, 4 new: AUC 0.963, caught 0.75, quiet 0.96
novelty-lines: 239 articles, 90 new: AUC 0.906, caught 0.80, quiet 0.87
pairs: 458 articles, 210 new: AUC 0.826, caught 0.68, quiet 0.92
talks-break-down: 77 articles, 14 new: AUC 0.890, caught 0.79, quiet 0.87
Never learnt from:
air-and-sea: 79 articles, 13 new: AUC 0.921, caught 0.85, quiet 0.91
"""

from __future__ import annotations

from collections.abc import Mapping

BIAS = 0.22
WEIGHTS: Mapping[str, float] = {
    "words": 1.43,
    "unlike": -1.58,
    "meaning": 0.97,
    "foreign": -1.71,
    "acts": 0.89,
    "names": 0.72,
    "number": 2.06,
    "close_acts": 6.28,
    "close_names": 6.63,
    "close_number": 2.19,
    "close_proper": -0.78,
    "lead_number": 1.35,
    "same_lead": 5.09,
    "plain": 3.20,
    "reversal": 2.87,
    "close_reversal": 1.23,
    "stage": 1.07,
    "close_stage": 1.79,
    "from_plan": 2.66,
    "first_word": 1.22,
    "new_fact": -0.16,
    "lead_news": 3.84,
    "known": -0.70,
    "spoken": 1.25,
    "tone": -4.22,
    "length": -1.00,
}
