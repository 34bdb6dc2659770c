"""Seen before: the same entry, an edit of it, another one's text; and what is told apart."""

from __future__ import annotations

import random
from typing import Any

import pytest

from monitor.dedupe import REVISIONS_MOST, copy_of, fingerprint, newest, standing
from monitor.entities import Article, ArticleId, EntryId, Known, Neighbour, Reason, Standing, Verdict
from tests import make

ENGLISH = (
    "The harbour office of Nemuro said on Tuesday that 12 fishing boats will leave for the northern grounds on May 1. "
    "The boats were chosen by lot from among forty owners. Inspectors from both countries will count the catch each evening. "
    "The head of the cooperative said that safety came first. He added that talks on the fee had taken eleven days. "
    "A spokesman in Moscow confirmed the date and said that no further condition had been set. "
    "Last year only 9 boats took part, and two of them came home without a single fish."
)
RUSSIAN = (
    "Управление порта Корсаков сообщило во вторник, что 12 рыболовных судов выйдут на северные участки первого мая. "
    "Суда выбрали по жребию среди сорока владельцев. Инспекторы обеих стран будут каждый вечер считать улов. "
    "Глава кооператива заявил, что главное — безопасность. Он добавил, что переговоры о плате заняли одиннадцать дней. "
    "Представитель в Москве подтвердил дату и сказал, что новые условия не выдвигались."
)
JAPANESE = (
    "根室市の漁業協同組合は四日、北の海域での漁について、ロシア側と新たな条件で合意したと発表した。"
    "組合によると、操業できる漁船は去年より二隻多い12隻で、期間は5月1日から9月末までの予定だ。"
    "組合長は会見で「安全に操業できることが何より大切だ」と述べた。外務省は今後も協議を続ける考えを示している。"
    "地元の漁師からは期待と不安の声が聞かれた。"
)
BAND_OF_A_TITLE = -9009503708333107731
BANDS_OF_A_TEXT = (-8412055227572691906, -6591903206361195000)
TEXTS = {"en": ENGLISH, "ru": RUSSIAN, "ja": JAPANESE}


def neighbour(stored: Article, **fields: Any) -> Neighbour:
    given: dict[str, Any] = {
        "article": ArticleId(1), "entry": EntryId(1), "story": None, "title": stored.title, "text": stored.text,
        "signature": b"", "published_at": stored.published_at,
    }  # fmt: skip
    return Neighbour(**{**given, **fields})


def told(text: str, title: str = "Boats will leave for the northern grounds", **fields: Any) -> Article:
    return make.article(title, text=text, **fields)


def known(content_hash: str = "hash-1", **fields: Any) -> Known:
    return Known(entry=EntryId(1), content_hash=content_hash, verdict=Verdict.OFF_BEAT, **fields)


# ------------------------------------------------------------------------------------------------- standing


@pytest.mark.parametrize(
    ("held", "found"),
    [
        ({}, Standing.NEW),
        ({"url:other": known()}, Standing.NEW),
        ({"k1": known()}, Standing.KNOWN),
        ({"k2": known()}, Standing.KNOWN),
        ({"k2": known("hash-0")}, Standing.EDITED),
        ({"k1": known("hash-0", revisions=REVISIONS_MOST)}, Standing.KNOWN),
        ({"k1": known("hash-0", revisions=REVISIONS_MOST - 1)}, Standing.EDITED),
    ],
)
def test_how_an_article_stands_to_what_is_held(held: dict[str, Known], found: Standing) -> None:
    said, entry = standing(make.article(keys=("k1", "k2")), held)
    assert said is found
    assert (entry is None) is (found is Standing.NEW)


# ------------------------------------------------------------------------------------- versions in one document


def test_of_the_versions_of_one_article_the_last_is_taken_under_the_keys_of_all() -> None:
    other = make.article("Ferry to Kunashir is late", keys=("k9",))
    early = make.article("Boats may leave", keys=("g1", "page"))
    middle = make.article("Boats will leave", keys=("g2", "page"))
    last = make.article("Boats have left", keys=("g2", "moved page"))
    assert newest([early, other, middle, last]) == [
        other,
        make.article("Boats have left", keys=("g2", "moved page", "page", "g1")),
    ]


def test_articles_without_a_common_key_stay_in_their_order() -> None:
    articles = [make.article(f"Report {number}", keys=(f"k{number}",)) for number in range(4)]
    assert newest(articles) == articles


# ---------------------------------------------------------------------------------------------- fingerprints


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_bands_fit_a_signed_64_bit_column_and_never_change_by_themselves(text: str) -> None:
    found = fingerprint(told(text))
    assert found == fingerprint(told(text))
    assert len(found.bands) == len(set(found.bands)) == 1 + 24 + 12
    assert all(-(2**63) <= band < 2**63 for band in found.bands)
    assert len(found.signature) == 72 * 4


def test_bands_are_what_the_database_holds() -> None:
    # A change here orphans every stored band: it needs a migration that computes them anew.
    assert fingerprint(told("", "Boats return")).bands == (BAND_OF_A_TITLE,)
    assert fingerprint(told(ENGLISH)).bands[1:3] == BANDS_OF_A_TEXT


@pytest.mark.parametrize("text", ["", "Boats return.", "漁船が戻った。"])
def test_a_very_short_text_is_found_by_its_title_alone(text: str) -> None:
    found = fingerprint(told(text))
    assert (len(found.bands), found.signature) == (1, b"")
    assert found.bands == fingerprint(told(text, "BOATS WILL LEAVE — for the northern grounds!")).bands


def test_nothing_at_all_has_no_bands() -> None:
    assert fingerprint(told("", "")).bands == ()


def test_distinct_texts_share_no_band() -> None:
    bands = [set(fingerprint(told(text, f"title {lang}")).bands) for lang, text in TEXTS.items()]
    assert not bands[0] & bands[1]
    assert not bands[0] & bands[2]


# ---------------------------------------------------------------------------------------------------- copies


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_the_same_text_under_another_title_is_a_copy(text: str) -> None:
    stored = neighbour(told(text))
    found = copy_of(told(text, "Something else on the coast today"), [stored])
    assert found is not None
    assert (found.of, found.reason, found.similarity) == (stored, Reason.SAME_TEXT, 1.0)


@pytest.mark.parametrize(("lang", "end"), [("en", 230), ("en", 118), ("ru", 200), ("ja", 90), ("ja", 61)])
def test_a_text_cut_short_is_found_and_is_a_copy(lang: str, end: int) -> None:
    first, cut = told(TEXTS[lang]), told(TEXTS[lang][:end], "Boats will leave for the north")
    assert set(fingerprint(first).bands) & set(fingerprint(cut).bands)
    found = copy_of(cut, [neighbour(first)])
    assert found is not None
    assert found.reason is Reason.NEAR_COPY


@pytest.mark.parametrize(
    ("lang", "old", "new"),
    [("en", "came first", "was first"), ("en", "12 fishing boats", "12 boats"), ("ru", "сообщило", "объявило"), ("ja", "発表した", "明らかにした")],
)  # fmt: skip
def test_a_reworded_copy_is_a_near_copy(lang: str, old: str, new: str) -> None:
    edited = told(TEXTS[lang].replace(old, new), "Other headline")
    found = copy_of(edited, [neighbour(told(TEXTS[lang]))])
    assert found is not None
    assert (found.reason, found.similarity < 1) == (Reason.NEAR_COPY, True)


@pytest.mark.parametrize(
    ("lang", "old", "new"),
    [
        ("en", "12 fishing", "2 fishing"),
        ("en", "forty owners", "four owners"),
        ("en", "will leave", "will not leave"),
        ("en", "confirmed the date", "denied the date"),
        ("en", "no further condition", "a further condition"),
        ("ru", "12 рыболовных", "2 рыболовных"),
        ("ru", "не выдвигались", "выдвигались"),
        ("ru", "выйдут", "не выйдут"),
        ("ja", "12隻", "2隻"),
        ("ja", "二隻多い", "三隻多い"),
        ("ja", "合意した", "合意しなかった"),
        ("ja", "5月1日", "6月1日"),
    ],
)
def test_another_figure_or_a_denial_is_no_copy(lang: str, old: str, new: str) -> None:
    assert old in TEXTS[lang]
    assert copy_of(told(TEXTS[lang].replace(old, new)), [neighbour(told(TEXTS[lang]))]) is None


def test_a_title_with_another_figure_is_no_copy() -> None:
    first, second = (
        told(ENGLISH, "Japan protests after 2 missiles fall"),
        told(ENGLISH, "Japan protests after 12 missiles fall"),
    )
    assert copy_of(second, [neighbour(first)]) is None


def test_a_title_that_is_turned_round_is_no_copy() -> None:
    first, second = (
        told(ENGLISH, "Two sides to resume talks in May"),
        told(ENGLISH, "Two sides not to resume talks in May"),
    )
    assert copy_of(second, [neighbour(first)]) is None


def test_a_text_that_says_more_than_the_stored_one_is_no_copy_of_it() -> None:
    assert copy_of(told(ENGLISH), [neighbour(told(ENGLISH[:230]))]) is None


def test_a_stock_phrase_under_another_headline_is_no_copy() -> None:
    phrase = "Here is all that we know so far about what happened on the coast and what will come next this week."
    stored = neighbour(told(phrase, "Storm keeps the ferries in port"))
    assert copy_of(told(phrase, "Minister leaves for Vladivostok"), [stored]) is None
    assert copy_of(told(phrase, "Storm keeps ferries in port for a day"), [stored]) is not None


def test_the_closest_neighbour_is_the_one_copied() -> None:
    near = neighbour(told(ENGLISH.replace("came first", "was first")), article=ArticleId(1))
    same = neighbour(told(ENGLISH), article=ArticleId(2))
    found = copy_of(told(ENGLISH), [near, same])
    assert found is not None
    assert found.of.article == 2


@pytest.mark.parametrize(
    ("title", "days", "copied"),
    [
        ("Boats will leave for the northern grounds", 0, True),
        ("Boats will leave for the northern grounds", 2, True),
        ("Boats will leave for the northern grounds", -2, True),
        ("Boats will leave for the northern grounds", 365, False),
        ("Boats will not leave for the northern grounds", 0, False),
        ("Breaking news", 0, False),
    ],
)
def test_a_bare_headline_copies_the_same_headline_of_these_days(title: str, days: int, copied: bool) -> None:
    stored = neighbour(
        told(ENGLISH, title if title == "Breaking news" else "Boats will leave for the northern grounds")
    )
    assert (copy_of(told("", title, published_at=make.at(days=days)), [stored]) is not None) is copied


@pytest.mark.parametrize(
    ("text", "copied"),
    [
        ("Tokyo complained on Monday.", True),
        ("TOKYO complained on Monday", True),
        ("Tokyo complained", True),
        ("Tokyo complained on Monday and cancelled a fisheries meeting.", False),
        ("Tokyo complained on Monday. Moscow refused to listen.", False),
        ("Tokyo did not complain on Monday.", False),
    ],
)
def test_a_headline_with_a_line_under_it_is_a_copy_unless_that_line_says_more(text: str, copied: bool) -> None:
    title = "Japan renews protest over Russian patrols near Kurils"
    stored = neighbour(told("Tokyo complained on Monday.", title))
    assert (copy_of(told(text, title), [stored]) is not None) is copied


def test_no_neighbours_no_copy() -> None:
    assert copy_of(told(ENGLISH), []) is None


def test_made_copies_are_found_again() -> None:
    # Recall on made copies: sentences of our own in random order, each text then cut or lightly edited.
    rng = random.Random(7)
    sentences = [f"{who} {did} the {what} of {where} on {day}." for who in ("The office", "A captain", "The mayor", "Her crew") for did in ("saw", "left", "praised", "painted")
                 for what in ("harbour", "lighthouse", "old pier", "ferry") for where in ("Nemuro", "Korsakov", "Otaru") for day in ("Monday", "Friday")]  # fmt: skip
    found = tried = 0
    for number in range(120):
        first = told(" ".join(rng.sample(sentences, 14)), f"Report {number}")
        words = first.text.split()
        edited = " ".join(word for word in words if rng.random() > 0.015)
        for text in (first.text, edited, " ".join(words[: len(words) // 2])):
            second = told(text, "Another headline")
            tried += 1
            found += (
                bool(set(fingerprint(first).bands) & set(fingerprint(second).bands))
                and copy_of(second, [neighbour(first)]) is not None
            )
    assert found / tried >= 0.99
