"""``monitor explain``: why an entry ended as it did.

It reads back what was stored when the verdict fell; nothing is judged again.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from monitor.app import App
from monitor.cli.account import HEAD, Known, Line, lines
from monitor.cli.columns import padded, wrapped
from monitor.cli.common import AsJson, ConfigDir, open_app, out, print_json, printable, say
from monitor.settings import zone

if TYPE_CHECKING:
    from monitor.store.shown import Explanation

WIDTH = 100
"""Columns of an explanation at most: longer lines are hard to read."""
NARROW = 60
"""Columns of it at least: on a narrower screen the terminal breaks the lines."""


def explain(
    ref: Annotated[str, typer.Argument(metavar="ID|URL", help="e12, a12, s12, d5, o7, or an article's URL.")],
    config: ConfigDir = None,
    as_json: AsJson = False,
) -> None:
    """Show why an entry ended as it did: verdict, gate, topics, story, facts, alert, each with its evidence.

    Takes the id that an alert shows (d5), an entry (e12), an article (a12), a story (s12), an alert (o7) or a URL.
    Of what was not told it says what it would have taken. For a text that is not stored: monitor topics test.

    Examples:
      monitor explain d5
      monitor explain https://example.org/news/1 --json
    """
    app = open_app(config)
    found = app.views.explain(ref)
    if as_json:
        print_json(found)
        return
    for number, explanation in enumerate(found):
        if number:
            say()
        show(app, explanation)


def show(app: App, shown: Explanation) -> None:
    """One explanation, at most ``WIDTH`` columns wide."""
    width = max(NARROW, min(WIDTH, out.width))
    for text in wrapped(printable(shown.entry.title), width):
        out.print(Text(text, style="bold"), soft_wrap=True)
    known = Known(
        names={name.id: name for name in app.config.names},
        topics={topic.id: topic for topic in app.config.topics},
        records={record.id: record for record in app.config.corpus},
        beat=app.config.beat,
        zone=zone(app.config.settings.alerts.zone),
        width=width,
    )
    first, *rest = lines(shown, known)
    for text in wrapped(first.text, width):
        out.print(Text(text, style=first.style), soft_wrap=True)
    for line in rest:
        for part in _laid_out(line, width):
            out.print(part, soft_wrap=True)


def _laid_out(line: Line, width: int) -> Iterator[Text]:
    """A line broken into the columns beside the names of the sections."""
    text = printable(line.text)
    parts = [text] if line.whole else wrapped(text, width - HEAD - line.inner)
    for number, part in enumerate(parts):
        head = padded("" if number else line.head, HEAD + line.inner)
        yield Text.assemble((head, "dim"), (part, line.style))
