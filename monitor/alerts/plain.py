"""An alert as text: one line for the notification, and the whole of it for where Slack refuses the blocks.

Slack parses its text, so here everything from outside is escaped. Pure: it never speaks to Slack.
"""

from __future__ import annotations

import datetime as dt
import re

from monitor.alerts import safe, words
from monitor.entities import Alert, DigestItem

LIMIT = 3_000
"""UTF-16 units of a text, of the 4,000 beyond which Slack parts it into several messages."""
_NOTICE = 500
"""... of a notification: a telephone shows 200."""
_URL = 800
"""... of a link: a longer one would leave no room for what is new."""
_NEWS = 10
_ITEM = 300
"""... of an item of a digest, where there is room."""


def notice(alert: Alert) -> str:
    """The notification, for an alert that is ``words.cleaned``."""
    first = next(iter(alert.news), "") if not alert.items else ""
    said = safe.line(" — ".join(safe.unique((_headline(alert), first))), _NOTICE)
    return escaped(said)


def whole(alert: Alert, tz: dt.tzinfo) -> str:
    """All of an alert that is ``words.cleaned``: what does not fit is left out line by line, a digest's items never."""
    url = alert.url.replace("&", "&amp;")
    last = [url if safe.size(url) <= _URL else "", *map(escaped, (*words.details(alert, tz), *alert.said))]
    headline = escaped(_headline(alert))
    left = LIMIT - sum(safe.size(line) + 1 for line in (headline, *last))
    items = [_item(one, left // len(alert.items) - 1) for one in alert.items]
    left -= sum(safe.size(line) + 1 for line in items)
    above = escaped(words.eyebrow(alert, tz))
    body, news = map(escaped, words.body(alert)), (f"• {escaped(said)}" for said in words.news(alert, _NEWS))
    kept: dict[str, list[str]] = {}
    for place, lines in (("above", [above]), ("body", body), ("news", news)):
        for line in lines:
            if line and safe.size(line) < left:
                kept.setdefault(place, []).append(line)
                left -= safe.size(line) + 1
    order = (*kept.get("above", ()), headline, *kept.get("body", ()), *items, *kept.get("news", ()), *last)
    return "\n".join(line for line in order if line)


def _item(one: DigestItem, room: int) -> str:
    """An item of a digest within its share of the room, its id never cut."""
    headline = " ".join(safe.unique((words.MARKS[one.weight], one.headline, words.language(one.lang))))
    about = ": ".join(safe.unique((headline, "; ".join(one.news))))
    limit = min(room, _ITEM) - safe.size(one.ref) - 3
    while safe.size(shown := escaped(safe.cut(about, limit))) > max(limit, 0):  # escaping makes it longer
        about = safe.cut(about, safe.size(about) * 3 // 4)
    return f"• {shown} {escaped(one.ref)}"


def _headline(alert: Alert) -> str:
    return " ".join(safe.unique((words.mark(alert), alert.headline, words.language(alert.lang), words.ending(alert))))


def escaped(text: str) -> str:
    """Text as Slack shows it literally: its three control characters escaped, ``:names:`` and bare links broken up."""
    plain = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r":(?=//|[^\s:]{1,80}:)", ":\u2060", plain)
