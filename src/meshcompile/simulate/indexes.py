"""The resources of a proxy, indexed once for many requests."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol

from meshcompile.envoy.config.cluster import Cluster
from meshcompile.envoy.config.core import TypedExtensionConfig
from meshcompile.envoy.config.endpoint import ClusterLoadAssignment
from meshcompile.envoy.config.listener import Listener
from meshcompile.envoy.config.route import RouteConfiguration
from meshcompile.envoy.extensions.filters.network.http_connection_manager import HttpConnectionManager
from meshcompile.simulate.cluster import ClusterIndex
from meshcompile.simulate.http_connection_manager import IndexedManager, indexed_manager
from meshcompile.simulate.listener import ListenerIndex
from meshcompile.simulate.route_table import IndexedRouteTable


class ProxyResources(Protocol):
    """The resources of a proxy, as `Config` has them."""

    @property
    def listeners(self) -> tuple[Listener, ...]: ...

    @property
    def routes(self) -> tuple[RouteConfiguration, ...]: ...

    @property
    def clusters(self) -> tuple[Cluster, ...]: ...

    @property
    def endpoints(self) -> tuple[ClusterLoadAssignment, ...]: ...

    @property
    def extensions(self) -> tuple[TypedExtensionConfig, ...]: ...


@dataclass(frozen=True)
class ProxyIndex:
    """The resources of a proxy. Each part is prepared when a request first asks for it, and kept with this value."""

    resources: ProxyResources
    _managers: dict[str, IndexedManager] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def listeners(self) -> ListenerIndex:
        return ListenerIndex(self.resources.listeners)

    @cached_property
    def clusters(self) -> ClusterIndex:
        return ClusterIndex(self.resources.clusters, self.resources.endpoints)

    @cached_property
    def tables(self) -> Mapping[str, IndexedRouteTable]:
        """The route tables that listeners discover, by name."""
        return {
            table.name: IndexedRouteTable(f"/routes/{index}", table)
            for index, table in reversed(list(enumerate(self.resources.routes)))
        }

    @cached_property
    def extensions(self) -> Mapping[str, TypedExtensionConfig]:
        return {extension.name: extension for extension in self.resources.extensions}

    def manager(self, message: HttpConnectionManager, pointer: str) -> IndexedManager:
        """The connection manager at a place."""
        if pointer not in self._managers:
            self._managers[pointer] = indexed_manager(message, pointer, self.tables, self.extensions)
        return self._managers[pointer]
