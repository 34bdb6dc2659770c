"""How a name stands in a title: as a state that acts, or only as the place or the origin of something; and who speaks.

Reads the words right before and behind a name; never a sentence's grammar as a whole.
"""

from __future__ import annotations

import bisect
import re
from collections.abc import Iterable, Sequence

from monitor.entities import Mention, Sentence
from monitor.gate.part import Part
from monitor.lexicon import Hit, squeeze

REACH = 24  # characters before a name in which the words that make it a place stand
BOUND = 16  # characters behind an adjective in which the word of state that it belongs to begins: "naval exercises"
SPEAKING = 24  # characters between who speaks and the verb of it
HEAD = 60  # characters from the start in which a speaker before a colon is named

_LOCATED_BEFORE = {
    "en": re.compile(
        r"\b(?:in|near|off|across|around|inside|outside|throughout|from)\s+"
        r"(?:(?:the|central|downtown|northern|southern|eastern|western|coast of)\s+)*$",
        re.IGNORECASE,
    ),
    "ru": re.compile(
        r"\b(?:в|во|на|из|под|близ|возле|около|вблизи|у)\s+(?:(?:берегов|побережья|столице|центре|районе)\s+)?$",
        re.IGNORECASE,
    ),
}
_WHERE_TO = re.compile(r"[юу]$", re.IGNORECASE)  # "в Японию", "в Москву": where to, not where
_LOCATED_AFTER = re.compile(r"国内|市内|都内|で(?!き)|生まれ|出身|在住|公演|旅行|観光|料理|文学|語")
_FREE = re.compile(r"[はがをにへとも、。」』・\s]|側|政府|から|まで|より|$")  # what follows a Japanese state that acts
_COLON = re.compile(r"[:：]")
_TAIL = re.compile(r"\s[—–-]\s(?!.*\s[—–-]\s)")
_QUOTE = re.compile(r".{0,8}?[「『]")
_PLACES = frozenset(("country", "capital"))
_ADJECTIVE = "demonym"

Row = Sequence[tuple[Mention, Part]]


def states(row: Row, sentence: Sentence, lang: str, relation: Sequence[Hit[None]]) -> frozenset[str]:
    """The sides that stand in a title as states: not as where something is, and not as whose private person it is."""
    return frozenset(
        side
        for mention, part in row
        if part.state and (len(part.sides) > 1 or _acts(mention, part, sentence.text, lang, relation))
        for side in part.sides
    )


def _acts(mention: Mention, part: Part, text: str, lang: str, relation: Sequence[Hit[None]]) -> bool:
    if located(mention, part, text, lang):
        return False
    if any(0 <= hit.start - mention.end <= BOUND or hit.start <= mention.start < hit.end for hit in relation):
        return True
    if part.kind == _ADJECTIVE:
        return False
    return lang != "ja" or part.kind not in _PLACES or _FREE.match(_behind(mention, text)) is not None


def located(mention: Mention, part: Part, text: str, lang: str) -> bool:
    """Whether a country or a capital is only where something is."""
    if part.kind not in _PLACES:
        return False
    if lang == "ja":
        return _LOCATED_AFTER.match(_behind(mention, text)) is not None
    if _LOCATED_BEFORE[lang].search(text[max(0, mention.start - REACH) : mention.start]) is None:
        return False
    return lang != "ru" or _WHERE_TO.search(mention.surface) is None


def speakers(
    row: Row, sentence: Sentence, lang: str, relation: Sequence[Hit[None]], verbs: Sequence[Hit[None]]
) -> Iterable[Mention]:
    """Mentions of states that speak: before a colon, behind a last dash, by a verb, before a quote."""
    text = sentence.text
    colon, tail = _COLON.search(text, 0, HEAD), _TAIL.search(text)
    for mention, part in row:
        if not part.state or not part.sides or not _acts(mention, part, text, lang, relation):
            continue
        before_colon = colon is not None and mention.end <= colon.start()
        behind_dash = tail is not None and mention.start >= tail.end()
        if before_colon or behind_dash or _speaks(mention, text, lang, verbs):
            yield mention


def _speaks(mention: Mention, text: str, lang: str, verbs: Sequence[Hit[None]]) -> bool:
    if lang == "ja":
        return _QUOTE.match(_behind(mention, text)) is not None or any(hit.start >= mention.end for hit in verbs)
    behind = any(0 <= hit.start - mention.end <= SPEAKING for hit in verbs)
    return behind or (lang == "ru" and any(0 <= mention.start - hit.end <= SPEAKING for hit in verbs))


def _behind(mention: Mention, text: str) -> str:
    """What follows a name in a Japanese title; one that was cut into words is read without the cuts."""
    plain, places = squeeze(text)
    return text[mention.end :] if places is None else plain[bisect.bisect_left(places, mention.end) :]
