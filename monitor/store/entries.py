"""Entries, their identity keys and accounts; articles, their edits and what copies are found by.

It never says whether an article is new or a copy: it answers what is held.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from pydantic_core import from_json
from sqlalchemy import Insert, Integer, Select, Table, bindparam, delete, func, insert, select, update

from monitor.entities import (
    Account,
    Article,
    ArticleId,
    EntryId,
    Fact,
    FeedId,
    Fingerprint,
    Known,
    Neighbour,
    StoryId,
    TopicMatch,
    Verdict,
)
from monitor.errors import StoreError
from monitor.store import tables as t
from monitor.store.bulk import add_rows, next_id
from monitor.store.codec import Codec
from monitor.store.feeds import know_feed
from monitor.store.session import Part, among, inserting, on_both, row_each
from monitor.store.types import Id, storable

ACCOUNT = Codec(Account, columns=("title", "url", "verdict", "reason", "entry"))
ACCOUNT_WHOLE = Codec(Account, columns=("entry",))
ARTICLE = Codec(Article, columns=("title", "text"))
MATCH = Codec(TopicMatch)
FACT = Codec(Fact)

COMPACT = frozenset({Verdict.OFF_BEAT, Verdict.REJECTED})
"""Verdicts whose entries keep a thin account: they are nine in ten, and nobody reads their details."""
COMPACT_EVIDENCE = 4
"""Pieces of evidence such an account keeps: who is named, which has no weight, and the weightiest ones."""

ADD = insert(t.entry)
ADD_MANY = insert(t.entry).returning(t.entry.c.id, sort_by_parameter_order=True)
TAKE_BACK = delete(t.entry).where(t.entry.c.id == bindparam("at_id"))
ADD_KEYS = on_both(
    lambda dialect: (
        inserting(t.entry_key, dialect)
        .from_select(["key", "entry_id"], row_each(dialect, after=[bindparam("entry", type_=Id).label("entry_id")]))
        .on_conflict_do_nothing()
        .execution_options(preserve_rowcount=True)
    )
)
ADD_NEW_KEYS = insert(t.entry_key)
"""Keys that nobody may hold yet."""
RECORD = (
    update(t.entry)
    .where(t.entry.c.id == bindparam("at_id"))
    .values({name: bindparam(name) for name in ("title", "url", "verdict", "reason", "content_hash", "account")})
)
KNOWN = on_both(
    lambda dialect: (
        select(
            t.entry_key.c.key,
            t.entry.c.id,
            t.entry.c.feed_id,
            t.entry.c.content_hash,
            t.entry.c.verdict,
            t.entry.c.revisions,
            t.article.c.id.label("article_id"),
            t.article.c.story_id,
        )
        .join_from(t.entry_key, t.entry)
        .outerjoin(t.article)
        .where(among(t.entry_key.c.key, dialect), t.entry.c.verdict.is_not(None))
    )
)
HASHES = on_both(
    lambda dialect: select(t.revision.c.entry_id, t.revision.c.content_hash).where(
        among(t.revision.c.entry_id, dialect)
    )
)


def _sharing(dialect: str) -> Select[Any]:
    """Articles that share a band of ``:values``, those that share most first."""
    band = t.copy_band.c
    shared = (
        select(band.article_id, func.count().label("bands"))
        .where(among(band.band, dialect))
        .group_by(band.article_id)
        .order_by(func.count().desc(), band.article_id)
        .limit(bindparam("most", type_=Integer()))
        .subquery()
    )
    return (
        select(t.article)
        .join(shared, shared.c.article_id == t.article.c.id)
        .order_by(shared.c.bands.desc(), t.article.c.id)
    )


NEIGHBOURS = on_both(_sharing)
ADD_ARTICLE = insert(t.article)
ADD_BAND = insert(t.copy_band)
PLACE = update(t.article).where(t.article.c.id == bindparam("at_id")).values(story_id=bindparam("story_id"))
FORGET_MATCHES = delete(t.topic_match).where(t.topic_match.c.article_id == bindparam("at_id"))
FORGET_FACTS = delete(t.fact).where(t.fact.c.article_id == bindparam("at_id"))
ADD_MATCH = insert(t.topic_match)
ADD_FACT = insert(t.fact)


class EntryQueries(Part):
    """The entry side of a transaction."""

    def known(self, keys: Sequence[str]) -> Mapping[str, Known]:
        """Which of these identity keys we hold, and as what."""
        rows = self._rows(KNOWN[self._session.dialect], {"values": self._session.values(keys)})
        earlier = self._hashes([row.id for row in rows if row.revisions])
        return {
            row.key: Known(
                entry=EntryId(row.id),
                content_hash=row.content_hash,
                verdict=Verdict(row.verdict),
                feed_id=FeedId(row.feed_id),
                article=None if row.article_id is None else ArticleId(row.article_id),
                story=None if row.story_id is None else StoryId(row.story_id),
                revisions=row.revisions,
                earlier=frozenset(earlier.get(row.id, ())) - {row.content_hash},
            )
            for row in rows
        }

    def _hashes(self, entries: Sequence[int]) -> Mapping[int, set[str]]:
        """The hashes of all texts that entries ever had, of those that were edited."""
        found: dict[int, set[str]] = defaultdict(set)
        if entries:
            asked = {"values": self._session.values(entries)}
            for row in self._db.execute(HASHES[self._session.dialect], asked):
                found[row.entry_id].add(row.content_hash)
        return found

    def add(self, article: Article) -> EntryId | None:
        """Insert an entry under all its keys, or refuse with None where another transaction was first.

        A refusal leaves nothing behind and does not break the transaction. An entry that was added must be recorded
        before the transaction ends: no entry is without a verdict.
        """
        keys = _keys(article)
        know_feed(self._session, article.feed_id, article)
        entry = EntryId(self._do(ADD, _entry_columns(article)).id)
        if self._add_keys(entry, keys) < len(keys):
            self._do(TAKE_BACK, {"at_id": entry})
            return None
        self._session.unrecorded.add(entry)
        return entry

    def add_settled(self, settled: Sequence[tuple[Article, Account]]) -> Sequence[EntryId]:
        """Insert entries with their verdicts in one go: what ``add`` and ``record`` do, for many that hang together.

        Where a key is held already, or two of them share one, it raises and must be undone by a savepoint.
        """
        rows, keys = [], []
        for number, (article, account) in enumerate(settled):
            know_feed(self._session, article.feed_id, article)
            keys += [(key, number) for key in _keys(article)]
            rows.append(_entry_columns(article) | _verdict_columns(account))
        if self._session.dialect == "sqlite":
            first = next_id(self._db, t.entry)
            entries = [EntryId(first + number) for number in range(len(rows))]
            add_rows(self._db, t.entry, [{"id": entry, **row} for entry, row in zip(entries, rows, strict=True)])
            add_rows(self._db, t.entry_key, [{"key": key, "entry_id": entries[number]} for key, number in sorted(keys)])
            return entries
        entries = [EntryId(entry) for entry in self._db.scalars(ADD_MANY, rows)]
        self._db.execute(ADD_NEW_KEYS, [{"key": key, "entry_id": entries[number]} for key, number in sorted(keys)])
        return entries

    def alias(self, entry: EntryId, keys: Sequence[str]) -> None:
        """Further keys for an entry we hold (its guid or URL changed); a key of another entry stays there."""
        if keys:
            self._add_keys(entry, sorted(set(keys)))

    def record(self, entry: EntryId, account: Account, *, content_hash: str) -> None:
        """The entry's verdict with the whole account of it; of an off-beat entry, a thin one."""
        row = {
            "at_id": entry,
            "title": account.title,
            "url": account.url,
            "content_hash": content_hash,
            **_verdict_columns(account),
        }
        if self._do(RECORD, row).rows == 0:
            raise StoreError(f"entry e{entry} is not there to be recorded")
        self._session.unrecorded.discard(entry)

    def add_article(self, entry: EntryId, article: Article, fingerprint: Fingerprint) -> ArticleId:
        """Keep an on-beat article's text and what its copies will be found by."""
        row = {"entry_id": entry, "signature": fingerprint.signature, **_article_columns(article)}
        kept = ArticleId(self._do(ADD_ARTICLE, row).id)
        bands = [{"band": band, "article_id": kept} for band in dict.fromkeys(map(_signed, fingerprint.bands))]
        if bands:
            self._add_many(ADD_BAND, t.copy_band, bands)
        self._session.unplaced.add(kept)
        return kept

    def article(self, article: ArticleId) -> Article | None:
        """An on-beat article with its newest text."""
        row = self._db.execute(select(t.article).where(t.article.c.id == article)).one_or_none()
        return None if row is None else ARTICLE.load(row.article, title=row.title, text=row.text)

    def add_revision(self, entry: EntryId, article: Article, account: Account, now: dt.datetime) -> None:
        """Keep an edit beside the first text, with its own account; the article then holds the newest text.

        An off-beat entry has no text to keep: of its edit stay title, hash and account.
        """
        held = self._db.execute(select(t.entry).where(t.entry.c.id == entry)).one_or_none()
        if held is None:
            raise StoreError(f"entry e{entry} is not there to be revised")
        first = self._db.execute(select(t.article).where(t.article.c.entry_id == entry)).one_or_none()
        if held.revisions == 0:
            self._revise(
                entry,
                0,
                at=held.first_seen_at,
                title=first.title if first else held.title,
                text=first.text if first else "",
                content_hash=held.content_hash,
            )
        self._revise(
            entry,
            held.revisions + 1,
            at=now,
            title=article.title,
            text=article.text if first else "",
            content_hash=article.content_hash,
            account=ACCOUNT_WHOLE.dump(account),
        )
        if first is not None:
            columns = _article_columns(
                _at_its_time(article, ARTICLE.load(first.article, title=first.title, text=first.text))
            )
            self._db.execute(update(t.article).where(t.article.c.id == first.id).values(**columns))
        self._db.execute(
            update(t.entry)
            .where(t.entry.c.id == entry)
            .values(revisions=held.revisions + 1, content_hash=article.content_hash)
        )

    def neighbours(self, fingerprint: Fingerprint, *, limit: int = 20) -> Sequence[Neighbour]:
        """Stored articles that share at least one band, those that share most first."""
        if not fingerprint.bands:
            return []
        asked = {"values": self._session.values(map(_signed, fingerprint.bands)), "most": limit}
        return [self._neighbour(row) for row in self._rows(NEIGHBOURS[self._session.dialect], asked)]

    def place(
        self, article: ArticleId, *, story: StoryId, matches: Sequence[TopicMatch], facts: Sequence[Fact]
    ) -> None:
        """Put an article into a story, with its topic matches and facts as rows of their own.

        What stood there from an earlier reading of the article is replaced.
        """
        self._do(PLACE, {"at_id": article, "story_id": story})
        if article not in self._session.unplaced:
            self._do(FORGET_MATCHES, {"at_id": article})
            self._do(FORGET_FACTS, {"at_id": article})
        self._session.unplaced.discard(article)
        best = {match.topic: match for match in sorted(matches, key=lambda match: match.score)}
        if best:
            self._add_many(
                ADD_MATCH,
                t.topic_match,
                [
                    {
                        "article_id": article,
                        "topic": match.topic,
                        "score": match.score,
                        "background": match.background,
                        "match": MATCH.dump(match),
                    }
                    for match in best.values()
                ],
            )
        if facts:
            self._add_many(
                ADD_FACT,
                t.fact,
                [
                    {"article_id": article, "position": position, "action": fact.action, "fact": FACT.dump(fact)}
                    for position, fact in enumerate(facts)
                ],
            )

    def _add_many(self, statement: Insert, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
        """Rows of a table, at least one."""
        if self._session.dialect == "sqlite":
            add_rows(self._db, table, rows)
        else:
            self._db.execute(statement, rows)

    def _add_keys(self, entry: EntryId, keys: Sequence[str]) -> int:
        """Keys for an entry, and how many went in: a key of another entry stays there."""
        asked = {"entry": entry, "values": self._session.values(keys)}
        return self._do(ADD_KEYS[self._session.dialect], asked).rows

    def _revise(self, entry: EntryId, number: int, **columns: Any) -> None:
        """One row of the entry's history."""
        self._db.execute(insert(t.revision), {"entry_id": entry, "number": number, "account": None, **columns})

    def _neighbour(self, row: Any) -> Neighbour:
        """A stored article as ``dedupe`` compares it."""
        return Neighbour(
            article=ArticleId(row.id),
            entry=EntryId(row.entry_id),
            story=None if row.story_id is None else StoryId(row.story_id),
            title=row.title,
            text=row.text,
            signature=row.signature,
            published_at=row.published_at,
            credits=tuple(from_json(row.article).get("credits", ())),
        )


def thinned(account: Account) -> Account:
    """An account without what nobody asks of an off-beat entry: its gate's weightiest evidence stays."""
    if account.ruling is None or len(account.ruling.evidence) <= COMPACT_EVIDENCE:
        return account
    weightiest = sorted(account.ruling.evidence, key=lambda piece: (piece.weight != 0, -abs(piece.weight)))
    return replace(account, ruling=replace(account.ruling, evidence=tuple(weightiest[:COMPACT_EVIDENCE])))


def account_of(row: Any) -> Account:
    """The account of an entry row, as much of it as retention left."""
    columns = {"title": row.title, "url": row.url, "verdict": row.verdict, "reason": row.reason, "entry": row.id}
    return ACCOUNT.load(row.account or b"{}", **columns)


def _keys(article: Article) -> list[str]:
    """An article's keys in the one order of all writers, so that two of them cannot wait for each other."""
    if not article.keys:
        raise ValueError(f"an article without identity keys cannot be stored: {article.url}")
    return sorted(set(map(storable, article.keys)))


def _entry_columns(article: Article) -> dict[str, Any]:
    """A new entry as its row holds it, without its verdict."""
    return {
        "feed_id": article.feed_id,
        "url": article.url,
        "title": article.title,
        "content_hash": article.content_hash,
        "published_at": article.published_at,
        "first_seen_at": article.first_seen_at,
    }


def _verdict_columns(account: Account) -> dict[str, Any]:
    """An entry's verdict as its row holds it, with the whole account of it or a thin one."""
    compact = account.verdict in COMPACT
    return {
        "verdict": account.verdict,
        "reason": account.reason,
        "account": ACCOUNT.dump(thinned(account) if compact else account, compact=compact),
    }


def _article_columns(article: Article) -> dict[str, Any]:
    """An article as its row holds it."""
    return {
        "title": article.title,
        "text": article.text,
        "published_at": article.published_at,
        "article": ARTICLE.dump(article),
    }


def _at_its_time(edit: Article, first: Article) -> Article:
    """An edit moves no article in time: it was first seen when it was, and an undated edit tells no other date."""
    when = (edit.published_at, edit.dated) if edit.dated else (first.published_at, first.dated)
    return replace(edit, first_seen_at=first.first_seen_at, published_at=when[0], dated=when[1])


def _signed(band: int) -> int:
    """A band as the databases count: 64 bits with a sign."""
    return (band + 2**63) % 2**64 - 2**63
