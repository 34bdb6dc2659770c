"""The demonstration's week: what is told is what the script says, and each scripted story is one story."""

from __future__ import annotations

import asyncio
from collections import defaultdict

import pytest

from monitor.demo.play import Played, play
from monitor.entities import Verdict
from monitor.settings import load
from tests.walk.house import CONFIG


@pytest.fixture(scope="module")
def played() -> Played:
    """The week, played once by the real daemon with everything switched on."""
    return asyncio.run(play(load(CONFIG)))


def test_what_is_told_is_what_the_script_says(played: Played) -> None:
    assert [f"{one.title}: {one.verdict} ({one.reason})" for one in played.outcomes if not one.as_scripted] == []


def test_reports_of_one_scripted_story_are_one_story_in_all_three_languages(played: Played) -> None:
    stories = defaultdict(set)
    for outcome in played.outcomes:
        if outcome.scripted_story:
            stories[outcome.scripted_story].add(outcome.story)
    assert {name: len(found) for name, found in stories.items() if len(found) != 1} == {}


def test_every_told_development_is_one_message_and_nothing_else_is(played: Played) -> None:
    assert played.messages == played.alerts + 1  # and the line that the watch has begun


def test_each_kind_of_ending_occurs_and_is_explained(played: Played) -> None:
    assert {explained.account.verdict for explained in played.explained} >= {
        Verdict.OFF_BEAT,
        Verdict.COPY,
        Verdict.REPEAT,
        Verdict.DEVELOPMENT,
    }
