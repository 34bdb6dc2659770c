"""An alert as labelled lines of plain text, the same for every sink that shows text. Pure: it knows no sink's markup.

Every line is safe to show (``safe.line``): one line, visible characters, cut where it is too long.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from monitor.alerts import safe, words
from monitor.entities import Alert, AlertKind, DigestItem, Weight

_HEADLINE, _LINE, _NEWS, _ITEM_NEWS = 400, 600, 40, 3

_TITLES = {
    AlertKind.STORY: "NEW STORY",
    AlertKind.DEVELOPMENT: "DEVELOPMENT",
    AlertKind.DIGEST: "DIGEST",
    AlertKind.START: "START",
    AlertKind.NOTICE: "NOTICE",
    AlertKind.INCIDENT: "INCIDENT",
    AlertKind.QUIET: "ALL QUIET",
}
_WEIGHTS = {Weight.MINOR: "", Weight.MAJOR: "MAJOR", Weight.URGENT: "URGENT"}
_TOLD = frozenset({AlertKind.STORY, AlertKind.DEVELOPMENT, AlertKind.DIGEST})
"""Kinds that tell news: the others are word of our own, and neither weighty nor new."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of a message. Without a label it goes on with the one above; a ``link`` is an article's own address."""

    label: str
    text: str
    link: bool = False


def title(alert: Alert) -> str:
    """What kind of message it is, and how much it weighs."""
    weight = _WEIGHTS[words.weight_shown(alert)] if alert.kind in _TOLD else ""
    return " · ".join(safe.unique((_TITLES[alert.kind] + (" OVER" if alert.over else ""), weight)))


def headline(alert: Alert) -> str:
    """The headline, its language after it where it is not English; of a trouble that is over, how long it lasted."""
    return " ".join(safe.unique((_marked(alert.headline, alert.lang) or words.NO_HEADLINE, words.ending(alert))))


def rows(alert: Alert, tz: dt.tzinfo) -> list[Line]:
    """Every line under the headline."""
    return [line for line in _rows(alert, tz) if line.text]


def foot(alert: Alert) -> str:
    """The command that tells where this comes from."""
    return f"monitor explain {safe.line(alert.ref, 40)}" if alert.ref else ""


def _rows(alert: Alert, tz: dt.tzinfo) -> Iterator[Line]:
    yield from (_line("", said) for said in words.body(alert))
    yield from _listed("new" if alert.kind in _TOLD else "", alert.news, _NEWS)
    for number, item in enumerate(alert.items, start=1):
        yield from _item(str(number), item, tz)
    yield _line("told by", _told_by(alert))
    for number, topic in enumerate(alert.topics):
        matched = f" ({', '.join(topic.words)})" if topic.words else ""
        yield _line("topic" if number == 0 else "", f"{topic.name} {topic.score:.2f}{matched}")
    yield _line("last known", alert.nearest)
    yield _line("since", safe.clock(alert.at, tz) if alert.kind is AlertKind.INCIDENT else "")
    yield _line("published", safe.clock(alert.published_at, tz) if alert.published_at else "")
    yield Line(label="link", text=safe.url(alert.url), link=True)
    yield from _listed("readers", alert.said, _NEWS)


def _line(label: str, said: str) -> Line:
    return Line(label=label, text=safe.line(said, _LINE))


def _listed(label: str, said: Sequence[str], most: int, before: str = "") -> Iterator[Line]:
    for number, one in enumerate(said[:most]):
        text = safe.line(one, _LINE)
        yield Line(label=label if number == 0 else "", text=before + text if text else "")
    if len(said) > most:
        yield Line(label="", text=f"and {len(said) - most} more")


def _item(number: str, item: DigestItem, tz: dt.tzinfo) -> Iterator[Line]:
    """A development in a digest: headline, what is new, then id, who, when and why here on one line."""
    weight = _WEIGHTS[item.weight]
    headline = _marked(item.headline, item.lang) or words.NO_HEADLINE
    yield Line(label=number, text=f"{weight}: {headline}" if weight else headline)
    yield from _listed("", item.news, _ITEM_NEWS, "• ")
    names, at = safe.line(", ".join(item.publishers), _LINE // 2), safe.clock(item.at, tz) if item.at else ""
    parts = (safe.line(item.ref, 40), names, at, safe.line(item.why, _LINE // 4))
    yield Line(label="", text=" · ".join(safe.unique(parts)))
    yield Line(label="", text=safe.url(item.url), link=True)


def _marked(text: str, lang: str) -> str:
    clean = safe.line(text, _HEADLINE)
    return " ".join(safe.unique((clean, words.language(safe.line(lang, 12))))) if clean else ""


def _told_by(alert: Alert) -> str:
    if not alert.publishers:
        return ""
    wires = f", crediting {', '.join(alert.credits)}" if alert.credits else ""
    newsrooms = f"{alert.independent} independent newsroom{'s' if alert.independent != 1 else ''}"
    articles = words.counted(alert.articles, "article") if alert.articles > 1 else ""
    return " · ".join(
        safe.unique((", ".join(alert.publishers) + wires, newsrooms if alert.independent else "", articles))
    )
