"""What the gate's features are called, and what each one says to a reader.

Never weighs them: the weights are data (``[weights]`` of ``config/beat.toml``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

THRESHOLD = "threshold"
BIAS = "bias"

SAID: Mapping[str, str] = {
    "both-lead": "both sides named in title and lead together",
    "both-sentence": "both sides named in one sentence of the lead",
    "both-late": "both sides named only further down",
    "dense": "sentence after sentence names both sides",
    "alone": "both sides stand in the title as states, with no other state and no other matter",
    "stateless": "both sides are in the title, neither as a state",
    "voice": "one side speaks in the title, and the other is spoken of",
    "voice-lead": "one side speaks in the lead, and the other is spoken of",
    "towards": "one side is spoken of towards the other",
    "leaders": "people of both sides in one sentence",
    "relation-title": "what stands between states, in the title",
    "relation-lead": "what stands between states, in the lead with both sides",
    "matter-title": "a matter that only these two have between them, in the title with both sides",
    "matter-alone": "a matter that only these two have between them, in the title with one side",
    "dispute-title": "the dispute named in the title",
    "dispute-claimed": "the dispute named, and both sides",
    "spot-bare": "a place under dispute in the title, without the other side and without a word of what states do",
    "place-bare": "a place under dispute without the other side",
    "third-title": "other states in the title",
    "third-first": "the title begins with another state",
    "third-pair": "one side stands beside another state",
    "third-dispute": "another state and a place under dispute with a side, in the title",
    "club-title": "a club of states in the title",
    "many-states": "an act of many states",
    "against-title": "words of another matter in the title",
    "against-lead": "words of another matter in the lead",
    "no-relation": "nothing between states is spoken of",
}
"""What each feature says, in words for a reader; its keys are the keys of ``[weights]``."""


@dataclass(frozen=True, slots=True)
class Feature:
    """What was found of one kind, from 0 to 1, and the words it was found by."""

    value: float
    words: tuple[str, ...] = ()
