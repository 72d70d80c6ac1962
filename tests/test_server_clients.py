"""Clients that are slow, greedy or up to no good: each is let go, and nobody else notices."""

import contextlib
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from serving import Server, is_right, own_bytes, read_all, serving, until, vectors

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="looks into /proc, as only Linux has it"
)

KV = vectors(2000, 50)


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
        with Crowd([impatient.connect() for _ in range(500)]) as crowd:
            for number, client in enumerate(crowd):
                half = HEAD + (b"Content-Length: 1000\r\n\r\n" if number % 2 else b"X: ")
                client.sendall(half)
            for _ in range(20):
                assert is_right(impatient)
                for client in crowd:
                    with contextlib.suppress(OSError):  # closed already: its time was over
                        client.sendall(b"x")
            until(lambda: impatient.metric("synvec_connections_refused_total") >= before + 500)
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

    @pytest.mark.parametrize(
        ("path", "body", "status"),
        [
            ("neighbors", b'{"positive": ["' + b"x" * 1_000_000 + b'"]}', 422),
            ("neighbors/batch", b'{"queries": [' + b'"a",' * 999_999 + b'"a"]}', 422),
            ("vectors", b'{"keys": [' + b'"coffee",' * 999_999 + b'"tea"]}', 413),
            ("neighbors", b'{"positive": [' + b"[" * 100_000, 400),
            ("neighbors", b'{"positive": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", 400),
            ("neighbors", b'{"positive": ' + b'{"a":' * 100_000, 400),
            ("neighbors", b'{"positive": [' + b"9" * 1_000_000 + b"]}", 400),
        ],
    )
    def test_absurd_ones(self, impatient: Server, path: str, body: bytes, status: int) -> None:
        before = own_bytes(impatient)
        told, _, answer = impatient.ask(f"/v1/models/words/{path}", body)
        assert (told, "error" in answer) == (status, True)
        if status == 422:
            field = answer["error"]["fields"][0]["field"]
            assert field.startswith(("positive", "queries"))
        assert len(str(answer)) < 3000
        assert own_bytes(impatient) - before < 200 << 20
        assert is_right(impatient)

    def test_two_ways_to_end_are_refused(self, impatient: Server) -> None:
        both = b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
        with impatient.connect() as client:
            client.sendall(HEAD + both)
            assert read_all(client).startswith(b"HTTP/1.1 400 ")

    def test_many_bodies_at_once_are_bounded_together(self, file: Path, tmp_path: Path) -> None:
        with serving(tmp_path, file, "--max-body", 100_000) as server:
            with Crowd([server.connect() for _ in range(18)]) as crowd:
                for client in crowd:
                    client.sendall(HEAD + b"Content-Length: 100000\r\n\r\n" + b" " * 99_000)
                until(lambda: 'code="503"' in server.ask("/metrics")[2].decode())
            until(lambda: is_right(server))
            body = b'{"positive": ["tea"]}'.ljust(100_000)
            assert server.ask("/v1/models/words/neighbors", body)[0] == 200

    def test_connections_beyond_the_limit(self, file: Path, tmp_path: Path) -> None:
        with serving(tmp_path, file, "--max-connections", 5) as server:
            with Crowd([server.connect() for _ in range(5)]) as crowd:
                crowd[0].sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
                assert crowd[0].recv(1000).startswith(b"HTTP/1.1 200 ")
                with server.connect() as late:
                    assert read_all(late).startswith(b"HTTP/1.1 503 ")
            until(lambda: is_right(server))


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
            # It is written by another thread than the one that answers.
            until(lambda: name in impatient.log.read_text().replace("\\\\", "\\"))
        assert "passwd" not in str(answer) or "no model" in str(answer)

    def test_what_a_proxy_would_say_is_not_believed(self, impatient: Server) -> None:
        said = {"X-Forwarded-For": "6.6.6.6", "Forwarded": "for=6.6.6.6;host=localhost",
                "X-Forwarded-Host": "localhost", "X-Forwarded-Proto": "https"}  # fmt: skip
        headers = "".join(f"{name}: {value}\r\n" for name, value in said.items())
        for host, status in (("localhost", 404), ("evil.example", 421)):
            request = f"GET /v1/models/..%2fproxied HTTP/1.1\r\nHost: {host}\r\n{headers}\r\n"
            with impatient.connect() as client:
                client.sendall(request.encode())
                assert client.recv(1000).startswith(f"HTTP/1.1 {status} ".encode())
            line = f"audit: {status} for GET '/v1/models/..%2fproxied' from 127.0.0.1\n"
            until(lambda line=line: line in impatient.log.read_text())  # type: ignore[misc]
        assert "6.6.6.6" not in impatient.log.read_text()

    def test_a_link_beside_the_file_is_no_model(self, file: Path, tmp_path: Path) -> None:
        (tmp_path / "link.kv").symlink_to("/etc/passwd")
        (tmp_path / "words.txt").symlink_to("/etc")
        with serving(tmp_path, file) as server:
            for name in ("link", "link.kv", "words.txt", "..%2flink.kv", "words%2f..%2flink.kv"):
                status, _, answer = server.ask(f"/v1/models/{name}")
                assert status == 404, name
                assert "root:" not in str(answer)
            until(lambda: "audit: 404 for GET '/v1/models/..%2flink.kv'" in server.log.read_text())

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
        # There it says how much memory is left.
        if not str(arguments[0]).startswith(("/proc/", "/sys/fs/cgroup/")):
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
