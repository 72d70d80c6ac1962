"""Many readers of one store: threads that share it, processes that get it, and what comes back."""

import copy
import multiprocessing
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from synvec import KeyedVectors

THREADS = 8
ROUNDS = 20
SIZE = 24


def make_store() -> KeyedVectors:
    """Return 3000 random vectors whose norms nobody has computed yet."""
    rows = np.random.default_rng(5).standard_normal((3000, SIZE), dtype=np.float32)
    rows[17] = 0
    counts = np.arange(3000)[::-1]
    return KeyedVectors.from_arrays([f"k{row}" for row in range(3000)], rows, counts=counts)


QUERIES: dict[str, Callable[[KeyedVectors], Any]] = {
    "most_similar": lambda kv: kv.most_similar(["k3", "k5"], ["k7"]),
    "candidates": lambda kv: kv.most_similar("k3", candidates=["k9", "k17", 40]),
    "all cosines": lambda kv: kv.most_similar("k3", topn=None).tobytes(),
    "by a vector": lambda kv: kv.similar_by_vector(np.arange(SIZE)),
    "cosmul": lambda kv: kv.most_similar_cosmul("k1", "k2"),
    "batch": lambda kv: kv.most_similar_batch([f"k{row}" for row in range(20, 60)], topn=5),
    "similarity": lambda kv: float(kv.similarity("k1", "k2")),
    "distances": lambda kv: kv.distances("k8").tobytes(),
    "n_similarity": lambda kv: float(kv.n_similarity(["k1", "k2"], ["k3"])),
    "rank": lambda kv: kv.rank("k1", "k2"),
    "doesnt_match": lambda kv: kv.doesnt_match(["k1", "k2", "k3", "k4"]),
    "raw vector": lambda kv: kv.get_vector("k17").tobytes(),
    "unit vector": lambda kv: kv.get_vector("k30", norm=True).tobytes(),
    "unit vectors": lambda kv: kv.get_normed_vectors().tobytes(),
    "rows of keys": lambda kv: kv[["k9", "k2"]].tobytes(),
    "key_to_index": lambda kv: [kv.key_to_index[f"k{row}"] for row in range(0, 3000, 100)],
    "index_to_key": lambda kv: kv.index_to_key[::500],
    "walking": lambda kv: sum(map(len, kv.index_to_key)),
    "in": lambda kv: ["k9" in kv, "nobody" in kv],
    "a miss": lambda kv: miss(kv, "K9"),
    "a count": lambda kv: kv.get_vecattr("k1", "count"),
}


def miss(kv: KeyedVectors, key: str) -> str:
    try:
        kv.get_index(key)
    except KeyError as error:
        return str(error)
    raise AssertionError(key)


def answers(kv: KeyedVectors) -> dict[str, Any]:
    return {name: ask(kv) for name, ask in QUERIES.items()}


@pytest.fixture
def hasty_threads() -> Iterator[None]:
    """Make the interpreter change threads as often as it can."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(usual)


def test_eight_threads_get_the_answers_of_one(hasty_threads: None) -> None:
    expected = {name: ask(make_store()) for name, ask in QUERIES.items()}
    stores = [make_store() for _ in range(ROUNDS)]
    wrong: list[object] = []
    together = threading.Barrier(THREADS)

    def read(number: int) -> None:
        # Each begins elsewhere, so that every kind of question meets a store without norms.
        names = list(QUERIES)
        names = names[number * 2 :] + names[: number * 2]
        for kv in stores:
            together.wait()
            for name in names:
                try:
                    if QUERIES[name](kv) != expected[name]:
                        wrong.append(name)
                except Exception as error:
                    wrong.append((name, error))

    threads = [threading.Thread(target=read, args=[number]) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert all(answers(kv) == expected for kv in stores)


def test_copies_can_be_written_to_while_others_read() -> None:
    kv = make_store()
    expected = kv.most_similar("k3")
    wrong: list[object] = []
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            if kv.most_similar("k3") != expected:
                wrong.append("changed")

    reader = threading.Thread(target=read)
    reader.start()
    try:
        for number in range(20):
            twin = copy.copy(kv)
            twin["k3"] = np.full(SIZE, number + 1)
            twin.add_vector("new", np.ones(SIZE))
            twin.init_sims(replace=True)
    finally:
        done.set()
        reader.join()
    assert wrong == []
    assert "new" not in kv


# --- processes ------------------------------------------------------------------------------------


def opened(path: Path) -> KeyedVectors:
    return KeyedVectors.load(path, mmap="r")


def look_up(kv: KeyedVectors, key: str) -> Any:
    return kv.get_vector(key).copy()


@pytest.fixture(scope="module")
def pool() -> Iterator[ProcessPoolExecutor]:
    """One other process, started afresh: nothing of this one's memory is in it."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(max_workers=1, mp_context=context) as executor:
        yield executor


@pytest.mark.parametrize("with_norms", [False, True])
def test_another_process_gives_the_same_answers(
    pool: ProcessPoolExecutor, with_norms: bool
) -> None:
    kv = make_store()
    if with_norms:
        kv.fill_norms()
    assert pool.submit(answers, kv).result() == answers(make_store())


def test_a_store_comes_back_whole(pool: ProcessPoolExecutor, tmp_path: Path) -> None:
    kv = make_store()
    kv.save(tmp_path / "vectors.kv")
    back = pool.submit(opened, tmp_path / "vectors.kv").result()
    assert answers(back) == answers(kv)
    back["k3"] = np.ones(SIZE)  # no longer tied to the map
    back.add_vector("new", np.ones(SIZE))
    assert back.most_similar("k3", topn=1) == [("new", 1.0)]


def test_what_is_read_only_here_can_be_sent(pool: ProcessPoolExecutor, tmp_path: Path) -> None:
    make_store().save(tmp_path / "vectors.kv")
    kv = opened(tmp_path / "vectors.kv")
    assert pool.submit(answers, kv).result() == answers(kv)
    np.testing.assert_array_equal(pool.submit(look_up, kv, "k3").result(), kv["k3"])


def test_views_and_errors_cross_over(pool: ProcessPoolExecutor) -> None:
    kv = make_store()
    assert pool.submit(list, kv.index_to_key).result() == list(kv.index_to_key)
    assert pool.submit(dict, kv.key_to_index).result() == dict(kv.key_to_index)
    with pytest.raises(KeyError, match=r"Key 'K9' not present, did you mean 'k9'\?"):
        pool.submit(look_up, kv, "K9").result()
