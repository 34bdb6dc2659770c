"""What goes out when, and as what: tables of cases."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from monitor.alerts import hours, release
from monitor.alerts.policy import CONSOLE, Policy
from monitor.entities import AlertKind, Channel, DevelopmentId, OutboxRow, OutboxState, StoryId, Weight
from tests import make
from tests.make import NOW, at

POLICY = Policy()
NIGHT = Policy(quiet=(dt.time(23), dt.time(7)))  # NOW is 18:30 in Tokyo: quiet begins at +4.5 h and ends at +12.5 h
BERLIN = ZoneInfo("Europe/Berlin")


def held(number: int, due: dt.datetime = NOW, story: int | None = None, **fields: Any) -> OutboxRow:
    """A held row of a story of its own."""
    row = {key: fields.pop(key) for key in ("digest", "created_at", "sent_at", "broadcast") if key in fields}
    told = make.alert(story=StoryId(story or number), developments=(DevelopmentId(number),), ref=f"d{number}", **fields)
    given = {"created_at": min(due, NOW), **row}
    return make.outbox_row(number, alert=told, state=OutboxState.HELD, due_at=due, **given)


def planned(rows: list[OutboxRow], now: dt.datetime = NOW, policy: Policy = POLICY, **fields: Any) -> release.Plan:
    channel = Channel(destination=CONSOLE, digest_until=fields.pop("digest_until", None))
    return release.plan(rows, channel, policy, now, **fields)


def opens(rows: list[OutboxRow], now: dt.datetime = NOW, policy: Policy = POLICY, **fields: Any) -> dt.datetime:
    channel = Channel(destination=CONSOLE, digest_until=fields.pop("digest_until", None))
    return release.opens(rows, channel, policy, now, **fields)


def posts(plan: release.Plan) -> list[list[int]]:
    return [[row.id for row in post.rows] for post in plan.posts]


def digest(plan: release.Plan) -> list[int]:
    return [row.id for row in plan.digest]


# ------------------------------------------------------------------------------------------------ together


def test_rows_of_one_story_go_out_as_one_when_the_first_is_due_and_others_wait_for_their_own_time() -> None:
    rows = [
        held(1, at(minutes=2), story=1),
        held(2, NOW, story=2),
        held(3, NOW, story=1),
        held(4, at(hours=1), story=4),
    ]
    assert posts(planned(rows)) == [[1, 3], [2]]
    assert opens(rows) == NOW


def test_a_flush_ends_the_wait_for_company_but_no_digests_and_no_quiet_hours() -> None:
    rows = [held(1, at(minutes=2)), held(2, at(hours=3), digest=True)]
    plan = planned(rows, flush=True)
    assert (posts(plan), digest(plan)) == ([[1]], [])
    night = at(hours=5)
    assert planned([held(1, night + dt.timedelta(seconds=90))], night, NIGHT, flush=True) == release.Plan()


def test_what_was_made_under_a_clock_that_was_turned_back_since_goes_now() -> None:
    assert posts(planned([held(1, at(days=1), created_at=at(days=1))])) == [[1]]


# ------------------------------------------------------------------------------------------------ quiet hours


@pytest.mark.parametrize(
    ("due", "opened"),
    [(4.4, 4.4), (4.5, 12.5), (9, 12.5), (12.5, 12.5), (13, 13)],
)
def test_what_becomes_due_in_quiet_hours_waits_for_their_end(due: float, opened: float) -> None:
    assert opens([held(1, at(due))], policy=NIGHT) == at(opened)


def test_what_was_held_over_night_is_one_digest_in_the_morning_and_at_a_start_after_it() -> None:
    rows = [held(1, at(5)), held(2, at(9)), held(3, at(12.4), story=2)]
    for now in (at(12.5), at(14)):
        plan = planned(rows, now, NIGHT)
        assert (posts(plan), digest(plan), plan.window) == ([], [1, 2, 3], "quiet")
        assert set(plan.why.values()) == {release.QUIET}


def test_what_was_due_before_the_night_and_could_not_be_sent_comes_with_the_mornings_digest() -> None:
    late = held(1, at(4))
    assert planned([late], at(5), NIGHT) == release.Plan()
    assert digest(planned([late], at(12.5), NIGHT)) == [1]


def test_urgent_news_breaks_through_the_night_with_all_that_its_story_holds() -> None:
    rows = [held(1, at(5), story=1), held(2, at(6), story=1, weight=Weight.URGENT), held(3, at(6), story=3)]
    assert posts(planned(rows, at(6), NIGHT)) == [[1, 2]]


def test_operators_who_have_a_place_of_their_own_have_no_quiet_hours_and_the_readers_place_has() -> None:
    notice = held(1, at(6), kind=AlertKind.NOTICE)
    assert opens([notice], at(6), NIGHT) == at(12.5)
    elsewhere = dataclasses.replace(NIGHT, default=CONSOLE.__class__("slack:C1"))
    assert opens([notice], at(6), elsewhere) == at(6)
    assert posts(planned([notice], at(13), NIGHT)) == [[1]]


@pytest.mark.parametrize(
    ("day", "lasts"),
    [(dt.date(2026, 3, 28), 7), (dt.date(2026, 3, 29), 8), (dt.date(2026, 10, 24), 9)],
    ids=["spring", "usual", "autumn"],
)
def test_a_night_with_a_change_of_the_clocks_ends_once(day: dt.date, lasts: int) -> None:
    quiet = (dt.time(23), dt.time(7))
    begins = hours.moment(day, dt.time(23), BERLIN)
    ends = hours.moment(day + dt.timedelta(days=1), dt.time(7), BERLIN)
    assert ends - begins == dt.timedelta(hours=lasts)
    every = [begins + dt.timedelta(minutes=10 * step) for step in range(round((ends - begins).total_seconds() / 600))]
    assert {hours.after_quiet(quiet, BERLIN, moment) for moment in every} == {ends}
    assert hours.after_quiet(quiet, BERLIN, ends) == ends


def test_an_hour_that_comes_twice_or_not_at_all_comes_once_a_day() -> None:
    at_night, moment, found = dt.time(2, 30), dt.datetime(2026, 1, 1, tzinfo=dt.UTC), []
    while moment < dt.datetime(2027, 1, 1, tzinfo=dt.UTC):
        moment = hours.following(at_night, BERLIN, moment)
        found.append(moment.astimezone(BERLIN).date())
    assert len(found) == len(set(found)) == 366


# ------------------------------------------------------------------------------------------------ digests


def test_what_waits_for_a_digest_joins_no_post_and_all_that_is_due_goes_as_one() -> None:
    rows = [
        held(1, NOW, story=1, digest=True),
        held(2, NOW, story=1),
        held(3, NOW, digest=True),
        held(4, at(1), digest=True),
    ]
    plan = planned(rows)
    assert (posts(plan), digest(plan), plan.window) == ([[2]], [1, 3], "daily")


def test_an_urgent_one_that_is_old_waits_for_the_digest_too() -> None:
    row = held(1, at(12.5), digest=True, weight=Weight.URGENT, published_at=at(days=-3))
    assert opens([row], policy=NIGHT) == at(12.5)
    assert planned([row], at(12.5), NIGHT).why == {1: "published more than 24 h before it was first seen"}


# ------------------------------------------------------------------------------------------------ too much at once


def test_the_ninth_story_in_ten_minutes_lets_the_breaker_fall_for_an_hour() -> None:
    eight, nine = [held(number) for number in range(1, 9)], [held(number) for number in range(1, 10)]
    assert (len(planned(eight).posts), planned(eight).falls_until) == (8, None)
    plan = planned(nine)
    assert (posts(plan), digest(plan), plan.falls_until) == ([[n] for n in range(1, 9)], [], at(hours=1))


def test_the_weightiest_have_the_places_that_are_left() -> None:
    rows = [held(number, weight=Weight.MAJOR if number > 4 else Weight.MINOR) for number in range(1, 13)]
    assert posts(planned(rows)) == [[n] for n in range(5, 13)]


def test_what_was_told_within_the_window_counts_and_what_waited_for_its_channel_does_not() -> None:
    recent = [held(n, at(minutes=-5), sent_at=at(minutes=-5)) for n in range(20, 28)]
    assert planned([held(1)], recent=recent).falls_until == at(hours=1)
    before = [held(n, at(minutes=-11), sent_at=at(minutes=-11)) for n in range(20, 28)]
    assert planned([held(1)], recent=before).falls_until is None
    late = [held(n, at(minutes=-5), sent_at=NOW) for n in range(20, 28)]
    assert planned([held(1)], recent=late).falls_until is None


def test_while_it_is_down_all_but_the_urgent_waits_and_then_comes_as_one_digest() -> None:
    until = at(minutes=40)
    rows = [held(1), held(2, weight=Weight.URGENT), held(3, at(minutes=10)), held(4, at(minutes=41))]
    assert posts(planned(rows, digest_until=until)) == [[2]]
    rows.pop(1)
    assert opens(rows, digest_until=until) == until
    plan = planned(rows, until, digest_until=until)
    assert (posts(plan), digest(plan), plan.window) == ([], [1, 3], "breaker")
    assert posts(planned(rows[2:], at(minutes=41), digest_until=until)) == [[4]]


def test_a_breaker_that_fell_under_another_clock_holds_nothing() -> None:
    assert posts(planned([held(1)], digest_until=at(days=1))) == [[1]]


def test_without_a_number_there_is_no_breaker() -> None:
    assert len(planned([held(n) for n in range(1, 50)], policy=Policy(breaker_alerts=0)).posts) == 49


def test_what_waited_for_a_broken_channel_comes_a_message_a_story_and_beyond_a_hundred_as_one_digest() -> None:
    now = at(hours=1)
    sixty = [held(n, at(minutes=n % 58)) for n in range(1, 61)]
    plan = planned(sixty, now)
    assert (len(plan.posts), digest(plan), plan.falls_until) == (60, [], None)
    assert posts(plan) == [[n] for n in range(1, 61)]
    plan = planned([held(n, at(minutes=n % 58)) for n in range(1, 102)], now)
    assert (posts(plan), len(plan.digest), plan.window) == ([], 101, "return")


# ------------------------------------------------------------------------------------------------ broadcasts


@pytest.mark.parametrize(
    ("fields", "shown_today", "broadcast"),
    [
        ({}, 0, False),
        ({"weight": Weight.MAJOR}, 0, True),
        ({"weight": Weight.URGENT}, 1, True),
        ({"weight": Weight.MAJOR}, 2, False),
        ({"followed": True}, 5, True),
        ({"kind": AlertKind.NOTICE, "weight": Weight.MAJOR}, 0, False),
    ],
)
def test_a_major_reply_is_shown_in_the_channel_twice_a_day_and_every_one_of_a_followed_story(
    fields: dict[str, Any], shown_today: int, broadcast: bool
) -> None:
    today = [held(n, at(-1), story=1, broadcast=True, sent_at=at(-1)) for n in range(10, 10 + shown_today)]
    others = [held(n, at(-1), story=2, broadcast=True, sent_at=at(-1)) for n in range(20, 25)]
    yesterday = [held(n, at(-19), story=1, broadcast=True, sent_at=at(-19)) for n in range(30, 35)]
    (post,) = planned([held(1, story=1, **fields)], recent=[*today, *others, *yesterday]).posts
    assert post.broadcast is broadcast
