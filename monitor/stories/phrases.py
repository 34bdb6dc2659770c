"""The English words of acts, things and units, as alerts say them: one row an act, one template for all.

Never read for understanding: ``config/lexicon`` tells what texts mean, this tells how it is said back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Phrase:
    """How one act is said: "Japan ``held`` ``link`` things ``party`` Russia ``at`` Kunashir".

    ``of`` joins the noun with what it is about. ``link``, ``party`` or ``at`` empty: the verb takes these as they are.
    ``party`` or ``at`` None: such names stand in brackets, since no one preposition is always right.
    ``implies``: things that the words of the act say already.
    """

    base: str
    held: str
    noun: str
    of: str = "of"
    link: str = ""
    party: str | None = None
    at: str | None = None
    asks: bool = False
    implies: frozenset[str] = frozenset()


PHRASES: Mapping[str, Phrase] = {
    "protest": Phrase("protest", "protests", "protest", "over", link="over"),
    "criticize": Phrase("express criticism", "expresses criticism", "criticism", "over", link="over"),
    "warn": Phrase("warn", "warns", "warning", "over", link="over"),
    "summon": Phrase("summon", "summons", "summons"),
    "recall": Phrase("recall", "recalls", "recall"),
    "expel": Phrase("expel", "expels", "expulsion"),
    "ban-entry": Phrase("ban entry", "bans entry", "entry ban", ":", link=":", implies=frozenset(("visa",))),
    "ban": Phrase("ban", "bans", "ban", "on"),
    "sanction": Phrase(
        "impose sanctions", "imposes sanctions", "sanctions", ":", link=":", implies=frozenset(("sanction",))
    ),
    "meet": Phrase("hold talks", "holds talks", "talks", "on", link="on", party="with"),
    "phone": Phrase("talk by phone", "talks by phone", "phone talks", "on", link="about", party="with"),
    "visit": Phrase("visit", "visits", "visit", ":", link=":", party="", at=""),
    "invite": Phrase("invite", "invites", "invitation", link="on", party=""),
    "propose": Phrase("propose", "proposes", "proposal", asks=True),
    "demand": Phrase("demand", "demands", "demand", "for", asks=True),
    "consider": Phrase("consider", "considers", "plan", "on", asks=True),
    "announce": Phrase("plan", "plans", "plan", "on"),
    "decide": Phrase("decide", "decides", "decision", "on", link="on"),
    "agree": Phrase("agree", "agrees", "agreement", "on", link="on"),
    "sign": Phrase("sign", "signs", "signing"),
    "take-effect": Phrase("see take effect", "sees take effect", "entry into force"),
    "suspend": Phrase("suspend", "suspends", "suspension"),
    "terminate": Phrase("end", "ends", "end"),
    "resume": Phrase("resume", "resumes", "resumption"),
    "begin": Phrase("begin", "begins", "start"),
    "continue": Phrase("continue", "continues", "continuation"),
    "reject": Phrase("reject", "rejects", "rejection"),
    "deny": Phrase("deny", "denies", "denial"),
    "no-comment": Phrase("decline to comment", "declines to comment", "no comment", "on", link="on"),
    "fail": Phrase("make no progress", "makes no progress", "deadlock", "on", link="on"),
    "reply": Phrase("respond", "responds", "response", "to", link="to"),
    "say": Phrase("speak", "speaks", "statement", "about", link="about"),
    "support": Phrase("support", "supports", "support", "for", link="over", party=""),
    "cooperate": Phrase("cooperate", "cooperates", "cooperation", "on", link="on", party="with"),
    "convey": Phrase("hand over", "hands over", "handing over"),
    "apologize": Phrase("apologize", "apologizes", "apology", "for", link="for"),
    "name": Phrase("name", "names", "naming", at=""),
    "appoint": Phrase("appoint", "appoints", "appointment"),
    "drill": Phrase("hold a drill", "holds a drill", "drill", ":", link=":", at="near"),
    "launch": Phrase("fire", "fires", "launch", at="near"),
    "deploy": Phrase("deploy", "deploys", "deployment", at="on"),
    "build": Phrase("build up", "builds up", "build-up", at="on"),
    "patrol": Phrase("patrol", "patrols", "patrol", ":", link=":", at="near"),
    "intrude": Phrase("intrude", "intrudes", "intrusion", ":", link=":"),
    "scramble": Phrase("scramble", "scrambles", "scramble"),
    "detain": Phrase("detain", "detains", "detention"),
    "release": Phrase("release", "releases", "release"),
    "attack": Phrase("attack", "attacks", "attack", "on"),
    "sentence": Phrase("sentence", "sentences", "sentence", ":", link=":"),
    "kill": Phrase("see a death", "sees a death", "death", link=":"),
    "buy": Phrase("buy", "buys", "purchase"),
    "sell": Phrase("sell", "sells", "sale"),
    "invest": Phrase("invest", "invests", "investment", ":", link=":"),
    "rise": Phrase("see a rise", "sees a rise", "rise", ":", link=":"),
    "fall": Phrase("see a fall", "sees a fall", "fall", ":", link=":"),
    "tighten": Phrase("tighten or extend", "tightens or extends", "tightening"),
    "ease": Phrase("ease", "eases", "easing"),
    "join": Phrase("join", "joins", "joining", link="in", party=""),
    "sue": Phrase("sue", "sues", "lawsuit", "over", link="over"),
    "study": Phrase("look into", "looks into", "study"),
    "publish": Phrase("publish", "publishes", "publication"),
    "pass": Phrase("pass", "passes", "passing"),
    "change": Phrase("change", "changes", "change", "to"),
    "close": Phrase("close", "closes", "closure"),
    "commemorate": Phrase("commemorate", "commemorates", "commemoration", ":", link=":", at="at"),
    "order": Phrase("order", "orders", "order", ":", link=":"),
    "catch": Phrase("catch", "catches", "catch", at="near"),
    "provide": Phrase("provide", "provides", "provision", party="to"),
    "complete": Phrase("complete", "completes", "completion"),
    "defend": Phrase("defend", "defends", "defence"),
    "rescue": Phrase("rescue", "rescues", "rescue"),
    "rally": Phrase("rally", "rallies", "rally", "over", link="over"),
    "detect": Phrase("detect", "detects", "detection", at="near"),
    "transit": Phrase("discharge", "discharges", "discharge"),
}
"""How each act of ``config/lexicon`` is said."""

GRAVES = "grave-visits"
GRAVE_VISIT = Phrase(
    "visit graves", "visits graves", "grave visit", ":", link=":", at="on", implies=frozenset((GRAVES,))
)
"""How a visit is said that is one to graves."""

THINGS: Mapping[str, str] = {
    "antiship-missile": "anti-ship missiles",
    "assets": "asset freeze",
    "base": "military base",
    "citizen": "citizens",
    "coastal-missile": "coastal missiles",
    "company": "companies",
    "ambassador": "envoy",
    "fish": "fish",
    "fishing-boat": "fishing boats",
    "fishing-accord": "fisheries",
    "import-levy": "import duties",
    "islander": "former islanders",
    "joint-declaration-1956": "1956 declaration",
    "lawmaker": "lawmakers",
    "missile": "missiles",
    "nuclear-weapon": "nuclear weapons",
    "patriot": "Patriot missiles",
    "sanction": "sanctions",
    "ship": "ships",
    "student": "students",
    "visa-free-exchange": "visa-free visits",
    "war-criminal": "militarism",
}
"""Things whose slug does not read as English by itself."""

UNITS: Mapping[str, tuple[str, str]] = {
    "missile": ("missile", "missiles"),
    "person": ("person", "people"),
    "ship": ("ship", "ships"),
    "aircraft": ("aircraft", "aircraft"),
    "percent": ("{}%", "{}%"),
    "usd": ("US dollar", "US dollars"),
    "jpy": ("yen", "yen"),
    "rub": ("rouble", "roubles"),
    "eur": ("euro", "euros"),
    "ton": ("ton", "tons"),
    "barrel": ("barrel", "barrels"),
    "km": ("km", "km"),
    "island": ("island", "islands"),
    "package": ("package number {}", "package number {}"),
    "round": ("round number {}", "round number {}"),
    "meeting": ("meeting number {}", "meeting number {}"),
    "day": ("day", "days"),
    "week": ("week", "weeks"),
    "month": ("month", "months"),
    "year": ("year", "years"),
    "hour": ("hour", "hours"),
    "minute": ("minute", "minutes"),
    "point": ("point", "points"),
    "company": ("company or organisation", "companies and organisations"),
    "target": ("person or company", "persons and companies"),
    "country": ("country", "countries"),
    "item": ("kind of goods", "kinds of goods"),
    "vehicle": ("vehicle", "vehicles"),
    "case": ("case", "cases"),
    "nautical-mile": ("nautical mile", "nautical miles"),
    "meter": ("metre", "metres"),
    "vote": ("vote", "votes"),
}
"""What numbers count: one and many; ``{}`` stands where the number goes inside."""
