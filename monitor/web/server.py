"""Serving a site inside a loop that runs already, for as long as a block lasts.

It never handles signals (the daemon does), never outlives its block, and waits for no client longer than it says here.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import structlog
from starlette.types import ASGIApp
from uvicorn import Config, Server
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

from monitor.errors import ConfigError

log = structlog.get_logger("monitor.web")

HEAD = dt.timedelta(seconds=10)
"""How long a connection may stand without a whole request head: a client that drips would hold it for ever."""
ANSWER = dt.timedelta(minutes=2)
"""How long one answer may take, the client's reading of it included; taking in a document takes seconds at most."""
CONNECTIONS = 64
"""At once; above it clients hear 503. Some scrapers and hubs need a handful."""
HEAD_BYTES = 16_384
"""Request line and headers; a WebSub question is below one kilobyte."""
GRACE = dt.timedelta(seconds=5)
"""How long a stop waits for requests that are being answered; a hub that hears nothing sends again."""


@asynccontextmanager
async def serve(site: ASGIApp, listen: str) -> AsyncIterator[int]:
    """Serve at ``listen`` (address:port; port 0 takes a free one) while the block runs; gives the port.

    Raises ``ConfigError`` where nothing can listen there.
    """
    bound = _bound(listen)
    config = Config(
        site,
        http=_Patient,
        ws="none",
        lifespan="on",
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=CONNECTIONS,
        h11_max_incomplete_event_size=HEAD_BYTES,
        timeout_graceful_shutdown=int(GRACE.total_seconds()),
    )
    server = _Server(config)
    port = int(bound.getsockname()[1])
    running = asyncio.create_task(server.serve(sockets=[bound]), name="web")
    try:
        log.info("listening", address=listen, port=port)
        yield port
    finally:
        server.should_exit = True
        try:
            await running
        except Exception:
            log.exception("the page that listens fell over")
        bound.close()


class _Server(Server):
    """uvicorn's server, without its hands on the process."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave SIGTERM and SIGINT to the daemon, which drains first."""
        yield


class _Patient(H11Protocol):
    """uvicorn's HTTP, with an end to its patience: it has none for a request head that never ends."""

    _last: RequestResponseCycle | None = None
    _looks = 0
    _look: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A client came."""
        super().connection_made(transport)
        self._look = self.loop.call_later(HEAD.total_seconds(), self._hang_up_if_idle)

    def connection_lost(self, exc: Exception | None) -> None:
        """It went."""
        if self._look is not None:
            self._look.cancel()
        super().connection_lost(exc)

    def _hang_up_if_idle(self) -> None:
        """Hang up where nothing is being answered and no new request came since the last look, or an answer hangs."""
        cycle: RequestResponseCycle | None = self.cycle  # uvicorn's own annotation forgets that there is none at first
        answering = cycle is not None and not cycle.response_complete
        self._looks = self._looks + 1 if cycle is self._last else 0
        if self._looks and (not answering or self._looks * HEAD >= ANSWER):
            self.transport.abort()
            return
        self._last = cycle
        self._look = self.loop.call_later(HEAD.total_seconds(), self._hang_up_if_idle)


def _bound(listen: str) -> socket.socket:
    """A socket that listens there. The settings saw to it that it is an address and a port."""
    host, _, port = listen.rpartition(":")
    try:
        family, kind, protocol, _, place = socket.getaddrinfo(host.strip("[]"), int(port), type=socket.SOCK_STREAM)[0]
        made = socket.socket(family, kind, protocol)
    except OSError as error:
        raise _cannot(listen, error) from None
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a restart must not wait for old connections
        made.bind(place)
        made.listen()  # here, not when the server comes to it: a client of the first moment waits, a taken port is told
    except OSError as error:
        made.close()
        raise _cannot(listen, error) from None
    made.setblocking(False)
    return made


def _cannot(listen: str, error: OSError) -> ConfigError:
    return ConfigError(
        "monitor.toml", "web.listen", listen, f"nothing can listen there ({error.strerror}): take another port"
    )
