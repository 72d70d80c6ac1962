"""Classifiers against what Facebook's program says, and against the plain version in NumPy."""

import copy
import gzip
import io
import json
import pickle
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import synvec
from synvec import FastTextKeyedVectors, KeyedVectors, TextClassifier, formats
from tests import fasttext_files, fasttext_reference

FOLDER = Path(__file__).parent / "data" / "classifiers"
LANGUAGES = Path(__file__).parents[2] / "shared" / "data" / "vectors" / "lid.176.ftz"
EXPECTED: dict[str, Any] = json.loads((FOLDER / "expected.json").read_text(encoding="utf-8"))
MODELS = sorted(path.name for path in FOLDER.iterdir() if path.suffix in (".bin", ".ftz"))
ANY = "softmax-bigrams.bin"
TEXTS: list[str] = EXPECTED["texts"]


def load(name: str = ANY) -> TextClassifier:
    return TextClassifier.load(FOLDER / name)


def reference(name: str) -> fasttext_reference.Model:
    with (FOLDER / name).open("rb") as file:
        return fasttext_reference.read(file)


def check_predictions(model: TextClassifier, texts: list[str], expected: list[Any]) -> None:
    """The labels of fastText, in its order, and its numbers, of which none is above 1."""
    for text, answers in zip(texts, expected, strict=True):
        for (k, threshold), answer in zip(EXPECTED["asked"], answers, strict=True):
            labels, probabilities = model.predict(text, k=k, threshold=threshold)
            assert labels == tuple(label for label, _ in answer), text
            numbers = [min(chance, 1.0) for _, chance in answer]
            np.testing.assert_allclose(probabilities, numbers, rtol=2e-5, atol=2e-6)


# --- known answers ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", MODELS)
def test_predictions_are_fasttexts(name: str) -> None:
    check_predictions(load(name), TEXTS, EXPECTED[name]["predictions"])


@pytest.mark.skipif(not LANGUAGES.exists(), reason="needs lid.176.ftz in ../shared")
def test_languages_are_told() -> None:
    model = TextClassifier.load(LANGUAGES)
    check_predictions(model, *EXPECTED["languages"])
    assert (model.vector_size, len(model.labels), model.is_quantized) == (16, 176, True)


@pytest.mark.parametrize("name", MODELS)
def test_probabilities_are_those_of_the_plain_version(name: str) -> None:
    model, plain = load(name), reference(name)
    names = [label.decode() for label in plain.labels]
    for text in TEXTS:
        expected = dict(zip(names, plain.probabilities(text), strict=False))
        labels, probabilities = model.predict(text, k=-1)
        for label, probability in zip(labels, probabilities, strict=True):
            assert probability == pytest.approx(min(expected[label], 1.0), rel=1e-4, abs=1e-6)
        # Only the tree leaves labels out: those that are less likely than 0.00001.
        left_out = set(expected) - set(labels)
        assert not left_out or (name.startswith("hs") and max(expected[x] for x in left_out) < 2e-5)


@pytest.mark.parametrize("name", MODELS)
def test_vectors_are_fasttexts(name: str) -> None:
    model, expected = load(name), EXPECTED[name]
    found = model.get_sentence_vector(TEXTS)
    assert (found.shape, found.dtype) == ((len(TEXTS), 5), np.float32)
    np.testing.assert_allclose(found, expected["sentence_vectors"], rtol=1e-6, atol=1e-6)
    np.testing.assert_array_equal(model.get_sentence_vector(TEXTS[3]), found[3])
    for word, vector in zip(EXPECTED["words"], expected["word_vectors"], strict=True):
        np.testing.assert_allclose(model.get_word_vector(word), vector, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("name", MODELS)
def test_reports_are_fasttexts(name: str) -> None:
    model = load(name)
    for k, threshold, examples, precision, recall, labels in EXPECTED[name]["tests"]:
        report = model.test(FOLDER / EXPECTED[name]["held_out"], k=k, threshold=threshold)
        assert report.examples == examples
        assert report.precision == pytest.approx(precision, nan_ok=True)
        assert report.recall == pytest.approx(recall, nan_ok=True)
        for label, (of_label, _, _) in labels.items():
            # fastText 0.9.2 forgets how often a label stands in the text, so that it gives no
            # recall of single labels and F1 scores up to 2; the next test has those.
            expected = np.nan if of_label is None else of_label
            assert report.labels[label].precision == pytest.approx(expected, nan_ok=True)


@pytest.mark.parametrize("name", ["softmax.bin", "hs-subwords.ftz", "softmax-qout.ftz"])
def test_reports_of_labels_are_counted(name: str) -> None:
    model, path = load(name), FOLDER / EXPECTED[name]["held_out"]
    counts = {label: [0, 0, 0] for label in model.labels}
    skipped = 0
    for line in path.read_text(encoding="utf-8").splitlines():
        gold = [word for word in line.split() if word in counts]
        if not gold:
            skipped += 1
            continue
        predicted = model.predict(line, k=2)[0]
        for label in gold:
            counts[label][0] += 1
        for label in predicted:
            counts[label][1] += 1
            counts[label][2] += label in gold
    report = model.test(path, k=2)
    assert report.skipped == skipped == 3
    found = {
        label: [counted.gold, counted.predicted, counted.correct]
        for label, counted in report.labels.items()
    }
    assert found == counts
    some = next(counted for counted in report.labels.values() if counted.correct)
    assert some.recall == some.correct / some.gold
    assert some.f1 == pytest.approx(
        2 * some.precision * some.recall / (some.precision + some.recall)
    )
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    assert model.test(lines, k=2) == report
    assert json.loads(json.dumps(report.to_dict()))["precision"] == report.precision
    assert f"{report.examples} examples" in repr(report)


# --- many texts ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["ova-subwords.bin", "hs-subwords.ftz", "softmax-qout.ftz"])
def test_a_batch_is_its_texts(name: str) -> None:
    model, texts = load(name), TEXTS * 700  # enough for threads
    found = model.predict(texts, k=2)
    assert len(found.labels) == len(found.probabilities) == len(texts)
    single = [model.predict(text, k=2) for text in TEXTS]
    for index, (labels, probabilities) in enumerate(zip(*found, strict=True)):
        assert labels == single[index % len(TEXTS)].labels
        assert probabilities.tobytes() == single[index % len(TEXTS)].probabilities.tobytes()


def test_any_iterable_of_texts_will_do() -> None:
    model = load()
    assert model.predict(iter(TEXTS)).labels == model.predict(TEXTS).labels
    assert model.predict([]) == ([], [])
    assert model.get_sentence_vector([]).shape == (0, 5)


def test_threads_may_ask_at_once() -> None:
    model, answers = load(), []
    expected = model.predict(TEXTS).labels

    def ask() -> None:
        for _ in range(20):
            answers.append(model.predict(TEXTS).labels == expected)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [True] * 80


def test_blank_lines_and_a_last_one_without_its_end_are_lines(tmp_path: Path) -> None:
    from synvec.lines import blocks_of, blocks_of_bytes

    path = tmp_path / "lines.txt"
    path.write_bytes(b"bakolu\n\n\nkemu")
    model = load()
    blocks = list(blocks_of(path))
    found = [labels for block in blocks for labels in model.predict_block(block).labels]
    assert found == model.predict(["bakolu", "", "", "kemu"]).labels
    assert [block.first_line for block in blocks] == [1, 4]
    # However small the pieces that a pipe gives.
    file = io.BytesIO(path.read_bytes())
    blocks = list(blocks_of_bytes(lambda _: file.read(4), "pipe"))
    assert [block.first_line for block in blocks] == [1, 3, 4]
    found = [labels for block in blocks for labels in model.predict_block(block).labels]
    assert found == model.predict(["bakolu", "", "", "kemu"]).labels


# --- what it is ---------------------------------------------------------------------------------


def test_it_tells_what_it_is() -> None:
    model = load("ova-cutoff.ftz")
    assert repr(model) == (
        f"TextClassifier<vector_size=5, {len(model.words)} words, 6 labels, ova, quantized>"
    )
    assert sorted(model.labels) == [f"__label__{n}" for n in range(6)]
    assert model.label_counts.tolist() == sorted(model.label_counts.tolist(), reverse=True)
    assert model.words[0] == "</s>"
    assert model.is_quantized
    args = model.args
    assert (args["loss"], args["word_ngrams"], args["maxn"]) == ("ova", 2, 3)
    args["maxn"] = 99
    assert model.args["maxn"] == 3
    with pytest.raises(TypeError, match=r"TextClassifier\.load"):
        TextClassifier()


@pytest.mark.parametrize("name", MODELS)
def test_word_vectors_are_a_store(name: str) -> None:
    model = load(name)
    assert model.wv is model.wv
    assert model.wv.index_to_key == model.words
    for word in model.words[:20]:
        np.testing.assert_array_equal(model.wv[word], model.get_word_vector(word))
    assert model.wv.get_vecattr(model.words[0], "count") > 0
    if isinstance(model.wv, FastTextKeyedVectors):
        assert model.args["maxn"] > 0
        found = model.get_word_vector("straßenbahn")
        np.testing.assert_allclose(model.wv["straßenbahn"], found, rtol=1e-6)
    assert model.wv.most_similar(model.words[1], topn=2)


@pytest.mark.parametrize("name", [ANY, "hs-subwords.ftz"])
def test_copies_say_the_same(name: str) -> None:
    model = load(name)
    expected = model.predict(TEXTS)
    for again in (pickle.loads(pickle.dumps(model)), copy.copy(model), copy.deepcopy(model)):
        found = again.predict(TEXTS)
        assert found.labels == expected.labels
        assert [p.tolist() for p in found.probabilities] == [
            p.tolist() for p in expected.probabilities
        ]


# --- wrong questions ----------------------------------------------------------------------------


def test_a_newline_is_refused() -> None:
    model = load()
    for ask in (model.predict, model.get_sentence_vector):
        with pytest.raises(ValueError, match="text 0 holds a newline, expected one line"):
            ask("bakolu\n")
        with pytest.raises(ValueError, match="text 1 holds a newline"):
            ask(["bakolu", "a\nb"])
    with pytest.raises(ValueError, match="line 2 holds a newline"):
        model.test(["__label__0 a\n", "__label__0 b\n\n"])


@pytest.mark.parametrize(
    ("arguments", "error", "match"),
    [
        ({"k": 0}, ValueError, "k is 0, expected at least 1, or -1 for all labels"),
        ({"k": -2}, ValueError, "k is -2"),
        ({"k": 1.5}, TypeError, "k is 1.5, expected an integer"),
        ({"k": True}, TypeError, "k is True"),
        ({"threshold": float("nan")}, ValueError, "threshold is NaN"),
        ({"threshold": "a"}, TypeError, "real number"),
    ],
)
def test_wrong_arguments_are_told(
    arguments: dict[str, Any], error: type[Exception], match: str
) -> None:
    with pytest.raises(error, match=match):
        load().predict("bakolu", **arguments)


def test_texts_are_strings() -> None:
    model = load()
    with pytest.raises(TypeError, match="not bytes"):
        model.predict(b"bakolu")  # type: ignore[call-overload]
    with pytest.raises(TypeError, match="not int"):
        model.predict(3)  # type: ignore[call-overload]
    with pytest.raises(TypeError, match="text 1 is a <class 'int'>, expected a str"):
        model.predict(["a", 3])  # type: ignore[list-item]
    with pytest.raises(ValueError, match="text 0 holds a lone surrogate"):
        model.predict("\ud800")


def test_thresholds_beyond_all_leave_nothing() -> None:
    model = load()
    for threshold in (1.5, float("inf")):
        labels, probabilities = model.predict("bakolu", k=-1, threshold=threshold)
        assert (labels, probabilities.shape, probabilities.dtype) == ((), (0,), np.float32)
    assert model.predict("bakolu", k=10**30, threshold=float("-inf")).labels


def test_a_text_that_is_no_utf8_is_told_by_its_line(tmp_path: Path) -> None:
    path = tmp_path / "lines.txt"
    path.write_bytes(b"__label__0 a\n__label__1 b\n__label__1 \xff\n")
    with pytest.raises(synvec.EncodingError, match=r"lines\.txt \(text\): byte 0xff in line 3 is"):
        load().test(path)
    with pytest.raises(FileNotFoundError):
        load().test(tmp_path / "missing.txt")


def test_one_door_opens_it() -> None:
    path = str(FOLDER / ANY)
    assert formats.sniff(path) == "fasttext"
    for opened in (formats.load(path), KeyedVectors.load(path), synvec.load(path)):
        assert isinstance(opened, TextClassifier)
    assert formats.vectors_of(formats.load(path)).index_to_key == load().words
    with pytest.raises(TypeError, match="takes no limit"):
        formats.load(path, limit=3)
    with pytest.raises(synvec.UnsupportedFormatError, match=r"synvec\.load"):
        synvec.load_facebook_vectors(path)


def test_a_compressed_one_opens(tmp_path: Path) -> None:
    path = tmp_path / "model.bin.gz"
    path.write_bytes(gzip.compress((FOLDER / ANY).read_bytes()))
    assert TextClassifier.load(path).predict(TEXTS).labels == load().predict(TEXTS).labels


def test_vectors_are_no_classifier(tmp_path: Path) -> None:
    vectors = tmp_path / "vectors.txt"
    vectors.write_text("1 2\na 0.5 1\n")
    with pytest.raises(synvec.FormatError):
        TextClassifier.load(vectors)
    model = fasttext_files.skipgram().encode()
    with pytest.raises(synvec.UnsupportedFormatError, match="without labels"):
        TextClassifier.load(io.BytesIO(model))
