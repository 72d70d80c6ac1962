"""spaCy's folders of vectors: rows by hashed words, or by n-grams as in floret."""

import io
import json
import shutil
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import synvec
from synvec import KeyedVectors, formats
from synvec.formats.floret import FloretVectors
from synvec.formats.murmur import hash_64
from tests.golden import FOLDER, KEYS, VECTORS, is_golden
from tests.hostile import check_prefixes_err, check_survives, flipped, megabytes_to_refuse

# Of spaCy 3.8, from the table b.floret beside it.
FLORET = FOLDER.parent / "floret" / "spacy"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(FOLDER / "spacy", tmp_path / "vocab"))


def load(folder: Path, **options: Any) -> KeyedVectors:
    return formats.vectors_of(formats.load(folder, format="spacy", **options))


def packed(rows: dict[str, int]) -> bytes:
    entries = (b"\xcf" + struct.pack(">Q", hash_64(k.encode(), 1)) + bytes([rows[k]]) for k in rows)
    return b"\xde" + struct.pack(">H", len(rows)) + b"".join(entries)


def test_a_folder_and_the_model_around_it(folder: Path) -> None:
    assert formats.sniff(folder) == formats.sniff(folder.parent) == "spacy"
    assert is_golden(load(folder))
    assert is_golden(load(folder.parent))
    (folder / "vectors.cfg").unlink()  # as older models
    assert is_golden(load(folder))
    assert load(folder, limit=3).index_to_key == KEYS[:3]


def test_words_that_share_a_row_and_words_that_are_lost(folder: Path) -> None:
    (folder / "key2row").write_bytes(packed({"port": 2, "the": 0, "of": 0, "42": 1}))
    (folder / "strings.json").write_text(json.dumps(["the", "of", "port", "x"]))
    with pytest.warns(UserWarning, match="1 vectors belong to words that are not there"):
        loaded = load(folder)
    assert loaded.index_to_key == ["the", "of", "port"]
    assert (loaded.vectors == VECTORS[[0, 0, 2]]).all()


def test_floret_vectors() -> None:
    vectors = formats.load(FLORET)
    table = formats.load(FLORET.with_name("b.floret"))
    assert isinstance(vectors, FloretVectors)
    assert isinstance(table, FloretVectors)
    assert vectors.hashing == table.hashing
    assert (vectors["unheard-of"] == table["unheard-of"]).all()
    # What spaCy itself gives.
    expected = [-0.0002057482925010845, 0.00019416812574490905, -0.00015385521692223847]
    np.testing.assert_allclose(vectors["the"][:3], expected, rtol=1e-6)
    expected = [-0.00016481091734021902, 0.00015553535195067525, -0.00012324318231549114]
    np.testing.assert_allclose(vectors["straße"][:3], expected, rtol=1e-6)
    assert load(FLORET, keys=["the"]).index_to_key == ["the"]
    with pytest.raises(TypeError, match="leave limit out"):
        load(FLORET, limit=3)
    with pytest.raises(TypeError, match="leave keys out"):
        load(FOLDER / "spacy", keys=["the"])
    with pytest.raises(TypeError, match="needs a path"):
        formats.load(io.BytesIO(b"x"), format="spacy")


@pytest.mark.parametrize(
    ("config", "error", "message"),
    [
        ([], synvec.HeaderError, "expected a JSON object"),
        ({"mode": "other"}, synvec.UnsupportedFormatError, "the mode 'other'"),
        ({"mode": []}, synvec.UnsupportedFormatError, r"the mode \[\]"),
        ({"mode": "floret"}, synvec.HeaderError, "cannot hash with minn None"),
        ({"hash_count": 0}, synvec.HeaderError, "hash_count 0"),
        ({"hash_count": 5}, synvec.HeaderError, "hash_count 5"),
        ({"minn": 6}, synvec.HeaderError, "minn 6"),
        ({"maxn": 10**9}, synvec.HeaderError, "maxn 1000000000"),
        ({"minn": True}, synvec.HeaderError, "minn True"),
        ({"hash_seed": -1}, synvec.HeaderError, "hash_seed -1"),
        ({"bow": 3}, synvec.HeaderError, "bow 3"),
    ],
)
def test_configurations(tmp_path: Path, config: Any, error: type[Exception], message: str) -> None:
    folder = Path(shutil.copytree(FLORET, tmp_path / "vocab"))
    if isinstance(config, dict) and "mode" not in config:
        config = json.loads((FLORET / "vectors.cfg").read_text()) | config
    (folder / "vectors.cfg").write_text(json.dumps(config))
    with pytest.raises(error, match=message):
        formats.load(folder)
    (folder / "vectors.cfg").write_text(" " * 70_000)
    with pytest.raises(synvec.HeaderError, match="70000 bytes"):
        formats.load(folder)


@pytest.mark.parametrize(
    ("data", "error", "message"),
    [
        (b"\x90", synvec.HeaderError, "begins with 0x90, expected a MessagePack map"),
        (b"\x81", synvec.TruncatedFileError, "1 entries in 0 bytes"),
        (b"\xdf\xff\xff\xff\xff\x01\x01", synvec.TruncatedFileError, "4294967295 entries in 2"),
        (b"\xde\x00", synvec.TruncatedFileError, "entries|ends|begins|bytes"),
        (b"\x81\xcf\x00", synvec.TruncatedFileError, "ends within the entry at byte 1"),
        (b"\x81\x01\xcd\x00", synvec.TruncatedFileError, "ends within the entry at byte 2"),
        (b"\x81\x01\xff", synvec.HeaderError, "byte 2 is 0xff, expected a whole number"),
        (b"\x81\xa1x\x01", synvec.HeaderError, "byte 1 is 0xa1"),
        (b"\x82\x01\x01\x01\x02", synvec.HeaderError, "2 entries with 1 keys"),
        (b"\x81\x01\x01\x00", synvec.HeaderError, "1 bytes after the map"),
        (b"\x81\x01\x0a", synvec.HeaderError, "hash 1 has row 10, there are 10"),
        (b"", synvec.HeaderError, "file is empty"),
    ],
)
def test_maps_of_rows(folder: Path, data: bytes, error: type[Exception], message: str) -> None:
    (folder / "key2row").write_bytes(data)
    with pytest.raises(error, match=message):
        formats.load(folder)


def test_all_lengths_of_numbers(folder: Path) -> None:
    words = {"a": 0, "b": 9}
    keys = [hash_64(word.encode(), 1) for word in words]
    data = b"\xdf\x00\x00\x00\x02"
    data += b"\xcf" + struct.pack(">Q", keys[0]) + b"\xcc\x00"
    data += b"\xcf" + struct.pack(">Q", keys[1]) + b"\xce\x00\x00\x00\x09"
    (folder / "key2row").write_bytes(data)
    (folder / "strings.json").write_text('["b", "a"]')
    loaded = load(folder)
    assert loaded.index_to_key == ["a", "b"]
    assert (loaded.vectors == VECTORS[[0, 9]]).all()


@pytest.mark.parametrize("text", ["{}", "[1]", "[", "\x00", "[" * 100_000, '["\\ud800"'])
def test_words_that_are_no_list(folder: Path, text: str) -> None:
    (folder / "strings.json").write_text(text)
    with pytest.raises(synvec.HeaderError, match="JSON"):
        formats.load(folder)


def test_words_beyond_reason(folder: Path) -> None:
    (folder / "strings.json").write_bytes(b"[" + b" " * (5 << 20) + b"]")
    with pytest.raises(synvec.HeaderError, match="5242882 bytes for 10 words, expected at most"):
        formats.load(folder)
    assert megabytes_to_refuse(folder) < 100
    (folder / "strings.json").unlink()
    with pytest.raises(FileNotFoundError):
        formats.load(folder)


def test_rows_shared_beyond_reason(folder: Path) -> None:
    words = [f"w{index}" for index in range(300)]
    np.save(folder / "vectors.npy", np.zeros((1, 300_000), np.float32))
    (folder / "vectors.npy").replace(folder / "vectors")
    (folder / "key2row").write_bytes(packed(dict.fromkeys(words, 0)))
    (folder / "strings.json").write_text(json.dumps(words))
    with pytest.raises(synvec.LimitError, match="max_expansion_ratio = 200"):
        formats.load(folder)


@pytest.mark.parametrize("name", ["vectors", "key2row", "strings.json"])
def test_cut_anywhere_and_turned_anywhere(folder: Path, name: str) -> None:
    whole = (folder / name).read_bytes()

    def read(data: bytes) -> object:
        (folder / name).write_bytes(data)
        return formats.load(folder, format="spacy")

    check_prefixes_err(read, whole)
    for data in flipped(whole, times=200):
        check_survives(read, data)


def test_turned_bits_of_a_configuration(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(FLORET, tmp_path / "vocab"))

    def read(data: bytes) -> object:
        (folder / "vectors.cfg").write_bytes(data)
        return formats.load(folder, format="spacy", keys=["the"])

    for data in flipped((FLORET / "vectors.cfg").read_bytes(), times=200):
        try:
            check_survives(read, data)
        except TypeError as error:  # a turned bit made the mode another
            assert "leave keys out" in str(error)
