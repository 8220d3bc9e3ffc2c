"""How a proxy handles HTTP connections, for all three traffic classes.

`HttpTraits` has what all connections of a class share, and is built once per proxy and class. `HttpConnection` has what
differs between listeners. Follows istiod's `ListenerBuilder.buildHTTPConnectionManager`, `util.GetProxyHeaders` and
`buildGatewayConnectionManager`.
"""

from enum import Enum, auto

from msgspec import Struct
from msgspec.structs import replace

from meshcompile.diagnostics import Diagnostic
from meshcompile.documents import Origin
from meshcompile.models.mesh.mesh_config import MeshConfig
from meshcompile.models.mesh.mesh_networks import MeshNetworks
from meshcompile.models.mesh.proxy_config import (
    MetadataExchangeMode,
    ProxyConfig,
    ProxyHeaders,
    SetCurrentClientCertDetails,
)
from meshcompile.queries import Source
from meshcompile.resolve.dns_caches import DnsCache, lookup_families, unknown_hosts_cache
from meshcompile.resolve.extensions import NO_EXTENSIONS, ListenerExtensions, listener_extensions
from meshcompile.resolve.facts import ProxyFacts, idle_timeout
from meshcompile.resolve.listeners.connection_settings import NO_SETTINGS, AcceptedConnections, accepted_connections
from meshcompile.resolve.listeners.traffic import TrafficClass
from meshcompile.resolve.routes.table import InlineRoutes
from meshcompile.resolve.security.authorization import NO_AUTHORIZATION, Authorization, authorization_at
from meshcompile.resolve.security.jwt import JwtAuthentication, jwt_authentication
from meshcompile.resolve.telemetry import Telemetry, traced_telemetry
from meshcompile.snapshot.service import Service
from meshcompile.snapshot.snapshot import Snapshot
from meshcompile.values.durations import Duration
from meshcompile.values.ip import Range, cidr_range
from meshcompile.values.ports import Protocol

# The value of the `server` header. Clients of sidecars see Envoy's default.
SERVER_NAME = "istio-envoy"


class PathNormalization(Enum):
    """How Envoy normalizes paths before it matches them. Each level includes the previous one."""

    NONE = auto()
    BASE = auto()  # RFC 3986
    MERGE_SLASHES = auto()
    DECODE_AND_MERGE_SLASHES = auto()


class ClientCertDetails(Struct, frozen=True):
    """The details of a client's certificate that the `x-forwarded-client-cert` header contains."""

    subject: bool
    uri: bool
    dns: bool
    cert: bool
    chain: bool = False


class HttpTraits(Source, frozen=True):
    """What all HTTP connections of one traffic class of a proxy share.

    `forward_client_cert` is one of Istio's ForwardClientCertDetails, None when Envoy leaves the header as it is. With
    `tunnel_identity_header`, the header has the identities at both ends of the HBONE tunnel. `unknown_hosts` is the
    cache of a sidecar that resolves the hosts of requests that no service has.
    """

    traffic_class: TrafficClass
    server_name: str
    pass_server_header: bool
    forward_client_cert: str | None
    client_cert_details: ClientCertDetails | None
    request_id: bool
    envoy_debug_headers: bool
    metadata_headers_in_mesh_only: bool
    forward_port_header: bool
    preserve_header_case: bool
    path_normalization: PathNormalization
    http_10: bool
    idle_timeout: Duration | None
    trusted_proxies: int
    internal_networks: tuple[Range, ...]
    telemetry: Telemetry
    extensions: ListenerExtensions = NO_EXTENSIONS
    jwt: JwtAuthentication | None = None
    authorization: Authorization = NO_AUTHORIZATION
    tunnel_identity_header: bool = False
    lookup_families: str = "V4_ONLY"
    unknown_hosts: DnsCache | None = None
    settings: AcceptedConnections = NO_SETTINGS

    @property
    def guard_findings(self) -> tuple[Diagnostic, ...]:
        """The findings about the policies that protect the workload."""
        return (*self.authorization.findings, *(() if self.jwt is None else self.jwt.findings))


class HttpFilterInputs(Struct, frozen=True):
    """What HTTP filters depend on, apart from traits. Connections with equal inputs have the same filters.

    `extension_port` is the port of the listener when an extension names it, else 0.
    """

    protocol: Protocol
    forward_proxy: bool
    tunnelled: bool
    dynamic_host: str
    extension_port: int
    waypoint: bool = False


class InboundRoute(Struct, frozen=True):
    """The only route of an inbound connection, to the application. `operation` names its spans."""

    cluster: str
    port: int
    operation: str
    retries: bool  # not for gRPC, whose streams they would break


class HttpConnection(Struct, frozen=True):
    """One HTTP connection manager.

    Its routes come by name over RDS (`route_name`), or it has an `inbound_route`, or `routes` of its own. `port` is the
    port of the listener. `dynamic_host` is the wildcard host of a service that Envoy resolves for each request, else
    "". `waypoint` connections have their own order of filters.
    """

    traits: HttpTraits
    stat_prefix: str
    protocol: Protocol
    port: int
    route_name: str = ""
    inbound_route: InboundRoute | None = None
    routes: InlineRoutes | None = None
    http3: bool = False
    forward_proxy: bool = False  # accepts absolute URLs
    tunnelled: bool = False  # arrived through HBONE, which has already exchanged metadata
    dynamic_host: str = ""
    network_extensions: bool = True  # only on the first HTTP chain of a listener
    waypoint: bool = False
    origins: tuple[Origin, ...] = ()

    @property
    def discovers_routes(self) -> bool:
        """True for routes that come over RDS."""
        return self.inbound_route is None and self.routes is None

    @property
    def filter_inputs(self) -> HttpFilterInputs:
        return HttpFilterInputs(
            protocol=self.protocol,
            forward_proxy=self.forward_proxy,
            tunnelled=self.tunnelled,
            dynamic_host=self.dynamic_host,
            extension_port=self.port if self.port in self.traits.extensions.http.ports else 0,
            waypoint=self.waypoint,
        )


def http_traits(
    snapshot: Snapshot, facts: ProxyFacts, traffic_class: TrafficClass, service: Service | None = None
) -> HttpTraits:
    """The traits of a traffic class of a proxy. Policies apply to inbound traffic only.

    A waypoint has traits for each `service` behind it.
    """
    proxy, is_outbound = facts.proxy, traffic_class is TrafficClass.SIDECAR_OUTBOUND
    families = lookup_families(snapshot.behaviour, ipv4=proxy.supports_ipv4, ipv6=proxy.supports_ipv6)
    resolves = is_outbound and facts.scope.resolves_unknown_hosts
    return replace(
        _traits(snapshot, facts, traffic_class, service),
        settings=accepted_connections(snapshot, facts),
        lookup_families=families,
        unknown_hosts=unknown_hosts_cache(families, proxy.node_metadata) if resolves else None,
    )


def _traits(snapshot: Snapshot, facts: ProxyFacts, traffic_class: TrafficClass, service: Service | None) -> HttpTraits:
    proxy, config, mesh = facts.proxy, facts.config, snapshot.mesh
    headers = config.proxy_headers or ProxyHeaders.model_construct()
    certificates = _gateway_client_cert if traffic_class is TrafficClass.GATEWAY else _sidecar_client_cert
    forward, details = certificates(config, headers)
    is_outbound = traffic_class is TrafficClass.SIDECAR_OUTBOUND
    return HttpTraits(
        traffic_class=traffic_class,
        server_name=_server_name(headers, "" if is_outbound else SERVER_NAME),
        pass_server_header=headers.server is not None and bool(headers.server.disabled),
        forward_client_cert=None if is_outbound else forward,
        client_cert_details=None if is_outbound else details,
        request_id=not (headers.request_id is not None and headers.request_id.disabled),
        envoy_debug_headers=not (headers.envoy_debug_headers is not None and headers.envoy_debug_headers.disabled),
        metadata_headers_in_mesh_only=_in_mesh_only(headers),
        forward_port_header=headers.x_forwarded_port is not None and bool(headers.x_forwarded_port.enabled),
        preserve_header_case=bool(headers.preserve_http1_header_case),
        path_normalization=_path_normalization(mesh),
        http_10=proxy.node_metadata.accepts_http_10,
        idle_timeout=idle_timeout(proxy),
        trusted_proxies=_trusted_proxies(config) if traffic_class is TrafficClass.GATEWAY else 0,
        internal_networks=internal_networks(snapshot.networks) if traffic_class is TrafficClass.GATEWAY else (),
        telemetry=traced_telemetry(snapshot, facts, traffic_class, service),
        extensions=listener_extensions(snapshot, proxy, traffic_class, () if service is None else (service,)),
        jwt=None if is_outbound else jwt_authentication(snapshot, proxy, service),
        authorization=NO_AUTHORIZATION if is_outbound else authorization_at(snapshot, proxy, service),
    )


def internal_networks(networks: MeshNetworks) -> tuple[Range, ...]:
    """The networks of the mesh, sorted. Requests from them are internal and keep their internal headers."""
    written = (e.from_cidr for network in networks.networks.values() for e in network.endpoints if e.from_cidr)
    ranges = (network for text in written if (network := cidr_range(text)) is not None)
    return tuple(sorted(ranges, key=lambda network: network.place))


def _server_name(headers: ProxyHeaders, default: str) -> str:
    if headers.server is None:
        return default
    return "" if headers.server.disabled else headers.server.value or default


def _in_mesh_only(headers: ProxyHeaders) -> bool:
    exchange = headers.metadata_exchange_headers
    return exchange is not None and exchange.mode is MetadataExchangeMode.IN_MESH


def _sidecar_client_cert(config: ProxyConfig, headers: ProxyHeaders) -> tuple[str, ClientCertDetails]:
    set_details = headers.set_current_client_cert_details or SetCurrentClientCertDetails()
    details = ClientCertDetails(
        subject=set_details.subject is not False,
        uri=set_details.uri is not False,
        dns=set_details.dns is not False,
        cert=bool(set_details.cert),
        chain=bool(set_details.chain),
    )
    return _named(headers.forwarded_client_cert, "APPEND_FORWARD"), details


def _gateway_client_cert(config: ProxyConfig, headers: ProxyHeaders) -> tuple[str, ClientCertDetails | None]:
    """The client certificate settings of a gateway.

    Gateways have their own setting. They add no details unless they write the header.
    """
    topology = config.gateway_topology
    forward = _named("UNDEFINED" if topology is None else topology.forward_client_cert_details, "SANITIZE_SET")
    writes = forward in ("APPEND_FORWARD", "SANITIZE_SET")
    return forward, ClientCertDetails(subject=True, uri=True, dns=True, cert=True) if writes else None


def _named(value: str, default: str) -> str:
    return default if value == "UNDEFINED" else str(value)


def _trusted_proxies(config: ProxyConfig) -> int:
    return 0 if config.gateway_topology is None else config.gateway_topology.num_trusted_proxies


def _path_normalization(mesh: MeshConfig) -> PathNormalization:
    normalization = "DEFAULT" if mesh.path_normalization is None else str(mesh.path_normalization.normalization)
    return PathNormalization.__members__.get(normalization, PathNormalization.BASE)
