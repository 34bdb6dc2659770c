"""The subscriber at work: answers hubs at the callback, and asks them to subscribe, renew or leave.

What it decides is ``websub``'s. It never logs a body, never polls, and never says 2xx to a push before it is committed:
a hub sends again what it believes lost.
"""

from __future__ import annotations

import asyncio
import dataclasses
import datetime as dt
from collections.abc import Awaitable, Callable, Mapping
from email.message import Message
from typing import Protocol

import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response

from monitor.app import App
from monitor.entities import Feed, FeedId, FeedState, Fetched
from monitor.errors import MonitorError
from monitor.web import websub
from monitor.web.websub import Mode, Outcome

log = structlog.get_logger("monitor.web")

Ingest = Callable[[Feed, Fetched], Awaitable[object]]
"""Takes in what a hub pushed for a feed; returns when it is committed, and raises where it is not."""

BODY = dt.timedelta(seconds=30)
"""How long a hub may take to send one document."""
BODIES = 4
"""Pushes read at once: with ``http.max_bytes`` each, the most memory that hubs can take."""
ASKS = 4
"""Hubs asked at once: one that does not answer holds up a quarter of the others."""
AGAIN = "60"
"""Seconds after which a hub may send again what could not be kept."""
_HEARD: Mapping[str, Outcome] = {
    Mode.SUBSCRIBE: Outcome.SUBSCRIBED,
    Mode.UNSUBSCRIBE: Outcome.UNSUBSCRIBED,
    Mode.DENIED: Outcome.DENIED,
}


class Answered(Protocol):
    """What became of a form: the hub's status (None: it could not be asked), and what it said or what went wrong."""

    @property
    def status(self) -> int | None:
        """The status line's number."""
        ...

    @property
    def message(self) -> str:
        """Words for the operator."""
        ...


class Hubs(Protocol):
    """The way to the hubs; ``sources.http.Http`` is one."""

    async def subscribe(self, hub: str, form: Mapping[str, str], /) -> Answered:
        """Send one form to a hub. Never raises for what the world does."""
        ...


class Subscriber:
    """Answers the hubs of one app. ``count`` is told what became of each request."""

    def __init__(
        self, app: App, ingest: Ingest, *, clock: Callable[[], dt.datetime], count: Callable[[Outcome], None]
    ) -> None:
        self._app = app
        self._ingest = ingest
        self._clock = clock
        self._count = count
        self._feeds = polled(app)
        self._reading = asyncio.Semaphore(BODIES)

    async def callback(self, request: Request) -> Response:
        """A hub's question (GET) or what it distributes (POST)."""
        token = request.path_params["token"]
        feed_id = websub.feed_of(token)
        if feed_id is None:
            return self._said(Outcome.UNKNOWN, 404)
        try:
            state = await asyncio.to_thread(_state, self._app, feed_id)
            if not websub.is_token_of(state, token):
                return self._said(Outcome.UNKNOWN, 404)
            if request.method == "POST":
                return await self._received(request, state)
            return await self._verified(request, state)
        except ClientDisconnect:
            return self._said(Outcome.CUT_SHORT, 400)
        except MonitorError as error:
            log.error("a hub is asked to come again", error=str(error))
            return self._said(Outcome.FAILED, 503)

    # ------------------------------------------------------------------------------------- a hub's question

    async def _verified(self, request: Request, state: FeedState) -> Response:
        """Verification of intent: the challenge back where it is our wish, 404 where it is not."""
        asked = request.query_params
        said = websub.Heard(
            mode=asked.get("hub.mode", ""),
            topic=asked.get("hub.topic", ""),
            lease=asked.get("hub.lease_seconds", ""),
            reason=asked.get("hub.reason", ""),
        )
        if not await asyncio.to_thread(self._heard, state, said):
            return self._said(Outcome.NOT_OURS, 404)
        self._count(_HEARD[said.mode])
        return PlainTextResponse(asked.get("hub.challenge", ""))

    def _heard(self, before: FeedState, said: websub.Heard) -> bool:
        """Whether it is our wish; then it is written down before the hub hears so."""
        feed_id, now = before.feed_id, self._clock()
        with self._app.store.begin() as tx:
            state = tx.feed_state(feed_id)  # anew: a poll may have moved it meanwhile
            moved = websub.heard(self._feeds.get(feed_id), state, said, now)
            if moved is None:
                log.warning("a hub's question names no wish of ours", feed=feed_id, mode=said.mode[:20])
                return False
            tx.save_feed_state(moved)
        log.info("hub heard", feed=feed_id, mode=said.mode, reason=said.reason[: websub.REASON_MOST])
        return True

    # ------------------------------------------------------------------------------------- what a hub sends

    async def _received(self, request: Request, state: FeedState) -> Response:
        """Content distribution. A push that is not signed with our secret is answered like any, and thrown away."""
        feed, push = self._feeds.get(state.feed_id), state.push
        if feed is None or push is None:
            return self._said(Outcome.UNWANTED, 410)  # the hub may end the subscription
        if request.headers.get("Content-Encoding", "identity").strip().casefold() not in {"", "identity"}:
            return self._said(Outcome.ENCODED, 415)
        try:
            async with asyncio.timeout(BODY.total_seconds()), self._reading:
                body = await self._body(request)
        except TimeoutError:
            return self._said(Outcome.SLOW, 408)
        if body is None:
            return self._said(Outcome.TOO_LARGE, 413)
        signature = request.headers.get("X-Hub-Signature", "")
        if not await asyncio.to_thread(websub.genuine, push, body, signature):
            log.warning("push without a good signature dropped", feed=feed.id, bytes=len(body))
            return self._said(Outcome.FORGED, 200)
        if not body.strip():
            return self._said(Outcome.EMPTY, 200)
        if state.paused:
            return self._said(Outcome.PAUSED, 200)  # anything else would cost the subscription
        return await self._taken_in(feed, _pushed(feed, push.topic, body, request, self._clock()))

    async def _taken_in(self, feed: Feed, fetched: Fetched) -> Response:
        try:
            await self._ingest(feed, fetched)
        except MonitorError:
            raise
        except Exception:  # a mistake of ours; the hub comes again, and the poll stays the safety net
            log.exception("push not kept", feed=feed.id)
            return self._said(Outcome.FAILED, 503)
        return self._said(Outcome.KEPT, 200)

    async def _body(self, request: Request) -> bytes | None:
        """The body; None where it is larger than a document may be, said or found out."""
        most = self._app.config.settings.http.max_bytes
        told = request.headers.get("Content-Length", "")
        if told.isascii() and told.isdigit() and int(told[:12]) > most:
            return None
        pieces, size = [], 0
        async for piece in request.stream():
            size += len(piece)
            if size > most:
                return None
            pieces.append(piece)
        return b"".join(pieces)

    def _said(self, outcome: Outcome, status: int) -> Response:
        """A short answer, counted."""
        self._count(outcome)
        headers = {"Retry-After": AGAIN} if status == 503 else {}
        return PlainTextResponse("", status_code=status, headers=headers)


async def renew(app: App, hubs: Hubs, now: dt.datetime) -> int:
    """Ask every hub whose time has come; says for how many feeds.

    Nothing is asked without a public address. What is asked is committed first, since a hub may verify before it
    answers; an ask that nothing comes of is repeated ever more rarely.
    """
    public_url = app.config.settings.web.public_url
    if not public_url:
        return 0
    feeds = polled(app)
    free = asyncio.Semaphore(ASKS)

    async def one(feed_id: FeedId) -> None:
        async with free:
            asked = await asyncio.to_thread(_asked, app, feeds.get(feed_id), feed_id, public_url, now)
            for request in asked.requests if asked is not None else ():
                await _ask(app, hubs, feed_id, request)

    due = await asyncio.to_thread(_due, app, feeds, now)
    try:
        async with asyncio.TaskGroup() as asking:
            for feed_id in due:
                asking.create_task(one(feed_id))
    except* MonitorError as errors:  # the database is away for all alike: the first tells it
        raise errors.exceptions[0] from None
    return len(due)


async def _ask(app: App, hubs: Hubs, feed_id: FeedId, request: websub.Request) -> None:
    """Send one form, and remember a refusal."""
    answer = await hubs.subscribe(request.hub, request.fields)
    told = {"feed": feed_id, "hub": request.hub, "mode": request.fields["hub.mode"], "status": answer.status}
    if answer.status is not None and 200 <= answer.status < 300:
        log.info("hub asked", **told)
        return
    log.warning("hub refuses", **told, message=answer.message[: websub.REASON_MOST])
    await asyncio.to_thread(_refused, app, feed_id, request, answer)


def polled(app: App) -> Mapping[FeedId, Feed]:
    """The feeds that are polled, and so may be pushed."""
    return {feed.id: feed for feed in app.feeds if feed.enabled}


def _state(app: App, feed: FeedId) -> FeedState:
    with app.store.read() as tx:
        return tx.feed_state(feed)


def _due(app: App, feeds: Mapping[FeedId, Feed], now: dt.datetime) -> list[FeedId]:
    with app.store.read() as tx:
        return [state.feed_id for state in websub.due(feeds, tx.feed_states(), now)]


def _asked(app: App, feed: Feed | None, feed_id: FeedId, public_url: str, now: dt.datetime) -> websub.Asked | None:
    with app.store.begin() as tx:
        state = tx.feed_state(feed_id)
        if state.push is None:  # a poll found meanwhile that the hub is gone
            return None
        asked = websub.ask(feed, state, public_url, now)
        tx.save_feed_state(asked.state)
    return asked


def _refused(app: App, feed_id: FeedId, request: websub.Request, answer: Answered) -> None:
    """Remember why a hub would not have us; a hub that was left anyway has no say."""
    with app.store.begin() as tx:
        state = tx.feed_state(feed_id)
        if state.push is not None and state.push.hub == request.hub:
            why = f"HTTP {answer.status}" if answer.status is not None else "not reached"
            tx.save_feed_state(websub.refused(state, f"{why}: {answer.message}".removesuffix(": ")))


def _pushed(feed: Feed, topic: str, body: bytes, request: Request, now: dt.datetime) -> Fetched:
    """A push in the shape of what a poll fetches, so that it walks the same corridor."""
    kind = Message()
    kind["Content-Type"] = request.headers.get("Content-Type", "")
    return dataclasses.replace(
        Fetched(feed_id=feed.id, url=feed.url, at=now),
        final_url=topic, status=200, body=body, content_type=kind.get_content_type(),
        charset=kind.get_content_charset(), pushed=True,
    )  # fmt: skip
