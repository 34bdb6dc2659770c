"""What an alert says. Pure: it never sends, renders or opens anything.

``Composer`` is what the corridor holds. It asks in order: may this development be told at all, where, in which words
(``compose``), from when on (all but the words: ``rules``), and puts one row a destination into the outbox of the
transaction it is given. Rows wait there as ``HELD``; delivery merges what opens together (``merge``).
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from monitor.alerts import safe, words
from monitor.alerts.policy import Policy
from monitor.alerts.rules import heavier, opens_at, reported_of, route, verdict_on_alert, weighed
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
from monitor.ports import OutboxTx

_WORDS_SHOWN = 6
"""Matched words shown a topic: enough to check it, short enough for one line."""

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
        """Whether a development is told (``QUEUED``, or ``DIGEST`` in a digest only) or why not."""
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
        """One held row for every destination that should hear of ``account.development``; rows that stand are kept.

        What is told in a digest only waits for the next one.
        """
        detection, development = account.detection, account.development
        if detection is None or development is None:
            return ()
        rows, digest = [], account.alert is AlertReason.DIGEST
        for destination in route(told.matches, self.policy, detection.weight, followed=story.followed):
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
            opens = opens_at(detection.weight, last, self.policy, now, followed=story.followed)
            row = tx.enqueue(
                alert,
                dedup_key=dedup_key(destination, alert.kind, story.id, alert.developments),
                state=OutboxState.HELD,
                due_at=self.policy.next_digest(now) if digest else opens,
                now=now,
                expires_at=now + self.policy.expires,
                digest=digest,
            )
            if row is not None:
                rows.append(row)
        return tuple(rows)

    def touch(self, tx: OutboxTx, told: Told, account: Account, story: Story, *, now: dt.datetime) -> None:
        """Let the story's messages say how it stands with this article: who tells it, how many, on which topics.

        What still waits to be sent is only counted up: it is merged with all else that waits when it goes. What was
        sent is edited in a while, so that ten copies in a minute are one edit.
        """
        for row in tx.roots(story.id):
            waits = row.state is OutboxState.HELD
            alert = counted(row.alert, story, told, self.topics, self.lang)
            if not waits:
                alert = moved_on(alert, told, account, self.topics, now)
            if alert != row.alert:
                tx.rewrite(row.id, alert, edit_due_at=None if waits else now + self.policy.edit_wait)


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
    reported = sorted(reported_of(told.matches), key=lambda match: -match.score)
    raised = [topics[match.topic].severity for match in reported if match.topic in topics]
    return Alert(
        destination=destination,
        kind=kind,
        ref=ref,
        headline=article.title or story.title,
        at=now,
        story=story.id,
        developments=tuple(sorted(developments)),
        weight=weighed(detection.weight, raised),
        lang=article.lang,
        news=news(detection),
        publishers=safe.unique((article.publisher, *story.publishers)),
        independent=independent(story),
        credits=safe.unique(article.credits),
        topics=tuple(_topic(match, topics, lang) for match in reported),
        nearest=_nearest(nearest, lang),
        url=article.url,
        published_at=article.published_at,
        articles=max(1, story.articles),
        changed_at=now if kind is AlertKind.STORY and detection.reason is not Reason.NEW_STORY else None,
        followed=story.followed,
    )


def news(detection: Detection) -> tuple[str, ...]:
    """What is new against what was known, one line a fact; where no fact is named, the reason in words."""
    lines = safe.unique(_said(new) for new in detection.news)
    return lines or (SAID.get(detection.reason, detection.reason.value.replace("-", " ")),)


def _said(new: NewFact) -> str:
    said, known = new.said or new.fact.words, new.earlier.words if new.earlier else ""
    if not known or known.casefold() in said.casefold() or any(mark in said for mark in _COMPARED):
        return said
    return f"{said}{words.KNOWN}{safe.cut(known, _KNOWN_SHOWN)})"


def independent(story: Story) -> int:
    """How many newsrooms tell a story on their own. Never overstated: a credited wire counts, its customer does not."""
    return max(1, len({_slug(newsroom) for newsroom in story.families} - {""}))


def _slug(name: str) -> str:
    return "-".join(name.casefold().split())


def _topic(match: TopicMatch, topics: Mapping[TopicId, Topic], lang: str) -> AlertTopic:
    matched = safe.unique(word for said in match.evidence if said.weight >= 0 for word in said.words)
    label = topics[match.topic].name if match.topic in topics else {}
    return AlertTopic(
        name=label.get(lang) or label.get("en") or match.topic, score=match.score, words=matched[:_WORDS_SHOWN]
    )


def earlier_record(nearest: Sequence[tuple[CorpusRecord, float]], day: dt.date) -> CorpusRecord | None:
    """The nearest record that is not younger than the report itself."""
    return next((record for record, _ in nearest if record.date <= day), None)


def _nearest(record: CorpusRecord | None, lang: str) -> str:
    if record is None:
        return ""
    title = record.title.get(lang) or record.title.get("en") or next(iter(record.title.values()), record.id)
    return f"{safe.day(record.date)}, {title}"


# ------------------------------------------------------------------------------------- the living message


def counted(alert: Alert, story: Story, told: Told, topics: Mapping[TopicId, Topic], lang: str = "en") -> Alert:
    """A story's message with everybody who tells it by now, and every topic it was told on. Nothing leaves it."""
    matches = sorted(reported_of(told.matches), key=lambda match: -match.score)
    return replace(
        alert,
        publishers=safe.unique((*alert.publishers, *story.publishers)),
        independent=max(alert.independent, independent(story)),
        credits=safe.unique((*alert.credits, *told.article.credits)),
        topics=_together((*alert.topics, *(_topic(match, topics, lang) for match in matches))),
        articles=max(alert.articles, story.articles),
    )


def moved_on(alert: Alert, told: Told, account: Account, topics: Mapping[TopicId, Topic], now: dt.datetime) -> Alert:
    """A story's message after a development: since when it is so; after a major one that was told, what it is now.

    The first headline stays, and above all the id: a reader must find again what was read.
    """
    detection = account.detection
    if account.development is None or detection is None:
        return alert
    if account.alert is not AlertReason.QUEUED or detection.weight is Weight.MINOR:
        return replace(alert, changed_at=now)
    article = told.article
    now_said = " ".join(
        safe.unique((words.STANDS.strip(), safe.line(article.title, 300), words.language(article.lang)))
    )
    raised = [topics[match.topic].severity for match in reported_of(told.matches) if match.topic in topics]
    weight = heavier(alert.weight, weighed(detection.weight, raised))
    return replace(alert, changed_at=now, text=now_said, weight=weight)


# ------------------------------------------------------------------------------------------------- merge


def merge(alerts: Sequence[Alert]) -> Alert:
    """Alerts of one story and destination that go out together, as one. Nothing new of any of them is left out.

    The headline, link and id are those of the heaviest, and among these of the first: the original of a new story.
    """
    if len(alerts) == 1:
        return alerts[0]
    weight = heavier(*(alert.weight for alert in alerts))
    lead = next(alert for alert in alerts if alert.weight is weight)
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
        topics=_together([topic for alert in alerts for topic in alert.topics]),
        nearest=lead.nearest or next((alert.nearest for alert in alerts if alert.nearest), ""),
        url=lead.url,
        published_at=lead.published_at,
        text="\n".join(safe.unique(alert.text for alert in alerts)),
        articles=max(alert.articles for alert in alerts),
        changed_at=max((alert.changed_at for alert in alerts if alert.changed_at is not None), default=None),
        said=safe.unique(said for alert in alerts for said in alert.said),
        followed=any(alert.followed for alert in alerts),
    )


def _together(topics: Sequence[AlertTopic]) -> tuple[AlertTopic, ...]:
    """Each topic once, with its best score and the words of all its tellings, best first."""
    best: dict[str, AlertTopic] = {}
    for topic in topics:
        held = best.get(topic.name)
        shown = safe.unique((*(held.words if held else ()), *topic.words))[:_WORDS_SHOWN]
        best[topic.name] = AlertTopic(name=topic.name, score=max(topic.score, held.score if held else 0.0), words=shown)
    return tuple(sorted(best.values(), key=lambda topic: -topic.score))
