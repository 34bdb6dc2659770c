"""The first five reports of the corpus, fed as articles with all their page furniture. They are no part of the repository."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from monitor.cli import replay
from monitor.cli.replay import Replayed
from monitor.settings import load
from tests.shared import SHARED, needs_shared

pytestmark = [pytest.mark.shared, needs_shared]

CONFIG = Path(__file__).parents[2] / "config"
MAIN = {
    "001": "ministerial-diplomacy peace-treaty territorial-dispute economic-cooperation security-military regional-issues",
    "002": "ministerial-diplomacy peace-treaty territorial-dispute joint-declaration-1956",
    "003": "summit-diplomacy territorial-dispute peace-treaty history-wwii humanitarian-exchange",
    "004": "ministerial-diplomacy peace-treaty joint-declaration-1956 territorial-dispute",
    "000": "peace-treaty summit-diplomacy joint-declaration-1956 joint-economic-activities humanitarian-exchange "
    "territorial-dispute",
}
"""What each report is mainly about, in the order of their dates."""
SEEN = {"001": ("2016-12-03", "Kyodo"), "002": ("2016-12-03", "Xinhua"), "003": ("2016-12-16", "Press TV"),
        "004": ("2019-01-14", "Sputnik"), "000": ("2019-01-22", "NHK")}  # fmt: skip


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Replayed]:
    """Each report's verdict; the page as it was saved, and nothing taken from it as a title."""
    path = tmp_path_factory.mktemp("seeds") / "seeds.jsonl"
    rows = []
    for seed, (date, publisher) in SEEN.items():
        (page,) = (SHARED / "seeds").glob(f"{seed}_*.txt")
        text = page.read_text(encoding="utf-8")
        rows.append({"id": seed, "url": None, "publisher": publisher, "published": date, "title": "", "text": text})
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return {str(one.id): one for _, one in replay.run(path, load(CONFIG))}


def test_all_five_are_ours(told: dict[str, Replayed]) -> None:
    assert {seed: one.relevant for seed, one in told.items()} == dict.fromkeys(MAIN, True)


def test_two_reports_of_one_meeting_are_one_story_and_the_second_tells_nothing_new(told: dict[str, Replayed]) -> None:
    assert told["001"].story == told["002"].story
    assert (told["001"].alert, told["002"].alert) == (True, False)


@pytest.mark.parametrize("seed", MAIN)
def test_three_quarters_of_the_main_topics_are_found_and_at_most_one_more(told: dict[str, Replayed], seed: str) -> None:
    main, found = set(MAIN[seed].split()), {topic["topic"] for topic in told[seed].topics}
    assert len(found & main) >= 0.75 * len(main), main - found
    assert len(found - main) <= 1, found - main
