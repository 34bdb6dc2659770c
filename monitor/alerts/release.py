"""Which held rows go out now, and as what: each story as a message of its own, or many of them as one digest. Pure.

    opens    when the first of them may go: group wait, gap, digest hour, quiet hours, circuit breaker
    plan     what becomes of those that may: a post a story, a digest, a fallen breaker

It sends nothing, and drops nothing: a row that it does not name stays held. Every rule: ``docs/policies.md``.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from monitor.alerts import hours
from monitor.alerts.policy import Policy
from monitor.entities import AlertKind, Channel, OutboxId, OutboxRow, Weight
from monitor.settings import zone

LATE = dt.timedelta(minutes=1)
"""What waits so long beyond its time waited for its channel: it says nothing of how fast news comes."""
LATE_MOST = 100
"""Stories that waited for their channel and are still told one by one when it is back; beyond, in one digest."""
_TURNED_BACK = dt.timedelta(minutes=15)
"""A row made so far in the future was made under another clock: its time is over."""
_OF_A_STORY = frozenset({AlertKind.STORY, AlertKind.DEVELOPMENT})

OLD = "published more than {age} before it was first seen"
QUIET = "held over the quiet hours"
BREAKER = "came while there was too much to tell one by one"
WAITED = "waited while the channel could not be used"
EXPIRED = "could not be sent in time"


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """Rows that go out as one message. ``broadcast``: as a reply it is shown in the channel, too."""

    rows: tuple[OutboxRow, ...]
    broadcast: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to do with the held rows of one destination.

    ``digest`` goes out as one, ``why`` says for each of its rows why it did not go out by itself; ``window`` names what
    they waited for. ``falls_until``: the breaker falls now, and holds everything else until then.
    """

    posts: tuple[Post, ...] = ()
    digest: tuple[OutboxRow, ...] = ()
    why: Mapping[OutboxId, str] = field(default_factory=dict)
    window: str = ""
    falls_until: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class _Group:
    """Held rows that belong together, and the moment they were ready at."""

    rows: tuple[OutboxRow, ...]
    ready: dt.datetime
    why: str = ""

    @property
    def weight(self) -> Weight:
        return max((row.alert.weight for row in self.rows), key=list(Weight).index)

    @property
    def first(self) -> OutboxId:
        return self.rows[0].id

    @property
    def is_story(self) -> bool:
        return self.rows[0].alert.kind in _OF_A_STORY


def opens(
    held: Sequence[OutboxRow], channel: Channel, policy: Policy, now: dt.datetime, *, flush: bool = False
) -> dt.datetime:
    """When the first of ``held`` may go; not before ``now``. ``flush`` ends the wait for company, and no other."""
    return min(_opens(group, channel, policy, now) for group in _groups(held, now, flush=flush))


def plan(
    held: Sequence[OutboxRow],
    channel: Channel,
    policy: Policy,
    now: dt.datetime,
    *,
    recent: Sequence[OutboxRow] = (),
    flush: bool = False,
) -> Plan:
    """What goes out now. ``recent`` are the rows that went out at this destination today and within the window."""
    free = [group for group in _groups(held, now, flush=flush) if _opens(group, channel, policy, now) <= now]
    told = [(group, _in_digest(group, channel, policy, now)) for group in free]
    digest = [(group, why) for group, why in told if why]
    alone = [group for group, why in told if not why]
    news = [group for group in alone if group.is_story and group.weight is not Weight.URGENT]
    late = [group for group in news if now - group.ready > LATE]
    too_many = late if len(late) > LATE_MOST else []
    digest += [(group, WAITED) for group in too_many]
    over = _over_the_top([group for group in news if now - group.ready <= LATE], recent, policy, now)
    not_now = {group.first for group in (*too_many, *over)}
    posts = [group for group in alone if group.first not in not_now]
    return Plan(
        posts=tuple(
            Post(rows=group.rows, broadcast=_is_broadcast(group, recent, policy, now))
            for group in sorted(posts, key=lambda group: group.first)
        ),
        digest=tuple(row for group, _ in digest for row in group.rows),
        why={row.id: why for group, why in digest for row in group.rows},
        window=_window(digest),
        falls_until=now + policy.breaker_rest if over else None,
    )


def looks_back_to(policy: Policy, now: dt.datetime) -> dt.datetime:
    """From when on ``plan`` wants to know what went out: the day's beginning, or the breaker's window."""
    return min(hours.midnight(zone(policy.zone), now), now - policy.breaker_window)


# ---------------------------------------------------------------------------------------------------- details


def _groups(held: Iterable[OutboxRow], now: dt.datetime, *, flush: bool) -> list[_Group]:
    """Rows of one story together, from the first one's moment on; what waits for a digest, and our own words, alone."""
    groups: list[_Group] = []
    for rows in by_story(row for row in held if not row.digest):
        ready = min(_real(row, now) for row in rows)
        groups.append(_Group(tuple(rows), min(ready, now) if flush else ready))
    groups += [_Group((row,), _real(row, now), "digest") for row in held if row.digest]
    return groups


def by_story(held: Iterable[OutboxRow]) -> list[list[OutboxRow]]:
    """Held rows grouped by story, oldest row first in each."""
    groups: dict[object, list[OutboxRow]] = {}
    for row in sorted(held, key=lambda row: row.id):
        groups.setdefault(("none", row.id) if row.alert.story is None else row.alert.story, []).append(row)
    return list(groups.values())


def _real(row: OutboxRow, now: dt.datetime) -> dt.datetime:
    """When a row was to go, or now where a clock was turned back since."""
    return row.due_at if row.created_at <= now + _TURNED_BACK else now


def _opens(group: _Group, channel: Channel, policy: Policy, now: dt.datetime) -> dt.datetime:
    """From when on a group may go, by what it is and what its destination rests from."""
    at = max(group.ready, now)
    if not group.why and (group.weight is Weight.URGENT or group.rows[0].alert.kind is AlertKind.START):
        return at
    fallen = _fallen_until(channel, policy, now)
    if group.is_story and not group.why and fallen is not None:
        at = max(at, fallen)
    return hours.after_quiet(policy.quiet_at(channel.destination), zone(policy.zone), at)


def _fallen_until(channel: Channel, policy: Policy, now: dt.datetime) -> dt.datetime | None:
    """Until when the breaker holds; None where it stands, or where it fell under another clock."""
    until = channel.digest_until
    return until if until is not None and until <= now + policy.breaker_rest else None


def _in_digest(group: _Group, channel: Channel, policy: Policy, now: dt.datetime) -> str:
    """Why an open group goes out in a digest; empty where it does not."""
    if not group.is_story:
        return ""
    if group.why:
        return _why_digest(group, policy)
    if group.weight is Weight.URGENT:
        return ""
    rested = hours.quiet_ended(policy.quiet_at(channel.destination), zone(policy.zone), now)
    if rested is not None and group.ready < rested:
        return QUIET
    fallen = _fallen_until(channel, policy, now)
    return BREAKER if fallen is not None and group.ready < fallen else ""


def _why_digest(group: _Group, policy: Policy) -> str:
    alert = group.rows[0].alert
    if alert.published_at is not None and alert.at - alert.published_at > policy.max_age:
        return OLD.format(age=f"{round(policy.max_age.total_seconds() / 3600)} h")
    return "reports on a topic that is new here"


def _over_the_top(
    fresh: Sequence[_Group], recent: Sequence[OutboxRow], policy: Policy, now: dt.datetime
) -> list[_Group]:
    """What is too much: with these the destination would hear of more stories than the breaker bears in its window."""
    since = now - policy.breaker_window
    heard = sum(row.alert.kind in _OF_A_STORY and row.due_at >= since and not _was_late(row, now) for row in recent)
    if not policy.breaker_alerts or heard + len(fresh) <= policy.breaker_alerts:
        return []
    room = max(0, policy.breaker_alerts - heard)
    return sorted(fresh, key=lambda group: (-list(Weight).index(group.weight), group.first))[room:]


def _was_late(row: OutboxRow, now: dt.datetime) -> bool:
    return (row.sent_at or now) - row.due_at > LATE


def _is_broadcast(group: _Group, recent: Sequence[OutboxRow], policy: Policy, now: dt.datetime) -> bool:
    """Whether a reply is shown in the channel: a major one, so often a story and day; every one of a followed story."""
    if not group.is_story:
        return False
    if any(row.alert.followed for row in group.rows):
        return True
    story, today = group.rows[0].alert.story, hours.midnight(zone(policy.zone), now)
    shown = sum(row.broadcast and row.alert.story == story and (row.sent_at or now) >= today for row in recent)
    return group.weight is not Weight.MINOR and shown < policy.broadcasts


def _window(digest: Sequence[tuple[_Group, str]]) -> str:
    """What a digest waited for, in a word that its key is made of."""
    whys = {why for _, why in digest}
    names = ((BREAKER, "breaker"), (WAITED, "return"), (QUIET, "quiet"))
    return next((name for why, name in names if why in whys), "daily" if digest else "")
