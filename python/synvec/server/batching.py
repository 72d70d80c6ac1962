"""Questions that come while the core is busy are asked together when it is free.

A pass over the rows costs about the same for one question as for several, so those that wait
share the next one: nobody waits for others to come, and the more there are the cheaper each gets.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field

import numpy as np

from synvec.arithmetic import Matrix
from synvec.keyed_vectors import KeyedVectors
from synvec.server import problems

ROOM = 2
"""Calls of the core that are spoken for at most: the one that runs and the next. Who is let in then
never waits longer than that, and whoever is not is told at once."""

Neighbors = list[tuple[str, float]]


@dataclass(frozen=True, slots=True)
class Question:
    """Neighbours of unit vectors.

    Attributes
    ----------
    store
        Among whose rows they are looked for.
    vectors
        N × D, each of length 1 or 0.
    excluded
        For each the rows that are no answer, ascending.
    topn
        How many for each.
    end
        How many of the first rows are searched; None for all.
    """

    store: KeyedVectors
    vectors: Matrix
    excluded: Sequence[list[int]]
    topn: int
    end: int | None = None

    @property
    def scope(self) -> tuple[int, int | None]:
        """By which questions know that they can be asked together."""
        return id(self.store), self.end


@dataclass(slots=True, eq=False)
class _Job:
    """A question under way: what of it was asked, what was answered, who waits for it."""

    question: Question
    future: asyncio.Future[list[Neighbors]]
    asked: int = 0
    answers: list[Neighbors] = field(default_factory=list)

    def left(self) -> int:
        return len(self.question.vectors) - self.asked


@dataclass(frozen=True, slots=True)
class _Part:
    """Some vectors of a job, in one call of the core."""

    job: _Job
    start: int
    stop: int


class Batcher:
    """Asks the core, one call at a time, with as many questions as wait.

    Parameters
    ----------
    executor
        Where the calls run; the core lets go of the interpreter lock and uses all cores.
    batch
        Vectors that go into one call.
    """

    def __init__(self, executor: Executor, batch: int) -> None:
        self._executor = executor
        self._batch = batch
        self._jobs: deque[_Job] = deque()
        self._drain: asyncio.Task[None] | None = None
        self._taken = 0
        """Vectors that are spoken for; of a request no more counted than go into a call."""

    async def ask(self, question: Question) -> list[Neighbors]:
        """Return the neighbours of each vector, as ``most_similar`` does, to the bit.

        Raises
        ------
        RequestError
            When the core has as much to do as it may have.
        """
        if self._taken >= ROOM * self._batch:
            raise problems.busy()
        weight = min(len(question.vectors), self._batch)
        job = _Job(question, asyncio.get_running_loop().create_future())
        self._jobs.append(job)
        self._taken += weight
        try:
            if self._drain is None:
                self._drain = asyncio.create_task(self._ask_all())
            return await job.future
        finally:
            self._taken -= weight

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

    def _take(self) -> list[_Part]:
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

    def _answer(self, parts: list[_Part]) -> list[list[Neighbors]]:
        """Ask the core; runs in the executor."""
        questions = [part.job.question for part in parts]
        vectors = np.concatenate(
            [part.job.question.vectors[part.start : part.stop] for part in parts]
        )
        excluded = [
            rows for part in parts for rows in part.job.question.excluded[part.start : part.stop]
        ]
        wanted = max(question.topn for question in questions)
        store = questions[0].store
        rows = slice(*store._range(0, None, questions[0].end))
        found, scores = store._nearest(vectors, wanted, rows, excluded)
        answers, first = [], 0
        for part in parts:
            own = slice(first, first + part.stop - part.start)
            topn = part.job.question.topn
            answers.append(store._named(found[own, :topn], scores[own, :topn]))
            first = own.stop
        return answers

    def _hand_out(self, parts: list[_Part], found: list[list[Neighbors]]) -> None:
        for part, answers in zip(parts, found, strict=True):
            job = part.job
            job.answers += answers
            if len(job.answers) == len(job.question.vectors) and not job.future.done():
                job.future.set_result(job.answers)

    def _fail(self, parts: list[_Part], error: Exception) -> None:
        for part in parts:
            if part.job in self._jobs:
                self._jobs.remove(part.job)
            if not part.job.future.done():
                part.job.future.set_exception(error)
