"""Recorded feed documents of real publishers through the whole house. They are no part of the repository."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from monitor.clean import clean
from monitor.entities import Problem
from monitor.sources import SOURCES
from monitor.store.views import Views
from tests import make
from tests.shared import SHARED, needs_shared
from tests.walk.conftest import OpenHouse
from tests.walk.house import LATER, START, feed, poll

pytestmark = [pytest.mark.shared, needs_shared]

DOCUMENTS = sorted(path.stem for path in (SHARED / "feeds").glob("*.xml"))


@pytest.fixture
def recorded() -> Iterator[str]:
    """The address of a server of the recorded documents."""
    root = Path(__file__).parent.parent.parent
    command = [sys.executable, "-m", "tests.doors.feed_server", "--port", "0", str(SHARED / "feeds")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=root, text=True) as server:
        assert server.stdout is not None
        yield server.stdout.readline().split()[-1].rstrip("/")
        server.terminate()


def test_every_entry_of_every_document_is_stored_once_and_a_second_poll_stores_nothing(
    open_house: OpenHouse, recorded: str
) -> None:
    feeds = [feed(recorded, name, lang="") for name in DOCUMENTS]
    app = open_house(*feeds)
    first, second = poll(app, START), poll(app, LATER)

    assert {p.feed.id: p.state.problem_message for p in (*first, *second) if p.state.problem is Problem.INTERNAL} == {}
    assert sum(len(p.accounts) for p in second) == 0
    views = Views(app.store)
    stored = {entry.id for entry in views.entries(limit=100_000)}
    known = set()
    for each in feeds:
        body = (SHARED / "feeds" / f"{each.id}.xml").read_bytes()
        parsed = SOURCES["rss"].parse(each, make.fetched(feed_id=each.id, url=each.url, body=body, at=START))
        for entry in parsed.entries:
            article = clean(entry, each, START)
            if article is None:
                continue
            with app.store.read() as tx:
                holders = {held.entry for held in tx.known(article.keys).values()}
            assert len(holders) == 1, (each.id, article.keys)
            known |= holders
    assert known == stored
