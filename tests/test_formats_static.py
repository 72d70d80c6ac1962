"""Static embedding models, and safetensors of others: keys from a tokenizer or from a list."""

import io
import json
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

import synvec
from synvec import KeyedVectors, formats
from tests.golden import COUNTS, FOLDER, KEYS, VECTORS, golden, is_golden
from tests.hostile import check_prefixes_err, check_survives, flipped, megabytes_to_refuse

FOLDERS = ["model2vec", "static-embedding"]


def tensors_of(folder: Path) -> Path:
    return next(folder.rglob("model.safetensors"))


def tokenizer_of(folder: Path) -> Path:
    return next(folder.rglob("tokenizer.json"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    formats.save(golden(), tmp_path / "model", format="model2vec")
    return tmp_path / "model"


def with_tensors(folder: Path, **tensors: Any) -> Path:
    save_file(tensors, folder / "model.safetensors")
    return folder


def with_tokenizer(folder: Path, tokenizer: object) -> Path:
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer), encoding="utf-8")
    return folder


def word_piece(tokens: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"model": {"type": "WordPiece", "vocab": tokens}, **more}


# --- folders ------------------------------------------------------------------------------------


@pytest.mark.parametrize("format", FOLDERS)
def test_what_is_written_comes_back(tmp_path: Path, format: formats.Format) -> None:
    formats.save(golden(), tmp_path / "model", format=format)
    assert formats.sniff(tmp_path / "model") == format
    assert is_golden(formats.vectors_of(formats.load(tmp_path / "model")))
    first = formats.load(tmp_path / "model", limit=3)
    assert formats.vectors_of(first).index_to_key == KEYS[:3]


@pytest.mark.parametrize("format", FOLDERS)
def test_model2vec_encodes_our_words(tmp_path: Path, format: formats.Format) -> None:
    model2vec = pytest.importorskip("model2vec")
    formats.save(golden(), tmp_path / "model", format=format)
    model = model2vec.StaticModel.from_pretrained(tmp_path / "model")
    assert model.encode(KEYS).tobytes() == VECTORS.tobytes()
    # What is not known has no part in the mean.
    assert (model.encode("the of unheard-of") == (VECTORS[0] + VECTORS[1]) / 2).all()


@pytest.mark.parametrize("format", FOLDERS)
def test_the_libraries_of_the_parts_open_them(tmp_path: Path, format: formats.Format) -> None:
    tokenizers = pytest.importorskip("tokenizers")
    formats.save(golden(), tmp_path / "model", format=format)
    tokenizer = tokenizers.Tokenizer.from_file(str(tokenizer_of(tmp_path / "model")))
    assert tokenizer.encode("don't I-95 qqq").ids == [7, 9, 10]
    (table,) = load_file(tensors_of(tmp_path / "model")).values()
    assert (table[:10] == VECTORS).all()
    assert not table[10].any()


def test_a_key_that_is_the_unknown_token_is_kept(tmp_path: Path) -> None:
    vectors = KeyedVectors.from_arrays(["a", "[UNK]"], [[1, 2], [0, 0]])
    formats.save(vectors, tmp_path / "model", format="model2vec")
    table = load_file(tmp_path / "model" / "model.safetensors")["embeddings"]
    assert table.tolist() == [[1, 2], [0, 0]]
    # A row of zeros for the unknown token is what the format needs, not a word.
    assert formats.vectors_of(formats.load(tmp_path / "model")).index_to_key == ["a"]
    vectors = KeyedVectors.from_arrays(["[UNK]", "a"], [[3, 4], [1, 2]])
    formats.save(vectors, tmp_path / "model", format="model2vec")
    assert formats.vectors_of(formats.load(tmp_path / "model")).index_to_key == ["[UNK]", "a"]


@pytest.mark.parametrize("dtype", [np.float16, np.float64, np.int8])
def test_types_of_numbers(folder: Path, dtype: type) -> None:
    table = np.arange(22).reshape(11, 2).astype(dtype)
    loaded = formats.vectors_of(formats.load(with_tensors(folder, embeddings=table)))
    assert loaded.vectors.tolist() == table.astype(np.float32).tolist()


def test_bfloat16(folder: Path) -> None:
    numbers = np.array([[1.5, -2.0]] * 11, np.float32)
    halves = (numbers.view(np.uint32) >> 16).astype("<u2").tobytes()
    entry = {"dtype": "BF16", "shape": [11, 2], "data_offsets": [0, len(halves)]}
    text = json.dumps({"embeddings": entry}).encode()
    path = folder / "model.safetensors"
    path.write_bytes(struct.pack("<Q", len(text)) + text + halves)
    assert formats.vectors_of(formats.load(folder)).vectors.tolist() == numbers.tolist()


def test_shared_rows_and_weights(folder: Path) -> None:
    with_tokenizer(folder, word_piece({"a": 0, "b": 1, "c": 2}))
    with_tensors(
        folder,
        embeddings=np.array([[1, 2], [3, 4]], np.float32),
        mapping=np.array([1, 0, 1], np.int32),
        weights=np.array([1, 0.5, 2], np.float64),
    )
    loaded = formats.vectors_of(formats.load(folder))
    assert loaded.vectors.tolist() == [[3, 4], [0.5, 1], [6, 8]]
    model2vec = pytest.importorskip("model2vec")
    tokenizers = pytest.importorskip("tokenizers")
    theirs = tokenizers.Tokenizer(tokenizers.models.WordLevel({"a": 0, "b": 1, "c": 2}, "a"))
    theirs.save(str(folder / "tokenizer.json"))
    model = model2vec.StaticModel.from_pretrained(folder)
    assert model.encode(["b", "c"]).tolist() == [[0.5, 1], [6, 8]]


@pytest.mark.parametrize("kind", ["WordLevel", "WordPiece", "BPE", "Unigram"])
def test_every_kind_of_tokenizer(folder: Path, kind: str) -> None:
    tokenizers = pytest.importorskip("tokenizers")
    names = ["<unk>", "a", "b", "ab"]
    models = tokenizers.models
    ids = {name: index for index, name in enumerate(names)}
    model = {
        "WordLevel": lambda: models.WordLevel(ids, "<unk>"),
        "WordPiece": lambda: models.WordPiece(ids, unk_token="<unk>"),
        "BPE": lambda: models.BPE(ids, [("a", "b")], unk_token="<unk>"),
        "Unigram": lambda: models.Unigram([(name, -1.0) for name in names], unk_id=0),
    }[kind]()
    tokenizer = tokenizers.Tokenizer(model)
    tokenizer.add_special_tokens(["<unk>", "[MASK]"])
    tokenizer.save(str(folder / "tokenizer.json"))
    with_tensors(folder, embeddings=np.ones((5, 2), np.float32))
    loaded = formats.vectors_of(formats.load(folder))
    assert loaded.index_to_key == [*names, "[MASK]"]


# --- what stands in the place of a new folder ----------------------------------------------------


def test_a_folder_of_the_format_is_replaced(folder: Path) -> None:
    formats.save(KeyedVectors.from_arrays(["a"], [[1, 2]]), folder, format="model2vec")
    assert formats.vectors_of(formats.load(folder)).index_to_key == ["a"]
    assert sorted(path.name for path in folder.parent.iterdir()) == ["model"]


@pytest.mark.parametrize("name", ["thesis.txt", "notes/thesis.txt"])
def test_a_folder_with_other_files_is_not(folder: Path, name: str) -> None:
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_text("years of work")
    with pytest.raises(FileExistsError, match=r"thesis.txt, no file of model2vec folder; name"):
        formats.save(KeyedVectors.from_arrays(["a"], [[1, 2]]), folder, format="model2vec")
    assert (folder / name).read_text() == "years of work"
    assert is_golden(formats.vectors_of(formats.load(folder)))


def test_what_cannot_be_written_leaves_nothing(folder: Path, tmp_path: Path) -> None:
    bad = KeyedVectors.from_arrays(["a"], [[np.nan, 2]])
    with pytest.raises(synvec.NonFiniteError, match=r"'a' .row 0, column 0"):
        formats.save(bad, folder, format="model2vec")
    formats.save(bad, tmp_path / "nan", format="model2vec", allow_nonfinite=True)
    with pytest.raises(synvec.NonFiniteError, match="allow_nonfinite=True loads it"):
        formats.load(tmp_path / "nan")
    assert np.isnan(
        formats.vectors_of(formats.load(tmp_path / "nan", allow_nonfinite=True))["a"][0]
    )
    (tmp_path / "file").write_text("x")
    with pytest.raises(NotADirectoryError, match="needs the name of a folder"):
        formats.save(golden(), tmp_path / "file", format="model2vec")
    with pytest.raises(FileNotFoundError):
        formats.save(golden(), tmp_path / "absent" / "model", format="model2vec")
    with pytest.raises(TypeError, match="needs a path"):
        formats.save(golden(), io.BytesIO(), format="model2vec")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "model", "nan"]
    assert is_golden(formats.vectors_of(formats.load(folder)))


def test_a_folder_of_no_known_kind(tmp_path: Path) -> None:
    with pytest.raises((IsADirectoryError, PermissionError)):
        formats.load(tmp_path)


# --- what is wrong with them ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tokenizer", "message"),
    [
        ([], "expected a JSON object"),
        ({}, "no model"),
        ({"model": {"type": "WordPiece"}}, "no vocabulary"),
        (word_piece({"a": 0}), "no token has the id 1, expected one for each of 2"),
        (word_piece({"a": 0, "b": 1, "c": 2}), "'c' has the id 2, expected .* from 0 to 1"),
        (word_piece({"a": 0, "b": -1}), "'b' has the id -1"),
        (word_piece({"a": 0, "b": True}), "'b' has the id True"),
        (word_piece({"a": 0, "b": 1.0}), "'b' has the id 1.0"),
        (word_piece({"a": 0, "b": 0}), "'a' and 'b' both have the id 0"),
        (word_piece({"a": 0}, added_tokens=[{"id": 1, "content": "a"}]), "two ids"),
        (word_piece({"a": 0}, added_tokens=[{"id": 1}]), "the token None has the id 1"),
        (word_piece({"a": 0}, added_tokens=[3]), "an added token is 3"),
        (word_piece({"a": 0}, added_tokens=3), "added_tokens is not a list"),
        ({"model": {"type": "Unigram", "vocab": [["a", 0.0], "b"]}}, "the token None"),
        ({"model": {"type": "Unigram", "vocab": [["a", 0.0], []]}}, "the token None"),
        (word_piece({"a": 0, "b": 10**30}), "'b' has the id 1000"),
    ],
)
def test_tokenizers_that_do_not_fit(folder: Path, tokenizer: object, message: str) -> None:
    with_tensors(folder, embeddings=np.ones((2, 2), np.float32))
    with_tokenizer(folder, tokenizer)
    with pytest.raises(synvec.HeaderError, match=message):
        formats.load(folder)


def test_keys_that_are_none(folder: Path) -> None:
    with_tensors(folder, embeddings=np.ones((2, 2), np.float32))
    for bad in ("", "\ud800"):
        with pytest.raises(synvec.EncodingError, match="row 1"):
            formats.load(with_tokenizer(folder, word_piece({"a": 0, bad: 1})))
    with pytest.raises(synvec.LimitError, match="max_key_bytes = 10"):
        formats.load(
            with_tokenizer(folder, word_piece({"a": 0, "b" * 11: 1})),
            limits=synvec.Limits(max_key_bytes=10),
        )
    (folder / "tokenizer.json").write_bytes(b'{"model":{"vocab":{"a":0,"a":1}}}')
    with pytest.raises(synvec.HeaderError, match="'a' stands there twice"):
        formats.load(folder)
    (folder / "tokenizer.json").write_bytes(b'{"model":{"vocab":{"\xff":0,"a":1}}}')
    with pytest.raises(synvec.HeaderError, match="not JSON"):
        formats.load(folder)
    (folder / "tokenizer.json").unlink()
    with pytest.raises(OSError):
        formats.load(folder, format="model2vec")


@pytest.mark.parametrize(
    ("tensors", "error", "message"),
    [
        ({"x": np.ones((2, 2))}, synvec.HeaderError, "has the tensors x, expected embeddings"),
        ({"embeddings": np.ones(2)}, synvec.UnsupportedFormatError, r"is \[2\] of F64"),
        ({"embeddings": np.ones((2, 2), int)}, synvec.UnsupportedFormatError, "I64"),
        ({"embeddings": np.ones((2, 0))}, synvec.HeaderError, "at least one dimension"),
        ({"embeddings": np.full((2, 2), 1e39)}, synvec.NonFiniteError, "too large for float32"),
        ({"mapping": np.array([0, 5])}, synvec.HeaderError, "leads outside the 2 rows"),
        ({"mapping": np.array([0, -1])}, synvec.HeaderError, "leads outside the 2 rows"),
        ({"mapping": np.array([0.0, 1.0])}, synvec.HeaderError, "F64 leads outside"),
        ({"mapping": np.array([[0, 1]])}, synvec.HeaderError, "expected a list"),
        ({"weights": np.array([1.0])}, synvec.HeaderError, "one number a token"),
        ({"weights": np.array([1, 2])}, synvec.HeaderError, "one number a token"),
        ({"weights": np.array([[1.0, 2]])}, synvec.HeaderError, "expected a list"),
    ],
)
def test_tensors_that_do_not_fit(
    folder: Path, tensors: dict[str, Any], error: type[Exception], message: str
) -> None:
    with_tokenizer(folder, word_piece({"a": 0, "b": 1}))
    table = {} if "x" in tensors else {"embeddings": np.ones((2, 2), np.float32)}
    with pytest.raises(error, match=message):
        formats.load(with_tensors(folder, **table | tensors))


def test_rows_shared_beyond_reason(folder: Path) -> None:
    # Two tokens of half a million dimensions are 4 MB; a thousand that share one row would be 2 GB.
    names = {f"w{index}": index for index in range(1000)}
    with_tokenizer(folder, word_piece(names))
    table = np.zeros((1, 500_000), np.float32)
    with_tensors(folder, embeddings=table, mapping=np.zeros(1000, np.int64))
    with pytest.raises(synvec.LimitError, match="max_expansion_ratio = 200"):
        formats.load(folder)


def header(entry: object, data: bytes = bytes(16), name: str = "embeddings") -> bytes:
    text = json.dumps({name: entry}).encode()
    return struct.pack("<Q", len(text)) + text + data


GOOD = {"dtype": "F32", "shape": [2, 2], "data_offsets": [0, 16]}


@pytest.mark.parametrize(
    ("data", "error", "message"),
    [
        (b"\xff" * 8 + b"{}", synvec.HeaderError, "a header of 18446744073709551615 bytes"),
        (struct.pack("<Q", 101 << 20) + b"{}", synvec.HeaderError, "a header of 105906176 bytes"),
        (struct.pack("<Q", 3) + b"{}", synvec.TruncatedFileError, "takes 3 bytes, 2 are left"),
        (struct.pack("<Q", 3) + b"{\xff}", synvec.HeaderError, "not JSON"),
        (struct.pack("<Q", 9) + b'{"a":NaN}', synvec.HeaderError, "expected dtype"),
        (struct.pack("<Q", 90_000) + b'{"a":' + b"[" * 89_995, synvec.HeaderError, "not JSON"),
        (header(GOOD, bytes(15)), synvec.TruncatedFileError, "the file has"),
        (header(GOOD, bytes(17)), synvec.HeaderError, "1 bytes after the last tensor"),
        (header(GOOD | {"dtype": "F33"}), synvec.UnsupportedFormatError, "the dtype 'F33'"),
        (header(GOOD | {"dtype": 5}), synvec.UnsupportedFormatError, "the dtype 5"),
        (header(GOOD | {"shape": [2, 3]}), synvec.HeaderError, "16 bytes, expected 24"),
        (header(GOOD | {"shape": [2**62, 2**62]}), synvec.HeaderError, "16 bytes, expected"),
        (header(GOOD | {"shape": [-2, -2]}), synvec.HeaderError, "expected dtype, shape"),
        (header(GOOD | {"shape": [2, True]}), synvec.HeaderError, "expected dtype, shape"),
        (header(GOOD | {"shape": "22"}), synvec.HeaderError, "expected dtype, shape"),
        (header(GOOD | {"data_offsets": [0]}), synvec.HeaderError, "expected dtype, shape"),
        (header(GOOD | {"data_offsets": [16, 0]}), synvec.HeaderError, "-16 bytes, expected 16"),
        (header(GOOD | {"data_offsets": [4, 20]}), synvec.HeaderError, "begins at byte"),
        (header(7), synvec.HeaderError, "is 7, expected dtype"),
    ],
)
def test_containers_that_lie(
    folder: Path, data: bytes, error: type[Exception], message: str
) -> None:
    (folder / "model.safetensors").write_bytes(data)
    with pytest.raises(error, match=message) as raised:
        formats.load(folder)
    assert "model.safetensors (model2vec folder): " in str(raised.value)


def reader_of(folder: Path, name: str) -> Callable[[bytes], object]:
    def read(data: bytes) -> object:
        (folder / name).write_bytes(data)
        return formats.load(folder, format="model2vec")

    return read


@pytest.mark.parametrize("name", ["model.safetensors", "tokenizer.json"])
def test_cut_anywhere_and_turned_anywhere(folder: Path, name: str) -> None:
    whole = (folder / name).read_bytes()
    check_prefixes_err(reader_of(folder, name), whole, most=200)
    for data in flipped(whole, times=300):
        check_survives(reader_of(folder, name), data)


def test_what_is_refused_takes_little_memory(folder: Path) -> None:
    other = folder.parent / "other"
    formats.save(golden(), other, format="model2vec")
    (folder / "model.safetensors").write_bytes(
        header({"dtype": "F32", "shape": [10**9, 10**6], "data_offsets": [0, 4 * 10**15]})
    )
    (other / "tokenizer.json").write_bytes(b'{"model":' + b"[[]," * 1_000_000)
    assert megabytes_to_refuse(folder, other) < 100


# --- a file of its own ----------------------------------------------------------------------------


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "a.safetensors"
    save_file({"table": VECTORS, "bias": np.ones(3, np.float32)}, file)
    return file


def test_keys_beside_a_file_or_given(path: Path) -> None:
    assert formats.sniff(path) == "safetensors"
    assert is_golden(formats.vectors_of(formats.load(path, keys=KEYS)))
    with pytest.raises(synvec.UnsupportedFormatError, match=r"a.keys.txt with one a line; pass ke"):
        formats.load(path)
    words = path.with_name("a.keys.txt")
    words.write_bytes(b"\xef\xbb\xbf" + "\r\n".join(KEYS).encode())
    assert is_golden(formats.vectors_of(formats.load(path)))
    assert is_golden(formats.vectors_of(formats.load(path, keys=words)))
    (first,) = formats.vectors_of(formats.load(path, limit=1)).index_to_key
    assert first == KEYS[0]
    names = {name: index for index, name in enumerate(KEYS[::-1])}
    with_tokenizer(path.parent, word_piece(names))
    assert formats.vectors_of(formats.load(path)).index_to_key == KEYS[::-1]


def test_which_matrix_is_meant(path: Path) -> None:
    save_file({"a": VECTORS, "b": VECTORS * 2}, path)
    with pytest.raises(
        synvec.HeaderError, match="has the matrices a, b, expected one; pass tensor"
    ):
        formats.load(path, keys=KEYS)
    loaded = formats.vectors_of(formats.load(path, keys=KEYS, tensor="b"))
    assert (loaded.vectors == VECTORS * 2).all()
    with pytest.raises(synvec.HeaderError, match="no matrix 'c' of floats, only a, b"):
        formats.load(path, keys=KEYS, tensor="c")


def test_as_many_keys_as_rows(path: Path) -> None:
    with pytest.raises(synvec.HeaderError, match="10 vectors and 9 keys"):
        formats.load(path, keys=KEYS[:-1])
    with pytest.raises(TypeError, match="holds the int 3"):
        formats.load(path, keys=[3] * 10)  # type: ignore[list-item]
    with pytest.warns(UserWarning, match="1 rows have a key that came before, the first was kept"):
        loaded = formats.vectors_of(formats.load(path, keys=["a", "a", *KEYS[2:]]))
    assert loaded.index_to_key == ["a", *KEYS[2:]]
    assert (loaded.vectors == VECTORS[[0, *range(2, 10)]]).all()


def test_our_own_file_may_be_called_so_too(tmp_path: Path) -> None:
    formats.save(golden(), tmp_path / "b.safetensors")
    assert formats.sniff(tmp_path / "b.safetensors") == "native"
    assert is_golden(formats.vectors_of(formats.load(tmp_path / "b.safetensors")), counts=True)
    assert formats.vectors_of(formats.load(FOLDER / "model2vec")).counts is None
    assert COUNTS[0] == 1000
