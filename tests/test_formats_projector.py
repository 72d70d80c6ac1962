"""The Embedding Projector's two files: numbers in one, their keys in the other."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import synvec
from synvec import KeyedVectors, formats
from tests.golden import KEYS, VECTORS, golden, is_golden
from tests.hostile import check_survives, flipped

TENSOR = b"".join(b"\t".join(b"%r" % float(x) for x in row) + b"\n" for row in VECTORS)
WORDS = "\n".join(KEYS).encode() + b"\n"


def load(tensor: bytes, metadata: bytes = WORDS, **options: Any) -> KeyedVectors:
    loaded = formats.load(
        io.BytesIO(tensor), format="projector", metadata=io.BytesIO(metadata), **options
    )
    return formats.vectors_of(loaded)


def test_what_is_written_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "a_tensor.tsv"
    formats.save(golden(), path)
    assert path.read_bytes() == TENSOR
    assert (tmp_path / "a_metadata.tsv").read_bytes() == WORDS
    assert formats.sniff(path) == "projector"
    assert is_golden(formats.vectors_of(formats.load(path)))
    assert formats.vectors_of(formats.load(path, limit=3)).index_to_key == KEYS[:3]


def test_with_counts(tmp_path: Path) -> None:
    path = tmp_path / "tensor.tsv"
    formats.save(golden(), path, counts=True)
    assert (tmp_path / "metadata.tsv").read_text().startswith("key\tcount\nthe\t1000\n")
    assert is_golden(formats.vectors_of(formats.load(path)), counts=True)
    first = formats.vectors_of(formats.load(path, limit=2))
    assert first.counts is not None
    assert first.counts.tolist() == [1000, 700]
    bare = KeyedVectors.from_arrays(["a"], [[1, 2]])
    with pytest.raises(ValueError, match="no counts to write"):
        formats.save(bare, path, counts=True)


def test_numbers_come_back_exactly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("synvec.formats.projector._NUMBERS_A_BLOCK", 12)
    monkeypatch.setattr("synvec.formats.projector._BLOCK_BYTES", 7)
    rows = np.random.default_rng(3).standard_normal((50, 5)).astype(np.float32)
    rows[0, :2] = [1e-38, 3e38]
    formats.save(
        KeyedVectors.from_arrays([f"w{i}" for i in range(50)], rows), tmp_path / "tensor.tsv"
    )
    again = formats.vectors_of(formats.load(tmp_path / "tensor.tsv"))
    assert again.vectors.tobytes() == rows.tobytes()


def test_compressed_and_elsewhere(tmp_path: Path) -> None:
    formats.save(golden(), tmp_path / "a_tensor.tsv.gz")
    assert (tmp_path / "a_tensor.tsv.gz").read_bytes()[:2] == b"\x1f\x8b"
    assert is_golden(formats.vectors_of(formats.load(tmp_path / "a_tensor.tsv.gz")))
    formats.save(golden(), tmp_path / "x", format="projector", metadata=tmp_path / "y")
    found = formats.load(tmp_path / "x", format="projector", metadata=tmp_path / "y")
    assert is_golden(formats.vectors_of(found))
    with pytest.raises(ValueError, match="leaves open where the keys go"):
        formats.save(golden(), tmp_path / "x", format="projector")


def test_without_metadata_it_is_rows_of_text(tmp_path: Path) -> None:
    (tmp_path / "a_tensor.tsv").write_bytes(TENSOR)
    assert formats.sniff(tmp_path / "a_tensor.tsv") == "glove"
    with pytest.raises(synvec.UnsupportedFormatError, match="pass metadata="):
        formats.load(tmp_path / "a_tensor.tsv", format="projector")


def test_habits_of_others() -> None:
    assert is_golden(load(b"\xef\xbb\xbf" + TENSOR.replace(b"\n", b"\r\n")))
    assert is_golden(load(TENSOR + b"\n\n"))
    assert is_golden(load(TENSOR.removesuffix(b"\n"), WORDS.removesuffix(b"\n")))
    table = "\n".join(["n\tWord", *(f"{n}\t{key}" for n, key in enumerate(KEYS))])
    assert is_golden(load(TENSOR, table.encode()))
    table = "\n".join(["a\tb", *(f"{key}\t" for key in KEYS)])
    assert is_golden(load(TENSOR, table.encode()))


@pytest.mark.parametrize(
    ("tensor", "metadata", "error", "message"),
    [
        (
            b"1\t2\n3\n",
            b"a\nb\n",
            synvec.RowError,
            r"<stream> \(Projector TSV\): line 2 .* begins \"3\"",
        ),
        (b"1\t2\n3\t4\t5\n", b"a\nb\n", synvec.RowError, "line 2"),
        (b"1\t2\n\n3\t4\n", b"a\nb\n", synvec.RowError, "line 2"),
        (b"1\t2\n3\tx\n", b"a\nb\n", synvec.RowError, "line 2"),
        (b"1\t2\n3\t1e39\n", b"a\nb\n", synvec.NonFiniteError, "line 2"),
        (b"1\t2\n3\tnan\n", b"a\nb\n", synvec.NonFiniteError, "line 2"),
        (b"1\t2\n", b"a\nb\n", synvec.HeaderError, "1 vectors and more keys"),
        (b"1\t2\n3\t4\n", b"a\n", synvec.HeaderError, "2 vectors and 1 keys"),
        (b"1\t2\n", b"key\tcount\na\n", synvec.RowError, "line 2 has 1 columns, expected 2"),
        (b"1\t2\n", b"key\tcount\na\tx\n", synvec.RowError, "line 2 has the count 'x'"),
        (b"1\t2\n", b"key\tcount\na\t-1\n", synvec.RowError, "line 2 has the count '-1'"),
        (b"1\t2\n", b"\xff\n", synvec.EncodingError, "line 1 is not UTF-8"),
        (b"1\t2\n3\t4\n", b"a\n\n", synvec.EncodingError, "row 1 is empty"),
        (b"", b"a\n", synvec.HeaderError, "file is empty"),
        (b"1\t2\n", b"", synvec.HeaderError, "1 vectors and 0 keys"),
    ],
)
def test_what_is_wrong(
    tensor: bytes, metadata: bytes, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        load(tensor, metadata)


@pytest.mark.parametrize("key", ["a\tb", "a\nb", "a\r", ""])
def test_keys_that_cannot_be_written(tmp_path: Path, key: str) -> None:
    with pytest.raises(synvec.RowError, match=r"cannot stand between tabs|is empty"):
        formats.save(KeyedVectors.from_arrays([key], [[1, 2]]), tmp_path / "tensor.tsv")
    assert not list(tmp_path.iterdir())


def test_nonfinite_numbers(tmp_path: Path) -> None:
    vectors = KeyedVectors.from_arrays(["a"], [[np.inf, 2]])
    with pytest.raises(synvec.NonFiniteError):
        formats.save(vectors, tmp_path / "tensor.tsv")
    formats.save(vectors, tmp_path / "tensor.tsv", allow_nonfinite=True)
    again = formats.vectors_of(formats.load(tmp_path / "tensor.tsv", allow_nonfinite=True))
    assert again.vectors.tolist() == [[np.inf, 2]]


def test_turned_bits() -> None:
    for data in flipped(TENSOR, times=200):
        check_survives(load, data)
    for data in flipped(WORDS, times=200):
        check_survives(lambda data: load(TENSOR, data), data)
