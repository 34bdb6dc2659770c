"""The buttons under an alert, and a press of one as Slack tells it: pure data on both sides.

A press is a stranger's: nothing of it is believed that has not the shape we gave the button, and nothing is done here.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from monitor.alerts import safe
from monitor.entities import Alert, AlertKind, StoryId

MUTE = dt.timedelta(days=7)
"""How long the button mutes a story; ``monitor stories mute --for`` takes any time."""
_NAME = 40
"""Characters of a reader's name that are kept."""

_VALUE = re.compile(r"s([0-9]{1,18}) ([a-z][0-9]{1,18})")
_CHANNEL = re.compile(r"[A-Z0-9]{1,30}")
_TS = re.compile(r"[0-9]{1,12}\.[0-9]{1,9}")
_USER = re.compile(r"[UW][A-Z0-9]{1,30}")


class Button(StrEnum):
    """What a reader can do with an alert in Slack; the value is the button's ``action_id``."""

    OPEN = "monitor-open"
    MUTE = "monitor-mute"
    NOT_NEW = "monitor-not-new"
    WRONG_TOPIC = "monitor-wrong-topic"
    OFF_BEAT = "monitor-off-beat"
    FOLLOW = "monitor-follow"


_WORDS: Mapping[Button, str] = {
    Button.MUTE: f"Mute {MUTE.days} d",
    Button.FOLLOW: "Follow",
    Button.NOT_NEW: "Not new",
    Button.WRONG_TOPIC: "Wrong topic",
    Button.OFF_BEAT: "Not our beat",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Press:
    """Somebody pressed a button: under which message (``channel``, ``ts``), and what that says it tells.

    ``ref`` is the alert's id (d5); ``name`` is how Slack calls the reader, empty where it did not say;
    ``thread`` is the thread that the message is a reply in, if it is one.
    """

    button: Button
    story: StoryId
    ref: str
    channel: str
    ts: str
    user: str
    name: str = ""
    thread: str = ""

    @property
    def by(self) -> str:
        """Who pressed, for labels: the id never changes, the name may."""
        return f"{self.name} ({self.user})" if self.name else self.user


def actions(alert: Alert) -> dict[str, Any] | None:
    """The row of buttons under the alert of a story, as a block; None for every other kind: there is nothing to press.

    ``alert.url`` is already made safe. Only for a message whose presses somebody hears: see ``docs/slack.md``.
    """
    if alert.story is None or alert.kind not in {AlertKind.STORY, AlertKind.DEVELOPMENT}:
        return None
    value = f"s{alert.story} {alert.ref}"
    if not _VALUE.fullmatch(value):
        return None
    elements = [_button(button, words, value=value) for button, words in _WORDS.items()]
    if alert.url:
        elements.insert(0, _button(Button.OPEN, "Open", url=alert.url))
    return {"type": "actions", "elements": elements}


def _button(button: Button, words: str, **more: str) -> dict[str, Any]:
    text = {"type": "plain_text", "text": words, "emoji": False}
    return {"type": "button", "action_id": button.value, "text": text, **more}


def press(payload: object) -> Press | None:
    """The press that a payload of Slack's tells of; None where it is none of ours, or not whole."""
    found = _table(payload)
    first = found.get("actions")
    action = _table(first[0]) if isinstance(first, list) and first else {}
    place, user = _table(found.get("container")), _table(found.get("user"))
    if found.get("type") != "block_actions" or _word(action, "action_id") not in set(Button):
        return None
    button = Button(action["action_id"])
    told = _VALUE.fullmatch(_word(action, "value"))
    channel, ts, who = _word(place, "channel_id"), _word(place, "message_ts"), _word(user, "id")
    if button is Button.OPEN or told is None:
        return None
    if not (_CHANNEL.fullmatch(channel) and _TS.fullmatch(ts) and _USER.fullmatch(who)):
        return None
    name = safe.line(_word(user, "name") or _word(user, "username"), _NAME)
    above = _word(place, "thread_ts")
    return Press(
        button=button, story=StoryId(int(told[1])), ref=told[2], channel=channel, ts=ts, user=who, name=name,
        thread=above if _TS.fullmatch(above) else "",
    )  # fmt: skip


def _table(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _word(table: Mapping[str, Any], key: str) -> str:
    value = table.get(key)
    return value if isinstance(value, str) else ""
