"""Entries off the beat go into the database together: what that must not change. On both databases."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from monitor.entities import Account, Article, Entry, EntryId, FeedId, Mode, Verdict
from monitor.store import SqlStore, SqlTx
from monitor.store.views import Views
from tests.walk.conftest import OpenHouse
from tests.walk.house import START, feed

PAPER = feed("http://paper.example", "paper")
TITLES = ("Orchestra cancels tour", "Storm closes schools", "Runner wins marathon", "Museum reopens in spring")


def entries(*titles: str) -> list[Entry]:
    """Entries of no interest, each under a link and a guid of its own."""
    return [
        Entry(
            feed_id=FeedId("paper"),
            guid=title,
            link=f"https://paper.example/{title.replace(' ', '-')}",
            title=title,
            summary=f"{title}, the organisers said.",
            published=START,
        )
        for title in titles
    ]


def test_an_entry_that_somebody_else_was_first_with_is_left_out_alone(open_house: OpenHouse, store: SqlStore) -> None:
    pipeline = open_house(PAPER).pipeline
    drafts = pipeline.draft(PAPER, entries(*TITLES), now=START).drafts
    pipeline.ingest(PAPER, entries(TITLES[1]), now=START, mode=Mode.LIVE)
    with pipeline.store.begin() as tx:
        accounts, _ = pipeline.settle(tx, drafts, now=START, mode=Mode.LIVE)
    assert {account.title for account in accounts} == {*TITLES} - {TITLES[1]}
    held = {entry.id: entry.title for entry in Views(store).entries()}
    assert sorted(held.values()) == sorted(TITLES)
    assert all(account.entry is not None and held[account.entry] == account.title for account in accounts)


def test_an_entry_that_the_database_will_not_take_with_its_account_is_rejected_alone(
    open_house: OpenHouse, store: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    together, record = SqlTx.add_settled, SqlTx.record

    def picky_together(tx: SqlTx, settled: Sequence[tuple[Article, Account]]) -> Sequence[EntryId]:
        done = together(tx, settled)
        if any(article.title == TITLES[2] for article, _ in settled):
            raise ValueError("an account that cannot be written")
        return done

    def picky(tx: SqlTx, entry: EntryId, account: Account, *, content_hash: str) -> None:
        if account.title == TITLES[2] and account.verdict is Verdict.OFF_BEAT:
            raise ValueError("an account that cannot be written")
        record(tx, entry, account, content_hash=content_hash)

    monkeypatch.setattr(SqlTx, "add_settled", picky_together)
    monkeypatch.setattr(SqlTx, "record", picky)
    open_house(PAPER).pipeline.ingest(PAPER, entries(*TITLES), now=START, mode=Mode.LIVE)
    assert {entry.title: entry.verdict for entry in Views(store).entries()} == {
        title: Verdict.REJECTED if title == TITLES[2] else Verdict.OFF_BEAT for title in TITLES
    }


def test_an_entry_we_hold_under_a_further_key_is_found_by_it_afterwards(open_house: OpenHouse, store: SqlStore) -> None:
    pipeline = open_house(PAPER).pipeline
    (first,) = pipeline.ingest(PAPER, entries(TITLES[0]), now=START, mode=Mode.LIVE)
    (same,) = [
        Entry(
            feed_id=entry.feed_id,
            guid="renamed",
            link=entry.link,
            title=entry.title,
            summary=entry.summary,
            published=START,
        )
        for entry in entries(TITLES[0])
    ]
    drafts = pipeline.draft(PAPER, [same], now=START).drafts
    (renamed,) = drafts[0].aliases
    assert pipeline.ingest(PAPER, [same, *entries(TITLES[1])], now=START, mode=Mode.LIVE)[0].title == TITLES[1]
    with store.read() as tx:
        assert tx.known([renamed])[renamed].entry == first.entry
    assert pipeline.draft(PAPER, [same], now=START).drafts[0].aliases == ()
