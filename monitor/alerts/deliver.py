"""The outbox walked: claim, send, confirm. Never in one transaction with the network, never twice, never out of order.

    held ──► pending | merged    pending ──► sending ──► sent | pending | unknown | dead    unknown ──► sent | pending

``Delivery.deliver`` does what is due and returns; ``wake_at`` says when to call it again. The claim is committed before
the call and the outcome after it, so a row found ``sending`` at the start of a round was cut off and is looked up. One
delivery runs at a time (the daemon holds the lock), and one request is in flight for each destination. The states, the
guarantees and what is left of risk: ``docs/delivery.md``.
"""

from __future__ import annotations

import datetime as dt
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import structlog

from monitor.alerts import compose
from monitor.alerts.policy import Policy
from monitor.alerts.sinks import Sink
from monitor.entities import (
    Alert,
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
)
from monitor.ports import OutboxTx, Store
from monitor.settings import zone

log = structlog.get_logger("monitor.deliver")

OPEN = (OutboxState.HELD, OutboxState.PENDING, OutboxState.SENDING, OutboxState.UNKNOWN)
LONGEST_WAIT = dt.timedelta(minutes=15)
"""No timer of delivery is longer but a held row's: one that is was written under another clock, and is over."""
BACKOFF_CAP = 300.0  # seconds between two attempts at most
TOKEN_CAP = 60.0  # seconds between two probes of a refused token: a new one should be seen soon
LOOKS = 2  # empty looks, a settle time apart, before a row is sent again
PATIENCE = dt.timedelta(seconds=2)  # deliver() sleeps so long for the pace of a channel; else it returns
FLUSH_PATIENCE = dt.timedelta(seconds=15)  # ... and so long for a look-up when it is the last call
ROWS = 1000  # read at once; a longer queue is read destination by destination


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What one call did, in rows. ``broken`` are the destinations that do not work now, with what they say."""

    released: int = 0
    merged: int = 0
    sent: int = 0
    found: int = 0
    refused: int = 0
    unknown: int = 0
    dead: int = 0
    expired: int = 0
    broken: Mapping[Destination, str]


class Action(StrEnum):
    """What a destination needs next."""

    EXPIRE = "expire"
    RECOVER = "recover"
    LOOK = "look"
    RELEASE = "release"
    SEND = "send"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """The next thing to do for one destination, with which rows, and not before when."""

    action: Action
    destination: Destination
    rows: tuple[OutboxRow, ...]
    at: dt.datetime


class Delivery:
    """Takes rows from the outbox to their sinks. All it knows stands in the store; it can be killed anywhere."""

    def __init__(
        self,
        store: Store,
        sinks: Mapping[str, Sink],
        policy: Policy,
        *,
        sleep: Callable[[float], object] | None = None,
        rng: random.Random | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """``sleep`` waits so many seconds and returns something true when delivery should stop (``Event.wait``)."""
        self._store = store
        self._sinks = sinks
        self._policy = policy
        self._sleep = sleep or threading.Event().wait
        self._rng = rng or random.Random()
        self._monotonic = monotonic
        self._tz = zone(policy.zone)
        self._tally: Counter[str] = Counter()
        self._from: tuple[dt.datetime, float] | None = None
        # Until when a sink takes no look-up: its limit is one for all channels. A kill forgets it: one call too many.
        self._no_look_before: dict[str, dt.datetime] = {}

    def deliver(self, now: dt.datetime, *, flush: bool = False) -> Report:
        """Do everything that is due, and what becomes due within the pace of a channel. ``flush``: held rows go now."""
        self._tally = Counter()
        self._from = (now, self._monotonic())
        patience = FLUSH_PATIENCE if flush else PATIENCE
        while not self._sleep(0):
            moment = self._now()
            steps = self._steps(moment, flush=flush)
            due = [step for step in steps if step.at <= moment]
            for step in due:
                if self._after_the_pause(step, self._now()).at <= self._now():
                    self._do(step, self._now())
            if due:
                continue
            wait = min((step.at for step in steps), default=moment + 2 * patience) - moment
            if wait > patience or self._sleep(wait.total_seconds()):
                break
        return Report(**self._tally, broken=self._broken())

    def wake_at(self, now: dt.datetime) -> dt.datetime | None:
        """When something is due next (not before ``now``), or None where nothing waits."""
        return min((max(now, step.at) for step in self._steps(now, flush=False)), default=None)

    def _now(self) -> dt.datetime:
        """The caller's ``now``, and what has passed since."""
        assert self._from is not None, "only within deliver()"
        return self._from[0] + dt.timedelta(seconds=self._monotonic() - self._from[1])

    def _pace(self, destination: Destination) -> dt.timedelta:
        return self._policy.pace.get(_sink_name(destination), dt.timedelta(0))

    # --------------------------------------------------------------------------------------------- decide

    def _steps(self, now: dt.datetime, *, flush: bool) -> list[Step]:
        with self._store.read() as tx:
            queues = _queues(tx, self._policy.destinations())
            channels = {destination: tx.channel(destination) for destination in queues}
        return [
            self._after_the_pause(step, now)
            for destination, rows in queues.items()
            for step in next_steps(destination, rows, channels[destination], now, flush=flush)
        ]

    def _after_the_pause(self, step: Step, now: dt.datetime) -> Step:
        pause = self._no_look_before.get(_sink_name(step.destination))
        if step.action is not Action.LOOK or pause is None:
            return step
        return replace(step, at=max(step.at, _real(pause, now)))

    def _broken(self) -> dict[Destination, str]:
        with self._store.read() as tx:
            places = dict.fromkeys((*self._policy.destinations(), *_queues(tx, ())))
            channels = [tx.channel(place) for place in places]
        return {channel.destination: channel.broken for channel in channels if channel.broken}

    # ------------------------------------------------------------------------------------------------- do

    def _do(self, step: Step, now: dt.datetime) -> None:
        match step.action:
            case Action.EXPIRE:
                self._mark(step.rows, OutboxState.EXPIRED, now)
            case Action.RECOVER:
                self._mark(step.rows, OutboxState.UNKNOWN, now)
            case Action.RELEASE:
                self._release(step, now)
            case Action.LOOK:
                self._look(step.rows[0])
            case Action.SEND:
                self._send(step.rows[0], now)

    def _mark(self, rows: Sequence[OutboxRow], state: OutboxState, now: dt.datetime) -> None:
        """Rows whose time is over, or whose process was killed while they were on their way."""
        with self._store.begin(exclusive=False) as tx:
            for row in _fresh(tx, rows):
                tx.update_outbox(replace(row, state=state, due_at=now, looks=0))
                self._tally[state.value] += 1
                log.warning("alert moved", to=state.value, outbox=row.id, destination=row.alert.destination)

    def _release(self, step: Step, now: dt.datetime) -> None:
        """Rows whose window opened become pending, those of one story as one. Their payload is frozen here."""
        with self._store.begin(exclusive=False) as tx:
            queued = tx.outbox(states=(OutboxState.PENDING,), destination=step.destination)
            waiting = {row.alert.story for row in queued}
            for group in _by_story(_fresh(tx, step.rows)):
                first, *more = group
                merged = compose.merge([row.alert for row in group])
                payload = self._render(tx, merged, told=merged.story in waiting)
                tx.update_outbox(replace(first, state=OutboxState.PENDING, due_at=now, payload=payload))
                for row in more:
                    tx.update_outbox(replace(row, state=OutboxState.MERGED, merged_into=first.id))
                self._tally["released"] += 1
                self._tally["merged"] += len(more)

    def _render(self, tx: OutboxTx, alert: Alert, *, told: bool = False) -> str:
        """The payload of an alert: the root of a story that has none here, else a reply."""
        if alert.url:
            alert = replace(alert, url=tx.link(alert.url) or alert.url)
        if alert.story is not None and alert.kind in {AlertKind.STORY, AlertKind.DEVELOPMENT}:
            told = told or tx.thread(alert.destination, alert.story) is not None
            alert = replace(alert, kind=AlertKind.DEVELOPMENT if told else AlertKind.STORY)
        sink = self._sink(alert.destination)
        return sink.render(alert, self._tz) if sink else ""

    def _send(self, row: OutboxRow, now: dt.datetime) -> None:
        """Claim and commit, send, confirm and commit."""
        sink = self._sink(row.alert.destination)
        with self._store.begin(exclusive=False) as tx:
            if not _fresh(tx, (row,)):
                return
            thread = _thread(tx, row)
            claimed = replace(
                row,
                state=OutboxState.SENDING,
                claimed_at=now,
                attempts=row.attempts + 1,
                payload=row.payload or self._render(tx, row.alert),
            )
            if sink:
                tx.update_outbox(claimed)
        if sink:
            outcome = sink.send(claimed, thread)
        else:
            outcome = Outcome(status=SendStatus.CHANNEL_FAULT, message="no sink of this name is configured")
        now = self._now()  # a pace counts from the answer
        with self._store.begin(exclusive=False) as tx:
            channel = tx.channel(row.alert.destination)
            pace = self._pace(row.alert.destination)
            moved, state = after_send(claimed, outcome, channel, now, pace=pace, rng=self._rng)
            tx.update_outbox(moved)
            tx.save_channel(state)
            if outcome.status is SendStatus.SENT:
                _save_thread(tx, row, thread, outcome.root)
            healed = outcome.status is SendStatus.SENT and channel.broken.startswith(_TOKEN)
            if healed or outcome.status is SendStatus.TOKEN_FAULT:
                self._share_token_state(tx, state)
        self._count(outcome, moved)

    def _look(self, row: OutboxRow) -> None:
        """Ask the sink whether a lost attempt arrived; settle the row by what it says."""
        destination = row.alert.destination
        with self._store.read() as tx:
            thread, channel = _thread(tx, row), tx.channel(destination)
        sink = self._sink(destination)
        if sink:
            seen = sink.look(row, thread, channel)
        else:
            seen = Look(status=LookStatus.CANNOT_LOOK, message="no sink of this name is configured")
        if seen.retry_after is not None:
            self._no_look_before[_sink_name(destination)] = self._now() + seen.retry_after
        with self._store.begin(exclusive=False) as tx:
            if not _fresh(tx, (row,)):
                return
            settle, pace = self._policy.settle, self._pace(destination)
            moved, state = after_look(row, seen, channel, self._now(), settle=settle, pace=pace, rng=self._rng)
            tx.update_outbox(moved)
            tx.save_channel(state)
            if seen.status is LookStatus.FOUND:
                _save_thread(tx, row, thread, seen.root)
        self._tally["found"] += seen.status is LookStatus.FOUND
        log.info(
            "looked for a lost alert",
            outbox=row.id,
            destination=destination,
            found=seen.status.value,
            said=seen.message,
        )

    def _share_token_state(self, tx: OutboxTx, state: Channel) -> None:
        """One token serves all destinations of a sink: what one learns of it holds for the others."""
        name = _sink_name(state.destination)
        for place in _queues(tx, self._policy.destinations()):
            channel = tx.channel(place)
            if place == state.destination or _sink_name(place) != name:
                continue
            if state.broken:
                since = channel.broken_since if channel.broken else state.broken_since
                tx.save_channel(replace(channel, broken=state.broken, broken_since=since, not_before=state.not_before))
            elif channel.broken.startswith(_TOKEN):
                tx.save_channel(replace(channel, broken="", broken_since=None, not_before=None, failures=0))

    def _count(self, outcome: Outcome, row: OutboxRow) -> None:
        fields = {"outbox": row.id, "destination": row.alert.destination, "attempts": row.attempts}
        if outcome.status is SendStatus.SENT:
            self._tally["sent"] += 1
            log.info("alert sent", **fields)
            return
        if row.state is OutboxState.DEAD:
            self._tally["dead"] += 1
        elif row.state is OutboxState.UNKNOWN:
            self._tally["unknown"] += 1
        else:
            self._tally["refused"] += 1
        log.warning(
            "alert not sent", **fields, status=outcome.status.value, state=row.state.value, said=outcome.message
        )

    def _sink(self, destination: Destination) -> Sink | None:
        return self._sinks.get(_sink_name(destination))


# ---------------------------------------------------------------------------------------- decisions, pure

_TOKEN, _CHANNEL, _REACH, _LOOK = "token: ", "channel: ", "unreachable: ", "cannot look: "


def next_steps(
    destination: Destination, rows: Sequence[OutboxRow], channel: Channel, now: dt.datetime, *, flush: bool = False
) -> tuple[Step, ...]:
    """What this destination needs next, and when; at most one step that speaks to its sink."""

    def step(action: Action, found: Iterable[OutboxRow], at: dt.datetime) -> tuple[Step, ...]:
        return (Step(action=action, destination=destination, rows=tuple(found), at=at),)

    by_state = {state: [row for row in rows if row.state is state] for state in OPEN}
    if cut_off := by_state[OutboxState.SENDING]:
        return step(Action.RECOVER, cut_off, now)
    if over := [row for row in rows if row.expires_at is not None and row.expires_at <= now]:
        return step(Action.EXPIRE, over, now)
    if unknown := by_state[OutboxState.UNKNOWN]:
        return step(Action.LOOK, unknown[:1], _real(unknown[0].due_at, now))
    usable = _real(channel.not_before or now, now)
    pending, held = by_state[OutboxState.PENDING], by_state[OutboxState.HELD]
    steps: list[Step] = []
    if held and not (channel.broken and pending):  # a queue that cannot move is merged when it can, not before
        groups = _by_story(held)
        open_now = [row for group in groups if flush or _opens(group, now) <= now for row in group]
        opens = now if open_now else min(_opens(group, now) for group in groups)
        steps += step(Action.RELEASE, open_now, max(opens, usable))
    if pending:
        first = min(_heads(pending), key=lambda row: (max(now, _real(row.due_at, now)), row.id))
        steps += step(Action.SEND, (first,), max(_real(first.due_at, now), usable))
    if len(steps) == 2 and steps[0].at <= now:
        return (steps[0],)  # what opens now may belong before what is pending
    return tuple(steps)


def _real(at: dt.datetime, now: dt.datetime) -> dt.datetime:
    """``at``, unless it is further off than any timer can be: then a clock was turned back, and it is over."""
    return at if at <= now + LONGEST_WAIT else now


def _opens(group: Iterable[OutboxRow], now: dt.datetime) -> dt.datetime:
    """When held rows of one story may go: with the first of them, or now where a clock was turned back since."""
    return min(row.due_at if row.created_at <= now + LONGEST_WAIT else now for row in group)


def _heads(pending: Iterable[OutboxRow]) -> list[OutboxRow]:
    """The oldest row of each story: nothing overtakes within a thread."""
    heads: list[OutboxRow] = []
    seen: set[StoryId] = set()
    for row in sorted(pending, key=lambda row: row.id):
        story = row.alert.story
        if story is not None and story in seen:
            continue
        if story is not None:
            seen.add(story)
        heads.append(row)
    return heads


def _by_story(held: Iterable[OutboxRow]) -> list[list[OutboxRow]]:
    """Held rows grouped by story, oldest row first in each."""
    groups: dict[object, list[OutboxRow]] = {}
    for row in sorted(held, key=lambda row: row.id):
        groups.setdefault(("none", row.id) if row.alert.story is None else row.alert.story, []).append(row)
    return list(groups.values())


def after_send(
    row: OutboxRow, outcome: Outcome, channel: Channel, now: dt.datetime, *, pace: dt.timedelta, rng: random.Random
) -> tuple[OutboxRow, Channel]:
    """Row and destination after one attempt, as the graph of ``docs/delivery.md`` has it."""
    row = replace(row, error=outcome.message)
    paced = replace(channel, not_before=now + pace if pace else None)
    match outcome.status:
        case SendStatus.SENT:
            sent = replace(row, state=OutboxState.SENT, sent_at=now, remote_id=outcome.remote_id, error="")
            return sent, _works(paced, outcome.remote_id)
        case SendStatus.NOT_SENT if not outcome.attempted:
            at = now + (outcome.retry_after or dt.timedelta(seconds=1))
            waiting = replace(row, state=OutboxState.PENDING, attempts=row.attempts - 1, due_at=now)
            return waiting, replace(channel, not_before=at)
        case SendStatus.NOT_SENT:
            state = _fails(channel, _REACH + outcome.message, now, rng=rng)
            return replace(row, state=OutboxState.PENDING, due_at=now), state
        case SendStatus.CHANNEL_FAULT:
            state = _fails(channel, _CHANNEL + outcome.message, now, rng=rng)
            return replace(row, state=OutboxState.PENDING, due_at=now), state
        case SendStatus.TOKEN_FAULT:
            state = _fails(channel, _TOKEN + outcome.message, now, rng=rng, cap=TOKEN_CAP)
            return replace(row, state=OutboxState.PENDING, due_at=now), state
        case SendStatus.MESSAGE_FAULT if not row.plain:
            return replace(row, state=OutboxState.PENDING, plain=True, due_at=now), paced
        case SendStatus.MESSAGE_FAULT:
            return replace(row, state=OutboxState.DEAD), paced
        case SendStatus.UNKNOWN:
            return replace(row, state=OutboxState.UNKNOWN, looks=0, due_at=now), paced


def after_look(
    row: OutboxRow,
    seen: Look,
    channel: Channel,
    now: dt.datetime,
    *,
    settle: dt.timedelta,
    pace: dt.timedelta,
    rng: random.Random,
) -> tuple[OutboxRow, Channel]:
    """Row and destination after one look for an attempt whose answer was lost."""
    if seen.status is LookStatus.FOUND:
        sent = replace(row, state=OutboxState.SENT, sent_at=now, remote_id=seen.remote_id, error="")
        return sent, _works(replace(channel, not_before=now + pace if pace else None), seen.remote_id)
    if seen.status is LookStatus.NOT_FOUND:
        if channel.broken.startswith((_LOOK, _REACH)):  # it can be reached and read again: the next failure is a first
            channel = replace(channel, broken="", broken_since=None, failures=0)
        if row.looks + 1 < LOOKS:
            return replace(row, looks=row.looks + 1, due_at=now + settle), channel
        wait = dt.timedelta(seconds=_backoff(row.attempts - 1, rng))
        return replace(row, state=OutboxState.PENDING, looks=0, due_at=now + wait), channel
    if seen.retry_after is not None:
        return replace(row, due_at=now + seen.retry_after, error=seen.message), channel
    state = _fails(channel, _LOOK + seen.message, now, rng=rng)
    return replace(row, due_at=state.not_before or now, error=seen.message), state


def _works(channel: Channel, remote_id: str) -> Channel:
    return replace(
        channel, broken="", broken_since=None, failures=0, last_remote_id=max(channel.last_remote_id, remote_id)
    )


def _fails(channel: Channel, said: str, now: dt.datetime, *, rng: random.Random, cap: float = BACKOFF_CAP) -> Channel:
    """The destination after a failure: backed off with full jitter, and broken since the first one."""
    wait = _backoff(channel.failures, rng, cap)
    return replace(
        channel,
        broken=said,
        broken_since=channel.broken_since or now,
        failures=channel.failures + 1,
        not_before=now + dt.timedelta(seconds=wait),
    )


def _backoff(failures: int, rng: random.Random, cap: float = BACKOFF_CAP) -> float:
    """Seconds to wait after so many failures before this one: full jitter under a doubling ceiling."""
    return rng.uniform(0, min(cap, 2.0 * 2 ** min(max(failures, 0), 16)))


# ------------------------------------------------------------------------------------------- reading rows


def _queues(tx: OutboxTx, places: Iterable[Destination]) -> dict[Destination, list[OutboxRow]]:
    """Open rows by destination, oldest first. One destination's long queue hides no other's."""
    rows = tx.outbox(states=OPEN, limit=ROWS)
    queues: dict[Destination, list[OutboxRow]] = {place: [] for place in places}
    for row in rows:
        queues.setdefault(row.alert.destination, []).append(row)
    if len(rows) < ROWS:
        return queues
    return {
        place: [row for state in OPEN for row in tx.outbox(states=(state,), destination=place, limit=ROWS)]
        for place in queues
    }


def _fresh(tx: OutboxTx, rows: Iterable[OutboxRow]) -> list[OutboxRow]:
    """Those rows that still stand where they stood when they were read: an operator may have dropped one."""
    now = [(row, tx.outbox_row(row.id)) for row in rows]
    return [held for row, held in now if held is not None and held.state is row.state]


def _thread(tx: OutboxTx, row: OutboxRow) -> Thread | None:
    return tx.thread(row.alert.destination, row.alert.story) if row.alert.story is not None else None


def _save_thread(tx: OutboxTx, row: OutboxRow, thread: Thread | None, root: str) -> None:
    """Remember where a story's replies go: its first message, or the reply that found its root deleted."""
    story = row.alert.story
    if story is None or not root or (thread is not None and thread.root == root):
        return
    tx.save_thread(Thread(destination=row.alert.destination, story=story, root=root, root_outbox=row.id))


def _sink_name(destination: Destination) -> str:
    return destination.partition(":")[0]
