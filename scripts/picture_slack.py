"""The picture of docs/slack.md: two alerts as Slack's blocks, drawn by a browser in the manner of Slack.

    .venv/bin/python scripts/picture_slack.py docs/images/slack.png

Needs chromium on PATH. The alerts are made up; the blocks are those that the Slack sink posts.
"""

from __future__ import annotations

import datetime as dt
import html
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from monitor.alerts import blocks
from monitor.entities import Alert, AlertKind, AlertTopic, Destination, StoryId, Weight

AT = dt.datetime(2026, 3, 4, 9, 30, tzinfo=dt.UTC)
PLACE = Destination("slack:C0ALERTS")
ROOT = Alert(
    destination=PLACE,
    kind=AlertKind.STORY,
    ref="d41",
    headline="ロシア、国後島付近で射撃訓練を通告",
    at=AT,
    story=StoryId(12),
    lang="ja",
    news=("exercise near Kunashir announced: 2 missiles", "Japan: protest through diplomatic channels"),
    publishers=("Harbour Daily", "Northern Post"),
    independent=1,
    credits=("Kyodo",),
    topics=(
        AlertTopic(name="Security and military", score=0.82, words=("射撃訓練", "国後島")),
        AlertTopic(name="Territorial dispute", score=0.61, words=("国後島",)),
    ),
    nearest="2 Dec 2021, Coastal missiles placed on Matua",
    url="https://harbour-daily.example/news/1",
    published_at=AT,
)
REPLY = Alert(
    destination=PLACE,
    kind=AlertKind.DEVELOPMENT,
    ref="d43",
    headline="Drill near Kunashir grows, Tokyo protests again",
    at=AT + dt.timedelta(hours=7),
    story=StoryId(12),
    weight=Weight.MAJOR,
    lang="en",
    news=("12 missiles (known before: 2 missiles)",),
    publishers=("Evening Courier",),
    independent=2,
    topics=(AlertTopic(name="Security and military", score=0.88, words=("drill", "missiles", "Kunashir")),),
    nearest="2 Dec 2021, Coastal missiles placed on Matua",
    url="https://evening-courier.example/2",
    published_at=AT + dt.timedelta(hours=6, minutes=50),
)
PAGE = """<!doctype html><meta charset="utf-8"><style>
body { margin: 0; background: #fff; color: #1d1c1d; font: 15px/1.46 Lato, "DejaVu Sans", "IPAGothic", sans-serif; }
.message { display: flex; gap: 9px; padding: 10px 20px; width: 700px; }
.reply { margin-left: 46px; width: 654px; border-left: 2px solid #e8e8e8; }
.face { flex: none; width: 36px; height: 36px; border-radius: 5px; background: #24507a; color: #fff; font: 700 18px/36px
  sans-serif; text-align: center; }
.who { font-weight: 900; } .app { background: #e8e8e8; color: #616061; font-size: 10px; padding: 1px 3px; border-radius:
  2px; margin: 0 6px; } .at { color: #616061; font-size: 12px; }
ul { margin: 0; padding-left: 28px; } a { color: #1264a3; text-decoration: none; } .context { color: #616061;
  font-size: 13px; margin-top: 4px; } .section { white-space: pre-wrap; }
</style>"""
QUIET = (
    "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--hide-scrollbars", "--window-size=780,536",
)  # fmt: skip


def drawn(node: dict[str, Any]) -> str:
    """One block or element as HTML."""
    inside = "".join(drawn(part) for part in node.get("elements", ()))
    match node["type"]:
        case "rich_text":
            return inside
        case "rich_text_section":
            return f'<div class="section">{inside}</div>'
        case "rich_text_list":
            return "<ul>" + "".join(f"<li>{drawn(part)}</li>" for part in node["elements"]) + "</ul>"
        case "context":
            return f'<div class="context">{inside}</div>'
        case "link":
            return f'<a href="#">{html.escape(node["text"])}</a>'
        case "text" if node.get("style"):
            return f"<b>{html.escape(node['text'])}</b>"
        case "text" | "plain_text":
            return html.escape(node["text"])
    raise ValueError(f"a block that is not drawn yet: {node['type']}")


def message(alert: Alert, kind: str) -> str:
    """One message with its author and its time."""
    at = f"{alert.at.astimezone(ZoneInfo('Asia/Tokyo')):%H:%M}"
    body = "".join(drawn(block) for block in blocks.message(alert, ZoneInfo("Asia/Tokyo"))["blocks"])
    who = f'<span class="who">monitor</span><span class="app">APP</span><span class="at">{at}</span>'
    return f'<div class="message {kind}"><div class="face">m</div><div>{who}{body}</div></div>'


def main(target: str) -> None:
    browser = shutil.which("chromium") or shutil.which("chromium-browser")
    if browser is None:
        sys.exit("chromium is not on PATH")
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "page.html"
        page.write_text(PAGE + message(ROOT, "root") + message(REPLY, "reply"), encoding="utf-8")
        shot = f"--screenshot={Path(target).resolve()}"
        subprocess.run(
            [browser, *QUIET, f"--user-data-dir={folder}/profile", shot, page.as_uri()], check=True, capture_output=True
        )


if __name__ == "__main__":
    main(sys.argv[1])
