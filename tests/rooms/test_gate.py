"""The gate: who is named, what stands between, what speaks against, and the reason for every no."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from monitor.entities import Beat, Reason, Ruling
from monitor.errors import ConfigError
from monitor.gate import BIAS, SAID, THRESHOLD, Gate
from monitor.lexicon import Lexicon
from monitor.settings import load_beat, load_names
from tests import make

CONFIG = Path(__file__).resolve().parents[2] / "config"


@pytest.fixture(scope="module")
def lexicon() -> Lexicon:
    return Lexicon(load_names(CONFIG))


@pytest.fixture(scope="module")
def gate(lexicon: Lexicon) -> Gate:
    return Gate(load_beat(CONFIG, tuple(lexicon.names.values())), lexicon)


def judge(gate: Gate, lexicon: Lexicon, title: str, text: str = "", lang: str = "en") -> Ruling:
    article = make.article(title, text=text, lang=lang)
    return gate.judge(article, lexicon.read(title, text, lang, on=make.NOW.date()))


@pytest.mark.parametrize(
    ("lang", "title"),
    [
        ("en", "Japan protests Russian drills on Kunashir"),
        ("en", "Lavrov says no treaty talks with Tokyo"),
        ("ja", "日ロ外相会談、平和条約を協議"),
        ("ja", "北方領土の返還を要求"),
        ("ru", "Япония ввела санкции против России"),
        ("ru", "На Южных Курилах Россия начала учения, Токио заявил протест"),
    ],
)
def test_relations_between_the_sides_are_ours_by_a_headline_alone(
    gate: Gate, lexicon: Lexicon, lang: str, title: str
) -> None:
    assert judge(gate, lexicon, title, lang=lang).relevant


@pytest.mark.parametrize(
    ("lang", "title", "reason"),
    [
        ("en", "Rain expected in Paris", Reason.NO_SIDE),
        ("en", "Russia raises pension age", Reason.ONE_SIDE),
        ("ja", "東京で花火大会", Reason.ONE_SIDE),
        ("en", "Missile falls into Sea of Japan", Reason.NO_SIDE),
        ("en", "Japanese judo champion beats Russian in world final", Reason.AGAINST),
        ("ja", "フィギュア、日本がロシアを抑え優勝", Reason.AGAINST),
        ("ru", "Волейбол: Япония победила Россию на чемпионате мира", Reason.AGAINST),
        ("en", "Toyota counts its cars in Moscow", Reason.NO_RELATION),
    ],
)
def test_every_no_has_its_reason(gate: Gate, lexicon: Lexicon, lang: str, title: str, reason: Reason) -> None:
    ruling = judge(gate, lexicon, title, lang=lang)
    assert (ruling.relevant, ruling.reason) == (False, reason)


def test_a_report_without_a_second_side_is_not_weighed(gate: Gate, lexicon: Lexicon) -> None:
    assert judge(gate, lexicon, "Rain expected in Paris") == Ruling(relevant=False, reason=Reason.NO_SIDE, score=0.0)


def test_evidence_says_which_words_spoke_and_which_way(gate: Gate, lexicon: Lexicon) -> None:
    ruling = judge(gate, lexicon, "Japan protests to Russia over World Cup visas")
    said = {piece.signal: piece for piece in ruling.evidence}
    assert said["gate:names"].words == ("Japan", "Russia")
    assert said["gate:relation-title"].words[0] == "protests"
    assert said["gate:relation-title"].weight > 0
    assert said["gate:against-title"].words == ("World Cup",)
    assert said["gate:against-title"].weight < 0


def test_a_dateline_names_no_side(gate: Gate, lexicon: Lexicon) -> None:
    text = "MOSCOW (AP) — Engineers tested a bridge in Japan."
    found = gate.features(lexicon.read("Bridge tested", text, "en", on=make.NOW.date()))
    assert "both-lead" not in found
    found = gate.features(
        lexicon.read("Bridge tested", text.replace("MOSCOW (AP) — ", "In Moscow, "), "en", on=make.NOW.date())
    )
    assert "both-lead" in found


@pytest.mark.parametrize(
    ("lang", "title"),
    [
        ("en", "Kishida keeps peace treaty as goal"),
        ("en", "Japan's former islanders ask for grave visits"),
        ("ja", "首相、平和条約に意欲"),
        ("ja", "政府、対ロ追加制裁を決定"),
        ("ja", "露爆撃機が接近、空自が緊急発進"),
        ("ru", "Токио: мирный договор остаётся целью"),
    ],
)
def test_what_only_these_two_have_between_them_needs_one_side_alone(
    gate: Gate, lexicon: Lexicon, lang: str, title: str
) -> None:
    assert judge(gate, lexicon, title, lang=lang).relevant


@pytest.mark.parametrize(
    ("lang", "title"),
    [
        ("en", "Skipper from Nemuro freed after two weeks"),
        ("en", "Two weeks on, Japan's trawler is released"),
        ("ja", "根室の漁船、乗組員4人を釈放"),
        ("ja", "釈放の4人、根室の漁師仲間が出迎え"),
        ("ru", "Токио: рыбаков пора отпустить"),
        ("ru", "Отпустить рыбаков просит Япония"),
    ],
)
def test_words_that_tell_a_matter_together_tell_it_in_any_order(
    gate: Gate, lexicon: Lexicon, lang: str, title: str
) -> None:
    assert judge(gate, lexicon, title, lang=lang).relevant


@pytest.mark.parametrize(
    ("title", "reason"),
    [
        ("Skipper from Nemuro wins cooking contest", Reason.ONE_SIDE),
        ("Prisoner freed in Hokkaido", Reason.ONE_SIDE),
        ("Skipper held in Nagasaki, Chinese boat seized", Reason.ONE_SIDE),
    ],
)
def test_half_of_such_a_matter_or_one_with_a_third_state_tells_nothing(
    gate: Gate, lexicon: Lexicon, title: str, reason: Reason
) -> None:
    assert judge(gate, lexicon, title).reason is reason


@pytest.mark.parametrize("title", ["Japan and Mongolia mark peace treaty", "Ukraine and Russia far from peace treaty"])
def test_such_a_matter_of_another_state_is_not_ours(gate: Gate, lexicon: Lexicon, title: str) -> None:
    assert not judge(gate, lexicon, title).relevant


@pytest.mark.parametrize(
    ("lang", "title"),
    [
        ("en", "Medvedev lands on Kunashir"),
        ("ja", "ロシア大統領、択捉島を視察"),
        ("ru", "Министр обороны прибыл на Итуруп"),
        ("en", "US backs Japan's claim to Northern Territories"),
        ("ja", "米国務省、北方領土で日本を支持"),
        ("ru", "США поддержали Японию в споре о Курилах"),
    ],
)
def test_a_leader_on_the_islands_and_an_allys_word_on_them_are_ours(
    gate: Gate, lexicon: Lexicon, lang: str, title: str
) -> None:
    assert judge(gate, lexicon, title, lang=lang).relevant


@pytest.mark.parametrize(
    ("lang", "title"),
    [
        ("en", "Japanese chef opens noodle bar in Moscow"),
        ("ja", "モスクワで日本料理が人気"),
        ("ru", "Японский повар открыл лапшичную в Москве"),
        ("en", "New kindergarten opens on Kunashir"),
        ("ja", "国後島沖で地震"),
        ("ru", "На Шикотане построят бассейн"),
    ],
)
def test_private_people_and_the_islands_daily_life_are_not_ours(
    gate: Gate, lexicon: Lexicon, lang: str, title: str
) -> None:
    assert not judge(gate, lexicon, title, lang=lang).relevant


@pytest.mark.parametrize(
    ("lang", "title", "state"),
    [
        ("en", "Japan answers Russia", True),
        ("en", "Man from Moscow lost in Tokyo", False),
        ("en", "Russian naval exercises worry Japan", True),
        ("ja", "ロシア、日本に反論", True),
        ("ja", "日本で働くロシア人", False),
        ("ru", "Япония ответила России", True),
        ("ru", "В Токио открыли российский бар", False),
    ],
)
def test_a_state_that_acts_is_told_from_a_place_and_from_an_origin(
    gate: Gate, lexicon: Lexicon, lang: str, title: str, state: bool
) -> None:
    found = gate.features(lexicon.read(title, "", lang, on=make.NOW.date()))
    assert ("alone" in found, "stateless" in found) == (state, not state)


@pytest.mark.parametrize(
    ("lang", "title", "speaker"),
    [
        ("en", "Lavrov: Japan forgets history", "Lavrov"),
        ("en", "Japan forgets history — Kremlin", "Kremlin"),
        ("en", "Kremlin warns Japan", "Kremlin"),
        ("ja", "ザハロワ氏「日本は歴史を忘れた」", "ザハロワ"),
        ("ru", "Песков: Япония забыла историю", "Песков"),
    ],
)
def test_who_speaks_is_found_before_a_colon_behind_a_dash_by_a_verb_or_a_quote(
    gate: Gate, lexicon: Lexicon, lang: str, title: str, speaker: str
) -> None:
    assert gate.features(lexicon.read(title, "", lang, on=make.NOW.date()))["voice"].words[0] == speaker


@pytest.mark.parametrize(
    "title", ["ロシア、北方領土で演習 日本政府が抗議", "モスクワで日本料理が人気", "露外相「日本は歴史を直視せよ」"]
)
def test_a_japanese_title_cut_into_words_weighs_what_it_weighs_uncut(gate: Gate, lexicon: Lexicon, title: str) -> None:
    cut = judge(gate, lexicon, " ".join(title), lang="ja")
    whole = judge(gate, lexicon, title, lang="ja")
    assert [(piece.signal, piece.weight) for piece in cut.evidence] == [
        (piece.signal, piece.weight) for piece in whole.evidence
    ]


def test_a_dateline_with_a_day_names_no_side(gate: Gate, lexicon: Lexicon) -> None:
    text = "TOKYO, March 11. /TASS/. Russia tested a bridge."
    found = gate.features(lexicon.read("Bridge tested", text, "en", on=make.NOW.date()))
    assert "both-lead" not in found


def test_a_state_that_is_only_where_something_is_makes_no_act_of_many(gate: Gate, lexicon: Lexicon) -> None:
    def many(title: str) -> bool:
        return "many-states" in gate.features(lexicon.read(title, "", "en", on=make.NOW.date()))

    assert many("Japan, Canada and France condemn Russia")
    assert not many("Japan condemns Russia at talks in Canada and in France")


def test_a_text_without_title_is_judged_by_its_first_sentence(gate: Gate, lexicon: Lexicon) -> None:
    assert judge(gate, lexicon, "", "Japan lodges a protest with Russia over drills on the islands.").relevant


def test_a_wires_name_is_no_side(gate: Gate, lexicon: Lexicon) -> None:
    assert judge(gate, lexicon, "Russia opens new port", "The Japan Times reported.").reason is Reason.ONE_SIDE


def test_the_weights_decide_and_are_data(gate: Gate, lexicon: Lexicon) -> None:
    beat = load_beat(CONFIG, tuple(lexicon.names.values()))
    title = "Japan protests Russian drills on Kunashir"
    never = Gate(dataclasses.replace(beat, weights={BIAS: -9.0}), lexicon)
    assert not judge(never, lexicon, title).relevant
    strict = Gate(dataclasses.replace(beat, weights={**beat.weights, THRESHOLD: 1.0}), lexicon)
    assert not judge(strict, lexicon, title).relevant


def test_every_weight_has_a_meaning_and_every_feature_a_weight(lexicon: Lexicon) -> None:
    beat = load_beat(CONFIG, tuple(lexicon.names.values()))
    assert set(beat.weights) == {BIAS, THRESHOLD, *SAID}


def test_a_weight_of_no_feature_is_a_mistake_that_names_the_nearest() -> None:
    beat = Beat(id="b", name={}, sides={"japan": (), "russia": ()}, weights={"both-leed": 1.0})
    with pytest.raises(ConfigError, match=r"weights\.both-leed = 1\.0: .* did you mean both-lead\?"):
        Gate(beat, Lexicon(()))
