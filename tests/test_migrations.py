"""Migrations and tables tell the same, on both databases, from anywhere."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import bindparam, inspect, text

import monitor
from monitor.errors import SchemaError
from monitor.store import SqlStore, migrate
from monitor.store.engine import open_engine
from monitor.store.keys import hashed
from monitor.store.tables import metadata
from monitor.store.types import Json
from tests import make


def differences(url: str) -> list[object]:
    engine = open_engine(url)
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True, "target_metadata": metadata}
        )
        found = compare_metadata(context, metadata)
    engine.dispose()
    return list(found)


def schema(url: str) -> dict[str, object]:
    """Everything a database says of its tables, comparable."""
    engine = open_engine(url)
    look = inspect(engine)
    found: dict[str, object] = {
        table: {
            "columns": [(c["name"], str(c["type"]), c["nullable"], c["default"]) for c in look.get_columns(table)],
            "key": look.get_pk_constraint(table),
            "references": sorted(look.get_foreign_keys(table), key=lambda key: str(key["name"])),
            "unique": sorted(look.get_unique_constraints(table), key=lambda key: str(key["name"])),
            "indexes": sorted(look.get_indexes(table), key=lambda index: str(index["name"])),
        }
        for table in sorted(look.get_table_names())
        if table != "alembic_version"
    }
    engine.dispose()
    return found


def tables(url: str) -> set[str]:
    engine = open_engine(url)
    names = set(inspect(engine).get_table_names())
    engine.dispose()
    return names


def execute(url: str, statement: str) -> None:
    engine = open_engine(url)
    with engine.begin() as connection:
        connection.execute(text(statement))
    engine.dispose()


def test_the_migrations_build_what_the_tables_say(new_store_url: str) -> None:
    assert migrate.upgrade(new_store_url) == migrate.head()
    assert differences(new_store_url) == []


def test_a_column_that_no_migration_made_is_noticed(new_store_url: str) -> None:
    migrate.upgrade(new_store_url)
    execute(new_store_url, "ALTER TABLE channel ADD COLUMN stray TEXT")
    assert len(differences(new_store_url)) == 1


def test_a_throwaway_database_has_the_schema_of_a_migrated_one(new_store_url: str) -> None:
    SqlStore.throwaway(new_store_url).close()
    made = schema(new_store_url)
    assert migrate.current(new_store_url) == migrate.head()
    migrate.downgrade(new_store_url, "base")
    migrate.upgrade(new_store_url)
    assert made.keys() == metadata.tables.keys()
    assert schema(new_store_url) == made


def test_a_downgrade_to_base_leaves_nothing_of_ours(new_store_url: str) -> None:
    migrate.upgrade(new_store_url)
    assert migrate.downgrade(new_store_url, "base") is None
    assert tables(new_store_url) - {"alembic_version"} == set()


def test_upgrading_twice_changes_nothing(new_store_url: str) -> None:
    migrate.upgrade(new_store_url)
    store = SqlStore(new_store_url)
    with store.begin() as tx:
        tx.sync_feeds([make.feed()], make.NOW)
    store.close()
    assert migrate.upgrade(new_store_url) == migrate.head()
    store = SqlStore(new_store_url)
    with store.read() as tx:
        assert tx.feed_states() == {make.feed().id: make.feed_state()}
    store.close()


def test_the_files_of_the_migrations_are_called_by_their_revisions() -> None:
    scripts = ScriptDirectory(str(migrate.script_location()))
    assert migrate.revisions() == tuple(script.revision for script in scripts.walk_revisions())[::-1]
    assert migrate.head() == scripts.get_current_head()


def test_an_empty_database_has_no_revision_and_is_refused(new_store_url: str) -> None:
    assert migrate.current(new_store_url) is None
    with pytest.raises(SchemaError, match="monitor db upgrade"):
        SqlStore(new_store_url)


def test_a_database_of_an_older_revision_is_refused_with_the_way_out(
    new_store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = migrate.upgrade(new_store_url)
    monkeypatch.setattr(migrate, "head", lambda: "9999")
    with pytest.raises(SchemaError, match=f"is at schema {held}, this program needs 9999: run `monitor db upgrade`"):
        SqlStore(new_store_url)


def test_a_database_of_a_later_version_is_refused_and_not_upgraded(new_store_url: str) -> None:
    migrate.upgrade(new_store_url)
    execute(new_store_url, "UPDATE alembic_version SET version_num = '7777'")
    with pytest.raises(SchemaError, match="7777, which this program does not know"):
        SqlStore(new_store_url)
    with pytest.raises(SchemaError, match="later version"):
        migrate.upgrade(new_store_url)


def test_migrations_run_from_an_installed_package_in_any_folder(tmp_path: Path) -> None:
    """The layout of the wheel: ``alembic/`` travels as ``monitor/_alembic``. The program's logging is left alone."""
    package = Path(monitor.__file__).parent
    shutil.copytree(package, tmp_path / "site" / "monitor", ignore=shutil.ignore_patterns("__pycache__", "_alembic"))
    shutil.copytree(migrate.script_location(), tmp_path / "site" / "monitor" / "_alembic")
    program = (
        "import logging, monitor; from monitor.store import migrate;"
        "logging.getLogger('host').setLevel(logging.DEBUG); before = list(logging.getLogger().handlers);"
        "print(monitor.__file__, migrate.upgrade('sqlite:///here.db'), migrate.script_location());"
        "assert logging.getLogger('host').level == logging.DEBUG and not logging.getLogger('host').disabled;"
        "assert logging.getLogger().handlers == before"
    )
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=elsewhere,
        env={**os.environ, "PYTHONPATH": str(tmp_path / "site")},
        capture_output=True,
        text=True,
        check=True,
    )
    site = tmp_path / "site" / "monitor"
    assert done.stdout.split() == [str(site / "__init__.py"), migrate.head(), str(site / "_alembic")]
    assert (elsewhere / "here.db").is_file()


OLD_STORIES = (
    (1, None, {"names": {"abe": 4.0, "kono": 1.0}, "acts": {"act:meet": 2.5}, "terms": {"en:islands": 3.4}}),
    (2, 1, {"names": {"abe": 1.0}}),
    (3, 2, {}),
)
"""Stories of a database at 0002: id, the story it goes on from, profile."""


def keep_old_stories(url: str) -> None:
    engine = open_engine(url)
    moment = "0" if engine.dialect.name == "sqlite" else "to_timestamp(0)"
    statement = text(
        "INSERT INTO story (id, opened_at, last_at, linked_to, version, story)"
        f" VALUES (:id, {moment}, {moment}, :linked_to, 1, :story)"
    ).bindparams(bindparam("story", type_=Json()))
    with engine.begin() as connection:
        for number, linked_to, profile in OLD_STORIES:
            story = json.dumps({"title": f"Story {number}", "profile": profile}).encode()
            connection.execute(statement, {"id": number, "linked_to": linked_to, "story": story})
    engine.dispose()


def answers(url: str, statement: str) -> list[tuple[object, ...]]:
    engine = open_engine(url)
    with engine.connect() as connection:
        found = [tuple(row) for row in connection.execute(text(statement))]
    engine.dispose()
    return found


def test_the_stories_of_an_older_database_are_found_by_what_they_hold(new_store_url: str) -> None:
    migrate.upgrade(new_store_url, "0002")
    keep_old_stories(new_store_url)
    migrate.upgrade(new_store_url)
    abe, kono, meet, islands = hashed(["abe", "kono", "act:meet", "en:islands"])
    assert sorted(answers(new_store_url, "SELECT story_id, key, times FROM story_key")) == sorted(
        [(1, abe, 4), (1, kono, 1), (1, meet, 2), (1, islands, 3), (2, abe, 1)]
    )
    assert sorted(answers(new_store_url, "SELECT key, stories FROM key_count")) == sorted(
        [(abe, 2), (kono, 1), (meet, 1), (islands, 1)]
    )


def test_the_stories_of_an_older_database_stand_in_their_threads_of_events(new_store_url: str) -> None:
    migrate.upgrade(new_store_url, "0002")
    keep_old_stories(new_store_url)
    migrate.upgrade(new_store_url)
    assert answers(new_store_url, "SELECT id, linked_to, events FROM story ORDER BY id") == [
        (1, None, None), (2, 1, 1), (3, 2, 1),
    ]  # fmt: skip


def test_an_older_program_finds_its_stories_again_after_a_downgrade(new_store_url: str) -> None:
    migrate.upgrade(new_store_url, "0002")
    before = schema(new_store_url)
    keep_old_stories(new_store_url)
    migrate.upgrade(new_store_url)
    assert migrate.downgrade(new_store_url, "0002") == "0002"
    assert schema(new_store_url) == before
    assert answers(new_store_url, "SELECT id, linked_to FROM story ORDER BY id") == [(1, None), (2, 1), (3, 2)]
