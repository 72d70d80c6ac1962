"""What the commands say of an error."""

from pathlib import Path

import pytest

from synvec import FormatError
from synvec.cli.messages import one_line
from synvec.cli.option_names import spell
from tests.conftest import Run


def test_arguments_of_python_are_told_as_options() -> None:
    told = one_line(FormatError('v.txt: 3 rows, expected 4; load them with count="actual"'))
    assert told.endswith("(on the command line: synvec convert --count actual IN OUT)")
    told = one_line(FormatError("v.txt: NaN at byte 9;\n allow_nonfinite=True loads it"))
    assert told.endswith("loads it (on the command line: synvec convert --allow-nonfinite IN OUT)")
    assert one_line(FormatError("v.txt: is empty")) == "v.txt: is empty"


def test_other_errors_are_one_line() -> None:
    assert one_line(KeyError("no such key")) == "no such key"
    assert one_line(ValueError("two\nlines")) == "two lines"
    assert one_line(OSError(2, "No such file", "x.kv")) == "x.kv: No such file"
    assert one_line(RuntimeError()) == "RuntimeError"
    assert one_line(MemoryError()) == "out of memory"


REFUSED = [
    (("--dim", "100000"), "synvec: --dim must be from 1 to 65536, not 100000"),
    (("--alpha", "nan"), "synvec: --alpha must be a finite number, not NaN"),
    (("--ns-exponent", "inf"), "synvec: --ns-exponent must be a finite number"),
    (("--workers", "5000"), "synvec: --workers must be from 1 to 4096"),
    (("--checkpoint-every", "5x", "--checkpoint", "c"), "--checkpoint-every must be a time"),
    (("--column", "text"), "synvec: --column='text' is for tables"),
    (("--min-count", "99999"), "times; set --min-count to "),
]


@pytest.mark.parametrize(("typed", "told"), REFUSED)
def test_a_refusal_names_the_option_that_was_typed(
    run: Run, corpus: Path, tmp_path: Path, typed: tuple[str, str], told: str
) -> None:
    result = run("train", corpus, "-o", tmp_path / "out.kv", *typed)
    assert result.returncode in (1, 2)
    assert told in result.stderr
    for name in ("vector_size", "ns_exponent", "min_count", "checkpoint_every"):
        assert name not in result.stderr


def test_another_job_in_a_folder_is_told_by_its_options(
    run: Run, corpus: Path, tmp_path: Path
) -> None:
    job = ("train", corpus, "-o", tmp_path / "out.kv", "--checkpoint", tmp_path / "folder")
    first = run(*job, "--dim", "4", "--epochs", "1", "--min-count", "1")
    assert first.returncode == 0, first.stderr
    other = run(*job, "--dim", "6", "--epochs", "2", "--min-count", "1")
    assert "--dim is 4 there and 6 here; --epochs is 1 there and 2 here" in other.stderr


def test_word2vecs_flags_are_told_too(run: Run, corpus: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.txt"
    result = run("word2vec", "-train", corpus, "-output", out, "-min-count", "99999")
    assert "set -min-count to " in result.stderr
    result = run("word2vec", "-train", corpus, "-output", out, "-size", "0")
    assert result.returncode == 2
    assert "Error: -size must be from 1 to 65536, not 0" in result.stderr


def test_a_command_with_the_option_needs_no_other_command(run: Run, tmp_path: Path) -> None:
    short = tmp_path / "short.txt"
    short.write_text("3 2\na 1 2\nb 3 4\n")
    converted = run("convert", short, tmp_path / "out.kv")
    assert '--count="actual"' in converted.stderr
    assert "on the command line" not in converted.stderr
    (tmp_path / "text").write_text("no vectors\n")
    told = run("convert", tmp_path / "text", tmp_path / "out.kv").stderr
    assert told.endswith("load it with --from\n")
    told = run("info", tmp_path / "text").stderr
    assert told.endswith("(on the command line: synvec convert --from FORMAT IN OUT)\n")
    asked = run("info", short)
    assert "(on the command line: synvec convert --count actual IN OUT)" in asked.stderr


def test_words_that_are_no_arguments_stay() -> None:
    assert spell("column 'window' is not there", "window", "--window") == (
        "column 'window' is not there"
    )
    path = "/data/min_count/min_count.kv: No such file"
    assert spell(path, "min_count", "--min-count") == path
    assert spell("delimiter should be some text", "delimiter", "--delimiter").startswith("--")
    assert spell("give more text or a larger sample", "sample", "--sample").endswith("sample")
    assert spell("shared_negatives=False", "shared_negatives", "--on", "--off") == "--off"
    assert spell("lowercase=True has no meaning", "lowercase", "--lowercase") == (
        "--lowercase has no meaning"
    )
