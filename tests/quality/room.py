"""The rooms that read and decide, built from the project's own configuration, and a stream told to them in memory.

Never touches a database: stories live in a dict for as long as a test.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from monitor.embed import UseEmbedder
from monitor.entities import Assignment, Detection, Story, StoryId, Told
from monitor.facts import Extractor, Vocabulary
from monitor.lexicon import Lexicon
from monitor.settings.files import load_beat, load_lexicon, load_names, load_topics
from monitor.stories import Stories
from tests import make

CONFIG = Path(__file__).parents[2] / "config"
LEAD = 600  # characters beside the title that stand for an article's meaning, as in the pipeline
HORIZON = dt.timedelta(days=60)


@lru_cache(maxsize=1)
def lexicon() -> Lexicon:
    """The names of ``config/names``."""
    return Lexicon(load_names(CONFIG))


@lru_cache(maxsize=1)
def extractor() -> Extractor:
    """The extractor over ``config/lexicon``."""
    return Extractor(lexicon(), Vocabulary.from_tables(load_lexicon(CONFIG)))


@lru_cache(maxsize=1)
def embedder() -> UseEmbedder:
    """Meaning, centred on the topics' own words."""
    topics = load_topics(CONFIG, tuple(lexicon().names.values()))
    samples = {
        lang: [topic.description[lang] for topic in topics]
        + [p.text for topic in topics for p in topic.phrases.get(lang, ())]
        for lang in ("en", "ja", "ru")
    }
    return UseEmbedder(samples)


@lru_cache(maxsize=1)
def stories() -> Stories:
    """The decider, with the beat's two sides as what every article carries."""
    beat = load_beat(CONFIG, tuple(lexicon().names.values()))
    return Stories(extractor(), common=frozenset(beat.sides))


def tell(title: str, lang: str, at: dt.datetime = make.NOW, *, text: str = "", publisher: str = "harbour") -> Told:
    """An article with all that is read out of it, meaning included."""
    article = make.article(title, lang=lang, text=text, published_at=at, publisher=publisher, family=publisher)
    reading = lexicon().read(title, text, lang, on=at.date())
    reading = replace(reading, vector=embedder().embed([f"{title}\n{text[:LEAD]}"], lang)[0])
    return Told(article=article, reading=reading, facts=extractor().extract(article, reading))


class Stream:
    """Articles told one after the other: what became of each. Never forgets a story."""

    def __init__(self) -> None:
        self.stories: dict[StoryId, Story] = {}
        self._terms: dict[str, Counter[str]] = defaultdict(Counter)
        self._learnt: Counter[str] = Counter()

    def take(self, told: Told) -> tuple[StoryId, Assignment, Detection]:
        """The story an article went to, why, and what it changed there."""
        room, now = stories(), told.article.published_at
        candidates = sorted(
            (story for story in self.stories.values() if now - story.last_at <= HORIZON),
            key=lambda s: s.last_at,
            reverse=True,
        )
        assignment = room.assign(told, candidates, self._frequencies(told), now)
        story = self.stories.get(assignment.story) if assignment.story is not None else None
        detection = room.detect(told, story, copy=None, edited=False, now=now, assignment=assignment)
        if story is None:
            article = told.article
            story = Story(
                id=StoryId(len(self.stories) + 1),
                title=article.title,
                lang=article.lang,
                opened_at=now,
                last_at=now,
                profile=room.profile(told),
            )
        self.stories[story.id] = room.absorb(story, told)
        return story.id, assignment, detection

    def _frequencies(self, told: Told) -> tuple[int, dict[str, int]]:
        lang = told.article.lang
        terms = {term for sentence in told.reading.sentences for term in sentence.terms}
        known = {term: self._terms[lang][term] for term in terms if term in self._terms[lang]}
        before = self._learnt[lang]
        self._terms[lang].update(terms)
        self._learnt[lang] += 1
        return before, known
