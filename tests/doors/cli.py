"""The real commands in processes of their own, on a configuration and an SQLite file of the test's own."""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from monitor.cli import main

ROOT = Path(__file__).resolve().parents[2]
LONG = frozenset({"run", "demo"})
"""Commands that are always processes of their own: they have threads, signals and an end."""
PATIENCE = 120
"""Seconds for one command, on a machine that does much else."""

MONITOR_TOML = """
[database]
url = "sqlite:///{folder}/monitor.db"
[http]
allow_addresses = ["127.0.0.0/8"]
host_gap = "0s"
connect_timeout = "2s"
[schedule]
every = "5m"
spread = "1s"
tick = "1s"
[meaning]
embedder = "none"
[alerts]
destination = "console"
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What a command said."""

    code: object
    out: str
    err: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Cli:
    """Runs ``monitor`` in ``folder``, where ``config/`` is a copy of the project's with feeds of the test's own."""

    folder: Path
    extra: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def on(cls, folder: Path, feeds: Mapping[str, str], *, more: str = "") -> Cli:
        """A configuration whose feeds are these ids with these URLs."""
        shutil.copytree(ROOT / "config", folder / "config")
        (folder / "config" / "monitor.toml").write_text(MONITOR_TOML.format(folder=folder) + more, encoding="utf-8")
        cli = cls(folder=folder)
        cli.set_feeds(feeds)
        return cli

    def set_feeds(self, feeds: Mapping[str, str]) -> None:
        """Write ``feeds.toml``."""
        rows = [
            f'[[feed]]\nid = "{name}"\nurl = "{url}"\npublisher = "{name.title()}"\nfamily = "{name}"\nlang = "en"\n'
            "insecure = true\n"
            for name, url in feeds.items()
        ]
        (self.folder / "config" / "feeds.toml").write_text("\n".join(rows), encoding="utf-8")

    @property
    def env(self) -> dict[str, str]:
        """The environment of every command: nothing of the caller's configuration, UTF-8, no colours."""
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("MONITOR_", "COLUMNS"))}
        return {**kept, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1", "NO_COLOR": "1", "TERM": "dumb", **self.extra}

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """A command that goes on by itself."""
        return subprocess.Popen(
            [sys.executable, "-m", "monitor", *arguments], cwd=self.folder, env=self.env, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL,
        )  # fmt: skip

    def __call__(self, *arguments: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
        """A command to its end. Whatever happens, it shows no traceback."""
        done = subprocess.run(
            [sys.executable, "-m", "monitor", *arguments], cwd=self.folder, env=self.env, text=True, check=False,
            capture_output=True, timeout=PATIENCE, input=stdin or "",
        )  # fmt: skip
        assert "Traceback" not in done.stderr, done.stderr
        return done

    def ok(self, *arguments: str, stdin: str | None = None) -> str:
        """The answer of a command that must work."""
        done = self(*arguments, stdin=stdin)
        assert done.returncode == 0, (done.returncode, done.stdout, done.stderr)
        return done.stdout

    def here(self, *arguments: str, stdin: str = "") -> Answered:
        """A command inside this process: the same ``main``, without the second a new process takes to start."""
        out, err, before = io.StringIO(), io.StringIO(), (sys.argv, os.environ.copy(), Path.cwd(), sys.stdin)
        on_term = signal.getsignal(signal.SIGTERM)
        code: object = 0
        try:
            sys.argv, sys.stdin = ["monitor", *arguments], io.StringIO(stdin)
            os.environ.clear()
            os.environ.update(self.env)
            os.chdir(self.folder)
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                main()
        except SystemExit as ended:
            code = ended.code
        finally:
            sys.argv, sys.stdin = before[0], before[3]
            signal.signal(signal.SIGTERM, on_term)
            os.environ.clear()
            os.environ.update(before[1])
            os.chdir(before[2])
        return Answered(code=code or 0, out=out.getvalue(), err=err.getvalue())

    def said(self, *arguments: str) -> str:
        """The answer of a command that must work, asked inside this process."""
        answer = self.here(*arguments)
        assert answer.code == 0, answer
        return answer.out

    def json(self, *arguments: str) -> Any:
        """The answer as JSON; what only looks or changes a row is asked inside this process."""
        if arguments[0] in LONG:
            return json.loads(self.ok(*arguments, "--json"))
        answer = self.here(*arguments, "--json")
        assert answer.code == 0, answer
        return json.loads(answer.out)
