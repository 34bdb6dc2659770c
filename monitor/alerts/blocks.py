"""An alert as Slack's blocks and as plain text, within every limit of Slack's. Pure: it never speaks to Slack.

A message is read from the top: what it is in small print, the headline, what is new, and the rest in small print again.
Text from outside stands only in ``rich_text`` and ``plain_text`` elements, which Slack does not parse, or escaped.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

from monitor.alerts import items, kit, plain, words
from monitor.alerts.buttons import actions
from monitor.entities import Alert, AlertKind

_NEWS_SHOWN = (24, 16, 10, 6, 3, 1, 0)
"""Lines of news tried until the message fits: what is left out is counted in it, and ``monitor explain`` has it."""


def message(alert: Alert, tz: dt.tzinfo, *, buttons: bool = False) -> dict[str, Any]:
    """``text`` for the notification, ``blocks`` for the channel, ``plain`` for where Slack refuses the blocks.

    ``buttons``: somebody hears when one is pressed.
    """
    clean = words.cleaned(alert)
    under = actions(clean) if buttons else None
    return {
        "text": plain.notice(clean),
        "plain": plain.whole(clean, tz),
        "blocks": _fitted(clean, tz, [under] if under else []),
    }


def _fitted(alert: Alert, tz: dt.tzinfo, under: list[kit.Block]) -> list[kit.Block]:
    """Blocks within the limit: as many news lines as fit, the number of the rest said."""
    for shown in _NEWS_SHOWN:
        blocks = [*_blocks(alert, tz, shown), *under]
        if kit.fits(blocks):
            return blocks
    return [kit.rich(kit.lines([kit.text(alert.headline, bold=True)]))]


def _blocks(alert: Alert, tz: dt.tzinfo, shown: int) -> Iterator[kit.Block]:
    if above := words.eyebrow(alert, tz):
        yield kit.small(above)
    if alert.kind is AlertKind.DIGEST:
        yield kit.header(alert.headline)
        yield from _rich(*(kit.lines([kit.text(said)]) for said in words.body(alert)))
    else:
        yield kit.rich(*_top(alert, shown))
    yield from items.blocks(alert.items)
    for said in (*words.details(alert, tz), *alert.said):
        yield kit.small(said)


def _paragraph(said: str) -> list[kit.Piece]:
    if said.startswith(words.STANDS):
        return [kit.text(words.STANDS, bold=True), kit.text(said.removeprefix(words.STANDS))]
    return [kit.text(said)]


def _rich(*parts: Any) -> list[kit.Block]:
    return [kit.rich(*parts)] if parts else []


def _top(alert: Alert, shown: int) -> Iterator[Any]:
    """Headline, where the story stands now, what is new."""
    mark, behind = words.mark(alert), words.language(alert.lang) or words.ending(alert)
    first = [
        *([kit.text(f"{mark} ")] if mark else []),
        kit.link(alert.headline, alert.url, bold=True),
        *([kit.text(f" {behind}")] if behind else []),
    ]
    yield kit.lines(first, *(_paragraph(said) for said in words.body(alert)))
    if alert.news:
        yield kit.bullets(items.news(said) for said in words.news(alert, shown))
