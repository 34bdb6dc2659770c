"""How a feed is, in a word and a sentence, as ``monitor status`` shows it.

It never finds anything wrong that ``complaints`` does not.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from monitor.entities import Feed, FeedState, IncidentKind
from monitor.incidents.complaints import complaints
from monitor.incidents.words import ago
from monitor.schedule import Policy


class Wellness(StrEnum):
    """How a feed is, in one word for ``monitor status``."""

    OK = "ok"
    FAILING = "failing"
    STALE = "stale"
    SILENT = "silent"
    DOUBTFUL = "doubtful"
    PAUSED = "paused"
    DISABLED = "disabled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """How a feed is and why, in a sentence an operator can act on."""

    wellness: Wellness
    sentence: str


WELLNESS: Mapping[IncidentKind, Wellness] = {
    IncidentKind.UNREACHABLE: Wellness.FAILING,
    IncidentKind.CERTIFICATE: Wellness.FAILING,
    IncidentKind.BLOCKED: Wellness.FAILING,
    IncidentKind.RATE_LIMITED: Wellness.FAILING,
    IncidentKind.GONE: Wellness.FAILING,
    IncidentKind.NOT_A_FEED: Wellness.FAILING,
    IncidentKind.BROKEN: Wellness.FAILING,
    IncidentKind.EMPTY: Wellness.FAILING,
    IncidentKind.SILENT_ZERO: Wellness.FAILING,
    IncidentKind.FROZEN: Wellness.STALE,
    IncidentKind.SILENT: Wellness.SILENT,
    IncidentKind.NOT_POLLED: Wellness.SILENT,
    IncidentKind.POSSIBLE_LOSS: Wellness.DOUBTFUL,
    IncidentKind.RENAMED_IDS: Wellness.DOUBTFUL,
    IncidentKind.UNDATED: Wellness.DOUBTFUL,
    IncidentKind.OTHER_LANGUAGE: Wellness.DOUBTFUL,
    IncidentKind.MOVED: Wellness.OK,
    IncidentKind.PUSH_UNRELIABLE: Wellness.OK,
    IncidentKind.OWN_NETWORK: Wellness.FAILING,
}


def health(feed: Feed, state: FeedState, now: dt.datetime, policy: Policy | None = None) -> Health:
    """How a feed is: the gravest complaint, or that there is none."""
    if not feed.enabled:
        return Health(wellness=Wellness.DISABLED, sentence=feed.reason or "disabled in the configuration")
    if state.paused:
        return Health(
            wellness=Wellness.PAUSED, sentence=f"paused by hand; monitor feeds resume {feed.id} starts it again"
        )
    found = complaints(feed, state, now, policy or Policy())
    for complaint in found:
        if WELLNESS[complaint.kind] is not Wellness.OK:
            return Health(wellness=WELLNESS[complaint.kind], sentence=complaint.sentence)
    if state.last_attempt_at is None:
        return Health(wellness=Wellness.OK, sentence="not polled yet")
    if state.problem is not None:
        return Health(wellness=Wellness.OK, sentence=f"one hitch: {state.problem_message or state.problem}")
    read = f"last read {ago(now - state.last_success_at)}" if state.last_success_at else "polled"
    remarks = (read, *(complaint.sentence for complaint in found), state.flagged)
    return Health(wellness=Wellness.OK, sentence="; ".join(filter(None, remarks)))
