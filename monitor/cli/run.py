"""``monitor run`` and ``monitor poll``: the daemon, and one round of it by hand."""

from __future__ import annotations

import asyncio
import datetime as dt
import random
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.app import App
from monitor.cli.common import AsJson, At, ConfigDir, ago, note, open_app, parse_time, print_json, table, utc_now
from monitor.entities import Feed, Standing, Verdict
from monitor.errors import AnotherInstanceError, UsageError

if TYPE_CHECKING:
    from monitor.intake import Polled


def run(
    config: ConfigDir = None,
    once: Annotated[bool, typer.Option("--once", help="Poll every due feed once, deliver, and exit.")] = False,
    as_json: AsJson = False,
) -> None:
    """Run the daemon: poll feeds, find developments, send alerts, until SIGTERM or Ctrl-C.

    One daemon runs on a database; a second one exits with 3. With --once (from cron) it makes one round.

    Examples:
      monitor run
      monitor run --once --json
    """
    from monitor.daemon import Daemon

    app = open_app(config, least="error" if once else "info")
    if as_json and once:
        app.alerts_to(sys.stderr)
    with app.only_instance():
        daemon = Daemon(app)
        if once:
            _report(asyncio.run(daemon.run_once()), now=utc_now(), as_json=as_json)
        else:
            asyncio.run(daemon.run())


def poll(
    feeds: Annotated[
        list[str] | None, typer.Argument(metavar="FEED", help="Ids of feeds; none: every enabled feed.")
    ] = None,
    config: ConfigDir = None,
    due: Annotated[bool, typer.Option("--due", help="Only feeds whose time has come.")] = False,
    at: At = None,
    as_json: AsJson = False,
) -> None:
    """Poll feeds now and exit. Alerts are sent too, unless a daemon runs on this database: then it sends them.

    Examples:
      monitor poll nhk-international
      monitor poll --due --at 2026-03-01T09:00:00Z --json
    """
    moment = None if at is None else parse_time(at, "--at")
    if due and not feeds and _at_rest(config, moment or utc_now()):
        _report((), now=moment or utc_now(), as_json=as_json)
        return
    app = open_app(config, clock=None if moment is None else lambda: moment, least="error")
    if as_json:
        app.alerts_to(sys.stderr)
    chosen = _choose(app, feeds or [])
    try:
        with app.only_instance():
            polled = asyncio.run(_poll(app, chosen, moment, due=due, alone=True))
    except AnotherInstanceError:
        note("a daemon runs on this database: polling only, it will send the alerts")
        polled = asyncio.run(_poll(app, chosen, moment, due=due, alone=False))
    _report(polled, now=moment or utc_now(), as_json=as_json)


def _at_rest(config: Path | None, now: dt.datetime) -> bool:
    """Whether nothing is to be polled or sent: most of a cron job's runs, which need neither beat nor rooms for it."""
    app = open_app(config, least="error", brief=True)
    try:
        return app.settled(now)
    finally:
        app.close()


async def _poll(
    app: App, feeds: list[Feed], moment: dt.datetime | None, *, due: bool, alone: bool
) -> tuple[Polled, ...]:
    from monitor.daemon import Daemon

    if moment is None:
        daemon = Daemon(app, alone=alone)
    else:
        daemon = Daemon(app, clock=lambda: moment, rng=random.Random(moment.isoformat()), alone=alone)
    return await daemon.poll_by_hand(feeds, due=due, deliver=alone)


def _choose(app: App, ids: list[str]) -> list[Feed]:
    known: dict[str, Feed] = {feed.id: feed for feed in app.feeds}
    chosen = []
    for name in ids:
        feed = known.get(name)
        if feed is None:
            raise UsageError(f"no feed has the id {name!r}; `monitor feeds list` shows them")
        if not feed.url:
            raise UsageError(f"feed {name} has no address: {feed.reason}")
        chosen.append(feed)
    return chosen or [feed for feed in app.feeds if feed.enabled]


def _report(polled: tuple[Polled, ...], *, now: dt.datetime, as_json: bool) -> None:
    polled = tuple(sorted(polled, key=lambda p: (p.state.problem is None, p.feed.id)))
    rows = [
        {
            "feed": p.feed.id,
            "status": p.fetched.status,
            "not_modified": p.fetched.not_modified,
            "entries": p.entries,
            "new": sum(a.standing is Standing.NEW for a in p.accounts),
            "revisions": sum(a.standing is Standing.EDITED for a in p.accounts),
            "on_beat": sum(a.verdict not in {Verdict.OFF_BEAT, Verdict.REJECTED} for a in p.accounts),
            "developments": sum(a.verdict is Verdict.DEVELOPMENT for a in p.accounts),
            "rejected": p.rejected + sum(a.verdict is Verdict.REJECTED for a in p.accounts),
            "problem": p.state.problem,
            "message": p.state.problem_message,
            "next_poll_at": p.state.next_poll_at,
        }
        for p in polled
    ]
    if as_json:
        print_json(rows)
        return
    table(
        "Polled",
        ("feed", "answer", "entries", "new", "ours", "developments", "next", "problem"),
        (
            (
                row["feed"],
                row["status"] or "–",
                row["entries"],
                row["new"],
                row["on_beat"],
                row["developments"],
                ago(p.state.next_poll_at, now),
                f"{row['problem']}: {row['message']}" if row["problem"] else "",
            )
            for row, p in zip(rows, polled, strict=True)
        ),
        empty="No feed is due.",
    )
