"""New ground as the store tells it: articles of the beat that fit no topic, once each. On both databases."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from monitor.store import SqlStore
from monitor.store.ground import kept, unsorted
from tests.walk.conftest import OpenHouse
from tests.walk.house import LATER, START, feed, poll, rss

QUOTA = ("a-1", "Japan and Russia agree on a salmon quota", "")
CONSUL = (
    "a-2",
    "Japan protests after Russia detains consular officer",
    "The officer was held for three hours on Monday.",
)
CONCERT = ("a-3", "Orchestra cancels tour after conductor falls ill", "The concerts will be held in autumn.")
WEEK = dt.timedelta(days=7)


def test_articles_of_the_beat_are_told_with_whether_they_fit_a_topic(
    open_house: OpenHouse, store: SqlStore, base: str, pages: Path
) -> None:
    app = open_house(feed(base, "paper"), feed(base, "kanal"))
    (pages / "paper.xml").write_bytes(rss(QUOTA, CONSUL, CONCERT))
    (pages / "kanal.xml").write_bytes(rss(("b-1", *CONSUL[1:]), at=LATER))
    poll(app, START)
    poll(app, LATER)
    found = [(one.article.title, one.sorted) for one in kept(store, since=START - WEEK, limit=10)]
    assert sorted(found) == [(QUOTA[1], True), (CONSUL[1], False)]
    assert unsorted(store, since=START - WEEK) == 1
    assert len(kept(store, since=START - WEEK, limit=1)) == 1
    assert (kept(store, since=START + WEEK, limit=10), unsorted(store, since=START + WEEK)) == ((), 0)
