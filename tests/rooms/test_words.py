"""The sentences of messages: tables of cases."""

from __future__ import annotations

import datetime as dt

import pytest

from monitor.alerts import blocks, plain, words
from monitor.entities import Alert, AlertKind, AlertTopic, DigestItem, Weight
from tests import make
from tests.doors.fake_slack import walk


@pytest.mark.parametrize(
    ("said", "parts"),
    [
        ("12 missiles (known before: 2 missiles)", ("12 missiles", "known before: 2 missiles")),
        ("12 missiles (known before: 2 (two))", ("12 missiles", "known before: 2 (two)")),
        ("1,800 tons, earlier 2,050", ("1,800 tons", "earlier 2,050")),
        ("announced → held: drill", ("announced → held: drill", "")),
        (" (known before: x)", (" (known before: x)", "")),
    ],
)
def test_what_was_known_before_is_set_apart(said: str, parts: tuple[str, str]) -> None:
    assert words.parted(said) == parts


@pytest.mark.parametrize(
    ("matched", "shown"),
    [
        (("four islands", "visit"), "Islands 0.80 (four islands, visit)"),
        (("fire ... Kunashir", "drill", "missiles"), "Islands 0.80 (drill, missiles, fire ... Kunashir)"),
        (("учений", "учениями", "учения", "Кунашир"), "Islands 0.80 (учений, Кунашир)"),
        (("国後", "国後島", "抗議"), "Islands 0.80 (国後, 抗議)"),
        (("a1", "b2", "c3", "d4", "e5"), "Islands 0.80 (a1, b2, c3, d4)"),
        ((), "Islands 0.80"),
    ],
)
def test_a_topic_shows_a_few_words_no_two_of_them_alike(matched: tuple[str, ...], shown: str) -> None:
    alert = make.alert(topics=(AlertTopic(name="Islands", score=0.8, words=matched),))

    assert words.because(alert) == f"Topic: {shown}"


@pytest.mark.parametrize(
    ("fields", "above", "before"),
    [
        ({"kind": AlertKind.STORY}, "New story", ""),
        ({"kind": AlertKind.STORY, "weight": Weight.URGENT}, "New story · urgent", "🚨"),
        (
            {"kind": AlertKind.STORY, "changed_at": make.at(3)},
            "Story, last moved 4 Mar 2026 12:30 UTC · 21:30 JST · 15:30 MSK",
            "",
        ),
        ({"weight": Weight.MAJOR}, "New in this story · major", "🔴"),
        ({"kind": AlertKind.INCIDENT}, "Trouble with the feeds", "⚠️"),
        ({"kind": AlertKind.INCIDENT, "over": True, "weight": Weight.MAJOR}, "Trouble with the feeds", "✅"),
        ({"kind": AlertKind.NOTICE, "weight": Weight.MAJOR}, "", ""),
        ({"kind": AlertKind.QUIET}, "", ""),
    ],
)
def test_a_message_says_above_its_headline_what_it_is(fields: dict[str, object], above: str, before: str) -> None:
    alert = make.alert(**fields)

    assert (words.eyebrow(alert, dt.UTC), words.mark(alert)) == (above, before)


@pytest.mark.parametrize(("hours", "said"), [(0, "0 min"), (1.5, "90 min"), (3, "3 h"), (47, "47 h"), (72, "3 days")])
def test_a_trouble_that_is_over_says_how_long_it_was_and_no_longer_what_to_do(hours: float, said: str) -> None:
    alert = make.alert(kind=AlertKind.INCIDENT, over=True, changed_at=make.at(hours), text="Write to the publisher.")

    assert (words.ending(alert), words.body(alert)) == (f"· over after {said}", [])


@pytest.mark.parametrize(("lang", "shown"), [("en", ""), ("", ""), ("ja", "[ja]"), ("ru", "[ru]")])
def test_a_headline_in_another_language_than_ours_is_marked(lang: str, shown: str) -> None:
    assert words.language(lang) == shown


def test_who_says_so_is_named_up_to_six_and_the_rest_is_counted() -> None:
    alert = make.alert(publishers=tuple("ABCDEFGH"), credits=("Kyodo",), independent=2, articles=14)

    assert words.told_by(alert) == (
        "Told by A, B, C, D, E, F and 2 more · crediting Kyodo · 2 independent newsrooms · 14 articles"
    )


def test_why_all_items_came_in_a_digest_is_said_once_and_why_some_did_beside_them() -> None:
    one, two = (DigestItem(ref=ref, headline="x", why="held over the quiet hours") for ref in ("d1", "d2"))
    late = DigestItem(ref="d3", headline="x", why="could not be sent in time")

    same = words.cleaned(make.alert(kind=AlertKind.DIGEST, items=(one, two)))
    other = words.cleaned(make.alert(kind=AlertKind.DIGEST, items=(one, late)))

    assert (same.text, [words.source(item) for item in same.items]) == ("Held over the quiet hours.", ["d1", "d2"])
    assert (other.text, [words.source(item) for item in other.items]) == (
        "", ["held over the quiet hours · d1", "could not be sent in time · d3"],
    )  # fmt: skip


# ----------------------------------------------------------------------------------------- whole messages

REPLY = make.alert(
    lang="ja",
    headline="両国外相がウィーンで会談",
    weight=Weight.MAJOR,
    news=("12 boats (known before: 2 boats)",),
    publishers=("NHK", "TASS"),
    credits=("Kyodo",),
    independent=2,
    nearest="22 Jan 2019, Talks in Moscow",
    said=("Followed by Aiko",),
)


def test_a_reply_as_text_says_all_that_its_blocks_say() -> None:
    assert plain.whole(words.cleaned(REPLY), dt.UTC) == (
        "New in this story · major\n"
        "🔴 両国外相がウィーンで会談 [ja]\n"
        "• 12 boats (known before: 2 boats)\n"
        "https://harbour-daily.example/news/1\n"
        "Told by NHK, TASS · crediting Kyodo · 2 independent newsrooms\n"
        "Topic: Islands 0.80 (islands)\n"
        "Last known: 22 Jan 2019, Talks in Moscow\n"
        "Published 4 Mar 2026 09:30 UTC · 18:30 JST · 12:30 MSK · monitor explain d1\n"
        "Followed by Aiko"
    )


def read(alert: Alert) -> list[str]:
    """The texts of a message's blocks, in the order in which they are read."""
    return [
        str(one["text"]) for one in walk(blocks.message(alert, dt.UTC)["blocks"]) if isinstance(one.get("text"), str)
    ]


def test_a_reply_is_read_from_what_it_is_to_where_it_comes_from() -> None:
    assert read(REPLY) == [
        "New in this story · major",
        "🔴 ",
        "両国外相がウィーンで会談",
        " [ja]",
        "12 boats",
        "  known before: 2 boats",
        "Told by NHK, TASS · crediting Kyodo · 2 independent newsrooms",
        "Topic: Islands 0.80 (islands)",
        "Last known: 22 Jan 2019, Talks in Moscow",
        "Published 4 Mar 2026 09:30 UTC · 18:30 JST · 12:30 MSK · monitor explain d1",
        "Followed by Aiko",
    ]


def test_the_notification_is_one_line_of_headline_and_first_news() -> None:
    assert plain.notice(words.cleaned(REPLY)) == "🔴 両国外相がウィーンで会談 [ja] — 12 boats (known before: 2 boats)"
