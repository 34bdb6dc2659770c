"""An installed wheel works alone: its migrations and its default configuration are in it."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this tree, unpacked as an installer would, in a folder that knows nothing of the tree."""
    made = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(made)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (wheel,) = made.glob("*.whl")
    with zipfile.ZipFile(wheel) as packed:
        packed.extractall(made / "site")
    return made / "site"


def monitor(installed: Path, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """A command of the installed package, in a foreign folder."""
    code = "import sys, monitor; assert sys.argv[1] in monitor.__file__; del sys.argv[1]; from monitor.cli import main; main()"
    env = {key: value for key, value in os.environ.items() if not key.startswith("MONITOR_")}
    return subprocess.run(
        [sys.executable, "-c", code, str(installed), *words],
        cwd=folder, env={**env, "PYTHONPATH": str(installed), "PYTHONSAFEPATH": "1"}, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_the_wheel_brings_its_migrations_and_its_configuration(installed: Path, tmp_path: Path) -> None:
    upgraded = monitor(installed, tmp_path, "db", "upgrade")
    assert (upgraded.returncode, upgraded.stderr) == (0, "")
    assert (tmp_path / "var" / "monitor.db").is_file()
    checked = monitor(installed, tmp_path, "db", "check")
    assert checked.returncode == 0, checked.stderr
    topics = monitor(installed, tmp_path, "topics", "list")
    assert "fisheries" in topics.stdout, topics.stderr
