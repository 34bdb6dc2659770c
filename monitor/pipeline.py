"""The corridor: one document walks through the house. Order only; nothing is decided here.

    ingest    fetch | parse | clean | dedupe | read | gate | classify | extract
              | begin | add, copy, assign, detect, absorb, compose, record (with its outbox rows) | commit
    deliver   claim | send | confirm

* One transaction a document. Slow work (fetch, parse, clean, read, embed, classify) is before it, Slack is after it.
* Crash-safe by order. A feed's validators move in the same transaction as the entries they belong to, as its last
  statement: a crash before the commit means a second poll of a document that was never taken in.
* Every no has a reason. Each entry ends with one verdict and an ``Account`` of how it fell.
* Rooms do not touch the world. ``now`` comes from the faces.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
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
    Known,
    Mode,
    Problem,
    Reason,
    Ruling,
    Standing,
    Story,
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


NO_PRINT = Fingerprint()
"""What an article that is not of the beat is compared by: nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An article on its way to the transaction, with everything that could be found out without it."""

    article: Article
    standing: Standing
    held: Known | None = None
    aliases: tuple[str, ...] = ()
    fingerprint: Fingerprint = NO_PRINT
    ruling: Ruling | None = None
    told: Told | None = None
    failed: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Polled:
    """What one poll came to."""

    feed: Feed
    state: FeedState
    fetched: Fetched
    accounts: tuple[Account, ...] = ()
    entries: int = 0
    rejected: int = 0


class Pipeline:
    """Walks documents through the rooms into the store. It holds no state between two documents."""

    def __init__(self, *, store: Store, rooms: Rooms, schedule_policy: schedule.Policy, horizon: dt.timedelta) -> None:
        self.store = store
        self.rooms = rooms
        self.schedule_policy = schedule_policy
        self.horizon = horizon

    # ------------------------------------------------------------------------------------------ ingest

    def take_in(self, feed: Feed, state: FeedState, fetched: Fetched, *, now: dt.datetime, jitter: float) -> Polled:
        """Parse what a poll fetched, store its entries, and move the feed's memory on, all in one transaction.

        A document seen for the first time is the feed's baseline: stored whole, told to nobody.
        """
        document = self._parse(feed, state, fetched)
        entries = document.entries if document else ()
        mode = Mode.LIVE if state.baseline_at else Mode.BASELINE
        drafts, rejected = self.draft(feed, entries, now=now)
        with self.store.begin() as tx:
            accounts = self.settle(tx, drafts, now=now, mode=mode)
            new = sum(account.standing is Standing.NEW for account in accounts)
            moved = schedule.after_poll(
                feed, state, fetched, document, new=new, now=now, policy=self.schedule_policy, jitter=jitter
            )
            if document is not None:
                tx.keep_raw(fetched)
            paused = tx.feed_state(feed.id).paused  # an operator may have said so since this poll began
            tx.save_feed_state(dataclasses.replace(moved, paused=paused))
        polled = Polled(
            feed=feed,
            state=moved,
            fetched=fetched,
            accounts=accounts,
            entries=len(entries),
            rejected=rejected + (document.skipped if document else 0),
        )
        _log_poll(polled)
        return polled

    def ingest(self, feed: Feed, entries: Sequence[Entry], *, now: dt.datetime, mode: Mode) -> tuple[Account, ...]:
        """Entries that did not come from a poll (a replay, a backfill) through the same rooms and one transaction."""
        drafts, _ = self.draft(feed, entries, now=now)
        with self.store.begin() as tx:
            return self.settle(tx, drafts, now=now, mode=mode)

    def _parse(self, feed: Feed, state: FeedState, fetched: Fetched) -> Document | None:
        """The document, or None where there is nothing to parse: a 304, a failure, or the body we had before."""
        if fetched.not_modified or (fetched.problem and fetched.problem is not Problem.CUT_SHORT):
            return None
        if fetched.body_hash and fetched.body_hash == state.body_hash:
            return None
        return SOURCES[feed.kind].parse(feed, fetched)

    def draft(self, feed: Feed, entries: Iterable[Entry], *, now: dt.datetime) -> tuple[list[Draft], int]:
        """Everything that needs no transaction, oldest article first; and how many entries were no articles."""
        cleaned = [_clean(entry, feed, now) for entry in entries]
        articles = [article for article in reversed(cleaned) if article is not None]  # feeds list the newest first
        if not articles:
            return [], len(cleaned)  # a 304, or the body we had before: most polls
        with self.store.read() as tx:
            known = tx.known([key for article in articles for key in article.keys])
        articles.sort(key=lambda article: article.published_at)
        return [self._draft(article, known) for article in dedupe.newest(articles)], len(cleaned) - len(articles)

    def _draft(self, article: Article, known: Mapping[str, Known]) -> Draft:
        standing, held = dedupe.standing(article, known)
        if standing is Standing.KNOWN:
            aliases = tuple(key for key in article.keys if key not in known)
            return Draft(article=article, standing=standing, held=held, aliases=aliases)
        try:
            return self._read(article, standing, held)
        except Exception as error:  # one entry that a room cannot bear must not cost the document
            log.exception("entry rejected", url=article.url, title=article.title)
            return Draft(article=article, standing=standing, held=held, failed=f"{type(error).__name__}: {error}")

    def _read(self, article: Article, standing: Standing, held: Known | None) -> Draft:
        """What the pure rooms say of one article; off-beat ones stop at the gate."""
        rooms = self.rooms
        reading = rooms.lexicon.scan(article.title, article.text, article.lang, on=article.published_at.date())
        ruling = rooms.gate.judge(article, reading)
        if not ruling.relevant:
            return Draft(article=article, standing=standing, held=held, ruling=ruling)
        reading = dataclasses.replace(
            rooms.lexicon.with_terms(reading), vector=rooms.embedder.embed([lead(article)], reading.lang)[0]
        )
        matches = rooms.classifier.classify(article, reading)
        facts = rooms.extractor.extract(article, reading)
        return Draft(
            article=article,
            standing=standing,
            held=held,
            ruling=ruling,
            fingerprint=dedupe.fingerprint(article),
            told=Told(article=article, reading=reading, matches=matches, facts=facts),
        )

    # ----------------------------------------------------------------------------- inside the transaction

    def settle(self, tx: Tx, drafts: Iterable[Draft], *, now: dt.datetime, mode: Mode) -> tuple[Account, ...]:
        """Each draft's verdict, written down. One bad entry is rolled back alone and counted; the rest stands."""
        accounts: list[Account] = []
        for run in _runs(drafts):
            together = self._settle_off_beat(tx, run) if _plainly_off_beat(run[0]) else None
            if together is not None:
                accounts += together
                continue
            for draft in run:
                account = self._settle_alone(tx, draft, now=now, mode=mode)
                if account is not None:
                    accounts.append(account)
        return tuple(accounts)

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
        if draft.standing is Standing.KNOWN:
            if draft.held and draft.aliases:
                tx.alias(draft.held.entry, draft.aliases)
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
            return None  # an edit that cannot be read leaves what we hold as it is, and comes again with the next poll
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
        if held is not None and held.article is not None:
            account = dataclasses.replace(account, verdict=Verdict.REVISION, reason=Reason.EDITED, story=held.story)
            tx.add_revision(entry, article, account, now)
        else:
            tx.record(entry, account, content_hash=article.content_hash)
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
        assignment = self._assign(tx, told, held=held if edited else None, copy=copy)
        story = tx.story(assignment.story) if assignment.story is not None else None
        detection = rooms.stories.detect(
            told, story, copy=copy, edited=edited, now=now, assignment=assignment
        )  # fmt: skip
        moved, article_id = self._keep(
            tx, told, draft, entry, story, assignment, edited=edited, copied=copy is not None
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

    def _assign(self, tx: Tx, told: Told, *, held: Known | None, copy: Copy | None) -> Assignment:
        """The story an article belongs to: an edit stays where it was, a copy goes with its original."""
        if held is not None and held.story is not None:
            return Assignment(story=held.story, score=1.0)
        if copy is not None and copy.of.story is not None:
            return Assignment(story=copy.of.story, score=copy.similarity)
        article = told.article
        candidates = tx.candidates(article.published_at, horizon=self.horizon)
        terms = sorted({term for sentence in told.reading.sentences for term in sentence.terms})
        frequencies = tx.learn_terms(article.lang, terms)
        return self.rooms.stories.assign(told, candidates, frequencies=frequencies, now=article.published_at)

    def _keep(
        self,
        tx: Tx,
        told: Told,
        draft: Draft,
        entry: EntryId,
        story: Story | None,
        assignment: Assignment,
        *,
        edited: bool,
        copied: bool,
    ) -> tuple[Story, ArticleId]:
        """Write the article and its story, absorbed into one another."""
        article, stories = told.article, self.rooms.stories
        if story is None:
            opened = tx.open_story(article, assignment, stories.profile(told))
            story = tx.story(opened)
            assert story is not None
        moved = stories.absorb(story, told, edited=edited, copied=copied)
        tx.save_story(moved)
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


def _clean(entry: Entry, feed: Feed, now: dt.datetime) -> Article | None:
    """An entry made clean; None where it is no article, or where cleaning it failed."""
    try:
        return clean.clean(entry, feed, now)
    except Exception:
        log.exception("entry rejected", url=entry.link, title=entry.title)
        return None


def _log_poll(polled: Polled) -> None:
    """One line a poll: what came, what was new, what is wrong."""
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
    if polled.state.problem:
        log.warning("poll failed", **fields, problem=polled.state.problem.value, message=polled.state.problem_message)
    else:
        log.info("polled", **fields)
