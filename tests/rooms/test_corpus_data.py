"""The records of ``config/corpus/`` as data: the five seeds and the milestones, tied to topics, names and acts.

Never reads an article: the records are the project's own words.
"""

from __future__ import annotations

import datetime as dt
import tomllib
from pathlib import Path
from typing import Any

import pytest

CONFIG = Path(__file__).resolve().parents[2] / "config"
LANGS = ("en", "ja", "ru")
FEWEST_RECORDS = 40  # five seeds and the milestones between 1855 and today
STAGES = {
    "proposed",
    "announced",
    "held",
    "agreed",
    "signed",
    "in-force",
    "suspended",
    "cancelled",
    "refused",
    "denied",
}
SEED_TOPICS = {
    "000": {"peace-treaty", "summit-diplomacy", "joint-declaration-1956", "joint-economic-activities", "humanitarian-exchange",
            "territorial-dispute"},
    "001": {"ministerial-diplomacy", "peace-treaty", "territorial-dispute", "economic-cooperation", "security-military",
            "regional-issues"},
    "002": {"ministerial-diplomacy", "peace-treaty", "territorial-dispute", "joint-declaration-1956"},
    "003": {"summit-diplomacy", "territorial-dispute", "peace-treaty", "history-wwii", "humanitarian-exchange"},
    "004": {"ministerial-diplomacy", "peace-treaty", "joint-declaration-1956", "territorial-dispute"},
}  # fmt: skip
SEED_DATES = {
    "000": dt.date(2019, 1, 22), "001": dt.date(2016, 12, 3), "002": dt.date(2016, 12, 3), "003": dt.date(2016, 12, 16),
    "004": dt.date(2019, 1, 14),
}  # fmt: skip


def _read(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"))


RECORDS = {path.stem: _read(path) for path in sorted((CONFIG / "corpus").glob("*.toml"))}
TOPIC_IDS = {path.stem for path in (CONFIG / "topics").glob("*.toml")}
NAME_IDS = {name["id"] for path in (CONFIG / "names").glob("*.toml") for name in _read(path)["name"]}
LEXICA = [_read(CONFIG / "lexicon" / f"{lang}.toml") for lang in LANGS]
ACTIONS = {verb["action"] for lexicon in LEXICA for verb in lexicon["verb"]}
THINGS = {thing["id"] for lexicon in LEXICA for thing in lexicon["thing"]}
UNITS = {unit["id"] for lexicon in LEXICA for unit in lexicon["unit"]}

each_record = pytest.mark.parametrize("record_id", sorted(RECORDS))


def _facts(record_id: str) -> list[dict[str, Any]]:
    facts: list[dict[str, Any]] = RECORDS[record_id].get("fact", [])
    return facts


def test_there_are_records_enough() -> None:
    assert len(RECORDS) >= FEWEST_RECORDS


def test_the_five_seeds_carry_the_topics_and_dates_they_are_known_for() -> None:
    seeds = {record["source"]: record for record in RECORDS.values() if record.get("source")}
    assert {source: set(record["topics"]) for source, record in seeds.items()} == SEED_TOPICS
    assert {source: record["date"] for source, record in seeds.items()} == SEED_DATES


def test_every_topic_has_a_record() -> None:
    assert TOPIC_IDS - {topic for record in RECORDS.values() for topic in record["topics"]} == set()


@each_record
def test_a_record_is_named_by_its_file_and_begins_with_its_date(record_id: str) -> None:
    record = RECORDS[record_id]
    assert record["id"] == record_id
    assert record_id.startswith(record["date"].isoformat() + "-")


@each_record
def test_a_record_is_told_in_three_languages(record_id: str) -> None:
    for key in ("title", "summary"):
        assert set(RECORDS[record_id][key]) == set(LANGS)
        assert all(RECORDS[record_id][key][lang].strip() for lang in LANGS)


@each_record
def test_the_topics_of_a_record_exist_and_stand_once(record_id: str) -> None:
    topics = RECORDS[record_id]["topics"]
    assert set(topics) <= TOPIC_IDS
    assert len(topics) == len(set(topics)) > 0


@each_record
def test_a_seed_names_its_publisher_and_a_milestone_its_reference(record_id: str) -> None:
    record = RECORDS[record_id]
    if record.get("source"):
        assert record["publisher"]
    else:
        assert record["publisher"] == ""
        assert record["reference"]


@each_record
def test_a_record_has_a_fact_and_every_fact_an_actor(record_id: str) -> None:
    assert _facts(record_id)
    assert all(fact["actor"] for fact in _facts(record_id))


@each_record
def test_the_names_in_facts_are_known(record_id: str) -> None:
    used = {name for fact in _facts(record_id) for name in (*fact["actor"], fact["place"], fact["speaker"]) if name}
    assert used - NAME_IDS == set()


@each_record
def test_the_acts_objects_and_units_of_facts_are_words_of_the_lexicon(record_id: str) -> None:
    facts = _facts(record_id)
    assert {fact["action"] for fact in facts} - ACTIONS == set()
    assert {thing for fact in facts for thing in fact["object"]} - THINGS - NAME_IDS == set()
    assert {fact["unit"] for fact in facts if fact.get("unit")} - UNITS == set()


@each_record
def test_a_fact_has_a_known_stage_and_polarity(record_id: str) -> None:
    assert {fact["stage"] for fact in _facts(record_id)} <= STAGES
    assert {fact["polarity"] for fact in _facts(record_id)} <= {"+", "-"}
