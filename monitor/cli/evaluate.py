"""``monitor evaluate``: how well the monitor does, by what its readers said of its alerts. It judges nothing anew."""

from __future__ import annotations

import datetime as dt
import json
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from monitor.cli.common import AsJson, ConfigDir, counted, fields, note, open_app, parse_time, print_json, say, table
from monitor.errors import UsageError
from monitor.evaluation import NO_WORD, Day, Evaluation, Labelled, Said, Score, ours
from monitor.evaluation import evaluate as figures
from monitor.lexicon.fold import script_lang
from monitor.settings import zone

ROWS_SHOWN = 12
"""Rows of a breakdown that a screen shows, the ones with most labels; ``--json`` has all."""
LISTED = 10
"""Entries listed one by one."""


def evaluate(
    config: ConfigDir = None,
    since: Annotated[
        str | None, typer.Option("--since", metavar="TIME", help="Only what was first seen since.")
    ] = None,
    until: Annotated[
        str | None, typer.Option("--until", metavar="TIME", help="Only what was first seen before.")
    ] = None,
    export: Annotated[
        Path | None,
        typer.Option("--export", metavar="FILE", help="Write labelled entries as lines for scripts/train_gate.py."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show how well the monitor does, by its readers' labels: precision, repeats told, what was missed.

    Of the alerts that somebody labelled, those right (neither off-beat nor not-new), with the 95 % interval that so
    few labels leave; what was missed, by the gate or as silent; the same by language, publisher, feed and topic.

    Examples:
      monitor evaluate --since 2026-03-01
      monitor evaluate --export labels.jsonl
      monitor evaluate --json | jq .whole.precision
    """
    start, end = _time(since, "--since"), _time(until, "--until")
    if start is not None and end is not None and end <= start:
        raise UsageError("--until names a time that is not after --since")
    app = open_app(config, brief=True)
    entries = [_of_a_language(one) for one in app.views.labelled(since=start, until=end)]
    if export is not None:
        _export(entries, export)
    told = app.views.told_at(since=start, until=end)
    found = figures(entries, told, since=start, until=end, zone=zone(app.config.settings.alerts.zone))
    if as_json:
        print_json(found)
    else:
        show(found)


def _of_a_language(one: Labelled) -> Labelled:
    """An entry that was turned away keeps no language; where its feed has none either, its script tells."""
    return one if one.lang else replace(one, lang=script_lang("", one.title))


def _time(given: str | None, option: str) -> dt.datetime | None:
    return parse_time(given, option) if given else None


# ------------------------------------------------------------------------------------------------- the layout


def show(found: Evaluation) -> None:
    """The figures for people."""
    whole = found.whole
    if not found.readers:
        say(f"Nobody labelled anything of this time; {counted(found.alerts, 'alert')} went out in it.")
        say("Say what an alert was worth: monitor label d5 relevant (or not-new, wrong-topic, off-beat),")
        say("and what was missed: monitor label e12 new.")
        return
    fields(
        [
            ("labelled", f"{counted(whole.entries, 'entry', 'entries')} by {', '.join(found.readers)}"),
            ("alerts", f"{counted(found.alerts, 'alert')} told, {whole.alerts} of them labelled{_volume(found.days)}"),
            ("right", _precision(whole)),
            ("not new", _share(whole.not_new, whole.alerts, "repeats that were told")),
            ("off beat", _share(whole.off_beat, whole.alerts, "not ours")),
            ("topic", _share(whole.wrong_topic, whole.alerts, "under a topic they do not report on")),
            ("missed", _missed(whole)),
            ("labels", ", ".join(f"{count} {kind}" for kind, count in found.given.items())),
        ]
    )
    for what, rows in found.by.items():
        _breakdown(what, rows)
    _list("Readers disagree; the latest word counts", found.disagreed)
    _list("Wishes for the stories", found.wishes)


def _precision(row: Score) -> str:
    if row.precision is None:
        return "no alert is labelled"
    return f"{row.right} of {row.alerts}: {row.precision:.1%} (95 %: {row.low:.0%} to {row.high:.0%})"


def _share(part: int, of: int, what: str) -> str:
    return f"{part} of {of}: {part / of:.1%}, {what}" if of else ""


def _missed(row: Score) -> str:
    return (
        f"{row.missed_by_gate} of ours turned away by the gate, "
        f"{row.missed_as_silent} new ones told to nobody, as far as they are labelled"
    )


def _volume(days: Sequence[Day]) -> str:
    if not days:
        return ""
    most = max(days, key=lambda day: day.alerts)
    mean = statistics.fmean(day.alerts for day in days)
    return f"; {mean:.1f} a day, most on {most.day} ({most.alerts})"


def _breakdown(what: str, rows: Sequence[Score]) -> None:
    """Figures row by row; one row says no more than the whole."""
    if len(rows) < 2:
        return
    say()
    table(
        f"By {what}",
        (what, "labelled", "alerts", "right", "95 %", "not new", "off beat", "topic", "missed"),
        (
            (
                row.row,
                row.entries,
                row.alerts,
                "–" if row.precision is None else f"{row.precision:.0%}",
                "–" if row.precision is None else f"{row.low:.0%}-{row.high:.0%}",
                row.not_new,
                row.off_beat,
                row.wrong_topic,
                row.missed_by_gate + row.missed_as_silent,
            )
            for row in rows[:ROWS_SHOWN]
        ),
        empty="",
    )
    if len(rows) > ROWS_SHOWN:
        say(f"and {len(rows) - ROWS_SHOWN} more (--json shows all)", "dim")


def _list(title: str, rows: Sequence[Said]) -> None:
    if not rows:
        return
    say()
    table(
        title,
        ("entry", "said", "title"),
        ((f"e{one.entry}", "; ".join(map(_label, one.labels)), one.title) for one in rows[:LISTED]),
        empty="",
    )
    if len(rows) > LISTED:
        say(f"and {len(rows) - LISTED} more (--json shows all)", "dim")


def _label(label: Any) -> str:
    return f"{label.label} ({label.by}{f': {label.note}' if label.note else ''})"


# ------------------------------------------------------------------------------------------------- the export


def _export(entries: Iterable[Labelled], path: Path) -> None:
    """Labelled entries as the lines that the gate is trained on."""
    rows = [_line(one) for one in entries if any(label.label not in NO_WORD for label in one.labels)]
    try:
        path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path}: cannot be written ({error.strerror})") from None
    note(f"{counted(len(rows), 'labelled entry', 'labelled entries')} written to {path}")


def _line(one: Labelled) -> dict[str, Any]:
    return {
        "id": f"e{one.entry}",
        "lang": one.lang,
        "relevant": ours(one.labels),
        "title": one.title,
        "text": one.text,
        "date": one.published_at.date().isoformat(),
        "labels": [str(label.label) for label in one.labels],
    }
