"""What each destination needs next, decided from its rows: pure, and never more than one call at a time for each.

It reads no clock and no database; ``Delivery`` does what it says. The states: ``docs/delivery.md``.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from monitor.alerts import release
from monitor.alerts.policy import Policy
from monitor.entities import AlertKind, Channel, Destination, OutboxRow, OutboxState, StoryId

OPEN = (OutboxState.HELD, OutboxState.PENDING, OutboxState.SENDING, OutboxState.UNKNOWN)
LONGEST_WAIT = dt.timedelta(minutes=15)
"""No timer of delivery is longer but a held row's: one that is was written under another clock, and is over."""


class Action(StrEnum):
    """What a destination needs next."""

    EXPIRE = "expire"
    RECOVER = "recover"
    LOOK = "look"
    RELEASE = "release"
    SEND = "send"
    EDIT = "edit"
    PROBE = "probe"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """The next thing to do for one destination, with which rows, and not before when."""

    action: Action
    destination: Destination
    rows: tuple[OutboxRow, ...]
    at: dt.datetime


def next_steps(
    destination: Destination,
    rows: Sequence[OutboxRow],
    channel: Channel,
    now: dt.datetime,
    *,
    policy: Policy,
    flush: bool = False,
    edit: OutboxRow | None = None,
) -> tuple[Step, ...]:
    """What this destination needs next, and when; at most one step that speaks to its sink is due at a time.

    A release is given all that is held: which of it goes now, and as what, ``release.plan`` says. ``edit`` is the
    message that is to be edited first. News goes before edits, and nothing passes an unknown row. A destination that
    is broken while nothing is due that would show whether it is well again is probed.
    """

    def step(action: Action, found: Iterable[OutboxRow], at: dt.datetime) -> tuple[Step, ...]:
        return (Step(action=action, destination=destination, rows=tuple(found), at=at),)

    by_state = {state: [row for row in rows if row.state is state] for state in OPEN}
    if cut_off := by_state[OutboxState.SENDING]:
        return step(Action.RECOVER, cut_off, now)
    # One whose answer was lost may have been told: it is looked for first, however late it is.
    known = [row for row in rows if row.state is not OutboxState.UNKNOWN]
    if over := [row for row in known if row.expires_at is not None and row.expires_at <= now]:
        return step(Action.EXPIRE, over, now)
    if unknown := by_state[OutboxState.UNKNOWN]:
        return step(Action.LOOK, unknown[:1], real(unknown[0].due_at, now))
    usable = real(channel.not_before or now, now)
    pending, held = by_state[OutboxState.PENDING], by_state[OutboxState.HELD]
    steps: list[Step] = []
    if held and not (channel.broken and pending):  # a queue that cannot move is merged when it can, not before
        steps += step(Action.RELEASE, held, max(release.opens(held, channel, policy, now, flush=flush), usable))
    if pending:
        first = min(_heads(pending), key=lambda row: (max(now, real(row.due_at, now)), row.id))
        steps += step(Action.SEND, (first,), max(real(first.due_at, now), usable))
    if len(steps) == 2 and steps[0].at <= now:
        return (steps[0],)  # what opens now may belong before what is pending
    if edit is not None:
        changing = step(Action.EDIT, (edit,), max(real(edit.edit_due_at or now, now), usable))
        if not any(other.at <= max(now, changing[0].at) for other in steps):
            steps = [*changing, *steps]
    if channel.broken and not any(other.at <= max(now, usable) for other in steps):
        steps += step(Action.PROBE, (), max(now, usable))
    return tuple(steps)


def real(at: dt.datetime, now: dt.datetime) -> dt.datetime:
    """``at``, unless it is further off than any timer can be: then a clock was turned back, and it is over."""
    return at if at <= now + LONGEST_WAIT else now


def _heads(pending: Iterable[OutboxRow]) -> list[OutboxRow]:
    """The oldest row of each story, and of the parts of digests: nothing overtakes within a thread or a digest."""
    heads: list[OutboxRow] = []
    seen: set[StoryId | AlertKind] = set()
    for row in sorted(pending, key=lambda row: row.id):
        lane = AlertKind.DIGEST if row.alert.kind is AlertKind.DIGEST else row.alert.story
        if lane is not None and lane in seen:
            continue
        if lane is not None:
            seen.add(lane)
        heads.append(row)
    return heads
