"""The typed shape of ``config/monitor.toml``; each key can also come from the environment.

``MONITOR_`` and the path with double underscores: ``MONITOR_DATABASE__URL``, ``MONITOR_SLACK__TOKEN``. A secret may
stand in a file: ``MONITOR_SLACK__TOKEN_FILE``. Nothing here opens a connection; the shape never changes while running.
"""

from __future__ import annotations

import datetime as dt
import re
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, model_validator

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def parse_span(value: Any) -> Any:
    """``"90s"``, ``"10m"``, ``"6h"``, ``"7d"`` as a ``timedelta``; a bare number has no unit, and is refused."""
    if isinstance(value, dt.timedelta):
        return value
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([smhd])", value.strip()) if isinstance(value, str) else None
    if match is None:
        raise ValueError('write a length of time such as "90s", "10m", "6h" or "7d"')
    return dt.timedelta(seconds=float(match[1]) * _UNITS[match[2]])


def _zone(value: str) -> str:
    try:
        zone(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: the name of a folder of zones, such as "Asia"
        raise ValueError('write an IANA time zone such as "Asia/Tokyo"') from None
    return value


def _longer_than_nothing(value: dt.timedelta) -> dt.timedelta:
    if value <= dt.timedelta(0):
        raise ValueError("must be longer than nothing")
    return value


def _network(value: str) -> str:
    try:
        return str(ip_network(value))
    except ValueError:
        raise ValueError('write an address or a network such as "127.0.0.0/8"') from None


def _database_url(value: str) -> str:
    if not re.match(r"sqlite(\+pysqlite)?:|postgres(ql)?(\+psycopg)?:", value):
        raise ValueError("write sqlite:///var/monitor.db or postgresql://user@host/name")
    return value


def _public_url(value: str) -> str:
    if value and not re.fullmatch(r"https?://[^\s/?#@]+(/[^\s?#]*)?", value):
        raise ValueError("write how the world reaches the page, such as https://monitor.example.org")
    return value


def _listen(value: str) -> str:
    found = re.fullmatch(r"(\[[0-9A-Fa-f:.]+\]|[^\s:\[\]/]+):([0-9]{1,5})", value)
    if value and (found is None or int(found[2]) > 65_535):
        raise ValueError('write address and port, such as "127.0.0.1:8080"')
    return value


def _anchor(value: str) -> str:
    found = re.fullmatch(r"(\[[0-9A-Fa-f:.]+\]|[^\s:\[\]/]+):([0-9]{1,5})", value)
    if found is None or not 0 < int(found[2]) <= 65_535:
        raise ValueError('write host and port, such as "dns.google:443"')
    return value


def _hour(value: str) -> str:
    if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", value):
        raise ValueError('write a time of day such as "07:00"')
    return value


def _called(value: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9]{0,39}", value):
        raise ValueError("write a name of small letters and digits, such as desk")
    return value


def _hours(value: str) -> str:
    begin, dash, end = value.partition("-")
    if value and (not dash or _hour(begin) == _hour(end)):
        raise ValueError('write two times of day such as "23:00-07:00", or nothing')
    return value


Span = Annotated[dt.timedelta, BeforeValidator(parse_span)]
Wait = Annotated[Span, AfterValidator(_longer_than_nothing)]
"""A span that zero would make a busy loop of."""
Network = Annotated[str, AfterValidator(_network)]
DatabaseUrl = Annotated[str, AfterValidator(_database_url)]
Listen = Annotated[str, AfterValidator(_listen)]
Anchor = Annotated[str, AfterValidator(_anchor)]
PublicUrl = Annotated[str, AfterValidator(_public_url)]
Hour = Annotated[str, AfterValidator(_hour)]
Called = Annotated[str, AfterValidator(_called)]
"""A name in a destination: what an environment variable can spell."""
Hours = Annotated[str, AfterValidator(_hours)]
Zone = Annotated[str, AfterValidator(_zone)]


class Table(BaseModel):
    """A table of a configuration file. An unknown key is a mistake, never ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Database(Table):
    """Where everything is kept."""

    url: DatabaseUrl = Field("sqlite:///var/monitor.db", description="SQLAlchemy URL; sqlite:///path or postgresql://…")
    password: SecretStr | None = Field(None, description="password of the database user, if not in the URL")
    password_file: Path | None = Field(None, description="a file that holds it")


class HttpTable(Table):
    """How we behave as a guest on other people's servers."""

    contact: str = Field("", description="URL or address a webmaster can reach you at; part of the User-Agent")
    connect_timeout: Wait = Field(dt.timedelta(seconds=10), description="longest wait for a connection")
    read_timeout: Wait = Field(dt.timedelta(seconds=20), description="longest silence while reading")
    deadline: Wait = Field(dt.timedelta(seconds=60), description="longest time for one whole fetch, redirects included")
    max_bytes: int = Field(15_000_000, ge=10_000, description="largest decoded document, bytes")
    per_host: int = Field(2, ge=1, le=8, description="requests at once to one host")
    host_gap: Span = Field(dt.timedelta(seconds=2), description="least time between two starts at one host")
    concurrency: int = Field(32, ge=1, le=512, description="requests at once in all")
    allow_addresses: tuple[Network, ...] = Field(
        (), description="networks that may be polled although they are not public"
    )
    anchors: tuple[Anchor, ...] = Field(
        ("one.one.one.one:443", "dns.google:443"),
        description="host:port that answers while this machine's own network is well; asked only when feeds fail",
    )


class ScheduleTable(Table):
    """How often feeds are polled."""

    every: Wait = Field(
        dt.timedelta(minutes=90),
        description="where the pace of a row that names none starts; then up, or down to 1 h, which any site bears",
    )
    min_every: Wait = Field(
        dt.timedelta(minutes=5),
        description="how far the pace of a row goes down by itself; its own min_every may go below",
    )
    max_every: Span = Field(dt.timedelta(hours=6), description="never slower than this while the feed is well")
    max_backoff: Wait = Field(
        dt.timedelta(hours=12), description="longest pause after failures; a feed is never given up"
    )
    spread: Span = Field(dt.timedelta(seconds=30), description="first polls after a start are spread over this time")
    tick: Wait = Field(dt.timedelta(seconds=2), description="how often the dispatcher looks for due feeds")


class WebTable(Table):
    """The page that listens: health, metrics, and what WebSub hubs send."""

    listen: Listen = Field("", description='address and port, such as "127.0.0.1:8080"; empty: nothing listens')
    public_url: PublicUrl = Field(
        "", description="how hubs reach it, such as https://monitor.example.org; empty: no WebSub subscriptions"
    )

    @model_validator(mode="after")
    def _reached(self) -> WebTable:
        if self.public_url and not self.listen:
            raise ValueError('public_url is of the page that listens: set listen too, such as "127.0.0.1:8080"')
        return self


class GateTable(Table):
    """Whether the gate stands."""

    enabled: bool = Field(True, description="false: every article is taken as ours (to group any news stream)")


class MeaningTable(Table):
    """The sentence encoder."""

    embedder: Literal["use", "none"] = Field(
        "use", description="use: the multilingual encoder in the wheel; none: words only"
    )


class StoriesTable(Table):
    """How long a story stays open."""

    horizon: Span = Field(dt.timedelta(days=45), description="a story that rested longer is found by what it shares")


class AlertsTable(Table):
    """What is told, where and when."""

    destination: str = Field(
        "",
        description='"console", "slack:CHANNEL" or one of docs/sinks.md; empty: Slack if a token is set, else console',
    )
    operators: str = Field(
        "", description='where incidents of feeds are told, as for destination; empty: as destination; "none": nowhere'
    )
    zone: Zone = Field("Asia/Tokyo", description="the readers' time zone")
    group_wait: Span = Field(dt.timedelta(seconds=90), description="a new story waits so long for more voices")
    minor_gap: Span = Field(dt.timedelta(minutes=20), description="least time between two minor updates of one story")
    max_age: Span = Field(dt.timedelta(hours=24), description="older than this at first sight: told in a digest only")
    digest_age: Span = Field(dt.timedelta(days=7), description="older than this at first sight: not told")
    severity: Literal["minor", "major"] = Field("minor", description="least weight that is told")
    edit_wait: Span = Field(
        dt.timedelta(seconds=45), description="a root is edited so long after its story moved: many changes, one edit"
    )
    broadcasts: int = Field(2, ge=0, description="major updates of one story that are also shown in the channel, a day")
    quiet: Hours = Field("", description='hours of rest in the zone, such as "23:00-07:00"; urgent news breaks through')
    digest_at: Hour = Field("07:00", description="when the daily digest goes out, in the zone; only if it has anything")
    all_quiet: bool = Field(False, description="true: a line at digest_at on a day that brought nothing")
    breaker_alerts: int = Field(8, ge=0, description="alerts at one destination within breaker_window; 0: no breaker")
    breaker_window: Wait = Field(dt.timedelta(minutes=10), description="see breaker_alerts")
    breaker_rest: Wait = Field(
        dt.timedelta(hours=1), description="after more than breaker_alerts: all goes into one digest, this long"
    )
    expires: Span = Field(
        dt.timedelta(days=3), description="an alert that could not be sent for so long is dropped and counted"
    )


class SlackTable(Table):
    """The Slack app. The token comes from the environment or a file, never from a file in version control."""

    token: SecretStr | None = Field(None, description="bot token, xoxb-…")
    token_file: Path | None = Field(None, description="a file that holds it")
    app_token: SecretStr | None = Field(None, description="app-level token, xapp-…: buttons, by Socket Mode")
    app_token_file: Path | None = Field(None, description="a file that holds it")
    channel: str = Field("", description="channel id for alerts whose topic names none, C…")
    base_url: str = Field("https://slack.com/api/", description="Slack's Web API; another only for tests")
    timeout: Wait = Field(dt.timedelta(seconds=15), description="longest wait for one call")


class WebhookTable(Table):
    """An incoming webhook, of Slack or of what understands Slack's; alerts go there as ``webhook:NAME``."""

    url: SecretStr | None = Field(None, description="its address, a secret: from the environment")
    url_file: Path | None = Field(None, description="a file that holds it")
    timeout: Wait = Field(dt.timedelta(seconds=15), description="longest wait for one call")


class JsonlTable(Table):
    """A file that alerts are appended to, a JSON object a line; alerts go there as ``jsonl:NAME``."""

    path: Path = Field(description="the file; relative to where the monitor runs")


class AppriseTable(Table):
    """One of the services that Apprise knows (mail, Teams, Mattermost …); alerts go there as ``apprise:NAME``."""

    url: SecretStr | None = Field(None, description="Apprise's address of it, a secret: from the environment")
    url_file: Path | None = Field(None, description="a file that holds it")
    timeout: Wait = Field(dt.timedelta(seconds=15), description="longest wait for an answer")


class RetentionTable(Table):
    """How long things are kept. What was alerted, and what an entry was known by, is kept for ever."""

    raw: Span = Field(dt.timedelta(days=14), description="raw bodies, to see what a publisher sent")
    off_beat: Span = Field(dt.timedelta(days=90), description="evidence of off-beat entries; the row itself stays")


class LogTable(Table):
    """The log, on standard error."""

    level: Literal["debug", "info", "warning", "error"] = Field("info", description="least level that is written")
    format: Literal["auto", "text", "json"] = Field(
        "auto", description="auto: text on a terminal, JSON lines elsewhere"
    )


class SettingsModel(Table):
    """The whole of ``config/monitor.toml``."""

    database: Database = Database()
    http: HttpTable = HttpTable()
    schedule: ScheduleTable = ScheduleTable()
    web: WebTable = WebTable()
    gate: GateTable = GateTable()
    meaning: MeaningTable = MeaningTable()
    stories: StoriesTable = StoriesTable()
    alerts: AlertsTable = AlertsTable()
    slack: SlackTable = SlackTable()
    webhook: dict[Called, WebhookTable] = Field(default_factory=dict)
    jsonl: dict[Called, JsonlTable] = Field(default_factory=dict)
    apprise: dict[Called, AppriseTable] = Field(default_factory=dict)
    retention: RetentionTable = RetentionTable()
    log: LogTable = LogTable()

    @model_validator(mode="after")
    def _pace_in_order(self) -> SettingsModel:
        schedule = self.schedule
        if not schedule.min_every <= schedule.every <= schedule.max_every:
            raise ValueError("schedule: min_every, every and max_every must grow in this order")
        return self


def zone(name: str) -> dt.tzinfo:
    """The zone of this name; UTC needs no time-zone data."""
    return dt.UTC if name == "UTC" else ZoneInfo(name)
