"""What stories are found by, on SQLite and on PostgreSQL."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace

from sqlalchemy import func, select

from monitor.entities import Profile, Stirred, Story, StoryId
from monitor.store import SqlStore, SqlTx, Views, tables
from monitor.store.keys import AFTER, BEFORE, KEYS_OF_STORY, hashed
from monitor.store.stories import ALIKE, BUSY_MOST, FOUND, LATEST
from tests import make

DAY = dt.timedelta(days=1)
LONG_AGO = dt.timedelta(days=-400)


def opened(tx: SqlTx, *keys: str, at: dt.datetime = make.NOW + LONG_AGO) -> StoryId:
    """A story that opened then and is found by these keys."""
    story = tx.open_story(make.article(published_at=at), make.assignment(), make.profile())
    found = tx.story(story)
    assert found is not None
    tx.index_story(found, keys)
    return story


def found_by(tx: SqlTx, *keys: str) -> list[StoryId]:
    return [story.id for story in tx.candidates(keys, (), make.NOW, horizon=DAY)]


def held(tx: SqlTx, story: StoryId) -> dict[int, int]:
    rows = tx.connection.execute(select(tables.story_key).where(tables.story_key.c.story_id == story))
    return {row.key: row.times for row in rows}


def test_a_key_is_the_same_number_in_every_process() -> None:
    assert hashed(["abe", "en:islands", "abe", "act:protest"]) == [
        -2112353448968032276, -419848124848377093, -7827774816560950409,
    ]  # fmt: skip


def test_a_story_that_rested_for_a_year_is_found_by_a_key_and_others_are_not(store: SqlStore) -> None:
    with store.begin() as tx:
        story = opened(tx, "abe", "en:islands")
        opened(tx, "kono", "en:treaty")
    with store.read() as tx:
        assert found_by(tx, "en:islands", "en:unheard") == [story]
        assert found_by(tx, "en:unheard") == []


def test_of_more_stories_than_are_compared_those_that_share_the_rarest_keys_are_found(store: SqlStore) -> None:
    with store.begin() as tx:
        rare = opened(tx, "putin", "en:scallop")
        common = [opened(tx, "putin") for _ in range(FOUND + 5)]
    with store.read() as tx:
        found = found_by(tx, "putin", "en:scallop")
    assert rare in found
    assert len(found) == FOUND
    assert set(found) - {rare} <= set(common)


def test_behind_a_hot_key_stand_the_stories_that_opened_nearest_to_the_article(store: SqlStore) -> None:
    with store.begin() as tx:
        days = range(-BEFORE - 60, AFTER + 60)
        stories = {day: opened(tx, "putin", at=make.NOW + 2 * day * DAY) for day in days}
    with store.read() as tx:
        found = set(found_by(tx, "putin"))
    by_day = {day for day, story in stories.items() if story in found}
    assert len(by_day) == FOUND
    assert by_day <= set(range(-BEFORE + 1, AFTER))


def test_stories_that_moved_next_to_an_article_are_compared_without_a_shared_key(store: SqlStore) -> None:
    most, minute = LATEST + ALIKE, dt.timedelta(minutes=1)
    with store.begin() as tx:
        before = [opened(tx, at=make.NOW - number * minute) for number in range(most + 3)]
        after = [opened(tx, at=make.NOW + number * minute) for number in range(1, most + 4)]
    with store.read() as tx:
        assert found_by(tx) == [*after[:most][::-1], *before[:most]]


def test_a_story_that_means_the_same_is_compared_though_others_moved_since(
    store: SqlStore, open_store: Callable[[], SqlStore]
) -> None:
    minute = dt.timedelta(minutes=1)

    def vectors(one: float, other: float) -> Profile:
        return make.profile(vector=(one, other))

    with store.begin() as tx:
        then = [make.article(published_at=make.NOW - number * minute) for number in range(100)]
        others = [tx.open_story(article, make.assignment(), vectors(0.1, 1.0)) for article in then]
        alike = tx.open_story(make.article(published_at=make.NOW - DAY / 2), make.assignment(), vectors(3.0, 0.1))
        bare = tx.open_story(make.article(published_at=make.NOW - DAY / 2), make.assignment(), make.profile(vector=()))
        asked = {"now": make.NOW, "horizon": DAY}
        found = [story.id for story in tx.candidates((), (1.0, 0.0), **asked)]
        assert len(found) == LATEST + ALIKE
        assert alike in found
        assert bare not in found
        assert set(others[:LATEST]) <= set(found)
        assert alike not in [story.id for story in tx.candidates((), (), **asked)]
    with store.begin() as tx:
        tx.save_story(replace(shown(tx, alike), profile=vectors(-3.0, 0.0)))
        assert alike not in [story.id for story in tx.candidates((), (1.0, 0.0), **asked)]
    with open_store().read() as tx:
        assert [story.id for story in tx.candidates((), (1.0, 0.0), **asked)][:LATEST] == others[:LATEST]


def test_a_full_story_keeps_what_its_articles_share_and_then_what_the_last_one_brought(store: SqlStore) -> None:
    first = [f"en:first{number}" for number in range(KEYS_OF_STORY)]
    last = [*first[:10], *(f"en:last{number}" for number in range(20))]
    with store.begin() as tx:
        story = opened(tx, *first)
        tx.index_story(shown(tx, story), last)
        kept = held(tx, story)
        counted = tx.connection.scalar(select(func.count()).select_from(tables.key_count).where(
            tables.key_count.c.stories == 1
        ))  # fmt: skip
    assert len(kept) == KEYS_OF_STORY == counted
    assert {key for key, times in kept.items() if times == 2} == set(hashed(first[:10]))
    assert set(hashed(last)) <= kept.keys()


def test_a_story_whose_every_key_was_dropped_elsewhere_counts_as_rare_again(store: SqlStore) -> None:
    crowd = [f"en:word{number}" for number in range(KEYS_OF_STORY)]
    with store.begin() as tx:
        full = opened(tx, "en:lost")
        tx.index_story(shown(tx, full), crowd)
        tx.index_story(shown(tx, full), crowd)
        assert hashed(["en:lost"])[0] not in held(tx, full)
        assert found_by(tx, "en:lost") == []


def test_keys_of_a_savepoint_that_failed_find_nothing(store: SqlStore) -> None:
    with store.begin() as tx:
        story = opened(tx, "abe")
        try:
            with tx.savepoint():
                tx.index_story(shown(tx, story), ["kono"])
                raise KeyError
        except KeyError:
            pass
        assert found_by(tx, "kono") == []
        assert found_by(tx, "abe") == [story]


def test_texts_that_no_database_holds_are_keys_like_others(store: SqlStore) -> None:
    with store.begin() as tx:
        story = opened(tx, "en:nul\x00", "en:half\ud800")
    with store.read() as tx:
        assert found_by(tx, "en:nul\x00") == found_by(tx, "en:half\ud800") == [story]


def test_the_articles_of_the_days_around_are_counted_and_no_more_than_is_needed(store: SqlStore) -> None:
    with store.begin() as tx:
        for number, days in enumerate((-4, -3, 0, 2, 5), 1):
            keep_at(tx, number, make.at(days=days))
        assert tx.busy(make.NOW, within=3 * DAY) == 3
    assert BUSY_MOST == 2000


def keep_at(tx: SqlTx, number: int, at: dt.datetime) -> None:
    article = make.numbered(number, published_at=at)
    entry = tx.add(article)
    assert entry is not None
    tx.record(entry, make.account(title=article.title, url=article.url), content_hash=article.content_hash)
    tx.add_article(entry, article, make.fingerprint(number, number + 1000))


def shown(tx: SqlTx, story: StoryId) -> Story:
    found = tx.story(story)
    assert found is not None
    return found


def test_a_story_remembers_the_thread_of_events_it_opened_in(
    store: SqlStore, open_store: Callable[[], SqlStore]
) -> None:
    with store.begin() as tx:
        first = tx.open_story(make.article(), make.assignment(), make.profile())
        next_one = tx.open_story(make.article(), make.assignment(linked_to=first), make.profile(), events=first)
        assert (shown(tx, first).events, shown(tx, next_one).events) == (None, first)
    with open_store().read() as tx:
        assert (shown(tx, first).events, shown(tx, next_one).events) == (None, first)


def test_a_thread_of_events_is_shown_in_its_order_from_any_of_its_stories(store: SqlStore) -> None:
    with store.begin() as tx:
        visit, other, protest, reply = (
            tx.open_story(
                make.article(published_at=make.at(days=day)), make.assignment(), make.profile(), events=events
            )
            for day, events in ((0, None), (1, None), (2, StoryId(1)), (1, StoryId(1)))
        )
    views = Views(store)
    for story in (visit, protest, reply):
        assert [each.id for each in views.story(story).events] == [visit, reply, protest]
    assert views.story(other).events == ()


def stirred(tx: SqlTx, *keys: str, at: dt.datetime = make.NOW) -> list[Stirred]:
    return list(tx.stirred(keys, at, opened=30 * DAY, moved=10 * DAY))


def test_a_key_was_told_of_lately_in_as_many_articles_as_brought_it(store: SqlStore) -> None:
    with store.begin() as tx:
        first = opened(tx, "affair:seizure", at=make.NOW - 2 * DAY)
        last = opened(tx, "affair:seizure", "abe", at=make.NOW - DAY)
        again = tx.story(first)
        assert again is not None
        tx.index_story(again, ["affair:seizure"])
    with store.read() as tx:
        assert stirred(tx, "affair:seizure", "affair:talks") == [Stirred(key="affair:seizure", story=last, articles=3)]
        assert stirred(tx, "affair:talks") == []


def test_a_story_that_rests_is_old_or_is_yet_to_come_makes_nothing_plain(store: SqlStore) -> None:
    with store.begin() as tx:
        for days in (-11, 1):
            opened(tx, "affair:seizure", at=make.NOW + days * DAY)
        old = tx.story(opened(tx, "affair:seizure", at=make.NOW - 31 * DAY))
        assert old is not None
        tx.save_story(replace(old, last_at=make.NOW))
    with store.read() as tx:
        assert stirred(tx, "affair:seizure") == []
        assert [one.articles for one in stirred(tx, "affair:seizure", at=make.NOW - 10 * DAY)] == [2]
