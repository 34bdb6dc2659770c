"""What the head of a feed document says of the feed: name, language, pace, further pages, hubs.

Never decides whether to follow any of it: these are the publisher's hints.
"""

from __future__ import annotations

import datetime as dt
from urllib.parse import urljoin

from lxml import etree

from monitor.clean.text import plain_title
from monitor.clean.urls import is_url
from monitor.entities import Fetched
from monitor.sources.documents import BASE_LONGEST, address, local, space, text_of
from monitor.sources.items import ATOM, OWN, RSS_SPACES

_HISTORY = "http://purl.org/syndication/history/1.0"
_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
# sy:updatePeriod as publishers write it; ``always`` asks for nothing.
_HOURS = {"always": 0, "hourly": 1, "daily": 24, "dayly": 24, "weekly": 168, "monthly": 720, "yearly": 8760}
_PACE = ("{*}ttl", "{*}updatePeriod", "{*}updateperiod", "{*}updateFrequency", "{*}updatefrequency")
_LONGEST = 100_000.0  # minutes, ten weeks: a hint beyond it is a slip
_RESTS_MOST = 31  # hours or days named; the specification ends at 24 and 7


def channel_of(root: etree._Element) -> etree._Element:
    """The element that holds the head: RSS's channel, or Atom's root."""
    return next(root.iter("{*}channel"), root)


def base_of(channel: etree._Element, fetched: Fetched) -> str:
    """The address that relative links start from."""
    own = fetched.final_url or fetched.url
    for child in channel.iterchildren("{*}link"):
        if space(child) in RSS_SPACES and is_url(text_of(child)):
            return text_of(child) if len(text_of(child)) <= BASE_LONGEST else own
    around = channel.base or ""
    return _joined(own, around) if len(around) <= BASE_LONGEST else own


def title(channel: etree._Element) -> str:
    """The feed's own name."""
    return plain_title(
        text_of(next((child for child in channel.iterchildren("{*}title") if space(child) in OWN), None))
    )


def language(root: etree._Element, channel: etree._Element) -> str:
    """The language the document says it is in."""
    named = next((text_of(child) for child in channel.iterchildren("{*}language")), "")
    return (named or root.get(_LANG, "")).casefold()


def ttl(channel: etree._Element) -> dt.timedelta | None:
    """How long the publisher says a copy stays fresh (``ttl``, else ``sy:``); a hint that ``schedule`` clamps."""
    said = {local(child).casefold(): text_of(child).casefold() for child in channel.iterchildren(*_PACE)}
    minutes = _number(said.get("ttl", ""))
    if minutes is None:
        hours = _HOURS.get(said.get("updateperiod", ""))
        if hours is None:
            return None
        # Ten times an hour, or (0.1) every ten hours; 0, nothing and garbage say as little as no frequency.
        minutes = hours * 60 / max(_number(said.get("updatefrequency", "")) or 1.0, 1e-6)
    return dt.timedelta(minutes=min(minutes, _LONGEST))


def rests(channel: etree._Element) -> str:
    """The hours (GMT) and days in which the publisher wants no poll, in words."""
    said = []
    for group, name in (("skipHours", "hour"), ("skipDays", "day")):
        for found in channel.iterchildren("{*}" + group):
            values = [text_of(child) for child in found if local(child).casefold() == name]
            if values:
                said.append(f"{group} {','.join(values[:_RESTS_MOST])} GMT")
    return "; ".join(said)


def older(root: etree._Element, channel: etree._Element, base: str) -> str:
    """The page before this document (RFC 5005): an archive's ``prev-archive``, else a paged feed's ``next``.

    A document marked ``fh:complete`` is all there is: nothing stands before it.
    """
    heads = (channel,) if channel is root else (channel, root)
    if any(next(head.iterchildren(f"{{{_HISTORY}}}complete"), None) is not None for head in heads):
        return ""
    return _linked(channel, "prev-archive", base) or _linked(channel, "next", base)


def hub(channel: etree._Element, base: str) -> tuple[str, str]:
    """The hub that pushes what is new in this feed (WebSub), and the address it knows the feed by."""
    return _linked(channel, "hub", base), _linked(channel, "self", base)


def _linked(channel: etree._Element, relation: str, base: str) -> str:
    for child in channel.iterchildren(f"{{{ATOM}}}link"):
        if relation in child.get("rel", "").casefold().split():
            found = address(_joined(base, child.base or ""), child.get("href", ""))
            if found:
                return found
    return ""


def _number(text: str) -> float | None:
    """A number above zero; None for anything else."""
    try:
        found = float(text)
    except ValueError:
        return None
    return found if 0 < found < float("inf") else None


def _joined(base: str, around: str) -> str:
    try:
        return urljoin(base, around)
    except ValueError:  # no address at all: ``https://[``
        return base
