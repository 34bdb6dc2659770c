"""The daemon: it drains when told to stop, is alone on its database, and goes on whatever fails."""

from __future__ import annotations

import asyncio
import dataclasses
import datetime as dt
import json
import os
import random
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from monitor import daemon as daemon_module
from monitor import schedule, settings
from monitor.app import App
from monitor.daemon import STUCK, Daemon
from monitor.entities import FeedId, FeedState
from monitor.errors import StoreError
from monitor.sources.http import Http
from monitor.sources.links import Followed
from tests.doors.cli import PATIENCE, Cli
from tests.doors.feed_server import Answer, FeedServer, item, rss

NOW = dt.datetime(2026, 3, 4, 9, 0, tzinfo=dt.UTC)


def wait_for(what: Callable[[], Any], seconds: float = PATIENCE) -> Any:
    """What is there in the end."""
    deadline = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.1)
    return found


def end(process: subprocess.Popen[str], number: int = signal.SIGTERM) -> tuple[int, str, str]:
    process.send_signal(number)
    out, err = process.communicate(timeout=PATIENCE)
    return process.returncode, out, err


@pytest.fixture
def server() -> Iterator[FeedServer]:
    with FeedServer() as running:
        yield running


# ------------------------------------------------------------------------------------------- as a process


def test_sigterm_drains_and_exits_0_and_a_second_instance_exits_3(tmp_path: Path, server: FeedServer) -> None:
    url = server.serve("/feed", Answer(body=rss(item(1)), delay=1.0))
    cli = Cli.on(tmp_path, {"slow": url, "away": "http://127.0.0.1:9/feed"})
    daemon = cli.start("run")
    try:
        wait_for(lambda: server.requests or daemon.poll() is not None)
        assert daemon.poll() is None
        second = cli("run")
        assert (second.returncode, second.stdout) == (3, "")
        assert second.stderr.startswith("monitor: another monitor runs on this database")
        assert str(daemon.pid) in second.stderr
        health = cli("status", "--health", "--json")
        assert (health.returncode, json.loads(health.stdout)["alive"]) == (0, True)
        beside = cli("poll", "slow")
        assert beside.returncode == 0
        assert "a daemon runs on this database" in beside.stderr
    finally:
        code, _, err = end(daemon)
    assert (code, "Traceback" in err) == (0, False), err
    assert json.loads(err.splitlines()[-1])["event"] == "stopped"
    status = cli.json("status")
    assert {row["feed"]: row["problem"] for row in status["feeds"]} == {"slow": None, "away": "connect"}


def test_a_stop_in_the_middle_of_a_fetch_takes_the_document_in(tmp_path: Path, server: FeedServer) -> None:
    cli = Cli.on(tmp_path, {"slow": server.serve("/feed", Answer(body=rss(item(1)), delay=2.0))})
    daemon = cli.start("run")
    wait_for(lambda: server.requests or daemon.poll() is not None)
    code, _, err = end(daemon, signal.SIGINT)
    assert (code, "Traceback" in err) == (0, False), err
    (feed,) = cli.json("feeds", "list")
    assert feed["entries"] == 1


def test_after_a_kill_the_next_start_polls_the_feed_that_was_leased(tmp_path: Path, server: FeedServer) -> None:
    cli = Cli.on(tmp_path, {"slow": server.serve("/feed", Answer(delay=30.0), Answer(body=rss(item(1))))})
    daemon = cli.start("run")
    wait_for(lambda: server.requests or daemon.poll() is not None)
    daemon.kill()
    daemon.communicate(timeout=PATIENCE)
    (polled,) = cli.json("run", "--once")
    assert (polled["entries"], polled["new"]) == (1, 1)


# --------------------------------------------------------------------------------------- inside one process


@pytest.fixture
def app(tmp_path: Path, server: FeedServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[App]:
    for name in list(os.environ):
        if name.startswith("MONITOR_"):
            monkeypatch.delenv(name)
    url = server.serve("/feed", Answer(body=rss(item(1))))
    Cli.on(tmp_path, {"one": url, "two": server.url("/two")})
    server.serve("/two", Answer(body=rss(item(2))))
    made = App(settings.load(tmp_path / "config"))
    yield made
    made.store.close()


async def run_until(daemon: Daemon, met: Callable[[], bool]) -> None:
    """The daemon, until something holds; it must not end by itself."""
    running = asyncio.create_task(daemon.run())
    deadline = asyncio.get_running_loop().time() + PATIENCE
    while not await asyncio.to_thread(met):
        assert not running.done(), running
        assert asyncio.get_running_loop().time() < deadline
        await asyncio.sleep(0.1)
    daemon.stop()
    await running


async def test_a_database_that_goes_away_is_asked_again(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    lease, refused = app.lease, []

    def away(*given: Any, **named: Any) -> list[FeedState]:
        if len(refused) < 2:
            refused.append(1)
            raise StoreError("the database said no: it is away")
        return lease(*given, **named)

    monkeypatch.setattr(app, "lease", away)
    await run_until(Daemon(app), lambda: sum(view.entries for view in app.views.feeds()) == 2)
    assert len(refused) == 2


async def test_a_feed_that_waits_for_its_host_longer_than_its_lease_is_not_asked_twice(
    app: App, server: FeedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(daemon_module, "LEASE", dt.timedelta(0))
    for path in ("/feed", "/two"):
        server.serve(path, Answer(body=rss(item(1)), delay=1.0))
    daemon = Daemon(app)
    await run_until(daemon, lambda: all(state.polls for state in app.feed_states([FeedId("one"), FeedId("two")])))
    assert sorted(request.path for request in server.requests) == ["/feed", "/two"]


async def test_a_stop_is_heeded_between_two_links(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    daemon = Daemon(app)

    async def follow(http: Http, url: str) -> Followed:
        asked.append(url)
        daemon.stop()
        return Followed(error="no answer")

    monkeypatch.setattr(App, "links_wanted", lambda app, now: ["https://a.example/", "https://b.example/"])
    monkeypatch.setattr(Http, "follow", follow)
    await daemon.poll_by_hand([], due=True, deliver=False)
    assert asked == ["https://a.example/"]


async def test_a_poll_that_raises_is_that_feeds_failure_alone(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    take_in = app.pipeline.take_in

    def broken(poll: Any, **named: Any) -> Any:
        if poll.feed.id == "one":
            raise ZeroDivisionError("a mistake of ours")
        return take_in(poll, **named)

    monkeypatch.setattr(app.pipeline, "take_in", broken)

    def both() -> bool:
        views = {view.feed.id: view for view in app.views.feeds()}
        return len(views) == 2 and views[FeedId("one")].state.failures > 0 and views[FeedId("two")].entries > 0

    await run_until(Daemon(app), both)
    (state,) = app.feed_states([FeedId("one")])
    assert (state.problem, state.problem_message) == ("internal", "ZeroDivisionError: a mistake of ours")


async def test_of_polls_without_a_document_the_one_that_raises_fails_alone(
    app: App, server: FeedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for path in ("/feed", "/two"):
        server.serve(path, Answer(status=500))
    after_poll = schedule.after_poll

    def broken(feed: Any, state: Any, fetched: Any, *given: Any, **named: Any) -> Any:
        if feed.id == "one" and fetched.problem != "internal":
            raise ZeroDivisionError("a mistake of ours")
        return after_poll(feed, state, fetched, *given, **named)

    monkeypatch.setattr(schedule, "after_poll", broken)
    daemon = Daemon(app, clock=lambda: NOW)
    await daemon.poll_by_hand([], due=False, deliver=False)
    states = app.feed_states([FeedId("one"), FeedId("two")])
    assert [(state.problem, state.failures) for state in states] == [("internal", 1), ("status", 1)]


async def test_no_job_that_raises_stops_the_daemon(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*given: Any, **named: Any) -> Any:
        raise RuntimeError("a mistake of ours")

    monkeypatch.setattr(app, "heartbeat", broken)
    monkeypatch.setattr(app, "prune", broken)
    monkeypatch.setattr(app.delivery, "deliver", broken)
    daemon = Daemon(app)
    await daemon.prune()
    await daemon.deliver()
    await run_until(daemon, lambda: sum(view.entries for view in app.views.feeds()) == 2)


async def test_a_document_that_holds_up_all_others_stops_the_heartbeat(app: App) -> None:
    daemon = Daemon(app, clock=lambda: NOW)
    app.start(NOW, alone=True)
    await daemon.beat()
    assert app.views.beats() == {"daemon": NOW}
    daemon.clock = lambda: NOW + dt.timedelta(minutes=1)
    daemon._busy_since = asyncio.get_running_loop().time() - STUCK.total_seconds() - 1
    await daemon.beat()
    assert app.views.beats() == {"daemon": NOW}


def test_a_start_spreads_the_first_polls_and_a_round_by_hand_does_not(app: App) -> None:
    app.start(NOW, alone=True)
    assert len(app.lease(NOW, feeds=app.feeds, until=NOW, limit=9)) == 2
    with app.store.begin() as tx:
        for feed in app.feeds:
            tx.save_feed_state(FeedState(feed_id=feed.id))
    app.start(NOW, alone=True, spread=random.Random(1))
    assert len(app.lease(NOW, feeds=app.feeds, until=NOW, limit=9)) == 1


def test_the_start_is_announced_once(app: App) -> None:
    for _ in range(2):
        app.start(NOW, alone=True)
    assert [row.alert.headline for row in app.views.alerts()] == ["Watching 2 feeds; alerts start now"]


def test_prune_answers_on_an_empty_database(app: App) -> None:
    pruned = app.prune(NOW)
    assert (pruned.raw_bodies, pruned.off_beat_accounts) == (0, 0)


async def test_a_slow_host_does_not_take_the_places_of_the_others(tmp_path: Path, server: FeedServer) -> None:
    """Twelve feeds of a host that takes its time, all overdue for longer, and one feed of another."""
    slow = {f"slow-{number}": server.serve(f"/{number}", Answer(body=rss(item(1)), delay=1.0)) for number in range(12)}
    quick = server.serve("/quick", Answer(body=rss(item(2)))).replace("127.0.0.1", "localhost")
    Cli.on(tmp_path, slow | {"quick": quick})
    config = settings.load(tmp_path / "config")
    http = config.settings.http.model_copy(update={"concurrency": 6})
    app = App(dataclasses.replace(config, settings=config.settings.model_copy(update={"http": http})))
    try:
        app.start(NOW, alone=True)
        with app.store.begin() as tx:
            for feed in app.feeds:
                ago = dt.timedelta(minutes=1 if feed.id == "quick" else 5)
                tx.save_feed_state(FeedState(feed_id=feed.id, next_poll_at=NOW - ago))
        daemon = Daemon(app, clock=lambda: NOW)
        async with Http(app.http_policy) as http:
            await daemon.dispatch(http)
            await daemon._drain()
        asked = server.paths()
        assert "/quick" in asked
        assert len(asked) <= 5
    finally:
        app.store.close()
