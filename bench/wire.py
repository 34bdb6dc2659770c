"""A feed that grows while it is read, a process of its own: so many invented reports of the beat a minute.

Its address is the first line on standard output; it serves until standard input ends. Nothing in it was ever published.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from aiohttp import web

from bench.feeds import xml
from bench.news import items

SHOWN = 60
"""Reports a document shows at most, as feeds do."""


class Wire:
    """All reports made before the first request; how many are shown is a question of the clock."""

    def __init__(self, count: int, a_minute: float, seed: int) -> None:
        self.begin: float | None = None
        self.every = 60 / a_minute
        first = dt.datetime.now(dt.UTC)
        self.news = list(items(count, seed=seed, every=dt.timedelta(seconds=self.every), off_beat=0.0, start=first))

    async def feed(self, request: web.Request) -> web.Response:
        """The document as it stands now: empty until ``/begin`` was asked for."""
        del request
        passed = 0 if self.begin is None else time.monotonic() - self.begin
        shown = self.news[: int(passed / self.every)][-SHOWN:]
        body = (
            '<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/">'
            "<channel><title>Wire</title><link>https://wire.example/</link><description>Invented</description>"
            f"{''.join(xml(0, item) for item in reversed(shown))}</channel></rss>\n"
        )
        return web.Response(body=body.encode(), content_type="application/rss+xml", charset="utf-8")

    async def start(self, request: web.Request) -> web.Response:
        """The first report comes an interval from now."""
        del request
        self.begin = time.monotonic()
        return web.Response(text="begun")


async def serve(count: int, a_minute: float, seed: int) -> None:
    """Serve until standard input ends."""
    wire, app = Wire(count, a_minute, seed), web.Application()
    app.router.add_get("/wire.xml", wire.feed)
    app.router.add_get("/begin", wire.start)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(f"http://127.0.0.1:{runner.addresses[0][1]}", flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await runner.cleanup()


@contextmanager
def growing(*, count: int, a_minute: float, seed: int) -> Iterator[str]:
    """The wire in a process of its own, and its address."""
    command = [sys.executable, "-m", "bench.wire", json.dumps([count, a_minute, seed])]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.stdin.close()
            process.wait(timeout=20)


if __name__ == "__main__":
    asyncio.run(serve(*json.loads(sys.argv[1])))
