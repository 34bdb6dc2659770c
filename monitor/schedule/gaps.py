"""Possible losses: when a document shares nothing with what is held, and how far older pages heal that.

Never fetches a page and never forgets a loss at once: one that cannot be healed stands for a week.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from monitor.entities import Document, Feed, FeedState, Fetched, Gap, Intake, Problem
from monitor.schedule import moves

SITEMAP = "sitemap"
"""The kind of source that reads a publisher's news sitemap."""
PAGES_MOST = 20
"""Older pages read for one gap: with ten entries a page that is a day of a busy agency."""
STANDS = dt.timedelta(days=7)
"""How long a loss that could not be healed is shown."""
_PASSING = frozenset({Problem.DNS, Problem.CONNECT, Problem.TIMEOUT, Problem.RATE_LIMITED, Problem.CUT_SHORT})
"""Problems of a page that may be over with the next poll; after any other the walk ends."""


def is_lost(state: FeedState, fetched: Fetched, document: Document | None, intake: Intake) -> bool:
    """Whether entries may have been missed: of two and more entries none was held, though the feed had some before."""
    if document is None or fetched.partial or state.baseline_at is None or state.last_new_at is None:
        return False
    return intake.new > 1 and intake.new >= intake.read and not document.unchanged


def after_document(
    feed: Feed, state: FeedState, document: Document | None, now: dt.datetime, *, lost: bool
) -> Gap | None:
    """The gap after a whole document. Overlap with the next one heals nothing: what was missed stays missed."""
    gap = state.gap
    if lost and document is not None:
        since = [at for at in (state.newest_published_at, gap.since if gap else None) if at is not None]
        older = "" if document.older == moves.address(feed, state) else document.older  # some name themselves
        return Gap(
            at=now, since=min(since, default=None), next_url=older or feed.sitemap,
            next_kind=feed.kind if older else SITEMAP if feed.sitemap else "",
        )  # fmt: skip
    return None if gap is None or now - gap.at >= STANDS else gap


def after_page(feed: Feed, gap: Gap, fetched: Fetched, document: Document | None, intake: Intake) -> Gap | None:
    """The gap after an older page: None where it is healed, without a next page where it cannot be.

    Where the feed's own pages end too early, its publisher's sitemap is the last resort.
    """
    walked = replace(gap, pages=gap.pages + 1, found=gap.found + intake.new)
    if fetched.problem in _PASSING and walked.pages < PAGES_MOST:
        return walked
    further = ""
    if document is not None and fetched.problem is None and document.problem is None:
        if _joins(gap, document, intake):
            return None
        further = document.older or ("" if document.entries else next(iter(document.parts), ""))
    if walked.pages >= PAGES_MOST:
        return replace(walked, next_url="", next_kind="")
    if further not in {"", gap.next_url}:
        return replace(walked, next_url=further)
    if feed.sitemap and gap.next_kind != SITEMAP:
        return replace(walked, next_url=feed.sitemap, next_kind=SITEMAP)
    return replace(walked, next_url="", next_kind="")


def _joins(gap: Gap, document: Document, intake: Intake) -> bool:
    """Whether a page reaches back to what was held before: it holds a known entry, and one as old as the newest then.

    A known entry alone does not show that where there are dates: a sitemap, or a page that moved on meanwhile, repeats
    what the first document has just brought. Dates alone show nothing: whole feeds give all entries the same one.
    """
    if intake.new >= intake.read:
        return False
    dates = [entry.published for entry in document.entries if entry.published is not None]
    return gap.since is None or not dates or min(dates) <= gap.since
