"""synvec's own file: what is saved is opened, and nothing is written over."""

import gzip
import io
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as stn
from safetensors.numpy import load_file

import synvec
from synvec._core import KeyTable
from synvec.formats import open_native, save_native, sniff, verify

KEYS = ["socket", "year", "ß\u2028\u00a0x"]
VECTORS = np.arange(12, dtype=np.float32).reshape(3, 4) / 8


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "a.kv"
    save_native(file, KeyTable(KEYS), VECTORS, counts=np.array([5, 3, 1]))
    return file


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), keys=st.lists(texts, unique=True, max_size=20))
def test_what_is_saved_is_opened(tmp_path: Path, data: st.DataObject, keys: list[str]) -> None:
    size = data.draw(st.integers(1, 9))
    finite = st.floats(width=32, allow_nan=False, allow_infinity=False)
    vectors = data.draw(stn.arrays(np.float32, (len(keys), size), elements=finite))
    save_native(tmp_path / "b.kv", KeyTable(keys), vectors)
    parts = open_native(tmp_path / "b.kv")
    assert parts.keys.keys() == keys
    assert parts.keys.indices(keys).tolist() == list(range(len(keys)))
    assert parts.vectors.tobytes() == vectors.tobytes()
    assert parts.vectors.shape == vectors.shape
    expected = np.sqrt((vectors.astype(np.float64) ** 2).sum(1))
    with np.errstate(over="ignore"):  # a length may be too large for the type of its vector
        np.testing.assert_allclose(parts.norms, expected.astype(np.float32), rtol=1e-6)
    assert (parts.counts, parts.output_vectors, parts.config) == (None, None, None)


def test_a_full_model_comes_back(tmp_path: Path) -> None:
    config = {"vector_size": 4, "name": 'ß "quoted" \\', "alpha": 0.025, "history": [{"epoch": 1}]}
    save_native(
        tmp_path / "m.kv",
        KeyTable(KEYS),
        VECTORS,
        counts=np.array([5, 3, 1], dtype=np.uint64),
        norms=np.array([1, 2, 3], dtype=np.float32),
        output_vectors=VECTORS + 1,
        output_nodes=VECTORS + 2,
        config=config,
    )
    parts = open_native(tmp_path / "m.kv")
    assert parts.config == config
    assert parts.counts is not None and parts.counts.tolist() == [5, 3, 1]
    assert parts.norms.tolist() == [1, 2, 3]
    assert parts.output_vectors is not None and parts.output_nodes is not None
    assert (parts.output_vectors == VECTORS + 1).all()
    assert (parts.output_nodes == VECTORS + 2).all()
    assert parts.path == tmp_path / "m.kv"


def test_the_safetensors_package_opens_it(path: Path) -> None:
    tensors = load_file(path)
    assert (tensors["vectors"] == VECTORS).all()
    assert tensors["counts"].tolist() == [5, 3, 1]
    assert tensors["key_bytes"].tobytes().decode() == "".join(KEYS)
    assert tensors["key_offsets"].dtype == np.uint64


def test_the_same_store_gives_the_same_bytes(path: Path, tmp_path: Path) -> None:
    parts = open_native(path)
    save_native(tmp_path / "b.kv", parts.keys, parts.vectors, counts=parts.counts)
    assert (tmp_path / "b.kv").read_bytes() == path.read_bytes()


def test_writing_to_the_arrays_leaves_the_file(path: Path) -> None:
    before = path.read_bytes()
    parts = open_native(path)
    parts.vectors[:] = 7
    parts.norms[0] = 7
    del parts
    assert path.read_bytes() == before
    assert (open_native(path).vectors == VECTORS).all()


def test_a_read_only_map_cannot_be_written_to(path: Path) -> None:
    parts = open_native(path, mmap="r")
    with pytest.raises(ValueError, match="read-only"):
        parts.vectors[0, 0] = 1
    with pytest.raises(ValueError, match="WRITEABLE"):
        parts.vectors.flags.writeable = True
    with pytest.raises(ValueError, match="mmap is 'r\\+'"):
        open_native(path, mmap="r+")  # type: ignore[arg-type]


def test_arrays_outlive_everything_else(path: Path) -> None:
    row = open_native(path).vectors[1]
    path.unlink()
    assert (row == VECTORS[1]).all()


def test_saving_over_an_open_file(path: Path) -> None:
    parts = open_native(path, mmap="r")
    save_native(path, parts.keys, parts.vectors * 2)
    assert (parts.vectors == VECTORS).all()
    assert (open_native(path).vectors == VECTORS * 2).all()


def test_a_table_from_a_file_can_grow(path: Path) -> None:
    keys = open_native(path).keys
    assert keys.extend(["new", "year"]).tolist() == [3, 1]
    assert keys.keys() == [*KEYS, "new"]
    assert open_native(path).keys.keys() == KEYS


def test_a_failed_save_leaves_the_old_file(path: Path) -> None:
    before = path.read_bytes()
    bad = VECTORS.copy()
    bad[1, 2] = np.inf
    with pytest.raises(synvec.NonFiniteError, match=r"'?\"year\" \(row 1, column 2\) is inf"):
        save_native(path, KeyTable(KEYS), bad)
    with pytest.raises(ValueError, match="expected 12 for 3 keys"):
        save_native(path, KeyTable(KEYS), VECTORS[:2])
    with pytest.raises(ValueError, match="C-contiguous"):
        save_native(path, KeyTable(KEYS), VECTORS[:, ::2])
    with pytest.raises(TypeError):
        save_native(path, KeyTable(KEYS), VECTORS.astype(np.float64))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="counts"):
        save_native(path, KeyTable(KEYS), VECTORS, counts=np.array([1, 2, -1]))
    with pytest.raises(ValueError, match="JSON"):
        save_native(path, KeyTable(KEYS), VECTORS, config={"alpha": float("nan")})
    assert path.read_bytes() == before
    assert [file.name for file in path.parent.iterdir()] == ["a.kv"]


def test_nan_on_request(tmp_path: Path) -> None:
    bad = VECTORS.copy()
    bad[1, 2] = np.nan
    save_native(tmp_path / "b.kv", KeyTable(KEYS), bad, allow_nonfinite=True)
    assert np.isnan(open_native(tmp_path / "b.kv").vectors[1, 2])
    verify(tmp_path / "b.kv")


def test_streams_both_ways(path: Path) -> None:
    out = io.BytesIO()
    save_native(out, KeyTable(KEYS), VECTORS, counts=np.array([5, 3, 1]))
    assert out.getvalue() == path.read_bytes()
    out.seek(0)
    parts = open_native(out)
    assert (parts.vectors == VECTORS).all()
    assert parts.path is None
    parts.vectors[0] = 1


def test_compressed(tmp_path: Path, path: Path) -> None:
    save_native(tmp_path / "b.kv.gz", KeyTable(KEYS), VECTORS, counts=np.array([5, 3, 1]))
    packed = (tmp_path / "b.kv.gz").read_bytes()
    assert gzip.decompress(packed) == path.read_bytes()
    assert sniff(tmp_path / "b.kv.gz") == "native"
    assert open_native(tmp_path / "b.kv.gz").keys.keys() == KEYS


@pytest.mark.skipif(sys.platform == "win32", reason="no such names there")
def test_a_pipe_is_written_to_directly(path: Path) -> None:
    code = (
        "import numpy as np; from synvec._core import KeyTable; from synvec.formats import *;"
        "save_native('/dev/stdout', KeyTable(['a']), np.ones((1, 2), np.float32))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout
    assert open_native(io.BytesIO(out)).keys.keys() == ["a"]


def test_a_link_is_followed_and_a_mode_kept(path: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.kv"
    try:
        link.symlink_to(path.name)
    except OSError:
        pytest.skip("no symbolic links here")
    path.chmod(0o640)
    save_native(link, KeyTable(["new"]), VECTORS[:1])
    assert link.is_symlink()
    assert open_native(path).keys.keys() == ["new"]
    if sys.platform != "win32":
        assert path.stat().st_mode & 0o777 == 0o640


def test_what_the_system_refuses(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="missing"):
        open_native(tmp_path / "missing.kv")
    with pytest.raises(OSError, match=tmp_path.name):
        open_native(tmp_path)
    with pytest.raises(FileNotFoundError, match="missing"):
        save_native(tmp_path / "missing" / "a.kv", KeyTable(KEYS), VECTORS)
    with pytest.raises(TypeError, match="path or a binary file object"):
        open_native(3)  # type: ignore[arg-type]


def test_a_large_file_is_verified_on_request_only(tmp_path: Path) -> None:
    path = tmp_path / "large.kv"
    save_native(path, KeyTable(["a", "b"]), np.ones((2, 9_000_000), np.float32))
    limits = synvec.Limits(max_vector_size=9_000_000)
    verify(path, limits=limits)
    with path.open("r+b") as file:
        file.seek(40_000_000)
        file.write(b"\x01")
    open_native(path, limits=limits)
    with pytest.raises(synvec.ChecksumError, match="vectors does not match its checksum"):
        verify(path, limits=limits)
    with pytest.raises(synvec.LimitError, match=r"limits=synvec.Limits\(max_vector_size="):
        open_native(path)


def test_what_a_stream_raises_comes_through(path: Path) -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            raise RuntimeError("the line is dead")

        def write(self, data: object, /) -> int:
            raise RuntimeError("the line is dead")

    with pytest.raises(RuntimeError, match="the line is dead"):
        open_native(Broken())
    with pytest.raises(RuntimeError, match="the line is dead"):
        save_native(Broken(), KeyTable(KEYS), VECTORS)
    with pytest.raises(TypeError, match="rb"):
        open_native(io.StringIO("text"))  # type: ignore[arg-type]


def test_opening_warns_of_nothing(path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        verify(path)
        open_native(path)
