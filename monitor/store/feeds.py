"""Feeds, what is remembered of them, who polls them now, and their raw bodies.

It never decides when a feed is due: it compares times that ``schedule`` wrote.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import replace

from sqlalchemy import Integer, bindparam, case, func, or_, select, update

from monitor.entities import Article, Feed, FeedId, FeedState, Fetched, Hold
from monitor.store import tables as t
from monitor.store.codec import Codec
from monitor.store.session import Part, Session, among, inserting, on_both

FEED = Codec(Feed)
STATE = Codec(FeedState, columns=("paused",))
FETCHED = Codec(Fetched, columns=("body",))

_SYNCED = "feeds"
SYNCED = select(t.meta.c.value).where(t.meta.c.key == bindparam("name"))
"""Which configuration the feed table follows already: a start then writes none of its rows."""
HELD = select(func.count()).where(t.feed.c.id == bindparam("feed"))
"""Built once, as whatever each poll asks: making a statement costs more than running it."""
GHOST = on_both(lambda dialect: inserting(t.feed, dialect).on_conflict_do_nothing())
DIGEST = 8
"""Bytes of an item's digest: two of a feed's few thousand items agree by chance once in some 10^12 documents."""
STATES = select(t.feed_state.c.state, t.feed_state.c.paused)
ONE_STATE = STATES.where(t.feed_state.c.feed_id == bindparam("feed"))
ONE_ITEMS = select(t.feed_state.c["items"]).where(t.feed_state.c.feed_id == bindparam("feed"))
_OURS = t.feed_state.c.leased_by == bindparam("owner")
POLLED = (
    update(t.feed_state)
    .where(t.feed_state.c.feed_id == bindparam("feed"))
    .values(
        next_poll_at=bindparam("next"),
        state=bindparam("said"),
        leased_until=case((_OURS, None), else_=t.feed_state.c.leased_until),
        leased_by=case((_OURS, None), else_=t.feed_state.c.leased_by),
    )
)
KEEP_ITEMS = update(t.feed_state).where(t.feed_state.c.feed_id == bindparam("feed")).values(items=bindparam("kept"))
HOLDS = select(t.hold).where(t.hold.c.until > bindparam("now"))
RELEASE = (
    update(t.feed_state)
    .where(t.feed_state.c.feed_id == bindparam("feed"), t.feed_state.c.leased_by == bindparam("owner"))
    .values(leased_by=None, leased_until=None)
)
DUE = on_both(
    lambda dialect: (
        select(t.feed_state.c.feed_id, t.feed_state.c.state, t.feed_state.c.paused)
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

    def sync_feeds(self, feeds: Sequence[Feed], now: dt.datetime) -> Sequence[FeedId]:
        """Make the feed table follow the configuration; feeds gone from it keep their rows, disabled.

        Answers which feeds have another address than before.
        """
        said = {feed.id: FEED.dump(feed) for feed in feeds}
        digest = hashlib.blake2b(b"\n".join(said.values()), digest_size=16).hexdigest()
        self._session.feeds.update(said)
        if self._db.scalar(SYNCED, {"name": _SYNCED}) == digest:
            return ()
        before = {row.id: FEED.load(row.config).url for row in self._db.execute(select(t.feed.c.id, t.feed.c.config))}
        self._db.execute(update(t.feed).values(configured=False))
        for feed, config in said.items():
            row = {"id": feed, "configured": True, "synced_at": now, "config": config}
            self._session.upsert(t.feed, row, key=["id"])
        self._fresh_states(list(said))
        self._session.upsert(t.meta, {"key": _SYNCED, "value": digest}, key=["key"])
        return [feed.id for feed in feeds if before.get(feed.id) and before[feed.id] != feed.url]

    def feed_state(self, feed: FeedId) -> FeedState:
        """What is remembered of a feed (a fresh state if nothing)."""
        row = self._db.execute(ONE_STATE, {"feed": feed}).one_or_none()
        return FeedState(feed_id=feed) if row is None else _state(row.state, row.paused)

    def feed_states(self) -> Mapping[FeedId, FeedState]:
        """All of them."""
        rows = self._db.execute(STATES.order_by(t.feed_state.c.feed_id))
        return {state.feed_id: state for state in (_state(row.state, row.paused) for row in rows)}

    def save_feed_state(self, state: FeedState) -> None:
        """Write a feed's memory, ``paused`` included: what commands and the start do. A poll uses ``save_polled``."""
        know_feed(self._session, state.feed_id)
        row = {
            "feed_id": state.feed_id,
            "next_poll_at": state.next_poll_at,
            "paused": state.paused,
            "state": STATE.dump(state),
        }
        self._session.upsert(t.feed_state, row, key=["feed_id"])

    def save_polled(
        self, states: Sequence[FeedState], *, owner: str, items: Mapping[FeedId, Mapping[bytes, bytes]] | None = None
    ) -> None:
        """Write what polls left behind, and give ``owner``'s leases of these feeds back, in one statement.

        ``paused`` stays as the operator left it; ``items`` replaces those of the feeds it names. A feed that no
        configuration ever named gets its row here.
        """
        for state in states:
            if state.feed_id not in self._session.held_feeds:
                know_feed(self._session, state.feed_id)
                self._fresh_states([state.feed_id])
        rows = [
            {"feed": state.feed_id, "next": state.next_poll_at, "said": STATE.dump(state), "owner": owner}
            for state in states
        ]
        if rows:
            self._db.execute(POLLED, rows)
        if items:
            kept = [{"feed": feed, "kept": _packed(held)} for feed, held in items.items()]
            self._db.execute(KEEP_ITEMS, kept)

    def items(self, feed: FeedId) -> Mapping[bytes, bytes]:
        """The items of the document taken in last: the digest of each, and its article's identity, 8 bytes each."""
        kept = self._db.scalar(ONE_ITEMS, {"feed": feed}) or b""
        pairs = (kept[at : at + 2 * DIGEST] for at in range(0, len(kept), 2 * DIGEST))
        return {pair[:DIGEST]: pair[DIGEST:] for pair in pairs}

    def holds(self, now: dt.datetime) -> Sequence[Hold]:
        """Hosts that asked for patience beyond ``now``."""
        return [Hold(host=row.host, until=row.until, why=row.why) for row in self._db.execute(HOLDS, {"now": now})]

    def save_hold(self, hold: Hold) -> None:
        """Remember that a host asked for patience; the later of two ends stays."""
        held = self._db.scalar(select(t.hold.c.until).where(t.hold.c.host == hold.host))
        if held is None or held < hold.until:
            self._session.upsert(t.hold, {"host": hold.host, "until": hold.until, "why": hold.why}, key=["host"])

    def lease_due(
        self, now: dt.datetime, *, feeds: Sequence[FeedId], owner: str, until: dt.datetime, limit: int
    ) -> Sequence[FeedState]:
        """Claim feeds of ``feeds`` whose ``next_poll_at`` is unset or past and that nobody holds, most overdue first.

        Paused feeds and feeds that were never synced are not due. A lease past its end is nobody's.
        """
        session = self._session
        asked = {"values": session.values(feeds), "now": now, "most": limit}
        due = self._db.execute(DUE[session.dialect], asked).all()
        if due:
            claimed = {"values": session.values([row.feed_id for row in due]), "owner": owner, "until": until}
            self._db.execute(CLAIM[session.dialect], claimed)
        return [_state(row.state, row.paused) for row in due]

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


def _packed(items: Mapping[bytes, bytes]) -> bytes:
    """Digest and identity of each, in one order: the same document leaves the same bytes."""
    return b"".join(sorted(digest + identity.ljust(DIGEST, b"\0") for digest, identity in items.items()))


def _state(raw: bytes, paused: bool) -> FeedState:
    """A state; the column says whether it is paused, since an operator writes that while a poll runs."""
    state = STATE.load(raw)
    return replace(state, paused=True) if paused else state


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
