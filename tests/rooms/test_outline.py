"""What is kept of a story between two articles never outlives the story it was made of."""

from __future__ import annotations

import pytest

from monitor.entities import Surroundings
from monitor.stories import Stories, outline
from monitor.stories.outline import Outlines
from monitor.stories.roles import Roles
from tests.quality.room import extractor, stories
from tests.rooms.test_stories import DRILL, FISH, story_of, tell


def test_a_story_that_an_edit_gave_a_fact_is_compared_as_it_now_stands() -> None:
    used = Stories(extractor())
    told = tell("Russia denies drills on Kunashir", hours=2)
    before = story_of(FISH)
    used.ranked(told, (before,), Surroundings(), told.article.published_at)
    edited = stories().absorb(before, DRILL, edited=True)
    assert (edited.id, edited.articles, edited.last_at) == (before.id, before.articles, before.last_at)

    seen = used.ranked(told, (edited,), Surroundings(), told.article.published_at)

    assert seen == Stories(extractor()).ranked(told, (edited,), Surroundings(), told.article.published_at)
    assert seen != used.ranked(told, (before,), Surroundings(), told.article.published_at)


def test_outlines_are_made_once_a_profile_and_the_oldest_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outline, "OUTLINES_KEPT", 2)
    kept = Outlines(Roles(extractor(), frozenset()))
    profiles = [story_of(told).profile for told in (DRILL, FISH, tell("Kishida and Putin meet in Vladivostok"))]
    first = [kept.of(profile) for profile in profiles]

    assert kept.of(profiles[2]) is first[2]
    assert kept.of(profiles[1]) is first[1]
    assert kept.of(profiles[0]) is not first[0]
