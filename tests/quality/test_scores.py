"""The scorers: on cases counted by hand, and equal to the shared scorers where those stand beside the project."""

from __future__ import annotations

import importlib.util
import random
from types import ModuleType
from typing import Any

import pytest

from tests.quality import scores
from tests.quality.scores import Judged
from tests.shared import SHARED, needs_shared

SEED = 11


def item(number: int, **fields: Any) -> Judged:
    return Judged(**{"id": str(number), "lang": "en", "said_relevant": True, **fields})


STREAM = (
    item(1, story="S", topics=frozenset("ab"), said_topics=frozenset("a"), found="x", alert=True),
    item(2, story="S", topics=frozenset("a"), said_topics=frozenset("ab"), found="x", alert=True),
    item(3, story="S", topics=frozenset("b"), adds=True, said_relevant=False),
    item(4, relevant=False, said_topics=frozenset("a"), found="x", alert=True),
    item(5, found="y", alert=True),
    item(6, story="T", topics=frozenset("a"), said_topics=frozenset("a"), found="z"),
    item(7, story="T", topics=frozenset("a"), said_topics=frozenset("b"), found="z", alert=True),
)
"""Two stories, a report that stands alone, and one that is not ours: each kind of mistake once."""


def test_the_gate_counts_what_it_let_through() -> None:
    assert scores.gate(STREAM) == {"F1": pytest.approx(10 / 12), "recall": pytest.approx(5 / 6), "irrelevant kept": 1}


def test_topics_are_scored_on_relevant_items_alone() -> None:
    assert scores.topics(STREAM) == {"micro F1": pytest.approx(6 / 11)}


def test_stories_are_scored_on_items_that_have_one() -> None:
    # precision 1; recall of the items: 2/3, 2/3, 1/3 of S and 1, 1 of T
    recall = (2 / 3 + 2 / 3 + 1 / 3 + 2) / 5
    assert scores.stories(STREAM) == {"B³ F1": pytest.approx(2 * recall / (1 + recall))}


def test_an_alert_is_deserved_by_the_first_of_a_story_and_by_a_new_fact() -> None:
    # deserved: 1, 3, 5, 6; sent: 1, 2, 4, 5, 7; possible repeats: 2, 7
    assert scores.alerts(STREAM, scores.firsts(STREAM)) == {
        "precision": pytest.approx(2 / 5),
        "recall": pytest.approx(2 / 4),
        "new facts": 0,
        "quiet": 0,
    }


def test_a_row_of_a_stream_keeps_the_firsts_of_the_whole() -> None:
    late = [one for one in STREAM if one.id == "2"]
    assert scores.alerts(late, scores.firsts(STREAM)) == {"precision": 0, "recall": 0, "quiet": 0}


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([(0.9, True), (0.1, False)], 1.0),
        ([(0.1, True), (0.9, False)], 0.0),
        ([(0.5, True), (0.5, False)], 0.5),
        ([(0.5, True), (0.5, False), (0.7, True), (0.5, False)], 0.75),
        ([(0.3, True)], 0.5),
    ],
)
def test_the_area_under_the_curve_is_the_chance_to_rank_a_true_one_first(
    rows: list[tuple[float, bool]], expected: float
) -> None:
    assert scores.auc(rows) == pytest.approx(expected)


def test_nothing_at_all_scores_nothing() -> None:
    assert (scores.b_cubed([]), scores.f1(0, 0, 0), scores.share(0, 0)) == (0, 0, 0)


def shared(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, SHARED / "eval" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def a_stream(size: int) -> list[Judged]:
    """Labels and verdicts by chance, the same each time."""
    chance = random.Random(SEED)
    made = []
    for number in range(size):
        relevant = chance.random() < 0.7
        story = f"S{chance.randrange(size // 4)}" if chance.random() < 0.8 else None
        said = chance.random() < 0.75
        made.append(
            Judged(
                id=str(number),
                lang=chance.choice(("en", "ja", "ru")),
                relevant=relevant,
                story=story,
                adds=chance.random() < 0.2,
                topics=frozenset(chance.sample("abcd", chance.randrange(3))),
                said_relevant=said,
                said_topics=frozenset(chance.sample("abcd", chance.randrange(3))),
                found=f"f{chance.randrange(size // 4)}" if said else None,
                alert=said and chance.random() < 0.5,
            )
        )
    return made


@pytest.mark.shared
@needs_shared
def test_figures_are_those_of_the_shared_scorer() -> None:
    stream = a_stream(400)
    gold = [
        {
            "id": one.id,
            "lang": one.lang,
            "relevant": one.relevant,
            "topics": sorted(one.topics),
            "story": one.story,
            "adds_new_facts": one.adds,
        }
        for one in stream
    ]
    told = [
        {
            "id": one.id,
            "relevant": one.said_relevant,
            "topics": sorted(one.said_topics),
            "story": one.found,
            "alert": one.alert,
        }
        for one in stream
    ]
    first = scores.firsts(stream)
    for name, row in shared("score").evaluate(gold, told)["rows"].items():
        part = [one for one in stream if name in {"all", one.lang}]
        ours = (scores.gate(part), scores.topics(part), scores.stories(part), scores.alerts(part, first))
        theirs = (
            {"F1": row["gate"]["f1"], "recall": row["gate"]["r"], "irrelevant kept": row["gate"]["fp"]},
            {"micro F1": row["topics"]["f1"], "macro F1": row["topics"]["macro_f1"]},
            {"B³ F1": row["stories"]["f1"]},
            {
                "precision": row["alerts"]["p"],
                "recall": row["alerts"]["r"],
                "new facts": row["alerts"]["r_new"],
                "quiet": row["alerts"]["quiet"],
            },
        )
        assert ours == tuple(pytest.approx(each) for each in theirs)


@pytest.mark.shared
@needs_shared
def test_grouping_is_that_of_the_shared_scorer() -> None:
    parts = [(one.event, one.cluster) for one in a_stream(400)]
    theirs = shared("cluster_eval").bcubed(*map(list, zip(*parts, strict=True)))[2]
    assert scores.b_cubed(parts) == pytest.approx(theirs)
