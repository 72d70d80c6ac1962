"""What gensim 4.4.0's `KeyedVectors` promises; test_gensim_names.py has the signatures.

Values are those that gensim 4.4.0 gives for the same six vectors.
"""

import math
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from synvec import KeyedVectors

KEYS = ["king", "queen", "man", "woman", "apple", "pear"]
ROWS = np.array(
    [[5, 1, 0], [5, -1, 0.5], [2, 2, 0], [2, -1.5, 0.5], [-1, 0, 4], [-1, 0.5, 3]], np.float32
)


@pytest.fixture
def kv() -> KeyedVectors:
    return KeyedVectors.from_arrays(KEYS, ROWS.copy())


def keys_of(found: Any) -> list[str]:
    return [key for key, _ in found]


def neighbors(*pairs: tuple[str, float]) -> Any:
    return [(key, pytest.approx(score, abs=2e-5)) for key, score in pairs]


# --- what most_similar takes ----------------------------------------------------------------------


def test_the_first_two_arguments_are_positive_and_negative(kv: KeyedVectors) -> None:
    assert kv.most_similar("king", "man") == kv.most_similar(positive="king", negative="man")
    assert kv.most_similar("king", "man") == kv.most_similar(["king"], ["man"])
    assert kv.most_similar("king", "man", 2, 1, 5, None, None) == kv.most_similar(
        "king", "man", topn=2, clip_start=1, clip_end=5
    )


def test_keys_vectors_and_weights_mix_in_both_lists(kv: KeyedVectors) -> None:
    positive = ["king", ("man", 0.25), (ROWS[4], -0.5)]
    found = kv.most_similar(positive, ["queen", ("pear", -0.5)])  # type: ignore[call-overload]
    assert found == neighbors(("woman", -0.04901), ("apple", -0.98147))
    found = kv.most_similar([(ROWS[0], 2.0), ("man", -1.0)], topn=3)
    assert found == neighbors(("king", 0.99825), ("queen", 0.93969), ("woman", 0.69591))


def test_a_matrix_in_negative_is_its_rows(kv: KeyedVectors) -> None:
    found = kv.most_similar("king", ROWS[3:5], topn=2)
    assert found == neighbors(("man", 0.24653), ("queen", -0.1641))
    assert found == kv.most_similar("king", [ROWS[3], ROWS[4]], topn=2)


def test_an_int_is_a_position_wherever_a_key_is_taken(kv: KeyedVectors) -> None:
    assert kv.most_similar(["king", 0], topn=4) == kv.most_similar("king", topn=4)
    assert kv.similarity(0, 1) == kv.similarity("king", "queen")
    assert kv.rank(0, np.int64(2)) == kv.rank("king", "man")
    assert kv.closer_than(0, 3) == kv.closer_than("king", "woman")
    assert kv.n_similarity([0, 1], ["man"]) == kv.n_similarity(["king", "queen"], ["man"])
    assert kv.doesnt_match([0, 1, 4]) == 4
    np.testing.assert_array_equal(kv.distances(0, [2]), kv.distances("king", ["man"]))
    assert (5 in kv, 6 in kv) == (True, False)


# --- the query and what it leaves out -------------------------------------------------------------


def test_the_query_is_the_mean_of_unit_keys_and_raw_arrays_over_the_sum_of_weights(
    kv: KeyedVectors,
) -> None:
    unit = ROWS / np.linalg.norm(ROWS, axis=1, keepdims=True)
    mean = (2 * unit[0] + ROWS[4] - 0.5 * unit[2]) / 3.5
    given = kv.get_mean_vector(["king", ROWS[4], "man"], [2, 1, -0.5])
    np.testing.assert_allclose(given, mean, rtol=1e-6)
    scores = kv.most_similar([("king", 2.0), ROWS[4]], [("man", -0.5)], topn=None)
    np.testing.assert_allclose(scores, unit @ mean / np.linalg.norm(mean), atol=1e-6)


def test_keys_are_left_out_and_their_vectors_are_not(kv: KeyedVectors) -> None:
    assert keys_of(kv.most_similar(ROWS[0], topn=1)) == ["king"]
    found = kv.most_similar(["king", ROWS[1]], topn=3)
    assert found == neighbors(("queen", 0.99787), ("woman", 0.86912), ("man", 0.60453))
    assert keys_of(kv.most_similar([0, "queen"], ["man"], topn=9)) == ["woman", "apple", "pear"]


def test_topn_are_found_whether_or_not_the_keys_are_in_range(kv: KeyedVectors) -> None:
    assert keys_of(kv.most_similar("king", topn=2, clip_start=1, clip_end=3)) == ["queen", "man"]
    assert keys_of(kv.most_similar("man", topn=2, clip_start=1, clip_end=3)) == ["queen"]
    found = kv.most_similar("pear", topn=4, restrict_vocab=4)
    assert keys_of(found) == ["man", "woman", "queen", "king"]
    assert keys_of(kv.most_similar(["king", "king"], topn=3)) == ["queen", "man", "woman"]
    assert len(kv.most_similar("king", topn=600)) == len(kv) - 1


# --- topn, ranges, indexers -----------------------------------------------------------------------


def test_topn_none_is_the_scores_of_the_range_with_the_key_itself(kv: KeyedVectors) -> None:
    scores = kv.most_similar("queen", topn=None, clip_start=1, clip_end=4)
    assert (scores.dtype, scores.shape) == (np.float32, (3,))
    assert scores[0] == pytest.approx(1)
    assert kv.most_similar("queen", topn=True) == kv.most_similar("queen", topn=1)


def test_clips_count_from_the_end_as_slices_do(kv: KeyedVectors) -> None:
    found = kv.most_similar("king", clip_start=-3, clip_end=-1)
    assert found == neighbors(("woman", 0.65385), ("apple", -0.23783))


def test_an_indexer_is_asked_with_a_unit_vector_and_only_for_a_number_of_keys(
    kv: KeyedVectors,
) -> None:
    class Asked:
        lengths: list[float] = []  # noqa: RUF012 - one instance

        def most_similar(self, vector: Any, num_neighbors: int) -> list[tuple[str, float]]:
            self.lengths.append(float(np.linalg.norm(vector)))
            return kv.similar_by_vector(vector, topn=num_neighbors)

    index = Asked()
    kv.most_similar("king", topn=None, indexer=index)
    kv.most_similar("king", topn=0, indexer=index)
    assert index.lengths == []
    kv.most_similar([5 * ROWS[0]], topn=1, indexer=index)
    assert index.lengths == [pytest.approx(1)]


def test_an_indexers_answer_is_without_the_keys_asked_about(kv: KeyedVectors) -> None:
    class Stubborn:
        def most_similar(self, vector: Any, num_neighbors: int) -> list[tuple[str, float]]:
            return [("king", 1.0), ("zebra", 0.9), ("queen", 0.8)][:num_neighbors]

    assert keys_of(kv.most_similar("king", topn=2, indexer=Stubborn())) == ["zebra", "queen"]
    assert keys_of(kv.most_similar(ROWS[0], topn=2, indexer=Stubborn())) == ["king", "zebra"]


def test_cosmul_is_a_quotient_of_products(kv: KeyedVectors) -> None:
    cosines = {key: (1 + kv.most_similar(key, topn=None)) / 2 for key in ("king", "woman", "man")}
    expected = cosines["king"] * cosines["woman"] / (cosines["man"] + 1e-6)
    scores = kv.most_similar_cosmul(["king", "woman"], ["man"], topn=None)
    np.testing.assert_allclose(scores, expected, rtol=1e-5)
    assert scores.max() > 1
    found = kv.most_similar_cosmul(ROWS[:2], topn=2)
    assert found == neighbors(("queen", 8.70194), ("king", 8.70144))


# --- ties and zeros -------------------------------------------------------------------------------


def test_equal_scores_come_by_index_in_every_query() -> None:
    rows = np.tile(np.array([[1, 2]], np.float32), (1000, 1))
    kv = KeyedVectors.from_arrays([f"k{row}" for row in range(1000)], rows)
    first = [f"k{row}" for row in range(10)]
    assert keys_of(kv.most_similar(rows[0])) == first
    assert keys_of(kv.most_similar_cosmul(rows[0])) == first
    assert keys_of(kv.most_similar("k990", clip_start=980)) == [
        f"k{row}" for row in range(980, 991) if row != 990
    ]


def test_no_query_about_a_zero_vector_gives_nan() -> None:
    kv = KeyedVectors.from_arrays(["a", "zero", "b"], [[1, 0], [0, 0], [-1, 0]])
    assert kv.similarity("a", "zero") == 0.0
    assert kv.distance("zero", "zero") == 1.0
    assert kv.distances("a").tolist() == [0, 1, 2]
    assert (kv.rank("a", "zero"), kv.closer_than("a", "b")) == (1, ["zero"])
    assert kv.get_normed_vectors()[1].tolist() == [0, 0]
    assert kv.doesnt_match(["a", "zero"]) == "zero"
    assert math.isfinite(kv.relative_cosine_similarity("zero", "a"))


# --- errors ---------------------------------------------------------------------------------------

UNKNOWN: list[Callable[[KeyedVectors], object]] = [
    lambda kv: kv["zebra"],
    lambda kv: kv.get_vector("zebra"),
    lambda kv: kv.get_vecattr("zebra", "count"),
    lambda kv: kv.set_vecattr("zebra", "count", 1),
    lambda kv: kv.most_similar("king", "zebra"),
    lambda kv: kv.similar_by_key("zebra"),
    lambda kv: kv.most_similar_cosmul(["zebra"]),
    lambda kv: kv.most_similar_to_given("king", ["zebra"]),
    lambda kv: kv.similarity("king", "zebra"),
    lambda kv: kv.distance("zebra", "king"),
    lambda kv: kv.distances("zebra"),
    lambda kv: kv.closer_than("king", "zebra"),
    lambda kv: kv.rank("zebra", "king"),
    lambda kv: kv.relative_cosine_similarity("king", "zebra"),
    lambda kv: kv.get_mean_vector(["king", "zebra"], ignore_missing=False),
]


@pytest.mark.parametrize("ask", UNKNOWN)
def test_an_unknown_key_is_a_key_error_everywhere(
    kv: KeyedVectors, ask: Callable[[KeyedVectors], object]
) -> None:
    with pytest.raises(KeyError, match="Key 'zebra' not present"):
        ask(kv)


def test_positions_do_not_count_from_the_end(kv: KeyedVectors) -> None:
    asking: list[Callable[[], object]] = [
        lambda: kv[-1],
        lambda: kv[[0, -1]],
        lambda: kv.most_similar(-1),
        lambda: kv.most_similar(["king", 6]),
        lambda: kv.distances(-1),
    ]
    for ask in asking:
        with pytest.raises(KeyError, match="not present"):
            ask()


def test_no_input_is_a_value_error(kv: KeyedVectors) -> None:
    for ask in (kv.most_similar, lambda: kv.most_similar([]), lambda: kv.get_mean_vector([])):
        with pytest.raises(ValueError, match="cannot compute mean with no input"):
            ask()


def test_unknown_keys_are_left_out_of_means_and_of_odd_ones(kv: KeyedVectors) -> None:
    np.testing.assert_array_equal(
        kv.get_mean_vector(["king", "zebra"]), kv.get_mean_vector(["king"])
    )
    assert kv.doesnt_match(["king", "zebra", "queen", "apple"]) == "apple"


# --- wmdistance -----------------------------------------------------------------------------------


def test_wmdistance_is_between_unit_vectors_unless_told_otherwise(kv: KeyedVectors) -> None:
    ask: Any = kv.wmdistance
    unit = np.linalg.norm(kv.get_vector("king", norm=True) - kv.get_vector("apple", norm=True))
    assert ask(["king"], ["apple"]) == pytest.approx(unit, abs=1e-6)
    raw = np.linalg.norm(ROWS[0] - ROWS[4])
    assert ask(["king"], ["apple"], norm=False) == pytest.approx(raw, abs=1e-5)
    assert type(ask(["king"], ["apple"])) is float


def test_wmdistance_of_the_same_words_is_zero_and_of_none_infinite(kv: KeyedVectors) -> None:
    ask: Any = kv.wmdistance
    assert ask(["king", "man"], ["man", "king"]) == 0.0
    for first, second in ((["zebra"], ["king"]), (["king"], []), ([], [])):
        assert ask(first, second) == math.inf


def test_wmdistance_of_different_words_in_one_place_is_infinite(kv: KeyedVectors) -> None:
    kv.add_vector("monarch", ROWS[0])
    ask: Any = kv.wmdistance
    assert ask(["king"], ["monarch"]) == math.inf


# --- between given keys ---------------------------------------------------------------------------


def test_similarity_is_a_float32_cosine_and_distance_one_minus_it(kv: KeyedVectors) -> None:
    cosine = ROWS[0] @ ROWS[3] / np.linalg.norm(ROWS[0]) / np.linalg.norm(ROWS[3])
    assert kv.similarity("king", "woman") == pytest.approx(cosine, abs=1e-6)
    assert kv.distance("king", "woman") == np.float32(1 - kv.similarity("king", "woman"))
    assert type(kv.similarity("king", "woman")) is type(kv.distance("king", "woman")) is np.float32


def test_distances_go_to_all_keys_by_index_the_own_one_included(kv: KeyedVectors) -> None:
    found = kv.distances("king")
    assert (found.dtype, found.shape) == (np.float32, (6,))
    expected = [kv.distance("king", key) for key in KEYS]
    np.testing.assert_allclose(found, expected, atol=1e-6)
    assert found[0] == pytest.approx(0, abs=1e-6)


def test_distances_take_a_vector_as_array_list_or_tuple(kv: KeyedVectors) -> None:
    by_key = kv.distances("king", ["man"])
    for vector in (ROWS[0], [5.0, 1, 0], (5.0, 1, 0)):
        np.testing.assert_allclose(kv.distances(vector, ["man"]), by_key, atol=1e-6)
    with pytest.raises(ValueError, match="shape"):
        kv.distances([5.0, 1])


def test_n_similarity_is_the_cosine_of_means_of_raw_vectors(kv: KeyedVectors) -> None:
    first, second = ROWS[[0, 4]].mean(axis=0), ROWS[[1, 5]].mean(axis=0)
    cosine = first @ second / np.linalg.norm(first) / np.linalg.norm(second)
    found = kv.n_similarity(["king", "apple"], ["queen", "pear"])
    assert found == pytest.approx(cosine, abs=1e-6) == pytest.approx(0.96193, abs=2e-5)
    assert type(found) is np.float32


def test_n_similarity_leaves_unknown_keys_out_without_a_warning(kv: KeyedVectors) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = kv.n_similarity(["king", "zebra"], ["man"])
    assert found == kv.n_similarity(["king"], ["man"])


def test_rank_is_one_more_than_the_keys_strictly_closer() -> None:
    rows = [[1, 0], [1, 1], [2, 2], [0, 1], [3, 0]]
    kv = KeyedVectors.from_arrays(["a", "b", "twin of b", "c", "twin of a"], rows)
    assert kv.closer_than("a", "b") == ["twin of a"]
    assert (kv.rank("a", "b"), kv.rank("a", "twin of b"), kv.rank("a", "c")) == (2, 2, 4)
    assert (kv.rank("a", "twin of a"), kv.rank("a", "a")) == (1, 1)


def test_closer_than_is_in_order_of_index(kv: KeyedVectors) -> None:
    assert kv.closer_than("apple", "king") == ["queen", "man", "woman", "pear"]
    assert keys_of(kv.most_similar("apple", topn=2)) != kv.closer_than("apple", "king")[:2]


def test_the_odd_one_is_the_last_by_centrality_and_of_equals_the_first_by_name(
    kv: KeyedVectors,
) -> None:
    words = ["king", "queen", "man", "apple"]
    assert kv.doesnt_match(words) == kv.rank_by_centrality(words)[-1][1] == "apple"
    scores = [score for score, _ in kv.rank_by_centrality(words)]
    assert scores == sorted(scores, reverse=True)
    same = KeyedVectors.from_arrays(["b", "a", "c"], [[1, 1]] * 3)
    assert [key for _, key in same.rank_by_centrality(["c", "a", "b"])] == ["c", "b", "a"]
    assert same.doesnt_match(["b", "a", "c"]) == "a"


def test_of_equals_most_similar_to_given_is_the_first_of_the_list() -> None:
    kv = KeyedVectors.from_arrays(["x", "a", "b"], [[1, 0], [1, 1], [2, 2]])
    assert kv.most_similar_to_given("x", ["b", "a"]) == "b"
    assert kv.most_similar_to_given("x", ["a", "b"]) == "a"


def test_relative_cosine_similarity_is_a_share_of_the_nearest_keys_cosines(
    kv: KeyedVectors,
) -> None:
    nearest = sum(score for _, score in kv.most_similar("king", topn=2))
    expected = float(kv.similarity("king", "apple")) / nearest
    found = kv.relative_cosine_similarity("king", "apple", 2)
    assert found == pytest.approx(expected) == pytest.approx(-0.13584, abs=2e-5)
    assert kv.relative_cosine_similarity("king", "man") == pytest.approx(0.43999, abs=2e-5)


def test_a_unit_vector_is_a_fresh_read_only_array(kv: KeyedVectors) -> None:
    vector = kv.get_vector("king", norm=True)
    assert not vector.flags.writeable
    assert not np.shares_memory(vector, kv.vectors)
    assert np.linalg.norm(vector) == pytest.approx(1)


# --- evaluation -----------------------------------------------------------------------------------


@pytest.fixture
def royals() -> KeyedVectors:
    keys = ["man", "king", "woman", "queen", "KING", "pear"]
    rows = [[1, 0, 0], [1, 1, 0], [1, 0, 1], [1, 1, 1], [-9, 2, -4], [-1, 0.1, 3]]
    return KeyedVectors.from_arrays(keys, rows)


def write(folder: Path, text: str) -> Path:
    path = folder / "file.txt"
    path.write_text(text, encoding="utf-8")
    return path


def test_analogies_give_a_share_and_sections_that_end_with_the_total(
    royals: KeyedVectors, tmp_path: Path
) -> None:
    path = write(tmp_path, ": one\nman king woman queen\n: two\nman king woman pear\n")
    score, sections = royals.evaluate_word_analogies(path)
    right, wrong = ("MAN", "KING", "WOMAN", "QUEEN"), ("MAN", "KING", "WOMAN", "PEAR")
    assert score == 0.5
    assert sections == [
        {"section": "one", "correct": [right], "incorrect": []},
        {"section": "two", "correct": [], "incorrect": [wrong]},
        {"section": "Total accuracy", "correct": [right], "incorrect": [wrong]},
    ]


def test_of_words_that_differ_in_case_the_most_frequent_is_asked_about(
    royals: KeyedVectors, tmp_path: Path
) -> None:
    path = write(tmp_path, ": one\nMan KING Woman Queen\n")
    assert royals.evaluate_word_analogies(path)[0] == 1
    path = write(tmp_path, ": one\nman KING woman queen\n")
    assert royals.evaluate_word_analogies(path, case_insensitive=False)[0] == 0


def test_analogies_leave_the_store_as_it_was(royals: KeyedVectors, tmp_path: Path) -> None:
    before = dict(royals.key_to_index)
    royals.evaluate_word_analogies(write(tmp_path, ": one\nman king woman queen\n"))
    with pytest.raises(ValueError, match="before the first section"):
        royals.evaluate_word_analogies(write(tmp_path, "man king woman queen\n"))
    assert royals.key_to_index == before


def test_word_pairs_give_two_correlations_and_the_unknown_in_percent(
    kv: KeyedVectors, tmp_path: Path
) -> None:
    text = "#a comment\nking\tqueen\t9\nking\tapple\t1\nKing\tman\t7\nzebra\tking\t3\n"
    pearson, spearman, unknown = kv.evaluate_word_pairs(write(tmp_path, text))
    statistic, pvalue = pearson
    assert (statistic, pvalue) == (
        pytest.approx(0.98468, abs=1e-5),
        pytest.approx(0.11159, abs=1e-5),
    )
    assert (pearson.statistic, pearson.pvalue) == (pearson[0], pearson[1]) == (statistic, pvalue)
    assert (spearman[0], unknown) == (pytest.approx(1), 25.0)
    filled = kv.evaluate_word_pairs(write(tmp_path, text), dummy4unknown=True)
    assert filled[0][0] == pytest.approx(0.98446, abs=1e-5)
    assert filled[2] == 25.0
