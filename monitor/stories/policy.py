"""Every number the story rooms go by, each with its unit and where it came from.

Never computed at run time: a change here is a change of policy and shows in ``tests/quality``.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Weights of likeness, the lines between verdicts, and how much a story remembers."""

    # Which story. The weights of what an article shares with a story stand in ``weights``; these are the lines.
    few_words: float = 6.0  # words a story has used in a language until their likeness counts for half
    own: float = 0.75  # share of a story's own articles that do not count as its crowd
    crowded: dt.timedelta = dt.timedelta(days=3)  # what counts as the same days
    same: float = 0.5  # likelihood from which an article joins its best story
    contradicted: float = 8.0  # taken from the log-odds where an act contradicts the story's (docs/stories.md: fitted)
    linked: float = 0.15  # likelihood from which a story that was not joined is named as the one it follows
    follows: dt.timedelta = dt.timedelta(days=60)  # rest after which only what would have joined is linked
    pool: int = 30  # stories that get a closer look (60 found the same ones on the development half)

    title: float = 2.0  # weight of a title's words beside those of the lead (measured on public story sets)
    lead: int = 600  # characters of text that count beside the title (longer leads blur groups)
    novel: float = 0.35  # chance from which an article is told; chosen on our own lines and bursts (train_novelty.py)
    sure: float = 0.5  # likelihood below which a joining is doubtful: then less is asked …
    novel_doubtful: float = 0.3  # … as it may be a story of its own
    old: dt.timedelta = dt.timedelta(days=30)  # a fact dated before that, or held by a record so old, is background
    prior_words: float = (
        150.0  # articles of all news that a word's rarity is held against before the language is learnt
    )
    usual_word: float = 0.06  # share of them that tell a usual word (stories.usual)
    prior_concepts: float = 40.0  # the same for names, acts and things, held against the stories at hand
    usual_concept: float = 0.05
    month: float = 30.0  # days of silence beyond which more of it says no more
    several: float = 4.0  # articles in the same days, its own among them, at which a story counts as half alone
    long: float = 8.0  # words of text at which an article counts as half a headline
    around: dt.timedelta = dt.timedelta(days=5)  # days in which articles on the same matter make a crowd
    kept_titles: int = 8  # titles a story is compared with one by one; the first ones stay, later ones retell
    kept_terms: int = 800  # words, and proper names, a story remembers: the weightiest of some hundred articles
    kept_facts: int = 80  # facts a story remembers; the first tellings stay
    quiet: dt.timedelta = dt.timedelta(days=14)  # after that a story that moves again has resumed
    closed: dt.timedelta = dt.timedelta(days=120)  # after that nothing joins it any more
