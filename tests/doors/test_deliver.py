"""The outbox walked, on both databases: what is sent, what is held, what is looked up, and what a kill leaves."""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import replace

import pytest

from monitor.alerts import outcomes, rows, rules
from monitor.alerts.deliver import Delivery, Report
from monitor.alerts.policy import Policy
from monitor.alerts.slack import SlackSink
from monitor.alerts.steps import Action, next_steps
from monitor.entities import (
    AlertKind,
    Channel,
    Destination,
    Look,
    LookStatus,
    OutboxRow,
    OutboxState,
    Outcome,
    SendStatus,
    StoryId,
    Thread,
    Weight,
)
from monitor.store import SqlStore
from tests import make
from tests.delivery.world import (
    BLIND,
    CONSOLE,
    FOUND,
    HERE,
    LOST,
    NOT_SENT,
    NOTHING,
    THERE,
    World,
    fault,
    too_fast,
)  # fmt: skip
from tests.doors.fake_slack import TOKEN, FakeSlack
from tests.make import NOW


@pytest.fixture
def world(store: SqlStore) -> World:
    return World(store, Policy(default=HERE, operators=None))


# ------------------------------------------------------------------------------------------------ the good way


def test_a_pending_row_is_sent_and_remembers_where(world: World) -> None:
    world.queue("they met")

    report = world.deliver()

    row = world.rows()[0]
    assert report == Report(sent=1, broken={})
    assert (row.state, row.remote_id, row.attempts, row.sent_at, row.error) == (
        OutboxState.SENT,
        "000001.0",
        1,
        NOW,
        "",
    )
    assert world.thread() == Thread(destination=HERE, story=world.stories[1], root="000001.0", root_outbox=row.id)
    assert world.channel().last_remote_id == "000001.0"


def test_nothing_is_sent_twice_by_delivering_again(world: World) -> None:
    world.queue()
    world.deliver()

    assert world.deliver(minutes=1) == Report(broken={})
    assert len(world.sink.sent) == 1


def test_the_first_message_of_a_story_is_its_root_and_the_next_a_reply(world: World) -> None:
    world.queue("a", kind=AlertKind.DEVELOPMENT)
    world.queue("b", kind=AlertKind.STORY)

    world.deliver()

    assert world.said() == ["story: a", "development: b"]
    assert world.rows()[1].remote_id == "000002.0"
    assert world.thread().root == "000001.0"  # type: ignore[union-attr]


def test_a_reply_that_found_its_root_deleted_is_the_new_root(world: World) -> None:
    world.queue("a")
    world.deliver()
    world.sink.answers = [Outcome(status=SendStatus.SENT, remote_id="9.9", root="9.9")]
    second = world.queue("b")
    world.deliver(minutes=1)

    assert world.thread() == Thread(destination=HERE, story=world.stories[1], root="9.9", root_outbox=second)


def test_one_channel_takes_one_message_a_second_and_two_channels_side_by_side(world: World) -> None:
    for number in range(4):
        world.queue(story=number, place=HERE)
        world.queue(story=number, place=THERE)

    world.deliver()

    assert [(when, place) for when, place, _ in world.sink.sent] == [
        (float(second), place) for second in range(4) for place in (HERE, THERE)
    ]


def test_a_stop_is_heard_between_two_messages(world: World) -> None:
    for number in range(3):
        world.queue(story=number)
    delivery = Delivery(world.store, world.sinks, world.policy, sleep=lambda seconds: seconds > 0)

    delivery.deliver(NOW)

    assert world.states() == ["sent", "pending", "pending"]


# ---------------------------------------------------------------------------------------------- held, merged


def test_a_new_story_waits_and_what_came_meanwhile_goes_with_it(world: World) -> None:
    first = world.queue("a", state=OutboxState.HELD, due=90)
    world.queue("b", state=OutboxState.HELD, due=120)
    world.queue("c", story=2, state=OutboxState.HELD, due=500)

    assert world.deliver(seconds=87) == Report(broken={})
    assert world.wake_at(87) == make.at(minutes=1.5)
    assert world.deliver(seconds=90) == Report(released=1, merged=1, sent=1, broken={})
    assert world.said() == ["story: a; b"]
    assert [(row.state, row.merged_into) for row in world.rows()] == [
        (OutboxState.SENT, None),
        (OutboxState.MERGED, first),
        (OutboxState.HELD, None),
    ]


def test_a_flush_sends_what_is_held_at_once(world: World) -> None:
    world.queue("a", state=OutboxState.HELD, due=900)

    assert world.deliver(flush=True) == Report(released=1, sent=1, broken={})


def test_rows_without_a_story_are_never_merged(world: World) -> None:
    world.queue("a", story=None, state=OutboxState.HELD, kind=AlertKind.NOTICE)
    world.queue("b", story=None, state=OutboxState.HELD, kind=AlertKind.NOTICE)

    world.deliver()

    assert world.said() == ["notice: a", "notice: b"]


def test_ten_minor_updates_in_an_hour_are_at_most_three_posts(world: World) -> None:
    world.queue("root")
    world.deliver()
    with world.store.read() as tx:
        assert tx.last_alert_at(HERE, world.stories[1]) == NOW
    for minute in range(5, 55, 5):
        with world.store.read() as tx:
            last = tx.last_alert_at(HERE, world.stories[1])
        opens = rules.opens_at(Weight.MINOR, last, world.policy, make.at(minutes=minute))
        world.queue(f"at {minute}", state=OutboxState.HELD, due=(opens - NOW).total_seconds())
        world.deliver(minutes=minute)

    world.deliver(minutes=60)

    assert world.said()[1:] == [
        "development: at 5; at 10; at 15; at 20",
        "development: at 25; at 30; at 35; at 40",
        "development: at 45; at 50",
    ]


# ------------------------------------------------------------------------------------------- trouble on the way


def test_a_lost_answer_is_looked_up_and_not_sent_again(world: World) -> None:
    world.queue()
    world.sink.answers, world.sink.looks = [LOST], [NOTHING, FOUND]

    world.deliver(flush=True)

    assert [call for call, *_ in world.sink.calls] == ["send", "look", "look"]
    assert [(row.state, row.remote_id) for row in world.rows()] == [(OutboxState.SENT, "77.1")]
    assert world.thread().root == "77.1"  # type: ignore[union-attr]


def test_two_empty_looks_a_settle_time_apart_send_again(world: World) -> None:
    world.queue()
    world.sink.answers = [LOST]

    world.deliver()
    assert (world.states(), world.wake_at()) == (["unknown"], make.at(seconds(10)))
    world.deliver(seconds=7)
    assert [call for call, *_ in world.sink.calls] == ["send", "look"]
    world.deliver(seconds=12, flush=True)

    assert [call for call, *_ in world.sink.calls] == ["send", "look", "look", "send"]
    assert world.states() == ["sent"]


def seconds(count: float) -> float:
    """As hours, which ``make.at`` counts in."""
    return count / 3600


def test_nothing_passes_a_row_whose_fate_is_unknown(world: World) -> None:
    world.queue("a", place=HERE)
    world.queue("b", place=HERE, story=2)
    world.queue("c", place=THERE)
    world.sink.answers, world.sink.looks = [LOST], [BLIND] * 9

    world.deliver()

    assert world.states() == ["unknown", "pending", "sent"]
    assert world.channel().broken == "cannot look: no scope"


@pytest.mark.parametrize(
    ("broken", "after"),
    [
        ("cannot look: no scope", ("", 0)),
        ("unreachable: refused", ("", 0)),
        ("token: token_revoked", ("token: token_revoked", 7)),
        ("channel: is_archived", ("channel: is_archived", 7)),
    ],
)
def test_an_empty_look_shows_that_the_channel_can_be_read_and_no_more(broken: str, after: tuple[str, int]) -> None:
    row = make.outbox_row(state=OutboxState.UNKNOWN, attempts=1)
    channel = Channel(destination=HERE, broken=broken, broken_since=NOW, failures=7)
    waits = {"settle": dt.timedelta(seconds=10), "pace": dt.timedelta(0)}

    _, state = outcomes.after_look(row, NOTHING, channel, NOW, rng=random.Random(1), **waits)

    assert (state.broken, state.failures) == after


def test_a_look_that_must_wait_sends_nothing(world: World) -> None:
    world.queue()
    world.sink.answers = [LOST]
    world.sink.looks = [Look(status=LookStatus.CANNOT_LOOK, retry_after=dt.timedelta(seconds=30)), FOUND]

    world.deliver()
    world.deliver(seconds=27)
    assert world.states() == ["unknown"]
    world.deliver(seconds=30)

    assert [call for call, *_ in world.sink.calls] == ["send", "look", "look"]
    assert world.states() == ["sent"]


def test_a_look_that_must_wait_keeps_the_looks_of_other_channels_waiting_too(world: World) -> None:
    world.queue(place=HERE)
    world.queue(place=THERE)
    world.queue(place=CONSOLE)
    world.sink.answers = [LOST, LOST, LOST]
    world.sink.looks = [Look(status=LookStatus.CANNOT_LOOK, retry_after=dt.timedelta(seconds=1.5)), FOUND, FOUND, FOUND]

    world.deliver()

    assert [(call, place) for call, place, _ in world.sink.calls] == [
        *(("send", place) for place in (HERE, THERE, CONSOLE)),
        *(("look", place) for place in (HERE, CONSOLE, HERE, THERE)),
    ]
    assert world.clock.passed == pytest.approx(1.5)


def test_a_row_found_on_its_way_at_start_is_looked_up(world: World) -> None:
    row = world.queue()
    with world.store.begin() as tx:
        held = tx.outbox_row(row)
        assert held is not None
        tx.update_outbox(replace(held, state=OutboxState.SENDING, claimed_at=NOW, attempts=1, payload="story: a"))
    world.sink.looks = [FOUND]

    report = world.deliver()

    assert (report.unknown, report.found, world.states(), world.sink.sent) == (1, 1, ["sent"], [])


def test_an_answer_never_understood_is_not_sent_blindly_again_and_again(world: World) -> None:
    world.queue()
    world.sink.broken = {HERE: LOST}

    for minute in range(60):
        world.deliver(minutes=minute)

    calls = [call for call, *_ in world.sink.calls]
    assert 8 <= calls.count("send") <= 40
    assert calls.count("look") >= 2 * (calls.count("send") - 1)


def test_a_channel_at_fault_stops_itself_only_and_heals_by_itself(world: World) -> None:
    world.queue("a", place=HERE)
    world.queue("b", place=THERE)
    world.sink.broken = {HERE: fault(SendStatus.CHANNEL_FAULT, "is_archived")}

    report = world.deliver()

    assert (report.broken, world.states()) == ({HERE: "channel: is_archived"}, ["pending", "sent"])
    world.sink.broken = {}
    assert world.deliver(minutes=6).broken == {}
    assert world.states() == ["sent", "sent"]


def test_a_token_at_fault_stops_every_channel_of_its_sink_and_no_other(world: World) -> None:
    for place in (HERE, THERE, CONSOLE):
        world.queue(place=place)
    revoked = fault(SendStatus.TOKEN_FAULT, "token_revoked")
    world.sink.broken = {HERE: revoked, THERE: revoked}

    report = world.deliver()

    assert report.broken == {HERE: "token: token_revoked", THERE: "token: token_revoked"}
    assert world.states() == ["pending", "pending", "sent"]
    world.sink.broken = {}
    assert world.deliver(minutes=2).broken == {}
    assert world.states() == ["sent", "sent", "sent"]


def test_a_destination_without_a_sink_keeps_its_rows(world: World) -> None:
    world.queue(place=Destination("pigeon:3"))

    report = world.deliver()

    assert report.broken == {"pigeon:3": "channel: no sink of this name is configured"}
    assert world.states() == ["pending"]


def test_what_could_not_be_sent_in_time_expires_and_is_counted(world: World) -> None:
    world.queue(expires=60)
    world.queue(state=OutboxState.HELD, due=900, expires=60)
    world.sink.broken = {HERE: NOT_SENT}
    world.deliver()

    report = world.deliver(seconds=61)

    assert (report.expired, world.states()) == (2, ["expired", "expired"])


def test_a_row_that_an_operator_dropped_meanwhile_is_left_alone(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    row = world.queue()

    def drop(self: Delivery, found: OutboxRow, now: dt.datetime) -> None:
        with world.store.begin() as tx:
            tx.update_outbox(replace(found, state=OutboxState.EXPIRED))
        monkeypatch.undo()
        self._send(found, now)

    monkeypatch.setattr(Delivery, "_send", drop)
    world.deliver()

    assert (world.states(), world.sink.calls, row) == (["expired"], [], 1)


@pytest.mark.parametrize("hours", [-24, 24])
def test_a_clock_that_jumps_sends_nothing_twice_and_stops_nothing(world: World, hours: int) -> None:
    world.queue("a", state=OutboxState.HELD, due=90)
    world.queue("b", story=2)
    world.sink.answers = [too_fast(30)]
    world.deliver()

    world.deliver(minutes=hours * 60)
    world.queue("c", story=3)
    world.deliver(minutes=hours * 60 + 2)
    world.deliver(minutes=3)

    assert sorted(world.said()) == ["story: a", "story: b", "story: c"]


def test_a_long_queue_of_a_broken_channel_hides_no_other(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "ROWS", 3)
    world.policy = Policy(default=THERE, operators=None)
    world.sink.broken = {HERE: fault(SendStatus.CHANNEL_FAULT)}
    for number in range(5):
        world.queue(story=number, place=HERE)
    world.queue("through", place=THERE)

    world.deliver()

    assert world.said() == ["story: through"]


def test_the_longest_waits_are_bounded_and_jittered() -> None:
    channel = Channel(destination=HERE)
    waits = []
    for number in range(200):
        state = outcomes.fails(replace(channel, failures=number), "x", NOW, rng=random.Random(number))
        assert state.not_before is not None
        waits.append((state.not_before - NOW).total_seconds())
    assert max(waits[:1]) <= 2
    assert 200 < max(waits) <= 300
    assert len({round(wait, 3) for wait in waits}) > 190


def test_wake_at_is_silent_where_nothing_waits(world: World) -> None:
    assert world.wake_at() is None


def test_nothing_overtakes_within_a_story() -> None:
    late = make.outbox_row(1, alert=make.alert(HERE), due_at=make.at(minutes=5))
    soon = make.outbox_row(2, alert=make.alert(HERE))
    other = make.outbox_row(3, alert=make.alert(HERE, story=StoryId(2)))

    steps = next_steps(HERE, (late, soon, other), Channel(destination=HERE), NOW, policy=Policy())

    assert [(step.action, step.rows, step.at) for step in steps] == [(Action.SEND, (other,), NOW)]


# ----------------------------------------------------------------------------------------- with a real sink


def test_a_story_and_its_updates_stand_in_one_slack_thread(store: SqlStore) -> None:
    with FakeSlack() as slack:
        world = World(store, Policy(default=HERE))
        world.sinks = {"slack": SlackSink(token=lambda: TOKEN, base_url=slack.base_url)}
        world.queue("a")
        world.queue("b")
        world.queue("c", story=2)
        world.deliver()

        first, reply, other = slack.messages()
        assert (reply["thread_ts"], "thread_ts" in first, "thread_ts" in other) == (first["ts"], False, False)
        assert [row.remote_id for row in world.rows()] == [first["ts"], other["ts"], reply["ts"]] or [
            row.remote_id for row in world.rows()
        ] == [first["ts"], reply["ts"], other["ts"]]


# ------------------------------------------------------------------------------------------------- probes


@pytest.mark.parametrize("status", [SendStatus.CHANNEL_FAULT, SendStatus.TOKEN_FAULT, SendStatus.NOT_SENT])
def test_a_broken_destination_with_nothing_to_send_is_probed_until_it_is_well(
    world: World, monkeypatch: pytest.MonkeyPatch, status: SendStatus
) -> None:
    world.queue("a", expires=60)
    world.queue("tonight", story=2, state=OutboxState.HELD, due=36_000)
    world.sink.broken = {HERE: fault(status)}
    world.deliver()
    probes: list[object] = []
    monkeypatch.setattr(world.sink, "check", lambda places: probes.append(places) or ("still so",))

    for minute in range(2, 62):
        assert world.deliver(minutes=minute).broken == {HERE: world.channel().broken}
    assert 5 < len(probes) < 100
    tries = len(world.sink.calls)
    monkeypatch.setattr(world.sink, "check", lambda places: ())
    world.deliver(minutes=68)

    assert (world.channel().broken, world.states()) == ("", ["expired", "held"])
    assert [call for call, *_ in world.sink.calls] == ["send"] * tries
