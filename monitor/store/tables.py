"""The tables. What is asked for stands in columns; the rest of an entity stands beside it as JSON (``codec``).

Nothing is computed here, and no row of what was seen or alerted is ever deleted: identity and outbox are kept for ever.
``alembic/versions`` builds the same tables; ``tests/test_migrations.py`` holds the two together.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    UniqueConstraint,
    false,
)

from monitor.store.types import Id, Json, UtcTime, Words

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    }
)

# ------------------------------------------------------------------------------------------------- the front door

feed = Table(
    "feed",
    metadata,
    Column("id", Words, primary_key=True),
    Column("configured", Boolean, nullable=False),  # false: gone from the configuration, or known by its entries alone
    Column("synced_at", UtcTime),
    Column("config", Json, nullable=False),  # Feed
)

feed_state = Table(
    "feed_state",
    metadata,
    Column("feed_id", Words, ForeignKey("feed.id", ondelete="CASCADE"), primary_key=True),
    Column("next_poll_at", UtcTime, index=True),
    Column("paused", Boolean, nullable=False),
    Column("leased_by", Words),
    Column("leased_until", UtcTime),
    Column("state", Json, nullable=False),  # FeedState without paused
    Column("items", LargeBinary),  # of the document taken in last: digest and identity of each, 8 bytes and 8
)

hold = Table(
    "hold",
    metadata,
    Column("host", Words, primary_key=True),
    Column("until", UtcTime, nullable=False),
    Column("why", Words, nullable=False),
)

incident = Table(
    "incident",
    metadata,
    Column("id", Id, primary_key=True),
    Column("feed_id", Words, ForeignKey("feed.id", ondelete="CASCADE")),  # null: the house's own
    Column("kind", Words, nullable=False),
    Column("opened_at", UtcTime, nullable=False, index=True),
    Column("updated_at", UtcTime, nullable=False),
    Column("closed_at", UtcTime, index=True),
    Column("incident", Json, nullable=False),  # Incident without the columns above
    Index(None, "feed_id", "kind", "closed_at"),
)

link = Table(
    "link",
    metadata,
    Column("url", Words, primary_key=True),
    Column("target", Words, nullable=False),  # empty: not found out yet
    Column("asked_at", UtcTime, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("error", Words, nullable=False),
)

raw_body = Table(
    "raw_body",
    metadata,
    Column("id", Id, primary_key=True),
    Column("feed_id", Words, ForeignKey("feed.id", ondelete="CASCADE"), nullable=False),
    Column("at", UtcTime, nullable=False, index=True),
    Column("body_hash", Words, nullable=False),
    Column("fetched", Json, nullable=False),  # Fetched without its body
    Column("body", LargeBinary, nullable=False),  # zlib
    UniqueConstraint("feed_id", "body_hash"),
)

# --------------------------------------------------------------------------------------------------- what was seen

entry = Table(
    "entry",
    metadata,
    Column("id", Id, primary_key=True),
    Column("feed_id", Words, ForeignKey("feed.id"), nullable=False),
    Column("url", Words, nullable=False, index=True),
    Column("title", Words, nullable=False),
    Column("content_hash", Words, nullable=False),
    Column("published_at", UtcTime, nullable=False),
    Column("first_seen_at", UtcTime, nullable=False),
    Column("verdict", Words),  # null only inside the transaction that adds the entry
    Column("reason", Words),
    Column("revisions", Integer, nullable=False, server_default="0"),
    Column("account", Json),  # Account; thinned for off-beat entries, and null once retention took it
    Index(None, "feed_id", "first_seen_at"),
    Index(None, "verdict", "first_seen_at"),
)

entry_key = Table(
    "entry_key",
    metadata,
    Column("key", Words, primary_key=True),
    Column("entry_id", Id, ForeignKey("entry.id", ondelete="CASCADE"), nullable=False, index=True),
    sqlite_with_rowid=False,
)

# --------------------------------------------------------------------------------------------------------- stories

story = Table(
    "story",
    metadata,
    Column("id", Id, primary_key=True),
    Column("opened_at", UtcTime, nullable=False),
    Column("last_at", UtcTime, nullable=False, index=True),
    Column("muted_until", UtcTime),
    Column("linked_to", Id, ForeignKey("story.id", ondelete="SET NULL"), index=True),
    Column("version", Integer, nullable=False, server_default="1"),  # counts writes: a decoded story is kept by it
    Column("story", Json, nullable=False),  # Story without its id and its profile's vector
    Column("vector", LargeBinary),
    Column("events", Id, ForeignKey("story.id", ondelete="SET NULL"), index=True),  # the first story of its thread
)

story_key = Table(
    "story_key",
    metadata,
    Column("key", BigInteger, primary_key=True, autoincrement=False),  # xxh3 of a name, act, thing or word
    Column("opened_at", UtcTime, primary_key=True),  # the story's: behind a hot key, those nearest in time are read
    Column("story_id", Id, ForeignKey("story.id", ondelete="CASCADE"), primary_key=True, index=True),
    Column("times", Integer, nullable=False),  # articles of the story that brought it
    sqlite_with_rowid=False,
)

key_count = Table(
    "key_count",
    metadata,
    Column("key", BigInteger, primary_key=True, autoincrement=False),
    Column("stories", Integer, nullable=False),
    sqlite_with_rowid=False,
)

article = Table(
    "article",
    metadata,
    Column("id", Id, primary_key=True),
    Column("entry_id", Id, ForeignKey("entry.id", ondelete="CASCADE"), nullable=False, unique=True),
    Column("story_id", Id, ForeignKey("story.id", ondelete="SET NULL"), index=True),
    Column("title", Words, nullable=False),
    Column("text", Words, nullable=False),
    Column("published_at", UtcTime, nullable=False, index=True),
    Column("article", Json, nullable=False),  # Article without title and text
    Column("signature", LargeBinary, nullable=False),
)

copy_band = Table(
    "copy_band",
    metadata,
    Column("band", BigInteger, primary_key=True, autoincrement=False),
    Column("article_id", Id, ForeignKey("article.id", ondelete="CASCADE"), primary_key=True, index=True),
    sqlite_with_rowid=False,
)

revision = Table(
    "revision",
    metadata,
    Column("id", Id, primary_key=True),
    Column("entry_id", Id, ForeignKey("entry.id", ondelete="CASCADE"), nullable=False),
    Column("number", Integer, nullable=False),  # 0 is the first text, kept when the first edit comes
    Column("at", UtcTime, nullable=False),
    Column("title", Words, nullable=False),
    Column("text", Words, nullable=False),  # empty for off-beat entries
    Column("content_hash", Words, nullable=False),
    Column("account", Json),  # Account of the edit; the first text's account is the entry's
    UniqueConstraint("entry_id", "number"),
)

topic_match = Table(
    "topic_match",
    metadata,
    Column("article_id", Id, ForeignKey("article.id", ondelete="CASCADE"), primary_key=True),
    Column("topic", Words, primary_key=True),
    Column("score", Float, nullable=False),
    Column("background", Boolean, nullable=False),
    Column("match", Json, nullable=False),  # TopicMatch
    Index(None, "topic", "article_id"),
)

fact = Table(
    "fact",
    metadata,
    Column("article_id", Id, ForeignKey("article.id", ondelete="CASCADE"), primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("action", Words, nullable=False, index=True),
    Column("fact", Json, nullable=False),  # Fact
)

development = Table(
    "development",
    metadata,
    Column("id", Id, primary_key=True),
    Column("story_id", Id, ForeignKey("story.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("article_id", Id, ForeignKey("article.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("at", UtcTime, nullable=False, index=True),
    Column("kind", Words, nullable=False),
    Column("weight", Words, nullable=False),
    Column("alert", Words, nullable=False),
    Column("detection", Json, nullable=False),  # Detection
)

term = Table(
    "term",
    metadata,
    Column("lang", Words, primary_key=True),
    Column("term", Words, primary_key=True),
    Column("articles", Integer, nullable=False),
    sqlite_with_rowid=False,
)

learnt = Table(
    "learnt",
    metadata,
    Column("lang", Words, primary_key=True),
    Column("articles", Integer, nullable=False),
    sqlite_with_rowid=False,
)

# --------------------------------------------------------------------------------------------------- the back door

outbox = Table(
    "outbox",
    metadata,
    Column("id", Id, primary_key=True),
    Column("destination", Words, nullable=False),
    Column("story_id", Id, ForeignKey("story.id", ondelete="SET NULL")),
    Column("dedup_key", Words, nullable=False, unique=True),
    Column("state", Words, nullable=False),
    Column("created_at", UtcTime, nullable=False, index=True),
    Column("due_at", UtcTime, nullable=False),
    Column("claimed_at", UtcTime),
    Column("sent_at", UtcTime),
    Column("expires_at", UtcTime),
    Column("plain", Boolean, nullable=False, server_default=false()),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("looks", Integer, nullable=False, server_default="0"),
    Column("remote_id", Words, nullable=False),
    Column("error", Words, nullable=False),
    Column("merged_into", Id, ForeignKey("outbox.id", ondelete="SET NULL"), index=True),
    Column("payload", Words, nullable=False),
    Column("alert", Json, nullable=False),  # Alert
    Column("digest", Boolean, nullable=False, server_default=false()),
    Column("broadcast", Boolean, nullable=False, server_default=false()),
    Column("edit_due_at", UtcTime, index=True),
    Index(None, "state", "id"),
    Index(None, "story_id", "destination", "state"),
)

thread = Table(
    "thread",
    metadata,
    Column("destination", Words, primary_key=True),
    Column("story_id", Id, ForeignKey("story.id", ondelete="CASCADE"), primary_key=True, index=True),
    Column("root_outbox", Id, ForeignKey("outbox.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("thread", Json, nullable=False),  # Thread
)

channel = Table(
    "channel",
    metadata,
    Column("destination", Words, primary_key=True),
    Column("channel", Json, nullable=False),  # Channel
)

# ------------------------------------------------------------------------------------------------------ the faces

label = Table(
    "label",
    metadata,
    Column("id", Id, primary_key=True),
    Column("ref", Words, nullable=False),  # what was labelled, as it was named: e12, d5, o7 …
    Column("entry_id", Id, ForeignKey("entry.id", ondelete="CASCADE"), index=True),
    Column("label", Words, nullable=False),
    Column("by", Words, nullable=False),
    Column("at", UtcTime, nullable=False, index=True),
    Column("note", Words, nullable=False),
    UniqueConstraint("ref", "label", "by"),
)

heartbeat = Table(
    "heartbeat",
    metadata,
    Column("name", Words, primary_key=True),
    Column("at", UtcTime, nullable=False),
    Column("note", Words, nullable=False),
)

meta = Table(
    "meta",
    metadata,
    Column("key", Words, primary_key=True),
    Column("value", Words, nullable=False),
)
