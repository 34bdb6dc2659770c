"""Stories, their developments, and the words they are told apart by.

It never chooses a story: it hands out candidates and writes what the rooms decided.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Integer, Select, bindparam, func, insert, literal_column, select, update

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
from monitor.store.keys import KeyQueries
from monitor.store.session import among, inserting, on_both, row_each
from monitor.store.types import Words

STORY = Codec(Story, columns=("id", "events"), nested={"profile": {"vector"}})
DETECTION = Codec(Detection)

STORIES = on_both(lambda dialect: select(t.story).where(among(t.story.c.id, dialect)))
FOUND = 60
"""Stories an article is compared with because of the keys they share with it."""
NEAR_BEFORE, NEAR_AFTER = 300, 100
"""Stories whose meaning is looked at: those that moved last before an article, and first after it. Of an article of
today there are none after it. One in another language may share no key with it."""
ALIKE = 20
"""Of these, the stories it is compared with because they mean most nearly the same …"""
LATEST = 10
"""… and because they moved next to it."""


def _moved(direction: str) -> Select[Any]:
    """Stories that moved next to a moment, on one side of it."""
    moved, story = t.story.c.last_at, t.story.c.id
    query = select(story, t.story.c.version)
    if direction == "before":
        query = query.where(moved.between(bindparam("since"), bindparam("at"))).order_by(
            moved.desc(), t.story.c.id.desc()
        )
    else:
        query = query.where(moved > bindparam("at"), moved <= bindparam("until")).order_by(moved, story)
    return query.limit(bindparam(direction, type_=Integer()))


NEAR = (_moved("before"), _moved("after"))
VERSIONS = on_both(lambda dialect: select(t.story.c.id, t.story.c.version).where(among(t.story.c.id, dialect)))
VECTORS = on_both(lambda dialect: select(t.story.c.id, t.story.c.vector).where(among(t.story.c.id, dialect)))
BUSY_MOST = 2000
"""Articles of the same days that are counted at most: busier does not come, and a count of millions takes seconds."""
BUSY = select(func.count()).select_from(
    select(t.article.c.id)
    .where(t.article.c.published_at.between(bindparam("since"), bindparam("until")))
    .limit(BUSY_MOST)
    .subquery()
)
VERSION = select(t.story.c.version).where(t.story.c.id == bindparam("story"))
OPEN = insert(t.story)
FIRST_VERSION = 1
"""A story's version when it is opened: the column's default."""
SAVED = ("opened_at", "last_at", "muted_until", "linked_to", "events", "story", "vector")
SAVE = (
    update(t.story)
    .where(t.story.c.id == bindparam("at_id"))
    .values({name: bindparam(name) for name in SAVED} | {"version": t.story.c.version + 1})
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
    rows = row_each(dialect, bindparam("of", type_=Words()).label("lang"), after=[literal_column("1")])
    one_more = inserting(t.term, dialect).from_select(["lang", "term", "articles"], rows, include_defaults=False)
    counted = one_more.on_conflict_do_update(index_elements=["lang", "term"], set_={"articles": t.term.c.articles + 1})
    return counted.returning(t.term.c.term, (t.term.c.articles - 1).label("before"))


LEARN = on_both(_learning)
COUNT = on_both(_counting)


class StoryQueries(KeyQueries):
    """The story side of a transaction."""

    def candidates(
        self, keys: Sequence[str], vector: Sequence[float], now: dt.datetime, *, horizon: dt.timedelta
    ) -> Sequence[Story]:
        """Stories an article of this moment may belong to, those that moved last first.

        They share the rarest of its keys, however long they have rested; or moved within the horizon around ``now``
        and mean most nearly the same, or moved next to it. How many there are does not grow with the database.
        """
        versions = self._near(vector, now, horizon)
        sharing = [story for story in self._sharing(keys, now, FOUND) if story not in versions]
        if sharing:
            asked = {"values": self._session.values(sharing)}
            rows = self._ask(VERSIONS[self._session.dialect], asked)
            versions |= {StoryId(story): version for story, version in rows}
        cache = self._session.stories
        held = {story: kept for story, version in versions.items() if (kept := cache.get(story, version))}
        held |= self._load([story for story in versions if story not in held])
        return sorted(held.values(), key=lambda story: (story.last_at, story.id), reverse=True)

    def _near(self, vector: Sequence[float], now: dt.datetime, horizon: dt.timedelta) -> dict[StoryId, int]:
        """Stories that moved next to ``now`` or mean most nearly the same as one with this vector, and their versions.

        Where nothing has a vector, more of those that moved next to it take the place of those alike.
        """
        around = {"since": now - horizon, "at": now, "until": now + horizon}
        before, after = (
            [(StoryId(story), version) for story, version in self._ask(query, {**around, side: most})]
            for query, side, most in zip(NEAR, ("before", "after"), (NEAR_BEFORE, NEAR_AFTER), strict=True)
        )
        latest = LATEST if vector else LATEST + ALIKE
        chosen = dict((*before[:latest], *after[:latest]))
        others = [story for story in (*before, *after) if story[0] not in chosen]
        if not vector or not others:
            return chosen
        cache = self._session.stories.vectors
        missing = dict(cache.missing(others))
        if missing:
            asked = {"values": self._session.values(missing)}
            for story, read in self._ask(VECTORS[self._session.dialect], asked):
                cache.put(StoryId(story), missing[StoryId(story)], unpack(read))
        return chosen | dict(cache.nearest(vector, others, ALIKE))

    def busy(self, at: dt.datetime, *, within: dt.timedelta) -> int:
        """How many articles were published within so long before or after ``at``."""
        return int(self._ask(BUSY, {"since": at - within, "until": at + within})[0][0])

    def story(self, story: StoryId) -> Story | None:
        """One story by id."""
        found = self._ask(VERSION, {"story": story})
        if not found:
            return None
        version = found[0][0]
        return self._session.stories.get(story, version) or self._load([story]).get(story)

    def open_story(
        self, article: Article, assignment: Assignment, profile: Profile, *, events: StoryId | None = None
    ) -> StoryId:
        """A new story, titled as its first article and still empty: ``stories.absorb`` counts what it holds.

        ``events`` is the thread of events that it goes on with.
        """
        story = Story(
            id=StoryId(0),
            title=article.title,
            lang=article.lang,
            opened_at=article.published_at,
            last_at=article.published_at,
            linked_to=assignment.linked_to,
            events=events,
            profile=profile,
        )
        columns, whole = _columns(story)
        opened = replace(story, id=StoryId(self._do(OPEN, columns).id))
        if whole:
            self._keep(opened, FIRST_VERSION)
        return opened.id

    def save_story(self, story: Story) -> None:
        """Write a story that moved."""
        columns, whole = _columns(story)
        saved = self._ask(SAVE, {"at_id": story.id, **columns})
        if not saved:
            raise StoreError(f"story s{story.id} is not there to be saved")
        if whole:
            self._keep(story, saved[0][0])

    def learn_terms(self, lang: str, terms: Sequence[str]) -> tuple[int, Mapping[str, int]]:
        """Count one article's distinct terms.

        Answers how many articles of the language were learnt before it, and in how many of them each term stood.
        """
        dialect, distinct = self._session.dialect, sorted(set(terms))
        learnt = self._ask(LEARN[dialect], {"of": lang})[0][0]
        if not distinct:
            return learnt, {}
        asked = {"of": lang, "values": self._session.values(distinct)}
        before = dict(tuple(row) for row in self._ask(COUNT[dialect], asked))
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
        return DevelopmentId(self._do(DEVELOPED, row).id)

    def developments(self, story: StoryId) -> Sequence[Development]:
        """A story's developments, oldest first."""
        query = select(t.development).where(t.development.c.story_id == story).order_by(t.development.c.id)
        return [development_of(row) for row in self._db.execute(query)]

    def _keep(self, story: Story, version: int) -> None:
        """Hold a story as it was read or written for the next transaction."""
        cache = self._session.stories
        cache.put(story, version)
        if story.profile.vector:
            cache.vectors.put(story.id, version, story.profile.vector)

    def _load(self, stories: Sequence[StoryId]) -> Mapping[StoryId, Story]:
        """Decode stories, and keep them for the next transaction."""
        loaded: dict[StoryId, Story] = {}
        if not stories:
            return loaded
        for row in self._rows(STORIES[self._session.dialect], {"values": self._session.values(stories)}):
            story = story_of(row)
            self._keep(story, row.version)
            loaded[story.id] = story
        return loaded


def story_of(row: Any) -> Story:
    """A story row as an entity."""
    story = STORY.load(row.story, id=row.id, events=row.events)
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
        "events": story.events,
        "story": raw,
        "vector": pack(story.profile.vector) if story.profile.vector else None,
    }
    return columns, whole
