"""``monitor check``: is everything set up? It reads and asks; it sends nothing and stores nothing."""

from __future__ import annotations

import asyncio
import dataclasses
from pathlib import Path
from typing import Annotated

import typer

from monitor import settings as configuration
from monitor.app import App
from monitor.cli.common import AsJson, ConfigDir, config_folder, print_json, say, set_up_logging, table, utc_now
from monitor.entities import Feed, FeedState
from monitor.errors import ConfigError, ConfigErrors, MonitorError

AT_ONCE = 8
"""Feeds asked at the same time: a check is no hurry, and a home router bears it."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One thing that was looked at: what it is, what was found, and every problem in a line with its fix."""

    name: str
    found: str
    problems: tuple[str, ...] = ()


def check(
    config: ConfigDir = None,
    feeds: Annotated[bool, typer.Option("--feeds", help="Ask every enabled feed once, too.")] = False,
    as_json: AsJson = False,
) -> None:
    """Check configuration, database and Slack (token, scopes, channels); with --feeds every feed, too.

    Shows all mistakes at once, each with file, key, value and fix. Exit code 2 for a mistake in the configuration,
    1 for anything else that does not work.

    Examples:
      monitor check
      monitor check --feeds --config config
    """
    set_up_logging("error", "auto")
    parts, app = _configuration(config_folder(config))
    code = 2 if app is None else 0
    if app is not None:
        parts += [_database(app), _alerts(app), _manners(app)]
        if feeds:
            parts.append(asyncio.run(_feeds(app)))
        code = 1 if any(part.problems for part in parts) else 0
    if as_json:
        print_json({"ok": code == 0, "parts": parts})
    else:
        _show(parts)
    if code:
        raise typer.Exit(code)


def _show(parts: list[Part]) -> None:
    table("", ("", "part", "found"), ((_mark(part), part.name, part.found) for part in parts), empty="")
    problems = [(part.name, problem) for part in parts for problem in part.problems]
    if problems:
        say()
        for name, problem in problems:
            say(f"{name}: {problem}", "red")


def _mark(part: Part) -> str:
    return "✗" if part.problems else "✓"


def _configuration(folder: Path) -> tuple[list[Part], App | None]:
    try:
        config = configuration.load(folder)
        app = App(config)
        _ = app.rooms  # verbs, units, weights: what only their own room can read
    except (ConfigError, ConfigErrors) as error:
        lines = tuple(str(error).splitlines())
        count = f"{len(lines)} mistake{'s' if len(lines) > 1 else ''}"
        return [Part(name="configuration", found=f"{folder}: {count}", problems=lines)], None
    enabled = sum(feed.enabled for feed in config.feeds)
    found = (
        f"{folder}: {enabled} of {len(config.feeds)} feeds enabled, {len(config.topics)} topics, "
        f"{len(config.corpus)} records, {len(config.names)} names"
    )
    return [Part(name="configuration", found=found)], app


def _database(app: App) -> Part:
    try:
        shown = app.shown_url
        problems = app.store.check()
    except MonitorError as error:
        return Part(name="database", found=app.config.settings.database.url, problems=(str(error),))
    return Part(name="database", found=f"{shown}, schema up to date", problems=problems)


def _alerts(app: App) -> Part:
    from monitor.alerts.sinks import nowhere

    policy = app.alert_policy
    places = tuple(dict.fromkeys((*policy.destinations(), *([policy.operators] if policy.operators else []))))
    problems = [str(error) for error in app.misrouted()]
    leading = tuple(each for each in places if not nowhere(app.config.settings, each))
    for sink in app.sinks.values():
        problems += sink.check(leading)
    slack = app.config.settings.slack
    if slack.token is not None and not slack.channel and not any(place.startswith("slack:") for place in places):
        problems.append(
            "a Slack token is set, but no channel: set slack.channel in monitor.toml, else alerts stay here"
        )
    if slack.token is None and slack.channel and not any(place.startswith("slack:") for place in places):
        problems.append(
            "slack.channel is set, but no token: set MONITOR_SLACK__TOKEN_FILE (docs/slack.md), else alerts stay here"
        )
    return Part(name="alerts", found="to " + ", ".join(places), problems=tuple(problems))


def _manners(app: App) -> Part:
    """As whom we poll: a webmaster who is annoyed should find somebody to write to before blocking us."""
    policy = app.http_policy
    if policy.contact:
        return Part(name="user agent", found=f"{policy.user_agent} (+{policy.contact})")
    return Part(name="user agent", found=f"{policy.user_agent}, without a contact: set http.contact in monitor.toml")


async def _feeds(app: App) -> Part:
    from monitor.sources.http import Http

    enabled = [feed for feed in app.feeds if feed.enabled]
    turns = asyncio.Semaphore(AT_ONCE)
    async with Http(app.http_policy) as http:

        async def ask(feed: Feed) -> str:
            async with turns:
                fetched = await http.fetch(feed, FeedState(feed_id=feed.id), utc_now())
            if fetched.problem is None:
                from monitor.sources import SOURCES

                document = SOURCES[feed.kind].parse(feed, fetched)
                if document.problem is None:
                    return ""
                return f"{feed.id}: {document.problem}: {document.flagged or 'no entries'} ({feed.url})"
            return f"{feed.id}: {fetched.problem}: {fetched.message} ({feed.url})"

        problems = [line for line in await asyncio.gather(*map(ask, enabled)) if line]
    return Part(
        name="feeds", found=f"{len(enabled) - len(problems)} of {len(enabled)} answer", problems=tuple(problems)
    )
