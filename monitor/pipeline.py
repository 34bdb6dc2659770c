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
    Intake,
    Known,
    Mode,
    Reading,
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
from monitor.gate import MOVED, OPENED, Gate, OpenGate
from monitor.intake import (
    Dated,
    Draft,
    Drafted,
    Poll,
    Polled,
    apart,
    counted,
    items_kept,
    joined,
    log_poll,
    plainly_off_beat,
    runs,
)
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
        document = joined([SOURCES[feed.kind].parse(feed, one, seen) for one in (fetched, *poll.parts)], poll.parts)
        drafted = self.draft(feed, document.entries, now=now)
        mode = Mode.LIVE if state.baseline_at else Mode.BASELINE
        with self.store.begin() as tx:
            accounts, undone = self.settle(tx, drafted.drafts, now=now, mode=mode)
            intake = counted(document, drafted.drafts, accounts, feed, before=frozenset(before.values()))
            moved = self._moved(tx, poll, document, intake, now)
            for one in (fetched, *poll.parts):
                tx.keep_raw(one)
            kept = items_kept(fetched, document, drafted.drafts, before, without=drafted.unread | undone)
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
        log_poll(polled, document)
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
            log_poll(polled)
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
            intake = counted(document, drafted.drafts, accounts, feed)
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
        for articles in apart([self._cleaned(one) for one in given]):
            whole = [article for article in articles if article is not None]
            with self.store.read() as tx:
                known = tx.known([key for article in whole for key in article.keys])
            drafts = {id(draft.article): draft for draft in self._drafts(whole, known, {})}
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
        drafts = self._drafts(dedupe.newest(articles), known, digests)
        return Drafted(drafts=tuple(drafts), rejected=rejected, unread=frozenset(unread))

    def _drafts(
        self, articles: Iterable[Article], known: Mapping[str, Known], digests: Mapping[str, bytes]
    ) -> list[Draft]:
        """Drafts of articles in their order: all are gated, then those that go on are encoded, then read.

        The encoder is asked for many in a row: by then its weights stand in the processor's cache.
        """
        gated = [self._gated(article, known, digests.get(article.keys[0], b"")) for article in articles]
        meant = self._meant(gated)
        return [
            draft if reading is None else self._read(draft, reading, meant.get(place))
            for place, (draft, reading) in enumerate(gated)
        ]

    def _gated(self, article: Article, known: Mapping[str, Known], digest: bytes) -> tuple[Draft, Reading | None]:
        """What the gate says of one article; with its reading where it goes on, off-beat ones stop here."""
        standing, held = dedupe.standing(article, known)
        aliases = tuple(key for key in article.keys if key not in known) if held is not None else ()
        draft = Draft(article=article, standing=standing, digest=digest, held=held, aliases=aliases)
        if standing is Standing.KNOWN:
            return draft, None
        try:
            rooms = self.rooms
            strange, affairs = rooms.gate.glance(article), rooms.gate.affairs(article)
            if strange is not None and not affairs:
                return dataclasses.replace(draft, ruling=strange), None
            reading = rooms.lexicon.scan(article.title, article.text, article.lang, on=article.published_at.date())
            ruling = strange or rooms.gate.judge(article, reading)
            doubtful = ruling.reason is not Reason.AGAINST and affairs and not rooms.gate.opposed(reading)
        except Exception as error:  # one entry that a room cannot bear must not cost the document
            log.exception("entry rejected", url=article.url, title=article.title)
            return dataclasses.replace(draft, failed=f"{type(error).__name__}: {error}"), None
        if not ruling.relevant and not doubtful:
            return dataclasses.replace(draft, ruling=ruling), None
        return dataclasses.replace(draft, ruling=ruling, affairs=affairs), reading

    def _meant(self, gated: Sequence[tuple[Draft, Reading | None]]) -> Mapping[int, tuple[float, ...]]:
        """Vectors by the place of their draft; none of a language of which one text will not be encoded."""
        places: dict[str, list[int]] = {}
        for place, (_, reading) in enumerate(gated):
            if reading is not None:
                places.setdefault(reading.lang, []).append(place)
        found: dict[int, tuple[float, ...]] = {}
        for lang, some in places.items():
            try:
                vectors = self.rooms.embedder.embed([lead(gated[place][0].article) for place in some], lang)
            except Exception:  # one by one it shows which
                log.debug("texts are encoded one by one", exc_info=True)
                continue
            found |= zip(some, vectors, strict=True)
        return found

    def _read(self, draft: Draft, scanned: Reading, vector: tuple[float, ...] | None) -> Draft:
        """What the rooms behind the gate say of one article."""
        rooms, article = self.rooms, draft.article
        try:
            if vector is None:
                vector = rooms.embedder.embed([lead(article)], scanned.lang)[0]
            reading = dataclasses.replace(rooms.lexicon.with_terms(scanned), vector=vector)
            matches = rooms.classifier.classify(article, reading)
            facts = rooms.extractor.extract(article, reading)
            fingerprint = dedupe.fingerprint(article)
        except Exception as error:
            log.exception("entry rejected", url=article.url, title=article.title)
            return dataclasses.replace(draft, failed=f"{type(error).__name__}: {error}")
        told = Told(article=article, reading=reading, matches=matches, facts=facts)
        return dataclasses.replace(draft, fingerprint=fingerprint, told=told)

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
        for run in runs(drafts):
            together = self._settle_off_beat(tx, run) if plainly_off_beat(run[0]) else None
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
        if draft.doubtful:
            draft = self._second_look(tx, draft)
        if draft.told is None:
            return self._off_beat(tx, draft, entry, now)
        edited = held is not None and held.article is not None
        return self._on_beat(tx, draft, draft.told, entry, edited=edited, now=now, mode=mode)

    def _second_look(self, tx: Tx, draft: Draft) -> Draft:
        """A refused article as one of ours, where what was stored before it makes plain what it is about.

        Its affairs are not kept: what was recalled recalls no others.
        """
        at, keys = draft.article.published_at, [affair.key for affair in draft.affairs]
        assert draft.ruling is not None
        ruling = self.rooms.gate.recall(draft.ruling, draft.affairs, tx.stirred(keys, at, opened=OPENED, moved=MOVED))
        if ruling is None:
            return dataclasses.replace(draft, told=None)
        return dataclasses.replace(draft, ruling=ruling, affairs=())

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
        if story is not None and mode is Mode.LIVE:
            rooms.composer.touch(tx, told, account, moved, now=now)
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
        tx.index_story(moved, (*keys, *(affair.key for affair in draft.affairs)))
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
        if mode is Mode.LIVE and told_or_why in {AlertReason.QUEUED, AlertReason.DIGEST}:
            nearest = self.rooms.classifier.nearest(told.article, told.reading)
            composer.enqueue(tx, told, account, story, nearest=nearest, now=now)
        return account
