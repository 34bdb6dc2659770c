"""Labelled lines through the real pipeline: ``monitor replay`` on a file, and its verdicts beside the labels.

Nothing here scores, and nothing here judges: the product does.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import random
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from monitor.cli import replay
from monitor.cli.lines import Reader
from monitor.cli.replay import Replayed
from monitor.entities import FeedId
from monitor.settings import Config, load
from tests.quality.scores import Judged

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent
MONTH = dt.datetime(2022, 6, 1, tzinfo=dt.UTC)
"""Where a stream stands that is told inside one month."""
DAYS = 30

Row = Mapping[str, Any]


@lru_cache(maxsize=1)
def config() -> Config:
    """The shipped configuration."""
    return load(ROOT / "config")


@lru_cache(maxsize=1)
def ungated() -> Config:
    """The shipped configuration with ``gate.enabled = false``: any news stream."""
    shipped = config()
    gate = shipped.settings.gate.model_copy(update={"enabled": False})
    return dataclasses.replace(shipped, settings=shipped.settings.model_copy(update={"gate": gate}))


def read(path: Path) -> list[dict[str, Any]]:
    """The lines of a file of labels."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


@lru_cache(maxsize=4)
def own(name: str) -> tuple[dict[str, Any], ...]:
    """Lines of our own: a file beside this one, or all files of a folder, by name."""
    place = HERE / name
    paths = sorted(place.glob("*.jsonl")) if place.is_dir() else [place]
    return tuple(row for path in paths for row in read(path))


def walk(rows: Iterable[Row], settings: Config, *, by: str = "") -> dict[str, Replayed]:
    """Each line's verdict by its id; with ``by`` each value of that field in a world of its own."""
    with tempfile.TemporaryDirectory(prefix="monitor-quality-") as place:
        path = Path(place) / "lines.jsonl"
        path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
        return {str(told.id): told for _, told in replay.run(path, settings, by=by)}


def walk_worlds(worlds: Mapping[str, Iterable[Row]], settings: Config) -> dict[str, dict[str, Replayed]]:
    """The verdicts of several streams, each in a world of its own, by the stream's name."""
    rows = [{**row, "id": f"{name}/{row['id']}", "world": name} for name, each in worlds.items() for row in each]
    told = walk(rows, settings, by="world")
    return {
        name: {key.removeprefix(f"{name}/"): one for key, one in told.items() if key.startswith(f"{name}/")}
        for name in worlds
    }


def line(row: Row, **fields: Any) -> dict[str, Any]:
    """A labelled row as a line of ``monitor replay``; a date of another name is taken as its time."""
    published = row.get("published", row.get("at", row.get("date")))
    given = {key: row.get(key) for key in ("id", "url", "publisher", "lang", "title", "text")}
    return {**given, "published": published, **fields}


def judged(row: Row, told: Replayed | None) -> Judged:
    """A label with its verdict; an item without one counts as not ours."""
    return Judged(
        id=str(row["id"]),
        lang=row.get("lang") or "",
        relevant=bool(row.get("relevant", True)),
        topics=frozenset(row.get("topics") or ()) - {"none"},
        story=row.get("story"),
        adds=bool(row.get("adds_new_facts", row.get("new", False))),
        said_relevant=told is not None and told.relevant,
        said_topics=frozenset(topic["topic"] for topic in told.topics) if told else frozenset(),
        found=told.story if told else None,
        alert=told is not None and told.alert,
    )


def join(rows: Sequence[Row], told: Mapping[str, Replayed]) -> list[Judged]:
    """All labels with their verdicts, in the labels' order."""
    return [judged(row, told.get(str(row["id"]))) for row in rows]


def times(rows: Iterable[Row]) -> Iterator[tuple[Row, dt.datetime]]:
    """Rows with the time that replay gives each: one without a date takes its place from the file's order."""
    rows = list(rows)
    with tempfile.TemporaryDirectory(prefix="monitor-quality-") as place:
        path = Path(place) / "lines.jsonl"
        path.write_text("".join(json.dumps(line(row), ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
        found = [each.at for each in Reader(path=path, feed=FeedId("quality")).lines()]
    return zip(rows, found, strict=True)


def moved(rows: Iterable[Row], seed: int) -> list[dict[str, Any]]:
    """Each line up to half a month earlier or later, in the order of its new time."""
    chance, half = random.Random(seed), DAYS / 2
    return _in_order([(row, at + dt.timedelta(days=chance.uniform(-half, half))) for row, at in times(rows)])


def crowded(rows: Iterable[Row], seed: int) -> list[dict[str, Any]]:
    """All lines at times inside one month, whatever their own, in the order of the new ones."""
    chance = random.Random(seed)
    return _in_order([(row, MONTH + dt.timedelta(days=chance.uniform(0, DAYS))) for row in rows])


def _in_order(rows: list[tuple[Row, dt.datetime]]) -> list[dict[str, Any]]:
    return [line(row, published=at.isoformat()) for row, at in sorted(rows, key=lambda one: one[1])]
