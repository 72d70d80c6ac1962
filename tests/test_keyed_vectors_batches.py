"""Many queries at once, and searches among some rows alone."""

import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from synvec import KeyedVectors
from synvec.keyed_vectors.preparing import PreparedQueries


@pytest.fixture
def crowd() -> KeyedVectors:
    """Return 500 random vectors of 33 numbers, one of them zero, two of them equal."""
    vectors = np.random.default_rng(3).normal(size=(500, 33)).astype(np.float32)
    vectors[7] = 0
    vectors[11] = vectors[10]
    return KeyedVectors.from_arrays([f"k{i}" for i in range(500)], vectors)


def test_a_batch_gives_what_single_queries_give(crowd: KeyedVectors) -> None:
    vector = np.arange(33, dtype=np.float64)
    asked: list[Any] = ["k3", 7, vector, np.int64(10), "k499"]
    for options in ({}, {"restrict_vocab": 40}, {"clip_start": 3, "clip_end": 60}):
        single = [crowd.most_similar([item], topn=12, **options) for item in asked]
        assert crowd.most_similar_batch(asked, topn=12, **options) == single
    rows = crowd.vectors[:90]
    assert crowd.most_similar_batch(rows, topn=3) == [
        crowd.most_similar(row, topn=3) for row in rows
    ]
    assert crowd.most_similar_batch(["k10"], topn=1)[0] == [("k11", pytest.approx(1))]


def test_a_batch_as_arrays(crowd: KeyedVectors) -> None:
    indices, cosines = crowd.most_similar_batch(["k1", "k2"], topn=4, as_arrays=True)
    assert (indices.dtype, cosines.dtype) == (np.int64, np.float32)
    lists = crowd.most_similar_batch(["k1", "k2"], topn=4)
    assert [
        [(f"k{i}", c) for i, c in zip(*row, strict=True)]
        for row in zip(indices, cosines, strict=True)
    ] == lists
    # One of the two candidates is the first query itself: nothing is left for the last place.
    indices, cosines = crowd.most_similar_batch([1, 2], candidates=["k1", "k9"], as_arrays=True)
    assert indices.tolist()[0] == [9, -1] and np.isnan(cosines[0, 1])
    assert sorted(indices[1].tolist()) == [1, 9]


def test_batches_of_nothing(crowd: KeyedVectors) -> None:
    assert crowd.most_similar_batch([]) == []
    assert crowd.most_similar_batch(np.empty((0, 33))) == []
    assert crowd.most_similar_batch(["k1", "k2"], topn=0) == [[], []]
    assert crowd.most_similar_batch(["k1"], candidates=[]) == [[]]
    indices, cosines = crowd.most_similar_batch([], as_arrays=True)
    assert indices.shape == cosines.shape == (0, 0)


def test_wrong_batches_say_what_is_wrong(crowd: KeyedVectors) -> None:
    with pytest.raises(TypeError, match="the str 'k1', expected a list"):
        crowd.most_similar_batch("k1")
    with pytest.raises(KeyError, match="'nobody' not present"):
        crowd.most_similar_batch(["k1", "nobody"])
    with pytest.raises(ValueError, match=r"shape \(2, 32\)"):
        crowd.most_similar_batch(np.zeros((2, 32)))
    with pytest.raises(ValueError, match="NaN"):
        crowd.most_similar_batch(np.full((1, 33), np.nan))
    with pytest.raises(TypeError, match="topn is '3'"):
        crowd.most_similar_batch(["k1"], topn="3")  # type: ignore[call-overload]
    with pytest.raises(TypeError, match="topn is None"):
        crowd.most_similar_batch(["k1"], topn=None)  # type: ignore[call-overload]


def test_candidates_are_all_that_is_searched(crowd: KeyedVectors) -> None:
    candidates = ["k400", "k5", 17, "k3", "k5"]
    everything = dict(crowd.most_similar("k3", topn=500))
    found = crowd.most_similar("k3", candidates=candidates)
    assert {key for key, _ in found} == {"k400", "k5", "k17"}  # k3 asks, and k5 counts once
    assert found == sorted(found, key=lambda pair: -pair[1])
    assert all(everything[key] == cosine for key, cosine in found)
    assert {
        key for key, _ in crowd.most_similar("k3", restrict_vocab=100, candidates=candidates)
    } == {
        "k5",
        "k17",
    }
    cosines = crowd.most_similar("k3", topn=None, candidates=candidates)
    assert cosines.tolist() == crowd.most_similar("k3", topn=None)[[400, 5, 17, 3, 5]].tolist()


def test_wrong_candidates(crowd: KeyedVectors) -> None:
    with pytest.raises(KeyError, match="'nobody'"):
        crowd.most_similar("k3", candidates=["k1", "nobody"])
    with pytest.raises(TypeError, match="the str 'k1', expected a collection"):
        crowd.most_similar("k3", candidates="k1")


def test_a_query_makes_no_second_matrix() -> None:
    # In a process of its own: the peak of this one is that of all tests.
    program = """
import resource
import numpy as np
from synvec import KeyedVectors

vectors = np.ones((200_000, 300), dtype=np.float32)
vectors[:, 0] = np.arange(200_000)
kv = KeyedVectors.from_arrays([str(i) for i in range(200_000)], vectors)
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
before = peak()
kv.most_similar("7")
kv.most_similar_batch(list(range(100)))
print((peak() - before) / vectors.nbytes)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert float(done.stdout) < 0.2


def test_a_batch_refuses_keys_without_direction() -> None:
    kv = KeyedVectors.from_arrays(["a", "b"], [[np.nan, 1], [1, 0]])
    with pytest.raises(ValueError, match="NaN or infinity"):
        kv.most_similar_batch(["b", "a"])


def test_narrow_vectors_take_no_more_memory() -> None:
    # All products of a block of rows with many narrow queries would be 650 MB.
    program = """
import resource
import numpy as np
from synvec import KeyedVectors

rng = np.random.default_rng(6)
kv = KeyedVectors.from_arrays([str(i) for i in range(9000)], rng.standard_normal((9000, 2)))
queries = rng.standard_normal((20_000, 2))
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
kv.most_similar_batch(queries[:10])
before = peak()
kv.most_similar_batch(queries, topn=1, as_arrays=True)
print(peak() - before)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert int(done.stdout) < 100e6


def test_queries_made_ready_are_answered_alike(crowd: KeyedVectors) -> None:
    kv = crowd
    keys, vector = ["k1", "k5", "k9"], kv["k2"] + kv["k3"]
    one = kv.prepare_query(["k1", "k2"], ["k3"])
    many = kv.prepare_queries([*keys, vector])
    together = PreparedQueries.joined([one, many.part(1, 4), many.part(0, 1)])
    assert len(together) == 5
    answers = kv.answer(together, topn=[3, 2, 1, 4, 0])
    assert answers[0] == kv.most_similar(["k1", "k2"], ["k3"], topn=3)
    assert answers[1:] == [
        kv.most_similar("k5", topn=2), kv.most_similar("k9", topn=1),
        kv.most_similar(vector, topn=4), [],
    ]  # fmt: skip
    assert kv.answer(one, restrict_vocab=7) == [
        kv.most_similar(["k1", "k2"], ["k3"], restrict_vocab=7)
    ]
    assert kv.answer(many.part(0, 0)) == []
