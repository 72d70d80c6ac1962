"""Native files that were written once: they open for ever, and are written the same today."""

import io

import numpy as np
import pytest

from synvec import KeyedVectors, Word2Vec, formats
from tests.golden import COUNTS, FOLDER, KEYS, VECTORS, is_golden
from tests.golden_native import CONFIG, WRITTEN
from tests.hostile import check_prefixes_err, check_survives, flipped


@pytest.mark.parametrize("name", WRITTEN)
def test_what_is_written_today_is_the_same_bytes(name: str) -> None:
    assert WRITTEN[name]() == (FOLDER / name).read_bytes()


@pytest.mark.parametrize("name", WRITTEN)
def test_it_opens_and_is_whole(name: str) -> None:
    path = FOLDER / name
    assert formats.sniff(path) == "native"
    assert formats.verify(path).rows == 10
    loaded = formats.load(path)
    assert isinstance(loaded, KeyedVectors if "config" not in str(path.read_bytes()) else Word2Vec)
    if name == "native-1-nonfinite.kv":
        vectors = formats.vectors_of(loaded)
        assert vectors.index_to_key == KEYS
        odd = vectors.vectors[3, 2], vectors.vectors[4, 0], vectors.vectors[5, 5]
        assert str(odd) == str((np.float32("nan"), np.float32("inf"), np.float32("-inf")))
    else:
        assert is_golden(formats.vectors_of(loaded), counts="without-counts" not in name)


@pytest.mark.parametrize(
    ("name", "matrix", "expected", "changed"),
    [
        ("native-1-negative-sampling.kv", "syn1neg", VECTORS + 1, {}),
        ("native-1-hierarchical-softmax.kv", "syn1", VECTORS - 1, {"hs": 1, "negative": 0}),
    ],
)
def test_a_full_model_has_everything_and_trains_on(
    name: str, matrix: str, expected: np.ndarray, changed: dict[str, int]
) -> None:
    model = Word2Vec.load(FOLDER / name)
    assert (getattr(model, matrix) == expected).all()
    told = {**CONFIG, **changed}
    history = told.pop("history")
    assert told.pop("tokenize") == "whitespace"
    assert model.tokenize is None  # the default, which means the same of texts
    assert {field: getattr(model, field) for field in told} == told
    assert [vars(epoch) for epoch in model.history] == history
    assert model.wv.counts is not None and model.wv.counts.tolist() == COUNTS
    model.train([KEYS] * 3, total_examples=3, epochs=1)
    assert not (model.wv.vectors == VECTORS).all()


@pytest.mark.parametrize("name", WRITTEN)
def test_beginnings_and_turned_bits(name: str) -> None:
    data = (FOLDER / name).read_bytes()
    check_prefixes_err(lambda data: formats.load(io.BytesIO(data)), data, most=150)
    if name != "native-1-nonfinite.kv":
        for changed in flipped(data, times=60):
            check_survives(lambda data: formats.load(io.BytesIO(data)), changed)
