"""The site: which path is answered by what. Health and metrics for machines, and the callback of WebSub hubs.

It never shows what was read, and never answers with an error's text: that stands in the log.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
from collections.abc import AsyncIterator, Callable

import structlog
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from monitor.app import App
from monitor.errors import MonitorError
from monitor.web.metrics import Metrics
from monitor.web.subscriber import Ingest, Subscriber

log = structlog.get_logger("monitor.web")

FRESH = dt.timedelta(seconds=60)
"""The daemon beats every 15 s: four missed beats, and it is not ready."""
PATIENCE = dt.timedelta(seconds=5)
"""How long the database may take to answer a question about health; what asks gives up after some ten."""


def site(app: App, ingest: Ingest, *, clock: Callable[[], dt.datetime]) -> Starlette:
    """The site over one app. ``ingest`` takes in what a hub pushed, and returns when it is committed."""
    metrics = Metrics(app, clock)
    subscriber = Subscriber(app, ingest, clock=clock, count=metrics.websub)
    one_page = asyncio.Lock()  # however many ask, the database is asked once at a time

    async def healthz(_: Request) -> Response:
        """This process answers, whatever else is wrong."""
        return JSONResponse({"alive": True})

    async def readyz(_: Request) -> Response:
        """The database answers and the daemon beats."""
        beat, answers = None, True
        try:
            async with asyncio.timeout(PATIENCE.total_seconds()):
                beat = (await asyncio.to_thread(app.views.beats)).get("daemon")
        except (MonitorError, TimeoutError) as error:
            log.error("not ready: no database", error=str(error) or "it takes too long")
            answers = False
        beats = beat is not None and abs(clock() - beat) <= FRESH
        said = {"ready": answers and beats, "database": answers, "heartbeat": beats}
        return JSONResponse(said, status_code=200 if said["ready"] else 503)

    async def figures(_: Request) -> Response:
        """Prometheus' text."""
        async with one_page:
            page = await asyncio.to_thread(metrics.page)
        return Response(page, headers={"Content-Type": CONTENT_TYPE_PLAIN_0_0_4})

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        watching = asyncio.create_task(metrics.watch_loop(), name="loop stalls")
        try:
            yield
        finally:
            watching.cancel()

    return Starlette(
        routes=[
            Route("/healthz", healthz),
            Route("/readyz", readyz),
            Route("/metrics", figures),
            Route("/websub/{token}", subscriber.callback, methods=["GET", "POST"]),
        ],
        middleware=[Middleware(_Plain)],
        lifespan=lifespan,
    )


class _Plain:
    """Tells browsers to make nothing of an answer but what it says it is, and nobody to keep it."""

    HEADERS = ((b"x-content-type-options", b"nosniff"), (b"cache-control", b"no-store"))

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""

        async def marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *self.HEADERS]
            await send(message)

        await self._app(scope, receive, marked)
