"""The configuration's mistakes: each kind gives one line that names file, key, value and fix, and none shows a secret."""

from __future__ import annotations

import datetime as dt
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from monitor.errors import ConfigError, ConfigErrors
from monitor.settings import (
    load,
    load_beat,
    load_brief,
    load_corpus,
    load_feeds,
    load_names,
    load_settings,
    load_topics,
)
from monitor.settings.files import FeedRow
from monitor.settings.model import SettingsModel

REAL = Path(__file__).resolve().parents[2] / "config"

NAMES = """
[[name]]
id = "japan"
kind = "country"
side = "japan"
label = { en = "Japan", ja = "日本", ru = "Япония" }
forms = { en = ["Japan"] }
[[name]]
id = "russia"
kind = "country"
side = "russia"
label = { en = "Russia", ja = "ロシア", ru = "Россия" }
forms = { en = ["Russia"] }
"""
BEAT = """
id = "japan-russia"
name = { en = "Japan and Russia", ja = "日本とロシア", ru = "Япония и Россия" }
[[side]]
id = "japan"
names = ["japan"]
[[side]]
id = "russia"
names = ["russia"]
"""
TOPIC = """
id = "fish"
name = { en = "Fish", ja = "魚", ru = "Рыба" }
description = { en = "All about fish.", ja = "魚のこと。", ru = "Всё о рыбе." }
names = [{ id = "japan", weight = 0.5 }]
"""
RECORD = """
id = "2001-02-03-fish"
date = 2001-02-03
topics = ["fish"]
title = { en = "Fish", ja = "魚", ru = "Рыба" }
summary = { en = "A fish.", ja = "魚。", ru = "Рыба." }
[[fact]]
actor = ["japan"]
action = "meet"
"""
FEED = """
[[feed]]
id = "harbour"
url = "https://harbour.example/feed"
publisher = "Harbour Daily"
family = "harbour"
"""
FILES = {
    "monitor.toml": "",
    "feeds.toml": FEED,
    "beat.toml": BEAT,
    "names/all.toml": NAMES,
    "topics/fish.toml": TOPIC,
    "corpus/2001-02-03-fish.toml": RECORD,
    "lexicon/en.toml": "",
}


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.upper().startswith("MONITOR_"):
            monkeypatch.delenv(name)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "config"
    for name, text in FILES.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_text(text, encoding="utf-8")
    return place


def mistakes(folder: Path) -> list[str]:
    """What is wrong with a configuration, line by line."""
    with pytest.raises((ConfigErrors, ConfigError)) as found:
        load(folder)
    return str(found.value).splitlines()


def write(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(text, encoding="utf-8")


def test_a_small_configuration_is_enough(folder: Path) -> None:
    config = load(folder)
    assert [feed.id for feed in config.feeds] == ["harbour"]
    assert config.settings.schedule.every == dt.timedelta(minutes=90)
    assert config.settings.slack.token is None


def test_a_look_at_the_database_does_not_wait_for_a_mistake_in_a_topic(folder: Path) -> None:
    write(folder, "topics/fish.toml", "id = ")
    assert [feed.id for feed in load_brief(folder).feeds] == ["harbour"]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("[slack]\nchanel = 'C1'", "config/monitor.toml: slack.chanel: unknown key; remove it, or did you mean channel?"),
        ("[slak]\nchannel = 'C1'", "config/monitor.toml: slak: unknown key; remove it, or did you mean slack?"),
        (
            "[http]\nper_host = 'many'",
            "config/monitor.toml: http.per_host = 'many': Input should be a valid integer, unable to parse string as an integer",
        ),
        ("[http]\nper_host = 0", "config/monitor.toml: http.per_host = 0: Input should be greater than or equal to 1"),
        (
            "[alerts]\nzone = 'Asia/Tokio'",
            "config/monitor.toml: alerts.zone = 'Asia/Tokio': write an IANA time zone such as \"Asia/Tokyo\"",
        ),
        (
            "[alerts]\nzone = 'Asia'",
            "config/monitor.toml: alerts.zone = 'Asia': write an IANA time zone such as \"Asia/Tokyo\"",
        ),
        (
            "[schedule]\nevery = 10",
            'config/monitor.toml: schedule.every = 10: write a length of time such as "90s", "10m", "6h" or "7d"',
        ),
        (
            "[schedule]\nevery = '10 minutes'",
            ("config/monitor.toml: schedule.every = '10 minutes': "
            'write a length of time such as "90s", "10m", "6h" or "7d"'),
        ),
        ("[schedule]\ntick = '0s'", "config/monitor.toml: schedule.tick = '0s': must be longer than nothing"),
        (
            "[schedule]\nevery = '1m'",
            "config/monitor.toml: schedule: min_every, every and max_every must grow in this order",
        ),
        ("[log]\nlevel = 'loud'", "config/monitor.toml: log.level = 'loud': write one of 'debug', 'info', 'warning' or 'error'"),
        (
            "[http]\nallow_addresses = ['localhost']",
            ("config/monitor.toml: http.allow_addresses[1] = 'localhost': "
            'write an address or a network such as "127.0.0.0/8"'),
        ),
        (
            "[http]\nanchors = ['dns.google:443', 'https://dns.google']",
            ("config/monitor.toml: http.anchors[2] = 'https://dns.google': "
            'write host and port, such as "dns.google:443"'),
        ),
        (
            "[database]\nurl = 'mysql://me:s3cret@db/x'",
            ("config/monitor.toml: database.url = 'mysql://me:***@db/x': "
            "write sqlite:///var/monitor.db or postgresql://user@host/name"),
        ),
        ("[slack]\ntoken = 5", "config/monitor.toml: slack.token: Input should be a valid string"),
    ],
    ids=[
        "a key with a typo", "a table with a typo", "a word for a number", "a number too small", "an unknown zone",
        "half a zone", "a span without unit", "a span in words", "a span of nothing", "spans out of order",
        "a word that is none of the choices", "a host for a network", "an address for an anchor",
        "an unknown database", "a secret of a wrong type",
    ],
)  # fmt: skip
def test_a_mistake_in_monitor_toml_is_one_line(folder: Path, text: str, line: str) -> None:
    write(folder, "monitor.toml", text)
    assert mistakes(folder) == [line]


@pytest.mark.parametrize(
    ("name", "change", "line"),
    [
        (
            "feeds.toml",
            lambda text: text + FEED,
            ["config/feeds.toml: feed.id = 'harbour': stands here twice; keep one",
             "config/feeds.toml: feed.url = 'https://harbour.example/feed': stands here twice; keep one"],
        ),
        (
            "feeds.toml",
            lambda text: text.replace("https://harbour.example/feed", "harbour.example"),
            ["config/feeds.toml: feed[1] (id harbour): url must be a whole http:// or https:// address"],
        ),
        (
            "feeds.toml",
            lambda text: text.replace("https:", "http:"),
            [("config/feeds.toml: feed[1] (id harbour): url is plain http: use https, or set insecure = true if "
             "the site has no other")],
        ),
        (
            "feeds.toml",
            lambda text: text + "enabled = false\n",
            ["config/feeds.toml: feed[1] (id harbour): a feed that is not enabled says why: add reason, with a date"],
        ),
        (
            "feeds.toml",
            lambda text: text.replace('publisher = "Harbour Daily"\n', ""),
            ["config/feeds.toml: feed[1].publisher (id harbour): this key is missing; add it"],
        ),
        (
            "feeds.toml",
            lambda text: text + 'zone = "Mars/Olympus"\n',
            ["config/feeds.toml: feed[1].zone (id harbour) = 'Mars/Olympus': write an IANA time zone such as \"Asia/Tokyo\""],
        ),
        (
            "feeds.toml",
            lambda text: text.replace('"harbour"', '"Harbour Daily"', 1),
            ["config/feeds.toml: feed[1].id (id Harbour Daily) = 'Harbour Daily': write a slug: small letters, digits and hyphens"],
        ),
        (
            "topics/fish.toml",
            lambda text: text.replace('id = "japan"', 'id = "japn"'),
            ["config/topics/fish.toml: names.id = 'japn': no file of names/ has this id"],
        ),
        (
            "topics/fish.toml",
            lambda text: text.replace('id = "fish"', 'id = "fisch"'),
            ["config/topics/fish.toml: id = 'fisch': the file's name says fish; make them agree"],
        ),
        (
            "topics/fish.toml",
            lambda text: text.replace(', ru = "Рыба"', ""),
            ["config/topics/fish.toml: name: write it in all three languages; missing: ru"],
        ),
        (
            "corpus/2001-02-03-fish.toml",
            lambda text: text.replace('["japan"]', '["japn"]'),
            ["config/corpus/2001-02-03-fish.toml: fact = 'japn': no file of names/ has this id"],
        ),
        (
            "corpus/2001-02-03-fish.toml",
            lambda text: text.replace('["fish"]', '["frogs"]'),
            ["config/corpus/2001-02-03-fish.toml: topics = 'frogs': no file of topics/ has this id"],
        ),
        (
            "beat.toml",
            lambda text: text.replace('["japan"]', '["japn"]'),
            ["config/beat.toml: side.names (id japan) = 'japn': no file of names/ has this id"],
        ),
        (
            "names/all.toml",
            lambda text: text.replace('id = "russia"', 'id = "japan"'),
            ["config/names/all.toml: name.id = 'japan': stands in config/names/all.toml already; ids are unique"],
        ),
        (
            "names/all.toml",
            lambda text: text.replace('side = "japan"', 'side = "japn"'),
            [("config/names: name.side (id japan) = 'japn': neither a side of beat.toml, nor dispute, nor a state; did you "
             "mean japan?")],
        ),
        ("feeds.toml", lambda text: "", ["config/feeds.toml: feed: there is no [[feed]] in it; write one"]),
        (
            "feeds.toml",
            lambda text: text.replace("harbour.example/", "harbour.example:99999/"),
            [("config/feeds.toml: feed[1] (id harbour): url has a port that is none: write one from 1 to 65535, or "
             "leave it out")],
        ),
        (
            "feeds.toml",
            lambda text: text.replace("harbour.example/", "[harbour.example/") + 'enabled = false\nreason = "2026"\n',
            ["config/feeds.toml: feed[1] (id harbour): url has brackets that hold no IPv6 address: mend it"],
        ),
        (
            "feeds.toml",
            lambda text: text + 'every = "0s"\n',
            ["config/feeds.toml: feed[1].every (id harbour) = '0s': must be longer than nothing"],
        ),
        (
            "feeds.toml",
            lambda text: text + 'user_agent = "one\\ntwo"\n',
            [("config/feeds.toml: feed[1] (id harbour): user_agent is the line of a header: write it without line "
             "breaks and control characters")],
        ),
        (
            "lexicon/en.toml",
            lambda text: '[[verb]]\naction = "protest"\nstage = "held"\nanswers = true\n',
            ["config/lexicon/en.toml: verb[1].answers: unknown key; remove it, or did you mean answer?"],
        ),
        (
            "lexicon/en.toml",
            lambda text: '[[thing]]\nforms = ["boat"]\n',
            ["config/lexicon/en.toml: thing[1].id: this key is missing; add it"],
        ),
        (
            "monitor.toml",
            lambda text: "[database]\nurl = \n",
            ["config/monitor.toml: is not valid TOML: Invalid value (at line 2, column 7)"],
        ),
    ],
    ids=[
        "a feed twice", "half an address", "plain http", "disabled without reason", "a missing key", "a feed's zone",
        "an id that is no slug", "a topic with an unknown name", "a topic in a file of another name", "a language missing",
        "a record with an unknown name", "a record with an unknown topic", "a side with an unknown name", "a name twice",
        "a name of an unknown side",
        "no feed at all", "a port that is none", "brackets around no address", "a pace of nothing", "a name of two lines", "a verb's key with a typo", "a thing without an id", "no TOML",
    ],
)  # fmt: skip
def test_a_mistake_in_a_data_file_is_named_with_its_row(
    folder: Path, name: str, change: Callable[[str], str], line: list[str]
) -> None:
    write(folder, name, change(FILES[name]))
    assert mistakes(folder) == line


def test_a_missing_file_and_a_missing_folder_are_named(folder: Path) -> None:
    (folder / "feeds.toml").unlink()
    shutil.rmtree(folder / "topics")
    assert mistakes(folder) == [
        "config/feeds.toml: the file is missing; copy it from the project's config/ folder",
        "config/topics: holds no .toml file; copy it from the project's config/ folder",
    ]
    missing = folder.parent / "nowhere"
    assert mistakes(missing) == [f"{missing}: there is no such folder; name the configuration folder with --config DIR"]


def test_a_file_that_is_no_text_is_named(folder: Path) -> None:
    (folder / "monitor.toml").write_bytes(b"[http]\ncontact = '\xff'")
    assert mistakes(folder) == ["config/monitor.toml: cannot be read (byte 19 is no UTF-8)"]


def test_a_byte_order_mark_is_no_mistake(folder: Path) -> None:
    (folder / "monitor.toml").write_text("[http]\nper_host = 3\n", encoding="utf-8-sig")
    assert load_settings(folder).http.per_host == 3


def test_mistakes_of_all_files_are_shown_at_once(folder: Path) -> None:
    write(folder, "monitor.toml", "[slack]\nchanel = 'C1'\n[log]\nlevel = 'loud'")
    write(folder, "feeds.toml", FEED.replace("https:", "ftp:"))
    write(folder, "beat.toml", BEAT.replace('["japan"]', '["japn"]'))
    assert [line.partition(":")[0] for line in mistakes(folder)] == [
        "config/monitor.toml", "config/monitor.toml", "config/feeds.toml", "config/beat.toml",
    ]  # fmt: skip


# ------------------------------------------------------------------------------------------------ environment


def test_the_environment_wins_over_the_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(folder, "monitor.toml", "[schedule]\nevery = '20m'\n[slack]\nchannel = 'C1'")
    monkeypatch.setenv("MONITOR_SCHEDULE__EVERY", "30m")
    monkeypatch.setenv("MONITOR_HTTP__ALLOW_ADDRESSES", '["127.0.0.0/8"]')
    settings = load_settings(folder)
    assert settings.schedule.every == dt.timedelta(minutes=30)
    assert settings.slack.channel == "C1"
    assert settings.http.allow_addresses == ("127.0.0.0/8",)


@pytest.mark.parametrize(
    ("name", "value", "line"),
    [
        (
            "MONITOR_SLACK__TOKE",
            "xoxb-1",
            "environment: MONITOR_SLACK__TOKE: no such setting; unset it, or did you mean MONITOR_SLACK__TOKEN?",
        ),
        (
            "MONITOR_ZZZ",
            "1",
            "environment: MONITOR_ZZZ: no such setting; unset it, or docs/configuration.md names them all",
        ),
        (
            "MONITOR_ALERTS__ZONE",
            "Tokyo",
            "environment: MONITOR_ALERTS__ZONE = 'Tokyo': write an IANA time zone such as \"Asia/Tokyo\"",
        ),
        (
            "MONITOR_HTTP__ALLOW_ADDRESSES",
            "127.0.0.0/8",
            'environment: MONITOR_HTTP__ALLOW_ADDRESSES: write it as JSON: ["…"]',
        ),
        ("MONITOR_SLACK", "xoxb-1", "environment: MONITOR_SLACK: write it as JSON: {}"),
        (
            "MONITOR_WEBHOOK__DESK__URLL",
            "https://hooks.example/secret",
            "environment: MONITOR_WEBHOOK__DESK__URLL: no such setting; unset it, or docs/configuration.md names them all",
        ),
        (
            "MONITOR_APPRISE__MAIL__URL_FILE",
            "/nowhere/address",
            (
                "environment: MONITOR_APPRISE__MAIL__URL_FILE = '/nowhere/address': cannot be read (No such file or directory); "
                "mend the path, or make the file readable for this user"
            ),
        ),
    ],
    ids=[
        "a typo",
        "an unknown one",
        "a bad value",
        "a list that is no JSON",
        "a table that is no JSON",
        "an unknown key under a name",
        "a file that is not there, under a name",
    ],
)
def test_a_mistake_in_the_environment_names_the_variable(
    folder: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str, line: str
) -> None:
    monkeypatch.setenv(name, value)
    assert mistakes(folder) == [line]


def test_the_variable_that_names_the_folder_is_no_setting(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MONITOR_CONFIG", str(folder))
    assert load(folder).folder == folder


# ----------------------------------------------------------------------------------------------------- secrets


def test_a_secret_comes_from_a_file_and_an_empty_file_is_none(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = folder.parent / "slack_token"
    monkeypatch.setenv("MONITOR_SLACK__TOKEN_FILE", str(secret))
    secret.write_text("xoxb-secret\n", encoding="utf-8")
    token = load_settings(folder).slack.token
    assert token is not None
    assert token.get_secret_value() == "xoxb-secret"
    secret.write_text("\n", encoding="utf-8")
    assert load_settings(folder).slack.token is None


def test_a_secret_file_that_is_not_there_is_named_by_its_variable(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MONITOR_DATABASE__PASSWORD_FILE", "/nowhere/password")
    assert mistakes(folder) == [
        (
            "environment: MONITOR_DATABASE__PASSWORD_FILE = '/nowhere/password': cannot be read (No such file or directory); "
            "mend the path, or make the file readable for this user"
        )
    ]


def test_what_stands_under_a_name_comes_from_file_and_environment_and_its_secret_is_never_shown(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = folder.parent / "address"
    address.write_text("mailto://user:hunter2@mail.example\n", encoding="utf-8")
    write(folder, "monitor.toml", f"[apprise.mail]\nurl_file = '{address}'\n[jsonl.log]\npath = 'alerts.jsonl'")
    monkeypatch.setenv("MONITOR_WEBHOOK__DESK__URL", "https://hooks.example/hunter2")

    settings = load_settings(folder)

    mail, desk = settings.apprise["mail"].url, settings.webhook["desk"].url
    assert mail is not None
    assert desk is not None
    assert mail.get_secret_value() == "mailto://user:hunter2@mail.example"
    assert desk.get_secret_value() == "https://hooks.example/hunter2"
    assert settings.jsonl["log"].path == Path("alerts.jsonl")
    assert "hunter2" not in repr(settings) + settings.model_dump_json()


def test_a_name_is_one_that_a_variable_can_spell(folder: Path) -> None:
    write(folder, "monitor.toml", "[webhook.the-desk]\nurl_file = 'x'")
    assert mistakes(folder) == [
        (
            "config/monitor.toml: webhook.the-desk[key] = 'the-desk': "
            "write a name of small letters and digits, such as desk"
        )
    ]


def test_no_secret_is_ever_printed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MONITOR_SLACK__TOKEN", "xoxb-secret")
    monkeypatch.setenv("MONITOR_DATABASE__PASSWORD", "hunter2")
    monkeypatch.setenv("MONITOR_LOG__LEVEL", "info")
    settings = load_settings(folder)
    for text in (repr(settings), str(settings), settings.model_dump_json()):
        assert "xoxb-secret" not in text
        assert "hunter2" not in text
    monkeypatch.setenv("MONITOR_LOG__LEVEL", "loud")
    assert not [line for line in mistakes(folder) if "xoxb-secret" in line or "hunter2" in line]


# -------------------------------------------------------------------------------------------------- what ships


def test_the_configuration_that_ships_is_sound() -> None:
    names = load_names(REAL)
    topics = load_topics(REAL, names)
    assert load_settings(REAL)
    assert load_feeds(REAL)
    assert load_beat(REAL, names).sides.keys() == {"japan", "russia"}
    assert load_corpus(REAL, topics, names)


def test_the_file_that_ships_says_the_defaults(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """``monitor.toml`` shows the keys people change, each at its default: reading it teaches nothing wrong."""
    assert load_settings(REAL) == load_settings(folder)


# -------------------------------------------------------------------------------------------------------- docs

DOCS = REAL.parent / "docs" / "configuration.md"


def written(value: object) -> str:
    """A default as ``monitor.toml`` would say it."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, dt.timedelta):
        seconds = int(value.total_seconds())
        units = (("d", 86400), ("h", 3600), ("m", 60), ("s", 1))
        unit, size = next((unit, size) for unit, size in units if seconds >= size and seconds % size == 0)
        return f'`"{seconds // size}{unit}"`'
    if isinstance(value, tuple):
        return f"`[{', '.join(json.dumps(item) for item in value)}]`"
    return f'`"{value}"`' if isinstance(value, str) else f"`{value}`"


@pytest.mark.parametrize("table", SettingsModel.model_fields)
def test_every_key_stands_in_the_docs_with_its_default_and_its_meaning(table: str) -> None:
    text = DOCS.read_text(encoding="utf-8")
    model = SettingsModel.model_fields[table].annotation
    inside = getattr(model, "__args__", ())  # tables under names of the user's own: [webhook.desk]
    before, model = (f"{table}.NAME", inside[1]) if inside else (table, model)
    rows = {
        f"| `{before}.{key}` | {written(None if field.is_required() else field.default)} | {field.description} |"
        for key, field in model.model_fields.items()  # type: ignore[union-attr]
    }
    assert {row for row in rows if row not in text} == set()


def test_every_key_of_a_feed_stands_in_the_docs_and_no_other() -> None:
    section = DOCS.read_text(encoding="utf-8").partition("## `feeds.toml`")[2].partition("\n## ")[0]
    keys = {line.split("`")[1] for line in section.splitlines() if line.startswith("| `")}
    assert keys == set(FeedRow.model_fields)
