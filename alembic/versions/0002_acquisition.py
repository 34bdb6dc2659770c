"""What acquisition remembers: item digests, incidents, hosts that asked for patience, links that were followed.

Revision 0002, after 0001. A migration that was released never changes, so it names its types itself.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
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
    op.add_column("feed_state", sa.Column("items", sa.LargeBinary()))
    op.create_table(
        "hold",
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("until", moment(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("host", name="pk_hold"),
    )
    op.create_table(
        "incident",
        sa.Column("id", row_id(), nullable=False),
        sa.Column("feed_id", sa.Text()),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("opened_at", moment(), nullable=False),
        sa.Column("updated_at", moment(), nullable=False),
        sa.Column("closed_at", moment()),
        sa.Column("incident", document(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_incident"),
        sa.ForeignKeyConstraint(["feed_id"], ["feed.id"], name="fk_incident_feed_id", ondelete="CASCADE"),
    )
    op.create_index("ix_incident_closed_at", "incident", ["closed_at"])
    op.create_index("ix_incident_feed_id_kind_closed_at", "incident", ["feed_id", "kind", "closed_at"])
    op.create_index("ix_incident_opened_at", "incident", ["opened_at"])
    op.create_table(
        "link",
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("asked_at", moment(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("url", name="pk_link"),
    )


def downgrade() -> None:
    op.drop_table("link")
    op.drop_table("incident")
    op.drop_table("hold")
    with op.batch_alter_table("feed_state") as table:
        table.drop_column("items")
