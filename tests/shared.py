"""Recorded feeds and labelled data that are no part of the repository: they belong to others, and tests only measure on them."""

from __future__ import annotations

from pathlib import Path

import pytest

SHARED = Path(__file__).parents[2] / "shared"

needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason="the folder `shared` does not stand beside the project")
