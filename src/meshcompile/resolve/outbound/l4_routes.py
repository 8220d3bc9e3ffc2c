"""The rules for TCP and TLS connections: which of them match a listener, and where they route connections.

Follows istiod's `matchTLS`, `matchTCP`, `buildOutboundNetworkFilters` and `tunnelingconfig.Apply`.
"""

from collections.abc import Sequence

from msgspec import Struct

from meshcompile.documents import NOWHERE, Origin
from meshcompile.resolve.listeners.stat_names import StatSubject, stat_name
from meshcompile.resolve.listeners.tcp_connection import (
    NO_SETTINGS,
    TcpConnection,
    TcpSettings,
    TcpTraits,
    Tunnel,
    WeightedCluster,
)
from meshcompile.resolve.outbound.destinations import destination_cluster
from meshcompile.resolve.routes.l4_intent import L4Backend, L4Match, L4Route, L4Routes
from meshcompile.resolve.scope.sidecar import SidecarScope
from meshcompile.resolve.scope.traffic_policy import load_balancer, policy_levels
from meshcompile.snapshot.destination_rules import MergedDestinationRule
from meshcompile.snapshot.service import Service
from meshcompile.values.durations import Duration
from meshcompile.values.labels import Labels, selects
from meshcompile.values.ports import Protocol


class ListenerPort(Struct, frozen=True):
    """The port of a listener. `exchanges_metadata` means that peers first exchange their metadata."""

    number: int
    protocol: Protocol
    name: str = ""
    exchanges_metadata: bool = False


class L4Client(Struct, frozen=True):
    """The client of connections: what it imports, its labels, and the mesh's pattern for statistics."""

    scope: SidecarScope
    labels: Labels
    stat_pattern: str

    def rule(self, hostname: str) -> MergedDestinationRule | None:
        """The DestinationRule in force for a host."""
        return self.scope.destination_rule(hostname, self.labels)

    def matches(self, match: L4Match, gateway: str, port: int) -> bool:
        """True when all conditions of a match on the client, the gateway and the port hold."""
        return (
            (not match.gateways or gateway in match.gateways)
            and selects(match.source_labels, self.labels)
            and match.port in (0, port)
            and match.source_namespace in ("", self.scope.seen_from)
        )


class TcpTarget(Struct, frozen=True):
    """The only cluster of a connection, and its subset. `stat_prefix` names the connection in statistics."""

    cluster: str
    stat_prefix: str
    subset: str = ""
    dynamic_host: str = ""
    origin: Origin = NOWHERE


def routed(
    client: L4Client,
    traits: TcpTraits,
    port: ListenerPort,
    routes: L4Routes,
    route: L4Route,
    origins: tuple[Origin, ...],
) -> TcpConnection:
    """The connection of one of the routes, to one backend or to weighted backends.

    The DestinationRule of the first backend decides timeouts, hashing and tunnels.
    """
    service = client.scope.service(route.backends[0].destination.host)
    rule = None if service is None else client.rule(service.hostname)
    if len(route.backends) == 1:
        return single(traits, rule, _target(client, port, route.backends[0], service), port, origins)
    return TcpConnection(
        traits=traits,
        stat_prefix=routes.stat_prefix,
        clusters=_shares(client.scope, route.backends, port.number),
        weighted=True,
        protocol=port.protocol,
        port=port.number,
        settings=tcp_settings(rule, "", traits.idle_timeout),
        metadata_exchange=port.exchanges_metadata,
        origins=origins,
    )


def _target(client: L4Client, port: ListenerPort, backend: L4Backend, service: Service | None) -> TcpTarget:
    destination = backend.destination
    cluster = str(destination_cluster(destination, service, port.number))
    subject = StatSubject(destination.host, service, port.number, port.name, destination.subset)
    pattern = "" if service is None else client.stat_pattern
    return TcpTarget(cluster, stat_name(pattern, subject, cluster), destination.subset, origin=backend.origin)


def single(
    traits: TcpTraits,
    rule: MergedDestinationRule | None,
    target: TcpTarget,
    port: ListenerPort,
    origins: tuple[Origin, ...] = (),
) -> TcpConnection:
    """A connection to one cluster, with the settings of the DestinationRule of its service."""
    return TcpConnection(
        traits=traits,
        stat_prefix=target.stat_prefix,
        clusters=(WeightedCluster(target.cluster, 1, target.origin),),
        protocol=port.protocol,
        port=port.number,
        settings=tcp_settings(rule, target.subset, traits.idle_timeout),
        metadata_exchange=port.exchanges_metadata,
        dynamic_host=target.dynamic_host,
        origins=origins if rule is None else (*origins, *rule.origins),
    )


def _shares(scope: SidecarScope, backends: Sequence[L4Backend], port: int) -> tuple[WeightedCluster, ...]:
    return tuple(
        WeightedCluster(
            str(destination_cluster(backend.destination, scope.service(backend.destination.host), port)),
            backend.weight,
            backend.origin,
        )
        for backend in backends
        if backend.weight > 0
    )


# ---- what DestinationRules say


def tcp_settings(rule: MergedDestinationRule | None, subset: str, idle_timeout: Duration | None) -> TcpSettings:
    """The settings for connections to a subset, or to the whole service. Timeouts come from the whole rule.

    `idle_timeout` applies when the rule sets none.
    """
    if rule is None:
        return NO_SETTINGS if idle_timeout is None else TcpSettings(idle_timeout)
    policy = rule.traffic_policy
    pool = None if policy is None or policy.connection_pool is None else policy.connection_pool.tcp
    return TcpSettings(
        idle_timeout=idle_timeout if pool is None or pool.idle_timeout is None else pool.idle_timeout,
        max_duration=None if pool is None else pool.max_connection_duration,
        hash_source_ip=_hashes_source_ip(rule, subset),
        tunnel=_tunnel(rule, subset),
    )


def _hashes_source_ip(rule: MergedDestinationRule, subset: str) -> bool:
    """True when all connections of a client go to one endpoint.

    A load balancer of the subset takes precedence.
    """
    balancer = load_balancer(policy_levels(rule, subset))
    hashing = None if balancer is None else balancer.consistent_hash
    return hashing is not None and bool(hashing.use_source_ip)


def _tunnel(rule: MergedDestinationRule, subset_name: str) -> Tunnel | None:
    """The tunnel of the subset, or of the whole rule without a subset."""
    subset = rule.subset(subset_name) if subset_name else None
    policy = (None if subset is None else subset.traffic_policy) if subset_name else rule.traffic_policy
    settings = None if policy is None else policy.tunnel
    if settings is None:
        return None
    return Tunnel(settings.target_host, settings.target_port, settings.protocol == "POST", settings.origin)
