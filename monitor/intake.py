"""What an entry and a poll are on their way to the transaction, and the small work on lists of them.

Never decides and never writes: the order of the steps is the pipeline's, every no is a room's.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import itertools
import statistics
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import structlog

from monitor.entities import (
    Account,
    Affair,
    Article,
    Document,
    Entry,
    Feed,
    FeedState,
    Fetched,
    Fingerprint,
    Intake,
    Known,
    Problem,
    Ruling,
    Standing,
    Told,
    Verdict,
)

log = structlog.get_logger("monitor.pipeline")

ITEMS_MOST = 5000
"""Items of earlier documents kept beside a piece of one: a feed that is cut at every poll must not grow for ever."""
NO_PRINT = Fingerprint()
"""What an article that is not of the beat is compared by: nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An article on its way to the transaction, with everything that could be found out without it.

    ``digest`` is the item's (``Entry.digest``); ``aliases`` are keys under which we do not hold it yet; ``affairs`` are
    those of its title.
    """

    article: Article
    standing: Standing
    digest: bytes = b""
    held: Known | None = None
    aliases: tuple[str, ...] = ()
    fingerprint: Fingerprint = NO_PRINT
    ruling: Ruling | None = None
    told: Told | None = None
    affairs: tuple[Affair, ...] = ()
    failed: str = ""

    @property
    def doubtful(self) -> bool:
        """Whether the gate refused it, and what was told in the days before may yet make plain that it is ours."""
        return self.told is not None and self.ruling is not None and not self.ruling.relevant


@dataclass(frozen=True, slots=True, kw_only=True)
class Drafted:
    """One document's drafts, and what could not become one: ``unread`` digests come again with the next poll."""

    drafts: tuple[Draft, ...] = ()
    rejected: int = 0
    unread: frozenset[bytes] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Poll:
    """What one poll brought, before anything came of it. ``parts`` are the documents that an index stands for.

    ``jitter`` is a number from 0 to 1 that moves the next poll.
    """

    feed: Feed
    state: FeedState
    fetched: Fetched
    parts: tuple[Fetched, ...] = ()
    jitter: float = 0.0

    @property
    def bare(self) -> bool:
        """Whether there is nothing to parse: a 304, a failure, or the body we had before."""
        fetched = self.fetched
        if fetched.not_modified or (fetched.problem and fetched.problem is not Problem.CUT_SHORT):
            return True
        return bool(fetched.body_hash) and fetched.body_hash == self.state.body_hash and not fetched.pushed


@dataclass(frozen=True, slots=True, kw_only=True)
class Polled:
    """What one poll came to."""

    feed: Feed
    state: FeedState
    fetched: Fetched
    accounts: tuple[Account, ...] = ()
    entries: int = 0
    rejected: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Dated:
    """An entry that came from no poll, and the moment it is taken in at."""

    feed: Feed
    entry: Entry
    now: dt.datetime


def apart(articles: Sequence[Article | None]) -> Iterator[list[Article | None]]:
    """The articles in their order, cut wherever one shares a key with another of its part."""
    part: list[Article | None] = []
    keys: set[str] = set()
    for article in articles:
        if article is not None and not keys.isdisjoint(article.keys):
            yield part
            part, keys = [], set()
        part.append(article)
        keys.update(article.keys if article is not None else ())
    if part:
        yield part


def runs(drafts: Iterable[Draft]) -> Iterator[list[Draft]]:
    """The drafts in their order: new ones off the beat that follow one another together, each of the others alone.

    Two entries of one run share no key: the second of such a pair is no new entry.
    """
    run: list[Draft] = []
    keys: set[str] = set()
    for draft in drafts:
        if draft.standing is Standing.KNOWN and not draft.aliases:
            continue  # nothing to write
        plain = plainly_off_beat(draft)
        if run and not (plain and keys.isdisjoint(draft.article.keys)):
            yield run
            run, keys = [], set()
        if plain:
            run.append(draft)
            keys.update(draft.article.keys)
        else:
            yield [draft]
    if run:
        yield run


def plainly_off_beat(draft: Draft) -> bool:
    """Whether a draft is a new entry that the gate said no to, so that nothing but its own row is to be written."""
    return draft.standing is Standing.NEW and draft.told is None and not draft.failed


def joined(documents: Sequence[Document], fetched: Sequence[Fetched]) -> Document:
    """An index and its parts, as they were ``fetched``, as one document.

    Where a part cannot be read, the others make a document that was cut short: no baseline, asked for again soon, and
    told when it goes on. A part that holds no news is none of that.
    """
    first, *parts = documents
    if not parts:
        return first
    held = [part for part in parts if part.problem in {None, Problem.CUT_SHORT}]
    problem = first.problem if held else parts[0].problem
    said = [first.flagged]
    for part, one in zip(parts, fetched, strict=True):
        wrong = one.problem or part.problem
        if wrong not in {None, Problem.EMPTY}:
            problem = Problem.CUT_SHORT if held else wrong
            said.append(f"its part {one.url} cannot be read whole: {one.message or part.flagged or wrong}")
        else:
            said.append(part.flagged)
    return dataclasses.replace(
        first,
        entries=tuple(entry for part in held for entry in part.entries),
        unchanged=sum(part.unchanged for part in held),
        digests=tuple(digest for part in held for digest in part.digests),
        skipped=sum(part.skipped for part in held),
        problem=problem,
        flagged="; ".join(filter(None, said)),
    )


def items_kept(
    fetched: Fetched,
    document: Document,
    drafts: Sequence[Draft],
    before: Mapping[bytes, bytes],
    *,
    without: frozenset[bytes],
) -> Mapping[bytes, bytes]:
    """The items to know the next document's by; those of a piece or a push join the ones before.

    An item that is no article has no identity.
    """
    read = {draft.digest: identity_of(draft.article) for draft in drafts if draft.digest}
    kept = {digest: read.get(digest) or before.get(digest, b"") for digest in document.digests}
    # Of a document in doubt no item has a digest: its articles stand under their identity, and are read again.
    kept |= {identity: identity for identity in (identity_of(draft.article) for draft in drafts if not draft.digest)}
    if fetched.partial or fetched.pushed or document.problem is not None:
        kept = {**dict(list(before.items())[-ITEMS_MOST:]), **kept}
    return {digest: identity for digest, identity in kept.items() if digest not in without}


def identity_of(article: Article) -> bytes:
    """What an article is known by, in 8 bytes."""
    return hashlib.blake2b(article.keys[0].encode(errors="replace"), digest_size=8).digest()


def counted(
    document: Document,
    drafts: Sequence[Draft],
    accounts: Sequence[Account],
    feed: Feed,
    *,
    before: frozenset[bytes] | None = None,
) -> Intake:
    """What a document came to, in counts.

    Overlap is with this feed's own past: what another feed brought first, and did not stand in the document ``before``,
    is new to it. Of an older page (None) it is held, whoever brought it.
    """
    elsewhere = (
        0
        if before is None
        else sum(
            draft.held is not None and draft.held.feed_id != feed.id and identity_of(draft.article) not in before
            for draft in drafts
        )
    )
    dates = [draft.article.published_at for draft in drafts if draft.article.dated]
    fresh = sorted(
        draft.article.published_at for draft in drafts if draft.standing is Standing.NEW and draft.article.dated
    )
    pauses = [after - before_it for before_it, after in itertools.pairwise(fresh)]
    one_date = len(dates) > 1 and len(set(dates)) == 1
    return Intake(
        entries=document.unchanged + len(document.entries),
        new=sum(account.standing is Standing.NEW for account in accounts) + elsewhere,
        read=len(drafts),
        renamed=sum(draft.held is not None and any(map(_is_guid, draft.aliases)) for draft in drafts),
        undated=len(drafts) if one_date else len(drafts) - len(dates),
        foreign=sum(bool(feed.lang) and draft.article.lang != feed.lang for draft in drafts),
        newest=max(dates, default=None),
        oldest_new=min(fresh, default=None),
        pause=statistics.median_high(pauses) if pauses else None,
    )


def _is_guid(key: str) -> bool:
    return key.startswith("guid:")


def log_poll(polled: Polled, document: Document | None = None) -> None:
    """One line a poll: what came, what was new, what is wrong; of one that brought nothing, only where details are."""
    new = [account for account in polled.accounts if account.standing is Standing.NEW]
    fields: dict[str, object] = {
        "feed": polled.feed.id,
        "status": polled.fetched.status,
        "entries": polled.entries,
        "new": len(new),
        "on_beat": sum(account.verdict is not Verdict.OFF_BEAT for account in new),
        "developments": sum(account.verdict is Verdict.DEVELOPMENT for account in polled.accounts),
    }
    if polled.rejected:
        fields["rejected"] = polled.rejected
    if document is not None and document.rests:
        fields["publisher_rests"] = document.rests  # news does not keep these hours, so polls go on
    if polled.state.problem:
        log.warning("poll failed", **fields, problem=polled.state.problem.value, message=polled.state.problem_message)
    elif document is None:
        log.debug("nothing new", feed=polled.feed.id, status=polled.fetched.status)
    else:
        log.info("polled", **fields)
