"""Files beside a gensim pickle that are missing, cut, of another model, or somewhere else."""

import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import synvec
from synvec import KeyedVectors
from tests import gensim_files as files
from tests.golden import VECTORS, is_golden
from tests.hostile import check_survives, flipped
from tests.test_formats_gensim_hostile import GOLDEN


@pytest.fixture(params=["keyedvectors-4.4-npy", "keyedvectors-4.4-npz.gz"])
def beside(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, Path]:
    """A store, and the file beside it."""
    for file in GOLDEN.glob(f"{request.param}*"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    path = tmp_path / request.param
    companion = next(tmp_path.glob(f"{request.param}.vectors.*"))
    assert is_golden(KeyedVectors.load(path), counts=True)
    return path, companion


def test_a_missing_companion_is_named(beside: tuple[Path, Path]) -> None:
    path, companion = beside
    companion.unlink()
    with pytest.raises(synvec.TruncatedFileError, match=r"\.vectors\.np[yz]: missing"):
        KeyedVectors.load(path)
    companion.mkdir()
    with pytest.raises(synvec.TruncatedFileError, match="missing"):
        KeyedVectors.load(path)


def test_a_companion_that_is_not_whole(beside: tuple[Path, Path]) -> None:
    path, companion = beside
    whole = companion.read_bytes()
    for end in range(len(whole)):
        companion.write_bytes(whole[:end])
        with pytest.raises(synvec.FormatError, match=companion.name):
            KeyedVectors.load(path)
    companion.write_bytes(whole + b"\0")
    if companion.suffix == ".npy":
        with pytest.raises(synvec.HeaderError, match=r"368 bytes hold .* 369 are there"):
            KeyedVectors.load(path)


def test_turned_bits_in_a_companion(beside: tuple[Path, Path]) -> None:
    path, companion = beside
    for data in flipped(companion.read_bytes(), times=300):
        companion.write_bytes(data)
        check_survives(lambda _: KeyedVectors.load(path), b"")


def put(companion: Path, data: bytes) -> None:
    """Write a companion, as it is or in an archive."""
    if companion.suffix == ".npy":
        companion.write_bytes(data)
    else:
        with zipfile.ZipFile(companion, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("val.npy", data)


def npy(array: np.ndarray) -> bytes:
    out = io.BytesIO()
    np.save(out, array)
    return out.getvalue()


@pytest.mark.parametrize(
    ("data", "match"),
    [
        (npy(VECTORS[:9]), r"shape \(9, 6\), expected \(10, D\)"),
        (npy(VECTORS[0]), r"shape \(6,\)"),
        (npy(VECTORS.astype(int)), "expected floats"),
        (npy(VECTORS).replace(b"(10, 6)", b"(99, 6)"), "are needed"),
        (npy(VECTORS).replace(b"(10, 6), }" + b" " * 11, b"(1000000000000, 6), }"), "are needed"),
        (npy(VECTORS).replace(b"(10, 6)", b"(-1, 6)"), "expected the header"),
        (npy(VECTORS).replace(b"<f4", b"|O8"), "expected the header"),
        (npy(VECTORS).replace(b"<f4", b"<V4"), "expected the header"),
        (npy(VECTORS).replace(b"False", b"0    "), "expected the header"),
        (npy(VECTORS).replace(b"NUMPY\x01", b"NUMPY\x03"), "expected the header"),
        (b"not an array at all", "expected the header"),
    ],
)
def test_companions_that_do_not_belong(beside: tuple[Path, Path], data: bytes, match: str) -> None:
    path, companion = beside
    put(companion, data)
    with pytest.raises(synvec.FormatError, match=match) as caught:
        KeyedVectors.load(path)
    assert companion.name in str(caught.value)


@pytest.mark.parametrize(
    "name",
    ["/../outside", "../outside", "a/b", "..", ".", "", "a\\b", "/etc/passwd", "a\0b", "é" * 9, 7],
)
@pytest.mark.parametrize("key", ["__numpys", "__recursive_saveloads"])
def test_no_file_elsewhere_is_opened(name: Any, key: str, tmp_path: Path) -> None:
    store = files.store_4(**{key: [name], str(name): files.store_4()})
    (tmp_path / "kv").write_bytes(files.dumps(store))
    with pytest.raises(synvec.UnsafePickleError, match="nothing was opened"):
        KeyedVectors.load(tmp_path / "kv")


def test_a_ring_of_attributes(tmp_path: Path) -> None:
    store = files.store_4(**{"__recursive_saveloads": ["me"]})
    store.me = store
    (tmp_path / "kv").write_bytes(files.dumps(store))
    with pytest.raises(synvec.HeaderError, match="ring"):
        KeyedVectors.load(tmp_path / "kv")


def test_a_stream_has_nothing_beside_it() -> None:
    data = (GOLDEN / "keyedvectors-4.4-npy").read_bytes()
    with pytest.raises(synvec.UnsupportedFormatError, match="open it by its path"):
        KeyedVectors.load(io.BytesIO(data))


def test_an_archive_that_unfolds_to_too_much(tmp_path: Path) -> None:
    for file in GOLDEN.glob("keyedvectors-4.4-npz*"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    companion = tmp_path / "keyedvectors-4.4-npz.gz.vectors.npz"
    with (
        zipfile.ZipFile(companion, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("val.npy", "w", force_zip64=True) as member,
    ):
        for _ in range(300):
            member.write(bytes(1 << 20))
    with pytest.raises(synvec.LimitError, match="max_expansion_ratio"):
        KeyedVectors.load(tmp_path / "keyedvectors-4.4-npz.gz")
