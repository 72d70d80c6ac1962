"""What a server answers: the numbers of the library, and what is wrong with a request."""

import gzip
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import numpy as np
import pytest

from serving import WORDS, Server, serving, until, vectors
from synvec import KeyedVectors, formats

pytestmark = pytest.mark.skipif(os.name != "posix", reason="serve runs on POSIX systems")


@pytest.fixture(scope="module")
def kv() -> KeyedVectors:
    return vectors()


@pytest.fixture(scope="module")
def server(kv: KeyedVectors, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("serving")
    kv.save(folder / "words.kv")
    vectors(50, 8, seed=2).save_word2vec_format(folder / "other.txt")
    options = ("--max-topn", 50, "--max-batch", 40, "--max-body", 300_000)
    with serving(folder, folder / "words.kv", f"text={folder / 'other.txt'}", *options) as server:
        yield server


def pairs(answer: list[dict[str, Any]]) -> list[tuple[str, float]]:
    return [(each["key"], each["cosine"]) for each in answer]


class TestAnswers:
    def test_neighbors_of_a_key(self, server: Server, kv: KeyedVectors) -> None:
        status, headers, answer = server.ask("/v1/models/words/neighbors?key=coffee&topn=7")
        assert (status, headers["content-type"]) == (200, "application/json")
        assert pairs(answer["neighbors"]) == kv.most_similar("coffee", topn=7)

    def test_neighbors_of_a_sum_with_a_vector(self, server: Server, kv: KeyedVectors) -> None:
        vector = np.arange(20, dtype=np.float32)
        asked = {"positive": ["king", vector.tolist()], "negative": ["man"], "topn": 5}
        answer = server.ask("/v1/models/words/neighbors", asked)[2]
        expected = kv.most_similar(["king", vector], ["man"], topn=5)
        assert pairs(answer["neighbors"]) == expected

    def test_restrict_vocab(self, server: Server, kv: KeyedVectors) -> None:
        answer = server.ask("/v1/models/words/neighbors?key=coffee&topn=50&restrict_vocab=9")[2]
        assert pairs(answer["neighbors"]) == kv.most_similar("coffee", topn=50, restrict_vocab=9)

    def test_batch(self, server: Server, kv: KeyedVectors) -> None:
        vector = np.arange(20, dtype=np.float32)
        queries = ["king", vector.tolist(), *(f"w{number}" for number in range(30))]
        asked = {"queries": queries, "topn": 3, "restrict_vocab": 200}
        answer = server.ask("/v1/models/words/neighbors/batch", asked)[2]
        expected = kv.most_similar_batch(["king", vector, *queries[2:]], 3, restrict_vocab=200)
        assert [pairs(found) for found in answer["answers"]] == expected

    def test_ten_neighbors_by_default(self, server: Server, kv: KeyedVectors) -> None:
        expected = kv.most_similar("coffee", topn=10)
        for path, asked in (
            ("neighbors?key=coffee", None),
            ("neighbors", {"positive": ["coffee"]}),
        ):
            answer = server.ask(f"/v1/models/words/{path}", asked)[2]
            assert pairs(answer["neighbors"]) == expected

    @pytest.mark.parametrize("restrict_vocab", [None, 60])
    def test_analogy(self, server: Server, kv: KeyedVectors, restrict_vocab: int | None) -> None:
        expected = kv.most_similar(
            ["king", "woman"], ["man"], topn=2, restrict_vocab=restrict_vocab
        )
        asked: dict[str, Any] = {"a": "man", "b": "king", "c": "woman", "topn": 2}
        if restrict_vocab is not None:
            asked["restrict_vocab"] = restrict_vocab
        path = f"/v1/models/words/analogy?{urlencode(asked)}"
        assert pairs(server.ask(path)[2]["neighbors"]) == expected
        assert pairs(server.ask("/v1/models/words/analogy", asked)[2]["neighbors"]) == expected

    def test_similarity(self, server: Server, kv: KeyedVectors) -> None:
        one = server.ask("/v1/models/words/similarity?a=coffee&b=tea")[2]["similarity"]
        assert one == kv.similarity("coffee", "tea")
        asked = {"pairs": [["coffee", "tea"], ["king", "queen"]]}
        both = server.ask("/v1/models/words/similarity", asked)[2]["similarities"]
        assert both == [kv.similarity("coffee", "tea"), kv.similarity("king", "queen")]

    def test_vectors(self, server: Server, kv: KeyedVectors) -> None:
        one = server.ask("/v1/models/words/vector?key=tea")[2]["vector"]
        assert one == kv["tea"].tolist()
        unit = server.ask("/v1/models/words/vector?key=tea&norm=true")[2]["vector"]
        assert unit == kv.get_vector("tea", norm=True).tolist()
        asked = {"keys": ["tea", "king"], "norm": True}
        both = server.ask("/v1/models/words/vectors", asked)[2]["vectors"]
        assert both == [kv.get_vector(key, norm=True).tolist() for key in ("tea", "king")]

    def test_doesnt_match(self, server: Server, kv: KeyedVectors) -> None:
        keys = ["king", "queen", "tea", "w3"]
        answer = server.ask("/v1/models/words/doesnt-match", {"keys": keys})[2]
        assert answer["key"] == kv.doesnt_match(keys)

    def test_evaluate_pairs(self, server: Server, kv: KeyedVectors, tmp_path: Path) -> None:
        scored = [["coffee", "tea", 9], ["king", "queen", 8.5], ["tea", "port", 1], ["tea", "?", 2]]
        answer = server.ask("/v1/models/words/evaluate-pairs", {"pairs": scored})[2]
        file = tmp_path / "pairs.tsv"
        file.write_text("".join(f"{one}\t{other}\t{score}\n" for one, other, score in scored))
        expected = kv.evaluate_word_pairs(file)
        assert answer["pearson"]["statistic"] == pytest.approx(expected.pearson.statistic, abs=1e-6)
        assert answer["spearman"]["pvalue"] == pytest.approx(expected.spearman.pvalue, abs=1e-6)
        assert answer["oov_ratio"] == 25.0

    def test_models(self, server: Server) -> None:
        models = server.ask("/v1/models")[2]["models"]
        words = {"name": "words", "keys": 500 + len(WORDS), "vector_size": 20, "version": 1}
        words |= {"index": None}
        text = {"name": "text", "keys": 50 + len(WORDS), "vector_size": 8, "version": 1}
        assert models == [text | {"index": None}, words]
        assert server.ask("/v1/models/words")[2] == words

    def test_another_format_is_another_model(self, server: Server) -> None:
        answer = server.ask("/v1/models/text/neighbors?key=coffee&topn=3")[2]
        expected = vectors(50, 8, seed=2).most_similar("coffee", topn=3)
        assert pairs(answer["neighbors"]) == [(key, pytest.approx(cos)) for key, cos in expected]

    def test_health_front_and_openapi(self, server: Server) -> None:
        assert server.ask("/healthz")[2] == {"status": "ok"}
        assert server.ask("/readyz")[2] == {"status": "ok"}
        assert server.ask("/")[2]["models"] == ["text", "words"]
        schema = server.ask("/openapi.json")[2]
        asked = schema["components"]["schemas"]["BatchRequest"]["properties"]
        assert (asked["topn"]["maximum"], asked["queries"]["maxItems"]) == (50, 40)
        examples = [
            shape["example"]
            for name, shape in schema["components"]["schemas"].items()
            if name.endswith("Request")
        ]
        assert len(examples) == 7
        for path in ("neighbors", "analogy"):
            parameters = schema["paths"][f"/v1/models/{{model}}/{path}"]["get"]["parameters"]
            topn = next(each for each in parameters if each["name"] == "topn")
            assert topn["schema"]["maximum"] == 50
        for page in ("/docs", "/redoc"):  # they would load scripts from elsewhere
            assert server.ask(page)[0] == 404

    def test_metrics_count(self, server: Server) -> None:
        def count() -> float:
            return server.metric("synvec_requests_total")

        before = count()
        server.ask("/v1/models/words/neighbors?key=coffee")
        server.ask("/v1/models/words/neighbors?key=unheard")
        text = server.ask("/metrics")[2].decode()
        assert count() == before + 4  # the two, and those that looked
        assert f'synvec_model_keys{{model="words"}} {500 + len(WORDS)}.0' in text
        endpoint = 'endpoint="/v1/models/{model}/neighbors"'
        assert re.search(rf'synvec_requests_total{{code="404",{endpoint}}} [1-9]', text)
        assert f'synvec_request_seconds_bucket{{{endpoint},le="10.0"}}' in text


BATCH = "/v1/models/words/neighbors/batch"
NEIGHBORS = "/v1/models/words/neighbors"
INVALID: list[tuple[str, Any, str]] = [
    (NEIGHBORS, {"positive": ["tea"], "topn": 0}, "topn"),
    (NEIGHBORS, {"positive": ["tea"], "topn": -1}, "topn"),
    (NEIGHBORS, {"positive": ["tea"], "topn": 51}, "topn"),
    (NEIGHBORS, {"positive": ["tea"], "topn": 10**9}, "topn"),
    (NEIGHBORS, {"positive": ["tea"], "topn": 10**40}, "topn"),
    (NEIGHBORS, {"positive": ["tea"], "topn": "10"}, "topn"),
    (NEIGHBORS, {"positive": ["tea"], "topn": True}, "topn"),
    (NEIGHBORS, {"positive": ["tea"], "restrict_vocab": 0}, "restrict_vocab"),
    (NEIGHBORS, {"positive": []}, "positive"),
    (NEIGHBORS, {"positive": "tea"}, "positive"),
    (NEIGHBORS, {"positive": [1.5]}, "positive.0"),
    (NEIGHBORS, {"positive": [True]}, "positive.0"),
    (NEIGHBORS, {"positive": [2**63]}, "positive.0"),
    (NEIGHBORS, {"positive": [""]}, "positive.0"),
    (NEIGHBORS, {"positive": [[1.0, 2.0]]}, "positive.0"),
    (NEIGHBORS, {"positive": ["tea", [1e39] * 20]}, "positive.1"),
    (NEIGHBORS, b'{"positive": [[' + b"NaN," * 19 + b"1]]}", "positive.0"),
    (NEIGHBORS, b'{"positive": [[' + b"Infinity," * 19 + b"1]]}", "positive.0"),
    (NEIGHBORS, {"positive": ["x" * 1001]}, "positive.0"),
    (NEIGHBORS, b'{"positive": ["\\ud800"]}', "positive.0"),
    (NEIGHBORS, {"positive": ["tea"], "top_n": 3}, "top_n"),
    (NEIGHBORS, {"positive": ["tea"] * 41}, "positive"),
    (NEIGHBORS, {"positive": ["tea"] * 21, "negative": ["king"] * 20}, "positive"),
    (NEIGHBORS, b"[]", "body"),
    (NEIGHBORS, b"null", "body"),
    (BATCH, {"queries": []}, "queries"),
    (BATCH, {"queries": ["tea"] * 41}, "queries"),
    (BATCH, {}, "queries"),
    (BATCH, {"queries": ["tea"], "topn": 51}, "topn"),
    ("/v1/models/words/analogy", {"a": "tea", "b": "man", "c": "king", "topn": 51}, "topn"),
    ("/v1/models/words/analogy?a=tea&b=man&c=king&topn=51", None, "topn"),
    ("/v1/models/words/similarity", {"pairs": [["tea"]]}, "pairs.0.1"),
    ("/v1/models/words/similarity", {"pairs": [["a", "b"]] * 10_001}, "pairs"),
    ("/v1/models/words/evaluate-pairs", {"pairs": [["?", "!", 1], ["?", "-", 2]]}, "pairs"),
    ("/v1/models/words/evaluate-pairs", {"pairs": [["tea", "man", 1], ["?", "-", 2]]}, "pairs"),
    ("/v1/models/words/evaluate-pairs", {"pairs": [["tea", "king", 9]] * 10_001}, "pairs"),
    ("/v1/models/words/evaluate-pairs", {"pairs": [["tea", "king", "9"]] * 2}, "pairs.0.2"),
    ("/v1/models/words/vectors", {"keys": ["tea"] * 41}, "keys"),
    ("/v1/models/words/doesnt-match", {"keys": []}, "keys"),
    ("/v1/models/words/doesnt-match", {"keys": ["tea"] * 41}, "keys"),
    ("/v1/models/words/neighbors?key=tea&topn=51", None, "topn"),
    ("/v1/models/words/neighbors?key=tea&topn=1e3", None, "topn"),
    ("/v1/models/words/neighbors?topn=3", None, "key"),
    ("/v1/models/words/neighbors?key=", None, "key"),
    (f"/v1/models/words/neighbors?key={'x' * 1001}", None, "key"),
]


class TestErrors:
    @pytest.mark.parametrize(("path", "asked", "field"), INVALID)
    def test_an_invalid_field_is_named(
        self, server: Server, path: str, asked: Any, field: str
    ) -> None:
        status, _, answer = server.ask(path, asked)
        assert (status, answer["error"]["type"]) == (422, "invalid_request")
        named = answer["error"]["fields"][0]["field"]
        assert named == field or named.startswith(f"{field}."), answer

    @pytest.mark.parametrize(
        ("path", "asked"),
        [
            (NEIGHBORS, {"positive": ["tea"] * 20, "negative": ["king"] * 20, "topn": 50}),
            (BATCH, {"queries": ["tea"] * 40}),
            ("/v1/models/words/vectors", {"keys": ["tea"] * 40}),
            ("/v1/models/words/similarity", {"pairs": [["tea", "king"]] * 10_000}),
        ],
    )
    def test_a_limit_may_be_reached(self, server: Server, path: str, asked: Any) -> None:
        assert server.ask(path, asked)[0] == 200

    @pytest.mark.parametrize(
        "body", [b"", b"{", b'{"positive": ["tea"]', b"\xff\xfe", b"[" * 50_000, b"not json"]
    )
    def test_what_is_no_json(self, server: Server, body: bytes) -> None:
        status, _, answer = server.ask(NEIGHBORS, body)
        assert status in (400, 422)
        assert answer["error"]["message"]

    def test_where_json_goes_wrong_is_told(self, server: Server) -> None:
        _, _, answer = server.ask(NEIGHBORS, b'{"positive": ["tea",]}')
        assert answer["error"]["type"] == "invalid_json"
        assert re.fullmatch(
            r"the body is not JSON: .+ at character \d+", answer["error"]["message"]
        )

    def test_a_path_that_means_nothing_is_told_what_does(self, server: Server) -> None:
        status, _, answer = server.ask("/v1/model")
        assert (status, answer["error"]["type"]) == (404, "not_found")
        assert "/openapi.json lists" in answer["error"]["message"]

    def test_letters_that_a_url_cannot_hold(self, server: Server) -> None:
        with server.connect() as client:
            client.sendall("GET /v1/models/words/vector?key=Zürich HTTP/1.1\r\n\r\n".encode())
            assert b"other letters than ASCII's are %XX" in client.recv(1000)

    def test_an_unknown_key_comes_with_close_ones(self, server: Server) -> None:
        status, _, answer = server.ask("/v1/models/words/neighbors?key=Coffee")
        assert status == 404
        assert answer["error"] == {
            "type": "unknown_key",
            "message": "key 'Coffee' is not present, did you mean 'coffee'?",
            "key": "Coffee",
            "suggestions": ["coffee"],
        }

    @pytest.mark.parametrize(
        ("path", "asked"),
        [
            (BATCH, {"queries": ["tea", "tae"]}),
            ("/v1/models/words/similarity", {"pairs": [["tea", "tae"]]}),
            ("/v1/models/words/vectors", {"keys": ["tae"]}),
            ("/v1/models/words/doesnt-match", {"keys": ["tea", "tae"]}),
            (NEIGHBORS, {"positive": ["tea\0"]}),
            ("/v1/models/words/neighbors?key=%00", None),
            ("/v1/models/words/neighbors?key=%ED%A0%80", None),
        ],
    )
    def test_every_question_refuses_unknown_keys(
        self, server: Server, path: str, asked: Any
    ) -> None:
        status, _, answer = server.ask(path, asked)
        assert (status, answer["error"]["type"]) == (404, "unknown_key")

    @pytest.mark.parametrize("name", ["nobody", "%00", "a" * 5000, "words.kv", "WORDS"])
    def test_an_unknown_model(self, server: Server, name: str) -> None:
        status, _, answer = server.ask(f"/v1/models/{name}/neighbors?key=tea")
        assert (status, answer["error"]["type"]) == (404, "unknown_model")
        assert len(answer["error"]["message"]) < 200

    def test_a_method_that_is_not_there(self, server: Server) -> None:
        status, headers, answer = server.ask("/v1/models", method="DELETE")
        assert (status, answer["error"]["type"]) == (405, "method_not_allowed")
        assert headers["allow"] == "GET"

    def test_a_body_beyond_the_limit(self, server: Server) -> None:
        status, _, answer = server.ask(BATCH, b"x" * 300_001)
        assert (status, answer["error"]["type"], answer["error"]["limit"]) == (
            413, "too_large", 300_000,
        )  # fmt: skip

    def test_a_compressed_body_is_not_unfolded(self, server: Server) -> None:
        body = gzip.compress(json.dumps({"positive": ["tea"]}).encode())
        assert server.ask(NEIGHBORS, body)[0] in (400, 422)

    def test_a_body_of_another_type(self, server: Server) -> None:
        for kind in (b"text/plain", b"application/x-www-form-urlencoded", b""):
            with server.connect() as client:
                head = f"POST {NEIGHBORS} HTTP/1.1\r\nHost: localhost\r\n".encode()
                client.sendall(head + b"Content-Type: " + kind + b"\r\nContent-Length: 0\r\n\r\n")
                assert client.recv(1000).startswith(b"HTTP/1.1 415 ")

    def test_what_json_is_written_in_may_be_said(self, server: Server) -> None:
        body = b'{"positive": ["tea"]}'
        with server.connect() as client:
            head = (
                f"POST {NEIGHBORS} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n"
            )
            kind = "Content-Type: Application/JSON; charset=utf-8\r\n\r\n"
            client.sendall(head.encode() + kind.encode() + body)
            assert client.recv(1000).startswith(b"HTTP/1.1 200 ")

    def test_another_host_is_not_answered_and_logged(self, server: Server) -> None:
        for host, status in (("evil.example", 421), ("LOCALHOST:80", 200), ("[::1]:8000", 200)):
            with server.connect() as client:
                client.sendall(f"GET /healthz HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
                assert client.recv(1000).startswith(f"HTTP/1.1 {status} ".encode()), host
        until(lambda: "audit: 421 for GET '/healthz' from 127.0.0.1" in server.log.read_text())


def test_a_key_whose_vector_holds_nan(tmp_path: Path) -> None:
    rows = np.ones((3, 2), np.float32)
    rows[1] = np.nan
    kv = KeyedVectors.from_arrays(["one", "none", "other"], rows)
    formats.save(kv, str(tmp_path / "words.kv"), format="native", allow_nonfinite=True)
    with serving(tmp_path, tmp_path / "words.kv") as server:
        assert server.ask("/v1/models/words/vector?key=none")[2] == {"vector": [None, None]}
        for path, asked in (
            ("neighbors?key=none", None),
            ("neighbors", {"negative": ["none"]}),
            ("neighbors/batch", {"queries": ["one", "none"]}),
        ):
            status, _, answer = server.ask(f"/v1/models/words/{path}", asked)
            assert (status, answer["error"]["type"]) == (422, "invalid_request")
            assert "NaN or infinity" in answer["error"]["message"]


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("guarded")
    vectors(20).save(folder / "words.kv")
    (folder / "token").write_text("correct horse\n")
    with serving(folder, folder / "words.kv", "--token-file", folder / "token") as server:
        yield server


class TestTokens:
    @pytest.mark.parametrize(
        "header",
        [None, "", "Bearer", "Bearer ", "Bearer wrong", "Basic correct horse", "correct horse",
         "Bearer correct horse battery", "Bearer correct hors\u00e9"],
    )  # fmt: skip
    def test_a_wrong_token_is_refused(self, guarded: Server, header: str | None) -> None:
        guarded.headers = {} if header is None else {"Authorization": header}
        status, headers, answer = guarded.ask("/v1/models")
        assert (status, answer["error"]["type"]) == (401, "unauthorized")
        assert headers["www-authenticate"] == "Bearer"
        assert guarded.ask("/metrics")[0] == guarded.ask("/openapi.json")[0] == 401
        assert guarded.ask("/nowhere")[0] == 401  # nothing is told about what there is

    def test_the_right_token(self, guarded: Server) -> None:
        guarded.headers = {"Authorization": "bearer correct horse"}
        assert guarded.ask("/v1/models")[0] == 200
        security = guarded.ask("/openapi.json")[2]["paths"]["/v1/models"]["get"]["security"]
        assert security == [{"token": []}]

    def test_health_needs_none(self, guarded: Server) -> None:
        guarded.headers = {}
        assert guarded.ask("/healthz")[0] == guarded.ask("/readyz")[0] == 200

    def test_refusals_are_logged(self, guarded: Server) -> None:
        guarded.headers = {}
        guarded.ask("/v1/models")
        said = "audit: 401 for GET '/v1/models' from 127.0.0.1"
        until(lambda: said in guarded.log.read_text())
