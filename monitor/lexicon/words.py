"""Words of a sentence: tokens with their places, stems or lemmas, and the content words that carry its matter.

Never weighs them: how rare a term is, is learnt by the rooms that use it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from monitor.lexicon import english, russian
from monitor.lexicon.fold import fold, squeeze

_TOKEN = re.compile(
    r"(?:[a-z]\.){2,}|[a-z]+(?:'(?!s\b)[a-z]+)?|[\u0400-\u04ff]+|\d+(?:[.,]\d+)*|[\u3005-\u30ff\u3400-\u9fff]+"
)
_JA_RUN = re.compile(r"[a-z]+|\d+(?:[.,]\d+)*|[ァ-ヺー]+|[々〆\u3400-\u9fff]+")
_LOOSE = frozenset(("a", "an", "the"))
_STOP = {
    "en": frozenset(
        "a an the and or but nor so yet if of in on at by to for from with without as is are was were be "
        "been being am do does did done has have had having will would shall should can could may might "
        "must not no it its this that these those he she they them his her their we our us you your i me "
        "my who whom which what when where why how there here than then also just only both each any all "
        "some such more most other into over after before about against between during under up down out "
        "off again further once very too own same because while through above below until n't s t amid "
        "say tell".split()
    ),
    "ru": frozenset(
        "и в во не что он на я с со как а то все она так его но да ты к у же вы за бы по только ее мне "
        "было вот от меня еще нет о из ему теперь когда даже ну вдруг ли если уже или ни быть был него до "
        "вас нибудь опять уж вам ведь там потом себя ничего ей может они тут где есть надо ней для мы "
        "тебя их чем была сам чтоб без будто чего раз тоже себе под будет ж тогда кто этот того потому "
        "этого какой совсем ним здесь этом один почти мой тем чтобы нее сейчас были куда зачем всех "
        "никогда можно при наконец два об другой хоть после над больше тот через эти нас про всего них "
        "какая много разве три эту моя впрочем хорошо свою этой перед иногда лучше чуть том нельзя такой "
        "им более всегда конечно всю между это свой который также год сообщить заявить сказать мочь стать "
        "весь".split()
    ),
    "ja": frozenset(
        "日 月 年 的 等 者 氏 人 中 上 下 今 後 前 同 時 分 側 方 際 間 内 点 事 為 約 第 こと もの ため よう".split()
    ),
}


@dataclass(frozen=True, slots=True)
class Words:
    """A sentence as a row of stems between blanks, and where each stem stands in the text.

    ``key`` starts and ends with a blank; ``spans`` holds (start in key, start in text, end in text) per stem.
    """

    key: str
    spans: tuple[tuple[int, int, int], ...]


@lru_cache(maxsize=1_024)  # sentences of 3 KB: the articles that are being read, whose every room asks for them
def words(text: str, lang: str) -> Words:
    """The stems of a sentence in a language written with blanks; English articles are left out."""
    parts: list[str] = []
    spans: list[tuple[int, int, int]] = []
    at = 1
    for match in _TOKEN.finditer(fold(text)):
        token = match.group()
        if lang == "en" and token in _LOOSE:
            continue
        base = stem(token, lang)
        parts.append(base)
        spans.append((at, match.start(), match.end()))
        at += len(base) + 1
    return Words(" " + " ".join(parts) + " ", tuple(spans))


def stem(token: str, lang: str) -> str:
    """A folded token brought to its stem (latin) or dictionary form (cyrillic)."""
    if "\u0400" <= token[0] <= "\u04ff":
        return russian.lemma(token)
    return english.stem(token)


def terms(text: str, lang: str) -> tuple[str, ...]:
    """The content words of a sentence in order, folded: stems, lemmas; Japanese as katakana words and kanji pairs."""
    if lang == "ja":
        return _terms_ja(text)
    stop = _STOP[lang]
    found = (part for part in words(text, lang).key.split())
    return tuple(part for part in found if part not in stop and (len(part) > 1 or part.isdigit()))


def _terms_ja(text: str) -> tuple[str, ...]:
    found: list[str] = []
    for match in _JA_RUN.finditer(fold(squeeze(text)[0])):
        run = match.group()
        if run[0] < "\u3005" or "ァ" <= run[0] <= "ヺ" or len(run) <= 2:
            found.append(english.stem(run) if run.isascii() else run)
        else:
            found.extend(run[i : i + 2] for i in range(len(run) - 1))
    return tuple(term for term in found if term not in _STOP["ja"] and term != "ー")
