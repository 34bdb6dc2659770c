"""The same article stays the same article, however its feed comes to name it; and no other one is lost to it.

Each test serves documents of our own one after another, polls them by the daemon's code an hour apart, and compares
all that is held in the end: title and number of edits, one pair an entry.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence

import pytest
from sqlalchemy import select

from monitor.app import App
from monitor.dedupe import REVISIONS_MOST
from monitor.store import tables as t
from tests.doors.feed_server import Answer, FeedServer
from tests.walk import house
from tests.walk.conftest import OpenHouse

HOUR = dt.timedelta(hours=1)
TEXT = "The boats left the port of Nemuro at dawn and came back at noon with little fish."


@pytest.fixture
def server() -> Iterator[FeedServer]:
    """A feed server on the loopback."""
    with FeedServer() as running:
        yield running


def item(
    title: str,
    *,
    link: str = "",
    guid: str = "",
    text: str = TEXT,
    more: str = "",
    at: dt.datetime | None = house.START,
) -> str:
    """One item, with no more than it is given."""
    parts = [f"<title>{title}</title>", f"<description>{text}</description>"]
    if link:
        parts.append(f"<link>{link}</link>")
    if guid:
        parts.append(f'<guid isPermaLink="{str(guid.startswith("http")).lower()}">{guid}</guid>')
    if at is not None:
        parts.append(f"<pubDate>{at:%a, %d %b %Y %H:%M:%S} GMT</pubDate>")
    return f"<item>{''.join(parts)}{more}</item>"


def document(*items: str) -> bytes:
    """A document of these items."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?><rss version="2.0" xmlns:feedburner="http://rssnamespace.org/feedburner/ext/1.0">'
        f"<channel><title>Harbour Daily</title><link>https://paper.example/</link>{''.join(items)}</channel></rss>"
    ).encode()


def held(app: App) -> list[tuple[str, int]]:
    """Every entry held, by its first title, with how many edits of it are kept."""
    with app.store.read() as tx:
        rows = tx.connection.execute(select(t.entry.c.title, t.entry.c.revisions).order_by(t.entry.c.id))
        return [(row.title, row.revisions) for row in rows]


def titles(app: App) -> list[str]:
    """The titles an entry had, in their order: the only entry's."""
    with app.store.read() as tx:
        return list(
            tx.connection.scalars(select(t.revision.c.title).order_by(t.revision.c.entry_id, t.revision.c.number))
        )


def after(open_house: OpenHouse, server: FeedServer, *documents: Sequence[str], **changes: object) -> App:
    """A house after one feed showed these documents, an hour apart."""
    return after_all(open_house, server, [{"paper": document(*items)} for items in documents], paper=changes)


def after_all(
    open_house: OpenHouse, server: FeedServer, rounds: Sequence[Mapping[str, bytes]], **feeds: Mapping[str, object]
) -> App:
    """A house after several feeds showed a document each, round by round, an hour apart."""
    base = server.url("").rstrip("/")
    app = open_house(*(house.feed(base, name, **changes) for name, changes in feeds.items()))
    for number, bodies in enumerate(rounds):
        for name, body in bodies.items():
            server.serve(f"/{name}.xml", Answer(body=body))
        house.poll(app, house.START + HOUR * (number + 1))
    return app


def others(number: int) -> list[str]:
    """Items that stand in every document, so that two of them always overlap; one more each time."""
    return [item(f"Harbour report {n}", link=f"https://paper.example/other/{n}") for n in range(number + 1)]


def alone(app: App) -> list[tuple[str, int]]:
    """What is held besides ``others``."""
    return [pair for pair in held(app) if not pair[0].startswith("Harbour report")]


# ----------------------------------------------------------------------------------- one article, many names


@pytest.mark.parametrize(
    ("first", "second"),
    [
        pytest.param(
            {"guid": "id-1", "link": "https://paper.example/news/1"},
            {"guid": "id-9000", "link": "https://paper.example/news/1"},
            id="another guid, the same page",
        ),
        pytest.param(
            {"guid": "id-1", "link": "https://paper.example/news/1"},
            {"guid": "id-1", "link": "https://paper.example/news/1-with-a-better-slug"},
            id="another page, the same guid",
        ),
        pytest.param(
            {"guid": "https://paper.example/news/1#0", "link": "https://paper.example/news/1"},
            {"guid": "https://paper.example/news/1#8", "link": "https://paper.example/news/1"},
            id="a guid that counts revisions",
        ),
        pytest.param(
            {"guid": "http://paper.example/news/1", "link": "http://paper.example/news/1"},
            {"guid": "https://paper.example/news/1", "link": "https://paper.example/news/1"},
            id="http, then https",
        ),
        pytest.param(
            {"link": "https://paper.example/news/1"}, {"link": "https://www.paper.example/news/1/"}, id="with www and a slash"
        ),
        pytest.param(
            {"link": "https://www3.nhk.or.jp/news/html/20260302/k10014000001000.html"},
            {"link": "https://news.web.nhk/newsweb/na/na-k10014000001000"},
            id="a publisher that moved to another host",
        ),
        pytest.param(
            {"link": "https://paper.example/news/1"},
            {"link": "https://paper.example/news/1?utm_source=rss&amp;utm_medium=feed&amp;at_campaign=x"},
            id="tracking parameters come",
        ),
        pytest.param(
            {"link": "https://paper.example/news/1?id=7&amp;ref=rss"}, {"link": "https://paper.example/news/1?id=7"}, id="tracking goes"
        ),
        pytest.param(
            {"link": "https://feeds.example/~r/paper/~3/abc", "more": "<feedburner:origLink>https://paper.example/news/1</feedburner:origLink>"},
            {"link": "https://paper.example/news/1"},
            id="a redirector names the page it stands for, then goes",
        ),
        pytest.param(
            {"guid": "id-1", "link": "https://feeds.example/~r/paper/~3/abc"},
            {"guid": "id-1", "link": "https://paper.example/news/1"},
            id="a redirector that kept the guid",
        ),
        pytest.param({"link": "https://paper.example/news/1"}, {"guid": "https://paper.example/news/1"}, id="the page as guid alone"),
        pytest.param({"guid": "id-1"}, {"guid": "id-1", "link": "https://paper.example/news/1"}, id="a page that came later"),
        pytest.param({}, {}, id="neither guid nor page"),
        pytest.param({"at": None, "guid": "id-1"}, {"at": house.START, "guid": "id-1"}, id="a date that came later"),
    ],
)  # fmt: skip
def test_a7_71_an_article_that_comes_back_under_another_name_is_held_once(
    open_house: OpenHouse, server: FeedServer, first: dict[str, object], second: dict[str, object]
) -> None:
    app = after(
        open_house,
        server,
        [item("Boats return", **first), *others(0)],
        [item("Boats return", **second), *others(1)],  # type: ignore[arg-type]
    )
    assert alone(app) == [("Boats return", 0)]


def test_a7_71_names_that_change_one_after_another_lead_back_to_the_first(
    open_house: OpenHouse, server: FeedServer
) -> None:
    names = [
        {"guid": "id-1", "link": "http://paper.example/news/1"},
        {"guid": "id-2", "link": "https://paper.example/news/1?utm_source=rss"},
        {"guid": "id-2", "link": "https://paper.example/a-new-place/1"},
        {"guid": "id-3", "link": "https://paper.example/a-new-place/1"},
    ]
    app = after(open_house, server, *([item("Boats return", **name), *others(n)] for n, name in enumerate(names)))
    assert alone(app) == [("Boats return", 0)]


def test_a7_71_every_guid_of_a_feed_changes_at_once_and_nothing_is_new(
    open_house: OpenHouse, server: FeedServer
) -> None:
    def churned(generation: int) -> list[str]:
        return [
            item(f"Boats return {n}", guid=f"g{generation}-{n}", link=f"https://paper.example/news/{n}")
            for n in range(20)
        ]

    app = after(open_house, server, churned(0), churned(1), churned(2))
    assert held(app) == [(f"Boats return {n}", 0) for n in reversed(range(20))]


# --------------------------------------------------------------------------------- many articles, one name


def test_a7_70_one_guid_for_all_items_loses_none_of_them(open_house: OpenHouse, server: FeedServer) -> None:
    items = [item(f"Boats return {n}", guid="the same", link=f"https://paper.example/news/{n}") for n in range(5)]
    app = after(open_house, server, items[1:], items)
    assert sorted(held(app)) == [(f"Boats return {n}", 0) for n in range(5)]


def test_a7_70_one_page_for_all_items_loses_none_of_them(open_house: OpenHouse, server: FeedServer) -> None:
    items = [item(f"Boats return {n}", guid=f"id-{n}", link="https://paper.example/ticker") for n in range(5)]
    app = after(open_house, server, items[1:], items)
    assert sorted(held(app)) == [(f"Boats return {n}", 0) for n in range(5)]


def test_a7_70_items_without_guid_and_page_are_told_apart_by_their_words(
    open_house: OpenHouse, server: FeedServer
) -> None:
    items = [item(f"Boats return {n}") for n in range(5)]
    app = after(open_house, server, items[1:], items, list(reversed(items)))
    assert sorted(held(app)) == [(f"Boats return {n}", 0) for n in range(5)]


def test_a7_70_where_an_item_stands_in_its_document_means_nothing(open_house: OpenHouse, server: FeedServer) -> None:
    items = [item(f"Boats return {n}", guid=f"id-{n}") for n in range(6)]
    app = after(open_house, server, items, items[3:] + items[:3], [items[5], items[0], *items[1:5]])
    assert sorted(held(app)) == [(f"Boats return {n}", 0) for n in range(6)]


def test_a7_70_two_papers_that_number_their_items_alike_keep_both(open_house: OpenHouse, server: FeedServer) -> None:
    rounds = [
        {"paper": document(item("Boats return", guid="1")), "gazette": document(item("Trains are late", guid="1"))}
    ] * 2
    app = after_all(open_house, server, rounds, paper={}, gazette={})
    assert sorted(held(app)) == [("Boats return", 0), ("Trains are late", 0)]


# ----------------------------------------------------------------------------------------------------- edits


def test_a7_72_an_edited_title_is_kept_as_a_revision_and_no_new_article(
    open_house: OpenHouse, server: FeedServer
) -> None:
    said = ["Boats return", "Boats return with little fish", "Boats return with much fish", "Boats return"]
    app = after(open_house, server, *([item(title, guid="id-1"), *others(n)] for n, title in enumerate(said)))
    assert alone(app) == [("Boats return", 3)]
    assert titles(app) == said


def test_a7_72_an_edited_text_is_kept_as_a_revision_and_no_new_article(
    open_house: OpenHouse, server: FeedServer
) -> None:
    app = after(
        open_house, server, [item("Boats return", guid="id-1"), *others(0)],
        [item("Boats return", guid="id-1", text=f"{TEXT} One boat is missing."), *others(1)],
    )  # fmt: skip
    assert alone(app) == [("Boats return", 1)]


def test_a7_72_another_date_or_another_order_of_the_same_words_is_no_edit(
    open_house: OpenHouse, server: FeedServer
) -> None:
    app = after(
        open_house, server, [item("Boats return", guid="id-1"), *others(0)],
        [item("BOATS  return", guid="id-1", at=house.START + HOUR), *others(1)],
        [item("Boats return", guid="id-1", text=f"<p>{TEXT}</p>", more="<category>sea</category>"), *others(2)],
    )  # fmt: skip
    assert alone(app) == [("Boats return", 0)]


def test_a7_72_an_item_with_a_clock_in_it_is_edited_a_bounded_number_of_times(
    open_house: OpenHouse, server: FeedServer
) -> None:
    rounds = [[item(f"Weather at {n} o'clock", guid="id-1")] for n in range(REVISIONS_MOST + 6)]
    app = after(open_house, server, *rounds)
    assert held(app) == [("Weather at 0 o'clock", REVISIONS_MOST)]


def test_a7_72_two_versions_of_an_article_in_one_document_are_not_edits_of_each_other_at_every_poll(
    open_house: OpenHouse, server: FeedServer
) -> None:
    versions = [
        item("Boats return safe", guid="https://paper.example/news/1#1", link="https://paper.example/news/1"),
        item("Boats return", guid="https://paper.example/news/1#0", link="https://paper.example/news/1"),
    ]
    app = after(open_house, server, *([*versions, *others(n)] for n in range(5)))
    assert alone(app) in ([("Boats return safe", 0)], [("Boats return", 0)])


# ----------------------------------------------------------------------------------- gone and back again


def test_a7_73_an_item_that_vanishes_and_returns_is_not_new(open_house: OpenHouse, server: FeedServer) -> None:
    boats = item("Boats return", guid="id-1")
    app = after(
        open_house,
        server,
        [boats, *others(0)],
        others(1),
        others(2),
        [boats, *others(3)],
        others(4),
        [boats, *others(5)],
    )
    assert alone(app) == [("Boats return", 0)]


def test_a7_73_an_item_that_returns_with_another_title_is_an_edit(open_house: OpenHouse, server: FeedServer) -> None:
    app = after(
        open_house,
        server,
        [item("Boats return", guid="id-1"), *others(0)],
        others(1),
        [item("Boats return safe", guid="id-1"), *others(2)],
    )
    assert alone(app) == [("Boats return", 1)]


def test_a7_73_an_item_dated_back_that_comes_late_is_not_missed(open_house: OpenHouse, server: FeedServer) -> None:
    old = item("Boats of last week", guid="id-old", at=house.START - dt.timedelta(days=7))
    app = after(open_house, server, others(3), [*others(3), old])
    assert alone(app) == [("Boats of last week", 0)]


def test_a7_73_new_items_below_known_ones_are_not_missed(open_house: OpenHouse, server: FeedServer) -> None:
    app = after(
        open_house, server, others(3), [*others(3), item("Boats return", guid="id-1"), item("Boats leave", guid="id-2")]
    )
    assert sorted(alone(app)) == [("Boats leave", 0), ("Boats return", 0)]


def test_a7_73_a_document_that_is_empty_for_once_forgets_nothing(open_house: OpenHouse, server: FeedServer) -> None:
    boats = item("Boats return", guid="id-1")
    app = after(open_house, server, [boats, *others(0)], [], [boats, *others(1)])
    assert alone(app) == [("Boats return", 0)]


# ----------------------------------------------------------------------------------------- more than one feed


def test_a7_71_an_article_listed_by_two_feeds_of_a_paper_is_held_once(
    open_house: OpenHouse, server: FeedServer
) -> None:
    boats = {"guid": "id-1", "link": "https://paper.example/news/1"}
    rounds = [
        {"paper": document(item("Boats return", **boats)), "sea": document(*others(0))},
        {"paper": document(*others(1)), "sea": document(item("Boats return", **boats), *others(1))},
    ]
    app = after_all(open_house, server, rounds, paper={}, sea={"publisher": "Paper", "family": "paper"})
    assert alone(app) == [("Boats return", 0)]


TEASERS = {
    "of another matter": (
        f"{TEXT} Read more on the front page.",
        "The sea desk says that all boats are back in Nemuro.",
    ),
    "of the beat": (
        "The foreign ministers of Japan and Russia met in Vienna and spoke about the Northern Territories.",
        "Tokyo protested to Moscow over the islands, the foreign ministry of Japan said after talks with Russia.",
    ),
}


@pytest.mark.parametrize("teasers", TEASERS.values(), ids=list(TEASERS))
def test_a7_72_two_feeds_with_two_teasers_of_one_article_do_not_edit_it_for_ever(
    open_house: OpenHouse, server: FeedServer, teasers: tuple[str, str]
) -> None:
    link, title = "https://paper.example/news/1", "Japan and Russia talk in Vienna"
    rounds = [
        {
            name: document(item(title, link=link, text=text), *others(n))
            for name, text in zip(("paper", "sea"), teasers, strict=True)
        }
        for n in range(6)
    ]
    app = after_all(open_house, server, rounds, paper={}, sea={"publisher": "Paper", "family": "paper"})
    assert alone(app) == [(title, 1)]


@pytest.mark.parametrize("teasers", TEASERS.values(), ids=list(TEASERS))
def test_a7_72_two_feeds_that_touch_their_items_at_every_poll_do_not_edit_an_article_for_ever(
    open_house: OpenHouse, server: FeedServer, teasers: tuple[str, str]
) -> None:
    link, title = "https://paper.example/news/1", "Japan and Russia talk in Vienna"
    rounds = [
        # A count of comments changes the item word for word, so that it is read again at every poll; it is no edit.
        {
            name: document(item(title, link=link, text=text, more=f"<comments>{n}</comments>"))
            for name, text in zip(("paper", "sea"), teasers, strict=True)
        }
        for n in range(8)
    ]
    app = after_all(open_house, server, rounds, paper={}, sea={"publisher": "Paper", "family": "paper"})
    assert [held_title for held_title, _ in alone(app)] == [title]
    assert alone(app)[0][1] <= 2


def test_a7_72_an_edit_that_the_other_feed_shows_first_is_kept(open_house: OpenHouse, server: FeedServer) -> None:
    link = "https://paper.example/news/1"
    shown = ["Boats return", "Boats return safe", "Boats return safe"]
    rounds = [
        {
            "paper": document(item("Boats return", link=link), *others(n)),
            "sea": document(item(title, link=link), *others(n)),
        }
        for n, title in enumerate(shown)
    ]
    app = after_all(open_house, server, rounds, paper={}, sea={"publisher": "Paper", "family": "paper"})
    assert alone(app) == [("Boats return", 1)]
    assert titles(app) == ["Boats return", "Boats return safe"]
