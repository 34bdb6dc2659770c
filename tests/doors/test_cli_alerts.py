"""``monitor alerts``: what an operator sees of the outbox, and can do about it, on a database of the test's own."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from monitor.alerts.slack import SlackSink
from monitor.entities import AlertKind, Channel, Destination, OutboxId, OutboxRow, OutboxState, StoryId, Thread
from monitor.store import SqlStore
from tests import make
from tests.doors.cli import Cli
from tests.doors.fake_slack import SCOPES, TOKEN, FakeSlack
from tests.doors.receivers import HttpReceiver

SLACK = Destination("slack:C1")
NOW = dt.datetime.now(dt.UTC).replace(microsecond=0)
"""These commands read the real clock."""
ROW = frozenset(field.name for field in dataclasses.fields(OutboxRow)) - {"alert", "state"}
MORE = """
[webhook.desk]
[jsonl.log]
path = "alerts.jsonl"
"""


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    cli = Cli.on(tmp_path, {"away": "http://127.0.0.1:9/feed"}, more=MORE)
    cli.said("status")  # makes the database
    return cli


@pytest.fixture
def store(cli: Cli) -> Iterator[SqlStore]:
    store = SqlStore(f"sqlite:///{cli.folder / 'monitor.db'}")
    yield store
    store.close()


@pytest.fixture
def slack() -> Iterator[FakeSlack]:
    with FakeSlack() as slack:
        yield slack


@pytest.fixture
def put(store: SqlStore) -> Callable[..., OutboxRow]:
    """Puts a row into the outbox, of story 1 or of none, made and due two hours ago."""

    def put(destination: str, state: OutboxState = OutboxState.HELD, **given: Any) -> OutboxRow:
        at = given.pop("at", NOW - dt.timedelta(hours=2))
        moved = {key: given.pop(key) for key in tuple(given) if key in ROW}
        with store.begin() as tx:
            if tx.story(StoryId(1)) is None:
                tx.open_story(make.numbered(1), make.assignment(), make.profile())
            alert = make.alert(destination, **given)
            number = tx.enqueue(
                alert,
                dedup_key=f"key-{len(tx.outbox(states=tuple(OutboxState)))}",
                state=OutboxState.HELD,
                due_at=at,
                now=at,
                payload=moved.pop("payload", ""),
                digest=moved.pop("digest", False),
            )
            assert number is not None
            row = tx.outbox_row(number)
            assert row is not None
            tx.update_outbox(dataclasses.replace(row, state=state, **moved))
            changed = tx.outbox_row(number)
            assert changed is not None
            return changed

    return put


def on(slack: FakeSlack, cli: Cli) -> Cli:
    """The same commands with a Slack to speak to."""
    extra = {"MONITOR_SLACK__TOKEN": TOKEN, "MONITOR_SLACK__BASE_URL": slack.base_url}
    return dataclasses.replace(cli, extra=extra)


# --------------------------------------------------------------------------------------------- list, show


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ([], [4, 3, 2, 1]),
        (["--state", "dead"], [3]),
        (["--state", "dead", "--state", "sent"], [3, 2]),
        (["--destination", "slack:C1"], [2, 1]),
        (["--to", "C1"], [2, 1]),
        (["--story", "s1"], [4, 3, 2]),
        (["--since", "3h"], [4, 3, 2]),
        (["--since", "3h", "--destination", "console", "--limit", "1"], [4]),
    ],
)
def test_alerts_are_listed_newest_first_as_far_as_they_were_asked_for(
    cli: Cli, put: Callable[..., OutboxRow], asked: list[str], found: list[int]
) -> None:
    put(SLACK, OutboxState.PENDING, story=None, at=NOW - dt.timedelta(days=2))
    put(SLACK, OutboxState.SENT, remote_id="1.1", sent_at=NOW)
    put("console", OutboxState.DEAD, error="invalid_blocks")
    put("console", OutboxState.HELD)

    assert [row["id"] for row in cli.json("alerts", "list", *asked)] == found


def test_an_alert_shows_what_it_says_what_became_of_it_when_and_what_was_answered(
    cli: Cli, put: Callable[..., OutboxRow]
) -> None:
    alert = make.alert(SLACK, headline="Talks & tea: a <start>")
    payload = SlackSink(token=lambda: "").render(alert, dt.UTC)
    at = dt.datetime(2026, 3, 4, 9, 0, tzinfo=dt.UTC)
    row = put(
        SLACK, OutboxState.DEAD, at=at, headline=alert.headline, payload=payload, error="invalid_blocks: no list",
        plain=True, attempts=2, claimed_at=at + dt.timedelta(minutes=1), remote_id="17.1",
    )  # fmt: skip

    shown = cli.said("alerts", "show", f"o{row.id}")

    words = [" ".join(line.split()) for line in shown.splitlines()]
    for line in (
        "id o1, development to slack:C1, as plain text",
        "state dead: refused for good; retry or drop it",
        "made 2026-03-04 18:00",
        "claimed 2026-03-04 18:01",
        "attempts 2",
        "answer invalid_blocks: no list",
        "message 17.1",
        "story s1",
        "explain monitor explain d1",
        "What it says",
    ):
        assert line in words, line
    assert "Talks & tea: a <start>" in shown.split("What it says")[1]
    assert cli.json("alerts", "show", f"o{row.id}")["row"]["payload"] == payload


def test_an_alert_that_is_not_made_yet_shows_what_it_would_say(cli: Cli, put: Callable[..., OutboxRow]) -> None:
    put("console", OutboxState.HELD)

    shown = cli.said("alerts", "show", "o1")

    assert "What it would say now; it is not made yet" in shown
    assert "[DEVELOPMENT] Ministers of Japan and Russia meet in Vienna" in shown


def test_a_dead_alert_is_retried_and_a_waiting_one_dropped(cli: Cli, put: Callable[..., OutboxRow]) -> None:
    put("console", OutboxState.DEAD, error="no", plain=True, attempts=3)
    put("console", OutboxState.HELD, ref="d2")

    assert "waits to be sent again" in cli.said("alerts", "retry", "o1")
    assert "is dropped" in cli.said("alerts", "drop", "o2")
    assert cli.here("alerts", "retry", "o2").code == 2

    rows = {row["id"]: row for row in cli.json("alerts", "list")}
    assert [(rows[number]["state"], rows[number]["attempts"], rows[number]["plain"]) for number in (1, 2)] == [
        ("pending", 0, False),
        ("expired", 0, False),
    ]


# --------------------------------------------------------------------------------------------------- test


def test_a_slack_channel_is_tried_step_by_step_and_nothing_stays_behind(cli: Cli, slack: FakeSlack) -> None:
    told = on(slack, cli).json("alerts", "test", "slack:C1")

    assert (told["ok"], [(step["step"], step["ok"]) for step in told["steps"]]) == (
        True,
        [
            ("set-up", True),
            ("post", True),
            ("edit", True),
            ("reply in its thread", True),
            ("delete the reply", True),
            ("delete the message", True),
        ],
    )
    assert slack.messages() == []
    assert cli.json("alerts", "list") == []


@pytest.mark.parametrize("json_too", [False, True])
def test_each_missing_scope_is_a_step_that_failed(cli: Cli, slack: FakeSlack, json_too: bool) -> None:
    slack.ask(set={"tokens": {TOKEN: [scope for scope in SCOPES if not scope.endswith(":history")]}})

    answer = on(slack, cli).here("alerts", "test", "slack:C1", *(["--json"] if json_too else []))

    assert answer.code == 1
    for scope in ("channels:history", "groups:history"):
        assert f"the app lacks the scope {scope}; add it and reinstall the app" in " ".join(answer.out.split())
    assert slack.messages() == []


def test_a_channel_that_takes_no_post_ends_the_trial_with_slacks_words(cli: Cli, slack: FakeSlack) -> None:
    answer = on(slack, cli).here("alerts", "test", "slack:CARCHIVED", "--json")

    steps = json.loads(answer.out)["steps"]
    assert answer.code == 1
    assert [(step["step"], step["ok"]) for step in steps] == [("set-up", False), ("post", False)]
    assert steps[1]["message"] == "is_archived"


def test_a_webhook_and_a_file_are_tried_and_say_what_they_cannot(cli: Cli) -> None:
    with HttpReceiver() as receiver:
        extra = {"MONITOR_WEBHOOK__DESK__URL": f"http://127.0.0.1:{receiver.port}/hook"}
        told = dataclasses.replace(cli, extra=extra).json("alerts", "test", "webhook:desk")
    written = cli.json("alerts", "test", "jsonl:log")

    expected = [("set-up", True), ("post", True), ("edit, thread, delete", True)]
    assert [(step["step"], step["ok"]) for step in told["steps"]] == expected
    assert [(step["step"], step["ok"]) for step in written["steps"]] == expected
    assert len(receiver.bodies) == 1
    (line,) = (cli.folder / "alerts.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(line)["headline"] == "A test of the monitor: alerts arrive here"


def test_a_webhook_without_an_address_fails_and_says_where_to_put_it(cli: Cli) -> None:
    answer = cli.here("alerts", "test", "webhook:desk")

    assert answer.code == 1
    assert "MONITOR_WEBHOOK__DESK__URL" in answer.out
    assert "webhook:desk does not work yet." in answer.out


# ----------------------------------------------------------------------------------------- digest, preview


def test_what_waits_for_the_digest_is_shown_with_why_and_goes_out_when_asked_to(
    cli: Cli, store: SqlStore, put: Callable[..., OutboxRow]
) -> None:
    later = NOW + dt.timedelta(hours=5)
    put("console", digest=True, due_at=later, published_at=NOW - dt.timedelta(days=3), at=NOW)
    put("console", ref="d2", due_at=NOW - dt.timedelta(minutes=5), at=NOW - dt.timedelta(minutes=5))
    until = NOW + dt.timedelta(minutes=40)
    with store.begin() as tx:
        tx.save_channel(Channel(destination=Destination("console"), digest_until=until))

    before = cli.json("alerts", "digest")["items"]
    sent = cli.json("alerts", "digest", "--send")["items"]

    assert [(item["id"], dt.datetime.fromisoformat(item["opens_at"])) for item in before] == [(2, until), (1, later)]
    assert before[0]["why"] == "came while there was too much to tell one by one"
    assert {item["id"] for item in sent} == {1, 2}
    assert max(dt.datetime.fromisoformat(item["opens_at"]) for item in sent) <= dt.datetime.now(dt.UTC)


def test_nothing_waits_for_a_digest_where_nothing_is_held(cli: Cli) -> None:
    assert "Nothing waits for a digest." in cli.said("alerts", "digest")


def test_a_story_shows_its_message_as_it_looks_now(cli: Cli, store: SqlStore, put: Callable[..., OutboxRow]) -> None:
    row = put(SLACK, OutboxState.SENT, kind=AlertKind.STORY, remote_id="1.1", sent_at=NOW)
    with store.begin() as tx:
        tx.save_thread(Thread(destination=SLACK, story=StoryId(1), root="1.1", root_outbox=row.id))
        tx.rewrite(
            OutboxId(row.id), dataclasses.replace(row.alert, publishers=("Harbour Daily", "Island Post"), articles=7)
        )

    text = cli.said("alerts", "preview", "s1")
    (shown,) = cli.json("alerts", "preview", "s1")

    assert "To slack:C1" in text
    assert "Harbour Daily, Island Post" in text
    assert shown["destination"] == "slack:C1"
    assert {"text", "blocks", "plain"} <= set(shown["payload"])


def test_a_story_that_was_told_in_a_digest_alone_shows_what_was_said_of_it(
    cli: Cli, put: Callable[..., OutboxRow]
) -> None:
    put("console", OutboxState.MERGED, digest=True)

    assert "[DEVELOPMENT] Ministers of Japan and Russia meet in Vienna" in cli.said("alerts", "preview", "s1")


def test_a_story_that_was_never_told_says_so(cli: Cli) -> None:
    answer = cli.here("alerts", "preview", "s9")

    assert (answer.code, answer.out) == (2, "")
    assert "s9 was never told; `monitor explain s9` says why" in answer.err


@pytest.mark.parametrize("asked", [[], ["s1", "--since", "7d"]], ids=["neither", "both"])
def test_a_preview_is_of_a_story_or_of_a_time(cli: Cli, asked: list[str]) -> None:
    answer = cli.here("alerts", "preview", *asked)

    assert (answer.code, answer.out) == (2, "")
    assert "name a story (s12), or a time with --since (7d), and not both" in answer.err


def test_a_preview_of_days_without_documents_would_have_told_nothing(cli: Cli) -> None:
    assert "This would have posted 0 alerts in 7 days" in cli.said("alerts", "preview", "--since", "7d")
    told = cli.json("alerts", "preview", "--since", "7d")
    assert (told["preview"]["documents"], told["kinds"], told["places"]) == (0, {}, {})


# ------------------------------------------------------------------------------------------- configuration


def routed(cli: Cli, destination: str) -> Cli:
    """The same configuration with another place for all alerts."""
    return dataclasses.replace(cli, extra={"MONITOR_ALERTS__DESTINATION": destination})


def test_a_destination_under_an_unknown_name_is_a_mistake_that_check_and_daemon_name(cli: Cli) -> None:
    lost = routed(cli, "webhook:news")

    checked, started = lost.here("check"), lost.here("run", "--once")

    said = "no table [webhook.news] in monitor.toml (desk is there); add one, as docs/sinks.md shows"
    assert checked.code == 1
    assert " ".join(checked.out.split()).count(said) == 1
    assert (started.code, started.out) == (2, "")
    assert f"alerts.destination = 'webhook:news': {said}" in started.err


def test_a_file_of_json_lines_hears_of_the_start_and_of_nothing_twice(cli: Cli) -> None:
    filed = routed(cli, "jsonl:log")

    codes = [filed.here("run", "--once").code for _ in range(2)]

    lines = [json.loads(line) for line in (cli.folder / "alerts.jsonl").read_text(encoding="utf-8").splitlines()]
    assert codes == [0, 0]
    assert [(line["kind"], line["headline"]) for line in lines] == [("start", "Watching 1 feed; alerts start now")]
