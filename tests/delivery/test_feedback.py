"""43. Buttons in Slack: kept with who and when, whatever is pressed twice, by two people, or after a restart."""

from __future__ import annotations

import copy
import dataclasses
import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from monitor.alerts import buttons
from monitor.alerts.buttons import Button, Press
from monitor.alerts.slack import SlackSink
from monitor.entities import (
    AlertKind,
    AlertReason,
    Destination,
    DevelopmentId,
    LabelKind,
    LabelView,
    OutboxId,
    OutboxRow,
    OutboxState,
    StoryId,
    Thread,
)
from monitor.errors import UsageError
from monitor.readers import Readers, Reply, Result
from monitor.settings import load_settings
from monitor.store import SqlStore, Views
from tests import make
from tests.doors.fake_slack import block_errors, walk

PLACE, ELSEWHERE = Destination("slack:C1"), Destination("slack:C2")
ROOT, REPLY = "1772616600.000001", "1772616700.000002"
JST = dt.timezone(dt.timedelta(hours=9), "JST")
READERS = Readers(zone=JST)


@pytest.fixture
def told(store: SqlStore) -> SqlStore:
    """A story with two developments that were told at C1, root and reply, and the first at C2 too."""
    with store.begin() as tx:
        tx.sync_feeds([make.feed()], make.NOW)
        story = tx.open_story(make.numbered(1), make.assignment(), make.profile())
        for number in (1, 2):
            article = make.numbered(number)
            entry = tx.add(article)
            assert entry is not None
            kept = tx.add_article(entry, article, make.fingerprint(number))
            tx.place(kept, story=story, matches=(make.match(),), facts=())
            tx.add_development(story, kept, make.detection(), AlertReason.QUEUED, make.NOW)
            tx.record(entry, make.account(title=article.title, url=article.url), content_hash="h")
        for number, place, ts in ((1, PLACE, ROOT), (2, PLACE, REPLY), (1, ELSEWHERE, "1772616600.000009")):
            queue(tx, number, place, ts)
        tx.save_thread(Thread(destination=PLACE, story=story, root=ROOT, root_outbox=OutboxId(1)))
        tx.save_thread(Thread(destination=ELSEWHERE, story=story, root="x", root_outbox=OutboxId(3)))
    return store


def queue(tx: Any, number: int, place: Destination, ts: str, state: OutboxState = OutboxState.SENT) -> None:
    alert = make.alert(
        place, ref=f"d{number}", developments=(DevelopmentId(number),),
        kind=AlertKind.STORY if number == 1 else AlertKind.DEVELOPMENT,
    )  # fmt: skip
    row = tx.enqueue(alert, dedup_key=f"{place}-{number}", state=state, due_at=make.NOW, now=make.NOW)
    tx.update_outbox(make.outbox_row(row, alert=alert, state=state, remote_id=ts))


def pressed(button: Button = Button.NOT_NEW, **fields: Any) -> Press:
    """Anna's press under the root."""
    given: dict[str, Any] = {
        "story": StoryId(1), "ref": "d1", "channel": "C1", "ts": ROOT, "user": "U0ANNA", "name": "anna",
    }  # fmt: skip
    return Press(**{"button": button, **given, **fields})


BORIS = {"user": "U0BORIS", "name": "boris"}


def take(store: SqlStore, press: Press, minutes: float = 0) -> Reply:
    with store.begin() as tx:
        return READERS.press(tx, press, make.at(minutes=minutes))


def rows(store: SqlStore) -> dict[str, OutboxRow]:
    with store.read() as tx:
        return {row.remote_id: row for row in tx.outbox(states=tuple(OutboxState))}


def labels(store: SqlStore) -> list[tuple[str, str, str, dt.datetime]]:
    return [(one.ref, one.label.value, one.by, one.at) for one in reversed(Views(store).labels())]


# ---------------------------------------------------------------------------------------------- what a press does


@pytest.mark.parametrize(
    ("button", "kind", "line"),
    [
        (Button.NOT_NEW, LabelKind.NOT_NEW, "Not new: @anna"),
        (
            Button.WRONG_TOPIC,
            LabelKind.WRONG_TOPIC,
            "Wrong topic: @anna · to say which it is: monitor label d2 wrong-topic --note …",
        ),
        (Button.OFF_BEAT, LabelKind.OFF_BEAT, "Not our beat: @anna"),
    ],
)
def test_43_a_judgement_is_a_label_with_who_and_when_and_the_message_says_so_at_once(
    told: SqlStore, button: Button, kind: LabelKind, line: str
) -> None:
    assert take(told, pressed(button, ts=REPLY, ref="d2"), 5) == Reply(result=Result.DONE)

    assert labels(told) == [("d2", kind.value, "anna (U0ANNA)", make.at(minutes=5))]
    reply, root = rows(told)[REPLY], rows(told)[ROOT]
    assert (reply.alert.said, reply.edit_due_at) == ((line,), make.at(minutes=5))
    assert (root.alert.said, root.edit_due_at) == ((), None)
    with told.read() as tx:
        story = tx.story(StoryId(1))
    assert story is not None
    assert (story.muted_until, story.followed) == (None, False)


def test_43_a_label_is_what_evaluate_counts(told: SqlStore) -> None:
    take(told, pressed(Button.OFF_BEAT))
    (entry,) = Views(told).labelled()
    assert entry.labels == (
        LabelView(ref="d1", entry=entry.entry, label=LabelKind.OFF_BEAT, by="anna (U0ANNA)", at=make.NOW, note=""),
    )


def test_43_a_mute_lasts_seven_days_and_every_root_and_the_pressed_message_say_so(told: SqlStore) -> None:
    assert take(told, pressed(Button.MUTE, ts=REPLY, ref="d2")).result is Result.DONE

    line = "Muted until 11 Mar 2026 18:30 JST by @anna · to lift it: monitor stories mute s1 --off"
    assert {ts: row.alert.said for ts, row in rows(told).items()} == dict.fromkeys(rows(told), (line,))
    assert labels(told) == [("s1", "mute", "anna (U0ANNA)", make.NOW)]
    with told.read() as tx:
        story = tx.story(StoryId(1))
    assert story is not None
    assert story.muted_until == make.at(days=7)


def test_43_a_story_that_is_followed_is_muted_no_longer(told: SqlStore) -> None:
    take(told, pressed(Button.MUTE))
    take(told, pressed(Button.FOLLOW, **BORIS), 1)

    assert rows(told)[ROOT].alert.said == ("Followed by @boris",)
    with told.read() as tx:
        story = tx.story(StoryId(1))
    assert story is not None
    assert (story.muted_until, story.followed) == (None, True)


@pytest.mark.parametrize("button", [one for one in Button if one is not Button.OPEN])
def test_43_a_button_pressed_twice_or_delivered_again_or_pressed_after_a_restart_changes_nothing_more(
    told: SqlStore, open_store: Callable[[], SqlStore], button: Button
) -> None:
    first = take(told, pressed(button))
    after = (rows(told), labels(told))

    again = [take(told, pressed(button), 1), take(open_store(), pressed(button, name="anna.k"), 60)]

    assert (first.result, [reply.result for reply in again]) == (Result.DONE, [Result.ALREADY] * 2)
    assert all(reply.text for reply in again)
    assert (rows(told), labels(told)) == after


@pytest.mark.parametrize("button", [Button.MUTE, Button.FOLLOW])
def test_43_what_one_reader_did_with_a_story_stands_when_another_does_it_too(told: SqlStore, button: Button) -> None:
    take(told, pressed(button))
    after = (rows(told), labels(told))

    reply = take(told, pressed(button, **BORIS), 30)

    assert (reply.result, "@anna already" in reply.text) == (Result.ALREADY, True)
    assert (rows(told), labels(told)) == after


def test_43_two_readers_who_judge_alike_are_two_labels_and_both_are_named(told: SqlStore) -> None:
    take(told, pressed())
    assert take(told, pressed(**BORIS), 1).result is Result.DONE

    assert [by for _, _, by, _ in labels(told)] == ["anna (U0ANNA)", "boris (U0BORIS)"]
    assert rows(told)[ROOT].alert.said == ("Not new: @anna, @boris",)
    for number in range(4):
        take(told, pressed(user=f"U{number}", name=f"reader {number}"), 2 + number)
    assert rows(told)[ROOT].alert.said == ("Not new: @anna, @boris, @reader 0 and 3 more",)


def test_43_a_mute_that_is_over_can_be_given_again(told: SqlStore) -> None:
    take(told, pressed(Button.MUTE))
    assert take(told, pressed(Button.MUTE, **BORIS), 8 * 24 * 60).result is Result.DONE
    assert rows(told)[ROOT].alert.said[0].startswith("Muted until 19 Mar 2026 18:30 JST by @boris")


def test_43_a_message_whose_answer_was_lost_is_known_by_what_it_tells(told: SqlStore) -> None:
    with told.begin() as tx:
        queue(tx, 3, PLACE, "", OutboxState.UNKNOWN)
        article = make.numbered(3)
        entry = tx.add(article)
        assert entry is not None
        kept = tx.add_article(entry, article, make.fingerprint(3))
        tx.add_development(StoryId(1), kept, make.detection(), AlertReason.QUEUED, make.NOW)
        tx.record(entry, make.account(), content_hash="h")

    assert take(told, pressed(ref="d3", ts="1772616800.000003")).result is Result.DONE
    assert rows(told)[""].alert.said == ("Not new: @anna",)


@pytest.mark.parametrize(
    "strange",
    [
        {"story": StoryId(99)},
        {"ts": "1700000000.000001"},
        {"channel": "C9"},
        {"ref": "d2", "ts": "1.1"},
    ],
    ids=["no such story", "a message of another database", "another channel", "another message"],
)
@pytest.mark.parametrize("button", [Button.NOT_NEW, Button.MUTE, Button.FOLLOW])
def test_43_a_press_on_what_is_not_ours_changes_nothing(
    told: SqlStore, strange: dict[str, Any], button: Button
) -> None:
    before = rows(told)
    reply = take(told, pressed(button, **strange))
    assert (reply.result, bool(reply.text)) == (Result.UNKNOWN, True)
    assert (rows(told), labels(told)) == (before, [])


def test_43_a_row_that_waits_says_it_when_it_goes_and_is_not_edited_for_it(told: SqlStore) -> None:
    with told.begin() as tx:
        queue(tx, 4, Destination("slack:C4"), "", OutboxState.HELD)
    take(told, pressed(Button.FOLLOW))
    waiting = rows(told)[""]
    assert (waiting.state, waiting.alert.said, waiting.edit_due_at) == (OutboxState.HELD, ("Followed by @anna",), None)


def test_43_what_waits_to_be_told_of_a_story_is_muted_with_it(told: SqlStore) -> None:
    with told.begin() as tx:
        queue(tx, 4, PLACE, "", OutboxState.HELD)
    take(told, pressed(Button.MUTE))
    waiting = rows(told)[""]
    assert (waiting.state, waiting.error, waiting.alert.said) == (OutboxState.EXPIRED, "muted before it was sent", ())


def test_43_an_edit_that_is_due_later_comes_at_once(told: SqlStore) -> None:
    with told.begin() as tx:
        tx.rewrite(OutboxId(1), make.alert(PLACE, articles=2), edit_due_at=make.at(minutes=3))
    take(told, pressed(), 1)
    assert rows(told)[ROOT].edit_due_at == make.at(minutes=1)
    take(told, pressed(**BORIS), 2)
    assert rows(told)[ROOT].edit_due_at == make.at(minutes=1)


def test_43_the_command_line_ends_in_the_same_words(told: SqlStore) -> None:
    with told.begin() as tx:
        READERS.mute(tx, StoryId(1), until=make.at(hours=12), by="carla", now=make.NOW)
        READERS.label(tx, "d1", LabelKind.NOT_NEW, by="carla", now=make.NOW, note="told on Monday")
        READERS.label(tx, "d1", LabelKind.WRONG_TOPIC, by="carla", now=make.NOW, note="fisheries")
    assert rows(told)[ROOT].alert.said == (
        "Muted until 5 Mar 2026 06:30 JST by @carla · to lift it: monitor stories mute s1 --off",
        "Not new: @carla (told on Monday)",
        "Wrong topic: @carla (fisheries)",
    )
    with told.begin() as tx:
        READERS.mute(tx, StoryId(1), until=None, by="carla", now=make.NOW)
    assert rows(told)[ROOT].alert.said == ("Not new: @carla (told on Monday)", "Wrong topic: @carla (fisheries)")
    with told.begin() as tx, pytest.raises(UsageError, match="no story s9"):
        READERS.follow(tx, StoryId(9), on=True, by="carla", now=make.NOW)


# ------------------------------------------------------------------------------------------------- what is believed


def payload(**fields: Any) -> dict[str, Any]:
    """A press as Slack tells of it."""
    given: dict[str, Any] = {
        "type": "block_actions",
        "user": {"id": "U0ANNA", "username": "anna", "name": "anna", "team_id": "T1"},
        "container": {"type": "message", "message_ts": REPLY, "channel_id": "C1", "thread_ts": ROOT},
        "actions": [{"type": "button", "action_id": "monitor-not-new", "value": "s1 d1", "block_id": "b"}],
    }
    return {**given, **fields}


def broken(*path: str | int, value: object) -> dict[str, Any]:
    """The payload with another value at a place."""
    made = copy.deepcopy(payload())
    inner: Any = made
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    return made


def test_43_a_press_is_read_with_its_thread_and_its_reader() -> None:
    assert buttons.press(payload()) == pressed(ts=REPLY, thread=ROOT)
    assert buttons.press(payload(user={"id": "W0X"})) == pressed(ts=REPLY, thread=ROOT, user="W0X", name="")
    assert pressed(user="W0X", name="").by == "W0X"


@pytest.mark.parametrize(
    "strange",
    [
        None,
        [],
        "x",
        {},
        payload(type="view_submission"),
        payload(actions=[]),
        payload(actions={}),
        payload(actions=[None]),
        payload(container=None),
        broken("actions", 0, "action_id", value="monitor-drop-all"),
        broken("actions", 0, "action_id", value="monitor-open"),
        broken("actions", 0, "action_id", value=["monitor-mute"]),
        broken("actions", 0, "value", value="s1 d1; DROP TABLE story"),
        broken("actions", 0, "value", value="s1"),
        broken("actions", 0, "value", value=f"s{'9' * 40} d1"),
        broken("actions", 0, "value", value=None),
        broken("container", "channel_id", value="../C1"),
        broken("container", "message_ts", value="now"),
        broken("container", "message_ts", value=1772616600.0),
        broken("user", "id", value="<!channel>"),
        broken("user", "id", value=""),
    ],
)
def test_43_what_has_not_the_shape_of_a_button_of_ours_is_no_press(strange: object) -> None:
    assert buttons.press(strange) is None


def test_43_a_readers_name_is_shown_and_never_obeyed(told: SqlStore) -> None:
    name = "<!channel> *b*\n\u202eevil " + "x" * 300
    press = buttons.press(broken("user", "name", value=name) | {"container": {"message_ts": ROOT, "channel_id": "C1"}})
    assert press is not None
    take(told, press)
    (line,) = rows(told)[ROOT].alert.said
    assert line.startswith("Not new: @<!channel> *b* evil xxx")
    assert len(line) < 60
    shown = json.loads(SlackSink(token=str, app_token=lambda: "xapp-1").render(rows(told)[ROOT].alert, JST))
    assert list(block_errors(shown["blocks"])) == []
    assert {"type": "plain_text", "text": line, "emoji": False} in list(walk(shown["blocks"]))
    assert "Not new: @&lt;!channel&gt;" in shown["plain"]


# ------------------------------------------------------------------------------------------------ when there are any


def rendered(sink: SlackSink, **fields: Any) -> list[dict[str, Any]]:
    blocks: list[dict[str, Any]] = json.loads(sink.render(make.alert(PLACE, **fields), JST))["blocks"]
    return blocks


def test_43_without_an_app_token_no_message_has_a_button(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "monitor.toml").write_text("", encoding="utf-8")
    monkeypatch.setenv("MONITOR_SLACK__TOKEN", "xoxb-1")
    mute = SlackSink.of(load_settings(tmp_path), tmp_path)
    (tmp_path / "app").write_text("xapp-1", encoding="utf-8")
    monkeypatch.setenv("MONITOR_SLACK__APP_TOKEN_FILE", str(tmp_path / "app"))
    loud = SlackSink.of(load_settings(tmp_path), tmp_path)

    assert [block["type"] for block in rendered(mute) if block["type"] == "actions"] == []
    (row,) = [block for block in rendered(loud) if block["type"] == "actions"]
    assert [(button["action_id"], button["text"]["text"]) for button in row["elements"]] == [
        ("monitor-open", "Open"), ("monitor-mute", "Mute 7 d"), ("monitor-follow", "Follow"),
        ("monitor-not-new", "Not new"), ("monitor-wrong-topic", "Wrong topic"), ("monitor-off-beat", "Not our beat"),
    ]  # fmt: skip
    assert {button.get("value", "s1 d1") for button in row["elements"]} == {"s1 d1"}
    assert row["elements"][0]["url"] == "https://harbour-daily.example/news/1"


@pytest.mark.parametrize("kind", [kind for kind in AlertKind if kind not in {AlertKind.STORY, AlertKind.DEVELOPMENT}])
def test_43_a_message_of_no_story_has_no_buttons(kind: AlertKind) -> None:
    assert buttons.actions(make.alert(PLACE, kind=kind, story=None)) is None
    assert buttons.actions(make.alert(PLACE, kind=kind)) is None


def test_43_an_alert_without_a_link_has_no_button_to_open_it() -> None:
    row = buttons.actions(dataclasses.replace(make.alert(PLACE), url=""))
    assert row is not None
    assert "monitor-open" not in [button["action_id"] for button in row["elements"]]
