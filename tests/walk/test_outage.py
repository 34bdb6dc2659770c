"""An outage of our own network, from its first failed poll to the feeds that are asked anew, on a real database."""

from __future__ import annotations

import dataclasses
import datetime as dt
import random

from monitor.app import App
from monitor.entities import FeedId, FeedState, Incident, IncidentKind, OutboxRow, OutboxState, Problem
from tests import make
from tests.walk.conftest import OpenHouse

MINUTE = dt.timedelta(minutes=1)
NAMES = ("asahi", "tass", "kremlin", "down-before")


def polled(
    state: FeedState, at: dt.datetime, problem: Problem | None, since: dt.datetime | None, failures: int
) -> FeedState:
    """What polls have left of a feed."""
    return dataclasses.replace(
        state, last_attempt_at=at, last_success_at=at if problem is None else state.last_success_at, problem=problem,
        problem_since=since, problem_message="no connection" if problem else "", failures=failures,
        next_poll_at=at + 3 * MINUTE * 60, interval=10 * MINUTE,
    )  # fmt: skip


def remember(app: App, states: list[FeedState]) -> None:
    with app.store.begin() as tx:
        for state in states:
            tx.save_feed_state(state)


def states(app: App) -> dict[str, FeedState]:
    with app.store.read() as tx:
        return dict(tx.feed_states())


def incidents(app: App, *, open_only: bool = True) -> list[Incident]:
    with app.store.read() as tx:
        return sorted(tx.incidents(open_only=open_only), key=lambda one: one.id)


def outbox(app: App) -> list[OutboxRow]:
    """What operators were told after the start."""
    with app.store.read() as tx:
        return list(tx.outbox(states=list(OutboxState), limit=2000))[1:]


def notices(app: App) -> list[str]:
    """Its headlines."""
    return [row.alert.headline for row in outbox(app)]


def test_an_outage_of_our_own_blames_no_feed_is_told_once_and_forgives_what_it_caused(open_house: OpenHouse) -> None:
    rng = random.Random(1)
    feeds = [make.feed(name, url=f"https://{name}.example/rss") for name in NAMES]
    app = open_house(*feeds)
    app.start(make.NOW, alone=True)
    well = [polled(FeedState(feed_id=FeedId(name)), make.NOW, None, None, 0) for name in NAMES[:3]]
    dead = polled(FeedState(feed_id=FeedId(NAMES[3])), make.NOW, Problem.DNS, make.at(days=-2), 9)
    remember(app, [*well, dead])
    app.review(make.NOW, network=True, spread=rng)
    assert [(one.feed_id, one.kind) for one in incidents(app)] == [(NAMES[3], IncidentKind.UNREACHABLE)]

    began = make.at(minutes=10)
    remember(app, [polled(state, make.at(hours=1), Problem.CONNECT, began, 5) for state in well])
    remember(app, [dataclasses.replace(dead, last_attempt_at=make.at(hours=1), failures=10)])
    assert app.alone_with_failures(make.at(hours=1))
    for minute in (61, 62, 63):
        app.review(make.at(minutes=minute), network=False, spread=rng)
    outage = [(NAMES[3], IncidentKind.UNREACHABLE), (None, IncidentKind.OWN_NETWORK)]
    assert [(one.feed_id, one.kind) for one in incidents(app)] == outage
    assert incidents(app)[1].seen == 3

    app.review(make.at(minutes=90), network=True, spread=rng)
    after = states(app)
    assert [(after[name].failures, after[name].problem) for name in NAMES] == [(0, None)] * 3 + [(10, Problem.DNS)]
    wait = app.config.settings.schedule.spread
    for name in NAMES[:3]:
        due = after[name].next_poll_at
        assert due is not None
        assert make.at(minutes=90) <= due < make.at(minutes=90) + wait
    app.review(make.at(minutes=91), network=True, spread=rng)
    assert [(one.feed_id, one.kind) for one in incidents(app)] == outage[:1]
    closed = incidents(app, open_only=False)[1]
    assert (closed.closed_at, closed.told) == (make.at(minutes=90), True)
    assert notices(app) == ["down-before: cannot be reached", "this machine: no network"]


def test_a_thousand_feeds_and_more_that_are_ill_are_told_once(open_house: OpenHouse) -> None:
    feeds = [make.feed(f"ill-{number}", url=f"https://{number}.example/rss") for number in range(1003)]
    app = open_house(*feeds)
    app.start(make.NOW, alone=True)
    remember(app, [polled(FeedState(feed_id=feed.id), make.NOW, Problem.TLS, make.at(hours=-1), 3) for feed in feeds])
    reviews = [app.review(make.at(minutes=minute), network=True, spread=random.Random(1)) for minute in range(3)]
    assert [(len(one.opened), len(one.told)) for one in reviews] == [(1003, 1003), (0, 0), (0, 0)]
    told = [row for row in outbox(app) if row.state is not OutboxState.MERGED]
    assert [row.alert.headline for row in told] == ["1003 feeds need a look"]
    assert (len(told[0].alert.news), told[0].alert.news[-1]) == (21, "… and 983 more: monitor incidents")

    with app.store.begin() as tx:
        for name in feeds[5:8]:
            tx.save_feed_state(
                FeedState(feed_id=name.id, last_attempt_at=make.at(minutes=50), last_success_at=make.at(minutes=50))
            )
    app.review(make.at(minutes=51), network=True, spread=random.Random(1))
    assert outbox(app)[0].alert.headline == "1000 feeds still need a look"
    assert "ill-7: certificate not valid: over, its certificate holds again" in outbox(app)[0].alert.news[7]
