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

from serving import Server, serving, until, vectors
from synvec import Client
from synvec.errors import ServerBusyError, ServiceError

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="looks into /proc, as only Linux has it"
)

KV = vectors(2000, 50)
NEIGHBORS = "/v1/models/words/neighbors?key=tea&topn=3"
EXPECTED = KV.most_similar("tea", topn=3)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    KV.save(tmp_path / "words.kv")
    return tmp_path / "words.kv"


@pytest.fixture(scope="module")
def impatient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with short deadlines."""
    folder = tmp_path_factory.mktemp("impatient")
    KV.save(folder / "words.kv")
    options = ("--header-seconds", 1, "--body-seconds", 1.5, "--send-seconds", 1)
    with serving(folder, folder / "words.kv", *options) as server:
        yield server


def own_bytes(server: Server) -> int:
    """Return the memory that is the workers' own."""
    total = 0
    for worker in server.workers():
        text = Path(f"/proc/{worker}/smaps_rollup").read_text()
        total += 1024 * sum(map(int, re.findall(r"^Private_\w+: +(\d+) kB", text, re.MULTILINE)))
    return total


def open_files(server: Server) -> int:
    return sum(len(list(Path(f"/proc/{worker}/fd").iterdir())) for worker in server.workers())


def is_right(server: Server) -> bool:
    status, _, answer = server.ask(NEIGHBORS)
    return (
        status == 200
        and [(each["key"], each["cosine"]) for each in answer["neighbors"]] == EXPECTED
    )


def read_all(connection: socket.socket) -> bytes:
    """Read until the other end closes."""
    parts = []
    try:
        while part := connection.recv(65536):
            parts.append(part)
    except ConnectionResetError:
        pass
    return b"".join(parts)


HEAD = (
    b"POST /v1/models/words/neighbors HTTP/1.1\r\nHost: localhost\r\n"
    b"Content-Type: application/json\r\n"
)


class TestSlowClients:
    @pytest.mark.parametrize(
        ("sent", "dripped", "reason"),
        [
            (b"", b"", "headers"),
            (b"GET / HT", b"", "headers"),
            (b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ", b"x", "headers"),
            (b"\r\n", b"\r\n", "headers"),
            (HEAD + b"Content-Length: 100\r\n\r\n", b"", "body"),
            (HEAD + b"Content-Length: 100\r\n\r\n", b" ", "body"),
            (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n", "body"),
        ],
    )
    def test_a_request_has_a_deadline(
        self, impatient: Server, sent: bytes, dripped: bytes, reason: str
    ) -> None:
        with impatient.connect() as client:
            client.sendall(sent)
            start = time.monotonic()
            client.settimeout(0.2)
            received = b""
            while time.monotonic() - start < 30:
                try:
                    part = client.recv(1000)
                    if not part:
                        break
                    received += part
                except TimeoutError:
                    client.sendall(dripped)
                except ConnectionResetError:
                    break
            assert time.monotonic() - start < 30
        assert received.startswith(b"HTTP/1.1 408 ")
        assert f"the {reason} of the request did not arrive in time".encode() in received

    def test_also_on_a_connection_that_has_asked_before(self, impatient: Server) -> None:
        with impatient.connect() as client:
            client.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\nGET /hea")
            received = read_all(client)
        assert received.count(b"HTTP/1.1 200 OK") == 1
        assert b"HTTP/1.1 408 " in received

    def test_a_crowd_of_them_keeps_nobody_else_waiting(self, impatient: Server) -> None:
        before = impatient.metric("synvec_connections_refused_total")
        with Crowd([impatient.connect() for _ in range(200)]) as crowd:
            for number, client in enumerate(crowd):
                half = HEAD + (b"Content-Length: 1000\r\n\r\n" if number % 2 else b"X: ")
                client.sendall(half)
            for _ in range(20):
                assert is_right(impatient)
            until(lambda: impatient.metric("synvec_connections_refused_total") >= before + 200)
            for client in crowd:
                assert b"408" in read_all(client)

    def test_headers_have_a_size(self, impatient: Server) -> None:
        with impatient.connect() as client:
            client.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Long: ")
            received = b""
            try:
                for _ in range(20_000):
                    client.sendall(b"x" * 10_000)
                    client.setblocking(False)
                    try:
                        received += client.recv(1000)
                        break
                    except BlockingIOError:
                        client.settimeout(30)
            except OSError:
                pass  # closed while we were sending
            received += read_all_quietly(client)
        assert b"HTTP/1.1 431 " in received or not received
        assert impatient.metric("synvec_connections_refused_total") > 0
        assert is_right(impatient)

    def test_a_client_that_takes_no_answer_is_let_go(self, tmp_path: Path, file: Path) -> None:
        options = ("--send-seconds", 1, "--max-topn", 2000, "--max-batch", 1000)
        with serving(tmp_path, file, *options) as server:
            keys = ",".join(f'"w{number}"' for number in range(500))
            body = f'{{"queries": [{keys}], "topn": 2000}}'.encode()  # an answer of 50 MB
            with socket.socket() as client:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                client.connect(("127.0.0.1", server.port))
                head = HEAD.replace(b"neighbors", b"neighbors/batch")
                client.sendall(head + f"Content-Length: {len(body)}\r\n\r\n".encode() + body)
                until(lambda: 'reason="slow_reader"} 1.0' in server.ask("/metrics")[2].decode())
            assert is_right(server)


class Crowd:
    """Connections that are closed in the end."""

    def __init__(self, sockets: list[socket.socket]) -> None:
        self.sockets = sockets

    def __enter__(self) -> list[socket.socket]:
        return self.sockets

    def __exit__(self, *_: object) -> None:
        for each in self.sockets:
            each.close()


def read_all_quietly(connection: socket.socket) -> bytes:
    connection.settimeout(10)
    try:
        return read_all(connection)
    except OSError:
        return b""


class TestLargeBodies:
    MEGABYTE = b" " * (1 << 20)

    def test_a_length_beyond_the_limit(self, impatient: Server) -> None:
        with impatient.connect() as client:
            client.sendall(HEAD + b"Content-Length: 1000000000\r\n\r\n" + b"x" * 1000)
            received = client.recv(1000)
        assert received.startswith(b"HTTP/1.1 413 ")

    def test_a_body_without_a_length(self, impatient: Server) -> None:
        before = own_bytes(impatient)
        with impatient.connect() as client:
            client.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
            sent, received = 0, b""
            client.settimeout(0.001)
            while not received and sent < 1000:
                client.settimeout(30)
                client.sendall(b"100000\r\n" + self.MEGABYTE + b"\r\n")
                sent += 1
                client.settimeout(0.001)
                try:
                    received = client.recv(1000)
                except TimeoutError:
                    continue
            assert received.startswith(b"HTTP/1.1 413 ")
            # What still comes is thrown away.
            client.settimeout(30)
            try:
                for _ in range(64):
                    client.sendall(b"100000\r\n" + self.MEGABYTE + b"\r\n")
            except OSError:
                pass
            assert own_bytes(impatient) - before < 50 << 20
        assert is_right(impatient)

    def test_a_false_length(self, impatient: Server) -> None:
        body = b'{"positive": ["tea"]}'
        with impatient.connect() as client:  # less than there is: the rest is no request
            client.sendall(HEAD + b"Content-Length: 21\r\n\r\n" + body + b"garbage\r\n\r\n")
            assert b"HTTP/1.1 400 " in read_all(client)
        with impatient.connect() as client:  # more than there is
            client.sendall(HEAD + b"Content-Length: 30\r\n\r\n" + body)
            assert read_all(client).startswith(b"HTTP/1.1 408 ")
        for length in (b"-1", b"1e9", b"0x10", b"21, 22", b""):
            with impatient.connect() as client:
                client.sendall(HEAD + b"Content-Length: " + length + b"\r\n\r\n" + body)
                assert read_all(client).startswith(b"HTTP/1.1 400 "), length

    def test_two_ways_to_end_are_refused(self, impatient: Server) -> None:
        both = b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
        with impatient.connect() as client:
            client.sendall(HEAD + both)
            assert read_all(client).startswith(b"HTTP/1.1 400 ")


class TestPaths:
    @pytest.mark.parametrize(
        "name", ["..%2f..%2fetc%2fpasswd", "%2fetc%2fpasswd", "..", "..%5c..%5cboot.ini",
                 "words%2f..%2f..", "%00words", "....//"],
    )  # fmt: skip
    def test_a_name_that_is_a_path_is_unknown_and_logged(
        self, impatient: Server, name: str
    ) -> None:
        status, _, answer = impatient.ask(f"/v1/models/{name}/neighbors?key=tea")
        assert (status, "error" in answer) == (404, True)
        if name != "%00words":
            assert name in impatient.log.read_text().replace("\\\\", "\\")
        assert "passwd" not in str(answer) or "no model" in str(answer)

    def test_no_request_opens_a_file(self, file: Path, tmp_path: Path) -> None:
        # A worker whose system calls are watched would need tools; the audit hook sees them all.
        script = tmp_path / "watched.py"
        script.write_text(WATCHED)
        done = subprocess.run(
            [sys.executable, script, file], capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, done.stderr
        assert done.stdout.split() == ["200", "404", "404", "404", "422"]


WATCHED = """
import asyncio, sys
from synvec.server import application
app = application({"words": sys.argv[1]})
opened, watching = [], False
def watch(event, arguments):
    if watching and event in ("open", "os.listdir", "os.scandir", "os.stat"):
        opened.append((event, arguments))
async def ask(path, query=b""):
    statuses = []
    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}
    async def send(message):
        statuses.append(message.get("status"))
    scope = {"type": "http", "method": "GET", "path": path, "raw_path": path.encode(),
             "query_string": query, "headers": [], "client": ("127.0.0.1", 1), "root_path": "",
             "scheme": "http", "server": ("localhost", 80), "http_version": "1.1"}
    await app(scope, receive, send)
    return statuses[0]
async def main():
    global watching
    for path, query in (("/v1/models/words/neighbors", b"key=tea"),
                        ("/v1/models/words/neighbors", b"key=teaa"),
                        ("/v1/models/" + sys.argv[1] + "/neighbors", b"key=tea"),
                        ("/v1/models/../../etc/passwd", b""),
                        ("/v1/models/words/neighbors", b"")):
        await ask(path, query)  # what is imported late is imported now
        watching = True
        print(await ask(path, query))
        watching = False
sys.addaudithook(watch)
asyncio.run(main())
assert not opened, opened
"""


class TestClientsThatLeave:
    def test_nothing_is_left_behind(self, impatient: Server) -> None:
        assert is_right(impatient)
        files = open_files(impatient)
        request = f"GET {NEIGHBORS} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
        for _ in range(300):
            client = impatient.connect()
            client.sendall(request)
            # Away with it at once, and a reset instead of a farewell.
            linger = b"\1\0\0\0\0\0\0\0"
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            client.close()
        until(lambda: open_files(impatient) <= files + 2)
        until(lambda: impatient.metric("synvec_requests_in_flight") == 1)  # the one that asks
        assert is_right(impatient)


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
                    try:
                        connection.connect() if connection.sock is None else None
                    except OSError:
                        break  # it takes no more: that is no answer that was cut
                    try:
                        connection.request("GET", NEIGHBORS)
                        response = connection.getresponse()
                        response.read()
                        answered.append(response.status)
                    except (OSError, http.client.HTTPException) as error:
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
            assert "ended with SIGKILL, another one is started" in server.log.read_text()
            assert is_right(server)

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

            def found() -> list[tuple[str, float]]:
                answer = server.ask(NEIGHBORS)[2]
                return [(each["key"], each["cosine"]) for each in answer["neighbors"]]

            until(lambda: all(found() == expected for _ in range(10)))
            assert server.ask("/v1/models/words")[2]["version"] == 2

    def test_requests_meanwhile_get_the_old_or_the_new(self, file: Path, tmp_path: Path) -> None:
        other = vectors(2000, 50, seed=9)
        answers = {tuple(EXPECTED), tuple(other.most_similar("tea", topn=3))}
        with serving(tmp_path, file, "--watch", 0.05) as server, Client(server.url) as client:
            for version in range(2, 6):
                (other if version % 2 == 0 else KV).save(file)  # saved by renaming
                until(lambda v=version: tuple(client.most_similar("tea", topn=3)) in answers
                      and server.ask("/v1/models/words")[2]["version"] == v)  # type: ignore[misc]  # fmt: skip

    @pytest.mark.parametrize("content", [b"", b"garbage", None])
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
