"""Queries: every form of input, exclusion, ranges, ties, and values that gensim 4.4.0 gives."""

import logging
import tracemalloc

import numpy as np
import pytest

from synvec import KeyedVectors
from synvec.arithmetic import top

KEYS = ["king", "queen", "man", "woman", "apple", "pear"]
ROWS = np.array(
    [[5, 1, 0], [5, -1, 0.5], [2, 2, 0], [2, -1.5, 0.5], [-1, 0, 4], [-1, 0.5, 3]], np.float32
)


@pytest.fixture
def kv() -> KeyedVectors:
    return KeyedVectors.from_arrays(KEYS, ROWS.copy())


def random_store(rows: int, size: int, seed: int = 3) -> KeyedVectors:
    rng = np.random.default_rng(seed)
    keys = [f"k{row}" for row in range(rows)]
    return KeyedVectors.from_arrays(keys, rng.standard_normal((rows, size), dtype=np.float32))


def assert_neighbors(found: object, expected: list[tuple[str, float]]) -> None:
    assert isinstance(found, list)
    assert [key for key, _ in found] == [key for key, _ in expected]
    assert [score for _, score in found] == pytest.approx([s for _, s in expected], abs=2e-6)
    assert all(type(score) is float for _, score in found)


KING = [
    ("queen", 0.9186707735061646),
    ("man", 0.8320502638816833),
    ("woman", 0.6538461446762085),
    ("apple", -0.23782575130462646),
    ("pear", -0.27565374970436096),
]
ROYAL = [
    ("queen", 0.8231057524681091),
    ("apple", -0.04311830922961235),
    ("pear", -0.20696327090263367),
]


# --- most_similar ---------------------------------------------------------------------------------


@pytest.mark.parametrize("one", ["king", 0, np.int64(0), ["king"], [0], [("king", 3.5)]])
def test_one_key_in_each_form(kv: KeyedVectors, one: object) -> None:
    assert_neighbors(kv.most_similar(one), KING)  # type: ignore[call-overload]


@pytest.mark.parametrize(
    ("positive", "negative"),
    [
        (["king", "woman"], ["man"]),
        (["king", 3], "man"),
        (np.array(["king", "woman"]), 2),
        ([("king", 1.0), "woman"], [("man", -1.0)]),
        (["king", "woman", ("man", -1.0)], None),
    ],
)
def test_several_keys(kv: KeyedVectors, positive: object, negative: object) -> None:
    assert_neighbors(kv.most_similar(positive, negative), ROYAL)  # type: ignore[call-overload]


def test_a_weight_in_negative_keeps_its_sign(kv: KeyedVectors) -> None:
    found = kv.most_similar([("king", 0.5), "pear"], [("man", 2.0)], topn=2)
    assert_neighbors(found, [("queen", 0.5300979614257812), ("apple", 0.21006134152412415)])


def test_vectors_leave_nothing_out(kv: KeyedVectors) -> None:
    found = kv.most_similar(np.array([0.0, 1.0, 1.0]), topn=2)
    assert_neighbors(found, [("pear", 0.7730206251144409), ("apple", 0.6859943270683289)])
    found = kv.most_similar(np.array([[0, 1, 1], [1, 0, 0]]), topn=2)
    assert_neighbors(found, [("man", 0.8164965510368347), ("king", 0.6793662309646606)])
    assert kv.similar_by_vector(kv["king"], topn=1)[0][0] == "king"


def test_arrays_go_in_with_their_own_length(kv: KeyedVectors) -> None:
    long = kv.most_similar([1000 * ROWS[4], "king"], topn=1)
    assert long[0][0] == "apple"


def test_how_many(kv: KeyedVectors) -> None:
    assert_neighbors(kv.most_similar("king", topn=2), KING[:2])
    assert_neighbors(kv.most_similar("king", topn=np.int64(2)), KING[:2])  # type: ignore[call-overload]
    assert len(kv.most_similar("king", topn=100)) == 5
    for none in (0, -1, False):
        assert kv.most_similar("king", topn=none) == []
        assert kv.most_similar_cosmul("king", topn=none) == []
    for wrong in (2.0, "2", [1]):
        with pytest.raises(TypeError, match="topn is"):
            kv.most_similar("king", topn=wrong)  # type: ignore[call-overload]
        with pytest.raises(TypeError, match="topn is"):
            kv.most_similar_cosmul("king", topn=wrong)  # type: ignore[call-overload]


def test_topn_none_gives_every_score(kv: KeyedVectors) -> None:
    scores = kv.most_similar("king", topn=None)
    assert scores.dtype == np.float32
    np.testing.assert_allclose(
        scores, [1, 0.9186708, 0.83205026, 0.65384614, -0.23782575, -0.27565375], atol=2e-6
    )
    assert kv.most_similar("king", topn=None, clip_start=1, clip_end=3).shape == (2,)
    assert kv.similar_by_word("king", topn=None).shape == (6,)
    assert kv.similar_by_vector(ROWS[0], topn=None, restrict_vocab=4).shape == (4,)


def test_ranges(kv: KeyedVectors) -> None:
    assert_neighbors(kv.most_similar("king", clip_start=2, clip_end=4), KING[1:3])
    assert_neighbors(kv.most_similar("pear", topn=1, restrict_vocab=1), [("king", KING[4][1])])
    assert_neighbors(kv.most_similar("king", clip_start=3, clip_end=0), KING[2:])
    assert_neighbors(kv.most_similar("king", clip_start=3, restrict_vocab=3), KING[:2])
    for everything in (None, 0, 6, 600):
        assert_neighbors(kv.most_similar("king", restrict_vocab=everything), KING)
    assert kv.most_similar("king", clip_start=4, clip_end=2) == []
    with pytest.raises(ValueError, match="restrict_vocab is -1"):
        kv.most_similar("king", restrict_vocab=-1)


def test_the_short_names(kv: KeyedVectors) -> None:
    assert (
        kv.similar_by_word("king", 2) == kv.similar_by_key("king", 2) == kv.most_similar("king")[:2]
    )
    assert kv.similar_by_word("king", restrict_vocab=3) == kv.most_similar("king", restrict_vocab=3)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (("emperor",), KeyError, "'emperor' not present"),
        ((["king", "emperor"],), KeyError, "'emperor' not present"),
        ((17,), KeyError, "17 not present"),
        (([0.5, 1.0, 2.0],), KeyError, "0.5 not present"),
        ((), ValueError, "cannot compute mean with no input"),
        (([], []), ValueError, "cannot compute mean with no input"),
        ((("king", "man"),), TypeError, "positive is a tuple"),
        (({"king"},), TypeError, "positive is a set"),
        (("king", {"man"}), TypeError, "negative is a set"),
        (([("king", 1.0, 2.0)],), TypeError, r"expected \(key, weight\)"),
        ((np.ones(4),), ValueError, r"shape \(4,\), expected \(3,\)"),
        ((np.ones((2, 4)),), ValueError, r"shape \(4,\), expected \(3,\)"),
        ((np.ones((1, 1, 3)),), ValueError, r"expected \(3,\)"),
        ((np.array([1, np.nan, 0]),), ValueError, "NaN or infinity"),
        ((np.array([1, np.inf, 0]),), ValueError, "NaN or infinity"),
        (([("king", np.nan)],), ValueError, "NaN or infinity"),
    ],
)
def test_bad_queries(
    kv: KeyedVectors, arguments: tuple[object, ...], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        kv.most_similar(*arguments)  # type: ignore[call-overload]


class Index:
    """An index that answers with what it was asked for."""

    def __init__(self, kv: KeyedVectors) -> None:
        self.kv = kv
        self.length = 0.0

    def most_similar(self, vector: np.ndarray, num_neighbors: int) -> list[tuple[str, float]]:
        self.length = float(np.linalg.norm(vector))
        return self.kv.similar_by_vector(vector, topn=num_neighbors)


def test_an_indexer_leaves_the_inputs_out(kv: KeyedVectors) -> None:
    index = Index(kv)
    assert_neighbors(kv.most_similar("king", topn=2, indexer=index), KING[:2])
    assert_neighbors(kv.most_similar(["king", "woman"], ["man"], indexer=index), ROYAL)
    assert index.length == pytest.approx(1)
    assert kv.most_similar("king", topn=None, indexer=index).shape == (6,)
    with pytest.raises(ValueError, match="an indexer searches all rows"):
        kv.most_similar("king", indexer=index, restrict_vocab=3)


# --- ties and zeros -------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1, 3, 8, 17, 100, 300])
@pytest.mark.parametrize("copies", [20, 1000, 5003])
def test_equal_rows_come_by_index(size: int, copies: int) -> None:
    rng = np.random.default_rng(size)
    rows = np.tile(rng.standard_normal(size, dtype=np.float32), (copies, 1))
    rows = np.concatenate([rng.standard_normal((5, size), dtype=np.float32) * 0, rows])
    kv = KeyedVectors.from_arrays([f"k{row}" for row in range(len(rows))], rows)
    found = [key for key, _ in kv.most_similar("k5", topn=15)]
    assert found == [f"k{row}" for row in range(6, 21)]
    assert len({score for _, score in kv.most_similar("k5", topn=copies - 1)}) == 1
    assert kv.rank("k5", "k20") == 1


@pytest.mark.parametrize("k", range(0, 12))
def test_top_is_a_stable_sort(k: int) -> None:
    rng = np.random.default_rng(k)
    for levels in (1, 2, 5):
        scores = rng.integers(0, levels, 10).astype(np.float32)
        expected = sorted(range(10), key=lambda row: (-scores[row], row))[:k]
        assert top(scores, k).tolist() == expected


def test_top_puts_nan_last() -> None:
    scores = np.array([np.nan, 1, np.nan, 2], dtype=np.float32)
    assert [top(scores, k).tolist() for k in (1, 3, 4)] == [[3], [3, 1, 0], [3, 1, 0, 2]]


def test_zero_vectors_score_zero() -> None:
    kv = KeyedVectors.from_arrays(["a", "zero", "b", "nil"], [[1, 0], [0, 0], [-1, 0], [0, 0]])
    assert kv.most_similar("a") == [("zero", 0.0), ("nil", 0.0), ("b", -1.0)]
    assert kv.most_similar("zero") == [("a", 0.0), ("b", 0.0), ("nil", 0.0)]
    assert kv.most_similar(["a"], ["a"]) == [("zero", 0.0), ("b", 0.0), ("nil", 0.0)]
    assert (kv.similarity("a", "zero"), kv.similarity("zero", "zero")) == (0, 0)
    assert kv.most_similar_cosmul("zero", topn=1) == [("a", pytest.approx(0.5))]
    np.testing.assert_array_equal(kv.distances("zero"), [1, 1, 1, 1])
    np.testing.assert_array_equal(kv.cosine_similarities(np.ones(2), np.zeros((2, 2))), [0, 0])
    np.testing.assert_array_equal(kv.get_vector("zero", norm=True), [0, 0])
    assert kv.n_similarity(["a"], ["zero"]) == 0


def test_memory_of_a_query_stays_below_the_matrix_and_a_fifth() -> None:
    kv = KeyedVectors.from_arrays(
        [str(row) for row in range(200_000)], np.ones((200_000, 300), dtype=np.float32)
    )
    tracemalloc.start()
    try:
        kv.most_similar("7")  # the norms are made here
        kv.most_similar(["1", "2"], ["3"], topn=50)
        kv.most_similar_cosmul(["1", "2"], ["3"])
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 0.2 * kv.vectors.nbytes


def test_agrees_with_the_plain_formula() -> None:
    kv = random_store(500, 40)
    unit = kv.vectors / np.linalg.norm(kv.vectors, axis=1, keepdims=True)
    query = unit[3] + unit[4] - unit[5]
    expected = unit @ (query / np.linalg.norm(query))
    np.testing.assert_allclose(
        kv.most_similar(["k3", "k4"], ["k5"], topn=None), expected, atol=1e-6
    )
    order = [row for row in np.argsort(-expected) if row not in (3, 4, 5)]
    assert [key for key, _ in kv.most_similar(["k3", "k4"], ["k5"])] == [
        f"k{r}" for r in order[:10]
    ]


# --- 3CosMul --------------------------------------------------------------------------------------


def test_cosmul(kv: KeyedVectors) -> None:
    expected = [
        ("queen", 1.1741135120391846),
        ("apple", 0.45997047424316406),
        ("pear", 0.3447839021682739),
    ]
    assert_neighbors(kv.most_similar_cosmul(["king", "woman"], ["man"]), expected)
    assert_neighbors(kv.most_similar_cosmul([0, "woman"], 2, topn=1), expected[:1])
    assert kv.most_similar_cosmul("king", topn=None).shape == (6,)


def test_cosmul_honours_restrict_vocab(kv: KeyedVectors) -> None:
    found = kv.most_similar_cosmul(["apple"], restrict_vocab=2)
    assert [key for key, _ in found] == ["queen", "king"]
    assert kv.most_similar_cosmul("king", topn=None, restrict_vocab=2).shape == (2,)


def test_cosmul_takes_vectors_as_they_are(kv: KeyedVectors) -> None:
    unit = ROWS[0] / np.linalg.norm(ROWS[0])
    by_key = kv.most_similar_cosmul("king", topn=None)
    np.testing.assert_allclose(kv.most_similar_cosmul(unit, topn=None), by_key, rtol=1e-5)
    assert kv.most_similar_cosmul(ROWS[0], topn=1)[0][1] > 1.5


def test_cosmul_refuses(kv: KeyedVectors) -> None:
    for arguments in ((), ([], ["man"]), (None, "man")):
        with pytest.raises(ValueError, match="cannot compute similarity with no input"):
            kv.most_similar_cosmul(*arguments)
    with pytest.raises(KeyError, match="'emperor' not present"):
        kv.most_similar_cosmul("king", "emperor")
    with pytest.raises(TypeError, match="expected no weights"):
        kv.most_similar_cosmul([("king", 1.0)])
    with pytest.raises(ValueError, match="NaN"):
        kv.most_similar_cosmul(np.array([np.nan, 1, 1]))


# --- means ----------------------------------------------------------------------------------------


def test_mean_vector(kv: KeyedVectors) -> None:
    mean = kv.get_mean_vector(["king", "man"], [1, -2])
    assert mean.dtype == np.float32
    np.testing.assert_allclose(mean, [-0.14454429, -0.40603247, 0], rtol=1e-6)
    mean = kv.get_mean_vector(["king", "man"], np.array([1, -2]), False, True)
    np.testing.assert_allclose(mean, [0.31622776, -0.9486833, 0], rtol=1e-6)
    np.testing.assert_array_equal(kv.get_mean_vector(np.ones((2, 3))), [1, 1, 1])
    np.testing.assert_array_equal(kv.get_mean_vector(["emperor"]), [0, 0, 0])
    np.testing.assert_array_equal(
        kv.get_mean_vector(["emperor", "king", np.zeros(3)], pre_normalize=False), ROWS[0] / 2
    )


def test_mean_vector_refuses(kv: KeyedVectors) -> None:
    with pytest.raises(ValueError, match="no input"):
        kv.get_mean_vector([])
    with pytest.raises(ValueError, match="3 weights for 2 keys"):
        kv.get_mean_vector(["king", "man"], [1, 2, 3])
    with pytest.raises(KeyError, match="'emperor' not present"):
        kv.get_mean_vector(["emperor"], ignore_missing=False)
    with pytest.raises(ValueError, match=r"shape \(2,\)"):
        kv.get_mean_vector([np.ones(2)])


# --- between given keys ---------------------------------------------------------------------------


def test_similarity_and_distance(kv: KeyedVectors) -> None:
    assert isinstance(kv.similarity("king", "queen"), np.float32)
    assert isinstance(kv.distance("king", "queen"), np.float32)
    assert kv.similarity("king", 1) == pytest.approx(0.9186707735061646, abs=1e-6)
    assert kv.distance("king", "queen") == pytest.approx(1 - 0.9186707735061646, abs=1e-6)
    kv.init_sims()
    assert kv.similarity("king", 1) == pytest.approx(0.9186707735061646, abs=1e-6)
    with pytest.raises(KeyError, match="'emperor' not present"):
        kv.similarity("king", "emperor")


def test_distances(kv: KeyedVectors) -> None:
    expected = [1.2378258, 1.1420143, 1.1714985, 1, 0, 0.01517975]
    np.testing.assert_allclose(kv.distances("apple"), expected, atol=1e-6)
    np.testing.assert_allclose(kv.distances(ROWS[4] * 9), expected, atol=1e-6)
    some = kv.distances("apple", ["pear", 1])
    assert some.dtype == np.float32
    np.testing.assert_allclose(some, [0.01517975, 1.1420143], atol=1e-6)
    with pytest.raises(KeyError, match="not present"):
        kv.distances("apple", ["emperor"])
    with pytest.raises(ValueError, match="shape"):
        kv.distances(np.ones(2))


def test_cosine_similarities() -> None:
    one, rows = np.array([3.0, 4.0]), np.array([[6.0, 8.0], [4.0, -3.0]])
    np.testing.assert_allclose(KeyedVectors.cosine_similarities(one, rows), [1, 0])
    single = KeyedVectors.cosine_similarities(one.astype(np.float32), rows.astype(np.float32))
    assert single.dtype == np.float32


def test_n_similarity(kv: KeyedVectors) -> None:
    found = kv.n_similarity(["king", "queen"], ["apple", "zzz"])
    assert found == pytest.approx(-0.19378641, abs=1e-6)
    assert kv.n_similarity(["king"], ["zzz"]) == 0
    for lists in (([], ["king"]), (["king"], [])):
        with pytest.raises(ZeroDivisionError, match="is empty"):
            kv.n_similarity(*lists)
    with pytest.warns(UserWarning, match="ws1 is the str 'king', read letter by letter"):
        assert kv.n_similarity("king", ["king"]) == 0


def test_ranks(kv: KeyedVectors) -> None:
    assert kv.closer_than("king", "woman") == ["queen", "man"]
    assert [kv.rank("king", key) for key in KEYS[1:]] == [1, 2, 3, 4, 5]
    assert kv.rank("king", "king") == 1
    assert kv.closer_than("king", "queen") == []
    with pytest.raises(KeyError, match="'emperor' not present"):
        kv.rank("king", "emperor")


def test_the_odd_one_out(kv: KeyedVectors, caplog: pytest.LogCaptureFixture) -> None:
    assert kv.doesnt_match(KEYS[:5]) == "apple"
    assert kv.doesnt_match(["king"]) == "king"
    with caplog.at_level(logging.WARNING, logger="synvec"):
        assert kv.doesnt_match(["king", "emperor", "queen", "apple"]) == "apple"
    assert "emperor" in caplog.text
    for nothing in ([], ["emperor"]):
        with pytest.raises(ValueError, match="cannot select a word from an empty list"):
            kv.doesnt_match(nothing)


def test_centrality(kv: KeyedVectors) -> None:
    ranked = kv.rank_by_centrality(KEYS)
    assert [key for _, key in ranked] == ["queen", "king", "woman", "man", "apple", "pear"]
    assert [score for score, _ in ranked] == pytest.approx(
        [0.81862485, 0.7930333, 0.6964305, 0.61467063, 0.3932079, 0.32963997], abs=1e-6
    )
    raw = kv.rank_by_centrality(KEYS, use_norm=False)
    assert raw[0] == (pytest.approx(4.357801, abs=1e-5), "queen")
    same = KeyedVectors.from_arrays(["b", "a"], [[1, 1], [1, 1]])
    assert [key for _, key in same.rank_by_centrality(["a", "b"])] == ["b", "a"]


def test_most_similar_to_given(kv: KeyedVectors) -> None:
    assert kv.most_similar_to_given("king", ["apple", "man", "pear"]) == "man"
    with pytest.raises(ValueError, match="keys_list is empty"):
        kv.most_similar_to_given("king", [])


def test_relative_cosine_similarity(kv: KeyedVectors) -> None:
    found = kv.relative_cosine_similarity("king", "man", 3)
    assert found == pytest.approx(0.34602911912299317, abs=1e-6)
    with pytest.raises(ValueError, match="topn is 0"):
        kv.relative_cosine_similarity("king", "man", 0)


def test_matrices_of_any_layout_are_searched() -> None:
    wide = np.zeros((6, 4), np.float32)
    wide[:, :3] = ROWS
    memory = bytearray(ROWS.nbytes + 1)
    unaligned = np.frombuffer(memory, np.float32, ROWS.size, offset=1).reshape(ROWS.shape)
    unaligned[:] = ROWS
    expected = KeyedVectors.from_arrays(KEYS, ROWS.copy()).most_similar("king")
    for rows in (wide[:, :3], unaligned, np.asfortranarray(ROWS), ROWS.astype(">f4")):
        kv = KeyedVectors.from_arrays(KEYS, rows)
        kv.norms = np.repeat(np.linalg.norm(ROWS, axis=1).astype(np.float32), 2)[::2]
        assert_neighbors(kv.most_similar("king"), expected)
    assert kv.most_similar(np.array("king"))[0][0] == "queen"  # an array of one key is a key
