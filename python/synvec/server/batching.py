"""Questions that come while the core is busy are asked together when it is free.

A pass over the rows costs about the same for one question as for several, so those that wait
share the next one: nobody waits for others to come, and the more there are the cheaper each gets.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Generic, TypeVar

from synvec.keyed_vectors import KeyedVectors
from synvec.keyed_vectors.batches import BatchIndexer
from synvec.keyed_vectors.preparing import PreparedQueries
from synvec.server import memory, problems

ROOM = 2
"""Calls of the core that are spoken for at most: the one that runs and the next."""

BYTES_A_CALL = 16 << 20
BYTES_A_NEIGHBOR = 256
"""What a call may take, beside what was taken when it began."""

Neighbors = list[tuple[Any, float]]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Question:
    """Neighbours of keys, vectors and sums of them.

    Attributes
    ----------
    store
        Among whose rows they are looked for.
    asked
        Whose neighbours.
    topn
        How many for each.
    end
        How many of the first rows are searched; None for all.
    index
        By which they are looked for; None for an exact search.
    """

    store: KeyedVectors[Any]
    asked: PreparedQueries
    topn: int
    end: int | None = None
    index: BatchIndexer | None = None

    @property
    def scope(self) -> tuple[int, int | None] | tuple[int, int, int]:
        """By which questions know that they can be asked together.

        An approximate search that wants more looks further. So that no answer depends on who asks
        at the same time, only those who want the same number are asked together by an index.
        """
        if self.index is None:
            return id(self.store), self.end
        return id(self.index), self.topn, max(map(len, self.asked.excluded), default=0)


@dataclass(slots=True, eq=False)
class _Job(Generic[T]):
    """A question under way: what of it was asked, what was answered, who waits for it."""

    question: Question
    future: asyncio.Future[list[T]]
    weight: int
    """Places that it takes: its vectors, but no more than go into a call; 0 once it gave them up.
    """
    asked: int = 0
    answers: list[T] = field(default_factory=list)

    def left(self) -> int:
        return len(self.question.asked) - self.asked


@dataclass(frozen=True, slots=True)
class _Part(Generic[T]):
    """Some vectors of a job, in one call of the core."""

    job: _Job[T]
    start: int
    stop: int


class Batcher(Generic[T]):
    """Asks the core, one call at a time, with as many questions as wait.

    Parameters
    ----------
    executor
        Where the calls run; the core lets go of the interpreter lock and uses all cores.
    batch
        Vectors that go into one call.
    finish
        Makes of the neighbours of a vector what is answered; runs in the executor, too, so that an
        answer of a million neighbours keeps nobody else waiting.
    """

    def __init__(self, executor: Executor, batch: int, finish: Callable[[Neighbors], T]) -> None:
        self._executor = executor
        self._batch = batch
        self._finish = finish
        self._jobs: deque[_Job[T]] = deque()
        self._drain: asyncio.Task[None] | None = None
        self._taken = 0
        """Places that are spoken for, in the call that runs and in the next."""

    async def ask(self, question: Question) -> list[T]:
        """Return the neighbours of each vector, those of ``most_similar`` to the bit.

        Raises
        ------
        RequestError
            When the core has as much to do as it may have.
        """
        weight = min(len(question.asked), self._batch)
        self._make_place(weight)
        job = _Job(question, asyncio.get_running_loop().create_future(), weight)
        self._jobs.append(job)
        self._taken += weight
        try:
            if self._drain is None:
                self._drain = asyncio.create_task(self._ask_all())
            return await job.future
        finally:
            self._leave(job)

    def _make_place(self, weight: int) -> None:
        """Have room for a newcomer, or refuse it.

        When all is spoken for, whoever has waited longest gives up its place, unless it weighs more
        than the newcomer. One of the two must go without an answer; and with the youngest served
        first nobody waits for long, so that under overload answers are hardly slower than usual.
        (Served in order, each would wait for a whole call before its own.)
        """
        while self._taken >= ROOM * self._batch:
            oldest = next(
                (job for job in self._jobs if not job.asked and job.weight <= weight), None
            )
            if oldest is None:
                raise problems.busy()
            self._leave(oldest)
            if not oldest.future.done():
                oldest.future.set_exception(problems.busy())

    def _leave(self, job: _Job[T]) -> None:
        """Let go of a job's places; what of it nobody waits for is not asked any more."""
        self._taken -= job.weight
        job.weight = 0
        if job in self._jobs:
            self._jobs.remove(job)

    async def _ask_all(self) -> None:
        loop = asyncio.get_running_loop()
        while self._jobs:
            parts = self._take()
            call = loop.run_in_executor(self._executor, self._answer, parts)
            try:
                found = await call
            except Exception as error:  # belongs to those who asked, who are told
                self._fail(parts, error)
            else:
                self._hand_out(parts, found)
        self._drain = None

    def _take(self) -> list[_Part[T]]:
        """Return what goes into the next call: of each job its share, those of one scope alone.

        A request of a thousand queries so doesn't keep one of a single query waiting; what is
        left of it goes to the end of the line.
        """
        scope = self._jobs[0].question.scope
        jobs = [job for job in self._jobs if job.question.scope == scope][: self._batch]
        parts, free = [], self._batch
        # The least first: what they leave of their share is for those who want more.
        for place, job in enumerate(sorted(jobs, key=_Job.left)):
            count = min(job.left(), free // (len(jobs) - place))
            parts.append(_Part(job, job.asked, job.asked + count))
            job.asked += count
            free -= count
            self._jobs.remove(job)
            if job.left():
                self._jobs.append(job)
        return parts

    def _answer(self, parts: list[_Part[T]]) -> list[list[T]]:
        """Ask the core; runs in the executor."""
        asked = PreparedQueries.joined(
            [part.job.question.asked.part(part.start, part.stop) for part in parts]
        )
        first = parts[0].job.question
        topn = [part.job.question.topn for part in parts for _ in range(part.start, part.stop)]
        memory.require(BYTES_A_CALL + BYTES_A_NEIGHBOR * len(asked) * max(topn, default=0))
        found = map(self._finish, first.store.answer(asked, topn, first.end, first.index))
        return [list(islice(found, part.stop - part.start)) for part in parts]

    def _hand_out(self, parts: list[_Part[T]], found: list[list[T]]) -> None:
        for part, answers in zip(parts, found, strict=True):
            job = part.job
            job.answers += answers
            if len(job.answers) == len(job.question.asked) and not job.future.done():
                job.future.set_result(job.answers)

    def _fail(self, parts: list[_Part[T]], error: Exception) -> None:
        for part in parts:
            self._leave(part.job)
            if not part.job.future.done():
                part.job.future.set_exception(error)
