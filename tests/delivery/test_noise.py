"""Noise: what a channel is spared, and what is never lost for it. Each test is one numbered behaviour of delivery."""

from __future__ import annotations

import dataclasses
import datetime as dt
import shutil
import socket
import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from bench.news import items as invented
from monitor.alerts.policy import Policy
from monitor.app import App
from monitor.cli.words import ALERTS
from monitor.entities import (
    AlertKind,
    AlertReason,
    Entry,
    Feed,
    FeedId,
    IncidentKind,
    Mode,
    OutboxState,
    Problem,
    Reason,
    Verdict,
    Weight,
)
from monitor.intake import Dated
from monitor.pipeline import Rooms
from monitor.preview import preview
from monitor.settings import Config, load
from monitor.store.views import Views
from tests import make
from tests.delivery.newsroom import START, Item, Newsroom, after, paper
from tests.delivery.world import HERE, World
from tests.walk import house

Open = Callable[..., Newsroom]

TALKS = ("Japan and Russia discuss fisheries in Tokyo", "Japan and Russia held talks on fisheries in Tokyo.")
DRILL = (
    "Russia to fire 2 missiles in drill near Kunashir",
    "Russia said it would fire two missiles during a drill near Kunashir, an island claimed by Japan.",
)
QUOTA = (
    "Japan and Russia agree salmon quota of 2,050 tons",
    "Japan and Russia agreed on a salmon quota of 2,050 tons for Japanese boats in talks in Tokyo.",
)
SEIZED = "Russia seizes Japanese fishing boat near Nemuro, {} people injured"
HURT = "Russia seized a Japanese fishing boat near Nemuro. {} people were injured, Japan said."
CREW = "Russia holds {} crew of Japanese boats seized near Nemuro"
HELD = "Russia holds {} crew members of Japanese fishing boats that were seized near Nemuro."


@pytest.fixture(scope="session")
def config() -> Config:
    """The shipped configuration, without meaning: nothing here depends on it."""
    return house.shipped()


@pytest.fixture(scope="session")
def rooms(config: Config) -> Rooms:
    """The rooms, built once: they hold no state."""
    return App(config).rooms


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The console's journal of a database server lies in the working folder."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def open_newsroom(config: Config, rooms: Rooms, store_url: str) -> Iterator[Open]:
    """Opens newsrooms on the database of the test: SQLite, then PostgreSQL."""
    opened: list[Newsroom] = []

    def another(*feeds: Feed, by: Config = config, **alerts: object) -> Newsroom:
        opened.append(Newsroom(by, rooms, store_url, *(feeds or (paper("alpha"),)), **alerts))
        return opened[-1]

    yield another
    for one in opened:
        one.app.close()


@pytest.fixture
def open_small(config: Config, rooms: Rooms, sqlite_template: Path, tmp_path: Path) -> Iterator[Open]:
    """The same on SQLite alone, for what is long and asks nothing of the database."""
    opened: list[Newsroom] = []

    def another(*feeds: Feed, **alerts: object) -> Newsroom:
        shutil.copy(sqlite_template, tmp_path / "small.db")
        opened.append(
            Newsroom(config, rooms, f"sqlite:///{tmp_path}/small.db", *(feeds or (paper("alpha"),)), **alerts)
        )
        return opened[-1]

    yield another
    for one in opened:
        one.app.close()


@pytest.fixture
def unused_tcp() -> int:
    """A port of this machine at which nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def item(guid: str, said: tuple[str, str], **fields: object) -> Item:
    return Item(guid=guid, title=said[0], text=said[1], **fields)  # type: ignore[arg-type]


# ------------------------------------------------------------------------------------------------ 29-31: baselines


def test_29_an_empty_database_and_fourteen_full_feeds_tell_one_start_line_and_nothing_else(open_newsroom: Open) -> None:
    feeds = [paper(f"paper-{number}", lang="") for number in range(14)]
    room = open_newsroom(*feeds)
    room.start(START)
    every = dt.timedelta(minutes=3)
    for number, feed in enumerate(feeds):
        news = invented(50, seed=number, every=every, off_beat=0.8, start=after(-2))
        room.take(
            feed.id,
            *(Item(guid=f"{number}-{one.number}", title=one.title, text=one.text, at=one.published) for one in news),
            at=START,
        )
    room.until(after(2))
    assert room.own_words() == ["Watching 14 feeds; alerts start now"]
    assert room.told() == []
    assert len(room.reasons()) > 50
    assert set(room.reasons()) == {AlertReason.BASELINE}


def test_30_what_a_feed_holds_that_was_added_meanwhile_is_told_to_nobody_and_what_follows_is(
    open_newsroom: Open,
) -> None:
    open_newsroom(paper("alpha")).baseline(START)
    room = open_newsroom(paper("alpha"), paper("beta"))
    room.start(after(1))
    room.take("beta", item("b-1", TALKS), item("b-2", DRILL), at=after(1))
    room.until(after(2))
    assert room.told() == []
    assert set(room.reasons()) == {AlertReason.BASELINE}
    assert room.own_words() == [
        "Watching 1 feed; alerts start now",
        "The configuration has changed; monitor alerts preview shows what it would tell",
    ]
    room.take("beta", item("b-3", QUOTA), at=after(3))
    room.until(after(4))
    assert [alert.headline for alert in room.told()] == [QUOTA[0]]


def test_30_a_feed_at_a_new_address_begins_with_a_baseline(open_newsroom: Open) -> None:
    open_newsroom(paper("alpha")).baseline(START)
    room = open_newsroom(paper("alpha", url="https://alpha.example/another"))
    room.start(after(1))
    room.take("alpha", item("a-1", TALKS), at=after(1))
    room.take("alpha", item("a-2", QUOTA), at=after(2))
    room.until(after(3))
    assert [alert.headline for alert in room.told()] == [QUOTA[0]]
    assert "Feed at a new address: alpha." in room.rows()[1].alert.text


def test_30_a_topic_that_is_new_is_told_in_the_digest_for_a_day(open_newsroom: Open) -> None:
    room = open_newsroom()
    room.baseline(START)
    with room.app.store.begin() as tx:
        held = {topic.id: "" for topic in room.app.config.topics if topic.id != "fisheries"}
        tx.set_meta("topics", str(held).replace("'", '"'))
    room.start(after(1))
    composer = room.app.composer
    assert composer.policy.new_topics == {"fisheries": after(1)}
    (account,) = room.take("alpha", item("a-1", QUOTA), at=after(2))
    reported = {match.topic for match in account.matches if not match.background}
    assert account.alert is (AlertReason.DIGEST if reported == {"fisheries"} else AlertReason.QUEUED)
    assert composer.judge(
        make.told(matches=(make.match("fisheries"),)), make.detection(), make.story(), mode=Mode.LIVE, now=after(26)
    ) is AlertReason.QUEUED  # fmt: skip


def test_30_a_database_that_was_copied_elsewhere_begins_with_a_baseline_and_one_notice(
    open_small: Open, config: Config, rooms: Rooms, tmp_path: Path
) -> None:
    first = open_small()
    first.baseline(START)
    first.app.close()
    shutil.copy(tmp_path / "small.db", tmp_path / "copy.db")
    copy = Newsroom(config, rooms, f"sqlite:///{tmp_path}/copy.db", paper("alpha"))
    copy.start(after(5))
    copy.take("alpha", item("a-1", TALKS), at=after(5))
    copy.until(after(6))
    assert copy.told() == []
    assert copy.own_words()[1:] == [
        "The database was moved, copied or restored: every feed begins with a baseline again"
    ]
    copy.take("alpha", item("a-2", QUOTA), at=after(7))
    copy.until(after(8))
    assert len(copy.told()) == 1
    copy.app.close()


def test_31_a_backfill_of_ten_thousand_tells_nothing_costs_the_living_nothing_and_makes_copies_of_them(
    open_small: Open,
) -> None:
    room = open_small()
    room.baseline(START)
    before = [_timed(room, 100 + number) for number in range(5)]
    archive = paper("archive")
    past = list(
        invented(10_000, seed=31, every=dt.timedelta(minutes=30), off_beat=0.985, start=after(days=-220), lang="en")
    )
    given = [
        Dated(
            feed=archive, now=one.published,
            entry=Entry(
                feed_id=archive.id, guid=f"past-{one.number}", link=f"https://archive.example/{one.number}",
                title=one.title, summary=one.text, published=one.published,
            ),
        )
        for one in past
    ]  # fmt: skip
    for start in range(0, len(given), 1000):
        room.app.pipeline.ingest_each(given[start : start + 1000], mode=Mode.BACKFILL)
    room.until(after(2))
    assert room.told() == []
    ours = [one for one in past if one.ours][-20:]
    assert len(ours) == 20
    accounts = room.take(
        "alpha", *(Item(guid=f"live-{one.number}", title=one.title, text=one.text) for one in ours), at=after(3)
    )
    assert {account.verdict for account in accounts} <= {Verdict.COPY, Verdict.REPEAT, Verdict.OFF_BEAT}
    room.until(after(4))
    assert room.told() == []
    later = [_timed(room, 200 + number) for number in range(5)]
    assert statistics.median(later) < 3 * statistics.median(before) + 0.05


def _timed(room: Newsroom, number: int) -> float:
    """Seconds for one document of one off-beat item."""
    begun = time.perf_counter()
    room.take("alpha", Item(guid=f"t-{number}", title=f"Choir number {number} sings", text="In the hall."), at=after(1))
    return time.perf_counter() - begun


def test_31_a_backfill_that_is_asked_to_tell_makes_one_digest(open_newsroom: Open) -> None:
    room = open_newsroom()
    room.baseline(START)
    archive, found = paper("archive"), []
    for number, said in enumerate((DRILL, QUOTA)):
        entry = Entry(
            feed_id=archive.id, guid=f"past-{number}", link=f"https://archive.example/{number}", title=said[0],
            summary=said[1], published=after(days=-100 + number),
        )  # fmt: skip
        (account,) = room.app.pipeline.ingest(archive, [entry], now=after(days=-100 + number), mode=Mode.RETOLD)
        assert account.alert is AlertReason.DIGEST
        told, places = room.app.retold(account, publisher="Archive", at=after(days=-100 + number))
        assert places == ("console",)
        found.append(told)
    room.until(after(1))
    assert room.told() == []
    assert room.app.tell_history({room.app.alert_policy.default: found}, after(2)) == 1
    room.until(after(2))
    (digest,) = room.told()
    assert (digest.kind, [one.headline for one in digest.items]) == (AlertKind.DIGEST, [DRILL[0], QUOTA[0]])


# ------------------------------------------------------------------------------------------------ 32-37: the same again


def test_32_five_hundred_articles_of_forty_stories_at_once_let_the_breaker_fall_and_each_is_told_once(
    open_small: Open,
) -> None:
    papers = [f"paper-{number}" for number in range(13)]
    room = open_small(*(paper(name) for name in papers))
    room.baseline(START)
    stories = list(invented(40, seed=32, every=dt.timedelta(0), off_beat=0, start=after(1), lang="en"))
    for name in papers:
        news = [
            Item(
                guid=f"{name}-{one.number}", link=f"https://{name}.example/{one.number}", title=one.title, text=one.text
            )
            for one in stories
        ]
        room.take(name, *news, at=after(1))
    room.until(after(4))
    queued = [one.id for one in room.developments() if one.alert is AlertReason.QUEUED]
    told = [development for alert in room.told() for development in alert.developments]
    assert len(queued) >= 25
    assert Counter(told) == Counter(queued)
    assert room.kinds() == ["story"] * 8 + ["digest"] * (len(room.kinds()) - 8)
    assert len([words for words in room.own_words() if words.startswith("Too much at once")]) == 1
    room.take(
        papers[0],
        item(
            "calm",
            ("Russia bars Japanese envoy from Kunashir", "Russia barred a Japanese envoy from visiting Kunashir."),
        ),
        at=after(6),
    )
    room.until(after(7))
    assert room.kinds()[-1] == "story"


def test_33_the_same_wire_from_twelve_publishers_over_six_hours_is_one_alert_whose_counter_is_edited(
    open_newsroom: Open,
) -> None:
    papers = [f"paper-{number}" for number in range(12)]
    room = open_newsroom(*(paper(name) for name in papers))
    room.baseline(START)
    for number, name in enumerate(papers):
        room.take(name, item(f"{name}-1", QUOTA, link=f"https://{name}.example/quota"), at=after(1 + number / 2))
        room.until(after(1.2 + number / 2))
    room.until(after(8))
    (alert,) = room.told()
    assert (alert.articles, alert.independent, len(alert.publishers)) == (12, 1, 12)
    (row,) = [row for row in room.rows() if row.alert.story is not None]
    assert (row.state, row.edit_due_at) == (OutboxState.SENT, None)


def test_34_nine_edits_tell_nothing_and_an_edit_with_another_number_of_victims_tells_once(open_newsroom: Open) -> None:
    room = open_newsroom()
    room.baseline(START)

    def show(hours: float, count: str, more: int) -> None:
        words = {"2": "Two", "5": "Five"}[count]
        text = HURT.format(words) + " More follows." * more
        room.take("alpha", item("a-1", (SEIZED.format(count), text), at=after(1)), at=after(hours))
        room.until(after(hours + 0.4))

    show(1, "2", 0)
    for edit in range(9):
        show(1.5 + edit / 2, "2", edit + 1)
    assert room.kinds() == ["story"]
    show(7, "5", 9)
    assert room.kinds() == ["story", "development"]
    assert room.told()[1].news == ("5 people, earlier 2",)


def test_35_all_ids_and_addresses_of_a_feed_change_overnight_and_nothing_is_told_again(open_newsroom: Open) -> None:
    room = open_newsroom()
    room.baseline(START)
    news = list(invented(30, seed=35, every=dt.timedelta(minutes=5), off_beat=0, start=after(1), lang="en"))
    room.take(
        "alpha", *(Item(guid=f"old-{n.number}", title=n.title, text=n.text, at=n.published) for n in news), at=after(4)
    )
    room.until(after(8))
    told, developed = len(room.told()), len(room.reasons())
    assert told > 5
    renamed = [
        Item(
            guid=f"new-{n.number}", link=f"https://cdn.example/x/{n.number}", title=n.title, text=n.text, at=n.published
        )
        for n in news
    ]
    room.take("alpha", *renamed, at=after(16))
    room.until(after(20))
    assert (len(room.told()), len(room.reasons())) == (told, developed)


def test_36_an_item_that_returns_after_a_month_and_one_of_2012_are_not_told(open_newsroom: Open) -> None:
    room = open_newsroom()
    room.baseline(START)
    room.take("alpha", item("a-1", QUOTA), at=after(1))
    room.until(after(2))
    room.take("alpha", item("a-2", TALKS), at=after(3))
    room.until(after(4))
    told = len(room.told())
    old = item("a-3", DRILL, at=dt.datetime(2012, 5, 1, tzinfo=dt.UTC))
    room.take("alpha", item("a-1", QUOTA, at=after(1)), old, at=after(days=30))
    room.until(after(days=32))
    assert len(room.told()) == told
    assert room.reasons()[-1] is AlertReason.TOO_OLD


def test_37_a_story_that_rested_sixty_days_is_told_when_a_new_fact_moves_it_and_not_for_its_old_words(
    config: Config, store_url: str
) -> None:
    knowing = load(house.CONFIG).settings.meaning
    config = dataclasses.replace(config, settings=config.settings.model_copy(update={"meaning": knowing}))
    room = Newsroom(config, App(config).rooms, store_url, paper("alpha"))
    room.start(START)
    room.take("alpha", item("a-0", ("Orchestra cancels tour", "It rains.")), at=START)
    room.take("alpha", item("a-1", QUOTA), at=after(1))
    room.until(after(2))
    room.take("alpha", item("a-2", QUOTA, link="https://alpha.example/again"), at=after(days=60))
    reworded = (
        "Japan and Russia agreed salmon quota of 2,050 tons",
        "Japan and Russia had agreed on a salmon quota of 2,050 tons for Japanese boats in talks in Tokyo.",
    )
    room.take("alpha", item("a-3", reworded), at=after(days=120))
    room.until(after(days=121))
    assert room.kinds() == ["story"]
    suspended = (
        "Russia suspends salmon quota agreement with Japan",
        "Russia suspended the agreement on a salmon quota of 2,050 tons for Japanese boats.",
    )
    room.take("alpha", item("a-4", suspended), at=after(days=181))
    room.until(after(days=182))
    assert room.kinds() == ["story", "development"]
    assert room.developments()[-1].kind is Reason.REVERSAL
    assert room.told()[-1].news[-1] == "moves again after 61 quiet days"
    room.app.close()


# ------------------------------------------------------------------------------------------------ 38-41: clocks and gaps


@pytest.mark.parametrize("days", [1, -1])
def test_38_a_clock_that_jumps_a_day_while_alerts_are_sent_repeats_none_and_makes_no_burst(
    world: World, days: int
) -> None:
    world.policy = Policy(default=HERE, quiet=(dt.time(23), dt.time(7)))
    for number in range(1, 6):
        world.queue(f"n{number}", story=number, state=OutboxState.HELD, due=number * 60, weight=Weight.MAJOR)
    world.deliver(minutes=2)
    world.deliver(minutes=2 + days * 24 * 60)
    world.deliver(minutes=10)
    world.deliver(minutes=20)
    world.deliver(minutes=24 * 60)
    said = [name for payload in world.said() for name in payload.partition(": ")[2].split("; ") if name]
    assert [name for name in said if name.startswith("n")] == sorted(set(said) & {f"n{n}" for n in range(1, 6)})
    assert {row.state for row in world.rows()} <= {OutboxState.SENT, OutboxState.MERGED}
    times = [passed for passed, _, _ in world.sink.sent]
    assert all(later - sooner >= 1 for sooner, later in zip(sorted(times), sorted(times)[1:], strict=False))


@pytest.mark.parametrize("down", [False, True])
def test_39_what_is_held_at_night_comes_once_in_the_morning_also_where_the_daemon_was_down_then(
    open_newsroom: Open, down: bool
) -> None:
    room = open_newsroom(quiet="23:00-07:00")
    room.baseline(START)
    eleven, seven = after(14), after(22)  # 23:00 and 07:00 in Tokyo
    room.take("alpha", item("a-1", QUOTA), at=eleven + dt.timedelta(minutes=1))
    room.take("alpha", item("a-2", DRILL), at=eleven + dt.timedelta(hours=3))
    room.until(seven - dt.timedelta(minutes=1))
    assert room.told() == []
    if down:
        room.app.close()
        room = open_newsroom(quiet="23:00-07:00")
        room.start(seven + dt.timedelta(hours=2))
        room.until(seven + dt.timedelta(hours=2))
    else:
        room.until(seven)
    (digest,) = room.told()
    assert digest.kind is AlertKind.DIGEST
    assert sorted(one.headline for one in digest.items) == sorted((QUOTA[0], DRILL[0]))
    room.start(seven + dt.timedelta(hours=3))
    room.until(seven + dt.timedelta(days=2))
    assert room.kinds() == ["digest"]


def test_39_major_news_of_an_urgent_topic_breaks_through_the_night_and_its_minor_updates_do_not(
    open_newsroom: Open, config: Config
) -> None:
    topics = tuple(dataclasses.replace(topic, severity=Weight.URGENT) for topic in config.topics)
    room = open_newsroom(by=dataclasses.replace(config, topics=topics), quiet="23:00-07:00")
    room.baseline(START)
    room.take("alpha", item("a-1", (CREW.format(20), HELD.format(20))), at=after(15))
    room.until(after(15.2))
    room.take("alpha", item("a-2", (CREW.format(21), HELD.format(21))), at=after(15.5))
    room.until(after(21.9))
    (night,) = room.told()
    assert (night.kind, night.weight, night.published_at) == (AlertKind.STORY, Weight.URGENT, after(15))
    room.until(after(22.1))
    assert [(one.kind, one.weight) for one in room.told()[1:]] == [(AlertKind.DIGEST, Weight.MAJOR)]


def test_39_what_is_too_old_for_an_alert_waits_for_the_daily_digest(open_newsroom: Open) -> None:
    room = open_newsroom()
    room.baseline(START)
    room.take("alpha", item("a-1", QUOTA, at=after(days=-3)), at=after(1))
    room.until(after(21.9))
    assert room.told() == []
    room.until(after(22.1))
    (digest,) = room.told()
    assert [(one.headline, one.why) for one in digest.items] == [
        (QUOTA[0], "published more than 24 h before it was first seen")
    ]


def test_39_what_could_not_be_sent_in_time_is_listed_in_the_next_digest_and_what_was_given_up_by_hand_is_not(
    open_newsroom: Open,
) -> None:
    room = open_newsroom()
    room.baseline(START)
    for guid, said in (("a-1", QUOTA), ("a-2", DRILL)):
        room.take("alpha", item(guid, said), at=after(1))
    rows = [row for row in room.rows() if row.alert.story is not None]
    with room.app.store.begin() as tx:
        tx.update_outbox(dataclasses.replace(rows[0], state=OutboxState.EXPIRED, error="no connection"))
        tx.update_outbox(dataclasses.replace(rows[1], state=OutboxState.EXPIRED, error="dropped by hand"))
    for hours in (21.9, 22.1, 22.2):
        room.review(after(hours))
        room.until(after(hours))
    (digest,) = room.told()
    assert [(one.headline, one.why) for one in digest.items] == [(rows[0].alert.headline, "could not be sent in time")]


def test_40_every_alert_and_every_development_that_was_not_told_explains_itself(open_newsroom: Open) -> None:
    room = open_newsroom(paper("alpha"), paper("beta"), severity="major")
    room.start(START)
    room.take("alpha", item("a-0", TALKS), at=START)
    room.take("beta", Item(guid="b-0", title="Orchestra cancels tour", text="It rains."), at=START)
    room.take("alpha", item("a-1", (CREW.format(20), HELD.format(20))), at=after(1))
    room.until(after(2))
    room.take("beta", item("b-1", (CREW.format(21), HELD.format(21)), link="https://beta.example/1"), at=after(3))
    room.take("alpha", item("a-2", QUOTA, at=after(days=-9)), at=after(4))
    story = room.developments()[1].story
    with room.app.store.begin() as tx:
        held = tx.story(story)
        assert held is not None
        tx.save_story(dataclasses.replace(held, muted_until=after(9)))
    room.take("beta", item("b-2", (CREW.format(60), HELD.format(60)), link="https://beta.example/2"), at=after(5))
    room.until(after(6))
    views = Views(room.app.store)
    reasons = []
    for development in room.developments():
        (said,) = views.explain(f"d{development.id}")
        assert said.account.development == development.id
        assert said.account.alert is not None
        assert ALERTS[said.account.alert]
        reasons.append(said.account.alert)
    assert set(reasons) == {
        AlertReason.BASELINE, AlertReason.QUEUED, AlertReason.BELOW_SEVERITY, AlertReason.TOO_OLD, AlertReason.MUTED,
    }  # fmt: skip
    for alert in room.told():
        (said,) = views.explain(alert.ref)
        assert said.account.alert is AlertReason.QUEUED
    assert set(ALERTS) == set(AlertReason)


def test_40_a_muted_story_is_counted_and_the_end_of_its_mute_releases_nothing(open_newsroom: Open) -> None:
    room = open_newsroom()
    room.baseline(START)
    room.take("alpha", item("a-1", (CREW.format(20), HELD.format(20))), at=after(1))
    (story,) = {one.story for one in room.developments()}
    with room.app.store.begin() as tx:
        room.app.readers.mute(tx, story, until=after(5), by="test", now=after(1))
    room.take("alpha", item("a-2", (CREW.format(21), HELD.format(21))), at=after(2))
    room.until(after(6))
    assert room.told() == []  # not even what waited for its window when the mute came
    assert room.reasons() == [AlertReason.QUEUED, AlertReason.MUTED]
    room.take("alpha", item("a-3", (CREW.format(22), HELD.format(22))), at=after(7))
    room.until(after(8))
    (alert,) = room.told()
    assert alert.news == ("22 people, earlier 21",)


def test_40_of_a_followed_story_everything_is_told_at_once(open_newsroom: Open) -> None:
    room = open_newsroom(severity="major")
    room.baseline(START)
    room.take("alpha", item("a-1", (CREW.format(20), HELD.format(20))), at=after(1))
    room.until(after(1.1))
    room.take("alpha", item("a-2", (CREW.format(21), HELD.format(21))), at=after(1.2))
    room.until(after(1.3))
    assert room.kinds() == ["story"]
    (story,) = {one.story for one in room.developments()}
    with room.app.store.begin() as tx:
        room.app.readers.follow(tx, story, on=True, by="test", now=after(1.3))
    for number in (22, 23):
        minutes = dt.timedelta(minutes=number)
        room.take("alpha", item(f"a-{number}", (CREW.format(number), HELD.format(number))), at=after(1.4) + minutes)
        room.until(after(1.4) + minutes)
    assert room.kinds() == ["story", "development", "development"]
    assert [row.broadcast for row in room.rows(OutboxState.SENT) if row.alert.story is not None] == [False, True, True]


def test_41_ten_minor_updates_in_an_hour_are_at_most_three_posts_with_every_one_of_them_in(open_newsroom: Open) -> None:
    room = open_newsroom()
    room.baseline(START)
    for number in range(11):
        at = after(1) + number * dt.timedelta(minutes=5.4)
        room.until(at)
        room.take("alpha", item(f"a-{number}", (CREW.format(20 + number), HELD.format(20 + number))), at=at)
    room.until(after(2))
    assert len(room.told()) <= 3
    room.until(after(3))
    assert [one.alert for one in room.developments()] == [AlertReason.QUEUED] * 11
    told = [development for alert in room.told() for development in alert.developments]
    assert sorted(told) == [one.id for one in room.developments()]


# ------------------------------------------------------------------------------------------------ 42, 44: trouble


def test_42_a_feed_that_is_silent_beyond_four_times_its_own_long_pause_is_one_message_edited_when_it_speaks(
    open_newsroom: Open,
) -> None:
    room = open_newsroom(paper("alpha"), paper("beta"))
    room.baseline(START)
    day = dt.timedelta(days=1)
    remember(room, "alpha", long_pause=day, newest_published_at=after(0), last_new_at=after(0))
    remember(room, "beta", long_pause=2 * day, newest_published_at=after(0), last_new_at=after(0))
    for days in (3.9, 4.1, 4.2, 5, 6):
        for name in ("alpha", "beta"):
            remember(
                room,
                name,
                last_attempt_at=after(days=days),
                last_success_at=after(days=days),
                next_poll_at=after(days=days + 1),
            )
        room.review(after(days=days))
        room.until(after(days=days))
    (told,) = [row for row in room.rows() if row.alert.kind is AlertKind.INCIDENT]
    assert (told.alert.headline, told.alert.over) == ("alpha: nothing new for too long", False)
    assert [one.kind for one in room.incidents()] == [IncidentKind.FROZEN]

    remember(room, "alpha", newest_published_at=after(days=6), last_new_at=after(days=6))
    room.review(after(days=6.1))
    room.until(after(days=6.2))
    (told,) = [row for row in room.rows() if row.alert.kind is AlertKind.INCIDENT]
    assert (told.alert.over, told.edit_due_at, told.state) == (True, None, OutboxState.SENT)
    assert told.alert.news[0].startswith("it brought something new")


def test_42_a_network_that_is_down_is_one_message_and_not_fourteen(open_newsroom: Open) -> None:
    names = [f"paper-{number}" for number in range(14)]
    room = open_newsroom(*(paper(name) for name in names))
    room.baseline(START)
    for name in names:
        remember(
            room, name, problem=Problem.CONNECT, problem_since=after(1), failures=9, last_attempt_at=after(2),
            next_poll_at=after(3),
        )  # fmt: skip
    assert room.app.alone_with_failures(after(2))
    for minutes in range(0, 50, 10):
        room.review(after(2, minutes), network=False)
        room.until(after(2, minutes))
    assert room.own_words()[1:] == ["this machine: no network"]
    room.review(after(3), network=True)
    room.until(after(4))
    (told,) = [row.alert for row in room.rows() if row.alert.kind is AlertKind.INCIDENT]
    assert told.over
    assert len(room.own_words()) == 2


def remember(room: Newsroom, name: str, **fields: object) -> None:
    with room.app.store.begin() as tx:
        tx.save_feed_state(dataclasses.replace(tx.feed_state(FeedId(name)), **fields))  # type: ignore[arg-type]


def test_44_a_slack_that_cannot_be_reached_at_the_start_stops_neither_the_start_nor_what_is_read(
    open_newsroom: Open, config: Config, unused_tcp: int
) -> None:
    slack = config.settings.slack.model_copy(
        update={"token": SecretStr("xoxb-1"), "channel": "C1", "base_url": f"http://127.0.0.1:{unused_tcp}/"}
    )
    settings = config.settings.model_copy(update={"slack": slack})
    room = open_newsroom(by=dataclasses.replace(config, settings=settings), destination="slack:C1")
    room.baseline(START)
    room.take("alpha", item("a-1", QUOTA), at=after(1))
    room.until(after(1.5))
    assert {row.state for row in room.rows()} <= {OutboxState.HELD, OutboxState.PENDING}
    assert len([row for row in room.rows() if row.alert.story is not None]) == 1
    with room.app.store.read() as tx:
        assert tx.channel(room.app.alert_policy.default).broken.startswith("unreachable: ")


# ------------------------------------------------------------------------------------------------ and the quiet day


def test_a_day_that_brought_nothing_says_so_once_if_it_is_asked_to(open_newsroom: Open) -> None:
    room = open_newsroom(all_quiet=True)
    room.baseline(START)
    for hours in (21.9, 22.1, 45.9, 46.1, 46.2, 70.1):
        if hours == 70.1:
            room.take("alpha", item("a-1", QUOTA), at=after(60))
            room.until(after(61))
        remember(room, "alpha", next_poll_at=after(hours + 1), last_attempt_at=after(hours))
        room.review(after(hours))
        room.until(after(hours))
    assert room.own_words() == ["Watching 1 feed; alerts start now", "All quiet"]


# ------------------------------------------------------------------------------------------------ before a change


def test_a_preview_says_what_a_configuration_would_have_told_and_tells_nothing(open_newsroom: Open) -> None:
    room = open_newsroom()
    room.start(START)
    documents = [("a-0", TALKS), ("a-1", QUOTA), ("a-2", DRILL)]
    for hours, (guid, said) in enumerate(documents):
        room.take("alpha", item(guid, said), at=after(hours))
    room.until(after(5))
    before = [(row.id, row.state) for row in room.rows()]
    found = preview(room.app, since=after(-1), now=after(6))
    assert found.sentence == (
        "This would have posted 2 alerts (2 new stories) in 1 day. What was posted in that time: 2 alerts (2 new stories)."
    )
    assert (found.documents, [alert.headline for alert in found.alerts]) == (3, [QUOTA[0], DRILL[0]])
    assert [(row.id, row.state) for row in room.rows()] == before

    strict = room.app.config.settings.alerts.model_copy(update={"quiet": "10:00-20:00"})
    settings = room.app.config.settings.model_copy(update={"alerts": strict})
    room.app.config = dataclasses.replace(room.app.config, settings=settings)
    del room.app.__dict__["alert_policy"]
    held = preview(room.app, since=after(-1), now=after(12))
    assert held.kinds == {AlertKind.DIGEST: 1}
