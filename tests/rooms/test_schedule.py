"""When a feed is polled again, and whether it is well."""

from __future__ import annotations

import datetime as dt
import random
from typing import Any

import pytest

from monitor.entities import Document, FeedState, Problem
from monitor.schedule import Health, Policy, Wellness, after_poll, first_poll, health, planned
from tests import make

POLICY = Policy(jitter=0.0)
BEGAN = make.at(days=-3)  # when the feed was first read


def minutes(number: float) -> dt.timedelta:
    return dt.timedelta(minutes=number)


def document(entries: int = 10, **fields: Any) -> Document:
    return Document(
        entries=tuple(make.entry(guid=f"g{number}", published=make.at(hours=-number)) for number in range(entries)),
        **fields,
    )


def polled(
    state: FeedState | None = None,
    *,
    new: int = 5,
    feed: dict[str, Any] | None = None,
    doc: Document | None = None,
    policy: Policy = POLICY,
    **fetched: Any,
) -> FeedState:
    return after_poll(
        make.feed(**(feed or {})), state or make.feed_state(polls=5, interval=minutes(10), baseline_at=BEGAN, entries_last=10), make.fetched(**fetched), doc, new=new, now=make.NOW, policy=policy, jitter=1.0
    )  # fmt: skip


def wait(state: FeedState) -> dt.timedelta:
    assert state.next_poll_at is not None
    return state.next_poll_at - make.NOW


def test_a_good_document_moves_validators_hash_and_clocks_and_forgets_errors() -> None:
    before = make.feed_state(
        failures=4,
        problem=Problem.DNS,
        problem_message="x",
        problem_since=make.at(days=-1),
        polls=5,
        empties=1,
        interval=minutes(10),
    )
    after = polled(
        before, doc=document(), etag='"e"', last_modified="then", body_hash="h", final_url="https://b.example/f"
    )
    assert after == make.feed_state(
        etag='"e"', last_modified="then", validators_url="https://b.example/f", body_hash="h", unconditional_at=make.NOW, interval=minutes(10),
        next_poll_at=make.at(minutes=10), last_attempt_at=make.NOW, last_success_at=make.NOW, last_new_at=make.NOW, baseline_at=make.NOW,
        newest_published_at=make.NOW, polls=6, entries_last=10,
    )  # fmt: skip


def test_a_304_keeps_the_validators_it_does_not_bring_and_takes_those_it_does() -> None:
    before = make.feed_state(
        etag='"a"', last_modified="then", validators_url="u", body_hash="h", polls=5, interval=minutes(10)
    )
    kept = polled(before, new=0, not_modified=True, conditional=True, status=304)
    taken = polled(before, new=0, not_modified=True, conditional=True, status=304, etag='"b"')
    assert (kept.etag, kept.last_modified, kept.validators_url, kept.body_hash) == ('"a"', "then", "u", "h")
    assert (taken.etag, taken.last_modified) == ('"b"', "then")
    assert kept.last_success_at == make.NOW
    assert kept.unconditional_at is None


def test_a_document_cut_short_keeps_the_old_validators_and_is_asked_for_again_soon() -> None:
    before = make.feed_state(etag='"a"', body_hash="h", validators_url="u", polls=5, interval=minutes(10))
    after = polled(before, doc=document(3, problem=Problem.CUT_SHORT, flagged="cut short"), etag='"b"', body_hash="i")
    assert (after.etag, after.body_hash, after.validators_url) == ('"a"', "h", "u")
    assert (after.problem, after.entries_last, wait(after)) == (Problem.CUT_SHORT, 3, minutes(2))


def test_a_feed_that_is_always_cut_short_is_not_hammered() -> None:
    state = make.feed_state(polls=5, interval=minutes(10))
    waits = []
    for _ in range(6):
        state = polled(state, doc=document(3, problem=Problem.CUT_SHORT))
        waits.append(wait(state))
    assert waits == [minutes(2), minutes(4), minutes(8), minutes(10), minutes(10), minutes(10)]


@pytest.mark.parametrize(
    ("new", "total", "after"),
    [(10, 10, 7), (7, 10, 7), (5, 10, 10), (4, 10, 10), (1, 10, 10), (0, 10, 12.5)],
)
def test_the_interval_follows_the_overlap(new: int, total: int, after: float) -> None:
    assert polled(new=new, doc=document(total)).interval == minutes(after)


@pytest.mark.parametrize(("start", "after"), [(60, 10), (6, 7.5), (9, 10)])
def test_a_single_new_entry_ends_a_quiet_time_and_slows_nothing_below_the_base_pace(start: float, after: float) -> None:
    state = make.feed_state(polls=5, interval=minutes(start), baseline_at=BEGAN)
    assert polled(state, new=1, doc=document(10)).interval == minutes(after)


@pytest.mark.parametrize(
    ("feed", "start", "new", "after"),
    [
        ({}, 5, 10, 5),
        ({"min_every": minutes(1)}, 1, 10, 1),
        ({}, 360, 0, 360),
        ({"max_every": minutes(15)}, 14, 0, 15),
        ({"every": minutes(20)}, 55, 0, 60),
        ({"every": minutes(3)}, 4, 10, 3),
    ],
)
def test_the_interval_stays_within_its_bounds(feed: dict[str, Any], start: float, new: int, after: float) -> None:
    state = make.feed_state(polls=5, interval=minutes(start), baseline_at=BEGAN)
    assert polled(state, new=new, feed=feed, doc=document(10)).interval == minutes(after)


def test_the_first_document_says_nothing_about_the_pace() -> None:
    first = polled(make.feed_state(), new=10, doc=document(10), feed={"every": minutes(15)})
    assert (first.interval, first.baseline_at) == (minutes(15), make.NOW)


@pytest.mark.parametrize(
    ("fetched", "doc", "waited"),
    [
        ({"max_age": minutes(30)}, {}, 30),
        ({"max_age": minutes(60 * 24)}, {}, 60),
        ({"max_age": minutes(0)}, {}, 10),
        ({}, {"ttl": minutes(600)}, 60),
        ({}, {"ttl": minutes(2)}, 10),
        ({"retry_after": minutes(90)}, {}, 90),
        ({"retry_after": minutes(100_000)}, {}, 48 * 60),
    ],
)
def test_hints_delay_the_next_poll_within_bounds(fetched: dict[str, Any], doc: dict[str, Any], waited: float) -> None:
    assert wait(polled(doc=document(10, **doc), **fetched)) == minutes(waited)


def test_a_304_never_lengthens_the_delay_by_its_cache_control() -> None:
    assert wait(polled(new=0, not_modified=True, conditional=True, status=304, max_age=minutes(59))) == minutes(12.5)


def test_failures_back_off_to_a_ceiling_and_never_give_up() -> None:
    state = make.feed_state(polls=5, interval=minutes(10), etag='"a"')
    waits = []
    for _ in range(40):
        state = polled(state, new=0, problem=Problem.STATUS, message="answered 404", status=404)
        waits.append(wait(state))
    assert waits[:4] == [minutes(10), minutes(20), minutes(40), minutes(80)]
    assert waits[-1] == dt.timedelta(hours=12)
    assert (state.failures, state.problem, state.problem_message, state.etag) == (
        40,
        Problem.STATUS,
        "answered 404",
        '"a"',
    )


def test_one_good_poll_ends_a_long_failure() -> None:
    state = make.feed_state(polls=50, interval=minutes(10), failures=40, problem=Problem.STATUS)
    assert wait(polled(state, doc=document())) == minutes(10)


@pytest.mark.parametrize(
    ("given", "waited"), [(minutes(45), 45), (minutes(1), 10), (None, 10), (minutes(10_000), 48 * 60)]
)
def test_retry_after_is_obeyed_and_never_shortens(given: dt.timedelta | None, waited: float) -> None:
    assert wait(polled(new=0, problem=Problem.RATE_LIMITED, status=429, retry_after=given)) == minutes(waited)


def test_a_feed_that_is_gone_is_asked_once_a_day_and_calls_for_the_operator() -> None:
    state = polled(new=0, problem=Problem.GONE, status=410, message="answered 410")
    assert wait(state) == dt.timedelta(days=1)
    assert health(make.feed(), state, make.NOW).wellness is Wellness.FAILING


def test_the_problem_of_a_document_counts_like_one_of_the_wire() -> None:
    state = polled(new=0, doc=Document(entries=(), problem=Problem.NOT_A_FEED, flagged="a web page"), etag='"n"')
    assert (state.problem, state.problem_message, state.etag, state.failures) == (
        Problem.NOT_A_FEED,
        "a web page",
        None,
        1,
    )


def test_jitter_only_delays() -> None:
    assert wait(polled(doc=document(), policy=Policy(jitter=0.1))) == minutes(11)


def test_a_move_is_remembered_from_its_first_sight() -> None:
    first = polled(doc=document(), moved_to="https://new.example/f")
    later = polled(first, doc=document(), moved_to="https://new.example/f")
    back = polled(later, doc=document())
    assert (first.moved_to, first.moved_since, later.moved_since) == ("https://new.example/f", make.NOW, make.NOW)
    assert (back.moved_to, back.moved_since) == (None, None)


def test_a_start_spreads_the_feeds_and_leaves_out_those_that_are_off() -> None:
    feeds = [make.feed(f"f{number}") for number in range(4)] + [
        make.feed("off", enabled=False),
        make.feed("none", url=""),
    ]
    times = first_poll(feeds, make.NOW, minutes(4), random.Random(1))
    assert sorted(times.values()) == [make.at(minutes=number) for number in range(4)]
    assert set(times) == {"f0", "f1", "f2", "f3"}


WELL = {
    "last_attempt_at": make.at(minutes=-5),
    "last_success_at": make.at(minutes=-5),
    "next_poll_at": make.at(minutes=5),
    "newest_published_at": make.at(hours=-1),
    "interval": minutes(10),
}


@pytest.mark.parametrize(
    ("feed", "state", "found"),
    [
        ({}, WELL, Health(wellness=Wellness.OK, sentence="last read 5 minutes ago")),
        ({"enabled": False, "reason": "dead since May"}, WELL, Health(wellness=Wellness.DISABLED, sentence="dead since May")),
        ({}, {**WELL, "paused": True}, Health(wellness=Wellness.PAUSED, sentence="paused by hand; monitor feeds resume harbour-daily starts it again")),
        ({}, {**WELL, "next_poll_at": make.at(hours=-2)}, Health(wellness=Wellness.SILENT, sentence="was due 2 hours ago: does the daemon run?")),
        ({}, {**WELL, "newest_published_at": make.at(days=-30)}, Health(wellness=Wellness.STALE, sentence="answers, but its newest entry is 30 days ago")),
        ({"official": True}, {**WELL, "newest_published_at": make.at(days=-30)}, Health(wellness=Wellness.OK, sentence="last read 5 minutes ago")),
        (
            {},
            {**WELL, "failures": 3, "problem": Problem.TLS, "problem_message": "broken chain", "problem_since": make.at(days=-3)},
            Health(wellness=Wellness.FAILING, sentence="tls, 3 times in a row since 3 days ago: broken chain"),
        ),
        ({"query": True}, {**WELL, "empties": 2}, Health(wellness=Wellness.FAILING, sentence="answers 200 with a query that finds nothing, 2 times in a row")),
        ({}, {}, Health(wellness=Wellness.OK, sentence="not polled yet")),
        ({}, {**WELL, "flagged": "raw ampersands"}, Health(wellness=Wellness.OK, sentence="last read 5 minutes ago; raw ampersands")),
        ({}, {**WELL, "moved_to": "https://b.example/f", "moved_since": make.at(days=-6)}, Health(wellness=Wellness.OK, sentence="last read 5 minutes ago")),
        (
            {},
            {**WELL, "moved_to": "https://b.example/f", "moved_since": make.at(days=-7)},
            Health(wellness=Wellness.OK, sentence="last read 5 minutes ago; moved for good to https://b.example/f: put that into feeds.toml"),
        ),
        (
            {"url": "http://a.example/f"},
            {**WELL, "moved_to": "https://a.example/f", "moved_since": make.at(minutes=-5)},
            Health(wellness=Wellness.OK, sentence="last read 5 minutes ago; moved for good to https://a.example/f: put that into feeds.toml"),
        ),
        (
            {},
            {**WELL, "failures": 1, "problem": Problem.GONE, "problem_message": "answered 410", "moved_to": "https://b.example/f"},
            Health(wellness=Wellness.FAILING, sentence="gone, once: answered 410; it had moved to https://b.example/f"),
        ),
    ],
)  # fmt: skip
def test_how_a_feed_is_told(feed: dict[str, Any], state: dict[str, Any], found: Health) -> None:
    assert health(make.feed(**feed), make.feed_state(**state), make.NOW) == found


def test_a_part_of_the_first_document_is_no_baseline_unless_there_is_never_more() -> None:
    first = polled(make.feed_state(), doc=document(3, problem=Problem.CUT_SHORT))
    second = polled(first, doc=document(3, problem=Problem.CUT_SHORT))
    assert (first.baseline_at, second.baseline_at) == (None, make.NOW)


def test_an_empty_answer_that_comes_again_unchanged_is_counted_again() -> None:
    empty = polled(new=0, doc=document(0, title="Harbour"), body_hash="h", etag='"e"')
    same_body = polled(empty, new=0, body_hash="h", etag='"e"')
    not_modified = polled(same_body, new=0, not_modified=True, conditional=True, status=304)
    assert [state.empties for state in (empty, same_body, not_modified)] == [1, 2, 3]
    assert health(make.feed(query=True), same_body, make.NOW).wellness is Wellness.FAILING


def test_a_document_we_have_that_is_confirmed_ends_a_run_of_empty_answers() -> None:
    full = polled(doc=document(), etag='"e"')
    empty = polled(full, new=0, problem=Problem.EMPTY)
    back = polled(empty, new=0, not_modified=True, conditional=True, status=304)
    assert [state.empties for state in (full, empty, back)] == [0, 1, 0]


def test_a_document_that_shares_no_entry_with_the_one_before_is_flagged_until_one_does() -> None:
    first = polled(make.feed_state(), new=10, doc=document())
    disjoint = polled(first, new=10, doc=document(flagged="raw ampersands"))
    joined = polled(disjoint, new=9, doc=document())
    assert [state.flagged for state in (first, disjoint, joined)] == [
        "",
        "raw ampersands; no entry of the document before is left: some may have been missed",
        "",
    ]


def test_the_first_document_after_failures_says_nothing_about_the_pace_either() -> None:
    failed = polled(polled(make.feed_state(), problem=Problem.DNS), problem=Problem.DNS)
    assert polled(failed, new=10, doc=document(10)).interval == minutes(10)


def test_a_planned_first_poll_has_its_time() -> None:
    state = planned(make.feed_state(), make.at(minutes=3))
    assert state == make.feed_state(next_poll_at=make.at(minutes=3))
