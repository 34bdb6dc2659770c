"""What the tests of the behaviours share: a house on a loopback server, in this process or in processes of its own."""

from __future__ import annotations

import dataclasses
import datetime as dt
import shutil
import ssl
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from monitor.app import App
from monitor.pipeline import Rooms
from monitor.settings import Config
from tests.acquisition.driver import House, ProcessHouse
from tests.doors.feed_server import RSS, FeedServer, item, rss
from tests.walk.house import shipped


@pytest.fixture(scope="session")
def config() -> Config:
    """The shipped configuration without meaning, with short patience at the front door."""
    plain = shipped()
    short = {
        "connect_timeout": dt.timedelta(seconds=2),
        "read_timeout": dt.timedelta(seconds=2),
        "deadline": dt.timedelta(seconds=3),
    }
    settings = plain.settings.model_copy(update={"http": plain.settings.http.model_copy(update=short)})
    return dataclasses.replace(plain, settings=settings)


@pytest.fixture(scope="session")
def rooms(config: Config) -> Rooms:
    """The rooms, built once: they hold no state."""
    return App(config).rooms


@pytest.fixture
def server() -> Iterator[FeedServer]:
    """A server of our own."""
    with FeedServer() as running:
        yield running


@pytest.fixture
def house(
    config: Config,
    rooms: Rooms,
    server: FeedServer,
    sqlite_template: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[House]:
    """A house on an SQLite file. Afterwards: it never sent a validator that this URL had not issued last."""
    monkeypatch.chdir(tmp_path)
    shutil.copy(sqlite_template, tmp_path / "monitor.db")
    made = House(config=config, rooms=rooms, url=f"sqlite:///{tmp_path / 'monitor.db'}", server=server)
    yield made
    assert invented(server, last=not made.doubted) == []


@pytest.fixture
def either_house(
    config: Config, rooms: Rooms, server: FeedServer, store_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[House]:
    """A house on SQLite, then on PostgreSQL."""
    monkeypatch.chdir(tmp_path)
    made = House(config=config, rooms=rooms, url=store_url, server=server)
    yield made
    assert invented(server, last=not made.doubted) == []


@pytest.fixture
def processes(config: Config, rooms: Rooms, server: FeedServer, tmp_path: Path) -> Iterator[ProcessHouse]:
    """A house whose polls are processes."""
    url = f"sqlite:///{tmp_path / 'monitor.db'}"
    made = ProcessHouse(config=config, rooms=rooms, url=url, server=server, folder=tmp_path)
    yield made
    assert invented(server, last=not made.doubted) == []


@dataclass(frozen=True, slots=True, kw_only=True)
class Secure:
    """A TLS server whose certificate nobody signed; it serves one feed document at every path."""

    port: int

    def url(self, path: str) -> str:
        """The address of a path."""
        return f"https://127.0.0.1:{self.port}{path}"


@pytest.fixture(scope="session")
def secure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secure]:
    """That server."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("needs openssl to make a certificate")
    key, certificate = (tmp_path_factory.mktemp("tls") / name for name in ("key.pem", "certificate.pem"))
    made = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost"
    names = ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run([openssl, *made.split(), *names], check=True, capture_output=True)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = rss(item(1))
            self.send_response(200)
            self.send_header("Content-Type", RSS)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the base class calls it so
            return

    class Quiet(HTTPServer):
        def handle_error(self, request: object, client_address: object) -> None:
            """Say nothing: a client that does not trust us goes away in the midst."""

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with Quiet(("127.0.0.1", 0), Handler) as running:
        running.socket = context.wrap_socket(running.socket, server_side=True)
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield Secure(port=running.server_port)
        running.shutdown()
        thread.join(timeout=5)


def invented(server: FeedServer, *, last: bool = True) -> list[tuple[str, str | None]]:
    """Every validator the server saw that it had not issued last (or, without ``last``, ever) for that URL.

    What came with a document that was cut short was never issued for the whole of it.
    """
    issued: dict[tuple[str, str], list[str]] = {}
    found = []
    for sent in server.sent:
        path = sent.request.path
        for header, value in (("If-None-Match", sent.answer.etag), ("If-Modified-Since", sent.answer.modified)):
            seen, known = sent.request.header(header), issued.setdefault((path, header), [])
            if seen is not None and seen not in (known[-1:] if last else known):
                found.append((path, seen))
            if value and sent.status in {200, 226, 304} and sent.answer.cut is None:
                known.append(value)
    return found
