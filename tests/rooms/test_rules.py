"""Whether a development is told, where, and from when on: tables of cases."""

from __future__ import annotations

import dataclasses
import datetime as dt

import pytest

from monitor.alerts import rules
from monitor.alerts.policy import CONSOLE, Policy
from monitor.entities import AlertReason, Destination, Mode, TopicId, Weight
from tests import make
from tests.make import NOW

ISLANDS, FISH = TopicId("islands"), TopicId("fish")
OPS = Destination("slack:C0OPS")
POLICY = Policy(default=CONSOLE, routes={FISH: OPS}, severity={ISLANDS: Weight.MAJOR})


@pytest.mark.parametrize(
    ("matches", "policy", "weight", "places"),
    [
        ((), POLICY, Weight.MINOR, (CONSOLE,)),
        ((make.match("islands"),), POLICY, Weight.MINOR, (CONSOLE,)),
        ((make.match("fish", 0.9), make.match("islands", 0.5)), POLICY, Weight.MINOR, (OPS, CONSOLE)),
        ((make.match("fish", background=True),), POLICY, Weight.MINOR, (CONSOLE,)),
        ((make.match("fish"),), dataclasses.replace(POLICY, floor=Weight.MAJOR), Weight.MINOR, ()),
        ((make.match("fish"),), dataclasses.replace(POLICY, floor=Weight.MAJOR), Weight.MAJOR, (OPS,)),
        ((make.match("islands"),), dataclasses.replace(POLICY, floor=Weight.MAJOR), Weight.MINOR, (CONSOLE,)),
        (
            (make.match("fish"), make.match("islands")),
            dataclasses.replace(POLICY, floors={OPS: Weight.MAJOR}),
            Weight.MINOR,
            (CONSOLE,),
        ),
        ((make.match("islands"),), Policy(default=Destination("")), Weight.MAJOR, ()),
    ],
)
def test_topics_choose_the_place_and_can_raise_the_weight(
    matches: tuple[object, ...], policy: Policy, weight: Weight, places: tuple[Destination, ...]
) -> None:
    assert rules.route(matches, policy, weight) == places  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({}, AlertReason.QUEUED),
        ({"mode": Mode.BASELINE}, AlertReason.BASELINE),
        ({"mode": Mode.BACKFILL}, AlertReason.BACKFILL),
        ({"story": make.story(muted_until=make.at(1))}, AlertReason.MUTED),
        ({"story": make.story(muted_until=make.at(-1))}, AlertReason.QUEUED),
        ({"told": make.told(article=make.article(published_at=make.at(-25)))}, AlertReason.DIGEST),
        ({"told": make.told(article=make.article(published_at=make.at(days=-6.9)))}, AlertReason.DIGEST),
        ({"told": make.told(article=make.article(published_at=make.at(days=-7.1)))}, AlertReason.TOO_OLD),
        ({"mode": Mode.RETOLD}, AlertReason.DIGEST),
        (
            {"mode": Mode.RETOLD, "told": make.told(article=make.article(published_at=make.at(days=-900)))},
            AlertReason.DIGEST,
        ),
        ({"policy": Policy(new_topics={ISLANDS: make.at(-23)})}, AlertReason.DIGEST),
        ({"policy": Policy(new_topics={ISLANDS: make.at(-25)})}, AlertReason.QUEUED),
        (
            {
                "policy": Policy(new_topics={ISLANDS: make.at(-23)}),
                "told": make.told(matches=(make.match("islands"), make.match("fish"))),
            },
            AlertReason.QUEUED,
        ),
        ({"told": make.told(article=make.article(published_at=make.at(-23)))}, AlertReason.QUEUED),
        (
            {"told": make.told(article=make.article(published_at=make.at(days=-2), first_seen_at=make.at(days=-2)))},
            AlertReason.QUEUED,
        ),
        ({"policy": Policy(default=Destination(""))}, AlertReason.NO_DESTINATION),
        ({"policy": Policy(floor=Weight.MAJOR)}, AlertReason.BELOW_SEVERITY),
        ({"policy": Policy(floor=Weight.MAJOR), "story": make.story(followed=True)}, AlertReason.QUEUED),
        (
            {"story": make.story(followed=True, muted_until=make.at(1))},
            AlertReason.MUTED,
        ),
    ],
)
def test_every_development_that_is_not_told_has_its_reason(changes: dict[str, object], reason: AlertReason) -> None:
    case: dict[str, object] = {
        "detection": make.detection(),
        "told": make.told(),
        "story": make.story(),
        "mode": Mode.LIVE,
        "policy": Policy(),
        "now": NOW,
    }
    assert rules.verdict_on_alert(**{**case, **changes}) is reason  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("weight", "last", "opens"),
    [
        (Weight.MINOR, None, dt.timedelta(seconds=90)),
        (Weight.MAJOR, None, dt.timedelta(seconds=90)),
        (Weight.MAJOR, make.at(minutes=-1), dt.timedelta(0)),
        (Weight.MINOR, make.at(minutes=-5), dt.timedelta(minutes=15)),
        (Weight.MINOR, make.at(minutes=-30), dt.timedelta(0)),
        (Weight.MINOR, make.at(days=1), dt.timedelta(minutes=20)),
    ],
)
def test_new_stories_wait_for_company_and_minor_updates_for_the_gap(
    weight: Weight, last: dt.datetime | None, opens: dt.timedelta
) -> None:
    assert rules.opens_at(weight, last, Policy(), NOW) == NOW + opens


def test_an_update_of_a_followed_story_waits_for_no_gap() -> None:
    assert rules.opens_at(Weight.MINOR, make.at(minutes=-5), Policy(), NOW, followed=True) == NOW


@pytest.mark.parametrize(
    ("own", "severities", "weight"),
    [
        (Weight.MINOR, (), Weight.MINOR),
        (Weight.MINOR, (Weight.MAJOR, Weight.MINOR), Weight.MAJOR),
        (Weight.MINOR, (Weight.URGENT,), Weight.MAJOR),
        (Weight.MAJOR, (Weight.MINOR, Weight.URGENT), Weight.URGENT),
        (Weight.MAJOR, (Weight.MAJOR,), Weight.MAJOR),
    ],
)
def test_only_what_is_major_by_itself_becomes_urgent(
    own: Weight, severities: tuple[Weight, ...], weight: Weight
) -> None:
    assert rules.weighed(own, severities) is weight
