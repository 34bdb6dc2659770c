"""The topics of ``config/topics/`` as data: all there, in three languages, and consistent with the names.

Never runs a classifier: what the weights achieve is measured in ``tests/quality``.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

CONFIG = Path(__file__).resolve().parents[2] / "config"
LANGS = ("en", "ja", "ru")
FEWEST_PHRASES = 25  # a topic and language; fewer and a headline's first wording is easily missed
SLUGS = {
    "peace-treaty", "territorial-dispute", "joint-declaration-1956", "joint-economic-activities", "economic-cooperation",
    "summit-diplomacy", "ministerial-diplomacy", "humanitarian-exchange", "security-military", "sanctions-ukraine",
    "regional-issues", "history-wwii", "fisheries", "domestic-opinion",
}  # fmt: skip


def _read(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"))


TOPICS = {path.stem: _read(path) for path in sorted((CONFIG / "topics").glob("*.toml"))}
NAME_IDS = {name["id"] for path in (CONFIG / "names").glob("*.toml") for name in _read(path)["name"]}

each_topic = pytest.mark.parametrize("slug", sorted(TOPICS))


def test_the_fourteen_topics_are_there_and_no_other() -> None:
    assert set(TOPICS) == SLUGS


@each_topic
def test_a_topic_is_named_as_its_file(slug: str) -> None:
    assert TOPICS[slug]["id"] == slug


@each_topic
def test_a_topic_speaks_three_languages(slug: str) -> None:
    topic = TOPICS[slug]
    for key in ("name", "description", "phrases", "background"):
        assert set(topic[key]) == set(LANGS), key
    assert all(topic["name"][lang].strip() and topic["description"][lang].strip() for lang in LANGS)


@each_topic
def test_a_topic_has_phrases_enough_in_each_language(slug: str) -> None:
    few = {lang: len(rows) for lang, rows in TOPICS[slug]["phrases"].items() if len(rows) < FEWEST_PHRASES}
    assert few == {}


@each_topic
def test_each_language_has_a_phrase_that_is_enough_alone(slug: str) -> None:
    assert all(max(row["weight"] for row in TOPICS[slug]["phrases"][lang]) == 1.0 for lang in LANGS)


@each_topic
def test_weights_lie_above_nought_and_up_to_one(slug: str) -> None:
    topic = TOPICS[slug]
    weights = [row["weight"] for lang in LANGS for row in topic["phrases"][lang]] + [
        row["weight"] for row in topic["names"]
    ]
    assert [w for w in weights if not 0 < w <= 1] == []


@each_topic
def test_no_phrase_stands_twice_in_a_language(slug: str) -> None:
    for lang in LANGS:
        texts = [row["text"].casefold() for row in TOPICS[slug]["phrases"][lang]]
        assert sorted(texts) == sorted(set(texts)), lang


@each_topic
def test_no_phrase_of_a_topic_is_also_its_background(slug: str) -> None:
    for lang in LANGS:
        texts = {row["text"].casefold() for row in TOPICS[slug]["phrases"][lang]}
        assert texts & {text.casefold() for text in TOPICS[slug]["background"][lang]} == set(), lang


@each_topic
def test_english_phrases_are_lower_case(slug: str) -> None:
    topic = TOPICS[slug]
    texts = [row["text"] for row in topic["phrases"]["en"]] + topic["background"]["en"]
    assert [text for text in texts if text != text.lower()] == []


@each_topic
def test_phrases_are_written_in_the_script_of_their_language(slug: str) -> None:
    def japanese(text: str) -> bool:
        return any("\u3040" <= char <= "\u30ff" or "\u4e00" <= char <= "\u9fff" for char in text)

    def russian(text: str) -> bool:
        return any("\u0400" <= char <= "\u04ff" for char in text)

    phrases = {lang: [row["text"] for row in TOPICS[slug]["phrases"][lang]] for lang in LANGS}
    assert [text for text in phrases["en"] if japanese(text) or russian(text)] == []
    assert [text for text in phrases["ja"] if russian(text)] == []
    assert [text for text in phrases["ru"] if japanese(text)] == []


@each_topic
def test_the_names_of_a_topic_are_known(slug: str) -> None:
    assert [row["id"] for row in TOPICS[slug]["names"] if row["id"] not in NAME_IDS] == []


def _groups(slug: str) -> list[dict[str, Any]]:
    rows = TOPICS[slug].get("together", [])
    return [group for row in rows for group in (*row["of"], row.get("unless", {}))]


@each_topic
def test_what_is_said_together_is_said_in_three_languages_or_by_name(slug: str) -> None:
    bare = [group for group in _groups(slug) if group and not group.get("names") and set(group["words"]) != set(LANGS)]
    assert bare == []


@each_topic
def test_the_names_said_together_are_known(slug: str) -> None:
    assert [name for group in _groups(slug) for name in group.get("names", []) if name not in NAME_IDS] == []


@each_topic
def test_words_said_together_stand_once_in_a_list_and_in_small_letters(slug: str) -> None:
    for group in _groups(slug):
        for lang, words in group.get("words", {}).items():
            assert len(words) == len(set(words)), (lang, words)
        english = group.get("words", {}).get("en", [])
        assert [word for word in english if word != word.lower()] == []


@each_topic
def test_a_topic_yields_to_topics_that_are_there_and_never_to_one_that_yields_to_it(slug: str) -> None:
    rivals = TOPICS[slug].get("yields_to", [])
    assert set(rivals) <= SLUGS - {slug}
    assert [rival for rival in rivals if slug in TOPICS[rival].get("yields_to", [])] == []


@each_topic
def test_a_topic_weighs_major_or_minor(slug: str) -> None:
    assert TOPICS[slug]["severity"] in {"major", "minor"}
