"""Which wire an article credits, and where a report's own first word begins.

Never takes a mention for a credit: "the agency reported" names a source of one sentence, not the writer of the text.
"""

from __future__ import annotations

import re

# slug -> the ways it signs. The order is that of the search; a longer name stands before a shorter one.
_WIRES: tuple[tuple[str, str], ...] = (
    ("kyodo", r"kyodo(?:\s+news)?|共同(?:通信社?)?|киодо|кёдо"),
    ("jiji", r"jiji(?:\s+press)?|時事(?:通信社?)?|дзидзи(?:\s+пресс)?"),
    ("reuters", r"reuters|ロイター(?:通信)?|рейтер|рейтерс"),
    ("ap", r"ap|associated\s+press|ＡＰ(?:通信)?|AP通信|ап"),
    ("afp", r"afp|afp-jiji|ＡＦＰ(?:通信|時事)?|AFP(?:通信|時事)|афп"),
    ("tass", r"(?:itar[-\s])?tass|(?:итар-)?тасс|タス(?:通信)?"),
    ("ria", r"ria(?:\s+novosti)?|риа\s+новости|ノーボスチ(?:通信)?"),
    ("interfax", r"interfax|интерфакс|インタファクス(?:通信)?|インターファクス(?:通信)?"),
    ("xinhua", r"xinhua|新華社(?:通信)?|синьхуа"),
    ("sputnik", r"sputnik(?:\s+international)?|спутник|スプートニク"),
    ("nhk", r"nhk(?:\s+world(?:-japan)?)?"),
    ("bloomberg", r"bloomberg|ブルームバーグ"),
    ("upi", r"upi"),
    ("yonhap", r"yonhap|聯合ニュース"),
    ("dpa", r"dpa"),
    ("japan-news", r"the\s+japan\s+news|jn"),
)
_NAME = "|".join(f"(?P<w{number}>{forms})" for number, (_, forms) in enumerate(_WIRES))
_ANY = "|".join(f"(?:{forms})" for _, forms in _WIRES)
# TOKYO, Jan. 5 (Jiji Press) -    MOSCOW (Sputnik) —    МОСКВА, 5 декабря. /ТАСС/.    МОСКВА, 5 дек - РИА Новости.
_PLACE = r"[A-ZА-ЯЁ][\w.’'\-]*(?:[ /][A-ZА-ЯЁ][\w.’'\-]*){0,3}"
_DAY = r"(?:,?\s+(?:[A-Za-zА-яё]{3,9}\.?\s+\d{1,2}|\d{1,2}\s+[A-Za-zА-яё]{3,9})(?:,?\s+\d{4})?\.?)?"
_DASH = r"\s*(?:--?|[—–―:])\s*"
_WIRE = rf"(?P<wire>(?i:{_ANY}))"
_DATELINES = tuple(
    re.compile(pattern)
    for pattern in (
        rf"^{_PLACE}{_DAY}\s*[(/]\s*{_WIRE}\s*[)/]\s*(?:\.(?:{_DASH})?|{_DASH})\s*",
        rf"^{_PLACE}{_DAY}{_DASH}{_WIRE}\s*(?:\.|{_DASH})\s*",
        rf"^{_PLACE}\.\s+\d{{1,2}}\s+[А-Яа-яё]{{3,9}}\.\s+{_WIRE}{_DASH}",
        rf"^[(/]\s*{_WIRE}\s*[)/]\s*(?:{_DASH})?",
        rf"^{_WIRE}\s*(?:--|[—–―])\s*",
        rf"^【(?:[^】]{{1,12}}[=＝])?[^】]{{0,12}}?{_WIRE}[^】]{{0,10}}】\s*",
        rf"^（\s*{_WIRE}\s*）\s*",
    )
)
_PLAIN_DATELINE = re.compile(
    r"^(?:[A-Z][A-Z.’'\-]+(?: [A-Z][A-Z.’'\-]+){0,2}|[А-ЯЁ][А-ЯЁ\-]+)"
    r"(?:,\s+[A-Za-z]{3,9}\.?\s+\d{1,2})?\s*(?:--|[—–―])\s*"
)
_CLOSERS = (
    re.compile(rf"\s*[(（/\[【]\s*(?P<wire>{_ANY})\s*[)）/\]】][.。]?$", re.IGNORECASE),
    re.compile(rf"(?:(?<=[.!?。”\"])\s+|^)(?:--|[—–―])\s*(?P<wire>{_ANY})\.?$", re.IGNORECASE),
)
_CLOSER_ENDS = tuple(")）/]】")
_CLOSER_DASHES = re.compile(r"--|[—–―]")
_BYLINE = re.compile(
    rf"^[•·\-–—\s]*(?:(?:by|source|from|credit|источник|出典|提供|配信)\s*[:：]?\s*)?(?P<wire>{_ANY})(?:\s+(?:staff(?:\s+writer)?|news\s+agency))?\s*[.:]?$",
    re.IGNORECASE,
)
_NAMES = re.compile(rf"(?:{_NAME})", re.IGNORECASE)


def slug(name: str) -> str:
    """The slug of a wire by one of its names; empty for anybody else."""
    found = _NAMES.fullmatch(" ".join(name.split()))
    if found is None:
        return ""
    return next(wire for number, (wire, _) in enumerate(_WIRES) if found[f"w{number}"])


def opened(line: str) -> tuple[str, str]:
    """A report's first line without its dateline, and the wire that dateline credits (empty: none)."""
    for pattern in _DATELINES:
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
    for pattern in _CLOSERS:
        found = pattern.search(line)
        if found is not None:
            return line[: found.start()].rstrip(), slug(found["wire"])
    return line, ""


def byline(line: str) -> str:
    """The wire that a line of its own credits; empty where the line says more than that."""
    found = _BYLINE.match(line) if len(line) <= 60 else None
    return slug(found["wire"]) if found is not None else ""
