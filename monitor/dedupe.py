"""Dedupe: has this been here before: the same entry, an edit of it, or another one's text.

Never drops anything itself, and never calls two reports copies whose figures or denials differ.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import xxhash
from rapidfuzz import fuzz, process

from monitor.entities import Article, Copy, Fingerprint, Known, Neighbour, Reason, Standing

NEAR_COPY = (
    0.70  # share of a text that is another one's; recall and precision on made copies: tests/quality/copies.json
)
SHARED_WORDING = 0.55  # share of shingles below which sentences are not compared one by one: a word changed costs three
REVISIONS_MOST = 24  # a page with a clock in it changes at every poll; reader's HASH_CHANGED_LIMIT
SAME_HEADLINE_WITHIN = dt.timedelta(days=3)  # headlines come back each year; texts do not
SAME_SENTENCE = 70.0  # rapidfuzz ratio: above it two sentences are versions of one another
CUT_SENTENCE = 95.0  # rapidfuzz partial_ratio: a piece of a longer sentence, its last word cut perhaps
WHOLE_BANDS, WHOLE_ROWS = 24, 3  # 24 bands of 3 find a Jaccard of .4 in 4 of 5 cases and one of .6 always
LEAD_BANDS, LEAD_ROWS = 12, 2  # denser, since one changed word changes a fifth of a lead
LEAD_UNITS = 16  # shingles at the start: what a teaser and its full text share
TEXT_UNITS = 10  # shingles below which a text has nothing of its own to be found by, and only its title speaks
TEASER_UNITS = 30  # shingles below which a text may be a stock phrase, and the headlines must agree too
SAME_TOPIC = 60.0  # rapidfuzz token_set_ratio of two headlines on one matter
TEXTS_KEPT = 256  # texts whose shingles and folds are kept: in a burst the same few are compared with each newcomer
TITLE_LONG_ENOUGH = 5  # words, or three times as many Japanese characters: "Breaking news" is nobody's copy

_CJK = re.compile(r"[\u3041-\u30ff\u3400-\u4dbf\u4e00-\u9fff々ー]")
_WORD = re.compile(
    r"[\u3041-\u30ff\u3400-\u4dbf\u4e00-\u9fff々ー]|[+\-−]?\d+(?:[.,:]\d+)*%?|[^\W\d_]+(?:['’][^\W\d_]+)?"
)
_RUN = re.compile(r"[+\-−]?\d+(?:[.,:]\d+)*%?|[^\W\d_]+(?:['’][^\W\d_]+)?")
_SENTENCES = re.compile(r"\n+|(?<=[.!?…])[\"'”’»)]*\s+|(?<=[。！？])[」』）]*")
_NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")
_NUMBER_WORDS = frozenset(
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety dozen dozens hundred hundreds thousand "
    "thousands million millions billion billions trillion first second third fourth fifth sixth seventh eighth ninth "
    "tenth half twice "
    "один одна одно одного одной одному одним два две двух двум двумя двое три трех трёх трем тремя трое четыре "
    "четырех четырёх четырем четырьмя четверо пять пяти пятью пятеро шесть шести шестью шестеро семь семи семью "
    "восемь восьми "
    "восемью девять девяти девятью десять десяти десятью одиннадцать одиннадцати двенадцать двенадцати пятнадцать "
    "пятнадцати двадцать двадцати тридцать тридцати сорок сорока пятьдесят пятидесяти сто ста двести двухсот триста "
    "трехсот пятьсот пятисот тысяча тысяч тысячи тысячу миллион миллиона миллионов миллиард миллиарда миллиардов "
    "первый первая первого первой второй вторая второго третий третья третьего третьей четвертый четвертого пятый "
    "пятого десяток десятка десятков дюжина дюжины половина половины вдвое втрое".split()
)
_JA_NUMBER = re.compile(
    r"[〇一二三四五六七八九十百千万億兆]+(?=[人隻機発回日年月個カヶか件歳度国島円台本名目次社行校便両通枚票割点倍週時分秒弾期班"
    r"]|団体|キロ|トン|ドル|メートル)"
)
# What turns a sentence round: two versions that differ in one of these say different things.
_TURNS = re.compile(
    r"\b(?:not|no|never|none|nor|neither|without|cannot|\w+n['’]t|fail(?:s|ed|ure)?|refus(?:e|es|ed|al)|den(?:y|ies|ied|ial)|reject(?:s|ed|ion)?|"
    r"cancel(?:s|led|ed|lation)?|postpon(?:e|es|ed)|suspend(?:s|ed)?|halt(?:s|ed)?|resum(?:e|es|ed)|withdr(?:aw|aws|ew|awn)|agree(?:s|d)?|disagree(?:s|d)?|"
    r"may|might|could|will|would|plans?|planned|"
    r"не|нет|ни|без|никогда|отказ\w*|отверг\w*|отклон\w*|опроверг\w*|отмен\w*|отлож\w*|приостанов\w*|возобнов\w*|согла\w*|прекрат\w*|может|могут|план\w+)\b|"
    r"ない|なかった|ません|ず(?=[、。に])|拒否|拒絶|否定|中止|延期|中断|再開|停止|撤回|合意|見送|かもしれ|可能性|方針|予定|検討",
    re.IGNORECASE,
)
# Who makes news: a sentence that somebody added to another's text is more than a copy when one of these speaks or acts.
_ACTORS = re.compile(
    r"\b(?:governors?|mayors?|ministers?|ministry|ministries|premier|presidents?|ambassadors?|envoys?|spokes\w+|secretary|officials?|"
    r"lawmakers?|governments?|cabinet|kremlin|police|courts?|prosecutors?|navy|army|coast guard|"
    r"tokyo|moscow|washington|beijing|russia|japan|russians?|japanese|"
    r"губернатор\w*|мэр\w*|министр\w*|министерств\w*|мид|минобороны|премьер\w*|президент\w*|посол|посл[аоу]м?|посольств\w*|"
    r"представител\w*|секретар\w*|депутат\w*|правительств\w*|кремл\w*|полици\w*|суд[ае]?|прокур\w*|флот\w*|пограничник\w*|"
    r"токио|москв\w*|вашингтон\w*|пекин\w*|росси\w*|япони\w*|японск\w*|российск\w*)\b|"
    r"知事|市長|町長|大臣|外相|首相|大統領|大使|報道官|長官|外務省|防衛省|政府|議員|警察|裁判所|検察|海上保安|国境警備|軍|ロシア|日本|モスクワ",
    re.IGNORECASE,
)
_ROUNDS = WHOLE_BANDS * WHOLE_ROWS + LEAD_BANDS * LEAD_ROWS
_Hashes = npt.NDArray[np.uint64]


def _salts(kind: str, count: int) -> _Hashes:
    # Fixed for ever: the bands stand in the database.
    return np.array(
        [xxhash.xxh3_64_intdigest(f"{kind} {number}".encode()) | 1 for number in range(count)], dtype=np.uint64
    )


_FACTORS, _OFFSETS, _PLACES = _salts("factor", _ROUNDS), _salts("offset", _ROUNDS), _salts("place", 5)


def standing(article: Article, known: Mapping[str, Known]) -> tuple[Standing, Known | None]:
    """How an article stands to what we hold under any of its keys."""
    held = next((known[key] for key in article.keys if key in known), None)
    if held is None:
        return Standing.NEW, None
    if held.content_hash == article.content_hash or held.revisions >= REVISIONS_MOST:
        return Standing.KNOWN, held
    if article.feed_id != held.feed_id and article.content_hash in held.earlier:
        return Standing.KNOWN, held  # two feeds with a teaser each, which would edit the article in turns for ever
    return Standing.EDITED, held


def newest(articles: Sequence[Article]) -> list[Article]:
    """Of articles that share a key, the last one, under the keys of all: a document may hold an article's old versions.

    Taken in one by one, two versions would be edits of each other again at every poll.
    """
    kept: list[Article] = []
    place: dict[str, int] = {}
    for article in reversed(articles):
        at = next((place[key] for key in article.keys if key in place), None)
        if at is None:
            at = len(kept)
            kept.append(article)
        else:
            kept[at] = replace(kept[at], keys=tuple(dict.fromkeys((*kept[at].keys, *article.keys))))
        place |= {key: place.get(key, at) for key in article.keys}
    return kept[::-1]


def fingerprint(article: Article) -> Fingerprint:
    """What copies of the article will be found by: bands of the whole text, of its lead, and of its headline."""
    bands = list(_title_band(article.title))
    shingles = _shingles(article.text)
    if len(shingles) < TEXT_UNITS:
        return Fingerprint(bands=tuple(bands))
    split = WHOLE_BANDS * WHOLE_ROWS
    signature = _minima(shingles, slice(0, split))
    lead = _minima(shingles[: LEAD_UNITS * (2 if _is_cjk(article.text) else 1)], slice(split, _ROUNDS))
    bands += _bands(b"whole", signature, WHOLE_ROWS) + _bands(b"lead", lead, LEAD_ROWS)
    return Fingerprint(
        bands=tuple(dict.fromkeys(bands)), signature=(signature >> np.uint64(32)).astype("<u4").tobytes()
    )


def copy_of(article: Article, neighbours: Sequence[Neighbour]) -> Copy | None:
    """The stored article whose text this one carries, if there is one; the closest of several."""
    best: Copy | None = None
    mine = _distinct(article.text)
    for neighbour in neighbours:
        found = _copy(article, mine, neighbour)
        if found is not None and (best is None or found.similarity > best.similarity):
            best = found
    return best


def _copy(article: Article, mine: _Hashes, neighbour: Neighbour) -> Copy | None:
    same_title = _folded(article.title) == _folded(neighbour.title)
    if not same_title and _differs(article.title, neighbour.title):
        return None
    if len(mine) < TEXT_UNITS:
        return _headline_copy(article, neighbour) if same_title else None
    theirs = _distinct(neighbour.text)
    if len(theirs) < TEXT_UNITS:
        return None
    held = len(np.intersect1d(mine, theirs, assume_unique=True)) / len(mine)
    if held < SHARED_WORDING:
        return None
    if len(mine) < TEASER_UNITS and fuzz.token_set_ratio(_folded(article.title), _folded(neighbour.title)) < SAME_TOPIC:
        return None
    if _folded(article.text) == _folded(neighbour.text):
        return Copy(of=neighbour, reason=Reason.SAME_TEXT, similarity=1.0)
    share = held if held >= NEAR_COPY else _carried(article.text, neighbour.text)
    if share < NEAR_COPY or _says_more(article.text, neighbour.text):
        return None
    return Copy(of=neighbour, reason=Reason.NEAR_COPY, similarity=round(share, 4))


def _headline_copy(article: Article, neighbour: Neighbour) -> Copy | None:
    """A headline with next to no text under it copies the one that was word for word the same, days ago at most."""
    apart = abs(article.published_at - neighbour.published_at)
    if apart > SAME_HEADLINE_WITHIN or not _says_enough(article.title):
        return None
    if article.text and fuzz.partial_ratio(_folded(article.text), _folded(neighbour.text)) < 100 * NEAR_COPY:
        return None
    if article.text and _says_more(article.text, neighbour.text):
        return None
    return Copy(of=neighbour, reason=Reason.SAME_TEXT, similarity=1.0)


def _carried(text: str, other: str) -> float:
    """The share of ``text``, by length, that stands in ``other`` as whole sentences, versions of them by likeness."""
    theirs = _sentences(other)
    whole = " ".join(theirs)
    length = found = 0.0
    for sentence in _sentences(text):
        length += len(sentence)
        if sentence in whole:
            found += len(sentence)
            continue
        closest = process.extractOne(sentence, theirs, scorer=fuzz.ratio, score_cutoff=SAME_SENTENCE)
        found += len(sentence) * closest[1] / 100 if closest is not None else 0.0
    return found / length if length else 0.0


def _says_more(text: str, other: str) -> bool:
    """Whether a sentence of ``text`` stands in ``other`` with other figures or turned round, or is news of its own."""
    theirs = _sentences(other)
    held = frozenset(theirs)
    changed = [sentence for sentence in _sentences(text) if sentence not in held]
    if not changed or not theirs:
        return False
    whole = " ".join(theirs)
    for sentence in changed:
        if sentence in whole:  # the last one of a text that was cut
            continue
        closest = process.extractOne(sentence, theirs, scorer=fuzz.ratio, score_cutoff=SAME_SENTENCE)
        if closest is not None:
            if _differs(sentence, closest[0], cut=len(sentence) < 0.8 * len(closest[0])):
                return True
        elif _is_news(sentence, whole):
            return True
    return False


def _is_news(sentence: str, whole: str) -> bool:
    """Whether a sentence that ``whole`` does not hold may tell a fact: by a figure, a turn, or somebody who makes news.

    A sentence cut in its midst is a piece of a longer one, and none of its own.
    """
    if len(sentence) < len(whole) and fuzz.partial_ratio(sentence, whole) >= CUT_SENTENCE:
        return False
    if _numbers(sentence) - _numbers(whole) or _turns(sentence) - _turns(whole):
        return True
    return _ACTORS.search(sentence) is not None


def _sentences(text: str) -> list[str]:
    return [folded for folded in map(_folded, _SENTENCES.split(text)) if folded]


def _differs(first: str, second: str, *, cut: bool = False) -> bool:
    """Whether two versions of a sentence differ in a figure or in a word that turns it round."""
    if fuzz.ratio(_folded(first), _folded(second)) < SAME_SENTENCE:
        return False
    for drawn in (_numbers, _turns):
        ours, theirs = drawn(first), drawn(second)
        if ours - theirs or (not cut and theirs - ours):
            return True
    return False


def _numbers(text: str) -> Counter[str]:
    found = Counter(number.rstrip(".,:").replace(",", "") for number in _NUMBER.findall(text))
    found.update(word for word in re.findall(r"[^\W\d_]+", text.casefold()) if word in _NUMBER_WORDS)
    found.update(_JA_NUMBER.findall(text))
    return found


def _turns(text: str) -> Counter[str]:
    return Counter(word.casefold() for word in _TURNS.findall(text))


def _says_enough(title: str) -> bool:
    words = _WORD.findall(_folded(title))
    return len(words) >= (3 * TITLE_LONG_ENOUGH if _is_cjk(title) else TITLE_LONG_ENOUGH)


def _is_cjk(text: str) -> bool:
    return 4 * len(_CJK.findall(text)) > len(text)


@lru_cache(maxsize=TEXTS_KEPT)
def _distinct(text: str) -> _Hashes:
    """The shingles of a text, each once, in order of size."""
    return np.unique(_shingles(text))


@lru_cache(maxsize=TEXTS_KEPT)
def _folded(text: str) -> str:
    """What is left of a text when case, punctuation and spacing no longer count."""
    return " ".join(_RUN.findall(unicodedata.normalize("NFKC", text).casefold()))


def _shingles(text: str) -> _Hashes:
    """Hashes of three words that follow one another, or of five Japanese characters, in their order."""
    words = _WORD.findall(unicodedata.normalize("NFKC", text).casefold())
    size = 5 if _is_cjk(text) else 3
    if len(words) < size:
        return np.empty(0, dtype=np.uint64)
    hashes = np.array([xxhash.xxh3_64_intdigest(word.encode()) for word in words], dtype=np.uint64)
    count = len(hashes) - size + 1
    found = np.zeros(count, dtype=np.uint64)
    for place in range(size):
        found = (found ^ hashes[place : place + count]) * _PLACES[place]
    return found


def _minima(hashes: _Hashes, rounds: slice) -> _Hashes:
    mixed = hashes[:, None] * _FACTORS[None, rounds] + _OFFSETS[None, rounds]
    mixed ^= mixed >> np.uint64(29)
    least: _Hashes = mixed.min(axis=0)
    return least


def _bands(kind: bytes, minima: _Hashes, rows: int) -> list[int]:
    starts = range(0, len(minima), rows)
    return [
        _signed(kind + number.to_bytes(2, "little") + minima[number : number + rows].tobytes()) for number in starts
    ]


def _title_band(title: str) -> tuple[int, ...]:
    words = _folded(title)
    return (_signed(b"title" + words.encode()),) if words else ()


def _signed(key: bytes) -> int:
    """64 bits as a signed number, which is what BIGINT holds."""
    value = xxhash.xxh3_64_intdigest(key)
    return value - (1 << 64) if value >> 63 else value
