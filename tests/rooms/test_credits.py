"""Which wire a text credits, wherever its name stands in three languages; and how many newsrooms that makes."""

from __future__ import annotations

import pytest

from monitor.clean import clean
from monitor.clean import credits as wires
from monitor.entities import Article
from tests import make


def cleaned(lines: str, **feed: str) -> Article:
    """An entry whose text holds these lines, parted by a bar."""
    content = "".join(f"<p>{line}</p>" for line in lines.split("|"))
    article = clean(make.entry(title="Boats and the port", summary="", content=content), make.feed(**feed), make.NOW)
    assert article is not None
    return article


@pytest.mark.parametrize(
    ("lines", "wire"),
    [
        ("MOSCOW, Dec 5 (Reuters) - Boats returned to port.", "reuters"),
        ("TOKYO (AP) — Boats returned to port.", "ap"),
        ("TOKYO, Dec. 5 (Kyodo) -- Boats returned to port.", "kyodo"),
        ("KYODO NEWS - Dec 5, 2024 - 12:00|All, Japan|Boats returned to port.", "kyodo"),
        ("By Kyodo News|Boats returned to port.", "kyodo"),
        ("AFP-JIJI|Boats returned to port.", "afp"),
        ("Boats returned to port. Nobody was hurt.|© 2024 AFP", "afp"),
        ("Boats returned to port.|(c) Kyodo News", "kyodo"),
        ("Boats returned to port.|Copyright 2024 The Associated Press. All rights reserved.", "ap"),
        ("Boats returned to port.|Source: TASS", "tass"),
        ("Boats returned to port.|Source: Xinhua", "xinhua"),
        ("TOKYO, Dec. 5 (Xinhua) -- Boats returned to port.", "xinhua"),
        ("SEOUL, Dec. 5 (Yonhap) -- Boats returned to port.", "yonhap"),
        ("(Bloomberg) -- Boats returned to port.", "bloomberg"),
        ("MOSCOW, December 5. /TASS/. Boats returned to port.", "tass"),
        ("MOSCOW. Dec 5 (Interfax) - Boats returned to port.", "interfax"),
        ("Boats returned to port, TASS reported on Tuesday.", "tass"),
        ("Boats returned to port, Kyodo News reports, citing officials.", "kyodo"),
        ("Boats returned to port, according to Jiji Press.", "jiji"),
        ("Boats returned to port. Reuters contributed to this report.", ""),
        ("The mayor told Reuters in March that boats matter. Boats returned.", ""),
        ("Токио, 5 декабря. /ТАСС/. Суда вернулись в порт.", "tass"),
        ("ТОКИО, 5 дек — РИА Новости. Суда вернулись в порт.", "rossiya-segodnya"),
        ("ТОКИО, 5 дек - РИА Новости, Иван Иванов. Суда вернулись в порт.", "rossiya-segodnya"),
        ("Токио. 5 декабря. INTERFAX.RU - Суда вернулись в порт.", "interfax"),
        ("Москва. 5 декабря. ИНТЕРФАКС - Суда вернулись в порт.", "interfax"),
        ("МОСКВА, 5 декабря. /ИТАР-ТАСС/. Суда вернулись в порт.", "tass"),
        ("ТАСС, 5 декабря. Суда вернулись в порт.", "tass"),
        ("Суда вернулись в порт, передает ТАСС.", "tass"),
        ("Суда вернулись в порт, сообщает РИА Новости со ссылкой на мэрию.", "rossiya-segodnya"),
        ("Суда вернулись в порт. Об этом сообщает агентство Киодо.", "kyodo"),
        ("Как сообщает Kyodo, суда вернулись в порт.", "kyodo"),
        ("По данным агентства «Интерфакс», суда вернулись в порт.", "interfax"),
        ("Суда вернулись в порт, пишет Рейтер.", "reuters"),
        ("Суда вернулись в порт.|Источник: ТАСС", "tass"),
        ("Суда вернулись в порт. — РИА Новости", "rossiya-segodnya"),
        ("Мэр рассказал. Суда вернулись. Год назад ТАСС сообщал о шторме.", ""),
        ("【モスクワ共同】漁船が港に戻った。", "kyodo"),
        ("【モスクワ時事】漁船が港に戻った。", "jiji"),
        ("【モスクワ＝共同】漁船が港に戻った。", "kyodo"),
        ("【ワシントンAFP時事】漁船が港に戻った。", "afp"),
        ("【AFP＝時事】漁船が港に戻った。", "afp"),
        ("【12月5日 AFP】漁船が港に戻った。", "afp"),
        ("［モスクワ ５日 ロイター］ - 漁船が港に戻った。", "reuters"),
        ("[東京 5日 ロイター] - 漁船が港に戻った。", "reuters"),
        ("【ソウル聯合ニュース】漁船が港に戻った。", "yonhap"),
        ("【新華社モスクワ12月5日】漁船が港に戻った。", "xinhua"),
        ("（ブルームバーグ）： 漁船が港に戻った。", "bloomberg"),
        ("漁船が港に戻った。（共同）", "kyodo"),
        ("漁船が港に戻った。＝共同", "kyodo"),
        ("漁船が港に戻った。（AP＝共同）", "ap"),
        ("漁船が港に戻った。（ロイター＝共同）", "reuters"),
        ("漁船が港に戻った。（時事）", "jiji"),
        ("漁船が港に戻った。|©時事", "jiji"),
        ("漁船が港に戻った。|©共同通信社", "kyodo"),
        ("漁船が港に戻った。|配信：共同通信社", "kyodo"),
        ("漁船が港に戻った。|時事通信", "jiji"),
        ("漁船が港に戻った。|(c)AFP", "afp"),
        ("タス通信によると、漁船が港に戻った。", "tass"),
        ("漁船が港に戻った。タス通信が報じた。", "tass"),
        ("インタファクス通信は5日、漁船が港に戻ったと伝えた。", "interfax"),
        ("ロシア通信によると、漁船が港に戻った。", "rossiya-segodnya"),
        ("漁船が港に戻ったと、共同通信が報じた。", "kyodo"),
        ("漁船が港に戻った。昨年、タス通信の記者が港を訪れていた。", ""),
    ],
)
def test_a_text_credits_the_wire_that_signs_it_or_on_whose_word_it_stands(lines: str, wire: str) -> None:
    assert cleaned(lines).credits == ((wire,) if wire else ())


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        ("【AFP＝時事】漁船が港に戻った。", "漁船が港に戻った。"),
        ("［モスクワ ５日 ロイター］ - 漁船が港に戻った。", "漁船が港に戻った。"),
        ("ТАСС, 5 декабря. Суда вернулись в порт.", "Суда вернулись в порт."),
        ("ТОКИО, 5 дек - РИА Новости, Иван Иванов. Суда вернулись в порт.", "Суда вернулись в порт."),
        ("漁船が港に戻った。（ロイター＝共同）", "漁船が港に戻った。"),
        ("漁船が港に戻った。＝共同", "漁船が港に戻った。"),
        ("Boats returned to port.|(c) Kyodo News", "Boats returned to port."),
        ("Суда вернулись в порт, передает ТАСС.", "Суда вернулись в порт, передает ТАСС."),
    ],
)
def test_what_signs_a_text_is_no_part_of_it_and_what_it_says_of_its_source_is(lines: str, text: str) -> None:
    assert cleaned(lines).text == text


def test_a_signature_goes_before_the_source_that_a_report_names() -> None:
    assert cleaned("TOKYO (Kyodo) -- Boats returned to port, TASS reported.").credits == ("kyodo",)


def test_an_agency_named_far_down_is_no_source_of_the_report() -> None:
    assert cleaned("Boats returned. The mayor spoke. Nobody was hurt, TASS reported.").credits == ()


@pytest.mark.parametrize(
    ("name", "family"),
    [
        ("RIA Novosti", "rossiya-segodnya"),
        ("Спутник", "rossiya-segodnya"),
        ("Kyodo News", "kyodo"),
        ("Harbour Daily", ""),
    ],
)
def test_a_wire_is_of_one_family_under_all_its_names(name: str, family: str) -> None:
    assert wires.slug(name) == family


def test_a_line_without_any_wires_name_is_left_as_it_is() -> None:
    line = "The office in Nemuro said that boats may sail from Tuesday on."
    assert (wires.opened(line), wires.closed(line), wires.byline(line), wires.signed(line), wires.relayed(line)) == (
        (line, ""), (line, ""), "", "", "",
    )  # fmt: skip
