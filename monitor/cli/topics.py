"""``monitor topics``: the subjects we sort by, and what a text would be sorted under."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from monitor.cli.common import AsJson, ConfigDir, fields, open_app, print_json, say, table, utc_now
from monitor.cli.words import REASONS, fact_in_words
from monitor.entities import LANGS
from monitor.errors import UsageError

PHRASES_SHOWN = 12


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
    from monitor.cli.explain import evidence_lines
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
    rows += [("", line) for line in evidence_lines(found.ruling.evidence)]
    for match in found.matches:
        rows.append(("topic", f"{match.topic} {match.score:.2f}{' (only mentioned)' if match.background else ''}"))
        rows += [("", line) for line in (() if match.background else evidence_lines(match.evidence))]
    if not found.matches:
        rows.append(("topic", "none"))
    for record, like in found.nearest:
        rows.append(("nearest", f"{like:.2f}  {record.date}  {record.title.get('en', record.id)}  [{record.id}]"))
    rows += [("fact", fact_in_words(fact, names)) for fact in found.facts]
    fields(rows)


COMMANDS = {"list": list_, "show": show, "test": try_out}
