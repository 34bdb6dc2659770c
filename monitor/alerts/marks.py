"""What makes one outbox row recognisable outside our database. Never a secret, never text from outside."""

from __future__ import annotations

from monitor.entities import OutboxRow


def mark(row: OutboxRow) -> str:
    """A name no other row has, of this database or of another one that once used the same channel or folder.

    The id alone would not do: a new database counts from 1 again, so key and moment of creation stand beside it.
    """
    return f"{row.id}-{row.dedup_key[:16]}-{int(row.created_at.timestamp() * 1_000_000):x}"
