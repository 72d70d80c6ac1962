"""The classes that give sentences, as gensim's do."""

import gzip
import io
import pickle
from pathlib import Path
from typing import Any

import pytest

import synvec
from synvec import LineSentence, PathLineSentences, Text8Corpus, scan
from synvec.vocabulary import no_words_message


def test_lines_are_sentences_and_blank_ones_none(tmp_path: Path) -> None:
    path = tmp_path / "text"
    path.write_bytes("\ufeffa b\r\n\n  \nc\u00a0d\u2028e f\x1cg".encode())
    expected = [["a", "b"], ["c\u00a0d\u2028e", "f\x1cg"]]
    lines = LineSentence(path)
    assert list(lines) == expected
    assert list(lines) == expected  # once more from the beginning
    assert list(LineSentence(str(path))) == expected


def test_long_lines_are_split_and_lines_limited() -> None:
    text = io.StringIO("1 2 3 4 5\n6\n7")
    assert list(LineSentence(text, max_sentence_length=2)) == [
        ["1", "2"],
        ["3", "4"],
        ["5"],
        ["6"],
        ["7"],
    ]
    assert list(LineSentence(text, limit=2)) == [["1", "2", "3", "4", "5"], ["6"]]
    long = io.StringIO("word " * 20_001)
    assert [len(words) for words in LineSentence(long)] == [10_000, 10_000, 1]
    with pytest.raises(ValueError, match="max_sentence_length must be 1 or more, not 0"):
        LineSentence(text, max_sentence_length=0)


@pytest.mark.parametrize("kind", [LineSentence, PathLineSentences, Text8Corpus])
@pytest.mark.parametrize("name", ["max_sentence_length", "limit"])
def test_numbers_of_a_corpus_are_whole(kind: Any, name: str, tmp_path: Path) -> None:
    if (kind, name) == (Text8Corpus, "limit"):
        return  # it has none
    for wrong in ("x", 1.5, True):
        with pytest.raises(TypeError, match=f"{name} is .*, expected a whole number"):
            kind(tmp_path, **{name: wrong})
    with pytest.raises(ValueError, match=f"{name} must be . or more, not -1"):
        kind(tmp_path, **{name: -1})


@pytest.mark.parametrize("source", [5, None, b"text.txt"])
def test_a_source_is_a_path_or_an_open_text(source: Any) -> None:
    with pytest.raises(TypeError, match=r"source is .*, expected a path or an open text"):
        LineSentence(source)


def test_file_objects_of_bytes_and_text_and_plain_lines() -> None:
    assert list(LineSentence(io.BytesIO("é b\nc".encode()))) == [["é", "b"], ["c"]]
    assert list(LineSentence(io.StringIO("é b\nc"))) == [["é", "b"], ["c"]]
    assert list(LineSentence(iter(["a b", "c"]))) == [["a", "b"], ["c"]]  # type: ignore[arg-type]


def test_compressed_files_by_content(tmp_path: Path) -> None:
    path = tmp_path / "text.txt"
    path.write_bytes(gzip.compress(b"a b\nc"))
    assert list(LineSentence(path)) == [["a", "b"], ["c"]]


def test_a_missing_file_is_an_error_when_it_is_read(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        list(LineSentence(tmp_path / "absent"))
    with pytest.raises(FileNotFoundError):
        PathLineSentences(tmp_path / "absent")
    with pytest.raises(FileNotFoundError):
        list(Text8Corpus(tmp_path / "absent"))


def test_the_files_of_a_directory_come_by_name(tmp_path: Path) -> None:
    (tmp_path / "b").write_text("3 4\n5")
    (tmp_path / "a").write_text("1\n2")
    (tmp_path / "folder").mkdir()
    corpus = PathLineSentences(tmp_path)
    assert list(corpus) == [["1"], ["2"], ["3", "4"], ["5"]]
    assert [Path(file).name for file in corpus.input_files] == ["a", "b"]
    assert list(PathLineSentences(tmp_path, limit=1)) == [["1"], ["3", "4"]]
    assert list(PathLineSentences(tmp_path, 1)) == [["1"], ["2"], ["3"], ["4"], ["5"]]
    assert list(PathLineSentences(tmp_path / "b")) == [["3", "4"], ["5"]]


@pytest.mark.parametrize("words", [0, 1, 9, 10, 11, 200_000])
def test_text8_comes_in_equal_pieces(tmp_path: Path, words: int) -> None:
    path = tmp_path / "text8"
    expected = [f"w{i}é" for i in range(words)]
    path.write_text("".join(word + " \n"[i % 2] for i, word in enumerate(expected)), "utf-8")
    pieces = list(Text8Corpus(path, max_sentence_length=10))
    assert [word for piece in pieces for word in piece] == expected
    assert [len(piece) for piece in pieces[:-1]] == [10] * max(0, len(pieces) - 1)


def test_corpora_over_paths_can_be_pickled(tmp_path: Path) -> None:
    path = tmp_path / "text"
    path.write_text("a b")
    for corpus in (LineSentence(path), PathLineSentences(tmp_path), Text8Corpus(path)):
        assert list(pickle.loads(pickle.dumps(corpus))) == [["a", "b"]]


def test_the_message_for_no_words_says_why_and_what_to_change() -> None:
    begin = "you must first build vocabulary before training the model"
    empty = no_words_message(scan([[], []]), 5)
    assert empty.startswith(begin)
    assert "no words (2 sentences)" in empty
    pruned = no_words_message(scan([["a", "b", "a"]]), 5)
    assert pruned.startswith(begin)
    for part in ("none of the 2 distinct", "min_count=5", "occurs 2 times", "to 2 or less"):
        assert part in pruned
    assert "trim_rule" in no_words_message(scan([["a"]]), 1)


def test_a_corpus_is_written_and_read_back(tmp_path: Path) -> None:
    sentences = [["the", "naïve", "cat"], [], ["sat"]]
    path = tmp_path / "text.gz"
    synvec.save_as_line_sentence(sentences, path)
    assert list(synvec.LineSentence(path)) == [["the", "naïve", "cat"], ["sat"]]


@pytest.mark.parametrize("word", ["two words", "", "new\nline"])
def test_words_that_would_not_be_read_back(tmp_path: Path, word: str) -> None:
    path = tmp_path / "text"
    path.write_text("old\n")
    with pytest.raises(synvec.RowError, match="would not be read back as one word"):
        synvec.save_as_line_sentence([["a", word]], path)
    assert path.read_text() == "old\n"


def test_folders_and_patterns_stand_for_their_files(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    for name in ("b.txt", "a.txt", "c.dat", "inner/d.txt"):
        (tmp_path / name).write_text(f"from {name[-5]}\n")

    def seen(corpus_file: object) -> list[str]:
        return scan(corpus_file=corpus_file).keys.keys()  # type: ignore[arg-type]

    assert seen(tmp_path) == ["from", "a", "b", "c"]
    assert seen(tmp_path / "*.txt") == ["from", "a", "b"]
    assert seen(str(tmp_path / "**" / "*.txt")) == ["from", "a", "b", "d"]
    assert seen([tmp_path / "c.dat", tmp_path / "[ab].txt"]) == ["from", "c", "a", "b"]
    (tmp_path / "[x].txt").write_text("from itself\n")
    assert seen(tmp_path / "[x].txt") == ["from", "itself"]
    with pytest.raises(FileNotFoundError, match=r"no file matches.*\.csv"):
        seen(tmp_path / "*.csv")
    (tmp_path / "empty").mkdir()
    with pytest.raises(FileNotFoundError, match="the folder has no files"):
        seen(tmp_path / "empty")
    with pytest.raises(FileNotFoundError, match="No such file"):
        seen(tmp_path / "absent.txt")


def test_a_folder_is_read_once_for_vocabulary_and_training(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("the cat\nthe dog\n" * 20)
    model = synvec.Word2Vec(corpus_file=tmp_path, vector_size=4, min_count=1)
    assert model.corpus_count == 40
    model.build_vocab(corpus_file=tmp_path)
    encoded = model._encoded
    model.train(corpus_file=tmp_path, total_examples=40, epochs=1)
    assert model._encoded is encoded
