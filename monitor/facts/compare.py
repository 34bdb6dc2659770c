"""How facts are compared: what makes two of them one, and what makes them two words on one matter.

Never asks where a fact came from: language and wording are gone by then.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from monitor.entities import Fact, NameId, Stage

Sides = Mapping[NameId, str]
"""Name to the side it speaks for; a name without one speaks for itself."""

SHARED_OBJECTS = (
    0.5  # share of the smaller fact's objects: from here on two facts are about one thing (tests/quality/pairs/)
)

RANK = {
    Stage.PROPOSED: 0,
    Stage.ANNOUNCED: 1,
    Stage.HELD: 2,
    Stage.AGREED: 3,
    Stage.SIGNED: 4,
    Stage.IN_FORCE: 5,
}
"""How far the stages on the way forward are; the ones that end an act stand outside this order."""

ENDED = frozenset((Stage.SUSPENDED, Stage.CANCELLED, Stage.REFUSED, Stage.DENIED))
"""Stages in which an act does not go on."""


def actors_of(fact: Fact, sides: Sides) -> tuple[str, ...]:
    """For whom the actors of a fact act: sides where they have one, in order of the alphabet."""
    if len(fact.actors) == 1:  # most facts: a set of one needs no sorting
        return (sides.get(fact.actors[0], "") or str(fact.actors[0]),)
    return tuple(sorted({sides.get(actor, "") or str(actor) for actor in fact.actors}))


def key(fact: Fact, sides: Sides) -> str:
    """The fact as one line: equal for equal facts, whatever language told them."""
    number = "" if fact.number is None else f"{fact.number:g}"
    return "|".join(
        (
            "+".join(actors_of(fact, sides)),
            fact.action,
            fact.stage or "",
            fact.polarity,
            ",".join(sorted(set(fact.objects))),
            f"{number} {fact.unit}".strip(),
        )
    )


def about(fact: Fact, sides: Sides) -> str:
    """The matter of a fact: who does what, without stage, polarity, number and details."""
    return f"{'+'.join(actors_of(fact, sides))}|{fact.action}"


def same_matter(one: Fact, other: Fact, sides: Sides) -> bool:
    """Whether two facts speak of one act of one actor on one thing: only then numbers and stages are compared."""
    if one.action != other.action:
        return False
    mine, theirs = set(actors_of(one, sides)), set(actors_of(other, sides))
    if mine and theirs and not mine & theirs:
        return False
    if (one.action in PERSONAL and strangers(one, other, sides)) or elsewhere(one, other, sides):
        return False
    a, b = particular(one, sides), particular(other, sides)
    if not a or not b:
        a, b = (frozenset(fact.objects) - GENERIC for fact in (one, other))
    return overlap(a, b) >= SHARED_OBJECTS


PERSONAL = frozenset(("meet", "visit", "phone", "invite"))
"""Acts that are other acts when other people do them: two ministers' talks are not two leaders' talks."""

GENERIC = frozenset(
    ("island", "peace-treaty", "agreement", "citizen", "relations", "territory", "company", "troops", "sanction")
)
"""Things that half of all reports name: they part no two matters."""


def particular(fact: Fact, sides: Sides) -> frozenset[str]:
    """The objects that make a matter this one: things and places of no side, without the generic ones."""
    return frozenset(o for o in fact.objects if not sides.get(NameId(o)) and o not in GENERIC)


def elsewhere(one: Fact, other: Fact, sides: Sides) -> bool:
    """Whether both facts say where they are and it is not one place; the islands in dispute count as one."""
    mine, theirs = (_place(fact, sides) for fact in (one, other))
    return bool(mine) and bool(theirs) and mine != theirs


def _place(fact: Fact, sides: Sides) -> str:
    if fact.place is None:
        return ""
    return "dispute" if sides.get(fact.place) == "dispute" else str(fact.place)


def strangers(one: Fact, other: Fact, sides: Sides) -> bool:
    """Whether both facts name people and none of them twice."""
    mine, theirs = (set(_people(fact, sides)) for fact in (one, other))
    return bool(mine) and bool(theirs) and not mine & theirs


def _people(fact: Fact, sides: Sides) -> Iterable[str]:
    """Actors and objects that stand for a side without being it: people, mostly."""
    return (who for who in (*fact.actors, *fact.objects) if sides.get(NameId(who), "") not in {"", "dispute", who})


def overlap(one: Iterable[str], other: Iterable[str]) -> float:
    """Share of the smaller set that both hold; 1 where either is empty, since silence contradicts nothing."""
    mine, theirs = set(one), set(other)
    return len(mine & theirs) / min(len(mine), len(theirs)) if mine and theirs else 1.0


def changed_number(new: Fact, old: Fact) -> bool:
    """Whether two facts on one matter count the same thing differently."""
    return new.number is not None and old.number is not None and new.unit == old.unit and new.number != old.number


SPOKEN = frozenset(("criticize", "warn", "demand", "support", "say", "reply"))
"""Acts that are words: once said they stand, whatever stage stands beside them."""

ALIKE = frozenset(("person", "company", "target"))
"""Units that reports of one list change for one another: 40 targets are 40 persons and companies."""


def same_count(one: Fact, other: Fact) -> bool:
    """Whether two facts count alike; people and bodies on one list are counted as one."""
    return one.number == other.number and (one.unit == other.unit or {one.unit, other.unit} <= ALIKE)


def retold(new: Fact, old: Fact, sides: Sides) -> bool:
    """Whether a fact is known by another act of its sentence: "missile launch drill" told as a drill or as a launch.

    What several do together is not known by what one of them did.
    """
    if new.action not in old.objects and old.action not in new.objects:
        return False
    mine, theirs = set(actors_of(new, sides)), set(actors_of(old, sides))
    if (mine and theirs and not mine & theirs) or (new.stage in ENDED) != (old.stage in ENDED):
        return False
    if len(mine) > 1 and not mine <= theirs:
        return False
    if new.polarity != old.polarity or (new.number is not None and not same_count(new, old)):
        return False
    a, b = particular(new, sides) - {old.action}, particular(old, sides) - {new.action}
    if not a and not b:
        a, b = frozenset(new.objects) & GENERIC, frozenset(old.objects) & GENERIC
    return bool(a & b) and overlap(a, b) >= SHARED_OBJECTS and not elsewhere(new, old, sides)


def undone(fact: Fact) -> bool:
    """Whether an act does not go on: not done, or ended; what is not ruled out is neither."""
    return (fact.polarity == "-") != (fact.stage in ENDED)


def reversed_act(new: Fact, old: Fact) -> bool:
    """Whether one fact undoes the other, or does what was undone: for that somebody has to be said to do it.

    A report that was denied is told on as if it were so; that takes no denial back. Words cannot be undone: in
    "condemns the suspended deal" it is the deal that is suspended.
    """
    if undone(new) == undone(old) or (new.action in SPOKEN and new.polarity == old.polarity):
        return False
    if undone(new) or new.stage not in {Stage.PROPOSED, Stage.HELD}:
        return True
    return bool(new.actors) and old.stage is not Stage.DENIED


def stage_reached(new: Fact, old: Fact) -> bool:
    """Whether the act has come further than it was: proposed, announced, held, agreed, signed, in force."""
    if new.stage is None or old.stage is None:
        return False
    return new.stage in RANK and old.stage in RANK and RANK[new.stage] > RANK[old.stage]
