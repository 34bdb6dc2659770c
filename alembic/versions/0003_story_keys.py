"""What stories are found by, and the threads of events they stand in; both filled from the stories that are there.

Revision 0003, after 0002. A migration that was released never changes, so it names its types itself.
"""

import json
from collections import Counter
from collections.abc import Mapping

import sqlalchemy as sa
import xxhash
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

KEYS = 96
"""Keys of a story at most."""
BATCH = 500
"""Stories read at once."""


def moment() -> sa.types.TypeEngine[object]:
    """A time: microseconds since 1970 on SQLite."""
    return sa.TIMESTAMP(timezone=True).with_variant(sa.BigInteger(), "sqlite")


def row_id() -> sa.types.TypeEngine[int]:
    """A row id, or a reference to one."""
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "story_key",
        sa.Column("key", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("opened_at", moment(), nullable=False),
        sa.Column("story_id", row_id(), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("key", "opened_at", "story_id", name="pk_story_key"),
        sa.ForeignKeyConstraint(["story_id"], ["story.id"], name="fk_story_key_story_id", ondelete="CASCADE"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_story_key_story_id", "story_key", ["story_id"])
    op.create_table(
        "key_count",
        sa.Column("key", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("stories", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_key_count"),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("story") as table:
        table.add_column(sa.Column("events", row_id()))
        table.create_foreign_key("fk_story_events", "story", ["events"], ["id"], ondelete="SET NULL")
        table.create_index("ix_story_events", ["events"])
    _fill_keys()
    _fill_events()


def downgrade() -> None:
    with op.batch_alter_table("story") as table:
        table.drop_index("ix_story_events")
        table.drop_constraint("fk_story_events", type_="foreignkey")
        table.drop_column("events")
    op.drop_table("key_count")
    op.drop_table("story_key")


def _fill_keys() -> None:
    """Each story's keys from its profile, and in how many stories each of them stands."""
    database = op.get_bind()
    read = sa.text(
        "SELECT id, opened_at, CAST(story AS TEXT) AS story FROM story WHERE id > :after ORDER BY id LIMIT :most"
    )
    write = sa.text(
        "INSERT INTO story_key (key, opened_at, story_id, times) VALUES (:key, :opened_at, :story_id, :times)"
    )
    after = 0
    while rows := database.execute(read, {"after": after, "most": BATCH}).all():
        after = rows[-1].id
        keys = [
            {"key": key, "opened_at": row.opened_at, "story_id": row.id, "times": times}
            for row in rows
            for key, times in _keys(json.loads(row.story).get("profile") or {}).items()
        ]
        if keys:
            database.execute(write, keys)
    database.execute(sa.text("INSERT INTO key_count (key, stories) SELECT key, count(*) FROM story_key GROUP BY key"))


def _keys(profile: Mapping[str, Mapping[str, float]]) -> dict[int, int]:
    """The weightiest names, acts and things of a profile, and after them its words; a weight counts its articles."""
    both = Counter({**profile.get("names", {}), **profile.get("acts", {})})
    ranked = [*_ranked(both), *_ranked(profile.get("terms", {}))]
    found: dict[int, int] = {}
    for name, weight in ranked[:KEYS]:
        found.setdefault(_hash(name), max(1, int(weight)))
    return found


def _ranked(bag: Mapping[str, float]) -> list[tuple[str, float]]:
    return sorted(bag.items(), key=lambda each: (-each[1], each[0]))


def _hash(key: str) -> int:
    value = xxhash.xxh3_64_intdigest(key.encode("utf-8", "replace"))
    return value - (1 << 64) if value >> 63 else value


def _fill_events() -> None:
    """Each linked story's thread, named by the first story of its chain of links."""
    database = op.get_bind()
    linked = {
        row.id: row.linked_to
        for row in database.execute(sa.text("SELECT id, linked_to FROM story WHERE linked_to IS NOT NULL"))
    }
    threads = []
    for story in sorted(linked):
        first, seen = story, {story}
        while (before := linked.get(first)) is not None and before not in seen:
            first = before
            seen.add(before)
        if first != story:
            threads.append({"story": story, "events": first})
    if threads:
        database.execute(sa.text("UPDATE story SET events = :events WHERE id = :story"), threads)
