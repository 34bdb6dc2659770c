"""The sieve before the gate: what it lets through unread is what a reading would have refused, word for word."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.entities import Article, NameId, Reason
from monitor.gate import Gate, OpenGate
from monitor.lexicon import Lexicon, Sieve
from monitor.settings import load_beat, load_names
from tests import make

CONFIG = Path(__file__).resolve().parents[2] / "config"
LEXICON = Lexicon(load_names(CONFIG))
GATE = Gate(load_beat(CONFIG, tuple(LEXICON.names.values())), LEXICON)
FORMS = sorted(
    (lang, form)
    for name in LEXICON.names.values()
    for by_lang in (name.forms, name.weak)
    for lang, forms in by_lang.items()
    for form in forms
)
FILLERS = (
    "Rain", "fell", "on", "the", "harbour", "of", "President", "foreign minister", "G7", "2", "дождь", "шёл", "в", "гавани",
    "министр иностранных дел", "глава", "港", "に", "雨", "外相", "の", "首相", "ＮＡＴＯ", "Åland", "Ёлка", "naïve", "ﾊﾟﾘ",
)  # fmt: skip
JOINTS = (" ", " ", ", ", ". ", "\n", "", "-", "「", "。", "\u3000", "’s ", "s ")


def judged(article: Article) -> tuple[object, object]:
    """The gate's word at sight, and after a reading."""
    reading = LEXICON.scan(article.title, article.text, article.lang, on=article.published_at.date())
    return GATE.glance(article), GATE.judge(article, reading)


@st.composite
def articles(draw: st.DrawFn) -> Article:
    """Names of the project and other words, joined as texts join them, cut into characters at times."""
    pieces: list[str] = []
    for _ in range(draw(st.integers(1, 9))):
        word = draw(st.sampled_from(FORMS))[1] if draw(st.booleans()) else draw(st.sampled_from(FILLERS))
        change = draw(st.sampled_from((str, str, str, str.lower, str.upper, " ".join)))
        pieces += [change(word), draw(st.sampled_from(JOINTS))]
    cut = draw(st.integers(0, len(pieces)))
    lang = draw(st.sampled_from(("en", "ja", "ru", "de")))
    return make.article("".join(pieces[:cut]).strip() or "Rain", text="".join(pieces[cut:]), lang=lang)


@settings(max_examples=600, deadline=None)
@given(articles())
def test_what_is_refused_at_sight_would_have_been_refused_after_a_reading(article: Article) -> None:
    at_sight, read = judged(article)
    assert at_sight is None or at_sight == read


def test_every_name_that_speaks_of_the_beat_is_held_back_as_it_is_written() -> None:
    written = [make.article(f"{form} {form}", text=f"{form}.", lang=lang) for lang, form in FORMS]
    words = [(article.title, *judged(article)) for article in written]
    assert [title for title, at_sight, read in words if at_sight is not None and at_sight != read] == []
    assert sum(at_sight is None for _, at_sight, _ in words) > len(words) / 2


@pytest.mark.parametrize(
    ("lang", "title", "text"),
    [
        ("en", "Rain expected in Paris", "The harbour of Marseille is closed, the ministry says."),
        ("ru", "В Париже ожидается дождь", "Гавань Марселя закрыта, сообщили в городе."),
        ("ja", "パリで雨の予想", "マルセイユの港は閉鎖された。"),
    ],
)
def test_news_of_other_places_is_refused_at_sight(lang: str, title: str, text: str) -> None:
    at_sight, read = judged(make.article(title, text=text, lang=lang))
    assert at_sight == read
    assert at_sight is not None
    assert at_sight.reason is Reason.NO_SIDE  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "title", ["日本の首相", "日 本 の 首 相 が 会 見 し た", "Japan", "В Японии", "JAPAN’S harbour"]
)
def test_a_side_is_held_back_however_it_is_written(title: str) -> None:
    assert GATE.glance(make.article(title, text="")) is None


def test_an_open_gate_refuses_nothing_at_sight() -> None:
    assert OpenGate().glance(make.article("Rain expected in Paris", text="")) is None


def test_a_sieve_of_no_names_holds_nothing_back() -> None:
    assert not LEXICON.sieve(frozenset[NameId]()).holds_back("Japan and Russia", "日本とロシア")


@pytest.mark.parametrize(
    ("form", "text", "held"),
    [
        ("sea of japan", "Ships of the Sea of Japan", True),
        ("sea of japan", "Of Japan, the sea", False),
        ("u.s.", "The U.S. said", True),
        ("ёл", "Ёлка", False),
        ("日本海", "日本の海", False),
        ("日本海", "日 本 海", True),
        ("ђ", "ђ", True),
        ("ђ", "д", False),
    ],
)
def test_a_form_is_looked_for_as_a_whole(form: str, text: str, held: bool) -> None:
    assert Sieve([form]).holds_back(text, "") is held
