"""The acts of a sentence: verbs and nouns of doing, joined where one only says how far the other has come.

Never asks who acts: that is read afterwards, clause by clause.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from monitor.entities import Stage
from monitor.facts.compare import ENDED
from monitor.facts.grammar import Grammar, Named, times
from monitor.facts.vocabulary import Verb, Vocabulary
from monitor.lexicon import Hit, PhraseMatcher, longest

ACTOR_KINDS = frozenset(("person", "role", "body", "country", "capital", "demonym", "company"))
"""Kinds of names that can act."""
CLOSE = 6  # words between a light verb and the act it stages
CLOSE_JA = 14  # characters between a Japanese noun of doing and the verb that governs it
VOICED = 2  # words between a verb of saying and the protest that is said
DECREED = frozenset(("sanction", "ban", "ban-entry", "expel", "export-ban"))
"""Acts that are done by being decided: who announces a ban has banned."""
GOES = frozenset(("begin", "resume", "complete"))
"""Verbs that say of the act before them that it goes on: "talks begin"."""
ARRANGED = frozenset(
    ("visa-free-exchange", "fishing-accord", "export-ban", "quota", "ambassador", "joint-declaration-1956")
)
"""Things with a word of doing in their name that nobody does: "visa-free visits" are an arrangement."""
MEASURES = frozenset(("rise", "fall"))
"""Acts of figures: what rises or falls is the act named before ("imports fall")."""
HEADED = frozenset(("demonym", "country", "island", "place", "event", "treaty"))
"""Kinds of names in which a Japanese act may stand at the end: 四島返還, 対日制裁, 訪日."""

BREAK = re.compile(r"\s[-–—]\s|[;:—]|\.\.\.|…")
_ATTRIBUTE_JA = frozenset(("する", "される"))
"""Between two acts: the first says of what kind the second is, and is not done by itself (発射する訓練を行う)."""
_BREAK_JA = re.compile(r"[。」』：:…]|\.\.\.|\s")
_AFTER = re.compile(
    r"\b(?:after|before|following|ahead of|during|despite|amid|после|перед|накануне|в ходе|несмотря на)\b[^,;:]{0,40}$",
    re.IGNORECASE,
)
"""Before a noun: it is when something else was done."""
_GAP_EN = re.compile(r"\b(?:while|as|after|when|because|which|who|whom|following|despite|amid)\b")
_AND = re.compile(r"\b(?:and|but|и|но)\b")
_AMOUNT = re.compile(r"\s*(?:by|to|from|nearly|about|over|more|sharply|на|до|почти|более)?\s*[\d$€¥%]")
_LINK_JA = re.compile(r"(?:を|に|の|で|から|へ|も)?")


@dataclass(slots=True)
class Act:
    """One act as it is being read: where it stands, what it is, and what has been found with it."""

    verb: Verb
    start: int
    end: int
    nominal: bool
    stage: Stage
    polarity: str
    action: str
    light: bool
    staged: bool = False
    first: int = 0
    last: int = 0
    more: tuple[str, ...] = ()
    told: tuple[int, int, Verb] | None = None
    """The verb by which a noun's act is told of, where there is one: "protest rejected by Moscow"."""


class Acts:
    """Finds the acts of sentences. Built once; it remembers nothing."""

    def __init__(self, vocabulary: Vocabulary, grammars: dict[str, Grammar]) -> None:
        self._small = grammars
        self._verbs = PhraseMatcher({lang: tongue.verbs for lang, tongue in vocabulary.tongues.items()})
        self._idle = PhraseMatcher(
            {lang: [(form, True) for form in tongue.list("idle")] for lang, tongue in vocabulary.tongues.items()}
        )

    def hits(self, text: str, lang: str) -> tuple[Hit[Verb], ...]:
        """Every word of doing of a sentence that stands for an act, overlapping ones too."""
        idle = [(hit.start, hit.end) for hit in self._idle.find(text, lang)]
        return tuple(
            hit
            for hit in self._verbs.find(text, lang)
            if not any(start <= hit.start and hit.end <= end for start, end in idle)
            and (lang == "ja" or not _hyphened(text, hit))
        )

    def find(
        self,
        text: str,
        lang: str,
        names: Sequence[Named],
        things: Sequence[Hit[str]],
    ) -> list[Act]:
        """The acts of a sentence; a verb inside one of the ``things`` is none."""
        small = self._small[lang]
        hits = longest(hit for hit in self.hits(text, lang) if not any(_covered(hit, name, lang) for name in names))
        spans: dict[tuple[int, int], Verb] = {}
        nouns = {(hit.start, hit.end) for hit in hits if hit.value.noun}
        for hit in hits:
            if any(_within(hit, thing, lang) for thing in things):
                continue  # "simplified entry" simplifies nothing
            held = spans.get((hit.start, hit.end))
            if held is None or (held.noun and not hit.value.noun):
                spans[(hit.start, hit.end)] = hit.value
        raw: list[Act] = []
        for (first, last), verb in sorted(spans.items()):
            nominal = small.nominal(text, first, verb, names, last=last, noun=(first, last) in nouns)
            if lang != "ja" and (
                (verb.action in MEASURES and _AMOUNT.match(text, last))
                or (verb.action in GOES and not verb.noun and not text[last:].strip())
            ):
                nominal = False
            polarity, stage = small.bent(text, first, last, verb, after=raw[-1].end if raw else 0)
            raw.append(
                Act(
                    verb=verb,
                    start=first,
                    end=last,
                    nominal=nominal,
                    stage=stage,
                    polarity=polarity,
                    action=verb.action,
                    light=verb.light,
                    staged=stage is not verb.stage,
                    first=first,
                    last=last,
                )
            )
        return self._joined_ja(raw, text, names) if lang == "ja" else self._joined(raw, text, names, lang)

    def _joined(self, raw: Sequence[Act], text: str, names: Sequence[Named], lang: str) -> list[Act]:
        """Acts as read left to right: a light verb gives its stage to the act it governs, a noun becomes an object."""
        acts: list[Act] = []
        for act in raw:
            head = acts[-1] if acts else None
            if head is None or BREAK.search(text[head.last : act.start]):
                acts.append(act)
                continue
            between = text[head.last : act.start]
            if self._aside(head, act, text, lang):
                continue
            subject = any(head.last <= n.start and n.end <= act.start and n.kind in ACTOR_KINDS for n in names)
            close = len(between.split()) <= CLOSE
            asked = head.verb.stage is Stage.PROPOSED
            if act.nominal and not act.verb.said and _AFTER.search(text[: act.start]):
                head.more += (act.action,)  # "says after talks" tells of no talks
            elif head.verb.said and act.nominal and act.action == "protest" and len(between.split()) <= VOICED:
                acts[-1] = replace(act, first=head.first)  # "заявил Москве протест": a word that is the deed
            elif head.verb.said:
                acts.append(act)
            elif (
                head.light
                and close
                and not act.verb.said
                and (act.nominal or not subject or self._small[lang].infinitive(text, act.start, act.end, asked=asked))
                and not (head.nominal and "," in between)
                and not _GAP_EN.search(between.lower())
                and (act.nominal or not _AND.search(between))
            ):
                _stage(head, act)
            elif head.nominal and act.light and close and not act.verb.said and act.stage is not Stage.HELD:
                head.stage, head.polarity, head.last = act.stage, times(head.polarity, act.polarity), act.end
                head.told = None if act.nominal else (act.start, act.end, act.verb)
            elif head.nominal and act.action in GOES and not act.nominal:
                head.stage, head.polarity, head.last = act.stage, times(head.polarity, act.polarity), act.end
            elif head.nominal and not act.nominal and act.action in MEASURES and head.action not in MEASURES:
                act.more, act.first = (*head.more, head.action), head.first
                acts[-1] = act
            elif not act.verb.said and (
                act.nominal
                or (asked and not head.light and self._small[lang].infinitive(text, act.start, act.end, asked=asked))
                or (head.more and lang == "ru" and self._small[lang].infinitive(text, act.start, act.end, asked=False))
            ):
                head.more += (act.action,)  # what is demanded has not been done
            else:
                acts.append(act)
        return acts

    def _aside(self, head: Act, act: Act, text: str, lang: str) -> bool:
        """Whether a word of doing only says of what kind an act is ("protests planned drills"), or a report denied."""
        if lang == "en" and act.light and not text[head.last : act.start].strip():
            return self._adjective(text, act)
        return head.light and head.stage in ENDED and act.nominal and act.verb.said  # "denies reports of a purchase"

    def _adjective(self, text: str, act: Act) -> bool:
        """Whether a participle stands before its noun: "planned drills", but not "protest rejected by Moscow"."""
        behind = text[act.end :].lower().split()[:1]
        return text[act.start : act.end].endswith("ed") and bool(behind) and behind[0] not in self._small["en"].behind

    def _joined_ja(self, raw: Sequence[Act], text: str, names: Sequence[Named]) -> list[Act]:
        """Acts read towards the verb at the end: a light verb stages the noun before it, a full one governs it."""
        acts: list[Act] = []
        for act in raw:
            head = acts[-1] if acts else None
            between = text[head.last : act.start] if head else ""
            if (
                head is None
                or _BREAK_JA.search(between)
                or len(between) > CLOSE_JA
                or _subject_between(head, act, text, names)
            ):
                acts.append(act)
            elif act.light and not act.verb.said and not head.verb.said:
                done = act.action == "decide" and (head.action in DECREED or self._small["ja"].past(between))
                undenied = act.stage is Stage.DENIED and head.stage in ENDED  # 交渉中断を否定
                if not done and (act.staged or act.verb.stage in ENDED or head.stage is Stage.HELD):
                    head.stage = act.stage
                head.polarity = times(head.polarity, "-" if undenied else act.polarity)
                head.last = act.end
                head.nominal = act.nominal
                if act.action == "continue" and head.action in DECREED:
                    head.more, head.action = (*head.more, head.action), act.action
                if head.light and head.action == "begin":
                    head.action = act.action
            elif (
                (head.light and _LINK_JA.fullmatch(between) and not act.nominal)
                or (head.nominal and not act.verb.said)
                or (act.action in MEASURES and head.action not in MEASURES and not act.nominal)
                or (head.verb.said and act.action == "pass")
                or (between in _ATTRIBUTE_JA and not head.verb.said)
            ):
                act.more += (*head.more, head.action)
                act.first = head.first
                acts[-1] = act
            else:
                acts.append(act)
        return acts


def _stage(head: Act, act: Act) -> None:
    """A light verb gives its stage to the act it governs, and becomes that act; measures that go on are no new ones."""
    if head.action == "continue" and act.action in DECREED:
        head.more += (act.action,)
        return
    decreed = head.action == "decide" and act.action in DECREED and act.stage not in ENDED
    head.stage = act.verb.stage if decreed else _further(head.stage, act)
    head.action, head.light = act.action, act.light
    head.polarity = times(head.polarity, act.polarity)
    if head.verb.stage is Stage.DENIED and act.stage in ENDED:
        head.stage, head.polarity = Stage.DENIED, times(head.polarity, "-")  # "denies the collapse of talks"
    head.last = act.end
    head.verb = replace(act.verb, answer=act.verb.answer)


def _further(stage: Stage, act: Act) -> Stage:
    """The stage of an act under a light verb: an ending wins, then what the light verb says."""
    if act.stage in ENDED and stage not in ENDED:
        return stage if stage in {Stage.ANNOUNCED, Stage.PROPOSED} and not act.light else act.stage
    return stage


def _hyphened(text: str, hit: Hit[Verb]) -> bool:
    """Whether a word of doing is part of a longer word: "year-end", "long-awaited"; "test-fired" is one of its own."""
    return text[hit.start - 1 : hit.start] == "-" or text[hit.end : hit.end + 1] == "-"


def _within(hit: Hit[Verb], thing: Hit[str], lang: str) -> bool:
    """Whether a word of doing is a part of the name of a thing."""
    inside = thing.start <= hit.start and hit.end <= thing.end and thing.end - thing.start > hit.end - hit.start
    if not inside or thing.value in ARRANGED:
        return inside
    return hit.end < thing.end if lang == "ja" else not hit.value.noun


def _covered(hit: Hit[Verb], name: Named, lang: str) -> bool:
    """Whether a word of doing belongs to a name; at the end of a Japanese name of a matter it is an act of its own."""
    if name.end <= hit.start or hit.end <= name.start or (lang != "ja" and hit.start < name.start):
        return False  # "вызвал посла" starts outside of "посла России"
    return not (lang == "ja" and name.kind in HEADED and name.start <= hit.start and hit.end == name.end)


def _subject_between(head: Act, act: Act, text: str, names: Iterable[Named]) -> bool:
    return any(
        head.last <= n.start
        and n.end <= act.start
        and n.kind in ACTOR_KINDS
        and text[n.end : n.end + 1] in {"は", "が", "、", "も"}
        for n in names
    )
