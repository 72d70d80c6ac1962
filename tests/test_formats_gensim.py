"""Files that gensim's save wrote: every layout since 0.12, every protocol, files beside them."""

import bz2
import gzip
import io
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import synvec
from synvec import KeyedVectors, Word2Vec, formats
from synvec.formats.pickles import Doc2VecVectors
from tests import gensim_files as files
from tests.golden import COUNTS, FOLDER, KEYS, VECTORS, is_golden

GOLDEN = FOLDER / "gensim"
STORES = [files.store_4, files.store_38, files.store_10]
MODELS = [files.model_4, files.model_38, files.model_10, files.model_012]
LAYOUTS = [*STORES, *MODELS]


def load(data: bytes, **options: Any) -> Any:
    return formats.load(io.BytesIO(data), **options)


# --- layouts --------------------------------------------------------------------------------------


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.__name__)
def test_every_layout_opens_in_every_protocol(layout: Any, protocol: int) -> None:
    data = files.dumps(layout(), protocol)
    assert formats.sniff(io.BytesIO(data)) == "gensim"
    loaded = load(data)
    assert isinstance(loaded, Word2Vec if layout in MODELS else KeyedVectors)
    assert is_golden(formats.vectors_of(loaded), counts=True)


@pytest.mark.parametrize("protocol", range(3))
@pytest.mark.parametrize("layout", [*STORES[1:], *MODELS[1:]], ids=lambda layout: layout.__name__)
def test_what_python_2_wrote_opens(layout: Any, protocol: int) -> None:
    data = files.dumps(files.as_python2(layout()), protocol, like_python2=True)
    assert b"U\x04port" in data or b"S'port'" in data
    assert is_golden(formats.vectors_of(load(data)), counts=True)


@pytest.mark.parametrize("layout", MODELS, ids=lambda layout: layout.__name__)
def test_settings_and_weights_come_over(layout: Any) -> None:
    model = load(files.dumps(layout()))
    assert (model.vector_size, model.window, model.sg, model.hs, model.negative) == (6, 7, 1, 0, 3)
    assert (model.alpha, model.min_alpha, model.epochs, model.seed) == (0.05, 0.001, 4, 9)
    assert (model.cbow_mean, model.min_count, model.sample, model.workers) == (0, 5, 1e-4, 2)
    assert (model.corpus_count, model.min_alpha_yet_reached) == (120, 0.001)
    assert model.corpus_total_words in (2500, sum(COUNTS))  # not kept before 1.0
    assert model.ns_exponent == (0.5 if layout in MODELS[:2] else 0.75)
    assert model.syn1neg.tobytes() == files.WEIGHTS.tobytes()


@pytest.mark.parametrize("layout", MODELS, ids=lambda layout: layout.__name__)
def test_a_model_trains_on(layout: Any, tmp_path: Path) -> None:
    model = load(files.dumps(layout()))
    trained, raw = model.train([KEYS] * 200, total_examples=200, epochs=2)
    assert 0 < trained <= raw == 4000
    assert not np.array_equal(model.wv.vectors, VECTORS)
    assert not np.array_equal(model.syn1neg, files.WEIGHTS)
    assert np.isfinite(model.wv.vectors).all()
    model.save(tmp_path / "model.kv")
    assert np.array_equal(Word2Vec.load(tmp_path / "model.kv").syn1neg, model.syn1neg)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"syn1neg": None}, "no output weights"),
        ({"negative": 0}, "no objective"),
        ({"hs": 1, "negative": 0}, "no output weights"),
        ({"hs": 1, "negative": 0, "syn1": files.WEIGHTS}, "tree"),
        ({"wv": files.store_4(expandos=None)}, "no counts"),
    ],
)
def test_a_model_that_cannot_be_trained_on_gives_its_vectors(
    changes: dict[str, Any], reason: str
) -> None:
    with pytest.warns(UserWarning, match=reason) as caught:
        loaded = load(files.dumps(files.model_4(**changes)))
    assert len(caught) == 1
    assert isinstance(loaded, KeyedVectors)
    assert is_golden(loaded)


def test_hierarchical_softmax_trains_on_where_the_trees_are_the_same() -> None:
    from synvec.reference import huffman_paths

    counts = [3**power for power in range(10, 0, -1)]  # no two nodes weigh the same
    entries = files.vocabulary()
    for key, count, path in zip(KEYS, counts, huffman_paths(np.array(counts)), strict=True):
        entries[key].count = count
        entries[key].point = path.rows.astype(np.uint32)
        entries[key].code = (1 - path.labels).astype(np.uint8)
    store = files.store_10(vocab=entries)
    state = {"wv": store, "hs": 1, "negative": 0, "syn1": files.WEIGHTS}
    model = load(files.dumps(files.model_10(**state)))
    assert isinstance(model, Word2Vec)
    assert model.syn1.tobytes() == files.WEIGHTS.tobytes()
    entries[KEYS[3]].code = 1 - entries[KEYS[3]].code
    with pytest.warns(UserWarning, match="tree"):
        assert isinstance(load(files.dumps(files.model_10(**state))), KeyedVectors)


def test_other_attributes_of_keys_come_along() -> None:
    columns = {
        "count": np.array(COUNTS),
        "weight": np.linspace(0, 1, 10),
        "sample_int": np.ones(10),
    }
    vectors = load(files.dumps(files.store_4(expandos=columns)))
    assert sorted(vectors.expandos) == ["count", "weight"]
    assert vectors.get_vecattr("socket", "weight") == pytest.approx(2 / 9)


# --- keys -----------------------------------------------------------------------------------------


def test_keys_that_are_integers_become_text() -> None:
    names = [*KEYS[:8], 42, 7]
    with pytest.warns(UserWarning, match="2 keys are integers"):
        vectors = load(files.dumps(files.store_4(index_to_key=names)))
    assert vectors.index_to_key == [*KEYS[:8], "42", "7"]


def test_of_equal_keys_the_first_is_kept_and_rows_without_a_key_go() -> None:
    # gensim leaves None where a file that it read had a key twice.
    names = [*KEYS[:7], "the", None, "I-95"]
    with pytest.warns(UserWarning) as caught:
        vectors = load(files.dumps(files.store_4(index_to_key=names)))
    assert [str(warning.message).partition(": ")[2] for warning in caught] == [
        "1 rows have no key and were left out",
        "1 rows have a key that came before, the first was kept",
    ]
    assert vectors.index_to_key == [*KEYS[:7], "I-95"]
    assert vectors.vectors.tobytes() == VECTORS[[0, 1, 2, 3, 4, 5, 6, 9]].tobytes()
    assert vectors.counts is not None
    assert vectors.counts.tolist() == [*COUNTS[:7], COUNTS[9]]


def test_a_limit_cuts_rows() -> None:
    vectors = load(files.dumps(files.store_38()), limit=3)
    assert vectors.index_to_key == KEYS[:3]
    assert vectors.vectors.tobytes() == VECTORS[:3].tobytes()
    assert len(load(files.dumps(files.store_38()), limit=99)) == 10
    with pytest.warns(UserWarning, match="limit=3"):
        assert isinstance(load(files.dumps(files.model_38()), limit=3), KeyedVectors)
    with pytest.raises(ValueError, match="limit is -1"):
        load(files.dumps(files.store_4()), limit=-1)


# --- numbers --------------------------------------------------------------------------------------


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize(
    "vectors",
    [
        np.asfortranarray(VECTORS),
        VECTORS.astype(">f4"),
        VECTORS.astype(np.float64),
        VECTORS.astype(np.float16),
        np.asfortranarray(VECTORS.astype(">f8")),
        np.hstack([VECTORS, VECTORS])[:, :6],
    ],
    ids=["fortran", "big-endian", "float64", "float16", "both", "a view"],
)
def test_layouts_of_arrays(vectors: np.ndarray, protocol: int, tmp_path: Path) -> None:
    assert is_golden(load(files.dumps(files.store_4(vectors=vectors), protocol)))
    beside = files.store_4(**{"__numpys": ["vectors"]})
    del beside.vectors
    (tmp_path / "kv").write_bytes(files.dumps(beside, protocol))
    np.save(tmp_path / "kv.vectors.npy", vectors)
    assert is_golden(KeyedVectors.load(tmp_path / "kv"))
    assert formats.vectors_of(formats.load(tmp_path / "kv", limit=2)).vectors.tobytes() == (
        VECTORS[:2].tobytes()
    )


@pytest.mark.parametrize("number", [np.nan, np.inf, -np.inf, 1e39])
def test_what_is_not_finite_is_told_and_let_in_when_asked(number: float) -> None:
    vectors = VECTORS.astype(np.float64)
    vectors[4, 2] = number
    data = files.dumps(files.store_4(vectors=vectors))
    with pytest.raises(synvec.NonFiniteError, match=r"row 4 \(key 'naïve'\).*allow_nonfinite"):
        load(data)
    assert not np.isfinite(load(data, allow_nonfinite=True).vectors[4, 2])


def test_large_finite_numbers_are_fine() -> None:
    vectors = np.full((10, 6), 3e38, dtype=np.float32)
    assert (load(files.dumps(files.store_4(vectors=vectors))).vectors == vectors).all()


# --- documents ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("documents", "tags"),
    [
        (files.store_4(index_to_key=[0, 1, "x", *KEYS[:7]]), ["0", "1", "x", *KEYS[:7]]),
        (
            files.make(
                files.Doc2VecKeyedVectors, max_rawint=7, offset2doctag=["a", "b"], vectors=[],
                vectors_docs=VECTORS,
            ),
            [*map(str, range(8)), "a", "b"],
        ),
        (
            files.make(
                files.DocvecsArray, max_rawint=-1, offset2doctag=KEYS, doctag_syn0=VECTORS
            ),
            KEYS,
        ),
        (files.make(files.DocvecsArray, index2doctag=KEYS, doctag_syn0=VECTORS, count=10), KEYS),
        (
            files.make(files.DocvecsArray, index2doctag=[], doctag_syn0=VECTORS, count=10),
            [*map(str, range(10))],
        ),
    ],
    ids=["4", "3.8", "3.2", "0.12, text", "0.12, integers"],
)  # fmt: skip
def test_documents(documents: Any, tags: list[str]) -> None:
    name = "dv" if isinstance(documents, files.KeyedVectors) else "docvecs"
    model = files.make(files.Doc2Vec, wv=files.store_10(), **{name: documents})
    loaded = load(files.dumps(model))
    assert isinstance(loaded, Doc2VecVectors)
    assert is_golden(loaded.wv, counts=True)
    assert is_golden(formats.vectors_of(loaded))
    assert loaded.dv.index_to_key == tags
    assert loaded.dv.vectors.tobytes() == VECTORS.tobytes()


def test_documents_that_do_not_go_together_with_their_rows() -> None:
    documents = files.make(
        files.DocvecsArray, max_rawint=10**12, offset2doctag=[], doctag_syn0=VECTORS
    )
    with pytest.raises(synvec.HeaderError, match="1000000000001 integer tags"):
        load(files.dumps(files.make(files.Doc2Vec, wv=files.store_10(), docvecs=documents)))
    with pytest.raises(synvec.HeaderError, match="without documents"):
        load(files.dumps(files.make(files.Doc2Vec, wv=files.store_10())))


# --- golden files, and the two doors --------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["word2vec-4.4", "word2vec-4.4-npy", "word2vec-3.8.3-python3", "word2vec-3.8.3-python2"]
)
def test_golden_models(name: str) -> None:
    for open_it in (Word2Vec.load, KeyedVectors.load, synvec.load):
        model = open_it(GOLDEN / name)
        assert isinstance(model, Word2Vec)
        assert is_golden(model.wv, counts=True)
        assert model.syn1neg.tobytes() == files.WEIGHTS.tobytes()
        assert (model.sg, model.window, model.epochs, model.corpus_count) == (1, 7, 4, 120)


@pytest.mark.parametrize(
    ("name", "tags"),
    [
        ("doc2vec-4.4", ["0", "1", "2"]),
        ("doc2vec-3.8.3-python3", ["0", "1", "a", "b"]),
        ("doc2vec-3.8.3-python2", ["0", "1", "a", "b"]),
    ],
)
def test_golden_documents(name: str, tags: list[str]) -> None:
    loaded = synvec.load(GOLDEN / name)
    assert isinstance(loaded, Doc2VecVectors)
    assert loaded.dv.index_to_key == tags
    assert loaded.dv.vectors.tobytes() == VECTORS[: len(tags)].tobytes()
    assert is_golden(loaded.wv)


def test_vectors_are_no_model() -> None:
    with pytest.raises(AttributeError, match=r"use KeyedVectors\.load"):
        Word2Vec.load(GOLDEN / "keyedvectors-4.4")


def test_they_cannot_be_mapped() -> None:
    with pytest.raises(ValueError, match="cannot be mapped"):
        KeyedVectors.load(GOLDEN / "keyedvectors-4.4", mmap="r")


@pytest.mark.parametrize("compress", [gzip.compress, bz2.compress])
def test_compressed_as_a_whole(compress: Any) -> None:
    assert is_golden(load(compress((GOLDEN / "keyedvectors-4.4").read_bytes())))


def test_converted_to_our_own(tmp_path: Path) -> None:
    formats.convert(GOLDEN / "doc2vec-4.4", tmp_path / "words.kv")
    assert is_golden(KeyedVectors.load(tmp_path / "words.kv"))


def test_text_stays_text() -> None:
    for text in (b"cat 0.5 1\ncs 1 2\n", b"(i 1 2\n", b"c 1\n", b"} 0.5\n", b"2 1\nc 1\n( 2\n"):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert formats.sniff(io.BytesIO(text)) in ("glove", "word2vec-text")


def test_warnings_point_at_the_line_that_asked(tmp_path: Path) -> None:
    (tmp_path / "model").write_bytes(files.dumps(files.model_4(syn1neg=None)))
    for open_it in (KeyedVectors.load, synvec.load, formats.load):
        with pytest.warns(UserWarning, match="vectors alone") as caught:
            open_it(tmp_path / "model")
        assert caught[0].filename == __file__


def test_on_the_command_line(tmp_path: Path) -> None:
    from click.testing import CliRunner

    from synvec.cli.app import synvec as main

    for name, kind in (
        ("keyedvectors-4.4-npy", "vectors"),
        ("word2vec-4.4", "full model"),
        ("doc2vec-4.4", "vectors of words and documents"),
    ):
        told = CliRunner().invoke(main, ["info", str(GOLDEN / name)])
        assert told.exit_code == 0, told.output
        assert f"gensim ({kind})" in told.output
    out = str(tmp_path / "out.bin")
    done = CliRunner().invoke(main, ["convert", str(GOLDEN / "word2vec-4.4"), out])
    assert done.exit_code == 0, done.output
    assert is_golden(KeyedVectors.load(out))
