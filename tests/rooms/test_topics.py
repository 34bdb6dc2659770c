"""The classifier: what counts in title, lead and body, what is mere background, and what it shows for it."""

from __future__ import annotations

import dataclasses

import pytest

from monitor.embed import NoEmbedder
from monitor.entities import Name, NameId, Office, Phrase, RecordId, Topic, TopicId, TopicMatch
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
