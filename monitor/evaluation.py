"""What readers' labels say of the monitor: how many alerts were right, what was told twice, and what was missed.

It never reads the store or a clock, and never changes a verdict: labelled entries come in, figures go out.
"""

from __future__ import annotations

import datetime as dt
import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from monitor.entities import EntryId, FeedId, LabelKind, LabelView, Reason, TopicId, Verdict

NORMAL_95 = 1.959964  # standard deviations on both sides of a normal mean that hold 95 % of it


WISHES = frozenset({LabelKind.SPLIT, LabelKind.MERGE})
"""Labels that ask for another story."""
DEEDS = frozenset({LabelKind.MUTE, LabelKind.FOLLOW})
"""Labels of what was done with a story."""
NO_WORD = WISHES | DEEDS
"""Labels that say nothing of whether the alert was right."""
ON_NEWS: Mapping[LabelKind, bool] = {LabelKind.NEW: True, LabelKind.NOT_NEW: False}
"""What a label says of the question whether an entry brought something new."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """An entry that somebody labelled, with what became of it. ``told``: an alert went out for it.

    ``labels`` stand in the order they were given. ``text`` is empty for an entry that is not ours: it keeps none.
    """

    entry: EntryId
    title: str
    text: str
    feed: FeedId
    publisher: str
    lang: str
    published_at: dt.datetime
    topics: tuple[TopicId, ...]
    verdict: Verdict
    reason: Reason
    told: bool
    labels: tuple[LabelView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """The figures of one row. ``precision`` is of the labelled alerts, with its 95 % interval (Wilson); None of none.

    ``missed_by_gate`` entries of ours were turned away; ``missed_as_silent`` ones were new and told to nobody.
    """

    row: str
    entries: int
    alerts: int
    right: int
    not_new: int
    wrong_topic: int
    off_beat: int
    missed_by_gate: int
    missed_as_silent: int
    precision: float | None
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """One day's alerts: how many were told."""

    day: dt.date
    alerts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """An entry with what readers said of it, where that needs a person: they disagree, or wish for another story."""

    entry: EntryId
    title: str
    labels: tuple[LabelView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """All that a period's labels say. ``alerts`` were told in it, labelled or not; ``given`` counts labels by kind."""

    since: dt.datetime | None
    until: dt.datetime | None
    alerts: int
    readers: tuple[str, ...]
    given: Mapping[LabelKind, int]
    whole: Score
    by: Mapping[str, tuple[Score, ...]]
    days: tuple[Day, ...]
    disagreed: tuple[Said, ...]
    wishes: tuple[Said, ...]


def evaluate(
    entries: Sequence[Labelled],
    told_at: Sequence[dt.datetime],
    *,
    since: dt.datetime | None,
    until: dt.datetime | None,
    zone: dt.tzinfo,
) -> Evaluation:
    """The figures of labelled entries beside the times of all alerts of the period. Days are those of ``zone``."""
    rows: dict[str, Callable[[Labelled], Iterable[str]]] = {
        "language": lambda one: [one.lang or "unknown"],
        "publisher": lambda one: [one.publisher],
        "feed": lambda one: [one.feed],
        "topic": lambda one: one.topics or ["no topic"],
    }
    return Evaluation(
        since=since,
        until=until,
        alerts=len(told_at),
        readers=tuple(sorted({label.by for one in entries for label in one.labels})),
        given=_given(entries),
        whole=score("all", entries),
        by={what: _apart(entries, names) for what, names in rows.items()},
        days=_days(told_at, zone),
        disagreed=tuple(_said(one) for one in entries if disagree(one.labels)),
        wishes=tuple(_said(one) for one in entries if any(label.label in WISHES for label in one.labels)),
    )


def score(row: str, labelled: Sequence[Labelled]) -> Score:
    """The figures of some entries. Where readers disagree, the latest word on a question counts."""
    entries = [one for one in labelled if any(label.label not in NO_WORD for label in one.labels)]
    told = [one for one in entries if one.told]
    silent = [one for one in entries if not one.told]
    right = sum(ours(one.labels) and new(one.labels) is not False for one in told)
    low, high = wilson(right, len(told))
    return Score(
        row=row,
        entries=len(entries),
        alerts=len(told),
        right=right,
        not_new=sum(ours(one.labels) and new(one.labels) is False for one in told),
        wrong_topic=sum(_holds(one.labels, LabelKind.WRONG_TOPIC) for one in told),
        off_beat=sum(not ours(one.labels) for one in told),
        missed_by_gate=sum(one.verdict is Verdict.OFF_BEAT and ours(one.labels) for one in silent),
        missed_as_silent=sum(
            one.verdict is not Verdict.OFF_BEAT and ours(one.labels) and new(one.labels) is True for one in silent
        ),
        precision=right / len(told) if told else None,
        low=low,
        high=high,
    )


def ours(labels: Iterable[LabelView]) -> bool:
    """Whether an entry is of the beat, in the latest word on it. Every label but ``off-beat`` takes it for granted."""
    said = [label.label for label in labels if label.label not in NO_WORD]
    return not said or said[-1] is not LabelKind.OFF_BEAT


def new(labels: Iterable[LabelView]) -> bool | None:
    """Whether an entry brought something new, in the latest word on that; None: nobody said."""
    return next((ON_NEWS[label.label] for label in reversed([*labels]) if label.label in ON_NEWS), None)


def disagree(labels: Iterable[LabelView]) -> bool:
    """Whether two readers' latest words contradict one another, on the beat or on what is new."""
    each: dict[str, list[LabelView]] = {}
    for label in labels:
        each.setdefault(label.by, []).append(label)
    views = list(each.values())
    news = {said for said in map(new, views) if said is not None}
    return len({ours(view) for view in views}) > 1 or len(news) > 1


def wilson(hits: int, of: int) -> tuple[float, float]:
    """The 95 % interval of a share (Wilson 1927): honest for few labels, and never outside 0 to 1."""
    if not of:
        return 0.0, 1.0
    share, spread = hits / of, NORMAL_95**2 / of
    middle = share + spread / 2
    half = NORMAL_95 * math.sqrt(share * (1 - share) / of + spread / (4 * of))
    return max(0.0, (middle - half) / (1 + spread)), min(1.0, (middle + half) / (1 + spread))


def _given(entries: Iterable[Labelled]) -> dict[LabelKind, int]:
    """How many labels of each kind were given, in the order of the kinds."""
    counts = Counter(label.label for one in entries for label in one.labels)
    return {kind: counts[kind] for kind in LabelKind if counts[kind]}


def _holds(labels: Iterable[LabelView], kind: LabelKind) -> bool:
    return any(label.label is kind for label in labels)


def _apart(entries: Sequence[Labelled], names: Callable[[Labelled], Iterable[str]]) -> tuple[Score, ...]:
    """A row for each name, the one with most labelled entries first."""
    rows: dict[str, list[Labelled]] = {}
    for one in entries:
        for name in names(one):
            rows.setdefault(name, []).append(one)
    scored = [score(name, rows[name]) for name in sorted(rows)]
    return tuple(sorted((row for row in scored if row.entries), key=lambda row: -row.entries))


def _days(told_at: Iterable[dt.datetime], zone: dt.tzinfo) -> tuple[Day, ...]:
    """Every day from the first alert to the last, those without any too."""
    counts = Counter(moment.astimezone(zone).date() for moment in told_at)
    if not counts:
        return ()
    first, last = min(counts), max(counts)
    each = (first + dt.timedelta(days=number) for number in range((last - first).days + 1))
    return tuple(Day(day=day, alerts=counts[day]) for day in each)


def _said(one: Labelled) -> Said:
    return Said(entry=one.entry, title=one.title, labels=one.labels)
