"""The figures of ``/metrics``, in Prometheus' text: of the database where it can be, so that they hold for any process.

It never keeps a figure between two looks, except what only this process knows: its own requests and its loop's stalls.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections import Counter as Tally
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TypeVar

import structlog
from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from monitor import incidents
from monitor.app import App
from monitor.entities import FeedState, Problem, Push
from monitor.errors import MonitorError
from monitor.incidents import Wellness
from monitor.store.figures import Figures, count
from monitor.store.shown import QueueView
from monitor.store.telling import Judged, Telling, judged, quantile, telling
from monitor.web.websub import Outcome

log = structlog.get_logger("monitor.web")

Word = TypeVar("Word", bound=str)

DAY = dt.timedelta(hours=24)
MONTH = dt.timedelta(days=30)
"""Readers label little: a day's labels would say nothing."""
SHARES = (0.5, 0.95, 1.0)
OUTCOMES = ("sent", "found", "edited", "merged", "refused", "unknown", "dead", "expired")
"""What a ``Report`` of delivery counts of what it did."""
LOOK = 0.25
"""Seconds between two looks at the loop: four a second cost nothing, and a stall of one second is still seen whole."""
STALLS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Seconds; a feed document takes milliseconds, and a hub gives a subscriber up after some ten seconds."""


class Metrics:
    """Everything that is shown, and the counters that only this process can keep."""

    def __init__(self, app: App, clock: Callable[[], dt.datetime]) -> None:
        self._registry = CollectorRegistry()
        self._registry.register(_Kept(app, clock))
        self._registry.register(_Run(app))
        ProcessCollector(registry=self._registry)
        self._stalls = Histogram(
            "monitor_event_loop_stall_seconds",
            "How much later than due the event loop of this process came back, looked at four times a second.",
            buckets=STALLS,
            registry=self._registry,
        )
        self._websub = Counter(
            "monitor_websub_requests",
            "What hubs sent to this process, by what became of it.",
            ["outcome"],
            registry=self._registry,
        )
        for outcome in Outcome:
            self._websub.labels(outcome.value)  # shown from the start: a rate needs a zero to rise from

    def page(self) -> bytes:
        """The page. It asks the database, so it belongs in a thread."""
        return generate_latest(self._registry)

    def websub(self, outcome: Outcome) -> None:
        """Count one request of a hub."""
        self._websub.labels(outcome.value).inc()

    async def watch_loop(self) -> None:
        """Measure the loop until cancelled."""
        clock = asyncio.get_running_loop().time
        while True:
            before = clock()
            await asyncio.sleep(LOOK)
            self._stalls.observe(max(clock() - before - LOOK, 0.0))


class _Run(Collector):
    """What only the delivery of this process counts: the outcomes of its own attempts."""

    def __init__(self, app: App) -> None:
        self._app = app

    def describe(self) -> Iterable[Metric]:
        """Nothing: registering must build no delivery."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """Rows by what became of them, from 0 at the start of the process."""
        totals = self._app.delivery.totals
        family = CounterMetricFamily("monitor_delivery_rows", "Alerts by what became of them here.", labels=["outcome"])
        for outcome in OUTCOMES:
            family.add_metric([outcome], totals[outcome])
        yield family


class _Kept(Collector):
    """What the database tells. Where it does not answer, the page says so instead of failing."""

    def __init__(self, app: App, clock: Callable[[], dt.datetime]) -> None:
        self._app = app
        self._clock = clock

    def describe(self) -> Iterable[Metric]:
        """Nothing: registering must not ask the database."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """Every figure of now."""
        now = self._clock()
        try:
            figures = count(self._app.store, since=now - DAY)
            queue = self._app.views.queue()
            told = telling(self._app.store, now=now, since=now - DAY)
            said = judged(self._app.store, since=now - MONTH)
            buttons = self._app.views.buttons()
        except MonitorError as error:
            log.error("metrics without the database", error=str(error))
            yield _gauge("monitor_database_up", "1: the database answers.", 0.0)
            return
        yield _gauge("monitor_database_up", "1: the database answers.", 1.0)
        yield _labelled(
            "monitor_heartbeat_age_seconds", "Since a part of the daemon last said that it lives.", "part",
            {part: (now - at).total_seconds() for part, at in figures.beats.items()},
        )  # fmt: skip
        yield from self._feeds(figures, now)
        yield from _incidents(figures)
        yield from _outbox(queue, now)
        yield from _telling(told)
        yield from _judged(said)
        heard = GaugeMetricFamily("monitor_slack_buttons_up", "1: presses of buttons in Slack are heard.", labels=())
        if self._app.config.settings.slack.app_token is not None:
            heard.add_metric((), float(buttons is not None and not buttons[0]))
        yield heard
        yield _labelled(
            "monitor_websub_subscriptions", "WebSub subscriptions of feeds whose publisher names a hub.", "state",
            _subscriptions(figures.states.values(), now),
        )  # fmt: skip

    def _feeds(self, figures: Figures, now: dt.datetime) -> Iterator[Metric]:
        feeds = [(feed, figures.states.get(feed.id) or FeedState(feed_id=feed.id)) for feed in self._app.feeds]
        policy = self._app.schedule_policy
        words = Tally(incidents.health(feed, state, now, policy).wellness for feed, state in feeds)
        yield _labelled(
            "monitor_feeds", "Configured feeds, by how they are.", "health",
            {word.value: words[word] for word in Wellness},
        )  # fmt: skip
        states = {feed.id: state for feed, state in feeds if feed.enabled}
        problems = Tally(state.problem for state in states.values())
        yield _labelled(
            "monitor_feeds_with_problem", "Enabled feeds whose last poll ended so.", "problem",
            {problem.value: problems[problem] for problem in Problem},
        )  # fmt: skip
        due = sum(
            state.next_poll_at is not None and state.next_poll_at <= now and not state.paused
            for state in states.values()
        )
        yield _gauge("monitor_feeds_due", "Enabled feeds whose time has come and that were not polled yet.", due)
        polls = CounterMetricFamily("monitor_feed_polls", "Polls of a feed, failed ones too.", labels=["feed"])
        for feed_id, state in states.items():
            polls.add_metric([feed_id], state.polls)
        yield polls
        yield _labelled(
            "monitor_feed_failures", "Failed polls of a feed in a row; 0: the last one was well.", "feed",
            {feed_id: state.failures for feed_id, state in states.items()},
        )  # fmt: skip
        yield _labelled(
            "monitor_feed_last_success_age_seconds", "Since a feed last answered well.", "feed",
            _ages({feed_id: state.last_success_at for feed_id, state in states.items()}, now),
        )  # fmt: skip
        yield _labelled(
            "monitor_feed_last_new_age_seconds", "Since a feed last brought something new.", "feed",
            _ages({feed_id: state.last_new_at for feed_id, state in states.items()}, now),
        )  # fmt: skip
        yield _labelled(
            "monitor_feed_possible_loss", "1: entries of this feed may have been missed.", "feed",
            {feed_id: float(state.gap is not None) for feed_id, state in states.items()},
        )  # fmt: skip


def _incidents(figures: Figures) -> Iterator[Metric]:
    yield _labelled(
        "monitor_incidents_open", "Incidents that are open.", "kind",
        {kind.value: number for kind, number in figures.incidents.items()},
    )  # fmt: skip
    yield _labelled(
        "monitor_entries_24h", "Entries first seen in the last 24 hours, by how they ended.", "verdict",
        {verdict.value: number for verdict, number in figures.verdicts.items()},
    )  # fmt: skip


def _outbox(queue: Iterable[QueueView], now: dt.datetime) -> Iterator[Metric]:
    rows = GaugeMetricFamily("monitor_outbox_alerts", "Alerts in the outbox.", labels=["destination", "state"])
    waiting: dict[str, dt.datetime | None] = {}
    broken: dict[str, float] = {}
    fallen: dict[str, float] = {}
    for line in queue:
        until = line.channel.digest_until
        fallen[line.destination] = float(until is not None and until > now)
        waiting[line.destination] = line.oldest_waiting_at
        broken[line.destination] = float(bool(line.channel.broken))
        for state, number in line.states.items():
            rows.add_metric([line.destination, state.value], number)
    yield rows
    yield _labelled(
        "monitor_outbox_oldest_waiting_age_seconds", "Age of the oldest alert that waits; none: nothing waits.",
        "destination", _ages(waiting, now),
    )  # fmt: skip
    yield _labelled(
        "monitor_destination_broken", "1: the destination refuses alerts until somebody mends it.", "destination",
        broken,
    )  # fmt: skip
    yield _labelled(
        "monitor_destination_digest_only", "1: the circuit breaker fell, and all but the urgent waits for a digest.",
        "destination", fallen,
    )  # fmt: skip


def _telling(told: Telling) -> Iterator[Metric]:
    sent = GaugeMetricFamily(
        "monitor_alerts_sent_24h", "Messages sent in the last 24 hours.", labels=["destination", "kind"]
    )
    for (destination, kind), number in told.sent.items():
        sent.add_metric([destination, kind.value], number)
    yield sent
    yield _labelled(
        "monitor_alert_broadcasts_24h", "Replies of the last 24 hours that were shown in the channel, too.",
        "destination", told.broadcasts,
    )  # fmt: skip
    yield _labelled(
        "monitor_digest_items_24h", "Developments that digests of the last 24 hours listed.", "destination",
        told.digest_items,
    )  # fmt: skip
    yield _labelled(
        "monitor_alerts_per_development_24h", "How often a development of the last 24 hours was told; 1 is right.",
        "destination", {place: told.tellings[place] / many for place, many in told.distinct.items()},
    )  # fmt: skip
    yield _labelled(
        "monitor_alert_latency_24h_seconds", "From a development's first sight to its message, in the last 24 hours.",
        "quantile", {f"{share:g}": quantile(told.latency, share).total_seconds() for share in SHARES if told.latency},
    )  # fmt: skip
    yield _labelled(
        "monitor_developments_24h", "Developments of the last 24 hours, by whether they were told or why not.",
        "alert", {reason.value: number for reason, number in told.developments.items()},
    )  # fmt: skip
    yield _labelled(
        "monitor_outbox_edits_due", "Messages that wait to be edited, since their story moved.", "destination",
        told.edits_due,
    )  # fmt: skip
    yield _gauge("monitor_stories_muted", "Stories that are muted now.", told.muted)
    yield _perhaps(
        "monitor_buttons_up", "1: the connection that presses of Slack's buttons come over stands.",
        None if told.buttons is None else float(not told.buttons[0]),
    )  # fmt: skip


def _judged(said: Judged) -> Iterator[Metric]:
    labels = GaugeMetricFamily(
        "monitor_labels_30d", "Labels that readers gave in the last 30 days.", labels=["label", "way"]
    )
    for (kind, way), number in said.labels.items():
        labels.add_metric([kind.value, way], number)
    yield labels
    score = said.score
    yield _labelled(
        "monitor_alerts_labelled_30d", "Alerts of the last 30 days that a reader labelled, by what is wrong with them.",
        "judgement",
        {"right": score.right, "not-new": score.not_new, "wrong-topic": score.wrong_topic, "off-beat": score.off_beat},
    )  # fmt: skip
    yield _labelled(
        "monitor_developments_missed_30d", "Entries of the last 30 days that a reader missed an alert for.", "by",
        {"gate": score.missed_by_gate, "silence": score.missed_as_silent},
    )  # fmt: skip
    yield _perhaps(
        "monitor_alert_redundancy_30d_ratio", "Labelled alerts of the last 30 days that told nothing new.",
        score.not_new / score.alerts if score.alerts else None,
    )  # fmt: skip


def _subscriptions(states: Iterable[FeedState], now: dt.datetime) -> Mapping[str, float]:
    found = Tally(_standing(state.push, now) for state in states if state.push is not None)
    return {word: found[word] for word in ("verified", "asked", "refused", "none")}


def _standing(push: Push, now: dt.datetime) -> str:
    if push.verified_at is not None and push.lease_until is not None and push.lease_until > now:
        return "verified"
    if push.refused:
        return "refused"
    return "asked" if push.asked_at is not None else "none"


def _ages(moments: Mapping[str, dt.datetime | None], now: dt.datetime) -> Mapping[str, float]:
    return {name: (now - at).total_seconds() for name, at in moments.items() if at is not None}


def _gauge(name: str, said: str, value: float) -> Metric:
    return GaugeMetricFamily(name, said, value=value)


def _perhaps(name: str, said: str, value: float | None) -> Metric:
    """A figure that is there only where there is something to count it from."""
    family = GaugeMetricFamily(name, said, labels=[])
    if value is not None:
        family.add_metric([], value)
    return family


def _labelled(name: str, said: str, label: str, values: Mapping[Word, float]) -> Metric:
    family = GaugeMetricFamily(name, said, labels=[label])
    for key, value in values.items():
        family.add_metric([key], value)
    return family
