"""Workers that compile the parts of a fleet: processes of meshcompile, or the caller's executor.

If a worker is lost, another worker compiles its part again. If the executor itself is broken, meshcompile's own
processes are started again, and the rest of a caller's executor is done in this process.
"""

from __future__ import annotations

import hashlib
import multiprocessing
import sys
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    CancelledError,
    Executor,
    Future,
    ProcessPoolExecutor,
    ThreadPoolExecutor,
    wait,
)
from contextlib import contextmanager
from itertools import count, islice
from typing import Generic, Protocol, TypeVar, runtime_checkable

from msgspec import Struct

from meshcompile.errors import MeshcompileError
from meshcompile.fleet.compilable import CompilableMesh
from meshcompile.fleet.parts import Part
from meshcompile.fleet.worker import HELD, MeshMissing, Work, done, own_version, packed_mesh

R = TypeVar("R")

TRIES = 3
"""The number of attempts before the error of a part is raised."""
PARTS_UNDER_WAY = 2
"""The number of parts per worker that are in progress: one that runs, and one that waits."""
LEAST_WORKERS = 16
"""The assumed number of workers of an executor if it is not given."""

_RUNS = count()


@runtime_checkable
class WorkerCluster(Protocol):
    """An executor that knows its workers, and can broadcast a value to all of them."""

    @property
    def workers(self) -> int: ...

    def broadcast(self, value: bytes) -> object:
        """A placeholder for the value. As an argument of `submit`, it is replaced by the value."""


class Task(Struct, Generic[R]):
    """A part in progress."""

    part: Part
    future: Future[R | MeshMissing]
    executor: Executor
    tries: int = 1
    is_settled: bool = False


class Crew(Generic[R]):
    """An executor whose workers have the mesh, or receive it."""

    def __init__(
        self,
        work: Work[R],
        mesh: CompilableMesh,
        name: str,
        executor: Executor,
        again: Callable[[], Executor] | None = None,
    ) -> None:
        self.executor = executor
        self._work = work
        self._mesh = mesh
        self._name = name
        self._again = again
        """Creates a new executor to replace a broken one."""
        self._restarts = 0
        self._packed = b""
        self._broadcast = self._sent() if isinstance(executor, WorkerCluster) else None

    def in_order(self, parts: Iterator[Part], workers: int) -> Iterator[tuple[Part, R]]:
        """The results of the parts in order. Twice as many parts as workers are in progress."""
        waiting = deque(self._task(part) for part in islice(parts, workers * PARTS_UNDER_WAY))
        try:
            while waiting:
                self._wait_for_first(waiting)
                task = waiting.popleft()
                result = task.future.result()
                assert not isinstance(result, MeshMissing), "a worker that was sent the mesh has it"
                yield task.part, result
                waiting.extend(map(self._task, islice(parts, 1)))
        finally:
            for task in waiting:
                task.future.cancel()

    def _wait_for_first(self, waiting: deque[Task[R]]) -> None:
        """Wait until the first part is done. Meanwhile, failed parts are started again."""
        while not waiting[0].is_settled:
            open_tasks = [task for task in waiting if not task.is_settled]
            wait([task.future for task in open_tasks], return_when=FIRST_COMPLETED)
            for task in open_tasks:
                if task.future.done():
                    self._settle(task)

    def _settle(self, task: Task[R]) -> None:
        """Accept the result of a part, or start it again."""
        match _outcome(task.future):
            case MeshMissing():
                self._start(task, self._sent())
            case MeshcompileError():  # another worker would fail, too
                task.is_settled = True
            case BrokenExecutor():
                if task.executor is self.executor:
                    self._restart()
                self._start(task, self._broadcast)
            case Exception() if task.tries < TRIES:
                task.tries += 1
                self._start(task, self._sent())
            case _:
                task.is_settled = True

    def _task(self, part: Part) -> Task[R]:
        task: Task[R] = Task(part, Future(), self.executor)
        self._start(task, self._broadcast)
        return task

    def _start(self, task: Task[R], sent: object) -> None:
        arguments = (self._name, sent, self._work, task.part, own_version())
        try:
            task.future = self.executor.submit(done, *arguments)  # type: ignore[arg-type]  # a stand-in for bytes
        except (BrokenExecutor, RuntimeError):  # it is broken, or was shut down
            self._restart()
            task.future = self.executor.submit(done, *arguments)  # type: ignore[arg-type]
        task.executor = self.executor

    def _restart(self) -> None:
        """Start new processes, or use this process if that is not possible."""
        self._restarts += 1
        if self._again and self._restarts < TRIES:
            self.executor.shutdown(wait=False, cancel_futures=True)
            self.executor = self._again()
        else:
            self.executor = ThreadPoolExecutor(1)

    def _sent(self) -> object:
        """The mesh as an argument of a worker."""
        self._packed = self._packed or packed_mesh(self._mesh)
        return self.executor.broadcast(self._packed) if isinstance(self.executor, WorkerCluster) else self._packed


def _outcome(future: Future[R | MeshMissing]) -> R | MeshMissing | BaseException:
    """The result of a finished future, or its error."""
    if future.cancelled():
        return CancelledError()
    error = future.exception()
    return future.result() if error is None else error


@contextmanager
def own_processes(work: Work[R], mesh: CompilableMesh, jobs: int) -> Iterator[Crew[R]]:
    """Processes that share the snapshot of the mesh and its cached answers, on platforms that fork."""
    name = f"run {next(_RUNS)}"

    def started() -> Executor:
        context = multiprocessing.get_context(_start_method())
        return ProcessPoolExecutor(jobs, context, HELD.inherit, (name, mesh))

    crew = Crew(work, mesh, name, started(), started)
    with HELD.holding(name, mesh):
        try:
            yield crew
        finally:
            crew.executor.shutdown(cancel_futures=True)


@contextmanager
def executor_of_caller(work: Work[R], mesh: CompilableMesh, executor: Executor) -> Iterator[Crew[R]]:
    """The workers of an executor, which stays open."""
    packed = packed_mesh(mesh)
    name = hashlib.sha256(packed).hexdigest()
    with HELD.holding(name, mesh):
        crew = Crew(work, mesh, name, executor)
        try:
            yield crew
        finally:
            if crew.executor is not executor:
                crew.executor.shutdown(cancel_futures=True)


def _start_method() -> str:
    """Fork where that is safe. On macOS, system libraries do not support it."""
    can_fork = "fork" in multiprocessing.get_all_start_methods() and sys.platform != "darwin"
    return "fork" if can_fork else "spawn"
