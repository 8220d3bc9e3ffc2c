"""Patches of clusters. Follows istiod's `envoyfilter.ApplyClusterMerge` and `InsertedClusters`."""

from collections.abc import Iterable, Iterator, Sequence

from meshcompile.envoy.config.cluster import Cluster
from meshcompile.envoy.config.core import TransportSocket
from meshcompile.models.networking.envoy_filter import ApplyTo, Operation, PatchContext
from meshcompile.patch.editing import changed
from meshcompile.patch.merge import TypeMismatch, merged_packed
from meshcompile.patch.patcher import ActivePatch, Check, Patcher
from meshcompile.proxy import Proxy, ProxyType
from meshcompile.resolve.envoy_filters import Condition, Patch
from meshcompile.resolve.facts import ProxyFacts
from meshcompile.values.names import (
    BLACK_HOLE_CLUSTER,
    INBOUND_PASSTHROUGH_CLUSTER,
    PASSTHROUGH_CLUSTER,
    ClusterName,
    Direction,
    parse_cluster_name,
)


def patched_clusters(patcher: Patcher, clusters: Sequence[Cluster]) -> tuple[Cluster, ...]:
    """The clusters of a proxy with all patches applied, sorted by name."""
    if ApplyTo.CLUSTER not in patcher.filters.by_object:
        return tuple(clusters)
    proxy = patcher.facts.proxy
    services: list[Cluster] = []  # istiod lists these separately
    others: dict[PatchContext | None, list[Cluster]] = {}
    for old in clusters:
        context = cluster_context(proxy, old.name)
        new = old if context is None else _patched(patcher, context, old)
        if new is not None:
            (services if old.name.startswith(SERVICES) else others.setdefault(context, [])).append(new)
    for context in _contexts_of_additions(proxy):
        others.setdefault(context, []).extend(_added(patcher, context))
    ordered = (cluster for context in (*_ORDER, None) for cluster in others.get(context, ()))
    return tuple(sorted((*services, *_first_of_each_name(ordered)), key=lambda cluster: cluster.name))


SERVICES = "outbound|"
# The order in which istiod lists the other clusters. Of several with one name, it keeps the first.
_ORDER = (PatchContext.GATEWAY, PatchContext.SIDECAR_OUTBOUND, PatchContext.SIDECAR_INBOUND)


def _contexts_of_additions(proxy: Proxy) -> tuple[PatchContext, ...]:
    """The contexts whose patches add clusters to a proxy."""
    match proxy.type:
        case ProxyType.ROUTER:
            return (PatchContext.GATEWAY,)
        case ProxyType.WAYPOINT:
            return (PatchContext.SIDECAR_INBOUND,)
        case ProxyType.SIDECAR:
            return (PatchContext.SIDECAR_OUTBOUND, PatchContext.SIDECAR_INBOUND)


def cluster_context(proxy: Proxy, name: str) -> PatchContext | None:
    """The context of a generated cluster; None for clusters that are not patched."""
    parts = parse_cluster_name(name)
    direction = parts.direction if parts else _DIRECTIONS.get(name)
    match direction, proxy.type:
        case Direction.OUTBOUND, ProxyType.ROUTER:
            return PatchContext.GATEWAY
        case Direction.OUTBOUND, _:
            return PatchContext.SIDECAR_OUTBOUND
        case Direction.INBOUND, ProxyType.SIDECAR:
            return PatchContext.SIDECAR_INBOUND
        case _:
            return None


_DIRECTIONS = {
    BLACK_HOLE_CLUSTER: Direction.OUTBOUND,
    PASSTHROUGH_CLUSTER: Direction.OUTBOUND,
    INBOUND_PASSTHROUGH_CLUSTER: Direction.INBOUND,
}


def _patched(patcher: Patcher, context: PatchContext, cluster: Cluster) -> Cluster | None:
    """A generated cluster with patches merged into it; None if a patch removes it."""
    for active in patcher.patches(ApplyTo.CLUSTER, context):
        if active.operation is Operation.ADD:
            continue
        if not patcher.meets(active.patch, cluster_checks(active.patch, cluster.name, patcher.facts)):
            continue
        if active.operation is Operation.REPLACE:
            patcher.missed(active.patch, Condition.OPERATION)
            continue
        before, place = cluster, f"cluster {cluster.name}"
        if active.operation is Operation.REMOVE:
            patcher.changed(active.patch, place, before, None)
            return None
        try:
            cluster = _merged(active, before)
        except TypeMismatch as error:
            patcher.failed(active.patch, place, error)
            return cluster
        if cluster is before:
            patcher.missed(active.patch, Condition.TRANSPORT_SOCKET)
        else:
            patcher.changed(active.patch, place, before, cluster)
    return cluster


def _added(patcher: Patcher, context: PatchContext) -> Iterator[Cluster]:
    """New clusters."""
    for active in patcher.additions(ApplyTo.CLUSTER, context):
        cluster: Cluster = active.message
        patcher.changed(active.patch, f"cluster {cluster.name}", None, cluster)
        yield cluster


def _first_of_each_name(clusters: Iterable[Cluster]) -> Iterable[Cluster]:
    named: dict[str, Cluster] = {}
    for cluster in clusters:
        named.setdefault(cluster.name, cluster)
    return named.values()


def cluster_checks(patch: Patch, name: str, facts: ProxyFacts) -> Iterator[Check]:
    """The conditions of a patch on a cluster. They need only the cluster's name."""
    match = patch.match.cluster
    if match is None:
        return
    if match.name:
        yield Condition.CLUSTER_NAME, match.name == name, (name,)
        return
    parts = parse_cluster_name(name)
    subset, port, hosts = (parts.subset, parts.port, _hosts(parts, facts)) if parts else ("", 0, ())
    yield Condition.CLUSTER_SUBSET, match.subset in ("", subset), (subset,)
    yield Condition.CLUSTER_SERVICE, not match.service or match.service in hosts, hosts
    yield Condition.CLUSTER_PORT, match.port_number in (0, port), (port,)


def _hosts(parts: ClusterName, facts: ProxyFacts) -> tuple[str, ...]:
    """The services of a cluster. For an inbound cluster: the services of its port, or the host of its Sidecar
    listener.
    """
    if parts.direction is not Direction.INBOUND:
        return (parts.host,)
    hosts = tuple(target.service.hostname for target in facts.targets if target.target_port == parts.port)
    sidecar = facts.scope.sidecar
    if not facts.scope.has_ingress or sidecar is None:
        return hosts
    return hosts[:1] or (f"{sidecar.name}.{sidecar.namespace}",)


def _merged(active: ActivePatch, cluster: Cluster) -> Cluster:
    """A cluster with a patch merged into it. A transport socket is merged alone, and excludes the patch's other
    fields.
    """
    patch: Cluster = active.message
    if patch.transport_socket is None:
        return active.into(cluster)
    if cluster.transport_socket_matches:
        return _merged_match(active, cluster, patch.transport_socket)
    socket = cluster.transport_socket
    if socket is None or socket.name != patch.transport_socket.name:
        return changed(cluster, active.patch.origin, transport_socket=patch.transport_socket)
    return changed(
        cluster, active.patch.origin, transport_socket=_merged_socket(active, socket, patch.transport_socket)
    )


def _merged_match(active: ActivePatch, cluster: Cluster, patch: TransportSocket) -> Cluster:
    """A cluster with transport socket matches. The patch is merged into the first match with its name."""
    matches = list(cluster.transport_socket_matches)
    for index, match in enumerate(matches):
        socket = match.transport_socket
        if socket is not None and socket.name == patch.name:
            matches[index] = changed(match, transport_socket=_merged_socket(active, socket, patch))
            return changed(cluster, active.patch.origin, transport_socket_matches=tuple(matches))
    return cluster


def _merged_socket(active: ActivePatch, socket: TransportSocket, patch: TransportSocket) -> TransportSocket:
    if socket.typed_config is None or patch.typed_config is None:
        return socket
    return changed(socket, active.patch.origin, typed_config=merged_packed(socket.typed_config, patch.typed_config))
