"""Numbers and days of three languages, as tables: what is written, and what is read. Sentences are our own."""

from __future__ import annotations

import datetime as dt
from functools import lru_cache

import pytest

from monitor.facts import Vocabulary
from monitor.facts.days import Calendar
from monitor.facts.numbers import Figures
from monitor.settings.files import load_lexicon
from tests.quality.room import CONFIG

WEDNESDAY = dt.datetime(2022, 6, 8, 3, 0, tzinfo=dt.UTC)
"""Noon in Tokyo, six in the morning in Moscow."""


@lru_cache(maxsize=1)
def vocabulary() -> Vocabulary:
    """The project's own word lists."""
    return Vocabulary.from_tables(load_lexicon(CONFIG))


def counted(lang: str, text: str) -> str:
    """The numbers that count something, one after another."""
    found = Figures(lang, vocabulary().tongue(lang)).numbers(text)
    return "; ".join(f"{number.value:.15g} {number.unit}" for number in found if number.unit)


def dated(lang: str, text: str) -> str:
    """The days a sentence names."""
    return " ".join(str(day.date) for day in Calendar(lang, vocabulary().tongue(lang)).days(text, WEDNESDAY))


EN = [
    ("Russia fires 12 missiles", "12 missile"),
    ("Russia fires twelve missiles", "12 missile"),
    ("A dozen missiles were launched", "12 missile"),
    ("Half a dozen bombers took part", "6 aircraft"),
    ("Two dozen ships left port", "24 ship"),
    ("Dozens of ships left port", ""),
    ("Thousands of people gathered", ""),
    ("A pair of bombers flew past", "2 aircraft"),
    ("A couple of ships turned back", "2 ship"),
    ("Twenty-five people were named", "25 person"),
    ("One hundred and twenty companies left", "120 company"),
    ("Two hundred thousand tons of coal", "200000 ton"),
    ("A hundred residents signed", "100 person"),
    ("1,200 troops and 3 frigates", "1200 person; 3 ship"),
    ("5,000 metric tons of fish", "5000 ton"),
    ("$692 million in trade", "692000000 usd"),
    ("$1.5 bln and 3 trillion yen", "1500000000 usd; 3000000000000 jpy"),
    ("a loan of €200 million", "200000000 eur"),
    ("¥50 billion for the islands", "50000000000 jpy"),
    ("100 billion yen in aid", "100000000000 jpy"),
    ("70 billion rubles from the budget", "70000000000 rub"),
    ("Trade fell 14.65%", "14.65 percent"),
    ("Trade fell by 14 percent", "14 percent"),
    ("Trade fell 14 per cent", "14 percent"),
    ("Two-thirds of Japanese oppose the deal", "66.67 percent"),
    ("A third of respondents agree", "33.33 percent"),
    ("Three quarters of voters disagree", "75 percent"),
    ("Half of Russians support it", "50 percent"),
    ("The 13th package of sanctions", "13 package"),
    ("The twelfth package of sanctions", "12 package"),
    ("The second round of talks", "2 round"),
    ("Their twenty-first meeting", "21 meeting"),
    ("The second ship arrived", ""),
    ("The first Japanese ship arrived", ""),
    ("More than 12 missiles", "12 missile"),
    ("About 40 individuals and entities", "40 target"),
    ("10 to 15 people", "10 person; 15 person"),
    ("10-15 people", "10 person; 15 person"),
    ("Su-27 fighters and Tu-95 bombers", ""),
    ("The G7 countries agree", ""),
    ("Talks in 2019 between ministers", ""),
    ("The two-plus-two talks", ""),
    ("Entry closed to 63 Japanese officials", "63 person"),
    ("Japan bans 758 goods", "758 item"),
    ("25 countries took part", "25 country"),
    ("30 nautical miles off Hokkaido", "30 nautical-mile"),
    ("600 kilometers from Tokyo", "600 km"),
    ("The boat vanished three days ago", ""),
    ("The flight lasted five hours", "5 hour"),
    ("At 15:00 Moscow time", ""),
    ("Ten months in prison", "10 month"),
    ("300 used cars a day", "300 vehicle"),
]
JA = [
    ("ロシアがミサイル12発を発射", "12 missile"),
    ("ミサイル十二発を発射", "12 missile"),
    ("ミサイル１２発", "12 missile"),
    ("爆撃機2機", "2 aircraft"),
    ("艦艇五隻", "5 ship"),
    ("二十五人を拘束", "25 person"),
    ("三千人が参加", "3000 person"),
    ("3千人が参加", "3000 person"),
    ("3万5千人が参加", "35000 person"),
    ("1億5000万円を支援", "150000000 jpy"),
    ("1億2千万円を支援", "120000000 jpy"),
    ("2兆円規模", "2000000000000 jpy"),
    ("百億円の融資", "10000000000 jpy"),
    ("10億ドルの借款", "1000000000 usd"),
    ("700億ルーブル", "70000000000 rub"),
    ("3億ユーロ", "300000000 eur"),
    ("5千トンの石炭", "5000 ton"),
    ("1.5万トン", "15000 ton"),
    ("約40個人・団体に制裁", "40 target"),
    ("40の団体に制裁", "40 company"),
    ("21銀行の資産", "21 company"),
    ("14%減少", "14 percent"),
    ("14.65％減", "14.65 percent"),
    ("7割が反対", "70 percent"),
    ("3分の2が反対", "66.67 percent"),
    ("三分の一が賛成", "33.33 percent"),
    ("制裁第13弾", "13 package"),
    ("第13次制裁を発表", "13 package"),
    ("第2次大戦の結果", ""),
    ("第3回協議", "3 meeting"),
    ("第2ラウンドの交渉", "2 round"),
    ("3度目の会談", "3 meeting"),
    ("12人以上が参加", "12 person"),
    ("10〜15人が参加", "10 person; 15 person"),
    ("数十人が参加", ""),
    ("十数人が参加", ""),
    ("25カ国が支持", "25 country"),
    ("758品目を禁輸", "758 item"),
    ("30海里沖", "30 nautical-mile"),
    ("600キロ沖", "600 km"),
    ("四隻の漁船", "4 ship"),
    ("懲役20年の判決", "20 year"),
    ("令和4年の会談", ""),
    ("13年ぶりの訪問", "13 year"),
    ("3日前に出港", ""),
    ("午前10時に開始", ""),
    ("Su27が飛行", ""),
    ("千島列島と三井物産", ""),
    ("一行は島を一度訪れた", ""),
    ("中古車300台", "300 vehicle"),
    ("査証13件を発給", "13 case"),
    ("賛成200票で可決", "200 vote"),
]
RU = [
    ("Россия выпустила 12 ракет", "12 missile"),
    ("Россия выпустила двенадцать ракет", "12 missile"),
    ("Выпущена дюжина ракет", "12 missile"),
    ("Полдюжины самолётов", "6 aircraft"),
    ("Десяток кораблей вышел в море", "10 ship"),
    ("Десятки кораблей вышли в море", ""),
    ("Тысячи человек вышли на улицы", ""),
    ("Пара самолётов пролетела мимо", "2 aircraft"),
    ("Двое рыбаков задержаны", "2 person"),
    ("Пятеро моряков задержаны", "5 person"),
    ("Двадцать пять человек", "25 person"),
    ("Сто двадцать компаний", "120 company"),
    ("Двести тысяч тонн угля", "200000 ton"),
    ("Триста сорок пять человек", "345 person"),
    ("1 200 военнослужащих", "1200 person"),
    ("15 тыс. тонн рыбы", "15000 ton"),
    ("15 тысяч тонн рыбы", "15000 ton"),
    ("3,5 млрд рублей", "3500000000 rub"),
    ("Полтора миллиона тонн", "1500000 ton"),
    ("Полтора миллиарда долларов", "1500000000 usd"),
    ("2 трлн иен", "2000000000000 jpy"),
    ("100 миллиардов иен", "100000000000 jpy"),
    ("$617 млн", "617000000 usd"),
    ("200 млн евро", "200000000 eur"),
    ("Импорт упал на 14%", "14 percent"),
    ("Импорт упал на 14,65%", "14.65 percent"),
    ("Импорт упал на 14 процентов", "14 percent"),
    ("Две трети японцев против", "66.67 percent"),
    ("Треть опрошенных согласна", "33.33 percent"),
    ("Половина россиян согласна", "50 percent"),
    ("13-й пакет санкций", "13 package"),
    ("тринадцатый пакет санкций", "13 package"),
    ("второй раунд переговоров", "2 round"),
    ("двадцать первая встреча", "21 meeting"),
    ("второй корабль прибыл", ""),
    ("более 12 ракет", "12 missile"),
    ("около 40 лиц и организаций", "40 target"),
    ("от 10 до 15 человек", "10 person; 15 person"),
    ("10–15 человек", "10 person; 15 person"),
    ("истребители Су-27", ""),
    ("в 2019 году состоялись переговоры", ""),
    ("63 гражданина Японии", "63 person"),
    ("758 товаров под запретом", "758 item"),
    ("25 стран поддержали", "25 country"),
    ("в 30 морских милях от берега", "30 nautical-mile"),
    ("в 600 километрах от Токио", "600 km"),
    ("три дня назад", ""),
    ("полёт длился пять часов", "5 hour"),
    ("в 15:00 мск", ""),
    ("десять месяцев тюрьмы", "10 month"),
    ("300 подержанных автомобилей", "300 vehicle"),
    ("200 голосов за", "200 vote"),
]
EN_DAYS = [
    ("Talks on Tuesday", "2022-06-07"),
    ("Lavrov will visit Japan on Friday", "2022-06-10"),
    ("Talks next Monday", "2022-06-13"),
    ("Talks last Wednesday", "2022-06-01"),
    ("Talks yesterday", "2022-06-07"),
    ("The day after tomorrow", "2022-06-10"),
    ("Talks tonight", "2022-06-08"),
    ("Talks on Dec. 16, 2016", "2016-12-16"),
    ("Talks on 16 December 2016", "2016-12-16"),
    ("Talks on December 15-16", "2021-12-15"),
    ("Talks on July 5th", "2022-07-05"),
    ("Talks in September", "2022-09-01"),
    ("Talks by March 2023", "2023-03-01"),
    ("Talks may 5 times fail", ""),
    ("Visits this autumn", "2022-09-01"),
    ("Visits in the summer of 2019", "2019-06-01"),
    ("Talks next week", "2022-06-13"),
    ("Talks next month", "2022-07-01"),
    ("Signed 2016-12-16", "2016-12-16"),
    ("No day at all", ""),
]
JA_DAYS = [
    ("協議は15日", "2022-06-15"),
    ("6月7日に会談", "2022-06-07"),
    ("12月16日に会談", "2021-12-16"),
    ("2016年12月16日", "2016-12-16"),
    ("平成28年12月16日", "2016-12-16"),
    ("令和元年5月10日", "2019-05-10"),
    ("昭和31年10月19日", "1956-10-19"),
    ("昨年12月16日", "2021-12-16"),
    ("十二月十六日に会談", "2021-12-16"),
    ("９月に再開", "2022-09-01"),
    ("来月3日に訪問", "2022-07-03"),
    ("来月訪問へ", "2022-07-01"),
    ("来週会談", "2022-06-13"),
    ("昨日の会談", "2022-06-07"),
    ("あす会談", "2022-06-09"),
    ("明後日に会談", "2022-06-10"),
    ("火曜日に会談", "2022-06-07"),
    ("今秋にも訪問", "2022-09-01"),
    ("3日間の訪問", ""),
    ("10日連続", ""),
]
RU_DAYS = [
    ("Переговоры во вторник", "2022-06-07"),
    ("Лавров планирует приехать в пятницу", "2022-06-10"),
    ("Переговоры в следующий понедельник", "2022-06-13"),
    ("Переговоры в прошлую среду", "2022-06-01"),
    ("Переговоры вчера", "2022-06-07"),
    ("Переговоры позавчера", "2022-06-06"),
    ("Переговоры послезавтра", "2022-06-10"),
    ("Переговоры 16 декабря 2016 года", "2016-12-16"),
    ("Переговоры 16 декабря", "2021-12-16"),
    ("Переговоры 15-16 декабря", "2021-12-16"),
    ("Переговоры 16.12.2016", "2016-12-16"),
    ("Переговоры в сентябре", "2022-09-01"),
    ("Переговоры в марте 2023 года", "2023-03-01"),
    ("Визит осенью", "2022-09-01"),
    ("Визит летом 2019 года", "2019-06-01"),
    ("Переговоры на следующей неделе", "2022-06-13"),
    ("Переговоры в следующем месяце", "2022-07-01"),
    ("Переговоры завтра", "2022-06-09"),
    ("Переговоры сегодня", "2022-06-08"),
    ("Ни дня", ""),
]


@pytest.mark.parametrize(
    ("lang", "text", "expected"),
    [(lang, *case) for lang, table in (("en", EN), ("ja", JA), ("ru", RU)) for case in table],
)
def test_a_number_is_read_with_what_it_counts(lang: str, text: str, expected: str) -> None:
    assert counted(lang, text) == expected


@pytest.mark.parametrize(
    ("lang", "text", "expected"),
    [(lang, *case) for lang, table in (("en", EN_DAYS), ("ja", JA_DAYS), ("ru", RU_DAYS)) for case in table],
)
def test_a_day_is_resolved_against_publication(lang: str, text: str, expected: str) -> None:
    assert dated(lang, text) == expected


@pytest.mark.parametrize(
    ("lang", "text", "expected"),
    [
        ("en", "Yesterday evening, JST", "2022-06-08"),
        ("en", "Yesterday evening, Moscow time", "2022-06-08"),
        ("en", "Yesterday evening", "2022-06-07"),
        ("ja", "昨日", "2022-06-08"),
        ("ja", "モスクワ時間の昨日", "2022-06-08"),
        ("ru", "вчера вечером", "2022-06-08"),
        ("ru", "вчера вечером по токийскому времени", "2022-06-08"),
    ],
)
def test_yesterday_is_counted_in_the_zone_a_sentence_names(lang: str, text: str, expected: str) -> None:
    late = dt.datetime(2022, 6, 8, 22, 0, tzinfo=dt.UTC)  # already the ninth in Tokyo and in Moscow
    found = Calendar(lang, vocabulary().tongue(lang)).days(text, late)

    assert [str(day.date) for day in found] == [expected]
