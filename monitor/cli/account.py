"""An entry's account in sections for people: what was decided, on which evidence, and what would have changed it.

It lays out what was stored when the verdict fell; nothing is judged again.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from monitor.cli.columns import beside
from monitor.cli.common import counted
from monitor.cli.words import ALERTS, REASONS, STATES, VERDICTS, fact_in_words
from monitor.entities import (
    Account,
    Beat,
    CorpusRecord,
    Evidence,
    Fact,
    Name,
    NameId,
    NewFact,
    OutboxRow,
    Reason,
    RecordId,
    Ruling,
    Topic,
    TopicId,
    TopicMatch,
    Verdict,
    Weight,
)

if TYPE_CHECKING:
    from monitor.store.shown import Explanation

EVIDENCE_SHOWN, TOPIC_EVIDENCE_SHOWN = 8, 4
FACTS_SHOWN = 8
HEAD = 11
"""Columns of a section's name."""
MOSCOW = ZoneInfo("Europe/Moscow")
TO_ALERT, RUNNER_UP, NAMED = "to-alert", "runner-up", "gate:names"
"""Signals of evidence that have a line of their own."""
KINDS = frozenset({"act", "thing", "side"})
"""What stands before the colon of a concept that is no name."""
SLUG = re.compile(r"(?<=[ ,])[a-z][a-z0-9]*[-:][a-z0-9:-]*|(?<=lacks )[a-z0-9]+|(?<=, )[a-z0-9]+(?=[,;]|$)")
"""A name or a concept as the rooms call it, in a list of them."""
QUIET = frozenset({Reason.OPINION, Reason.PREVIEW, Reason.OLD_FACTS})
"""Reasons that say by themselves why nothing is told."""
THRESHOLD = 0.5
"""The gate's, where the beat's weights name none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of a section, not yet broken: the section's name stands on its first. ``inner``: columns it is moved in.

    ``whole``: it is broken already.
    """

    text: str
    head: str = ""
    style: str = ""
    inner: int = 0
    whole: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the words of an account stand for: the configuration's names, topics, records, and the readers' clock."""

    names: Mapping[NameId, Name]
    topics: Mapping[TopicId, Topic]
    records: Mapping[RecordId, CorpusRecord]
    beat: Beat
    zone: dt.tzinfo
    width: int


def lines(shown: Explanation, known: Known) -> Iterator[Line]:
    """The whole account, section by section: first what was decided, in one sentence."""
    account = shown.account
    yield Line(text=sentence(account), style="bold")
    yield from _entry(shown, known)
    yield from _verdict(shown)
    yield from _gate(account, known)
    yield from _topics(account.matches, known)
    yield from _story(shown, known)
    yield from _facts(shown, known)
    yield from _alert(shown, known)
    for revision in shown.revisions[1:]:
        what = revision.account
        said = f": {VERDICTS[what.verdict]} ({REASONS[what.reason]})" if what else ""
        yield Line(head="edited", text=f"{_clock(revision.at, known.zone)}, version {revision.number}{said}")
    for one in shown.labels:
        why = f": {one.note}" if one.note else ""
        yield Line(head="label", text=f"{one.label} by {one.by}, {_clock(one.at, known.zone)}{why}")


def sentence(account: Account) -> str:
    """How an entry ended and why, as one would say it."""
    verdict, reason = VERDICTS[account.verdict], REASONS[account.reason]
    if account.reason in QUIET:
        verdict = "ours, but nothing is told of it"
    if account.copy_of is not None:
        verdict += f", e{account.copy_of} ({account.similarity:.0%} alike)"
    if account.verdict is Verdict.DEVELOPMENT:
        weight = account.detection.weight if account.detection else Weight.MINOR
        verdict = f"{'A major' if weight is Weight.MAJOR else 'A'} development: {reason}"
        return f"{verdict}. {_upper(ALERTS[account.alert])}." if account.alert is not None else f"{verdict}."
    return f"{_upper(verdict)}: {reason}."


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]


# ---------------------------------------------------------------------------------------------- the sections


def _entry(shown: Explanation, known: Known) -> Iterator[Line]:
    entry, article = shown.entry, shown.article
    ids = [
        f"e{entry.id}",
        *([f"a{entry.article}"] if entry.article else []),
        *([f"s{entry.story}"] if entry.story else []),
    ]
    who = [f"{article.article.publisher}, {article.article.lang or 'language unknown'}"] if article else []
    credit = [f"crediting {', '.join(article.article.credits)}"] if article and article.article.credits else []
    yield Line(head="entry", text=" · ".join([*ids, *who, f"feed {entry.feed}", *credit]))
    if entry.url:
        yield Line(head="url", text=entry.url)
    seen = f"first seen {entry.first_seen_at.astimezone(known.zone):%m-%d %H:%M}"
    yield Line(head="published", text=f"{_clock(entry.published_at, known.zone)} · {seen}")


def _verdict(shown: Explanation) -> Iterator[Line]:
    detection = shown.account.detection
    weight = f", {detection.weight}" if detection and detection.weight is Weight.MAJOR else ""
    yield Line(head="verdict", text=f"{shown.account.verdict} ({shown.account.reason}){weight}")
    if shown.thinned:
        yield Line(text="its evidence is gone: retention keeps it for a while only (retention.off_beat)", inner=2)
    if detection is None:
        return
    title = shown.entry.title
    for said in detection.evidence:
        if said.signal != TO_ALERT:
            words = tuple(word for word in said.words if word != title)
            yield Line(text=evidence_text(dataclasses.replace(said, words=words)), inner=2)
    for said in detection.evidence:
        if said.signal == TO_ALERT:
            yield Line(head="to alert", text=f"it would have taken {said.said}", style="yellow")


def _gate(account: Account, known: Known) -> Iterator[Line]:
    ruling = account.ruling
    if ruling is None:
        return
    if account.verdict is Verdict.REJECTED:
        yield from (Line(head="" if number else "error", text=said.said) for number, said in enumerate(ruling.evidence))
        return
    needed = known.beat.weights.get("threshold", THRESHOLD)
    # The gate may have learnt other weights since: what it needs is shown only where it would decide the same now.
    beside = f", needed {needed:.2f}" if ruling.score and ruling.relevant == (ruling.score >= needed) else ""
    yield Line(head="gate", text=f"{'ours' if ruling.relevant else 'not ours'} ({ruling.score:.2f}{beside})")
    yield from (Line(text=said.said, inner=2) for said in ruling.evidence if said.signal == NAMED)
    weighed = [said for said in ruling.evidence if said.signal != NAMED]
    for sign, what in ((1, "for it"), (-1, "against it")):
        part = [said for said in weighed if said.weight * sign > 0]
        if part:
            yield Line(text=f"{what}:", inner=2)
            yield from evidence_lines(part, inner=4)
    yield from evidence_lines([said for said in weighed if not said.weight])
    if not ruling.relevant:
        yield Line(head="missing", text=_missing(ruling, known.beat), style="yellow")


def _missing(ruling: Ruling, beat: Beat) -> str:
    """What it would have taken to be ours."""
    sides = " and of ".join(side.title() for side in beat.sides)
    match ruling.reason:
        case Reason.NO_SIDE:
            return f"a name of {sides} (the state, its capital, leaders, ministries), or of the dispute"
        case Reason.ONE_SIDE:
            return "a name of the other side (the state, its capital, leaders, ministries), or the dispute itself"
        case Reason.AGAINST:
            return "more of what stands between the two sides than of the other matter that it tells of"
        case _:
            return "an act or a word between the two sides: talks, a visit, a protest, sanctions, an agreement"


def _topics(matches: Sequence[TopicMatch], known: Known) -> Iterator[Line]:
    head = "topics"
    for match in sorted((match for match in matches if not match.background), key=lambda match: -match.score):
        yield Line(head=head, text=f"{_topic(match, known)} [{match.topic}] {match.score:.2f}")
        head = ""
        near = [said for said in match.evidence if said.record]
        yield from evidence_lines([said for said in match.evidence if not said.record], limit=TOPIC_EVIDENCE_SHOWN)
        yield from (Line(text=_record(said, known), inner=2) for said in near)
    mentioned = [_topic(match, known) for match in matches if match.background]
    if mentioned:
        yield Line(head=head, text=f"only mentioned: {', '.join(mentioned)}")


def _topic(match: TopicMatch, known: Known) -> str:
    topic = known.topics.get(match.topic)
    return topic.name.get("en", match.topic) if topic else match.topic


def _record(said: Evidence, known: Known) -> str:
    """A record of the corpus that lies near: its day, its title and how near."""
    record = known.records.get(said.record) if said.record else None
    nearness = said.said.rpartition(" ")[2]  # the weigher says it last, in brackets
    if record is None:
        return f"near record {said.record} {nearness}"
    return f"near record {record.date}, {record.title.get('en', record.id)} {nearness}"


def _story(shown: Explanation, known: Known) -> Iterator[Line]:
    assignment, story = shown.account.assignment, shown.story
    if story is None:
        return
    told = f"{counted(story.articles, 'article')}, {counted(story.developments, 'development')} so far"
    if assignment is None:
        yield Line(head="story", text=f"s{story.id}: {story.title} ({told})")
        return
    opened = assignment.story is None
    how = "opened with this" if opened else f"joined ({assignment.score:.2f})"
    yield Line(head="story", text=f"s{story.id} {how}: {story.title} ({told})")
    for said in assignment.evidence:
        if said.signal == "story" and opened:
            yield Line(text=said.said, inner=2)
    shared = [said for said in assignment.evidence if said.signal not in {RUNNER_UP, "story"}]
    yield from evidence_lines([dataclasses.replace(said, words=_labels(said.words, known)) for said in shared])
    rivals = [said for said in assignment.evidence if said.signal == RUNNER_UP]
    for said in rivals:
        has = f"; shares {', '.join(_labels(said.words, known))}" if said.words else ""
        plain = SLUG.sub(lambda found: _label(found[0], known), said.said)
        yield Line(text=f"and not {plain}{has}", inner=2)
    if not rivals and assignment.runner_up is not None:
        yield Line(text=f"and not s{assignment.runner_up} ({assignment.runner_up_score:.2f})", inner=2)
    if assignment.linked_to is not None:
        yield Line(text=f"goes on from s{assignment.linked_to}", inner=2)


def _labels(words: Iterable[str], known: Known) -> tuple[str, ...]:
    """What was shared as people call it, each once."""
    return tuple(dict.fromkeys(_label(word, known) for word in words))


def _label(word: str, known: Known) -> str:
    """A name by its label, an act or a thing without its kind; another word as it is."""
    name = known.names.get(NameId(word))
    if name is not None:
        return name.label.get("en", word)
    kind, colon, rest = word.partition(":")
    return rest.replace("-", " ") if colon and kind in KINDS else word


def _facts(shown: Explanation, known: Known) -> Iterator[Line]:
    account, title = shown.account, shown.entry.title

    def words(fact: Fact) -> str:
        return fact_in_words(dataclasses.replace(fact, words="") if fact.words == title else fact, known.names)

    news = account.detection.news if account.detection else ()
    width = (known.width - HEAD - 2) // 2
    head = "facts"
    if news:
        yield from _whole(head, [("new", width), ("known before", width)], style="dim")
        head = ""
    for new in news:
        said = new.said or fact_in_words(new.fact, known.names)
        yield from _whole("", [(f"+ {said}", width), (_before(new, known), width)], style="green")
        yield Line(text=words(new.fact), inner=2)
    told: set[Fact] = {new.fact for new in news}
    rest = [fact for fact in account.facts if fact not in told]
    for fact in rest[:FACTS_SHOWN]:
        yield Line(head=head, text=f"· {words(fact)}")
        head = ""
    if len(rest) > FACTS_SHOWN:
        yield Line(text=f"and {len(rest) - FACTS_SHOWN} more (--json shows all)", inner=2)


def _whole(head: str, columns: Sequence[tuple[str, int]], *, style: str) -> Iterator[Line]:
    for number, text in enumerate(beside(columns)):
        yield Line(head="" if number else head, text=text, style=style, whole=True)


def _before(new: NewFact, known: Known) -> str:
    """What was known of the same matter."""
    record = known.records.get(new.record) if new.record else None
    of = f" (record {record.date}, {record.title.get('en', record.id)})" if record else ""
    return f"{fact_in_words(new.earlier, known.names)}{of}" if new.earlier is not None else f"nothing{of}"


def _alert(shown: Explanation, known: Known) -> Iterator[Line]:
    if shown.account.alert is not None:
        ref = f"d{shown.account.development}, " if shown.account.development is not None else ""
        yield Line(head="alert", text=f"{ref}{ALERTS[shown.account.alert]}")
    yield from (Line(text=_delivery(row, known.zone), inner=2) for row in shown.alerts)


def _delivery(row: OutboxRow, zone: dt.tzinfo) -> str:
    into = f" o{row.merged_into}" if row.merged_into is not None else ""
    when = f" {_clock(row.sent_at, zone)}" if row.sent_at else ""
    trouble = f": {row.error}" if row.error else ""
    return f"o{row.id} to {row.alert.destination}: {STATES[row.state]}{into}{when}{trouble}"


def evidence_lines(evidence: Iterable[Evidence], *, limit: int = EVIDENCE_SHOWN, inner: int = 2) -> Iterator[Line]:
    """What weighed, the heaviest first; the words that matched in brackets."""
    found = sorted(evidence, key=lambda said: -abs(said.weight))
    for said in found[:limit]:
        yield Line(text=evidence_text(said), inner=inner)
    if len(found) > limit:
        yield Line(text=f"and {len(found) - limit} more (--json shows all)", inner=inner)


def evidence_text(said: Evidence) -> str:
    """One weigher's words, with its weight, the words that matched and its name."""
    sign = f"{said.weight:+.2f} " if round(said.weight, 2) else ""
    fresh = [word for word in said.words if word not in said.said]
    return f"{sign}{said.said}{' [' + ', '.join(fresh) + ']' if fresh else ''} ({said.signal})"


def _clock(moment: dt.datetime, zone: dt.tzinfo) -> str:
    """A moment on the readers' clock and on Moscow's."""
    here = moment.astimezone(zone)
    return f"{here:%Y-%m-%d %H:%M} {here.tzname()} ({moment.astimezone(MOSCOW):%d %b %H:%M} MSK)"
