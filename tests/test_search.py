"""Approximate indexes, against the exact search of the same store."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
import warnings
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from synvec import KeyedVectors
from synvec.search import ApproximateIndex, Audit
from synvec.search.audit import repair
from synvec.search.engine import Rows, UnitRows
from synvec.search.hnsw import HnswEngine
from synvec.search.twins import Twins

pytest.importorskip("usearch", reason="pip install synvec[ann]")

ROWS, SIZE = 1500, 16
KINDS: list[tuple[str, dict[str, Any]]] = [
    ("hnsw", {}),
    ("hnsw", {"dtype": "float16"}),
    ("hnsw", {"dtype": "int8"}),
    ("ivfpq", {}),
]


def store_of(rows: int = ROWS, size: int = SIZE) -> KeyedVectors:
    """Clustered vectors of all lengths, some equal, some zero."""
    random = np.random.default_rng(3)
    centers = random.standard_normal((rows // 50, size))
    vectors = centers[random.integers(0, len(centers), rows)]
    vectors = (vectors + 0.5 * random.standard_normal((rows, size))).astype(np.float32)
    vectors *= random.lognormal(size=(rows, 1)).astype(np.float32)
    vectors[40:70] = vectors[5]
    vectors[80] = 2 * vectors[5]
    vectors[[90, 91, 92]] = 0
    return KeyedVectors.from_arrays([f"k{row}" for row in range(rows)], vectors)


def build(kv: KeyedVectors, kind: str = "hnsw", **options: Any) -> ApproximateIndex:
    return kv.build_index(cast(Any, kind), **{"workers": 1, "sample": 100, **options})


@pytest.fixture(scope="module")
def kv() -> KeyedVectors:
    return store_of()


@pytest.fixture(scope="module")
def index(kv: KeyedVectors) -> ApproximateIndex:
    return build(kv)


@pytest.fixture(scope="module")
def large() -> KeyedVectors:
    return store_of(12_000, 10)


@pytest.mark.parametrize(("kind", "options"), KINDS)
def test_it_finds_what_the_exact_search_finds(
    large: KeyedVectors, kind: str, options: dict[str, Any]
) -> None:
    if kind == "ivfpq":
        pytest.importorskip("faiss", reason="pip install synvec[ann]")
    index = build(large, kind, **options)
    assert index.kind == kind
    assert index.recall is not None and index.recall >= 0.95
    assert index.audit.lost == 0
    keys = [f"k{row}" for row in range(0, len(large), 100)]
    found = large.most_similar_batch(keys, indexer=index)
    hits = 0
    for key, exact, answer in zip(keys, large.most_similar_batch(keys), found, strict=True):
        cosines = dict(large.most_similar_batch([key], topn=len(large))[0])
        assert len(answer) == 10 and key not in dict(answer)
        assert [cosine for _, cosine in answer] == pytest.approx(
            [cosines[other] for other, _ in answer], abs=1e-6
        )
        hits += sum(cosine >= exact[-1][1] - 1e-6 for _, cosine in answer)
    assert hits >= 0.93 * 10 * len(keys)


def test_every_row_is_found_by_its_own_vector(kv: KeyedVectors, index: ApproximateIndex) -> None:
    found = {kv.most_similar(row, topn=1, indexer=index)[0][0] for row in kv.vectors[100:]}
    assert found == {f"k{row}" for row in range(100, ROWS)}


def test_topn_means_what_it_means_for_the_exact_search(
    kv: KeyedVectors, index: ApproximateIndex
) -> None:
    assert kv.most_similar("k7", topn=0, indexer=index) == []
    assert len(kv.most_similar("k7", topn=1, indexer=index)) == 1
    everything = kv.most_similar("k7", topn=10 * ROWS, indexer=index)
    assert everything == kv.most_similar("k7", topn=10 * ROWS)
    assert len(everything) == ROWS - 1
    every_cosine = kv.most_similar("k7", topn=None, indexer=index)
    assert np.array_equal(every_cosine, kv.most_similar("k7", topn=None))
    assert index.most_similar(kv["k7"], 0) == []
    assert kv.most_similar_batch(["k7", "k8"], topn=0, indexer=index) == [[], []]
    assert kv.most_similar_batch([], indexer=index) == []


@pytest.mark.parametrize("kind", ["hnsw", "ivfpq"])
def test_keys_that_are_integers_are_found_as_such(kind: str, tmp_path: Path) -> None:
    if kind == "ivfpq":
        pytest.importorskip("faiss", reason="pip install synvec[ann]")
    vectors = np.random.default_rng(5).standard_normal((10_500, 4)).astype(np.float32)
    keys = [2**63 - 1, -(2**63), -1, 0, *range(100_000, 110_496)]
    kv = KeyedVectors.from_arrays(keys, vectors)
    index = kv.build_index(cast(Any, kind), sample=100)
    assert index.most_similar(kv[-1], 1)[0][0] == -1
    asked = [-1, 100_007]
    expected = [[found for found, _ in kv.most_similar(key, topn=3)] for key in asked]
    index.save(tmp_path / "index")
    for one in (index, kv.load_index(tmp_path / "index")):
        one.effort = 1024
        single = [kv.most_similar(key, topn=3, indexer=one) for key in asked]
        for answers in (single, kv.most_similar_batch(asked, topn=3, indexer=one)):
            assert [[key for key, _ in found] for found in answers] == expected
    with pytest.raises(KeyError, match="3"):  # a row's number is no key
        kv.most_similar(3, indexer=index)


def test_sums_leave_all_their_keys_out(kv: KeyedVectors, index: ApproximateIndex) -> None:
    answer = kv.most_similar(["k200", "k201"], ["k300"], topn=20, indexer=index)
    exact = kv.most_similar(["k200", "k201"], ["k300"], topn=20)
    assert len(answer) == 20
    assert not {"k200", "k201", "k300"} & set(dict(answer))
    assert len(set(dict(answer)) & set(dict(exact))) >= 18


def test_what_an_index_cannot_honour_is_refused(kv: KeyedVectors, index: ApproximateIndex) -> None:
    ranges: list[dict[str, Any]] = [
        {"restrict_vocab": 3},
        {"clip_start": 1},
        {"candidates": ["k1"]},
    ]
    for narrowed in ranges:
        with pytest.raises(ValueError, match="an indexer searches all rows"):
            kv.most_similar("k7", indexer=index, **narrowed)
        with pytest.raises(ValueError, match="an indexer searches all rows"):
            kv.most_similar_batch(["k7"], indexer=index, **narrowed)


def test_any_object_will_do_as_in_gensim(kv: KeyedVectors) -> None:
    class Annoy:
        def most_similar(self, vector: Any, num_neighbors: int) -> list[tuple[str, float]]:
            return [("k7", 1.0), ("k3", 0.5), ("k4", 0.25)][:num_neighbors]

    assert kv.most_similar("k7", topn=1, indexer=Annoy()) == [("k3", 0.5)]
    with pytest.raises(TypeError, match="a Annoy answers one query at a time"):
        kv.most_similar_batch(["k7"], indexer=cast(Any, Annoy()))


def test_equal_rows_are_all_found_in_order(kv: KeyedVectors, index: ApproximateIndex) -> None:
    equal = ["k5", *(f"k{row}" for row in range(40, 70)), "k80"]
    answer = kv.most_similar(kv["k5"], topn=32, indexer=index)
    assert sorted(dict(answer)) == sorted(equal)
    assert [key for key, _ in answer if key != "k80"] == equal[:-1]
    assert all(cosine == pytest.approx(1) for _, cosine in answer)
    without_itself = kv.most_similar("k50", topn=31, indexer=index)
    assert sorted(dict(without_itself)) == sorted(set(equal) - {"k50"})


def test_many_equal_rows_hide_no_others() -> None:
    kv = store_of()
    kv.vectors[200:1200] = kv.vectors[0]
    index = build(kv)
    assert index.audit.lost == 0
    others = [kv.most_similar(row, topn=1, indexer=index)[0][0] for row in kv.vectors[1200:]]
    assert others == [f"k{row}" for row in range(1200, ROWS)]
    assert len(kv.most_similar(kv["k0"], topn=300, indexer=index)) == 300


def test_a_zero_vector_asks_for_nothing_in_particular(
    kv: KeyedVectors, index: ApproximateIndex
) -> None:
    assert kv.most_similar("k90", topn=3, indexer=index) == kv.most_similar("k90", topn=3)


def test_twins_are_those_of_a_dictionary() -> None:
    random = np.random.default_rng(5)
    vectors = random.integers(0, 2, (300, 3)).astype(np.float32) * np.float32(-1)
    norms = np.linalg.norm(vectors, axis=1).astype(np.float32)
    rows = np.flatnonzero(norms)
    first: dict[bytes, int] = {}
    pairs = []
    for row in rows.tolist():
        stand_in = first.setdefault((vectors[row] + 0).tobytes(), row)
        if stand_in != row:
            pairs.append((row, stand_in))
    twins = Twins.among(rows, UnitRows(vectors, norms))
    assert sorted(map(tuple, twins.pairs.tolist())) == sorted(pairs)
    assert twins.without(rows).tolist() == sorted(first.values())


def test_no_numbers_no_index() -> None:
    with pytest.raises(ValueError, match="no vectors to index"):
        build(KeyedVectors(3))
    with pytest.raises(ValueError, match="no vectors to index"):
        build(KeyedVectors.from_arrays(["a", "b"], np.zeros((2, 3))))
    with pytest.raises(ValueError, match="NaN or infinity"):
        build(KeyedVectors.from_arrays(["a", "b"], [[1, 2], [np.nan, 1]]))


@pytest.mark.parametrize("rows", [1, 2, 5])
def test_a_few_rows_are_enough(rows: int) -> None:
    kv = KeyedVectors.from_arrays([f"k{row}" for row in range(rows)], np.eye(rows, 6) + 0.1)
    index = build(kv)
    assert kv.most_similar("k0", indexer=index) == kv.most_similar("k0")
    assert index.recall == 1


def test_a_vector_that_is_none_is_refused(index: ApproximateIndex) -> None:
    with pytest.raises(ValueError, match=r"shape \(3,\), expected \(16,\)"):
        index.most_similar(np.ones(3, dtype=np.float32))
    with pytest.raises(ValueError, match="finite"):
        index.most_similar(np.full(SIZE, np.inf, dtype=np.float32))


@pytest.mark.parametrize(
    ("options", "error", "match"),
    [
        ({"kind": "annoy"}, ValueError, "kind is 'annoy', expected 'hnsw' or 'ivfpq'"),
        ({"dtype": "float64"}, ValueError, "dtype is 'float64'"),
        ({"connectivity": 1}, ValueError, "connectivity is 1"),
        ({"expansion": 0}, ValueError, "expansion is 0"),
        ({"effort": 0}, ValueError, "effort is 0"),
        ({"target_recall": 0}, ValueError, "target_recall is 0"),
        ({"sample": 0}, ValueError, "sample is 0"),
        ({"workers": 0}, ValueError, "workers is 0"),
        ({"lists": 3}, TypeError, "an hnsw index takes no such options: lists"),
        ({"kind": "ivfpq"}, ValueError, "an ivfpq index needs at least 9,984"),
    ],
)
def test_wrong_arguments(
    kv: KeyedVectors, options: dict[str, Any], error: type[Exception], match: str
) -> None:
    with pytest.raises(error, match=match):
        build(kv, **options)


# --- effort, recall, audit ------------------------------------------------------------------------


def test_effort_is_the_least_that_reaches_the_target() -> None:
    vectors = np.random.default_rng(1).standard_normal((4000, 40))
    kv = KeyedVectors.from_arrays([f"k{row}" for row in range(4000)], vectors)
    index = build(kv, connectivity=6, expansion=30, target_recall=0.97)
    *low, chosen = index.audit.recalls
    assert low and chosen == index.effort
    assert all(index.audit.recalls[effort] < 0.97 for effort in low)
    assert index.recall == index.audit.recalls[chosen]
    assert f"recall@10 {index.recall:.3f} at effort {chosen}" in repr(index)


def test_low_recall_is_told() -> None:
    vectors = np.random.default_rng(1).standard_normal((3000, 100))
    kv = KeyedVectors.from_arrays([f"k{row}" for row in range(3000)], vectors)
    with pytest.warns(UserWarning, match=r"finds \d+\.\d% of the ten nearest rows at effort 1"):
        index = build(kv, connectivity=8, effort=1)
    assert index.recall is not None and index.recall < 0.9
    index.effort = 200
    assert index.recall is None and "recall not measured at effort 200" in repr(index)
    assert index.measure(100) == index.recall > 0.5


def test_the_same_vectors_make_the_same_index(kv: KeyedVectors, tmp_path: Any) -> None:
    for name in ("a", "b"):
        build(kv).save(tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def units_of(kv: KeyedVectors) -> UnitRows:
    kv.fill_norms()
    assert kv.norms is not None
    return UnitRows(kv.vectors, kv.norms)


def test_rows_that_are_lost_are_found_out_and_repaired() -> None:
    kv = KeyedVectors.from_arrays(
        [f"k{row}" for row in range(500)], np.random.default_rng(2).standard_normal((500, 8))
    )
    units = units_of(kv)
    engine = HnswEngine(8)
    rows = np.arange(500)
    there = np.setdiff1d(rows, [3, 77, 401])
    engine.add(there, units(there), workers=1)
    # What a race does to them: they are stored, but lie where nothing leads.
    engine.add(np.array([3, 77, 401]), -units(np.array([3, 77, 401])), workers=1)
    audit = Audit()
    repair(engine, rows, units, 1, audit)
    assert (audit.audited, audit.repaired, audit.lost) == (500, 3, 0)
    assert not len(engine.lost(rows, units, 1))
    assert len(engine) == 500


def test_rows_that_stay_lost_are_told_and_found_all_the_same() -> None:
    class Hopeless(HnswEngine):
        def repair(self, rows: Rows, units: UnitRows) -> None:
            pass

    kv = store_of(300, 6)
    kv.vectors[:] = np.random.default_rng(1).standard_normal((300, 6))
    engine = Hopeless(6)
    engine.add(np.arange(200), units_of(kv)(np.arange(200)), workers=1)
    audit = Audit(recalls={64: 1.0})
    lost = repair(engine, np.arange(300), units_of(kv), 1, audit)
    assert (audit.repaired, audit.lost, lost.tolist()) == (100, 100, list(range(200, 300)))
    with pytest.warns(UserWarning, match="100 of 300 rows are lost to the index"):
        audit.warn(64)
    assert kv.norms is not None
    no_twins = Twins(np.empty((0, 2), int))
    index = ApproximateIndex(kv, engine, no_twins, lost, audit, 1)
    assert "100 rows lost" in repr(index)
    engine.effort = 300
    keys = [f"k{row}" for row in range(300)]
    found, cosines = kv.most_similar_batch(keys, indexer=index, as_arrays=True)
    expected, exact = kv.most_similar_batch(keys, as_arrays=True)
    assert np.array_equal(found, expected)
    assert cosines == pytest.approx(exact, abs=1e-6)


def test_builds_by_several_threads_lose_nothing(large: KeyedVectors) -> None:
    index = build(large, workers=2)
    assert index.audit.lost == 0
    assert not len(index.engine.lost(np.arange(1000, 9000), units_of(large), 2))


def test_several_threads_may_ask_at_once(kv: KeyedVectors, index: ApproximateIndex) -> None:
    keys = [f"k{row}" for row in range(100, 200)]
    expected = [kv.most_similar(key, indexer=index) for key in keys]
    differing: list[str] = []

    def ask() -> None:
        answers = [kv.most_similar(key, indexer=index) for key in keys]
        differing.extend(
            key for key, one, other in zip(keys, answers, expected, strict=True) if one != other
        )

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not differing


def test_progress_is_told_and_may_end_the_build(kv: KeyedVectors) -> None:
    reports: list[dict[str, Any]] = []
    build(kv, progress=reports.append)
    assert reports[-1]["rows"] == reports[-1]["total_rows"] == build(kv).audit.audited

    def stop(_: dict[str, Any]) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build(kv, progress=stop)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no SIGINT to a child")
@pytest.mark.parametrize("kind", ["hnsw", "ivfpq"])
def test_ctrl_c_is_a_keyboard_interrupt(kind: str) -> None:
    if kind == "ivfpq":
        pytest.importorskip("faiss", reason="pip install synvec[ann]")
    code = f"""
import numpy as np
from synvec import KeyedVectors
kv = KeyedVectors.from_arrays(list(map(str, range(50_000))),
                              np.random.default_rng(1).standard_normal((50_000, 64)))
import usearch.index, synvec.search
print("ready", flush=True)
while True:
    kv.build_index("{kind}", workers=1)
"""
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None and process.stdout.readline() == "ready\n"
    time.sleep(1)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert said.rstrip().endswith("KeyboardInterrupt")


def test_a_missing_library_is_named(kv: KeyedVectors, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "usearch.index", None)
    with pytest.raises(
        ImportError, match=r"an hnsw index needs usearch.index: pip install synvec\[ann\]"
    ):
        build(kv)


def test_nothing_is_said_where_all_is_well(kv: KeyedVectors) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        build(kv)
