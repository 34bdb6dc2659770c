"""The peers beside which the monitor is measured: ``reader``, and a plain script of threads and feedparser.

Both fetch, parse and store the same documents from the same kind of server; neither judges an entry. ``reader`` runs in
an environment of its own (``make peers``), since it brings its own feedparser. Nothing of the monitor is imported
here, so that a peer's memory is its own.
"""

from __future__ import annotations

import gc
import json
import logging
import sqlite3
import subprocess
import sys
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

from bench.measure import peak_mib, spent

WORKERS = 8
"""Requests at once, as many as the monitor is allowed at one host."""
ROOT = Path(__file__).parent.parent
ENVIRONMENT = ROOT / ".cache" / "peers"
MISSING = "reader is not measured: `make peers` installs it in an environment of its own"


def available() -> bool:
    """Whether ``reader`` can be measured here."""
    return (ENVIRONMENT / "bin" / "python").exists()


def peer(name: str, **arguments: Any) -> dict[str, Any]:
    """The figures of one peer's one case, measured in a fresh process of the environment it lives in."""
    python = ENVIRONMENT / "bin" / "python" if name == "reader" else sys.executable
    command = [str(python), "-m", "bench.peers", name, json.dumps(arguments)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{name} failed with {done.returncode}:\n{done.stderr[-4000:]}")
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return figures


def run_reader(*, feeds: int, base: str, path: str) -> dict[str, Any]:
    """One update of every feed by ``reader``, with as many workers as we take."""
    import feedparser_sgmllib  # what feedparser itself has come to use; reader's own copy asks for it by the old name

    sys.modules.setdefault("sgmllib", feedparser_sgmllib)
    from reader import make_reader

    logging.disable(logging.CRITICAL)
    with closing(make_reader(":memory:")) as scratch:  # what is imported and compiled late is by now, as for us
        scratch.add_feed(f"{base}/feeds/0.xml")
        for _ in range(2):
            scratch.update_feeds(scheduled=False)
    reader = make_reader(path)
    for number in range(feeds):
        reader.add_feed(f"{base}/feeds/{number}.xml", exist_ok=True)
    before = reader.get_entry_counts().total or 0
    gc.collect()
    with spent() as cost:
        reader.update_feeds(workers=WORKERS, scheduled=False)
    after = reader.get_entry_counts().total or 0
    broken = reader.get_feed_counts(broken=True).total
    reader.close()
    return _figures(cost.wall, cost.cpu, feeds, after - before, broken)


def run_plain(*, feeds: int, base: str, path: str) -> dict[str, Any]:
    """One update of every feed by the script anybody would write first: urllib and feedparser in threads, SQLite."""
    import feedparser

    db = sqlite3.connect(path)
    db.executescript(
        "create table if not exists feed (url text primary key, etag text, modified text);"
        "create table if not exists entry (feed text, id text, title text, link text, summary text, published text,"
        " primary key (feed, id));"
    )
    held = {url: (etag, modified) for url, etag, modified in db.execute("select url, etag, modified from feed")}

    def fetch(url: str) -> tuple[str, str | None, str | None, list[tuple[str, ...]] | None]:
        request = urllib.request.Request(url)  # noqa: S310 -- our own server on the loopback
        etag, modified = held.get(url, (None, None))
        if etag:
            request.add_header("If-None-Match", etag)
        if modified:
            request.add_header("If-Modified-Since", modified)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 -- the same
                headers, body = answer.headers, answer.read()
        except urllib.error.HTTPError as error:
            if error.code == 304:
                return url, etag, modified, None
            raise
        rows = [
            (url, e.get("id") or e.get("link", ""), e.get("title", ""), e.get("link", ""), e.get("summary", ""),
             e.get("published", ""))
            for e in feedparser.parse(body).entries
        ]  # fmt: skip
        return url, headers.get("ETag"), headers.get("Last-Modified"), rows

    before = db.execute("select count(*) from entry").fetchone()[0]
    gc.collect()
    with spent() as cost, ThreadPoolExecutor(WORKERS) as pool:
        for url, etag, modified, rows in pool.map(fetch, [f"{base}/feeds/{n}.xml" for n in range(feeds)]):
            if rows is not None:
                with db:
                    db.executemany("insert or ignore into entry values (?, ?, ?, ?, ?, ?)", rows)
                    db.execute("insert or replace into feed values (?, ?, ?)", (url, etag, modified))
    after = db.execute("select count(*) from entry").fetchone()[0]
    return _figures(cost.wall, cost.cpu, feeds, after - before, 0)


def _figures(wall: float, cpu: float, feeds: int, stored: int, broken: int | None) -> dict[str, Any]:
    if broken:
        raise RuntimeError(f"{broken} feeds failed")
    return {
        "wall_s": wall,
        "cpu_ms_a_feed": 1000 * cpu / feeds,
        "peak_mib": peak_mib(),
        "entries_stored": stored,
    }


if __name__ == "__main__":
    print(json.dumps({"reader": run_reader, "plain": run_plain}[sys.argv[1]](**json.loads(sys.argv[2]))))
