"""The invented news as feed documents: RSS 2.0, one language a feed. It never looks at a clock."""

from __future__ import annotations

import datetime as dt
from email.utils import format_datetime
from xml.sax.saxutils import escape

from bench.news import NEAR, OFF_BEAT, START, Item, items
from monitor.entities import Feed, FeedId

LANGS = ("en", "ja", "ru")
PACE = dt.timedelta(minutes=7)
"""Between two items of one feed: fifty of them span six hours."""
GENERAL = 0.995
"""Off-beat share from which on a feed is one of general news: there, items that name both sides are as rare as ours."""
GENERAL_NEAR = (73.6, 26.0, 0.4)
NOW = START + dt.timedelta(hours=30)
"""When the feeds are polled."""


def document(feed: int, count: int, *, seed: int, changed: bool, off_beat: float = OFF_BEAT) -> bytes:
    """The feed's document, newest item first; ``changed`` shows one item more at its head and one fewer at its end."""
    lang = LANGS[feed % len(LANGS)]
    near = GENERAL_NEAR if off_beat >= GENERAL else NEAR
    news = list(items(count + 1, seed=seed * 1_000_003 + feed, every=PACE, off_beat=off_beat, lang=lang, near=near))
    shown = news[1:] if changed else news[:count]
    body = "".join(xml(feed, item) for item in reversed(shown))
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel>'
        f"<title>Bench {feed}</title><link>https://bench-{feed}.example/</link><description>Invented</description>"
        f"<language>{lang}</language>{body}</channel></rss>\n"
    ).encode()


def feed_of(feed: int, base: str) -> Feed:
    """The feed as the configuration would name it."""
    return Feed(
        id=FeedId(f"bench-{feed}"),
        url=f"{base}/feeds/{feed}.xml",
        publisher=f"Bench {feed}",
        family=f"bench-{feed}",
        lang=LANGS[feed % len(LANGS)],
        insecure=True,
    )


def xml(feed: int, item: Item) -> str:
    """One item as RSS."""
    link = f"https://bench-{feed}.example/news/{item.number}?utm_source=rss"
    text = f'<p>{escape(item.text)}</p><p><a href="{link}">…</a></p>'
    return (
        f"<item><title>{escape(item.title)}</title><link>{escape(link)}</link>"
        f'<guid isPermaLink="false">bench-{feed}-{item.number}</guid>'
        f"<pubDate>{format_datetime(item.published)}</pubDate>"
        f"<dc:creator>Desk {item.number % 9}</dc:creator><description>{escape(text)}</description></item>"
    )
