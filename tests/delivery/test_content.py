"""Behaviours 24 to 28: what a message may hold. Hostile text in every place of every kind, and the token nowhere."""

from __future__ import annotations

import datetime as dt
import json
import logging
import random
import traceback
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine, inspect, text

from monitor.alerts import blocks, items, safe
from monitor.alerts.deliver import Delivery
from monitor.alerts.policy import Policy
from monitor.alerts.slack import SlackSink
from monitor.entities import (
    Alert,
    AlertKind,
    AlertTopic,
    Channel,
    Destination,
    DigestItem,
    OutboxState,
    StoryId,
    Weight,
)
from monitor.store import SqlStore
from tests import make
from tests.delivery.world import Clock
from tests.doors.fake_slack import TOKEN, FakeSlack, block_errors, walk
from tests.make import NOW

PLACE = Destination("slack:C1")
KINDS = tuple(AlertKind)
URL = "https://harbour-daily.example/news/1"


def filled(kind: AlertKind, foreign: str, /, **fields: Any) -> Alert:
    """An alert of this kind that says this wherever it can say anything."""
    given_: dict[str, Any] = {
        "kind": kind,
        "headline": foreign,
        "lang": foreign,
        "news": (foreign, "another"),
        "publishers": (foreign,),
        "credits": (foreign,),
        "topics": (AlertTopic(name=foreign, score=0.5, words=(foreign,)),),
        "nearest": foreign,
        "text": foreign,
        "ref": foreign,
        "said": (foreign,),
        "items": (item(foreign),) if kind is AlertKind.DIGEST else (),
        "over": kind is AlertKind.INCIDENT,
        "changed_at": make.at(3),
    }
    return make.alert(PLACE, **{**given_, **fields})


def item(said: str, **fields: Any) -> DigestItem:
    """An item of a digest that says this wherever it can."""
    given_ = {"ref": said, "headline": said, "lang": said, "news": (said,), "publishers": (said,), "why": said}
    return DigestItem(**{**given_, "url": URL, **fields})


def shown(message: dict[str, Any]) -> str:
    """All that a reader sees of the blocks."""
    return "\n".join(str(one["text"]) for one in walk(message["blocks"]) if isinstance(one.get("text"), str))


def links(message: dict[str, Any]) -> set[str]:
    """Every address that can be clicked in the blocks."""
    return {one["url"] for one in walk(message["blocks"]) if "url" in one}


def parsed(message: dict[str, Any]) -> list[str]:
    """The texts of a message that Slack parses."""
    return [message["text"], message["plain"]]


@pytest.fixture
def posted(slack: FakeSlack) -> Any:
    """A function that really posts an alert, with blocks and as plain text, and answers what stands in the channel."""
    sink = SlackSink(token=lambda: TOKEN, base_url=slack.base_url, app_token=lambda: "xapp-1")

    def post(alert: Alert) -> list[dict[str, Any]]:
        for plain in (False, True):
            row = make.outbox_row(alert=alert, payload=sink.render(alert, dt.UTC), plain=plain, claimed_at=NOW)
            assert sink.send(row, None).message == ""
        return slack.messages()[-2:]

    return post


# -------------------------------------------------------------------------------------- 24, 25, 26, 27


@pytest.mark.parametrize("kind", KINDS)
def test_24_mentions_in_foreign_text_mention_nobody(posted: Any, kind: AlertKind) -> None:
    hostile = "<!channel> <@U1> <!subteam^S1> <#C1> @here"

    for message in posted(filled(kind, hostile)):
        assert not {"<", ">"} & set(message["text"])
        assert "&lt;!channel&gt; &lt;@U1&gt; &lt;!subteam^S1&gt;" in message["text"]
        elements = list(walk(message["blocks"] or []))
        assert {one["type"] for one in elements if "type" in one} <= {
            "rich_text", "rich_text_section", "rich_text_list", "text", "link", "context", "plain_text", "header",
            "actions", "button",
        }  # fmt: skip
        assert message["blocks"] is None or hostile in shown(message)


HOSTILE_ADDRESSES = (
    "javascript:alert(1)",
    "data:text/html,x",
    "https://evil.example/a b",
    "https://harbour-daily.example@evil.example/",
    "//evil.example/x",
    "https://evil.example/" + "x" * 4000,
    "https://evil.example/\u202egpj.exe",
    "https://[half/",
    "mailto:a@evil.example",
    "<https://evil.example|Kyodo>",
)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("address", HOSTILE_ADDRESSES, ids=range(len(HOSTILE_ADDRESSES)))
def test_25_no_address_becomes_a_link_but_an_honest_one_of_the_article(kind: AlertKind, address: str) -> None:
    hostile = "<https://evil.example|Kyodo> https://evil.example/ javascript:alert(1) www.evil.example [a](https://evil.example)"

    message = blocks.message(
        filled(kind, hostile, url=address, items=(item(hostile, url=address),)), dt.UTC, buttons=True
    )

    assert links(message) == set()
    for said in parsed(message):
        assert "://" not in said
        assert not {"<", ">"} & set(said)


@pytest.mark.parametrize(
    ("address", "link"),
    [
        ("https://a.example/?x=1&y=2", "https://a.example/?x=1&y=2"),
        ("https://a.example/<b>|c", "https://a.example/%3Cb%3E%7Cc"),
        ("https://a.example/日本", "https://a.example/日本"),
    ],
)
@pytest.mark.parametrize("kind", [AlertKind.STORY, AlertKind.DEVELOPMENT])
def test_25_the_articles_own_link_cannot_break_out_of_markup(kind: AlertKind, address: str, link: str) -> None:
    message = blocks.message(filled(kind, "A headline", url=address, ref="d1"), dt.UTC, buttons=True)

    assert links(message) == {link}
    assert [line for line in message["plain"].splitlines() if "://" in line] == [link.replace("&", "&amp;")]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("hostile", "clean"),
    [
        ("a\u202eb\u2066c\u200fd\u061c", "abcd"),
        ("a\x00b\x07c\x1b[31m", "a b c [31m"),
        ("a\nb\r\nc\u2028d\x0be", "a b c d e"),
        ("a\ud83db\udc00", "ab"),
        ("\ufeffa\u200bb\u2060", "ab"),
        ("a" + "\u0301" * 500, "a" + "\u0301" * 4),
    ],
    ids=["bidi", "controls", "newlines", "surrogates", "invisible", "zalgo"],
)
def test_26_no_control_and_no_trick_of_a_text_is_shown(kind: AlertKind, hostile: str, clean: str) -> None:
    message = blocks.message(filled(kind, hostile, text=""), dt.UTC, buttons=True)

    assert list(block_errors(message["blocks"])) == []
    assert clean in {line for said in (shown(message), message["plain"]) for line in said.splitlines()} | {
        one["text"] for one in walk(message["blocks"]) if isinstance(one.get("text"), str)
    }
    everything = json.dumps(message, ensure_ascii=False)
    everything.encode("utf-8")
    assert not set(everything) & set("\u202e\u2066\u200f\u061c\x00\x07\x1b\r\u2028\x0b\ufeff\u200b")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("nothing", ["", " ", "\t\n \u3000\u2003", "\u200b\u202e", "\x00"])
def test_26_a_text_of_nothing_is_still_a_message(posted: Any, kind: AlertKind, nothing: str) -> None:
    for message in posted(filled(kind, nothing, news=(), url="")):
        assert "(no headline)" in message["text"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("unit", ["x", "日", "👨‍👩‍👧‍👦", "🇯🇵", "e\u0301", "👍🏽", "1️⃣"])
def test_26_ten_thousand_characters_end_whole_and_within_every_limit(posted: Any, kind: AlertKind, unit: str) -> None:
    alert = filled(kind, unit * 10_000)

    for message in posted(alert):
        assert safe.size(message["text"]) <= 4000
        said = shown(message) if message["blocks"] else message["text"]
        runs = [run.split("…")[0] for run in said.split() if run.startswith(unit) and "…" in run]
        assert runs
        assert all(run == unit * (len(run) // len(unit)) for run in runs)


@pytest.mark.parametrize("kind", KINDS)
def test_27_markdown_and_names_of_emoji_stand_literally(slack: FakeSlack, posted: Any, kind: AlertKind) -> None:
    hostile = "*b* _i_ ~s~ `c` > q :tada: :+1::skin-tone-2: **x** # h 1. l - m"

    rich, plain = posted(filled(kind, hostile))

    assert hostile in shown(rich)
    for message in (rich, plain):
        assert ":tada:" not in message["text"]
        assert ":tada:" in message["text"].replace("\u2060", "")
        assert "*b* _i_ ~s~ `c`" in message["text"]
    assert [str(request["args"]["mrkdwn"]) for request in slack.requests()] == ["False", "False"]


# --------------------------------------------------------------------------------------------- every limit

anything = st.text(st.characters(), max_size=100) | st.sampled_from((
    "<!channel> <@U1> <!subteam^S1>",
    "<https://evil.example|Kyodo>",
    ":tada: *bold* _it_ ~no~",
    "x" * 10_000,
    "日本" * 5_000,
    '"\\' * 3_000,
))  # fmt: skip
addresses = anything | st.sampled_from((URL, "https://a.example/" + "x" * 1950, "https://a.example/" + "日" * 1950))
many = st.lists(anything, max_size=20).map(tuple)
alerts = st.builds(
    make.alert,
    st.just(PLACE),
    kind=st.sampled_from(KINDS),
    weight=st.sampled_from(Weight),
    story=st.just(StoryId(1)) | st.none(),
    headline=anything,
    lang=anything,
    news=st.lists(anything, max_size=40).map(tuple),
    publishers=many,
    credits=many,
    topics=st.lists(
        st.builds(AlertTopic, name=anything, score=st.floats(0, 1), words=st.lists(anything, max_size=9).map(tuple)),
        max_size=9,
    ).map(tuple),
    nearest=anything,
    url=addresses,
    text=anything,
    ref=anything | st.just("d1"),
    said=many,
    over=st.booleans(),
    changed_at=st.none() | st.just(make.at(3)),
    published_at=st.none() | st.just(NOW),
    independent=st.integers(0, 10**6),
    articles=st.integers(0, 10**6),
)
patient = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


def keeps_every_limit(message: dict[str, Any]) -> None:
    wrong = list(block_errors(message["blocks"]))
    assert wrong == []
    for said in parsed(message):
        length = safe.size(said)
        assert 1 <= length <= 4000
        assert not {"<", ">"} & set(said)


@patient
@given(alerts)
def test_17_any_message_of_any_kind_keeps_every_limit_of_slacks(alert: Alert) -> None:
    keeps_every_limit(blocks.message(alert, dt.UTC, buttons=True))


NASTY = (
    "", " ", "x" * 10_000, "日本" * 5_000, '"\\' * 3_000, "<!channel> <@U1>", "<https://evil.example|Kyodo>", ":tada: *b* & <",
    "👨‍👩‍👧‍👦" * 90, "a\u202eb\x00\ud83d", "A headline of a usual length about a meeting in Vienna",
)  # fmt: skip


@pytest.mark.parametrize("seed", range(12))
def test_16_a_digest_of_sixty_items_becomes_messages_within_limits_and_none_is_dropped(seed: int) -> None:
    rng = random.Random(seed)

    def some(most: int) -> tuple[str, ...]:
        return tuple(rng.choices(NASTY, k=rng.randint(0, most)))

    given_ = [
        item(
            rng.choice(NASTY), ref=f"d{number}", news=some(6), publishers=some(9), weight=rng.choice(list(Weight)),
            url=rng.choice((URL, "", "https://a.example/" + "日" * 1950)), lang=rng.choice(NASTY),
        )
        for number in range(100, 160)
    ]  # fmt: skip

    parts = items.split(given_)

    order = [Weight.URGENT, Weight.MAJOR, Weight.MINOR]
    assert [one.ref for part in parts for one in part] == [
        one.ref for one in sorted(given_, key=lambda one: order.index(one.weight))
    ]
    for part in parts:
        message = blocks.message(filled(AlertKind.DIGEST, rng.choice(NASTY), items=part), dt.UTC)
        keeps_every_limit(message)
        lost = [one.ref for one in part if one.ref not in message["plain"] or one.ref not in shown(message)]
        assert lost == []


def test_16_sixty_items_of_usual_length_are_four_messages() -> None:
    usual = [
        item("Ministers meet in Vienna and agree on a date for talks", ref=f"d{n}", news=("A date is set",))
        for n in range(60)
    ]

    assert [len(part) for part in items.split(usual)] == [15, 15, 15, 15]


def test_17_news_that_does_not_fit_is_counted() -> None:
    message = blocks.message(make.alert(PLACE, news=tuple(f"fact number {n} " + "x" * 200 for n in range(60))), dt.UTC)

    said = [line for line in shown(message).splitlines() if line.startswith("and ")]
    assert said == ["and 36 more, see: monitor explain d1"]


def test_17_the_metadata_of_a_message_does_not_grow_with_the_alert(slack: FakeSlack, posted: Any) -> None:
    posted(filled(AlertKind.STORY, "x" * 10_000))

    sizes = [len(json.dumps(request["args"]["metadata"]).encode()) for request in slack.requests()]
    assert max(sizes) < 1000  # of 4,000 bytes


# ----------------------------------------------------------------------------------------------------- 28

FAULTS = (
    "drop",
    "500",
    "badjson",
    "cut",
    "no_ts",
    "token_revoked",
    "invalid_auth",
    "429",
    "invalid_blocks",
    "fatal_error",
)
SECRET = "xoxb-7031-this-is-the-secret"


@pytest.mark.parametrize("do", FAULTS)
def test_28_the_token_stands_in_no_log_no_traceback_and_no_row(
    slack: FakeSlack, store: SqlStore, store_url: str, caplog: pytest.LogCaptureFixture, capfd: Any, do: str
) -> None:
    caplog.set_level(logging.DEBUG)
    slack.ask(set={"tokens": {SECRET: ["chat:write", "channels:history"]}})
    sink = SlackSink(
        token=lambda: SECRET, base_url=slack.base_url, timeout=dt.timedelta(seconds=2), app_token=lambda: "xapp-1"
    )
    with store.begin() as tx:
        story = tx.open_story(make.article(), make.assignment(), make.profile())
        for number in range(3):
            alert = make.alert(PLACE, story=story, news=(f"fact {number}",))
            tx.enqueue(
                alert, dedup_key=f"key-{number}", state=OutboxState.PENDING, due_at=NOW, now=NOW,
                expires_at=make.at(days=3),
            )  # fmt: skip
    for method in ("chat.postMessage", "conversations.history", "conversations.replies", "auth.test"):
        slack.fault(do, method=method, times=2)
    clock = Clock()
    delivery = Delivery(
        store,
        {"slack": sink},
        Policy(default=PLACE),
        rng=random.Random(1),
        sleep=clock.sleep,
        monotonic=clock.monotonic,
    )

    for minute in range(4):
        delivery.deliver(make.at(minutes=20 * minute))
    said = [repr(sink.look(make.outbox_row(), None, Channel(destination=PLACE))), repr(vars(sink))]
    said += ["".join(traceback.format_exception(error)) for error in raised_by(sink)]

    out = capfd.readouterr()
    everything = "".join((*said, caplog.text, out.out, out.err, dumped(store_url)))
    assert "fact 2" in everything, "the database was not looked into"
    assert SECRET not in everything
    assert any(request["method"] == "chat.postMessage" for request in slack.ask()["requests"])


def raised_by(sink: SlackSink) -> list[BaseException]:
    """What a caller could see of a call that fails in the sink: nothing is raised, and that is how it stays secret."""
    try:
        sink.check((PLACE,))
        sink.send(make.outbox_row(alert=make.alert(PLACE), payload=sink.render(make.alert(PLACE), dt.UTC)), None)
    except Exception as error:  # noqa: BLE001  the test is about whatever it is
        return [error]
    return []


def dumped(url: str) -> str:
    """Every value of every table."""
    engine = create_engine(url)
    with engine.connect() as connection:
        tables = inspect(connection).get_table_names()
        rows = [tuple(row) for table in tables for row in connection.execute(text(f'SELECT * FROM "{table}"'))]
    engine.dispose()
    return repr(rows)
