"""The words of doing: verbs, things, units and small words of three languages, as ``config/lexicon/`` tells them.

Never reads a file: the tables come in as plain dicts and are checked here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from monitor.entities import Stage
from monitor.errors import ConfigError

LISTS = (
    "negation",
    "modal",
    "future",
    "passive",
    "by",
    "other",
    "subject",
    "object",
    "target",
    "of",
    "opinion",
    "asks",
    "preview",
    "anniversary",
    "background",
    "hearsay",
    "determiners",
    "deputies",
    "compound",
    "before_verbs",
    "at",
    "days",
    "periods",
    "weekdays",
    "past",
    "next",
    "months",
    "seasons",
    "scales",
    "numerals",
    "ordinals",
    "shares",
    "alone",
    "ago",
    "fixed",
    "agents",
    "idle",
    "eras",
    "zones",
    "zone",
)
"""The lists a language may give under ``[words]``; what each is for stands in ``config/lexicon/en.toml``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verb:
    """One act, as one language says it.

    ``light``: beside another act it only says how far that one has come. ``said``: what follows is somebody's word.
    ``answer``: it is one side's word on the other's deed. ``noun``: this form names the act and never governs.
    ``transitive``: it is always done to somebody, so that English "envoy summoned over drills" is passive.
    """

    action: str
    stage: Stage
    polarity: str = "+"
    light: bool = False
    said: bool = False
    answer: bool = False
    noun: bool = False
    transitive: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """What a number counts; ``factor``: how many of it one such form is (割 is ten percent)."""

    id: str
    money: bool = False
    factor: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Tongue:
    """The words of one language, each form with what it means."""

    verbs: tuple[tuple[str, Verb], ...] = ()
    things: tuple[tuple[str, str], ...] = ()
    units: tuple[tuple[str, Unit], ...] = ()
    words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def list(self, name: str) -> tuple[str, ...]:
        """One of the small-word lists; empty where the language has none."""
        return self.words.get(name, ())

    def values(self, name: str) -> Mapping[str, float]:
        """A list of ``word=number`` as a mapping."""
        return {word: float(value) for word, _, value in (entry.partition("=") for entry in self.list(name))}


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """All languages' words of doing."""

    tongues: Mapping[str, Tongue]

    @classmethod
    def from_tables(cls, tables: Mapping[str, Mapping[str, Any]]) -> Vocabulary:
        """The vocabulary of ``config/lexicon/*.toml``, one table a language; a mistake in it raises ``ConfigError``."""
        return cls(tongues={lang: _tongue(lang, table) for lang, table in tables.items()})

    def tongue(self, lang: str) -> Tongue:
        """The words of a language; empty ones for a language we do not read."""
        return self.tongues.get(lang, Tongue())

    @property
    def answers(self) -> frozenset[str]:
        """The actions that answer somebody else's deed."""
        return frozenset(verb.action for tongue in self.tongues.values() for _, verb in tongue.verbs if verb.answer)


def _tongue(lang: str, table: Mapping[str, Any]) -> Tongue:
    shown = f"config/lexicon/{lang}.toml"
    known = {"verb", "thing", "unit", "words"}
    for key in table:
        if key not in known:
            raise ConfigError(shown, key, None, f"is no table of a lexicon; there are {', '.join(sorted(known))}")
    words: dict[str, tuple[str, ...]] = {}
    for key, values in table.get("words", {}).items():
        if key not in LISTS:
            raise ConfigError(shown, f"words.{key}", values, "is no list a lexicon knows")
        words[key] = tuple(values)
    return Tongue(
        verbs=tuple(_verbs(shown, table.get("verb", ()))),
        things=tuple((form, row["id"]) for row in table.get("thing", ()) for form in row["forms"]),
        units=tuple(
            (form, Unit(id=row["id"], money=bool(row.get("money")), factor=float(row.get("factor", 1))))
            for row in table.get("unit", ())
            for form in row["forms"]
        ),
        words=words,
    )


def _verbs(shown: str, rows: Sequence[Mapping[str, Any]]) -> Iterable[tuple[str, Verb]]:
    for row in rows:
        action = row.get("action", "")
        if not action or row.get("polarity", "+") not in {"+", "-"} or row.get("stage") not in set(Stage):
            raise ConfigError(
                shown, f"verb {action or '?'}", dict(row), "needs an action, a stage and a polarity of + or -"
            )
        for noun, forms in ((False, row.get("forms", ())), (True, row.get("nouns", ()))):
            for form in forms:
                yield (
                    form,
                    Verb(
                        action=action,
                        stage=Stage(row["stage"]),
                        polarity=row.get("polarity", "+"),
                        light=bool(row.get("light")),
                        said=bool(row.get("said")),
                        answer=bool(row.get("answer")),
                        noun=noun,
                        transitive=bool(row.get("transitive")),
                    ),
                )
