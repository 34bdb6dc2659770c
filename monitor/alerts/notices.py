"""Words of our own: the start, notices to the operators, incidents of feeds, the breaker, the quiet day.

They tell of no news. An incident is one message from its first to its last day: it is edited until it clears.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from monitor.alerts import compose
from monitor.alerts.policy import Policy
from monitor.entities import (
    Alert,
    AlertKind,
    Channel,
    Complaint,
    Destination,
    FeedId,
    Incident,
    IncidentId,
    IncidentKind,
    OutboxId,
    OutboxRow,
    OutboxState,
)
from monitor.incidents import Review
from monitor.ports import OutboxTx, Tx
from monitor.settings import zone

Ids = Mapping[tuple[FeedId | None, IncidentKind], IncidentId]

TOGETHER = 3
"""Incidents of one review that are told one by one; more are one message, which lists them."""
LISTED = 20
"""Feeds named in one message: more is a table, and ``monitor incidents`` shows it."""
EDIT_WAIT = dt.timedelta(minutes=15)
"""An incident that goes on says so by an edit at most so often: its sentence counts attempts."""
HERE = "this machine"

TITLES: Mapping[IncidentKind, str] = {
    IncidentKind.UNREACHABLE: "cannot be reached",
    IncidentKind.CERTIFICATE: "certificate not valid",
    IncidentKind.BLOCKED: "blocks us",
    IncidentKind.RATE_LIMITED: "wants a slower pace",
    IncidentKind.GONE: "gone for good",
    IncidentKind.NOT_A_FEED: "is no feed any more",
    IncidentKind.BROKEN: "broken documents",
    IncidentKind.EMPTY: "empty",
    IncidentKind.SILENT_ZERO: "query finds nothing",
    IncidentKind.FROZEN: "nothing new for too long",
    IncidentKind.SILENT: "no good answer",
    IncidentKind.NOT_POLLED: "not polled",
    IncidentKind.POSSIBLE_LOSS: "entries may have been missed",
    IncidentKind.RENAMED_IDS: "changes its ids",
    IncidentKind.UNDATED: "entries without dates",
    IncidentKind.OTHER_LANGUAGE: "speaks another language",
    IncidentKind.MOVED: "has moved",
    IncidentKind.PUSH_UNRELIABLE: "its hub does not push",
    IncidentKind.OWN_NETWORK: "no network",
}
"""What is wrong, in the fewest words."""


# ------------------------------------------------------------------------------------------- the house


def announce(tx: OutboxTx, policy: Policy, *, feeds: int, now: dt.datetime) -> None:
    """Say once, at every destination, that the watch has begun. A row that stands already is not sent again."""
    for destination in policy.destinations():
        alert = Alert(
            destination=destination,
            kind=AlertKind.START,
            ref="",
            headline=f"Watching {_counted(feeds, 'feed')}; alerts start now",
            at=now,
            text="What is in the feeds already is the baseline: it is stored, and told to nobody.",
        )
        _put(tx, alert, compose.dedup_key(destination, AlertKind.START, None, ()), policy, now)


def notify(tx: OutboxTx, policy: Policy, *, key: str, headline: str, text: str, now: dt.datetime) -> None:
    """One notice to the operators; ``key`` names its occasion, and one of the same occasion stands only once."""
    if policy.operators is not None:
        alert = Alert(destination=policy.operators, kind=AlertKind.NOTICE, ref="", headline=headline, at=now, text=text)
        _put(tx, alert, f"notice:{policy.operators}:{key}", policy, now)


def channel_broken(tx: OutboxTx, policy: Policy, channel: Channel, *, now: dt.datetime) -> None:
    """Tell the operators, elsewhere, that a destination refuses its alerts: once for as long as it does."""
    if channel.destination == policy.operators or channel.broken_since is None:
        return
    said = channel.broken.partition(": ")[2]
    notify(
        tx,
        policy,
        key=f"broken|{channel.destination}|{channel.broken_since.isoformat()}",
        headline=f"{channel.destination} takes no alerts: {said}",
        text="They wait, and go out when it does again. Nothing else is held up.",
        now=now,
    )


def breaker(tx: OutboxTx, destination: Destination, policy: Policy, *, until: dt.datetime, now: dt.datetime) -> None:
    """Say at the destination itself that the breaker fell, and when the digest comes."""
    window = round(policy.breaker_window.total_seconds() / 60)
    alert = Alert(
        destination=destination,
        kind=AlertKind.NOTICE,
        ref="",
        headline=f"Too much at once: the rest comes as a digest at {until.astimezone(zone(policy.zone)):%H:%M}",
        at=now,
        text=f"More than {policy.breaker_alerts} alerts in {window} minutes. Urgent news still comes at once; "
        "nothing is lost.",
    )
    _put(tx, alert, f"breaker:{destination}:{until.isoformat()}", policy, now)


def all_quiet(tx: OutboxTx, destination: Destination, policy: Policy, *, feeds: int, now: dt.datetime) -> None:
    """Say once for this local day that it brought nothing."""
    day = now.astimezone(zone(policy.zone)).date()
    alert = Alert(
        destination=destination,
        kind=AlertKind.QUIET,
        ref="",
        headline="All quiet",
        at=now,
        text=f"Nothing new in the last 24 hours. {_counted(feeds, 'feed')} watched.",
    )
    _put(tx, alert, f"quiet:{destination}:{day}", policy, now)


# ------------------------------------------------------------------------------------------- incidents


def report(tx: Tx, policy: Policy, review: Review, ids: Ids, *, now: dt.datetime) -> None:
    """Tell the operators of what opened, and let the messages of what goes on or closed say so.

    ``ids`` names every incident that the review opened or kept.
    """
    if policy.operators is None:
        return
    told = [
        (ids[feed, complaint.kind], _incident(policy.operators, feed, complaint, now))
        for feed, complaint in review.told
    ]
    if len(told) > TOGETHER:
        _tell_together(tx, policy, told, now)
    else:
        for incident, alert in told:
            _put(tx, alert, incident_key(policy.operators, incident), policy, now)
    for one in review.kept:
        _go_on(tx, policy.operators, one, now)
    lists = {_close(tx, policy.operators, one, now) for one in review.closed}
    for listed in filter(None, lists):
        _shorten(tx, policy.operators, listed, now)


def incident_key(destination: Destination, incident: IncidentId) -> str:
    """The key of an incident's message."""
    return f"incident:{destination}:{incident}"


def _incident(destination: Destination, feed: FeedId | None, complaint: Complaint, now: dt.datetime) -> Alert:
    return Alert(
        destination=destination,
        kind=AlertKind.INCIDENT,
        ref="",
        headline=f"{feed or HERE}: {TITLES[complaint.kind]}",
        at=now,
        text=complaint.sentence,
    )


def _tell_together(tx: OutboxTx, policy: Policy, told: Sequence[tuple[IncidentId, Alert]], now: dt.datetime) -> None:
    """Many at once as one message; each keeps a row of its own, merged into it, to be found by when it clears."""
    assert policy.operators is not None
    alert = Alert(
        destination=policy.operators,
        kind=AlertKind.INCIDENT,
        ref="",
        headline=_needed(_feeds(one for _, one in told), "need"),
        at=now,
        news=_listed([_line(one) for _, one in told]),
        text="What to do about each: monitor incidents",
    )
    first = _put(tx, alert, f"incidents:{policy.operators}:{told[0][0]}", policy, now)
    for incident, one in told:
        row = _put(tx, one, incident_key(policy.operators, incident), policy, now)
        held = tx.outbox_row(row) if row is not None else None
        if held is not None and first is not None:
            tx.update_outbox(replace(held, state=OutboxState.MERGED, merged_into=first))


def _go_on(tx: OutboxTx, destination: Destination, incident: Incident, now: dt.datetime) -> None:
    """What is known of it now; of many told together the list is not edited for this."""
    row = tx.outbox_of(incident_key(destination, incident.id))
    if row is not None and row.alert.text != incident.sentence and row.merged_into is None:
        tx.rewrite(
            row.id, replace(row.alert, text=incident.sentence, changed_at=now), edit_due_at=_at(row, now + EDIT_WAIT)
        )


def _close(tx: OutboxTx, destination: Destination, incident: Incident, now: dt.datetime) -> OutboxId | None:
    """Its message says that it is over; among many told together its line does, and this is the list's row."""
    row = tx.outbox_of(incident_key(destination, incident.id))
    if row is None:
        return None
    listed = tx.outbox_row(row.merged_into) if row.merged_into is not None else None
    if listed is None:
        over = replace(row.alert, over=True, changed_at=now, news=(incident.ending,))
        tx.rewrite(row.id, over, edit_due_at=_at(row, now))
        return None
    name = f"{row.alert.headline}. "
    if any(line.startswith(name) for line in listed.alert.news):
        ended = f"{row.alert.headline}: over, {incident.ending}"
        news = tuple(ended if line.startswith(name) else line for line in listed.alert.news)
        tx.rewrite(listed.id, replace(listed.alert, news=news))
    return listed.id


def _shorten(tx: Tx, destination: Destination, listed: OutboxId, now: dt.datetime) -> None:
    """The message that told many together says how many of them are left."""
    rows = [tx.outbox_of(incident_key(destination, one.id)) for one in tx.incidents()]
    left = _feeds(row.alert for row in rows if row is not None and row.merged_into == listed)
    held = tx.outbox_row(listed)
    assert held is not None
    said = _needed(left, "still need") if left else "All of them are well"
    alert = replace(held.alert, headline=said, over=not left, changed_at=now)
    tx.rewrite(listed, alert, edit_due_at=_at(held, now))


def _at(row: OutboxRow, when: dt.datetime) -> dt.datetime | None:
    """When the message is to be edited; nothing where there is none yet, since what it says is read as it goes out."""
    return when if row.state not in {OutboxState.HELD, OutboxState.MERGED} else None


def _line(alert: Alert) -> str:
    """What is wrong, without what to do about it: that would hide the list."""
    return f"{alert.headline}. {alert.text.partition('. ')[0]}"


def _feeds(alerts: Iterable[Alert]) -> int:
    """How many feeds these incidents are of."""
    return len({alert.headline.partition(": ")[0] for alert in alerts})


def _needed(feeds: int, need: str) -> str:
    return f"{_counted(feeds, 'feed')} {need}{'s' if feeds == 1 else ''} a look"


def _listed(lines: Sequence[str]) -> tuple[str, ...]:
    more = len(lines) - LISTED
    return (*lines[:LISTED], *([f"… and {more} more: monitor incidents"] if more > 0 else []))


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _put(tx: OutboxTx, alert: Alert, key: str, policy: Policy, now: dt.datetime) -> OutboxId | None:
    return tx.enqueue(
        alert, dedup_key=key, state=OutboxState.HELD, due_at=now, now=now, expires_at=now + policy.expires
    )
