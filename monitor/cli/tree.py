"""All commands by name. To add one: a function in its family's file and a line here."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Annotated

import typer

from monitor.cli import (
    alerts,
    backfill,
    check,
    corpus,
    db,
    demo,
    explain,
    feeds,
    replay,
    run,
    status,
    stories,
    topics,
)

app = typer.Typer(
    name="monitor",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)


def _help(command: Callable[..., None]) -> str:
    """A command's docstring; its examples keep their lines."""
    return (inspect.getdoc(command) or "").replace("\n\nExample", "\n\n\b\nExample")


def _version(wanted: bool) -> None:
    if wanted:
        from monitor import __version__

        typer.echo(f"monitor {__version__}")
        raise typer.Exit


@app.callback()
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


for command in (
    run.run,
    run.poll,
    check.check,
    status.status,
    explain.explain,
    explain.label,
    replay.replay,
    backfill.backfill,
    demo.demo,
):
    app.command(help=_help(command))(command)
for name, family in (
    ("feeds", feeds),
    ("topics", topics),
    ("corpus", corpus),
    ("stories", stories),
    ("alerts", alerts),
    ("db", db),
):
    purpose = (family.__doc__ or "").splitlines()[0].partition(": ")[2]
    group = typer.Typer(help=purpose[:1].upper() + purpose[1:], no_args_is_help=True, rich_markup_mode=None)
    for title, function in family.COMMANDS.items():
        group.command(title, help=_help(function))(function)
    app.add_typer(group, name=name)
