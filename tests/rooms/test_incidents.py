"""What is wrong with a feed, and how it is told from its first to its last day."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest

from monitor.entities import Complaint, Feed, FeedId, FeedState, Gap, Incident, IncidentKind, Problem
from monitor.incidents import Health, Review, Wellness, complaints, health, house, none_reached, review
from monitor.incidents.review import CALM
from monitor.incidents.words import ago, span
from monitor.schedule import Policy
from tests import make

POLICY = Policy()
HERE = "https://harbour-daily.example/rss"
THERE = "https://new.example/rss"
WELL: dict[str, Any] = {
    "last_attempt_at": make.at(minutes=-5),
    "last_success_at": make.at(minutes=-5),
    "last_new_at": make.at(hours=-1),
    "next_poll_at": make.at(minutes=5),
    "newest_published_at": make.at(hours=-1),
    "baseline_at": make.at(days=-30),
    "interval": dt.timedelta(minutes=10),
    "entries_last": 10,
}


def failing(problem: Problem, times: int = 3, **fields: Any) -> dict[str, Any]:
    """A feed that has failed so many times in a row, in the last three hours."""
    given = {
        "problem": problem, "problem_message": "as it was said", "failures": times, "problem_since": make.at(hours=-3),
        "last_success_at": make.at(hours=-3.2), "next_poll_at": make.at(hours=1),
    }  # fmt: skip
    return {**given, **fields}


def found(state: dict[str, Any] | None = None, feed: dict[str, Any] | None = None) -> tuple[Complaint, ...]:
    return complaints(make.feed(**(feed or {})), make.feed_state(**{**WELL, **(state or {})}), make.NOW, POLICY)


def kinds(state: dict[str, Any] | None = None, feed: dict[str, Any] | None = None) -> list[IncidentKind]:
    return [complaint.kind for complaint in found(state, feed)]


# ------------------------------------------------------------------------------------------------ complaints


def test_a_feed_that_is_well_has_nothing_wrong_with_it() -> None:
    assert found() == ()


@pytest.mark.parametrize("state", [{"paused": True}, {}], ids=["paused", "disabled"])
def test_nobody_complains_of_a_feed_that_is_not_to_be_polled(state: dict[str, Any]) -> None:
    assert found({**failing(Problem.DNS), **state}, {"enabled": bool(state)}) == ()


@pytest.mark.parametrize(
    ("problem", "kind"),
    [
        (Problem.DNS, IncidentKind.UNREACHABLE),
        (Problem.CONNECT, IncidentKind.UNREACHABLE),
        (Problem.TIMEOUT, IncidentKind.UNREACHABLE),
        (Problem.STATUS, IncidentKind.UNREACHABLE),
        (Problem.REDIRECT, IncidentKind.UNREACHABLE),
        (Problem.FORBIDDEN_ADDRESS, IncidentKind.UNREACHABLE),
        (Problem.TLS, IncidentKind.CERTIFICATE),
        (Problem.BLOCKED, IncidentKind.BLOCKED),
        (Problem.RATE_LIMITED, IncidentKind.RATE_LIMITED),
        (Problem.GONE, IncidentKind.GONE),
        (Problem.NOT_A_FEED, IncidentKind.NOT_A_FEED),
        (Problem.MALFORMED, IncidentKind.BROKEN),
        (Problem.CUT_SHORT, IncidentKind.BROKEN),
        (Problem.TOO_LARGE, IncidentKind.BROKEN),
        (Problem.INTERNAL, IncidentKind.BROKEN),
    ],
)
def test_three_failures_in_a_row_are_an_incident_of_the_problems_kind(problem: Problem, kind: IncidentKind) -> None:
    assert kinds(failing(problem)) == [kind]
    assert kinds(failing(problem, 2)) == ([kind] if problem is Problem.GONE else [])


def test_a_sentence_says_what_since_when_what_we_do_and_what_to_do() -> None:
    assert found(failing(Problem.DNS, problem_message="the name harbour-daily.example cannot be resolved")) == (
        Complaint(
            kind=IncidentKind.UNREACHABLE,
            sentence="the name harbour-daily.example cannot be resolved (dns), 3 times in a row since 2026-03-04 06:30 UTC. "
            "It is asked again 2026-03-04 10:30 UTC, and never given up. "
            "Open the address in a browser; if the feed has moved, put the new one into feeds.toml",
        ),
    )


def test_a_410_calls_for_the_operator_the_first_time() -> None:
    (gone,) = found(failing(Problem.GONE, 1, problem_message="answered 410"))
    assert (gone.told, gone.sentence) == (
        True,
        (
            "answered 410 (gone), once since 2026-03-04 06:30 UTC. It is asked again 2026-03-04 10:30 UTC, and never given up. "
            "The publisher says for good: give its new address, or take it out of feeds.toml"
        ),
    )


@pytest.mark.parametrize(("times", "since", "told"), [(2, -3, None), (3, -3, False), (3, -24, True), (1, -25, True)])
def test_a_rate_limit_is_told_only_when_it_lasts_a_day(times: int, since: float, told: bool | None) -> None:
    limited = failing(Problem.RATE_LIMITED, times, problem_since=make.at(hours=since))
    assert [one.told for one in found(limited) if one.kind is IncidentKind.RATE_LIMITED] == (
        [] if told is None else [told]
    )


@pytest.mark.parametrize(
    ("state", "feed", "kind"),
    [
        ({"empties": 2}, {"query": True}, IncidentKind.SILENT_ZERO),
        ({"empties": 2, "problem": Problem.EMPTY, "failures": 2}, {"query": True}, IncidentKind.SILENT_ZERO),
        ({"empties": 2, "problem": Problem.EMPTY, "failures": 2}, {}, IncidentKind.EMPTY),
        ({"empties": 2}, {}, IncidentKind.EMPTY),
        ({"empties": 2, "last_new_at": None}, {}, None),
        ({"empties": 1}, {"query": True}, None),
        ({"empties": 1, "problem": Problem.EMPTY, "failures": 1}, {}, None),
        ({"empties": 2, "problem": Problem.DNS, "failures": 1}, {"query": True}, None),
    ],
)
def test_two_empty_answers_in_a_row_are_an_incident(
    state: dict[str, Any], feed: dict[str, Any], kind: IncidentKind | None
) -> None:
    assert kinds(state, feed) == ([kind] if kind else [])


@pytest.mark.parametrize(
    ("attempt", "due", "interval", "silent"),
    [
        (-31, -21, 10, True),
        (-29, -19, 10, False),
        (-100, -9, 10, False),
        (-100, -11, 10, True),
        (-100, 5, 10, False),
        (-150, -90, 60, False),
        (-181, -121, 60, True),
        (None, -31, 10, True),
        (None, -29, 10, False),
        (None, None, 10, False),
    ],
    ids=["3 intervals", "not yet", "it was to wait", "it was to wait, and waits on", "it still waits", "slow", "slow, 3 intervals", "never, 3 intervals", "never, not yet", "just configured"],
)  # fmt: skip
def test_a_feed_that_nobody_asks_for_three_intervals_is_not_polled(
    attempt: float | None, due: float | None, interval: float, silent: bool
) -> None:
    state = {
        "last_attempt_at": None if attempt is None else make.at(minutes=attempt),
        "next_poll_at": None if due is None else make.at(minutes=due),
        "interval": dt.timedelta(minutes=interval),
    }
    assert kinds(state) == ([IncidentKind.NOT_POLLED] if silent else [])


@pytest.mark.parametrize(
    ("feed", "minutes", "silent"),
    [({"every": dt.timedelta(minutes=10)}, 31, True), ({"every": dt.timedelta(minutes=10)}, 29, False), ({}, 271, True), ({}, 269, False)],
)  # fmt: skip
def test_a_feed_without_an_interval_yet_goes_by_its_row_and_then_by_the_policy(
    feed: dict[str, Any], minutes: float, silent: bool
) -> None:
    late = {
        "interval": None,
        "last_attempt_at": make.at(minutes=-minutes),
        "next_poll_at": make.at(minutes=5 - minutes),
    }
    assert (IncidentKind.NOT_POLLED in kinds(late, feed)) is silent


@pytest.mark.parametrize(
    ("state", "silent"),
    [
        (failing(Problem.STATUS, 2, last_success_at=make.at(hours=-6)), True),
        (failing(Problem.STATUS, 2, last_success_at=make.at(hours=-5.9)), False),
        (failing(Problem.STATUS, 2, last_success_at=make.at(hours=-11), interval=dt.timedelta(hours=2)), False),
        (failing(Problem.STATUS, 2, last_success_at=make.at(hours=-12), interval=dt.timedelta(hours=2)), True),
        (failing(Problem.RATE_LIMITED, 5, last_success_at=make.at(hours=-7)), True),
        (failing(Problem.STATUS, 3, last_success_at=make.at(hours=-7)), False),
        (failing(Problem.STATUS, 2, last_success_at=None, problem_since=make.at(hours=-7)), True),
        ({"last_success_at": make.at(hours=-9), "next_poll_at": make.at(hours=1)}, False),
    ],
    ids=["6 hours", "not yet", "slow", "slow, 6 intervals", "a quiet rate limit", "its cause is told", "never well", "well, and told to wait"],
)  # fmt: skip
def test_a_feed_without_a_good_answer_for_hours_is_silent_where_nothing_names_the_cause(
    state: dict[str, Any], silent: bool
) -> None:
    assert (IncidentKind.SILENT in kinds(state)) is silent


@pytest.mark.parametrize(
    ("days", "rhythm", "feed", "frozen"),
    [
        (2.9, 0.01, {}, False),
        (3.0, 0.01, {}, True),
        (9.9, 2, {}, False),
        (10, 2, {}, True),
        (29, 20, {}, False),
        (30, 20, {}, True),
        (6.9, None, {}, False),
        (7, None, {}, True),
        (29, 2, {"official": True}, False),
        (30, 2, {"official": True}, True),
        (89, 40, {"official": True}, False),
        (90, 40, {"official": True}, True),
        (29, None, {"official": True}, False),
    ],
)
def test_a_feed_is_frozen_by_its_own_rhythm(
    days: float, rhythm: float | None, feed: dict[str, Any], frozen: bool
) -> None:
    state = {
        "newest_published_at": make.at(days=-days),
        "rhythm": None if rhythm is None else dt.timedelta(days=rhythm),
    }
    assert kinds(state, feed) == ([IncidentKind.FROZEN] if frozen else [])


def test_a_frozen_feed_is_told_with_its_rhythm_and_one_without_dates_goes_by_its_last_news() -> None:
    (frozen,) = found({"newest_published_at": None, "last_new_at": make.at(days=-8), "rhythm": dt.timedelta(hours=1)})
    assert frozen.sentence.startswith(
        "answers, but its newest entry is of 2026-02-24 09:30 UTC, though it usually brings something every 60 minutes. "
    )


def test_a_feed_that_fails_is_as_frozen_as_it_was_when_it_answered_last() -> None:
    old = {**failing(Problem.DNS, 2), "newest_published_at": make.at(days=-90)}
    (frozen,) = found(old)
    assert (frozen.kind, frozen.sentence[:14]) == (IncidentKind.FROZEN, "answered, but ")
    assert kinds({**old, "last_success_at": make.at(days=-89), "problem_since": make.at(hours=-1)}) == [
        IncidentKind.SILENT
    ]


GAP = Gap(at=make.at(hours=-1), since=make.at(hours=-6))


@pytest.mark.parametrize(
    ("gap", "told", "says"),
    [
        (GAP, True, "entries between 2026-03-04 03:30 UTC and 2026-03-04 08:30 UTC may have been missed: "),
        (replace(GAP, since=None), True, "entries before 2026-03-04 08:30 UTC may have been missed: "),
        (replace(GAP, next_url="https://older.example/"), False, "; older pages are being read. Nothing to do"),
        (replace(GAP, next_url="https://older.example/", pages=2, found=17), False, "; 17 of them were found in 2 older pages. Nothing to do"),
        (replace(GAP, pages=20, found=200), True, "; 200 of them were found in 20 older pages. It is asked more often now. "),
    ],
)  # fmt: skip
def test_a_possible_loss_is_told_when_it_can_not_be_healed(gap: Gap, told: bool, says: str) -> None:
    (loss,) = found({"gap": gap})
    assert (loss.kind, loss.told, says in loss.sentence) == (IncidentKind.POSSIBLE_LOSS, told, True)


@pytest.mark.parametrize(
    ("field", "kind"),
    [
        ("renamed", IncidentKind.RENAMED_IDS),
        ("undated", IncidentKind.UNDATED),
        ("foreign", IncidentKind.OTHER_LANGUAGE),
    ],
)
def test_a_trait_of_three_documents_in_a_row_is_an_incident(field: str, kind: IncidentKind) -> None:
    assert (kinds({field: 2}), kinds({field: 3})) == ([], [kind])


@pytest.mark.parametrize(
    ("state", "says"),
    [
        ({"url": THERE, "url_of": HERE}, f"moved for good to {THERE} and is polled there: put that into feeds.toml"),
        ({"moved_to": THERE, "moved_since": make.at(days=-7)}, f"moves for good to {THERE} since 2026-02-25 09:30 UTC, which is not taken over by itself: put that into feeds.toml if it is right"),
        ({"moved_to": THERE, "moved_since": make.at(days=-6)}, None),
        ({"url": THERE, "url_of": "https://former.example/"}, None),
    ],
)  # fmt: skip
def test_a_move_is_shown_and_wakes_nobody(state: dict[str, Any], says: str | None) -> None:
    assert found(state) == ((Complaint(kind=IncidentKind.MOVED, sentence=says, told=False),) if says else ())


@pytest.mark.parametrize(
    ("push", "unreliable"), [({"missed": 2}, False), ({"missed": 3}, True), ({"missed": 3, "verified_at": None}, False)]
)
def test_a_hub_that_missed_three_times_is_an_incident(push: dict[str, Any], unreliable: bool) -> None:
    assert kinds({"push": make.push(**push)}) == ([IncidentKind.PUSH_UNRELIABLE] if unreliable else [])


def test_several_things_can_be_wrong_at_once_and_the_gravest_comes_first() -> None:
    state = {**failing(Problem.DNS), "gap": GAP, "renamed": 3, "url": THERE, "url_of": HERE}
    assert kinds(state) == [
        IncidentKind.UNREACHABLE, IncidentKind.POSSIBLE_LOSS, IncidentKind.RENAMED_IDS, IncidentKind.MOVED,
    ]  # fmt: skip


# ---------------------------------------------------------------------------------------------------- health


@pytest.mark.parametrize(
    ("feed", "state", "told"),
    [
        ({}, {}, Health(wellness=Wellness.OK, sentence="last read 5 minutes ago")),
        ({}, {"last_success_at": make.at(minutes=-1)}, Health(wellness=Wellness.OK, sentence="last read 1 minute ago")),
        ({"enabled": False, "reason": "dead since May"}, {}, Health(wellness=Wellness.DISABLED, sentence="dead since May")),
        ({}, {"paused": True}, Health(wellness=Wellness.PAUSED, sentence="paused by hand; monitor feeds resume harbour-daily starts it again")),
        ({}, {"flagged": "raw ampersands"}, Health(wellness=Wellness.OK, sentence="last read 5 minutes ago; raw ampersands")),
        ({}, {"url": THERE, "url_of": HERE}, Health(wellness=Wellness.OK, sentence=f"last read 5 minutes ago; moved for good to {THERE} and is polled there: put that into feeds.toml")),
        ({}, {"problem": Problem.DNS, "failures": 1, "problem_message": "no name"}, Health(wellness=Wellness.OK, sentence="one hitch: no name")),
        ({}, {"last_attempt_at": None, "next_poll_at": None, "last_success_at": None}, Health(wellness=Wellness.OK, sentence="not polled yet")),
    ],
)  # fmt: skip
def test_how_a_feed_is_told(feed: dict[str, Any], state: dict[str, Any], told: Health) -> None:
    assert health(make.feed(**feed), make.feed_state(**{**WELL, **state}), make.NOW) == told


@pytest.mark.parametrize(
    ("state", "word"),
    [
        (failing(Problem.DNS), Wellness.FAILING),
        (failing(Problem.GONE, 1), Wellness.FAILING),
        ({"empties": 2}, Wellness.FAILING),
        ({"newest_published_at": make.at(days=-40)}, Wellness.STALE),
        ({"next_poll_at": make.at(hours=-2), "last_attempt_at": make.at(hours=-2.2)}, Wellness.SILENT),
        (failing(Problem.STATUS, 2, last_success_at=make.at(hours=-7)), Wellness.SILENT),
        ({"gap": GAP}, Wellness.DOUBTFUL),
        ({"undated": 3}, Wellness.DOUBTFUL),
    ],
)
def test_a_feeds_word_and_sentence_are_those_of_its_gravest_complaint(state: dict[str, Any], word: Wellness) -> None:
    told = health(make.feed(), make.feed_state(**{**WELL, **state}), make.NOW)
    assert told == Health(wellness=word, sentence=found(state)[0].sentence)


# --------------------------------------------------------------------------------------------------- network


def asked(name: str, minutes: float, problem: Problem | None = None, **fields: Any) -> tuple[Feed, FeedState]:
    """A feed that was last asked so many minutes ago."""
    at = make.at(minutes=-minutes)
    given: dict[str, Any] = {"last_attempt_at": at, "problem": problem}
    if problem is None:
        given["last_success_at"] = at
    url = fields.pop("address", f"https://{name}.example/rss")
    return make.feed(name, url=url), make.feed_state(name, **{**given, **fields})


DOWN = [asked(f"f{number}", number, Problem.CONNECT) for number in range(3)]


@pytest.mark.parametrize(
    ("watched", "suspect"),
    [
        (DOWN, True),
        ([*DOWN, asked("well", 5)], True),
        (DOWN[:2], False),
        ([*DOWN[:2], asked("named", 0, Problem.DNS)], True),
        ([*DOWN[:2], asked("slow", 0, Problem.TIMEOUT)], True),
        ([*DOWN, asked("well", 1)], False),
        ([*DOWN, asked("refused", 0, Problem.STATUS)], False),
        ([*DOWN, asked("expired", 0, Problem.TLS)], False),
        ([*DOWN[:2], asked("f3", 1, Problem.CONNECT, last_success_at=make.at(minutes=-2))], True),
        ([*DOWN[:2], asked("home", 0, Problem.CONNECT, private=True)], False),
        ([*DOWN[:2], asked("home", 0, Problem.CONNECT, address="http://127.0.0.1:8000/rss")], False),
        ([*DOWN[:2], asked("home", 0, Problem.CONNECT, address="http://localhost/rss")], False),
        ([*DOWN[:2], asked("paused", 0, Problem.CONNECT, paused=True)], False),
        ([(feed, replace(state, last_attempt_at=make.at(days=-2))) for feed, state in DOWN], False),
    ],
)
def test_nothing_is_reached_when_three_public_feeds_failed_since_anybody_answered(
    watched: list[tuple[Feed, FeedState]], suspect: bool
) -> None:
    assert none_reached(watched, make.NOW) is suspect


def test_with_our_own_network_down_no_feed_is_blamed() -> None:
    watched = [(feed, replace(state, failures=5)) for feed, state in DOWN]
    alone = house(watched, make.NOW, POLICY, network=False)
    assert [(feed, [one.kind for one in said]) for feed, said in alone.items()] == [(None, [IncidentKind.OWN_NETWORK])]
    assert "none of 3 feeds" in alone[None][0].sentence


def test_with_a_network_each_polled_feed_answers_for_itself() -> None:
    ill = (make.feed("ill"), make.feed_state("ill", **{**WELL, **failing(Problem.DNS)}))
    well = (make.feed("well"), make.feed_state("well", **WELL))
    resting = (make.feed("resting"), make.feed_state("resting", paused=True))
    off = (make.feed("off", enabled=False), make.feed_state("off"))
    said = house([ill, well, resting, off], make.NOW, POLICY, network=True)
    assert {feed: [one.kind for one in each] for feed, each in said.items()} == {
        "ill": [IncidentKind.UNREACHABLE],
        "well": [],
    }


def test_that_a_feed_waits_because_its_host_asked_for_patience_is_no_incident() -> None:
    late = {**WELL, "next_poll_at": make.at(hours=-2), "last_attempt_at": make.at(hours=-2.2)}
    watched = [(make.feed("one"), make.feed_state("one", **late)), (make.feed("two"), make.feed_state("two", **late))]
    said = house(watched, make.NOW, POLICY, network=True, patient={"one.example"})
    assert {feed: [one.kind for one in each] for feed, each in said.items()} == {
        "one": [],
        "two": [IncidentKind.NOT_POLLED],
    }


# ---------------------------------------------------------------------------------------------------- review


FEED = FeedId("harbour-daily")


def test_what_is_wrong_opens_once_and_is_told_once() -> None:
    wrong = make.complaint()
    assert review([], {FEED: [wrong]}, make.NOW) == Review(opened=((FEED, wrong),), told=((FEED, wrong),))
    held = make.incident(updated_at=make.at(minutes=-1), seen=4)
    assert review([held], {FEED: [make.complaint(sentence="still none")]}, make.NOW) == Review(
        kept=(replace(held, sentence="still none", updated_at=make.NOW, seen=5),)
    )


def test_the_same_trouble_of_two_feeds_and_two_troubles_of_one_are_incidents_of_their_own() -> None:
    found_now = {
        FEED: [make.complaint(), make.complaint(IncidentKind.MOVED, told=False)],
        FeedId("other"): [make.complaint()],
    }
    opened = review([make.incident()], found_now, make.NOW)
    assert [(feed, one.kind) for feed, one in opened.opened] == [
        (FEED, IncidentKind.MOVED), ("other", IncidentKind.UNREACHABLE),
    ]  # fmt: skip
    assert [feed for feed, _ in opened.told] == ["other"]


def test_what_becomes_worth_a_message_is_told_then_and_not_again() -> None:
    quiet = make.incident(IncidentKind.RATE_LIMITED, told=False)
    loud = make.complaint(IncidentKind.RATE_LIMITED)
    first = review([quiet], {FEED: [loud]}, make.NOW)
    assert (first.told, first.kept[0].told) == (((FEED, loud),), True)
    assert review(first.kept, {FEED: [loud]}, make.NOW).told == ()
    assert review(first.kept, {FEED: [replace(loud, told=False)]}, make.NOW).kept[0].told


def test_a_flapping_feed_stays_one_incident_until_it_is_calm() -> None:
    held = [make.incident()]
    for minute, ill in ((20, False), (29, True), (50, False), (58, False)):
        now = make.at(minutes=minute)
        seen = review(held, {FEED: [make.complaint()] if ill else []}, now)
        assert (seen.opened, seen.closed, seen.told) == ((), (), ())
        held = list(seen.kept) or held
    end = make.at(minutes=29) + CALM
    closed = review(held, {FEED: []}, end).closed
    assert closed == (
        replace(held[0], closed_at=end, ending="it answers again (unreachable, after 2 hours)"),
    )  # fmt: skip


@pytest.mark.parametrize(
    "kind",
    [kind for kind in IncidentKind if kind in {
        IncidentKind.FROZEN, IncidentKind.SILENT, IncidentKind.NOT_POLLED, IncidentKind.POSSIBLE_LOSS, IncidentKind.MOVED,
        IncidentKind.RENAMED_IDS, IncidentKind.UNDATED, IncidentKind.OTHER_LANGUAGE, IncidentKind.PUSH_UNRELIABLE,
    }],
)  # fmt: skip
def test_what_took_long_to_be_found_closes_at_once(kind: IncidentKind) -> None:
    (closed,) = review([make.incident(kind)], {FEED: []}, make.NOW).closed
    assert (closed.closed_at, closed.ending.endswith(f"({kind}, after 60 minutes)")) == (make.NOW, True)


def test_an_incident_of_a_feed_that_nobody_polls_any_more_is_closed_and_nobody_is_told_that_all_is_well() -> None:
    paused = review([make.incident(told=True)], {}, make.NOW)
    (closed,) = paused.closed
    assert (closed.ending, paused.well) == ("it is not polled any more (unreachable, after 60 minutes)", ())


@pytest.mark.parametrize(
    ("before", "now", "well"),
    [
        (IncidentKind.BLOCKED, IncidentKind.UNREACHABLE, False),
        (IncidentKind.SILENT, IncidentKind.RATE_LIMITED, False),
        (IncidentKind.BLOCKED, IncidentKind.UNDATED, True),
        (IncidentKind.UNDATED, IncidentKind.BLOCKED, True),
    ],
)
def test_a_trouble_that_gives_way_to_another_is_not_called_well(
    before: IncidentKind, now: IncidentKind, well: bool
) -> None:
    held = make.incident(before, updated_at=make.at(hours=-1), told=True)
    seen = review([held], {FEED: [make.complaint(now)]}, make.NOW)
    (closed,) = seen.closed
    assert (seen.well, closed.ending.startswith(f"it is {now} instead")) == ((closed,) if well else (), not well)


OUTAGE = make.incident(IncidentKind.OWN_NETWORK, feed_id=None)


def test_while_our_own_network_is_down_no_incident_of_a_feed_moves() -> None:
    held = [make.incident(updated_at=make.at(days=-1))]
    wrong = make.complaint(IncidentKind.OWN_NETWORK)
    assert review(held, {None: [wrong]}, make.NOW) == Review(opened=((None, wrong),), told=((None, wrong),))
    assert review([*held, OUTAGE], {None: [wrong]}, make.NOW).closed == ()


def test_the_review_that_finds_the_network_well_again_blames_no_feed_for_the_outage() -> None:
    over = review([OUTAGE], {FEED: [make.complaint()]}, make.NOW)
    assert (over.opened, over.told, [one.kind for one in over.closed]) == ((), (), [IncidentKind.OWN_NETWORK])
    assert review([], {FEED: [make.complaint()]}, make.NOW).opened == ((FEED, make.complaint()),)


def test_every_kind_has_its_word_and_its_ending() -> None:
    def ended(kind: IncidentKind) -> Incident:
        held = make.incident(
            kind, updated_at=make.at(days=-1), feed_id=None if kind is IncidentKind.OWN_NETWORK else FEED
        )
        return review([held], {FEED: []}, make.NOW).closed[0]

    assert all(ended(kind).ending for kind in IncidentKind)


@pytest.mark.parametrize(
    ("minutes", "said"),
    [(0, "0 minutes"), (1, "1 minute"), (2, "2 minutes"), (99, "99 minutes"), (100, "2 hours"), (60 * 47, "47 hours"), (60 * 48, "2 days")],
)  # fmt: skip
def test_a_length_of_time_in_words(minutes: float, said: str) -> None:
    assert span(dt.timedelta(minutes=minutes)) == said


def test_a_distance_in_words() -> None:
    assert [ago(dt.timedelta(seconds=seconds)) for seconds in (-5, 59, 60, 150)] == [
        "just now", "just now", "1 minute ago", "2 minutes ago",
    ]  # fmt: skip
