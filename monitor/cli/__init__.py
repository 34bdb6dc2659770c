"""The commands. Each answers on standard output (``--json`` for programs) and says what went wrong in one line.

A command imports its rooms when it is called, so that ``--help`` and ``monitor status`` stay quick.
"""

from __future__ import annotations

import os
import signal
import sys

from monitor.errors import MonitorError

__all__ = ["main"]


def main() -> None:
    """``monitor``: run a command; what a user can cause is one clear line on standard error, never a traceback."""
    answer = sys.stdout
    # A command that does not drain by itself ends as from Ctrl-C, so that what it made for itself is taken away.
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    try:
        from monitor.cli.tree import tree  # here: a Ctrl-C while it loads is no traceback

        tree(sys.argv[1] if len(sys.argv) > 1 else "")(prog_name="monitor")
    except MonitorError as error:
        _say(str(error))
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)
    except BrokenPipeError:
        _leave_quietly()
    except SystemExit as ended:
        if sys.stdout is not answer:  # typer puts another in its place where the pipe is closed
            _leave_quietly()
        try:
            answer.flush()
        except BrokenPipeError:
            _leave_quietly()
        raise ended from None


def _say(message: str) -> None:
    for line in message.splitlines():
        print(f"monitor: {line}", file=sys.stderr)  # noqa: T201 -- the one place where a failure is told


def _leave_quietly() -> None:
    """The reader of our output has had enough (``| head``): nothing is wrong, and nothing more is written."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    sys.exit(0)
