"""A frozen payload as an operator reads it, whichever sink it was made for."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from monitor.alerts.apprise import AppriseSink
from monitor.alerts.console import ConsoleSink
from monitor.alerts.jsonl import JsonlSink
from monitor.alerts.sinks import SINKS, Sink
from monitor.alerts.slack import SlackSink
from monitor.alerts.webhook import WebhookSink
from monitor.cli import payload
from tests import make

UNUSED = Path("unused")
MADE: dict[str, Sink] = {
    "apprise": AppriseSink(services={}, journal=UNUSED),
    "console": ConsoleSink(journal=UNUSED),
    "jsonl": JsonlSink(paths={}),
    "slack": SlackSink(token=lambda: ""),
    "webhook": WebhookSink(hooks={}, journal=UNUSED),
}


@pytest.mark.parametrize("name", sorted(SINKS))
def test_headline_news_and_link_are_read_as_they_were_written(name: str) -> None:
    alert = make.alert(headline="Talks & tea: <a start>", news=("from 2 to 3",))

    text = payload.as_text(make.outbox_row(alert=alert, payload=MADE[name].render(alert, dt.UTC)))

    for said in ("Talks & tea: <a start>", "from 2 to 3", "https://harbour-daily.example/news/1"):
        assert said in text
    assert "\u2060" not in text


def test_a_row_that_is_not_made_yet_has_no_text() -> None:
    assert payload.as_text(make.outbox_row()) == ""


def test_an_alert_is_drafted_in_plain_lines() -> None:
    assert payload.drafted(make.alert(articles=3), dt.UTC).splitlines()[:3] == [
        "[DEVELOPMENT] Ministers of Japan and Russia meet in Vienna",
        "new:        The two ministers met; no meeting was known.",
        "told by:    Harbour Daily · 1 independent newsroom · 3 articles",
    ]
