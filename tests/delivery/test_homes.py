"""A database that was moved, copied or restored: what was told by the other copy is found and not told again."""

from __future__ import annotations

import random
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import create_engine
from sqlalchemy.engine import make_url

from monitor.alerts import homes
from monitor.alerts.homes import Arrival
from monitor.alerts.policy import Policy
from monitor.alerts.slack import SlackSink
from monitor.entities import OutboxState
from monitor.store import SqlStore
from monitor.store import home as where
from tests.delivery.world import HERE, THERE, World
from tests.doors.fake_slack import TOKEN, FakeSlack
from tests.make import NOW


@pytest.fixture
def place(tmp_path: Path, sqlite_template: Path) -> Path:
    """An SQLite file."""
    return Path(shutil.copy(sqlite_template, tmp_path / "monitor.db"))


@pytest.fixture
def opened(slack: FakeSlack) -> Iterator[Callable[[Path], World]]:
    """A delivery over a file, as a process that starts on it has it."""
    stores: list[SqlStore] = []

    def open_world(file: Path) -> World:
        stores.append(SqlStore(f"sqlite:///{file}"))
        world = World(stores[-1], Policy(default=HERE, operators=None), rng=random.Random(len(stores)))
        world.sinks = {"slack": SlackSink(token=lambda: TOKEN, base_url=slack.base_url)}
        return world

    yield open_world
    for store in stores:
        store.close()


def start(world: World) -> Arrival:
    """What ``monitor run`` does first, its conclusions drawn."""
    arrival = world.delivery().arrive(NOW)
    with world.store.begin() as tx:
        homes.settle(tx)
    return arrival


def deliver(world: World) -> None:
    for minute in range(1, 4):
        world.deliver(minutes=minute, flush=True)


def copied(file: Path, to: Path) -> Path:
    """The file as a backup tool copies it."""
    with closing(sqlite3.connect(file)) as held, closing(sqlite3.connect(to)) as copy:
        held.backup(copy)
    return to


def test_a_start_on_the_same_database_doubts_nothing(
    place: Path, opened: Callable[[Path], World], slack: FakeSlack
) -> None:
    first = opened(place)
    assert start(first) == Arrival()
    first.queue("they met")
    first.deliver()

    again = opened(place)

    assert start(again) == Arrival()
    assert again.states() == ["sent"]
    label = slack.messages()[0]["metadata"]["event_payload"]
    with again.store.read() as tx:
        assert (label["outbox_id"], label["instance"]) == (1, tx.meta(homes.INSTANCE))


def test_a_copy_elsewhere_finds_what_the_other_one_told_since(
    tmp_path: Path, place: Path, opened: Callable[[Path], World], slack: FakeSlack
) -> None:
    original = opened(place)
    start(original)
    for number in range(6):
        original.queue(f"news {number}", story=number, due=0 if number < 3 else 600)
    there = copied(place, tmp_path / "elsewhere.db")
    original.deliver()
    assert original.states() == ["sent"] * 3 + ["pending"] * 3

    copy = opened(there)
    arrival = start(copy)
    deliver(copy)
    copy.deliver(minutes=11)

    assert (arrival.moved, arrival.doubted) == (True, 6)
    assert copy.states() == ["sent"] * 6
    assert len(slack.messages()) == 6
    assert len(slack.requests()) == 6


def test_what_the_other_copy_told_in_another_order_is_found_too(
    tmp_path: Path, place: Path, opened: Callable[[Path], World], slack: FakeSlack
) -> None:
    original = opened(place)
    start(original)
    original.queue("later", story=1, due=60)
    original.queue("sooner", story=2)
    there = copied(place, tmp_path / "elsewhere.db")
    original.deliver()
    original.deliver(minutes=1)

    copy = opened(there)
    start(copy)
    deliver(copy)

    assert (copy.states(), len(slack.requests())) == (["sent", "sent"], 2)


def test_a_backup_put_back_in_its_place_is_known_by_messages_it_does_not_know(
    tmp_path: Path, place: Path, opened: Callable[[Path], World], slack: FakeSlack
) -> None:
    world = opened(place)
    start(world)
    for number in range(6):
        world.queue(f"news {number}", story=number)
    backup = copied(place, tmp_path / "backup.db")
    world.queue("after the backup", story=7)
    deliver(world)
    assert len(slack.messages()) == 7
    world.store.close()
    for leftover in tmp_path.glob("monitor.db-*"):
        leftover.unlink()
    place.write_bytes(backup.read_bytes())  # in place: path and file are the same

    restored = opened(place)
    arrival = start(restored)
    deliver(restored)

    assert arrival == Arrival(moved=False, behind=(HERE,), doubted=6)
    assert (restored.states(), len(slack.requests())) == (["sent"] * 6, 7)
    assert start(opened(place)) == Arrival()


def test_a_start_that_is_killed_before_its_conclusions_finds_the_same_again(
    tmp_path: Path, place: Path, opened: Callable[[Path], World]
) -> None:
    start(opened(place))
    there = copied(place, tmp_path / "elsewhere.db")

    killed = opened(there).delivery().arrive(NOW)

    assert (killed.moved, start(opened(there)).moved, start(opened(there)).moved) == (True, True, False)


def test_held_rows_that_nobody_told_are_released_together_as_ever(
    tmp_path: Path, place: Path, opened: Callable[[Path], World], slack: FakeSlack
) -> None:
    world = opened(place)
    start(world)
    world.queue("one", state=OutboxState.HELD, due=90)
    world.queue("two", state=OutboxState.HELD, due=90)

    copy = opened(copied(place, tmp_path / "elsewhere.db"))
    start(copy)
    deliver(copy)

    assert copy.states() == ["sent", "merged"]
    said = str([message["blocks"] for message in slack.messages()])
    assert (said.count("one"), said.count("two")) == (1, 1)


def test_a_post_that_a_kill_left_unconfirmed_is_no_sign_of_another_copy(
    place: Path, opened: Callable[[Path], World], slack: FakeSlack
) -> None:
    world = opened(place)
    start(world)
    row = world.queue("they met")
    world.deliver()
    with world.store.begin() as tx:
        sent = tx.outbox_row(row)
        assert sent is not None
        tx.update_outbox(replace(sent, state=OutboxState.SENDING, remote_id="", sent_at=None))
        tx.save_channel(replace(tx.channel(HERE), last_remote_id=""))

    again = opened(place)
    assert start(again) == Arrival()
    deliver(again)
    assert (again.states(), len(slack.messages())) == (["sent"], 1)


def test_messages_of_another_installation_in_the_channel_are_not_ours(
    tmp_path: Path, place: Path, sqlite_template: Path, opened: Callable[[Path], World]
) -> None:
    start(opened(place))
    other = opened(Path(shutil.copy(sqlite_template, tmp_path / "other.db")))
    start(other)
    other.queue("they met")
    other.deliver()

    assert start(opened(place)) == Arrival()


def test_a_slack_that_does_not_answer_stops_no_start_and_is_asked_once(
    place: Path, opened: Callable[[Path], World], slack: FakeSlack
) -> None:
    start(opened(place))
    world = opened(place)
    world.policy = Policy(default=HERE, routes={"islands": THERE}, operators=None)  # type: ignore[dict-item]
    slack.fault("500", method="auth.test", times=5)

    arrival = start(world)

    assert arrival == Arrival(unsure={HERE: "HTTP 500", THERE: "HTTP 500"})
    assert len(slack.requests("auth.test")) == 1


def test_a_database_keeps_its_home_and_a_copy_has_another(
    open_store: Callable[[], SqlStore], store_url: str, tmp_path: Path
) -> None:
    home = open_store().home()

    assert home
    assert open_store().home() == home
    if store_url.startswith("sqlite"):
        there = copied(tmp_path / "monitor.db", tmp_path / "elsewhere.db")
        copy = SqlStore(f"sqlite:///{there}")
        assert copy.home() != home
        copy.close()
    else:
        beside = create_engine(make_url(store_url).set(database="postgres"))
        with beside.connect() as connection:
            assert where.home(connection) != home
        beside.dispose()
