"""Stories, their developments, and the words they are told apart by.

It never chooses a story: it hands out candidates and writes what the rooms decided.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Integer, bindparam, insert, literal, select, update

from monitor.entities import (
    AlertReason,
    Article,
    ArticleId,
    Assignment,
    Detection,
    Development,
    DevelopmentId,
    Profile,
    Story,
    StoryId,
)
from monitor.errors import StoreError
from monitor.store import tables as t
from monitor.store.codec import Codec, pack, unpack
from monitor.store.session import Part, among, inserting, new_id, on_both, row_each
from monitor.store.types import Words

STORY = Codec(Story, columns=("id",), nested={"profile": {"vector"}})
DETECTION = Codec(Detection)

STORIES = on_both(lambda dialect: select(t.story).where(among(t.story.c.id, dialect)))
CANDIDATES = (
    select(t.story.c.id, t.story.c.version)
    .where(t.story.c.last_at >= bindparam("since"), t.story.c.opened_at <= bindparam("until"))
    .order_by(t.story.c.last_at.desc(), t.story.c.id.desc())
    .limit(bindparam("most", type_=Integer()))
)
VERSION = select(t.story.c.version).where(t.story.c.id == bindparam("story"))
OPEN = insert(t.story)
FIRST_VERSION = 1
"""A story's version when it is opened: the column's default."""
SAVE = (
    update(t.story)
    .where(t.story.c.id == bindparam("at_id"))
    .values(
        {name: bindparam(name) for name in ("opened_at", "last_at", "muted_until", "linked_to", "story", "vector")}
        | {"version": t.story.c.version + 1}
    )
    .returning(t.story.c.version)
)
DEVELOPED = insert(t.development)


def _learning(dialect: str) -> Any:
    """One more article of a language, and how many there were before."""
    one_more = inserting(t.learnt, dialect).values(lang=bindparam("of"), articles=1)
    counted = one_more.on_conflict_do_update(index_elements=["lang"], set_={"articles": t.learnt.c.articles + 1})
    return counted.returning((t.learnt.c.articles - 1).label("before"))


def _counting(dialect: str) -> Any:
    """One more article for each term of ``:values``, and how many there were before."""
    rows = row_each(dialect, bindparam("of", type_=Words()).label("lang"), after=[literal(1, literal_execute=True)])
    one_more = inserting(t.term, dialect).from_select(["lang", "term", "articles"], rows, include_defaults=False)
    counted = one_more.on_conflict_do_update(index_elements=["lang", "term"], set_={"articles": t.term.c.articles + 1})
    return counted.returning(t.term.c.term, (t.term.c.articles - 1).label("before"))


LEARN = on_both(_learning)
COUNT = on_both(_counting)


class StoryQueries(Part):
    """The story side of a transaction."""

    def candidates(self, now: dt.datetime, *, horizon: dt.timedelta, limit: int = 400) -> Sequence[Story]:
        """Stories that moved within the horizon before ``now``, latest first.

        A story that opened later than a horizon after ``now`` is none: articles of the past find the stories of theirs.
        """
        asked = {"since": now - horizon, "until": now + horizon, "most": limit}
        versions = {StoryId(row.id): row.version for row in self._db.execute(CANDIDATES, asked)}
        cache = self._session.stories
        held = {story: kept for story, version in versions.items() if (kept := cache.get(story, version))}
        held |= self._load([story for story in versions if story not in held])
        return [held[story] for story in versions]

    def story(self, story: StoryId) -> Story | None:
        """One story by id."""
        version = self._db.scalar(VERSION, {"story": story})
        if version is None:
            return None
        return self._session.stories.get(story, version) or self._load([story]).get(story)

    def open_story(self, article: Article, assignment: Assignment, profile: Profile) -> StoryId:
        """A new story, titled as its first article and still empty: ``stories.absorb`` counts what it holds."""
        story = Story(
            id=StoryId(0),
            title=article.title,
            lang=article.lang,
            opened_at=article.published_at,
            last_at=article.published_at,
            linked_to=assignment.linked_to,
            profile=profile,
        )
        columns, whole = _columns(story)
        opened = replace(story, id=StoryId(new_id(self._db.execute(OPEN, columns))))
        if whole:
            self._session.stories.put(opened, FIRST_VERSION)
        return opened.id

    def save_story(self, story: Story) -> None:
        """Write a story that moved."""
        columns, whole = _columns(story)
        version = self._db.scalar(SAVE, {"at_id": story.id, **columns})
        if version is None:
            raise StoreError(f"story s{story.id} is not there to be saved")
        if whole:
            self._session.stories.put(story, version)

    def learn_terms(self, lang: str, terms: Sequence[str]) -> tuple[int, Mapping[str, int]]:
        """Count one article's distinct terms.

        Answers how many articles of the language were learnt before it, and in how many of them each term stood.
        """
        dialect, distinct = self._session.dialect, sorted(set(terms))
        learnt = self._db.scalar(LEARN[dialect], {"of": lang}) or 0
        if not distinct:
            return learnt, {}
        asked = {"of": lang, "values": self._session.values(distinct)}
        before = {row.term: row.before for row in self._db.execute(COUNT[dialect], asked)}
        return learnt, {text: before.get(text, 0) for text in distinct}

    def add_development(
        self, story: StoryId, article: ArticleId, detection: Detection, alert: AlertReason, now: dt.datetime
    ) -> DevelopmentId:
        """A development, told or not."""
        row = {
            "story_id": story,
            "article_id": article,
            "at": now,
            "kind": detection.reason,
            "weight": detection.weight,
            "alert": alert,
            "detection": DETECTION.dump(detection),
        }
        return DevelopmentId(new_id(self._db.execute(DEVELOPED, row)))

    def developments(self, story: StoryId) -> Sequence[Development]:
        """A story's developments, oldest first."""
        query = select(t.development).where(t.development.c.story_id == story).order_by(t.development.c.id)
        return [development_of(row) for row in self._db.execute(query)]

    def _load(self, stories: Sequence[StoryId]) -> Mapping[StoryId, Story]:
        """Decode stories, and keep them for the next transaction."""
        loaded: dict[StoryId, Story] = {}
        if not stories:
            return loaded
        for row in self._db.execute(STORIES[self._session.dialect], {"values": self._session.values(stories)}):
            story = story_of(row)
            self._session.stories.put(story, row.version)
            loaded[story.id] = story
        return loaded


def story_of(row: Any) -> Story:
    """A story row as an entity."""
    story = STORY.load(row.story, id=row.id)
    return replace(story, profile=replace(story.profile, vector=unpack(row.vector))) if row.vector else story


def development_of(row: Any) -> Development:
    """A development row as an entity."""
    detection = DETECTION.load(row.detection)
    return Development(
        id=DevelopmentId(row.id),
        story=StoryId(row.story_id),
        article=ArticleId(row.article_id),
        kind=detection.reason,
        weight=detection.weight,
        news=detection.news,
        at=row.at,
        alert=AlertReason(row.alert),
    )


def _columns(story: Story) -> tuple[dict[str, Any], bool]:
    """A story as its row holds it, and whether that is all of the story."""
    raw, whole = STORY.written(story)
    columns = {
        "opened_at": story.opened_at,
        "last_at": story.last_at,
        "muted_until": story.muted_until,
        "linked_to": story.linked_to,
        "story": raw,
        "vector": pack(story.profile.vector) if story.profile.vector else None,
    }
    return columns, whole
