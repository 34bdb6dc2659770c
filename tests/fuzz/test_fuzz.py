"""Whatever a server sends: no exception, no more entries than items, and no more characters than came in."""

from __future__ import annotations

import datetime as dt
import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.clean import KEY_LONGEST, TEXT_LONGEST, TITLE_LONGEST, clean
from monitor.entities import Article, Document, Entry, Feed, Problem, Selectors
from monitor.sources import SOURCES
from tests import make
from tests.fuzz.documents import Given, damaged, noise

WATCHDOG = 20  # seconds of processor time for one document of at most 400,000 characters: hung, not slow
GROWTH = 12  # characters out for each byte in: an address of a document may stand before each of its links
SLACK = 20_000  # characters that come on top, whatever the size: base URLs, sentences about the document
_ITEMS = re.compile(r"item|entry|url|li\b|\{|a\b", re.IGNORECASE)


def feed_of(kind: str) -> Feed:
    select = Selectors(item="li", date="time", text="p") if kind == "page" else None
    return make.feed(kind=kind, zone="Asia/Tokyo", lang="", select=select)


def parsed(kind: str, sent: Given) -> Document:
    """The document as the corridor has it parsed, under the watchdog."""
    fetched = make.fetched(body=sent.body, charset=sent.charset)
    with watchdog():
        return SOURCES[kind].parse(feed_of(kind), fetched)


@contextmanager
def watchdog() -> Iterator[None]:
    """Ends a test whose document takes far too long."""

    def bark(number: int, frame: object) -> None:
        raise AssertionError(f"more than {WATCHDOG} s of processor time")

    before = signal.signal(signal.SIGPROF, bark)
    signal.setitimer(signal.ITIMER_PROF, WATCHDOG)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def characters(entry: Entry) -> int:
    """How much an entry holds."""
    fields = (
        entry.guid,
        entry.link,
        entry.title,
        entry.summary,
        entry.content,
        entry.author,
        entry.publisher,
        entry.lang,
        entry.published_raw,
    )
    return sum(map(len, fields))


def is_clean_text(text: str) -> bool:
    """Whether any database and any terminal can hold it: UTF-8, no NUL."""
    return "\x00" not in text and text.encode("utf-8", "ignore").decode() == text


def is_sound_document(document: Document, sent: Given) -> None:
    """What holds of every document, whatever came in."""
    size = len(sent.body)
    assert document.problem is None or isinstance(document.problem, Problem)
    assert len(document.entries) + document.skipped + document.unchanged <= size
    assert sum(map(characters, document.entries)) <= GROWTH * size + SLACK
    assert all(len(digest) == 8 for digest in document.digests)
    assert document.ttl is None or document.ttl >= dt.timedelta(0)
    for entry in document.entries:
        assert entry.title or entry.summary or entry.content
        assert all(moment is None or moment.tzinfo is not None for moment in (entry.published, entry.updated))


def is_sound_article(article: Article) -> None:
    """What holds of every article, whatever entry it came from."""
    assert article.keys
    assert all(len(key) <= KEY_LONGEST + 80 for key in article.keys)
    assert len(article.title) <= TITLE_LONGEST
    assert article.title.strip()
    assert len(article.text) <= TEXT_LONGEST
    assert article.published_at <= make.NOW
    for text in (
        *article.keys,
        article.url,
        article.title,
        article.text,
        article.publisher,
        article.family,
        article.lang,
        *article.credits,
    ):
        assert is_clean_text(text), ascii(text[:200])


@pytest.mark.parametrize("kind", SOURCES)
@given(sent=damaged())
def test_a_damaged_document_is_a_document_with_a_problem_or_with_fewer_entries(kind: str, sent: Given) -> None:
    document = parsed(kind, sent)
    is_sound_document(document, sent)
    for entry in document.entries:
        with watchdog():
            article = clean(entry, feed_of(kind), make.NOW)
        if article is not None:
            is_sound_article(article)


@pytest.mark.parametrize("kind", SOURCES)
@given(sent=noise)
def test_noise_is_no_feed_and_raises_nothing(kind: str, sent: Given) -> None:
    document = parsed(kind, sent)
    is_sound_document(document, sent)
    for entry in document.entries:
        article = clean(entry, feed_of(kind), make.NOW)
        if article is not None:
            is_sound_article(article)


@pytest.mark.parametrize("kind", SOURCES)
@given(sent=damaged())
def test_a_document_seen_before_shows_nothing_else_and_nothing_at_all_where_it_is_sound(kind: str, sent: Given) -> None:
    first = parsed(kind, sent)
    again = SOURCES[kind].parse(
        feed_of(kind), make.fetched(body=sent.body, charset=sent.charset), frozenset(first.digests)
    )
    assert set(again.entries) <= set(first.entries)
    assert again.digests == first.digests
    if first.digests and not first.flagged and first.problem is None:
        assert again.entries == ()


_texts = st.text(max_size=300) | st.sampled_from(
    ["", " ", "\x00", "<p>", "https://a.example/1", "javascript:x", "http://[::1", "a" * 70_000]
)


@given(
    entry=st.builds(
        Entry,
        feed_id=st.just(make.feed().id), guid=_texts, link=_texts, title=_texts, summary=_texts, content=_texts,
        author=_texts, publisher=_texts, lang=_texts, guid_shared=st.booleans(), link_shared=st.booleans(),
        published=st.none() | st.datetimes(timezones=st.just(dt.UTC)),
        updated=st.none() | st.datetimes(timezones=st.just(dt.UTC)),
    )
)  # fmt: skip
def test_an_entry_of_any_words_is_an_article_or_none(entry: Entry) -> None:
    with watchdog():
        article = clean(entry, make.feed(), make.NOW)
    if article is not None:
        is_sound_article(article)
