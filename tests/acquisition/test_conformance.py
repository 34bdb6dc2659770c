"""The judge that reads nothing but the server's log, on ours and on a poller that does everything wrong."""

from __future__ import annotations

import asyncio
import datetime as dt
import random
import shutil
import urllib.request
from contextlib import suppress
from http.client import HTTPException
from pathlib import Path

from monitor import settings
from monitor.app import App
from monitor.daemon import Daemon
from monitor.pipeline import Rooms
from monitor.settings import Config
from tests.acquisition.conformance import MINUTE, judged
from tests.doors.cli import ROOT


def test_ours_passes_every_behaviour_that_can_be_seen_from_outside(rooms: Rooms, tmp_path: Path) -> None:
    """Eleven days on a set clock; each poll knows nothing but what was stored."""
    folder = tmp_path / "config"
    shutil.copytree(ROOT / "config", folder)
    read: list[Config] = []

    def drive(at: dt.datetime, config: Path) -> None:
        if not read:
            read.append(settings.load(config))
        app = App(read[0], clock=lambda: at)
        app.__dict__["rooms"] = rooms  # read and built once: neither holds any state
        try:
            daemon = Daemon(app, clock=lambda: at, rng=random.Random(at.isoformat()))
            asyncio.run(daemon.poll_by_hand([], due=True, deliver=False))
        finally:
            app.close()

    found = judged(drive, folder)
    assert len(found) >= 32
    assert {one.number: one.fault for one in found if one.fault} == {}


def test_a_poller_that_remembers_nothing_fails_most_of_them(tmp_path: Path) -> None:
    """The judge can say no: a script that asks every feed at every step passes few."""

    def drive(at: dt.datetime, config: Path) -> None:
        for line in (config / "feeds.txt").read_text(encoding="utf-8").splitlines():
            with (
                suppress(OSError, ValueError, HTTPException),
                urllib.request.urlopen(line.split()[0], timeout=5) as answer,
            ):
                answer.read()

    folder = tmp_path / "config"
    folder.mkdir()
    found = judged(drive, folder, steps=[number * 5 * MINUTE for number in range(8)])
    assert sum(not one.fault for one in found) <= 8
