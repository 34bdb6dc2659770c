"""A4, transport and safety: whatever a server sends, and wherever it leads, nothing happens that must not."""

from __future__ import annotations

import gzip
import time
import zlib

import brotli
import pytest

from monitor.entities import Problem
from monitor.sources import addresses
from monitor.sources.codings import zstd
from tests.acquisition.conftest import Secure
from tests.acquisition.driver import HOUR, House
from tests.doors.feed_server import Answer, FeedServer, item, rss

BODY = rss(item(1), item(2))
RUSSIA = rss(
    "<item><guid>drill</guid><link>http://paper.example/drill</link><title>Russia to fire 2 missiles in drill near Kunashir"
    "</title><description>Russia said it would fire two missiles during a drill near Kunashir, an island claimed by Japan."
    "</description><pubDate>Wed, 04 Mar 2026 08:00:00 GMT</pubDate></item>"
)


def raw_deflate(body: bytes) -> bytes:
    """Deflate without zlib's frame, as some servers send it."""
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(body) + packer.flush()


CODINGS = {
    "gzip": ("gzip", gzip.compress(BODY)),
    "GZIP": ("GZIP", gzip.compress(BODY)),
    "x-gzip": ("x-gzip", gzip.compress(BODY)),
    "deflate": ("deflate", zlib.compress(BODY)),
    "raw deflate": ("Deflate", raw_deflate(BODY)),
    "br": ("br", brotli.compress(BODY)),
    "zstd": ("zstd", zstd.compress(BODY)),
    "stacked": ("gzip, br", brotli.compress(gzip.compress(BODY))),
    "identity": ("identity", BODY),
    "undeclared gzip": ("", gzip.compress(BODY)),
    "falsely declared gzip": ("gzip", BODY),
    "gzip twice, declared once": ("gzip", gzip.compress(gzip.compress(BODY))),
}


@pytest.mark.parametrize(("declared", "body"), CODINGS.values(), ids=CODINGS)
def test_a4_49_every_content_coding_is_undone_as_the_bytes_say(house: House, declared: str, body: bytes) -> None:
    """Given gzip, deflate, br, zstd in any case, stacked, undeclared or falsely declared → the document is read."""
    house.feed("paper", Answer(body=body, headers={"Content-Encoding": declared} if declared else {}))
    house.poll()
    assert house.state().problem is None
    assert len(house.titles()) == 2


def test_a4_49_the_request_offers_what_can_be_undone(house: House) -> None:
    """Given any poll → ``Accept-Encoding`` names the four codings."""
    house.feed("paper", Answer(body=BODY))
    (asked,) = house.poll()
    assert set((asked.header("Accept-Encoding") or "").split(", ")) == {"gzip", "deflate", "br", "zstd"}


BOMB = b"<rss>" + b" " * 6_000_000
BOMBS = {
    "gzip": ("gzip", gzip.compress(BOMB)),
    "gzip in gzip": ("gzip", gzip.compress(gzip.compress(BOMB))),
    "zstd": ("zstd", zstd.compress(BOMB)),
    "undeclared": ("", gzip.compress(BOMB)),
    "plain": ("", BOMB),
}


@pytest.mark.parametrize(("declared", "body"), BOMBS.values(), ids=BOMBS)
def test_a4_50_a_document_that_unfolds_beyond_the_bound_is_too_large(house: House, declared: str, body: bytes) -> None:
    """Given a decompression bomb → the fetch ends at the bound on decoded bytes; class ``too-large``; others go on."""
    house.set("http", max_bytes=2_000_000)
    house.feed("bomb", Answer(body=body, headers={"Content-Encoding": declared} if declared else {}))
    house.feed("paper", Answer(body=BODY))
    house.poll()
    assert (house.state("bomb").problem, house.state("paper").problem) == (Problem.TOO_LARGE, None)
    assert len(house.titles("paper")) == 2


@pytest.mark.parametrize(
    "answer", [Answer(body=BODY, drip=0.5), Answer(body=BODY, delay=30.0)], ids=["drips", "says nothing"]
)
def test_a4_51_a_fetch_ends_at_its_deadline_whatever_drips(house: House, answer: Answer) -> None:
    """Given a byte now and then, or none → the whole fetch ends at its deadline, and other feeds are read meanwhile."""
    house.feed("slow", answer)
    house.feed("paper", Answer(body=BODY))
    begun = time.monotonic()
    house.poll()
    assert time.monotonic() - begun < 8.0
    assert (house.state("slow").problem, house.state("paper").problem) == (Problem.TIMEOUT, None)


INSIDE = [
    "10.0.0.1", "172.16.5.4", "192.168.1.1", "127.0.0.1", "0.0.0.0", "169.254.169.254", "100.64.0.1", "198.18.0.1",
    "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fc00::1", "ff02::1", "::ffff:10.0.0.1", "::ffff:127.0.0.1",
    "64:ff9b::10.0.0.1", "64:ff9b::7f00:1", "2002:0a00:0001::1", "2002:7f00:1::", "2001:0:4136:e378:8000:63bf:f5ff:fffe",
    "::10.0.0.1",
]  # fmt: skip


@pytest.mark.parametrize("address", INSIDE)
def test_a4_52_no_inner_address_is_allowed_in_any_disguise(address: str) -> None:
    """Given a private, loopback, link-local, shared, metadata, mapped, NAT64, 6to4 or Teredo address → refused."""
    assert not addresses.is_allowed(address, ())


def test_a4_52_the_address_is_checked_when_it_is_connected_to_on_every_hop(house: House) -> None:
    """Given names and redirects that lead inside → refused at connect time: no request arrives, and no name saves it."""
    house.feed("direct", Answer(body=BODY), url=house.server.url("/direct").replace("127.0.0.1", "localhost"))
    house.feed("odd", Answer(body=BODY), url=house.server.url("/odd").replace("127.0.0.1", "0x7f000001"))
    house.set("http", allow_addresses=())
    house.poll()
    assert house.log == []
    assert {house.state(name).problem for name in ("direct", "odd")} <= {Problem.FORBIDDEN_ADDRESS, Problem.DNS}
    assert house.state("direct").problem is Problem.FORBIDDEN_ADDRESS


def test_a4_52_a_redirect_to_an_inner_address_is_refused(house: House) -> None:
    """Given a redirect from an allowed address to another inner one → refused before it is connected to."""
    with FeedServer() as other:
        inner = other.serve("/secret", Answer(body=BODY)).replace("127.0.0.1", "127.0.0.2")
        house.set("http", allow_addresses=("127.0.0.1/32",))
        house.feed("paper", Answer(status=302, headers={"Location": inner}))
        house.feed("metadata", Answer(status=301, headers={"Location": "http://169.254.169.254/latest/"}))
        house.poll()
        assert other.requests == []
    assert {house.state(name).problem for name in ("paper", "metadata")} == {Problem.FORBIDDEN_ADDRESS}


@pytest.mark.parametrize(
    "target",
    ["file:///etc/passwd", "ftp://127.0.0.1/x", "data:text/xml,<rss/>", "gopher://x/", "javascript:1", "feed://x/y"],
)
def test_a4_53_only_http_and_https_are_fetched_after_a_redirect_too(house: House, target: str) -> None:
    """Given a redirect to ``file:``, ``ftp:``, ``data:`` … → refused as a redirect; nothing else is asked."""
    house.feed("paper", Answer(status=302, headers={"Location": target}))
    house.poll()
    state = house.state()
    assert state.problem is Problem.REDIRECT
    assert [asked.request.path for asked in house.log] == ["/paper"]
    assert house.titles() == []


def test_a4_54_tls_is_verified_and_only_a_feeds_own_row_opts_out(house: House, secure: Secure) -> None:
    """Given a certificate nobody signed → class ``tls`` with a sentence; the opt-out is one feed's alone."""
    house.feed("strict", url=secure.url("/strict"), insecure=False)
    house.feed("lenient", url=secure.url("/lenient"), insecure=False, tls_verify=False)
    house.poll()
    assert (house.state("strict").problem, house.state("lenient").problem) == (Problem.TLS, None)
    assert "certificate" in house.state("strict").problem_message


def test_a4_55_what_came_without_transport_integrity_is_marked(house: House) -> None:
    """Given a publisher that has plain http only → its feed works, and its articles are marked as insecure."""
    house.feed("kremlin", Answer(body=RUSSIA))
    house.poll()
    (entry,) = house.entries()
    held = house.explain(f"e{entry.id}").article
    assert held is not None
    assert held.article.insecure


LAUGHS = (
    '<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY a "lol">'
    + "".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9))
    + ']><rss version="2.0"><channel><title>Bomb</title>'
).encode()
XML_BOMBS = {
    "billion laughs": LAUGHS + item(1, title="&j; laughs from Nemuro").encode() + b"</channel></rss>",
    "external entity": b'<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY x SYSTEM "file:///etc/passwd">]><rss version="2.0">'
     b"<channel><title>T</title>" + item(1, title="Read &x; from Nemuro").encode() + b"</channel></rss>",
    "deep": b'<rss version="2.0"><channel><title>T</title>' + b"<a>" * 50_000 + item(1).encode() + b"</a>" * 50_000
    + b"</channel></rss>",
    "attributes": b'<rss version="2.0" ' + b" ".join(b'a%d="x"' % n for n in range(60_000)) + b"><channel><title>T</title>"
    + item(1).encode() + b"</channel></rss>",
    "unclosed": b'<rss version="2.0"><channel><title>T</title>' + b"<![CDATA[" * 50_000,
}  # fmt: skip


@pytest.mark.parametrize("body", XML_BOMBS.values(), ids=XML_BOMBS)
def test_a4_56_no_entity_is_expanded_and_no_document_costs_more_than_seconds(house: House, body: bytes) -> None:
    """Given billion laughs, external entities, 50,000-deep nesting → nothing expanded or read, bounded time, others go on."""
    house.feed("bomb", Answer(body=body))
    house.feed("paper", Answer(body=rss(item(8))))
    begun = time.process_time()
    house.poll()
    house.poll(HOUR)
    assert time.process_time() - begun < 6.0
    told = " ".join(entry.title for entry in house.entries())
    assert "root:" not in told
    assert told.count("lol") < 20
    assert house.titles("paper") == ["Report number 8 from Nemuro"]
