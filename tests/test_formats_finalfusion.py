"""finalfusion's chunks: files of its Python package (0.7.1) open, and it opens ours."""

import io
import struct
import warnings
from pathlib import Path

import numpy as np
import pytest

import synvec
from synvec import KeyedVectors, formats
from tests.golden import FOLDER, KEYS, VECTORS, golden
from tests.hostile import check_prefixes_err, check_survives, flipped, megabytes_to_refuse

# Files of the ten words, with norms, by finalfusion 0.7.1.
THEIRS = FOLDER.parent / "finalfusion"


def load(source: object, **options: object) -> KeyedVectors:
    source = io.BytesIO(source) if isinstance(source, bytes) else source
    return formats.vectors_of(formats.load(source, **options))  # type: ignore[arg-type]


def ours() -> bytes:
    file = io.BytesIO()
    formats.save(golden(), file, format="finalfusion")
    return file.getvalue()


def check_golden(vectors: KeyedVectors) -> None:
    assert vectors.index_to_key == KEYS
    np.testing.assert_allclose(vectors.vectors, VECTORS, rtol=3e-7)


def test_what_is_written_comes_back(tmp_path: Path) -> None:
    formats.save(golden(), tmp_path / "a.fifu")
    assert formats.sniff(tmp_path / "a.fifu") == "finalfusion"
    check_golden(load(tmp_path / "a.fifu"))
    assert load(tmp_path / "a.fifu", limit=3).index_to_key == KEYS[:3]


def test_what_is_written_is_what_finalfusion_writes() -> None:
    data, theirs = ours(), (THEIRS / "norms.fifu").read_bytes()
    assert len(data) == len(theirs)
    # The header of the Python package leaves the order of chunks to its reader; vectors are rounded
    # another way. The words are the same bytes at the same place.
    assert data[24:140] == theirs[24:140]
    check_golden(load(theirs))


@pytest.mark.parametrize("kind", ["bucket", "fasttext", "explicit"])
def test_subwords_are_left_out(kind: str) -> None:
    with pytest.warns(UserWarning, match=r"fifu: \d+ rows of subwords were left out"):
        check_golden(load(THEIRS / f"{kind}.fifu"))
    with pytest.warns(UserWarning):
        assert load(THEIRS / f"{kind}.fifu", limit=2).index_to_key == KEYS[:2]


def test_explicit_subwords_with_their_whole_length() -> None:
    # The Rust program counts the places of subwords in the length, the Python package does not.
    data = bytearray((THEIRS / "explicit.fifu").read_bytes())
    length, subwords = struct.unpack_from("<Q", data, 28)[0], struct.unpack_from("<Q", data, 44)[0]
    struct.pack_into("<Q", data, 28, length + 8 * subwords)
    with pytest.warns(UserWarning, match="rows of subwords were left out"):
        check_golden(load(bytes(data)))


@pytest.mark.parametrize("number", [0, 1, 2])
def test_quantized(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = np.load(THEIRS / f"quantized{number}.npy")
    np.testing.assert_allclose(
        load(THEIRS / f"quantized{number}.fifu").vectors, expected, rtol=1e-5, atol=1e-6
    )
    monkeypatch.setattr("synvec.formats.finalfusion._ROWS_A_BLOCK", 3)
    first = load(THEIRS / f"quantized{number}.fifu", limit=7)
    np.testing.assert_allclose(first.vectors, expected[:7], rtol=1e-5, atol=1e-6)


def test_lengths_and_zeros(tmp_path: Path) -> None:
    rows = np.array([[0, 0], [3e38, 1], [1e-30, 0]], np.float32)
    formats.save(KeyedVectors.from_arrays(["a", "b", "c"], rows), tmp_path / "a.fifu")
    np.testing.assert_allclose(load(tmp_path / "a.fifu").vectors, rows, rtol=3e-7)
    vectors = KeyedVectors.from_arrays(["a"], [[np.nan, 1]])
    with pytest.raises(synvec.NonFiniteError):
        formats.save(vectors, tmp_path / "a.fifu")


def test_for_every_place_of_the_padding(tmp_path: Path) -> None:
    for length in range(1, 9):
        vectors = KeyedVectors.from_arrays(["x" * length], [[3.0, 4.0]])
        formats.save(vectors, tmp_path / "a.fifu")
        again = load(tmp_path / "a.fifu")
        assert (again.index_to_key, again.vectors.tolist()) == (["x" * length], [[3.0, 4.0]])


# --- what is wrong with them ----------------------------------------------------------------------

# Of a file of ours: header 24 bytes, then each chunk by where it begins.
WORDS = 24
ARRAY = WORDS + 12 + struct.unpack_from("<Q", ours(), WORDS + 4)[0]
NORMS = ARRAY + 12 + struct.unpack_from("<Q", ours(), ARRAY + 4)[0]


@pytest.mark.parametrize(
    ("place", "kind", "value", "error", "message"),
    [
        (0, "<I", 7, synvec.HeaderError, "begins with"),
        (4, "<I", 1, synvec.UnsupportedFormatError, "version 1, expected 0"),
        (8, "<I", 2**32 - 1, synvec.HeaderError, "4294967295 chunks, expected at most 16"),
        (8, "<I", 2, synvec.TruncatedFileError, "chunk 6 at byte 32 takes"),
        (12, "<I", 3, synvec.HeaderError, r"chunks \[1, 2, 6\], the header speaks of \[3, 2, 6\]"),
        (WORDS, "<I", 0, synvec.UnsupportedFormatError, "chunk 0"),
        (WORDS, "<I", 9, synvec.UnsupportedFormatError, "floret"),
        (WORDS, "<I", 2, synvec.HeaderError, "chunk 2 is not where it belongs"),
        (WORDS, "<I", 6, synvec.HeaderError, "chunk 6 is not where it belongs"),
        (WORDS + 4, "<Q", 2**63, synvec.TruncatedFileError, "chunk 1 .* takes"),
        (WORDS + 4, "<Q", 100, synvec.HeaderError, "chunk 1 ends at byte"),
        (WORDS + 12, "<Q", 2**40, synvec.LimitError, "max_rows"),
        (WORDS + 12, "<Q", 2**30, synvec.HeaderError, "1073741824 words in"),
        (WORDS + 12, "<Q", 11, synvec.HeaderError, "word 10 of 0 bytes goes beyond the end"),
        (WORDS + 12, "<Q", 9, synvec.HeaderError, "chunk 1 ends at byte"),
        (WORDS + 20, "<I", 2**31, synvec.LimitError, "max_key_bytes"),
        (WORDS + 20, "<I", 2**20, synvec.HeaderError, "word 0 of 1048576 bytes goes beyond"),
        (WORDS + 24, "B", 0xFF, synvec.EncodingError, "word 0 is not UTF-8 at its byte 0"),
        (ARRAY, "<I", 1, synvec.HeaderError, "chunk 1 is not where it belongs"),
        (ARRAY + 12, "<Q", 9, synvec.HeaderError, "9 vectors for 10 words"),
        (ARRAY + 12, "<Q", 2**31, synvec.TruncatedFileError, "the vectors"),
        (ARRAY + 20, "<I", 0, synvec.HeaderError, "at least one dimension"),
        (ARRAY + 20, "<I", 2**31, synvec.LimitError, "max_vector_size"),
        (ARRAY + 20, "<I", 5, synvec.HeaderError, "chunk 2 ends at byte"),
        (ARRAY + 24, "<I", 11, synvec.UnsupportedFormatError, "the type 11, expected 10"),
        (NORMS + 12, "<Q", 9, synvec.HeaderError, "9 norms for 10 words"),
        (NORMS + 20, "<I", 1, synvec.UnsupportedFormatError, "the type 1, expected 10"),
    ],
)
def test_every_field(
    place: int, kind: str, value: int, error: type[Exception], message: str
) -> None:
    data = bytearray(ours())
    struct.pack_into(kind, data, place, value)
    with pytest.raises(error, match=message):
        load(bytes(data), format="finalfusion")


# Of a quantised file of theirs: where its codes' chunk begins.
CODES = 20 + 12 + 93


@pytest.mark.parametrize(
    ("place", "kind", "value", "message"),
    [
        (12, "<I", 2, "a flag is 2"),
        (12, "<I", 0, "a code is|chunk 4 ends at byte"),
        (16, "<I", 0, "a code is|chunk 4 ends at byte"),
        (20, "<I", 0, "6 dimensions in 0 parts"),
        (20, "<I", 4, "6 dimensions in 4 parts"),
        (28, "<I", 0, "3 parts of 0 centroids"),
        (28, "<I", 257, "3 parts of 257 centroids"),
        (28, "<I", 3, "a code is|chunk 4 ends at byte"),
        (32, "<Q", 9, "9 vectors for 10 words"),
        (40, "<I", 2, "the codes have the type 2, expected 1"),
        (44, "<I", 2, "the vectors have the type 2, expected 10"),
    ],
)
def test_every_field_of_codes(place: int, kind: str, value: int, message: str) -> None:
    data = bytearray((THEIRS / "quantized2.fifu").read_bytes())
    struct.pack_into(kind, data, CODES + place, value)
    with pytest.raises(synvec.FormatError, match=message):
        load(bytes(data))
    data = bytearray((THEIRS / "quantized2.fifu").read_bytes())
    data[-1] = 200
    with pytest.raises(synvec.HeaderError, match="a code is 200, there are 4 centroids"):
        load(bytes(data))


def test_parts_that_are_missing() -> None:
    data = ours()
    for end in (WORDS, ARRAY):
        with pytest.raises(synvec.HeaderError, match=r"the header speaks of|has no vocabulary"):
            load(data[:end])
    # Older files did not name the norms in the header.
    older = bytearray(data[:20] + data[24:])
    struct.pack_into("<I", older, 8, 2)
    place = NORMS - 4 + 12 + 12  # everything is four bytes earlier: the padding stays the same
    assert older[place : place + 1] == b"\0"
    check_golden(load(bytes(older)))
    without = bytearray(data[:20] + data[24:NORMS])
    struct.pack_into("<I", without, 8, 2)
    assert np.allclose(np.linalg.norm(load(bytes(without)).vectors, axis=1), 1)


@pytest.mark.parametrize("name", ["ours", "bucket", "fasttext", "explicit", "quantized2"])
def test_cut_anywhere_and_turned_anywhere(name: str) -> None:
    data = ours() if name == "ours" else (THEIRS / f"{name}.fifu").read_bytes()

    def read(data: bytes) -> object:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return formats.load(io.BytesIO(data), format="finalfusion")

    check_prefixes_err(read, data, most=200)
    for changed in flipped(data, times=300):
        check_survives(read, changed)


def test_what_is_refused_takes_little_memory(tmp_path: Path) -> None:
    data = bytearray(ours())
    struct.pack_into("<Q", data, ARRAY + 12, 2**31)
    (tmp_path / "rows.fifu").write_bytes(data)
    data = bytearray(ours())
    struct.pack_into("<Q", data, WORDS + 12, 2**31)
    (tmp_path / "words.fifu").write_bytes(data)
    assert megabytes_to_refuse(tmp_path / "rows.fifu", tmp_path / "words.fifu") < 100


def test_finalfusion_opens_ours(tmp_path: Path) -> None:
    finalfusion = pytest.importorskip("finalfusion")
    formats.save(golden(), tmp_path / "a.fifu")
    theirs = finalfusion.load_finalfusion(str(tmp_path / "a.fifu"))
    assert theirs.vocab.words == KEYS
    np.testing.assert_allclose(theirs.storage[:] * theirs.norms[:, None], VECTORS, rtol=3e-7)
