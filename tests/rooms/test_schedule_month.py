"""A month of one feed, played through the schedule: never too fast, never silent, and nothing missed without a word.

The publisher is invented and deterministic: busy days, quiet nights, bursts, and a server that fails in every way there is.
"""

from __future__ import annotations

import bisect
import datetime as dt
import functools
import random
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from monitor.entities import Document, Feed, FeedState, Fetched, IncidentKind, Intake, Problem
from monitor.incidents import complaints
from monitor.schedule import Policy, address, after_poll
from tests import make

POLICY = Policy()
DAYS = 30
WINDOW = 20
"""Items a document holds: the rest has gone when nobody asked in time."""
MOVED = "https://new.example/rss"
TROUBLE: dict[int, dict[str, Any]] = {
    3: {"problem": Problem.STATUS, "status": 503, "retry_after": dt.timedelta(hours=2)},
    5: {"problem": Problem.RATE_LIMITED, "status": 429},
    7: {"problem": Problem.DNS, "status": None},
    9: {"problem": Problem.NOT_A_FEED},
    11: {"problem": Problem.EMPTY},
    13: {"problem": Problem.STATUS, "status": 404},
    14: {"problem": Problem.STATUS, "status": 404},
    18: {"problem": Problem.TIMEOUT, "status": None},
}
"""What the server does on these days instead of answering."""


@dataclass(slots=True)
class Publisher:
    """Items with their times, and what a request at some moment brings."""

    seed: int
    times: list[dt.datetime] = field(default_factory=list)
    told: set[int] = field(default_factory=set)
    last: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        rng, at = random.Random(self.seed), make.NOW - dt.timedelta(hours=12)
        while at < make.NOW + dt.timedelta(days=DAYS):
            by_day = 6 <= at.hour < 20
            at += dt.timedelta(minutes=rng.expovariate(1 / (25 if by_day else 150)))
            burst = 12 if rng.random() < 0.01 else 1
            self.times += [at] * burst

    def window(self, now: dt.datetime) -> tuple[int, ...]:
        """The numbers of the items that stand in the document at ``now``."""
        out = bisect.bisect_right(self.times, now)
        return tuple(range(max(out - WINDOW, 0), out))

    def asked(self, now: dt.datetime) -> tuple[Fetched, Document | None, Intake]:
        """The answer to a request at ``now``, and what came of it."""
        day = (now - make.NOW).days
        if day in TROUBLE:
            return make.fetched(at=now, **{"message": "trouble", **TROUBLE[day]}), None, Intake()
        moved = {"moved_to": MOVED} if day >= 22 else {}
        stands = self.window(now)
        if stands == self.last:
            return make.fetched(at=now, status=304, not_modified=True, conditional=True, **moved), None, Intake()
        self.last = stands
        new = [number for number in stands if number not in self.told]
        self.told |= set(stands)
        intake = make.intake(
            new=len(new), entries=len(stands), newest=self.times[stands[-1]],
            oldest_new=self.times[new[0]] if new else None,
        )  # fmt: skip
        return make.fetched(at=now, **moved), Document(entries=()), intake


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """What was asked when, and what was remembered after it."""

    asked: tuple[dt.datetime, ...]
    states: tuple[FeedState, ...]
    missed: frozenset[int]
    publisher: Publisher


@functools.cache
def month(row: str, seed: int) -> Month:
    """Played once: it is the same each time."""
    return played(ROWS[row], seed)


def played(feed: Feed, seed: int) -> Month:
    publisher, rng, now = Publisher(seed), random.Random(seed), make.NOW
    state, asked, states = make.feed_state(), [], []
    while now < make.NOW + dt.timedelta(days=DAYS):
        fetched, document, intake = publisher.asked(now)
        if address(feed, state) == MOVED:
            fetched = replace(fetched, final_url=MOVED, moved_to=None)
        state = after_poll(
            feed, state, fetched, document, intake=intake, now=now, policy=POLICY, jitter=rng.random()
        )  # fmt: skip
        asked.append(now)
        states.append(state)
        assert state.next_poll_at is not None
        assert state.next_poll_at > now
        now = state.next_poll_at
    out = {number for number, at in enumerate(publisher.times) if make.NOW <= at <= asked[-1]}
    missed = frozenset(out - publisher.told - set(publisher.window(asked[-1])))
    return Month(asked=tuple(asked), states=tuple(states), missed=missed, publisher=publisher)


ROWS = {
    "agency": make.feed(every=dt.timedelta(minutes=5)),
    "paper": make.feed(every=dt.timedelta(minutes=15), max_every=dt.timedelta(hours=1)),
    "ordinary": make.feed(),
}
FASTEST = {"agency": 5, "paper": 5, "ordinary": 60}  # minutes
SLOWEST = {"agency": 15, "paper": 60, "ordinary": 360}
SEEDS = (1, 2, 3)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("row", ROWS)
def test_a_feed_is_never_asked_faster_than_its_floor_and_never_left_alone(row: str, seed: int) -> None:
    a_month = month(row, seed)
    floor, ceiling = dt.timedelta(minutes=FASTEST[row]), dt.timedelta(minutes=SLOWEST[row])
    for before, after, state in zip(a_month.asked, a_month.asked[1:], a_month.states, strict=False):
        if address(ROWS[row], state) != MOVED or state.problem is None:
            assert after - before >= floor
        well, ill = ceiling * 1.1, dt.timedelta(hours=24) * 1.1
        assert after - before <= (ill if state.problem else well)


@pytest.mark.parametrize(("row", "most"), [("agency", 4200), ("paper", 3000), ("ordinary", 500)])
@pytest.mark.parametrize("seed", SEEDS)
def test_a_month_of_requests_is_bounded(row: str, most: int, seed: int) -> None:
    """An agency at its floor all month would be 8,640 requests, an ordinary site 720."""
    assert len(month(row, seed).asked) <= most


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("row", ROWS)
def test_nothing_is_missed_without_a_recorded_possible_loss(row: str, seed: int) -> None:
    """Whatever a document dropped before anybody asked lies within a gap that was recorded when it was found."""
    a_month = month(row, seed)
    gaps = {state.gap for state in a_month.states if state.gap is not None}
    spans = [(gap.since or make.NOW, gap.at) for gap in gaps]
    lost = [a_month.publisher.times[number] for number in a_month.missed]
    assert [at for at in lost if not any(since <= at <= until for since, until in spans)] == []


@pytest.mark.parametrize("seed", SEEDS)
def test_a_month_with_days_of_trouble_recovers_by_itself_and_follows_the_move(seed: int) -> None:
    a_month = month("paper", seed)
    by_day = {(at - make.NOW).days: state for at, state in zip(a_month.asked, a_month.states, strict=True)}
    assert {day for day, state in by_day.items() if state.problem is not None} == set(TROUBLE)
    assert address(ROWS["paper"], a_month.states[-1]) == MOVED
    assert complaints(ROWS["paper"], a_month.states[-1], a_month.asked[-1], POLICY)[0].kind is IncidentKind.MOVED


def test_a_month_is_the_same_each_time_it_is_played() -> None:
    assert played(ROWS["paper"], 1).asked == month("paper", 1).asked
