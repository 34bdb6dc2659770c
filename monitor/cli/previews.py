"""``monitor alerts digest`` and ``preview``: what will be told before it is told. Sends nothing by itself."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from monitor.alerts.policy import place
from monitor.app import App
from monitor.cli import payload
from monitor.cli.common import (
    AsJson,
    ConfigDir,
    clock,
    counted,
    open_app,
    parse_since,
    print_json,
    say,
    short_id,
    table,
    utc_now,
)
from monitor.entities import Alert, Channel, Destination, OutboxId, OutboxRow, OutboxState, StoryId
from monitor.errors import UsageError
from monitor.ports import OutboxTx
from monitor.settings import zone

MOST = 10_000
"""Held rows looked at: what waits for a digest is a day's news at most."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """One development that will be told in a digest: when that opens, and why it is not told by itself."""

    id: OutboxId
    destination: Destination
    opens_at: dt.datetime
    why: str
    ref: str
    headline: str


def digest(
    destination: Annotated[
        str | None, typer.Argument(metavar="DESTINATION", help="Only this one: slack:C0123; none: every one.")
    ] = None,
    send: Annotated[
        bool, typer.Option("--send", help="Let it go out now, not at its hour; quiet hours still hold.")
    ] = False,
    config: ConfigDir = None,
    as_json: AsJson = False,
) -> None:
    """Show what waits for the next digest, or let it go out now. The daemon, or the next round by hand, sends it.

    Examples:
      monitor alerts digest
      monitor alerts digest slack:C0123456789 --send
    """
    app, now = open_app(config, brief=True), utc_now()
    where = place(destination) if destination else None
    if send:
        with app.store.begin(exclusive=False) as tx:
            for each, held in _held(tx, where).items():
                _open(tx, each, held, now)
    with app.store.read() as tx:
        found = [line for each, held in _held(tx, where).items() for line in _waiting(app, tx.channel(each), held, now)]
    found.sort(key=lambda line: (line.opens_at, line.id))
    if as_json:
        print_json({"sent": send, "items": found})
        return
    tz = zone(app.config.settings.alerts.zone)
    table(
        "Waits for the next digest",
        ("id", "to", "opens", "why", "about", "headline"),
        (
            (f"o{line.id}", line.destination, clock(line.opens_at, tz), line.why, line.ref, line.headline)
            for line in found
        ),
        empty="Nothing waits for a digest.",
    )
    if found and send:
        say(f"{counted(len(found), 'development')} will go out as soon as no quiet hours hold them.")


def _held(tx: OutboxTx, where: Destination | None) -> dict[Destination, list[OutboxRow]]:
    """Held rows by destination, oldest first."""
    queues: dict[Destination, list[OutboxRow]] = {}
    for row in tx.outbox(states=(OutboxState.HELD,), destination=where, limit=MOST):
        queues.setdefault(row.alert.destination, []).append(row)
    return queues


def _waiting(app: App, channel: Channel, held: list[OutboxRow], now: dt.datetime) -> Iterator[Waiting]:
    """Those of the held rows that go out in a digest, as delivery will decide it once all of them are open."""
    from monitor.alerts import release

    policy = app.alert_policy
    opens = {row.id: release.opens([row], channel, policy, now) for row in held}
    plan = release.plan(held, channel, policy, max(opens.values()))
    for row in plan.digest:
        yield Waiting(
            id=row.id, destination=row.alert.destination, opens_at=opens[row.id], why=plan.why[row.id],
            ref=row.alert.ref, headline=row.alert.headline,
        )  # fmt: skip


def _open(tx: OutboxTx, where: Destination, held: list[OutboxRow], now: dt.datetime) -> None:
    """The digest's hour is now, and so is the end of what a fallen breaker holds."""
    channel = tx.channel(where)
    if channel.digest_until is not None and channel.digest_until > now:
        tx.save_channel(dataclasses.replace(channel, digest_until=now))
    for row in held:
        if row.digest and row.due_at > now:
            tx.update_outbox(dataclasses.replace(row, due_at=now))


def preview(
    story: Annotated[
        str | None, typer.Argument(metavar="[STORY]", help="The story's id, s12: its message as it looks now.")
    ] = None,
    since: Annotated[
        str | None,
        typer.Option("--since", metavar="TIME", help="What this configuration would have told since: 7d, or a time."),
    ] = None,
    config: ConfigDir = None,
    as_json: AsJson = False,
) -> None:
    """Show a story's message as it looks now at each destination; with --json as the sink gets it.

    With --since, and no story: what the present configuration would have posted, beside what was posted. The documents
    of that time walk through the real rooms into a database that is thrown away, so it takes its time.

    Examples:
      monitor alerts preview s12
      monitor alerts preview s12 --json | jq '.[0].payload.blocks'
      monitor alerts preview --since 7d
    """
    if (story is None) == (since is None):
        raise UsageError("name a story (s12), or a time with --since (7d), and not both")
    if since is not None:
        _foresee(config, since, as_json=as_json)
    elif story is not None:
        _look(config, StoryId(short_id(story, "s")), as_json=as_json)


def _foresee(config: Path | None, since: str, *, as_json: bool) -> None:
    from monitor.preview import preview as foresee

    app, now = open_app(config, least="error"), utc_now()
    found = foresee(app, since=parse_since(since, "--since", now), now=now)
    if as_json:
        kinds = {kind.value: number for kind, number in found.kinds.items()}
        print_json({"sentence": found.sentence, "kinds": kinds, "places": dict(found.places), "preview": found})
        return
    tz = zone(app.config.settings.alerts.zone)
    say(found.sentence, "bold")
    table(
        "",
        ("at", "to", "kind", "weight", "headline"),
        ((clock(alert.at, tz), alert.destination, alert.kind, alert.weight, alert.headline) for alert in found.alerts),
        empty=f"{counted(found.documents, 'document')} of that time are kept (retention.raw).",
    )


def _look(config: Path | None, story: StoryId, *, as_json: bool) -> None:
    app = open_app(config, brief=True)
    with app.store.read() as tx:
        roots = [row.alert for row in tx.roots(story)]
    told = roots or _told_otherwise(app, story)
    if not told:
        raise UsageError(f"s{story} was never told; `monitor explain s{story}` says why")
    tz = zone(app.config.settings.alerts.zone)
    if as_json:
        print_json([{"destination": alert.destination, "payload": _payload(app, alert, tz)} for alert in told])
        return
    for alert in told:
        say(f"To {alert.destination}", "bold")
        say(payload.drafted(alert, tz))
        say()


def _told_otherwise(app: App, story: StoryId) -> list[Alert]:
    """The last word on a story that has no message of its own: it was told in a digest, or its time is over."""
    last: dict[Destination, Alert] = {}
    for row in app.views.alerts(story=story, limit=MOST):
        last.setdefault(row.alert.destination, row.alert)
    return list(last.values())


def _payload(app: App, alert: Alert, tz: dt.tzinfo) -> object:
    sink = app.sinks.get(alert.destination.partition(":")[0])
    if sink is None:
        raise UsageError(f"{alert.destination}: no sink of this name is configured any more")
    return json.loads(sink.render(alert, tz))
