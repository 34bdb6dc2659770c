"""Entries of no poll, many in one transaction: what comes of them is what would come of them one by one."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Sequence

from monitor.app import App
from monitor.entities import Account, Entry, FeedId, Mode, Reason, Verdict
from monitor.intake import Dated
from monitor.pipeline import Rooms
from monitor.settings import Config
from tests.walk.house import START, feed

PAPER = feed("http://paper.example", "paper")
LINES = (
    ("a", "Storm closes schools", "Schools stay closed on Monday."),
    ("b", "Japan protests to Russia over drills on Kunashiri", "Tokyo lodged a protest with Moscow on Monday."),
    ("c", "Orchestra cancels tour", "The orchestra is ill."),
    ("b", "Japan protests to Russia over missile drills on Kunashiri", "Tokyo lodged a protest with Moscow again."),
    ("d", "Russia rejects Japan's protest over drills", "Moscow rejected a protest by Tokyo, TASS said."),
    ("a", "Storm closes schools", "Schools stay closed on Monday."),
    ("e", "", ""),
    ("f", "Japan protests to Russia over drills on Kunashiri", "Tokyo lodged a protest with Moscow on Monday."),
)
"""Guid, title and text: the second b is an edit of the first, the second a is the first, e holds nothing."""


def given() -> list[Dated]:
    return [
        Dated(
            feed=PAPER,
            entry=Entry(feed_id=FeedId("paper"), guid=guid, link=f"https://paper.example/{guid}", title=title, summary=text),
            now=START + dt.timedelta(hours=number),
        )
        for number, (guid, title, text) in enumerate(LINES)
    ]  # fmt: skip


def house(config: Config, rooms: Rooms) -> App:
    app = App(config, url="sqlite://", throwaway=True)
    app.rooms = rooms
    return app


def without_number(account: Account | None) -> Account | None:
    """An account but for the entry's id: entries of one run are numbered together."""
    return account and dataclasses.replace(account, entry=None)


def test_entries_together_end_as_they_would_one_by_one(config: Config, rooms: Rooms) -> None:
    alone, together = house(config, rooms), house(config, rooms)
    one_by_one = [
        next(iter(alone.pipeline.ingest(one.feed, (one.entry,), now=one.now, mode=Mode.LIVE)), None) for one in given()
    ]
    found = together.pipeline.ingest_each(given(), mode=Mode.LIVE)
    assert list(map(without_number, found)) == list(map(without_number, one_by_one))
    verdicts = [None if account is None else account.verdict for account in found]
    assert verdicts[0] is verdicts[2] is Verdict.OFF_BEAT
    assert verdicts[1] is Verdict.DEVELOPMENT
    assert verdicts[5] is verdicts[6] is None


def test_entries_taken_in_two_pieces_end_as_in_one(config: Config, rooms: Rooms) -> None:
    whole, pieces = house(config, rooms), house(config, rooms)
    found = [*pieces.pipeline.ingest_each(given()[:3], mode=Mode.LIVE)]
    found += pieces.pipeline.ingest_each(given()[3:], mode=Mode.LIVE)
    assert found == whole.pipeline.ingest_each(given(), mode=Mode.LIVE)


def test_no_entries_give_no_accounts(config: Config, rooms: Rooms) -> None:
    assert house(config, rooms).pipeline.ingest_each([], mode=Mode.LIVE) == []


class Picky:
    """An embedder that cannot bear one text, and fails all that are given with it."""

    def embed(self, texts: Sequence[str], lang: str) -> Sequence[tuple[float, ...]]:
        """Empty vectors, as of a house without an embedder."""
        if any("rejects" in text for text in texts):
            raise ValueError("a text that cannot be encoded")
        return ((),) * len(texts)


def test_a_text_that_cannot_be_encoded_costs_its_own_entry_alone(config: Config, rooms: Rooms) -> None:
    sound, picky = house(config, rooms), house(config, dataclasses.replace(rooms, embedder=Picky()))
    expected = [verdict_of(account) for account in sound.pipeline.ingest_each(given(), mode=Mode.LIVE)]
    found = [verdict_of(account) for account in picky.pipeline.ingest_each(given(), mode=Mode.LIVE)]
    assert found == [*expected[:4], (Verdict.REJECTED, Reason.UNREADABLE), *expected[5:]]


def verdict_of(account: Account | None) -> tuple[Verdict, Reason] | None:
    return account and (account.verdict, account.reason)
