"""Outbound clusters: one for each port of each service, and of each of its subsets.

Follows istiod's `buildOutboundClusters`, `buildOutboundSniDnatClusters`, `applyDestinationRule` and
`buildSubsetCluster`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from meshcompile.hosts import is_wildcard
from meshcompile.models.networking.destination_rule import ClientTLSMode, Subset, TrafficPolicy
from meshcompile.names import outbound, outbound_sni
from meshcompile.ports import Protocol
from meshcompile.proxy import Proxy
from meshcompile.resolve.clients import Client, client
from meshcompile.resolve.clusters.balancing import asks_for_passthrough, balancing
from meshcompile.resolve.clusters.http import outbound_http
from meshcompile.resolve.clusters.pieces import (
    Algorithm,
    Balancing,
    Cluster,
    Discovery,
    DnsSettings,
    HttpOptions,
    Metadata,
    ServiceName,
)
from meshcompile.resolve.clusters.pool import connect_timeout, keepalive, thresholds
from meshcompile.resolve.clusters.security import Secured, Server, secured
from meshcompile.resolve.clusters.stat_names import stat_name
from meshcompile.resolve.locality_balancing import balanced, locality_settings
from meshcompile.resolve.locality_groups import LocalityGroup
from meshcompile.resolve.mtls import service_mode
from meshcompile.resolve.reach import Reach, Upstream, reach
from meshcompile.resolve.scope import SidecarScope
from meshcompile.resolve.traffic_policy import port_policy, subset_policy
from meshcompile.resolve.view import View
from meshcompile.snapshot.destination_rules import MergedDestinationRule
from meshcompile.snapshot.service import Registry, Resolution, Service, ServicePort
from meshcompile.snapshot.snapshot import Snapshot
from meshcompile.source import NOWHERE, Origin

TUNNEL_LABEL = "networking.istio.io/tunnel"
BY_HOST_PROTOCOLS = frozenset({Protocol.HTTP, Protocol.TLS, Protocol.GRPC, Protocol.HTTP2})
_DNS = frozenset({Discovery.STRICT_DNS, Discovery.LOGICAL_DNS})


@dataclass(frozen=True, eq=False)
class Clients:
    """The proxies that get the same outbound clusters: of one scope, with equal traits. `proxy` is one of them."""

    snapshot: Snapshot
    scope: SidecarScope
    traits: Client
    proxy: Proxy
    reach: Reach


def outbound_clusters(view: View) -> tuple[Cluster, ...]:
    """The outbound clusters of a proxy, in the order of the scope's services."""
    clients = Clients(view.snapshot, view.scope, client(view), view.proxy, reach(view))
    return view.scope.memo.once(
        ("outbound clusters", clients.traits),
        lambda: tuple(c for service in view.scope.services for c in _service_clusters(clients, service)),
    )


def sni_dnat_clusters(view: View) -> tuple[Cluster, ...]:
    """The clusters of AUTO_PASSTHROUGH gateways, named by the SNI that mutual TLS of the mesh uses."""
    clients = Clients(view.snapshot, view.scope, client(view), view.proxy, reach(view))
    return view.scope.memo.once(
        ("SNI-DNAT clusters", clients.traits),
        lambda: tuple(
            cluster
            for service in view.scope.services
            if not service.mesh_external
            for cluster in _port_clusters(clients, service, sni_dnat=True)
        ),
    )


def _service_clusters(clients: Clients, service: Service) -> Iterator[Cluster]:
    if service.resolution is Resolution.ALIAS:
        return iter(())
    if is_wildcard(service.hostname) and service.resolution is Resolution.DYNAMIC_DNS:
        return _by_host(clients, service)
    return _port_clusters(clients, service, sni_dnat=False)


def _rule(clients: Clients, service: Service) -> MergedDestinationRule | None:
    return clients.scope.destination_rule(service.hostname, clients.proxy)


@dataclass(frozen=True, slots=True, eq=False)
class Target:
    """One cluster to be made.

    `level_policy` is the policy of the rule or the subset as written, which is all that the mutual TLS mode looks at.
    """

    upstream: Upstream
    discovery: Discovery
    level_policy: TrafficPolicy | None
    sni_dnat: bool


def _port_clusters(clients: Clients, service: Service, *, sni_dnat: bool) -> Iterator[Cluster]:
    rule = _rule(clients, service)
    discovery = _discovery(service, clients.traits)
    for port in service.ports:
        if port.protocol is Protocol.UDP:
            continue
        top = None if rule is None else rule.traffic_policy
        whole = Upstream(service, port, rule, port_policy(top, port.number))
        cluster = _cluster(clients, Target(whole, discovery, top, sni_dnat))
        if cluster is None:
            continue
        yield cluster
        for subset in () if rule is None else rule.subsets:
            own = subset.traffic_policy
            original = asks_for_passthrough(None if own is None else own.load_balancer)
            part = Upstream(service, port, rule, subset_policy(top, own, port.number), subset.name)
            of_subset = _cluster(
                clients, Target(part, Discovery.ORIGINAL_DST if original else cluster.discovery, own, sni_dnat)
            )
            if of_subset is not None:
                yield of_subset


def _discovery(service: Service, client: Client) -> Discovery:
    match service.resolution:
        case Resolution.DNS_LB:
            return Discovery.LOGICAL_DNS if service.dns_connect_race else Discovery.STRICT_DNS
        case Resolution.DNS_ROUND_ROBIN_LB:
            return Discovery.LOGICAL_DNS
        case Resolution.PASSTHROUGH if not client.is_router:
            return Discovery.ORIGINAL_DST
    # Gateways have no original destination to go to: they balance over the endpoints of headless services too.
    return Discovery.EDS


def _cluster(clients: Clients, target: Target) -> Cluster | None:
    """The cluster for a target; None for one whose endpoints should be listed in it, but has none."""
    snapshot, mesh, traits = clients.snapshot, clients.snapshot.mesh, clients.traits
    upstream, policy = target.upstream, target.upstream.policy
    service, port, subset = upstream.service, upstream.port, upstream.subset
    groups: tuple[LocalityGroup, ...] = ()
    if target.discovery in _DNS:
        groups = clients.reach.inlined(upstream, only_mutual_tls=target.sni_dnat)
        if not groups:
            return None
    passthrough = asks_for_passthrough(policy.load_balancer)
    discovery = Discovery.ORIGINAL_DST if passthrough else target.discovery
    localities = locality_settings(mesh, policy.load_balancer, service)
    name = (outbound_sni if target.sni_dnat else outbound)(port.number, subset, service.hostname)
    http = outbound_http(
        port.protocol,
        policy.connection_pool,
        mesh,
        sniffs=not traits.is_router,
        preserves_header_case=traits.preserves_header_case,
    )
    security = Secured.plain(http) if target.sni_dnat else _secured(clients, target, discovery, name, http)
    return Cluster(
        name=name,
        stat_name=stat_name(mesh.outbound_cluster_stat_name, service, port, subset) or name,
        discovery=discovery,
        connect_timeout=connect_timeout(policy.connection_pool, mesh),
        balancing=balancing(service, policy, target.discovery, localities, is_subset=bool(subset)),
        thresholds=thresholds(policy.connection_pool, policy.retry_budget),
        keepalive=keepalive(policy.connection_pool, mesh),
        http=security.http,
        security=security.security,
        outlier_detection=policy.outlier_detection,
        metadata=_metadata(snapshot, target),
        groups=() if passthrough else balanced(groups, localities, traits, policy.outlier_detection is not None),
        dns=_dns(service, traits, snapshot) if target.discovery in _DNS else None,
        port_override=(
            service.passthrough_target_ports.get(port.number) if target.discovery is Discovery.ORIGINAL_DST else None
        ),
        exchanges_metadata=True,
        upstream=upstream if discovery is Discovery.EDS else None,
        is_sni_dnat=target.sni_dnat,
        origins=_origins(upstream),
    )


def _secured(clients: Clients, target: Target, discovery: Discovery, name: str, http: HttpOptions | None) -> Secured:
    snapshot, upstream = clients.snapshot, target.upstream
    service, port, rule = upstream.service, upstream.port, upstream.rule
    by_host = discovery is Discovery.DYNAMIC_FORWARD_PROXY
    server = Server(
        cluster_name=name,
        discovery=discovery,
        mode=service_mode(snapshot, service, port, target.level_policy),
        sni="" if by_host else outbound_sni(port.number, upstream.subset, service.hostname),
        service_accounts=() if by_host else snapshot.endpoints.service_accounts(service),
        mesh_external=service.mesh_external,
        is_external_registry=service.registry is Registry.EXTERNAL,
        by_host=by_host,
    )
    selects_workloads = rule is not None and rule.workload_selector is not None
    return secured(server, upstream.policy, http, snapshot.mesh, clients.traits, selects_workloads)


def _metadata(snapshot: Snapshot, target: Target) -> Metadata:
    upstream = target.upstream
    service, rule, whole = upstream.service, upstream.rule, not upstream.subset
    tunnelled = whole and not target.sni_dnat and _is_tunnelled(snapshot, service, upstream.port)
    return Metadata(
        services=(service_name(service),),
        rule=None if rule is None else (rule.namespace, rule.name),
        subset=upstream.subset,
        is_external=whole and service.mesh_external and not tunnelled,
        is_tunnelled=tunnelled,
        keeps_alpn=rule is not None and upstream.policy.tls_mode in (ClientTLSMode.SIMPLE, ClientTLSMode.MUTUAL),
    )


def service_name(service: Service) -> ServiceName:
    return ServiceName(service.hostname, service.name, service.namespace)


def _is_tunnelled(snapshot: Snapshot, service: Service, port: ServicePort) -> bool:
    """True when every endpoint says that it takes HBONE."""
    endpoints = snapshot.endpoints.numbered(service, port.number)
    return bool(endpoints) and all("http" in e.labels.get(TUNNEL_LABEL, "").split(",") for e in endpoints)


def _dns(service: Service, client: Client, snapshot: Snapshot) -> DnsSettings:
    families = "V6_ONLY" if client.ipv6 and not client.ipv4 else "V4_ONLY"
    return DnsSettings("ALL" if service.dns_connect_race else families, snapshot.mesh.dns_refresh_rate)


def _origins(upstream: Upstream) -> tuple[Origin, ...]:
    """The port, then the rules: the subset itself where there is one."""
    rule = upstream.rule
    found = None if rule is None else rule.subset(upstream.subset) if upstream.subset else None
    port = upstream.port.origin
    return (upstream.service.origin if port is NOWHERE else port, *_rule_origins(rule, found))


def _rule_origins(rule: MergedDestinationRule | None, subset: Subset | None) -> tuple[Origin, ...]:
    if rule is None:
        return ()
    return rule.origins if subset is None else (subset.origin, *rule.origins)


# ---- wildcard services whose addresses are looked up by each request's host


def _by_host(clients: Clients, service: Service) -> Iterator[Cluster]:
    rule = _rule(clients, service)
    for port in service.ports:
        if port.protocol in BY_HOST_PROTOCOLS:
            top = None if rule is None else rule.traffic_policy
            upstream = Upstream(service, port, rule, port_policy(top, port.number))
            yield _host_cluster(clients, Target(upstream, Discovery.DYNAMIC_FORWARD_PROXY, top, False))


def _host_cluster(clients: Clients, target: Target) -> Cluster:
    mesh, policy = clients.snapshot.mesh, target.upstream.policy
    service, port = target.upstream.service, target.upstream.port
    name = outbound(port.number, "", service.hostname)
    http = outbound_http(
        port.protocol,
        policy.connection_pool,
        mesh,
        sniffs=not clients.traits.is_router,
        preserves_header_case=clients.traits.preserves_header_case,
    )
    security = _secured(clients, target, Discovery.DYNAMIC_FORWARD_PROXY, name, http)
    return Cluster(
        name=name,
        stat_name=name,
        discovery=Discovery.DYNAMIC_FORWARD_PROXY,
        connect_timeout=connect_timeout(policy.connection_pool, mesh),
        balancing=Balancing(Algorithm.CLUSTER_PROVIDED),
        common_balancing=False,
        thresholds=thresholds(policy.connection_pool, policy.retry_budget),
        keepalive=keepalive(policy.connection_pool, mesh),
        http=security.http,
        security=security.security,
        outlier_detection=policy.outlier_detection,
        metadata=replace(_metadata(clients.snapshot, target), services=None),
        host=service.hostname,
        insecure_host_options=security.insecure_host_options,
        exchanges_metadata=True,
        origins=_origins(target.upstream),
    )
