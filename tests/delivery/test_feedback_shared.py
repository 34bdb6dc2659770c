"""43. Presses from a second fake of Slack, written apart from ours, whose Socket Mode sends anew what is not acknowledged."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from monitor.alerts.buttons import Button, Press
from monitor.alerts.feedback import Listener
from monitor.alerts.slack import SlackSink
from monitor.entities import AlertKind, Destination
from tests import make
from tests.delivery.test_feedback_socket import Eager, Ear, until
from tests.doors.test_slack_shared import TOOL, Other, other

PLACE = Destination("slack:C0ALERTS01")
pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not TOOL.is_file(), reason="the folder `shared` is not beside the project"),
]
assert other, "the fixture is used by its name"


async def test_43_presses_of_another_slack_arrive_once_each_through_refreshes_refusals_and_an_outage(
    other: Other,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    sink = SlackSink(token=lambda: "xoxb-fake", base_url=other.base_url, app_token=lambda: "xapp-1")
    alert = make.alert(PLACE, kind=AlertKind.STORY)
    ts = sink.send(make.outbox_row(1, alert=alert, payload=sink.render(alert, dt.UTC)), None).remote_id
    ear = Ear()
    listener = Listener(
        token=lambda: "xapp-fake", bot=lambda: "xoxb-fake", heard=ear.heard, health=ear.well, rng=Eager(),
        base_url=other.base_url, timeout=dt.timedelta(seconds=5),
    )  # fmt: skip

    def click(button: Button) -> None:
        asked = {"channel": "C0ALERTS01", "ts": ts, "action_id": button.value, "value": "s1 d1", "user": "U0ANNA"}
        other.post("/_click", asked)

    def acks() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = other.get("/_report")["acks"]
        return found

    async with listener.listening():
        await until(lambda: ear.health == [""])
        click(Button.NOT_NEW)
        await until(lambda: len(acks()) == 1)
        for number, reason in enumerate(("warning", "refresh_requested", "refresh_requested"), start=2):
            opened = other.get("/_report")["requests"].get("apps.connections.open", 0)
            other.post("/_ws", {"disconnect": reason})
            await until(lambda: other.get("/_report")["requests"]["apps.connections.open"] > opened)  # noqa: B023  awaited here
            click(Button.MUTE)  # whether or not the new connection stands yet: it is sent again after 3 s
            await until(lambda: len(acks()) == number)  # noqa: B023  awaited here
        refused = {"do": "ratelimited", "when": "before", "retry_after": "1.5", "method": "apps.connections.open"}
        other.post("/_script", [refused, {"do": "500", "when": "before", "method": "apps.connections.open"}])
        other.post("/_down", {"seconds": 1})
        await until(lambda: "too fast for Slack" in ear.health and ear.health[-1] == "")
        click(Button.FOLLOW)
        await until(lambda: len(acks()) == 5)

    given = {"story": alert.story, "ref": "d1", "channel": "C0ALERTS01", "ts": ts, "user": "U0ANNA"}
    wanted = [Button.NOT_NEW, Button.MUTE, Button.MUTE, Button.MUTE, Button.FOLLOW]
    assert ear.presses == [Press(button=button, **given) for button in wanted]  # type: ignore[arg-type]
    report = other.get("/_report")
    assert (report["ok"], report["errors"].get("invalid_blocks")) == (True, None)
    assert all(ack["seconds"] < 10 for ack in report["acks"])
