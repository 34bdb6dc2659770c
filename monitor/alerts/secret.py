"""A secret that may stand in a file, read again for each use: a new one needs no restart. It is never printed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from pydantic import SecretStr


def reader(given: SecretStr | None, file: Path | None) -> Callable[[], str]:
    """What gives the secret of now; nothing where there is none. A file that cannot be read leaves what was given."""
    fixed = given.get_secret_value() if given is not None else ""

    def secret() -> str:
        try:
            return file.read_text(encoding="utf-8").strip() if file else fixed
        except OSError:
            return fixed

    return secret
