"""Row and destination after one attempt, one look or one edit: pure, and never a guess where an answer was lost.

The random numbers of the back-off are an argument. The graph these functions walk: ``docs/delivery.md``.
"""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import replace

from monitor.entities import Channel, Look, LookStatus, OutboxRow, OutboxState, Outcome, SendStatus

BACKOFF_CAP = 300.0  # seconds between two attempts at most
TOKEN_CAP = 60.0  # seconds between two probes of a refused token: a new one should be seen soon
LOOKS = 2  # empty looks, a settle time apart, before a row is sent again

TOKEN, CHANNEL, REACH, LOOK = "token: ", "channel: ", "unreachable: ", "cannot look: "
"""What ``Channel.broken`` begins with, by whose fault it is."""
_FAULTS = {
    SendStatus.NOT_SENT: (REACH, BACKOFF_CAP),
    SendStatus.CHANNEL_FAULT: (CHANNEL, BACKOFF_CAP),
    SendStatus.TOKEN_FAULT: (TOKEN, TOKEN_CAP),
}
"""What a refusal says of the destination, and the longest wait until it is tried again."""


def after_send(
    row: OutboxRow, outcome: Outcome, channel: Channel, now: dt.datetime, *, pace: dt.timedelta, rng: random.Random
) -> tuple[OutboxRow, Channel]:
    """Row and destination after one attempt, as the graph of ``docs/delivery.md`` has it."""
    row = replace(row, error=outcome.message)
    paced = replace(channel, not_before=now + pace if pace else None)
    match outcome.status:
        case SendStatus.SENT:
            sent = replace(row, state=OutboxState.SENT, sent_at=now, remote_id=outcome.remote_id, error="")
            return sent, works(paced, outcome.remote_id)
        case SendStatus.NOT_SENT if not outcome.attempted:
            at = now + (outcome.retry_after or dt.timedelta(seconds=1))
            waiting = replace(row, state=OutboxState.PENDING, attempts=row.attempts - 1, due_at=now)
            return waiting, replace(channel, not_before=at)
        case SendStatus.MESSAGE_FAULT if not row.plain:
            return replace(row, state=OutboxState.PENDING, plain=True, due_at=now), paced
        case SendStatus.MESSAGE_FAULT:
            return replace(row, state=OutboxState.DEAD), paced
        case SendStatus.UNKNOWN:
            return replace(row, state=OutboxState.UNKNOWN, looks=0, due_at=now), paced
        case SendStatus.NOT_SENT | SendStatus.CHANNEL_FAULT | SendStatus.TOKEN_FAULT:
            state = _faulty(channel, outcome, now, rng=rng)
            return replace(row, state=OutboxState.PENDING, due_at=now), state


def after_edit(
    row: OutboxRow,
    outcome: Outcome,
    channel: Channel,
    now: dt.datetime,
    *,
    tries: int,
    pace: dt.timedelta,
    rng: random.Random,
) -> tuple[OutboxRow, dt.datetime | None, Channel]:
    """Row and destination after one edit, and when to edit again; ``tries`` were lost before this one.

    An edit may be repeated without harm, so a lost answer is tried again and never looked up. What the sink refuses for
    good ends it: the message stays as it is.
    """
    paced = replace(channel, not_before=now + pace if pace else None)
    match outcome.status:
        case SendStatus.SENT:
            blind = channel.broken.startswith(LOOK)  # that a message can be edited says nothing of a look
            return replace(row, error=outcome.message), None, paced if blind else works(paced)
        case SendStatus.NOT_SENT if not outcome.attempted:
            return row, now + (outcome.retry_after or dt.timedelta(seconds=1)), channel
        case SendStatus.MESSAGE_FAULT if not row.plain:
            return replace(row, plain=True), now, paced
        case SendStatus.MESSAGE_FAULT:
            return replace(row, error=outcome.message), None, paced
        case SendStatus.UNKNOWN:
            return row, now + dt.timedelta(seconds=backoff(tries, rng)), paced
        case SendStatus.NOT_SENT | SendStatus.CHANNEL_FAULT | SendStatus.TOKEN_FAULT:
            state = _faulty(channel, outcome, now, rng=rng)
            return row, state.not_before, state


def after_probe(channel: Channel, *, well: bool, now: dt.datetime, rng: random.Random) -> Channel:
    """The destination after a question that carried no alert: well again, or broken as it was and backed off."""
    if well:
        return works(replace(channel, not_before=None))
    return fails(
        channel, channel.broken, now, rng=rng, cap=TOKEN_CAP if channel.broken.startswith(TOKEN) else BACKOFF_CAP
    )


def after_look(
    row: OutboxRow,
    seen: Look,
    channel: Channel,
    now: dt.datetime,
    *,
    settle: dt.timedelta,
    pace: dt.timedelta,
    rng: random.Random,
    last: bool = True,
) -> tuple[OutboxRow, Channel]:
    """Row and destination after one look for an attempt whose answer was lost.

    ``last``: no other row here waits for a look. One that does may have been posted before this one, so the search for
    it must not begin behind this one. A row that was never released (its payload is still to be made) is held again.
    One whose time is over, and that cannot be looked for, expires: it must not hold up the others for ever.
    """
    if seen.status is LookStatus.FOUND:
        sent = replace(row, state=OutboxState.SENT, sent_at=now, remote_id=seen.remote_id, error="")
        paced = replace(channel, not_before=now + pace if pace else None)
        return sent, works(paced, seen.remote_id if last else "")
    if seen.status is LookStatus.NOT_FOUND:
        if channel.broken.startswith((LOOK, REACH)):  # it can be reached and read again: the next failure is a first
            channel = replace(channel, broken="", broken_since=None, failures=0)
        if row.looks + 1 < LOOKS:
            return replace(row, looks=row.looks + 1, due_at=now + settle), channel
        wait = dt.timedelta(seconds=backoff(row.attempts - 1, rng))
        state = OutboxState.PENDING if row.payload else OutboxState.HELD
        return replace(row, state=state, looks=0, due_at=now + wait), channel
    if seen.retry_after is not None:
        return replace(row, due_at=now + seen.retry_after, error=seen.message), channel
    failed = fails(channel, LOOK + seen.message, now, rng=rng)
    if row.expires_at is not None and row.expires_at <= now:
        return replace(row, state=OutboxState.EXPIRED, error=seen.message), failed
    return replace(row, due_at=failed.not_before or now, error=seen.message), failed


def _faulty(channel: Channel, outcome: Outcome, now: dt.datetime, *, rng: random.Random) -> Channel:
    kind, cap = _FAULTS[outcome.status]
    return fails(channel, kind + outcome.message, now, rng=rng, cap=cap)


def works(channel: Channel, remote_id: str = "") -> Channel:
    """The destination after an answer that shows it well; ``remote_id`` is the newest message confirmed there."""
    return replace(
        channel, broken="", broken_since=None, failures=0, last_remote_id=max(channel.last_remote_id, remote_id)
    )


def fails(channel: Channel, said: str, now: dt.datetime, *, rng: random.Random, cap: float = BACKOFF_CAP) -> Channel:
    """The destination after a failure: backed off with full jitter, and broken since the first one."""
    wait = backoff(channel.failures, rng, cap)
    return replace(
        channel,
        broken=said,
        broken_since=channel.broken_since or now,
        failures=channel.failures + 1,
        not_before=now + dt.timedelta(seconds=wait),
    )


def backoff(failures: int, rng: random.Random, cap: float = BACKOFF_CAP) -> float:
    """Seconds to wait after so many failures before this one: full jitter under a doubling ceiling."""
    return rng.uniform(0, min(cap, 2.0 * 2 ** min(max(failures, 0), 16)))
