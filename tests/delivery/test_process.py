"""Delivery in the real daemon, 12, 20, 22, 23: tokens revoked, two daemons, a database that says no, a stop mid-post."""

from __future__ import annotations

import contextlib
import resource
import signal
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, event, text
from sqlalchemy.engine import make_url

from monitor.alerts.policy import Policy
from monitor.alerts.sinks import Sink
from monitor.alerts.slack import SlackSink
from monitor.entities import OutboxRow, OutboxState, Outcome, Thread
from monitor.errors import StoreError
from monitor.store import SqlStore
from tests.delivery.killed import fill, news_of
from tests.delivery.world import HERE, World
from tests.doors.cli import PATIENCE, Cli
from tests.doors.fake_slack import TOKEN, FakeSlack
from tests.doors.feed_server import Answer, FeedServer, item, rss
from tests.doors.test_daemon import end, wait_for


@pytest.fixture
def cli(tmp_path: Path, store_url: str, slack: FakeSlack) -> Cli:
    """The commands on a database of either kind, telling our own Slack; its one feed cannot be reached."""
    made = Cli.on(tmp_path / "house", {"away": "http://127.0.0.1:9/feed"})
    return Cli(folder=made.folder, extra=at(store_url, slack))


def at(url: str, slack: FakeSlack) -> dict[str, str]:
    return {
        "MONITOR_DATABASE__URL": url,
        "MONITOR_ALERTS__DESTINATION": HERE,
        "MONITOR_SLACK__TOKEN": TOKEN,
        "MONITOR_SLACK__BASE_URL": slack.base_url,
        "NO_PROXY": "127.0.0.1",
    }


def news(slack: FakeSlack) -> list[str]:
    """The alerts that stand in the channel, words of our own left out."""
    return [said for message in slack.messages() if (said := news_of(message))]


@contextlib.contextmanager
def running(cli: Cli) -> Iterator[subprocess.Popen[str]]:
    daemon = cli.start("run")
    try:
        yield daemon
    finally:
        if daemon.poll() is None:
            daemon.kill()
        daemon.communicate(timeout=PATIENCE)


# ------------------------------------------------------------------------------------------- the daemon


def test_12_a_revoked_token_stops_no_ingest_and_a_new_one_in_its_file_is_picked_up(
    tmp_path: Path, slack: FakeSlack
) -> None:
    token = tmp_path / "token"
    token.write_text("xoxb-revoked", encoding="utf-8")
    with FeedServer() as server:
        made = Cli.on(tmp_path / "house", {"paper": server.serve("/feed", Answer(body=rss(item(1), item(2))))})
        extra = at(f"sqlite:///{tmp_path}/monitor.db", slack) | {"MONITOR_SLACK__TOKEN_FILE": str(token)}
        del extra["MONITOR_SLACK__TOKEN"]
        cli = Cli(folder=made.folder, extra=extra)
        with running(cli) as daemon:
            status = wait_for(lambda: _status_of_a_broken_channel(cli))
            assert (status.code, "invalid_auth" in status.out) == (1, True)
            wait_for(lambda: cli.json("feeds", "list")[0]["entries"] == 2)
            token.write_text(TOKEN, encoding="utf-8")
            wait_for(slack.messages)
            assert daemon.poll() is None
            assert cli.here("status").code == 0


def _status_of_a_broken_channel(cli: Cli) -> Any:
    answer = cli.here("status")
    return answer if "invalid_auth" in answer.out else None


def test_20_a_second_daemon_exits_with_3_and_starts_at_once_after_a_kill_of_the_first(
    cli: Cli, slack: FakeSlack, open_store: Callable[[], SqlStore]
) -> None:
    with running(cli) as first:
        wait_for(slack.messages)  # the start line: it runs
        second = cli("run")
        assert (second.returncode, second.stdout) == (3, "")
        assert second.stderr.startswith("monitor: another monitor runs on this database")
        assert len(slack.messages()) == 1
        first.kill()
        first.wait(PATIENCE)
        told = fill(open_store(), HERE, stories=1, each=2)
        with running(cli) as third:
            wait_for(lambda: len(news(slack)) == len(told))
            code, _, err = end(third)
    assert (code, "Traceback" in err) == (0, False), err
    assert (news(slack), len(slack.messages())) == (told, 3)


def test_23_a_sigterm_during_a_post_waits_for_it_and_exits_0(
    cli: Cli, slack: FakeSlack, open_store: Callable[[], SqlStore]
) -> None:
    fill(open_store(), HERE, stories=3, each=1)
    slack.fault("slow", seconds=2)
    with running(cli) as daemon:
        wait_for(slack.requests)
        code, _, err = end(daemon, signal.SIGTERM)

    assert (code, "Traceback" in err) == (0, False), err
    (message,) = slack.messages()
    rows = World(open_store(), Policy()).rows()
    assert [row.remote_id for row in rows if row.state is OutboxState.SENT] == [message["ts"]]
    assert {row.state for row in rows} <= {OutboxState.SENT, OutboxState.PENDING, OutboxState.HELD}


# -------------------------------------------------------------------------- a database that says no meanwhile


@dataclass
class Between:
    """A sink after whose first post, and before its outcome is written down, something happens to the database."""

    inner: Any
    happens: Callable[[], object]
    sends: list[OutboxRow] = field(default_factory=list)

    def send(self, row: OutboxRow, thread: Thread | None) -> Outcome:
        outcome: Outcome = self.inner.send(row, thread)
        self.sends.append(row)
        if len(self.sends) == 1:
            self.happens()
        return outcome

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)


def _world(store: SqlStore, slack: FakeSlack, happens: Callable[[], object]) -> tuple[World, Between]:
    world = World(store, Policy(default=HERE, operators=None))
    sink = Between(SlackSink(token=lambda: TOKEN, base_url=slack.base_url), happens)
    sinks: dict[str, Sink] = {"slack": sink}  # type: ignore[dict-item]  all else is the inner sink's
    world.sinks = sinks
    world.queue("they met")
    world.queue("and talked")
    return world, sink


def _told_once(world: World, slack: FakeSlack) -> None:
    world.deliver(minutes=1, flush=True)
    assert (world.states(), len(slack.messages()), len(slack.requests())) == (["sent", "sent"], 2, 2)


def test_22_a_database_locked_between_post_and_commit_repeats_nothing(
    open_store: Callable[[], SqlStore], store_url: str, slack: FakeSlack
) -> None:
    store, lite = open_store(), store_url.startswith("sqlite")

    @event.listens_for(store.engine, "connect")
    def _impatient(connection: Any, _record: object) -> None:
        connection.execute("PRAGMA busy_timeout=100" if lite else "SET lock_timeout = '100ms'")
        if not lite:
            connection.commit()

    store.engine.dispose()
    rival = create_engine(store_url)
    other = rival.connect()
    world, _ = _world(store, slack, lambda: other.execute(
        text("BEGIN IMMEDIATE" if lite else "LOCK TABLE outbox IN EXCLUSIVE MODE")
    ))  # fmt: skip

    with pytest.raises(StoreError):
        world.deliver()
    assert world.states() == ["sending", "pending"]
    other.rollback()
    other.close()
    rival.dispose()

    _told_once(world, slack)


def test_22_a_full_disk_between_post_and_commit_repeats_nothing(
    tmp_path: Path, sqlite_template: Path, slack: FakeSlack
) -> None:
    (tmp_path / "full.db").write_bytes(sqlite_template.read_bytes())
    store = SqlStore(f"sqlite:///{tmp_path}/full.db")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    world, _ = _world(store, slack, lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1, limits[1])))

    try:
        with pytest.raises(StoreError, match="disk"):
            world.deliver()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)

    _told_once(world, slack)
    store.close()


def test_22_a_server_that_turns_read_only_between_post_and_commit_repeats_nothing(
    open_store: Callable[[], SqlStore], store_url: str, slack: FakeSlack
) -> None:
    url = make_url(store_url)
    if url.get_backend_name() == "sqlite":
        pytest.skip("a file has no standby to fail over to")
    admin = create_engine(url, isolation_level="AUTOCOMMIT")

    def say(*statements: str) -> None:
        with admin.connect() as connection:
            for statement in statements:
                connection.execute(text(statement))

    others = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    cut = f"SELECT pg_terminate_backend(pid) {others}"
    read_only = f"ALTER DATABASE {url.database} SET default_transaction_read_only = on"
    world, _ = _world(open_store(), slack, lambda: say(read_only, cut))
    try:
        with pytest.raises(StoreError, match="read-only"):
            world.deliver()
    finally:
        say("SET default_transaction_read_only = off", f"ALTER DATABASE {url.database} RESET ALL", cut)
        admin.dispose()

    _told_once(world, slack)
