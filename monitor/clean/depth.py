"""How deep markup nests, told from its tags before a parser is asked: parsers take the square of it in time.

Never too low: what a browser would close by itself counts as open, unless it can hold no other of its kind.
"""

from __future__ import annotations

import re
from collections import Counter

DEEPEST = 2_000  # elements within elements: a parser takes a hundredth of a second; honest pages stay below 100
_TAG = re.compile(r"<!--|<(/?)([A-Za-z][^\s/<>]{0,100})(?:[\s/][^<>]*)?>")
_TEXTS = frozenset({"script", "style", "textarea", "title"})  # hold text and no elements
# Void, or closed by the next of their kind: never nested, however often they stand unclosed.
_FLAT = frozenset(
    "a area base br col embed hr img input link meta source track wbr p li dd dt option tr td th html body head".split()
)
_DRAWN = ("svg", "math")  # where alone ``<x/>`` closes itself


def too_deep(markup: str) -> bool:
    """Whether markup nests its elements beyond reason."""
    if markup.count("<") <= DEEPEST:
        return False
    opened: Counter[str] = Counter()
    place = depth = 0
    while (tag := _TAG.search(markup, place)) is not None:
        place = tag.end()
        name = (tag[2] or "").casefold()
        if not name or (name in _TEXTS and not tag[1]):
            place = markup.find("-->" if not name else "</", place)
            if place < 0:
                return False
        elif tag[1]:
            if opened[name]:
                opened[name] -= 1
                depth -= 1
        elif name not in _FLAT and not (tag[0].endswith("/>") and any(opened[drawn] for drawn in _DRAWN)):
            opened[name] += 1
            depth += 1
            if depth > DEEPEST:
                return True
    return False
