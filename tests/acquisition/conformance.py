"""A judge that sees only what a server sees: it steps a clock, has a program poll, and reads the server's log.

It knows nothing of the program but its command line, and believes nothing that is not in the log.

    python -m tests.acquisition.conformance
    python -m tests.acquisition.conformance --command "monitor poll --due --at {at} --config {config}"

``{at}`` is the time to poll at, ``{config}`` a folder with ``feeds.toml`` and ``monitor.toml``, ``{feeds}`` a file with
one ``URL SECONDS`` a line for programs that want no more. Each call of the command is a process of its own.
"""

from __future__ import annotations

import argparse
import datetime as dt
import itertools
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.doors.feed_server import Answer, FeedServer, Request, Sent, item, rss

START = dt.datetime(2026, 3, 4, 9, 0, tzinfo=dt.UTC)
MINUTE, HOUR, DAY = dt.timedelta(minutes=1), dt.timedelta(hours=1), dt.timedelta(days=1)
ZERO = dt.timedelta(0)
STEPS = (
    *(5 * number * MINUTE for number in range(20)),  # to 95 minutes
    *(10 * number * MINUTE for number in range(10, 25)),  # to four hours
    *(number * HOUR for number in range(5, 29)),  # to the second day
    *(number * DAY for number in range(2, 12)),  # to the eleventh
)
"""When the program is called, counted from the first call."""
SLACK = 5 * MINUTE
"""How much later than it could a poll may come at first: the clock moves in steps."""
CONTACT = "https://monitor.example/about"
SETTINGS = """\
[database]
url = "sqlite:///{folder}/monitor.db"
[http]
contact = "{contact}"
allow_addresses = ["127.0.0.0/8"]
host_gap = "0s"
[meaning]
embedder = "none"
[alerts]
destination = "console"
"""
LIBRARIES = re.compile(r"python|aiohttp|requests|urllib|feedparser|httpx|curl|mozilla", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One request with what was answered, and the time that the clock was set to."""

    at: dt.timedelta
    request: Request
    sent: Sent

    @property
    def path(self) -> str:
        """The path it asked for."""
        return self.request.path

    @property
    def etag(self) -> str | None:
        """The ``If-None-Match`` it carried."""
        return self.request.header("If-None-Match")

    @property
    def since(self) -> str | None:
        """The ``If-Modified-Since`` it carried."""
        return self.request.header("If-Modified-Since")

    @property
    def conditional(self) -> bool:
        """Whether it carried either."""
        return self.etag is not None or self.since is not None


@dataclass(kw_only=True)
class Scene:
    """A server with its feeds, the log, and what changes at which time."""

    server: FeedServer
    rows: dict[str, dt.timedelta | None] = field(default_factory=dict)
    log: list[Seen] = field(default_factory=list)
    changes: list[tuple[dt.timedelta, str, Answer]] = field(default_factory=list)

    def feed(self, name: str, *answers: Answer, every: dt.timedelta | None = 10 * MINUTE) -> None:
        """A configured feed; ``every`` None leaves the pace to the program."""
        self.rows[name] = every
        self.page(name, *answers)

    def page(self, name: str, *answers: Answer) -> str:
        """What stands at a path that no row names."""
        return self.server.serve(f"/{name}", *answers)

    def later(self, at: dt.timedelta, name: str, answer: Answer) -> None:
        """From a time on, another answer."""
        self.changes.append((at, name, answer))

    def move(self, at: dt.timedelta) -> None:
        """Set the server's clock, and make the changes that are due."""
        now = START + at
        self.server.date = f"{now:%a, %d %b %Y %H:%M:%S} GMT"
        due = [change for change in self.changes if change[0] <= at]
        for change in due:
            self.server.serve(f"/{change[1]}", change[2])
            self.changes.remove(change)

    def of(self, name: str) -> list[Seen]:
        """The requests for one path."""
        return [seen for seen in self.log if seen.path == f"/{name}"]

    def gaps(self, name: str) -> list[dt.timedelta]:
        """The times between them."""
        return [after.at - before.at for before, after in itertools.pairwise(self.of(name))]


Judge = Callable[[], str]
"""What is wrong, in a sentence; empty: nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """One behaviour as it can be seen from outside: ``stage`` sets it up, and what it returns judges the log."""

    number: int
    said: str
    stage: Callable[[Scene], Judge]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What the judge says of one behaviour; ``fault`` empty: it passed."""

    number: int
    said: str
    fault: str


BEHAVIOURS: list[Behaviour] = []


def behaviour(number: int, said: str) -> Callable[[Callable[[Scene], Judge]], Callable[[Scene], Judge]]:
    """Enter a behaviour in the list."""

    def enter(stage: Callable[[Scene], Judge]) -> Callable[[Scene], Judge]:
        BEHAVIOURS.append(Behaviour(number=number, said=said, stage=stage))
        return stage

    return enter


def document(*numbers: int, head: str = "") -> bytes:
    """A feed of numbered items, dated in the order of their numbers. The same number is the same article everywhere."""
    dates = (START - DAY + number % 1000 * MINUTE for number in numbers)
    items = (item(n, date=f"{at:%a, %d %b %Y %H:%M:%S} GMT") for n, at in zip(numbers, dates, strict=True))
    atom = b'<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom" '
    sy = b'xmlns:sy="http://purl.org/rss/1.0/modules/syndication/">'
    return rss(*items, head=head).replace(b'<rss version="2.0">', atom + sy)


def fixed(etag: str = '"a"', *, body: bytes = b"", **headers: str) -> Answer:
    """A good answer with an ``ETag``; ``_`` in a header's name stands for ``-``."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(body=body or document(1, 2, 3), etag=etag, headers=named)


def least(gaps: Sequence[dt.timedelta], bound: dt.timedelta) -> str:
    """A fault where a gap is shorter than a bound, or where there is none."""
    if not gaps:
        return "it was asked once only"
    return "" if min(gaps) >= bound else f"asked again after {min(gaps)}, not before {bound}"


def first_gap(scene: Scene, name: str, low: dt.timedelta, high: dt.timedelta) -> str:
    """A fault where the second request is not between two times after the first."""
    gaps = scene.gaps(name)
    if not gaps:
        return f"/{name} was never asked again"
    return "" if low <= gaps[0] <= high else f"/{name} asked again after {gaps[0]}, not between {low} and {high}"


def every_one(*faults: str) -> str:
    """All that is wrong."""
    return "; ".join(filter(None, faults))


# ------------------------------------------------------------------------------------- A1 conditional requests

MODIFIED = "Tue, 03 Mar 2026 10:00:00 GMT"


@behaviour(1, "both validators come back byte for byte")
def _both(scene: Scene) -> Judge:
    scene.feed("a1-both", Answer(body=document(1), etag='W/"x,1"', modified=MODIFIED))
    return lambda: (
        ""
        if len(scene.of("a1-both")) > 1
        and all((seen.etag, seen.since) == ('W/"x,1"', MODIFIED) for seen in scene.of("a1-both")[1:2])
        else "the second request did not carry both"
    )


@behaviour(2, "no validator is made up, out of sequence or another URL's")
def _issued(scene: Scene) -> Judge:
    scene.feed("a1-none", Answer(body=document(1)))
    scene.feed("a1-date", Answer(body=document(1), modified=MODIFIED))
    scene.feed("a1-turns", *(Answer(body=document(*range(n + 1)), etag=f'"t{n}"') for n in range(1, 12)))

    def judge() -> str:
        issued: dict[tuple[str, str], str] = {}
        for seen in scene.log:
            for kind, value, given in (
                ("etag", seen.etag, seen.sent.answer.etag), ("date", seen.since, seen.sent.answer.modified)
            ):  # fmt: skip
                if value is not None and value != issued.get((seen.path, kind)):
                    return f"{seen.path} was asked with {value}, issued last was {issued.get((seen.path, kind))}"
                if given and seen.sent.answer.cut is None and seen.sent.status in {200, 226, 304}:
                    issued[seen.path, kind] = given
        return ""

    return judge


@behaviour(3, "a 304 without validators leaves the stored ones in force")
def _bare_304(scene: Scene) -> Judge:
    scene.feed("a1-304", fixed('"keep"'), Answer(status=304))
    return lambda: (
        "" if {seen.etag for seen in scene.of("a1-304")[1:6]} == {'"keep"'} else "the validator was lost after a 304"
    )


@behaviour(4, "a 304 that brings a new validator replaces the stored one")
def _new_304(scene: Scene) -> Judge:
    scene.feed("a1-new304", fixed('"one"'), Answer(status=304, etag='"two"'), Answer(status=304))
    return lambda: (
        "" if [seen.etag for seen in scene.of("a1-new304")[1:4]] == ['"one"', '"two"', '"two"'] else "it was not taken"
    )


@behaviour(5, "a 200 with the same body and a new validator moves the validator")
def _new_200(scene: Scene) -> Judge:
    scene.feed("a1-same", *(fixed(f'"s{n}"') for n in range(6)))
    return lambda: (
        "" if [seen.etag for seen in scene.of("a1-same")[1:4]] == ['"s0"', '"s1"', '"s2"'] else "it was not moved"
    )


@behaviour(6, "another body under the old validator is read")
def _old_etag(scene: Scene) -> Judge:
    # Seen by what is done about it: it shares nothing with the body before, and names an older page.
    page = scene.page("a1-older", Answer(body=document(606, 605, 604, 603, 602, 601)))
    link = f'<atom:link rel="prev-archive" href="{page}"/>'
    again = Answer(status=200, body=document(609, 608, 607, head=link), headers={"ETag": '"old"'})
    scene.feed("a1-old", fixed('"old"', body=document(603, 602, 601)), again)
    return lambda: "" if scene.of("a1-older") else "the new body under the old validator was not read"


@behaviour(7, "a server that always says 304 is asked without a condition once a day")
def _lies(scene: Scene) -> Judge:
    scene.feed("a1-lies", Answer(body=document(1), etag='"lie"', lie_304=True))

    def judge() -> str:
        plain = [seen.at for seen in scene.of("a1-lies") if not seen.conditional]
        apart = [after - before for before, after in itertools.pairwise(plain)]
        if len(plain) < 2:
            return "never asked without a condition again"
        return "" if min(apart) >= 20 * HOUR and apart[0] <= 30 * HOUR else f"unconditional after {apart[0]}"

    return judge


@behaviour(9, "a body cut short leaves no validator and is asked for again soon")
def _cut(scene: Scene) -> Judge:
    whole = document(3, 2, 1)
    scene.feed(
        "a1-cut", Answer(body=whole, cut=len(whole) - 150, etag='"cut"'), fixed('"whole"', body=whole), every=HOUR
    )
    chunks = Answer(body=whole, cut=len(whole) - 150, chunked=True, etag='"cut"', modified=MODIFIED)
    scene.feed("a1-chunks", chunks, fixed('"whole"', body=whole), every=HOUR)

    def judge() -> str:
        faults = [first_gap(scene, name, MINUTE, 30 * MINUTE) for name in ("a1-cut", "a1-chunks")]
        taken = [seen for name in ("a1-cut", "a1-chunks") for seen in scene.of(name)[1:2] if seen.conditional]
        return every_one(*faults, "the cut body's validator was sent" if taken else "")

    return judge


@behaviour(11, "max-age and Expires hold off the next poll, and are capped")
def _fresh(scene: Scene) -> Judge:
    scene.feed("a1-fresh", fixed(Cache_Control="max-age=2700"))
    scene.feed("a1-expires", fixed(Expires=f"{START + 45 * MINUTE:%a, %d %b %Y %H:%M:%S} GMT"))
    scene.feed("a1-year", fixed(Cache_Control="public, max-age=31536000"))
    return lambda: every_one(
        first_gap(scene, "a1-fresh", 45 * MINUTE, 2 * HOUR), first_gap(scene, "a1-expires", 45 * MINUTE, 2 * HOUR),
        first_gap(scene, "a1-year", 10 * MINUTE, DAY),
    )  # fmt: skip


@behaviour(12, "no-cache and Expires: 0 ask for no delay, and the question stays conditional")
def _no_cache(scene: Scene) -> Judge:
    scene.feed("a1-nocache", fixed(Cache_Control="no-cache, no-store"))
    scene.feed("a1-expired", fixed(Expires="0"))

    def judge() -> str:
        names = ("a1-nocache", "a1-expired")
        plain = [name for name in names for seen in scene.of(name)[1:2] if not seen.conditional]
        late = [first_gap(scene, name, 10 * MINUTE, 15 * MINUTE + SLACK) for name in names]
        return every_one(*late, "asked without a condition" if plain else "")

    return judge


@behaviour(13, "Cache-Control on a 304 never lengthens the delay of the last 200")
def _longer_304(scene: Scene) -> Judge:
    scene.feed(
        "a1-longer", fixed(Cache_Control="max-age=60"), Answer(status=304, headers={"Cache-Control": "max-age=86400"})
    )
    return lambda: (
        ""
        if (found := scene.gaps("a1-longer")[1:4]) and max(found) <= 40 * MINUTE
        else f"waited {max(found, default=ZERO)}"
    )


@behaviour(14, "no request carries Cache-Control, Pragma, a cookie, a referrer or another query")
def _plain(scene: Scene) -> Judge:
    scene.feed("a1-cookie?edition=1", fixed(Set_Cookie="id=7; Path=/", Vary="Cookie"))

    def judge() -> str:
        forbidden = {"cache-control", "pragma", "cookie", "referer"}
        told = {name.casefold() for seen in scene.log for name, _ in seen.request.headers} & forbidden
        odd = [seen.path for seen in scene.log if "?" in seen.path and not seen.path.endswith("?edition=1")]
        return every_one(f"carried {', '.join(sorted(told))}" if told else "", f"asked for {odd[0]}" if odd else "")

    return judge


# ------------------------------------------------------------------------------------ A2 schedule and politeness


@behaviour(15, "429 with Retry-After is not asked before, and then it is")
def _429(scene: Scene) -> Judge:
    scene.feed("a2-429", Answer(status=429, headers={"Retry-After": "4500"}), fixed())
    return lambda: first_gap(scene, "a2-429", 75 * MINUTE, 3 * HOUR)


@behaviour(16, "5xx with Retry-After is not asked before, and then it is")
def _503(scene: Scene) -> Judge:
    for status in (500, 503):
        scene.feed(f"a2-{status}", Answer(status=status, headers={"Retry-After": "4500"}), fixed())
    return lambda: every_one(*(first_gap(scene, f"a2-{status}", 75 * MINUTE, 3 * HOUR) for status in (500, 503)))


@behaviour(17, "Retry-After as a date counts by the server's own clock")
def _dated(scene: Scene) -> Judge:
    for name, off in (("a2-slow", -2 * HOUR), ("a2-fast", 2 * HOUR)):
        theirs = START + off
        dates = [f"{at:%a, %d %b %Y %H:%M:%S} GMT" for at in (theirs, theirs + HOUR)]
        scene.feed(name, Answer(status=503, headers={"Date": dates[0], "Retry-After": dates[1]}), fixed())
    return lambda: every_one(*(first_gap(scene, name, HOUR, 100 * MINUTE) for name in ("a2-slow", "a2-fast")))


@behaviour(18, "a Retry-After that is negative, ten years off or garbage is clamped")
def _clamped(scene: Scene) -> Judge:
    for name, said in (("a2-minus", "-1"), ("a2-years", "315360000"), ("a2-words", "later"), ("a2-zero", "0")):
        scene.feed(name, Answer(status=429, headers={"Retry-After": said}), fixed())
    return lambda: every_one(
        *(first_gap(scene, name, 5 * MINUTE, 3 * HOUR) for name in ("a2-minus", "a2-words", "a2-zero")),
        first_gap(scene, "a2-years", HOUR, 3 * DAY),
    )


@behaviour(19, "429 without Retry-After backs off further each time")
def _growing(scene: Scene) -> Judge:
    scene.feed("a2-growing", Answer(status=429))
    scene.feed("a2-grown", Answer(status=429), every=None)

    def judge() -> str:
        faults = []
        for name in ("a2-growing", "a2-grown"):
            gaps = scene.gaps(name)[:4]
            grows = all(after > before for before, after in itertools.pairwise(gaps))
            faults.append("" if len(gaps) == 4 and grows else f"/{name} waited {', '.join(map(str, gaps))}")
        return every_one(*faults)

    return judge


@behaviour(20, "Retry-After of one route of a private host holds off no other route")
def _routes(scene: Scene) -> Judge:
    scene.feed("a2-route", Answer(status=429, headers={"Retry-After": "7200"}))
    scene.feed("a2-other", fixed())
    return lambda: every_one(
        first_gap(scene, "a2-route", 2 * HOUR, 5 * HOUR), first_gap(scene, "a2-other", 10 * MINUTE, 20 * MINUTE)
    )


@behaviour(21, "a rate limit that is spent is waited out, one that is not holds nobody off")
def _limits(scene: Scene) -> Judge:
    scene.feed("a2-spent", fixed(RateLimit='"default";r=0;t=3600', RateLimit_Policy='"default";q=10;w=3600'))
    scene.feed("a2-xspent", fixed(X_RateLimit_Remaining="0", X_RateLimit_Reset="3600"))
    scene.feed("a2-left", fixed(X_RateLimit_Remaining="9", X_RateLimit_Reset="3600"))
    return lambda: every_one(
        first_gap(scene, "a2-spent", HOUR, 2 * HOUR), first_gap(scene, "a2-xspent", HOUR, 2 * HOUR),
        first_gap(scene, "a2-left", 10 * MINUTE, 20 * MINUTE),
    )  # fmt: skip


@behaviour(23, "the time of the next poll outlives the process")
def _persisted(scene: Scene) -> Judge:
    scene.feed("a2-hourly", fixed(), every=HOUR)
    return lambda: least(scene.gaps("a2-hourly"), HOUR)


@behaviour(24, "a new feed is asked once, without a condition, and no made-up address is tried")
def _new(scene: Scene) -> Judge:
    scene.feed("a2-new", fixed())

    def judge() -> str:
        first = [seen for seen in scene.log if seen.at == ZERO]
        known = {*(f"/{name}" for name in scene.rows), *(seen.path for seen in scene.log if seen.sent.status != 404)}
        odd = sorted({seen.path for seen in scene.log} - known)
        twice = [name for name in scene.rows if sum(seen.path == f"/{name}" for seen in first) > 1]
        return every_one(
            f"asked for {odd[0]}" if odd else "", f"asked for {twice[0]} twice" if twice else "",
            "a first request carried a condition" if any(seen.conditional for seen in first) else "",
        )  # fmt: skip

    return judge


@behaviour(25, "an ordinary site is asked once an hour at most")
def _ordinary(scene: Scene) -> Judge:
    scene.feed("a2-ordinary", fixed(), every=None)
    busy = [Answer(body=document(*range(7004 + n, 7000 + n, -1)), etag=f'"o{n}"') for n in range(1, 90, 3)]
    scene.feed("a2-eager", *busy, every=None)
    return lambda: every_one(*(least(scene.gaps(name), HOUR) for name in ("a2-ordinary", "a2-eager")))


@behaviour(26, "ttl is a hint between the least and the most")
def _ttl(scene: Scene) -> Judge:
    scene.feed("a2-ttl600", fixed(body=document(1, head="<ttl>600</ttl>")))
    scene.feed("a2-ttl1", fixed(body=document(1, head="<ttl>1</ttl>")))
    return lambda: every_one(
        first_gap(scene, "a2-ttl600", 10 * MINUTE, 3 * HOUR), first_gap(scene, "a2-ttl1", 10 * MINUTE, 20 * MINUTE)
    )


@behaviour(27, "sy:updatePeriod is a hint between the least and the most, whatever it says")
def _sy(scene: Scene) -> Judge:
    said = {"yearly": ("yearly", "1"), "dayly": ("dayly", "0"), "always": ("always", ""), "tenth": ("hourly", "0.1")}
    for name, (period, frequency) in said.items():
        head = f"<sy:updatePeriod>{period}</sy:updatePeriod><sy:updateFrequency>{frequency}</sy:updateFrequency>"
        scene.feed(f"a2-{name}", fixed(body=document(1, head=head)))
    return lambda: every_one(*(first_gap(scene, f"a2-{name}", 10 * MINUTE, 3 * HOUR) for name in said))


@behaviour(28, "hours and days to skip hold off no news")
def _skip(scene: Scene) -> Judge:
    hours = "".join(f"<hour>{hour}</hour>" for hour in range(24))
    scene.feed("a2-skip", fixed(body=document(1, head=f"<skipHours>{hours}</skipHours>")))
    return lambda: first_gap(scene, "a2-skip", 10 * MINUTE, 20 * MINUTE)


@behaviour(29, "the pace follows the overlap: new entries quicken it, none slow it down")
def _pace(scene: Scene) -> Judge:
    answers = [Answer(body=document(*range(2005 + n, 2000 + n, -1)), etag=f'"p{n}"') for n in range(1, 200, 4)]
    scene.feed("a2-busy", *answers, every=HOUR)
    scene.feed("a2-quiet", fixed(body=document(3, 2, 1)), every=HOUR)

    def judge() -> str:
        busy, quiet = scene.gaps("a2-busy"), scene.gaps("a2-quiet")
        quicker = len(busy) > 3 and busy[3] < busy[0]
        slower = len(quiet) > 3 and quiet[3] > quiet[0]
        return every_one("new entries did not quicken it" * (not quicker), "silence did not slow it" * (not slower))

    return judge


@behaviour(30, "zero overlap with the document before quickens the pace at once")
def _loss(scene: Scene) -> Judge:
    scene.feed(
        "a2-loss", fixed('"l1"', body=document(3003, 3002, 3001)), fixed('"l2"', body=document(3004, 3003, 3002)),
        fixed('"l3"', body=document(3014, 3013, 3012)), every=HOUR,
    )  # fmt: skip

    def judge() -> str:
        gaps = scene.gaps("a2-loss")
        return "" if len(gaps) > 2 and gaps[2] < min(gaps[:2]) else f"waited {', '.join(map(str, gaps[:3]))}"

    return judge


@behaviour(32, "a request says who asks and where to complain, always the same")
def _agent(scene: Scene) -> Judge:
    scene.feed("a2-refused", Answer(status=403))

    def judge() -> str:
        told = {seen.request.header("User-Agent") or "" for seen in scene.log}
        if len(told) != 1:
            return f"{len(told)} different names"
        (agent,) = told
        return "" if CONTACT in agent and not LIBRARIES.search(agent) else f"it calls itself {agent!r}"

    return judge


# ------------------------------------------------------------------------------------------- A3 answers


@behaviour(33, "a permanent move is adopted after a week of agreement, and not before")
def _moved(scene: Scene) -> Judge:
    scene.page("a3-new", fixed('"moved"'))
    scene.feed("a3-old", Answer(status=301, headers={"Location": "/a3-new"}), every=HOUR)

    def judge() -> str:
        old, new = scene.of("a3-old"), scene.of("a3-new")
        early = [seen for seen in new if seen.at < 7 * DAY and not any(one.at == seen.at for one in old)]
        direct = [seen for seen in new if seen.at > 7 * DAY and not any(one.at == seen.at for one in old)]
        return every_one("adopted too early" * bool(early), "never adopted" * (not direct))

    return judge


@behaviour(34, "a temporary redirect never changes the address")
def _temporary(scene: Scene) -> Judge:
    scene.page("a3-there", fixed('"there"'))
    statuses = (302, 303, 307)
    for status in statuses:
        scene.page(f"a3-at{status}", fixed('"there"'))
        scene.feed(f"a3-{status}", Answer(status=status, headers={"Location": f"/a3-at{status}"}), every=HOUR)

    def judge() -> str:
        lost = [status for status in statuses if len(scene.of(f"a3-{status}")) != len(scene.of(f"a3-at{status}"))]
        return f"after {lost[0]} the target was asked by itself" if lost else ""

    return judge


@behaviour(35, "redirects in a circle or without end are given up after ten hops or so")
def _endless(scene: Scene) -> Judge:
    scene.feed("a3-circle", Answer(status=302, headers={"Location": "/a3-circle-2"}))
    scene.page("a3-circle-2", Answer(status=302, headers={"Location": "/a3-circle"}))
    scene.feed("a3-long", Answer(status=302, headers={"Location": "/a3-hop-1"}))
    for hop in range(1, 40):
        scene.page(f"a3-hop-{hop}", Answer(status=302, headers={"Location": f"/a3-hop-{hop + 1}"}))

    def judge() -> str:
        first = [seen.path for seen in scene.log if seen.at == ZERO]
        circle, long = (sum(path.startswith(start) for path in first) for start in ("/a3-circle", "/a3-hop"))
        return "" if 1 <= circle <= 4 and 1 <= long <= 11 else f"{circle} requests in a circle, {long} in a row"

    return judge


@behaviour(36, "a page instead of a feed leaves no validator and slows the pace like a failure")
def _page(scene: Scene) -> Judge:
    html = b"<!doctype html><html><head><title>Log in</title></head><body>Please log in</body></html>"
    scene.feed("a3-page", Answer(body=html, etag='"page"', headers={"Content-Type": "text/html"}))

    def judge() -> str:
        seen = scene.of("a3-page")
        taken = any(one.conditional for one in seen)
        gaps = scene.gaps("a3-page")
        grown = len(gaps) > 3 and gaps[3] > 2 * gaps[0]
        return every_one("the page's validator was sent" * taken, "it was polled on like a good feed" * (not grown))

    return judge


@behaviour(37, "410 is asked no more for days")
def _gone(scene: Scene) -> Judge:
    scene.feed("a3-gone", fixed('"g"'), Answer(status=410))
    return lambda: least(scene.gaps("a3-gone")[1:] or [7 * DAY], 7 * DAY)


@behaviour(38, "however often it fails a feed is asked again, ever more rarely, and recovers alone")
def _dead(scene: Scene) -> Judge:
    for status in (404, 403, 500):
        scene.feed(f"a3-{status}", fixed('"d"'), Answer(status=status))
        scene.later(9 * DAY, f"a3-{status}", fixed('"back"'))

    def judge() -> str:
        faults = []
        for status in (404, 403, 500):
            seen = scene.of(f"a3-{status}")
            failed = [one for one in seen if one.sent.status == status]
            if len(failed) < 10:
                faults.append(f"{status}: given up after {len(failed)}")
            if len(failed) > 40:
                faults.append(f"{status}: asked {len(failed)} times in nine days")
            if not any(one.sent.answer.etag == '"back"' for one in seen):
                faults.append(f"{status}: never recovered")
        return every_one(*faults)

    return judge


@behaviour(41, "200 with nothing in it leaves no validator, and is asked for again")
def _empty(scene: Scene) -> Judge:
    for name, body in (("a3-nothing", b""), ("a3-blank", b" \n"), ("a3-hollow", b"<rss></rss>")):
        scene.feed(name, Answer(body=body, etag='"nothing"'))
    names = ("a3-nothing", "a3-blank", "a3-hollow")
    return lambda: every_one(
        *(
            f"/{name}: the empty body's validator was sent"
            for name in names
            for seen in scene.of(name)[1:2]
            if seen.etag
        ),
        *(first_gap(scene, name, 5 * MINUTE, 3 * HOUR) for name in names),
    )


# ------------------------------------------------------------------------------- A4 safety, A5 history and deltas


@behaviour(53, "a redirect to file:, ftp: or data: leads nowhere, and the feed is asked again")
def _schemes(scene: Scene) -> Judge:
    targets = {"file": "file:///etc/passwd", "ftp": "ftp://127.0.0.1/x", "data": "data:text/xml,%3Crss/%3E"}
    for name, target in targets.items():
        scene.feed(f"a4-{name}", Answer(status=302, headers={"Location": target}))
    return lambda: every_one(*(first_gap(scene, f"a4-{name}", 5 * MINUTE, 6 * HOUR) for name in targets))


@behaviour(57, "after zero overlap older pages are read until one overlaps, and no further")
def _history(scene: Scene) -> Judge:
    def page(name: str, numbers: Sequence[int], older: str = "", rel: str = "prev-archive") -> Answer:
        link = f'<atom:link rel="{rel}" href="{scene.server.url(f"/{older}")}"/>' if older else ""
        return Answer(body=document(*numbers, head=link), etag=f'"{name}-{numbers[0]}"')

    scene.feed("a5-paper", page("f", [5703, 5702, 5701]), page("f", [5714, 5713, 5712], "a5-third"), every=HOUR)
    for name, numbers, older in (
        ("a5-third", [5711, 5710, 5709], "a5-second"), ("a5-second", [5708, 5707, 5706], "a5-first"), ("a5-first", [5705, 5704, 5703, 5702], "a5-no"),
    ):  # fmt: skip
        scene.page(name, page(name, numbers, older))
    scene.page("a5-no", page("a5-no", [5701, 5700]))
    scene.feed("a5-paged", page("p", [8703, 8702, 8701]), page("p", [8709, 8708, 8707], "a5-next", "next"), every=HOUR)
    scene.page("a5-next", page("a5-next", [8706, 8705, 8704, 8703, 8702]))

    def judge() -> str:
        unread = [name for name in ("a5-third", "a5-second", "a5-first", "a5-next") if not scene.of(name)]
        twice = [name for name in ("a5-third", "a5-second", "a5-first", "a5-next") if len(scene.of(name)) > 1]
        return every_one(
            f"/{unread[0]} was not read" if unread else "", f"/{twice[0]} was read twice" if twice else "",
            "it read on beyond the overlap" if scene.of("a5-no") else "",
        )  # fmt: skip

    return judge


@behaviour(58, "a delta is asked for (A-IM: feed), and a 226's validator goes back")
def _delta(scene: Scene) -> Judge:
    delta = Answer(status=226, body=document(4005, 4004), etag='"d2"', headers={"IM": "feed"})
    scene.feed("a5-delta", fixed('"d1"', body=document(4003, 4002, 4001)), delta, Answer(status=304), every=HOUR)

    def judge() -> str:
        seen = scene.of("a5-delta")
        if len(seen) < 3:
            return "asked too rarely to tell"
        asked = (seen[1].request.header("A-IM") or "").casefold()
        return every_one(
            "A-IM: feed was not sent" * ("feed" not in asked),
            "the delta's validator was not sent back" * (seen[2].etag != '"d2"'),
            "the delta was taken for a loss" * (scene.gaps("a5-delta")[1] < 45 * MINUTE),
        )

    return judge


# ------------------------------------------------------------------------------------------------- the trial


def judged(
    drive: Callable[[dt.datetime, Path], None], folder: Path, steps: Sequence[dt.timedelta] = STEPS
) -> list[Found]:
    """Every behaviour as the log shows it, after ``drive`` was called at each step of the clock with the folder."""
    with FeedServer() as server:
        scene = Scene(server=server)
        judges = [(one, one.stage(scene)) for one in sorted(BEHAVIOURS, key=lambda one: one.number)]
        configure(scene, folder)
        for at in steps:
            scene.move(at)
            before = len(server.sent)
            drive(START + at, folder)
            scene.log += [Seen(at=at, request=sent.request, sent=sent) for sent in server.sent[before:]]
        return [Found(number=one.number, said=one.said, fault=_verdict(judge, scene)) for one, judge in judges]


def _verdict(judge: Judge, scene: Scene) -> str:
    return judge() if scene.log else "nothing was ever asked for"


def configure(scene: Scene, folder: Path) -> None:
    """Write what the program is told: the plainest rows there are."""
    (folder / "monitor.toml").write_text(SETTINGS.format(folder=folder, contact=CONTACT), encoding="utf-8")
    rows, plain = [], []
    for name, every in scene.rows.items():
        slug = re.sub(r"\W+", "-", name)
        pace = [f'every = "{every.total_seconds():.0f}s"'] if every is not None else []
        url = scene.server.url(f"/{name}")
        row = [f'id = "{slug}"', f'url = "{url}"', f'publisher = "{slug}"', f'family = "{slug}"', "insecure = true"]
        rows.append("\n".join(["[[feed]]", *row, *pace]))
        plain.append(f"{url} {(every or HOUR).total_seconds():.0f}")
    (folder / "feeds.toml").write_text("\n\n".join(rows) + "\n", encoding="utf-8")
    (folder / "feeds.txt").write_text("\n".join(plain) + "\n", encoding="utf-8")


def by_command(command: str) -> Callable[[dt.datetime, Path], None]:
    """Drive a command line, a process a step."""

    def drive(at: dt.datetime, folder: Path) -> None:
        words = [
            word.format(at=at.strftime("%Y-%m-%dT%H:%M:%SZ"), config=folder, feeds=folder / "feeds.txt")
            for word in shlex.split(command)
        ]
        done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=600, stdin=subprocess.DEVNULL)
        if done.returncode not in {0, 1}:
            sys.exit(f"{shlex.join(words)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")

    return drive


def lines(found: Sequence[Found]) -> Iterator[str]:
    """The table."""
    for one in found:
        yield f"{'passed' if not one.fault else 'FAILED'}  {one.number:3}  {one.said}" + (
            f"\n             {one.fault}" if one.fault else ""
        )
    yield f"{sum(not one.fault for one in found)} of {len(found)}"


def main() -> int:
    """Judge a command line and print the table."""
    parser = argparse.ArgumentParser(description="Behaviours of a feed poller, judged by the server's log alone")
    parser.add_argument(
        "--command", default=f"{shlex.quote(sys.executable)} -m monitor poll --due --at {{at}} --config {{config}}"
    )
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "config"
        shutil.copytree(Path(__file__).parents[2] / "config", folder)
        found = judged(by_command(given.command), folder)
    print("\n".join(lines(found)))
    return 0 if all(not one.fault for one in found) else 1


if __name__ == "__main__":
    raise SystemExit(main())
