"""What formats of Python's rooms have in common: no words, the first rows, saves that fail."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import synvec
from synvec import KeyedVectors, formats
from tests.golden import COUNTS, KEYS, VECTORS, golden, is_golden

# A format that is written, and the name of a file of it.
FORMATS = [
    ("model2vec", "model"),
    ("static-embedding", "model"),
    ("numpy", "a.npy"),
    ("npz", "a.npz"),
    ("parquet", "a.parquet"),
    ("arrow", "a.arrow"),
    ("projector", "a_tensor.tsv"),
    ("finalfusion", "a.fifu"),
]


@pytest.fixture(params=FORMATS, ids=[name for name, _ in FORMATS])
def format(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Any, Path]:
    name, file = request.param
    if name in ("parquet", "arrow"):
        pytest.importorskip("pyarrow")
    return name, tmp_path / file


def load(path: Path, **options: Any) -> KeyedVectors:
    return formats.vectors_of(formats.load(path, **options))


def test_no_words_at_all(format: tuple[Any, Path]) -> None:
    name, path = format
    formats.save(KeyedVectors.from_arrays([], np.empty((0, 3))), path, format=name)
    if name == "projector":  # a text of no lines tells no size
        with pytest.raises(synvec.HeaderError, match="file is empty"):
            load(path, format=name)
    else:
        empty = load(path, format=name)
        assert (len(empty), empty.vector_size) == (0, 3)


def test_the_first_rows(format: tuple[Any, Path]) -> None:
    name, path = format
    formats.save(golden(), path, format=name)
    for limit in (0, 1, 9, 10, 11, 10**12):
        found = load(path, limit=limit)
        assert found.index_to_key == KEYS[:limit]
        np.testing.assert_allclose(found.vectors, VECTORS[:limit], rtol=3e-7)
        assert found.vector_size == 6
    with pytest.raises(ValueError, match="limit is -1, expected 0 or more rows"):
        load(path, limit=-1)


def test_counts_are_kept_or_absent(format: tuple[Any, Path]) -> None:
    name, path = format
    formats.save(golden(), path, format=name)
    counts = load(path).counts
    if name in ("npz", "parquet", "arrow"):
        assert counts is not None
        assert counts.tolist() == COUNTS
    else:
        assert counts is None


def test_infinite_numbers(format: tuple[Any, Path]) -> None:
    name, path = format
    bad = KeyedVectors.from_arrays(["a", "b"], [[1, 2], [3, np.inf]])
    with pytest.raises(synvec.NonFiniteError, match=r"'b' .row 1, column 1"):
        formats.save(bad, path, format=name)
    assert not list(path.parent.iterdir())
    if name == "finalfusion":
        return  # a direction of an infinite vector is no number
    formats.save(bad, path, format=name, allow_nonfinite=True)
    with pytest.raises(synvec.NonFiniteError, match="allow_nonfinite=True"):
        load(path)
    assert np.isinf(load(path, allow_nonfinite=True).vectors[1, 1])


def test_a_save_that_fails_leaves_the_old_one(
    format: tuple[Any, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    name, path = format
    formats.save(golden(), path, format=name)
    before = sorted(path.parent.rglob("*"))
    other = KeyedVectors.from_arrays(KEYS, VECTORS * 2)
    write, calls = synvec._core.write_blocks, 0

    def failing(target: Any, blocks: Any) -> None:
        nonlocal calls
        calls += 1
        if calls == wanted:
            first = next(iter(blocks))

            def cut() -> Any:
                yield first
                raise OSError(28, "No space left on device", str(target))

            blocks = cut()
        write(target, blocks)

    monkeypatch.setattr("synvec._core.write_blocks", failing)
    for wanted in range(1, 8):
        calls = 0
        try:
            formats.save(other, path, format=name)
        except OSError as error:
            assert error.errno == 28
        else:
            assert calls < wanted
            return
        assert sorted(path.parent.rglob("*")) == before
        found = load(path)
        assert found.index_to_key == KEYS
        np.testing.assert_allclose(found.vectors, VECTORS, rtol=3e-7)
    pytest.fail("every one of seven writes failed")


def test_a_rename_that_fails_leaves_the_old_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "model"
    formats.save(golden(), path, format="model2vec")
    rename, failed = Path.rename, False

    def failing(source: Path, target: Path) -> Path:
        nonlocal failed
        if target == path and not failed:
            failed = True
            raise OSError(5, "Input/output error", str(target))
        return rename(source, target)

    monkeypatch.setattr(Path, "rename", failing)
    with pytest.raises(OSError, match="Input/output error"):
        formats.save(KeyedVectors.from_arrays(["a"], [[1]]), path, format="model2vec")
    assert is_golden(load(path))
    assert [file.name for file in tmp_path.iterdir()] == ["model"]
