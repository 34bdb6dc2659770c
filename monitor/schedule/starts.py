"""When feeds are asked that have no time of their own to keep: at a first start, after a pause, after an outage.

Never asks many at once: a burst is laid over a spread.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from monitor.entities import Feed, FeedId, FeedState, Problem

NETWORK = frozenset({Problem.DNS, Problem.CONNECT, Problem.TIMEOUT})
"""Problems that may be our own network's."""
_ORDINARY = dt.timedelta(hours=1)
"""Pace of a feed that was never answered, among others that wait."""


def first_poll(
    feeds: Sequence[Feed], now: dt.datetime, spread: dt.timedelta, rng: random.Random
) -> Mapping[FeedId, dt.datetime]:
    """When each feed is polled first: spread evenly in a random order, so that a start is no burst."""
    order = [feed.id for feed in feeds if feed.enabled and feed.url]
    rng.shuffle(order)
    return _laid(order, now, spread)


def anew(state: FeedState) -> FeedState:
    """The state of a feed that begins with a baseline again: its next document is asked for and read whole."""
    return replace(state, baseline_at=None, etag=None, last_modified=None, body_hash=None, gap=None)


def planned(state: FeedState, at: dt.datetime) -> FeedState:
    """The state of a feed with its next poll set."""
    return replace(state, next_poll_at=at)


def spread_overdue(
    states: Iterable[FeedState], now: dt.datetime, spread: dt.timedelta, rng: random.Random
) -> Mapping[FeedId, dt.datetime]:
    """When feeds are polled whose time went by while nobody polled: first those that are the most intervals late.

    So a busy feed comes before a quiet one that waited as long, and a pause ends in no burst.
    """
    late = [state for state in states if state.next_poll_at is not None and state.next_poll_at <= now]
    return _laid(_by_need([state for state in late if not state.paused], now, rng), now, spread)


def after_outage(
    states: Mapping[FeedId, FeedState], since: dt.datetime, now: dt.datetime, spread: dt.timedelta, rng: random.Random
) -> Mapping[FeedId, FeedState]:
    """The states of feeds that failed only because our own network did: failures forgiven, and asked again soon.

    ``since`` is when the outage was noticed. It began after the last good answer before that, of whichever feed; what
    failed longer than that, or with an answer, is the feed's own.
    """
    reached = [state.last_success_at for state in states.values() if state.last_success_at is not None]
    began = max((at for at in reached if at <= since), default=since)
    struck = [
        state for state in states.values()
        if state.problem in NETWORK and not state.paused
        and state.problem_since is not None and state.problem_since >= began
    ]  # fmt: skip
    times = _laid(_by_need(struck, now, rng), now, spread)
    return {
        state.feed_id: replace(
            state, problem=None, problem_message="", problem_since=None, failures=0, next_poll_at=times[state.feed_id]
        )
        for state in struck
    }


def _by_need(states: Iterable[FeedState], now: dt.datetime, rng: random.Random) -> list[FeedId]:
    """The most intervals since the last good answer or due time first; chance decides between equals."""

    def missed(state: FeedState) -> float:
        due = state.next_poll_at if state.problem is None else state.last_success_at
        return (now - (due or now)) / (state.interval or _ORDINARY)

    ranked = [(-missed(state), rng.random(), state.feed_id) for state in states]
    return [feed_id for _, _, feed_id in sorted(ranked)]


def _laid(order: Sequence[FeedId], now: dt.datetime, spread: dt.timedelta) -> Mapping[FeedId, dt.datetime]:
    step = spread / max(len(order), 1)
    return {feed_id: now + number * step for number, feed_id in enumerate(order)}
