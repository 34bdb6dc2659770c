"""How like an article is to a story, trait by trait: facts and names, words, meaning, and time last.

Never chooses between stories. What each trait weighs stands in ``weights``.
"""

from __future__ import annotations

import datetime as dt
import heapq
import itertools
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from operator import attrgetter, mul

from monitor.entities import Evidence, Fact, NameId, Profile, Story
from monitor.facts import actors_of
from monitor.stories.outline import Outline, Outlines, counted, numbers_of, parties, voices
from monitor.stories.policy import Policy
from monitor.stories.profile import DISPUTE, Sketch
from monitor.stories.rarity import Rarity
from monitor.stories.roles import Roles, signature
from monitor.stories.weights import BIAS, WEIGHTS

DAY = 86_400.0  # seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Traits:
    """What an article shares with a story and what parts them: 0 to 1 unless it says otherwise; 0: nothing to weigh.

    ``words``: TF-IDF cosine inside one language, times the trust its words deserve; ``unheard``: the rest of that
    trust. ``title_words``, ``title_concepts``: with the likest single title. ``meaning``: mean likeness to its
    articles, -1 to 1; ``…_across``: the same where the words are unheard. ``…_ahead``: by how much it is above
    the next best story, below zero where it is not the best. ``people``: share of the article's people that the story
    names; ``nobody``: the title names people, no title of the story does. ``elsewhere``: both name places, and not one
    in common. ``proper``: cosine of names of no list; ``title_proper``: share of the title's that the story has;
    ``proper_mass``: how many and how rare, a logarithm; ``nameless``: one of the two has none. ``actor``: share of who
    acts or speaks; ``other_actor``: for other sides altogether. ``swapped``: the act is the same, and another side
    does it. ``untold_act``: share of the title's acts that the story tells nowhere; ``other_act``: that no title of it
    tells. ``number``: a count both give; ``other_number``: they count the same otherwise. ``days``: silence up to a
    month, a logarithm; ``lone``: hardly anything else is told in the same days, and the story moved in them.
    ``crowd``: articles on the same matter in the days around, a logarithm; ``answer_crowd``: the same times ``ours``
    where the title answers a deed, and the story does not tell that: in busy days a protest is an act of its own.
    ``headline``: 1 for a bare headline, less the more text stands under it; ``ours``: it names the dispute or both
    sides of the beat, half where it names one: names of lists then tell more than on other news.
    """

    words: float = 0.0
    unheard: float = 0.0
    title_words: float = 0.0
    concepts: float = 0.0
    concepts_across: float = 0.0
    title_concepts: float = 0.0
    meaning: float = 0.0
    meaning_across: float = 0.0
    words_ahead: float = 0.0
    concepts_ahead: float = 0.0
    meaning_ahead: float = 0.0
    people: float = 0.0
    nobody: float = 0.0
    elsewhere: float = 0.0
    proper: float = 0.0
    title_proper: float = 0.0
    proper_mass: float = 0.0
    nameless: float = 0.0
    actor: float = 0.0
    other_actor: float = 0.0
    swapped: float = 0.0
    untold_act: float = 0.0
    other_act: float = 0.0
    number: float = 0.0
    other_number: float = 0.0
    days: float = 0.0
    lone: float = 0.0
    crowd: float = 0.0
    answer_crowd: float = 0.0
    headline: float = 0.0
    ours: float = 0.0


_Seen = tuple[dict[str, float], float, tuple[str, ...], tuple[str, ...], Fact | None]
"""The fields of a ``Likeness``, its traits still open."""
AHEAD = ("words", "concepts", "meaning")
"""The traits that are also held against those of the other stories."""
TRAITS = tuple(field.name for field in fields(Traits))
"""The traits in the order in which weights and examples list them."""

_WEIGHTS = tuple(WEIGHTS[name] for name in TRAITS)
_VALUES = attrgetter(*TRAITS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeness:
    """An article beside a story: its traits, the silence in days, and what both hold, most telling first."""

    traits: Traits
    silence: float = 0.0
    names: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    agreed: Fact | None = None
    against: Evidence | None = None


def likelihood(traits: Traits) -> float:
    """The likelihood, 0 to 1, that an article and the story it stands beside tell one event."""
    total = BIAS + math.fsum(map(mul, _WEIGHTS, _VALUES(traits)))
    return 1.0 / (1.0 + math.exp(-total))


def pool(one: Sketch, stories: Sequence[Story], policy: Policy) -> list[Story]:
    """The stories worth a closer look: those that share most with the article, at most ``policy.pool``."""
    if len(stories) <= policy.pool:
        return list(stories)
    held: list[list[str]] = []
    names, acts, terms, proper = (bag.keys() for bag in (one.names, one.acts, one.terms, one.proper))
    for story in stories:
        bag = story.profile
        found: list[str] = [*(names & bag.names.keys()), *(acts & bag.acts.keys()), *(terms & bag.terms.keys())]
        if proper:
            found.extend(proper & bag.proper.keys())
        held.append(found)
    share = {name: 1.0 / count for name, count in Counter(itertools.chain.from_iterable(held)).items()}
    scores = [math.fsum(map(share.__getitem__, found)) for found in held]
    best = heapq.nlargest(policy.pool, range(len(stories)), key=lambda i: (scores[i], -i))
    return [stories[i] for i in best]


def heads(facts: Iterable[Fact]) -> tuple[Fact, ...]:
    """The facts an article is about: those of its title, or of its first sentence where the title tells none."""
    told = [fact for fact in facts if fact.action]
    first = min((fact.sentence for fact in told), default=0)
    return tuple(fact for fact in told if fact.sentence == first)


def alike(
    one: Sketch,
    stories: Sequence[Story],
    rare: Rarity,
    outlines: Outlines,
    busy: int,
    now: dt.datetime,
    policy: Policy,
) -> list[Likeness]:
    """An article beside each of the stories; what stands ahead of the others is known only beside them all."""
    beside = _Beside(one, rare, outlines.roles, policy)
    matter = [beside.matter(story, now) for story in stories]
    whole = math.fsum(matter)
    seen = [
        beside.likeness(story, outlines.of(story.profile), now, max(0.0, whole - policy.own * mine), busy)
        for story, mine in zip(stories, matter, strict=True)
    ]
    for name in AHEAD:
        for each, value in zip(seen, _ahead([each[0][name] for each in seen]), strict=True):
            each[0][f"{name}_ahead"] = value
    return [
        Likeness(traits=Traits(**traits), silence=silence, names=names, words=words, agreed=agreed)
        for traits, silence, names, words, agreed in seen
    ]


def _ahead(values: Sequence[float]) -> list[float]:
    """Each value less the best of the others; nothing is ahead of nobody."""
    if len(values) < 2:
        return [0.0] * len(values)
    first, second = heapq.nlargest(2, values)
    return [value - (second if value == first else first) for value in values]


class _Beside:
    """One article, taken apart once to be held beside many stories."""

    def __init__(self, one: Sketch, rare: Rarity, roles: Roles, policy: Policy) -> None:
        self.one, self.rare, self.roles, self.policy = one, rare, roles, policy
        self.words = {term: count * rare.words[term] for term, count in one.terms.items()}
        self.words_length = _length(self.words.values())
        concepts = {**one.acts, **{str(name): weight for name, weight in one.names.items()}}
        self.concepts = {name: weight * rare.concept(name) for name, weight in concepts.items()}
        self.concepts_length = _length(self.concepts.values())
        self.proper = {name: weight * rare.concept(name) for name, weight in one.proper.items()}
        self.proper_length = _length(self.proper.values())
        self.title_proper = [name for name in one.title if name in one.proper]
        self.title_terms = frozenset(name for name in one.title if name in one.terms)
        self.title_concepts = frozenset(name for name in one.title if name in concepts)
        self.particular = [name for name in one.title if name in concepts and name not in roles.common]
        self.people = {str(name): weight for name, weight in one.names.items() if name in roles.people}
        self.title_people = [name for name in one.title if name in roles.people]
        self.places = frozenset(str(name) for name in one.names if name in roles.places and name not in roles.common)
        self.heads = heads(one.facts)
        self.deeds = {(fact.action, actors_of(fact, roles.sides)) for fact in self.heads if fact.action != "say"}
        self.actors = frozenset(voices(self.heads))
        self.parties = parties(self.actors, roles.sides)
        self.numbers = counted(one.facts)
        self.units = {unit for _, unit in self.numbers}
        self.vector = numbers_of(one.vector)
        self.squares = {name: weight * weight for name, weight in rare.concepts.items()}
        self.word_squares = {name: rare.words[name] ** 2 for name in one.terms}
        self.place = {term: place for place, term in enumerate(one.terms)}
        self.people_weight = math.fsum(self.people.values())
        named = {roles.sides.get(name, "") for name in one.names}
        self.ours = 1.0 if DISPUTE in named else len(named & roles.common) / max(1, len(roles.common))
        self.headline = 1.0 / (1.0 + (len(one.terms) - len(self.title_terms)) / policy.long)

    def matter(self, story: Story, now: dt.datetime) -> float:
        """How many of the story's articles stand in the same days on the same matter: a share of each."""
        if not self.particular or abs(now - story.last_at) > self.policy.around:
            return 0.0
        bag = story.profile
        shared = sum([name in bag.names or name in bag.acts for name in self.particular])
        return story.articles * shared / len(self.particular)

    def likeness(self, story: Story, known: Outline, now: dt.datetime, crowd: float, busy: int) -> _Seen:
        """What this article shares with one story; what stands ahead of the others is not in it yet."""
        one, bag, policy = self.one, story.profile, self.policy
        heard, squares = bag.spoken.get(one.lang, (0, 0.0))
        trust = heard / (heard + policy.few_words)
        words, shared_words = self._words(bag.terms, squares)
        concepts, shared = self._concepts(bag, known)
        meaning = self._meaning(story, known)
        title_words, title_concepts = self._titles(known)
        proper, title_proper, mass, shared_proper = self._proper(bag.proper)
        silence = abs((now - story.last_at).total_seconds()) / DAY
        matter = math.log1p(crowd)
        deeds, agreed = self._deeds(known)
        traits = dict(
            words=trust * words,
            unheard=1.0 - trust,
            title_words=title_words,
            concepts=concepts,
            concepts_across=(1.0 - trust) * concepts,
            title_concepts=title_concepts,
            meaning=meaning,
            meaning_across=(1.0 - trust) * meaning,
            people=self._people(bag) if known.people else 0.0,
            nobody=float(bool(self.title_people) and not known.headed),
            elsewhere=float(bool(self.places) and bool(known.places) and self.places.isdisjoint(known.places)),
            proper=proper,
            title_proper=title_proper,
            proper_mass=mass,
            nameless=float(not self.proper or not bag.proper),
            days=math.log1p(min(silence, policy.month)),
            lone=1.0 / ((1.0 + busy / policy.several) * (1.0 + silence)),
            crowd=matter,
            answer_crowd=self.ours * matter if deeds["answers"] else 0.0,
            headline=self.headline,
            ours=self.ours,
            **{name: value for name, value in deeds.items() if name != "answers"},
        )
        return traits, silence, (*shared, *shared_proper), shared_words, agreed

    def _words(self, held: Mapping[str, float], squares: float) -> tuple[float, tuple[str, ...]]:
        """Cosine with the story's words of this language; words the article lacks weigh as its own on average."""
        shared = sorted(self.words.keys() & held.keys(), key=self.place.__getitem__)
        if not shared:
            return 0.0, ()
        rare = self.rare
        products = {term: self.words[term] * held[term] * rare.words[term] for term in shared}
        usual = rare.usual_word**2
        theirs = usual * squares + math.fsum([(self.word_squares[term] - usual) * held[term] ** 2 for term in shared])
        return math.fsum(products.values()) / max(1e-9, self.words_length * math.sqrt(max(0.0, theirs))), _top(products)

    def _people(self, bag: Profile) -> float:
        """Share of the article's people that the story names."""
        shared = math.fsum([weight for name, weight in self.people.items() if name in bag.names])
        return shared / self.people_weight if self.people else 0.0

    def _concepts(self, bag: Profile, known: Outline) -> tuple[float, tuple[str, ...]]:
        rare, names, acts = self.rare, bag.names, bag.acts
        products = {
            name: weight * rare.concept(name) * (names[NameId(name)] if name in names else acts[name])
            for name, weight in self.concepts.items()
            if name in names or name in acts
        }
        whole = math.fsum(products.values())
        if not whole:
            return 0.0, ()
        theirs = math.sqrt(math.fsum(map(mul, known.weights, map(self.squares.__getitem__, known.concepts))))
        return whole / max(1e-9, self.concepts_length * theirs), _top(products)

    def _titles(self, known: Outline) -> tuple[float, float]:
        """Likeness to the likest single title: in words where it speaks the language, and in concepts."""
        words = concepts = 0.0
        rare, fresh = self.rare, self.rare.fresh**2
        for title in known.headings:
            if title.lang == self.one.lang:
                words = max(words, overlap(self.title_terms, title.words, self.word_squares, rare.usual_word**2))
            concepts = max(concepts, overlap(self.title_concepts, title.concepts, self.squares, fresh))
        return words, concepts

    def _meaning(self, story: Story, known: Outline) -> float:
        """Mean likeness to the story's articles: unlike that to their sum, it does not grow with the story."""
        if not len(self.vector) or len(known.vector) != len(self.vector):
            return 0.0
        return float(self.vector @ known.vector) / max(1, story.articles)

    def _proper(self, held: Mapping[str, float]) -> tuple[float, float, float, tuple[str, ...]]:
        shared = [name for name in self.proper if name in held]
        if not shared:
            return 0.0, 0.0, 0.0, ()
        rare = self.rare
        theirs = _length(weight * rare.concept(name) for name, weight in held.items())
        cosine = math.fsum(self.proper[name] * held[name] * rare.concept(name) for name in shared)
        title = math.fsum(rare.concept(name) for name in self.title_proper)
        known = math.fsum(rare.concept(name) for name in self.title_proper if name in held)
        mass = math.log1p(math.fsum(rare.concept(name) for name in shared))
        return (
            cosine / max(1e-9, self.proper_length * theirs),
            known / title if title else 0.0,
            mass,
            tuple(shared[:4]),
        )

    def _deeds(self, known: Outline) -> tuple[dict[str, float], Fact | None]:
        """What the title's acts say: whose they are, whether the story tells them, and which fact agrees best."""
        best, agreed = 0.0, None
        for mine in self.heads:
            for other in known.heads.get(mine.action, ()) if mine.action != "say" else ():
                if (match := signature(mine, other, self.roles)) > best:
                    best, agreed = match, other
        both = self.actors and known.voices
        units = self.units & {unit for _, unit in known.numbers} if self.units else ()
        shared = bool(self.numbers & known.numbers)
        told, titled = known.told, known.titled
        return {
            "actor": len(self.actors & known.voices) / len(self.actors) if both else 0.0,
            "other_actor": float(bool(both) and self.parties.isdisjoint(known.parties)),
            "swapped": float(
                any(who and action in titled and not titled[action] & {*who, ""} for action, who in self.deeds)
            ),
            "untold_act": self._missing(told) if known.facts else 0.0,
            "other_act": self._missing(titled) if known.facts else 0.0,
            "number": float(shared),
            "other_number": float(bool(units) and not shared),
            "answers": float(
                any(action in self.roles.answers and not _done(action, who, told) for action, who in self.deeds)
            ),
        }, agreed

    def _missing(self, told: Mapping[str, set[str]]) -> float:
        """Share of the title's acts, each with who did it, that are not told."""
        if not self.deeds:
            return 0.0
        return sum(not _done(action, who, told) for action, who in self.deeds) / len(self.deeds)


def _done(action: str, who: Sequence[str], told: Mapping[str, set[str]]) -> bool:
    return action in told and (not who or "" in told[action] or bool(told[action] & set(who)))


def overlap(one: frozenset[str], other: Iterable[str], squares: Mapping[str, float], usual: float) -> float:
    """Cosine of two sets, each member once with its weight, which comes squared."""
    theirs = frozenset(other)
    both = math.fsum([squares.get(name, usual) for name in one & theirs])
    if not both:
        return 0.0
    mine = math.fsum([squares.get(name, usual) for name in one])
    yours = math.fsum([squares.get(name, usual) for name in theirs])
    return both / max(1e-9, math.sqrt(mine * yours))


def _length(values: Iterable[float]) -> float:
    return math.sqrt(math.fsum(value * value for value in values))


def _top(products: Mapping[str, float]) -> tuple[str, ...]:
    return tuple(sorted((name for name in products if products[name] > 0), key=products.__getitem__, reverse=True)[:4])
