"""Settings to pipeline: the only wiring. It decides nothing, and builds late: a look at the status loads no model.

What is heavy (names, encoder, signals) is imported where it is built, so that a command pays for what it uses.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import os
import platform
import random
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, TextIO
from urllib.parse import urlsplit

import structlog

from monitor.entities import (
    Account,
    Destination,
    DigestItem,
    Entry,
    EntryId,
    Feed,
    FeedId,
    FeedState,
    Fetched,
    IncidentKind,
    Intake,
    Problem,
)
from monitor.errors import AnotherInstanceError, ConfigError, ConfigErrors, StoreError
from monitor.settings import Config

if TYPE_CHECKING:
    from monitor import schedule
    from monitor.alerts.buttons import Press
    from monitor.alerts.compose import Composer
    from monitor.alerts.deliver import Delivery
    from monitor.alerts.policy import Policy as AlertPolicy
    from monitor.alerts.sinks import Sink
    from monitor.incidents import Review
    from monitor.lexicon import Lexicon
    from monitor.pipeline import Pipeline, Rooms
    from monitor.ports import Embedder
    from monitor.readers import Readers, Reply
    from monitor.sources.http import HttpPolicy
    from monitor.sources.links import Followed
    from monitor.store import SqlStore
    from monitor.store.retention import Pruned
    from monitor.store.views import Views

log = structlog.get_logger("monitor.app")

Clock = Callable[[], dt.datetime]


class App:
    """One configuration with its rooms, doors and database, each made when it is first asked for.

    ``throwaway`` makes a new database whose loss is no loss (replay). ``clock`` is a clock that is set, not read
    (``--at``, the demonstration): delivery then measures no time of its own but its waits. ``stopping`` is set when the
    process ends, so that a delivery that waits for the pace of a channel gives up its wait.
    """

    def __init__(
        self,
        config: Config,
        *,
        url: str | None = None,
        throwaway: bool = False,
        gate: bool | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.config = config
        self.stopping = threading.Event()
        self.owner = f"{platform.node()}:{os.getpid()}"
        self._url = url
        self._throwaway = throwaway
        self._gate = config.settings.gate.enabled if gate is None else gate
        self._clock = clock
        self._still_alone: Callable[[], None] | None = None

    # ------------------------------------------------------------------------------------------- doors

    @property
    def feeds(self) -> tuple[Feed, ...]:
        """Every configured feed, dead ones included."""
        return self.config.feeds

    @cached_property
    def url(self) -> str:
        """The database's URL, its password in place. Never printed."""
        from monitor.store.engine import database_url

        database = self.config.settings.database
        url = database_url(self._url or database.url)
        if database.password is not None and self._url is None:
            url = url.set(password=database.password.get_secret_value())
        return url.render_as_string(hide_password=False)

    @cached_property
    def shown_url(self) -> str:
        """The database's URL as it may be printed."""
        from monitor.store.engine import database_url

        return database_url(self.url).render_as_string(hide_password=True)

    @cached_property
    def folder(self) -> Path:
        """Where what belongs to the database but is no table lies: beside SQLite's file, else ``var``."""
        from monitor.store.engine import database_url, sqlite_file

        file = sqlite_file(database_url(self.url))
        return file.parent if file is not None else Path("var")

    @cached_property
    def store(self) -> SqlStore:
        """The database. The embedded one is brought to the newest schema by itself; a server's is its owner's."""
        from monitor.store import SqlStore, migrate
        from monitor.store.engine import database_url

        if self._throwaway:
            return SqlStore.throwaway(self.url)
        try:
            if database_url(self.url).get_backend_name() == "sqlite" and migrate.current(self.url) != migrate.head():
                migrate.upgrade(self.url)
            return SqlStore(self.url)
        except OSError as error:
            raise StoreError(f"the database's folder cannot be made: {error.filename}: {error.strerror}") from None

    @cached_property
    def views(self) -> Views:
        """What the faces ask of the database."""
        from monitor.store.views import Views

        return Views(self.store)

    @cached_property
    def http_policy(self) -> HttpPolicy:
        """How feeds are fetched."""
        from monitor import __version__
        from monitor.sources.http import HttpPolicy

        http = self.config.settings.http
        return HttpPolicy(
            user_agent=f"monitor/{__version__}", contact=http.contact,
            connect_timeout=http.connect_timeout, read_timeout=http.read_timeout,
            deadline=http.deadline, most_bytes=http.max_bytes, per_host=http.per_host, spacing=http.host_gap,
            allow_addresses=http.allow_addresses,
        )  # fmt: skip

    @cached_property
    def schedule_policy(self) -> schedule.Policy:
        """When feeds are polled."""
        from monitor import schedule

        table = self.config.settings.schedule
        return schedule.Policy(
            every=table.every, min_every=table.min_every, max_every=table.max_every, backoff_most=table.max_backoff
        )

    @cached_property
    def alert_policy(self) -> AlertPolicy:
        """What is told, where and when."""
        from monitor.alerts.policy import Policy

        return Policy.of(self.config.settings, self.config.topics)

    @cached_property
    def sinks(self) -> dict[str, Sink]:
        """Everything that can be told, by name."""
        from monitor.alerts.sinks import open_sinks

        return open_sinks(self.config.settings, self.folder)

    def misrouted(self) -> tuple[ConfigError, ...]:
        """Every configured destination that leads nowhere, with the place it is configured at."""
        from monitor.alerts.policy import place
        from monitor.alerts.sinks import nowhere

        settings, folder = self.config.settings, self.config.folder.name
        wanted = [(f"{folder}/monitor.toml", "alerts.destination", settings.alerts.destination)]
        if settings.alerts.operators not in {"", "none"}:
            wanted.append((f"{folder}/monitor.toml", "alerts.operators", settings.alerts.operators))
        wanted += [(f"{folder}/topics/{topic.id}.toml", "channel", topic.channel) for topic in self.config.topics]
        return tuple(
            ConfigError(file, key, name, fix)
            for file, key, name in wanted
            if name and (fix := nowhere(settings, place(name)))
        )

    def alerts_to(self, stream: TextIO) -> None:
        """Let the console sink write elsewhere: standard output may be taken by a command's own answer."""
        from monitor.alerts.console import ConsoleSink

        self.sinks["console"] = ConsoleSink(journal=self.folder / "console.journal", stream=stream)

    @cached_property
    def delivery(self) -> Delivery:
        """The way from the outbox to the sinks."""
        from monitor.alerts.deliver import Delivery

        if self._clock is None:
            return Delivery(self.store, self.sinks, self.alert_policy, sleep=self.stopping.wait, alone=self._alone)
        time = SetTime(self._clock, self.stopping.wait)
        return Delivery(
            self.store, self.sinks, self.alert_policy, sleep=time.sleep, monotonic=time.monotonic, alone=self._alone
        )

    # ------------------------------------------------------------------------------------------- rooms

    @cached_property
    def lexicon(self) -> Lexicon:
        """The names."""
        from monitor.lexicon import Lexicon

        return Lexicon(self.config.names)

    @cached_property
    def embedder(self) -> Embedder:
        """Meaning, or none where the settings want none."""
        from monitor.embed import NoEmbedder, UseEmbedder
        from monitor.topics import samples

        if self.config.settings.meaning.embedder == "none":
            return NoEmbedder()
        return UseEmbedder(samples(self.config.topics, self.config.corpus))

    @cached_property
    def composer(self) -> Composer:
        """From a development to its alerts."""
        from monitor.alerts.compose import Composer

        return Composer(policy=self.alert_policy, topics=self.config.topics)

    @cached_property
    def rooms(self) -> Rooms:
        """The pure rooms, seconds of work; the encoder is loaded later, by the first text that needs it."""
        from monitor.facts import Extractor, Vocabulary
        from monitor.gate import Gate, OpenGate
        from monitor.pipeline import Rooms
        from monitor.stories import Stories
        from monitor.topics import Classifier

        config, lexicon, embedder = self.config, self.lexicon, self.embedder
        extractor = Extractor(lexicon, Vocabulary.from_tables(config.lexicon))
        return Rooms(
            lexicon=lexicon,
            gate=Gate(config.beat, lexicon) if self._gate else OpenGate(),
            embedder=embedder,
            classifier=Classifier(config.topics, config.corpus, lexicon, embedder),
            extractor=extractor,
            stories=Stories(extractor, corpus=config.corpus, common=_common(config)),
            composer=self.composer,
        )

    @cached_property
    def pipeline(self) -> Pipeline:
        """The corridor."""
        from monitor.pipeline import Pipeline

        return Pipeline(
            store=self.store, rooms=lambda: self.rooms, schedule_policy=self.schedule_policy,
            horizon=self.config.settings.stories.horizon, owner=self.owner,
        )  # fmt: skip

    # -------------------------------------------------------------------------- what the faces ask of it

    @contextmanager
    def only_instance(self) -> Iterator[None]:
        """Held by whoever sends alerts from this database; ``AnotherInstanceError`` for a second one."""
        lock = self.store.instance_lock()
        try:
            self._still_alone = lock.__enter__()
        except AnotherInstanceError as error:
            raise AnotherInstanceError(
                f"another monitor runs on this database ({error}); two would alert twice: stop that one, "
                "or name another database"
            ) from None
        try:
            yield
        finally:
            self._still_alone = None
            lock.__exit__(None, None, None)

    def _alone(self) -> None:
        """Asked before each round of delivery; raises where the lock was lost to another monitor."""
        if self._still_alone is not None:
            self._still_alone()

    def close(self) -> None:
        """Give the database's connections back, if any were opened."""
        if "store" in self.__dict__:
            self.store.close()

    def start(self, now: dt.datetime, *, alone: bool, spread: random.Random | None = None) -> None:
        """Make the database follow the configuration, and say once that alerts start now.

        ``alone``: the caller holds the instance lock, so leases that stand are of the dead. ``spread``: lay first
        polls apart, and those that became due while nobody polled; without it they are all due at once.
        """
        from monitor import baselines, schedule
        from monitor.alerts import homes

        if misrouted := self.misrouted():
            raise ConfigErrors(misrouted)
        enabled = [feed for feed in self.feeds if feed.enabled]
        arrival = self.delivery.arrive(now, check=spread is not None) if alone else None
        with self.store.begin() as tx:
            before = tx.feed_states()
            begun = baselines.begin(tx, self.feeds, before, self.config.topics, tx.sync_feeds(self.feeds, now), now)
            if arrival is not None:
                tx.free_leases()
                if arrival.moved or arrival.behind:
                    baselines.doubt(
                        tx, self.alert_policy, before, behind=arrival.behind, doubted=arrival.doubted, now=now
                    )
                    homes.settle(tx)
            states = tx.feed_states()
            fresh = [feed for feed in enabled if states.get(feed.id) is None or states[feed.id].next_poll_at is None]
            if spread is not None:
                wait = self.config.settings.schedule.spread
                known = [states[feed.id] for feed in enabled if feed.id in states]
                late = schedule.spread_overdue(known, now, wait, spread)
                for feed, at in {**schedule.first_poll(fresh, now, wait, spread), **late}.items():
                    tx.save_feed_state(schedule.planned(tx.feed_state(feed), at))
            if alone:
                baselines.tell(tx, self.alert_policy, begun, feeds=len(enabled), now=now)
        self.composer.policy = dataclasses.replace(self.alert_policy, new_topics=begun.new_topics)
        log.info("watching", feeds=len(enabled), new=len(fresh))

    def heartbeat(self, owner: str, now: dt.datetime) -> None:
        """Write that the daemon lives."""
        with self.store.begin(exclusive=False) as tx:
            tx.beat("daemon", now, owner)

    def feed_states(self, feeds: Sequence[FeedId]) -> list[FeedState]:
        """What is remembered of these feeds."""
        with self.store.read() as tx:
            held = {feeds[0]: tx.feed_state(feeds[0])} if len(feeds) == 1 else tx.feed_states()
        return [held.get(feed) or FeedState(feed_id=feed) for feed in feeds]

    def lease(self, now: dt.datetime, *, feeds: Sequence[Feed], until: dt.datetime, limit: int) -> list[FeedState]:
        """Claim due feeds, so that nobody else polls them meanwhile; none at a host that asked for patience."""
        from monitor import schedule

        with self.store.begin(exclusive=False) as tx:
            patient = {hold.host for hold in tx.holds(now)}
            states = tx.feed_states() if patient else {}
            asked = [
                feed.id for feed in feeds
                if not patient
                or urlsplit(schedule.address(feed, states.get(feed.id) or FeedState(feed_id=feed.id))).hostname
                not in patient
            ]  # fmt: skip
            return list(tx.lease_due(now, feeds=asked, owner=self.owner, until=until, limit=limit))

    def release(self, feeds: Sequence[FeedId]) -> None:
        """Give feeds back."""
        with self.store.begin(exclusive=False) as tx:
            for feed in feeds:
                tx.release(feed, self.owner)

    def record_failure(self, feed: Feed, error: Exception, *, now: dt.datetime, jitter: float) -> None:
        """A poll that raised is a failed poll: it backs off, and ``monitor status`` shows it."""
        from monitor import schedule

        fetched = Fetched(
            feed_id=feed.id, url=feed.url, at=now, problem=Problem.INTERNAL, message=f"{type(error).__name__}: {error}"
        )
        with self.store.begin() as tx:
            state, policy = tx.feed_state(feed.id), self.schedule_policy
            failed = schedule.after_poll(
                feed, state, fetched, None, intake=Intake(), now=now, policy=policy, jitter=jitter
            )
            tx.save_polled([failed], owner=self.owner)

    def alone_with_failures(self, now: dt.datetime) -> bool:
        """Whether every feed that was asked of late cannot be reached: then the fault may be our own network's."""
        from monitor import incidents

        with self.store.read() as tx:
            states = tx.feed_states()
        return incidents.none_reached(self._watched(states), now)

    def review(self, now: dt.datetime, *, network: bool, spread: random.Random) -> Review:
        """Open, update and close incidents, and put what operators must hear into the outbox, in one transaction.

        ``network``: whether this machine's own is well. While it is not, that is the one incident, and no feed is
        blamed; once it is again, the feeds that could not be reached meanwhile are asked soon.
        """
        from monitor import incidents, schedule
        from monitor.alerts import notices

        with self.store.begin() as tx:
            states = tx.feed_states()
            watched = self._watched(states)
            held = tx.incidents()
            patient = {hold.host for hold in tx.holds(now)}
            found = incidents.house(watched, now, self.schedule_policy, network=network, patient=patient)
            review = incidents.review(held, found, now)
            ids = {(feed, said.kind): tx.open_incident(feed, said, now) for feed, said in review.opened}
            for incident in (*review.kept, *review.closed):
                tx.save_incident(incident)
            outage = next((one for one in review.closed if one.kind is IncidentKind.OWN_NETWORK), None)
            if outage is not None:
                wait = self.config.settings.schedule.spread
                for state in schedule.after_outage(states, outage.opened_at, now, wait, spread).values():
                    tx.save_feed_state(state)
            ids |= {(one.feed_id, one.kind): one.id for one in held}
            notices.report(tx, self.alert_policy, review, ids, now=now)
        for feed, complaint in review.opened:
            log.warning("incident opened", feed=feed, kind=complaint.kind.value, sentence=complaint.sentence)
        for incident in review.closed:
            log.info("incident closed", feed=incident.feed_id, kind=incident.kind.value, ending=incident.ending)
        return review

    def daily(self, now: dt.datetime) -> None:
        """Once a day, at the digest's hour: what could not be told in time, or that nothing happened."""
        from monitor.alerts import digests

        with self.store.begin(exclusive=False) as tx:
            for destination in self.alert_policy.destinations():
                feeds = sum(feed.enabled for feed in self.feeds)
                digests.daily(tx, destination, self.alert_policy, feeds=feeds, now=now)

    def retold(self, account: Account, *, publisher: str, at: dt.datetime) -> tuple[DigestItem, Sequence[Destination]]:
        """A development of the past as a digest lists it, and where."""
        from monitor.alerts import digests

        return digests.retold(account, self.alert_policy, publisher=publisher, at=at)

    def tell_history(self, found: Mapping[Destination, Sequence[DigestItem]], now: dt.datetime) -> int:
        """Put what a backfill found into the outbox, as one digest a destination; how many messages it takes."""
        from monitor.alerts import digests

        with self.store.begin(exclusive=False) as tx:
            return sum(
                digests.history(tx, destination, items, self.alert_policy, now) for destination, items in found.items()
            )

    def _watched(self, states: Mapping[FeedId, FeedState]) -> list[tuple[Feed, FeedState]]:
        """The enabled feeds with what is remembered of them."""
        return [(feed, states.get(feed.id) or FeedState(feed_id=feed.id)) for feed in self.feeds if feed.enabled]

    @cached_property
    def readers(self) -> Readers:
        """What readers say and do with alerts."""
        from monitor.readers import Readers
        from monitor.settings import zone

        return Readers(zone=zone(self.config.settings.alerts.zone))

    def pressed(self, press: Press, now: dt.datetime) -> Reply:
        """Take in a button that was pressed in Slack, in one transaction that no ingest can cross."""
        with self.store.begin() as tx:
            reply = self.readers.press(tx, press, now)
        log.info("button", button=press.button.value, story=press.story, by=press.user, result=reply.result.value)
        return reply

    def note_buttons(self, trouble: str, now: dt.datetime) -> None:
        """Write down how the connection to Slack's buttons is, for ``monitor status``; no trouble: it is well."""
        with self.store.begin(exclusive=False) as tx:
            tx.note_buttons(trouble, now)

    def links_wanted(self, now: dt.datetime) -> Sequence[str]:
        """Aggregators' links of articles that are ours and that lead nobody knows where yet."""
        from monitor.sources.links import STUBS

        with self.store.read() as tx:
            return tx.links_wanted(now, stubs=STUBS)

    def save_link(self, url: str, followed: Followed, now: dt.datetime) -> None:
        """Write down where a link leads: the alert then names the publisher's own page."""
        with self.store.begin(exclusive=False) as tx:
            tx.save_link(url, target=followed.target, error=followed.error, now=now)

    def prune(self, now: dt.datetime) -> Pruned:
        """Forget what the settings let go."""
        from monitor.store.retention import RetentionPolicy, prune

        table = self.config.settings.retention
        pruned = prune(self.store, now, RetentionPolicy(raw_bodies=table.raw, off_beat_accounts=table.off_beat))
        log.info("pruned", raw_bodies=pruned.raw_bodies, off_beat=pruned.off_beat_accounts)
        return pruned

    def held(self, feed: Feed, entry: Entry, now: dt.datetime) -> EntryId | None:
        """Under which entry we hold this one already, if we do."""
        from monitor import clean

        article = clean.clean(entry, feed, now)
        if article is None:
            return None
        with self.store.read() as tx:
            known = tx.known(article.keys)
        return next((known[key].entry for key in article.keys if key in known), None)

    def settled(self, now: dt.datetime) -> bool:
        """Whether no feed is due and nothing in the outbox is."""
        with self.store.read() as tx:
            states = tx.feed_states()
        at_rest = all(
            (state := states.get(feed.id)) is not None and state.next_poll_at is not None and state.next_poll_at > now
            for feed in self.feeds
            if feed.enabled
        )
        due = self.delivery.wake_at(now) if at_rest else None
        return at_rest and (due is None or due > now)


class SetTime:
    """Time under a clock that is set: it moves when the clock is set forward, and by each wait. Never reads another."""

    def __init__(self, clock: Clock, wait: Callable[[float], bool]) -> None:
        self._clock = clock
        self._wait = wait
        self._waited = 0.0

    def monotonic(self) -> float:
        """Seconds on this clock, waits included."""
        return self._clock().timestamp() + self._waited

    def sleep(self, seconds: float) -> bool:
        """Wait in the real world, and say whether to stop."""
        self._waited += seconds
        return self._wait(seconds)


def _common(config: Config) -> frozenset[str]:
    """The two countries themselves: every article of the beat names them, so they tell no story from another."""
    return frozenset(name.id for name in config.names if name.kind == "country" and name.side in config.beat.sides)
