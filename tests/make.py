"""Builders: entities with sensible defaults, so that a test names only what it is about.

Nothing here reads a clock or a database. Times are fixed, ids are small, texts are our own.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from monitor.entities import (
    Account,
    Alert,
    AlertKind,
    AlertReason,
    AlertTopic,
    Article,
    ArticleId,
    Assignment,
    Complaint,
    CorpusRecord,
    Destination,
    Detection,
    Development,
    DevelopmentId,
    Entry,
    EntryId,
    Evidence,
    Fact,
    Feed,
    FeedId,
    FeedState,
    Fetched,
    Fingerprint,
    Incident,
    IncidentId,
    IncidentKind,
    Intake,
    Mention,
    NameId,
    Neighbour,
    NewFact,
    OutboxId,
    OutboxRow,
    OutboxState,
    Profile,
    Push,
    Reading,
    Reason,
    RecordId,
    Ruling,
    Sentence,
    Stage,
    Story,
    StoryId,
    Thread,
    Told,
    TopicId,
    TopicMatch,
    Verdict,
    Weight,
)

NOW = dt.datetime(2026, 3, 4, 9, 30, tzinfo=dt.UTC)
"""The moment tests live in: a Wednesday, 18:30 in Tokyo, 12:30 in Moscow."""


def at(hours: float = 0, minutes: float = 0, days: float = 0) -> dt.datetime:
    """A moment counted from ``NOW``; below zero it is past."""
    return NOW + dt.timedelta(days=days, hours=hours, minutes=minutes)


def feed(id: str = "harbour-daily", **fields: Any) -> Feed:  # noqa: A002 -- the entity calls it so
    """A feed of an invented paper."""
    given = {"url": f"https://{id}.example/rss", "publisher": "Harbour Daily", "family": "harbour", "lang": "en"}
    return Feed(**{"id": FeedId(id), **given, **fields})


def feed_state(feed_id: str = "harbour-daily", **fields: Any) -> FeedState:
    """What is remembered of that feed: nothing yet."""
    return FeedState(feed_id=FeedId(feed_id), **fields)


def fetched(feed_id: str = "harbour-daily", **fields: Any) -> Fetched:
    """One good answer of that feed."""
    given: dict[str, Any] = {
        "url": f"https://{feed_id}.example/rss",
        "final_url": f"https://{feed_id}.example/rss",
        "at": NOW,
        "status": 200,
        "body": b"<rss version='2.0'><channel/></rss>",
        "content_type": "application/rss+xml",
    }
    return Fetched(**{"feed_id": FeedId(feed_id), **given, **fields})


def intake(new: int = 0, entries: int = 10, **fields: Any) -> Intake:
    """What taking in a document of ten entries came to, each of them looked at."""
    return Intake(**{"new": new, "entries": entries, "read": entries, **fields})


def push(**fields: Any) -> Push:
    """A WebSub subscription that its hub has verified and pushed to."""
    given: dict[str, Any] = {
        "hub": "https://hub.example/",
        "topic": "https://harbour-daily.example/rss",
        "token": "harbour-daily.token",
        "secret": "secret",
        "verified_at": at(days=-1),
        "lease_until": at(days=9),
        "last_push_at": at(hours=-1),
    }
    return Push(**{**given, **fields})


def complaint(
    kind: IncidentKind = IncidentKind.UNREACHABLE, sentence: str = "no connection", **fields: Any
) -> Complaint:
    """Something that is wrong with a feed."""
    return Complaint(kind=kind, sentence=sentence, **fields)


def incident(kind: IncidentKind = IncidentKind.UNREACHABLE, **fields: Any) -> Incident:
    """That, opened an hour ago, told, and found again just now."""
    given: dict[str, Any] = {
        "id": IncidentId(1),
        "feed_id": FeedId("harbour-daily"),
        "sentence": "no connection",
        "opened_at": at(hours=-1),
        "updated_at": NOW,
        "told": True,
    }
    return Incident(**{"kind": kind, **given, **fields})


def entry(title: str = "Ministers of Japan and Russia meet in Vienna", **fields: Any) -> Entry:
    """One item as that paper published it."""
    given: dict[str, Any] = {
        "feed_id": FeedId("harbour-daily"),
        "guid": "item-1",
        "link": "https://harbour-daily.example/news/1",
        "summary": "The two ministers spoke for an hour about the islands.",
        "published": NOW,
    }
    return Entry(**{"title": title, **given, **fields})


def article(title: str = "Ministers of Japan and Russia meet in Vienna", **fields: Any) -> Article:
    """That item made clean. Its keys follow its URL unless they are given."""
    url = fields.get("url", "https://harbour-daily.example/news/1")
    given: dict[str, Any] = {
        "feed_id": FeedId("harbour-daily"),
        "keys": (f"url:{url}",),
        "url": url,
        "publisher": "Harbour Daily",
        "family": "harbour",
        "lang": "en",
        "text": "The two ministers spoke for an hour about the islands.",
        "published_at": NOW,
        "first_seen_at": NOW,
        "content_hash": "hash-1",
    }
    return Article(**{"title": title, **given, **fields})


def numbered(number: int, title: str = "", **fields: Any) -> Article:
    """The ``number``-th of several articles that share no key."""
    url = f"https://harbour-daily.example/news/{number}"
    return article(
        title or f"Report number {number} from Nemuro", **{"url": url, "content_hash": f"hash-{number}", **fields}
    )


def evidence(said: str = "both sides are named in the title", **fields: Any) -> Evidence:
    """What one weigher said."""
    return Evidence(**{"signal": "names", "said": said, "weight": 0.5, **fields})


def ruling(relevant: bool = True, **fields: Any) -> Ruling:
    """The gate's word."""
    given: dict[str, Any] = {
        "reason": None if relevant else Reason.NO_SIDE,
        "score": 0.9 if relevant else 0.0,
        "evidence": (evidence(),),
    }
    return Ruling(**{"relevant": relevant, **given, **fields})


def match(topic: str = "islands", score: float = 0.8, **fields: Any) -> TopicMatch:
    """An article reports on a topic."""
    return TopicMatch(
        **{"topic": TopicId(topic), "score": score, "evidence": (evidence("the islands are named"),), **fields}
    )


def fact(**fields: Any) -> Fact:
    """Who did what: the two ministers met."""
    given: dict[str, Any] = {
        "actors": (NameId("japan-foreign-minister"), NameId("russia-foreign-minister")),
        "action": "meet",
        "stage": Stage.HELD,
        "date": NOW.date(),
        "words": "met in Vienna",
    }
    return Fact(**{**given, **fields})


def reading(title: str = "Ministers of Japan and Russia meet in Vienna", *more: str, **fields: Any) -> Reading:
    """A reading with the title and further sentences; names only where they are given."""
    sentences = tuple(
        Sentence(index=index, text=text, terms=tuple(text.lower().split())) for index, text in enumerate((title, *more))
    )
    return Reading(**{"lang": "en", "sentences": sentences, **fields})


def mention(name: str = "japan", surface: str = "Japan", sentence: int = 0, start: int = 0) -> Mention:
    """A name in a sentence."""
    return Mention(name=NameId(name), sentence=sentence, start=start, end=start + len(surface), surface=surface)


def told(**fields: Any) -> Told:
    """An article with all that was read out of it."""
    return Told(**{"article": article(), "reading": reading(), "matches": (match(),), "facts": (fact(),), **fields})


def fingerprint(*bands: int, signature: bytes = b"\x01\x02") -> Fingerprint:
    """What near copies share."""
    return Fingerprint(bands=bands or (11, 12, 13), signature=signature)


def neighbour(article_id: int = 1, **fields: Any) -> Neighbour:
    """A stored article that shares a band."""
    first = article()
    given: dict[str, Any] = {
        "entry": EntryId(1),
        "story": None,
        "title": first.title,
        "text": first.text,
        "signature": b"\x01\x02",
        "published_at": first.published_at,
        "credits": first.credits,
    }
    return Neighbour(**{"article": ArticleId(article_id), **given, **fields})


def profile(**fields: Any) -> Profile:
    """What a story is recognised by."""
    given: dict[str, Any] = {
        "terms": {"vienna": 1.0},
        "names": {NameId("japan"): 1.0},
        "facts": (fact(),),
        "vector": (0.1, 0.2),
    }
    return Profile(**{**given, **fields})


def story(id: int = 1, **fields: Any) -> Story:  # noqa: A002 -- the entity calls it so
    """A story of one article."""
    given: dict[str, Any] = {
        "title": "Ministers of Japan and Russia meet in Vienna",
        "lang": "en",
        "opened_at": NOW,
        "last_at": NOW,
        "articles": 1,
        "publishers": ("Harbour Daily",),
        "families": ("harbour",),
        "topics": (TopicId("islands"),),
        "profile": profile(),
    }
    return Story(**{"id": StoryId(id), **given, **fields})


def assignment(story: int | None = None, **fields: Any) -> Assignment:
    """Which story an article belongs to."""
    return Assignment(
        **{"story": None if story is None else StoryId(story), "evidence": (evidence("nothing like it"),), **fields}
    )


def new_fact(**fields: Any) -> NewFact:
    """A fact nobody told before."""
    return NewFact(**{"fact": fact(), "said": "The two ministers met; no meeting was known.", **fields})


def detection(reason: Reason = Reason.NEW_STORY, **fields: Any) -> Detection:
    """What an article changed in its story."""
    given: dict[str, Any] = {
        "verdict": Verdict.DEVELOPMENT,
        "news": (new_fact(),),
        "evidence": (evidence("first report"),),
    }
    return Detection(**{"reason": reason, **given, **fields})


def development(id: int = 1, **fields: Any) -> Development:  # noqa: A002 -- the entity calls it so
    """A story moved."""
    given: dict[str, Any] = {
        "story": StoryId(1),
        "article": ArticleId(1),
        "kind": Reason.NEW_STORY,
        "weight": Weight.MINOR,
        "news": (new_fact(),),
        "at": NOW,
        "alert": AlertReason.QUEUED,
    }
    return Development(**{"id": DevelopmentId(id), **given, **fields})


def account(verdict: Verdict = Verdict.DEVELOPMENT, reason: Reason = Reason.NEW_STORY, **fields: Any) -> Account:
    """Everything that was decided about one on-beat entry."""
    first = article()
    given: dict[str, Any] = {
        "title": first.title,
        "url": first.url,
        "ruling": ruling(),
        "matches": (match(),),
        "facts": (fact(),),
        "assignment": assignment(),
        "detection": detection(),
    }
    return Account(**{"verdict": verdict, "reason": reason, **given, **fields})


def off_beat(**fields: Any) -> Account:
    """Everything that was decided about one off-beat entry."""
    first = article()
    given: dict[str, Any] = {
        "title": first.title,
        "url": first.url,
        "verdict": Verdict.OFF_BEAT,
        "reason": Reason.NO_SIDE,
        "ruling": ruling(False),
    }
    return Account(**{**given, **fields})


def alert(destination: str = "console", **fields: Any) -> Alert:
    """A development told to one destination."""
    given: dict[str, Any] = {
        "kind": AlertKind.DEVELOPMENT,
        "ref": "d1",
        "headline": "Ministers of Japan and Russia meet in Vienna",
        "at": NOW,
        "story": StoryId(1),
        "developments": (DevelopmentId(1),),
        "lang": "en",
        "news": ("The two ministers met; no meeting was known.",),
        "publishers": ("Harbour Daily",),
        "independent": 1,
        "topics": (AlertTopic(name="Islands", score=0.8, words=("islands",)),),
        "url": "https://harbour-daily.example/news/1",
        "published_at": NOW,
    }
    return Alert(**{"destination": Destination(destination), **given, **fields})


def outbox_row(id: int = 1, **fields: Any) -> OutboxRow:  # noqa: A002 -- the entity calls it so
    """One alert on its way."""
    given: dict[str, Any] = {
        "alert": alert(),
        "dedup_key": f"key-{id}",
        "state": OutboxState.PENDING,
        "created_at": NOW,
        "due_at": NOW,
    }
    return OutboxRow(**{"id": OutboxId(id), **given, **fields})


def thread(**fields: Any) -> Thread:
    """The living thread of story 1 on the console."""
    return Thread(
        **{
            "destination": Destination("console"),
            "story": StoryId(1),
            "root": "1700000000.000100",
            "root_outbox": OutboxId(1),
            **fields,
        }
    )


def record(id: str = "declaration-1956", **fields: Any) -> CorpusRecord:  # noqa: A002 -- the entity calls it so
    """What is already known."""
    given: dict[str, Any] = {
        "date": dt.date(1956, 10, 19),
        "title": {"en": "Joint declaration"},
        "summary": {"en": "The two states end their war."},
        "topics": (TopicId("treaty"),),
    }
    return CorpusRecord(**{"id": RecordId(id), **given, **fields})
