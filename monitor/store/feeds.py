"""Feeds, what is remembered of them, who polls them now, and their raw bodies.

It never decides when a feed is due: it compares times that ``schedule`` wrote.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import zlib
from collections.abc import Mapping, Sequence

from sqlalchemy import Integer, bindparam, func, or_, select, update

from monitor.entities import Article, Feed, FeedId, FeedState, Fetched
from monitor.store import tables as t
from monitor.store.codec import Codec
from monitor.store.session import Part, Session, among, inserting, on_both

FEED = Codec(Feed)
STATE = Codec(FeedState)
FETCHED = Codec(Fetched, columns=("body",))

HELD = select(func.count()).where(t.feed.c.id == bindparam("feed"))
"""Built once, as whatever each poll asks: making a statement costs more than running it."""
GHOST = on_both(lambda dialect: inserting(t.feed, dialect).on_conflict_do_nothing())
ONE_STATE = select(t.feed_state.c.state).where(t.feed_state.c.feed_id == bindparam("feed"))
RELEASE = (
    update(t.feed_state)
    .where(t.feed_state.c.feed_id == bindparam("feed"), t.feed_state.c.leased_by == bindparam("owner"))
    .values(leased_by=None, leased_until=None)
)
DUE = on_both(
    lambda dialect: (
        select(t.feed_state.c.feed_id)
        .where(among(t.feed_state.c.feed_id, dialect), t.feed_state.c.paused.is_(False))
        .where(or_(t.feed_state.c.next_poll_at.is_(None), t.feed_state.c.next_poll_at <= bindparam("now")))
        .where(or_(t.feed_state.c.leased_until.is_(None), t.feed_state.c.leased_until <= bindparam("now")))
        .order_by(t.feed_state.c.next_poll_at.asc().nulls_first(), t.feed_state.c.feed_id)
        .limit(bindparam("most", type_=Integer()))
        .with_for_update(skip_locked=True)
    )
)
CLAIM = on_both(
    lambda dialect: (
        update(t.feed_state)
        .where(among(t.feed_state.c.feed_id, dialect))
        .values(leased_by=bindparam("owner"), leased_until=bindparam("until"))
    )
)


class FeedQueries(Part):
    """The feed side of a transaction."""

    def sync_feeds(self, feeds: Sequence[Feed], now: dt.datetime) -> None:
        """Make the feed table follow the configuration; feeds gone from it keep their rows, disabled."""
        self._db.execute(update(t.feed).values(configured=False))
        for feed in feeds:
            row = {"id": feed.id, "configured": True, "synced_at": now, "config": FEED.dump(feed)}
            self._session.upsert(t.feed, row, key=["id"])
        self._fresh_states([feed.id for feed in feeds])

    def feed_state(self, feed: FeedId) -> FeedState:
        """What is remembered of a feed (a fresh state if nothing)."""
        raw = self._db.scalar(ONE_STATE, {"feed": feed})
        return FeedState(feed_id=feed) if raw is None else STATE.load(raw)

    def feed_states(self) -> Mapping[FeedId, FeedState]:
        """All of them."""
        states = map(STATE.load, self._db.scalars(select(t.feed_state.c.state).order_by(t.feed_state.c.feed_id)))
        return {state.feed_id: state for state in states}

    def save_feed_state(self, state: FeedState) -> None:
        """Write a feed's memory; validators move with the entries they belong to, in this transaction."""
        know_feed(self._session, state.feed_id)
        row = {
            "feed_id": state.feed_id,
            "next_poll_at": state.next_poll_at,
            "paused": state.paused,
            "state": STATE.dump(state),
        }
        self._session.upsert(t.feed_state, row, key=["feed_id"])

    def lease_due(
        self, now: dt.datetime, *, feeds: Sequence[FeedId], owner: str, until: dt.datetime, limit: int
    ) -> Sequence[FeedId]:
        """Claim feeds of ``feeds`` whose ``next_poll_at`` is unset or past and that nobody holds, most overdue first.

        Paused feeds and feeds that were never synced are not due. A lease past its end is nobody's.
        """
        session = self._session
        asked = {"values": session.values(feeds), "now": now, "most": limit}
        due = [FeedId(feed) for feed in self._db.scalars(DUE[session.dialect], asked)]
        if due:
            claimed = {"values": session.values(due), "owner": owner, "until": until}
            self._db.execute(CLAIM[session.dialect], claimed)
        return due

    def release(self, feed: FeedId, owner: str) -> None:
        """Give a lease back; one that another owner holds by now stays."""
        self._db.execute(RELEASE, {"feed": feed, "owner": owner})

    def free_leases(self) -> int:
        """Take back every lease, and say how many there were: for a daemon that starts and knows it is alone."""
        held = t.feed_state.c.leased_by.is_not(None)
        return self._db.execute(update(t.feed_state).where(held).values(leased_by=None, leased_until=None)).rowcount

    def keep_raw(self, fetched: Fetched) -> None:
        """Keep a raw body (compressed) so that a parser fix can be replayed; the same body is kept once a feed."""
        if not fetched.body:
            return
        know_feed(self._session, fetched.feed_id)
        digest = fetched.body_hash or hashlib.blake2b(fetched.body, digest_size=16).hexdigest()
        row = {
            "feed_id": fetched.feed_id,
            "at": fetched.at,
            "body_hash": digest,
            "fetched": FETCHED.dump(fetched),
            "body": zlib.compress(fetched.body, 6),
        }
        self._session.upsert(t.raw_body, row, key=["feed_id", "body_hash"])

    def raw(self, feed: FeedId, *, limit: int = 100) -> Sequence[Fetched]:
        """The raw bodies kept of a feed, latest first."""
        query = select(t.raw_body).where(t.raw_body.c.feed_id == feed).order_by(t.raw_body.c.at.desc()).limit(limit)
        return [FETCHED.load(row.fetched, body=zlib.decompress(row.body)) for row in self._db.execute(query)]

    def _fresh_states(self, feeds: Sequence[FeedId]) -> None:
        """A state row for each feed that has none, so that there is something to lease."""
        rows = [{"feed_id": feed, "paused": False, "state": STATE.dump(FeedState(feed_id=feed))} for feed in feeds]
        if rows:
            self._db.execute(self._session.insert(t.feed_state).on_conflict_do_nothing(), rows)


def know_feed(session: Session, feed: FeedId, article: Article | None = None) -> None:
    """A row for a feed that no configuration named (replay, backfill): its entries must hang on something."""
    if feed in session.held_feeds or feed in session.feeds:
        return
    session.feeds.add(feed)
    if session.connection.scalar(HELD, {"feed": feed}):
        return
    ghost = Feed(
        id=feed,
        url="",
        publisher=article.publisher if article else "",
        family=article.family if article else "",
        enabled=False,
        reason="not in the configuration",
    )
    row = {"id": feed, "configured": False, "config": FEED.dump(ghost)}
    session.connection.execute(GHOST[session.dialect], row)
