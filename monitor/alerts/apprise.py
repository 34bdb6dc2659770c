"""Any of Apprise's services as a sink: mail, Teams, Mattermost, Telegram and a hundred more, by one adapter.

Apprise says yes or no, and why in its log alone, which is read here and goes no further, since it may hold addresses.
It can neither thread nor edit, nor be asked what arrived: after a lost answer the alert is sent again and may repeat.
It is an extra: where it is not installed, the sink says so and keeps the alerts.
"""

from __future__ import annotations

import datetime as dt
import json
import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from monitor.alerts import lines, safe, secret
from monitor.alerts.addresses import Hook, name_of, unnamed
from monitor.alerts.journal import Journal, ended, looked_up, lost, told
from monitor.entities import Alert, Channel, Destination, Look, OutboxRow, Outcome, SendStatus, Thread
from monitor.settings import Settings

if TYPE_CHECKING:
    from apprise.plugins.base import NotifyBase

MISSING = "Apprise is not installed: install the extra, `pip install 'monitor[apprise]'` (docs/sinks.md)"
_PLAIN = 1_000
"""UTF-16 units of the body that is tried once more where a service refused the whole one."""
_SECRET = 6
"""Letters from which on a part of an address is blotted out of whatever a service said."""
_LONGEST_CONNECT = 10.0  # seconds

_NEVER_LEFT = re.compile(
    r"refused|NewConnectionError|ConnectTimeout|NameResolution|getaddrinfo|Name or service not known|name resolution"
    r"|CERTIFICATE_VERIFY|No route to host|Network is unreachable",
    re.IGNORECASE,
)
_LOST = re.compile(
    r"timed out|timeout|disconnected|reset by peer|aborted|unexpectedly closed|IncompleteRead|broken pipe"
    r"|BadStatusLine",
    re.IGNORECASE,
)
_CODE = re.compile(r"error=(\d{3})\b")
_MESSAGE_FAULTS = frozenset((400, 413, 422))

_log = logging.getLogger("apprise")
_SPEAKS = (_log, logging.getLogger("urllib3"))
"""Loggers that show hosts, addressees and paths with tokens in them: none of it may reach our log."""


class AppriseSink:
    """Tells through Apprise. It never sends twice what a service confirmed; a lost answer may repeat."""

    def __init__(self, *, services: Mapping[str, Hook], journal: Path) -> None:
        self._services = services
        self._journal = Journal(journal)

    @classmethod
    def of(cls, settings: Settings, folder: Path) -> AppriseSink:
        """The services of ``[apprise.NAME]``."""
        found = {
            name: Hook(address=secret.reader(table.url, table.url_file), timeout=table.timeout)
            for name, table in settings.apprise.items()
        }
        return cls(services=found, journal=folder / "apprise.journal")

    def render(self, alert: Alert, tz: dt.tzinfo) -> str:
        """Title and body as plain text; Apprise turns them into each service's own markup, which it escapes."""
        shown = lines.rows(alert, tz)
        width = max((len(line.label) for line in shown), default=0)
        body = [
            f"{line.label + ':' if line.label else '':<{width + 2}}{line.text if line.link else _literal(line.text)}"
            for line in shown
        ]
        why = lines.foot(alert)
        return json.dumps(
            {
                "title": _literal(f"[{lines.title(alert)}] {lines.headline(alert)}"),
                "body": "\n".join([*body, *(["", why] if why else [])]) or lines.title(alert),
            },
            ensure_ascii=False,
        )

    def send(self, row: OutboxRow, thread: Thread | None) -> Outcome:
        """One notification; a long one as several messages where the service takes no long ones. No threads."""
        return told(self._journal, row, thread, lambda: self._notify(row))

    def edit(self, row: OutboxRow) -> Outcome:
        """What was sent stays as it is; the end of an incident is sent."""
        return ended(self._journal, row, lambda: self._notify(row))

    def _notify(self, row: OutboxRow) -> Outcome:
        name = name_of(row.alert.destination)
        service = self._services.get(name)
        if service is None:
            return Outcome(status=SendStatus.CHANNEL_FAULT, message=unnamed("apprise", name, self._services))
        plugin, problem = _plugin(name, service)
        if plugin is None:
            return Outcome(status=SendStatus.CHANNEL_FAULT, message=problem)
        return _notify(plugin, service.address(), row)

    def look(self, row: OutboxRow, thread: Thread | None, channel: Channel) -> Look:
        """Found if the service had confirmed it."""
        del channel
        return looked_up(self._journal, row, thread)

    def check(self, destinations: Sequence[Destination]) -> tuple[str, ...]:
        """Whether Apprise is there and understands each address. It asks no service."""
        names = safe.unique(name_of(place) for place in destinations if place.startswith("apprise:"))
        problems = []
        for name in names:
            service = self._services.get(name)
            problems.append(unnamed("apprise", name, self._services) if service is None else _plugin(name, service)[1])
        return safe.unique((*problems, *(self._journal.check() if names else ())))


def _literal(text: str) -> str:
    """Text in which no chat finds a mention, an emoji or a link: an invisible joiner parts the signs it looks for."""
    return re.sub(r"@(?=\w)|<(?=[!@#])|:(?=//|[^\s:]{1,80}:)|](?=\()", lambda sign: sign[0] + "\u2060", text)


def _plugin(name: str, service: Hook) -> tuple[NotifyBase | None, str]:
    """Apprise's own object for this service, or why there is none."""
    try:
        from apprise import Apprise, AppriseAsset, PersistentStoreMode
    except ImportError:
        return None, MISSING
    address = service.address()
    if not address:
        return None, (
            f"apprise {name} has no address: set MONITOR_APPRISE__{name.upper()}__URL, "
            "or url_file to a file that holds it"
        )
    asset = AppriseAsset(app_id="monitor", async_mode=False, storage_mode=PersistentStoreMode.MEMORY)
    with _overheard():
        plugin = Apprise.instantiate(address, asset=asset)
    if plugin is None:
        return None, f"apprise {name}: Apprise does not understand its address; its page says how to write one"
    seconds = service.timeout.total_seconds()
    plugin.socket_read_timeout, plugin.socket_connect_timeout = seconds, min(seconds, _LONGEST_CONNECT)
    return plugin, ""


def _notify(plugin: NotifyBase, address: str, row: OutboxRow) -> Outcome:
    from apprise import NotifyFormat, OverflowMode

    payload = json.loads(row.payload)
    body = safe.cut(payload["body"], _PLAIN) if row.plain else payload["body"]
    with _overheard() as said:
        try:
            taken = plugin.notify(
                title=payload["title"], body=body, body_format=NotifyFormat.TEXT, overflow=OverflowMode.SPLIT
            )
        except Exception as error:  # noqa: BLE001  a service's own failure: the message may be there
            return lost(row, f"the service failed: {type(error).__name__}")
    return Outcome(status=SendStatus.SENT) if taken else _refusal(said, address, row)


def _refusal(said: Sequence[logging.LogRecord], address: str, row: OutboxRow) -> Outcome:
    """What Apprise's log says of a no. Where it does not say why, the destination is at fault and is tried again."""
    whole = "\n".join(record.getMessage() for record in said)
    warnings = [record.getMessage() for record in said if record.levelno >= logging.WARNING]
    shown = safe.line(_blotted("; ".join(warnings), address), 300) or "the service said no"
    code = next((int(found[1]) for found in _CODE.finditer(whole)), 0)
    if code == 429:
        wait = dt.timedelta(seconds=30)  # Apprise keeps the headers to itself
        return Outcome(
            status=SendStatus.NOT_SENT, attempted=False, retry_after=wait, message="too fast for the service"
        )
    if code >= 500 or (not code and _NEVER_LEFT.search(whole)):
        return Outcome(status=SendStatus.NOT_SENT, message=shown)
    if not code and _LOST.search(whole):
        return lost(row, f"no answer: {shown}")
    return Outcome(
        status=SendStatus.MESSAGE_FAULT if code in _MESSAGE_FAULTS else SendStatus.CHANNEL_FAULT, message=shown
    )


def _blotted(said: str, address: str) -> str:
    """What was said, without any longer part of the address: tokens stand anywhere in one, even where hosts stand."""
    for part in sorted(re.split(r"[/:@?&=,]+", address), key=len, reverse=True):
        if len(part) >= _SECRET:
            said = said.replace(part, "***")
    return said


class _Ear(logging.Handler):
    """Keeps what Apprise logs while one call lasts."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Remember it."""
        self.records.append(record)


@contextmanager
def _overheard() -> Iterator[list[logging.LogRecord]]:
    """What Apprise logs meanwhile, kept from everybody else."""
    ear, before = _Ear(), [(log, log.level, log.propagate) for log in _SPEAKS]
    _log.addHandler(ear)
    for log in _SPEAKS:
        log.propagate = False
    _log.setLevel(logging.DEBUG)
    try:
        yield ear.records
    finally:
        _log.removeHandler(ear)
        for log, level, propagate in before:
            log.setLevel(level)
            log.propagate = propagate
