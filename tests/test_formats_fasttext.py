"""fastText's models: what Facebook's program says of them, what they hold, and the way back."""

from __future__ import annotations

import gzip
import io
import json
import warnings
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import synvec
from synvec import FastTextKeyedVectors, KeyedVectors, formats
from synvec.formats import fasttext as room
from tests import fasttext_files as files
from tests.fasttext_files import load, parts
from tests.golden import FOLDER, KEYS, golden, is_golden

if TYPE_CHECKING:
    pass

EXPECTED = json.loads((FOLDER / "fasttext-expected.json").read_text(encoding="utf-8"))
QUANTIZED = [(pruned, norms) for pruned in (False, True) for norms in (False, True)]


def check_expected(vectors: FastTextKeyedVectors, expected: dict[str, Any]) -> None:
    """Every vector that Facebook's program gave, to the bit."""
    assert vectors.index_to_key == list(expected["words"])
    for word, vector in (expected["words"] | expected["others"]).items():
        assert vectors[word].tolist() == vector, word
    assert vectors.vectors.tolist() == list(expected["words"].values())


# --- what Facebook's program says ---------------------------------------------------------------


def test_vectors_are_those_of_facebooks_program() -> None:
    vectors = synvec.load_facebook_vectors(FOLDER / "fasttext-subwords.bin")
    check_expected(vectors, EXPECTED["fasttext-subwords.bin"])
    assert (vectors.min_n, vectors.max_n, vectors.bucket) == (3, 6, 60)


def test_a_pruned_model_of_facebooks_is_unfolded() -> None:
    found = parts(FOLDER / "fasttext-pruned.ftz")
    assert sorted(found["labels"]) == ["__label__a", "__label__b", "__label__c"]
    vectors = room.vectors_of_parts(found, room.dense(found["input"]))
    check_expected(vectors, EXPECTED["fasttext-pruned.ftz"])
    output = found["output"]
    assert isinstance(output, np.ndarray)
    assert output.shape == (len(found["labels"]), found["args"]["dim"])


@pytest.mark.parametrize(("pruned", "norms"), QUANTIZED)
def test_quantised_word_vectors_are_those_of_facebooks_program(pruned: bool, norms: bool) -> None:
    vectors = load(files.quantized(pruned=pruned, norms=norms).encode())
    check_expected(vectors, EXPECTED[f"quantized pruned={pruned} norms={norms}"])


@pytest.mark.parametrize(("pruned", "norms"), QUANTIZED)
def test_centroids_are_put_together_as_the_plain_version_does(pruned: bool, norms: bool) -> None:
    matrix = files.quantized(pruned=pruned, norms=norms, size=7).input
    assert isinstance(matrix, files.Quantized)
    data = files.quantized(pruned=pruned, norms=norms, size=7).encode()
    rows = room.dense(parts(io.BytesIO(data))["input"])
    assert rows.tobytes() == matrix.dense().tobytes()


# --- versions and parts ---------------------------------------------------------------------------


def test_parts_are_what_the_file_holds() -> None:
    model = files.classifier()
    found = parts(io.BytesIO(model.encode()))
    assert found["words"].keys() == files.WORDS
    assert found["counts"].tolist() == [7, 6, 5, 4, 3]
    assert found["labels"] == ["__label__good", "__label__bad"]
    assert found["label_counts"].tolist() == [2, 1]
    assert (found["args"]["model"], found["args"]["loss"]) == ("supervised", "softmax")
    assert (found["tokens"], found["duplicates"], found["ngram_buckets"]) == (100, 0, None)
    for name, matrix in (("input", model.input), ("output", model.output)):
        assert isinstance(matrix, np.ndarray)
        assert found[name].tobytes() == matrix.tobytes()  # type: ignore[literal-required]


@pytest.mark.parametrize("changes", [{"version": 11}, {"magic": None}], ids=["11", "older"])
def test_older_versions_hold_the_same(changes: dict[str, Any]) -> None:
    new, old = load(files.skipgram().encode()), load(files.skipgram().but(**changes))
    assert old.vectors.tobytes() == new.vectors.tobytes()
    assert old["unseen"].tobytes() == new["unseen"].tobytes()
    assert formats.sniff(io.BytesIO(files.skipgram().but(**changes))) == "fasttext"


@pytest.mark.parametrize("changes", [{"version": 11}, {"magic": None}], ids=["11", "older"])
def test_classifiers_before_version_12_had_no_ngrams(changes: dict[str, Any]) -> None:
    data = files.classifier().but(maxn=3, **changes)
    assert parts(io.BytesIO(data))["args"]["maxn"] == 0


def test_the_output_is_read_when_it_is_wanted() -> None:
    skipgram, classifier = files.skipgram().encode(), files.classifier().encode()
    for data, wanted, is_there in [
        (skipgram, True, True),
        (skipgram, False, False),
        (skipgram, None, False),
        (classifier, None, True),
        (classifier, False, False),
    ]:
        found = parts(io.BytesIO(data), with_output=wanted)
        assert (found["output"] is not None) == is_there


def test_a_quantised_output_is_read() -> None:
    output = files.Quantized(
        np.array([[1, 2, 3], [4, 5, 6]], np.uint8), files.rows(256, 6, 6).reshape(-1), 6
    )
    rows = files.quantized(pruned=False, norms=True, size=6).input
    model = replace(files.classifier(), input=rows, bucket=40, output=output)
    found = parts(io.BytesIO(model.encode()))["output"]
    assert found is not None
    assert room.dense(found).tobytes() == output.dense().tobytes()


def test_limit_takes_the_first_words_and_all_ngrams() -> None:
    whole, two = load(files.skipgram().encode()), load(files.skipgram().encode(), limit=2)
    assert two.index_to_key == files.WORDS[:2]
    assert two.vectors.tobytes() == whole.vectors[:2].tobytes()
    assert two["日本"].tobytes() != whole["日本"].tobytes()  # outside now: of n-grams alone
    assert two.vectors_ngrams.tobytes() == whole.vectors_ngrams.tobytes()
    for pruned, norms in QUANTIZED:
        data = files.quantized(pruned=pruned, norms=norms).encode()
        assert load(data, limit=2).vectors.tobytes() == load(data).vectors[:2].tobytes()
    assert len(load(files.skipgram().encode(), limit=0)) == 0
    with pytest.raises(ValueError, match="limit is -1"):
        load(files.skipgram().encode(), limit=-1)


def test_of_equal_words_the_first_is_kept() -> None:
    data = files.skipgram().but(words=[b"the", b"socket", b"the", b"year", b"year"])
    with pytest.warns(UserWarning, match="2 words came before"):
        vectors = load(data)
    assert vectors.index_to_key == ["the", "socket", "year"]
    assert vectors.vectors_vocab.tobytes() == files.skipgram().input[[0, 1, 3]].tobytes()  # type: ignore[index]
    assert vectors.vectors_ngrams.tobytes() == files.skipgram().input[5:].tobytes()  # type: ignore[index]


def test_words_in_another_encoding() -> None:
    data = files.skipgram().but(words=[b"the", b"na\xefve", b"a", b"b", b"c"])
    with pytest.raises(synvec.EncodingError, match=r"entry 2 of 5 \(byte \d+\) is not UTF-8"):
        load(data)
    assert load(data, encoding="latin-1").index_to_key[1] == "naïve"
    assert load(data, unicode_errors="backslashreplace").index_to_key[1] == "na\\xefve"
    assert load(data, unicode_errors="ignore").index_to_key[1] == "nave"
    with pytest.raises(LookupError):
        load(data, encoding="no such")


def test_an_empty_word_is_one() -> None:
    # fastText's -pretrainedVectors leaves one in some dictionaries.
    vectors = load(files.skipgram().but(words=[b"the", b"", b"a", b"b", b"c"]))
    assert vectors.get_index("") == 1


def test_a_stream_and_compressed_files_are_read_as_well(tmp_path: Path) -> None:
    data = files.skipgram().encode()
    path = tmp_path / "model.bin"
    path.write_bytes(data)
    packed = tmp_path / "model.bin.gz"
    packed.write_bytes(gzip.compress(data))
    for source in (path, packed, io.BytesIO(data)):
        loaded = KeyedVectors.load(source)
        assert isinstance(loaded, FastTextKeyedVectors)
        assert loaded.vectors.tobytes() == load(data).vectors.tobytes()


def test_large_matrices_are_read_by_threads(tmp_path: Path) -> None:
    # Beyond the size from which threads share the reading, with rows left out in between.
    words = [b"the", b"socket", b"the", *(f"w{index}".encode() for index in range(2997))]
    model = replace(files.skipgram(64), words=words, bucket=40_000)
    model = replace(model, input=files.rows(43_000, 64, 8), output=files.rows(3000, 64, 9))
    path = tmp_path / "model.bin"
    path.write_bytes(model.encode())
    with pytest.warns(UserWarning, match="1 words came before"):
        vectors = formats.load(path)
    assert isinstance(vectors, FastTextKeyedVectors)
    rows = model.input
    assert isinstance(rows, np.ndarray)
    assert vectors.vectors_vocab.tobytes() == np.delete(rows[:3000], 2, axis=0).tobytes()
    assert vectors.vectors_ngrams.tobytes() == rows[3000:].tobytes()
    found = parts(path)
    assert found["output"].tobytes() == np.delete(model.output, 2, axis=0).tobytes()  # type: ignore[union-attr, arg-type]
    path.write_bytes(model.encode()[:-1])
    with pytest.raises(synvec.TruncatedFileError):
        formats.load(path)
    path.write_bytes(model.encode() + b"\0")
    with pytest.raises(synvec.HeaderError, match="trailing data"):
        formats.load(path)


def test_a_classifier_is_not_word_vectors() -> None:
    with pytest.raises(synvec.UnsupportedFormatError, match="classifier"):
        synvec.load_facebook_vectors(io.BytesIO(files.classifier().encode()))


# --- writing --------------------------------------------------------------------------------------


def written(vectors: KeyedVectors, **options: Any) -> bytes:
    file = io.BytesIO()
    formats.save(vectors, file, format="fasttext", **options)
    return file.getvalue()


def test_what_is_written_is_read() -> None:
    vectors = synvec.load_facebook_vectors(FOLDER / "fasttext-subwords.bin")
    again = load(written(vectors))
    check_expected(again, EXPECTED["fasttext-subwords.bin"])
    assert again.counts is not None and vectors.counts is not None
    assert again.counts.tolist() == vectors.counts.tolist()
    assert written(again) == written(vectors)
    output = parts(io.BytesIO(written(vectors)))["output"]
    assert isinstance(output, np.ndarray) and not output.any()


def test_plain_vectors_have_no_ngrams_there() -> None:
    again = load(written(golden()))
    assert is_golden(again, counts=True)
    assert (again.bucket, again.max_n) == (0, 0)
    without = KeyedVectors.from_arrays(KEYS, golden().vectors)
    counts = load(written(without)).counts
    assert counts is not None and counts.tolist() == [1] * 10
    assert len(load(written(KeyedVectors(3)))) == 0


def test_what_the_format_cannot_hold() -> None:
    with pytest.raises(synvec.RowError, match=r'key 0 \("a\\0b"\) holds a NUL'):
        written(KeyedVectors.from_arrays(["a\0b"], [[1.0]]))
    nan = KeyedVectors.from_arrays(["a"], [[np.nan, 1]])
    with pytest.raises(synvec.NonFiniteError, match="allow_nonfinite=True"):
        written(nan)
    data = written(nan, allow_nonfinite=True)
    assert np.isnan(load(data, allow_nonfinite=True).vectors[0, 0])
    pruned = load(files.quantized(pruned=True, norms=False).encode())
    with pytest.raises(ValueError, match="pruned"):
        written(pruned)
    with pytest.raises(ValueError, match="names no format"):
        formats.save(golden(), "vectors.ftz")


def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "model.bin"
    formats.save(golden(), path, format="fasttext")
    with pytest.raises(synvec.RowError):
        formats.save(KeyedVectors.from_arrays(["a\0b"], [[1.0]]), path, format="fasttext")
    assert is_golden(formats.vectors_of(formats.load(path)))
    assert [file.name for file in tmp_path.iterdir()] == ["model.bin"]


def test_the_text_beside_a_model_is_read() -> None:
    # fastText ends each row of a .vec in a space; its end of a sentence is a word.
    text = b"3 2\n</s> 0.5 1 \nthe -2 3e-05 \nna\xc3\xafve 0 0 \n"
    vectors = formats.vectors_of(formats.load(io.BytesIO(text)))
    assert vectors.index_to_key == ["</s>", "the", "naïve"]
    assert vectors["</s>"].tolist() == [0.5, 1]


def test_facebooks_program_answers_from_it(tmp_path: Path) -> None:
    fasttext = pytest.importorskip("fasttext")
    vectors = synvec.load_facebook_vectors(FOLDER / "fasttext-subwords.bin")
    vectors["brandnew"] = np.arange(8)
    for name, written_vectors in (("plain", golden()), ("subwords", vectors)):
        path = tmp_path / f"{name}.bin"
        formats.save(written_vectors, path, format="fasttext")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model = fasttext.load_model(str(path))
        assert model.words == list(written_vectors.index_to_key)
        found = np.array([model.get_word_vector(word) for word in model.words])
        assert np.allclose(found, written_vectors.vectors, rtol=1e-5, atol=1e-5)
    assert model.get_word_vector("quux").tolist() == vectors["quux"].tolist()
    best = [word for _, word in model.get_nearest_neighbors("socket", k=3)]
    assert best == [word for word, _ in vectors.most_similar("socket", topn=3)]
