"""The extractor: sentences to facts, by rules over names, verbs, things, numbers and days.

Never looks at another article, and never invents: what no rule reads stays unread. The order of the words decides in
English and Russian, particles decide in Japanese; the rest is one way for all three.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache

from monitor.entities import Article, Fact, Mention, Name, NameId, Reading, Sentence, Stage
from monitor.facts import quotes
from monitor.facts.acts import ACTOR_KINDS, Act, Acts
from monitor.facts.clause import Clause
from monitor.facts.days import Calendar
from monitor.facts.grammar import Grammar, Named
from monitor.facts.numbers import Figures
from monitor.facts.things import act_on, told_once
from monitor.facts.vocabulary import Vocabulary
from monitor.lexicon import Lexicon, PhraseMatcher, fold, longest, squeeze

SENTENCES = 9  # title and the lead's sentences that are read for facts: later ones retell (seen on the recorded feeds)
SENTENCES_KEPT = 256  # sentences whose things, acts and counts are kept: those of the articles that are being read
CHARACTERS = 1_600  # of text read at most, so that a long page costs no more than a report
STATE_KINDS = frozenset(("country", "capital", "demonym", "body", "role"))
"""Kinds that act for their side: a capital, a ministry and a people are their country."""
BEARERS = (ACTOR_KINDS - {"role", "demonym", "country"}) | frozenset(("place", "island", "vessel"))
"""Kinds of names whose words are names alone: the Pacific Fleet is no ship, the Northern Territories no territory."""
FORCES = frozenset(("ship", "aircraft", "ambassador", "lawmaker"))
"""Things that stay things inside the name of a body: "Russian warships" are the navy's, and ships."""
TITLES = frozenset(("country", "demonym", "role"))
"""Kinds of names that may stand beside a man as his."""
OFFICES = frozenset(("ambassador", "lawmaker"))
"""Things that are only the title of who acts: "Ambassador Nozdrev arrives" is about no ambassador."""
OFFICIAL = frozenset(("role", "body"))
CONCLUDED = frozenset((Stage.AGREED, Stage.SIGNED, Stage.IN_FORCE))
"""Stages that are refused where they are denied."""
PLANS = frozenset(("announce", "decide"))
"""Acts that are none as nouns: "a decision must be fair" decides nothing."""

_PARTS = re.compile(r"[:：。　]\s*|\s[-–—]\s|(?<=[^\x00-\x7fа-яё»])\s(?=\S)", re.IGNORECASE)
"""Where a part of a title ends: a colon, a dash, a Japanese blank."""
_QUOTES = " \"'“”«»„「」『』"
_COMMA = re.compile(r"[,;()]|\s[-–—]\s")
"""Where a clause ends, for background told on the way."""
_APPOSED = re.compile(
    r"(?:['’]s|['’])?[\s・の]*(?:(?:foreign|prime|defen[cs]e|deputy|new|former|president|premier|minister|leader|chief|"
    r"secretary|ambassador|envoy|fm|pm|mp|лидер\w*|президент\w*|премьер\w*|министр\w*|глав\w+|посл\w+|посол|депутат\w*)"
    r"[\s-]){0,3}",
    re.IGNORECASE,
)
"""Between a state and its man: "Russia's President Putin", "российский лидер Путин"."""


class Extractor:
    """Reads facts. Built once from the names and the vocabulary; safe to share, as all it keeps is what it read last.

    Of the sentences read last it keeps things, acts and counts, which several rooms ask for in a row.
    """

    def __init__(self, lexicon: Lexicon, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary
        self.names: Mapping[NameId, Name] = lexicon.names
        self.sides: Mapping[NameId, str] = {name.id: name.side for name in lexicon.names.values() if name.side}
        """For whom each name acts: what ``key`` and ``about`` compare actors by."""
        tongues = vocabulary.tongues
        self._things = PhraseMatcher({lang: tongue.things for lang, tongue in tongues.items()})
        self._background = _matcher(vocabulary, "background")
        self._tones = {kind: _matcher(vocabulary, kind) for kind in ("opinion", "preview", "anniversary", "hearsay")}
        self._asking = _matcher(vocabulary, "asks")
        self._deputies = {lang: tongue.list("deputies") for lang, tongue in tongues.items()}
        self._islands = frozenset(str(name.id) for name in lexicon.names.values() if name.kind == "island")
        self.answers = vocabulary.answers
        """The actions by which one side answers the other's deed."""
        self._figures = {lang: Figures(lang, tongue) for lang, tongue in tongues.items()}
        self._calendars = {lang: Calendar(lang, tongue) for lang, tongue in tongues.items()}
        self._small = {lang: Grammar(lang, tongue) for lang, tongue in tongues.items()}
        self._acts = Acts(vocabulary, self._small)
        self._things_in = lru_cache(maxsize=SENTENCES_KEPT)(self._things.find)
        self._concepts = lru_cache(maxsize=SENTENCES_KEPT)(self._concepts_of)
        self._counts = lru_cache(maxsize=SENTENCES_KEPT)(self._counts_of)

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
        return self._concepts(text, lang)

    def _concepts_of(self, text: str, lang: str) -> tuple[str, ...]:
        acts = [f"act:{hit.value.action}" for hit in longest(self._acts.hits(text, lang)) if not hit.value.said]
        return tuple(acts) + tuple(f"thing:{hit.value}" for hit in longest(self._things_in(text, lang)))

    def counts(self, text: str, lang: str, at: dt.datetime) -> tuple[float, ...]:
        """The numbers a text counts with, whatever they count; days and times of day are none."""
        return self._counts(text, lang, at)

    def _counts_of(self, text: str, lang: str, at: dt.datetime) -> tuple[float, ...]:
        figures = self._figures.get(lang)
        if figures is None:
            return ()
        taken = [(day.start, day.end) for day in self._calendars[lang].days(text, at)]
        return tuple(sorted({number.value for number in figures.numbers(text, taken)}))

    def tone(self, title: str, lang: str, kind: str) -> bool:
        """Whether a title marks an ``opinion``, a ``preview``, an ``anniversary`` or ``hearsay``."""
        return bool(self._tones[kind].find(title, lang)) or (kind == "opinion" and self._asks(title, lang))

    def _asks(self, title: str, lang: str) -> bool:
        """Whether a title is a question, or a part of it begins (Japanese: ends) with the words of an explainer."""
        parts = [part.strip(_QUOTES) for part in _PARTS.split(title)]
        if parts[-1].endswith(("?", "？")):
            return True
        return any(
            hit.end == len(part) if lang == "ja" else hit.start == 0
            for part in parts
            for hit in self._asking.find(part, lang)
        )

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
        plain, places = squeeze(sentence.text) if lang == "ja" else (sentence.text, None)
        text = self._foreground(plain, lang)
        named = self._named(reading, sentence, places)
        names = tuple(name for name in named if text[name.start : name.end].strip())
        days = self._calendars[lang].days(text, published)
        taken = [(day.start, day.end) for day in days] + [(name.start, name.end) for name in names]
        numbers = self._figures[lang].numbers(text, taken)
        spoken = quotes.spoken(text, [name for name in names if name.kind in ACTOR_KINDS], lang)
        things = longest(self._things_in(text, lang))
        acts = self._acts.find(text, lang, names, things)
        head = Fact(words=sentence.text, sentence=sentence.index, quote=quotes.quoted(text), speaker=spoken.speaker)
        objects = tuple(
            (hit.value, hit.start, hit.end)
            for hit in things
            if not any(
                n.start <= hit.start
                and hit.end <= n.end
                and n.kind in BEARERS
                and not (n.kind == "body" and hit.value in FORCES)
                for n in names
            )
        )
        clause = Clause(text, lang, names, numbers, days, objects, self._small[lang])
        found = False
        after = 0
        for act in acts:
            said = spoken.speaker is None or (spoken.start <= act.start and act.end <= spoken.end)
            told = head if said else replace(head, speaker=None)
            start, end = (spoken.start, spoken.end) if said else (0, len(text))
            if lang != "ja" and clause.able(after, act.first):
                start = max(start, after)
            after = act.last if act.verb.said else after
            for fact in self._fact(act, clause, told, start, end):
                found = True
                if act.verb.said and fact.speaker and head.speaker is None:
                    head = replace(head, speaker=fact.speaker) if lang != "ja" else head
                yield fact
        if not found and sentence.index == 0:
            yield from self._bare(head, clause)

    def _named(self, reading: Reading, sentence: Sentence, places: tuple[int, ...] | None) -> tuple[Named, ...]:
        """The names of a sentence as actors see them: of a role and its holder at one place the person is kept."""
        moved = {at: i for i, at in enumerate(places)} if places else {}
        spans: dict[tuple[int, int], Named] = {}
        for mention in reading.mentions:
            name = self.names.get(mention.name)
            if mention.sentence != sentence.index or name is None or name.wire:
                continue
            if name.kind in {"person", "role"} and self.borrowed(sentence.text, mention, reading.lang):
                continue
            if name.kind == "role" and not name.side and not name.sides:
                continue  # an office of nobody's: who holds it, the reading knows
            start, end = mention.start, mention.end
            if places:
                start, end = moved[start], moved[end - 1] + 1
            found = Named(mention.name, self.canonical(mention.name), name.kind, start, end, mention.surface)
            held = spans.get((start, end))
            if held is None or name.sides or (name.kind == "person" and len(held.canon) == 1):
                spans[(start, end)] = found
        plain = "".join(sentence.text[at] for at in places) if places else sentence.text
        return tuple(self._alone(sorted(spans.values(), key=lambda name: (name.start, -name.end)), plain))

    def _alone(self, names: Sequence[Named], text: str) -> Iterator[Named]:
        """The names without offices inside longer ones; a state or office right beside its own man is part of him."""
        free = [
            name
            for name in names
            if name.kind not in OFFICIAL
            or not any(
                other.start <= name.start and name.end <= other.end and other.kind in OFFICIAL | {"person"}
                for other in names
                if (other.start, other.end) != (name.start, name.end)
            )
        ]
        kept: list[Named] = []
        for name in free:
            last = kept[-1] if kept else None
            if last is not None and name.kind == "person" and self._his(last, name, text[last.end : name.start]):
                kept[-1] = replace(name, start=last.start, surface=text[last.start : name.end])
            elif last is not None and name.start < last.end < name.end and {name.kind, last.kind} <= OFFICIAL:
                kept[-1] = replace(name, start=last.start, surface=text[last.start : name.end])  # "глава МИД Японии"
            elif last is not None and last.kind == "person" and last.end == name.start and self._his(name, last, ""):
                kept[-1] = replace(last, end=name.end, surface=text[last.start : name.end])
            else:
                kept.append(name)
        yield from kept

    def _his(self, state: Named, man: Named, gap: str) -> bool:
        """Whether a state or an office belongs to the man beside it."""
        side = (NameId(self.sides.get(man.id, "")),)
        return state.kind in TITLES and state.canon == side and _APPOSED.fullmatch(gap) is not None

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

    # ------------------------------------------------------------------------------------------------ facts

    def _fact(self, act: Act, clause: Clause, head: Fact, start: int, end: int) -> Iterator[Fact]:
        left, right = clause.reach(act, start, end)
        if act.nominal and act.action in PLANS:
            return
        actors, others = clause.roles(act, left, right)
        if act.verb.said:
            if head.speaker is None and actors:
                head = replace(head, speaker=actors[0].canon[0])
            if not others and not clause.things(left, right) and not head.quote:
                return
        objects = {
            thing
            for thing, first, last in clause.objects
            if left <= first and last <= right and not (thing in OFFICES and clause.title(first, last, actors))
        }
        objects |= {str(c) for name in others for c in name.canon} - {str(c) for actor in actors for c in actor.canon}
        objects |= set(act.more) - {"say"}
        folded = tuple(dict.fromkeys(c for actor in actors for c in actor.canon)) or (
            (head.speaker,) if head.speaker else ()
        )
        if act.nominal and head.speaker:  # "X: the protest of Y is out of place" is a word of X
            mine = self.sides.get(head.speaker, head.speaker)
            objects |= {str(c) for c in folded if self.sides.get(c, c) != mine}
            folded = (head.speaker,)
        objects -= {str(c) for c in folded}
        answered = act.nominal and head.speaker and act.verb.answer and act.stage is Stage.HELD
        if answered and len(objects & set(map(str, self.sides.values()))) and act.action != "reply":
            objects.add(act.action)
            act.action = "reply"  # "X: the protests of Y do not alarm us"
        counted = clause.counted(left, right)
        stage, polarity = act.stage, act.polarity
        if polarity == "-" and stage in CONCLUDED:  # "合意できず" and "fail to agree" are one
            stage, polarity = Stage.REFUSED, "+"
        action = act_on(act.action, objects)
        base = replace(
            head,
            actors=tuple(sorted(folded)),
            action=action,
            stage=Stage.HELD if action == "sanction" and stage is Stage.SUSPENDED else stage,
            polarity=polarity,
            objects=tuple(sorted(told_once(action, objects, self._islands, {n.unit for n in counted}))),
            date=clause.day(left, right),
            place=clause.place(left, right),
        )
        if not counted:
            yield base
        for number in counted:
            yield replace(base, number=number.value, unit=number.unit)

    def _bare(self, head: Fact, clause: Clause) -> Iterator[Fact]:
        """A title without a verb: what it names and counts."""
        objects = {thing for thing, _, _ in clause.objects}
        actors = {c for n in clause.names if n.kind in ACTOR_KINDS for c in n.canon}
        objects |= {str(c) for n in clause.names if n.kind not in ACTOR_KINDS for c in n.canon}
        length = len(clause.text)
        if objects or actors:
            for number in clause.counted(0, length) or (None,):
                yield replace(
                    head,
                    actors=tuple(sorted(actors)),
                    objects=tuple(sorted(objects)),
                    date=clause.day(0, length),
                    number=number.value if number else None,
                    unit=number.unit if number else "",
                )


def _matcher(vocabulary: Vocabulary, kind: str) -> PhraseMatcher[bool]:
    """A matcher for one of the small-word lists, over all languages."""
    forms: dict[str, Iterable[tuple[str, bool]]] = {
        lang: [(form, True) for form in tongue.list(kind)] for lang, tongue in vocabulary.tongues.items()
    }
    return PhraseMatcher(forms)
