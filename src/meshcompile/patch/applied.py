"""The EnvoyFilters of a proxy, applied resource by resource."""

from collections.abc import Collection, Iterable, Iterator, Sequence

from msgspec import Struct

from meshcompile.diagnostics import Diagnostic
from meshcompile.emit.extensions import extensions
from meshcompile.emit.resources import Resources
from meshcompile.emit.routes import route_configuration
from meshcompile.envoy.config.cluster import Cluster
from meshcompile.envoy.config.core import TypedExtensionConfig
from meshcompile.envoy.config.endpoint import ClusterLoadAssignment
from meshcompile.envoy.config.listener import Listener
from meshcompile.envoy.config.route import RouteConfiguration
from meshcompile.models.networking.envoy_filter import PatchContext
from meshcompile.patch import Patched
from meshcompile.patch.clusters import patched_clusters
from meshcompile.patch.extensions import patched_extensions
from meshcompile.patch.inbound_routes import with_patched_routes
from meshcompile.patch.listeners import patched_listeners
from meshcompile.patch.patcher import Patcher
from meshcompile.patch.report import PatchReport
from meshcompile.patch.routes import is_for_patches, patched_route_configuration
from meshcompile.patch.subscriptions import discovered_names, route_names
from meshcompile.proxy import ProxyType
from meshcompile.resolve.resolved import OnDemandResolver, Resolved
from meshcompile.values.names import CONNECT_ORIGINATE

VIRTUAL_OUTBOUND = "virtualOutbound"
VIRTUAL_INBOUND = "virtualInbound"


def applied(resources: Resources, resolved: Resolved, on_demand: OnDemandResolver) -> Patched:
    """The resources of a proxy, patched in the order in which Envoy requests them."""
    patches = AppliedPatches(Patcher(resolved.facts, resolved.patches, on_demand.snapshot))
    clusters, listeners = patches.clusters(resources.clusters), patches.listeners(resources.listeners)
    known = {table.name: table for table in resolved.route_tables}
    tables = [known.get(name) or on_demand.route_table(name) for name in route_names(listeners)]
    discovered = discovered_names(listeners)
    done = Resources(
        listeners=listeners,
        routes=tuple(patches.routes(route_configuration(table)) for table in tables),
        clusters=clusters,
        endpoints=patches.endpoints(resources.endpoints, clusters),
        extensions=patches.extensions(extensions(on_demand.extensions(discovered)), discovered),
    )
    findings = (*(finding for table in tables for finding in table.findings), *patches.findings())
    return Patched(done, findings, patches.reports())


class AppliedPatches(Struct, frozen=True):
    """The patches of one proxy."""

    patcher: Patcher

    def clusters(self, clusters: Sequence[Cluster]) -> tuple[Cluster, ...]:
        return patched_clusters(self.patcher, clusters)

    def endpoints(
        self, assignments: Sequence[ClusterLoadAssignment], clusters: Iterable[Cluster]
    ) -> tuple[ClusterLoadAssignment, ...]:
        """The load assignments of the clusters. A cluster that only patches add gets no endpoints."""
        known = {assignment.cluster_name: assignment for assignment in assignments}
        requested = {_eds_name(cluster) for cluster in clusters if cluster.type == "EDS"}
        return tuple(known.get(name) or ClusterLoadAssignment(cluster_name=name) for name in sorted(requested))

    def listeners(self, listeners: Sequence[Listener]) -> tuple[Listener, ...]:
        """Listeners in the order in which istiod patches them. The virtual outbound listener is patched separately."""
        proxy = self.patcher.facts.proxy
        # istiod adds it to sidecars and gateways after all patches.
        is_late = [
            listener.name == CONNECT_ORIGINATE and proxy.type is not ProxyType.WAYPOINT for listener in listeners
        ]
        late = [listener for listener, is_one in zip(listeners, is_late, strict=True) if is_one]
        early = [listener for listener, is_one in zip(listeners, is_late, strict=True) if not is_one]
        if proxy.is_router:
            patched = patched_listeners(self.patcher, PatchContext.GATEWAY, early)
        else:
            patched = tuple(self._sidecar_listeners(early))
        return tuple(sorted((*patched, *late), key=lambda listener: listener.name))

    def _sidecar_listeners(self, listeners: Sequence[Listener]) -> Iterator[Listener]:
        outbound = [listener for listener in listeners if listener.traffic_direction == "OUTBOUND"]
        virtual = [listener for listener in outbound if listener.name == VIRTUAL_OUTBOUND]
        others = [listener for listener in outbound if listener.name != VIRTUAL_OUTBOUND]
        inbound = [listener for listener in listeners if listener.traffic_direction != "OUTBOUND"]
        routed = [with_patched_routes(self.patcher, listener) for listener in inbound]
        routed.sort(key=lambda listener: listener.name != VIRTUAL_INBOUND)
        yield from patched_listeners(self.patcher, PatchContext.SIDECAR_OUTBOUND, virtual, additions=False)
        yield from patched_listeners(self.patcher, PatchContext.SIDECAR_INBOUND, routed)
        yield from patched_listeners(self.patcher, PatchContext.SIDECAR_OUTBOUND, others)

    def routes(self, routes: RouteConfiguration) -> RouteConfiguration:
        is_router = self.patcher.facts.proxy.is_router
        if not is_router and not is_for_patches(routes):
            return routes
        context = PatchContext.GATEWAY if is_router else PatchContext.SIDECAR_OUTBOUND
        return patched_route_configuration(self.patcher, context, routes)

    def extensions(
        self, extensions: Sequence[TypedExtensionConfig], discovered: Collection[str]
    ) -> tuple[TypedExtensionConfig, ...]:
        return patched_extensions(self.patcher, extensions, discovered)

    def findings(self) -> Iterable[Diagnostic]:
        return self.patcher.findings()

    def reports(self) -> tuple[PatchReport, ...]:
        return self.patcher.reports()


def _eds_name(cluster: Cluster) -> str:
    """The name under which a cluster requests its endpoints."""
    config = cluster.eds_cluster_config
    return (config.service_name if config else "") or cluster.name
