"""What a message says, in sentences that no sink need word again. Pure text: it never knows a sink's markup.

Every sentence is of an ``Alert`` as it stands; ``cleaned`` makes one safe to show anywhere.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import takewhile

from monitor.alerts import safe
from monitor.entities import Alert, AlertKind, AlertTopic, DigestItem, Weight

# Characters shown at most; a headline of a wire has 60 to 120, a fact in our words 30 to 150.
_HEADLINE, _LINE, _NAME, _WORD, _PARAGRAPH = 300, 280, 80, 40, 700
_PUBLISHERS, _TOPICS, _WORDS, _SAID, _PARAGRAPHS = 6, 4, 4, 5, 4
"""Publishers, topics, words of a topic, presses of readers and paragraphs shown in one message."""
_ITEM, _ITEM_NEWS = 200, 160
"""Characters of a headline and of one new fact in a digest: two lines of a window each."""

KNOWN = " (known before: "
"""Begins, and a bracket ends, what was known before at the end of a line of news."""
_EARLIER = ", earlier "
"""Begins the figure that was known before, where the line of news is about a figure."""
_ALIKE = 0.6  # of the longer word, from its start on: two forms of one word, of which one is enough

STANDS = "Now: "
"""Begins the line of a story's root that says where the story stands by now."""

NO_HEADLINE = "(no headline)"

MARKS = {Weight.MINOR: "", Weight.MAJOR: "🔴", Weight.URGENT: "🚨"}
"""What stands before a headline, so that a channel is read at a glance. Major and urgent alone are marked."""


def cleaned(alert: Alert) -> Alert:
    """``alert`` with all its text safe to show, each part within its length; what holds for all items is said once."""
    listed = tuple(item(one) for one in alert.items)
    whys = {one.why for one in listed}
    shared = whys.pop() if len(whys) == 1 else ""
    paragraphs = [safe.line(said, _PARAGRAPH) for said in alert.text.splitlines()[:_PARAGRAPHS]]
    return replace(
        alert,
        headline=safe.line(alert.headline, _HEADLINE) or NO_HEADLINE,
        lang=safe.line(alert.lang, 12),
        news=safe.unique(safe.line(said, _LINE) for said in alert.news),
        publishers=safe.unique(safe.line(name, _NAME) for name in alert.publishers),
        credits=safe.unique(safe.line(name, _NAME) for name in alert.credits),
        topics=tuple(_topic(topic) for topic in alert.topics),
        nearest=safe.line(alert.nearest, _LINE),
        ref=safe.line(alert.ref, _NAME),
        text="\n".join(safe.unique((*paragraphs, f"{shared[:1].upper()}{shared[1:]}." if shared else ""))),
        url=safe.url(alert.url),
        items=tuple(replace(one, why="") for one in listed) if shared else listed,
        said=safe.unique(safe.line(said, _LINE) for said in alert.said)[-_SAID:],
    )


def item(one: DigestItem) -> DigestItem:
    """An item of a digest with all its text safe to show."""
    return replace(
        one,
        ref=safe.line(one.ref, _NAME),
        headline=safe.line(one.headline, _ITEM) or NO_HEADLINE,
        lang=safe.line(one.lang, 12),
        news=safe.unique(safe.line(said, _ITEM_NEWS) for said in one.news),
        publishers=safe.unique(safe.line(name, _NAME) for name in one.publishers),
        url=safe.url(one.url),
        why=safe.line(one.why, _NAME),
    )


def _topic(topic: AlertTopic) -> AlertTopic:
    words = safe.unique(safe.line(word, _WORD) for word in topic.words)
    return AlertTopic(name=safe.line(topic.name, _NAME), score=topic.score, words=words)


# --------------------------------------------------------------------------------------------- sentences


def eyebrow(alert: Alert, tz: dt.tzinfo) -> str:
    """What kind of message this is, for above the headline: empty where the headline says it itself."""
    shown = weight_shown(alert)
    weight = shown.value if shown is not Weight.MINOR else ""
    match alert.kind:
        case AlertKind.STORY if alert.changed_at is not None:
            return _joined(f"Story, last moved {safe.clock(alert.changed_at, tz)}", weight)
        case AlertKind.STORY:
            return _joined("New story", weight)
        case AlertKind.DEVELOPMENT:
            return _joined("New in this story", weight)
        case AlertKind.INCIDENT:
            return "Trouble with the feeds"
        case AlertKind.DIGEST | AlertKind.START | AlertKind.NOTICE | AlertKind.QUIET:
            return ""


def mark(alert: Alert) -> str:
    """The sign before the headline, or nothing."""
    if alert.kind is AlertKind.INCIDENT:
        return "✅" if alert.over else "⚠️"
    return MARKS[weight_shown(alert)] if alert.kind in {AlertKind.STORY, AlertKind.DEVELOPMENT} else ""


def weight_shown(alert: Alert) -> Weight:
    """What a message says it weighs: every story is major when it opens, so that alone is no word and no sign worth."""
    opens = alert.kind is AlertKind.STORY and not alert.text.startswith(STANDS)
    return Weight.MINOR if opens and alert.weight is Weight.MAJOR else alert.weight


def ending(alert: Alert) -> str:
    """What stands after the headline of a trouble that is over."""
    return f"· over after {_lasted(alert)}" if alert.kind is AlertKind.INCIDENT and alert.over else ""


def body(alert: Alert) -> list[str]:
    """The paragraphs under the headline; of a trouble that is over, none: what was to be done about it is over too."""
    return [] if ending(alert) else alert.text.splitlines()


def language(lang: str) -> str:
    """The mark of a headline's language, of every one but English; our own words are English."""
    return f"[{lang}]" if lang and lang != "en" else ""


def parted(said: str) -> tuple[str, str]:
    """A line of news as what is new, and what was known of it before."""
    for sign in (KNOWN, _EARLIER):
        new, found, before = said.partition(sign)
        if found and new:
            return new, sign.lstrip(" ,(") + (before.removesuffix(")") if sign == KNOWN else before)
    return said, ""


def told_by(alert: Alert) -> str:
    """Who says so: publishers, the wire they credit, and how many newsrooms that makes."""
    if not alert.publishers:
        return ""
    return _joined(
        f"Told by {_few(alert.publishers, _PUBLISHERS)}",
        f"crediting {_few(alert.credits, _PUBLISHERS)}" if alert.credits else "",
        counted(alert.independent, "independent newsroom") if alert.independent else "",
        counted(alert.articles, "article") if alert.articles > 1 else "",
    )


def because(alert: Alert) -> str:
    """Which topics, with score and the words that matched."""
    shown = "; ".join(_scored(topic) for topic in alert.topics[:_TOPICS])
    more = len(alert.topics) - _TOPICS
    return f"Topic: {shown}{f'; and {more} more' if more > 0 else ''}" if shown else ""


def known(alert: Alert) -> str:
    """The nearest record of the corpus."""
    return f"Last known: {alert.nearest}" if alert.nearest else ""


def when(alert: Alert, tz: dt.tzinfo) -> str:
    """When it was published (else: said, or begun), in the times of both sides."""
    if alert.published_at is not None and alert.kind is not AlertKind.DIGEST:
        return f"Published {safe.clock(alert.published_at, tz)}"
    if alert.kind is not AlertKind.INCIDENT:
        return safe.clock(alert.at, tz)
    end = f" until {safe.clock(alert.changed_at, tz)}" if alert.over and alert.changed_at else ""
    return f"Since {safe.clock(alert.at, tz)}{end}"


def explain(alert: Alert) -> str:
    """The command that tells why this message came; empty for messages of our own."""
    return f"monitor explain {alert.ref}" if alert.ref else ""


def details(alert: Alert, tz: dt.tzinfo) -> Iterator[str]:
    """The small print, line by line: who, why, what was known, when. The items of a digest say it for themselves."""
    if alert.kind is AlertKind.DIGEST:
        yield when(alert, tz)
        return
    yield from filter(None, (told_by(alert), because(alert), known(alert), _joined(when(alert, tz), explain(alert))))


def source(one: DigestItem) -> str:
    """Who told an item of a digest, why it came in one, and its id."""
    return _joined(_few(one.publishers, 3), one.why, one.ref)


def news(alert: Alert, shown: int) -> Sequence[str]:
    """So many lines of what is new, and the number of the rest said."""
    rest = len(alert.news) - shown
    if rest <= 0:
        return alert.news
    where = f", see: {explain(alert)}" if alert.ref else ""
    return (*alert.news[:shown], f"and {rest} more{where}")


def counted(number: int, thing: str) -> str:
    """A number of things: 1 article, 3 articles."""
    return f"{number} {thing}{'' if number == 1 else 's'}"


def _scored(topic: AlertTopic) -> str:
    words = ", ".join(_telling(topic.words))
    return f"{topic.name} {topic.score:.2f}" + (f" ({words})" if words else "")


def _telling(words: Sequence[str]) -> list[str]:
    """A few of the words that matched, no two of them alike; single words rather than those that stand apart."""
    shown: list[str] = []
    for word in sorted(words, key=lambda word: "..." in word or "…" in word):
        if len(shown) < _WORDS and not any(_alike(word.casefold(), other.casefold()) for other in shown):
            shown.append(word)
    return shown


def _alike(one: str, other: str) -> bool:
    together = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))
    return one in other or other in one or (together >= 4 and together >= _ALIKE * max(len(one), len(other)))


def _few(names: Sequence[str], shown: int) -> str:
    more = len(names) - shown
    return ", ".join(names[:shown]) + (f" and {more} more" if more > 0 else "")


def _lasted(alert: Alert) -> str:
    minutes = max(0, round(((alert.changed_at or alert.at) - alert.at).total_seconds() / 60))
    if minutes < 100:  # as people say it: 90 minutes, but 2 hours
        return f"{minutes} min"
    return f"{round(minutes / 60)} h" if minutes < 48 * 60 else f"{round(minutes / 1440)} days"


def _joined(*parts: str) -> str:
    return " · ".join(part for part in parts if part)
