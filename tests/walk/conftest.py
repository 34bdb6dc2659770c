"""What the tests of the walk share: the shipped configuration, its rooms, and a feed server of its own process."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from monitor.app import App
from monitor.entities import Feed
from monitor.pipeline import Rooms
from monitor.settings import Config
from tests.walk import house

OpenHouse = Callable[..., App]


@pytest.fixture(scope="session")
def config() -> Config:
    """The shipped configuration, without meaning."""
    return house.shipped()


@pytest.fixture(scope="session")
def rooms(config: Config) -> Rooms:
    """The rooms, built once: they hold no state."""
    return App(config).rooms


@pytest.fixture
def open_house(config: Config, rooms: Rooms, store_url: str) -> Iterator[OpenHouse]:
    """Opens houses on the database of the test: SQLite, then PostgreSQL."""
    opened: list[App] = []

    def another(*feeds: Feed) -> App:
        opened.append(house.house(config, rooms, store_url, *feeds))
        return opened[-1]

    yield another
    for app in opened:
        app.close()


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test in a folder of its own: the console's journal of a database server lies in the working folder."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def pages(tmp_path: Path) -> Path:
    """The folder whose files the server serves."""
    folder = tmp_path / "pages"
    folder.mkdir()
    return folder


@pytest.fixture
def base(pages: Path) -> Iterator[str]:
    """The address of a feed server that outlives whoever is killed."""
    root = Path(__file__).parent.parent.parent
    with subprocess.Popen(
        [sys.executable, "-m", "tests.doors.feed_server", "--port", "0", str(pages)],
        stdout=subprocess.PIPE,
        cwd=root,
        text=True,
    ) as server:
        assert server.stdout is not None
        yield server.stdout.readline().split()[-1].rstrip("/")
        server.terminate()
