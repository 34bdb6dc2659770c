"""Processes that deliver and are killed, forked one after another from one that has loaded everything already.

It reads a JSON list a line, ``[URL, FOLDER, SLACK_URL, POINT, AFTER]``, says the child's process id, and then how the
child ended. POINT names where the child ends itself with SIGKILL, when it comes there for the AFTER-th time:
``before-claim``, ``after-claim``, ``after-send``, ``after-confirm``; ``none`` runs until nothing is due. Printed alerts
go to the file ``FOLDER/printed``.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

from monitor.alerts import deliver
from monitor.alerts.console import ConsoleSink
from monitor.alerts.policy import Policy
from monitor.alerts.slack import SlackSink
from monitor.entities import OutboxRow, Outcome, SendStatus, Thread
from monitor.store import SqlStore
from tests.doors.fake_slack import TOKEN

SETTLE = dt.timedelta(milliseconds=50)
"""Between two looks. The fake stores a lost post before it drops the connection, so none comes late."""


class Fuse:
    """Ends the process when it has been at its point so many times."""

    def __init__(self, point: str, after: int) -> None:
        self.point, self.left = point, after

    def at(self, point: str) -> None:
        if point != self.point:
            return
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


class Deadly:
    """A sink in whose hands the process ends."""

    def __init__(self, inner: Any, fuse: Fuse) -> None:
        self.inner, self.fuse = inner, fuse

    def send(self, row: OutboxRow, thread: Thread | None) -> Outcome:
        self.fuse.at("after-claim")
        outcome: Outcome = self.inner.send(row, thread)
        if outcome.status is SendStatus.SENT:
            self.fuse.at("after-send")
        return outcome

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)


class Mortal(deliver.Delivery):
    """A delivery that ends around its step."""

    fuse: Fuse

    def _send(self, row: OutboxRow, now: dt.datetime) -> None:
        self.fuse.at("before-claim")
        super()._send(row, now)
        self.fuse.at("after-confirm")


class Impatient(random.Random):
    """Jitter at its shortest: how long a wait may be is no question of these tests."""

    def uniform(self, a: float, b: float) -> float:
        return a + (b - a) / 200


def main(url: str, folder: str, slack: str, point: str, after: int) -> None:
    fuse = Fuse(point, after)
    stream = (Path(folder) / "printed").open("a", encoding="utf-8")
    sinks = {
        "console": Deadly(ConsoleSink(journal=Path(folder) / "journal", stream=stream), fuse),
        "slack": Deadly(SlackSink(token=lambda: TOKEN, base_url=slack), fuse),
    }
    delivery = Mortal(SqlStore(url, durable=False), sinks, Policy(settle=SETTLE, pace={}), rng=Impatient())
    delivery.fuse = fuse
    delivery.deliver(dt.datetime.now(dt.UTC), flush=True)


class Nursery:
    """The process that forks the others, for tests: ``with Nursery() as nursery``."""

    def __init__(self, module: str = "tests.doors.deliver_child") -> None:
        self.module = module

    def __enter__(self) -> Self:
        self.process = subprocess.Popen(
            [sys.executable, "-m", self.module], cwd=Path(__file__).parents[2], text=True,
            env={"NO_PROXY": "127.0.0.1", "PATH": ""}, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip
        return self

    def __exit__(self, *error: object) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        self.process.wait(10)
        self.process.stdout.close()

    def start(self, *arguments: str | int) -> int:
        """A child begins; its process id."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(arguments) + "\n")
        self.process.stdin.flush()
        return self._read()

    def wait(self) -> int:
        """How the child ended: 0 well, -9 killed."""
        return self._read()

    def _read(self) -> int:
        assert self.process.stdout is not None
        return int(self.process.stdout.readline())


def nurse(main: Callable[..., None]) -> None:
    """Fork a child for every line of standard input; it runs ``main`` with the line's values."""
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # a log is no answer
            try:
                main(*json.loads(line))
            except BaseException:  # noqa: BLE001  a fork must never go on as its parent
                sys.excepthook(*sys.exc_info())
                os._exit(1)
            os._exit(0)
        print(child, flush=True)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


if __name__ == "__main__":
    nurse(main)
