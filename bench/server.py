"""The loopback feed server of the benchmark, a process of its own: its processor time is not the monitor's.

It serves the loopback alone: 127.0.0.1 and, where more hosts are wanted, the addresses after it. ``/mode/<mode>`` sets
how it behaves: ``plain`` (validators, 304), ``changed`` (the same, but from then on one feed in so many is new)
or ``bare`` (no validators, never a 304). ``/asked`` tells how many documents were asked for.
"""

from __future__ import annotations

import asyncio
import hashlib
import ipaddress
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass

from aiohttp import web

from bench.feeds import document
from bench.news import OFF_BEAT

CHANGED_EVERY = 20
"""One feed in so many changes: five in a hundred."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What a server offers: feeds of so many items, how many of them are of another matter, and how many change."""

    feeds: int
    count: int
    seed: int
    off_beat: float = OFF_BEAT
    changed_every: int = CHANGED_EVERY
    hosts: int = 1


class Server:
    """Documents made once, before the first request."""

    def __init__(self, offer: Offer) -> None:
        self.mode = "plain"
        self.moved = False
        self.asked = 0
        self.first = [self._document(offer, feed, changed=False) for feed in range(offer.feeds)]
        self.second = {n: self._document(offer, n, changed=True) for n in range(0, offer.feeds, offer.changed_every)}
        self.tags = {body: _tag(body) for body in (*self.first, *self.second.values())}

    @staticmethod
    def _document(offer: Offer, feed: int, *, changed: bool) -> bytes:
        return document(feed, offer.count, seed=offer.seed, changed=changed, off_beat=offer.off_beat)

    def app(self) -> web.Application:
        """The server's routes."""
        app = web.Application()
        app.router.add_get("/feeds/{feed}.xml", self.feed)
        app.router.add_get("/mode/{mode}", self.set_mode)
        app.router.add_get("/asked", self.tell)
        return app

    async def set_mode(self, request: web.Request) -> web.Response:
        """Behave otherwise from now on."""
        self.mode = request.match_info["mode"]
        self.moved = self.moved or self.mode == "changed"
        return web.Response(text=self.mode)

    async def tell(self, request: web.Request) -> web.Response:
        """How many documents were asked for since the start."""
        return web.Response(text=str(self.asked))

    async def feed(self, request: web.Request) -> web.Response:
        """One document, or 304 where the validator still holds."""
        number = int(request.match_info["feed"])
        self.asked += 1
        body = self.first[number]
        if self.moved:
            body = self.second.get(number, body)
        if self.mode == "bare":
            return web.Response(body=body, content_type="application/rss+xml", charset="utf-8")
        tag = self.tags[body]
        if request.headers.get("If-None-Match") == tag:
            return web.Response(status=304, headers={"ETag": tag})
        return web.Response(body=body, headers={"ETag": tag}, content_type="application/rss+xml", charset="utf-8")


def _tag(body: bytes) -> str:
    return f'"{hashlib.blake2b(body, digest_size=8).hexdigest()}"'


def address(host: int) -> str:
    """The ``host``-th address of the loopback: Linux answers at all of them."""
    return str(ipaddress.IPv4Address("127.0.0.1") + host)


async def serve(offer: Offer) -> None:
    """Serve until standard input ends; the port is the first line on standard output."""
    runner = web.AppRunner(Server(offer).app(), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, address(0), 0).start()
    port = runner.addresses[0][1]
    for host in range(1, offer.hosts):
        await web.TCPSite(runner, address(host), port).start()
    print(port, flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await runner.cleanup()


@contextmanager
def running(offer: Offer) -> Iterator[str]:
    """The server in a process of its own, and its address."""
    command = [sys.executable, "-m", "bench.server", json.dumps(asdict(offer))]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            port = process.stdout.readline().strip()
            if not port:
                raise RuntimeError("the feed server did not start")
            yield f"http://{address(0)}:{port}"
        finally:
            process.stdin.close()
            process.wait(timeout=20)


if __name__ == "__main__":
    asyncio.run(serve(Offer(**json.loads(sys.argv[1]))))
