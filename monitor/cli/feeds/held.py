"""``monitor feeds list``, ``pause`` and ``resume``: what is polled."""

from __future__ import annotations

import dataclasses
from collections import Counter
from typing import Annotated, Any

import typer

from monitor import incidents
from monitor.app import App
from monitor.cli.common import AsJson, ConfigDir, ago, open_app, print_json, say, table, utc_now
from monitor.cli.words import NOT_POLLED, health_word
from monitor.entities import Feed, FeedState
from monitor.errors import UsageError

Id = Annotated[str, typer.Argument(metavar="FEED", help="The feed's id, as in feeds.toml.")]


def list_(
    config: ConfigDir = None,
    every: Annotated[bool, typer.Option("--all", help="Feeds that are not enabled, too, with the reason.")] = False,
    as_json: AsJson = False,
) -> None:
    """List the feeds with their health, pace, open incidents and how much of what they bring is ours.

    Examples:
      monitor feeds list
      monitor feeds list --all --json
    """
    app, now = open_app(config, brief=True), utc_now()
    held = {view.feed.id: view for view in app.views.feeds()}
    with app.store.read() as tx:
        open_now = Counter(incident.feed_id for incident in tx.incidents())
    rows: list[dict[str, Any]] = []
    for feed in app.feeds:
        if not feed.enabled and not every:
            continue
        view = held.get(feed.id)
        state = view.state if view else FeedState(feed_id=feed.id)
        health = incidents.health(feed, state, now, app.schedule_policy)
        rows.append(
            {
                "feed": feed.id,
                "publisher": feed.publisher,
                "lang": feed.lang,
                "kind": feed.kind,
                "url": feed.url,
                "grade": feed.grade,
                "enabled": feed.enabled,
                "paused": state.paused,
                "wellness": health.wellness,
                "health": health_word(health.wellness, state.problem, state.last_attempt_at),
                "sentence": health.sentence,
                "entries": view.entries if view else 0,
                "on_beat": view.on_beat if view else 0,
                "incidents": open_now[feed.id],
                "interval": state.interval,
                "last_success_at": state.last_success_at,
                "next_poll_at": state.next_poll_at,
            }
        )
    if as_json:
        print_json(rows)
        return
    table(
        "Feeds",
        ("id", "health", "ours", "next", "what"),
        (
            (
                row["feed"],
                row["health"],
                f"{row['on_beat']} of {row['entries']}" if row["entries"] else "",
                ago(row["next_poll_at"], now) if row["enabled"] else "",
                "" if row["health"] == NOT_POLLED else row["sentence"],
            )
            for row in rows
        ),
        empty="No feed is configured: config/feeds.toml.",
    )


def pause(feed: Id, config: ConfigDir = None, as_json: AsJson = False) -> None:
    """Stop polling a feed until it is resumed. A running daemon heeds it at once; a restart does not lift it.

    Example:
      monitor feeds pause tass-world
    """
    _set_paused(feed, config, paused=True, as_json=as_json)


def resume(feed: Id, config: ConfigDir = None, as_json: AsJson = False) -> None:
    """Poll a paused feed again, at once.

    Example:
      monitor feeds resume tass-world
    """
    _set_paused(feed, config, paused=False, as_json=as_json)


def _set_paused(name: str, config: Any, *, paused: bool, as_json: bool) -> None:
    app = open_app(config, brief=True)
    feed, now = find(app, name), utc_now()
    with app.store.begin(exclusive=False) as tx:
        state = tx.feed_state(feed.id)
        if state.paused != paused:
            state = dataclasses.replace(state, paused=paused, next_poll_at=state.next_poll_at if paused else now)
            tx.save_feed_state(state)
    if as_json:
        print_json({"feed": feed.id, "paused": paused})
    elif paused:
        say(f"{feed.id} is paused; `monitor feeds resume {feed.id}` starts it again.")
    else:
        say(f"{feed.id} is polled again.")


def find(app: App, name: str) -> Feed:
    """The configured feed of this id."""
    for feed in app.feeds:
        if feed.id == name:
            return feed
    raise UsageError(f"no feed has the id {name!r}; `monitor feeds list --all` shows them")
