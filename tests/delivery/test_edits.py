"""A root that is posted once and edited as its story moves: when, how often, and what a lost answer leaves."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from monitor.alerts.policy import Policy
from monitor.alerts.slack import SlackSink
from monitor.alerts.steps import Action, next_steps
from monitor.entities import Channel, OutboxId, OutboxRow, OutboxState, Outcome, SendStatus
from monitor.store import SqlStore
from tests import make
from tests.delivery.world import BLIND, HERE, LOST, NOT_SENT, THERE, World, fault, too_fast
from tests.doors.fake_slack import TOKEN, FakeSlack


def rewrite(world: World, row: OutboxId, *news: str, due: float = 45) -> None:
    """Let a row say something else, to be seen so many seconds after ``NOW``."""
    with world.store.begin() as tx:
        held = tx.outbox_row(row)
        assert held is not None
        tx.rewrite(row, replace(held.alert, news=news), edit_due_at=make.NOW + dt.timedelta(seconds=due))


def edited(world: World) -> list[str]:
    return [payload for _, _, payload in world.sink.edited]


@pytest.fixture
def told(world: World) -> OutboxId:
    """A story whose root stands."""
    row = world.queue("they met")
    world.deliver()
    return row


def test_many_changes_are_one_edit_when_its_wait_is_over(world: World, told: OutboxId) -> None:
    rewrite(world, told, "they met", "two papers")
    rewrite(world, told, "they met", "three papers", due=80)

    world.deliver(seconds=20)
    assert (edited(world), world.wake_at(20)) == ([], make.NOW + dt.timedelta(seconds=45))
    report = world.deliver(seconds=45)

    assert (report.edited, edited(world)) == (1, ["story: they met; three papers"])
    assert world.deliver(seconds=100).edited == 0
    row = world.rows()[0]
    assert (row.edit_due_at, row.payload, row.remote_id) == (None, "story: they met; three papers", "000001.0")


def test_what_the_message_says_already_is_not_said_again(world: World, told: OutboxId) -> None:
    rewrite(world, told, "they met")

    world.deliver(seconds=45)

    assert ([call for call, *_ in world.sink.calls], world.rows()[0].edit_due_at) == (["send"], None)


def test_a_row_that_is_still_on_its_way_is_edited_after_it_arrived(world: World) -> None:
    row = world.queue("they met")
    world.sink.answers = [NOT_SENT]
    world.deliver()
    rewrite(world, row, "they met", "and parted", due=0)

    world.deliver(minutes=6)

    assert (world.said(), edited(world)) == (["story: they met"], ["story: they met; and parted"])


def test_news_goes_before_an_edit_and_both_share_the_channels_pace(world: World, told: OutboxId) -> None:
    rewrite(world, told, "they met", "two papers", due=60)
    world.queue("more", due=60)
    world.queue("other", story=2, due=60)

    world.deliver(minutes=1)

    assert [call for call, *_ in world.sink.calls][1:] == ["send", "send", "edit"]
    times = [when for when, *_ in (*world.sink.sent[1:], *world.sink.edited)]
    assert times == [60.0, 61.0, 62.0]


@pytest.mark.parametrize("answer", [LOST, NOT_SENT, too_fast(30), fault(SendStatus.CHANNEL_FAULT)])
def test_an_edit_without_a_good_answer_is_made_again_and_never_looked_up(
    world: World, told: OutboxId, answer: Outcome
) -> None:
    rewrite(world, told, "they met", "two papers", due=0)
    world.sink.edits = [answer]

    world.deliver(minutes=1)
    world.deliver(minutes=7)

    assert [call for call, *_ in world.sink.calls] == ["send", "edit", "edit"]
    assert (edited(world), world.rows()[0].edit_due_at) == (["story: they met; two papers"], None)
    assert (world.channel().broken, world.states()) == ("", ["sent"])


def test_edits_that_come_too_fast_wait_everywhere_and_hold_up_no_news(world: World, told: OutboxId) -> None:
    second = world.queue("elsewhere", story=2, place=THERE)
    world.deliver(seconds=5)
    for row in (told, second):
        rewrite(world, row, "they met", "two papers", due=60)
    world.sink.edits = [too_fast(30)]

    world.deliver(seconds=60)
    world.queue("news", story=3, due=60)
    world.deliver(seconds=70)

    assert [call for call, *_ in world.sink.calls][2:] == ["edit", "send"]
    world.deliver(seconds=91)
    assert len(edited(world)) == 2


def test_a_text_that_moved_on_while_its_edit_was_on_the_way_is_edited_again(world: World, told: OutboxId) -> None:
    rewrite(world, told, "they met", "two papers", due=0)
    with world.store.read() as tx:
        (row,) = tx.edits_due()
    rewrite(world, told, "they met", "three papers", due=0)

    with world.store.begin() as tx:
        tx.edited(row)

    world.deliver(minutes=1)
    assert edited(world) == ["story: they met; three papers"]


def test_a_text_that_slack_refuses_goes_once_as_plain_text_and_then_rests(world: World, told: OutboxId) -> None:
    rewrite(world, told, "they met", "two papers", due=0)
    world.sink.edits = [fault(SendStatus.MESSAGE_FAULT, "invalid_blocks"), fault(SendStatus.MESSAGE_FAULT, "no_text")]

    world.deliver(minutes=1)

    row = world.rows()[0]
    assert (row.plain, row.state, row.error, row.edit_due_at) == (True, OutboxState.SENT, "no_text", None)
    assert [call for call, *_ in world.sink.calls] == ["send", "edit", "edit"]


def test_no_edit_passes_a_row_whose_fate_is_unknown(world: World, told: OutboxId) -> None:
    rewrite(world, told, "they met", "two papers", due=0)
    world.queue("more", due=60)
    world.sink.answers, world.sink.looks = [LOST], [BLIND] * 9

    world.deliver(minutes=1)

    assert edited(world) == []


def test_a_long_queue_of_edits_of_one_destination_hides_no_others() -> None:
    due = make.outbox_row(1, state=OutboxState.SENT, edit_due_at=make.NOW)

    (step,) = next_steps(HERE, (), Channel(destination=HERE), make.NOW, policy=Policy(), edit=due)

    assert (step.action, step.rows, step.at) == (Action.EDIT, (due,), make.NOW)


def test_each_destination_has_an_edit_that_is_due_first(world: World) -> None:
    rows = [world.queue(story=number, place=place) for number, place in ((1, HERE), (2, HERE), (3, THERE))]
    world.deliver()
    for row, due in zip(rows, (50, 40, 90), strict=True):
        rewrite(world, row, "new", due=due)

    with world.store.read() as tx:
        assert sorted(row.id for row in tx.edits_due()) == [rows[1], rows[2]]


# ------------------------------------------------------------------------------------------ with a real sink


@pytest.fixture
def line(store: SqlStore, slack: FakeSlack) -> World:
    """A story told in Slack, rewritten since."""
    world = World(store, Policy(default=HERE, operators=None))
    world.sinks = {"slack": SlackSink(token=lambda: TOKEN, base_url=slack.base_url, timeout=dt.timedelta(seconds=1))}
    row = world.queue("they met")
    world.queue("a reply")
    world.deliver()
    rewrite(world, row, "they met", "two papers say so", due=0)
    return world


def test_the_root_in_slack_says_what_was_written_last_and_stays_the_root(line: World, slack: FakeSlack) -> None:
    before = slack.messages()

    line.deliver(minutes=1)

    root, reply = slack.messages()
    assert "two papers say so" in str(root["blocks"])
    assert (root["ts"], root["metadata"], reply) == (before[0]["ts"], before[0]["metadata"], before[1])


@pytest.mark.parametrize("do", ["drop", "reset", "cut", "badjson", "500", "fatal_error"])
@pytest.mark.parametrize("stored", [False, True])
def test_a_lost_answer_to_an_edit_ends_with_the_new_text(line: World, slack: FakeSlack, do: str, stored: bool) -> None:
    slack.fault(do, stored=stored, method="chat.update")

    for minute in range(1, 7):
        line.deliver(minutes=minute)

    assert "two papers say so" in str(slack.messages()[0]["blocks"])
    assert (len(slack.messages()), line.rows()[0].edit_due_at) == (2, None)


@pytest.mark.parametrize("code", ["message_not_found", "cant_update_message", "edit_window_closed"])
def test_an_edit_of_a_message_that_is_gone_or_closed_ends_quietly(line: World, slack: FakeSlack, code: str) -> None:
    slack.fault(code, method="chat.update")

    report = line.deliver(minutes=1)

    row: OutboxRow = line.rows()[0]
    assert (report.broken, row.state, row.edit_due_at, row.error) == ({}, OutboxState.SENT, None, code)
    assert len(slack.requests("chat.update")) == 1


def test_a_broadcast_reply_is_shown_in_the_channel_and_found_by_a_look(slack: FakeSlack) -> None:
    sink = SlackSink(token=lambda: TOKEN, base_url=slack.base_url)
    alert = make.alert(HERE)
    rows = [
        make.outbox_row(number, alert=alert, payload=sink.render(alert, dt.UTC), broadcast=True, claimed_at=make.NOW)
        for number in (1, 2)
    ]
    root = sink.send(rows[0], None)
    thread = make.thread(destination=HERE, root=root.root)
    reply = sink.send(rows[1], thread)

    first, second = slack.requests()
    assert ("reply_broadcast" in first["args"], second["args"]["reply_broadcast"]) == (False, True)
    assert sink.look(rows[1], thread, Channel(destination=HERE)).remote_id == reply.remote_id
