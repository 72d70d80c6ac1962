"""``synvec phrases``: text in, text with phrases out."""

import gzip
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from synvec import ENGLISH_CONNECTOR_WORDS, Phrases, scan
from synvec.cli.phrases import phrases as phrases_command

TEXT = "new york is far\nin new york\n\nbank of america is near\nbank of america\n"


@pytest.fixture
def text(tmp_path: Path) -> Path:
    path = tmp_path / "text.txt"
    path.write_text(TEXT)
    return path


def run(*arguments: object, stdin: str = "", code: int = 0) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "synvec", "phrases", *map(str, arguments)]
    found = subprocess.run(command, capture_output=True, text=True, input=stdin, timeout=60)
    assert found.returncode == code, found.stderr
    return found


OPTIONS = ("--min-count", 1, "--threshold", 2, "--connectors", "english")


def test_text_out(text: Path) -> None:
    joined = "new_york is far\nin new_york\nbank_of_america is near\nbank_of_america\n"
    assert run(text, *OPTIONS).stdout == joined
    assert run("-", *OPTIONS, stdin=TEXT).stdout == joined
    out = text.with_name("out.gz")
    found = run(text, "-o", out, *OPTIONS)
    assert gzip.decompress(out.read_bytes()).decode() == joined
    assert found.stderr == "synvec: 2 phrases in 9 words\n"
    assert run(text, "-q", "-o", out, *OPTIONS).stderr == ""


def test_phrases_and_their_scores(text: Path) -> None:
    listed = [line.split("\t") for line in run(text, "--list", *OPTIONS).stdout.splitlines()]
    assert [phrase for phrase, _ in listed] == ["bank_of_america", "new_york"]
    assert all(float(score) > 2 for _, score in listed)


def test_passes_and_delimiter(text: Path) -> None:
    text.write_text("a b c d\n" * 3 + "a\nb\nc\nd\ne f g\n")
    options = ("--min-count", 1, "--threshold", 1, "--delimiter", "~")
    assert run(text, *options).stdout.startswith("a~b c~d\n")
    assert run(text, "--passes", 2, *options).stdout.startswith("a~b~c~d\n")


def test_what_is_wrong_is_said(text: Path) -> None:
    assert "No such file" in run(text.with_name("absent"), code=1).stderr
    assert "is also the input" in run(text, "-o", text, code=2).stderr
    assert "threshold should be positive" in run(text, "--threshold", 0, code=1).stderr
    assert "delimiter should be some text" in run(text, "--delimiter", "", code=1).stderr
    assert "No such folder" in run(text, "-o", text.parent / "no" / "x", code=1).stderr
    assert text.read_text() == TEXT


def test_an_empty_text(text: Path) -> None:
    text.write_text("")
    found = run(text)
    assert (found.stdout, found.stderr) == ("", "synvec: 0 phrases in 0 words\n")


def test_phrases_are_saved_and_joined_in_another_text(text: Path) -> None:
    saved, other = text.with_name("phrases.kv"), text.with_name("other.txt")
    other.write_text("the bank of america in new york\n")
    joined = run(text, "--save", saved, *OPTIONS).stdout
    assert run(text, "--load", saved).stdout == joined
    found = run(other, "--load", saved)
    assert found.stdout == "the bank_of_america in new_york\n"
    assert found.stderr == "synvec: 2 phrases in 4 words\n"
    assert run(other, "--load", saved, "--list").stdout == run(text, "--list", *OPTIONS).stdout


def test_passes_are_saved_one_by_one(text: Path) -> None:
    text.write_text("a b c d\n" * 3 + "a\nb\nc\nd\ne f g\n")
    first, second = text.with_name("1.kv"), text.with_name("2.kv")
    options = ("--min-count", 1, "--threshold", 1, "--passes", 2)
    joined = run(text, *options, "--save", first, "--save", second).stdout
    assert joined.startswith("a_b_c_d\n")
    assert run(text, "--load", first, "--load", second).stdout == joined
    assert run(text, "--load", first).stdout.startswith("a_b c_d\n")
    assert "1 times for 2 passes" in run(text, *options, "--save", first, code=2).stderr
    twice = run(text, *options, "--save", first, "--save", first, code=2).stderr
    assert f"'--save': '{first}' is given twice" in twice
    assert "is given twice" in run(text, "--save", first, "-o", first, code=2).stderr


def test_what_is_wrong_with_saved_phrases_is_said(text: Path) -> None:
    saved = text.with_name("phrases.kv")
    run(text, "--save", saved, *OPTIONS)
    for option in ("--min-count", "--threshold", "--passes"):
        told = run(text, "--load", saved, option, 1, code=2).stderr
        assert f"'{option}': belongs to counting, and --load counts nothing" in told
    assert "belongs to counting" in run(text, "--load", saved, "--save", "x", code=2).stderr
    assert "is also the input" in run(text, "--save", text, *OPTIONS, code=2).stderr
    assert "No such folder" in run(text, "--save", text / "no" / "x", *OPTIONS, code=1).stderr
    assert "No such file" in run(text, "--load", text.with_name("absent"), code=1).stderr
    text.with_name("v.txt").write_text("1 2\na 1 2\n")
    assert "no phrases" in run(text, "--load", text.with_name("v.txt"), code=1).stderr
    assert text.read_text() == TEXT


@pytest.mark.parametrize(
    ("options", "reading", "settings"),
    [
        (("--min-count", 2), {}, {"min_count": 2}),
        (("--threshold", 5), {}, {"threshold": 5.0}),
        (("--scoring", "npmi"), {}, {"scoring": "npmi", "threshold": 0.5}),
        (("--scoring", "word2phrase"), {}, {"scoring": "word2phrase", "threshold": 100.0}),
        (("--connectors", "english"), {}, {"connector_words": ENGLISH_CONNECTOR_WORDS}),
        (("--delimiter", "~"), {}, {"delimiter": "~"}),
        (("--max-vocab-size", 60), {}, {"max_vocab_size": 60}),
        (("--lowercase",), {"lowercase": True}, {}),
        (("--tokenize", "words"), {"tokenize": "words"}, {}),
    ],
)
def test_an_option_does_what_the_argument_does(
    text: Path, options: tuple[object, ...], reading: dict[str, Any], settings: dict[str, Any]
) -> None:
    chance = random.Random(2)
    pairs = ["New York", "new york", "Bank of America", "far, away", "far away.", "rare bird"]
    words = [f"w{number}" for number in range(80)]
    lines = [
        " ".join(
            [
                chance.choice(words),
                *chance.choices(pairs, (9, 5, 9, 7, 3, 1)),
                *chance.choices(words, k=3),
            ]
        )
        for _ in range(300)
    ]
    text.write_text("\n".join(lines))

    def listed(*given: object) -> str:
        line = [*map(str, ("--min-count", 1, *given)), "--list", str(text)]
        done = CliRunner().invoke(phrases_command, line, catch_exceptions=False)
        assert done.exit_code == 0
        return done.stdout

    counted = Phrases(**{"min_count": 1} | settings)
    counted.add_scanned(scan(corpus_file=text, **reading))
    found = counted.export_phrases()
    assert found
    assert listed(*options) == "".join(
        f"{phrase}\t{score:.6g}\n" for phrase, score in found.items()
    )
    assert listed(*options) != listed()


def test_the_column_of_a_table(text: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    lines = TEXT.splitlines()
    path = text.with_suffix(".parquet")
    parquet.write_table(pyarrow.table({"title": ["x"] * len(lines), "body": lines}), path)
    assert run(path, "--column", "body", *OPTIONS).stdout == run(text, *OPTIONS).stdout
    assert "title" in run(path, *OPTIONS, code=1).stderr
