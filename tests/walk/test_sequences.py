"""Five feeds over months, 1,578 documents served in their order: all that was ever in them is held, and once.

The documents are others' and no part of the repository. The report is printed: ``make test ARGS="-s -m slow
tests/walk/test_sequences.py"``.
"""

from __future__ import annotations

import asyncio
import itertools
import random
from collections import defaultdict
from collections.abc import Sequence
from hashlib import blake2b

import pytest

from monitor.app import App
from monitor.daemon import Daemon
from monitor.entities import FeedId
from monitor.intake import Polled
from tests.doors.feed_server import Answer, FeedServer
from tests.shared import SHARED, needs_shared
from tests.walk import house
from tests.walk.conftest import OpenHouse
from tests.walk.sequences import Report, Snapshot, counted, losses, report, snapshots

pytestmark = [pytest.mark.shared, needs_shared]

FOLDER = SHARED / "feeds" / "sequences"
FEEDS = ("bbc", "fox", "nzherald", "rnz", "wsj")


def read(feeds: Sequence[str], every: int) -> list[Snapshot]:
    """The documents of these feeds, in the order of their times."""
    every_one = [snapshot for feed in feeds for snapshot in snapshots(FOLDER / f"{feed}.tar.xz", every=every)]
    return sorted(every_one, key=lambda snapshot: (snapshot.at, snapshot.feed))


def play(app: App, server: FeedServer, given: Sequence[Snapshot]) -> dict[str, list[Polled]]:
    """Serve the documents of one moment after those of another, and poll at each moment by the daemon's own code."""
    polls: dict[str, list[Polled]] = defaultdict(list)
    feeds = {feed.id: feed for feed in app.feeds}
    for moment, together in itertools.groupby(given, key=lambda snapshot: snapshot.at):
        now = list(together)
        for snapshot in now:
            tag = f'"{blake2b(snapshot.body, digest_size=8).hexdigest()}"'
            server.serve(f"/{snapshot.feed}.xml", Answer(body=snapshot.body, etag=tag))
        daemon = Daemon(app, clock=lambda at=moment: at, rng=random.Random(0))
        chosen = [feeds[FeedId(snapshot.feed)] for snapshot in now]
        for polled in asyncio.run(daemon.poll_by_hand(chosen, due=False, deliver=False)):
            polls[polled.feed.id].append(polled)
    return polls


def reports(open_house: OpenHouse, names: Sequence[str], every: int) -> list[Report]:
    """Play the feeds through one house, and hold what it keeps against what was there."""
    given = read(names, every)
    with FeedServer() as server:
        app = open_house(*(house.feed(server.url("").rstrip("/"), name) for name in names))
        polls = play(app, server, given)
    found = []
    for name in names:
        own = [snapshot for snapshot in given if snapshot.feed == name]
        found.append(report(name, counted(own), app, losses(polls[name])))
        print(f"\n{found[-1]}", end="")
    return found


def holds_everything(found: Report) -> None:
    """All of it, once, with its edits; and where a document shared nothing with the one before, that was said."""
    assert (found.missed, found.doubled, found.foreign, found.titles_lost) == (0, 0, 0, 0), found
    assert found.stored == found.items
    assert found.revisions >= found.edits
    assert found.losses >= found.disjoint


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
def test_each_tenth_document_of_five_feeds_leaves_every_item_stored_once(open_house: OpenHouse) -> None:
    for found in reports(open_house, FEEDS, every=10):
        holds_everything(found)


@pytest.mark.slow
@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
def test_every_document_of_five_feeds_leaves_every_item_stored_once(open_house: OpenHouse) -> None:
    for found in reports(open_house, FEEDS, every=1):
        holds_everything(found)


@pytest.mark.slow
@pytest.mark.postgres
@pytest.mark.parametrize("store_url", ["postgresql"], indirect=True)
def test_every_document_of_one_feed_leaves_every_item_stored_once_in_postgresql(open_house: OpenHouse) -> None:
    for found in reports(open_house, ["wsj"], every=1):
        holds_everything(found)
