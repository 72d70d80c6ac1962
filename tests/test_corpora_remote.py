"""Corpora at URLs. fsspec's own memory stands for what is far away."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from synvec import FormatError, LineSentence, Phrases, Text8Corpus, Word2Vec, scan
from synvec.cli.app import synvec as command
from synvec.paths import files_of

fsspec = pytest.importorskip("fsspec")

TEXT = "the cat sat\n\nthe dog\nein Hund, naïve\n" * 30


def put(url: str, content: bytes | str) -> str:
    with fsspec.open(url, "wb") as file:
        file.write(content.encode() if isinstance(content, str) else content)
    return url


def read(corpus: Any = None, **settings: Any) -> tuple[list[str], list[int], int]:
    scanned = scan(corpus, **settings)
    return scanned.keys.keys(), scanned.encode(scanned.keys).ids.tolist(), scanned.sentences


EXPECTED = read([line.split() for line in TEXT.splitlines()])


@pytest.mark.parametrize("compress", [bytes, gzip.compress, bz2.compress, lzma.compress])
def test_a_url_is_read_like_a_path(place: str, compress: Callable[[bytes], bytes]) -> None:
    url = put(f"{place}/text", compress(TEXT.encode()))
    assert read(corpus_file=url) == EXPECTED
    assert read(LineSentence(url)) == EXPECTED
    assert read(corpus_file=url, tokenize=str.split) == EXPECTED
    assert list(LineSentence(url)) == [line.split() for line in TEXT.splitlines() if line]
    assert list(Text8Corpus(url)) == [TEXT.split()]


def test_folders_and_patterns(place: str) -> None:
    urls = [put(f"{place}/{name}", f"{name}\n") for name in ("b.txt", "a.txt", "c.md", "d/e.txt")]
    names = [url.replace("memory://", "memory:///") for url in urls]  # as fsspec has them
    assert files_of(f"{place}/*.txt") == sorted(names[:2])
    assert files_of(f"{place}/") == sorted(names[:3])
    assert files_of([urls[2], f"{place}/d/"]) == [urls[2], names[3]]
    assert read(corpus_file=f"{place}/**/*.txt")[0] == ["a.txt", "b.txt", "d/e.txt"]
    assert read(corpus_file=f"{place}/")[0] == ["a.txt", "b.txt", "c.md"]


def test_several_texts_by_several_threads(place: str) -> None:
    urls = [put(f"{place}/{number:03}", TEXT) for number in range(20)]
    whole = read([line.split() for line in (TEXT * 20).splitlines()])
    assert read(corpus_file=urls, workers=4) == whole


def test_a_file_of_this_machine(tmp_path: Path) -> None:
    path = tmp_path / "a b"
    path.write_text(TEXT, encoding="utf-8")
    assert read(corpus_file=path.as_uri()) == EXPECTED
    assert read(LineSentence(path.as_uri())) == EXPECTED
    assert files_of(tmp_path.as_uri()) == [str(path)]


def test_tables(place: str) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    table = pyarrow.table({"id": range(120), "text": TEXT.splitlines()})
    file = io.BytesIO()
    pytest.importorskip("pyarrow.parquet").write_table(table, file, row_group_size=50)
    url = put(f"{place}/a.parquet", file.getvalue())
    assert read(corpus_file=url, column="text") == EXPECTED
    with pytest.raises(ValueError, match=r"a.parquet has no column 'x'; it has id \(int64\)"):
        scan(corpus_file=url, column="x")
    put(url, file.getvalue()[:-20])
    with pytest.raises(FormatError, match=r"a.parquet \(Parquet\): is cut or damaged"):
        scan(corpus_file=url)


def test_a_table_on_a_server_that_gives_it_from_its_beginning_alone(
    place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    file = io.BytesIO()
    table = pyarrow.table({"text": TEXT.splitlines()})
    pytest.importorskip("pyarrow.parquet").write_table(table, file)

    class Stream(io.BytesIO):
        def seekable(self) -> bool:
            return False

        def seek(self, *_: object) -> int:
            raise io.UnsupportedOperation("no")

    memory = type(fsspec.filesystem("memory"))
    monkeypatch.setattr(memory, "_open", lambda *_, **__: Stream(file.getvalue()))
    assert read(corpus_file=f"{place}/a.parquet") == EXPECTED


@pytest.mark.parametrize("compress", [bytes, gzip.compress])
def test_a_connection_that_breaks(
    place: str, monkeypatch: pytest.MonkeyPatch, compress: Callable[[bytes], bytes]
) -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            if self.tell():
                raise RuntimeError("the connection was reset\nlong ago")
            return super().read(64)

    memory = type(fsspec.filesystem("memory"))
    content = compress(TEXT.encode() * 99)
    monkeypatch.setattr(memory, "_open", lambda *_, **__: Broken(content))
    for settings in ({}, {"tokenize": str.split}):
        with pytest.raises(OSError, match=r"memory://.*/a: the connection was reset$"):
            scan(corpus_file=f"{place}/a", **settings)


def test_what_is_not_there(place: str) -> None:
    with pytest.raises(FileNotFoundError) as raised:
        scan(corpus_file=f"{place}/absent")
    assert raised.value.filename == f"{place}/absent"
    with pytest.raises(FileNotFoundError, match="no file matches"):
        scan(corpus_file=f"{place}/*.txt")
    with pytest.raises(OSError, match="Protocol not known"):
        scan(corpus_file="nowhere://a")


def test_without_fsspec(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fsspec.core", None)
    for corpus_file in ("memory://a", "memory://a/*.txt"):
        with pytest.raises(ImportError, match=r"pip install synvec\[remote\]"):
            scan(corpus_file=corpus_file)


def test_training_and_phrases(place: str) -> None:
    url = put(f"{place}/text.gz", gzip.compress(TEXT.encode()))
    settings = {"vector_size": 4, "min_count": 1, "workers": 1, "epochs": 2}
    lists = Word2Vec([line.split() for line in TEXT.splitlines()], **settings)
    assert (Word2Vec(corpus_file=url, **settings).wv.vectors == lists.wv.vectors).all()
    phrases = Phrases(corpus_file=url, min_count=1, threshold=0.1)
    assert "ein_Hund," in phrases.export_phrases()


def test_the_command_line(place: str, tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    file = io.BytesIO()
    table = pyarrow.table({"id": ["1"] * 120, "text": TEXT.splitlines()})
    pytest.importorskip("pyarrow.parquet").write_table(table, file)
    url, out = put(f"{place}/a.parquet", file.getvalue()), str(tmp_path / "out.kv")

    def run(*arguments: str) -> Any:
        return CliRunner().invoke(command, list(arguments))

    given = ("-o", out, "--min-count", "1", "--dim", "4", "--tokenize", "words")
    done = run("train", url, *given, "--column", "text")
    assert done.exit_code == 0, done.output
    assert "7 words × 4 dimensions" in done.output
    done = run("train", url, *given)
    assert done.exit_code != 0
    assert "name the one to read with column: it has id (string), text (string)" in done.output
    done = run("phrases", url, "--column", "text", "--tokenize", "words", "--lowercase")
    assert done.exit_code == 0, done.output
    assert "ein hund naïve" in done.output
