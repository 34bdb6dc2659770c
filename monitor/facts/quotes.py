"""Who speaks: the shapes in which headlines and sentences put a word into somebody's mouth, and the word itself.

Never decides what was done: it names the speaker and the stretch of the sentence that is theirs.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from monitor.entities import NameId
from monitor.facts.grammar import Named

LEADING = 30  # characters before the name of a speaker at the start ("Russian Foreign Minister Lavrov: …")
TRAILING = 30  # characters behind the name of a speaker at the end ("… — Lavrov to reporters")
PERSONS = frozenset(("person", "role"))
"""Kinds of names that speak where a dash follows them at the start ("Lavrov - no deadlines"); a state is something."""
SPEAKER_TAIL = 10  # characters behind a name that may be its office ("ペスコフ大統領報道官")

_QUOTE = re.compile(r"[“\"«「『](?P<q>[^”\"»」』]{3,200})[”\"»」』]|(?<!\w)['‘](?P<s>[^'’]{6,200})['’](?!\w)")
_SAYS = r"(?:says|said|tells|told|сообщил[аи]?|заявил[аи]?|сказал[аи]?|считает|заявляет|отметил[аи]?|подчеркнул[аи]?)"
_BEFORE_TAIL = re.compile(
    rf"(?:\s[-–—|]\s|[”\"»’']\s*[:,]?\s*[-–—:]\s*|,\s{_SAYS}\s(?:the\s|в\s)?"
    r"|,\s(?:по словам|according to|as per)\s)\s*(?:the\s)?"
    r"(?:[\w-]+\s){0,3}$",
    re.IGNORECASE,
)
"""What stands between a word and who said it, at the end of a sentence; the name's title may follow."""
_DASH = re.compile(r"\s[-–—]\s")
_AFTER_TAIL = re.compile(rf"^(?:[\w\s.'’-]{{0,30}})\s{_SAYS}\b", re.IGNORECASE)
_BEFORE_LEAD = re.compile(
    r"^(?:according to|по словам|как (?:сообщил|заявил|отметил)[аи]?)\s(?:[\w-]+\s){0,4}$", re.IGNORECASE
)
_LEAD_JA = re.compile(r"^[^のをにがでと、。\s「『]{0,10}?(?:[:：]|は?、?[「『])")
_CLOSING_JA = frozenset(("", "と", "。", " ", "\u3000", "=", "＝"))
"""What may follow a quotation that somebody said; behind others it is a word only named so ("「連携」に危機感")."""
_SAID_JA = re.compile(r"^\w{0,10}?(?:によると|によれば)")
_HAS_SAID_JA = re.compile(r"\w{0,8}?(?:が|は)(?:述べ|語|話|表明|強調|主張|発言|説明|指摘)")
_TOLD_JA = re.compile(r"[」』]\s*(?:と|=|＝|-|―|—|…)?\s*$")


@dataclass(frozen=True, slots=True)
class Spoken:
    """Whose word it is, and from where to where; nobody's: the whole sentence."""

    speaker: NameId | None
    start: int
    end: int


def spoken(text: str, names: Sequence[Named], lang: str) -> Spoken:
    """Who is quoted by the shape of a sentence ("X: …", "… — X", "…, says X", "X「…」", "「…」とX")."""
    for name in names:
        found = _spoken_ja(text, name) if lang == "ja" else _spoken(text, name)
        if found is not None:
            return found
    return Spoken(None, 0, len(text))


def _spoken(text: str, name: Named) -> Spoken | None:
    who, before, after = name.canon[0], text[: name.start], text[name.end :]
    if name.start <= LEADING and after.lstrip('"»”')[:1] in {":", "："}:
        return Spoken(who, name.end + 1, len(text))
    if name.kind in PERSONS and not before.strip(" \"'«“") and (dash := _DASH.match(after)):
        return Spoken(who, name.end + dash.end(), len(text))
    if lead := _BEFORE_LEAD.match(before):
        comma = text.find(",", name.end)
        return Spoken(who, comma + 1 if comma >= 0 else lead.end(), len(text))
    if len(after) <= TRAILING:
        if tail := _BEFORE_TAIL.search(before):
            return Spoken(who, 0, tail.start())
        comma = before.rfind(",")
        if comma > 0 and len(before) - comma <= LEADING and _AFTER_TAIL.match(after):
            return Spoken(who, 0, comma)
    return None


def _spoken_ja(text: str, name: Named) -> Spoken | None:
    who, after = name.canon[0], text[name.end :]
    if name.start <= LEADING and (lead := _LEAD_JA.match(after)):
        quoted = text.startswith(("「", "『"), name.end + lead.end() - 1)
        stop = max(text.rfind("」"), text.rfind("』"))
        if not quoted or text[stop + 1 : stop + 2] in _CLOSING_JA:
            return Spoken(who, name.end + lead.end(), stop if quoted else len(text))
    if name.start <= LEADING and (lead := _SAID_JA.match(after)):
        return Spoken(who, name.end + lead.end(), len(text))
    if not after.strip("氏") and text[: name.start].endswith(("、", "―", "—", "＝", "=")) and name.start > LEADING // 3:
        return Spoken(who, 0, name.start - 1)
    if text[: name.start].endswith("と") and _HAS_SAID_JA.match(after):
        return Spoken(who, 0, name.start - 1)
    told = _TOLD_JA.search(text[: name.start])
    if told and len(after) <= SPEAKER_TAIL and text.startswith(("「", "『")):
        return Spoken(who, 0, told.start())
    return None


def quoted(text: str) -> str:
    """The first quotation of a sentence; empty where it has none."""
    match = _QUOTE.search(text)
    return (match.group("q") or match.group("s") or "").strip() if match else ""
