"""Exports to a Qdrant server by its URL: what goes over HTTP, to a stand-in for the server."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from synvec import KeyedVectors
from synvec.exporting import export, open_target, qdrant_collections
from tests import qdrant_server
from tests.qdrant_server import Collections

pytest.importorskip("qdrant_client", reason="pip install synvec[qdrant]")

ROWS = 2300


@pytest.fixture
def server() -> Iterator[Collections]:
    with qdrant_server.running() as collections:
        yield collections


@pytest.fixture(scope="module")
def kv() -> KeyedVectors:
    vectors = np.random.default_rng(1).standard_normal((ROWS, 4)).astype(np.float32)
    keys = [f"☃{row}" for row in range(ROWS)]
    return KeyedVectors.from_arrays(keys, vectors, counts=np.arange(ROWS, 0, -1))


def url(server: Collections) -> str:
    return f"qdrant://127.0.0.1:{server.port}/words"


def assert_holds(server: Collections, kv: KeyedVectors) -> None:
    points = server.points["words"]
    assert sorted(points) == list(range(len(kv)))
    rows = [points[row] for row in range(len(kv))]
    assert (np.array([vector for vector, _ in rows], np.float32) == kv.vectors).all()
    counts = kv.known_counts
    assert counts is not None
    expected = zip(kv.index_to_key, counts.tolist(), strict=True)
    assert [payload for _, payload in rows] == [{"key": k, "count": n} for k, n in expected]


def test_all_arrives_once(server: Collections, kv: KeyedVectors) -> None:
    assert export(kv, url(server)) == ROWS
    assert_holds(server, kv)
    assert server.settings["words"]["vectors"] == {"size": 4, "distance": "Cosine"}
    assert export(kv, url(server)) == 0


def test_an_export_goes_on_after_the_server_failed(server: Collections, kv: KeyedVectors) -> None:
    server.writes_before_failure = 2
    with pytest.raises(RuntimeError, match=r"the collection words of 127.0.0.1:.*500"):
        export(kv, url(server))
    server.writes_before_failure = None
    del server.points["words"][1500]  # of the last batch some may be missing
    assert 0 < export(kv, url(server)) < ROWS
    assert_holds(server, kv)


def test_a_collection_of_others_is_left_alone_and_may_be_replaced(
    server: Collections, kv: KeyedVectors
) -> None:
    server.settings["words"] = {"vectors": {"size": 3, "distance": "Dot"}}
    server.points["words"] = {7: ([1, 2, 3], {})}
    with pytest.raises(ValueError, match="holds something that synvec did not export"):
        export(kv, url(server))
    assert len(server.points["words"]) == 1
    assert export(kv, url(server), replace=True) == ROWS
    assert_holds(server, kv)


def test_the_key_of_a_server_comes_from_the_environment(
    server: Collections, kv: KeyedVectors, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.key = "secret"
    with pytest.raises(RuntimeError, match=r"401.*its key is read from QDRANT_API_KEY"):
        export(kv, url(server))
    monkeypatch.setenv("QDRANT_API_KEY", "secret")
    with pytest.warns(UserWarning, match="insecure connection"):  # the client's, of http://
        assert export(kv, url(server)) == ROWS


def test_an_old_server_that_keeps_no_label_is_told(server: Collections, kv: KeyedVectors) -> None:
    server.keeps_metadata = False
    with pytest.raises(RuntimeError, match=r"Qdrant 1.16 or newer is needed"):
        export(kv, url(server))


def test_requests_are_as_large_as_a_server_takes(
    server: Collections, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(qdrant_collections, "BATCH_BYTES", 1 << 18)
    vectors = np.random.default_rng(1).standard_normal((100, 700)).astype(np.float32)
    kv = KeyedVectors.from_arrays([f"k{row}" for row in range(100)], vectors)
    assert export(kv, url(server)) == 100
    assert 1 << 17 < server.largest_request < 1 << 18
    assert len(server.points["words"]) == 100


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_server_is_spoken_to_as_its_url_says(
    scheme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[dict[str, object]] = []
    monkeypatch.setattr("qdrant_client.QdrantClient", lambda **named: given.append(named))
    monkeypatch.setenv("QDRANT_API_KEY", "secret")
    open_target(f"qdrant{'+https' if scheme == 'https' else ''}://host:6333/words", 4)
    assert given[0]["url"] == f"{scheme}://host:6333"
    assert given[0]["api_key"] == "secret"


def test_no_server_is_an_error_of_the_connection(kv: KeyedVectors) -> None:
    with pytest.raises(ConnectionError, match=r"the collection words of 127.0.0.1:1: "):
        export(kv, "qdrant://127.0.0.1:1/words")
