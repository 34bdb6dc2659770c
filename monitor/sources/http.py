"""The one way out to the network: polls, pages, links and hubs, politely and within bounds.

Never raises for what the world does, never follows a redirect to an address that is not public, never sends a cookie,
a referrer or a validator that the server did not issue for that very URL.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from types import TracebackType
from typing import Any, Self
from urllib.parse import urljoin

import aiohttp
import xxhash

from monitor import schedule
from monitor.entities import Feed, FeedState, Fetched, Problem
from monitor.sources import addresses, codings, failures, links, probe
from monitor.sources import headers as fields
from monitor.sources.failures import Stopped, shown
from monitor.sources.headers import Headers
from monitor.sources.links import Followed, site
from monitor.sources.wire import HttpPolicy, Request, Response, Trail, Wire, beginning, coded

__all__ = ["Http", "HttpPolicy", "Subscribed"]

_Said = dict[str, Any]
"""Fields of a ``Fetched`` as they come to light: one made at the end costs a fifth of one made anew at each step."""

ACCEPT = (
    "application/rss+xml, application/atom+xml, application/rdf+xml, application/feed+json, "
    "application/xml;q=0.9, text/xml;q=0.8, */*;q=0.5"
)
_PAGE = "text/html, application/xhtml+xml;q=0.9, */*;q=0.1"
_SAME_METHOD = frozenset({307, 308})
_FULL = frozenset({200, 203, 226})
_DELTA = 226  # IM Used (RFC 3229)
_BUSY = frozenset({429, 503})
_PATIENCE = dt.timedelta(minutes=10)  # where an aggregator asks for it and names no time
_REFUSAL_READ = 20_000  # bytes of an error page, enough to tell a wall against robots
_PAGE_READ = 1_000_000  # bytes of a page behind a link, packed or not: it says early on where it leads
_UNPACKED_HERE = 250_000  # bytes; a longer body is unpacked beside the loop, which would stand still for 10 ms and more


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscribed:
    """A hub's answer to a request to subscribe; 2xx is a yes. ``status`` None: none came, and ``message`` says why."""

    status: int | None = None
    message: str = ""


class Http:
    """Fetches feeds. One for the whole process; close it, or use it as an asynchronous context."""

    def __init__(self, policy: HttpPolicy) -> None:
        self._policy = policy
        self._wire = Wire(policy)
        self._patience: dict[str, float] = {}  # sites of links that asked for it, and until when

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close every connection."""
        await self._wire.close()

    # ------------------------------------------------------------------------------------------------ what is asked

    async def fetch(self, feed: Feed, state: FeedState, now: dt.datetime) -> Fetched:
        """One poll of ``feed``. What goes wrong is in the answer; only cancellation gets out."""
        return await self._get(feed, schedule.address(feed, state), now, lambda url: self._conditions(state, url, now))

    async def fetch_page(self, feed: Feed, url: str, now: dt.datetime) -> Fetched:
        """Another document of ``feed``, whole: an older page, a sitemap, a part of an index. It sets no condition."""
        return await self._get(feed, url, now, lambda _: {})

    async def follow(self, url: str) -> Followed:
        """Where an aggregator's link leads. It asks the aggregator only for what the link itself does not tell."""
        known = links.decoded(url)
        if known:
            return Followed(target=known)
        if reason := failures.unfit(url):
            return Followed(error=reason)
        if self._patience.get(site(url), 0.0) > asyncio.get_running_loop().time():
            return Followed(error=f"{site(url)} asked for patience", busy=True)
        try:
            return await self._follow(self._wire.trail(url))
        except Stopped as end:
            return Followed(error=end.message)

    async def subscribe(self, hub: str, form: Mapping[str, str]) -> Subscribed:
        """Send a WebSub request to a hub. Only redirects that keep a POST a POST are followed."""

        async def read(response: Response) -> Subscribed:
            said = b"" if 200 <= response.status < 300 else await beginning(response, _REFUSAL_READ)
            words = failures.one_line(said.decode("utf-8", "replace"), 200)
            return Subscribed(status=response.status, message=words)

        asked = Request(headers=lambda _: self._wire.manners("*/*"), read=read, form=form, follow=_SAME_METHOD)
        try:
            return await self._wire.send(self._wire.trail(hub), asked)
        except Stopped as end:
            return Subscribed(status=end.status, message=end.message)

    async def reached(self, anchors: Sequence[str]) -> bool:
        """Whether any ``host:port`` can be connected to: what tells an outage of our own from everybody else's."""
        return await probe.reached(anchors)

    async def _get(
        self, feed: Feed, url: str, now: dt.datetime, conditions: Callable[[str], dict[str, str]]
    ) -> Fetched:
        clock = asyncio.get_running_loop().time
        started = clock()
        trail = self._wire.trail(url)

        async def read(response: Response) -> _Said:
            return await self._read(response, trail, now, conditional=bool(conditions(trail.url)))

        manners = self._wire.manners(ACCEPT, feed.user_agent)
        asked = Request(headers=lambda to: manners | conditions(to), read=read, verify=feed.tls_verify)
        try:
            said = await self._wire.send(trail, asked)
        except Stopped as end:
            said = {"problem": end.problem, "message": end.message, "status": end.status}
        elapsed = dt.timedelta(seconds=clock() - started)
        return Fetched(feed_id=feed.id, url=url, at=now, final_url=trail.url, elapsed=elapsed, **said)

    async def _follow(self, trail: Trail) -> Followed:
        start = site(trail.url)
        while True:
            status, page = await self._wire.send(trail, self._page_request())
            abroad = site(trail.url) != start
            if status in _BUSY and not abroad:
                return Followed(error=f"{shown(trail.url)} asked for patience (answered {status})", busy=True)
            found = links.hints(page, trail.url)
            if not abroad and found.signed is not None:
                return await self._ask(trail, found.signed)
            if not abroad and found.target:
                return Followed(target=found.target)
            # A page of the publisher's own that sends on within its site is where the way ends.
            if found.onward and found.onward != trail.url and not (abroad and site(found.onward) == site(trail.url)):
                trail.go(found.onward)
            elif abroad:
                return Followed(target=trail.url)
            elif status == 200 and found.canonical and site(found.canonical) != start:
                return Followed(target=found.canonical)
            else:
                said = "its page names no other" if status == 200 else f"answered {status}"
                return Followed(error=f"no address behind {shown(trail.url)}: {said}")

    async def _ask(self, trail: Trail, signed: links.Signed) -> Followed:
        """Ask Google, on the host that showed the page, for the address it signed."""
        trail.url, trail.hops = urljoin(trail.url, links.ASKED_AT), []
        status, said = await self._wire.send(trail, self._page_request(links.question(signed)))
        if target := links.answer(said):
            return Followed(target=target)
        return Followed(error=f"{shown(trail.url)} gave none (answered {status})", busy=status in _BUSY)

    def _page_request(self, form: Mapping[str, str] | None = None) -> Request[tuple[int, bytes]]:
        async def read(response: Response) -> tuple[int, bytes]:
            if response.status in _BUSY:
                self._remember_patience(response)
            return response.status, await beginning(response, _PAGE_READ)

        return Request(headers=lambda _: self._wire.manners(_PAGE), read=read, form=form)

    def _remember_patience(self, response: Response) -> None:
        """Note how long the site of a link is to be left alone."""
        head = Headers.of(response.headers.items())
        sent = fields.date(head.first("date"))
        wait = fields.retry_after(head, sent, self._policy.longest_wait) if sent is not None else None
        until = asyncio.get_running_loop().time() + (wait or _PATIENCE).total_seconds()
        self._patience[site(str(response.url))] = until

    def _conditions(self, state: FeedState, url: str, now: dt.datetime) -> dict[str, str]:
        """What the server gave for this very URL, but nothing after a day of 304 alone: some answer that for ever.

        A long pause is no such day: where the last good answer was whole, the next question sets its condition.
        """
        last = state.unconditional_at
        is_stuck = last != state.last_success_at
        due = last is None or (is_stuck and now - last >= self._policy.unconditional_every)
        if state.validators_url != url or due or not (state.etag or state.last_modified):
            return {}
        found = {"A-IM": "feed"}  # a server that can may send the new entries alone (RFC 3229)
        if state.etag:
            found["If-None-Match"] = state.etag
        if state.last_modified:
            found["If-Modified-Since"] = state.last_modified
        return found

    async def _read(self, response: Response, trail: Trail, now: dt.datetime, *, conditional: bool) -> _Said:
        """What a feed's server answered."""
        status = response.status
        head = Headers.of(response.headers.items())
        kind = head.first("content-type")
        sent = fields.date(head.first("date"))
        linked = fields.links(head, trail.url)
        said: _Said = {
            "status": status,
            "content_type": kind.partition(";")[0].strip().casefold(),
            "charset": fields.charset(kind),
            "etag": fields.validator(head.first("etag")),
            "last_modified": fields.validator(head.first("last-modified")),
            "server_date": sent,
            "retry_after": fields.retry_after(head, sent or now, self._policy.longest_wait),
            "max_age": fields.max_age(head, sent or now),
            "hub": linked.get("hub", ""),
            "topic": linked.get("self", ""),
            "private": bool(response.peer) and not addresses.is_public(response.peer),
            "conditional": conditional,
            "moved_to": trail.moved_to,
        }
        if status == 304 and conditional:
            return said | {"not_modified": True}
        if status == 304:
            wrong = "answered 304 to a question that set no condition"
            return said | {"problem": Problem.STATUS, "message": wrong}
        if status not in _FULL:
            problem, message = failures.refusal(status, head, await beginning(response, _REFUSAL_READ))
            return said | {"problem": problem, "message": message}
        used = {name.strip().casefold() for name in head.whole("im").split(",")}
        return said | {"partial": status == _DELTA and "feed" in used} | await self._body(response)

    async def _body(self, response: Response) -> _Said:
        most, ratio = self._policy.most_bytes, self._policy.most_ratio
        pieces: list[bytes] = []
        size, cut = 0, ""
        try:
            async for piece in response.content.iter_any():
                size += len(piece)
                if size > most:
                    message = f"sent more than {most:,} bytes ([http] max_bytes)"
                    return {"problem": Problem.TOO_LARGE, "message": message}
                pieces.append(piece)
        except aiohttp.ServerTimeoutError:
            if not pieces:
                raise
            cut = "the server fell silent before the document ended ([http] read_timeout)"
        except (aiohttp.ClientError, OSError):
            cut = "the connection ended before the document did"
        try:
            unpack = partial(codings.undone, b"".join(pieces), coded(response), most=most, ratio=ratio)
            body, whole = unpack() if size <= _UNPACKED_HERE else await asyncio.to_thread(unpack)
        except codings.TooLarge as error:
            return {"problem": Problem.TOO_LARGE, "message": f"the document {error} ([http] max_bytes)"}
        except codings.Broken as error:
            if cut:
                return {"problem": Problem.CUT_SHORT, "message": cut}
            return {"problem": Problem.MALFORMED, "message": f"its content coding is {error}"}
        if not whole:
            cut = cut or "the compressed document ends before its end"
        said: _Said = {"body": body, "body_hash": xxhash.xxh3_128_hexdigest(body)}
        if cut:
            return said | {"problem": Problem.CUT_SHORT, "message": cut}
        if not body.strip():
            return said | {"problem": Problem.EMPTY, "message": f"answered {response.status} with an empty document"}
        return said
