"""A2, scheduling and politeness: when a feed is asked again, and how gently."""

from __future__ import annotations

import datetime as dt
import itertools
import random
from collections.abc import Iterator

import pytest
import structlog
from structlog.testing import capture_logs

from monitor.entities import IncidentKind, Problem
from monitor.sources import addresses
from tests.acquisition.driver import DAY, EVERY, HOUR, MINUTE, START, House, ProcessHouse, numbered
from tests.doors.feed_server import Answer, item, rss

ETAG = '"a-1"'
ONE = rss(item(1))


def http_date(at: dt.datetime) -> str:
    """A moment as HTTP writes it."""
    return f"{at:%a, %d %b %Y %H:%M:%S} GMT"


def test_a2_15_429_with_retry_after_is_not_asked_before(processes: ProcessHouse) -> None:
    """Given 429 with ``Retry-After: n`` → no request to that feed before, and one after."""
    processes.feed("paper", Answer(status=429, headers={"Retry-After": "5400"}), Answer(body=ONE))
    for minutes in (0, 89, 101):
        processes.poll(minutes * MINUTE)
    assert processes.times() == [0 * MINUTE, 101 * MINUTE]
    assert len(processes.titles()) == 1


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a2_16_5xx_with_retry_after_is_not_asked_before(house: House, status: int) -> None:
    """Given 503 (any 5xx) with ``Retry-After`` → no request to that feed before, and one after."""
    house.feed("paper", Answer(status=status, headers={"Retry-After": "3600"}), Answer(body=ONE))
    house.poll()
    house.polls(80 * MINUTE, step=4 * MINUTE)
    first, second, *_ = house.times()
    assert (first, 60 * MINUTE <= second <= 70 * MINUTE) == (0 * MINUTE, True)


@pytest.mark.parametrize("off", [-2 * HOUR, 0 * HOUR, 2 * HOUR], ids=["slow", "right", "fast"])
def test_a2_17_retry_after_as_a_date_counts_by_the_servers_own_clock(house: House, off: dt.timedelta) -> None:
    """Given ``Retry-After`` as a date from a server whose clock is two hours off → the right delay all the same."""
    theirs = START + off
    headers = {"Date": http_date(theirs), "Retry-After": http_date(theirs + 40 * MINUTE)}
    house.feed("paper", Answer(status=503, headers=headers))
    house.poll()
    assert 40 * MINUTE <= house.wait() <= 44 * MINUTE


@pytest.mark.parametrize(
    ("said", "least", "most"),
    [
        ("-30", 1 * MINUTE, 30 * MINUTE),
        ("317100000", 1 * HOUR, 49 * HOUR),
        ("Fri, 01 Jan 2046 00:00:00 GMT", 1 * HOUR, 49 * HOUR),
        ("Fri, 01 Jan 1999 00:00:00 GMT", 1 * MINUTE, 30 * MINUTE),
        ("soon, please", 1 * MINUTE, 30 * MINUTE),
        ("99999999999999999999999999", 1 * MINUTE, 49 * HOUR),
        ("120.5", 2 * MINUTE, 30 * MINUTE),
    ],
)
def test_a2_18_a_retry_after_beyond_reason_is_clamped(
    house: House, said: str, least: dt.timedelta, most: dt.timedelta
) -> None:
    """Given ``Retry-After`` negative, ten years off or garbage → clamped; the feed is neither hammered nor lost."""
    house.feed("paper", Answer(status=429, headers={"Retry-After": said}))
    house.poll()
    assert least <= house.wait() <= most


def test_a2_19_429_without_retry_after_backs_off_further_each_time_with_a_random_offset(house: House) -> None:
    """Given 429 without ``Retry-After`` → a growing pause, and no two feeds pause alike."""
    for name in ("one", "two"):
        house.feed(name, Answer(status=429))
    house.poll()
    waits = [house.wait("one")]
    assert waits[0] != house.wait("two")
    for _ in range(4):
        house.due_poll("one")
        waits.append(house.wait("one"))
    assert all(after > 1.5 * before for before, after in itertools.pairwise(waits))
    assert house.state("one").problem is Problem.RATE_LIMITED


def test_a2_20_a_private_hosts_other_routes_go_on(house: House) -> None:
    """Given ``Retry-After`` from one route of a private host → its other routes are asked as ever."""
    house.feed("limited", Answer(status=429, headers={"Retry-After": "7200"}))
    house.poll()
    house.feed("other", Answer(body=ONE, etag=ETAG))
    house.poll(30 * MINUTE)
    house.poll(60 * MINUTE)
    assert house.times("limited") == [0 * MINUTE]
    assert house.times("other") == [30 * MINUTE, 60 * MINUTE]


def test_a2_20_a_public_hosts_other_feeds_wait_too(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Given ``Retry-After`` from a public host → all of its feeds wait, until it is over; other hosts are asked."""
    monkeypatch.setattr(addresses, "is_public", lambda text: text == "127.0.0.1")  # as if it stood in the open
    house.feed("limited", Answer(status=503, headers={"Retry-After": "3600"}))
    house.poll()
    house.feed("other", Answer(body=ONE, etag=ETAG))
    elsewhere = house.server.url("/elsewhere").replace("127.0.0.1", "localhost")
    house.feed("elsewhere", Answer(body=rss(item(2)), etag=ETAG), url=elsewhere)
    house.polls(80 * MINUTE, step=5 * MINUTE)
    assert min(house.times("other")) >= HOUR
    assert house.times("elsewhere")[0] == 5 * MINUTE
    assert house.state("other").problem is None


RATE_LIMITS = {
    "structured": {"RateLimit": '"default";r=0;t=2400', "RateLimit-Policy": '"default";q=100;w=3600'},
    "older draft": {"RateLimit": "limit=100, remaining=0, reset=2400"},
    "three headers": {"RateLimit-Limit": "100", "RateLimit-Remaining": "0", "RateLimit-Reset": "2400"},
    "x-": {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "2400"},
    "x- with a moment": {
        "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int((START + 40 * MINUTE).timestamp()))
    },
}  # fmt: skip


@pytest.mark.parametrize("headers", RATE_LIMITS.values(), ids=RATE_LIMITS)
def test_a2_21_a_spent_rate_limit_is_waited_out(house: House, headers: dict[str, str]) -> None:
    """Given ``RateLimit``/``X-RateLimit-Remaining: 0`` on a good answer → the next request comes after its reset."""
    house.feed("paper", Answer(body=ONE, etag=ETAG, headers=headers))
    house.poll()
    house.polls(60 * MINUTE, step=3 * MINUTE)
    assert 40 * MINUTE <= house.times()[1] <= 46 * MINUTE


@pytest.mark.parametrize(
    "headers", [{"RateLimit": '"default";r=7;t=2400'}, {"RateLimit-Policy": '"default";q=100;w=3600'}]
)
def test_a2_21_a_rate_limit_with_something_left_makes_nobody_wait(house: House, headers: dict[str, str]) -> None:
    """Given a rate limit that is not spent, or a policy alone → our own pace."""
    house.feed("paper", Answer(body=ONE, etag=ETAG, headers=headers))
    house.poll()
    assert house.wait() <= 15 * MINUTE


def test_a2_22_one_host_gets_few_requests_at_a_time_and_a_pause_between_starts(house: House) -> None:
    """Given many due feeds of one host → at most k requests in flight, and s seconds between two starts."""
    house.set("http", per_host=2, host_gap=dt.timedelta(seconds=0.1))
    for number in range(6):
        house.feed(f"paper-{number}", Answer(body=rss(item(number)), delay=0.25))
    house.poll()
    starts = sorted(request.at for request in house.server.requests)
    assert len(starts) == 6
    assert min(after - before for before, after in itertools.pairwise(starts)) > 0.08
    assert house.server.in_flight_most == 2


def test_a2_23_the_time_of_the_next_poll_outlives_the_process(processes: ProcessHouse) -> None:
    """Given a restart at any moment → nobody is asked before the time that was set."""
    processes.feed("paper", Answer(body=ONE, etag=ETAG), every=HOUR)
    for minutes in (0, 1, 59):
        processes.poll(minutes * MINUTE)
    assert processes.times() == [0 * MINUTE]
    processes.poll(HOUR * 1.5)
    assert processes.times() == [0 * MINUTE, 90 * MINUTE]


def test_a2_24_a_new_feed_is_asked_once_without_a_condition_and_nothing_else_is_asked(house: House) -> None:
    """Given a new feed → exactly one unconditional GET, and no made-up address is tried."""
    house.feed("paper", Answer(body=ONE, etag=ETAG))
    house.poll()
    house.feed("new", Answer(body=rss(item(2)), etag='"b"'))
    house.poll(2 * MINUTE)
    assert [(asked.request.path, asked.since, asked.conditional) for asked in house.log] == [
        ("/paper", 0 * MINUTE, False),
        ("/new", 2 * MINUTE, False),
    ]


def test_a2_24_a_start_lays_new_feeds_apart(house: House) -> None:
    """Given a start of the daemon with many new feeds → their first polls are spread, no burst."""
    for number in range(20):
        house.feed(f"paper-{number}", Answer(body=ONE))
    house.set("schedule", spread=dt.timedelta(minutes=10))
    with house.app() as app:
        app.start(START, alone=True, spread=random.Random(1))
    due = sorted(house.state(f"paper-{number}").next_poll_at or START for number in range(20))
    assert due[-1] - due[0] >= 9 * MINUTE
    assert max(after - before for before, after in itertools.pairwise(due)) <= 2 * MINUTE


def test_a2_25_an_ordinary_site_is_asked_once_an_hour_at_most(house: House) -> None:
    """Given a row without a pace of its own → at most one conditional request an hour, whatever the feed publishes."""
    house.feed("paper", Answer(body=numbered(3, 2, 1), etag=ETAG), every=None)
    house.poll()
    for step in range(1, 31):
        house.serve("paper", Answer(body=numbered(step + 3, step + 2, step + 1), etag=f'"{step}"'))
        house.poll(step * 20 * MINUTE)
    times = house.times()
    assert min(after - before for before, after in itertools.pairwise(times)) >= HOUR
    assert len(times) >= 4
    assert all(asked.conditional for asked in house.asked()[1:])


def test_a2_25_a_news_feed_has_a_faster_pace_by_its_own_row_alone(house: House) -> None:
    """Given a row with ``every`` → its own pace, no faster."""
    house.feed("paper", Answer(body=ONE, etag=ETAG), every=15 * MINUTE)
    house.poll()
    assert 15 * MINUTE <= house.wait() <= 20 * MINUTE


@pytest.mark.parametrize(("ttl", "most"), [(600, 2 * HOUR), (2, 15 * MINUTE), (0, 15 * MINUTE), (-5, 15 * MINUTE)])
def test_a2_26_ttl_is_a_hint_within_bounds(house: House, ttl: int, most: dt.timedelta) -> None:
    """Given ``<ttl>`` of ten hours or two minutes → a hint, clamped between our least and most."""
    house.feed("paper", Answer(body=rss(item(1), head=f"<ttl>{ttl}</ttl>"), etag=ETAG))
    house.poll()
    assert EVERY <= house.wait() <= most


@pytest.mark.parametrize(
    ("period", "frequency", "most"),
    [
        ("hourly", "1", 75 * MINUTE), ("hourly", "4", 20 * MINUTE), ("dayly", "1", 2 * HOUR), ("daily", "0", 2 * HOUR),
        ("always", "", 15 * MINUTE), ("hourly", "0.1", 2 * HOUR), ("", "", 15 * MINUTE), ("weekly", "nonsense", 2 * HOUR),
        ("yearly", "1", 2 * HOUR),
    ],
)  # fmt: skip
def test_a2_27_the_syndication_module_is_a_hint_within_bounds(
    house: House, period: str, frequency: str, most: dt.timedelta
) -> None:
    """Given ``sy:updatePeriod`` and ``sy:updateFrequency``, odd ones too → a hint, clamped; none of them breaks us."""
    head = f"<sy:updatePeriod>{period}</sy:updatePeriod><sy:updateFrequency>{frequency}</sy:updateFrequency>"
    body = rss(item(1), head=head).replace(
        b'<rss version="2.0">', b'<rss version="2.0" xmlns:sy="http://purl.org/rss/1.0/modules/syndication/">'
    )
    house.feed("paper", Answer(body=body, etag=ETAG))
    house.poll()
    assert house.state().problem is None
    assert EVERY <= house.wait() <= most


@pytest.fixture
def plain_logs() -> Iterator[None]:
    """Logs as a fresh process writes them, whatever a test before has set."""
    before = structlog.get_config()
    structlog.reset_defaults()
    yield
    structlog.configure(**before)


@pytest.mark.usefixtures("plain_logs")
def test_a2_28_hours_and_days_to_skip_are_read_and_not_heeded_for_news(house: House) -> None:
    """Given ``skipHours`` and ``skipDays`` → read and logged; news is asked for all the same."""
    hours = "".join(f"<hour>{hour}</hour>" for hour in range(24))
    head = f"<skipHours>{hours}</skipHours><skipDays><day>Wednesday</day></skipDays>"
    house.feed("paper", Answer(body=rss(item(1), head=head), etag=ETAG))
    with capture_logs() as logs:
        house.poll()
    assert house.wait() <= 15 * MINUTE
    assert any("skipHours" in str(line) and "Wednesday" in str(line) for line in logs)


def test_a2_29_the_interval_follows_the_overlap(house: House) -> None:
    """Given mostly new entries at each poll → sooner; given next to none → later; both within bounds."""
    house.feed("busy", Answer(body=numbered(*range(5, 0, -1)), etag='"b"'), every=HOUR, min_every=10 * MINUTE)
    house.feed("quiet", Answer(body=numbered(*range(105, 100, -1)), etag='"q"'), every=HOUR)
    house.poll()
    first = {name: house.wait(name) for name in ("busy", "quiet")}
    for turn in range(1, 9):
        top = 5 + 4 * turn
        house.serve("busy", Answer(body=numbered(*range(top, top - 5, -1)), etag=f'"b{turn}"'))
        house.poll(turn * 3 * HOUR)
    assert house.wait("busy") < 0.5 * first["busy"]
    assert house.wait("busy") >= 10 * MINUTE
    assert first["quiet"] < house.wait("quiet") <= 4 * HOUR


def test_a2_30_a_document_that_shares_nothing_with_the_one_before_is_a_possible_loss(house: House) -> None:
    """Given zero overlap with the document before → a *possible loss* is recorded and told, and the pace quickens."""
    house.feed("paper", Answer(body=numbered(3, 2, 1), etag='"a"'), every=HOUR, min_every=5 * MINUTE)
    house.poll()
    house.serve("paper", Answer(body=numbered(13, 12, 11), etag='"b"'))
    house.poll(2 * HOUR)
    state = house.state()
    assert state.gap is not None
    assert (state.gap.at, state.gap.next_url) == (START + 2 * HOUR, "")
    assert house.kinds() == {IncidentKind.POSSIBLE_LOSS}
    assert house.wait() <= 45 * MINUTE
    assert len(house.titles()) == 6


def test_a2_30_a_first_document_and_one_that_overlaps_are_no_loss(house: House) -> None:
    """Given a first document, or one entry that was known → no loss is called."""
    house.feed("paper", Answer(body=numbered(3, 2, 1), etag='"a"'), Answer(body=numbered(5, 4, 3), etag='"b"'))
    house.poll()
    house.poll(2 * HOUR)
    assert (house.state().gap, house.kinds()) == (None, set())


def test_a2_31_polls_drift_apart_and_after_a_pause_they_are_spread(house: House) -> None:
    """Given feeds of one pace → jitter parts them; given a pause of days → the start lays what is overdue apart."""
    names = [f"paper-{number}" for number in range(12)]
    for name in names:
        house.feed(name, Answer(body=rss(item(7)), etag=ETAG))
    house.poll()
    assert len({house.state(name).next_poll_at for name in names}) > 6
    house.set("schedule", spread=dt.timedelta(minutes=10))
    with house.app() as app:
        app.start(START + 3 * DAY, alone=True, spread=random.Random(1))
    due = sorted(house.state(name).next_poll_at or START for name in names)
    assert due[-1] - max(due[0], START + 3 * DAY) >= 8 * MINUTE
    assert sum(at <= START + 3 * DAY + MINUTE for at in due) <= 3


def test_a2_32_a_request_says_who_asks_and_where_to_complain(house: House) -> None:
    """Given any poll → a descriptive User-Agent with a contact; another one only where the row says so, never by itself."""
    house.set("http", contact="https://monitor.example/about")
    house.feed("paper", Answer(status=403), Answer(status=429), Answer(body=ONE))
    house.feed("other", Answer(body=rss(item(2))), user_agent="Other/2.0 (+https://other.example)")
    house.poll()
    house.polls(2 * DAY, step=12 * HOUR)
    told = {asked.header("User-Agent") or "" for asked in house.asked("paper")}
    assert len(told) == 1
    (ours,) = told
    assert "monitor" in ours
    assert "https://monitor.example/about" in ours
    assert {asked.header("User-Agent") for asked in house.asked("other")} == {"Other/2.0 (+https://other.example)"}
    assert len(house.asked("paper")) >= 3


def test_a2_32_without_a_contact_it_still_says_its_name(house: House) -> None:
    """Given no contact in the settings → a name of our own, and no browser's."""
    house.set("http", contact="")
    house.feed("paper", Answer(body=ONE))
    house.poll()
    agent = house.asked()[0].header("User-Agent") or ""
    assert agent.startswith("monitor")
    assert "Mozilla" not in agent
