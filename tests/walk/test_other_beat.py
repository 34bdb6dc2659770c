"""Another beat is another configuration folder: checked and replayed by the same commands, with no line of Python."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.doors.cli import ROOT, Cli

BEAT = ROOT / "tests" / "beats" / "japan-korea"
HEADLINES = (
    ("a", "2026-04-01T08:00:00Z", "South Korea holds drill near Takeshima, Japan protests"),
    ("b", "2026-04-01T09:00:00Z", "韓国が竹島周辺で訓練、日本政府が抗議"),
    ("c", "2026-04-02T08:00:00Z", "Japan and South Korea agree to end export controls on chip materials"),
    ("d", "2026-04-02T09:00:00Z", "South Korea beats Japan 2-1 in friendly match in Seoul"),
    ("e", "2026-04-02T10:00:00Z", "Japan and Russia agree on a salmon quota"),
    ("f", "2026-04-02T11:00:00Z", "Harvest festival opens in Bavaria"),
)


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    shutil.copytree(BEAT, tmp_path / "config")
    shutil.copytree(ROOT / "config" / "lexicon", tmp_path / "config" / "lexicon")
    return Cli(folder=tmp_path)


def test_check_accepts_the_folder_of_another_beat(cli: Cli) -> None:
    parts = {part["name"]: part for part in cli.json("check")["parts"]}
    assert parts["configuration"]["problems"] == []
    assert parts["configuration"]["found"] == "config: 1 of 1 feeds enabled, 2 topics, 1 records, 5 names"


def test_headlines_of_another_beat_are_sorted_by_its_own_data(cli: Cli, tmp_path: Path) -> None:
    source = tmp_path / "headlines.jsonl"
    rows = [{"id": key, "publisher": "Strait Wire", "published": at, "title": title} for key, at, title in HEADLINES]
    source.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    told = [json.loads(line) for line in cli.here("replay", str(source), "--json").out.splitlines()]
    assert {row["id"]: [topic["topic"] for topic in row["topics"]] for row in told if row["relevant"]} == {
        "a": ["islets"],
        "b": ["islets"],
        "c": ["export-controls"],
    }
    assert next(row["id"] for row in told if row["alert"]) == "a"
