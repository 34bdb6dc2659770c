"""Facts: numbers, days, who did what, how far, in three languages. Sentences are our own."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from functools import lru_cache

import pytest

from monitor.entities import Fact, Name, NameId, Stage
from monitor.errors import ConfigError
from monitor.facts import Extractor, Vocabulary, about, changed_number, key, reversed_act, same_matter, stage_reached
from monitor.facts.days import Calendar
from monitor.facts.numbers import Figures
from monitor.lexicon import Lexicon
from monitor.settings.files import load_lexicon
from tests import make
from tests.quality.room import CONFIG
from tests.quality.room import extractor as quality_extractor
from tests.quality.room import lexicon as quality_lexicon

WEDNESDAY = dt.datetime(2022, 6, 8, 3, 0, tzinfo=dt.UTC)


def name(id: str, kind: str, side: str, **forms: list[str]) -> Name:  # noqa: A002 -- the entity calls it so
    """A name with its forms by language."""
    return Name(id=NameId(id), kind=kind, side=side, forms={lang: tuple(found) for lang, found in forms.items()})


NAMES = (
    name("japan", "country", "japan", en=["Japan"], ja=["日本", "日本政府"], ru=["Япония"]),
    name("tokyo", "capital", "japan", en=["Tokyo"], ja=["東京"], ru=["Токио"]),
    name("russia", "country", "russia", en=["Russia"], ja=["ロシア"], ru=["Россия"]),
    name("moscow", "capital", "russia", en=["Moscow"], ja=["モスクワ"], ru=["Москва"]),
    name("russian", "demonym", "russia", en=["Russian"], ja=["ロシアの"], ru=["российский"]),
    name("putin", "person", "russia", en=["Putin"], ja=["プーチン大統領"], ru=["Путин"]),
    name("lavrov", "person", "russia", en=["Lavrov"], ja=["ラブロフ氏"], ru=["Лавров"]),
    name("kunashir", "island", "dispute", en=["Kunashir"], ja=["国後島"], ru=["Кунашир"]),
)


@lru_cache(maxsize=1)
def vocabulary() -> Vocabulary:
    """The project's own word lists."""
    return Vocabulary.from_tables(load_lexicon(CONFIG))


@lru_cache(maxsize=1)
def extractor() -> Extractor:
    """An extractor over a handful of names."""
    return Extractor(Lexicon(NAMES), vocabulary())


def facts(title: str, lang: str, at: dt.datetime = WEDNESDAY) -> tuple[Fact, ...]:
    """The facts of a headline."""
    reading = Lexicon(NAMES).read(title, "", lang, on=at.date())
    return extractor().extract(make.article(title, lang=lang, text="", published_at=at), reading)


def first(title: str, lang: str) -> Fact:
    """The first fact of a headline that is an act."""
    return next(fact for fact in facts(title, lang) if fact.action)


@pytest.mark.parametrize(
    ("lang", "text", "expected"),
    [
        ("en", "Russia fires 12 nuclear-capable missiles and 2 ships turn back", [(12, "missile"), (2, "ship")]),
        ("en", "A dozen bombers, twenty-five people and $692 mln", [(12, "aircraft"), (25, "person"), (692e6, "usd")]),
        ("en", "The 13th package comes after a fall of 14.65%", [(13, "package"), (14.65, "percent")]),
        ("en", "The 1998 accord names the Su-27 and two-plus-two talks", []),
        ("en", "Entry closed to 63 Japanese officials", [(63, "person")]),
        ("ja", "ミサイル12発、1億2000万円、三隻", [(12, "missile"), (120e6, "jpy"), (3, "ship")]),
        ("ja", "制裁第13弾、二十五人、13年ぶり", [(13, "package"), (25, "person"), (13, "year")]),
        ("ja", "一致して一方的に", []),
        ("ru", "1 200 человек, 3,5 млрд рублей, 13-й пакет", [(1200, "person"), (3.5e9, "rub"), (13, "package")]),
        (
            "ru",
            "Двадцать пять самолётов, дюжина кораблей, 15 тыс. тонн",
            [(25, "aircraft"), (12, "ship"), (15000, "ton")],
        ),
    ],
)
def test_numbers_are_read_with_what_they_count(lang: str, text: str, expected: list[tuple[float, str]]) -> None:
    found = Figures(lang, vocabulary().tongue(lang)).numbers(text)

    assert [(number.value, number.unit) for number in found if number.unit] == expected


@pytest.mark.parametrize(
    ("lang", "text", "expected"),
    [
        ("en", "Talks on Tuesday", dt.date(2022, 6, 7)),
        ("en", "Talks on January 22, 2019", dt.date(2019, 1, 22)),
        ("en", "Talks on 5 July", dt.date(2022, 7, 5)),
        ("en", "The meeting is tomorrow", dt.date(2022, 6, 9)),
        ("ja", "協議は15日", dt.date(2022, 6, 15)),
        ("ja", "平成28年12月16日の会談", dt.date(2016, 12, 16)),
        ("ja", "令和元年5月10日の会談", dt.date(2019, 5, 10)),
        ("ja", "昨日の会談", dt.date(2022, 6, 7)),
        ("ru", "Переговоры завтра", dt.date(2022, 6, 9)),
        ("ru", "Переговоры 22 января 2019 года", dt.date(2019, 1, 22)),
        ("ru", "Встреча во вторник", dt.date(2022, 6, 7)),
    ],
)
def test_days_are_resolved_against_publication(lang: str, text: str, expected: dt.date) -> None:
    found = Calendar(lang, vocabulary().tongue(lang)).days(text, WEDNESDAY)

    assert [day.date for day in found] == [expected]


def test_yesterday_is_counted_in_the_zone_that_the_sentence_names() -> None:
    late = dt.datetime(2022, 6, 8, 22, 0, tzinfo=dt.UTC)  # already the ninth in Tokyo

    assert Calendar("en", vocabulary().tongue("en")).days("Yesterday evening, JST", late)[0].date == dt.date(2022, 6, 8)


@pytest.mark.parametrize(
    ("lang", "title"),
    [
        ("en", "Japan protests Russian drills"),
        ("en", "Tokyo lodges protest over Russian drills"),
        ("ja", "日本政府、ロシアの演習に抗議"),
        ("ru", "Япония выразила протест в связи с российскими учениями"),
    ],
)
def test_one_protest_is_one_fact_in_three_languages(lang: str, title: str) -> None:
    assert key(first(title, lang), extractor().sides) == "japan|protest|held|+|drill,russia|"


@pytest.mark.parametrize(
    ("lang", "title", "expected"),
    [
        ("en", "Japan and Russia to resume peace treaty talks", "japan+russia|meet|announced|+|peace-treaty|"),
        ("en", "Japan and Russia not to resume peace treaty talks", "japan+russia|meet|announced|-|peace-treaty|"),
        ("ja", "日本、ロシアとの平和条約交渉を再開せず", "japan|meet|held|-|peace-treaty,russia|"),
        ("ru", "Россия не возобновит переговоры с Японией", "russia|meet|announced|-|japan|"),
        ("en", "Putin may visit Japan", "russia|visit|proposed|+|japan|"),
        ("en", "Putin visited Japan", "russia|visit|held|+|japan|"),
        ("ru", "Путин может посетить Японию", "russia|visit|proposed|+|japan|"),
        ("ja", "プーチン大統領、国後島訪問を検討", "russia|visit|proposed|+|kunashir|"),
        ("en", "Russia refuses to discuss sanctions with Japan", "russia|meet|refused|+|japan,sanction|"),
        (
            "en",
            "Fisheries agreement with Japan suspended by Russia",
            "russia|suspend|suspended|+|fishing-accord,japan|",
        ),
        ("ja", "ロシア、日本との漁業協定を停止", "russia|suspend|suspended|+|fishing-accord,japan|"),
        ("en", "Russia fires 12 missiles", "russia|launch|held|+|missile|12 missile"),
    ],
)
def test_stage_polarity_and_number_are_read_from_headlines(lang: str, title: str, expected: str) -> None:
    assert key(first(title, lang), extractor().sides) == expected


def test_a_speaker_is_read_from_the_shape_of_a_headline() -> None:
    told = [
        first(title, "en") for title in ("Lavrov: talks with Japan impossible", "Talks with Japan impossible — Lavrov")
    ]

    assert [(fact.speaker, fact.action, fact.stage) for fact in told] == [("lavrov", "meet", Stage.REFUSED)] * 2


@pytest.mark.parametrize(
    ("lang", "title"),
    [
        ("en", "Russia opens a base on Kunashir, which Japan claims"),
        ("en", "Russia opens a base on Kunashir, claimed by Japan"),
        ("ru", "Россия открыла базу на Кунашире, на который претендует Япония"),
        ("ja", "ロシア、日本が領有権を主張する国後島で基地を整備"),
    ],
)
def test_stock_background_is_no_word_of_the_side_it_names(lang: str, title: str) -> None:
    assert {fact.actors for fact in facts(title, lang)} == {("russia",)}


@pytest.mark.parametrize(
    ("lang", "title", "expected"),
    [
        ("ja", "日本、ロシアに抗議したことを明らかにした", "japan|protest|held|+|russia|"),
        ("ja", "ロシア、国後島で演習を行うと発表", "russia|drill|announced|+|kunashir|"),
        ("ja", "ロシア、国後島でミサイル2発の発射訓練へ", "russia|drill|announced|+|kunashir,launch,missile|2 missile"),
        ("ja", "日本、40の個人・団体に追加制裁を決定", "japan|sanction|held|+||40 target"),
        ("en", "Japan announces sanctions on 40 individuals and entities", "japan|sanction|held|+||40 target"),
        ("en", "Japan protests Kunashir visit", "japan|protest|held|+|kunashir,visit|"),
        ("en", "Japan urges Russia to return Kunashir", "japan|demand|proposed|+|kunashir,release,russia|"),
        ("ru", "Путин предлагает Японии заключить мирный договор", "russia|sign|proposed|+|japan,peace-treaty|"),
        ("ru", "Москва: протест Токио неприемлем", "russia|protest|refused|+|japan|"),
        ("ja", "「日本の抗議は受け入れられない」 モスクワ", "russia|protest|refused|+|japan|"),
    ],
)
def test_what_is_told_of_is_not_changed_by_the_telling(lang: str, title: str, expected: str) -> None:
    assert key(first(title, lang), extractor().sides) == expected


def test_a_deputys_office_names_nobody_else() -> None:
    whole = quality_extractor()
    for title, lang in (("ロシア副首相、択捉島を訪問", "ja"), ("元外相が択捉島を訪問", "ja")):
        read = quality_lexicon().read(title, "", lang, on=make.NOW.date())
        found = whole.extract(make.article(title, lang=lang, text=""), read)

        assert not {who for fact in found for who in (*fact.actors, *fact.objects)} & {"takaichi-sanae", "japan"}


def test_a_quote_is_kept_with_its_fact() -> None:
    assert first("Russia suspends talks, calls Tokyo “openly unfriendly”", "en").quote == "openly unfriendly"


def test_the_place_is_where_the_act_was() -> None:
    assert first("Russia holds drills on Kunashir", "en").place == "kunashir"


def test_every_fact_keeps_the_words_it_came_from() -> None:
    title = "Japan protests Russian drills"

    assert [(fact.words, fact.sentence) for fact in facts(title, "en")] == [(title, 0)]


def test_a_title_without_a_verb_still_tells_whom_it_names() -> None:
    assert [(fact.action, fact.actors) for fact in facts("Japan, Russia and the Northern lights", "en")] == [
        ("", ("japan", "russia"))
    ]


def test_a_language_without_word_lists_has_no_facts() -> None:
    reading = make.reading("Japan protestiert", lang="de")

    assert extractor().extract(make.article("Japan protestiert", lang="de"), reading) == ()


def test_changed_numbers_reversals_and_stages_are_seen_only_on_one_matter() -> None:
    two, twelve = first("Russia fires 2 missiles", "en"), first("Russia fires 12 missiles", "en")
    may, does, not_at_all = (
        first(f"Putin {verb} Kunashir", "en") for verb in ("may visit", "visits", "will not visit")
    )
    sides = extractor().sides

    assert same_matter(two, twelve, sides)
    assert changed_number(twelve, two)
    assert same_matter(may, does, sides)
    assert (stage_reached(does, may), stage_reached(may, does)) == (True, False)
    assert reversed_act(not_at_all, does)
    assert about(may, sides) == about(does, sides) == "russia|visit"
    assert not same_matter(two, may, sides)


def test_what_is_not_ruled_out_or_denied_to_have_ended_goes_on() -> None:
    closes, may, not_ruled_out = (
        first(f"Russia {verb} consulate in Sapporo", "en")
        for verb in ("closes", "does not close", "does not rule out closing")
    )
    nobody = replace(closes, actors=())
    denied = replace(closes, stage=Stage.DENIED)

    assert reversed_act(may, closes)
    assert not reversed_act(not_ruled_out, closes)
    assert (reversed_act(closes, may), reversed_act(nobody, may)) == (True, False)
    assert not reversed_act(closes, denied)


def test_a_signature_to_come_is_not_signed_yet() -> None:
    stages = [first(f"Japan, Russia {verb} agreement", "en").stage for verb in ("to sign", "may sign", "sign")]

    assert stages == [Stage.ANNOUNCED, Stage.PROPOSED, Stage.SIGNED]


def test_a_mistake_in_a_word_list_is_told_with_its_place() -> None:
    with pytest.raises(ConfigError, match=r"config/lexicon/en\.toml: verb bow"):
        Vocabulary.from_tables({"en": {"verb": [{"action": "bow", "stage": "deep", "forms": ["bow"]}]}})
    with pytest.raises(ConfigError, match=r"words\.slang"):
        Vocabulary.from_tables({"en": {"words": {"slang": ["yo"]}}})


def test_all_languages_speak_of_the_same_acts_things_and_units() -> None:
    tongues = vocabulary().tongues

    for lang in ("ja", "ru"):
        assert {verb.action for _, verb in tongues[lang].verbs} == {verb.action for _, verb in tongues["en"].verbs}
        assert {thing for _, thing in tongues[lang].things} == {thing for _, thing in tongues["en"].things}
        assert {unit.id for _, unit in tongues[lang].units} == {unit.id for _, unit in tongues["en"].units}


@pytest.mark.parametrize(
    ("lang", "text"),
    [
        ("en", f"Russia fires {'9' * 400} missiles"),
        ("en", f"Russia fires 5 {'trillion ' * 40}missiles"),
        ("ru", f"Россия выпустила 5 {'трлн ' * 40}ракет"),
        ("ja", f"ミサイル{'9億' * 1}{'9' * 400}発を発射"),
        ("ja", f"ミサイル{'一' * 400}億発を発射"),
    ],
)
def test_a_number_beyond_all_counting_is_none(lang: str, text: str) -> None:
    assert [n for n in Figures(lang, vocabulary().tongue(lang)).numbers(text) if n.value > 9e8] == []


def test_a_year_beyond_any_calendar_names_no_day() -> None:
    found = Calendar("ja", vocabulary().tongue("ja")).days("令和99999999999999999999年5月3日に発表", WEDNESDAY)
    assert found == ()
