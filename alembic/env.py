"""Runs the migrations on the connection that ``monitor.store.migrate`` hands over.

It never opens a database by itself and leaves the logging of the program it runs in alone.
"""

from alembic import context

from monitor.store.tables import metadata

connection = context.config.attributes.get("connection")
if connection is None:
    raise SystemExit("run `monitor db upgrade`: migrations take their database from monitor, not from alembic.ini")

context.configure(
    connection=connection,
    target_metadata=metadata,
    compare_type=True,
    compare_server_default=True,
    # SQLite changes a table by copying it; PostgreSQL ignores this.
    render_as_batch=True,
    # SQLite can undo a CREATE TABLE too: a migration that fails leaves the database as it was.
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
