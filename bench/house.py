"""The monitor as the benchmarks run it: the real app on the shipped configuration, on a database of their own."""

from __future__ import annotations

import dataclasses
import datetime as dt
import logging
import sys
from pathlib import Path

import structlog

from bench.measure import Spent, spent
from bench.news import LANGS, START, items
from monitor.app import App
from monitor.entities import Entry, Feed, FeedId
from monitor.settings import Config, load

CONFIG = Path(__file__).parent.parent / "config"
CONNECTIONS = 8
"""Requests at once to the loopback server, which is one host: the most that ``http.per_host`` allows."""


def configured(url: str, feeds: tuple[Feed, ...] = (), *, polite: bool = False) -> Config:
    """The shipped configuration, but for what belongs to the machine: database, loopback addresses, no Slack.

    ``polite`` keeps the manners toward one host (requests at once, pause between two); without it one host bears all.
    """
    config = load(CONFIG)
    settings = config.settings
    manners = {} if polite else {"host_gap": dt.timedelta(0), "per_host": CONNECTIONS}
    changed = settings.model_copy(
        update={
            "database": settings.database.model_copy(update={"url": url, "password": None}),
            "http": settings.http.model_copy(update={"allow_addresses": ("127.0.0.0/8",), **manners}),
            "slack": settings.slack.model_copy(update={"token": None, "channel": ""}),
            "alerts": settings.alerts.model_copy(update={"destination": "console"}),
        }
    )
    return dataclasses.replace(config, settings=changed, feeds=feeds)


def opened(
    url: str, feeds: tuple[Feed, ...] = (), *, throwaway: bool = False, polite: bool = False
) -> tuple[App, Spent]:
    """The app with its rooms built and warm in each language, and what that took: no case pays for the start."""
    _log_as_the_daemon_does()
    with spent() as start:
        app = App(configured(url, feeds, polite=polite), url=url, throwaway=throwaway)
        for lang in LANGS:
            _warm(app, lang)
    return app, start


def _warm(app: App, lang: str) -> None:
    """One article of ours through every room, none of it stored: what is built late is built now."""
    feed = Feed(id=FeedId("warm"), url="", publisher="Warm", family="warm", lang=lang)
    news = items(3, seed=0, every=dt.timedelta(minutes=1), off_beat=0.0, lang=lang)
    entries = [Entry(feed_id=feed.id, guid=f"{n.number}", title=n.title, summary=n.text) for n in news]
    drafts = app.pipeline.draft(feed, entries, now=START).drafts
    for draft in drafts:
        if draft.told is not None:
            app.rooms.classifier.nearest(draft.told.article, draft.told.reading)


def sqlite_url(folder: str, name: str) -> str:
    """The URL of an SQLite file in a folder."""
    return f"sqlite:///{Path(folder) / name}"


def _log_as_the_daemon_does() -> None:
    """JSON lines on standard error, which the caller throws away: a poll's line is part of what a poll costs."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
