"""``monitor feeds import`` and ``export``: feeds from and for other readers, as OPML."""

from __future__ import annotations

import datetime as dt
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from monitor.cli.common import AsJson, ConfigDir, counted, open_app, print_json, say, table, utc_now
from monitor.cli.feeds.proposal import Wish, free, is_address, slug, subscribed
from monitor.cli.feeds.rows import standing, twin_of
from monitor.entities import LANGS, Feed
from monitor.errors import ConfigErrors, UsageError

if TYPE_CHECKING:
    from monitor.sources.opml import Outline

OURS = (
    "id", "publisher", "family", "kind", "zone", "grade", "enabled", "reason", "note", "every", "min_every",
    "max_every", "query", "official", "sitemap",
)  # fmt: skip
"""Keys of a row that a file of ours hands on. Never what loosens a safety: certificates, plain http, another name."""
NOTE_LONGEST = 200
"""Characters of the folders that a subscription stood in, kept as the row's note."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What became of one subscription: the row it makes, or why it makes none."""

    url: str
    title: str
    row: Feed | None = None
    refused: str = ""


def import_(
    file: Annotated[Path, typer.Argument(metavar="OPML", help="A file with subscriptions.")],
    config: ConfigDir = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be added, and add nothing.")] = False,
    enable: Annotated[bool, typer.Option("--enable", help="Poll them at once; else they come switched off.")] = False,
    as_json: AsJson = False,
) -> None:
    """Add the subscriptions of another reader's OPML file to feeds.toml, a row each; those we have are left out.

    They are not tested, and so come switched off: `monitor feeds test` looks one over. A file that `monitor feeds
    export` wrote brings ids, paces and all; what was off in it stays off.

    Examples:
      monitor feeds import subscriptions.opml --dry-run
      monitor feeds import subscriptions.opml --enable --json
    """
    from monitor.settings import edit
    from monitor.sources.opml import outlines

    app, now = open_app(config, brief=True), utc_now()
    try:
        found = outlines(file.read_bytes())
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}") from None
    if found is None:
        raise UsageError(f"{file} is no OPML; export the subscriptions of your reader as OPML first")
    taken: list[Taken] = []
    for outline in found:
        feeds = [*app.feeds, *(one.row for one in taken if one.row is not None)]
        taken.append(_taken(outline, feeds, now, enable=enable, name=file.name))
    rows = [edit.row_of(one.row) for one in taken if one.row is not None]
    if rows and not dry_run:
        edit.rewrite(app.config.folder, lambda text: _with_rows(text, rows))
    if as_json:
        print_json([_told(one) for one in taken])
        return
    table(
        "Subscriptions",
        ("id", "title", "address", "what"),
        ((one.row.id if one.row else "–", one.title, one.url, _becomes(one)) for one in taken),
        empty=f"{file} names no feed.",
    )
    done = "would be added" if dry_run else "added to feeds.toml"
    say(f"{counted(len(rows), 'feed')} {done}, {len(taken) - len(rows)} left out.")


def export(
    config: ConfigDir = None,
    opml: Annotated[
        Path | None, typer.Option("--opml", metavar="FILE", help="Write into this file; else it is printed.")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Feeds that are not enabled, too, with the reason.")] = False,
    as_json: AsJson = False,
) -> None:
    """Write the feeds as OPML 2.0, for any other reader; `monitor feeds import` reads all of it back.

    Examples:
      monitor feeds export --opml feeds.opml
      monitor feeds export --all --json
    """
    from monitor.settings import edit
    from monitor.sources.opml import opml as document

    app = open_app(config, brief=True)
    feeds = [feed for feed in app.feeds if feed.url and (feed.enabled or every)]
    feeds_of = Counter(feed.publisher for feed in feeds)
    named = [_outline(one, alone=feeds_of[one.publisher] == 1) for one in feeds]
    body = document(named, title="monitor", now=utc_now())
    if opml is not None:
        try:
            opml.write_bytes(body)
        except OSError as error:
            raise UsageError(f"--opml {opml} cannot be written: {error.strerror}") from None
    if as_json:
        print_json([edit.row_of(feed) for feed in feeds])
    elif opml is not None:
        say(f"{counted(len(feeds), 'feed')} written to {opml}.")
    else:
        sys.stdout.write(body.decode())


def _taken(outline: Outline, feeds: Sequence[Feed], now: dt.datetime, *, enable: bool, name: str) -> Taken:
    """The row of one subscription, checked as the configuration will check it."""
    from monitor.settings import edit

    blank = Taken(url=outline.url, title=outline.title)
    if not is_address(outline.url):
        return replace(blank, refused="is no address")
    twin = twin_of(outline.url, feeds)
    if twin is not None:
        return replace(blank, refused=standing(twin))
    row = _row(outline, feeds)
    if row.get("enabled") == "false":
        row["reason"] = row.get("reason") or f"was off in {name} ({now:%Y-%m-%d})"
    elif enable:
        row.pop("reason", None)
    else:
        row |= {"enabled": False, "reason": f"imported from {name}, not tested yet ({now:%Y-%m-%d})"}
    try:
        # As if it were on: an address that could never be polled is told now, not when somebody switches it on.
        edit.feed_from({**row, "enabled": True}, name)
        return replace(blank, row=edit.feed_from(row, name))
    except ConfigErrors as error:
        return replace(blank, refused="; ".join(one.fix for one in error.errors))


def _row(outline: Outline, feeds: Sequence[Feed]) -> dict[str, Any]:
    """What a subscription says of its feed, the rest guessed; a file of our own says nearly all."""
    from monitor.settings import edit

    code = outline.lang.casefold().replace("_", "-").partition("-")[0]
    wish = Wish(
        source=outline.url, lang=code if code in LANGS else "", note=", ".join(outline.categories)[:NOTE_LONGEST]
    )
    guessed = edit.row_of(subscribed(wish, outline.url, outline.title, feeds))
    if not outline.more:
        return guessed
    row: dict[str, Any] = {
        key: guessed[key] for key in ("id", "url", "publisher", "family", "lang", "insecure") if key in guessed
    }
    row |= {key: value for key, value in outline.more.items() if key in OURS}
    select = {key.removeprefix("select."): value for key, value in outline.more.items() if key.startswith("select.")}
    if select:
        row["select"] = select
    row["id"] = free(slug(str(row["id"])) or guessed["id"], {feed.id for feed in feeds})
    return row


def _with_rows(text: str, rows: Sequence[Mapping[str, Any]]) -> str:
    from monitor.settings import edit

    for row in rows:
        text = edit.with_row(text, row)
    return text


def _told(one: Taken) -> dict[str, Any]:
    from monitor.settings import edit

    row = edit.row_of(one.row) if one.row is not None else None
    return {"url": one.url, "title": one.title, "refused": one.refused, "row": row}


def _becomes(one: Taken) -> str:
    if one.row is None:
        return one.refused
    return "polled" if one.row.enabled else f"switched off: {one.row.reason}"


def _outline(feed: Feed, *, alone: bool) -> Outline:
    """A row as a subscription; what OPML has no word for goes under our own names.

    ``alone``: the publisher has no other.
    """
    from monitor.settings import edit
    from monitor.sources.opml import Outline

    row = edit.row_of(feed)
    more = {key: _text(row[key]) for key in OURS if row.get(key) not in {None, ""}}
    more |= {f"select.{key}": value for key, value in row.get("select", {}).items()}
    title = feed.publisher if alone else f"{feed.publisher} ({feed.id})"
    return Outline(url=feed.url, title=title, lang=feed.lang, categories=(feed.family, feed.kind), more=more)


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
