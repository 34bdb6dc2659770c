"""The cellar: everything that is remembered, in SQLite or PostgreSQL.

It never decides and never reaches out: ``SqlStore`` holds the transactions, ``Views`` answers the faces, ``prune``
forgets what may be forgotten, ``migrate`` brings a database to this program's schema.
"""

from monitor.store.retention import Pruned, RetentionPolicy, prune
from monitor.store.sql import SqlStore, SqlTx
from monitor.store.views import Views

__all__ = ["Pruned", "RetentionPolicy", "SqlStore", "SqlTx", "Views", "prune"]
