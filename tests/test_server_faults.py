"""What may go wrong around a server, one test for each row of the plan; short forms.

``python -m benchmarks.soak`` and ``python -m benchmarks.serving`` are the long ones.
"""

import concurrent.futures
import http.client
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from serving import NEIGHBORS, Server, is_right, neighbors, own_bytes, serving, until, vectors
from synvec import Client
from synvec.errors import ServerBusyError, ServiceError
from synvec.server.worker import _let_nobody_in, _waiting

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="looks into /proc, as only Linux has it"
)

LEAVING = int(os.environ.get("SYNVEC_LEAVING", "300"))
"""Clients that leave before their answer; ten thousand of them by hand."""

KV = vectors(2000, 50)
EXPECTED = KV.most_similar("tea", topn=3)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    KV.save(tmp_path / "words.kv")
    return tmp_path / "words.kv"


def open_files(server: Server) -> int:
    return sum(len(list(Path(f"/proc/{worker}/fd").iterdir())) for worker in server.workers())


HEAD = (
    b"POST /v1/models/words/neighbors HTTP/1.1\r\nHost: localhost\r\n"
    b"Content-Type: application/json\r\n"
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("faults")
    KV.save(folder / "words.kv")
    with serving(folder, folder / "words.kv") as running:
        yield running


class TestClientsThatLeave:
    def test_nothing_is_left_behind(self, server: Server) -> None:
        assert is_right(server)
        files = open_files(server)
        request = f"GET {NEIGHBORS} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
        for _ in range(LEAVING):
            client = server.connect()
            client.sendall(request)
            # Away with it at once, and a reset instead of a farewell.
            linger = b"\1\0\0\0\0\0\0\0"
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            client.close()
        until(lambda: open_files(server) <= files + 2)
        until(lambda: server.metric("synvec_requests_in_flight") == 1)  # the one that asks
        until(lambda: is_right(server))


class TestStopping:
    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
    def test_under_load_no_answer_is_cut(
        self, file: Path, tmp_path: Path, number: signal.Signals
    ) -> None:
        with serving(tmp_path, file, "--workers", 2) as server:
            stop, cut, answered = threading.Event(), list[str](), list[int]()

            def ask() -> None:
                connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
                while not stop.is_set():
                    is_new, response = connection.sock is None, None
                    try:
                        connection.connect() if is_new else None
                    except OSError:
                        break  # it takes no more: that is no answer that was cut
                    try:
                        connection.request("GET", NEIGHBORS)
                        response = connection.getresponse()
                        response.read()
                        answered.append(response.status)
                    except (OSError, http.client.HTTPException) as error:
                        # A connection may end while a request is on its way that comes after a
                        # pause: clients ask again (RFC 9112, section 9.3.1).
                        if is_new or response is not None:
                            cut.append(repr(error))
                        connection.close()
                connection.close()

            threads = [threading.Thread(target=ask) for _ in range(8)]
            for thread in threads:
                thread.start()
            until(lambda: len(answered) > 200)
            code = server.stop(number)
            stop.set()
            for thread in threads:
                thread.join()
        assert (code, cut) == (0, [])
        assert set(answered) <= {200, 503}

    def test_a_second_interrupt_stops_at_once(self, file: Path, tmp_path: Path) -> None:
        with serving(tmp_path, file) as server, server.connect() as client:
            client.sendall(HEAD + b"Content-Length: 100\r\n\r\n")  # keeps it waiting
            time.sleep(0.2)
            server.process.send_signal(signal.SIGINT)
            time.sleep(0.5)
            assert server.process.poll() is None
            start = time.monotonic()
            server.stop(signal.SIGINT)
            assert time.monotonic() - start < 20

    def test_it_says_that_it_is_stopping_and_waits_no_longer_than_told(
        self, file: Path, tmp_path: Path
    ) -> None:
        with serving(tmp_path, file, "--stop-seconds", 2) as server, server.connect() as client:
            client.sendall(HEAD + b"Content-Length: 100\r\n\r\n")  # its body never comes
            kept = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
            kept.request("GET", "/readyz")
            assert kept.getresponse().read() == b'{"status":"ok"}'
            server.process.send_signal(signal.SIGTERM)
            until(lambda: "stopping: requests under way" in log(server))
            time.sleep(0.3)
            kept.request("GET", "/readyz")  # on its way when the server began to stop
            answer = kept.getresponse()
            assert (answer.status, answer.read()) == (503, b'{"status":"stopping"}')
            assert answer.getheader("Connection") == "close"
            kept.close()
            assert server.process.wait(20) == 0  # the body's own deadline is 30 seconds

    def test_a_queue_that_is_emptied_gets_no_newcomers(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            listener.setblocking(False)
            early = socket.create_connection(listener.getsockname(), timeout=30)
            _let_nobody_in(listener)
            with pytest.raises(TimeoutError):
                socket.create_connection(listener.getsockname(), timeout=0.3)
            accepted = list(_waiting(listener))
            assert [each.getpeername() for each in accepted] == [early.getsockname()]
            for each in (early, *accepted):
                each.close()

    def test_workers_follow_a_supervisor_that_was_killed(self, file: Path, tmp_path: Path) -> None:
        with serving(tmp_path, file, "--workers", 2) as server:
            workers = server.workers()
            assert len(workers) == 2
            server.stop(signal.SIGKILL)
            until(lambda: not any(Path(f"/proc/{worker}/exe").exists() for worker in workers))


class TestWorkersThatDie:
    def test_the_other_answers_and_a_new_one_comes(self, file: Path, tmp_path: Path) -> None:
        with serving(tmp_path, file, "--workers", 2) as server:
            first, second = server.workers()
            os.kill(first, signal.SIGKILL)
            killed = time.monotonic()
            with Client(server.url) as client:
                for _ in range(50):
                    assert client.most_similar("tea", topn=3) == EXPECTED
            until(lambda: len(server.workers()) == 2 and first not in server.workers())
            until(lambda: server.metric("synvec_worker_restarts") == 1)
            assert time.monotonic() - killed < 60
            assert second in server.workers()
            until(lambda: "ended with SIGKILL, another one is started" in server.log.read_text())
            assert is_right(server)

    def test_metrics_are_those_of_all_workers(self, file: Path, tmp_path: Path) -> None:
        folders = set(Path("/dev/shm").glob("synvec-metrics-*"))
        with serving(tmp_path, file, "--workers", 2) as server:
            for _ in range(40):  # each by a connection of its own
                assert is_right(server)
            endpoint = 'endpoint="/v1/models/{model}/neighbors"'
            counted = f'synvec_requests_total{{code="200",{endpoint}}} 80.0'
            # A request is counted once its answer is on its way.
            until(lambda: counted in server.ask("/metrics")[2].decode())
            for _ in range(10):
                assert counted in server.ask("/metrics")[2].decode()
            assert server.stop() == 0
        assert set(Path("/dev/shm").glob("synvec-metrics-*")) <= folders, "they are cleared away"

    def test_the_only_one_is_started_again(self, file: Path, tmp_path: Path) -> None:
        with serving(tmp_path, file) as server:
            os.kill(server.workers()[0], signal.SIGKILL)
            with Client(server.url, retries=10) as client:
                assert client.most_similar("tea", topn=3) == EXPECTED


class TestFilesThatChange:
    def test_a_file_renamed_over_it_is_taken_up(self, file: Path, tmp_path: Path) -> None:
        with serving(tmp_path, file, "--workers", 2, "--watch", 0.1) as server:
            assert is_right(server)
            new = vectors(100, 7, seed=5)
            new.save(tmp_path / "next.kv")
            (tmp_path / "next.kv").replace(file)
            until(lambda: "words is answered from its new file, version 2" in log(server))
            expected = new.most_similar("tea", topn=3)
            until(lambda: all(neighbors(server) == expected for _ in range(10)))
            assert server.ask("/v1/models/words")[2]["version"] == 2

    def test_one_flipped_bit_keeps_the_old_one(self, file: Path, tmp_path: Path) -> None:
        with serving(tmp_path, file, "--watch", 0.1) as server:
            # Of a file of up to 64 MB all is looked at whenever it is opened.
            vectors(90_000, 200, seed=9).save(tmp_path / "next.kv")
            damaged = bytearray((tmp_path / "next.kv").read_bytes())
            damaged[len(damaged) // 2] ^= 1
            (tmp_path / "next.kv").write_bytes(damaged)
            (tmp_path / "next.kv").replace(file)
            until(lambda: "words stays as it was, its new file is no good" in log(server))
            assert is_right(server)
            assert server.ask("/v1/models/words")[2]["version"] == 1

    def test_old_versions_are_let_go(self, file: Path, tmp_path: Path) -> None:
        with serving(tmp_path, file, "--watch", 0.05) as server:
            supervisor = Path(f"/proc/{server.process.pid}/fd")
            for version in range(2, 7):
                KV.save(file)
                until(lambda v=version: f"version {v}" in log(server))  # type: ignore[misc]
                until(lambda v=version: server.ask("/v1/models/words")[2]["version"] == v)  # type: ignore[misc]
                if version == 2:
                    before = len(list(supervisor.iterdir())), open_files(server)
            assert len(list(supervisor.iterdir())) <= before[0] + 1
            until(lambda: open_files(server) <= before[1] + 1)

    def test_requests_meanwhile_get_the_old_or_the_new(self, file: Path, tmp_path: Path) -> None:
        other = vectors(2000, 50, seed=9)
        answers = {tuple(EXPECTED), tuple(other.most_similar("tea", topn=3))}
        with serving(tmp_path, file, "--watch", 0.05) as server, Client(server.url) as client:
            for version in range(2, 6):
                (other if version % 2 == 0 else KV).save(file)  # saved by renaming
                until(lambda v=version: tuple(client.most_similar("tea", topn=3)) in answers
                      and server.ask("/v1/models/words")[2]["version"] == v)  # type: ignore[misc]  # fmt: skip

    @pytest.mark.parametrize("content", [b"garbage", None])
    def test_a_file_that_is_spoilt_in_place_changes_nothing(
        self, file: Path, tmp_path: Path, content: bytes | None
    ) -> None:
        with serving(tmp_path, file, "--watch", 0.1) as server:
            whole = file.read_bytes()
            file.write_bytes(whole[: len(whole) // 2] if content is None else content)
            until(lambda: "words stays as it was, its new file is no good" in log(server))
            assert is_right(server)
            os.kill(server.workers()[0], signal.SIGKILL)  # also for a worker that comes later
            with Client(server.url, retries=10) as client:
                assert client.most_similar("tea", topn=3) == EXPECTED
            file.write_bytes(whole)
            until(lambda: "answered from its new file, version 2" in log(server))
            file.unlink()
            time.sleep(0.3)
            assert is_right(server)

    def test_sighup_looks_at_once(self, file: Path, tmp_path: Path) -> None:
        with serving(tmp_path, file, "--watch", 0) as server:
            vectors(100, 7, seed=5).save(file)
            time.sleep(0.5)
            assert is_right(server)
            server.process.send_signal(signal.SIGHUP)
            until(lambda: server.ask("/v1/models/words")[2]["version"] == 2)

    def test_a_mapped_file_that_shrinks_is_said_to_be_unavailable(
        self, tmp_path: Path, file: Path
    ) -> None:
        shutil.copy(file, tmp_path / "whole.kv")
        options = ("--hold", "map", "--watch", 0.1)
        with serving(tmp_path, file, tmp_path / "whole.kv", *options) as server:
            assert is_right(server)
            os.truncate(file, 5000)

            def answer() -> int:
                try:
                    return server.ask(NEIGHBORS)[0]
                except (OSError, http.client.HTTPException):
                    return 0  # the worker that touched it, SIGBUS

            until(lambda: answer() == 503)
            status, _, told = server.ask(NEIGHBORS)
            assert (status, told["error"]["type"]) == (503, "model_unavailable")
            assert server.ask("/readyz")[0] == 503
            assert server.ask("/v1/models/whole/neighbors?key=tea")[0] == 200
            shutil.copy(tmp_path / "whole.kv", tmp_path / "next.kv")
            (tmp_path / "next.kv").replace(file)
            until(lambda: answer() == 200)
            assert is_right(server)


def log(server: Server) -> str:
    return server.log.read_text()


class TestOverload:
    def test_too_many_get_503_at_once_and_the_others_their_answers(
        self, file: Path, tmp_path: Path
    ) -> None:
        options = ("--batch", 1, "--max-requests", 3)
        with serving(tmp_path, file, *options) as server:

            def ask(_: int) -> str:
                with Client(server.url, "words", retries=0) as client:
                    found = "busy"
                    for _ in range(20):
                        try:
                            assert client.most_similar("tea", topn=3) == EXPECTED
                            found = "right"
                        except ServerBusyError as error:
                            assert error.details["retry_after"] == 1
                    return found

            with concurrent.futures.ThreadPoolExecutor(32) as pool:
                answers = list(pool.map(ask, range(32)))
            assert "right" in answers
            assert 'code="503"' in server.ask("/metrics")[2].decode()
            until(lambda: server.metric("synvec_requests_in_flight") == 1)
            assert is_right(server)

    def test_connections_beyond_the_limit_of_files(self, file: Path, tmp_path: Path) -> None:
        limited = ("sh", "-c", 'ulimit -n 60; exec "$0" "$@"')
        with serving(tmp_path, file, prefix=limited) as server:
            crowd = []
            for _ in range(100):
                client = socket.create_connection(("127.0.0.1", server.port), timeout=5)
                crowd.append(client)
            time.sleep(0.5)
            for client in crowd:
                client.close()
            until(lambda: answers(server))
            assert is_right(server)
            assert server.metric("synvec_worker_restarts") == 0

    def test_a_log_on_a_full_disk(self, file: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        command = [sys.executable, "-m", "synvec", "serve", "-v", str(file), "--port", str(port)]
        with Path("/dev/full").open("w") as full:
            process = subprocess.Popen(command, stderr=full)
        server = Server(process, file, port)
        try:
            until(lambda: answers(server))
            assert server.ask("/v1/models/..%2f..%2fetc")[0] == 404  # which is logged
            vectors(10, 5).save(file)
            until(lambda: server.ask("/v1/models/words")[2]["version"] == 2)
        finally:
            assert server.stop() == 0


def answers(server: Server) -> bool:
    try:
        return bool(server.ask("/healthz", timeout=5)[0] == 200)
    except (OSError, http.client.HTTPException):
        return False


def test_two_workers_share_two_models(tmp_path: Path) -> None:
    files = []
    for name in ("one", "other"):
        vectors(100_000, 200).save(tmp_path / f"{name}.kv")
        files.append(tmp_path / f"{name}.kv")
    size = sum(file.stat().st_size for file in files)
    with serving(tmp_path, *files, "--workers", 2) as server, Client(server.url, "one") as client:
        with Client(server.url, "other") as other:
            for _ in range(20):
                client.close()  # another connection, perhaps another worker
                client.most_similar("tea")
                other.close()
                other.most_similar("tea")
        # Each has both mapped, and of its own not even the size of one.
        assert own_bytes(server) / 2 < size / 2
        maps = [Path(f"/proc/{worker}/maps").read_text() for worker in server.workers()]
        inodes = [set(re.findall(r"(\d+) +/memfd:synvec", text)) for text in maps]
        assert len(inodes[0]) == 2
        assert inodes[0] == inodes[1]


def test_a_client_sees_a_server_that_goes(tmp_path: Path, file: Path) -> None:
    with serving(tmp_path, file) as server, Client(server.url, retries=1) as client:
        assert client.most_similar("tea", topn=3) == EXPECTED
        server.stop()
        with pytest.raises(ServiceError):
            client.most_similar("tea")
