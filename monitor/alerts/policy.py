"""When and where alerts go, as numbers: made from the settings once, never changed while running."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from monitor.entities import Destination, Topic, TopicId, Weight
from monitor.settings import Settings

CONSOLE = Destination("console")


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
    max_age: dt.timedelta = dt.timedelta(hours=24)  # published so long before first sight: not told
    expires: dt.timedelta = dt.timedelta(days=3)  # a long weekend of a refusing Slack
    settle: dt.timedelta = dt.timedelta(seconds=10)  # between two looks; a lost post came up to 5 s late in tests
    pace: Mapping[str, dt.timedelta] = field(default_factory=lambda: {"slack": dt.timedelta(seconds=1)})

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
            expires=alerts.expires,
        )


def place(name: str) -> Destination:
    """A channel as configuration names it: ``console``, ``slack:C…``, or bare for Slack."""
    return Destination(name if name == CONSOLE or ":" in name else f"slack:{name}")


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
