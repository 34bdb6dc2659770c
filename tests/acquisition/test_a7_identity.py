"""A7, identity, dates, edits and durability: one article stays one article, and nothing told is lost or told twice."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from monitor.entities import AlertReason, OutboxState, Verdict
from monitor.store import SqlTx
from tests.acquisition.driver import DAY, HOUR, MINUTE, START, House, ProcessHouse
from tests.doors.feed_server import Answer, item, rss
from tests.walk.test_kill import in_child, kill_at

TALKS = ("talks", "Japan and Russia discuss fisheries in Tokyo", "Japan and Russia held talks on fisheries in Tokyo.")
DRILL = (
    "drill", "Russia to fire 2 missiles in drill near Kunashir",
    "Russia said it would fire two missiles during a drill near Kunashir, an island claimed by Japan.",
)  # fmt: skip


def news(
    guid: str,
    title: str,
    text: str = "Fishing boats left the port.",
    *,
    link: str | None = None,
    at: str | dt.datetime = START,
) -> str:
    """One item; ``at`` is a moment, or the date as it is printed (empty: none)."""
    said = at if isinstance(at, str) else f"{at:%a, %d %b %Y %H:%M:%S} GMT"
    place = f"https://paper.example/{guid}" if link is None else link
    return (
        "<item>" + (f'<guid isPermaLink="false">{guid}</guid>' if guid else "")
        + (f"<link>{place}</link>" if place else "") + f"<title>{title}</title><description>{text}</description>"
        + (f"<pubDate>{said}</pubDate>" if said else "") + "</item>"
    )  # fmt: skip


def story(told: tuple[str, str, str], at: dt.datetime = START) -> str:
    """An item of the beat."""
    return news(*told, at=at)


def told(house: House) -> list[str]:
    """The headlines of stories that were sent, in order."""
    with house.app() as app:
        rows = app.views.alerts()
    sent = [row for row in rows if row.state is OutboxState.SENT and row.alert.story is not None]
    return [row.alert.headline for row in sorted(sent, key=lambda row: row.id)]


def test_a7_70_an_item_is_known_by_guid_else_link_else_content_and_never_by_its_place(house: House) -> None:
    """Given items with guid, with link alone, with neither, in any order → each is one entry, whatever its place."""
    items = [
        news("g-1", "Alpha report from Nemuro"),
        news("", "Beta report from Nemuro", link="https://paper.example/b"),
        news("", "Gamma report from Nemuro", link="", text="Boats of the third group."),
        news("g-4", "Delta report from Nemuro", link=""),
    ]
    house.feed(
        "paper", Answer(body=rss(*items)), Answer(body=rss(*items[::-1])), Answer(body=rss(*items[2:], *items[:2]))
    )
    house.poll()
    house.polls(3 * HOUR, step=HOUR)
    assert sorted(title.split()[0] for title in house.titles()) == ["Alpha", "Beta", "Delta", "Gamma"]
    assert [entry.revisions for entry in house.entries()] == [0] * 4


def test_a7_70_a_guid_that_items_share_loses_none_of_them(house: House) -> None:
    """Given one guid for all items, or for two of them → none is lost, now and with the next document."""
    shared = [
        news("same", f"Report {word} from Nemuro", link=f"https://paper.example/{word}")
        for word in ("a", "b", "c", "d")
    ]
    pair = [news(guid, f"Story {n} from Nemuro", link=f"https://paper.example/s{n}") for n, guid in enumerate("xxyz")]
    house.feed("all", Answer(body=rss(*shared[:3])), Answer(body=rss(*shared)))
    house.feed("two", Answer(body=rss(*pair)))
    house.poll()
    house.poll(HOUR)
    assert sorted(house.titles("all")) == [f"Report {word} from Nemuro" for word in "abcd"]
    assert len(house.titles("two")) == 4


CHURN = {
    "guid with a revision": (("u-1#0", "https://paper.example/1"), ("u-1#8", "https://paper.example/1")),
    "url guid with a revision": (
        ("https://paper.example/1#0", "https://paper.example/1"), ("https://paper.example/1#3", "https://paper.example/1")
    ),
    "another guid": (("old-1", "https://paper.example/1"), ("new-99", "https://paper.example/1")),
    "http to https": (("https://paper.example/1", "http://paper.example/1"), ("http://paper.example/1", "https://paper.example/1")),
    "www": (("", "https://www.paper.example/1"), ("", "https://paper.example/1")),
    "another host of the house": (
        ("", "https://www3.nhk.or.jp/news/html/20260304/k10014000001000.html"),
        ("", "https://news.web.nhk/newsweb/na/na-k10014000001000"),
    ),
    "tracking": (("", "https://paper.example/1"), ("", "https://paper.example/1?utm_source=rss&at_medium=RSS")),
    "moved link, same guid": (("k-1", "https://paper.example/1"), ("k-1", "https://paper.example/archive/1")),
}  # fmt: skip


@pytest.mark.parametrize(("before", "after"), CHURN.values(), ids=CHURN)
def test_a7_71_an_article_under_another_id_is_the_same_article(
    house: House, before: tuple[str, str], after: tuple[str, str]
) -> None:
    """Given a guid that changes with each revision, http→https, another host … → the same article."""
    title = "Fishing boats leave Nemuro at dawn"
    house.feed(
        "paper",
        Answer(body=rss(news(before[0], title, link=before[1]))),
        Answer(body=rss(news(after[0], title, link=after[1]))),
    )
    house.poll()
    house.polls(2 * HOUR, step=HOUR)
    assert house.titles() == [title]


def test_a7_71_feedburners_original_link_is_preferred(house: House) -> None:
    """Given ``feedburner:origLink`` → it is the article's link, so that the same article elsewhere is known."""
    burnt = news("", "Fishing boats leave Nemuro at dawn", link="https://feeds.burner.example/~r/x/~3/abc/").replace(
        "<title>",
        "<fb:origLink xmlns:fb='http://rssnamespace.org/feedburner/ext/1.0'>https://paper.example/1</fb:origLink><title>",
    )
    house.feed("paper", Answer(body=rss(burnt)))
    house.poll()
    assert [entry.url for entry in house.entries()] == ["https://paper.example/1"]


def test_a7_72_an_edit_is_a_revision_and_no_new_article(either_house: House) -> None:
    """Given the same id with another title, text or date → a revision is stored, no new article, no second alert."""
    house = either_house
    house.feed("paper", Answer(body=rss(story(TALKS))))
    house.poll()
    house.serve("paper", Answer(body=rss(story(DRILL), story(TALKS))))
    house.poll(HOUR)
    assert told(house) == [DRILL[1]]
    edits = [
        (DRILL[0], "Russia to fire 2 missiles in a drill off Kunashir", DRILL[2]),
        (DRILL[0], "Russia to fire 2 missiles in a drill off Kunashir", DRILL[2] + " Boats were warned."),
    ]
    for hours, edit in enumerate(edits, start=2):
        house.serve("paper", Answer(body=rss(story(edit), story(TALKS))))
        house.poll(hours * HOUR)
    held = {entry.url.rpartition("/")[2]: entry for entry in house.entries()}
    assert {name: entry.revisions for name, entry in held.items()} == {"talks": 0, "drill": 2}
    explained = house.explain(f"e{held['drill'].id}")
    assert [revision.title for revision in explained.revisions][-1] == edits[-1][1]
    house.serve("paper", Answer(body=rss(news(*edits[1], at=START + HOUR), story(TALKS))))
    house.poll(5 * HOUR)
    assert len(house.entries()) == 2
    assert told(house) == [DRILL[1]]


def test_a7_72_a_clock_in_the_text_is_capped(house: House) -> None:
    """Given a text with a clock in it → 24 revisions and no more."""
    house.feed("paper", Answer(body=rss(story(DRILL))), max_every=30 * MINUTE)
    house.poll()
    for turn in range(1, 31):
        minute = (DRILL[0], DRILL[1], f"{DRILL[2]} It is {turn} minutes past nine.")
        house.serve("paper", Answer(body=rss(story(minute))))
        house.poll(turn * HOUR)
    (entry,) = house.entries()
    assert entry.revisions == 24


def test_a7_73_what_vanishes_and_returns_is_not_new_and_no_order_is_trusted(house: House) -> None:
    """Given items that vanish and return, unsorted lists and back-dated items → none doubled, none missed."""

    def document(*numbers: int) -> Answer:
        return Answer(body=rss(*(item(number) for number in numbers)))

    house.feed("paper", document(1, 2, 3))
    house.poll()
    for turn, numbers in enumerate([(2, 1), (5, 1, 4, 2), (3, 2, 1), (1, 6, 3, 5), (9, 4, 3, 2, 7, 8, 1)], start=1):
        house.serve("paper", document(*numbers))
        house.poll(turn * HOUR)
    house.serve(
        "paper", Answer(body=rss(*(item(number) for number in (9, 8)), item(10, date="Sun, 01 Feb 2026 08:00:00 GMT")))
    )
    house.poll(7 * HOUR)
    assert sorted(int(title.split()[2]) for title in house.titles()) == list(range(1, 11))
    assert sum(entry.revisions for entry in house.entries()) == 0


def test_a7_73_ids_outlive_retention(house: House) -> None:
    """Given an entry that returns after everything that may be forgotten is forgotten → it is known all the same."""
    house.feed("paper", Answer(body=rss(item(1), story(TALKS))), Answer(body=rss(item(2))))
    house.poll()
    house.poll(HOUR)
    with house.app() as app:
        app.prune(START + 400 * DAY)
    house.serve("paper", Answer(body=rss(item(2), item(1), story(TALKS))))
    house.poll(400 * DAY)
    assert len(house.titles()) == 3
    assert told(house) == []


DATES = {
    "JST": ("Wed, 04 Mar 2026 10:49:21 JST", "UTC", dt.datetime(2026, 3, 4, 1, 49, 21, tzinfo=dt.UTC)),
    "MSK": ("Wed, 04 Mar 2026 10:49:21 MSK", "UTC", dt.datetime(2026, 3, 4, 7, 49, 21, tzinfo=dt.UTC)),
    "GMT+9": ("Wed, 04 Mar 2026 10:49:21 GMT+9", "UTC", dt.datetime(2026, 3, 4, 1, 49, 21, tzinfo=dt.UTC)),
    "no zone, feed in Tokyo": ("2026-03-04 10:49:21", "Asia/Tokyo", dt.datetime(2026, 3, 4, 1, 49, 21, tzinfo=dt.UTC)),
    "no zone, feed in Moscow": (
        "2026-03-04 10:49:21",
        "Europe/Moscow",
        dt.datetime(2026, 3, 4, 7, 49, 21, tzinfo=dt.UTC),
    ),
    "day alone": ("2026/1/10", "UTC", dt.datetime(2026, 1, 10, tzinfo=dt.UTC)),
    "offset": ("2026-03-04T10:49:21+09:00", "UTC", dt.datetime(2026, 3, 4, 1, 49, 21, tzinfo=dt.UTC)),
    "none": ("", "UTC", START),
    "future": ("Sat, 04 Mar 2028 10:00:00 GMT", "UTC", START),
    "garbage": ("yesterday at tea", "UTC", START),
}


@pytest.mark.parametrize(("raw", "zone", "utc"), DATES.values(), ids=DATES)
def test_a7_74_a_date_is_read_in_its_zone_or_is_the_first_sight(
    house: House, raw: str, zone: str, utc: dt.datetime
) -> None:
    """Given JST, MSK, no zone, no date, a future one → the right moment; else the first sight, which then stays."""
    body = rss(news("n-1", "Fishing boats leave Nemuro at dawn", at=raw))
    house.feed("paper", Answer(body=body), Answer(body=body + b"<!-- again -->"), zone=zone)
    house.poll()
    house.poll(5 * HOUR)
    (entry,) = house.entries()
    assert entry.published_at == utc
    assert entry.first_seen_at == START


def test_a7_75_the_first_document_is_told_to_nobody_and_old_items_later_neither(processes: ProcessHouse) -> None:
    """Given a first document, and later items years old → stored, and told to nobody; what is new is told."""
    old = (
        "old",
        "Japan and Russia sign fisheries accord in Moscow",
        "Japan and Russia signed an accord on fisheries in Moscow.",
    )
    processes.feed("paper", Answer(body=rss(story(TALKS))))
    processes.poll()
    later = START + HOUR
    processes.serve("paper", Answer(body=rss(story(DRILL, later), news(*old, at=START - 1900 * DAY), story(TALKS))))
    processes.poll(later)
    alerts = {entry.title: processes.explain(f"e{entry.id}").account.alert for entry in processes.entries()}
    assert alerts == {TALKS[1]: AlertReason.BASELINE, old[1]: AlertReason.TOO_OLD, DRILL[1]: AlertReason.QUEUED}
    assert told(processes) == [DRILL[1]]


def test_a7_76_an_article_and_its_alert_are_written_together_or_not_at_all(
    either_house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Given a crash after the article and before its alert is written → neither is there; the next poll brings both."""
    house = either_house
    house.doubted = True
    house.feed("paper", Answer(body=rss(story(TALKS)), etag='"a"'))
    house.poll()
    house.serve("paper", Answer(body=rss(story(DRILL), story(TALKS)), etag='"b"'))

    def crash(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    for place in ("enqueue", "record"):
        with monkeypatch.context() as patched:
            patched.setattr(SqlTx, place, crash)
            with pytest.raises(KeyboardInterrupt):
                house.poll(HOUR)
        assert (house.titles(), told(house)) == ([TALKS[1]], [])
    house.poll(2 * HOUR)
    assert (sorted(house.titles()), told(house)) == (sorted([TALKS[1], DRILL[1]]), [DRILL[1]])


@pytest.mark.parametrize("when", ["before", "after"])
def test_a7_76_killed_while_it_sends_it_tells_once_or_again_and_never_not(
    house: House, when: str, tmp_path: Path
) -> None:
    """Given kill -9 right before or after a message goes out → after the next rounds it was told, and told once."""
    from monitor.alerts.console import ConsoleSink

    screen = tmp_path / "screen.txt"

    def poll_at(hours: int, *, killed: bool = False) -> int:
        def job() -> None:
            if killed:
                kill_at((ConsoleSink, "send"), when)
            house.poll(hours * HOUR)

        return in_child(job, screen, tmp_path)

    house.feed("paper", Answer(body=rss(story(TALKS))))
    assert poll_at(0) == 0
    house.serve("paper", Answer(body=rss(story(DRILL), story(TALKS))))
    assert poll_at(1, killed=True) < 0
    assert [poll_at(hours) for hours in (2, 3)] == [0, 0]
    assert told(house) == [DRILL[1]]
    assert screen.read_text(encoding="utf-8").count(DRILL[1]) == 1
    assert {entry.verdict for entry in house.entries()} == {Verdict.DEVELOPMENT}
