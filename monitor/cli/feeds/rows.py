"""``monitor feeds add`` and ``remove``: how rows of ``feeds.toml`` come and go, one by one.

A running daemon reads the file when it is started again. Never touches the database: what was stored stays.
"""

from __future__ import annotations

import datetime as dt
import re
import sys
from collections.abc import Sequence
from typing import Annotated
from urllib.parse import urlsplit

import typer

from monitor.cli.common import AsJson, ConfigDir, note, open_app, print_json, say, utc_now
from monitor.cli.feeds.held import Id, find
from monitor.cli.feeds.look import Kind, Lang, Select, ZoneName, look, selectors, show
from monitor.cli.feeds.proposal import Wish, is_address
from monitor.entities import Feed
from monitor.errors import UsageError
from monitor.settings import parse_span

_YEAR = re.compile(r"\b20\d\d\b")


def add(
    url: Annotated[str, typer.Argument(metavar="URL", help="The feed's address.")],
    config: ConfigDir = None,
    kind: Kind = "",
    select: Select = None,
    lang: Lang = "",
    zone_name: ZoneName = "",
    name: Annotated[str, typer.Option("--id", help="Its id; else made of its title.")] = "",
    publisher: Annotated[str, typer.Option("--publisher", help="The outlet; else the document's title.")] = "",
    family: Annotated[str, typer.Option("--family", help="What newsrooms of one owner share.")] = "",
    every: Annotated[str, typer.Option("--every", help="Its pace, e.g. 20m; else by its rhythm.")] = "",
    remark: Annotated[str, typer.Option("--note", help="A note for the row.")] = "",
    as_json: AsJson = False,
) -> None:
    """Test a feed and append its row to feeds.toml. What is no feed is refused, and so is an address we have.

    Examples:
      monitor feeds add https://www.example.org/rss.xml
      monitor feeds add https://www.example.org/rss.xml --id example --publisher "The Example" --every 20m
      monitor feeds add https://www.example.org/news/ --select "ul.news li" --select date=time --lang ja
    """
    from monitor.settings import edit

    app = open_app(config, least="error")
    if "://" not in url or not is_address(url):
        raise UsageError(f"{url!r} is no address; write it whole, with https://")
    refuse_twin(url, app.feeds)
    if any(feed.id == name for feed in app.feeds):
        raise UsageError(f"--id {name!r} is taken; `monitor feeds list --all` shows all ids")
    wish = Wish(
        source=url, kind=kind, lang=lang, zone=zone_name, id=name, publisher=publisher, family=family, note=remark,
        every=_pace(every) if every else None, select=selectors(select or []),
    )  # fmt: skip
    found = look(app, wish)
    if found.row is None:
        if as_json:
            print_json(
                {"added": None, "problem": found.problem, "message": found.message, "alternates": found.alternates}
            )
        else:
            show(app, found)
            note(f"not added: {found.problem}: {found.message}")
        raise typer.Exit(1)
    row = found.row
    refuse_twin(row.url, app.feeds)
    edit.rewrite(app.config.folder, lambda text: edit.with_row(text, edit.row_of(row)))
    if as_json:
        print_json({"added": row.id, "row": edit.row_of(row), "traps": found.traps})
        return
    say(edit.row_text(edit.row_of(row)).rstrip())
    say()
    for trap in found.traps:
        say(f"trap: {trap}", "yellow")
    say(
        f"{row.id} is added to feeds.toml; `monitor poll {row.id}` reads it now, a running daemon after its next start."
    )


def remove(
    feed: Id,
    config: ConfigDir = None,
    reason: Annotated[str, typer.Option("--reason", help="Why, for those who come after; the date is added.")] = "",
    forget: Annotated[bool, typer.Option("--forget", help="Delete the row: for one that was never right.")] = False,
    as_json: AsJson = False,
) -> None:
    """Switch a feed off and keep its row with the reason, so that nobody adds it again; its entries stay stored.

    Examples:
      monitor feeds remove example --reason "404, retired by the publisher"
      monitor feeds remove added-by-mistake --forget
    """
    from monitor.settings import edit

    app, now = open_app(config, brief=True), utc_now()
    row = find(app, feed)
    dated = ""
    if forget:
        edit.rewrite(app.config.folder, lambda text: edit.without_row(text, row.id))
        said = f"{row.id} is deleted from feeds.toml."
    else:
        if not row.enabled:
            raise UsageError(f"{row.id} is off already: {row.reason}; --forget deletes the row")
        why = reason.strip() or _asked_why(row)
        dated = why if _YEAR.search(why) else f"{why} ({now:%Y-%m-%d})"
        edit.rewrite(app.config.folder, lambda text: edit.switched_off(text, row.id, dated))
        said = f"{row.id} is off: {dated}"
    if as_json:
        print_json({"feed": row.id, "deleted": forget, "reason": dated})
    else:
        say(f"{said} A running daemon polls it until its next start.")


def refuse_twin(url: str, feeds: Sequence[Feed]) -> None:
    twin = twin_of(url, feeds)
    if twin is not None:
        raise UsageError(f"{url} {standing(twin)}; change that row of feeds.toml instead")


def twin_of(url: str, feeds: Sequence[Feed]) -> Feed | None:
    """A row of the same address, however it is written: http or https, with or without www and a slash at its end."""
    asked = _address(url)
    return next((feed for feed in feeds if feed.url and _address(feed.url) == asked), None)


def _address(url: str) -> tuple[str, str, str]:
    parts = urlsplit(url.strip())
    host = parts.netloc.casefold().removeprefix("www.").removesuffix(":80").removesuffix(":443")
    return host, parts.path.rstrip("/"), parts.query


def standing(twin: Feed) -> str:
    if twin.enabled:
        return f"stands in feeds.toml as {twin.id}"
    dead = "is known to be dead" if twin.grade == "D" else "is switched off"
    return f"stands in feeds.toml as {twin.id}, and {dead}: {twin.reason}"


def _pace(text: str) -> dt.timedelta:
    try:
        span: dt.timedelta = parse_span(text)
    except ValueError:
        raise UsageError(f"--every {text!r} is no length of time; write e.g. 20m or 1h") from None
    return span


def _asked_why(row: Feed) -> str:
    """The reason, asked for on a terminal; a script has to give it."""
    if sys.stdin.isatty():
        why = str(typer.prompt(f"Why is {row.id} switched off")).strip()
        if why:
            return why
    raise UsageError(f'say why {row.id} is switched off: --reason "404 since May"; --forget deletes the row instead')
