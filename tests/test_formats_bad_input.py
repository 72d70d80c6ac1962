"""The table of bad inputs, by its ids: what `test_formats_hostile` does not hold.

That file has 01 to 23 for word2vec text, binary and GloVe where they end in an error, and
`test_formats_hostile_native` has those of the native format; here are those that load, and all that
is compressed. ``peer`` numbers are of the list of how other programs fail on the same input.
"""

import bz2
import gzip
import io
import lzma
import os
import struct
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import synvec
from synvec import KeyedVectors, formats
from tests.golden import FOLDER
from tests.hostile import megabytes_to_refuse
from tests.test_formats_hostile_native import HUGE

TEXT = b"2 2\nthe 1 2\nof 3 4\n"
BINARY = b"2 2\nthe \x00\x00\x80?\x00\x00\x00@of \x00\x00@@\x00\x00\x80@"
GLOVE = b"the 1 2\nof 3 4\n"
NATIVE = (FOLDER / "native-1.kv").read_bytes()
ALL = {"text": TEXT, "binary": BINARY, "glove": GLOVE, "native": NATIVE}


def load(data: bytes, **options: object) -> KeyedVectors:
    return formats.vectors_of(formats.load(io.BytesIO(data), **options))  # type: ignore[arg-type]


def zstd(data: bytes) -> bytes:
    """Return a frame of one raw block, as RFC 8878 has it."""
    assert len(data) < 256
    block = struct.pack("<I", len(data) << 3 | 1)[:3]
    return b"\x28\xb5\x2f\xfd\x20" + bytes([len(data)]) + block + data


SKIPPABLE = b"\x50\x2a\x4d\x18" + struct.pack("<I", 5) + b"hello"
PACKS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "zstd": zstd,
}

# --- what loads ----------------------------------------------------------------------------------


@pytest.mark.parametrize("data", [b"0 3\n", b"0 3"])
@pytest.mark.parametrize("format", ["word2vec-text", "word2vec-binary"])
def test_05_no_rows(data: bytes, format: formats.Format) -> None:
    kv = load(data, format=format)
    assert (len(kv), kv.vector_size) == (0, 3)


def test_15_nul_in_a_key_does_not_end_it() -> None:
    for format, data in {
        "word2vec-text": b"1 1\na\0b 1\n",
        "word2vec-binary": b"1 1\na\0b \x00\x00\x80?",
        "glove": b"a\0b 1\n",
    }.items():
        assert load(data, format=format).index_to_key == ["a\0b"]


def test_18_a_byte_order_mark_is_no_part_of_a_key() -> None:
    for data in (TEXT, GLOVE):
        assert load(b"\xef\xbb\xbf" + data).index_to_key == ["the", "of"]


def test_19_lines_that_end_as_on_windows() -> None:
    for data in (TEXT, GLOVE):
        kv = load(data.replace(b"\n", b"\r\n"))
        assert (kv.index_to_key, kv.vectors.tolist()) == (["the", "of"], [[1, 2], [3, 4]])


def test_20_tabs_and_runs_of_blanks_separate() -> None:
    for data in (TEXT, GLOVE):
        kv = load(data.replace(b" ", b" \t "))
        assert (kv.index_to_key, kv.vectors.tolist()) == (["the", "of"], [[1, 2], [3, 4]])


def test_21_a_key_with_blanks_is_read_from_the_right() -> None:
    assert load(b"the 1 2\n. . . 3 4\n").index_to_key == ["the", ". . ."]
    assert load(b"2 2\n. . . 3 4\nthe 1 2\n").index_to_key == [". . .", "the"]


def test_peer_06_the_first_of_equal_keys_is_kept() -> None:
    twice = {
        "word2vec-text": b"2 1\na 1\na 2\n",
        "word2vec-binary": b"2 1\na \x00\x00\x80?a \x00\x00\x00@",
        "glove": b"a 1\na 2\n",
    }
    for format, data in twice.items():
        with pytest.warns(UserWarning, match="1 rows have a key that came before"):
            kv = load(data, format=format)
        assert (kv.index_to_key, kv.vectors.tolist()) == (["a"], [[1]])


def test_peer_05_a_row_of_one_value_is_no_row() -> None:
    with pytest.raises(synvec.RowError, match="has 1 numbers, expected 8"):
        load(b"2 8\na 1 2 3 4 5 6 7 8\nb 0.5\n")


# --- what the system refuses ---------------------------------------------------------------------


@pytest.mark.parametrize("format", ["native", "word2vec-text", "word2vec-binary", "glove", None])
def test_02_missing_or_a_folder(tmp_path: Path, format: formats.Format | None) -> None:
    with pytest.raises(FileNotFoundError) as missing:
        formats.load(tmp_path / "missing", format=format)
    assert missing.value.filename == str(tmp_path / "missing")
    with pytest.raises(OSError) as folder:  # Windows calls it a permission
        formats.load(tmp_path, format=format)
    assert folder.value.filename == str(tmp_path)


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="rights as POSIX has them")
def test_02_no_permission(tmp_path: Path) -> None:
    code = (
        "import os, pathlib, sys; from synvec import formats\n"
        "from synvec.formats import glove, native, word2vec\n"
        "if os.geteuid() == 0: os.seteuid(65534)\n"  # root may read anything
        "for format in ('native', 'word2vec-text', 'word2vec-binary', 'glove', None):\n"
        "    try: formats.load(sys.argv[1], format=format)\n"
        "    except PermissionError as error: assert error.filename == sys.argv[1]\n"
        "    else: sys.exit('it was read')\n"
    )
    with tempfile.TemporaryDirectory() as folder:  # pytest's own is closed to others
        path = Path(folder, "closed")
        path.write_bytes(NATIVE)
        path.chmod(0)
        Path(folder).chmod(0o755)
        command = [sys.executable, "-c", code, str(path)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


# --- compressed ----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["text", "binary", "glove"])
@pytest.mark.parametrize("pack", PACKS)
def test_members_are_one_file(pack: str, kind: str) -> None:
    data, fold = ALL[kind], PACKS[pack]
    for parts in ([data], [data[:7], data[7:]], [b"", data, b""], [data[:1], b"", data[1:]]):
        kv = load(b"".join(map(fold, parts)))
        assert (kv.index_to_key, kv.vectors.tolist()) == (["the", "of"], [[1, 2], [3, 4]])


def test_zstd_frames_that_are_skipped() -> None:
    parts = SKIPPABLE + zstd(TEXT[:7]) + SKIPPABLE + zstd(TEXT[7:]) + SKIPPABLE
    assert load(parts).index_to_key == ["the", "of"]
    with pytest.raises(synvec.HeaderError, match="file is empty"):
        load(SKIPPABLE)
    with pytest.raises(synvec.TruncatedFileError):
        load(zstd(TEXT) + SKIPPABLE[:-1])


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize("pack", ["gzip", "bzip2", "xz"])
def test_24_cut_mid_stream(pack: str, kind: str) -> None:
    packed = PACKS[pack](ALL[kind])
    for end in range(12, len(packed), max(1, len(packed) // 60)):
        with pytest.raises(synvec.TruncatedFileError) as caught:
            load(packed[:end], format=f"word2vec-{kind}" if kind in ("text", "binary") else kind)
        assert "ends inside the compressed data" in str(caught.value)
    with pytest.raises(synvec.TruncatedFileError, match="ends inside the compressed data"):
        load(packed[:10])  # nothing to recognise


@pytest.mark.parametrize("pack", PACKS)
def test_24_cut_in_the_second_member(pack: str) -> None:
    first, second = PACKS[pack](GLOVE[:8]), PACKS[pack](GLOVE[8:])
    for end in range(4, len(second)):
        with pytest.raises(synvec.FormatError):
            load(first + second[:end])


@pytest.mark.parametrize("kind", ALL)
def test_25_a_checksum_of_gzip(kind: str) -> None:
    packed = bytearray(gzip.compress(ALL[kind]))
    for place in (-8, -5, -4):  # CRC-32, then the size
        damaged = packed.copy()
        damaged[place] ^= 1
        with pytest.raises(synvec.ChecksumError, match="corrupt"):
            load(bytes(damaged))


@pytest.mark.parametrize("pack", PACKS)
def test_25_damage_anywhere_is_never_another_file(pack: str) -> None:
    rows = b"".join(b"word%d %.6f %.6f\n" % (i, i / 7, i / 11) for i in range(8))
    packed, whole = PACKS[pack](rows), load(rows)
    for place in range(len(packed)):
        damaged = bytearray(packed)
        damaged[place] ^= 0x10
        try:
            kv = load(bytes(damaged))
        except synvec.FormatError:
            continue
        # A frame without a checksum, as this one of zstd, or a bit that means nothing.
        if pack != "zstd":
            assert kv.index_to_key == whole.index_to_key
            assert kv.vectors.tobytes() == whole.vectors.tobytes()


@pytest.mark.parametrize("garbage", [b"x", b"garbage", bytes(range(1, 200))])
@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize("pack", ["gzip", "bzip2", "xz"])
def test_08_trailing_data_after_what_is_compressed(pack: str, kind: str, garbage: bytes) -> None:
    packed = PACKS[pack](ALL[kind])
    with pytest.raises(synvec.HeaderError, match=f"trailing data after byte {len(packed)}"):
        load(packed + garbage)


def test_padding_after_gzip_and_xz_is_none() -> None:
    assert len(load(gzip.compress(TEXT) + bytes(700))) == 2
    assert len(load(lzma.compress(TEXT) + bytes(64))) == 2
    with pytest.raises(synvec.HeaderError, match="trailing data"):
        load(lzma.compress(TEXT) + bytes(3))


def test_26_an_archive_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("../evil", TEXT)
        link = zipfile.ZipInfo("link.txt")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    (tmp_path / "inside").mkdir()
    path = tmp_path / "inside" / "vectors.zip"
    for data in (out.getvalue(), gzip.compress(out.getvalue())):
        path.write_bytes(data)
        with pytest.raises(synvec.UnsupportedFormatError, match="zip archive"):
            formats.load(path)
    assert sorted(found.name for found in tmp_path.rglob("*")) == ["inside", "vectors.zip"]


@pytest.mark.parametrize(
    ("data", "what"),
    [
        *[(pack(gzip.compress(TEXT)), "compressed twice") for pack in PACKS.values()],
        *[(gzip.compress(pack(TEXT)), "compressed twice") for pack in PACKS.values()],
        (lzma.compress(TEXT, format=lzma.FORMAT_ALONE), "lzma"),
        (b"\x04\x22\x4d\x18" + TEXT, "lz4"),
        (b"7z\xbc\xaf\x27\x1c\x00\x04", "7z"),
        (b"Rar!\x1a\x07\x01\x00", "rar"),
        (b"vectors.txt".ljust(257, b"\0") + b"ustar\x0000" + bytes(248) + TEXT, "tar"),
    ],
)
def test_containers_that_are_not_read_are_named(data: bytes, what: str) -> None:
    with pytest.raises(synvec.UnsupportedFormatError, match=what):
        load(data)


# --- what it costs to refuse ---------------------------------------------------------------------


def gigabyte_of(pack: Callable[[bytes], bytes], start: bytes) -> bytes:
    """Return a start, and then a GB of one letter, in 20 members."""
    return pack(start) + pack(b"x" * 50_000_000) * 20


def frame(window: int, block: int, kind: int, data: bytes) -> bytes:
    """Return a zstd frame of one block: its window, what it unfolds to, raw (0) or a run (1)."""
    head = struct.pack("<BI", window, block << 3 | kind << 1 | 1)[:4]
    return b"\x28\xb5\x2f\xfd\x00" + head + data


# Files of up to some MB that ask for GBs, or for no end of work.
BOMBS: dict[str, Callable[[], bytes]] = {
    "11 a line of a GB, gzip": lambda: gigabyte_of(gzip.compress, b"1 1\n"),
    "11 a line of a GB, bzip2": lambda: gigabyte_of(bz2.compress, b"1 1\n"),
    "11 a line of a GB, xz": lambda: gigabyte_of(lzma.compress, b"1 1\n"),
    "11 a line of a GB, zstd": lambda: zstd(b"1 1\n") + frame(0x38, 128 << 10, 1, b"x") * 8000,
    "11 the same row without end": lambda: (
        gzip.compress(b"9 1\n") + gzip.compress(b"a 1\n" * 9999) * 99
    ),
    "11 a window of 4 TB": lambda: frame(0xFF, 4, 0, b"1 1\n"),
    "02 200,000,000 x 8": lambda: b"200000000 8\n" + BINARY * 100,
    "03 2,000,000,000 x 300": lambda: b"2000000000 300\n" + BINARY * 100,
    "03 the same, compressed": lambda: gzip.compress(b"2000000000 300\n" + BINARY * 100),
    "03 the same, native": lambda: HUGE,
    "03 the same, native and compressed": lambda: gzip.compress(HUGE),
    "17 no space": lambda: b"9 1\n" + b"\xff" * 20_000_000,
    "32 header u64 max": lambda: b"\xfe" + b"\xff" * 7 + b"{" + bytes(100),
}


@pytest.mark.skipif(sys.platform == "win32", reason="no such measure there")
def test_they_cost_little_to_refuse(tmp_path: Path) -> None:
    paths = []
    for number, bomb in enumerate(BOMBS.values()):
        paths.append(tmp_path / f"{number}")
        paths[-1].write_bytes(bomb())
    assert megabytes_to_refuse(*paths) < 100


def test_11_a_file_that_unfolds_beyond_the_ratio() -> None:
    rows = gzip.compress(b"a " + bytes(4 << 20)) * 100  # 400 MB, which nobody keeps: one key
    data = gzip.compress(b"100 1048576\n") + rows
    with pytest.raises(synvec.LimitError, match=r"limits=synvec\.Limits\(max_expansion_ratio=…"):
        load(data, format="word2vec-binary")
    with pytest.warns(UserWarning, match="99 rows have a key that came before"):
        load(data, format="word2vec-binary", limits=synvec.Limits(max_expansion_ratio=10**6))


def test_what_is_loaded_in_the_end_is_finite() -> None:
    for data in ALL.values():
        assert np.isfinite(load(data).vectors).all()
