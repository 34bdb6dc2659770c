"""One text through the pure rooms: what ``topics test`` and ``corpus`` ask. It stores nothing and alerts nobody."""

from __future__ import annotations

import dataclasses
import datetime as dt
from dataclasses import dataclass

from monitor import clean
from monitor.app import App
from monitor.cli.lines import markup
from monitor.embed import lead
from monitor.entities import Article, CorpusRecord, Entry, Fact, Feed, FeedId, Reading, Ruling, TopicMatch


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """What the rooms say of a text."""

    article: Article
    reading: Reading
    ruling: Ruling
    matches: tuple[TopicMatch, ...]
    facts: tuple[Fact, ...]
    nearest: tuple[tuple[CorpusRecord, float], ...]


def article_of(
    title: str, text: str, *, lang: str = "", now: dt.datetime, published: dt.datetime | None = None
) -> Article | None:
    """A text as an article; None where there is nothing to read."""
    feed = Feed(id=FeedId("by-hand"), url="", publisher="", family="by-hand", lang=lang)
    entry = Entry(feed_id=feed.id, guid="by-hand", title=title, content=markup(text), lang=lang, published=published)
    return clean.clean(entry, feed, now)


def read(app: App, article: Article) -> Read:
    """The article through lexicon, gate, classifier and extractor; the gate's no does not stop it here."""
    rooms = app.rooms
    reading = rooms.lexicon.read(article.title, article.text, article.lang, on=article.published_at.date())
    ruling = rooms.gate.judge(article, reading)
    vector = rooms.embedder.embed([lead(article)], reading.lang)[0]
    reading = dataclasses.replace(reading, vector=vector)
    return Read(
        article=article,
        reading=reading,
        ruling=ruling,
        matches=rooms.classifier.classify(article, reading),
        facts=rooms.extractor.extract(article, reading),
        nearest=tuple(rooms.classifier.nearest(article, reading)),
    )
