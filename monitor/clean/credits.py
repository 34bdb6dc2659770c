"""Which wire an article credits or gives the word of, and where a report's own first word begins.

Never takes any mention for a credit: only one that signs the text, or on whose word its first sentences stand.
"""

from __future__ import annotations

import re

# family -> the ways it signs. The order is that of the search; a longer name stands before a shorter one.
_WIRES: tuple[tuple[str, str], ...] = (
    (
        "afp",
        r"afp(?:\s*[-=＝]\s*jiji|\s*[=＝]?\s*時事)?|ＡＦＰ(?:通信|[=＝]?時事)?|AFP通信|agence\s+france-presse|афп|франс\s+пресс",
    ),
    (
        "ap",
        r"(?:the\s+)?associated\s+press|ap(?:\s*[=＝]\s*共同)?|ＡＰ(?:通信|[=＝]共同)?|AP通信|ассошиэйтед\s+пресс|ап",
    ),
    ("reuters", r"(?:thomson\s+)?reuters|ロイター(?:通信|[=＝]共同)?|рейтерс?"),
    ("dpa", r"dpa(?:\s*[=＝]?\s*時事)?"),
    ("kyodo", r"kyodo(?:\s+news)?(?:\s+agency)?|共同(?:通信社?)?|киодо(?:\s+цусин)?|кёдо(?:\s+цусин)?"),
    ("jiji", r"jiji(?:\s+press)?|時事(?:通信社?)?|дзидзи(?:\s+пресс)?"),
    ("tass", r"(?:itar[-\s])?tass|(?:итар-)?тасс|タス(?:通信)?"),
    (
        "rossiya-segodnya",  # one newsroom, whichever of its names it signs by; so is the family of its feeds
        (
            r"ria(?:\s+novosti)?|риа\s+новости|ノーボスチ(?:通信)?|(?:ＲＩＡ|RIA)ノーボスチ(?:通信)?|ロシア通信|"
            r"sputnik(?:\s+international)?|спутник|スプートニク"
        ),
    ),
    ("interfax", r"interfax(?:\.ru)?|интерфакс(?:\.ру)?|インタファクス(?:通信)?|インターファクス(?:通信)?"),
    ("xinhua", r"xinhua(?:net)?|新華社(?:通信)?|新华社|синьхуа"),
    ("nhk", r"nhk(?:\s+world(?:-japan)?)?|ＮＨＫ"),
    ("bloomberg", r"bloomberg(?:\s+news)?|ブルームバーグ|блумберг"),
    ("upi", r"upi"),
    ("yonhap", r"yonhap(?:\s+news)?(?:\s+agency)?|聯合ニュース|ёнхап|рёнхап"),
    ("anadolu", r"anadolu(?:\s+agency)?|アナドル(?:通信)?|анадолу"),
    ("yomiuri", r"the\s+japan\s+news|jn"),
)
_NAME = "|".join(f"(?P<w{number}>{forms})" for number, (_, forms) in enumerate(_WIRES))
_ANY = "|".join(f"(?:{forms})" for _, forms in _WIRES)
# TOKYO, Jan. 5 (Jiji Press) -    MOSCOW (Sputnik) —    МОСКВА, 5 декабря. /ТАСС/.    МОСКВА, 5 дек - РИА Новости.
_PLACE = r"[A-ZА-ЯЁ][\w.’'\-]*(?:[ /][A-ZА-ЯЁ][\w.’'\-]*){0,3}"
_DAY = r"(?:,?\s+(?:[A-Za-zА-яё]{3,9}\.?\s+\d{1,2}|\d{1,2}\s+[A-Za-zА-яё]{3,9})(?:,?\s+\d{4})?\.?)?"
_DASH = r"\s*(?:--?|[—–―:：])\s*"
_WIRE = rf"(?P<wire>(?i:{_ANY}))"
_REPORTER = r"(?:,\s+[А-ЯЁ][а-яё]+\s+[А-ЯЁ][а-яё]+)?"
_DATELINES = tuple(
    re.compile(pattern)
    for pattern in (
        rf"^{_PLACE}{_DAY}\s*[(/]\s*{_WIRE}\s*[)/]\s*(?:\.(?:{_DASH})?|{_DASH})\s*",
        rf"^{_PLACE}{_DAY}{_DASH}{_WIRE}{_REPORTER}\s*(?:\.|{_DASH})\s*",
        rf"^{_PLACE}\.\s+\d{{1,2}}\s+[А-Яа-яё]{{3,9}}\.\s+{_WIRE}{_DASH}",
        rf"^{_WIRE},\s+\d{{1,2}}\s+[А-Яа-яё]{{3,9}}\.\s+",
        rf"^[(（/]\s*{_WIRE}\s*[)）/]\s*(?:{_DASH})?",
        rf"^{_WIRE}\s*(?:--|[—–―])\s*",
        rf"^【[^】]{{0,24}}?{_WIRE}[^】]{{0,14}}】\s*",
        rf"^[［\[][^］\]]{{0,20}}?{_WIRE}[］\]](?:{_DASH})?\s*",
    )
)
_PLAIN_DATELINE = re.compile(
    r"^(?:[A-Z][A-Z.’'\-]+(?: [A-Z][A-Z.’'\-]+){0,2}|[А-ЯЁ][А-ЯЁ\-]+)"
    r"(?:,\s+[A-Za-z]{3,9}\.?\s+\d{1,2})?\s*(?:--|[—–―])\s*"
)
_CLOSERS = (
    re.compile(rf"\s*[(（/\[【]\s*(?P<wire>{_ANY})\s*[)）/\]】][.。]?$", re.IGNORECASE),
    re.compile(rf"(?:(?<=[.!?。”\"])\s+|^)(?:--|[—–―])\s*(?P<wire>{_ANY})\.?$", re.IGNORECASE),
    re.compile(rf"(?<=。)\s*[=＝]\s*(?P<wire>{_ANY})$", re.IGNORECASE),
)
_CLOSER_ENDS = tuple(")）/]】")
_CLOSER_DASHES = re.compile(r"--|[—–―=＝]")
_BYLINE = re.compile(
    rf"^[•·\-–—\s]*(?:(?:by|source|from|credit|источник|出典|提供|配信)\s*[:：]?\s*)?(?P<wire>{_ANY})"
    r"(?:\s*[,、/／]\s*[\w \-]{2,20})?(?:\s+(?:staff(?:\s+writer)?|news\s+agency))?"
    r"(?:\s+[-–—]\s+[A-Za-z]{3,9}\.?\s+\d{1,2},\s+\d{4}.{0,20})?\s*[.:]?$",
    re.IGNORECASE,
)
_COPYRIGHT = re.compile(
    rf"(?:©|\(c\)|（c）|copyright)\s*(?:\d{{4}}\s*)?(?:by\s+)?(?P<wire>{_ANY})(?![a-zа-яё])", re.IGNORECASE
)
# A report that gives a wire's word for its news has one newsroom behind it: the wire's.
_AGENCY = (
    r"(?:(?:the|agency|агентств[оау]|информагентств[оау]|телеканал[ау]?)\s+)*"
    rf"[«“\"]?(?P<wire>{_ANY})(?:[ауео]|ом)?[»”\"]?"
)
_SAID_JA = ("報じた", "伝えた", "報道した")
_RELAYS = tuple(
    (hints, re.compile(pattern, re.IGNORECASE))
    for hints, pattern in (
        (
            ("report",),
            rf"(?:^|[,;—–]\s*)(?:the\s+)?(?P<wire>{_ANY})(?:\s+(?:news\s+)?agency)?\s+(?:has\s+)?report(?:s|ed)\b",
        ),
        (
            ("according", "reported", "citing", "quoted", "carried"),
            rf"\b(?:according\s+to|as\s+reported\s+by|reported\s+by|citing|quoted\s+by|carried\s+by)\s+{_AGENCY}(?!\w)",
        ),
        (
            ("переда", "сообща", "сообщил", "пишет", "информирует", "уточняет"),
            rf"\b(?:переда(?:е|ё)т|переда(?:ю|л)[аи]?т?|сообща[ею]т|сообщил[аои]?|пишет|информирует|уточняет)\s+{_AGENCY}(?!\w)",
        ),
        (
            ("данным", "информации", "сообщению", "сведениям", "ссылкой"),
            rf"\b(?:по\s+(?:данным|информации|сообщению|сведениям)|со\s+ссылкой\s+на)\s+{_AGENCY}(?!\w)",
        ),
        (
            ("によると", "によれば", *_SAID_JA),
            rf"(?P<wire>{_ANY})(?:によると|によれば|が(?:\d{{1,2}}日、?)?(?:報じた|伝えた|報道した))",
        ),
        (_SAID_JA, rf"(?P<wire>{_ANY})は[^。]{{0,100}}(?:報じた|伝えた|報道した)"),
    )
)
"""How a report gives a wire's word, each after words of which it holds one: a search takes a third of a millisecond."""
_HINTS = (
    "afp", "associated", "reuters", "dpa", "kyodo", "jiji", "tass", "ria", "interfax", "xinhua", "sputnik", "nhk",
    "bloomberg", "upi", "yonhap", "anadolu", "france-presse", "japan news", "jn",
    "共同", "時事", "ロイター", "タス", "通信",
    "新華社", "新华社", "聯合", "ブルームバーグ", "スプートニク", "ノーボスチ", "ファクス", "アナドル",
    "ａｆｐ", "ｎｈｋ", "тасс", "риа",
    "интерфакс", "киодо", "кёдо", "дзидзи", "рейтер", "пресс", "ассошиэйтед", "синьхуа", "спутник", "блумберг",
    "нхап", "анадолу", "афп",
)  # fmt: skip
"""A part of each wire's name: a text without any of them, as most are, is not searched, which takes a millisecond."""
_SHORTEST = re.compile(r"(?<![a-zа-яё])(?:ap|ап|ａｐ)(?![a-zа-яё])")
DATELINE_LONGEST = 100
CLOSER_LONGEST = 40
LEAD_LONGEST = 400
LEAD_SENTENCES = 2
"""Sentences in which a report says whose word it gives; further down an agency is named for one detail."""
_ENDS = re.compile(r"(?<=[.!?…])\s+|(?<=。)|\n")
_NAMES = re.compile(rf"(?:{_NAME})", re.IGNORECASE)


def slug(name: str) -> str:
    """The family of a wire by one of its names; empty for anybody else."""
    found = _NAMES.fullmatch(" ".join(name.split()))
    if found is None:
        return ""
    return next(wire for number, (wire, _) in enumerate(_WIRES) if found[f"w{number}"])


def _named(text: str) -> bool:
    """Whether a wire's name may stand in the text at all."""
    small = text.casefold()
    if any(map(small.__contains__, _HINTS)):
        return True
    return any(map(small.__contains__, ("ap", "ап", "ａｐ"))) and _SHORTEST.search(small) is not None


def opened(line: str) -> tuple[str, str]:
    """A report's first line without its dateline, and the wire that dateline credits (empty: none)."""
    for pattern in _DATELINES if _named(line[:DATELINE_LONGEST]) else ():
        found = pattern.match(line)
        if found is not None and found.end() < len(line):
            return line[found.end() :].lstrip(), slug(found["wire"])
    found = _PLAIN_DATELINE.match(line)
    if found is not None and found.end() < len(line):
        return line[found.end() :].lstrip(), ""
    return line, ""


def closed(line: str) -> tuple[str, str]:
    """A line without the credit it ends with, and that credit's wire (empty: none)."""
    if not line.rstrip(".。").endswith(_CLOSER_ENDS) and _CLOSER_DASHES.search(line) is None:
        return line, ""  # as nearly every line
    if not _named(line[-CLOSER_LONGEST:]):
        return line, ""
    for pattern in _CLOSERS:
        found = pattern.search(line)
        if found is not None:
            return line[: found.start()].rstrip(), slug(found["wire"])
    return line, ""


def byline(line: str) -> str:
    """The wire that a line of its own credits; empty where the line says more than that."""
    found = _BYLINE.match(line) if len(line) <= 60 and _named(line) else None
    return slug(found["wire"]) if found is not None else ""


def signed(line: str) -> str:
    """The wire that holds the copyright by this line; empty where none does."""
    found = _COPYRIGHT.search(line) if len(line) <= 80 and _named(line) else None
    return slug(found["wire"]) if found is not None else ""


def relayed(text: str) -> str:
    """The wire on whose word a report's first sentences stand ("…, TASS reported"); empty where it is its own."""
    start = text[:LEAD_LONGEST]
    if not _named(start):
        return ""
    for sentence in _ENDS.split(start)[:LEAD_SENTENCES]:
        small = sentence.casefold()
        for hints, pattern in _RELAYS:
            found = pattern.search(sentence) if any(map(small.__contains__, hints)) else None
            if found is not None:
                return slug(found["wire"])
    return ""
