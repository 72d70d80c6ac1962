"""Rounded rows: what they find, what they cost, and what they promise about it."""

import numpy as np
import pytest

from synvec import KeyedVectors
from synvec.keyed_vectors.quantizing import Kind


@pytest.fixture
def kv() -> KeyedVectors:
    """Return 2,000 vectors in 20 heaps, of all lengths, one of them zero."""
    rng = np.random.default_rng(5)
    heaps = rng.normal(size=(20, 48))
    vectors = heaps[rng.integers(20, size=2000)] + 0.5 * rng.normal(size=(2000, 48))
    vectors *= 10.0 ** rng.integers(-6, 7, size=(2000, 1))
    vectors[3] = 0
    return KeyedVectors.from_arrays([f"k{row}" for row in range(2000)], vectors)


@pytest.mark.parametrize(("kind", "nbytes"), [("int8", 1), ("float16", 2)])
def test_nearly_all_of_the_nearest_are_found(kv: KeyedVectors, kind: Kind, nbytes: int) -> None:
    small = kv.quantize(kind)
    assert small.nbytes == 2000 * (48 * nbytes + 4)
    assert small.recall is not None and small.recall >= 0.99
    assert repr(small).startswith(
        f"QuantizedRows<{kind}, 2000 keys, {small.nbytes} bytes, recall@10"
    )
    recalled = 0
    for row in range(0, 2000, 40):
        exact = kv.most_similar(row)
        found = kv.most_similar(row, indexer=small)
        assert len(found) == 10 and f"k{row}" not in dict(found)
        recalled += len(dict(exact).keys() & dict(found).keys())
    assert recalled >= 0.99 * 500


def test_int8_scores_are_exact(kv: KeyedVectors) -> None:
    small = kv.quantize("int8", sample=0)
    assert small.recall is None and "recall" not in repr(small)
    exact = dict(kv.most_similar("k9", topn=1999))
    for key, cosine in kv.most_similar("k9", indexer=small):
        assert cosine == exact[key]


def test_float16_needs_the_store_no_longer(kv: KeyedVectors) -> None:
    small = kv.quantize("float16", sample=0)
    expected = kv.most_similar("k9", topn=3)
    query = kv.get_vector("k9").copy()
    kv.vectors[:] = 0
    found = small.most_similar(query, 4)[1:]
    assert [key for key, _ in found] == [key for key, _ in expected]
    assert [score for _, score in found] == pytest.approx([s for _, s in expected], abs=5e-4)


def test_zero_rows_score_0_and_few_rows_are_all_found() -> None:
    kv = KeyedVectors.from_arrays(["a", "zero", "b"], [[1, 2], [0, 0], [-1, -2]])
    kinds: list[Kind] = ["int8", "float16"]
    for kind in kinds:
        found = kv.quantize(kind).most_similar(kv["a"], 10)
        assert [key for key, _ in found] == ["a", "zero", "b"]
        assert [score for _, score in found] == pytest.approx([1, 0, -1], abs=1e-3)


def test_wrong_requests_say_what_is_wrong(kv: KeyedVectors) -> None:
    with pytest.raises(ValueError, match="kind is 'int4', expected 'float16' or 'int8'"):
        kv.quantize("int4")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="no vectors to quantize"):
        KeyedVectors(vector_size=3).quantize()
    small = kv.quantize(sample=0)
    with pytest.raises(ValueError, match=r"shape \(3,\), expected \(48,\)"):
        small.most_similar(np.ones(3, np.float32))
    with pytest.raises(ValueError, match="finite"):
        small.most_similar(np.full(48, np.nan, np.float32))
    kv.vectors[5, 5] = np.inf
    kv.fill_norms(force=True)
    with pytest.raises(ValueError, match="NaN or infinity"):
        kv.quantize()


def test_int8_scores_by_the_vectors_as_they_are(kv: KeyedVectors) -> None:
    small = kv.quantize("int8", sample=0)
    vector = kv["k9"].copy()
    before = small.most_similar(vector, 3)
    kv.vectors *= 10
    after = small.most_similar(vector, 3)
    assert [key for key, _ in after] == [key for key, _ in before]
    assert after[0] == ("k9", pytest.approx(1, abs=1e-6))


def test_how_many_are_asked_for(kv: KeyedVectors) -> None:
    for small in (kv.quantize("int8", sample=0), kv.quantize("float16", sample=0)):
        assert small.most_similar(kv["k9"], 0) == small.most_similar(kv["k9"], -3) == []
        assert len(small.most_similar(kv["k9"], 2**62)) == 2000
        with pytest.raises(TypeError, match="topn is '3'"):
            small.most_similar(kv["k9"], "3")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="sample is -1"):
        kv.quantize(sample=-1)
    assert KeyedVectors.from_arrays(["alone"], [[1, 2]]).quantize().recall is None
