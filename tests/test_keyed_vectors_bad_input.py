"""Wrong arguments: the right kind of error, a message that says what to do, nothing half-done.

Each method's own tests have more of them; here is every kind of mistake, across the methods.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from synvec import KeyedVectors

KEYS = ["king", "queen", "man"]
ROWS = np.array([[5, 1, 0], [5, -1, 0.5], [2, 2, 0]], np.float32)
NAN = np.array([np.nan, 1, 1])
WIDE = np.ones(4)

Call = Callable[[Any], Any]


@pytest.fixture(params=["without norms", "with norms"])
def kv(request: pytest.FixtureRequest) -> KeyedVectors:
    kv = KeyedVectors.from_arrays(KEYS, ROWS.copy(), counts=[3, 2, 1])
    if request.param == "with norms":
        kv.fill_norms()
    return kv


def is_unchanged(kv: KeyedVectors) -> bool:
    return (
        kv.index_to_key == KEYS
        and np.array_equal(kv.vectors, ROWS)
        and {name: column.tolist() for name, column in kv.expandos.items()} == {"count": [3, 2, 1]}
        and (kv.norms is None or np.allclose(kv.norms, np.linalg.norm(ROWS, axis=1)))
    )


def refuses(kv: KeyedVectors, call: Call, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call(kv)
    assert is_unchanged(kv)
    assert kv.most_similar("king", topn=1)[0][0] == "queen"


# --- questions ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "call",
    [
        lambda kv: kv["emperor"],
        lambda kv: kv[["king", "emperor"]],
        lambda kv: kv.get_vector("emperor"),
        lambda kv: kv.get_vector("emperor", norm=True),
        lambda kv: kv.get_index("emperor"),
        lambda kv: kv.get_vecattr("emperor", "count"),
        lambda kv: kv.get_mean_vector(["king", "emperor"], ignore_missing=False),
        lambda kv: kv.most_similar("emperor"),
        lambda kv: kv.most_similar("king", "emperor"),
        lambda kv: kv.most_similar([("emperor", 2.0)]),
        lambda kv: kv.most_similar("king", candidates=["emperor"]),
        lambda kv: kv.most_similar_cosmul("king", "emperor"),
        lambda kv: kv.most_similar_batch(["king", "emperor"]),
        lambda kv: kv.similar_by_key("emperor"),
        lambda kv: kv.similar_by_word("emperor"),
        lambda kv: kv.similarity("king", "emperor"),
        lambda kv: kv.distance("emperor", "king"),
        lambda kv: kv.distances("emperor"),
        lambda kv: kv.distances("king", ["emperor"]),
        lambda kv: kv.rank("king", "emperor"),
        lambda kv: kv.closer_than("emperor", "king"),
        lambda kv: kv.most_similar_to_given("king", ["emperor"]),
        lambda kv: kv.relative_cosine_similarity("king", "emperor"),
    ],
)
def test_an_unknown_key(kv: KeyedVectors, call: Call) -> None:
    refuses(kv, call, KeyError, "Key 'emperor' not present")


@pytest.mark.parametrize(
    ("key", "message"),
    [
        (3, "3 not present.*, positions run from 0 to 2"),
        (-1, "-1 not present.*, positions run from 0 to 2"),
        (np.int64(9), "not present.*, positions run from 0 to 2"),
        (True, "True not present.*, keys are str, and an int is a position$"),
        (None, "None not present.*, keys are str"),
        (b"king", "b'king' not present.*, keys are str"),
        (["king"], "not present.*, keys are str, and an int is a position$"),
        (0.5, "a vector goes in as a NumPy array"),
        ([0.5, 1, 2.0], "a vector goes in as a NumPy array"),
    ],
)
def test_what_is_no_key(kv: KeyedVectors, key: Any, message: str) -> None:
    refuses(kv, lambda kv: kv.get_vector(key), KeyError, message)
    refuses(kv, lambda kv: kv.similarity("king", key), KeyError, message)
    refuses(kv, lambda kv: kv.similar_by_key(key), KeyError, message)


def test_a_store_without_keys() -> None:
    empty = KeyedVectors(3)
    with pytest.raises(KeyError, match="0 not present, there are no keys yet"):
        empty[0]
    with pytest.raises(KeyError, match="'king' not present"):
        empty.most_similar("king")
    assert empty.similar_by_vector(np.ones(3)) == []
    assert empty.most_similar_batch(np.ones((2, 3))) == [[], []]
    assert empty.distances(np.ones(3)).shape == (0,)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda kv: kv[[]], ValueError, "the list of keys is empty"),
        (lambda kv: kv.most_similar(), ValueError, "no input: give at least one key"),
        (lambda kv: kv.most_similar([]), ValueError, "no input: give at least one key"),
        (lambda kv: kv.most_similar(np.empty((0, 3))), ValueError, "no input: give at least"),
        (lambda kv: kv.most_similar_cosmul([], "man"), ValueError, "no input: give a positive"),
        (lambda kv: kv.get_mean_vector([]), ValueError, "no input: give at least one key"),
        (lambda kv: kv.doesnt_match([]), ValueError, "from an empty list"),
        (lambda kv: kv.rank_by_centrality([]), ValueError, "from an empty list"),
        (lambda kv: kv.most_similar_to_given("king", []), ValueError, "at least one key"),
        (lambda kv: kv.n_similarity([], ["king"]), ZeroDivisionError, "at least one key"),
    ],
)
def test_nothing_to_ask_for(
    kv: KeyedVectors, call: Call, error: type[Exception], message: str
) -> None:
    refuses(kv, call, error, message)


@pytest.mark.parametrize(
    "call",
    [
        lambda kv, vector: kv.most_similar(vector),
        lambda kv, vector: kv.most_similar(["king", vector]),
        lambda kv, vector: kv.most_similar("king", [vector]),
        lambda kv, vector: kv.most_similar_cosmul(vector),
        lambda kv, vector: kv.most_similar_cosmul("king", vector),
        lambda kv, vector: kv.most_similar_batch([vector]),
        lambda kv, vector: kv.most_similar_batch(vector[np.newaxis]),
        lambda kv, vector: kv.similar_by_vector(vector),
        lambda kv, vector: kv.distances(vector),
        lambda kv, vector: kv.get_mean_vector([vector]),
    ],
)
def test_vectors_that_do_not_fit(kv: KeyedVectors, call: Callable[..., Any]) -> None:
    refuses(kv, lambda kv: call(kv, WIDE), ValueError, r"shape \((1, )?4,?\), expected \(….*3|3,\)")
    refuses(kv, lambda kv: call(kv, NAN), ValueError, "NaN or infinity, expected finite")
    refuses(kv, lambda kv: call(kv, np.full(3, -np.inf)), ValueError, "NaN or infinity")


@pytest.mark.parametrize("topn", [2.0, "2", [2], np.ones(2)])
def test_topn_of_another_type(kv: KeyedVectors, topn: Any) -> None:
    for call in (
        lambda kv: kv.most_similar("king", topn=topn),
        lambda kv: kv.most_similar_cosmul("king", topn=topn),
        lambda kv: kv.most_similar_batch(["king"], topn=topn),
        lambda kv: kv.similar_by_key("king", topn),
        lambda kv: kv.similar_by_word("king", topn),
        lambda kv: kv.similar_by_vector(ROWS[0], topn),
        lambda kv: kv.relative_cosine_similarity("king", "man", topn),
    ):
        refuses(kv, call, TypeError, "topn is .*, expected an integer")


@pytest.mark.parametrize("bad", [("king", "man"), {"king"}, frozenset(["king"]), {"king": 1.0}])
def test_a_tuple_a_set_or_a_dictionary_is_no_query(kv: KeyedVectors, bad: Any) -> None:
    name = type(bad).__name__
    for call in (
        lambda kv: kv.most_similar(bad),
        lambda kv: kv.most_similar_cosmul(bad),
    ):
        refuses(kv, call, TypeError, f"positive is a {name}, expected a key, a vector or a list")
    for call in (
        lambda kv: kv.most_similar("king", bad),
        lambda kv: kv.most_similar_cosmul("king", bad),
    ):
        refuses(kv, call, TypeError, f"negative is a {name}, expected a key, a vector or a list")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda kv: kv[{"king", "man"}], "a set, which has no order: give them as a list"),
        (lambda kv: kv[b"king"], "a bytes is no key"),
        (lambda kv: kv[0:2], "a slice is no key.*or slice .vectors"),
        (lambda kv: kv.most_similar("king", candidates="man"), "expected a collection of keys"),
        (lambda kv: kv.most_similar_batch("king"), "expected a list of keys"),
    ],
)
def test_what_is_no_list_of_keys(kv: KeyedVectors, call: Call, message: str) -> None:
    refuses(kv, call, TypeError, message)


# --- making one -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (({"a", "b"}, np.eye(2)), TypeError, "a set, which has no order: give them as a list"),
        (("ab", np.eye(2)), TypeError, "put a single key in a list"),
        ((["a", 2], np.eye(2)), TypeError, "key 2 is an int, the other keys are str"),
        (([b"a", "b"], np.eye(2)), TypeError, "key b'a' is a bytes, expected a str"),
        ((["a", None], np.eye(2)), TypeError, "key None is a NoneType, expected a str"),
        ((["a", "\ud800"], np.eye(2)), ValueError, "lone surrogate"),
        ((["a", "a"], np.eye(2)), ValueError, "'a' stands there twice, expected distinct keys"),
        ((["a"], None), ValueError, "expected 1 rows"),
        ((["a"], [["x"]]), ValueError, "'x'"),
        (([], []), ValueError, r"shape \(0,\), expected 0 rows"),
    ],
)
def test_arrays_that_make_no_store(
    arguments: tuple[Any, ...], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        KeyedVectors.from_arrays(*arguments)


def test_counts_are_numbers() -> None:
    with pytest.raises(TypeError, match="counts are <U1, expected integers"):
        KeyedVectors.from_arrays(["a"], [[1]], counts=["x"])


def test_any_order_of_keys_will_do() -> None:
    for keys in (
        ("a", "b"),
        {"a": 1, "b": 2},
        {"a": 1, "b": 2}.keys(),
        iter("ab"),
        np.array(["a", "b"]),
    ):
        made = KeyedVectors.from_arrays(keys, np.eye(2))  # type: ignore[arg-type]
        assert made.index_to_key == ["a", "b"]
        assert made[{"b": 0, "a": 1}.keys()].tolist() == [[0, 1], [1, 0]]


@pytest.mark.parametrize("wrong", [2.5, "2", None, True])
def test_sizes_are_integers(wrong: Any) -> None:
    with pytest.raises(TypeError, match=f"vector_size is {wrong!r}, expected an integer"):
        KeyedVectors(wrong)
    with pytest.raises(TypeError, match=f"count is {wrong!r}, expected an integer"):
        KeyedVectors(2, wrong)
    assert KeyedVectors(np.int64(2), np.int32(3)).vector_size == 2  # type: ignore[arg-type]


# --- writes ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda kv: kv.add_vector("new", WIDE), ValueError, "4 dimensions, expected 3"),
        (lambda kv: kv.add_vector("new", NAN), ValueError, "NaN or infinity"),
        (lambda kv: kv.add_vector("new", 3), ValueError, "expected 1 rows"),
        (lambda kv: kv.add_vector("new", None), ValueError, "expected 1 rows"),
        (lambda kv: kv.add_vector(None, [1, 2, 3]), TypeError, "key None is a NoneType"),
        (lambda kv: kv.add_vectors(["new"], [[1, 2, "x"]]), ValueError, "'x'"),
        (lambda kv: kv.add_vectors(["new"], [1, 2, 3]), ValueError, "expected 1 rows"),
        (lambda kv: kv.add_vectors(["new", "new"], [[1, 2, 3]]), ValueError, "expected 2 rows"),
        (lambda kv: kv.add_vectors(["new", "new"], [ROWS[0], NAN]), ValueError, "vector 1 holds"),
        (
            lambda kv: kv.add_vectors(["king", "king"], [ROWS[1], NAN], replace=True),
            ValueError,
            "vector 1 holds NaN",
        ),
        (
            lambda kv: kv.add_vectors(["new"], [[1, 2, 3]], extras={"count": 5}),
            ValueError,
            r"extras\['count'\] has shape \(\), expected 1 values",
        ),
        (lambda kv: kv.__setitem__("king", NAN), ValueError, "NaN or infinity"),
        (lambda kv: kv.__setitem__("king", WIDE), ValueError, "4 dimensions, expected 3"),
        (lambda kv: kv.__setitem__("king", 1), ValueError, "expected 1 rows"),
        (lambda kv: kv.__setitem__(["king", "man"], [ROWS[1]]), ValueError, "expected 2 rows"),
        (lambda kv: kv.__setitem__(["new", 7], ROWS[:2]), KeyError, "positions run from 0 to 2"),
        (lambda kv: setattr(kv, "vectors", ROWS[:2]), ValueError, "expected 3 rows"),
        (lambda kv: setattr(kv, "vectors", None), ValueError, "expected 3 rows"),
        (lambda kv: setattr(kv, "norms", [1, 2]), ValueError, "expected 3 values"),
    ],
)
def test_a_write_that_fails_leaves_all_as_it_was(
    kv: KeyedVectors, call: Call, error: type[Exception], message: str
) -> None:
    refuses(kv, call, error, message)


def test_duplicated_keys_are_one_key(kv: KeyedVectors) -> None:
    kv.add_vectors(["new", "new", "king"], [[1, 0, 0], [0, 1, 0], [9, 9, 9]])
    assert kv.index_to_key == [*KEYS, "new"]
    np.testing.assert_array_equal(kv.vectors, [*ROWS, [1, 0, 0]])
    assert kv.counts is not None
    assert kv.counts.tolist() == [3, 2, 1, 0]
    assert kv.similarity("new", "king") == pytest.approx(5 / 26**0.5)


@pytest.mark.parametrize(
    "write",
    [
        lambda kv: kv.add_vector("new", [1, 2, 3]),
        lambda kv: kv.add_vectors(["new", "king"], ROWS[:2]),
        lambda kv: kv.add_vectors(["king"], ROWS[1:2], replace=True),
        lambda kv: kv.add_vectors(["king"], ROWS[1:2], extras={"count": [7]}, replace=True),
        lambda kv: kv.__setitem__("king", [1, 2, 3]),
        lambda kv: kv.__setitem__(["new", 0], ROWS[:2]),
        lambda kv: kv.init_sims(replace=True),
        lambda kv: kv.unit_normalize_all(),
        lambda kv: kv.sort_by_descending_frequency(),
    ],
)
def test_a_read_only_map_is_not_written_to(kv: KeyedVectors, tmp_path: Path, write: Call) -> None:
    path = tmp_path / "vectors.kv"
    kv.save(path)
    before = path.read_bytes()
    mapped = KeyedVectors.load(path, mmap="r")
    refuses(mapped, write, ValueError, r"load them without mmap='r', or give the store a copy")
    mapped.vectors = mapped.vectors.copy()
    write(mapped)
    assert path.read_bytes() == before


def test_what_a_read_only_map_gives_out_is_read_only(kv: KeyedVectors, tmp_path: Path) -> None:
    kv.save(tmp_path / "vectors.kv")
    mapped = KeyedVectors.load(tmp_path / "vectors.kv", mmap="r")
    for view in (mapped["king"], mapped.vectors[0], np.asarray(mapped)[0]):
        with pytest.raises(ValueError, match="read-only"):
            view[0] = 1
    mapped.set_vecattr("king", "count", 7)  # counts are the store's own
    assert mapped.get_vecattr("king", "count") == 7


# --- a key where a list is meant, a set where order matters ---------------------------------------


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda kv: kv.distances("king", "man"), "other_words is the str 'man', expected a list"),
        (
            lambda kv: kv.most_similar_to_given("king", "man"),
            "keys_list is the str 'man', expected a list",
        ),
        (lambda kv: kv.add_vectors({"a", "b"}, ROWS[:2]), "a set, which has no order"),
        (lambda kv: kv.__setitem__({"a", "b"}, ROWS[:2]), "a set, which has no order"),
        (lambda kv: kv.most_similar_batch({"king", "man"}), "a set, which has no order"),
        (lambda kv: kv.__setitem__(None, ROWS[0]), "a NoneType is no key: set a key"),
        (lambda kv: kv.__setitem__(slice(0, 1), ROWS[:1]), "a slice is no key: set a key"),
        (
            lambda kv: kv.add_vectors(["new"], ROWS[:1], extras={"count": ["many"]}),
            "count is 'many', expected a number",
        ),
    ],
)
def test_what_looks_like_keys_and_is_none(kv: KeyedVectors, call: Call, message: str) -> None:
    refuses(kv, call, TypeError, message)


@pytest.mark.parametrize("method", ["get_mean_vector", "vectors_for_all"])
def test_a_single_key_where_many_are_meant_is_told(kv: KeyedVectors, method: str) -> None:
    with pytest.warns(UserWarning, match="keys is the str 'king', read letter by letter"):
        getattr(kv, method)("king")


@pytest.mark.parametrize(
    "call",
    [
        lambda kv: kv.remove(b"\x00"),
        lambda kv: kv.__delitem__(bytearray(b"\x01")),
        lambda kv: kv.__setitem__(b"\x00\x01", ROWS[:2]),
        lambda kv: kv.most_similar_batch(b"\x00"),
        lambda kv: kv.most_similar("king", candidates=b"\x01"),
        lambda kv: kv.get_mean_vector(b"\x01"),
    ],
)
def test_bytes_are_no_positions(kv: KeyedVectors, call: Call) -> None:
    refuses(kv, call, TypeError, "keys are str or int: decode it first")


@pytest.mark.parametrize("name", ["key_to_index", "index_to_key"])
def test_the_views_cannot_be_set(kv: KeyedVectors, name: str) -> None:
    refuses(kv, lambda kv: setattr(kv, name, {}), AttributeError, r"from_arrays\(keys, vectors\)")


@pytest.mark.parametrize(
    ("count", "error"),
    [(-1, ValueError), (2.5, ValueError), (np.nan, ValueError), (np.inf, ValueError)]
    + [(None, TypeError), ("3", TypeError), (True, TypeError)],
)
def test_what_is_no_count(kv: KeyedVectors, count: Any, error: type[Exception]) -> None:
    refuses(kv, lambda kv: kv.set_vecattr("king", "count", count), error, "count is .*, expected")
    extras = {"count": [count]}
    refuses(kv, lambda kv: kv.add_vectors(["new"], ROWS[:1], extras), error, "expected")


def test_a_count_that_came_as_a_float_is_one(kv: KeyedVectors, tmp_path: Path) -> None:
    kv.set_vecattr("king", "count", np.float64(7))
    kv.add_vectors(["new"], ROWS[:1], {"count": [8.0]})
    kv.save(tmp_path / "vectors.kv")
    counts = KeyedVectors.load(tmp_path / "vectors.kv").counts
    assert counts is not None and counts.tolist() == [7, 2, 1, 8]


def test_locks_are_one_or_one_a_key(kv: KeyedVectors) -> None:
    kv.set_vecattr("king", "weight", 2.5)
    with pytest.raises(TypeError, match=r"extras.*expected numbers as before"):
        kv.add_vectors(["new"], ROWS[:1], extras={"weight": ["heavy"]})
    for wrong in (np.ones(2), 1.0, np.ones((3, 1))):
        with pytest.raises(
            ValueError, match=r"vectors_lockf has shape .*, expected one number, or"
        ):
            kv.vectors_lockf = wrong
    kv.vectors_lockf = [0, 1, 0.5]  # type: ignore[assignment]
    kv.add_vector("new", [1, 2, 3])
    kv.remove("queen")
    assert kv.vectors_lockf.tolist() == [0, 0.5, 1]
    alone = KeyedVectors.from_arrays(["king"], ROWS[:1])
    alone.vectors_lockf = np.zeros(1)
    alone.add_vector("new", [1, 2, 3])
    assert alone.vectors_lockf.tolist() == [0, 1]
