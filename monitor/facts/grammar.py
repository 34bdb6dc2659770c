"""The grammar of one language, as far as facts need it: nouns and verbs, negation, modality, voice, who acts.

Never parses a sentence: it looks at the few words around an act or a name. Order decides in English, case in Russian,
particles in Japanese.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import pymorphy3

from monitor.entities import NameId, Stage
from monitor.facts.vocabulary import Tongue, Verb
from monitor.lexicon import fold, words

SUBJECTS = frozenset(("person", "role", "body", "country", "capital", "company"))
"""Kinds of names right behind which an English word can be their verb; behind a place or a people it is a noun."""
_PAIRED = re.compile(r"(?:,|\band)\s*(?:\w+\s+)?$")
"""Before a name: it is the second of two, so its verb carries no s."""
_TOPIC_JA = re.compile(r"は|が|も|、|,|:|：|「| |　")
_TARGET_JA = re.compile(r"[・]\S{0,8}(?:に|を|へ)")
_WORDS = re.compile(r"[\w-]+")
_THEY = ("ли", "ют", "ят", "ут", "ат")
"""Endings of Russian verbs whose subject is left out: they, there."""
_MEETS = ("meet", "meets", "met", "meeting", "phone", "phones", "phoned", "telephones")
_PARTICIPLES = frozenset(("sold", "hit", "held", "built", "sunk", "led", "laid"))
"""Participles that end like no other."""
OPEN = frozenset((Stage.HELD, Stage.SIGNED))
"""Stages of acts that may lie ahead as well: "will visit", "may sign"; what ends another act is news when announced."""
SHORT = 4  # words between a summons and the ministry that made it
_TOLD = re.compile(r"[^、。]{0,6}と(?:発表|表明|主張|述べ|明らか|説明|指摘|批判|非難|報|伝|発言|強調|語)")
_NONE_RU = re.compile(
    r"[^,.;:–—«»]{0,50}?\s(?:нет|не (?:будет|было|ведется|ведётся|ведутся|планируется|предвидится))\b"
)
"""Russian: behind a noun of doing, that there is none of it ("контактов с Токио нет")."""
_PAST = re.compile(r"た(?:と|こと|旨|件)")
"""Japanese: what was told of is over ("抗議したと発表")."""


@dataclass(frozen=True, slots=True)
class Named:
    """A name in a sentence: itself, for whom it acts, and where it stands."""

    id: NameId
    canon: tuple[NameId, ...]
    kind: str
    start: int
    end: int
    surface: str


class Grammar:
    """The small words of one language and how they bend what stands beside them. Built once; it remembers nothing."""

    def __init__(self, lang: str, tongue: Tongue) -> None:
        self.lang = lang
        self.lists = {
            name: frozenset(_stems(tongue.list(name), lang))
            for name in ("negation", "modal", "future", "passive", "by", "other")
        } | {name: frozenset(tongue.list(name)) for name in ("determiners", "before_verbs")}
        self.tongue = tongue
        self._at = tongue.list("at")
        self.behind = frozenset(tongue.list("other")) | {"by"}
        """English: words that follow a verb and no adjective."""
        agents = "|".join(map(re.escape, sorted(tongue.list("agents"), key=lambda word: (-len(word), word))))
        some = r"[A-Za-z]+[-‐]?\d+|[\d〇一二三四五六七八九十数]+(?:隻|機|人|名|社)"
        self._agents = re.compile(rf"の?(?:{agents or '(?!)'}|{some}|など|ら|・)*(?<!・)")
        """Japanese: what may stand behind the name of a state before its particle: its ministry, ships, fishermen."""
        self._pair = re.compile(rf"[^、。「」をにへでは]{{1,14}}?(?:{agents or '(?!)'})*(?:は|が|も|、)")
        """Japanese: the second of two who act together, behind と."""

    def nominal(self, text: str, start: int, verb: Verb, names: Sequence[Named], *, last: int, noun: bool) -> bool:
        """Whether an act stands as a noun here; ``noun``: the same letters can be one."""
        if self.lang == "ja":
            tail = text[last : last + 3]
            return (tail[:1] in set("をにのへでがはとな・") and tail[:2] not in {"にな", "でき"}) or tail.startswith(
                self.tongue.list("compound")
            )
        if verb.noun or self.lang == "ru":
            return verb.noun
        before = fold(text[:start]).split()
        word = before[-1].strip("\"'“”‘’(") if before else ""
        if word in self.lists["determiners"]:
            return True
        owner = next((n for n in names if n.end <= start and not text[n.end : start].strip(" ’'s")), None)
        if owner is not None:
            plural = _PAIRED.search(text[: owner.start]) or fold(text[start:last]).endswith(("s", "ed", "ing"))
            return owner.kind not in SUBJECTS or bool(text[owner.end : start].strip()) or (noun and not plural)
        return (
            noun
            and word not in self.lists["before_verbs"]
            and not word.endswith("ly")
            and not fold(text[start:last]).endswith("ed")
        )

    def bent(self, text: str, start: int, end: int, verb: Verb, *, after: int) -> tuple[str, Stage]:
        """Polarity and stage as the words around a verb leave them; what stands before ``after`` is another act's."""
        polarity, stage = verb.polarity, verb.stage
        if self.lang == "ja":
            tail = text[end : end + 12]
            bare = tail.lstrip("はもをにがでしさ")
            if not verb.said and any(
                tail.startswith(word) or bare.startswith(word) for word in self.tongue.list("negation")
            ):
                polarity = times(polarity, "-")
            if any(word in tail[:8] for word in self.tongue.list("modal") if len(word) > 1) or (
                tail[:1] == "か" and len(tail) == 1
            ):
                stage = Stage.PROPOSED if stage in OPEN else stage
            elif stage in OPEN and (
                (text[end : end + 1] == "へ" and len(text) <= end + 2)
                or text[end : end + 2] in {"へ ", "へ　", "へ、"}
                or any(word in tail[:6] for word in self.tongue.list("future") if len(word) > 1)
            ):
                stage = Stage.ANNOUNCED
            return polarity, stage
        gap = max(after, _last_break(text, start))
        before = [stem for stem, first, stop in _tokens(text, self.lang) if gap <= first and stop <= start][-4:]
        none = self.lang == "en" and fold(text[end : end + 4]).split()[:1] == ["no"]  # "imports no oil"
        none = none or (self.lang == "ru" and verb.noun and _NONE_RU.match(text, end) is not None)
        if none or any(stem in self.lists["negation"] for stem in before[-3:]):
            polarity = times(polarity, "-")
        if any(stem in self.lists["modal"] for stem in before[-3:]):
            stage = Stage.PROPOSED if stage in OPEN else stage
        elif stage in OPEN and not verb.noun and (self._to_come(before) or self._is_future(text[start:end])):
            stage = Stage.ANNOUNCED
        return polarity, stage

    def _to_come(self, before: Sequence[str]) -> bool:
        """Whether the words before a verb put it into the future; "to" only right before it: not "envoy to Japan"."""
        near = before[-2:]
        if near[-2:-1] == ["to"] and not near[-1].endswith("ly") and near[-1] not in {"not", "also", "again"}:
            near = near[-1:]
        return any(stem in self.lists["future"] for stem in near)

    def _is_future(self, surface: str) -> bool:
        return self.lang == "ru" and _future(fold(surface).split()[0])

    def infinitive(self, text: str, start: int, end: int, *, asked: bool) -> bool:
        """Whether a verb hangs on the one before it, whoever stands between ("proposes Japan to sign")."""
        if self.lang == "ru":
            found = tags(fold(text[start:end]).split()[0])
            return bool(found) and "INFN" in found[0]
        bare = asked and not fold(text[start:end]).split()[0].endswith(("s", "ed", "ing"))
        return bare or fold(text[:start]).split()[-1:] == ["to"]

    def past(self, between: str) -> bool:
        """Whether what is told of has been done: then the telling is no stage of it."""
        return self.lang == "ja" and bool(_PAST.search(between))

    def passive(self, text: str, start: int, end: int, verb: Verb) -> bool:
        """Whether the act is told of the one it was done to."""
        if self.lang == "ja":
            return text[end : end + 3].lstrip("を").startswith(self.tongue.list("passive"))
        if self.lang == "ru":
            return _short_passive(fold(text[start:end]).split()[0])
        before = [stem for stem, _, stop in _tokens(text, "en") if stop <= start][-2:]
        form = fold(text[start:end]).split()[0]
        after = re.findall(r"\w+|[^\w\s]", fold(text[start + len(form) : end + 12]))[:1]
        if not (form.endswith(("ed", "n", "t")) or form in _PARTICIPLES):
            return False
        if any(stem in self.lists["passive"] for stem in before) or after == ["by"]:
            return True
        alone = not after or after[0] in self.tongue.list("other") or not after[0][0].isalnum()
        return verb.transitive and alone and before[-1:] not in (["have"], ["has"], ["had"])  # "Envoy summoned over …"

    def agent(self, text: str, name: Named, end: int, verb: Verb) -> bool:
        """Whether a name is who did a passive act."""
        if self.lang == "ja":
            return text[name.end : name.end + 4].startswith(("により", "によっ", "から", "に"))
        if verb.action == "summon" and name.start < end <= name.end:  # "вызван в МИД" ends in the ministry's name
            return True
        before = fold(text[end : name.start]).split() if name.start >= end else ["?"]
        if self.lang == "ru":
            called = verb.action == "summon" and before[:1] == ["в"]  # "вызван в МИД Японии"
            return called or (name.start >= end and _case(fold(name.surface).split()[-1], "ablt") and not before)
        called = verb.action == "summon" and before[:1] in (["to"], ["by"]) and len(before) <= SHORT
        return called or before[-1:] == ["by"]

    def acts(self, text: str, name: Named, first: int, last: int, inside: Sequence[Named]) -> bool:
        """Whether a name is the subject of the act between ``first`` and ``last``."""
        if self.lang == "ja":
            return self._acts_ja(text, name, first)
        if name.end > first:
            return False
        before = fold(text[: name.start]).split()[-2:]
        if self.lang == "ru" and before == ["в"] and name.kind in {"body", "capital"}:
            return fold(text[first:last]).split()[0].endswith(_THEY)  # "В Токио опровергли": Tokyo did
        if any(word.strip("\"'(“«") in self.tongue.list("other") for word in before[-1:]):
            return False
        if (
            len(before) == 2
            and before[0] in self.tongue.list("other")
            and not before[1].endswith(",")
            and not any(n.end <= name.start and n.end > name.start - len(before[1]) - 2 for n in inside)
        ):
            return False
        if self.lang == "ru":
            parts = fold(name.surface).split()
            return _case(parts[-1], "nomn") or _case(parts[0], "nomn") or self._genitive_owner(text, name, first)
        return True

    def _genitive_owner(self, text: str, name: Named, first: int) -> bool:
        """Whether a Russian name in the genitive follows its head word at the start (правительство Японии)."""
        head = text[: name.start].split()
        return (
            len(head) in {1, 2}
            and name.end <= first
            and fold(head[0]) not in self.tongue.list("other")
            and _case(fold(name.surface).split()[-1], "gent")
        )

    def _acts_ja(self, text: str, name: Named, first: int) -> bool:
        if name.end > first:
            return False
        behind = self._agents.match(text, name.end)
        at = behind.end() if behind else name.end
        if text[at - 1] == "の":
            return False
        if text[at : at + 1] == "と":  # "XとYが会談" are both, "XはYと会談" is one
            return bool(self._pair.match(text, at + 1)) and at < first
        if text[at : at + 1] == "・":
            return bool(self._pair.match(text, at + 1))
        if not _TOPIC_JA.match(text, at):
            return False
        return text[at] in "、," or not _TARGET_JA.match(text, at)

    def inner(self, text: str, name: Named, end: int) -> bool:
        """Japanese: whether a name is the subject of what is told, not of the telling."""
        if self.lang != "ja" or not _TOLD.match(text, end):
            return False
        behind = self._agents.match(text, name.end)
        return text.startswith("が", behind.end() if behind else name.end)

    def party(self, text: str, name: Named, last: int) -> bool:
        """Whether a name is the other side of an act that two do together: "talks with X", "meets X", "XとYが"."""
        if self.lang == "ja":
            behind = self._agents.match(text, name.end)
            return text.startswith("と", behind.end() if behind else name.end)
        word = (_WORDS.findall(fold(text[: name.start])) or [""])[-1]
        if self.lang == "ru":
            return word in {"с", "со", "между"}
        direct = name.start >= last and not text[last : name.start].strip() and fold(text[:last]).endswith(_MEETS)
        return direct or word in {"with", "between"}

    def between(self, text: str, name: Named) -> bool:
        """Whether a name is the first of two that something is between."""
        return fold(text[: name.start]).split()[-1:] in (["between"], ["между"])

    def joined(self, gap: str) -> bool:
        """Whether what stands between two names makes them one party: "Japan and China"."""
        return fold(gap).strip() in {"and", "&", "и", ",", "、", "と", "・"}

    def at(self, text: str, name: Named) -> bool:
        """Whether a name is where something happened."""
        if self.lang == "ja":
            return text[name.end : name.end + 3].startswith(self._at)
        return fold(text[: name.start]).split()[-1:] in [[word] for word in self._at]


def _stems(forms: Iterable[str], lang: str) -> Iterator[str]:
    return (form if lang == "ja" else words(form, lang).key.strip() for form in forms)


def _tokens(text: str, lang: str) -> list[tuple[str, int, int]]:
    row = words(text, lang)
    return [(stem, start, end) for stem, (_, start, end) in zip(row.key.split(), row.spans, strict=True)]


def _last_break(text: str, before: int) -> int:
    return max((m.end() for m in re.finditer(r"[,;:—]|\s[-–]\s", text[:before])), default=0)


def times(one: str, other: str) -> str:
    """Two polarities in one: two negations undo each other."""
    return "+" if one == other else "-"


@lru_cache(maxsize=16_384)
def tags(word: str) -> tuple[frozenset[str], ...]:
    """The grammatical readings of a Russian word, likeliest first."""
    return tuple(frozenset(str(parse.tag).replace(" ", ",").split(",")) for parse in _analyzer().parse(word))


@lru_cache(maxsize=1)
def _analyzer() -> pymorphy3.MorphAnalyzer:
    return pymorphy3.MorphAnalyzer()


def _case(word: str, case: str) -> bool:
    """Whether a Russian word can stand in a case; words that are not declined stand in all, foreign letters too.

    A country has no plural: "России" is no subject.
    """
    if word.isascii():
        return True
    found = tags(word)
    if any((case in tag and not ("Geox" in tag and "plur" in tag)) or "Fixd" in tag for tag in found):
        return True
    return case == "nomn" and word.endswith(("о", "е", "и", "у", "э")) and not _known(word)


@lru_cache(maxsize=16_384)
def _known(word: str) -> bool:
    return bool(_analyzer().word_is_known(word))


def _future(word: str) -> bool:
    """Whether a Russian verb tells of what is to come; verbs of both aspects told in the present do not."""
    found = tags(word)
    return bool(found) and "futr" in found[0] and not any("pres" in tag for tag in found)


def _short_passive(word: str) -> bool:
    found = tags(word)
    return bool(found) and "PRTS" in found[0]
