"""The subscriber's side of W3C WebSub, as decisions: whom to ask for what, and what to make of a hub's answer.

It never sends, listens or writes: ``subscriber`` does. The state of a subscription is ``FeedState.push``.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import math
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from urllib.parse import urlsplit

from monitor.entities import Feed, FeedId, FeedState, Push

LEASE = dt.timedelta(days=10)
"""What is asked for. Hubs give what they like; the public ones give 5 to 10 days."""
LEASE_LEAST, LEASE_MOST = dt.timedelta(minutes=1), dt.timedelta(days=30)
"""A lease outside of these is taken as the nearer one: nobody renews each second, nor trusts a hub for a year."""
LEASE_UNSAID = dt.timedelta(days=1)
"""Where a hub says none, or no number: to renew too often costs a request, too rarely the pushes."""
PAUSE_FIRST, PAUSE_MOST = dt.timedelta(minutes=5), dt.timedelta(hours=24)
"""After an ask that nothing came of; it doubles with each. The specification names none; polls go on meanwhile."""
SECRET_BYTES = 32
"""As many as SHA-256 gives, the strongest in common use; as text well below the specification's 200."""
METHODS = ("sha1", "sha256", "sha384", "sha512")
"""The specification's four. SHA-1 is broken for documents, not as a keyed signature, and large hubs know no other."""
REASON_MOST = 300
"""Characters of a hub's reason that are kept."""


_TOKEN = re.compile(r"(?P<feed>[a-z0-9-]+)\.[A-Za-z0-9_-]{20,200}")


class Outcome(StrEnum):
    """What became of a hub's request. Each member has its sentence in ``docs/operations.md``."""

    SUBSCRIBED = "subscribed"
    UNSUBSCRIBED = "unsubscribed"
    DENIED = "denied"
    NOT_OURS = "not-ours"
    UNKNOWN = "unknown"
    KEPT = "kept"
    FORGED = "forged"
    EMPTY = "empty"
    UNWANTED = "unwanted"
    PAUSED = "paused"
    ENCODED = "encoded"
    TOO_LARGE = "too-large"
    SLOW = "slow"
    CUT_SHORT = "cut-short"
    FAILED = "failed"


class Mode(StrEnum):
    """What a hub says it is about (``hub.mode``)."""

    SUBSCRIBE = "subscribe"
    UNSUBSCRIBE = "unsubscribe"
    DENIED = "denied"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One form for one hub."""

    hub: str
    fields: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What to remember before a hub is asked (it may verify before it answers), and what to send then."""

    state: FeedState
    requests: tuple[Request, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What a hub said of a subscription: its ``hub.*`` parameters."""

    mode: str
    topic: str
    lease: str = ""
    reason: str = ""


def due(feeds: Mapping[FeedId, Feed], states: Mapping[FeedId, FeedState], now: dt.datetime) -> tuple[FeedState, ...]:
    """The states whose hub is to be asked now; ``feeds`` are those that are polled, by id."""
    return tuple(state for state in states.values() if _is_due(feeds.get(state.feed_id), state, now))


def ask(
    feed: Feed | None,
    state: FeedState,
    public_url: str,
    now: dt.datetime,
    *,
    fresh: Callable[[int], str] = secrets.token_urlsafe,
) -> Asked:
    """The next word to the hub of a feed: subscribe or renew, or leave where nobody polls the feed any more (None).

    A renewal keeps the secret, so that what comes before the hub verified it can still be read; another hub gets
    another one. The token stays with the feed, so that a hub that was left can be answered.
    """
    before = state.push
    assert before is not None
    began = before.verified_at is not None or before.asks > 0
    push = replace(
        before,
        token=before.token or f"{state.feed_id}.{fresh(SECRET_BYTES)}",
        secret=before.secret if began and before.secret else fresh(SECRET_BYTES),
        asked_at=now,
        asks=before.asks + 1,
    )
    callback = f"{public_url.rstrip('/')}/websub/{push.token}"
    requests = []
    if feed is None:
        requests.append(_leave(push.hub, push.topic, callback))
    else:
        fields = {
            "hub.mode": Mode.SUBSCRIBE.value,
            "hub.topic": push.topic,
            "hub.callback": callback,
            "hub.lease_seconds": str(int(LEASE.total_seconds())),
            "hub.secret": push.secret,
        }
        requests.append(Request(hub=push.hub, fields=fields))
    if push.left_hub:
        requests.append(_leave(push.left_hub, push.left_topic, callback))
    return Asked(state=replace(state, push=push), requests=tuple(requests))


def refused(state: FeedState, why: str) -> FeedState:
    """The state after a hub would not take a request; the subscription that stands, if one does, stays."""
    assert state.push is not None
    return replace(state, push=replace(state.push, refused=why[:REASON_MOST]))


def heard(feed: Feed | None, state: FeedState, said: Heard, now: dt.datetime) -> FeedState | None:
    """The state after a hub's question or refusal; None where the answer is no: it names no wish of ours."""
    push = state.push
    if push is None:
        return None
    if said.mode == Mode.UNSUBSCRIBE:
        return _left(feed, state, push, said.topic)
    if said.topic != push.topic:
        return None
    if said.mode == Mode.DENIED:
        why = said.reason.strip()[:REASON_MOST] or "the hub gave no reason"
        return replace(state, push=replace(push, verified_at=None, lease_until=None, refused=why))
    if said.mode != Mode.SUBSCRIBE or feed is None:
        return None
    held = replace(push, verified_at=now, lease_until=now + _lease(said.lease), refused="", asks=0)
    return replace(state, push=held)


def genuine(push: Push, body: bytes, signature: str) -> bool:
    """Whether a body was signed with our secret (``X-Hub-Signature: method=hex``). Without a secret nothing is."""
    method, equals, given = signature.strip().partition("=")
    method = method.casefold()
    if not (push.secret and equals) or method not in METHODS:
        return False
    right = hmac.new(push.secret.encode(), body, getattr(hashlib, method)).hexdigest()
    return hmac.compare_digest(right.encode(), given.strip().casefold().encode())


def feed_of(token: str) -> FeedId | None:
    """The feed a token claims to be of (None: it is no token); the claim is checked against what is kept there."""
    found = _TOKEN.fullmatch(token)
    return FeedId(found["feed"]) if found is not None else None


def is_token_of(state: FeedState, token: str) -> bool:
    """Whether a token is this feed's."""
    held = state.push.token if state.push is not None else ""
    return bool(held) and hmac.compare_digest(held.encode(), token.encode())


def _is_due(feed: Feed | None, state: FeedState, now: dt.datetime) -> bool:
    push = state.push
    if push is None or state.paused or not (push.hub and push.topic) or not _may_be_asked(feed, push):
        return False
    stands = push.lease_until is not None and push.lease_until > now
    if feed is None and not stands:
        return False  # nothing to leave, or it has run out by itself
    if push.asks and push.asked_at is not None and now - push.asked_at < _pause(push.asks):
        return False
    if feed is None or push.verified_at is None or push.lease_until is None:
        return True
    return now >= push.verified_at + (push.lease_until - push.verified_at) / 2


def _may_be_asked(feed: Feed | None, push: Push) -> bool:
    """A secret goes over plain http only for a feed that the operator takes over plain http anyway."""
    scheme = urlsplit(push.hub).scheme.casefold()
    return scheme == "https" or (scheme == "http" and (feed is None or feed.insecure))


def _pause(asks: int) -> dt.timedelta:
    return min(PAUSE_FIRST * (1 << min(asks - 1, 20)), PAUSE_MOST)


def _leave(hub: str, topic: str, callback: str) -> Request:
    fields = {"hub.mode": Mode.UNSUBSCRIBE.value, "hub.topic": topic, "hub.callback": callback}
    return Request(hub=hub, fields=fields)


def _left(feed: Feed | None, state: FeedState, push: Push, topic: str) -> FeedState | None:
    """The state after an unsubscription: of the former hub, or of a feed that nobody polls. Others are not ours."""
    if push.left_hub and topic == push.left_topic:
        return replace(state, push=replace(push, left_hub="", left_topic=""))
    if feed is None and topic == push.topic:
        return replace(state, push=None)
    return None


def _lease(said: str) -> dt.timedelta:
    """A hub's lease, in seconds as it was said."""
    try:
        seconds = float(said)
    except ValueError:
        seconds = 0.0
    if not (math.isfinite(seconds) and seconds > 0):
        return LEASE_UNSAID
    return min(max(dt.timedelta(seconds=min(seconds, LEASE_MOST.total_seconds())), LEASE_LEAST), LEASE_MOST)
