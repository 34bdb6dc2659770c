"""Stories: what joins, what is linked, what a story remembers, and which verdict each article gets. Texts are our own."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import asdict, replace
from functools import lru_cache

import pytest

from monitor.entities import (
    Copy,
    Detection,
    NameId,
    Profile,
    Reason,
    Story,
    StoryId,
    Surroundings,
    Told,
    Verdict,
    Weight,
)
from monitor.stories import Policy, Stories
from monitor.stories.likeness import overlap
from monitor.stories.profile import absorbed, sketch
from monitor.stories.rarity import rarity
from tests import make
from tests.quality.room import extractor, lexicon, stories

NOBODY_LEARNT = Surroundings()


@lru_cache(maxsize=256)
def tell(title: str, lang: str = "en", hours: float = 0, publisher: str = "Harbour Daily", text: str = "") -> Told:
    """An article read by rules alone: no meaning, so that a test needs no model."""
    at = make.at(hours=hours)
    article = make.article(title, lang=lang, text=text, published_at=at, publisher=publisher, family=publisher)
    reading = lexicon().read(title, text, lang, on=at.date())
    return Told(article=article, reading=reading, facts=extractor().extract(article, reading))


def story_of(*told: Told, id: int = 1) -> Story:  # noqa: A002 -- the entity calls it so
    """A story that holds these articles."""
    head = told[0].article
    story = Story(
        id=StoryId(id), title=head.title, lang=head.lang, opened_at=head.published_at, last_at=head.published_at
    )
    for one in told:
        story = stories().absorb(story, one)
    return story


def detect(told: Told, story: Story | None, copy: Copy | None = None, *, edited: bool = False) -> Detection:
    """The verdict on an article that joined without doubt."""
    return stories().detect(told, story, copy=copy, edited=edited, now=told.article.published_at)


DRILL = tell("Russia to hold drills on Kunashir")
FISH = tell("Japan and Russia agree on salmon quota")


def test_an_article_joins_the_story_of_its_act_and_says_what_they_share() -> None:
    drill, fish = story_of(DRILL), story_of(FISH, id=2)
    told = tell("Russia plans drills on Kunashir island", hours=2)

    found = stories().assign(told, (fish, drill), NOBODY_LEARNT, told.article.published_at)

    assert (found.story, found.runner_up) == (1, 2)
    assert found.score > found.runner_up_score
    assert [line.signal for line in found.evidence] == ["story", "fact", "names", "words", "time", "runner-up"]
    assert any("kunashir" in line.words for line in found.evidence)


def test_another_matter_opens_its_own_story() -> None:
    told = tell("Japanese ambassador to Moscow replaced", hours=2)

    found = stories().assign(told, (story_of(FISH),), NOBODY_LEARNT, told.article.published_at)

    assert found.story is None


def test_where_no_story_stands_the_first_article_opens_one() -> None:
    found = stories().assign(DRILL, (), NOBODY_LEARNT, make.NOW)

    assert (found.story, found.runner_up, found.evidence[0].signal) == (None, None, "alone")


def test_standing_in_the_same_hour_joins_nothing_by_itself() -> None:
    told = tell("Kishida and Putin meet in Vladivostok")

    assert stories().assign(told, (story_of(FISH),), NOBODY_LEARNT, make.NOW).story is None


def test_a_closed_story_takes_nothing_in() -> None:
    late = tell(DRILL.article.title, hours=24 * 121)

    assert stories().assign(late, (story_of(DRILL),), NOBODY_LEARNT, late.article.published_at).story is None


def test_a_closed_story_may_still_be_the_one_a_new_one_goes_on_from() -> None:
    early = Stories(extractor(), policy=Policy(closed=dt.timedelta(days=20)))
    late = tell("Russia begins drills on Kunashir", hours=24 * 21)

    found = early.assign(late, (story_of(DRILL),), NOBODY_LEARNT, late.article.published_at)

    assert (found.story, found.linked_to) == (None, 1)


def test_the_like_of_an_act_years_later_goes_on_from_nothing() -> None:
    late = tell("Russia begins drills on Kunashir", hours=24 * 700)

    assert stories().assign(late, (story_of(DRILL),), NOBODY_LEARNT, late.article.published_at).linked_to is None


def test_a_story_of_another_matter_is_not_gone_on_from() -> None:
    told = tell("Mitsui buys a stake in a Hokkaido brewery", hours=2)

    assert stories().assign(told, (story_of(DRILL),), NOBODY_LEARNT, told.article.published_at).linked_to is None


def test_the_runner_up_is_named_with_what_it_lacks() -> None:
    told = tell("Russia plans drills on Kunashir island", hours=2)

    found = stories().assign(told, (story_of(FISH, id=2), story_of(DRILL)), NOBODY_LEARNT, told.article.published_at)

    line = found.evidence[-1]
    assert (line.signal, line.weight) == ("runner-up", found.runner_up_score)
    assert line.said.startswith(f"s2: {FISH.article.title} (")
    assert "lacks drill, the disputed islands, kunashir; " in line.said


def test_the_score_of_one_story_is_that_of_the_choice_between_no_others() -> None:
    told = tell("Russia plans drills on Kunashir island", hours=2)
    at, drill = told.article.published_at, story_of(DRILL)

    found = stories().assign(told, (drill,), NOBODY_LEARNT, at)

    assert round(stories().score(told, drill, NOBODY_LEARNT, at), 4) == found.score


def test_an_article_is_found_by_names_acts_words_and_by_strangers_in_any_script() -> None:
    english = tell("Governor Korvalenko visits Kunashir")
    japanese = tell("コルバレンコ知事が国後島を訪問", "ja")

    shared = {*stories().keys(english)} & {*stories().keys(japanese)}

    assert {"kunashir", "act:visit"} <= shared
    assert [key for key in shared if key.startswith("name:")] == ["name:krbrnk"]


def test_the_same_stranger_in_two_scripts_speaks_for_one_event_and_another_against() -> None:
    story = story_of(tell("Governor Korvalenko visits a factory"))
    same, other = tell("コルバレンコ知事、工場を訪問", "ja", 1), tell("ビシュネフスキー知事、工場を訪問", "ja", 1)

    scores = [stories().score(told, story, NOBODY_LEARNT, told.article.published_at) for told in (same, other)]

    assert scores[0] > scores[1]


def test_a_usual_word_tells_less_than_a_rare_one_from_the_first_article_on() -> None:
    one = sketch(tell("Government official harpoons walrus"), extractor(), Policy())

    found = rarity(one, NOBODY_LEARNT, (), frozenset(), Policy()).words

    assert max(found["en:government"], found["en:official"]) < found["en:walrus"]


def test_another_act_of_the_same_people_speaks_against_one_event() -> None:
    story = story_of(tell("Lavrov visits Kunashir"))
    at = make.at(hours=1)

    same = stories().score(tell("Lavrov arrives on a visit to Kunashir", hours=1), story, NOBODY_LEARNT, at)
    other = stories().score(tell("Japan protests against Lavrov on Kunashir", hours=1), story, NOBODY_LEARNT, at)

    assert same > other


@pytest.mark.parametrize(
    ("deed", "answer", "matter", "apart"),
    [
        ("Lavrov visits Kunashir", "Japan protests Lavrov visit to Kunashir", "Drills begin on Kunashir", True),
        ("Macron visits Berlin", "Austria protests Macron visit to Berlin", "Fair begins in Berlin", False),
    ],
)
def test_an_answer_to_a_deed_stands_apart_in_busy_days_and_on_the_beat_alone(
    deed: str, answer: str, matter: str, apart: bool
) -> None:
    story, at = story_of(tell(deed)), make.at(hours=5)
    busy = story_of(*(tell(f"{matter}, day {day}", hours=day) for day in range(1, 5)), id=2)

    def weighed(*beside: Story) -> float:
        ranked = stories().ranked(tell(answer, hours=5), (story, *beside), NOBODY_LEARNT, at)
        return next(seen.traits.answer_crowd for _, one, seen in ranked if one.id == story.id)

    assert (weighed() < weighed(busy)) is apart
    assert (weighed(busy) > 0.0) is apart


def test_the_order_of_candidates_changes_nothing() -> None:
    held = (story_of(DRILL), story_of(FISH, id=2), story_of(tell("Lavrov visits Tokyo"), id=3))
    told = tell("Russia begins drills on Kunashir", hours=5)

    forth = stories().assign(told, held, NOBODY_LEARNT, told.article.published_at)
    back = stories().assign(told, held[::-1], NOBODY_LEARNT, told.article.published_at)

    assert forth == back


def test_a_story_counts_articles_newsrooms_and_its_last_move() -> None:
    second = tell("Russia begins drills on Kunashir", hours=5, publisher="Cape News")

    story = story_of(DRILL, second)

    assert (story.articles, story.publishers, story.last_at) == (2, ("Harbour Daily", "Cape News"), make.at(hours=5))


def test_an_edit_brings_its_facts_but_is_not_counted_twice() -> None:
    before = story_of(tell("Russia fires 2 missiles off Hokkaido"))

    after = stories().absorb(before, tell("Russia fires 12 missiles off Hokkaido", hours=1), edited=True)

    assert (after.articles, after.profile.terms) == (1, before.profile.terms)
    assert [fact.number for fact in after.profile.facts] == [2, 12]


def test_a_profile_is_sums_that_do_not_depend_on_the_order_of_articles() -> None:
    one, two = DRILL, tell("Russia begins drills on Kunashir", hours=5)

    forth, back = story_of(one, two).profile, story_of(two, one).profile

    assert (forth.terms, forth.names, forth.acts, forth.sides) == (back.terms, back.names, back.acts, back.sides)
    assert set(forth.facts) == set(back.facts)


def test_a_profile_can_be_written_as_json() -> None:
    assert json.loads(json.dumps(asdict(story_of(DRILL).profile), default=str))["names"]["kunashir"] > 0
    assert Profile() == stories().profile(DRILL)


@pytest.mark.parametrize(
    ("before", "after", "reason", "said"),
    [
        ("Russia fires 2 missiles off Hokkaido", "Russia fires 12 missiles off Hokkaido", Reason.CHANGED_NUMBER, "12 missiles, earlier 2"),
        ("Russia to hold drills on Kunashir", "Russia holds drills on Kunashir", Reason.STAGE_REACHED, "announced → held"),
        ("Japan and Russia to resume fisheries talks", "Japan and Russia not to resume fisheries talks", Reason.REVERSAL, "announced → not announced"),
        ("Russia suspends visa-free visits to Kunashir", "Japan protests suspension of visa-free visits to Kunashir", Reason.FIRST_WORD, "first word from Japan"),
        ("Russia to deploy missiles on Kunashir", "Moscow denies plan to deploy missiles on Kunashir", Reason.FIRST_DENIAL, "deploy"),
    ],
)  # fmt: skip
def test_what_changed_is_named_and_said(before: str, after: str, reason: Reason, said: str) -> None:
    found = detect(tell(after, hours=3), story_of(tell(before)))

    assert (found.verdict, found.reason) == (Verdict.DEVELOPMENT, reason)
    assert any(said in news.said for news in found.news)


def test_the_first_article_of_a_story_is_a_development() -> None:
    found = detect(DRILL, None)

    assert (found.verdict, found.reason, found.weight) == (Verdict.DEVELOPMENT, Reason.NEW_STORY, Weight.MAJOR)
    assert [news.said for news in found.news] == ["Russia is to hold a drill near Kunashir"]


@pytest.mark.parametrize(
    ("title", "said"),
    [
        ("Japan adds 40 targets to asset freeze list in sanctions on Russia", "Japan imposes sanctions: 40 persons and companies, asset freeze (Russia)"),
        ("Japan protests Russian drills on Kunashir", "Japan protests over drill (Kunashir, Russia)"),
        ("Putin may visit Kunashir", "Vladimir Putin may visit Kunashir"),
        ("Russia will not resume fisheries talks with Japan", "Russia is not to hold talks with Japan on fisheries"),
        ("Japan and Russia agree to hold talks on grave visits", "Japan and Russia agree to hold talks on grave visits"),
        ("Moscow denies plan to deploy missiles on Matua", "Russia denies deployment of missiles on Matua"),
        ("Russia suspends peace treaty talks with Japan", "Russia suspends talks with Japan on peace treaty"),
        ("Tokyo: fisheries talks with Russia impossible", "Japan rejects talks with Russia on fisheries"),
    ],
)  # fmt: skip
def test_a_fact_is_said_as_an_english_clause(title: str, said: str) -> None:
    assert said in [news.said for news in detect(tell(title), None).news]


def test_that_somebody_said_so_is_no_line_where_the_sentence_tells_what() -> None:
    found = detect(tell("Russia to fire 2 missiles near Kunashir, Pacific Fleet says"), None)

    assert [news.said for news in found.news] == ["Russia is to fire 2 missiles near Kunashir"]


def test_the_same_in_other_words_is_a_repeat() -> None:
    found = detect(tell("Moscow to stage drills on Kunashir", hours=3, publisher="Cape News"), story_of(DRILL))

    assert (found.verdict, found.reason) == (Verdict.REPEAT, Reason.NO_NEW_FACT)
    assert [line.said for line in found.evidence if line.signal in {"known", "confirmation"}] == [
        "known: Russia is to hold a drill near Kunashir",
        "newsroom number 2 on it, no new fact",
    ]


def test_a_copy_is_a_copy_whatever_it_says() -> None:
    copy = Copy(of=make.neighbour(), reason=Reason.NEAR_COPY, similarity=0.93)

    found = detect(tell("Russia fires 12 missiles off Hokkaido"), story_of(DRILL), copy)

    assert (found.verdict, found.reason) == (Verdict.COPY, Reason.NEAR_COPY)


def test_an_edit_is_a_development_only_by_its_facts() -> None:
    story = story_of(tell("Russia fires 2 missiles off Hokkaido"))

    polished = detect(tell("Russia fires two missiles off the coast of Hokkaido"), story, edited=True)
    corrected = detect(tell("Russia fires 12 missiles off Hokkaido"), story, edited=True)

    assert (polished.verdict, polished.reason) == (Verdict.REVISION, Reason.EDITED)
    assert (corrected.verdict, corrected.reason) == (Verdict.DEVELOPMENT, Reason.CHANGED_NUMBER)


@pytest.mark.parametrize(
    ("title", "reason"),
    [
        ("Analysis: what the drills on Kunashir are for", Reason.OPINION),
        ("Preview: drills on Kunashir", Reason.PREVIEW),
    ],
)
def test_opinion_and_preview_move_no_story(title: str, reason: Reason) -> None:
    found = detect(tell(title, hours=3), story_of(DRILL))

    assert (found.verdict, found.reason) == (Verdict.REPEAT, reason)


def test_an_anniversary_is_background() -> None:
    found = detect(tell("Kunashir drills: anniversary of the exercises", hours=3), story_of(DRILL))

    assert (found.verdict, found.reason) == (Verdict.BACKGROUND, Reason.OLD_FACTS)


def test_a_story_that_moves_after_quiet_has_resumed() -> None:
    found = detect(tell("Russia to hold drills on Kunashir", hours=24 * 20), story_of(DRILL))

    assert (found.verdict, found.reason, found.weight) == (Verdict.DEVELOPMENT, Reason.RESUMED, Weight.MINOR)
    assert found.news[0].said == "moves again after 20 quiet days"


def test_a_second_newsroom_confirms_what_the_first_had_from_hearsay() -> None:
    rumour = story_of(tell("Russia to hold drills on Kunashir: sources"))

    found = detect(tell("Russia to hold drills on Kunashir", hours=2, publisher="Cape News"), rumour)
    same = detect(tell("Russia to hold drills on Kunashir", hours=2), rumour)

    assert (found.verdict, found.reason, found.weight) == (Verdict.DEVELOPMENT, Reason.CONFIRMATION, Weight.MINOR)
    assert same.verdict is Verdict.REPEAT


def test_a_doubtful_joining_is_told_rather_than_swallowed() -> None:
    told = tell("Russia says Tokyo needs time on visas", hours=2)
    story, room = story_of(FISH), stories()
    doubtful = room.assign(told, (story,), NOBODY_LEARNT, told.article.published_at)

    sure = room.detect(told, story, copy=None, edited=False, now=make.NOW, assignment=replace(doubtful, score=0.99))
    unsure = room.detect(told, story, copy=None, edited=False, now=make.NOW, assignment=replace(doubtful, score=0.3))

    assert unsure.verdict is Verdict.DEVELOPMENT
    assert (sure.verdict, sure.weight) in {(Verdict.REPEAT, Weight.MINOR), (Verdict.DEVELOPMENT, Weight.MINOR)}


def test_names_of_the_two_sides_tell_no_story_from_another() -> None:
    plain = Stories(extractor(), common=frozenset((NameId("japan"), NameId("russia"))), policy=Policy())
    told = tell("Russia, Japan and the weather", hours=1)

    assert plain.assign(told, (story_of(FISH),), NOBODY_LEARNT, make.NOW + dt.timedelta(hours=1)).story is None


@pytest.mark.parametrize(
    ("credits", "copied", "newsrooms"),
    [
        ((), False, ("first", "second")),
        (("kyodo",), False, ("first", "kyodo")),
        ((), True, ("first",)),
        (("kyodo",), True, ("first",)),
    ],
    ids=["its own report", "a wire's report", "a copy", "a credited copy"],
)
def test_a_copy_is_no_newsroom_and_a_customer_counts_as_its_wire(
    credits: tuple[str, ...], copied: bool, newsrooms: tuple[str, ...]
) -> None:
    before = make.story(publishers=("First",), families=("first",))
    one = tell("Russia fires 2 missiles near Kunashir")
    article = replace(one.article, publisher="Second", family="second", credits=credits)
    after = stories().absorb(before, replace(one, article=article), copied=copied)
    assert (after.publishers, after.families) == (("First", "Second"), newsrooms)


def test_how_like_two_titles_are_does_not_hang_on_the_order_of_their_words() -> None:
    weights = (0.1, 0.2, 0.3, 0.7, 1.1, 1.3)
    found = set()
    for number in range(60):  # other words hash to other places, and a set keeps its words by their hashes
        words = [f"word-{number}-{place}" for place in range(8)]
        rare = dict(zip(words, (*weights, 2.0, 3.0), strict=True))
        found.add(overlap(frozenset((*words[:6], words[6])), (*words[:6], words[7]), rare, 1.0))
    assert len(found) == 1


def test_a_story_of_very_many_words_keeps_the_weightiest() -> None:
    terms = {"en:drill": 2.0, **{f"en:w{number}": 1.0 for number in range(900)}}
    words = replace(sketch(DRILL, extractor(), Policy()), terms=terms)

    held = absorbed(Profile(), words, extractor(), Policy()).terms

    assert len(held) == Policy().kept_terms
    assert held["en:drill"] == 2.0
