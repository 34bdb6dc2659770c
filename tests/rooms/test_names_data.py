"""Facts about the data of ``config/names`` and ``config/beat.toml``.

Reads TOML alone; never imports a room, so that a mistake in the data is not blamed on a matcher.
"""

from __future__ import annotations

import datetime as dt
import itertools
import re
import tomllib
import unicodedata
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import pytest

CONFIG = Path(__file__).resolve().parents[2] / "config"
LANGS = ("en", "ja", "ru")
SIDES = ("japan", "russia")
LEAST_NAMES = 450  # names in all; fewer and whole offices or islands are missing
LEAST_WORDS = 40  # relation words a language; fewer and plain headlines say nothing between the sides
Row = dict[str, Any]


def _names() -> dict[str, list[Row]]:
    return {
        path.stem: tomllib.loads(path.read_text("utf-8"))["name"] for path in sorted((CONFIG / "names").glob("*.toml"))
    }


FILES = _names()
NAMES: list[Row] = list(itertools.chain.from_iterable(FILES.values()))
BY_ID: dict[str, Row] = {row["id"]: row for row in NAMES}
BEAT: Row = tomllib.loads((CONFIG / "beat.toml").read_text("utf-8"))


def _folded(form: str) -> str:
    """A form as texts are compared: one width, one case, ё as е."""
    return unicodedata.normalize("NFKC", form).casefold().replace("ё", "е")


def _owners(key: str, lang: str) -> dict[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for row in NAMES:
        for form in row.get(key, {}).get(lang, ()):
            found[_folded(form)].add(row["id"])
    return found


def test_ids_are_unique_over_all_files() -> None:
    assert [name for name, times in Counter(row["id"] for row in NAMES).items() if times > 1] == []


def test_there_are_enough_names_of_every_file() -> None:
    assert set(FILES) >= {"people", "places", "bodies", "terms"}
    assert len(NAMES) >= LEAST_NAMES


def test_people_islands_and_countries_are_written_in_three_scripts() -> None:
    bare = [
        (row["id"], lang)
        for row in NAMES
        if row["kind"] in {"person", "island", "country", "capital", "role"}
        for lang in LANGS
        if not (row["forms"].get(lang) or row.get("weak", {}).get(lang))
    ]
    assert bare == []


def test_labels_are_in_the_script_of_their_language() -> None:
    scripts = {"en": r"[A-Za-z]", "ja": r"[぀-ヿ一-鿿A-Za-z]", "ru": r"[Ѐ-ӿA-Za-z]"}
    wrong = [
        (row["id"], lang)
        for row in NAMES
        for lang, script in scripts.items()
        if not re.search(script, row["label"][lang])
    ]
    assert wrong == []


def test_people_have_no_latin_letters_in_their_russian_and_japanese_forms() -> None:
    latin = [
        (row["id"], form)
        for row in FILES["people"]
        for lang in ("ja", "ru")
        for form in row["forms"].get(lang, ())
        if re.search(r"[A-Za-z]", form.replace("II", ""))
    ]
    assert latin == []


@pytest.mark.parametrize("lang", LANGS)
def test_a_strong_form_belongs_to_one_name_alone(lang: str) -> None:
    assert {form: sorted(ids) for form, ids in _owners("forms", lang).items() if len(ids) > 1} == {}


@pytest.mark.parametrize("key", ["forms", "weak"])
def test_no_form_stands_twice_in_one_name(key: str) -> None:
    twice = [
        (row["id"], form)
        for row in NAMES
        for lang in LANGS
        for form, times in Counter(map(_folded, row.get(key, {}).get(lang, ()))).items()
        if times > 1
    ]
    assert twice == []


def test_a_form_is_not_both_strong_and_weak() -> None:
    both = [
        (row["id"], form)
        for row in NAMES
        for lang in LANGS
        for form in set(row["forms"].get(lang, ())) & set(row.get("weak", {}).get(lang, ()))
    ]
    assert both == []


def test_forms_are_clean_text() -> None:
    dirty = [
        (row["id"], form)
        for row in NAMES
        for key in ("forms", "weak")
        for lang in LANGS
        for form in row.get(key, {}).get(lang, ())
        if form != " ".join(form.split()) or re.search(r"[;|~=]", form)
    ]
    assert dirty == []


def test_a_single_han_or_kana_letter_is_never_a_form() -> None:
    short = [
        (row["id"], form)
        for row in NAMES
        for key in ("forms", "weak")
        for form in row.get(key, {}).get("ja", ())
        if len(form) == 1
    ]
    assert short == []


@pytest.mark.parametrize(
    ("lang", "word"),
    [
        ("ja", "露"),
        ("ja", "ロ"),
        ("ja", "米"),
        ("en", "Kan"),
        ("en", "Mori"),
        ("en", "Georgia"),
        ("ru", "Мори"),
        ("ru", "Кан"),
    ],
)
def test_a_word_of_everyday_text_is_no_strong_form(lang: str, word: str) -> None:
    assert _owners("forms", lang).get(_folded(word), set()) == set()


@pytest.mark.parametrize(
    ("lang", "form", "owner"),
    [
        ("en", "Kunashir", "kunashir"),
        ("en", "Kunashiri", "kunashir"),
        ("ja", "国後", "kunashir"),
        ("ru", "Кунашир", "kunashir"),
        ("en", "Iturup", "iturup"),
        ("en", "Etorofu", "iturup"),
        ("ja", "択捉島", "iturup"),
        ("ru", "Итуруп", "iturup"),
        ("ja", "色丹島", "shikotan"),
        ("ja", "歯舞群島", "habomai"),
        ("ja", "北方領土", "northern-territories"),
        ("ru", "Южные Курилы", "southern-kurils"),
        ("en", "Putin", "putin-vladimir"),
        ("ja", "プーチン", "putin-vladimir"),
        ("ru", "Путин", "putin-vladimir"),
        ("ja", "ラブロフ", "lavrov-sergey"),
        ("ja", "安倍首相", "abe-shinzo"),
        ("ru", "Синдзо Абэ", "abe-shinzo"),
        ("ja", "河野外相", "kono-taro"),
        ("ja", "水産庁", "fisheries-agency-japan"),
    ],
)
def test_a_form_of_the_headlines_leads_to_its_name(lang: str, form: str, owner: str) -> None:
    assert _owners("forms", lang).get(_folded(form)) == {owner}


@pytest.mark.parametrize(
    ("lang", "longer", "shorter"),
    [
        ("en", "Sea of Japan", "Japan"),
        ("ja", "日本海", "日本"),
        ("ja", "日本時間", "日本"),
        ("ja", "日露戦争", "日露"),
        ("en", "Russo-Japanese War", "Russo-Japanese"),
        ("en", "Moscow time", "Moscow"),
        ("ja", "モスクワ時間", "モスクワ"),
        ("en", "Japan Times", "Japan"),
        ("en", "Tokyo Olympics", "Tokyo"),
        ("ja", "中国地方", "中国"),
        ("ja", "米ロッキード", "米ロ"),
    ],
)
def test_a_longer_name_that_contains_a_side_is_no_side(lang: str, longer: str, shorter: str) -> None:
    (swallower,) = _owners("forms", lang)[_folded(longer)]
    (swallowed,) = _owners("forms", lang)[_folded(shorter)]
    assert (BY_ID[swallower]["side"], BY_ID[swallower].get("sides", [])) == ("", [])
    assert swallower != swallowed


@pytest.mark.parametrize(
    "form", ["日露", "日ロ", "Japan-Russia", "Russo-Japanese", "российско-японский", "японо-российский"]
)
def test_a_compound_of_both_sides_names_both(form: str) -> None:
    owners = set().union(*(_owners("forms", lang).get(_folded(form), set()) for lang in LANGS))
    assert [sorted(BY_ID[owner].get("sides", [])) for owner in owners] == [["japan", "russia"]]


def test_every_side_is_of_the_beat_the_dispute_or_a_known_third_party() -> None:
    third = {row["id"] for row in NAMES if row["kind"] in {"country", "body"} and row["side"] == row["id"]}
    known = {"", "dispute", *SIDES, *third}
    assert {row["side"] for row in NAMES} | {side for row in NAMES for side in row.get("sides", [])} <= known


def test_parents_of_places_are_known_and_no_place_is_its_own_ancestor() -> None:
    for row in NAMES:
        seen, at = {row["id"]}, row.get("part_of")
        while at:
            assert at in BY_ID, (row["id"], at)
            assert at not in seen, (row["id"], at)
            seen.add(at)
            at = BY_ID[at].get("part_of")


def test_terms_of_an_office_are_in_order_and_do_not_overlap() -> None:
    for row in NAMES:
        spans: dict[str, list[tuple[dt.date, dt.date]]] = defaultdict(list)
        for office in row.get("offices", []):
            start, end = office.get("from", dt.date.min), office.get("to", dt.date.max)
            assert start < end, (row["id"], office)
            spans[office["office"]].append((start, end))
        for office_id, terms in spans.items():
            for (_, end), (start, _) in itertools.pairwise(sorted(terms)):
                assert end <= start, (row["id"], office_id)


# In a handover the successor may enter on the day the other leaves; more than that is a wrong date.
SINGLE_OFFICES = (
    "prime-minister",
    "foreign-minister",
    "defence-minister",
    "president",
    "chief-cabinet-secretary",
    "economy-minister",
)


@pytest.mark.parametrize("office", SINGLE_OFFICES)
def test_one_office_of_one_country_has_one_holder_at_a_time(office: str) -> None:
    held: dict[str, list[tuple[dt.date, dt.date, str]]] = defaultdict(list)
    for row in FILES["people"]:
        for term in row.get("offices", []):
            if term["office"] == office:
                held[row["side"]].append((term.get("from", dt.date.min), term.get("to", dt.date.max), row["id"]))
    soviet = {"gorbachev-mikhail", "khrushchev-nikita", "bulganin-nikolai", "shevardnadze-eduard"}  # beside the RSFSR's
    clashes = [
        (side, before[2], after[2])
        for side, terms in held.items()
        for before, after in itertools.pairwise(sorted(term for term in terms if term[2] not in soviet))
        if before[1] > after[0]
    ]
    assert clashes == []


@pytest.mark.parametrize(
    ("side", "office", "on", "holder"),
    [
        ("japan", "prime-minister", dt.date(1956, 10, 19), "hatoyama-ichiro"),
        ("japan", "prime-minister", dt.date(1997, 11, 1), "hashimoto-ryutaro"),
        ("japan", "prime-minister", dt.date(2016, 12, 15), "abe-shinzo"),
        ("japan", "prime-minister", dt.date(2022, 2, 24), "kishida-fumio"),
        ("japan", "prime-minister", dt.date(2026, 1, 15), "takaichi-sanae"),
        ("japan", "foreign-minister", dt.date(2016, 12, 3), "kishida-fumio"),
        ("japan", "foreign-minister", dt.date(2019, 1, 14), "kono-taro"),
        ("japan", "foreign-minister", dt.date(2026, 1, 15), "motegi-toshimitsu"),
        ("russia", "foreign-minister", dt.date(2001, 3, 25), "ivanov-igor"),
        ("russia", "foreign-minister", dt.date(2019, 1, 14), "lavrov-sergey"),
        ("russia", "president", dt.date(2010, 11, 1), "medvedev-dmitry"),
        ("russia", "president", dt.date(2019, 1, 22), "putin-vladimir"),
        ("russia", "prime-minister", dt.date(2021, 7, 26), "mishustin-mikhail"),
    ],
)
def test_an_office_resolves_to_its_holder_of_the_day(side: str, office: str, on: dt.date, holder: str) -> None:
    holders = [
        row["id"]
        for row in FILES["people"]
        if row["side"] == side
        for term in row.get("offices", [])
        if term["office"] == office and term.get("from", dt.date.min) <= on < term.get("to", dt.date.max)
    ]
    assert holders == [holder]


def test_every_role_of_the_two_sides_that_names_an_office_is_unique() -> None:
    roles = [
        (row["side"], row["office"]) for row in NAMES if row["kind"] == "role" and row.get("office") and row["side"]
    ]
    assert [pair for pair, times in Counter(roles).items() if times > 1] == []


def test_credits_of_the_wire_are_no_side() -> None:
    assert [row["id"] for row in NAMES if row.get("wire") and (row["side"] or row.get("sides"))] == []


def test_the_beat_names_only_known_names_of_the_right_side() -> None:
    wrong = [
        (side["id"], name)
        for side in BEAT["side"]
        for name in side["names"]
        if BY_ID.get(name, {}).get("side") != side["id"]
    ]
    wrong += [
        ("dispute", name)
        for name in BEAT["dispute"]["names"]
        if "dispute" not in {BY_ID.get(name, {}).get("side"), *BY_ID.get(name, {}).get("sides", [])}
    ]
    assert wrong == []
    assert [side["id"] for side in BEAT["side"]] == list(SIDES)


def test_the_four_islands_are_the_dispute_and_the_whole_chain_is_not() -> None:
    dispute = set(BEAT["dispute"]["names"])
    assert {"northern-territories", "southern-kurils", "kunashir", "iturup", "shikotan", "habomai"} <= dispute
    assert dispute.isdisjoint({"kuril-islands", "matua", "paramushir", "sakhalin"})


@pytest.mark.parametrize("lang", LANGS)
def test_the_beat_has_words_of_relation_and_against_in_every_language(lang: str) -> None:
    assert len(set(BEAT["relation"][lang])) == len(BEAT["relation"][lang]) >= LEAST_WORDS
    assert [row["id"] for row in BEAT["against"] if not row.get(lang)] == []
    assert [row["id"] for row in BEAT["against"] if len(set(row[lang])) != len(row[lang])] == []


def test_matters_against_have_unique_ids_and_weights_of_at_most_one() -> None:
    ids = [row["id"] for row in BEAT["against"]]
    assert len(set(ids)) == len(ids)
    assert [row["id"] for row in BEAT["against"] if not 0.0 < row["weight"] <= 1.0] == []


@pytest.mark.parametrize("affair", sorted(BEAT["affair"]))
def test_an_affair_is_told_in_every_language_and_no_word_stands_twice_in_a_line(affair: str) -> None:
    lists = BEAT["affair"][affair]
    assert sorted(lists) == sorted(LANGS)
    lines = [group.split(" | ") for lang in LANGS for line in lists[lang] for group in line.split(" + ")]
    assert [line for line in lines if len(set(line)) != len(line)] == []
