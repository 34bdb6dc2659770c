"""A WebSub hub of our own on the loopback: it takes subscriptions, verifies them over real HTTP, and distributes.

Never speaks to anything but the loopback. It runs in a thread: ``with Hub() as hub``.
"""

from __future__ import annotations

import hashlib
import hmac
import threading
import urllib.error
import urllib.request
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self
from urllib.parse import parse_qsl, urlencode

from tests.doors.feed_server import RSS


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a subscriber answered; header names are in small letters."""

    status: int
    body: str
    headers: Mapping[str, str] = field(default_factory=dict)


class Hub:
    """The hub. ``status`` is its answer to forms, ``lease`` what it grants; it verifies before it answers, as it may."""

    def __init__(self, *, status: int = 202, lease: int | None = 864_000, verifies: bool = True) -> None:
        self.status, self.lease, self.verifies = status, lease, verifies
        self.forms: list[dict[str, str]] = []
        self.verified: list[tuple[str, Told]] = []
        self.subscribers: dict[str, dict[str, str]] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(timeout=5)

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/hub"

    @property
    def callback(self) -> str:
        """The callback of the form that came last."""
        return self.forms[-1]["hub.callback"]

    def took(self, form: dict[str, str]) -> None:
        """A form came: it is verified at its callback, and then it counts."""
        self.forms.append(form)
        if not self.verifies or not 200 <= self.status < 300:
            return
        told = self.ask(form)
        if (told.status, told.body) != (200, "challenge-17"):
            return
        if form["hub.mode"] == "subscribe":
            self.subscribers[form["hub.callback"]] = form
        else:
            self.subscribers.pop(form["hub.callback"], None)

    def ask(self, form: Mapping[str, str], **changes: str) -> Told:
        """Ask a callback whether it meant this form (or one with changes)."""
        question = {"hub.mode": form["hub.mode"], "hub.topic": form["hub.topic"], "hub.challenge": "challenge-17"}
        if self.lease is not None:
            question["hub.lease_seconds"] = str(self.lease)
        question |= {f"hub.{name}": value for name, value in changes.items()}
        told = _send(f"{form['hub.callback']}?{urlencode(question)}")
        self.verified.append((question["hub.mode"], told))
        return told

    def deny(self, reason: str = "the topic is not served here") -> Told:
        """Refuse, or end, the subscription of the last form."""
        return self.ask(self.forms[-1], mode="denied", reason=reason)

    def push(
        self,
        body: bytes,
        *,
        method: str = "sha256",
        secret: str | None = None,
        callback: str = "",
        kind: str = RSS,
        headers: Mapping[str, str] | None = None,
    ) -> Told:
        """Distribute a document to the subscriber of the last form, signed as it asked for."""
        form = self.forms[-1]
        key = form.get("hub.secret", "") if secret is None else secret
        sent = {"Content-Type": kind, "Link": f'<{self.url}>; rel="hub", <{form["hub.topic"]}>; rel="self"'}
        if method:
            sent["X-Hub-Signature"] = f"{method}={hmac.new(key.encode(), body, getattr(hashlib, method)).hexdigest()}"
        return _send(callback or form["hub.callback"], body, {**sent, **(headers or {})})


def _send(url: str, body: bytes | None = None, headers: Mapping[str, str] | None = None) -> Told:
    request = urllib.request.Request(url, data=body, headers=dict(headers or {}))
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return Told(status=answer.status, body=answer.read().decode(), headers=_lower(answer.headers.items()))
    except urllib.error.HTTPError as refusal:
        with refusal:
            return Told(status=refusal.code, body=refusal.read().decode(), headers=_lower(refusal.headers.items()))


def _lower(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    return {name.casefold(): value for name, value in headers}


def _handler(hub: Hub) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            form = dict(parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode(), strict_parsing=True))
            assert self.headers["Content-Type"] == "application/x-www-form-urlencoded"
            hub.took(form)
            self.send_response(hub.status)
            self.end_headers()
            self.wfile.write(b"" if 200 <= hub.status < 300 else b"this hub does not know you")

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the base class calls it so
            return

    return Handler
