"""A frozen payload as text, whichever sink it was made for, as far as a terminal can show it. It changes none."""

from __future__ import annotations

import datetime as dt
import html
import json
from typing import Any

from monitor.alerts import lines
from monitor.entities import Alert, OutboxRow

_JOINER = "\u2060"
"""What parts a link or a mention for the sink's sake; here it would only look odd."""


def as_text(row: OutboxRow) -> str:
    """What the row's message says; nothing where it is not made yet."""
    if not row.payload:
        return ""
    said: dict[str, Any] = json.loads(row.payload)
    if "plain" in said:  # Slack and webhooks
        return html.unescape(said["plain"]).replace(_JOINER, "")
    if "body" in said:  # Apprise
        return f"{said['title']}\n\n{said['body']}".replace(_JOINER, "")
    if "rows" in said:  # the console
        shown = [f"{label + ':' if label else '':<12}{text}" for label, text in said["rows"]]
        return "\n".join((f"[{said['title']}] {said['headline']}", *shown, said["foot"])).strip()
    return json.dumps(said, ensure_ascii=False, indent=1)


def drafted(alert: Alert, tz: dt.tzinfo) -> str:
    """An alert in plain lines, as any sink would say it."""
    shown = [f"{line.label + ':' if line.label else '':<12}{line.text}" for line in lines.rows(alert, tz)]
    head = f"[{lines.title(alert)}] {lines.headline(alert)}"
    return "\n".join((head, *shown, lines.foot(alert))).strip()
