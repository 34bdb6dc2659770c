"""What tries to break delivery: a lock that is lost, rows past their time, places that the configuration left."""

from __future__ import annotations

import contextlib
import datetime as dt
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import create_engine, event, text

from monitor.alerts import digests, hours
from monitor.alerts.policy import BY_HAND, Policy
from monitor.entities import AlertKind, DigestItem, LookStatus, OutboxState, SendStatus
from monitor.errors import AnotherInstanceError
from monitor.store import SqlStore
from tests import make
from tests.delivery.test_process import at
from tests.delivery.world import BLIND, FOUND, HERE, LOST, NOT_SENT, NOTHING, THERE, World, fault
from tests.doors.cli import PATIENCE, Cli
from tests.doors.fake_slack import FakeSlack
from tests.doors.test_daemon import wait_for
from tests.make import NOW

BERLIN = ZoneInfo("Europe/Berlin")
EXPIRED = "could not be sent in time"
LOCKS_CUT = text(
    "SELECT count(pg_terminate_backend(pid)) FROM pg_locks WHERE locktype = 'advisory' AND granted "
    "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)


def cut_locks(url: str) -> int:
    """Break the connections that hold an advisory lock of this database, as a firewall or a server's restart does."""
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        cut: int = connection.scalar(LOCKS_CUT)
    engine.dispose()
    return cut


# ------------------------------------------------------------------------------------------------ the lock


def test_a_lock_whose_connection_broke_is_taken_again_where_nobody_else_has_it(
    store: SqlStore, store_url: str, open_store: Callable[[], SqlStore]
) -> None:
    with store.instance_lock() as still:
        if store_url.startswith("postgres"):
            assert cut_locks(store_url) == 1
        still()
        with pytest.raises(AnotherInstanceError), open_store().instance_lock():
            pass
        still()
    with open_store().instance_lock():
        pass


@pytest.mark.postgres
@pytest.mark.parametrize("store_url", ["postgresql"], indirect=True)
def test_a_lock_that_was_lost_to_another_is_lost(
    store: SqlStore, store_url: str, open_store: Callable[[], SqlStore]
) -> None:
    with store.instance_lock() as still:
        assert cut_locks(store_url) == 1
        with open_store().instance_lock() as others:
            with pytest.raises(AnotherInstanceError):
                still()
            others()
        still()  # the other went: it is ours again


def test_nothing_is_claimed_or_sent_beside_another_monitor(world: World) -> None:
    world.queue("news")

    def lost() -> None:
        raise AnotherInstanceError("another")

    delivery = world.delivery()
    delivery._alone = lost

    with pytest.raises(AnotherInstanceError):
        delivery.deliver(NOW)
    assert (world.sink.calls, world.states()) == ([], ["pending"])


@pytest.mark.postgres
@pytest.mark.parametrize("store_url", ["postgresql"], indirect=True)
def test_a_daemon_whose_lock_was_lost_to_another_stops_with_3(
    tmp_path: Path, store_url: str, slack: FakeSlack, open_store: Callable[[], SqlStore]
) -> None:
    made = Cli.on(tmp_path / "house", {"away": "http://127.0.0.1:9/feed"})
    cli, store = Cli(folder=made.folder, extra=at(store_url, slack)), open_store()
    daemon = cli.start("run")
    try:
        wait_for(lambda: slack.messages() or daemon.poll() is not None)
        with contextlib.ExitStack() as stack:

            def taken() -> bool:
                cut_locks(store_url)
                with contextlib.suppress(AnotherInstanceError):
                    stack.enter_context(store.instance_lock())
                    return True
                return False

            wait_for(taken)
            _, err = daemon.communicate(timeout=PATIENCE)
    finally:
        daemon.kill()
    assert (daemon.returncode, "Traceback" in err) == (3, False), err
    assert "another process holds the lock" in err


def test_an_alert_that_is_being_dropped_is_not_claimed_meanwhile(
    world: World, open_store: Callable[[], SqlStore]
) -> None:
    row = world.queue("news")
    sending = threading.Thread(target=world.deliver)
    with open_store().begin(exclusive=False) as tx:
        held = tx.outbox_row(row, lock=True)
        assert held is not None
        sending.start()
        time.sleep(0.3)
        tx.update_outbox(replace(held, state=OutboxState.EXPIRED, error=BY_HAND))
    sending.join(PATIENCE)

    assert (world.sink.calls, world.states()) == ([], ["expired"])


def test_a_destination_where_something_raises_holds_up_no_other(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.queue("bad", state=OutboxState.HELD)
    world.queue("good", story=2, place=THERE, state=OutboxState.HELD)
    render = world.sink.render
    monkeypatch.setattr(
        world.sink, "render", lambda alert, tz: 1 / 0 if alert.destination == HERE else render(alert, tz)
    )

    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            world.deliver()

    assert world.states() == ["held", "sent"]
    assert world.said() == ["story: good"]


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
def test_a_look_at_the_outbox_reads_nothing_of_what_was_sent(store: SqlStore) -> None:
    """Also where SQLite has counted that all rows are in one state."""
    with store.begin() as tx:
        for number in range(1000):
            tx.enqueue(
                make.alert(HERE, story=None), dedup_key=f"k{number}", state=OutboxState.SENT, due_at=NOW, now=NOW
            )
        tx.connection.execute(text("ANALYZE"))
    asked: list[tuple[str, Any]] = []
    with store.read() as tx:
        listening = (
            tx.connection,
            "before_cursor_execute",
            lambda _c, _d, said, values, *_: asked.append((said, values)),
        )
        event.listen(*listening)
        assert tx.outbox(states=(OutboxState.HELD, OutboxState.PENDING)) == []
        event.remove(*listening)
        ((said, values),) = asked
        plan = [row[-1] for row in tx.connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {said}", values)]
    assert [step for step in plan if step.startswith("SCAN")] == []


# ------------------------------------------------------------------------------------------ past their time


@pytest.mark.parametrize(
    ("looks", "state"),
    [((FOUND,), OutboxState.SENT), ((NOTHING, NOTHING), OutboxState.EXPIRED), ((BLIND,), OutboxState.EXPIRED)],
    ids=[LookStatus.FOUND.value, LookStatus.NOT_FOUND.value, LookStatus.CANNOT_LOOK.value],
)
def test_a_lost_answer_is_looked_for_though_its_time_is_over(
    world: World, looks: tuple[object, ...], state: OutboxState
) -> None:
    """A machine that was off for a long weekend: what it had posted is not told again as unsent."""
    world.queue("news", expires=60)
    world.sink.answers = [LOST]
    world.sink.looks = [BLIND]
    world.deliver()
    world.sink.looks = list(looks)  # type: ignore[arg-type]
    world.deliver(minutes=90)
    world.deliver(minutes=91)

    assert world.states() == [state.value]
    assert [what for what, _, _ in world.sink.calls].count("send") == 1
    with world.store.read() as tx:
        lost = digests.lost_at(tx, HERE, world.policy, NOW + dt.timedelta(minutes=92))
    assert len(lost) == (state is OutboxState.EXPIRED)


def test_what_a_digest_would_have_told_stands_in_the_next_where_it_expired(world: World) -> None:
    for number in (1, 2):
        world.queue(f"news {number}", story=number, state=OutboxState.HELD, digest=True, headline=f"event {number}")
    world.sink.broken[HERE] = NOT_SENT
    days = world.policy.expires + dt.timedelta(days=1)
    world.deliver()
    world.deliver(seconds=days.total_seconds())
    del world.sink.broken[HERE]
    with world.store.begin() as tx:
        digests.daily(tx, HERE, world.policy, feeds=1, now=NOW + days)
    world.deliver(seconds=days.total_seconds() + 3600)

    *_, told = world.rows()
    assert told.state is OutboxState.SENT
    assert [(item.headline, item.why) for item in told.alert.items] == [("event 1", EXPIRED), ("event 2", EXPIRED)]
    assert told.alert.developments == (1, 2)


def test_parts_of_a_digest_keep_their_order_where_one_has_to_be_sent_again(world: World) -> None:
    items = (DigestItem(ref="d1", headline="event"),)
    for part in (1, 2, 3):
        world.queue(f"part {part}", story=None, kind=AlertKind.DIGEST, items=items)
    world.sink.answers = [LOST]
    for minute in range(5):
        world.deliver(minutes=minute)

    assert [said.rpartition(" ")[2] for said in world.said()] == ["1", "2", "3"]


# ------------------------------------------------------------------------- places the configuration left


def test_what_expired_at_a_place_that_is_named_no_more_is_listed_at_the_default_one(world: World) -> None:
    world.queue("news", place=THERE, expires=60, headline="event")
    world.queue("ours", story=2, expires=60, headline="event here")
    world.sink.broken[THERE] = world.sink.broken[HERE] = fault(SendStatus.CHANNEL_FAULT, "is_archived")
    world.deliver()
    world.deliver(minutes=2)
    world.policy = replace(world.policy, routes={"elsewhere": "slack:C3"})  # type: ignore[dict-item]

    def lost_at(place: str, policy: Policy) -> list[str]:
        with world.store.read() as tx:
            lost = digests.lost_at(tx, place, policy, NOW + dt.timedelta(hours=1))  # type: ignore[arg-type]
        return [row.alert.headline for row in lost]

    assert lost_at(HERE, world.policy) == ["event", "event here"]
    assert lost_at("slack:C3", world.policy) == []
    assert lost_at(HERE, replace(world.policy, routes={"t": THERE})) == ["event here"]  # type: ignore[dict-item]
    assert lost_at(THERE, replace(world.policy, routes={"t": THERE})) == ["event"]  # type: ignore[dict-item]


@pytest.mark.parametrize("named", [False, True])
def test_an_edit_at_a_place_that_is_named_no_more_ends_where_the_place_is_gone(world: World, named: bool) -> None:
    row = world.queue("news", place=THERE)
    world.deliver()
    if named:
        world.policy = replace(world.policy, routes={"t": THERE})  # type: ignore[dict-item]
    with world.store.begin() as tx:
        held = tx.outbox_row(row)
        assert held is not None
        tx.rewrite(row, replace(held.alert, news=("moved on",)), edit_due_at=NOW)
    world.sink.edits = [fault(SendStatus.CHANNEL_FAULT, "is_archived")] * 99
    report = world.deliver(minutes=1)

    (held,) = world.rows()
    assert (held.state, held.edit_due_at is not None) == (OutboxState.SENT, named)
    assert (dict(report.broken), world.channel(THERE).broken != "") == (
        {THERE: "channel: is_archived"} if named else {},
        named,
    )


# ---------------------------------------------------------------------------------------------- the clock


@pytest.mark.parametrize("day", ["2026-03-29", "2026-10-25", "2026-06-01"])
@pytest.mark.parametrize("quiet", ["23:00-07:00", "02:30-03:15", "02:00-03:00", "03:00-02:30", "00:00-23:59"])
def test_quiet_hours_are_never_longer_for_a_change_of_the_clocks_than_the_hour_it_brings(day: str, quiet: str) -> None:
    begins, ends = (dt.time.fromisoformat(one) for one in quiet.split("-"))
    usual = dt.timedelta(hours=ends.hour - begins.hour, minutes=ends.minute - begins.minute) % dt.timedelta(days=1)
    start = dt.datetime.fromisoformat(day).replace(tzinfo=BERLIN).astimezone(dt.UTC) - dt.timedelta(days=1)

    waits = [
        hours.after_quiet((begins, ends), BERLIN, at) - at
        for at in (start + dt.timedelta(minutes=5 * step) for step in range(3 * 288))
    ]

    assert usual - dt.timedelta(hours=1) <= max(waits) <= usual + dt.timedelta(hours=1)
