"""A1, conditional requests and caching: what is asked for again, under which condition, and when."""

from __future__ import annotations

import gzip
import itertools

import pytest

from monitor.entities import Problem
from monitor.store import SqlTx
from tests.acquisition.conftest import invented
from tests.acquisition.driver import DAY, EVERY, HOUR, MINUTE, START, House, ProcessHouse
from tests.doors.feed_server import Answer, item, rss

ETAG, WEAK = '"a-1"', 'W/"a-2"'
MODIFIED, LATER = "Tue, 03 Mar 2026 10:00:00 GMT", "Wed, 04 Mar 2026 08:30:00 GMT"
ONE, TWO, THREE = rss(item(1)), rss(item(2), item(1)), rss(item(3), item(2), item(1))


def test_a1_01_both_validators_come_back_byte_for_byte(processes: ProcessHouse) -> None:
    """Given a 200 with ``ETag`` and ``Last-Modified`` → both are stored byte for byte and sent with the next poll."""
    processes.feed("paper", Answer(body=ONE, etag=WEAK, modified=MODIFIED))
    processes.poll()
    processes.poll(HOUR)
    first, second = processes.asked()
    assert not first.conditional
    assert (second.header("If-None-Match"), second.header("If-Modified-Since")) == (WEAK, MODIFIED)


@pytest.mark.parametrize("etag", ['"a"', "bare-without-quotes", '"with spaces, and; marks"', '"' + "x" * 1000 + '"'])
def test_a1_01_whatever_an_etag_looks_like_it_comes_back_unchanged(house: House, etag: str) -> None:
    """Given an odd or long ``ETag`` → it is sent back as it came."""
    house.feed("paper", Answer(body=ONE, etag=etag))
    house.poll()
    (second,) = house.poll(HOUR)
    assert (second.header("If-None-Match"), second.header("If-Modified-Since")) == (etag, None)


def test_a1_02_no_validator_is_invented_or_taken_from_another_url(house: House) -> None:
    """Given servers that give none, one, or other validators as time goes by → each one sent is the last one issued."""
    house.feed("none", Answer(body=ONE))
    house.feed("etag", Answer(body=ONE, etag=ETAG), Answer(body=TWO, etag=WEAK), Answer(body=THREE))
    house.feed("date", Answer(body=ONE, modified=MODIFIED), Answer(body=TWO, modified=LATER))
    house.feed("here", Answer(status=302, headers={"Location": "/there"}, etag='"of-here"'))
    house.serve("there", Answer(body=ONE, etag='"of-there"'))
    house.poll()
    house.polls(4 * HOUR, step=HOUR)
    assert invented(house.server) == []
    assert [asked.conditional for asked in house.asked("none")] == [False] * 5
    assert [asked.header("If-None-Match") for asked in house.asked("etag")] == [None, ETAG, WEAK, None, None]
    assert [asked.header("If-Modified-Since") for asked in house.asked("date")] == [None, MODIFIED, *[LATER] * 3]
    assert [asked.conditional for asked in house.asked("here")] == [False] * 5
    assert [asked.header("If-None-Match") for asked in house.asked("there")] == [None, *['"of-there"'] * 4]


def test_a1_03_a_304_is_a_success_that_changes_nothing_but_the_clocks(house: House) -> None:
    """Given failures and then a 304 → a success: errors forgotten, entries untouched, stored validators kept."""
    good = Answer(body=ONE, etag=ETAG, modified=MODIFIED)
    house.feed("paper", good, Answer(status=500), Answer(status=500), Answer(status=304), good)
    house.poll()
    house.due_poll()
    house.due_poll()
    before = house.state()
    assert (before.problem, before.failures) == (Problem.STATUS, 2)
    house.due_poll()
    after = house.state()
    assert (after.problem, after.failures, after.etag, after.last_modified) == (None, 0, ETAG, MODIFIED)
    assert after.last_success_at == after.last_attempt_at
    (last,) = house.due_poll()
    assert (last.header("If-None-Match"), last.header("If-Modified-Since")) == (ETAG, MODIFIED)
    assert [entry.revisions for entry in house.entries()] == [0]


def test_a1_04_a_304_that_brings_new_validators_replaces_the_old_ones(house: House) -> None:
    """Given a 304 with a new ``ETag`` or ``Last-Modified`` → the new one is stored and sent from then on."""
    house.feed(
        "paper", Answer(body=ONE, etag=ETAG, modified=MODIFIED),
        Answer(status=304, etag=WEAK), Answer(status=304, modified=LATER),
    )  # fmt: skip
    house.poll()
    house.polls(3 * HOUR, step=HOUR)
    seen = [(asked.header("If-None-Match"), asked.header("If-Modified-Since")) for asked in house.asked()]
    assert seen == [(None, None), (ETAG, MODIFIED), (WEAK, MODIFIED), (WEAK, LATER)]


def test_a1_05_a_200_with_the_same_entries_and_a_new_etag_moves_the_etag(house: House) -> None:
    """Given a 200 with the body we had and another ``ETag`` → the new one is sent next, and nothing is parsed anew."""
    house.feed("paper", Answer(body=ONE, etag=ETAG), Answer(body=ONE, etag=WEAK))
    house.poll()
    house.polls(2 * HOUR, step=HOUR)
    assert [asked.header("If-None-Match") for asked in house.asked()] == [None, ETAG, WEAK]
    assert [entry.revisions for entry in house.entries()] == [0]


def test_a1_06_a_changed_body_under_the_old_etag_is_read(house: House) -> None:
    """Given a 200 with another body under the old ``ETag`` → it is parsed: the body decides."""
    house.feed("paper", Answer(body=ONE, etag=ETAG), Answer(status=200, body=TWO, headers={"ETag": ETAG}))
    house.poll()
    house.poll(HOUR)
    assert house.titles() == ["Report number 1 from Nemuro", "Report number 2 from Nemuro"]


def test_a1_07_once_a_day_a_server_that_always_says_304_is_asked_without_a_condition(house: House) -> None:
    """Given 304 for ever although the document changes → one poll in 24 hours sets no condition, and finds it."""
    house.feed("paper", Answer(body=ONE, etag=ETAG, lie_304=True), every=4 * HOUR, max_every=4 * HOUR)
    house.poll()
    house.serve("paper", Answer(body=TWO, etag=WEAK, lie_304=True))
    for hours in (6, 12, 18, 26, 32):
        house.poll(hours * HOUR)
    assert [asked.conditional for asked in house.asked()] == [False, True, True, True, False, True]
    assert len(house.titles()) == 2


def test_a1_07_the_day_is_counted_from_the_last_whole_answer(house: House) -> None:
    """Given a poll every two hours over three days → three of them set no condition, a day apart at least."""
    house.feed("paper", Answer(body=ONE, etag=ETAG, lie_304=True), every=2 * HOUR, max_every=2 * HOUR)
    house.poll()
    house.polls(3 * DAY, step=2 * HOUR)
    plain = [asked.since for asked in house.asked() if not asked.conditional]
    assert len(plain) in {3, 4}
    assert all(DAY <= after - before <= DAY + 4 * HOUR for before, after in itertools.pairwise(plain))


def test_a1_08_validators_move_with_the_entries_or_not_at_all(
    either_house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Given a crash while the entries are stored → validators and hash stay unmoved, and the body is asked for again."""
    house = either_house
    house.doubted = True
    house.feed("paper", Answer(body=ONE, etag=ETAG), Answer(body=TWO, etag=WEAK))
    house.poll()

    def crash(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(SqlTx, "add_settled", crash)
        with pytest.raises(KeyboardInterrupt):
            house.poll(HOUR)
    assert (house.state().etag, len(house.titles())) == (ETAG, 1)
    (again,) = house.poll(2 * HOUR)
    assert again.header("If-None-Match") == ETAG
    assert (house.state().etag, len(house.titles())) == (WEAK, 2)


MIDST = THREE.index(b"number 2 from") + 5
CUT = {
    "shorter than its Content-Length": Answer(body=THREE, cut=MIDST, etag=WEAK, modified=LATER),
    "chunks that never end": Answer(body=THREE, cut=MIDST, chunked=True, etag=WEAK, modified=LATER),
}


@pytest.mark.parametrize("answer", CUT.values(), ids=CUT)
def test_a1_09_of_a_body_cut_short_the_whole_entries_are_kept_and_the_rest_is_asked_for_soon(
    house: House, answer: Answer
) -> None:
    """Given a body cut short on the wire → its whole entries are kept, no validator moves, the next poll comes soon."""
    house.feed("paper", Answer(body=ONE, etag=ETAG, modified=MODIFIED), answer, Answer(body=THREE, etag=WEAK))
    house.poll()
    house.poll(HOUR)
    state = house.state()
    assert (state.problem, state.etag, state.last_modified) == (Problem.CUT_SHORT, ETAG, MODIFIED)
    assert house.titles() == ["Report number 1 from Nemuro", "Report number 3 from Nemuro"]
    assert house.wait() < EVERY / 2
    (soon,) = house.due_poll()
    assert soon.header("If-None-Match") == ETAG
    assert sorted(house.titles()) == [f"Report number {number} from Nemuro" for number in (1, 2, 3)]
    assert house.state().problem is None


def test_a1_09_a_document_that_ends_in_the_midst_of_an_item_is_cut_short_too(house: House) -> None:
    """Given a document that ends mid-item under a right Content-Length → the same: whole entries kept, asked again."""
    house.doubted = True
    house.feed("paper", Answer(body=ONE, etag=ETAG), Answer(body=THREE[:MIDST], etag=WEAK))
    house.poll()
    house.poll(HOUR)
    assert (house.state().problem, house.state().etag) == (Problem.CUT_SHORT, ETAG)
    assert len(house.titles()) == 2
    house.serve("paper", Answer(body=THREE, etag='"whole"'))
    house.due_poll()
    assert (len(house.titles()), house.state().problem, house.state().etag) == (3, None, '"whole"')


def test_a1_09_a_first_document_cut_short_leaves_no_validator_at_all(house: House) -> None:
    """Given a first answer cut short → the second poll sets no condition."""
    house.feed("paper", Answer(body=THREE, cut=len(THREE) - 100, etag=ETAG), Answer(body=THREE, etag=WEAK))
    house.poll()
    house.poll(HOUR)
    assert [asked.conditional for asked in house.asked()] == [False, False]
    assert len(house.titles()) == 3


def test_a1_10_without_validators_the_same_body_is_neither_parsed_nor_stored_again(house: House) -> None:
    """Given no validators at all and the same body → its hash says so before anything is parsed or written."""
    house.feed("plain", Answer(body=THREE))
    house.feed("zipped", Answer(body=gzip.compress(ONE), headers={"Content-Encoding": "gzip"}))
    house.poll()
    before = house.entries()
    house.serve("zipped", Answer(body=gzip.compress(ONE, mtime=1), headers={"Content-Encoding": "gzip"}))
    with house.app() as app, app.store.read() as tx:
        raw = [len(tx.raw(feed.id)) for feed in house.feeds]
    house.polls(2 * HOUR, step=HOUR)
    assert house.entries() == before
    with house.app() as app, app.store.read() as tx:
        assert [len(tx.raw(feed.id)) for feed in house.feeds] == raw == [1, 1]
    assert all(state.body_hash for state in (house.state("plain"), house.state("zipped")))


@pytest.mark.parametrize(
    "headers",
    [{"Cache-Control": "public, max-age=2400"}, {"Expires": "Wed, 04 Mar 2026 09:40:00 GMT"}],
    ids=["max-age", "Expires"],
)
def test_a1_11_a_copy_that_stays_fresh_is_not_asked_for_earlier(house: House, headers: dict[str, str]) -> None:
    """Given ``max-age`` or ``Expires`` → no poll before."""
    house.feed("paper", Answer(body=ONE, etag=ETAG, headers=headers))
    house.poll()
    assert house.polls(39 * MINUTE, step=3 * MINUTE) == []
    assert house.polls(50 * MINUTE, step=3 * MINUTE, after=39 * MINUTE) != []


def test_a1_11_a_year_of_freshness_is_capped(house: House) -> None:
    """Given a ``max-age`` of a year → capped: the poll comes within hours."""
    house.feed("paper", Answer(body=ONE, etag=ETAG, headers={"Cache-Control": "max-age=31536000, immutable"}))
    house.poll()
    assert EVERY <= house.wait() <= 6 * HOUR


@pytest.mark.parametrize(
    "headers",
    [
        {"Cache-Control": "no-cache"},
        {"Cache-Control": "no-store, must-revalidate"},
        {"Expires": "0"},
        {"Pragma": "no-cache"},
    ],
    ids=["no-cache", "no-store", "expires-0", "pragma"],
)
def test_a1_12_no_cache_asks_for_no_delay_and_the_question_stays_conditional(
    house: House, headers: dict[str, str]
) -> None:
    """Given ``no-cache`` or ``Expires: 0`` → no least delay but our own pace, and the validators are sent all the same."""
    house.feed("paper", Answer(body=ONE, etag=ETAG, headers=headers))
    house.poll()
    assert house.wait() <= EVERY * 1.5
    (second,) = house.due_poll()
    assert second.header("If-None-Match") == ETAG


def test_a1_13_a_304_may_shorten_the_freshness_of_the_200_and_never_lengthen_it(house: House) -> None:
    """Given other ``Cache-Control`` on a 304 → it may shorten the delay of the last 200, never lengthen it."""
    long, short = {"Cache-Control": "max-age=3000"}, {"Cache-Control": "max-age=0"}
    house.feed("shorter", Answer(body=ONE, etag=ETAG, headers=long), Answer(status=304, headers=short))
    house.feed("longer", Answer(body=ONE, etag=ETAG, headers=short), Answer(status=304, headers=long))
    house.feed("silent", Answer(body=ONE, etag=ETAG, headers=long), Answer(status=304))
    house.poll()
    assert house.wait("shorter") >= 50 * MINUTE
    assert house.wait("longer") <= 15 * MINUTE
    house.poll(2 * HOUR)
    assert house.wait("shorter") < 50 * MINUTE
    assert house.wait("longer") < 50 * MINUTE
    assert house.wait("silent") >= 50 * MINUTE


def test_a1_14_a_request_carries_nothing_that_defeats_caches_or_tracks(house: House) -> None:
    """Given any poll → no ``Cache-Control``, ``Pragma``, cookie, referrer or added query string in the request."""
    cookie = {"Set-Cookie": "id=1; Path=/; Max-Age=99999"}
    house.feed("paper", Answer(body=ONE, etag=ETAG, headers=cookie))
    house.feed("old", Answer(status=301, headers={**cookie, "Location": "/paper?x=1"}))
    house.serve("paper?x=1", Answer(body=TWO, headers=cookie))
    house.poll(START)
    house.polls(2 * HOUR, step=HOUR)
    told = {name.casefold() for asked in house.log for name, _ in asked.request.headers}
    assert told & {"cache-control", "pragma", "cookie", "referer", "origin", "from"} == set()
    assert {asked.request.path for asked in house.log} == {"/paper", "/old", "/paper?x=1"}
