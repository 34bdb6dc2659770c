"""Rows of ``feeds.toml`` written, switched off and taken out: nothing else in the file moves."""

from __future__ import annotations

import datetime as dt
import tomllib
from dataclasses import fields
from pathlib import Path

import pytest

from monitor.entities import Feed, Selectors
from monitor.errors import ConfigError, ConfigErrors, UsageError
from monitor.settings import edit, load_feeds
from monitor.settings.files import FeedRow
from tests import make

CONFIG = Path(__file__).resolve().parents[2] / "config"
SHIPPED = (CONFIG / "feeds.toml").read_text(encoding="utf-8")
SMALL = """# where news comes from

[[feed]]  # the first
id = "one"
url = "https://one.example/rss"   # its own host
publisher = "One"
family = "one"
enabled = true

# ---- the second section ----

[[feed]]
id = "two"
url = "https://two.example/"
publisher = "Two"
family = "two"
kind = "page"
[feed.select]
item = "li"

# the end
"""


def rows(text: str) -> list[dict[str, object]]:
    return tomllib.loads(text)["feed"]


def test_every_key_of_a_row_is_known_to_the_writer() -> None:
    assert set(edit.KEYS) == set(FeedRow.model_fields) == {field.name for field in fields(Feed)}


def test_a_written_row_is_read_back_as_the_same_feed(tmp_path: Path) -> None:
    feed = make.feed(
        id="islands-office", url="https://islands-office.example/", publisher='Büro "der Inseln" 島', kind="page",
        lang="ja", zone="Asia/Tokyo", every=dt.timedelta(minutes=90), max_every=dt.timedelta(days=2), official=True,
        note="a \\ b\nc", select=Selectors(item="ul > li:not(.x)", date="time"), seed=("000",), grade="A",
    )  # fmt: skip
    (tmp_path / "feeds.toml").write_text(edit.with_row(SMALL, edit.row_of(feed)), encoding="utf-8")
    assert load_feeds(tmp_path)[2] == feed


def test_every_shipped_row_is_written_as_it_is_read(tmp_path: Path) -> None:
    feeds = load_feeds(CONFIG)
    (tmp_path / "feeds.toml").write_text("".join(edit.row_text(edit.row_of(feed)) for feed in feeds), encoding="utf-8")
    assert load_feeds(tmp_path) == feeds


def test_a_row_is_appended_and_all_before_it_stays() -> None:
    text = edit.with_row(SMALL, {"id": "three", "url": "https://three.example/"})
    assert text == SMALL + '\n[[feed]]\nid = "three"\nurl = "https://three.example/"\n'
    assert edit.with_row("", {"id": "one"}) == '[[feed]]\nid = "one"\n'


def test_a_row_is_switched_off_in_its_place() -> None:
    assert edit.switched_off(SMALL, "one", 'gone "for good" (2026)') == SMALL.replace(
        "enabled = true\n", 'enabled = false\nreason = "gone \\"for good\\" (2026)"\n'
    )
    assert edit.switched_off(SMALL, "two", "why (2026)") == SMALL.replace(
        'kind = "page"\n', 'kind = "page"\nenabled = false\nreason = "why (2026)"\n'
    )
    assert edit.switched_off('[[feed]]\nid = "one"', "one", "why").endswith('enabled = false\nreason = "why"\n')


def test_a_reason_that_stands_already_is_replaced() -> None:
    once = edit.switched_off(SMALL, "one", "first (2026)")
    assert rows(edit.switched_off(once, "one", "second (2026)"))[0]["reason"] == "second (2026)"


def test_a_row_is_taken_out_and_the_comment_of_the_next_section_stays() -> None:
    assert edit.without_row(SMALL, "one") == SMALL.replace(
        SMALL[SMALL.index("[[feed]]") : SMALL.index("# ---- the")], ""
    )
    assert edit.without_row(SMALL, "two").endswith("# ---- the second section ----\n\n# the end\n")


@pytest.mark.parametrize("feed", [row["id"] for row in rows(SHIPPED)][::7])
def test_every_other_row_of_the_shipped_file_stays_byte_for_byte(feed: str) -> None:
    off, without = edit.switched_off(SHIPPED, feed, "why (2026)"), edit.without_row(SHIPPED, feed)
    assert (
        [row for row in rows(off) if row["id"] != feed]
        == [row for row in rows(SHIPPED) if row["id"] != feed]
        == rows(without)
    )
    kept = [line for line in SHIPPED.splitlines() if line.startswith("#")]
    assert [line for line in off.splitlines() if line.startswith("#")] == kept
    assert [line for line in without.splitlines() if line.startswith("#")] == kept


def test_an_unknown_feed_is_told() -> None:
    for change in (lambda: edit.without_row(SMALL, "three"), lambda: edit.switched_off(SMALL, "three", "why")):
        with pytest.raises(UsageError, match="no feed has the id 'three'"):
            change()


def test_a_change_that_could_not_be_read_back_leaves_the_file_alone(tmp_path: Path) -> None:
    folder = tmp_path / "config"
    folder.mkdir()
    path = folder / "feeds.toml"
    path.write_text(SMALL, encoding="utf-8")
    with pytest.raises(ConfigErrors, match=r"config/feeds.toml: feed\[3\] \(id three\): url must be a whole http"):
        edit.rewrite(
            folder,
            lambda text: edit.with_row(text, {**edit.row_of(make.feed(id="three")), "url": "ftp://three.example"}),
        )
    with pytest.raises(ConfigErrors, match="is not valid TOML"):
        edit.rewrite(folder, lambda text: text + "[[")
    assert path.read_text(encoding="utf-8") == SMALL
    assert [one.name for one in folder.iterdir()] == ["feeds.toml"]


def test_a_change_made_meanwhile_is_not_lost(tmp_path: Path) -> None:
    path = tmp_path / "feeds.toml"
    path.write_text(SMALL, encoding="utf-8")

    def meanwhile(text: str) -> str:
        path.write_text(SMALL + "# by somebody else\n", encoding="utf-8")
        return edit.switched_off(text, "one", "why (2026)")

    with pytest.raises(ConfigError, match="was changed by somebody else"):
        edit.rewrite(tmp_path, meanwhile)
    assert path.read_text(encoding="utf-8") == SMALL + "# by somebody else\n"


def test_a_file_is_replaced_with_its_mode_and_through_a_link(tmp_path: Path) -> None:
    real, folder = tmp_path / "real.toml", tmp_path / "config"
    real.write_text(SMALL, encoding="utf-8")
    real.chmod(0o640)
    folder.mkdir()
    (folder / "feeds.toml").symlink_to(real)
    feeds = edit.rewrite(folder, lambda text: edit.switched_off(text, "one", "why (2026)"))
    assert ([feed.enabled for feed in feeds], real.stat().st_mode & 0o777) == ([False, True], 0o640)
    assert (folder / "feeds.toml").is_symlink()


def test_a_file_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"feeds.toml: cannot be written \(No such file or directory\)"):
        edit.rewrite(tmp_path / "config", lambda text: text)


@pytest.mark.parametrize(
    ("span", "said"),
    [({"seconds": 90}, "90s"), ({"minutes": 10}, "10m"), ({"minutes": 90}, "90m"), ({"hours": 36}, "36h"), ({"days": 2}, "2d")],
)  # fmt: skip
def test_spans_are_written_in_the_largest_unit_that_fits(span: dict[str, float], said: str) -> None:
    assert edit.span_text(dt.timedelta(**span)) == said
