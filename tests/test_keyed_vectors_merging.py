"""Taking over vectors from a word2vec file: which rows, which locks, and nothing half-done."""

import copy
import io
from pathlib import Path

import numpy as np
import pytest

from synvec import FormatError, KeyedVectors, NonFiniteError

KEYS = ["a", "b", "ç"]
ROWS = np.array([[3, 4], [0, 2], [1, 1]], dtype=np.float32)


@pytest.fixture
def kv() -> KeyedVectors:
    kv = KeyedVectors.from_arrays(KEYS, ROWS.copy(), counts=[5, 9, 5])
    kv.fill_norms()
    return kv


def file_of(keys: list[str], rows: object, binary: bool = False) -> io.BytesIO:
    file = io.BytesIO()
    KeyedVectors.from_arrays(keys, rows).save_word2vec_format(file, binary=binary)
    return io.BytesIO(file.getvalue())


def unchanged(kv: KeyedVectors) -> bool:
    return (
        kv.index_to_key == KEYS
        and np.array_equal(kv.vectors, ROWS)
        and kv.vectors_lockf.tolist() == [1]
        and kv.norms is not None
        and np.allclose(kv.norms, [5, 2, 2**0.5])
    )


@pytest.mark.parametrize("binary", [False, True])
@pytest.mark.parametrize("more", [0, 5])  # the file smaller than the store, and larger
def test_keys_that_both_have_are_overwritten(kv: KeyedVectors, binary: bool, more: int) -> None:
    keys = ["b", *(f"x{number}" for number in range(more)), "ç"][: 2 + more]
    rows = np.arange(2 * len(keys)).reshape(-1, 2) + 5
    kv.intersect_word2vec_format(file_of(keys, rows, binary), binary=binary)
    assert kv.index_to_key == KEYS
    np.testing.assert_array_equal(kv.vectors, [ROWS[0], rows[0], rows[-1]])
    np.testing.assert_allclose(kv.norms, np.linalg.norm(kv.vectors, axis=1))
    assert kv.vectors_lockf.tolist() == [1, 0, 0]
    assert kv.vectors_lockf.dtype == np.float32
    assert kv.counts is not None
    assert kv.counts.tolist() == [5, 9, 5]


def test_from_a_path_in_another_encoding(kv: KeyedVectors, tmp_path: Path) -> None:
    path = tmp_path / "vectors.txt"
    path.write_bytes("1 2\nç 7 7\n".encode("latin-1"))
    kv.intersect_word2vec_format(path, encoding="latin-1", lockf=1.0)
    np.testing.assert_array_equal(kv["ç"], [7, 7])
    path.write_bytes(b"2 2\nb\xff 7 7\na 8 8\n")
    kv.intersect_word2vec_format(str(path), unicode_errors="ignore", lockf=1.0)
    np.testing.assert_array_equal(kv.vectors, [[8, 8], [7, 7], [7, 7]])


def test_locks_add_up_and_follow_their_keys(kv: KeyedVectors) -> None:
    kv.intersect_word2vec_format(file_of(["a"], [[1, 0]]), lockf=0.5)
    kv.intersect_word2vec_format(file_of(["b"], [[1, 0]]))
    assert kv.vectors_lockf.tolist() == [0.5, 0, 1]
    twin = copy.copy(kv)
    kv.add_vectors(["d", "a"], [[1, 1], [2, 2]])
    assert kv.vectors_lockf.tolist() == [0.5, 0, 1, 1]
    kv.sort_by_descending_frequency()
    assert dict(zip(kv.index_to_key, kv.vectors_lockf.tolist(), strict=True)) == {
        "b": 0,
        "ç": 1,
        "a": 0.5,
        "d": 1,
    }
    kv.remove("ç")
    assert kv.vectors_lockf.tolist() == [0, 0.5, 1]
    twin.vectors_lockf[:] = 1
    assert kv.vectors_lockf.tolist() == [0, 0.5, 1]


def test_one_lock_for_all_stays_one(kv: KeyedVectors) -> None:
    kv.add_vector("d", [1, 1])
    kv.remove("a")
    kv.sort_by_descending_frequency()
    assert kv.vectors_lockf.tolist() == [1]


def test_nothing_in_common(kv: KeyedVectors) -> None:
    kv.vectors.flags.writeable = False
    kv.intersect_word2vec_format(file_of(["x"], [[1, 2]]))
    assert unchanged(kv)
    empty = KeyedVectors(2)
    empty.intersect_word2vec_format(file_of(["x"], [[1, 2]]))
    assert len(empty) == 0


@pytest.mark.parametrize(
    ("text", "options", "error", "message"),
    [
        (b"1 3\na 1 2 3\n", {}, ValueError, "3 dimensions, expected 2 as in the store"),
        (b"2 2\na 1 2\nb nan 2\n", {}, NonFiniteError, "NaN"),
        (b"2 2\na 1 2\nb 1\n", {}, FormatError, "b"),
        (b"2 2\na 1 2\n", {}, EOFError, "2"),
        (b"", {}, FormatError, "empty"),
        (b"1 2\na\xff 1 2\n", {}, FormatError, "utf"),
        (b"1 2\na 1 2\n", {"lockf": 1.5}, ValueError, "lockf is 1.5, expected 0"),
        (b"1 2\na 1 2\n", {"lockf": float("nan")}, ValueError, "lockf is nan"),
        (b"1 2\na 1 2\n", {"encoding": "klingon"}, LookupError, "klingon"),
    ],
)
def test_a_bad_file_overwrites_nothing(
    kv: KeyedVectors, text: bytes, options: dict, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=f"(?i){message}"):
        kv.intersect_word2vec_format(io.BytesIO(text), **options)
    assert unchanged(kv)


def test_a_read_only_store_is_left_as_it_is(kv: KeyedVectors) -> None:
    kv.vectors.flags.writeable = False
    with pytest.raises(ValueError, match="read-only and can't be overwritten"):
        kv.intersect_word2vec_format(file_of(["a", "b"], [[1, 2], [3, 4]]))
    assert unchanged(kv)


def test_a_missing_file(kv: KeyedVectors, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        kv.intersect_word2vec_format(tmp_path / "none.txt")
    assert unchanged(kv)


def test_arguments_that_only_loading_has_are_told_apart(kv: KeyedVectors, tmp_path: Path) -> None:
    path = tmp_path / "vectors.txt"
    path.write_text("1 2\na nan 1\n", encoding="utf-8")
    with pytest.raises(FormatError, match="allow_nonfinite=True") as caught:
        kv.intersect_word2vec_format(path)
    assert "load_word2vec_format: load the file with them" in caught.value.__notes__[0]
