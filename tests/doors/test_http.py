"""The front door against a real server on the loopback: conditions, redirects, codings, bounds, addresses, manners."""

from __future__ import annotations

import asyncio
import datetime as dt
import gzip
import itertools
import shutil
import ssl
import subprocess
import threading
import zlib
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import brotli
import pytest

from monitor.entities import FeedState, Fetched, Problem
from monitor.sources import addresses
from monitor.sources.codings import zstd
from monitor.sources.http import Http, HttpPolicy
from tests import make
from tests.doors.feed_server import Answer, FeedServer, item, rss

BODY = rss(item(1), item(2))
MODIFIED = "Tue, 03 Mar 2026 10:00:00 GMT"
LOOPBACK = ("127.0.0.0/8", "::1/128")
QUICK = HttpPolicy(
    user_agent="monitor/1", contact="https://monitor.example/about", spacing=dt.timedelta(0), allow_addresses=LOOPBACK,
    connect_timeout=dt.timedelta(seconds=2), read_timeout=dt.timedelta(seconds=2), deadline=dt.timedelta(seconds=5),
)  # fmt: skip


@pytest.fixture
def server() -> Iterator[FeedServer]:
    with FeedServer() as running:
        yield running


@pytest.fixture
async def http() -> AsyncIterator[Http]:
    async with Http(QUICK) as running:
        yield running


async def fetch(http: Http, url: str, **state: object) -> Fetched:
    return await http.fetch(make.feed(url=url), make.feed_state(**state), make.NOW)


def remembered(url: str, **fields: object) -> FeedState:
    given = {"validators_url": url, "unconditional_at": make.at(hours=-1), **fields}
    return make.feed_state(**given)


async def test_a_document_comes_with_its_validators_byte_for_byte(server: FeedServer, http: Http) -> None:
    url = server.serve(
        "/feed", Answer(body=BODY, etag='W/"a-1"', modified=MODIFIED, headers={"Cache-Control": "max-age=900"})
    )
    got = await fetch(http, url)
    assert (got.status, got.problem, got.body, got.etag, got.last_modified) == (200, None, BODY, 'W/"a-1"', MODIFIED)
    assert (got.content_type, got.charset, got.max_age, got.conditional) == (
        "application/rss+xml",
        "utf-8",
        dt.timedelta(minutes=15),
        False,
    )
    assert got.final_url == url
    assert got.body_hash


async def test_the_second_poll_sends_both_validators_unchanged_and_304_is_no_problem(
    server: FeedServer, http: Http
) -> None:
    url = server.serve("/feed", Answer(body=BODY, etag='W/"a-1"', modified=MODIFIED))
    got = await http.fetch(make.feed(url=url), remembered(url, etag='W/"a-1"', last_modified=MODIFIED), make.NOW)
    sent = server.requests[0]
    assert (sent.header("If-None-Match"), sent.header("If-Modified-Since")) == ('W/"a-1"', MODIFIED)
    assert (got.status, got.not_modified, got.problem, got.body, got.conditional) == (304, True, None, b"", True)


async def test_no_validator_is_sent_to_a_url_that_did_not_issue_it(server: FeedServer, http: Http) -> None:
    url = server.serve("/new", Answer(body=BODY))
    await http.fetch(make.feed(url=url), remembered(server.url("/old"), etag='"x"', last_modified=MODIFIED), make.NOW)
    assert server.requests[0].header("If-None-Match") is None
    assert server.requests[0].header("If-Modified-Since") is None


async def test_validators_of_the_redirect_target_are_sent_there_and_not_before(server: FeedServer, http: Http) -> None:
    target = server.serve("/target", Answer(body=BODY, etag='"t"'))
    url = server.serve("/feed", Answer(status=302, headers={"Location": "/target"}))
    got = await http.fetch(make.feed(url=url), remembered(target, etag='"t"'), make.NOW)
    assert [request.header("If-None-Match") for request in server.requests] == [None, '"t"']
    assert got.not_modified


async def test_once_a_day_the_question_sets_no_condition(server: FeedServer, http: Http) -> None:
    url = server.serve("/feed", Answer(body=BODY, etag='"x"', lie_304=True))
    state = remembered(url, etag='"x"', unconditional_at=make.at(hours=-25))
    got = await http.fetch(make.feed(url=url), state, make.NOW)
    assert (got.status, got.conditional) == (200, False)


async def test_a_request_carries_no_cookie_referrer_or_pragma_and_names_who_asks(
    server: FeedServer, http: Http
) -> None:
    url = server.serve("/feed", Answer(body=BODY, headers={"Set-Cookie": "id=1; Path=/"}))
    await fetch(http, url)
    await fetch(http, url)
    sent = server.requests[1]
    assert [sent.header(name) for name in ("Cookie", "Referer", "Pragma", "Cache-Control")] == [None] * 4
    assert sent.header("User-Agent") == "monitor/1 (+https://monitor.example/about)"
    assert sent.path == "/feed"


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("gzip", gzip.compress(BODY)),
        ("X-GZIP", gzip.compress(BODY)),
        ("deflate", zlib.compress(BODY)),
        ("deflate", zlib.compress(BODY, wbits=-15)),
        ("br", brotli.compress(BODY)),
        ("zstd", zstd.compress(BODY)),
        ("gzip, br", brotli.compress(gzip.compress(BODY))),
        ("", gzip.compress(BODY)),
        ("gzip", BODY),
        ("br", BODY),
        ("gzip", gzip.compress(BODY[:50]) + gzip.compress(BODY[50:])),
        ("gzip", gzip.compress(gzip.compress(BODY))),
    ],
)
async def test_content_codings_are_undone_as_the_bytes_say(
    server: FeedServer, http: Http, coding: str, body: bytes
) -> None:
    url = server.serve("/feed", Answer(body=body, headers={"Content-Encoding": coding} if coding else {}))
    got = await fetch(http, url)
    assert (got.problem, got.body) == (None, BODY)


async def test_a_brotli_stream_that_happens_to_begin_like_gzip_is_read_as_declared(
    server: FeedServer, http: Http
) -> None:
    body = BODY.ljust(140 + -(-len(BODY) // 256) * 256)  # of this length, the second byte of the stream is gzip's
    stream = brotli.compress(body, lgwin=24)
    assert stream.startswith(b"\x1f\x8b")
    got = await fetch(http, server.serve("/feed", Answer(body=stream, headers={"Content-Encoding": "br"})))
    assert (got.problem, got.body) == (None, body)


async def test_a_document_that_unfolds_beyond_the_bound_is_too_large(server: FeedServer, http: Http) -> None:
    for coding, bomb in (
        ("gzip", gzip.compress(bytes(60_000_000))),
        ("br", brotli.compress(bytes(60_000_000), quality=1)),
        ("zstd", zstd.compress(bytes(60_000_000))),
    ):
        url = server.serve(f"/{coding}", Answer(body=bomb, headers={"Content-Encoding": coding}))
        got = await fetch(http, url)
        assert (got.problem, got.body) == (Problem.TOO_LARGE, b""), coding


async def test_a_body_longer_than_the_bound_is_not_read_to_its_end(server: FeedServer) -> None:
    url = server.serve("/feed", Answer(body=b"<" * 3_000_000))
    async with Http(replace(QUICK, most_bytes=1_000_000)) as http:
        got = await fetch(http, url)
    assert got.problem is Problem.TOO_LARGE


@pytest.mark.parametrize("chunked", [False, True])
async def test_a_body_cut_short_keeps_what_came_and_says_so(server: FeedServer, http: Http, chunked: bool) -> None:
    url = server.serve("/feed", Answer(body=BODY, cut=300, chunked=chunked))
    got = await fetch(http, url)
    assert (got.problem, got.body) == (Problem.CUT_SHORT, BODY[:300])


async def test_compressed_bytes_cut_short_are_cut_short(server: FeedServer, http: Http) -> None:
    packed = gzip.compress(rss(*(item(number) for number in range(200))))
    url = server.serve("/feed", Answer(body=packed[: len(packed) // 2], headers={"Content-Encoding": "gzip"}))
    got = await fetch(http, url)
    assert got.problem is Problem.CUT_SHORT
    assert got.body.startswith(b"<?xml")


@pytest.mark.parametrize("body", [b"", b"  \r\n "])
async def test_an_empty_body_is_a_problem(server: FeedServer, http: Http, body: bytes) -> None:
    got = await fetch(http, server.serve("/feed", Answer(body=body)))
    assert got.problem is Problem.EMPTY


async def test_only_the_permanent_start_of_a_chain_counts_as_a_move(server: FeedServer, http: Http) -> None:
    server.serve("/2", Answer(status=308, headers={"Location": "/3"}))
    server.serve("/3", Answer(status=302, headers={"Location": "/4"}))
    server.serve("/4", Answer(status=301, headers={"Location": "/5"}))
    server.serve("/5", Answer(body=BODY))
    got = await fetch(http, server.serve("/1", Answer(status=301, headers={"Location": "/2"})))
    assert (got.problem, got.final_url, got.moved_to) == (None, server.url("/5"), server.url("/3"))


@pytest.mark.parametrize("status", [302, 303, 307])
async def test_a_temporary_redirect_moves_nothing(server: FeedServer, http: Http, status: int) -> None:
    server.serve("/there", Answer(body=BODY))
    got = await fetch(http, server.serve("/feed", Answer(status=status, headers={"Location": "/there"})))
    assert (got.problem, got.moved_to, got.body) == (None, None, BODY)


async def test_redirects_in_a_circle_or_without_end_are_told_with_their_hops(server: FeedServer, http: Http) -> None:
    server.serve("/b", Answer(status=302, headers={"Location": "/a"}))
    circle = await fetch(http, server.serve("/a", Answer(status=302, headers={"Location": "/b"})))
    for number in range(12):
        server.serve(f"/hop{number}", Answer(status=302, headers={"Location": f"/hop{number + 1}"}))
    endless = await fetch(http, server.url("/hop0"))
    assert circle.problem is Problem.REDIRECT
    assert server.url("/b") in circle.message
    assert endless.problem is Problem.REDIRECT
    assert endless.message.count("/hop") == 12


@pytest.mark.parametrize("target", ["file:///etc/hostname", "ftp://127.0.0.1/x", "data:text/xml,<rss/>"])
async def test_a_redirect_leads_to_http_and_nothing_else(server: FeedServer, http: Http, target: str) -> None:
    got = await fetch(http, server.serve("/feed", Answer(status=302, headers={"Location": target})))
    assert got.problem is Problem.REDIRECT


async def test_an_address_that_is_not_public_is_refused_at_connect_time(server: FeedServer) -> None:
    url = server.serve("/feed", Answer(body=BODY))
    async with Http(replace(QUICK, allow_addresses=())) as http:
        got = await fetch(http, url)
        named = await fetch(http, url.replace("127.0.0.1", "localhost"))
    assert (got.problem, named.problem) == (Problem.FORBIDDEN_ADDRESS, Problem.FORBIDDEN_ADDRESS)
    assert "allow_addresses" in got.message
    assert server.requests == []


async def test_a_redirect_to_an_address_that_is_not_public_is_refused(server: FeedServer, http: Http) -> None:
    got = await fetch(
        http, server.serve("/feed", Answer(status=302, headers={"Location": "http://169.254.169.254/latest/meta-data"}))
    )
    assert got.problem is Problem.FORBIDDEN_ADDRESS


@pytest.mark.parametrize(
    ("address", "allowed"),
    [
        ("93.184.215.14", True),
        ("2606:2800:21f:cb07:6820:80da:af6b:8b2c", True),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("127.0.0.1", False),
        ("100.64.0.1", False),
        ("169.254.169.254", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("::1", False),
        ("::", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("::ffff:10.0.0.1", False),
        ("::ffff:93.184.215.14", True),
        ("64:ff9b::a00:1", False),
        ("64:ff9b::5db8:d70e", True),
        ("2002:a00:1::1", False),
        ("2001:0:53aa:64c:0:0:f5ff:fffe", False),
        ("::127.0.0.1", False),
        ("not an address", False),
    ],
)
def test_public_addresses_and_only_they_are_allowed(address: str, allowed: bool) -> None:
    assert addresses.is_allowed(address, ()) is allowed


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (Answer(status=404, body=b"no"), Problem.STATUS),
        (Answer(status=500, body=b"no"), Problem.STATUS),
        (Answer(status=403, body=b"no"), Problem.STATUS),
        (Answer(status=403, body=b"<html><title>Just a moment...</title></html>"), Problem.BLOCKED),
        (Answer(status=503, body=b"x", headers={"cf-mitigated": "challenge"}), Problem.BLOCKED),
        (Answer(status=410, body=b"gone"), Problem.GONE),
        (Answer(status=429, body=b"slow"), Problem.RATE_LIMITED),
        (Answer(silent=True), Problem.CONNECT),
        (Answer(delay=3.0, body=BODY), Problem.TIMEOUT),
    ],
)
async def test_each_failure_has_its_class_and_a_sentence(
    server: FeedServer, http: Http, answer: Answer, problem: Problem
) -> None:
    got = await fetch(http, server.serve("/feed", answer))
    assert got.problem is problem
    assert len(got.message) > 8


async def test_a_server_that_drips_is_ended_by_the_deadline(server: FeedServer) -> None:
    url = server.serve("/feed", Answer(body=BODY, drip=0.1))
    async with Http(replace(QUICK, deadline=dt.timedelta(seconds=1))) as http:
        got = await fetch(http, url)
    assert got.problem is Problem.TIMEOUT
    assert got.elapsed < dt.timedelta(seconds=3)


async def test_a_port_where_nobody_listens_and_a_name_that_is_none(http: Http) -> None:
    refused = await fetch(http, "http://127.0.0.1:9/feed")
    unknown = await fetch(http, "http://nobody.invalid/feed")
    assert (refused.problem, unknown.problem) == (Problem.CONNECT, Problem.DNS)


@pytest.mark.parametrize("url", ["file:///etc/hostname", "harbour-daily", "http://", "http://[::1", ""])
async def test_a_configured_address_that_is_no_web_address_is_a_problem_and_no_crash(http: Http, url: str) -> None:
    got = await fetch(http, url)
    assert got.problem in {Problem.FORBIDDEN_ADDRESS, Problem.REDIRECT}


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"Retry-After": "120"}, dt.timedelta(minutes=2)),
        ({"Retry-After": "1.5"}, dt.timedelta(seconds=1.5)),
        ({"Retry-After": "-5"}, dt.timedelta(0)),
        ({"Retry-After": "317100000"}, dt.timedelta(hours=48)),
        ({"Retry-After": "soon"}, None),
        (
            {"Retry-After": "Wed, 04 Mar 2026 07:10:00 GMT", "Date": "Wed, 04 Mar 2026 07:00:00 GMT"},
            dt.timedelta(minutes=10),
        ),
        ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "90"}, dt.timedelta(seconds=90)),
        ({"RateLimit": '"default";r=0;t=40'}, dt.timedelta(seconds=40)),
        ({"RateLimit": "limit=10, remaining=0, reset=50"}, dt.timedelta(seconds=50)),
        ({"RateLimit": '"default";r=10;t=40'}, None),
        ({}, None),
    ],
)
async def test_retry_after_is_read_by_the_servers_own_clock_and_clamped(
    server: FeedServer, http: Http, headers: dict[str, str], wait: dt.timedelta | None
) -> None:
    got = await fetch(http, server.serve("/feed", Answer(status=429, headers=headers)))
    assert (got.problem, got.retry_after) == (Problem.RATE_LIMITED, wait)


@pytest.mark.parametrize(
    ("headers", "age"),
    [
        ({"Cache-Control": "public, max-age=600"}, dt.timedelta(minutes=10)),
        ({"Cache-Control": "no-cache, max-age=600"}, dt.timedelta(0)),
        ({"Expires": "0"}, None),
        (
            {"Expires": "Wed, 04 Mar 2026 07:30:00 GMT", "Date": "Wed, 04 Mar 2026 07:00:00 GMT"},
            dt.timedelta(minutes=30),
        ),
        ({}, None),
    ],
)
async def test_how_long_a_copy_stays_fresh(
    server: FeedServer, http: Http, headers: dict[str, str], age: dt.timedelta | None
) -> None:
    got = await fetch(http, server.serve("/feed", Answer(body=BODY, headers=headers)))
    assert got.max_age == age


async def test_one_host_gets_two_requests_at_a_time_with_a_pause_between_starts(server: FeedServer) -> None:
    for number in range(5):
        server.serve(f"/{number}", Answer(body=BODY, delay=0.15))
    async with Http(replace(QUICK, spacing=dt.timedelta(seconds=0.05))) as http:
        got = await asyncio.gather(*(fetch(http, server.url(f"/{number}")) for number in range(5)))
    starts = sorted(request.at for request in server.requests)
    assert [one.problem for one in got] == [None] * 5
    assert server.in_flight_most == 2
    assert min(later - sooner for sooner, later in itertools.pairwise(starts)) > 0.03


async def test_cancellation_gets_out(server: FeedServer, http: Http) -> None:
    task = asyncio.create_task(fetch(http, server.serve("/feed", Answer(body=BODY, delay=1.5))))
    await asyncio.sleep(0.1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_feed_may_name_its_own_user_agent(server: FeedServer, http: Http) -> None:
    url = server.serve("/feed", Answer(body=BODY))
    await http.fetch(make.feed(url=url, user_agent="Reader/2"), make.feed_state(), make.NOW)
    assert server.requests[0].header("User-Agent") == "Reader/2"


async def test_headers_without_end_are_a_problem(server: FeedServer, http: Http) -> None:
    got = await fetch(http, server.serve("/feed", Answer(body=BODY, headers={"X-Long": "x" * 100_000})))
    assert got.problem is Problem.MALFORMED


@pytest.fixture(scope="module")
def tls_port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("needs openssl to make a certificate")
    folder: Path = tmp_path_factory.mktemp("tls")
    command = [
        openssl,
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-keyout",
        "key.pem",
        "-out",
        "cert.pem",
        "-days",
        "2",
        "-subj",
        "/CN=localhost",
    ]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(BODY)))
            self.end_headers()
            self.wfile.write(BODY)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the base class calls it so
            return

    class Quiet(HTTPServer):
        def handle_error(self, request: object, client_address: object) -> None:
            return

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    running = Quiet(("127.0.0.1", 0), Handler)
    running.socket = context.wrap_socket(running.socket, server_side=True)
    thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield int(running.server_address[1])
    running.shutdown()
    running.server_close()
    thread.join(timeout=5)


async def test_a_certificate_nobody_signed_is_refused_unless_the_feed_opts_out(tls_port: int, http: Http) -> None:
    url = f"https://127.0.0.1:{tls_port}/feed"
    refused = await fetch(http, url)
    trusted = await http.fetch(make.feed(url=url, tls_verify=False), make.feed_state(), make.NOW)
    assert (refused.problem, trusted.problem, trusted.body) == (Problem.TLS, None, BODY)
