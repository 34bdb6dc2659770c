"""Words and acts that half of all news is written in, so that the first articles of a stream are not read blind.

Never tells of our beat: what is usual there is learnt as it runs. Written by us, as words of a dictionary; ``terms``
brings them to the form in which articles are compared.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from monitor.lexicon import terms

WORDS: Mapping[str, str] = {
    "en": """
new old first second third last next early late recent former current top chief senior deputy leading main major
key big small large huge high low long short full year years month months week weeks day days today yesterday
tomorrow morning evening night hour hours time times moment period century decade weekend monday tuesday
wednesday thursday friday saturday sunday january february march april may june july august september october
november december one two three four five six seven eight nine ten hundred thousand million billion percent
number numbers dozens many several few much least half people man men woman women person child children family
families life home house city town area region place country countries nation national state states world global
international local public foreign domestic government official officials president minister prime ministry
spokesman spokesperson spokeswoman leader leaders head authorities administration department office agency party
parliament lawmaker member members group team company companies police court military army forces news report
reports reported reporter media newspaper agency statement press conference interview comment comments remarks
source sources according story photo video read update say said tell told add added announce announced call
called ask asked show showed see seen make made take taken give given get got go going come came put set find
found know known think believe want need help work working use used keep hold held leave left start started
begin began end ended continue continued remain become bring look turn try run move follow followed include
including expect expected plan plans planned seek agree decide decided consider part way thing things case issue
issues matter problem situation question reason result results effort efforts action move step steps decision
measure measures event events meeting talks visit relations ties deal agreement support role power right rights
law order plan policy security back away around across along near far still already now again once ever never
even however since due despite among within without per via good great better best important strong possible
likely able clear open close free hard real same different own other another every
""",
    "ru": """
новый старый первый второй третий последний следующий прошлый нынешний бывший главный крупный большой небольшой
высокий низкий полный целый год месяц неделя день сутки час утро вечер ночь время момент период сегодня вчера
завтра сейчас ранее накануне понедельник вторник среда четверг пятница суббота воскресенье январь февраль март
апрель май июнь июль август сентябрь октябрь ноябрь декабрь один два три четыре пять шесть семь восемь девять
десять сто тысяча миллион миллиард процент несколько число количество часть половина человек люди мужчина
женщина ребенок семья жизнь дом город область край регион район место страна государство мир государственный
национальный международный местный российский общественный иностранный зарубежный правительство власть президент
премьер министр министерство ведомство глава заместитель представитель руководитель лидер депутат член группа
команда компания полиция суд военный армия служба пресс пресс-служба управление партия парламент официальный
чиновник сторона сообщить сообщать сообщение сообщаться заявить заявление рассказать отметить отмечать добавить
подчеркнуть уточнить пояснить объяснить назвать говорить говориться слово передавать писать интервью журналист
агентство тасс риа новости интерфакс издание газета источник данные информация комментарий ссылка стать являться
находиться получить дать взять начать начаться закончить продолжить продолжать провести пройти проходить
состояться принять решить решение пойти прийти оказаться остаться сделать делать иметь считать ожидать ожидаться
планировать планироваться предложить использовать работать работа помощь поддержка дело вопрос проблема ситуация
случай причина результат мера действие событие встреча переговоры визит отношение соглашение договоренность план
порядок закон право безопасность условие связь рамка ход уже еще пока также однако около более менее почти
вместе после перед среди против согласно вновь снова важный сильный возможный необходимый хороший общий другой
свой каждый
""",
    "ja": """
新た 最初 最後 最新 初めて 今回 前回 次回 今年 昨年 来年 今月 先月 来月 今週 先週 来週 今日 昨日 明日 午前 午後
同日 当時 現在 最近 以降 以上 以下 以前 当初 途中 時間 期間 年間 時代 月曜日 火曜日 水曜日 木曜日 金曜日 土曜日
日曜日 人々 男性 女性 子供 子ども 家族 国民 市民 住民 関係者 当局者 高官 当局 政府 大統領 首相 大臣 外相 長官
官房長官 報道官 議員 議会 国会 与党 野党 委員会 代表 会長 社長 幹部 担当者 専門家 団体 組織 企業 会社 警察
裁判所 軍隊 部隊 報道 発表 声明 会見 記者会見 記者 記者団 取材 新聞 通信 放送 番組 写真 動画 情報 記事 電子版
配信 更新 速報 共同通信 時事通信 世界 国際 国内 海外 全国 各国 両国 自国 外国 地域 地方 地元 都市 首都 中心 東京
場所 現地 周辺 明らか 強調 指摘 説明 述べ 語 話 伝え 示 求 必要 重要 可能 可能性 問題 状況 事態 理由 原因 結果
影響 対応 対策 措置 方針 計画 予定 決定 開始 終了 実施 継続 支援 協力 関係 会談 協議 交渉 訪問 合意 行動 活動
事件 事故 出来事 見通 見方 考 意見 発言 認識 立場 方向 今後 一方 一部 全体 全部 多数 大幅 大規模 約束 ニュース
インタビュー コメント メディア サイト ページ
""",
}

CONCEPTS = frozenset(
    """
act:begin act:continue act:decide act:announce act:consider act:support act:demand act:reply act:publish
act:meet act:visit act:agree act:propose act:kill act:rise act:fall act:join act:release act:criticize act:warn
act:launch act:sell act:buy act:build act:reject act:fail act:name act:terminate act:study act:attack
thing:citizen thing:company thing:troops thing:war thing:relations thing:agreement thing:message thing:documents
thing:poll thing:ship thing:aircraft thing:base thing:oil russia usa japan china ukraine uk eu france germany
president prime-minister trump-donald putin-vladimir
""".split()
)
"""Acts, things and names of every day, as ``Extractor.concepts`` and ``config/names`` call them."""


@lru_cache(maxsize=8)
def usual(lang: str) -> frozenset[str]:
    """The usual words of a language as terms; none for a language that has no list."""
    return frozenset(term for word in WORDS.get(lang, "").split() for term in terms(word, lang))
