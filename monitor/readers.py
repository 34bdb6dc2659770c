"""What readers say and do with alerts, from Slack's buttons and from the command line alike: one way for both.

It never sends anything and never believes a press: it writes down what holds, and leaves it to delivery to show it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from monitor.alerts import safe
from monitor.alerts.buttons import MUTE, Button, Press
from monitor.alerts.policy import MUTED
from monitor.entities import (
    Destination,
    LabelKind,
    LabelView,
    OutboxId,
    OutboxRow,
    OutboxState,
    Story,
    StoryId,
)
from monitor.errors import UsageError
from monitor.ports import Tx

JUDGEMENTS: Mapping[Button, LabelKind] = {
    Button.NOT_NEW: LabelKind.NOT_NEW,
    Button.WRONG_TOPIC: LabelKind.WRONG_TOPIC,
    Button.OFF_BEAT: LabelKind.OFF_BEAT,
}
_SAID: Mapping[LabelKind, str] = {
    LabelKind.NOT_NEW: "Not new",
    LabelKind.WRONG_TOPIC: "Wrong topic",
    LabelKind.OFF_BEAT: "Not our beat",
}
"""The labels that an alert shows. The others are no reader's answer to it."""
_NAMED = 3
"""Readers that a line names; the rest are counted."""
_NOTE = 60
"""Characters shown of what a reader added."""


class Result(StrEnum):
    """What became of a press."""

    DONE = "done"
    ALREADY = "already"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What became of a press; ``text`` is for the one who pressed, empty where the message itself will show it."""

    result: Result
    text: str = ""


_STRANGE = Reply(result=Result.UNKNOWN, text="This message is not known here; nothing was changed.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Readers:
    """What readers say, in one transaction of the caller's; times are shown in ``zone``. Holds no state."""

    zone: dt.tzinfo

    def press(self, tx: Tx, press: Press, now: dt.datetime) -> Reply:
        """Take a press in. One that is repeated (twice, by another, after a restart) changes nothing."""
        row = _pressed(tx, press)
        story = None if row is None or row.alert.story is None else tx.story(row.alert.story)
        if row is None or story is None:
            return _STRANGE
        if press.button is Button.MUTE:
            return self._press_mute(tx, press, story, row, now)
        if press.button is Button.FOLLOW:
            return self._press_follow(tx, press, story, row, now)
        kind = JUDGEMENTS[press.button]
        if any(label.label is kind and label.by.endswith(_same(press)) for label in tx.labels_of([row.alert.ref])):
            return Reply(result=Result.ALREADY, text=f"You have said so already: {_SAID[kind].lower()}.")
        try:
            self.label(tx, row.alert.ref, kind, by=press.by, now=now)
        except UsageError:  # the message stands, and what it told of is gone
            return _STRANGE
        return Reply(result=Result.DONE)

    def _press_mute(self, tx: Tx, press: Press, story: Story, row: OutboxRow, now: dt.datetime) -> Reply:
        if story.muted_until is not None and story.muted_until > now:
            return Reply(result=Result.ALREADY, text=f"{self._muted(tx, story)} already.")
        self.mute(tx, story.id, until=now + MUTE, by=press.by, now=now, shown=row.id)
        return Reply(result=Result.DONE)

    def _press_follow(self, tx: Tx, press: Press, story: Story, row: OutboxRow, now: dt.datetime) -> Reply:
        if story.followed:
            return Reply(result=Result.ALREADY, text=f"{self._followed(tx, story)} already.")
        self.follow(tx, story.id, on=True, by=press.by, now=now, shown=row.id)
        return Reply(result=Result.DONE)

    # --------------------------------------------------------------------------------- the same from everywhere

    def label(self, tx: Tx, ref: str, kind: LabelKind, *, by: str, now: dt.datetime, note: str = "") -> LabelView:
        """Keep what a reader says of an id, and let the messages that told it show it."""
        view = tx.label(ref, kind, by=by, now=now, note=note)
        if view is None:
            raise UsageError(f"nothing is stored under {ref!r} that could be labelled")
        if kind in _SAID:
            self._show(tx, tx.telling(ref), now)
        return view

    def mute(
        self,
        tx: Tx,
        story: StoryId,
        *,
        until: dt.datetime | None,
        by: str,
        now: dt.datetime,
        shown: OutboxId | None = None,
    ) -> Story:
        """Tell nothing more of a story until then; None lifts the mute."""
        moved = replace(_story(tx, story), muted_until=until)
        tx.save_story(moved)
        if until is not None:
            tx.label(f"s{story}", LabelKind.MUTE, by=by, now=now)
            for row in tx.telling(f"s{story}"):
                if row.state is OutboxState.HELD:  # what waits to be told is part of what is muted
                    tx.update_outbox(replace(row, state=OutboxState.EXPIRED, error=MUTED))
        self._show_story(tx, moved, now, shown)
        return moved

    def follow(
        self, tx: Tx, story: StoryId, *, on: bool, by: str, now: dt.datetime, shown: OutboxId | None = None
    ) -> Story:
        """Mark a story as followed, and lift its mute; or follow it no longer."""
        held = _story(tx, story)
        moved = replace(held, followed=True, muted_until=None) if on else replace(held, followed=False)
        tx.save_story(moved)
        if on:
            tx.label(f"s{story}", LabelKind.FOLLOW, by=by, now=now)
        self._show_story(tx, moved, now, shown)
        return moved

    # ------------------------------------------------------------------------------------- what the alert shows

    def _show_story(self, tx: Tx, story: Story, now: dt.datetime, shown: OutboxId | None) -> None:
        """At the story's root everywhere, where the button was pressed, and where something of readers stands."""
        roots = {row.id for row in tx.roots(story.id)}
        rows = [row for row in tx.telling(f"s{story.id}") if row.id in roots or row.id == shown or row.alert.said]
        self._show(tx, rows, now)

    def _show(self, tx: Tx, rows: Sequence[OutboxRow], now: dt.datetime) -> None:
        """Let each message say what holds; one that says so already is left alone."""
        for row in rows:
            said = self._said(tx, row, now)
            if said == row.alert.said:
                continue
            waits = row.state is OutboxState.HELD
            tx.rewrite(row.id, replace(row.alert, said=said), edit_due_at=None if waits else now)

    def _said(self, tx: Tx, row: OutboxRow, now: dt.datetime) -> tuple[str, ...]:
        story = None if row.alert.story is None else tx.story(row.alert.story)
        lines = []
        if story is not None and story.muted_until is not None and story.muted_until > now:
            lines.append(f"{self._muted(tx, story)} · to lift it: monitor stories mute s{story.id} --off")
        if story is not None and story.followed:
            lines.append(self._followed(tx, story))
        refs = safe.unique((row.alert.ref, f"o{row.id}", *(f"d{told}" for told in row.alert.developments)))
        labels = tx.labels_of(refs)
        for kind, words in _SAID.items():
            given = [label for label in labels if label.label is kind]
            if not given:
                continue
            lines.append(f"{words}: {_names(given)}")
            if kind is LabelKind.WRONG_TOPIC and not any(label.note for label in given):
                lines[-1] += f" · to say which it is: monitor label {row.alert.ref} {kind} --note …"
        return tuple(lines)

    def _muted(self, tx: Tx, story: Story) -> str:
        assert story.muted_until is not None
        until = story.muted_until.astimezone(self.zone)
        return f"Muted until {safe.day(until)} {until:%H:%M %Z}{_last(tx, story.id, LabelKind.MUTE)}"

    def _followed(self, tx: Tx, story: Story) -> str:
        return f"Followed{_last(tx, story.id, LabelKind.FOLLOW)}"


def _pressed(tx: Tx, press: Press) -> OutboxRow | None:
    """The row whose message was pressed: the one that stands there, or whose answer was lost and that says so."""
    place = Destination(f"slack:{press.channel}")
    rows = [row for row in tx.telling(f"s{press.story}") if row.alert.destination == place]
    here = next((row for row in rows if row.remote_id == press.ts), None)
    return here or next((row for row in rows if not row.remote_id and row.alert.ref == press.ref), None)


def _story(tx: Tx, story: StoryId) -> Story:
    found = tx.story(story)
    if found is None:
        raise UsageError(f"there is no story s{story}; `monitor stories list` shows them")
    return found


def _same(press: Press) -> str:
    """How every label of this reader's ends, whatever they were called when they gave it."""
    return f"({press.user})" if press.name else press.user


def _last(tx: Tx, story: StoryId, kind: LabelKind) -> str:
    """Who did this last to a story; nothing where nobody is known."""
    labels = [label for label in tx.labels_of([f"s{story}"]) if label.label is kind]
    return f" by {_name(labels[-1].by)}" if labels else ""


def _names(labels: Sequence[LabelView]) -> str:
    """Who said it, each once, the first first, with what they added."""
    names = safe.unique(
        _name(label.by) + (f" ({safe.line(label.note, _NOTE)})" if label.note else "") for label in labels
    )
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")


def _name(by: str) -> str:
    """A reader as a message calls them: the name alone, where Slack gave one."""
    return f"@{safe.line(by.partition(' (')[0], 40)}"
