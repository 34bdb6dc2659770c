"""The page that listens: it says how the monitor is, to anybody who asks over real HTTP, and for as long as it is told."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import datetime as dt
import functools
import re
import shutil
import signal
import socket
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families

from monitor.app import App
from monitor.entities import (
    Complaint,
    Destination,
    Feed,
    FeedId,
    Fetched,
    Gap,
    IncidentKind,
    OutboxState,
    Problem,
    Verdict,
)
from monitor.errors import ConfigError, StoreError
from monitor.incidents import Wellness
from monitor.settings import load
from monitor.settings.model import WebTable
from monitor.web import server
from monitor.web.app import site
from monitor.web.server import serve
from monitor.web.websub import Outcome
from tests import make

NOW = make.NOW
ROOT = Path(__file__).resolve().parents[2]
GOOD, ILL = FeedId("good"), FeedId("ill")


CONFIG = functools.cache(lambda: load(ROOT / "config"))


def app_on(url: str) -> App:
    """An app on a database, with one feed that is well, one that is not, and one that is off."""
    config = CONFIG()
    feeds = (make.feed("good"), make.feed("ill"), make.feed("off", enabled=False, reason="gone since 2025"))
    return App(dataclasses.replace(config, feeds=feeds), url=url)


@pytest.fixture
def app(store_url: str) -> Iterator[App]:
    """The app on SQLite, then on PostgreSQL: for what asks the database."""
    made = app_on(store_url)
    yield made
    made.close()


@pytest.fixture
def lite(sqlite_template: Path, tmp_path: Path) -> Iterator[App]:
    """The app on SQLite alone: for what is the same on both."""
    shutil.copy(sqlite_template, tmp_path / "monitor.db")
    made = app_on(f"sqlite:///{tmp_path / 'monitor.db'}")
    yield made
    made.close()


async def nobody(feed: Feed, fetched: Fetched) -> None:
    """Takes nothing in: nobody pushes here."""
    raise AssertionError("nothing was to be taken in")


@asynccontextmanager
async def listening(app: App, clock: Callable[[], dt.datetime] = lambda: NOW) -> AsyncIterator[str]:
    """The site of an app on a free port of the loopback; gives its address."""
    async with serve(site(app, nobody, clock=clock), "127.0.0.1:0") as port:
        yield f"http://127.0.0.1:{port}"


async def get(url: str) -> tuple[int, str, dict[str, str]]:
    """Status, text and headers of one request."""
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        return answer.status, await answer.text(), dict(answer.headers)


def figures(page: str) -> dict[str, float]:
    """Every sample of a page, as Prometheus' own parser reads it."""
    found = {}
    for family in text_string_to_metric_families(page):
        for sample in family.samples:
            labels = ",".join(f'{name}="{value}"' for name, value in sorted(sample.labels.items()))
            found[sample.name + (f"{{{labels}}}" if labels else "")] = sample.value
    return found


# ------------------------------------------------------------------------------------------------ health


async def test_a_process_that_answers_is_alive_whatever_the_database_does(lite: App) -> None:
    lite.__dict__["views"] = Broken()
    async with listening(lite) as base:
        status, text, headers = await get(f"{base}/healthz")
    assert (status, text) == (200, '{"alive":true}')
    assert (headers["X-Content-Type-Options"], headers["Cache-Control"]) == ("nosniff", "no-store")
    assert "Server" not in headers


async def test_it_is_ready_while_the_database_answers_and_the_daemon_beats(app: App) -> None:
    async with listening(app) as base:
        assert (await get(f"{base}/readyz"))[:2] == (503, '{"ready":false,"database":true,"heartbeat":false}')
        app.heartbeat("me", NOW - dt.timedelta(seconds=59))
        assert (await get(f"{base}/readyz"))[:2] == (200, '{"ready":true,"database":true,"heartbeat":true}')
        app.heartbeat("me", NOW - dt.timedelta(seconds=61))
        assert (await get(f"{base}/readyz"))[0] == 503


class Broken:
    """A database that is away."""

    def beats(self) -> dict[str, dt.datetime]:
        raise StoreError("the database said no: it is away")

    def queue(self) -> tuple[object, ...]:
        raise StoreError("the database said no: it is away")


async def test_a_database_that_is_away_makes_it_unready_and_its_words_stay_in_the_log(app: App) -> None:
    app.__dict__["views"] = Broken()
    async with listening(app) as base:
        assert (await get(f"{base}/readyz"))[:2] == (503, '{"ready":false,"database":false,"heartbeat":false}')
        status, page, _ = await get(f"{base}/metrics")
    found = figures(page)
    assert (status, found["monitor_database_up"]) == (200, 0.0)
    assert not [name for name in found if name.startswith("monitor_feed")]


# ----------------------------------------------------------------------------------------------- metrics


async def test_the_metrics_are_those_of_the_database_for_any_process(app: App) -> None:
    with app.store.begin() as tx:
        tx.sync_feeds(app.feeds, NOW)
        tx.save_feed_state(
            make.feed_state(
                "good", polls=7, last_attempt_at=make.at(minutes=-3), last_success_at=make.at(minutes=-3),
                last_new_at=make.at(hours=-2), next_poll_at=make.at(minutes=7), newest_published_at=make.at(hours=-2),
                interval=dt.timedelta(minutes=10), gap=Gap(at=make.at(hours=-1)),
            )
        )  # fmt: skip
        tx.save_feed_state(
            make.feed_state(
                "ill", polls=5, failures=4, problem=Problem.DNS, problem_message="the name cannot be resolved",
                problem_since=make.at(days=-1), last_attempt_at=make.at(minutes=-1), next_poll_at=make.at(minutes=-1),
                interval=dt.timedelta(hours=1),
            )
        )  # fmt: skip
        tx.open_incident(ILL, Complaint(kind=IncidentKind.UNREACHABLE, sentence="it cannot be reached"), NOW)
        tx.open_incident(GOOD, Complaint(kind=IncidentKind.POSSIBLE_LOSS, sentence="some may be missing"), NOW)
        for number, age in enumerate((1, 2, 30)):
            article = make.numbered(number, feed_id=GOOD, first_seen_at=make.at(hours=-age))
            entry = tx.add(article)
            assert entry is not None
            tx.record(entry, make.account(verdict=Verdict.OFF_BEAT, entry=entry), content_hash="h")
        alert = make.alert(destination=Destination("console"), story=None)
        tx.enqueue(alert, dedup_key="k", state=OutboxState.PENDING, due_at=NOW, now=make.at(minutes=-2))
        tx.beat("daemon", make.at(minutes=-0.25), "me")
    async with listening(app) as base:
        status, page, headers = await get(f"{base}/metrics")
    assert (status, headers["Content-Type"]) == (200, "text/plain; version=0.0.4; charset=utf-8")
    found = figures(page)
    wanted = {
        "monitor_database_up": 1,
        'monitor_heartbeat_age_seconds{part="daemon"}': 15,
        'monitor_feeds{health="disabled"}': 1,
        'monitor_feeds{health="failing"}': 1,
        'monitor_feeds_with_problem{problem="dns"}': 1,
        'monitor_feeds_with_problem{problem="tls"}': 0,
        "monitor_feeds_due": 1,
        'monitor_feed_polls_total{feed="good"}': 7,
        'monitor_feed_failures{feed="ill"}': 4,
        'monitor_feed_failures{feed="good"}': 0,
        'monitor_feed_last_success_age_seconds{feed="good"}': 180,
        'monitor_feed_last_new_age_seconds{feed="good"}': 7200,
        'monitor_feed_possible_loss{feed="good"}': 1,
        'monitor_feed_possible_loss{feed="ill"}': 0,
        'monitor_incidents_open{kind="unreachable"}': 1,
        'monitor_incidents_open{kind="possible-loss"}': 1,
        'monitor_incidents_open{kind="frozen"}': 0,
        'monitor_entries_24h{verdict="off-beat"}': 2,
        'monitor_entries_24h{verdict="development"}': 0,
        'monitor_outbox_alerts{destination="console",state="pending"}': 1,
        'monitor_websub_subscriptions{state="verified"}': 0,
        'monitor_websub_requests_total{outcome="forged"}': 0,
    }
    assert {name: found.get(name) for name in wanted} == wanted
    assert 'monitor_feed_last_success_age_seconds{feed="ill"}' not in found  # it never answered: no age, not age 0
    assert not [name for name in found if 'feed="off"' in name]
    assert sum(found[f'monitor_feeds{{health="{word}"}}'] for word in Wellness) == 3
    assert found["process_resident_memory_bytes"] > 1_000_000


async def test_a_loop_that_is_held_up_shows_in_the_metrics(lite: App) -> None:
    async with listening(lite) as base:
        await asyncio.sleep(0.1)
        time.sleep(1.0)  # noqa: ASYNC251 -- the stall that is to be seen
        await asyncio.sleep(0.1)
        found = figures((await get(f"{base}/metrics"))[1])
    stalls = {name: value for name, value in found.items() if "event_loop_stall_seconds" in name}
    assert (
        stalls['monitor_event_loop_stall_seconds_bucket{le="+Inf"}']
        > stalls['monitor_event_loop_stall_seconds_bucket{le="0.5"}']
    )


async def test_every_metric_has_its_row_in_the_docs(lite: App) -> None:
    async with listening(lite) as base:
        page = (await get(f"{base}/metrics"))[1]
    exported = {name for name in re.findall(r"^# TYPE (\S+) ", page, re.MULTILINE) if name.startswith("monitor_")}
    exported = {name for name in exported if not name.endswith("_created")}
    documented = set(re.findall(r"^\| `(monitor_\w+)`", (ROOT / "docs/operations.md").read_text("utf-8"), re.MULTILINE))
    assert documented == exported


def test_every_outcome_of_a_hubs_request_is_told_in_the_docs() -> None:
    section = (ROOT / "docs/operations.md").read_text("utf-8").split("### Pushes of hubs")[1].split("\n## ")[0]
    assert {outcome.value for outcome in Outcome if f"`{outcome.value}`" not in section} == set()


# ------------------------------------------------------------------------------------------------ serving


async def test_it_stops_with_its_block_and_leaves_the_signals_alone(lite: App) -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    async with listening(lite) as base:
        assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before
        assert (await get(f"{base}/healthz"))[0] == 200
    with pytest.raises(aiohttp.ClientConnectorError):
        await get(f"{base}/healthz")


@pytest.mark.parametrize(
    ("given", "fix"),
    [
        *(
            ({"listen": listen}, "write address and port, such as")
            for listen in ("8080", "127.0.0.1", "127.0.0.1:", "127.0.0.1:99999", "http://127.0.0.1:80", ":8080")
        ),
        ({"listen": "[::1]:80", "public_url": "monitor.example.org"}, "write how the world reaches the page"),
        ({"listen": "[::1]:80", "public_url": "https://m.example.org/?a"}, "write how the world reaches the page"),
        ({"public_url": "https://m.example.org"}, "set listen too"),
    ],
)
def test_settings_that_nothing_could_listen_by_are_refused_with_the_fix(given: dict[str, str], fix: str) -> None:
    with pytest.raises(ValueError, match=fix):
        WebTable(**given)


def test_settings_name_an_address_of_either_family_and_a_public_one_with_a_path() -> None:
    for listen in ("127.0.0.1:8080", "[::1]:8080", "localhost:0", ""):
        assert WebTable(listen=listen).listen == listen
    assert WebTable(listen="[::1]:80", public_url="https://m.example.org/a/").public_url == "https://m.example.org/a/"


async def test_a_port_that_is_taken_is_said_with_the_fix(lite: App) -> None:
    async with listening(lite) as base:
        with pytest.raises(ConfigError, match=r"nothing can listen there .*: take another port"):
            async with serve(site(lite, nobody, clock=lambda: NOW), base.removeprefix("http://")):
                pass


async def test_a_client_that_never_ends_its_request_is_hung_up_on(lite: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "HEAD", dt.timedelta(seconds=0.4))
    async with listening(lite) as base:
        host, _, port = base.removeprefix("http://").partition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        began = time.monotonic()
        hung_up = asyncio.create_task(reader.read())
        for letter in "GET /healthz HTTP/1.1\r\nX-Slow: " + "a" * 1000:
            if hung_up.done():
                break
            writer.write(letter.encode())
            await asyncio.sleep(0.05)
        with contextlib.suppress(ConnectionError):
            assert await hung_up == b""
        assert time.monotonic() - began < 10
        writer.close()
        assert (await get(f"{base}/healthz"))[0] == 200


async def test_above_so_many_connections_a_client_hears_503(lite: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "CONNECTIONS", 3)
    async with listening(lite) as base:
        host, _, port = base.removeprefix("http://").partition(":")
        idle = [await asyncio.open_connection(host, int(port)) for _ in range(3)]
        assert (await get(f"{base}/healthz"))[0] == 503
        for _, writer in idle:
            writer.close()
            await writer.wait_closed()
        assert (await get(f"{base}/healthz"))[0] == 200


async def test_no_other_path_or_method_answers(lite: App) -> None:
    async with listening(lite) as base, aiohttp.ClientSession() as session:
        assert (await get(f"{base}/"))[0] == 404
        async with session.post(f"{base}/metrics", data=b"x") as answer:
            assert answer.status == 405


def test_a_free_port_is_taken_from_the_loopback_alone() -> None:
    bound = server._bound("127.0.0.1:0")
    try:
        assert bound.getsockname()[0] == "127.0.0.1"
        assert bound.family == socket.AF_INET
    finally:
        bound.close()
