"""Models whose keys are integers: JSON's integers in and out, and never positions."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from serving import Server, serving, vectors
from synvec import Client, KeyedVectors
from synvec.errors import RemoteKeyError

pytestmark = pytest.mark.skipif(os.name != "posix", reason="serve runs on POSIX systems")

LARGEST, SMALLEST = 2**63 - 1, -(2**63)
KEYS = [1001, -7, 3, LARGEST, SMALLEST, *range(5000, 5060)]


@pytest.fixture(scope="module")
def kv() -> KeyedVectors[int]:
    rows = np.random.default_rng(7).standard_normal((len(KEYS), 12)).astype(np.float32)
    return KeyedVectors.from_arrays(KEYS, rows)


@pytest.fixture(scope="module")
def server(kv: KeyedVectors[int], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("integers")
    kv.save(folder / "items.kv")
    vectors(50, 12).save(folder / "words.kv")
    with serving(folder, folder / "items.kv", folder / "words.kv") as running:
        yield running


@pytest.fixture
def client(server: Server) -> Iterator[Client[int]]:
    with Client[int](server.url, "items") as asking:
        yield asking


class TestOverHttp:
    @pytest.mark.parametrize("key", [1001, -7, LARGEST, SMALLEST])
    def test_one_key(self, server: Server, kv: KeyedVectors[int], key: int) -> None:
        expected = [{"key": near, "cosine": cosine} for near, cosine in kv.most_similar(key)]
        by_url = server.ask(f"/v1/models/items/neighbors?key={key}")
        by_body = server.ask("/v1/models/items/neighbors", {"positive": [key]})
        assert by_url[0] == by_body[0] == 200
        assert by_url[2] == by_body[2] == {"neighbors": expected}
        assert server.ask(f"/v1/models/items/vector?key={key}")[2]["vector"] == kv[key].tolist()

    def test_two_and_three_by_url(self, server: Server, kv: KeyedVectors[int]) -> None:
        path = "/v1/models/items/analogy?a=1001&b=-7&c=3&topn=2"
        expected = kv.most_similar([-7, 3], [1001], topn=2)
        assert server.ask(path)[2] == {
            "neighbors": [{"key": key, "cosine": cosine} for key, cosine in expected]
        }
        assert server.ask("/v1/models/items/similarity?a=1001&b=-7")[2] == {
            "similarity": pytest.approx(kv.similarity(1001, -7))
        }

    @pytest.mark.parametrize("name", ["items", "words"])
    @pytest.mark.parametrize(
        ("path", "asked"),
        [
            ("neighbors", {"positive": [0]}),
            ("neighbors/batch", {"queries": [[0.5] * 12, 0]}),
            ("analogy", {"a": 0, "b": 0, "c": 0}),
            ("similarity", {"pairs": [[0, 0]]}),
            ("vectors", {"keys": [0]}),
            ("doesnt-match", {"keys": [0, 0]}),
        ],
    )
    def test_an_integer_is_no_position(
        self, server: Server, name: str, path: str, asked: Any
    ) -> None:
        status, _, answer = server.ask(f"/v1/models/{name}/{path}", asked)
        assert (status, answer["error"]["type"]) == (404, "unknown_key")
        assert answer["error"]["key"] == 0
        assert ("the keys are strings" in answer["error"]["message"]) == (name == "words")

    def test_positions_are_no_known_pairs(self, server: Server) -> None:
        pairs = [["tea", "king", 3], ["tea", "man", 1], ["man", "king", 2], [0, 1, 2]]
        status, _, answer = server.ask("/v1/models/words/evaluate-pairs", {"pairs": pairs})
        assert (status, answer["oov_ratio"]) == (200, 25.0)

    def test_text_is_no_integer_but_reminds_of_it(self, server: Server) -> None:
        for asked, close in (("1001", [1001]), ("1002", []), ("tea", [])):
            _, _, answer = server.ask("/v1/models/items/neighbors", {"positive": [asked]})
            assert answer["error"]["key"] == asked
            assert answer["error"]["suggestions"] == close
            assert "the keys are integers" in answer["error"]["message"]

    @pytest.mark.parametrize("text", ["tea", "1_001", "%201001", "1e3", "10" * 12, "1001.0"])
    def test_a_url_with_no_key_of_it(self, server: Server, text: str) -> None:
        status, _, answer = server.ask(f"/v1/models/items/neighbors?key={text}")
        assert (status, answer["error"]["type"]) == (404, "unknown_key")

    @pytest.mark.parametrize("key", [2**63, -(2**63) - 1, 7.0, True, None])
    def test_what_no_key_can_be(self, server: Server, key: Any) -> None:
        status, _, answer = server.ask("/v1/models/items/vectors", {"keys": [key]})
        assert (status, answer["error"]["type"]) == (422, "invalid_request")
        assert answer["error"]["fields"][0]["field"].startswith("keys.0")

    def test_the_description_says_so(self, server: Server) -> None:
        shapes = server.ask("/openapi.json")[2]["components"]["schemas"]
        kinds = {option["type"] for option in shapes["Neighbor"]["properties"]["key"]["anyOf"]}
        assert kinds == {"string", "integer"}
        asked = shapes["VectorsRequest"]["properties"]["keys"]["items"]["anyOf"]
        assert {option["type"] for option in asked} == {"string", "integer"}

    def test_the_page_shows_them(self, server: Server, kv: KeyedVectors[int]) -> None:
        models = server.ask("/explorer/models")[2]["models"]
        place = [model["name"] for model in models].index("items")
        word = server.ask(f"/explorer/{place}/word?index=0&n=3")[2]
        near = [int(each["key"]) for each in word["neighbors"]]
        assert (word["key"], near) == ("1001", [key for key, _ in kv.most_similar(1001, topn=3)])
        assert server.ask(f"/explorer/{place}/index?key=-7")[2]["index"] == 1


class TestClient:
    def test_answers_are_the_librarys(self, client: Client[int], kv: KeyedVectors[int]) -> None:
        assert client.most_similar(1001) == kv.most_similar(1001)
        assert client.most_similar(np.int64(-7), topn=2) == kv.most_similar(-7, topn=2)
        assert client.most_similar([1001, 3], [-7]) == kv.most_similar([1001, 3], [-7])
        assert client.most_similar(kv[3], topn=3) == kv.most_similar(kv[3], topn=3)
        assert client.most_similar([0.5] * 12) == kv.most_similar(np.full(12, 0.5))
        batch = [1001, kv[3], np.int32(5000)]
        assert client.most_similar_batch(batch) == kv.most_similar_batch(batch)
        assert client.most_similar_batch(np.array(KEYS)) == kv.most_similar_batch(KEYS)
        assert client.analogy(1001, -7, 3) == kv.most_similar([-7, 3], [1001])
        assert client.similarity(1001, np.int64(-7)) == pytest.approx(kv.similarity(1001, -7))
        assert np.array_equal(client.vectors(np.array([3, -7])), kv[[3, -7]])
        assert client.doesnt_match([1001, -7, 3]) == kv.doesnt_match([1001, -7, 3])
        scored = [(1001, -7, 1.5), (3, -7, 2), (1001, 3, np.float64(0.5)), (1, 2, 3)]
        assert client.evaluate_word_pairs(scored)[2] == 25.0

    def test_an_unknown_key(self, client: Client[int]) -> None:
        with pytest.raises(RemoteKeyError, match="key 1002 is not present") as error:
            client.get_vector(1002)
        assert (error.value.key, error.value.suggestions) == (1002, [])


def test_words_written_as_integers(tmp_path: Path) -> None:
    kv = KeyedVectors.from_arrays(["7", "8"], np.eye(2, dtype=np.float32))
    kv.save(tmp_path / "digits.kv")
    with serving(tmp_path, tmp_path / "digits.kv") as server:
        assert server.ask("/v1/models/digits/vector?key=7")[2] == {"vector": [1.0, 0.0]}
        _, _, answer = server.ask("/v1/models/digits/vectors", {"keys": [7]})
        assert answer["error"]["suggestions"] == ["7"]
