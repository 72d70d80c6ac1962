"""What users write, as a type checker sees it; ``tests/test_typing.py`` checks it and runs it."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, assert_type

import numpy as np
from numpy.typing import NDArray

import synvec
from synvec import KeyedVectors, LineSentence, TextClassifier, UnknownKeyError, Word2Vec

SENTENCES = [["socket", "port", "year"], ["port", "socket", "month"], ["year", "month"]] * 20


class Corpus:
    """A user's own corpus."""

    def __iter__(self) -> Iterator[list[str]]:
        yield from SENTENCES


def train(folder: Path) -> Word2Vec:
    model = Word2Vec(SENTENCES, vector_size=8, min_count=1, epochs=1, workers=1, seed=7)
    assert_type(model, Word2Vec)
    assert_type(model.wv, KeyedVectors)
    assert_type(model.vector_size, int)
    Word2Vec(Corpus(), min_count=1, vector_size=8, sg=1, negative=5, workers=1)
    Word2Vec((line.split() for line in ["a b", "b a"]), min_count=1, vector_size=8, workers=1)

    text = folder / "text.txt"
    text.write_text("\n".join(map(" ".join, SENTENCES)), encoding="utf-8")
    Word2Vec(LineSentence(text), min_count=1, vector_size=8, workers=1)
    Word2Vec(corpus_file=str(text), min_count=1, vector_size=8, workers=1)

    path = folder / "model.w2v"
    model.save(path)
    assert_type(Word2Vec.load(path), Word2Vec)
    return model


def baskets() -> Word2Vec[int]:
    model = Word2Vec([[1, 2, 3], [2, 3]] * 20, min_count=1, vector_size=8, workers=1)
    assert_type(model, Word2Vec[int])
    assert_type(model.wv.most_similar(2), list[tuple[int, float]])
    assert_type(model.wv.index_to_key[0], int)
    assert_type(model.wv.doesnt_match([1, 2, 3]), int)
    assert_type(model.predict_output_word([1]), list[tuple[int, np.float32]] | None)
    assert_type(KeyedVectors.from_arrays([5, 7], np.eye(2)).key_to_index.copy(), dict[int, int])
    array: Word2Vec[int] = Word2Vec(np.array([[1, 2], [2, 3]]), min_count=1, vector_size=8)
    assert_type(array.wv.closer_than(1, 3), list[int])
    return model


def look_up(kv: KeyedVectors) -> None:
    assert_type(kv["socket"], NDArray[np.float32])
    assert_type(kv[0], NDArray[np.float32])
    assert_type(kv[np.int64(0)], NDArray[np.float32])
    assert_type(kv[["socket", "port"]], NDArray[np.float32])
    assert_type(kv[np.array([0, 1])], NDArray[np.float32])
    assert_type(kv.get_vector("socket", norm=True), NDArray[np.float32])
    assert_type(kv.vectors, NDArray[np.float32])
    assert_type(kv.syn0, NDArray[np.float32])
    assert_type(kv.syn0norm, NDArray[np.float32] | None)
    assert_type(kv.norms, NDArray[np.float32] | None)
    assert_type(kv.get_normed_vectors(), NDArray[np.float32])
    assert_type(np.asarray(kv, dtype=np.float64), NDArray[np.float64])

    assert_type("socket" in kv, bool)
    assert_type(len(kv), int)
    assert_type(kv.get_index("socket"), int)
    assert_type(kv.key_to_index["socket"], int)
    assert_type(kv.key_to_index.get("nothing"), int | None)
    assert_type(kv.key_to_index.get("nothing", -1), int)
    assert_type(kv.index_to_key[0], str)
    assert_type(kv.index_to_key[1:], list[str])
    assert_type(kv.index_to_key + ["more"], list[str])
    assert_type([key for key in kv.index_to_key], list[str])  # noqa: C416
    for key, index in kv.key_to_index.items():
        assert_type((key, index), tuple[str, int])
    for vector in kv:
        assert_type(vector, NDArray[np.float32])
    try:
        kv["nothing"]
    except UnknownKeyError as error:
        assert_type(error.suggestions(), list[str])


def ask(kv: KeyedVectors, wanted: int) -> None:
    found = kv.most_similar("socket", topn=wanted)
    assert_type(found, list[tuple[str, float]])
    assert_type(kv.most_similar("socket"), list[tuple[str, float]])
    assert_type(kv.most_similar(0), list[tuple[str, float]])
    assert_type(kv.most_similar(["socket", "year"], ["port"]), list[tuple[str, float]])
    assert_type(kv.most_similar(positive=["socket"], negative="port"), list[tuple[str, float]])
    assert_type(kv.most_similar([("socket", 0.5), "port"]), list[tuple[str, float]])
    assert_type(kv.most_similar(kv["socket"] - kv["port"]), list[tuple[str, float]])
    assert_type(kv.most_similar(["socket", np.ones(8)]), list[tuple[str, float]])
    assert_type(kv.most_similar("socket", candidates={"year", "month"}), list[tuple[str, float]])
    assert_type(kv.most_similar("socket", topn=None), NDArray[np.float32])
    assert_type(kv.most_similar_cosmul("socket", "port"), list[tuple[str, float]])
    assert_type(kv.similar_by_word("socket", 3), list[tuple[str, float]])
    assert_type(kv.similar_by_vector(np.ones(8), topn=3), list[tuple[str, float]])
    best, cosine = found[0]
    print(best.upper(), f"{cosine:.3f}")

    assert_type(kv.most_similar_batch(["socket", "year"]), list[list[tuple[str, float]]])
    indices, cosines = kv.most_similar_batch(kv.vectors, topn=3, as_arrays=True)
    assert_type(indices, NDArray[np.int64])
    assert_type(cosines, NDArray[np.float32])

    assert_type(kv.similarity("socket", "port"), np.float32)
    assert_type(kv.distances("socket"), NDArray[np.float32])
    assert_type(kv.n_similarity(["socket"], ["port", "year"]), np.float32)
    assert_type(kv.doesnt_match(["socket", "port", "year"]), str)
    assert_type(kv.most_similar_to_given("socket", ["port", "year"]), str)
    assert_type(kv.rank("socket", "port"), int)
    assert_type(kv.closer_than("socket", "port"), list[str])


def edit(kv: KeyedVectors) -> None:
    kv["socket"] = np.ones(8)
    kv["port"] = [1.0] * 8
    assert_type(kv.add_vector("new", np.ones(8, dtype=np.float32)), int)
    kv.add_vectors(["more"], np.ones((1, 8)), extras={"count": [3]}, replace=True)
    kv.set_vecattr("new", "count", 5)
    kv.sort_by_descending_frequency()
    kv.init_sims(replace=True)
    assert_type(kv.vectors_for_all(["new", "more"]), KeyedVectors)


def exchange(kv: KeyedVectors, folder: Path) -> None:
    kv.save(folder / "vectors.kv")
    assert_type(KeyedVectors.load(folder / "vectors.kv", mmap="r"), KeyedVectors)
    kv.save_word2vec_format(str(folder / "vectors.txt"))
    loaded = KeyedVectors.load_word2vec_format(folder / "vectors.txt", binary=False, limit=2)
    assert_type(loaded, KeyedVectors)
    file = io.BytesIO()
    kv.save(file)
    assert_type(KeyedVectors.from_arrays(["a", "b"], [[1, 2], [3, 4]]), KeyedVectors)
    assert_type(KeyedVectors.from_arrays(kv.index_to_key, kv.vectors), KeyedVectors)


def average(kv: KeyedVectors, texts: Iterable[str]) -> NDArray[np.float32]:
    rows = [kv.get_mean_vector(text.split()) for text in texts]
    return np.stack(rows)


def main() -> None:
    with TemporaryDirectory() as name:
        folder = Path(name)
        kv = train(folder).wv
        look_up(kv)
        ask(kv, wanted=2)
        edit(kv)
        exchange(kv, folder)
        assert average(kv, ["socket port", "year"]).shape == (2, 8)


def evaluate(kv: KeyedVectors, questions: Path, pairs: Path) -> None:
    """Not run: it needs files of questions and of pairs."""
    score, sections = kv.evaluate_word_analogies(questions)
    assert_type(score, float)
    for section in sections:
        print(section["section"], len(section["correct"]))
    pearson, spearman, unknown = kv.evaluate_word_pairs(str(pairs))
    print(pearson[0], spearman.statistic, unknown)


def wrong(kv: KeyedVectors) -> None:
    """Not run: mistakes that a type checker finds, or the comment would be one too many."""
    kv.most_similar("socket", topn="3")  # type: ignore[call-overload]
    kv.most_similar({"socket"})  # type: ignore[call-overload]
    kv.similarity("socket", None)  # type: ignore[arg-type]
    kv.key_to_index["socket"] = 3  # type: ignore[index]
    kv.index_to_key.append("more")  # type: ignore[attr-defined]
    kv.most_similar_batch(["socket"], topn=None)  # type: ignore[call-overload]
    KeyedVectors.load("vectors.kv", mmap="w")  # type: ignore[arg-type]
    Word2Vec(SENTENCES, vector_size="100")  # type: ignore[arg-type]


def anything() -> Any:
    return synvec.load("vectors.bin")


def classify(model: TextClassifier) -> None:
    """Not run: it needs a model."""
    labels, probabilities = model.predict("a text", k=2)
    assert_type(labels, tuple[str, ...])
    assert_type(probabilities, NDArray[np.float32])
    many = model.predict(["a text", "another"])
    assert_type(many.labels, list[tuple[str, ...]])
    assert_type(many.probabilities, list[NDArray[np.float32]])
    assert_type(model.test(["__label__0 a text"]).f1, float)
    assert_type(model.wv, KeyedVectors)


if __name__ == "__main__":
    main()
