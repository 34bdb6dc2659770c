"""The daemon: polls due feeds, takes documents in one after another, delivers from the outbox. It decides nothing.

One APScheduler job dispatches: it leases due feeds from the database and starts a task for each. Parsing and the
transaction run in one worker thread (SQLite has one writer, and the loop stays free), delivery in another, the
heartbeat in a third. SIGTERM and SIGINT drain: no new poll starts, running ones end or are given up after ``DRAIN``,
and the exit code is 0.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import os
import random
import signal
import socket
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from monitor.app import App, Clock
from monitor.entities import Feed, FeedId
from monitor.errors import MonitorError
from monitor.pipeline import Polled
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
        self.owner = f"{socket.gethostname()}:{os.getpid()}"
        self.feeds: dict[FeedId, Feed] = {feed.id: feed for feed in app.feeds if feed.enabled}
        self._ingest = ThreadPoolExecutor(max_workers=1, thread_name_prefix="ingest")
        self._outgoing = ThreadPoolExecutor(max_workers=1, thread_name_prefix="deliver")
        self._pulse = ThreadPoolExecutor(max_workers=1, thread_name_prefix="heartbeat")
        self._busy_since: float | None = None
        self._polls: set[asyncio.Task[Polled | None]] = set()
        self._jobs: set[asyncio.Task[Any]] = set()
        self._stop = asyncio.Event()

    async def run(self) -> None:
        """Until a signal comes. Returns normally after draining."""
        self._listen()
        await self._furnish()
        await self._start(spread=True)
        tick = self.app.config.settings.schedule.tick
        try:
            async with Http(self.app.http_policy) as http:
                scheduler = AsyncIOScheduler(timezone=dt.UTC)
                once = {"max_instances": 1, "coalesce": True, "misfire_grace_time": None}
                for job, every, arguments in (
                    (self.dispatch, tick, [http]),
                    (self.deliver, DELIVER, []),
                    (self.beat, HEARTBEAT, []),
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
                leased = await self._lease(len(chosen), list(chosen))
                chosen = {feed: chosen[feed] for feed in leased}
            if chosen:
                await self._furnish()
            free = asyncio.Semaphore(self.app.config.settings.http.concurrency)
            async with Http(self.app.http_policy) as http:
                for feed in chosen.values():
                    self._begin(feed, http, free)
                polls = list(self._polls)
                stopped = asyncio.create_task(self._stop.wait())
                everything = asyncio.ensure_future(asyncio.gather(*polls, return_exceptions=True))
                await asyncio.wait((everything, stopped), return_when=asyncio.FIRST_COMPLETED)
                stopped.cancel()
                if self._stop.is_set():
                    await self._drain()
                done = await everything
            if deliver and not self._stop.is_set():
                await self._in(self._outgoing, lambda: self.app.delivery.deliver(self.clock(), flush=True))
        finally:
            self._close()
        return tuple(polled for polled in done if isinstance(polled, Polled))

    # ------------------------------------------------------------------------------------------- jobs

    async def dispatch(self, http: Http) -> None:
        """Start a poll for each due feed, up to the concurrency that is left."""
        free = self.app.config.settings.http.concurrency - len(self._polls)
        if free <= 0 or self._stop.is_set():
            return
        for feed in await self._lease(free):
            self._begin(self.feeds[feed], http)

    async def deliver(self) -> None:
        """Send what is due; a fault of the database is logged and tried again."""
        await self._quietly("delivery", self._outgoing, lambda: self.app.delivery.deliver(self.clock()))

    async def beat(self) -> None:
        """Write that the daemon lives; not while one document holds up all others."""
        begun = self._busy_since
        if begun is not None and asyncio.get_running_loop().time() - begun > STUCK.total_seconds():
            log.error("no heartbeat: taking in one document lasts too long", limit_s=STUCK.total_seconds())
            return
        await self._quietly("heartbeat", self._pulse, lambda: self.app.heartbeat(self.owner, self.clock()))

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

    def _listen(self) -> None:
        """SIGTERM and SIGINT begin to drain; only a process's main thread can be told so."""
        if threading.current_thread() is not threading.main_thread():
            return
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, self.stop)

    async def _furnish(self) -> None:
        """Build the rooms before the first poll: a mistake in their data ends the run, and not every poll of it."""
        await self._in(self._ingest, lambda: self.app.rooms)

    async def _start(self, *, spread: bool) -> None:
        rng = self.rng if spread else None
        await self._in(self._ingest, lambda: self.app.start(self.clock(), alone=self.alone, spread=rng))
        self.feeds = {feed.id: feed for feed in self.app.feeds if feed.enabled}
        if spread:
            await self.beat()

    async def _lease(self, limit: int, feeds: list[FeedId] | None = None) -> list[FeedId]:
        now, wanted = self.clock(), feeds or list(self.feeds)
        try:
            return await self._in(
                self._ingest,
                lambda: (
                    []
                    if self._stop.is_set()
                    else self.app.lease(now, feeds=wanted, owner=self.owner, until=now + LEASE, limit=limit)
                ),
            )
        except MonitorError as error:
            log.error("cannot lease feeds", error=str(error))
            return []

    def _begin(self, feed: Feed, http: Http, free: asyncio.Semaphore | None = None) -> None:
        task = asyncio.create_task(self._poll(feed, http, free), name=f"poll {feed.id}")
        self._polls.add(task)
        task.add_done_callback(self._polls.discard)

    async def _poll(self, feed: Feed, http: Http, free: asyncio.Semaphore | None) -> Polled | None:
        """One feed's poll. Its failure is its own: whatever is raised is logged, and the feed backs off."""
        try:
            async with free or contextlib.nullcontext():
                state = await self._in(self._ingest, lambda: self.app.feed_state(feed.id))
                fetched = await http.fetch(feed, state, self.clock())
            return await self._in(
                self._ingest,
                lambda: self.app.pipeline.take_in(feed, state, fetched, now=self.clock(), jitter=self.rng.random()),
            )
        except MonitorError as error:  # the database: said in a line, the feed comes again when its lease runs out
            log.error("poll not kept", feed=feed.id, error=str(error))
            return None
        except Exception as error:  # one feed's failure never stops the others
            log.exception("poll raised", feed=feed.id)
            raised = error
            await self._quietly(
                "record of a failure",
                self._ingest,
                lambda: self.app.record_failure(feed, raised, now=self.clock(), jitter=self.rng.random()),
            )
            return None
        finally:
            with contextlib.suppress(Exception):
                await self._in(self._ingest, lambda: self.app.release(feed.id, self.owner))

    async def _quietly(self, what: str, pool: ThreadPoolExecutor, job: Callable[[], object]) -> None:
        """A job whose failure must not stop the daemon: it is logged, and the job comes again."""
        try:
            await self._in(pool, job)
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
        for pool in (self._ingest, self._outgoing, self._pulse):
            pool.shutdown(wait=True, cancel_futures=True)
