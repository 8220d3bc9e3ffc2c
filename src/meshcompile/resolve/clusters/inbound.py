"""Inbound clusters: from the proxy to its workload.

Follows istiod's `buildInboundClusters` and `buildInboundCluster`.
"""

from collections.abc import Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from meshcompile.documents import Origin
from meshcompile.models.mesh.mesh_config import InboundTrafficPolicyMode, MeshConfig
from meshcompile.models.networking.destination_rule import ConnectionPoolSettings
from meshcompile.models.networking.sidecar import IstioIngressListener, Sidecar
from meshcompile.proxy import InterceptionMode, Proxy
from meshcompile.resolve.clusters.http import inbound_http
from meshcompile.resolve.clusters.ir import (
    Algorithm,
    Balancing,
    Binding,
    Cluster,
    ClusterMetadata,
    Discovery,
    ServiceName,
)
from meshcompile.resolve.clusters.pool import connect_timeout, keepalive, thresholds
from meshcompile.resolve.clusters.service_parts import service_name
from meshcompile.resolve.facts import ProxyFacts
from meshcompile.resolve.inbound.service_targets import ServiceTarget
from meshcompile.resolve.listeners.stat_names import StatSubject, stat_name
from meshcompile.resolve.scope.clients import ClientKey
from meshcompile.resolve.scope.sidecar import SidecarScope
from meshcompile.resolve.scope.traffic_policy import EffectivePolicy, port_policy
from meshcompile.snapshot.destination_rules import MergedDestinationRule
from meshcompile.snapshot.service import Registry, Resolution, Service, ServicePort
from meshcompile.values.hosts import UNIX_PREFIX
from meshcompile.values.names import inbound
from meshcompile.values.ports import protocol_named

LOCALHOST = "127.0.0.1"
LOCALHOST_IPV6 = "::1"
# iptables does not capture connections from these addresses again.
PASSTHROUGH_SOURCE = "127.0.0.6"
PASSTHROUGH_SOURCE_IPV6 = "::6"


def inbound_clusters(mesh: MeshConfig, facts: ProxyFacts, client: ClientKey) -> tuple[Cluster, ...]:
    """The inbound clusters of a sidecar.

    Their ports are those of the Sidecar's ingress listeners, or the target ports of its services.
    """
    if facts.scope.has_ingress:
        served = _of_ingress(facts)
    # Without traffic capture, only a Sidecar decides where the proxy listens.
    elif facts.proxy.interception_mode is InterceptionMode.NONE:
        return ()
    else:
        served = _of_services(facts, mesh)
    return tuple(_inbound_cluster(mesh, facts.scope, client, port) for port in served)


class InboundClusterPort(Struct, frozen=True):
    """One inbound port.

    `targets` are all the service ports that it serves. The first one decides the settings. `address` is where the
    workload listens, "" for the original destination.
    """

    port: int
    address: str
    targets: Sequence[ServiceTarget]
    origins: tuple[Origin, ...]


def _of_services(facts: ProxyFacts, mesh: MeshConfig) -> Iterator[InboundClusterPort]:
    policy = mesh.inbound_traffic_policy
    local = policy is not None and policy.mode is InboundTrafficPolicyMode.LOCALHOST
    ports: dict[int, list[ServiceTarget]] = {}
    for target in facts.targets:
        ports.setdefault(target.target_port, []).append(target)
    for number, targets in sorted(ports.items()):
        origins = tuple(dict.fromkeys(target.port.origin for target in targets))
        yield InboundClusterPort(number, _localhost(facts.proxy) if local else "", targets, origins)


def _localhost(proxy: Proxy) -> str:
    return LOCALHOST if proxy.supports_ipv4 else LOCALHOST_IPV6


def _inbound_cluster(mesh: MeshConfig, scope: SidecarScope, client: ClientKey, served: InboundClusterPort) -> Cluster:
    first = served.targets[0]
    name = inbound(served.port)
    rule = scope.inbound_destination_rule(first.service.hostname)
    policy = _policy(mesh, scope.sidecar, served, rule)
    is_static = bool(served.address)
    subject = StatSubject(first.service.hostname, first.service, first.port.number, first.port.name, "", served.port)
    return Cluster(
        name=name,
        stat_name=stat_name(mesh.inbound_cluster_stat_name, subject, name),
        discovery=Discovery.STATIC if is_static else Discovery.ORIGINAL_DST,
        connect_timeout=connect_timeout(policy.connection_pool, mesh),
        balancing=Balancing(Algorithm.ROUND_ROBIN if is_static else Algorithm.CLUSTER_PROVIDED),
        thresholds=thresholds(policy.connection_pool, policy.retry_budget),
        keepalive=keepalive(policy.connection_pool, mesh),
        http=inbound_http(
            first.port.protocol, policy.connection_pool, preserves_header_case=client.preserves_header_case
        ),
        metadata=_metadata(served, rule),
        local_endpoint=_local_endpoint(served),
        port_override=None if is_static else first.service.passthrough_target_ports.get(first.port.number),
        binding=None if served.address in (LOCALHOST, LOCALHOST_IPV6) else _binding(client),
        stays_connected=not is_static,
        origins=(*served.origins, *(() if rule is None else rule.origins)),
    )


def _policy(
    mesh: MeshConfig, sidecar: Sidecar | None, served: InboundClusterPort, rule: MergedDestinationRule | None
) -> EffectivePolicy:
    """The inbound policy.

    Only the connection pool and retry budget of the rule apply. The Sidecar's own pool takes precedence.
    """
    port = served.targets[0].port
    written = None if rule is None else rule.traffic_policy
    policy = port_policy(written, port.number, mesh.default_traffic_policy)
    own = _sidecar_pool(sidecar, served.port)
    return policy if own is None else replace(policy, connection_pool=own)


def _sidecar_pool(sidecar: Sidecar | None, port: int) -> ConnectionPoolSettings | None:
    if sidecar is None:
        return None
    for listener in sidecar.spec.ingress:
        if listener.port is not None and listener.port.number == port and listener.connection_pool is not None:
            return listener.connection_pool
    return sidecar.spec.inbound_connection_pool


def _metadata(served: InboundClusterPort, rule: MergedDestinationRule | None) -> ClusterMetadata | None:
    first = served.targets[0]
    if first.service.mesh_external:
        return None
    names: dict[str, ServiceName] = {}
    for target in served.targets:
        if target.port.number == first.port.number:
            names.setdefault(target.service.hostname, service_name(target.service))
    applies = rule is not None and rule.traffic_policy is not None
    return ClusterMetadata(
        services=tuple(names.values()),
        rule=(rule.namespace, rule.name) if rule is not None and applies else None,
    )


def _local_endpoint(served: InboundClusterPort) -> tuple[str, int] | None:
    if not served.address:
        return None
    return served.address.removeprefix(UNIX_PREFIX), served.targets[0].target_port


def _binding(client: ClientKey) -> Binding:
    return Binding(PASSTHROUGH_SOURCE if client.ipv4 else PASSTHROUGH_SOURCE_IPV6)


# ---- ports that a Sidecar lists


def _of_ingress(facts: ProxyFacts) -> Iterator[InboundClusterPort]:
    sidecar = facts.scope.sidecar
    for listener in () if sidecar is None else sidecar.spec.ingress:
        if listener.port is None:
            continue
        where = _default_endpoint(facts.proxy, listener)
        if where is None:
            continue
        address, port = where
        target = ServiceTarget(_ingress_service(facts, listener), _ingress_port(listener), port)
        yield InboundClusterPort(listener.port.number, address, (target,), (listener.origin,))


def _ingress_port(listener: IstioIngressListener) -> ServicePort:
    port = listener.port
    assert port is not None
    return ServicePort(port.name, port.number, protocol_named(port.protocol), origin=port.origin)


def _ingress_service(facts: ProxyFacts, listener: IstioIngressListener) -> Service:
    """The service on the port.

    Without a service, a placeholder represents the Sidecar.
    """
    number = 0 if listener.port is None else listener.port.number
    for target in facts.targets:
        if target.target_port == number:
            return target.service
    sidecar = facts.scope.sidecar
    name = "default" if sidecar is None else sidecar.name
    return Service(
        hostname=f"{name}.{facts.proxy.namespace}",
        namespace=facts.proxy.namespace,
        name=name,
        registry=Registry.EXTERNAL,
        resolution=Resolution.CLIENT_SIDE_LB,
        ports=(),
        export_to=frozenset(),
        mesh_external=True,
    )


def _default_endpoint(proxy: Proxy, listener: IstioIngressListener) -> tuple[str, int] | None:
    """Address and port of `defaultEndpoint`.

    The address is "" when it names none. The result is None when the endpoint is invalid.
    """
    text = listener.default_endpoint
    if not text:
        return "", 0
    if text.startswith(UNIX_PREFIX):
        return text, 0
    host, _, port = text.rpartition(":")
    if not port.isdecimal():
        return None
    return _ingress_address(proxy, host.removeprefix("[").removesuffix("]")), int(port)


def _ingress_address(proxy: Proxy, host: str) -> str:
    """The address behind a Sidecar's wildcard or loopback address.

    The wildcard represents the address of the Pod.
    """
    ips = proxy.ip_addresses
    has_ipv4, has_ipv6 = proxy.supports_ipv4, proxy.supports_ipv6
    match host:
        case "0.0.0.0":
            return next((ip for ip in ips if ":" not in ip), LOCALHOST)
        case "::":
            return next((ip for ip in ips if ":" in ip), LOCALHOST_IPV6)
        case "127.0.0.1":
            return LOCALHOST if has_ipv4 else LOCALHOST_IPV6
        case "::1":
            return LOCALHOST_IPV6 if has_ipv6 else LOCALHOST
        case _:
            return ""
