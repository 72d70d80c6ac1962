"""`synvec serve` as a command: what it refuses to start with, and in which words."""

import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from serving import serving, vectors
from synvec.cli.serve import serve as command

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
    refused(serve("--max-topn", 0, "--port", 0, file), "--max-topn is 0, expected a finite number")
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


class Started:
    """What the command would start with."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.by: tuple[Any, ...] | None = None
        monkeypatch.setattr("synvec.cli.serve._run", self._run)
        monkeypatch.delenv("SYNVEC_TOKEN", raising=False)

    def _run(self, *given: Any) -> None:
        self.by = given

    def ask(self, *arguments: object) -> Result:
        self.by = None
        return CliRunner().invoke(command, ["--port", "0", *map(str, arguments)])

    def settings(self, *arguments: object) -> Any:
        """Return the settings, if it would start."""
        result = self.ask(*arguments)
        assert self.by is not None, result.output
        return self.by[1]


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> Started:
    return Started(monkeypatch)


LOCAL = ("localhost", "127.0.0.1", "[::1]")


@pytest.mark.parametrize(
    ("options", "token", "hosts"),
    [
        ((), None, (*LOCAL, "127.0.0.1")),
        (("--host", "LocalHost"), None, (*LOCAL, "localhost")),
        (("--host", "127.0.0.5"), None, (*LOCAL, "127.0.0.5")),
        ((), "long enough", ()),
        (("--allow-host", "Words.Example"), None, (*LOCAL, "127.0.0.1", "words.example")),
        (("--allow-host", "a", "--allow-host", "b"), "long enough",
         (*LOCAL, "127.0.0.1", "a", "b")),
        (("--host", "0.0.0.0"), "long enough", ()),
        (("--host", "0.0.0.0", "--allow-anyone"), None, ()),
        (("--host", "0.0.0.0", "--allow-anyone", "--allow-host", "a"), None,
         (*LOCAL, "0.0.0.0", "a")),
    ],
)  # fmt: skip
def test_which_hosts_are_answered_for(
    file: Path, started: Started, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...],
    token: str | None, hosts: tuple[str, ...],
) -> None:  # fmt: skip
    if token:
        monkeypatch.setenv("SYNVEC_TOKEN", token)
    settings = started.settings(*options, file)
    assert (settings.allowed_hosts, settings.token) == (hosts, token)


def test_no_address_of_others_without_a_token(file: Path, started: Started) -> None:
    for options in ((), ("--allow-host", "a")):  # which names are answered is another question
        result = started.ask("--host", "0.0.0.0", *options, file)
        assert (result.exit_code, started.by) == (2, None)
        assert "lets other machines in" in result.output


def test_the_token_of_a_file_comes_before_that_of_the_environment(
    file: Path, started: Started, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SYNVEC_TOKEN", "of the environment")
    (tmp_path / "token").write_text(" of the file \r\nanother line\n")
    assert started.settings("--token-file", tmp_path / "token", file).token == "of the file"
    assert started.settings(file).token == "of the environment"
    monkeypatch.setenv("SYNVEC_TOKEN", " of the environment\n")  # what a client can't send
    assert started.settings(file).token == "of the environment"
    for nothing in ("", "  "):
        monkeypatch.setenv("SYNVEC_TOKEN", nothing)
        assert started.settings(file).token is None
    # An empty file is no reason to take another token than the one that was meant.
    monkeypatch.setenv("SYNVEC_TOKEN", "of the environment")
    (tmp_path / "token").write_text("\nin the second line")
    result = started.ask("--token-file", tmp_path / "token", file)
    assert (result.exit_code, started.by) == (2, None)
    assert "is empty, expected a token in its first line" in result.output


def test_a_token_that_is_no_text_is_refused_and_not_shown(
    file: Path, started: Started, tmp_path: Path
) -> None:
    (tmp_path / "token").write_bytes(b"\xff\xfesecret and long enough")
    result = started.ask("--token-file", tmp_path / "token", file)
    assert str(result.exception).startswith("the token holds a character that HTTP can't carry")
    assert "secret" not in str(result.exception)


def test_names_that_are_strange(
    file: Path, started: Started, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def models(*given: object) -> Any:
        result = started.ask(*given)
        if started.by is None:
            return result.output
        return {name: source.vectors for name, source in started.by[0].items()}

    monkeypatch.chdir(tmp_path)
    assert models("a.b-c_1=words.kv") == {"a.b-c_1": str(file)}
    assert models("one=words.kv", f"two={file}") == {"one": str(file), "two": str(file)}
    for name in ("", ".", "..", ".a", "-a", "a b", "a/b", "a%2f", "wörter", "a\n", "a\0"):
        assert "can't be a model's name in a URL" in models("--", f"{name}=words.kv"), repr(name)
    assert "'a=' names no file, expected a=FILE" in models("a=")
    # A file is meant before a name is: this one has an = in its own.
    odd = file.rename(tmp_path / "a=b.kv")
    assert "'a=b' can't be a model's name" in models(odd.name)
    assert models(f"c={odd.name}") == {"c": str(odd)}


def test_every_limit_reaches_the_settings(file: Path, started: Started) -> None:
    limits = {
        "max-topn": 2, "max-batch": 3, "max-body": 4, "max-requests": 5, "max-connections": 6,
        "batch": 7, "header-seconds": 0.5, "body-seconds": 1.5, "send-seconds": 2.5,
        "idle-seconds": 3.5, "stop-seconds": 4.5,
    }  # fmt: skip
    options = [part for name, value in limits.items() for part in (f"--{name}", value)]
    settings = started.settings(*options, file)
    assert {name: getattr(settings, name.replace("-", "_")) for name in limits} == limits
