"""`synvec.Client`: the answers of `KeyedVectors`, errors by kind, and what is asked again."""

import http.client
import json
import math
import os
import re
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import numpy as np
import pytest

from serving import Server, serving, vectors
from synvec import Client, KeyedVectors, statistics
from synvec.errors import (
    InvalidRequestError,
    RemoteKeyError,
    ServerBusyError,
    ServiceError,
    UnauthorizedError,
    UnknownModelError,
    UnreachableServerError,
)

KV = vectors()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    if os.name != "posix":
        pytest.skip("serve runs on POSIX systems")
    folder = tmp_path_factory.mktemp("client")
    KV.save(folder / "words.kv")
    environment = {**os.environ, "SYNVEC_TOKEN": "token-of-tests"}
    with serving(folder, folder / "words.kv", environment=environment) as server:
        yield server


@pytest.fixture
def client(server: Server) -> Iterator[Client]:
    with Client(server.url, token="token-of-tests", retries=0) as client:
        yield client


class TestAnswers:
    def test_most_similar(self, client: Client) -> None:
        assert client.most_similar("tea") == KV.most_similar("tea")
        vector = np.arange(20, dtype=np.float32)
        expected = KV.most_similar(["king", vector], ["man"], topn=3, restrict_vocab=100)
        found = client.most_similar(["king", vector], "man", topn=3, restrict_vocab=100)
        assert found == expected
        assert client.most_similar(vector) == KV.most_similar(vector)
        assert client.most_similar(vector.tolist()) == KV.most_similar(vector)

    def test_most_similar_batch(self, client: Client) -> None:
        keys = ["tea", "king", KV["w3"]]
        assert client.most_similar_batch(keys, 4) == KV.most_similar_batch(keys, 4)
        rows = KV.vectors[:3]
        assert client.most_similar_batch(rows) == KV.most_similar_batch(rows)

    def test_analogy(self, client: Client) -> None:
        expected = KV.most_similar(["king", "woman"], ["man"], topn=2)
        assert client.analogy("man", "king", "woman", topn=2) == expected
        expected = KV.most_similar(["king", "woman"], ["man"], topn=2, restrict_vocab=60)
        assert client.analogy("man", "king", "woman", 2, restrict_vocab=60) == expected

    def test_similarity(self, client: Client) -> None:
        assert client.similarity("tea", "coffee") == KV.similarity("tea", "coffee")
        assert len(client.similarities([("tea", "king")] * 3)) == 3

    def test_vectors(self, client: Client) -> None:
        assert np.array_equal(client.get_vector("tea"), KV["tea"])
        assert np.array_equal(client.get_vector("tea", norm=True), KV.get_vector("tea", norm=True))
        assert np.array_equal(client.vectors(["tea", "king"]), KV[["tea", "king"]])

    def test_doesnt_match(self, client: Client) -> None:
        keys = ["king", "queen", "tea"]
        assert client.doesnt_match(keys) == KV.doesnt_match(keys)

    def test_evaluate_word_pairs(self, client: Client) -> None:
        pairs = [("tea", "coffee", 9.0), ("king", "queen", 8), ("tea", "port", 2), ("tea", "?", 1)]
        pearson, spearman, unknown = client.evaluate_word_pairs(pairs)
        assert unknown == 25
        cosines = [KV.similarity(one, other) for one, other, _ in pairs[:3]]
        scores = [score for *_, score in pairs[:3]]
        assert tuple(pearson) == pytest.approx(statistics.pearson(scores, cosines), abs=1e-6)
        assert tuple(spearman) == pytest.approx(statistics.spearman(scores, cosines), abs=1e-6)
        assert abs(pearson.statistic - spearman.statistic) > 1e-3, "they can be told apart"

    def test_models_and_readiness(self, client: Client) -> None:
        assert [model["name"] for model in client.models()] == ["words"]
        assert client.is_ready()
        assert not Client("http://127.0.0.1:9").is_ready()

    def test_a_connection_is_kept_by_each_thread(self, client: Client) -> None:
        client.similarity("tea", "king")
        kept = client._local.connection
        client.similarity("tea", "king")
        assert client._local.connection is kept
        others: list[Any] = []

        def ask() -> None:
            client.similarity("tea", "king")
            others.append(client._local.connection)
            client.close()

        thread = threading.Thread(target=ask)
        thread.start()
        thread.join()
        assert others[0] is not kept


class TestErrors:
    def test_an_unknown_key(self, client: Client) -> None:
        with pytest.raises(RemoteKeyError, match="did you mean 'coffee'") as error:
            client.most_similar("Coffee")
        assert isinstance(error.value, KeyError)
        assert (error.value.key, error.value.suggestions) == ("Coffee", ["coffee"])
        assert (error.value.status, error.value.type) == (404, "unknown_key")

    def test_an_unknown_model(self, server: Server) -> None:
        with (
            Client(server.url, "nobody", token="token-of-tests") as client,
            pytest.raises(UnknownModelError, match="served are: words"),
        ):
            client.similarity("tea", "king")

    def test_an_invalid_request(self, client: Client) -> None:
        with pytest.raises(InvalidRequestError, match="topn") as error:
            client.most_similar("tea", topn=10**6)
        assert error.value.details["fields"][0]["field"] == "topn"
        with pytest.raises(InvalidRequestError, match="a vector of 3 numbers, expected 20"):
            client.most_similar(np.ones(3))
        with pytest.raises(InvalidRequestError, match="NaN"):
            client.most_similar(np.full(20, np.nan))

    def test_a_wrong_token(self, server: Server) -> None:
        for token in (None, "wrong-token"):
            with Client(server.url, token=token) as client, pytest.raises(UnauthorizedError):
                client.models()

    def test_what_is_no_list(self, client: Client) -> None:
        with pytest.raises(TypeError, match="expected a list of keys"):
            client.most_similar_batch("tea")
        with pytest.raises(TypeError, match="expected keys and vectors"):
            client.most_similar(3.5)  # type: ignore[arg-type]
        with pytest.raises(RemoteKeyError, match="key 3 is not present, the keys are strings"):
            client.most_similar(3)
        with pytest.raises(TypeError, match="expected a list of keys"):
            client.vectors("tea")

    @pytest.mark.parametrize("url", ["127.0.0.1:8000", "ftp://host", "http://", ""])
    def test_what_is_no_url(self, url: str) -> None:
        with pytest.raises(ValueError, match="expected one such as"):
            Client(url)

    def test_nobody_there(self) -> None:
        start = time.monotonic()
        with pytest.raises(UnreachableServerError, match="refused"):
            Client("http://127.0.0.1:9", "words", retries=1).similarity("a", "b")
        assert time.monotonic() - start >= 0.1  # it was tried twice


class Scripted(BaseHTTPRequestHandler):
    """Answers what it is told to, one thing after another."""

    script: list[tuple[int, dict[str, str], bytes]]
    paths: list[str]
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.paths.append(self.path)
        status, headers, body = self.script.pop(0)
        if status == 0:  # hang up
            self.close_connection = True
            return
        if status == 1:  # say nothing
            time.sleep(1)
            return
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:
        pass


@pytest.fixture
def scripted() -> Iterator[tuple[str, list[tuple[int, dict[str, str], bytes]]]]:
    Scripted.script, Scripted.paths = [], []
    with HTTPServer(("127.0.0.1", 0), Scripted) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", Scripted.script
        server.shutdown()
        thread.join()


FOUND = (200, {}, json.dumps({"key": "tea"}).encode())
BUSY = (503, {"Retry-After": "1"}, b'{"error": {"type": "busy", "message": "full"}}')


class TestTries:
    def test_a_full_server_is_asked_again_when_it_says(
        self, scripted: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        url, script = scripted
        script += [BUSY, BUSY, FOUND]
        waits: list[float] = []
        monkeypatch.setattr(time, "sleep", waits.append)
        with Client(url, "words") as client:
            assert client.doesnt_match(["tea", "king"]) == "tea"
        assert len(waits) == 2
        assert all(1 <= wait <= 1.5 for wait in waits)

    def test_it_does_not_wait_as_long_as_anybody_says(
        self, scripted: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        url, script = scripted
        script += [(429, {"Retry-After": "86400"}, b"{}"), FOUND]
        waits: list[float] = []
        monkeypatch.setattr(time, "sleep", waits.append)
        with Client(url, "words") as client:
            assert client.doesnt_match(["tea"]) == "tea"
        assert 10 <= waits[0] <= 15

    def test_it_gives_up(self, scripted: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        url, script = scripted
        script += [BUSY] * 3
        monkeypatch.setattr(time, "sleep", lambda _: None)
        with Client(url, "words", retries=2) as client, pytest.raises(ServerBusyError) as error:
            client.doesnt_match(["tea"])
        assert error.value.details["retry_after"] == 1
        assert not script

    def test_a_connection_that_hangs_up_is_made_anew(self, scripted: Any) -> None:
        url, script = scripted
        script += [FOUND, (0, {}, b""), FOUND]
        with Client(url, "words") as client:
            assert client.doesnt_match(["tea"]) == client.doesnt_match(["tea"]) == "tea"

    def test_an_error_is_not_asked_again(self, scripted: Any) -> None:
        url, script = scripted
        script += [(422, {}, b'{"error": {"type": "invalid_request", "message": "no"}}'), FOUND]
        with Client(url, "words") as client, pytest.raises(InvalidRequestError, match="no"):
            client.doesnt_match(["tea"])
        assert script == [FOUND]

    def test_no_answer_in_time(self, scripted: Any) -> None:
        url, script = scripted
        script += [(1, {}, b"")]
        with (
            Client(url, "words", timeout=0.2, retries=0) as client,
            pytest.raises(UnreachableServerError, match=r"no answer in 0\.2 s"),
        ):
            client.doesnt_match(["tea"])

    @pytest.mark.parametrize(
        ("answer", "error"),
        [
            ((500, {}, b"oops"), ServiceError),
            ((502, {}, b"<html>proxy</html>"), ServerBusyError),
            ((404, {}, b'{"detail": "no"}'), ServiceError),
            ((200, {}, b"<html>hello</html>"), ServiceError),
        ],
    )
    def test_what_another_server_says(
        self, scripted: Any, answer: Any, error: type[ServiceError]
    ) -> None:
        url, script = scripted
        script.append(answer)
        with Client(url, "words", retries=0) as client, pytest.raises(error):
            client.doesnt_match(["tea"])

    @pytest.mark.parametrize("prefix", ["", "/", "/words", "/a/words/", "/a%20b"])
    def test_a_server_may_lie_below_a_path(self, scripted: Any, prefix: str) -> None:
        url, script = scripted
        script.append(FOUND)
        with Client(f"{url}{prefix}", "a/ü") as client:
            assert client.doesnt_match(["tea"]) == "tea"
            assert client.url == f"{url}{prefix}".rstrip("/")
        begin = prefix.rstrip("/")
        assert Scripted.paths == [f"{begin}/v1/models/a%2F%C3%BC/doesnt-match"]

    def test_null_stands_for_nan(self, scripted: Any) -> None:
        url, script = scripted
        script.append((200, {}, b'{"similarities": [null]}'))
        with Client(url, "words") as client:
            assert math.isnan(client.similarity("a", "b"))


def test_one_of_several_models_must_be_named(server: Server, monkeypatch: Any) -> None:
    listed = [{"name": "one"}, {"name": "other"}]
    monkeypatch.setattr(Client, "models", lambda self: listed)
    with Client(server.url) as client, pytest.raises(UnknownModelError, match="one, other; give"):
        client.similarity("a", "b")


def test_an_application_of_ones_own_needs_no_file() -> None:
    from synvec.server import application

    assert application({"words": KeyedVectors.from_arrays(["a"], [[1.0]])})


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"timeout": "x"}, "timeout is str 'x', expected a number"),
        ({"timeout": 0}, "timeout is 0, expected more than 0 seconds"),
        ({"timeout": float("nan")}, "timeout is nan, expected more than 0 seconds"),
        ({"retries": 1.5}, "retries is float 1.5, expected a whole number"),
        ({"retries": -1}, "retries must be 0 or more, not -1"),
    ],
)
def test_limits_that_are_none_are_told_by_name(given: dict[str, Any], told: str) -> None:
    with pytest.raises((TypeError, ValueError), match=re.escape(told)):
        Client("http://127.0.0.1:9", **given)


@pytest.mark.parametrize(
    ("url", "kind", "port"),
    [
        ("http://words.example", http.client.HTTPConnection, 80),
        ("http://words.example:8000/a", http.client.HTTPConnection, 8000),
        ("https://words.example/a", http.client.HTTPSConnection, 443),
        ("HTTPS://words.example:8443", http.client.HTTPSConnection, 8443),
        ("http://[::1]:8000", http.client.HTTPConnection, 8000),
    ],
)
def test_a_url_says_how_and_where(url: str, kind: type[Any], port: int) -> None:
    connection = Client(url, timeout=2.5)._connection()
    assert type(connection) is kind
    assert connection.host == ("::1" if "::1" in url else "words.example")
    assert (connection.port, connection.timeout) == (port, 2.5)


def test_https_never_becomes_http(scripted: Any) -> None:
    url, _ = scripted  # which speaks no TLS at all: nothing is asked in the clear instead
    with (
        Client(url.replace("http", "https"), "words", retries=0) as client,
        pytest.raises(UnreachableServerError),
    ):
        client.doesnt_match(["tea"])
    assert not Scripted.paths
