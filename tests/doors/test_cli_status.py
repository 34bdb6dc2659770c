"""``monitor status``, its block on delivery: what an operator reads in five seconds, and what to do about it."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import re
from pathlib import Path

import pytest

from monitor.alerts.console import ConsoleSink
from monitor.cli.remedies import ITSELF, SLACK, remedy
from monitor.entities import AlertReason, Channel, Destination, DevelopmentId, OutboxState
from monitor.store import SqlStore
from tests import make
from tests.doors.cli import Cli

ROOT = Path(__file__).resolve().parents[2]
NOW = dt.datetime.now(dt.UTC).replace(microsecond=0)
"""The command reads the real clock."""


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    cli = Cli.on(tmp_path, {"away": "http://127.0.0.1:9/feed"})
    cli.said("status")  # makes the database
    return dataclasses.replace(cli, extra={"COLUMNS": "160"})


def test_a_day_of_alerts_and_each_destination_with_its_remedy_stand_in_one_block(cli: Cli) -> None:
    archived, desk = Destination("slack:CARCHIVED"), Destination("webhook:desk")
    store = SqlStore(f"sqlite:///{cli.folder / 'monitor.db'}")
    with store.begin() as tx:
        tx.sync_feeds([make.feed("away")], NOW)
        story = tx.open_story(make.numbered(1), make.assignment(), make.profile())
        article = make.numbered(1, feed_id=make.feed("away").id)
        entry = tx.add(article)
        assert entry is not None
        kept = tx.add_article(entry, article, make.fingerprint(1))
        tx.record(entry, make.account(entry=entry), content_hash="h")
        tx.add_development(story, kept, make.detection(), AlertReason.MUTED, NOW)
        for number, (place, state, waited) in enumerate(
            (
                (desk, OutboxState.SENT, 95),
                (desk, OutboxState.SENT, 600),
                (desk, OutboxState.DEAD, None),
                (archived, OutboxState.PENDING, None),
            )
        ):
            at = NOW - dt.timedelta(hours=1)
            alert = make.alert(place, story=story, developments=(DevelopmentId(number + 1),))
            row = tx.enqueue(alert, dedup_key=str(number), state=OutboxState.HELD, due_at=at, now=at)
            assert row is not None
            held = tx.outbox_row(row)
            assert held is not None
            sent_at = None if waited is None else at + dt.timedelta(seconds=waited)
            tx.update_outbox(dataclasses.replace(held, state=state, sent_at=sent_at))
        tx.save_channel(Channel(destination=archived, broken="channel: is_archived", broken_since=NOW))
        tx.save_channel(Channel(destination=desk, digest_until=NOW + dt.timedelta(hours=1)))
    store.close()

    answer = cli.here("status")
    told = json.loads(cli.here("status", "--json").out)

    assert answer.code == 1  # a destination takes nothing
    lines = [re.sub(r"\s{2,}", " | ", line.strip()) for line in answer.out.splitlines()]
    assert "Delivery in 24 h: 2 messages, 95 s after first sight (slowest 10 min)" in lines
    assert "Not told: 1 muted" in lines
    (first,) = (line for line in lines if line.startswith("slack:CARCHIVED"))
    (second,) = (line for line in lines if line.startswith("webhook:desk"))
    assert "channel: is_archived | 1 pending" in first
    assert first.endswith("unarchive the channel, or route its topics elsewhere")
    assert "too much at once: digest only until" in second
    assert "1 dead" in second
    assert second.endswith("monitor alerts list --state dead")
    assert told["telling_24h"] == {
        "sent": 2, "in_digests": 0, "median_s": 95.0, "slowest_s": 600.0, "edits_due": 0, "not_told": {"muted": 1},
        "muted_stories": 0,
    }  # fmt: skip
    assert [line["remedy"] for line in told["queue"]] == ["unarchive the channel, or route its topics elsewhere", ""]


def test_a_database_that_told_nothing_says_so(cli: Cli) -> None:
    said = cli.said("status")

    assert "Delivery in 24 h: 0 messages" in said
    assert "Nothing was ever told." in said


@pytest.mark.parametrize("code", sorted(SLACK))
def test_a_remedy_is_known_for_what_slack_says_and_stands_in_the_docs(code: str) -> None:
    rows = (ROOT / "docs/slack.md").read_text(encoding="utf-8").split("## Errors")[1]

    assert f"`{code}" in rows
    assert remedy(Destination("slack:C1"), f"channel: {code}: more words") == SLACK[code]


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        ("", ""),
        ("channel: standard output: [Errno 32] Broken pipe", "nobody reads the console"),
        ("channel: HTTP 404: no_service", "make a new webhook"),
        ("unreachable: cannot reach Slack: [Errno -2] Name or service not known", ITSELF),
        ("channel: something new", "monitor alerts test webhook:desk"),
    ],
)
def test_every_trouble_has_a_next_step(broken: str, said: str) -> None:
    assert remedy(Destination("webhook:desk"), broken).startswith(said)
    assert bool(remedy(Destination("webhook:desk"), broken)) is bool(broken)


def test_what_a_closed_console_says_has_its_remedy(tmp_path: Path) -> None:
    closed = (tmp_path / "out").open("w")
    closed.close()
    alert = make.alert()
    sink = ConsoleSink(journal=tmp_path / "j", stream=closed)

    sent = sink.send(make.outbox_row(alert=alert, payload=sink.render(alert, dt.UTC)), None)

    assert remedy(Destination("console"), f"channel: {sent.message}").startswith("nobody reads the console")
