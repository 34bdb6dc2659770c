"""Slack as a sink, with the SDK's retries off: it never sends twice what it is not sure of.

Text from outside stands only in elements Slack does not parse, or escaped. The token is read for
each call, stands in no message, and no response object leaves this file, since it carries the request's headers.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.error import URLError

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.web import SlackResponse

from monitor.alerts import blocks, safe, secret, waits
from monitor.alerts.homes import Recalled, Told
from monitor.alerts.marks import mark
from monitor.entities import (
    Alert,
    Channel,
    Destination,
    Look,
    LookStatus,
    OutboxId,
    OutboxRow,
    Outcome,
    SendStatus,
    Thread,
)
from monitor.settings import Settings

EVENT = "monitor_alert"
"""Type of our metadata; the payload under it carries the row's mark."""
SCOPES = ("chat:write", "channels:history", "groups:history", "channels:read", "groups:read")
"""What the app must be allowed to do; ``docs/slack-manifest.yaml`` asks for these."""

_UNBOUNDED_LOOK = dt.timedelta(days=1)  # how far back a look goes where the channel has no confirmed message
_PAGE, _PAGES = 200, 50

_TOKEN_FAULTS = frozenset((
    "access_denied", "account_inactive", "ekm_access_denied", "invalid_auth", "missing_scope", "no_permission",
    "not_allowed_token_type", "not_authed", "org_login_required", "team_access_not_granted", "token_expired",
    "token_revoked", "two_factor_setup_required",
))  # fmt: skip
_CHANNEL_FAULTS = frozenset((
    "channel_not_found", "is_archived", "is_inactive", "messages_tab_disabled", "not_in_channel",
    "posting_to_general_channel_denied", "restricted_action", "restricted_action_non_threadable_channel",
    "restricted_action_read_only_channel", "restricted_action_thread_only_channel",
    "slack_connect_file_link_sharing_blocked", "team_not_found",
))  # fmt: skip
_MESSAGE_FAULTS = frozenset((
    "as_user_not_supported", "attachment_payload_limit_exceeded", "block_mismatch",
    "invalid_arg_name", "invalid_arguments", "invalid_array_arg", "invalid_blocks", "invalid_blocks_format",
    "invalid_charset", "invalid_form_data", "invalid_json", "invalid_metadata_format", "invalid_metadata_schema",
    "json_not_object", "markdown_text_conflict", "metadata_too_large", "msg_blocks_too_long", "msg_too_long", "no_text",
))  # fmt: skip
_THREAD_FAULTS = frozenset(("cannot_reply_to_message", "restricted_action_thread_locked", "thread_not_found"))
"""Slack takes no reply there, and surely took none: the story goes on in a thread of its own."""
_EDIT_OVER = frozenset(("cant_update_message", "edit_window_closed", "message_not_found"))
"""The message was deleted or may not change any more: it stays as it is, and nothing is lost by that."""
_TOO_FAST = frozenset(("rate_limited", "ratelimited", "message_limit_exceeded"))
_NEVER_LEFT = (ConnectionRefusedError,)
_NEVER_LEFT_NAMES = frozenset(("gaierror", "SSLCertVerificationError"))
"""Failures before a byte of the request was sent; named, since ``socket`` and ``ssl`` belong to the front door."""

QUIET = logging.getLogger("monitor.alerts.slack.sdk")
QUIET.setLevel(logging.CRITICAL + 1)  # the SDK logs what we answer for ourselves, and bodies at DEBUG
QUIET.propagate = False


class SlackSink:
    """Posts to Slack channels with a bot token. It never repeats a post that Slack may have taken."""

    def __init__(
        self,
        *,
        token: Callable[[], str],
        base_url: str = "https://slack.com/api/",
        timeout: dt.timedelta = dt.timedelta(seconds=15),
        app_token: Callable[[], str] = str,
    ) -> None:
        self.instance = ""  # which database sends: a name in each message's metadata (``homes``)
        self._token = token
        self._app_token = app_token
        self._bot: tuple[str, str] = ("", "")
        self._base_url = base_url
        self._timeout = max(1, round(timeout.total_seconds()))

    @classmethod
    def of(cls, settings: Settings, folder: Path) -> SlackSink:
        """The app of ``[slack]``. A token that stands in a file is read again for every call.

        Without an app token nobody hears when a button is pressed, and there are none.
        """
        del folder  # Slack keeps what we have to look up
        table = settings.slack
        return cls(
            token=secret.reader(table.token, table.token_file), base_url=table.base_url, timeout=table.timeout,
            app_token=secret.reader(table.app_token, table.app_token_file),
        )  # fmt: skip

    # ------------------------------------------------------------------------------------------------ say

    def render(self, alert: Alert, tz: dt.tzinfo) -> str:
        """Blocks, notification text and the plain form, as JSON; every one of them within Slack's limits."""
        return json.dumps(blocks.message(alert, tz, buttons=bool(self._app_token())), ensure_ascii=False)

    def send(self, row: OutboxRow, thread: Thread | None) -> Outcome:
        """One ``chat.postMessage`` with the row's mark in its metadata; again at the top where the thread is closed."""
        try:
            answer = self._post(row, thread)
        except SlackApiError as error:
            if thread is not None and error.response.get("error") in _THREAD_FAULTS:
                return self.send(row, None)
            return _outcome(error)
        except Exception as error:  # noqa: BLE001  whatever broke, the message may be there; _outcome says which
            return _outcome(error)
        ts, message = answer.get("ts"), answer.get("message")
        if not isinstance(ts, str) or not ts:
            return Outcome(status=SendStatus.UNKNOWN, message="Slack said ok but named no message")
        above = message.get("thread_ts") if isinstance(message, dict) else None
        root = above if thread and above else ts  # a reply to a deleted parent has none: it is the new root
        return Outcome(status=SendStatus.SENT, remote_id=ts, root=root)

    def edit(self, row: OutboxRow) -> Outcome:
        """One ``chat.update`` of the message that the row became; a message that is gone needs none any more."""
        place = _channel(row.alert.destination)
        try:
            self._client().chat_update(channel=place, ts=row.remote_id, parse="none", link_names=False, **_content(row))
        except SlackApiError as error:
            if (code := error.response.get("error")) in _EDIT_OVER:
                return Outcome(status=SendStatus.SENT, remote_id=row.remote_id, message=code)
            return _outcome(error)
        except Exception as error:  # noqa: BLE001  whatever broke, an edit may be made again
            return _outcome(error)
        return Outcome(status=SendStatus.SENT, remote_id=row.remote_id)

    def delete(self, row: OutboxRow) -> Outcome:
        """One ``chat.delete`` of a message of ours: a test of the set-up leaves nothing behind."""
        try:
            self._client().chat_delete(channel=_channel(row.alert.destination), ts=row.remote_id)
        except Exception as error:  # noqa: BLE001  told to the operator as it is
            return _outcome(error)
        return Outcome(status=SendStatus.SENT, remote_id=row.remote_id)

    def _post(self, row: OutboxRow, thread: Thread | None) -> SlackResponse:
        return self._client().chat_postMessage(
            channel=_channel(row.alert.destination),
            thread_ts=thread.root if thread else None,
            reply_broadcast=(row.broadcast and thread is not None) or None,
            metadata={"event_type": EVENT, "event_payload": self._label(row)},
            mrkdwn=False,
            parse="none",
            link_names=False,
            unfurl_links=False,
            unfurl_media=False,
            **_content(row),
        )

    def _label(self, row: OutboxRow) -> dict[str, str | int]:
        named = {"instance": self.instance} if self.instance else {}
        return {"outbox_id": row.id, "mark": mark(row), **named}

    # ----------------------------------------------------------------------------------------------- look

    def look(self, row: OutboxRow, thread: Thread | None, channel: Channel) -> Look:
        """Search the thread, then the channel, from the last message Slack confirmed there on."""
        oldest = channel.last_remote_id or _before(row)
        place = _channel(row.alert.destination)
        try:
            client, bot = self._client(), self._bot_id()
            if thread is not None:
                found = _search(client.conversations_replies, row, bot, channel=place, ts=thread.root, oldest=oldest)
                if found is not None:
                    return Look(status=LookStatus.FOUND, remote_id=found["ts"], root=thread.root)
            found = _search(client.conversations_history, row, bot, channel=place, oldest=oldest)
        except Exception as error:  # noqa: BLE001  whatever broke, nothing was seen
            outcome = _outcome(error)
            return Look(status=LookStatus.CANNOT_LOOK, retry_after=outcome.retry_after, message=outcome.message)
        if found is None:
            return Look(status=LookStatus.NOT_FOUND)
        return Look(status=LookStatus.FOUND, remote_id=found["ts"], root=found.get("thread_ts") or found["ts"])

    def recall(self, channel: Channel, instance: str, now: dt.datetime) -> Recalled:
        """What a database of this name told the channel since the last message that was confirmed to us."""
        oldest = channel.last_remote_id or f"{(now - _UNBOUNDED_LOOK).timestamp():.6f}"
        told = []
        try:
            client, bot = self._client(), self._bot_id()
            for _, label in _labels(
                client.conversations_history, bot, channel=_channel(channel.destination), oldest=oldest
            ):
                row, name = label.get("outbox_id"), label.get("mark")
                if label.get("instance") == instance and isinstance(row, int) and isinstance(name, str):
                    told.append(Told(row=OutboxId(row), mark=name))
        except Exception as error:  # noqa: BLE001  whatever broke, nothing was seen
            outcome = _outcome(error)
            silent = outcome.attempted and outcome.status in {SendStatus.NOT_SENT, SendStatus.UNKNOWN}
            return Recalled(trouble=outcome.message, silent=silent)
        return Recalled(told=tuple(told))

    def _bot_id(self) -> str:
        token = self._token()
        of = hashlib.sha256(token.encode()).hexdigest()  # of the token itself nothing is kept
        if self._bot[0] != of:
            self._bot = (of, str(self._client().auth_test().get("bot_id") or ""))
        return self._bot[1]

    # ---------------------------------------------------------------------------------------------- check

    def check(self, destinations: Sequence[Destination]) -> tuple[str, ...]:
        """Token, scopes, and whether the app can post to and read every channel. Posts nothing."""
        ours = [place for place in destinations if place.startswith("slack:")]
        if not ours:
            return ()
        if not self._token():
            return ("Slack: no token; set MONITOR_SLACK__TOKEN or MONITOR_SLACK__TOKEN_FILE (docs/slack.md)",)
        client = self._client()
        try:
            answer = client.auth_test()
        except Exception as error:  # noqa: BLE001  told to the operator as it is
            return (f"Slack: {_outcome(error).message} (docs/slack.md, Errors)",)
        granted = waits.header(answer.headers, "x-oauth-scopes")
        missing = [scope for scope in SCOPES if granted and scope not in {word.strip() for word in granted.split(",")}]
        problems = [f"Slack: the app lacks the scope {scope}; add it and reinstall the app" for scope in missing]
        for destination in ours:
            problems += _channel_problems(client, _channel(destination))
        return safe.unique((*problems, *self._button_problems()))

    def _button_problems(self) -> Iterator[str]:
        """Whether Slack would let us hear the buttons; the address that it names is not used."""
        if not (token := self._app_token()):
            return
        try:
            self._client().apps_connections_open(app_token=token)
        except Exception as error:  # noqa: BLE001  told to the operator as it is
            yield f"Slack: app token: {_outcome(error).message} (docs/slack.md, Buttons)"

    def _client(self) -> WebClient:
        return WebClient(
            token=self._token(), base_url=self._base_url, timeout=self._timeout, retry_handlers=[], logger=QUIET
        )


# ---------------------------------------------------------------------------------------------- outcomes


def _outcome(error: Exception) -> Outcome:
    """What a failed call means for the message it carried. Anything not known for sure is ``UNKNOWN``."""
    if isinstance(error, SlackApiError):
        return _refusal(error.response)
    reason = error.reason if isinstance(error, URLError) else None
    if isinstance(reason, _NEVER_LEFT) or type(reason).__name__ in _NEVER_LEFT_NAMES:
        return Outcome(status=SendStatus.NOT_SENT, message=f"cannot reach Slack: {reason}")
    return Outcome(status=SendStatus.UNKNOWN, message=f"no answer from Slack: {type(reason or error).__name__}")


def _refusal(response: SlackResponse) -> Outcome:
    data: Mapping[str, Any] = response.data if isinstance(response.data, dict) else {}
    code = str(data.get("error") or f"HTTP {response.status_code}")
    if " " in code and response.status_code == 200:
        return Outcome(status=SendStatus.UNKNOWN, message="Slack's answer is no JSON")  # the SDK quotes it as the error
    if response.status_code == 429 or code in _TOO_FAST:
        return Outcome(
            status=SendStatus.NOT_SENT,
            attempted=False,
            retry_after=waits.asked(response.headers),
            message="too fast for Slack",
        )
    message = safe.line(": ".join(safe.unique((code, *_details(data)))), 400)
    if response.status_code >= 500:
        return Outcome(status=SendStatus.UNKNOWN, message=f"HTTP {response.status_code}")
    for status, codes in (
        (SendStatus.TOKEN_FAULT, _TOKEN_FAULTS),
        (SendStatus.CHANNEL_FAULT, _CHANNEL_FAULTS),
        (SendStatus.MESSAGE_FAULT, _MESSAGE_FAULTS),
    ):
        if code in codes:
            return Outcome(status=status, message=message)
    return Outcome(status=SendStatus.UNKNOWN, message=message)


def _details(data: Mapping[str, Any]) -> Iterator[str]:
    """What Slack adds to an error code: the scope it wanted, the block it refused."""
    if data.get("needed"):
        yield f"needs {data['needed']}"
    more = data.get("response_metadata")
    messages = more.get("messages") if isinstance(more, dict) else None
    if isinstance(messages, list):
        yield from (str(said) for said in messages[:3])


# ------------------------------------------------------------------------------------------------- look-up


def _before(row: OutboxRow) -> str:
    start = (row.claimed_at or row.created_at) - _UNBOUNDED_LOOK
    return f"{start.timestamp():.6f}"


def _search(read: Callable[..., SlackResponse], row: OutboxRow, bot: str, **where: str) -> dict[str, Any] | None:
    """The message with this row's mark that our own bot posted, all pages read."""
    name = mark(row)
    try:
        labelled = _labels(read, bot, **where)
        return next((dict(message) for message, label in labelled if label.get("mark") == name), None)
    except SlackApiError as error:
        if error.response.get("error") in {"thread_not_found", "message_not_found"}:
            return None
        raise


def _labels(
    read: Callable[..., SlackResponse], bot: str, **where: str
) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    """Our own bot's messages, each with what its metadata says of it, page after page."""
    cursor = ""
    for _ in range(_PAGES):
        page = read(limit=_PAGE, include_all_metadata=True, **where, **({"cursor": cursor} if cursor else {}))
        messages = page.get("messages")
        if not isinstance(messages, list):
            raise LookupError("an ok that holds no messages is no empty channel")
        for message in messages:
            data = message.get("metadata") or {}
            ours = data.get("event_type") == EVENT and (not bot or message.get("bot_id") == bot)
            if ours and isinstance(message.get("ts"), str):
                yield message, data.get("event_payload") or {}
        cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
        if not cursor:
            return
    raise LookupError("too many messages to search")


def _channel_problems(client: WebClient, channel: str) -> list[str]:
    try:
        about = client.conversations_info(channel=channel).get("channel") or {}
        if about.get("is_archived"):
            return [f"Slack: channel {channel} is archived; unarchive it or route its topics elsewhere"]
        if not about.get("is_member", True):
            return [f"Slack: the app is not in channel {channel}; type /invite @monitor there"]
        client.conversations_history(channel=channel, limit=1)
    except Exception as error:  # noqa: BLE001  told to the operator as it is
        return [f"Slack: channel {channel}: {_outcome(error).message} (docs/slack.md, Errors)"]
    return []


def _content(row: OutboxRow) -> dict[str, Any]:
    payload = json.loads(row.payload)
    return {"text": payload["plain"]} if row.plain else {"text": payload["text"], "blocks": payload["blocks"]}


def _channel(destination: Destination) -> str:
    return destination.partition(":")[2]
