"""Pickles that are not what they claim to be: nothing is run, nothing grows, everything is told."""

import gzip
import io
import pickle
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import synvec
from synvec import Limits, formats
from tests import gensim_files as files
from tests.golden import FOLDER, KEYS, VECTORS
from tests.hostile import check_prefixes_err, check_survives, flipped, megabytes_to_refuse

GOLDEN = FOLDER / "gensim"
STORE = b"\x80\x02cgensim.models.keyedvectors\nKeyedVectors\n)\x81}("  # then attributes, then ub.


def load(data: bytes) -> Any:
    return formats.load(io.BytesIO(data), format="gensim")


def refused(data: bytes, error: type[Exception] = synvec.HeaderError, match: str = ".") -> None:
    with pytest.raises(error, match=match):
        load(data)


def short(text: str) -> bytes:
    """A string as protocol 4 spells it."""
    return b"\x8c" + bytes([len(text)]) + text.encode()


# --- names ----------------------------------------------------------------------------------------

EVIL = [
    ("os", "system"),
    ("posix", "system"),
    ("builtins", "eval"),
    ("__builtin__", "eval"),
    ("builtins", "getattr"),
    ("builtins", "__import__"),
    ("numpy.f2py", "compile"),
    ("numpy.core.multiarray", "fromfile"),
    ("numpy", "load"),
    ("numpy.core", "_reconstruct"),  # the right name in another module
    ("gensim.utils", "unpickle"),
    ("gensim.models.keyedvectors", "KeyedVectors.load"),
    ("gensim.models.word2vec", "os.system"),
    ("operator", "attrgetter"),
    ("copyreg", "add_extension"),
    ("pickle", "loads"),
    ("functools", "partial"),
    ("_codecs", "decode"),
    ("collections", "namedtuple"),
    ("__main__", "Callback"),
    ("", ""),
    ("numpy\x00", "ndarray"),
]


@pytest.mark.parametrize(("module", "name"), EVIL, ids=[f"{m}.{n}" for m, n in EVIL])
def test_no_opcode_that_names_lets_a_strange_name_in(module: str, name: str) -> None:
    lines = f"{module}\n{name}\n".encode()
    stacked = short(module) + short(name) + b"\x93"
    for spelled in (
        b"\x80\x02c" + lines + b".",
        b"c" + lines + b"(S'true'\ntR.",
        b"(i" + lines + b".",
        b"(S'true'\ni" + lines + b".",
        b"(c" + lines + b"o.",
        b"\x80\x02c" + lines + b")\x81.",
        b"\x80\x04" + stacked + b")}\x92.",
        b"\x80\x04" + stacked + b")R.",
        STORE + b"X\x01\x00\x00\x00ac" + lines + b"ub.",
        STORE + b"X\x01\x00\x00\x00a](((c" + lines + b"tteub.",
        b"ccopy_reg\n_reconstructor\n(c" + lines + b"c__builtin__\nobject\nNtR.",
    ):
        with pytest.raises(synvec.UnsafePickleError, match="nothing of it was run") as caught:
            load(spelled)
        assert f"names {module}.{name}" in str(caught.value)


@pytest.mark.parametrize(
    "what",
    [
        b"c__builtin__\nhash\n)R.",
        b"cnumpy\nndarray\n(K\x01tR.",
        b"cgensim.utils\ncall_on_class_only\n)R.",
        b"c__builtin__\nobject\n)\x81.",
        b"(c__builtin__\nint\nX\x01\x00\x00\x005o.",
        b"(icollections\ndefaultdict\n.",
        b"cnumpy\ndtype\n(X\x02\x00\x00\x00f4t\x81.",
    ],
)
def test_what_may_be_mentioned_may_not_be_called(what: bytes) -> None:
    refused(b"\x80\x02" + what, synvec.UnsafePickleError, "calls|makes an object of")


@pytest.mark.parametrize(
    ("what", "match"),
    [
        (b"Pname\n.", "persistent id"),
        (b"K\x01Q.", "persistent id"),
        (b"\x82\x01.", "extension code"),
        (b"\x83\x01\x00.", "extension code"),
        (b"\x84\x01\x00\x00\x00.", "extension code"),
        (b"\x97.", "buffer"),
        (b"K\x01\x98.", "buffer"),
    ],
)
def test_nothing_is_asked_for_from_outside(what: bytes, match: str) -> None:
    refused(b"\x80\x05" + what, synvec.UnsafePickleError, match)


class Trap:
    def __reduce__(self) -> tuple[Any, ...]:
        return (exec, ("raise SystemExit('the pickle was run')",))


@pytest.mark.parametrize("protocol", range(6))
def test_a_trap_inside_a_model_is_not_sprung(protocol: int) -> None:
    data = files.dumps(files.model_4(comment=[[{"a": Trap()}]]), protocol)
    with pytest.raises(synvec.UnsafePickleError, match="exec at byte"):
        formats.load(io.BytesIO(data))


def test_what_is_no_model() -> None:
    for protocol in range(2, 6):
        data = pickle.dumps({"a": [1, 2.5, None, True, b"x", (1, 2), {3}]}, protocol)
        with pytest.raises(synvec.UnsupportedFormatError, match="pickle of a dict"):
            formats.load(io.BytesIO(data))
    refused(
        b"\x80\x02cgensim.models.ldamodel\nLdaModel\n.",
        synvec.UnsupportedFormatError,
        r"LdaModel.*save_word2vec_format",
    )
    refused(b"\x80\x02cgensim.models.keyedvectors\nVocab\n)\x81.", synvec.UnsupportedFormatError)
    refused(b"\x80\x02cgensim.models.word2vec\nWord2Vec\n.", synvec.UnsupportedFormatError)


# --- shapes of programs ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "program",
    [
        b".", b"0.", b"N0.", b"a.", b"Na.", b"NNa.", b"s.", b"}NNs.", b"NNNs.", b"t.", b"1.", b"e.",
        b"]e.", b"u.", b"}(Nu.", b"}(](Neu.", b"}()Nu.", b"}(G\x00\x00\x00\x00\x00\x00\x00\x00Nu.",
        b"}(L" + b"9" * 60 + b"L\nNu.", b"}(\x8a\x09" + b"\xff" * 8 + b"\x01Nu.", b"R.", b"NR.",
        b"N)R.", b"b.", b"Nb.", b"N}b.", b"\x81.", b"N)\x81.", b"\x92.", b"o.", b"(o.", b"(No.",
        b"h\x00.", b"g0\n.", b"g-1\n.", b"p0\n.", b"Np-1\n.", b"Npx\n.", b"j\xff\xff\xff\xff.",
        b"Nr\xff\xff\xff\x7f.", b"Nq\x05h\x03.", b"NN.", b"(N.", b"I1x\n.", b"Ix\n.", b"L1_\n.",
        b"I" + b"9" * 100_000 + b"\n.", b"L" + b"9" * 100_000 + b"L\n.", b"F" + b"1" * 999 + b"\n.",
        b"Fx\n.", b"Sx\n.", b"S'x\n.", b"S\n.", b"V\\ud8\n.", b"X\x01\x00\x00\x00\xff.",
        b"\x8c\x02\xc3(.", b"\x93.", b"NN\x93.", b"K\x01K\x02\x93.", b"\x80\x06.", b"\xff.",
        b"\x00.", b"~.", b"c\xff\n\xff\n.", b"\x8a\x40" + b"\x01" * 64 + b".",
        b"\x90.", b"\x91.", b"N(\x90.", b"N\n.", b"N.N.", b"\x94.", b"2.",
    ],
)  # fmt: skip
def test_malformed_programs(program: bytes) -> None:
    refused(b"\x80\x02" + program, synvec.FormatError)


@pytest.mark.parametrize(
    ("opcode", "width"),
    [(b"X", 4), (b"T", 4), (b"B", 4), (b"\x8b", 4), (b"\x8d", 8), (b"\x8e", 8), (b"\x96", 8)],
)
def test_lengths_beyond_the_file(opcode: bytes, width: int) -> None:
    for length in (100, (1 << 31) - 1, (1 << 8 * width) - 1):
        data = b"\x80\x04" + opcode + length.to_bytes(width, "little") + b"abc."
        refused(data, synvec.FormatError, "announced|integer of")
    refused(b"\x80\x04\x95" + b"\xff" * 8 + b"N.", synvec.TruncatedFileError)


def pairs(*attributes: tuple[str, bytes]) -> bytes:
    """A store whose attributes are given as opcodes."""
    spelled = b"".join(
        b"X" + struct.pack("<I", len(name)) + name.encode() + code for name, code in attributes
    )
    return STORE + spelled + b"ub."


def array(shape: bytes, dtype: bytes = b"f4", raw: bytes = b"U\x08" + bytes(8)) -> bytes:
    """An array as opcodes."""
    return (
        b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(K\x00tU\x01btR(K\x01"
        + shape + b"cnumpy\ndtype\n(U" + bytes([len(dtype)]) + dtype + b"K\x00K\x01tR\x89" + raw
        + b"tb"
    )  # fmt: skip


def test_an_array_as_it_should_be() -> None:
    names = b"](X\x01\x00\x00\x00aX\x01\x00\x00\x00be"
    data = pairs(("index_to_key", names), ("vectors", array(b"(K\x02K\x01t")))
    assert load(data).index_to_key == ["a", "b"]


@pytest.mark.parametrize(
    ("spelled", "match"),
    [
        (array(b"(\x8a\x06\x00\x10\xa5\xd4\xe8\x00t"), "needs 4000000000000 bytes, 8 are there"),
        (array(b"(J\xff\xff\xff\xffK\x02t"), "shape"),
        (array(b"(J\xff\xff\xff\xffJ\xfe\xff\xff\xfft"), "shape"),
        (array(b"(\x8a\x08" + b"\xff" * 7 + b"\x7fK\x02t"), "shape"),
        (array(b"(X\x01\x00\x00\x002K\x01t"), "shape"),
        (array(b"(\x88K\x02t"), "shape"),
        (array(b"K\x02"), "shape"),
        (array(b"(" + b"K\x01" * 40 + b"t"), "shape"),
        (array(b"(K\x02K\x01t", b"O8"), "objects"),
        (array(b"(K\x02K\x01t", b"O8", b"](NNe"), "objects"),
        (array(b"(K\x02K\x01t", b"V4"), "dtype"),
        (array(b"(K\x02K\x01t", b"S4"), "dtype"),
        (array(b"(K\x02K\x01t", b"c8"), "dtype"),
        (array(b"(K\x02K\x01t", b"f4,f4"), "dtype"),
        (array(b"(K\x02K\x01t", b"M8[s]"), "dtype"),
        (array(b"(K\x02K\x01t", b"i4"), "expected floats"),
        (array(b"(K\x01K\x02t"), r"shape \(1, 2\), expected \(2, D\)"),
        (array(b"(K\x02t"), r"needs 8|shape \(2,\)"),
        (array(b"(K\x02K\x00t", raw=b"U\x00"), r"shape \(2, 0\)"),
        (array(b"(K\x02K\x01t", raw=b"N"), "none are there"),
        (array(b"(K\x02K\x01t", raw=b"X\x08\x00\x00\x00abcdefgh"), "none are there"),
        (b"N", "has no vectors"),
        (b"]", "has no vectors"),
        (b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(K\x00tU\x01btR", "no vectors"),
    ],
)
def test_arrays_that_do_not_add_up(spelled: bytes, match: str) -> None:
    names = b"](X\x01\x00\x00\x00aX\x01\x00\x00\x00be"
    refused(pairs(("index_to_key", names), ("vectors", spelled)), match=match)


@pytest.mark.parametrize(
    "changes",
    [
        {"index_to_key": None}, {"index_to_key": {}}, {"index_to_key": KEYS[:9]},
        {"index_to_key": [*KEYS, "more"]}, {"index_to_key": [*KEYS[:9], 1.5]},
        {"index_to_key": [*KEYS[:9], ("a",)]}, {"index_to_key": [*KEYS[:9], b"\xff"]},
        {"index_to_key": [*KEYS[:9], "a" * 2_000_000]}, {"vectors": VECTORS[0]},
        {"vectors": VECTORS.astype(int)}, {"vectors": VECTORS.reshape(10, 6, 1)},
        {"vectors": "text"}, {"expandos": {"count": np.ones(9)}},
        {"expandos": {"count": -np.ones(10, dtype=int)}}, {"expandos": {"count": np.ones(10)}},
        {"__numpys": ["vectors"], "vectors": None}, {"__numpys": "vectors", "vectors": None},
        {"__scipys": ["vectors"]},
    ],
)  # fmt: skip
def test_stores_that_do_not_add_up(changes: dict[str, Any]) -> None:
    refused(files.dumps(files.store_4(**changes)), synvec.FormatError)


@pytest.mark.parametrize(
    "changes",
    [
        {"vocab": {"the": 1}}, {"vocab": {"the": files.make(files.Vocab, count=1, index=0)}},
        {"index2word": KEYS[::-1]}, {"index2word": [["the"]] * 10},
        {"vocab": {key: files.make(files.Vocab, count=-1) for key in KEYS}},
        {"vocab": {key: files.make(files.Vocab, count=1 << 70) for key in KEYS}},
        {"vocab": {key: files.make(files.Vocab, count="x") for key in KEYS}},
    ],
)  # fmt: skip
def test_vocabularies_that_do_not_add_up(changes: dict[str, Any]) -> None:
    refused(files.dumps(files.store_38(**changes)), synvec.HeaderError)


@pytest.mark.parametrize(
    "changes",
    [
        {"window": "five"}, {"window": -1}, {"epochs": [5]}, {"workers": 0}, {"alpha": 1e400},
        {"sample": {}}, {"negative": 10**20}, {"seed": -3}, {"sg": "x"}, {"wv": 3},
        {"syn1neg": files.WEIGHTS[:9]}, {"syn1neg": files.WEIGHTS[:, :5]}, {"syn1neg": [1]},
        {"corpus_count": "many"}, {"vector_size": 7.5, "window": 10**30}, {"min_count": [3]},
    ],
)  # fmt: skip
def test_models_that_do_not_add_up(changes: dict[str, Any]) -> None:
    refused(files.dumps(files.model_4(**changes)), synvec.FormatError)


def test_limits_are_kept() -> None:
    data = files.dumps(files.store_4())
    for limits, name in (
        (Limits(max_rows=9), "max_rows"),
        (Limits(max_vector_size=5), "max_vector_size"),
        (Limits(max_key_bytes=5), "max_key_bytes"),
    ):
        with pytest.raises(synvec.LimitError, match=f"Limits.{name}="):
            formats.load(io.BytesIO(data), limits=limits)


# --- whole files ----------------------------------------------------------------------------------

NAMES = [
    "keyedvectors-4.4", "keyedvectors-4.4-protocol0", "keyedvectors-4.4-protocol5", "doc2vec-4.4",
    "word2vec-4.4",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_beginnings_err(name: str) -> None:
    check_prefixes_err(lambda data: formats.load(io.BytesIO(data)), (GOLDEN / name).read_bytes())


@pytest.mark.parametrize("name", NAMES)
def test_turned_bits_survive(name: str) -> None:
    for data in flipped((GOLDEN / name).read_bytes(), times=300):
        check_survives(lambda data: formats.vectors_of(load(data)), data)


@pytest.mark.parametrize("like_python2", [False, True])
@pytest.mark.parametrize("protocol", [0, 2])
def test_turned_bits_in_older_layouts(protocol: int, like_python2: bool) -> None:
    model = files.model_38()
    value = files.as_python2(model) if like_python2 else model
    data = files.dumps(value, protocol, like_python2=like_python2)
    for changed in flipped(data, times=300):
        check_survives(lambda data: formats.vectors_of(load(data)), changed)
    check_prefixes_err(load, data, most=200)


def test_what_follows_the_end_is_told() -> None:
    refused((GOLDEN / "keyedvectors-4.4").read_bytes() + b"\n", match="1 bytes follow the end")


# --- cost -----------------------------------------------------------------------------------------

LAUGHS = b"\x80\x04](NNNNNNNNe\x94" + b"".join(
    b"](" + b"h" + bytes([level]) + (b"h" + bytes([level])) * 9 + b"e\x94" for level in range(200)
)

BOMBS = {
    "laughs": LAUGHS + b".",
    "laughs, hashed": b"\x80\x04)\x94"
    + b"".join(b"h" + bytes([n]) + b"h" + bytes([n]) + b"\x86\x94" for n in range(200))
    + b"}h\xc8Ns.",
    "one text, encoded again and again": b"\x80\x04c_codecs\nencode\n\x94X"
    + struct.pack("<I", 1 << 20) + b"a" * (1 << 20) + b"\x94" + short("latin1") + b"\x94]("
    + b"h\x00h\x01h\x02\x86R" * 200_000 + b"e.",
    "one list, copied again and again": b"\x80\x04cbuiltins\nset\n\x94](" + b"N" * 500_000
    + b"e\x94](" + b"h\x00h\x01\x85R" * 200_000 + b"e.",
    "lists": b"\x80\x02" + b"]" * 1_500_000 + b".",
    "dicts": b"\x80\x02" + b"}" * 1_500_000 + b".",
    "sets": b"\x80\x04" + b"\x8f" * 1_500_000 + b".",
    "marks": b"\x80\x02" + b"(" * 1_500_000 + b".",
    "deep tuples": b"\x80\x02)" + b"\x85" * 1_500_000 + b".",
    "deep lists": b"\x80\x02" + b"](" * 2_000 + b"e" * 2_000 + b".",
    "objects": STORE + b"X\x01\x00\x00\x00acgensim.models.word2vec\nVocab\nq\x01"
    + b"h\x01)\x81" * 400_000 + b"ub.",
    "memo gaps": b"\x80\x02N"
    + b"".join(b"r" + struct.pack("<I", 1000 * n) for n in range(9999)) + b".",
    "numbers that hash alike": b"\x80\x02}("
    + b"".join(
        b"\x8a\x10" + (n * ((1 << 61) - 1)).to_bytes(16, "little") + b"N" for n in range(1, 60_000)
    ) + b"u.",
    "digits": b"\x80\x02L" + b"9" * 1_000_000 + b"L\n.",
    "an array of 10^12": pairs(("vectors", array(b"(\x8a\x06\x00\x10\xa5\xd4\xe8\x00t"))),
    "a long of 2 GB": b"\x80\x02\x8b\xff\xff\xff\x7f.",
    "bytes of 2^63": b"\x80\x04\x8e" + b"\xff" * 7 + b"\x7f.",
}  # fmt: skip


@pytest.mark.timeout(60)
def test_no_bomb_goes_off(tmp_path: Path) -> None:
    paths = []
    for name, data in BOMBS.items():
        (tmp_path / name).write_bytes(data)
        paths.append(tmp_path / name)
    assert (
        megabytes_to_refuse(*paths) < 150
    )  # of it, half are the files and what they may unfold to


def test_no_compressed_bomb_goes_off(tmp_path: Path) -> None:
    beginnings = {"lists": b"", "bytes": b"\x8e" + (300 << 20).to_bytes(8, "little")}
    for name, beginning in beginnings.items():
        with gzip.open(tmp_path / f"{name}.gz", "wb") as file:
            file.write(b"\x80\x04" + beginning)
            for _ in range(300):
                file.write(b"]" * (1 << 20))
    assert megabytes_to_refuse(*tmp_path.glob("*.gz")) < 100
