"""All commands by name. To add one: a function in its family's file and a line here.

It never loads a family that was not asked for: reading all of them in takes longer than most commands.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Mapping
from typing import Annotated

import typer

COMMANDS: Mapping[str, str] = {
    "run": "run",
    "poll": "run",
    "check": "check",
    "status": "status",
    "incidents": "incidents",
    "explain": "explain",
    "label": "label",
    "evaluate": "evaluate",
    "replay": "replay",
    "backfill": "backfill",
    "demo": "demo",
}
"""A command is the function of its name in this file of the folder."""
FAMILIES = ("feeds", "topics", "corpus", "stories", "alerts", "db")
"""A family is a file or folder with commands of its own, its ``COMMANDS``."""


def tree(only: str = "") -> typer.Typer:
    """The whole tree, or as much of it as the command or family called ``only`` needs."""
    app = typer.Typer(
        name="monitor",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    )
    app.callback()(_root)
    known = only in COMMANDS or only in FAMILIES
    for name in (only,) if known else (*COMMANDS, *FAMILIES):
        file = importlib.import_module(f"monitor.cli.{COMMANDS.get(name, name)}")
        if name in COMMANDS:
            function = getattr(file, name)
            app.command(help=_help(function))(function)
            continue
        purpose = (file.__doc__ or "").splitlines()[0].partition(": ")[2]
        group = typer.Typer(help=purpose[:1].upper() + purpose[1:], no_args_is_help=True, rich_markup_mode=None)
        for title, function in file.COMMANDS.items():
            group.command(title, help=_help(function))(function)
        app.add_typer(group, name=name)
    return app


def _help(command: Callable[..., None]) -> str:
    """A command's docstring; its examples keep their lines."""
    return (inspect.getdoc(command) or "").replace("\n\nExample", "\n\n\b\nExample")


def _version(wanted: bool) -> None:
    if wanted:
        from monitor import __version__

        typer.echo(f"monitor {__version__}")
        raise typer.Exit


def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Watch news feeds in Japanese, Russian and English, and tell what is new.

    Every command has --help with examples, --config DIR and --json. Exit codes: 0 ok, 1 failed, 2 usage or
    configuration, 3 another instance runs.
    """
    del version
