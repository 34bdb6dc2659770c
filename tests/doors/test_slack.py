"""The Slack sink against a Slack of our own in another process: every answer, every lost answer."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterator

import pytest

from monitor.alerts import slack
from monitor.alerts.slack import SlackSink
from monitor.entities import Channel, Destination, Look, LookStatus, OutboxRow, Outcome, SendStatus
from tests import make
from tests.doors.fake_slack import SCOPES, TOKEN, FakeSlack

PLACE = Destination("slack:C1")
CHANNEL = Channel(destination=PLACE)


@pytest.fixture
def fake() -> Iterator[FakeSlack]:
    with FakeSlack() as fake:
        yield fake


def sink(fake: FakeSlack, **fields: object) -> SlackSink:
    return SlackSink(**{"token": lambda: TOKEN, "base_url": fake.base_url, **fields})  # type: ignore[arg-type]


def row(number: int = 1, place: str = PLACE, **fields: object) -> OutboxRow:
    alert = make.alert(place, **fields)
    payload = SlackSink(token=str).render(alert, dt.UTC)
    return make.outbox_row(number, alert=alert, payload=payload, claimed_at=dt.datetime.now(dt.UTC))


# ------------------------------------------------------------------------------------------- one attempt


@pytest.mark.parametrize(
    ("do", "status"),
    [
        ("drop", SendStatus.UNKNOWN),
        ("cut", SendStatus.UNKNOWN),
        ("badjson", SendStatus.UNKNOWN),
        ("no_ts", SendStatus.UNKNOWN),
        ("500", SendStatus.UNKNOWN),
        ("503", SendStatus.UNKNOWN),
        ("fatal_error", SendStatus.UNKNOWN),
        ("internal_error", SendStatus.UNKNOWN),
        ("never_seen_before", SendStatus.UNKNOWN),
        ("not_in_channel", SendStatus.CHANNEL_FAULT),
        ("is_archived", SendStatus.CHANNEL_FAULT),
        ("channel_not_found", SendStatus.CHANNEL_FAULT),
        ("token_revoked", SendStatus.TOKEN_FAULT),
        ("missing_scope", SendStatus.TOKEN_FAULT),
        ("invalid_blocks", SendStatus.MESSAGE_FAULT),
        ("msg_too_long", SendStatus.MESSAGE_FAULT),
        ("ratelimited", SendStatus.NOT_SENT),
    ],
)
@pytest.mark.parametrize("stored", [False, True])
def test_an_answer_is_believed_only_where_it_is_sure(
    fake: FakeSlack, do: str, status: SendStatus, stored: bool
) -> None:
    fake.fault(do, stored=stored)

    assert sink(fake).send(row(), None).status is status
    assert len(fake.requests()) == 1


def test_a_slack_that_hangs_may_have_taken_the_message(fake: FakeSlack) -> None:
    fake.fault("hang", seconds=3, stored=True)

    outcome = sink(fake, timeout=dt.timedelta(seconds=1)).send(row(), None)

    assert outcome == Outcome(status=SendStatus.UNKNOWN, message="no answer from Slack: TimeoutError")


def test_a_slack_that_refuses_connections_took_nothing(fake: FakeSlack) -> None:
    gone = sink(fake, base_url="http://127.0.0.1:9/api/")

    assert gone.send(row(), None).status is SendStatus.NOT_SENT
    assert gone.look(row(), None, CHANNEL).status is LookStatus.CANNOT_LOOK


@pytest.mark.parametrize(
    ("place", "message"),
    [("slack:CARCHIVED", "is_archived"), ("slack:CFOREIGN", "not_in_channel"), ("slack:CNOWHERE", "channel_not_found")],
)
def test_a_channel_at_fault_is_named(fake: FakeSlack, place: str, message: str) -> None:
    assert sink(fake).send(row(place=place), None) == Outcome(status=SendStatus.CHANNEL_FAULT, message=message)


def test_a_missing_scope_is_named(fake: FakeSlack) -> None:
    fake.ask(set={"tokens": {TOKEN: ["channels:read"]}})

    assert sink(fake).send(row(), None) == Outcome(
        status=SendStatus.TOKEN_FAULT, message="missing_scope: needs chat:write"
    )


def test_a_new_token_is_used_from_the_next_call_on(fake: FakeSlack) -> None:
    tokens = ["xoxb-old", TOKEN]
    changing = sink(fake, token=lambda: tokens[0])

    before = changing.send(row(), None).status
    tokens.pop(0)

    assert (before, changing.send(row(), None).status) == (SendStatus.TOKEN_FAULT, SendStatus.SENT)


# ---------------------------------------------------------------------------------------------- threads


def test_a_reply_to_a_deleted_root_becomes_the_new_root(fake: FakeSlack) -> None:
    root = sink(fake).send(row(1), None)
    fake.ask(delete=["C1", root.remote_id])

    reply = sink(fake).send(row(2), make.thread(destination=PLACE, root=root.root))

    assert reply.root == reply.remote_id != root.root


def test_a_reply_whose_root_was_deleted_is_found_in_the_channel(fake: FakeSlack) -> None:
    root = sink(fake).send(row(1), None)
    fake.ask(delete=["C1", root.remote_id])
    thread = make.thread(destination=PLACE, root=root.root)
    reply = sink(fake).send(row(2), thread)

    look = sink(fake).look(row(2), thread, CHANNEL)

    assert look == Look(status=LookStatus.FOUND, remote_id=reply.remote_id, root=reply.remote_id)


@pytest.mark.parametrize("code", ["restricted_action_thread_locked", "cannot_reply_to_message"])
def test_a_closed_thread_stops_neither_its_channel_nor_its_story(fake: FakeSlack, code: str) -> None:
    root = sink(fake).send(row(1), None)
    fake.fault(code)

    reply = sink(fake).send(row(2), make.thread(destination=PLACE, root=root.root))

    assert (reply.status, reply.root) == (SendStatus.SENT, reply.remote_id)
    assert [request["args"].get("thread_ts") for request in fake.requests()] == [None, root.root, None]


def test_a_refusal_without_a_thread_is_asked_once(fake: FakeSlack) -> None:
    fake.fault("cannot_reply_to_message")

    assert sink(fake).send(row(), None).status is SendStatus.UNKNOWN
    assert len(fake.requests()) == 1


# ---------------------------------------------------------------------------------------------- look-up


def test_a_look_reads_every_page(fake: FakeSlack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slack, "_PAGE", 2)
    first = sink(fake).send(row(1), None)
    for number in range(2, 9):
        sink(fake).send(row(number), None)

    assert sink(fake).look(row(1), None, CHANNEL).remote_id == first.remote_id
    assert len(fake.requests("conversations.history")) == 4


def test_a_look_never_ends_without_an_answer_it_can_stand_by(fake: FakeSlack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slack, "_PAGE", 1)
    monkeypatch.setattr(slack, "_PAGES", 2)
    for number in range(1, 5):
        sink(fake).send(row(number), None)

    assert sink(fake).look(row(9), None, CHANNEL).status is LookStatus.CANNOT_LOOK


def test_a_look_starts_after_the_last_confirmed_message(fake: FakeSlack) -> None:
    sent = sink(fake).send(row(1), None)
    after = dataclasses.replace(CHANNEL, last_remote_id=sent.remote_id)

    assert sink(fake).look(row(1), None, after) == Look(status=LookStatus.NOT_FOUND)


def test_a_message_of_another_app_with_our_mark_is_not_ours(fake: FakeSlack) -> None:
    sink(fake).send(row(1), None)
    forged = [{**message, "bot_id": "B0OTHER"} for message in fake.messages()]
    fake.ask(set={"messages": forged})

    assert sink(fake).look(row(1), None, CHANNEL) == Look(status=LookStatus.NOT_FOUND)


@pytest.mark.parametrize(
    ("do", "header", "look"),
    [
        (
            "429",
            "7",
            Look(status=LookStatus.CANNOT_LOOK, retry_after=dt.timedelta(seconds=7), message="too fast for Slack"),
        ),
        ("missing_scope", None, Look(status=LookStatus.CANNOT_LOOK, message="missing_scope")),
        ("500", None, Look(status=LookStatus.CANNOT_LOOK, message="HTTP 500")),
        ("badjson", None, None),
        ("drop", None, None),
    ],
)
def test_a_look_that_failed_is_no_empty_look(fake: FakeSlack, do: str, header: str | None, look: Look | None) -> None:
    fake.fault(do, header=header, method="conversations.history")

    seen = sink(fake).look(row(), None, CHANNEL)

    assert seen.status is LookStatus.CANNOT_LOOK
    assert look is None or seen == look


# ----------------------------------------------------------------------------------------------- set-up


@pytest.mark.parametrize(
    ("world", "place", "problem"),
    [
        ({"tokens": {}}, "C1", "Slack: invalid_auth (docs/slack.md, Errors)"),
        (
            {"tokens": {TOKEN: SCOPES[:1] + SCOPES[2:]}},
            "C1",
            "Slack: the app lacks the scope channels:history; add it and reinstall the app",
        ),
        ({}, "CARCHIVED", "Slack: channel CARCHIVED is archived; unarchive it or route its topics elsewhere"),
        ({}, "CFOREIGN", "Slack: the app is not in channel CFOREIGN; type /invite @monitor there"),
        ({}, "CNOWHERE", "Slack: channel CNOWHERE: channel_not_found (docs/slack.md, Errors)"),
    ],
)
def test_the_check_names_what_is_wrong_and_posts_nothing(
    fake: FakeSlack, world: dict[str, object], place: str, problem: str
) -> None:
    fake.ask(set=world)

    assert problem in sink(fake).check((Destination(f"slack:{place}"),))
    assert fake.requests() == []


def test_the_check_asks_for_a_token_where_there_is_none(fake: FakeSlack) -> None:
    assert "no token" in sink(fake, token=str).check((PLACE,))[0]
    assert sink(fake, token=str).check((Destination("console"),)) == ()
