"""``monitor db``: the database's schema, health and size."""

from __future__ import annotations

from monitor.cli.common import AsJson, ConfigDir, open_app, print_json, say, utc_now
from monitor.errors import StoreError


def upgrade(config: ConfigDir = None, as_json: AsJson = False) -> None:
    """Bring the database to the schema of this version. Data stays; run twice, the second does nothing.

    Example:
      monitor db upgrade
    """
    from monitor.store import migrate

    app = open_app(config, brief=True)
    try:
        before = migrate.current(app.url)
        after = migrate.upgrade(app.url)
    except OSError as error:
        raise StoreError(f"the database's folder cannot be made: {error.filename}: {error.strerror}") from None
    if as_json:
        print_json({"before": before, "after": after})
    elif before == after:
        say(f"Schema {after}: nothing to do.")
    else:
        say(f"Schema {before or 'none'} → {after}.")


def check(config: ConfigDir = None, as_json: AsJson = False) -> None:
    """Look for damage: schema, and on SQLite every page and reference. Exit code 1 if there is any.

    Example:
      monitor db check
    """
    app = open_app(config, brief=True)
    problems = app.store.check()
    if as_json:
        print_json({"ok": not problems, "problems": problems})
    for problem in () if as_json else problems or ("The database is sound.",):
        say(problem)
    if problems:
        raise StoreError(f"the database has {len(problems)} problems; restore a backup (docs/operations.md)")


def vacuum(config: ConfigDir = None, as_json: AsJson = False) -> None:
    """Give space back to the disk. SQLite keeps writers waiting meanwhile: seconds for some hundred MB.

    Example:
      monitor db vacuum
    """
    app = open_app(config, brief=True)
    app.store.vacuum()
    if as_json:
        print_json({"ok": True})
    else:
        say("Done.")


def prune(config: ConfigDir = None, as_json: AsJson = False) -> None:
    """Forget what [retention] lets go: old raw bodies, evidence of what was never ours. The daemon does it by itself.

    Example:
      monitor db prune
    """
    app = open_app(config, brief=True)
    pruned = app.prune(utc_now())
    if as_json:
        print_json(pruned)
    else:
        say(f"Forgot {pruned.raw_bodies} raw bodies and the evidence of {pruned.off_beat_accounts} off-beat entries.")


COMMANDS = {"upgrade": upgrade, "check": check, "vacuum": vacuum, "prune": prune}
