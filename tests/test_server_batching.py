"""Questions that are asked together get the answers that they would get alone."""

import asyncio
import threading
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

from serving import vectors
from synvec import KeyedVectors
from synvec.keyed_vectors.preparing import PreparedQueries
from synvec.server import memory
from synvec.server.batching import (
    BYTES_A_CALL,
    BYTES_A_NEIGHBOR,
    ROOM,
    Batcher,
    Neighbors,
    Question,
)
from synvec.server.models import Model, Models
from synvec.server.problems import RequestError
from synvec.server.responses import neighbors_as_json

KV = vectors(300)
OTHER = vectors(200, 7, seed=3)


class Calls(ThreadPoolExecutor):
    """One thread that waits before each call until it may, and counts the calls."""

    def __init__(self) -> None:
        super().__init__(1)
        self.made = 0
        self.may_go = threading.Semaphore(0)

    def submit(self, call: Any, /, *arguments: Any, **_: Any) -> Any:
        def held() -> Any:
            self.may_go.acquire()
            self.made += 1
            return call(*arguments)

        return super().submit(held)


def question(*keys: str, topn: int = 5, end: int | None = None, kv: KeyedVectors = KV) -> Question:
    return Question(kv, kv.prepare_queries(keys), topn, end)


def run(work: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(work)


def test_questions_that_wait_share_a_call() -> None:
    calls = Calls()
    batcher = Batcher(calls, 16, list)

    async def ask() -> list[list[Neighbors]]:
        first = asyncio.create_task(batcher.ask(question("tea")))
        await asyncio.sleep(0.05)  # it is being answered
        rest = [
            asyncio.create_task(batcher.ask(question(f"w{each}", topn=each + 1)))
            for each in range(8)
        ]
        await asyncio.sleep(0.05)
        calls.may_go.release(2)
        return list(await asyncio.gather(first, *rest))

    answers = run(ask())
    assert calls.made == 2
    assert answers[0] == [KV.most_similar("tea", topn=5)]
    assert answers[1:] == [[KV.most_similar(f"w{each}", topn=each + 1)] for each in range(8)]


def test_other_ranges_and_stores_are_asked_apart() -> None:
    calls = Calls()
    batcher = Batcher(calls, 16, list)
    asked = [
        question("tea"), question("tea", end=50), question("king"), question("tea", kv=OTHER),
        question("w1", end=50),
    ]  # fmt: skip

    async def ask() -> list[list[Neighbors]]:
        tasks = [asyncio.create_task(batcher.ask(each)) for each in asked]
        calls.may_go.release(10)
        return list(await asyncio.gather(*tasks))

    answers = run(ask())
    assert calls.made == 3
    assert answers == [
        [KV.most_similar("tea", topn=5)],
        [KV.most_similar("tea", topn=5, restrict_vocab=50)],
        [KV.most_similar("king", topn=5)],
        [OTHER.most_similar("tea", topn=5)],
        [KV.most_similar("w1", topn=5, restrict_vocab=50)],
    ]


def test_a_large_request_does_not_keep_a_small_one_waiting() -> None:
    calls = Calls()
    batcher = Batcher(calls, 8, list)
    keys = [f"w{each}" for each in range(100)]

    async def ask() -> tuple[int, list[Neighbors], list[Neighbors]]:
        large = asyncio.create_task(batcher.ask(question(*keys)))
        await asyncio.sleep(0.05)
        small = asyncio.create_task(batcher.ask(question("tea")))
        await asyncio.sleep(0.05)
        calls.may_go.release(2)
        answer = await small
        made = calls.made
        assert not large.done()
        calls.may_go.release(100)
        return made, answer, await large

    made, small, large = run(ask())
    assert made == 2
    assert small == [KV.most_similar("tea", topn=5)]
    assert large == KV.most_similar_batch(keys, topn=5)
    assert calls.made == 13  # 100 keys by 8: the free places of the small one's call were used


def test_the_line_is_bounded_and_opens_again() -> None:
    calls = Calls()
    batcher = Batcher(calls, 4, list)

    async def ask() -> None:
        tasks = [asyncio.create_task(batcher.ask(question(f"w{each}"))) for each in range(4 * ROOM)]
        await asyncio.sleep(0.05)
        late = asyncio.create_task(batcher.ask(question("king")))
        answers = asyncio.gather(*tasks, late, return_exceptions=True)
        await asyncio.sleep(0.05)
        # Who waited longest is told at once; those who are being answered keep their places.
        assert [task.done() for task in tasks] == [number == 4 for number in range(4 * ROOM)]
        refused = tasks[4].exception()
        assert isinstance(refused, RequestError)
        assert (refused.status, refused.headers["Retry-After"]) == (503, "1")
        calls.may_go.release(100)
        expected = [[KV.most_similar(f"w{each}", topn=5)] for each in range(4 * ROOM)]
        expected[4:5] = [refused]  # type: ignore[list-item]
        assert await answers == [*expected, [KV.most_similar("king", topn=5)]]
        assert calls.made == ROOM
        assert await batcher.ask(question("king")) == [KV.most_similar("king", topn=5)]

    run(ask())


def test_a_place_is_given_up_for_no_less_than_it_weighs() -> None:
    calls = Calls()
    batcher = Batcher(calls, 4, list)
    many = [f"w{each}" for each in range(4)]

    async def ask() -> None:
        first = asyncio.create_task(batcher.ask(question(*many)))
        await asyncio.sleep(0.05)  # it is being answered
        waiting = asyncio.create_task(batcher.ask(question(*many)))
        await asyncio.sleep(0.05)
        with pytest.raises(RequestError, match="too many requests"):
            await batcher.ask(question("tea"))
        instead = asyncio.create_task(batcher.ask(question(*many, topn=1)))
        with pytest.raises(RequestError, match="too many requests"):
            await waiting
        calls.may_go.release(100)
        assert await first == KV.most_similar_batch(many, topn=5)
        assert await instead == KV.most_similar_batch(many, topn=1)

    run(ask())


def test_what_was_begun_is_finished() -> None:
    calls = Calls()
    batcher = Batcher(calls, 2, list)
    keys = [f"w{each}" for each in range(6)]

    async def ask() -> None:
        large = asyncio.create_task(batcher.ask(question(*keys)))
        await asyncio.sleep(0.05)  # two of the six are being answered, four wait
        small = [asyncio.create_task(batcher.ask(question("tea"))) for _ in range(2)]
        await asyncio.sleep(0.05)
        late = asyncio.create_task(batcher.ask(question("king")))
        with pytest.raises(RequestError):
            await small[0]
        calls.may_go.release(100)
        assert await large == KV.most_similar_batch(keys, topn=5)
        assert await late == [KV.most_similar("king", topn=5)]
        assert await small[1] == [KV.most_similar("tea", topn=5)]

    run(ask())


def test_a_failure_reaches_those_who_asked_and_nobody_else() -> None:
    calls = Calls()
    calls.may_go.release(100)
    batcher = Batcher(calls, 4, list)
    wrong = Question(KV, PreparedQueries(np.ones((9, 3), np.float32), [[]] * 9), 5)

    async def ask() -> None:
        bad = asyncio.create_task(batcher.ask(wrong))
        good = asyncio.create_task(batcher.ask(question("tea", kv=OTHER)))
        with pytest.raises(ValueError, match="a query of 3 numbers, expected 20"):
            await bad
        assert await good == [OTHER.most_similar("tea", topn=5)]
        assert await batcher.ask(question("tea")) == [KV.most_similar("tea", topn=5)]

    run(ask())


def test_what_is_left_of_a_request_that_failed_is_not_asked() -> None:
    calls = Calls()
    calls.may_go.release(100)
    batcher = Batcher(calls, 4, list)
    wrong = Question(KV, PreparedQueries(np.ones((9, 3), np.float32), [[]] * 9), 5)

    async def ask() -> None:
        with pytest.raises(ValueError, match="a query of 3 numbers"):
            await batcher.ask(wrong)
        await asyncio.sleep(0.05)

    run(ask())
    assert calls.made == 1


def test_memory_is_asked_for_by_the_largest_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    counts: list[int] = []
    monkeypatch.setattr(memory, "require", counts.append)
    calls = Calls()
    batcher = Batcher(calls, 16, list)

    async def ask() -> None:
        tasks = [asyncio.create_task(batcher.ask(question("tea", topn=n))) for n in (7, 200, 1)]
        calls.may_go.release(1)
        await asyncio.gather(*tasks)

    run(ask())
    assert counts == [BYTES_A_CALL + 3 * 200 * BYTES_A_NEIGHBOR]


def test_who_left_takes_no_place() -> None:
    calls = Calls()
    batcher = Batcher(calls, 2, list)

    async def ask() -> None:
        tasks = [asyncio.create_task(batcher.ask(question("tea"))) for _ in range(2 * ROOM)]
        await asyncio.sleep(0.05)
        for task in tasks:
            task.cancel()
        await asyncio.sleep(0.05)
        calls.may_go.release(100)
        assert await batcher.ask(question("king")) == [KV.most_similar("king", topn=5)]
        assert calls.made == 2  # the one that ran already; the others were not asked any more

    run(ask())


def test_nothing_asked_is_nothing_found() -> None:
    batcher = Batcher(ThreadPoolExecutor(1), 4, list)
    assert run(batcher.ask(Question(KV, KV.prepare_queries([]), 5))) == []


def test_a_model_that_went_bad_says_so_until_it_is_there() -> None:
    models, batcher = Models(), Batcher(ThreadPoolExecutor(1), 4, neighbors_as_json)
    assert not models.is_ready
    models.lack("words", "no good")
    with pytest.raises(RequestError, match="no good") as error:
        models["words"]
    assert (error.value.status, models.is_ready) == (503, False)
    models.put(Model("words", KV, 1, batcher))
    models.lack("words", "the next is no good")
    assert models["words"].vectors is KV
    assert models.is_ready


def test_a_search_for_spellings_keeps_no_other_waiting() -> None:
    model = Model("words", KV, 1, Batcher(ThreadPoolExecutor(1), 4, neighbors_as_json))
    with model._spelling, pytest.raises(RequestError) as error:
        model.rows(["coffe"], norm=False)
    assert error.value.details == {"key": "coffe", "suggestions": []}
    with pytest.raises(RequestError) as error:
        model.rows(["coffe"], norm=False)
    assert error.value.details["suggestions"] == ["coffee"]
