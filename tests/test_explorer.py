"""What the explorer answers, without a browser: maps, words, sums, clusters, bad questions."""

from __future__ import annotations

import asyncio
import http.client
import json
import re
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from synvec import KeyedVectors
from synvec.explorer import ExploredModel, Explorer, page
from synvec.explorer.clusters import clusters_of
from synvec.explorer.single_page import page_of
from synvec.projection import principal_components
from tests.browser import served


def random_vectors(count: int = 60, size: int = 8, **more: Any) -> KeyedVectors:
    draw = np.random.default_rng(7)
    rows = draw.normal(size=(count, size)).astype(np.float32)
    return KeyedVectors.from_arrays([f"w{i}" for i in range(count)], rows, **more)


@pytest.fixture(scope="module")
def vectors() -> KeyedVectors:
    return random_vectors(counts=range(100, 40, -1))


@pytest.fixture
def explorer(vectors: KeyedVectors) -> Explorer:
    return Explorer([ExploredModel("words", vectors, points=40)])


def asked(explorer: Explorer, path: str, query: str = "", status: int = 200) -> Any:
    answer = explorer.answer("GET", f"/explorer/{path}", query)
    assert answer.status == status, answer.body
    if answer.kind == "application/json":
        return json.loads(answer.body)
    return np.frombuffer(answer.body, dtype="<f4")


# --- answers -------------------------------------------------------------------------------------


def test_summary_of_the_models(explorer: Explorer) -> None:
    (model,) = asked(explorer, "models")["models"]
    assert {**model, "layouts": [each["name"] for each in model["layouts"]]} == {
        "name": "words", "words": 60, "drawn": 40, "dimensions": 8, "counted": True,
        "layouts": ["tsne", "umap"],
    }  # fmt: skip


def test_points_are_the_principal_components_of_the_first_words(
    explorer: Explorer, vectors: KeyedVectors
) -> None:
    points = asked(explorer, "0/points", "layout=pca").reshape(-1, 2)
    np.testing.assert_array_equal(points, principal_components(vectors.vectors[:40]).points)


def test_keys_and_counts_of_the_drawn_words(explorer: Explorer, vectors: KeyedVectors) -> None:
    assert asked(explorer, "0/keys") == vectors.index_to_key[:40]
    assert asked(explorer, "0/counts").tolist() == list(range(100, 60, -1))
    uncounted = Explorer([ExploredModel("words", random_vectors())])
    assert asked(uncounted, "0/counts").size == 0


def test_neighbors_are_those_of_most_similar(explorer: Explorer, vectors: KeyedVectors) -> None:
    answer = asked(explorer, "0/word", "index=50&n=4")
    assert (answer["key"], answer["count"]) == ("w50", 50)
    expected = vectors.most_similar("w50", topn=4)
    assert [near["key"] for near in answer["neighbors"]] == [key for key, _ in expected]
    assert [near["cosine"] for near in answer["neighbors"]] == pytest.approx(
        [cosine for _, cosine in expected], abs=1e-4
    )


def test_a_sum_is_walked_and_ends_where_most_similar_does(
    explorer: Explorer, vectors: KeyedVectors
) -> None:
    answer = asked(explorer, "0/walk", "plus=1&plus=2&minus=3&n=5")
    assert [(step["key"], step["sign"]) for step in answer["steps"]] == [
        ("w1", 1), ("w3", -1), ("w2", 1)
    ]  # fmt: skip
    expected = vectors.most_similar(["w1", "w2"], ["w3"], topn=5)
    assert [near["key"] for near in answer["neighbors"]] == [key for key, _ in expected]
    # Each step says what is nearest then, never one of the words themselves.
    halfway = vectors.most_similar(["w1"], ["w3"], topn=5)
    first = next(key for key, _ in halfway if key != "w2")
    assert answer["steps"][1]["neighbors"][0]["key"] == first


def test_a_sum_that_cancels_out_has_no_neighbors(explorer: Explorer) -> None:
    assert asked(explorer, "0/walk", "plus=1&minus=1")["neighbors"] == []


def test_pair_is_the_cosine(explorer: Explorer, vectors: KeyedVectors) -> None:
    expected = float(vectors.similarity("w1", "w2"))
    assert asked(explorer, "0/pair", "a=1&b=2") == {"cosine": pytest.approx(expected)}


def test_words_beyond_the_map_are_found_by_their_beginning(explorer: Explorer) -> None:
    found = asked(explorer, "0/find", "text=W5&n=3")
    assert found == [{"index": 50 + k, "key": f"w{50 + k}"} for k in range(3)]
    assert asked(explorer, "0/find", "text=w1") == []  # all of these are drawn


def test_an_unknown_word_comes_with_words_like_it(explorer: Explorer) -> None:
    assert asked(explorer, "0/index", "key=w7") == {"index": 7, "close": []}
    answer = asked(explorer, "0/index", "key=W7")
    assert answer["index"] == -1
    assert "w7" in answer["close"]


def test_long_keys_are_cut_in_lists_and_whole_in_answers() -> None:
    key = "x" * 5000
    model = ExploredModel("long", KeyedVectors.from_arrays([key, "y"], np.eye(2)))
    assert len(model.drawn_keys()[0]) == 200
    assert model.word(0, 1)["key"] == key


def test_integers_as_keys_are_text_to_the_page() -> None:
    rows = random_vectors(20).vectors
    vectors = KeyedVectors.from_arrays(list(range(100, 120)), rows)
    explorer = Explorer([ExploredModel("numbers", vectors, points=15)])
    assert asked(explorer, "0/keys") == [str(key) for key in range(100, 115)]
    assert asked(explorer, "0/index", "key=107") == {"index": 7, "close": []}
    assert asked(explorer, "0/index", "key=7")["index"] == -1  # a key, never a position
    answer = asked(explorer, "0/word", "index=7&n=3")
    expected = vectors.most_similar(107, topn=3)
    assert [near["key"] for near in answer["neighbors"]] == [str(key) for key, _ in expected]
    walk = asked(explorer, "0/walk", "plus=1&plus=2&minus=3&n=3")["neighbors"]
    expected = vectors.most_similar([101, 102], [103], topn=3)
    assert [near["key"] for near in walk] == [str(key) for key, _ in expected]
    cosine = pytest.approx(float(vectors.similarity(101, 102)), abs=1e-6)
    assert asked(explorer, "0/pair", "a=1&b=2") == {"cosine": cosine}
    assert asked(explorer, "0/find", "text=11&n=9")[0] == {"index": 15, "key": "115"}
    assert all(
        type(name) is str for names in asked(explorer, "0/clusters")["names"] for name in names
    )
    if page.is_built():
        assert '"107"' in page_of(explorer.models)


def test_a_zero_vector_has_no_neighbors() -> None:
    rows = random_vectors(5).vectors
    rows[2] = 0
    model = ExploredModel("zero", KeyedVectors.from_arrays(list("abcde"), rows))
    assert model.word(2, 5)["neighbors"] == []
    assert model.pair(2, 3) == {"cosine": 0}


def test_what_a_page_asks_for_first_is_prepared() -> None:
    model = ExploredModel("words", random_vectors())
    model.prepare()
    for thread in threading.enumerate():
        if thread.name == "synvec-prepare":
            thread.join()
    assert {"_principal", "_clusters"} <= set(vars(model))


@pytest.mark.parametrize("count", [0, 1, 2])
def test_hardly_any_words(count: int) -> None:
    explorer = Explorer([ExploredModel("few", random_vectors(count))])
    assert asked(explorer, "0/points", "layout=pca").size == 2 * count
    assert asked(explorer, "0/keys") == [f"w{i}" for i in range(count)]
    clusters = asked(explorer, "0/clusters")
    assert len(clusters["members"]) == count
    if count:
        assert len(asked(explorer, "0/word", "index=0")["neighbors"]) == count - 1


@pytest.mark.parametrize(
    ("path", "query", "status", "said"),
    [
        ("0/word", "index=60", 404, "no word 60, there are 60"),
        ("0/word", "index=-1", 404, "no word -1"),
        ("0/word", "index=" + "9" * 400, 422, "expected an integer"),
        ("0/word", "index=१", 422, "expected an integer"),
        ("0/word", "", 422, "index is missing"),
        ("0/walk", "", 422, "at least one word"),
        ("0/walk", "plus=1&" * 30, 422, "at most 20"),
        ("0/walk", "plus=1&" * 300, 422, ""),
        ("0/points", "layout=x", 404, "no map 'x', there are pca, tsne, umap"),
        ("0/points", "layout=tsne", 404, "not computed yet"),
        ("0/nothing", "", 404, "nothing at"),
        ("7/keys", "", 404, "no model 7"),
        ("x/keys", "", 422, "expected an integer"),
        ("", "", 422, "expected an integer"),
    ],
)
def test_wrong_questions(explorer: Explorer, path: str, query: str, status: int, said: str) -> None:
    assert said in asked(explorer, path, query, status)["error"]


@pytest.mark.parametrize(
    "path", ["/../answers.py", "/assets/../../page.py", "/assets/%2e%2e/x", "/etc/passwd", "//x"]
)
def test_no_path_reaches_the_disk(explorer: Explorer, path: str) -> None:
    assert explorer.answer("GET", path).status == 404


def test_changes_are_not_made_by_reading(explorer: Explorer) -> None:
    assert explorer.answer("GET", "/explorer/0/layouts/tsne").status == 405
    assert explorer.answer("POST", "/explorer/0/keys").status == 405
    assert explorer.answer("POST", "/").status == 405


def test_vectors_that_are_not_finite_are_told() -> None:
    vectors = random_vectors()
    vectors.vectors[3, 2] = np.nan
    explorer = Explorer([ExploredModel("nan", vectors)])
    assert "not finite" in asked(explorer, "0/points", "layout=pca", 422)["error"]


# --- clusters ------------------------------------------------------------------------------------


def test_clusters_find_directions_that_are_there() -> None:
    draw = np.random.default_rng(1)
    directions = np.eye(6, dtype=np.float32)
    truth = draw.integers(6, size=72)
    rows = (directions[truth] + draw.normal(scale=0.02, size=(72, 6))).astype(np.float32)
    found = clusters_of(rows * draw.uniform(1, 9, (72, 1)).astype(np.float32), _names)
    assert len(found.names) == 6
    assert len({(a, b) for a, b in zip(truth, found.members, strict=True)}) == 6


def test_equal_vectors_give_equal_clusters() -> None:
    rows = random_vectors(300).vectors
    first, second = clusters_of(rows, _names), clusters_of(rows.copy(), _names)
    np.testing.assert_array_equal(first.members, second.members)
    assert first.names == second.names


def test_names_are_members_and_readable_ones_first() -> None:
    rows = np.ones((9, 3), dtype=np.float32)
    keys = ["1", "22", "a", "tea", "b2", "coffee", "x", "milk", "y"]
    found = clusters_of(rows, lambda at: [keys[i] for i in at])
    members = [key for number, names in enumerate(found.names) for key in names
               if found.members[keys.index(key)] == number]  # fmt: skip
    assert {"tea", "coffee", "milk"} <= set(members)


def test_clusters_of_zero_vectors() -> None:
    found = clusters_of(np.zeros((30, 4), dtype=np.float32), _names)
    assert set(found.members) == {0}


def _names(at: Any) -> list[str]:
    return [f"w{i}" for i in at]


# --- the page's files ----------------------------------------------------------------------------


def test_a_page_that_was_not_built_says_how(
    explorer: Explorer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(page, "FOLDER", tmp_path)
    answer = explorer.answer("GET", "/")
    assert answer.status == 503
    assert b"make setup" in answer.body
    assert asked(explorer, "0/keys")  # all else works
    with pytest.raises(FileNotFoundError, match="npm ci"):
        page_of(explorer.models)


def test_a_single_page_holds_what_the_page_asks_for(vectors: KeyedVectors) -> None:
    if not page.is_built():
        pytest.skip(page.HOW_TO_BUILD)
    html = page_of([ExploredModel("<words>", vectors, points=40)])
    assert "<words>" not in html  # nothing in the data can end its element
    assert "src=" not in html.split("<script", 1)[0]
    assert html.index("Content-Security-Policy") < html.index("<link") < html.index("<style")
    text = html.split('id="synvec-data">')[1].split("</script>")[0]
    (data,) = json.loads(text)
    assert data["summary"]["name"] == "<words>"
    assert data["keys"] == vectors.index_to_key[:40]
    rows = np.frombuffer(_decoded(data["vectors"]), np.int8).reshape(40, 8).astype(np.float64)
    cosines = (rows / np.linalg.norm(rows, axis=1)[:, None]) * (
        vectors.vectors[:40] / np.linalg.norm(vectors.vectors[:40], axis=1)[:, None]
    )
    assert cosines.sum(axis=1).min() > 0.9999
    assert np.frombuffer(_decoded(data["points"]["pca"]), "<i2").size == 80


def _decoded(text: str) -> bytes:
    import base64

    return base64.b64decode(text)


def test_the_page_asks_for_its_script_and_style_alone() -> None:
    if not page.is_built():
        pytest.skip(page.HOW_TO_BUILD)
    named = re.findall(r'(?:src|href)="([^"]*)"', page.text("index.html"))
    fetched = {name for name in named if not name.startswith("data:")}
    assert fetched == {"./assets/explorer.js", "./assets/explorer.css"}
    assert all(page.file(name.removeprefix(".")) for name in fetched)


# --- over HTTP -----------------------------------------------------------------------------------


def test_the_local_server_answers_its_own_machine_alone(explorer: Explorer) -> None:
    with served(explorer) as server:
        assert server.server_address[0] == "127.0.0.1"
        connection = http.client.HTTPConnection(*server.server_address[:2])

        def status(method: str = "GET", body: bytes | None = None, **headers: str) -> int:
            given = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, "/explorer/models", body, given)
            answer = connection.getresponse()
            answer.read()
            return answer.status

        port = server.server_address[1]
        assert status() == 200
        assert status("HEAD") == 200
        assert status(Host=f"localhost:{port}") == 200
        assert status(Host="evil.example") == 403  # a name that was made to mean this machine
        assert status(Origin="http://evil.example") == 403
        assert status("POST", Origin=f"http://127.0.0.1:{port}", Host=f"127.0.0.1:{port}") != 403
        assert status(body=b"x") == 413
        connection.close()


def test_answers_say_that_nothing_may_be_loaded_from_elsewhere(explorer: Explorer) -> None:
    headers = explorer.answer("GET", "/explorer/models").headers
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"


def test_the_server_of_models_shows_the_page_to_browsers(vectors: KeyedVectors) -> None:
    pytest.importorskip("fastapi", reason="needs pip install synvec[serve]")
    pytest.importorskip("prometheus_client", reason="needs pip install synvec[serve]")
    from synvec.server import application

    app = application({"words": vectors})

    def get(path: str, accept: str = "*/*") -> tuple[int, bytes]:
        return asyncio.run(_asgi_get(app, path, accept))

    assert json.loads(get("/")[1])["models"] == ["words"]
    status, body = get("/explorer/0/keys")
    assert (status, json.loads(body)) == (200, vectors.index_to_key)
    (model,) = json.loads(get("/explorer/models")[1])["models"]
    assert model["layouts"] == []  # nobody makes a public server busy for minutes
    if page.is_built():
        assert b"<title>synvec</title>" in get("/", "text/html")[1]
        assert get("/assets/explorer.js")[0] == 200


async def _asgi_get(app: Any, path: str, accept: str) -> tuple[int, bytes]:
    scope = {
        "type": "http", "http_version": "1.1", "method": "GET", "path": path, "query_string": b"",
        "raw_path": path.encode(), "root_path": "", "scheme": "http", "server": ("localhost", 80),
        "headers": [(b"accept", accept.encode()), (b"host", b"localhost")],
    }  # fmt: skip
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    await app(scope, receive, send)
    body = b"".join(message.get("body", b"") for message in sent[1:])
    return sent[0]["status"], body
