"""What delivery remembers of a row: whether it goes in a digest, was shown in the channel, and is to be edited.

Revision 0004, after 0003. A migration that was released never changes, so it names its types itself.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def moment() -> sa.types.TypeEngine[object]:
    """A time: microseconds since 1970 on SQLite."""
    return sa.TIMESTAMP(timezone=True).with_variant(sa.BigInteger(), "sqlite")


def upgrade() -> None:
    op.add_column("outbox", sa.Column("digest", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("outbox", sa.Column("broadcast", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("outbox", sa.Column("edit_due_at", moment()))
    op.create_index("ix_outbox_edit_due_at", "outbox", ["edit_due_at"])


def downgrade() -> None:
    op.drop_index("ix_outbox_edit_due_at", "outbox")
    op.drop_column("outbox", "edit_due_at")
    op.drop_column("outbox", "broadcast")
    op.drop_column("outbox", "digest")
