"""word2vec text and binary, GloVe text: bytes as gensim writes them, and every habit is read."""

import io
import warnings
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as stn

import synvec
from synvec import KeyedVectors, formats
from synvec._core import KeyTable

KEYS = ["b", "ß☃", "c"]
VECTORS = np.array([[0.5, -1e-5, 1e16], [1 / 3, 0, 123456789], [-0.0, 1e-4, 3.4e38]], np.float32)
COUNTS = np.array([2, 5, 2])
TEXT = (
    b"3 3\n\xc3\x9f\xe2\x98\x83 0.33333334 0.0 1.2345679e+08\n"
    b"b 0.5 -1e-05 1e+16\nc -0.0 1e-04 3.4e+38\n"
)
BINARY = (
    b"3 3\n\xc3\x9f\xe2\x98\x83 \xab\xaa\xaa>\x00\x00\x00\x00\xa3y\xebL"
    b"b \x00\x00\x00?\xac\xc5'\xb7\xca\x1b\x0eZc \x00\x00\x00\x80\x17\xb7\xd18\x9e\xc9\x7f\x7f"
)


def saved(**options: object) -> bytes:
    out = io.BytesIO()
    options = {"counts": COUNTS, **options}
    formats.save_word2vec(out, KeyTable(KEYS), VECTORS, **options)  # type: ignore[arg-type]
    return out.getvalue()


def loaded(data: bytes, **options: object) -> KeyedVectors:
    return formats.load_word2vec(io.BytesIO(data), **options)  # type: ignore[arg-type]


# --- writing ------------------------------------------------------------------------------------


def test_bytes_are_those_of_gensim(tmp_path: Path) -> None:
    assert saved() == TEXT
    assert saved(binary=True) == BINARY
    rows = TEXT.split(b"\n", 1)[1]
    assert saved(write_header=False) == rows
    prefixed = b"".join(b"*x_" + row for row in rows.splitlines(keepends=True))
    assert saved(prefix="*x_", total_vec=9) == b"9 3\n" + prefixed
    saved(fvocab=tmp_path / "vocab", prefix="p_")
    assert (tmp_path / "vocab").read_bytes() == b"p_\xc3\x9f\xe2\x98\x83 5\np_b 2\np_c 2\n"


def test_rows_go_as_they_stand_without_counts(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "synvec")
    rows = saved(counts=None).splitlines()[1:]
    assert [row.split()[0].decode() for row in rows] == KEYS
    assert "no counts" in caplog.text
    with pytest.raises(ValueError, match="fvocab needs counts"):
        saved(counts=None, fvocab=io.BytesIO())


def test_appending(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    table = KeyTable(KEYS)
    formats.save_word2vec(path, table, VECTORS, counts=COUNTS)
    formats.save_word2vec(
        path, table, VECTORS, counts=COUNTS, append=True, prefix="x", write_header=False
    )
    assert path.read_bytes() == TEXT + saved(prefix="x", write_header=False)


def test_the_habits_of_the_original_program() -> None:
    text = saved(style="word2vec.c").splitlines()
    assert text[0] == b"3 3"
    assert text[2] == b"b 0.500000 -0.000010 10000000272564224.000000 "
    records = saved(style="word2vec.c", binary=True)
    assert records == BINARY[:4] + b"".join(
        BINARY[start:end] + b"\n" for start, end in [(4, 22), (22, 36), (36, 50)]
    )
    with pytest.raises(ValueError, match="style"):
        saved(style="other")


@pytest.mark.parametrize("binary", [False, True])
@pytest.mark.parametrize("style", ["gensim", "word2vec.c"])
def test_both_styles_are_read(binary: bool, style: str) -> None:
    kv = loaded(saved(binary=binary, style=style), binary=binary)
    assert kv.key_table.keys() == ["ß☃", "b", "c"]
    expected = VECTORS[[1, 0, 2]]
    if style == "gensim" or binary:
        assert kv.vectors.tobytes() == expected.tobytes()
    else:
        np.testing.assert_allclose(kv.vectors, expected, rtol=1e-6, atol=5e-7)


PLAIN_THROUGHOUT = str(np.float32(1e6)) != "1e+06"  # NumPy before it had a limit for each type


def written(values: np.ndarray) -> list[str]:
    keys = KeyTable([f"k{i}" for i in range(len(values))])
    out = io.BytesIO()
    formats.save_glove(out, keys, values.reshape(-1, 1), allow_nonfinite=True)
    return [line.split(" ")[1] for line in out.getvalue().decode().splitlines()]


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_numbers_are_written_as_numpy_prints_them(dtype: type[np.floating]) -> None:
    unsigned = np.dtype(f"u{np.dtype(dtype).itemsize}")
    top = np.iinfo(unsigned).max
    random = np.random.default_rng(1)
    bits = random.integers(0, top, 20_000, dtype=unsigned, endpoint=True)
    if dtype == np.float16:
        bits = np.arange(top, dtype=unsigned)
    edges = [0.0, 1.0, 1e-4, 1e-5, 1e3, 1e6, 1e15, 1e16, 16777216, 0.1, 1 / 3, 123456.789]
    with np.errstate(over="ignore"):
        near = np.array(edges, dtype=dtype)
    near = near[np.isfinite(near)]
    with np.errstate(over="ignore"):
        near = np.concatenate(
            [near, np.nextafter(near, dtype(0)), np.nextafter(near, dtype("inf"))]
        )
    usual = random.normal(0, 0.3, 20_000).astype(dtype)
    values = np.concatenate([bits.view(dtype), np.arange(1, 300, dtype=unsigned).view(dtype)])
    values = np.concatenate([values, near, -near, usual])
    if PLAIN_THROUGHOUT and dtype != np.float64:
        values = values[np.abs(values) < 1e3]
    assert written(values) == [str(value) for value in values]


@settings(deadline=None)
@given(st.floats(width=32))
def test_any_float32_is_written_as_numpy_prints_it(number: float) -> None:
    value = np.float32(number)
    if not (PLAIN_THROUGHOUT and 1e6 <= abs(value) < 1e16):
        assert written(np.array([value])) == [str(value)]


@pytest.mark.parametrize(
    ("key", "binary", "fault"),
    [
        ("New York", True, "holds a space"),
        ("\nx", True, "begins with a newline"),
        ("", True, "is empty"),
        ("", False, "is empty"),
        ("a\nb", False, "holds a newline"),
        (" a", False, "begins or ends with a blank"),
        ("a\t", False, "begins or ends with a blank"),
        ("route 66", False, "ends in a number"),
    ],
)
def test_a_key_that_could_not_be_read_back_is_refused(
    tmp_path: Path, key: str, binary: bool, fault: str
) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"old")
    with pytest.raises(synvec.RowError, match=fault):
        formats.save_word2vec(path, KeyTable([key]), VECTORS[:1], binary=binary)
    assert path.read_bytes() == b"old"
    assert [file.name for file in tmp_path.iterdir()] == ["a.txt"]


def test_nan_is_not_written_unasked() -> None:
    bad = VECTORS.copy()
    bad[1, 1] = np.nan
    with pytest.raises(synvec.NonFiniteError, match="ß☃"):
        formats.save_word2vec(io.BytesIO(), KeyTable(KEYS), bad)
    out = io.BytesIO()
    formats.save_word2vec(out, KeyTable(KEYS), bad, allow_nonfinite=True)
    with pytest.raises(synvec.NonFiniteError, match=r"line 3 .*column 2"):
        loaded(out.getvalue())
    assert np.isnan(loaded(out.getvalue(), allow_nonfinite=True).vectors[1, 1])


# --- reading ------------------------------------------------------------------------------------

# Everything but what ends a key or a row; a key of one word that is a number is a key, too.
words = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters=" \t\n\r\ufeff"),
    min_size=1,
    max_size=6,
)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), keys=st.lists(words, unique=True, max_size=12), binary=st.booleans())
def test_what_is_written_is_read(
    tmp_path: Path, data: st.DataObject, keys: list[str], binary: bool
) -> None:
    size = data.draw(st.integers(1, 5))
    finite = st.floats(width=32, allow_nan=False, allow_infinity=False)
    vectors = data.draw(stn.arrays(np.float32, (len(keys), size), elements=finite))
    formats.save_word2vec(tmp_path / "a", KeyTable(keys), vectors, binary=binary)
    kv = formats.load_word2vec(tmp_path / "a", binary=binary)
    assert kv.key_table.keys() == keys
    assert kv.vectors.tobytes() == vectors.tobytes()


@pytest.mark.parametrize(
    "data",
    [
        b"2 2\na 1 2\nb 3 4\n",
        b"2 2\na 1 2\nb 3 4",
        b"2 2 \na 1 2 \nb 3 4 \n\n\n",
        b"2 2\r\na 1 2\r\nb 3 4\r\n",
        b"\xef\xbb\xbf2 2\na 1 2\nb 3 4\n",
        b"2\t2\na\t1\t2\nb\t 3  4\n",
        b"  2   2\n  a   1  2\nb 3e0 +4.\n",
    ],
)
def test_habits_of_text(data: bytes) -> None:
    kv = loaded(data)
    assert kv.key_table.keys() == ["a", "b"]
    assert kv.vectors.tolist() == [[1, 2], [3, 4]]
    assert formats.sniff(io.BytesIO(data)) == "word2vec-text"


def test_only_spaces_and_tabs_separate() -> None:
    odd = ["a\u00a0b", "\u2028", "x\u3000y", "c\x0bd", "e\x00f", "\u0085"]
    text = f"{len(odd)} 1\n" + "".join(f"{key} 1\n" for key in odd)
    assert loaded(text.encode()).key_table.keys() == odd
    binary = f"{len(odd)} 1\n".encode() + b"".join(key.encode() + b" 1234" for key in odd)
    assert loaded(binary, binary=True).key_table.keys() == odd


def test_keys_with_spaces_in_text() -> None:
    kv = loaded(b"3 2\nNew York 1 2\n. . . 3 4\nat  x\ty 5 6\n")
    assert kv.key_table.keys() == ["New York", ". . .", "at  x\ty"]
    glove = formats.load_glove(io.BytesIO(b". . . 3 4\n1 1 2\n<unk> 5 6\n"))
    assert glove.key_table.keys() == [". . .", "1", "<unk>"]
    assert glove.vectors.tolist() == [[3, 4], [1, 2], [5, 6]]


def test_glove_both_ways() -> None:
    out = io.BytesIO()
    formats.save_glove(out, KeyTable(KEYS), VECTORS)
    kv = formats.load_glove(io.BytesIO(out.getvalue()))
    assert kv.key_table.keys() == KEYS
    assert kv.vectors.tobytes() == VECTORS.tobytes()
    same = loaded(out.getvalue(), no_header=True)
    assert same.vectors.tobytes() == VECTORS.tobytes()
    assert formats.sniff(io.BytesIO(out.getvalue())) == "glove"
    with pytest.raises(NotImplementedError):
        loaded(out.getvalue(), no_header=True, binary=True)


def test_both_habits_of_binary_in_one_file() -> None:
    kv = loaded(b"3 1\na 1234\n\nb 5678c 1234\n", binary=True)
    assert kv.key_table.keys() == ["a", "b", "c"]


def test_numbers_are_rounded_once_to_their_type() -> None:
    # Between two float32, a hair above the middle: by way of a float64 it would go down.
    hair = "1.00000005960464477540"
    kv = loaded(f"1 2\na {hair} 0.1\n".encode())
    assert kv.vectors[0, 0] == np.nextafter(np.float32(1), np.float32(2))
    kv = loaded(b"1 1\na 16777217\n", datatype=np.float64)
    assert kv.vectors[0, 0] in (16777216, 16777217)  # the store keeps float32


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("binary", [False, True])
def test_datatypes(dtype: type[np.floating], binary: bool) -> None:
    values = np.array([[0.1, -2.5], [1 / 3, 1000]], np.float32)
    out = io.BytesIO()
    formats.save_word2vec(out, KeyTable(["a", "b"]), values, binary=binary)
    out.seek(0)
    _, vectors, _, _ = synvec._core.read_vectors(
        out,
        "binary" if binary else "text",
        dtype=np.dtype(dtype).name,
        limit=None,
        count_actual=False,
        allow_nonfinite=False,
        encoding="utf8",
        errors="strict",
        limits=formats.Limits(),
    )
    assert vectors.dtype == dtype
    if binary or dtype != np.float64:
        assert (vectors == values.astype(dtype)).all()
    else:
        assert vectors.tolist() == [[0.1, -2.5], [0.33333334, 1000]]


def test_a_number_too_large_for_its_type() -> None:
    with pytest.raises(synvec.NonFiniteError):
        loaded(b"1 1\na 70000\n", datatype=np.float16)
    with pytest.raises(ValueError, match="datatype"):
        loaded(b"1 1\na 7\n", datatype=np.int32)


def test_limit_reads_no_further() -> None:
    assert len(loaded(TEXT, limit=2)) == 2
    assert len(loaded(TEXT[:-4], limit=2)) == 2
    assert len(loaded(BINARY[:-4], limit=2, binary=True)) == 2
    assert len(loaded(TEXT, limit=0)) == 0
    assert len(loaded(TEXT, limit=99)) == 3
    with pytest.raises(ValueError, match="limit"):
        loaded(TEXT, limit=-1)


def test_an_empty_set_keeps_its_dimensions() -> None:
    assert loaded(b"0 7\n").vectors.shape == (0, 7)
    assert loaded(b"0 7\n", binary=True).vectors.shape == (0, 7)
    assert formats.load(io.BytesIO(b"0 7\n")).vector_size == 7


def test_of_equal_keys_the_first_is_kept_with_one_warning() -> None:
    with pytest.warns(UserWarning, match="2 rows have a key that came before") as caught:
        kv = loaded(b"4 1\na 1\nb 2\na 3\nb 4\n")
    assert len(caught) == 1
    assert kv.key_table.keys() == ["a", "b"]
    assert kv.vectors.tolist() == [[1], [2]]


def test_counts_are_read_or_made_up(tmp_path: Path) -> None:
    kv = loaded(TEXT)
    assert [kv.get_vecattr(key, "count") for key in ["ß☃", "b", "c"]] == [3, 2, 1]
    vocab = io.BytesIO("c 9\nß☃ 7\nother 1\nb 8\n".encode())
    kv = loaded(TEXT, fvocab=vocab)
    assert [kv.get_vecattr(key, "count") for key in ["ß☃", "b", "c"]] == [7, 8, 9]
    with pytest.warns(UserWarning, match="2 keys have no count"):
        kv = loaded(TEXT, fvocab=io.BytesIO(b"c 9\n"))
    assert kv.get_vecattr("b", "count") == 0
    with pytest.raises(synvec.RowError, match="line 2"):
        loaded(TEXT, fvocab=io.BytesIO(b"c 9\nb many\n"))


def test_the_rows_that_are_there() -> None:
    rows = b"a 1 2\nb 3 4\n"
    for declared in (b"1 2\n", b"9 2\n", b"2000000000 2\n"):
        with pytest.warns(UserWarning, match=r"the header gives \d+ rows, 2 are there"):
            assert len(loaded(declared + rows, count="actual")) == 2
        records = b"a \0\0\0\0\0\0\0\0b \0\0\0\0\0\0\0\0"
        with pytest.warns(UserWarning, match=r"the header gives \d+ rows, 2 are there"):
            assert len(loaded(declared + records, count="actual", binary=True)) == 2
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(loaded(b"2 2\n" + rows, count="actual")) == 2
    with pytest.raises(ValueError, match="count is"):
        loaded(b"2 2\n" + rows, count="some")


def test_encodings_and_what_is_wrong_in_them() -> None:
    latin = "2 1\nß 1\nè 2\n".encode("latin-1")
    assert loaded(latin, encoding="latin-1").key_table.keys() == ["ß", "è"]
    with pytest.raises(synvec.EncodingError, match=r"line 2 \(byte 4\).*unicode_errors="):
        loaded(latin)
    broken = b"1 1\na\xff\xfeb 1\n"
    for errors in ("replace", "ignore", "backslashreplace"):
        kv = loaded(broken, unicode_errors=errors)
        assert kv.key_table.keys() == [b"a\xff\xfeb".decode("utf8", errors)]
    with pytest.raises(synvec.EncodingError):
        loaded(broken, unicode_errors="surrogateescape")
    with pytest.raises(synvec.EncodingError, match="nothing is left"):
        loaded(b"1 1\n\xff 1\n", unicode_errors="ignore")
    with pytest.raises(LookupError):
        loaded(latin, encoding="no such")
    with pytest.raises(LookupError):
        loaded(latin, unicode_errors="no such")
