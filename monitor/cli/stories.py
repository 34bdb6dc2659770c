"""``monitor stories``: what is going on, and what should be told of it."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

import typer

from monitor.cli.common import (
    AsJson,
    ConfigDir,
    Limit,
    ago,
    clock,
    login,
    open_app,
    parse_time,
    print_json,
    say,
    short_id,
    table,
    utc_now,
)
from monitor.cli.words import ALERTS, REASONS
from monitor.entities import StoryId, TopicId
from monitor.errors import UsageError
from monitor.settings import parse_span, zone

Id = Annotated[str, typer.Argument(metavar="STORY", help="The story's id: s12.")]


def list_(
    config: ConfigDir = None,
    topic: Annotated[str | None, typer.Option("--topic", help="Only stories with an article on this topic.")] = None,
    since: Annotated[str | None, typer.Option("--since", metavar="TIME", help="Only stories that moved since.")] = None,
    muted: Annotated[bool, typer.Option("--muted", help="Only muted ones.")] = False,
    limit: Limit = 30,
    as_json: AsJson = False,
) -> None:
    """List stories, the last moved first.

    Examples:
      monitor stories list --topic fisheries
      monitor stories list --since 2026-03-01 --json
    """
    app, now = open_app(config), utc_now()
    if topic is not None and topic not in {known.id for known in app.config.topics}:
        raise UsageError(f"no topic has the id {topic!r}; `monitor topics list` shows them")
    found = app.views.stories(
        topic=TopicId(topic) if topic else None,
        since=parse_time(since, "--since") if since else None,
        muted_at=now if muted else None,
        limit=limit,
    )
    if as_json:
        print_json(found)
        return
    table(
        "Stories",
        ("id", "moved", "articles", "publishers", "developments", "topics", "title"),
        (
            (
                f"s{story.id}",
                ago(story.last_at, now),
                story.articles,
                len(story.publishers),
                story.developments,
                ", ".join(story.topics),
                story.title + _marks(story.muted_until, story.followed, now),
            )
            for story in found
        ),
        empty="No story is like that." if topic or since or muted else "No story yet.",
    )


def show(story: Id, config: ConfigDir = None, as_json: AsJson = False) -> None:
    """Show a story with its articles, developments and alerts, and the thread of events it stands in.

    Example:
      monitor stories show s12
    """
    app, now = open_app(config, brief=True), utc_now()
    shown = app.views.story(StoryId(short_id(story, "s")))
    if as_json:
        print_json(shown)
        return
    tz, view = zone(app.config.settings.alerts.zone), shown.story
    say(f"s{view.id}  {view.title}{_marks(view.muted_until, view.followed, now)}", "bold")
    say(f"{clock(view.opened_at, tz)} – {clock(view.last_at, tz)} {app.config.settings.alerts.zone}")
    say(f"topics: {', '.join(view.topics) or 'none'}    publishers: {', '.join(view.publishers)}")
    if view.linked_to is not None:
        say(f"goes on from s{view.linked_to}")
    say()
    if shown.events:
        table(
            "Thread of events",
            ("id", "opened", "articles", "publishers", "title"),
            (
                (
                    f"s{each.id}",
                    clock(each.opened_at, tz),
                    each.articles,
                    len(each.publishers),
                    each.title + (" ←" if each.id == view.id else ""),
                )
                for each in shown.events
            ),
            empty="",
        )
        say()
    table(
        "Articles",
        ("id", "published", "publisher", "verdict", "title"),
        (
            (
                f"e{row.entry}",
                clock(row.article.published_at, tz),
                row.article.publisher,
                row.verdict,
                row.article.title,
            )
            for row in shown.articles
        ),
        empty="No articles.",
    )
    say()
    table(
        "Developments",
        ("id", "at", "what", "new", "alert"),
        (
            (
                f"d{row.development.id}",
                clock(row.development.at, tz),
                REASONS[row.development.kind],
                "; ".join(news.said for news in row.development.news),
                ALERTS[row.development.alert],
            )
            for row in shown.developments
        ),
        empty="No developments.",
    )
    say()
    table(
        "Alerts",
        ("id", "to", "state", "sent", "headline"),
        (
            (f"o{row.id}", row.alert.destination, row.state, clock(row.sent_at, tz), row.alert.headline)
            for row in shown.alerts
        ),
        empty="No alerts.",
    )


def mute(
    story: Id,
    config: ConfigDir = None,
    for_: Annotated[str, typer.Option("--for", metavar="SPAN", help="How long: 12h, 7d.")] = "7d",
    off: Annotated[bool, typer.Option("--off", help="Lift the mute now.")] = False,
    as_json: AsJson = False,
) -> None:
    """Tell nothing more of a story for a while. Its articles are still taken in; what came meanwhile is not told later.

    Examples:
      monitor stories mute s12
      monitor stories mute s12 --for 12h
      monitor stories mute s12 --off
    """
    app, now = open_app(config, brief=True), utc_now()
    try:
        span: dt.timedelta = parse_span(for_)
        until = None if off else now + span
    except (ValueError, OverflowError):
        raise UsageError(f"--for {for_!r} is no length of time; write e.g. 12h or 7d") from None
    with app.store.begin() as tx:
        moved = app.readers.mute(tx, StoryId(short_id(story, "s")), until=until, by=login(), now=now)
    if as_json:
        print_json({"story": moved.id, "muted_until": until})
    elif until is None:
        say(f"s{moved.id} is told again.")
    else:
        say(f"s{moved.id} is muted until {clock(until, zone(app.config.settings.alerts.zone))}: {moved.title}")


def follow(
    story: Id,
    config: ConfigDir = None,
    off: Annotated[bool, typer.Option("--off", help="Follow it no longer.")] = False,
    as_json: AsJson = False,
) -> None:
    """Follow a story: each of its developments is told at once and shown in the channel. Lifts its mute.

    Examples:
      monitor stories follow s12
      monitor stories follow s12 --off
    """
    app = open_app(config, brief=True)
    with app.store.begin() as tx:
        moved = app.readers.follow(tx, StoryId(short_id(story, "s")), on=not off, by=login(), now=utc_now())
    if as_json:
        print_json({"story": moved.id, "followed": moved.followed})
    else:
        say(f"s{moved.id} is {'followed' if moved.followed else 'not followed any more'}: {moved.title}")


def _marks(muted_until: dt.datetime | None, followed: bool, now: dt.datetime) -> str:
    marks = ["followed"] if followed else []
    if muted_until is not None and muted_until > now:
        marks.append(f"muted, ends {ago(muted_until, now)}")
    return f"  [{'; '.join(marks)}]" if marks else ""


COMMANDS = {"list": list_, "show": show, "mute": mute, "follow": follow}
