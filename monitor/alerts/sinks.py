"""Where alerts can go: what a sink is, and the list of them. To add one: a file here and a line in ``SINKS``.

A sink never decides whether or when; it never raises for what the world does, but says what became of an attempt.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from monitor.alerts.addresses import name_of, unnamed
from monitor.alerts.apprise import AppriseSink
from monitor.alerts.console import ConsoleSink
from monitor.alerts.jsonl import JsonlSink
from monitor.alerts.slack import SlackSink
from monitor.alerts.webhook import WebhookSink
from monitor.entities import Alert, Channel, Destination, Look, OutboxRow, Outcome, Thread
from monitor.settings import Settings


class Sink(Protocol):
    """Something an alert can be told to. Every member passes ``tests/contracts/test_sinks.py``."""

    def render(self, alert: Alert, tz: dt.tzinfo) -> str:
        """The payload, frozen from here on: plain data for this sink, times already in the reader's zone."""
        ...

    def send(self, row: OutboxRow, thread: Thread | None) -> Outcome:
        """Try once to tell ``row.payload``, under ``thread`` if there is one. ``UNKNOWN`` unless it is sure."""
        ...

    def edit(self, row: OutboxRow) -> Outcome:
        """Let the message of a row that was sent say ``row.payload``; where it cannot be edited, ``SENT`` all the same.

        An edit may be repeated without harm, so an answer that was lost is tried again and never looked up.
        """
        ...

    def look(self, row: OutboxRow, thread: Thread | None, channel: Channel) -> Look:
        """Whether an earlier attempt at this row arrived."""
        ...

    def check(self, destinations: Sequence[Destination]) -> tuple[str, ...]:
        """What is wrong with the set-up, a sentence each with the fix; nothing where all is well. Sends nothing."""
        ...


SINKS: Mapping[str, Callable[[Settings, Path], Sink]] = {
    "apprise": AppriseSink.of,
    "console": ConsoleSink.of,
    "jsonl": JsonlSink.of,
    "slack": SlackSink.of,
    "webhook": WebhookSink.of,
}
"""Each sink under the word before the colon of a ``Destination``; made from the settings and the folder of our data."""


def open_sinks(settings: Settings, folder: Path) -> dict[str, Sink]:
    """Every sink, ready to be used; none of them has opened a connection yet."""
    return {name: make(settings, folder) for name, make in SINKS.items()}


def nowhere(settings: Settings, destination: Destination) -> str:
    """What to write instead of a destination that leads nowhere; nothing for one that leads somewhere."""
    sink, name = destination.partition(":")[0], name_of(destination)
    if sink not in SINKS:
        return f"no sink has this name; write {' or '.join(sorted(SINKS))}, for Slack with the channel: slack:C0123"
    if sink == "slack" and name in SINKS:  # a bare word is a channel of Slack, but none is called so
        return f"this is a sink without its place; write {name}:{'C0123' if name == 'slack' else 'NAME'}"
    tables = getattr(settings, sink, None)  # of those sinks that have several places, each with a table: [webhook.desk]
    if not isinstance(tables, Mapping) or name in tables:
        return ""
    return unnamed(sink, name, tables) if name else f"say which one: {sink}:NAME, with a table [{sink}.NAME]"
