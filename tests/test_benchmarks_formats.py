"""The benchmark of opening files: it makes what it says, and tells what was found."""

import json
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import synvec
from benchmarks import format_files, formats, hostile_files, measure, run_format, run_native
from benchmarks.format_files import Shape, key_of, random_rows
from benchmarks.programs import ROOT

SHAPE = Shape(50, 4)


@pytest.mark.parametrize(
    ("name", "exactly"),
    [("word2vec-binary", True), ("word2vec-text", True), ("glove", False), ("native", True)],
)
def test_what_is_made_is_what_is_loaded(tmp_path: Path, name: str, exactly: bool) -> None:
    path = tmp_path / "file"
    format_files.WRITERS[name](path, SHAPE)
    vectors = synvec.load(path)
    assert isinstance(vectors, synvec.KeyedVectors)
    assert vectors.index_to_key == [key_of(row) for row in range(SHAPE.rows)]
    expected = random_rows(SHAPE.rows, SHAPE.dimensions)
    np.testing.assert_allclose(vectors.vectors, expected, atol=0 if exactly else 1e-6)
    assert vectors.vectors.nbytes == SHAPE.matrix_bytes
    assert sum(len(key) for key in vectors.index_to_key) == SHAPE.key_bytes


def test_a_fasttext_model_is_laid_out_as_fasttext_does(tmp_path: Path) -> None:
    shape, path = Shape(3, 4, buckets=5), tmp_path / "file"
    format_files.write_fasttext(path, shape)
    data = path.read_bytes()
    head = format_files.fasttext_head(shape)
    assert struct.unpack("<14i", data[:56])[:3] == (793712314, 12, 4)
    assert struct.unpack("<iiiqq", head[-28:]) == (3, 3, 0, 6, -1)
    words = b"".join(
        key_of(row).encode() + b"\0" + struct.pack("<qb", 3 - row, 0) for row in range(3)
    )
    assert data[len(head) :].startswith(words + struct.pack("<?qq", False, 8, 4))
    matrices = 2 * 17 + 4 * 4 * (8 + 3)
    assert len(data) == len(head) + len(words) + matrices


def test_one_load_is_measured(tmp_path: Path) -> None:
    path = tmp_path / "file"
    format_files.write_glove(path, SHAPE)
    found = run_format.measure("synvec", "glove", str(path), key_of(49))
    np.testing.assert_allclose(found["vector"], random_rows(50, 4)[49, :3], atol=1e-6)
    assert found["wall_seconds"] > 0 and found["peak_bytes"] >= found["bytes_before"]


def run(seconds: float, **facts: Any) -> dict[str, Any]:
    clocks = {"wall_seconds": seconds, "cpu_seconds": 2 * seconds, "peak_bytes": 90e6}
    return {**clocks, "vector": [1.0, 2.0], **facts}


def test_loads_are_told_by_medians_and_their_ratios() -> None:
    shape = Shape(1000, 10_000)
    runs = {"synvec": [run(1.0), run(2.0), run(9.0)], "gensim": [run(30.0)]}
    report = formats.load_report([formats.LoadRuns("glove", shape, 10**9, runs)])
    cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in report.splitlines()]
    assert cells[2] == [
        *("glove, 1,000 x 10000, 1,000 MB", "synvec", "2.00", "500", "4.00", "250", "90"),
        *("50 MB", "15.00", ""),
    ]
    assert cells[3][:2] == ["", "gensim"] and cells[3][-2:] == ["1.00", ""]


def test_programs_that_read_other_numbers_end_it() -> None:
    formats.check_agreement(formats.LoadRuns("glove", SHAPE, 1, {"synvec": [run(1), run(2)]}))
    runs = {"synvec": [run(1)], "gensim": [run(1, vector=[1.0, 2.1])]}
    with pytest.raises(SystemExit, match=r"glove: the programs read \[1.0, 2.1\]"):
        formats.check_agreement(formats.LoadRuns("glove", SHAPE, 1, runs))


def test_a_native_file_is_opened_and_shared(tmp_path: Path) -> None:
    path = tmp_path / "file.kv"
    format_files.write_native(path, SHAPE)
    steps = run_native.open_and_ask(str(path))
    assert set(steps) == set(formats.NATIVE_STEPS)
    shared = formats.second_process(path)
    assert set(shared) == ({"private_mb", "shared_mb"} if measure.page_bytes() else set())
    report = formats.native_report(SHAPE, 1000, steps, shared)
    assert len(report.splitlines()) == 2 + len(steps) + 2


SMALL = [title for title in hostile_files.FILES if "GB" not in title and "101 MB" not in title]


@pytest.mark.parametrize("title", SMALL)
def test_hostile_files_are_refused(tmp_path: Path, title: str) -> None:
    path = tmp_path / "file"
    path.write_bytes(hostile_files.FILES[title]())
    found = run_format.refuse(str(path))
    assert found["outcome"] in dir(synvec) and found["outcome"].endswith("Error")
    report = formats.hostile_report({title: found})
    assert f"| {title} | {found['outcome']} |" in report


def test_a_file_that_opens_is_no_refusal(tmp_path: Path) -> None:
    path = tmp_path / "file.txt"
    path.write_text("1 2\na 1 2\n")
    assert run_format.refuse(str(path))["outcome"] == "no error"


def test_children_print_json(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"")
    command = [sys.executable, "-m", "benchmarks.run_format", "refuse", str(path)]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    assert json.loads(done.stdout)["outcome"] == "HeaderError"
