"""A3, status codes and redirects: no answer, however odd, makes a feed die silently."""

from __future__ import annotations

import dataclasses
import datetime as dt
import gzip
import itertools
import json
import random
import re
from pathlib import Path
from typing import Any

import pytest

from monitor import schedule
from monitor.entities import Document, IncidentKind, Intake, Problem, Verdict
from monitor.sources import SOURCES
from tests import make
from tests.acquisition.conftest import Secure
from tests.acquisition.driver import DAY, HOUR, MINUTE, START, House, numbered
from tests.doors.cli import Cli
from tests.doors.feed_server import Answer, item, rss

ETAG = '"a-1"'
ONE, TWO = rss(item(1)), rss(item(2), item(1))
LOGIN = b"<!doctype html><html><head><title>Sign in</title></head><body><form>Please log in</form></body></html>"
WALL = b"<!DOCTYPE html><html><head><title>Just a moment...</title></head><body>cf-chl challenge-platform</body></html>"


def moved(to: str, status: int = 301) -> Answer:
    """A redirect."""
    return Answer(status=status, headers={"Location": to})


def test_a3_33_a_permanent_move_is_adopted_after_a_week_of_agreement(house: House) -> None:
    """Given 301/308 to a valid feed for 7 days → the new address is asked directly; before that the old one is."""
    house.feed("old", moved("/new", 308))
    house.serve("new", Answer(body=ONE, etag=ETAG))
    for days in (0, 4, 8, 9):
        house.poll(days * DAY)
    assert [asked.request.path for asked in house.log] == ["/old", "/new"] * 3 + ["/new"]
    assert house.state("old").url == house.server.url("/new")


def test_a3_33_only_the_permanent_start_of_a_chain_counts(house: House) -> None:
    """Given 301 and then 302 → after a week the place the 301 led to is asked, and never the one behind the 302."""
    house.feed("old", moved("/middle"))
    house.serve("middle", moved("/today", 302))
    house.serve("today", Answer(body=ONE))
    house.poll()
    house.polls(9 * DAY, step=DAY)
    assert house.state("old").url == house.server.url("/middle")
    assert [asked.request.path for asked in house.log[-2:]] == ["/middle", "/today"]


def test_a3_33_a_move_that_does_not_hold_is_not_adopted(house: House) -> None:
    """Given a 301 that was gone again after three days, or leads to no feed → the configured address stays."""
    house.feed("wavering", *[moved("/new")] * 3, Answer(body=ONE))
    house.feed("astray", moved("/page"))
    house.serve("new", Answer(body=ONE))
    house.serve("page", Answer(body=LOGIN, headers={"Content-Type": "text/html"}))
    house.poll()
    house.polls(20 * DAY, step=DAY)
    assert (house.state("wavering").url, house.state("astray").url) == ("", "")


@pytest.mark.parametrize("status", [404, 410])
def test_a3_33_an_old_address_that_is_gone_hands_over_at_once(house: House, status: int) -> None:
    """Given a move that was seen and then 404 or 410 at the old address → the new one is asked soon, and kept."""
    house.feed("old", moved("/new"), moved("/new"), Answer(status=status))
    house.serve("new", Answer(body=ONE, etag=ETAG))
    house.poll()
    house.polls(2 * DAY, step=DAY)
    state = house.state("old")
    assert (state.url, state.problem is None or house.wait("old") <= 10 * MINUTE) == (house.server.url("/new"), True)
    (last,) = house.due_poll("old")
    assert last.request.path == "/new"
    assert house.state("old").problem is None


def test_a3_33_https_of_the_same_address_is_adopted_at_once() -> None:
    """Given a permanent redirect from http to https of the same host and path → adopted with the first good answer."""
    plain, secure = "http://paper.example/rss", "https://paper.example/rss"
    after = schedule.after_poll(
        make.feed("paper", url=plain, insecure=True), make.feed_state("paper"),
        make.fetched("paper", url=plain, final_url=secure, moved_to=secure),
        Document(entries=(make.entry(),), title="Paper"),
        intake=Intake(entries=1, new=1, read=1), now=START, policy=schedule.Policy(), jitter=0.0,
    )  # fmt: skip
    assert (after.url, after.url_of) == (secure, plain)


@pytest.mark.parametrize("status", [302, 303, 307])
def test_a3_34_a_temporary_redirect_moves_nothing_however_long_it_lasts(house: House, status: int) -> None:
    """Given 302/303/307 for weeks → the configured address is asked each time."""
    house.feed("old", moved("/new", status))
    house.serve("new", Answer(body=ONE, etag=ETAG))
    house.poll()
    house.polls(20 * DAY, step=2 * DAY)
    assert [asked.request.path for asked in house.log] == ["/old", "/new"] * 11
    assert (house.state("old").url, house.state("old").moved_to) == ("", None)


def test_a3_35_redirects_in_a_circle_or_without_end_name_their_hops(house: House) -> None:
    """Given a loop or more than ten hops → an error that names the hops, after a bounded number of requests."""
    house.feed("circle", moved("/back", 302))
    house.serve("back", moved("/circle", 302))
    house.feed("long", moved("/hop-1", 302))
    for hop in range(1, 30):
        house.serve(f"hop-{hop}", moved(f"/hop-{hop + 1}", 302))
    house.poll()
    circle, long = house.state("circle"), house.state("long")
    assert {circle.problem, long.problem} == {Problem.REDIRECT}
    assert "/circle" in circle.problem_message
    assert "/back" in circle.problem_message
    assert "/hop-1" in long.problem_message
    assert len(house.log) <= 2 + 12


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (Answer(body=LOGIN, headers={"Content-Type": "text/html"}), Problem.NOT_A_FEED),
        (Answer(body=LOGIN), Problem.NOT_A_FEED),
        (Answer(body=WALL, headers={"Content-Type": "text/html"}), Problem.BLOCKED),
        (Answer(status=403, body=WALL, headers={"cf-mitigated": "challenge"}), Problem.BLOCKED),
        (Answer(body=b"Service unavailable"), Problem.NOT_A_FEED),
    ],
    ids=["login", "html under a feed's type", "wall with 200", "wall with 403", "plain words"],
)
def test_a3_36_a_page_instead_of_a_feed_is_an_error_and_never_nothing_new(
    house: House, answer: Answer, problem: Problem
) -> None:
    """Given 200 with a login page or a wall against robots → ``not-a-feed`` or ``blocked``, and never "0 new"."""
    house.feed("paper", Answer(body=ONE, etag=ETAG), answer)
    house.poll()
    for _ in range(4):
        house.due_poll()
    state = house.state()
    assert (state.problem, state.failures, state.last_success_at, state.etag) == (problem, 4, START, ETAG)
    kind = {Problem.NOT_A_FEED: IncidentKind.NOT_A_FEED, Problem.BLOCKED: IncidentKind.BLOCKED}[problem]
    assert kind in house.kinds()


def test_a3_37_410_is_told_to_the_operator_and_asked_once_a_week_at_most(house: House) -> None:
    """Given 410 → the feed rests (once a week at most), the operator is told once, and the entries are kept."""
    house.feed("paper", Answer(body=ONE, etag=ETAG), Answer(status=410))
    for hours in (0, 2, 3, 24, 24 * 7, 24 * 8):
        house.poll(hours * HOUR)
    assert house.times() == [0 * HOUR, 2 * HOUR, 24 * 8 * HOUR]
    (incident,) = house.incidents()
    assert (incident.kind, incident.told) == (IncidentKind.GONE, True)
    assert "paper" in incident.sentence.casefold() or "410" in incident.sentence
    assert len(house.titles()) == 1


DEAD = {
    "404": Answer(status=404), "403": Answer(status=403), "500": Answer(status=500), "no word": Answer(silent=True), "page": Answer(body=LOGIN), "empty": Answer(body=b""),
}  # fmt: skip


@pytest.mark.parametrize("answer", DEAD.values(), ids=DEAD)
def test_a3_38_however_often_it_fails_a_feed_is_asked_again_and_recovers_alone(house: House, answer: Answer) -> None:
    """Given the same failure 12 times → ever longer pauses up to a ceiling, never given up, well at the first success."""
    house.feed("paper", Answer(body=ONE, etag=ETAG), answer)
    house.poll()
    waits = []
    for _ in range(12):
        house.due_poll()
        waits.append(house.wait())
    assert max(waits) <= 14 * HOUR
    assert waits[-1] >= 6 * HOUR
    assert all(after > before * 0.85 for before, after in itertools.pairwise(waits))
    assert house.state().failures == 12
    house.serve("paper", Answer(body=TWO, etag='"back"'))
    house.due_poll()
    state = house.state()
    assert (state.problem, state.failures, len(house.titles()), house.wait() <= HOUR) == (None, 0, 2, True)


CLASSES: dict[str, tuple[dict[str, Any], Answer, Problem]] = {
    "dns": ({"url": "http://nowhere.invalid/rss"}, Answer(), Problem.DNS),
    "connect": ({"url": "http://127.0.0.1:9/rss"}, Answer(), Problem.CONNECT),
    "read-timeout": ({}, Answer(body=ONE, delay=4.0), Problem.TIMEOUT),
    "status": ({}, Answer(status=404), Problem.STATUS),
    "rate-limited": ({}, Answer(status=429), Problem.RATE_LIMITED),
    "blocked": ({}, Answer(body=WALL), Problem.BLOCKED),
    "gone": ({}, Answer(status=410), Problem.GONE),
    "empty": ({}, Answer(body=b""), Problem.EMPTY),
    "not-a-feed": ({}, Answer(body=LOGIN), Problem.NOT_A_FEED),
    "malformed": ({}, Answer(body=b'<?xml version="1.0"?><rss><channel><item'), Problem.CUT_SHORT),
    "broken coding": ({}, Answer(body=gzip.compress(ONE)[:12] + b"x" * 300), Problem.MALFORMED),
    "cut-short": ({}, Answer(body=ONE, cut=200), Problem.CUT_SHORT),
    "too-large": ({}, Answer(body=rss(item(1), "<!--" + "x" * 2_100_000 + "-->")), Problem.TOO_LARGE),
    "ssrf": ({"url": "http://169.254.169.254/latest/meta-data/"}, Answer(), Problem.FORBIDDEN_ADDRESS),
    "redirect": ({}, moved("ftp://paper.example/rss"), Problem.REDIRECT),
}


@pytest.mark.parametrize(("row", "answer", "problem"), CLASSES.values(), ids=CLASSES)
def test_a3_39_every_class_of_failure_is_kept_by_its_name(
    house: House, row: dict[str, Any], answer: Answer, problem: Problem
) -> None:
    """Given each kind of failure → its class and a sentence stand in the database after the process is gone."""
    house.set("http", max_bytes=2_000_000)
    house.feed("paper", answer, **row)
    house.poll()
    state = house.state()
    assert state.problem is problem
    assert len(state.problem_message) > 5


def test_a3_39_a_broken_certificate_has_its_own_class(house: House, secure: Secure) -> None:
    """Given a certificate that nobody signed → class ``tls``."""
    house.feed("paper", url=secure.url("/paper"))
    house.poll()
    assert house.state().problem is Problem.TLS


@pytest.mark.parametrize(("row", "answer", "problem"), CLASSES.values(), ids=CLASSES)
def test_a3_40_every_failure_counts_and_sets_the_next_poll(
    house: House, row: dict[str, Any], answer: Answer, problem: Problem
) -> None:
    """Given each kind of failure → the next poll and the count of failures are written, each time."""
    house.set("http", max_bytes=2_000_000)
    house.feed("paper", answer, **row)
    for turn in (1, 2):
        house.poll() if turn == 1 else house.due_poll()
        state = house.state()
        assert (state.problem, state.failures) == (problem, turn)
        assert state.last_attempt_at is not None
        assert MINUTE <= house.wait() <= (8 * 24 * HOUR if problem is Problem.GONE else 14 * HOUR)


def test_a3_40_a_mistake_of_ours_counts_like_any_failure(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Given a poll that raises inside us → the same: a class, a count, a next poll."""
    monkeypatch.setitem(SOURCES, "rss", Raises("paper"))
    house.feed("paper", Answer(body=ONE))
    house.poll()
    state = house.state()
    assert (state.problem, state.failures, state.etag) == (Problem.INTERNAL, 1, None)
    assert MINUTE <= house.wait() <= DAY


NOTHING = {
    "no bytes": b"", "blanks": b" \r\n\t \r\n", "eleven bytes": b"<rss></rss>", "an empty element": b"<rss/>",
    "a byte order mark": b"\xef\xbb\xbf", "a channel of nothing": b'<rss version="2.0"><channel></channel></rss>',
}  # fmt: skip


@pytest.mark.parametrize("body", NOTHING.values(), ids=NOTHING)
def test_a3_41_200_with_nothing_in_it_is_empty_and_an_incident_after_two(house: House, body: bytes) -> None:
    """Given 200 with no bytes, blanks or ``<rss></rss>`` → ``empty``; an incident opens with the second in a row."""
    house.feed("paper", Answer(body=ONE, etag=ETAG), Answer(body=body))
    house.poll()
    house.due_poll()
    state = house.state()
    assert (state.problem, state.last_success_at, state.etag) == (Problem.EMPTY, START, ETAG)
    assert house.kinds() == set()
    house.due_poll()
    assert IncidentKind.EMPTY in house.kinds()
    house.serve("paper", Answer(body=TWO))
    for _ in range(4):
        house.due_poll()
    assert house.kinds() == set()


def test_a3_42_an_answer_that_is_no_document_is_never_parsed(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Given 403, 404, a wall, no connection → nothing is parsed, and no success with no entries comes of it."""
    parsed: list[bytes] = []

    class Watching:
        def parse(self, feed: Any, fetched: Any, *rest: Any, **more: Any) -> Document:
            parsed.append(fetched.body)
            return plain.parse(feed, fetched, *rest, **more)

    plain = SOURCES["rss"]
    monkeypatch.setitem(SOURCES, "rss", Watching())
    bad = {"a": Answer(status=403, body=TWO), "b": Answer(status=404, body=TWO), "c": Answer(status=500, body=TWO)}
    for name, answer in bad.items():
        house.feed(name, answer)
    house.feed("d", url="http://127.0.0.1:9/rss")
    house.feed("good", Answer(body=ONE))
    house.poll()
    assert parsed == [ONE]
    assert [house.state(name).last_success_at for name in ("a", "b", "c", "d", "good")] == [None] * 4 + [START]
    assert house.titles() == ["Report number 1 from Nemuro"]


def test_a3_43_a_feed_that_answers_and_brings_nothing_any_more_is_frozen(house: House) -> None:
    """Given 200 and a valid document whose newest entry is far older than its own rhythm → an incident, till it moves."""
    house.feed("paper", Answer(body=numbered(2, 1), etag='"0"'), every=4 * HOUR)
    house.poll()
    for day in range(1, 8):  # a rhythm of a day
        at = START + day * DAY
        house.serve("paper", Answer(body=numbered(2 + day, 1 + day, day, at=at), etag=f'"{day}"'))
        house.poll(at)
    assert house.kinds() == set()
    house.polls(45 * DAY, step=2 * DAY, after=7 * DAY)
    assert house.kinds() == {IncidentKind.FROZEN}
    at = START + 46 * DAY
    house.serve("paper", Answer(body=numbered(50, 9, 8, at=at), etag='"new"'))
    house.poll(at)
    house.polls(46 * DAY + 12 * HOUR, step=5 * HOUR, after=46 * DAY)
    assert house.kinds() == set()
    assert [incident.kind for incident in house.incidents(open_only=False)].count(IncidentKind.FROZEN) == 1


def test_a3_43_a_feed_that_was_frozen_for_years_when_it_was_added_is_told(house: House) -> None:
    """Given a valid feed whose newest entry is eight years old → an incident, though its first answer was a 200."""
    house.feed("paper", Answer(body=numbered(3, 2, 1, at=dt.datetime(2018, 5, 1, tzinfo=dt.UTC)), etag=ETAG))
    house.poll()
    house.polls(2 * DAY, step=6 * HOUR)
    assert IncidentKind.FROZEN in house.kinds()


def test_a3_44_a_query_that_finds_nothing_twice_is_an_incident(house: House) -> None:
    """Given a query feed with 0 items twice → an incident; an ordinary feed without items is merely quiet once."""
    none = rss(title="Search")
    house.feed("search", Answer(body=rss(item(1), title="Search")), Answer(body=none), query=True)
    house.poll()
    house.due_poll("search")
    assert house.kinds("search") == set()
    house.due_poll("search")
    assert IncidentKind.SILENT_ZERO in house.kinds("search")
    house.serve("search", Answer(body=rss(item(2), title="Search")))
    for _ in range(4):
        house.due_poll("search")
    assert house.kinds("search") == set()


def test_a3_45_no_attempt_and_no_success_are_incidents_and_the_heartbeat_is_written(house: House) -> None:
    """Given no attempt for three intervals, or no success for hours → incidents that are told; the scheduler's beat is kept."""
    house.feed("unasked", Answer(body=ONE, etag=ETAG))
    house.feed("failing", Answer(body=rss(item(5))), Answer(status=500))
    house.poll()
    for _ in range(8):
        house.due_poll("failing")
    state = house.state("unasked")
    with house.app() as app:
        with app.store.begin() as tx:
            tx.save_feed_state(dataclasses.replace(state, last_attempt_at=START, next_poll_at=START + 10 * MINUTE))
        late = START + 10 * DAY
        app.review(late, network=True, spread=random.Random(1))
        app.heartbeat("host:1", late)
        assert app.views.beats() == {"daemon": late}
        notices = " ".join(" ".join((row.alert.headline, *row.alert.news)) for row in app.views.alerts())
    assert IncidentKind.NOT_POLLED in house.kinds("unasked")
    assert house.kinds("failing") & {IncidentKind.SILENT, IncidentKind.UNREACHABLE}
    assert all(incident.told for incident in house.incidents("unasked"))
    assert "unasked" in notices.casefold()


class Raises:
    """A source that raises for one feed."""

    def __init__(self, feed: str) -> None:
        self.feed, self.plain = feed, SOURCES["rss"]

    def parse(self, feed: Any, fetched: Any, *rest: Any, **more: Any) -> Document:
        """A document, or the mistake."""
        if feed.id == self.feed:
            raise ZeroDivisionError("a mistake of ours")
        return self.plain.parse(feed, fetched, *rest, **more)


def test_a3_46_an_exception_in_one_feed_stops_no_other(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Given an exception in one of five feeds → the other four are stored in the same round."""
    monkeypatch.setitem(SOURCES, "rss", Raises("paper-2"))
    for number in range(5):
        house.feed(f"paper-{number}", Answer(body=rss(item(number))))
    house.poll()
    assert sorted(house.titles()) == [f"Report number {number} from Nemuro" for number in (0, 1, 3, 4)]
    assert [house.state(f"paper-{number}").failures for number in range(5)] == [0, 0, 1, 0, 0]


def test_a3_47_one_bad_entry_is_skipped_and_counted_and_the_rest_is_stored(
    either_house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Given an entry with NUL, with an over-long URL, and one that a room cannot bear → the rest is stored."""
    house = either_house
    odd = item(4).replace("news/4", "news/4?" + "x" * 70_000)
    nul = item(3, title="Zero \x00 byte from Nemuro")
    empty = "<item><pubDate>Wed, 04 Mar 2026 08:00:00 GMT</pubDate></item>"
    gate = type(house.rooms.gate)
    judge = gate.judge

    def picky(self: Any, article: Any, reading: Any) -> Any:
        if "number 2" in article.title:
            raise ZeroDivisionError("a title this room cannot bear")
        return judge(self, article, reading)

    monkeypatch.setattr(gate, "judge", picky)
    house.feed("paper", Answer(body=rss(item(1), item(2), nul, odd, empty, item(6))))
    house.poll()
    assert house.state().problem is None
    found = {entry.title: entry.verdict for entry in house.entries()}
    assert found["Report number 1 from Nemuro"] is Verdict.OFF_BEAT
    assert found["Report number 2 from Nemuro"] is Verdict.REJECTED
    assert found["Report number 6 from Nemuro"] is Verdict.OFF_BEAT
    assert any(title.startswith("Zero") for title in found)
    assert len(found) in {4, 5}


def test_a3_48_a_dead_source_stays_listed_with_its_reason_and_date() -> None:
    """Given a source that is known to be dead → it stays listed, disabled, with the reason and when it was seen."""
    cli = Cli(folder=Path(__file__).parent.parent.parent)
    rows = json.loads(cli.said("feeds", "list", "--all", "--json"))
    dead = [row for row in rows if not row["enabled"] and row["grade"] == "D"]
    assert len(dead) >= 3
    assert [row["feed"] for row in dead if not re.search(r"\b20\d\d\b", row["sentence"])] == []
