"""Delivery against a second fake of Slack, written apart from ours, which checks the invariants by itself."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from monitor.alerts.deliver import Delivery
from monitor.alerts.policy import Policy
from monitor.alerts.slack import SlackSink
from monitor.entities import Destination, DevelopmentId, OutboxState, StoryId
from monitor.store import SqlStore
from tests import make
from tests.doors.deliver_child import Impatient

TOOL = Path(__file__).parents[3] / "shared" / "tools" / "fake_slack.py"
PLACE = Destination("slack:C0ALERTS01")
FAULTS = [
    {"when": "after", "do": "drop"},
    {"when": "before", "do": "drop"},
    {"when": "after", "do": "500"},
    {"when": "before", "do": "500"},
    {"when": "after", "do": "cut"},
    {"when": "after", "do": "badjson"},
    {"when": "after", "do": "no_ts"},
    {"when": "after", "do": "reset"},
    {"when": "before", "do": "ratelimited", "retry_after": 1},
    {"when": "before", "do": "ratelimited", "retry_after": "1.5"},
    {"when": "before", "do": "ratelimited", "retry_after": "soon", "empty": True},
    {"when": "before", "do": "error", "error": "fatal_error"},
    {"when": "after", "do": "error", "error": "internal_error"},
    {"when": "before", "do": "error", "error": "invalid_blocks"},
    {"when": "before", "do": "ratelimited", "retry_after": 1, "method": "conversations.history"},
    {"do": "late", "seconds": 1},
]
NASTY = (
    "<!channel> <@U1>",
    "<https://evil.example|Kyodo>",
    "*b* _i_ :tada:",
    "日本" * 900,
    "a\u202eb\x00c",
    "👨‍👩‍👧‍👦" * 300,
)

pytestmark = [
    pytest.mark.shared,
    pytest.mark.slow,
    pytest.mark.skipif(not TOOL.is_file(), reason="the folder `shared` is not beside the project"),
]


@dataclass(frozen=True, slots=True)
class Other:
    """The other fake, with its control port."""

    base_url: str
    control: int

    def get(self, path: str) -> Any:
        return self._ask(urllib.request.Request(f"http://127.0.0.1:{self.control}{path}"))

    def post(self, path: str, body: object) -> Any:
        return self._ask(urllib.request.Request(f"http://127.0.0.1:{self.control}{path}", json.dumps(body).encode()))

    def _ask(self, request: urllib.request.Request) -> Any:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=10) as answer:
            return json.loads(answer.read())


@pytest.fixture
def other() -> Iterator[Other]:
    arguments = [sys.executable, str(TOOL), "--watch-stdin", "--outbox-key", "mark", "--tier3", "600"]
    process = subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdin is not None
    port, control = int(process.stdout.readline()), int(process.stdout.readline())
    yield Other(f"http://127.0.0.1:{port}/api/", control)
    process.stdin.close()
    process.wait(10)
    process.stdout.close()


def test_every_fault_of_another_slack_leaves_each_alert_posted_once_and_in_order(
    store: SqlStore, other: Other, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    rows = fill(store, 24)
    other.post("/_script", [{"skip": 1, **fault} for fault in FAULTS])
    delivery = Delivery(
        store,
        {"slack": SlackSink(token=lambda: "xoxb-fake", base_url=other.base_url, timeout=dt.timedelta(seconds=3))},
        Policy(default=PLACE, settle=dt.timedelta(seconds=1.2)),
        rng=Impatient(),
    )

    for _ in range(60):
        delivery.deliver(dt.datetime.now(dt.UTC), flush=True)
        with store.read() as tx:
            left = [row for row in tx.outbox(states=tuple(OutboxState)) if row.state is not OutboxState.SENT]
        if not left:
            break
        wake = delivery.wake_at(dt.datetime.now(dt.UTC))
        assert wake is not None
        time.sleep(max(0.0, (wake - dt.datetime.now(dt.UTC)).total_seconds()))

    assert left == []
    report = other.get("/_report")
    assert (report["ok"], report["violations"]) == (True, dict.fromkeys(report["violations"], 0))
    assert report["outbox_ids"] == rows
    assert report["without_outbox_id"] == 0
    threads: dict[str, list[int]] = {}
    for message in other.get(f"/_messages?channel={PLACE.partition(':')[2]}")[PLACE.partition(":")[2]]:
        number = message["metadata"]["event_payload"]["outbox_id"]
        threads.setdefault(message.get("thread_ts") or message["ts"], []).append(number)
    assert len(threads) == 4
    assert all(numbers == sorted(numbers) for numbers in threads.values())


def fill(store: SqlStore, count: int) -> int:
    """So many rows over four stories, with text nobody should trust."""
    with store.begin() as tx:
        stories: list[StoryId] = [
            tx.open_story(make.numbered(number), make.assignment(), make.profile()) for number in range(4)
        ]
        for number in range(count):
            nasty = NASTY[number % len(NASTY)]
            alert = make.alert(
                PLACE,
                story=stories[number % 4],
                developments=(DevelopmentId(number),),
                headline=nasty,
                news=(nasty,) * (number * 3),
                nearest=nasty,
            )
            tx.enqueue(alert, dedup_key=f"key-{number}", state=OutboxState.PENDING, due_at=make.NOW, now=make.NOW)
    return count
