"""Scorers: what a verdict is worth beside a label. Small and pure; where the shared scorers stand, a test holds both equal.

Nothing here reads a file or judges an article.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

MIN_TOPIC = (
    8  # labelled items of a topic from which its own F1 counts towards the macro mean, as the shared scorer has it
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One labelled item with what the monitor made of it, in the order of its stream.

    ``story`` and ``found`` are the labelled and the found story (None: it stands alone); ``adds`` says that the label
    sees a new fact in it.
    """

    id: str
    lang: str
    relevant: bool = True
    topics: frozenset[str] = frozenset()
    story: str | None = None
    adds: bool = False
    said_relevant: bool = False
    said_topics: frozenset[str] = frozenset()
    found: str | None = None
    alert: bool = False

    @property
    def event(self) -> str:
        """The labelled story, or itself."""
        return self.story or f"own:{self.id}"

    @property
    def cluster(self) -> str:
        """The found story, or itself."""
        return f"s:{self.found}" if self.found else f"own:{self.id}"


def f1(hits: float, extra: float, missed: float) -> float:
    """The harmonic mean of precision and recall, from counts; 0 without a hit."""
    return 2 * hits / (2 * hits + extra + missed) if hits else 0.0


def share(part: float, whole: float, *, of_none: float = 0.0) -> float:
    """A share; ``of_none`` where there is nothing to take it of."""
    return part / whole if whole else of_none


def gate(items: Iterable[Judged]) -> Mapping[str, float]:
    """F1 and recall of what is ours, and how many that are not were let through."""
    cells = Counter((item.relevant, item.said_relevant) for item in items)
    hits, extra, missed = cells[True, True], cells[False, True], cells[True, False]
    return {"F1": f1(hits, extra, missed), "recall": share(hits, hits + missed), "irrelevant kept": extra}


def topics(items: Iterable[Judged]) -> Mapping[str, float]:
    """Micro F1 over (item, topic) of the relevant items, and the mean F1 of the topics that stand often enough."""
    hits, extra, missed = Counter[str](), Counter[str](), Counter[str]()
    for item in items:
        if item.relevant:
            hits.update(item.topics & item.said_topics)
            extra.update(item.said_topics - item.topics)
            missed.update(item.topics - item.said_topics)
    often = sorted(topic for topic in hits | missed if hits[topic] + missed[topic] >= MIN_TOPIC)
    each = [f1(hits[topic], extra[topic], missed[topic]) for topic in often]
    micro = f1(hits.total(), extra.total(), missed.total())
    return {"micro F1": micro, **({"macro F1": math.fsum(each) / len(each)} if each else {})}


def b_cubed(parts: Sequence[tuple[str, str]]) -> float:
    """B-cubed F1 of (labelled, found) clusters (Bagga and Baldwin 1998); 0 of nothing."""
    if not parts:
        return 0.0
    cells, true, found = Counter(parts), Counter(t for t, _ in parts), Counter(f for _, f in parts)
    precision = math.fsum(n * n / found[f] for (_, f), n in sorted(cells.items())) / len(parts)
    recall = math.fsum(n * n / true[t] for (t, _), n in sorted(cells.items())) / len(parts)
    return 2 * precision * recall / (precision + recall)


def stories(items: Iterable[Judged]) -> Mapping[str, float]:
    """B-cubed F1 of the items that have a labelled story."""
    return {"B³ F1": b_cubed([(item.event, item.cluster) for item in items if item.story])}


def firsts(stream: Iterable[Judged]) -> frozenset[str]:
    """The ids of the first relevant item of each story. Fixed on the whole stream: a row of it only selects items."""
    seen: dict[str, str] = {}
    for item in stream:
        if item.relevant:
            seen.setdefault(item.event, item.id)
    return frozenset(seen.values())


def alerts(items: Sequence[Judged], first: frozenset[str]) -> Mapping[str, float]:
    """What was told beside what deserved it: the first word of a story, or a new fact in a known one.

    ``new facts`` is the recall among the latter, ``quiet`` the share of possible repeats that were not told.
    """
    deserved = [item for item in items if item.relevant and (item.id in first or item.adds)]
    later = [item for item in deserved if item.id not in first]
    rest = [item for item in items if item.relevant and not (item.id in first or item.adds)]
    hit = sum(item.alert for item in deserved)
    found = {
        "precision": share(hit, sum(item.alert for item in items)),
        "recall": share(hit, len(deserved)),
    }
    if later:
        found["new facts"] = share(sum(item.alert for item in later), len(later))
    if rest:
        found["quiet"] = 1 - share(sum(item.alert for item in rest), len(rest))
    return found


def auc(scored: Iterable[tuple[float, bool]]) -> float:
    """The chance that a true one scores above a false one, ties counted half (Mann-Whitney); .5 of nothing to part."""
    rows = sorted(scored)
    true = sum(label for _, label in rows)
    false = len(rows) - true
    if not true or not false:
        return 0.5
    ranks, start = 0.0, 0
    while start < len(rows):
        end = start
        while end < len(rows) and rows[end][0] == rows[start][0]:
            end += 1
        ranks += sum(label for _, label in rows[start:end]) * (start + 1 + end) / 2
        start = end
    return (ranks - true * (true + 1) / 2) / (true * false)
