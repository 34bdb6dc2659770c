"""What acts are about, told once: the particular thing instead of its kind, and nothing that the act says already.

Never drops the only thing a fact names: a kind goes where one of its kind is named beside it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

KINDS: Mapping[str, frozenset[str]] = {
    "agreement": frozenset(
        (
            "peace-treaty",
            "fishing-accord",
            "visa-free-exchange",
            "russian-nuclear-disarmament-agreement",
            "joint-declaration-1956",
            "investment-agreement",
        )
    ),
    "missile": frozenset(
        ("patriot", "antiship-missile", "coastal-missile", "s-300", "s-400", "bal", "bastion", "iskander")
    ),
    "visa": frozenset(("visa-free-exchange",)),
    "fish": frozenset(("fishing-accord",)),
    "war": frozenset(("wwii", "ukraine-war", "soviet-japanese-war")),
    "territory": frozenset(("northern-territories", "disputed-islands")),
    "energy-project": frozenset(("sakhalin-1", "sakhalin-2", "arctic-lng-2", "yamal-lng")),
    "sakhalin": frozenset(("sakhalin-1", "sakhalin-2", "sakhalin-energy")),
    "security-council": frozenset(("un-security-council",)),
    "ship": frozenset(("pacific-fleet",)),
}
"""A kind of thing, and the particular ones beside which it adds nothing."""
SAID: Mapping[str, frozenset[str]] = {
    "sanction": frozenset(("sanction",)),
    "ban-entry": frozenset(("visa", "ban")),
    "invest": frozenset(("loan",)),
}
"""Things the words of an act say already."""
COUNTED: Mapping[str, frozenset[str]] = {
    "person": frozenset(("citizen",)),
    "target": frozenset(("citizen", "company")),
    "company": frozenset(("company",)),
}
"""Things that are only what a number counts: one language says "officials" where another counts heads."""
ALIASES: Mapping[str, str] = {
    "bastion": "coastal-missile",
    "bal": "coastal-missile",
    "joint-bomber-patrol": "joint-flight",
}
"""Names that one language has as a name and another as a thing."""
RESTS: Mapping[tuple[str, str], str] = {
    ("tighten", "sanction"): "sanction",
    ("tighten", "assets"): "sanction",
    ("tighten", "export-ban"): "ban",
    ("suspend", "assets"): "sanction",
    ("rise", "sanction"): "sanction",
    ("tighten", "ban-entry"): "ban-entry",
    ("rise", "ban-entry"): "ban-entry",
    ("tighten", "ban"): "ban",
}
"""What an act on a thing comes to: a list of sanctions grows by sanctions, assets are frozen by them."""


COUNTED_THINGS = frozenset(("ship", "aircraft", "missile"))
"""Units that are things too: where one language names the ship, another only counts it ("ロシア艦2隻")."""


def act_on(action: str, objects: Collection[str]) -> str:
    """The act as its thing makes it."""
    return next((rest for (what, thing), rest in RESTS.items() if what == action and thing in objects), action)


def told_once(action: str, objects: Collection[str], islands: Collection[str], units: Collection[str]) -> set[str]:
    """The objects without kinds beside their own, and without what act or number say already."""
    kept = {ALIASES.get(thing, thing) for thing in objects if thing not in SAID.get(action, ())}
    kept |= COUNTED_THINGS.intersection(units)
    kept -= {kind for kind, members in KINDS.items() if kind in kept and not members.isdisjoint(kept)}
    if "island" in kept and not kept.isdisjoint(islands):
        kept.discard("island")
    for unit in units:
        kept -= COUNTED.get(unit, frozenset())
    kept.discard(action)
    return kept
