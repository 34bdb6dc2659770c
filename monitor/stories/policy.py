"""Every number the story rooms go by, each with its unit and where it came from.

Never computed at run time: a change here is a change of policy and shows in ``tests/quality``.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Weights of likeness, the lines between verdicts, and how much a story remembers."""

    # likeness: a logistic model over what an article shares with a story. Fitted on two thirds of the development half
    # (parted by story) told three ways: with its own dates, with each moved by up to 15 days, with all in one month;
    # on our own burst (tests/quality/burst.jsonl); and, at a third of the weight, on two public story sets of general
    # news, so that words and meaning are not underrated. The weight of days was held at -1: fitted freely it grew and
    # split busy weeks. ``answer_crowd``, ``same``, ``own``,
    # ``few_words`` and the lines of newness were chosen by hand on the same data.
    bias: float = -3.83
    words: float = 5.92  # TF-IDF cosine of title and lead inside one language, 0..1
    no_words: float = 1.5  # in place of words where the story has no article in this language yet
    few_words: float = 6.0  # words a story has used in a language until their likeness counts for half
    concepts: float = 3.29  # cosine of names, acts and things, 0..1
    fact: float = 0.04  # best match of the title's facts with a fact of the story, 0..1; concepts carry most of it
    meaning: float = 5.49  # cosine of vectors, languages centred, -1..1
    people: float = 2.11  # share of the article's people that the story names, 0..1
    strangers: float = -1.23  # where both name people at all
    days: float = -1.0  # logarithm of one plus the days of silence
    crowd: float = -0.77  # logarithm of one plus the articles of the same days
    other_act: float = -0.13  # where the story tells nothing of what the title says was done, by whom
    # The same, times the logarithm above: the busier the days, the more an act stands alone …
    other_act_crowd: float = -0.2
    # … and the more so one side's answer that the story does not tell yet (a protest, a summons).
    answer_crowd: float = -0.9
    own: float = 0.75  # share of a story's own articles that do not count as its crowd
    crowded: dt.timedelta = dt.timedelta(days=3)  # what counts as the same days
    same: float = 0.17  # likelihood from which an article joins its best story; low, as each of many is unlikely
    linked: float = 0.04  # likelihood from which a story that was not joined is named as the one it follows
    prior: float = 12.0  # articles that a concept is held against before stories are known
    pool: int = 30  # stories that get a closer look (60 found the same ones on the development half)

    title: float = 2.0  # weight of a title's words beside those of the lead (measured on public story sets)
    lead: int = 600  # characters of text that count beside the title (longer leads blur groups)
    unseen: float = 0.3  # share of a title's words the story never used: below it a new fact is another wording
    unseen_said: float = 0.5  # the same share for what somebody merely said
    sure: float = 0.8  # likelihood below which a joining is doubtful: then a title of mostly new words is told
    unseen_doubtful: float = 0.3  # share of a title's words the story never used, where the joining is doubtful
    kept_facts: int = 80  # facts a story remembers; the first tellings stay
    quiet: dt.timedelta = dt.timedelta(days=14)  # after that a story that moves again has resumed
    closed: dt.timedelta = dt.timedelta(days=120)  # after that nothing joins it any more
