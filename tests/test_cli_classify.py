"""The command `synvec classify`: what it prints where, and its exit codes."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from synvec import KeyedVectors, TextClassifier
from tests.test_classifier import EXPECTED, FOLDER

Run = Callable[..., subprocess.CompletedProcess[str]]
MODEL = FOLDER / "softmax-bigrams.bin"
LINES = ["bakolu mitira", "", "tinora zolaba"]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    def run(*arguments: object, stdin: bytes = b"") -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, "-m", "synvec", *map(str, arguments)],
            capture_output=True,
            input=stdin,
            cwd=tmp_path,
            timeout=120,
        )
        out, err = done.stdout.decode(), done.stderr.decode()
        return subprocess.CompletedProcess(done.args, done.returncode, out, err)

    return run


def test_a_line_a_text(run: Run, tmp_path: Path) -> None:
    model = TextClassifier.load(MODEL)

    def shown(line: str) -> str:
        labels, chances = model.predict(line, k=2)
        pairs = zip(labels, chances, strict=True)
        return " ".join(f"{label} {chance:.6g}" for label, chance in pairs)

    expected = [shown(line) for line in LINES]
    texts = tmp_path / "texts.txt"
    texts.write_text("\n".join(LINES), encoding="utf-8")
    for arguments, stdin in ([texts], b""), ([], texts.read_bytes()), (["-"], texts.read_bytes()):
        done = run("classify", MODEL, *arguments, "-k", 2, stdin=stdin)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.splitlines() == expected
    # The model from stdin, the texts from a file.
    done = run("classify", "-", texts, "-k", 2, stdin=MODEL.read_bytes())
    assert done.stdout.splitlines() == expected


def test_a_threshold_leaves_lines_empty(run: Run) -> None:
    done = run("classify", MODEL, "--threshold", 2, stdin=b"bakolu\nkemu\n")
    assert (done.returncode, done.stdout) == (0, "\n\n")
    assert run("classify", MODEL, stdin=b"").stdout == ""


def test_json_is_an_object_a_text(run: Run) -> None:
    done = run("classify", MODEL, "--json", "-k", -1, stdin="bakolu\nstraße\n".encode())
    answers = [json.loads(line)["labels"] for line in done.stdout.splitlines()]
    assert [len(answer) for answer in answers] == [6, 6]
    chances = [entry["probability"] for entry in answers[0]]
    assert chances == sorted(chances, reverse=True)


def test_a_test_prints_a_table(run: Run) -> None:
    held_out = FOLDER / EXPECTED[MODEL.name]["held_out"]
    report = TextClassifier.load(MODEL).test(held_out)
    done = run("classify", MODEL, "--test", held_out)
    assert done.returncode == 0
    assert done.stdout.splitlines()[-1].split()[1] == f"{report.precision:.4f}"
    assert "61 lines, 3 without a known label skipped" in done.stderr
    done = run("classify", MODEL, "--test", "--json", stdin=held_out.read_bytes())
    assert json.loads(done.stdout) == report.to_dict()


@pytest.mark.parametrize(
    ("arguments", "stdin", "code", "match"),
    [
        ((MODEL, "-k", 0), b"", 2, "0 is no number of labels; give 1 or more, or -1 for all"),
        (("-", "-"), b"", 2, "stdin cannot be both MODEL and FILE"),
        ((MODEL, "missing.txt"), b"", 1, "missing.txt: No such file"),
        (("missing.bin",), b"", 1, "missing.bin: No such file"),
        ((MODEL,), b"bakolu\n\xff\n", 1, "stdin (text): byte 0xff in line 2 is not UTF-8"),
        ((MODEL, "--threshold", "nan"), b"", 2, "threshold is NaN"),
    ],
)
def test_wrong_usage_is_told(
    run: Run, arguments: tuple[object, ...], stdin: bytes, code: int, match: str
) -> None:
    done = run("classify", *arguments, stdin=stdin)
    assert done.returncode == code
    assert match in done.stderr
    assert "Traceback" not in done.stderr


def test_vectors_are_no_classifier(run: Run, tmp_path: Path) -> None:
    KeyedVectors.from_arrays(["a"], [[1.0, 2.0]]).save(tmp_path / "vectors.kv")
    done = run("classify", "vectors.kv", stdin=b"a\n")
    assert done.returncode == 2
    assert "vectors.kv holds KeyedVectors, which has no labels" in done.stderr


def test_info_tells_what_it_is(run: Run) -> None:
    done = run("info", FOLDER / "ova-cutoff.ftz")
    assert "fasttext (quantized text classifier)" in done.stdout
    assert "labels\t6\n" in done.stdout
    found = json.loads(run("info", MODEL, "--json").stdout)
    assert (found["labels"], found["config"]["loss"]) == (6, "softmax")


def test_the_word_vectors_go_over(run: Run, tmp_path: Path) -> None:
    done = run("convert", MODEL, "words.kv")
    assert done.returncode == 0, done.stderr
    model = TextClassifier.load(MODEL)
    found = KeyedVectors.load(str(tmp_path / "words.kv"))
    assert found.index_to_key == model.words
    assert found.vectors.tobytes() == model.wv.vectors.tobytes()
