"""Processes that deliver and are killed, over a database, a folder and a Slack that outlive them."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from monitor.alerts.policy import Policy
from monitor.entities import Destination
from monitor.store import SqlStore
from tests.delivery.world import World
from tests.doors.deliver_child import Nursery
from tests.doors.fake_slack import FakeSlack

POINTS = ("before-claim", "after-claim", "after-send", "after-confirm")
"""Where a delivery ends itself with SIGKILL."""
NEWS = re.compile(r"s\d+ n\d+")
"""What ``fill`` writes into each row: its story, and its place in it."""


@dataclass
class Killed:
    """A database, a folder and a Slack that outlive the process that delivers."""

    url: str
    folder: Path
    slack: FakeSlack
    nursery: Nursery

    def run(self, point: str = "none", after: int = 1) -> int:
        """Deliver until nothing is due, or until the process ends at ``point``."""
        self.start(point, after)
        return self.nursery.wait()

    def run_for(self, seconds: float) -> int:
        """Deliver until nothing is due, or until it is killed from outside after so long."""
        child = self.start()
        time.sleep(seconds)
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        return self.nursery.wait()

    def start(self, point: str = "none", after: int = 1) -> int:
        return self.nursery.start(self.url, str(self.folder), self.slack.base_url, point, after)

    def printed(self) -> list[str]:
        lines = (self.folder / "printed").read_text(encoding="utf-8").splitlines()
        return [news for line in lines if (news := news_of(line))]

    def posted(self) -> list[str]:
        return [news_of(message) for message in self.slack.messages()]


def news_of(said: object) -> str:
    """Which row a message or a printed line is of; nothing for a line that names none."""
    found = NEWS.search(str(said))
    return found.group() if found else ""


def fill(store: SqlStore, place: Destination, stories: int, each: int) -> list[str]:
    world = World(store, Policy())
    return [
        (world.queue(f"s{story} n{number}", story=story, place=place), f"s{story} n{number}")[1]
        for number in range(each)
        for story in range(stories)
    ]


def in_order(said: Iterable[str]) -> bool:
    """Whether each story's messages stand in the order they were queued."""
    by_story: dict[str, list[int]] = {}
    for line in said:
        story, number = line.split()
        by_story.setdefault(story, []).append(int(number[1:]))
    return all(numbers == sorted(numbers) for numbers in by_story.values())
