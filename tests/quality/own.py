"""The board's parts on lines of our own: gate, topics, pairs, bursts, copies. They stand in the repository, so CI holds them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache

from monitor.cli.replay import Replayed
from monitor.entities import LANGS, Verdict
from tests import make
from tests.quality import scores
from tests.quality.board import figures
from tests.quality.parts import Measured
from tests.quality.scores import Judged
from tests.quality.stream import HERE, Row, config, join, line, own, read, ungated, walk, walk_worlds

HOURS = 3
"""Time between the two headlines of a pair that names none."""


def numbered(name: str) -> list[dict[str, object]]:
    """Lines that need no name of their own, numbered."""
    return [{"date": "2022-06-15", **row, "id": f"{name}-{number}"} for number, row in enumerate(own(name))]


def by_language(items: Sequence[Judged]) -> list[tuple[str, list[Judged]]]:
    """All of them, then each language's."""
    each = [(lang, [item for item in items if item.lang == lang]) for lang in LANGS]
    return [("all", list(items)), *(row for row in each if row[1])]


def gate() -> Measured:
    """Lines of ours, hard negatives among them, each alone before the gate."""
    rows = numbered("gate.jsonl")
    items = join(rows, walk(map(line, rows), config()))
    wrong = [f"{row['lang']} {row['title']}" for row, item in zip(rows, items, strict=True) if _wrong(item)]
    found = [figure for row, part in by_language(items) for figure in figures("gate", row, scores.gate(part))]
    return Measured(about=f"{len(items)} lines of our own", figures=tuple(found), listed=tuple(wrong))


def _wrong(item: Judged) -> bool:
    return item.relevant != item.said_relevant


def topics() -> Measured:
    """Headlines of ours over all topics, with the gate off: what it would stop is its own part's matter."""
    rows = numbered("topics.jsonl")
    items = join(rows, walk(map(line, rows), ungated()))
    wrong = [
        f"{row['lang']} {row['title']}: missed {', '.join(sorted(item.topics - item.said_topics)) or 'none'}, "
        f"too many {', '.join(sorted(item.said_topics - item.topics)) or 'none'}"
        for row, item in zip(rows, items, strict=True)
        if item.topics != item.said_topics
    ]
    found = [figure for row, part in by_language(items) for figure in figures("topics", row, scores.topics(part))]
    return Measured(about=f"{len(items)} lines of our own", figures=tuple(found), listed=tuple(wrong))


def pairs() -> Measured:
    """Minimal pairs: what a headline comes to some hours after another one, each pair in a world of its own."""
    cases = [(row, came) for row, came, _ in pairs_run()]
    rows = {
        "all": cases,
        **{lang: [one for one in cases if _languages(one[0]) == {lang}] for lang in LANGS},
        "across languages": [one for one in cases if len(_languages(one[0])) > 1],
        **{
            kind: [one for one in cases if one[0]["kind"] == kind] for kind in sorted({row["kind"] for row, _ in cases})
        },
    }
    found = []
    for name, part in rows.items():
        silent = sum((row["expect"] == "repeat") == (came == "repeat") and came != "off-beat" for row, came in part)
        exact = sum(row["expect"] == came for row, came in part)
        shares = {"told or silent": silent / len(part), "exactly right": exact / len(part)}
        found += figures("pairs", name, shares)
    wrong = [
        f"{row['id']}: expected {row['expect']}, came to {came}: {row['first']['title']} | {row['then']['title']}"
        for row, came in cases
        if came != row["expect"]
    ]
    return Measured(about=f"{len(cases)} pairs of our own", figures=tuple(found), listed=tuple(wrong))


@lru_cache(maxsize=1)
def pairs_run() -> tuple[tuple[Row, str, Replayed], ...]:
    """Each pair, what its second headline came to, and that one's verdict; run once, for all that ask."""
    told = walk(_lines_of_pairs(), config(), by="pair")
    return tuple((row, _came_to(row, told), told[f"{row['id']}/then"]) for row in own("pairs"))


def _lines_of_pairs() -> list[dict[str, object]]:
    """Both headlines of each pair as lines, the second hours after the first and of another publisher."""
    return [
        line(
            {**row[part], "id": f"{row['id']}/{part}", "publisher": f"{part} paper"},
            pair=row["id"],
            published=make.at(hours=hours).isoformat(),
        )
        for row in own("pairs")
        for part, hours in (("first", 0), ("then", row.get("hours", HOURS)))
    ]


def _came_to(row: Row, told: Mapping[str, Replayed]) -> str:
    """What the second headline came to: silent, told in the first one's story, told in another, or not ours."""
    first, then = told[f"{row['id']}/first"], told[f"{row['id']}/then"]
    if not (first.relevant and then.relevant):
        return "off-beat"
    if not then.alert:
        return "repeat"
    return "development" if first.story == then.story else "other"


def _languages(row: Row) -> set[str]:
    return {row["first"]["lang"], row["then"]["lang"]}


def bursts() -> Measured:
    """Big events of ten days, told by many: stories of one actor's one act each, and alerts for what is new in them."""
    worlds = {path.stem: read(path) for path in sorted((HERE / "bursts").glob("*.jsonl"))}
    told = walk_worlds({name: [line(row) for row in rows] for name, rows in worlds.items()}, config())
    found, listed = [], []
    for name, rows in worlds.items():
        items = join(rows, told[name])
        found += figures("bursts", name, _burst(items))
        listed += [
            f"{item.id}: {'told' if item.alert else 'silent'}, {row['title']}"
            for row, item in zip(rows, items, strict=True)
            if item.alert != bool(row["new"])
        ]
    about = f"{len(worlds)} bursts of our own, {sum(map(len, worlds.values()))} articles"
    return Measured(about=about, figures=tuple(found), listed=tuple(listed))


def _burst(items: Sequence[Judged]) -> dict[str, float]:
    return {
        "gate recall": scores.gate(items)["recall"],
        **scores.stories(items),
        **scores.alerts(items, scores.firsts(items)),
    }


def copies() -> Measured:
    """Texts carried by another: under other headlines, cut, with lines of a paper's own; and reports that only look so."""
    cases = own("copies.jsonl")
    told = walk(
        [
            line(
                {**row[part], "id": f"{row['id']}/{part}", "lang": row["lang"], "publisher": f"{part} paper"},
                case=row["id"],
                published=make.at(hours=hours).isoformat(),
            )
            for row in cases
            for part, hours in (("first", 0), ("then", HOURS))
        ],
        ungated(),
        by="case",
    )
    ends = [(row, told[f"{row['id']}/then"].verdict == Verdict.COPY) for row in cases]
    found = []
    for name in ("all", *LANGS):
        cells = Counter((row["expect"] == "copy", copied) for row, copied in ends if name in {"all", row["lang"]})
        hits, extra, missed = cells[True, True], cells[False, True], cells[True, False]
        shares = {"precision": scores.share(hits, hits + extra), "recall": scores.share(hits, hits + missed)}
        found += figures("copies", name, shares)
    wrong = [f"{row['id']}: expected {row['expect']}" for row, copied in ends if copied != (row["expect"] == "copy")]
    return Measured(about=f"{len(cases)} cases of our own", figures=tuple(found), listed=tuple(wrong))
