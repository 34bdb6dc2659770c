"""``monitor incidents``: what is wrong with feeds for longer than one poll, and what was."""

from __future__ import annotations

from typing import Annotated

import typer

from monitor.cli.common import AsJson, ConfigDir, Limit, ago, open_app, print_json, table, utc_now
from monitor.entities import FeedId
from monitor.errors import UsageError


def incidents(
    config: ConfigDir = None,
    every: Annotated[bool, typer.Option("--all", help="Those that ended, too.")] = False,
    feed: Annotated[str, typer.Option("--feed", metavar="FEED", help="Of this feed alone.")] = "",
    limit: Limit = 1000,
    as_json: AsJson = False,
) -> None:
    """List the incidents of the feeds: silent, frozen, moved, blocked, possible losses … They close by themselves.

    Examples:
      monitor incidents
      monitor incidents --all --feed tass-english --json
    """
    app, now = open_app(config, brief=True), utc_now()
    with app.store.read() as tx:
        found = tx.incidents(open_only=not every, feed=FeedId(feed) if feed else None, limit=limit)
    if feed and not found and all(one.id != feed for one in app.feeds):
        raise UsageError(f"no feed has the id {feed!r}; `monitor feeds list --all` shows them")
    if as_json:
        print_json(found)
        return
    table(
        "Incidents",
        ("feed", "kind", "opened", "ended", "what"),
        (
            (
                one.feed_id or "all feeds",
                one.kind,
                ago(one.opened_at, now),
                ago(one.closed_at, now) if one.closed_at is not None else "",
                f"{one.sentence} {one.ending}".strip(),
            )
            for one in found
        ),
        empty="No incident was recorded." if every else "No incident is open.",
    )
