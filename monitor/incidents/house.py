"""All feeds at once: what is wrong with each, or with this machine's own network. It never connects to anything."""

from __future__ import annotations

import datetime as dt
import ipaddress
from collections.abc import Collection, Mapping, Sequence
from urllib.parse import urlsplit

from monitor.entities import Complaint, Feed, FeedId, FeedState, IncidentKind
from monitor.incidents.complaints import complaints
from monitor.schedule import NETWORK, Policy, address

ENOUGH = 3
"""Feeds that must fail alike before the fault is looked for on our side."""
RECENT = dt.timedelta(days=1)
"""Attempts older than this say nothing of the network now; the longest pause after failures is half of it."""


def none_reached(watched: Sequence[tuple[Feed, FeedState]], now: dt.datetime) -> bool:
    """Whether nothing outside was reached since several feeds failed: then the fault may be our own network's.

    Feeds at private addresses say nothing of it. That an answer was a refusal does not matter: somebody answered.
    """
    asked = [
        state for feed, state in watched
        if state.last_attempt_at is not None and now - state.last_attempt_at <= RECENT and not state.paused
        and not (state.private or _is_private(address(feed, state)))
    ]  # fmt: skip
    failed = [state.last_attempt_at for state in asked if state.problem in NETWORK and state.last_attempt_at]
    answered = [state.last_attempt_at for state in asked if state.problem not in NETWORK and state.last_attempt_at]
    answered += [state.last_success_at for state in asked if state.last_success_at is not None]
    last = max(answered, default=None)
    return sum(last is None or at > last for at in failed) >= ENOUGH


def house(
    watched: Sequence[tuple[Feed, FeedState]],
    now: dt.datetime,
    policy: Policy,
    *,
    network: bool,
    patient: Collection[str] = (),
) -> Mapping[FeedId | None, Sequence[Complaint]]:
    """What is wrong with the feeds that are polled, by feed; with our own network (None), that alone.

    ``patient`` are hosts that asked for patience: that nobody asks their feeds meanwhile is as it should be.
    """
    if not network:
        return {None: (_own_network(watched),)}
    return {
        feed.id: tuple(
            said
            for said in complaints(feed, state, now, policy)
            if said.kind is not IncidentKind.NOT_POLLED or urlsplit(address(feed, state)).hostname not in patient
        )
        for feed, state in watched
        if feed.enabled and not state.paused
    }


def _own_network(watched: Sequence[tuple[Feed, FeedState]]) -> Complaint:
    failing = sum(state.problem in NETWORK for _, state in watched)
    return Complaint(
        kind=IncidentKind.OWN_NETWORK,
        sentence=f"this machine reaches nothing outside: none of {failing} feeds, and no anchor (http.anchors). "
        "No feed is blamed, and all are asked again as soon as it is over. Look at its network, name service and "
        "firewall",
    )


def _is_private(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
