"""``monitor alerts``: what was told, what waits, and what an operator can do about it."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import Annotated, Any

import typer

from monitor.alerts.policy import BY_HAND, place
from monitor.alerts.safe import cut
from monitor.app import App
from monitor.cli import payload
from monitor.cli.common import (
    AsJson,
    ConfigDir,
    Limit,
    clock,
    fields,
    open_app,
    parse_since,
    print_json,
    say,
    short_id,
    table,
    utc_now,
)
from monitor.cli.previews import digest, preview
from monitor.cli.trying import try_out
from monitor.cli.words import STATES
from monitor.entities import OutboxId, OutboxRow, OutboxState, StoryId
from monitor.errors import UsageError
from monitor.settings import zone

Id = Annotated[str, typer.Argument(metavar="ALERT", help="The alert's id: o7.")]
WAITING = (OutboxState.HELD, OutboxState.PENDING, OutboxState.UNKNOWN)


_ERROR = 60
"""Characters of an answer in the list: enough to know it by; `show` has it whole."""


def list_(
    config: ConfigDir = None,
    state: Annotated[
        list[OutboxState] | None, typer.Option("--state", help="Only rows in this state; may be given several times.")
    ] = None,
    destination: Annotated[
        str | None, typer.Option("--destination", "--to", metavar="DESTINATION", help="Only this one: slack:C0123.")
    ] = None,
    story: Annotated[str | None, typer.Option("--story", metavar="STORY", help="Only of this story: s12.")] = None,
    since: Annotated[
        str | None, typer.Option("--since", metavar="TIME", help="Only rows made since: a time, or how long ago (6h).")
    ] = None,
    limit: Limit = 30,
    as_json: AsJson = False,
) -> None:
    """List alerts with what became of them, newest first.

    Examples:
      monitor alerts list
      monitor alerts list --story s12 --since 7d
      monitor alerts list --state dead --state unknown --json
    """
    app = open_app(config, brief=True)
    rows = app.views.alerts(
        states=tuple(state or ()),
        destination=place(destination) if destination else None,
        story=StoryId(short_id(story, "s")) if story else None,
        since=parse_since(since, "--since", utc_now()) if since else None,
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
                cut(row.error, _ERROR),
            )
            for row in rows
        ),
        empty="No alerts.",
    )


def show(alert: Id, config: ConfigDir = None, as_json: AsJson = False) -> None:
    """Show an alert: what it says, to whom, what became of it and when, and what the sink answered.

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
    fields((
        ("id", f"o{row.id}, {about.kind} to {about.destination}{_manner(row)}"),
        ("state", _state(row)),
        *((label, clock(at, tz)) for label, at in _times(row) if at is not None),
        ("attempts", str(row.attempts)),
        ("answer", row.error),
        ("message", row.remote_id),
        ("thread", f"under {shown.thread.root} (o{shown.thread.root_outbox})" if shown.thread else ""),
        ("story", f"s{about.story}" if about.story is not None else ""),
        ("merged", ", ".join(f"o{other}" for other in shown.merged)),
        ("labels", ", ".join(f"{label.label} by {label.by}" for label in shown.labels)),
        ("explain", f"monitor explain {about.ref}" if about.ref else ""),
    ))  # fmt: skip
    say()
    say("What it says" if row.payload else "What it would say now; it is not made yet", "dim")
    say(payload.as_text(row) or payload.drafted(about, tz))


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


def _change(app: App, name: str, change: Any) -> OutboxRow:
    """Read and write an outbox row in one transaction: what delivery holds meanwhile, it finds changed."""
    number = OutboxId(short_id(name, "o"))
    with app.store.begin(exclusive=False) as tx:
        row = tx.outbox_row(number, lock=True)
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


def _manner(row: OutboxRow) -> str:
    said = (("in a digest only", row.digest), ("shown in the channel too", row.broadcast), ("as plain text", row.plain))
    return "".join(f", {words}" for words, holds in said if holds)


def _times(row: OutboxRow) -> tuple[tuple[str, dt.datetime | None], ...]:
    """The moments of its way, in the order of the way."""
    waits = row.state in WAITING
    return (
        ("made", row.created_at),
        ("due", row.due_at if waits else None),
        ("claimed", row.claimed_at),
        ("sent", row.sent_at),
        ("edit due", row.edit_due_at),
        ("expires", row.expires_at if waits else None),
    )


def _brief(row: OutboxRow) -> dict[str, Any]:
    """A row without its frozen payload."""
    return {field.name: getattr(row, field.name) for field in dataclasses.fields(row) if field.name != "payload"}


COMMANDS = {
    "list": list_,
    "show": show,
    "retry": retry,
    "drop": drop,
    "test": try_out,
    "digest": digest,
    "preview": preview,
}
