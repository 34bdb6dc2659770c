"""Labelled entries as the store hands them to the evaluation, on both databases."""

from __future__ import annotations

import pytest

from monitor.entities import AlertReason, EntryId, FeedId, LabelKind, LabelView, Reason, TopicId, Verdict
from monitor.evaluation import Labelled
from monitor.store import SqlStore, Views
from tests import make


@pytest.fixture
def views(store: SqlStore) -> Views:
    """Two entries of one story, of which the first was told, and one that is not ours; an hour apart each."""
    with store.begin() as tx:
        tx.sync_feeds([make.feed()], make.NOW)
        story = tx.open_story(make.numbered(1), make.assignment(), make.profile())
        for number, alert in ((1, AlertReason.QUEUED), (2, AlertReason.MUTED)):
            article = make.numbered(number, first_seen_at=make.at(hours=number), text=f"Report {number}.")
            entry = tx.add(article)
            assert entry is not None
            kept = tx.add_article(entry, article, make.fingerprint(number))
            matches = (make.match("treaty", 0.9), make.match("islands", 0.8), make.match("fish", background=True))
            tx.place(kept, story=story, matches=matches, facts=())
            tx.add_development(story, kept, make.detection(), alert, make.at(hours=number))
            tx.record(entry, make.account(title=article.title, url=article.url), content_hash="h")
        weather = make.numbered(3, first_seen_at=make.at(hours=3), title="Fog over the harbour")
        off = tx.add(weather)
        assert off is not None
        tx.record(off, make.off_beat(title=weather.title, url=weather.url), content_hash="h")
    return Views(store)


def label(views: Views, ref: str, kind: LabelKind, hours: float, by: str = "anna") -> LabelView:
    with views.store.begin() as tx:
        kept = tx.label(ref, kind, by=by, now=make.at(hours=hours), note="why")
    assert kept is not None
    return kept


def test_an_entry_comes_with_its_topics_what_became_of_it_and_all_labels_in_order(views: Views) -> None:
    second = label(views, "d1", LabelKind.NOT_NEW, 6, by="boris")
    first = label(views, "e1", LabelKind.RELEVANT, 5)
    silent = label(views, "e2", LabelKind.NEW, 7)

    told, untold = views.labelled()

    article = make.numbered(1)
    assert told == Labelled(
        entry=EntryId(1), title=article.title, text="Report 1.", feed=FeedId("harbour-daily"),
        publisher="Harbour Daily", lang="en", published_at=article.published_at,
        topics=(TopicId("islands"), TopicId("treaty")), verdict=Verdict.DEVELOPMENT, reason=Reason.NEW_STORY, told=True,
        labels=(first, second),
    )  # fmt: skip
    assert (untold.entry, untold.told, untold.labels) == (EntryId(2), False, (silent,))


def test_an_entry_that_was_turned_away_has_its_feeds_language_and_no_text(views: Views) -> None:
    label(views, "e3", LabelKind.RELEVANT, 5)
    (found,) = views.labelled()
    assert (found.title, found.text, found.lang, found.publisher, found.topics, found.told) == (
        "Fog over the harbour", "", "en", "Harbour Daily", (), False,
    )  # fmt: skip
    assert found.verdict is Verdict.OFF_BEAT


def test_a_period_is_of_first_sights_and_of_alerts(views: Views) -> None:
    for number in (1, 2, 3):
        label(views, f"e{number}", LabelKind.RELEVANT, 9)
    assert [one.entry for one in views.labelled(since=make.at(hours=2))] == [2, 3]
    assert [one.entry for one in views.labelled(until=make.at(hours=2))] == [1]
    assert views.told_at() == (make.at(hours=1),)
    assert views.told_at(since=make.at(hours=2)) == ()
    assert views.told_at(until=make.at(hours=1)) == ()


def test_nothing_labelled_is_an_empty_answer(views: Views) -> None:
    assert views.labelled() == ()


def test_a_reader_who_comes_back_to_an_earlier_word_has_said_it_last(views: Views) -> None:
    label(views, "e1", LabelKind.OFF_BEAT, 5)
    doubted = label(views, "e1", LabelKind.RELEVANT, 6)
    again = label(views, "e1", LabelKind.OFF_BEAT, 7)

    (found,) = views.labelled()

    assert found.labels == (doubted, again)
