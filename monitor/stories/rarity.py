"""How telling a word, an act or a name is: rare ones tell more. Built for one article and the stories beside it.

Never looks at how alike two texts are. What stands in many of the stories at hand tells little, so a busy week is cut
finer than a quiet one; what is usual in all news tells little from the first article on.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from monitor.entities import Story, Surroundings
from monitor.stories.policy import Policy
from monitor.stories.profile import Sketch
from monitor.stories.usual import CONCEPTS, usual

LEAST = 0.05  # weight of a word that stands everywhere: above nothing, so that two texts of such words are alike


@dataclass(frozen=True, slots=True, kw_only=True)
class Rarity:
    """Weights of words, and of concepts: names, acts, things, proper names. One not held here weighs as a fresh one."""

    words: Mapping[str, float]
    concepts: Mapping[str, float]
    usual_word: float
    fresh: float

    def concept(self, name: str) -> float:
        """The weight of a concept."""
        return self.concepts.get(name, self.fresh)


def rarity(
    one: Sketch, around: Surroundings, stories: Sequence[Story], common: frozenset[str], policy: Policy
) -> Rarity:
    """Rarity from what was learnt of the language, from the stories the article stands beside, and from all news."""
    words_in: dict[str, float] = {}
    concepts_in: dict[str, float] = {}
    articles = 0.0
    for story in stories:
        profile, size = story.profile, float(max(1, story.articles))
        articles += size
        held = profile.terms
        for term in one.terms.keys() & held.keys():
            words_in[term] = words_in.get(term, 0.0) + min(size, held[term])
        for bag in (profile.names, profile.acts, profile.proper):
            for name, weight in bag.items():
                concepts_in[name] = concepts_in.get(name, 0.0) + min(size, weight)
    known = usual(one.lang)
    total = around.articles + articles + policy.prior_words
    words = {}
    for term in one.terms:
        bare = term.partition(":")[2]
        told = around.terms.get(bare, 0) + words_in.get(term, 0.0) + 1.0
        words[term] = max(
            LEAST, math.log(total / (told + (policy.prior_words * policy.usual_word if bare in known else 0.0)))
        )
    whole = articles + policy.prior_concepts
    everyday = policy.prior_concepts * policy.usual_concept
    concepts = {
        name: 0.0
        if name in common
        else max(LEAST, math.log(whole / (concepts_in.get(name, 0.0) + 1.0 + (everyday if name in CONCEPTS else 0.0))))
        for name in (*concepts_in, *one.names, *one.acts, *one.proper)
    }
    return Rarity(
        words=words,
        concepts=concepts,
        usual_word=math.fsum(words.values()) / len(words) if words else 1.0,
        fresh=math.log(whole),
    )
