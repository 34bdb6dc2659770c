"""Why an article went to a story, and why not to the one that came second: what was weighed, in words.

Never weighs: the shares it tells are those that ``likelihood`` added up.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from monitor.entities import Evidence, Story
from monitor.stories.likeness import Likeness, Traits
from monitor.stories.profile import ISLANDS
from monitor.stories.weights import WEIGHTS

AGAINST: Mapping[str, str] = {
    "other_act": "its titles tell of another act",
    "untold_act": "it does not tell this act",
    "swapped": "there another side did it",
    "other_actor": "others act there",
    "elsewhere": "it is about another place",
    "nobody": "its titles name nobody",
    "other_number": "it counts otherwise",
    "answer_crowd": "this answers a deed, which in busy days is an act of its own",
    "crowd": "much else on the matter in these days",
    "days": "it has rested",
}
"""What a trait that spoke against a story means, in words."""

TELLING = 0.15  # of the logarithm of the odds: less than that is not worth a word
SHOWN = 3  # reasons against that are told


def alone() -> tuple[Evidence, ...]:
    """No story stood beside the article."""
    return (Evidence(signal="alone", said="no story stands within the time looked at"),)


def joined(score: float, seen: Likeness, story: Story) -> tuple[Evidence, ...]:
    """Why it joins this story."""
    said = f"joins s{story.id}: {story.title}"
    return (Evidence(signal="story", said=said, weight=round(score, 4)), *_shared(seen), *_against(seen))


def apart(score: float, seen: Likeness, story: Story) -> tuple[Evidence, ...]:
    """Why it opens a story of its own, though this one is nearest."""
    said = f"is nearest to, but not of, s{story.id}: {story.title}"
    return (Evidence(signal="story", said=said, weight=round(score - 1.0, 4)), *_shared(seen), *_against(seen))


def second(score: float, seen: Likeness, story: Story, best: Likeness) -> Evidence:
    """The runner-up: what it has in common with the article, and what it lacks or has against it."""
    own = {*seen.names, *seen.words}
    lacks = _shown(name for name in (*best.names, *best.words) if name not in own)
    against = [line.said for line in _against(seen)]
    parts = [f"s{story.id}: {story.title} ({score:.2f})"]
    if lacks:
        parts.append(f"lacks {', '.join(lacks[:SHOWN])}")
    parts += against[:SHOWN]
    words = _shown((*seen.names, *seen.words))
    return Evidence(signal="runner-up", said="; ".join(parts), weight=round(score, 4), words=words)


def _shared(seen: Likeness) -> tuple[Evidence, ...]:
    """What speaks for one event: facts and names first, then words, meaning and time."""
    traits, found = seen.traits, []
    if seen.agreed is not None:
        said = f"tells of the same act: {seen.agreed.action}"
        found.append(Evidence(signal="fact", said=said, weight=_weight(traits, "actor"), words=(seen.agreed.words,)))
    if seen.names:
        weight = _weight(traits, "concepts", "title_concepts", "people", "proper", "title_proper", "proper_mass")
        names = _shown(seen.names)
        found.append(Evidence(signal="names", said="shares names, acts and things", weight=weight, words=names))
    if seen.words:
        weight = _weight(traits, "words", "title_words")
        words = _shown(seen.words)
        found.append(Evidence(signal="words", said="shares rare words", weight=weight, words=words))
    if traits.number:
        found.append(Evidence(signal="number", said="gives the same count", weight=_weight(traits, "number")))
    if traits.meaning:
        weight = _weight(traits, "meaning", "meaning_across", "meaning_ahead")
        found.append(Evidence(signal="meaning", said=f"meaning {traits.meaning:.2f}", weight=weight))
    said = f"{seen.silence:.1f} days after it last moved"
    return (*found, Evidence(signal="time", said=said, weight=_weight(traits, "days")))


def _against(seen: Likeness) -> tuple[Evidence, ...]:
    """What spoke against one event, contradicting facts first, then strongest first; days are told by ``time``."""
    shares = {name: _weight(seen.traits, name) for name in AGAINST if name != "days"}
    strong = sorted((share, name) for name, share in shares.items() if share <= -TELLING)
    found = [Evidence(signal="against", said=AGAINST[name], weight=share) for share, name in strong]
    return tuple(found if seen.against is None else (seen.against, *found))[:SHOWN]


def _weight(traits: Traits, *names: str) -> float:
    """What traits added to the logarithm of the odds."""
    return round(sum(WEIGHTS[name] * float(getattr(traits, name)) for name in names), 3)


def _shown(names: Iterable[str]) -> tuple[str, ...]:
    """Concepts and words as they are told: without language and without the mark of what they are, each once."""
    return tuple(dict.fromkeys(_WHOLE if name == ISLANDS else name.rpartition(":")[2] for name in names))


_WHOLE = "the disputed islands"
