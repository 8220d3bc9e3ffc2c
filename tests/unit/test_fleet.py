from __future__ import annotations

import os
import pickle
import signal
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

import pytest
from msgspec import Struct

import meshcompile
from meshcompile import AssumedProxy, Config, InvalidArgument, Mesh, Proxy, UnknownProxy
from meshcompile.encoded import EncodedResources
from meshcompile.envoy.config.cluster import Cluster
from meshcompile.envoy.message import Message
from meshcompile.fleet import crew, parts, worker
from meshcompile.fleet.catalogue import Catalogue
from meshcompile.fleet.compilable import CompilableMesh
from meshcompile.fleet.packing import packed
from meshcompile.fleet.run import results
from meshcompile.fleet.worker import HELD, MeshMissing, VersionMismatch, done, own_version, packed_mesh
from tests.meshes import sidecar

SERVICE = """\
apiVersion: v1
kind: Service
metadata: {{name: {name}, namespace: {namespace}}}
spec:
  clusterIP: 10.0.{namespace_number}.{number}
  selector: {{app: {name}}}
  ports: [{{name: http, port: 80, targetPort: 8080}}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}, namespace: {namespace}}}
spec:
  selector: {{matchLabels: {{app: {name}}}}}
  template:
    metadata: {{labels: {{app: {name}, sidecar.istio.io/inject: "true"}}}}
    spec: {{containers: [{{name: app, image: app, ports: [{{containerPort: 8080}}]}}]}}
"""
PATCH = """\
apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: {name: patch, namespace: team-0}
spec:
  configPatches:
    - applyTo: CLUSTER
      match: {cluster: {service: s1.team-0.svc.cluster.local}}
      patch: {operation: MERGE, value: {connect_timeout: 3s}}
"""


def text(namespaces: int, services: int) -> str:
    made = (
        SERVICE.format(name=f"s{number}", namespace=f"team-{team}", namespace_number=team, number=number + 1)
        for team in range(namespaces)
        for number in range(services)
    )
    return "---\n".join((*made, PATCH))


@pytest.fixture(scope="module")
def mesh() -> Mesh:
    """Twelve sidecars in three namespaces."""
    return meshcompile.load(text(3, 4))


@pytest.fixture(scope="module")
def local(mesh: Mesh) -> Sequence[Config]:
    return list(mesh.compile_all())


def content(config: Config) -> tuple[Any, ...]:
    """All that a configuration says."""
    return (
        config.proxy.id,
        config.to_json(),
        config.to_json(-1),
        config.to_dict(["clusters"]),
        config.diagnostics,
        config.fingerprints,
        [(report.envoy_filter, report.reason, report.changes) for report in config.patches],
    )


def assert_same(found: Iterable[Config], expected: Sequence[Config]) -> None:
    assert list(map(content, found)) == list(map(content, expected))


def test_all_proxies_are_compiled_in_order(mesh: Mesh, local: Sequence[Config]) -> None:
    """Without arguments, every proxy of the mesh is compiled as if it were the only one."""
    assert [config.proxy for config in local] == list(mesh.proxies())
    assert_same(local, [mesh.compile(proxy) for proxy in mesh.proxies()])


def test_proxies_may_be_named_in_any_order(mesh: Mesh) -> None:
    """Names, proxies and assumed proxies stand beside each other, and may be repeated."""
    asked: list[Proxy | AssumedProxy | str] = [
        "deployment/s1.team-2",
        mesh.proxy("s0-0.team-0"),
        AssumedProxy.parse("sidecar:team-1,app=s3"),
    ]
    asked += ["sidecar:team-1,app=s3", "s0-0.team-0"]
    names = ["s1-0.team-2", "s0-0.team-0", "assumed-sidecar.team-1", "assumed-sidecar.team-1", "s0-0.team-0"]
    expected = [mesh.compile(proxy) for proxy in asked]
    assert [config.proxy.id for config in expected] == names
    assert_same(mesh.compile_all(asked), expected)
    assert_same(mesh.compile_all(asked, jobs=2), expected)


def test_arguments_are_checked_before_anything_is_compiled(mesh: Mesh) -> None:
    """A wrong argument raises where it is given, and not when the first configuration is asked for."""
    with pytest.raises(UnknownProxy, match="no proxy named 'nobody'"):
        mesh.compile_all(["s0-0.team-0", "nobody"])
    for jobs in (0, -1, True, "2"):
        with pytest.raises(InvalidArgument, match="jobs"):
            mesh.compile_all(jobs=jobs)  # type: ignore[arg-type]
    with pytest.raises(InvalidArgument, match="executor"):
        mesh.compile_all(executor="dask://host:1")  # type: ignore[arg-type]
    for proxies in ("s0-0.team-0", 7, [7]):
        with pytest.raises(InvalidArgument, match="proxies"):
            mesh.compile_all(proxies)  # type: ignore[arg-type]


def test_no_proxies_are_no_work(mesh: Mesh) -> None:
    """An empty list has no configurations, whoever would compile them."""
    assert list(mesh.compile_all([])) == list(mesh.compile_all([], jobs=2)) == []


def test_processes_give_the_same_bytes(mesh: Mesh, local: Sequence[Config]) -> None:
    """What other processes compile is equal byte for byte, and in the order of the proxies."""
    assert_same(mesh.compile_all(jobs=2), local)


def test_messages_and_origins_are_those_of_this_process(mesh: Mesh, local: Sequence[Config]) -> None:
    """Messages, origins and what is made of messages are the same, though only JSON was sent."""
    config = list(mesh.compile_all(jobs=2))[5]
    assert isinstance(config.resources, EncodedResources)
    assert config == local[5]
    assert local[5] == config
    assert hash(config) == hash(local[5])
    assert config != local[4]
    assert config.clusters == local[5].clusters
    assert config.source_map() == local[5].source_map()
    assert config.bootstrap().to_json() == local[5].bootstrap().to_json()
    assert mesh.used_by(config) == mesh.used_by(local[5])
    assert pickle.loads(pickle.dumps(config)) == local[5]


def test_objects_of_the_mesh_stay_the_same_objects(mesh: Mesh) -> None:
    """A finding from another process points into the documents of this mesh, which are not sent."""
    config = list(mesh.compile_all(jobs=2))[1]
    documents = {id(resource.origin.document) for resource in mesh.config_cluster.resources}
    assert config.patches
    assert all(id(report.origin.document) in documents for report in config.patches)


def test_threads_share_the_mesh(mesh: Mesh, local: Sequence[Config]) -> None:
    """An executor of threads is not sent the mesh."""
    with ThreadPoolExecutor(2) as executor:
        assert_same(mesh.compile_all(executor=executor), local)


def test_an_executor_is_sent_the_mesh(mesh: Mesh, local: Sequence[Config]) -> None:
    """Processes that know nothing of the mesh are sent it, and stay open afterwards."""
    with ProcessPoolExecutor(2) as executor:
        assert executor.submit(int, "1").result() == 1  # the processes start before there is a mesh to inherit
        assert_same(mesh.compile_all(executor=executor), local)
        assert_same(mesh.compile_all(executor=executor, jobs=2), local)
        assert executor.submit(int, "7").result() == 7


class Dying(Struct, frozen=True):
    """Work that kills its process when it meets a proxy, unless that happened before."""

    marker: str
    proxy: str

    def __call__(self, mesh: CompilableMesh, configs: Iterable[Config]) -> list[str]:
        found = []
        for config in configs:
            if config.proxy.id == self.proxy and os.getpid() != int(Path(self.marker).read_text().split()[0]):
                with Path(self.marker).open("a") as marker:
                    marker.write(f"\n{os.getpid()}")
                os.kill(os.getpid(), signal.SIGKILL)
            found.append(config.to_json())
        return found


class DyingOnce(Dying, frozen=True):
    """Work that kills one process only."""

    def __call__(self, mesh: CompilableMesh, configs: Iterable[Config]) -> list[str]:
        if len(Path(self.marker).read_text().split()) > 1:
            return [config.to_json() for config in configs]
        return Dying.__call__(self, mesh, configs)


@pytest.fixture
def marker(tmp_path: Path) -> Path:
    path = tmp_path / "died"
    path.write_text(str(os.getpid()))
    return path


def texts_of(answers: Iterator[tuple[parts.Part, list[str]]]) -> list[str]:
    return [text for _, texts in answers for text in texts]


def test_a_lost_process_costs_its_part_only(mesh: Mesh, local: Sequence[Config], marker: Path) -> None:
    """A process that is killed is replaced, and its part is done again."""
    found = texts_of(results(mesh, mesh.proxies(), DyingOnce(str(marker), "s2-0.team-1"), jobs=2))
    assert found == [config.to_json() for config in local]
    assert len(marker.read_text().split()) == 2


def test_a_part_that_kills_every_process_is_done_here(mesh: Mesh, local: Sequence[Config], marker: Path) -> None:
    """When processes die again and again, what is left is compiled in this process."""
    found = texts_of(results(mesh, mesh.proxies(), Dying(str(marker), "s2-0.team-1"), jobs=2))
    assert found == [config.to_json() for config in local]
    assert 2 <= len(marker.read_text().split()) <= 1 + crew.TRIES


def test_a_broken_executor_loses_nothing(mesh: Mesh, local: Sequence[Config], marker: Path) -> None:
    """What a broken executor leaves undone is compiled in this process, in order."""
    with ProcessPoolExecutor(2) as executor:
        work = Dying(str(marker), "s2-0.team-1")
        found = texts_of(results(mesh, mesh.proxies(), work, executor=executor))
        assert found == [config.to_json() for config in local]
        with pytest.raises(BrokenProcessPool):
            executor.submit(int, "1")


def failing(mesh: CompilableMesh, configs: Iterable[Config]) -> int:
    raise RuntimeError("a bug")


def test_an_error_of_the_work_is_raised(mesh: Mesh) -> None:
    """Work that fails each time raises its own error."""
    with ThreadPoolExecutor(1) as executor, pytest.raises(RuntimeError, match="a bug"):
        list(results(mesh, mesh.proxies(), failing, executor=executor))


class Flaky(Executor):
    """An executor that loses every fourth task, as a cluster does that loses workers."""

    def __init__(self) -> None:
        self.asked = 0

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        self.asked += 1
        future: Future[Any] = Future()
        if self.asked % 4 == 0:
            future.set_exception(ConnectionError("the worker is gone"))
        elif self.asked % 7 == 0:
            future.cancel()
            future.set_running_or_notify_cancel()
        else:
            future.set_result(fn(*args, **kwargs))
        return future


def test_lost_tasks_are_done_again(mesh: Mesh, local: Sequence[Config]) -> None:
    """A task that fails or is cancelled is submitted again."""
    executor = Flaky()
    assert_same(mesh.compile_all(executor=executor), local)
    assert executor.asked > len(list(parts.parts(mesh.proxies(), crew.LEAST_WORKERS)))


def test_the_parts_under_way_are_bounded(mesh: Mesh) -> None:
    """No more parts are started than twice the workers, however slowly the results are taken."""
    asked: list[int] = []

    class Counting(ThreadPoolExecutor):
        def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
            asked.append(1)
            return super().submit(fn, *args, **kwargs)

    many = mesh.proxies() * 20
    with Counting(1) as executor:
        configs = mesh.compile_all(many, executor=executor, jobs=1)
        next(configs)
        assert len(asked) == crew.LEAST_WORKERS * crew.PARTS_UNDER_WAY
        configs.close()  # type: ignore[attr-defined]


def test_a_run_that_is_given_up_ends_its_processes(mesh: Mesh) -> None:
    """The processes of a run end with its iterator."""
    import multiprocessing

    configs = mesh.compile_all(jobs=2)
    next(configs)
    next(configs)
    assert multiprocessing.active_children()
    configs.close()  # type: ignore[attr-defined]
    assert not multiprocessing.active_children()


def test_a_worker_without_the_mesh_says_so(mesh: Mesh) -> None:
    """A worker keeps the last mesh that it was sent, under its name."""
    arguments = (packed, mesh.proxies()[:1], own_version())
    sent = packed_mesh(mesh)
    assert isinstance(done("one", None, *arguments), MeshMissing)
    assert not isinstance(done("one", sent, *arguments), MeshMissing)
    assert not isinstance(done("one", None, *arguments), MeshMissing)
    done("two", sent, *arguments)
    assert isinstance(done("one", None, *arguments), MeshMissing)
    HELD.forget()


def test_a_worker_of_another_version_is_refused(mesh: Mesh) -> None:
    """A worker with another version of meshcompile compiles nothing, and is not asked again."""
    with pytest.raises(VersionMismatch, match=r"a worker has meshcompile .*, and this is 0\.0\.1"):
        done("one", None, packed, mesh.proxies()[:1], "0.0.1")


def test_a_run_leaves_no_mesh_behind(mesh: Mesh) -> None:
    """This process holds no mesh after a run."""
    list(mesh.compile_all(jobs=2))
    assert not worker.HELD.names()


def proxies_of(*sizes: int) -> list[Proxy]:
    return [sidecar(f"ns-{number}") for number, size in enumerate(sizes) for _ in range(size)]


@pytest.mark.parametrize(
    ("sizes", "workers", "expected"),
    [
        ((), 2, []),
        ((1,), 4, [1]),
        ((10, 10), 1, [5, 5, 5, 5]),
        ((3, 3, 3, 3), 1, [3, 3, 3, 3]),
        ((1, 1, 1, 1, 12), 1, [4, 4, 4, 4]),
        ((600,), 1, [128, 128, 128, 128, 88]),
    ],
)
def test_parts_follow_namespaces(sizes: tuple[int, ...], workers: int, expected: list[int]) -> None:
    """A part has one namespace, or several small ones, and every worker gets a few parts."""
    proxies = proxies_of(*sizes)
    cut = list(parts.parts(proxies, workers))
    assert [len(part) for part in cut] == expected
    assert [proxy for part in cut for proxy in part] == proxies


def test_a_catalogue_numbers_each_content_once() -> None:
    """Lists that begin and end alike are told apart in between, and equal messages have one number."""
    a, b, c, d = (Cluster(name=name) for name in "abcd")
    met: list[Message] = []
    catalogue = Catalogue(met.append)
    lists = [(a, b, c), (a, d, c), (a, c), (), (a,), (a, a), (Cluster(name="a"), b), (a, b, c)]
    numbers = [list(memoryview(catalogue.listed(messages).numbers).cast("I")) for messages in lists]
    assert numbers == [[0, 1, 2], [0, 3, 2], [0, 2], [], [0], [0, 0], [0, 1], [0, 1, 2]]
    assert met == [a, b, c, d]
    assert catalogue.listed((a, b)).measure == Catalogue().listed((a, b)).measure
