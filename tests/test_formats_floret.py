"""floret's tables: the vectors that floret itself gives, for words that it has seen or not."""

import io
from pathlib import Path

import numpy as np
import pytest

import synvec
from synvec import KeyedVectors, formats
from synvec.formats.floret import FloretVectors
from synvec.formats.murmur import hash_64, hash_128
from tests.hostile import check_prefixes_err, check_survives, flipped

# Tables of floret 0.10.5 (3 to 5 characters and 2 hashes; 2 to 4 and 4), and the vectors that it
# gives to words itself.
THEIRS = Path(__file__).parent / "data" / "floret"
TABLE = (THEIRS / "b.floret").read_bytes()
SMALL = b"2 2 3 5 1 0 < >\n0 0.5 1\n1 2 3\n"


def table(data: bytes) -> FloretVectors:
    loaded = formats.load(io.BytesIO(data))
    assert isinstance(loaded, FloretVectors)
    return loaded


def test_hashes() -> None:
    # Known answers: of MurmurHash3_x64_128 for "" (0) and, by way of spaCy 3.8, of both.
    assert hash_128(b"", 0) == (0, 0)
    assert hash_128(b"hello", 0) == (0xCBD8A7B341BD9B02, 0x5B1E906A48AE1D19)
    fox = b"The quick brown fox jumps over the lazy dog"
    assert hash_128(fox, 0) == (0xE34BBC7BBC071B6C, 0x7A433CA9C49A9347)
    assert hash_64(b"coffee", 1) == 3197928453018144401  # as spaCy's documentation has it


@pytest.mark.parametrize("name", ["b", "c"])
def test_vectors_are_those_of_floret(name: str) -> None:
    vectors = table((THEIRS / f"{name}.floret").read_bytes())
    assert vectors.vector_size == 5
    compared = 0
    for line in (THEIRS / f"{name}.tsv").read_text(encoding="utf-8").split("\n"):
        word, *numbers = line.split("\t")
        if word == "straße":
            continue  # the first of its vocabulary, for which floret is at odds with its own table
        # A table has five digits.
        np.testing.assert_allclose(vectors[word], np.array(numbers, float), rtol=2e-3, atol=1e-8)
        compared += 1
    assert compared == 13


def test_words_that_are_named(tmp_path: Path) -> None:
    (tmp_path / "words.txt").write_text("the\nunheard\nthe\n")
    for keys in (["the", "unheard"], tmp_path / "words.txt"):
        loaded = formats.load(io.BytesIO(TABLE), keys=keys)
        assert isinstance(loaded, KeyedVectors)
        assert loaded.index_to_key == ["the", "unheard"]
        assert (loaded["unheard"] == table(TABLE)["unheard"]).all()


def test_what_it_is() -> None:
    assert formats.sniff(io.BytesIO(TABLE)) == "floret"
    vectors = table(TABLE)
    assert repr(vectors) == "FloretVectors<vector_size=5, 50 rows>"
    assert (vectors.hashing.min_n, vectors.hashing.max_n, vectors.hashing.hash_count) == (3, 5, 2)
    with pytest.raises(synvec.UnsupportedFormatError, match="lists none; load it with keys="):
        formats.vectors_of(vectors)
    with pytest.raises(TypeError, match="word is a int"):
        vectors[3]  # type: ignore[index]
    with pytest.raises(TypeError, match="put it in a list"):
        vectors.keyed_vectors("the")
    with pytest.raises(ValueError, match="floret is only read"):
        formats.save(KeyedVectors.from_arrays(["a"], [[1]]), io.BytesIO(), format="floret")


@pytest.mark.parametrize("word", ["", "x", "日本", "\ud800", "x" * 100_000])
def test_any_word_has_a_vector(word: str) -> None:
    assert np.isfinite(table(TABLE)[word]).all()


@pytest.mark.parametrize(
    ("header", "error", "message"),
    [
        (b"0 2 3 5 1 0 < >", synvec.HeaderError, "0 rows, minn 3"),
        (b"2 0 3 5 1 0 < >", synvec.HeaderError, "at least one dimension"),
        (b"2 2 5 3 1 0 < >", synvec.HeaderError, "minn 5, maxn 3"),
        (b"2 2 3 5000 1 0 < >", synvec.HeaderError, "maxn 5000"),
        (b"2 2 3 5 0 0 < >", synvec.HeaderError, "hashCount 0"),
        (b"2 2 3 5 5 0 < >", synvec.HeaderError, "hashCount 5"),
        (b"2 2 3 5 1 4294967296 < >", synvec.HeaderError, "hashSeed 4294967296"),
        (b"2 2 3 5 1 0 \xff >", synvec.HeaderError, "not UTF-8"),
        (b"2 2 3 5 1 0 <", synvec.HeaderError, "expected rows, dim"),
        (b"-2 2 3 5 1 0 < >", synvec.HeaderError, "expected rows, dim"),
        (b"9999999999 2 3 5 1 0 < >", synvec.LimitError, "max_rows"),
        (b"2 9999999999 3 5 1 0 < >", synvec.LimitError, "max_vector_size"),
        (b"3 2 3 5 1 0 < >", synvec.TruncatedFileError, r"<stream> \(floret\)"),
        (b"1 2 3 5 1 0 < >", synvec.HeaderError, r"\(floret\)"),
        (b"2 3 3 5 1 0 < >", synvec.RowError, "line 2"),
        (b"x" * 5000, synvec.HeaderError, "expected rows, dim"),
    ],
)
def test_headers(header: bytes, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        formats.load(io.BytesIO(SMALL.replace(SMALL.split(b"\n")[0], header)), format="floret")


@pytest.mark.parametrize(
    ("body", "error", "message"),
    [
        (b"0 0.5 1\n2 2 3\n", synvec.RowError, "line 3 is of row '2', expected 1"),
        (b"1 0.5 1\n0 2 3\n", synvec.RowError, "line 2 is of row '1', expected 0"),
        (b"0 0.5 1\n0 2 3\n", synvec.RowError, "line 3 is of row 'one that came before'"),
        (b"0 0.5 1\n1 2\n", synvec.RowError, "line 3"),
        (b"0 0.5 1\n1 2 x\n", synvec.RowError, "line 3"),
        (b"0 0.5 1\n1 2 nan\n", synvec.NonFiniteError, "line 3"),
        (b"0 0.5 1\n1 2 3\n2 4 5\n", synvec.HeaderError, "floret"),
        (b"", synvec.TruncatedFileError, "floret"),
    ],
)
def test_rows(body: bytes, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        formats.load(io.BytesIO(SMALL[:16] + body))


def test_cut_anywhere_and_turned_anywhere() -> None:
    def read(data: bytes) -> object:
        return formats.load(io.BytesIO(data), format="floret", keys=["the", "unheard"])

    # The last line without its space and newline is whole, and what is left of its last number.
    end = len(TABLE) - TABLE[::-1].index(b" ", 2)
    check_prefixes_err(read, TABLE[:end])
    for data in flipped(TABLE, times=300):
        check_survives(read, data)
