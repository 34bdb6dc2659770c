"""Services under names of the user's own (``[webhook.desk]``), each at a secret address. None is ever printed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from monitor.entities import Destination


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    """Where a service is now, and how long its answer may take."""

    address: Callable[[], str]
    timeout: dt.timedelta = dt.timedelta(seconds=15)


def name_of(destination: Destination) -> str:
    """The part after the colon."""
    return destination.partition(":")[2]


def unnamed(sink: str, name: str, tables: Mapping[str, object]) -> str:
    """What to do where a destination names a table that is not there."""
    known = f" ({', '.join(sorted(tables))} {'is' if len(tables) == 1 else 'are'} there)" if tables else ""
    return f"no table [{sink}.{name}] in monitor.toml{known}; add one, as docs/sinks.md shows"


def is_http(address: str) -> bool:
    """Whether this is a web address."""
    return address.startswith(("https://", "http://"))
