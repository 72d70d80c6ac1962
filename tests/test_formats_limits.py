"""`Limits`: every reader keeps to each field that has a meaning to it, and says how to raise it."""

import dataclasses
import gzip
import io
from pathlib import Path

import numpy as np
import pytest

import synvec
from synvec import KeyedVectors, Limits, formats

FORMATS = ("native", "word2vec-text", "word2vec-binary", "glove")


def written(kv: KeyedVectors, format: formats.Format) -> bytes:
    file = io.BytesIO()
    formats.save(kv, file, format=format)
    return file.getvalue()


def three(key: str = "key") -> KeyedVectors:
    return KeyedVectors.from_arrays([key, "a", "b"], np.ones((3, 4), np.float32))


# The field, a value that three keys of four dimensions go beyond, one that they don't, and the
# formats to which it means nothing.
FIELDS = [
    ("max_rows", 2, 3, ()),
    ("max_vector_size", 3, 4, ()),
    ("max_key_bytes", 2, 3, ()),
    ("max_line_bytes", 2, 19, ("native",)),
]


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize(("field", "below", "enough", "without"), FIELDS)
def test_a_limit_and_how_to_raise_it(
    tmp_path: Path,
    format: formats.Format,
    field: str,
    below: int,
    enough: int,
    without: tuple[str, ...],
) -> None:
    data = written(three(), format)
    (tmp_path / "a").write_bytes(data)
    (tmp_path / "a.gz").write_bytes(gzip.compress(data))
    low, high = Limits(**{field: below}), Limits(**{field: enough})
    for source in (tmp_path / "a", tmp_path / "a.gz"):
        assert len(formats.vectors_of(formats.load(source, format=format, limits=high))) == 3
        if format in without:
            formats.load(source, format=format, limits=low)
            continue
        with pytest.raises(synvec.LimitError) as caught:
            formats.load(source, format=format, limits=low)
        said = str(caught.value)
        assert str(source) in said
        assert f"limits=synvec.Limits({field}=…)" in said
        assert str(below) in said


@pytest.mark.parametrize("format", FORMATS)
def test_what_a_compressed_file_unfolds_to(format: formats.Format) -> None:
    data = written(three(), format)
    packed = gzip.compress(data)
    assert formats.load(io.BytesIO(packed), limits=Limits(max_decompressed_bytes=len(data)))
    with pytest.raises(synvec.LimitError, match=r"limits=synvec\.Limits\(max_decompressed_bytes=…"):
        formats.load(io.BytesIO(packed), limits=Limits(max_decompressed_bytes=len(data) - 1))
    # The file itself is not compressed: nothing unfolds.
    assert formats.load(io.BytesIO(data), limits=Limits(max_decompressed_bytes=1))


def test_verify_keeps_to_them(tmp_path: Path) -> None:
    for format in FORMATS:
        (tmp_path / "a").write_bytes(written(three("x" * 100), format))
        with pytest.raises(synvec.LimitError, match="max_key_bytes"):
            formats.verify(tmp_path / "a", format=format, limits=Limits(max_key_bytes=99))
        formats.verify(tmp_path / "a", format=format, limits=Limits(max_key_bytes=100))


def test_the_methods_that_open_files_take_them(tmp_path: Path) -> None:
    limits = Limits(max_key_bytes=99)
    three("x" * 100).save(tmp_path / "a.kv")
    three("x" * 100).save_word2vec_format(tmp_path / "a.txt")
    for refused in (
        lambda: KeyedVectors.load(tmp_path / "a.kv", limits=limits),
        lambda: KeyedVectors.load(tmp_path / "a.txt", limits=limits),
        lambda: KeyedVectors.load_word2vec_format(tmp_path / "a.txt", limits=limits),
        lambda: formats.convert(tmp_path / "a.kv", tmp_path / "b.bin", limits=limits),
    ):
        with pytest.raises(synvec.LimitError, match="max_key_bytes = 99"):
            refused()
    assert not (tmp_path / "b.bin").exists()


def test_a_word_counts_file_keeps_to_them(tmp_path: Path) -> None:
    kv = three()
    kv.set_vecattr("key", "count", 1)
    kv.save_word2vec_format(tmp_path / "a.txt", fvocab=tmp_path / "vocab")
    with pytest.raises(synvec.LimitError, match="max_line_bytes"):
        formats.load_word2vec(
            io.BytesIO(b"1 1\nk 1\n"),
            fvocab=io.BytesIO(b"k" * 100 + b" 1\n"),
            limits=Limits(max_line_bytes=50),
        )


def test_a_stream_without_end_is_read_as_far_as_its_header_asks(tmp_path: Path) -> None:
    """Nothing that follows a native file fills a disk."""
    data = written(three(), "native")

    class Endless(io.RawIOBase):
        given = 0

        def read(self, size: int = -1, /) -> bytes:
            block = data[self.given : self.given + size] or b"\0" * size
            self.given += len(block)
            return block

    stream = Endless()
    with pytest.raises(synvec.HeaderError, match="trailing data"):
        formats.open_native(stream)
    assert stream.given < 10_000_000


def test_every_field_is_here() -> None:
    tried = {field for field, *_ in FIELDS} | {"max_decompressed_bytes", "max_expansion_ratio"}
    assert {field.name for field in dataclasses.fields(Limits)} == tried
