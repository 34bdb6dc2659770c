"""Readers' labels: what they come to, entry by entry and as figures."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from monitor.entities import EntryId, FeedId, LabelKind, LabelView, Reason, TopicId, Verdict
from monitor.evaluation import (
    Day,
    Labelled,
    Said,
    Score,
    disagree,
    evaluate,
    new,
    ours,
    score,
    wilson,
)
from tests import make

ANNA, BORIS = "anna", "boris"


def said(*labels: tuple[str, str]) -> tuple[LabelView, ...]:
    """Labels in the order they were given."""
    return tuple(
        LabelView(ref="e1", entry=EntryId(1), label=LabelKind(kind), by=by, at=make.at(hours=number), note="")
        for number, (by, kind) in enumerate(labels)
    )


def entry(*labels: tuple[str, str], **fields: Any) -> Labelled:
    """An entry that was told, with these labels."""
    given: dict[str, Any] = {
        "entry": EntryId(1),
        "title": "Ministers of Japan and Russia meet in Vienna",
        "text": "",
        "feed": FeedId("harbour-daily"),
        "publisher": "Harbour Daily",
        "lang": "en",
        "published_at": make.NOW,
        "topics": (TopicId("islands"),),
        "verdict": Verdict.DEVELOPMENT,
        "reason": Reason.NEW_STORY,
        "told": True,
        "labels": said(*labels),
    }
    return Labelled(**{**given, **fields})


REPEAT = {"verdict": Verdict.REPEAT, "reason": Reason.NO_NEW_FACT, "told": False}
TURNED_AWAY = {"verdict": Verdict.OFF_BEAT, "reason": Reason.ONE_SIDE, "told": False, "topics": ()}


@pytest.mark.parametrize(
    ("labels", "is_ours", "is_new", "contradicted"),
    [
        ([(ANNA, "relevant")], True, None, False),
        ([(ANNA, "off-beat")], False, None, False),
        ([(ANNA, "not-new")], True, False, False),
        ([(ANNA, "new")], True, True, False),
        ([(ANNA, "off-beat"), (ANNA, "relevant")], True, None, False),
        ([(ANNA, "relevant"), (BORIS, "off-beat")], False, None, True),
        ([(ANNA, "new"), (BORIS, "not-new")], True, False, True),
        ([(ANNA, "new"), (BORIS, "relevant")], True, True, False),
        ([(ANNA, "off-beat"), (BORIS, "split")], False, None, True),
        ([(ANNA, "split")], True, None, False),
    ],
)
def test_the_latest_word_counts_and_a_second_readers_other_word_is_a_disagreement(
    labels: list[tuple[str, str]], is_ours: bool, is_new: bool | None, contradicted: bool
) -> None:
    found = said(*labels)
    assert (ours(found), new(found), disagree(found)) == (is_ours, is_new, contradicted)


def test_each_kind_of_mistake_is_counted_once() -> None:
    entries = [
        entry((ANNA, "relevant")),
        entry((ANNA, "new")),
        entry((ANNA, "not-new")),
        entry((ANNA, "off-beat")),
        entry((ANNA, "wrong-topic")),
        entry((ANNA, "relevant"), **REPEAT),
        entry((ANNA, "new"), **REPEAT),
        entry((ANNA, "relevant"), **TURNED_AWAY),
        entry((ANNA, "off-beat"), **TURNED_AWAY),
        entry((ANNA, "merge")),
    ]
    low, high = wilson(3, 5)
    assert score("all", entries) == Score(
        row="all", entries=9, alerts=5, right=3, not_new=1, wrong_topic=1, off_beat=1, missed_by_gate=1,
        missed_as_silent=1, precision=3 / 5, low=low, high=high,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("hits", "of", "low", "high"),
    [(0, 0, 0.0, 1.0), (10, 10, 0.722, 1.0), (0, 10, 0.0, 0.278), (8, 10, 0.490, 0.943), (81, 263, 0.255, 0.366)],
)
def test_the_interval_is_wilsons(hits: int, of: int, low: float, high: float) -> None:
    assert wilson(hits, of) == (pytest.approx(low, abs=0.001), pytest.approx(high, abs=0.001))


def test_figures_stand_by_language_publisher_feed_and_topic_the_most_labelled_first() -> None:
    two = ("islands", "treaty")
    entries = [
        entry((ANNA, "relevant")),
        entry((ANNA, "not-new"), lang="ja", publisher="Minato", feed=FeedId("minato"), topics=two),
        entry((ANNA, "relevant"), lang="ja", publisher="Minato", feed=FeedId("minato"), topics=()),
    ]
    found = evaluate(entries, [], since=None, until=None, zone=dt.UTC)
    assert {what: [(row.row, row.entries, row.right) for row in rows] for what, rows in found.by.items()} == {
        "language": [("ja", 2, 1), ("en", 1, 1)],
        "publisher": [("Minato", 2, 1), ("Harbour Daily", 1, 1)],
        "feed": [("minato", 2, 1), ("harbour-daily", 1, 1)],
        "topic": [("islands", 2, 1), ("no topic", 1, 1), ("treaty", 1, 0)],
    }


def test_days_are_the_readers_and_quiet_ones_count() -> None:
    late = dt.datetime(2026, 3, 4, 16, tzinfo=dt.UTC)  # the fifth, one in the night, in Tokyo
    told = [late - dt.timedelta(days=3), late, late]
    found = evaluate([], told, since=None, until=None, zone=ZoneInfo("Asia/Tokyo"))
    assert found.days == tuple(
        Day(day=dt.date(2026, 3, day), alerts=alerts) for day, alerts in ((2, 1), (3, 0), (4, 0), (5, 2))
    )
    assert (found.alerts, found.readers, found.whole.precision) == (3, (), None)


def test_disagreements_and_wishes_are_listed_for_a_person() -> None:
    quarrel = entry((ANNA, "new"), (BORIS, "not-new"), entry=EntryId(7))
    wish = entry((ANNA, "relevant"), (ANNA, "split"), entry=EntryId(8))
    found = evaluate([quarrel, wish, entry((ANNA, "relevant"))], [], since=None, until=None, zone=dt.UTC)
    assert found.disagreed == (Said(entry=EntryId(7), title=quarrel.title, labels=quarrel.labels),)
    assert found.wishes == (Said(entry=EntryId(8), title=wish.title, labels=wish.labels),)
    assert found.readers == (ANNA, BORIS)
