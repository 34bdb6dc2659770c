"""``monitor alerts test``: every step an alert can take at a destination, tried for real and told one by one.

It goes past the outbox and leaves nothing behind where a sink can delete; no alert is touched.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Annotated

import typer

from monitor.app import App
from monitor.cli.common import AsJson, ConfigDir, open_app, print_json, say, table, utc_now
from monitor.entities import (
    Alert,
    AlertKind,
    Destination,
    OutboxId,
    OutboxRow,
    OutboxState,
    Outcome,
    SendStatus,
    StoryId,
    Thread,
)
from monitor.errors import UsageError
from monitor.settings import zone

FIRST, SECOND = OutboxId(-1), OutboxId(-2)
"""No row of the outbox has such an id: nothing that is tried can be taken for an alert."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing that was tried. ``status`` is the sink's word for it; without one the step is not for this sink."""

    step: str
    ok: bool
    status: SendStatus | None = None
    message: str = ""


def try_out(
    destination: Annotated[
        str,
        typer.Argument(metavar="DESTINATION", help="console, slack:CHANNEL, webhook:NAME, jsonl:NAME, apprise:NAME."),
    ],
    config: ConfigDir = None,
    as_json: AsJson = False,
) -> None:
    """Try a destination now: set-up and scopes, a message, its edit, a reply; on Slack both are deleted again.

    Exit code 1 if a step fails. Nothing of it is an alert: it goes past the outbox.

    Examples:
      monitor alerts test console
      monitor alerts test slack:C0123456789
    """
    from monitor.alerts.policy import place
    from monitor.alerts.sinks import nowhere

    app, where = open_app(config), place(destination)
    if wrong := nowhere(app.config.settings, where):
        raise UsageError(f"{where}: {wrong}")
    if as_json and where == "console":
        raise UsageError("the console's test message would stand in the JSON; leave out --json")
    steps = list(_steps(app, where, utc_now()))
    ok = all(step.ok for step in steps)
    if as_json:
        print_json({"destination": where, "ok": ok, "steps": steps})
    else:
        table("", ("", "step", "said"), ((_mark(step), step.step, step.message) for step in steps), empty="")
        say(f"{where} works." if ok else f"{where} does not work yet.", "green" if ok else "red")
    raise typer.Exit(0 if ok else 1)


def _mark(step: Step) -> str:
    if not step.ok:
        return "✗"
    return "–" if step.status is None and step.step != "set-up" else "✓"


def _steps(app: App, where: Destination, now: dt.datetime) -> Iterator[Step]:
    """Each step as it is made; what rests on a message that did not arrive is not tried."""
    from monitor.alerts.slack import SlackSink

    sink = app.sinks[where.partition(":")[0]]
    if not (problems := sink.check((where,))):
        yield Step(step="set-up", ok=True, message="complete")
    yield from (Step(step="set-up", ok=False, message=problem) for problem in problems)
    tz = zone(app.config.settings.alerts.zone)
    first = _row(where, "A test of the monitor: alerts arrive here", FIRST, now)
    first = replace(first, payload=sink.render(first.alert, tz))
    posted = sink.send(first, None)
    yield _step("post", posted)
    if posted.status is not SendStatus.SENT:
        return
    first = replace(first, remote_id=posted.remote_id)
    thread = Thread(destination=where, story=StoryId(0), root=posted.root, root_outbox=FIRST)
    reply = _row(where, "A reply, as developments are told", SECOND, now)
    if not isinstance(sink, SlackSink):
        yield Step(step="edit, thread, delete", ok=True, message="this sink knows none of these: what was told stays")
        return
    edited = replace(first.alert, headline="A test of the monitor: alerts arrive here, and can be edited")
    yield _step("edit", sink.edit(replace(first, payload=sink.render(edited, tz))))
    reply = replace(reply, payload=sink.render(reply.alert, tz))
    app.stopping.wait(app.alert_policy.pace["slack"].total_seconds())
    answered = sink.send(reply, thread)
    in_thread = answered.status is not SendStatus.SENT or answered.root == posted.root
    yield (
        _step("reply in its thread", answered)
        if in_thread
        else Step(
            step="reply in its thread", ok=False, status=answered.status, message="the channel put it beside the thread"
        )
    )
    if answered.status is SendStatus.SENT:
        yield _step("delete the reply", sink.delete(replace(reply, remote_id=answered.remote_id)))
    yield _step("delete the message", sink.delete(first))


def _step(name: str, outcome: Outcome) -> Step:
    ok = outcome.status is SendStatus.SENT
    return Step(step=name, ok=ok, status=outcome.status, message=outcome.message or outcome.status.value)


def _row(where: Destination, headline: str, number: OutboxId, now: dt.datetime) -> OutboxRow:
    alert = Alert(
        destination=where, kind=AlertKind.NOTICE, ref="", headline=headline, at=now,
        text="Sent by hand with `monitor alerts test`; nothing has happened.",
    )  # fmt: skip
    return OutboxRow(
        id=number, alert=alert, dedup_key=f"test{number}-{now.isoformat()}", state=OutboxState.SENDING, created_at=now,
        due_at=now, claimed_at=now, attempts=1,
    )  # fmt: skip
