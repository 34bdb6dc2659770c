"""The classifier: what counts in title, lead and body, what is mere background, and what it shows for it."""

from __future__ import annotations

import dataclasses

import pytest

from monitor.embed import NoEmbedder
from monitor.entities import AnyOf, Name, NameId, Office, Phrase, RecordId, Together, Topic, TopicId, TopicMatch
from monitor.lexicon import Lexicon
from monitor.topics import Classifier
from tests import make


def topic(id: str, **fields: object) -> Topic:  # noqa: A002 -- the entity calls it so
    given = {"name": {"en": id.title()}, "description": {"en": f"All about {id}."}}
    return Topic(**{"id": TopicId(id), **given, **fields})  # type: ignore[arg-type]


TOPICS = (
    topic(
        "treaty",
        phrases={
            "en": (Phrase(text="peace treaty"),),
            "ja": (Phrase(text="平和条約"),),
            "ru": (Phrase(text="мирный договор"),),
        },
        background={"en": ("never signed a peace treaty",)},
    ),
    topic("fish", phrases={"en": (Phrase(text="fishing quota"), Phrase(text="fish", weight=0.3))}),
    topic(
        "summit",
        phrases={"en": (Phrase(text="meeting", weight=0.55),)},
        names={NameId("pm-a"): 0.5, NameId("president-b"): 0.5},
    ),
)
NAMES = (
    Name(id=NameId("pm-a"), kind="role", side="a", office="prime-minister", forms={"en": ("A's prime minister",)}),
    Name(id=NameId("president-b"), kind="role", side="b", office="president", forms={"en": ("B's president",)}),
    Name(
        id=NameId("ann"),
        kind="person",
        side="a",
        forms={"en": ("Ann Abel",)},
        offices=(Office(office="prime-minister"),),
    ),
    Name(id=NameId("bob"), kind="person", side="b", forms={"en": ("Bob Bell",)}, offices=(Office(office="president"),)),
    Name(id=NameId("eve"), kind="person", side="b", forms={"en": ("Eve Ever",)}),
)
LEXICON = Lexicon(NAMES)


class Constant:
    """An embedder for tests: one direction for texts about fish, another for all others."""

    def embed(self, texts: list[str], lang: str) -> list[tuple[float, ...]]:
        return [(1.0, 0.0) if "fish" in text.lower() else (0.0, 1.0) for text in texts]


def classify(title: str, text: str = "", lang: str = "en", **materials: object) -> tuple[TopicMatch, ...]:
    given = {"topics": TOPICS, "corpus": (), "lexicon": LEXICON, "embedder": NoEmbedder()}
    article = make.article(title, text=text, lang=lang)
    classifier = Classifier(**{**given, **materials})  # type: ignore[arg-type]
    return classifier.classify(article, LEXICON.read(title, text, lang, on=make.NOW.date()))


def topics(matches: tuple[TopicMatch, ...]) -> list[str]:
    return [match.topic for match in matches if not match.background]


@pytest.mark.parametrize(
    ("lang", "title"),
    [
        ("en", "Two states discuss peace treaties"),
        ("ja", "平和条約を協議"),
        ("ru", "Стороны обсудили проект мирного договора"),
    ],
)
def test_a_title_that_says_so_is_enough(lang: str, title: str) -> None:
    assert topics(classify(title, lang=lang)) == ["treaty"]


def test_a_hint_is_not_enough() -> None:
    assert classify("Envoys eat fish") == ()


def test_an_article_may_report_on_several_topics() -> None:
    assert topics(classify("Fishing quota and peace treaty on the table")) == ["fish", "treaty"]


def test_one_sentence_further_down_is_a_mention_and_no_report() -> None:
    sentences = [f"Sentence {number} says nothing." for number in ("one", "two", "three", "four", "five")]
    assert classify("Envoys meet", " ".join([*sentences, "A fishing quota was named."])) == ()


def test_a_stock_sentence_is_background_and_kept_apart() -> None:
    matches = classify("Envoys argue over fishing quota", "The two never signed a peace treaty.")
    assert [(match.topic, match.background) for match in matches] == [("fish", False), ("treaty", True)]


def test_a_title_is_never_background() -> None:
    assert topics(classify("They never signed a peace treaty")) == ["treaty"]


def test_office_holders_of_both_sides_speak_for_a_topic_that_names_their_offices() -> None:
    assert topics(classify("Ann Abel and Bob Bell hold meeting")) == ["summit"]
    assert classify("Ann Abel and Eve Ever hold meeting") == ()


def test_evidence_names_the_words_and_the_nearest_record() -> None:
    record = make.record("fish-1998", topics=(TopicId("fish"),), summary={"en": "A deal on fish."})
    other = dataclasses.replace(make.record("war-1956"), topics=(TopicId("treaty"),))
    [match] = classify("Fishing quota agreed", corpus=(other, record), embedder=Constant())
    said = {piece.signal: piece for piece in match.evidence}
    assert said["words-title"].words == ("Fishing quota",)
    assert said["corpus"].record == RecordId("fish-1998")
    assert "(1.00)" in said["corpus"].said
    assert match.evidence == tuple(sorted(match.evidence, key=lambda piece: -abs(piece.weight)))


def test_nearest_records_come_with_their_similarity() -> None:
    record = make.record("fish-1998", topics=(TopicId("fish"),), summary={"en": "A deal on fish."})
    other = make.record("war-1956")
    classifier = Classifier(TOPICS, (other, record), LEXICON, Constant())
    article = make.article("Fishing quota agreed", text="")
    reading = LEXICON.read(article.title, "", "en", on=make.NOW.date())
    assert classifier.nearest(article, reading, limit=1) == ((record, 1.0),)
    assert Classifier(TOPICS, (record,), LEXICON, NoEmbedder()).nearest(article, reading) == ()


def test_a_topic_of_words_only_needs_no_training() -> None:
    new = topic("ferry", phrases={"en": (Phrase(text="ferry line"),)})
    assert topics(classify("Ferry line to reopen", topics=(*TOPICS, new))) == ["ferry"]


def test_the_same_article_is_classified_the_same_twice() -> None:
    assert classify("Fishing quota and peace treaty") == classify("Fishing quota and peace treaty")


# ------------------------------------------------------------------------------------- things said in one sentence

PIER = AnyOf(names=(NameId("pm-a"),), words={"en": ("pier", "harbour")})
CLAIM = AnyOf(words={"en": ("claim", "own")})
PIERS = topic("piers", together=(Together(of=(PIER, CLAIM), unless=AnyOf(words={"en": ("film",)})),))


def of_piers(title: str, text: str = "", **fields: object) -> list[str]:
    return topics(classify(title, text, topics=(dataclasses.replace(PIERS, **fields),)))  # type: ignore[arg-type]


def test_two_things_in_one_sentence_speak_for_a_topic_and_neither_does_alone() -> None:
    assert of_piers("Old claims to the pier are heard") == ["piers"]
    assert of_piers("Old claims are heard") == []
    assert of_piers("The pier is old") == []
    assert of_piers("The pier is old", "There are claims. They are many.") == []


def test_an_office_stands_for_whoever_holds_it_on_the_day() -> None:
    assert of_piers("Ann Abel claims more") == ["piers"]
    assert of_piers("Bob Bell claims more") == []


def test_one_word_is_not_two_things() -> None:
    both = AnyOf(words={"en": ("pier",)})
    assert of_piers("A pier", together=(Together(of=(both, both)),)) == []
    assert of_piers("A pier beside a pier", together=(Together(of=(both, both)),)) == ["piers"]


def test_what_must_not_stand_beside_them_silences_a_row() -> None:
    assert of_piers("A film claims the pier is haunted") == []


def test_every_part_of_a_row_must_stand_in_the_sentence() -> None:
    third = AnyOf(words={"en": ("today",)})
    row = Together(of=(PIER, CLAIM, third))
    assert of_piers("Claims to the pier", together=(row,)) == []
    assert of_piers("Claims to the pier today", together=(row,)) == ["piers"]


def test_the_evidence_shows_the_words_in_the_order_they_were_said() -> None:
    [match] = classify("Old claims to the pier are heard", topics=(PIERS,))
    assert [(piece.signal, piece.words) for piece in match.evidence] == [("together-title", ("claims … pier",))]


# ------------------------------------------------------------------------------------------- what takes its place

PLACE = topic("place", phrases={"en": (Phrase(text="pier"),)}, yields_to=(TopicId("fish"),))


def test_a_topic_yields_to_a_surer_one_unless_it_is_spoken_of_in_its_own_right() -> None:
    both = (*TOPICS, PLACE)
    assert topics(classify("A quarrel over the pier", topics=both)) == ["place"]
    assert topics(classify("Fishing quota set at the pier", topics=both)) == ["fish"]
    matches = classify("The pier: fishing quota, pier, piers", "The pier is the pier.", topics=both)
    [yields] = [p for m in matches if m.topic == "place" for p in m.evidence if p.signal == "yields"]
    assert (yields.said, yields.weight < 0) == ("fish takes its place", True)


# ------------------------------------------------------------------------------------------------ years gone by


@pytest.mark.parametrize(
    ("text", "recalled"),
    [
        ("A peace treaty was drafted in 2019.", True),
        ("A peace treaty was drafted in 1956.", False),
        ("A peace treaty is due this year.", False),
        (f"A peace treaty drafted in 2019 is on the table in {make.NOW.year}.", False),
    ],
)
def test_a_sentence_that_recalls_a_year_of_late_is_a_mention_and_no_report(text: str, recalled: bool) -> None:
    matches = classify("Envoys argue over fishing quota", text)
    assert [match.topic for match in matches if match.background] == (["treaty"] if recalled else [])
