"""The loopback stand-in for Slack with its Socket Mode: ``apps.connections.open``, WebSockets, and readers who press.

Run as a process of its own, beside the daemon:

    python -m tests.doors.fake_socket       prints its port, serves until its standard input closes

``/control`` takes, beside what ``fake_slack`` takes: ``{"press": {...}}`` sends a payload in an envelope (``"of": ts``: the
message it belongs to is filled in), ``{"end": "refresh_requested"}`` asks every connection to be replaced, ``{"cut": true}``
breaks them all without a word. It answers with all envelopes and how each was acknowledged, too.

An envelope that is not acknowledged within 3 s is sent again, at most 3 times, on whatever connection there is then.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import subprocess
import sys
import threading
import time
from collections.abc import Coroutine
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

from aiohttp import WSMsgType, web

from tests.doors.fake_slack import FakeSlack, Handler, World

APP_TOKEN = "xapp-test-token"
PATIENCE, TIMES = 3.0, 4


class SocketWorld(World):
    """Slack with connections that an app opens."""

    def __init__(self) -> None:
        super().__init__()
        self.app_tokens = [APP_TOKEN]
        self.tickets: set[str] = set()
        self.sockets: list[web.WebSocketResponse] = []
        self.envelopes: dict[str, dict[str, Any]] = {}
        self.opened = 0
        self.said: list[dict[str, Any]] = []
        self.loop = asyncio.new_event_loop()
        self.port = 0

    # ------------------------------------------------------------------------------------ the Web API

    def call(self, method: str, args: dict[str, Any], token: str) -> dict[str, Any]:
        if method == "apps.connections.open":
            if token not in self.app_tokens:
                return {"ok": False, "error": "invalid_auth"}
            self.tickets.add(ticket := secrets.token_hex(8))
            return {"ok": True, "url": f"ws://127.0.0.1:{self.port}/link/?ticket={ticket}"}
        if method == "chat.postEphemeral" and token in self.tokens:
            self.said.append(args)
            return {"ok": True, "message_ts": "1.000001"}
        return super().call(method, args, token)

    def control(self, asked: dict[str, Any]) -> dict[str, Any]:
        if "press" in asked:
            self.run(self.send("interactive", self.payload(asked["press"])))
        if "again" in asked:
            self.run(self.once(asked["again"]))
        if "end" in asked:
            self.run(self.end(asked["end"]))
        if "cut" in asked:
            self.run(self.cut())
        out = super().control(asked)
        return {
            **out,
            "envelopes": self.envelopes,
            "sockets": len(self.sockets),
            "opened": self.opened,
            "said": self.said,
        }

    def payload(self, press: dict[str, Any]) -> dict[str, Any]:
        """A press as Slack tells of it; ``of`` names the message by its ts."""
        if "of" not in press:
            return press
        (message,) = [m for m in self.messages if m["ts"] == press["of"]]
        (button,) = [
            element
            for block in message["blocks"] or ()
            if block["type"] == "actions"
            for element in block["elements"]
            if element["action_id"] == press["action"]
        ]
        thread = {"thread_ts": message["thread_ts"]} if "thread_ts" in message else {}
        return {
            "type": "block_actions",
            "user": {"id": press.get("user", "U0ANNA"), "username": press.get("name", "anna"), "team_id": "T1"},
            "api_app_id": "A1",
            "container": {
                "type": "message", "message_ts": message["ts"], "channel_id": message["channel"], "is_ephemeral": False,
                **thread,
            },
            "channel": {"id": message["channel"], "name": "alerts"},
            "message": {key: message[key] for key in ("ts", "text", "blocks")},
            "response_url": "https://hooks.slack.com/actions/T1/1/x",
            "actions": [
                {**button, "block_id": "b1", "action_ts": f"{time.time():.6f}"}
            ],
        }  # fmt: skip

    # ------------------------------------------------------------------------------------- the sockets

    def run(self, job: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(job, self.loop)

    async def send(self, kind: str, payload: dict[str, Any]) -> None:
        """One envelope, until it is acknowledged or Slack gives up."""
        name = secrets.token_hex(8)
        envelope = {"sent": time.monotonic(), "attempts": 0, "acked": None, "payload": payload, "type": kind}
        self.envelopes[name] = envelope
        for _ in range(TIMES):
            await self.once(name)
            await asyncio.sleep(PATIENCE)
            if envelope["acked"] is not None:
                return

    async def once(self, name: str) -> None:
        envelope = self.envelopes[name]
        for socket in self.sockets[-1:]:
            envelope["attempts"] += 1
            await socket.send_json({
                "envelope_id": name, "type": envelope["type"], "payload": envelope["payload"],
                "accepts_response_payload": True, "retry_attempt": envelope["attempts"] - 1,
            })  # fmt: skip

    async def end(self, reason: str) -> None:
        for socket in [*self.sockets]:
            await socket.send_json({"type": "disconnect", "reason": reason, "debug_info": {"host": "fake"}})
            if reason != "warning":
                self.loop.call_later(1.0, lambda socket=socket: self.loop.create_task(socket.close()))

    async def cut(self) -> None:
        for socket in [*self.sockets]:
            transport = socket._req.transport if socket._req is not None else None
            if transport is not None:
                transport.abort()

    async def serve(self, request: web.Request) -> web.StreamResponse:
        ticket = request.query.get("ticket", "")
        if ticket not in self.tickets:
            return web.Response(status=403)
        self.tickets.discard(ticket)
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self.sockets.append(socket)
        self.opened += 1
        try:
            await socket.send_json({"type": "hello", "num_connections": len(self.sockets), "debug_info": {}})
            async for frame in socket:
                if frame.type is WSMsgType.TEXT:
                    envelope = self.envelopes.get(json.loads(frame.data).get("envelope_id", ""))
                    if envelope is not None and envelope["acked"] is None:
                        envelope["acked"] = time.monotonic() - envelope["sent"]
        finally:
            self.sockets.remove(socket)
        return socket

    async def listen(self) -> None:
        app = web.Application()
        app.router.add_get("/link/", self.serve)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        self.port = runner.addresses[0][1]


class FakeSocket(FakeSlack):
    """The same as a child process, for tests: ``with FakeSocket() as slack``."""

    def __enter__(self) -> Self:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.doors.fake_socket"], cwd=Path(__file__).parents[2],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip
        assert self.process.stdout is not None
        self.port = int(self.process.stdout.readline())
        self.base_url = f"http://127.0.0.1:{self.port}/api/"
        return self

    def press(self, ts: str, action: str, **who: str) -> None:
        """A reader presses a button of a message."""
        self.ask(press={"of": ts, "action": action, **who})

    def acks(self) -> list[float | None]:
        """Seconds until each envelope was acknowledged; None: it was not yet."""
        return [envelope["acked"] for envelope in self.ask()["envelopes"].values()]

    def said(self) -> list[dict[str, Any]]:
        """What single readers were told."""
        found: list[dict[str, Any]] = self.ask()["said"]
        return found


def main() -> None:
    world = SocketWorld()
    Handler.world = world
    threading.Thread(target=world.loop.run_forever, daemon=True).start()
    asyncio.run_coroutine_threadsafe(world.listen(), world.loop).result(10)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.handle_error = lambda request, address: None  # type: ignore[method-assign]  killed clients are the point
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_address[1], flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
