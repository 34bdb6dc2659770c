"""Every error raised on purpose. Its docstring is its meaning; ``retry`` says whether trying again can help.

Nothing here is raised for what the world does wrong while the daemon runs (a dead feed, a refusing Slack): those are
values (``Problem``, ``SendStatus``), since the walk goes on.
"""

from __future__ import annotations


class MonitorError(Exception):
    """The base of all errors raised on purpose; never raised itself."""

    retry = False
    exit_code = 1


class ConfigError(MonitorError):
    """Something in ``config/`` or the environment is wrong. One line says the file, the key, the value and the fix."""

    exit_code = 2

    def __init__(self, file: str, key: str, value: object, fix: str) -> None:
        self.file, self.key, self.value, self.fix = file, key, value, fix
        where = f"{file}: {key}" if key else file
        shown = "" if value is None else f" = {value!r}"
        super().__init__(f"{where}{shown}: {fix}")


class ConfigErrors(MonitorError):
    """Several mistakes in ``config/`` at once, so that one run of ``monitor check`` shows them all."""

    exit_code = 2

    def __init__(self, errors: tuple[ConfigError, ...]) -> None:
        self.errors = errors
        super().__init__("\n".join(str(error) for error in errors))


class UsageError(MonitorError):
    """A command was asked for something that cannot be: an unknown id, a missing file, a date that is none."""

    exit_code = 2


class AnotherInstanceError(MonitorError):
    """Another daemon works on this database. Two would send everything twice, so the second one goes."""

    exit_code = 3


class StoreError(MonitorError):
    """The database said no: unreachable, full, locked beyond patience, or of a schema this version does not know."""

    retry = True


class SchemaError(MonitorError):
    """The database is at another schema version than this program. ``monitor db upgrade`` mends an older one."""
