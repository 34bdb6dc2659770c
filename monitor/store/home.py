"""Where a database lies, as one short name: the same after a restart, another one for a copy that was put elsewhere.

It never says where to anybody: machine, path and file go in as a digest. A host's name is no part of it, since a
container gets a new one at each start; nor is the machine that a daemon works from, where the database is a server's.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from monitor.store.engine import sqlite_file

MACHINE = Path("/etc/machine-id")
"""Written when a system is installed; containers mostly have none, and their volumes' files are told apart anyway."""


def home(connection: Connection) -> str:
    """The name; empty for a database in memory, which has nowhere to be moved to."""
    if connection.dialect.name == "postgresql":
        return _digest(_cluster(connection))
    file = sqlite_file(connection.engine.url)
    if file is None:
        return ""
    try:
        machine = MACHINE.read_text(encoding="ascii", errors="replace").strip()
    except OSError:
        machine = ""
    return _digest(f"{machine}|{file.resolve()}|{file.stat().st_ino}")


def _cluster(connection: Connection) -> str:
    """The server's own number, given when its cluster was made, and the database's within it: a dump has another."""
    database = connection.scalar(text("SELECT oid FROM pg_database WHERE datname = current_database()"))
    try:
        with connection.begin_nested():
            system = connection.scalar(text("SELECT system_identifier FROM pg_control_system()"))
    except DBAPIError:  # a host may keep that function for itself
        system = ""
    return f"{system}|{database}"


def _digest(place: str) -> str:
    return hashlib.sha256(place.encode()).hexdigest()[:16]
