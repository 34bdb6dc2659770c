"""``monitor replay``: what would have been alerted. The real pipeline on dated articles, in a throwaway database."""

from __future__ import annotations

import collections
import dataclasses
import datetime as dt
import itertools
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from monitor.app import App
from monitor.cli.common import (
    AsJson,
    ConfigDir,
    config_folder,
    parse_time,
    plain,
    print_json_line,
    say,
    set_up_logging,
    table,
)
from monitor.cli.lines import Line, Reader
from monitor.entities import Account, AlertReason, EntryId, FeedId, Mode, Reason, Standing, Verdict
from monitor.errors import UsageError
from monitor.intake import Dated
from monitor.settings import Config, load

TOGETHER = 200
"""Lines in one transaction: a transaction each would cost as much as all the rest of a line off the beat."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """A line with its verdict, as the JSON contract names it."""

    id: str | int
    verdict: str
    reason: str
    relevant: bool
    topics: list[dict[str, Any]]
    story: str | None
    development: dict[str, Any] | None
    alert: bool
    duplicate_of: str | int | None


ANSWERED = frozenset(field.name for field in dataclasses.fields(Replayed)) - {"id"}
"""Fields that the answer needs for itself: a world named by one of them is kept as ``by``."""


def replay(
    file: Annotated[
        Path, typer.Argument(help="JSON lines {id, url, publisher, lang?, published, title, text}, in time order.")
    ],
    config: ConfigDir = None,
    as_json: AsJson = False,
    as_of: Annotated[
        str | None, typer.Option("--as-of", metavar="TIME", help="Stop before the first line after this time.")
    ] = None,
    no_gate: Annotated[
        bool, typer.Option("--no-gate", help="Take every article as ours: group any news stream.")
    ] = False,
    diff: Annotated[
        Path | None, typer.Option("--diff", metavar="DIR", help="Show only what another configuration would change.")
    ] = None,
    by: Annotated[
        str, typer.Option("--by", metavar="FIELD", help="Run each value of this field in a world of its own.")
    ] = "",
) -> None:
    """Show what would have been alerted: the real pipeline on dated articles, in a throwaway database.

    With --json one line a line: id, verdict, reason, relevant, topics with evidence, story, development, alert and
    duplicate_of. A line dated to the month or not at all takes its place from the file's order.

    With --by each value of a field has a database, a clock and stories of its own, as if the others were not there:
    for cases that must not know of one another. The answer comes world by world, and each line keeps its value
    (as "by" where the field's name is one of the answer's own).

    Examples:
      monitor replay articles.jsonl --json > verdicts.jsonl
      monitor replay articles.jsonl --diff config-with-new-topic
      monitor replay any-news.jsonl --no-gate --as-of 2026-03-01
      monitor replay pairs.jsonl --by pair --json
    """
    until = parse_time(as_of, "--as-of") if as_of else None
    if not file.is_file():
        raise UsageError(f"{file}: there is no such file")
    loaded = load(config_folder(config))
    other = load(diff) if diff is not None else None
    set_up_logging("error", loaded.settings.log.format)
    verdicts = run(file, loaded, until=until, gate=not no_gate, by=by)
    if other is not None:
        then = run(file, other, until=until, gate=not no_gate, by=by)
        _show_difference(list(verdicts), list(then), by=by, as_json=as_json)
    elif as_json:
        for line, replayed in verdicts:
            print_json_line({**_world(line, by), **plain(replayed)})
    else:
        _show(list(verdicts), by=by)


def run(
    file: Path, config: Config, *, until: dt.datetime | None = None, gate: bool = True, by: str = ""
) -> Iterator[tuple[Line, Replayed]]:
    """Each line with its verdict, soon after it has fallen; with ``by`` world by world, the first named first."""
    lines = Reader(path=file, feed=FeedId("replay"), feeds=config.feeds, by=by).lines()
    with tempfile.TemporaryDirectory(prefix="monitor-replay-") as place:
        url = f"sqlite:///{place}/replay.db"
        app = App(config, url=url, throwaway=True, gate=gate and config.settings.gate.enabled)
        try:
            if not by:
                yield from _walk(app, lines, until)
                return
            worlds: dict[str | int, list[Line]] = {}
            for line in lines:
                worlds.setdefault(line.world, []).append(line)
            for world in worlds.values():
                app.store.start_over()
                yield from _walk(app, world, until)
        finally:
            app.close()


def _walk(app: App, lines: Iterable[Line], until: dt.datetime | None) -> Iterator[tuple[Line, Replayed]]:
    """One world: its lines in their order, up to the first that is too late."""
    told: dict[EntryId, Replayed] = {}
    wanted = itertools.takewhile(lambda line: until is None or line.at <= until, lines)
    while together := list(itertools.islice(wanted, TOGETHER)):
        given = [Dated(feed=line.feed, entry=line.entry, now=line.at) for line in together]
        for line, account in zip(together, app.pipeline.ingest_each(given, mode=Mode.LIVE), strict=True):
            yield line, _one(app, line, account, told)


def _one(app: App, line: Line, account: Account | None, told: dict[EntryId, Replayed]) -> Replayed:
    """A line's verdict; a line that we hold already is a copy of the line it repeats."""
    if account is None:
        held = app.held(line.feed, line.entry, line.at)
        return _repeated(line, None if held is None else told.get(held))
    original = told.get(account.copy_of) if account.copy_of is not None else None
    if account.standing is Standing.EDITED and account.entry is not None:
        original = told.get(account.entry)
    replayed = _verdict(line, account, original.id if original else None)
    if account.entry is not None and account.standing is Standing.NEW:
        told[account.entry] = replayed
    return replayed


def _verdict(line: Line, account: Account, duplicate: str | int | None) -> Replayed:
    development = None
    if account.verdict is Verdict.DEVELOPMENT and account.detection is not None:
        facts = [{"said": news.said, "fact": news.fact, "earlier": news.earlier} for news in account.detection.news]
        development = {"kind": account.detection.reason, "weight": account.detection.weight, "facts": facts}
    reported = [match for match in account.matches if not match.background]
    return Replayed(
        id=line.id,
        verdict=account.verdict,
        reason=account.reason,
        relevant=account.verdict not in {Verdict.OFF_BEAT, Verdict.REJECTED},
        topics=[{"topic": m.topic, "score": round(m.score, 3), "evidence": list(m.evidence)} for m in reported],
        story=f"s{account.story}" if account.story is not None else None,
        development=development,
        alert=account.alert is AlertReason.QUEUED,
        duplicate_of=duplicate,
    )


def _repeated(line: Line, original: Replayed | None) -> Replayed:
    """The line brought nothing to settle: we hold the same text under the same URL, or it holds no text at all."""
    if original is None:
        return Replayed(
            id=line.id, verdict=Verdict.REJECTED, reason=Reason.UNREADABLE, relevant=False, topics=[], story=None,
            development=None, alert=False, duplicate_of=None,
        )  # fmt: skip
    if not original.relevant:
        return dataclasses.replace(original, id=line.id, duplicate_of=original.id)
    return dataclasses.replace(
        original, id=line.id, verdict=Verdict.COPY, reason=Reason.SAME_TEXT, development=None, alert=False,
        duplicate_of=original.id,
    )  # fmt: skip


def _world(line: Line, by: str) -> dict[str, str | int]:
    """The field that parts the lines, with what it holds in this one."""
    return {"by" if by in ANSWERED else by: line.world} if by else {}


def _show(verdicts: list[tuple[Line, Replayed]], *, by: str) -> None:
    table(
        "Replay",
        (*([by] if by else ()), "time", "verdict", "story", "alert", "topics", "title"),
        (
            (
                *_world(line, by).values(),
                f"{line.at:%Y-%m-%d %H:%M}",
                f"{r.verdict} ({r.reason})",
                r.story,
                "●" if r.alert else "",
                ", ".join(topic["topic"] for topic in r.topics),
                line.title,
            )
            for line, r in verdicts
            if r.relevant
        ),
        empty="No article is ours.",
    )
    counts = collections.Counter(r.verdict for _, r in verdicts)
    alerts = sum(r.alert for _, r in verdicts)
    said = ", ".join(f"{count} {verdict}" for verdict, count in counts.most_common())
    say()
    say(f"{len(verdicts)} articles: {said or 'none'}; {alerts} alerts")


def _show_difference(
    before: list[tuple[Line, Replayed]], after: list[tuple[Line, Replayed]], *, by: str, as_json: bool
) -> None:
    changed = [
        (line, old, new) for (line, old), (_, new) in zip(before, after, strict=True) if _decided(old) != _decided(new)
    ]
    if as_json:
        for line, old, new in changed:
            print_json_line({**_world(line, by), "id": line.id, "title": line.title, "before": old, "after": new})
        return
    table(
        "What the other configuration changes",
        (*([by] if by else ()), "id", "title", "now", "then"),
        ((*_world(line, by).values(), line.id, line.title, _short(old), _short(new)) for line, old, new in changed),
        empty="Nothing changes.",
    )


def _decided(replayed: Replayed) -> tuple[object, ...]:
    return replayed.verdict, replayed.alert, [topic["topic"] for topic in replayed.topics]


def _short(replayed: Replayed) -> str:
    topics = ", ".join(topic["topic"] for topic in replayed.topics)
    return f"{replayed.verdict}{' ●' if replayed.alert else ''} {topics}".strip()
