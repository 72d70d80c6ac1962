"""docs/format.md is enough: a reader and a writer made from that page alone, without synvec's code.

`read` and `write` below import nothing of synvec. What one side writes, the other side reads, and
the writer's files are ours byte for byte.
"""

import json
import math
import re
import struct
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xxhash

import synvec
from synvec import (
    FastTextKeyedVectors,
    KeyedVectors,
    Phrases,
    Word2Vec,
    formats,
    model_files,
    phrase_files,
)
from tests.golden import COUNTS, FOLDER, KEYS, VECTORS
from tests.golden_native import CONFIG, WRITTEN
from tests.golden_phrases import WRITTEN as PHRASES
from tests.golden_phrases import counted

PAGE = Path(__file__).parent.parent / "docs" / "format.md"

# --- the page, in Python ------------------------------------------------------------------------

TYPES = {"U64": "<u8", "F64": "<f8", "F32": "<f4", "U32": "<u4", "U8": "u1"}
ORDER = {
    "key_offsets": "U64", "counts": "U64", "scores": "F64", "pair_counts": "U64",
    "pair_offsets": "U64", "vectors": "F32", "norms": "F32", "key_slots": "U32",
    "output_vectors": "F32", "output_nodes": "F32", "own_vectors": "F32",
    "ngram_vectors": "F32", "ngram_buckets": "U32", "pair_first": "U32", "pair_last": "U32",
    "pair_between": "U32", "key_bytes": "U8",
}  # fmt: skip
EMPTY = 0xFFFFFFFF


def digits(data: bytes) -> str:
    return f"{xxhash.xxh3_64_intdigest(data):016x}"


def slots_of(keys: list[bytes]) -> np.ndarray:
    size = 16
    while size < 2 * len(keys):
        size *= 2
    slots = np.full(size, EMPTY, "<u4")
    for index, key in enumerate(keys):
        at = xxhash.xxh3_64_intdigest(key) & (size - 1)
        while slots[at] != EMPTY:
            at = (at + 1) & (size - 1)
        slots[at] = index
    return slots


def write(
    keys: list[str],
    vectors: np.ndarray | None,
    *,
    metadata: dict[str, str] | None = None,
    extra: dict[str, tuple[str, np.ndarray]] | None = None,
    **more: np.ndarray,
) -> bytes:
    texts = [key.encode() for key in keys]
    ends = np.cumsum([0, *map(len, texts)])
    arrays = {
        "key_offsets": ends,
        "key_slots": slots_of(texts),
        "key_bytes": np.frombuffer(b"".join(texts), "u1"),
        **more,
    }
    if vectors is not None:
        squares = (vectors.astype(np.float64) ** 2).sum(axis=1)
        arrays |= {"vectors": vectors, "norms": np.sqrt(squares)}
    tensors = [(name, type_, arrays[name]) for name, type_ in ORDER.items() if name in arrays]
    tensors += [(name, type_, array) for name, (type_, array) in (extra or {}).items()]
    header: dict[str, Any] = {}
    known = {
        "format": "synvec", "format_version": "1", "key_type": "str", "kind": "keyed_vectors",
        "proven": "finite,utf8,unique", "xxh3-64.header": "0" * 16, **(metadata or {}),
    }  # fmt: skip
    body = b""
    for name, type_, array in tensors:
        data = array.astype(TYPES.get(type_, array.dtype)).tobytes()
        place = [len(body), len(body) + len(data)]
        header[name] = {"data_offsets": place, "dtype": type_, "shape": list(array.shape)}
        known[f"xxh3-64.{name}"] = digits(data)
        body += data
    header["__metadata__"] = known
    text = json.dumps(header, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    aligned = "vectors" if vectors is not None else "key_offsets"
    while (8 + len(text) + header[aligned]["data_offsets"][0]) % 64:
        text += b" "
    blank = b'"xxh3-64.header":"' + b"0" * 16 + b'"'
    own = b'"xxh3-64.header":"' + digits(text).encode() + b'"'
    return struct.pack("<Q", len(text)) + text.replace(blank, own, 1) + body


class RefusedError(Exception):
    pass


def read(data: bytes) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    (size,) = struct.unpack("<Q", data[:8])
    text, body = data[8 : 8 + size], data[8 + size :]
    header = json.loads(text)
    metadata = header.pop("__metadata__")
    if (metadata["format"], metadata["format_version"]) != ("synvec", "1"):
        raise RefusedError("format")
    own = metadata["xxh3-64.header"].encode()
    blank = text.replace(b'"xxh3-64.header":"' + own, b'"xxh3-64.header":"' + b"0" * 16, 1)
    if digits(blank).encode() != own:
        raise RefusedError("header")
    tensors, end = {}, 0
    for name in [name for name in ORDER if name in header]:
        entry = header[name]
        start, stop = entry["data_offsets"]
        if start != end or entry["dtype"] != ORDER[name]:
            raise RefusedError(name)
        if digits(body[start:stop]) != metadata[f"xxh3-64.{name}"]:
            raise RefusedError(name)
        array = np.frombuffer(body[start:stop], TYPES[entry["dtype"]])
        tensors[name], end = array.reshape(entry["shape"]), stop
    if end != len(body):
        raise RefusedError("size")
    return tensors, metadata


def find(tensors: dict[str, np.ndarray], key: str) -> int:
    text, slots, ends = key.encode(), tensors["key_slots"], tensors["key_offsets"]
    at = xxhash.xxh3_64_intdigest(text) & (len(slots) - 1)
    for _ in range(len(slots)):
        index = int(slots[at])
        if index == EMPTY:
            break
        if tensors["key_bytes"][int(ends[index]) : int(ends[index + 1])].tobytes() == text:
            return index
        at = (at + 1) & (len(slots) - 1)
    return -1


# --- files of ours, read by the page -------------------------------------------------------------


@pytest.mark.parametrize("name", WRITTEN)
def test_the_page_reads_our_files(name: str) -> None:
    tensors, metadata = read((FOLDER / name).read_bytes())
    assert [find(tensors, key) for key in KEYS] == list(range(10))
    assert find(tensors, "absent") == find(tensors, "") == -1
    assert ("counts" in tensors) == (name != "native-1-without-counts.kv")
    finite = name != "native-1-nonfinite.kv"
    assert metadata["proven"] == ("finite,utf8,unique" if finite else "utf8,unique")
    assert np.isfinite(tensors["vectors"]).all() == finite
    if finite:
        assert (tensors["vectors"] == VECTORS).all()
    assert ("config" in metadata) == (metadata["kind"] == "word2vec")


def test_the_page_reads_many_keys(tmp_path: Path) -> None:
    """Enough for long runs of full slots, and for a table that has grown."""
    keys = [f"{'ä' * (i % 7)}{i}" for i in range(5000)] + [""]
    vectors = np.random.default_rng(1).normal(size=(5001, 3)).astype(np.float32)
    grown = KeyedVectors(3)
    grown.add_vectors(keys[:10], vectors[:10])
    grown.add_vectors(keys[10:], vectors[10:])
    grown.save(tmp_path / "a.kv")
    tensors, _ = read((tmp_path / "a.kv").read_bytes())
    assert [find(tensors, key) for key in keys] == list(range(5001))
    np.testing.assert_allclose(tensors["norms"], np.linalg.norm(vectors, axis=1), rtol=1e-6)


# --- files of the page, read by us ---------------------------------------------------------------


@pytest.mark.parametrize("name", WRITTEN)
def test_the_page_writes_our_bytes(name: str) -> None:
    ours = (FOLDER / name).read_bytes()
    tensors, metadata = read(ours)
    more = {
        part: tensors[part]
        for part in ("counts", "output_vectors", "output_nodes")
        if part in tensors
    }
    with np.errstate(invalid="ignore"):
        again = write(KEYS, tensors["vectors"], metadata=metadata, **more)
    if name == "native-1-nonfinite.kv":  # the bits of a NaN that is computed are the machine's
        assert len(again) == len(ours)
    else:
        assert again == ours


def opened(path: Path, data: bytes) -> KeyedVectors:
    path.write_bytes(data)
    found = formats.verify(path)
    assert (found.format, found.vector_size) == ("native", 6)
    return formats.vectors_of(formats.load(path))


def test_we_read_files_of_the_page(tmp_path: Path) -> None:
    kv = opened(tmp_path / "a.kv", write(KEYS, VECTORS, counts=np.array(COUNTS)))
    assert kv.index_to_key == KEYS
    assert kv.vectors.tobytes() == VECTORS.tobytes()
    assert kv.norms is not None and math.isclose(
        kv.norms[0], np.linalg.norm(VECTORS[0]), rel_tol=1e-6
    )
    empty = opened(tmp_path / "b.kv", write([], np.empty((0, 6), np.float32)))
    assert len(empty) == 0


def test_integer_keys_go_both_ways(tmp_path: Path) -> None:
    keys = [7, -3, 0, 2**63 - 1, -(2**63), 10]
    digits = [str(key) for key in keys]
    kv = opened(tmp_path / "a.kv", write(digits, VECTORS[:6], metadata={"key_type": "int"}))
    assert kv.index_to_key == keys
    ours = tmp_path / "b.kv"
    kv.save(ours)
    assert ours.read_bytes() == (tmp_path / "a.kv").read_bytes()
    tensors, metadata = read(ours.read_bytes())
    assert metadata["key_type"] == "int"
    assert [find(tensors, key) for key in digits] == list(range(6))
    none = opened(
        tmp_path / "c.kv", write([], np.empty((0, 6), np.float32), metadata={"key_type": "int"})
    )
    none.save(ours)
    assert read(ours.read_bytes())[1]["key_type"] == "str"


@pytest.mark.parametrize("text", ["07", "-0", "+7", " 7", "7.0", "", "9223372036854775808", "٧"])
def test_what_is_no_integer_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "a.kv"
    path.write_bytes(write([text], VECTORS[:1], metadata={"key_type": "int"}))
    for look in (formats.verify, formats.load):
        with pytest.raises(synvec.ChecksumError, match="key 0 is not an integer of 64 bits"):
            look(path)


def test_only_vectors_and_models_have_integer_keys(tmp_path: Path) -> None:
    for kind in ("fasttext_keyed_vectors", "phrases", "frozen_phrases"):
        path = tmp_path / f"{kind}.kv"
        path.write_bytes(write(["7"], VECTORS[:1], metadata={"key_type": "int", "kind": kind}))
        with pytest.raises(synvec.HeaderError, match=f'"{kind}" has no keys of type "int"'):
            formats.load(path)


def test_we_read_a_model_of_the_page(tmp_path: Path) -> None:
    config = {"config": json.dumps({**CONFIG, "new_setting": 3}), "kind": "word2vec"}
    (tmp_path / "a.kv").write_bytes(
        write(KEYS, VECTORS, metadata=config, counts=np.array(COUNTS), output_vectors=VECTORS)
    )
    model = Word2Vec.load(tmp_path / "a.kv")
    assert (model.window, model.corpus_count, len(model.history)) == (5, 40, 2)
    assert model.syn1neg.tobytes() == VECTORS.tobytes()


@pytest.mark.parametrize("name", ["vectors", "output_vectors"])
def test_what_is_said_to_be_finite_is_looked_at(tmp_path: Path, name: str) -> None:
    config = {"config": json.dumps(CONFIG), "kind": "word2vec"}
    damaged = VECTORS.copy()
    damaged[3, 2] = np.nan
    parts = {"vectors": VECTORS, "output_vectors": VECTORS, name: damaged}
    path = tmp_path / "a.kv"
    path.write_bytes(write(KEYS, metadata=config, counts=np.array(COUNTS), **parts))
    for look in (formats.verify, Word2Vec.load):
        with pytest.raises(synvec.NonFiniteError, match=f"{name} holds NaN"):
            look(path)


def buckets_of(word: str, min_n: int, max_n: int, bucket: int) -> list[int]:
    text, found = f"<{word}>", []
    for start in range(len(text)):
        for end in range(start + min_n, min(start + max_n, len(text)) + 1):
            if text[start:end] not in "<>":
                value = 2166136261
                for byte in text[start:end].encode():
                    value = (value ^ (byte if byte < 128 else byte | 0xFFFFFF00)) * 16777619
                    value &= 0xFFFFFFFF
                found.append(value % bucket)
    return found if word != "</s>" else []


@pytest.mark.parametrize("kept", [None, [0, 3, 4, 8]])
def test_the_page_reads_and_writes_vectors_with_subwords(
    tmp_path: Path, kept: list[int] | None
) -> None:
    keys = [*KEYS[:9], "</s>"]
    sizes = {"min_n": 1, "max_n": 3, "bucket": 11}
    rows = np.random.default_rng(2).normal(size=(11 if kept is None else 4, 6)).astype("f4")
    places = range(11) if kept is None else kept
    row_of = dict(zip(places, rows.astype(float), strict=True))
    vectors = np.empty_like(VECTORS)
    for at, key in enumerate(keys):
        parts = [row_of[b] for b in buckets_of(key, **sizes) if b in row_of]
        vectors[at] = np.mean([VECTORS[at].astype(float), *parts], axis=0)
    more = {"own_vectors": VECTORS, "ngram_vectors": rows, "counts": np.array(COUNTS)}
    if kept is not None:
        more["ngram_buckets"] = np.array(kept)
    config = {"config": json.dumps({**sizes, "compatible_hash": True})}
    data = write(keys, vectors, metadata={"kind": "fasttext_keyed_vectors", **config}, **more)
    kv = opened(tmp_path / "a.kv", data)
    assert isinstance(kv, FastTextKeyedVectors)
    kv.adjust_vectors()  # they are made anew, of the parts
    np.testing.assert_allclose(kv.vectors, vectors, rtol=1e-5, atol=1e-6)
    outside = np.mean([row_of[b] for b in buckets_of("ports", **sizes) if b in row_of], axis=0)
    np.testing.assert_allclose(kv["ports"], outside, rtol=1e-5, atol=1e-6)
    kv.save(tmp_path / "b.kv")
    tensors, metadata = read((tmp_path / "b.kv").read_bytes())
    assert metadata["kind"] == "fasttext_keyed_vectors"
    assert json.loads(metadata["config"]) == json.loads(config["config"])
    assert all((tensors[name] == array).all() for name, array in more.items())


def test_the_page_names_every_tensor() -> None:
    page = PAGE.read_text(encoding="utf-8")

    def tensors(heading: str, row: str) -> list[tuple[str, str]]:
        section = page.split(f"## {heading}")[1].split("\n## ")[0]
        return re.findall(row + r" \| `([A-Z]+[0-9]+)` \|", section, re.MULTILINE)

    of_vectors = tensors("The tensors", r"^\| `(\w+)`")
    of_phrases = tensors("Phrases", r"^\|[^|]*\| `(\w+)`")
    assert of_vectors == [tensor for tensor in ORDER.items() if tensor in of_vectors]
    assert {*of_vectors, *of_phrases} == set(ORDER.items())
    order = page.split("All tensors stand in the order ")[1].split(".")[0]
    assert re.findall(r"`(\w+)`", order) == [name for name in ORDER if f"`{name}`" in order]


def test_the_page_names_every_field_of_a_model() -> None:
    section = PAGE.read_text(encoding="utf-8").split("## Full models")[1].split("\n## ")[0]
    rows = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    named = set(re.findall(r"`(\w+)`", " ".join(rows)))
    lists = {"history", "lifecycle_events"}
    assert named == {*model_files.SETTINGS, *model_files._RESULTS, *lists}
    assert set(CONFIG) < named, "the golden files were written before some of them"


@pytest.mark.parametrize("name", PHRASES)
def test_the_page_reads_and_writes_phrases(name: str) -> None:
    ours = (FOLDER / name).read_bytes()
    tensors, metadata = read(ours)
    texts, ends = tensors["key_bytes"].tobytes(), tensors["key_offsets"]
    keys = [texts[a:b].decode() for a, b in pairwise(ends)]
    assert [find(tensors, key) for key in keys] == list(range(len(keys)))
    own = {n: t for n, t in tensors.items() if not n.startswith("key_")}
    assert write(keys, None, metadata=metadata, **own) == ours
    config = json.loads(metadata["config"])
    assert config["connector_words"] == ["'", "of"]
    if metadata["kind"] == "frozen_phrases":
        assert dict(zip(keys, tensors["scores"], strict=True)) == counted().export_phrases()
        return
    pairs = {}
    for i, count in enumerate(tensors["pair_counts"]):
        between = tensors["pair_between"][slice(*tensors["pair_offsets"][i : i + 2])]
        words = [tensors["pair_first"][i], *between, tensors["pair_last"][i]]
        pairs["_".join(keys[word] for word in words)] = count
    words = dict(zip(keys, tensors["counts"], strict=True))
    assert config["corpus_word_count"] == sum(words.values()) == 11
    del words["of"]
    assert words | pairs == counted().vocab


def test_we_read_phrases_of_the_page(tmp_path: Path) -> None:
    metadata = {"kind": "phrases", "config": json.dumps({"min_count": 1, "threshold": 0.1})}
    arrays = {
        "counts": [2, 3], "pair_counts": [2], "pair_offsets": [0, 0], "pair_first": [0],
        "pair_last": [1], "pair_between": [],
    }  # fmt: skip
    more = {name: np.array(values, np.uint64) for name, values in arrays.items()}
    (tmp_path / "a.kv").write_bytes(write(["a", "b"], None, metadata=metadata, **more))
    assert Phrases.load(tmp_path / "a.kv").export_phrases() == {"a_b": 0.5}
    vectors = np.ones((2, 1), np.float32)
    for kind, stray, message in (
        ("phrases", {"norms": [1, 1]}, "has no tensor norms"),
        ("keyed_vectors", {"scores": [1, 1]}, "has no tensor scores"),
        ("frozen_phrases", {}, "there is no tensor scores"),
    ):
        given = {name: np.array(values) for name, values in stray.items()}
        given |= more if kind == "phrases" else {}
        rows = vectors if kind == "keyed_vectors" else None
        (tmp_path / "b.kv").write_bytes(write(["a", "b"], rows, metadata={"kind": kind}, **given))
        with pytest.raises(synvec.HeaderError, match=message):
            synvec.load(tmp_path / "b.kv")


def test_the_page_names_every_field_of_phrases() -> None:
    section = PAGE.read_text(encoding="utf-8").split("## Phrases")[1].split("\n## ")[0]
    fields = section.split("| field |")[1]
    named = {line.split("`")[1] for line in fields.splitlines() if line.startswith("| `")}
    assert named == {*phrase_files._ARGUMENTS, "corpus_word_count"}


# --- what comes later ----------------------------------------------------------------------------


def with_extra(name: str, **changes: str) -> bytes:
    extra = {name: ("BF16", np.arange(6, dtype=np.uint16))}
    return write(KEYS, VECTORS, metadata=changes, extra=extra)


def test_what_may_be_ignored_is_ignored(tmp_path: Path) -> None:
    data = with_extra("optional.colours", author="somebody", proven="finite,utf8,unique,sorted")
    assert opened(tmp_path / "a.kv", data).index_to_key == KEYS
    assert "6 tensors" in formats.verify(tmp_path / "a.kv").checked[0]
    damaged = data[:-1] + bytes([data[-1] ^ 1])
    with pytest.raises(synvec.ChecksumError, match=r"optional\.colours does not match"):
        opened(tmp_path / "b.kv", damaged)
    with pytest.raises(synvec.TruncatedFileError):
        opened(tmp_path / "b.kv", data[:-1])


def test_several_optional_tensors_lie_in_any_order(tmp_path: Path) -> None:
    extra = {
        f"optional.{name}": ("U8", np.arange(size, dtype=np.uint8))
        for name, size in (("z", 3), ("a", 0), ("m", 5))
    }
    kv = opened(tmp_path / "a.kv", write(KEYS, VECTORS, extra=extra))
    assert kv.index_to_key == KEYS


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (write(KEYS, VECTORS, metadata={"format_version": "2"}),
         'format version "2" .*a newer synvec may read it: pip install --upgrade synvec'),
        (write(KEYS, VECTORS, metadata={"format_version": "2", "readable_from": "0.7"}),
         "synvec 0.7 and later read it: pip install 'synvec>=0.7'"),
        (write(KEYS, VECTORS, metadata={"format_version": "2", "readable_from": "0.7'; rm x"}),
         "a newer synvec may read it"),
        (write(KEYS, VECTORS, metadata={"key_type": "bytes"}), 'keys of type "bytes"'),
        (write(KEYS, VECTORS, metadata={"kind": "glove"}), 'kind is "glove"'),
        (with_extra("colours", readable_from="1.2.3"), '"colours" is unknown; synvec 1.2.3 and'),
        (with_extra("optionally"), '"optionally" is unknown'),
    ],
)  # fmt: skip
def test_what_may_not_be_ignored_is_refused(tmp_path: Path, data: bytes, message: str) -> None:
    with pytest.raises(synvec.UnsupportedFormatError, match=message):
        opened(tmp_path / "a.kv", data)
