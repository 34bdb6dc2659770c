"""Verdicts, reasons and states in words, for people who read answers on a terminal. Nothing is decided here."""

from __future__ import annotations

import datetime as dt
import textwrap
from collections.abc import Mapping

from monitor.entities import AlertReason, Fact, Name, NameId, OutboxState, Problem, Reason, Verdict
from monitor.incidents import Wellness

WORDS_SHOWN = 160
"""Characters of the sentence a fact came from: enough to find it."""

VERDICTS: Mapping[Verdict, str] = {
    Verdict.OFF_BEAT: "not our beat",
    Verdict.REVISION: "an edit of an article we hold",
    Verdict.COPY: "a copy of an article we hold",
    Verdict.REPEAT: "ours, but it repeats what its story already told",
    Verdict.BACKGROUND: "ours, but it reports no event",
    Verdict.DEVELOPMENT: "a development: its story moved",
    Verdict.REJECTED: "could not be read",
}

REASONS: Mapping[Reason, str] = {
    Reason.NO_SIDE: "neither side is named",
    Reason.ONE_SIDE: "only one side is named",
    Reason.NO_RELATION: "both sides are named, but nothing stands between them",
    Reason.AGAINST: "it tells of a neighbouring matter",
    Reason.UNREADABLE: "the entry could not be read",
    Reason.SAME_TEXT: "the same text",
    Reason.NEAR_COPY: "nearly the same text",
    Reason.EDITED: "the publisher changed the text",
    Reason.NO_NEW_FACT: "no fact that its story did not have",
    Reason.OLD_FACTS: "only facts that were known long before",
    Reason.OPINION: "an opinion, not a report",
    Reason.PREVIEW: "a preview of what is to come",
    Reason.NEW_STORY: "the first report of this event",
    Reason.NEW_FACT: "a fact that nobody told before",
    Reason.CHANGED_NUMBER: "a figure has changed",
    Reason.CHANGED_DATE: "the day of what is to come has moved",
    Reason.REVERSAL: "an earlier report is turned round",
    Reason.STAGE_REACHED: "the matter has reached another stage",
    Reason.FIRST_WORD: "the first word of this side",
    Reason.FIRST_DENIAL: "the first denial",
    Reason.CONFIRMATION: "a second newsroom has it on its own",
    Reason.RESUMED: "the story moves again after a pause",
}

ALERTS: Mapping[AlertReason, str] = {
    AlertReason.QUEUED: "told: it went into the outbox",
    AlertReason.DIGEST: "told in a digest only: it was old when it was first seen, or reports on new topics alone",
    AlertReason.BASELINE: "not told: it stood in the feed when the feed was first read",
    AlertReason.BACKFILL: "not told: it came with a backfill",
    AlertReason.TOO_OLD: "not told: it was too old when it was first seen (alerts.digest_age)",
    AlertReason.MUTED: "not told: the story is muted",
    AlertReason.BELOW_SEVERITY: "not told: it weighs less than what is told (alerts.severity)",
    AlertReason.NO_DESTINATION: "not told: no destination is configured for its topics",
}

STATES: Mapping[OutboxState, str] = {
    OutboxState.HELD: "held until its window opens",
    OutboxState.MERGED: "merged into another alert",
    OutboxState.PENDING: "waits to be sent",
    OutboxState.SENDING: "is being sent",
    OutboxState.UNKNOWN: "may have been sent; it is looked up",
    OutboxState.SENT: "sent",
    OutboxState.DEAD: "refused for good; retry or drop it",
    OutboxState.EXPIRED: "dropped",
}


NOT_POLLED, HITCH = "not polled", "hitch"
"""A feed that nobody asked yet, and one whose last poll failed for the first or second time: no illness, and not ok."""


def health_word(wellness: Wellness, problem: Problem | None, attempted_at: dt.datetime | None) -> str:
    """A feed's health in a word."""
    if wellness is not Wellness.OK:
        return wellness.value
    if attempted_at is None:
        return NOT_POLLED
    return HITCH if problem is not None else wellness.value


def fact_in_words(fact: Fact, names: Mapping[NameId, Name], lang: str = "en") -> str:
    """A fact on one line: who, what, at which stage, about what, how many, when, where, and the words it came from."""

    def label(name: NameId) -> str:
        known = names.get(name)
        return (known.label.get(lang) or known.label.get("en") or name) if known else name

    act = fact.action + (f" ({fact.stage})" if fact.stage else "")
    parts = [
        " + ".join(map(label, fact.actors)),
        ("not " if fact.polarity == "-" else "") + act,
        ", ".join(label(NameId(thing)) for thing in fact.objects),
        "" if fact.number is None else f"{_number(fact.number)} {fact.unit}".strip(),
        f"at {label(fact.place)}" if fact.place else "",
        fact.date.isoformat() if fact.date else "",
    ]
    line = " · ".join(part for part in parts if part)
    if fact.quote:
        line += f" · {label(fact.speaker) if fact.speaker else 'quote'}: “{fact.quote}”"
    words = textwrap.shorten(fact.words, WORDS_SHOWN, placeholder=" …")
    return f"{line}  «{words}»" if words else line


def _number(value: float) -> str:
    return f"{int(value):,}" if value.is_integer() else f"{value:,}"
