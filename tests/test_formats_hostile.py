"""Files that are wrong: a clear error of the right class, quickly and in little memory."""

import bz2
import contextlib
import gzip
import io
import lzma
import pickle
import random
import subprocess
import sys
import warnings
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import synvec
from synvec import formats
from synvec._core import KeyTable

KEYS = ["the", "of", "ß☃", "and"]
VECTORS = np.arange(12, dtype=np.float32).reshape(4, 3) / 7


def text(**options: object) -> bytes:
    out = io.BytesIO()
    formats.save_word2vec(out, KeyTable(KEYS), VECTORS, **options)  # type: ignore[arg-type]
    return out.getvalue()


TEXT = text()
BINARY = text(binary=True)
ROW = b"w 0.1 0.2 0.3 0.4 0.5 0.6 0.7 0.8\n"
SHORT = b"w 0.1 0.2 0.3 0.4 0.5 0.6 0.7\n"
LONG = b"x" * 5_000_000

# What is read (as text unless "binary" or "glove" is said), the error, and what it must say.
CASES: list[tuple[str, bytes, dict[str, object], type[Exception], str]] = [
    ("01 empty", b"", {}, synvec.HeaderError, "file is empty"),
    ("01 empty binary", b"", {"binary": True}, synvec.HeaderError, "file is empty"),
    ("01 empty glove", b"", {"no_header": True}, synvec.HeaderError, "file is empty"),
    ("01 only a mark", b"\xef\xbb\xbf", {}, synvec.HeaderError, "file is empty"),
    ("03 one number", b"100\n", {}, synvec.HeaderError, "'?\"100\".*no_header=True"),
    ("03 words", b"a b\n", {}, synvec.HeaderError, "\"a b\".*no_header=True"),
    ("03 too large", b"99999999999999999999 3\n", {}, synvec.HeaderError, "two numbers"),
    ("04 negative", b"-5 8\n", {}, synvec.HeaderError, "-5 rows of 8"),
    ("04 zero", b"5 0\n", {"binary": True}, synvec.HeaderError, "5 rows of 0"),
    ("06 huge", b"2000000000 300\nthe 1234", {"binary": True}, synvec.HeaderError, "2.4 TB"),
    ("06 huge text", b"2000000000 300\nthe 1234", {}, synvec.HeaderError, "follow"),
    ("06 huge size", b"1 999999999\n", {}, synvec.LimitError, "max_vector_size"),
    ("06 too many", b"9999999999 1\n", {}, synvec.LimitError, "max_rows"),
    ("07 text", b"3 8\n" + ROW.replace(b"w", b"a") + ROW, {}, synvec.TruncatedFileError,
     "after 2 of the 3 rows.*count=\"actual\""),
    ("07 binary", BINARY.replace(b"4 3", b"5 3", 1), {"binary": True}, synvec.TruncatedFileError,
     "record 5 of 5.*load the 4.*count=\"actual\""),
    ("08 text", b"1 8\n" + ROW + ROW, {}, synvec.HeaderError, "trailing data on line 3"),
    ("08 binary", BINARY.replace(b"4 3", b"3 3", 1), {"binary": True}, synvec.HeaderError,
     "trailing data at byte"),
    ("09 cut", BINARY[:-5], {"binary": True}, synvec.TruncatedFileError, "record 4 of 4"),
    ("10 missing", b"2 8\n" + ROW + SHORT, {}, synvec.RowError,
     "line 3 .*has 7 numbers, expected 8"),
    ("10 extra", b"2 7\n" + ROW + SHORT, {}, synvec.RowError, "line 2 .*has 8 numbers, expected 7"),
    ("10 empty line", b"2 7\n" + SHORT + b"\n" + SHORT, {}, synvec.RowError, "line 3 .*is empty"),
    ("11 word", b"1 3\nw 0.1 abc 0.3\n", {}, synvec.RowError, "line 2 .*\"abc\" in column 2"),
    ("11 underscore", b"1 1\nw 1_0\n", {}, synvec.RowError, "1_0"),
    ("12 overflow", b"1 2\nw 0.1 1e39\n", {}, synvec.NonFiniteError, "line 2 .*column 2"),
    ("12 nan", b"1 2\nw nan 1\n", {}, synvec.NonFiniteError, "allow_nonfinite=True"),
    ("12 inf binary", b"1 1\nw \x00\x00\x80\x7f", {"binary": True}, synvec.NonFiniteError,
     "record 1"),
    ("13 text", b"1 1\na\xff 1\n", {}, synvec.EncodingError, "line 2 .*0xff.*unicode_errors"),
    ("13 binary", b"1 1\na\xff 1234", {"binary": True}, synvec.EncodingError, "record 1 .byte 4"),
    ("14 text", b"1 1\n 1\n", {}, synvec.RowError, "has 0 numbers, expected 1"),
    ("14 binary", b"1 1\n 1234", {"binary": True}, synvec.RowError, "empty key"),
    ("16 text", b"1 1\n" + LONG + b" 1\n", {}, synvec.LimitError, "max_key_bytes"),
    ("16 binary", b"1 1\n" + LONG + b" 1234", {"binary": True}, synvec.LimitError, "max_key_bytes"),
    ("16 glove", LONG + b" 1\n", {"no_header": True}, synvec.LimitError, "max_key_bytes"),
    ("17 no space", b"9 1\n" + LONG * 4, {"binary": True}, synvec.LimitError, "max_key_bytes"),
    ("17 no line", b"1" * 40_000_000, {}, synvec.LimitError, "max_line_bytes"),
    ("22 cut", ROW + SHORT[:-1], {"no_header": True}, synvec.RowError, "line 2 .*has 7 numbers"),
    ("23 glove as text", ROW, {}, synvec.HeaderError, "looks like GloVe"),
    ("23 text as glove", TEXT, {"no_header": True}, synvec.HeaderError, "header of word2vec text"),
    ("23 text as binary", TEXT, {"binary": True}, synvec.HeaderError, "binary=False"),
    ("23 binary as text", BINARY, {}, synvec.HeaderError, "binary=True"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("data", "options", "error", "message"),
    [case[1:] for case in CASES],
    ids=[case[0] for case in CASES],
)
def test_what_a_user_gets(
    tmp_path: Path, data: bytes, options: dict[str, object], error: type[Exception], message: str
) -> None:
    path = tmp_path / "vectors.any"
    path.write_bytes(data)
    with pytest.raises(error, match=message) as caught:
        formats.load_word2vec(path, **options)  # type: ignore[arg-type]
    assert type(caught.value) is error
    assert str(path) in str(caught.value)
    assert not str(caught.value).endswith(".")
    # A stream has no size to compare the header with: its rows say what is wrong.
    with pytest.raises((error, synvec.TruncatedFileError, synvec.RowError)):
        formats.load_word2vec(io.BytesIO(data), **options)  # type: ignore[arg-type]


def test_a_limit_is_raised_as_its_message_says() -> None:
    limits = formats.Limits(max_key_bytes=6_000_000)
    kv = formats.load_word2vec(io.BytesIO(b"1 1\n" + LONG + b" 1\n"), limits=limits)
    assert len(kv.key_table.key(0)) == len(LONG)


@pytest.mark.parametrize("binary", [False, True])
def test_what_the_system_refuses(tmp_path: Path, binary: bool) -> None:
    with pytest.raises(FileNotFoundError, match="missing"):
        formats.load_word2vec(tmp_path / "missing", binary=binary)
    with pytest.raises(FileNotFoundError, match="missing"):
        formats.load(tmp_path / "missing")
    with pytest.raises(OSError, match=tmp_path.name):
        formats.load_word2vec(tmp_path, binary=binary)
    with pytest.raises(OSError, match=tmp_path.name):
        formats.load(tmp_path)


def test_every_cut_of_a_binary_file_is_an_error() -> None:
    for end in range(len(BINARY)):
        with pytest.raises(synvec.FormatError):
            formats.load_word2vec(io.BytesIO(BINARY[:end]), binary=True)


def test_a_size_off_by_one_is_an_error() -> None:
    for size in (b"2", b"4"):
        with pytest.raises(synvec.FormatError):
            formats.load_word2vec(io.BytesIO(BINARY.replace(b"4 3", b"4 " + size, 1)), binary=True)


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_compressed_and_cut_or_damaged(pack) -> None:  # type: ignore[no-untyped-def]
    out = io.BytesIO()
    random_vectors = np.random.default_rng(0).normal(0, 1, (200, 20)).astype(np.float32)
    formats.save_word2vec(out, KeyTable([f"{i}" for i in range(200)]), random_vectors)
    packed = pack(out.getvalue())
    for end in (len(packed) // 3, len(packed) - 3):
        with pytest.raises(synvec.TruncatedFileError, match="compress"):
            formats.load_word2vec(io.BytesIO(packed[:end]))
    damaged = bytearray(packed)
    damaged[len(packed) // 2] ^= 0x40
    with pytest.raises(synvec.FormatError):
        formats.load_word2vec(io.BytesIO(bytes(damaged)))
    if pack is gzip.compress:
        damaged = bytearray(packed)
        damaged[-8] ^= 1  # its checksum
        with pytest.raises(synvec.ChecksumError, match="gzip"):
            formats.load_word2vec(io.BytesIO(bytes(damaged)))


def test_a_bomb_is_put_out() -> None:
    bomb = gzip.compress(b"1 1\n" + b"x" * 50_000_000)
    with pytest.raises(synvec.LimitError, match="max_line_bytes"):
        formats.load_word2vec(io.BytesIO(bomb))
    small = formats.Limits(max_decompressed_bytes=1_000_000)
    with pytest.raises(synvec.LimitError, match="max_decompressed_bytes"):
        formats.load_word2vec(
            io.BytesIO(gzip.compress(b"a 1\n" * 400_000)), no_header=True, limits=small
        )


PEAK = """
import resource, sys
from synvec import formats, FormatError
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for name in sys.argv[1:]:
    for options in ({"binary": True}, {}, {"binary": True, "count": "actual"}, {"count": "actual"}):
        try:
            formats.load_word2vec(name, **options)
        except FormatError:
            continue
        sys.exit(f"{name} was read with {options}")
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no such measure there")
def test_a_header_that_lies_takes_no_memory(tmp_path: Path) -> None:
    body = bytes(range(33, 127)) * 40
    names = []
    for number, header in enumerate(
        [b"2000000000 300\n", b"4000000000 1000000\n", b"200000000 8\n", b"3 1000000\n"]
    ):
        for pack in (bytes, gzip.compress):
            path = tmp_path / f"{number}{pack.__name__}"
            path.write_bytes(pack(header + body))
            names.append(str(path))
    run = subprocess.run(
        [sys.executable, "-c", PEAK, *names], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    unit = 1024 if sys.platform == "darwin" else 1
    assert int(run.stdout) // unit < 100, f"{run.stdout} MB"


# --- recognising -------------------------------------------------------------------------------


class Trap:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (exec, ("raise SystemExit('the pickle was run')",))


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_a_pickle_is_never_run(protocol: int) -> None:
    with pytest.raises(synvec.UnsafePickleError, match="save_word2vec_format"):
        formats.load(io.BytesIO(pickle.dumps(Trap(), protocol)))


@pytest.mark.parametrize(
    ("head", "what"),
    [
        (b"\x93NUMPY\x01\x00", "NumPy"),
        ("2 1\na 1\n".encode("utf-16"), "UTF-16"),
    ],
)
def test_known_strangers_are_named(head: bytes, what: str) -> None:
    with pytest.raises(synvec.UnsupportedFormatError, match=what):
        formats.load(io.BytesIO(head))


def test_an_archive_is_not_unpacked() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("../evil.txt", TEXT)
    with pytest.raises(synvec.UnsupportedFormatError, match="zip"):
        formats.load(io.BytesIO(out.getvalue()))


@pytest.mark.parametrize("data", [b"", b"\n", b"hello world, this is prose\n", b"\x00" * 100])
def test_what_is_nothing_known(data: bytes) -> None:
    with pytest.raises(synvec.HeaderError):
        formats.load(io.BytesIO(data))


def test_a_foreign_safetensors_file() -> None:
    from safetensors.numpy import save

    with pytest.raises(synvec.UnsupportedFormatError, match="from_arrays"):
        formats.load(io.BytesIO(save({"embedding.weight": VECTORS})))


# --- anything ----------------------------------------------------------------------------------


def survives(data: bytes) -> None:
    """Whatever the bytes: an answer that can be questioned and saved again, or a clear error."""
    for options in ({}, {"binary": True}, {"no_header": True}):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                kv = formats.load_word2vec(io.BytesIO(data), **options)  # type: ignore[arg-type]
        except synvec.FormatError:
            continue
        assert kv.vectors.shape == (len(kv.key_table), kv.vector_size)
        assert np.isfinite(kv.vectors).all()
        keys = kv.key_table.keys()
        assert kv.key_table.indices(keys).tolist() == list(range(len(keys)))
        out = io.BytesIO()
        formats.save_native(out, kv.key_table, kv.vectors)
        out.seek(0)
        assert formats.open_native(out).keys.keys() == keys
    with contextlib.suppress(synvec.FormatError):
        formats.sniff(io.BytesIO(data))


@settings(deadline=None, max_examples=200)
@given(st.binary(max_size=80))
def test_any_bytes(data: bytes) -> None:
    survives(data)


@settings(deadline=None, max_examples=200)
@given(
    st.lists(
        st.sampled_from(
            [
                b"2 2\n",
                b"1 1\n",
                b"a",
                b" ",
                b"\t",
                b"\n",
                b"\r",
                b"1.5",
                b"-",
                b"nan",
                b"1e39",
                b"\xff",
                b"\xef\xbb\xbf",
                b"\x00" * 4,
            ]
        )
    )
)
def test_any_pieces(pieces: list[bytes]) -> None:
    survives(b"".join(pieces))


def test_any_change_of_a_good_file() -> None:
    generator = random.Random(7)
    for good in (TEXT, BINARY, gzip.compress(TEXT)):
        for _ in range(400):
            data = bytearray(good)
            for _ in range(generator.randint(1, 3)):
                data[generator.randrange(len(data))] ^= 1 << generator.randrange(8)
            survives(bytes(data))


def test_any_change_of_a_native_file_before_it_is_verified(tmp_path: Path) -> None:
    """Beyond 64 MB nothing is verified at opening: wrong answers at worst, never a crash."""
    path = tmp_path / "large.kv"
    rows = 9_000_000
    words = KeyTable([f"w{i}" for i in range(5)])
    limits = formats.Limits(max_vector_size=rows)
    formats.save_native(path, words, np.zeros((5, rows), np.float32))
    size = path.stat().st_size
    generator = random.Random(3)
    tail = 16 * 4 + 10  # slots and blob lie at the end, offsets after the header
    for _ in range(200):
        with path.open("r+b") as file:
            place = generator.choice(
                [size - generator.randint(1, tail), generator.randint(900, 1100)]
            )
            file.seek(place)
            old = file.read(1)
            file.seek(place)
            file.write(bytes([old[0] ^ (1 << generator.randrange(8))]))
        try:
            parts = formats.open_native(path, limits=limits)
        except synvec.FormatError:
            pass
        else:
            for word in ("w0", "w3", "absent"):
                assert -1 <= parts.keys.index(word) < 5
            for index in range(5):
                with contextlib.suppress(synvec.FormatError):
                    parts.keys.key(index)
        with path.open("r+b") as file:
            file.seek(place)
            file.write(old)
