"""Readers that leave: a daemon and a command whose output nobody reads any more, as in ``monitor … | head``."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from monitor.entities import OutboxState
from monitor.store import SqlStore
from tests import make
from tests.doors.cli import PATIENCE, Cli

SOON = 20.0
"""Seconds a daemon may take to end: far less than the 10 minutes of a patient operator, on a machine that does much else."""


def closed_pipe() -> int:
    """The writing end of a pipe whose reader has left."""
    reader, writer = os.pipe()
    os.close(reader)
    return writer


@pytest.mark.parametrize("both", [False, True], ids=["its output", "its output and its log"])
def test_a_daemon_whose_reader_left_goes_on_keeps_its_alerts_says_so_and_ends_when_told_to(
    tmp_path: Path, both: bool
) -> None:
    cli = Cli.on(tmp_path, {"away": "http://127.0.0.1:9/feed"})
    pipe = closed_pipe()
    daemon = subprocess.Popen(
        [sys.executable, "-m", "monitor", "run"], cwd=cli.folder, env=cli.env, stdin=subprocess.DEVNULL,
        stdout=pipe, stderr=pipe if both else subprocess.DEVNULL,
    )  # fmt: skip
    os.close(pipe)

    def queue() -> list[dict[str, object]]:
        if not (cli.folder / "monitor.db").exists():
            return []
        answer = cli.here("status", "--json")  # exit code 1 while a destination takes nothing
        found: list[dict[str, object]] = json.loads(answer.out)["queue"] if answer.out else []
        return [line for line in found if line["broken"]]

    try:
        deadline = time.monotonic() + PATIENCE
        while not (broken := queue()):
            assert daemon.poll() is None
            assert time.monotonic() < deadline, "it did not come"
            time.sleep(0.5)
        daemon.send_signal(signal.SIGTERM)
        code = daemon.wait(timeout=SOON)
    finally:
        daemon.kill()

    assert code == 0
    assert broken[0]["destination"] == "console"
    assert str(broken[0]["broken"]).startswith("channel: standard output: ")
    assert [row["state"] for row in cli.json("alerts", "list")] == ["pending"]


@pytest.mark.parametrize("arguments", [["alerts", "list"], ["alerts", "list", "--json"], ["alerts", "show", "o1"]])
def test_a_command_whose_reader_left_ends_quietly(tmp_path: Path, arguments: list[str]) -> None:
    cli = Cli.on(tmp_path, {"away": "http://127.0.0.1:9/feed"})
    cli.said("status")
    store = SqlStore(f"sqlite:///{tmp_path / 'monitor.db'}")
    with store.begin() as tx:
        for number in range(60):
            tx.enqueue(
                make.alert(story=None), dedup_key=str(number), state=OutboxState.DEAD, due_at=make.NOW, now=make.NOW
            )
    store.close()
    pipe = closed_pipe()

    done = subprocess.run(
        [sys.executable, "-m", "monitor", *arguments], cwd=cli.folder, env=cli.env, check=False, timeout=PATIENCE,
        stdin=subprocess.DEVNULL, stdout=pipe, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    os.close(pipe)

    assert (done.returncode, done.stderr) == (0, "")
