"""What in two tellings of an act cannot be one act, and what is only silence or another word for it."""

from __future__ import annotations

from functools import lru_cache

import pytest

from monitor.entities import Story, StoryId, Surroundings, Told
from monitor.stories.contradiction import Contradictions, Kind
from monitor.stories.likeness import heads
from monitor.stories.roles import Roles
from tests import make
from tests.quality.room import extractor, lexicon, stories

NOBODY_LEARNT = Surroundings()


def tell(title: str, lang: str = "en", hours: float = 0) -> Told:
    """A bare headline read by rules alone."""
    at = make.at(hours=hours)
    article = make.article(title, lang=lang, text="", published_at=at)
    reading = lexicon().read(title, "", lang, on=at.date())
    return Told(article=article, reading=reading, facts=extractor().extract(article, reading))


def opened(*titles: str, lang: str = "en") -> Story:
    """A story of these headlines."""
    told = [tell(title, lang) for title in titles]
    at = told[0].article.published_at
    story = Story(id=StoryId(1), title=titles[0], lang=lang, opened_at=at, last_at=at)
    for one in told:
        story = stories().absorb(story, one)
    return story


@lru_cache(maxsize=1)
def room() -> Contradictions:
    """The finder over the shipped names."""
    return Contradictions(extractor(), Roles(extractor(), stories().common))


def kind(title: str, *held: str, lang: str = "en", other: str = "") -> Kind | None:
    """In what a headline contradicts the story of the headlines ``held``."""
    told = tell(title, lang, hours=3)
    found = room().find(
        heads(told.facts), opened(*held, lang=other or lang).profile.facts, told.article.published_at.date()
    )
    return None if found is None else found.kind


@pytest.mark.parametrize(
    ("first", "then", "found"),
    [
        ("Japan expels a Russian consul", "Russia expels a Japanese consul", Kind.SIDE),
        ("Japan adopts 7th package of sanctions on Russia", "Japan adopts 8th package of sanctions on Russia", Kind.COUNT),
        ("Russian governor visits Iturup", "Russian governor visits Kunashir", Kind.PLACE),
        ("Abe and Putin meet in Lima", "Kono and Lavrov meet in Lima", Kind.PEOPLE),
        ("Abe and Putin meet in Lima", "Abe and Putin meet in Sochi", Kind.PLACE),
        ("Peskov criticizes Japan's export ban", "Zakharova criticizes Japan's export ban", Kind.SPEAKER),
    ],
)  # fmt: skip
def test_one_action_done_otherwise_is_another_act(first: str, then: str, found: Kind) -> None:
    assert (kind(then, first), kind(first, then)) == (found, found)


@pytest.mark.parametrize(
    ("first", "then"),
    [
        ("Russian governor visits Iturup", "Russian governor visits the Northern Territories"),
        ("Russian governor visits Iturup", "Russian governor visits Kurilsk on Iturup"),
        ("Russian governor visits the Kurils", "Russian governor visits the Northern Territories"),
        ("Russia detains Japanese boat off Hokkaido", "Russia detains Japanese boat off Nemuro"),
        ("Abe and Putin meet in Lima", "Abe meets Putin"),
        ("Abe and Putin meet in Lima", "Japan and Russia hold talks in Lima"),
        ("Japan sanctions 12 Russian firms", "Japan sanctions 14 Russian firms"),
        ("Japan protests to Russia over drills", "Russia holds drills on Kunashir"),
    ],
)
def test_less_said_or_said_more_broadly_contradicts_nothing(first: str, then: str) -> None:
    assert (kind(then, first), kind(first, then)) == (None, None)


def test_a_contradiction_is_the_same_whichever_language_told_it() -> None:
    assert kind("ロシア、日本外交官を追放", "Japan expels a Russian diplomat", lang="ja", other="en") is Kind.SIDE
    assert kind("Министр России посетил Итуруп", "ロシア閣僚、色丹島を訪問", lang="ru", other="ja") is Kind.PLACE


def test_a_story_that_tells_an_act_of_both_places_contradicts_neither() -> None:
    held = ("Russian governor visits Iturup", "Russian governor visits Kunashir")

    assert kind("Russian governor visits Kunashir", *held) is None


def test_a_contradicted_article_opens_its_own_story_and_goes_on_from_the_other() -> None:
    told = tell("Japan adopts 8th package of sanctions on Russia", hours=3)
    story = opened("Japan adopts 7th package of sanctions on Russia")

    found = stories().assign(told, (story,), NOBODY_LEARNT, told.article.published_at)

    assert (found.story, found.linked_to) == (None, story.id)
    assert [line.said for line in found.evidence if line.signal == "against"] == [
        "another one of a series (sanction): package 8, there package 7"
    ]
