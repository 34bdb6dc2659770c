"""What each signal's evidence weighs, for every topic alike, so that a new topic needs no training.

Logistic regression by ``scripts/train_topics.py`` over the corpus's own records (a tenth of the weight) and labelled
reports. Those hold few long texts, so what is said further down is weighed by hand, on the five first records' reports.
"""

from __future__ import annotations

from collections.abc import Mapping

BIAS = -3.75
WEIGHTS: Mapping[str, float] = {
    "words-title": 5.0,
    "words-lead": 2.1,
    "words-body": 4.5,
    "words-background": 0.0,
    "names-title": 0.6,
    "names-lead": 0.6,
    "names-body": 1.6,
    "names-meet": 0.9,
    "meaning": 0.6,
    "corpus": 3.3,
}
THRESHOLD = 0.4  # chance from which an article reports on a topic; floors in tests/quality/topics.json
MENTIONED = 0.5  # strength of background words from which a topic is shown as merely mentioned
