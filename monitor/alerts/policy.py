"""When and where alerts go, as numbers: made from the settings once, never changed while running."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from monitor.alerts import hours
from monitor.entities import Destination, Topic, TopicId, Weight
from monitor.settings import Settings, zone

CONSOLE = Destination("console")
BY_HAND, MUTED = "dropped by hand", "muted before it was sent"
GIVEN_UP = frozenset({BY_HAND, MUTED})
"""What is written on a row that expired because somebody wanted it so: no digest lists it."""
_PACED = ("slack", "webhook", "apprise")
"""Sinks whose service takes about one message a second (Slack says so of channels and webhooks; chats are alike)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The rules of telling. Waits are durations; ``floor`` is the least weight that is told at all.

    ``operators`` hears of feeds that are ill; None: nobody does, and ``monitor status`` alone shows them.
    """

    default: Destination = CONSOLE
    operators: Destination | None = CONSOLE
    routes: Mapping[TopicId, Destination] = field(default_factory=dict)
    severity: Mapping[TopicId, Weight] = field(default_factory=dict)
    floor: Weight = Weight.MINOR
    floors: Mapping[Destination, Weight] = field(default_factory=dict)
    zone: str = "Asia/Tokyo"
    group_wait: dt.timedelta = dt.timedelta(seconds=90)  # three wires become one message
    minor_gap: dt.timedelta = dt.timedelta(minutes=20)  # ten minor updates in an hour: at most three posts
    max_age: dt.timedelta = dt.timedelta(hours=24)  # published so long before first sight: in a digest only
    digest_age: dt.timedelta = dt.timedelta(days=7)  # ... and so long before: not told
    edit_wait: dt.timedelta = dt.timedelta(seconds=45)  # a root is edited so long after its story moved
    broadcasts: int = 2  # major replies of one story that are shown in the channel too, a day
    quiet: tuple[dt.time, dt.time] | None = None  # in the zone; urgent news breaks through
    digest_at: dt.time = dt.time(7)  # in the zone
    all_quiet: bool = False
    breaker_alerts: int = 8  # within the window at one destination; 0: no breaker
    breaker_window: dt.timedelta = dt.timedelta(minutes=10)
    breaker_rest: dt.timedelta = dt.timedelta(hours=1)
    new_topics: Mapping[TopicId, dt.datetime] = field(default_factory=dict)  # since when the configuration names them
    new_topic: dt.timedelta = dt.timedelta(days=1)  # so long what reports on new topics alone is told in a digest
    expires: dt.timedelta = dt.timedelta(days=3)  # a long weekend of a refusing Slack
    settle: dt.timedelta = dt.timedelta(seconds=10)  # between two looks; a lost post came up to 5 s late in tests
    pace: Mapping[str, dt.timedelta] = field(default_factory=lambda: dict.fromkeys(_PACED, dt.timedelta(seconds=1)))

    def next_digest(self, now: dt.datetime) -> dt.datetime:
        """When the next daily digest goes out."""
        return hours.following(self.digest_at, zone(self.zone), now)

    def quiet_at(self, destination: Destination) -> hours.Quiet | None:
        """The quiet hours of a destination: of those where news is told; operators elsewhere have none."""
        return self.quiet if destination in self.destinations() else None

    def destinations(self) -> tuple[Destination, ...]:
        """Everywhere an alert may be sent to by configuration."""
        return tuple(dict.fromkeys(place for place in (self.default, *self.routes.values()) if place))

    @classmethod
    def of(cls, settings: Settings, topics: Sequence[Topic]) -> Policy:
        """The policy that ``monitor.toml`` and the topics' files describe."""
        alerts = settings.alerts
        return cls(
            default=_default(settings),
            operators=_operators(settings),
            routes={topic.id: place(topic.channel) for topic in topics if topic.channel},
            severity={topic.id: topic.severity for topic in topics},
            floor=Weight(alerts.severity),
            zone=alerts.zone,
            group_wait=alerts.group_wait,
            minor_gap=alerts.minor_gap,
            max_age=alerts.max_age,
            digest_age=alerts.digest_age,
            edit_wait=alerts.edit_wait,
            broadcasts=alerts.broadcasts,
            quiet=_hours(alerts.quiet),
            digest_at=dt.time.fromisoformat(alerts.digest_at),
            all_quiet=alerts.all_quiet,
            breaker_alerts=alerts.breaker_alerts,
            breaker_window=alerts.breaker_window,
            breaker_rest=alerts.breaker_rest,
            expires=alerts.expires,
        )


def place(name: str) -> Destination:
    """A channel as configuration names it: ``console``, ``slack:C…``, or bare for Slack."""
    return Destination(name if name == CONSOLE or ":" in name else f"slack:{name}")


def _hours(said: str) -> tuple[dt.time, dt.time] | None:
    begin, _, end = said.partition("-")
    return (dt.time.fromisoformat(begin), dt.time.fromisoformat(end)) if said else None


def _default(settings: Settings) -> Destination:
    if settings.alerts.destination:
        return place(settings.alerts.destination)
    slack = settings.slack
    if slack.token is not None and slack.channel:
        return place(slack.channel)
    return CONSOLE


def _operators(settings: Settings) -> Destination | None:
    named = settings.alerts.operators
    if named == "none":
        return None
    return place(named) if named else _default(settings)
