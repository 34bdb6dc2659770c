"""The Slack sink against a Slack of our own in another process: every answer, every lost answer, every nasty text."""

from __future__ import annotations

import dataclasses
import datetime as dt
import logging
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.alerts import blocks, safe, slack
from monitor.alerts.slack import SlackSink
from monitor.entities import AlertTopic, Channel, Destination, Look, LookStatus, OutboxRow, Outcome, SendStatus
from tests import make
from tests.doors.fake_slack import SCOPES, TOKEN, FakeSlack, block_errors, walk

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
    ("header", "seconds"),
    [
        ("30", 30),
        ("1.5", 1.5),
        ("-1", 30),
        ("999999", 900),
        ("inf", 900),
        ("nan", 30),
        ("soon", 30),
        (None, 30),
        ("0", 1),
    ],
)
def test_too_fast_is_no_attempt_and_waits_a_bounded_time(fake: FakeSlack, header: str | None, seconds: float) -> None:
    fake.fault("429", header=header)

    assert sink(fake).send(row(), None) == Outcome(
        status=SendStatus.NOT_SENT,
        attempted=False,
        retry_after=dt.timedelta(seconds=seconds),
        message="too fast for Slack",
    )


def test_a_date_to_wait_for_is_read_by_the_servers_clock_and_not_by_ours(fake: FakeSlack) -> None:
    at = dt.datetime.now(dt.UTC) + dt.timedelta(minutes=2)
    fake.fault("429", header=f"{at:%a, %d %b %Y %H:%M:%S} GMT")

    waited = sink(fake).send(row(), None).retry_after

    assert waited is not None
    assert 110 <= waited.total_seconds() <= 121


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


# ----------------------------------------------------------------------------------------------- content

anything = st.text(st.characters(), max_size=400) | st.sampled_from((
    "<!channel> <@U1> <!subteam^S1>",
    "<https://evil.example|Kyodo>",
    ":tada: *bold* _it_ ~no~",
    "x" * 10_000,
    "日本" * 5_000,
))  # fmt: skip
alerts = st.builds(
    make.alert,
    st.just(PLACE),
    headline=anything,
    news=st.lists(anything, max_size=70).map(tuple),
    publishers=st.lists(anything, max_size=30).map(tuple),
    credits=st.lists(anything, max_size=9).map(tuple),
    topics=st.lists(
        st.builds(AlertTopic, name=anything, score=st.floats(0, 1), words=st.lists(anything, max_size=9).map(tuple)),
        max_size=9,
    ).map(tuple),
    nearest=anything,
    url=anything | st.just("https://harbour-daily.example/<b>|x?a=1&b=2"),
    text=anything,
    ref=anything,
)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(alerts)
def test_any_payload_keeps_every_limit_of_slacks(alert: object) -> None:
    message = blocks.message(alert, dt.UTC)  # type: ignore[arg-type]

    assert list(block_errors(message["blocks"])) == []
    for text in (message["text"], message["plain"]):
        assert 1 <= safe.size(text) <= 4000
        assert "<" not in text
        assert ">" not in text


def test_markup_and_mentions_in_a_title_are_shown_as_they_are() -> None:
    hostile = "<!channel> <@U1> <https://evil.example|Kyodo> *_~ :tada: https://evil.example/"

    message = blocks.message(make.alert(PLACE, headline=hostile), dt.UTC)

    texts = [element["text"] for element in walk(message["blocks"]) if isinstance(element.get("text"), str)]
    assert hostile in texts
    assert "&lt;!channel&gt; &lt;@U1&gt;" in message["text"]
    assert "://" not in message["text"].replace(":\u2060//", "")
    assert ":tada:" not in message["plain"]


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        ("<!channel> <@U1> <!subteam^S1>", "<!channel> <@U1> <!subteam^S1>"),
        ("<https://evil.example|Kyodo>", "<https://evil.example|Kyodo>"),
        ("*b* _i_ ~s~ `c` :tada:", "*b* _i_ ~s~ `c` :tada:"),
        ("a\u202eb\u2066\x00c\r\nd\ud83d", "ab c d"),
        ("x" * 10_000, "x" * 279 + "…"),
        ("👨‍👩‍👧‍👦" * 2000, "👨‍👩‍👧‍👦" * 25 + "…"),
    ],
    ids=["mention", "link", "markdown", "controls", "long", "families"],
)
def test_hostile_text_stands_literally_wherever_an_alert_shows_text(hostile: str, shown: str) -> None:
    topic = AlertTopic(name=hostile, score=0.5, words=(hostile,))
    alert = make.alert(
        PLACE, headline=hostile, news=(hostile,), publishers=(hostile,), credits=(hostile,), topics=(topic,),
        nearest=hostile, text=hostile, ref=hostile,
    )  # fmt: skip

    message = blocks.message(alert, dt.UTC)

    elements = list(walk(message["blocks"]))
    texts = [element["text"] for element in elements if isinstance(element.get("text"), str)]
    assert shown in texts
    assert {element["type"] for element in elements if "type" in element} <= {
        "rich_text", "rich_text_section", "rich_text_list", "text", "link", "context", "plain_text",
    }  # fmt: skip
    said = "".join((*texts, message["text"], message["plain"]))
    assert not {"\u202e", "\u2066", "\x00", "\r"} & set(said)
    said.encode("utf-8")
    for parsed in (message["text"], message["plain"]):
        assert not {"<", ">"} & set(parsed)
        assert ":tada:" not in parsed
        assert parsed.count("://") == parsed.count("https://harbour-daily.example/news/1")


def test_the_articles_link_is_the_only_one() -> None:
    hostile = make.alert(
        PLACE, headline="https://evil.example/a", news=("https://evil.example/b",), url="https://a.example/?x=1&y=2"
    )

    message = blocks.message(hostile, dt.UTC)

    assert [element["url"] for element in walk(message["blocks"]) if element.get("type") == "link"] == [
        "https://a.example/?x=1&y=2"
    ]
    assert [line for line in message["plain"].splitlines() if "://" in line] == ["https://a.example/?x=1&amp;y=2"]


def test_news_that_does_not_fit_is_counted() -> None:
    message = blocks.message(make.alert(PLACE, news=tuple(f"fact number {n} " + "x" * 200 for n in range(60))), dt.UTC)

    said = [element["text"] for element in walk(message["blocks"]) if str(element.get("text", "")).startswith("and ")]
    assert said == ["and 36 more, see: monitor explain d1"]


def test_an_alert_reads_as_it_is_meant_to() -> None:
    alert = make.alert(
        PLACE, publishers=("NHK", "TASS"), credits=("Kyodo",), independent=2, nearest="22 Jan 2019, Talks in Moscow"
    )

    assert blocks.message(alert, dt.UTC)["plain"] == (
        "Development · Ministers of Japan and Russia meet in Vienna\n"
        "• The two ministers met; no meeting was known.\n"
        "Told by: NHK, TASS · credits Kyodo · 2 independent newsrooms\n"
        "Topic: Islands 0.80 (islands)\n"
        "Earlier record: 22 Jan 2019, Talks in Moscow\n"
        "published 4 Mar 2026 09:30 UTC · 18:30 JST · 12:30 MSK · monitor explain d1\n"
        "https://harbour-daily.example/news/1"
    )


# -------------------------------------------------------------------------------------------- set-up, secrecy


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


def test_the_token_stands_in_no_log_and_no_outcome(fake: FakeSlack, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    said = []
    for do in ("drop", "500", "badjson", "token_revoked", "429", "invalid_blocks", "no_ts"):
        fake.fault(do)
        said.append(repr(sink(fake).send(row(), None)))
        fake.fault(do, method="conversations.history")
        said.append(repr(sink(fake).look(row(), None, CHANNEL)))

    assert TOKEN not in caplog.text + "".join(said)
    assert TOKEN not in repr(vars(sink(fake)))
