"""The internal listener of a waypoint for what HBONE tunnels carry. Follows istiod's `buildWaypointInternal`."""

from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct
from msgspec.structs import replace

from meshcompile.diagnostics import Diagnostic
from meshcompile.documents import Origin
from meshcompile.queries import Source
from meshcompile.resolve.endpoints.addresses import addressing, service_addresses
from meshcompile.resolve.facts import ProxyFacts
from meshcompile.resolve.inbound.chains import InboundPort, inbound_stat_name
from meshcompile.resolve.listeners.filter_chain import FilterChain
from meshcompile.resolve.listeners.http_connection import HttpConnection, HttpTraits, http_traits
from meshcompile.resolve.listeners.inspection import Inspection, Inspector
from meshcompile.resolve.listeners.tcp_connection import TcpConnection, TcpTraits, WeightedCluster, tcp_traits
from meshcompile.resolve.listeners.traffic import TrafficClass
from meshcompile.resolve.outbound.egress_claims import LISTENER_PROTOCOLS, ListenerProtocol
from meshcompile.resolve.outbound.l4_routes import tcp_settings
from meshcompile.resolve.routes.route_key import route_key
from meshcompile.resolve.telemetry import Telemetry, telemetry
from meshcompile.resolve.waypoint.routing import WaypointRouting, vip_cluster
from meshcompile.snapshot.service import Resolution, Service, ServicePort
from meshcompile.snapshot.snapshot import Snapshot
from meshcompile.values.hosts import is_wildcard
from meshcompile.values.ip import Range, cidr_range
from meshcompile.values.names import ENCAP
from meshcompile.values.ports import Protocol

XFCC_ANNOTATION = "ambient.istio.io/xfcc-include-client-identity"
DIRECT_TCP, DIRECT_HTTP = "direct-tcp", "direct-http"

PortChains = Mapping[ListenerProtocol, FilterChain]
"""The chains of a port, by the protocol that they handle: HTTP, TCP, or both where Envoy detects it."""


class ChainsByProtocol(Struct, frozen=True):
    """The names of the chains for connections that are recognized as HTTP, and for others. They may be the same."""

    http: str
    other: str


class AddressMatch(Struct, frozen=True):
    """The chains for connections to addresses, by port. `any_port` are those for all ports, if there are any."""

    ranges: tuple[Range, ...]
    ports: tuple[tuple[int, ChainsByProtocol], ...] = ()
    any_port: ChainsByProtocol | None = None


class MainInternal(Source, frozen=True):
    """The internal listener. It looks at the address and the port of each connection to find its chain."""

    chains: tuple[FilterChain, ...]
    addresses: tuple[AddressMatch, ...]
    inspection: Inspection
    telemetry: Telemetry
    origins: tuple[Origin, ...]
    findings: tuple[Diagnostic, ...]


def main_internal(snapshot: Snapshot, facts: ProxyFacts) -> MainInternal:
    """The internal listener of a waypoint."""
    chains = WaypointChains.of(snapshot, facts)
    behind = facts.behind
    services = tuple((service, tuple(chains.of_service(service))) for service in behind.services)
    own = chains.of_workloads()
    every = (*(chain for _, ports in services for _, group in ports for chain in group.values()), *own)
    return MainInternal(
        chains=every,
        addresses=(*_of_services(snapshot, facts, services), *_of_workloads(behind.workloads)),
        inspection=_inspection(behind.services, services, inspects_all=bool(behind.workloads)),
        telemetry=telemetry(snapshot, facts.proxy, TrafficClass.SIDECAR_INBOUND),
        origins=tuple(dict.fromkeys((*behind.gateways, *(origin for chain in every for origin in chain.origins)))),
        findings=tuple(dict.fromkeys(finding for chain in every for finding in _findings(chain))),
    )


# ---- chains


class WaypointChains(Struct, frozen=True, eq=False):
    """Builds the chains of one waypoint."""

    snapshot: Snapshot
    facts: ProxyFacts
    routing: WaypointRouting

    @classmethod
    def of(cls, snapshot: Snapshot, facts: ProxyFacts) -> "WaypointChains":
        client = route_key(snapshot, facts.proxy, facts.config)
        routing = WaypointRouting(snapshot, facts.proxy, facts.scope, client, facts.behind.hosts)
        return cls(snapshot, facts, routing)

    def of_service(self, service: Service) -> Iterator[tuple[ServicePort, PortChains]]:
        """The chains of each port of a service."""
        http = self._http_traits(service)
        tcp = tcp_traits(self.snapshot, self.facts, TrafficClass.SIDECAR_INBOUND, service)
        for port in service.ports:
            kind = LISTENER_PROTOCOLS.get(port.protocol)
            if kind is None or _is_refused(service, port):
                continue
            chains: dict[ListenerProtocol, FilterChain] = {}
            if kind is not ListenerProtocol.HTTP:
                chains[ListenerProtocol.TCP] = self._tcp_chain(service, port, tcp)
            if kind is not ListenerProtocol.TCP:
                chains[ListenerProtocol.HTTP] = self._http_chain(service, port, http)
            yield port, chains

    def of_workloads(self) -> tuple[FilterChain, ...]:
        """The chains of connections to workloads, for any port."""
        http, tcp = self._http_traits(None), tcp_traits(self.snapshot, self.facts, TrafficClass.SIDECAR_INBOUND)
        routes, origins = self.routing.http_of_workloads(), self.facts.behind.gateways
        return (
            FilterChain(
                TcpConnection(
                    traits=tcp,
                    stat_prefix=self._stat_prefix(ENCAP, _workload_port()),
                    clusters=(WeightedCluster(ENCAP, 1),),
                    protocol=Protocol.TCP,
                    port=0,
                    settings=tcp_settings(None, "", tcp.idle_timeout),
                    metadata_exchange=True,
                ),
                name=DIRECT_TCP,
                restores_destination=True,
                origins=origins,
            ),
            FilterChain(
                HttpConnection(
                    traits=http,
                    stat_prefix=_workload_port().stat_prefix,
                    protocol=Protocol.TCP,
                    port=0,
                    routes=routes,
                    tunnelled=True,
                    network_extensions=False,
                    waypoint=True,
                ),
                name=DIRECT_HTTP,
                restores_destination=True,
                origins=origins,
            ),
        )

    def _http_traits(self, service: Service | None) -> HttpTraits:
        """The traits of HTTP connections. The tunnel has ended, so they have no certificate of their own."""
        traits = http_traits(self.snapshot, self.facts, TrafficClass.SIDECAR_INBOUND, service)
        keeps = keeps_client_identity(self.snapshot, self.facts)
        return replace(
            traits,
            forward_client_cert="ALWAYS_FORWARD_ONLY" if keeps else None,
            client_cert_details=None,
            tunnel_identity_header=keeps,
        )

    def _http_chain(self, service: Service, port: ServicePort, traits: HttpTraits) -> FilterChain:
        origins = _origins(service, port)
        connection = HttpConnection(
            traits=traits,
            stat_prefix=_inbound_port(service, port).stat_prefix,
            protocol=port.protocol,
            port=0,
            routes=self.routing.http(service, port),
            tunnelled=True,
            dynamic_host=service.hostname if is_wildcard(service.hostname) else "",
            network_extensions=False,
            waypoint=True,
            origins=origins,
        )
        return FilterChain(connection, name=str(vip_cluster("http", service, port)), origins=origins)

    def _tcp_chain(self, service: Service, port: ServicePort, traits: TcpTraits) -> FilterChain:
        name, origins = str(vip_cluster("tcp", service, port)), _origins(service, port)
        backends = self.routing.tcp(service, port)
        host = backends[0].destination.host if backends else service.hostname
        subset = backends[0].destination.subset if len(backends) == 1 else ""
        rule = self.facts.scope.destination_rule(host, self.facts.proxy.labels)
        counting = backends if len(backends) == 1 else tuple(each for each in backends if each.weight > 0)
        shares = (WeightedCluster(self.routing.cluster(b, port.number), b.weight, b.origin) for b in counting)
        connection = TcpConnection(
            traits=traits,
            stat_prefix=self._stat_prefix(name, _inbound_port(service, port)),
            clusters=tuple(shares) if backends else (WeightedCluster(name, 1),),
            weighted=len(backends) > 1,
            protocol=port.protocol,
            port=port.number,
            settings=tcp_settings(rule, subset, traits.idle_timeout),
            metadata_exchange=True,
            dynamic_host=service.hostname if is_wildcard(host) and _is_dynamic(service) else "",
            origins=origins if rule is None else (*origins, *rule.origins),
        )
        return FilterChain(connection, name=name, origins=origins)

    def _stat_prefix(self, name: str, port: InboundPort) -> str:
        pattern = self.snapshot.mesh.inbound_cluster_stat_name
        return inbound_stat_name(pattern, port) if pattern else name


def keeps_client_identity(snapshot: Snapshot, facts: ProxyFacts) -> bool:
    """True for a waypoint that tells servers the identity of clients in a header."""
    asked = facts.proxy.node_metadata.annotations.get(XFCC_ANNOTATION, "").lower() == "true"
    return asked and snapshot.behaviour.waypoint_client_identity


def _is_refused(service: Service, port: ServicePort) -> bool:
    """True for TLS to a wildcard host, where clients could choose any server.

    istiod has a switch for it: ENABLE_WILDCARD_HOST_SERVICE_ENTRIES_FOR_TLS.
    """
    return port.protocol.is_tls and is_wildcard(service.hostname) and _is_dynamic(service)


def _is_dynamic(service: Service) -> bool:
    return service.resolution is Resolution.DYNAMIC_DNS


def _origins(service: Service, port: ServicePort) -> tuple[Origin, ...]:
    return (port.origin or service.origin,)


def _inbound_port(service: Service, port: ServicePort) -> InboundPort:
    """The port, as the names in statistics need it."""
    return InboundPort(
        target_port=port.number,
        number=port.number,
        name=port.name,
        protocol=port.protocol,
        host=service.hostname,
        binds=("0.0.0.0",),
        service=service,
    )


def _workload_port() -> InboundPort:
    """Any port of a workload."""
    return InboundPort(target_port=0, number=0, name="unknown", protocol=Protocol.TCP, host="", binds=("0.0.0.0",))


def _findings(chain: FilterChain) -> tuple[Diagnostic, ...]:
    match chain.connection:
        case HttpConnection(traits=traits):
            return traits.guard_findings
        case TcpConnection(traits=traits):
            return traits.authorization.findings
        case _:
            return ()


# ---- which connections a chain gets


def _of_services(
    snapshot: Snapshot,
    facts: ProxyFacts,
    services: Iterable[tuple[Service, tuple[tuple[ServicePort, PortChains], ...]]],
) -> Iterator[AddressMatch]:
    behaviour = snapshot.behaviour
    client = addressing(facts.proxy, ambient=snapshot.ambient, by_family=behaviour.address_families)
    for service, ports in services:
        addresses = service_addresses(service, client)
        if behaviour.sorted_addresses:
            addresses = tuple(sorted(set(addresses)))
        if ports and (addresses or not behaviour.only_addressed):
            # Of several ports with one number, the last one gets the connections.
            by_number = {port.number: _by_protocol(chains) for port, chains in ports}
            yield AddressMatch(tuple(_ranges(addresses)), ports=tuple(by_number.items()))


def _of_workloads(workloads: Iterable[tuple[str, ...]]) -> Iterator[AddressMatch]:
    ranges = tuple(_ranges(address for addresses in workloads for address in addresses))
    if ranges:
        yield AddressMatch(ranges, any_port=ChainsByProtocol(DIRECT_HTTP, DIRECT_TCP))


def _by_protocol(chains: PortChains) -> ChainsByProtocol:
    names = [chain.name for chain in chains.values()]
    http, tcp = chains.get(ListenerProtocol.HTTP), chains.get(ListenerProtocol.TCP)
    return ChainsByProtocol(names[0] if http is None else http.name, names[0] if tcp is None else tcp.name)


def _ranges(addresses: Iterable[str]) -> Iterator[Range]:
    return (found for address in addresses if (found := cidr_range(address)) is not None)


def _inspection(
    services: Iterable[Service],
    chains: Iterable[tuple[Service, tuple[tuple[ServicePort, PortChains], ...]]],
    inspects_all: bool,
) -> Inspection:
    """Where the listener looks for HTTP, and for TLS.

    It looks for HTTP on every port but those that have only HTTP or only TCP. Workloads may have any port.
    """
    protocols: dict[int, set[ListenerProtocol]] = {}
    for _, ports in chains:
        for port, group in ports:
            protocols.setdefault(port.number, set()).update(group)
    known = frozenset(number for number, found in protocols.items() if len(found) == 1)
    return Inspection(
        tls=_tls_inspector(port for service in services for port in service.ports),
        http=Inspector() if inspects_all else Inspector(known),
    )


def _tls_inspector(ports: Iterable[ServicePort]) -> Inspector | None:
    """Looks for TLS on ports that declare it."""
    every = tuple(ports)
    tls = frozenset(port.number for port in every if port.protocol.is_tls)
    return Inspector(frozenset(port.number for port in every) - tls) if tls else None
