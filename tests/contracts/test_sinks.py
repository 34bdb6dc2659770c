"""What every sink keeps, whichever it is: the same questions to each member of ``SINKS``."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from monitor.alerts.console import ConsoleSink
from monitor.alerts.sinks import SINKS, Sink, open_sinks
from monitor.alerts.slack import SlackSink
from monitor.entities import AlertKind, Channel, Destination, LookStatus, OutboxRow, SendStatus
from monitor.settings import load_settings
from tests import make
from tests.doors.fake_slack import TOKEN, FakeSlack

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


@pytest.fixture(params=sorted(SINKS))
def case(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Case]:
    if request.param == "console":
        sink = ConsoleSink(journal=tmp_path / "console.journal", stream=io.StringIO())
        yield Case(sink=sink, destination=Destination("console"))
        return
    with FakeSlack() as slack:
        yield Case(sink=SlackSink(token=lambda: TOKEN, base_url=slack.base_url), destination=Destination("slack:C1"))


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
        ),
        None,
    )

    assert (sent.status, sent.message) == (SendStatus.SENT, "")


def test_a_sink_that_is_set_up_well_has_nothing_to_say(case: Case) -> None:
    assert case.sink.check((case.destination,)) == ()


def test_every_sink_is_made_from_the_settings_without_opening_anything(tmp_path: Path) -> None:
    settings = load_settings(Path(__file__).parents[2] / "config")

    assert sorted(open_sinks(settings, tmp_path / "not-there-yet")) == sorted(SINKS)
    assert not (tmp_path / "not-there-yet").exists()
