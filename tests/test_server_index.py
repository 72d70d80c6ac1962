"""A server that finds neighbours by an index, and what becomes of it when files are replaced."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
import sys
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from serving import Server, neighbors, serving, until, vectors
from synvec import Client, KeyedVectors
from synvec.errors import ChecksumError
from synvec.keyed_vectors.preparing import PreparedQueries
from synvec.search import ApproximateIndex
from synvec.server.batching import Batcher, Question
from synvec.server.holding import hold_model
from synvec.server.settings import Source

pytest.importorskip("usearch", reason="pip install synvec[ann]")
pytest.importorskip("fastapi", reason="pip install synvec[serve]")

ROWS = 2000
KV = vectors(ROWS, 40)


def indexed(kv: KeyedVectors) -> ApproximateIndex:
    """Return an index so hasty that its answers are its own."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of its recall, and of rows that are lost
        return kv.build_index("hnsw", effort=1, connectivity=6, expansion=6, workers=1, sample=50)


@pytest.fixture(scope="module")
def index() -> ApproximateIndex:
    return indexed(KV)


@pytest.fixture
def files(tmp_path: Path, index: ApproximateIndex) -> tuple[Path, Path]:
    KV.save(tmp_path / "words.kv")
    index.save(tmp_path / "words.kv.hnsw")
    return tmp_path / "words.kv", tmp_path / "words.kv.hnsw"


@pytest.fixture
def server(files: tuple[Path, Path], tmp_path: Path) -> Iterator[Server]:
    with serving(tmp_path, files[0], "--index", files[1], "--watch", 0.1) as running:
        yield running


def found(kv: KeyedVectors, index: ApproximateIndex | None = None) -> list[tuple[str, float]]:
    return kv.most_similar("tea", topn=3, indexer=index)


def test_the_index_is_one_that_can_be_told_from_an_exact_search(index: ApproximateIndex) -> None:
    assert found(KV, index) != found(KV)


class TestAnswers:
    def test_neighbours_are_those_of_the_index(
        self, server: Server, index: ApproximateIndex
    ) -> None:
        assert neighbors(server) == found(KV, index)
        with Client(server.url) as client:
            batch = ["king", KV["w7"], "w9"]
            expected = KV.most_similar_batch(batch, topn=4, indexer=index)
            assert client.most_similar_batch(batch, topn=4) == expected
            assert client.analogy("man", "king", "woman") == KV.most_similar(
                ["king", "woman"], ["man"], indexer=index
            )

    def test_of_the_first_so_many_they_are_exact(self, server: Server) -> None:
        with Client(server.url) as client:
            expected = KV.most_similar("tea", topn=3, restrict_vocab=ROWS)
            assert client.most_similar("tea", topn=3, restrict_vocab=ROWS) == expected

    def test_the_model_says_so(self, server: Server, index: ApproximateIndex) -> None:
        expected = {"kind": "hnsw", "effort": 1, "recall": index.recall}
        assert server.ask("/v1/models/words")[2]["index"] == expected
        shapes = server.ask("/openapi.json")[2]["components"]["schemas"]
        assert set(shapes["IndexAnswer"]["properties"]) == set(expected)

    def test_no_index_no_mention(self, files: tuple[Path, Path], tmp_path: Path) -> None:
        with serving(tmp_path, files[0]) as server:
            assert server.ask("/v1/models/words")[2]["index"] is None
            assert neighbors(server) == found(KV)

    @pytest.mark.parametrize("how", ["memory", "map"])
    def test_each_model_has_its_own(
        self, files: tuple[Path, Path], tmp_path: Path, index: ApproximateIndex, how: str
    ) -> None:
        named = f"words={files[1]}"
        arguments = (files[0], f"exact={files[0]}", "--index", named, "--hold", how)
        with serving(tmp_path, *arguments, "--workers", 2) as server:
            for _ in range(6):
                assert neighbors(server) == found(KV, index)
                with Client(server.url, "exact") as client:
                    assert client.most_similar("tea", topn=3) == found(KV)


class TestFilesThatChange:
    def test_new_vectors_wait_for_their_index(
        self, server: Server, files: tuple[Path, Path], tmp_path: Path, index: ApproximateIndex
    ) -> None:
        other = vectors(ROWS, 40, seed=9)
        new = indexed(other)
        other.save(files[0])
        until(lambda: "words stays as it was" in server.log.read_text())
        assert f"{files[1]}: is an index of other vectors" in server.log.read_text()
        assert neighbors(server) == found(KV, index)
        new.save(files[1])
        until(lambda: "words is answered from its new file, version 2" in server.log.read_text())
        until(lambda: neighbors(server) == found(other, new))

    def test_a_new_index_of_the_same_vectors_is_taken_up(
        self, server: Server, files: tuple[Path, Path]
    ) -> None:
        better = KV.build_index("hnsw", workers=1, effort=200)
        better.save(files[1])
        until(lambda: server.ask("/v1/models/words")[2]["index"]["effort"] == 200)
        assert [key for key, _ in neighbors(server)] == [key for key, _ in found(KV)]

    def test_what_becomes_of_the_file_on_the_disk_harms_no_answer(
        self, server: Server, files: tuple[Path, Path], index: ApproximateIndex
    ) -> None:
        files[1].write_bytes(b"")
        until(lambda: "words stays as it was" in server.log.read_text())
        assert neighbors(server) == found(KV, index)


class TestRefusals:
    def refused(self, *arguments: object) -> str:
        command = [sys.executable, "-m", "synvec", "serve", "--port", "0", *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120)
        assert done.returncode in (1, 2), done
        assert "Traceback" not in done.stderr
        return done.stderr

    def test_an_index_of_other_vectors(self, files: tuple[Path, Path], tmp_path: Path) -> None:
        vectors(ROWS, 40, seed=9).save(tmp_path / "other.kv")
        told = self.refused(tmp_path / "other.kv", "--index", files[1])
        assert f"{files[1]}: is an index of other vectors" in told

    def test_a_damaged_index(self, files: tuple[Path, Path]) -> None:
        damaged = bytearray(files[1].read_bytes())
        damaged[1000] ^= 1
        files[1].write_bytes(damaged)
        for how in ("memory", "map"):
            with pytest.raises(ChecksumError, match=f"{files[1]}: its engine doesn't match"):
                hold_model(Source(str(files[0]), str(files[1])), how)  # type: ignore[arg-type]

    def test_a_file_that_is_not_there(self, files: tuple[Path, Path]) -> None:
        assert "none.hnsw" in self.refused(files[0], "--index", "none.hnsw")

    def test_of_several_models_one_must_be_named(
        self, files: tuple[Path, Path], tmp_path: Path
    ) -> None:
        shutil.copy(files[0], tmp_path / "more.kv")
        told = self.refused(files[0], tmp_path / "more.kv", "--index", files[1])
        assert f"give it as NAME={files[1]}, with one of words, more" in told

    def test_a_name_of_no_model(self, files: tuple[Path, Path]) -> None:
        told = self.refused(files[0], "--index", f"word={files[1]}")
        assert "no model is called word, expected words" in told

    def test_two_for_one(self, files: tuple[Path, Path]) -> None:
        told = self.refused(files[0], "--index", files[1], "--index", f"words={files[1]}")
        assert "two indexes are given for words" in told


@pytest.mark.filterwarnings("ignore:the index finds")
def test_an_application_of_ones_own_takes_indexes(
    files: tuple[Path, Path], index: ApproximateIndex
) -> None:
    from starlette.testclient import TestClient

    from synvec.server import application

    for given in (index, files[1], str(files[1])):
        app = application({"words": KV}, indexes={"words": given})
        with TestClient(app, base_url="http://localhost") as client:
            answer = client.get("/v1/models/words/neighbors?key=tea&topn=3").json()
        assert [(it["key"], it["cosine"]) for it in answer["neighbors"]] == found(KV, index)
    with pytest.raises(ValueError, match="indexes are given for other, expected names of models"):
        application({"words": KV}, indexes={"other": index})


class Counting:
    """An index that notes what it is asked."""

    def __init__(self, index: ApproximateIndex) -> None:
        self._index, self.calls = index, list[tuple[int, int]]()

    def nearest(self, queries: Any, wanted: int, excluded: Any = None) -> Any:
        self.calls.append((len(queries), wanted))
        return self._index.nearest(queries, wanted, excluded)


def test_only_those_who_want_the_same_number_are_asked_together(index: ApproximateIndex) -> None:
    counting = Counting(index)
    batcher = Batcher(ThreadPoolExecutor(1), 16, json.dumps)

    def question(asked: PreparedQueries, topn: int) -> Question:
        return Question(KV, asked, topn, index=counting)

    key, vector = KV.prepare_queries(["tea"]), KV.prepare_queries([np.ones(40)])

    async def ask() -> list[list[str]]:
        kinds = [(key, 3), (key, 5), (vector, 3), (key, 3), (vector, 3)]
        return await asyncio.gather(*(batcher.ask(question(*kind)) for kind in kinds))

    answers = asyncio.run(ask())
    assert sorted(counting.calls) == [(1, 5), (2, 3), (2, 3)]
    assert answers[0] == answers[3] == [json.dumps(found(KV, index))]
