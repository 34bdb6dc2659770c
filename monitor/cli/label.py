"""``monitor label``: what a reader says of an alert or an entry. It is kept beside the verdict and changes none."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

import typer

from monitor.app import App
from monitor.cli.common import (
    AsJson,
    ConfigDir,
    Limit,
    clock,
    login,
    open_app,
    parse_time,
    print_json,
    say,
    table,
    utc_now,
)
from monitor.entities import LabelKind
from monitor.errors import UsageError
from monitor.evaluation import DEEDS
from monitor.settings import zone

LIST = "list"
GIVEN = tuple(kind for kind in LabelKind if kind not in DEEDS)
"""What can be said here; the others are what ``monitor stories mute`` and ``follow`` leave behind."""


def label(
    ref: Annotated[
        str, typer.Argument(metavar="ID", help="What is labelled: d5, e12, a12, s12, o7 or a URL. Or the word list.")
    ],
    verdict: Annotated[
        str | None,
        typer.Argument(metavar="LABEL", help="relevant, new, not-new, wrong-topic, off-beat, split or merge."),
    ] = None,
    config: ConfigDir = None,
    by: Annotated[str | None, typer.Option("--by", help="Who says so.", show_default="the login name")] = None,
    note: Annotated[str, typer.Option("--note", help="Why, in a few words.")] = "",
    since: Annotated[str | None, typer.Option("--since", metavar="TIME", help="List only labels given since.")] = None,
    limit: Limit = 30,
    as_json: AsJson = False,
) -> None:
    """Keep what a reader says of an alert or an entry; `monitor evaluate` counts it. Or list what was said.

    relevant: it is ours. new: it brings something new, and should be told. not-new: it repeats what was told.
    wrong-topic: it stands under a topic that it does not report on. off-beat: it is not ours.
    split: it does not belong to its story. merge: its story is one with another (name it with --note s15).

    Examples:
      monitor label d5 not-new
      monitor label e12 off-beat --note "a football match"
      monitor label https://example.org/news/1 new --by anna
      monitor label list --since 2026-03-01
    """
    app = open_app(config, brief=True)
    if ref == LIST and verdict is None:
        _list(app, parse_time(since, "--since") if since else None, limit=limit, as_json=as_json)
        return
    if verdict not in GIVEN:
        raise UsageError(f"{verdict or ''!r} is no label; write {', '.join(GIVEN)}")
    with app.store.begin() as tx:
        view = app.readers.label(tx, ref.strip(), LabelKind(verdict), by=by or login(), now=utc_now(), note=note)
    if as_json:
        print_json(view)
    else:
        say(f"{view.ref} is labelled {view.label} by {view.by}.")


def _list(app: App, since: dt.datetime | None, *, limit: int, as_json: bool) -> None:
    """What readers said, here and with the buttons in Slack, the latest first."""
    found = app.views.labels(since=since, limit=limit)
    if as_json:
        print_json(found)
        return
    tz = zone(app.config.settings.alerts.zone)
    table(
        "Labels",
        ("id", "label", "by", "at", "note"),
        ((view.ref, view.label, view.by, clock(view.at, tz), view.note) for view in found),
        empty="Nobody said anything since then." if since else "Nobody has said anything yet.",
    )
