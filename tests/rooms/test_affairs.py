"""Affairs: what a headline that names no side may be about, and when the days before make it plain."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from monitor.entities import Evidence, Reason, Ruling, Stirred, StoryId
from monitor.gate import Gate, OpenGate
from monitor.lexicon import Lexicon
from monitor.settings import load_beat, load_names
from tests import make

CONFIG = Path(__file__).resolve().parents[2] / "config"
REFUSED = Ruling(relevant=False, reason=Reason.NO_SIDE, score=0.0)


@pytest.fixture(scope="module")
def lexicon() -> Lexicon:
    return Lexicon(load_names(CONFIG))


@pytest.fixture(scope="module")
def gate(lexicon: Lexicon) -> Gate:
    return Gate(load_beat(CONFIG, tuple(lexicon.names.values())), lexicon)


def affairs(gate: Gate, title: str, lang: str) -> dict[str, tuple[str, ...]]:
    return {found.key: found.words for found in gate.affairs(make.article(title, text="", lang=lang))}


def stirred(key: str, articles: int) -> Sequence[Stirred]:
    return [Stirred(key=key, story=StoryId(7), articles=articles)]


@pytest.mark.parametrize(
    ("lang", "title", "found"),
    [
        ("en", "Deckhands sent home", {}),
        ("en", "Skipper stays in custody", {"affair:seizure": ("Skipper", "custody")}),
        ("en", "Hoshi Maru back in port", {"ship:en:hoshi": ("Hoshi Maru",)}),
        ("ja", "乗組員3人を釈放", {"affair:seizure": ("釈放", "乗組員")}),
        ("ja", "乗組 員 3 人 を 釈放", {"affair:seizure": ("釈放", "乗組 員")}),
        ("ja", "第三星雲丸が帰港", {"ship:ja:星雲": ("星雲丸",)}),
        ("ja", "五輪会場に日の丸", {}),
        ("ru", "Троих рыбаков отпустили, капитан под арестом", {"affair:seizure": ("отпустили", "рыбаков")}),
        ("ru", "«Хоси-мару» вернулась в порт", {"ship:ru:хоси": ("Хоси-мару",)}),
        ("en", "Crew wins the boat race", {}),
        ("ja", "漁船が転覆", {}),
    ],
)
def test_an_affair_is_found_by_its_words_and_a_ship_by_its_name(
    gate: Gate, lang: str, title: str, found: dict[str, tuple[str, ...]]
) -> None:
    assert {key: tuple(sorted(words)) for key, words in affairs(gate, title, lang).items()} == {
        key: tuple(sorted(words)) for key, words in found.items()
    }


@pytest.mark.parametrize(
    ("lang", "title", "opposed"),
    [
        ("en", "Skipper stays in custody, three of the crew go home", False),
        ("en", "Skipper stays in South Korean custody, three of the crew go home", True),
        ("en", "Skipper of cricket team free of charge after the match", True),
        ("ja", "台湾の漁船、乗組員3人を釈放", True),
        ("ru", "Норвегия отпустила троих рыбаков", True),
    ],
)
def test_another_state_or_plain_words_of_another_matter_oppose(
    gate: Gate, lexicon: Lexicon, lang: str, title: str, opposed: bool
) -> None:
    assert gate.opposed(lexicon.read(title, "", lang, on=make.NOW.date())) is opposed


def test_a_refusal_is_taken_back_where_two_articles_told_of_the_affair_and_says_in_which_story(gate: Gate) -> None:
    found = gate.affairs(make.article("Skipper stays in custody", text="", lang="en"))
    ruling = gate.recall(REFUSED, found, stirred("affair:seizure", 2))
    assert ruling is not None
    assert (ruling.relevant, ruling.reason) == (True, None)
    assert ruling.evidence == (
        Evidence(
            signal="gate:affair",
            said="as in story s7; articles of these days that told of it: 2",
            words=found[0].words,
        ),
    )
    assert gate.recall(REFUSED, found, stirred("affair:seizure", 1)) is None
    assert gate.recall(REFUSED, found, stirred("affair:talks", 9)) is None
    assert gate.recall(REFUSED, found, []) is None


def test_a_ship_told_of_once_is_known_by_its_name(gate: Gate) -> None:
    found = gate.affairs(make.article("Hoshi Maru back in port", text="", lang="en"))
    assert gate.recall(REFUSED, found, stirred("ship:en:hoshi", 1)) is not None


def test_an_open_gate_knows_no_affairs() -> None:
    article = make.article("Skipper stays in custody", text="", lang="en")
    assert OpenGate().affairs(article) == ()
