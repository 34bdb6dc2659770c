"""A sieve: whether any of some names may stand in a text, without a look at where and how.

Never lets a text through in which the finder would find one; what it holds back may still hold none. It costs a tenth
of a reading, and most entries of most feeds never need more.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from monitor.lexicon.fold import CJK_BLANK, CJK_FLOOR, fold

_RUN = re.compile(r"[a-z0-9а-яґєіїў]+")
"""What a folded text is cut into, its names with it. A letter beyond these makes more runs, of names as of texts."""
_WIDE = re.compile(f"[{chr(CJK_FLOOR)}-\U0010ffff]")

Forms = dict[str, tuple[str, ...]]


class Sieve:
    """Built once from the folded forms of names; remembers nothing between two texts.

    A name written between blanks brings all its runs of letters into a text, and one written without them its first two
    characters. They are looked up at once for a whole text, and only the names behind those it holds are searched.
    """

    def __init__(self, surfaces: Iterable[str]) -> None:
        runs: dict[str, list[str]] = {}
        pairs: dict[str, list[str]] = {}
        odd: list[str] = []
        for surface in sorted(set(surfaces)):
            if ord(surface[0]) >= CJK_FLOOR and len(surface) > 1:
                pairs.setdefault(surface[:2], []).append(surface)
            elif _RUN.match(surface):
                runs.setdefault(max(_RUN.findall(surface), key=len), []).append(surface)
            else:
                odd.append(surface)
        self._runs: Forms = {run: tuple(forms) for run, forms in runs.items()}
        self._pairs: Forms = {pair: tuple(forms) for pair, forms in pairs.items()}
        firsts = re.escape("".join(sorted({pair[0] for pair in pairs})))
        self._pair = re.compile(f"(?=([{firsts}].))") if pairs else None
        self._odd = tuple(odd)

    def holds_back(self, title: str, text: str) -> bool:
        """Whether a name may stand in title or text. False is sure, True is not."""
        folded = fold(f"{' '.join(title.split())}\n{text}")
        if folded.isascii() or _WIDE.search(folded) is None:
            return self._in_words(folded)
        if self._in_words(folded) or self._in_characters(folded):
            return True
        closed = CJK_BLANK.sub("", folded)  # Japanese cut into words is read without the cuts
        return len(closed) < len(folded) and (self._in_words(closed) or self._in_characters(closed))

    def _in_words(self, folded: str) -> bool:
        return _any_of(self._runs, _RUN.findall(folded), folded) or any(form in folded for form in self._odd)

    def _in_characters(self, folded: str) -> bool:
        return self._pair is not None and _any_of(self._pairs, self._pair.findall(folded), folded)


def _any_of(forms: Forms, met: Iterable[str], folded: str) -> bool:
    """Whether one of the forms behind what was met stands in the text as it is."""
    return any(form in folded for key in forms.keys() & met for form in forms[key])
