"""The figures of delivery and of the alerts' quality: counted from what is stored, the same for any process."""

from __future__ import annotations

import dataclasses
import datetime as dt
import functools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from monitor.app import App
from monitor.entities import (
    AlertKind,
    AlertReason,
    Channel,
    Destination,
    DevelopmentId,
    DigestItem,
    LabelKind,
    OutboxId,
    OutboxState,
    Verdict,
)
from monitor.settings import load
from monitor.store.telling import quantile
from monitor.web.metrics import Metrics
from tests import make

NOW = make.NOW
CONFIG = functools.cache(lambda: load(Path(__file__).resolve().parents[2] / "config"))
HERE, THERE = Destination("slack:C1"), Destination("console")


@pytest.fixture
def app(store_url: str) -> Iterator[App]:
    app = App(dataclasses.replace(CONFIG(), feeds=(make.feed("good"),)), url=store_url)
    yield app
    app.close()


def figures(app: App) -> dict[str, float]:
    """Every sample, as Prometheus' own parser reads it."""
    page = Metrics(app, lambda: NOW).page().decode()
    return {
        sample.name
        + "{"
        + ",".join(f"{name}={value}" for name, value in sorted(sample.labels.items()))
        + "}": sample.value
        for family in text_string_to_metric_families(page)
        for sample in family.samples
    }


def put(
    app: App, destination: str, *developments: int, sent: float | None = None, made: float = -120, **given: Any
) -> OutboxId:
    """A row that was made and sent so many minutes from now."""
    with app.store.begin() as tx:
        alert = make.alert(
            destination, story=None, developments=tuple(map(DevelopmentId, developments)),
            kind=given.pop("kind", AlertKind.STORY), items=given.pop("items", ()),
        )  # fmt: skip
        number = len(tx.outbox(states=tuple(OutboxState)))
        at = make.at(minutes=made)
        row = tx.enqueue(alert, dedup_key=f"key-{number}", state=OutboxState.PENDING, due_at=at, now=at)
        assert row is not None
        held = tx.outbox_row(row)
        assert held is not None
        if sent is not None:
            given |= {"state": OutboxState.SENT, "sent_at": make.at(minutes=sent), "remote_id": str(number)}
        tx.update_outbox(dataclasses.replace(held, **given))
        return row


def test_what_was_sent_in_a_day_is_counted_by_destination_and_kind_with_its_latency(app: App) -> None:
    put(app, HERE, 1, sent=-118)
    put(app, HERE, 2, sent=-117, kind=AlertKind.DEVELOPMENT, broadcast=True)
    put(app, HERE, 2, 3, sent=-60, kind=AlertKind.DIGEST, items=(DigestItem(ref="d2", headline="x"),) * 2)
    put(app, THERE, 1, sent=-110)
    put(app, THERE, 4, sent=-1500, made=-1600)  # yesterday
    put(app, THERE, 5)

    found = figures(app)

    wanted = {
        "monitor_alerts_sent_24h{destination=slack:C1,kind=story}": 1,
        "monitor_alerts_sent_24h{destination=slack:C1,kind=development}": 1,
        "monitor_alerts_sent_24h{destination=slack:C1,kind=digest}": 1,
        "monitor_alerts_sent_24h{destination=console,kind=story}": 1,
        "monitor_alert_broadcasts_24h{destination=slack:C1}": 1,
        "monitor_digest_items_24h{destination=slack:C1}": 2,
        "monitor_alerts_per_development_24h{destination=slack:C1}": 4 / 3,  # one was told twice
        "monitor_alerts_per_development_24h{destination=console}": 1,
        "monitor_alert_latency_24h_seconds{quantile=0.5}": 180,
        "monitor_alert_latency_24h_seconds{quantile=1}": 600,
        "monitor_outbox_alerts{destination=console,state=pending}": 1,
    }
    assert {name: found.get(name) for name in wanted} == wanted


def test_what_was_not_told_is_counted_by_its_reason(app: App) -> None:
    with app.store.begin() as tx:
        tx.sync_feeds(app.feeds, NOW)
        story = tx.open_story(make.numbered(1), make.assignment(), make.profile())
        for number, reason in enumerate(
            (AlertReason.MUTED, AlertReason.MUTED, AlertReason.QUEUED, AlertReason.BASELINE)
        ):
            article = make.numbered(number, feed_id=make.feed("good").id)
            entry = tx.add(article)
            assert entry is not None
            kept = tx.add_article(entry, article, make.fingerprint(number))
            tx.record(entry, make.account(entry=entry), content_hash="h")
            old = reason is AlertReason.BASELINE
            tx.add_development(story, kept, make.detection(), reason, make.at(days=-2 if old else 0))

    found = figures(app)

    counts = {reason: found[f"monitor_developments_24h{{alert={reason.value}}}"] for reason in AlertReason}
    assert {reason: count for reason, count in counts.items() if count} == {AlertReason.MUTED: 2, AlertReason.QUEUED: 1}


def test_a_fallen_breaker_a_broken_destination_and_edits_that_wait_are_seen(app: App) -> None:
    row = put(app, HERE, 1, sent=-5)
    with app.store.begin() as tx:
        held = tx.outbox_row(row)
        assert held is not None
        tx.rewrite(row, held.alert, edit_due_at=NOW)
        tx.save_channel(Channel(destination=HERE, broken="channel: is_archived", broken_since=NOW))
        tx.save_channel(Channel(destination=THERE, digest_until=make.at(minutes=5)))

    found = figures(app)

    assert found["monitor_outbox_edits_due{destination=slack:C1}"] == 1
    assert found["monitor_destination_broken{destination=slack:C1}"] == 1
    assert found["monitor_destination_digest_only{destination=slack:C1}"] == 0
    assert found["monitor_destination_digest_only{destination=console}"] == 1


def test_labels_are_counted_by_kind_and_way_and_say_what_the_alerts_were_worth(app: App) -> None:
    with app.store.begin() as tx:
        tx.sync_feeds(app.feeds, NOW)
        entries = []
        for number in (1, 2):
            entry = tx.add(make.numbered(number, feed_id=make.feed("good").id))
            assert entry is not None
            tx.record(entry, make.account(verdict=Verdict.OFF_BEAT, entry=entry), content_hash="h")
            entries.append(entry)
        tx.label(f"e{entries[0]}", LabelKind.NEW, by="sato (U0123ABC)", now=NOW)
        tx.label(f"e{entries[0]}", LabelKind.NEW, by="U0456", now=NOW)
        tx.label(f"e{entries[1]}", LabelKind.OFF_BEAT, by="root", now=NOW)
        tx.label(f"e{entries[1]}", LabelKind.NOT_NEW, by="root", now=make.at(days=-40))

    found = figures(app)

    assert found["monitor_labels_30d{label=new,way=button}"] == 2
    assert found["monitor_labels_30d{label=off-beat,way=command}"] == 1
    assert found["monitor_labels_30d{label=not-new,way=command}"] == 0
    assert found["monitor_developments_missed_30d{by=gate}"] == 1
    assert "monitor_alert_redundancy_30d_ratio{}" not in found  # no alert was labelled: no share of none


def test_the_connection_of_the_buttons_is_seen_only_where_there_is_one(app: App) -> None:
    before = figures(app)
    app.note_buttons("", NOW)
    up = figures(app)
    app.note_buttons("token: invalid_auth", NOW)

    assert "monitor_buttons_up{}" not in before
    assert (up["monitor_buttons_up{}"], figures(app)["monitor_buttons_up{}"]) == (1, 0)


def test_what_became_of_alerts_in_this_process_is_counted_from_its_start(app: App) -> None:
    before = figures(app)
    app.delivery.totals.update(sent=2, dead=1)

    found = figures(app)

    assert before["monitor_delivery_rows_total{outcome=sent}"] == 0
    assert [found[f"monitor_delivery_rows_total{{outcome={word}}}"] for word in ("sent", "dead", "unknown")] == [
        2,
        1,
        0,
    ]


@pytest.mark.parametrize(("share", "seconds"), [(0.5, 2), (0.95, 4), (1.0, 4), (0.0, 1)])
def test_a_quantile_is_one_of_the_values(share: float, seconds: int) -> None:
    assert quantile([dt.timedelta(seconds=number) for number in (1, 2, 3, 4)], share) == dt.timedelta(seconds=seconds)
