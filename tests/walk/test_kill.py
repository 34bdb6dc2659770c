"""A kill at each step of the walk: nothing is lost, nothing is told twice, on both databases."""

from __future__ import annotations

import contextlib
import itertools
import os
import signal
import sys
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest

from monitor import clean, dedupe, schedule
from monitor.alerts.console import ConsoleSink
from monitor.alerts.deliver import Delivery
from monitor.app import App
from monitor.entities import AlertReason, FeedId, OutboxState, Verdict
from monitor.pipeline import Pipeline, Rooms
from monitor.settings import Config
from monitor.sources.http import Http
from monitor.sources.rss import Rss
from monitor.store import SqlStore, SqlTx
from monitor.store.views import Views
from tests.walk import house

OLD = ("old-1", "Japan and Russia discuss fisheries in Tokyo", "Japan and Russia held talks on fisheries in Tokyo.")
NEW = (
    "new-1",
    "Russia to fire 2 missiles in drill near Kunashir",
    "Russia said it would fire two missiles during a drill near Kunashir, an island claimed by Japan.",
)
OFF = ("off-1", "Orchestra cancels tour after conductor falls ill", "The concerts will be held in autumn.")


def steps(rooms: Rooms) -> dict[str, tuple[object, str]]:
    """Every step of the walk, in order, with what carries it out."""
    return {
        "fetch": (Http, "fetch"),
        "items": (SqlTx, "items"),
        "parse": (Rss, "parse"),
        "clean": (clean, "clean"),
        "dedupe": (dedupe, "standing"),
        "read": (type(rooms.lexicon), "scan"),
        "gate": (type(rooms.gate), "judge"),
        "classify": (type(rooms.classifier), "classify"),
        "extract": (type(rooms.extractor), "extract"),
        "add": (SqlTx, "add"),
        "copy": (dedupe, "copy_of"),
        "assign": (type(rooms.stories), "assign"),
        "detect": (type(rooms.stories), "detect"),
        "absorb": (type(rooms.stories), "absorb"),
        "place": (SqlTx, "place"),
        "develop": (SqlTx, "add_development"),
        "enqueue": (SqlTx, "enqueue"),
        "record": (SqlTx, "record"),
        "add settled": (SqlTx, "add_settled"),
        "schedule": (schedule, "after_poll"),
        "keep raw": (SqlTx, "keep_raw"),
        "feed state": (SqlTx, "save_polled"),
        "take in": (Pipeline, "take_in"),
        "review": (App, "review"),
        "deliver": (Delivery, "deliver"),
        "claim and confirm": (SqlTx, "update_outbox"),
        "send": (ConsoleSink, "send"),
    }


STEPS = (
    "fetch", "items", "parse", "clean", "dedupe", "read", "gate", "classify", "extract", "add", "copy", "assign", "detect", "absorb",
    "place", "develop", "enqueue", "record", "add settled", "schedule", "keep raw", "feed state", "take in", "review", "deliver", "claim and confirm", "send",
)  # fmt: skip


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("step", STEPS)
def test_a_kill_loses_nothing_and_tells_once(
    step: str, when: str, config: Config, rooms: Rooms, store_url: str, base: str, pages: Path, tmp_path: Path
) -> None:
    screen = tmp_path / "screen.txt"
    poll_at = polling(config, rooms, store_url, base, screen, tmp_path)
    (pages / "paper.xml").write_bytes(house.rss(OLD))
    assert poll_at(0) == 0
    (pages / "paper.xml").write_bytes(house.rss(NEW, OFF, OLD, at=house.LATER))

    killed = poll_at(1, trap=lambda: kill_at(steps(rooms)[step], when))
    assert killed == -signal.SIGKILL
    for hours in (2, 3):  # the second look at a row that may have been told comes a settle time later
        assert poll_at(hours) == 0

    with contextlib.closing(SqlStore(store_url)) as store:
        views = Views(store)
        entries = {entry.title: entry.verdict for entry in views.entries()}
        (told,) = views.explain(f"https://paper.example/{NEW[0]}")
        (baseline,) = views.explain(f"https://paper.example/{OLD[0]}")
    assert entries == {OLD[1]: Verdict.DEVELOPMENT, NEW[1]: Verdict.DEVELOPMENT, OFF[1]: Verdict.OFF_BEAT}
    assert told.account.alert is AlertReason.QUEUED
    assert [row.state for row in told.alerts] == [OutboxState.SENT]
    assert (baseline.account.alert, baseline.alerts) == (AlertReason.BASELINE, ())
    assert screen.read_text(encoding="utf-8").count(NEW[1]) == 1


MISSED = (
    "missed-1",
    "Japan protests to Russia over drill near Kunashir",
    "Japan protested to Russia over a missile drill near Kunashir.",
)
PAGE_STEPS = {
    "fetch": (Http, "fetch_page"),
    "read the page": (Pipeline, "take_in_page"),
    "settle": (Pipeline, "settle"),
    "gap": (schedule, "after_page"),
    "feed state": (SqlTx, "save_polled"),
}


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("step", PAGE_STEPS)
def test_a_kill_while_a_gap_is_healed_misses_nothing_and_tells_once(
    step: str, when: str, config: Config, rooms: Rooms, store_url: str, base: str, pages: Path, tmp_path: Path
) -> None:
    screen = tmp_path / "screen.txt"
    poll_at = polling(config, rooms, store_url, base, screen, tmp_path)
    (pages / "paper.xml").write_bytes(house.rss(OLD))
    assert poll_at(0) == 0
    older = b'<link xmlns="http://www.w3.org/2005/Atom" rel="next" href="/older.xml"/><item>'
    (pages / "paper.xml").write_bytes(house.rss(NEW, OFF, at=house.LATER).replace(b"<item>", older, 1))
    page, known = house.rss(MISSED, at=house.START + HOUR / 2), house.rss(OLD)
    (pages / "older.xml").write_bytes(
        page.replace(b"</channel>", known[known.index(b"<item>") : known.index(b"</channel>")] + b"</channel>")
    )

    # The statement that writes a poll writes the page's end too: the second one of the process is the page's.
    number = 2 if step in {"settle", "feed state"} else 1
    assert poll_at(1, trap=lambda: kill_at(PAGE_STEPS[step], when, number)) == -signal.SIGKILL
    for hours in (2, 3):
        assert poll_at(hours) == 0

    with contextlib.closing(SqlStore(store_url)) as store:
        titles = sorted(entry.title for entry in Views(store).entries())
        with store.read() as tx:
            assert tx.feed_state(FeedId("paper")).gap is None
    assert titles == sorted(one[1] for one in (OLD, NEW, OFF, MISSED))
    told = screen.read_text(encoding="utf-8")
    # One message may tell both: they are one story.
    assert (told.count(NEW[1]), told.count("first word from Japan: protests over drill")) == (1, 1)


HOUR = house.LATER - house.START


def polling(config: Config, rooms: Rooms, store_url: str, base: str, screen: Path, folder: Path) -> Callable[..., int]:
    """What polls the paper in a process of its own, at an hour, with a trap laid; it answers how that ended."""

    def poll_at(hours: int, trap: Callable[[], None] = lambda: None) -> int:
        def job() -> None:
            trap()
            house.poll(house.house(config, rooms, store_url, house.feed(base, "paper")), house.START + hours * HOUR)

        return in_child(job, screen, folder)

    return poll_at


def kill_at(place: tuple[object, str], when: str, number: int = 1) -> None:
    """From now on the process dies before (or right after) this step does its work for the ``number``-th time."""
    owner, name = place
    original = getattr(owner, name)
    left = itertools.count(1 - number)

    if name in {"fetch", "fetch_page"}:

        async def fetch(*args: object, **named: object) -> object:
            if when == "before":
                os.kill(os.getpid(), signal.SIGKILL)
            result = await original(*args, **named)
            os.kill(os.getpid(), signal.SIGKILL)
            return result

        setattr(owner, name, fetch)
        return

    def step(*args: object, **named: object) -> object:
        if next(left) < 0:
            return original(*args, **named)
        if when == "after":
            original(*args, **named)
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError("nobody outlives SIGKILL")

    setattr(owner, name, step)


def in_child(job: Callable[[], None], screen: Path, folder: Path) -> int:
    """Run a job in a forked process, its standard output in a file; how it ended (negative: by which signal)."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # no other thread of ours runs while we fork
        child = os.fork()
    if child == 0:
        try:
            os.chdir(folder)
            os.dup2(os.open(screen, os.O_WRONLY | os.O_CREAT | os.O_APPEND), 1)
            sys.stdout = os.fdopen(1, "w", encoding="utf-8")  # pytest's own capture is the parent's
            job()
            sys.stdout.flush()
            os._exit(0)
        except BaseException:  # noqa: BLE001 - a forked child must end here, whatever happened
            traceback.print_exc()
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def test_every_step_that_is_named_is_killed(rooms: Rooms) -> None:
    """``STEPS`` is what the cases are made of; ``steps`` knows where each of them lives."""
    assert tuple(steps(rooms)) == STEPS
