"""WebSub from the subscriber's side, against a hub of our own: what it pushes is in before the next poll, and only that."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import datetime as dt
import functools
import hashlib
import hmac
import random
import shutil
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.app import App
from monitor.daemon import Daemon
from monitor.entities import Feed, FeedId, FeedState, Fetched, Push
from monitor.errors import StoreError
from monitor.intake import Poll, Polled
from monitor.pipeline import Rooms
from monitor.settings import load
from monitor.sources.http import Http
from monitor.web import subscriber, websub
from monitor.web.app import site
from monitor.web.server import serve
from monitor.web.subscriber import renew
from monitor.web.websub import Heard, ask, due, feed_of, genuine, heard, refused
from tests import make
from tests.doors.feed_server import RSS, Answer, FeedServer, item, rss
from tests.doors.hub import Hub

NOW = make.NOW
ROOT = Path(__file__).resolve().parents[2]
PAPER = FeedId("paper")
HOUR = dt.timedelta(hours=1)
CONFIG = functools.cache(lambda: load(ROOT / "config"))
_ROOMS: dict[str, Rooms] = {}
"""Built once, by the first app that needs them: seconds of work, and they hold no state."""


@dataclass(slots=True)
class Set:
    """A clock that stands until it is moved."""

    now: dt.datetime = NOW

    def __call__(self) -> dt.datetime:
        return self.now


def built(url: str, *feeds: Feed, public_url: str = "http://127.0.0.1:1", most: int = 15_000_000) -> App:
    """An app on these feeds that may speak to the loopback."""
    config = CONFIG()
    base = config.settings
    chosen = base.model_copy(
        update={
            "meaning": base.meaning.model_copy(update={"embedder": "none"}),
            "http": base.http.model_copy(
                update={"allow_addresses": ("127.0.0.0/8",), "host_gap": dt.timedelta(0), "max_bytes": most}
            ),
            "alerts": base.alerts.model_copy(update={"destination": "console"}),
            "web": base.web.model_copy(update={"public_url": public_url}),
        }
    )
    app = App(dataclasses.replace(config, settings=chosen, feeds=feeds), url=url)
    if not _ROOMS:
        _ROOMS["shared"] = app.rooms
    app.__dict__["rooms"] = _ROOMS["shared"]
    return app


def moved_to(app: App, public_url: str) -> None:
    """Let the app be reached at another address from now on."""
    web = app.config.settings.web.model_copy(update={"public_url": public_url})
    settings = app.config.settings.model_copy(update={"web": web})
    app.config = dataclasses.replace(app.config, settings=settings)


def document(server: FeedServer, hub: str, *numbers: int) -> bytes:
    """A feed document that names a hub."""
    head = (
        f'<atom:link xmlns:atom="http://www.w3.org/2005/Atom" rel="hub" href="{hub}"/>'
        f'<atom:link xmlns:atom="http://www.w3.org/2005/Atom" rel="self" href="{server.url("/feed")}"/>'
    )
    return rss(*(item(number) for number in numbers), head=head)


def paper(server: FeedServer, **fields: object) -> Feed:
    """The feed of that document."""
    return make.feed("paper", **{"url": server.url("/feed"), "insecure": True, **fields})


async def poll(app: App, now: dt.datetime) -> tuple[Polled, ...]:
    """Poll every feed at a time, as a new process would."""
    daemon = Daemon(app, clock=lambda: now, rng=random.Random(0))
    return await daemon.poll_by_hand([], due=False, deliver=False)


async def ask_hubs(app: App, now: dt.datetime) -> int:
    """What the daemon does each minute."""
    async with Http(app.http_policy) as http:
        return await renew(app, http, now)


def entries(app: App) -> list[str]:
    """The titles of everything stored, in order."""
    return sorted(entry.title for entry in app.views.entries())


def push_of(app: App) -> Push:
    """What is remembered of the subscription."""
    push = app.feed_states([PAPER])[0].push
    assert push is not None
    return push


@asynccontextmanager
async def listening(
    app: App, clock: Callable[[], dt.datetime], ingest: subscriber.Ingest | None = None
) -> AsyncIterator[str]:
    """The site of an app, with its public address set to where it listens."""

    async def take_in(feed: Feed, fetched: Fetched) -> object:
        (state,) = app.feed_states([feed.id])
        walk = Poll(feed=feed, state=state, fetched=fetched)
        return await asyncio.to_thread(app.pipeline.take_in, walk, now=clock())

    async with serve(site(app, ingest or take_in, clock=clock), "127.0.0.1:0") as port:
        moved_to(app, f"http://127.0.0.1:{port}")
        yield f"http://127.0.0.1:{port}"


async def come(what: Callable[[], bool]) -> None:
    """Wait until something holds that happens in another thread."""
    async with asyncio.timeout(60):
        while not what():  # noqa: ASYNC110 -- the thread knows no event of this loop
            await asyncio.sleep(0.02)


@pytest.fixture
def server() -> Iterator[FeedServer]:
    with FeedServer() as running:
        yield running


@pytest.fixture
def hub() -> Iterator[Hub]:
    with Hub() as running:
        yield running


@pytest.fixture
def app(store_url: str, server: FeedServer) -> Iterator[App]:
    """An app with the paper's feed, on SQLite, then on PostgreSQL."""
    made = built(store_url, paper(server))
    yield made
    made.close()


@pytest.fixture
def lite(sqlite_template: Path, tmp_path: Path, server: FeedServer) -> Iterator[App]:
    """The same on SQLite alone: for what is the same on both."""
    shutil.copy(sqlite_template, tmp_path / "monitor.db")
    made = built(f"sqlite:///{tmp_path / 'monitor.db'}", paper(server))
    yield made
    made.close()


async def subscribed(app: App, server: FeedServer, hub: Hub, now: dt.datetime = NOW) -> None:
    """The feed polled once, and its hub asked."""
    server.serve("/feed", Answer(body=document(server, hub.url, 1)))
    await poll(app, now)
    assert await ask_hubs(app, now) == 1


# ---------------------------------------------------------------------------------------- from end to end


async def test_what_a_hub_pushes_is_stored_once_and_the_next_poll_finds_nothing_new(
    app: App, server: FeedServer, hub: Hub
) -> None:
    clock = Set()
    async with listening(app, clock) as base:
        await subscribed(app, server, hub)
        form = hub.forms[0]
        assert form == {
            "hub.mode": "subscribe",
            "hub.topic": server.url("/feed"),
            "hub.callback": f"{base}/websub/{push_of(app).token}",
            "hub.lease_seconds": "864000",
            "hub.secret": push_of(app).secret,
        }
        assert hub.verified == [("subscribe", hub.verified[0][1])]
        assert (hub.verified[0][1].status, hub.verified[0][1].body) == (200, "challenge-17")
        assert hub.verified[0][1].headers["content-type"] == "text/plain; charset=utf-8"
        assert (push_of(app).verified_at, push_of(app).lease_until) == (NOW, NOW + dt.timedelta(days=10))
        clock.now = NOW + dt.timedelta(minutes=3)
        for _ in range(2):  # hubs send twice where they are not sure
            told = await asyncio.to_thread(hub.push, document(server, hub.url, 1, 2))
            assert (told.status, told.body) == (200, "")
        assert entries(app) == ["Report number 1 from Nemuro", "Report number 2 from Nemuro"]
        assert push_of(app).last_push_at == clock.now
        server.serve("/feed", Answer(body=document(server, hub.url, 1, 2)))
        (polled,) = await poll(app, NOW + HOUR)
        assert (polled.accounts, push_of(app).missed, push_of(app).verified_at) == ((), 0, NOW)
        assert await ask_hubs(app, NOW + HOUR) == 0
    assert entries(app) == ["Report number 1 from Nemuro", "Report number 2 from Nemuro"]


async def test_a_push_may_hold_the_new_item_alone(app: App, server: FeedServer, hub: Hub) -> None:
    async with listening(app, Set()):
        await subscribed(app, server, hub)
        assert (await asyncio.to_thread(hub.push, document(server, hub.url, 2))).status == 200
        assert entries(app) == ["Report number 1 from Nemuro", "Report number 2 from Nemuro"]
        (polled,) = await poll(app, NOW + HOUR)  # the server still shows item 1 alone
    assert (polled.accounts, polled.state.gap) == ((), None)


async def test_pace_and_validators_are_those_of_the_polls(lite: App, server: FeedServer, hub: Hub) -> None:
    async with listening(lite, Set(NOW + HOUR)):
        await subscribed(lite, server, hub)
        (before,) = lite.feed_states([PAPER])
        await asyncio.to_thread(hub.push, document(server, hub.url, 1, 2))
        (after,) = lite.feed_states([PAPER])
    kept = ("interval", "next_poll_at", "last_attempt_at", "last_success_at", "polls", "etag", "body_hash", "problem")
    assert [getattr(after, name) for name in kept] == [getattr(before, name) for name in kept]


@pytest.mark.parametrize("method", websub.METHODS)
async def test_every_signature_of_the_specification_is_understood(
    lite: App, server: FeedServer, hub: Hub, method: str
) -> None:
    async with listening(lite, Set()):
        await subscribed(lite, server, hub)
        told = await asyncio.to_thread(functools.partial(hub.push, document(server, hub.url, 1, 2), method=method))
    assert (told.status, len(entries(lite))) == (200, 2)


async def test_a_push_without_our_signature_is_answered_alike_and_thrown_away(
    lite: App, server: FeedServer, hub: Hub
) -> None:
    async with listening(lite, Set()) as base:
        await subscribed(lite, server, hub)
        body = document(server, hub.url, 1, 2)
        right = hmac.new(push_of(lite).secret.encode(), body, hashlib.sha256).hexdigest()
        given = [
            functools.partial(hub.push, body, method=""),
            functools.partial(hub.push, body, secret="guessed"),
            *(
                functools.partial(hub.push, body, method="", headers={"X-Hub-Signature": signature})
                for signature in ("", right, f"md5={right}", f"sha256={right[:-1]}", "sha256=", "sha256=é", "sha256")
            ),
        ]
        answers = [await asyncio.to_thread(each) for each in given]
        assert {(told.status, told.body) for told in answers} == {(200, "")}
        assert (entries(lite), push_of(lite).last_push_at) == (["Report number 1 from Nemuro"], None)
        assert await counted(base, "forged") == len(given)


async def counted(base: str, outcome: str) -> float:
    """How often the page says this became of a hub's request."""
    page = await asyncio.to_thread(_text, f"{base}/metrics")
    (line,) = [
        row for row in page.splitlines() if row.startswith(f'monitor_websub_requests_total{{outcome="{outcome}"')
    ]
    return float(line.rpartition(" ")[2])


def _text(url: str) -> str:
    import urllib.request

    with urllib.request.urlopen(url, timeout=20) as answer:
        return str(answer.read().decode())


async def test_a_push_that_cannot_be_kept_is_answered_503_so_that_the_hub_sends_it_again(
    lite: App, server: FeedServer, hub: Hub
) -> None:
    faults: list[Exception] = [StoreError("the database said no: disk full"), ZeroDivisionError("a mistake of ours")]

    async def away(feed: Feed, fetched: Fetched) -> None:
        raise faults.pop(0)

    async with listening(lite, Set(), away) as base:
        await subscribed(lite, server, hub)
        for _ in range(2):
            told = await asyncio.to_thread(hub.push, document(server, hub.url, 1, 2))
            assert (told.status, told.body, told.headers["retry-after"]) == (503, "", "60")
        assert await counted(base, "failed") == 2
    assert entries(lite) == ["Report number 1 from Nemuro"]


async def test_a_push_during_a_poll_leaves_both_memories_whole(app: App, server: FeedServer, hub: Hub) -> None:
    clock = Set()
    async with listening(app, clock):
        await subscribed(app, server, hub)
        server.serve("/feed", Answer(body=document(server, hub.url, 1, 2, 3), delay=1.0))
        asked = len(server.requests)
        polling = asyncio.create_task(poll(app, NOW + HOUR))
        await come(lambda: len(server.requests) > asked)
        clock.now = NOW + HOUR
        assert (await asyncio.to_thread(hub.push, document(server, hub.url, 1, 2))).status == 200
        assert not polling.done()
        (polled,) = await polling
    (state,) = app.feed_states([PAPER])
    assert (len(entries(app)), polled.state.polls, state.polls, state.last_attempt_at) == (3, 2, 2, NOW + HOUR)
    assert (push_of(app).last_push_at, push_of(app).verified_at) == (NOW + HOUR, NOW)


async def test_a_push_does_not_give_back_the_lease_of_a_poll_that_runs(app: App, server: FeedServer, hub: Hub) -> None:
    async with listening(app, Set(NOW + HOUR)):
        await subscribed(app, server, hub)
        lease = functools.partial(app.lease, NOW + 2 * HOUR, feeds=app.feeds, until=NOW + 3 * HOUR, limit=9)
        assert len(lease()) == 1
        assert (await asyncio.to_thread(hub.push, document(server, hub.url, 1, 2))).status == 200
        assert lease() == []


async def test_the_daemon_subscribes_by_itself_and_takes_in_what_is_pushed(
    lite: App, server: FeedServer, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = free_port()
    web = lite.config.settings.web.model_copy(
        update={"listen": f"127.0.0.1:{port}", "public_url": f"http://127.0.0.1:{port}"}
    )
    lite.config = dataclasses.replace(lite.config, settings=lite.config.settings.model_copy(update={"web": web}))
    monkeypatch.setattr("monitor.daemon.RENEW", dt.timedelta(seconds=0.2))
    server.serve("/feed", Answer(body=document(server, hub.url, 1)))
    daemon = Daemon(lite)
    running = asyncio.create_task(daemon.run())
    try:
        await come(lambda: running.done() or bool(hub.subscribers))
        told = await asyncio.to_thread(hub.push, document(server, hub.url, 1, 2))
        ready = await asyncio.to_thread(_text, f"http://127.0.0.1:{port}/readyz")
    finally:
        daemon.stop()
        await running
    assert (told.status, len(entries(lite)), len(server.requests)) == (200, 2, 1)
    assert ready == '{"ready":true,"database":true,"heartbeat":true}'


def free_port() -> int:
    """A port that nobody listens at."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


# ------------------------------------------------------------------------------------------ a hub's questions


async def test_a_question_that_names_no_wish_of_ours_is_answered_404(lite: App, server: FeedServer, hub: Hub) -> None:
    async with listening(lite, Set()):
        await subscribed(lite, server, hub)
        held, form = push_of(lite), hub.forms[0]
        asked = functools.partial(hub.ask, form)
        base, _, token = form["hub.callback"].rpartition("/")
        for question in (
            functools.partial(asked, topic="https://elsewhere.example/feed"),
            functools.partial(asked, topic=""),
            functools.partial(asked, mode="unsubscribe"),
            functools.partial(asked, mode="publish"),
            functools.partial(asked, mode="denied", topic="https://elsewhere.example/feed"),
            functools.partial(hub.ask, {**form, "hub.callback": f"{base}/{token[:-1]}"}),
            functools.partial(hub.ask, {**form, "hub.callback": f"{base}/paper.{'x' * 43}"}),
            functools.partial(hub.ask, {**form, "hub.callback": f"{base}/other.{'x' * 43}"}),
            functools.partial(hub.ask, {**form, "hub.callback": f"{base}/paper%00.{'x' * 43}"}),
            functools.partial(hub.ask, {**form, "hub.callback": f"{base}/"}),
        ):
            told = await asyncio.to_thread(question)
            assert (told.status, "challenge-17" in told.body) == (404, False), question
        pushed = functools.partial(hub.push, b"x", callback=f"{base}/paper.{'x' * 43}")
        assert (await asyncio.to_thread(pushed)).status == 404
        assert push_of(lite) == held


async def test_a_hub_that_denies_is_asked_again_ever_more_rarely(app: App, server: FeedServer, hub: Hub) -> None:
    async with listening(app, Set()):
        await subscribed(app, server, hub)
        told = await asyncio.to_thread(hub.deny, "too many subscribers")
        assert told.status == 200
        push = push_of(app)
        assert (push.verified_at, push.lease_until, push.refused) == (None, None, "too many subscribers")
        hub.verifies = False
        moments = [NOW + dt.timedelta(minutes=5 * step) for step in range(36)]
        asked = [moment - NOW for moment in moments if await ask_hubs(app, moment)]
    assert asked == [dt.timedelta(minutes=minutes) for minutes in (0, 5, 15, 35, 75, 155)]


@pytest.mark.parametrize(("status", "why"), [(403, "HTTP 403: this hub does not know you"), (503, "HTTP 503")])
async def test_a_hub_that_refuses_the_form_is_remembered_with_its_words(
    lite: App, server: FeedServer, hub: Hub, status: int, why: str
) -> None:
    hub.status = status
    async with listening(lite, Set()):
        await subscribed(lite, server, hub)
    assert push_of(lite).refused.startswith(why)
    assert push_of(lite).verified_at is None


async def test_a_hub_that_is_not_there_delays_nothing_but_itself(lite: App, server: FeedServer, hub: Hub) -> None:
    server.serve("/feed", Answer(body=document(server, "http://127.0.0.1:9/hub", 1)))
    await poll(lite, NOW)
    assert await ask_hubs(lite, NOW) == 1
    push = push_of(lite)
    assert (push.asks, push.asked_at, push.refused.partition(":")[0]) == (1, NOW, "not reached")


async def test_a_lease_is_renewed_at_its_half_with_the_same_callback_and_secret(
    lite: App, server: FeedServer, hub: Hub
) -> None:
    hub.lease = 7200
    clock = Set()
    async with listening(lite, clock):
        await subscribed(lite, server, hub)
        assert push_of(lite).lease_until == NOW + 2 * HOUR
        assert await ask_hubs(lite, NOW + dt.timedelta(minutes=59)) == 0
        clock.now = NOW + HOUR
        assert await ask_hubs(lite, clock.now) == 1
    assert hub.forms[1] == hub.forms[0]
    assert (push_of(lite).verified_at, push_of(lite).lease_until) == (NOW + HOUR, NOW + 3 * HOUR)


async def test_a_feed_that_is_polled_no_more_is_unsubscribed_and_its_pushes_are_answered_410(
    lite: App, server: FeedServer, hub: Hub
) -> None:
    async with listening(lite, Set()):
        await subscribed(lite, server, hub)
    lite.config = dataclasses.replace(lite.config, feeds=(paper(server, enabled=False, reason="not read any more"),))
    async with listening(lite, Set()):
        form = dict(hub.forms[0])
        form["hub.callback"] = form["hub.callback"].replace(
            urlsplit(form["hub.callback"]).netloc, urlsplit(lite.config.settings.web.public_url).netloc
        )
        hub.forms.append(form)
        assert (await asyncio.to_thread(hub.push, b"x")).status == 410
        assert await ask_hubs(lite, NOW + HOUR) == 1
        assert (hub.forms[-1]["hub.mode"], hub.verified[-1][1].status) == ("unsubscribe", 200)
        assert (lite.feed_states([PAPER])[0].push, await ask_hubs(lite, NOW + 2 * HOUR)) == (None, 0)


async def test_a_feed_that_names_another_hub_leaves_the_one_before(app: App, server: FeedServer, hub: Hub) -> None:
    async with listening(app, Set()):
        await subscribed(app, server, hub)
        secret = push_of(app).secret
        with Hub() as other:
            server.serve("/feed", Answer(body=document(server, other.url, 1, 2)))
            await poll(app, NOW + HOUR)
            assert (push_of(app).hub, push_of(app).left_hub) == (other.url, hub.url)
            assert await ask_hubs(app, NOW + HOUR) == 1
            assert ([form["hub.mode"] for form in other.forms], hub.forms[-1]["hub.mode"]) == (
                ["subscribe"],
                "unsubscribe",
            )
            assert (len(other.subscribers), len(hub.subscribers)) == (1, 0)
            stale = functools.partial(hub.push, document(server, hub.url, 1, 2, 3), secret=secret)
            assert (await asyncio.to_thread(stale)).status == 200
            assert (push_of(app).left_hub, len(entries(app))) == ("", 2)
            assert (await asyncio.to_thread(other.push, document(server, hub.url, 1, 2, 3))).status == 200
    assert len(entries(app)) == 3


async def test_without_a_public_address_no_hub_is_asked(lite: App, server: FeedServer, hub: Hub) -> None:
    moved_to(lite, "")
    server.serve("/feed", Answer(body=document(server, hub.url, 1)))
    await poll(lite, NOW)
    assert (await ask_hubs(lite, NOW), hub.forms, push_of(lite).token) == (0, [], "")


# ---------------------------------------------------------------------------------------------- bounds


async def test_a_push_above_the_cap_is_refused_before_it_is_read(
    sqlite_template: Path, tmp_path: Path, server: FeedServer, hub: Hub
) -> None:
    shutil.copy(sqlite_template, tmp_path / "monitor.db")
    app = built(f"sqlite:///{tmp_path / 'monitor.db'}", paper(server), most=10_000)
    with contextlib.closing(app):
        async with listening(app, Set()) as base:
            await subscribed(app, server, hub)
            assert await posted(hub.callback, b"x" * 100, length=20_000) == 413
            chunks = b"".join(b"1000\r\n" + b"y" * 0x1000 + b"\r\n" for _ in range(4)) + b"0\r\n\r\n"
            assert await posted(hub.callback, chunks) == 413
            assert await counted(base, "too-large") == 2


async def test_a_hub_that_drips_is_ended_and_others_are_answered_meanwhile(
    lite: App, server: FeedServer, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subscriber, "BODY", dt.timedelta(seconds=0.5))
    async with listening(lite, Set()) as base:
        await subscribed(lite, server, hub)
        slow = [asyncio.create_task(posted(hub.callback, b"x", length=5_000)) for _ in range(subscriber.BODIES + 2)]
        await asyncio.sleep(0.1)
        assert await asyncio.to_thread(_text, f"{base}/healthz") == '{"alive":true}'
        assert await asyncio.gather(*slow) == [408] * len(slow)
        assert await counted(base, "slow") == len(slow)
        assert (await asyncio.to_thread(hub.push, document(server, hub.url, 1, 2))).status == 200


async def test_a_hub_that_hangs_up_in_the_midst_leaves_nothing(lite: App, server: FeedServer, hub: Hub) -> None:
    async with listening(lite, Set()) as base:
        await subscribed(lite, server, hub)
        assert await posted(hub.callback, b"x", length=5_000, hang_up=True) == 0
        while await counted(base, "cut-short") == 0:  # noqa: ASYNC110 -- another process could not be waited for either
            await asyncio.sleep(0.02)
    assert entries(lite) == ["Report number 1 from Nemuro"]


async def test_a_push_under_a_content_coding_is_refused_and_an_empty_one_dropped(
    lite: App, server: FeedServer, hub: Hub
) -> None:
    async with listening(lite, Set()):
        await subscribed(lite, server, hub)
        packed = functools.partial(hub.push, b"x", headers={"Content-Encoding": "gzip"})
        assert (await asyncio.to_thread(packed)).status == 415
        assert (await asyncio.to_thread(hub.push, b" ")).status == 200
    assert push_of(lite).last_push_at is None


async def test_a_push_for_a_paused_feed_is_dropped_and_the_subscription_stays(
    lite: App, server: FeedServer, hub: Hub
) -> None:
    async with listening(lite, Set()):
        await subscribed(lite, server, hub)
        with lite.store.begin() as tx:
            tx.save_feed_state(replace(tx.feed_state(PAPER), paused=True))
        assert (await asyncio.to_thread(hub.push, document(server, hub.url, 1, 2))).status == 200
    assert (entries(lite), push_of(lite).verified_at) == (["Report number 1 from Nemuro"], NOW)


async def test_an_answer_that_hangs_is_ended_so_that_the_hub_sends_it_again(
    lite: App, server: FeedServer, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("monitor.web.server.HEAD", dt.timedelta(seconds=0.1))
    monkeypatch.setattr("monitor.web.server.ANSWER", dt.timedelta(seconds=0.3))
    going = asyncio.Event()

    async def stuck(feed: Feed, fetched: Fetched) -> None:
        await going.wait()

    async with listening(lite, Set(), stuck):
        await subscribed(lite, server, hub)
        with pytest.raises(ConnectionError):
            await asyncio.to_thread(hub.push, document(server, hub.url, 1, 2))
        going.set()


async def test_a_stop_waits_for_the_push_that_is_being_taken_in(lite: App, server: FeedServer, hub: Hub) -> None:
    begun = asyncio.Event()

    async def slowly(feed: Feed, fetched: Fetched) -> None:
        begun.set()
        await asyncio.sleep(0.5)

    async with listening(lite, Set(), slowly):
        await subscribed(lite, server, hub)
        pushing = asyncio.create_task(asyncio.to_thread(hub.push, document(server, hub.url, 1, 2)))
        await begun.wait()
    assert (await pushing).status == 200


async def test_no_body_stands_in_the_log(
    lite: App, server: FeedServer, hub: Hub, capsys: pytest.CaptureFixture[str]
) -> None:
    async with listening(lite, Set()):
        await subscribed(lite, server, hub)
        for secret in (None, "guessed"):
            await asyncio.to_thread(functools.partial(hub.push, rss(item(7, title="Tulips at noon")), secret=secret))
        push = push_of(lite)
    said = "".join(capsys.readouterr())
    assert "hub heard" in said
    assert not [word for word in ("Tulips", push.secret, push.token) if word in said]


async def posted(url: str, body: bytes, *, length: int | None = None, hang_up: bool = False) -> int:
    """The status that a raw POST is answered with; ``length`` is what it says of itself, without it, it is chunked."""
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    told = f"Content-Length: {length}" if length is not None else "Transfer-Encoding: chunked"
    writer.write(f"POST {parts.path} HTTP/1.1\r\nHost: x\r\nContent-Type: {RSS}\r\n{told}\r\n\r\n".encode() + body)
    await writer.drain()
    try:
        if hang_up:
            await asyncio.sleep(0.1)
            return 0
        line = await asyncio.wait_for(reader.readline(), 20)
        return int(line.split()[1])
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


# ------------------------------------------------------------------------------------------- as decisions


def held(**fields: object) -> FeedState:
    """A feed whose publisher names a hub."""
    push = Push(**{"hub": "https://hub.example/", "topic": "https://paper.example/rss", **fields})  # type: ignore[arg-type]
    return make.feed_state("paper", push=push)


def verified(**fields: object) -> FeedState:
    """The same, subscribed for ten days from now on."""
    lease = {"verified_at": NOW, "lease_until": make.at(days=10), "token": "paper.t", "secret": "s", "asked_at": NOW}
    return held(**{**lease, **fields})


@pytest.mark.parametrize(
    ("feed", "state", "hours", "wanted"),
    [
        pytest.param(make.feed("paper"), make.feed_state("paper"), 0, False, id="it names no hub"),
        pytest.param(make.feed("paper"), held(), 0, True, id="never asked"),
        pytest.param(make.feed("paper"), held(topic=""), 0, False, id="a hub without a topic"),
        pytest.param(make.feed("paper"), held(asks=1, asked_at=NOW), 0.08, False, id="asked within 5 minutes"),
        pytest.param(make.feed("paper"), held(asks=1, asked_at=NOW), 0.09, True, id="5 minutes without an answer"),
        pytest.param(make.feed("paper"), held(asks=40, asked_at=NOW), 23.9, False, id="the pause grows"),
        pytest.param(make.feed("paper"), held(asks=40, asked_at=NOW), 24, True, id="up to a day"),
        pytest.param(make.feed("paper"), verified(), 119, False, id="before half the lease"),
        pytest.param(make.feed("paper"), verified(), 120, True, id="half the lease"),
        pytest.param(make.feed("paper"), replace(held(), paused=True), 0, False, id="paused by hand"),
        pytest.param(make.feed("paper"), verified(asks=1, asked_at=make.at(hours=241)), 241.1, True, id="run out"),
        pytest.param(None, verified(), 1, True, id="no feed any more: leave"),
        pytest.param(None, verified(), 241, False, id="no feed any more, and the lease ran out"),
        pytest.param(None, held(), 0, False, id="no feed any more, and never subscribed"),
        pytest.param(make.feed("paper"), held(hub="http://hub.example/"), 0, False, id="the secret in clear"),
        pytest.param(make.feed("paper", insecure=True), held(hub="http://hub.example/"), 0, True, id="it is allowed"),
        pytest.param(make.feed("paper", insecure=True), held(hub="ftp://hub.example/"), 0, False, id="no web address"),
    ],
)
def test_a_hub_is_asked_when(feed: Feed | None, state: FeedState, hours: float, wanted: bool) -> None:
    feeds = {feed.id: feed} if feed is not None else {}
    assert bool(due(feeds, {PAPER: state}, make.at(hours=hours))) is wanted


def test_what_is_remembered_before_a_hub_is_asked() -> None:
    words = iter(("token", "secret"))
    asked = ask(make.feed("paper"), held(), "https://monitor.example/base/", NOW, fresh=lambda _: next(words))
    assert asked.state == held(token="paper.token", secret="secret", asked_at=NOW, asks=1)
    assert [request.hub for request in asked.requests] == ["https://hub.example/"]
    assert asked.requests[0].fields["hub.callback"] == "https://monitor.example/base/websub/paper.token"


def test_token_and_secret_cannot_be_guessed_and_fit_the_specification() -> None:
    pushes = [ask(make.feed("paper"), held(), "https://monitor.example", NOW).state.push for _ in range(2)]
    assert len({push.token for push in pushes if push} | {push.secret for push in pushes if push}) == 4
    assert all(push is not None and 43 <= len(push.secret) < 200 for push in pushes)
    assert all(push is not None and feed_of(push.token) == PAPER for push in pushes)


@pytest.mark.parametrize("token", ["", ".", "paper", "paper.short", "Paper." + "x" * 43, "paper/." + "x" * 43])
def test_what_is_no_token_is_of_no_feed(token: str) -> None:
    assert feed_of(token) is None


@pytest.mark.parametrize(
    ("said", "lease"),
    [
        ("3600", HOUR), ("3600.0", HOUR), ("60", dt.timedelta(minutes=1)), ("1", dt.timedelta(minutes=1)),
        *((said, dt.timedelta(days=1)) for said in ("", "-5", "0", "soon", "nan", "inf", "9" * 400)),
        ("9" * 30, dt.timedelta(days=30)),
    ],
)  # fmt: skip
def test_a_lease_is_taken_within_bounds(said: str, lease: dt.timedelta) -> None:
    moved = heard(
        make.feed("paper"), held(asks=2), Heard(mode="subscribe", topic="https://paper.example/rss", lease=said), NOW
    )
    assert moved == held(verified_at=NOW, lease_until=NOW + lease)


def test_a_denial_ends_what_was_verified() -> None:
    said = Heard(mode="denied", topic="https://paper.example/rss", reason=" no \n" + "x" * 1000)
    moved = heard(make.feed("paper"), verified(), said, NOW)
    assert moved == verified(verified_at=None, lease_until=None, refused=("no \n" + "x" * 1000)[:300])


def test_a_refused_renewal_leaves_the_lease_that_stands() -> None:
    assert refused(verified(), "HTTP 500") == verified(refused="HTTP 500")


def test_without_a_secret_no_signature_is_good() -> None:
    body, signed = b"x", "sha256=" + hmac.new(b"", b"x", hashlib.sha256).hexdigest()
    assert not genuine(Push(hub="h", topic="t"), body, signed)


@settings(max_examples=200, derandomize=True, deadline=None)
@given(words=st.lists(st.text(max_size=40), min_size=5, max_size=5), body=st.binary(max_size=100))
def test_nothing_a_stranger_sends_is_taken_for_our_hubs(words: list[str], body: bytes) -> None:
    mode, topic, lease, reason, signature = words
    state = verified()
    assert state.push is not None
    assert not genuine(state.push, body, signature)
    assert not websub.is_token_of(state, signature)
    assert heard(make.feed("paper"), state, Heard(mode=mode, topic=topic, lease=lease, reason=reason), NOW) is None
    known = heard(make.feed("paper"), state, Heard(mode="subscribe", topic=state.push.topic, lease=lease), NOW)
    assert known is not None
    assert known.push is not None
    assert known.push.lease_until is not None
    assert websub.LEASE_LEAST <= known.push.lease_until - NOW <= websub.LEASE_MOST
