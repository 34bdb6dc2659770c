"""What is wrong with a feed now, by what its polls left behind: one check for each kind of trouble.

It never looks at what was said before: opening, updating and closing is ``review``'s.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping

from monitor.entities import Complaint, Feed, FeedState, IncidentKind, Problem
from monitor.incidents.words import asked_again, moment, span
from monitor.schedule import MISSED_MOST, Policy, address

SILENT_LEAST = dt.timedelta(hours=6)
SILENT_INTERVALS = 6
"""Without a good answer for so many intervals, and never less than ``SILENT_LEAST``, a feed is silent."""
FROZEN_LONG_PAUSES = 4
"""Of the pauses that 19 of 20 stay below, so many without anything newer, until a feed looks frozen. Within three days
it never does: a long weekend."""
FROZEN_PAUSES = 5
"""Usual pauses, where no long one was learnt yet."""
FROZEN_LEAST, FROZEN_MOST = dt.timedelta(days=3), dt.timedelta(days=30)
FROZEN_UNKNOWN = dt.timedelta(days=7)
"""The same for a feed whose usual pause was not seen yet."""
FROZEN_OFFICIAL = dt.timedelta(days=30), dt.timedelta(days=90)
"""The same bounds for bodies of state, which say nothing for weeks; unknown counts as the first."""
HABIT = 3
"""Documents in a row with a trait until it is the feed's."""
LIMITED_QUIETLY = dt.timedelta(days=1)
"""A rate limit is kept and soon over; one that lasts longer wants a slower pace."""

_KINDS: Mapping[Problem, IncidentKind] = {
    Problem.DNS: IncidentKind.UNREACHABLE,
    Problem.CONNECT: IncidentKind.UNREACHABLE,
    Problem.TIMEOUT: IncidentKind.UNREACHABLE,
    Problem.STATUS: IncidentKind.UNREACHABLE,
    Problem.REDIRECT: IncidentKind.UNREACHABLE,
    Problem.FORBIDDEN_ADDRESS: IncidentKind.UNREACHABLE,
    Problem.TLS: IncidentKind.CERTIFICATE,
    Problem.BLOCKED: IncidentKind.BLOCKED,
    Problem.RATE_LIMITED: IncidentKind.RATE_LIMITED,
    Problem.GONE: IncidentKind.GONE,
    Problem.NOT_A_FEED: IncidentKind.NOT_A_FEED,
    Problem.MALFORMED: IncidentKind.BROKEN,
    Problem.CUT_SHORT: IncidentKind.BROKEN,
    Problem.TOO_LARGE: IncidentKind.BROKEN,
    Problem.INTERNAL: IncidentKind.BROKEN,
    Problem.EMPTY: IncidentKind.EMPTY,
}

_CAUSES = frozenset(_KINDS.values()) | {IncidentKind.NOT_POLLED, IncidentKind.SILENT_ZERO}
"""Kinds that name why a feed brings nothing, so that nobody needs to hear of its silence besides."""

_ADVICE: Mapping[IncidentKind, str] = {
    IncidentKind.UNREACHABLE: "Open the address in a browser; if the feed has moved, put the new one into feeds.toml",
    IncidentKind.CERTIFICATE: "Look at the certificate in a browser; tls_verify = false for this feed is your decision",
    IncidentKind.BLOCKED: "A wall for browsers stands before it: ask the publisher, or set the feed's user_agent",
    IncidentKind.RATE_LIMITED: "The wait it asks for is kept; give the feed a slower pace (every) if this repeats",
    IncidentKind.GONE: "The publisher says for good: give its new address, or take it out of feeds.toml",
    IncidentKind.NOT_A_FEED: "A web page stands there: find the feed's new address on it",
    IncidentKind.BROKEN: "Whole entries are kept where there are any, and so is the raw body; tell the publisher",
}
_PAGE_ADVICE = "Look at the page and mend [feed.select]; monitor feeds test tries selectors"
"""What to do about a watched page on which nothing is found: it is no feed, and never was."""


def complaints(feed: Feed, state: FeedState, now: dt.datetime, policy: Policy) -> tuple[Complaint, ...]:
    """Everything that is wrong with a feed now, the gravest first. Nothing of one that is paused or disabled."""
    if not feed.enabled or state.paused:
        return ()
    found = [complaint for check in _CHECKS if (complaint := check(feed, state, now, policy)) is not None]
    if not any(complaint.told and complaint.kind in _CAUSES for complaint in found):
        silent = _silent(feed, state, now, policy)  # the dead-man's switch: only where nothing names the cause
        found = [silent, *found] if silent is not None else found
    return tuple(found)


def _not_polled(feed: Feed, state: FeedState, now: dt.datetime, policy: Policy) -> Complaint | None:
    due = state.next_poll_at or state.last_attempt_at
    interval = state.interval or feed.every or policy.every
    if due is None or now - due <= interval:
        return None
    if now - (state.last_attempt_at or due) <= policy.silent_after * interval:
        return None
    return Complaint(
        kind=IncidentKind.NOT_POLLED,
        sentence=f"was due {moment(due)} and nobody has asked it since. Nothing of it is read meanwhile. "
        "Does the daemon run, or did its host ask for patience? monitor status",
    )


def _failing(feed: Feed, state: FeedState, now: dt.datetime, policy: Policy) -> Complaint | None:
    problem = state.problem
    if problem is None or problem is Problem.EMPTY:
        return None
    kind, since = _KINDS[problem], state.problem_since or state.last_attempt_at or now
    is_long = problem is Problem.RATE_LIMITED and now - since >= LIMITED_QUIETLY
    if state.failures < policy.failing_after and problem is not Problem.GONE and not is_long:
        return None
    times = f"{state.failures} times in a row" if state.failures > 1 else "once"
    told = problem is not Problem.RATE_LIMITED or is_long
    advice = _PAGE_ADVICE if kind is IncidentKind.NOT_A_FEED and feed.kind == "page" else _ADVICE[kind]
    return Complaint(
        kind=kind,
        sentence=f"{state.problem_message or problem} ({problem}), {times} since {moment(since)}. "
        f"{asked_again(state)}. {advice}",
        told=told,
    )


def _empty(feed: Feed, state: FeedState, now: dt.datetime, policy: Policy) -> Complaint | None:
    if state.empties < policy.empty_after:
        return None
    if state.problem is not Problem.EMPTY and state.problem is not None:
        return None
    if feed.query:
        return Complaint(
            kind=IncidentKind.SILENT_ZERO,
            sentence=f"answers 200 with a query that finds nothing, {state.empties} times in a row. "
            f"{asked_again(state)}. Try the query by hand: such an answer is more often a fault than a quiet day",
        )
    if state.problem is None and state.last_new_at is None:
        return None  # a well-formed feed that never held anything: new, or of a body that has said nothing yet
    return Complaint(
        kind=IncidentKind.EMPTY,
        sentence=f"answers 200 with an empty document, {state.empties} times in a row. {asked_again(state)}. "
        "Open the address in a browser; where nothing stands there either, tell the publisher",
    )


def _silent(feed: Feed, state: FeedState, now: dt.datetime, policy: Policy) -> Complaint | None:
    since = state.last_success_at or state.problem_since
    patience = max(SILENT_LEAST, SILENT_INTERVALS * (state.interval or feed.every or policy.every))
    if state.problem is None or since is None or now - since < patience:
        return None
    return Complaint(
        kind=IncidentKind.SILENT,
        sentence=f"no good answer since {moment(since)}; the last one: {state.problem_message or state.problem}. "
        f"{asked_again(state)}. Read the publisher by hand meanwhile",
    )


def _frozen(feed: Feed, state: FeedState, now: dt.datetime, policy: Policy) -> Complaint | None:
    newest = state.newest_published_at or state.last_new_at
    seen = now if state.problem is None else state.last_success_at  # a hitch brings nothing new, and nothing is said of
    if newest is None or seen is None or seen - newest < _patience(feed, state):  # what nobody has looked at since
        return None
    usual = f", though it usually brings something every {span(state.rhythm)}" if state.rhythm is not None else ""
    answers = "answers" if state.problem is None else "answered"
    return Complaint(
        kind=IncidentKind.FROZEN,
        sentence=f"{answers}, but its newest entry is of {moment(newest)}{usual}. It is polled as before. "
        "Look at the site: old addresses answer for years; find the new one, or disable the feed",
    )


def _patience(feed: Feed, state: FeedState) -> dt.timedelta:
    """How long a feed may bring nothing newer, by its own rhythm."""
    least, most = FROZEN_OFFICIAL if feed.official else (FROZEN_LEAST, FROZEN_MOST)
    if state.long_pause is not None:
        return min(max(FROZEN_LONG_PAUSES * state.long_pause, least), most)
    if state.rhythm is None:
        return max(FROZEN_UNKNOWN, least)
    return min(max(FROZEN_PAUSES * state.rhythm, least), most)


def _loss(feed: Feed, state: FeedState, now: dt.datetime, policy: Policy) -> Complaint | None:
    gap = state.gap
    if gap is None:
        return None
    since = f" between {moment(gap.since)} and {moment(gap.at)}" if gap.since else f" before {moment(gap.at)}"
    what = f"entries{since} may have been missed: no entry of the document before was left in the next one"
    found = f"; {gap.found} of them were found in {gap.pages} older pages" if gap.pages else ""
    if gap.next_url:
        done = f"{found or '; older pages are being read'}. Nothing to do"
        return Complaint(kind=IncidentKind.POSSIBLE_LOSS, sentence=f"{what}{done}", told=False)
    return Complaint(
        kind=IncidentKind.POSSIBLE_LOSS,
        sentence=f"{what}{found}. It is asked more often now. Look through the site for that time; "
        "give the feed a shorter every or min_every, or a sitemap, so that it does not happen again",
    )


def _renamed(feed: Feed, state: FeedState, now: dt.datetime, policy: Policy) -> Complaint | None:
    if state.renamed < HABIT:
        return None
    return Complaint(
        kind=IncidentKind.RENAMED_IDS,
        sentence=f"gives its entries new ids, in {state.renamed} documents in a row. They are known by their links "
        "instead, and nothing is told twice. Nothing to do; tell the publisher",
    )


def _undated(feed: Feed, state: FeedState, now: dt.datetime, policy: Policy) -> Complaint | None:
    if state.undated < HABIT:
        return None
    return Complaint(
        kind=IncidentKind.UNDATED,
        sentence=f"gives its entries no dates, or all the same one, in {state.undated} documents in a row. "
        "They count from when they were first seen. Check the feed's zone and dates by hand",
    )


def _foreign(feed: Feed, state: FeedState, now: dt.datetime, policy: Policy) -> Complaint | None:
    if state.foreign < HABIT:
        return None
    return Complaint(
        kind=IncidentKind.OTHER_LANGUAGE,
        sentence=f"speaks another language than {feed.lang or 'it did'}, in {state.foreign} documents in a row. "
        "They are read in the language they are in. Check the address, or put the language right in feeds.toml",
    )


def _moved(feed: Feed, state: FeedState, now: dt.datetime, policy: Policy) -> Complaint | None:
    here = address(feed, state)
    if here != feed.url:
        sentence = f"moved for good to {here} and is polled there: put that into feeds.toml"
    elif state.moved_to and state.moved_since is not None and now - state.moved_since >= policy.moved_after:
        sentence = (
            f"moves for good to {state.moved_to} since {moment(state.moved_since)}, which is not taken over by "
            "itself: put that into feeds.toml if it is right"
        )
    else:
        return None
    return Complaint(kind=IncidentKind.MOVED, sentence=sentence, told=False)


def _push(feed: Feed, state: FeedState, now: dt.datetime, policy: Policy) -> Complaint | None:
    push = state.push
    if push is None or push.verified_at is None or push.missed < MISSED_MOST:
        return None
    return Complaint(
        kind=IncidentKind.PUSH_UNRELIABLE,
        sentence=f"its hub {push.hub} did not bring what {push.missed} polls found; it is polled at its usual pace "
        "again, so nothing is lost. Check that web.public_url can be reached from outside",
    )


_Check = Callable[[Feed, FeedState, dt.datetime, Policy], Complaint | None]
_CHECKS: tuple[_Check, ...] = (
    _not_polled, _failing, _empty, _frozen, _loss, _renamed, _undated, _foreign, _moved, _push,
)  # fmt: skip
"""The gravest first: it is the one that ``health`` tells."""
