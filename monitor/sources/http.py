"""The one way out to the network: one poll of one feed, politely and within bounds.

Never raises for what the world does, never follows a redirect to an address that is not public, never sends a cookie,
a referrer or a validator that the server did not issue for that very URL.
"""

from __future__ import annotations

import asyncio
import contextvars
import datetime as dt
import email.utils
import re
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Self
from urllib.parse import urljoin, urlsplit

import aiohttp
import xxhash
from yarl import URL

from monitor.entities import Feed, FeedState, Fetched, Problem
from monitor.sources import addresses, codings

ACCEPT = (
    "application/rss+xml, application/atom+xml, application/rdf+xml, application/feed+json, "
    "application/xml;q=0.9, text/xml;q=0.8, */*;q=0.5"
)
_MOVED = frozenset({301, 302, 303, 307, 308})
_FOR_GOOD = frozenset({301, 308})
_FULL = frozenset({200, 203, 226})
_REFUSALS_READ = 20_000  # bytes of an error page, enough to tell a wall against robots
_WALL = re.compile(
    rb"just a moment|cf-chl|challenge-platform|attention required|ddos-guard|captcha|"
    rb"checking your browser|incapsula|datadome",
    re.IGNORECASE,
)
# What is left and when there is more, in the words of the RateLimit header's drafts, old ("remaining") and new ("r").
_SPENT = re.compile(r"\b(?:r|remaining)\s*=\s*0\b", re.IGNORECASE)
_RESET = re.compile(r"\b(?:t|reset)\s*=\s*(\d{1,9})\b", re.IGNORECASE)
_REFUSED: contextvars.ContextVar[list[str] | None] = contextvars.ContextVar("refused", default=None)


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


class Http:
    """Fetches feeds. One for the whole process; close it, or use it as an asynchronous context."""

    def __init__(self, policy: HttpPolicy) -> None:
        self._policy = policy
        self._allowed = addresses.networks(policy.allow_addresses)
        self._hosts: dict[str, _Host] = {}
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close every connection."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def fetch(self, feed: Feed, state: FeedState, now: dt.datetime) -> Fetched:
        """One poll of ``feed``. What goes wrong is in the answer; only cancellation gets out."""
        clock = asyncio.get_running_loop().time
        started = clock()
        refused: list[str] = []
        token = _REFUSED.set(refused)
        walk = _Walk(feed=feed, state=state, now=now, policy=self._policy, url=feed.url)
        try:
            answer = await self._walk(walk)
        except Exception as error:  # noqa: BLE001 -- never raises: the feed's state tells what happened
            answer = walk.failed(*_problem(error, refused, walk.url))
        finally:
            _REFUSED.reset(token)
        return _with(answer, elapsed=dt.timedelta(seconds=clock() - started))

    async def _walk(self, walk: _Walk) -> Fetched:
        clock, left = asyncio.get_running_loop().time, self._policy.deadline.total_seconds()
        while True:
            refusal = _unfit(walk.url)
            if refusal:
                return walk.failed(Problem.REDIRECT if walk.hops else Problem.FORBIDDEN_ADDRESS, refusal)
            # The deadline is for the fetch, all its hops together; waiting for a turn at a busy host is no fault.
            async with self._turn(walk.url):
                started = clock()
                async with asyncio.timeout(left):
                    answer = await self._request(walk)
                left -= clock() - started
            if answer is not None:
                return answer

    async def _request(self, walk: _Walk) -> Fetched | None:
        """One hop: an answer, or None where the walk goes on at ``walk.url``."""
        headers = walk.headers()
        async with self._open().get(
            _address(walk.url), headers=headers, allow_redirects=False, ssl=walk.feed.tls_verify,
        ) as response:  # fmt: skip
            if response.status in _MOVED and "Location" in response.headers:
                return walk.moved(response.status, response.headers["Location"])
            return await walk.answered(response, conditional=any(name.startswith("If-") for name in headers))

    @asynccontextmanager
    async def _turn(self, url: str) -> AsyncIterator[None]:
        """Wait for this host's turn: so many in flight, so long between starts."""
        name = urlsplit(url).netloc.casefold()
        host = self._hosts.get(name)
        if host is None:
            host = self._hosts[name] = _Host(slots=asyncio.Semaphore(self._policy.per_host))
        clock = asyncio.get_running_loop().time
        async with host.slots:
            async with host.turn:
                wait = host.next_start - clock()
                if wait > 0:
                    await asyncio.sleep(wait)
                host.next_start = clock() + self._policy.spacing.total_seconds()
            yield

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            policy = self._policy
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    limit=0, socket_factory=self._socket, ttl_dns_cache=60, keepalive_timeout=15
                ),
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                trust_env=False,
                timeout=aiohttp.ClientTimeout(
                    total=None,
                    connect=None,
                    sock_connect=policy.connect_timeout.total_seconds(),
                    sock_read=policy.read_timeout.total_seconds(),
                ),
            )
        return self._session

    def _socket(self, info: tuple[int, int, int, str, tuple[object, ...]]) -> socket.socket:
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


@dataclass(slots=True)
class _Walk:
    """One fetch on its way through redirects."""

    feed: Feed
    state: FeedState
    now: dt.datetime
    policy: HttpPolicy
    url: str
    hops: list[str] = field(default_factory=list)
    moved_to: str | None = None
    for_good: bool = True

    def headers(self) -> dict[str, str]:
        policy = self.policy
        agent = self.feed.user_agent or (
            f"{policy.user_agent} (+{policy.contact})" if policy.contact else policy.user_agent
        )
        found = {"User-Agent": agent, "Accept": ACCEPT, "Accept-Encoding": "gzip, deflate, br, zstd"}
        last = self.state.unconditional_at
        due = last is None or self.now - last >= policy.unconditional_every
        if self.state.validators_url == self.url and not due:
            if self.state.etag:
                found["If-None-Match"] = self.state.etag
            if self.state.last_modified:
                found["If-Modified-Since"] = self.state.last_modified
        return found

    def moved(self, status: int, location: str) -> Fetched | None:
        target = urljoin(self.url, location.strip())
        self.hops.append(self.url)
        if target in self.hops or len(self.hops) > self.policy.redirects:
            kind = "go in a circle" if target in self.hops else "are too many"
            return self.failed(
                Problem.REDIRECT, f"its redirects {kind}: {' > '.join([*self.hops, target])[:600]}", status
            )
        self.for_good = self.for_good and status in _FOR_GOOD
        if self.for_good:
            self.moved_to = target
        self.url = target
        return None

    async def answered(self, response: aiohttp.ClientResponse, *, conditional: bool) -> Fetched:
        headers = response.headers
        kind = headers.get("Content-Type", "")
        sent = _http_date(headers.get("Date", ""))
        common = Fetched(
            feed_id=self.feed.id, url=self.feed.url, at=self.now, final_url=self.url, status=response.status,
            content_type=kind.partition(";")[0].strip().casefold(), charset=_charset(kind),
            etag=_kept(headers.get("ETag")), last_modified=_kept(headers.get("Last-Modified")), server_date=sent,
            retry_after=_retry_after(headers, sent or self.now, self.policy.longest_wait),
            max_age=_max_age(headers, sent or self.now),
            conditional=conditional, moved_to=self.moved_to,
        )  # fmt: skip
        if response.status == 304:
            if conditional:
                return _with(common, not_modified=True)
            return _with(common, problem=Problem.STATUS, message="answered 304 to a question that set no condition")
        if response.status not in _FULL:
            page = await response.content.read(_REFUSALS_READ)
            return _with(common, **_refusal(response.status, headers, page))
        return _with(common, **await self._body(response))

    async def _body(self, response: aiohttp.ClientResponse) -> dict[str, object]:
        pieces: list[bytes] = []
        size, cut = 0, ""
        most = self.policy.most_bytes
        try:
            async for piece in response.content.iter_any():
                size += len(piece)
                if size > most:
                    return {"problem": Problem.TOO_LARGE, "message": f"sent more than {most:,} bytes"}
                pieces.append(piece)
        except (aiohttp.ClientPayloadError, aiohttp.ServerDisconnectedError, ConnectionResetError):
            cut = "the connection ended before the document did"
        try:
            body, whole = codings.undone(
                b"".join(pieces),
                ",".join(response.headers.getall("Content-Encoding", [])),
                most=most,
                ratio=self.policy.most_ratio,
            )
        except codings.TooLarge as error:
            return {"problem": Problem.TOO_LARGE, "message": f"the document {error}"}
        except codings.Broken as error:
            if cut:
                return {"problem": Problem.CUT_SHORT, "message": cut}
            return {"problem": Problem.MALFORMED, "message": f"its content coding is {error}"}
        if not whole:
            cut = cut or "the compressed document ends before its end"
        found: dict[str, object] = {"body": body, "body_hash": xxhash.xxh3_128_hexdigest(body)}
        if cut:
            found |= {"problem": Problem.CUT_SHORT, "message": cut}
        elif not body.strip():
            found |= {"problem": Problem.EMPTY, "message": "answered 200 with an empty document"}
        return found

    def failed(self, problem: Problem, message: str, status: int | None = None) -> Fetched:
        return Fetched(
            feed_id=self.feed.id,
            url=self.feed.url,
            at=self.now,
            final_url=self.url,
            status=status,
            problem=problem,
            message=message,
        )


def _with(fetched: Fetched, **changes: object) -> Fetched:
    return replace(fetched, **changes)  # type: ignore[arg-type]


def _address(url: str) -> URL:
    # As it was published where it can be: quoting it anew would make it another URL to some servers.
    return URL(url, encoded=url.isascii() and " " not in url)


def _unfit(url: str) -> str:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return f"{url[:200]!r} is no URL"
    if parts.scheme.casefold() not in {"http", "https"}:
        return f"only http and https are fetched, not {parts.scheme or 'a URL without a scheme'}"
    return "" if parts.hostname else f"{url[:200]!r} names no host"


def _problem(error: Exception, refused: list[str], url: str) -> tuple[Problem, str]:
    host = urlsplit(url).hostname or url
    if refused:
        return (
            Problem.FORBIDDEN_ADDRESS,
            f"{host} stands at {refused[0]}, which is not a public address; [http] allow_addresses can allow it",
        )
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return Problem.DNS, f"the name {host} cannot be resolved"
    if isinstance(error, (aiohttp.ClientConnectorCertificateError, aiohttp.ClientSSLError)):
        return Problem.TLS, f"the certificate or TLS of {host} is broken: {error}"
    if isinstance(error, TimeoutError):
        return Problem.TIMEOUT, f"{host} did not answer in time"
    if isinstance(error, aiohttp.ClientResponseError):
        return Problem.MALFORMED, f"{host} answered with broken HTTP: {error.message}"
    if isinstance(error, (aiohttp.InvalidURL, ValueError)):
        return Problem.REDIRECT, f"{url[:200]!r} is no URL: {error}"
    if isinstance(error, (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError, OSError)):
        return Problem.CONNECT, f"no connection to {host}: {str(error) or type(error).__name__}"
    return Problem.INTERNAL, f"{type(error).__name__}: {error}"


def _refusal(status: int, headers: Mapping[str, str], page: bytes) -> dict[str, object]:
    if status == 429:
        return {"problem": Problem.RATE_LIMITED, "message": "answered 429: polled too often"}
    if status == 410:
        return {
            "problem": Problem.GONE,
            "message": "answered 410: gone for good, says the publisher; take it out of the configuration",
        }
    if status in {401, 403, 503} and ("cf-mitigated" in headers or _WALL.search(page)):
        return {"problem": Problem.BLOCKED, "message": f"answered {status} with a wall against robots"}
    if status == 204:
        return {"problem": Problem.EMPTY, "message": "answered 204: no content"}
    return {"problem": Problem.STATUS, "message": f"answered {status}"}


def _kept(validator: str | None) -> str | None:
    """A validator byte for byte, or None where it could not be sent back."""
    return validator if validator and validator.isprintable() and validator.isascii() else None


def _charset(content_type: str) -> str | None:
    found = re.search(r"charset\s*=\s*[\"']?([A-Za-z0-9._:\-]{1,40})", content_type, re.IGNORECASE)
    return found[1] if found else None


def _http_date(text: str) -> dt.datetime | None:
    try:
        found = email.utils.parsedate_to_datetime(text)
    except (TypeError, ValueError, IndexError):
        return None
    return found.astimezone(dt.UTC) if found.tzinfo is not None else found.replace(tzinfo=dt.UTC)


def _retry_after(headers: Mapping[str, str], sent: dt.datetime, longest: dt.timedelta) -> dt.timedelta | None:
    raw = headers.get("Retry-After", "").strip()
    if not raw and headers.get("X-RateLimit-Remaining", headers.get("RateLimit-Remaining", "")).strip() == "0":
        raw = headers.get("X-RateLimit-Reset", headers.get("RateLimit-Reset", "")).strip()
        if raw.isdigit() and int(raw) > 1_000_000_000:  # some count from 1970
            raw = str(int(raw) - int(sent.timestamp()))
    if not raw and _SPENT.search(said := headers.get("RateLimit", "")):
        found = _RESET.search(said)
        raw = found[1] if found is not None else ""
    if not raw:
        return None
    try:
        wait = dt.timedelta(seconds=min(max(float(raw), 0.0), longest.total_seconds()))
    except (ValueError, OverflowError):
        until = _http_date(raw)
        if until is None:
            return None
        wait = until - sent
    return min(max(wait, dt.timedelta(0)), longest)


def _max_age(headers: Mapping[str, str], sent: dt.datetime) -> dt.timedelta | None:
    said = headers.get("Cache-Control", "").casefold()
    if "no-cache" in said or "no-store" in said:
        return dt.timedelta(0)
    found = re.search(r"max-age\s*=\s*\"?(\d{1,10})", said)
    if found is not None:
        return dt.timedelta(seconds=min(int(found[1]), 10_000_000))
    until = _http_date(headers.get("Expires", ""))
    return max(until - sent, dt.timedelta(0)) if until is not None else None
