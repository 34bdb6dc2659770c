"""``monitor demo``: a scripted week on a fast clock, without the internet. It touches no database of yours."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import datetime as dt
import sys
from typing import TYPE_CHECKING

import typer

from monitor import settings as configuration
from monitor.app import App
from monitor.cli.common import AsJson, ConfigDir, config_folder, note, print_json, say, set_up_logging, table
from monitor.entities import Verdict

if TYPE_CHECKING:
    from monitor.demo.play import Outcome, Played


def demo(config: ConfigDir = None, as_json: AsJson = False) -> None:
    """Play an invented week: the real daemon polls a server on this machine, alerts go to the console.

    At its end it says what became of every item and why, with one explanation of each verdict. Nothing is kept. Exit
    code 1 and a list where an item ended otherwise than the week's script wants it.

    Examples:
      monitor demo
      monitor demo --json
    """
    from monitor.demo import play

    loaded = configuration.load(config_folder(config))
    set_up_logging("warning", loaded.settings.log.format)
    shown: set[dt.date] = set()

    def said(moment: dt.datetime) -> None:
        if moment.date() not in shown:
            shown.add(moment.date())
            note(f"— {moment:%A} —")

    try:
        with contextlib.redirect_stdout(sys.stderr) if as_json else contextlib.nullcontext():
            played = asyncio.run(play.play(loaded, said=said))
    except (TimeoutError, RuntimeError) as error:
        note(f"monitor: {error}")
        raise typer.Exit(1) from None
    strayed = [one for one in played.outcomes if not one.as_scripted]
    if as_json:
        told = {field.name: getattr(played, field.name) for field in dataclasses.fields(played)}
        print_json({**told, "as_scripted": not strayed, "not_as_scripted": strayed})
    else:
        _show(App(loaded), played, strayed)
    if strayed:
        raise typer.Exit(1)


def _show(app: App, played: Played, strayed: list[Outcome]) -> None:
    from monitor.cli.explain import show

    table(
        "The week",
        ("feed", "title", "story", "verdict", "alert"),
        (
            (
                one.feed,
                one.title + (" (edited)" if one.edit else ""),
                "" if one.story is None else f"s{one.story}",
                f"{one.verdict} ({one.reason})",
                one.alert or "",
            )
            for one in played.outcomes
            if one.scripted != "off-beat" or one.verdict != "off-beat"
        ),
        empty="Nothing happened.",
    )
    for explanation in played.explained:
        say()
        show(app, explanation)
    say()
    table(
        f"The week in {played.seconds:.0f} s",
        ("what", "count"),
        (
            ("entries", played.entries),
            *((verdict.value, played.verdicts.get(verdict, 0)) for verdict in Verdict),
            ("developments told", played.alerts),
            ("alerts sent (the start is one)", played.messages),
        ),
        empty="",
    )
    say()
    if not strayed:
        say(f"All {len(played.outcomes)} items ended as the script wants it.", "green")
        return
    say(f"{len(strayed)} of {len(played.outcomes)} items ended otherwise than the script wants it:", "red")
    table(
        "",
        ("feed", "title", "wanted", "verdict", "alert"),
        (
            (one.feed, one.title, one.scripted, f"{one.verdict} ({one.reason})", one.alert or "not told")
            for one in strayed
        ),
        empty="",
    )
