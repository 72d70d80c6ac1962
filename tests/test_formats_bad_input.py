"""The table of bad inputs, by its ids: what `test_formats_hostile` does not hold.

That file has 01 to 23 for word2vec text, binary and GloVe where they end in an error; here are those
that load, the native format, and everything that is compressed. ``peer`` numbers are those of the
list of how other programs fail on the same input.
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
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import synvec
from synvec import KeyedVectors, formats
from tests.golden import FOLDER
from tests.hostile import megabytes_to_refuse

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
        "import os, sys; from synvec import formats; from synvec.formats import glove, word2vec\n"
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


# --- the native format ---------------------------------------------------------------------------


def forged(changes: Callable[[dict[str, object]], None] | None = None, **raw: bytes) -> bytes:
    """Return the golden file with another header, whose checksum is right."""
    import json

    import xxhash

    (size,) = struct.unpack("<Q", NATIVE[:8])
    header = json.loads(NATIVE[8 : 8 + size])
    if changes:
        changes(header)
    header["__metadata__"]["xxh3-64.header"] = "0" * 16
    text = raw.get("text") or json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    own = f'"xxh3-64.header":"{xxhash.xxh3_64_intdigest(text):016x}"'.encode()
    text = text.replace(b'"xxh3-64.header":"0000000000000000"', own, 1)
    return struct.pack("<Q", len(text)) + text + NATIVE[8 + size :]


def setting(name: str, **entry: object) -> Callable[[dict[str, object]], None]:
    return lambda header: header[name].update(entry)  # type: ignore[attr-defined]


# What is wrong, the file, the error, what it must say.
NATIVE_CASES: list[tuple[str, bytes, type[Exception], str]] = [
    ("01 empty", b"", synvec.HeaderError, "file is empty"),
    ("01 seven bytes", b"\0" * 7, synvec.TruncatedFileError, "7 bytes, expected at least 8"),
    ("06 huge", forged(setting("vectors", shape=[2 * 10**9, 300], data_offsets=[168, 168 + 24 * 10**11])),
     synvec.HeaderError, "norms begins at byte 408, expected 2400000000168"),
    ("06 product overflows", forged(setting("vectors", shape=[2**40, 2**40])), synvec.HeaderError,
     r"vectors has shape \[1099511627776, 1099511627776\]"),
    ("07 count too large", forged(setting("counts", shape=[11])), synvec.HeaderError, r"shape \[11\]"),
    ("08 trailing", NATIVE + b"\0", synvec.HeaderError, "trailing data after the 1413 bytes"),
    ("09 cut", NATIVE[:-1], synvec.TruncatedFileError, "1413 bytes, but the file has 1412"),
    ("09 cut in the header", NATIVE[:300], synvec.TruncatedFileError, "but the file has only 300"),
    ("32 header u64 max", b"\xff" * 8 + NATIVE[8:], synvec.HeaderError, "18446744073709551615"),
    ("32 header 101 MB", struct.pack("<Q", 101_000_000) + NATIVE[8:], synvec.HeaderError, "101000000"),
    ("32 not UTF-8", struct.pack("<Q", 8) + b"{\xff\xff\xff\xff\xff\xff}", synvec.HeaderError,
     "not UTF-8"),
    ("32 not JSON", struct.pack("<Q", 8) + b"{nothing", synvec.HeaderError, "not a JSON object"),
    ("32 nested", struct.pack("<Q", 80_000) + b"{\"a\":" + b"[" * 79_995, synvec.HeaderError, "JSON"),
    ("32 wrong type", forged(setting("vectors", dtype="F16")), synvec.HeaderError,
     'dtype "F16", expected "F32"'),
    ("32 no dimension", forged(setting("vectors", shape=[10, 0], data_offsets=[168, 168])),
     synvec.HeaderError, "begins at byte|no dimension"),
    ("32 shape of one number", forged(setting("vectors", shape=[60])), synvec.HeaderError,
     r"expected \[V, D\]"),
    ("32 offsets backwards", forged(setting("norms", data_offsets=[448, 408])), synvec.HeaderError,
     "norms has data_offsets"),
    ("32 offsets missing", forged(setting("norms", data_offsets=None)), synvec.HeaderError,
     "no shape or no data_offsets"),
    ("32 shape negative", forged(setting("norms", shape=[-10])), synvec.HeaderError, "no shape"),
    ("32 entry is a list", forged(lambda header: header.update(norms=[])), synvec.HeaderError,
     "norms has dtype null"),
    ("32 tensor missing", forged(lambda header: header.pop("norms") and None), synvec.HeaderError,
     "begins at byte 448, expected 408|no tensor norms"),
    ("32 vocabulary differs", forged(setting("vectors", shape=[12, 5])), synvec.HeaderError,
     r"expected \[13\] beside 12 vectors of 5|beside 12 vectors"),
    ("32 slots no power of two", forged(
        lambda header: (setting("key_slots", shape=[31], data_offsets=[448, 572])(header),
                        setting("key_bytes", shape=[49], data_offsets=[572, 621])(header)) and None),
     synvec.ChecksumError, "key_slots|key_bytes"),
    ("32 no checksum", forged(
        lambda header: header["__metadata__"].pop("xxh3-64.norms") and None),  # type: ignore[attr-defined]
     synvec.HeaderError, "norms has no checksum"),
    ("32 of somebody else", struct.pack("<Q", 8) + b"{}      ", synvec.UnsupportedFormatError,
     "synvec did not write"),
    ("25 a bit of a tensor", NATIVE[:-1] + b"x", synvec.ChecksumError, "key_bytes does not match"),
    ("25 a bit of the header", NATIVE.replace(b'"str"', b'"sts"'), synvec.UnsupportedFormatError, "sts"),
    ("25 the header's checksum", NATIVE.replace(b"header\":\"a", b"header\":\"b"), synvec.ChecksumError,
     "header does not match"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("data", "error", "message"),
    [case[1:] for case in NATIVE_CASES],
    ids=[c[0] for c in NATIVE_CASES],
)
def test_native(tmp_path: Path, data: bytes, error: type[Exception], message: str) -> None:
    path = tmp_path / "a.kv"
    path.write_bytes(data)
    with pytest.raises(error, match=message) as caught:
        formats.load(path, format="native")
    assert type(caught.value) is error
    assert str(path) in str(caught.value)
    assert not str(caught.value).endswith(".")
    with pytest.raises(error, match=message):
        formats.load(io.BytesIO(data), format="native")
    with pytest.raises(error, match=message):
        formats.load(io.BytesIO(gzip.compress(data)), format="native")


def config_of(changed: dict[str, object]) -> bytes:
    import json

    from tests.golden_native import CONFIG

    def change(header: dict[str, object]) -> None:
        config = json.dumps({**CONFIG, **changed})
        header["__metadata__"].update(kind="word2vec", config=config)  # type: ignore[attr-defined]

    return forged(change)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({}, "config says negative=5, but there is no tensor output_vectors"),
        ({"negative": 0, "hs": 1}, "config says hs=1, but there is no tensor output_nodes"),
        ({"vector_size": 7}, "config says vector_size=7, the vectors have 6"),
        ({"window": "wide"}, "not that of a Word2Vec"),
        ({"alpha": []}, "not that of a Word2Vec"),
        ({"corpus_count": "many"}, "corpus_count is 'many', expected a number"),
        ({"history": [{"epoch": 1}]}, "not that of a Word2Vec"),
        ({"history": 3}, "not that of a Word2Vec"),
    ],
)
def test_32_a_model_whose_configuration_is_wrong(changed: dict[str, object], message: str) -> None:
    with pytest.raises(synvec.HeaderError, match=message):
        formats.load(io.BytesIO(config_of(changed)))


@pytest.mark.parametrize("config", ["[]", "nothing", "[" * 100_000, "3"])
def test_32_a_configuration_that_is_no_object(config: str) -> None:
    def change(header: dict[str, object]) -> None:
        header["__metadata__"].update(kind="word2vec", config=config)  # type: ignore[attr-defined]

    with pytest.raises(synvec.HeaderError, match="config is"):
        formats.load(io.BytesIO(forged(change)))


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
        load(packed[:12])  # too little to recognise what is in it


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


def bombs() -> dict[str, bytes]:
    """Return files of a few kB to a MB that unfold to a GB, in every compression, or say so."""
    line, gigabyte = b"1 1\n" + b"x" * 1_000_000, 1000
    piece = zlib.compressobj(9, zlib.DEFLATED, 31)
    folded = b"".join([piece.compress(line), *[piece.compress(line[4:]) for _ in range(gigabyte)]])
    rows = gzip.compress(b"a 1\n" * 50_000)
    block = b"\x28\xb5\x2f\xfd\x00\x98" + struct.pack("<I", (128 << 10) << 3 | 1 << 1)[:3] + b"x"
    window = b"\x28\xb5\x2f\xfd\x00\xff" + struct.pack("<I", 4 << 3 | 1)[:3] + b"a 1\n"
    return {
        "11 a line of a GB": folded + piece.flush(),
        "11 members without end": gzip.compress(b"1 1\n") + rows * 1500,
        "11 zstd without end": zstd(b"1 1\n") + block,
        "11 a window of 3 GB": window,
        "02 200,000,000 x 8": b"200000000 8\n" + BINARY * 100,
        "03 2,000,000,000 x 300": b"2000000000 300\n" + BINARY * 100,
        "03 the same, compressed": gzip.compress(b"2000000000 300\n" + BINARY * 100),
        "03 native": forged(
            setting("vectors", shape=[2 * 10**9, 300], data_offsets=[168, 168 + 24 * 10**11])
        ),
        "17 no space": b"9 1\n" + b"\xff" * 20_000_000,
        "32 header u64 max": b"\xfe" + b"\xff" * 7 + b"{" + bytes(100),
    }


@pytest.mark.skipif(sys.platform == "win32", reason="no such measure there")
@pytest.mark.parametrize("name", bombs())
def test_it_costs_little_to_refuse(tmp_path: Path, name: str) -> None:
    path = tmp_path / "a"
    path.write_bytes(bombs()[name])
    assert megabytes_to_refuse(path) < 100


def test_11_a_file_that_unfolds_beyond_the_ratio(tmp_path: Path) -> None:
    path = tmp_path / "a.gz"
    many = b"".join(b"w%d 1\n" % row for row in range(20_000))
    path.write_bytes(gzip.compress(b"%d 1\n" % 10**7) + gzip.compress(many * 20) * 150)
    with pytest.raises(synvec.LimitError, match="max_expansion_ratio"):
        formats.load(path, limits=synvec.Limits(max_expansion_ratio=3))


def test_what_is_loaded_in_the_end_is_finite() -> None:
    for data in ALL.values():
        assert np.isfinite(load(data).vectors).all()
