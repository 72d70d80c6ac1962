"""What the server serves is its own: files may change under it as they like."""

import gzip
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from serving import WORDS, vectors
from synvec import ChecksumError, KeyedVectors, TruncatedFileError, Word2Vec, formats
from synvec.server import holding
from synvec.server.holding import ChangedFileError, Held, Stamp, hold, path_of

pytestmark = pytest.mark.skipif(os.name != "posix", reason="serve runs on POSIX systems")

KV = vectors(300)


@pytest.fixture
def path(tmp_path: Path) -> str:
    KV.save(tmp_path / "words.kv")
    return str(tmp_path / "words.kv")


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def opened(held: Held) -> KeyedVectors:
    return formats.vectors_of(formats.load(path_of(held.file), mmap="r"))


def test_a_native_file_is_copied_byte_for_byte(path: str) -> None:
    held = hold(path)
    assert Path(path_of(held.file)).read_bytes() == Path(path).read_bytes()
    assert held.size == Path(path).stat().st_size
    assert held.stamp == Stamp.of(path)
    held.close()


def test_the_copy_is_nobody_elses(path: str) -> None:
    held = hold(path)
    kv = opened(held)
    expected = KV.most_similar("tea")
    Path(path).write_bytes(b"")
    assert kv.most_similar("tea") == expected
    for size in (10, held.size + 10):
        with pytest.raises(OSError):
            os.ftruncate(held.file, size)
    with pytest.raises(OSError):
        os.pwrite(held.file, b"x", 0)
    held.close()
    assert kv.most_similar("tea") == expected  # the mapping outlives the descriptor


@pytest.mark.parametrize("ending", ["txt", "bin", "vec.gz", "npz"])
def test_other_formats_are_laid_out(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"words.{ending}"
    formats.save(KV, path)
    held = hold(str(path))
    kv = opened(held)
    assert list(kv.index_to_key) == list(KV.index_to_key)
    assert np.allclose(kv.vectors, KV.vectors, atol=1e-6)
    held.close()


def test_a_compressed_native_file_is_laid_out_once(path: str) -> None:
    packed = f"{path}.gz"
    Path(packed).write_bytes(gzip.compress(Path(path).read_bytes()))
    held = hold(packed)
    assert Path(path_of(held.file)).read_bytes()[8:9] == b"{"
    assert np.array_equal(opened(held).vectors, KV.vectors)
    held.close()


def test_of_a_full_model_the_vectors_alone(tmp_path: Path) -> None:
    model = Word2Vec([WORDS] * 20, vector_size=50, min_count=1, workers=1)
    path = tmp_path / "model.kv"
    model.save(path)
    before = open_files()
    held, mapped = hold(str(path)), hold(str(path), "map")
    assert open_files() == before + 2, "the copy of the whole model is let go"
    assert held.size < mapped.size == path.stat().st_size
    assert np.array_equal(opened(held).vectors, model.wv.vectors)
    assert np.array_equal(opened(mapped).vectors, model.wv.vectors)
    held.close()
    mapped.close()


def test_map_is_the_file_itself(path: str) -> None:
    held = hold(path, "map")
    assert os.fstat(held.file).st_ino == Path(path).stat().st_ino
    held.close()


def test_what_is_mapped_is_known_by_itself_not_by_what_was_there_before(
    path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    really = os.open

    def replace_first(opened: str, flags: int) -> int:
        KV.save(path)  # by renaming a new file over it
        return really(opened, flags)

    monkeypatch.setattr(holding.os, "open", replace_first)
    held = hold(path, "map")
    monkeypatch.undo()
    assert held.stamp == Stamp.of_open(held.file) == Stamp.of(path)
    held.close()


@pytest.mark.parametrize("how", ["memory", "map"])
def test_a_damaged_file_is_refused_by_its_own_name(path: str, how: holding.Hold) -> None:
    whole = Path(path).read_bytes()
    before = open_files()
    for content, error in (
        (whole[:-100], TruncatedFileError),
        (whole[:40], TruncatedFileError),
        (whole[:-100] + b"\1" + whole[-99:], ChecksumError),
    ):
        Path(path).write_bytes(content)
        with pytest.raises(error) as found:
            hold(path, how, verify=True)
        assert path in str(found.value)
        assert "/proc/" not in str(found.value)
    assert open_files() == before


def test_a_file_that_is_written_to_meanwhile_is_refused(
    path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sendfile = os.sendfile

    def slow(out: int, source: int, offset: int, count: int) -> int:
        with Path(path).open("r+b") as file:
            file.seek(-1, os.SEEK_END)
            file.write(b"!")
        return sendfile(out, source, offset, count)

    monkeypatch.setattr(os, "sendfile", slow)
    with pytest.raises(ChangedFileError, match="write a new file and rename it"):
        hold(path)


def test_a_file_that_shrinks_meanwhile_is_refused(
    path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sendfile = os.sendfile

    def slow(out: int, source: int, offset: int, count: int) -> int:
        os.truncate(path, 1000)
        return sendfile(out, source, offset, count)

    monkeypatch.setattr(os, "sendfile", slow)
    with pytest.raises(ChangedFileError):
        hold(path)


def test_no_room_is_said_beforehand(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    size = Path(path).stat().st_size
    for available in (1000, size + holding.SPARE_BYTES - 1):
        monkeypatch.setattr(
            holding, "available_memory", lambda count=available: (count, "so the test says")
        )
        with pytest.raises(MemoryError, match="--hold map"):
            hold(path)
        hold(path, "map").close()
    monkeypatch.setattr(holding, "available_memory", lambda: (size + holding.SPARE_BYTES, "enough"))
    hold(path).close()


@pytest.fixture(autouse=True)
def on_linux() -> Iterator[None]:
    if not hasattr(os, "memfd_create"):
        pytest.skip("files in memory are Linux's")
    yield
