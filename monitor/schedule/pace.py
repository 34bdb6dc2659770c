"""How often a feed is asked: its interval, the hints that may stretch it, and the pauses after failures.

Never polls a feed without a pace of its own faster than the policy's: faster is the operator's word, a row at a time.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from monitor.entities import Document, Feed, FeedState, Fetched, Intake, Problem, Push
from monitor.schedule import push

# Share of new entries in a document: above, poll sooner; below, later (mediacloud rss-fetcher).
BUSY, QUIET = 0.67, 0.33
FASTER, SLOWER = 0.7, 1.25
"""Steps of the interval; the one to slow down is the smaller, since a loss costs more than a request."""
ORDINARY = dt.timedelta(hours=1)
"""What any site bears: one conditional request an hour (Kroll's feed reader score). A row's own pace may go below."""
AFTER_LOSS = 0.5
"""Step of the interval when entries may have been missed already: clearly shorter than ``FASTER``."""
LATER_MOST = 20
"""Doublings of a pause after which nothing overflows and every ceiling is long reached."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The pace of polling, where a feed sets none of its own, and the patience before an alarm."""

    every: dt.timedelta = dt.timedelta(minutes=90)  # where the pace of an ordinary site starts
    min_every: dt.timedelta = dt.timedelta(minutes=5)
    max_every: dt.timedelta = dt.timedelta(hours=6)
    jitter: float = 0.1  # of the interval, so that feeds of one start-up drift apart
    backoff_first: dt.timedelta = dt.timedelta(minutes=10)
    backoff_most: dt.timedelta = dt.timedelta(hours=12)
    backoff_intervals: int = 36  # of a feed with a pace of its own: half a day late would lose news
    soon: dt.timedelta = dt.timedelta(minutes=2)  # after a document that was cut, or when the address just changed
    gone_every: dt.timedelta = dt.timedelta(days=7)  # 410 says stop; a look a week forgives a mistake of theirs
    wait_most: dt.timedelta = dt.timedelta(hours=48)  # Retry-After beyond it is a mistake (317,100 s was seen)
    hint_most: dt.timedelta = dt.timedelta(hours=1)  # ttl and sy: are hints: one paper says ttl=600 minutes
    moved_after: dt.timedelta = dt.timedelta(days=7)  # of agreement before a permanent redirect is called permanent
    silent_after: int = 3  # intervals without an attempt
    failing_after: int = 3  # failures in a row
    empty_after: int = 2  # empty answers in a row


def base(feed: Feed, policy: Policy) -> dt.timedelta:
    """The pace a feed starts with and comes back to."""
    return feed.every or policy.every


def floor(feed: Feed, policy: Policy) -> dt.timedelta:
    """The shortest interval. Only a row that says so itself goes below the policy's pace."""
    if feed.min_every is not None:
        return feed.min_every
    return min(policy.every, ORDINARY) if feed.every is None else min(policy.min_every, feed.every)


def ceiling(feed: Feed, policy: Policy) -> dt.timedelta:
    """The longest interval of a feed that is well: near its own pace where it has one, else the policy's most."""
    most = feed.max_every or (policy.max_every if feed.every is None else 3 * feed.every)
    return max(most, floor(feed, policy))


def interval(
    feed: Feed, state: FeedState, fetched: Fetched, intake: Intake, policy: Policy, *, lost: bool
) -> dt.timedelta:
    """The interval after an answer: it follows the overlap with what is held.

    A feed that brings anything is never slower than its base; only one without news is.
    """
    usual = base(feed, policy)
    span = state.interval or usual
    if state.baseline_at is not None:  # a first document is all new, and says nothing
        if lost:
            span = min(span, usual) * AFTER_LOSS
        elif fetched.partial:  # new entries alone, so there is no share; they end a quiet time all the same
            span = min(span, usual) if intake.new else span
        else:
            span = _by_share(span, usual, intake)
    return min(max(span, floor(feed, policy)), ceiling(feed, policy))


def fresh_for(
    feed: Feed, state: FeedState, fetched: Fetched, document: Document | None, policy: Policy
) -> dt.timedelta | None:
    """How long the last whole answer stays fresh, by Cache-Control, ttl or sy:, clamped. A 304 does not change it."""
    if fetched.not_modified:
        return state.fresh_for
    if document is None and fetched.max_age is None:
        return state.fresh_for  # the same body: what it said holds on
    hints = []
    if fetched.max_age is not None:
        hints.append(min(fetched.max_age, _fresh_most(feed, policy)))
    if document is not None and document.ttl is not None:
        hints.append(min(document.ttl, policy.hint_most, _fresh_most(feed, policy)))
    return max(hints, default=None)


def delay(
    feed: Feed,
    interval: dt.timedelta,
    fresh: dt.timedelta | None,
    subscription: Push | None,
    fetched: Fetched,
    now: dt.datetime,
    policy: Policy,
    jitter: float,
) -> dt.timedelta:
    """How long to wait after an answer that was well: its interval, or longer where server or hub allow it."""
    wait = interval
    if push.is_reliable(subscription, now):
        wait = ceiling(feed, policy)  # what is new is pushed: polls are the safety net
    if fresh is not None:
        # The Cache-Control of a 304 may shorten what the last 200 said, and never lengthens it: some servers err there.
        asked = fetched.max_age if fetched.not_modified and fetched.max_age is not None else fresh
        wait = max(wait, min(fresh, asked))
    return _asked(wait * (1 + policy.jitter * jitter), fetched, policy)


def pause(feed: Feed, fetched: Fetched, problem: Problem, failures: int, policy: Policy, jitter: float) -> dt.timedelta:
    """How long to wait after the ``failures``-th failure in a row: ever longer, up to a ceiling, and never for good."""
    if problem is Problem.CUT_SHORT:
        wait = min(policy.soon * 2 ** min(failures - 1, LATER_MOST), max(base(feed, policy), policy.soon))
    else:
        most = policy.backoff_most if feed.every is None else policy.backoff_intervals * feed.every
        least = floor(feed, policy)
        first = max(policy.backoff_first, least)  # pauses below the usual pace would be cut to it, and not grow
        wait = max(min(first * 2 ** min(failures - 1, LATER_MOST), policy.backoff_most, most), least)
    if problem is Problem.GONE:
        wait = max(wait, policy.gone_every)
    return _asked(wait * (1 + policy.jitter * jitter), fetched, policy)


def _fresh_most(feed: Feed, policy: Policy) -> dt.timedelta:
    """How long we believe a server: up to the slowest pace of an ordinary site, up to an hour of a feed of news."""
    if feed.every is None:
        return ceiling(feed, policy)
    return min(feed.max_every or policy.hint_most, policy.hint_most)


def _asked(wait: dt.timedelta, fetched: Fetched, policy: Policy) -> dt.timedelta:
    """What a server asks for by Retry-After or RateLimit is kept, and never shortens."""
    return wait if fetched.retry_after is None else max(wait, min(fetched.retry_after, policy.wait_most))


def _by_share(span: dt.timedelta, usual: dt.timedelta, intake: Intake) -> dt.timedelta:
    share = intake.new / intake.entries if intake.entries else 0.0
    if share > BUSY:
        return min(span, usual) * FASTER
    if share >= QUIET:
        return min(span, usual)
    return min(span * SLOWER, usual) if intake.new else span * SLOWER
