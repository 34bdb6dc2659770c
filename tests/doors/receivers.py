"""Loopback services that alerts can be sent to: an HTTP receiver with answers on order, and a mail server. Standard library only."""

from __future__ import annotations

import contextlib
import email
import email.policy
import json
import socket
import socketserver
import struct
import threading
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

HANG = 3.0
"""Seconds a hanging answer waits at most: longer than any client's patience in these tests."""


class Post(BaseHTTPRequestHandler):
    """Keeps a body and answers as ordered: a status with a body and headers, or a fault."""

    server: HttpReceiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.bodies.append(json.loads(body))
        self.server.paths.append(self.path)
        order = self.server.orders.pop(0) if self.server.orders else {}
        match order.get("do"):
            case "hang":
                self.server.released.wait(HANG)
            case "reset":
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            case "drop":
                pass
            case _:
                return self.answer(**order)
        self.close_connection = True
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)
        return None

    def answer(self, status: int = 200, body: str = "ok", headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body.encode())))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  the base class calls it so
        del format, args


class HttpReceiver(ThreadingHTTPServer):
    """Takes JSON posts. ``orders`` are the answers to come; without one it says ``ok``."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Post)
        self.bodies: list[dict[str, Any]] = []
        self.paths: list[str] = []
        self.orders: list[dict[str, Any]] = []
        self.released = threading.Event()

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve_forever, args=[0.05], daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        self.released.set()
        self.shutdown()
        self.server_close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that gave up is no trouble of the server's."""


class Mail(socketserver.StreamRequestHandler):
    """As much of SMTP as a client needs to hand in one letter after another."""

    server: MailReceiver

    def handle(self) -> None:
        self.say("220 loopback")
        while line := self.rfile.readline().decode("ascii", "replace").strip():
            match line.split()[0].upper():
                case "QUIT":
                    self.say("221 bye")
                    return
                case "DATA":
                    self.say("354 go on")
                    letter = b""
                    while not letter.endswith(b"\r\n.\r\n"):
                        letter += self.rfile.readline()
                    if self.server.refusal:
                        self.say(self.server.refusal)
                        continue
                    unstuffed = letter[:-3].replace(b"\r\n..", b"\r\n.")
                    self.server.letters.append(email.message_from_bytes(unstuffed, policy=email.policy.default))
                    if self.server.hangs_up:
                        return
                    self.say("250 taken")
                case _:
                    self.say("250 well")

    def say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())


class MailReceiver(socketserver.ThreadingTCPServer):
    """A mail server that keeps letters. ``refusal`` is its answer to a letter; ``hangs_up`` takes it and says nothing."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Mail)
        self.letters: list[EmailMessage] = []
        self.refusal = ""
        self.hangs_up = False

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve_forever, args=[0.05], daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        self.shutdown()
        self.server_close()
