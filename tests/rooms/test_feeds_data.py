"""The rows of ``config/feeds.toml`` as data: live ones well formed, dead ones with a reason, every seed's publisher there.

Never fetches anything.
"""

from __future__ import annotations

import re
import tomllib
from collections import defaultdict
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import pytest

CONFIG = Path(__file__).resolve().parents[2] / "config"
FEEDS: list[dict[str, Any]] = tomllib.loads((CONFIG / "feeds.toml").read_text(encoding="utf-8"))["feed"]
LIVE = [feed for feed in FEEDS if feed["enabled"]]
OFF = [feed for feed in FEEDS if not feed["enabled"]]
FASTEST = 5  # minutes: no public feed of the list is asked more often
YEAR = re.compile(r"\b20\d\d\b")

each_feed = pytest.mark.parametrize("feed", FEEDS, ids=lambda feed: feed["id"])
each_live = pytest.mark.parametrize("feed", LIVE, ids=lambda feed: feed["id"])
each_off = pytest.mark.parametrize("feed", OFF, ids=lambda feed: feed["id"])


def _minutes(span: str) -> int:
    return int(span[:-1]) * {"m": 1, "h": 60, "d": 1440}[span[-1]]


def test_ids_are_unique_slugs() -> None:
    ids = [feed["id"] for feed in FEEDS]
    assert len(ids) == len(set(ids))
    assert [i for i in ids if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", i)] == []


def test_addresses_are_unique() -> None:
    urls = [feed["url"] for feed in FEEDS if feed["url"]]
    assert sorted(urls) == sorted(set(urls))


def test_a_publisher_has_one_host_a_language() -> None:
    hosts: dict[tuple[str, str], set[str]] = defaultdict(set)
    for feed in LIVE:
        if not feed.get("query"):
            hosts[feed["publisher"], feed["lang"]].add(str(urlsplit(feed["url"]).hostname))
    assert {key: found for key, found in hosts.items() if len(found) > 1} == {}


def test_a_publisher_belongs_to_one_family() -> None:
    families: dict[str, set[str]] = defaultdict(set)
    for feed in FEEDS:
        families[feed["publisher"]].add(feed["family"])
    assert {publisher: found for publisher, found in families.items() if len(found) > 1} == {}


def test_every_seed_has_a_row_and_a_way_to_be_read_today() -> None:
    seeds = {"000", "001", "002", "003", "004"}
    assert {seed for feed in FEEDS for seed in feed.get("seed", [])} == seeds
    assert {seed for feed in LIVE for seed in feed.get("seed", [])} == seeds


def test_every_language_has_live_feeds_and_a_search_of_the_beat() -> None:
    for lang in ("en", "ja", "ru"):
        assert [feed for feed in LIVE if feed["lang"] == lang and not feed.get("query")]
        assert [feed for feed in LIVE if feed["lang"] == lang and feed.get("query") and feed["family"] == "google-news"]


@each_feed
def test_a_row_is_whole(feed: dict[str, Any]) -> None:
    assert feed["publisher"]
    assert feed["family"]
    assert feed["lang"] in {"en", "ja", "ru", ""}
    assert feed["kind"] in {"rss", "sitemap", "jsonfeed", "page"}
    assert (feed["kind"] == "page") == bool(feed.get("select"))
    assert feed["grade"] in {"A", "B", "C", "D"}
    ZoneInfo(feed["zone"])


@each_live
def test_a_live_row_has_an_address_evidence_and_a_good_grade(feed: dict[str, Any]) -> None:
    parts = urlsplit(feed["url"])
    assert parts.scheme in {"http", "https"}
    assert parts.hostname
    assert feed["grade"] in {"A", "B"}
    assert feed["note"]
    assert not feed.get("reason")


@each_live
def test_plain_http_is_marked_insecure_and_nothing_else_is(feed: dict[str, Any]) -> None:
    assert (urlsplit(feed["url"]).scheme == "http") == bool(feed.get("insecure"))


def test_every_live_row_says_its_pace() -> None:
    # A row without one is an ordinary site, asked once an hour: too slow for news, and nobody would notice.
    assert [feed["id"] for feed in LIVE if "every" not in feed] == []


@each_live
def test_a_pace_is_polite_and_its_bounds_are_in_order(feed: dict[str, Any]) -> None:
    every = _minutes(feed["every"])
    assert every >= FASTEST
    assert every <= _minutes(feed.get("max_every", "6h"))


@each_live
def test_a_pace_fits_what_the_row_brings(feed: dict[str, Any]) -> None:
    slow = {"nippon-com", "globalaffairs", "the-diplomat"}  # analysis
    agency = {"tass", "rossiya-segodnya", "interfax"}
    every = _minutes(feed["every"])
    if feed.get("official"):
        assert 30 <= every <= 120
    elif feed["id"] not in slow:
        assert every <= (60 if feed.get("query") else 10 if feed["family"] in agency else 30)


def test_a_government_site_is_asked_at_most_twice_an_hour() -> None:
    official = [feed for feed in LIVE if feed.get("official")]
    assert official
    assert [feed["id"] for feed in official if _minutes(feed["every"]) < 30] == []


@each_live
def test_a_search_asks_in_the_language_of_its_row_and_bounds_the_time(feed: dict[str, Any]) -> None:
    if feed.get("query"):
        asked = parse_qs(urlsplit(feed["url"]).query)
        assert asked["hl"][0].startswith(feed["lang"])
        assert asked["ceid"][0].endswith(feed["lang"])
        assert "when:" in asked["q"][0]


@each_off
def test_a_row_that_is_off_says_why_and_when(feed: dict[str, Any]) -> None:
    assert YEAR.search(feed["reason"]), feed["reason"]


def test_grades_c_and_d_are_off() -> None:
    assert [feed["id"] for feed in LIVE if feed["grade"] in {"C", "D"}] == []
