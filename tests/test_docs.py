"""Docs that can drift: each setting, command, topic, verdict, reason and problem has its line, and each link its target."""

from __future__ import annotations

import re
import subprocess
import sys
from enum import StrEnum
from pathlib import Path

import pytest
import typer
from pydantic import BaseModel
from pydantic_core import PydanticUndefined
from typer.main import get_command

from monitor.cli.tree import tree
from monitor.entities import AlertReason, IncidentKind, OutboxState, Problem, Reason, Verdict
from monitor.settings import files
from monitor.settings.model import AlertsTable, SettingsModel
from monitor.topics import SIGNALS

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
WALK = ("fetch | parse | clean | dedupe | read | gate | classify | extract", "claim | send | confirm")


def page(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def rows(text: str) -> set[str]:
    """The words in code quotes that open a table's rows."""
    return set(re.findall(r"^\| `([^`]+)`", text, re.MULTILINE))


def settings() -> dict[str, object]:
    """Every key of monitor.toml with its default."""
    found: dict[str, object] = {}
    for table, field in SettingsModel.model_fields.items():
        inside = getattr(field.annotation, "__args__", ())  # tables under names of the user's own: [webhook.desk]
        model, before = (inside[1], f"{table}.NAME") if inside else (field.annotation, table)
        assert isinstance(model, type)
        assert issubclass(model, BaseModel)
        for key, inner in model.model_fields.items():
            found[f"{before}.{key}"] = None if inner.default is PydanticUndefined else inner.default
    return found


def commands(command: object, before: str = "") -> set[str]:
    """Every command as it is typed."""
    inner = getattr(command, "commands", None)
    if not inner:
        return {before.strip()}
    return {full for name, each in inner.items() for full in commands(each, f"{before} {name}")}


def test_every_setting_has_its_row_and_no_row_is_without_a_setting() -> None:
    assert rows(page("docs/configuration.md")) & set(settings()) == set(settings())
    told = {row for row in rows(page("docs/configuration.md")) if re.fullmatch(r"[a-z]+\.(NAME\.)?[a-z_]+", row)}
    assert told - set(settings()) - {"monitor.toml", "feeds.toml", "beat.toml"} == set()


@pytest.mark.parametrize(
    ("section", "models"),
    [
        ("feeds.toml", [files.FeedRow]),
        ("beat.toml", [files.BeatFile, files.SideRow, files.DisputeRow, files.AgainstRow]),
        ("names/*.toml", [files.NameRow, files.OfficeRow]),
        ("topics/*.toml", [files.TopicFile, files.PhraseRow]),
        ("corpus/*.toml", [files.RecordFile, files.FactRow]),
        ("lexicon/<language>.toml", [files.LexiconFile, files.VerbRow, files.ThingRow, files.UnitRow]),
    ],
)
def test_every_key_of_a_data_file_stands_in_its_section(section: str, models: list[type[BaseModel]]) -> None:
    text = page("docs/configuration.md").split(f"## `{section}`\n")[1].split("\n## ")[0]
    keys = {field.alias or name for model in models for name, field in model.model_fields.items()}
    assert {key for key in keys if not re.search(rf"[`\[{{ .]{key}[`\]. =]", text)} == set()


def test_every_command_is_told_and_no_command_is_told_that_is_not_there() -> None:
    whole = tree()
    assert isinstance(whole, typer.Typer)
    there = commands(get_command(whole))
    text = page("docs/commands.md")
    assert {command for command in there if f"monitor {command}" not in text} == set()
    told = {match.strip() for match in re.findall(r"^#+ `monitor ((?:[a-z]+ ?)+)", text, re.MULTILINE)}
    assert {command for command in told if not any(full.startswith(command) for full in there)} == set()


@pytest.mark.parametrize(
    ("words", "name"),
    [
        (Verdict, "docs/glossary.md"),
        (Reason, "docs/glossary.md"),
        (AlertReason, "docs/glossary.md"),
        (Problem, "docs/operations.md"),
        (IncidentKind, "docs/operations.md"),
    ],
    ids=["verdicts", "reasons", "alert reasons", "problems", "incidents"],
)
def test_every_word_has_its_row(words: type[StrEnum], name: str) -> None:
    assert {word.value for word in words} - rows(page(name)) == set()


def test_every_setting_of_alerts_has_its_rule_and_every_reason_its_row() -> None:
    told = page("docs/policies.md")
    keys = {f"alerts.{key}" for key in AlertsTable.model_fields}
    assert {key for key in keys if f"`{key}" not in told} == set()
    assert {reason for reason in AlertReason if f"`{reason}`" not in told} == set()


def test_every_topic_has_its_row_and_every_row_of_topics_its_file() -> None:
    files = {path.stem for path in (ROOT / "config/topics").glob("*.toml")}
    section = page("docs/glossary.md").split("## Topics")[1]
    assert rows(section) == files


def test_every_state_of_the_outbox_is_told() -> None:
    assert {state.value for state in OutboxState if f"`{state.value}`" not in page("docs/delivery.md")} == set()


def test_every_signal_is_told() -> None:
    assert {
        name for name in SIGNALS if name not in page("README.md") + page("docs/adding.md") + page("docs/glossary.md")
    } == set()


def test_the_page_of_behaviours_is_up_to_date_and_each_of_the_76_has_a_test() -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "scripts/acquisition.py", "--check"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_the_pictures_of_messages_are_drawn_from_the_blocks_of_today() -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "scripts/render_messages.py", "--check"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("name", ["README.md", "monitor/pipeline.py"])
def test_the_walk_is_told_in_the_same_words_everywhere(name: str) -> None:
    text = " ".join(page(name).split())
    assert [step for step in WALK if step not in text] == []


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(path: Path) -> None:
    targets = re.findall(r"\]\(([^)#\s]+)[^)]*\)", path.read_text(encoding="utf-8"))
    local = [target for target in targets if not re.match(r"https?:|mailto:", target)]
    assert [target for target in local if not (path.parent / target).exists()] == []


def test_the_two_commands_of_the_readme_stand_in_the_makefile_and_the_ci_calls_what_people_are_told() -> None:
    makefile, readme, ci = page("Makefile"), page("README.md"), page(".ci/run")
    for target in ("run", "test", "demo", "check", "bench"):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
        assert f"make {target}" in readme, target
    assert "make check" in ci
    assert "make test" in ci
