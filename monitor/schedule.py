"""Schedule: when a feed is polled again, and whether it is well.

Never gives a feed up: a dead one is asked more rarely, and answers for itself when it comes back.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from monitor.entities import Document, Feed, FeedId, FeedState, Fetched, Problem

_ZERO = dt.timedelta(0)
_BUSY, _QUIET = (
    0.67,
    0.33,
)  # share of new entries in a document: above, poll sooner; below, later (mediacloud rss-fetcher)
_FASTER, _SLOWER = 0.7, 1.25  # steps of the interval; slower to slow down, since loss costs more than a request
_NO_OVERLAP = "no entry of the document before is left: some may have been missed"
_WAITING = frozenset({Problem.RATE_LIMITED, Problem.STATUS, Problem.BLOCKED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The pace of polling, where a feed sets none of its own, and the patience before an alarm."""

    every: dt.timedelta = dt.timedelta(minutes=10)
    min_every: dt.timedelta = dt.timedelta(minutes=5)
    max_every: dt.timedelta = dt.timedelta(hours=6)
    jitter: float = 0.1  # of the interval, so that feeds of one start-up drift apart
    backoff_first: dt.timedelta = dt.timedelta(minutes=10)
    backoff_most: dt.timedelta = dt.timedelta(hours=12)
    cut_short_again: dt.timedelta = dt.timedelta(minutes=2)
    gone_every: dt.timedelta = dt.timedelta(hours=24)
    wait_most: dt.timedelta = dt.timedelta(hours=48)  # Retry-After beyond it is a mistake (317,100 s was seen)
    fresh_most: dt.timedelta = dt.timedelta(hours=1)  # max-age and ttl are hints: one paper says ttl=600 minutes
    moved_after: dt.timedelta = dt.timedelta(days=7)  # of agreement before a permanent redirect is called permanent
    stale_after: dt.timedelta = dt.timedelta(days=7)  # without a newer entry: frozen feeds answer 200 for years
    silent_after: int = 3  # intervals without an attempt
    failing_after: int = 3  # failures in a row
    empty_after: int = 2  # empty answers in a row


class Wellness(StrEnum):
    """How a feed is, in one word for ``monitor status``."""

    OK = "ok"
    FAILING = "failing"
    STALE = "stale"
    SILENT = "silent"
    PAUSED = "paused"
    DISABLED = "disabled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """How a feed is and why, in a sentence an operator can act on."""

    wellness: Wellness
    sentence: str


def after_poll(
    feed: Feed,
    state: FeedState,
    fetched: Fetched,
    document: Document | None,
    *,
    new: int,
    now: dt.datetime,
    policy: Policy,
    jitter: float,
) -> FeedState:
    """What is remembered after a poll. ``new`` counts entries not held before; ``jitter`` is a number from 0 to 1."""
    polled = replace(state, last_attempt_at=now, polls=state.polls + 1)
    if not fetched.conditional and fetched.status is not None and fetched.problem is None:
        polled = replace(polled, unconditional_at=now)
    problem = fetched.problem or (document.problem if document is not None else None)
    if problem is Problem.CUT_SHORT and document is not None and document.entries:
        return _after_part(feed, polled, fetched, document, new, now, policy, jitter)
    if problem is not None:
        return _after_failure(feed, polled, fetched, document, problem, now, policy, jitter)
    return _after_success(feed, polled, fetched, document, new, now, policy, jitter)


def first_poll(
    feeds: Sequence[Feed], now: dt.datetime, spread: dt.timedelta, rng: random.Random
) -> Mapping[FeedId, dt.datetime]:
    """When each feed is polled first: spread evenly in a random order, so that a start is no burst."""
    order = [feed.id for feed in feeds if feed.enabled and feed.url]
    rng.shuffle(order)
    step = spread / max(len(order), 1)
    return {feed_id: now + number * step for number, feed_id in enumerate(order)}


def planned(state: FeedState, at: dt.datetime) -> FeedState:
    """The state of a feed that was never polled, with its first poll set."""
    return replace(state, next_poll_at=at)


def health(feed: Feed, state: FeedState, now: dt.datetime, policy: Policy | None = None) -> Health:
    """How a feed is. The first complaint that holds is the one that is told."""
    policy = policy or Policy()
    if not feed.enabled:
        return Health(wellness=Wellness.DISABLED, sentence=feed.reason or "disabled in the configuration")
    if state.paused:
        return Health(
            wellness=Wellness.PAUSED, sentence=f"paused by hand; monitor feeds resume {feed.id} starts it again"
        )
    if state.last_attempt_at is None:
        if state.next_poll_at is not None and now - state.next_poll_at > policy.silent_after * _base(feed, policy):
            return Health(
                wellness=Wellness.SILENT, sentence=f"was due {_ago(now - state.next_poll_at)} and was never polled"
            )
        return Health(wellness=Wellness.OK, sentence="not polled yet")
    due = state.next_poll_at or state.last_attempt_at
    overdue = now - due
    if overdue > policy.silent_after * (state.interval or _base(feed, policy)):
        return Health(wellness=Wellness.SILENT, sentence=f"was due {_ago(overdue)}: does the daemon run?")
    if state.problem is Problem.GONE or (state.problem is not None and state.failures >= policy.failing_after):
        since = f" since {_ago(now - state.problem_since)}" if state.problem_since is not None else ""
        times = f"{state.failures} times in a row" if state.failures > 1 else "once"
        moved = f"; it had moved to {state.moved_to}" if state.moved_to else ""
        return Health(
            wellness=Wellness.FAILING, sentence=f"{state.problem}, {times}{since}: {state.problem_message}{moved}"
        )
    if state.empties >= policy.empty_after and (feed.query or state.problem is Problem.EMPTY):
        what = "a query that finds nothing" if feed.query else "an empty document"
        return Health(wellness=Wellness.FAILING, sentence=f"answers 200 with {what}, {state.empties} times in a row")
    newest = state.newest_published_at
    if newest is not None and now - newest > policy.stale_after and not feed.official:
        return Health(wellness=Wellness.STALE, sentence=f"answers, but its newest entry is {_ago(now - newest)}")
    if state.problem is not None:
        return Health(wellness=Wellness.OK, sentence=f"one hitch: {state.problem_message or state.problem}")
    read = f"last read {_ago(now - state.last_success_at)}" if state.last_success_at else "polled"
    remarks = (read, _moved_for_good(feed, state, now, policy), state.flagged)
    return Health(wellness=Wellness.OK, sentence="; ".join(filter(None, remarks)))


def _moved_for_good(feed: Feed, state: FeedState, now: dt.datetime, policy: Policy) -> str:
    """What to do about a permanent redirect that has held long enough; at once where it only leads to https."""
    if state.moved_to is None or state.moved_since is None:
        return ""
    to_https = state.moved_to == feed.url.replace("http://", "https://", 1)
    if now - state.moved_since < policy.moved_after and not to_https:
        return ""
    return f"moved for good to {state.moved_to}: put that into feeds.toml"


def _after_success(
    feed: Feed,
    state: FeedState,
    fetched: Fetched,
    document: Document | None,
    new: int,
    now: dt.datetime,
    policy: Policy,
    jitter: float,
) -> FeedState:
    state = replace(state, problem=None, problem_message="", problem_since=None, failures=0, last_success_at=now)
    state = _with_move(state, fetched, now)
    state = _with_validators(state, fetched)
    interval = _adapted(feed, state, document, new, policy)
    if document is not None:
        lost = _NO_OVERLAP if state.baseline_at and 1 < len(document.entries) <= new else ""
        state = _with_entries(state, document, new, now)
        state = replace(state, flagged="; ".join(filter(None, (document.flagged, lost))))
    # A 304, or the body we had before, is as empty as the document that was held last.
    state = replace(state, empties=0 if state.entries_last else state.empties + 1)
    return replace(
        state, interval=interval, next_poll_at=now + _delay(feed, fetched, document, interval, policy, jitter)
    )


def _after_part(
    feed: Feed,
    state: FeedState,
    fetched: Fetched,
    document: Document,
    new: int,
    now: dt.datetime,
    policy: Policy,
    jitter: float,
) -> FeedState:
    """Whole entries of a document that was cut: kept, but the next poll must get the rest, so no validator moves."""
    state = _with_entries(state, document, new, now)
    failures = state.failures + 1
    again = min(policy.cut_short_again * 2 ** min(failures - 1, 20), max(_base(feed, policy), policy.cut_short_again))
    return replace(
        state, problem=Problem.CUT_SHORT, problem_message=fetched.message or document.flagged, flagged=document.flagged,
        problem_since=state.problem_since or now, failures=failures, last_success_at=now,
        next_poll_at=now + again * (1 + policy.jitter * jitter),
    )  # fmt: skip


def _after_failure(
    feed: Feed,
    state: FeedState,
    fetched: Fetched,
    document: Document | None,
    problem: Problem,
    now: dt.datetime,
    policy: Policy,
    jitter: float,
) -> FeedState:
    failures = state.failures + 1
    message = fetched.message or (document.flagged if document is not None else "") or str(problem)
    delay = min(policy.backoff_first * 2 ** min(failures - 1, 20), policy.backoff_most)
    delay = max(delay, _floor(feed, policy))
    if problem is Problem.GONE:
        delay = max(delay, policy.gone_every)
    if problem is Problem.CUT_SHORT:
        delay = min(delay, _base(feed, policy))
    delay *= 1 + policy.jitter * jitter
    if problem in _WAITING and fetched.retry_after is not None:
        delay = max(delay, min(fetched.retry_after, policy.wait_most))
    return replace(
        state, problem=problem, problem_message=message, failures=failures, next_poll_at=now + delay,
        problem_since=state.problem_since if state.problem is not None and state.problem_since is not None else now,
        empties=state.empties + 1 if problem is Problem.EMPTY else state.empties,
    )  # fmt: skip


def _with_validators(state: FeedState, fetched: Fetched) -> FeedState:
    if fetched.not_modified:
        # A 304 may bring new validators; one that brings none leaves the old ones in force.
        return replace(
            state, etag=fetched.etag or state.etag, last_modified=fetched.last_modified or state.last_modified
        )
    return replace(
        state, etag=fetched.etag, last_modified=fetched.last_modified, body_hash=fetched.body_hash,
        validators_url=fetched.final_url or fetched.url,
    )  # fmt: skip


def _with_move(state: FeedState, fetched: Fetched, now: dt.datetime) -> FeedState:
    if fetched.moved_to is None:
        return replace(state, moved_to=None, moved_since=None)
    if fetched.moved_to == state.moved_to:
        return state
    return replace(state, moved_to=fetched.moved_to, moved_since=now)


def _with_entries(state: FeedState, document: Document, new: int, now: dt.datetime) -> FeedState:
    dates = [entry.published for entry in document.entries if entry.published is not None and entry.published <= now]
    newest = max([*dates, *([state.newest_published_at] if state.newest_published_at else [])], default=None)
    return replace(
        state, entries_last=len(document.entries), newest_published_at=newest,
        last_new_at=now if new else state.last_new_at,
        # A part is no baseline: the rest would look new. A feed that is always cut gets one all the same.
        baseline_at=state.baseline_at or (now if document.problem is None or state.failures else None),
    )  # fmt: skip


def _adapted(feed: Feed, state: FeedState, document: Document | None, new: int, policy: Policy) -> dt.timedelta:
    """The interval follows the overlap with what is held; only a feed without news gets slower than its base."""
    interval, base = state.interval or _base(feed, policy), _base(feed, policy)
    if state.baseline_at is None:  # the first document is all new, and says nothing
        return interval
    share = new / len(document.entries) if document is not None and document.entries else 0.0
    if share > _BUSY:
        interval = min(interval, base) * _FASTER
    elif share < _QUIET:
        interval = min(interval * _SLOWER, base) if new else interval * _SLOWER
    else:
        interval = min(interval, base)
    return min(max(interval, _floor(feed, policy)), _ceiling(feed, policy))


def _delay(
    feed: Feed, fetched: Fetched, document: Document | None, interval: dt.timedelta, policy: Policy, jitter: float
) -> dt.timedelta:
    delay = interval
    hints = [] if fetched.max_age is None or fetched.not_modified else [fetched.max_age]
    if document is not None and document.ttl is not None:
        hints.append(document.ttl)
    for hint in hints:
        delay = max(delay, min(hint, policy.fresh_most, _ceiling(feed, policy)))
    delay *= 1 + policy.jitter * jitter
    if fetched.retry_after is not None:
        delay = max(delay, min(fetched.retry_after, policy.wait_most))
    return delay


def _base(feed: Feed, policy: Policy) -> dt.timedelta:
    return feed.every or policy.every


def _floor(feed: Feed, policy: Policy) -> dt.timedelta:
    return feed.min_every or min(policy.min_every, _base(feed, policy))


def _ceiling(feed: Feed, policy: Policy) -> dt.timedelta:
    """A feed with a pace of its own keeps near it; only one without may slow down to the policy's most."""
    if feed.max_every is not None:
        return max(feed.max_every, _floor(feed, policy))
    return max(policy.max_every if feed.every is None else 3 * feed.every, _floor(feed, policy))


def _ago(span: dt.timedelta) -> str:
    minutes = max(span, _ZERO).total_seconds() / 60
    if minutes < 1:
        return "just now"
    if minutes < 100:
        return f"{minutes:.0f} minutes ago"
    return f"{minutes / 60:.0f} hours ago" if minutes < 60 * 48 else f"{minutes / 1440:.0f} days ago"
