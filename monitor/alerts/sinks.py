"""Where alerts can go: what a sink is, and the list of them. To add one: a file here and a line in ``SINKS``.

A sink never decides whether or when; it never raises for what the world does, but says what became of an attempt.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from monitor.alerts.console import ConsoleSink
from monitor.alerts.slack import SlackSink
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

    def look(self, row: OutboxRow, thread: Thread | None, channel: Channel) -> Look:
        """Whether an earlier attempt at this row arrived."""
        ...

    def check(self, destinations: Sequence[Destination]) -> tuple[str, ...]:
        """What is wrong with the set-up, a sentence each with the fix; nothing where all is well. Sends nothing."""
        ...


SINKS: Mapping[str, Callable[[Settings, Path], Sink]] = {
    "console": ConsoleSink.of,
    "slack": SlackSink.of,
}
"""Each sink under the word before the colon of a ``Destination``; made from the settings and the folder of our data."""


def open_sinks(settings: Settings, folder: Path) -> dict[str, Sink]:
    """Every sink, ready to be used; none of them has opened a connection yet."""
    return {name: make(settings, folder) for name, make in SINKS.items()}
