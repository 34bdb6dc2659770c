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
    Alert,
    AlertKind,
    AlertReason,
    AlertTopic,
    Destination,
    DevelopmentId,
    OutboxId,
    OutboxRow,
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
        changed_at=NOW,
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
    ("newsrooms", "count"),
    [((), 1), (("nhk",), 1), (("nhk", "tass"), 2), (("kyodo", "Kyodo"), 1), (("Toto Tsushin", "toto-tsushin", ""), 1)],
)
def test_newsrooms_are_counted_once_however_they_are_written(newsrooms: tuple[str, ...], count: int) -> None:
    assert compose.independent(make.story(families=newsrooms)) == count


def test_a_record_younger_than_the_report_is_not_what_was_known() -> None:
    old, young = make.record(date=dt.date(2019, 1, 22)), make.record("later", date=dt.date(2026, 4, 1))

    assert compose.earlier_record(((young, 0.9), (old, 0.8)), NOW.date()) == old
    assert compose.earlier_record(((young, 0.9),), NOW.date()) is None


# ------------------------------------------------------------------------------------------------ merge


def test_merged_alerts_leave_nothing_new_out_and_speak_with_the_heaviest_voice() -> None:
    first = make.alert(kind=AlertKind.STORY, news=("a",), publishers=("NHK",), independent=1)
    second = make.alert(
        articles=4,
        said=("Followed by Aiko",),
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
        articles=4,
        said=("Followed by Aiko",),
    )


def test_one_alert_merged_is_itself() -> None:
    assert compose.merge((make.alert(),)) == make.alert()


# ------------------------------------------------------------------------------------ the living message

SAID = make.match("islands", 0.9, evidence=(make.evidence("phrases", words=("visit",)),))
COPY = make.told(article=make.article(publisher="Evening Courier", credits=("Kyodo",)), matches=(SAID,))
MOVED = make.story(publishers=("Harbour Daily", "Evening Courier"), families=("harbour", "kyodo"), articles=12)
ROOT = make.alert(kind=AlertKind.STORY, topics=(AlertTopic(name="The islands", score=0.8, words=("islands",)),))


def test_a_copy_moves_the_counters_and_nothing_else() -> None:
    assert compose.counted(ROOT, MOVED, COPY, TOPICS) == dataclasses.replace(
        ROOT,
        publishers=("Harbour Daily", "Evening Courier"),
        independent=2,
        credits=("Kyodo",),
        topics=(AlertTopic(name="The islands", score=0.9, words=("islands", "visit")),),
        articles=12,
    )


def test_what_was_counted_once_is_never_taken_back() -> None:
    known = dataclasses.replace(ROOT, independent=5, articles=40, publishers=("TASS",))

    alert = compose.counted(known, make.story(), make.told(matches=()), TOPICS)

    assert (alert.independent, alert.articles, alert.publishers) == (5, 40, ("TASS", "Harbour Daily"))


@pytest.mark.parametrize(
    ("weight", "alert", "changed"),
    [
        (Weight.MINOR, AlertReason.QUEUED, {"changed_at": make.at(2)}),
        (Weight.MAJOR, AlertReason.MUTED, {"changed_at": make.at(2)}),
        (
            Weight.MAJOR,
            AlertReason.QUEUED,
            {"changed_at": make.at(2), "text": "Now: 両国が 署名 [ja]", "weight": Weight.MAJOR},
        ),
    ],
)
def test_the_first_headline_stays_and_a_major_development_says_where_the_story_stands(
    weight: Weight, alert: AlertReason, changed: dict[str, object]
) -> None:
    told = make.told(article=make.article("両国が\n署名", lang="ja"))
    account = make.account(detection=make.detection(weight=weight), alert=alert, development=DevelopmentId(9))

    moved = compose.moved_on(ROOT, told, account, {}, make.at(2))

    assert moved == dataclasses.replace(ROOT, **changed)


def test_an_article_that_is_no_development_does_not_move_a_story() -> None:
    assert compose.moved_on(ROOT, COPY, make.account(development=None), TOPICS, make.at(2)) == ROOT


def touched(row: OutboxRow) -> list[tuple[OutboxId, Alert, dt.datetime | None]]:
    """What touching a story writes where this is its message."""
    rewritten: list[tuple[OutboxId, Alert, dt.datetime | None]] = []

    class Roots:
        def roots(self, story: StoryId) -> list[OutboxRow]:
            return [row]

        def rewrite(self, row: OutboxId, alert: Alert, *, edit_due_at: dt.datetime | None = None) -> None:
            rewritten.append((row, alert, edit_due_at))

    composer = compose.Composer(policy=Policy(edit_wait=dt.timedelta(seconds=45)), topics=TOPICS.values())
    account = make.account(
        detection=make.detection(weight=Weight.MAJOR), alert=AlertReason.QUEUED, development=DevelopmentId(9)
    )
    composer.touch(Roots(), COPY, account, MOVED, now=NOW)  # type: ignore[arg-type]
    return rewritten


@pytest.mark.parametrize("state", [OutboxState.PENDING, OutboxState.SENDING, OutboxState.UNKNOWN, OutboxState.SENT])
def test_a_message_that_is_on_its_way_or_stands_is_edited_in_a_while(state: OutboxState) -> None:
    ((row, alert, due),) = touched(make.outbox_row(alert=ROOT, state=state))

    assert (row, alert.text, alert.articles, due) == (
        OutboxId(1), "Now: Ministers of Japan and Russia meet in Vienna", 12, NOW + dt.timedelta(seconds=45),
    )  # fmt: skip


def test_a_message_that_waits_is_counted_up_and_needs_no_edit() -> None:
    ((_, alert, due),) = touched(make.outbox_row(alert=ROOT, state=OutboxState.HELD))

    assert (alert.text, alert.weight, alert.articles, due) == ("", Weight.MINOR, 12, None)


def test_a_message_that_says_so_already_is_not_written() -> None:
    ((_, alert, _),) = touched(make.outbox_row(alert=ROOT, state=OutboxState.SENT))

    assert touched(make.outbox_row(alert=alert, state=OutboxState.SENT)) == []


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
        "import sys, monitor.alerts.compose, monitor.alerts.plain; "
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
