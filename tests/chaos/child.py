"""The two senders of the chaos, each a process that is killed again and again: ours, and the one everybody writes.

Neither ends by itself. A line of standard input is ``["ours" | "plain", DATABASE, SLACK, TOKEN, PACE, EDITS]``.
"""

from __future__ import annotations

import datetime as dt
import sqlite3
import time

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from monitor.alerts.deliver import Delivery
from monitor.alerts.policy import Policy
from monitor.alerts.slack import SlackSink
from monitor.store import SqlStore
from tests.doors.deliver_child import Impatient, nurse

SETTLE = dt.timedelta(seconds=0.5)
"""Between two looks; a message that comes late comes sooner than this (``LATE`` of the storm)."""
TIMEOUT = dt.timedelta(seconds=1)
SHORTEST = 0.01  # seconds between two rounds


def ours(url: str, slack: str, token: str, pace: float) -> None:
    """The delivery of the product, with short waits."""
    sink = SlackSink(token=lambda: token, base_url=slack, timeout=TIMEOUT)
    policy = Policy(operators=None, breaker_alerts=0, settle=SETTLE, pace={"slack": dt.timedelta(seconds=pace)})
    delivery = Delivery(SqlStore(url, durable=False), {"slack": sink}, policy, rng=Impatient())
    while True:
        delivery.deliver(dt.datetime.now(dt.UTC))
        time.sleep(SHORTEST)


def plain(file: str, slack: str, token: str, pace: float) -> None:
    """A queue in SQLite and the SDK's client as it comes: what fails is tried again, what worked is marked as sent."""
    client = WebClient(token=token, base_url=slack, timeout=round(TIMEOUT.total_seconds()))
    queue = sqlite3.connect(file, isolation_level=None)
    while True:
        row = queue.execute(
            "SELECT id, channel, story, said FROM alert WHERE ts IS NULL ORDER BY id LIMIT 1"
        ).fetchone()
        if row is None:
            time.sleep(SHORTEST)
            continue
        number, channel, story, said = row
        root = queue.execute("SELECT ts FROM alert WHERE story = ? AND ts IS NOT NULL ORDER BY id", (story,)).fetchone()
        try:
            answer = client.chat_postMessage(channel=channel, text=said, thread_ts=root[0] if root else None)
            queue.execute("UPDATE alert SET ts = ? WHERE id = ?", (answer["ts"], number))
            time.sleep(pace)
        except SlackApiError as error:
            time.sleep(float(error.response.headers.get("Retry-After", SHORTEST)))
        except Exception:  # noqa: BLE001  a queue that tries everything again
            time.sleep(SHORTEST)


def main(kind: str, database: str, slack: str, token: str, pace: float) -> None:
    """One of the two, until it is killed."""
    (ours if kind == "ours" else plain)(database, slack, token, pace)


if __name__ == "__main__":
    nurse(main)
