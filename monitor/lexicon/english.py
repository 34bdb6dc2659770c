"""English words brought to a common stem by their endings.

Never looks a word up: it is light on purpose, so that a phrase and its text always meet in the same stem.
"""

from __future__ import annotations

from functools import lru_cache

_IRREGULAR = dict(
    pair.split("=")
    for pair in (
        "held=hold met=meet said=say told=tell began=begin begun=begin sent=send took=take taken=take "
        "gave=give given=give made=make won=win broke=break broken=break spoke=speak spoken=speak flew=fly "
        "flown=fly went=go gone=go sought=seek brought=bring kept=keep shot=shoot lost=lose froze=freeze "
        "frozen=freeze withdrew=withdraw withdrawn=withdraw wrote=write written=write rose=rise risen=rise "
        "fell=fall fallen=fall paid=pay sold=sell bought=buy built=build led=lead drew=draw drawn=draw "
        "saw=see seen=see came=come became=become struck=strike threw=throw thrown=throw sank=sink sunk=sink "
        "fought=fight caught=catch thought=think found=find lain=lie laid=lay forbade=forbid forbidden=forbid "
        "swore=swear stood=stand understood=understand men=man women=woman children=child talks=talk ties=tie "
        "dying=die lying=lie noted=note noting=note hoped=hope hoping=hope rated=rate cared=care"
    ).split()
)
_WHOLE = frozenset(("according", "during", "beijing", "nothing", "something"))
_KEEP_E = frozenset(("plane", "note", "cape", "care", "hope", "bare", "site", "rate", "mine"))
"""Words that would meet another one without their e: a plane is no plan, a note is not "not"."""
_VOWELS = frozenset("aeiouy")
DOUBLED = 4  # letters of the shortest stem that an ending may have doubled: "banned"
_ES = ("xes", "ches", "shes", "zes", "sses")
_KEEP_S = ("ss", "us", "is")


@lru_cache(maxsize=32_768)
def stem(word: str) -> str:
    """The stem of a lower-case word: plural, third person, -ed, -ing, doubling and a final e are taken off."""
    if not word.isalpha() or word in _WHOLE:
        return word
    plain = _plural(_IRREGULAR.get(word, word))
    word = _ending(plain)
    if len(word) == DOUBLED and word != plain and word[-1] == word[-2] and word[-1] not in "aeioulsz":
        word = word[:-1]  # "barred" is bar, as "dropped" is drop
    if len(word) > 3 and word.endswith("e") and word not in _KEEP_E:
        word = word[:-1]
    if len(word) > 4 and word[-1] == word[-2] and word[-1] not in "aeiousz":
        word = word[:-1]
    return word


def _plural(word: str) -> str:
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 4 and word.endswith(_ES):
        return word[:-2]
    if len(word) > 3 and word.endswith("s") and not word.endswith(_KEEP_S):
        return word[:-1]
    return word


def _ending(word: str) -> str:
    if len(word) > 4 and word.endswith("ied"):
        return word[:-3] + "y"
    if len(word) > 4 and word.endswith("eed"):
        return word[:-1]
    if len(word) > 4 and word.endswith("ed") and _has_vowel(word[:-2]):
        return word[:-2]
    if len(word) > 5 and word.endswith("ing") and _has_vowel(word[:-3]):
        return word[:-3]
    return word


def _has_vowel(text: str) -> bool:
    return any(char in _VOWELS for char in text)
