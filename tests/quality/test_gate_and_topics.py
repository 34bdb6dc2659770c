"""Pinned floors of gate and topics: on lines of our own, and on the shared development half where it is at hand."""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from monitor.embed import UseEmbedder
from monitor.entities import LANGS, Article
from monitor.gate import Gate
from monitor.lexicon import Lexicon
from monitor.settings import load_beat, load_corpus, load_names, load_topics
from monitor.topics import Classifier, samples
from tests import make

HERE = Path(__file__).resolve().parent
CONFIG = HERE.parents[1] / "config"
SHARED = HERE.parents[2] / "shared"
DEV = SHARED / "eval" / "japan-russia" / "dev.jsonl"
MIN_TOPIC = 8  # items of a topic from which its own figure counts towards the mean, as the scorer has it

Item = dict[str, Any]


def lines(path: Path) -> list[Item]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def floors(part: str, row: str) -> Item:
    found: Item = json.loads((HERE / f"{part}.json").read_text(encoding="utf-8"))[row]
    return found


def article(item: Item) -> Article:
    day = item.get("date") or "2022-06-15"
    parts = [int(part) for part in day[:10].split("-")]
    at = dt.datetime(*[*parts, 1, 1][:3], tzinfo=dt.UTC)
    return make.article(item["title"] or "", text=item.get("text") or "", lang=item["lang"], published_at=at)


class House:
    """The rooms under test, built once from the project's own configuration."""

    def __init__(self) -> None:
        names = load_names(CONFIG)
        topics = load_topics(CONFIG, names)
        corpus = load_corpus(CONFIG, topics, names)
        self.lexicon = Lexicon(names)
        self.gate = Gate(load_beat(CONFIG, names), self.lexicon)
        self.classifier = Classifier(topics, corpus, self.lexicon, UseEmbedder(samples(topics, corpus)))

    def relevant(self, item: Item) -> bool:
        one = article(item)
        reading = self.lexicon.read(one.title, one.text, one.lang, on=one.published_at.date())
        return self.gate.judge(one, reading).relevant

    def topics(self, item: Item) -> set[str]:
        one = article(item)
        reading = self.lexicon.read(one.title, one.text, one.lang, on=one.published_at.date())
        return {match.topic for match in self.classifier.classify(one, reading) if not match.background}


@pytest.fixture(scope="module")
def house() -> House:
    return House()


def f1(hits: int, extra: int, missed: int) -> float:
    return 2 * hits / (2 * hits + extra + missed) if hits else 0.0


def gate_figures(house: House, items: list[Item]) -> tuple[float, int]:
    cells = Counter((item["relevant"], house.relevant(item)) for item in items)
    return f1(cells[True, True], cells[False, True], cells[True, False]), cells[False, True]


def topic_figures(house: House, items: list[Item]) -> tuple[float, float]:
    hits, extra, missed = Counter[str](), Counter[str](), Counter[str]()
    for item in items:
        told, gold = house.topics(item), set(item["topics"]) - {"none"}
        hits.update(told & gold)
        extra.update(told - gold)
        missed.update(gold - told)
    big = [topic for topic in hits | missed if hits[topic] + missed[topic] >= MIN_TOPIC]
    macro = sum(f1(hits[t], extra[t], missed[t]) for t in big) / len(big) if big else 0.0
    return f1(hits.total(), extra.total(), missed.total()), macro


def test_the_gate_tells_our_own_lines_apart(house: House) -> None:
    items = lines(HERE / "gate.jsonl")
    assert len(items) >= 120
    assert {item["lang"] for item in items} == set(LANGS)
    assert gate_figures(house, items)[0] >= floors("gate", "own")["f1"]


def test_topics_are_found_in_our_own_lines(house: House) -> None:
    items = lines(HERE / "topics.jsonl")
    assert len(items) >= 60
    assert topic_figures(house, items)[0] >= floors("topics", "own")["micro_f1"]


@pytest.mark.shared
@pytest.mark.skipif(not DEV.exists(), reason="the folder `shared` does not stand beside the project")
def test_the_gate_holds_its_floor_on_the_development_half(house: House) -> None:
    score, kept = gate_figures(house, lines(DEV))
    assert score >= floors("gate", "shared")["f1"]
    assert kept <= floors("gate", "shared")["irrelevant_kept"]


@pytest.mark.shared
@pytest.mark.skipif(not DEV.exists(), reason="the folder `shared` does not stand beside the project")
def test_topics_hold_their_floor_on_the_development_half(house: House) -> None:
    micro, macro = topic_figures(house, [item for item in lines(DEV) if item["relevant"]])
    assert micro >= floors("topics", "shared")["micro_f1"]
    assert macro >= floors("topics", "shared")["macro_f1"]


@pytest.mark.shared
@pytest.mark.skipif(not (SHARED / "feeds").exists(), reason="the folder `shared` does not stand beside the project")
def test_general_feeds_pass_nearly_nothing(house: House) -> None:
    import feedparser

    entries = kept = 0
    for path in sorted((SHARED / "feeds").glob("*.xml")):
        document = feedparser.parse(path.read_bytes())
        for entry in document.entries:
            entries += 1
            lang = (document.feed.get("language") or "")[:2]
            kept += house.relevant({"title": entry.get("title", ""), "text": entry.get("summary", ""), "lang": lang})
    assert entries > 1500
    assert kept <= floors("gate", "general")["kept_share"] * entries
