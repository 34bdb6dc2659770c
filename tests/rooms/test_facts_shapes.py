"""Facts in the shapes headlines take: who acts on whom, how far, where, and in whose words. Sentences are our own."""

from __future__ import annotations

import pytest

from monitor.entities import Fact
from monitor.facts import key
from tests import make
from tests.quality.room import extractor, lexicon


def facts(title: str, lang: str) -> tuple[Fact, ...]:
    """The facts of a headline."""
    reading = lexicon().read(title, "", lang, on=make.NOW.date())
    return extractor().extract(make.article(title, lang=lang, text=""), reading)


def act(title: str, lang: str) -> Fact:
    """Its first act; words are none where there is another."""
    found = [fact for fact in facts(title, lang) if fact.action]
    return next((fact for fact in found if fact.action != "say"), found[0])


def line(title: str, lang: str) -> str:
    """That act as one line."""
    return key(act(title, lang), extractor().sides)


@pytest.mark.parametrize(
    ("lang", "ours", "theirs"),
    [
        ("en", "Japan protests Russia's drills", "Russia protests Japan's drills"),
        ("en", "Japan summons the Russian ambassador", "Russia summons the Japanese ambassador"),
        ("en", "Tokyo rejects Moscow's protest", "Moscow rejects Tokyo's protest"),
        ("en", "Japan warns Russia over missiles", "Russia warns Japan over missiles"),
        ("en", "Envoy of Japan expelled by Russia", "Envoy of Russia expelled by Japan"),
        ("ja", "日本がロシアに抗議", "ロシアが日本に抗議"),
        ("ja", "日本、ロシア大使を呼び出し", "ロシア、日本大使を呼び出し"),
        ("ja", "日本政府はロシアの抗議を拒否", "ロシア政府は日本の抗議を拒否"),
        ("ja", "日本漁船、ロシアに拿捕される", "ロシア漁船、日本に拿捕される"),
        ("ru", "Япония выразила протест России", "Россия выразила протест Японии"),
        ("ru", "Токио заявил Москве протест", "Москва заявила Токио протест"),
        ("ru", "МИД Японии вызвал посла России", "МИД России вызвал посла Японии"),
        ("ru", "Россия предупредила Японию", "Япония предупредила Россию"),
    ],
)
def test_who_acts_on_whom_is_kept_apart(lang: str, ours: str, theirs: str) -> None:
    sides = extractor().sides
    one, other = act(ours, lang), act(theirs, lang)
    swapped = {"japan": "russia", "russia": "japan"}

    assert one.action == other.action
    assert len({sides.get(a, str(a)) for a in one.actors}) == 1
    assert {swapped[sides.get(a, str(a))] for a in one.actors} == {sides.get(a, str(a)) for a in other.actors}


@pytest.mark.parametrize(
    ("lang", "title"),
    [
        ("en", "Mishustin visits {}"),
        ("ja", "ミシュスチン首相、{}を訪問"),
        ("ru", "Мишустин посетил {}"),
    ],
)
def test_another_place_is_another_fact(lang: str, title: str) -> None:
    places = {
        "en": ("Iturup", "Kunashir", "Shikotan", "Sakhalin", "Hokkaido"),
        "ja": ("択捉島", "国後島", "色丹島", "サハリン", "北海道"),
        "ru": ("Итуруп", "Кунашир", "Шикотан", "Сахалин", "Хоккайдо"),
    }[lang]

    assert [act(title.format(place), lang).objects for place in places] == [
        ("iturup",),
        ("kunashir",),
        ("shikotan",),
        ("sakhalin",),
        ("hokkaido",),
    ]


@pytest.mark.parametrize(
    ("lang", "title", "expected"),
    [
        ("en", "Putin visits Japan", "visit held +"),
        ("en", "Putin to visit Japan", "visit announced +"),
        ("en", "Putin will visit Japan", "visit announced +"),
        ("en", "Putin plans to visit Japan", "visit announced +"),
        ("en", "Putin is set to visit Japan", "visit announced +"),
        ("en", "Putin may visit Japan", "visit proposed +"),
        ("en", "Putin considers visiting Japan", "visit proposed +"),
        ("en", "Putin refuses to visit Japan", "visit refused +"),
        ("en", "Putin not to visit Japan", "visit announced -"),
        ("en", "Putin will not visit Japan", "visit announced -"),
        ("en", "Putin postpones visit to Japan", "visit suspended +"),
        ("en", "Putin cancels visit to Japan", "visit cancelled +"),
        ("en", "Putin did not visit Japan", "visit held -"),
        ("ja", "プーチン大統領が訪日", "visit held +"),
        ("ja", "プーチン大統領、訪日へ", "visit announced +"),
        ("ja", "プーチン大統領、訪日する方針", "visit announced +"),
        ("ja", "プーチン大統領、訪日の見通し", "visit announced +"),
        ("ja", "プーチン大統領、訪日を検討", "visit proposed +"),
        ("ja", "プーチン大統領、訪日か", "visit proposed +"),
        ("ja", "プーチン大統領、訪日の可能性", "visit proposed +"),
        ("ja", "プーチン大統領、訪日せず", "visit held -"),
        ("ja", "プーチン大統領、訪日見送り", "visit suspended +"),
        ("ja", "プーチン大統領、訪日を中止", "visit cancelled +"),
        ("ja", "プーチン大統領、訪日を拒否", "visit refused +"),
        ("ru", "Путин посетил Японию", "visit held +"),
        ("ru", "Путин посетит Японию", "visit announced +"),
        ("ru", "Путин намерен посетить Японию", "visit announced +"),
        ("ru", "Путин планирует посетить Японию", "visit announced +"),
        ("ru", "Путин собирается посетить Японию", "visit announced +"),
        ("ru", "Путин может посетить Японию", "visit proposed +"),
        ("ru", "Путин отказался посетить Японию", "visit refused +"),
        ("ru", "Путин исключил визит в Японию", "visit refused +"),
        ("ru", "Путин не посетит Японию", "visit announced -"),
        ("ru", "Путин не будет посещать Японию", "visit announced -"),
        ("ru", "Путин отложил визит в Японию", "visit suspended +"),
        ("ru", "Путин отменил визит в Японию", "visit cancelled +"),
    ],
)
def test_how_far_an_act_has_come_is_read(lang: str, title: str, expected: str) -> None:
    found = act(title, lang)

    assert f"{found.action} {found.stage} {found.polarity}" == expected


@pytest.mark.parametrize(
    ("lang", "title", "speaker"),
    [
        ("en", "Peskov: talks with Japan impossible", "peskov-dmitry"),
        ("en", "Talks with Japan impossible — Peskov", "peskov-dmitry"),
        ("en", "Talks with Japan impossible, says Peskov", "peskov-dmitry"),
        ("en", "Talks with Japan impossible, Peskov says", "peskov-dmitry"),
        ("en", '"Talks with Japan impossible": Peskov', "peskov-dmitry"),
        ("en", "According to Peskov, talks with Japan are impossible", "peskov-dmitry"),
        ("en", "Peskov says talks with Japan impossible", "peskov-dmitry"),
        ("en", "Peskov - talks with Japan impossible", "peskov-dmitry"),
        ("ja", "ペスコフ報道官「日本との交渉は不可能」", "peskov-dmitry"),
        ("ja", "「日本との交渉は不可能」とペスコフ氏", "peskov-dmitry"),
        ("ja", "「日本との交渉は不可能」=ペスコフ報道官", "peskov-dmitry"),
        ("ja", "ペスコフ氏によると、日本との交渉は不可能", "peskov-dmitry"),
        ("ja", "日本との交渉は不可能とペスコフ氏が述べた", "peskov-dmitry"),
        ("ru", "Песков: переговоры с Японией невозможны", "peskov-dmitry"),
        ("ru", "Переговоры с Японией невозможны — Песков", "peskov-dmitry"),
        ("ru", "Песков — переговоры с Японией невозможны", "peskov-dmitry"),
        ("ru", "Переговоры с Японией невозможны, заявил Песков", "peskov-dmitry"),
        ("ru", "По словам Пескова, переговоры с Японией невозможны", "peskov-dmitry"),
        ("ru", "Песков заявил, что переговоры с Японией невозможны", "peskov-dmitry"),
        ("ru", "Переговоры с Японией невозможны, по словам Пескова", "peskov-dmitry"),
    ],
)
def test_whose_word_it_is_is_read_in_every_shape(lang: str, title: str, speaker: str) -> None:
    found = facts(title, lang)

    assert {str(fact.speaker) for fact in found if fact.action == "meet"} <= {speaker, "None"}
    assert speaker in {str(fact.speaker) for fact in found}
    assert ("meet", "refused") in {(fact.action, str(fact.stage)) for fact in found}


@pytest.mark.parametrize(
    ("lang", "title", "expected"),
    [
        ("en", "Russian ambassador summoned over drills", "|summon|held|+|ambassador,drill,russia|"),
        ("en", "Japanese boat seized by Russia", "russia|detain|held|+|japan,ship|"),
        ("ja", "日本漁船、ロシアに拿捕される", "russia|detain|held|+|japan,ship|"),
        ("ru", "Японское судно задержано Россией", "russia|detain|held|+|japan,ship|"),
        ("en", "Japan's protest rejected by Moscow", "russia|protest|refused|+|japan|"),
        ("en", "Talks between Japan and Russia begin", "japan+russia|meet|held|+||"),
        ("en", "Lavrov meets Motegi", "japan+russia|meet|held|+||"),
        ("ja", "ラブロフ外相、茂木外相と会談", "japan+russia|meet|held|+||"),
        ("ru", "Лавров встретился с Мотэги", "japan+russia|meet|held|+||"),
        ("ja", "ロシア の ミシュスチン 首相 が 択捉 島 を 訪問 し た", "russia|visit|held|+|iturup|"),
        ("en", "Russia imports no Japanese fish", "russia|buy|held|-|fish,japan|"),
        ("en", "Japan plans a year-end visit to Russia", "japan|visit|announced|+|russia|"),
        ("ja", "政府、ロシア艦2隻が領海に侵入と発表", "russia|intrude|announced|+|ship|2 ship"),
    ],
)
def test_voice_and_order_change_nothing(lang: str, title: str, expected: str) -> None:
    assert line(title, lang) == expected


def test_an_office_beside_a_name_is_that_mans_and_no_other_holders() -> None:
    told = [
        act(title, lang)
        for title, lang in (
            ("Russian Prime Minister Mishustin visits Iturup", "en"),
            ("ロシアのミシュスチン首相、択捉島を訪問", "ja"),
            ("Премьер-министр России Мишустин посетил Итуруп", "ru"),
        )
    ]

    assert [(fact.actors, fact.objects) for fact in told] == [(("mishustin-mikhail",), ("iturup",))] * 3


def test_a_kind_of_thing_beside_its_own_is_told_once() -> None:
    assert act("Japan sends Patriot missiles and vehicles to Ukraine", "en").objects == ("car", "patriot", "ukraine")
