"""``monitor feeds``: what is polled, how to pause it, and how feeds come and go."""

from __future__ import annotations

from monitor.cli.feeds.held import list_, pause, resume
from monitor.cli.feeds.look import try_out
from monitor.cli.feeds.rows import add, remove
from monitor.cli.feeds.subscriptions import export, import_

COMMANDS = {
    "list": list_,
    "pause": pause,
    "resume": resume,
    "test": try_out,
    "add": add,
    "remove": remove,
    "import": import_,
    "export": export,
}
