"""What an alert says, whom it is for, and when it may go. Pure: it never sends, renders or opens anything.

``Composer`` is what the corridor holds. It asks in order: may this development be told at all (``verdict_on_alert``),
where (``route``), in which words (``compose``), from when on (``opens_at``), and puts one row a destination into the
outbox of the transaction it is given. Rows wait there as ``HELD``; delivery merges what opens together (``merge``).
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable, Mapping, Sequence

from monitor.alerts import safe
from monitor.alerts.policy import Policy
from monitor.entities import (
    Account,
    Alert,
    AlertKind,
    AlertReason,
    AlertTopic,
    CorpusRecord,
    Destination,
    Detection,
    DevelopmentId,
    Mode,
    NewFact,
    OutboxId,
    OutboxState,
    Reason,
    Story,
    StoryId,
    Told,
    Topic,
    TopicId,
    TopicMatch,
    Weight,
)
from monitor.incidents import Review
from monitor.ports import OutboxTx

_WEIGHTS = (Weight.MINOR, Weight.MAJOR)
_WORDS_SHOWN = 6
"""Matched words shown a topic: enough to check it, short enough for one line."""

_REPORTED = 10
"""Feeds named in one notice: more is a table, and ``monitor incidents`` shows it."""

_KNOWN_SHOWN = 60
"""Characters of an earlier sentence shown beside what is new: enough to recognise it by."""
_COMPARED = (", earlier ", " → ")
"""Marks of a phrase that names the earlier value itself."""

SAID: Mapping[Reason, str] = {
    Reason.NEW_STORY: "first report of this event",
    Reason.NEW_FACT: "a new fact in this story",
    Reason.CHANGED_NUMBER: "a figure has changed",
    Reason.CHANGED_DATE: "the day of what is to come has moved",
    Reason.REVERSAL: "an earlier report is turned round",
    Reason.STAGE_REACHED: "the matter has reached another stage",
    Reason.FIRST_WORD: "first word of this side",
    Reason.FIRST_DENIAL: "first denial",
    Reason.CONFIRMATION: "a second newsroom has it on its own",
    Reason.RESUMED: "the story moves again after a pause",
}
"""What is said where a development names no single new fact."""


class Composer:
    """Policy and labels in one hand: from a development to its rows in the outbox. Holds no state between two."""

    def __init__(self, *, policy: Policy, topics: Iterable[Topic], lang: str = "en") -> None:
        self.policy = policy
        self.topics: Mapping[TopicId, Topic] = {topic.id: topic for topic in topics}
        self.lang = lang

    def judge(self, told: Told, detection: Detection, story: Story, *, mode: Mode, now: dt.datetime) -> AlertReason:
        """Whether a development is told (``QUEUED``) or why not."""
        return verdict_on_alert(detection, told, story, mode, self.policy, now)

    def enqueue(
        self,
        tx: OutboxTx,
        told: Told,
        account: Account,
        story: Story,
        *,
        nearest: Sequence[tuple[CorpusRecord, float]] = (),
        now: dt.datetime,
    ) -> tuple[OutboxId, ...]:
        """One held row for every destination that should hear of ``account.development``; rows that stand are kept."""
        detection, development = account.detection, account.development
        if detection is None or development is None:
            return ()
        rows = []
        for destination in route(told.matches, self.policy, detection.weight):
            last = tx.last_alert_at(destination, story.id)
            alert = compose(
                destination=destination,
                kind=AlertKind.STORY if last is None else AlertKind.DEVELOPMENT,
                ref=f"d{development}",
                story=story,
                told=told,
                detection=detection,
                developments=(development,),
                topics=self.topics,
                nearest=earlier_record(nearest, told.article.published_at.date()),
                now=now,
                lang=self.lang,
            )
            row = tx.enqueue(
                alert,
                dedup_key=dedup_key(destination, alert.kind, story.id, alert.developments),
                state=OutboxState.HELD,
                due_at=opens_at(detection.weight, last, self.policy, now),
                now=now,
                expires_at=now + self.policy.expires,
            )
            if row is not None:
                rows.append(row)
        return tuple(rows)

    def announce(self, tx: OutboxTx, *, feeds: int, now: dt.datetime) -> None:
        """Say once, at every destination, that the watch has begun. A row that stands already is not sent again."""
        for destination in self.policy.destinations():
            tx.enqueue(
                Alert(
                    destination=destination,
                    kind=AlertKind.START,
                    ref="",
                    headline=f"Watching {feeds} feed{'' if feeds == 1 else 's'}; alerts start now",
                    at=now,
                    text="What is in the feeds already is the baseline: it is stored, and told to nobody.",
                ),
                dedup_key=dedup_key(destination, AlertKind.START, None, ()),
                state=OutboxState.HELD,
                due_at=now,
                now=now,
                expires_at=now + self.policy.expires,
            )

    def report(self, tx: OutboxTx, review: Review, *, now: dt.datetime) -> None:
        """One notice to the operators of the feeds that fell ill and of those that are well again; none of neither."""
        destination = self.policy.operators
        ill = [f"{feed or 'this machine'}: {complaint.sentence}" for feed, complaint in review.told]
        well = [f"{one.feed_id or 'this machine'}: {one.ending}" for one in review.well]
        if destination is None or not (ill or well):
            return
        lines = (*_few(ill), *(f"well again: {said}" for said in _few(well)))
        digest = hashlib.sha256("\n".join((now.isoformat(), *lines)).encode()).hexdigest()[:32]
        tx.enqueue(
            Alert(
                destination=destination,
                kind=AlertKind.NOTICE,
                ref="",
                headline=_headline(len(ill), len(well)),
                at=now,
                news=lines,
            ),
            dedup_key=f"notice:{destination}:{digest}",
            state=OutboxState.HELD,
            due_at=now,
            now=now,
            expires_at=now + self.policy.expires,
        )


def _few(lines: Sequence[str]) -> list[str]:
    more = len(lines) - _REPORTED
    return [*lines[:_REPORTED], *([f"… and {more} more: monitor incidents"] if more > 0 else [])]


def _headline(ill: int, well: int) -> str:
    if not ill:
        return f"{well} feed trouble{'' if well == 1 else 's'} over"
    return f"{ill} feed{'' if ill == 1 else 's'} need{'s' if ill == 1 else ''} a look"


# ------------------------------------------------------------------------------------------------ decide


def verdict_on_alert(
    detection: Detection, told: Told, story: Story, mode: Mode, policy: Policy, now: dt.datetime
) -> AlertReason:
    """``QUEUED``, or the first reason that speaks against telling this development."""
    article = told.article
    if mode is Mode.BASELINE:
        return AlertReason.BASELINE
    if mode is Mode.BACKFILL:
        return AlertReason.BACKFILL
    if story.muted_until is not None and story.muted_until > now:
        return AlertReason.MUTED
    if article.first_seen_at - article.published_at > policy.max_age:
        return AlertReason.TOO_OLD
    if not _places(told.matches, policy):
        return AlertReason.NO_DESTINATION
    if not route(told.matches, policy, detection.weight):
        return AlertReason.BELOW_SEVERITY
    return AlertReason.QUEUED


def route(matches: Sequence[TopicMatch], policy: Policy, weight: Weight) -> tuple[Destination, ...]:
    """Where a development of these topics and this weight is told, best topic first; a topic can raise its weight."""
    return tuple(
        place
        for place, raised in _places(matches, policy).items()
        if heavier(weight, raised) is heavier(weight, raised, policy.floor, policy.floors.get(place, Weight.MINOR))
    )


def _places(matches: Sequence[TopicMatch], policy: Policy) -> dict[Destination, Weight]:
    """Each destination of the reported topics, with the weight its topics give at least."""
    places: dict[Destination, Weight] = {}
    for match in sorted(_reported(matches), key=lambda match: -match.score):
        place = policy.routes.get(match.topic, policy.default)
        if place:
            least = policy.severity.get(match.topic, Weight.MINOR)
            places[place] = heavier(places.get(place, Weight.MINOR), least)
    if not places and policy.default:
        places[policy.default] = Weight.MINOR
    return places


def _reported(matches: Sequence[TopicMatch]) -> list[TopicMatch]:
    return [match for match in matches if not match.background]


def heavier(*weights: Weight) -> Weight:
    """The heaviest of these."""
    return max(weights, key=_WEIGHTS.index)


def opens_at(weight: Weight, last: dt.datetime | None, policy: Policy, now: dt.datetime) -> dt.datetime:
    """From when on a row may go: a new story waits for company, a minor update for the gap, a major one for nothing.

    ``weight`` is the development's own: a weighty topic alone must not turn every minor update into an interruption.
    """
    if last is None:
        return now + policy.group_wait
    if weight is Weight.MAJOR:
        return now
    return max(now, min(last, now) + policy.minor_gap)


def dedup_key(
    destination: Destination, kind: AlertKind, story: StoryId | None, developments: Iterable[DevelopmentId]
) -> str:
    """What makes a row unique for ever: the same developments are never told twice to one destination."""
    parts = (destination, kind.value, "" if story is None else str(story), ",".join(map(str, sorted(developments))))
    return hashlib.sha256("|".join(parts).encode()).hexdigest()


# ----------------------------------------------------------------------------------------------- compose


def compose(
    *,
    destination: Destination,
    kind: AlertKind,
    ref: str,
    story: Story,
    told: Told,
    detection: Detection,
    developments: Sequence[DevelopmentId],
    topics: Mapping[TopicId, Topic],
    nearest: CorpusRecord | None,
    now: dt.datetime,
    lang: str = "en",
) -> Alert:
    """The alert for one development, ``story`` being the story with this article already in it."""
    article = told.article
    reported = sorted(_reported(told.matches), key=lambda match: -match.score)
    raised = [topics[match.topic].severity for match in reported if match.topic in topics]
    return Alert(
        destination=destination,
        kind=kind,
        ref=ref,
        headline=article.title or story.title,
        at=now,
        story=story.id,
        developments=tuple(sorted(developments)),
        weight=heavier(detection.weight, *raised),
        lang=article.lang,
        news=news(detection),
        publishers=safe.unique((article.publisher, *story.publishers)),
        independent=independent(story.families, article.family, article.credits),
        credits=safe.unique(article.credits),
        topics=tuple(_topic(match, topics, lang) for match in reported),
        nearest=_nearest(nearest, lang),
        url=article.url,
        published_at=article.published_at,
    )


def news(detection: Detection) -> tuple[str, ...]:
    """What is new against what was known, one line a fact; where no fact is named, the reason in words."""
    lines = safe.unique(_said(new) for new in detection.news)
    return lines or (SAID.get(detection.reason, detection.reason.value.replace("-", " ")),)


def _said(new: NewFact) -> str:
    said, known = new.said or new.fact.words, new.earlier.words if new.earlier else ""
    if not known or known.casefold() in said.casefold() or any(mark in said for mark in _COMPARED):
        return said
    return f"{said} (known before: {safe.cut(known, _KNOWN_SHOWN)})"


def independent(families: Iterable[str], family: str, credited: Iterable[str]) -> int:
    """How many newsrooms tell this on their own. Never overstated: a credited wire counts, its customer does not."""
    wires = {_slug(credit) for credit in credited if credit}
    own = set() if wires else {_slug(family)}
    others = {_slug(other) for other in families} - {_slug(family), ""}
    return max(1, len(others | wires | own))


def _slug(name: str) -> str:
    return "-".join(name.casefold().split())


def _topic(match: TopicMatch, topics: Mapping[TopicId, Topic], lang: str) -> AlertTopic:
    words = safe.unique(word for said in match.evidence if said.weight >= 0 for word in said.words)
    label = topics[match.topic].name if match.topic in topics else {}
    return AlertTopic(
        name=label.get(lang) or label.get("en") or match.topic, score=match.score, words=words[:_WORDS_SHOWN]
    )


def earlier_record(nearest: Sequence[tuple[CorpusRecord, float]], day: dt.date) -> CorpusRecord | None:
    """The nearest record that is not younger than the report itself."""
    return next((record for record, _ in nearest if record.date <= day), None)


def _nearest(record: CorpusRecord | None, lang: str) -> str:
    if record is None:
        return ""
    title = record.title.get(lang) or record.title.get("en") or next(iter(record.title.values()), record.id)
    return f"{safe.day(record.date)}, {title}"


# ------------------------------------------------------------------------------------------------- merge


def merge(alerts: Sequence[Alert]) -> Alert:
    """Alerts of one story and destination that go out together, as one. Nothing new of any of them is left out.

    The headline, link and id are those of the heaviest, and among these of the first: the original of a new story.
    """
    if len(alerts) == 1:
        return alerts[0]
    weight = heavier(*(alert.weight for alert in alerts))
    lead = next(alert for alert in alerts if alert.weight is weight)
    best: dict[str, AlertTopic] = {}
    for topic in (topic for alert in alerts for topic in alert.topics):
        held = best.get(topic.name)
        words = safe.unique((*(held.words if held else ()), *topic.words))[:_WORDS_SHOWN]
        best[topic.name] = AlertTopic(name=topic.name, score=max(topic.score, held.score if held else 0.0), words=words)
    return Alert(
        destination=lead.destination,
        kind=AlertKind.STORY if any(alert.kind is AlertKind.STORY for alert in alerts) else lead.kind,
        ref=lead.ref,
        headline=lead.headline,
        at=max(alert.at for alert in alerts),
        story=lead.story,
        developments=tuple(sorted({development for alert in alerts for development in alert.developments})),
        weight=weight,
        lang=lead.lang,
        news=safe.unique(said for alert in (lead, *alerts) for said in alert.news),
        publishers=safe.unique(name for alert in (lead, *alerts) for name in alert.publishers),
        independent=max(alert.independent for alert in alerts),
        credits=safe.unique(name for alert in (lead, *alerts) for name in alert.credits),
        topics=tuple(sorted(best.values(), key=lambda topic: -topic.score)),
        nearest=lead.nearest or next((alert.nearest for alert in alerts if alert.nearest), ""),
        url=lead.url,
        published_at=lead.published_at,
        text="\n".join(safe.unique(alert.text for alert in alerts)),
    )
