"""An alert as Slack's blocks and as plain text, within every limit of Slack's. Pure: it never speaks to Slack.

Text from outside stands only in ``rich_text`` and ``plain_text`` elements, which Slack does not parse, or escaped.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from monitor.alerts import safe
from monitor.entities import Alert, AlertKind, AlertTopic, Weight

# Slack's limits, each with room to spare (docs.slack.dev, checked against the fakes in tests).
_TEXT = 3_000  # of 4,000 characters; beyond those Slack parts the text into several messages
_ELEMENT = 2_800  # of 3,000 characters of one text
_BLOCKS = 12_000  # of about 13,000 characters of all blocks, counted as JSON
_HEADLINE, _LINE, _NAME, _TOPICS, _WORD = 300, 280, 80, 6, 40


def message(alert: Alert, tz: dt.tzinfo) -> dict[str, Any]:
    """``text`` for the notification, ``blocks`` for the channel, ``plain`` for where Slack refuses the blocks."""
    clean = replace(
        alert,
        headline=safe.line(alert.headline, _HEADLINE),
        news=safe.unique(safe.line(said, _LINE) for said in alert.news),
        publishers=safe.unique(safe.line(name, _NAME) for name in alert.publishers),
        credits=safe.unique(safe.line(name, _NAME) for name in alert.credits),
        nearest=safe.line(alert.nearest, _LINE),
        ref=safe.line(alert.ref, _NAME),
        text=safe.line(alert.text, _ELEMENT // 2),
        url=safe.url(alert.url),
    )
    return {"text": _notice(clean), "plain": _plain(clean, tz), "blocks": _fitted(clean, tz)}


def _fitted(alert: Alert, tz: dt.tzinfo) -> list[dict[str, Any]]:
    """Blocks within the limit: as many news lines as fit, the number of the rest said."""
    for shown in (24, 16, 10, 6, 3, 1, 0):
        blocks = _blocks(alert, tz, shown)
        if safe.size(json.dumps(blocks, ensure_ascii=False)) <= _BLOCKS:
            return blocks
    return [_rich(_lines([_text(alert.headline or "(no headline)", bold=True)]))]


def _blocks(alert: Alert, tz: dt.tzinfo, shown: int) -> list[dict[str, Any]]:
    label = _title(alert)
    top = [_text(label)] if label else []
    top.append(_text(alert.headline or "(no headline)", bold=True))
    top += [_text(alert.text)] if alert.text else []
    news = _news(alert, shown)
    if news and alert.kind is not AlertKind.NOTICE:
        top.append(_text("What is new:", bold=True))
    parts: list[dict[str, Any]] = [_lines(*([element] for element in top))]
    if news:
        parts.append(
            {"type": "rich_text_list", "style": "bullet", "elements": [_lines([_text(line)]) for line in news]}
        )
    facts = [[_text(f"{label}: ", bold=True), _text(said)] for label, said in _facts(alert)]
    if alert.url:
        facts.append([{"type": "link", "url": alert.url, "text": _link_label(alert)}])
    if facts:
        parts.append(_lines(*facts))
    foot = {"type": "plain_text", "text": _foot(alert, tz), "emoji": False}
    return [_rich(*parts), {"type": "context", "elements": [foot]}]


def _title(alert: Alert) -> str:
    kinds = {
        AlertKind.STORY: "New story",
        AlertKind.DEVELOPMENT: "Development",
        AlertKind.START: "",
        AlertKind.NOTICE: "",
    }
    major = alert.weight is Weight.MAJOR and alert.story is not None
    return " · ".join(safe.unique((kinds[alert.kind], "major" if major else "")))


def _news(alert: Alert, shown: int) -> list[str]:
    rest = len(alert.news) - shown
    if rest <= 0:
        return list(alert.news)
    return [*alert.news[:shown], f"and {rest} more, see: monitor explain {alert.ref}"]


def _facts(alert: Alert) -> Iterator[tuple[str, str]]:
    """Label and text of who says so, which topic and why, and what was known."""
    if alert.publishers:
        names = safe.line(", ".join(alert.publishers), _LINE)
        wires = safe.line(", ".join(alert.credits), _LINE // 2)
        count = f"{alert.independent} independent newsroom{'' if alert.independent == 1 else 's'}"
        yield "Told by", " · ".join(safe.unique((names, f"credits {wires}" if wires else "", count)))
    for topic in alert.topics[:_TOPICS]:
        yield "Topic", _topic(topic)
    if len(alert.topics) > _TOPICS:
        yield "Topic", f"and {len(alert.topics) - _TOPICS} more"
    if alert.nearest:
        yield "Earlier record", alert.nearest


def _topic(topic: AlertTopic) -> str:
    words = ", ".join(safe.line(word, _WORD) for word in topic.words[:_TOPICS])
    return f"{safe.line(topic.name, _NAME)} {topic.score:.2f}" + (f" ({words})" if words else "")


def _link_label(alert: Alert) -> str:
    return f"Read at {alert.publishers[0]}" if alert.publishers else "Read"


def _foot(alert: Alert, tz: dt.tzinfo) -> str:
    published = f"published {safe.clock(alert.published_at, tz)}" if alert.published_at else safe.clock(alert.at, tz)
    return published + (f" · monitor explain {alert.ref}" if alert.ref else "")


def _text(text: str, *, bold: bool = False) -> dict[str, Any]:
    return {"type": "text", "text": text, **({"style": {"bold": True}} if bold else {})}


def _lines(*lines: list[dict[str, Any]]) -> dict[str, Any]:
    """One section with its line breaks in it: whether two sections stand under each other is the client's choice."""
    elements: list[dict[str, Any]] = []
    for line in lines:
        elements += [*([_text("\n")] if elements else []), *(part for part in line if part["text"])]
    return {"type": "rich_text_section", "elements": elements}


def _rich(*parts: dict[str, Any]) -> dict[str, Any]:
    return {"type": "rich_text", "elements": list(parts)}


def _notice(alert: Alert) -> str:
    """The notification: one line, escaped, since Slack parses it."""
    first = next(iter(alert.news), "")
    return _escaped(safe.line(" — ".join(safe.unique((alert.headline, first))), 500)) or "(no headline)"


def _plain(alert: Alert, tz: dt.tzinfo) -> str:
    """The whole alert as text without blocks: what is posted where Slack refuses the blocks."""
    url = alert.url.replace("&", "&amp;")
    last = [_escaped(_foot(alert, tz)), url if safe.size(url) <= _TEXT // 4 else ""]
    lines = [" · ".join(safe.unique((_title(alert), alert.headline))), safe.line(alert.text, _LINE)]
    lines += [f"• {line}" for line in _news(alert, 10)] + [f"{label}: {said}" for label, said in _facts(alert)]
    kept = ""
    for line in lines:
        ours = _escaped(line)
        if ours and safe.size(kept) + safe.size(ours) + sum(map(safe.size, last)) + 4 <= _TEXT:
            kept += ours + "\n"
    return (kept + "\n".join(part for part in last if part)).strip() or "(no headline)"


def _escaped(text: str) -> str:
    """Text as Slack shows it literally: its three control characters escaped, ``:names:`` and bare links broken up."""
    plain = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r":(?=//|[^\s:]{1,80}:)", ":\u2060", plain)
