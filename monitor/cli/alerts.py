"""``monitor alerts``: what was told, what waits, and what an operator can do about it."""

from __future__ import annotations

import dataclasses
from typing import Annotated, Any

import typer

from monitor.app import App
from monitor.cli.common import (
    AsJson,
    ConfigDir,
    Limit,
    clock,
    fields,
    open_app,
    parse_time,
    print_json,
    say,
    short_id,
    table,
    utc_now,
)
from monitor.cli.words import STATES
from monitor.entities import Alert, AlertKind, Destination, OutboxId, OutboxRow, OutboxState, SendStatus
from monitor.errors import UsageError
from monitor.settings import zone

Id = Annotated[str, typer.Argument(metavar="ALERT", help="The alert's id: o7.")]
WAITING = (OutboxState.HELD, OutboxState.PENDING, OutboxState.UNKNOWN)
BY_HAND = "dropped by hand"


def list_(
    config: ConfigDir = None,
    state: Annotated[
        list[OutboxState] | None, typer.Option("--state", help="Only rows in this state; may be given several times.")
    ] = None,
    destination: Annotated[str | None, typer.Option("--to", metavar="DESTINATION", help="Only this one.")] = None,
    since: Annotated[str | None, typer.Option("--since", metavar="TIME", help="Only rows made since.")] = None,
    limit: Limit = 30,
    as_json: AsJson = False,
) -> None:
    """List alerts with what became of them, newest first.

    Examples:
      monitor alerts list
      monitor alerts list --state dead --state unknown --json
    """
    app = open_app(config, brief=True)
    rows = app.views.alerts(
        states=tuple(state or ()),
        destination=Destination(destination) if destination else None,
        since=parse_time(since, "--since") if since else None,
        limit=limit,
    )
    if as_json:
        print_json([_brief(row) for row in rows])
        return
    tz = zone(app.config.settings.alerts.zone)
    table(
        "Alerts",
        ("id", "made", "to", "state", "kind", "about", "headline", "error"),
        (
            (
                f"o{row.id}",
                clock(row.created_at, tz),
                row.alert.destination,
                row.state,
                row.alert.kind,
                row.alert.ref,
                row.alert.headline,
                row.error,
            )
            for row in rows
        ),
        empty="No alerts.",
    )


def show(alert: Id, config: ConfigDir = None, as_json: AsJson = False) -> None:
    """Show an alert: what it says, to whom, what became of it.

    Example:
      monitor alerts show o7
    """
    app = open_app(config, brief=True)
    shown = app.views.alert(OutboxId(short_id(alert, "o")))
    if as_json:
        print_json(shown)
        return
    tz, row, about = zone(app.config.settings.alerts.zone), shown.row, shown.row.alert
    say(about.headline, "bold")
    rows = (
        ("id", f"o{row.id}, {about.kind} to {about.destination}"),
        ("state", _state(row)),
        ("made", clock(row.created_at, tz)),
        ("due", clock(row.due_at, tz) if row.state in WAITING else ""),
        ("sent", clock(row.sent_at, tz) if row.sent_at else ""),
        ("attempts", str(row.attempts)),
        ("error", row.error),
        ("new", "\n".join(about.news)),
        ("told by", ", ".join(about.publishers)),
        ("topics", ", ".join(f"{topic.name} {topic.score:.2f}" for topic in about.topics)),
        ("nearest", about.nearest),
        ("link", about.url),
        ("text", about.text),
        ("merged", ", ".join(f"o{other}" for other in shown.merged)),
        ("labels", ", ".join(f"{label.label} by {label.by}" for label in shown.labels)),
        ("explain", f"monitor explain {about.ref}" if about.ref else ""),
    )
    fields(rows)


def retry(alert: Id, config: ConfigDir = None, as_json: AsJson = False) -> None:
    """Send an alert again that was refused for good. The daemon, or the next round by hand, sends it.

    Example:
      monitor alerts retry o7
    """
    app, now = open_app(config, brief=True), utc_now()

    def again(row: OutboxRow) -> OutboxRow:
        if row.state is not OutboxState.DEAD:
            raise UsageError(f"o{row.id} is {row.state}: only a dead alert can be retried")
        if row.expires_at is not None and row.expires_at <= now:
            raise UsageError(f"o{row.id} is past its time (alerts.expires): it is news no more")
        return dataclasses.replace(
            row, state=OutboxState.PENDING, plain=False, attempts=0, looks=0, due_at=now, error=""
        )

    _changed(_change(app, alert, again), "waits to be sent again", as_json=as_json)


def drop(alert: Id, config: ConfigDir = None, as_json: AsJson = False) -> None:
    """Give an alert up that waits or was refused. It is kept, counted as dropped, and never sent.

    Example:
      monitor alerts drop o7
    """
    app = open_app(config, brief=True)

    def over(row: OutboxRow) -> OutboxRow:
        if row.state not in {*WAITING, OutboxState.DEAD}:
            raise UsageError(f"o{row.id} is {row.state}: there is nothing to drop")
        return dataclasses.replace(row, state=OutboxState.EXPIRED, error=BY_HAND)

    _changed(_change(app, alert, over), "is dropped", as_json=as_json)


def try_out(
    destination: Annotated[str, typer.Argument(help="console or slack:CHANNEL.")],
    config: ConfigDir = None,
    as_json: AsJson = False,
) -> None:
    """Send one test message now, past the outbox, and say what became of it.

    Examples:
      monitor alerts test console
      monitor alerts test slack:C0123456789
    """
    from monitor.alerts.policy import place

    app, now, where = open_app(config), utc_now(), place(destination)
    sink = app.sinks.get(where.partition(":")[0])
    if sink is None:
        raise UsageError(f"no sink is called {where.partition(':')[0]!r}; write console or slack:CHANNEL")
    if as_json and where == "console":
        raise UsageError("the console's test message would stand in the JSON; leave out --json")
    alert = Alert(
        destination=where, kind=AlertKind.NOTICE, ref="", headline="A test of the monitor: alerts arrive here", at=now,
        text="Sent by hand with `monitor alerts test`; nothing has happened.",
    )  # fmt: skip
    row = OutboxRow(
        id=OutboxId(0), alert=alert, dedup_key=f"test-{now.isoformat()}", state=OutboxState.SENDING, created_at=now,
        due_at=now, claimed_at=now, attempts=1, payload=sink.render(alert, zone(app.config.settings.alerts.zone)),
    )  # fmt: skip
    outcome = sink.send(row, None)
    sent = outcome.status is SendStatus.SENT
    if as_json:
        print_json({"destination": where, "sent": sent, "status": outcome.status, "message": outcome.message})
    else:
        say(f"Sent to {where}." if sent else f"Not sent to {where}: {outcome.status}: {outcome.message}")
        for problem in () if sent else sink.check((where,)):
            say(problem)
    raise typer.Exit(0 if sent else 1)


def _change(app: App, name: str, change: Any) -> OutboxRow:
    """Read and write an outbox row in one transaction: what delivery holds meanwhile, it finds changed."""
    number = OutboxId(short_id(name, "o"))
    with app.store.begin(exclusive=False) as tx:
        row = tx.outbox_row(number)
        if row is None:
            raise UsageError(f"there is no alert o{number}; `monitor alerts list` shows them")
        moved: OutboxRow = change(row)
        tx.update_outbox(moved)
    return moved


def _changed(row: OutboxRow, what: str, *, as_json: bool) -> None:
    if as_json:
        print_json(_brief(row))
    else:
        say(f"o{row.id} {what}: {row.alert.headline}")


def _state(row: OutboxRow) -> str:
    """The state in words; its own word first where the sentence does not begin with it."""
    said = STATES[row.state] + (f" (o{row.merged_into})" if row.merged_into else "")
    return said if said.startswith(row.state) else f"{row.state}: {said}"


def _brief(row: OutboxRow) -> dict[str, Any]:
    """A row without its frozen payload."""
    return {field.name: getattr(row, field.name) for field in dataclasses.fields(row) if field.name != "payload"}


COMMANDS = {"list": list_, "show": show, "retry": retry, "drop": drop, "test": try_out}
