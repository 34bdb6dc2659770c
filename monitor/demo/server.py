"""A loopback server of the scripted week: RSS with strong validators and 304s. It serves 127.0.0.1 and nobody else."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Self

from aiohttp import web

from monitor.demo.world import World, etag


class Server:
    """Serves ``/feeds/<id>.xml`` as the world stands at the clock's time."""

    def __init__(self, world: World, clock: Callable[[], dt.datetime]) -> None:
        self.world = world
        self.clock = clock
        self.base = ""
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_get("/feeds/{feed}.xml", self._feed)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        self.base = f"http://{host}:{port}"
        return self

    async def __aexit__(self, *exc: object) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    async def _feed(self, request: web.Request) -> web.Response:
        body = self.world.document(request.match_info["feed"], self.clock())
        tag = etag(body)
        if request.headers.get("If-None-Match") == tag:
            return web.Response(status=304, headers={"ETag": tag})
        return web.Response(body=body, headers={"ETag": tag}, content_type="application/rss+xml", charset="utf-8")
