"""Facts about a proxy that are known before its resources are resolved."""

from msgspec import Struct

from meshcompile.models.mesh.proxy_config import ProxyConfig
from meshcompile.proxy import Proxy
from meshcompile.resolve.gateways.merged import MergedGateway, merged_gateway
from meshcompile.resolve.inbound.service_targets import ServiceTarget, service_targets
from meshcompile.resolve.scope.proxy_config import proxy_config
from meshcompile.resolve.scope.sidecar import SidecarScope, l4_scope, scope_key, sidecar_scope
from meshcompile.resolve.security.mtls import PeerPolicy, peer_policy
from meshcompile.resolve.waypoint.behind import BehindWaypoint, behind_waypoint
from meshcompile.snapshot.snapshot import Snapshot
from meshcompile.values.durations import Duration


class ProxyFacts(Struct, frozen=True):
    """A proxy, what it imports, and what it serves.

    `scope` has the services and rules that it imports. Gateways and waypoints import everything visible. `targets` are
    the service ports that its workload serves, oldest service first, then by host name. `gateway` merges all Gateways
    that select a router, and is empty for other proxies. `config` is what the proxy reports, or the mesh's default.
    `peer_policy` has the mutual TLS modes of its ports. `behind` is what a waypoint stands before.
    """

    proxy: Proxy
    config: ProxyConfig
    scope: SidecarScope
    targets: tuple[ServiceTarget, ...]
    gateway: MergedGateway
    peer_policy: PeerPolicy
    behind: BehindWaypoint


def proxy_facts(snapshot: Snapshot, proxy: Proxy) -> ProxyFacts:
    """The facts of a proxy whose labels are those of its workload: see `resolve.scope.workload`."""
    return _facts(snapshot, proxy, sidecar_scope(snapshot, scope_key(snapshot, proxy)))


def l4_facts(snapshot: Snapshot, proxy: Proxy) -> ProxyFacts:
    """The facts of a sidecar with its `l4_scope`: all that its resources depend on, except for its route tables."""
    return _facts(snapshot, proxy, l4_scope(snapshot, scope_key(snapshot, proxy)))


def _facts(snapshot: Snapshot, proxy: Proxy, scope: SidecarScope) -> ProxyFacts:
    targets = service_targets(snapshot, proxy)
    return ProxyFacts(
        proxy=proxy,
        config=proxy_config(snapshot.mesh, proxy),
        scope=scope,
        targets=targets,
        gateway=merged_gateway(snapshot.gateways, proxy, targets, strict=snapshot.behaviour.strict_gateway_merging),
        peer_policy=peer_policy(snapshot.authentication, proxy.namespace, proxy.labels),
        behind=behind_waypoint(snapshot, proxy, targets),
    )


def idle_timeout(proxy: Proxy) -> Duration | None:
    """The idle timeout of connections, from the node metadata."""
    try:
        return Duration.parse(proxy.node_metadata.idle_timeout)
    except ValueError:
        return None
