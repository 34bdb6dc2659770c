"""``replay`` and ``backfill``: dated articles through the real pipeline, in processes of their own."""

from __future__ import annotations

import json
import signal
import sqlite3
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.doors.cli import PATIENCE, Cli
from tests.doors.feed_server import item, rss

TALKS = "Japan and Russia agree on a salmon quota of 2,050 tons"
BODY = "Officials of Japan and Russia closed their yearly fishing talks in Tokyo. Boats may sail from the first of May."
EXPELLED = "Russia expels eight Japanese diplomats over sanctions"

LINES: Sequence[dict[str, Any]] = (
    {"id": "a", "url": "https://harbour.example/1", "publisher": "Harbour Daily", "lang": "en",
     "published": "2022-04-22T08:00:00+09:00", "title": TALKS, "text": BODY},
    {"id": "b", "url": "https://kanal.example/2", "publisher": None, "lang": None, "published": "2022-04-22",
     "title": TALKS, "text": BODY},
    {"id": 3, "url": None, "publisher": "みなと新聞", "published": None, "title": "ドイツで収穫祭が始まる", "text": None},
    {"id": "d", "url": "", "publisher": "Kanal", "lang": "fr", "published": "2022-05", "title": "", "text": ""},
    {"id": "e", "publisher": "Kanal", "published": "no date at all", "title": EXPELLED, "text": "\ud83d\ude00 <b> & \u0000"},
    {"id": "f", "publisher": "Kanal", "published": "Thu, 05 May 2022 10:00:00 GMT", "title": EXPELLED, "text": None},
)  # fmt: skip
KEYS = {"id", "verdict", "reason", "relevant", "topics", "story", "development", "alert", "duplicate_of"}


@pytest.fixture(scope="module")
def cli(tmp_path_factory: pytest.TempPathFactory) -> Cli:
    return Cli.on(tmp_path_factory.mktemp("history"), {"harbour": "https://harbour.example/feed"})


def write(path: Path, rows: Sequence[dict[str, Any]]) -> str:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return str(path)


def lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


# ------------------------------------------------------------------------------------------------------ replay


def test_replay_answers_each_line_with_the_contract_whatever_it_holds(cli: Cli, tmp_path: Path) -> None:
    told = lines(cli.said("replay", write(tmp_path / "a.jsonl", LINES), "--json"))
    assert [row["id"] for row in told] == [row["id"] for row in LINES]
    assert all(set(row) == KEYS for row in told)
    by_id = {row["id"]: row for row in told}
    first = by_id["a"]
    assert (first["relevant"], first["alert"], first["development"]["kind"]) == (True, True, "new-story")
    assert "fisheries" in [topic["topic"] for topic in first["topics"]]
    assert all(topic["evidence"] and 0 <= topic["score"] <= 1 for topic in first["topics"])
    copy = by_id["b"]
    assert (copy["verdict"], copy["duplicate_of"], copy["alert"], copy["story"]) == ("copy", "a", False, first["story"])
    assert (by_id[3]["relevant"], by_id[3]["topics"], by_id[3]["story"]) == (False, [], None)
    assert by_id["d"]["verdict"] == "rejected"
    assert by_id["e"]["relevant"] is True


def test_replay_stops_as_of_a_time(cli: Cli, tmp_path: Path) -> None:
    told = lines(cli.said("replay", write(tmp_path / "a.jsonl", LINES), "--json", "--as-of", "2022-04-30"))
    assert [row["id"] for row in told] == ["a", "b", 3]


def test_replay_without_the_gate_groups_any_news(cli: Cli, tmp_path: Path) -> None:
    told = lines(cli.said("replay", write(tmp_path / "a.jsonl", LINES), "--json", "--no-gate"))
    by_id = {row["id"]: row for row in told}
    assert by_id[3]["story"] is not None
    assert by_id[3]["relevant"] is True


def test_replay_shows_what_another_configuration_would_change(cli: Cli, tmp_path: Path) -> None:
    source = write(tmp_path / "a.jsonl", LINES)
    assert cli.said("replay", source, "--diff", "config", "--json") == ""
    other = Cli.on(tmp_path, {"harbour": "https://harbour.example/feed"}, more="[gate]\nenabled = false\n")
    changed = lines(cli.said("replay", source, "--diff", str(other.folder / "config"), "--json"))
    assert [(row["id"], row["before"]["relevant"], row["after"]["relevant"]) for row in changed] == [(3, False, True)]


def test_replay_leaves_no_trace_in_the_database(cli: Cli, tmp_path: Path) -> None:
    cli.said("replay", write(tmp_path / "a.jsonl", LINES), "--json")
    assert cli.json("stories", "list") == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", ":1: is no JSON (Expecting property name enclosed in double quotes at column 2)"),
        ("[1]", ":1: is no JSON object"),
        ('{"id": ' + "9" * 5_000 + "}", ":1: is no JSON (a number too long to be read)"),
        ('{"title": "x"}', ":1: id is missing"),
        ('\n{"id": "a", "title": ["x"]}', ":2: title = ['x'] is no text; write a string or null"),
    ],
)
def test_a_line_that_cannot_be_read_is_named(cli: Cli, tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_text(text, encoding="utf-8")
    answer = cli.here("replay", str(path), "--json")
    assert (answer.code, answer.out) == (2, "")
    assert said in answer.err
    assert len(answer.err.splitlines()) == 1


@pytest.mark.parametrize(
    "edge", ["9999-12-31T23:59:59Z", "9999-12", "9999", "0001-01-01", "Fri, 31 Dec 9999 23:59:59 -0900"]
)
def test_a_date_at_the_edge_of_the_calendar_counts_as_none(cli: Cli, tmp_path: Path, edge: str) -> None:
    source = write(tmp_path / "a.jsonl", [
        {"id": 1, "published": edge, "title": "Japan protests to Russia yesterday over a drill", "text": "It ends tomorrow, on 31 December."},
        {"id": 2, "title": "Russia rejects the protest of Japan", "text": ""},
    ])  # fmt: skip
    assert [row["relevant"] for row in lines(cli.said("replay", source, "--json"))] == [True, True]


def test_halves_of_characters_are_read_as_signs_that_were_lost(cli: Cli, tmp_path: Path) -> None:
    source = write(tmp_path / "a.jsonl", [
        {"id": "a\ud83d", "url": "https://harbour.example/\ud800?q=\udc00", "publisher": "Harbour\udfff",
         "published": "2026-03-04", "title": "Japan protests to Russia \ud800", "text": "Tokyo \udead waits."},
    ])  # fmt: skip
    assert [(row["id"], row["relevant"]) for row in lines(cli.said("replay", source, "--json"))] == [("a\ufffd", True)]


# ---------------------------------------------------------------------------------------------------- backfill


def test_backfill_takes_every_kind_of_source_in_and_alerts_of_nothing(tmp_path: Path) -> None:
    cli = Cli.on(tmp_path, {"harbour": "https://harbour.example/feed"})
    history = tmp_path / "history"
    (history / "texts").mkdir(parents=True)
    write(history / "a.jsonl", [*LINES[:3], {"id": None}])
    (history / "harbour.xml").write_bytes(rss(item(1, EXPELLED), item(2, "Harvest festival opens in Bavaria")))
    (history / "feed.json").write_text(
        json.dumps({"version": "https://jsonfeed.org/version/1.1", "title": "Kanal", "items": [
            {"id": "1", "url": "https://kanal.example/9", "title": "Moscow and Tokyo hold talks on visa-free visits",
             "content_text": BODY, "date_published": "2022-03-01T00:00:00Z"}]}),
        encoding="utf-8",
    )  # fmt: skip
    (history / "texts" / "page.txt").write_text(
        f"Japan protests to Russia over missile drill near the Kuril islands\nHarbour Daily, March 28, 2023\n\n{BODY}\n",
        encoding="utf-8",
    )
    told = cli.json("backfill", str(history))
    assert told["complete"] is True
    by_name = {Path(row["source"]).name: row for row in told["sources"]}
    assert {name: (row["read"], row["new"], row["unreadable"]) for name, row in by_name.items()} == {
        "a.jsonl": (3, 3, 1), "feed.json": (1, 1, 0), "harbour.xml": (2, 2, 0), "page.txt": (1, 1, 0),
    }  # fmt: skip
    assert by_name["harbour.xml"]["on_beat"] == 1
    assert cli.json("alerts", "list") == []
    stories = cli.json("stories", "list")
    assert {story["last_at"][:10] for story in stories} >= {"2022-03-01", "2023-03-28"}
    feeds = {row["feed"]: row for row in cli.json("feeds", "list")}
    assert (feeds["harbour"]["entries"], feeds["harbour"]["last_success_at"]) == (2, None)

    again = cli.json("backfill", str(history))
    assert all(row["skipped"] and row["read"] == 0 for row in again["sources"])
    anew = cli.json("backfill", str(history), "--no-resume")
    assert [(row["new"], row["known"]) for row in anew["sources"]] == [(0, 3), (0, 1), (0, 2), (0, 1)]

    with (history / "a.jsonl").open("a", encoding="utf-8") as file:
        file.write(
            json.dumps({**LINES[0], "id": "late", "url": "https://harbour.example/late", "title": EXPELLED}) + "\n"
        )
    grown = cli.json("backfill", str(history / "a.jsonl"))
    assert [(row["read"], row["new"]) for row in grown["sources"]] == [(1, 1)]


def test_a_backfill_that_is_asked_to_tell_puts_one_digest_into_the_outbox(tmp_path: Path) -> None:
    cli = Cli.on(tmp_path, {"harbour": "https://harbour.example/feed"})
    told = cli.json("backfill", write(tmp_path / "a.jsonl", LINES), "--alert")
    assert (told["complete"], told["digests"]) == (True, 1)
    (row,) = cli.json("alerts", "list")
    assert (row["state"], row["alert"]["kind"]) == ("held", "digest")
    assert [item["headline"] for item in row["alert"]["items"]] == [TALKS, EXPELLED]
    assert {item["why"] for item in row["alert"]["items"]} == {"taken in as history"}


def test_backfill_keeps_to_its_window(tmp_path: Path) -> None:
    cli = Cli.on(tmp_path, {"harbour": "https://harbour.example/feed"})
    source = write(tmp_path / "a.jsonl", LINES)
    (told,) = cli.json("backfill", source, "--since", "2022-05-01", "--until", "2022-05-04")["sources"]
    assert (told["read"], told["outside"]) == (6, 4)


def test_an_interrupted_backfill_goes_on_where_it_stopped(tmp_path: Path) -> None:
    cli = Cli.on(tmp_path, {"harbour": "https://harbour.example/feed"})
    rows = [
        {
            "id": number,
            "published": f"2022-04-22T08:{number // 60:02}:{number % 60:02}Z",
            "title": f"Harvest report {number}",
        }
        for number in range(3000)
    ]
    source = write(tmp_path / "long.jsonl", rows)
    cli.ok("db", "upgrade")
    process = cli.start("backfill", source, "--json")

    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        with sqlite3.connect(tmp_path / "monitor.db") as database:
            if database.execute("SELECT count(*) FROM entry").fetchone()[0] > 20:
                break
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, "Traceback" in err) == (1, False), err
    first = json.loads(out)
    assert first["complete"] is False
    second = cli.json("backfill", source)
    assert second["complete"] is True
    assert first["sources"][0]["new"] + second["sources"][0]["read"] == 3000
    assert second["sources"][0]["known"] == 0
