"""``monitor label`` and ``monitor evaluate`` as people type them, on a database that replayed history filled."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from rich.cells import cell_len

from tests.doors.cli import ROOT, Cli

LINES = (
    ("Japan and Russia agree on a salmon quota of 2,050 tons", "en"),
    ("МИД Японии вызвал посла России из-за учений на Курилах", "ru"),
    ("日ロ首脳、平和条約交渉の加速で一致", "ja"),
    ("Harvest festival opens in Bavaria", "en"),
)


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    """Four entries of a backfill: nothing of it was told."""
    cli = Cli.on(tmp_path, {"good": "http://127.0.0.1:9/feed"})
    rows = [
        {"id": number, "title": title, "lang": lang, "publisher": "Minato", "published": f"2026-03-0{number}T09:00:00Z"}
        for number, (title, lang) in enumerate(LINES, 1)
    ]
    (tmp_path / "history.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    cli.said("backfill", "history.jsonl")
    return cli


def test_without_labels_it_says_how_to_give_one(cli: Cli) -> None:
    said = cli.said("evaluate")
    assert "Nobody labelled anything" in said
    assert "monitor label d5 relevant" in said
    assert cli.json("evaluate")["whole"]["precision"] is None


def test_labels_become_figures_a_list_of_quarrels_and_a_list_of_wishes(cli: Cli) -> None:
    for ref, kind, by in (
        ("e1", "new", "anna"),
        ("e1", "not-new", "boris"),
        ("e2", "split", "anna"),
        ("e3", "relevant", "anna"),
        ("e4", "relevant", "anna"),
    ):
        cli.said("label", ref, kind, "--by", by)

    found, shown = cli.json("evaluate"), cli.said("evaluate")

    assert (found["whole"]["entries"], found["whole"]["missed_by_gate"], found["readers"]) == (3, 1, ["anna", "boris"])
    assert [one["entry"] for one in found["disagreed"]] == [1]
    assert [one["entry"] for one in found["wishes"]] == [2]
    assert {row["row"] for row in found["by"]["language"]} == {"en", "ja"}  # a wish is no word on an alert
    for words in ("Readers disagree", "new (anna); not-new (boris)", "Wishes", "By language", "1 of ours turned away"):
        assert words in shown


def test_an_answer_is_no_wider_than_the_screen(cli: Cli) -> None:
    for number in range(1, 5):
        cli.said(
            "label", f"e{number}", "new", "--by", "anna", "--note", "平和条約の話であり、以前には報じられていない内容だ"
        )
        cli.said("label", f"e{number}", "not-new", "--by", "boris")
    wide = Cli(folder=cli.folder, extra={"COLUMNS": "100"}).ok("evaluate")
    assert max(cell_len(line) for line in wide.splitlines()) <= 100


def test_a_period_leaves_the_rest_out_and_must_end_after_it_begins(cli: Cli) -> None:
    cli.said("label", "e1", "relevant")
    assert cli.json("evaluate", "--since", "2026-03-02")["whole"]["entries"] == 0
    assert cli.json("evaluate", "--until", "2026-03-02")["whole"]["entries"] == 1
    refused = cli.here("evaluate", "--since", "2026-03-02", "--until", "2026-03-01")
    assert (refused.code, "not after --since" in refused.err) == (2, True)


def test_exported_labels_train_the_gate(cli: Cli, tmp_path: Path) -> None:
    cli.said("label", "e1", "relevant", "--by", "anna")
    cli.said("label", "e2", "off-beat", "--by", "anna")
    cli.said("label", "e3", "split", "--by", "anna")

    answer = cli.here("evaluate", "--export", "labels.jsonl")

    rows = [json.loads(line) for line in (cli.folder / "labels.jsonl").read_text(encoding="utf-8").splitlines()]
    assert "2 labelled entries written to labels.jsonl" in answer.err
    assert [(row["id"], row["lang"], row["relevant"], row["date"], row["labels"]) for row in rows] == [
        ("e1", "en", True, "2026-03-01", ["relevant"]),
        ("e2", "ru", False, "2026-03-02", ["off-beat"]),
    ]
    assert [row["title"] for row in rows] == [LINES[0][0], LINES[1][0]]
    trained = subprocess.run(
        [sys.executable, ROOT / "scripts/train_gate.py", ROOT / "scripts/gate-labels.jsonl", cli.folder / "labels.jsonl"],
        capture_output=True, text=True, check=False, cwd=tmp_path, env={"PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"},
    )  # fmt: skip
    assert (trained.returncode, trained.stderr) == (0, "")
    held = next(
        line for line in (ROOT / "config/beat.toml").read_text("utf-8").splitlines() if line.startswith("thresh")
    )
    assert held in trained.stdout.splitlines()


def test_a_file_that_cannot_be_written_is_one_clear_line(cli: Cli) -> None:
    refused = cli.here("evaluate", "--export", "no/such/folder.jsonl")
    assert (refused.code, refused.err.strip()) == (
        2, "monitor: no/such/folder.jsonl: cannot be written (No such file or directory)",
    )  # fmt: skip
