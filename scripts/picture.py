"""The picture of the README: two alerts as `monitor demo` prints them on a terminal, drawn by a browser.

    .venv/bin/python scripts/picture.py docs/images/alerts.png

Needs chromium on PATH. It plays the demonstration in a terminal of its own, 100 columns wide, and never retouches.
"""

from __future__ import annotations

import io
import os
import pty
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import DIMMED_MONOKAI
from rich.text import Text

COLUMNS = 100
WANTED = ("Russia to fire 2 missiles in drill", "Russia fires 12 missiles in drill")
"""Headlines of the two alerts; each panel's first line after its title."""
QUIET = (
    "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--hide-scrollbars", "--window-size=980,460",
)  # fmt: skip
WIDE = re.compile("[\u3000-\u30ff\u3400-\u9fff\uff00-\uff60]+")
PAGE = """<!doctype html><meta charset="utf-8"><style>
body {{ margin: 0; background: #16181d; color: #d7dae0; }}
pre {{ margin: 20px 24px; font: 15px/1.2 "DejaVu Sans Mono", "IPAGothic", monospace; }}
</style><pre>{}</pre>"""


def demo() -> str:
    """What the demonstration writes on a terminal, escape sequences and all."""
    os.environ.update(COLUMNS=str(COLUMNS), TERM="xterm-256color", COLORTERM="truecolor")
    written = bytearray()

    def keep(fd: int) -> bytes:
        piece = os.read(fd, 65536)
        written.extend(piece)
        return b" " * bool(piece)

    with Path(os.devnull).open("wb") as nothing:
        shown = os.dup(1)
        os.dup2(nothing.fileno(), 1)
        pty.spawn([sys.executable, "-m", "monitor", "demo"], keep)
        os.dup2(shown, 1)
    return written.decode("utf-8", errors="replace").replace("\r\n", "\n")


def panels(text: str) -> list[str]:
    """Each wanted panel, from its upper left corner to its lower right one."""
    plain = Text.from_ansi(text)
    lines = list(plain.split("\n"))
    found: list[str] = []
    for wanted in WANTED:
        at = next(i for i, line in enumerate(lines) if line.plain.startswith("│ " + wanted))
        end = next(i for i in range(at, len(lines)) if lines[i].plain.startswith("╰"))
        found.append(html(lines[at - 1 : end + 1]))
    return found


def html(lines: list[Text]) -> str:
    """Lines of styled text as spans."""
    console = Console(record=True, width=COLUMNS + 2, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    for line in lines:
        console.print(line, no_wrap=True, overflow="ignore", crop=False)
    drawn = console.export_html(theme=DIMMED_MONOKAI, inline_styles=True, code_format="{code}")
    # A terminal gives a Japanese character two cells, a browser's fonts about as much: say it, or the frame breaks.
    return WIDE.sub(lambda run: f'<span style="display:inline-block;width:{2 * len(run[0])}ch">{run[0]}</span>', drawn)


def main(target: Path) -> None:
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        sys.exit("chromium is not on PATH; install it and run again")
    with tempfile.TemporaryDirectory() as place:
        page = Path(place) / "alerts.html"
        page.write_text(PAGE.format("\n".join(panels(demo()))), encoding="utf-8")
        subprocess.run(
            [chromium, *QUIET, f"--user-data-dir={place}/profile", f"--screenshot={target.resolve()}", page.as_uri()],
            check=True,
            capture_output=True,
        )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
