"""Proper names nobody listed: one skeleton in three scripts, and what is no name."""

from __future__ import annotations

import datetime as dt

import pytest

from monitor.entities import Name, NameId
from monitor.lexicon import Lexicon
from monitor.lexicon.proper import proper, skeleton


@pytest.mark.parametrize(
    ("english", "japanese", "russian"),
    [
        ("Lukashenko", "ルカシェンコ", "Лукашенко"),
        ("Merkel", "メルケル", "Меркель"),
        ("Washington", "ワシントン", "Вашингтон"),
        ("Peskov", "ペスコフ", "Пескову"),
        ("Morgulov", "モルグロフ", "Моргулова"),
        ("Galuzin", "ガルージン", "Галузиным"),
        ("Zelensky", "ゼレンスキー", "Зеленского"),
        ("Gazprom", "ガスプロム", "Газпром"),
        ("Facebook", "フェイスブック", "Фейсбук"),
        ("Chicago", "シカゴ", "Чикаго"),
        ("Trump", "トランプ", "Трамп"),
    ],
)
def test_a_name_has_one_skeleton_in_three_scripts(english: str, japanese: str, russian: str) -> None:
    assert skeleton(english, "en") == skeleton(japanese, "ja") == skeleton(russian, "ru") != ""


def test_names_of_different_sound_have_different_skeletons() -> None:
    assert len({skeleton(name, "en") for name in ("Peskov", "Lavrov", "Morgulov", "Rudenko", "Nozdrev")}) == 5


def test_a_name_of_few_consonants_says_nothing() -> None:
    assert skeleton("Abe", "en") == skeleton("キエフ", "ja") == ""


def test_capitals_tell_names_and_the_first_word_of_a_sentence_does_not() -> None:
    found = proper(
        ["Harbour talks open with Morgulov", "Yesterday the governor met Rudenko.", "Rudenko left the harbour."], "en"
    )

    assert found == ((skeleton("Morgulov", "en"),), (skeleton("Rudenko", "en"),), (skeleton("Rudenko", "en"),))


def test_a_word_that_stands_there_with_a_small_letter_is_no_name() -> None:
    titled, plain = proper(
        ["Crab Quotas Cut After Morgulov Visit", "The quotas for crab were cut after the visit."], "en"
    )

    assert skeleton("Morgulov", "en") in titled
    assert skeleton("Quotas", "en") not in titled
    assert plain == ()


def test_names_of_our_lists_are_left_to_their_ids() -> None:
    forms = {"en": ("Putin",), "ja": ("プーチン",)}
    listed = Lexicon((Name(id=NameId("putin"), kind="person", side="russia", forms=forms),))
    read = [
        listed.read(title, "", lang, on=dt.date(2024, 5, 1)).sentences[0].proper
        for title, lang in (("A word between Putin and Morgulov", "en"), ("プーチン氏、モルグロフ次官と会談", "ja"))
    ]

    assert read == [(skeleton("Morgulov", "en"),)] * 2


def test_japanese_cut_into_words_reads_like_plain_japanese() -> None:
    assert proper(["モルグロフ 次官 が 東京 に 到着 し た"], "ja") == proper(["モルグロフ次官が東京に到着した"], "ja")
