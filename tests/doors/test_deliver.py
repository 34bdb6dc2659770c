"""The outbox walked, on both databases: what is sent, what is held, what is looked up, and what a kill leaves."""

from __future__ import annotations

import contextlib
import datetime as dt
import itertools
import json
import os
import random
import signal
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from monitor.alerts import deliver
from monitor.alerts.deliver import Action, Delivery, Report
from monitor.alerts.policy import Policy
from monitor.alerts.sinks import Sink
from monitor.alerts.slack import SlackSink
from monitor.entities import (
    Alert,
    AlertKind,
    Channel,
    Destination,
    DevelopmentId,
    Look,
    LookStatus,
    OutboxId,
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
from tests.doors.deliver_child import Nursery
from tests.doors.fake_slack import TOKEN, FakeSlack
from tests.make import NOW

HERE, THERE, CONSOLE = Destination("slack:C1"), Destination("slack:C2"), Destination("console")
NOT_SENT = Outcome(status=SendStatus.NOT_SENT, message="refused")
LOST = Outcome(status=SendStatus.UNKNOWN, message="no answer")
FOUND, NOTHING = Look(status=LookStatus.FOUND, remote_id="77.1", root="77.1"), Look(status=LookStatus.NOT_FOUND)
BLIND = Look(status=LookStatus.CANNOT_LOOK, message="no scope")
STATES = tuple(OutboxState)


def fault(status: SendStatus, said: str = "said") -> Outcome:
    return Outcome(status=status, message=said)


def too_fast(seconds: float) -> Outcome:
    return Outcome(
        status=SendStatus.NOT_SENT, attempted=False, retry_after=dt.timedelta(seconds=seconds), message="too fast"
    )


@dataclass
class Script:
    """A sink that answers as it is told, and well when nothing is told. Keeps what it was given, with the time."""

    clock: Clock
    answers: list[Outcome] = field(default_factory=list)
    looks: list[Look] = field(default_factory=list)
    broken: dict[str, Outcome] = field(default_factory=dict)
    calls: list[tuple[str, str, OutboxId]] = field(default_factory=list)
    sent: list[tuple[float, str, str]] = field(default_factory=list)
    number: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def render(self, alert: Alert, tz: dt.tzinfo) -> str:
        return f"{alert.kind.value}: {'; '.join(alert.news)}"

    def send(self, row: OutboxRow, thread: Thread | None) -> Outcome:
        self.calls.append(("send", row.alert.destination, row.id))
        told = self.broken.get(row.alert.destination) or (self.answers.pop(0) if self.answers else None)
        if told is not None:
            return told
        name = f"{next(self.number):06d}.0"
        self.sent.append((self.clock.passed, row.alert.destination, row.payload))
        return Outcome(status=SendStatus.SENT, remote_id=name, root=thread.root if thread else name)

    def look(self, row: OutboxRow, thread: Thread | None, channel: Channel) -> Look:
        self.calls.append(("look", row.alert.destination, row.id))
        return self.looks.pop(0) if self.looks else NOTHING

    def check(self, destinations: object) -> tuple[str, ...]:
        return ()


@dataclass
class Clock:
    """Time that passes only where somebody sleeps."""

    passed: float = 0.0

    def sleep(self, seconds: float) -> bool:
        self.passed += seconds
        return False

    def monotonic(self) -> float:
        return self.passed


@dataclass
class World:
    """A store, a scripted sink and a clock, with a delivery over them."""

    store: SqlStore
    policy: Policy
    clock: Clock = field(default_factory=Clock)
    stories: dict[int, StoryId] = field(default_factory=dict)
    rng: random.Random = field(default_factory=lambda: random.Random(1))

    def __post_init__(self) -> None:
        self.sink = Script(self.clock)
        self.sinks: dict[str, Sink] = {"slack": self.sink, "console": self.sink}

    def deliver(self, minutes: float = 0, seconds: float = 0, **options: Any) -> Report:
        """One call at so long after ``NOW``."""
        self.clock.passed = start = minutes * 60 + seconds
        delivery = Delivery(
            self.store,
            self.sinks,
            self.policy,
            sleep=self.clock.sleep,
            monotonic=self.clock.monotonic,
            rng=self.rng,
        )
        return delivery.deliver(NOW + dt.timedelta(seconds=start), **options)

    def wake_at(self, seconds: float = 0) -> dt.datetime | None:
        return Delivery(self.store, self.sinks, self.policy).wake_at(NOW + dt.timedelta(seconds=seconds))

    def queue(
        self, *news: str, story: int | None = 1, place: Destination = HERE, state: OutboxState = OutboxState.PENDING,
        due: float = 0, expires: float | None = None, **fields: Any,
    ) -> OutboxId:  # fmt: skip
        """A row that is due so many seconds after ``NOW``."""
        with self.store.begin() as tx:
            if story is not None and story not in self.stories:
                self.stories[story] = tx.open_story(make.numbered(story), make.assignment(), make.profile())
            number = len(tx.outbox(states=STATES)) + 1
            alert = make.alert(
                place,
                story=None if story is None else self.stories[story],
                developments=(DevelopmentId(number),),
                news=news or (f"news {number}",),
                **fields,
            )
            row = tx.enqueue(
                alert,
                dedup_key=f"key-{number}",
                state=state,
                due_at=NOW + dt.timedelta(seconds=due),
                now=NOW,
                expires_at=None if expires is None else NOW + dt.timedelta(seconds=expires),
            )
        assert row is not None
        return row

    def rows(self) -> list[OutboxRow]:
        with self.store.read() as tx:
            return list(tx.outbox(states=STATES))

    def states(self) -> list[str]:
        return [row.state.value for row in self.rows()]

    def channel(self, place: Destination = HERE) -> Channel:
        with self.store.read() as tx:
            return tx.channel(place)

    def thread(self, story: int = 1, place: Destination = HERE) -> Thread | None:
        with self.store.read() as tx:
            return tx.thread(place, self.stories[story])

    def said(self) -> list[str]:
        return [payload for _, _, payload in self.sink.sent]


@pytest.fixture
def world(store: SqlStore) -> World:
    return World(store, Policy(default=HERE))


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


def test_a_payload_is_frozen_when_its_row_is_released(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.queue("they met", state=OutboxState.HELD, due=0)
    world.sink.answers = [NOT_SENT]
    world.sink.broken = {}
    world.deliver()
    monkeypatch.setattr(world.sink, "render", lambda alert, tz: "another template")
    world.deliver(minutes=6)

    assert world.said() == ["story: they met"]


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
        opens = deliver.compose.opens_at(Weight.MINOR, last, world.policy, make.at(minutes=minute))
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

    _, state = deliver.after_look(row, NOTHING, channel, NOW, rng=random.Random(1), **waits)

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


def test_too_fast_costs_no_attempt_and_only_its_channel_waits(world: World) -> None:
    world.queue("a", place=HERE)
    world.queue("b", place=THERE)
    world.sink.answers = [too_fast(30)]

    world.deliver()

    assert [(row.state, row.attempts) for row in world.rows()] == [(OutboxState.PENDING, 0), (OutboxState.SENT, 1)]
    assert world.wake_at() == make.at(seconds(30))
    world.deliver(seconds=27)
    assert len(world.sink.calls) == 2
    world.deliver(seconds=30)
    assert world.states() == ["sent", "sent"]


def test_a_hundred_times_too_fast_loses_nothing(world: World) -> None:
    world.queue()
    world.sink.answers = [too_fast(1) for _ in range(100)]

    for minute in range(20):
        world.deliver(minutes=minute)

    assert (world.states(), world.rows()[0].attempts) == (["sent"], 1)


def test_an_hour_of_a_refusing_slack_loses_nothing_and_comes_back_in_order_a_message_a_story(world: World) -> None:
    world.sink.broken = {HERE: NOT_SENT}
    for minute in range(60):
        world.queue(f"at {minute}", story=minute % 20, state=OutboxState.HELD, due=minute * 60)
        world.deliver(minutes=minute)
    tries = len(world.sink.calls)
    world.sink.broken = {}

    world.deliver(minutes=66)

    assert tries <= 45
    assert world.said() == [
        "story: at 0",
        *(f"story: at {n}; at {n + 20}; at {n + 40}" for n in range(1, 20)),
        "development: at 20; at 40",
    ] or sorted(world.said()) == sorted(
        [
            "story: at 0",
            "development: at 20; at 40",
            *(f"story: at {n}; at {n + 20}; at {n + 40}" for n in range(1, 20)),
        ]
    )
    assert [when - world.sink.sent[0][0] for when, *_ in world.sink.sent] == [float(n) for n in range(21)]
    assert world.channel() == Channel(
        destination=HERE, last_remote_id="000021.0", not_before=NOW + dt.timedelta(seconds=66 * 60 + 21)
    )


def test_a_message_at_fault_goes_once_as_plain_text_and_is_then_dead(world: World) -> None:
    world.queue()
    world.sink.answers = [
        fault(SendStatus.MESSAGE_FAULT, "invalid_blocks: /0"),
        fault(SendStatus.MESSAGE_FAULT, "no_text"),
    ]

    report = world.deliver()

    row = world.rows()[0]
    assert (report.dead, row.state, row.plain, row.attempts, row.error) == (1, OutboxState.DEAD, True, 2, "no_text")


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
    monkeypatch.setattr(deliver, "ROWS", 3)
    world.policy = Policy(default=THERE)
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
        state = deliver._fails(replace(channel, failures=number), "x", NOW, rng=random.Random(number))
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

    steps = deliver.next_steps(HERE, (late, soon, other), Channel(destination=HERE), NOW)

    assert [(step.action, step.rows, step.at) for step in steps] == [(Action.SEND, (other,), NOW)]


# ------------------------------------------------------------------------------------------- killed, for real

POINTS = ("before-claim", "after-claim", "after-send", "after-confirm")


@dataclass
class Killed:
    """A database, a folder and a Slack that outlive the process that delivers."""

    url: str
    folder: Path
    slack: FakeSlack
    nursery: Nursery

    def run(self, point: str = "none", after: int = 1) -> int:
        """Deliver until nothing is due, or until the process ends at ``point``."""
        self.start(point, after)
        return self.nursery.wait()

    def run_for(self, seconds: float) -> int:
        """Deliver until nothing is due, or until it is killed from outside after so long."""
        child = self.start()
        time.sleep(seconds)
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        return self.nursery.wait()

    def start(self, point: str = "none", after: int = 1) -> int:
        return self.nursery.start(self.url, str(self.folder), self.slack.base_url, point, after)

    def printed(self) -> list[str]:
        lines = (self.folder / "printed").read_text(encoding="utf-8").splitlines()
        return [line.split(" new ")[1].strip() for line in lines if " new " in line]

    def posted(self) -> list[str]:
        return [_news_of(message) for message in self.slack.messages()]


def _news_of(message: dict[str, Any]) -> str:
    found: str = json.loads(json.dumps(message["blocks"]))[0]["elements"][1]["elements"][0]["elements"][0]["text"]
    return found


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    with Nursery() as nursery:
        yield nursery


@pytest.fixture
def killed(store_url: str, tmp_path: Path, nursery: Nursery) -> Iterator[Killed]:
    with FakeSlack() as slack:
        yield Killed(store_url, tmp_path, slack, nursery)


def _fill(store: SqlStore, place: Destination, stories: int, each: int) -> list[str]:
    world = World(store, Policy())
    return [
        (world.queue(f"s{story} n{number}", story=story, place=place), f"s{story} n{number}")[1]
        for number in range(each)
        for story in range(stories)
    ]


@pytest.mark.parametrize("place", [CONSOLE, HERE])
@pytest.mark.parametrize("point", POINTS)
def test_a_kill_at_any_step_loses_nothing_and_repeats_nothing(
    killed: Killed, open_store: Callable[[], SqlStore], place: Destination, point: str
) -> None:
    told = _fill(open_store(), place, stories=1, each=2)

    for _ in told:
        assert killed.run(point) == -9
    assert killed.run() == 0

    assert (killed.printed() if place == CONSOLE else killed.posted()) == told
    assert {row.state for row in World(open_store(), Policy()).rows()} == {OutboxState.SENT}


@pytest.mark.parametrize("place", [CONSOLE, HERE])
def test_kills_at_any_step_on_a_bad_line_leave_each_told_once_and_in_order(
    killed: Killed, open_store: Callable[[], SqlStore], place: Destination
) -> None:
    told, rng, kills = _fill(open_store(), place, stories=5, each=4), random.Random(7), 0
    for number, do in enumerate(("drop", "500", "no_ts", "cut", "badjson")):
        killed.slack.fault(do, stored=number % 2 == 0, skip=4 * number)
    killed.slack.fault("429", skip=9, header="0.1")

    while killed.run(rng.choice(POINTS), rng.randint(1, 3)) == -9:
        kills += 1
        assert kills < 60
    world = World(open_store(), Policy())
    while any(state != "sent" for state in world.states()):
        assert killed.run() == 0

    assert kills >= 10
    said = killed.printed() if place == CONSOLE else killed.posted()
    assert sorted(said) == sorted(told)
    assert _in_order(said)


@pytest.mark.slow
@pytest.mark.parametrize("place", [CONSOLE, HERE])
def test_forty_kills_at_random_moments_over_five_hundred_rows_leave_each_told_once_and_in_order(
    killed: Killed, open_store: Callable[[], SqlStore], place: Destination
) -> None:
    told, rng, kills = _fill(open_store(), place, stories=100, each=5), random.Random(7), 0
    for number in range(20):
        killed.slack.fault(("drop", "500", "no_ts", "cut", "badjson")[number % 5], stored=number % 2 == 0, skip=15)
        killed.slack.fault("429", skip=40, header="0.1")

    while kills < 40 and killed.run_for(rng.uniform(0.0, 0.2)) == -9:
        kills += 1
    world = World(open_store(), Policy())
    while any(state != "sent" for state in world.states()):
        assert killed.run() == 0

    assert kills > 15
    said = killed.printed() if place == CONSOLE else killed.posted()
    assert sorted(said) == sorted(told)
    assert _in_order(said)


def _in_order(said: Iterable[str]) -> bool:
    """Whether each story's messages stand in the order they were queued."""
    by_story: dict[str, list[int]] = {}
    for line in said:
        story, number = line.split()
        by_story.setdefault(story, []).append(int(number[1:]))
    return all(numbers == sorted(numbers) for numbers in by_story.values())


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
