"""Copies on made cases of our own: another's text under another headline, cut, parted anew, with lines of a paper's own.

A copy that brings a figure, a turn or the word of somebody who makes news is more than a copy, and goes on to be told.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from monitor.app import App
from monitor.clean import clean
from monitor.cli.lines import Reader, markup
from monitor.dedupe import copy_of, fingerprint
from monitor.entities import Article, ArticleId, EntryId, FeedId, Mode, Neighbour, Reason, StoryId, Verdict
from tests import make
from tests.quality.stream import config, own

CASES = own("copies.jsonl")
RELATION = " Officials of Japan and Russia said so in Tokyo and Moscow."


def article(case: dict[str, Any], part: str) -> Article:
    entry = make.entry(title=case[part]["title"], summary="", content=markup(case[part]["text"]), lang=case["lang"])
    found = clean(entry, make.feed(lang=case["lang"]), make.NOW)
    assert found is not None
    return found


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_a_carried_text_is_a_copy_and_one_with_news_of_its_own_is_not(case: dict[str, Any]) -> None:
    first, then = article(case, "first"), article(case, "then")
    stored = Neighbour(
        article=ArticleId(1), entry=EntryId(1), story=None, title=first.title, text=first.text, signature=b"",
        published_at=first.published_at,
    )  # fmt: skip
    found = copy_of(then, [stored]) if set(fingerprint(first).bands) & set(fingerprint(then).bands) else None

    assert ("copy" if found else "told") == case["expect"]


def test_cases_cover_both_answers_in_each_language() -> None:
    counted = Counter((case["lang"], case["expect"]) for case in CASES)

    assert len(CASES) >= 100
    assert all(counted[lang, expected] >= 10 for lang in ("en", "ja", "ru") for expected in ("copy", "told"))


def test_five_papers_with_two_wires_texts_are_two_newsrooms(tmp_path: Path) -> None:
    case = next(case for case in CASES if case["id"] == "en-1-reworded-lightly")
    title = case["first"]["title"]
    text, other = case["first"]["text"], case["then"]["text"]
    told = [
        ("Kyodo News", "TOKYO (Kyodo) -- " + text),
        ("Harbour Daily", text + " (Kyodo)"),
        ("Strait Times", "Our town woke to unwelcome news.\n" + other),
        ("RIA Novosti", "Moscow stopped issuing permits to Japanese seaweed crews near the islands." + RELATION),
        ("Ostrov", "No more seaweed permits for crews from Japan, RIA Novosti reported." + RELATION),
    ]
    lines = tmp_path / "lines.jsonl"
    lines.write_text(
        "".join(
            json.dumps({"id": number, "publisher": publisher, "published": "2026-03-04", "title": title, "text": body})
            + "\n"
            for number, (publisher, body) in enumerate(told)
        ),
        encoding="utf-8",
    )
    app = App(config(), url="sqlite://", throwaway=True, gate=False)
    try:
        accounts = [
            app.pipeline.ingest(line.feed, (line.entry,), now=line.at, mode=Mode.LIVE)[0]
            for line in Reader(path=lines, feed=FeedId("replay")).lines()
        ]
        with app.store.read() as tx:
            story = tx.story(StoryId(1))
    finally:
        app.close()

    assert story is not None
    assert [(one.verdict, one.reason) for one in accounts[1:3]] == [
        (Verdict.COPY, Reason.SAME_TEXT),
        (Verdict.COPY, Reason.NEAR_COPY),
    ]
    assert (len(story.publishers), story.families) == (5, ("kyodo", "rossiya-segodnya"))
