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
        ("en", "Toyota dealers count cars in Moscow", Reason.NO_RELATION),
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
    beat = Beat(id="b", name={}, sides={"japan": (), "russia": ()}, weights={"both-titel": 1.0})
    with pytest.raises(ConfigError, match=r"weights\.both-titel = 1\.0: .* did you mean both-title\?"):
        Gate(beat, Lexicon(()))
