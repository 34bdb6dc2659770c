"""The extractor: sentences to facts, by rules over names, verbs, things, numbers and days.

Never looks at another article, and never invents: what no rule reads stays unread. The order of the words decides in
English and Russian, particles decide in Japanese; the rest is one way for all three.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from monitor.entities import Article, Fact, Mention, Name, NameId, Reading, Sentence, Stage
from monitor.facts.compare import ENDED
from monitor.facts.grammar import Grammar, Named, times
from monitor.facts.numbers import Day, Figures, Number
from monitor.facts.vocabulary import Verb, Vocabulary
from monitor.lexicon import Lexicon, PhraseMatcher, fold, longest

SENTENCES = 9  # title and the lead's sentences that are read for facts: later ones retell (seen on the recorded feeds)
SPEAKER_TAIL = 8  # characters behind the name of who is quoted at the end of a Japanese headline ("ロシア大使館")
CHARACTERS = 1_600  # of text read at most, so that a long page costs no more than a report
ACTOR_KINDS = frozenset(("person", "role", "body", "country", "capital", "demonym", "company"))
"""Kinds of names that can act."""
STATE_KINDS = frozenset(("country", "capital", "demonym", "body", "role"))
"""Kinds that act for their side: a capital, a ministry and a people are their country."""
BEARERS = (ACTOR_KINDS - {"role"}) | frozenset(("place", "island", "vessel"))
"""Kinds of names whose words are names alone: the Pacific Fleet is no ship, the Northern Territories no territory."""
PLACE_KINDS = frozenset(("place", "island", "capital", "country"))

_QUOTE = re.compile(r"[“\"«「『](?P<q>[^”\"»」』]{3,200})[”\"»」』]|(?<!\w)['‘](?P<s>[^'’]{6,200})['’](?!\w)")
_AFTER = re.compile(
    r"\b(?:after|before|following|ahead of|during|despite|amid|после|перед|накануне|в ходе|несмотря на)\b[^,;:]{0,40}$",
    re.IGNORECASE,
)
"""Before a noun: it is when something else was done."""
_COMMA = re.compile(r"[,;()]|\s[-–—]\s")
"""Where a clause ends, for background told on the way."""
_BREAK = re.compile(r"\s[-–—]\s|[;:—]|\.\.\.|…")
_GAP_EN = re.compile(r"\b(?:while|as|after|when|because|which|who|whom|following|despite|amid)\b")


DECREED = frozenset(("sanction", "ban", "ban-entry", "expel", "export-ban"))
"""Acts that are done by being decided: who announces a ban has banned."""
PLANS = frozenset(("announce", "decide"))
"""Acts that are none as nouns: "a decision must be fair" decides nothing."""
RESTS = {("tighten", "sanction"): "sanction", ("tighten", "assets"): "sanction", ("tighten", "export-ban"): "ban"}
"""What an act on a thing comes to: a list of sanctions grows by sanctions."""


@dataclass(slots=True)
class _Act:
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


class Extractor:
    """Reads facts. Built once from the names and the vocabulary; safe to share, it remembers nothing."""

    def __init__(self, lexicon: Lexicon, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary
        self.names: Mapping[NameId, Name] = lexicon.names
        self.sides: Mapping[NameId, str] = {name.id: name.side for name in lexicon.names.values() if name.side}
        """For whom each name acts: what ``key`` and ``about`` compare actors by."""
        self._verbs = PhraseMatcher({lang: tongue.verbs for lang, tongue in vocabulary.tongues.items()})
        self._things = PhraseMatcher({lang: tongue.things for lang, tongue in vocabulary.tongues.items()})
        self._background = PhraseMatcher(
            {lang: [(form, True) for form in tongue.list("background")] for lang, tongue in vocabulary.tongues.items()}
        )
        self._tones = {
            kind: PhraseMatcher(
                {lang: [(form, True) for form in tongue.list(kind)] for lang, tongue in vocabulary.tongues.items()}
            )
            for kind in ("opinion", "preview", "anniversary", "hearsay")
        }
        self._deputies = {lang: tongue.list("deputies") for lang, tongue in vocabulary.tongues.items()}
        self.answers = vocabulary.answers
        """The actions by which one side answers the other's deed."""
        self._figures = {lang: Figures(lang, tongue) for lang, tongue in vocabulary.tongues.items()}
        self._small = {lang: Grammar(lang, tongue) for lang, tongue in vocabulary.tongues.items()}

    def extract(self, article: Article, reading: Reading) -> tuple[Fact, ...]:
        """The facts of title and lead in reading order, each once."""
        if reading.lang not in self._figures:
            return ()
        facts: dict[Fact, None] = {}
        length = 0
        for sentence in reading.sentences[:SENTENCES]:
            length += len(sentence.text)
            if sentence.index and length > CHARACTERS:
                break
            for fact in self._sentence(sentence, reading, article.published_at):
                facts.setdefault(fact)
        return tuple(facts)

    def concepts(self, text: str, lang: str) -> tuple[str, ...]:
        """The acts and things a text speaks of, as slugs of no language: stories are compared by them."""
        acts = [f"act:{hit.value.action}" for hit in longest(self._verbs.find(text, lang)) if not hit.value.said]
        return tuple(acts) + tuple(f"thing:{hit.value}" for hit in longest(self._things.find(text, lang)))

    def tone(self, title: str, lang: str, kind: str) -> bool:
        """Whether a title marks an ``opinion``, a ``preview``, an ``anniversary`` or ``hearsay``."""
        return bool(self._tones[kind].find(title, lang))

    def canonical(self, name: NameId) -> tuple[NameId, ...]:
        """Who acts by that name: the country for its capital and ministries, both for a pair, a person for a person."""
        known = self.names.get(name)
        if known is None:
            return (name,)
        if known.sides:
            return tuple(NameId(side) for side in known.sides)
        if known.kind not in STATE_KINDS or not known.side or known.side == "dispute":
            return (name,)
        return (NameId(known.side),)

    # ----------------------------------------------------------------------------------------- one sentence

    def _sentence(self, sentence: Sentence, reading: Reading, published: dt.datetime) -> Iterator[Fact]:
        lang = reading.lang
        text = self._foreground(sentence.text, lang)
        names = tuple(name for name in self._named(reading, sentence.index) if text[name.start : name.end].strip())
        days = self._figures[lang].days(text, published)
        taken = [(day.start, day.end) for day in days] + [(name.start, name.end) for name in names]
        numbers = self._figures[lang].numbers(text, taken)
        speaker, start, end = _speaker(text, names, lang)
        acts = self._acts(text, lang, names, start, end)
        quote = _quote(text)
        head = Fact(words=sentence.text, sentence=sentence.index, quote=quote, speaker=speaker)
        span = _Span(text, lang, names, numbers, days, tuple(self._objects(text, lang, names)), self._small[lang])
        found = False
        for act in acts:
            for fact in self._fact(act, span, head, start, end):
                found = True
                yield fact
        if not found and sentence.index == 0:
            yield from self._bare(head, span)

    def _named(self, reading: Reading, index: int) -> tuple[Named, ...]:
        """The names of a sentence; of a role and its holder at one place the person is kept."""
        spans: dict[tuple[int, int], Named] = {}
        for mention in reading.mentions:
            name = self.names.get(mention.name)
            if mention.sentence != index or name is None or name.wire:
                continue
            if name.kind in {"person", "role"} and self.borrowed(reading.sentences[index].text, mention, reading.lang):
                continue
            found = Named(
                mention.name, self.canonical(mention.name), name.kind, mention.start, mention.end, mention.surface
            )
            held = spans.get((mention.start, mention.end))
            if held is None or name.kind == "person":
                spans[(mention.start, mention.end)] = found
        return tuple(sorted(spans.values(), key=lambda name: name.start))

    def borrowed(self, text: str, mention: Mention, lang: str) -> bool:
        """Whether an office, or a person named by it alone, is another one's here: a deputy's, a former one's."""
        name = self.names[mention.name]
        if name.kind == "person" and any(
            mention.surface in forms for forms in (name.forms.get(lang, ()), name.weak.get(lang, ()))
        ):
            return False
        before = fold(text[: mention.start])
        if lang == "ja":
            return before.endswith(self._deputies["ja"])
        word = re.split(r"[^\w.]+", before.rstrip(" -–"))[-1:]
        return bool(word) and word[0] in self._deputies[lang]

    def _foreground(self, text: str, lang: str) -> str:
        """A sentence with its stock background made blank, so that offsets stay as they are."""
        kept = text
        for hit in self._background.find(text, lang):
            if lang == "ja":
                start, end = hit.start, hit.end
            else:
                start = max((m.end() for m in _COMMA.finditer(text, 0, hit.start)), default=hit.start)
                behind = _COMMA.search(text, hit.end)
                end = behind.start() if behind else len(text)
            kept = kept[:start] + " " * (end - start) + kept[end:]
        return kept

    def _objects(self, text: str, lang: str, names: Sequence[Named]) -> Iterator[tuple[str, int, int]]:
        """What acts can be about, with places: things, and names that are no country."""
        for hit in longest(self._things.find(text, lang)):
            if not any(n.start <= hit.start and hit.end <= n.end and n.kind in BEARERS for n in names):
                yield hit.value, hit.start, hit.end

    def _acts(self, text: str, lang: str, names: Sequence[Named], start: int, end: int) -> list[_Act]:
        small = self._small[lang]
        raw: list[_Act] = []
        hits = longest(self._verbs.find(text, lang))
        things = longest(self._things.find(text, lang)) if lang != "ja" else []
        spans: dict[tuple[int, int], Verb] = {}
        nouns = {(hit.start, hit.end) for hit in hits if hit.value.noun}
        for hit in hits:
            if hit.start < start or hit.end > end or any(n.start < hit.end and hit.start < n.end for n in names):
                continue
            if not hit.value.noun and any(
                t.start <= hit.start and hit.end <= t.end and t.end - t.start > hit.end - hit.start for t in things
            ):
                continue  # "simplified entry" simplifies nothing
            held = spans.get((hit.start, hit.end))
            if held is None or (held.noun and not hit.value.noun):
                spans[(hit.start, hit.end)] = hit.value
        previous = 0
        for (first, last), verb in sorted(spans.items()):
            nominal = small.nominal(text, first, verb, names, last=last, noun=(first, last) in nouns)
            polarity, stage = small.bent(text, first, last, verb, after=previous)
            previous = last
            raw.append(
                _Act(
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

    def _joined(self, raw: Sequence[_Act], text: str, names: Sequence[Named], lang: str) -> list[_Act]:
        """Acts as read left to right: a light verb gives its stage to the act it governs, a noun becomes an object."""
        acts: list[_Act] = []
        for act in raw:
            head = acts[-1] if acts else None
            if head is None or _BREAK.search(text[head.last : act.start]):
                acts.append(act)
                continue
            between = text[head.last : act.start]
            if lang == "en" and act.light and not between.strip() and text[act.start : act.end].endswith("ed"):
                continue  # "protests planned drills": of what kind they are
            subject = any(head.last <= n.start and n.end <= act.start and n.kind in ACTOR_KINDS for n in names)
            close = len(between.split()) <= 6
            asked = head.verb.stage is Stage.PROPOSED
            if act.nominal and not act.verb.said and _AFTER.search(text[: act.start]):
                head.more += (act.action,)  # "says after talks" tells of no talks
            elif head.verb.said:
                acts.append(act)
            elif (
                head.light
                and close
                and not act.verb.said
                and (act.nominal or not subject or self._small[lang].infinitive(text, act.start, act.end, asked=asked))
                and not (head.nominal and "," in between)
                and not _GAP_EN.search(between.lower())
            ):
                decreed = head.action == "decide" and act.action in DECREED and act.stage not in ENDED
                head.stage = act.verb.stage if decreed else _further(head.stage, act)
                head.action, head.light = act.action, act.light
                head.polarity = times(head.polarity, act.polarity)
                head.last = act.end
                head.verb = replace(act.verb, answer=act.verb.answer)
            elif head.nominal and act.light and close and not act.verb.said and act.stage is not Stage.HELD:
                head.stage, head.polarity, head.last = act.stage, times(head.polarity, act.polarity), act.end
            elif not act.verb.said and (
                act.nominal
                or (asked and not head.light and self._small[lang].infinitive(text, act.start, act.end, asked=asked))
            ):
                head.more += (act.action,)  # what is demanded has not been done
            else:
                acts.append(act)
        return acts

    def _joined_ja(self, raw: Sequence[_Act], text: str, names: Sequence[Named]) -> list[_Act]:
        """Acts read towards the verb at the end: a light verb stages the noun before it, a full one governs it."""
        acts: list[_Act] = []
        for act in raw:
            head = acts[-1] if acts else None
            between = text[head.last : act.start] if head else ""
            if (
                head is None
                or re.search(r"[。」』：:…]|\.\.\.|\s", between)
                or len(between) > 14
                or self._subject_between(head, act, text, names)
            ):
                acts.append(act)
            elif act.light and not act.verb.said:
                done = act.action == "decide" and (head.action in DECREED or self._small["ja"].past(between))
                if not done and (act.staged or act.verb.stage in ENDED or head.stage is Stage.HELD):
                    head.stage = act.stage
                head.polarity = times(head.polarity, act.polarity)
                head.last = act.end
                head.nominal = act.nominal
                if head.light and head.action == "begin":
                    head.action = act.action
            elif head.light and re.fullmatch(r"(?:を|に|の|で|から|へ|も)?", between) and not act.nominal:
                act.more += (head.action,)
                act.first = head.first
                acts[-1] = act
            elif head.nominal and not act.verb.said:
                act.more += (*head.more, head.action)
                act.first = head.first
                acts[-1] = act
            else:
                acts.append(act)
        return acts

    def _subject_between(self, head: _Act, act: _Act, text: str, names: Sequence[Named]) -> bool:
        return any(
            head.last <= n.start
            and n.end <= act.start
            and n.kind in ACTOR_KINDS
            and text[n.end : n.end + 1] in {"は", "が", "、", "も"}
            for n in names
        )

    # ------------------------------------------------------------------------------------------------ facts

    def _fact(self, act: _Act, span: _Span, head: Fact, start: int, end: int) -> Iterator[Fact]:
        left, right = span.reach(act, start, end)
        if act.nominal and act.action in PLANS:
            return
        actors, others = span.roles(act, left, right)
        if act.verb.said:
            if head.speaker is None and actors:
                head = replace(head, speaker=actors[0].canon[0])
            if not others and not span.things(left, right) and not head.quote:
                return
        objects = {
            thing
            for thing, first, last in span.objects
            if left <= first and last <= right and not act.start <= first < act.end
        }
        objects |= {c for name in others for c in name.canon} - {c for actor in actors for c in actor.canon}
        objects |= set(act.more)
        objects.discard(act.action)
        folded = tuple(dict.fromkeys(c for actor in actors for c in actor.canon)) or (
            (head.speaker,) if head.speaker else ()
        )
        if act.nominal and head.speaker:  # "X: the protest of Y is out of place" is a word of X
            objects |= {str(c) for c in folded} - {str(head.speaker)}
            folded = (head.speaker,)
        answered = act.nominal and head.speaker and act.verb.answer and act.stage is Stage.HELD
        if answered and len(objects & set(map(str, self.sides.values()))) and act.action != "reply":
            objects.add(act.action)
            act.action = "reply"  # "X: the protests of Y do not alarm us"
        action = next((rest for (what, thing), rest in RESTS.items() if what == act.action and thing in objects), "")
        base = replace(
            head,
            actors=tuple(sorted(folded)),
            action=action or act.action,
            stage=act.stage,
            polarity=act.polarity,
            objects=tuple(sorted(objects)),
            date=span.day(left, right),
            place=span.place(left, right),
        )
        counted = span.counted(left, right)
        if not counted:
            yield base
        for number in counted:
            yield replace(base, number=number.value, unit=number.unit)

    def _bare(self, head: Fact, span: _Span) -> Iterator[Fact]:
        """A title without a verb: what it names and counts."""
        objects = {thing for thing, _, _ in span.objects}
        actors = {c for n in span.names if n.kind in ACTOR_KINDS for c in n.canon}
        objects |= {c for n in span.names if n.kind not in ACTOR_KINDS for c in n.canon}
        numbers = span.counted(0, len(head.words)) or (None,)
        if objects or actors:
            for number in numbers:
                yield replace(
                    head,
                    actors=tuple(sorted(actors)),
                    objects=tuple(sorted(objects)),
                    date=span.day(0, len(head.words)),
                    number=number.value if number else None,
                    unit=number.unit if number else "",
                )


@dataclass(frozen=True, slots=True)
class _Span:
    """A sentence with all that was found in it; says which of it belongs to an act."""

    text: str
    lang: str
    names: tuple[Named, ...]
    numbers: tuple[Number, ...]
    dated: tuple[Day, ...]
    objects: tuple[tuple[str, int, int], ...]
    small: Grammar

    def reach(self, act: _Act, start: int, end: int) -> tuple[int, int]:
        """From where to where words belong to an act: its clause."""
        left = max((m.end() for m in _BREAK.finditer(self.text, start, act.first)), default=start)
        right = next((m.start() for m in _BREAK.finditer(self.text, act.last, end)), end)
        if self.lang == "ja":
            stop = re.search(r"[。」]", self.text[act.last : right])
            right = act.last + stop.start() if stop else min(right, act.last + 12)
        return left, right

    def roles(self, act: _Act, left: int, right: int) -> tuple[list[Named], list[Named]]:
        """Who acts and who or what is acted on, among the names of the clause."""
        inside = [n for n in self.names if left <= n.start and n.end <= right]
        actors = [
            n for n in inside if n.kind in ACTOR_KINDS and self.small.acts(self.text, n, act.first, act.last, inside)
        ]
        passive = self.small.passive(self.text, act.start, act.end)
        if passive:
            agents = [n for n in inside if n.kind in ACTOR_KINDS and self.small.agent(self.text, n, act.end)]
            actors = agents
        chosen = {id(n) for n in actors}
        return actors, [n for n in inside if id(n) not in chosen]

    def things(self, left: int, right: int) -> bool:
        """Whether the clause names a thing."""
        return any(left <= first and last <= right for _, first, last in self.objects)

    def counted(self, left: int, right: int) -> tuple[Number, ...]:
        """The numbers of the clause that count something; at most three, so that a table is no flood."""
        return tuple(n for n in self.numbers if n.unit and left <= n.start and n.end <= right)[:3]

    def day(self, left: int, right: int) -> dt.date | None:
        """The first day the clause names."""
        return next((d.date for d in self.dated if left <= d.start and d.end <= right), None)

    def place(self, left: int, right: int) -> NameId | None:
        """The first place the clause says the act was at."""
        return next(
            (
                n.id
                for n in self.names
                if left <= n.start and n.end <= right and n.kind in PLACE_KINDS and self.small.at(self.text, n)
            ),
            None,
        )


def _further(stage: Stage, act: _Act) -> Stage:
    """The stage of an act under a light verb: an ending wins, then what the light verb says."""
    if act.stage in ENDED and stage not in ENDED:
        return stage if stage in {Stage.ANNOUNCED, Stage.PROPOSED} and not act.light else act.stage
    return stage


def _speaker(text: str, names: Sequence[Named], lang: str) -> tuple[NameId | None, int, int]:
    """Who is quoted by the shape of a headline ("X: …", "… — X", "…, says X") and the span that holds what was said."""
    people = [n for n in names if n.kind in ACTOR_KINDS]
    for name in people:
        after = text[name.end : name.end + 2]
        if after.lstrip()[:1] in {":", "："} and name.start <= 30:
            return name.canon[0], name.end + 1, len(text)
        quoted = re.search(r"」\s*$", text[: name.start])
        if quoted and len(text) - name.end <= SPEAKER_TAIL and text.startswith(("「", "『")):
            return name.canon[0], 0, quoted.start()
        tail = re.search(r"(?:\s[-–—]\s|,\s(?:says|said|сообщил|заявил)\s)\s*(?:the\s)?$", text[: name.start])
        if tail and len(text) - name.end <= 30:
            return name.canon[0], 0, tail.start()
    return None, 0, len(text)


def _quote(text: str) -> str:
    match = _QUOTE.search(text)
    return (match.group("q") or match.group("s") or "").strip() if match else ""
