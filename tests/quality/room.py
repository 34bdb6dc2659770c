"""The rooms that read and decide, as the product builds them from the shipped configuration, for tests of one room.

Nothing is built here in another way than in ``monitor.app``.
"""

from __future__ import annotations

from functools import lru_cache

from monitor.app import App
from monitor.facts import Extractor
from monitor.lexicon import Lexicon
from monitor.pipeline import Rooms
from monitor.stories import Stories
from tests.quality.stream import ROOT, config

CONFIG = ROOT / "config"


@lru_cache(maxsize=1)
def rooms() -> Rooms:
    """All of them; the encoder is loaded by the first text that needs it."""
    return App(config(), url="sqlite://", throwaway=True).rooms


def lexicon() -> Lexicon:
    """The names of ``config/names``."""
    return rooms().lexicon


def extractor() -> Extractor:
    """The extractor over ``config/lexicon``."""
    return rooms().extractor


def stories() -> Stories:
    """The decider of stories."""
    return rooms().stories
