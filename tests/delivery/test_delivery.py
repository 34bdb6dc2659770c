"""What delivery promises, 1 to 23: every alert once and in order, whatever is killed, lost, refused or late.

The numbers are those of the plan; the promises in words: ``docs/delivery.md``.
"""

from __future__ import annotations

import datetime as dt
import json
import random
from collections.abc import Callable

import pytest
from structlog.testing import capture_logs

from monitor.alerts.policy import Policy
from monitor.alerts.slack import SlackSink
from monitor.entities import OutboxState
from monitor.store import SqlStore
from tests import make
from tests.delivery.killed import POINTS, Killed, fill, in_order
from tests.delivery.world import (
    CONSOLE,
    HERE,
    NOT_SENT,
    THERE,
    World,
    too_fast,
)
from tests.doors.fake_slack import SCOPES, TOKEN, FakeSlack

TIMEOUT = dt.timedelta(seconds=1)
METHODS = ("chat.postMessage", "conversations.history", "conversations.replies")


@pytest.fixture
def line(store: SqlStore, slack: FakeSlack) -> World:
    """A delivery to a real Slack sink, under a clock of the test's own."""
    world = World(store, Policy(default=HERE, operators=None))
    world.sinks = {"slack": SlackSink(token=lambda: TOKEN, base_url=slack.base_url, timeout=TIMEOUT)}
    return world


def calls(slack: FakeSlack) -> list[str]:
    """The methods that were called, those of the set-up left out."""
    return [request["method"] for request in slack.ask()["requests"] if request["method"] in METHODS]


def settle(world: World, minutes: int = 30) -> None:
    """Deliver minute after minute until nothing is open."""
    for minute in range(minutes):
        world.deliver(minutes=minute, flush=True)
        if all(state in {"sent", "merged", "dead", "expired"} for state in world.states()):
            return


# ---------------------------------------------------------------------------------------------- kills


def test_01_killed_after_slack_took_it_leaves_one_message_and_its_ts(
    killed: Killed, open_store: Callable[[], SqlStore]
) -> None:
    fill(open_store(), HERE, stories=1, each=1)

    assert killed.run("after-send") == -9
    assert killed.run() == 0

    (message,), (row,) = killed.slack.messages(), World(open_store(), Policy()).rows()
    assert (row.state, row.remote_id) == (OutboxState.SENT, message["ts"])
    assert calls(killed.slack) == ["chat.postMessage", "conversations.history"]


def test_02_killed_after_the_claim_posts_once_after_two_empty_looks(
    killed: Killed, open_store: Callable[[], SqlStore]
) -> None:
    fill(open_store(), HERE, stories=1, each=1)

    assert killed.run("after-claim") == -9
    assert killed.run() == 0

    assert killed.posted() == ["s0 n0"]
    assert calls(killed.slack) == ["conversations.history", "conversations.history", "chat.postMessage"]


@pytest.mark.parametrize("place", [CONSOLE, HERE])
@pytest.mark.parametrize("point", POINTS)
def test_a_kill_at_any_step_loses_nothing_and_repeats_nothing(
    killed: Killed, open_store: Callable[[], SqlStore], place: str, point: str
) -> None:
    told = fill(open_store(), place, stories=1, each=2)

    for _ in told:
        assert killed.run(point) == -9
    assert killed.run() == 0

    assert (killed.printed() if place == CONSOLE else killed.posted()) == told
    assert {row.state for row in World(open_store(), Policy()).rows()} == {OutboxState.SENT}


def test_kills_at_any_step_leave_each_printed_once_and_in_order(
    killed: Killed, open_store: Callable[[], SqlStore]
) -> None:
    told, rng, kills = fill(open_store(), CONSOLE, stories=5, each=4), random.Random(7), 0

    while killed.run(rng.choice(POINTS), rng.randint(1, 3)) == -9:
        kills += 1
        assert kills < 60

    assert kills >= 10
    said = killed.printed()
    assert sorted(said) == sorted(told)
    assert in_order(said)


# ---------------------------------------------------------------------------------- answers that were lost

LOSSES = ("drop", "reset", "hang", "cut", "badjson", "500", "503")


@pytest.mark.parametrize("do", LOSSES)
def test_03_an_answer_lost_after_slack_took_it_is_one_message_and_one_post(
    line: World, slack: FakeSlack, do: str
) -> None:
    line.queue("they met")
    slack.fault(do, stored=True, seconds=1.5)

    line.deliver(flush=True)

    assert (line.states(), len(slack.messages()), len(slack.requests())) == (["sent"], 1, 1)


@pytest.mark.parametrize("do", LOSSES)
def test_04_an_answer_lost_before_slack_took_it_is_exactly_one_message(line: World, slack: FakeSlack, do: str) -> None:
    line.queue("they met")
    slack.fault(do, stored=False, seconds=1.5)

    settle(line)

    assert (line.states(), len(slack.messages()), len(slack.requests())) == (["sent"], 1, 2)


def test_05_an_ok_without_a_ts_is_settled_by_a_look(line: World, slack: FakeSlack) -> None:
    line.queue("they met")
    slack.fault("no_ts")

    line.deliver(flush=True)

    (message,), (row,) = slack.messages(), line.rows()
    assert (row.state, row.remote_id, len(slack.requests())) == (OutboxState.SENT, message["ts"], 1)


@pytest.mark.parametrize("code", ["fatal_error", "internal_error", "never_seen_before"])
def test_06_a_code_that_says_nothing_for_sure_is_looked_up_twice_before_the_next_post(
    line: World, slack: FakeSlack, code: str
) -> None:
    line.queue("they met")
    slack.fault(code)

    settle(line)

    assert calls(slack) == [
        "chat.postMessage", "conversations.history", "conversations.history", "chat.postMessage",
    ]  # fmt: skip
    assert len(slack.messages()) == 1


# ------------------------------------------------------------------------------------ refusals and limits


def test_08_an_hour_of_a_refusing_slack_loses_nothing_and_comes_back_in_order_a_message_a_story(world: World) -> None:
    world.sink.broken = {HERE: NOT_SENT}
    for minute in range(60):
        world.queue(f"at {minute}", story=minute % 20, state=OutboxState.HELD, due=minute * 60)
        world.deliver(minutes=minute)
    tries = len(world.sink.calls)
    world.sink.broken = {}

    world.deliver(minutes=66)

    firsts = [said.partition(": ")[2].partition(";")[0] for said in world.said()]
    assert tries <= 45
    assert firsts[:1] == ["at 0"]
    assert [name for name in firsts if name != "at 20"] == [f"at {number}" for number in range(20)]
    assert sorted("; ".join(said.partition(": ")[2] for said in world.said()).split("; ")) == sorted(
        f"at {minute}" for minute in range(60)
    )
    gaps = [late[0] - early[0] for early, late in zip(world.sink.sent, world.sink.sent[1:], strict=False)]
    assert min(gaps) >= 1.0


def test_09_a_429_stops_its_channel_for_as_long_as_it_says_and_no_other(line: World, slack: FakeSlack) -> None:
    line.queue("a", place=HERE)
    line.queue("b", place=THERE)
    slack.fault("429", header="30")

    for second in (0, 10, 20, 27):
        line.deliver(seconds=second)

    asked = [request["args"]["channel"] for request in slack.requests()]
    assert (asked, line.states()) == (["C1", "C2"], ["pending", "sent"])
    line.deliver(seconds=30)
    assert ([row.attempts for row in line.rows()], line.states()) == ([1, 1], ["sent", "sent"])


def test_09_a_thousand_429s_in_a_row_lose_nothing() -> None:
    world = World(SqlStore.throwaway(), Policy(default=HERE, operators=None))
    world.queue("a")
    world.sink.answers = [too_fast(1) for _ in range(1000)]

    for minute in range(20):
        world.deliver(minutes=minute)

    assert (world.states(), world.rows()[0].attempts, len(world.sink.calls)) == (["sent"], 1, 1001)
    world.store.close()


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("1.5", 1.5), ("-1", 30), ("999999", 900), ("inf", 900), ("nan", 30), ("soon", 30), (None, 30), ("0", 1)],
)
def test_10_whatever_retry_after_says_the_wait_is_bounded(
    line: World, slack: FakeSlack, header: str | None, seconds: float
) -> None:
    line.queue("a")
    slack.fault("429", header=header)

    line.deliver()

    waits = line.wake_at()
    if seconds <= 2:  # waited for within the call
        assert (line.states(), line.clock.passed) == (["sent"], pytest.approx(seconds + 1, abs=1))
    else:
        assert waits == make.NOW + dt.timedelta(seconds=seconds)


def test_10_a_date_to_wait_for_is_read_by_the_servers_clock_and_not_by_ours(line: World, slack: FakeSlack) -> None:
    line.queue("a")
    at = dt.datetime.now(dt.UTC) + dt.timedelta(minutes=2)
    slack.fault("429", header=f"{at:%a, %d %b %Y %H:%M:%S} GMT")

    line.deliver()

    assert (line.wake_at() or make.NOW) - make.NOW == pytest.approx(
        dt.timedelta(minutes=2), abs=dt.timedelta(seconds=10)
    )


def test_11_too_many_looks_wait_and_send_nothing_again(line: World, slack: FakeSlack) -> None:
    line.queue("a")
    slack.fault("drop", stored=True)
    slack.fault("429", method="conversations.history", header="30")

    line.deliver()
    line.deliver(seconds=27)
    assert (line.states(), len(slack.requests())) == (["unknown"], 1)
    line.deliver(seconds=31)

    assert (line.states(), len(slack.requests()), len(slack.messages())) == (["sent"], 1, 1)


# ----------------------------------------------------------------------------------- token, channel, message


def test_13_a_scope_that_is_missing_is_named_at_the_start(line: World, slack: FakeSlack) -> None:
    slack.ask(set={"tokens": {TOKEN: [scope for scope in SCOPES if scope != "channels:history"]}})

    with capture_logs() as logs:
        line.delivery().arrive(make.NOW, check=True)

    assert "Slack: the app lacks the scope channels:history; add it and reinstall the app" in [
        entry.get("problem") for entry in logs
    ]
    assert slack.requests() == []


def test_14_an_archived_channel_stops_alone_and_tells_the_operators_once(line: World, slack: FakeSlack) -> None:
    line.policy = Policy(default=HERE, operators=THERE)
    slack.ask(set={"channels": {"C1": "archived", "C2": "member"}})
    line.queue("a", place=HERE)
    line.queue("b", place=THERE)

    for minute in range(30):
        line.deliver(minutes=minute)

    assert [(row.alert.destination, row.state.value) for row in line.rows()] == [
        (HERE, "pending"), (THERE, "sent"), (THERE, "sent"),
    ]  # fmt: skip
    assert line.rows()[2].alert.headline == "slack:C1 takes no alerts: is_archived"
    slack.ask(set={"channels": {"C1": "member", "C2": "member"}})
    line.deliver(minutes=36)
    assert line.states() == ["sent"] * 3


def test_15_a_message_slack_refuses_goes_once_as_plain_text(line: World, slack: FakeSlack) -> None:
    line.queue("a")
    slack.fault("invalid_blocks")

    settle(line)

    assert ["blocks" in request["args"] for request in slack.requests()] == [True, False]
    assert [(row.state, row.plain, row.attempts) for row in line.rows()] == [(OutboxState.SENT, True, 2)]


def test_15_a_message_slack_refuses_twice_is_dead_with_slacks_words(line: World, slack: FakeSlack) -> None:
    line.queue("a")
    slack.fault("invalid_blocks")
    slack.fault("msg_too_long")

    settle(line)

    (row,) = line.rows()
    assert (row.state, row.attempts, row.error) == (OutboxState.DEAD, 2, "msg_too_long")


def test_16_a_digest_of_sixty_is_several_messages_within_the_limits_and_leaves_none_out(
    line: World, slack: FakeSlack
) -> None:
    for number in range(60):
        line.queue(
            "they met",
            story=number,
            state=OutboxState.HELD,
            digest=True,
            headline=f"Headline {number:02d} " + "長" * 90,
        )

    line.deliver()

    messages = slack.messages()
    said = json.dumps(messages, ensure_ascii=False)
    assert len(messages) > 1
    assert [number for number in range(60) if f"Headline {number:02d}" not in said] == []
    assert {row.state.value for row in line.rows()} == {"merged", "sent"}
    assert all(request["fault"] is None for request in slack.requests())


# --------------------------------------------------------------------------------------------------- order


def test_18_replies_wait_while_the_fate_of_their_root_is_unknown(line: World, slack: FakeSlack) -> None:
    line.queue("root")
    line.queue("reply")
    slack.fault("drop", stored=True)
    slack.fault("500", method="conversations.history", times=3)

    line.deliver()
    assert (line.states(), len(slack.requests())) == (["unknown", "pending"], 1)
    settle(line)

    root, reply = slack.messages()
    assert (reply["thread_ts"], len(slack.requests())) == (root["ts"], 2)


def test_19_a_reply_to_a_deleted_parent_is_the_new_root(line: World, slack: FakeSlack) -> None:
    line.queue("root")
    line.deliver()
    slack.ask(delete=["C1", slack.messages()[0]["ts"]])
    line.queue("reply")
    line.queue("another")
    line.deliver(minutes=1)

    first, second = slack.messages()
    assert ("thread_ts" in first, second["thread_ts"]) == (False, first["ts"])


def test_21_a_queued_payload_stays_as_it_is_when_the_template_changes(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.queue("they met", state=OutboxState.HELD, due=0)
    world.sink.answers = [NOT_SENT]
    world.deliver()
    monkeypatch.setattr(world.sink, "render", lambda alert, tz: "another template")
    world.deliver(minutes=6)

    assert world.said() == ["story: they met"]
