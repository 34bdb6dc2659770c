"""What every test of delivery may ask for: a world over both databases, and a Slack in a process of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from monitor.alerts.policy import Policy
from monitor.store import SqlStore
from tests.delivery.killed import Killed
from tests.delivery.world import HERE, World
from tests.doors.deliver_child import Nursery
from tests.doors.fake_slack import FakeSlack


@pytest.fixture
def world(store: SqlStore) -> World:
    """A delivery over a store with a sink that does as it is told."""
    return World(store, Policy(default=HERE, operators=None))


@pytest.fixture
def slack() -> Iterator[FakeSlack]:
    """A Slack of our own in another process."""
    with FakeSlack() as slack:
        yield slack


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    """A process that forks others which deliver and are killed."""
    with Nursery() as nursery:
        yield nursery


@pytest.fixture
def killed(store_url: str, tmp_path: Path, nursery: Nursery, slack: FakeSlack) -> Killed:
    """Deliveries that are killed, over both databases."""
    return Killed(store_url, tmp_path, slack, nursery)
