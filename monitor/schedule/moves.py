"""Where a feed is asked: the configured address, or the one it has moved to for good.

Never follows a temporary redirect for longer than one poll, never leaves https for http, and goes back to the
configured address when the new one turns out dead.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from urllib.parse import urlsplit

from monitor.entities import Feed, FeedState, Fetched, Problem
from monitor.schedule.pace import Policy

DEAD_AFTER = 3
"""Failures in a row at an adopted address that say there is no feed (any more), until it is dropped."""


def address(feed: Feed, state: FeedState) -> str:
    """The URL polled: the one the feed has moved to for good, while the configuration says what it said then."""
    return state.url if state.url and state.url_of == feed.url else feed.url


def is_upgrade(old: str, new: str) -> bool:
    """Whether the move is to the same place over https."""
    before, after = urlsplit(old), urlsplit(new)
    return (
        (before.scheme.casefold(), after.scheme.casefold()) == ("http", "https")
        and before.hostname == after.hostname
        and before.port in {None, 80, after.port}
        and (before.path or "/", before.query) == (after.path or "/", after.query)
    )


def is_downgrade(old: str, new: str) -> bool:
    """Whether the move would lose the transport's integrity."""
    return urlsplit(old).scheme.casefold() == "https" and urlsplit(new).scheme.casefold() != "https"


def settled(feed: Feed, state: FeedState) -> FeedState:
    """The state without what is known of an address that the configuration names no more."""
    if not state.url_of or state.url_of == feed.url:
        return state
    return replace(state, url="", url_of="", moved_to=None, moved_since=None)


def after_success(feed: Feed, state: FeedState, fetched: Fetched, now: dt.datetime, policy: Policy) -> FeedState:
    """The state after a valid feed was found: a permanent redirect is believed after days of agreement.

    One that only leads to https is believed at once.
    """
    here, target = address(feed, state), fetched.moved_to
    if target is None or target == here:
        if state.moved_to is None:
            return state  # as nearly always
        return replace(state, moved_to=None, moved_since=None, url_of=state.url_of if state.url else "")
    since = state.moved_since if target == state.moved_to and state.moved_since is not None else now
    if not is_downgrade(here, target) and (is_upgrade(here, target) or now - since >= policy.moved_after):
        return _adopted(feed, state, target)
    return replace(state, moved_to=target, moved_since=since, url_of=feed.url)


def after_failure(
    feed: Feed, state: FeedState, fetched: Fetched, problem: Problem, now: dt.datetime, policy: Policy
) -> FeedState:
    """The state after a failure, which it counts already: with the other address where this one is dead."""
    here = address(feed, state)
    is_dead = problem is Problem.GONE or (problem is Problem.STATUS and fetched.status == 404)
    answered_itself = (fetched.final_url or here) == here
    if is_dead and answered_itself and state.moved_to and not is_downgrade(here, state.moved_to):
        return _adopted(feed, state, state.moved_to)
    if here == feed.url:
        return state
    no_feed = problem is Problem.GONE or ((is_dead or problem is Problem.NOT_A_FEED) and state.failures >= DEAD_AFTER)
    if no_feed or (state.problem_since is not None and now - state.problem_since >= policy.moved_after):
        return replace(state, url="", url_of="", moved_to=None, moved_since=None)
    return state


def _adopted(feed: Feed, state: FeedState, target: str) -> FeedState:
    at_home = target == feed.url
    return replace(
        state, url="" if at_home else target, url_of="" if at_home else feed.url, moved_to=None, moved_since=None
    )
