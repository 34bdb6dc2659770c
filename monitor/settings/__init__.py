"""``config/*.toml`` and the environment, read once and typed. Reads files; never connects to anything.

``load(folder)`` gives a ``Config``: the settings of ``monitor.toml`` and the beat's data files as frozen entities.
Every mistake is a ``ConfigError`` that names file, key, value and fix; ``load`` shows all of them at once.
"""

from __future__ import annotations

import difflib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, SettingsError

from monitor import entities as e
from monitor.errors import ConfigError, ConfigErrors
from monitor.settings.files import (
    Gathered,
    explain,
    load_beat,
    load_corpus,
    load_feeds,
    load_lexicon,
    load_names,
    load_topics,
    read_toml,
)
from monitor.settings.model import SettingsModel, parse_span, zone

__all__ = [
    "Config",
    "Settings",
    "load",
    "load_beat",
    "load_brief",
    "load_corpus",
    "load_feeds",
    "load_lexicon",
    "load_names",
    "load_settings",
    "load_topics",
    "parse_span",
    "zone",
]

PREFIX = "MONITOR_"
RESERVED = {"MONITOR_CONFIG"}
"""Variables of ours that are no settings: ``MONITOR_CONFIG`` names the configuration folder."""
SECRETS = (("database", "password"), ("slack", "token"), ("slack", "app_token"))
"""Keys that may stand in a file instead, named by ``<key>_file``."""


NAMED: Mapping[str, Mapping[str, Any]] = {
    table: inner.model_fields
    for table, field in SettingsModel.model_fields.items()
    for inner in getattr(field.annotation, "__args__", ())
    if hasattr(inner, "model_fields")
}
"""Tables that stand under names of the user's own, with their keys: ``[webhook.desk]``."""
NAMED_SECRETS = tuple((table, key) for table, keys in NAMED.items() for key in keys if f"{key}_file" in keys)
"""Keys of theirs that may stand in a file instead."""


class Settings(SettingsModel, BaseSettings):
    """``monitor.toml`` with the environment over it."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_nested_delimiter="__", extra="forbid", frozen=True)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment wins over the file (which comes in as init values)."""
        return env_settings, init_settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """Everything configured: settings, and the beat as data."""

    folder: Path
    settings: Settings
    feeds: tuple[e.Feed, ...]
    names: tuple[e.Name, ...]
    beat: e.Beat
    topics: tuple[e.Topic, ...]
    corpus: tuple[e.CorpusRecord, ...]
    lexicon: Mapping[str, Mapping[str, Any]]


def load_settings(folder: Path) -> Settings:
    """``monitor.toml`` of ``folder`` under the environment; secrets that stand in files are read here."""
    path = folder / "monitor.toml"
    shown = f"{folder.name}/monitor.toml"
    raw = read_toml(path, shown)
    found: tuple[ConfigError, ...] = ()
    settings = None
    try:
        settings = Settings(**raw)
    except ValidationError as error:
        found = _name_the_source(explain(shown, error, SettingsModel, raw), os.environ)
    except SettingsError:
        found = _no_json(os.environ)
    unknown = _unknown_variables(os.environ)
    named = {mistake.key.upper() for mistake in unknown}
    found = (*(mistake for mistake in found if mistake.key.upper() not in named), *unknown)
    if settings is None or found:
        raise ConfigErrors(found)
    return _with_secrets(settings, folder)


def load(folder: Path) -> Config:
    """The whole configuration; ``ConfigErrors`` with every mistake that can be seen at once."""
    if not folder.is_dir():
        raise _no_folder(folder)
    found = Gathered()
    settings = found.take(lambda: load_settings(folder))
    feeds = found.take(lambda: load_feeds(folder))
    names = found.take(lambda: load_names(folder))
    lexicon = found.take(lambda: load_lexicon(folder))
    beat = topics = corpus = None
    if names is not None:
        beat = found.take(lambda: load_beat(folder, names))
        topics = found.take(lambda: load_topics(folder, names))
        if topics is not None:
            corpus = found.take(lambda: load_corpus(folder, topics, names))
    found.finish()
    assert settings is not None  # finish() raised otherwise
    assert feeds is not None
    assert names is not None
    assert lexicon is not None
    assert beat is not None
    assert topics is not None
    assert corpus is not None
    return Config(
        folder=folder,
        settings=settings,
        feeds=feeds,
        names=names,
        beat=beat,
        topics=topics,
        corpus=corpus,
        lexicon=lexicon,
    )


def load_brief(folder: Path) -> Config:
    """Settings and feeds alone, no beat: for looks at the database, which must not wait for a mistake in a topic."""
    if not folder.is_dir():
        raise _no_folder(folder)
    found = Gathered()
    settings = found.take(lambda: load_settings(folder))
    feeds = found.take(lambda: load_feeds(folder))
    found.finish()
    assert settings is not None  # finish() raised otherwise
    assert feeds is not None
    beat = e.Beat(id="", name={}, sides={})
    return Config(
        folder=folder, settings=settings, feeds=feeds, names=(), beat=beat, topics=(), corpus=(), lexicon={}
    )  # fmt: skip


def _no_folder(folder: Path) -> ConfigError:
    return ConfigError(
        str(folder), "", None, "there is no such folder; name the configuration folder with --config DIR"
    )


def _with_secrets(settings: Settings, folder: Path) -> Settings:
    tables: dict[str, Any] = {}
    for table, key in SECRETS:
        section = tables.get(table, getattr(settings, table))
        tables[table] = _filled(section, table, key, folder)
    for table, key in NAMED_SECRETS:
        sections = getattr(settings, table)
        tables[table] = {name: _filled(one, f"{table}.{name}", key, folder) for name, one in sections.items()}
    return settings.model_copy(update=tables)


def _filled(section: Any, table: str, key: str, folder: Path) -> Any:
    """The table with the secret that stands in a file; the same one where there is no such file."""
    named: Path | None = getattr(section, f"{key}_file")
    if named is None or getattr(section, key) is not None:
        return section
    try:
        secret = named.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "is no text"
        mistake = ConfigError(
            f"{folder.name}/monitor.toml",
            f"{table}.{key}_file",
            str(named),
            f"cannot be read ({reason}); mend the path, or make the file readable for this user",
        )
        raise ConfigErrors(_name_the_source((mistake,), os.environ)) from None
    if not secret:
        return section  # an empty file means that there is none: compose mounts the file in any case
    return type(section).model_validate({**section.model_dump(), key: secret})


def _unknown_variables(env: Mapping[str, str]) -> tuple[ConfigError, ...]:
    known = {f"{PREFIX}{table}__{key}".upper() for table, key in _keys()} | {
        f"{PREFIX}{table}".upper() for table, _ in _keys()
    }
    found = []
    for name in sorted(env):
        if not name.upper().startswith(PREFIX) or name.upper() in RESERVED | known or _of_a_name(name):
            continue
        close = difflib.get_close_matches(name.upper(), sorted(known), n=1, cutoff=0.85)
        hint = f"did you mean {close[0]}?" if close else "docs/configuration.md names them all"
        found.append(ConfigError("environment", name, None, f"no such setting; unset it, or {hint}"))
    return tuple(found)


def _no_json(env: Mapping[str, str]) -> tuple[ConfigError, ...]:
    """Which variable should have held a list or a table as JSON and does not."""
    found = []
    wanted = {f"{PREFIX}{table}".upper(): "{}" for table, _ in _keys()}
    wanted |= {f"{PREFIX}{table}__{key}".upper(): '["…"]' for table, key in _keys() if _is_list(table, key)}
    for name in sorted(env):
        if name.upper() in wanted:
            try:
                json.loads(env[name])
            except ValueError:
                fix = f"write it as JSON: {wanted[name.upper()]}"
                found.append(ConfigError("environment", name, None, fix))
    return tuple(found) or (ConfigError("environment", PREFIX + "…", None, "a variable cannot be read as JSON"),)


def _of_a_name(variable: str) -> bool:
    """Whether it is a key of a table under a name of the user's own: ``MONITOR_WEBHOOK__DESK__URL``."""
    table, name, key = (*variable.upper().removeprefix(PREFIX).lower().split("__"), "", "", "")[:3]
    return bool(name) and variable.count("__") == 2 and key in NAMED.get(table, {})


def _keys() -> Iterator[tuple[str, str]]:
    """Every table and key of ``monitor.toml``."""
    for table, field in SettingsModel.model_fields.items():
        for key in getattr(field.annotation, "model_fields", {}):
            yield table, key


def _is_list(table: str, key: str) -> bool:
    model: Any = SettingsModel.model_fields[table].annotation
    return str(model.model_fields[key].annotation).startswith("tuple")


def _name_the_source(errors: tuple[ConfigError, ...], env: Mapping[str, str]) -> tuple[ConfigError, ...]:
    """Say that a value came from the environment where it did."""
    names = {name.upper() for name in env}
    found = []
    for error in errors:
        variable = PREFIX + error.key.upper().replace(".", "__")
        found.append(ConfigError("environment", variable, error.value, error.fix) if variable in names else error)
    return tuple(found)
