"""The configurations of connected proxies: compiled when a proxy connects, and again when the input changes.

One thread compiles, so a mesh is never used by two threads, and streams are served meanwhile.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from meshcompile.output.bootstrap import Flavour
from meshcompile.proxy import Proxy
from meshcompile.resolve.name_table import name_table
from meshcompile.serve.logs import log
from meshcompile.serve.name_tables import served_names
from meshcompile.serve.xds_resources import NAMES, ResourceSets, ServedResources

if TYPE_CHECKING:
    from meshcompile.mesh import Mesh
    from meshcompile.serve.metrics import ServeMetrics

T = TypeVar("T")
_ERROR = 40


class ServedProxy:
    """A proxy that is connected, and its resources. Its streams wait for `changed`.

    `mesh` is what they were compiled from, and `edited` the time of its edit by the monotonic clock.
    """

    def __init__(self, key: bytes, proxy: Proxy, mesh: Mesh, resources: ServedResources) -> None:
        self.key, self.proxy, self.mesh, self.resources = key, proxy, mesh, resources
        self.version = resources.version
        self.streams: set[asyncio.Event] = set()
        self.edited: float | None = None

    def replace(self, resources: ServedResources, edited: float | None) -> None:
        """Take new resources, and wake the streams."""
        self.resources, self.version, self.edited = resources, resources.version, edited
        for changed in self.streams:
            changed.set()


class Publisher:
    """Compiles for the proxies that are connected."""

    def __init__(self, mesh: Mesh, metrics: ServeMetrics, flavour: Flavour) -> None:
        self.mesh, self.metrics = mesh, metrics
        self.served: dict[bytes, ServedProxy] = {}
        self._sets = ResourceSets(flavour)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="compile")

    async def run(self, function: Callable[..., T], *arguments: Any) -> T:
        """The result of a function in the thread that compiles."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, function, *arguments)

    async def connect(self, node: Mapping[str, Any], changed: asyncio.Event) -> ServedProxy:
        """The proxy of a node, compiled. `changed` is set whenever its resources change.

        Raises InvalidArgument for a node that is none.
        """
        proxy = Proxy.from_node(node)
        key = msgspec.json.encode(node, order="sorted")
        known = self.served.get(key)
        served = await self.run(self._compiled, key, proxy) if known is None else known
        served.streams.add(changed)
        self.served[key] = served
        await self._recompile(served, None)
        return served

    def disconnect(self, served: ServedProxy, changed: asyncio.Event) -> None:
        """Forget a stream, and the proxy with its last one."""
        served.streams.discard(changed)
        if not served.streams and self.served.get(served.key) is served:
            del self.served[served.key]

    async def publish(self, mesh: Mesh, edited: float | None) -> int:
        """Compile all connected proxies for a mesh. Returns the number of those whose resources changed."""
        await self.run(self._take, mesh)
        number = 0
        for served in tuple(self.served.values()):
            number += await self._recompile(served, edited)
        return number

    async def _recompile(self, served: ServedProxy, edited: float | None) -> bool:
        """Compile one proxy if it is from an earlier mesh, and wake its streams if its resources changed.

        A failure leaves it as it is.
        """
        if served.mesh is self.mesh:
            return False
        try:
            with self.metrics.compilation.time():
                mesh, resources = await self.run(self._resources, served.proxy)
        except Exception:
            log(_ERROR, "a proxy could not be compiled", proxy=served.proxy.id, exc_info=True)
            return False
        served.mesh = mesh
        if resources.version == served.version:
            return False
        served.replace(resources, edited)
        return True

    def close(self) -> None:
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _take(self, mesh: Mesh) -> None:
        self.mesh = mesh

    def _compiled(self, key: bytes, proxy: Proxy) -> ServedProxy:
        known = self.served.get(key)
        return self.served.setdefault(key, ServedProxy(key, proxy, *self._resources(proxy))) if known is None else known

    def _resources(self, proxy: Proxy) -> tuple[Mesh, ServedResources]:
        """The mesh in force, and the resources of a proxy in it."""
        mesh = self.mesh
        resources = self._sets.of(mesh.compile(proxy))
        if proxy.node_metadata.dns_capture:
            resources = resources.having(NAMES, served_names(name_table(mesh.snapshot, proxy)))
        return mesh, resources
