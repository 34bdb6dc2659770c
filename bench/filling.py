"""A database that holds much: invented stories and their articles written past the rooms, as fast as the disk takes it.

The stories are made from a few that the rooms made: their profiles with other words, other names beside each other and
another meaning, so that no two hold the same and every hot name is held by thousands.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import random
from collections.abc import Mapping, Sequence

from monitor.entities import Account, Article, Assignment, FeedId, NameId, Profile, Reason, Ruling, Story, Verdict
from monitor.store import SqlStore, SqlTx
from monitor.store import tables as t
from monitor.store.bulk import add_rows, next_id
from monitor.store.entries import ARTICLE

ARTICLES = 5
"""Articles of a story: 20,000 stories hold 100,000."""
BANDS = 4
"""Bands an article is found by as a copy; a long text has nine times as many."""
TOGETHER = 1_000
"""Stories in one transaction."""
SPAN = dt.timedelta(days=3_000)
"""The days before the measured stream that the stories lie in: eight years."""
NAMES = tuple(map(NameId, ("japan", "russia", "putin", "abe", "kishida", "lavrov", "tokyo", "moscow", "kunashiri")))


def fill(store: SqlStore, patterns: Sequence[Story], *, held: int, stories: int, until: dt.datetime, seed: int) -> None:
    """Add stories with their articles, told before ``until``, until ``stories`` of them are held beside ``held``."""
    rng = random.Random(f"fill {seed} {held}")
    for first in range(held, stories, TOGETHER):
        with store.begin() as tx:
            for number in range(first, min(first + TOGETHER, stories)):
                at = until - SPAN * rng.random()
                story = _story(tx, rng.choice(patterns), at, rng)
                _articles(tx, story, number, rng)


def _story(tx: SqlTx, pattern: Story, at: dt.datetime, rng: random.Random) -> Story:
    profile = _varied(pattern.profile, rng)
    title = f"{pattern.title} {rng.randint(2, 99)}"
    opened = tx.open_story(_article(title, at, 0), Assignment(story=None), profile)
    story = tx.story(opened)
    assert story is not None
    moved = dataclasses.replace(story, last_at=at + dt.timedelta(hours=rng.randint(1, 40)), articles=ARTICLES)
    tx.save_story(moved)
    tx.index_story(moved, (*map(str, profile.names), *profile.acts, *profile.terms))
    return moved


def _varied(profile: Profile, rng: random.Random) -> Profile:
    """The profile with two words in three made others, three names drawn anew and its meaning turned."""
    terms = {
        term if rng.random() < 0.3 else f"{term.partition(':')[0]}:{rng.randrange(60_000):x}": weight
        for term, weight in profile.terms.items()
    }
    names = {**dict.fromkeys(rng.sample(NAMES, k=3), 2.0), **_some(profile.names, rng)}
    vector = tuple(value + rng.gauss(0.0, 0.06) for value in profile.vector)
    return dataclasses.replace(profile, terms=terms, names=names, vector=vector)


def _some(names: Mapping[NameId, float], rng: random.Random) -> dict[NameId, float]:
    return {name: weight for name, weight in names.items() if rng.random() < 0.7}


def _article(title: str, at: dt.datetime, number: int) -> Article:
    url = f"https://held.example/{number}"
    return Article(
        feed_id=FeedId("held"),
        keys=(f"url:{url}",),
        url=url,
        publisher="Held",
        family="held",
        lang="en",
        title=title,
        text="Officials of both sides met and spoke of what had been agreed before. " * 6,
        published_at=at,
        first_seen_at=at,
        content_hash=f"{number:032x}",
    )


def _articles(tx: SqlTx, story: Story, number: int, rng: random.Random) -> None:
    """The story's articles, with what they are known by and what their copies would be found by."""
    articles = [
        _article(f"{story.title}: {n}", story.opened_at, number * ARTICLES + n) for n in range(ARTICLES)
    ]  # fmt: skip
    entries = tx.add_settled([(article, _account(article)) for article in articles])
    first = next_id(tx.connection, t.article)
    rows = [
        {
            "id": first + n,
            "entry_id": entry,
            "story_id": story.id,
            "title": article.title,
            "text": article.text,
            "published_at": article.published_at,
            "article": ARTICLE.dump(article),
            "signature": b"",
        }
        for n, (entry, article) in enumerate(zip(entries, articles, strict=True))
    ]
    add_rows(tx.connection, t.article, rows)
    bands = [{"band": rng.getrandbits(62), "article_id": row["id"]} for row in rows for _ in range(BANDS)]
    add_rows(tx.connection, t.copy_band, bands)


def _account(article: Article) -> Account:
    return Account(
        title=article.title,
        url=article.url,
        verdict=Verdict.REPEAT,
        reason=Reason.NO_NEW_FACT,
        ruling=Ruling(relevant=True, reason=None, score=1.0),
    )
