"""What is made of an engine's candidates, whatever an engine may find; and what engines leave."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from synvec import KeyedVectors
from synvec.errors import FormatError
from synvec.search import ApproximateIndex, Audit, hnsw
from synvec.search.approximate import _without
from synvec.search.audit import repair
from synvec.search.engine import MISSING, Rows, UnitRows
from synvec.search.hnsw import HnswEngine
from synvec.search.twins import Twins
from tests.test_search import build, store_of, units_of
from tests.test_search_files import rewritten

ROWS, WANTED = 100, 5


@pytest.fixture(scope="module")
def kv() -> KeyedVectors:
    vectors = np.random.default_rng(3).standard_normal((ROWS, 8)).astype(np.float32)
    store = KeyedVectors.from_arrays([f"k{row}" for row in range(ROWS)], vectors)
    store.fill_norms()
    return store


class Scripted:
    """An engine that finds the rows it is told to."""

    kind, efforts, effort = "scripted", (1,), 1

    def __init__(self, kv: KeyedVectors, rows: list[int], *, exact: bool) -> None:
        self.rows, self.scores_are_exact = np.array(rows), exact
        self._units = units_of(kv)

    def search(self, units: Any, wanted: int, workers: int) -> tuple[Rows, Any]:
        scores = (self._units(self.rows) @ units.T).T.astype(np.float32)
        scores[:, self.rows < 0] = np.nan
        order = np.argsort(-scores, axis=1)
        if not self.scores_are_exact:  # such an engine's own order is of no account
            order = np.broadcast_to(np.arange(len(self.rows)), scores.shape)
        return self.rows[order], np.take_along_axis(scores, order, axis=1)


def found(
    kv: KeyedVectors, rows: list[int], *, exact: bool, lost: tuple[int, ...] = ()
) -> list[tuple[str, float]]:
    """Return what an index on a scripted engine finds near the last row, which is left out."""
    engine = cast(Any, Scripted(kv, rows, exact=exact))
    no_twins = Twins(np.empty((0, 2), int))
    index = ApproximateIndex(kv, engine, no_twins, np.array(lost, int), Audit(), 1)
    return kv.most_similar(f"k{ROWS - 1}", topn=WANTED, indexer=index)


@pytest.fixture(scope="module")
def nearest(kv: KeyedVectors) -> list[int]:
    """Rows near the last one, itself first."""
    near = kv.most_similar(f"k{ROWS - 1}", topn=20)
    return [ROWS - 1, *(int(key[1:]) for key, _ in near)]


def assert_exact(kv: KeyedVectors, answer: list[tuple[str, float]]) -> None:
    expected = kv.most_similar(f"k{ROWS - 1}", topn=WANTED)
    assert [key for key, _ in answer] == [key for key, _ in expected]
    assert [cosine for _, cosine in answer] == pytest.approx([it[1] for it in expected], abs=1e-6)


@pytest.mark.parametrize("exact", [True, False])
def test_a_row_that_was_lost_and_is_found_comes_once(
    kv: KeyedVectors, nearest: list[int], exact: bool
) -> None:
    assert_exact(kv, found(kv, nearest, exact=exact, lost=(nearest[1], nearest[3])))


@pytest.mark.parametrize("exact", [True, False])
@pytest.mark.parametrize("gap", [[], [MISSING] * 30])
def test_what_an_engine_leaves_short_is_searched_exactly(
    kv: KeyedVectors, nearest: list[int], exact: bool, gap: list[int]
) -> None:
    assert_exact(kv, found(kv, [*nearest[:3], *gap], exact=exact))


def test_what_is_missing_stands_for_no_row(kv: KeyedVectors, nearest: list[int]) -> None:
    # The row at place −1 is the very one that is asked for.
    assert_exact(kv, found(kv, [MISSING, *nearest, MISSING], exact=False))


def test_what_is_missing_or_left_out_goes_to_the_end() -> None:
    rows = np.array([[7, MISSING, 4, 2], [1, 2, 3, 4]])
    scores = np.array([[0.9, np.nan, 0.5, 0.4], [0.4, 0.3, 0.2, 0.1]], np.float32)
    kept, own = _without(rows, scores, [[4, 7], [5]], 3)
    assert kept.tolist() == [[2, MISSING, MISSING], [1, 2, 3]]
    assert np.isnan(own[0, 1:]).all()
    assert own[0, 0] == np.float32(0.4)


class TestRowsThatMove:
    """An index of a store whose row numbers mean other rows by now gives no answer at all."""

    KINDS = ("hnsw", "int8", "float16")

    def made(self, kind: str) -> tuple[KeyedVectors, Any]:
        vectors = np.random.default_rng(3).standard_normal((ROWS, 8)).astype(np.float32)
        counts = np.random.default_rng(4).integers(1, 99, ROWS)
        store = KeyedVectors.from_arrays([f"k{row}" for row in range(ROWS)], vectors, counts=counts)
        if kind == "hnsw":
            pytest.importorskip("usearch", reason="pip install synvec[ann]")
            return store, build(store, effort=500)
        return store, store.quantize(cast(Any, kind))

    @pytest.mark.parametrize("kind", KINDS)
    @pytest.mark.parametrize("change", ["sort", "remove"])
    def test_it_is_refused(self, kind: str, change: str) -> None:
        store, index = self.made(kind)
        before = store.most_similar_batch(["k50"], topn=3, indexer=index)
        if change == "sort":
            store.sort_by_descending_frequency()
        else:
            store.remove("k0")
        asked = store.prepare_query("k50")
        for ask in (
            lambda: store.most_similar_batch(["k50"], topn=3, indexer=index),
            lambda: store.answer(asked, 3, indexer=index),
        ):
            with pytest.raises(ValueError, match="re-ordered or removed after the index was made"):
                ask()
        if kind == "float16":  # which has keys and rows of its own
            assert store.most_similar("k50", topn=3, indexer=index) == before[0]
        else:
            with pytest.raises(ValueError, match="make a new one"):
                store.most_similar("k50", topn=3, indexer=index)
        new = build(store, effort=500) if kind == "hnsw" else store.quantize(cast(Any, kind))
        [after] = store.most_similar_batch(["k50"], topn=3, indexer=new)
        assert [key for key, _ in after] == [key for key, _ in before[0]]

    @pytest.mark.parametrize("kind", KINDS)
    def test_copies_and_new_keys_change_nothing(self, kind: str) -> None:
        store, index = self.made(kind)
        before = store.most_similar_batch(["k50"], topn=3, indexer=index)
        copy.copy(store).sort_by_descending_frequency()
        store.add_vectors(["new"], np.ones((1, 8), np.float32))
        store.remove([])
        assert store.most_similar_batch(["k50"], topn=3, indexer=index) == before

    def test_a_copy_has_indexes_of_its_own(self) -> None:
        store, _ = self.made("int8")
        twin = copy.deepcopy(store)
        index = twin.quantize("int8")
        store.sort_by_descending_frequency()
        assert twin.most_similar("k50", indexer=index)
        twin.sort_by_descending_frequency()
        with pytest.raises(ValueError, match="make a new one"):
            twin.most_similar("k50", indexer=index)


class Losing:
    """An engine where repairing a row costs others their last links, a few times."""

    def __init__(self, times: int) -> None:
        self.times, self.repairs = times, list[list[int]]()
        self.repairs_at_compacting = list[int]()

    def compact(self) -> None:
        self.repairs_at_compacting.append(len(self.repairs))

    def lost(self, rows: Rows, units: UnitRows, workers: int) -> Rows:
        return rows[:2] if len(self.repairs) < self.times else rows[:0]

    def repair(self, rows: Rows, units: UnitRows) -> None:
        self.repairs.append(rows.tolist())


@pytest.mark.parametrize(("times", "lost"), [(1, 0), (4, 0), (5, 2)])
def test_what_was_repaired_is_looked_for_again(kv: KeyedVectors, times: int, lost: int) -> None:
    engine, audit = Losing(times), Audit()
    left = repair(cast(Any, engine), np.arange(10), units_of(kv), 1, audit)
    assert (audit.repaired, audit.lost, len(left)) == (2, lost, lost)
    assert len(engine.repairs) == min(times, 4)
    assert engine.repairs_at_compacting == [0, min(times, 4)]


class TestHnsw:
    def test_an_audit_leaves_the_effort_as_it_was(self, kv: KeyedVectors) -> None:
        pytest.importorskip("usearch", reason="pip install synvec[ann]")
        index = build(kv)
        index.effort = 77
        index.engine.lost(np.arange(10), units_of(kv), 1)
        assert index.effort == 77

    def test_how_many_were_measured_is_kept(self, kv: KeyedVectors) -> None:
        pytest.importorskip("usearch", reason="pip install synvec[ann]")
        index = build(kv, sample=20)
        assert index.audit.sample == 20
        index.measure(30)
        assert index.audit.sample == 30


class TestCompactGraphs:
    """A graph that was moved into one block finds what it found, and takes changes still."""

    @pytest.fixture
    def engine(self, kv: KeyedVectors) -> HnswEngine:
        pytest.importorskip("usearch", reason="pip install synvec[ann]")
        engine = HnswEngine(kv.vector_size, connectivity=4, expansion=9, effort=5)
        rows = np.arange(ROWS - 10)
        engine.add(rows, units_of(kv)(rows), workers=1)
        return engine

    def test_it_answers_as_before(self, kv: KeyedVectors, engine: HnswEngine) -> None:
        queries = units_of(kv)(np.arange(ROWS))
        rows, scores = engine.search(queries, WANTED, 1)
        engine.compact()
        assert (len(engine), engine.effort) == (ROWS - 10, 5)
        again, own = engine.search(queries, WANTED, 1)
        assert again.tolist() == rows.tolist()
        assert own.tolist() == scores.tolist()

    def test_where_it_finds_few_there_is_nothing(self, kv: KeyedVectors) -> None:
        pytest.importorskip("usearch", reason="pip install synvec[ann]")
        engine = HnswEngine(kv.vector_size, connectivity=2, expansion=1, effort=1)
        rows = np.arange(ROWS)
        engine.add(rows, units_of(kv)(rows), workers=1)
        with np.errstate(all="raise"):  # what lies in the places left over is no number to use
            found, scores = engine.search(units_of(kv)(rows), ROWS, 1)
        assert (found[:, -1] == MISSING).any()
        assert np.array_equal(np.isnan(scores), found == MISSING)
        assert ((found >= MISSING) & (found < ROWS)).all()

    def test_it_takes_rows_and_is_built_on_as_one_that_was_not(
        self, kv: KeyedVectors, engine: HnswEngine
    ) -> None:
        units, rows = units_of(kv), np.arange(ROWS - 10, ROWS)
        engine.compact()
        engine.add(rows, units(rows), workers=1)
        assert (len(engine), engine.effort) == (ROWS, 5)
        assert engine._index.expansion_add == 9
        assert engine.lost(rows, units, 1).tolist() == []
        engine.compact()
        engine.repair(rows[:3], units)
        assert engine.lost(rows, units, 1).tolist() == []
        assert len(engine) == ROWS

    def test_it_stays_where_it_is_without_memory_for_a_second_copy(
        self, kv: KeyedVectors, engine: HnswEngine, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        needed = len(engine._index.save())
        monkeypatch.setattr(hnsw, "available_memory", lambda: (needed - 1, "so the test says"))
        engine.compact()
        assert engine._data is None
        monkeypatch.setattr(hnsw, "available_memory", lambda: (needed, "so the test says"))
        engine.compact()
        assert engine._data is not None
        monkeypatch.setattr(hnsw, "available_memory", lambda: None)  # nothing is known
        engine.compact()
        assert len(engine) == ROWS - 10


@pytest.fixture(scope="module")
def large() -> KeyedVectors:
    return store_of(10_500, 10)


@pytest.fixture(scope="module")
def listed(large: KeyedVectors) -> ApproximateIndex:
    pytest.importorskip("usearch", reason="pip install synvec[ann]")
    faiss = pytest.importorskip("faiss", reason="pip install synvec[ann]")
    usual = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(3)
    try:
        built = build(large, "ivfpq", lists=30, code_bytes=7)
        assert faiss.omp_get_max_threads() == 3, "what others have set is left as it was"
    finally:
        faiss.omp_set_num_threads(usual)
    return built


def test_bytes_need_not_divide_the_numbers(large: KeyedVectors, listed: ApproximateIndex) -> None:
    assert listed.parameters["code_bytes"] == 7
    listed.effort = 30
    assert listed.measure(100) > 0.7


def test_bytes_of_another_shape_are_refused(
    large: KeyedVectors, listed: ApproximateIndex, tmp_path: Path
) -> None:
    path = tmp_path / "index"
    for changed in ({"lists": 31}, {"code_bytes": 4}):
        listed.save(path)
        rewritten(path, lambda it, new=changed: it["parameters"].update(new))
        with pytest.raises(FormatError, match="its faiss index has another shape"):
            large.load_index(path)


def test_an_index_keeps_the_keys_that_it_was_made_of(kv: KeyedVectors) -> None:
    store = KeyedVectors.from_arrays(list(kv.index_to_key), kv.vectors)
    store.fill_norms()
    engine = cast(Any, Scripted(store, [1, 2, 3], exact=True))
    no_twins = Twins(np.empty((0, 2), int))
    index = ApproximateIndex(store, engine, no_twins, np.array([], int), Audit(), 1)
    before = index.most_similar(store.vectors[0], 2)
    store.add_vectors(["new", "newer"], np.ones((2, 8), np.float32))
    assert index.most_similar(kv.vectors[0], 2) == before
    # A table that grows while another thread looks into it would refuse that thread.
    assert len(index._keys) == len(index) == ROWS
