"""Documents made to cost: each a few hundred kilobytes that a careless reader unfolds, nests or walks through for ever.

Run as a program it takes one of them in and prints what that took, in a process of its own: memory cannot be measured
where other tests have been.
"""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from monitor.clean import clean
from monitor.entities import Selectors
from monitor.sources import SOURCES
from tests import make

SECONDS = 10
"""Processor time for one of them, after which the process is ended: the slowest honest document of that size takes 2."""
_HEAD = '<?xml version="1.0" encoding="UTF-8"?>'
_RSS = '<rss version="2.0"><channel><title>t</title><link>https://harbour-daily.example/</link>'
_END = "</channel></rss>"
_ITEM = (
    "<item><title>Boats return</title><link>https://harbour-daily.example/1</link><description>x</description></item>"
)


def _rss(inner: str, head: str = _RSS) -> str:
    return f"{_HEAD}{head}{inner}{_END}"


def _item(inner: str) -> str:
    return _rss(f"<item><title>Boats return</title><link>/1</link>{inner}</item>")


def _laughs(opening: str) -> str:
    lines = ['<!ENTITY a0 "ha">', *(f"<!ENTITY a{n} '{10 * f'&a{n - 1};'}'>" for n in range(1, 12))]
    return f"{_HEAD}{opening} [{''.join(lines)}]>{_RSS}<item><title>&a11;</title><link>/1</link></item>{_END}"


def _row(pattern: str, count: int) -> str:
    return " ".join(pattern.replace("{}", str(number)) for number in range(count))


def _many(text: str, size: int) -> str:
    return text * (size // len(text) + 1)


BOMBS: Mapping[str, tuple[str, Callable[[int], str]]] = {
    "entities within entities": ("rss", lambda n: _laughs("<!DOCTYPE rss")),
    "entities within entities, doctype in small letters": ("rss", lambda n: _laughs("<!doctype rss")),
    "entities within entities, a second doctype": ("rss", lambda n: _laughs("<!DOCTYPE rss><!DOCTYPE rss")),
    "entities within entities, in a sitemap": ("sitemap", lambda n: _laughs("<!DOCTYPE urlset").replace("rss", "urlset")),
    "one long entity named often": (
        "rss",
        lambda n: f"{_HEAD}<!DOCTYPE rss [<!ENTITY a '{'x' * (n // 2)}'>]>{_RSS}<item><title>{'&a;' * (n // 6)}</title></item>{_END}",
    ),
    "an entity that is a file": (
        "rss",
        lambda n: f'{_HEAD}<!DOCTYPE rss [<!ENTITY a SYSTEM "file:///etc/passwd">]>{_RSS}<item><title>a&a;</title><link>/1</link></item>{_END}',
    ),
    "an entity of parameters": (
        "rss",
        lambda n: _HEAD + "<!DOCTYPE rss [<!ENTITY % a '<!ENTITY b \"x\">'>%a;]>" + _RSS + _ITEM + _END,
    ),
    "elements 50,000 deep": ("rss", lambda n: _rss("<a>" * 50_000 + _ITEM + "</a>" * 50_000)),
    "items 50,000 deep": ("rss", lambda n: _rss("<item>" * 50_000 + "</item>" * 50_000)),
    "elements 50,000 deep with an attribute": ("rss", lambda n: _rss('<a b="c">' * 50_000 + _ITEM + "</a>" * 50_000)),
    "elements never closed": ("rss", lambda n: _rss(_many("<b><i>", n) + _ITEM)),
    "elements only closed": ("rss", lambda n: _rss(_many("</b></i>", n) + _ITEM)),
    "markup 50,000 deep in a text": ("rss", lambda n: _item(f"<description><![CDATA[{'<div>' * 50_000}x]]></description>")),
    "quotes 50,000 deep in a text": ("rss", lambda n: _item(f"<description><![CDATA[{'<blockquote><b><ul><li>' * 12_000}x]]></description>")),
    "tables 10,000 deep in a text": ("rss", lambda n: _item(f"<description><![CDATA[{'<table><tr><td>' * 10_000}x]]></description>")),
    "markup 50,000 deep as markup": ("rss", lambda n: _item(f"<description>{'<div>' * 50_000}x{'</div>' * 50_000}</description>")),
    "markup nested between ends of nothing": (
        "rss",
        lambda n: _item(f"<description><![CDATA[{_many('<div></x>', n)}]]></description>"),
    ),
    "links within links in a text": ("rss", lambda n: _item(f"<description><![CDATA[{_many('<a href=x>', n)}]]></description>")),
    "a tag that never ends, in a text": ("rss", lambda n: _item(f"<description><![CDATA[{_many('<a ', n)}]]></description>")),
    "comments in a text": ("rss", lambda n: _item(f"<description><![CDATA[{_many('<!--', n)}]]></description>")),
    "markup escaped many times": ("rss", lambda n: _item(f"<description>{'&amp;' * (n // 5)}lt;b&gt;</description>")),
    "namespaces by the thousand": ("rss", lambda n: _rss(_ITEM, _RSS.replace("<rss", "<rss " + _row('xmlns:n{}="u{}"', n // 18), 1))),
    "namespaces by the thousand, on each of many items": (
        "rss",
        lambda n: _rss(_many("<item " + _row('xmlns:n{}="u{}"', 100) + "><n1:a/><title>t</title></item>", n)),
    ),
    "attributes by the thousand": ("rss", lambda n: _rss("<item " + _row('a{}=""', n // 10) + "><title>t</title></item>")),
    "the same attribute by the thousand": ("rss", lambda n: _rss("<item " + _many('a="" ', n) + "><title>t</title></item>")),
    "an attribute without an end": ("rss", lambda n: _rss(f'<item a="{"x" * n}')),
    "tags without an end": ("rss", lambda n: _rss(_many('<item a="', n))),
    "half-open items": ("rss", lambda n: _rss(_many("<item ", n))),
    "half-open ends": ("rss", lambda n: _rss(_many("</item", n))),
    "angles": ("rss", lambda n: _rss("<" * n)),
    "ampersands": ("rss", lambda n: _item(f"<description>{'&' * n}</description>")),
    "half characters": ("rss", lambda n: _item(f"<description>{_many('&#', n)}</description>")),
    "half names": ("rss", lambda n: _item(f"<description>{_many('&amp', n)}</description>")),
    "sections never closed": ("rss", lambda n: _rss(_many("<![CDATA[", n))),
    "sections only closed": ("rss", lambda n: _rss(_many("]]>", n))),
    "comments never closed": ("rss", lambda n: _rss(_many("<!--", n))),
    "comments and sections in turn": ("rss", lambda n: _rss(_many("<!-- <![CDATA[ --> ]]>", n))),
    "doctypes": ("rss", lambda n: _HEAD + _many("<!DOCTYPE ", n) + _RSS + _ITEM + _END),
    "a doctype that never ends": ("rss", lambda n: f"{_HEAD}<!DOCTYPE rss [{_many('<!ENTITY a ', n)}{_RSS}{_ITEM}{_END}"),
    "declarations": ("rss", lambda n: _many('<?xml version="1.0"?>', n) + _RSS + _ITEM + _END),
    "spaces": ("rss", lambda n: " " * n + _rss(_ITEM)),
    "spaces within": ("rss", lambda n: _item(f"<description>{' ' * n}x</description>")),
    "spaces in a tag": ("rss", lambda n: _rss(f"<item{' ' * n}><title>t</title></item{' ' * n}>")),
    "line ends": ("rss", lambda n: _item("<description>" + _many("\r\n", n) + "x</description>")),
    "items without anything": ("rss", lambda n: _rss(_many("<item/>", n))),
    "items with next to nothing": ("rss", lambda n: _rss(_many("<item><title>a</title></item>", n))),
    "a long base before many short links": (
        "rss",
        lambda n: _rss(_many("<item><title>a</title><link>b</link></item>", n // 2), _RSS.replace(".example/", f".example/{'x' * (n // 2)}/")),
    ),
    "a long xml:base before many short links": (
        "rss",
        lambda n: f"{_HEAD}<feed xmlns='http://www.w3.org/2005/Atom' xml:base='https://a.example/{'x' * (n // 2)}/'>"
        + _many('<entry><title>a</title><link href="b"/></entry>', n // 2) + "</feed>",
    ),
    "xml:base upon xml:base": (
        "rss",
        lambda n: f'{_HEAD}<feed xmlns="http://www.w3.org/2005/Atom">' + '<a xml:base="b/">' * 900
        + _many('<entry xml:base="c/"><title>a</title><link href="b"/></entry>', n) + "</a>" * 900 + "</feed>",
    ),
    "a long title": ("rss", lambda n: _rss(f"<item><title>{_many('Boats return ', n)}</title><link>/1</link></item>")),
    "a title of brackets": ("rss", lambda n: _rss(f"<item><title>Boats {'（' * n}</title><link>/1</link></item>")),
    "a title of bars": ("rss", lambda n: _rss(f"<item><title>{_many('Boats | ', n)}</title><link>/1</link></item>")),
    "a long guid": ("rss", lambda n: _item(f"<guid>{'x' * n}</guid>")),
    "a long link": ("rss", lambda n: _item(f"<guid>https://a.example/{'x/' * (n // 2)}</guid>")),
    "a link of parameters": ("rss", lambda n: _item(f"<guid>https://a.example/?{_many('a=b&amp;', n)}</guid>")),
    "a link of dots": ("rss", lambda n: _item("").replace("/1<", f"{_many('../', n)}<")),
    "a long date": ("rss", lambda n: _item(f"<pubDate>{'1' * n}</pubDate>")),
    "a date of colons": ("rss", lambda n: _item(f"<pubDate>{_many('1:', n)}</pubDate>")),
    "a date of commas": ("rss", lambda n: _item(f"<pubDate>{_many('Wed, 4 ', n)}</pubDate>")),
    "a date of years": ("rss", lambda n: _item(f"<pubDate>{_many('2026-', n)}年月日</pubDate>")),
    "a long language": ("rss", lambda n: _rss(f"<language>{'e' * n}</language>{_ITEM}")),
    "a text of sentences": ("rss", lambda n: _item(f"<description>{_many('Russia said no. ', n)}</description>")),
    "a text without an end": ("rss", lambda n: _item(f"<description>{'あ' * (n // 3)}</description>")),
    "a text of words in brackets": ("rss", lambda n: _item(f"<description>{_many('（共同）', n // 3)}</description>")),
    "a text of bylines": ("rss", lambda n: _item(f"<description>{_many('TOKYO (Reuters) - ', n)}</description>")),
    "a text of lines": ("rss", lambda n: _item(f"<description><![CDATA[{_many('<p>a</p>', n)}]]></description>")),
    "marks upon a letter": ("rss", lambda n: _item("<description>a" + "\u0301" * (n // 2) + "</description>")),
    "base64 of nothing": (
        "rss",
        lambda n: "<feed xmlns='http://www.w3.org/2005/Atom'><entry><title>a</title><content type='application/octet-stream'>" + "A" * n + "</content></entry></feed>",
    ),
    "lists 100,000 deep": ("jsonfeed", lambda n: '{"items": ' + "[" * 100_000 + "]" * 100_000 + "}"),
    "objects 50,000 deep": ("jsonfeed", lambda n: '{"items": [' + '{"a":' * 50_000 + "1" + "}" * 50_000 + "]}"),
    "a number of many digits": ("jsonfeed", lambda n: '{"items": [{"id": ' + "9" * n + ', "title": "a"}]}'),
    "a number beyond numbers": ("jsonfeed", lambda n: '{"items": [{"id": 1e99999, "title": "a"}]}'),
    "items of nothing": ("jsonfeed", lambda n: '{"items": [' + _many("{},", n) + "{}]}"),
    "one item's field of a megabyte": ("jsonfeed", lambda n: json.dumps({"items": [{"id": "x" * n, "title": "y" * n, "content_html": "<p>" * (n // 3)}]})),
    "addresses without anything": ("sitemap", lambda n: f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{_many("<url/>", n)}</urlset>'),
    "an index of itself": ("sitemap", lambda n: f"<sitemapindex>{_many('<sitemap><loc>/s</loc></sitemap>', n)}</sitemapindex>"),
    "list items without an end": ("page", lambda n: f"<html><body>{_many('<li>', n)}"),
    "list items 50,000 deep": ("page", lambda n: f"<html><body>{'<ul><li>' * 25_000}<a href=x>y</a>"),
    "a page of scripts without an end": ("page", lambda n: f"<html><body>{_many('<script>', n)}"),
    "a page of comments without an end": ("page", lambda n: f"<html><body>{_many('<!--', n)}"),
    "a page nested between ends of nothing": ("page", lambda n: f"<html><body>{_many('<div></x>', n)}"),
    "a page nested by what looks closed": ("page", lambda n: f"<html><body>{_many('<div/>', n)}"),
    "a page of links": ("page", lambda n: f"<html><body>{_many('<li><a href=x>y</a></li>', n)}"),
}  # fmt: skip


def memory_mib(field: str) -> float:
    """What this process holds (``VmRSS``) or ever held (``VmHWM``), MiB; Linux tells."""
    for row in Path("/proc/self/status").read_text(encoding="utf-8").splitlines():
        if row.startswith(f"{field}:"):
            return int(row.split()[1]) / 1024
    raise OSError(f"no {field}")


def take(name: str, size: int) -> dict[str, object]:
    """One bomb parsed and cleaned as a poll would, and what it took."""
    kind, make_body = BOMBS[name]
    body = make_body(size).encode()
    select = Selectors(item="li") if kind == "page" else None
    feed = make.feed(kind=kind, select=select, lang="")
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # the most it ever held counts from here on
    before = memory_mib("VmRSS")
    document = SOURCES[kind].parse(feed, make.fetched(body=body))
    articles = [clean(entry, feed, make.NOW) for entry in document.entries]
    return {
        "bytes": len(body),
        "grown_mib": memory_mib("VmHWM") - before,
        "entries": len(document.entries),
        "articles": sum(article is not None for article in articles),
        "characters": sum(
            len(text)
            for entry in document.entries
            for text in (entry.guid, entry.link, entry.title, entry.summary, entry.content, entry.author)
        ),
        "problem": document.problem,
        "words": " ".join(article.title for article in articles if article)[:200],
    }


def main() -> None:
    """One line of JSON for each bomb named, as it is done."""
    size = int(sys.argv[1])
    for name in sys.argv[2:] or [name for name, (kind, _) in BOMBS.items() if kind in SOURCES]:
        signal.setitimer(signal.ITIMER_PROF, SECONDS)
        print(json.dumps({"name": name, **take(name, size)}), flush=True)


if __name__ == "__main__":
    main()
