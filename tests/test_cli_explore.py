"""``synvec explore``: the address, the page without a server, and wrong usage."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from synvec import KeyedVectors
from synvec.cli.app import synvec
from synvec.explorer import page


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "words.kv"
    rows = np.random.default_rng(2).normal(size=(30, 6)).astype(np.float32)
    KeyedVectors.from_arrays([f"w{i}" for i in range(30)], rows).save(str(path))
    return path


def run(*arguments: object) -> Result:
    return CliRunner().invoke(synvec, ["explore", *map(str, arguments)])


def test_the_address_answers_until_ctrl_c(file: Path) -> None:
    command = [sys.executable, "-m", "synvec", "explore", str(file), "--no-browser"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        assert server.stderr is not None
        address = server.stdout.readline().strip()
        with urllib.request.urlopen(f"{address}explorer/models") as answer:
            (model,) = json.load(answer)["models"]
        assert (model["name"], model["words"]) == ("words", 30)
        server.send_signal(signal.SIGINT)
        assert server.wait(30) == 0
        assert "Traceback" not in server.stderr.read()


def test_one_page_holds_the_first_words(file: Path, tmp_path: Path) -> None:
    if not page.is_built():
        pytest.skip(page.HOW_TO_BUILD)
    out = tmp_path / "map.html"
    result = run(file, "--html", out, "--top", 12)
    assert result.exit_code == 0, result.output
    assert f"12 of 30 words in {out}" in result.stderr
    html = out.read_text(encoding="utf-8")
    assert '"w11"' in html
    assert '"w12"' not in html


def test_without_the_built_page_html_says_how_to_build_it(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page, "FOLDER", tmp_path)
    result = run(file, "--html", tmp_path / "map.html")
    assert result.exit_code == 1
    assert "make setup" in result.stderr
    assert not (tmp_path / "map.html").exists()


def test_the_input_is_not_overwritten(file: Path) -> None:
    if not page.is_built():
        pytest.skip(page.HOW_TO_BUILD)
    before = file.read_bytes()
    result = run(file, "--html", file)
    assert result.exit_code == 2
    assert file.read_bytes() == before


def test_three_models_are_one_too_many(file: Path) -> None:
    result = run(file, file, file)
    assert result.exit_code == 2
    assert "2 models fit side by side, not 3" in result.stderr


def test_a_missing_file_is_an_error_at_once(tmp_path: Path) -> None:
    result = run(tmp_path / "missing.kv", "--no-browser")
    assert result.exit_code == 1
    assert "missing.kv" in result.stderr


def test_a_port_that_is_taken_is_told(file: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        result = run(file, "--no-browser", "--port", other.getsockname()[1])
    assert result.exit_code == 1
    assert "in use" in result.stderr
