"""What is forgotten, and when: raw bodies, and the details of what was never ours.

It never deletes an entry, its identity, an alert or anything on beat: what was seen stays seen, and told stays told.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import delete, select, update

from monitor.store import tables as t
from monitor.store.entries import COMPACT
from monitor.store.sql import SqlStore, SqlTx

BATCH = 5_000
"""Rows thinned in one transaction: a fraction of a second, so that a poll never waits long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionPolicy:
    """How long details are kept, from ``[retention]`` in ``config/monitor.toml``."""

    raw_bodies: dt.timedelta
    off_beat_accounts: dt.timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Pruned:
    """What a run forgot."""

    raw_bodies: int
    off_beat_accounts: int


def prune(store: SqlStore, now: dt.datetime, policy: RetentionPolicy) -> Pruned:
    """Forget what the policy lets go, in small transactions. Run twice, the second finds nothing."""
    with store.begin(exclusive=False) as tx:
        old = t.raw_body.c.at < now - policy.raw_bodies
        bodies = tx.connection.execute(delete(t.raw_body).where(old)).rowcount
    accounts = 0
    while True:
        with store.begin(exclusive=False) as tx:
            thinned = _thin(tx, now - policy.off_beat_accounts)
        accounts += thinned
        if thinned < BATCH:
            return Pruned(raw_bodies=bodies, off_beat_accounts=accounts)


def _thin(tx: SqlTx, before: dt.datetime) -> int:
    """Take the account from old off-beat entries: identity, title, URL, verdict, reason and times stay."""
    entry = t.entry.c
    old = (
        select(entry.id)
        .where(entry.verdict.in_(sorted(COMPACT)), entry.first_seen_at < before, entry.account.is_not(None))
        .limit(BATCH)
        .scalar_subquery()
    )
    return tx.connection.execute(update(t.entry).where(entry.id.in_(old)).values(account=None)).rowcount
