"""Text in columns: full-width signs take two, and a line is broken where its script may be broken."""

from __future__ import annotations

import pytest
from rich.cells import cell_len

from monitor.cli.columns import beside, wrapped

JAPANESE = "日本の外務省は「北方領土は日本固有の領土だ」として、ロシア側に強く抗議した。"
RUSSIAN = "МИД Японии выразил протест в связи с учениями на Южных Курилах."
MIXED = f"s27 joined: {JAPANESE} (3 articles) https://harbour-daily.example/a/very/long/path/that/fits/no/line/at/all"


@pytest.mark.parametrize("text", [JAPANESE, RUSSIAN, MIXED, "", " ", "a" * 300, "語" * 300], ids=range(7))
@pytest.mark.parametrize("width", [10, 24, 89])
def test_no_line_is_wider_and_no_sign_is_lost(text: str, width: int) -> None:
    lines = wrapped(text, width)
    assert max(map(cell_len, lines)) <= width
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")


def test_words_are_kept_whole_and_japanese_goes_on_to_the_edge() -> None:
    assert wrapped("Tokyo lodges a protest", 12) == ["Tokyo lodges", "a protest"]
    assert wrapped("s1: 日本の外務省は抗議した", 12) == ["s1: 日本の外", "務省は抗議し", "た"]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("抗議した。会談", ["抗議し", "た。会", "談"]),
        ("会談「平和」", ["会談", "「平", "和」"]),
        ("トーキョー", ["トー", "キョー"]),
    ],
    ids=["no line begins with a full stop", "quotes cling to what they hold", "nor with a small or a long sign"],
)
def test_signs_that_cling_are_not_torn_off(text: str, lines: list[str]) -> None:
    assert wrapped(text, 6) == lines


def test_two_texts_stand_side_by_side() -> None:
    assert beside([("12 missiles", 8), ("ミサイル2発", 8)]) == ["12        ミサイル", "missiles  2発"]


def test_a_short_column_ends_early() -> None:
    assert beside([("one two", 3), ("1", 3)]) == ["one  1", "two"]
