"""`synvec serve` as a command: what it refuses to start with, and in which words."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from serving import serving, vectors

pytestmark = pytest.mark.skipif(os.name != "posix", reason="serve runs on POSIX systems")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    vectors(20, 5).save(tmp_path / "words.kv")
    return tmp_path / "words.kv"


def serve(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "synvec", "serve", *map(str, arguments)],
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
        timeout=120,
    )


def refused(done: subprocess.CompletedProcess[str], *parts: str) -> None:
    assert done.returncode in (1, 2), done
    assert "Traceback" not in done.stderr
    for part in parts:
        assert part in done.stderr


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    refused(serve(tmp_path / "nothing.kv"), "nothing.kv: No such file or directory")


def test_a_file_that_is_none_of_vectors(tmp_path: Path) -> None:
    (tmp_path / "poem.kv").write_bytes(bytes(range(256)) * 10)
    refused(serve("--port", 0, tmp_path / "poem.kv"), "poem.kv")


def test_a_damaged_file(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-50])
    refused(serve("--port", 0, file), str(file))


def test_a_port_in_use(file: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = serve("--port", port, file)
    refused(done, f"127.0.0.1:{port}: Address already in use; choose another --port")


def test_a_host_that_is_none(file: Path) -> None:
    refused(serve("--host", "no.such.host.invalid", file), "no such address")


def test_other_machines_need_a_token(file: Path, tmp_path: Path) -> None:
    refused(serve("--host", "0.0.0.0", "--port", 0, file), "SYNVEC_TOKEN", "--allow-anyone")
    refused(serve("--port", 0, file, SYNVEC_TOKEN="short"), "expected at least 8")
    (tmp_path / "empty").write_text("")
    refused(serve("--token-file", tmp_path / "empty", file), "empty, expected a token")
    environment = {**os.environ, "SYNVEC_TOKEN": "long enough"}
    with serving(tmp_path, file, "--host", "0.0.0.0", environment=environment) as server:
        assert server.ask("/v1/models")[0] == 401
    with serving(tmp_path, file, "--host", "0.0.0.0", "--allow-anyone") as server:
        assert server.ask("/v1/models")[0] == 200


def test_names(file: Path, tmp_path: Path) -> None:
    refused(serve(file, file), "two files are called words; give one another name as NAME=")
    strange = file.rename(tmp_path / "my words.kv")
    refused(serve(strange), "'my words' can't be a model's name")
    with serving(tmp_path, f"mine={strange}") as server:
        assert server.ask("/")[2]["models"] == ["mine"]


def test_a_host_name_may_be_allowed(file: Path, tmp_path: Path) -> None:
    with serving(tmp_path, file, "--allow-host", "Words.example") as server:
        for host, status in (("words.example", 200), ("localhost:80", 200), ("other", 421)):
            with server.connect() as client:
                client.sendall(f"GET /healthz HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
                assert client.recv(100).startswith(f"HTTP/1.1 {status} ".encode())


def test_limits_out_of_range(file: Path) -> None:
    refused(serve("--max-topn", 0, "--port", 0, file), "--max-topn is 0, expected more than 0")
    refused(serve("--workers", 0, file), "--workers")


def test_a_missing_package_says_what_to_install(file: Path, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "import sys, importlib.util as util\n"
        "find = util.find_spec\n"
        "util.find_spec = lambda name, *rest: None if name == 'fastapi' else find(name, *rest)\n"
    )
    path = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    refused(serve(file, PYTHONPATH=path), "pip install synvec[serve]")


def test_help_explains() -> None:
    done = serve("--help")
    assert done.returncode == 0
    for part in ("curl", "--token-file", "--hold", "SIGHUP", "[default: 127.0.0.1]"):
        assert part in done.stdout


def test_modules_of_the_folder_at_hand_are_not_imported(file: Path, tmp_path: Path) -> None:
    (tmp_path / "fastapi.py").write_text("raise SystemExit('imported')")
    done = subprocess.Popen(
        [sys.executable, "-P", "-m", "synvec", "serve", str(file), "--port", "0"],
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert done.stderr is not None
    assert "serving words at" in done.stderr.readline()
    done.terminate()
    assert done.wait(30) == 0
    done.stderr.close()
