"""Sinks that hand alerts to services without a memory, against real loopback ones: webhooks, and Apprise's by HTTP and SMTP."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from monitor.alerts import secret
from monitor.alerts.addresses import Hook
from monitor.alerts.apprise import AppriseSink
from monitor.alerts.journal import LOST
from monitor.alerts.policy import Policy
from monitor.alerts.sinks import Sink
from monitor.alerts.webhook import WebhookSink
from monitor.entities import (
    Alert,
    AlertKind,
    Channel,
    Destination,
    DigestItem,
    LookStatus,
    OutboxRow,
    OutboxState,
    SendStatus,
)
from monitor.store import SqlStore
from tests import make
from tests.delivery.world import World
from tests.doors.fake_slack import block_errors
from tests.doors.receivers import HttpReceiver, MailReceiver

SHORT = dt.timedelta(seconds=1)
DESK = Destination("webhook:desk")
SECRET = "T0SECRET/B0SECRET/hunter2hunter2"


@pytest.fixture
def receiver() -> Iterator[HttpReceiver]:
    with HttpReceiver() as server:
        yield server


@pytest.fixture
def mail() -> Iterator[MailReceiver]:
    with MailReceiver() as server:
        yield server


def webhook(address: str, folder: Path) -> WebhookSink:
    return WebhookSink(hooks={"desk": Hook(address=lambda: address, timeout=SHORT)}, journal=folder / "w.journal")


def through_apprise(address: str, folder: Path) -> AppriseSink:
    return AppriseSink(services={"desk": Hook(address=lambda: address, timeout=SHORT)}, journal=folder / "a.journal")


def row(sink: Sink, name: str, alert: Alert | None = None, **fields: object) -> OutboxRow:
    told = replace(alert or make.alert(), destination=Destination(f"{name}:desk"))
    payload = sink.render(told, dt.UTC)
    return make.outbox_row(**{"alert": told, "payload": payload, "claimed_at": make.NOW, "attempts": 1, **fields})


# ------------------------------------------------------------------------------------------------ webhook


def test_a_webhook_gets_blocks_and_the_text_of_the_notification_and_nothing_else(
    receiver: HttpReceiver, tmp_path: Path
) -> None:
    sink = webhook(f"http://127.0.0.1:{receiver.port}/services/{SECRET}", tmp_path)

    sent = sink.send(row(sink, "webhook"), None)

    (body,) = receiver.bodies
    assert (sent.status, receiver.paths) == (SendStatus.SENT, [f"/services/{SECRET}"])
    assert set(body) == {"text", "blocks", "unfurl_links", "unfurl_media"}
    assert (body["unfurl_links"], body["unfurl_media"]) == (False, False)
    assert "Ministers of Japan and Russia meet in Vienna" in body["text"]
    assert list(block_errors([block for block in body["blocks"] if block["type"] in {"rich_text", "context"}])) == []


@pytest.mark.parametrize(
    ("order", "status", "said"),
    [
        ({"status": 200, "body": "ok"}, SendStatus.SENT, ""),
        ({"status": 200, "body": '{"success":true}'}, SendStatus.SENT, ""),
        ({"status": 204, "body": ""}, SendStatus.SENT, ""),
        (
            {"status": 200, "body": "<html>Please sign in</html>"},
            SendStatus.CHANNEL_FAULT,
            "it does not answer as a webhook does: HTTP 200: <html>Please sign in</html>",
        ),
        ({"status": 400, "body": "invalid_blocks"}, SendStatus.MESSAGE_FAULT, "HTTP 400: invalid_blocks"),
        ({"status": 403, "body": "action_prohibited"}, SendStatus.CHANNEL_FAULT, "HTTP 403: action_prohibited"),
        ({"status": 404, "body": "no_service"}, SendStatus.CHANNEL_FAULT, "HTTP 404: no_service"),
        ({"status": 410, "body": "channel_is_archived"}, SendStatus.CHANNEL_FAULT, "HTTP 410: channel_is_archived"),
        ({"status": 503, "body": ""}, SendStatus.NOT_SENT, "HTTP 503:"),
        ({"do": "drop"}, SendStatus.UNKNOWN, "no answer from the webhook: RemoteDisconnected"),
        ({"do": "hang"}, SendStatus.UNKNOWN, "no answer from the webhook: TimeoutError"),
    ],
    ids=lambda value: (
        str(value.get("do") or f"{value['status']}-{value['body'][:9]}") if isinstance(value, dict) else ""
    ),
)
def test_what_a_webhook_answers_is_what_became_of_the_alert(
    receiver: HttpReceiver, tmp_path: Path, order: dict[str, object], status: SendStatus, said: str
) -> None:
    sink = webhook(f"http://127.0.0.1:{receiver.port}/", tmp_path)
    receiver.orders.append(order)

    sent = sink.send(row(sink, "webhook"), None)
    known = sink.look(row(sink, "webhook"), None, Channel(destination=Destination("webhook:desk")))

    assert (sent.status, sent.message) == (status, said)
    assert len(receiver.bodies) == 1
    assert known.status is (LookStatus.FOUND if status is SendStatus.SENT else LookStatus.NOT_FOUND)


def test_a_webhook_that_is_too_fast_is_left_alone_for_as_long_as_it_says(
    receiver: HttpReceiver, tmp_path: Path
) -> None:
    sink = webhook(f"http://127.0.0.1:{receiver.port}/", tmp_path)
    receiver.orders.append({"status": 429, "body": "", "headers": {"Retry-After": "7.5"}})

    sent = sink.send(row(sink, "webhook"), None)

    assert (sent.status, sent.attempted, sent.retry_after) == (SendStatus.NOT_SENT, False, dt.timedelta(seconds=7.5))


def test_a_webhook_that_nobody_answers_took_nothing(tmp_path: Path) -> None:
    with HttpReceiver() as gone:
        port = gone.port
    sink = webhook(f"http://127.0.0.1:{port}/{SECRET}", tmp_path)

    sent = sink.send(row(sink, "webhook"), None)

    assert (sent.status, sent.message) == (SendStatus.NOT_SENT, "cannot reach the webhook: ConnectionRefusedError")


@pytest.mark.parametrize("name", ["webhook", "apprise"])
def test_an_alert_whose_answers_are_all_lost_ends_with_an_operator_and_not_as_a_storm(
    receiver: HttpReceiver, tmp_path: Path, name: str
) -> None:
    address = f"127.0.0.1:{receiver.port}/"
    sink = (
        webhook(f"http://{address}", tmp_path) if name == "webhook" else through_apprise(f"json://{address}", tmp_path)
    )
    receiver.orders += [{"do": "drop"}] * (LOST + 1)

    ends = [sink.send(row(sink, name, attempts=attempt), None).status for attempt in range(1, LOST + 1)]
    last = sink.send(row(sink, name, attempts=LOST + 1, plain=True), None)

    assert ends == [*[SendStatus.UNKNOWN] * (LOST - 1), SendStatus.MESSAGE_FAULT]
    assert last.status is SendStatus.MESSAGE_FAULT
    assert last.message.endswith("in 6 attempts: it may have arrived")


def test_a_plain_retry_has_no_blocks(receiver: HttpReceiver, tmp_path: Path) -> None:
    sink = webhook(f"http://127.0.0.1:{receiver.port}/", tmp_path)

    sink.send(row(sink, "webhook", plain=True), None)

    assert "blocks" not in receiver.bodies[0]
    assert "Ministers of Japan and Russia meet in Vienna" in receiver.bodies[0]["text"]


def test_a_new_address_in_the_file_is_used_at_once(receiver: HttpReceiver, tmp_path: Path) -> None:
    file = tmp_path / "address"
    file.write_text("no address yet\n")
    sink = WebhookSink(hooks={"desk": Hook(address=secret.reader(None, file))}, journal=tmp_path / "j")
    before = sink.send(row(sink, "webhook"), None)
    file.write_text(f"http://127.0.0.1:{receiver.port}/new\n")

    assert before.status is SendStatus.CHANNEL_FAULT
    assert "MONITOR_WEBHOOK__DESK__URL" in before.message
    assert sink.send(row(sink, "webhook"), None).status is SendStatus.SENT
    assert receiver.paths == ["/new"]


@pytest.mark.parametrize("order", [{"status": 500, "body": "no"}, {"do": "drop"}, {"status": 403, "body": "no"}])
@pytest.mark.parametrize("name", ["webhook", "apprise"])
def test_the_secret_of_an_address_is_nowhere_in_what_is_said_or_logged(
    receiver: HttpReceiver, tmp_path: Path, caplog: pytest.LogCaptureFixture, name: str, order: dict[str, object]
) -> None:
    caplog.set_level(logging.DEBUG)
    if name == "webhook":
        sink: Sink = webhook(f"http://127.0.0.1:{receiver.port}/services/{SECRET}", tmp_path)
    else:
        sink = through_apprise(f"json://user:hunter2hunter2@127.0.0.1:{receiver.port}/{SECRET}?-key=B0SECRET", tmp_path)
    receiver.orders.append(order)

    sent = sink.send(row(sink, name), None)

    assert sent.status is not SendStatus.SENT
    assert "SECRET" not in sent.message + caplog.text
    assert "hunter2" not in sent.message + caplog.text


# ------------------------------------------------------------------------------------------------ apprise


@pytest.mark.parametrize(
    ("order", "status"),
    [
        ({"status": 200}, SendStatus.SENT),
        ({"status": 400}, SendStatus.MESSAGE_FAULT),
        ({"status": 401}, SendStatus.CHANNEL_FAULT),
        ({"status": 404}, SendStatus.CHANNEL_FAULT),
        ({"status": 429}, SendStatus.NOT_SENT),
        ({"status": 500}, SendStatus.NOT_SENT),
        ({"do": "drop"}, SendStatus.UNKNOWN),
        ({"do": "reset"}, SendStatus.UNKNOWN),
        ({"do": "hang"}, SendStatus.UNKNOWN),
    ],
    ids=str,
)
def test_what_a_service_answers_apprise_is_what_became_of_the_alert(
    receiver: HttpReceiver, tmp_path: Path, order: dict[str, object], status: SendStatus
) -> None:
    sink = through_apprise(f"json://127.0.0.1:{receiver.port}/", tmp_path)
    receiver.orders.append(order)

    assert sink.send(row(sink, "apprise"), None).status is status
    assert len(receiver.bodies) == 1


def test_a_service_of_apprise_gets_title_and_lines_once(receiver: HttpReceiver, tmp_path: Path) -> None:
    sink = through_apprise(f"json://127.0.0.1:{receiver.port}/", tmp_path)

    sink.send(row(sink, "apprise", make.alert(publishers=("NHK", "TASS"), independent=2)), None)

    (body,) = receiver.bodies
    assert body["title"] == "[DEVELOPMENT] Ministers of Japan and Russia meet in Vienna"
    assert body["message"] == (
        "new:       The two ministers met; no meeting was known.\n"
        "told by:   NHK, TASS · 2 independent newsrooms\n"
        "topic:     Islands 0.80 (islands)\n"
        "published: 4 Mar 2026 09:30 UTC · 18:30 JST · 12:30 MSK\n"
        "link:      https://harbour-daily.example/news/1\n"
        "\n"
        "monitor explain d1"
    )


def test_what_a_chat_would_read_as_a_mention_or_a_link_is_parted(receiver: HttpReceiver, tmp_path: Path) -> None:
    sink = through_apprise(f"json://127.0.0.1:{receiver.port}/", tmp_path)
    nasty = "<!channel> <@U1> @here https://evil.example [Kyodo](https://evil.example) :tada:"

    sink.send(row(sink, "apprise", make.alert(headline=nasty, news=(nasty,), publishers=(nasty,), nearest=nasty)), None)

    said = receiver.bodies[0]["title"] + receiver.bodies[0]["message"]
    for forbidden in ("<!channel", "<@", "@here", "evil.example](", "](http", "https://evil", ":tada:"):
        assert forbidden not in said, forbidden
    assert "https://harbour-daily.example/news/1" in said


def test_a_digest_that_is_too_long_for_a_service_comes_whole_in_several_messages(
    mail: MailReceiver, receiver: HttpReceiver, tmp_path: Path
) -> None:
    items = tuple(
        DigestItem(ref=f"d{number}", headline=f"Headline number {number} " + "x" * 300, news=("something new",))
        for number in range(200)
    )
    sink = through_apprise(f"json://127.0.0.1:{receiver.port}/", tmp_path)

    sent = sink.send(row(sink, "apprise", make.alert(kind=AlertKind.DIGEST, items=items)), None)

    said = "".join(body["message"] for body in receiver.bodies)
    assert sent.status is SendStatus.SENT
    assert len(receiver.bodies) > 1
    assert [number for number in range(200) if f"Headline number {number} " not in said] == []


def test_a_letter_arrives_by_smtp_with_its_subject_and_its_lines(mail: MailReceiver, tmp_path: Path) -> None:
    sink = through_apprise(
        f"mailto://127.0.0.1:{mail.port}?from=monitor@desk.example&to=readers@desk.example", tmp_path
    )
    alert = make.alert(
        kind=AlertKind.STORY, headline="日ロ外相がウィーンで会談", lang="ja", nearest="<b>22 Jan 2019</b>"
    )

    sent = sink.send(row(sink, "apprise", alert), None)

    (letter,) = mail.letters
    body = letter.get_body(("plain",))
    assert (sent.status, sent.message) == (SendStatus.SENT, "")
    assert letter["Subject"] == "[NEW STORY] 日ロ外相がウィーンで会談 [ja]"
    assert letter["To"] == "readers@desk.example"
    assert body is not None
    assert "The two ministers met; no meeting was known." in body.get_content()
    assert "<b>22 Jan 2019</b>" in body.get_content()


def test_a_headline_adds_no_header_to_a_letter(mail: MailReceiver, tmp_path: Path) -> None:
    sink = through_apprise(
        f"mailto://127.0.0.1:{mail.port}?from=monitor@desk.example&to=readers@desk.example", tmp_path
    )

    sink.send(row(sink, "apprise", make.alert(headline="News\r\nBcc: thief@evil.example\r\n\r\nbody")), None)

    (letter,) = mail.letters
    assert letter["Bcc"] is None
    assert letter["Subject"].startswith("[DEVELOPMENT] News Bcc:")


@pytest.mark.parametrize(
    ("refusal", "hangs_up", "status"),
    [
        ("", True, SendStatus.UNKNOWN),
        ("554 we do not want this", False, SendStatus.CHANNEL_FAULT),
    ],
    ids=["hangs up after the letter", "refuses it"],
)
def test_what_a_mail_server_answers_is_what_became_of_the_alert(
    mail: MailReceiver, tmp_path: Path, refusal: str, hangs_up: bool, status: SendStatus
) -> None:
    mail.refusal, mail.hangs_up = refusal, hangs_up
    sink = through_apprise(
        f"mailto://127.0.0.1:{mail.port}?from=monitor@desk.example&to=readers@desk.example", tmp_path
    )

    assert sink.send(row(sink, "apprise"), None).status is status


def test_a_mail_server_that_is_not_there_took_nothing(tmp_path: Path) -> None:
    with MailReceiver() as gone:
        port = gone.port
    sink = through_apprise(f"mailto://127.0.0.1:{port}?from=monitor@desk.example&to=readers@desk.example", tmp_path)

    assert sink.send(row(sink, "apprise"), None).status is SendStatus.NOT_SENT


def test_an_address_that_apprise_does_not_understand_is_said_without_showing_it(tmp_path: Path) -> None:
    sink = through_apprise(f"pigeon://{SECRET}", tmp_path)

    (said,) = sink.check((Destination("apprise:desk"),))

    assert said == "apprise desk: Apprise does not understand its address; its page says how to write one"
    assert sink.send(row(sink, "apprise"), None).message == said


def test_without_apprise_the_sink_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "apprise", None)
    sink = through_apprise("json://127.0.0.1/", tmp_path)

    sent = sink.send(row(sink, "apprise"), None)

    assert sent.status is SendStatus.CHANNEL_FAULT
    assert "pip install 'monitor[apprise]'" in sent.message
    assert sink.check((Destination("apprise:desk"),)) == (sent.message,)


# ------------------------------------------------------------------------------------- through the delivery


@pytest.fixture
def desk(store: SqlStore, receiver: HttpReceiver, tmp_path: Path) -> World:
    """A delivery over both databases whose webhook is the receiver."""
    world = World(store, Policy(default=DESK, operators=None))
    world.sinks["webhook"] = webhook(f"http://127.0.0.1:{receiver.port}/", tmp_path)
    return world


def test_after_a_lost_answer_an_alert_comes_again_and_ends_as_sent(desk: World, receiver: HttpReceiver) -> None:
    desk.queue("a fact", place=DESK)
    receiver.orders.append({"do": "drop"})

    for minute in range(3):
        desk.deliver(minutes=minute)

    assert (desk.states(), len(receiver.bodies)) == (["sent"], 2)


def test_a_service_that_answers_5xx_for_an_hour_loses_nothing_and_repeats_nothing(
    desk: World, receiver: HttpReceiver
) -> None:
    desk.queue("a fact", place=DESK)
    receiver.orders += [{"status": 503, "body": "away"}] * 300

    for minute in range(60):
        desk.deliver(minutes=minute)
    broken = desk.channel(DESK).broken
    receiver.orders.clear()
    before = len(receiver.bodies)
    for minute in range(60, 66):
        desk.deliver(minutes=minute)

    assert broken == "unreachable: HTTP 503: away"
    assert before < 60
    assert (desk.states(), len(receiver.bodies) - before, desk.channel(DESK).broken) == (["sent"], 1, "")


def test_a_kill_after_the_answer_repeats_nothing(desk: World, receiver: HttpReceiver) -> None:
    number = desk.queue("a fact", place=DESK)
    with desk.store.begin() as tx:  # as a killed process leaves it: claimed and posted, and not written down
        row = tx.outbox_row(number)
        assert row is not None
        sink = desk.sinks["webhook"]
        claimed = replace(
            row, state=OutboxState.SENDING, claimed_at=make.NOW, attempts=1, payload=sink.render(row.alert, dt.UTC)
        )
        tx.update_outbox(claimed)
    assert sink.send(claimed, None).status is SendStatus.SENT

    for minute in range(1, 4):
        desk.deliver(minutes=minute)

    assert (desk.states(), len(receiver.bodies)) == (["sent"], 1)
