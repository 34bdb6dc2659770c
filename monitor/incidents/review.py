"""The review: complaints of now against the incidents that stand. It decides what opens, goes on and closes.

It never opens a second incident for the same feed and kind, and never writes: ``App.review`` does, in one transaction.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from monitor.entities import Complaint, FeedId, Incident, IncidentKind
from monitor.incidents.words import span

CALM = dt.timedelta(minutes=30)
"""How long a trouble of polls must be gone until its incident closes: three polls of a feed asked every ten minutes."""
_FLICKERING = frozenset(
    {
        IncidentKind.UNREACHABLE,
        IncidentKind.CERTIFICATE,
        IncidentKind.BLOCKED,
        IncidentKind.RATE_LIMITED,
        IncidentKind.GONE,
        IncidentKind.NOT_A_FEED,
        IncidentKind.BROKEN,
        IncidentKind.EMPTY,
        IncidentKind.SILENT_ZERO,
    }
)
"""Kinds that a single poll ends: they close only after a calm, so that a flapping feed is told once."""
_BARREN = _FLICKERING | {IncidentKind.SILENT, IncidentKind.NOT_POLLED}
"""Kinds of a feed that brings nothing: where one gives way to another, nothing is well."""
_UNTOUCHED = "it is not polled any more"

_ENDINGS: Mapping[IncidentKind, str] = {
    IncidentKind.UNREACHABLE: "it answers again",
    IncidentKind.CERTIFICATE: "its certificate holds again",
    IncidentKind.BLOCKED: "it lets us in again",
    IncidentKind.RATE_LIMITED: "it is polled at its usual pace again",
    IncidentKind.GONE: "it answers again",
    IncidentKind.NOT_A_FEED: "it is a feed again",
    IncidentKind.BROKEN: "its documents are whole again",
    IncidentKind.EMPTY: "it brings entries again",
    IncidentKind.SILENT_ZERO: "the query finds something again",
    IncidentKind.FROZEN: "it brought something new",
    IncidentKind.SILENT: "it answers again",
    IncidentKind.NOT_POLLED: "it is polled again",
    IncidentKind.POSSIBLE_LOSS: "older pages joined what was held, or a week has passed",
    IncidentKind.RENAMED_IDS: "its ids stay again",
    IncidentKind.UNDATED: "its entries have dates again",
    IncidentKind.OTHER_LANGUAGE: "it speaks its language again",
    IncidentKind.MOVED: "the configuration and the feed agree again",
    IncidentKind.PUSH_UNRELIABLE: "pushes come again, or there is no subscription any more",
    IncidentKind.OWN_NETWORK: "something outside can be reached again; the feeds are asked anew",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """What a look at all feeds comes to: what to open, to write and to close, and what operators must hear now.

    ``kept`` are open incidents that were found again. ``told`` holds those of the opened and the kept ones that are
    worth a message and that nobody heard of; ``well`` those of the closed ones that were told and that are well again.
    """

    opened: tuple[tuple[FeedId | None, Complaint], ...] = ()
    kept: tuple[Incident, ...] = ()
    closed: tuple[Incident, ...] = ()
    told: tuple[tuple[FeedId | None, Complaint], ...] = ()
    well: tuple[Incident, ...] = ()


def review(held: Sequence[Incident], found: Mapping[FeedId | None, Sequence[Complaint]], now: dt.datetime) -> Review:
    """What opens, goes on and closes. ``held`` are the open incidents, ``found`` names every feed that is polled.

    One incident stands for a feed and a kind. While our own network is down no feed's incident moves; in the review
    that finds it well again none opens, since the feeds' failures are still those of the outage.
    """
    outage = next((one for one in held if one.feed_id is None and one.kind is IncidentKind.OWN_NETWORK), None)
    if None in found:
        found, held = {None: found[None]}, [one for one in held if one.feed_id is None]
    now_found = {(feed, said.kind): said for feed, wrong in found.items() for said in wrong}
    open_ = {(one.feed_id, one.kind): one for one in held}
    is_over = outage is not None and None not in found
    opened = () if is_over else tuple((key[0], said) for key, said in now_found.items() if key not in open_)
    kept = tuple(_again(one, now_found[key], now) for key, one in open_.items() if key in now_found)
    raised = ((key[0], now_found[key]) for key, one in open_.items() if key in now_found and not one.told)
    over = [one for key, one in open_.items() if key not in now_found and _is_over(one, found, now)]
    ended = [(_closed(one, found, now), _is_well(one, found)) for one in over]
    return Review(
        opened=opened,
        kept=kept,
        closed=tuple(one for one, _ in ended),
        told=tuple((feed, said) for feed, said in (*opened, *raised) if said.told),
        well=tuple(one for one, is_well in ended if is_well and one.told),
    )


def _again(incident: Incident, complaint: Complaint, now: dt.datetime) -> Incident:
    return replace(
        incident, sentence=complaint.sentence, updated_at=now, seen=incident.seen + 1,
        told=incident.told or complaint.told,
    )  # fmt: skip


def _is_over(incident: Incident, found: Mapping[FeedId | None, Sequence[Complaint]], now: dt.datetime) -> bool:
    if incident.kind not in _FLICKERING or incident.feed_id not in found:
        return True
    return now - incident.updated_at >= CALM


def _closed(incident: Incident, found: Mapping[FeedId | None, Sequence[Complaint]], now: dt.datetime) -> Incident:
    if incident.feed_id is not None and incident.feed_id not in found:
        ending = _UNTOUCHED
    elif instead := _instead(incident, found):
        ending = f"it is {instead} instead"
    else:
        ending = _ENDINGS[incident.kind]
    lasted = span(now - incident.opened_at)
    return replace(incident, closed_at=now, ending=f"{ending} ({incident.kind}, after {lasted})")


def _is_well(incident: Incident, found: Mapping[FeedId | None, Sequence[Complaint]]) -> bool:
    """Whether an incident that closes is good news: its feed is polled, and brings something."""
    return (incident.feed_id is None or incident.feed_id in found) and _instead(incident, found) is None


def _instead(incident: Incident, found: Mapping[FeedId | None, Sequence[Complaint]]) -> IncidentKind | None:
    """What keeps a feed from bringing anything now, where that is what the incident was about."""
    if incident.kind not in _BARREN:
        return None
    return next((said.kind for said in found.get(incident.feed_id, ()) if said.kind in _BARREN), None)
