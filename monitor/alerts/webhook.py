"""An incoming webhook as a sink: Slack's own, or one that understands Slack's JSON (Mattermost, Rocket.Chat).

A webhook names no message: it can neither thread nor edit, nor be asked whether a post arrived. What it confirmed
stands in a journal, so that a kill does not repeat it; after a lost answer the alert is sent again and may repeat. The
address is a secret: it is never logged or shown.
"""

from __future__ import annotations

import datetime as dt
import json
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.error import URLError

from slack_sdk.webhook import WebhookClient, WebhookResponse

from monitor.alerts import blocks, safe, secret, waits
from monitor.alerts.addresses import Hook, is_http, name_of, unnamed
from monitor.alerts.journal import Journal, ended, looked_up, lost, told
from monitor.entities import Alert, Channel, Destination, Look, OutboxRow, Outcome, SendStatus, Thread
from monitor.settings import Settings

_MESSAGE_FAULTS = frozenset((400, 413, 422))
"""HTTP answers that speak of this one message: ``invalid_blocks``, ``no_text``, too large."""
_SAID = 200
"""Characters shown of what a webhook answered."""

_quiet = logging.getLogger("monitor.alerts.webhook.sdk")
_quiet.setLevel(logging.CRITICAL + 1)  # the SDK logs addresses and bodies at DEBUG
_quiet.propagate = False


class WebhookSink:
    """Posts to incoming webhooks, the SDK's retries off. Never twice what was confirmed; a lost answer may repeat."""

    def __init__(self, *, hooks: Mapping[str, Hook], journal: Path) -> None:
        self._hooks = hooks
        self._journal = Journal(journal)

    @classmethod
    def of(cls, settings: Settings, folder: Path) -> WebhookSink:
        """The webhooks of ``[webhook.NAME]``."""
        hooks = {
            name: Hook(address=secret.reader(table.url, table.url_file), timeout=table.timeout)
            for name, table in settings.webhook.items()
        }
        return cls(hooks=hooks, journal=folder / "webhook.journal")

    def render(self, alert: Alert, tz: dt.tzinfo) -> str:
        """The same blocks as for a channel, without what needs an app behind it."""
        message = blocks.message(alert, tz)
        kept = [block for block in message["blocks"] if block["type"] != "actions"]
        return json.dumps({**message, "blocks": kept}, ensure_ascii=False)

    def send(self, row: OutboxRow, thread: Thread | None) -> Outcome:
        """One POST. A reply stands beside the others: a webhook knows no threads."""
        return told(self._journal, row, thread, lambda: self._post(row))

    def edit(self, row: OutboxRow) -> Outcome:
        """What was posted stays as it is; the end of an incident is posted."""
        return ended(self._journal, row, lambda: self._post(row))

    def _post(self, row: OutboxRow) -> Outcome:
        name = name_of(row.alert.destination)
        hook = self._hooks.get(name)
        if hook is None:
            return Outcome(status=SendStatus.CHANNEL_FAULT, message=unnamed("webhook", name, self._hooks))
        address = hook.address()
        if not is_http(address):
            return Outcome(status=SendStatus.CHANNEL_FAULT, message=_no_address(name))
        return _post(address, hook.timeout, row)

    def look(self, row: OutboxRow, thread: Thread | None, channel: Channel) -> Look:
        """Found if the webhook had confirmed it."""
        del channel
        return looked_up(self._journal, row, thread)

    def check(self, destinations: Sequence[Destination]) -> tuple[str, ...]:
        """Whether each has an address, and the journal can be written. Only a post shows whether it works."""
        names = safe.unique(name_of(place) for place in destinations if place.startswith("webhook:"))
        if not names:
            return ()
        wrong = [
            unnamed("webhook", name, self._hooks) if name not in self._hooks else _no_address(name)
            for name in names
            if name not in self._hooks or not is_http(self._hooks[name].address())
        ]
        return (*wrong, *self._journal.check())


def _no_address(name: str) -> str:
    return (
        f"webhook {name} has no http(s) address: set MONITOR_WEBHOOK__{name.upper()}__URL, "
        "or url_file to a file that holds it"
    )


def _post(address: str, timeout: dt.timedelta, row: OutboxRow) -> Outcome:
    payload = json.loads(row.payload)
    content = {"text": payload["plain"]} if row.plain else {"text": payload["text"], "blocks": payload["blocks"]}
    client = WebhookClient(address, timeout=max(1, round(timeout.total_seconds())), retry_handlers=[], logger=_quiet)
    try:
        answer = client.send(**content, unfurl_links=False, unfurl_media=False)
    except URLError as error:  # before the whole request was out: it was not taken
        return Outcome(status=SendStatus.NOT_SENT, message=f"cannot reach the webhook: {type(error.reason).__name__}")
    except Exception as error:  # noqa: BLE001  whatever broke, the message may be there
        return lost(row, f"no answer from the webhook: {type(error).__name__}")
    return _outcome(answer)


def _outcome(answer: WebhookResponse) -> Outcome:
    """What an answer means. A 5xx counts as not taken, and is tried again: this sink may repeat, and must not lose."""
    code, body = answer.status_code, answer.body or ""
    said = safe.line(f"HTTP {code}: {body}", _SAID)
    if code == 429:
        wait = waits.asked(answer.headers)
        return Outcome(
            status=SendStatus.NOT_SENT, attempted=False, retry_after=wait, message="too fast for the webhook"
        )
    if 200 <= code < 300 and _taken(body):
        return Outcome(status=SendStatus.SENT)
    if 200 <= code < 300:  # a sign-in page, a proxy: whatever says so took no alert
        return Outcome(status=SendStatus.CHANNEL_FAULT, message=f"it does not answer as a webhook does: {said}")
    if code >= 500:
        return Outcome(status=SendStatus.NOT_SENT, message=said)
    return Outcome(
        status=SendStatus.MESSAGE_FAULT if code in _MESSAGE_FAULTS else SendStatus.CHANNEL_FAULT, message=said
    )


def _taken(body: str) -> bool:
    """Whether this is how a webhook says yes: ``ok``, nothing at all, or JSON with ``ok`` or ``success`` in it."""
    if body.strip() in {"", "ok"}:
        return True
    try:
        answer = json.loads(body)
    except ValueError:
        return False
    return isinstance(answer, dict) and (answer.get("ok") is True or answer.get("success") is True)
