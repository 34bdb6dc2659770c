"""What stories are found by: names, acts, things and rare words of their articles, as an index of 64-bit hashes.

It never says which story an article belongs to: it hands out those that share most, at the same cost in every database.
"""

from __future__ import annotations

import datetime as dt
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import xxhash
from sqlalchemy import ARRAY, BigInteger, Integer, Text, bindparam, func, insert, select, text, update

from monitor.entities import Stirred, Story, StoryId
from monitor.store import tables as t
from monitor.store.bulk import add_rows
from monitor.store.session import Part, among, on_both
from monitor.store.types import UtcTime

KEYS_OF_STORY = 96
"""Keys a story is found by at most: a third of a kilobyte of hashes and times; the telling ones stay."""
KEYS_ASKED = 48
"""Keys of an article that are looked up, the rarest: the others stand in so many stories that they tell none apart."""
BEFORE, AFTER = 60, 20
"""Stories looked at behind one key: those that opened last before an article, and first after it. A hot key costs no
more than a rare one, however many stories hold it."""
WEIGHT_UNIT = 1000
"""Steps of rarity to one natural logarithm: whole numbers add up alike in every order."""

COUNTS = on_both(
    lambda dialect: select(t.key_count.c.key, t.key_count.c.stories).where(among(t.key_count.c.key, dialect))
)
STORIES_EVER = select(func.max(t.story.c.id))
HELD = select(t.story_key.c.key, t.story_key.c.times).where(t.story_key.c.story_id == bindparam("story"))
AGAIN = on_both(
    lambda dialect: (
        update(t.story_key)
        .where(t.story_key.c.story_id == bindparam("story"), among(t.story_key.c.key, dialect))
        .values(times=t.story_key.c.times + 1)
    )
)
STIRRED = (
    select(t.story_key.c.story_id, t.story_key.c.times, t.story.c.last_at)
    .join(t.story, t.story.c.id == t.story_key.c.story_id)
    .where(
        t.story_key.c.key == bindparam("key"),
        t.story_key.c.opened_at.between(bindparam("since", type_=UtcTime()), bindparam("at", type_=UtcTime())),
        t.story.c.last_at >= bindparam("moved", type_=UtcTime()),
    )
    .order_by(t.story_key.c.opened_at.desc(), t.story_key.c.story_id.desc())
    .limit(BEFORE)
)
DROP = on_both(
    lambda dialect: t.story_key.delete().where(
        t.story_key.c.story_id == bindparam("story"), among(t.story_key.c.key, dialect)
    )
)
FEWER = on_both(
    lambda dialect: (
        update(t.key_count).where(among(t.key_count.c.key, dialect)).values(stories=t.key_count.c.stories - 1)
    )
)
ADD = insert(t.story_key)

_EACH = {
    "sqlite": "SELECT json_extract(value, '$[0]') AS key, json_extract(value, '$[1]') AS weight FROM json_each(:asked)",
    "postgresql": "SELECT * FROM unnest(:keys, :weights) AS each (key, weight)",
}
_MORE = {
    "sqlite": "SELECT value, 1 FROM json_each(:values) WHERE true",
    "postgresql": "SELECT each.key, 1 FROM unnest(:values) AS each (key)",
}


def _sharing(dialect: str) -> Any:
    """Stories by the rarity of what they share with an article; behind each key, those that opened nearest to it."""
    found = text(
        f"WITH asked AS MATERIALIZED ({_EACH[dialect]}) "
        "SELECT held.story_id, sum(asked.weight) AS shared FROM asked CROSS JOIN story_key AS held "
        "WHERE held.key = asked.key"
        " AND held.opened_at >= coalesce((SELECT first.opened_at FROM story_key AS first"
        "  WHERE first.key = asked.key AND first.opened_at <= :at ORDER BY first.opened_at DESC LIMIT 1 OFFSET :before"
        " ), :oldest)"
        " AND held.opened_at <= coalesce((SELECT last.opened_at FROM story_key AS last"
        "  WHERE last.key = asked.key AND last.opened_at >= :at ORDER BY last.opened_at LIMIT 1 OFFSET :after"
        " ), :newest) "
        "GROUP BY held.story_id ORDER BY shared DESC, held.story_id DESC LIMIT :most"
    ).bindparams(*(bindparam(name, type_=UtcTime()) for name in ("at", "oldest", "newest")))
    numbers = [bindparam(name, type_=Integer()) for name in ("before", "after", "most")]
    if dialect == "sqlite":
        return found.bindparams(*numbers, bindparam("asked", type_=Text()))
    many = ARRAY(BigInteger())
    return found.bindparams(*numbers, bindparam("keys", type_=many), bindparam("weights", type_=many))


def _counting(dialect: str) -> Any:
    """One more story for each key of ``:values``."""
    kind = Text() if dialect == "sqlite" else ARRAY(BigInteger())
    return text(
        f"INSERT INTO key_count (key, stories) {_MORE[dialect]} "
        "ON CONFLICT (key) DO UPDATE SET stories = key_count.stories + 1"
    ).bindparams(bindparam("values", type_=kind))


SHARING = on_both(_sharing)
MORE = on_both(_counting)
OLDEST = dt.datetime(1, 1, 2, tzinfo=dt.UTC)
NEWEST = dt.datetime(9999, 12, 30, tzinfo=dt.UTC)


def hashed(keys: Iterable[str]) -> list[int]:
    """Keys as the index holds them, each once: 64 bits with a sign, the same in every process and for ever."""
    return list(dict.fromkeys(map(_hash, keys)))


def _hash(key: str) -> int:
    value = xxhash.xxh3_64_intdigest(key.encode("utf-8", "replace"))
    return value - (1 << 64) if value >> 63 else value


class KeyQueries(Part):
    """The index side of a transaction."""

    def index_story(self, story: Story, keys: Sequence[str]) -> None:
        """Let a story be found by the keys of an article that was placed in it.

        Where it is full, keys that several of its articles brought stay, then those of this article, rare ones first.
        """
        incoming = hashed(keys)
        asked = {"story": story.id}
        held: dict[int, int] = dict(tuple(row) for row in self._ask(HELD, asked))
        again = [key for key in incoming if key in held]
        fresh = [key for key in incoming if key not in held]
        dropped: list[int] = []
        if len(held) + len(fresh) > KEYS_OF_STORY:
            kept = self._telling(held, incoming)
            dropped = [key for key in held if key not in kept]
            again, fresh = ([key for key in some if key in kept] for some in (again, fresh))
        dialect, values = self._session.dialect, self._session.values
        if again:
            self._do(AGAIN[dialect], {**asked, "values": values(again)})
        if dropped:
            self._do(DROP[dialect], {**asked, "values": values(dropped)})
            self._do(FEWER[dialect], {"values": values(dropped)})
        if fresh:
            rows = [{"key": key, "opened_at": story.opened_at, "story_id": story.id, "times": 1} for key in fresh]
            if dialect == "sqlite":
                add_rows(self._db, t.story_key, rows)
            else:
                self._db.execute(ADD, rows)
            self._do(MORE[dialect], {"values": values(fresh)})

    def stirred(
        self, keys: Sequence[str], at: dt.datetime, *, opened: dt.timedelta, moved: dt.timedelta
    ) -> Sequence[Stirred]:
        """Which of these keys were told of lately, each with the story of it that moved last."""
        found = []
        for key in keys:
            rows = self._ask(STIRRED, {"key": _hash(key), "since": at - opened, "at": at, "moved": at - moved})
            if rows:
                _, last = max((last_at, story) for story, _, last_at in rows)
                found.append(Stirred(key=key, story=StoryId(last), articles=sum(times for _, times, _ in rows)))
        return found

    def _telling(self, held: Mapping[int, int], incoming: Sequence[int]) -> frozenset[int]:
        """Which of a full story's keys stay."""
        now = frozenset(incoming)
        counts = self._counts([*held, *incoming])
        ranked = sorted(
            {*held, *incoming},
            key=lambda key: (-held.get(key, 0) - (key in now), key not in now, counts.get(key, 0), key),
        )
        return frozenset(ranked[:KEYS_OF_STORY])

    def _sharing(self, keys: Sequence[str], now: dt.datetime, most: int) -> list[StoryId]:
        """Stories that share keys, those that share the rarest first."""
        counts = self._counts(hashed(keys))
        if not counts:
            return []
        rarest = sorted(counts, key=lambda key: (counts[key], key))[:KEYS_ASKED]
        # Ids count up, so the last one stands for how many stories there are.
        ever = (self._ask(STORIES_EVER, {})[0][0] or 0) + 1
        weights = [max(1, round(WEIGHT_UNIT * math.log(ever / counts[key]))) for key in rarest]
        asked: dict[str, Any] = {
            "at": now, "oldest": OLDEST, "newest": NEWEST, "before": BEFORE - 1, "after": AFTER - 1, "most": most
        }  # fmt: skip
        if self._session.dialect == "sqlite":
            asked["asked"] = json.dumps(list(zip(rarest, weights, strict=True)))
        else:
            asked |= {"keys": rarest, "weights": weights}
        return [StoryId(story) for story, _ in self._ask(SHARING[self._session.dialect], asked)]

    def _counts(self, keys: Sequence[int]) -> dict[int, int]:
        """In how many stories keys stand; those that stand in none are left out."""
        if not keys:
            return {}
        rows = self._ask(COUNTS[self._session.dialect], {"values": self._session.values(keys)})
        return {key: stories for key, stories in rows if stories > 0}
