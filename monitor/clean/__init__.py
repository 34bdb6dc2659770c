"""Clean: an entry as published becomes an article: canonical URL and keys, plain text, language, clocks, credits.

Never touches the world and never judges a subject: what is dropped is dropped for its form.
"""

from __future__ import annotations

import datetime as dt
import re

import xxhash

from monitor.clean import credits as wires
from monitor.clean import furniture
from monitor.clean.lang import language
from monitor.clean.page import Page, clean_page
from monitor.clean.text import folded, one_line, paragraphs, squeezed
from monitor.clean.urls import identity, is_url
from monitor.entities import Article, Entry, Feed

__all__ = ["Page", "clean", "clean_page", "content_hash", "url_key"]

FUTURE = dt.timedelta(hours=1)  # a publisher's clock may run ahead by so much; beyond it the date is a mistake
TEXT_LONGEST = 60_000  # characters; a longer report is a transcript, and its end is no news
TITLE_LONGEST = 500  # characters
KEY_LONGEST = 400  # characters; longer guids and URLs are keyed by their hash
HEAD_TIMES = 3  # a line so many times longer than the title does not repeat it, whatever its punctuation
_AGGREGATORS = ("Yahoo!ニュース", "Yahoo! News", "Yahoo News", "Google News", "dメニューニュース", "MSN", "AOL")
_SUFFIX = re.compile(r"^(?P<title>.{8,}?)\s*(?:\s[-–—|｜]\s|[|｜])\s*(?P<name>[^|｜]{2,60})$")
_BRACKETED = re.compile(r"^(?P<title>.{6,}?)\s*[（(【](?P<name>[^（(【）)】]{2,20})[)）】]$")
_NEWSROOM = re.compile(
    r"(?:新聞|通信|通信社|ニュース|放送|テレビ|オンライン|デジタル|Reuters|NEWS|ＮＨＫ|NHK|TBS|FNN|ANN|JNN)(?:社|DIGITAL|デジタル|オンライン)?$"
)
# In a guid or an address: JSON may say them, no database holds them, and what is stored must be found again.
_UNPRINTED = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")
_LIST_OF_LINKS = re.compile(r"<a\s[^<>]*href=[\"']https?://news\.google\.com/", re.IGNORECASE)


def clean(entry: Entry, feed: Feed, now: dt.datetime) -> Article | None:
    """The article in ``entry``; None where there is nothing to read (no title, no text) or nothing to know it by."""
    # A news sitemap names its own house, in its own language: that is no other publisher.
    publisher = feed.publisher if feed.kind == "sitemap" else one_line(entry.publisher) or feed.publisher
    family = feed.family if publisher.casefold() == feed.publisher.casefold() else _family(publisher)
    headline, signed = _title(one_line(entry.title)[:TITLE_LONGEST], publisher)
    # A page's first line may have been taken for its headline by whoever saved it.
    title = "" if furniture.is_furniture(headline) or wires.byline(headline) else headline
    text, credits = _text(entry, title, publisher)
    if not title:
        page = clean_page(_longest(entry), name="", now=now)
        title, text = (page.title, page.text) if page.title else _first_sentence(text)
        credits = (*credits, *page.credits)
    title = title or headline  # "Video: …" and nothing beside it is a headline, not a caption
    if not title:
        return None
    url = _UNPRINTED.sub("", entry.link).strip()
    keys = _keys(entry, feed, title, text)
    if not keys:
        return None
    published_at, dated = _published(entry, now)
    return Article(
        feed_id=feed.id, keys=keys, url=url, publisher=publisher, family=family,
        lang=language(title, text, entry.lang or feed.lang), title=title, text=text,
        published_at=published_at, first_seen_at=now, dated=dated,
        credits=tuple(dict.fromkeys(filter(None, (*signed, *credits)))),
        content_hash=content_hash(title, text), insecure=feed.insecure,
    )  # fmt: skip


def content_hash(title: str, text: str) -> str:
    """What changes when a sentence changes, and does not when only encoding, case, quotes or spacing do."""
    return xxhash.xxh3_128_hexdigest(f"{squeezed(title)}\n{squeezed(text)}".encode())


def url_key(url: str) -> str:
    """The identity key of a web address; empty where it names no page of its own."""
    page = identity(url)
    return _key("url:", page) if page else ""


def _title(raw: str, publisher: str) -> tuple[str, tuple[str, ...]]:
    """The headline without the publisher's name at its end, and the wires that name credits."""
    title, signed = raw, []
    for _ in range(3):
        found = _SUFFIX.match(title)
        if found is not None and _same_name(found["name"], (publisher, *_AGGREGATORS)):
            title = found["title"].rstrip()
            continue
        found = _BRACKETED.match(title)
        if found is not None:
            name = found["name"]
            if wires.slug(name) or _NEWSROOM.search(name) or _same_name(name, (publisher,)):
                title = found["title"].rstrip()
                signed.append(wires.slug(name))
                continue
        break
    return title, tuple(signed)


def _same_name(name: str, others: tuple[str, ...]) -> bool:
    said = folded(name)
    for other in others:
        known = folded(other)
        if said and known and (said == known or said.replace(" ", "") == known.replace(" ", "")):
            return True
        # "The Japan Times" signs as "Japan Times", "Sputnik" as "Sputnik International"
        if min(len(said), len(known)) >= 4 and (
            said.removeprefix("the ") == known.removeprefix("the ")
            or known.startswith(f"{said} ")
            or said.startswith(f"{known} ")
        ):
            return True
    return False


def _text(entry: Entry, title: str, publisher: str) -> tuple[str, tuple[str, ...]]:
    text = _longest(entry)
    lines = furniture.without_teasers(text.split("\n"), publisher)
    found = [wire for wire in map(wires.signed, lines) if wire]
    lines = [furniture.without_tail(line) for line in lines if not furniture.is_furniture(line)]
    heads = {folded(title), folded(publisher)}
    longest = HEAD_TIMES * max(len(title), len(publisher))
    kept: list[str] = []
    for line in lines:
        wire = wires.byline(line)
        if wire:
            found.append(wire)
        elif len(kept) >= 3 or len(line) > longest or folded(line) not in heads:
            kept.append(line)
    if kept:
        kept[0], opener = wires.opened(kept[0])
        kept[-1], closer = wires.closed(kept[-1])
        found = [opener, closer, *found]
    kept = [line for line in kept if line]
    if kept and not any(found):
        found = [wires.relayed(kept[0])]
    return "\n".join(kept), tuple(found)


def _longest(entry: Entry) -> str:
    """The longer of content and summary as paragraphs; a mere list of links is neither."""
    markup = [part for part in (entry.content, entry.summary) if part and not _LIST_OF_LINKS.search(part)]
    return max((paragraphs(part) for part in markup), key=len, default="")[:TEXT_LONGEST]


def _first_sentence(text: str) -> tuple[str, str]:
    """A title for an entry without one: its first sentence, which the text then does not repeat."""
    first, _, rest = text.partition("\n")
    end = re.search(r"(?<=[.!?])\s|(?<=[。！？])", first)
    if end is not None and end.start() <= TITLE_LONGEST:
        return first[: end.start()].strip(), "\n".join(filter(None, (first[end.end() :].strip(), rest)))
    return (first, rest) if len(first) <= TITLE_LONGEST else (first[:TITLE_LONGEST], text)


def _keys(entry: Entry, feed: Feed, title: str, text: str) -> tuple[str, ...]:
    keys: list[str] = []
    guid = _UNPRINTED.sub("", entry.guid).strip()
    if guid and not entry.guid_shared:
        if not is_url(guid) or entry.link_shared:  # of items that share a page, only the whole guid tells them apart
            keys.append(_key(f"guid:{feed.family}:", guid))
        elif identity(guid):
            keys.append(_key("url:", identity(guid)))
    page = "" if entry.link_shared else identity(_UNPRINTED.sub("", entry.link))
    if page:
        keys.append(_key("url:", page))
    if not keys and (title or text):
        keys.append(f"hash:{feed.family}:{content_hash(title, text)}")
    return tuple(dict.fromkeys(keys))


def _key(kind: str, value: str) -> str:
    return kind + (value if len(value) <= KEY_LONGEST else xxhash.xxh3_128_hexdigest(value.encode("utf-8", "replace")))


def _published(entry: Entry, now: dt.datetime) -> tuple[dt.datetime, bool]:
    said = entry.published or entry.updated
    if said is None or said > now + FUTURE:
        return now, False
    return min(said, now), True


def _family(publisher: str) -> str:
    return wires.slug(publisher) or "-".join(re.findall(r"\w+", publisher.casefold())) or "unknown"
