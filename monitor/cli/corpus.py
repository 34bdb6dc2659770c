"""``monitor corpus``: what is already known, and how to add to it."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from monitor.app import App
from monitor.cli.common import AsJson, ConfigDir, Limit, open_app, print_json, say, table, utc_now
from monitor.cli.words import fact_in_words
from monitor.entities import LANGS, CorpusRecord, Fact, TopicMatch
from monitor.errors import UsageError

DRAFT = ".toml.draft"
"""A draft's ending: the loader reads ``*.toml`` alone, so that an unfinished record cannot stop the daemon."""
FACTS_KEPT = 12
"""Facts written into a draft: a record says what an event was, not every sentence of a report."""
MANY = 4
"""Publishers in three languages are read as they are written; a slug needs so many letters to say something."""


def list_(
    config: ConfigDir = None,
    topic: Annotated[str | None, typer.Option("--topic", help="Only records under this topic.")] = None,
    as_json: AsJson = False,
) -> None:
    """List the records, oldest first.

    Examples:
      monitor corpus list
      monitor corpus list --topic fisheries
    """
    app = open_app(config)
    if topic is not None and topic not in {known.id for known in app.config.topics}:
        raise UsageError(f"no topic has the id {topic!r}; `monitor topics list` shows them")
    records = [record for record in app.config.corpus if topic is None or topic in record.topics]
    drafts = sorted(path.name for path in (app.config.folder / "corpus").glob(f"*{DRAFT}"))
    if as_json:
        print_json([_brief(record) for record in records])
        return
    table(
        "Records",
        ("date", "id", "topics", "title"),
        ((record.date, record.id, ", ".join(record.topics), record.title.get("en")) for record in records),
        empty="No record is under it." if topic else "The corpus is empty: config/corpus/.",
    )
    if drafts:
        say()
        say(f"Drafts to finish: {', '.join(drafts)}")


def show(
    record: Annotated[str, typer.Argument(metavar="RECORD", help="The record's id.")],
    config: ConfigDir = None,
    as_json: AsJson = False,
) -> None:
    """Show a record: title and summary in three languages, topics, facts.

    Example:
      monitor corpus show 1956-10-19-joint-declaration
    """
    app = open_app(config)
    found = next((one for one in app.config.corpus if one.id == record), None)
    if found is None:
        raise UsageError(f"no record has the id {record!r}; `monitor corpus list` shows them")
    if as_json:
        print_json(found)
        return
    names = {name.id: name for name in app.config.names}
    say(f"{found.date}  {found.title.get('en', found.id)}", "bold")
    say(f"[{found.id}]  topics: {', '.join(found.topics)}")
    if found.publisher or found.reference:
        say(f"from: {found.publisher or found.reference}")
    for lang in LANGS:
        say()
        say(f"{lang}  {found.title.get(lang, '')}")
        say(f"    {found.summary.get(lang, '')}")
    say()
    for fact in found.facts:
        say(f"fact  {fact_in_words(fact, names)}")


def search(
    text: Annotated[str, typer.Argument(help="What is looked for: words, a headline, a sentence, in any language.")],
    config: ConfigDir = None,
    limit: Limit = 10,
    as_json: AsJson = False,
) -> None:
    """Search the records: first those that hold the words, then those nearest in meaning.

    Examples:
      monitor corpus search "visa-free visits"
      monitor corpus search サケ・マス --json
    """
    app = open_app(config)
    if not text.strip():
        raise UsageError("there is nothing to look for")
    found = _search(app, text, limit)
    if as_json:
        print_json([{**_brief(record), "by": by, "similarity": like} for record, by, like in found])
        return
    table(
        "Records",
        ("by", "date", "id", "topics", "title"),
        (
            (
                by if like is None else f"{by} {like:.2f}",
                record.date,
                record.id,
                ", ".join(record.topics),
                record.title.get("en"),
            )
            for record, by, like in found
        ),
        empty="No record is like it.",
    )


def _search(app: App, text: str, limit: int) -> list[tuple[CorpusRecord, str, float | None]]:
    from monitor.cli.read import article_of

    words = text.casefold().split()
    by_words = [record for record in app.config.corpus if all(word in _text(record) for word in words)]
    found: list[tuple[CorpusRecord, str, float | None]] = [(record, "words", None) for record in by_words[::-1]]
    article = article_of(text, "", now=utc_now())
    if article is not None and len(found) < limit:
        rooms = app.rooms
        reading = rooms.lexicon.read(article.title, "", article.lang, on=article.published_at.date())
        held = {record.id for record in by_words}
        near = rooms.classifier.nearest(article, reading, limit=limit + len(held))
        found += [(record, "meaning", round(like, 4)) for record, like in near if record.id not in held]
    return found[:limit]


def _text(record: CorpusRecord) -> str:
    parts = (
        record.id,
        record.publisher,
        record.reference,
        *record.topics,
        *record.title.values(),
        *record.summary.values(),
    )
    return "\n".join(parts).casefold()


# ------------------------------------------------------------------------------------------------------ add


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What ``corpus add`` wrote for one file, and what an operator has to see to."""

    file: Path
    written: Path
    id: str
    title: str
    lang: str
    published: dt.date | None
    publisher: str
    topics: tuple[str, ...]
    facts: int
    to_do: tuple[str, ...]


def add(
    files: Annotated[list[Path], typer.Argument(metavar="FILE", help="Text files: a saved page or a report each.")],
    config: ConfigDir = None,
    force: Annotated[bool, typer.Option("--force", help="Write over a draft that stands there.")] = False,
    as_json: AsJson = False,
) -> None:
    """Draft a record from a report: title, date, publisher, topics and facts; the report's text is left out.

    A record is written in our own words, in three languages, so what is written is a draft (.toml.draft): fill in
    what is empty, take away .draft, and `monitor check` says whether it is complete.

    Examples:
      monitor corpus add report.txt
      monitor corpus add saved-pages/*.txt --config config
    """
    app = open_app(config)
    texts = [(path, _file(path)) for path in files]
    drafts = [_draft(app, path, text, force=force) for path, text in texts]
    if as_json:
        print_json(drafts)
        return
    for draft in drafts:
        say(f"{draft.file.name} → {draft.written}", "bold")
        say(f"  {draft.published or 'no date'} · {draft.publisher or 'no publisher'} · {draft.title}")
        say(f"  topics: {', '.join(draft.topics) or 'none'} · facts: {draft.facts}")
        for line in draft.to_do:
            say(f"  to do: {line}")


def _file(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "is no UTF-8 text"
        raise UsageError(f"{path}: cannot be read ({reason})") from None


def _draft(app: App, path: Path, text: str, *, force: bool) -> Draft:
    from monitor import clean
    from monitor.cli.read import article_of, read

    page = clean.clean_page(text, name=path.name, now=utc_now())
    article = article_of(page.title, page.text, lang=page.lang, now=utc_now(), published=page.published_at)
    if article is None:
        raise UsageError(f"{path}: there is no report in it")
    found = read(app, article)
    day = page.published_at.date() if page.published_at else None
    topics = tuple(match for match in found.matches if not match.background)
    name = _slug(day, article.title, path)
    place = app.config.folder / "corpus" / f"{name}{DRAFT}"
    if place.exists() and not force:
        raise UsageError(f"{place} stands there already; --force writes over it")
    if place.with_suffix("").exists():
        raise UsageError(f"{place.with_suffix('')} is a record already; take it away, or edit it")
    facts = _telling(found.facts)
    to_do = _to_do(day, topics, found.ruling.relevant)
    try:
        place.write_text(_toml(name, day, article.title, article.lang, page.publisher, topics, facts), encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{place}: cannot be written ({error.strerror})") from None
    return Draft(
        file=path, written=place, id=name, title=article.title, lang=article.lang, published=day,
        publisher=page.publisher, topics=tuple(match.topic for match in topics), facts=len(facts), to_do=to_do,
    )  # fmt: skip


def _to_do(day: dt.date | None, topics: Sequence[TopicMatch], ours: bool) -> tuple[str, ...]:
    lines = ["write title and summary in your own words, in all three languages"]
    if day is None:
        lines.append("the page shows no date: write the day of the event")
    if not topics:
        lines.append("no topic was found: name at least one")
    if not ours:
        lines.append("the gate would not take this report as ours: is it?")
    return tuple(lines)


def _telling(facts: Sequence[Fact]) -> tuple[Fact, ...]:
    """The facts that name somebody who acts, each said once, as the report has them in order."""
    seen: dict[tuple[object, ...], Fact] = {}
    for fact in facts:
        if fact.action and (fact.actors or fact.speaker):
            seen.setdefault((fact.actors, fact.action, fact.polarity, fact.objects, fact.number, fact.unit), fact)
    return tuple(seen.values())[:FACTS_KEPT]


def _slug(day: dt.date | None, title: str, path: Path) -> str:
    words = re.findall(r"[a-z0-9]+", title.casefold())
    letters = [word for word in words if len(word) >= MANY][:5]
    stem = letters or re.findall(r"[a-z0-9]+", path.stem.casefold())[:3] or ["record"]
    return "-".join([day.isoformat() if day else "undated", *stem])


def _toml(
    name: str,
    day: dt.date | None,
    title: str,
    lang: str,
    publisher: str,
    topics: Sequence[TopicMatch],
    facts: Sequence[Fact],
) -> str:
    """The draft as TOML. Strings are written as JSON's, which TOML reads alike."""
    lines = [
        "# A draft: write title and summary in your own words in all three languages, check date, topics and facts,",
        "# then take .draft off this file's name. `monitor check` says whether it is complete.",
        f"id = {_quoted(name)}",
        f"date = {day.isoformat()}" if day else "# date = 2026-01-31",
        f"topics = [{', '.join(_quoted(match.topic) for match in topics)}]",
        f"publisher = {_quoted(publisher)}",
        "",
        "[title]",
        *(f"{one} = {_quoted(title if one == lang else '')}" for one in LANGS),
        "",
        "[summary]",
        *(f'{one} = ""' for one in LANGS),
    ]
    for fact in facts:
        lines += [
            "",
            "[[fact]]",
            f"actor = [{', '.join(map(_quoted, fact.actors))}]",
            f"action = {_quoted(fact.action)}",
            *([f"stage = {_quoted(fact.stage)}"] if fact.stage else []),
            f"polarity = {_quoted(fact.polarity)}",
            f"object = [{', '.join(map(_quoted, fact.objects))}]",
            *([f"place = {_quoted(fact.place)}"] if fact.place else []),
            *([f"number = {_number(fact.number)}", f"unit = {_quoted(fact.unit)}"] if fact.number is not None else []),
            *([f"date = {fact.date.isoformat()}"] if fact.date else []),
            *([f"speaker = {_quoted(fact.speaker)}"] if fact.speaker else []),
        ]
    return "\n".join(lines) + "\n"


def _number(value: float) -> str:
    return str(int(value)) if value.is_integer() else repr(value)


def _quoted(text: str) -> str:
    return json.dumps(str(text), ensure_ascii=False).replace("\x7f", "\\u007f")


def _brief(record: CorpusRecord) -> dict[str, object]:
    return {
        "id": record.id,
        "date": record.date,
        "title": record.title,
        "topics": record.topics,
        "facts": len(record.facts),
    }


COMMANDS = {"list": list_, "show": show, "add": add, "search": search}
