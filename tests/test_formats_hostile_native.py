"""Native files that are not what they claim to be, with checksums that are right all the same."""

import gzip
import io
import json
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import xxhash

import synvec
from synvec import formats
from tests.golden import FOLDER
from tests.golden_native import CONFIG

NATIVE = (FOLDER / "native-1.kv").read_bytes()
START = 8 + int.from_bytes(NATIVE[:8], "little")
Header = dict[str, Any]


def digits(data: bytes) -> str:
    return f"{xxhash.xxh3_64_intdigest(data):016x}"


def forged(*changes: Callable[[Header], object], body: bytes = NATIVE[START:]) -> bytes:
    """Return the golden file with another header, mended so that every checksum is right."""
    header = json.loads(NATIVE[8:START])
    for change in changes:
        change(header)
    known = header["__metadata__"]
    for name, entry in header.items():
        if f"xxh3-64.{name}" in known and isinstance(entry, dict) and entry.get("data_offsets"):
            start, end = entry["data_offsets"]
            known[f"xxh3-64.{name}"] = digits(body[start:end])
    known["xxh3-64.header"] = "0" * 16
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    own = b'"xxh3-64.header":"' + digits(text).encode()
    text = text.replace(b'"xxh3-64.header":"' + b"0" * 16, own, 1)
    return struct.pack("<Q", len(text)) + text + body


def tensor(name: str, **entry: object) -> Callable[[Header], object]:
    return lambda header: header[name].update(entry)


def metadata(**fields: object) -> Callable[[Header], object]:
    return lambda header: header["__metadata__"].update(fields)


def changed(name: str, place: int, data: bytes) -> bytes:
    """Return the golden file with other bytes in a tensor."""
    body = bytearray(NATIVE[START:])
    start = json.loads(NATIVE[8:START])[name]["data_offsets"][0] + place
    body[start : start + len(data)] = data
    return forged(body=bytes(body))


def headed(length: int, rest: bytes) -> bytes:
    return struct.pack("<Q", length) + rest


HUGE = forged(tensor("vectors", shape=[2 * 10**9, 300], data_offsets=[168, 168 + 24 * 10**11]))
SLOTS = forged(
    tensor("key_slots", shape=[31], data_offsets=[448, 572]),
    tensor("key_bytes", data_offsets=[572, 617]),
    body=NATIVE[START:-4],
)
HEADER, UNSUPPORTED = synvec.HeaderError, synvec.UnsupportedFormatError
TRUNCATED, CHECKSUM = synvec.TruncatedFileError, synvec.ChecksumError

# What is wrong, the file, the error, what it must say.
CASES: list[tuple[str, bytes, type[Exception], str]] = [
    ("01 empty", b"", HEADER, "file is empty"),
    ("01 seven bytes", b"\0" * 7, TRUNCATED, "7 bytes, expected at least 8"),
    ("06 huge", HUGE, HEADER, "norms begins at byte 408, expected 2400000000168"),
    ("06 product overflows", forged(tensor("vectors", shape=[2**40, 2**40])), HEADER,
     r"vectors has shape \[1099511627776, 1099511627776\]"),
    ("07 count too large", forged(tensor("counts", shape=[11])), HEADER, r"shape \[11\]"),
    ("08 trailing", NATIVE + b"\0", HEADER, "trailing data after the 1413 bytes"),
    ("09 cut", NATIVE[:-1], TRUNCATED, "1413 bytes, but the file has 1412"),
    ("09 cut in the header", NATIVE[:300], TRUNCATED, "but the file has only 300"),
    ("12 NaN though finite", changed("vectors", 4, b"\0\0\xc0\x7f"), synvec.NonFiniteError,
     "NaN or infinity, though saved as finite"),
    ("13 key not UTF-8", changed("key_bytes", 1, b"\xff"), CHECKSUM, "key 0 is not valid UTF-8"),
    ("25 a bit of a tensor", NATIVE[:-1] + b"x", CHECKSUM, "key_bytes does not match"),
    ("25 a bit of the type of keys", NATIVE.replace(b'"str"', b'"sts"'), UNSUPPORTED, "sts"),
    ("25 a bit of the header", NATIVE.replace(b"utf8", b"utf9"), CHECKSUM, "header does not match"),
    ("32 header u64 max", headed(2**64 - 1, b"{}"), HEADER, "18446744073709551615"),
    ("32 header 101 MB", headed(101_000_000, b"{}"), HEADER, "101000000 bytes, expected at most"),
    ("32 not UTF-8", headed(8, b"{\xff\xff\xff\xff\xff\xff}"), HEADER, "not UTF-8"),
    ("32 not JSON", headed(8, b"{nothing"), HEADER, "not a JSON object"),
    ("32 nested", headed(80_000, b'{"a":' + b"[" * 79_995), HEADER, "not a JSON object"),
    ("32 no place for tensors", headed(9, b"{}       "), UNSUPPORTED, "synvec did not write"),
    ("32 wrong type", forged(tensor("vectors", dtype="F16")), HEADER,
     'dtype "F16", expected "F32"'),
    ("32 no dimension", forged(tensor("vectors", shape=[60, 0])), HEADER, r"shape \[60, 0\]"),
    ("32 one dimension", forged(tensor("vectors", shape=[60])), HEADER, r"expected \[V, D\]"),
    ("32 offsets backwards", forged(tensor("norms", data_offsets=[448, 408])), HEADER,
     r"norms has data_offsets \[448, 408\]"),
    ("32 no offsets", forged(tensor("norms", data_offsets=None)), HEADER, "no data_offsets"),
    ("32 shape negative", forged(tensor("norms", shape=[-10])), HEADER, "no shape"),
    ("32 entry is a list", forged(lambda h: h.update(norms=[])), HEADER, "norms has dtype null"),
    ("32 tensor missing", forged(lambda h: h.pop("norms")), HEADER, "byte 448, expected 408"),
    ("32 last tensor missing", forged(lambda h: h.pop("key_bytes")), HEADER, "no tensor key_bytes"),
    ("32 gap", forged(tensor("key_bytes", shape=[44], data_offsets=[577, 621])), HEADER,
     "key_bytes begins at byte 577, expected 576"),
    ("32 vocabulary differs", forged(tensor("vectors", shape=[12, 5])), HEADER,
     r"counts has shape \[10\], expected \[12\] beside 12 vectors of 5"),
    ("32 slots no power of two", SLOTS, HEADER, "31 key_slots for 10 keys, expected a power of"),
    ("32 slots of a stranger", changed("key_slots", 0, b"\xfe" * 128), CHECKSUM,
     "key 0 is not found"),
    ("32 last offset", changed("key_offsets", 80, b"\x2c"), HEADER,
     "go from 0 to 44, expected 0 to 45"),
    ("32 offsets of keys backwards", changed("key_offsets", 8, b"\xff\xff"), CHECKSUM,
     "key 0 has bytes 0 to 65535"),
    ("32 no checksum", forged(lambda h: h["__metadata__"].pop("xxh3-64.norms")), HEADER,
     "norms has no checksum"),
    ("32 of somebody else", headed(8, b"{}      "), UNSUPPORTED, "synvec did not write"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("data", "error", "message"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_what_a_user_gets(
    tmp_path: Path, data: bytes, error: type[Exception], message: str
) -> None:
    path = tmp_path / "a.kv"
    path.write_bytes(data)
    with pytest.raises(error, match=message) as caught:
        formats.load(path, format="native")
    assert type(caught.value) is error
    assert str(path) in str(caught.value)
    assert not str(caught.value).endswith(".")
    for source in (data, gzip.compress(data)):
        with pytest.raises(error, match=message):
            formats.load(io.BytesIO(source), format="native")
        with pytest.raises(error):
            formats.verify(io.BytesIO(source), format="native")


# --- full models ---------------------------------------------------------------------------------


def model(config: str) -> bytes:
    return forged(metadata(kind="word2vec", config=config))


@pytest.mark.parametrize(
    ("differs", "message"),
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
def test_32_a_model_whose_configuration_is_wrong(differs: Header, message: str) -> None:
    with pytest.raises(synvec.HeaderError, match=message):
        formats.load(io.BytesIO(model(json.dumps({**CONFIG, **differs}))))


@pytest.mark.parametrize("config", ["[]", "nothing", "[" * 100_000, "3"])
def test_32_a_configuration_that_is_no_object(config: str) -> None:
    with pytest.raises(synvec.HeaderError, match="config is"):
        formats.load(io.BytesIO(model(config)))
