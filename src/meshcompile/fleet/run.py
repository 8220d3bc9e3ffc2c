"""A function of the configurations of many proxies, in this process or in others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from typing import TYPE_CHECKING, TypeVar

from meshcompile.config import Config
from meshcompile.errors import InvalidArgument, instance
from meshcompile.fleet.compilable import CompilableMesh
from meshcompile.fleet.parts import MOST, AnyProxy, Part, parts
from meshcompile.fleet.worker import Work, compiled

if TYPE_CHECKING:
    from meshcompile.assumed_proxy import AssumedProxy
    from meshcompile.output.credentials import Credential
    from meshcompile.proxy import Proxy

R = TypeVar("R")


def all_compiled(
    mesh: CompilableMesh,
    proxies: Iterable[Proxy | AssumedProxy | str] | None,
    credentials: Mapping[str, Credential],
    jobs: int,
    executor: Executor | None,
) -> Iterator[Config]:
    """The configurations that Mesh.compile_all returns. The arguments are checked at once."""
    selected = selection(mesh, proxies)
    if in_this_process(jobs, executor):
        return compiled(mesh, selected)
    from meshcompile.fleet.packing import packed, unpacked

    answers = results(mesh, selected, packed, jobs, executor)
    return (config for part, sent in answers for config in unpacked(mesh, credentials, part, sent))


def results(
    mesh: CompilableMesh,
    proxies: Sequence[AnyProxy],
    work: Work[R],
    jobs: int = 1,
    executor: Executor | None = None,
    most: int = MOST,
) -> Iterator[tuple[Part, R]]:
    """The results of the work by part, in the order of the proxies. `most` is the maximum number of proxies in a part.

    In this process, a part is one proxy.
    """
    if in_this_process(jobs, executor):
        return ((part, work(mesh, compiled(mesh, part))) for part in ((proxy,) for proxy in proxies))
    if executor is None:
        return _in_processes(mesh, proxies, work, jobs, most)
    return _in_executor(mesh, proxies, work, jobs, executor, most)


def _in_processes(
    mesh: CompilableMesh, proxies: Sequence[AnyProxy], work: Work[R], jobs: int, most: int
) -> Iterator[tuple[Part, R]]:
    from meshcompile.fleet.crew import own_processes

    first, rest = tuple(proxies[:1]), proxies[1:]
    if first:  # compiled before the others fork, so that they have the snapshot and all shared answers
        yield first, work(mesh, compiled(mesh, first))
    if rest:
        with own_processes(work, mesh, jobs) as crew:
            yield from crew.in_order(parts(rest, jobs, most), jobs)


def _in_executor(
    mesh: CompilableMesh, proxies: Sequence[AnyProxy], work: Work[R], jobs: int, executor: Executor, most: int
) -> Iterator[tuple[Part, R]]:
    from meshcompile.fleet.crew import LEAST_WORKERS, WorkerCluster, executor_of_caller

    workers = executor.workers if isinstance(executor, WorkerCluster) else max(jobs, LEAST_WORKERS)
    with executor_of_caller(work, mesh, executor) as crew:
        yield from crew.in_order(parts(proxies, workers, most), workers)


def in_this_process(jobs: int, executor: Executor | None) -> bool:
    """Whether there are no workers. Raises InvalidArgument for invalid arguments."""
    if isinstance(jobs, bool) or instance("jobs", jobs, int) < 1:
        raise InvalidArgument(f"`jobs` must be at least 1, not {jobs}")
    if executor is not None:
        instance("executor", executor, Executor)
    return jobs == 1 and executor is None


def selection(mesh: CompilableMesh, proxies: Iterable[Proxy | AssumedProxy | str] | None) -> Part:
    """The requested proxies, by default all. Raises UnknownProxy for an unknown name."""
    from meshcompile.assumed_proxy import AssumedProxy, assumed_proxy, is_assumed
    from meshcompile.proxy import Proxy

    if proxies is None:
        return mesh.proxies()
    if isinstance(proxies, str) or not isinstance(proxies, Iterable):
        raise InvalidArgument(f"`proxies` must be a list of proxies, not {type(proxies).__name__}")

    def known(proxy: Proxy | AssumedProxy | str) -> AnyProxy:
        if not isinstance(proxy, str):
            return instance("proxies[]", proxy, str, Proxy, AssumedProxy)
        return assumed_proxy(proxy) if is_assumed(proxy) else mesh.proxy(proxy)

    return tuple(map(known, proxies))
