"""What the faces ask of the store, labels, and what retention forgets."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace

import pytest
from sqlalchemy import text

from monitor.entities import (
    AlertReason,
    ArticleId,
    Channel,
    Destination,
    DevelopmentId,
    EntryId,
    FeedId,
    LabelKind,
    LabelView,
    OutboxId,
    OutboxState,
    Reason,
    StoryId,
    TopicId,
    Verdict,
)
from monitor.errors import UsageError
from monitor.store import Pruned, RetentionPolicy, SqlStore, Views, prune
from monitor.store.codec import jsonable
from monitor.store.shown import EntryView, FeedView, QueueView, StoryView
from tests import make

CONSOLE = Destination("console")
SLACK = Destination("slack:islands")


@pytest.fixture
def house(store: SqlStore) -> SqlStore:
    """A store that has lived: two on-beat entries in one story, an off-beat one, an alert sent and one waiting."""
    with store.begin() as tx:
        tx.sync_feeds([make.feed(), make.feed("quiet")], make.NOW)
        tx.save_feed_state(make.feed_state(polls=3))
        story = tx.open_story(make.numbered(1), make.assignment(), make.profile())
        tx.save_story(make.story(story, articles=2))
        for number, reason in ((1, Reason.NEW_STORY), (2, Reason.NEW_FACT)):
            article = make.numbered(number, first_seen_at=make.at(hours=number), published_at=make.at(hours=number))
            entry = tx.add(article)
            assert entry is not None
            kept = tx.add_article(entry, article, make.fingerprint(number))
            matches = (make.match("islands", 0.9), make.match("treaty", 0.3, background=True))
            tx.place(kept, story=story, matches=matches, facts=(make.fact(), make.fact(action="visit")))
            detection = make.detection(reason)
            development = tx.add_development(story, kept, detection, AlertReason.QUEUED, make.at(hours=number))
            account = make.account(
                reason=reason, title=article.title, url=article.url, story=story, detection=detection
            )
            tx.record(entry, account, content_hash=article.content_hash)
            row = tx.enqueue(
                make.alert(developments=(development,), story=story),
                dedup_key=f"k{number}",
                state=OutboxState.PENDING,
                due_at=make.at(hours=number),
                now=make.at(hours=number),
            )
            assert row is not None
        sent = tx.outbox_row(OutboxId(1))
        assert sent is not None
        tx.update_outbox(replace(sent, state=OutboxState.SENT, sent_at=make.at(hours=1)))
        tx.save_thread(make.thread(story=story, root_outbox=OutboxId(1)))
        tx.save_channel(Channel(destination=SLACK, broken="archived"))
        weather = make.numbered(3, first_seen_at=make.at(hours=3), title="Fog over the harbour")
        off = tx.add(weather)
        assert off is not None
        tx.record(off, make.off_beat(title=weather.title, url=weather.url), content_hash="h")
    return store


@pytest.fixture
def views(house: SqlStore) -> Views:
    return Views(house)


def entry_view(number: int, **fields: object) -> EntryView:
    given: dict[str, object] = {
        "feed": FeedId("harbour-daily"),
        "title": make.numbered(number).title,
        "url": make.numbered(number).url,
        "verdict": Verdict.DEVELOPMENT,
        "reason": Reason.NEW_FACT,
        "published_at": make.at(hours=number),
        "first_seen_at": make.at(hours=number),
        "revisions": 0,
        "article": ArticleId(number),
        "story": StoryId(1),
    }
    return EntryView(**{"id": EntryId(number), **given, **fields})  # type: ignore[arg-type]


OFF_BEAT = entry_view(
    3,
    title="Fog over the harbour",
    verdict=Verdict.OFF_BEAT,
    reason=Reason.NO_SIDE,
    published_at=make.NOW,
    article=None,
    story=None,
)
STORY = StoryView(
    id=StoryId(1),
    title=make.story().title,
    lang="en",
    opened_at=make.NOW,
    last_at=make.NOW,
    articles=2,
    publishers=("Harbour Daily",),
    families=("harbour",),
    topics=(TopicId("islands"),),
    linked_to=None,
    muted_until=None,
    followed=False,
    developments=2,
)


def test_feeds_are_shown_with_their_memory_and_counters(views: Views) -> None:
    assert views.feeds() == (
        FeedView(
            feed=make.feed(),
            state=make.feed_state(polls=3),
            configured=True,
            entries=3,
            on_beat=2,
            last_entry_at=make.at(hours=3),
            leased_until=None,
        ),
        FeedView(
            feed=make.feed("quiet"),
            state=make.feed_state("quiet"),
            configured=True,
            entries=0,
            on_beat=0,
            last_entry_at=None,
            leased_until=None,
        ),
    )


def test_the_queue_is_counted_by_destination(views: Views) -> None:
    assert views.queue() == (
        QueueView(
            destination=CONSOLE,
            states={OutboxState.PENDING: 1, OutboxState.SENT: 1},
            oldest_waiting_at=make.at(hours=2),
            next_due_at=make.at(hours=2),
            last_sent_at=make.at(hours=1),
            channel=Channel(destination=CONSOLE),
        ),
        QueueView(
            destination=SLACK,
            states={},
            oldest_waiting_at=None,
            next_due_at=None,
            last_sent_at=None,
            channel=Channel(destination=SLACK, broken="archived"),
        ),
    )


def test_entries_are_listed_last_seen_first_and_by_verdict_feed_and_time(views: Views) -> None:
    first, second = entry_view(1, reason=Reason.NEW_STORY), entry_view(2)
    assert views.entries() == (OFF_BEAT, second, first)
    assert views.entries(limit=1) == (OFF_BEAT,)
    assert views.entries(verdict=Verdict.DEVELOPMENT) == (second, first)
    assert views.entries(since=make.at(hours=2)) == (OFF_BEAT, second)
    assert views.entries(feed=FeedId("quiet")) == ()


def test_verdicts_are_counted_with_their_reasons(views: Views) -> None:
    assert views.verdicts() == {
        Verdict.DEVELOPMENT: {Reason.NEW_FACT: 1, Reason.NEW_STORY: 1},
        Verdict.OFF_BEAT: {Reason.NO_SIDE: 1},
    }
    assert views.verdicts(since=make.at(hours=3)) == {Verdict.OFF_BEAT: {Reason.NO_SIDE: 1}}


def test_stories_are_listed_by_topic_time_and_mute(house: SqlStore, views: Views) -> None:
    assert views.stories() == (STORY,)
    assert views.stories(topic=TopicId("islands"), since=make.NOW) == (STORY,)
    assert views.stories(topic=TopicId("treaty")) == ()  # only mentioned in the background
    assert views.stories(since=make.at(hours=1)) == ()
    assert views.stories(muted_at=make.NOW) == ()
    with house.begin() as tx:
        tx.save_story(make.story(1, articles=2, muted_until=make.at(days=7)))
    assert views.stories(muted_at=make.NOW) == (replace(STORY, muted_until=make.at(days=7)),)
    assert views.stories(muted_at=make.at(days=7)) == ()


def test_a_story_is_shown_with_everything_in_it(views: Views) -> None:
    shown = views.story(StoryId(1))
    assert shown.story == STORY
    assert [article.id for article in shown.articles] == [1, 2]
    assert [match.topic for match in shown.articles[0].matches] == ["islands", "treaty"]
    assert shown.articles[0].facts == (make.fact(), make.fact(action="visit"))
    assert shown.articles[1].article.title == make.numbered(2).title
    assert [view.development.kind for view in shown.developments] == [Reason.NEW_STORY, Reason.NEW_FACT]
    assert shown.developments[0].detection == make.detection()
    assert shown.threads == (make.thread(),)
    assert [row.id for row in shown.alerts] == [1, 2]
    with pytest.raises(UsageError, match="no story s9"):
        views.story(StoryId(9))


def test_alerts_are_listed_newest_first_and_by_state_destination_and_time(views: Views) -> None:
    assert [row.id for row in views.alerts()] == [2, 1]
    assert [row.id for row in views.alerts(limit=1)] == [2]
    assert [row.id for row in views.alerts(states=[OutboxState.SENT])] == [1]
    assert [row.id for row in views.alerts(since=make.at(hours=2))] == [2]
    assert views.alerts(destination=SLACK) == ()


def test_an_alert_is_shown_with_what_it_told_and_what_was_merged_into_it(house: SqlStore, views: Views) -> None:
    with house.begin() as tx:
        second = tx.outbox_row(OutboxId(2))
        assert second is not None
        tx.update_outbox(replace(second, state=OutboxState.MERGED, merged_into=OutboxId(1)))
    shown = views.alert(OutboxId(1))
    assert shown.row.sent_at == make.at(hours=1)
    assert [view.development.id for view in shown.developments] == [1]
    assert (shown.thread, shown.merged, shown.labels) == (make.thread(), (2,), ())
    with pytest.raises(UsageError, match="no alert o9"):
        views.alert(OutboxId(9))


@pytest.mark.parametrize(
    ("ref", "entries"),
    [
        ("e2", [2]),
        ("a2", [2]),
        ("s1", [1, 2]),
        ("d2", [2]),
        ("o2", [2]),
        ("e3", [3]),
        (" e3 ", [3]),
        ("https://harbour-daily.example/news/2", [2]),
        ("https://www.harbour-daily.example/news/3?utm_source=rss", [3]),
        ("guid:third", [3]),
    ],
)
def test_an_id_a_key_or_a_url_is_explained_by_its_entries(
    house: SqlStore, views: Views, ref: str, entries: list[int]
) -> None:
    with house.begin() as tx:
        tx.alias(EntryId(3), ["guid:third", "url:harbour-daily.example/news/3"])
    assert [explained.entry.id for explained in views.explain(ref)] == entries


@pytest.mark.parametrize(
    "ref", ["e99", "a99", "s99", "d99", "o99", "x1", "", "https://nowhere.example/", "e" + "9" * 18]
)
def test_what_is_not_stored_cannot_be_explained(views: Views, ref: str) -> None:
    with pytest.raises(UsageError, match="nothing is stored under"):
        views.explain(ref)


def test_an_explanation_of_a_development_holds_everything(house: SqlStore, views: Views) -> None:
    with house.begin() as tx:
        edit = make.numbered(2, text="Edited.", content_hash="e")
        tx.add_revision(EntryId(2), edit, make.account(Verdict.REVISION, Reason.EDITED), make.at(hours=4))
        said = tx.label("o2", LabelKind.NOT_NEW, by="anna", now=make.NOW)
    (told,) = views.explain("d2")
    assert told.entry == entry_view(2, revisions=1)
    assert told.keys == make.numbered(2).keys
    assert told.account == make.account(
        reason=Reason.NEW_FACT,
        title=make.numbered(2).title,
        url=make.numbered(2).url,
        story=StoryId(1),
        detection=make.detection(Reason.NEW_FACT),
        entry=EntryId(2),
    )
    assert not told.thinned
    assert told.article is not None
    assert told.article.article.text == "Edited."
    assert [(edit.number, edit.text) for edit in told.revisions] == [(0, make.numbered(2).text), (1, "Edited.")]
    assert told.revisions[1].account == make.account(Verdict.REVISION, Reason.EDITED, entry=EntryId(2))
    assert told.story == STORY
    assert [view.development.id for view in told.developments] == [2]
    assert [row.id for row in told.alerts] == [2]
    assert told.labels == (said,)


def test_an_off_beat_entry_explains_itself_until_retention_thins_it(house: SqlStore, views: Views) -> None:
    (before,) = views.explain("e3")
    whole = make.off_beat(title="Fog over the harbour", url=make.numbered(3).url, entry=EntryId(3))
    assert (before.account, before.thinned) == (whole, False)
    policy = RetentionPolicy(raw_bodies=dt.timedelta(days=14), off_beat_accounts=dt.timedelta(days=30))
    prune(house, make.at(days=60), policy)
    (after,) = views.explain("e3")
    assert (after.account, after.thinned) == (replace(whole, ruling=None), True)
    assert (after.entry, after.keys) == (OFF_BEAT, make.numbered(3).keys)


def test_every_answer_becomes_json(views: Views) -> None:
    with views.store.begin() as tx:
        tx.label("e1", LabelKind.RELEVANT, by="anna", now=make.NOW)
    answers = [
        views.feeds(),
        views.queue(),
        views.entries(),
        views.verdicts(),
        views.stories(),
        views.story(StoryId(1)),
        views.alerts(),
        views.alert(OutboxId(1)),
        views.explain("s1"),
        views.labels(),
        views.beats(),
    ]
    read = json.loads(json.dumps(jsonable(answers), allow_nan=False))
    assert read[0][0]["feed"]["id"] == "harbour-daily"
    assert read[1][0]["states"] == {"pending": 1, "sent": 1}
    assert read[3]["off-beat"] == {"no-side": 1}
    assert read[8][1]["entry"]["first_seen_at"] == "2026-03-04T11:30:00Z"


def test_a_label_said_twice_by_one_reader_stands_once_as_said_last(views: Views) -> None:
    def say(who: str, hours: int, label: LabelKind = LabelKind.NOT_NEW, ref: str = "d1") -> LabelView | None:
        with views.store.begin() as tx:
            return tx.label(ref, label, by=who, now=make.at(hours=hours))

    say("anna", 1)
    first = say("anna", 2)
    second, third = say("boris", 3), say("anna", 4, LabelKind.WRONG_TOPIC)
    assert first == LabelView(
        ref="d1", entry=EntryId(1), label=LabelKind.NOT_NEW, by="anna", at=make.at(hours=2), note=""
    )
    assert views.labels() == (third, second, first)
    assert views.labels(since=make.at(hours=3)) == (third, second)
    assert views.labels(limit=1) == (third,)
    assert say("anna", 5, ref="d99") is None


def test_retention_forgets_bodies_and_off_beat_details_and_nothing_else(house: SqlStore) -> None:
    with house.begin() as tx:
        tx.keep_raw(make.fetched())
        tx.keep_raw(make.fetched(body=b"younger", at=make.at(days=10)))
    policy = RetentionPolicy(raw_bodies=dt.timedelta(days=14), off_beat_accounts=dt.timedelta(days=30))
    assert prune(house, make.at(days=13), policy) == Pruned(raw_bodies=0, off_beat_accounts=0)
    assert prune(house, make.at(days=20), policy) == Pruned(raw_bodies=1, off_beat_accounts=0)
    assert prune(house, make.at(days=60), policy) == Pruned(raw_bodies=1, off_beat_accounts=1)
    assert prune(house, make.at(days=60), policy) == Pruned(raw_bodies=0, off_beat_accounts=0)
    with house.begin() as tx:
        assert tx.add(make.numbered(3)) is None
        assert tx.connection.scalar(text("SELECT count(*) FROM entry WHERE account IS NOT NULL")) == 2
        assert len(tx.outbox(states=list(OutboxState))) == 2
        assert [row.id for row in tx.developments(StoryId(1))] == [DevelopmentId(1), DevelopmentId(2)]
