"""One request on its way: turns at each host, redirects by hand, addresses checked, everything bounded.

Never raises for what the world does but as ``Stopped``, and never asks for anything of its own.
"""

from __future__ import annotations

import asyncio
import contextvars
import datetime as dt
import socket
import weakref
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Generic, TypeVar
from urllib.parse import urljoin, urlsplit

import aiohttp
from aiohttp.connector import Connection
from yarl import URL

from monitor.entities import Problem
from monitor.sources import addresses, codings, failures, probe
from monitor.sources.failures import URL_LONGEST, Stopped, shown

T = TypeVar("T")

MOVED = frozenset({301, 302, 303, 307, 308})
_FOR_GOOD = frozenset({301, 308})
_CODINGS = "gzip, deflate, br, zstd"
_FIELD_LONGEST = 32_768  # bytes of one header field: honest policies outgrow the client's own 8,190 (aiohttp#2304)
_FIELDS_MOST = 200  # header fields of one answer; the client's own bound is 128
_HOSTS_KEPT = 2_000  # hosts remembered for their turns before the idle ones are forgotten
_REFUSED: contextvars.ContextVar[list[str] | None] = contextvars.ContextVar("refused", default=None)
_ANSWERED: weakref.WeakSet[asyncio.BaseProtocol] = weakref.WeakSet()  # connections that brought an answer


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpPolicy:
    """How the front door behaves: bounds, patience and manners. Times are durations; sizes are bytes."""

    user_agent: str = "monitor"
    contact: str = ""  # a URL where a webmaster finds out who polls; it stands in every User-Agent
    connect_timeout: dt.timedelta = dt.timedelta(seconds=10)
    read_timeout: dt.timedelta = dt.timedelta(seconds=20)  # between two pieces of a body
    deadline: dt.timedelta = dt.timedelta(seconds=60)  # for a whole fetch: ends a server that drips
    most_bytes: int = 15_000_000  # decoded; the largest feed measured holds 1.1 MB
    most_ratio: int = 300  # decoded bytes a compressed one; XML folds 20-fold
    redirects: int = 10
    per_host: int = 2  # requests in flight; rss-fetcher's scoreboard
    spacing: dt.timedelta = dt.timedelta(seconds=1)  # between two starts at one host
    unconditional_every: dt.timedelta = dt.timedelta(hours=24)  # for servers that answer 304 for ever
    longest_wait: dt.timedelta = dt.timedelta(
        hours=48
    )  # a Retry-After beyond it is a mistake; FreshRSS clamps there too
    allow_addresses: tuple[str, ...] = ()  # networks besides the public ones: loopback in tests, a private RSSHub


@dataclass(slots=True)
class _Host:
    """What is kept of one host while the process runs: its slots and when the next request may start."""

    slots: asyncio.Semaphore
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    next_start: float = 0.0
    visitors: int = 0


class Response(aiohttp.ClientResponse):
    """An answer that knows the address it comes from, over a connection kept open too. It reads nothing more.

    Never asks a server twice that hung up: the client would do so at once, for want of knowing whether the connection
    was an old one that had ended meanwhile.
    """

    peer = ""

    async def start(self, connection: Connection) -> aiohttp.ClientResponse:
        place = connection.transport.get_extra_info("peername") if connection.transport is not None else None
        self.peer = str(place[0]) if place else ""
        protocol = connection.protocol  # a connection whose answer came at once forgets it in ``start``
        try:
            started = await super().start(connection)
        except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
            if protocol in _ANSWERED:
                raise
            raise Stopped(*failures.failure(error, str(self.url))) from error
        if protocol is not None:
            _ANSWERED.add(protocol)
        return started


@dataclass(slots=True, kw_only=True)
class Trail:
    """One request on its way through redirects, and the seconds it has left."""

    url: str
    left: float
    most: int
    hops: list[str] = field(default_factory=list)
    moved_to: str | None = None
    for_good: bool = True

    def moved(self, status: int, location: str) -> None:
        """Go where a redirect says."""
        # Checked before it is joined, which quietly takes line ends and tabs out.
        location = location.strip(" \t")
        if len(location) > URL_LONGEST:
            raise Stopped(Problem.REDIRECT, f"redirects to an address of {len(location):,} characters", status)
        if not location.isprintable():
            raise Stopped(Problem.REDIRECT, "redirects to an address with control characters in it", status)
        try:
            target = urljoin(self.url, location)
        except ValueError:
            raise Stopped(Problem.REDIRECT, f"redirects to {shown(location)!r}, which is no URL", status) from None
        self.go(target, status)
        self.for_good = self.for_good and status in _FOR_GOOD
        if self.for_good:
            self.moved_to = target

    def go(self, target: str, status: int | None = None) -> None:
        """The next hop, unless it leads in a circle or is one too many."""
        self.hops.append(self.url)
        if target in self.hops or len(self.hops) > self.most:
            kind = "go in a circle" if target in self.hops else "are too many"
            way = " > ".join(shown(hop) for hop in (*self.hops, target))
            raise Stopped(Problem.REDIRECT, f"its redirects {kind}: {way[:1000]}", status)
        self.url = target


@dataclass(frozen=True, slots=True, kw_only=True)
class Request(Generic[T]):
    """What is asked of every address of a trail, and how the answer at its end is read."""

    headers: Callable[[str], dict[str, str]]
    read: Callable[[Response], Awaitable[T]]
    form: Mapping[str, str] | None = None  # posted; None is a GET
    follow: frozenset[int] = MOVED
    verify: bool = True


class Wire:
    """The connections of one process, kept open between requests. It decides nothing about what is asked."""

    def __init__(self, policy: HttpPolicy) -> None:
        self.policy = policy
        self._allowed = addresses.networks(policy.allow_addresses)
        self._hosts: dict[str, _Host] = {}
        self._session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        """Close every connection."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    def trail(self, url: str) -> Trail:
        """A new trail, with all its time before it."""
        return Trail(url=url, left=self.policy.deadline.total_seconds(), most=self.policy.redirects)

    def manners(self, accept: str, agent: str = "") -> dict[str, str]:
        """The headers that every request carries: who asks, and what for."""
        policy = self.policy
        agent = agent or (f"{policy.user_agent} (+{policy.contact})" if policy.contact else policy.user_agent)
        return {"User-Agent": agent, "Accept": accept, "Accept-Encoding": _CODINGS}

    async def send(self, trail: Trail, asked: Request[T]) -> T:
        """The answer at the end of a trail; whatever else happens is a ``Stopped``."""
        refused: list[str] = []
        token = _REFUSED.set(refused)
        try:
            return await self._walk(trail, asked)
        except Stopped:
            raise
        except Exception as error:  # whatever the world does is told, not raised
            raise await self._stopped(error, refused, trail.url) from error
        finally:
            _REFUSED.reset(token)

    async def _walk(self, trail: Trail, asked: Request[T]) -> T:
        clock = asyncio.get_running_loop().time
        while True:
            if reason := failures.unfit(trail.url):
                raise Stopped(Problem.REDIRECT if trail.hops else Problem.FORBIDDEN_ADDRESS, reason)
            # The deadline is for the request, all its hops together; waiting for a turn at a busy host is no fault.
            async with self._turn(trail.url):
                started = clock()
                async with (
                    asyncio.timeout(trail.left),
                    self._open().request(
                        "GET" if asked.form is None else "POST", _address(trail.url), headers=asked.headers(trail.url),
                        data=asked.form, allow_redirects=False, ssl=asked.verify,
                    ) as response,
                ):  # fmt: skip
                    assert isinstance(response, Response), "the session makes no other"
                    if response.status not in asked.follow or "Location" not in response.headers:
                        return await asked.read(response)
                    trail.moved(response.status, response.headers["Location"])
                trail.left -= clock() - started

    async def _stopped(self, error: Exception, refused: Sequence[str], url: str) -> Stopped:
        parts = urlsplit(url)
        host = parts.hostname or ""
        if refused:
            return Stopped(
                Problem.FORBIDDEN_ADDRESS,
                f"{host} stands at {refused[0]}, which is not a public address; [http] allow_addresses can allow it",
            )
        broken = getattr(error, "certificate_error", None)
        if getattr(broken, "verify_code", 0) == failures.EXPIRED and broken is not None:
            ended = await probe.certificate_end(host, parts.port or 443, self._socket)
            return Stopped(Problem.TLS, failures.certificate(host, broken, ended))
        return Stopped(*failures.failure(error, url))

    @asynccontextmanager
    async def _turn(self, url: str) -> AsyncIterator[None]:
        """Wait for this host's turn: so many in flight, so long between starts."""
        clock = asyncio.get_running_loop().time
        name = urlsplit(url).netloc.rpartition("@")[2].casefold()
        if name not in self._hosts and len(self._hosts) >= _HOSTS_KEPT:
            self._hosts = {
                name: host for name, host in self._hosts.items() if host.visitors or host.next_start > clock()
            }  # fmt: skip
        host = self._hosts.setdefault(name, _Host(slots=asyncio.Semaphore(self.policy.per_host)))
        host.visitors += 1
        try:
            async with host.slots:
                async with host.turn:
                    wait = host.next_start - clock()
                    if wait > 0:
                        await asyncio.sleep(wait)
                    host.next_start = clock() + self.policy.spacing.total_seconds()
                yield
        finally:
            host.visitors -= 1

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            policy = self.policy
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    limit=0, socket_factory=self._socket, ttl_dns_cache=60, keepalive_timeout=15
                ),
                cookie_jar=aiohttp.DummyCookieJar(),
                response_class=Response,
                auto_decompress=False,
                trust_env=False,
                max_field_size=_FIELD_LONGEST,
                max_headers=_FIELDS_MOST,
                timeout=aiohttp.ClientTimeout(
                    total=None,
                    connect=None,
                    sock_connect=policy.connect_timeout.total_seconds(),
                    sock_read=policy.read_timeout.total_seconds(),
                ),
            )
        return self._session

    def _socket(self, info: probe.Place) -> socket.socket:
        """Called for every connection with the very address it will go to."""
        family, kind, protocol, _, place = info
        where = str(place[0])
        if not addresses.is_allowed(where, self._allowed):
            refused = _REFUSED.get()
            if refused is not None:
                refused.append(where)
            raise OSError(f"{where} is not a public address")
        made = socket.socket(family=family, type=kind, proto=protocol)
        made.setblocking(False)
        return made


async def beginning(response: Response, most: int) -> bytes:
    """The start of a page that is only looked into, unpacked; as much of it as came."""
    pieces: list[bytes] = []
    size = 0
    try:
        while size < most and (piece := await response.content.read(most - size)):
            pieces.append(piece)
            size += len(piece)
    except (aiohttp.ClientError, OSError):
        pass  # the answer's head stands, whatever became of its page
    try:
        return codings.undone(b"".join(pieces), coded(response), most=4 * most, ratio=50)[0]
    except (codings.TooLarge, codings.Broken):
        return b""


def coded(response: Response) -> str:
    return ",".join(response.headers.getall("Content-Encoding", []))


def _address(url: str) -> URL:
    # As it was published where it can be: quoting it anew would make it another URL to some servers.
    return URL(url, encoded=url.isascii() and " " not in url)
