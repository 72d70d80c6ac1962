"""URLs: read as streams, written whole. fsspec's own memory stands for what is far away."""

import io
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

import synvec
from synvec import KeyedVectors, formats
from synvec.cli.app import synvec as command
from synvec.formats.sources import is_url
from tests.golden import KEYS, golden, is_golden

fsspec = pytest.importorskip("fsspec")


def files(place: str) -> list[str]:
    name = place.removeprefix("memory:/")
    return [path.removeprefix(name + "/") for path in fsspec.filesystem("memory").find(name)]


def load(source: Any, **options: Any) -> KeyedVectors:
    return formats.vectors_of(formats.load(source, **options))


@pytest.mark.parametrize("name", ["a.kv", "a.vec", "a.bin.gz", "a.npz", "deep/er/a.txt.zst"])
def test_what_is_written_comes_back(place: str, name: str) -> None:
    formats.save(golden(), f"{place}/{name}")
    assert files(place) == [name]
    assert is_golden(load(f"{place}/{name}"))
    assert formats.sniff(f"{place}/{name}") == formats.format_of_ending(name)


def test_methods_of_gensim(place: str) -> None:
    golden().save(f"{place}/a.kv")
    assert is_golden(KeyedVectors.load(f"{place}/a.kv"), counts=True)
    formats.verify(f"{place}/a.kv")
    golden().save_word2vec_format(f"{place}/a.bin", binary=True)
    assert is_golden(KeyedVectors.load_word2vec_format(f"{place}/a.bin", binary=True))
    with pytest.raises(ValueError, match="cannot be appended to"):
        golden().save_word2vec_format(f"{place}/a.bin", binary=True, append=True)


def test_folders_and_pairs_of_files_are_written(place: str) -> None:
    formats.save(golden(), f"{place}/model", format="model2vec")
    assert "model/tokenizer.json" in files(place)
    formats.save(golden(), f"{place}/b.npy")
    assert {"b.npy", "b.keys.txt"} <= set(files(place))
    assert is_golden(load(f"{place}/b.npy", keys=KEYS))
    with pytest.raises(IsADirectoryError):
        formats.save(golden(), f"{place}/", format="glove")


def test_what_cannot_be_written_leaves_what_was_there(place: str) -> None:
    formats.save(golden(), f"{place}/a.vec")
    bad = KeyedVectors.from_arrays(["a"], [[np.nan]])
    with pytest.raises(synvec.NonFiniteError):
        formats.save(bad, f"{place}/a.vec")
    assert is_golden(load(f"{place}/a.vec"))
    assert files(place) == ["a.vec"]


def test_a_connection_that_breaks(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    formats.save(golden(), f"{place}/a.vec")

    class Broken(io.RawIOBase):
        def read(self, size: int = -1) -> bytes:
            raise RuntimeError("the connection was reset\nlong ago")

    memory = type(fsspec.filesystem("memory"))
    monkeypatch.setattr(memory, "_open", lambda *_, **__: Broken())
    with pytest.raises(OSError, match=r"memory://.*/a.vec: the connection was reset$"):
        load(f"{place}/a.vec")


def test_errors_are_those_of_the_system(place: str) -> None:
    with pytest.raises(FileNotFoundError) as raised:
        load(f"{place}/absent.vec")
    assert raised.value.filename == f"{place}/absent.vec"
    with pytest.raises(OSError, match=r"nowhere://a\.vec: Protocol not known"):
        load("nowhere://a.vec")
    with fsspec.open(f"{place}/a.vec", "wb") as file:
        file.write(b"2 2\na 1 2\n")
    with pytest.raises(synvec.TruncatedFileError, match=rf"{place}/a.vec \(word2vec text\)"):
        load(f"{place}/a.vec")


def test_without_fsspec(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fsspec.core", None)
    with pytest.raises(ImportError, match=r"needs fsspec.core: pip install synvec\[remote\]"):
        load("memory://a.vec")
    with pytest.raises(ImportError, match=r"pip install synvec\[remote\]"):
        formats.save(golden(), "memory://a.vec")


def test_files_of_this_machine(tmp_path: Path) -> None:
    url = (tmp_path / "a b.kv").as_uri()
    formats.save(golden(), url)
    assert (tmp_path / "a b.kv").is_file()
    assert is_golden(load(url, mmap="r"), counts=True)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("s3://bucket/a.kv", True),
        ("git+https://host/a.kv", True),
        ("C://a.kv", False),
        ("C:\\a.kv", False),
        ("/a/b.kv", False),
        ("a://b.kv", False),
        ("folder/x://y", False),
        ("://", False),
        ("", False),
    ],
)
def test_what_is_a_url(path: str, expected: bool) -> None:
    assert is_url(path) is expected


def test_on_the_command_line(place: str, tmp_path: Path) -> None:
    formats.save(golden(), f"{place}/a.vec")
    run = CliRunner().invoke(command, ["info", f"{place}/a.vec"])
    assert (run.exit_code, "word2vec-text" in run.output) == (0, True)
    run = CliRunner().invoke(command, ["convert", f"{place}/a.vec", f"{place}/b.kv"])
    assert run.exit_code == 0
    assert is_golden(load(f"{place}/b.kv"))
    run = CliRunner().invoke(command, ["convert", f"{place}/none.vec", str(tmp_path / "c.kv")])
    assert run.exit_code == 1
    assert f"synvec: {place}/none.vec: No such file" in run.output
