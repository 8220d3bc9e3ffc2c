"""Patches of clusters. Follows istiod's `envoyfilter.ApplyClusterMerge` and `InsertedClusters`."""

from collections.abc import Iterator, Sequence

from meshcompile.envoy.config.cluster import Cluster
from meshcompile.envoy.config.core import TransportSocket
from meshcompile.models.networking.envoy_filter import ApplyTo, Operation, PatchContext
from meshcompile.names import (
    BLACK_HOLE_CLUSTER,
    INBOUND_PASSTHROUGH_CLUSTER,
    PASSTHROUGH_CLUSTER,
    Direction,
    parse_cluster_name,
)
from meshcompile.patch.editing import changed
from meshcompile.patch.merge import TypeMismatch, merged_packed
from meshcompile.patch.patcher import Check, Patcher, Ready
from meshcompile.proxy import Proxy, ProxyType
from meshcompile.resolve.envoy_filters import Condition, Patch
from meshcompile.resolve.view import View

# Clusters that are added without a context are not added twice to one proxy.
_CONTEXTS_OF_ADDITIONS = frozenset({PatchContext.SIDECAR_OUTBOUND, PatchContext.GATEWAY})


def patched_clusters(patcher: Patcher, clusters: Sequence[Cluster]) -> tuple[Cluster, ...]:
    """The clusters of a proxy with all patches applied, sorted by name."""
    if ApplyTo.CLUSTER not in patcher.filters.by_object:
        return tuple(clusters)
    patched = [new for old in clusters if (new := _patched(patcher, old)) is not None]
    added = [each for context in contexts(patcher.view.proxy) for each in _added(patcher, context)]
    return tuple(sorted((*patched, *_without_duplicates(patched, added)), key=lambda cluster: cluster.name))


def contexts(proxy: Proxy) -> tuple[PatchContext, ...]:
    """The contexts that the configuration of a proxy belongs to."""
    return (PatchContext.GATEWAY,) if proxy.is_router else (PatchContext.SIDECAR_OUTBOUND, PatchContext.SIDECAR_INBOUND)


def cluster_context(proxy: Proxy, name: str) -> PatchContext | None:
    """The context that a generated cluster belongs to; None for those that are not patched."""
    parts = parse_cluster_name(name)
    direction = parts.direction if parts else _DIRECTIONS.get(name)
    match direction, proxy.type:
        case Direction.OUTBOUND, ProxyType.ROUTER:
            return PatchContext.GATEWAY
        case Direction.OUTBOUND, _:
            return PatchContext.SIDECAR_OUTBOUND
        case Direction.INBOUND, ProxyType.SIDECAR:
            return PatchContext.SIDECAR_INBOUND
    return None


_DIRECTIONS = {
    BLACK_HOLE_CLUSTER: Direction.OUTBOUND,
    PASSTHROUGH_CLUSTER: Direction.OUTBOUND,
    INBOUND_PASSTHROUGH_CLUSTER: Direction.INBOUND,
}


def _patched(patcher: Patcher, cluster: Cluster) -> Cluster | None:
    """A generated cluster with patches merged into it; None when it is removed."""
    context = cluster_context(patcher.view.proxy, cluster.name)
    if context is None:
        return cluster
    for each in patcher.patches(ApplyTo.CLUSTER, context):
        if each.operation not in (Operation.MERGE, Operation.REMOVE):
            continue
        if not patcher.meets(each.patch, cluster_checks(each.patch, cluster.name, patcher.view)):
            continue
        before, place = cluster, f"cluster {cluster.name}"
        if each.operation is Operation.REMOVE:
            patcher.changed(each.patch, place, before, None)
            return None
        try:
            cluster = _merged(each, before)
        except TypeMismatch as error:
            patcher.broke(each.patch, place, error)
            return cluster
        if cluster is before:
            patcher.missed(each.patch, Condition.TRANSPORT_SOCKET)
        else:
            patcher.changed(each.patch, place, before, cluster)
    return cluster


def _added(patcher: Patcher, context: PatchContext) -> Iterator[Cluster]:
    for each in patcher.patches(ApplyTo.CLUSTER, context):
        is_for_all = each.patch.match.context is PatchContext.ANY
        if each.operation is Operation.ADD and (not is_for_all or context in _CONTEXTS_OF_ADDITIONS):
            cluster: Cluster = each.message
            patcher.changed(each.patch, f"cluster {cluster.name}", None, cluster)
            yield cluster
        elif each.operation is Operation.REPLACE:
            patcher.missed(each.patch, Condition.OPERATION)


def _without_duplicates(generated: Sequence[Cluster], added: Sequence[Cluster]) -> Iterator[Cluster]:
    """The added clusters whose names are not taken: the first of a name stays, but a service's cluster is no rival."""
    taken = {cluster.name for cluster in generated if not cluster.name.startswith("outbound|")}
    for cluster in added:
        if cluster.name not in taken:
            taken.add(cluster.name)
            yield cluster


def cluster_checks(patch: Patch, name: str, view: View) -> Iterator[Check]:
    """What a patch asks of a cluster; a name is enough."""
    match = patch.match.cluster
    if match is None:
        return
    if match.name:
        yield Condition.CLUSTER_NAME, match.name == name
        return
    parts = parse_cluster_name(name)
    yield Condition.CLUSTER_SUBSET, match.subset in ("", parts.subset if parts else "")
    yield Condition.CLUSTER_SERVICE, not match.service or match.service in _hosts(name, view)
    yield Condition.CLUSTER_PORT, match.port_number in (0, parts.port if parts else 0)


def _hosts(name: str, view: View) -> tuple[str, ...]:
    """The services that a cluster is for: of an inbound one those that its port serves, or its Sidecar."""
    parts = parse_cluster_name(name)
    if parts is None:
        return ()
    if parts.direction is not Direction.INBOUND:
        return (parts.host,)
    hosts = tuple(target.service.hostname for target in view.targets if target.target_port == parts.port)
    sidecar = view.scope.sidecar
    if not view.scope.has_ingress or sidecar is None:
        return hosts
    return hosts[:1] or (f"{sidecar.name}.{sidecar.namespace}",)


def _merged(each: Ready, cluster: Cluster) -> Cluster:
    """A cluster with a patch merged into it: a transport socket for itself, and then nothing else."""
    patch: Cluster = each.message
    if patch.transport_socket is None:
        return each.into(cluster)
    if cluster.transport_socket_matches:
        return _merged_match(each, cluster, patch.transport_socket)
    socket = cluster.transport_socket
    if socket is None or socket.name != patch.transport_socket.name:
        return changed(cluster, each.patch.origin, transport_socket=patch.transport_socket)
    return changed(cluster, each.patch.origin, transport_socket=_merged_socket(each, socket, patch.transport_socket))


def _merged_match(each: Ready, cluster: Cluster, patch: TransportSocket) -> Cluster:
    """A cluster that chooses among transport sockets: the patch goes into the first of its name."""
    matches = list(cluster.transport_socket_matches)
    for index, match in enumerate(matches):
        socket = match.transport_socket
        if socket is not None and socket.name == patch.name:
            matches[index] = changed(match, transport_socket=_merged_socket(each, socket, patch))
            return changed(cluster, each.patch.origin, transport_socket_matches=tuple(matches))
    return cluster


def _merged_socket(each: Ready, socket: TransportSocket, patch: TransportSocket) -> TransportSocket:
    if socket.typed_config is None or patch.typed_config is None:
        return socket
    return changed(socket, each.patch.origin, typed_config=merged_packed(socket.typed_config, patch.typed_config))
