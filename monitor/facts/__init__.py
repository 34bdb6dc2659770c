"""Facts: who did what, at which stage, with which number, day and quote, read out of text by rules and word lists.

Never weighs whether a fact is new; ``stories`` does.
"""

from monitor.facts.compare import (
    about,
    actors_of,
    changed_number,
    key,
    overlap,
    reversed_act,
    same_matter,
    stage_reached,
)
from monitor.facts.extract import Extractor
from monitor.facts.vocabulary import Vocabulary

__all__ = [
    "Extractor",
    "Vocabulary",
    "about",
    "actors_of",
    "changed_number",
    "key",
    "overlap",
    "reversed_act",
    "same_matter",
    "stage_reached",
]
