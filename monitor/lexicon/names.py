"""Names found in text in three scripts: longest form first, whole words, endings included, offices by date.

Never says what a name is to the beat: a side or the dispute is for the gate to weigh.
"""

from __future__ import annotations

import bisect
import datetime as dt
import itertools
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import ahocorasick

from monitor.entities import Mention, Name, NameId, Sentence
from monitor.lexicon import russian
from monitor.lexicon.fold import CJK_FLOOR, fold, is_word, squeeze
from monitor.lexicon.sieve import Sieve

ACRONYM_LENGTH = 5  # letters: a form all in capitals up to this length must stand in capitals ("US" is not "us")
ENGLISH_PLURAL_LENGTH = 4  # letters: from here on a latin form may take a plural s
STRETCH = 32  # characters: mentions are compared with those of the same stretch, so a long sentence costs no square
REACH = 48  # characters from a bare office to the start of the state before it, or of the one behind it
LEADER = "leader"  # the office of "the leaders of Japan and Russia", whatever each state calls its own
LEADING = ("president", "chancellor", "prime-minister")  # who leads a state: the first of these that it has
DISPUTE = "dispute"  # the side of the islands that both claim
STATE_KINDS = frozenset(("country", "capital", "demonym", "role", "body"))
"""Kinds that speak for a side strongly enough to let a bare surname count."""

_BEFORE_OFFICE = re.compile(r"(?:'s|')?[\s・]*(?:の|[a-z-]+\s)?", re.IGNORECASE)
_AFTER_OFFICE = re.compile(r"\s(?:of\s)?", re.IGNORECASE)
_JOINED = re.compile(f"[{chr(CJK_FLOOR)}-\U0010ffff]")
_HOME_KINDS = frozenset(("role", "body"))
_FOREIGN = re.compile(r"[\u30a0-\u30ff\u3400-\u9fffA-Za-z]の?$")
_PEOPLES = frozenset(("demonym", "role"))


@dataclass(frozen=True, slots=True)
class _Form:
    name: NameId
    strong: bool
    capital: bool
    """The first letter must be a capital in the text too."""
    acronym: bool
    joined: bool
    """Written without blanks around it: it may share characters with its neighbour."""


@dataclass(frozen=True, slots=True)
class _Found:
    form: _Form
    sentence: int
    start: int
    end: int


class NameFinder:
    """Finds the names of ``config/names`` in sentences. Built once; safe to share, it remembers nothing."""

    def __init__(self, names: Sequence[Name]) -> None:
        self.names: Mapping[NameId, Name] = {name.id: name for name in names}
        self._roles = {
            (name.side, name.office): name.id for name in names if name.kind == "role" and name.side and name.office
        }
        self._offices = {name.id for name in names if name.kind == "role" and name.office and not name.side}
        table: dict[str, list[_Form]] = {}
        self._surfaces: dict[NameId, set[str]] = {name.id: set() for name in names}
        for name in names:
            for lang, strong, form in _all_forms(name):
                for surface, entry in _surfaces(name, lang, form, strong):
                    self._surfaces[name.id].add(surface)
                    entries = table.setdefault(surface, [])
                    if entry not in entries:
                        entries.append(entry)
        russian.forget()
        # Two, since a step costs as much as there are first letters: five in six of them are of the joined scripts.
        self._spaced = _automaton({surface: found for surface, found in table.items() if ord(surface[0]) < CJK_FLOOR})
        self._joined = _automaton({surface: found for surface, found in table.items() if ord(surface[0]) >= CJK_FLOOR})

    def sieve(self, ids: Collection[NameId]) -> Sieve:
        """What holds back every text in which ``find`` may find one of these names, or one who stands for it by office.

        A mention of a name comes from a form of its own, or from that of an office or a state of its side.
        """
        told = {self.names[each].side for each in ids} - {""}
        telling = (name.id for name in self.names.values() if name.id in ids or not told.isdisjoint(_sides(name)))
        return Sieve(surface for name in telling for surface in self._surfaces[name])

    def holder(self, side: str, office: str, on: dt.date) -> NameId | None:
        """Who held an office of a side on a day; None where the lists do not know."""
        offices = LEADING if office == LEADER else (office,)
        found = (n.id for each in offices for n in self.names.values() if n.side == side and _holds(n, each, on))
        return next(found, None)

    def find(self, sentences: Sequence[Sentence], on: dt.date) -> tuple[Mention, ...]:
        """All mentions in reading order; a role stands twice, as itself and as who held it on that day."""
        found = [hit for sentence in sentences for hit in self._scan(sentence)]
        if not found:
            return ()
        strong = self._widest(hit for hit in found if hit.form.strong)
        if any(not hit.form.strong for hit in found):
            accepted = self._accepted(found, strong, [sentence.text for sentence in sentences], on)
            strong = self._widest(
                hit for hit in found if hit.form.strong or (hit.form.name, hit.sentence, hit.start) in accepted
            )
        chosen = self._one_person_each(strong, on)
        texts = [sentence.text for sentence in sentences]
        mentions = [_mention(hit.form.name, hit, texts) for hit in chosen]
        states = sorted(
            (hit.sentence, hit.start, place)
            for place, hit in enumerate(chosen)
            if self.names[hit.form.name].kind in STATE_KINDS and _sides(self.names[hit.form.name])
        )
        holders: dict[tuple[str, str], NameId | None] = {}
        mentions += [
            _mention(name, hit, texts) for hit in chosen for name in self._held(hit, chosen, states, holders, texts, on)
        ]
        unique = dict.fromkeys(mentions)
        return tuple(sorted(unique, key=lambda m: (m.sentence, m.start, -m.end)))

    def _scan(self, sentence: Sentence) -> Iterable[_Found]:
        text, places = squeeze(sentence.text)
        folded = fold(text)
        hits = itertools.chain(
            self._spaced.iter(folded) if self._spaced else (),
            self._joined.iter(folded) if self._joined and _JOINED.search(folded) else (),
        )
        for last, (length, entries) in hits:
            first = last - length + 1
            if not _bounded(folded, first, last):
                continue
            for form in entries:
                if not _cased(form, text[first : last + 1]):
                    continue
                start, end = (places[first], places[last] + 1) if places else (first, last + 1)
                yield _Found(form, sentence.index, start, end)

    def _widest(self, hits: Iterable[_Found]) -> list[_Found]:
        """The hits no longer hit covers: 日露戦争 leaves no 日露, "Sea of Japan" no "Japan's". Equal spans stay."""
        kept: dict[int, list[_Found]] = {}
        near: dict[tuple[int, int], list[_Found]] = {}  # kept ones by the stretches of their sentence they stand in
        for hit in sorted(hits, key=lambda h: (h.start - h.end, h.start)):
            stretches = [(hit.sentence, at) for at in range(hit.start // STRETCH, (hit.end - 1) // STRETCH + 1)]
            others = kept.setdefault(hit.sentence, [])
            if not any(self._masks(other, hit) for stretch in stretches for other in near.get(stretch, ())):
                others.append(hit)
                for stretch in stretches:
                    near.setdefault(stretch, []).append(hit)
        return [hit for others in kept.values() for hit in others]

    def _masks(self, longer: _Found, hit: _Found) -> bool:
        """Whether ``hit`` falls away beside ``longer``: inside it, or (words between blanks) touching it at all.

        Japanese compounds share characters, so an overlap is no quarrel there: 日露 and 露外相 in 日露外相.
        An office or body of one state may stand towards another, which still is named: "Russian ambassador to Japan".
        """
        if (hit.start, hit.end) == (longer.start, longer.end) or hit.end <= longer.start or longer.end <= hit.start:
            return False
        outer, inner = self.names[longer.form.name], self.names[hit.form.name]
        if outer.kind in _HOME_KINDS and not outer.wire and outer.side and inner.side and inner.side != outer.side:
            return False
        return not hit.form.joined or (longer.start <= hit.start and hit.end <= longer.end)

    def _accepted(
        self, found: Sequence[_Found], strong: Sequence[_Found], texts: Sequence[str], on: dt.date
    ) -> set[tuple[NameId, int, int]]:
        """Weak forms that count, as (name, sentence, start).

        The name itself or its state stands in the text; or who holds an office stands in the company of states, or who
        held one in that of others who do; or it is an office or body of the language's own country ("首相") and no
        foreign state precedes.
        """
        ids = {hit.form.name for hit in strong}
        states = [self.names[i] for i in ids if self.names[i].kind in STATE_KINDS and not self.names[i].wire]
        sides = {side for name in states for side in _sides(name)}
        sides |= {DISPUTE for i in ids if self.names[i].side == DISPUTE}  # who is in office may stand beside an island
        leaders = any(self.names[i].kind == "person" and _in_office(self.names[i], on) for i in ids)
        men = {
            (h.sentence, h.end): self.names[h.form.name].side for h in found if self.names[h.form.name].kind == "person"
        }
        accepted = set()
        for hit in found:
            name = self.names[hit.form.name]
            if hit.form.strong or (
                name.kind == "role"
                and hit.form.joined
                and men.get((hit.sentence, len(texts[hit.sentence][: hit.start].rstrip())), name.side) != name.side
            ):  # "ミシュスチン首相" heads no government of ours
                continue
            known = name.id in ids or bool(name.side and name.side in sides) or (bool(sides) and name.side == DISPUTE)
            if name.kind in _HOME_KINDS:
                known = known or not _foreign(texts[hit.sentence], hit.start)
            if known or (sides and _in_office(name, on)) or (leaders and _was_in_office(name, on)):
                accepted.add((name.id, hit.sentence, hit.start))
        return accepted

    def _one_person_each(self, hits: Sequence[_Found], on: dt.date) -> list[_Found]:
        """Where several people share a form, who is named in full elsewhere or holds an office that day is meant."""
        full = {hit.form.name for hit in hits if hit.form.strong}
        spans: dict[tuple[int, int, int], list[_Found]] = {}
        for hit in hits:
            spans.setdefault((hit.sentence, hit.start, hit.end), []).append(hit)
        chosen: list[_Found] = []
        for group in spans.values():
            people = [hit for hit in group if self.names[hit.form.name].kind == "person"]
            if len(people) > 1:
                named = [h for h in people if not h.form.strong and h.form.name in full]
                holding = [h for h in people if _in_office(self.names[h.form.name], on)]
                people = (named or holding or people)[:1]
            chosen += [hit for hit in group if self.names[hit.form.name].kind != "person"] + people
        return chosen

    def _held(
        self,
        hit: _Found,
        chosen: Sequence[_Found],
        states: Sequence[tuple[int, int, int]],
        holders: dict[tuple[str, str], NameId | None],
        texts: Sequence[str],
        on: dt.date,
    ) -> Iterable[NameId]:
        """The holders (and, for a bare office, the role) that a role mention stands for."""
        name = self.names[hit.form.name]
        if name.kind != "role" or not name.office:
            return
        for side in _sides(name) or (self._neighbours(hit, chosen, states, texts) if name.id in self._offices else ()):
            role = self._roles.get((side, name.office))
            if (side, name.office) not in holders:
                holders[side, name.office] = self.holder(side, name.office, on)
            holder = holders[side, name.office]
            yield from (found for found in (role if role != name.id else None, holder) if found)

    def _neighbours(
        self, hit: _Found, chosen: Sequence[_Found], states: Sequence[tuple[int, int, int]], texts: Sequence[str]
    ) -> tuple[str, ...]:
        """The sides named right before a bare office ("Russian Foreign Minister") or after it ("глава … Японии")."""
        text = texts[hit.sentence]
        first = bisect.bisect_left(states, (hit.sentence, hit.start - REACH, 0))
        last = bisect.bisect_left(states, (hit.sentence, hit.end + REACH, 0))
        for place in sorted(place for _, _, place in states[first:last]):
            other = chosen[place]
            name = self.names[other.form.name]
            if other.end <= hit.start and _BEFORE_OFFICE.fullmatch(fold(text[other.end : hit.start])):
                return _sides(name)
            if other.start >= hit.end and _AFTER_OFFICE.fullmatch(fold(text[hit.end : other.start])):
                return _sides(name)
        return ()


def _automaton(table: Mapping[str, Sequence[_Form]]) -> ahocorasick.Automaton | None:
    """The forms of a table made ready for a search; None for an empty one, which cannot be searched."""
    if not table:
        return None
    automaton = ahocorasick.Automaton()
    for surface, entries in table.items():
        automaton.add_word(surface, (len(surface), tuple(entries)))
    automaton.make_automaton()
    return automaton


def _all_forms(name: Name) -> Iterable[tuple[str, bool, str]]:
    for strong, by_lang in ((True, name.forms), (False, name.weak)):
        for lang, forms in by_lang.items():
            for form in forms:
                yield lang, strong, form


def _surfaces(name: Name, lang: str, form: str, strong: bool) -> Iterable[tuple[str, _Form]]:
    """The folded forms a name takes in text, each with the rules it is matched under."""
    acronym = form.isupper() and form.isalpha() and len(form) <= ACRONYM_LENGTH and ord(form[0]) < CJK_FLOOR
    folded = fold(form).strip()
    if not folded:
        return
    entry = _Form(name.id, strong, form[:1].isupper(), acronym, ord(folded[0]) >= CJK_FLOOR)
    yield folded, entry
    if "\u0400" <= folded[0] <= "\u04ff":
        loose = _Form(name.id, strong, entry.capital, False, False)
        person = name.kind == "person"
        for inflected in russian.inflect(folded, person=person, every_number=name.kind in _PEOPLES):
            yield inflected, entry if inflected == folded else loose
    elif (
        lang == "en"
        and folded.isascii()
        and len(folded) >= ENGLISH_PLURAL_LENGTH
        and folded[-1].isalpha()
        and folded[-1] != "s"
    ):
        yield folded + "s", _Form(name.id, strong, entry.capital, False, False)


def _bounded(folded: str, first: int, last: int) -> bool:
    """Whether a latin or cyrillic form stands as a whole word; Japanese forms may stand anywhere."""
    if is_word(folded[first]) and first and is_word(folded[first - 1]):
        return False
    return not (is_word(folded[last]) and last + 1 < len(folded) and is_word(folded[last + 1]))


def _cased(form: _Form, surface: str) -> bool:
    """Whether a proper name is written as one, and an acronym as one."""
    return surface.isupper() if form.acronym else surface[0].isupper() or not form.capital


def _foreign(text: str, start: int) -> bool:
    """Whether a bare Japanese office follows a word that may be another state or man ("英首相", "フランスの首相")."""
    return _FOREIGN.search(text[max(0, start - 2) : start]) is not None


def _mention(name: NameId, hit: _Found, texts: Sequence[str]) -> Mention:
    surface = texts[hit.sentence][hit.start : hit.end]
    return Mention(name=name, sentence=hit.sentence, start=hit.start, end=hit.end, surface=surface)


def _sides(name: Name) -> tuple[str, ...]:
    return name.sides or ((name.side,) if name.side else ())


def _in_office(name: Name, on: dt.date) -> bool:
    return any(_covers(office.since, office.until, on) for office in name.offices)


def _was_in_office(name: Name, on: dt.date) -> bool:
    return any(office.since is None or office.since <= on for office in name.offices)


def _holds(name: Name, office: str, on: dt.date) -> bool:
    return any(held.office == office and _covers(held.since, held.until, on) for held in name.offices)


def _covers(since: dt.date | None, until: dt.date | None, on: dt.date) -> bool:
    return (since is None or since <= on) and (until is None or on < until)
