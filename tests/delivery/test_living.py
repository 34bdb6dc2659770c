"""A story's message in Slack goes on saying how the story stands: the real composer, outbox, delivery and sink."""

from __future__ import annotations

import dataclasses
import random

import pytest

from monitor.alerts import compose
from monitor.alerts.deliver import Delivery
from monitor.alerts.policy import Policy
from monitor.alerts.slack import SlackSink
from monitor.entities import Account, AlertReason, Destination, Reason, StoryId, Told, Weight
from monitor.store import SqlStore
from tests import make
from tests.delivery.world import Clock
from tests.doors.fake_slack import TOKEN, FakeSlack, walk

POLICY = Policy(default=Destination("slack:C1"))


class Channel:
    """A channel of the fake Slack, and the story that is told in it."""

    def __init__(self, store: SqlStore, slack: FakeSlack) -> None:
        self.store, self.slack, self.number = store, slack, 1
        self.composer = compose.Composer(policy=POLICY, topics=())
        with store.begin() as tx:
            self.story: StoryId = tx.open_story(make.article(), make.assignment(), make.profile())

    def takes(self, told: Told, account: Account, minutes: float, **story: object) -> None:
        """An article of the story, as the pipeline takes it in."""
        now = make.at(minutes=minutes)
        with self.store.begin() as tx:
            held = tx.story(self.story)
            assert held is not None
            moved = dataclasses.replace(held, **story)  # type: ignore[arg-type]
            tx.save_story(moved)
            if account.development is not None:
                self.composer.enqueue(tx, told, account, moved, now=now)
            self.composer.touch(tx, told, account, moved, now=now)

    def develops(
        self, minutes: float, weight: Weight = Weight.MINOR, title: str = "A headline", **story: object
    ) -> None:
        self.number += 1
        told = make.told(article=make.numbered(self.number, title))
        with self.store.begin() as tx:
            entry = tx.add(told.article)
            assert entry is not None
            tx.record(entry, make.account(), content_hash="hash")
            article = tx.add_article(entry, told.article, make.fingerprint())
            detection = make.detection(Reason.NEW_FACT, weight=weight, news=(make.new_fact(said=f"news of {title}"),))
            development = tx.add_development(
                self.story, article, detection, AlertReason.QUEUED, make.at(minutes=minutes)
            )
        account = make.account(
            reason=Reason.NEW_FACT, detection=detection, development=development, alert=AlertReason.QUEUED
        )
        self.takes(told, account, minutes, **story)

    def copied(self, minutes: float, **story: object) -> None:
        self.takes(make.told(), make.account(development=None, detection=None), minutes, **story)

    def deliver(self, minutes: float) -> None:
        clock = Clock()
        sink = SlackSink(token=lambda: TOKEN, base_url=self.slack.base_url)
        delivery = Delivery(
            self.store, {"slack": sink}, POLICY, rng=random.Random(1), sleep=clock.sleep, monotonic=clock.monotonic
        )
        delivery.deliver(make.at(minutes=minutes))

    def read(self) -> list[str]:
        """Each message of the channel, as all its texts."""
        return [
            " | ".join(str(one["text"]).strip() for one in walk(message["blocks"]) if isinstance(one.get("text"), str))
            for message in self.slack.messages()
        ]


@pytest.fixture
def channel(store: SqlStore, slack: FakeSlack) -> Channel:
    return Channel(store, slack)


def test_copies_are_counted_in_the_message_that_stands_and_are_one_edit(channel: Channel, slack: FakeSlack) -> None:
    channel.develops(0, title="First word")
    channel.deliver(2)
    for number in range(2, 13):
        papers = tuple(f"Paper {n}" for n in range(1, number + 1))
        channel.copied(3, publishers=papers, articles=number)
    channel.deliver(3.1)
    assert slack.requests("chat.update") == []

    channel.deliver(4)

    (message,) = channel.read()
    assert "Told by Harbour Daily, Paper 1, Paper 2, Paper 3, Paper 4, Paper 5 and 7 more" in message
    assert "1 independent newsroom · 12 articles" in message
    assert len(slack.requests("chat.update")) == 1


def test_after_a_major_development_the_first_message_says_where_the_story_stands(channel: Channel) -> None:
    channel.develops(0, title="First word")
    channel.deliver(2)
    channel.develops(30, Weight.MAJOR, title="They signed", articles=2)
    channel.deliver(31)

    root, reply = channel.read()
    assert "| First word |  | Now: | They signed | news of First word |" in root
    assert root.startswith("Story, last moved 4 Mar 2026 19:00 JST · 13:00 MSK · major | 🔴")
    assert reply.startswith("New in this story · major | 🔴 | They signed | news of They signed")


def test_where_the_first_message_was_deleted_the_one_that_took_its_place_is_kept_up_to_date(
    channel: Channel, slack: FakeSlack
) -> None:
    channel.develops(0, title="First word")
    channel.deliver(2)
    (root,) = slack.messages()
    slack.ask(delete=["C1", root["ts"]])
    channel.develops(30, title="Second word", articles=2)
    channel.deliver(31)
    channel.copied(40, articles=7)
    channel.deliver(42)

    (message,) = channel.read()
    assert "Second word" in message
    assert "7 articles" in message


def test_what_is_merged_before_it_goes_says_all_of_it_and_needs_no_edit(channel: Channel, slack: FakeSlack) -> None:
    channel.develops(0, title="First word")
    channel.develops(0.5, title="Second word", articles=2)
    channel.copied(1, articles=5)
    channel.deliver(2)
    channel.deliver(5)

    (message,) = channel.read()
    assert "news of First word | news of Second word" in message
    assert "5 articles" in message
    assert slack.requests("chat.update") == []
