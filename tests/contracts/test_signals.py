"""What every topic signal keeps to, whatever it weighs by."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from monitor.embed import NoEmbedder
from monitor.entities import Evidence, Name, NameId, Phrase, Reading, Topic, TopicId
from monitor.lexicon import Lexicon
from monitor.topics import SIGNALS, Materials, Scene, Signal
from monitor.topics.weights import WEIGHTS, YIELDING
from monitor.topics.words import Stock
from tests import make

TOPICS = (
    Topic(
        id=TopicId("treaty"),
        name={"en": "Treaty"},
        description={"en": "Talks about a treaty."},
        phrases={
            "en": (Phrase(text="peace treaty"),),
            "ja": (Phrase(text="平和条約"),),
            "ru": (Phrase(text="мирный договор"),),
        },
        names={NameId("japan"): 0.4},
        background={"en": ("never signed a peace treaty",)},
    ),
    Topic(
        id=TopicId("fish"),
        name={"en": "Fish"},
        description={"en": "Quotas."},
        phrases={"en": (Phrase(text="quota", weight=0.5),)},
    ),
)
NAMES = (Name(id=NameId("japan"), kind="country", side="japan", forms={"en": ("Japan",)}),)


class Letters:
    """An embedder for tests: how often each of three letters stands in a text, to unit length."""

    def embed(self, texts: Sequence[str], lang: str) -> Sequence[tuple[float, ...]]:
        counted = [[text.lower().count(letter) + 0.01 for letter in "tqs"] for text in texts]
        return tuple(tuple(value / sum(v * v for v in row) ** 0.5 for value in row) for row in counted)


def materials(**fields: object) -> Materials:
    given = {"topics": TOPICS, "corpus": (make.record(),), "lexicon": Lexicon(NAMES), "embedder": Letters()}
    return Materials(**{**given, **fields})  # type: ignore[arg-type]


def scene(
    built: Materials, title: str, text: str = "", lang: str = "en", vector: tuple[float, ...] | None = None
) -> Scene:
    article = make.article(title, text=text, lang=lang)
    reading: Reading = built.lexicon.read(title, text, lang, on=make.NOW.date())
    meaning = built.embedder.embed([title + text], lang)[0] if vector is None else vector
    return Scene(article=article, reading=reading, vector=meaning, stock=Stock(TOPICS).of(reading, make.NOW.date()))


@pytest.fixture(params=SIGNALS.values(), ids=SIGNALS.keys())
def build(request: pytest.FixtureRequest) -> Callable[[Materials], Signal]:
    builder: Callable[[Materials], Signal] = request.param
    return builder


SCENES = [
    ("Japan and Russia discuss a peace treaty", "They never signed a peace treaty. Quotas rose.", "en"),
    ("平和条約を協議", "", "ja"),
    ("О мирном договоре", "Токио ждёт.", "ru"),
    ("", "", "en"),
    ("!?", "…", "de"),
]


@pytest.mark.parametrize(("title", "text", "lang"), SCENES)
def test_strengths_lie_between_nought_and_one_under_the_signals_own_keys(
    build: Callable[[Materials], Signal], title: str, text: str, lang: str
) -> None:
    built = materials()
    signal = build(built)
    for topic, evidence in signal.weigh(scene(built, title, text, lang)).items():
        assert topic in {t.id for t in TOPICS} | {TopicId("treaty")}
        assert evidence
        for piece in evidence:
            assert isinstance(piece, Evidence)
            assert 0.0 <= piece.weight <= 1.0
            assert piece.signal in signal.keys
            assert piece.said


def test_every_key_is_weighted_and_no_weight_is_idle(build: Callable[[Materials], Signal]) -> None:
    assert set(build(materials()).keys) <= set(WEIGHTS)
    spoken = {key for make_signal in SIGNALS.values() for key in make_signal(materials()).keys}
    assert spoken | {YIELDING} == set(WEIGHTS)


def test_the_same_scene_weighs_the_same_twice(build: Callable[[Materials], Signal]) -> None:
    built = materials()
    signal = build(built)
    one = scene(built, *SCENES[0])
    assert signal.weigh(one) == signal.weigh(one) == build(built).weigh(one)


def test_a_signal_bears_a_house_without_topics_corpus_or_meaning(build: Callable[[Materials], Signal]) -> None:
    bare = materials(topics=(), corpus=(), embedder=NoEmbedder())
    one = scene(materials(), *SCENES[0], vector=())
    assert build(bare).weigh(one) == {}


@pytest.mark.parametrize(
    ("title", "lang"),
    [("Japan and Russia on the peace treaty", "en"), ("平和条約を協議", "ja"), ("О мирном договоре", "ru")],
)
def test_words_are_found_in_every_language(title: str, lang: str) -> None:
    built = materials()
    assert TopicId("treaty") in SIGNALS["words"](built).weigh(scene(built, title, "", lang))
