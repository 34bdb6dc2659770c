"""The outbox walked: claim, send, confirm. Never in one transaction with the network, never twice, never out of order.

    held ──► pending | merged    pending ──► sending ──► sent | pending | unknown | dead    unknown ──► sent | pending
    sent ──(its text moved on)──► edited

``Delivery.deliver`` does what is due and returns; ``wake_at`` says when to call it again. The claim is committed before
the call and the outcome after it, so a row found ``sending`` at the start of a round was cut off and is looked up. One
delivery runs at a time (the daemon holds the lock), and one request is in flight for each destination. The states, the
guarantees and what is left of risk: ``docs/delivery.md``.
"""

from __future__ import annotations

import datetime as dt
import functools
import itertools
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import structlog

from monitor.alerts import compose, digests, notices, outcomes, release
from monitor.alerts.homes import Arrival, Recalling, arrive
from monitor.alerts.policy import Policy
from monitor.alerts.rows import open_rows, placed, save_thread, share_token, sink_name, still, thread_of
from monitor.alerts.sinks import Sink
from monitor.alerts.steps import Action, Step, next_steps, real
from monitor.entities import (
    Alert,
    AlertKind,
    Channel,
    Destination,
    Look,
    LookStatus,
    OutboxId,
    OutboxRow,
    OutboxState,
    Outcome,
    SendStatus,
)
from monitor.errors import MonitorError
from monitor.ports import OutboxTx, Store
from monitor.settings import zone

log = structlog.get_logger("monitor.deliver")

PATIENCE = dt.timedelta(seconds=2)  # deliver() sleeps so long for the pace of a channel; else it returns
FLUSH_PATIENCE = dt.timedelta(seconds=15)  # ... and so long for a look-up when it is the last call


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What one call did, in rows. ``broken`` are the destinations that do not work now, with what they say."""

    released: int = 0
    merged: int = 0
    sent: int = 0
    found: int = 0
    edited: int = 0
    refused: int = 0
    unknown: int = 0
    dead: int = 0
    expired: int = 0
    broken: Mapping[Destination, str]


class Delivery:
    """Takes rows from the outbox to their sinks. All it knows stands in the store; it can be killed anywhere."""

    def __init__(
        self,
        store: Store,
        sinks: Mapping[str, Sink],
        policy: Policy,
        *,
        sleep: Callable[[float], object] | None = None,
        rng: random.Random | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        alone: Callable[[], None] = lambda: None,
    ) -> None:
        """``sleep`` waits so many seconds and returns something true when delivery should stop (``Event.wait``).

        ``alone`` raises where another process may send from this store by now.
        """
        self._store = store
        self._sinks = sinks
        self._policy = policy
        self._sleep = sleep or threading.Event().wait
        self._rng = rng or random.Random()
        self._monotonic = monotonic
        self._alone = alone
        self._tz = zone(policy.zone)
        self._places = tuple(dict.fromkeys((*policy.destinations(), *filter(None, (policy.operators,)))))
        self._tally: Counter[str] = Counter()
        self.totals: Counter[str] = Counter()  # of all calls of this process, for its metrics
        self._from: tuple[dt.datetime, float] | None = None
        self._flush = False
        # Until when a sink takes no look-up or edit: those limits are one for all its channels. As the store has them.
        self._pauses: dict[tuple[str, Action], dt.datetime] | None = None
        self._lost_edits: Counter[OutboxId] = Counter()  # a kill forgets them: one try too soon

    def arrive(self, now: dt.datetime, *, check: bool = False) -> Arrival:
        """Once at a start, before anything is taken in or sent: is this database the one that sent our alerts last?

        ``check``: what is wrong with the sinks' set-up is logged, too; it stops nothing, since it may be mended.
        """
        places = self._places
        used = {sink_name(place) for place in places} if check else set()
        for problem in (
            problem for name in sorted(used) if name in self._sinks for problem in self._sinks[name].check(places)
        ):
            log.warning("alerts may not arrive", problem=problem)
        recalling = {name: sink for name, sink in self._sinks.items() if isinstance(sink, Recalling)}
        arrival = arrive(self._store, recalling, places, now, rng=self._rng)
        if arrival.moved or arrival.behind:
            log.warning(
                "another copy of this database may have sent alerts", moved=arrival.moved,
                behind=list(arrival.behind), looked_up=arrival.doubted,
            )  # fmt: skip
        for place, said in arrival.unsure.items():
            log.warning("cannot look at what was sent last", destination=place, said=said)
        return arrival

    def deliver(self, now: dt.datetime, *, flush: bool = False) -> Report:
        """Do everything that is due, and what becomes due within the pace of a channel. ``flush``: held rows go now.

        A destination where something raises holds up no other one: it is left alone, and raises at the end.
        """
        self._tally = Counter()
        self._from, self._flush = (now, self._monotonic()), flush
        patience = FLUSH_PATIENCE if flush else PATIENCE
        raised: dict[Destination, Exception] = {}
        while not self._sleep(0):
            self._alone()
            moment = self._now()
            steps = [step for step in self._steps(moment, flush=flush) if step.destination not in raised]
            due = [step for step in steps if step.at <= moment]
            for step in due:
                if self._after_the_pause(step, self._now()).at > self._now():
                    continue
                try:
                    self._do(step, self._now())
                except MonitorError:
                    raise
                except Exception as error:  # noqa: BLE001 -- raised below, after the others had their turn
                    raised[step.destination] = error
            if due:
                continue
            wait = min((step.at for step in steps), default=moment + 2 * patience) - moment
            if wait > patience or self._sleep(wait.total_seconds()):
                break
        self.totals.update(self._tally)
        if raised:
            raise next(iter(raised.values()))
        return Report(**self._tally, broken=self._broken())

    def wake_at(self, now: dt.datetime) -> dt.datetime | None:
        """When something is due next (not before ``now``), or None where nothing waits."""
        return min((max(now, step.at) for step in self._steps(now, flush=False)), default=None)

    def _now(self) -> dt.datetime:
        """The caller's ``now``, and what has passed since."""
        assert self._from is not None, "only within deliver()"
        return self._from[0] + dt.timedelta(seconds=self._monotonic() - self._from[1])

    def _pace(self, destination: Destination) -> dt.timedelta:
        return self._policy.pace.get(sink_name(destination), dt.timedelta(0))

    # --------------------------------------------------------------------------------------------- decide

    def _steps(self, now: dt.datetime, *, flush: bool) -> list[Step]:
        with self._store.read() as tx:
            edits = {row.alert.destination: row for row in tx.edits_due()}
            queues = open_rows(tx, (*self._places, *edits))
            channels = {destination: tx.channel(destination) for destination in queues}
            if self._pauses is None:
                self._pauses = {
                    (name, action): dt.datetime.fromisoformat(until)
                    for name, action in itertools.product(self._sinks, (Action.LOOK, Action.EDIT))
                    if (until := tx.meta(f"pause {name} {action.value}")) is not None
                }
        return [
            self._after_the_pause(step, now)
            for place, rows in queues.items()
            for step in next_steps(
                place, rows, channels[place], now, policy=self._policy, flush=flush, edit=edits.get(place)
            )
        ]

    def _after_the_pause(self, step: Step, now: dt.datetime) -> Step:
        pause = (self._pauses or {}).get((sink_name(step.destination), step.action))
        return step if pause is None else replace(step, at=max(step.at, real(pause, now)))

    def _pause(self, tx: OutboxTx, destination: Destination, action: Action, wait: dt.timedelta | None) -> None:
        """A sink that wants so long no look-up, or no edit, at any of its channels; None: it wants nothing."""
        if wait is not None:
            name, until = sink_name(destination), self._now() + wait
            self._pauses = {**(self._pauses or {}), (name, action): until}
            tx.set_meta(f"pause {name} {action.value}", until.isoformat())

    def _broken(self) -> dict[Destination, str]:
        with self._store.read() as tx:
            places = dict.fromkeys((*self._places, *open_rows(tx, ())))
            channels = [tx.channel(place) for place in places]
        return {channel.destination: channel.broken for channel in channels if channel.broken}

    # ------------------------------------------------------------------------------------------------- do

    def _do(self, step: Step, now: dt.datetime) -> None:
        match step.action:
            case Action.EXPIRE:
                self._mark(step.rows, OutboxState.EXPIRED, now)
            case Action.RECOVER:
                self._mark(step.rows, OutboxState.UNKNOWN, now)
            case Action.RELEASE:
                self._release(step, now)
            case Action.LOOK:
                self._look(step.rows[0])
            case Action.SEND:
                self._send(step.rows[0], now)
            case Action.EDIT:
                self._edit(step.rows[0])
            case Action.PROBE:
                self._probe(step.destination)

    def _mark(self, rows: Sequence[OutboxRow], state: OutboxState, now: dt.datetime) -> None:
        """Rows whose time is over, or whose process was killed while they were on their way."""
        with self._store.begin(exclusive=False) as tx:
            for row in still(tx, rows):
                tx.update_outbox(replace(row, state=state, due_at=now, looks=0))
                self._tally[state.value] += 1
                log.warning("alert moved", to=state.value, outbox=row.id, destination=row.alert.destination)

    def _release(self, step: Step, now: dt.datetime) -> None:
        """What ``release.plan`` lets go becomes pending, those of one story as one. Payloads are frozen here."""
        with self._store.begin(exclusive=False) as tx:
            recent = tx.sent_since(step.destination, release.looks_back_to(self._policy, now))
            channel, held = tx.channel(step.destination), still(tx, step.rows)
            plan = release.plan(held, channel, self._policy, now, recent=recent, flush=self._flush)
            queued = tx.outbox(states=(OutboxState.PENDING,), destination=step.destination)
            waiting = {row.alert.story for row in queued}
            for post in plan.posts:
                self._post(tx, post, now, told=post.rows[0].alert.story in waiting)
            if plan.digest:
                render = functools.partial(self._rendered, tx)
                self._tally["released"] += digests.put(tx, step.destination, plan, self._policy, now, render=render)
                self._tally["merged"] += len(plan.digest)
            if plan.falls_until is not None:
                tx.save_channel(replace(channel, digest_until=plan.falls_until))
                notices.breaker(tx, step.destination, self._policy, until=plan.falls_until, now=now)
                log.warning("circuit breaker fell", destination=step.destination, until=plan.falls_until.isoformat())

    def _post(self, tx: OutboxTx, post: release.Post, now: dt.datetime, *, told: bool) -> None:
        """One message for rows that belong together: the root of a story that has none here, else a reply."""
        first, *more = post.rows
        alert = placed(tx, compose.merge([row.alert for row in post.rows]), told=told)
        reply = post.broadcast and alert.kind is AlertKind.DEVELOPMENT
        payload = self._rendered(tx, alert)
        due = min(now, *(row.due_at for row in post.rows))  # when it was ready: the breaker counts by it
        tx.update_outbox(replace(first, state=OutboxState.PENDING, due_at=due, payload=payload, broadcast=reply))
        if alert != first.alert:
            tx.rewrite(first.id, alert)
        for row in more:
            tx.update_outbox(replace(row, state=OutboxState.MERGED, merged_into=first.id))
        self._tally["released"] += 1
        self._tally["merged"] += len(more)

    def _render(self, tx: OutboxTx, alert: Alert, *, told: bool = False) -> str:
        """The payload of an alert: the root of a story that has none here, else a reply."""
        return self._rendered(tx, placed(tx, alert, told=told))

    def _rendered(self, tx: OutboxTx, alert: Alert) -> str:
        if alert.url:
            alert = replace(alert, url=tx.link(alert.url) or alert.url)
        sink = self._sink(alert.destination)
        return sink.render(alert, self._tz) if sink else ""

    def _send(self, row: OutboxRow, now: dt.datetime) -> None:
        """Claim and commit, send, confirm and commit."""
        self._alone()
        sink = self._sink(row.alert.destination)
        with self._store.begin(exclusive=False) as tx:
            if not (fresh := still(tx, (row,))):
                return
            (row,), thread = fresh, thread_of(tx, row)
            claimed = replace(
                row,
                state=OutboxState.SENDING,
                claimed_at=now,
                attempts=row.attempts + 1,
                payload=row.payload or self._render(tx, row.alert),
            )
            if sink:
                tx.update_outbox(claimed)
        if sink:
            outcome = sink.send(claimed, thread)
        else:
            outcome = Outcome(status=SendStatus.CHANNEL_FAULT, message="no sink of this name is configured")
        now = self._now()  # a pace counts from the answer
        with self._store.begin(exclusive=False) as tx:
            channel = tx.channel(row.alert.destination)
            pace = self._pace(row.alert.destination)
            moved, state = outcomes.after_send(claimed, outcome, channel, now, pace=pace, rng=self._rng)
            tx.update_outbox(moved)
            tx.save_channel(state)
            if outcome.status is SendStatus.SENT:
                save_thread(tx, row, thread, outcome.root)
            self._heed(tx, outcome, channel, state)
        self._count(outcome, moved)

    def _look(self, row: OutboxRow) -> None:
        """Ask the sink whether a lost attempt arrived; settle the row by what it says."""
        destination = row.alert.destination
        with self._store.read() as tx:
            thread, channel = thread_of(tx, row), tx.channel(destination)
        sink = self._sink(destination)
        if sink:
            seen = sink.look(row, thread, channel)
        else:
            seen = Look(status=LookStatus.CANNOT_LOOK, message="no sink of this name is configured")
        with self._store.begin(exclusive=False) as tx:
            self._pause(tx, destination, Action.LOOK, seen.retry_after)
            if not still(tx, (row,)):
                return
            settle, pace = self._policy.settle, self._pace(destination)
            last = len(tx.outbox(states=(OutboxState.UNKNOWN,), destination=destination, limit=2)) < 2
            moved, state = outcomes.after_look(
                row, seen, channel, self._now(), settle=settle, pace=pace, rng=self._rng, last=last
            )
            tx.update_outbox(moved)
            tx.save_channel(state)
            if seen.status is LookStatus.FOUND:
                save_thread(tx, row, thread, seen.root)
        self._tally["found"] += seen.status is LookStatus.FOUND
        self._tally["expired"] += moved.state is OutboxState.EXPIRED
        log.info(
            "looked for a lost alert",
            outbox=row.id,
            destination=destination,
            found=seen.status.value,
            said=seen.message,
        )

    def _edit(self, row: OutboxRow) -> None:
        """Let the message of a row say what its alert says now. It says so already: nothing is asked of the sink."""
        place = row.alert.destination
        sink = self._sink(place)
        with self._store.read() as tx:
            fresh = tx.outbox_row(row.id)
            if fresh is None or fresh.state is not OutboxState.SENT or fresh.edit_due_at is None:
                return
            payload = self._render_again(tx, fresh)
        row = replace(fresh, payload=payload)
        if sink is None or (payload == fresh.payload and row.id not in self._lost_edits):
            with self._store.begin(exclusive=False) as tx:
                tx.edited(row)
            return
        outcome = sink.edit(row)
        if outcome.status is SendStatus.CHANNEL_FAULT and place not in self._places:
            with self._store.begin(exclusive=False) as tx:  # nothing is told there any more, and nobody would mend it
                tx.edited(replace(fresh, error=outcome.message))
            return
        now, tries = self._now(), self._lost_edits[row.id]
        with self._store.begin(exclusive=False) as tx:
            self._pause(tx, place, Action.EDIT, outcome.retry_after)
            channel = tx.channel(place)
            moved, again_at, state = outcomes.after_edit(
                row, outcome, channel, now, tries=tries, pace=self._pace(place), rng=self._rng
            )
            tx.edited(moved if again_at is None else replace(moved, payload=fresh.payload), again_at=again_at)
            tx.save_channel(state)
            self._heed(tx, outcome, channel, state)
        if again_at is None:
            del self._lost_edits[row.id]
        elif outcome.status is SendStatus.UNKNOWN:
            self._lost_edits[row.id] += 1
        self._tally["edited"] += outcome.status is SendStatus.SENT
        log.info("alert edited", outbox=row.id, destination=place, status=outcome.status.value, said=outcome.message)

    def _render_again(self, tx: OutboxTx, row: OutboxRow) -> str:
        """The payload of a message that stands: a story's root stays the root, and a reply a reply."""
        alert, thread = row.alert, thread_of(tx, row)
        if alert.kind in {AlertKind.STORY, AlertKind.DEVELOPMENT}:
            root = thread is not None and thread.root_outbox == row.id
            alert = replace(alert, kind=AlertKind.STORY if root else AlertKind.DEVELOPMENT)
        return self._rendered(tx, alert)

    def _probe(self, place: Destination) -> None:
        """Ask the sink, without a word in the channel, whether a destination that did not work does by now."""
        sink = self._sink(place)
        problems = sink.check((place,)) if sink else ("no sink of this name is configured",)
        with self._store.begin(exclusive=False) as tx:
            channel, now = tx.channel(place), self._now()
            probed = outcomes.after_probe(channel, well=not problems, now=now, rng=self._rng)
            tx.save_channel(probed)
            if not problems and channel.broken.startswith(outcomes.TOKEN):
                share_token(tx, probed, self._places)
        log.info("probed", destination=place, well=not problems)

    def _heed(self, tx: OutboxTx, outcome: Outcome, before: Channel, state: Channel) -> None:
        """What an answer says beyond its row: of a token that others use, of a channel that somebody should mend."""
        healed = outcome.status is SendStatus.SENT and before.broken.startswith(outcomes.TOKEN)
        if healed or outcome.status is SendStatus.TOKEN_FAULT:
            share_token(tx, state, self._places)
        if outcome.status is SendStatus.CHANNEL_FAULT and not before.broken.startswith(outcomes.CHANNEL):
            notices.channel_broken(tx, self._policy, state, now=self._now())

    def _count(self, outcome: Outcome, row: OutboxRow) -> None:
        fields = {"outbox": row.id, "destination": row.alert.destination, "attempts": row.attempts}
        ended = row.state in {OutboxState.SENT, OutboxState.DEAD, OutboxState.UNKNOWN}
        self._tally[row.state.value if ended else "refused"] += 1
        if outcome.status is SendStatus.SENT:
            log.info("alert sent", **fields)
            return
        log.warning(
            "alert not sent", **fields, status=outcome.status.value, state=row.state.value, said=outcome.message
        )

    def _sink(self, destination: Destination) -> Sink | None:
        return self._sinks.get(sink_name(destination))
