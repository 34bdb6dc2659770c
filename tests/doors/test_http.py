"""The front door against a real server on the loopback: conditions, redirects, codings, bounds, addresses, manners."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import gzip
import itertools
import json
import os
import random
import shutil
import socket
import ssl
import struct
import subprocess
import sys
import threading
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import brotli
import pytest

from monitor.entities import FeedState, Fetched, Problem
from monitor.sources import addresses, probe
from monitor.sources.codings import zstd
from monitor.sources.http import Http, HttpPolicy, Subscribed
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


async def test_after_a_pause_of_days_the_question_sets_its_condition_where_the_last_answer_was_whole(
    server: FeedServer, http: Http
) -> None:
    url = server.serve("/feed", Answer(body=BODY, etag='"x"'))
    days_ago = make.at(days=-3)
    state = remembered(url, etag='"x"', unconditional_at=days_ago, last_success_at=days_ago)
    got = await http.fetch(make.feed(url=url), state, make.NOW)
    assert (got.status, got.conditional) == (304, True)


async def test_a_server_that_hangs_up_is_asked_once(server: FeedServer, http: Http) -> None:
    url = server.serve("/feed", Answer(silent=True))
    got = await fetch(http, url)
    assert (got.problem, got.message) == (Problem.CONNECT, "127.0.0.1 closed the connection without an answer")
    assert server.paths() == ["/feed"]


async def test_a_kept_connection_that_ended_meanwhile_is_no_failure(server: FeedServer, http: Http) -> None:
    first, second = Answer(body=BODY), Answer(silent=True)
    url = server.serve("/feed", first, second, first)
    got = [await fetch(http, url) for _ in range(2)]
    assert [answer.problem for answer in got] == [None, None]
    assert server.paths() == ["/feed"] * 3


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
        ("fec0::1", False),
        ("64:ff9b:1::5db8:d70e", False),
        ("3fff::1", False),
        ("192.0.0.8", False),
        ("198.18.0.1", False),
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
    assert got.elapsed < dt.timedelta(seconds=10)


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
        ({"RateLimit": '"burst";r=7;t=3, "daily";r=0;t=600'}, dt.timedelta(minutes=10)),
        ({"RateLimit-Policy": '"default";q=0;w=60'}, None),
        ({"RateLimit": '"default";r=0', "RateLimit-Policy": '"default";q=10;w=60'}, None),
        ({"RateLimit": '"default";r=0;t=40', "Retry-After": "7"}, dt.timedelta(seconds=7)),
        ({"RateLimit-Remaining": "0", "RateLimit-Reset": "12.5"}, dt.timedelta(seconds=12.5)),
        (
            {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1772607660", "Date": "Wed, 04 Mar 2026 07:00:00 GMT"},
            dt.timedelta(minutes=1),
        ),
        (
            {
                "X-Rate-Limit-Remaining": "0",
                "X-Rate-Limit-Reset": "1772607630000",
                "Date": "Wed, 04 Mar 2026 07:00:00 GMT",
            },
            dt.timedelta(seconds=30),
        ),
        ({"X-RateLimit-Remaining": "3", "X-RateLimit-Reset": "90"}, None),
        ({"X-RateLimit-Remaining": "none", "X-RateLimit-Reset": "90"}, None),
        ({"Retry-After": "0"}, dt.timedelta(0)),
        ({"Retry-After": "inf"}, None),
        ({"Retry-After": "9" * 400}, None),
        ({"Retry-After": "-999999999999999999"}, dt.timedelta(0)),
        ({"Retry-After": "Fri, 31 Dec 9999 23:59:59 -2300"}, None),
        (
            {"Retry-After": "Wed, 04 Mar 2026 06:00:00 GMT", "Date": "Wed, 04 Mar 2026 07:00:00 GMT"},
            dt.timedelta(0),
        ),
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
        ({"Cache-Control": "private, no-store"}, dt.timedelta(0)),
        ({"Cache-Control": 'no-cache="Set-Cookie", max-age=600'}, dt.timedelta(minutes=10)),
        ({"Cache-Control": "s-maxage=9"}, None),
        ({"Cache-Control": "max-age=-1"}, dt.timedelta(0)),
        ({"Cache-Control": "max-age=600", "Age": "400"}, dt.timedelta(seconds=200)),
        ({"Cache-Control": "max-age=600", "Age": "4000"}, dt.timedelta(0)),
        ({"Cache-Control": "max-age=" + "9" * 18}, dt.timedelta(seconds=10_000_000)),
        ({"Expires": "0"}, dt.timedelta(0)),
        ({"Expires": "-1", "Cache-Control": "max-age=60"}, dt.timedelta(minutes=1)),
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


async def test_a_feed_is_polled_where_it_has_moved_to_and_its_validators_go_there(
    server: FeedServer, http: Http
) -> None:
    moved = server.serve("/new", Answer(body=BODY, etag='"n"'))
    feed = make.feed(url=server.url("/old"))
    adopted = replace(remembered(moved, etag='"n"'), url=moved, url_of=feed.url)
    got = await http.fetch(feed, adopted, make.NOW)
    await http.fetch(make.feed(url=server.url("/other")), adopted, make.NOW)
    assert (got.not_modified, got.url) == (True, moved)
    assert server.paths() == ["/new", "/other"]
    assert server.requests[1].header("If-None-Match") is None


async def test_a_feed_may_be_asked_for_its_new_entries_alone_and_the_answer_says_if_it_is(
    server: FeedServer, http: Http
) -> None:
    delta = server.serve("/delta", Answer(status=226, body=BODY, etag='"whole-2"', headers={"IM": "feed"}))
    whole = server.serve("/whole", Answer(status=226, body=BODY, etag='"whole-2"'))
    got = await http.fetch(make.feed(url=delta), remembered(delta, etag='"whole-1"'), make.NOW)
    other = await http.fetch(make.feed(url=whole), make.feed_state(), make.NOW)
    assert [request.header("A-IM") for request in server.requests] == ["feed", None]
    assert (got.partial, got.etag, got.body, got.problem) == (True, '"whole-2"', BODY, None)
    assert (other.partial, other.etag, other.body, other.problem) == (False, '"whole-2"', BODY, None)


@pytest.mark.parametrize(
    ("link", "hub", "topic"),
    [
        ('<https://hub.example/>; rel="hub", <https://paper.example/rss>; rel=self', "https://hub.example/", "https://paper.example/rss"),
        ('</hub?a=1,2;b>; rel="Alternate HUB"; title="a, \\"b\\" >; rel=self"', "{here}/hub?a=1,2;b", ""),
        ('<https://hub.example/1>; rel=hub, <https://hub.example/2>; rel=hub', "https://hub.example/1", ""),
        ('<https://hub.example/>; rel=hub; anchor="/other"', "", ""),
        ("<javascript:alert(1)>; rel=hub, <http://[::1>; rel=self", "", ""),
        ("rel=hub", "", ""),
        ("<https://hub.example/", "", ""),
    ],
)  # fmt: skip
async def test_the_hub_of_a_feed_is_read_from_its_link_header(
    server: FeedServer, http: Http, link: str, hub: str, topic: str
) -> None:
    got = await fetch(http, server.serve("/feed", Answer(body=BODY, headers={"Link": link})))
    assert (got.hub, got.topic) == (hub.format(here=server.url("")), topic)


async def test_an_answer_from_a_private_address_says_so_over_a_connection_kept_open_too(
    server: FeedServer, http: Http
) -> None:
    busy = server.serve("/busy", Answer(status=429, headers={"Retry-After": "60"}))
    got = [
        await fetch(http, server.serve("/feed", Answer(body=BODY))),
        await fetch(http, busy),
        await fetch(http, busy),
    ]
    assert [(one.status, one.private) for one in got] == [(200, True), (429, True), (429, True)]
    assert len({request.peer for request in server.requests}) == 1


async def test_a_further_page_of_a_feed_is_asked_for_without_condition_and_as_politely(
    server: FeedServer, http: Http
) -> None:
    page = server.serve("/older", Answer(body=BODY, etag='"x"'))
    feed = make.feed(url=server.url("/feed"), user_agent="Reader/2")
    got = await http.fetch_page(feed, page, make.NOW)
    sent = server.requests[0]
    assert (got.url, got.final_url, got.body, got.conditional, got.feed_id) == (page, page, BODY, False, feed.id)
    assert (sent.header("If-None-Match"), sent.header("A-IM"), sent.header("User-Agent")) == (None, None, "Reader/2")
    refused = await http.fetch_page(feed, "http://10.0.0.1/older", make.NOW)
    assert refused.problem is Problem.FORBIDDEN_ADDRESS


@pytest.mark.parametrize("path", ["/a\r\nX-Injected: 1", "/a\tb", "/" + "a" * 8000])
async def test_a_page_with_no_honest_address_is_not_asked_for(server: FeedServer, http: Http, path: str) -> None:
    got = await http.fetch_page(make.feed(), server.url(path), make.NOW)
    assert (got.problem, server.requests) == (Problem.FORBIDDEN_ADDRESS, [])
    assert "is not asked" in got.message


async def test_a_large_packed_document_is_unpacked_whole(server: FeedServer, http: Http) -> None:
    body = rss(*(item(number, more=f"<x>{random.Random(number).randbytes(200).hex()}</x>") for number in range(4000)))
    packed = gzip.compress(body)
    assert len(packed) > 500_000
    got = await fetch(http, server.serve("/feed", Answer(body=packed, headers={"Content-Encoding": "gzip"})))
    assert (got.problem, got.body) == (None, body)


@pytest.mark.parametrize("etag", ['"a b"', "unquoted", 'W/"x"', '"' + "é".encode().decode("latin-1") + '"'])
async def test_a_validator_comes_back_as_the_bytes_it_was(server: FeedServer, http: Http, etag: str) -> None:
    url = server.serve("/feed", Answer(body=BODY, etag=etag))
    first = await fetch(http, url)
    second = await http.fetch(make.feed(url=url), remembered(url, etag=first.etag), make.NOW)
    assert second.not_modified
    assert server.requests[1].header("If-None-Match") == etag


@pytest.mark.parametrize("etag", ['"' + "x" * 3000 + '"', '"\xff"', '"a\x01b"'])
async def test_a_validator_that_cannot_be_sent_back_is_none(server: FeedServer, http: Http, etag: str) -> None:
    got = await fetch(http, server.serve("/feed", Answer(body=BODY, etag=etag)))
    assert got.etag is None
    assert got.problem in {None, Problem.MALFORMED}


@pytest.mark.parametrize(
    ("location", "said"),
    [
        ("/" + "a" * 9000, "9,001 characters"),
        ("/a\x07b", "control characters"),
        ("/a\tb", "control characters"),
        ("http://[::1/feed", "no URL"),
        ("http://paper.example:99999/feed", "no URL"),
        ("https://?a=b", "names no host"),
    ],
)  # fmt: skip
async def test_a_redirect_to_what_is_no_address_is_refused(
    server: FeedServer, http: Http, location: str, said: str
) -> None:
    got = await fetch(http, server.serve("/feed", Answer(status=302, headers={"Location": location})))
    assert got.problem is Problem.REDIRECT
    assert said in got.message
    assert len(got.message) < 400


async def test_the_ten_hops_of_a_redirect_share_one_deadline(server: FeedServer) -> None:
    for number in range(9):
        server.serve(f"/{number}", Answer(status=302, headers={"Location": f"/{number + 1}"}, delay=0.3))
    async with Http(replace(QUICK, deadline=dt.timedelta(seconds=1))) as http:
        got = await fetch(http, server.url("/0"))
    assert got.problem is Problem.TIMEOUT
    assert "deadline" in got.message
    assert got.elapsed < dt.timedelta(seconds=10)


async def test_a_password_in_an_address_is_in_no_message(server: FeedServer, http: Http) -> None:
    server.serve("/b", Answer(status=302, headers={"Location": "/a"}))
    url = server.serve("/a", Answer(status=302, headers={"Location": "/b"}))
    got = await fetch(http, url.replace("http://", "http://reader:hush@"))
    assert got.problem is Problem.REDIRECT
    assert "hush" not in got.message


@pytest.mark.parametrize("coding", ["gzip", "br", "identity"])
async def test_a_wall_against_robots_is_told_through_its_content_coding(
    server: FeedServer, http: Http, coding: str
) -> None:
    page = b"<html><title>Just a moment...</title>" + b"<p>wait</p>" * 3000
    packed = {"gzip": gzip.compress(page), "br": brotli.compress(page), "identity": page}[coding]
    got = await fetch(
        http, server.serve("/feed", Answer(status=403, body=packed, headers={"Content-Encoding": coding}))
    )
    assert got.problem is Problem.BLOCKED


async def test_an_error_page_that_breaks_off_does_not_hide_the_status(server: FeedServer, http: Http) -> None:
    got = await fetch(http, server.serve("/feed", Answer(status=404, body=b"x" * 5000, cut=100)))
    assert (got.problem, got.status) == (Problem.STATUS, 404)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (Answer(status=401), "answered 401: it wants a name and a password"),
        (Answer(status=301), "answered 301 without saying where to"),
        (Answer(status=502), "answered 502: the server's own trouble; it is asked again later"),
        (Answer(status=418), "answered 418"),
        (Answer(silent=True), "127.0.0.1 closed the connection without an answer"),
        (Answer(delay=3.0), "127.0.0.1 fell silent before its answer was whole ([http] read_timeout)"),
    ],
)
async def test_a_failure_is_told_in_words_an_operator_can_act_on(
    server: FeedServer, http: Http, answer: Answer, said: str
) -> None:
    got = await fetch(http, server.serve("/feed", answer))
    assert got.message == said


async def test_a_dead_port_is_told_without_the_words_of_the_client(http: Http) -> None:
    got = await fetch(http, "http://127.0.0.1:9/feed")
    plain = await fetch(http, "http://nobody.invalid/feed")
    assert got.message == "no connection to 127.0.0.1:9: Connection refused"
    assert plain.message.startswith("the name nobody.invalid ")


# ------------------------------------------------------------------------------------- heads of answers without end


async def raw(serve: Callable[[asyncio.StreamWriter], Awaitable[None]], policy: HttpPolicy = QUICK) -> Fetched:
    """One poll of a server that writes whatever it likes."""
    visits: list[asyncio.Task[None]] = []

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            try:
                await reader.readuntil(b"\r\n\r\n")
                await serve(writer)
                await writer.drain()
            finally:
                writer.close()

    def visit(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        visits.append(asyncio.create_task(handle(reader, writer)))

    async with await asyncio.start_server(visit, "127.0.0.1", 0) as running, Http(policy) as http:
        got = await fetch(http, f"http://127.0.0.1:{running.sockets[0].getsockname()[1]}/feed")
        for task in visits:
            task.cancel()
        await asyncio.gather(*visits, return_exceptions=True)
    return got


async def test_a_header_longer_than_the_bound_is_a_problem_and_a_long_honest_one_is_not(
    server: FeedServer, http: Http
) -> None:
    honest = await fetch(
        http, server.serve("/csp", Answer(body=BODY, headers={"Content-Security-Policy": "x" * 20_000}))
    )
    endless = await fetch(http, server.serve("/feed", Answer(body=BODY, headers={"X-Long": "x" * 100_000})))
    assert (honest.problem, honest.body) == (None, BODY)
    assert (endless.problem, endless.body) == (Problem.MALFORMED, b"")


async def test_headers_beyond_count_are_a_problem(server: FeedServer, http: Http) -> None:
    some = await fetch(http, server.serve("/some", Answer(body=BODY, headers={f"X-{n}": "x" for n in range(150)})))
    many = await fetch(http, server.serve("/many", Answer(body=BODY, headers={f"X-{n}": "x" for n in range(5000)})))
    assert (some.problem, many.problem) == (None, Problem.MALFORMED)


@pytest.mark.parametrize("piece", [b"x" * 1000, b"X-A: b\r\n" * 100, b""], ids=["one header", "headers", "drip"])
async def test_a_head_that_never_ends_is_given_up(piece: bytes) -> None:
    async def serve(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nX-Long: ")
        while True:
            writer.write(piece or b"x")
            await writer.drain()
            await asyncio.sleep(0 if piece else 0.1)

    got = await raw(serve, replace(QUICK, deadline=dt.timedelta(seconds=1)))
    assert got.problem is (Problem.MALFORMED if piece else Problem.TIMEOUT)
    assert got.elapsed < dt.timedelta(seconds=10)


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize(
    ("ending", "message"),
    [
        ("reset", "the connection ended before the document did"),
        ("stall", "the server fell silent before the document ended ([http] read_timeout)"),
    ],
)
async def test_a_body_that_is_reset_or_stalls_keeps_what_came(chunked: bool, ending: str, message: str) -> None:
    async def serve(writer: asyncio.StreamWriter) -> None:
        piece = BODY[:300]
        size = b"Transfer-Encoding: chunked" if chunked else b"Content-Length: 9999"
        writer.write(b"HTTP/1.1 200 OK\r\n" + size + b"\r\n\r\n" + (b"12c\r\n" if chunked else b"") + piece)
        await writer.drain()
        await asyncio.sleep(0.2)
        if ending == "stall":
            await asyncio.sleep(5)
        made = writer.get_extra_info("socket")
        made.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # closed with a reset
        writer.transport.abort()

    got = await raw(serve, replace(QUICK, read_timeout=dt.timedelta(seconds=0.5)))
    assert (got.problem, got.message, got.body) == (Problem.CUT_SHORT, message, BODY[:300])


async def test_interim_answers_without_end_are_given_up() -> None:
    async def serve(writer: asyncio.StreamWriter) -> None:
        while True:
            writer.write(b"HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n")
            await writer.drain()
            await asyncio.sleep(0.01)

    got = await raw(serve, replace(QUICK, deadline=dt.timedelta(seconds=1)))
    assert got.problem is Problem.TIMEOUT


@pytest.mark.parametrize(
    "head",
    [
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"HTTP/1.1 200 OK\r\nX: a\x00b\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n12345",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 999999 What\r\n\r\n",
    ],
)
async def test_what_is_no_http_is_a_problem_and_no_crash(head: bytes) -> None:
    async def serve(writer: asyncio.StreamWriter) -> None:
        writer.write(head)

    got = await raw(serve)
    assert got.problem in {Problem.MALFORMED, Problem.CONNECT, Problem.CUT_SHORT, Problem.STATUS}
    assert got.message.isprintable()


# ------------------------------------------------------------------------------------------------ hubs and anchors


async def test_a_hub_is_sent_a_form_and_its_answer_is_told(server: FeedServer, http: Http) -> None:
    form = {"hub.mode": "subscribe", "hub.topic": "https://paper.example/rss?a=1&b=2", "hub.secret": "hush"}
    yes = await http.subscribe(server.serve("/hub", Answer(status=202)), form)
    no = await http.subscribe(server.serve("/no", Answer(status=400, body=b"unknown\n topic")), form)
    assert (yes, no) == (Subscribed(status=202), Subscribed(status=400, message="unknown topic"))
    sent = server.requests[0]
    assert (sent.method, sent.form, sent.header("Cookie"), sent.header("Referer")) == ("POST", form, None, None)
    assert sent.header("Content-Type") == "application/x-www-form-urlencoded"


async def test_a_hub_that_moved_is_followed_only_where_a_post_stays_a_post(server: FeedServer, http: Http) -> None:
    server.serve("/new", Answer(status=202))
    kept = await http.subscribe(server.serve("/307", Answer(status=307, headers={"Location": "/new"})), {"a": "b"})
    lost = await http.subscribe(server.serve("/302", Answer(status=302, headers={"Location": "/new"})), {"a": "b"})
    inside = await http.subscribe(
        server.serve("/in", Answer(status=308, headers={"Location": "http://192.168.0.1/hub"})), {"a": "b"}
    )
    dead = await http.subscribe("http://127.0.0.1:9/hub", {"a": "b"})
    assert (kept, lost) == (Subscribed(status=202), Subscribed(status=302))
    assert [request.method for request in server.requests if request.path == "/new"] == ["POST"]
    assert (inside.status, "not a public address" in inside.message) == (None, True)
    assert dead == Subscribed(message="no connection to 127.0.0.1:9: Connection refused")


async def test_the_own_network_is_well_where_any_anchor_can_be_reached(server: FeedServer, http: Http) -> None:
    here = f"127.0.0.1:{server.port}"
    assert await http.reached([here])
    assert await http.reached(["nobody.invalid:443", "127.0.0.1:9", f"localhost:{server.port}"])
    assert not await http.reached(["127.0.0.1:9", "nobody.invalid:443", "no port", "127.0.0.1:99999"])
    assert await http.reached([])
    assert server.requests == []


async def test_an_anchor_that_never_answers_is_not_waited_for() -> None:
    with socket.socket() as full:  # nobody accepts, and the queue of those who wait is full
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        place = full.getsockname()
        waiting = [socket.socket() for _ in range(4)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(place)
        assert not await probe.reached([f"127.0.0.1:{place[1]}"], wait=dt.timedelta(seconds=0.2))
        for one in waiting:
            one.close()


# ------------------------------------------------------------------------------------------------ certificates


class Certificates:
    """Certificates of a test, all for ``localhost`` and with one key; ``authority`` signs all but the self-signed."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.authority = folder, folder / "authority.pem"
        (folder / "index.txt").touch()
        (folder / "serial").write_text("01\n")
        (folder / "names").write_text("subjectAltName=DNS:localhost\n")
        (folder / "ca.cnf").write_text(
            "[ca]\ndefault_ca=d\n[d]\ndatabase=index.txt\nnew_certs_dir=.\nserial=serial\ndefault_md=sha256\n"
            "policy=p\nunique_subject=no\n[p]\ncommonName=supplied\n"
        )
        new = ("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2")
        self._openssl(*new, "-keyout", "authority.key", "-out", "authority.pem", "-subj", "/CN=Our own authority")
        self._openssl(*new, "-keyout", "key.pem", "-out", "self-signed.pem", "-subj", "/CN=localhost")
        self._openssl("req", "-new", "-key", "key.pem", "-out", "asked.pem", "-subj", "/CN=localhost")

    def signed(self, name: str, start: str, end: str) -> Path:
        """A certificate for a span of time, as ``YYYYMMDDHHMMSSZ``."""
        self._openssl(
            "ca", "-batch", "-notext", "-config", "ca.cnf", "-cert", "authority.pem", "-keyfile", "authority.key",
            "-in", "asked.pem", "-out", f"{name}.pem", "-startdate", start, "-enddate", end, "-extfile", "names",
        )  # fmt: skip
        return self.folder / f"{name}.pem"

    def _openssl(self, *arguments: str) -> None:
        subprocess.run(["openssl", *arguments], cwd=self.folder, check=True, capture_output=True)


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    if shutil.which("openssl") is None:
        pytest.skip("needs openssl to make certificates")
    return Certificates(tmp_path_factory.mktemp("tls"))


@contextlib.contextmanager
def https(certificate: Path) -> Iterator[int]:
    """A server that shows this certificate; its port."""

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
    context.load_cert_chain(certificate, certificate.parent / "key.pem")
    running = Quiet(("127.0.0.1", 0), Handler)
    running.socket = context.wrap_socket(running.socket, server_side=True)
    thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield int(running.server_address[1])
    finally:
        running.shutdown()
        running.server_close()
        thread.join(timeout=5)


async def test_a_certificate_nobody_signed_is_refused_unless_the_feed_opts_out(
    certificates: Certificates, http: Http
) -> None:
    with https(certificates.folder / "self-signed.pem") as port:
        url = f"https://localhost:{port}/feed"
        refused = await fetch(http, url)
        trusted = await http.fetch(make.feed(url=url, tls_verify=False), make.feed_state(), make.NOW)
    assert (refused.problem, trusted.problem, trusted.body) == (Problem.TLS, None, BODY)
    assert refused.message == (
        "the certificate of localhost is signed by itself, and by nobody this machine knows; "
        "tls_verify = false in its row accepts any certificate"
    )


async def test_a_certificate_that_does_not_hold_is_told_with_what_is_wrong(
    certificates: Certificates, http: Http
) -> None:
    valid = certificates.signed("valid", "20250101000000Z", "20990101000000Z")
    expired = certificates.signed("expired", "20250101000000Z", "20260203040506Z")
    early = certificates.signed("early", "20980101000000Z", "20990101000000Z")
    with https(valid) as good, https(expired) as old, https(early) as new:
        ports = {"good": good, "old": old, "new": new}
        asked = [f"https://{host}:{ports[name]}/" for host, name in
                 (("localhost", "good"), ("localhost", "old"), ("localhost", "new"), ("127.0.0.1", "good"))]  # fmt: skip
        said = await asyncio.to_thread(polled_by_one_who_trusts, certificates.authority, asked)
        unknown = await fetch(http, asked[0])
    fix = "; tls_verify = false in its row accepts any certificate"
    assert said == [
        [None, ""],
        ["tls", f"the certificate of localhost ran out on 2026-02-03: its site has to renew it{fix}"],
        ["tls", f"the certificate of localhost is not valid yet: is this machine's clock right?{fix}"],
        ["tls", f"the certificate of 127.0.0.1 is for another name: is the address right?{fix}"],
    ]
    wrong = "comes from an issuer this machine does not know, or without the issuer's own"
    assert unknown.message == f"the certificate of localhost {wrong}{fix}"


async def test_a_plain_port_asked_for_tls_is_told_as_such(server: FeedServer, http: Http) -> None:
    got = await fetch(http, server.url().replace("http://", "https://"))
    assert got.problem is Problem.TLS
    assert got.message == "127.0.0.1 does not speak TLS there: is it an http:// address, or another port?"


def polled_by_one_who_trusts(authority: Path, urls: Sequence[str]) -> list[list[str | None]]:
    """Problem and message of one poll of each, by a process of its own: authorities are read when it starts."""
    script = (
        "import asyncio, json, sys\n"
        "from monitor.sources.http import Http, HttpPolicy\n"
        "from tests import make\n"
        "async def main():\n"
        "    async with Http(HttpPolicy(allow_addresses=('127.0.0.0/8', '::1/128'))) as http:\n"
        "        got = [await http.fetch(make.feed(url=url), make.feed_state(), make.NOW) for url in sys.argv[1:]]\n"
        "    print(json.dumps([[one.problem, one.message] for one in got]))\n"
        "asyncio.run(main())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *urls], env={**os.environ, "SSL_CERT_FILE": str(authority)},
        cwd=Path(__file__).parents[2], check=True, capture_output=True, text=True,
    )  # fmt: skip
    found: list[list[str | None]] = json.loads(done.stdout)
    return found
