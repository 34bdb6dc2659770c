"""A feed server of our own on the loopback: real HTTP, every fault of a publisher on request, each request kept.

Never speaks to anything but the loopback. In a test it runs in a thread (``with FeedServer() as server``); for the demo
it is its own process: ``python -m tests.doors.feed_server --port 8900 FOLDER`` serves the files of a folder.
"""

from __future__ import annotations

import argparse
import email.utils
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import parse_qsl, urlsplit

RSS = "application/rss+xml; charset=utf-8"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One scripted answer. ``etag``/``modified`` make it conditional; the rest are faults."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    etag: str = ""
    modified: str = ""
    lie_304: bool = False  # 304 to every conditional request, whatever it names
    delay: float = 0.0  # seconds before the status line
    drip: float = 0.0  # seconds between two bytes
    cut: int | None = None  # bytes of the body sent before the connection ends; Content-Length tells of all
    chunked: bool = False
    silent: bool = False  # closes the connection without a word


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request as it came in."""

    path: str
    headers: tuple[tuple[str, str], ...]
    at: float
    method: str = "GET"
    peer: tuple[str, int] = ("", 0)  # the connection it came over
    form: Mapping[str, str] = field(default_factory=dict)  # what a POST carried

    def header(self, name: str) -> str | None:
        """The value of a header, byte for byte; None where it was not sent."""
        return next((value for key, value in self.headers if key.casefold() == name.casefold()), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """The head of one answer as it went out."""

    request: Request
    status: int
    answer: Answer


class FeedServer:
    """The server. ``serve(path, *answers)``: the first request gets the first answer; the last one stays.

    ``sent`` tells what was answered; ``date``, where it is set, stands in every ``Date`` header.
    """

    def __init__(self, folder: Path | None = None, port: int = 0) -> None:
        self.requests: list[Request] = []
        self.sent: list[Sent] = []
        self.date = ""
        self.in_flight_most = 0
        self._answers: dict[str, list[Answer]] = {}
        self._folder, self._lock, self._in_flight = folder, threading.Lock(), 0
        self._server = _Quiet(("127.0.0.1", port), _handler(self))
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
    def port(self) -> int:
        return int(self._server.server_address[1])

    def url(self, path: str = "/feed") -> str:
        """The address of a path."""
        return f"http://127.0.0.1:{self.port}{path}"

    def serve(self, path: str, *answers: Answer) -> str:
        """Script a path; returns its URL."""
        with self._lock:
            self._answers[path] = list(answers)
        return self.url(path)

    def paths(self) -> Sequence[str]:
        """The paths asked for, in order."""
        return [request.path for request in self.requests]

    def answer(self, request: Request) -> Answer:
        """The next answer for a request, which is kept."""
        with self._lock:
            self.requests.append(request)
            script = self._answers.get(request.path)
            if script:
                return script.pop(0) if len(script) > 1 else script[0]
        return self._file(request.path) or Answer(
            status=404, body=b"nothing here", headers={"Content-Type": "text/plain"}
        )

    def tell(self, request: Request, status: int, answer: Answer) -> None:
        """Note what is about to be answered."""
        with self._lock:
            self.sent.append(Sent(request=request, status=status, answer=answer))

    def enter(self, step: int) -> None:
        """Count requests in flight."""
        with self._lock:
            self._in_flight += step
            self.in_flight_most = max(self.in_flight_most, self._in_flight)

    def _file(self, path: str) -> Answer | None:
        if self._folder is None:
            return None
        wanted = (self._folder / urlsplit(path).path.lstrip("/")).resolve()
        if not wanted.is_relative_to(self._folder.resolve()) or not wanted.is_file():
            return None
        body = wanted.read_bytes()
        modified = email.utils.formatdate(wanted.stat().st_mtime, usegmt=True)
        return Answer(body=body, etag=f'"{blake2b(body, digest_size=8).hexdigest()}"', modified=modified)


class _Quiet(ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: a client that goes away in the midst is what some tests are about."""


def _handler(server: FeedServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._serve({})

        def do_POST(self) -> None:
            self._serve(dict(parse_qsl(self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode())))

        def _serve(self, form: Mapping[str, str]) -> None:
            server.enter(1)
            try:
                request = Request(
                    path=self.path, headers=tuple(self.headers.items()), at=time.monotonic(), method=self.command,
                    form=form, peer=self.client_address,
                )  # fmt: skip
                self._send(request, server.answer(request))
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True
            finally:
                server.enter(-1)

        def _send(self, request: Request, answer: Answer) -> None:
            if answer.delay:
                time.sleep(answer.delay)
            if answer.silent:
                self.close_connection = True
                return
            asked = request.header("If-None-Match"), request.header("If-Modified-Since")
            fresh = (answer.etag and asked[0] == answer.etag) or (
                not asked[0] and answer.modified and asked[1] == answer.modified
            )
            if (fresh or (answer.lie_304 and any(asked))) and answer.status == 200:
                server.tell(request, 304, answer)
                self._head(304, answer, None)
                return
            body = answer.body
            server.tell(request, answer.status, answer)
            self._head(answer.status, answer, None if answer.chunked else len(body))
            sent = body if answer.cut is None else body[: answer.cut]
            if answer.chunked:
                for start in range(0, len(sent), 1000):
                    piece = sent[start : start + 1000]
                    self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
                if answer.cut is None:
                    self.wfile.write(b"0\r\n\r\n")
            elif answer.drip:
                for byte in sent:
                    self.wfile.write(bytes([byte]))
                    self.wfile.flush()
                    time.sleep(answer.drip)
            else:
                self.wfile.write(sent)
            if answer.cut is not None:
                self.close_connection = True

        def _head(self, status: int, answer: Answer, length: int | None) -> None:
            self.send_response_only(status)
            names = {name.casefold() for name in answer.headers}
            if "date" not in names:
                self.send_header("Date", server.date or self.date_time_string())
            if "content-type" not in names:
                self.send_header("Content-Type", RSS)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            if answer.etag:
                self.send_header("ETag", answer.etag)
            if answer.modified:
                self.send_header("Last-Modified", answer.modified)
            if answer.chunked and status != 304:
                self.send_header("Transfer-Encoding", "chunked")
            elif length is not None:
                self.send_header("Content-Length", str(length))
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the base class calls it so
            return

    return Handler


def rss(*items: str, title: str = "Harbour Daily", head: str = "") -> bytes:
    """An RSS 2.0 document with these items."""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0"><channel><title>{title}</title>'
        f"<link>https://harbour-daily.example/</link>{head}{''.join(items)}</channel></rss>"
    ).encode()


def item(number: int = 1, title: str = "", more: str = "", date: str = "Wed, 04 Mar 2026 08:00:00 GMT") -> str:
    """One item of it."""
    return (
        f"<item><title>{title or f'Report number {number} from Nemuro'}</title>"
        f"<link>https://harbour-daily.example/news/{number}</link><guid isPermaLink='false'>item-{number}</guid>"
        f"<pubDate>{date}</pubDate><description>Fishing boats left the port at dawn, group {number}.</description>{more}</item>"
    )


def main() -> None:
    """Serve a folder until the process is ended."""
    parser = argparse.ArgumentParser(description="A feed server on the loopback")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--port", type=int, default=0)
    given = parser.parse_args()
    with FeedServer(given.folder, given.port) as server:
        print(server.url("/"), flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main()
