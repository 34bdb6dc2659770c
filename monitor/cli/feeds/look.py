"""``monitor feeds test``: one look at a feed before it is taken. It stores nothing and alerts nobody."""

from __future__ import annotations

import asyncio
import datetime as dt
import mimetypes
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.app import App
from monitor.cli.common import (
    AsJson,
    ConfigDir,
    clock,
    counted,
    fields,
    note,
    open_app,
    plain,
    print_json,
    say,
    utc_now,
)
from monitor.cli.feeds.proposal import Wish, is_address, site, zone_guess
from monitor.entities import LANGS, Article, Document, Feed, FeedId, FeedState, Fetched, Selectors
from monitor.errors import MonitorError, UsageError
from monitor.settings import zone

if TYPE_CHECKING:
    from monitor.cli.feeds.portrait import Portrait

PARTS = ("item", "title", "link", "date", "text")

Kind = Annotated[str, typer.Option("--kind", help="rss, sitemap, jsonfeed or page; else by what it looks like.")]
Select = Annotated[
    list[str] | None,
    typer.Option(
        "--select",
        metavar="[PART=]CSS",
        help="Of a page without a feed: where its items stand; title=, link=, date= and text= inside an item.",
    ),
]
Lang = Annotated[str, typer.Option("--lang", help="en, ja or ru, where the texts do not tell.")]
ZoneName = Annotated[str, typer.Option("--zone", help="IANA zone of dates that carry none.")]


def try_out(
    source: Annotated[str, typer.Argument(metavar="URL|FILE", help="A feed's address, or a saved document.")],
    config: ConfigDir = None,
    kind: Kind = "",
    select: Select = None,
    lang: Lang = "",
    zone_name: ZoneName = "",
    url: Annotated[str, typer.Option("--url", help="Of a saved document: where it came from.")] = "",
    as_json: AsJson = False,
) -> None:
    """Fetch a feed once and show what we would make of it: entries, ids, dates, rhythm, traps, and a row to take.

    Exit code 1 where it is no feed; of a web page, the feeds that it names are listed.

    Examples:
      monitor feeds test https://www.example.org/rss.xml
      monitor feeds test https://www.example.org/news/ --select "ul.news li" --select date=time --lang ja
      monitor feeds test saved.xml --url https://www.example.org/rss.xml --json
    """
    from monitor.settings import edit

    app = open_app(config, least="error")
    wish = Wish(source=source, kind=kind, lang=lang, zone=zone_name, select=selectors(select or []))
    found = look(app, wish, came_from=url)
    if as_json:
        print_json({**plain(found), "row": edit.row_of(found.row) if found.row is not None else None})
    else:
        show(app, found)
    if not found.usable:
        raise typer.Exit(1)


def selectors(given: Sequence[str]) -> Selectors | None:
    """``--select``, once a part; a bare one is the item's."""
    if not given:
        return None
    parts: dict[str, str] = {}
    for text in given:
        name, equals, rest = text.partition("=")
        part, css = (name, rest) if equals and name in PARTS else ("item", text)
        if part in parts or not css.strip():
            raise UsageError(f"--select {text!r} says {part} twice, or nothing of it; write e.g. --select date=time")
        parts[part] = css.strip()
    if "item" not in parts:
        raise UsageError('--select says what an item is made of, but not where the items stand: add --select "CSS"')
    return Selectors(**parts)


def look(app: App, wish: Wish, *, came_from: str = "") -> Portrait:
    """Fetch (or read) a document once, and all that is to be said of it."""
    from monitor.cli.feeds.portrait import cleaned, portrait, usual_language
    from monitor.sources import SOURCES
    from monitor.sources.anatomy import anatomy

    _check(wish, tuple(SOURCES))
    now, path = utc_now(), Path(wish.source)
    saved = "://" not in wish.source
    url = came_from if saved else wish.source
    if not is_address(url):
        raise UsageError(f"{url!r} is no address; write it whole, with https://")
    feed = Feed(
        id=FeedId("test"), url=url, publisher=site(url), family="test", lang=wish.lang,
        kind=wish.kind or ("page" if wish.select is not None else "rss"),
        zone=wish.zone or zone_guess(url, wish.lang), select=wish.select, query="//news.google." in url,
    )  # fmt: skip
    fetched = _read(feed, path, now) if saved else asyncio.run(_fetched(app, feed, feed.url, now))
    made = anatomy(fetched)
    if not wish.kind and wish.select is None and made.kind:
        feed = replace(feed, kind=made.kind)
    document = SOURCES[feed.kind].parse(feed, fetched)
    if document.parts and not saved:
        document = _with_part(app, feed, document, now)
    said = replace(feed, lang=wish.lang or document.lang[:2])
    articles = cleaned(said, document, now)
    zoned = replace(feed, zone=wish.zone or zone_guess(url, wish.lang or usual_language(articles)))
    if zoned.zone != feed.zone and not document.parts:  # what was found out of the language tells how dates are meant
        feed, document = zoned, SOURCES[feed.kind].parse(zoned, fetched)
        articles = cleaned(replace(said, zone=feed.zone), document, now)
    return portrait(
        wish, feed, fetched, made, document, articles=articles, ours=_ours(app, articles), held=_held(app, articles),
        taken=app.feeds,
    )  # fmt: skip


def _check(wish: Wish, kinds: Sequence[str]) -> None:
    if wish.kind and wish.kind not in kinds:
        raise UsageError(f"--kind {wish.kind!r} is no kind of source; write one of {', '.join(kinds)}")
    if wish.kind and (wish.kind == "page") != (wish.select is not None):
        raise UsageError("--kind page and --select go together: a page alone is read where --select says")
    if wish.lang not in {"", *LANGS}:
        raise UsageError(f"--lang {wish.lang!r} is not read here; write one of {', '.join(LANGS)}")
    if wish.zone:
        try:
            zone(wish.zone)
        except (ValueError, OSError, KeyError):
            raise UsageError(f"--zone {wish.zone!r} is no IANA zone; write e.g. Asia/Tokyo") from None


async def _fetched(app: App, feed: Feed, url: str, now: dt.datetime) -> Fetched:
    from monitor.sources.http import Http

    async with Http(app.http_policy) as http:
        if url != feed.url:
            return await http.fetch_page(feed, url, now)
        return await http.fetch(feed, FeedState(feed_id=feed.id), now)


def _with_part(app: App, feed: Feed, document: Document, now: dt.datetime) -> Document:
    """An index holds no entries: those of its first part stand for all."""
    from monitor.sources import SOURCES

    part = SOURCES[feed.kind].parse(feed, asyncio.run(_fetched(app, feed, document.parts[0], now)))
    return replace(part, parts=document.parts, title=part.title or document.title)


def _read(feed: Feed, path: Path, now: dt.datetime) -> Fetched:
    """A saved document as if it had just been fetched."""
    try:
        body = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}; write https:// before an address") from None
    kind = mimetypes.guess_type(path.name)[0] or ""
    return Fetched(feed_id=feed.id, url=feed.url, final_url=feed.url, at=now, body=body, content_type=kind)


def _ours(app: App, articles: Sequence[Article | None]) -> int:
    """How many of the entries pass the gate."""
    if not any(articles):
        return 0
    from monitor.gate import Gate

    gate, lexicon = Gate(app.config.beat, app.lexicon), app.lexicon
    return sum(
        gate.judge(one, lexicon.read(one.title, one.text, one.lang, on=one.published_at.date())).relevant
        for one in articles
        if one is not None
    )


def _held(app: App, articles: Sequence[Article | None]) -> int:
    """How many of the entries we hold already, by their addresses; none where no database answers."""
    from monitor.store.engine import database_url, sqlite_file

    file = sqlite_file(database_url(app.url))
    if file is not None and not file.is_file():
        return 0
    keys = [{key for key in one.keys if key.startswith("url:")} for one in articles if one is not None]
    try:
        with app.store.read() as tx:
            known = tx.known(sorted(set().union(*keys)))
    except MonitorError as error:
        note(f"what is held already is not known: {error}")
        return 0
    return sum(not one.isdisjoint(known) for one in keys)


def show(app: App, found: Portrait) -> None:
    """The portrait for people."""
    from monitor.settings import edit

    at = zone(app.config.settings.alerts.zone)
    say(found.title or found.final_url or found.source, "bold")
    fields(
        [
            ("answer", _answer(found)),
            ("moved", f"for good to {found.moved_to}" if found.moved_to else ""),
            ("now at", found.final_url if found.redirected else ""),
            ("format", f"{found.format}, read as {found.kind}" if found.usable else found.format),
            ("entries", _entries(found)),
            ("ids", _ids(found)),
            ("dates", _dates(found, at)),
            ("language", ", ".join(f"{lang or 'unknown'} {number}" for lang, number in found.languages.items())),
            ("declares", found.lang),
            ("rhythm", _rhythm(found) if found.entries else ""),
            ("validators", ", ".join(filter(None, (found.etag and f"ETag {found.etag}", found.last_modified)))),
            ("hints", _hints(found)),
            ("hub", found.hub),
            ("self", found.topic if found.topic != found.final_url else ""),
            ("older", found.older),
            ("parts", ", ".join(found.parts)),
            ("ours", _share(found) if found.entries else ""),
            ("held", f"{found.held} of them stand in the database already" if found.held else ""),
            *(("trap", trap) for trap in found.traps),
        ]
    )
    for one in found.first:
        say()
        say(one.title, "bold")
        fields([("", f"{clock(one.published_at, at)}  {one.lang}"), ("", one.link), ("id", one.guid)])
    if found.alternates:
        say()
        say("The page names these feeds:")
        fields((one.title or one.type, one.url) for one in found.alternates)
        say(f"Try: monitor feeds test {found.alternates[0].url}")
    if found.row is not None:
        say()
        say("A row for config/feeds.toml (`monitor feeds add` writes it):")
        say()
        say(edit.row_text(edit.row_of(found.row)).rstrip())


def _answer(found: Portrait) -> str:
    status = "a saved document" if found.status is None and found.bytes else str(found.status or "none")
    took = f"{found.seconds:.2f} s" if found.status is not None else ""
    what = [status, found.content_type, found.charset, f"{found.bytes:,} bytes", took]
    said = ", ".join(part for part in what if part)
    return f"{said}; {found.problem}: {found.message}" if found.problem is not None else said


def _entries(found: Portrait) -> str:
    more = f", the first {len(found.first)} below" if found.entries > len(found.first) else ""
    return f"{found.entries}{more}" + (f"; {found.skipped} say nothing" if found.skipped else "")


def _share(found: Portrait) -> str:
    return f"{found.ours} of {counted(found.entries, 'entry', 'entries')} would pass the gate"


def _ids(found: Portrait) -> str:
    ids = found.ids
    what = [(ids.addresses, "addresses"), (ids.opaque, "opaque"), (ids.missing, "missing"), (ids.shared, "shared")]
    return ", ".join(f"{number} {name}" for number, name in what if number)


def _dates(found: Portrait, at: dt.tzinfo) -> str:
    dates = found.dates
    if dates.newest is None:
        return ""
    return f"{clock(dates.oldest, at)} to {clock(dates.newest, at)}, {at}"


def _rhythm(found: Portrait) -> str:
    rhythm = found.rhythm
    if rhythm.usual_gap is None or rhythm.spans is None:
        return "none to be seen: fewer than three dates"
    day = f", {rhythm.a_day:g} entries a day" if rhythm.a_day is not None else ""
    return f"usually {_span(rhythm.usual_gap)} between two entries{day}; the document spans {_span(rhythm.spans)}"


def _hints(found: Portrait) -> str:
    said = [
        f"ttl {_span(found.ttl)}" if found.ttl is not None else "",
        f"max-age {_span(found.max_age)}" if found.max_age is not None else "",
        found.rests,
    ]
    return ", ".join(filter(None, said))


def _span(span: dt.timedelta) -> str:
    """A length of time in one unit, rounded."""
    seconds = span.total_seconds()
    for size, name in ((86400 * 2, "d"), (5400, "h"), (90, "min")):
        if seconds >= size:
            return f"{seconds / {'d': 86400, 'h': 3600, 'min': 60}[name]:.3g} {name}"
    return f"{seconds:.0f} s"
