"""The daemon: polls due feeds, takes documents in one after another, delivers from the outbox. It decides nothing.

One APScheduler job dispatches: it leases due feeds from the database and starts a task for each. Parsing and the
transaction run in one worker thread (SQLite has one writer, and the loop stays free): document after document, and in
between all polls at once that brought none. Delivery has a thread of its own, readers' buttons a third, the heartbeat
a fourth. SIGTERM and SIGINT drain: no new poll starts, running ones end or are given up after ``DRAIN``, and the exit
code is 0.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import datetime as dt
import functools
import gc
import random
import signal
import threading
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager
from typing import Any, TypeVar
from urllib.parse import urlsplit

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from monitor.alerts.buttons import Press
from monitor.app import App, Clock
from monitor.entities import Feed, FeedId, FeedState, Fetched, Problem
from monitor.errors import AnotherInstanceError, ConfigError, ConfigErrors, MonitorError
from monitor.intake import Poll, Polled
from monitor.sources import parts_of
from monitor.sources.http import Http

log = structlog.get_logger("monitor.daemon")

DRAIN = dt.timedelta(seconds=20)
"""How long a stop waits for running polls; compose's stop_grace_period is longer."""
LEASE = dt.timedelta(minutes=5)
"""How long a claimed feed stays claimed if its poller dies; longer than the whole-fetch deadline."""
HEARTBEAT = dt.timedelta(seconds=15)
"""How often the daemon writes that it lives; ``monitor status --health`` allows four of them."""
DELIVER = dt.timedelta(seconds=1)
"""How often the outbox is looked at; one indexed query when it is empty."""
PRUNE = dt.timedelta(hours=6)
"""How often retention runs: a daemon that is started anew every day must come to it too."""
REFILL = 0.05
"""Seconds that polls may end in before their places are given anew: one question to the database for several."""
REVIEW = dt.timedelta(seconds=60)
"""How often the feeds' health is looked at as a whole: incidents open and close then."""
FOLLOW = dt.timedelta(seconds=10)
"""How often aggregators' links are looked at; well below ``alerts.group_wait``, so that a first alert has the page."""
RENEW = dt.timedelta(seconds=60)
"""How often hubs are asked whose subscription is new or half over."""
PAGES_A_POLL = 5
"""Older pages read in one go after a possible loss; the next poll goes on where this one stopped."""
STUCK = dt.timedelta(minutes=5)
"""Longer than any document takes: a thread that works so long on one is stuck, and the heartbeat stops for it."""

T = TypeVar("T")


def utc_now() -> dt.datetime:
    """The wall clock, in UTC: the only place of the daemon that reads it."""
    return dt.datetime.now(dt.UTC)


class Daemon:
    """Runs an ``App`` until it is told to stop. One instance per database; the caller holds the instance lock."""

    def __init__(
        self, app: App, *, clock: Clock = utc_now, rng: random.Random | None = None, alone: bool = True
    ) -> None:
        self.app = app
        self.clock = clock
        self.rng = rng or random.Random()
        self.alone = alone
        self.feeds: dict[FeedId, Feed] = {feed.id: feed for feed in app.feeds if feed.enabled}
        self._hosts = {feed.id: _host(feed) for feed in app.feeds}
        self._ingest = ThreadPoolExecutor(max_workers=1, thread_name_prefix="ingest")
        self._outgoing = ThreadPoolExecutor(max_workers=1, thread_name_prefix="deliver")
        self._pulse = ThreadPoolExecutor(max_workers=1, thread_name_prefix="heartbeat")
        self._pressing = ThreadPoolExecutor(max_workers=1, thread_name_prefix="buttons")
        self._busy_since: float | None = None
        self._polls: dict[asyncio.Task[Polled | None], FeedId] = {}
        self._arrived: list[tuple[Poll, asyncio.Future[Polled]]] = []
        self._taking: asyncio.Task[None] | None = None
        self._jobs: set[asyncio.Task[Any]] = set()
        self._mistake: MonitorError | None = None
        self._stop = asyncio.Event()

    async def run(self) -> None:
        """Until a signal comes. Returns normally after draining."""
        self._listen()
        await self._furnish()
        await self._start(spread=True)
        tick = self.app.config.settings.schedule.tick
        try:
            async with Http(self.app.http_policy) as http, self._page(), self._buttons():
                scheduler = AsyncIOScheduler(timezone=dt.UTC)
                once = {"max_instances": 1, "coalesce": True, "misfire_grace_time": None}
                for job, every, arguments in (
                    (self.dispatch, tick, [http]),
                    (self.deliver, DELIVER, []),
                    (self.beat, HEARTBEAT, []),
                    (self.review, REVIEW, [http]),
                    (self.follow, FOLLOW, [http]),
                    (self.renew, RENEW, [http]),
                    (self.prune, PRUNE, []),
                ):
                    scheduler.add_job(
                        self._run,
                        "interval",
                        name=job.__name__,
                        args=[job, *arguments],
                        seconds=every.total_seconds(),
                        **once,
                    )
                scheduler.start()
                await self.dispatch(http)
                await self._stop.wait()
                scheduler.pause()  # a shutdown would cut off the jobs that run
                await self._drain()
                scheduler.shutdown(wait=False)
        finally:
            self._close()
        log.info("stopped")
        if isinstance(self._mistake, AnotherInstanceError):
            raise self._mistake

    def stop(self) -> None:
        """Begin to drain; a second call changes nothing."""
        if not self._stop.is_set():
            log.info("stopping", running_polls=len(self._polls))
            self.app.stopping.set()
            self._stop.set()

    async def run_once(self) -> tuple[Polled, ...]:
        """Poll every due feed once, deliver what is due (group waits end here: nobody else comes), and return."""
        return await self.poll_by_hand([], due=True, deliver=True)

    async def poll_by_hand(self, feeds: list[Feed], *, due: bool, deliver: bool) -> tuple[Polled, ...]:
        """Poll these feeds now; with ``due``, only those of them (or of all) whose time has come."""
        self._listen()
        try:
            await self._start(spread=False)
            chosen = {feed.id: feed for feed in feeds} or self.feeds
            if due:
                states = await self._lease(len(chosen), list(chosen.values()))
            else:
                states = await self._in(self._ingest, lambda: self.app.feed_states(list(chosen)))
            free = asyncio.Semaphore(self.app.config.settings.http.concurrency)
            async with Http(self.app.http_policy) as http:
                for state in states:
                    self._begin(self.feeds.get(state.feed_id) or chosen[state.feed_id], state, http, free)
                polls = list(self._polls)
                stopped = asyncio.create_task(self._stop.wait())
                everything = asyncio.ensure_future(asyncio.gather(*polls, return_exceptions=True))
                await asyncio.wait((everything, stopped), return_when=asyncio.FIRST_COMPLETED)
                stopped.cancel()
                if self._stop.is_set():
                    await self._drain()
                done = await everything
                if not self._stop.is_set():
                    await self.follow(http)
                    await self.review(http)
            if deliver and not self._stop.is_set():
                await self._in(self._outgoing, lambda: self.app.delivery.deliver(self.clock(), flush=True))
        finally:
            self._close()
        if self._mistake is not None:
            raise self._mistake
        return tuple(polled for polled in done if isinstance(polled, Polled))

    # ------------------------------------------------------------------------------------------- jobs

    async def dispatch(self, http: Http) -> None:
        """Start a poll for each due feed, up to the concurrency; where more are due, go on as polls end, for a tick.

        Few of one host at a time: those that wait for a slow host's turn must not take the places of all others.
        """
        settings, clock = self.app.config.settings, asyncio.get_running_loop().time
        until = clock() + settings.schedule.tick.total_seconds()
        while not self._stop.is_set():
            free = settings.http.concurrency - len(self._polls)
            leased = await self._lease(free, self._of_free_hosts()) if free > 0 else []
            over = [state.feed_id for state in leased if not self._begin_fairly(state, http)]
            if over:
                await self._quietly("release", self._ingest, functools.partial(self.app.release, over))
            left = until - clock()
            if len(leased) < free or left <= 0:
                return
            await asyncio.wait(self._polls, timeout=left, return_when=asyncio.FIRST_COMPLETED)
            await asyncio.sleep(min(REFILL, left))

    async def deliver(self) -> None:
        """Send what is due; a fault of the database is logged and tried again. Nobody sends beside another monitor."""

        def job() -> None:
            try:
                self.app.delivery.deliver(self.clock())
            except AnotherInstanceError as error:
                self._mistake = error
                raise

        await self._quietly("delivery", self._outgoing, job)
        if isinstance(self._mistake, AnotherInstanceError):
            self.stop()

    async def beat(self) -> None:
        """Write that the daemon lives; not while one document holds up all others."""
        begun = self._busy_since
        if begun is not None and asyncio.get_running_loop().time() - begun > STUCK.total_seconds():
            log.error("no heartbeat: taking in one document lasts too long", limit_s=STUCK.total_seconds())
            return
        await self._quietly("heartbeat", self._pulse, lambda: self.app.heartbeat(self.app.owner, self.clock()))

    async def review(self, http: Http) -> None:
        """Look at all feeds together: what is wrong with which, and whether the fault is our own network's."""

        async def job() -> None:
            now = self.clock()
            alone = await self._in(self._ingest, lambda: self.app.alone_with_failures(now))
            network = not alone or await http.reached(self.app.config.settings.http.anchors)
            await self._in(self._ingest, lambda: self.app.review(now, network=network, spread=self.rng))
            await self._in(self._ingest, lambda: self.app.daily(now))

        await self._heeded("review", job())

    async def follow(self, http: Http) -> None:
        """Find out where the aggregators' links lead that an alert may show."""

        async def job() -> None:
            for url in await self._in(self._ingest, lambda: self.app.links_wanted(self.clock())):
                if self._stop.is_set():
                    return
                found = await http.follow(url)
                if found.busy:  # the aggregator wants to be left alone, and no link lost a try
                    return
                await self._in(self._ingest, functools.partial(self.app.save_link, url, found, self.clock()))

        await self._heeded("follow", job())

    async def renew(self, http: Http) -> None:
        """Ask the hubs whose time has come; none without a public address."""
        if not self.app.config.settings.web.public_url:
            return
        from monitor.web.subscriber import renew

        await self._heeded("renew", renew(self.app, http, self.clock()))

    async def push(self, feed: Feed, fetched: Fetched) -> None:
        """Take in what a hub sent; returns when it is committed."""

        def job() -> None:
            (state,) = self.app.feed_states([feed.id])
            self.app.pipeline.take_in(Poll(feed=feed, state=state, fetched=fetched), now=self.clock())

        await self._in(self._ingest, job)

    async def press(self, press: Press) -> str:
        """Take in a button that was pressed; returns when that is committed, with what to tell the one who pressed."""
        reply = await self._in(self._pressing, lambda: self.app.pressed(press, self.clock()))
        return reply.text

    async def prune(self) -> None:
        """Retention."""
        await self._quietly("retention", self._ingest, lambda: self.app.prune(self.clock()))

    # ---------------------------------------------------------------------------------------- details

    async def _run(self, job: Callable[..., Awaitable[None]], *arguments: object) -> None:
        """A job of the scheduler, known to ``_drain`` while it runs."""
        task = asyncio.current_task()
        assert task is not None
        self._jobs.add(task)
        try:
            await job(*arguments)
        finally:
            self._jobs.discard(task)

    def _page(self) -> AbstractAsyncContextManager[object]:
        """The page that listens, where the settings want one; nobody else pays for its libraries."""
        listen = self.app.config.settings.web.listen
        if not listen:
            return contextlib.nullcontext()
        from monitor.web.app import site
        from monitor.web.server import serve

        return serve(site(self.app, self.push, clock=self.clock), listen)

    def _buttons(self) -> AbstractAsyncContextManager[object]:
        """Whoever hears the buttons in Slack, where there is an app token; nobody else pays for its libraries."""
        settings = self.app.config.settings
        if settings.slack.app_token is None:
            return contextlib.nullcontext()
        from monitor.alerts.feedback import Listener

        async def health(trouble: str) -> None:
            await self._in(self._pulse, lambda: self.app.note_buttons(trouble, self.clock()))

        return Listener.of(settings, heard=self.press, health=health, rng=self.rng).listening()

    def _listen(self) -> None:
        """SIGTERM and SIGINT begin to drain; only a process's main thread can be told so."""
        if threading.current_thread() is not threading.main_thread():
            return
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, self.stop)

    async def _furnish(self) -> None:
        """Build the rooms before the first poll: a mistake in their data ends the run, and not every poll of it."""
        await self._in(self._ingest, lambda: self.app.rooms)
        gc.freeze()  # they live as long as the process; a collection that looks through them stops all for 0.2 s

    async def _start(self, *, spread: bool) -> None:
        rng = self.rng if spread else None
        await self._in(self._ingest, lambda: self.app.start(self.clock(), alone=self.alone, spread=rng))
        self.feeds = {feed.id: feed for feed in self.app.feeds if feed.enabled}
        if spread:
            await self.beat()

    async def _lease(self, limit: int, feeds: list[Feed] | None = None) -> list[FeedState]:
        running = set(self._polls.values())  # one that waits long for its host's turn may outlive its lease
        asked = self.feeds.values() if feeds is None else feeds
        now, wanted = self.clock(), [feed for feed in asked if feed.id not in running]
        try:
            return await self._in(
                self._ingest,
                lambda: (
                    [] if self._stop.is_set() else self.app.lease(now, feeds=wanted, until=now + LEASE, limit=limit)
                ),
            )
        except MonitorError as error:
            log.error("cannot lease feeds", error=str(error))
            return []

    def _of_free_hosts(self) -> list[Feed]:
        """The feeds whose host has a place."""
        busy, most = Counter(self._hosts[feed] for feed in self._polls.values()), self._at_a_host
        return [feed for feed in self.feeds.values() if busy[self._hosts[feed.id]] < most]

    def _begin_fairly(self, state: FeedState, http: Http) -> bool:
        """Whether its host had a place for this feed; then its poll has begun."""
        host = self._hosts[state.feed_id]
        if sum(self._hosts[feed] == host for feed in self._polls.values()) >= self._at_a_host:
            return False
        self._begin(self.feeds[state.feed_id], state, http)
        return True

    @property
    def _at_a_host(self) -> int:
        """Polls of one host on their way at once: as many as it may be asked, and as many that wait for a turn."""
        return 2 * self.app.config.settings.http.per_host

    def _begin(self, feed: Feed, state: FeedState, http: Http, free: asyncio.Semaphore | None = None) -> None:
        task = asyncio.create_task(self._poll(feed, state, http, free))
        self._polls[task] = feed.id
        task.add_done_callback(self._polls.pop)

    async def _poll(self, feed: Feed, state: FeedState, http: Http, free: asyncio.Semaphore | None) -> Polled | None:
        """One feed's poll. Its failure is its own: whatever is raised is logged, and the feed backs off."""
        try:
            async with free or contextlib.nullcontext():
                fetched = await http.fetch(feed, state, self.clock())
                parts = [await http.fetch_page(feed, url, self.clock()) for url in parts_of(feed, fetched)]
            polled = await self._take_in(
                Poll(feed=feed, state=state, fetched=fetched, parts=tuple(parts), jitter=self.rng.random())
            )
            if polled.state.gap is not None and polled.state.gap.next_url:
                await self._heal(polled, http)
            return polled
        except (ConfigError, ConfigErrors) as error:  # the rooms cannot be built, so that no document can be kept
            self._mistake = error
        except MonitorError as error:  # the database: said in a line, the feed comes again when its lease runs out
            log.error("poll not kept", feed=feed.id, error=str(error))
        except Exception as error:  # one feed's failure never stops the others
            log.exception("poll raised", feed=feed.id)
            raised = error
            await self._quietly(
                "record of a failure",
                self._ingest,
                lambda: self.app.record_failure(feed, raised, now=self.clock(), jitter=self.rng.random()),
            )
        with contextlib.suppress(Exception):
            await self._in(self._ingest, lambda: self.app.release([feed.id]))
        return None

    async def _heal(self, polled: Polled, http: Http) -> None:
        """After a possible loss: the pages before, until one holds what we know, or the publisher shows no more."""
        state = polled.state
        for _ in range(PAGES_A_POLL):
            if state.gap is None or not state.gap.next_url or self._stop.is_set():
                return
            page = await http.fetch_page(polled.feed, state.gap.next_url, self.clock())
            poll = Poll(feed=polled.feed, state=state, fetched=page)
            try:
                state = (await self._in(self._ingest, functools.partial(self._page_taken_in, poll))).state
            except MonitorError as error:  # the gap stands, and the next poll goes on with it
                log.error("older page not kept", feed=polled.feed.id, error=str(error))
                return
            if page.problem is not None:  # the next poll asks for it again, if there is any sense in that
                return

    def _page_taken_in(self, poll: Poll) -> Polled:
        """An older page's entries; one that cannot be borne ends the walk, and the loss is told."""
        now = self.clock()
        try:
            return self.app.pipeline.take_in_page(poll, now=now)
        except MonitorError:
            raise
        except Exception as error:
            log.exception("older page raised", feed=poll.feed.id, url=poll.fetched.url)
            broken = dataclasses.replace(
                poll.fetched, body=b"", problem=Problem.INTERNAL, message=f"{type(error).__name__}: {error}"
            )
            return self.app.pipeline.take_in_page(dataclasses.replace(poll, fetched=broken), now=now)

    async def _take_in(self, poll: Poll) -> Polled:
        """The poll handed to the ingest thread; what it came to."""
        future: asyncio.Future[Polled] = asyncio.get_running_loop().create_future()
        self._arrived.append((poll, future))
        if self._taking is None or self._taking.done():
            self._taking = asyncio.create_task(self._take())
        return await future

    async def _take(self) -> None:
        """Everything that has arrived: the polls without a document together, then one document, and so on."""
        while self._arrived:
            together = [one for one in self._arrived if one[0].bare]
            if together:
                self._arrived = [one for one in self._arrived if not one[0].bare]
            else:
                together, self._arrived = self._arrived[:1], self._arrived[1:]
            try:
                done = await self._in(self._ingest, functools.partial(self._settle, [poll for poll, _ in together]))
            except BaseException as error:
                for _, future in together:
                    if not future.done():
                        future.set_exception(error)
                if not isinstance(error, Exception):
                    raise
            else:
                for (_, future), polled in zip(together, done, strict=True):
                    if future.done():
                        continue
                    if isinstance(polled, Exception):
                        future.set_exception(polled)
                    else:
                        future.set_result(polled)

    def _settle(self, polls: Sequence[Poll]) -> list[Polled | Exception]:
        """In the ingest thread: polls without a document, all in one transaction; or one that brought one.

        Where one of many cannot be borne, each is taken alone: its failure is its own. The database's is everybody's.
        """
        pipeline, now = self.app.pipeline, self.clock()
        try:
            return [*pipeline.pass_by(polls, now=now)] if polls[0].bare else [pipeline.take_in(polls[0], now=now)]
        except MonitorError:
            raise
        except Exception as error:  # noqa: BLE001 -- handed to the one poll whose failure it is
            return [error] if len(polls) == 1 else [said for poll in polls for said in self._settle([poll])]

    async def _quietly(self, what: str, pool: ThreadPoolExecutor, job: Callable[[], object]) -> None:
        """A job whose failure must not stop the daemon: it is logged, and the job comes again."""
        await self._heeded(what, self._in(pool, job))

    async def _heeded(self, what: str, job: Awaitable[object]) -> None:
        """The same for a job that is on its way already."""
        try:
            await job
        except MonitorError as error:
            log.error("job failed", job=what, error=str(error))
        except Exception:
            log.exception("job failed", job=what)

    async def _in(self, pool: ThreadPoolExecutor, job: Callable[[], T]) -> T:
        loop = asyncio.get_running_loop()
        if pool is not self._ingest:
            return await loop.run_in_executor(pool, job)

        def timed() -> T:
            self._busy_since = loop.time()
            try:
                return job()
            finally:
                self._busy_since = None

        return await loop.run_in_executor(pool, timed)

    async def _drain(self) -> None:
        """Running polls end, or are given up: what was fetched and not taken in is fetched again at the next start."""
        running: set[asyncio.Task[Any]] = {*self._polls, *self._jobs}
        if running:
            _, late = await asyncio.wait(running, timeout=DRAIN.total_seconds())
            for task in late:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)

    def _close(self) -> None:
        """What runs in a thread ends by itself; what waits for one is dropped."""
        for pool in (self._ingest, self._outgoing, self._pressing, self._pulse):
            pool.shutdown(wait=True, cancel_futures=True)


def _host(feed: Feed) -> str:
    return urlsplit(feed.url).netloc.casefold()
