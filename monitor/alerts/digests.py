"""Many developments as one digest: its items, its messages, and the keys that let it go out once.

It never leaves a development out: what does not fit into one message goes into the next part.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from monitor.alerts import compose, hours, items, notices, release, rules
from monitor.alerts.policy import GIVEN_UP, Policy
from monitor.entities import Account, Alert, AlertKind, Destination, DigestItem, OutboxId, OutboxRow, OutboxState
from monitor.ports import OutboxTx, Tx
from monitor.settings import zone

_DAILY = "daily:"
"""Keys in ``meta`` of the last daily hour that a destination had."""
_NEWS = frozenset({AlertKind.STORY, AlertKind.DEVELOPMENT, AlertKind.DIGEST})
LOST_FOR = dt.timedelta(days=14)
"""What expired longer ago is told in no digest any more; a row waits three days by default."""


def put(
    tx: OutboxTx,
    destination: Destination,
    plan: release.Plan,
    policy: Policy,
    now: dt.datetime,
    *,
    render: Callable[[Alert], str],
) -> int:
    """What the plan puts together, and what expired unsent, as one digest of pending rows; how many messages it took.

    In the transaction that it is given: a row either waits, or stands in exactly one digest.
    """
    lost = lost_at(tx, destination, policy, now)
    why = {**plan.why, **{row.id: release.EXPIRED for row in lost}}
    rows = (*plan.digest, *lost)
    told = _messages(destination, rows, why, policy, now, link=tx.link)
    day = now.astimezone(zone(policy.zone)).date()
    for part, (alert, its_rows) in enumerate(told, start=1):
        row = tx.enqueue(
            alert,
            dedup_key=f"digest:{destination}:{day}:{plan.window}:{rows[0].id}:{part}",
            state=OutboxState.PENDING,
            due_at=now,
            now=now,
            expires_at=now + policy.expires,
            payload=render(alert),
        )
        for one in its_rows:
            state = OutboxState.MERGED if one.state is OutboxState.HELD else one.state
            tx.update_outbox(replace(one, state=state, merged_into=row))
    return len(told)


def retold(
    account: Account, policy: Policy, *, publisher: str, at: dt.datetime
) -> tuple[DigestItem, Sequence[Destination]]:
    """A development of the past as a digest lists it, and where."""
    assert account.detection is not None, "only what is a development is told"
    weight = account.detection.weight
    item = DigestItem(
        ref=f"d{account.development}", headline=account.title, weight=weight, news=compose.news(account.detection),
        publishers=(publisher,), url=account.url, at=at, why="taken in as history",
    )  # fmt: skip
    return item, rules.route(account.matches, policy, weight)


def history(
    tx: OutboxTx, destination: Destination, found: Sequence[DigestItem], policy: Policy, now: dt.datetime
) -> int:
    """What a backfill found and is asked to tell, as one digest that waits for its turn; how many messages it takes."""
    parts = items.split(found)
    day = now.astimezone(zone(policy.zone)).date()
    for number, part in enumerate(parts, start=1):
        alert = Alert(
            destination=destination,
            kind=AlertKind.DIGEST,
            ref="",
            headline=_headline(len(found), day, number, len(parts), what="development of the past"),
            at=now,
            weight=rules.heavier(*(item.weight for item in part)),
            items=part,
        )
        _hold(tx, alert, f"history:{destination}:{now.isoformat()}:{number}", policy, now)
    return len(parts)


def daily(tx: Tx, destination: Destination, policy: Policy, *, feeds: int, now: dt.datetime) -> None:
    """Once a local day, at the digest's hour or at the first start after it: what expired, or that nothing happened."""
    at = hours.latest(policy.digest_at, zone(policy.zone), now)
    if tx.meta(_DAILY + destination) == at.isoformat():
        return
    tx.set_meta(_DAILY + destination, at.isoformat())
    waiting = tx.outbox(states=(OutboxState.HELD, OutboxState.PENDING, OutboxState.UNKNOWN), destination=destination)
    if any(row.digest and row.due_at <= now for row in waiting):
        return  # the digest of this hour lists what expired
    if lost := lost_at(tx, destination, policy, now):
        why = dict.fromkeys((row.id for row in lost), release.EXPIRED)
        for part, (alert, rows) in enumerate(_messages(destination, lost, why, policy, now, link=tx.link)):
            listed = _hold(tx, alert, f"expired:{destination}:{lost[0].id}:{part}", policy, now)
            for row in rows:
                tx.update_outbox(replace(row, merged_into=listed))
    elif policy.all_quiet and _was_quiet(tx, destination, waiting, since=at - dt.timedelta(days=1)):
        notices.all_quiet(tx, destination, policy, feeds=feeds, now=now)


def _was_quiet(tx: OutboxTx, destination: Destination, waiting: Sequence[OutboxRow], *, since: dt.datetime) -> bool:
    """Whether a whole day of the watch brought nothing."""
    began = tx.outbox_of(compose.dedup_key(destination, AlertKind.START, None, ()))
    told = tx.sent_since(destination, since)
    return (
        began is not None
        and began.created_at <= since
        and not any(row.alert.kind in _NEWS for row in (*told, *waiting))
    )


def _hold(tx: OutboxTx, alert: Alert, key: str, policy: Policy, now: dt.datetime) -> OutboxId | None:
    return tx.enqueue(
        alert, dedup_key=key, state=OutboxState.HELD, due_at=now, now=now, expires_at=now + policy.expires
    )


def lost_at(tx: OutboxTx, destination: Destination, policy: Policy, now: dt.datetime) -> tuple[OutboxRow, ...]:
    """Developments that could not be told here in time, and that no digest has listed yet; none given up by hand.

    What was meant for a place that the configuration names no more is told at the default one.
    """
    named = policy.destinations()
    return tuple(
        row
        for row in tx.unlisted(now - LOST_FOR)
        if row.alert.destination == destination
        or (destination == policy.default and row.alert.destination not in named)
        if row.error not in GIVEN_UP and (_listed(row, now) if row.alert.items else row.alert.developments)
    )


def _listed(row: OutboxRow, now: dt.datetime) -> list[DigestItem]:
    """What a digest that expired would have told, as the next one tells it; what is older than all that is told not."""
    return [
        replace(item, why=release.EXPIRED) for item in row.alert.items if item.at is None or item.at >= now - LOST_FOR
    ]


def _messages(
    destination: Destination,
    rows: Sequence[OutboxRow],
    why: Mapping[OutboxId, str],
    policy: Policy,
    now: dt.datetime,
    *,
    link: Callable[[str], str],
) -> list[tuple[Alert, list[OutboxRow]]]:
    """The alerts of a digest, each with the rows it tells; each story is told once, by all its rows together."""
    groups: dict[DigestItem, list[OutboxRow]] = {}
    for group in release.by_story(rows):
        alert = compose.merge([row.alert for row in group])
        told = _listed(group[0], now) if alert.items else [_item(alert, why.get(group[0].id, ""), link)]
        for item in told:
            groups.setdefault(item, []).extend(group)
    by_age = sorted(groups, key=lambda item: (item.at or now, item.ref))
    parts = items.split(by_age)
    day = now.astimezone(zone(policy.zone)).date()
    return [
        (
            Alert(
                destination=destination,
                kind=AlertKind.DIGEST,
                ref="",
                headline=_headline(len(groups), day, number, len(parts)),
                at=now,
                developments=tuple(
                    sorted({one for item in part for row in groups[item] for one in row.alert.developments})
                ),
                weight=rules.heavier(*(item.weight for item in part)),
                items=part,
            ),
            [row for item in part for row in groups[item]],
        )
        for number, part in enumerate(parts, start=1)
    ]


def _item(alert: Alert, why: str, link: Callable[[str], str]) -> DigestItem:
    return DigestItem(
        ref=alert.ref,
        headline=alert.headline,
        lang=alert.lang,
        weight=alert.weight,
        news=alert.news,
        publishers=alert.publishers,
        url=link(alert.url) or alert.url,
        at=alert.published_at or alert.at,
        why=why,
    )


def _headline(count: int, day: dt.date, number: int, parts: int, *, what: str = "development") -> str:
    what = f"{count} {what if count == 1 else what.replace('development', 'developments')}"
    part = f" ({number}/{parts})" if parts > 1 else ""
    return f"Digest of {day:%-d %b %Y}: {what}{part}"
