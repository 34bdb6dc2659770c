"""The corridor: one document walks through the house. Order only; nothing is decided here.

    ingest    fetch | parse | clean | dedupe | read | gate | classify | extract
              | begin | add, copy, assign, detect, absorb, compose, record (with its outbox rows) | commit
    deliver   claim | send | confirm

* One transaction a document, and one for all the polls of a moment that brought none. Slow work (fetch, parse, clean,
  read, embed, classify) is before it, Slack is after it.
* Crash-safe by order. A feed's validators move in the same transaction as the entries they belong to, as its last
  statement: a crash before the commit means a second poll of a document that was never taken in.
* Every no has a reason. Each entry ends with one verdict and an ``Account`` of how it fell.
* Rooms do not touch the world. ``now`` comes from the faces.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import itertools
import statistics
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import structlog

from monitor import clean, dedupe, schedule
from monitor.alerts import compose
from monitor.embed import lead
from monitor.entities import (
    Account,
    AlertReason,
    Article,
    ArticleId,
    Assignment,
    Copy,
    Document,
    Entry,
    EntryId,
    Evidence,
    Feed,
    FeedState,
    Fetched,
    Fingerprint,
    Intake,
    Known,
    Mode,
    Problem,
    Reason,
    Ruling,
    Standing,
    Story,
    Surroundings,
    Told,
    Verdict,
)
from monitor.errors import StoreError
from monitor.facts import Extractor
from monitor.gate import Gate, OpenGate
from monitor.lexicon import Lexicon
from monitor.ports import Embedder, Store, Tx
from monitor.sources import SOURCES
from monitor.stories import Stories
from monitor.topics import Classifier

log = structlog.get_logger("monitor.pipeline")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rooms:
    """The pure rooms an article walks through, built once from the configuration."""

    lexicon: Lexicon
    gate: Gate | OpenGate
    embedder: Embedder
    classifier: Classifier
    extractor: Extractor
    stories: Stories
    composer: compose.Composer


ITEMS_MOST = 5000
"""Items of earlier documents kept beside a piece of one: a feed that is cut at every poll must not grow for ever."""
NO_PRINT = Fingerprint()
"""What an article that is not of the beat is compared by: nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An article on its way to the transaction, with everything that could be found out without it.

    ``digest`` is the item's (``Entry.digest``); ``aliases`` are keys under which we do not hold it yet.
    """

    article: Article
    standing: Standing
    digest: bytes = b""
    held: Known | None = None
    aliases: tuple[str, ...] = ()
    fingerprint: Fingerprint = NO_PRINT
    ruling: Ruling | None = None
    told: Told | None = None
    failed: str = ""


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


class Pipeline:
    """Walks documents through the rooms into the store. It holds no state between two documents.

    ``owner`` names whoever leased the feeds: what is written of a poll gives its lease back. ``rooms`` is asked when
    the first entry comes: a round of 304s needs none.
    """

    def __init__(
        self,
        *,
        store: Store,
        rooms: Callable[[], Rooms],
        schedule_policy: schedule.Policy,
        horizon: dt.timedelta,
        owner: str = "",
    ) -> None:
        self.store = store
        self._rooms = rooms
        self.schedule_policy = schedule_policy
        self.horizon = horizon
        self.owner = owner

    @property
    def rooms(self) -> Rooms:
        """The pure rooms, built by now or built now."""
        return self._rooms()

    # ------------------------------------------------------------------------------------------ ingest

    def take_in(self, poll: Poll, *, now: dt.datetime) -> Polled:
        """Parse what a poll brought, store its entries, and move the feed's memory on, all in one transaction.

        A document seen for the first time is the feed's baseline: stored whole, told to nobody. Of a later one only
        the items that did not stand word for word in the one before are read.
        """
        feed, state, fetched = poll.feed, poll.state, poll.fetched
        if poll.bare:
            return self.pass_by([poll], now=now)[0]
        with self.store.read() as tx:
            before = tx.items(feed.id)
        seen = frozenset(before)
        document = _joined([SOURCES[feed.kind].parse(feed, one, seen) for one in (fetched, *poll.parts)], poll.parts)
        drafted = self.draft(feed, document.entries, now=now)
        mode = Mode.LIVE if state.baseline_at else Mode.BASELINE
        with self.store.begin() as tx:
            accounts, undone = self.settle(tx, drafted.drafts, now=now, mode=mode)
            intake = _intake(document, drafted.drafts, accounts, feed, before=frozenset(before.values()))
            moved = self._moved(tx, poll, document, intake, now)
            for one in (fetched, *poll.parts):
                tx.keep_raw(one)
            kept = _kept(fetched, document, drafted.drafts, before, without=drafted.unread | undone)
            owner = "" if fetched.pushed else self.owner  # a push holds no lease, and must not free that of a poll
            tx.save_polled([moved], owner=owner, items={feed.id: kept})
        polled = Polled(
            feed=feed,
            state=moved,
            fetched=fetched,
            accounts=accounts,
            entries=intake.entries,
            rejected=drafted.rejected + document.skipped,
        )
        _log_poll(polled, document)
        return polled

    def pass_by(self, polls: Sequence[Poll], *, now: dt.datetime) -> list[Polled]:
        """Polls that brought no document, in one transaction: nine in ten, so that each costs a row and no more."""
        done: list[Polled] = []
        with self.store.begin(exclusive=False) as tx:
            for poll in polls:
                moved = self._moved(tx, poll, None, Intake(), now)
                done.append(Polled(feed=poll.feed, state=moved, fetched=poll.fetched))
            tx.save_polled([polled.state for polled in done], owner=self.owner)
        for polled in done:
            _log_poll(polled)
        return done

    def take_in_page(self, poll: Poll, *, now: dt.datetime) -> Polled:
        """An older page (or the publisher's sitemap) after a possible loss: what it holds that we do not is news.

        The feed's validators, digests and pace are not touched: they are of its first page. Its lease was given back
        with that one, so what is written is the gap alone, beside whatever else moved meanwhile.
        """
        feed, state, fetched = poll.feed, poll.state, poll.fetched
        kind = (state.gap.next_kind if state.gap else "") or feed.kind
        document = Document(entries=()) if poll.bare else SOURCES[kind].parse(feed, fetched)
        drafted = self.draft(feed, document.entries, now=now)
        with self.store.begin() as tx:
            accounts, _ = self.settle(tx, drafted.drafts, now=now, mode=Mode.LIVE)
            intake = _intake(document, drafted.drafts, accounts, feed)
            moved = tx.feed_state(feed.id)
            if moved.gap == state.gap:
                moved = schedule.after_page(feed, moved, fetched, document, intake=intake, now=now)
            hold = schedule.hold(feed, moved, fetched, now, self.schedule_policy)
            if hold is not None:
                tx.save_hold(hold)
            tx.keep_raw(fetched)
            tx.save_polled([moved], owner=self.owner)
        polled = Polled(
            feed=feed, state=moved, fetched=fetched, accounts=accounts, entries=intake.entries,
            rejected=drafted.rejected + document.skipped,
        )  # fmt: skip
        log.info("older page read", feed=feed.id, url=fetched.url, entries=polled.entries, new=intake.new)
        return polled

    def _moved(self, tx: Tx, poll: Poll, document: Document | None, intake: Intake, now: dt.datetime) -> FeedState:
        """The feed's memory after this poll; a host that asked for patience and a possible loss are written down."""
        feed, state, fetched = poll.feed, poll.state, poll.fetched
        if state.push is not None:  # its hub may have answered since this poll began
            state = dataclasses.replace(state, push=tx.feed_state(feed.id).push)
        if fetched.pushed:
            return schedule.after_push(feed, state, intake=intake, now=now)
        policy = self.schedule_policy
        moved = schedule.after_poll(
            feed, state, fetched, document, intake=intake, now=now, policy=policy, jitter=poll.jitter
        )
        if document is not None and document.parts:
            # An index may stand still while what it lists moves on: it is read whole each time.
            moved = dataclasses.replace(moved, etag=None, last_modified=None, body_hash=None)
        for one in (fetched, *poll.parts):
            hold = schedule.hold(feed, moved, one, now, policy)
            if hold is not None:
                tx.save_hold(hold)
        return moved

    def ingest(self, feed: Feed, entries: Sequence[Entry], *, now: dt.datetime, mode: Mode) -> tuple[Account, ...]:
        """Entries that did not come from a poll (a replay, a backfill) through the same rooms and one transaction."""
        drafted = self.draft(feed, entries, now=now)
        with self.store.begin() as tx:
            return self.settle(tx, drafted.drafts, now=now, mode=mode)[0]

    def ingest_each(self, given: Sequence[Dated], *, mode: Mode) -> list[Account | None]:
        """What ``ingest`` makes of entries one after another, but many in one transaction; None: nothing to settle.

        Where two of them share a key, the second waits until the first is stored.
        """
        accounts: list[Account | None] = []
        for articles in _apart([self._cleaned(one) for one in given]):
            whole = [article for article in articles if article is not None]
            with self.store.read() as tx:
                known = tx.known([key for article in whole for key in article.keys])
            drafts = {id(article): self._draft(article, known, b"") for article in whole}
            with self.store.begin() as tx:
                settled = {id(draft): said for draft, said in self._settled(tx, drafts.values(), mode=mode)}
            accounts += [settled.get(id(drafts.get(id(article)))) for article in articles]
        return accounts

    @staticmethod
    def _cleaned(one: Dated) -> Article | None:
        try:
            return clean.clean(one.entry, one.feed, one.now)
        except Exception:
            log.exception("entry rejected", url=one.entry.link, title=one.entry.title)
            return None

    def draft(self, feed: Feed, entries: Sequence[Entry], *, now: dt.datetime) -> Drafted:
        """Everything that needs no transaction, oldest article first; and how many entries were no articles."""
        articles: list[Article] = []
        digests: dict[str, bytes] = {}
        unread: set[bytes] = set()
        for entry in reversed(entries):  # feeds list the newest first
            try:
                article = clean.clean(entry, feed, now)
            except Exception:
                log.exception("entry rejected", url=entry.link, title=entry.title)
                unread.add(entry.digest)
                continue
            if article is not None:
                articles.append(article)
                digests[article.keys[0]] = entry.digest
        if not articles:
            return Drafted(rejected=len(entries), unread=frozenset(unread))
        with self.store.read() as tx:
            known = tx.known([key for article in articles for key in article.keys])
        rejected = len(entries) - len(articles)
        articles.sort(key=lambda article: article.published_at)
        drafts = tuple(self._draft(article, known, digests[article.keys[0]]) for article in dedupe.newest(articles))
        return Drafted(drafts=drafts, rejected=rejected, unread=frozenset(unread))

    def _draft(self, article: Article, known: Mapping[str, Known], digest: bytes) -> Draft:
        standing, held = dedupe.standing(article, known)
        aliases = tuple(key for key in article.keys if key not in known) if held is not None else ()
        draft = Draft(article=article, standing=standing, digest=digest, held=held, aliases=aliases)
        if standing is Standing.KNOWN:
            return draft
        try:
            return self._read(draft)
        except Exception as error:  # one entry that a room cannot bear must not cost the document
            log.exception("entry rejected", url=article.url, title=article.title)
            return dataclasses.replace(draft, failed=f"{type(error).__name__}: {error}")

    def _read(self, draft: Draft) -> Draft:
        """What the pure rooms say of one article; off-beat ones stop at the gate."""
        rooms, article = self.rooms, draft.article
        strange = rooms.gate.glance(article)
        if strange is not None:
            return dataclasses.replace(draft, ruling=strange)
        reading = rooms.lexicon.scan(article.title, article.text, article.lang, on=article.published_at.date())
        ruling = rooms.gate.judge(article, reading)
        if not ruling.relevant:
            return dataclasses.replace(draft, ruling=ruling)
        reading = dataclasses.replace(
            rooms.lexicon.with_terms(reading), vector=rooms.embedder.embed([lead(article)], reading.lang)[0]
        )
        matches = rooms.classifier.classify(article, reading)
        facts = rooms.extractor.extract(article, reading)
        return dataclasses.replace(
            draft,
            ruling=ruling,
            fingerprint=dedupe.fingerprint(article),
            told=Told(article=article, reading=reading, matches=matches, facts=facts),
        )

    # ----------------------------------------------------------------------------- inside the transaction

    def settle(
        self, tx: Tx, drafts: Iterable[Draft], *, now: dt.datetime, mode: Mode
    ) -> tuple[tuple[Account, ...], frozenset[bytes]]:
        """Each draft's verdict, written down, and the digests of those that must come again.

        One bad entry is rolled back alone and counted; the rest stands.
        """
        accounts: list[Account] = []
        undone: set[bytes] = set()
        for draft, account in self._settled(tx, drafts, now=now, mode=mode):
            if account is not None:
                accounts.append(account)
            elif draft.standing is Standing.EDITED:  # an edit that cannot be read comes again with the next poll
                undone.add(draft.digest)
        return tuple(accounts), frozenset(undone)

    def _settled(
        self, tx: Tx, drafts: Iterable[Draft], *, mode: Mode, now: dt.datetime | None = None
    ) -> Iterator[tuple[Draft, Account | None]]:
        """Each draft with its verdict; without ``now`` each is taken in when it was first seen."""
        for run in _runs(drafts):
            together = self._settle_off_beat(tx, run) if _plainly_off_beat(run[0]) else None
            if together is not None:
                yield from zip(run, together, strict=True)
                continue
            for draft in run:
                yield draft, self._settle_alone(tx, draft, now=now or draft.article.first_seen_at, mode=mode)

    def _settle_off_beat(self, tx: Tx, run: Sequence[Draft]) -> list[Account] | None:
        """New entries off the beat written in one go; None, and nothing written, where one of them will not go in."""
        accounts = [self._off_beat_account(draft) for draft in run]
        try:
            with tx.savepoint():
                entries = tx.add_settled([(draft.article, said) for draft, said in zip(run, accounts, strict=True)])
        except StoreError:
            raise
        except Exception:  # a key that is held by now, or an entry that is bad: one by one it shows which
            log.debug("entries are taken one by one", exc_info=True)
            return None
        return [dataclasses.replace(said, entry=entry) for said, entry in zip(accounts, entries, strict=True)]

    def _settle_alone(self, tx: Tx, draft: Draft, *, now: dt.datetime, mode: Mode) -> Account | None:
        """One draft in a savepoint of its own; None where there is nothing to tell of it."""
        if draft.held is not None and draft.aliases:
            tx.alias(draft.held.entry, draft.aliases)
        if draft.standing is Standing.KNOWN:
            return None
        try:
            with tx.savepoint():
                return self._settle(tx, draft, now=now, mode=mode)
        except StoreError:
            raise  # the database itself is at fault: the whole document is taken in again later
        except Exception as error:
            log.exception("entry rejected", url=draft.article.url, title=draft.article.title)
            return self._reject(tx, draft, f"{type(error).__name__}: {error}")

    def _reject(self, tx: Tx, draft: Draft, why: str) -> Account | None:
        """Keep the identity of an entry that could not be read, with the error as its evidence."""
        article = draft.article
        if draft.held is not None:
            return None  # an edit that cannot be read leaves what we hold as it is
        entry = tx.add(article)
        if entry is None:
            return None
        ruling = Ruling(
            relevant=False, reason=Reason.UNREADABLE, score=0.0, evidence=(Evidence(signal="error", said=why),)
        )
        account = Account(
            title=article.title,
            url=article.url,
            verdict=Verdict.REJECTED,
            reason=Reason.UNREADABLE,
            standing=draft.standing,
            ruling=ruling,
            entry=entry,
        )
        tx.record(entry, account, content_hash=article.content_hash)
        return account

    def _settle(self, tx: Tx, draft: Draft, *, now: dt.datetime, mode: Mode) -> Account | None:
        if draft.failed:
            return self._reject(tx, draft, draft.failed)
        article, held = draft.article, draft.held
        entry = held.entry if held else tx.add(article)
        if entry is None:
            return None  # another entry of this document, or another worker, was first
        if draft.told is None:
            return self._off_beat(tx, draft, entry, now)
        edited = held is not None and held.article is not None
        return self._on_beat(tx, draft, draft.told, entry, edited=edited, now=now, mode=mode)

    def _off_beat(self, tx: Tx, draft: Draft, entry: EntryId, now: dt.datetime) -> Account:
        article, held = draft.article, draft.held
        account = dataclasses.replace(self._off_beat_account(draft), entry=entry)
        if held is None:
            tx.record(entry, account, content_hash=article.content_hash)
            return account
        if held.article is not None:
            account = dataclasses.replace(account, verdict=Verdict.REVISION, reason=Reason.EDITED, story=held.story)
        tx.add_revision(entry, article, account, now)
        return account

    @staticmethod
    def _off_beat_account(draft: Draft) -> Account:
        """How the gate's no fell, for an entry that has no id yet."""
        ruling = draft.ruling
        assert ruling is not None
        return Account(
            title=draft.article.title,
            url=draft.article.url,
            verdict=Verdict.OFF_BEAT,
            reason=ruling.reason or Reason.NO_RELATION,
            standing=draft.standing,
            ruling=ruling,
        )

    def _on_beat(
        self, tx: Tx, draft: Draft, told: Told, entry: EntryId, *, edited: bool, now: dt.datetime, mode: Mode
    ) -> Account:
        article, rooms, held = draft.article, self.rooms, draft.held
        copy = None if edited else dedupe.copy_of(article, tx.neighbours(draft.fingerprint))
        keys = rooms.stories.keys(told)
        assignment = self._assign(tx, told, keys, held=held if edited else None, copy=copy)
        story = tx.story(assignment.story) if assignment.story is not None else None
        detection = rooms.stories.detect(
            told, story, copy=copy, edited=edited, now=now, assignment=assignment
        )  # fmt: skip
        moved, article_id = self._keep(
            tx, told, draft, entry, story, assignment, keys=keys, edited=edited, copied=copy is not None
        )
        account = Account(
            title=article.title,
            url=article.url,
            verdict=detection.verdict,
            reason=detection.reason,
            standing=draft.standing,
            ruling=draft.ruling,
            matches=told.matches,
            facts=told.facts,
            copy_of=copy.of.entry if copy else None,
            similarity=copy.similarity if copy else 0.0,
            assignment=assignment,
            detection=detection,
            story=moved.id,
            entry=entry,
        )
        if detection.verdict is Verdict.DEVELOPMENT:
            account = self._develop(tx, told, account, moved, article_id, now=now, mode=mode)
        if edited:
            tx.add_revision(entry, article, account, now)
        else:
            tx.record(entry, account, content_hash=article.content_hash)
        return account

    def _assign(self, tx: Tx, told: Told, keys: Sequence[str], *, held: Known | None, copy: Copy | None) -> Assignment:
        """The story an article belongs to: an edit stays where it was, a copy goes with its original."""
        if held is not None and held.story is not None:
            return Assignment(story=held.story, score=1.0)
        if copy is not None and copy.of.story is not None:
            return Assignment(story=copy.of.story, score=copy.similarity)
        article = told.article
        stories, at = self.rooms.stories, article.published_at
        candidates = tx.candidates(keys, told.reading.vector, at, horizon=self.horizon)
        terms = sorted({term for sentence in told.reading.sentences for term in sentence.terms})
        learnt, known = tx.learn_terms(article.lang, terms)
        around = Surroundings(articles=learnt, terms=known, busy=tx.busy(at, within=stories.policy.crowded))
        return stories.assign(told, candidates, around, now=at)

    def _keep(
        self,
        tx: Tx,
        told: Told,
        draft: Draft,
        entry: EntryId,
        story: Story | None,
        assignment: Assignment,
        *,
        keys: Sequence[str],
        edited: bool,
        copied: bool,
    ) -> tuple[Story, ArticleId]:
        """Write the article and its story, absorbed into one another."""
        article, stories = told.article, self.rooms.stories
        if story is None:
            before = tx.story(assignment.linked_to) if assignment.linked_to is not None else None
            events = (before.events or before.id) if before is not None else None
            opened = tx.open_story(article, assignment, stories.profile(told), events=events)
            story = tx.story(opened)
            assert story is not None
        moved = stories.absorb(story, told, edited=edited, copied=copied)
        tx.save_story(moved)
        tx.index_story(moved, keys)
        if edited and draft.held is not None and draft.held.article is not None:
            article_id = draft.held.article
        else:
            article_id = tx.add_article(entry, article, draft.fingerprint)
        tx.place(article_id, story=moved.id, matches=told.matches, facts=told.facts)
        return moved, article_id

    def _develop(
        self, tx: Tx, told: Told, account: Account, story: Story, article: ArticleId, *, now: dt.datetime, mode: Mode
    ) -> Account:
        """A development: decided whether to tell it, written down, and its alerts put into the outbox."""
        composer, detection = self.rooms.composer, account.detection
        assert detection is not None
        told_or_why = composer.judge(told, detection, story, mode=mode, now=now)
        development = tx.add_development(story.id, article, detection, told_or_why, now)
        account = dataclasses.replace(account, development=development, alert=told_or_why)
        if told_or_why is AlertReason.QUEUED:
            nearest = self.rooms.classifier.nearest(told.article, told.reading)
            composer.enqueue(tx, told, account, story, nearest=nearest, now=now)
        return account


def _apart(articles: Sequence[Article | None]) -> Iterator[list[Article | None]]:
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


def _runs(drafts: Iterable[Draft]) -> Iterator[list[Draft]]:
    """The drafts in their order: new ones off the beat that follow one another together, each of the others alone.

    Two entries of one run share no key: the second of such a pair is no new entry.
    """
    run: list[Draft] = []
    keys: set[str] = set()
    for draft in drafts:
        if draft.standing is Standing.KNOWN and not draft.aliases:
            continue  # nothing to write
        plain = _plainly_off_beat(draft)
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


def _plainly_off_beat(draft: Draft) -> bool:
    """Whether a draft is a new entry that the gate said no to, so that nothing but its own row is to be written."""
    return draft.standing is Standing.NEW and draft.told is None and not draft.failed


def _joined(documents: Sequence[Document], fetched: Sequence[Fetched]) -> Document:
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


def _kept(
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
    read = {draft.digest: _identity(draft.article) for draft in drafts if draft.digest}
    kept = {digest: read.get(digest) or before.get(digest, b"") for digest in document.digests}
    # Of a document in doubt no item has a digest: its articles stand under their identity, and are read again.
    kept |= {identity: identity for identity in (_identity(draft.article) for draft in drafts if not draft.digest)}
    if fetched.partial or fetched.pushed or document.problem is not None:
        kept = {**dict(list(before.items())[-ITEMS_MOST:]), **kept}
    return {digest: identity for digest, identity in kept.items() if digest not in without}


def _identity(article: Article) -> bytes:
    """What an article is known by, in 8 bytes."""
    return hashlib.blake2b(article.keys[0].encode(errors="replace"), digest_size=8).digest()


def _intake(
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
            draft.held is not None and draft.held.feed_id != feed.id and _identity(draft.article) not in before
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


def _log_poll(polled: Polled, document: Document | None = None) -> None:
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
