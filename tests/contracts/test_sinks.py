"""What every sink keeps, whichever it is: the same questions to each member of ``SINKS``."""

from __future__ import annotations

import contextlib
import datetime as dt
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from monitor.alerts.addresses import Hook
from monitor.alerts.apprise import AppriseSink
from monitor.alerts.console import ConsoleSink
from monitor.alerts.jsonl import JsonlSink
from monitor.alerts.sinks import SINKS, Sink, nowhere, open_sinks
from monitor.alerts.slack import SlackSink
from monitor.alerts.webhook import WebhookSink
from monitor.entities import AlertKind, Channel, Destination, DigestItem, LookStatus, OutboxRow, SendStatus, Weight
from monitor.settings import load_settings
from tests import make
from tests.doors.fake_slack import TOKEN, FakeSlack
from tests.doors.receivers import HttpReceiver

NASTY = (
    "<!channel> <@U1> <!subteam^S1> <https://evil.example|Kyodo> [bold]x[/bold] *_~`:tada:",
    "\x1b]0;title\x07\x1b[31mred\x00\r\nnext line",
    "\u202egnp.exe\u2066\u200b lone \ud83d half",
    "長い" * 6000,
    "👨‍👩‍👧‍👦" * 3000,
    "   \n\t ",
    '"\\' * 5000,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A sink ready to be used, and a destination of its own."""

    sink: Sink
    destination: Destination
    told: Callable[[], int]
    """How many messages stand there."""


@contextlib.contextmanager
def ready(name: str, folder: Path) -> Iterator[Case]:
    """A sink of this kind, and what it speaks to."""
    match name:
        case "console":
            out = io.StringIO()
            printed = ConsoleSink(journal=folder / "console.journal", stream=out)
            yield Case(sink=printed, destination=Destination("console"), told=lambda: out.getvalue().count("\n\n"))
        case "jsonl":
            path = folder / "alerts.jsonl"
            written = JsonlSink(paths={"log": path})
            yield Case(sink=written, destination=Destination("jsonl:log"), told=lambda: path.read_bytes().count(b"\n"))
        case "webhook":
            with HttpReceiver() as server:
                hook = Hook(address=lambda: f"http://127.0.0.1:{server.port}/services/T0/B0/secret")
                posted = WebhookSink(hooks={"desk": hook}, journal=folder / "webhook.journal")
                yield Case(sink=posted, destination=Destination("webhook:desk"), told=lambda: len(server.bodies))
        case "apprise":
            with HttpReceiver() as server:
                service = Hook(address=lambda: f"json://127.0.0.1:{server.port}/alerts")
                sent = AppriseSink(services={"desk": service}, journal=folder / "apprise.journal")
                yield Case(sink=sent, destination=Destination("apprise:desk"), told=lambda: len(server.bodies))
        case "slack":
            with FakeSlack() as slack:
                sink = SlackSink(token=lambda: TOKEN, base_url=slack.base_url)
                yield Case(sink=sink, destination=Destination("slack:C1"), told=lambda: len(slack.messages()))


@pytest.fixture(params=sorted(SINKS))
def case(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Case]:
    with ready(request.param, tmp_path) as case:
        yield case


def row(case: Case, number: int = 1, **fields: object) -> OutboxRow:
    alert = make.alert(case.destination, **fields)
    payload = case.sink.render(alert, dt.UTC)
    return make.outbox_row(number, alert=alert, payload=payload, claimed_at=make.NOW)


def channel(case: Case) -> Channel:
    return Channel(destination=case.destination)


def test_what_was_sent_is_found_under_the_id_that_was_given(case: Case) -> None:
    sent = case.sink.send(row(case), None)
    look = case.sink.look(row(case), None, channel(case))

    assert sent.status is SendStatus.SENT
    assert (look.status, look.remote_id, look.root) == (LookStatus.FOUND, sent.remote_id, sent.root)


def test_what_was_not_sent_is_not_found(case: Case) -> None:
    case.sink.send(row(case, 1), None)

    assert case.sink.look(row(case, 2), None, channel(case)).status is LookStatus.NOT_FOUND


def test_a_row_of_the_same_id_from_another_database_is_another_row(case: Case) -> None:
    case.sink.send(row(case), None)
    later = replace(row(case), created_at=make.at(days=1))

    assert case.sink.look(later, None, channel(case)).status is LookStatus.NOT_FOUND


def test_a_reply_names_the_root_it_stands_under_and_is_found_there(case: Case) -> None:
    root = case.sink.send(row(case, 1), None)
    thread = make.thread(destination=case.destination, root=root.root)
    reply = case.sink.send(row(case, 2), thread)

    assert reply.root == root.root
    assert case.sink.look(row(case, 2), thread, channel(case)).root == root.root


def test_rendering_is_frozen_text_that_does_not_hang_on_the_sinks_state(case: Case) -> None:
    alert = make.alert(case.destination)
    before = case.sink.render(alert, dt.UTC)
    case.sink.send(row(case), None)

    assert case.sink.render(alert, dt.UTC) == before


@pytest.mark.parametrize("nasty", NASTY, ids=range(len(NASTY)))
@pytest.mark.parametrize("kind", AlertKind)
def test_no_text_from_outside_stops_an_alert(case: Case, nasty: str, kind: AlertKind) -> None:
    sent = case.sink.send(
        row(
            case,
            kind=kind,
            headline=nasty,
            news=(nasty,) * 60,
            publishers=(nasty,) * 30,
            credits=(nasty,),
            topics=tuple(replace(make.alert().topics[0], name=nasty, words=(nasty,) * 9) for _ in range(20)),
            nearest=nasty,
            url=nasty,
            text=nasty,
            ref=nasty,
            lang=nasty,
            said=(nasty,) * 3,
            items=(
                DigestItem(
                    ref=nasty, headline=nasty, lang=nasty, news=(nasty,) * 9, publishers=(nasty,), url=nasty, why=nasty
                ),
            )
            * 3,
        ),
        None,
    )

    assert (sent.status, sent.message) == (SendStatus.SENT, "")


def test_an_edit_of_what_was_sent_is_well_whether_or_not_it_can_be_seen(case: Case) -> None:
    sent = case.sink.send(row(case), None)
    edited = case.sink.edit(replace(row(case, headline="Now: they signed"), remote_id=sent.remote_id))

    assert (edited.status, edited.message) == (SendStatus.SENT, "")
    assert case.sink.look(row(case), None, channel(case)).remote_id == sent.remote_id
    assert case.told() == 1


def test_the_end_of_an_incident_is_told_once_by_an_edit_or_by_itself(case: Case) -> None:
    sent = case.sink.send(row(case, kind=AlertKind.INCIDENT), None)
    over = replace(row(case, kind=AlertKind.INCIDENT, over=True), remote_id=sent.remote_id)
    before = case.told()

    edits = [case.sink.edit(over) for _ in range(3)]

    assert [(edit.status, edit.remote_id) for edit in edits] == [(SendStatus.SENT, sent.remote_id)] * 3
    assert case.told() - before == (0 if case.destination.startswith("slack:") else 1)


@pytest.mark.parametrize("weight", Weight)
@pytest.mark.parametrize("kind", AlertKind)
def test_every_kind_and_weight_can_be_told(case: Case, kind: AlertKind, weight: Weight) -> None:
    assert case.sink.send(row(case, kind=kind, weight=weight, over=True), None).status is SendStatus.SENT


def test_a_destination_under_a_name_that_is_not_configured_is_said_and_nothing_is_sent(case: Case) -> None:
    sink, _, name = case.destination.partition(":")
    if sink in {"console", "slack"}:
        pytest.skip("has no tables under names")
    lost = Destination(f"{sink}:elsewhere")
    sent = case.sink.send(replace(row(case), alert=make.alert(lost)), None)

    assert sent.status is SendStatus.CHANNEL_FAULT
    assert f"[{sink}.elsewhere]" in sent.message
    assert name in sent.message
    assert case.sink.check((lost,)) == (sent.message,)


def test_a_sink_that_is_set_up_well_has_nothing_to_say(case: Case) -> None:
    assert case.sink.check((case.destination,)) == ()


def test_every_sink_is_made_from_the_settings_without_opening_anything(tmp_path: Path) -> None:
    settings = load_settings(Path(__file__).parents[2] / "config")

    assert sorted(open_sinks(settings, tmp_path / "not-there-yet")) == sorted(SINKS)
    assert not (tmp_path / "not-there-yet").exists()


@pytest.mark.parametrize(
    ("destination", "said"),
    [
        ("console", ""),
        ("slack:C1", ""),
        ("webhook:desk", "no table [webhook.desk] in monitor.toml; add one, as docs/sinks.md shows"),
        ("jsonl:", "say which one: jsonl:NAME, with a table [jsonl.NAME]"),
        ("slack:webhook", "this is a sink without its place; write webhook:NAME"),
        ("slack:slack", "this is a sink without its place; write slack:C0123"),
        (
            "pigeon:coop",
            (
                "no sink has this name; write apprise or console or jsonl or slack or webhook, "
                "for Slack with the channel: slack:C0123"
            ),
        ),
    ],
)
def test_a_destination_that_leads_nowhere_says_what_to_write(destination: str, said: str) -> None:
    settings = load_settings(Path(__file__).parents[2] / "config")

    assert nowhere(settings, Destination(destination)) == said
