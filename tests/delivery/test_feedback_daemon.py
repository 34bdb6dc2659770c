"""43. Buttons from end to end: a real daemon, killed in between, and what the commands say of it afterwards."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from monitor.alerts.buttons import Button
from monitor.entities import AlertKind, AlertReason, Destination, OutboxState
from monitor.store import SqlStore, migrate
from tests import make
from tests.doors.cli import PATIENCE, Cli
from tests.doors.fake_slack import TOKEN
from tests.doors.fake_socket import APP_TOKEN, FakeSocket

PLACE = Destination("slack:C1")
MORE = """
severity = "minor"
[slack]
channel = "C1"
"""


@pytest.fixture
def slack(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeSocket]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with FakeSocket() as slack:
        yield slack


def house(folder: Path, slack: FakeSocket, **env: str) -> Cli:
    """A configuration whose alerts go to the fake Slack, and a database in which one waits."""
    cli = Cli.on(folder, {"away": "http://127.0.0.1:9/feed"}, more=MORE)
    toml = folder / "config" / "monitor.toml"
    toml.write_text(toml.read_text(encoding="utf-8").replace('destination = "console"', 'destination = "slack:C1"'))
    url = f"sqlite:///{folder}/monitor.db"
    migrate.upgrade(url)
    store, now = SqlStore(url), dt.datetime.now(dt.UTC)
    with store.begin() as tx:
        tx.sync_feeds([make.feed()], now)
        article = make.article(published_at=now, first_seen_at=now)
        story, entry = tx.open_story(article, make.assignment(), make.profile()), tx.add(article)
        assert entry is not None
        kept = tx.add_article(entry, article, make.fingerprint())
        tx.place(kept, story=story, matches=(make.match(),), facts=())
        development = tx.add_development(story, kept, make.detection(), AlertReason.QUEUED, now)
        tx.record(entry, make.account(), content_hash="h")
        alert = make.alert(PLACE, kind=AlertKind.STORY, at=now, story=story, developments=(development,))
        tx.enqueue(alert, dedup_key="k", state=OutboxState.HELD, due_at=now, now=now)
    store.close()
    given = {"MONITOR_SLACK__TOKEN": TOKEN, "MONITOR_SLACK__BASE_URL": slack.base_url, **env}
    return dataclasses.replace(cli, extra=given)


def until(met: Callable[[], Any], daemon: subprocess.Popen[str]) -> Any:
    """What is there in the end, while the daemon lives."""
    deadline = time.monotonic() + PATIENCE
    while not (found := met()):
        assert daemon.poll() is None, daemon.communicate()
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.05)
    return found


def story_of(slack: FakeSocket) -> dict[str, Any] | None:
    """The message of the story."""
    found = [message for message in slack.messages() if "Ministers" in message["text"]]
    return found[0] if found else None


def ended(daemon: subprocess.Popen[str]) -> str:
    daemon.terminate()
    _, err = daemon.communicate(timeout=PATIENCE)
    assert (daemon.returncode, "Traceback" in err) == (0, False), err
    return err


def test_43_a_press_is_kept_shown_and_counted_and_after_a_kill_so_is_the_next(
    tmp_path: Path, slack: FakeSocket
) -> None:
    cli = house(tmp_path, slack, MONITOR_SLACK__APP_TOKEN=APP_TOKEN)
    first = cli.start("run")
    message = until(lambda: slack.ask()["sockets"] and story_of(slack), first)
    begun = time.monotonic()
    slack.press(message["ts"], Button.NOT_NEW)
    until(lambda: "Not new: @anna" in json.dumps(story_of(slack)), first)
    shown = time.monotonic() - begun
    until(lambda: None not in slack.acks(), first)  # else Slack would bring it again, to the next one
    first.kill()
    first.communicate(timeout=PATIENCE)

    second = cli.start("run")
    until(lambda: slack.ask()["sockets"], second)
    slack.press(message["ts"], Button.NOT_NEW)
    slack.press(message["ts"], Button.MUTE, user="U0BORIS", name="boris")
    until(lambda: "Muted until" in json.dumps(story_of(slack)), second)
    until(lambda: len(slack.acks()) == 3 and None not in slack.acks(), second)
    until(slack.said, second)
    log = ended(second)

    assert shown < 15  # well before a story's own change would be shown
    assert max(ack for ack in slack.acks() if ack is not None) < 3
    assert "@boris" in json.dumps(story_of(slack))
    assert [answer["user"] for answer in slack.said()] == ["U0ANNA"]  # she had said so already
    assert [(row["ref"], row["label"], row["by"]) for row in cli.json("label", "list")] == [
        ("s1", "mute", "boris (U0BORIS)"),
        ("d1", "not-new", "anna (U0ANNA)"),
    ]
    evaluated = cli.json("evaluate")
    assert (evaluated["given"], evaluated["readers"]) == (
        {"not-new": 1, "mute": 1}, ["anna (U0ANNA)", "boris (U0BORIS)"],
    )  # fmt: skip
    assert (evaluated["whole"]["alerts"], evaluated["whole"]["not_new"]) == (1, 1)
    assert [story["id"] for story in cli.json("stories", "list", "--muted")] == [1]
    assert TOKEN not in log
    assert APP_TOKEN not in log


def test_43_without_an_app_token_no_connection_is_opened_and_no_button_shown(tmp_path: Path, slack: FakeSocket) -> None:
    cli = house(tmp_path, slack)
    daemon = cli.start("run")
    message = until(lambda: story_of(slack), daemon)
    ended(daemon)
    assert "actions" not in {block["type"] for block in message["blocks"]}
    assert slack.requests("apps.connections.open") == []


def test_43_an_app_token_that_slack_refuses_stops_no_alert_and_status_says_so(
    tmp_path: Path, slack: FakeSocket
) -> None:
    cli = house(tmp_path, slack, MONITOR_SLACK__APP_TOKEN="xapp-revoked")
    daemon = cli.start("run")
    until(lambda: story_of(slack), daemon)
    until(lambda: slack.requests("apps.connections.open"), daemon)
    log = ended(daemon)
    assert "Slack refuses the app token: invalid_auth" in log
    assert "xapp-revoked" not in log
    assert "Slack refuses the app token: invalid_auth" in cli.said("status")


def test_43_the_list_of_labels_is_a_table_too(tmp_path: Path, slack: FakeSocket) -> None:
    cli = house(tmp_path, slack)
    assert cli.said("label", "list") == "Nobody has said anything yet.\n"
    cli.said("label", "d1", "wrong-topic", "--by", "carla", "--note", "fisheries")
    cli.said("stories", "follow", "s1")
    said = cli.said("label", "list")
    assert [word in said for word in ("wrong-topic", "carla", "fisheries", "follow")] == [True] * 4
    assert cli.json("label", "list", "--limit", "1")[0]["label"] == "follow"
    assert cli.here("label", "d1", "mute").code == 2
    assert "write relevant, new" in cli.here("label", "d1").err
