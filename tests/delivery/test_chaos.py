"""Behaviour 7, the short storm: kills at random moments on a line that fails a quarter of all calls. The long: `make chaos`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.chaos import slacks
from tests.chaos.storm import Ours, Plain, Storm, judge, rage
from tests.doors.deliver_child import Nursery

STORM = Storm(seed=3, rows=40, threads=8, kills=5)


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


def test_07_random_kills_on_a_bad_line_leave_each_told_once_in_order_in_its_thread_and_up_to_date(
    store_url: str,
) -> None:
    with Nursery("tests.chaos.child") as nursery, slacks.Ours() as slack:
        sender = Ours(store_url, STORM, slack.channels)
        outcome = rage(sender, slack, STORM, nursery)
        sender.close()

    assert (outcome.missing, outcome.duplicate, outcome.disorder, outcome.astray, outcome.stale) == (0, 0, 0, 0, 0)
    assert (outcome.kills, outcome.posts >= STORM.rows, outcome.edits > 0) == (5, True, True)


def test_07_the_same_storm_shows_what_it_is_that_delivery_prevents(tmp_path: Path) -> None:
    with Nursery("tests.chaos.child") as nursery, slacks.Ours() as slack:
        sender = Plain(tmp_path, STORM, slack.channels)
        outcome = rage(sender, slack, STORM, nursery)
        sender.close()

    assert outcome.duplicate > 0


@pytest.mark.shared
@pytest.mark.slow
@pytest.mark.skipif(not slacks.SHARED.is_file(), reason="the folder `shared` is not beside the project")
def test_07_another_slack_finds_nothing_wrong_with_it(store_url: str) -> None:
    with Nursery("tests.chaos.child") as nursery, slacks.Shared() as slack:
        sender = Ours(store_url, STORM, slack.channels)
        outcome = rage(sender, slack, STORM, nursery)
        sender.close()
        report = slack.report()

    assert (outcome.clean, report is not None and report["ok"]) == (True, True)


def test_the_judge_sees_what_is_lost_doubled_out_of_order_and_astray() -> None:
    told = ["s0 n0", "s0 n1", "s0 n2", "s1 n0"]
    messages = [
        {"ts": "1.0", "text": "s0 n0"},
        {"ts": "2.0", "text": "s0 n2", "thread_ts": "1.0"},
        {"ts": "3.0", "text": "s0 n1"},
        {"ts": "4.0", "text": "s0 n2", "thread_ts": "1.0"},
    ]

    assert judge(told, messages) == (1, 1, 1, 1)
