"""Writes docs/acquisition.md: the 76 behaviours of acquisition, each beside the tests that hold us to it.

It never runs a test and never imports one: names and first docstring lines are read from the source. ``--check`` writes
nothing, and fails where the page is stale, a behaviour has no test or a test names a behaviour that is not there.
"""

from __future__ import annotations

import argparse
import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "acquisition.md"
TESTS = ROOT / "tests" / "acquisition"
SECTIONS = {
    1: ("Conditional requests and caching", range(1, 15)),
    2: ("Scheduling and politeness", range(15, 33)),
    3: ("Status codes, redirects, never dying silently", range(33, 49)),
    4: ("Transport and safety", range(49, 57)),
    5: ("Deltas, history, push, other formats", range(57, 62)),
    6: ("Parsing and characters", range(62, 70)),
    7: ("Identity, dates, edits, durability", range(70, 77)),
}
"""The sections by number, with the behaviours that belong to each."""
NAMED = re.compile(r"test_a(?P<section>\d)_(?P<number>\d\d)_\w+")

HEAD = """\
# How feeds are acquired

A missed development may not be the feed's fault without somebody being told. This page lists the 76 behaviours that
see to it, and for each one the tests that hold us to it. It is written by `scripts/acquisition.py` out of the tests
themselves (the sentence is a test's first line), and a test fails when it is stale: `make docs` says so,
`.venv/bin/python scripts/acquisition.py` writes it anew.

The tests poll a real server on the loopback. Each poll is `monitor poll --due --at TIME` as a process of its own, or
does what that command does with everything but the database thrown away in between: what is known, was stored. They
look at what the server saw and at what the database holds, and at nothing else. What needs a second party is tested
where that stands: the hubs of WebSub in `tests/doors/test_websub.py`, a kill at each step in `tests/walk/test_kill.py`.

    make test ARGS="tests/acquisition"               all of them
    make test ARGS="tests/acquisition -k a2_16"      one behaviour

Thirty-odd of the behaviours can be seen from outside. `tests/acquisition/conformance.py` judges any command line by the
server's log alone, ours by default:

    .venv/bin/python -m tests.acquisition.conformance
    .venv/bin/python -m tests.acquisition.conformance --command "monitor poll --due --at {at} --config {config}"

What an operator sees of all this (problems, incidents, possible losses) stands in [operations.md](operations.md); the
keys of a feed's row in [configuration.md](configuration.md).
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """One test: which behaviour it is about, and what it says."""

    section: int
    number: int
    sentence: str
    place: str


def held() -> list[Held]:
    """Every test of a behaviour, in the order of the numbers and then of the files."""
    found = [test for path in sorted(TESTS.glob("test_a*.py")) for test in tests_of(path)]
    return sorted(found, key=lambda test: (test.section, test.number))


def tests_of(path: Path) -> Iterator[Held]:
    """The tests of behaviours in one file."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            continue
        name = NAMED.fullmatch(node.name)
        if name is not None:
            said = (ast.get_docstring(node) or "").split("\n\n")[0]
            place = f"{path.relative_to(TESTS).as_posix()}::{node.name}"
            yield Held(
                section=int(name["section"]), number=int(name["number"]), sentence=" ".join(said.split()), place=place
            )


def faults(tests: list[Held]) -> list[str]:
    """What is wrong with the tests themselves: numbers without one, names that lie, sentences that say nothing."""
    wrong = []
    for section, (_, numbers) in SECTIONS.items():
        there = {test.number for test in tests if test.section == section}
        wrong += [f"behaviour {number} (A{section}) has no test" for number in numbers if number not in there]
        wrong += [f"A{section} has no behaviour {number}" for number in sorted(there - set(numbers))]
    wrong += [f"{test.place}: its first line must read “Given … → …”" for test in tests if not _reads(test.sentence)]
    return wrong


def _reads(sentence: str) -> bool:
    return sentence.startswith("Given ") and " → " in sentence


def page(tests: list[Held]) -> str:
    """The whole page."""
    parts = [HEAD]
    for section, (title, numbers) in SECTIONS.items():
        parts.append(f"\n## A{section} · {title}\n\n| # | Given → must | Tests |\n| --- | --- | --- |\n")
        parts += [_row(number, [test for test in tests if test.number == number]) for number in numbers]
    return "".join(parts)


def _row(number: int, tests: list[Held]) -> str:
    """One behaviour: the sentence of its first test, and of each further one that says more."""
    said = [_cell(sentence) for sentence in dict.fromkeys(test.sentence for test in tests)]
    places = [f"`{test.place}`" for test in tests]
    return f"| {number} | {'<br>'.join(said)} | {'<br>'.join(places)} |\n"


def _cell(text: str) -> str:
    return text.replace("``", "`").replace("|", "\\|")


def main() -> int:
    """Write the page, or say what is wrong with it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail when the page is stale")
    given = parser.parse_args()
    tests = held()
    wrong, text = faults(tests), page(tests)
    if given.check and (not PAGE.exists() or PAGE.read_text(encoding="utf-8") != text):
        wrong.append("docs/acquisition.md is stale: .venv/bin/python scripts/acquisition.py writes it anew")
    for line in wrong:
        print(line, file=sys.stderr)
    if not given.check:
        PAGE.write_text(text, encoding="utf-8")
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
