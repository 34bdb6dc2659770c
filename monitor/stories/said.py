"""New facts as short English phrases, for alerts and for ``explain``.

Never quotes an article's sentence: it says what was read out of it, in the words of ``phrases``.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import replace

from monitor.entities import Fact, NameId, Reason, Stage
from monitor.facts import Extractor
from monitor.facts.compare import ENDED
from monitor.stories.phrases import GRAVE_VISIT, GRAVES, PHRASES, THINGS, UNITS, Phrase

_PLACES = frozenset(("place", "island", "area", "region", "sea", "city"))
_PEOPLE = {"person": ("citizen", "lawmaker", "islander"), "target": ("company", "citizen", "bank")}
"""Units and the things they count: where they are counted, the thing is not said again."""
_TELLING = frozenset("agree sign suspend terminate reject deny no-comment fail take-effect announce".split())
"""Acts that are their own stage: they are told as done."""
_THINGS = frozenset(("event", "treaty", "vessel"))
"""Kinds of names that are what an act is about, whosever side they are on."""
_VAGUE = frozenset(
    "join begin continue decide announce say reply rise fall sentence name study publish change provide".split()
)
"""Acts that say nothing in brackets behind another act."""
_SHOWN = 3  # things said of one fact: more make a list, not a line


class Voice:
    """Says facts and changes. It remembers nothing."""

    def __init__(self, extractor: Extractor) -> None:
        self._names = extractor.names
        self._sides = extractor.sides

    def change(self, reason: Reason, fact: Fact, earlier: Fact | None) -> str:
        """What is new, with what was known before where there was something."""
        if reason is Reason.CHANGED_NUMBER and earlier is not None and earlier.number is not None:
            before = figure(earlier.number) if earlier.unit == fact.unit else self.count(earlier)
            return f"{self.count(fact)}, earlier {before}"
        if reason is Reason.CHANGED_DATE and earlier is not None and fact.date and earlier.date:
            return f"now on {_day(fact.date)}, earlier {_day(earlier.date)}: {self.matter(fact)}"
        if reason is Reason.STAGE_REACHED and earlier is not None:
            return f"{_standing(earlier)} → {_standing(fact)}: {self.matter(fact)}"
        if reason is Reason.REVERSAL and earlier is not None:
            return f"{_standing(earlier)} → {_standing(fact)}: {self.matter(fact)}"
        if reason is Reason.FIRST_WORD:
            who = self.who(fact)
            return f"first word from {who or 'another side'}: {self.fact(fact).removeprefix(who).strip()}"
        if reason is Reason.FIRST_DENIAL:
            return f"first denial: {self.who(fact) or 'unnamed'} denies {self.matter(fact)}"
        return self.fact(fact)

    def fact(self, fact: Fact) -> str:
        """One fact as a clause: who does what, how far it has come, and where."""
        phrase = _phrase(fact)
        who = self.who(fact)
        if not fact.action:
            return _clause(who or "named", *self._details(fact, Phrase("", "", ""), link=":"))
        if not who:
            told = fact.stage in {None, Stage.HELD} or phrase.asks or fact.action in _TELLING
            return self.matter(fact) if told else f"{_standing(fact)}: {self.matter(fact)}"
        return f"{who} {self._predicate(fact, phrase, many=' and ' in who)}"

    def matter(self, fact: Fact) -> str:
        """What a fact is about, as a noun with its details."""
        phrase = _noun(_phrase(fact))
        return _clause(phrase.noun, *self._details(fact, phrase, link=phrase.of))

    def count(self, fact: Fact) -> str:
        """A number with what it counts."""
        number = figure(fact.number or 0.0)
        one, many = UNITS.get(fact.unit, (fact.unit, fact.unit))
        if "{" in one:
            return one.format(number)
        return f"{number} {one if fact.number == 1 else many}".strip()

    def label(self, slug: str) -> str:
        """A name as alerts print it, or a thing's slug as words."""
        known = self._names.get(NameId(slug))
        if known is not None:
            return known.label.get("en") or slug
        return THINGS.get(slug) or (PHRASES[slug].noun if slug in PHRASES else slug.replace("-", " "))

    def who(self, fact: Fact) -> str:
        """Who acts: people before the country they act for."""
        actors = tuple(dict.fromkeys(fact.actors or ((fact.speaker,) if fact.speaker else ())))
        people = {self._sides.get(actor, "") for actor in actors if self._sides.get(actor, "") not in {"", actor}}
        return _listed([self.label(actor) for actor in actors if actor not in people][:_SHOWN])

    def _predicate(self, fact: Fact, phrase: Phrase, *, many: bool) -> str:
        """The verb with its stage and what it is about."""
        details = self._details(fact, phrase, link=phrase.link)
        held = fact.stage in {Stage.HELD, None} or fact.action in _TELLING
        if fact.stage in ENDED and not held:
            return f"{_ENDINGS[fact.stage][many]} {self.matter(fact)}"
        if fact.polarity == "-" and fact.action != "ease":
            negated = ("do not" if many else "does not") if held else _be(many, "not to")
            return _clause(f"{negated} {phrase.base}", *details)
        if held or (fact.stage is Stage.PROPOSED and phrase.asks):
            return _clause(phrase.base if many else phrase.held, *details)
        if fact.stage is Stage.ANNOUNCED:
            return _clause(f"{_be(many, 'to')} {phrase.base}", *details)
        if fact.stage is Stage.PROPOSED:
            return _clause(f"may {phrase.base}", *details)
        if fact.stage is Stage.AGREED:
            return _clause(f"{'agree' if many else 'agrees'} to {phrase.base}", *details)
        return f"{_clause(phrase.base if many else phrase.held, *details)} ({_standing(fact)})"

    def _details(self, fact: Fact, phrase: Phrase, *, link: str) -> tuple[str, str]:
        """What follows the word for an act: what may join it by a preposition, and what stands in brackets."""
        things, parties, places = self._parted(fact, phrase)
        aside: list[str] = []
        if phrase.link in {"", ":"}:  # "fires 2 missiles (drill)": an act is no object of an act
            aside = [thing for thing in things if thing in PHRASES and thing not in _VAGUE]
            things = [thing for thing in things if thing not in PHRASES]
        counted = [self.count(fact)] if fact.number is not None else []
        shown = [self.label(thing) for thing in things[: _SHOWN - len(counted)]]
        shown = [*counted, *shown] if link in {"", ":", "of"} else [*shown, *counted]
        row, listed = "", ", ".join(shown)
        if not parties and phrase.party == "" and link != ":":
            link = ""  # whom it is done to is not told: what it is done to takes that place
        if phrase.party == phrase.at == "" and parties and places:
            parties, places = [*parties, *places[:2]], []
        if parties and phrase.party is not None:
            row = f"{row} {phrase.party} {_listed([self.label(party) for party in parties[:_SHOWN]])}"
            parties = []
        if listed and link != ":":
            row = f"{row} {link} {listed}"
        if places and phrase.at is not None:
            row = f"{row} {phrase.at} {_listed([self.label(place) for place in places[:2]])}"
            places = []
        if listed and link == ":":
            row = f"{row}: {listed}"
        return row, ", ".join([self.label(slug) for slug in (*aside, *places[:2], *parties)][:_SHOWN])

    def _parted(self, fact: Fact, phrase: Phrase) -> tuple[list[str], list[str], list[str]]:
        """Things, parties and places among the objects; what says less than another one is left out."""
        things: list[str] = []
        parties: list[str] = []
        places: list[str] = []
        counted = {fact.unit, *_PEOPLE.get(fact.unit, ())} if fact.number is not None else set()
        for slug in fact.objects:
            known = self._names.get(NameId(slug))
            if slug in phrase.implies:
                continue
            if known is None:
                if slug not in counted and self.label(slug) != phrase.noun:
                    things.append(slug)
            elif known.kind in _PLACES:
                places.append(slug)
            elif known.kind not in _THINGS and (known.side or known.kind in {"country", "person", "body", "role"}):
                parties.append(slug)
            else:
                things.append(slug)
        if places and "territory" in things:
            things.remove("territory")
        if places and "island" in things:
            things.remove("island")
        if any(_narrower(slug, "missile") for slug in things) and "missile" in things:
            things.remove("missile")
        if "fish" in things and "ship" in things:
            things = ["fishing-boat", *(thing for thing in things if thing not in {"fish", "ship"})]
        people = {self._sides.get(NameId(p), "") for p in parties} - set(parties)
        return things, [p for p in parties if p not in people], places


_ENDINGS = {
    Stage.SUSPENDED: ("suspends", "suspend"),
    Stage.CANCELLED: ("ends", "end"),
    Stage.REFUSED: ("rejects", "reject"),
    Stage.DENIED: ("denies", "deny"),
}


def _day(day: dt.date) -> str:
    """A day as English writes it; the year stands where alerts stand."""
    return f"{day.day} {day:%B}"


def _standing(fact: Fact) -> str:
    stage = fact.stage.value.replace("-", " ") if fact.stage else "told"
    return f"{'not ' if fact.polarity == '-' else ''}{stage}"


def _phrase(fact: Fact) -> Phrase:
    """How an act is said; of a visit to graves the graves are part of the word."""
    if fact.action == "visit" and GRAVES in fact.objects:
        return GRAVE_VISIT
    return PHRASES.get(fact.action, Phrase(fact.action, fact.action, fact.action))


def _noun(phrase: Phrase) -> Phrase:
    """An act as its noun takes names: where the verb takes them as they are, a visit is one to a place."""
    return replace(phrase, party=phrase.party or None, at="to" if phrase.at == "" else phrase.at)


def figure(number: float) -> str:
    """A number as English writes it: full up to a million, then in millions and so on."""
    for size, word in ((1e12, "trillion"), (1e9, "billion"), (1e6, "million")):
        if abs(number) >= size:
            return f"{number / size:,.6g} {word}"
    return f"{number:,.10g}"


def _be(many: bool, rest: str) -> str:
    return f"{'are' if many else 'is'} {rest}"


def _clause(head: str, row: str, aside: str) -> str:
    """A head with its details, spaces and brackets in order."""
    said = re.sub(r"\s+", " ", f"{head} {row}").replace(" :", ":").strip()
    return f"{said} ({aside})" if aside else said


def _narrower(slug: str, than: str) -> bool:
    return slug != than and slug.endswith(than)


def _listed(words: Sequence[str]) -> str:
    """Words as English lists them."""
    return " and ".join((", ".join(words[:-1]), words[-1])) if len(words) > 1 else "".join(words)
