"""What WebSub means for the schedule: which hub a feed names, and whether its pushes can be relied on.

Never asks a hub and never ends polling: a subscription that fails in silence is found out by the polls that go on.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from monitor.entities import Document, Fetched, Intake, Push

MISSED_MOST = 3
"""Polls that found what no push had brought, until pushes count for nothing; a push that works takes one back."""
LATE = dt.timedelta(minutes=10)
"""An entry that a poll finds so long after its date was not pushed. Hubs fetch and fan out within a minute or two."""
UNSEEN_MOST = 2
"""Whole documents in a row that name no hub, until it has vanished: one alone may come from an odd cache."""


def is_reliable(push: Push | None, now: dt.datetime) -> bool:
    """Whether what is new comes by itself: verified, delivering, and hardly ever caught missing something."""
    if push is None or push.verified_at is None or push.last_push_at is None:
        return False
    return (push.lease_until is None or push.lease_until > now) and push.missed < MISSED_MOST


def found(push: Push | None, fetched: Fetched, document: Document) -> Push | None:
    """The subscription after a whole document: its hub as the document (or its Link header) names it now.

    Token and secret stay with the feed, so that a hub that is left can still be told so.
    """
    hub, topic = (fetched.hub, fetched.topic or document.topic) if fetched.hub else (document.hub, document.topic)
    if not (hub and topic):
        return _unseen(push)
    if push is None:
        return Push(hub=hub, topic=topic)
    if (push.hub, push.topic) == (hub, topic):
        return replace(push, unseen=0) if push.unseen else push
    subscribed = push.verified_at is not None
    return Push(
        hub=hub, topic=topic, token=push.token, secret=push.secret,
        left_hub=push.hub if subscribed else push.left_hub, left_topic=push.topic if subscribed else push.left_topic,
    )  # fmt: skip


def checked(push: Push | None, intake: Intake, now: dt.datetime) -> Push | None:
    """The subscription after a poll: one more miss where the poll found what should have been pushed."""
    if push is None or push.verified_at is None or (push.lease_until is not None and push.lease_until <= now):
        return push
    oldest = intake.oldest_new
    if not intake.new or oldest is None or not push.verified_at <= oldest < now - LATE:
        return push
    return replace(push, missed=push.missed + 1)


def delivered(push: Push | None, intake: Intake, now: dt.datetime) -> Push | None:
    """The subscription after a push. Only one that brought something new mends a bad name."""
    if push is None:
        return None
    return replace(push, last_push_at=now, missed=max(push.missed - 1, 0) if intake.new else push.missed)


def _unseen(push: Push | None) -> Push | None:
    if push is None or push.unseen + 1 >= UNSEEN_MOST:
        return None
    return replace(push, unseen=push.unseen + 1)
