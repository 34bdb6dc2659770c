"""The store, question by question, on SQLite and on PostgreSQL."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Callable
from dataclasses import replace

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from monitor.entities import (
    AlertReason,
    ArticleId,
    Channel,
    Destination,
    EntryId,
    FeedId,
    Known,
    OutboxId,
    OutboxState,
    Problem,
    Reason,
    StoryId,
    TopicId,
    Verdict,
    Weight,
)
from monitor.errors import StoreError
from monitor.store import SqlStore, SqlTx, tables
from tests import make

CONSOLE = Destination("console")
DAY = dt.timedelta(days=1)


def keep(tx: SqlTx, number: int = 1, **fields: object) -> tuple[EntryId, ArticleId]:
    """An on-beat entry with its article."""
    article = make.numbered(number, **fields)
    entry = tx.add(article)
    assert entry is not None
    tx.record(entry, make.account(title=article.title, url=article.url), content_hash=article.content_hash)
    return entry, tx.add_article(entry, article, make.fingerprint(number, number + 1000))


def tell(tx: SqlTx, number: int = 1) -> tuple[EntryId, ArticleId, StoryId]:
    """An on-beat entry with its article in a story of its own."""
    entry, article = keep(tx, number)
    story = tx.open_story(make.numbered(number), make.assignment(), make.profile())
    tx.save_story(make.story(story, title=make.numbered(number).title))
    tx.place(article, story=story, matches=(make.match(),), facts=(make.fact(),))
    return entry, article, story


def queue(tx: SqlTx, key: str = "k", state: OutboxState = OutboxState.PENDING, **fields: object) -> OutboxId | None:
    return tx.enqueue(make.alert(**fields), dedup_key=key, state=state, due_at=make.NOW, now=make.NOW)


# --------------------------------------------------------------------------------------------------- entries


def test_an_entry_is_added_once_under_any_of_its_keys(store: SqlStore) -> None:
    with store.begin() as tx:
        first = tx.add(make.article(keys=("guid:1", "url:1")))
        assert first is not None
        tx.record(first, make.off_beat(), content_hash="h")
        assert tx.add(make.article(keys=("guid:2", "url:1"))) is None
        assert tx.add(make.article(keys=("guid:1", "url:1"))) is None
        assert tx.known(["guid:1", "url:1", "guid:2"]).keys() == {"guid:1", "url:1"}


def test_a_refused_entry_leaves_the_transaction_usable_and_no_trace(store: SqlStore) -> None:
    with store.begin() as tx:
        entry, _ = keep(tx)
    with store.begin() as tx:
        assert tx.add(make.numbered(1, keys=("a:new", "url:https://harbour-daily.example/news/1"))) is None
        keep(tx, 2)
    with store.read() as tx:
        assert tx.known(["a:new"]) == {}
        assert tx.connection.scalar(text("SELECT count(*) FROM entry")) == 2
        assert entry == EntryId(1)


def test_entries_settled_together_stand_as_if_each_had_been_added_and_recorded(store: SqlStore) -> None:
    articles = [make.numbered(number, f"Report {number}") for number in range(1, 5)]
    accounts = [make.off_beat(title=article.title, url=article.url) for article in articles]
    with store.begin() as tx:
        together = list(tx.add_settled(list(zip(articles[:2], accounts[:2], strict=True))))
        together += tx.add_settled([(articles[2], accounts[2])])
        alone = tx.add(articles[3])
        assert alone is not None
        tx.record(alone, accounts[3], content_hash=articles[3].content_hash)
    with store.read() as tx:
        held = tx.known([article.keys[0] for article in articles])
        rows = tx.connection.execute(select(tables.entry).order_by(tables.entry.c.id)).mappings().all()
    assert [held[article.keys[0]].entry for article in articles] == [*together, alone]
    unlike = {"id", "title", "url", "content_hash"}
    assert [{name: row[name] for name in row if name not in unlike} for row in rows] == [
        {name: rows[3][name] for name in rows[3] if name not in unlike}
    ] * 4
    assert [(row["id"], row["title"], row["url"], row["content_hash"]) for row in rows] == [
        (entry, article.title, article.url, article.content_hash)
        for entry, article in zip([*together, alone], articles, strict=True)
    ]


@pytest.mark.parametrize("keys", [("url:new", "url:held"), ("url:new", "url:first")])
def test_entries_settled_together_that_meet_a_held_key_are_undone_by_their_savepoint(
    store: SqlStore, keys: tuple[str, ...]
) -> None:
    first, second = make.article(keys=("url:first",)), make.article(keys=keys)
    with store.begin() as tx:
        tx.add_settled([(make.article(keys=("url:held",)), make.off_beat())])
        with pytest.raises(IntegrityError), tx.savepoint():
            tx.add_settled([(first, make.off_beat()), (second, make.off_beat())])
        keep(tx, 9)
    with store.read() as tx:
        assert tx.known(["url:held", "url:first", "url:new"]).keys() == {"url:held"}
        assert tx.connection.scalar(text("SELECT count(*) FROM entry")) == 2


def test_an_article_without_keys_is_a_mistake(store: SqlStore) -> None:
    with store.begin() as tx, pytest.raises(ValueError, match="without identity keys"):
        tx.add(make.article(keys=()))


def test_known_tells_verdict_hash_article_and_story(store: SqlStore) -> None:
    with store.begin() as tx:
        on_beat, article, story = tell(tx, 1)
        off_beat = tx.add(make.numbered(2))
        assert off_beat is not None
        tx.record(off_beat, make.off_beat(), content_hash="hash-2")
    with store.read() as tx:
        assert tx.known([*make.numbered(1).keys, *make.numbered(2).keys, *make.numbered(3).keys]) == {
            make.numbered(1).keys[0]: Known(
                entry=on_beat,
                content_hash="hash-1",
                verdict=Verdict.DEVELOPMENT,
                feed_id=make.feed().id,
                article=article,
                story=story,
            ),
            make.numbered(2).keys[0]: Known(
                entry=off_beat, content_hash="hash-2", verdict=Verdict.OFF_BEAT, feed_id=make.feed().id
            ),
        }


def test_a_thousand_keys_and_more_are_asked_for_at_once(store: SqlStore) -> None:
    with store.begin() as tx:
        keep(tx, 7)
        assert len(tx.known([key for number in range(2500) for key in make.numbered(number).keys])) == 1


def test_an_alias_finds_the_entry_and_takes_no_key_from_another(store: SqlStore) -> None:
    with store.begin() as tx:
        first, _ = keep(tx, 1)
        second, _ = keep(tx, 2)
        tx.alias(first, ["guid:new", *make.numbered(2).keys])
        tx.alias(first, [])
        known = tx.known(["guid:new", *make.numbered(2).keys])
        assert {key: held.entry for key, held in known.items()} == {"guid:new": first, make.numbered(2).keys[0]: second}


def test_an_entry_without_a_verdict_is_not_committed(store: SqlStore) -> None:
    with pytest.raises(StoreError, match="without a verdict cannot be committed: e1"), store.begin() as tx:
        tx.add(make.article())
    with store.read() as tx:
        assert tx.connection.scalar(text("SELECT count(*) FROM entry")) == 0


def test_recording_an_entry_that_is_not_there_is_refused(store: SqlStore) -> None:
    with pytest.raises(StoreError, match="e99 is not there"), store.begin() as tx:
        tx.record(EntryId(99), make.account(), content_hash="h")


def test_an_off_beat_entry_keeps_neither_text_nor_more_than_who_is_named_and_the_weightiest_evidence(
    store: SqlStore,
) -> None:
    pieces = tuple(make.evidence(f"piece {number}", weight=-number / 10) for number in range(6))
    with store.begin() as tx:
        entry = tx.add(make.article(text="A long text about the weather in the harbour."))
        assert entry is not None
        tx.record(entry, make.off_beat(ruling=make.ruling(False, evidence=pieces)), content_hash="h")
    with store.read() as tx:
        row = tx.connection.execute(text("SELECT * FROM entry")).one()
        kept = str(row._asdict())
        assert "weather" not in kept
        assert [f"piece {number}" in kept for number in range(6)] == [True, False, False, True, True, True]
        assert tx.connection.scalar(text("SELECT count(*) FROM article")) == 0


# ------------------------------------------------------------------------------------ articles, copies, edits


def test_an_article_comes_back_as_it_was(store: SqlStore) -> None:
    article = make.article(credits=("Kyodo", "共同通信"), dated=False, insecure=True, text="Первый абзац.\n二段落目。")
    with store.begin() as tx:
        entry = tx.add(article)
        assert entry is not None
        tx.record(entry, make.account(), content_hash=article.content_hash)
        kept = tx.add_article(entry, article, make.fingerprint())
    with store.read() as tx:
        assert tx.article(kept) == article
        assert tx.article(ArticleId(99)) is None


def test_neighbours_share_a_band_and_those_that_share_most_come_first(store: SqlStore) -> None:
    with store.begin() as tx:
        kept = {}
        for number, bands in enumerate([(1, 2, 3), (3, 4, 5), (2, 3, 9), (7,)], start=1):
            article = make.numbered(number, credits=("TASS",))
            entry = tx.add(article)
            assert entry is not None
            tx.record(entry, make.account(), content_hash="h")
            signature = bytes([number])
            kept[number] = tx.add_article(entry, article, make.fingerprint(*bands, signature=signature)), entry
        found = tx.neighbours(make.fingerprint(1, 2, 3))
        assert [(near.article, near.entry) for near in found] == [kept[1], kept[3], kept[2]]
        assert found[0] == make.neighbour(
            kept[1][0], entry=kept[1][1], title=make.numbered(1).title, signature=b"\x01", credits=("TASS",)
        )
        assert [near.article for near in tx.neighbours(make.fingerprint(1, 2, 3), limit=1)] == [kept[1][0]]
        assert tx.neighbours(replace(make.fingerprint(), bands=())) == []


def test_bands_of_64_bits_are_kept(store: SqlStore) -> None:
    with store.begin() as tx:
        entry = tx.add(make.article())
        assert entry is not None
        tx.record(entry, make.account(), content_hash="h")
        kept = tx.add_article(entry, make.article(), make.fingerprint(2**64 - 1, 2**63, 0, 0))
        assert [near.article for near in tx.neighbours(make.fingerprint(2**64 - 1))] == [kept]
        assert [near.article for near in tx.neighbours(make.fingerprint(2**63))] == [kept]
        assert tx.neighbours(make.fingerprint(2**63 - 1)) == []


def test_an_edit_keeps_the_first_text_and_moves_the_article_on(store: SqlStore) -> None:
    with store.begin() as tx:
        entry, article = keep(tx, 1, text="Three were hurt.")
        for number, words in enumerate(("Four were hurt.", "Five were hurt."), start=1):
            edit = make.numbered(1, text=words, content_hash=f"edit-{number}")
            account = make.account(Verdict.REVISION, Reason.EDITED)
            tx.add_revision(entry, edit, account, make.at(hours=number))
    with store.read() as tx:
        rows = tx.connection.execute(text("SELECT number, text, content_hash FROM revision ORDER BY number")).all()
        assert [tuple(row) for row in rows] == [
            (0, "Three were hurt.", "hash-1"),
            (1, "Four were hurt.", "edit-1"),
            (2, "Five were hurt.", "edit-2"),
        ]
        newest = tx.article(article)
        assert newest == make.numbered(1, text="Five were hurt.", content_hash="edit-2")
        assert tx.known(make.numbered(1).keys)[make.numbered(1).keys[0]] == Known(
            entry=entry, content_hash="edit-2", verdict=Verdict.DEVELOPMENT, feed_id=make.feed().id, article=article,
            revisions=2, earlier=frozenset({"hash-1", "edit-1"}),
        )  # fmt: skip


def test_an_edit_of_an_off_beat_entry_keeps_no_text(store: SqlStore) -> None:
    with store.begin() as tx:
        entry = tx.add(make.article())
        assert entry is not None
        tx.record(entry, make.off_beat(), content_hash="hash-1")
        tx.add_revision(entry, make.article("Another title", content_hash="hash-2"), make.off_beat(), make.NOW)
        rows = tx.connection.execute(text("SELECT number, title, text FROM revision ORDER BY number")).all()
        assert [tuple(row) for row in rows] == [(0, make.article().title, ""), (1, "Another title", "")]


def test_placing_an_article_again_replaces_what_was_read_out_of_it(store: SqlStore) -> None:
    with store.begin() as tx:
        _, article, story = tell(tx)
        twice = (make.match("islands", 0.4), make.match("treaty", 0.9), make.match("islands", 0.7))
        tx.place(article, story=story, matches=twice, facts=(make.fact(action="sign"), make.fact(action="visit")))
        topics = tx.connection.execute(text("SELECT topic, score FROM topic_match ORDER BY topic")).all()
        assert [tuple(row) for row in topics] == [("islands", 0.7), ("treaty", 0.9)]
        assert tx.connection.scalars(text("SELECT action FROM fact ORDER BY position")).all() == ["sign", "visit"]


# --------------------------------------------------------------------------------------------------- stories


def test_a_story_comes_back_as_it_was_saved_to_the_last_bit(store: SqlStore) -> None:
    profile = make.profile(vector=(0.1, 1 / 3, -2.5e-9), terms={"北方領土": 2.0}, sides=("japan", "russia"))
    with store.begin() as tx:
        opened = tx.open_story(make.article(), make.assignment(), make.profile())
        saved = make.story(opened, profile=profile, muted_until=make.at(days=7), followed=True, linked_to=opened)
        tx.save_story(saved)
        assert tx.story(opened) == saved
    with store.read() as tx:
        assert tx.story(opened) == saved
        assert tx.story(StoryId(99)) is None


def test_a_new_story_has_the_title_and_time_of_its_article_and_holds_nothing_yet(store: SqlStore) -> None:
    with store.begin() as tx:
        other = tx.open_story(make.article(), make.assignment(), make.profile())
        opened = tx.open_story(make.article(lang="ru"), make.assignment(linked_to=other), make.profile())
        assert tx.story(opened) == make.story(
            opened, lang="ru", articles=0, publishers=(), families=(), topics=(), linked_to=other
        )


def test_a_story_that_is_not_there_cannot_be_saved(store: SqlStore) -> None:
    with pytest.raises(StoreError, match="s99 is not there"), store.begin() as tx:
        tx.save_story(make.story(99))


def test_candidates_moved_within_the_horizon_latest_first(store: SqlStore) -> None:
    with store.begin() as tx:
        opened = {}
        for days in (-9, -2, -1, 0, 9):
            story = tx.open_story(make.article(published_at=make.at(days=days)), make.assignment(), make.profile())
            opened[days] = story
        found = tx.candidates((), (), make.NOW, horizon=3 * DAY)
        assert [story.id for story in found] == [opened[0], opened[-1], opened[-2]]


def test_candidates_see_what_another_process_saved(store: SqlStore, open_store: Callable[[], SqlStore]) -> None:
    other = open_store()
    with store.begin() as tx:
        story = tx.open_story(make.article(), make.assignment(), make.profile())
        assert tx.candidates((), (), make.NOW, horizon=DAY) == [tx.story(story)]
    with other.begin() as tx:
        tx.save_story(make.story(story, title="Moved on"))
    with store.begin() as tx:
        assert tx.candidates((), (), make.NOW, horizon=DAY) == [make.story(story, title="Moved on")]


def test_candidates_forget_a_story_that_was_rolled_back(store: SqlStore) -> None:
    with store.begin() as tx:
        story = tx.open_story(make.article(), make.assignment(), make.profile())
    with contextlib.suppress(KeyError), store.begin() as tx:
        tx.save_story(make.story(story, title="Never was"))
        raise KeyError
    with store.begin() as tx:
        with contextlib.suppress(KeyError), tx.savepoint():
            tx.save_story(make.story(story, title="Never was"))
            raise KeyError
        tx.save_story(make.story(story, title="Is"))
        assert [found.title for found in tx.candidates((), (), make.NOW, horizon=DAY)] == ["Is"]


def test_a_story_that_this_process_wrote_is_the_one_that_another_reads(
    store: SqlStore, open_store: Callable[[], SqlStore]
) -> None:
    profile = make.profile(vector=(0.1, -2 / 3, 1e-300), terms={"визит": 0.1 + 0.2})
    with store.begin() as tx:
        opened = tx.open_story(make.article(), make.assignment(), profile)
        moved = tx.open_story(make.article(), make.assignment(), make.profile())
        tx.save_story(make.story(moved, title="Moved on", profile=profile))
        unstorable = tx.open_story(make.article("nul \x00"), make.assignment(), make.profile())
    stories = (opened, moved, unstorable)
    with store.read() as here, open_store().read() as there:
        assert [here.story(story) for story in stories] == [there.story(story) for story in stories]


def test_terms_are_counted_once_an_article_and_apart_by_language(store: SqlStore) -> None:
    with store.begin() as tx:
        assert tx.learn_terms("en", ["visit", "visit", "island"]) == (0, {"visit": 0, "island": 0})
        assert tx.learn_terms("en", ["visit"]) == (1, {"visit": 1})
        assert tx.learn_terms("en", []) == (2, {})
        assert tx.learn_terms("ru", ["визит"]) == (0, {"визит": 0})
    with store.begin() as tx:
        assert tx.learn_terms("en", ["visit", "island", "визит"]) == (3, {"visit": 2, "island": 1, "визит": 0})
        assert tx.learn_terms("ru", ["визит"]) == (1, {"визит": 1})


def test_developments_come_back_oldest_first(store: SqlStore) -> None:
    with store.begin() as tx:
        _, article, story = tell(tx)
        first = tx.add_development(story, article, make.detection(), AlertReason.BASELINE, make.NOW)
        major = make.detection(Reason.REVERSAL, weight=Weight.MAJOR)
        second = tx.add_development(story, article, major, AlertReason.QUEUED, make.at(hours=1))
        assert tx.developments(story) == [
            make.development(first, story=story, article=article, alert=AlertReason.BASELINE),
            make.development(
                second, story=story, article=article, kind=Reason.REVERSAL, weight=Weight.MAJOR, at=make.at(hours=1)
            ),
        ]
        assert tx.developments(StoryId(99)) == []


# ---------------------------------------------------------------------------------------------------- outbox


def test_an_alert_is_queued_once_a_key_and_the_transaction_goes_on(store: SqlStore) -> None:
    with store.begin() as tx:
        tell(tx)
        first = queue(tx, "same")
        assert first is not None
        assert queue(tx, "same") is None
        second = queue(tx, "other")
        assert second is not None
        assert tx.outbox(states=list(OutboxState)) == [
            make.outbox_row(first, dedup_key="same"),
            make.outbox_row(second, dedup_key="other"),
        ]


def test_outbox_rows_are_found_by_state_and_destination_oldest_first(store: SqlStore) -> None:
    with store.begin() as tx:
        tell(tx)
        a, b, c = queue(tx, "a"), queue(tx, "b", OutboxState.HELD), queue(tx, "c", destination="slack:x")
        assert [row.id for row in tx.outbox(states=[OutboxState.PENDING])] == [a, c]
        assert [row.id for row in tx.outbox(states=[OutboxState.PENDING, OutboxState.HELD], limit=2)] == [a, b]
        assert [row.id for row in tx.outbox(states=[OutboxState.PENDING], destination=CONSOLE)] == [a]
        assert tx.outbox(states=[]) == []


def test_an_outbox_row_is_written_back_whole_but_for_what_never_changes(store: SqlStore) -> None:
    with store.begin() as tx:
        tell(tx)
        first, other = queue(tx, "a"), queue(tx, "b")
        assert first is not None
        assert other is not None
        moved = make.outbox_row(
            first,
            dedup_key="a",
            state=OutboxState.MERGED,
            payload="{}",
            plain=True,
            attempts=3,
            looks=2,
            due_at=make.at(hours=1),
            claimed_at=make.at(hours=2),
            sent_at=make.at(hours=3),
            remote_id="1700.1",
            error="channel_not_found",
            merged_into=other,
        )
        tx.update_outbox(replace(moved, dedup_key="z", created_at=make.at(days=9), alert=make.alert("slack:x")))
        assert tx.outbox_row(first) == moved
        assert tx.outbox_row(OutboxId(99)) is None


def test_an_outbox_row_that_is_not_there_cannot_be_written_back(store: SqlStore) -> None:
    with pytest.raises(StoreError, match="o99 is not there"), store.begin() as tx:
        tx.update_outbox(make.outbox_row(99))


def test_an_alert_without_a_story_is_queued(store: SqlStore) -> None:
    with store.begin() as tx:
        row = queue(tx, "start", story=None, developments=())
        assert row is not None
        kept = tx.outbox_row(row)
        assert kept is not None
        assert kept.alert == make.alert(story=None, developments=())


def test_the_last_alert_counts_what_was_sent_or_is_on_its_way(store: SqlStore) -> None:
    with store.begin() as tx:
        _, _, story = tell(tx)
        assert tx.last_alert_at(CONSOLE, story) is None
        held = queue(tx, "held", OutboxState.HELD)
        assert held is not None
        assert tx.last_alert_at(CONSOLE, story) is None
        tx.enqueue(make.alert(), dedup_key="p", state=OutboxState.PENDING, due_at=make.at(hours=2), now=make.NOW)
        assert tx.last_alert_at(CONSOLE, story) == make.at(hours=2)
        sent = make.outbox_row(held, state=OutboxState.SENT, sent_at=make.at(hours=5))
        tx.update_outbox(sent)
        assert tx.last_alert_at(CONSOLE, story) == make.at(hours=5)
        assert tx.last_alert_at(Destination("slack:x"), story) is None


def test_a_thread_is_remembered_and_can_get_a_new_root(store: SqlStore) -> None:
    with store.begin() as tx:
        _, _, story = tell(tx)
        row = queue(tx)
        assert row is not None
        assert tx.thread(CONSOLE, story) is None
        tx.save_thread(make.thread(story=story, root_outbox=row))
        tx.save_thread(make.thread(story=story, root_outbox=row, root="1700000000.000200"))
        assert tx.thread(CONSOLE, story) == make.thread(story=story, root_outbox=row, root="1700000000.000200")
        assert tx.thread(Destination("slack:x"), story) is None


def test_a_channel_starts_fresh_and_is_remembered(store: SqlStore) -> None:
    broken = Channel(destination=CONSOLE, broken="gone", broken_since=make.NOW, not_before=make.at(hours=1), failures=3)
    with store.begin() as tx:
        assert tx.channel(CONSOLE) == Channel(destination=CONSOLE)
        tx.save_channel(Channel(destination=CONSOLE, failures=1))
        tx.save_channel(broken)
        assert tx.channel(CONSOLE) == broken


# ----------------------------------------------------------------------------------------------------- feeds


def test_a_feed_state_starts_fresh_and_is_remembered_whole(store: SqlStore) -> None:
    feed = make.feed()
    state = make.feed_state(
        etag='"x"', interval=dt.timedelta(minutes=7), next_poll_at=make.at(hours=1), problem=Problem.TLS, failures=2
    )
    with store.begin() as tx:
        assert tx.feed_state(feed.id) == make.feed_state()
        assert tx.feed_states() == {}
        tx.save_feed_state(replace(state, failures=1))
        tx.save_feed_state(state)
        assert tx.feed_state(feed.id) == state
        assert tx.feed_states() == {feed.id: state}


def test_syncing_feeds_keeps_their_memory_and_switches_off_those_that_are_gone(store: SqlStore) -> None:
    one, two = make.feed("one"), make.feed("two")
    with store.begin() as tx:
        tx.sync_feeds([one, two], make.NOW)
        tx.save_feed_state(make.feed_state("one", polls=4))
        tx.sync_feeds([replace(one, publisher="Renamed")], make.at(hours=1))
        assert tx.feed_state(one.id).polls == 4
        rows = tx.connection.execute(text("SELECT id, configured FROM feed ORDER BY id")).all()
        assert [(row.id, bool(row.configured)) for row in rows] == [("one", True), ("two", False)]
        tx.sync_feeds([], make.at(hours=2))


def test_due_feeds_are_leased_once_most_overdue_first(store: SqlStore) -> None:
    names = [FeedId(name) for name in ("never", "late", "later", "future", "paused", "other")]
    with store.begin() as tx:
        tx.sync_feeds([make.feed(name) for name in names], make.NOW)
        for name, hours, paused in (
            ("late", -2, False),
            ("later", -1, False),
            ("future", 1, False),
            ("paused", -9, True),
        ):
            tx.save_feed_state(make.feed_state(name, next_poll_at=make.at(hours=hours), paused=paused))

        def lease(owner: str, now: dt.datetime, limit: int = 9) -> list[str]:
            due = tx.lease_due(now, feeds=names[:5], owner=owner, until=now + DAY, limit=limit)
            return [state.feed_id for state in due]

        assert lease("a", make.NOW, limit=2) == ["never", "late"]
        assert lease("b", make.NOW) == ["later"]
        assert lease("b", make.NOW) == []
        tx.save_feed_state(make.feed_state("late", next_poll_at=make.at(hours=-2)))
        assert lease("b", make.NOW) == []
        tx.release(FeedId("late"), "b")
        assert lease("b", make.NOW) == []
        tx.release(FeedId("late"), "a")
        assert lease("b", make.NOW) == ["late"]
        assert lease("c", make.NOW + 2 * DAY) == ["never", "late", "later", "future"]
        assert tx.free_leases() == 4
        assert lease("d", make.NOW, limit=1) == ["never"]


def test_a_raw_body_is_kept_once_a_feed_and_comes_back_whole(store: SqlStore) -> None:
    first, again = make.fetched(), make.fetched(at=make.at(hours=1))
    other = make.fetched(at=make.at(hours=2), body=bytes(range(256)), etag='"2"')
    with store.begin() as tx:
        for fetched in (first, again, other, make.fetched(body=b"")):
            tx.keep_raw(fetched)
    with store.read() as tx:
        assert tx.raw(first.feed_id) == [other, again]


def test_an_entry_of_a_feed_that_nobody_configured_is_kept(store: SqlStore) -> None:
    with store.begin() as tx:
        keep(tx, feed_id=FeedId("backfill"))
        assert tx.connection.execute(text("SELECT id, configured FROM feed")).one() == ("backfill", False)
        assert tx.feed_states() == {}


# ------------------------------------------------------------------------------------------------ odd values


def test_text_that_postgresql_cannot_hold_loses_only_what_it_cannot_hold(store: SqlStore) -> None:
    bad = "half \ud83d nul \x00 whole 😀 終"
    good = "half  nul  whole 😀 終"
    article = make.article(bad, text=bad, publisher=bad, keys=(f"guid:{bad}",))
    with store.begin() as tx:
        entry = tx.add(article)
        assert entry is not None
        tx.record(entry, make.account(title=bad, ruling=make.ruling(evidence=(make.evidence(bad),))), content_hash="h")
        kept = tx.add_article(entry, article, make.fingerprint())
        story = tx.open_story(article, make.assignment(), make.profile(terms={"nul \x00": 1.0}))
        tx.learn_terms("en", [bad])
        tx.place(kept, story=story, matches=(make.match(bad),), facts=(make.fact(quote=bad, action=bad),))
        row = queue(tx, bad, headline=bad, story=story)
        assert row is not None
    with store.read() as tx:
        assert tx.article(kept) == replace(article, title=good, text=good, publisher=good, keys=(f"guid:{good}",))
        told = tx.story(story)
        assert told is not None
        assert (told.title, told.profile.terms) == (good, {"nul ": 1.0})
        queued = tx.outbox_row(row)
        assert queued is not None
        assert (queued.alert.headline, queued.dedup_key) == (good, good)


def test_a_time_without_a_zone_is_refused(store: SqlStore) -> None:
    naive = make.NOW.replace(tzinfo=None)
    with pytest.raises(Exception, match="without a zone"), store.begin() as tx:
        tx.add(make.article(first_seen_at=naive))


def test_times_come_back_in_utc_to_the_microsecond_whatever_zone_they_came_in(store: SqlStore) -> None:
    tokyo = dt.datetime(2026, 3, 4, 18, 30, 1, 234567, tzinfo=dt.timezone(9 * dt.timedelta(hours=1)))
    old = dt.datetime(1855, 2, 7, 0, 0, 0, 1, tzinfo=dt.UTC)
    with store.begin() as tx:
        keep(tx, 1, published_at=tokyo, first_seen_at=old)
    with store.read() as tx:
        near = tx.neighbours(make.fingerprint(1))[0]
        assert near.published_at == tokyo
        assert near.published_at.tzinfo is dt.UTC
        assert tx.connection.scalar(select(tables.entry.c.first_seen_at)) == old


def test_older_rows_stay_readable_when_an_entity_changes(store: SqlStore) -> None:
    """A key that the entity lost is dropped; one that it gained takes its default."""
    with store.begin() as tx:
        tx.connection.exec_driver_sql(
            """INSERT INTO channel VALUES ('console', '{"destination":"console","mood":"grey"}')"""
        )
        assert tx.channel(CONSOLE) == Channel(destination=CONSOLE)


def test_topics_of_a_story_are_strings_again(store: SqlStore) -> None:
    with store.begin() as tx:
        _, _, story = tell(tx)
        saved = tx.story(story)
        assert saved is not None
        assert saved.topics == (TopicId("islands"),)
        assert saved.profile.facts == (make.fact(),)


def test_an_undated_edit_moves_its_article_nowhere_in_time(store: SqlStore) -> None:
    with store.begin() as tx:
        entry, article, _ = tell(tx)
        first = tx.article(article)
        edit = replace(
            make.numbered(1),
            title="Another title",
            dated=False,
            published_at=make.at(days=3),
            first_seen_at=make.at(days=3),
        )
        tx.add_revision(entry, edit, make.account(Verdict.REVISION, Reason.EDITED), make.at(days=3))
    with store.read() as tx:
        kept = tx.article(article)
    assert kept is not None
    assert first is not None
    assert (kept.title, kept.published_at, kept.first_seen_at, kept.dated) == (
        "Another title",
        first.published_at,
        first.first_seen_at,
        first.dated,
    )
