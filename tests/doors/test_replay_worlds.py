"""``replay --by``: each value of a field in a world of its own; and the store that starts over between two worlds."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from monitor.store import SqlStore, tables
from tests import make
from tests.doors.cli import Cli

DRILL = "Russia begins drill on Kunashir, Japan protests"
EXPELLED = "Russia expels eight Japanese diplomats over sanctions"


@pytest.fixture(scope="module")
def cli(tmp_path_factory: pytest.TempPathFactory) -> Cli:
    return Cli.on(tmp_path_factory.mktemp("worlds"), {"harbour": "https://harbour.example/feed"})


def write(path: Path, rows: Sequence[dict[str, Any]]) -> str:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return str(path)


def told(cli: Cli, source: str, *options: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in cli.said("replay", source, "--json", *options).splitlines()]


def row(number: int, world: Any, title: str = DRILL, **fields: Any) -> dict[str, Any]:
    return {"id": number, "pair": world, "publisher": f"Paper {number}", "published": "2026-03-04", "title": title, **fields}  # fmt: skip


def test_each_value_is_a_world_that_knows_nothing_of_the_others(cli: Cli, tmp_path: Path) -> None:
    source = write(tmp_path / "a.jsonl", [row(1, "x"), row(2, 7), row(3, "x"), row(4, 7, EXPELLED)])

    found = [(one["pair"], one["id"], one["story"], one["alert"], one["duplicate_of"]) for one in told(cli, source, "--by", "pair")]  # fmt: skip

    assert found == [("x", 1, "s1", True, None), ("x", 3, "s1", False, 1), (7, 2, "s1", True, None), (7, 4, "s2", True, None)]  # fmt: skip


def test_a_world_gives_what_a_file_of_its_lines_gives(cli: Cli, tmp_path: Path) -> None:
    rows = [row(1, "x"), row(2, "y", EXPELLED), row(3, "x", "Drill on Kunashir ends, Russia says"), row(4, "y")]
    alone = [
        {"pair": world, **one}
        for world in ("x", "y")
        for one in told(cli, write(tmp_path / f"{world}.jsonl", [each for each in rows if each["pair"] == world]))
    ]

    assert told(cli, write(tmp_path / "both.jsonl", rows), "--by", "pair") == alone


def test_the_same_id_in_two_worlds_is_two_articles(cli: Cli, tmp_path: Path) -> None:
    source = write(tmp_path / "a.jsonl", [row(1, "x"), row(1, "y")])

    assert [one["verdict"] for one in told(cli, source, "--by", "pair")] == ["development", "development"]


def test_lines_without_a_date_follow_the_clock_of_their_own_world(cli: Cli, tmp_path: Path) -> None:
    later = {"published": "2026-03-05"}
    source = write(tmp_path / "a.jsonl", [row(1, "x", **later), row(2, "y"), row(3, "y", published=None)])

    found = told(cli, source, "--by", "pair", "--as-of", "2026-03-04T23:00:00Z")

    assert [one["id"] for one in found] == [2, 3]


def test_a_field_that_the_answer_needs_for_itself_is_kept_as_by(cli: Cli, tmp_path: Path) -> None:
    source = write(tmp_path / "a.jsonl", [row(1, "x", story="visit"), row(2, "x", story="reply")])

    assert [(one["by"], one["story"]) for one in told(cli, source, "--by", "story")] == [("visit", "s1"), ("reply", "s1")]  # fmt: skip


def test_worlds_are_shown_in_a_column_of_their_own(cli: Cli, tmp_path: Path) -> None:
    shown = cli.said("replay", write(tmp_path / "a.jsonl", [row(1, "first world"), row(2, "second world")]), "--by", "pair")  # fmt: skip

    assert ("first world" in shown, "second world" in shown, "2 articles: 2 development; 2 alerts" in shown) == (
        True, True, True,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        ({}, ":2: pair is missing; give every line one"),
        ({"pair": None}, ":2: pair is missing; give every line one"),
        ({"pair": ""}, ":2: pair is missing; give every line one"),
        ({"pair": ["x"]}, ":2: pair = ['x'] names no world; write a string or a whole number"),
        ({"pair": True}, ":2: pair = True names no world; write a string or a whole number"),
        ({"pair": 0.5}, ":2: pair = 0.5 names no world; write a string or a whole number"),
    ],
)
def test_a_line_that_names_no_world_is_named(cli: Cli, tmp_path: Path, bad: dict[str, Any], said: str) -> None:
    source = write(tmp_path / "bad.jsonl", [row(1, "x"), {"id": 2, "title": DRILL, **bad}])

    answer = cli.here("replay", source, "--json", "--by", "pair")

    assert (answer.code, answer.out, len(answer.err.splitlines())) == (2, "", 1)
    assert f"bad.jsonl{said}" in answer.err


def test_a_store_that_starts_over_holds_nothing_and_takes_everything_in_again(store: SqlStore) -> None:
    article = make.article()
    for _ in range(2):
        with store.begin() as tx:
            entry = tx.add(article)
            assert entry is not None
            tx.record(entry, make.account(), content_hash=article.content_hash)
        with store.read() as tx:
            assert tx.connection.scalar(select(func.count()).select_from(tables.entry)) == 1
        store.start_over()
        with store.read() as tx:
            held = [
                tx.connection.scalar(select(func.count()).select_from(table)) for table in tables.metadata.sorted_tables
            ]
        assert not any(held)
