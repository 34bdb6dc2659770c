"""``monitor explain`` on entries of all endings in three languages: each section says what it is for, at 100 columns."""

from __future__ import annotations

import json
import re

import pytest
from rich.cells import cell_len

from monitor.app import App
from monitor.cli.common import out
from monitor.cli.lines import Reader
from monitor.entities import FeedId, Mode
from monitor.settings import load
from tests.doors.cli import Cli

LINES = (
    (
        "en",
        "Reuters",
        "Japan imposes sanctions on 12 Russian firms over Ukraine",
        "Tokyo froze the assets of 12 firms on Tuesday.",
    ),
    ("ja", "NHK", "日本政府、ロシア企業12社に制裁 ウクライナ侵攻めぐり", "政府は12社の資産を凍結した。"),
    ("ru", "ТАСС", "Япония ввела санкции против 42 российских компаний из-за Украины", ""),
    ("ru", "РИА Новости", "МИД Японии выразил протест в связи с учениями России на Курилах", ""),
    ("ja", "共同通信", "日ロ首脳が電話会談、平和条約交渉の継続で一致", "岸田首相とプーチン大統領は電話会談した。"),
    ("en", "Harbour Daily", "Opinion: Why Japan should keep its sanctions on Russian firms", ""),
    ("en", "Harbour Daily", "Harvest festival opens in Bavaria", ""),
    ("ru", "ТАСС", "Путин провёл совещание с членами правительства", ""),
    ("en", "Reuters", "Japan beat Russia 3-0 in volleyball world cup final", ""),
)
HEADS = ("entry", "published", "verdict", "gate", "topics", "story", "facts", "alert")


@pytest.fixture(scope="module")
def cli(tmp_path_factory: pytest.TempPathFactory) -> Cli:
    """The lines, an hour apart, taken in as they would be live; nothing is sent."""
    folder = tmp_path_factory.mktemp("explain")
    cli = Cli.on(folder, {"good": "http://127.0.0.1:9/feed"})
    rows = [
        {"id": number, "lang": lang, "publisher": publisher, "title": title, "text": text,
         "url": f"https://paper.example/{number}", "published": f"2026-03-03T{number:02}:00:00Z"}
        for number, (lang, publisher, title, text) in enumerate(LINES, 1)
    ]  # fmt: skip
    (folder / "lines.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    app = App(load(folder / "config"))
    for line in Reader(path=folder / "lines.jsonl", feed=FeedId("good"), feeds=app.feeds).lines():
        app.pipeline.ingest(line.feed, (line.entry,), now=line.at, mode=Mode.LIVE)
    app.close()
    return cli


@pytest.fixture(scope="module")
def texts(cli: Cli) -> dict[int, str]:
    """Every explanation, as it is said where nobody asks how wide the screen is."""
    return {number: cli.said("explain", f"https://paper.example/{number}") for number in range(1, len(LINES) + 1)}


def section(text: str, head: str) -> str:
    """A section's lines, joined as they were before they were broken."""
    found = re.search(rf"^{head} .*\n(?: .*\n)*", text, re.MULTILINE)
    assert found is not None, (head, text)
    return " ".join(found[0].removeprefix(head).split())


def test_no_line_is_wider_than_100_columns_and_the_title_stands_first(texts: dict[int, str]) -> None:
    assert [line for text in texts.values() for line in text.splitlines() if cell_len(line) > 100] == []
    assert [text.startswith(LINES[number - 1][2][:20]) for number, text in texts.items()] == [True] * len(LINES)


def test_a_narrower_screen_has_narrower_lines(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(out), "width", 80)
    text = cli.said("explain", "https://paper.example/3")
    assert 70 < max(map(cell_len, text.splitlines())) <= 80


@pytest.mark.parametrize("number", [1, 4, 5], ids=["en", "ru", "ja"])
def test_what_was_told_has_every_section_in_its_order_and_begins_with_a_sentence(
    texts: dict[int, str], number: int
) -> None:
    text = texts[number]
    heads = re.findall(r"^([a-z]+) ", text.partition("\nentry ")[2], re.MULTILINE)
    assert re.search(r"^A (major )?development: .+\. Told: it went into the outbox\.$", text, re.MULTILINE), text
    assert ["entry", *(head for head in heads if head in HEADS)] == list(HEADS)


def test_the_gate_says_which_side_is_named_by_which_words_and_what_spoke(texts: dict[int, str]) -> None:
    said = section(texts[4], "gate")
    assert "Japan by МИД Японии" in said
    assert "the dispute by Курилах" in said
    assert "for it: +" in said
    assert re.search(r"[\[, ]протест", said)


def test_facts_stand_beside_what_was_known_before(texts: dict[int, str]) -> None:
    text = texts[3]
    assert re.search(r"^facts +new +known before$", text, re.MULTILINE), text


def test_what_was_not_told_says_what_it_would_have_taken(texts: dict[int, str]) -> None:
    text = texts[6]
    assert "nothing is told of it: an opinion, not a report." in text
    assert "it would have taken a named official's" in section(text, "to alert")


@pytest.mark.parametrize(
    ("number", "sentence", "missing"),
    [
        (7, "Not our beat: neither side is named.", "a name of Japan and of Russia"),
        (8, "Not our beat: only one side is named.", "a name of the other side"),
        (9, "Not our beat: ", ""),
    ],
)
def test_what_is_not_ours_says_what_was_missing(
    texts: dict[int, str], number: int, sentence: str, missing: str
) -> None:
    text = texts[number]
    assert sentence in text
    assert section(text, "missing").startswith(missing)


def test_the_side_that_is_not_named_is_said(texts: dict[int, str]) -> None:
    assert "Japan is not named; Russia by Путин" in section(texts[8], "gate")


def test_an_article_never_seen_is_an_error_with_a_hint(cli: Cli) -> None:
    answer = cli.here("explain", "https://paper.example/404")
    assert (answer.code, "monitor topics test" in answer.err) == (2, True)
