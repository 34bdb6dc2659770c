"""The console sink: a panel on a terminal, plain lines elsewhere, one print a row."""

from __future__ import annotations

import datetime as dt
import io
import os
import pty
import select
from pathlib import Path

import pytest
from rich.cells import cell_len

from monitor.alerts.console import ConsoleSink
from monitor.entities import Channel, Destination, LookStatus, OutboxRow, SendStatus, Weight
from tests import make

CHANNEL = Channel(destination=Destination("console"))


class Terminal(io.StringIO):
    """A stream in memory that says it is a terminal."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


def row(number: int = 1, **fields: object) -> OutboxRow:
    alert = make.alert(**fields)
    return make.outbox_row(number, alert=alert, payload=ConsoleSink(journal=Path("unused")).render(alert, dt.UTC))


def test_plain_lines_say_everything(tmp_path: Path) -> None:
    out = io.StringIO()

    ConsoleSink(journal=tmp_path / "j", stream=out).send(
        row(publishers=("NHK", "TASS"), credits=("Kyodo",), independent=2, nearest="22 Jan 2019, Talks in Moscow"), None
    )

    assert out.getvalue() == (
        "[DEVELOPMENT] Ministers of Japan and Russia meet in Vienna\n"
        "  new        The two ministers met; no meeting was known.\n"
        "  told by    NHK, TASS, crediting Kyodo · 2 independent newsrooms\n"
        "  topic      Islands 0.80 (islands)\n"
        "  last known 22 Jan 2019, Talks in Moscow\n"
        "  published  4 Mar 2026 09:30 UTC · 18:30 JST · 12:30 MSK\n"
        "  link       https://harbour-daily.example/news/1\n"
        "  why        monitor explain d1\n"
        "\n"
    )


@pytest.mark.parametrize("columns", [40, 80, 200])
def test_a_panel_is_as_wide_as_the_terminal_with_wide_characters_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("NO_COLOR", "1")
    out = Terminal()

    ConsoleSink(journal=tmp_path / "j", stream=out).send(
        row(
            headline="日ロ外相がウィーンで会談し、北方四島をめぐり一時間にわたって意見を交わした" * 2,
            weight=Weight.MAJOR,
        ),
        None,
    )

    plain = [
        line.replace("\x1b[1m", "").replace("\x1b[0m", "").replace("\x1b[2m", "")
        for line in out.getvalue().splitlines()
    ]
    assert {cell_len(line) for line in plain} == {min(columns, 110)}
    assert "MAJOR" in plain[0]


@pytest.mark.parametrize("stream", [io.StringIO, Terminal])
def test_hostile_text_moves_no_cursor_and_is_no_markup(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stream: type[io.StringIO]
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    out = stream()

    ConsoleSink(journal=tmp_path / "j", stream=out).send(
        row(headline="\x1b[2J\x1b]0;x\x07[bold]not bold[/bold] \u202e:tada:", news=()), None
    )

    assert "[2J" in out.getvalue()
    assert "[bold]not bold[/bold] :tada:" in out.getvalue()
    assert not {"\x07", "\u202e"} & set(out.getvalue())
    assert "\x1b[2J" not in out.getvalue()
    assert "\x1b]" not in out.getvalue()


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        ("<!channel> <@U1> <https://evil.example|Kyodo>", "<!channel> <@U1> <https://evil.example|Kyodo>"),
        (
            "*b* _i_ ~s~ `c` :tada: [link=https://evil.example]x[/]",
            "*b* _i_ ~s~ `c` :tada: [link=https://evil.example]x[/]",
        ),
        ("a\u202eb\u2066\x00c\r\nd\ud83d\x9b31m", "ab c d 31m"),
        ("x" * 10_000, "x" * 399 + "…"),
        ("👨‍👩‍👧‍👦" * 2000, "👨‍👩‍👧‍👦" * 36 + "…"),
        (" \n\t\u200b ", "(no headline)"),
    ],
    ids=["mention", "markup", "controls", "long", "families", "nothing"],
)
def test_hostile_text_stands_literally_on_its_one_line(tmp_path: Path, hostile: str, shown: str) -> None:
    out = io.StringIO()

    ConsoleSink(journal=tmp_path / "j", stream=out).send(row(headline=hostile, news=(hostile,)), None)

    lines = out.getvalue().split("\n")
    assert lines[0] == f"[DEVELOPMENT] {shown}"
    assert {line[:13] for line in lines[1:]} <= {
        "",
        *(f"  {label:<11}" for label in ("new", "told by", "topic", "published", "link", "why")),
    }
    out.getvalue().encode("utf-8")


def test_a_real_terminal_gets_a_panel_and_a_stream_of_another_encoding_gets_what_it_can_show(tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    with os.fdopen(theirs, "w", encoding="ascii") as stream:
        sent = ConsoleSink(journal=tmp_path / "j", stream=stream).send(row(headline="会談"), None)
        assert sent.status is SendStatus.SENT
        assert select.select([ours], [], [], 5)[0]
        shown = os.read(ours, 65536).decode()
    os.close(ours)
    assert "+" in shown
    assert "??" in shown


def test_a_closed_output_is_no_loss(tmp_path: Path) -> None:
    closed = io.StringIO()
    closed.close()
    sink = ConsoleSink(journal=tmp_path / "j", stream=closed)

    assert sink.send(row(), None).status is SendStatus.CHANNEL_FAULT
    assert sink.look(row(), None, CHANNEL).status is LookStatus.NOT_FOUND


def test_a_broken_pipe_is_no_loss(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w", encoding="utf-8") as stream:
        sink = ConsoleSink(journal=tmp_path / "j", stream=stream)
        assert sink.send(row(), None).status is SendStatus.CHANNEL_FAULT
    assert sink.look(row(), None, CHANNEL).status is LookStatus.NOT_FOUND


def test_nothing_is_printed_where_it_cannot_be_noted(tmp_path: Path) -> None:
    (tmp_path / "j").mkdir()
    out = io.StringIO()
    sink = ConsoleSink(journal=tmp_path / "j", stream=out)

    assert sink.send(row(), None).status is SendStatus.CHANNEL_FAULT
    assert out.getvalue() == ""
    assert len(sink.check((Destination("console"),))) == 1
    assert sink.look(row(), None, CHANNEL).status is LookStatus.CANNOT_LOOK


def test_a_journal_grows_no_further_than_its_limit_and_keeps_the_newest(tmp_path: Path) -> None:
    journal = tmp_path / "j"
    journal.write_text("0-old-0\n" * 150_000)
    sink = ConsoleSink(journal=journal, stream=io.StringIO())

    sink.send(row(), None)

    assert journal.stat().st_size < 700_000
    assert sink.look(row(), None, CHANNEL).status is LookStatus.FOUND
