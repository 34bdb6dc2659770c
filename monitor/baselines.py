"""What a start finds changed, and what nobody is told for it: new feeds, addresses, topics, a database that was moved.

It never tells news: a feed in doubt gets a new baseline, which is stored whole, and the operators hear of it once.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from monitor import schedule
from monitor.alerts import notices
from monitor.alerts.policy import Policy
from monitor.entities import Destination, Feed, FeedId, FeedState, Topic, TopicId
from monitor.ports import Tx

TOPICS = "topics"
"""The key in ``meta`` under which the topics of the last start stand, each with the moment it was new at."""
_NAMED = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """What is new since the last start. Of the very first one nothing is: all of it is."""

    first: bool = False
    feeds: tuple[FeedId, ...] = ()
    readdressed: tuple[FeedId, ...] = ()
    topics: tuple[TopicId, ...] = ()
    new_topics: Mapping[TopicId, dt.datetime] = field(default_factory=dict)


def begin(
    tx: Tx,
    feeds: Sequence[Feed],
    states: Mapping[FeedId, FeedState],
    topics: Sequence[Topic],
    readdressed: Sequence[FeedId],
    now: dt.datetime,
) -> Begun:
    """Write down which topics there are, and let feeds whose address changed begin with a baseline."""
    for feed in readdressed:
        if feed in states:
            tx.save_feed_state(schedule.anew(states[feed]))
    said = tx.meta(TOPICS)
    held: dict[str, str] = json.loads(said) if said is not None else {}
    fresh = tuple(topic.id for topic in topics if topic.id not in held)
    if fresh:
        since = now.isoformat() if said is not None else ""
        tx.set_meta(TOPICS, json.dumps({**held, **dict.fromkeys(fresh, since)}))
        held |= dict.fromkeys(fresh, since)
    return Begun(
        first=said is None,
        feeds=tuple(feed.id for feed in feeds if feed.enabled and feed.id not in states),
        readdressed=tuple(readdressed),
        topics=fresh,
        new_topics={TopicId(name): dt.datetime.fromisoformat(since) for name, since in held.items() if since},
    )


def doubt(
    tx: Tx,
    policy: Policy,
    states: Mapping[FeedId, FeedState],
    *,
    behind: Sequence[Destination],
    doubted: int,
    now: dt.datetime,
) -> None:
    """Every feed begins with a baseline: what it holds now may have been told by another copy of this database.

    ``behind`` are the destinations that hold alerts of which this one knows nothing.
    """
    for state in states.values():
        tx.save_feed_state(schedule.anew(state))
    knows = f"{', '.join(behind)} holds alerts that it does not know." if behind else "It lies elsewhere than before."
    waiting = f" Of the alerts that wait, {doubted} are looked up before they are sent." if doubted else ""
    notices.notify(
        tx,
        policy,
        key=f"doubt:{now.isoformat()}",
        headline="The database was moved, copied or restored: every feed begins with a baseline again",
        text=f"{knows} What the feeds hold now is stored, and told to nobody.{waiting}",
        now=now,
    )


def tell(tx: Tx, policy: Policy, begun: Begun, *, feeds: int, now: dt.datetime) -> None:
    """Say once that the watch has begun; later, to the operators, what is new in it."""
    notices.announce(tx, policy, feeds=feeds, now=now)
    lines = (
        _line(begun.feeds, "new feed", "What it holds at first sight is stored, and told to nobody."),
        _line(
            begun.readdressed, "feed at a new address", "What it holds at first sight is stored, and told to nobody."
        ),
        _line(begun.topics, "new topic", "For a day, what reports on new topics alone is told in the daily digest."),
    )
    text = "\n".join(filter(None, lines))
    if begun.first or not text:
        return
    key = hashlib.sha256(f"{now.isoformat()}\n{text}".encode()).hexdigest()[:32]
    headline = "The configuration has changed; monitor alerts preview shows what it would tell"
    notices.notify(tx, policy, key=key, headline=headline, text=text, now=now)


def _line(ids: Sequence[str], what: str, meaning: str) -> str:
    if not ids:
        return ""
    more = f" and {len(ids) - _NAMED} more" if len(ids) > _NAMED else ""
    many = what if len(ids) == 1 else f"{len(ids)} {what.replace('feed', 'feeds').replace('topic', 'topics')}"
    return f"{many[0].upper()}{many[1:]}: {', '.join(ids[:_NAMED])}{more}. {meaning}"
