"""The command `synvec`: what it prints where, what it leaves behind, and its exit codes."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import synvec
from synvec import KeyedVectors, formats
from tests.conftest import Run

POSIX = pytest.mark.skipif(os.name != "posix", reason="signals and pipes as POSIX has them")
SMALL = ("--dim", "8", "--min-count", "1", "--workers", "1", "--epochs", "2")


def failed(result: subprocess.CompletedProcess[str], code: int, *parts: str) -> str:
    """Check a failure: its code, nothing on stdout, no traceback, and what it says."""
    assert result.returncode == code, result.stderr
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    for part in parts:
        assert part in result.stderr
    if code == 1:
        assert result.stderr.startswith("synvec: ")
        assert result.stderr.count("\n") == 1
    return result.stderr


# train


@pytest.mark.parametrize("ending", [".kv", ".txt", ".vec", ".bin"])
def test_train_saves_in_the_format_of_the_ending(
    run: Run, corpus: Path, tmp_path: Path, ending: str
) -> None:
    out = tmp_path / f"out{ending}"
    result = run("train", corpus, "-o", out, *SMALL)
    assert result.returncode == 0, result.stderr
    assert result.stdout == ""
    assert "40 words × 8 dimensions saved to" in result.stderr
    loaded = KeyedVectors.load(str(out))
    assert loaded.vectors.shape == (40, 8)
    assert out.read_bytes()[:5] != b"40 8\n" or ending != ".kv"
    assert (out.read_bytes()[:5] == b"40 8\n") == (ending != ".kv")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["corpus.txt", out.name]


@pytest.mark.parametrize("model", ["skipgram", "cbow"])
@pytest.mark.parametrize("loss", ["negative", "hierarchical"])
def test_every_option_reaches_the_model(
    run: Run, corpus: Path, tmp_path: Path, model: str, loss: str
) -> None:
    options = {
        "dim": 12, "window": 3, "epochs": 2, "min-count": 2, "sample": 0.01, "alpha": 0.03,
        "min-alpha": 0.001, "ns-exponent": 0.5, "seed": 7, "workers": 2, "negative": 4,
        "tokenize": "words",
    }  # fmt: skip
    arguments = [part for name, value in options.items() for part in (f"--{name}", value)]
    saved = tmp_path / "full.model"
    result = run(
        "train", corpus, "-o", "out.kv", "--model", model, "--loss", loss, *arguments,
        "--cbow-sum", "--cbow-corrected", "--per-pair-negatives", "--lowercase", "--deterministic",
        "--save-model", saved,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    found = synvec.Word2Vec.load(str(saved))
    hierarchical = loss == "hierarchical"
    expected = {
        "vector_size": 12, "window": 3, "epochs": 2, "min_count": 2, "sample": 0.01, "alpha": 0.03,
        "min_alpha": 0.001, "ns_exponent": 0.5, "seed": 7, "workers": 2, "tokenize": "words",
        "negative": 0 if hierarchical else 4, "hs": int(hierarchical),
        "sg": int(model == "skipgram"), "cbow_mean": 0, "shared_negatives": False,
        "lowercase": True, "deterministic": True, "cbow_corrected": True,
    }  # fmt: skip
    assert {name: getattr(found, name) for name in expected} == expected
    vectors = KeyedVectors.load(str(tmp_path / "out.kv"))
    np.testing.assert_array_equal(vectors.vectors, found.wv.vectors)


def test_train_gives_the_same_as_the_library(run: Run, corpus: Path, tmp_path: Path) -> None:
    run("train", corpus, "-o", "out.kv", *SMALL, "--seed", "3")
    model = synvec.Word2Vec(
        corpus_file=str(corpus), vector_size=8, min_count=1, workers=1, epochs=2, sg=1, seed=3
    )
    found = KeyedVectors.load(str(tmp_path / "out.kv"))
    assert found.index_to_key == model.wv.index_to_key
    np.testing.assert_array_equal(found.vectors, model.wv.vectors)


def test_train_takes_several_files_and_stdin(run: Run, corpus: Path, tmp_path: Path) -> None:
    text = corpus.read_text(encoding="utf-8")
    (tmp_path / "more.txt").write_text("new words here\n", encoding="utf-8")
    run("train", corpus, "more.txt", "-o", "files.kv", *SMALL)
    result = run("train", "-", "-o", "stdin.kv", *SMALL, stdin=text + "new words here\n")
    assert result.returncode == 0, result.stderr
    files, stdin = (KeyedVectors.load(str(tmp_path / f"{n}.kv")) for n in ("files", "stdin"))
    assert len(files) == 43
    assert files.index_to_key == stdin.index_to_key
    np.testing.assert_array_equal(files.vectors, stdin.vectors)


def test_train_takes_a_column_of_a_table(run: Run, corpus: Path, tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    lines = corpus.read_text(encoding="utf-8").splitlines()
    table = pyarrow.table({"title": ["a title"] * len(lines), "body": lines})
    parquet.write_table(table, tmp_path / "table.parquet")
    result = run("train", "table.parquet", "--column", "body", "-o", "table.kv", *SMALL)
    assert result.returncode == 0, result.stderr
    run("train", corpus, "-o", "text.kv", *SMALL)
    found, expected = (KeyedVectors.load(str(tmp_path / f"{n}.kv")) for n in ("table", "text"))
    assert found.index_to_key == expected.index_to_key
    np.testing.assert_array_equal(found.vectors, expected.vectors)
    failed(run("train", "table.parquet", "-o", "out.kv", *SMALL), 1, "title", "body")


def test_train_to_stdout_prints_text_and_nothing_else(run: Run, corpus: Path) -> None:
    result = run("train", corpus, "-o", "-", *SMALL)
    lines = result.stdout.splitlines()
    assert result.returncode == 0, result.stderr
    assert lines[0] == "40 8"
    assert len(lines) == 41
    assert all(len(line.split(" ")) == 9 for line in lines[1:])


def test_quiet_says_nothing_at_all(run: Run, corpus: Path) -> None:
    result = run("train", corpus, "-o", "out.kv", "-q", *SMALL)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


@pytest.mark.parametrize("before", [True, False])
def test_verbose_logs_to_stderr_wherever_it_stands(run: Run, corpus: Path, before: bool) -> None:
    train = ("train", corpus, "-o", "out.kv", *SMALL)
    result = run("-v", *train) if before else run(*train, "-v")
    assert result.stdout == ""
    assert "synvec: vocabulary: 40 words" in result.stderr


def test_dry_run_estimates_and_leaves_nothing(run: Run, corpus: Path, tmp_path: Path) -> None:
    result = run("train", corpus, "-o", "out.kv", "--dry-run", "--json", *SMALL)
    assert result.returncode == 0, result.stderr
    found = json.loads(result.stdout)
    assert (found["words"], found["distinct_words"], found["dim"]) == (2400, 40, 8)
    assert found["matrices_bytes"] == 2 * 40 * 16 * 4  # rows of 8 take a whole cache line
    assert found["ids_bytes"] == (2400 + 200) * 4
    assert found["memory_bytes"] == sum(
        found[f"{part}_bytes"] for part in ("matrices", "ids", "keys")
    )
    assert (found["matrices"], found["copies_bytes"]) == (2, 0)
    assert found["words_per_second"] > 0
    assert found["train_seconds"] == pytest.approx(2400 * 2 / found["words_per_second"])
    assert [path.name for path in tmp_path.iterdir()] == ["corpus.txt"]
    plain = run("train", corpus, "--dry-run", "--deterministic", *SMALL).stdout
    # Sixteen copies of rows of 64 bytes, and 8 bytes for each row, of either matrix.
    assert "copies\t82.6 kB (--deterministic)\n" in plain
    assert "memory\t" in plain
    assert "time\t" in plain


def test_bad_outs_are_told_before_training(run: Run, corpus: Path, tmp_path: Path) -> None:
    (tmp_path / "folder.kv").mkdir()
    failed(run("train", corpus, "-o", "out.xyz"), 2, "'out.xyz' ends in no known format", ".kv")
    failed(run("train", corpus, "-o", "no/out.kv"), 1, "No such folder", "no")
    failed(run("train", corpus, "-o", "folder.kv"), 1, "Is a folder", "folder.kv")
    failed(run("train", corpus, "-o", corpus), 2, "is also the input")
    failed(run("train", corpus), 2, "Missing option '-o'")
    failed(run("train", corpus, "-o", "a.kv", "--save-model", "a.kv"), 2, "the same file")
    failed(run("train", corpus, "-o", "a.kv", "--save-model", "no/b"), 1, "No such folder")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["corpus.txt", "folder.kv"]


@POSIX
@pytest.mark.skipif(hasattr(os, "geteuid") and os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_is_told_before_training(
    run: Run, corpus: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "locked"
    folder.mkdir(mode=0o555)
    failed(run("train", corpus, "-o", "locked/out.kv"), 1, "Permission denied")


def test_bad_corpora_are_one_line(run: Run, tmp_path: Path) -> None:
    (tmp_path / "empty.txt").touch()
    (tmp_path / "rare.txt").write_text("each word once\n", encoding="utf-8")
    failed(run("train", "none.txt", "-o", "o.kv"), 1, "none.txt: No such file or directory")
    failed(run("train", "empty.txt", "-o", "o.kv"), 1)
    failed(run("train", "rare.txt", "-o", "o.kv"), 1, "--min-count")
    failed(run("train", "-", "-", "-o", "o.kv", stdin=""), 2, "only once")


def test_vectors_are_no_corpus(run: Run, vectors: Path, corpus: Path, tmp_path: Path) -> None:
    np.save(tmp_path / "ids.npy", np.arange(10))
    for kind in ("native", "fasttext", "finalfusion"):
        formats.save(KeyedVectors.load(vectors), tmp_path / kind, format=kind)
    for name in ("ids.npy", "native", "fasttext", "finalfusion"):
        result = run("train", corpus, tmp_path / name, "-o", tmp_path / "out.kv")
        failed(result, 2, f"{tmp_path / name} is no text but a file of vectors or arrays (")
    assert not (tmp_path / "out.kv").exists()


def test_wrong_options_are_usage_errors(run: Run, corpus: Path) -> None:
    for arguments in (
        ("--dim", "0"), ("--negative", "0"), ("--model", "glove"), ("--alpha", "-1"), ("--frob",),
    ):  # fmt: skip
        stderr = failed(run("train", corpus, "-o", "o.kv", *arguments), 2, arguments[0])
        assert stderr.startswith("Usage: ")
    result = run("train", corpus, "-o", "o.kv", "--negative", "0", "--loss", "hierarchical", *SMALL)
    assert result.returncode == 0, result.stderr
    failed(run("train", corpus, "-o", "o.kv", "--dim", "1000000"), 1, "--dim must be", "1000000")


@POSIX
def test_ctrl_c_exits_130_and_leaves_out_alone(corpus: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.kv"
    out.write_bytes(b"precious")
    process = subprocess.Popen(
        [sys.executable, "-m", "synvec", "train", corpus, "-o", out, "-v"]
        + ["--epochs", "1000000", "--min-count", "1"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    line = process.stderr.readline()
    assert "vocabulary" in line  # told when reading is over and training begins
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    stdout, stderr = process.communicate(timeout=60)
    assert process.returncode == 130
    assert (stdout, stderr) == ("", "synvec: interrupted\n")
    assert out.read_bytes() == b"precious"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["corpus.txt", "out.kv"]


# similar and analogy


def test_similar_prints_words_and_cosines(run: Run, vectors: Path) -> None:
    result = run("similar", vectors, "east", "-n", "2")
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout == f"e-ish\t{np.cos(np.radians(10)):.4f}\nnortheast\t0.7071\n"


def test_several_words_are_one_query(run: Run, vectors: Path) -> None:
    assert run("similar", vectors, "east", "north", "-n", "1").stdout == "northeast\t1.0000\n"


def test_restrict_vocab_looks_among_the_first(run: Run, vectors: Path) -> None:
    result = run("similar", vectors, "east", "--restrict-vocab", "2")
    assert result.stdout == "northeast\t0.7071\n"


def test_similar_as_json(run: Run, vectors: Path) -> None:
    found = json.loads(run("similar", vectors, "west", "--topn", "1", "--json").stdout)
    assert found["query"] == ["west"]
    assert [neighbor["word"] for neighbor in found["neighbors"]] == ["søuth"]
    assert found["neighbors"][0]["cosine"] == pytest.approx(np.cos(np.radians(85)))


def test_queries_from_stdin(run: Run, vectors: Path) -> None:
    result = run("similar", vectors, "-", "-n", "1", stdin="east north\n\nnowhere\neast\n")
    assert result.returncode == 1  # for the one that is not there; the others are answered
    assert result.stdout == "east north\tnortheast\t1.0000\neast\te-ish\t0.9848\n"
    assert "nowhere" in result.stderr
    result = run("analogy", vectors, "-", "-n", "1", "--json", stdin="east north west\n")
    assert json.loads(result.stdout)["query"] == ["east", "north", "west"]


def test_vectors_from_stdin(run: Run, vectors: Path) -> None:
    text = run("convert", vectors, "-").stdout
    result = run("similar", "-", "east", "-n", "1", stdin=text)
    assert result.stdout == "e-ish\t0.9848\n"
    failed(run("similar", "-", "-", stdin=text), 2, "cannot be both")


def test_analogy_adds_and_subtracts(run: Run, vectors: Path) -> None:
    # It points at 153 degrees, from which northeast is 108 away and the south 112.
    result = run("analogy", vectors, "east", "north", "west", "-n", "2")
    assert result.returncode == 0, result.stderr
    assert [line.split("\t")[0] for line in result.stdout.splitlines()] == ["northeast", "søuth"]
    failed(run("analogy", vectors, "east", "north"), 2, "three words, not 2")


def test_an_unknown_word_is_one_line_with_what_comes_close(run: Run, vectors: Path) -> None:
    stderr = failed(run("similar", vectors, "nrth"), 1, "nrth")
    assert "north" in stderr
    result = run("similar", vectors, "nrth", "-vv")
    assert result.returncode == 1
    assert "Traceback" in result.stderr


@POSIX
def test_a_closed_pipe_is_quiet(run: Run, corpus: Path, tmp_path: Path) -> None:
    rows = np.ones((5000, 20), dtype=np.float32)
    KeyedVectors.from_arrays([f"k{n}" for n in range(5000)], rows).save(tmp_path / "big.kv")
    command = [sys.executable, "-m", "synvec", "convert", tmp_path / "big.kv", "-"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.read(10)
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 141


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_under_stdout_is_an_error(vectors: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        result = subprocess.run(
            [sys.executable, "-m", "synvec", "similar", vectors, "east"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
        )
    assert result.returncode == 1
    assert result.stderr == "synvec: No space left on device\n"


# convert and info


def test_convert_there_and_back_is_exact(run: Run, vectors: Path, tmp_path: Path) -> None:
    assert run("convert", vectors, "a.txt").returncode == 0
    assert run("convert", "a.txt", "b.bin").returncode == 0
    result = run("convert", "b.bin", "c.kv")
    assert result.stderr == "synvec: b.bin saved to c.kv\n"
    first, last = (KeyedVectors.load(str(p)) for p in (vectors, tmp_path / "c.kv"))
    assert first.index_to_key == last.index_to_key
    np.testing.assert_array_equal(first.vectors, last.vectors)


def test_bad_files_are_one_line(run: Run, vectors: Path, tmp_path: Path) -> None:
    whole = vectors.read_bytes()
    (tmp_path / "cut.kv").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "cut.txt").write_text("3 2\na 1 2\n", encoding="utf-8")
    (tmp_path / "empty.bin").touch()
    for name in ("cut.kv", "cut.txt", "empty.bin", "none.kv"):
        failed(run("convert", name, "out.kv"), 1, name)
        failed(run("info", name), 1, name)
    failed(run("convert", vectors, "out.zip"), 2, "'out.zip'")
    failed(run("convert", vectors, vectors), 2, "is also the input")
    assert not (tmp_path / "out.kv").exists()


def test_info(run: Run, corpus: Path, vectors: Path, tmp_path: Path) -> None:
    found = json.loads(run("info", vectors, "--json").stdout)
    assert found["words"] == 6
    assert found["dim"] == 2
    assert found["bytes"] == vectors.stat().st_size
    assert found["norms"] == pytest.approx([1, 1])
    assert found["first_words"] == ["east", "northeast", "north", "west", "søuth"]
    assert found["format"] == "native"
    assert found["config"] is None
    plain = run("info", vectors)
    assert plain.returncode == 0
    assert "words\t6\n" in plain.stdout

    run("train", corpus, "-o", "out.kv", "--save-model", "full.kv", *SMALL)
    found = json.loads(run("info", "full.kv", "--json").stdout)
    assert found["config"]["epochs"] == 2
    assert found["counts"]["total"] == 2400
    run("convert", "full.kv", "full.txt")
    found = json.loads(run("info", "full.txt", "--json").stdout)
    assert (found["format"], found["counts"]) == ("word2vec-text", None)


def test_help_names_every_command(run: Run) -> None:
    text = run("--help").stdout
    for command in ("train", "similar", "analogy", "evaluate", "convert", "info"):
        assert f"\n  {command} " in text
        assert run(command, "--help").stdout.startswith(f"Usage: python -m synvec {command}")


def test_train_takes_a_preset_and_what_is_given_goes_first(run, corpus, tmp_path):
    def trained(*options: str) -> synvec.Word2Vec:
        arguments = (corpus, "--preset", "quality", "-o", "x.kv", "--save-model", "model")
        assert run("train", *arguments, *options).returncode == 0
        return synvec.Word2Vec.load(tmp_path / "model")

    preset = synvec.PRESETS["quality"]
    model = trained()
    assert {name: getattr(model, name) for name in preset} == preset
    model = trained("--dim", "100", "--loss", "hierarchical")
    found = (model.vector_size, model.hs, model.negative, model.window)
    assert found == (100, 1, 0, preset["window"])


def test_words_of_another_encoding_are_converted(run: Run, tmp_path: Path) -> None:
    (tmp_path / "old.txt").write_bytes("naïve 1 2\n".encode("cp1252"))
    wrong = run("convert", "old.txt", "new.kv")
    assert wrong.returncode == 1
    assert 'or --unicode-errors="replace"' in wrong.stderr
    assert run("convert", "old.txt", "new.kv", "--encoding", "cp1252").returncode == 0
    assert KeyedVectors.load(tmp_path / "new.kv").index_to_key == ["naïve"]
    assert run("convert", "old.txt", "new.kv", "--unicode-errors", "ignore").returncode == 0
    assert KeyedVectors.load(tmp_path / "new.kv").index_to_key == ["nave"]


@POSIX
def test_streams_that_are_closed_are_told_or_empty(run: Run, corpus: Path, tmp_path: Path) -> None:
    assert run("train", corpus, "-o", "a.kv", *SMALL).returncode == 0

    def shell(line: str) -> subprocess.CompletedProcess[str]:
        command = line.replace("synvec", f"{sys.executable} -m synvec")
        return subprocess.run(
            command, shell=True, cwd=tmp_path, capture_output=True, text=True, check=False
        )

    closed = shell("synvec similar a.kv word1 >&-")
    assert closed.returncode == 1
    assert closed.stderr == "synvec: stdout: Bad file descriptor\n"
    nothing = shell("synvec similar a.kv - <&-")
    assert (nothing.returncode, nothing.stdout, nothing.stderr) == (0, "", "")
    train = f"synvec train {corpus} -o b.kv --min-count 1 --epochs 1 >&- <&- 2>&-"
    assert shell(train).returncode == 0
    assert len(KeyedVectors.load(str(tmp_path / "b.kv"))) == 40


def test_help_fits_a_terminal(run: Run) -> None:
    for command in ("convert", "verify"):
        lines = run(command, "--help").stdout.splitlines()
        assert max(map(len, lines)) <= 80
