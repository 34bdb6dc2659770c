"""``monitor label``: what a reader says of an alert or an entry. It is kept beside the verdict and changes none."""

from __future__ import annotations

import getpass
from typing import Annotated

import typer

from monitor.cli.common import AsJson, ConfigDir, open_app, print_json, say, utc_now
from monitor.errors import UsageError
from monitor.evaluation import LabelKind


def label(
    ref: Annotated[str, typer.Argument(metavar="ID", help="What is labelled: d5, e12, a12, s12, o7 or a URL.")],
    verdict: Annotated[
        str,
        typer.Argument(metavar="LABEL", help="relevant, new, not-new, wrong-topic, off-beat, split or merge."),
    ],
    config: ConfigDir = None,
    by: Annotated[str | None, typer.Option("--by", help="Who says so.", show_default="the login name")] = None,
    note: Annotated[str, typer.Option("--note", help="Why, in a few words.")] = "",
    as_json: AsJson = False,
) -> None:
    """Keep what a reader says of an alert or an entry; `monitor evaluate` counts it.

    relevant: it is ours. new: it brings something new, and should be told. not-new: it repeats what was told.
    wrong-topic: it stands under a topic that it does not report on. off-beat: it is not ours.
    split: it does not belong to its story. merge: its story is one with another (name it with --note s15).

    Examples:
      monitor label d5 not-new
      monitor label e12 off-beat --note "a football match"
      monitor label https://example.org/news/1 new --by anna
    """
    if verdict not in set(LabelKind):
        raise UsageError(f"{verdict!r} is no label; write {', '.join(LabelKind)}")
    app = open_app(config, brief=True)
    view = app.views.add_label(ref, LabelKind(verdict), by=by or _login(), now=utc_now(), note=note)
    if as_json:
        print_json(view)
    else:
        say(f"{view.ref} is labelled {view.label} by {view.by}.")


def _login() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container's user without a name
        return "unknown"
