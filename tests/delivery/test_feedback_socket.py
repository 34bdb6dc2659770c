"""43. The connection that presses come over: acknowledged in 3 s, made anew whatever ends it, and never in the way."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import itertools
import json
import logging
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import structlog

from monitor.alerts import feedback
from monitor.alerts.buttons import Button, Press
from monitor.alerts.feedback import Listener
from monitor.alerts.slack import SlackSink
from monitor.entities import AlertKind, Destination, OutboxState
from monitor.errors import StoreError
from monitor.readers import Readers
from monitor.store import SqlStore, Views
from tests import make
from tests.doors.fake_slack import TOKEN
from tests.doors.fake_socket import APP_TOKEN, FakeSocket

PLACE = Destination("slack:C1")
READERS = Readers(zone=dt.UTC)
MOST = 3.0
"""Seconds after which Slack tells the reader that the app failed."""


@pytest.fixture
def slack(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeSocket]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with FakeSocket() as slack:
        yield slack


@pytest.fixture
def ts(slack: FakeSocket) -> str:
    """The message of a story, with its buttons."""
    return post(slack)


def post(slack: FakeSocket) -> str:
    sink = SlackSink(token=lambda: TOKEN, base_url=slack.base_url, app_token=lambda: "xapp-1")
    alert = make.alert(PLACE, kind=AlertKind.STORY)
    return sink.send(make.outbox_row(1, alert=alert, payload=sink.render(alert, dt.UTC)), None).remote_id


class Eager(random.Random):
    """Chance that lets nobody wait."""

    def uniform(self, a: float, b: float) -> float:
        return 0.05


class Ear:
    """What was heard, and how the connection was said to be."""

    def __init__(self, answer: str = "") -> None:
        self.presses: list[Press] = []
        self.health: list[str] = []
        self.answer = answer

    async def heard(self, press: Press) -> str:
        self.presses.append(press)
        return self.answer

    async def well(self, trouble: str) -> None:
        self.health.append(trouble)


@contextlib.asynccontextmanager
async def listening(
    slack: FakeSocket,
    ear: Ear,
    heard: Callable[[Press], Awaitable[str]] | None = None,
    token: Callable[[], str] = lambda: APP_TOKEN,
) -> AsyncIterator[None]:
    listener = Listener(
        token=token, bot=lambda: TOKEN, heard=heard or ear.heard, health=ear.well, rng=Eager(), base_url=slack.base_url,
        timeout=dt.timedelta(seconds=5),
    )  # fmt: skip
    async with listener.listening():
        yield


async def until(met: Callable[[], Any], seconds: float = 20) -> Any:
    """What is there in the end."""
    deadline = time.monotonic() + seconds
    while not (found := await asyncio.to_thread(met)):
        assert time.monotonic() < deadline, "it did not come"
        await asyncio.sleep(0.02)
    return found


def connected(slack: FakeSocket, times: int = 1) -> Callable[[], bool]:
    def met() -> bool:
        asked = slack.ask()
        return bool(asked["opened"] >= times and asked["sockets"] >= 1)

    return met


def acked(slack: FakeSocket, number: int = 1) -> Callable[[], bool]:
    return lambda: len(done := slack.acks()) >= number and None not in done


# --------------------------------------------------------------------------------------------------------- a press


async def test_43_a_press_arrives_once_and_is_acknowledged(slack: FakeSocket, ts: str) -> None:
    ear = Ear()
    async with listening(slack, ear):
        await until(connected(slack))
        slack.press(ts, Button.NOT_NEW)
        await until(acked(slack))
    assert ear.presses == [
        Press(
            button=Button.NOT_NEW, story=make.alert().story, ref="d1", channel="C1", ts=ts, user="U0ANNA", name="anna"
        )  # type: ignore[arg-type]
    ]
    assert [ack < 1 for ack in slack.acks() if ack is not None] == [True]
    assert (ear.health, slack.said()) == ([""], [])


async def test_43_what_only_the_reader_is_told_is_told_only_to_them(slack: FakeSocket, ts: str) -> None:
    async with listening(slack, Ear("Followed by @<!channel> already.")):
        await until(connected(slack))
        slack.press(ts, Button.FOLLOW, user="U0BORIS")
        (said,) = await until(slack.said)
    assert (said["channel"], said["user"], said["text"]) == ("C1", "U0BORIS", "Nothing was changed.")
    blocks = said["blocks"] if isinstance(said["blocks"], list) else json.loads(said["blocks"])
    assert [block["text"] for block in blocks] == [
        {"type": "plain_text", "text": "Followed by @<!channel> already.", "emoji": False}
    ]


async def test_43_a_link_that_is_opened_and_what_is_no_press_are_acknowledged_and_no_more(
    slack: FakeSocket, ts: str
) -> None:
    ear = Ear()
    async with listening(slack, ear):
        await until(connected(slack))
        slack.press(ts, Button.OPEN)
        slack.ask(press={"type": "block_actions", "actions": [{"action_id": "monitor-mute", "value": "s1 d1; --"}]})
        slack.ask(press={"type": "view_submission"})
        await until(acked(slack, 3))
    assert ear.presses == []


async def test_43_a_press_is_acknowledged_in_3_s_while_the_database_is_locked_and_kept_when_it_is_free(
    slack: FakeSocket, ts: str, store: SqlStore, open_store: Callable[[], SqlStore]
) -> None:
    with store.begin() as tx:
        tx.sync_feeds([make.feed()], make.NOW)
        story, entry = tx.open_story(make.article(), make.assignment(), make.profile()), tx.add(make.article())
        assert entry is not None
        tx.place(tx.add_article(entry, make.article(), make.fingerprint()), story=story, matches=(), facts=())
        tx.record(entry, make.account(), content_hash="h")
        alert = make.alert(PLACE, kind=AlertKind.STORY)
        row = tx.enqueue(alert, dedup_key="k", state=OutboxState.SENT, due_at=make.NOW, now=make.NOW)
        assert row is not None
        tx.update_outbox(make.outbox_row(row, alert=alert, state=OutboxState.SENT, remote_id=ts))

    async def heard(press: Press) -> str:
        def job() -> str:
            with store.begin() as tx:
                return READERS.press(tx, press, make.NOW).text

        return await asyncio.to_thread(job)

    def labels() -> list[str]:
        return [label.label.value for label in Views(store).labels()]

    ear, lock, loop = Ear(), open_store().begin(), asyncio.get_running_loop()
    with ThreadPoolExecutor(max_workers=1) as another:
        async with listening(slack, ear, heard):
            await until(connected(slack))
            await loop.run_in_executor(another, lock.__enter__)  # as an ingest, or a vacuum, would
            slack.press(ts, Button.MUTE)
            await until(acked(slack))
            (locked,) = slack.acks()
            assert labels() == []
            await loop.run_in_executor(another, lock.__exit__, None, None, None)
            await until(labels)
            slack.press(ts, Button.MUTE)
            await until(acked(slack, 2))
    assert locked is not None
    assert feedback.ACK_AFTER <= locked < MOST
    assert labels() == ["mute"]


async def test_43_a_press_is_kept_before_it_is_acknowledged_and_one_that_the_database_refused_is_tried_again(
    slack: FakeSocket, ts: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feedback, "AGAIN", (0.05, 0.05))
    refusals = [StoreError("the disk is full")] * 2
    kept: list[tuple[str, list[float | None]]] = []

    async def heard(press: Press) -> str:
        if refusals:
            raise refusals.pop()
        kept.append((press.ref, await asyncio.to_thread(slack.acks)))
        return ""

    async with listening(slack, Ear(), heard):
        await until(connected(slack))
        slack.press(ts, Button.NOT_NEW)
        await until(acked(slack))
    assert kept == [("d1", [None])]


async def test_43_a_press_that_cannot_be_kept_is_said_to_be_lost(
    slack: FakeSocket, ts: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feedback, "AGAIN", (0.01,))

    async def refuse(press: Press) -> str:
        raise StoreError("the disk is full")

    async with listening(slack, Ear(), refuse):
        await until(connected(slack))
        slack.press(ts, Button.NOT_NEW)
        (said,) = await until(slack.said)
    assert "press again later" in str(said["blocks"])


# -------------------------------------------------------------------------------------------------- the connection


@pytest.mark.parametrize("reason", ["refresh_requested", "warning"])
async def test_43_a_connection_that_is_to_be_replaced_is_replaced_while_it_is_still_read(
    slack: FakeSocket, ts: str, reason: str
) -> None:
    ear = Ear()
    async with listening(slack, ear):
        await until(connected(slack))
        slack.ask(end=reason)
        slack.press(ts, Button.NOT_NEW)
        await until(connected(slack, 2))
        slack.press(ts, Button.MUTE)
        await until(acked(slack, 2))
    assert [press.button for press in ear.presses] == [Button.NOT_NEW, Button.MUTE]
    assert ear.health == [""]


async def test_43_a_connection_that_breaks_is_made_again_and_what_was_not_acknowledged_comes_again(
    slack: FakeSocket, ts: str
) -> None:
    ear = Ear()
    async with listening(slack, ear):
        await until(connected(slack))
        slack.fault("drop", method="apps.connections.open")
        slack.ask(cut=True)
        slack.press(ts, Button.NOT_NEW)
        await until(connected(slack, 2))
        await until(acked(slack))
    assert [press.button for press in ear.presses] == [Button.NOT_NEW]


async def test_43_an_envelope_that_comes_twice_is_acknowledged_twice(slack: FakeSocket, ts: str) -> None:
    ear = Ear()
    async with listening(slack, ear):
        await until(connected(slack))
        slack.press(ts, Button.NOT_NEW)
        await until(acked(slack))
        (name,) = slack.ask()["envelopes"]
        slack.ask(again=name)
        await until(lambda: len(ear.presses) == 2)
    assert ear.presses[0] == ear.presses[1]


@pytest.mark.parametrize(
    ("fault", "health"),
    [
        ({"do": "500"}, "no answer from Slack: HTTP 500"),
        ({"do": "badjson"}, "no answer from Slack"),
        ({"do": "drop"}, "cannot reach Slack: ServerDisconnectedError"),
        ({"do": "internal_error"}, "no answer from Slack: internal_error"),
        ({"do": "429", "header": 1.5}, "too fast for Slack"),
        ({"do": "invalid_auth"}, "Slack refuses the app token: invalid_auth (docs/slack.md, Buttons)"),
        ({"do": "token_revoked"}, "Slack refuses the app token: token_revoked (docs/slack.md, Buttons)"),
    ],
    ids=lambda value: value.get("do") if isinstance(value, dict) else "",
)
async def test_43_whatever_slack_answers_the_connection_is_made_in_the_end(
    slack: FakeSocket, fault: dict[str, Any], health: str
) -> None:
    ear = Ear()
    slack.fault(method="apps.connections.open", times=2, **fault)
    async with listening(slack, ear):
        await until(connected(slack))
        await until(lambda: ear.health[-1:] == [""])
    assert (len(ear.health), ear.health[0][: len(health)], ear.health[1]) == (2, health, "")
    times = [request["at"] for request in slack.requests("apps.connections.open")]
    assert len(times) == 3
    if fault["do"] == "429":
        assert all(after - before >= 1.5 for before, after in itertools.pairwise(times))


async def test_43_a_token_that_slack_refuses_is_said_once_stands_in_no_log_and_a_new_one_is_seen(
    slack: FakeSocket, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    file, ear = tmp_path / "app", Ear()
    file.write_text("xapp-wrong-secret", encoding="utf-8")
    with structlog.testing.capture_logs() as events:
        async with listening(slack, ear, token=lambda: file.read_text(encoding="utf-8").strip()):
            await until(lambda: len(slack.requests("apps.connections.open")) >= 3)
            file.write_text(APP_TOKEN, encoding="utf-8")
            await until(connected(slack))
            await until(lambda: ear.health[-1:] == [""])
    assert ear.health == ["Slack refuses the app token: invalid_auth (docs/slack.md, Buttons)", ""]
    logged = caplog.text + repr(events)
    assert "xapp-" not in logged
    assert TOKEN not in logged
    assert "ticket" not in logged


async def test_43_socket_mode_that_was_switched_off_is_said(slack: FakeSocket) -> None:
    ear = Ear()
    async with listening(slack, ear):
        await until(connected(slack))
        slack.ask(end="link_disabled")
        await until(lambda: len(ear.health) >= 2)
    assert ear.health[:2] == ["", "Socket Mode is switched off in the app's settings"]


async def test_43_a_slack_that_is_not_there_is_asked_again_and_again_with_growing_pauses() -> None:
    pauses: list[float] = []

    class Kept(random.Random):
        def uniform(self, a: float, b: float) -> float:
            pauses.append(b)
            return 0.0

    ear = Ear()
    listener = Listener(
        token=lambda: APP_TOKEN, bot=lambda: TOKEN, heard=ear.heard, health=ear.well, rng=Kept(),
        base_url="http://127.0.0.1:9/api/",
    )  # fmt: skip
    async with listener.listening():
        await until(lambda: len(pauses) >= 8)
    assert pauses[:8] == [2, 4, 8, 16, 32, 60, 60, 60]
    assert ear.health == ["cannot reach Slack: ClientConnectorError"]


@pytest.mark.parametrize(
    ("token", "said"),
    [("", ()), (APP_TOKEN, ()), ("xapp-old", ("Slack: app token: invalid_auth (docs/slack.md, Buttons)",))],
)
def test_43_monitor_check_says_what_is_wrong_with_the_app_token(
    slack: FakeSocket, token: str, said: tuple[str, ...]
) -> None:
    sink = SlackSink(token=lambda: TOKEN, base_url=slack.base_url, app_token=lambda: token)
    assert sink.check([PLACE]) == said
