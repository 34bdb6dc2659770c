"""Whether a development is told, where, and from when on: pure, a reason for every no.

It never words a message and never decides what goes out together: that is ``compose``'s and ``release``'s.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence

from monitor.alerts.policy import Policy
from monitor.entities import AlertReason, Destination, Detection, Mode, Story, Told, TopicMatch, Weight

_WEIGHTS = (Weight.MINOR, Weight.MAJOR, Weight.URGENT)


def verdict_on_alert(
    detection: Detection, told: Told, story: Story, mode: Mode, policy: Policy, now: dt.datetime
) -> AlertReason:
    """``QUEUED``, ``DIGEST`` for what is told in the next digest alone, or the first reason that speaks against it."""
    if mode is Mode.BASELINE:
        return AlertReason.BASELINE
    if mode is Mode.BACKFILL:
        return AlertReason.BACKFILL
    if story.muted_until is not None and story.muted_until > now:
        return AlertReason.MUTED
    age = told.article.first_seen_at - told.article.published_at
    if age > policy.digest_age and mode is not Mode.RETOLD:
        return AlertReason.TOO_OLD
    if not _places(told.matches, policy):
        return AlertReason.NO_DESTINATION
    if not route(told.matches, policy, detection.weight, followed=story.followed):
        return AlertReason.BELOW_SEVERITY
    if mode is Mode.RETOLD or age > policy.max_age or _only_new_topics(told.matches, policy, now):
        return AlertReason.DIGEST
    return AlertReason.QUEUED


def _only_new_topics(matches: Sequence[TopicMatch], policy: Policy, now: dt.datetime) -> bool:
    """Whether all that an article reports on are topics which the configuration has named for less than a day."""
    reported = reported_of(matches)
    return bool(reported) and all(
        since <= now < since + policy.new_topic
        for since in (policy.new_topics.get(match.topic, dt.datetime.max.replace(tzinfo=dt.UTC)) for match in reported)
    )


def route(
    matches: Sequence[TopicMatch], policy: Policy, weight: Weight, *, followed: bool = False
) -> tuple[Destination, ...]:
    """Where a development of these topics and this weight is told, best topic first; a topic can raise its weight.

    Of a story that somebody follows everything is told.
    """
    return tuple(
        place
        for place, raised in _places(matches, policy).items()
        if followed
        or heavier(weight, raised) is heavier(weight, raised, policy.floor, policy.floors.get(place, Weight.MINOR))
    )


def _places(matches: Sequence[TopicMatch], policy: Policy) -> dict[Destination, Weight]:
    """Each destination of the reported topics, with the weight its topics give at least."""
    places: dict[Destination, Weight] = {}
    for match in sorted(reported_of(matches), key=lambda match: -match.score):
        place = policy.routes.get(match.topic, policy.default)
        if place:
            least = policy.severity.get(match.topic, Weight.MINOR)
            places[place] = heavier(places.get(place, Weight.MINOR), least)
    if not places and policy.default:
        places[policy.default] = Weight.MINOR
    return places


def reported_of(matches: Sequence[TopicMatch]) -> list[TopicMatch]:
    """The topics that an article reports on, without those that are its background only."""
    return [match for match in matches if not match.background]


def heavier(*weights: Weight) -> Weight:
    """The heaviest of these."""
    return max(weights, key=_WEIGHTS.index)


def weighed(own: Weight, severities: Iterable[Weight]) -> Weight:
    """A development's weight with what its topics give: an urgent topic makes urgent only what is major by itself."""
    raised = heavier(own, *severities)
    return Weight.MAJOR if raised is Weight.URGENT and own is Weight.MINOR else raised


def opens_at(
    weight: Weight, last: dt.datetime | None, policy: Policy, now: dt.datetime, *, followed: bool = False
) -> dt.datetime:
    """From when on a row may go: a new story waits for company, a minor update for the gap, a major one for nothing.

    ``weight`` is the development's own: a weighty topic alone must not turn every minor update into an interruption.
    Neither does an update of a story that somebody follows wait.
    """
    if last is None:
        return now + policy.group_wait
    if followed or weight is not Weight.MINOR:
        return now
    return max(now, min(last, now) + policy.minor_gap)
