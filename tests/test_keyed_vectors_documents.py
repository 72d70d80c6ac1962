"""Word Mover's Distance: gensim's meaning, values that it gives, and what holds for any text."""

import logging
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synvec import KeyedVectors

RNG = np.random.default_rng(4)
WORDS = [f"w{number}" for number in range(30)]
STORE = KeyedVectors.from_arrays(WORDS, RNG.standard_normal((30, 5), dtype=np.float32))
texts = st.lists(st.sampled_from(WORDS), min_size=1, max_size=40)


@pytest.fixture
def kv() -> KeyedVectors:
    return KeyedVectors.from_arrays(
        ["king", "queen", "man", "apple", "zero"],
        np.array([[5, 1, 0], [5, -1, 0.5], [2, 2, 0], [-1, 0, 4], [0, 0, 0]], dtype=np.float32),
    )


def test_one_word_each_is_their_distance(kv: KeyedVectors) -> None:
    raw = np.linalg.norm(kv["king"] - kv["apple"])
    assert kv.wmdistance(["king"], ["apple"], norm=False) == pytest.approx(raw)
    unit = math.sqrt(2 - 2 * float(kv.similarity("king", "apple")))
    assert kv.wmdistance(["king"], ["apple"]) == pytest.approx(unit)
    assert type(kv.wmdistance(["king"], ["apple"])) is float
    assert kv.wmdistance([0], [np.int64(3)]) == kv.wmdistance(["king"], ["apple"])
    assert kv.wmdistance(np.array(["king"]), ("apple",)) == kv.wmdistance(["king"], ["apple"])
    assert kv.wmdistance(["zero"], ["king"]) == pytest.approx(1)


def test_each_word_weighs_as_often_as_it_occurs(kv: KeyedVectors) -> None:
    queen, man = (kv.wmdistance(["king"], [word]) for word in ("queen", "man"))
    mixed = kv.wmdistance(["king"], ["queen", "man", "man"])
    assert mixed == pytest.approx((queen + 2 * man) / 3)


# gensim 4.4.0 with POT 0.9
GENSIM = [
    ("king man", "queen apple", 0.966997260, 3.723358810),
    ("king king man", "queen apple man", 0.658909888, 3.113887567),
    ("king queen man apple", "apple apple queen", 0.678517140, 2.731438918),
    ("the king man man", "a queen", 0.765447995, 3.535185519),
]


@pytest.mark.parametrize(("first", "second", "unit", "raw"), GENSIM)
def test_the_values_of_gensim(
    kv: KeyedVectors, first: str, second: str, unit: float, raw: float
) -> None:
    assert kv.wmdistance(first.split(), second.split()) == pytest.approx(unit, abs=2e-6)
    assert kv.wmdistance(first.split(), second.split(), norm=False) == pytest.approx(raw, abs=2e-6)


def test_unknown_words_are_left_out(kv: KeyedVectors, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        found = kv.wmdistance(["the", "king", 99, None], ["a", "man"])  # type: ignore[list-item]
    assert found == kv.wmdistance(["king"], ["man"])
    assert "document1: 3 words not present, left out" in caplog.text
    for first, second in ([], ["king"]), (["king"], []), ([], []), (["the"], ["king"]):
        assert kv.wmdistance(first, second) == math.inf


def test_same_words_are_at_zero_and_only_twins_at_infinity(kv: KeyedVectors) -> None:
    assert kv.wmdistance(["king"], ["king"]) == 0.0
    assert kv.wmdistance(["king", "man"], ["man", "king"] * 7) == 0.0
    kv["twin"] = kv["king"] * 2
    assert kv.wmdistance(["king"], ["twin"]) == math.inf  # gensim's word for it
    assert kv.wmdistance(["king", "man"], ["twin", "man"]) == pytest.approx(0, abs=1e-7)
    assert kv.wmdistance(["king"], ["twin"], norm=False) > 0


def test_a_text_that_was_not_split_is_told(kv: KeyedVectors) -> None:
    with pytest.warns(UserWarning, match="document2 is the str 'man', read letter by letter"):
        assert kv.wmdistance(["king"], "man") == math.inf


def test_nan_names_the_key(kv: KeyedVectors) -> None:
    kv.vectors[1, 0] = np.nan
    for norm in (True, False):
        with pytest.raises(ValueError, match="vector of 'queen' holds NaN"):
            kv.wmdistance(["king", "man"], ["apple", "queen"], norm=norm)


def test_a_read_only_store_and_no_norms_for_all(kv: KeyedVectors) -> None:
    kv.vectors.flags.writeable = False
    assert kv.wmdistance(["king"], ["man"]) > 0
    assert kv.norms is None  # a few rows don't need the lengths of millions


@given(texts, texts, texts, st.booleans())
def test_it_is_a_metric(first: list[str], second: list[str], third: list[str], norm: bool) -> None:
    def distance(one: list[str], other: list[str]) -> float:
        return STORE.wmdistance(one, other, norm)

    assert distance(first, first[::-1]) == 0
    assert distance(first, second) == pytest.approx(distance(second, first), abs=1e-9)
    assert distance(first, third) <= distance(first, second) + distance(second, third) + 1e-9
    assert distance(first * 3, second * 2) == pytest.approx(distance(first, second), abs=1e-9)
