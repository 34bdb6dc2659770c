"""``monitor topics suggest``: new ground in a database that was filled through the pipeline."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

from tests.doors.cli import Cli

SALMON = "Japan and Russia agree on a salmon quota"
CONSULS = (
    "Japan protests after Russia detains consular officer",
    "Tokyo asks Moscow to let the detained consular officer go home",
    "Detained consular officer of Japan leaves Russia",
    "日本の領事、ロシア当局に拘束される",
    "Россия сообщила о задержании японского консула",
)
LONE = "Japan complains to Russia about remarks on nuclear waste"
FAR = ("topics", "suggest", "--days", "3650")


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    """Commands on a database of their own, where meaning is off."""
    return Cli.on(tmp_path, {"harbour": "https://harbour.example/feed"})


def fill(cli: Cli, *titles: str) -> None:
    """Take in these headlines through the pipeline, a day each."""
    rows = [
        {
            "id": f"a{n}",
            "publisher": f"Paper {n}",
            "published": f"2022-10-{n:02d}T08:00:00Z",
            "title": title,
            "text": "",
        }
        for n, title in enumerate(titles, 1)
    ]
    source = cli.folder / "lines.jsonl"
    source.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    cli.said("backfill", str(source))


def test_articles_that_fit_no_topic_and_are_alike_are_proposed_as_one(cli: Cli) -> None:
    fill(cli, SALMON, *CONSULS[:3], LONE)
    [proposal] = cli.json(*FAR)
    assert proposal["size"] == 3
    assert proposal["examples"] == list(CONSULS[:3])
    assert {word for phrase in proposal["phrases"]["en"] for word in phrase.split()} >= {"consular", "officer"}
    assert cli.json(*FAR) == [proposal]
    said = cli.said(*FAR)
    assert "4 articles of 3650 days on new ground, 1 proposal" in said
    assert CONSULS[0] in said
    assert LONE not in said


def test_a_proposal_written_down_is_a_topic_that_loads_and_finds_its_articles(cli: Cli) -> None:
    fill(cli, *CONSULS)
    path = cli.folder / "config" / "topics" / "consuls.toml"
    assert cli.said(*FAR, "--write", str(path)).strip() == str(path)
    drafted = tomllib.loads(path.read_text(encoding="utf-8"))
    assert drafted["id"] == "consuls"
    assert cli.json("check")["parts"][0]["problems"] == []
    assert cli.json("topics", "test", CONSULS[2])["topics"][0]["topic"] == "consuls"
    again = cli.here(*FAR, "--write", str(path))
    assert (again.code, "is there already" in again.err) == (2, True)


def test_a_proposal_can_be_printed_and_chosen_by_its_number(cli: Cli) -> None:
    fill(cli, *CONSULS[:3])
    assert tomllib.loads(cli.said(*FAR, "--write", "-"))["severity"] == "minor"
    answer = cli.here("topics", "suggest", "2", "--days", "3650", "--write", "-")
    assert (answer.code, answer.out) == (2, "")
    assert "there is no proposal 2; `monitor topics suggest` shows 1" in answer.err


@pytest.mark.parametrize("name", ["Consuls.toml", "consuls.txt", "-consuls.toml"])
def test_a_file_that_could_be_no_topic_is_refused(cli: Cli, name: str) -> None:
    fill(cli, *CONSULS[:3])
    answer = cli.here(*FAR, "--write", str(cli.folder / name))
    assert (answer.code, "is no file name of a topic" in answer.err) == (2, True)


def test_without_new_ground_it_says_so(cli: Cli) -> None:
    fill(cli, SALMON)
    assert cli.said(*FAR).strip() == "No new ground: every article of the last 3650 days reports on a topic."
    assert cli.json(*FAR) == []
    answer = cli.here(*FAR, "--write", "-")
    assert (answer.code, "No new ground" in answer.err) == (2, True)


def test_too_few_alike_are_counted_and_not_proposed(cli: Cli) -> None:
    fill(cli, CONSULS[0], LONE)
    assert cli.said(*FAR).split(";")[0] == "2 articles of the last 3650 days fit no topic, but they are not 3 alike"
    assert [row["size"] for row in cli.json(*FAR, "--least", "2")] == []
