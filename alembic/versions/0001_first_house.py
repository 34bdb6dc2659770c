"""The first house: feeds, entries, articles, stories, developments, outbox.

Revision 0001, after nothing. A migration that was released never changes, so it names its types itself.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def moment() -> sa.types.TypeEngine[object]:
    """A time: microseconds since 1970 on SQLite."""
    return sa.TIMESTAMP(timezone=True).with_variant(sa.BigInteger(), "sqlite")


def document() -> sa.types.TypeEngine[object]:
    """A JSON document: an entity, or what of it has no column."""
    return sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def row_id() -> sa.types.TypeEngine[int]:
    """A row id, or a reference to one."""
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "channel",
        sa.Column("destination", sa.Text(), nullable=False),
        sa.Column("channel", document(), nullable=False),
        sa.PrimaryKeyConstraint("destination", name="pk_channel"),
    )
    op.create_table(
        "feed",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("configured", sa.Boolean(), nullable=False),
        sa.Column("synced_at", moment()),
        sa.Column("config", document(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_feed"),
    )
    op.create_table(
        "heartbeat",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("at", moment(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_heartbeat"),
    )
    op.create_table(
        "learnt",
        sa.Column("lang", sa.Text(), nullable=False),
        sa.Column("articles", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("lang", name="pk_learnt"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "meta",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_meta"),
    )
    op.create_table(
        "story",
        sa.Column("id", row_id(), nullable=False),
        sa.Column("opened_at", moment(), nullable=False),
        sa.Column("last_at", moment(), nullable=False),
        sa.Column("muted_until", moment()),
        sa.Column("linked_to", row_id()),
        sa.Column("version", sa.Integer(), nullable=False, server_default="1"),
        sa.Column("story", document(), nullable=False),
        sa.Column("vector", sa.LargeBinary()),
        sa.PrimaryKeyConstraint("id", name="pk_story"),
        sa.ForeignKeyConstraint(["linked_to"], ["story.id"], name="fk_story_linked_to", ondelete="SET NULL"),
    )
    op.create_index("ix_story_last_at", "story", ["last_at"])
    op.create_index("ix_story_linked_to", "story", ["linked_to"])
    op.create_table(
        "term",
        sa.Column("lang", sa.Text(), nullable=False),
        sa.Column("term", sa.Text(), nullable=False),
        sa.Column("articles", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("lang", "term", name="pk_term"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "entry",
        sa.Column("id", row_id(), nullable=False),
        sa.Column("feed_id", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("content_hash", sa.Text(), nullable=False),
        sa.Column("published_at", moment(), nullable=False),
        sa.Column("first_seen_at", moment(), nullable=False),
        sa.Column("verdict", sa.Text()),
        sa.Column("reason", sa.Text()),
        sa.Column("revisions", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("account", document()),
        sa.PrimaryKeyConstraint("id", name="pk_entry"),
        sa.ForeignKeyConstraint(["feed_id"], ["feed.id"], name="fk_entry_feed_id"),
    )
    op.create_index("ix_entry_feed_id_first_seen_at", "entry", ["feed_id", "first_seen_at"])
    op.create_index("ix_entry_url", "entry", ["url"])
    op.create_index("ix_entry_verdict_first_seen_at", "entry", ["verdict", "first_seen_at"])
    op.create_table(
        "feed_state",
        sa.Column("feed_id", sa.Text(), nullable=False),
        sa.Column("next_poll_at", moment()),
        sa.Column("paused", sa.Boolean(), nullable=False),
        sa.Column("leased_by", sa.Text()),
        sa.Column("leased_until", moment()),
        sa.Column("state", document(), nullable=False),
        sa.PrimaryKeyConstraint("feed_id", name="pk_feed_state"),
        sa.ForeignKeyConstraint(["feed_id"], ["feed.id"], name="fk_feed_state_feed_id", ondelete="CASCADE"),
    )
    op.create_index("ix_feed_state_next_poll_at", "feed_state", ["next_poll_at"])
    op.create_table(
        "outbox",
        sa.Column("id", row_id(), nullable=False),
        sa.Column("destination", sa.Text(), nullable=False),
        sa.Column("story_id", row_id()),
        sa.Column("dedup_key", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("created_at", moment(), nullable=False),
        sa.Column("due_at", moment(), nullable=False),
        sa.Column("claimed_at", moment()),
        sa.Column("sent_at", moment()),
        sa.Column("expires_at", moment()),
        sa.Column("plain", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("attempts", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("looks", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("remote_id", sa.Text(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("merged_into", row_id()),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("alert", document(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_outbox"),
        sa.ForeignKeyConstraint(["merged_into"], ["outbox.id"], name="fk_outbox_merged_into", ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["story_id"], ["story.id"], name="fk_outbox_story_id", ondelete="SET NULL"),
        sa.UniqueConstraint("dedup_key", name="uq_outbox_dedup_key"),
    )
    op.create_index("ix_outbox_created_at", "outbox", ["created_at"])
    op.create_index("ix_outbox_merged_into", "outbox", ["merged_into"])
    op.create_index("ix_outbox_state_id", "outbox", ["state", "id"])
    op.create_index("ix_outbox_story_id_destination_state", "outbox", ["story_id", "destination", "state"])
    op.create_table(
        "raw_body",
        sa.Column("id", row_id(), nullable=False),
        sa.Column("feed_id", sa.Text(), nullable=False),
        sa.Column("at", moment(), nullable=False),
        sa.Column("body_hash", sa.Text(), nullable=False),
        sa.Column("fetched", document(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_raw_body"),
        sa.ForeignKeyConstraint(["feed_id"], ["feed.id"], name="fk_raw_body_feed_id", ondelete="CASCADE"),
        sa.UniqueConstraint("feed_id", "body_hash", name="uq_raw_body_feed_id_body_hash"),
    )
    op.create_index("ix_raw_body_at", "raw_body", ["at"])
    op.create_table(
        "article",
        sa.Column("id", row_id(), nullable=False),
        sa.Column("entry_id", row_id(), nullable=False),
        sa.Column("story_id", row_id()),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("published_at", moment(), nullable=False),
        sa.Column("article", document(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_article"),
        sa.ForeignKeyConstraint(["entry_id"], ["entry.id"], name="fk_article_entry_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["story_id"], ["story.id"], name="fk_article_story_id", ondelete="SET NULL"),
        sa.UniqueConstraint("entry_id", name="uq_article_entry_id"),
    )
    op.create_index("ix_article_published_at", "article", ["published_at"])
    op.create_index("ix_article_story_id", "article", ["story_id"])
    op.create_table(
        "entry_key",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("entry_id", row_id(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_entry_key"),
        sa.ForeignKeyConstraint(["entry_id"], ["entry.id"], name="fk_entry_key_entry_id", ondelete="CASCADE"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_entry_key_entry_id", "entry_key", ["entry_id"])
    op.create_table(
        "label",
        sa.Column("id", row_id(), nullable=False),
        sa.Column("ref", sa.Text(), nullable=False),
        sa.Column("entry_id", row_id()),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", moment(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_label"),
        sa.ForeignKeyConstraint(["entry_id"], ["entry.id"], name="fk_label_entry_id", ondelete="CASCADE"),
        sa.UniqueConstraint("ref", "label", "by", name="uq_label_ref_label_by"),
    )
    op.create_index("ix_label_at", "label", ["at"])
    op.create_index("ix_label_entry_id", "label", ["entry_id"])
    op.create_table(
        "revision",
        sa.Column("id", row_id(), nullable=False),
        sa.Column("entry_id", row_id(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", moment(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("content_hash", sa.Text(), nullable=False),
        sa.Column("account", document()),
        sa.PrimaryKeyConstraint("id", name="pk_revision"),
        sa.ForeignKeyConstraint(["entry_id"], ["entry.id"], name="fk_revision_entry_id", ondelete="CASCADE"),
        sa.UniqueConstraint("entry_id", "number", name="uq_revision_entry_id_number"),
    )
    op.create_table(
        "thread",
        sa.Column("destination", sa.Text(), nullable=False),
        sa.Column("story_id", row_id(), nullable=False),
        sa.Column("root_outbox", row_id(), nullable=False),
        sa.Column("thread", document(), nullable=False),
        sa.PrimaryKeyConstraint("destination", "story_id", name="pk_thread"),
        sa.ForeignKeyConstraint(["root_outbox"], ["outbox.id"], name="fk_thread_root_outbox", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["story_id"], ["story.id"], name="fk_thread_story_id", ondelete="CASCADE"),
    )
    op.create_index("ix_thread_root_outbox", "thread", ["root_outbox"])
    op.create_index("ix_thread_story_id", "thread", ["story_id"])
    op.create_table(
        "copy_band",
        sa.Column("band", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("article_id", row_id(), nullable=False),
        sa.PrimaryKeyConstraint("band", "article_id", name="pk_copy_band"),
        sa.ForeignKeyConstraint(["article_id"], ["article.id"], name="fk_copy_band_article_id", ondelete="CASCADE"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_copy_band_article_id", "copy_band", ["article_id"])
    op.create_table(
        "development",
        sa.Column("id", row_id(), nullable=False),
        sa.Column("story_id", row_id(), nullable=False),
        sa.Column("article_id", row_id(), nullable=False),
        sa.Column("at", moment(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("weight", sa.Text(), nullable=False),
        sa.Column("alert", sa.Text(), nullable=False),
        sa.Column("detection", document(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_development"),
        sa.ForeignKeyConstraint(["article_id"], ["article.id"], name="fk_development_article_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["story_id"], ["story.id"], name="fk_development_story_id", ondelete="CASCADE"),
    )
    op.create_index("ix_development_article_id", "development", ["article_id"])
    op.create_index("ix_development_at", "development", ["at"])
    op.create_index("ix_development_story_id", "development", ["story_id"])
    op.create_table(
        "fact",
        sa.Column("article_id", row_id(), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("fact", document(), nullable=False),
        sa.PrimaryKeyConstraint("article_id", "position", name="pk_fact"),
        sa.ForeignKeyConstraint(["article_id"], ["article.id"], name="fk_fact_article_id", ondelete="CASCADE"),
    )
    op.create_index("ix_fact_action", "fact", ["action"])
    op.create_table(
        "topic_match",
        sa.Column("article_id", row_id(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("background", sa.Boolean(), nullable=False),
        sa.Column("match", document(), nullable=False),
        sa.PrimaryKeyConstraint("article_id", "topic", name="pk_topic_match"),
        sa.ForeignKeyConstraint(["article_id"], ["article.id"], name="fk_topic_match_article_id", ondelete="CASCADE"),
    )
    op.create_index("ix_topic_match_topic_article_id", "topic_match", ["topic", "article_id"])


def downgrade() -> None:
    for table in (
        "topic_match",
        "fact",
        "development",
        "copy_band",
        "thread",
        "revision",
        "label",
        "entry_key",
        "article",
        "raw_body",
        "outbox",
        "feed_state",
        "entry",
        "term",
        "story",
        "meta",
        "learnt",
        "heartbeat",
        "feed",
        "channel",
    ):
        op.drop_table(table)
