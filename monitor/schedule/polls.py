"""What is remembered after a poll, an older page or a push, and what a host is granted.

Never gives a feed up: a dead one is asked more rarely, and answers for itself when it comes back.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from urllib.parse import urlsplit

from monitor.entities import Document, Feed, FeedState, Fetched, Hold, Intake, Problem
from monitor.schedule import gaps, moves, pace, push
from monitor.schedule.pace import Policy

TRAIT_LEAST = 3
"""Entries that must have been read of a document before it says anything of the feed's habits."""
HALF = 0.5
"""Share of a document's entries from which on a trait is the document's."""
LEARN_UP, LEARN_DOWN = 0.5, 0.1
"""Weights of a pause in the usual one: a long pause teaches patience quickly, a burst takes it back slowly."""
LEARN_LONG = 0.3
"""Step of the 95th percentile of the pauses, as a share of it: another rhythm is learnt in some fifty of them."""
WATCHED = dt.timedelta(days=1)
"""A pause is the feed's own only if we looked at it all the while; one longer than this may be ours."""


def after_poll(
    feed: Feed,
    state: FeedState,
    fetched: Fetched,
    document: Document | None,
    *,
    intake: Intake,
    now: dt.datetime,
    policy: Policy,
    jitter: float,
) -> FeedState:
    """What is remembered after a poll. ``intake`` counts what came of its document; ``jitter`` is from 0 to 1."""
    was_whole = fetched.status is not None and fetched.problem is None and not (fetched.not_modified or fetched.partial)
    polled = replace(
        moves.settled(feed, state), last_attempt_at=now, polls=state.polls + 1,
        private=state.private if fetched.status is None else fetched.private,
        unconditional_at=now if was_whole else state.unconditional_at,
    )  # fmt: skip
    problem = fetched.problem or (document.problem if document is not None else None)
    if problem is Problem.CUT_SHORT and document is not None and intake.entries:
        return _after_part(feed, polled, fetched, document, intake, now, policy, jitter)
    if problem is not None:
        return _after_failure(feed, polled, fetched, document, problem, now, policy, jitter)
    return _after_success(feed, polled, fetched, document, intake, now, policy, jitter)


def after_page(
    feed: Feed,
    state: FeedState,
    fetched: Fetched,
    document: Document | None,
    *,
    intake: Intake,
    now: dt.datetime,
) -> FeedState:
    """What is remembered after an older page was read to heal a possible loss. Pace and validators are untouched."""
    if state.gap is None:
        return state
    return replace(state, gap=gaps.after_page(feed, state.gap, fetched, document, intake))


def after_push(feed: Feed, state: FeedState, *, intake: Intake, now: dt.datetime) -> FeedState:
    """What is remembered after a hub pushed a document. Nobody polled, so neither pace nor validators move."""
    state = _with_news(state, intake, now)
    return replace(state, push=push.delivered(state.push, intake, now))


def hold(feed: Feed, state: FeedState, fetched: Fetched, now: dt.datetime, policy: Policy) -> Hold | None:
    """The patience that the answering host asked for, where all its feeds must keep it.

    Never for a private host: the routes of one RSSHub stand for unrelated sites. A 429 that names no time holds the
    others for the first pause alone, so that one bad feed does not silence its neighbours for ever.
    """
    wait = fetched.retry_after
    if wait is None and fetched.problem is Problem.RATE_LIMITED:
        wait = policy.backoff_first
    host = urlsplit(fetched.final_url or moves.address(feed, state)).hostname
    if not wait or not host or fetched.private:
        return None
    why = fetched.message or "the rate limit is spent"
    return Hold(host=host, until=now + min(wait, policy.wait_most), why=why)


def _after_success(
    feed: Feed,
    state: FeedState,
    fetched: Fetched,
    document: Document | None,
    intake: Intake,
    now: dt.datetime,
    policy: Policy,
    jitter: float,
) -> FeedState:
    lost = gaps.is_lost(state, fetched, document, intake)
    interval = pace.interval(feed, state, fetched, intake, policy, lost=lost)
    gap = gaps.after_document(feed, state, document, now, lost=lost)
    fresh_for = pace.fresh_for(feed, state, fetched, document, policy)
    if document is not None:
        state = _with_document(state, fetched, document, intake, now)
    state = moves.after_success(feed, _answered(state, fetched, now), fetched, now, policy)
    pushed = None if lost else state.push  # a hub that lets entries go by is no safety net
    wait = pace.delay(feed, interval, fresh_for, pushed, fetched, now, policy, jitter)
    return replace(
        state, interval=interval, gap=gap, fresh_for=fresh_for, next_poll_at=now + wait,
        # A 304, or the body we had before, is as empty as the document that was held last.
        empties=0 if state.entries_last else state.empties + 1,
    )  # fmt: skip


def _after_part(
    feed: Feed,
    state: FeedState,
    fetched: Fetched,
    document: Document,
    intake: Intake,
    now: dt.datetime,
    policy: Policy,
    jitter: float,
) -> FeedState:
    """Whole entries of a document that was cut: kept, but the next poll must get the rest, so no validator moves."""
    failures = state.failures + 1
    state = _with_news(state, intake, now)
    return replace(
        state, problem=Problem.CUT_SHORT, problem_message=fetched.message or document.flagged, flagged=document.flagged,
        problem_since=state.problem_since or now, failures=failures, last_success_at=now, entries_last=intake.entries,
        # A part is no baseline: the rest would look new. A feed that is always cut gets one all the same.
        baseline_at=state.baseline_at or (now if state.problem is Problem.CUT_SHORT else None),
        next_poll_at=now + pace.pause(feed, fetched, Problem.CUT_SHORT, failures, policy, jitter),
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
    before = moves.address(feed, state)
    failures = state.failures + 1
    state = replace(
        state, problem=problem, failures=failures,
        problem_message=fetched.message or (document.flagged if document is not None else "") or str(problem),
        problem_since=state.problem_since if state.problem is not None and state.problem_since is not None else now,
        empties=state.empties + 1 if problem is Problem.EMPTY else state.empties,
    )  # fmt: skip
    state = moves.after_failure(feed, state, fetched, problem, now, policy)
    wait = pace.pause(feed, fetched, problem, failures, policy, jitter)
    if moves.address(feed, state) != before:
        wait = policy.soon  # there is another address to ask, and the failure was not its
    return replace(state, next_poll_at=now + wait)


def _answered(state: FeedState, fetched: Fetched, now: dt.datetime) -> FeedState:
    """The state of a feed that answered well: its errors are forgotten, and its validators move.

    A 304 may bring new validators; one that brings none leaves the old ones in force. A partial answer names the whole
    document by its validators, but the whole body is still the one of before.
    """
    held = fetched.not_modified
    return replace(
        state, problem=None, problem_message="", problem_since=None, failures=0, last_success_at=now,
        etag=fetched.etag or (state.etag if held else None),
        last_modified=fetched.last_modified or (state.last_modified if held else None),
        body_hash=state.body_hash if held or fetched.partial else fetched.body_hash,
        validators_url=state.validators_url if held else fetched.final_url or fetched.url,
    )  # fmt: skip


def _with_document(
    state: FeedState, fetched: Fetched, document: Document, intake: Intake, now: dt.datetime
) -> FeedState:
    state = _with_traits(_with_news(state, intake, now), intake)
    if fetched.partial:  # absence says nothing: neither of entries nor of a hub
        return replace(state, flagged=document.flagged)
    return replace(
        state, entries_last=intake.entries, baseline_at=state.baseline_at or now, flagged=document.flagged,
        push=push.found(push.checked(state.push, intake, now), fetched, document),
    )  # fmt: skip


def _with_news(state: FeedState, intake: Intake, now: dt.datetime) -> FeedState:
    dates = [date for date in (intake.newest, state.newest_published_at) if date is not None and date <= now]
    pause = _pause(state, intake, now)
    return replace(
        state, newest_published_at=max(dates, default=state.newest_published_at),
        rhythm=_slow(intake) if state.last_new_at is None else _rhythm(state, pause),
        long_pause=_long_pause(state, pause), last_new_at=now if intake.new else state.last_new_at,
    )  # fmt: skip


def _pause(state: FeedState, intake: Intake, now: dt.datetime) -> dt.timedelta | None:
    """How long a feed that brings something new had brought nothing, under our eyes; None where we looked away."""
    if not intake.new or state.last_new_at is None:
        return None
    if state.last_success_at is None or now - state.last_success_at > WATCHED:
        return None
    return now - state.last_new_at


def _rhythm(state: FeedState, pause: dt.timedelta | None) -> dt.timedelta | None:
    """The usual pause between two times that bring something new."""
    if pause is None or state.rhythm is None:
        return state.rhythm if pause is None else pause
    return state.rhythm + (pause - state.rhythm) * (LEARN_UP if pause > state.rhythm else LEARN_DOWN)


def _long_pause(state: FeedState, pause: dt.timedelta | None) -> dt.timedelta | None:
    """The pause that 19 of 20 stay below, followed step by step: 19 parts up where one is longer, else one down."""
    if pause is None or state.long_pause is None:
        return state.long_pause if pause is None else pause
    return state.long_pause * (1 + LEARN_LONG * (0.95 if pause > state.long_pause else -0.05))


def _slow(intake: Intake) -> dt.timedelta | None:
    """The pause between the entries of a first document, where it is long; a quick feed shows its own soon enough."""
    return intake.pause if intake.pause is not None and intake.pause >= WATCHED else None


def _with_traits(state: FeedState, intake: Intake) -> FeedState:
    """Documents in a row with a trait; one of few entries says nothing."""
    if intake.read < TRAIT_LEAST:
        return state
    return replace(
        state, renamed=state.renamed + 1 if intake.renamed > HALF * intake.read else 0,
        undated=state.undated + 1 if intake.undated >= intake.read else 0,
        foreign=state.foreign + 1 if intake.foreign > HALF * intake.read else 0,
    )  # fmt: skip
