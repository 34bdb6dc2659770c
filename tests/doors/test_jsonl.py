"""The sink of JSON lines: each alert one line, found again, over rotation, torn writes and a full disk."""

from __future__ import annotations

import datetime as dt
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from monitor.alerts.jsonl import JsonlSink
from monitor.entities import AlertKind, Channel, Destination, DigestItem, LookStatus, OutboxRow, SendStatus
from tests import make

CHANNEL = Channel(destination=Destination("jsonl:log"))


def sink(path: Path) -> JsonlSink:
    return JsonlSink(paths={"log": path})


def row(number: int = 1, **fields: Any) -> OutboxRow:
    alert = make.alert("jsonl:log", **fields)
    return make.outbox_row(number, alert=alert, payload=sink(Path("unused")).render(alert, dt.UTC))


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_a_line_says_everything_with_times_in_utc_and_ids_as_explain_takes_them(tmp_path: Path) -> None:
    path = tmp_path / "new folder" / "alerts.jsonl"

    sent = sink(path).send(
        row(items=(DigestItem(ref="d4", headline="Talks", at=make.NOW, why="held"),), text="one\ntwo"), None
    )

    assert lines(path) == [
        {
            "id": "o1",
            "mark": sent.remote_id,
            "thread": sent.remote_id,
            "kind": "development",
            "weight": "minor",
            "ref": "d1",
            "headline": "Ministers of Japan and Russia meet in Vienna",
            "lang": "en",
            "at": "2026-03-04T09:30:00+00:00",
            "story": "s1",
            "developments": ["d1"],
            "news": ["The two ministers met; no meeting was known."],
            "publishers": ["Harbour Daily"],
            "independent": 1,
            "credits": [],
            "articles": 1,
            "topics": [{"name": "Islands", "score": 0.8, "words": ["islands"]}],
            "nearest": "",
            "url": "https://harbour-daily.example/news/1",
            "published_at": "2026-03-04T09:30:00+00:00",
            "text": "one\ntwo",
            "items": [
                {
                    "ref": "d4",
                    "weight": "minor",
                    "headline": "Talks",
                    "lang": "",
                    "news": [],
                    "publishers": [],
                    "url": "",
                    "at": "2026-03-04T09:30:00+00:00",
                    "why": "held",
                }
            ],
            "over": False,
        }
    ]


@pytest.mark.parametrize("after", ["alerts.jsonl.1", "alerts-20260304.jsonl"])
def test_what_was_written_before_a_rotation_is_found_and_what_comes_goes_into_the_new_file(
    tmp_path: Path, after: str
) -> None:
    path = tmp_path / "alerts.jsonl"
    sent = sink(path).send(row(1), None)
    path.rename(tmp_path / after)
    sink(path).send(row(2), None)

    found = sink(path).look(row(1), None, CHANNEL)

    assert (found.status, found.remote_id) == (LookStatus.FOUND, sent.remote_id)
    assert [line["id"] for line in lines(path)] == ["o2"]
    assert sink(path).look(row(3), None, CHANNEL).status is LookStatus.NOT_FOUND


def test_a_torn_line_is_not_found_and_spoils_no_other(tmp_path: Path) -> None:
    path = tmp_path / "alerts.jsonl"
    sink(path).send(row(1), None)
    sink(path).send(row(2), None)
    os.truncate(path, path.stat().st_size - 40)  # as a power cut leaves it

    looked = sink(path).look(row(2), None, CHANNEL)
    sink(path).send(row(2), None)

    whole = path.read_text(encoding="utf-8").splitlines()
    assert looked.status is LookStatus.NOT_FOUND
    assert [json.loads(line)["id"] for number, line in enumerate(whole) if number != 1] == ["o1", "o2"]
    assert sink(path).look(row(2), None, CHANNEL).status is LookStatus.FOUND


FULL_DISK = """
import resource, signal, sys
from pathlib import Path
from tests.doors.test_jsonl import row, sink
path = Path(sys.argv[1])
sink(path).send(row(1), None)
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
size = path.stat().st_size
resource.setrlimit(resource.RLIMIT_FSIZE, (size + 100, resource.RLIM_INFINITY))
print(sink(path).send(row(2), None).status.value, path.stat().st_size - size)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
print(sink(path).send(row(2), None).status.value)
"""


def test_a_full_disk_leaves_no_half_line_and_the_alert_comes_later(tmp_path: Path) -> None:
    path = tmp_path / "alerts.jsonl"

    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, path],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
    )

    assert done.stdout.split() == ["channel-fault", "0", "sent"]
    assert [line["id"] for line in lines(path)] == ["o1", "o2"]


def test_a_place_that_cannot_be_written_is_said_and_nothing_raises(tmp_path: Path) -> None:
    (tmp_path / "alerts.jsonl").mkdir()
    there = sink(tmp_path / "alerts.jsonl")

    assert there.send(row(), None).status is SendStatus.CHANNEL_FAULT
    assert there.look(row(), None, CHANNEL).status is LookStatus.CANNOT_LOOK
    assert len(there.check((Destination("jsonl:log"),))) == 1


def test_a_reply_names_the_line_it_belongs_to(tmp_path: Path) -> None:
    path = tmp_path / "alerts.jsonl"
    root = sink(path).send(row(1, kind=AlertKind.STORY), None)
    sink(path).send(row(2), make.thread(destination=Destination("jsonl:log"), root=root.root))

    first, second = lines(path)

    assert second["thread"] == first["mark"]
