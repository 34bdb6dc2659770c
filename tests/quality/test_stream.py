"""Labelled lines on their way through the pipeline: shuffled dates, worlds apart, and the third set aside."""

from __future__ import annotations

import datetime as dt
import hashlib
import subprocess
import sys
from typing import Any

import pytest

from monitor.cli.replay import Replayed
from tests.quality.beat import aside
from tests.quality.scores import Judged
from tests.quality.stream import DAYS, MONTH, ROOT, crowded, join, line, moved, own, times, ungated, walk_worlds

ROWS: list[dict[str, Any]] = [
    {"id": "a", "lang": "en", "date": "2021-03-05", "title": "Fishing talks open in Moscow", "story": "talks"},
    {"id": "b", "lang": "en", "date": None, "title": "Quota for salmon is agreed", "story": "quota"},
    {"id": "c", "lang": "en", "date": "2021-03-09T08:00:00+00:00", "title": "Envoys meet in Tokyo", "story": None},
]


def when(row: dict[str, Any]) -> dt.datetime:
    return dt.datetime.fromisoformat(row["published"])


def test_moved_dates_stay_within_half_a_month_and_the_lines_are_in_their_new_order() -> None:
    own_times = {row["id"]: at for row, at in times(ROWS)}
    for seed in range(5):
        lines = moved(ROWS, seed)
        assert sorted(row["id"] for row in lines) == ["a", "b", "c"]
        assert [when(row) for row in lines] == sorted(map(when, lines))
        assert all(abs(when(row) - own_times[row["id"]]) <= dt.timedelta(days=DAYS / 2) for row in lines)
    assert moved(ROWS, 1) == moved(ROWS, 1) != moved(ROWS, 2)


def test_a_crowded_month_holds_every_line() -> None:
    lines = crowded(ROWS, 3)
    assert sorted(row["id"] for row in lines) == ["a", "b", "c"]
    assert all(MONTH <= when(row) <= MONTH + dt.timedelta(days=DAYS) for row in lines)


def test_a_line_without_a_date_stands_where_the_file_has_it() -> None:
    at = [moment for _, moment in times(ROWS)]
    assert at == sorted(at)


def test_whole_stories_are_set_aside() -> None:
    names = [f"story {number}" for number in range(600)]
    apart = {name for name in names if aside({"id": "x", "story": name})}
    assert all(aside({"id": name, "story": None}) == (name in apart) for name in names)
    assert 0.25 < len(apart) / len(names) < 0.42
    assert apart == {name for name in names if hashlib.md5(name.encode()).digest()[0] % 3 == 0}


def test_worlds_do_not_know_of_one_another() -> None:
    told = walk_worlds({"one": map(line, ROWS[:1]), "two": [line(ROWS[0]), line(ROWS[2])]}, ungated())
    assert {name: sorted(found) for name, found in told.items()} == {"one": ["a"], "two": ["a", "c"]}
    assert told["one"]["a"].verdict == told["two"]["a"].verdict == "development"


def test_an_item_without_a_verdict_counts_as_not_ours() -> None:
    row = {"id": 7, "lang": "ja", "relevant": True, "topics": ["none"], "story": "s", "adds_new_facts": None}
    found: dict[str, Replayed] = {}
    assert join([row], found) == [Judged(id="7", lang="ja", relevant=True, story="s")]


@pytest.mark.parametrize("name", ["gate.jsonl", "topics.jsonl"])
def test_lines_of_our_own_are_many_in_every_language_and_none_stands_twice(name: str) -> None:
    rows = own(name)
    assert {row["lang"] for row in rows} == {"en", "ja", "ru"}
    assert all(sum(row["lang"] == lang for row in rows) >= 60 for lang in ("en", "ja", "ru"))
    assert len({(row["title"], row["text"]) for row in rows}) == len(rows)


def test_a_part_that_is_not_there_is_an_error_that_names_those_that_are() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.quality", "weather"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, "there is no part 'weather'" in done.stderr, "bursts" in done.stderr) == (2, True, True)
