"""What the days before make plain: an article that names no side is ours after a story that tells what it is about."""

from __future__ import annotations

import datetime as dt

import pytest

from monitor.app import App
from monitor.entities import Entry, FeedId, Mode, Reason, Verdict
from monitor.intake import Dated
from monitor.pipeline import Rooms
from monitor.settings import Config
from tests.walk.house import START, feed

PAPER = feed("http://paper.example", "paper")
SEIZED = (
    "Russian border guards seize Japanese squid boat off Kunashir, five crew held",
    "Japan demands Russia release crew of squid boat seized off Kunashir",
)
PLAIN = "Skipper stays in custody, four of the crew freed"
FOREIGN = "Skipper stays in custody in Taiwan, four of the crew freed"


def house(config: Config, rooms: Rooms) -> App:
    app = App(config, url="sqlite://", throwaway=True)
    app.rooms = rooms
    return app


def given(*titles: str, days: int = 1) -> list[Dated]:
    """Titles one after another, so many days apart."""
    return [
        Dated(
            feed=PAPER,
            entry=Entry(feed_id=FeedId("paper"), guid=title, link=f"https://paper.example/{number}", title=title),
            now=START + dt.timedelta(days=days * number),
        )
        for number, title in enumerate(titles)
    ]


def ended(app: App, found: list[Dated], *, each: int = 100) -> list[tuple[Verdict, Reason | None]]:
    """How the titles ended, taken in so many at once."""
    accounts = [
        account
        for start in range(0, len(found), each)
        for account in app.pipeline.ingest_each(found[start : start + each], mode=Mode.LIVE)
    ]
    return [(account.verdict, account.ruling.reason) for account in accounts if account and account.ruling]


def test_after_a_story_that_tells_of_the_affair_an_article_of_no_side_is_ours(config: Config, rooms: Rooms) -> None:
    app = house(config, rooms)
    _, demand, account = app.pipeline.ingest_each(given(*SEIZED, PLAIN), mode=Mode.LIVE)
    assert demand is not None
    assert account is not None
    assert account.verdict is not Verdict.OFF_BEAT
    assert account.ruling is not None
    assert account.ruling.relevant
    assert [said.said for said in account.ruling.evidence if said.signal == "gate:affair"] == [
        f"as in story s{demand.story}; articles of these days that told of it: 2"
    ]


def test_without_that_story_the_same_article_is_refused(config: Config, rooms: Rooms) -> None:
    refused = (Verdict.OFF_BEAT, Reason.NO_SIDE)
    assert ended(house(config, rooms), given(PLAIN)) == [refused]
    assert ended(house(config, rooms), given(SEIZED[0], PLAIN))[-1] == refused
    assert ended(house(config, rooms), given(*SEIZED, PLAIN, days=15))[-1] == refused


def test_what_another_state_does_is_refused_whatever_was_told(config: Config, rooms: Rooms) -> None:
    assert ended(house(config, rooms), given(*SEIZED, FOREIGN))[-1][0] is Verdict.OFF_BEAT


def test_what_came_in_that_way_makes_nothing_plain(config: Config, rooms: Rooms) -> None:
    """Each is ours by the first two alone, so once these are too long ago the row ends."""
    row = given(*SEIZED, *(f"{PLAIN} on day {day}" for day in range(3, 40)))
    ours = [verdict is not Verdict.OFF_BEAT for verdict, _ in ended(house(config, rooms), row)]
    assert ours[:5] == [True] * 5
    assert ours[32:] == [False] * len(ours[32:])


@pytest.mark.parametrize("each", [1, 2, 3])
def test_how_many_are_taken_in_at_once_changes_nothing(config: Config, rooms: Rooms, each: int) -> None:
    row = given("Rain expected in Paris", *SEIZED, PLAIN, "Orchestra cancels tour", FOREIGN)
    assert ended(house(config, rooms), row, each=each) == ended(house(config, rooms), row)
