"""word2vec.c's flags, files and prompts."""

import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from synvec import KeyedVectors, Word2Vec
from synvec.cli.prompts import _completion
from synvec.cli.word2vec import word2vec, word_classes


def run(*arguments: object, stdin: str = "", code: int = 0) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "synvec", *map(str, arguments)]
    found = subprocess.run(
        command, capture_output=True, text=True, encoding="utf-8", input=stdin, timeout=60
    )
    assert found.returncode == code, found.stderr
    return found


@pytest.fixture
def text(tmp_path: Path) -> Path:
    chance = random.Random(1)
    path = tmp_path / "text.txt"
    lines = [" ".join(chance.choices("abcdefgh", range(8, 0, -1), k=12)) for _ in range(100)]
    path.write_text("\n".join(lines) + "\nrare\n")
    return path


SMALL = ("-size", 8, "-iter", 1, "-threads", 1, "-debug", 0)


@pytest.mark.parametrize("binary", [0, 1])
def test_an_old_command_line(text: Path, binary: int) -> None:
    out = text.with_name("vectors")
    flags = ("-cbow", 0, "-window", 5, "-negative", 3, "-hs", 0, "-sample", "1e-4", "-alpha", 0.025)
    found = run("word2vec", "-train", text, "-output", out, *flags, "-binary", binary, *SMALL)
    assert (found.stdout, found.stderr) == ("", "")
    data = out.read_bytes()
    assert data.startswith(b"9 8\n</s> ")
    assert (b" \n" in data) == (not binary)
    kv = KeyedVectors.load_word2vec_format(out, binary=bool(binary))
    assert kv.index_to_key[0] == "</s>" and set(kv.index_to_key[1:]) == set("abcdefgh")
    assert np.abs(kv["</s>"]).max() <= 0.5 / 8


def test_vocabularies_are_written_and_read(text: Path) -> None:
    vocabulary, out = text.with_name("vocabulary"), text.with_name("vectors")
    run("word2vec", "-train", text, "-save-vocab", vocabulary, "-min-count", 1, *SMALL)
    lines = [line.split(" ") for line in vocabulary.read_text().splitlines()]
    assert lines[0] == ["</s>", "101"]
    assert lines[-1] == ["rare", "1"]
    counts = [int(count) for _, count in lines[1:]]
    assert counts == sorted(counts, reverse=True) and sum(counts) == 1201
    vocabulary.write_text("</s> 101\nb 300\na 200\nz 9\nc 2\n")
    run("word2vec", "-train", text, "-read-vocab", vocabulary, "-output", out, *SMALL)
    assert KeyedVectors.load(out).index_to_key == ["</s>", "b", "a", "z"]
    vocabulary.write_text("a\n")
    wrong = run("word2vec", "-train", text, "-read-vocab", vocabulary, *SMALL, code=1)
    assert "line 1 is 'a\\n', expected a word, a space and its count" in wrong.stderr


def test_classes_are_written(text: Path) -> None:
    out = text.with_name("classes")
    run("word2vec", "-train", text, "-output", out, "-classes", 3, *SMALL)
    lines = [line.split(" ") for line in out.read_text().splitlines()]
    assert {word for word, _ in lines} == {"</s>", *"abcdefgh"}
    assert {int(place) for _, place in lines} <= {0, 1, 2}


@pytest.mark.parametrize("classes", [-1, 99999999])
def test_classes_are_at_most_the_words(text: Path, classes: int) -> None:
    out = text.with_name("classes")
    wrong = run(
        "word2vec", "-train", text, "-output", out, "-classes", classes, *SMALL, code=2
    ).stderr
    assert f"-classes is {classes}, expected 0 to 9, one for each word" in wrong
    assert not out.exists()


@pytest.mark.parametrize(
    ("flag", "value", "message"),
    [
        ("-size", 0, "-size must be from 1 to 65536, not 0"),
        ("-threads", 0, "-threads must be from 1 to 4096, not 0"),
        ("-iter", 0, "-iter must be from 1"),
        ("-window", -1, "-window must not be negative"),
        ("-sample", -1, "-sample must be 0 or more"),
        ("-alpha", "nan", "-alpha must be a finite number"),
        ("-hs", 2, "-hs must be 0 or 1, not 2"),
    ],
)
def test_values_out_of_range_are_told_by_their_flags(
    text: Path, flag: str, value: object, message: str
) -> None:
    assert message in run("word2vec", "-train", text, flag, value, code=2).stderr


def test_classes_are_those_of_the_directions() -> None:
    angles = np.radians([0, 90, 180, 4, 88, 181, -3, 91, 179])
    rows = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    assert word_classes(rows, 3).tolist() == [0, 1, 2] * 3


def test_flags_that_are_none(text: Path) -> None:
    assert "there is no flag '-out'" in run("word2vec", "-out", "x", code=2).stderr
    assert "-train is missing" in run("word2vec", "-output", "x", code=2).stderr
    assert "-size is without a value" in run("word2vec", "-size", code=2).stderr
    wrong = run("word2vec", "-train", text, "-size", "abc", code=2)
    assert "-size is 'abc', expected a whole number" in wrong.stderr
    missing = run("word2vec", "-train", text.with_name("no"), "-output", "x", code=1)
    assert "No such file" in missing.stderr
    no_folder = run("word2vec", "-train", text, "-output", text.parent / "no" / "x", code=1)
    assert "No such folder" in no_folder.stderr
    shown = run("word2vec").stdout
    assert "-save-vocab" in shown and "(default: 5)" in shown


@pytest.fixture
def compass(tmp_path: Path) -> Path:
    angles = np.radians([0, 45, 90, 180, 10])
    rows = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    path = tmp_path / "compass.kv"
    KeyedVectors.from_arrays(["east", "northeast", "north", "west", "e-ish"], rows).save(path)
    return path


def test_neighbours_at_a_prompt(compass: Path) -> None:
    shown = run(
        "distance", compass, "-n", 2, stdin="east\n\nnowhere\neast north\nEXIT\nwest\n"
    ).stdout
    assert shown.count("Enter word or sentence (EXIT to break): ") == 5
    assert "Word: east  Position in vocabulary: 0" in shown
    listed = [line.split() for line in shown.splitlines() if line.startswith(" " * 20)]
    assert listed[1:3] == [["e-ish", "0.984808"], ["northeast", "0.707107"]]
    assert "Out of dictionary word: nowhere!" in shown
    assert ["northeast", "1.000000"] in listed, "the mean of east and north"
    assert "Word: west" not in shown


def test_analogies_at_a_prompt(compass: Path) -> None:
    shown = run("word-analogy", compass, "-n", 1, stdin="east northeast e-ish\none\n").stdout
    assert "Only 1 words were entered.. 3 words are needed" in shown
    assert "northeast" in shown and "Cosine distance" in shown
    assert shown.endswith("Enter three words (EXIT to break): \n"), "Ctrl-D ends the line"


@pytest.mark.parametrize(
    ("flags", "arguments"),
    [
        (("-size", 5), {"vector_size": 5}),
        (("-window", 2), {"window": 2}),
        (("-sample", 0.5), {"sample": 0.5}),
        (("-hs", 1), {"hs": 1}),
        (("-hs", 1, "-negative", 0), {"hs": 1, "negative": 0}),
        (("-negative", 2), {"negative": 2}),
        (("-iter", 3), {"epochs": 3}),
        (("-min-count", 120), {"min_count": 120}),
        (("-min_count", 120), {"min_count": 120}),  # as gensim's word2vec_standalone has it
        (("-alpha", 0.2), {"alpha": 0.2, "min_alpha": 0.2e-4}),
        (("-cbow", 0), {"sg": 1, "alpha": 0.025, "min_alpha": 0.025e-4}),
    ],
)
def test_a_flag_does_what_the_argument_does(
    text: Path, flags: tuple[object, ...], arguments: dict[str, Any]
) -> None:
    """The vectors of `Word2Vec` with word2vec.c's defaults and this one argument."""

    def by_flags(*given: object) -> KeyedVectors:
        line = ["-train", text, "-output", out, "-threads", 1, "-binary", 1, "-debug", 0, *given]
        done = CliRunner().invoke(word2vec, [*map(str, line)], catch_exceptions=False)
        assert (done.exit_code, done.output) == (0, "")
        return KeyedVectors.load(out)

    out = text.with_name("vectors.bin")
    defaults: dict[str, Any] = {"alpha": 0.05, "min_alpha": 0.05e-4, "workers": 1}
    model = Word2Vec(corpus_file=text, **defaults | arguments)
    found = by_flags(*flags)
    assert found.index_to_key == ["</s>", *model.wv.index_to_key]
    assert (found.vectors[1:] == model.wv.vectors).all()
    plain = by_flags()
    assert plain.vectors.shape != found.vectors.shape or (plain.vectors != found.vectors).any()


def test_threads_and_debug_reach_the_model(text: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[dict[str, Any]] = []

    def spy(**arguments: Any) -> Word2Vec:
        made.append(arguments)
        return Word2Vec(**arguments)

    monkeypatch.setattr("synvec.cli.word2vec.Word2Vec", spy)
    monkeypatch.setattr("synvec._core.available_workers", lambda: 3)
    for threads, debug in ((2, 0), (12, 1)):
        line = ["-train", text, "-size", 4, "-threads", threads, "-debug", debug, "-iter", 1]
        line += ["-output", text.with_name("out")]
        assert CliRunner().invoke(word2vec, [*map(str, line)]).exit_code == 0
    assert [one["workers"] for one in made] == [2, 3]
    assert [one["progress"] for one in made] == [False, False]
    shown = run("word2vec", "-train", text, "-output", text.with_name("out"), *SMALL[:-1], 1)
    assert shown.stderr == f"synvec: 9 words saved to {text.with_name('out')}\n"
    assert shown.stdout == ""


def test_analogies_are_answered_as_by_gensims_script(text: Path) -> None:
    questions = text.with_name("questions.txt")
    questions.write_text(": letters\na b c d\na b c unknown\n")
    train = ("word2vec", "-train", text, "-output", text.with_name("out"), *SMALL)
    shown = run(*train, "-accuracy", questions)
    assert shown.stderr in [
        f"synvec: {share} of 1 analogies of {questions}\n" for share in ("0.0%", "100.0%")
    ]
    assert shown.stdout == ""
    missing = run(*train, "-accuracy", text.with_name("no"), code=1)
    assert "No such file" in missing.stderr


def test_tab_completes_words_and_gives_back_the_completer_that_was_there() -> None:
    readline = pytest.importorskip("readline")
    vectors = KeyedVectors.from_arrays(["near", "north", "no"], np.eye(3))

    def before(text: str, state: int) -> None:
        return None

    own = readline.get_completer()
    readline.set_completer(before)
    try:
        with _completion(vectors):
            complete = readline.get_completer()
            assert [complete("no", number) for number in range(3)] == ["no", "north", None]
            assert complete("x", 0) is None
            assert complete("", 2) == "north"
        assert readline.get_completer() is before
    finally:
        readline.set_completer(own)
