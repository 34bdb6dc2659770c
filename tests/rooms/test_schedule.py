"""When and where a feed is asked again, and what is remembered of each answer."""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.entities import Document, FeedState, Fetched, Gap, Hold, Intake, Problem, Push
from monitor.incidents import health
from monitor.schedule import (
    Policy,
    address,
    after_outage,
    after_page,
    after_poll,
    after_push,
    first_poll,
    hold,
    planned,
    spread_overdue,
)
from tests import make

POLICY = Policy(jitter=0.0)
BEGAN = make.at(days=-3)  # when the feed was first read
NEWS: dict[str, Any] = {"every": dt.timedelta(minutes=10)}  # a row with a pace of its own
HERE = "https://harbour-daily.example/rss"
THERE = "https://new.example/rss"


def minutes(number: float) -> dt.timedelta:
    return dt.timedelta(minutes=number)


def hours(number: float) -> dt.timedelta:
    return dt.timedelta(hours=number)


def document(entries: int = 10, **fields: Any) -> Document:
    return Document(
        entries=tuple(make.entry(guid=f"g{number}", published=make.at(hours=-number)) for number in range(entries)),
        **fields,
    )


def before(**fields: Any) -> FeedState:
    """A feed that has been read for three days, every ten minutes."""
    given: dict[str, Any] = {
        "polls": 5, "interval": minutes(10), "baseline_at": BEGAN, "last_new_at": make.at(hours=-1),
        "last_success_at": make.at(minutes=-10), "last_attempt_at": make.at(minutes=-10), "entries_last": 10,
    }  # fmt: skip
    return make.feed_state(**{**given, **fields})


def polled(
    state: FeedState | None = None,
    *,
    new: int = 0,
    feed: dict[str, Any] | None = None,
    doc: Document | None = None,
    intake: Intake | None = None,
    policy: Policy = POLICY,
    now: dt.datetime = make.NOW,
    jitter: float = 1.0,
    **fetched: Any,
) -> FeedState:
    """The state after one poll; a document counts ten entries, ``new`` of them new."""
    counted = intake or (make.intake(new=new, entries=len(doc.entries)) if doc is not None else Intake())
    return after_poll(
        make.feed(**{**NEWS, **(feed or {})}), state or before(), make.fetched(**fetched), doc, intake=counted, now=now,
        policy=policy, jitter=jitter,
    )  # fmt: skip


def unchanged(state: FeedState | None = None, **fields: Any) -> FeedState:
    """The state after a 304."""
    return polled(state, **{"not_modified": True, "conditional": True, "status": 304, **fields})


def wait(state: FeedState) -> dt.timedelta:
    assert state.next_poll_at is not None
    return state.next_poll_at - make.NOW


# ------------------------------------------------------------------------------------ validators and memory


def test_a_good_document_moves_validators_hash_and_clocks_and_forgets_errors() -> None:
    state = make.feed_state(
        failures=4, problem=Problem.DNS, problem_message="x", problem_since=make.at(days=-1), polls=5, empties=1,
        interval=minutes(10),
    )  # fmt: skip
    after = polled(
        state, doc=document(), intake=make.intake(new=5, newest=make.at(hours=-1)), etag='"e"', last_modified="then",
        body_hash="h", final_url="https://b.example/f", private=True,
    )  # fmt: skip
    assert after == make.feed_state(
        etag='"e"', last_modified="then", validators_url="https://b.example/f", body_hash="h", private=True,
        unconditional_at=make.NOW, interval=minutes(10), next_poll_at=make.at(minutes=10), last_attempt_at=make.NOW,
        last_success_at=make.NOW, last_new_at=make.NOW, baseline_at=make.NOW, newest_published_at=make.at(hours=-1),
        polls=6, entries_last=10,
    )  # fmt: skip


def test_a_304_keeps_the_validators_it_does_not_bring_and_takes_those_it_does() -> None:
    state = before(etag='"a"', last_modified="then", validators_url="u", body_hash="h")
    kept, taken = unchanged(state), unchanged(state, etag='"b"')
    assert (kept.etag, kept.last_modified, kept.validators_url, kept.body_hash) == ('"a"', "then", "u", "h")
    assert (taken.etag, taken.last_modified) == ('"b"', "then")
    assert (kept.last_success_at, kept.unconditional_at) == (make.NOW, None)


def test_a_whole_answer_shows_that_a_server_does_not_say_304_for_ever_and_a_part_does_not() -> None:
    whole, part = (polled(doc=document(), conditional=True, partial=partial) for partial in (False, True))
    assert (whole.unconditional_at, part.unconditional_at) == (make.NOW, None)


def test_a_document_cut_short_keeps_the_old_validators_and_is_asked_for_again_soon() -> None:
    state = before(etag='"a"', body_hash="h", validators_url="u")
    after = polled(state, doc=document(3, problem=Problem.CUT_SHORT, flagged="cut short"), etag='"b"', body_hash="i")
    assert (after.etag, after.body_hash, after.validators_url) == ('"a"', "h", "u")
    assert (after.problem, after.entries_last, wait(after)) == (Problem.CUT_SHORT, 3, minutes(2))


def test_a_cut_document_whose_entries_are_all_known_word_for_word_is_a_part_too() -> None:
    cut = Document(entries=(), unchanged=7, problem=Problem.CUT_SHORT)
    after = polled(doc=cut, intake=make.intake(entries=7))
    assert (after.problem, after.last_success_at, after.entries_last) == (Problem.CUT_SHORT, make.NOW, 7)


@pytest.mark.parametrize("entries", [3, 0], ids=["some entries", "no entry"])
def test_a_feed_that_is_always_cut_short_is_not_hammered(entries: int) -> None:
    state, waits = before(), []
    for _ in range(6):
        state = polled(state, doc=document(entries, problem=Problem.CUT_SHORT))
        waits.append(wait(state))
    assert waits == [minutes(2), minutes(4), minutes(8), minutes(10), minutes(10), minutes(10)]


def test_a_part_of_the_first_document_is_no_baseline_unless_there_is_never_more() -> None:
    first = polled(make.feed_state(), doc=document(3, problem=Problem.CUT_SHORT))
    second = polled(first, doc=document(3, problem=Problem.CUT_SHORT))
    assert (first.baseline_at, second.baseline_at) == (None, make.NOW)


def test_a_part_after_another_failure_is_no_baseline_either() -> None:
    failed = polled(make.feed_state(), status=500, problem=Problem.STATUS)
    part = polled(failed, doc=document(3, problem=Problem.CUT_SHORT))
    assert (part.failures, part.baseline_at) == (2, None)


def test_a_partial_answer_moves_the_validators_and_leaves_what_is_known_of_the_whole_document() -> None:
    state = before(etag='"a"', body_hash="whole", validators_url=HERE, interval=minutes(10))
    after = polled(
        state, doc=document(3), new=3, partial=True, conditional=True, status=226, etag='"b"', body_hash="part"
    )
    assert (after.etag, after.body_hash, after.entries_last, after.gap) == ('"b"', "whole", 10, None)
    assert (after.interval, after.last_new_at) == (minutes(10), make.NOW)


def test_a_partial_answer_with_news_ends_a_quiet_time() -> None:
    assert polled(before(interval=minutes(25)), doc=document(3), new=3, partial=True).interval == minutes(10)


def test_the_newest_date_never_lies_in_the_future() -> None:
    state = before(newest_published_at=make.at(hours=-5))
    dates = [
        polled(state, doc=document(), intake=make.intake(new=1, newest=newest)).newest_published_at
        for newest in (make.at(hours=-1), make.at(hours=-9), make.at(hours=3), None)
    ]
    assert dates == [make.at(hours=-1), make.at(hours=-5), make.at(hours=-5), make.at(hours=-5)]


# ---------------------------------------------------------------------------------------------------- pace


@pytest.mark.parametrize(
    ("new", "after"), [(10, 5), (8, 7), (7, 7), (6, 10), (4, 10), (3, 10), (1, 10), (0, 12.5)],
)  # fmt: skip
def test_the_interval_follows_the_overlap(new: int, after: float) -> None:
    """All new, so that nothing joins the document before, shortens it most (possible loss)."""
    assert polled(new=new, doc=document(10)).interval == minutes(after)


def test_entries_that_stand_word_for_word_count_as_known() -> None:
    seen = Document(entries=document(2).entries, unchanged=8)
    assert polled(doc=seen, intake=make.intake(new=2, read=2)).interval == minutes(10)


@pytest.mark.parametrize(("start", "after"), [(25, 10), (6, 7.5), (9, 10)])
def test_a_single_new_entry_ends_a_quiet_time_and_slows_nothing_below_the_base_pace(start: float, after: float) -> None:
    assert polled(before(interval=minutes(start)), new=1, doc=document(10)).interval == minutes(after)


@pytest.mark.parametrize(
    ("feed", "start", "new", "after"),
    [
        (NEWS, 6, 9, 5),
        ({**NEWS, "min_every": minutes(1)}, 1, 9, 1),
        ({**NEWS, "max_every": minutes(15)}, 14, 0, 15),
        ({"every": minutes(20)}, 55, 0, 60),
        ({"every": minutes(3)}, 4, 9, 3),
        ({"every": None}, 60, 10, 60),
        ({"every": None}, 350, 0, 360),
        ({"every": None}, 360, 0, 360),
        ({"every": None, "min_every": minutes(20)}, 30, 9, 21),
        ({"every": None, "min_every": minutes(20)}, 21, 9, 20),
    ],
)
def test_the_interval_stays_within_its_bounds_and_only_a_row_of_its_own_goes_below_the_policys_pace(
    feed: dict[str, Any], start: float, new: int, after: float
) -> None:
    assert polled(before(interval=minutes(start)), new=new, feed=feed, doc=document(10)).interval == minutes(after)


def test_an_interval_that_the_configuration_no_longer_allows_is_taken_back_at_once() -> None:
    assert unchanged(before(interval=minutes(5)), feed={"every": None}).interval == hours(1)


def test_the_first_document_says_nothing_about_the_pace() -> None:
    first = polled(make.feed_state(), new=10, doc=document(10), feed={"every": minutes(15)})
    assert (first.interval, first.baseline_at, first.gap) == (minutes(15), make.NOW, None)


def test_the_first_document_after_failures_says_nothing_about_the_pace_either() -> None:
    failed = polled(polled(make.feed_state(), problem=Problem.DNS, status=None), problem=Problem.DNS, status=None)
    assert polled(failed, new=10, doc=document(10)).interval == minutes(10)


def test_jitter_only_delays() -> None:
    waits = [
        wait(polled(new=5, doc=document(), policy=Policy(jitter=0.1), jitter=chance)) for chance in (0.0, 0.5, 1.0)
    ]
    assert waits == [minutes(10), minutes(10.5), minutes(11)]


# --------------------------------------------------------------------------------------------------- hints


@pytest.mark.parametrize(
    ("feed", "fetched", "doc", "waited"),
    [
        (NEWS, {"max_age": minutes(30)}, {}, 30),
        (NEWS, {"max_age": minutes(60 * 24)}, {}, 60),
        (NEWS, {"max_age": minutes(0)}, {}, 10),
        (NEWS, {}, {"ttl": minutes(600)}, 60),
        (NEWS, {}, {"ttl": minutes(2)}, 10),
        (NEWS, {"max_age": minutes(20)}, {"ttl": minutes(40)}, 40),
        ({**NEWS, "max_every": minutes(15)}, {"max_age": minutes(30)}, {"ttl": minutes(40)}, 15),
        (NEWS, {"retry_after": minutes(90)}, {}, 90),
        (NEWS, {"retry_after": minutes(100_000)}, {}, 48 * 60),
        ({"every": None}, {"max_age": minutes(120)}, {}, 120),
        ({"every": None}, {"max_age": minutes(60 * 24 * 365)}, {}, 6 * 60),
        ({"every": None}, {}, {"ttl": minutes(600)}, 60),
    ],
)
def test_hints_delay_the_next_poll_within_bounds(
    feed: dict[str, Any], fetched: dict[str, Any], doc: dict[str, Any], waited: float
) -> None:
    assert wait(polled(new=5, doc=document(10, **doc), feed=feed, **fetched)) == minutes(waited)


@pytest.mark.parametrize(
    ("of_the_200", "of_the_304", "waited"),
    [(None, 59, 12.5), (40, None, 40), (40, 59, 40), (40, 20, 20), (40, 0, 12.5)],
)
def test_the_cache_control_of_a_304_may_shorten_and_never_lengthens_what_the_last_200_said(
    of_the_200: float | None, of_the_304: float | None, waited: float
) -> None:
    read = polled(new=5, doc=document(), max_age=None if of_the_200 is None else minutes(of_the_200))
    after = unchanged(read, max_age=None if of_the_304 is None else minutes(of_the_304))
    assert (wait(after), after.fresh_for) == (minutes(waited), read.fresh_for)


def test_the_body_we_had_before_keeps_the_hints_it_brought() -> None:
    read = polled(new=5, doc=document(ttl=minutes(30)), body_hash="h")
    assert wait(polled(read, body_hash="h")) == minutes(30)


# ------------------------------------------------------------------------------------------------- failures


def test_failures_back_off_to_a_ceiling_and_never_give_up() -> None:
    state, waits = before(etag='"a"'), []
    for _ in range(40):
        state = polled(
            state,
            feed={"every": None, "min_every": minutes(5)},
            problem=Problem.STATUS,
            message="answered 503",
            status=503,
        )
        waits.append(wait(state))
    assert waits[:4] == [minutes(10), minutes(20), minutes(40), minutes(80)]
    assert waits[-1] == hours(12)
    assert (state.failures, state.problem, state.problem_message, state.etag) == (
        40, Problem.STATUS, "answered 503", '"a"',
    )  # fmt: skip


@pytest.mark.parametrize(("every", "most"), [(5, 3), (10, 6), (30, 12), (60, 12)])
def test_a_feed_of_news_that_is_down_is_asked_again_within_36_of_its_intervals(every: float, most: float) -> None:
    state = before(failures=30, problem=Problem.STATUS, problem_since=BEGAN)
    assert wait(polled(state, feed={"every": minutes(every)}, problem=Problem.STATUS, status=503)) == hours(most)


@pytest.mark.parametrize("problem", list(Problem))
def test_every_problem_writes_when_the_feed_is_asked_again_and_counts(problem: Problem) -> None:
    after = polled(problem=problem, status=None)
    assert (after.problem, after.failures, after.problem_since, after.last_attempt_at, after.polls) == (
        problem, 1, make.NOW, make.NOW, 6,
    )  # fmt: skip
    assert dt.timedelta(0) < wait(after) <= (POLICY.gone_every if problem is Problem.GONE else hours(24))


def test_a_row_of_failures_counts_from_its_first_whatever_the_problems() -> None:
    first = polled(problem=Problem.DNS, status=None)
    second = polled(first, problem=Problem.STATUS, status=503, now=make.at(hours=1))
    assert (second.problem, second.failures, second.problem_since) == (Problem.STATUS, 2, make.NOW)


def test_an_ordinary_site_that_fails_is_not_asked_more_often_than_one_that_is_well() -> None:
    assert wait(polled(feed={"every": None}, problem=Problem.STATUS, status=500)) == hours(1)


def test_one_good_poll_ends_a_long_failure() -> None:
    state = before(failures=40, problem=Problem.STATUS, problem_since=BEGAN)
    after = polled(state, new=5, doc=document())
    assert (wait(after), after.failures, after.problem, after.problem_since) == (minutes(10), 0, None, None)


@pytest.mark.parametrize(
    ("given", "waited"), [(minutes(45), 45), (minutes(1), 10), (None, 10), (minutes(10_000), 48 * 60)]
)
@pytest.mark.parametrize(
    ("problem", "status"), [(Problem.RATE_LIMITED, 429), (Problem.STATUS, 503), (Problem.BLOCKED, 403)]
)
def test_retry_after_is_obeyed_and_never_shortens(
    given: dt.timedelta | None, waited: float, problem: Problem, status: int
) -> None:
    assert wait(polled(problem=problem, status=status, retry_after=given)) == minutes(waited)


def test_a_429_that_names_no_time_backs_off_further_each_time_with_an_offset_by_chance() -> None:
    state, waits = before(), []
    for chance in (0.0, 1.0, 0.5):
        state = polled(state, problem=Problem.RATE_LIMITED, status=429, policy=Policy(), jitter=chance)
        waits.append(wait(state))
    assert waits == [minutes(10), minutes(22), minutes(42)]


def test_a_feed_that_is_gone_is_asked_once_a_week() -> None:
    assert wait(polled(problem=Problem.GONE, status=410, message="answered 410")) == hours(24 * 7)


def test_the_problem_of_a_document_counts_like_one_of_the_wire() -> None:
    state = polled(doc=Document(entries=(), problem=Problem.NOT_A_FEED, flagged="a web page"), etag='"n"')
    assert (state.problem, state.problem_message, state.etag, state.failures) == (
        Problem.NOT_A_FEED, "a web page", None, 1,
    )  # fmt: skip


def test_an_empty_answer_that_comes_again_unchanged_is_counted_again() -> None:
    empty = polled(doc=document(0, title="Harbour"), body_hash="h", etag='"e"')
    same_body = polled(empty, body_hash="h", etag='"e"')
    assert [state.empties for state in (empty, same_body, unchanged(same_body))] == [1, 2, 3]


def test_a_document_we_have_that_is_confirmed_ends_a_run_of_empty_answers() -> None:
    full = polled(doc=document(), etag='"e"')
    empty = polled(full, problem=Problem.EMPTY)
    assert [state.empties for state in (full, empty, unchanged(empty))] == [0, 1, 0]


# ----------------------------------------------------------------------------------------- a host's patience


@pytest.mark.parametrize(
    ("fetched", "held"),
    [
        ({"problem": Problem.RATE_LIMITED, "status": 429, "retry_after": minutes(20), "message": "answered 429"}, (20, "answered 429")),
        ({"problem": Problem.STATUS, "status": 503, "retry_after": minutes(20), "message": "answered 503"}, (20, "answered 503")),
        ({"problem": Problem.RATE_LIMITED, "status": 429, "retry_after": minutes(99_999), "message": "m"}, (48 * 60, "m")),
        ({"retry_after": minutes(5)}, (5, "the rate limit is spent")),
        ({"problem": Problem.RATE_LIMITED, "status": 429, "message": "answered 429"}, (10, "answered 429")),
        ({"problem": Problem.RATE_LIMITED, "status": 429, "retry_after": minutes(20), "private": True}, None),
        ({"retry_after": minutes(0)}, None),
        ({"problem": Problem.STATUS, "status": 503}, None),
        ({}, None),
    ],
)  # fmt: skip
def test_a_public_host_that_asks_for_patience_gets_it_for_all_its_feeds(
    fetched: dict[str, Any], held: tuple[float, str] | None
) -> None:
    found = hold(make.feed(), before(failures=7), make.fetched(**fetched), make.NOW, POLICY)
    wanted = held and Hold(host="harbour-daily.example", until=make.NOW + minutes(held[0]), why=held[1])
    assert found == wanted


def test_patience_is_owed_to_the_host_that_answered_and_not_to_the_one_that_led_there() -> None:
    fetched = make.fetched(final_url="https://target.example/rss", retry_after=minutes(9))
    found = hold(make.feed(), before(), fetched, make.NOW, POLICY)
    assert found is not None
    assert found.host == "target.example"


# ------------------------------------------------------------------------------------------------- addresses


def test_a_permanent_redirect_is_adopted_after_seven_days_of_agreement() -> None:
    first = polled(doc=document(), moved_to=THERE)
    sixth = unchanged(first, moved_to=THERE, now=make.at(days=6.9))
    seventh = unchanged(sixth, moved_to=THERE, now=make.at(days=7))
    assert [(state.moved_to, state.moved_since) for state in (first, sixth, seventh)] == [
        (THERE, make.NOW), (THERE, make.NOW), (None, None),
    ]  # fmt: skip
    assert [address(make.feed(), state) for state in (first, sixth, seventh)] == [HERE, HERE, THERE]


def test_a_redirect_that_changes_its_mind_starts_anew() -> None:
    first = polled(doc=document(), moved_to=THERE)
    other = unchanged(first, moved_to="https://third.example/rss", now=make.at(days=7))
    back = unchanged(other, now=make.at(days=8))
    assert (other.moved_to, other.moved_since) == ("https://third.example/rss", make.at(days=7))
    assert (back.moved_to, back.moved_since, address(make.feed(), back)) == (None, None, HERE)


@pytest.mark.parametrize(
    ("old", "new", "adopted"),
    [
        ("http://a.example/f", "https://a.example/f", True),
        ("http://a.example", "https://a.example/", True),
        ("http://a.example/f?x=1", "https://a.example/f?x=1", True),
        ("http://a.example/f", "https://www.a.example/f", False),
        ("http://a.example/f", "https://a.example/g", False),
        ("https://a.example/f", "https://b.example/f", False),
    ],
)
def test_a_move_to_https_of_the_same_place_is_adopted_at_once(old: str, new: str, adopted: bool) -> None:
    after = polled(doc=document(), feed={"url": old}, moved_to=new)
    assert address(make.feed(url=old), after) == (new if adopted else old)


def test_a_feed_of_https_never_moves_to_http_by_itself() -> None:
    lower = "http://harbour-daily.example/rss"
    first = polled(doc=document(), moved_to=lower)
    week = unchanged(first, moved_to=lower, now=make.at(days=8))
    dead = polled(week, problem=Problem.GONE, status=410)
    assert [address(make.feed(), state) for state in (first, week, dead)] == [HERE] * 3


def test_a_failure_is_no_agreement_and_no_disagreement() -> None:
    first = polled(doc=document(), moved_to=THERE)
    failed = polled(first, problem=Problem.DNS, status=None, now=make.at(days=7))
    assert (failed.moved_to, failed.moved_since, address(make.feed(), failed)) == (THERE, make.NOW, HERE)


@pytest.mark.parametrize(
    ("fetched", "adopted"),
    [
        ({"problem": Problem.STATUS, "status": 404}, True),
        ({"problem": Problem.GONE, "status": 410}, True),
        ({"problem": Problem.STATUS, "status": 500}, False),
        ({"problem": Problem.DNS, "status": None}, False),
        ({"problem": Problem.STATUS, "status": 404, "final_url": THERE}, False),
    ],
)
def test_an_old_address_that_is_gone_is_left_at_once_for_where_it_led(fetched: dict[str, Any], adopted: bool) -> None:
    after = polled(polled(doc=document(), moved_to=THERE), **fetched)
    assert address(make.feed(), after) == (THERE if adopted else HERE)
    if adopted:
        assert wait(after) == minutes(2)


def test_without_a_known_move_a_404_leads_nowhere() -> None:
    after = polled(problem=Problem.STATUS, status=404)
    assert (address(make.feed(), after), wait(after)) == (HERE, minutes(10))


ADOPTED: dict[str, Any] = {"url": THERE, "url_of": HERE}


@pytest.mark.parametrize(
    ("fetched", "failures", "kept"),
    [
        ({"problem": Problem.STATUS, "status": 404}, 1, True),
        ({"problem": Problem.STATUS, "status": 404}, 2, False),
        ({"problem": Problem.NOT_A_FEED}, 2, False),
        ({"problem": Problem.GONE, "status": 410}, 0, False),
        ({"problem": Problem.STATUS, "status": 500}, 9, True),
        ({"problem": Problem.DNS, "status": None}, 9, True),
    ],
)
def test_an_adopted_address_that_turns_out_dead_is_dropped(fetched: dict[str, Any], failures: int, kept: bool) -> None:
    state = before(**ADOPTED, failures=failures, problem=Problem.STATUS, problem_since=make.at(hours=-1))
    after = polled(state, final_url=THERE, **fetched)
    assert address(make.feed(), after) == (THERE if kept else HERE)
    if not kept:
        assert (wait(after), after.url, after.url_of) == (minutes(2), "", "")


def test_an_adopted_address_that_fails_for_a_week_is_dropped_whatever_the_reason() -> None:
    state = before(**ADOPTED, failures=20, problem=Problem.DNS, problem_since=make.at(days=-7))
    assert address(make.feed(), polled(state, problem=Problem.DNS, status=None)) == HERE


def test_another_address_in_the_configuration_drops_what_was_adopted() -> None:
    feed = make.feed(url="https://third.example/rss")
    after = unchanged(before(**ADOPTED), feed={"url": feed.url})
    assert address(feed, before(**ADOPTED)) == feed.url
    assert (after.url, after.url_of) == ("", "")


def test_another_address_in_the_configuration_forgets_where_the_former_one_led() -> None:
    pending = polled(doc=document(), moved_to=THERE)
    after = polled(pending, feed={"url": "https://third.example/rss"}, problem=Problem.STATUS, status=404)
    assert (after.moved_to, after.url) == (None, "")


def test_an_adopted_address_that_leads_back_home_is_forgotten_and_one_that_leads_on_is_followed() -> None:
    home = unchanged(before(**ADOPTED, moved_to=HERE, moved_since=make.at(days=-7)), final_url=HERE, moved_to=HERE)
    further = unchanged(before(**ADOPTED, moved_to="https://3.example/", moved_since=make.at(days=-7)), moved_to="https://3.example/")  # fmt: skip
    assert (home.url, home.url_of) == ("", "")
    assert (further.url, further.url_of) == ("https://3.example/", HERE)


# --------------------------------------------------------------------------------------------- possible loss


def test_a_document_that_shares_nothing_with_the_one_before_is_a_possible_loss_and_asked_for_sooner() -> None:
    newest = make.at(hours=-6)
    after = polled(
        before(newest_published_at=newest), new=10, doc=document(older="https://harbour-daily.example/rss?page=2")
    )
    assert after.gap == Gap(
        at=make.NOW, since=newest, next_url="https://harbour-daily.example/rss?page=2", next_kind="rss"
    )
    assert after.interval == minutes(5)


def test_a_document_that_names_itself_as_its_older_page_has_none() -> None:
    assert polled(new=10, doc=document(older=HERE)).gap == Gap(at=make.NOW)


def test_without_older_pages_the_publishers_sitemap_is_where_the_loss_is_healed() -> None:
    sitemap = "https://harbour-daily.example/sitemap-news.xml"
    after = polled(new=10, doc=document(), feed={"sitemap": sitemap})
    assert after.gap == Gap(at=make.NOW, next_url=sitemap, next_kind="sitemap")


def test_a_loss_that_nothing_can_heal_is_recorded_all_the_same() -> None:
    assert polled(new=10, doc=document()).gap == Gap(at=make.NOW)


@pytest.mark.parametrize(
    ("state", "doc", "intake", "fetched"),
    [
        ({"baseline_at": None}, document(), make.intake(new=10), {}),
        ({"last_new_at": None}, document(), make.intake(new=10), {}),
        ({}, document(1), make.intake(new=1, entries=1), {}),
        ({}, document(), make.intake(new=9), {}),
        ({}, replace(document(9), unchanged=1), make.intake(new=9, read=9), {}),
        ({}, document(), make.intake(new=10), {"partial": True}),
        ({}, None, Intake(), {}),
        ({}, document(3, problem=Problem.CUT_SHORT), make.intake(new=3, entries=3), {}),
    ],
    ids=["first document", "never held anything", "one entry", "one known", "one unchanged", "partial", "no document", "cut short"],
)  # fmt: skip
def test_it_is_no_loss(state: dict[str, Any], doc: Document | None, intake: Intake, fetched: dict[str, Any]) -> None:
    assert polled(before(**state), doc=doc, intake=intake, **fetched).gap is None


def test_entries_that_could_not_be_read_do_not_hide_a_loss() -> None:
    assert polled(doc=document(), intake=make.intake(new=8, read=8)).gap == Gap(at=make.NOW)


def test_overlap_with_the_next_document_heals_nothing_and_a_week_ends_it() -> None:
    gap = Gap(at=make.NOW, next_url="https://older.example/")
    held = unchanged(polled(before(gap=gap), new=1, doc=document(), now=make.at(days=1)), now=make.at(days=6.9))
    assert (held.gap, unchanged(held, now=make.at(days=7)).gap) == (gap, None)


def test_a_second_loss_reaches_back_to_the_first() -> None:
    old = Gap(at=make.at(hours=-2), since=make.at(hours=-9), pages=4)
    after = polled(
        before(gap=old, newest_published_at=make.at(hours=-2)), new=10, doc=document(older="https://o.example/")
    )
    assert after.gap == Gap(at=make.NOW, since=make.at(hours=-9), next_url="https://o.example/", next_kind="rss")


PAGE = "https://harbour-daily.example/rss?page=2"
GAP = Gap(at=make.NOW, since=make.at(hours=-4.5), next_url=PAGE, next_kind="rss", pages=1, found=10)


def paged(doc: Document | None, intake: Intake, gap: Gap = GAP, sitemap: str = "", **fetched: Any) -> Gap | None:
    state = before(gap=gap, etag='"a"', body_hash="h", next_poll_at=make.at(minutes=5))
    after = after_page(
        make.feed(sitemap=sitemap), state, make.fetched(url=PAGE, **fetched), doc, intake=intake, now=make.NOW
    )
    assert replace(after, gap=gap) == state  # nothing else moves: validators and pace are of the first page
    return after.gap


@pytest.mark.parametrize(
    ("doc", "intake", "since"),
    [
        (document(6), make.intake(new=5, entries=6), GAP.since),
        (document(3), make.intake(new=2, entries=3), None),
        (Document(entries=tuple(make.entry(published=None) for _ in range(3))), make.intake(new=2, entries=3), GAP.since),
        (document(3), make.intake(new=2, entries=3), make.NOW),
    ],
    ids=["one older, one known", "one known, no date held", "one known, no dates", "one known, all dates alike"],
)  # fmt: skip
def test_a_page_that_reaches_what_was_held_heals_the_loss(
    doc: Document, intake: Intake, since: dt.datetime | None
) -> None:
    assert paged(doc, intake, gap=replace(GAP, since=since)) is None


@pytest.mark.parametrize(
    ("doc", "intake"),
    [
        (document(4, older=f"{PAGE}0"), make.intake(new=4, entries=4)),
        (document(7, older=f"{PAGE}0"), make.intake(new=7, entries=7)),
        (document(4, older=f"{PAGE}0"), make.intake(new=3, entries=4)),
    ],
    ids=["all newer", "older ones of which none is known", "a known one that just came with the first page"],
)
def test_a_page_that_does_not_reach_back_leads_to_the_next(doc: Document, intake: Intake) -> None:
    assert paged(doc, intake) == replace(GAP, next_url=f"{PAGE}0", pages=2, found=10 + intake.new)


def test_an_index_of_parts_leads_to_its_newest_part() -> None:
    index = Document(entries=(), parts=("https://a.example/1.xml", "https://a.example/2.xml"))
    assert paged(index, make.intake(entries=0)) == replace(GAP, next_url="https://a.example/1.xml", pages=2)


@pytest.mark.parametrize(
    ("doc", "gap", "fetched"),
    [
        (document(4), GAP, {}),
        (document(4, older=PAGE), GAP, {}),
        (document(4, older=f"{PAGE}0"), replace(GAP, pages=19), {}),
        (None, GAP, {"problem": Problem.STATUS, "status": 404}),
        (Document(entries=(), problem=Problem.NOT_A_FEED), GAP, {}),
        (None, replace(GAP, pages=19), {"problem": Problem.TIMEOUT}),
    ],
    ids=["no further page", "a page that names itself", "the cap", "not found", "no feed", "no answer, at the cap"],
)
def test_a_loss_that_cannot_be_healed_is_given_up_and_stands(
    doc: Document | None, gap: Gap, fetched: dict[str, Any]
) -> None:
    assert paged(doc, make.intake(new=4, entries=4) if doc and doc.entries else Intake(), gap=gap, **fetched) == replace(
        gap, next_url="", next_kind="", pages=gap.pages + 1, found=gap.found + (4 if doc and doc.entries else 0)
    )  # fmt: skip


def test_where_the_pages_end_too_early_the_sitemap_is_the_last_resort() -> None:
    sitemap = "https://harbour-daily.example/sitemap.xml"
    there = replace(GAP, next_url=sitemap, next_kind="sitemap", pages=2, found=14)
    assert paged(document(4), make.intake(new=4, entries=4), sitemap=sitemap) == there
    assert paged(document(4), make.intake(entries=4), gap=there, sitemap=sitemap) == replace(
        there, next_url="", next_kind="", pages=3
    )


def test_a_page_that_does_not_answer_is_tried_again_with_the_next_poll() -> None:
    assert paged(None, Intake(), problem=Problem.TIMEOUT) == replace(GAP, pages=2)


def test_a_page_that_nobody_waits_for_changes_nothing() -> None:
    state = before()
    assert after_page(make.feed(), state, make.fetched(), document(), intake=make.intake(), now=make.NOW) == state


# ---------------------------------------------------------------------------------------------------- pushes


def test_a_push_is_news_and_moves_neither_pace_nor_validators() -> None:
    state = before(push=make.push(missed=2), etag='"a"', body_hash="h", next_poll_at=make.at(minutes=5))
    after = after_push(
        make.feed(), state, intake=make.intake(new=1, entries=1, newest=make.at(minutes=-1)), now=make.NOW
    )
    assert after == replace(
        state, push=make.push(missed=1, last_push_at=make.NOW), last_new_at=make.NOW, rhythm=hours(1), long_pause=hours(1),
        newest_published_at=make.at(minutes=-1),
    )  # fmt: skip


def test_a_push_that_brings_nothing_new_mends_no_bad_name() -> None:
    after = after_push(make.feed(), before(push=make.push(missed=2)), intake=make.intake(entries=1), now=make.NOW)
    assert after.push == make.push(missed=2, last_push_at=make.NOW)


HUB: dict[str, Any] = {"hub": "https://hub.example/", "topic": HERE}


def test_a_hub_named_by_document_or_link_header_is_remembered() -> None:
    wanted = Push(hub="https://hub.example/", topic=HERE)
    assert polled(doc=document(**HUB)).push == wanted
    assert polled(doc=document(), **HUB).push == wanted
    assert polled(doc=document(topic=HERE), hub="https://hub.example/").push == wanted
    assert polled(doc=document(hub="https://hub.example/")).push is None


def test_another_hub_takes_the_place_of_the_one_before_which_is_to_be_left() -> None:
    after = polled(before(push=make.push(missed=2, asks=1)), doc=document(hub="https://2.example/", topic=HERE))
    assert after.push == Push(
        hub="https://2.example/", topic=HERE, token="harbour-daily.token", secret="secret",
        left_hub="https://hub.example/", left_topic=HERE,
    )  # fmt: skip


def test_a_hub_vanishes_only_from_two_whole_documents_in_a_row() -> None:
    once = polled(before(push=make.push()), doc=document())
    in_between = unchanged(polled(once, doc=document(3), partial=True))
    assert (once.push, in_between.push) == (make.push(unseen=1), make.push(unseen=1))
    assert polled(in_between, doc=document(**HUB)).push == make.push()
    assert polled(in_between, doc=document()).push is None


@pytest.mark.parametrize(
    ("push", "feed", "waited"),
    [
        ({}, NEWS, 30),
        ({}, {**NEWS, "max_every": hours(1)}, 60),
        ({}, {"every": None}, 360),
        ({"missed": 2}, NEWS, 30),
        ({"missed": 3}, NEWS, 10),
        ({"lease_until": make.NOW}, NEWS, 10),
        ({"verified_at": None}, NEWS, 10),
        ({"last_push_at": None}, NEWS, 10),
    ],
)
def test_polls_are_a_slow_safety_net_while_pushes_can_be_relied_on(
    push: dict[str, Any], feed: dict[str, Any], waited: float
) -> None:
    """One that never pushed anything is not relied on, whatever its hub has verified."""
    after = polled(before(push=make.push(**push)), feed=feed, doc=document(**HUB), new=5)
    assert wait(after) == minutes(waited)


def test_after_a_possible_loss_no_hub_stretches_the_wait() -> None:
    assert wait(polled(before(push=make.push()), doc=document(**HUB), new=10)) == minutes(5)


@pytest.mark.parametrize(
    ("oldest_new", "push", "missed"),
    [
        (make.at(minutes=-11), {}, 1),
        (make.at(minutes=-9), {}, 0),
        (None, {}, 0),
        (make.at(days=-2), {}, 0),
        (make.at(minutes=-11), {"verified_at": None}, 0),
        (make.at(minutes=-11), {"lease_until": make.at(hours=-1)}, 0),
    ],
    ids=["late", "too fresh to tell", "no date", "older than the subscription", "not verified", "lease over"],
)
def test_a_poll_that_finds_what_should_have_been_pushed_counts_against_the_hub(
    oldest_new: dt.datetime | None, push: dict[str, Any], missed: int
) -> None:
    intake = make.intake(new=1, oldest_new=oldest_new)
    after = polled(before(push=make.push(**push)), doc=document(**HUB), intake=intake)
    assert after.push == make.push(**push, missed=missed)


# ------------------------------------------------------------------------------------------ rhythm and traits


def test_the_usual_pause_is_learnt_up_quickly_and_down_slowly() -> None:
    state, learnt = before(rhythm=None, last_new_at=make.at(hours=-2)), []
    for last in (-2, -10, -2):
        state = replace(polled(replace(state, last_new_at=make.at(hours=last)), doc=document(), new=1), gap=None)
        learnt.append(state.rhythm)
    assert learnt == [hours(2), hours(6), hours(5.6)]


@pytest.mark.parametrize("scale", [1, 30])
def test_the_long_pause_is_the_one_that_about_nineteen_of_twenty_stay_below(scale: float) -> None:
    rng = random.Random(42)
    pauses = [rng.expovariate(1) * scale / 10 for _ in range(1000)]  # hours, 6 min or 3 h between two on the average
    state, longer = before(rhythm=None, last_new_at=make.NOW), 0
    for number, pause in enumerate(pauses):
        last = make.at(hours=-pause)
        state = replace(state, last_new_at=last, last_success_at=make.at(minutes=-1))
        longer += number >= 100 and state.long_pause is not None and hours(pause) > state.long_pause
        state = replace(polled(state, doc=document(), new=1), gap=None)
    assert 0.03 < longer / 900 < 0.08


@pytest.mark.parametrize(("pause", "rhythm"), [(30, 30), (1, 1), (0.9, None), (None, None)])
def test_a_first_document_tells_a_slow_feed_from_a_quick_one(pause: float | None, rhythm: float | None) -> None:
    intake = make.intake(new=10, pause=None if pause is None else dt.timedelta(days=pause))
    assert polled(make.feed_state(), doc=document(), intake=intake).rhythm == (rhythm and dt.timedelta(days=rhythm))


def test_a_pause_during_which_nobody_looked_teaches_nothing() -> None:
    state = before(rhythm=hours(2), last_new_at=make.at(days=-9), last_success_at=make.at(days=-9))
    assert polled(state, doc=document(), new=1).rhythm == hours(2)
    assert unchanged(before(rhythm=hours(2))).rhythm == hours(2)


@pytest.mark.parametrize(
    ("intake", "traits"),
    [
        (make.intake(new=3, read=3, renamed=2), (5, 0, 0)),
        (make.intake(new=4, read=4, renamed=2), (0, 0, 0)),
        (make.intake(new=3, read=3, undated=3), (0, 5, 0)),
        (make.intake(new=3, read=3, undated=2), (0, 0, 0)),
        (make.intake(new=3, read=3, foreign=2), (0, 0, 5)),
        (make.intake(new=4, read=4, foreign=2), (0, 0, 0)),
        (make.intake(new=2, read=2, renamed=2, undated=2, foreign=2), (4, 4, 4)),
    ],
)
def test_a_trait_is_counted_in_documents_in_a_row_of_which_enough_was_read(
    intake: Intake, traits: tuple[int, int, int]
) -> None:
    after = polled(before(renamed=4, undated=4, foreign=4), doc=document(), intake=intake)
    assert (after.renamed, after.undated, after.foreign) == traits


# ---------------------------------------------------------------------------------------------------- starts


def test_a_start_spreads_the_feeds_and_leaves_out_those_that_are_off() -> None:
    feeds = [make.feed(f"f{number}") for number in range(4)] + [
        make.feed("off", enabled=False),
        make.feed("none", url=""),
    ]
    times = first_poll(feeds, make.NOW, minutes(4), random.Random(1))
    assert sorted(times.values()) == [make.at(minutes=number) for number in range(4)]
    assert set(times) == {"f0", "f1", "f2", "f3"}


def test_a_planned_first_poll_has_its_time() -> None:
    assert planned(make.feed_state(), make.at(minutes=3)) == make.feed_state(next_poll_at=make.at(minutes=3))


def test_after_a_pause_overdue_feeds_are_spread_and_those_that_missed_the_most_come_first() -> None:
    states = [
        make.feed_state("quiet", interval=hours(6), next_poll_at=make.at(hours=-8)),
        make.feed_state("busy", interval=minutes(5), next_poll_at=make.at(hours=-8)),
        make.feed_state("just", interval=minutes(5), next_poll_at=make.NOW),
        make.feed_state("ahead", interval=minutes(5), next_poll_at=make.at(minutes=1)),
        make.feed_state("paused", interval=minutes(5), next_poll_at=make.at(hours=-8), paused=True),
        make.feed_state("fresh"),
    ]
    assert spread_overdue(states, make.NOW, minutes(3), random.Random(1)) == {
        "busy": make.NOW, "quiet": make.at(minutes=1), "just": make.at(minutes=2),
    }  # fmt: skip


def test_after_an_outage_of_our_own_the_failures_it_caused_are_forgiven_and_the_feeds_asked_soon() -> None:
    failed: dict[str, Any] = {"problem_message": "no connection", "failures": 4, "next_poll_at": make.at(hours=3)}
    states = {
        state.feed_id: state
        for state in (
            make.feed_state("well", last_success_at=make.at(hours=-5)),
            make.feed_state("struck", **failed, problem=Problem.DNS, problem_since=make.at(hours=-4.9), interval=minutes(5), last_success_at=make.at(hours=-5.1)),
            make.feed_state("slow", **failed, problem=Problem.TIMEOUT, problem_since=make.at(hours=-3), interval=hours(1), last_success_at=make.at(hours=-6)),
            make.feed_state("down", **failed, problem=Problem.CONNECT, problem_since=make.at(hours=-9)),
            make.feed_state("earlier", **failed, problem=Problem.DNS, problem_since=make.at(hours=-5.05), last_success_at=make.at(hours=-6)),
            make.feed_state("refused", **failed, problem=Problem.STATUS, problem_since=make.at(hours=-3)),
            make.feed_state("paused", **failed, problem=Problem.DNS, problem_since=make.at(hours=-3), paused=True),
        )
    }  # fmt: skip
    after = after_outage(states, make.at(hours=-4.5), make.NOW, minutes(2), random.Random(1))
    assert after == {
        "struck": make.feed_state("struck", next_poll_at=make.NOW, interval=minutes(5), last_success_at=make.at(hours=-5.1)),
        "slow": make.feed_state("slow", next_poll_at=make.at(minutes=1), interval=hours(1), last_success_at=make.at(hours=-6)),
    }  # fmt: skip


# ----------------------------------------------------------------------------------- whatever a server answers

SPANS = st.timedeltas(min_value=dt.timedelta(0), max_value=dt.timedelta(days=4000))
DATES = st.none() | st.integers(-9999, 5000).map(lambda days: make.at(days=days))
COUNTS = st.integers(0, 30)
LINKS = st.sampled_from([HERE, THERE, "http://harbour-daily.example/rss", ""])


@st.composite
def answers(draw: st.DrawFn) -> tuple[Fetched, Document | None, Intake]:
    """Any answer: a failure, a 304, a partial, cut, empty or whole document, with any hints."""
    status = draw(st.sampled_from([200, 226, 304, 404, 410, 429, 503, None]))
    fails = status is None or status >= 400
    is_304 = status == 304
    problem = draw(st.sampled_from(list(Problem))) if fails else draw(st.sampled_from([None, None, *Problem]))
    fetched = make.fetched(
        status=status, not_modified=is_304, conditional=is_304 or status == 226, partial=status == 226,
        problem=None if is_304 else problem, retry_after=draw(st.none() | SPANS), max_age=draw(st.none() | SPANS),
        etag=draw(st.none() | st.just('"e"')), moved_to=draw(st.none() | LINKS) or None, final_url=draw(LINKS),
        private=draw(st.booleans()),
    )  # fmt: skip
    if is_304 or (fails and problem is not Problem.CUT_SHORT):
        return fetched, None, Intake()
    entries = draw(COUNTS)
    intake = make.intake(
        new=draw(st.integers(0, entries)), entries=entries, renamed=draw(COUNTS), undated=draw(COUNTS),
        foreign=draw(COUNTS), newest=draw(DATES), oldest_new=draw(DATES),
    )  # fmt: skip
    hub = draw(st.sampled_from(["", "https://hub.example/"]))
    return fetched, document(0, ttl=draw(st.none() | SPANS), hub=hub, topic=HERE, older=draw(LINKS)), intake


ROWS = st.fixed_dictionaries(
    {
        "every": st.none() | st.sampled_from([minutes(1), minutes(10), hours(1), hours(24)]),
        "min_every": st.none() | st.just(minutes(1)),
        "max_every": st.none() | st.sampled_from([minutes(15), hours(12)]),
        "query": st.booleans(),
        "official": st.booleans(),
    }
)


@settings(max_examples=100, derandomize=True, deadline=None)
@given(row=ROWS, month=st.lists(st.tuples(answers(), st.floats(0, 1)), min_size=1, max_size=20))
def test_whatever_a_server_answers_the_feed_is_asked_again_within_bounds_and_can_be_told(
    row: dict[str, Any], month: list[tuple[tuple[Fetched, Document | None, Intake], float]]
) -> None:
    feed, state, now = make.feed(**row), make.feed_state(), make.NOW
    least = min(POLICY.soon, row["min_every"] or POLICY.soon, row["every"] or POLICY.soon)
    most = max(POLICY.wait_most, 1.1 * max(POLICY.gone_every, 3 * (row["every"] or hours(1))))
    for (fetched, doc, intake), chance in month:
        state = after_poll(feed, state, fetched, doc, intake=intake, now=now, policy=Policy(), jitter=chance)
        assert state.next_poll_at is not None
        assert least <= state.next_poll_at - now <= most
        assert (state.problem is None) == (state.failures == 0)
        assert urlsplit(address(feed, state)).scheme == "https"
        assert health(feed, state, now).sentence
        held = hold(feed, state, fetched, now, POLICY)
        assert held is None or now < held.until <= now + POLICY.wait_most
        now = state.next_poll_at
