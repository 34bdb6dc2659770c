"""``monitor explain`` and ``monitor label``: why an entry ended as it did, and what a reader says to that.

It reads back what was stored when the verdict fell; nothing is judged again.
"""

from __future__ import annotations

import datetime as dt
import getpass
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer
from rich.console import Group
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from monitor.app import App
from monitor.cli.common import AsJson, ConfigDir, counted, open_app, out, print_json, printable, say, utc_now
from monitor.cli.words import ALERTS, REASONS, STATES, VERDICTS, fact_in_words
from monitor.entities import Account, Evidence, Fact, Name, NameId, OutboxRow, TopicMatch, Verdict, Weight
from monitor.errors import UsageError
from monitor.settings import zone

if TYPE_CHECKING:
    from monitor.store.views import Explanation

WIDTH = 100
"""Columns of an explanation at most: longer lines are hard to read."""
EVIDENCE_SHOWN, TOPIC_EVIDENCE_SHOWN = 8, 4
FACTS_SHOWN = 8
MOSCOW = ZoneInfo("Europe/Moscow")

Line = tuple[str, str, str]
"""Label, text and style of a line."""


def explain(
    ref: Annotated[str, typer.Argument(metavar="ID|URL", help="e12, a12, s12, d5, o7, or an article's URL.")],
    config: ConfigDir = None,
    as_json: AsJson = False,
) -> None:
    """Show why an entry ended as it did: verdict, gate, topics, story, facts, alert, each with its evidence.

    Takes the id that an alert shows (d5), an entry (e12), an article (a12), a story (s12), an alert (o7) or a URL.

    Examples:
      monitor explain d5
      monitor explain https://example.org/news/1 --json
    """
    app = open_app(config)
    found = app.views.explain(ref)
    if as_json:
        print_json(found)
        return
    for number, explanation in enumerate(found):
        if number:
            say()
        show(app, explanation)


def label(
    ref: Annotated[str, typer.Argument(metavar="ID", help="What is labelled: d5, e12, a12, s12 or o7.")],
    verdict: Annotated[str, typer.Argument(metavar="LABEL", help="relevant, not-new, wrong-topic or off-beat.")],
    config: ConfigDir = None,
    by: Annotated[str | None, typer.Option("--by", help="Who says so.", show_default="the login name")] = None,
    note: Annotated[str, typer.Option("--note", help="Why, in a few words.")] = "",
    as_json: AsJson = False,
) -> None:
    """Keep what a reader says of an alert or an entry: relevant, not-new, wrong-topic or off-beat.

    Examples:
      monitor label d5 not-new
      monitor label e12 off-beat --note "a football match"
    """
    from monitor.store.views import LabelKind

    if verdict not in set(LabelKind):
        raise UsageError(f"{verdict!r} is no label; write {', '.join(LabelKind)}")
    app = open_app(config, brief=True)
    view = app.views.add_label(ref, LabelKind(verdict), by=by or _login(), now=utc_now(), note=note)
    if as_json:
        print_json(view)
    else:
        say(f"{view.ref} is labelled {view.label} by {view.by}.")


def _login() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container's user without a name
        return "unknown"


# ------------------------------------------------------------------------------------------------- the layout


def show(app: App, shown: Explanation) -> None:
    """One explanation, at most ``WIDTH`` columns wide."""
    names = {name.id: name for name in app.config.names}
    tz = zone(app.config.settings.alerts.zone)
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", width=9)
    grid.add_column(overflow="fold")
    for head, text, style in _lines(app, shown, names, tz):
        inner = len(text) - len(text.lstrip())
        grid.add_row(Text(head), Padding(Text(printable(text.strip()), style=style), (0, 0, 0, inner)))
    title = Text(printable(shown.entry.title), style="bold")
    out.print(Group(title, grid), width=min(WIDTH, out.width))


def _lines(app: App, shown: Explanation, names: dict[NameId, Name], tz: dt.tzinfo) -> Iterator[Line]:
    account = shown.account
    yield from _head(shown, tz)
    yield from _verdict(shown)
    yield from _gate(account)
    yield from _topics(app, account.matches)
    yield from _story(shown)
    yield from _facts(account, names)
    yield from _alert(shown, tz)
    for revision in shown.revisions[1:]:
        what = revision.account
        said = f": {VERDICTS[what.verdict]} ({REASONS[what.reason]})" if what else ""
        yield "edited", f"{_clock(revision.at, tz)}, version {revision.number}{said}", ""
    for one in shown.labels:
        yield "label", f"{one.label} by {one.by}, {_clock(one.at, tz)}{': ' + one.note if one.note else ''}", ""


def _head(shown: Explanation, tz: dt.tzinfo) -> Iterator[Line]:
    entry, article = shown.entry, shown.article
    who = f"{article.article.publisher}, {article.article.lang or 'language unknown'}, " if article else ""
    credit = f", crediting {', '.join(article.article.credits)}" if article and article.article.credits else ""
    ids = [
        f"e{entry.id}",
        *([f"a{entry.article}"] if entry.article else []),
        *([f"s{entry.story}"] if entry.story else []),
    ]
    yield "entry", f"{' · '.join(ids)} · {who}feed {entry.feed}{credit}", ""
    if entry.url:
        yield "url", entry.url, ""
    yield (
        "published",
        f"{_clock(entry.published_at, tz)} · first seen {entry.first_seen_at.astimezone(tz):%m-%d %H:%M}",
        "",
    )


def _verdict(shown: Explanation) -> Iterator[Line]:
    account = shown.account
    detection = account.detection
    weight = f", {detection.weight}" if detection and detection.weight is Weight.MAJOR else ""
    copy = f" as e{account.copy_of} ({account.similarity:.0%} alike)" if account.copy_of is not None else ""
    yield "verdict", f"{account.verdict}{weight} — {VERDICTS[account.verdict]}: {REASONS[account.reason]}{copy}", "bold"
    if shown.thinned:
        yield "", "its evidence is gone: retention keeps it for a while only (retention.off_beat)", ""
    if detection:
        yield from (("", line, "") for line in evidence_lines(detection.evidence))


def _gate(account: Account) -> Iterator[Line]:
    ruling = account.ruling
    if ruling is None:
        return
    if account.verdict is Verdict.REJECTED:
        yield from (("error" if not number else "", said.said, "") for number, said in enumerate(ruling.evidence))
        return
    why = "" if ruling.reason is None else f": {REASONS[ruling.reason]}"
    yield "gate", f"{'ours' if ruling.relevant else 'not ours'}, {ruling.score:.2f}{why}", ""
    yield from (("", line, "") for line in evidence_lines(ruling.evidence))


def _topics(app: App, matches: Sequence[TopicMatch]) -> Iterator[Line]:
    known = {topic.id: topic for topic in app.config.topics}
    records = {record.id: record for record in app.config.corpus}
    head = "topics"
    for match in sorted(matches, key=lambda match: (match.background, -match.score)):
        topic = known.get(match.topic)
        name = topic.name.get("en", match.topic) if topic else match.topic
        aside = " (only mentioned)" if match.background else ""
        yield head, f"{name} [{match.topic}] {match.score:.2f}{aside}", ""
        head = ""
        if match.background:
            continue
        yield from (("", line, "") for line in evidence_lines(match.evidence, limit=TOPIC_EVIDENCE_SHOWN))
        for said in match.evidence:
            record = records.get(said.record) if said.record else None
            if record is not None:
                yield "", f"  record {record.date} {record.title.get('en', record.id)} [{record.id}]", ""


def _story(shown: Explanation) -> Iterator[Line]:
    assignment, story = shown.account.assignment, shown.story
    if story is None:
        return
    opened = assignment is not None and assignment.story is None
    score = "" if assignment is None or opened else f", {assignment.score:.2f}"
    told = f"{counted(story.articles, 'article')}, {counted(story.developments, 'development')}"
    yield "story", f"s{story.id} {'opened with this' if opened else 'joined'}{score}: {story.title} ({told})", ""
    if assignment is None:
        return
    yield from (("", line, "") for line in evidence_lines(assignment.evidence))
    if assignment.runner_up is not None:
        yield "", f"runner-up s{assignment.runner_up}, {assignment.runner_up_score:.2f}", ""
    if assignment.linked_to is not None:
        yield "", f"goes on from s{assignment.linked_to}", ""


def _facts(account: Account, names: dict[NameId, Name]) -> Iterator[Line]:
    news = account.detection.news if account.detection else ()
    head = "new facts"
    for new in news:
        yield head, f"+ {new.said or fact_in_words(new.fact, names)}", "green"
        yield "", f"  {fact_in_words(new.fact, names)}", ""
        if new.earlier is not None:
            yield "", f"  known before: {fact_in_words(new.earlier, names)}", ""
        if new.record is not None:
            yield "", f"  of record {new.record}", ""
        head = ""
    told: set[Fact] = {new.fact for new in news}
    rest = [fact for fact in account.facts if fact not in told]
    head = "facts"
    for fact in rest[:FACTS_SHOWN]:
        yield head, f"· {fact_in_words(fact, names)}", ""
        head = ""
    if len(rest) > FACTS_SHOWN:
        yield "", f"  and {len(rest) - FACTS_SHOWN} more (--json shows all)", ""


def _alert(shown: Explanation, tz: dt.tzinfo) -> Iterator[Line]:
    if shown.account.alert is not None:
        ref = f"d{shown.account.development}, " if shown.account.development is not None else ""
        yield "alert", f"{ref}{ALERTS[shown.account.alert]}", ""
    for row in shown.alerts:
        yield "", _delivery(row, tz), ""


def _delivery(row: OutboxRow, tz: dt.tzinfo) -> str:
    into = f" o{row.merged_into}" if row.merged_into is not None else ""
    when = f" {_clock(row.sent_at, tz)}" if row.sent_at else ""
    trouble = f": {row.error}" if row.error else ""
    return f"o{row.id} to {row.alert.destination}: {STATES[row.state]}{into}{when}{trouble}"


def evidence_lines(evidence: Iterable[Evidence], *, limit: int = EVIDENCE_SHOWN) -> Iterator[str]:
    """What weighed, the heaviest first; the words that matched in brackets."""
    found = sorted(evidence, key=lambda said: -abs(said.weight))
    for said in found[:limit]:
        sign = f"{said.weight:+.2f} " if said.weight else ""
        fresh = [word for word in said.words if word not in said.said]
        yield f"  {sign}{said.said}{' [' + ', '.join(fresh) + ']' if fresh else ''}  ({said.signal})"
    if len(found) > limit:
        yield f"  and {len(found) - limit} more (--json shows all)"


def _clock(moment: dt.datetime, tz: dt.tzinfo) -> str:
    """A moment on the readers' clock and on Moscow's."""
    here = moment.astimezone(tz)
    return f"{here:%Y-%m-%d %H:%M} {here.tzname()} ({moment.astimezone(MOSCOW):%d %b %H:%M} MSK)"
