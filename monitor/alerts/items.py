"""A digest's items as Slack's blocks: what is urgent first, two or three lines an item, as many messages as it takes.

It never drops an item: ``split`` parts a list too long for one message before it is put into the outbox.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from monitor.alerts import kit, words
from monitor.entities import DigestItem, Weight

PER_MESSAGE = 15
"""Items of one message at most: more is no longer read, and as plain text each still has 150 characters."""
_ROOM = 3_000  # of kit.SIZE, for header, introduction and small print
_TITLES = {Weight.URGENT: "Urgent", Weight.MAJOR: "Major", Weight.MINOR: "Other developments"}


def split(items: Sequence[DigestItem]) -> tuple[tuple[DigestItem, ...], ...]:
    """Items in the order of their weight, parted into messages that Slack takes. All of them, each once."""
    parts: list[list[DigestItem]] = []
    room = 0
    for one in sorted(items, key=lambda one: list(_TITLES).index(one.weight)):
        takes = kit.size([kit.lines(_lines(words.item(one))).to_dict()])
        if not parts or len(parts[-1]) == PER_MESSAGE or takes > room:
            parts.append([])
            room = kit.SIZE - _ROOM
        parts[-1].append(one)
        room -= takes
    return tuple(tuple(part) for part in parts)


def blocks(items: Sequence[DigestItem]) -> Iterator[kit.Block]:
    """A block for each weight that occurs: its name where there are several, and a list."""
    groups = {weight: [words.item(one) for one in items if one.weight is weight] for weight in _TITLES}
    several = sum(map(bool, groups.values())) > 1
    for weight, group in groups.items():
        if group:
            title = [kit.lines([kit.text(f"{words.MARKS[weight]} {_TITLES[weight]}".strip(), bold=True)])]
            yield kit.rich(*(title if several else []), kit.bullets(_lines(one) for one in group))


def _lines(one: DigestItem) -> list[kit.Piece]:
    """Headline and language, who told it, and its id; under it what is new."""
    pieces = [kit.link(one.headline, one.url, bold=True)]
    if mark := words.language(one.lang):
        pieces.append(kit.text(f" {mark}"))
    if told := words.source(one):
        pieces.append(kit.text(f"  {told}", italic=True))
    for number, said in enumerate(one.news):
        pieces.append(kit.text("\n" if number == 0 else "; "))
        pieces += news(said)
    return pieces


def news(said: str) -> list[kit.Piece]:
    """What is new, and set apart from it what was known before."""
    new, before = words.parted(said)
    return [kit.text(new), *([kit.text(f"  {before}", italic=True)] if before else [])]
