"""The loopback feed server of the benchmark, a process of its own: its processor time is not the monitor's.

It serves 127.0.0.1 alone. ``/mode/<mode>`` sets how it behaves: ``plain`` (validators, 304), ``changed`` (the same,
but from now on one feed in twenty shows a new item) or ``bare`` (no validators, never a 304).
"""

from __future__ import annotations

import asyncio
import hashlib
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from aiohttp import web

from bench.feeds import document

CHANGED_EVERY = 20
"""One feed in so many changes: five in a hundred."""


class Server:
    """Documents made once, before the first request."""

    def __init__(self, feeds: int, count: int, seed: int) -> None:
        self.mode = "plain"
        self.moved = False
        self.first = [document(feed, count, seed=seed, changed=False) for feed in range(feeds)]
        self.second = {n: document(n, count, seed=seed, changed=True) for n in range(0, feeds, CHANGED_EVERY)}

    def app(self) -> web.Application:
        """The server's two routes."""
        app = web.Application()
        app.router.add_get("/feeds/{feed}.xml", self.feed)
        app.router.add_get("/mode/{mode}", self.set_mode)
        return app

    async def set_mode(self, request: web.Request) -> web.Response:
        """Behave otherwise from now on."""
        self.mode = request.match_info["mode"]
        self.moved = self.moved or self.mode == "changed"
        return web.Response(text=self.mode)

    async def feed(self, request: web.Request) -> web.Response:
        """One document, or 304 where the validator still holds."""
        number = int(request.match_info["feed"])
        body = self.first[number]
        if self.moved:
            body = self.second.get(number, body)
        if self.mode == "bare":
            return web.Response(body=body, content_type="application/rss+xml", charset="utf-8")
        tag = f'"{hashlib.blake2b(body, digest_size=8).hexdigest()}"'
        if request.headers.get("If-None-Match") == tag:
            return web.Response(status=304, headers={"ETag": tag})
        return web.Response(body=body, headers={"ETag": tag}, content_type="application/rss+xml", charset="utf-8")


async def serve(feeds: int, count: int, seed: int) -> None:
    """Serve until standard input ends; the address is the first line on standard output."""
    runner = web.AppRunner(Server(feeds, count, seed).app(), access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    print(f"http://{host}:{port}", flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await runner.cleanup()


@contextmanager
def running(feeds: int, count: int, seed: int) -> Iterator[str]:
    """The server in a process of its own, and its address."""
    command = [sys.executable, "-m", "bench.server", str(feeds), str(count), str(seed)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            base = process.stdout.readline().strip()
            if not base:
                raise RuntimeError("the feed server did not start")
            yield base
        finally:
            process.stdin.close()
            process.wait(timeout=20)


if __name__ == "__main__":
    asyncio.run(serve(*map(int, sys.argv[1:4])))
