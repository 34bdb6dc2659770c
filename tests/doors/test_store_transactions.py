"""Transactions and locks: what commits, what never was, who waits for whom, what a kill leaves behind."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from monitor.entities import Destination, OutboxState
from monitor.errors import AnotherInstanceError, StoreError
from monitor.store import SqlStore, migrate
from monitor.store.locks import lock_file
from tests import make

ROOT = Path(__file__).parents[2]
PATIENCE = 20.0
"""Seconds to wait for another process before a test fails: two busy cores may be slow."""


def count(store: SqlStore, table: str = "entry") -> int:
    with store.read() as tx:
        return int(tx.connection.scalar(text(f"SELECT count(*) FROM {table}")) or 0)


def add(store: SqlStore, number: int) -> None:
    with store.begin() as tx:
        entry = tx.add(make.numbered(number))
        assert entry is not None
        tx.record(entry, make.off_beat(), content_hash="h")


@contextlib.contextmanager
def process(program: str, url: str) -> Iterator[subprocess.Popen[str]]:
    """Another process working on the database; it says a word when it is where the test wants it, then it waits."""
    preamble = "import os, sys, time; from monitor.store import SqlStore; from tests import make; url = sys.argv[1]\n"
    running = subprocess.Popen(
        [sys.executable, "-c", preamble + program, url],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert running.stdout is not None
        assert running.stdout.readline().strip() == "ready"
        yield running
    finally:
        running.kill()
        running.wait()
        assert running.stdout is not None
        running.stdout.close()


def kill(running: subprocess.Popen[str]) -> None:
    running.send_signal(signal.SIGKILL)
    running.wait()


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


# ---------------------------------------------------------------------------------------------- transactions


def test_a_transaction_that_raises_leaves_nothing_behind(store: SqlStore) -> None:
    with contextlib.suppress(KeyError), store.begin() as tx:
        entry = tx.add(make.article())
        assert entry is not None
        tx.record(entry, make.off_beat(), content_hash="h")
        raise KeyError
    assert count(store) == 0


def test_a_savepoint_loses_its_own_entry_alone(store: SqlStore) -> None:
    with store.begin() as tx:
        for number in range(3):
            with contextlib.suppress(KeyError), tx.savepoint():
                entry = tx.add(make.numbered(number))
                assert entry is not None
                if number == 1:
                    raise KeyError
                tx.record(entry, make.off_beat(), content_hash="h")
    with store.read() as tx:
        keys = [make.numbered(number).keys[0] for number in range(3)]
        assert list(tx.known(keys)) == [keys[0], keys[2]]


def test_a_failed_statement_in_a_savepoint_does_not_break_the_transaction(store: SqlStore) -> None:
    with store.begin() as tx:
        with pytest.raises(Exception, match="nowhere"), tx.savepoint():
            tx.connection.execute(text("SELECT * FROM nowhere"))
        entry = tx.add(make.article())
        assert entry is not None
        tx.record(entry, make.off_beat(), content_hash="h")
    assert count(store) == 1


def test_a_fault_of_the_database_in_a_savepoint_is_not_the_entrys(store: SqlStore) -> None:
    class TooLong(Exception):
        sqlstate = "54000"

    with store.begin() as tx:
        with pytest.raises(StoreError, match="disk is full"), tx.savepoint():
            raise OperationalError("INSERT", {}, Exception("database or disk is full"))
        with pytest.raises(OperationalError, match="index row size"), tx.savepoint():
            raise OperationalError("INSERT", {}, TooLong("index row size 4000 exceeds the maximum"))


def test_a_row_that_refers_to_nothing_is_refused(store: SqlStore) -> None:
    with pytest.raises(StoreError, match=r"(?i)foreign key"), store.begin() as tx:
        tx.save_thread(make.thread())


def test_an_error_of_the_database_shows_neither_text_nor_address(store: SqlStore) -> None:
    with pytest.raises(StoreError) as caught, store.begin() as tx:
        tx.connection.execute(text("INSERT INTO meta (key, value) VALUES (:key, NULL)"), {"key": "a-secret-title"})
    assert "a-secret-title" not in str(caught.value)
    assert "the database said no" in str(caught.value)
    assert caught.value.retry


def test_begin_inside_begin_is_refused_at_once(store: SqlStore) -> None:
    with store.begin(), pytest.raises(StoreError, match="use savepoint"), store.begin():
        pass
    with store.begin():
        pass


def test_a_read_sees_the_moment_it_began_and_cannot_write(store: SqlStore) -> None:
    with store.read() as tx:
        assert tx.connection.scalar(text("SELECT count(*) FROM entry")) == 0
        other = threading.Thread(target=add, args=(store, 1))
        other.start()
        other.join()
        assert tx.connection.scalar(text("SELECT count(*) FROM entry")) == 0
    assert count(store) == 1
    with pytest.raises(StoreError, match=r"readonly|read-only"), store.read() as tx:
        tx.save_channel(tx.channel(Destination("console")))
    add(store, 2)


def test_two_writers_take_turns_and_the_second_sees_what_the_first_wrote(
    store: SqlStore, open_store: Callable[[], SqlStore]
) -> None:
    other, told, seen = open_store(), threading.Event(), []

    def second() -> None:
        told.set()
        with other.begin() as tx:
            seen.append(tx.add(make.article()))
            seen.append(sorted(tx.known(make.article().keys)))

    thread = threading.Thread(target=second)
    with store.begin() as tx:
        thread.start()
        told.wait()
        time.sleep(0.2)
        assert seen == []
        entry = tx.add(make.article())
        assert entry is not None
        tx.record(entry, make.off_beat(), content_hash="h")
    thread.join()
    assert seen == [None, sorted(make.article().keys)]
    assert count(store) == 1


def test_two_open_transactions_that_add_the_same_entry_keep_it_once(open_store: Callable[[], SqlStore]) -> None:
    """Without the lock of ingest the key alone decides: the second waits for the first's commit and is refused."""
    stores = [open_store(), open_store()]
    got: list[object] = []

    def work(store: SqlStore) -> None:
        for number in range(20):
            with store.begin(exclusive=False) as tx:
                entry = tx.add(make.numbered(number, keys=(f"guid:{number}", f"url:{number}")))
                if entry is not None:
                    tx.record(entry, make.off_beat(), content_hash="h")
                    got.append(number)

    threads = [threading.Thread(target=work, args=(store,)) for store in stores]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(str, got)) == sorted(map(str, range(20)))
    assert count(stores[0]) == 20
    assert count(stores[0], "entry_key") == 40


@pytest.mark.parametrize("store_url", [pytest.param("postgresql", marks=pytest.mark.postgres)], indirect=True)
def test_delivery_does_not_wait_for_a_long_ingest_on_postgresql(
    store: SqlStore, open_store: Callable[[], SqlStore]
) -> None:
    other = open_store()
    with store.begin():
        with other.begin(exclusive=False) as tx:
            tx.save_channel(tx.channel(Destination("console")))
        assert count(other, "channel") == 1


# ----------------------------------------------------------------------------------------------------- kills


def test_a_process_killed_in_mid_transaction_leaves_nothing_and_blocks_nobody(store: SqlStore, store_url: str) -> None:
    program = """
store = SqlStore(url)
with store.begin() as tx:
    entry = tx.add(make.article())
    tx.record(entry, make.off_beat(), content_hash="h")
    print("ready", flush=True)
    time.sleep(60)
"""
    with process(program, store_url) as running:
        kill(running)
    add(store, 2)
    with store.read() as tx:
        assert list(tx.known([*make.article().keys, *make.numbered(2).keys])) == [*make.numbered(2).keys]
    assert store.check() == ()


def test_what_was_committed_survives_a_kill_right_after(store: SqlStore, store_url: str) -> None:
    program = """
from monitor.entities import OutboxState
store = SqlStore(url)
with store.begin() as tx:
    tx.enqueue(make.alert(story=None), dedup_key="k", state=OutboxState.PENDING, due_at=make.NOW, now=make.NOW)
print("ready", flush=True)
time.sleep(60)
"""
    with process(program, store_url) as running:
        kill(running)
    with store.read() as tx:
        assert [row.dedup_key for row in tx.outbox(states=[OutboxState.PENDING])] == ["k"]


# ----------------------------------------------------------------------------------------------------- locks


def test_the_instance_lock_is_held_by_one_and_free_after_a_kill(store: SqlStore, store_url: str) -> None:
    program = """
store = SqlStore(url)
with store.instance_lock("daemon"):
    print("ready", flush=True)
    time.sleep(60)
"""
    with process(program, store_url) as running:
        with pytest.raises(AnotherInstanceError, match="another process"), store.instance_lock("daemon"):
            pass
        with store.instance_lock("another name"):
            pass
        kill(running)

    def is_free() -> bool:
        with contextlib.suppress(AnotherInstanceError), store.instance_lock("daemon"):
            return True
        return False

    until(is_free)


def test_the_instance_lock_is_free_again_when_its_block_ends_or_raises(store: SqlStore) -> None:
    for _ in range(2):
        with contextlib.suppress(KeyError), store.instance_lock():
            with pytest.raises(AnotherInstanceError), store.instance_lock():
                pass
            raise KeyError


def test_the_lock_of_an_sqlite_database_lies_beside_it_and_names_its_holder(tmp_path: Path) -> None:
    path = tmp_path / "monitor.db"
    store = SqlStore.throwaway(f"sqlite:///{path}")
    with store.instance_lock("daemon"):
        assert lock_file(path, "daemon").read_text() == f"{os.getpid()}\n"
        with pytest.raises(AnotherInstanceError, match=f"pid {os.getpid()}"), store.instance_lock("daemon"):
            pass
    assert lock_file(path, "slack:a/b").parent == tmp_path
    store.close()


# ----------------------------------------------------------------------------------------- opening, tending


def test_a_database_in_memory_holds_one_transaction_at_a_time() -> None:
    store = SqlStore.throwaway()
    add(store, 1)
    with store.begin(), pytest.raises(StoreError, match="one transaction at a time"), store.read():
        pass
    threads = [threading.Thread(target=add, args=(store, number)) for number in range(2, 6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert count(store) == 5
    with store.instance_lock():
        pass
    store.close()


def test_an_sqlite_database_is_durable_and_enforces_references(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'deeper' / 'monitor.db'}"
    migrate.upgrade(url)
    store = SqlStore(url)
    with store.read() as tx:
        asked = {
            name: tx.connection.scalar(text(f"PRAGMA {name}"))
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    assert asked == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 30_000}
    store.close()


@pytest.mark.parametrize("url", ["mysql://host/name", "no url at all", ""])
def test_a_database_that_is_none_of_ours_is_refused_with_an_example(url: str) -> None:
    with pytest.raises(StoreError, match=r"sqlite:///var/monitor\.db"):
        SqlStore(url)


def test_an_unreachable_postgresql_is_an_error_worth_retrying_that_hides_the_password() -> None:
    with pytest.raises(StoreError) as caught:
        SqlStore("postgresql://someone:hunter2@127.0.0.1:1/none")
    assert caught.value.retry
    assert "hunter2" not in str(caught.value)


def test_a_healthy_database_checks_clean_before_and_after_a_vacuum(store: SqlStore) -> None:
    add(store, 1)
    assert store.check() == ()
    count(store)  # leaves a connection that only reads in the pool
    store.vacuum()
    assert store.check() == ()
    add(store, 2)


def test_a_reference_to_nothing_is_found_by_the_check(tmp_path: Path) -> None:
    store = SqlStore.throwaway(f"sqlite:///{tmp_path / 'monitor.db'}")
    with store.engine.connect() as connection:
        raw = connection.connection.driver_connection
        assert raw is not None
        raw.execute("PRAGMA foreign_keys=OFF")
        raw.execute("INSERT INTO entry_key VALUES ('stray', 99)")
        raw.commit()
    assert store.check() == ("entry_key row None refers to a missing entry",)
    store.close()


def test_heartbeats_and_remarks_are_remembered(store: SqlStore) -> None:
    with store.begin() as tx:
        tx.beat("ingest", make.NOW)
        tx.beat("ingest", make.at(hours=1), "polling")
        tx.set_meta("colour", "red")
        tx.set_meta("colour", "blue")
    with store.read() as tx:
        assert (tx.beats(), tx.meta("colour"), tx.meta("none")) == ({"ingest": make.at(hours=1)}, "blue", None)
