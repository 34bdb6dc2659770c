"""What an alert says, whom it is for, when it may go: tables of cases."""

from __future__ import annotations

import dataclasses
import datetime as dt
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.alerts import compose, safe
from monitor.alerts.policy import CONSOLE, Policy, place
from monitor.entities import (
    AlertKind,
    AlertReason,
    AlertTopic,
    Destination,
    DevelopmentId,
    Mode,
    OutboxId,
    OutboxState,
    Reason,
    StoryId,
    Topic,
    TopicId,
    Weight,
)
from tests import make
from tests.make import NOW

ISLANDS, FISH = TopicId("islands"), TopicId("fish")
OPS = Destination("slack:C0OPS")
TOPICS = {
    ISLANDS: Topic(id=ISLANDS, name={"en": "The islands", "ja": "北方領土"}, description={}, severity=Weight.MAJOR),
    FISH: Topic(id=FISH, name={"en": "Fisheries"}, description={}),
}


def composed(**fields: object) -> object:
    given_: dict[str, object] = {
        "destination": CONSOLE,
        "kind": AlertKind.STORY,
        "ref": "d7",
        "story": make.story(),
        "told": make.told(),
        "detection": make.detection(),
        "developments": (DevelopmentId(7),),
        "topics": TOPICS,
        "nearest": None,
        "now": NOW,
    }
    return compose.compose(**{**given_, **fields})  # type: ignore[arg-type]


# ------------------------------------------------------------------------------------------------ words


def test_an_alert_answers_what_is_new_who_says_so_why_and_what_was_known() -> None:
    told = make.told(
        article=make.article(credits=("Kyodo",), publisher="NHK", family="nhk"),
        matches=(
            make.match("islands", 0.9, evidence=(make.evidence("phrases", words=("four islands", "visit")),)),
            make.match("fish", 0.4, background=True),
        ),
    )
    detection = make.detection(
        Reason.CHANGED_NUMBER,
        news=(make.new_fact(said="the quota is 2,050 t", earlier=make.fact(words="a quota of 2,100 t")),),
    )
    record = make.record(date=dt.date(2019, 1, 22), title={"en": "Talks in Moscow, no draft agreed"})

    alert = composed(
        told=told,
        detection=detection,
        nearest=record,
        story=make.story(publishers=("TASS", "NHK"), families=("tass", "nhk")),
    )

    assert alert == make.alert(
        kind=AlertKind.STORY,
        ref="d7",
        developments=(DevelopmentId(7),),
        weight=Weight.MAJOR,
        news=("the quota is 2,050 t (known before: a quota of 2,100 t)",),
        publishers=("NHK", "TASS"),
        independent=2,
        credits=("Kyodo",),
        topics=(AlertTopic(name="The islands", score=0.9, words=("four islands", "visit")),),
        nearest="22 Jan 2019, Talks in Moscow, no draft agreed",
    )


@pytest.mark.parametrize(
    ("weight", "matches", "titled"),
    [
        (Weight.MINOR, (), Weight.MINOR),
        (Weight.MINOR, (make.match("fish", 0.9),), Weight.MINOR),
        (Weight.MAJOR, (make.match("fish", 0.9),), Weight.MAJOR),
        (Weight.MINOR, (make.match("islands", 0.9),), Weight.MAJOR),
        (Weight.MINOR, (make.match("fish", 0.9), make.match("islands", 0.9, background=True)), Weight.MINOR),
        (Weight.MINOR, (make.match("gone"),), Weight.MINOR),
    ],
)
def test_an_alert_is_major_by_its_development_or_by_a_reported_topic_that_says_so(
    weight: Weight, matches: tuple[object, ...], titled: Weight
) -> None:
    story = make.story(title="Islands, islands")
    alert = composed(told=make.told(matches=matches), detection=make.detection(weight=weight), story=story)

    assert alert.weight is titled  # type: ignore[attr-defined]


def test_what_was_known_is_not_said_twice() -> None:
    new = make.new_fact(said="30 boats, was a quota of 20 boats", earlier=make.fact(words="Quota of 20 boats"))

    assert compose.news(make.detection(news=(new,))) == ("30 boats, was a quota of 20 boats",)


def test_of_what_was_known_a_line_is_shown_and_no_page() -> None:
    long = make.new_fact(said="12 boats seized", earlier=make.fact(words="a boat was seized off the cape " * 9))
    compared = make.new_fact(said="12 boats, earlier 2", earlier=make.fact(words="two boats were seized"))

    shown, plain = compose.news(make.detection(news=(long, compared)))

    assert shown == "12 boats seized (known before: a boat was seized off the cape a boat was seized off the ca…)"
    assert plain == "12 boats, earlier 2"


def test_a_development_without_a_single_fact_says_its_reason() -> None:
    assert compose.news(make.detection(Reason.RESUMED, news=())) == ("the story moves again after a pause",)


@pytest.mark.parametrize(
    ("families", "family", "credited", "count"),
    [
        (("nhk",), "nhk", (), 1),
        (("nhk", "tass"), "nhk", (), 2),
        (("nhk",), "nhk", ("Kyodo",), 1),
        (("kyodo", "nhk"), "nhk", ("Kyodo",), 1),
        (("kyodo", "nhk", "tass"), "nhk", ("Kyodo",), 2),
        (("kyodo", "tass"), "nhk", ("Kyodo", "TASS"), 2),
        ((), "nhk", (), 1),
    ],
)
def test_a_customer_of_a_wire_is_no_second_newsroom(
    families: tuple[str, ...], family: str, credited: tuple[str, ...], count: int
) -> None:
    assert compose.independent(families, family, credited) == count


def test_a_record_younger_than_the_report_is_not_what_was_known() -> None:
    old, young = make.record(date=dt.date(2019, 1, 22)), make.record("later", date=dt.date(2026, 4, 1))

    assert compose.earlier_record(((young, 0.9), (old, 0.8)), NOW.date()) == old
    assert compose.earlier_record(((young, 0.9),), NOW.date()) is None


# ------------------------------------------------------------------------------------------------ merge


def test_merged_alerts_leave_nothing_new_out_and_speak_with_the_heaviest_voice() -> None:
    first = make.alert(kind=AlertKind.STORY, news=("a",), publishers=("NHK",), independent=1)
    second = make.alert(
        ref="d2",
        developments=(DevelopmentId(2),),
        weight=Weight.MAJOR,
        headline="They signed",
        news=("b", "a"),
        publishers=("TASS", "NHK"),
        credits=("TASS",),
        independent=2,
        topics=(
            AlertTopic(name="Treaty", score=0.9, words=("sign",)),
            AlertTopic(name="Islands", score=0.3, words=("isle",)),
        ),
        nearest="19 Oct 1956, Joint declaration",
        url="https://tass.example/2",
    )

    assert compose.merge((first, second)) == make.alert(
        kind=AlertKind.STORY,
        ref="d2",
        developments=(DevelopmentId(1), DevelopmentId(2)),
        weight=Weight.MAJOR,
        headline="They signed",
        news=("b", "a"),
        publishers=("TASS", "NHK"),
        credits=("TASS",),
        independent=2,
        topics=(
            AlertTopic(name="Treaty", score=0.9, words=("sign",)),
            AlertTopic(name="Islands", score=0.8, words=("islands", "isle")),
        ),
        nearest="19 Oct 1956, Joint declaration",
        url="https://tass.example/2",
    )


def test_one_alert_merged_is_itself() -> None:
    assert compose.merge((make.alert(),)) == make.alert()


# --------------------------------------------------------------------------------------------- decisions


def test_the_key_does_not_hang_on_the_order_of_developments_but_on_all_else() -> None:
    one, two = DevelopmentId(1), DevelopmentId(2)
    key = compose.dedup_key(CONSOLE, AlertKind.STORY, StoryId(1), (one, two))

    assert key == compose.dedup_key(CONSOLE, AlertKind.STORY, StoryId(1), (two, one))
    assert len(key) == 64
    others = {
        compose.dedup_key(OPS, AlertKind.STORY, StoryId(1), (one, two)),
        compose.dedup_key(CONSOLE, AlertKind.DEVELOPMENT, StoryId(1), (one, two)),
        compose.dedup_key(CONSOLE, AlertKind.STORY, StoryId(12), (one, two)),
        compose.dedup_key(CONSOLE, AlertKind.STORY, StoryId(1), (one,)),
        compose.dedup_key(CONSOLE, AlertKind.STORY, None, (one, two)),
    }
    assert len(others | {key}) == 6


POLICY = Policy(default=CONSOLE, routes={FISH: OPS}, severity={ISLANDS: Weight.MAJOR})


@pytest.mark.parametrize(
    ("matches", "policy", "weight", "places"),
    [
        ((), POLICY, Weight.MINOR, (CONSOLE,)),
        ((make.match("islands"),), POLICY, Weight.MINOR, (CONSOLE,)),
        ((make.match("fish", 0.9), make.match("islands", 0.5)), POLICY, Weight.MINOR, (OPS, CONSOLE)),
        ((make.match("fish", background=True),), POLICY, Weight.MINOR, (CONSOLE,)),
        ((make.match("fish"),), dataclasses.replace(POLICY, floor=Weight.MAJOR), Weight.MINOR, ()),
        ((make.match("fish"),), dataclasses.replace(POLICY, floor=Weight.MAJOR), Weight.MAJOR, (OPS,)),
        ((make.match("islands"),), dataclasses.replace(POLICY, floor=Weight.MAJOR), Weight.MINOR, (CONSOLE,)),
        (
            (make.match("fish"), make.match("islands")),
            dataclasses.replace(POLICY, floors={OPS: Weight.MAJOR}),
            Weight.MINOR,
            (CONSOLE,),
        ),
        ((make.match("islands"),), Policy(default=Destination("")), Weight.MAJOR, ()),
    ],
)
def test_topics_choose_the_place_and_can_raise_the_weight(
    matches: tuple[object, ...], policy: Policy, weight: Weight, places: tuple[Destination, ...]
) -> None:
    assert compose.route(matches, policy, weight) == places  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({}, AlertReason.QUEUED),
        ({"mode": Mode.BASELINE}, AlertReason.BASELINE),
        ({"mode": Mode.BACKFILL}, AlertReason.BACKFILL),
        ({"story": make.story(muted_until=make.at(1))}, AlertReason.MUTED),
        ({"story": make.story(muted_until=make.at(-1))}, AlertReason.QUEUED),
        ({"told": make.told(article=make.article(published_at=make.at(-25)))}, AlertReason.TOO_OLD),
        ({"told": make.told(article=make.article(published_at=make.at(-23)))}, AlertReason.QUEUED),
        (
            {"told": make.told(article=make.article(published_at=make.at(days=-2), first_seen_at=make.at(days=-2)))},
            AlertReason.QUEUED,
        ),
        ({"policy": Policy(default=Destination(""))}, AlertReason.NO_DESTINATION),
        ({"policy": Policy(floor=Weight.MAJOR)}, AlertReason.BELOW_SEVERITY),
    ],
)
def test_every_development_that_is_not_told_has_its_reason(changes: dict[str, object], reason: AlertReason) -> None:
    case: dict[str, object] = {
        "detection": make.detection(),
        "told": make.told(),
        "story": make.story(),
        "mode": Mode.LIVE,
        "policy": Policy(),
        "now": NOW,
    }
    assert compose.verdict_on_alert(**{**case, **changes}) is reason  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("weight", "last", "opens"),
    [
        (Weight.MINOR, None, dt.timedelta(seconds=90)),
        (Weight.MAJOR, None, dt.timedelta(seconds=90)),
        (Weight.MAJOR, make.at(minutes=-1), dt.timedelta(0)),
        (Weight.MINOR, make.at(minutes=-5), dt.timedelta(minutes=15)),
        (Weight.MINOR, make.at(minutes=-30), dt.timedelta(0)),
        (Weight.MINOR, make.at(days=1), dt.timedelta(minutes=20)),
    ],
)
def test_new_stories_wait_for_company_and_minor_updates_for_the_gap(
    weight: Weight, last: dt.datetime | None, opens: dt.timedelta
) -> None:
    assert compose.opens_at(weight, last, Policy(), NOW) == NOW + opens


@pytest.mark.parametrize(
    ("name", "destination"),
    [("console", "console"), ("C0123", "slack:C0123"), ("slack:C0123", "slack:C0123")],
)
def test_a_bare_channel_is_slacks(name: str, destination: str) -> None:
    assert place(name) == destination


class Outbox:
    """As much of a transaction as composing needs."""

    def __init__(self, last: dt.datetime | None = None) -> None:
        self.last = last
        self.rows: list[dict[str, object]] = []

    def last_alert_at(self, destination: Destination, story: StoryId) -> dt.datetime | None:
        return self.last

    def enqueue(self, alert: object, **row: object) -> OutboxId | None:
        if any(row["dedup_key"] == held["dedup_key"] for held in self.rows):
            return None
        self.rows.append({"alert": alert, **row})
        return OutboxId(len(self.rows))


def test_a_development_is_queued_once_for_each_of_its_places() -> None:
    composer = compose.Composer(policy=POLICY, topics=TOPICS.values())
    told = make.told(matches=(make.match("fish", 0.9), make.match("islands", 0.5)))
    account = make.account(development=DevelopmentId(7))
    box = Outbox()

    assert composer.enqueue(box, told, account, make.story(), now=NOW) == (1, 2)  # type: ignore[arg-type]
    assert composer.enqueue(box, told, account, make.story(), now=NOW) == ()  # type: ignore[arg-type]
    assert [
        (row["alert"].destination, row["alert"].ref, row["state"], row["due_at"], row["expires_at"]) for row in box.rows
    ] == [  # type: ignore[attr-defined]
        (OPS, "d7", OutboxState.HELD, make.at(minutes=1.5), make.at(days=3)),
        (CONSOLE, "d7", OutboxState.HELD, make.at(minutes=1.5), make.at(days=3)),
    ]


def test_a_story_told_before_gets_an_update_and_not_a_second_root() -> None:
    composer = compose.Composer(policy=Policy(), topics=())
    box = Outbox(last=make.at(minutes=-5))

    composer.enqueue(box, make.told(), make.account(development=DevelopmentId(8)), make.story(), now=NOW)  # type: ignore[arg-type]

    assert [(row["alert"].kind, row["due_at"]) for row in box.rows] == [(AlertKind.DEVELOPMENT, make.at(minutes=15))]  # type: ignore[attr-defined]


def test_composing_loads_no_database_no_slack_and_no_http() -> None:
    code = (
        "import sys, monitor.alerts.compose, monitor.alerts.blocks; "
        "print([m for m in ('slack_sdk', 'sqlalchemy', 'aiohttp', 'rich') if m in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


# ------------------------------------------------------------------------------------------------- safe


@pytest.mark.parametrize(
    ("text", "limit", "shown"),
    [
        ("two\nlines\x00 and\u202e a trick\u200f\u2066", 99, "two lines and a trick"),
        ("lone \ud800 half", 99, "lone half"),
        ("abcdef", 4, "abc…"),
        ("北方四島", 3, "北方…"),
        ("ok 👨‍👩‍👧‍👦", 8, "ok…"),
        ("x🇯🇵🇷🇺", 7, "x🇯🇵…"),
        ("a\u0301" * 3, 4, "a\u0301…"),
        ("   \t\n ", 9, ""),
    ],
)
def test_text_from_outside_shows_no_control_and_no_half_character(text: str, limit: int, shown: str) -> None:
    assert safe.line(text, limit) == shown


@given(st.text(st.characters(), max_size=300), st.integers(1, 60))
def test_no_text_is_longer_than_its_limit_or_impossible_to_encode(text: str, limit: int) -> None:
    shown = safe.line(text, limit)
    assert safe.size(shown) == len(shown.encode("utf-16-le")) // 2 <= limit
    assert "\n" not in shown


@pytest.mark.parametrize(
    ("address", "link"),
    [
        ("https://a.example/x?q=1&r=2", "https://a.example/x?q=1&r=2"),
        ("https://a.example/日本", "https://a.example/日本"),
        ("javascript:alert(1)", ""),
        ("https://a.example/a b", ""),
        ("https://user@a.example/", ""),
        ("//a.example/x", ""),
        ("https:///x", ""),
        ("https://[half/", ""),
        ("https://a.example/<b>|c", "https://a.example/%3Cb%3E%7Cc"),
        ("https://a.example/\u202egpj", ""),
        ("https://a.example/" + "x" * 4000, ""),
    ],
)
def test_a_link_is_http_and_cannot_break_out_of_markup(address: str, link: str) -> None:
    assert safe.url(address) == link


@pytest.mark.parametrize(
    ("zone", "shown"),
    [
        (dt.timezone(dt.timedelta(hours=9)), "4 Mar 2026 18:30 JST · 12:30 MSK"),
        (dt.UTC, "4 Mar 2026 09:30 UTC · 18:30 JST · 12:30 MSK"),
        (dt.timezone(dt.timedelta(hours=-10), "HST"), "3 Mar 2026 23:30 HST · 4 Mar 18:30 JST · 4 Mar 12:30 MSK"),
    ],
)
def test_times_stand_in_tokyo_moscow_and_the_readers_zone(zone: dt.tzinfo, shown: str) -> None:
    assert safe.clock(NOW, zone) == shown
