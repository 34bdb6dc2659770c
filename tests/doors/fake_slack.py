"""A loopback stand-in for the part of Slack's Web API that the sink uses, with faults on order. Standard library only.

Run as a process of its own, so that killing the sender does not kill it:

    python tests/doors/fake_slack.py        prints its port, serves until its standard input closes

``/api/METHOD`` speaks like Slack. ``/control`` takes one JSON object: ``{"fault": {...}}`` adds a fault,
``{"set": {...}}`` changes the world (token, scopes, channels), ``{"delete": [channel, ts]}`` removes a message as a person
would; it answers with all messages and all requests so far.

A fault: ``do`` (drop, reset, hang, slow, late, cut, no_ts, badjson, 429, a status, or a Slack error code), ``method``,
``times``, ``skip``, ``stored`` (whether the message is kept before the answer goes wrong), ``header`` (Retry-After),
``seconds`` of a hang, of a slow answer, or until a message whose answer was dropped is stored late.
``{"chaos": {"seed": 7, "p": {"drop": 0.02}, "late": 0.3, "hang": 0.3}}`` throws such faults at random, stored or not.
"""

from __future__ import annotations

import base64
import contextlib
import json
import random
import socket
import struct
import subprocess
import sys
import threading
import time
import urllib.parse
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

TOKEN = "xoxb-test-token"
BOT = "B0BOT"
SCOPES = ["chat:write", "channels:history", "groups:history", "channels:read", "groups:read"]
READS = {
    "conversations.history": "channels:history",
    "conversations.replies": "channels:history",
    "conversations.info": "channels:read",
}


class World:
    """Everything this Slack knows. One lock around it: requests are taken one by one."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.tokens = {TOKEN: list(SCOPES)}
        self.channels = {"C1": "member", "C2": "member", "CARCHIVED": "archived", "CFOREIGN": "stranger"}
        self.messages: list[dict[str, Any]] = []
        self.requests: list[dict[str, Any]] = []
        self.faults: list[dict[str, Any]] = []
        self.chaos: dict[str, Any] = {}
        self.rng = random.Random(0)
        self.serial = 0

    def control(self, asked: dict[str, Any]) -> dict[str, Any]:
        with self.lock:
            if "fault" in asked:
                self.faults.append(
                    {"method": "chat.postMessage", "times": 1, "skip": 0, "stored": False, **asked["fault"]}
                )
            for name, value in asked.get("set", {}).items():
                setattr(self, name, value)
            if "chaos" in asked:
                self.chaos = asked["chaos"]
                self.rng = random.Random(self.chaos.get("seed", 0))
            if "delete" in asked:
                channel, ts = asked["delete"]
                self.messages = [m for m in self.messages if (m["channel"], m["ts"]) != (channel, ts)]
            return {"messages": self.messages, "requests": self.requests, "faults": self.faults}

    def fault(self, method: str) -> dict[str, Any] | None:
        for fault in self.faults:
            if fault["method"] not in ("*", method) or fault["times"] <= 0:
                continue
            if fault["skip"] > 0:
                fault["skip"] -= 1
                return None
            fault["times"] -= 1
            return fault
        return self.chance(method)

    def chance(self, method: str) -> dict[str, Any] | None:
        """A fault of the chaos, if its turn comes. Only a post can come late."""
        throw = self.rng.random()
        for do, share in self.chaos.get("p", {}).items():
            throw -= share
            if throw < 0:
                if method != "chat.postMessage" and do == "late":
                    return None
                stored = do == "no_ts" or self.rng.random() < 0.5
                seconds = self.chaos.get("late" if do == "late" else "hang", 0.2)
                header = self.rng.choice(self.chaos.get("waits", ["0.2"]))
                return {"do": do, "stored": stored and do not in ("late", "429"), "seconds": seconds, "header": header}
        return None

    def call(self, method: str, args: dict[str, Any], token: str) -> dict[str, Any]:
        """Slack's answer to one call, faults aside."""
        if token not in self.tokens:
            return {"ok": False, "error": "invalid_auth" if token else "not_authed"}
        needed = {
            "chat.postMessage": "chat:write",
            "chat.update": "chat:write",
            "chat.delete": "chat:write",
            **READS,
        }.get(method)
        if needed and needed not in self.tokens[token]:
            return {"ok": False, "error": "missing_scope", "needed": needed}
        if method == "auth.test":
            return {"ok": True, "bot_id": BOT, "team": "test"}
        known = self.channels.get(args.get("channel", ""))
        if known is None:
            return {"ok": False, "error": "channel_not_found"}
        if method == "conversations.info":
            return {
                "ok": True,
                "channel": {
                    "id": args["channel"],
                    "is_archived": known == "archived",
                    "is_member": known != "stranger",
                },
            }
        if known == "stranger":
            return {"ok": False, "error": "not_in_channel"}
        handler = {
            "chat.postMessage": self.post,
            "chat.update": self.update,
            "chat.delete": self.remove,
            "conversations.history": self.history,
            "conversations.replies": self.replies,
        }.get(method)
        return handler(args, known) if handler else {"ok": False, "error": "unknown_method"}

    def post(self, args: dict[str, Any], known: str) -> dict[str, Any]:
        if known == "archived":
            return {"ok": False, "error": "is_archived"}
        if not args.get("text"):
            return {"ok": False, "error": "no_text"}
        if errors := list(block_errors(args.get("blocks") or [])):
            return {"ok": False, "error": "invalid_blocks", "response_metadata": {"messages": errors}}
        self.serial += 1
        message = {
            "ts": f"{int(time.time())}.{self.serial:06d}",
            "channel": args["channel"],
            "bot_id": BOT,
            "text": args["text"],
            "blocks": args.get("blocks"),
            "metadata": args.get("metadata"),
            "at": time.monotonic(),
        }
        above = args.get("thread_ts")
        if above and any(m["ts"] == above and m["channel"] == args["channel"] for m in self.messages):
            message["thread_ts"] = above
            message["broadcast"] = bool(args.get("reply_broadcast"))
        self.messages.append(message)
        return {"ok": True, "channel": args["channel"], "ts": message["ts"], "message": message}

    def update(self, args: dict[str, Any], known: str) -> dict[str, Any]:
        del known
        if errors := list(block_errors(args.get("blocks") or [])):
            return {"ok": False, "error": "invalid_blocks", "response_metadata": {"messages": errors}}
        for message in self.messages:
            if (message["ts"], message["channel"]) == (args.get("ts"), args["channel"]):
                message.update({key: args[key] for key in ("text", "blocks", "metadata") if key in args})
                return {"ok": True, "ts": message["ts"], "message": message}
        return {"ok": False, "error": "message_not_found"}

    def remove(self, args: dict[str, Any], known: str) -> dict[str, Any]:
        del known
        held = len(self.messages)
        self.messages = [m for m in self.messages if (m["ts"], m["channel"]) != (args.get("ts"), args["channel"])]
        return {"ok": True} if len(self.messages) < held else {"ok": False, "error": "message_not_found"}

    def history(self, args: dict[str, Any], known: str) -> dict[str, Any]:
        del known
        found = [
            m for m in self.messages if m["channel"] == args["channel"] and (m.get("broadcast") or "thread_ts" not in m)
        ]
        return self.page(found[::-1], args)

    def replies(self, args: dict[str, Any], known: str) -> dict[str, Any]:
        del known
        found = [
            m
            for m in self.messages
            if m["channel"] == args["channel"] and args.get("ts") in (m["ts"], m.get("thread_ts"))
        ]
        return self.page(found, args) if found else {"ok": False, "error": "thread_not_found"}

    def page(self, found: list[dict[str, Any]], args: dict[str, Any]) -> dict[str, Any]:
        found = [m for m in found if float(m["ts"]) > float(args.get("oldest") or 0)]
        start = int(base64.b64decode(args["cursor"])) if args.get("cursor") else 0
        end = start + int(args.get("limit") or 100)
        full = str(args.get("include_all_metadata")) in ("1", "True", "true")
        shown = [
            m if full else {**m, "metadata": {"event_type": (m["metadata"] or {}).get("event_type")}}
            for m in found[start:end]
        ]
        more = (
            {"response_metadata": {"next_cursor": base64.b64encode(str(end).encode()).decode()}}
            if end < len(found)
            else {}
        )
        return {"ok": True, "messages": shown, **more}


def block_errors(blocks: list[dict[str, Any]]) -> Any:
    """What Slack would say against these blocks: sizes, counts, ids, and anything it would parse."""
    if len(blocks) > 50:
        yield "no more than 50 items allowed"
    if len(json.dumps(blocks, ensure_ascii=False).encode("utf-16-le")) // 2 > 13_000:
        yield "blocks too long"
    for block in blocks:
        known = {"rich_text": rich_errors, "context": context_errors, "header": header_errors, "actions": button_errors}
        yield from known.get(block["type"], lambda block: (f"unsupported type: {block['type']}",))(block)
    for element in walk(blocks):
        if "text" in element and isinstance(element["text"], str) and not 1 <= len(element["text"]) <= 3000:
            yield "text must be 1 to 3000 characters"
        if element.get("type") in ("mrkdwn", "user", "usergroup", "channel", "broadcast", "emoji", "date"):
            yield f"parsed text: {element['type']}"
        if element.get("type") == "plain_text" and element.get("emoji") is not False:
            yield "names of emoji are parsed"
        if "url" in element and not str(element["url"]).startswith(("http://", "https://")):
            yield "must be a valid URL"
        if len(str(element.get("url", ""))) > 3000:
            yield "must be less than 3001 characters"


def rich_errors(block: dict[str, Any]) -> Any:
    for part in block["elements"]:
        rows = part["elements"] if part["type"] == "rich_text_list" else [part]
        if not rows or any(row["type"] != "rich_text_section" or not row["elements"] for row in rows):
            yield "must provide elements"
        yield from (
            f"unsupported element: {piece['type']}"
            for row in rows
            for piece in row["elements"]
            if piece["type"] not in ("text", "link")
        )


def context_errors(block: dict[str, Any]) -> Any:
    if not 1 <= len(block["elements"]) <= 10:
        yield "no more than 10 items allowed"
    yield from (f"unsupported element: {one['type']}" for one in block["elements"] if one["type"] != "plain_text")


def header_errors(block: dict[str, Any]) -> Any:
    if block["text"]["type"] != "plain_text" or not 1 <= len(block["text"]["text"]) <= 150:
        yield "must be less than 151 characters"


def button_errors(block: dict[str, Any]) -> Any:
    ids = [one.get("action_id") for one in block["elements"]]
    if not 1 <= len(ids) <= 25 or len(set(ids)) < len(ids):
        yield "no more than 25 items allowed, each with an action_id of its own"
    for one in block["elements"]:
        if one["type"] == "button" and len(one["text"]["text"]) > 75:
            yield "must be less than 76 characters"
        if len(one.get("action_id", "")) > 255 or len(one.get("value", "")) > 2000:
            yield "action_id or value is too long"


def walk(node: Any) -> Any:
    """Every object in blocks."""
    if isinstance(node, dict):
        yield node
        node = list(node.values())
    if isinstance(node, list):
        for part in node:
            yield from walk(part)


class Handler(BaseHTTPRequestHandler):
    """One request: logged, faulted if a fault is due, else answered."""

    world: World

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        if self.path == "/control":
            self.answer(200, json.dumps(self.world.control(json.loads(raw or "{}"))).encode())
            return
        as_json = self.headers.get("Content-Type", "").startswith("application/json")
        args = json.loads(raw) if as_json and raw else dict(urllib.parse.parse_qsl(raw))
        self.serve(urllib.parse.urlsplit(self.path).path.removeprefix("/api/"), args)

    def serve(self, method: str, args: dict[str, Any]) -> None:
        world, token = self.world, self.headers.get("Authorization", "").removeprefix("Bearer ")
        with world.lock:
            fault = world.fault(method)
            world.requests.append(
                {"method": method, "args": args, "fault": fault and fault["do"], "at": time.monotonic()}
            )
            out = (
                world.call(method, args, token)
                if fault is None or fault["stored"] or fault["do"] in ("no_ts", "slow")
                else {}
            )
        body = json.dumps(out).encode()
        if fault is None:
            self.answer(200, body, {"X-OAuth-Scopes": ",".join(world.tokens.get(token, []))})
            return
        do = fault["do"]
        if do in ("hang", "slow"):
            time.sleep(fault.get("seconds", 5))
        if do == "slow":
            self.answer(200, body)
        elif do in ("drop", "hang"):
            self.close_connection = True
        elif do == "reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
            self.close_connection = True
        elif do == "late":
            self.close_connection = True
            threading.Timer(fault["seconds"], self.later, (method, args, token)).start()
        elif do == "cut":
            self.answer(200, body or b'{"ok": true}', cut=True)
        elif do == "badjson":
            self.answer(200, b'{"ok": tru')
        elif do == "no_ts":
            self.answer(200, b'{"ok": true}')
        elif do == "429":
            header = {} if fault.get("header") is None else {"Retry-After": str(fault["header"])}
            self.answer(429, b'{"ok": false, "error": "ratelimited"}', header)
        elif do.isdigit():
            self.answer(int(do), b"<html>trouble</html>")
        else:
            self.answer(200, json.dumps({"ok": False, "error": do}).encode())

    def later(self, method: str, args: dict[str, Any], token: str) -> None:
        with self.world.lock:
            self.world.call(method, args, token)

    def answer(self, status: int, body: bytes, headers: dict[str, str] | None = None, *, cut: bool = False) -> None:
        self.send_response(status)
        for name, value in {
            "Content-Type": "application/json",
            "Content-Length": str(len(body)),
            **(headers or {}),
        }.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if cut else body)
        self.close_connection = cut

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  the base class calls it so
        """Quiet: what was asked stands in the world's own list."""


class FakeSlack:
    """The same as a child process, for tests: ``with FakeSlack() as slack``."""

    def __enter__(self) -> Self:
        self.process = subprocess.Popen([sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self.process.stdout is not None
        self.port = int(self.process.stdout.readline())
        self.base_url = f"http://127.0.0.1:{self.port}/api/"
        return self

    def __exit__(self, *error: object) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        self.process.wait(10)
        self.process.stdout.close()

    def ask(self, **asked: Any) -> dict[str, Any]:
        """One control request."""
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/control", json.dumps(asked).encode())
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=10) as answer:
            found: dict[str, Any] = json.loads(answer.read())
        return found

    def fault(self, do: str, **fault: Any) -> None:
        """Order a fault for the next fitting call."""
        self.ask(fault={"do": do, **fault})

    def messages(self) -> list[dict[str, Any]]:
        """All messages that stand in the channels."""
        found: list[dict[str, Any]] = self.ask()["messages"]
        return found

    def requests(self, method: str = "chat.postMessage") -> list[dict[str, Any]]:
        """All calls of a method."""
        return [request for request in self.ask()["requests"] if request["method"] == method]


def main() -> None:
    Handler.world = World()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.handle_error = lambda request, address: None  # type: ignore[method-assign]  killed clients are the point
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_address[1], flush=True)
    with contextlib.suppress(KeyboardInterrupt):
        sys.stdin.read()


if __name__ == "__main__":
    main()
