"""The tcp and tls rules of VirtualServices: which apply to a listener, and where they send connections.

Follows istiod's `matchTLS`, `matchTCP`, `buildOutboundNetworkFilters` and `tunnelingconfig.Apply`.
"""

from collections.abc import Collection, Sequence

from meshcompile.durations import Duration
from meshcompile.labels import selects
from meshcompile.models.networking.destination_rule import (
    LoadBalancerSettings,
    TCPSettings,
    TrafficPolicy,
    TunnelSettings,
)
from meshcompile.models.networking.virtual_service import L4MatchAttributes, RouteDestination, TLSMatchAttributes
from meshcompile.ports import Protocol
from meshcompile.proxy import Proxy
from meshcompile.resolve.destinations import destination_cluster
from meshcompile.resolve.stat_names import StatSubject, stat_name
from meshcompile.resolve.tcp_connection import TcpConnection, TcpTraits, Tunnel, WeightedCluster
from meshcompile.resolve.view import View
from meshcompile.snapshot.destination_rules import MergedDestinationRule
from meshcompile.snapshot.virtual_services import MergedVirtualService
from meshcompile.source import Origin


def applies(match: L4MatchAttributes | TLSMatchAttributes, proxy: Proxy, gateways: Collection[str], port: int) -> bool:
    """True when a match's conditions on the client, the gateway and the port hold; all of them must."""
    return (
        (not match.gateways or any(gateway in gateways for gateway in match.gateways))
        and selects(match.source_labels, proxy.labels)
        and match.port in (0, port)
        and match.source_namespace in ("", proxy.namespace)
    )


def routed(
    view: View,
    traits: TcpTraits,
    virtual_service: MergedVirtualService,
    routes: Sequence[RouteDestination],
    port: int,
    protocol: Protocol,
    origins: tuple[Origin, ...],
    *,
    port_name: str = "",
    metadata_exchange: bool = False,
) -> TcpConnection:
    """The connection of a rule: to its one destination, or to shares of several.

    The DestinationRule of the first destination's service decides about timeouts, hashing and tunnels.
    """
    first = routes[0].destination
    host = first.host if first is not None else ""
    service = view.scope.service(host)
    rule = None if service is None else view.scope.destination_rule(service.hostname, view.proxy)
    if len(routes) == 1 and first is not None:
        cluster = str(destination_cluster(first, service, port))
        pattern = "" if service is None else view.snapshot.mesh.outbound_cluster_stat_name
        return single(
            traits,
            rule,
            cluster,
            subset=first.subset,
            stat_prefix=stat_name(pattern, StatSubject(host, service, port, port_name, first.subset), cluster),
            port=port,
            protocol=protocol,
            origins=origins,
            metadata_exchange=metadata_exchange,
        )
    return TcpConnection(
        traits=traits,
        stat_prefix=f"{virtual_service.name}.{virtual_service.namespace}",
        clusters=_shares(view, routes, port),
        weighted=True,
        protocol=protocol,
        port=port,
        idle_timeout=_idle_timeout(traits, rule),
        max_duration=_max_duration(rule),
        hash_source_ip=_hashes_source_ip(rule, ""),
        tunnel=_tunnel(rule, ""),
        metadata_exchange=metadata_exchange,
        origins=origins,
    )


def single(
    traits: TcpTraits,
    rule: MergedDestinationRule | None,
    cluster: str,
    *,
    stat_prefix: str,
    port: int,
    protocol: Protocol,
    subset: str = "",
    origins: tuple[Origin, ...] = (),
    metadata_exchange: bool = False,
    dynamic_host: str = "",
    tunnels: bool = True,
) -> TcpConnection:
    """A connection to one cluster, as the DestinationRule of its service wants it."""
    return TcpConnection(
        traits=traits,
        stat_prefix=stat_prefix,
        clusters=(WeightedCluster(cluster, 1),),
        protocol=protocol,
        port=port,
        idle_timeout=_idle_timeout(traits, rule),
        max_duration=_max_duration(rule),
        hash_source_ip=_hashes_source_ip(rule, subset),
        tunnel=_tunnel(rule, subset) if tunnels else None,
        metadata_exchange=metadata_exchange,
        dynamic_host=dynamic_host,
        origins=origins if rule is None else (*origins, *rule.origins),
    )


def _shares(view: View, routes: Sequence[RouteDestination], port: int) -> tuple[WeightedCluster, ...]:
    return tuple(
        WeightedCluster(
            str(destination_cluster(route.destination, view.scope.service(route.destination.host), port)), route.weight
        )
        for route in routes
        if route.weight > 0 and route.destination is not None
    )


def _policy(rule: MergedDestinationRule | None) -> TrafficPolicy | None:
    return None if rule is None else rule.traffic_policy


def _idle_timeout(traits: TcpTraits, rule: MergedDestinationRule | None) -> Duration | None:
    """The rule's top-level timeout, else what the node metadata ask for."""
    settings = _tcp_settings(rule)
    return traits.idle_timeout if settings is None or settings.idle_timeout is None else settings.idle_timeout


def _max_duration(rule: MergedDestinationRule | None) -> Duration | None:
    settings = _tcp_settings(rule)
    return None if settings is None else settings.max_connection_duration


def _tcp_settings(rule: MergedDestinationRule | None) -> TCPSettings | None:
    policy = _policy(rule)
    return None if policy is None or policy.connection_pool is None else policy.connection_pool.tcp


def _hashes_source_ip(rule: MergedDestinationRule | None, subset_name: str) -> bool:
    """True when connections of one client go to one server; a load balancer of the subset's own decides."""
    if rule is None:
        return False
    subset = rule.subset(subset_name)
    own = None if subset is None or subset.traffic_policy is None else subset.traffic_policy.load_balancer
    policy = _policy(rule)
    inherited = None if policy is None else policy.load_balancer
    return _by_source_ip(inherited if own is None else own)


def _by_source_ip(balancer: LoadBalancerSettings | None) -> bool:
    if balancer is None or balancer.consistent_hash is None:
        return False
    return bool(balancer.consistent_hash.use_source_ip)


def _tunnel(rule: MergedDestinationRule | None, subset_name: str) -> Tunnel | None:
    """The tunnel of the subset; of the whole rule when there is no subset."""
    if rule is None:
        return None
    subset = rule.subset(subset_name) if subset_name else None
    policy = (None if subset is None else subset.traffic_policy) if subset_name else rule.traffic_policy
    settings: TunnelSettings | None = None if policy is None else policy.tunnel
    if settings is None:
        return None
    return Tunnel(settings.target_host, settings.target_port, settings.protocol == "POST")
