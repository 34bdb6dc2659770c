"""New ground: what is alike is one proposal, in whatever order it comes, and what is usual speaks for nothing."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

import pytest

from monitor.entities import ArticleId, Name, NameId, Reading
from monitor.lexicon import Lexicon
from monitor.topics.ground import Piece, Proposal, propose
from tests import make

NAMES = (
    Name(
        id=NameId("japan"), kind="country", side="japan", forms={"en": ("Japan",), "ja": ("日本",), "ru": ("Япония",)}
    ),
    Name(id=NameId("russia"), kind="country", side="russia", forms={"en": ("Russia",), "ru": ("Россия",)}),
    Name(id=NameId("harbour-hall"), kind="place", forms={"en": ("Harbour Hall",), "ru": ("Портовый зал",)}),
)
LEXICON = Lexicon(NAMES)
USUAL = (NameId("japan"), NameId("russia"))
BEES = (
    "Japan and Russia agree to guard wild bees",
    "Wild bees: Russia answers Japan",
    "Japan counts wild bees with Russia",
)
CLOCKS = (
    "Russia lends tower clock to Japan",
    "Tower clock from Russia reaches Japan",
    "Japan mends Russia's tower clock",
)


def piece(number: int, title: str, lang: str = "en", *, sorted: bool = False, vector: tuple[float, ...] = ()) -> Piece:  # noqa: A002 -- the piece calls it so
    reading: Reading = LEXICON.read(title, "", lang, on=make.NOW.date())
    return Piece(article=ArticleId(number), reading=replace(reading, vector=vector), sorted=sorted)


def pieces(*titles: str) -> list[Piece]:
    return [piece(number, title) for number, title in enumerate(titles, 1)]


def found(given: Sequence[Piece], least: int = 3) -> tuple[Proposal, ...]:
    return propose(given, usual=USUAL, least=least)


def test_each_matter_is_a_proposal_named_by_its_most_telling_words() -> None:
    both = found(pieces(*BEES, *CLOCKS))
    assert [proposal.articles for proposal in both] == [(1, 2, 3), (4, 5, 6)]
    assert [next(iter(proposal.name.values())).split(" · ")[0] for proposal in both] == ["wild bees", "tower clock"]
    assert [proposal.id.split("-")[:2] for proposal in both] == [["wild", "bees"], ["tower", "clock"]]


def test_the_larger_one_comes_first() -> None:
    assert [len(one.articles) for one in found(pieces(*BEES, *CLOCKS, "A tower clock for Japan and Russia"))] == [4, 3]


def test_the_order_in_which_articles_come_changes_nothing() -> None:
    given = pieces(*BEES, *CLOCKS)
    shuffled = random.Random(7).sample(given, len(given))
    assert found(shuffled) == found(given)


def test_names_of_every_article_of_the_beat_bring_nothing_together() -> None:
    assert found(pieces("Japan, Russia: apples", "Japan, Russia: violins", "Japan, Russia: snow")) == ()


def test_articles_with_a_topic_are_no_ground_but_say_what_is_usual() -> None:
    told = [piece(n, title, sorted=True) for n, title in enumerate(BEES, 1)]
    assert found(told) == ()
    ground = [*told, *(piece(n, title) for n, title in enumerate(CLOCKS, 4))]
    assert [one.articles for one in found(ground)] == [(4, 5, 6)]


def test_a_name_shared_between_languages_goes_into_the_proposal() -> None:
    given = [piece(n, f"{title} at Harbour Hall") for n, title in enumerate(BEES, 1)]
    [one] = found(given)
    assert dict(one.names) == {"harbour-hall": 0.4}


def test_meaning_brings_languages_together() -> None:
    given = [
        piece(1, "Wild bees to be counted", vector=(1.0, 0.0)),
        piece(2, "野生のミツバチを調査", "ja", vector=(0.9, 0.43589)),
        piece(3, "Диких пчёл пересчитают", "ru", vector=(0.9, 0.43589)),
        piece(4, "Tower clock mended", vector=(0.0, 1.0)),
    ]
    [one] = found(given)
    assert one.articles == (1, 2, 3)
    assert set(one.name) == set(one.phrases) == {"en", "ja", "ru"}


@pytest.mark.parametrize("given", [[], pieces(BEES[0])])
def test_too_little_ground_is_no_proposal(given: list[Piece]) -> None:
    assert found(given) == ()


def test_two_proposals_never_share_an_id() -> None:
    vectors = ((1.0, 0.0), (0.0, 1.0))
    given = [piece(n, "東京で会議", "ja", vector=vectors[n > 3]) for n in range(1, 4)]
    given += [piece(n, "冬の祭り", "ja", vector=vectors[1]) for n in range(4, 7)]
    assert [one.id for one in found(given)] == ["new-ground", "new-ground-2"]
