"""``monitor topics``: the subjects we sort by, what a text would be sorted under, and new ground."""

from __future__ import annotations

import datetime as dt
import json
import re
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.app import App
from monitor.cli.common import AsJson, ConfigDir, counted, fields, note, open_app, print_json, say, table, utc_now
from monitor.cli.words import REASONS, fact_in_words
from monitor.entities import LANGS, ArticleId
from monitor.errors import UsageError

if TYPE_CHECKING:
    from monitor.topics.ground import Proposal

PHRASES_SHOWN = 12
EXAMPLES_SHOWN = 5
READ = 1_000
"""Articles a look for new ground reads, the latest: a season of a busy beat, two seconds of work."""
PLAIN = frozenset(("country", "capital", "demonym"))
"""Kinds of names that tell nothing apart on a beat between states."""
LEAST = 3
"""Articles alike from which on there is something to propose."""


def list_(config: ConfigDir = None, as_json: AsJson = False) -> None:
    """List the topics with their severity, channel and records.

    Example:
      monitor topics list
    """
    app = open_app(config)
    rows = [
        {
            "topic": topic.id,
            "name": topic.name,
            "severity": topic.severity,
            "channel": topic.channel,
            "phrases": sum(map(len, topic.phrases.values())),
            "names": len(topic.names),
            "records": sum(topic.id in record.topics for record in app.config.corpus),
        }
        for topic in app.config.topics
    ]
    if as_json:
        print_json(rows)
        return
    table(
        "Topics",
        ("id", "name", "severity", "channel", "phrases", "records"),
        (
            (
                topic.id,
                topic.name.get("en"),
                topic.severity,
                topic.channel or "default",
                row["phrases"],
                row["records"],
            )
            for topic, row in zip(app.config.topics, rows, strict=True)
        ),
        empty="No topic is configured: config/topics/.",
    )


def show(
    topic: Annotated[str, typer.Argument(metavar="TOPIC", help="The topic's id.")],
    config: ConfigDir = None,
    as_json: AsJson = False,
) -> None:
    """Show a topic: what it is, the phrases and names that speak for it, its records.

    Example:
      monitor topics show fisheries
    """
    app = open_app(config)
    found = next((one for one in app.config.topics if one.id == topic), None)
    if found is None:
        raise UsageError(f"no topic has the id {topic!r}; `monitor topics list` shows them")
    records = [record for record in app.config.corpus if found.id in record.topics]
    if as_json:
        print_json({"topic": found, "records": [record.id for record in records]})
        return
    say(f"{found.name.get('en', found.id)}  [{found.id}]", "bold")
    say(f"severity {found.severity}, channel {found.channel or 'default'}")
    for lang in LANGS:
        phrases = sorted(found.phrases.get(lang, ()), key=lambda phrase: -phrase.weight)
        more = f", and {len(phrases) - PHRASES_SHOWN} more" if len(phrases) > PHRASES_SHOWN else ""
        said = ", ".join(f"{phrase.text} {phrase.weight:g}" for phrase in phrases[:PHRASES_SHOWN]) + more
        say()
        fields([(lang, found.name.get(lang, "")), ("", found.description.get(lang, "")), ("", said)])
    say()
    fields([("names", ", ".join(f"{name} {weight:g}" for name, weight in found.names.items()))])
    say()
    table(
        "Records",
        ("date", "id", "title"),
        ((record.date, record.id, record.title.get("en")) for record in records),
        empty="No record is under it.",
    )


def try_out(
    text: Annotated[str, typer.Argument(help="A headline, or headline and text; - reads standard input.")],
    config: ConfigDir = None,
    lang: Annotated[str, typer.Option("--lang", help="en, ja or ru, where the text is too short to tell.")] = "",
    as_json: AsJson = False,
) -> None:
    """Classify a text: what the gate says, its topics with evidence, the nearest records, the facts found.

    The first line is the headline. Nothing is stored.

    Examples:
      monitor topics test "Japan and Russia agree on a salmon quota of 2,050 tons"
      monitor topics test - < article.txt
    """
    from monitor.cli.account import evidence_lines
    from monitor.cli.read import article_of, read

    if lang not in {"", *LANGS}:
        raise UsageError(f"--lang {lang!r} is not read here; write one of {', '.join(LANGS)}")
    whole = sys.stdin.read() if text == "-" else text
    title, _, rest = whole.strip().partition("\n")
    article = article_of(title, rest, lang=lang, now=utc_now())
    if article is None:
        raise UsageError("there is no text to read")
    app = open_app(config)
    found = read(app, article)
    names = app.lexicon.names
    if as_json:
        print_json(
            {
                "title": article.title,
                "lang": article.lang,
                "gate": found.ruling,
                "topics": found.matches,
                "nearest": [{"record": record.id, "similarity": round(like, 4)} for record, like in found.nearest],
                "facts": found.facts,
            }
        )
        return
    say(f"{article.title}  [{article.lang or 'language unknown'}]", "bold")
    why = "" if found.ruling.reason is None else f": {REASONS[found.ruling.reason]}"
    rows = [("gate", f"{'ours' if found.ruling.relevant else 'not ours'}, {found.ruling.score:.2f}{why}")]
    rows += [("", f"  {line.text}") for line in evidence_lines(found.ruling.evidence)]
    for match in found.matches:
        rows.append(("topic", f"{match.topic} {match.score:.2f}{' (only mentioned)' if match.background else ''}"))
        rows += [("", f"  {line.text}") for line in (() if match.background else evidence_lines(match.evidence))]
    if not found.matches:
        rows.append(("topic", "none"))
    for record, like in found.nearest:
        rows.append(("nearest", f"{like:.2f}  {record.date}  {record.title.get('en', record.id)}  [{record.id}]"))
    rows += [("fact", fact_in_words(fact, names)) for fact in found.facts]
    fields(rows)


def suggest(
    number: Annotated[int, typer.Argument(metavar="[NUMBER]", min=1, help="The proposal that --write is about.")] = 1,
    config: ConfigDir = None,
    days: Annotated[int, typer.Option("--days", min=1, max=3_650, help="How far back articles are read.")] = 90,
    least: Annotated[int, typer.Option("--least", min=2, max=1_000, help="Articles that make a topic.")] = LEAST,
    write: Annotated[
        str | None, typer.Option("--write", metavar="FILE", help="Write it as a topic to edit; - prints it.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Propose topics for new ground: articles of the beat that fit no topic and are alike.

    Copies are left out. A file written here loads as it is; put its name, description and phrases into words of your
    own and into all three languages before you rely on it.

    Examples:
      monitor topics suggest
      monitor topics suggest --days 30 --least 5
      monitor topics suggest 2 --write config/topics/consulates.toml
    """
    app = open_app(config)
    found, titles, ground = _look(app, utc_now() - dt.timedelta(days=days), least)
    if write is not None:
        if not found:
            raise UsageError(_nothing(ground, days, least))
        if number > len(found):
            raise UsageError(f"there is no proposal {number}; `monitor topics suggest` shows {len(found)}")
        _write(found[number - 1], titles, write)
        return
    if as_json:
        print_json(
            [{**_plain(one), "size": len(one.articles), "examples": [titles[a] for a in one.articles]} for one in found]
        )
        return
    if not found:
        say(_nothing(ground, days, least))
        return
    say(f"{counted(ground, 'article')} of {days} days on new ground, {counted(len(found), 'proposal')}", "bold")
    for place, one in enumerate(found, 1):
        say()
        named = next(iter(one.name.values()), one.id)
        more = len(one.articles) - EXAMPLES_SHOWN
        rows = [(str(place), f"{named}  [{one.id}]"), ("", counted(len(one.articles), "article"))]
        rows += [(lang, ", ".join(phrase.text for phrase in phrases)) for lang, phrases in one.phrases.items()]
        rows += [("names", ", ".join(one.names))]
        rows += [("e.g.", titles[article]) for article in one.articles[:EXAMPLES_SHOWN]]
        fields([*rows, ("", f"and {more} more" if more > 0 else "")])
    say()
    say("`monitor topics suggest NUMBER --write config/topics/ID.toml` writes one down.")


def _look(app: App, since: dt.datetime, least: int) -> tuple[Sequence[Proposal], dict[ArticleId, str], int]:
    """Proposals, the titles of all articles on new ground, and how many those are."""
    from monitor.embed import lead
    from monitor.store.ground import kept
    from monitor.topics.ground import Piece, propose

    pieces, titles = [], {}
    for one in kept(app.store, since=since, limit=READ):
        article = one.article
        reading = app.lexicon.read(article.title, article.text, article.lang, on=article.published_at.date())
        if not one.sorted:
            titles[one.id] = article.title or lead(article).strip()
            vectors = app.embedder.embed([lead(article)], reading.lang)
            reading = replace(reading, vector=vectors[0] if vectors else ())
        pieces.append(Piece(article=one.id, reading=reading, sorted=one.sorted))
    usual = {name for side in app.config.beat.sides.values() for name in side} | set(app.config.beat.dispute)
    usual |= {name.id for name in app.config.names if name.kind in PLAIN}
    return propose(pieces, usual=usual, least=least), titles, len(titles)


def _nothing(ground: int, days: int, least: int) -> str:
    """Why nothing is proposed, in a sentence that says what would change that."""
    if not ground:
        return f"No new ground: every article of the last {days} days reports on a topic."
    apart = "it is" if ground == 1 else "they are"
    return (
        f"{counted(ground, 'article')} of the last {days} days {'fits' if ground == 1 else 'fit'} no topic, but "
        f"{apart} not {least} alike; --days looks further back, --least asks for fewer."
    )


def _plain(proposal: Proposal) -> dict[str, object]:
    return {
        "id": proposal.id,
        "name": dict(proposal.name),
        "phrases": {lang: [phrase.text for phrase in found] for lang, found in proposal.phrases.items()},
        "names": list(proposal.names),
        "articles": list(proposal.articles),
    }


def _write(proposal: Proposal, titles: dict[ArticleId, str], file: str) -> None:
    """The topic's file, under the name it is given, since a topic's id is its file's."""
    if file == "-":
        sys.stdout.write(_toml(proposal.id, proposal, titles))
        return
    place = Path(file)
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]*\.toml", place.name):
        raise UsageError(f"{place.name!r} is no file name of a topic; write small letters, digits, hyphens and .toml")
    try:
        with place.open("x", encoding="utf-8") as out:
            out.write(_toml(place.stem, proposal, titles))
    except FileExistsError:
        raise UsageError(f"{place} is there already; give another name") from None
    except OSError as error:
        raise UsageError(f"{place} cannot be written ({error.strerror})") from None
    say(str(place))
    note("Edit name, description and phrases, then run `monitor check`; a running daemon reads it when started again.")


def _toml(topic: str, proposal: Proposal, titles: dict[ArticleId, str]) -> str:
    """A topic's file. A language nobody wrote in borrows the name, for a topic must have one in all three."""

    def text(value: str) -> str:
        return json.dumps(value, ensure_ascii=False)

    def in_three(key: str) -> str:
        any_name = next(iter(proposal.name.values()), topic)
        return f"{key} = {{ {', '.join(f'{lang} = {text(proposal.name.get(lang, any_name))}' for lang in LANGS)} }}"

    lines = ["# Drafted from articles that fitted no topic. Rewrite name and description; keep the phrases that tell."]
    lines += [f"# e.g. {' '.join(titles[article].split())}" for article in proposal.articles[:EXAMPLES_SHOWN]]
    lines += [f"id = {text(topic)}", in_three("name"), in_three("description"), 'severity = "minor"']
    lines += ["names = ["]
    lines += [f"    {{ id = {text(name)}, weight = {weight:g} }}," for name, weight in proposal.names.items()]
    lines += ["]", "", "[phrases]"]
    for lang, phrases in proposal.phrases.items():
        lines += [f"{lang} = ["]
        lines += [f"    {{ text = {text(phrase.text)}, weight = {phrase.weight:g} }}," for phrase in phrases]
        lines += ["]"]
    return "\n".join(lines) + "\n"


COMMANDS = {"list": list_, "show": show, "test": try_out, "suggest": suggest}
