"""Novelty: what a story remembers of its tellings, what counts as new in an article, and what is said of a silence."""

from __future__ import annotations

import base64
from dataclasses import replace

import pytest

from monitor.embed import lead
from monitor.entities import Detection, Profile, Reason, Story, StoryId, Told, Verdict
from monitor.stories.changes import Found, changes, told_again
from monitor.stories.novelty import KEPT, NAMES, Traits, chance, likeness_to, remembered, repeated, signs
from monitor.stories.novelty_weights import WEIGHTS
from tests import make
from tests.quality.room import extractor, rooms, stories


def tell(title: str, lang: str = "en", hours: float = 0, publisher: str = "Harbour Daily", text: str = "") -> Told:
    """An article read with its meaning."""
    at = make.at(hours=hours)
    article = make.article(title, lang=lang, text=text, published_at=at, publisher=publisher, family=publisher)
    reading = rooms().lexicon.read(title, text, lang, on=at.date())
    reading = replace(reading, vector=rooms().embedder.embed([lead(article)], lang)[0])
    return Told(article=article, reading=reading, facts=extractor().extract(article, reading))


def story_of(*told: Told) -> Story:
    """A story that holds these articles."""
    head = told[0].article
    story = Story(
        id=StoryId(1), title=head.title, lang=head.lang, opened_at=head.published_at, last_at=head.published_at
    )
    for one in told:
        story = stories().absorb(story, one)
    return story


def detect(told: Told, story: Story) -> Detection:
    """The verdict on an article that joined without doubt."""
    return stories().detect(told, story, copy=None, edited=False, now=told.article.published_at)


def found(told: Told, story: Story) -> tuple[Found, ...]:
    """What the facts of an article change in a story."""
    return changes(told, story, stories().ground)


def lines(found: Detection, signal: str) -> list[str]:
    """What the evidence says under one signal."""
    return [line.said for line in found.evidence if line.signal == signal]


SEIZED = story_of(tell("Russian border guards seize Japanese boat off Nemuro with six crew"))
DRILL = story_of(tell("Russia to hold drills on Kunashir with 500 troops"))


def test_the_weights_weigh_traits_that_exist() -> None:
    assert set(WEIGHTS) <= set(NAMES)


def test_a_plain_change_raises_the_chance_and_an_opinion_lowers_it() -> None:
    other = Traits(words=0.5, unlike=0.5)

    assert chance(replace(other, tone=1.0)) < chance(other) < chance(replace(other, plain=1.0))


def test_old_words_without_a_fact_of_their_own_are_never_novel() -> None:
    assert chance(Traits(meaning=0.3, length=2.0)) == 0.0


@pytest.mark.parametrize(
    ("lang", "again", "new"),
    [
        ("en", "Japanese boat with six crew seized by Russian border guards off Nemuro", "Japan demands release of boat seized by Russia"),
        ("ja", "ロシア国境警備局、根室沖で日本漁船を拿捕 乗組員6人", "拿捕の日本漁船、乗組員6人を解放 ロシア"),
        ("ru", "Российские пограничники задержали японское судно у Немуро с шестью моряками на борту", "МИД РФ опроверг применение оружия при задержании японского судна"),
    ],
)  # fmt: skip
def test_the_same_in_other_words_is_less_novel_than_what_happened_next(lang: str, again: str, new: str) -> None:
    room = stories()

    assert room.novelty(tell(again, lang, 3), SEIZED) < room.novelty(tell(new, lang, 3), SEIZED)


def test_an_article_repeats_its_own_words_most() -> None:
    room = stories()
    same, other = tell("Russia to hold drills on Kunashir with 500 troops"), tell("Japan and Russia set salmon quota")

    assert room.repeats(same, DRILL) > 0.9 > 0.6 > room.repeats(other, DRILL)
    assert repeated(Traits(unlike=0.2, meaning=0.4)) == pytest.approx(0.7)
    assert repeated(Traits(foreign=1.0, meaning=0.4, plain=1.0)) == pytest.approx(0.3)


def test_a_story_remembers_its_first_tellings_and_the_latest() -> None:
    profile = Profile()
    for number in range(KEPT + 5):
        profile = remembered(profile, tell(f"Report number {100 + number} on the boat"), extractor())

    numbers = [telling.numbers for telling in profile.tellings]
    assert len(numbers) == KEPT
    assert (numbers[0], numbers[7], numbers[-1]) == ((100.0,), (107.0,), (100.0 + KEPT + 4,))


def test_the_same_telling_is_remembered_once() -> None:
    told = tell("Russia to hold drills on Kunashir with 500 troops")

    assert remembered(DRILL.profile, told, extractor()) == DRILL.profile


def test_signs_of_a_vector_keep_its_direction() -> None:
    one = tell("Russia to hold drills on Kunashir").reading.vector
    away = tuple(-value for value in one)

    kept = base64.b64decode(signs(one))
    assert likeness_to(one, [kept])[0] > 0.9
    assert likeness_to(away, [kept, kept])[1] < -0.9
    assert signs(()) == ""


def test_without_an_encoder_meaning_says_nothing_and_words_decide() -> None:
    told = tell("Russia to hold drills on Kunashir with 500 troops")
    bare = replace(told, reading=replace(told.reading, vector=()))
    story = story_of(bare)

    assert detect(bare, story).verdict is Verdict.REPEAT


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("Russia to hold drills on Kunashir on May 10", "Russia to hold drills on Kunashir on May 24", "now on 24 May, earlier 10 May: drill near Kunashir"),
        ("Russian ship stays 3 hours off Rebun, Japan says", "Russian ship stays 3 hours off Rebun, Japan says", ""),
        ("Russia may expel Japanese consul", "Russia expels Japanese consul", "proposed → held: expulsion of envoy (Japan)"),
    ],
)  # fmt: skip
def test_what_moved_is_named(before: str, after: str, said: str) -> None:
    told = tell(after, hours=3)
    found = changes(told, story_of(tell(before)), stories().ground)

    assert [item.news.said for item in found if item.reason in {Reason.CHANGED_DATE, Reason.STAGE_REACHED}] == [
        line for line in (said,) if line
    ]


def test_the_lead_is_heard_where_it_answers_and_not_where_it_retells() -> None:
    ground = stories().ground
    answered = tell(
        "Russia to hold drills on Kunashir with 500 troops",
        hours=3,
        text="Japan protested against the drills on Kunashir.",
    )
    retold = tell(
        "Russia to hold drills on Kunashir with 500 troops",
        hours=3,
        text="The islands were seized by Soviet forces in 1945.",
    )

    assert [(item.reason, item.head) for item in changes(answered, DRILL, ground)] == [(Reason.FIRST_WORD, False)]
    assert changes(retold, DRILL, ground) == ()


def test_a_silence_names_the_known_fact_and_what_it_would_have_taken() -> None:
    found = detect(tell("Moscow to stage drills on Kunashir with 500 troops", hours=3, publisher="Cape News"), DRILL)

    assert (found.verdict, found.reason) == (Verdict.REPEAT, Reason.NO_NEW_FACT)
    assert lines(found, "known") == ["known: Russia is to hold a drill near Kunashir: 500 people, troops"]
    assert lines(found, "to-alert") == [
        "a number other than 500 people, a stage beyond announced, a first word from Japan, or a denial or a reversal"
    ]


@pytest.mark.parametrize(
    ("title", "reason"),
    [
        ("Analysis: what the drills on Kunashir are for", Reason.OPINION),
        ("Preview: drills on Kunashir", Reason.PREVIEW),
        ("Kunashir drills: anniversary of the exercises", Reason.OLD_FACTS),
    ],
)
def test_every_silence_says_what_it_would_have_taken(title: str, reason: Reason) -> None:
    found = detect(tell(title, hours=3), DRILL)

    assert found.reason is reason
    assert len(lines(found, "to-alert")) == 1


def test_a_fact_dated_long_before_its_report_is_background() -> None:
    ground = stories().ground
    told = tell("Russia held drills on Kunashir on 3 August 2019", hours=3)

    assert changes(told, SEIZED, ground) == ()


@pytest.mark.parametrize(
    ("before", "after", "lang"),
    [
        ("Japan expels Russian consul", "ロシア、日本領事を追放", "ja"),
        ("Russian minister visits Iturup", "Российский министр посетил Шикотан", "ru"),
        ("Japan and Russia to resume fisheries talks", "日ロ、漁業交渉を再開せず", "ja"),
        ("Japan-Russia vice ministers to meet on June 3", "日ロ外務次官級協議、6月17日に開催", "ja"),
    ],
)  # fmt: skip
def test_what_facts_show_plainly_is_told_in_any_language_however_near_its_words(
    before: str, after: str, lang: str
) -> None:
    assert detect(tell(after, lang, 3), story_of(tell(before))).verdict is Verdict.DEVELOPMENT


def test_the_islands_as_a_whole_are_no_other_place_and_the_same_denial_no_second_one() -> None:
    visit = story_of(tell("Russian minister visits disputed islands"))
    denial = story_of(tell("Japan denies collapse of salmon talks with Russia"))

    assert not any(item.another for item in found(tell("ロシア閣僚、北方領土を訪問", "ja", 3), visit))
    assert found(tell("В Японии опровергли срыв переговоров с Россией по лососю", "ru", 3), denial) == ()


@pytest.mark.parametrize(
    ("title", "share"),
    [
        ("Japanese boat seized by Russian border guards off Nemuro", 1.0),
        ("Russia releases Japanese boat off Nemuro", 0.0),
        ("Russian border guards seize Japanese boat off Nemuro with nine crew", 0.0),
        ("Boat, sea and weather", 0.0),
    ],
)
def test_a_fact_is_told_again_only_with_its_act_stage_and_number(title: str, share: float) -> None:
    assert told_again(tell(title, hours=3), SEIZED.profile, extractor()) == share


def test_words_are_never_told_again_since_what_was_said_may_differ() -> None:
    spoke = story_of(tell("Lavrov says Japan must recognise the results of the war"))

    assert told_again(tell("Lavrov says Japan must sign a treaty", hours=3), spoke.profile, extractor()) == 0.0


def test_who_protested_tells_nothing_by_condemning_but_a_protest_goes_beyond_criticism() -> None:
    protested = story_of(tell("Russia deploys missiles on Matua"), tell("Japan protests missiles on Matua", hours=1))
    condemned = story_of(tell("Russia deploys missiles on Matua"), tell("Japan condemns missiles on Matua", hours=1))

    condemns = found(tell("Japan condemns missiles on Matua", hours=3), protested)
    protests = found(tell("Japan protests missiles on Matua", hours=3), condemned)
    assert Reason.FIRST_WORD not in {item.reason for item in condemns}
    assert [item.reason for item in protests] == [Reason.FIRST_WORD]


def test_criticism_of_what_was_suspended_is_no_reversal_of_it() -> None:
    story = story_of(
        tell("Russia suspends fisheries agreement with Japan"),
        tell("Japan criticizes suspended fisheries agreement with Russia", hours=1),
    )

    told = tell("Japan criticizes Russia over fisheries agreement", hours=3)
    assert Reason.REVERSAL not in {item.reason for item in found(told, story)}


def test_what_is_announced_is_not_old_though_the_corpus_counts_the_same() -> None:
    story = story_of(tell("Japan protests Russian remarks on Bucha"))
    plan, held = (
        tell("Japan to expel eight Russian diplomats", hours=3),
        tell("Japan expels eight Russian diplomats", hours=3),
    )

    assert [item.reason for item in found(plan, story)] == [Reason.NEW_FACT]
    assert found(held, story) == ()


def test_an_old_title_over_a_new_act_differs_from_one_that_recalls_a_year() -> None:
    title = "Japan renews protest over Russian patrols near Kurils"
    story = story_of(tell(title, text="The protest was lodged on Monday."))
    fresh = tell(title, hours=3, text="The protest was lodged on Monday, and fishing talks were called off.")
    recalled = tell(title, hours=3, text="Fishing talks were called off in 2012. The protest was lodged on Monday.")

    assert stories().novelty(fresh, story) > stories().novelty(recalled, story)


@pytest.mark.parametrize(
    ("lang", "title", "asked"),
    [
        ("en", "Why Japan and Russia have no peace treaty", True),
        ("en", "Japan explains why it protests Russian drills", False),
        ("en", "Will Putin come to Japan this year?", True),
        ("ru", "Курильский узел: почему Москва и Токио не договорились", True),
        ("ru", "Лавров рассказал, почему прерваны переговоры с Японией", False),
        ("ru", "Как сообщили в МИД, Япония направила ноту", False),
        ("ja", "安全操業とは 日ロ協定の仕組み", True),
        ("ja", "ロシア外相「対話とは呼べない」 日本を批判", False),
        ("ja", "官房長官「コメント控える」 島の命名", False),
    ],
)
def test_a_title_that_asks_or_explains_is_no_report(lang: str, title: str, asked: bool) -> None:
    assert extractor().tone(title, lang, "opinion") is asked
    assert not extractor().tone(title, lang, "preview")
