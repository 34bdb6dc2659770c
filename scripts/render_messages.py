"""The pictures of docs/messages.md: an invented week of alerts as Slack shows them, drawn from the blocks themselves.

    .venv/bin/python scripts/render_messages.py            writes docs/pictures/messages.html and a picture a scene
    .venv/bin/python scripts/render_messages.py --check    says whether messages.html is what the blocks are today

Needs chromium and pngquant on PATH for the pictures, and fonts-lato, fonts-ipafont-gothic and fonts-noto-color-emoji to
look like Slack. Every report, outlet and figure is invented.
"""

from __future__ import annotations

import datetime as dt
import html
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from monitor.alerts import blocks
from monitor.entities import Alert, AlertKind, AlertTopic, Destination, DigestItem, StoryId, Weight

FOLDER = Path(__file__).parents[1] / "docs" / "pictures"
TOKYO = ZoneInfo("Asia/Tokyo")
AT = dt.datetime(2026, 3, 4, 9, 30, tzinfo=dt.UTC)
WIDTH = 760  # CSS pixels: a channel beside Slack's side bar
SCALE = 1.5  # device pixels a CSS pixel: sharp on most screens, and small files


def hours(count: float) -> dt.datetime:
    """So long after the first report."""
    return AT + dt.timedelta(hours=count)


# ---------------------------------------------------------------------------------------------- the week

SECURITY = AlertTopic(name="Security and military", score=0.82, words=("射撃訓練", "国後島"))
ISLANDS = AlertTopic(name="Territorial dispute", score=0.61, words=("国後島",))
FISH = AlertTopic(name="Fisheries", score=0.88, words=("промысел", "квота", "Немуро"))
ROOT = Alert(
    destination=Destination("slack:C0ALERTS"),
    kind=AlertKind.STORY,
    ref="d41",
    headline="ロシア、国後島付近で射撃訓練を通告",
    at=AT,
    story=StoryId(12),
    lang="ja",
    news=("Exercise near Kunashir announced: 2 missiles, 9–11 March", "Japan protests through diplomatic channels"),
    publishers=("北海報知",),
    independent=1,
    credits=("東都通信",),
    topics=(SECURITY, ISLANDS),
    nearest="2 Dec 2021, Coastal missiles placed on Matua",
    url="https://hokkai-hochi.example/1",
    published_at=AT,
)
EDITED = replace(
    ROOT,
    text="Now: Drill near Kunashir grows to 12 missiles, Tokyo protests again",
    publishers=(
        "北海報知",
        "Harbour Daily",
        "Вестник Востока",
        "Pacific Wire",
        "東都通信",
        "Evening Courier",
        "A",
        "B",
    ),
    independent=4,
    articles=14,
    changed_at=hours(7),
    weight=Weight.MAJOR,
    topics=(replace(SECURITY, score=0.91, words=("射撃訓練", "国後島", "missiles", "стрельбы")), ISLANDS),
)
MINOR = replace(
    ROOT,
    kind=AlertKind.DEVELOPMENT,
    ref="d42",
    headline="Москва назвала учения у Кунашира плановыми",
    at=hours(2.5),
    lang="ru",
    news=("First word of the Russian side: the drill is planned and aimed at nobody",),
    publishers=("Вестник Востока", "北海報知"),
    credits=(),
    independent=2,
    articles=5,
    topics=(replace(SECURITY, score=0.79, words=("учения", "Кунашир")),),
    url="https://vestnik.example/2",
    published_at=hours(2.4),
)
MAJOR = replace(
    MINOR,
    ref="d43",
    headline="Drill near Kunashir grows to 12 missiles, Tokyo protests again",
    at=hours(7),
    weight=Weight.MAJOR,
    lang="en",
    news=("12 missiles (known before: 2 missiles)", "Japan summons the Russian ambassador"),
    publishers=("Harbour Daily", "北海報知", "Вестник Востока"),
    independent=3,
    articles=9,
    topics=(replace(SECURITY, score=0.91, words=("drill", "missiles", "Kunashir")),),
    url="https://harbour-daily.example/3",
    published_at=hours(6.8),
)
URGENT = replace(
    MAJOR,
    kind=AlertKind.STORY,
    ref="d57",
    story=StoryId(15),
    weight=Weight.URGENT,
    headline="Russian patrol boat fires on fishing vessel off Nemuro, two injured",
    at=hours(20),
    news=("2 people injured", "The vessel is being towed to Nemuro", "Japan Coast Guard sends two ships"),
    publishers=("Pacific Wire",),
    independent=1,
    articles=1,
    topics=(AlertTopic(name="Fisheries", score=0.84, words=("patrol boat", "fishing vessel", "Nemuro")),),
    nearest="16 Aug 2006, Crab boat fired upon near Kaigara, one dead",
    url="https://pacific-wire.example/9",
    published_at=hours(19.9),
)
MUTED = replace(EDITED, said=("Muted until 13 Mar 2026 12:00 JST by @aiko",))


def entry(number: int, headline: str, new: str, who: str, lang: str = "en", **fields: Any) -> DigestItem:
    """One item of the digest."""
    return DigestItem(
        ref=f"d{number}", headline=headline, lang=lang, news=(new,), publishers=(who,),
        url=f"https://invented.example/{number}", why="held over the quiet hours", **fields,
    )  # fmt: skip


DIGEST = Alert(
    destination=ROOT.destination,
    kind=AlertKind.DIGEST,
    ref="",
    headline="Digest of 5 Mar 2026: 5 developments",
    at=hours(12.5),
    items=(
        entry(48, "Russia hands Tokyo a note on the drill zone", "The zone is 40 km wide (known before: 25 km)",
              "Pacific Wire", weight=Weight.MAJOR),
        entry(49, "北方四島ビザなし交流、5月再開で調整", "Stage reached: talks on a restart in May", "北海報知", "ja",
              weight=Weight.MAJOR),
        entry(50, "Квота на промысел у Кунашира не изменится", "The quota stays at 2,180 t", "Вестник Востока", "ru"),
        entry(51, "Hokkaido governor to visit Nemuro on Friday", "Date set: 6 March", "Harbour Daily"),
        entry(52, "Seminar on the peace treaty draws 200", "First report of this event", "Globe Mixer"),
    ),
)  # fmt: skip
INCIDENT = Alert(
    destination=Destination("slack:C0OPS"),
    kind=AlertKind.INCIDENT,
    ref="",
    headline="harbour-daily: certificate not valid",
    at=hours(1),
    text=(
        "Its certificate expired 2 hours ago. Nothing new comes from this feed until its publisher renews it. "
        "It is asked again at 2026-03-04 11:30 UTC, and never given up. If it lasts for days, write to the publisher."
    ),
)
OVER = replace(
    INCIDENT, over=True, changed_at=hours(4), news=("It answers again; 6 entries published meanwhile were taken in",)
)
START = Alert(
    destination=ROOT.destination,
    kind=AlertKind.START,
    ref="",
    headline="Watching 14 feeds; alerts start now",
    at=hours(-3),
    text="What is in the feeds already is the baseline: it is stored, and told to nobody.",
)
BREAKER = replace(
    START,
    kind=AlertKind.NOTICE,
    headline="Too much at once: the rest comes as a digest at 19:40",
    at=hours(0.2),
    text="More than 8 alerts in 10 minutes. Urgent news still comes at once; nothing is lost.",
)
QUIET = replace(
    START,
    kind=AlertKind.QUIET,
    headline="All quiet",
    at=hours(60.5),
    text="Nothing new in the last 24 hours. 14 feeds watched.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One message as it stands in a channel, and how it came there."""

    alert: Alert
    reply: bool = False
    edited: bool = False
    broadcast_of: str = ""
    plain: bool = False
    buttons: bool = False


SCENES: Mapping[str, Sequence[Shown]] = {
    "story": (Shown(alert=ROOT), Shown(alert=URGENT, buttons=True)),
    "thread": (
        Shown(alert=EDITED, edited=True),
        Shown(alert=MINOR, reply=True),
        Shown(alert=MAJOR, reply=True),
    ),
    "broadcast": (Shown(alert=MAJOR, broadcast_of=ROOT.headline),),
    "feedback": (Shown(alert=MUTED, edited=True, buttons=True),),
    "digest": (Shown(alert=DIGEST),),
    "incident": (Shown(alert=INCIDENT), Shown(alert=OVER, edited=True)),
    "notices": (Shown(alert=START), Shown(alert=BREAKER), Shown(alert=QUIET)),
    "plain": (Shown(alert=MAJOR, plain=True),),
}

# ------------------------------------------------------------------------------------------------- drawing

STYLE = """
* { box-sizing: border-box; }
body { margin: 0; background: #fff; color: #1d1c1d; font: 15px/1.466 Lato, "DejaVu Sans", "IPAGothic",
  "Noto Color Emoji", sans-serif; }
section { width: 760px; padding: 8px 0; }
.message { display: flex; gap: 8px; padding: 8px 20px; }
.reply { margin-left: 44px; border-left: 2px solid #e8e8e8; padding-left: 12px; }
.face { flex: none; width: 36px; height: 36px; border-radius: 8px; background: #24507a; color: #fff;
  font: 900 19px/36px Lato, sans-serif; text-align: center; }
.reply .face { width: 28px; height: 28px; font-size: 15px; line-height: 28px; border-radius: 6px; }
.body { min-width: 0; }
.who { font-weight: 900; }
.app { background: #ebebeb; color: #616061; font-size: 10px; font-weight: 700; padding: 1px 4px; border-radius: 3px;
  margin: 0 6px; vertical-align: 1px; }
.at { color: #616061; font-size: 12px; }
.replied { color: #616061; font-size: 13px; }
.edited { color: #616061; font-size: 13px; }
.rich { margin: 1px 0 3px; white-space: pre-wrap; overflow-wrap: anywhere; }
.rich ul { margin: 1px 0 2px; padding-left: 26px; }
.rich li { padding-left: 2px; margin: 1px 0; }
.header { font-size: 18px; font-weight: 900; line-height: 1.33; margin: 4px 0 6px; }
.context { color: #616061; font-size: 13px; line-height: 1.38; margin: 3px 0; white-space: pre-wrap;
  overflow-wrap: anywhere; }
a { color: #1264a3; text-decoration: none; }
.actions { display: flex; flex-wrap: wrap; gap: 8px; margin: 8px 0 4px; }
.button { border: 1px solid #bbbabb; border-radius: 8px; padding: 3px 11px; font-size: 13px; font-weight: 700; }
.text { white-space: pre-wrap; }
"""


def drawn(node: Mapping[str, Any]) -> str:
    """One block or element as HTML."""
    inside = "".join(drawn(part) for part in node.get("elements", ()))
    match node["type"]:
        case "rich_text":
            return f'<div class="rich">{inside}</div>'
        case "rich_text_section":
            return f"<div>{inside}</div>"
        case "rich_text_list":
            return "<ul>" + "".join(f"<li>{drawn(part)}</li>" for part in node["elements"]) + "</ul>"
        case "context" | "actions" as name:
            return f'<div class="{name}">{inside}</div>'
        case "header":
            return f'<div class="header">{drawn(node["text"])}</div>'
        case "button":
            return f'<span class="button">{drawn(node["text"])}</span>'
        case "link":
            return styled(node, f'<a href="{html.escape(node["url"])}">{html.escape(node["text"])}</a>')
        case "text" | "plain_text":
            return styled(node, html.escape(node["text"]))
    raise ValueError(f"a block that is not drawn yet: {node['type']}")


def styled(node: Mapping[str, Any], inside: str) -> str:
    """Bold and italic as ordered."""
    for tag, name in (("b", "bold"), ("i", "italic")):
        inside = f"<{tag}>{inside}</{tag}>" if node.get("style", {}).get(name) else inside
    return inside


def message(shown: Shown) -> str:
    """One message with its author and its time."""
    made = blocks.message(shown.alert, TOKYO, buttons=shown.buttons)
    if shown.plain:
        body = f'<div class="text">{linked(made["plain"])}</div>'
    else:
        body = "".join(drawn(block) for block in made["blocks"])
    replied = f'<div class="replied">replied to a thread: <a href="#">{html.escape(shown.broadcast_of)}</a></div>'
    edited = '<span class="edited">(edited)</span>'
    return (
        f'<div class="message{" reply" if shown.reply else ""}"><div class="face">m</div><div class="body">'
        f'<span class="who">monitor</span><span class="app">APP</span>'
        f'<span class="at">{shown.alert.at.astimezone(TOKYO):%H:%M}</span>'
        f"{replied if shown.broadcast_of else ''}{body}{edited if shown.edited else ''}</div></div>"
    )


def linked(text: str) -> str:
    """Slack's text as HTML: it comes escaped, and Slack makes bare addresses into links."""
    return re.sub(r"(?<![:\u2060])https?://\S+", lambda found: f'<a href="{found[0]}">{found[0]}</a>', text)


def pages() -> Iterator[tuple[str, str]]:
    """Each scene with its HTML."""
    for name, scene in SCENES.items():
        yield name, f'<section id="{name}">' + "\n".join(message(shown) for shown in scene) + "</section>"


def page(*sections: str) -> str:
    """A whole document."""
    title = '<!doctype html>\n<html lang="en"><meta charset="utf-8"><title>Messages</title>'
    return f"{title}<style>{STYLE}</style>\n" + "\n".join(sections) + "\n</html>\n"


# ---------------------------------------------------------------------------------------------- the camera

BROWSER = (
    "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--hide-scrollbars",
)  # fmt: skip
MEASURE = "<script>document.title = String(document.querySelector('section').offsetHeight)</script>"


def photographed(name: str, document: str, browser: str) -> None:
    """One scene as a picture, exactly as high as it is."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "page.html"
        source.write_text(document + MEASURE, encoding="utf-8")
        own = (browser, *BROWSER, f"--user-data-dir={folder}/profile")
        measured = subprocess.run(
            [*own, f"--window-size={WIDTH},800", "--dump-dom", source.as_uri()],
            check=True, capture_output=True, text=True,
        )  # fmt: skip
        height = re.search(r"<title>(\d+)</title>", measured.stdout)
        assert height is not None, "the page could not be measured"
        target = FOLDER / f"{name}.png"
        subprocess.run(
            [*own, f"--window-size={WIDTH},{height[1]}", f"--force-device-scale-factor={SCALE}",
             f"--screenshot={target.resolve()}", source.as_uri()],
            check=True, capture_output=True,
        )  # fmt: skip
        subprocess.run(["pngquant", "--force", "--ext", ".png", "--speed", "1", target], check=True)


def main(*options: str) -> None:
    """Write the page and its pictures, or check the page."""
    whole = page(*(section for _, section in pages()))
    target = FOLDER / "messages.html"
    if "--check" in options:
        if target.read_text(encoding="utf-8") != whole:
            sys.exit("docs/pictures is out of date: run scripts/render_messages.py")
        return
    browser = shutil.which("chromium") or shutil.which("chromium-browser")
    if browser is None or shutil.which("pngquant") is None:
        sys.exit("chromium or pngquant is not on PATH")
    FOLDER.mkdir(exist_ok=True)
    target.write_text(whole, encoding="utf-8")
    for name, section in pages():
        photographed(name, page(section), browser)


if __name__ == "__main__":
    main(*sys.argv[1:])
