"""One entry through the whole house: fetched over HTTP, stored with its verdict, told once. On both databases."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from monitor import schedule
from monitor.entities import AlertReason, Fetched, IncidentKind, OutboxState, Problem, Reason, Verdict
from monitor.pipeline import Rooms
from monitor.store import SqlStore
from monitor.store.views import Views
from tests.walk.conftest import OpenHouse
from tests.walk.house import START, feed, poll, rss

HOUR = dt.timedelta(hours=1)
TALKS = ("a-1", "Japan and Russia discuss fisheries in Tokyo", "Japan and Russia held talks on fisheries in Tokyo.")
DRILL = (
    "a-2",
    "Russia to fire 2 missiles in drill near Kunashir",
    "Russia said it would fire two missiles during a drill near Kunashir, an island claimed by Japan.",
)
MORE = (
    "a-3",
    "Russia fires 12 missiles in drill near Kunashir",
    "Russia fired 12 missiles during the drill near Kunashir, an island claimed by Japan.",
)
CONCERT = ("a-4", "Orchestra cancels tour after conductor falls ill", "The concerts will be held in autumn.")


@pytest.fixture
def views(store: SqlStore) -> Views:
    """Questions to the database of the test."""
    return Views(store)


def titles(views: Views) -> dict[str, tuple[Verdict, AlertReason | None]]:
    """What became of each entry, by its title."""
    found = {}
    for entry in views.entries():
        (told,) = views.explain(f"e{entry.id}")
        found[entry.title] = (entry.verdict, told.account.alert)
    return found


def sent(views: Views) -> list[str]:
    """The headlines that were told, in order."""
    rows = [row for row in views.alerts() if row.state is OutboxState.SENT and row.alert.story is not None]
    return [row.alert.headline for row in sorted(rows, key=lambda row: row.id)]


def test_what_a_feed_holds_at_first_sight_is_stored_and_told_to_nobody_and_what_comes_after_is_told(
    open_house: OpenHouse, views: Views, base: str, pages: Path
) -> None:
    app = open_house(feed(base, "paper"))
    (pages / "paper.xml").write_bytes(rss(TALKS, CONCERT))
    poll(app, START)
    assert titles(views) == {
        TALKS[1]: (Verdict.DEVELOPMENT, AlertReason.BASELINE),
        CONCERT[1]: (Verdict.OFF_BEAT, None),
    }

    (pages / "paper.xml").write_bytes(rss(DRILL, at=START + HOUR))
    poll(app, START + HOUR)
    assert titles(views)[DRILL[1]] == (Verdict.DEVELOPMENT, AlertReason.QUEUED)
    assert sent(views) == [DRILL[1]]


def test_a_changed_number_is_told_in_the_thread_of_its_story(
    open_house: OpenHouse, views: Views, base: str, pages: Path
) -> None:
    app = open_house(feed(base, "paper"))
    (pages / "paper.xml").write_bytes(rss(TALKS))
    poll(app, START)
    for hours, item in ((1, DRILL), (3, MORE)):
        (pages / "paper.xml").write_bytes(rss(item, at=START + hours * HOUR))
        poll(app, START + hours * HOUR)
    first, second = (views.explain(f"https://paper.example/{item[0]}")[0] for item in (DRILL, MORE))
    assert first.account.story == second.account.story
    assert (second.account.verdict, second.account.reason) == (Verdict.DEVELOPMENT, Reason.CHANGED_NUMBER)
    assert sent(views) == [DRILL[1], MORE[1]]
    assert [row.alert.kind for row in (*first.alerts, *second.alerts)] == ["story", "development"]


def test_a_second_poll_of_the_same_document_stores_nothing_and_tells_nothing(
    open_house: OpenHouse, views: Views, base: str, pages: Path
) -> None:
    app = open_house(feed(base, "paper"))
    (pages / "paper.xml").write_bytes(rss(TALKS, CONCERT))
    first = poll(app, START)
    second = poll(app, START + HOUR)
    assert [len(polled.accounts) for polled in (*first, *second)] == [2, 0]
    assert len(views.entries()) == 2
    assert sent(views) == []


def test_one_bad_feed_stops_no_other_and_says_what_is_wrong(
    open_house: OpenHouse, views: Views, base: str, pages: Path
) -> None:
    (pages / "good.xml").write_bytes(rss(TALKS))
    (pages / "page.xml").write_bytes(b"<!doctype html><html><body>Please log in</body></html>")
    feeds = [feed(base, name) for name in ("good", "page", "missing")]
    poll(open_house(*feeds), START)
    states = {view.feed.id: view.state for view in views.feeds()}
    assert {name: state.problem for name, state in states.items()} == {
        "good": None,
        "page": Problem.NOT_A_FEED,
        "missing": Problem.STATUS,
    }
    assert all(state.problem_message for state in states.values() if state.problem)
    assert all(state.next_poll_at and state.next_poll_at > START for state in states.values())
    assert len(views.entries()) == 1


def test_an_entry_that_a_room_cannot_bear_is_kept_as_rejected_and_the_rest_of_its_document_stands(
    open_house: OpenHouse, views: Views, base: str, pages: Path, rooms: Rooms, monkeypatch: pytest.MonkeyPatch
) -> None:
    glance = type(rooms.gate).glance

    def picky(self: object, article: object) -> object:
        if getattr(article, "title", "") == CONCERT[1]:
            raise ZeroDivisionError("a title this room cannot bear")
        return glance(self, article)  # type: ignore[arg-type]

    monkeypatch.setattr(type(rooms.gate), "glance", picky)
    (pages / "paper.xml").write_bytes(rss(TALKS, CONCERT))
    poll(open_house(feed(base, "paper")), START)
    assert {title: verdict for title, (verdict, _) in titles(views).items()} == {
        TALKS[1]: Verdict.DEVELOPMENT,
        CONCERT[1]: Verdict.REJECTED,
    }
    (told,) = views.explain(f"https://paper.example/{CONCERT[0]}")
    assert told.account.ruling is not None
    assert told.account.ruling.evidence[0].said == "ZeroDivisionError: a title this room cannot bear"


def test_the_same_item_in_two_feeds_of_one_publisher_is_one_entry(
    open_house: OpenHouse, views: Views, base: str, pages: Path
) -> None:
    for name in ("world", "asia"):
        (pages / f"{name}.xml").write_bytes(rss(TALKS))
    feeds = [feed(base, name, publisher="Paper", family="paper") for name in ("world", "asia")]
    poll(open_house(*feeds), START)
    assert len(views.entries()) == 1


def test_an_item_that_comes_back_after_a_month_is_not_new(
    open_house: OpenHouse, views: Views, base: str, pages: Path
) -> None:
    app = open_house(feed(base, "paper"))
    for days, items in ((0, (TALKS,)), (1, (DRILL,)), (2, (CONCERT,)), (32, (DRILL, CONCERT))):
        (pages / "paper.xml").write_bytes(rss(*items, at=START + dt.timedelta(days=days)))
        poll(app, START + dt.timedelta(days=days, hours=1))
    assert sent(views) == [DRILL[1]]
    assert len(views.entries()) == 3


def test_two_versions_of_one_article_in_a_document_are_one_entry_and_never_edits_of_each_other(
    open_house: OpenHouse, views: Views, base: str, pages: Path
) -> None:
    app = open_house(feed(base, "paper"))
    older = (TALKS[0], "Japan and Russia to discuss fisheries in Tokyo", TALKS[2])
    accounts = []
    for hours, items in ((0, (TALKS, older)), (1, (CONCERT, TALKS, older)), (2, (CONCERT, TALKS, older, MORE))):
        (pages / "paper.xml").write_bytes(rss(*items))
        (polled,) = poll(app, START + hours * HOUR)
        accounts.append([account.title for account in polled.accounts])
    assert accounts == [[TALKS[1]], [CONCERT[1]], [MORE[1]]]


def test_an_edit_that_a_room_cannot_bear_leaves_what_we_hold(
    open_house: OpenHouse, views: Views, base: str, pages: Path, rooms: Rooms, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = open_house(feed(base, "paper"))
    (pages / "paper.xml").write_bytes(rss(TALKS))
    poll(app, START)

    def broken(self: object, article: object, reading: object) -> object:
        raise ZeroDivisionError("an edit this room cannot bear")

    monkeypatch.setattr(type(rooms.gate), "judge", broken)
    (pages / "paper.xml").write_bytes(rss((TALKS[0], f"{TALKS[1]} again", TALKS[2])))
    poll(app, START + HOUR)
    assert titles(views) == {TALKS[1]: (Verdict.DEVELOPMENT, AlertReason.BASELINE)}


def test_overlap_is_with_a_feeds_own_past_and_not_with_another_feeds(
    open_house: OpenHouse, store: SqlStore, base: str, pages: Path
) -> None:
    """Two feeds bring the same articles; one of them words each anew at every poll, as pages with a clock do."""
    app = open_house(feed(base, "paper"), feed(base, "mirror"))

    def both(hours: int, *items: tuple[str, str, str]) -> dict[str, bool]:
        clocked = [(guid, title, f"{text} Read {hours} times.") for guid, title, text in items]
        (pages / "paper.xml").write_bytes(rss(*items, at=START + hours * HOUR))
        (pages / "mirror.xml").write_bytes(rss(*clocked, at=START + hours * HOUR))
        poll(app, START + hours * HOUR)
        with store.read() as tx:
            return {name: state.gap is not None for name, state in tx.feed_states().items()}

    assert both(0, TALKS, CONCERT) == {"paper": False, "mirror": False}
    assert both(1, TALKS, CONCERT) == {"paper": False, "mirror": False}
    assert both(2, DRILL, TALKS, CONCERT) == {"paper": False, "mirror": False}
    assert both(3, MORE, ("a-5", "Ferry drops its winter timetable", "Boats will leave at noon.")) == {
        "paper": True,
        "mirror": True,
    }


def test_one_old_item_does_not_make_a_quick_feed_look_slow(
    open_house: OpenHouse, store: SqlStore, base: str, pages: Path
) -> None:
    """Two items of today and one of years ago: the usual pause is the median's, not the mean's."""
    documents = [
        rss((f"q-{number}", f"Market report number {number}", "Prices rose."), at=START - number * HOUR)
        for number in (1, 2, 3)
    ]
    documents.append(
        rss(("old", "A look at the harbour of old", "Boats lay there."), at=START - 2000 * dt.timedelta(days=1))
    )
    items = b"".join(one[one.index(b"<item>") : one.index(b"</channel>")] for one in documents)
    (pages / "paper.xml").write_bytes(rss().replace(b"</channel>", items + b"</channel>"))
    poll(open_house(feed(base, "paper")), START)
    with store.read() as tx:
        assert tx.feed_states()["paper"].rhythm is None


def test_an_older_page_that_cannot_be_borne_ends_the_walk_back_and_the_loss_stands(
    open_house: OpenHouse, store: SqlStore, base: str, pages: Path, rooms: Rooms, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = open_house(feed(base, "paper"))
    (pages / "paper.xml").write_bytes(rss(TALKS))
    poll(app, START)
    older = b'<link xmlns="http://www.w3.org/2005/Atom" rel="next" href="/older.xml"/><item>'
    (pages / "paper.xml").write_bytes(rss(DRILL, CONCERT, at=START + HOUR).replace(b"<item>", older, 1))
    (pages / "older.xml").write_bytes(rss(TALKS))
    after_page = schedule.after_page

    def broken(feed: object, state: object, fetched: Fetched, *rest: object, **named: object) -> object:
        if fetched.problem is None:
            raise ZeroDivisionError("a page this room cannot bear")
        return after_page(feed, state, fetched, *rest, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(schedule, "after_page", broken)
    poll(app, START + HOUR)
    with store.read() as tx:
        state = tx.feed_states()["paper"]
        told = [(one.kind, one.told) for one in tx.incidents()]
    assert state.gap is not None
    assert (state.gap.next_url, state.gap.pages, state.failures) == ("", 1, 0)
    assert told == [(IncidentKind.POSSIBLE_LOSS, True)]
