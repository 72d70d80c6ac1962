"""NumPy's files: a matrix with a list of words beside it, or an archive of both."""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import synvec
from synvec import KeyedVectors, formats
from tests.golden import COUNTS, KEYS, VECTORS, golden, is_golden
from tests.hostile import check_prefixes_err, check_survives, flipped, megabytes_to_refuse


def array(numbers: Any, **options: Any) -> bytes:
    file = io.BytesIO()
    np.save(file, numbers, **options)
    return file.getvalue()


def archive(method: int = zipfile.ZIP_STORED, **members: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as out:
        for name, data in members.items():
            out.writestr(f"{name}.npy", data)
    return file.getvalue()


def load(data: bytes, **options: Any) -> KeyedVectors:
    return formats.vectors_of(formats.load(io.BytesIO(data), **options))


GOOD = {"keys": array(np.array(KEYS)), "vectors": array(VECTORS)}


# --- .npy -----------------------------------------------------------------------------------------


def test_a_matrix_and_its_words(tmp_path: Path) -> None:
    formats.save(golden(), tmp_path / "a.npy")
    assert (np.load(tmp_path / "a.npy") == VECTORS).all()
    assert (tmp_path / "a.keys.txt").read_text(encoding="utf-8").splitlines() == KEYS
    assert formats.sniff(tmp_path / "a.npy") == "numpy"
    assert is_golden(formats.vectors_of(formats.load(tmp_path / "a.npy")))
    first = formats.vectors_of(formats.load(tmp_path / "a.npy", limit=4))
    assert (first.index_to_key, first.vectors.tolist()) == (KEYS[:4], VECTORS[:4].tolist())


def test_what_is_written_is_what_numpy_writes(tmp_path: Path) -> None:
    formats.save(golden(), tmp_path / "a.npy")
    assert (tmp_path / "a.npy").read_bytes() == array(VECTORS)


@pytest.mark.parametrize("ending", [".keys.txt", ".vocab", ".txt"])
def test_where_the_words_are_looked_for(tmp_path: Path, ending: str) -> None:
    (tmp_path / "a.npy").write_bytes(array(VECTORS))
    (tmp_path / f"a{ending}").write_text("\n".join(KEYS), encoding="utf-8")
    assert is_golden(formats.vectors_of(formats.load(tmp_path / "a.npy")))


@pytest.mark.parametrize("ending", [".gz", ".bz2", ".xz", ".zst"])
def test_compressed(tmp_path: Path, ending: str) -> None:
    for name in ("a.npy", "a.npz"):
        path = tmp_path / f"{name}{ending}"
        formats.save(golden(), path)
        assert path.read_bytes()[:4] not in (b"\x93NUM", b"PK\x03\x04")
        assert is_golden(formats.vectors_of(formats.load(path)))


def test_words_that_are_given(tmp_path: Path) -> None:
    words = tmp_path / "words"
    words.write_text("\n".join(KEYS), encoding="utf-8")
    for keys in (KEYS, tuple(KEYS), words, str(words)):
        assert is_golden(load(array(VECTORS), keys=keys))
    with pytest.raises(synvec.UnsupportedFormatError, match="holds no keys"):
        load(array(VECTORS))
    file = io.BytesIO()
    formats.save(golden(), file, format="numpy", keys=tmp_path / "new")
    assert is_golden(load(file.getvalue(), keys=tmp_path / "new"))
    with pytest.raises(TypeError, match="no place beside it"):
        formats.save(golden(), io.BytesIO(), format="numpy")


@pytest.mark.parametrize("dtype", ["<f2", ">f4", "<f8"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_types_and_orders(dtype: str, order: Any) -> None:
    loaded = load(array(np.asarray(VECTORS, dtype=dtype, order=order)), keys=KEYS)
    assert is_golden(loaded)
    first = load(array(np.asarray(VECTORS, dtype=dtype, order=order)), keys=KEYS, limit=2)
    assert first.vectors.tolist() == VECTORS[:2].tolist()


@pytest.mark.parametrize(
    ("line", "error", "message"),
    [
        (b"", synvec.EncodingError, "the key of row 1 is empty"),
        (b"\xff", synvec.EncodingError, "line 2 is not UTF-8 at its byte 0"),
        (b"x" * 21, synvec.LimitError, "max_key_bytes = 20"),
        (b"a\nb", synvec.HeaderError, "3 vectors and more keys"),
    ],
)
def test_lists_of_words_that_are_wrong(
    tmp_path: Path, line: bytes, error: type[Exception], message: str
) -> None:
    (tmp_path / "words").write_bytes(b"the\n" + line + b"\nof\n")
    with pytest.raises(error, match=message):
        load(array(VECTORS[:3]), keys=tmp_path / "words", limits=synvec.Limits(max_key_bytes=20))


@pytest.mark.parametrize("key", ["a\nb", "a\r", "", "\ufeffa"])
def test_words_that_no_line_can_hold(tmp_path: Path, key: str) -> None:
    vectors = KeyedVectors.from_arrays([key], [[1.0, 2.0]])
    with pytest.raises(synvec.RowError, match=r"cannot stand on a line of its own|is empty"):
        formats.save(vectors, tmp_path / "a.npy")
    assert not list(tmp_path.iterdir())


def with_header(text: bytes, data: bytes = bytes(8)) -> bytes:
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + data


@pytest.mark.parametrize(
    ("data", "error", "message"),
    [
        (b"\x93NUMPY\x04\x00", synvec.UnsupportedFormatError, "version 4"),
        (b"\x93NUMPY\x02\x00\xff\xff\xff\x7f", synvec.HeaderError, "a header of 2147483647 bytes"),
        (b"\x93NUMPY\x01\x00\x09\x00{}", synvec.TruncatedFileError, "takes 9 bytes, 2 are left"),
        (with_header(b"{}"), synvec.HeaderError, "expected descr"),
        (with_header(b"(" * 9000), synvec.HeaderError, "expected descr"),
        (with_header(b"__import__('os').system('false')"), synvec.HeaderError, "expected descr"),
        (with_header(b"\xff\xfe"), synvec.HeaderError, "expected descr"),
        (with_header(b"[{}]"), synvec.HeaderError, "expected descr"),
        (with_header(b"{[]: 1}"), synvec.HeaderError, "expected descr"),
    ],
)
def test_headers_that_are_none(data: bytes, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        load(data, keys=["a"])


@pytest.mark.parametrize(
    ("changed", "error", "message"),
    [
        ({"shape": "(1, 2, 1)"}, synvec.UnsupportedFormatError, "expected a matrix"),
        ({"shape": "(2,)"}, synvec.UnsupportedFormatError, "expected a matrix"),
        ({"shape": "(1, 3)"}, synvec.TruncatedFileError, "takes 12 bytes, 8 are left"),
        ({"shape": "(1, 1)"}, synvec.HeaderError, "4 bytes after the array"),
        ({"shape": "(10**9, 2)"}, synvec.HeaderError, "expected descr"),
        ({"shape": f"({10**30}, 2)"}, synvec.TruncatedFileError, "8 are left"),
        ({"shape": "(-1, -2)"}, synvec.HeaderError, "expected sizes"),
        ({"shape": "(True, 2)"}, synvec.HeaderError, "expected sizes"),
        ({"shape": "[1, 2]"}, synvec.HeaderError, "expected sizes"),
        ({"descr": "'<i4'"}, synvec.UnsupportedFormatError, "float16, float32 or float64"),
        ({"descr": "'<c8'", "shape": "(1, 1)"}, synvec.UnsupportedFormatError, "complex64"),
        ({"descr": "'|O'", "shape": "(1, 1)"}, synvec.UnsafePickleError, "nothing of it was run"),
        ({"descr": "'<x4'"}, synvec.HeaderError, "the type is '<x4'"),
        ({"descr": "[('a', '<f4')]"}, synvec.HeaderError, "the type is"),
        ({"descr": "4"}, synvec.HeaderError, "the type is 4"),
        ({"fortran_order": "0"}, synvec.HeaderError, "expected True or False"),
        ({"more": "0"}, synvec.HeaderError, "expected descr"),
        ({"shape": "(0, 0)", "descr": "'<f4'"}, synvec.HeaderError, "8 bytes after"),
    ],
)
def test_every_field_of_the_header(
    changed: dict[str, str], error: type[Exception], message: str
) -> None:
    fields = {"descr": "'<f4'", "fortran_order": "False", "shape": "(1, 2)"} | changed
    text = "{" + ", ".join(f"'{name}': {value}" for name, value in fields.items()) + "}"
    with pytest.raises(error, match=message):
        load(with_header(text.encode()), keys=["a"])


def test_limits_of_rows_and_dimensions() -> None:
    with pytest.raises(synvec.LimitError, match="max_rows = 9"):
        load(array(VECTORS), keys=KEYS, limits=synvec.Limits(max_rows=9))
    with pytest.raises(synvec.LimitError, match="max_vector_size = 5"):
        load(array(VECTORS), keys=KEYS, limits=synvec.Limits(max_vector_size=5))
    with pytest.raises(synvec.HeaderError, match="file is empty"):
        formats.load(io.BytesIO(b""), format="numpy")


# --- .npz -----------------------------------------------------------------------------------------


def test_an_archive(tmp_path: Path) -> None:
    formats.save(golden(), tmp_path / "a.npz")
    assert formats.sniff(tmp_path / "a.npz") == "npz"
    assert is_golden(formats.vectors_of(formats.load(tmp_path / "a.npz")), counts=True)
    with np.load(tmp_path / "a.npz") as theirs:
        assert theirs["keys"].tolist() == KEYS
        assert theirs["vectors"].tobytes() == VECTORS.tobytes()
        assert theirs["counts"].tolist() == COUNTS
    first = formats.vectors_of(formats.load(tmp_path / "a.npz", limit=2))
    assert first.counts is not None
    assert (first.index_to_key, first.counts.tolist()) == (KEYS[:2], COUNTS[:2])


def test_what_numpy_writes(tmp_path: Path) -> None:
    for save in (np.savez, np.savez_compressed):
        save(tmp_path / "a.npz", vectors=VECTORS, keys=np.array(KEYS))
        assert is_golden(formats.vectors_of(formats.load(tmp_path / "a.npz")))
    words = np.array([key.encode() for key in KEYS])
    assert is_golden(load(archive(**GOOD | {"keys": array(words)})))
    assert is_golden(load(archive(**GOOD, other=b"not looked at")))


def test_many_words(tmp_path: Path) -> None:
    keys = [f"word {index}" for index in range(40_000)]
    vectors = KeyedVectors.from_arrays(keys, np.arange(80_000).reshape(-1, 2))
    formats.save(vectors, tmp_path / "a.npz")
    again = formats.vectors_of(formats.load(tmp_path / "a.npz"))
    assert again.index_to_key == keys
    assert (again.vectors == vectors.vectors).all()


def test_words_that_no_array_can_hold() -> None:
    for key in ("", "a\0"):
        with pytest.raises(synvec.RowError, match=r"cannot stand in an array|is empty"):
            vectors = KeyedVectors.from_arrays([key], [[1.0, 2.0]])
            formats.save(vectors, io.BytesIO(), format="npz")


@pytest.mark.parametrize("name", ["../evil.npy", "/evil.npy", "a\\evil.npy", "evil.txt", "a/"])
def test_members_that_have_no_business_there(name: str, tmp_path: Path) -> None:
    file = io.BytesIO(archive(**GOOD))
    with zipfile.ZipFile(file, "a") as out:
        out.writestr(name, b"evil")
    with pytest.raises(synvec.UnsupportedFormatError, match="expected arrays alone; nothing was"):
        load(file.getvalue())


def test_a_link_in_an_archive() -> None:
    file = io.BytesIO(archive(**GOOD))
    with zipfile.ZipFile(file, "a") as out:
        link = zipfile.ZipInfo("link.npy")
        link.external_attr = 0o120777 << 16
        out.writestr(link, b"/etc/passwd")
    with pytest.raises(synvec.UnsupportedFormatError, match=r"holds 'link.npy'"):
        load(file.getvalue())


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize(
    ("members", "error", "message"),
    [
        ({"keys": GOOD["keys"]}, synvec.UnsupportedFormatError, "has the arrays keys, expected"),
        (
            GOOD | {"vectors": b"x"},
            synvec.TruncatedFileError,
            "vectors.npy .NumPy archive.: the ma",
        ),
        (GOOD | {"vectors": array(VECTORS[:9])}, synvec.HeaderError, "9 vectors and more keys"),
        (GOOD | {"keys": array(np.arange(10))}, synvec.UnsupportedFormatError, "a list of text"),
        (GOOD | {"keys": array(np.array([KEYS]))}, synvec.UnsupportedFormatError, "a list of text"),
        (
            GOOD | {"keys": array(np.array(KEYS, object), allow_pickle=True)},
            synvec.UnsafePickleError,
            "pickle",
        ),
        (GOOD | {"keys": array(np.array([b"\xff"] * 10))}, synvec.EncodingError, "not text"),
        (GOOD | {"keys": array(np.zeros(10, "<U0"))}, synvec.EncodingError, "empty|no length"),
        (
            GOOD | {"keys": array(np.full(10, 0x110000, "<u4")).replace(b"<u4", b"<U1")},
            synvec.EncodingError,
            "not text",
        ),
        (
            GOOD | {"keys": array(np.full(10, 0xD800, "<u4")).replace(b"<u4", b"<U1")},
            synvec.EncodingError,
            "surrogate|not text",
        ),
        (GOOD | {"counts": array(np.arange(9))}, synvec.HeaderError, "expected 10 integers"),
        (GOOD | {"counts": array(np.ones(10))}, synvec.HeaderError, "expected 10 integers"),
        (GOOD | {"counts": array(np.arange(10) - 1)}, synvec.HeaderError, "the count -1"),
    ],
)
def test_members_that_are_wrong(
    members: dict[str, bytes], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        load(archive(**members))


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_member_that_is_there_twice() -> None:
    file = io.BytesIO(archive(**GOOD))
    with zipfile.ZipFile(file, "a") as out:
        out.writestr("keys.npy", GOOD["keys"])
    with pytest.raises(synvec.HeaderError, match="3 members with 2 names"):
        load(file.getvalue())


def test_long_words_meet_the_limit() -> None:
    with pytest.raises(synvec.LimitError, match="max_key_bytes = 3"):
        load(archive(**GOOD), limits=synvec.Limits(max_key_bytes=3))


def test_a_bomb(tmp_path: Path) -> None:
    # 300 MB of zeros in 300 kB.
    path = tmp_path / "bomb.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        with out.open("vectors.npy", "w") as member:
            member.write(array(np.zeros((0, 300), np.float32)).replace(b"(0, ", b"(250000, "))
            for _ in range(300):
                member.write(bytes(1_000_000))
        out.writestr("keys.npy", GOOD["keys"])
    with pytest.raises(synvec.LimitError, match="max_expansion_ratio = 200"):
        formats.load(path)
    assert megabytes_to_refuse(path) < 100
    with pytest.raises(synvec.LimitError, match="max_decompressed_bytes = 100"):
        formats.load(path, limits=synvec.Limits(max_decompressed_bytes=100))


def patched(data: bytes, old: bytes, new: bytes) -> bytes:
    assert data.count(old) >= 1
    return data.replace(old, new)


def test_archives_that_lie() -> None:
    whole = archive(**GOOD)
    for change, error in [
        # The checksum of a member, in the list at the end.
        (lambda at: (at + 16, b"\0\0\0\0"), synvec.ChecksumError),
        # Its method: one that there isn't; a flag that asks for a password.
        (lambda at: (at + 10, b"\x63\0"), synvec.UnsupportedFormatError),
        (lambda at: (at + 8, b"\x01\0"), synvec.UnsupportedFormatError),
        # Its size, four gigabytes.
        (lambda at: (at + 24, b"\xfe\xff\xff\xff"), synvec.HeaderError),
    ]:
        place, new = change(whole.rindex(b"PK\x01\x02"))
        with pytest.raises(error):
            load(whole[:place] + new + whole[place + len(new) :])
    with pytest.raises(synvec.HeaderError, match="is cut or damaged"):
        load(whole[:-22])


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA])
def test_cut_anywhere_and_turned_anywhere(method: int) -> None:
    read: Callable[[bytes], object] = lambda data: formats.load(io.BytesIO(data), format="npz")  # noqa: E731
    whole = archive(method, **GOOD)
    assert is_golden(load(whole))
    check_prefixes_err(read, whole, most=200)
    for data in flipped(whole, times=400):
        check_survives(read, data)


def test_a_matrix_cut_anywhere_and_turned_anywhere() -> None:
    read: Callable[[bytes], object] = lambda data: formats.load(  # noqa: E731
        io.BytesIO(data), format="numpy", keys=KEYS
    )
    whole = array(VECTORS)
    check_prefixes_err(read, whole)
    for data in flipped(whole[:200], times=400):
        check_survives(read, data + whole[200:])
