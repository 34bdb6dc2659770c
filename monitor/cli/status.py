"""``monitor status``: is the daemon alive, which feeds are ill, what waits, what was told. It changes nothing."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

import typer

from monitor import incidents
from monitor.app import App
from monitor.cli.common import AsJson, ConfigDir, ago, clock, counted, length, open_app, print_json, say, table, utc_now
from monitor.cli.remedies import remedy
from monitor.cli.words import NOT_POLLED, health_word
from monitor.entities import AlertKind, AlertReason, Destination, FeedId, OutboxId, OutboxState, Problem, Verdict
from monitor.incidents import Wellness
from monitor.settings import zone

FRESH = dt.timedelta(seconds=60)
"""The daemon beats every 15 s: four missed beats, and it is not alive."""
LAST_ALERTS = 5
FEW = 5
"""Rows that stand for all where every feed has the same trouble."""
ENOUGH = 3
"""Feeds that must fail alike before the fault is looked for on our side."""
NETWORK = frozenset({Problem.DNS, Problem.CONNECT, Problem.TIMEOUT})
QUIET = frozenset({Wellness.OK.value, NOT_POLLED})
"""What is counted and gets no row of its own."""
DAY = dt.timedelta(hours=24)
NEWS = frozenset({AlertKind.STORY, AlertKind.DEVELOPMENT, AlertKind.DIGEST})
TOLD = frozenset({AlertReason.QUEUED, AlertReason.DIGEST})
UNDONE = (
    OutboxState.HELD,
    OutboxState.PENDING,
    OutboxState.SENDING,
    OutboxState.UNKNOWN,
    OutboxState.DEAD,
    OutboxState.EXPIRED,
)
"""States that somebody may want to do something about; what was sent or merged is done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedLine:
    """How one feed is."""

    feed: FeedId
    wellness: Wellness
    sentence: str
    problem: Problem | None
    since: dt.datetime | None
    failures: int
    last_attempt_at: dt.datetime | None
    last_success_at: dt.datetime | None
    next_poll_at: dt.datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueLine:
    """How one destination is."""

    destination: Destination
    states: Mapping[OutboxState, int]
    oldest_waiting_at: dt.datetime | None
    last_sent_at: dt.datetime | None
    broken: str
    broken_since: dt.datetime | None
    remedy: str
    digest_until: dt.datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertLine:
    """One of the last alerts."""

    id: OutboxId
    ref: str
    destination: Destination
    state: OutboxState
    at: dt.datetime
    headline: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TellingLine:
    """A day's alerts: messages sent, developments in digests, seconds from first sight, and what was not told, why."""

    sent: int
    in_digests: int
    median_s: float | None
    slowest_s: float | None
    edits_due: int
    not_told: Mapping[AlertReason, int]
    muted_stories: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ButtonsLine:
    """How the connection is that presses of Slack's buttons come over; no trouble: it is well."""

    trouble: str
    since: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """Everything ``monitor status`` says."""

    now: dt.datetime
    alive: bool
    heartbeat_at: dt.datetime | None
    feeds: tuple[FeedLine, ...]
    queue: tuple[QueueLine, ...]
    alerts: tuple[AlertLine, ...]
    verdicts_24h: Mapping[Verdict, int]
    new_ground_24h: int
    telling_24h: TellingLine
    buttons: ButtonsLine | None = None


def status(
    config: ConfigDir = None,
    health: Annotated[
        bool, typer.Option("--health", help="Only the heartbeat: exit 0 if the daemon is alive, 1 if not.")
    ] = False,
    every: Annotated[bool, typer.Option("--all", help="A row for every feed, healthy ones too.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show the daemon's heartbeat, the feeds' health, the alerts' queue, the last alerts and a day's verdicts.

    Exits with 1 while a destination takes no alerts.

    Examples:
      monitor status
      monitor status --all
      monitor status --health     (for a container's health check)
      monitor status --json | jq '.feeds[] | select(.wellness != "ok")'
    """
    app, now = open_app(config, brief=True), utc_now()
    if health:
        beat = app.views.beats().get("daemon")
        alive = _alive(beat, now)
        if as_json:
            print_json({"alive": alive, "heartbeat_at": beat})
        else:
            say(_heartbeat(alive, beat, now))
        raise typer.Exit(0 if alive else 1)
    found = look(app, now)
    if as_json:
        print_json(found)
    else:
        _show(app, found, every=every)
    named = {*app.alert_policy.destinations(), app.alert_policy.operators}
    if any(line.broken and (line.oldest_waiting_at or line.destination in named) for line in found.queue):
        raise typer.Exit(1)


def look(app: App, now: dt.datetime) -> Status:
    """The state of everything, from the database alone."""
    from monitor.store.ground import unsorted

    views = app.views
    beat = views.beats().get("daemon")
    held = {view.feed.id: view for view in views.feeds()}
    feeds = []
    for feed in app.feeds:
        if not feed.enabled:
            continue
        view = held.get(feed.id)
        if view is None:
            sentence = "not polled yet: the daemon has not started with this configuration"
            feeds.append(
                FeedLine(
                    feed=feed.id, wellness=Wellness.OK, sentence=sentence, problem=None, since=None, failures=0,
                    last_attempt_at=None, last_success_at=None, next_poll_at=None,
                )
            )  # fmt: skip
            continue
        state = view.state
        told = incidents.health(feed, state, now, app.schedule_policy)
        feeds.append(
            FeedLine(
                feed=feed.id, wellness=told.wellness, sentence=told.sentence, problem=state.problem,
                since=state.problem_since, failures=state.failures, last_attempt_at=state.last_attempt_at,
                last_success_at=state.last_success_at, next_poll_at=state.next_poll_at,
            )
        )  # fmt: skip
    return Status(
        now=now,
        alive=_alive(beat, now),
        heartbeat_at=beat,
        feeds=tuple(feeds),
        queue=tuple(
            QueueLine(
                destination=queue.destination, states=queue.states, oldest_waiting_at=queue.oldest_waiting_at,
                last_sent_at=queue.last_sent_at, broken=queue.channel.broken, broken_since=queue.channel.broken_since,
                remedy=remedy(queue.destination, queue.channel.broken), digest_until=queue.channel.digest_until,
            )
            for queue in views.queue()
        ),
        alerts=tuple(
            AlertLine(
                id=row.id, ref=row.alert.ref, destination=row.alert.destination, state=row.state,
                at=row.sent_at or row.created_at, headline=row.alert.headline,
            )
            for row in views.alerts(limit=LAST_ALERTS)
        ),
        verdicts_24h={verdict: sum(reasons.values()) for verdict, reasons in views.verdicts(since=now - DAY).items()},
        new_ground_24h=unsorted(app.store, since=now - DAY),
        telling_24h=_telling(app, now),
        buttons=_buttons(app),
    )  # fmt: skip


def _telling(app: App, now: dt.datetime) -> TellingLine:
    from monitor.store.telling import quantile, telling

    told = telling(app.store, now=now, since=now - DAY)
    silent = {reason: number for reason, number in told.developments.items() if number and reason not in TOLD}
    return TellingLine(
        sent=sum(number for (_, kind), number in told.sent.items() if kind in NEWS),
        in_digests=sum(told.digest_items.values()),
        median_s=quantile(told.latency, 0.5).total_seconds() if told.latency else None,
        slowest_s=told.latency[-1].total_seconds() if told.latency else None,
        edits_due=sum(told.edits_due.values()),
        not_told=silent,
        muted_stories=told.muted,
    )


def _buttons(app: App) -> ButtonsLine | None:
    """None where no app token is set: then there are no buttons."""
    noted = app.views.buttons() if app.config.settings.slack.app_token is not None else None
    return None if noted is None else ButtonsLine(trouble=noted[0], since=noted[1])


def _alive(beat: dt.datetime | None, now: dt.datetime) -> bool:
    return beat is not None and abs(now - beat) <= FRESH


def _heartbeat(alive: bool, beat: dt.datetime | None, now: dt.datetime) -> str:
    if beat is None:
        return "The daemon never ran on this database: `monitor run` starts it."
    return (
        f"The daemon is alive, last heartbeat {ago(beat, now)}."
        if alive
        else (f"The daemon is not alive: last heartbeat {ago(beat, now)}.")
    )


def own_network_down(feeds: Sequence[FeedLine]) -> Problem | None:
    """The problem that all feeds which were asked share, where it speaks of our side and not of theirs."""
    asked = [feed for feed in feeds if feed.last_attempt_at is not None and feed.wellness is not Wellness.PAUSED]
    problems = {feed.problem for feed in asked}
    if len(asked) < ENOUGH or not problems <= NETWORK:
        return None
    return Counter(feed.problem for feed in asked).most_common(1)[0][0]


def _word(feed: FeedLine) -> str:
    return health_word(feed.wellness, feed.problem, feed.last_attempt_at)


def _show(app: App, found: Status, *, every: bool) -> None:
    now, tz = found.now, zone(app.config.settings.alerts.zone)
    by_hand = max((feed.last_attempt_at for feed in found.feeds if feed.last_attempt_at is not None), default=None)
    if found.heartbeat_at is None and by_hand is not None:
        say(f"No daemon has run on this database; feeds were polled by hand or from cron, last {ago(by_hand, now)}.")
    else:
        say(_heartbeat(found.alive, found.heartbeat_at, now), "green" if found.alive else "red")
    down = own_network_down(found.feeds)
    if down is not None:
        since = min((feed.since for feed in found.feeds if feed.since is not None), default=None)
        say(
            f"No feed can be reached ({down}) since {clock(since, tz)}: look at this machine's own network, name "
            "service and firewall first. The feeds are asked again by themselves.",
            "red",
        )
    counts = Counter(map(_word, found.feeds))
    say()
    say(f"Feeds: {len(found.feeds)} enabled — " + ", ".join(f"{count} {word}" for word, count in counts.most_common()))
    shown = [feed for feed in found.feeds if every or _word(feed) not in QUIET]
    order = [*list(Wellness)[1:], Wellness.OK]
    shown.sort(key=lambda feed: (order.index(feed.wellness), feed.problem is None, feed.feed))
    few = shown if every or down is None else shown[:FEW]
    if few:
        table(
            "",
            ("feed", "health", "what", "since", "next poll"),
            (
                (
                    feed.feed,
                    _word(feed),
                    feed.sentence,
                    clock(feed.since, tz),
                    ago(feed.next_poll_at, now),
                )
                for feed in few
            ),
            empty="",
        )
    if len(few) < len(shown):
        say(f"… and {len(shown) - len(few)} more of the same kind; --all shows each")
    say()
    _show_delivery(found, tz)
    say()
    table(
        "Last alerts",
        ("id", "at", "to", "state", "headline"),
        ((f"o{line.id}", clock(line.at, tz), line.destination, line.state, line.headline) for line in found.alerts),
        empty="No alerts yet.",
    )
    say()
    verdicts = ", ".join(f"{count} {verdict}" for verdict, count in found.verdicts_24h.items())
    say(f"Verdicts in 24 h: {verdicts or 'none'}")
    if found.new_ground_24h:
        ground = counted(found.new_ground_24h, "article")
        say(f"New ground in 24 h: {ground} without a topic; see `monitor topics suggest`")


def _show_delivery(found: Status, tz: dt.tzinfo) -> None:
    """What an operator reads in five seconds: what went out, and how each destination is, with what to do."""
    now, told = found.now, found.telling_24h
    said = [counted(told.sent, "message")]
    said += [f"{counted(told.in_digests, 'development')} in digests"] if told.in_digests else []
    if told.median_s is not None and told.slowest_s is not None:
        said.append(f"{length(told.median_s)} after first sight (slowest {length(told.slowest_s)})")
    said += [f"{counted(told.edits_due, 'edit')} due"] if told.edits_due else []
    say(f"Delivery in 24 h: {', '.join(said)}")
    if told.not_told:
        say("Not told: " + ", ".join(f"{number} {reason}" for reason, number in told.not_told.items()))
    if told.muted_stories:
        say(f"Muted: {counted(told.muted_stories, 'story', 'stories')}; `monitor stories list --muted`")
    table(
        "",
        ("destination", "state", "not told", "oldest", "last sent", "what to do"),
        (
            (
                line.destination,
                _state(line, now, tz),
                ", ".join(f"{line.states[state]} {state}" for state in UNDONE if line.states.get(state)),
                ago(line.oldest_waiting_at, now),
                ago(line.last_sent_at, now),
                line.remedy
                or (f"monitor alerts list --state {OutboxState.DEAD}" if line.states.get(OutboxState.DEAD) else ""),
            )
            for line in found.queue
        ),
        empty="Nothing was ever told.",
    )
    if found.buttons is not None:
        well = f"connected since {clock(found.buttons.since, tz)}"
        trouble = f"{found.buttons.trouble} (since {clock(found.buttons.since, tz)})"
        say(f"Buttons in Slack: {trouble if found.buttons.trouble else well}", "red" if found.buttons.trouble else "")


def _state(line: QueueLine, now: dt.datetime, tz: dt.tzinfo) -> str:
    if line.broken:
        return f"broken since {clock(line.broken_since, tz)}: {line.broken}"
    if line.digest_until is not None and line.digest_until > now:
        return f"too much at once: digest only until {clock(line.digest_until, tz)}"
    return "well"
