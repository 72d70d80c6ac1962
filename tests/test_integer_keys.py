"""Integers as words and keys: they stay integers from the corpus to the answer."""

from __future__ import annotations

import copy
import io
import json
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from synvec import (
    FastTextKeyedVectors,
    KeyedVectors,
    UnknownKeyError,
    Word2Vec,
    _core,
)
from synvec.vocabulary import RULE_DEFAULT, RULE_DISCARD

SMALLEST, LARGEST = -(2**63), 2**63 - 1
SENTENCES = [[10, 20, -30], [20, -30, 40], [10, 40]] * 30


def store() -> KeyedVectors[int]:
    return KeyedVectors.from_arrays([5, 7, -1], [[3, 4], [4, 3], [-1, 1]], counts=[9, 5, 1])


def trained(**settings: object) -> Word2Vec[int]:
    options = {"vector_size": 8, "min_count": 1, "workers": 1, "epochs": 2, "seed": 3} | settings
    return Word2Vec(SENTENCES, **options)


# --- the table ------------------------------------------------------------------------------------


def test_a_table_tells_the_integer_from_its_text() -> None:
    table = _core.KeyTable([7, np.int16(-3), SMALLEST])
    assert table.keys() == [7, -3, SMALLEST]
    assert [table.index(key) for key in (7, np.uint8(7), "7", 2**80, -3)] == [0, 0, -1, -1, 1]
    assert table.texts().index("7") == 0
    assert table != table.texts()
    assert table == pickle.loads(pickle.dumps(table)) == copy.deepcopy(table)
    assert _core.KeyTable(["7"]).index(7) == -1
    assert (table.key_type, _core.KeyTable().key_type) == ("int", "str")


def test_a_table_takes_one_kind_and_is_left_as_it_was() -> None:
    table = _core.KeyTable([7])
    for keys, error in (([8, "a"], TypeError), ([8, True], TypeError), ([8, 2**63], ValueError)):
        with pytest.raises(error):
            table.extend(keys)
        assert table.keys() == [7]
    emptied = table.take(np.zeros(0, np.int64))
    emptied.extend(["a"])
    assert emptied.keys() == ["a"]


def test_blobs_of_integers_are_verified() -> None:
    offsets = np.array([0, 2], np.uint64)
    assert _core.KeyTable.from_blob(b"-7", offsets, "int").keys() == [-7]
    for text in (b"07", b"+7", b"7 ", b"ab"):
        with pytest.raises(ValueError, match="key 0 is not an integer"):
            _core.KeyTable.from_blob(text, offsets, "int")
    with pytest.raises(ValueError, match="expected 'str' or 'int'"):
        _core.KeyTable.from_blob(b"-7", offsets, "bytes")


# --- stores ---------------------------------------------------------------------------------------


def test_a_store_answers_in_integers_and_has_no_positions() -> None:
    kv = store()
    assert kv.key_type is int
    assert list(kv.index_to_key) == [5, 7, -1]
    assert kv.key_to_index == {5: 0, 7: 1, -1: 2}
    assert [key in kv for key in (5, np.int32(7), 0, 1, "5", True)] == [True] * 2 + [False] * 4
    assert kv[5].tolist() == [3, 4]
    assert kv[[7, -1]].tolist() == kv[np.array([7, -1])].tolist() == [[4, 3], [-1, 1]]
    assert (kv.get_index(-1), kv.get_index(0, default=-1)) == (2, -1)
    assert kv.get_vecattr(7, "count") == 5
    assert [key for key, _ in kv.most_similar(5)] == [7, -1]
    assert [type(key) for key, _ in kv.most_similar(5)] == [int, int]
    assert kv.similar_by_key(5, topn=1)[0][0] == 7
    assert kv.most_similar([5], [7], topn=1)[0][0] == -1
    assert kv.most_similar_cosmul(5, topn=1)[0][0] == 7
    assert kv.most_similar(5, candidates=[-1])[0][0] == -1
    assert kv.most_similar_batch([5, 7], topn=1) == [
        [kv.most_similar(5)[0]],
        [(5, pytest.approx(0.96))],
    ]
    assert kv.doesnt_match([5, 7, -1]) == -1
    assert kv.closer_than(5, -1) == [7]
    assert (kv.rank(5, 7), kv.most_similar_to_given(5, [-1, 7])) == (1, 7)
    assert kv.similarity(5, 7) == pytest.approx(0.96)
    assert [row.tolist() for row in kv] == kv.vectors.tolist()
    assert kv.wmdistance([5, 5], [7]) > 0 == kv.wmdistance([5], [np.int64(5)])
    assert kv.quantize("int8").most_similar(kv[5], 1)[0][0] == 5


def test_unknown_keys_say_that_keys_are_integers() -> None:
    kv = store()
    with pytest.raises(UnknownKeyError, match=r"^Key 0 not present$"):
        kv[0]
    with pytest.raises(KeyError, match="Key '7' not present, the keys are integers: ask for 7"):
        kv["7"]
    with pytest.raises(KeyError, match="Key 'x' not present in vocabulary, the keys are integers"):
        kv.most_similar("x")
    with pytest.raises(KeyError, match="the keys are integers; a vector goes in as a NumPy array"):
        kv.get_vector(1.5)


def test_positions_among_strings_are_what_they_were() -> None:
    kv = KeyedVectors.from_arrays(["a", "7"], np.eye(2))
    assert kv.key_type is str
    assert kv[1].tolist() == kv["7"].tolist() == [0, 1]
    assert 7 not in kv
    assert 1 not in kv.key_to_index
    with pytest.raises(TypeError, match="key 7 is an int, the other keys are str"):
        kv.add_vector(7, [1, 1])


def test_the_first_key_decides_and_the_other_kind_is_refused() -> None:
    kv: KeyedVectors[int] = KeyedVectors(2)
    assert kv.add_vector(np.int64(9), [1, 0]) == 0
    kv.add_vectors([4, 9], [[0, 1], [5, 5]])
    kv[3] = [2, 2]
    kv[[4, 8]] = [[1, 1], [6, 6]]
    assert dict(kv.key_to_index) == {9: 0, 4: 1, 3: 2, 8: 3}
    assert kv.vectors.tolist() == [[1, 0], [1, 1], [2, 2], [6, 6]]
    before = kv.vectors.copy()
    for keys in (["a"], [1, "a"], [True], [1.0]):
        with pytest.raises(TypeError):
            kv.add_vectors(keys, np.ones((len(keys), 2)))
    with pytest.raises(TypeError, match="key '9' is a str, the other keys are int"):
        kv["9"] = [1, 1]
    with pytest.raises(ValueError, match="beyond 64 bits"):
        kv.add_vector(2**63, [1, 1])
    assert (kv.vectors == before).all()
    assert len(kv) == 4
    kv.remove([9, 4, 3, 8])
    kv.add_vector("a", [1, 1])
    assert list(kv.index_to_key) == ["a"]


def test_first_assignments_make_a_store_of_integers() -> None:
    kv: KeyedVectors[int] = KeyedVectors(2)
    kv[1001] = [1, 2]
    assert (list(kv.index_to_key), kv[1001].tolist()) == ([1001], [1, 2])


def test_keys_of_both_kinds_or_twice_make_no_store() -> None:
    with pytest.raises(TypeError, match="key 'a' is a str, the other keys are int"):
        KeyedVectors.from_arrays([1, "a"], np.eye(2))
    with pytest.raises(ValueError, match="key 1 stands there twice"):
        KeyedVectors.from_arrays([1, np.int8(1)], np.eye(2))


def test_subsets_removal_and_order_keep_integers() -> None:
    kv = store()
    some = kv.vectors_for_all([np.int64(-1), 0, 5], copy_vecattrs=True)
    assert (list(some.index_to_key), some.counts.tolist()) == ([-1, 5], [1, 9])
    del kv[5]
    assert list(kv.index_to_key) == [7, -1]
    kv.set_vecattr(-1, "count", 100)
    kv.sort_by_descending_frequency()
    assert list(kv.index_to_key) == [-1, 7]
    assert kv.pop(7).tolist() == [4, 3]


def test_copies_and_pickles_keep_integers() -> None:
    kv = store()
    for twin in (copy.copy(kv), copy.deepcopy(kv), pickle.loads(pickle.dumps(kv))):
        assert list(twin.index_to_key) == [5, 7, -1]
        assert twin[-1].tolist() == [-1, 1]
    assert pickle.loads(pickle.dumps(kv.key_to_index)) == {5: 0, 7: 1, -1: 2}


def test_views_are_those_of_a_dictionary_and_a_list(monkeypatch: pytest.MonkeyPatch) -> None:
    kv = store()
    assert kv.index_to_key == [5, 7, -1]
    assert (kv.index_to_key.index(7), kv.index_to_key.count("7"), 0 in kv.index_to_key) == (
        1,
        0,
        False,
    )
    assert kv.index_to_key[1:] + ["x"] == [7, -1, "x"]
    assert kv.index_to_key + [3] == [5, 7, -1, 3]
    assert kv.key_to_index.get(0) is None
    with pytest.raises(KeyError):
        kv.key_to_index["5"]
    assert repr(kv.key_to_index) == "KeyToIndex({5: 0, 7: 1, -1: 2})"
    monkeypatch.setattr("synvec.legacy.warning._warned", set())
    with pytest.warns(DeprecationWarning):
        assert kv.vocab[7].count == 5


def test_text_of_a_file_is_matched_with_integers_by_digits() -> None:
    kv = store()
    kv.intersect_word2vec_format(io.BytesIO(b"3 2\n7 1 1\n07 2 2\n-1 3 3\n"))
    assert kv.vectors.tolist() == [[3, 4], [1, 1], [3, 3]]
    kv.intersect_word2vec_format(io.BytesIO(b"4 2\n5 9 9\na 2 2\nb 3 3\nc 1 1\n"))
    assert kv[5].tolist() == [9, 9]


def test_questions_from_files_are_matched_by_digits(tmp_path: Path) -> None:
    kv = KeyedVectors.from_arrays([1, 2, 3, 4], [[1, 0.1], [1, 0.9], [0.1, 1], [0.2, 1.8]])
    pairs = tmp_path / "pairs.tsv"
    pairs.write_text("1\t2\t9\n1\t3\t1\n2\t4\t5\n3\t4\t8\n")
    assert kv.evaluate_word_pairs(pairs)[2] == 0
    questions = tmp_path / "questions.txt"
    questions.write_text(": all\n1 2 3 4\n1 2 3 x\n")
    _, sections = kv.evaluate_word_analogies(questions)
    assert sum(len(sections[0][side]) for side in ("correct", "incorrect")) == 1


def test_other_libraries_get_integers() -> None:
    kv = store()
    assert kv.to_pandas([7]).index.tolist() == [7] if _has("pandas") else True
    if _has("pyarrow"):
        import pyarrow

        assert pyarrow.table(kv)["key"].to_pylist() == [5, 7, -1]
    assert "<td>-1</td>" in kv._repr_html_()


def _has(module: str) -> bool:
    import importlib.util

    return importlib.util.find_spec(module) is not None


def test_subwords_are_made_of_text() -> None:
    with pytest.raises(TypeError, match="subwords are made of the characters of str"):
        FastTextKeyedVectors.from_parts([1], [[1, 2]], np.zeros((4, 2)), min_n=1, max_n=2)
    kv = FastTextKeyedVectors.from_parts([], np.empty((0, 2)), np.ones((4, 2)), min_n=1, max_n=2)
    with pytest.raises(TypeError, match="subwords are made of the characters of str"):
        kv.add_vectors([1], [[1, 2]])


# --- models ---------------------------------------------------------------------------------------


def test_a_model_of_integers_is_that_of_their_texts() -> None:
    settings = {"vector_size": 8, "min_count": 1, "workers": 1, "seed": 3}
    texts = Word2Vec([list(map(str, sentence)) for sentence in SENTENCES], **settings)
    for corpus in (SENTENCES, [np.array(sentence) for sentence in SENTENCES], iter(SENTENCES)):
        model = Word2Vec(corpus, **settings)
        assert list(map(str, model.wv.index_to_key)) == list(texts.wv.index_to_key)
        assert (model.wv.vectors == texts.wv.vectors).all()
    matrix = np.arange(60).reshape(20, 3) % 7
    by_array, by_lists = (Word2Vec(corpus, **settings) for corpus in (matrix, matrix.tolist()))
    assert (by_array.wv.vectors == by_lists.wv.vectors).all()
    assert by_array.wv.key_type is int


def test_prediction_speaks_integers_and_leaves_unknown_ones_out() -> None:
    model = trained(negative=5)
    found = model.predict_output_word([10, 0, 1], topn=2)
    assert found == model.predict_output_word([10], topn=2)
    assert all(type(word) is int for word, _ in found)
    assert model.predict_output_word([0, "10"]) is None


def test_score_takes_sentences_of_the_models_kind() -> None:
    model = trained(hs=1, negative=0)
    assert model.score([[10, 20]])[0] < 0
    with pytest.raises(TypeError, match="key '10' is a str, the other keys are int"):
        model.score([["10", "20"]])


def test_a_vocabulary_grows_by_integers_alone() -> None:
    model = trained()
    before = model.wv[10].copy()
    model.build_vocab([[99, 10]], update=True)
    assert 99 in model.wv
    assert (model.wv[10] == before).all()
    for corpus in ([["a", "b"]], [["10", "20"]]):
        with pytest.raises(TypeError, match="is a str, the other keys are int"):
            model.build_vocab(corpus, update=True)
    with pytest.raises(
        TypeError, match="words of the corpus are str, those of the vocabulary are int"
    ):
        model.train([["10", "20"]], total_examples=1, epochs=1)
    assert len(model.wv) == 5
    model.train([[99, 10]], total_examples=1, epochs=1)


def test_counts_and_rules_speak_integers() -> None:
    model: Word2Vec[int] = Word2Vec(vector_size=4, min_count=2)
    model.build_vocab_from_freq({1: 10, 2: 5, -3: 1})
    assert list(model.wv.index_to_key) == [1, 2]
    with pytest.raises(TypeError, match="key 'a' is a str, the other keys are int"):
        model.build_vocab_from_freq({1: 10, "a": 5})
    with pytest.raises(TypeError, match=r"key 1\.5 is a float"):
        model.build_vocab_from_freq({1.5: 10})
    seen: list[object] = []

    def rule(word: int, count: int, min_count: int) -> int:
        seen.append(word)
        return RULE_DISCARD if word == 10 else RULE_DEFAULT

    assert 10 not in trained(trim_rule=rule).wv
    assert sorted(seen) == [-30, 10, 20, 40]
    model.build_vocab([[1, 2, 1]], keep_raw_vocab=True)
    assert model.raw_vocab == {1: 2, 2: 1}


def test_null_word_is_no_integer() -> None:
    with pytest.raises(TypeError, match="null_word adds a str"):
        trained(null_word=1)


def test_vectors_to_begin_with_are_of_the_same_kind() -> None:
    model = trained()
    given = KeyedVectors.from_arrays([10, 11], np.ones((2, 8), np.float32))
    assert model.init_from(given) == 1
    assert (model.wv[10] == 1).all()
    texts = KeyedVectors.from_arrays(["10"], np.ones((1, 8), np.float32))
    with pytest.raises(
        TypeError, match="keys of the vectors are str, the words of the model are int"
    ):
        model.init_from(texts)


def test_locks_hold_rows_of_integers() -> None:
    model = trained(sample=0)
    model.wv.vectors_lockf = np.array([0, 1, 1, 1], np.float32)
    before = model.wv.vectors.copy()
    model.train(SENTENCES, total_examples=len(SENTENCES), epochs=1)
    changed = (model.wv.vectors != before).any(axis=1)
    assert changed.tolist() == [False, True, True, True]


# --- files ----------------------------------------------------------------------------------------


def test_native_files_keep_integers(tmp_path: Path) -> None:
    kv = store()
    kv.save(tmp_path / "items.kv")
    for mmap in (None, "r"):
        loaded = KeyedVectors.load(tmp_path / "items.kv", mmap=mmap)
        assert loaded.key_type is int
        assert list(loaded.index_to_key) == [5, 7, -1]
        assert loaded.most_similar(5) == kv.most_similar(5)
    header = (tmp_path / "items.kv").read_bytes()[8:]
    assert b'"key_type":"int"' in header
    KeyedVectors(2).save(tmp_path / "empty.kv")
    assert b'"key_type":"str"' in (tmp_path / "empty.kv").read_bytes()


def test_models_of_integers_are_saved_and_trained_on(tmp_path: Path) -> None:
    model = trained()
    model.save(tmp_path / "model.w2v")
    loaded = Word2Vec.load(tmp_path / "model.w2v")
    assert list(loaded.wv.index_to_key) == list(model.wv.index_to_key)
    loaded.build_vocab([[10, 77]], update=True)
    loaded.train([[10, 77]], total_examples=1, epochs=1)
    assert 77 in loaded.wv


def test_text_files_hold_digits(tmp_path: Path) -> None:
    from synvec import formats

    for name in (
        "items.txt",
        "items.bin",
        "items.npz",
        "items.parquet",
        "items.fifu",
    ):
        if name.endswith("parquet") and not _has("pyarrow"):
            continue
        formats.convert(_saved(tmp_path), tmp_path / name)
        loaded = formats.vectors_of(formats.load(tmp_path / name))
        assert list(loaded.index_to_key) == ["5", "7", "-1"], name


def _saved(folder: Path) -> Path:
    store().save(folder / "items.kv")
    return folder / "items.kv"


# --- the command line -----------------------------------------------------------------------------


def run(*arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "synvec", *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_command_line_takes_digits_for_integers(tmp_path: Path) -> None:
    file = str(_saved(tmp_path))
    assert run("similar", file, "5", "-n", "1").stdout == "7\t0.9600\n"
    assert run("similar", file, "--", "-1").stdout.startswith("5\t")
    found = json.loads(run("similar", file, "5", "--json").stdout)
    assert (found["query"], found["neighbors"][0]["word"]) == (["5"], 7)
    assert run("analogy", file, "-", stdin="5 7 5\n").stdout.startswith("5 7 5\t-1\t")
    missed = run("similar", file, "-", stdin="6\n05\n5\n")
    assert "Key 6 not present" in missed.stderr
    assert "Key '05' not present in vocabulary, the keys are integers" in missed.stderr
    assert missed.stdout.startswith("5\t7\t")
    assert "first words\t5 7 -1" in run("info", file).stdout
    assert json.loads(run("info", "--json", file).stdout)["first_words"] == [5, 7, -1]
    assert run("convert", file, str(tmp_path / "items.txt")).returncode == 0
    assert (tmp_path / "items.txt").read_text().split()[2] == "5"
    prompt = run("distance", file, stdin="5\n6\nEXIT\n").stdout
    assert "Word: 5  Position in vocabulary: 0" in prompt
    assert "Out of dictionary word: 6!" in prompt
